#!/usr/bin/env bash
# Builds a QEMU that has the devices of pci-device in it, from the source of the distribution's QEMU. See docs/pci-devices.md.
set -euo pipefail
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
devices=$(cd "$here/../../pci-device" && pwd)
# shellcheck source=infra/guests/console.sh
. "$here/../guests/console.sh"
label=qemu
# shellcheck source=infra/pci/source.sh
. "$here/../pci/source.sh"

usage() {
  cat <<END
Usage: ${0##*/} [--target x86_64|aarch64]… [--out DIR] [--jobs N]

Builds qemu-system-x86_64 (seven minutes of computing), or the targets that are named, and prints the folder; they are in its bin.
  --out DIR    put it there instead of \${LABNET_CACHE:-~/.cache/labnet}/qemu
  --jobs N     how many compilers at once; as many as there are processors if nothing is said
END
}

targets=() jobs=$(nproc)
out=${LABNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labnet}/qemu
while (($#)); do
  case $1 in
    --target) targets+=("${2:?--target wants an architecture}") && shift ;;
    --out) out=${2:?--out wants a folder} && shift ;;
    --jobs) jobs=${2:?--jobs wants a number} && shift ;;
    --help) usage && exit 0 ;;
    *) fail "unknown option: $1" "see --help" ;;
  esac
  shift
done
((${#targets[@]})) || targets=(x86_64)
for target in "${targets[@]}"; do
  [[ $target == x86_64 || $target == aarch64 ]] || fail "unknown target: $target" "give x86_64 or aarch64"
done
mkdir --parents "$out" || fail "can't write to $out" "give another folder with --out DIR or LABNET_CACHE=DIR"
out=$(cd "$out" && pwd)

check_tools() {
  local pair missing=()
  for pair in gcc:gcc make:make ninja:ninja-build meson:meson pkg-config:pkg-config dpkg-source:dpkg-dev; do
    command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  for pair in glib-2.0:libglib2.0-dev pixman-1:libpixman-1-dev slirp:libslirp-dev libcap-ng:libcap-ng-dev; do
    pkg-config --exists "${pair%:*}" 2>/dev/null || missing+=("${pair#*:}")
  done
  [[ -e /usr/include/libfdt.h ]] || missing+=(libfdt-dev)
  [[ -e /usr/include/attr/xattr.h || -e /usr/include/sys/xattr.h ]] || missing+=(libattr1-dev)
  /usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
  ((${#missing[@]} == 0)) || fail "missing tools" "apt-get install ${missing[*]}"
}

# The devices as a folder of QEMU's hw, with the headers that the plugin's build would make.
add_devices() {
  local source=$1
  mkdir "$source/hw/labnet"
  cp "$devices"/src/* "$source/hw/labnet"
  /usr/bin/python3 -B "$devices/registers.py" headers "$source/hw/labnet" "$devices"/models/*.yaml || fail "a register table has a mistake" "see above"
  echo '#include "trace/trace-hw_labnet.h"' >"$source/hw/labnet/trace.h"
  echo "subdir('labnet')" >>"$source/hw/meson.build"
  echo 'source labnet/Kconfig' >>"$source/hw/Kconfig"
  sed --in-place "0,/^ *'hw\/misc',/s//&\n    'hw\/labnet',/" "$source/meson.build"
  grep --quiet "'hw/labnet'" "$source/meson.build" || fail "this QEMU lists its trace events in another way" "add hw/labnet to trace_events_subdirs in $source/meson.build"
}

# What LabNet needs of QEMU, and no more; trace events by log, as Debian has them, and in QEMU's binary form.
configure_qemu() {
  local list
  list=$(printf '%s-softmmu,' "${targets[@]}")
  mkdir "$1/build"
  cd "$1/build"
  ../configure --prefix=/usr --target-list="${list%,}" --with-pkgversion="LabNet" --without-default-features --enable-system --enable-tcg --enable-kvm \
    --enable-slirp --enable-virtfs --enable-attr --enable-cap-ng --enable-fdt=system --enable-plugins --enable-trace-backends=log,simple \
    --disable-docs --disable-werror --disable-install-blobs --with-git-submodules=ignore \
    --firmwarepath=/usr/share/qemu:/usr/share/seabios:/usr/lib/ipxe/qemu
}

main() {
  local work=$out/.work folder target
  check_tools
  lock "$out/.lock" "another build of QEMU"
  rm --recursive --force "$work"
  mkdir --parents "$work/result"
  fetch_qemu_source "$work"
  add_devices "$work/source"
  say "configure"
  (configure_qemu "$work/source") >"$work/log" 2>&1 || { tail --lines=20 "$work/log" >&2; fail "QEMU cannot be configured" "$work/log has all of it"; }
  say "compile (minutes)"
  nice ninja -C "$work/source/build" -j "$jobs" trace/trace-events-all "${targets[@]/#/qemu-system-}" >"$work/log" 2>&1 || { tail --lines=20 "$work/log" >&2; fail "QEMU does not compile" "$work/log has all of it"; }
  mkdir "$work/result/bin"
  for target in "${targets[@]}"; do
    strip --strip-unneeded -o "$work/result/bin/qemu-system-$target" "$work/source/build/qemu-system-$target"
  done
  # QEMU looks for its firmware from where it lies, not from where it was to be installed.
  ln --symbolic /usr/share "$work/result/share"
  ln --symbolic /usr/lib "$work/result/lib"
  cp "$work/source/build/trace/trace-events-all" "$work/result"
  cp --recursive "$devices/models" "$work/result"
  folder=$out/$(date --utc +%Y%m%dT%H%M%S)
  mv "$work/result" "$folder"
  rm --recursive --force "$work"
  say "done"
  echo "$folder"
}

main
