# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# Python (of the guests' release, to compile for them) and depmod, unpacked from packages of this machine's own
# architecture and run by their own dynamic linker: no chroot, no rights, nothing installed. Sourced.

tools=''

make_tools() {
  local native
  native=$(dpkg --print-architecture)
  if ! (prepare_packages "$native" tools "$refresh" python3-minimal libpython3-stdlib kmod); then
    say "no python and depmod from packages for $native: taking this machine's own, where they fit"
    return 0
  fi
  make_merged_usr "$work/tools"
  unpack_packages "$work/tools" < <(package_files "$native" tools)
  tools=$work/tools
}

run_tool() {
  local program=$1 linkers
  shift
  linkers=("$tools"/usr/lib/*/ld-linux*.so.*)
  PYTHONHOME=$tools/usr PYTHONDONTWRITEBYTECODE=1 "${linkers[0]}" --argv0 "$program" \
    --library-path "${linkers[0]%/*}" "$program" "$@"
}

run_depmod() {
  if [[ -n $tools ]]; then
    # depmod is a link to kmod, absolute, which acts by the name it is called by.
    local linkers=("$tools"/usr/lib/*/ld-linux*.so.*)
    "${linkers[0]}" --argv0 depmod --library-path "${linkers[0]%/*}" "$tools/usr/bin/kmod" "$@"
  elif command -v depmod >/dev/null; then
    depmod "$@"
  else
    fail "missing tool: depmod" "apt-get install kmod"
  fi
}

# Without compiled files a first "import scapy.all" takes over half a minute in an emulated guest. They name paths as
# the guest sees them and hold no times, so that they are the same wherever they are made.
compile_python() {
  local tree=$1 library version python
  local options=(-m compileall -q --invalidation-mode unchecked-hash -s "$tree" -p /)
  for library in "$tree"/usr/lib/python3.*; do
    version=${library##*/}
    python=/usr/bin/$version
    if [[ -n $tools && -x $tools$python ]]; then
      run_tool "$tools$python" "${options[@]}" "$library" "$tree/usr/lib/python3" >&2
    elif [[ -x $python ]]; then
      PYTHONDONTWRITEBYTECODE=1 "$python" -I "${options[@]}" "$library" "$tree/usr/lib/python3" >&2
    else
      say "no $version here: Python stays uncompiled, scapy takes half a minute to start in an emulated guest"
    fi
  done
}
