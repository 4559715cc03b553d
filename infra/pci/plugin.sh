# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# The plugin itself: what is generated, one object for each file of src, and the link. Sourced.

# As QEMU's own build, as far as it changes what the code means.
readonly c_flags=(-std=gnu11 -O2 -g -fPIC -fvisibility=hidden -fno-strict-aliasing -fno-common -fwrapv
  -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE)
# QEMU's callbacks have arguments that not every device needs, and its arrays end with { }.
readonly c_warnings=(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wstrict-prototypes -Wredundant-decls -Wundef
  -Wwrite-strings -Wmissing-prototypes -Wold-style-definition -Wformat-security -Wvla -Wshadow=local
  -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion)

# compile ARGUMENT…: gcc with QEMU's headers, whose own warnings are not ours.
compile() {
  # shellcheck disable=SC2046 # several words
  gcc "${c_flags[@]}" $(pkg-config --cflags glib-2.0 | sed 's/-I/-isystem /g') \
    -isystem "$headers/generated" -isystem "$headers/generated/qapi" -isystem "$headers/include" -isystem "$headers/linux-headers" "$@"
}

build_plugin() {
  local generated=$1/generated result=$1/result
  make_generated "$generated"
  compile_objects "$1"
  gcc -shared -o "$result/labnet-pci.so" "$1"/objects/*.o
  check_symbols "$result/labnet-pci.so"
}

# Register headers, trace events, and the list of devices whose source is there.
make_generated() {
  local generated=$1 model name
  /usr/bin/python3 -B "$devices/registers.py" headers "$generated" "$devices"/models/*.yaml || fail "a register table has a mistake" "see above"
  for model in "$devices"/models/*.yaml; do
    name=$(basename "$model" .yaml)
    [[ ! -e $devices/src/$name.c ]] || echo "LABNET_MODEL(${name//-/_}, \"$name\")" >>"$generated/labnet-models.inc"
  done
  for name in h c; do
    /usr/bin/python3 -B "$headers/scripts/tracetool.py" --backends=log --group=labnet --format=$name "$devices/src/trace-events" "$generated/trace-labnet.$name" ||
      fail "the trace events have a mistake" "see above"
  done
  # The name by which a device inside of QEMU's tree includes those of its own folder.
  echo '#include "trace-labnet.h"' >"$generated/trace.h"
}

# An object is taken from an earlier build if nothing that it is made of has changed.
compile_objects() {
  local generated=$1/generated objects=$1/objects common source key failed=no
  mkdir --parents "$objects" "$cache/objects"
  common=$({
    echo "$version ${c_flags[*]} ${c_warnings[*]}"
    gcc --version
    cat "$devices"/src/*.h "$generated"/*
  } | sha256sum)
  for source in "$devices"/src/*.c; do
    key=$({ echo "$common $source" && cat "$source"; } | sha256sum)
    compile_object "$source" "$cache/objects/${key%% *}.o" "$objects/$(basename "$source" .c).o" >"$objects/$(basename "$source").log" 2>&1 &
  done
  for source in $(jobs -p); do
    wait "$source" || failed=yes
  done
  cat "$objects"/*.log >&2
  [[ $failed == no ]] || fail "the devices do not compile" "what gcc said stands above; the build before this one stays in use"
  find "$cache/objects" -name '*.o' -mtime +7 -delete
}

# compile_object SOURCE KEPT OBJECT
compile_object() {
  if [[ ! -s $2 ]]; then
    compile "${c_warnings[@]}" -DLABNET_PLUGIN "-DLABNET_QEMU_VERSION=\"$version\"" -I"$devices/src" -I"$generated" -c "$1" -o "$2.$$" || return
    mv "$2.$$" "$2"
  fi
  cp "$2" "$3"
}

# QEMU would only say "undefined symbol", and only when it starts.
check_symbols() {
  local arch wanted
  for arch in x86_64 aarch64; do
    wanted=$(LC_ALL=C comm -23 <(nm --dynamic --undefined-only --format=posix "$1" | awk '$2 == "U" { sub("@.*", "", $1); print $1 }' | LC_ALL=C sort --unique) \
      <({
        nm --dynamic --defined-only --format=posix "$(command -v "qemu-system-$arch")"
        ldd "$(command -v "qemu-system-$arch")" | awk '$3 ~ "^/" { print $3 }' | grep --extended-regexp '/lib(c|m|glib-2.0|gcc_s)\.so' |
          xargs --max-args=1 nm --dynamic --defined-only --format=posix
      } | awk '{ sub("@.*", "", $1); print $1 }' | LC_ALL=C sort --unique))
    [[ -z $wanted ]] || fail "qemu-system-$arch does not export what the devices use: ${wanted//$'\n'/, }" \
      "use other functions of QEMU, or build the devices into QEMU: ./infra/qemu/build.sh"
  done
}
