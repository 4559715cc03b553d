#!/usr/bin/env bash
# Begins a new device: its register table and its source, by pci-device/template. See pci-device/README.md.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
devices=$(cd "$here/../../pci-device" && pwd)
# shellcheck source=infra/guests/console.sh
. "$here/../guests/console.sh"
label=pci

# Vendor 0x1234 is QEMU's; LabNet's own devices are below.
readonly first_id=0x4c80 last_id=0x4cff

name=${1:-}
[[ $# -eq 1 || ($# -eq 3 && $2 == --devices) ]] || fail "one name is wanted" "${0##*/} NAME [--devices DIR]"
[[ $# -eq 1 ]] || devices=$(cd "$3" && pwd)
[[ $name =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ && ${#name} -le 31 ]] || fail "\"$name\" is no name for a device" "use small letters, digits and single dashes, at most 31 of them"
for file in "$devices/models/$name.yaml" "$devices/src/$name.c"; do
  [[ ! -e $file ]] || fail "$file is there already" "take another name, or change what is there"
done
! qemu-system-x86_64 -device help 2>/dev/null | grep --quiet --fixed-strings "name \"$name\"" || fail "QEMU has a device $name already" "take another name"

# The first number that no table has yet.
free_id() {
  local id taken
  taken=$(sed --quiet --regexp-extended 's/^device: *0x([0-9a-f]{4}).*/\1/p' "$devices"/models/*.yaml 2>/dev/null || true)
  for ((id = first_id; id <= last_id; id++)); do
    if ! grep --quiet "$(printf %04x "$id")" <<<"$taken"; then
      printf '0x%04x' "$id"
      return
    fi
  done
  fail "all ids from $first_id to $last_id are taken" "remove a device from $devices/models"
}

snake=${name//-/_}
# In C, MyDevice for my-device.
camel=$(sed --regexp-extended 's/(^|-)([a-z0-9])/\u\2/g' <<<"$name")
id=$(free_id)
mkdir --parents "$devices/models" "$devices/src"
for kind in yaml c; do
  folder=src
  [[ $kind == c ]] || folder=models
  sed --expression "s/my-device/$name/g; s/my_device/$snake/g; s/MY_DEVICE/${snake^^}/g; s/MyDevice/$camel/g; s/^device: 0xffff/device: $id/" \
    "$here/../../pci-device/template/my-device.$kind" >"$devices/$folder/$name.$kind"
  echo "$devices/$folder/$name.$kind"
done
