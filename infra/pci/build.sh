#!/usr/bin/env bash
# Builds the devices of pci-device for the QEMU that is installed, as a plugin beside it. See pci-device/README.md.
set -euo pipefail
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
devices=$(cd "$here/../../pci-device" && pwd)
# shellcheck source=infra/guests/console.sh
. "$here/../guests/console.sh"
label=pci
# shellcheck source=infra/pci/source.sh
. "$here/source.sh"
# shellcheck source=infra/pci/headers.sh
. "$here/headers.sh"
# shellcheck source=infra/pci/plugin.sh
. "$here/plugin.sh"
# shellcheck source=infra/pci/result.sh
. "$here/result.sh"
# The programs and the driver for the guests, of which a device knows nothing.
if [[ -r $here/guest.sh ]]; then
  # shellcheck source=/dev/null
  . "$here/guest.sh"
fi

usage() {
  cat <<END
Usage: ${0##*/} [--devices DIR] [--force]

Builds labnet-pci.so and what belongs to it, and prints the folder. What did not change is not built again.
  --devices DIR   another folder in place of pci-device, with models, src and registers.py
  --force         build in any case, with headers fetched anew
END
}

force=no
cache=${LABNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labnet}/pci
while (($#)); do
  case $1 in
    --devices) devices=$(cd "${2:?--devices wants a folder}" && pwd) && shift ;;
    --force) force=yes ;;
    --help) usage && exit 0 ;;
    *) fail "unknown option: $1" "see --help" ;;
  esac
  shift
done
mkdir --parents "$cache" || fail "can't write to $cache" "give another folder with LABNET_CACHE=DIR"
cache=$(cd "$cache" && pwd)

check_tools() {
  local missing=()
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  pkg-config --exists glib-2.0 2>/dev/null || missing+=(libglib2.0-dev)
  /usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3 python3-yaml)
  command -v dpkg-source >/dev/null || missing+=(dpkg-dev)
  ((${#missing[@]} == 0)) || fail "missing tools" "apt-get install ${missing[*]}"
}

# One plugin serves both emulators, so both have to be of one build.
find_version() {
  local other
  version=$(qemu_version x86_64) || fail "there is no qemu-system-x86_64" "apt-get install qemu-system-x86"
  other=$(qemu_version aarch64) || fail "there is no qemu-system-aarch64" "apt-get install qemu-system-arm"
  [[ $other == "$version" ]] ||
    fail "qemu-system-x86_64 is $version, qemu-system-aarch64 is $other" "apt-get update && apt-get install qemu-system-x86 qemu-system-arm"
}

main() {
  local hash work headers
  check_tools
  find_version
  lock "$cache/.lock" "another build"
  [[ $force == no ]] || rm --recursive --force "$cache/headers" "$cache/objects"
  hash=$(inputs_hash)
  if [[ $force == no && -s $cache/$hash/manifest.json ]]; then
    point_current "$hash"
    echo "$cache/$hash"
    return 0
  fi
  headers=$(headers_of "$version")
  work=$cache/.work
  rm --recursive --force "$work"
  mkdir --parents "$work/generated" "$work/result"
  build_plugin "$work"
  if [[ -d $devices/guest ]] && declare -F build_guest_programs >/dev/null; then
    build_guest_programs "$work"
  fi
  cp --recursive "$devices/models" "$devices/src/trace-events" "$headers/modules" "$work/result"
  write_manifest "$work/result" "$hash"
  publish "$work/result" "$hash"
  rm --recursive --force "$work"
  say "labnet-pci.so is built for QEMU $version"
}

main
