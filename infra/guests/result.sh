# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# Where results lie, how a finished one is recognised, published and thrown away, and who may write. Sourced.
#
# DIR/RELEASE-ARCH-HASH/   kernel, initrd, root.qcow2, manifest.json; never changed once it is there
# DIR/RELEASE-ARCH         link to the current one
# DIR/.work-RELEASE-ARCH   of the build that runs, or of one that was killed; the next one replaces it

results_kept=2

age_of() {
  local seconds=$(($(date +%s) - $(stat --format=%Y "$1")))
  if ((seconds < 7200)); then
    echo "$((seconds / 60)) minutes ago"
  elif ((seconds < 172800)); then
    echo "$((seconds / 3600)) hours ago"
  else
    echo "$((seconds / 86400)) days ago"
  fi
}

# Everything that decides what comes out: our files, the release and the resolved packages.
inputs_hash() {
  local hash
  hash=$({
    echo "$release $arch"
    cd "$here" || exit
    find packages.list modules.list initrd.sh rootfs.sh tools.sh initramfs rootfs -type f -printf '%p %m\n' |
      sed --regexp-extended 's/ [0-7]*[1357][0-7]{2}$/ x/; s/ [0-7]+$//' | LC_ALL=C sort
    find packages.list modules.list initrd.sh rootfs.sh tools.sh initramfs rootfs -type f -print0 | LC_ALL=C sort --zero-terminated |
      xargs --null sha256sum
    cat "$(resolved_file "$(debian_arch "$arch")" guest)"
  } | sha256sum)
  echo "${hash:0:16}"
}

# Prints the current result if it is what a build would make now.
current_result() {
  local link=$out/$release-$arch hash folder
  [[ -s $(resolved_file "$(debian_arch "$arch")" guest) ]] || return 1
  hash=$(inputs_hash)
  folder=$(readlink --canonicalize "$link" 2>/dev/null) || return 1
  [[ ${folder##*/} == "$release-$arch-$hash"* && -s $folder/manifest.json ]] || return 1
  echo "$folder"
}

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

json_file() {
  local sha256
  sha256=$(sha256sum <"$1/$2")
  printf '    "%s": { "sha256": "%s", "sizeBytes": %d }' "$2" "${sha256%% *}" "$(stat --format=%s "$1/$2")"
}

write_manifest() {
  local folder=$1 hash=$2 kernel_version=$3 name version rest separator=''
  {
    printf '{\n  "arch": "%s",\n  "release": %s,\n  "inputsHash": "%s",\n' "$arch" "$(json_string "$release")" "$hash"
    printf '  "kernelVersion": %s,\n  "builtAt": "%s",\n  "files": {\n' "$(json_string "$kernel_version")" "$(date --utc +%Y-%m-%dT%H:%M:%SZ)"
    json_file "$folder" kernel && echo ,
    json_file "$folder" initrd && echo ,
    json_file "$folder" root.qcow2 && echo
    printf '  },\n  "packages": {\n'
    while read -r name version rest; do
      printf '%s    %s: %s' "$separator" "$(json_string "$name")" "$(json_string "$version")"
      separator=$',\n'
    done <"$(resolved_file "$(debian_arch "$arch")" guest)"
    printf '\n  }\n}\n'
  } >"$folder/manifest.json"
}

# publish FOLDER HASH: moves a finished folder to its name and lets the link point there. A folder that is there already
# is somebody's backing file: it is kept as it is, and a forced build that came out differently gets a name of its own.
publish() {
  local made=$1 name=$release-$arch-$2 number=1 file same
  local target=$name
  while [[ -e $out/$target ]]; do
    same=yes
    for file in kernel initrd root.qcow2; do
      cmp --silent "$made/$file" "$out/$target/$file" || same=no
    done
    if [[ $same == yes ]]; then
      say "the same, bit for bit, as $target"
      rm --recursive "$made"
      break
    fi
    target=$name-$((++number))
  done
  [[ ! -e $made ]] || mv --no-target-directory "$made" "$out/$target"
  touch "$out/$target/manifest.json"
  point_link "$target"
}

point_link() {
  ln --symbolic --force --no-dereference "$1" "$out/.link-$release-$arch"
  mv --no-target-directory "$out/.link-$release-$arch" "$out/$release-$arch"
}

# An overlay that still stands on an older result can't be known of here: that is why more than one is kept.
drop_old_results() {
  local manifest folder
  while read -r _ manifest; do
    folder=${manifest%/manifest.json}
    grep --quiet '"inputsHash"' "$manifest" || continue
    say "remove old result ${folder##*/}"
    rm --recursive --force "$folder"
  done < <(find "$out" -mindepth 2 -maxdepth 2 -path "$out/$release-$arch-*/manifest.json" -printf '%T@ %p\n' |
    sort --numeric-sort --reverse | tail --lines=+$((results_kept + 1)))
}
