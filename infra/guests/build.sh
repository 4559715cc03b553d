#!/usr/bin/env bash
# Builds the guests' kernel, initrd and root disk from Debian packages. See README.md.
set -euo pipefail
# Modes go into the image, so that they must not depend on who builds.
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=console.sh
. "$here/console.sh"
# shellcheck source=result.sh
. "$here/result.sh"
# shellcheck source=sources.sh
. "$here/sources.sh"
# shellcheck source=packages.sh
. "$here/packages.sh"
# shellcheck source=tools.sh
. "$here/tools.sh"
# shellcheck source=initrd.sh
. "$here/initrd.sh"
# shellcheck source=rootfs.sh
. "$here/rootfs.sh"

usage() {
  cat <<END
Usage: ${0##*/} [--arch x86_64] [--arch aarch64] [--out DIR] [--release NAME]
       [--mirror URL] [--security-mirror URL|none] [--refresh] [--force] [--dry-run]

Builds guest images (both architectures if none is named) and prints a line "ARCH<TAB>FOLDER" for each.
  --out DIR    put results there instead of \${LABNET_CACHE:-~/.cache/labnet}/guests
  --refresh    fetch Debian's package lists again, and build anew if they brought other packages
  --force      the same, and build in any case
  --dry-run    say what would be done
END
}

archs=() release=${LABNET_DEBIAN_RELEASE:-} out='' refresh=no force=no dry_run=no
mirror=${LABNET_DEBIAN_MIRROR:-} security_mirror=${LABNET_DEBIAN_SECURITY_MIRROR:-} keyring=${LABNET_DEBIAN_KEYRING:-}
cache=${LABNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labnet}/guests

while (($#)); do
  case $1 in
    --arch | --out | --release | --mirror | --security-mirror)
      (($# > 1)) || fail "$1 wants a value" "see --help"
      case $1 in
        --arch) archs+=("$2") ;;
        --out) out=$2 ;;
        --release) release=$2 ;;
        --mirror) mirror=$2 ;;
        --security-mirror) security_mirror=$2 ;;
      esac
      shift
      ;;
    --refresh) refresh=yes ;;
    --force) refresh=yes force=yes ;;
    --dry-run) dry_run=yes ;;
    --help) usage && exit 0 ;;
    *) fail "unknown option: $1" "see --help" ;;
  esac
  shift
done

