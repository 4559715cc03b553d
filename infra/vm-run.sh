#!/usr/bin/env bash
# Runs one VM's QEMU and keeps what it leaves behind, also when LabNet is not there to see it end.
#
#   vm-run.sh FOLDER QEMU [ARGUMENT...]
#
# In FOLDER it writes
#   pid      "PID START BOOT": START is field 22 of /proc/PID/stat, BOOT the kernel's boot id; together they name one process for good
#   stderr   the first 256 KiB of what QEMU prints, and stderr.last the last 256 KiB after that
#   exit     the exit status, once QEMU has ended and all it printed is written
set -euo pipefail
umask 077

# QEMU must never wait for its reader and the file must not fill the disk: the first part is kept as it comes, of the rest the end.
readonly kept_bytes=262144

folder=$1
shift
cd -- "$folder"
exec </dev/null >run.log 2>&1
rm --force pid exit stderr stderr.last

run() {
  "$@" 2>&1 &
  local pid=$! stat boot
  stat=$(<"/proc/$pid/stat")
  read -r boot </proc/sys/kernel/random/boot_id
  # The fields after the command name, which is in parentheses and may hold anything.
  read -r -a fields <<<"${stat##*) }"
  echo "$pid ${fields[19]} $boot" >pid.new
  mv pid.new pid
  local status=0
  wait "$pid" || status=$?
  echo "$status" >exit.new
}

run "$@" | {
  head --bytes="$kept_bytes" >stderr
  tail --bytes="$kept_bytes" >stderr.last
}
mv exit.new exit
