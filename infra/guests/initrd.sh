# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# Kernel, its modules and the initial RAM disk. Sourced.

read_le32() {
  od --address-radix=n --format=u4 --endian=little --skip-bytes="$2" --read-bytes=4 "$1" | tr --delete ' '
}

# unpack_payload FILE OFFSET SIZE: by its magic, to standard output.
unpack_payload() {
  local unpack
  case $(tail --bytes=+$(($2 + 1)) "$1" | head --bytes=4 | od --address-radix=n --format=x1 | tr --delete ' ') in
    fd377a58) unpack=(xz --decompress --single-stream) ;;
    28b52ffd) unpack=(zstd --decompress --quiet) ;;
    1f8b*) unpack=(gzip --decompress) ;;
    *) fail "the kernel is packed in an unknown way" "build for release bookworm or trixie" ;;
  esac
  command -v "${unpack[0]}" >/dev/null || fail "missing tool: ${unpack[0]}" "apt-get install ${unpack[0]/#xz/xz-utils}"
  # After the packed data stands its unpacked size, which the unpackers take for garbage and complain about.
  tail --bytes=+$(($2 + 1)) "$1" | head --bytes="$3" | "${unpack[@]}" --stdout 2>/dev/null || true
}

# x86_64: QEMU starts a vmlinux by its PVH entry, without the firmware's and the kernel's own unpacking. Where the
# payload lies says the boot protocol's header (Documentation/arch/x86/boot.rst: setup_sects, payload_offset and
# payload_length). aarch64: the Image, taken out of the EFI zboot wrapper where a release has it.
make_kernel() {
  local packed=$1 kernel=$2 setup_sectors
  case $arch in
    x86_64)
      setup_sectors=$(od --address-radix=n --format=u1 --skip-bytes=$((0x1f1)) --read-bytes=1 "$packed")
      unpack_payload "$packed" $(((setup_sectors + 1) * 512 + $(read_le32 "$packed" $((0x248))))) \
        "$(read_le32 "$packed" $((0x24c)))" >"$kernel"
      [[ $(head --bytes=4 "$kernel") == $'\x7fELF' ]] || fail "no vmlinux came out of ${packed##*/}" "build for release bookworm or trixie"
      ;;
    aarch64)
      if [[ $(tail --bytes=+5 "$packed" | head --bytes=4) == zimg ]]; then
        unpack_payload "$packed" "$(read_le32 "$packed" 8)" "$(read_le32 "$packed" 12)" >"$kernel"
      elif [[ $(head --bytes=2 "$packed" | od --address-radix=n --format=x1) == " 1f 8b" ]]; then
        gzip --decompress --stdout "$packed" >"$kernel"
      else
        cp "$packed" "$kernel"
      fi
      [[ $(tail --bytes=+57 "$kernel" | head --bytes=4) == $'ARM\x64' ]] || fail "no Image came out of ${packed##*/}" "build for release bookworm or trixie"
      ;;
  esac
}

# Prints the modules (paths under kernel/) that modules.list asks for and all that they depend on. The longest entry that
# covers a path decides.
select_modules() {
  awk '
    FNR == NR {
      if ($0 ~ /^[a-z]/) wanted[$1] = 1
      else if ($0 ~ /^-/) wanted[substr($1, 2)] = 0
      next
    }
    {
      path = $1; sub(/:$/, "", path); depends[path] = $0; sub(/^[^:]*: ?/, "", depends[path])
      name = path; sub(/^kernel\//, "", name); sub(/\.ko(\.[a-z0-9]+)?$/, "", name)
      while (!(name in wanted) && sub(/\/[^\/]*$/, "", name)) {}
      if (name in wanted && wanted[name]) chosen[path] = 1
    }
    END {
      for (path in chosen) {
        print path
        count = split(depends[path], needed, " ")
        for (i = 1; i <= count; i++) print needed[i]
      }
    }' "$here/modules.list" "$1/modules.dep" | LC_ALL=C sort --unique
}

add_modules() {
  local from=$1/usr/lib/modules/$3 to=$2/usr/lib/modules/$3
  mkdir --parents "$to"
  select_modules "$from" >"$work/modules"
  tar --create --directory="$from" --files-from="$work/modules" | tar --extract --directory="$to" --no-same-owner
  # Unpacked here once instead of in every guest at every boot.
  find "$to" -name '*.ko.xz' -exec xz --decompress {} +
  cp "$from"/modules.{builtin,builtin.modinfo,order} "$to/"
  run_depmod --basedir "$2" "$3"
}

# Prints the files of the named modules after all that they depend on.
load_order() {
  awk -v names="$2" '
    { path = $1; sub(/:$/, "", path); $1 = ""; depends[path] = $0
      name = path; sub(/^.*\//, "", name); sub(/\.ko$/, "", name); paths[name] = path }
    END {
      count = split(names, wanted, " ")
      for (i = 1; i <= count; i++) {
        if (!(wanted[i] in paths)) continue
        path = paths[wanted[i]]
        total = split(depends[path], needed, " ")
        for (j = total; j >= 1; j--) if (!seen[needed[j]]++) print needed[j]
        if (!seen[path]++) print path
      }
    }' "$1/modules.dep"
}

# One entry of a "newc" archive (Documentation/driver-api/early-userspace/buffer-format.rst): inode, mode, path and the
# content from standard input. Written here, because no common cpio makes the same archive twice.
cpio_entry() {
  local inode=$1 mode=$2 path=$3 content=$4 size=0
  [[ $content == - ]] || size=$(stat --format=%s "$content")
  printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
    "$inode" "$mode" 0 0 1 0 "$size" 0 0 0 0 $((${#path} + 1)) 0 "$path"
  pad_to_4 $((110 + ${#path} + 1))
  [[ $content == - ]] || cat "$content"
  pad_to_4 "$size"
}

pad_to_4() {
  head --bytes=$(((4 - $1 % 4) % 4)) /dev/zero
}

make_initrd() {
  local tree=$1 version=$2 initrd=$3 inode=0 path module
  local modules=$tree/usr/lib/modules/$version
  printf busybox >"$work/busybox-link"
  : >"$work/initrd-modules"
  {
    for path in bin dev lib proc root sys; do
      cpio_entry $((++inode)) $((0040755)) "$path" -
    done
    cpio_entry $((++inode)) $((0100755)) bin/busybox "$tree/usr/bin/busybox"
    for path in cat insmod mount sh sleep switch_root; do
      cpio_entry $((++inode)) $((0120777)) "bin/$path" "$work/busybox-link"
    done
    # ext4 asks the kernel's crypto interface for crc32c by name, which no list of dependencies shows.
    while read -r module; do
      cpio_entry $((++inode)) $((0100644)) "lib/${module##*/}" "$modules/$module"
      echo "/lib/${module##*/}" >>"$work/initrd-modules"
    done < <(load_order "$modules" "virtio_pci virtio_blk crc32c_generic ext4")
    cpio_entry $((++inode)) $((0100644)) lib/order "$work/initrd-modules"
    cpio_entry $((++inode)) $((0100755)) init "$here/initramfs/init"
    cpio_entry 0 0 'TRAILER!!!' -
  } | gzip --no-name --best >"$initrd"
}
