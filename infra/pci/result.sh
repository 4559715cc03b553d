# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# Where builds lie. Sourced.
#
# DIR/HASH/      labnet-pci.so, trace-events, models/, manifest.json, modules/ (for tests); never changed once it is there, as a QEMU may run with it
# DIR/current    link to the newest
# DIR/.work      of the build that runs, or of one that was killed

readonly builds_kept=4

inputs_hash() {
  local hash
  hash=$({
    echo "$version"
    ! declare -F guest_inputs >/dev/null || guest_inputs
    cd "$devices" || exit
    find models src guest registers.py "$here" -type f -print0 2>/dev/null | LC_ALL=C sort --zero-terminated | xargs --null sha256sum
  } | sha256sum)
  echo "${hash:0:16}"
}

# The version and the package as QEMU tells them itself.
write_manifest() {
  local folder=$1 package='' model separator=''
  [[ $version != *\(* ]] || { package=${version#*\(} && package=${package%)}; }
  {
    printf '{\n  "qemuVersion": "%s",\n  "qemuPackage": "%s",\n  "builtAt": "%s",\n  "hash": "%s",\n  "models": [' \
      "${version%% *}" "$package" "$(date --utc +%Y-%m-%dT%H:%M:%SZ)" "$2"
    for model in "$folder"/models/*.yaml; do
      printf '%s"%s"' "$separator" "$(basename "$model" .yaml)"
      separator=', '
    done
    printf ']\n}\n'
  } >"$folder/manifest.json"
}

# publish FOLDER HASH: a build that was forced stands beside the one that it repeats, which a QEMU may have open.
publish() {
  local name=$2 number=1
  while [[ -e $cache/$name ]]; do
    name=$2-$((++number))
  done
  mv --no-target-directory "$1" "$cache/$name"
  point_current "$name"
  drop_old_builds
  echo "$cache/$name"
}

point_current() {
  ln --symbolic --force --no-dereference "$1" "$cache/.current"
  mv --no-target-directory "$cache/.current" "$cache/current"
}

drop_old_builds() {
  local manifest
  find "$cache" -mindepth 2 -maxdepth 2 -name manifest.json -printf '%T@ %p\n' | sort --numeric-sort --reverse |
    tail --lines=+$((builds_kept + 1)) | while read -r _ manifest; do
    rm --recursive --force "${manifest%/manifest.json}"
  done
}
