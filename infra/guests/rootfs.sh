# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# The guest's root: packages unpacked without their maintainer scripts, our files over them, an ext4 image. Sourced.

disk_size=4G
# Fixed, so that the same packages make the same image.
disk_uuid=6c61626e-6574-4c61-b4e7-726f6f746673
hash_seed=6c61626e-6574-4861-b4e7-736565640000

make_merged_usr() {
  local name
  for name in bin sbin lib lib64; do
    mkdir --parents "$1/usr/$name"
    ln --symbolic "usr/$name" "$1/$name"
  done
}

# unpack_packages TREE: the packages whose files come on standard input.
unpack_packages() {
  local tree=$1 package
  local left_out=(
    ./etc/cron.* ./etc/init.d ./etc/pam.d ./usr/share/doc ./usr/share/man ./usr/share/info ./usr/share/locale
    ./usr/share/lintian ./usr/share/bash-completion ./usr/share/initramfs-tools ./usr/share/gdb ./usr/share/gcc
    ./lib/systemd ./lib/udev ./usr/lib/systemd ./usr/lib/udev './usr/lib/*/gconv'
    './usr/lib/python3*/test' './usr/lib/python3*/lib2to3' './usr/lib/python3*/idlelib' './usr/lib/python3*/ensurepip'
    './usr/lib/python3*/pydoc_data'
  )
  while read -r package; do
    dpkg-deb --fsys-tarfile "$package" |
      tar --extract --directory="$tree" --keep-directory-symlink --no-same-owner --preserve-permissions \
        --anchored "${left_out[@]/#/--exclude=}" ||
      fail "could not unpack ${package##*/}" "free space in $out, or delete $package and run again (it is fetched anew)"
  done
}

# What the packages' maintainer scripts would have done, as far as this guest needs it.
configure_root() {
  local tree=$1 applet
  # Without a password: busybox's login -f refuses a locked root, and only the console asks.
  sed 's/^root:\*:/root::/' "$tree/usr/share/base-passwd/passwd.master" >"$tree/etc/passwd"
  cp "$tree/usr/share/base-passwd/group.master" "$tree/etc/group"
  cp "$tree/usr/share/base-files/dot.bashrc" "$tree/root/.bashrc"
  cp "$tree/usr/share/base-files/dot.profile" "$tree/root/.profile"
  rm --recursive --force "$tree/var/run" "$tree/var/lock"
  ln --symbolic /run "$tree/var/run"
  ln --symbolic /run/lock "$tree/var/lock"
  ln --symbolic --force /proc/self/mounts "$tree/etc/mtab"
  ln --symbolic --force /run/motd "$tree/etc/motd"
  ln --symbolic --force gawk "$tree/usr/bin/awk"
  ln --symbolic --force dash "$tree/usr/bin/sh"
  # Debian's own want PAM and its configuration.
  rm --force "$tree"/usr/bin/{su,login} "$tree"/usr/sbin/{runuser,sulogin}
  for applet in init poweroff reboot halt getty acpid uevent udhcpc udhcpd hwclock sulogin ifconfig route brctl vconfig \
    tunctl mkdosfs partprobe fdisk i2cdetect i2cdump i2cget i2cset i2ctransfer; do
    link_applet "$tree" "sbin/$applet"
  done
  for applet in arping bc bunzip2 bzip2 clear cpio crc32 dc devmem dos2unix ed ftpget ftpput hexdump httpd ipcalc killall login \
    lsscsi microcom nc netstat nslookup openvt patch pidof reset resize strings su telnet telnetd tftp time traceroute \
    ts unzip usleep uudecode uuencode vi wget which xxd; do
    link_applet "$tree" "bin/$applet"
  done
}

link_applet() {
  local name=${2#*/}
  [[ -e $1/usr/bin/$name || -L $1/usr/bin/$name || -e $1/usr/sbin/$name ]] || ln --symbolic ../bin/busybox "$1/usr/$2"
}

# Modes come from git, which keeps only the executable bit, and not from this checkout's umask.
add_own_files() {
  local tree=$1 file mode
  find "$here/rootfs" -type f -printf '%P\n' | while read -r file; do
    mode=0644
    [[ ! -x $here/rootfs/$file ]] || mode=0755
    install -D --mode="$mode" "$here/rootfs/$file" "$tree/$file"
  done
}

# The commands with which debugfs fills an empty file system. It makes every file root's and takes every time from
# E2FSPROGS_FAKE_TIME, so that neither rights nor the order of this machine's directories matter.
debugfs_commands() {
  local tree=$1 kind mode path target directory=/
  (cd "$tree" && find . -mindepth 1 -printf '%P\t%y\t%m\t%l\n') | LC_ALL=C sort --field-separator=$'\t' --key=1,1 |
    while IFS=$'\t' read -r path kind mode target; do
      [[ $path != *[\"\\]* ]] || fail "a file name that debugfs can't take: $path" "leave it out in rootfs.sh"
      if [[ /${path%/*} != "$directory" ]]; then
        directory=/
        [[ $path != */* ]] || directory=/${path%/*}
        echo "cd \"$directory\""
      fi
      case $kind in
        d) echo "mkdir \"${path##*/}\"" ;;
        f) echo "write \"$tree/$path\" \"${path##*/}\"" ;;
        l) echo "symlink \"${path##*/}\" \"$target\"" ;;
        *) fail "unexpected kind of file in the packages: $path ($kind)" "leave it out in rootfs.sh" ;;
      esac
      case $kind$mode in
        d755 | l*) ;;
        d*) echo "set_inode_field \"/$path\" mode 0$((40000 + mode))" ;;
        f*) echo "set_inode_field \"/$path\" mode 010$(printf '%04d' "$mode")" ;;
      esac
    done
}

make_disk() {
  local tree=$1 epoch=$2 image=$3 raw=$work/root.raw
  local features=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file
  features+=,huge_file,dir_nlink,extra_isize,metadata_csum
  export SOURCE_DATE_EPOCH=$epoch E2FSPROGS_FAKE_TIME=$epoch
  truncate --size="$disk_size" "$raw"
  # No lazy initialisation: the kernel would do it at the first mount, in every overlay.
  mke2fs -q -F -t ext4 -b 4096 -I 256 -N 65536 -m 0 -J size=32 -L labnet-root -U "$disk_uuid" -O "$features" \
    -E "hash_seed=$hash_seed,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,nodiscard" "$raw"
  debugfs_commands "$tree" >"$work/debugfs.commands"
  # debugfs ends with 0 whatever happens: what it complains about is the only sign.
  debugfs -w -f "$work/debugfs.commands" "$raw" 2>"$work/debugfs.log" >/dev/null
  if grep --quiet --invert-match '^debugfs [0-9]' "$work/debugfs.log" || ! e2fsck -f -n "$raw" &>"$work/e2fsck.log"; then
    fail "the root file system could not be filled" "free space in $out; else see $work/debugfs.log and e2fsck.log there"
  fi
  unset SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME
  qemu-img convert -f raw -O qcow2 "$raw" "$image"
}
