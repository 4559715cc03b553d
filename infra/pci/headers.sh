# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# What a device is compiled with: QEMU's headers, and those that its build would generate. Sourced.
#
# DIR/include  DIR/linux-headers   as in the source
# DIR/generated                    QAPI's types and commands, config-host.h
# DIR/scripts                      tracetool, which makes trace events of src/trace-events

# headers_of VERSION: prints the folder, and makes it if it is not there.
headers_of() {
  local folder work
  folder=$cache/headers/$(tr --complement 'A-Za-z0-9.+\n' '_' <<<"$1")
  if [[ ! -d $folder ]]; then
    work=$cache/headers/.work
    rm --recursive --force "$work"
    mkdir --parents "$work/result"
    fetch_qemu_source "$work"
    make_headers "$work/source" "$work/result" "$1"
    mv "$work/result" "$folder"
    rm --recursive --force "$work"
  fi
  echo "$folder"
}

# make_headers SOURCE RESULT VERSION
make_headers() {
  local source=$1 result=$2
  say "generate what QEMU's build would"
  cp --recursive "$source/include" "$source/linux-headers" "$result"
  mkdir --parents "$result/include/trace" "$result/scripts" "$result/generated/qapi"
  cp "$source"/trace/*.h "$result/include/trace"
  cp --recursive "$source/scripts/tracetool" "$source/scripts/tracetool.py" "$result/scripts"
  (cd "$source" && /usr/bin/python3 -B scripts/qapi-gen.py -o "$result/generated/qapi" -b qapi/qapi-schema.json)
  find "$result/generated" -name '*.c' -delete
  config_host "$3" >"$result/generated/config-host.h"
  : >"$result/generated/config-poison.h"
  headers=$result make_qtest_accelerators "$source" "$result"
}

# Of QEMU's configuration, what its headers ask for. What would change the layout of a structure (CONFIG_DEBUG_MUTEX, for one)
# is off in a distribution's build; the plugin compares the size of a PCI device all the same.
config_host() {
  local major minor micro
  IFS=. read -r major minor micro <<<"${1%% *}"
  printf '#define %s\n' CONFIG_ATOMIC128_OPT CONFIG_EPOLL CONFIG_EVENTFD CONFIG_FALLOCATE CONFIG_INT128 CONFIG_IOVEC CONFIG_LINUX CONFIG_MADVISE \
    CONFIG_POSIX CONFIG_PPOLL CONFIG_PREADV CONFIG_PTHREAD_SETNAME_NP_W_TID CONFIG_SEM_TIMEDWAIT CONFIG_TCG CONFIG_PLUGIN CONFIG_TRACE_LOG |
    sed 's/$/ 1/'
  printf '#define QEMU_VERSION "%s"\n' "${1%% *}"
  printf '#define QEMU_VERSION_MAJOR %d\n#define QEMU_VERSION_MINOR %d\n#define QEMU_VERSION_MICRO %d\n' "$major" "$minor" "$micro"
}

# The accelerator that lets a test hold the clock. Debian builds QEMU with modules but leaves this one out; a module has to carry the
# stamp of its QEMU, which every other module of that QEMU has too.
make_qtest_accelerators() {
  local source=$1 result=$2 modules arch module stamp
  modules=/usr/lib/$(gcc -print-multiarch)/qemu
  mkdir --parents "$result/modules"
  for arch in x86_64 aarch64; do
    module=$(find "$modules" -name '*.so' 2>/dev/null | sort | head --lines=1)
    [[ -n $module ]] || { say "no qtest accelerator: this QEMU has no modules"; return 0; }
    stamp=$(nm --dynamic --defined-only "$module" | sed --quiet 's/.* qemu_stamp\(_[0-9a-f]*\)$/\1/p')
    compile -fvisibility=default -DBUILD_DSO "-DCONFIG_STAMP=$stamp" "$source/accel/qtest/qtest.c" "$source/module-common.c" -shared -o "$result/modules/accel-qtest-$arch.so" ||
      say "no qtest accelerator for $arch: it does not compile"
  done
}
