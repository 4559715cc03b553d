# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# What runs in the guests: mmio_rw, and the driver of labnet-edu for exactly the kernels that the guests have. Sourced.
#
# DIR/kernel/VERSION/   headers of a guest's kernel, with kbuild's programs of this machine's own architecture
# DIR/guest/HASH/       mmio_rw and labnet_edu.ko of one architecture; a change of a device alone does not build them again

readonly guest_archs=(x86_64 aarch64)

# The compiler for an architecture, empty if there is none here.
guest_compiler() {
  if [[ $1 == "$(uname --machine)" ]]; then
    echo gcc
  elif command -v "$1-linux-gnu-gcc" >/dev/null; then
    echo "$1-linux-gnu-gcc"
  fi
}

compiler_packages() {
  case $1 in
    x86_64) echo gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;;
    aarch64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
  esac
}

# The release of the kernel that guests of an architecture boot, empty if there is no such guest yet.
guest_kernel() {
  local manifest=$guests/$guest_release-$1/manifest.json
  [[ ! -r $manifest ]] || sed --quiet 's/^ *"kernelVersion": "\([^"]*\)".*/\1/p' "$manifest"
}

find_guests() {
  # shellcheck source=infra/guests/sources.sh
  . "$here/../guests/sources.sh"
  guests=${cache%/pci}/guests
  guest_release=${LABNET_DEBIAN_RELEASE:-$(default_release)}
}

# Part of what a build is made of, beside the files.
guest_inputs() {
  local arch compiler
  find_guests
  for arch in "${guest_archs[@]}"; do
    compiler=$(guest_compiler "$arch")
    echo "$arch $(guest_kernel "$arch") $([[ -z $compiler ]] || "$compiler" --version | head --lines=1)"
  done
}

# build_guest_programs WORK
build_guest_programs() {
  local arch kernel folder
  find_guests
  for arch in "${guest_archs[@]}"; do
    if [[ -z $(guest_compiler "$arch") ]]; then
      say "nothing for guests of $arch: there is no compiler (apt-get install $(compiler_packages "$arch"))"
      continue
    fi
    kernel=$(guest_kernel "$arch")
    folder=$cache/guest/$(guest_hash "$arch" "$kernel" "$1/generated")
    [[ -e $folder ]] || build_guest "$arch" "$kernel" "$1/generated" "$folder"
    mkdir --parents "$1/result/guest"
    cp --recursive "$folder" "$1/result/guest/$arch"
  done
  find "$cache/guest" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm --recursive --force {} +
}

guest_hash() {
  {
    echo "$1 $2"
    "$(guest_compiler "$1")" --version
    cat "$3/labnet-edu-registers.h" "$here/guest.sh"
    find "$devices/guest" -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null cat
  } | sha256sum | cut --characters=1-16
}

# build_guest ARCH KERNEL GENERATED FOLDER
build_guest() {
  local arch=$1 kernel=$2 generated=$3 folder=$4 work=$cache/guest/.work
  rm --recursive --force "$work"
  mkdir --parents "$work/result"
  say "compile mmio_rw for $arch"
  # Static: a guest may have another C library, or none.
  "$(guest_compiler "$arch")" -std=gnu11 -O2 -Wall -Wextra -static -o "$work/result/mmio_rw" "$devices/guest/mmio_rw.c" ||
    fail "mmio_rw does not compile for $arch" "apt-get install $(compiler_packages "$arch")"
  if [[ -z $kernel ]]; then
    say "no driver for $arch: there are no guests of it here yet (./infra/lab up makes them)"
  else
    build_driver "$arch" "$kernel" "$generated" "$work"
  fi
  rm --recursive --force "$folder"
  mv "$work/result" "$folder"
  rm --recursive --force "$work"
}