((${#archs[@]})) || archs=(x86_64 aarch64)
mapfile -t archs < <(printf '%s\n' "${archs[@]}" | awk '!seen[$0]++')
for arch in "${archs[@]}"; do
  [[ $arch == x86_64 || $arch == aarch64 ]] || fail "unknown architecture: $arch" "give x86_64 or aarch64"
done
[[ -n $release ]] || release=$(default_release)
[[ $release =~ ^[a-z]+$ ]] || fail "not a release name: $release" "give a Debian codename such as bookworm or trixie"
out=${out:-$cache}
mkdir --parents "$cache" "$out" || fail "can't write to $cache or $out" "give another folder with --out DIR or LABNET_CACHE=DIR"
cache=$(cd "$cache" && pwd) out=$(cd "$out" && pwd)

check_tools() {
  local pair missing=()
  for pair in apt-get:apt dpkg-deb:dpkg mke2fs:e2fsprogs debugfs:e2fsprogs e2fsck:e2fsprogs qemu-img:qemu-utils xz:xz-utils \
    awk:mawk flock:util-linux find:findutils tar:tar; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  ((${#missing[@]} == 0)) || fail "missing tools" "apt-get install $(printf '%s\n' "${missing[@]}" | sort --unique | tr '\n' ' ')"
}

# A build was seen to need about 1.1 GB for an architecture at its peak, packages included.
check_space() {
  local needed=$((100 + 1300 * $1)) folder free
  for folder in "$cache" "$out"; do
    free=$(($(df --output=avail --block-size=1M "$folder" | tail --lines=1)))
    ((free >= needed)) || fail "only $free MB are free in $folder, $needed are needed" \
      "free some space, or give another folder with --out DIR or LABNET_CACHE=DIR"
  done
}

# One architecture, in a process group of its own.
build_guest() {
  local arch=$1 label=$1 started=$EPOCHREALTIME deb hash work kernel_package version epoch
  deb=$(debian_arch "$arch")
  lock "$out/.lock-$release-$arch" "another run that builds $release for $arch"
  local build_fd=$lock_fd
  mapfile -t wanted < <(wanted_packages "$deb")
  prepare_packages "$deb" guest "$refresh" "${wanted[@]}"
  hash=$(inputs_hash)
  if [[ $force == no && -s $out/$release-$arch-$hash/manifest.json ]]; then
    point_link "$release-$arch-$hash"
    say "nothing to build: $release-$arch-$hash is there"
    return 0
  fi

  work=$out/.work-$release-$arch
  rm --recursive --force "$work"
  mkdir --parents "$work"/{kernel,root,result}
  make_tools

  say "unpack the kernel"
  kernel_package=$(package_files "$deb" guest | grep '/linux-image-[0-9]')
  make_merged_usr "$work/kernel"
  unpack_packages "$work/kernel" <<<"$kernel_package"
  version=$(echo "$work"/kernel/boot/vmlinuz-*)
  epoch=$(stat --format=%Y "$version")
  version=${version##*/vmlinuz-}
  make_kernel "$work/kernel/boot/vmlinuz-$version" "$work/result/kernel"
  run_depmod --basedir "$work/kernel" "$version"

  say "unpack the packages"
  make_merged_usr "$work/root"
  unpack_packages "$work/root" < <(package_files "$deb" guest | grep --invert-match '/linux-image-')
  configure_root "$work/root"
  add_own_files "$work/root"
  add_modules "$work/kernel" "$work/root" "$version"
  rm --recursive --force "$work/kernel"

  say "compile Python"
  compile_python "$work/root"
  say "make initrd and root disk"
  make_initrd "$work/root" "$version" "$work/result/initrd"
  make_disk "$work/root" "$epoch" "$work/result/root.qcow2"
  write_manifest "$work/result" "$hash" "$version"
  publish "$work/result" "$hash"
  rm --recursive --force "$work"
  drop_old_results
  say "done: Linux $version, $(du --human-readable --apparent-size --dereference-args --summarize "$out/$release-$arch" | cut --fields=1)"
  exec {build_fd}>&-
}

export PATH=$PATH:/usr/sbin:/sbin
to_build=()
for arch in "${archs[@]}"; do
  if [[ $refresh == yes ]] || ! current_result >/dev/null; then
    to_build+=("$arch")
  fi
done

if [[ $dry_run == yes ]]; then
  ((${#to_build[@]} == 0)) || find_sources
  for arch in "${archs[@]}"; do
    if [[ " ${to_build[*]} " == *" $arch "* ]]; then
      echo "$arch: would fetch packages of $release from $mirror (security: $security_mirror) and build into $out" >&2
    else
      echo "$arch: nothing to do, $(current_result) is current" >&2
    fi
  done
  exit 0
fi

jobs_running=()
stop_jobs() {
  local job
  for job in "${jobs_running[@]}"; do
    kill -TERM -- "-$job" 2>/dev/null || true
  done
  wait
}
trap 'trap - INT TERM HUP; stop_jobs; say "interrupted: the next run goes on with the packages that are there"; exit 130' INT TERM HUP

if ((${#to_build[@]})); then
  check_tools
  find_sources
  check_space "${#to_build[@]}"
  # Job control gives each build a process group, so that an interruption also ends what it has started.
  set -o monitor
  for arch in "${to_build[@]}"; do
    build_guest "$arch" </dev/null &
    jobs_running+=($!)
  done
  set +o monitor
  failed=no
  for job in "${jobs_running[@]}"; do
    wait "$job" || failed=yes
  done
  if [[ $failed == yes ]]; then
    check_space 0
    fail "not everything was built" "see above; what was fetched is kept for the next run"
  fi
else
  for arch in "${archs[@]}"; do
    label=$arch say "up to date, by package lists of $(age_of "$(apt_root "$(debian_arch "$arch")")/fetched") (--refresh fetches newer ones)"
  done
fi

for arch in "${archs[@]}"; do
  printf '%s\t%s\n' "$arch" "$(readlink --canonicalize "$out/$release-$arch")"
done