# build_driver ARCH KERNEL GENERATED WORK
build_driver() {
  local arch=$1 kernel=$2 generated=$3 work=$4 headers_of_kernel compiler
  headers_of_kernel=$(kernel_headers "$arch" "$kernel")
  compiler=$(guest_compiler "$arch")
  cp --recursive "$devices/guest/driver" "$work/driver"
  say "compile the driver for Linux $kernel"
  # Debian's kernels name the gcc that compiled them; a module may be compiled by another one.
  if ! make --silent --directory "$headers_of_kernel" M="$work/driver" ARCH="$(kernel_arch "$arch")" CROSS_COMPILE="${compiler%gcc}" \
    DEBIAN_KERNEL_NO_CC_VERSION_CHECK=1 LABNET_GENERATED="$generated" modules >"$work/driver.log" 2>&1; then
    cat "$work/driver.log" >&2
    fail "the driver does not compile for Linux $kernel" "see above; gcc's and make's packages: apt-get install make gcc libelf1"
  fi
  grep 'warning: ' "$work/driver.log" | grep --invert-match 'compiler differs' >&2 || true
  "${compiler%gcc}strip" --strip-debug -o "$work/result/labnet_edu.ko" "$work/driver/labnet_edu.ko"
}

kernel_arch() {
  case $1 in
    x86_64) echo x86 ;;
    aarch64) echo arm64 ;;
  esac
}

# kernel_headers ARCH KERNEL: prints the folder, and makes it if it is not there.
kernel_headers() {
  local folder=$cache/kernel/$2 work=$cache/kernel/.work deb
  if [[ ! -d $folder ]]; then
    rm --recursive --force "$work"
    mkdir --parents "$work/packages" "$work/result"
    say "fetch the headers of Linux $2"
    fetch_kernel_headers "$1" "$2" "$work/packages"
    for deb in "$work"/packages/*.deb; do
      dpkg-deb --fsys-tarfile "$deb" | tar --extract --directory "$work/result"
    done
    # They are not where their package would have put them.
    grep --recursive --files-with-matches --null '/usr/src/linux-headers-' "$work/result/usr/src/linux-headers-$2/"{Makefile,.kernelvariables} |
      xargs --null --no-run-if-empty sed --in-place "s|/usr/src/linux-headers-|$folder/usr/src/linux-headers-|g"
    mv --no-target-directory "$work/result" "$folder"
    rm --recursive --force "$work"
  fi
  echo "$folder/usr/src/linux-headers-$2"
}

# Programs of kbuild run here, the rest is the guest's. All of it comes by the guests' own package lists.
# fetch_kernel_headers ARCH KERNEL FOLDER
fetch_kernel_headers() (
  target=$1 kernel=$2 folder=$3
  here=$here/../guests cache=$guests release=$guest_release
  mirror=${LABNET_DEBIAN_MIRROR:-} security_mirror=${LABNET_DEBIAN_SECURITY_MIRROR:-} keyring=${LABNET_DEBIAN_KEYRING:-}
  # shellcheck source=infra/guests/packages.sh
  . "$here/packages.sh"
  find_sources
  cd "$folder" || exit
  fetch_packages "$(debian_arch "$target")" "linux-headers-$kernel"
  mapfile -t needed < <(dpkg-deb --field "linux-headers-$kernel"_*.deb Depends | tr ',' '\n' | sed --quiet --regexp-extended 's/^ *(linux-(headers|kbuild)-[^ ]+).*/\1/p')
  fetch_packages "$(dpkg --print-architecture)" "${needed[@]}"
)

# fetch_packages DEB NAME…: once more with fresh lists, if those of an earlier day name what is gone.
fetch_packages() {
  local deb=$1
  shift
  mkdir --parents "$(apt_root "$deb")"
  lock "$(apt_root "$deb")/lock" "another run's downloads for $deb"
  make_apt_root "$deb"
  if [[ ! -e $(apt_root "$deb")/fetched ]] || ! apt_in "$deb" download "$@" >/dev/null; then
    update_lists "$deb" || explain_apt "$deb"
    apt_in "$deb" download "$@" >/dev/null || fail "the mirror does not have $*" "the guests have an older kernel: make new ones with ./infra/guests/build.sh --refresh"
  fi
  unlock
}
