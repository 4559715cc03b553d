#!/usr/bin/env bash
# Boots each built guest once, under plain QEMU, and looks whether it is what LabNet relies on. See README.md.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=console.sh
. "$here/console.sh"
# shellcheck source=sources.sh
. "$here/sources.sh"

boot_seconds=120 powerdown_seconds=30
archs=() release=${LABNET_DEBIAN_RELEASE:-} images=${LABNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labnet}/guests
while (($#)); do
  case $1 in
    --arch) archs+=("${2:?--arch wants a value}") && shift ;;
    --out) images=${2:?--out wants a value} && shift ;;
    --release) release=${2:?--release wants a value} && shift ;;
    --help) echo "Usage: ${0##*/} [--arch x86_64] [--arch aarch64] [--out DIR] [--release NAME]" && exit 0 ;;
    *) fail "unknown option: $1" "see --help" ;;
  esac
  shift
done
((${#archs[@]})) || archs=(x86_64 aarch64)
[[ -n $release ]] || release=$(default_release)
for tool in socat jq qemu-img; do
  command -v "$tool" >/dev/null || fail "missing tool: $tool" "apt-get install ${tool/qemu-img/qemu-utils}"
done

qemu_pid='' folder=''
clean_up() {
  [[ -z $qemu_pid ]] || kill -KILL "$qemu_pid" 2>/dev/null || true
  [[ -z $folder ]] || rm --recursive --force "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

start_guest() {
  local arch=$1 image=$2 tty machine index ports=()
  case $arch in
    x86_64) tty=ttyS0 machine=(-M q35 -cpu qemu64 -vga none) ;;
    aarch64) tty=ttyAMA0 machine=(-M 'virt,gic-version=3' -cpu cortex-a57) ;;
  esac
  for index in 0 1 2 3; do
    ports+=(-device "pcie-root-port,id=rp$index,bus=pcie.0,addr=0x1$index,chassis=$((index + 1)),slot=$((index + 1))")
  done
  qemu-img create -q -f qcow2 -F qcow2 -b "$image/root.qcow2" "$folder/disk.qcow2"
  mkdir "$folder/share"
  echo "hello $arch" >"$folder/share/greeting"
  "qemu-system-$arch" -nodefaults -display none -accel tcg "${machine[@]}" -smp 2 -m 512 \
    -kernel "$image/kernel" -initrd "$image/initrd" \
    -append "root=/dev/vda rw quiet panic=-1 mitigations=off cryptomgr.notests console=$tty lab.hostname=smoke-$arch \
lab.eth0=10.0.2.15/24,10.0.2.2,10.0.2.3 lab.eth1=10.10.10.2/24 lab.share=workspace-shared:/mnt lab.share=absent:/absent" \
    -qmp "unix:$folder/qmp,server=on,wait=off" -serial "file:$folder/serial.log" "${ports[@]}" \
    -netdev "user,id=user,tftp=$folder/share" -device virtio-net-pci,netdev=user,romfile= \
    -netdev user,id=link,restrict=on -device virtio-net-pci,netdev=link,romfile=,host_mtu=1450,mac=52:54:00:12:34:58 \
    -device virtio-serial-pci -chardev "socket,id=agent,path=$folder/agent,server=on,wait=off" \
    -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0 \
    -blockdev "driver=qcow2,node-name=disk,file.driver=file,file.filename=$folder/disk.qcow2" -device virtio-blk-pci,drive=disk \
    -device virtio-rng-pci -device virtio-balloon-pci \
    -fsdev "local,id=share,path=$folder/share,security_model=mapped-xattr" \
    -device virtio-9p-pci,fsdev=share,mount_tag=workspace-shared \
    </dev/null >"$folder/qemu.log" 2>&1 &
  qemu_pid=$!
}

give_up() {
  tail --lines=20 "$folder/qemu.log" "$folder/serial.log" >&2 || true
  fail "$1" "the end of QEMU's and the guest's output is above"
}

# What arrives before the answer with our number belongs to requests that were sent while the guest was still starting.
wait_for_agent() {
  local number=0 answer
  until [[ -S $folder/agent ]]; do
    kill -0 "$qemu_pid" 2>/dev/null || give_up "QEMU did not start"
    sleep 0.05
  done
  coproc agent { exec socat - "UNIX-CONNECT:$folder/agent" 2>/dev/null; }
  # A coprocess's own descriptors are closed in subshells.
  exec {agent_in}<&"${agent[0]}" {agent_out}>&"${agent[1]}"
  while ((SECONDS < boot_seconds)); do
    kill -0 "$qemu_pid" 2>/dev/null || give_up "QEMU ended before the agent answered"
    printf '{"execute":"guest-sync","arguments":{"id":%d}}\n' $((++number)) >&"$agent_out"
    if IFS= read -r -t 0.5 answer <&"$agent_in"; then
      boot_time=$(seconds_since "$started")
      until [[ $answer == "{\"return\": $number}" ]]; do
        IFS= read -r -t 10 answer <&"$agent_in" || give_up "the agent answered once and then no more"
      done
      return 0
    fi
  done
  give_up "the agent did not answer within $boot_seconds s"
}

agent_call() {
  local answer
  printf '%s\n' "$1" >&"$agent_out"
  IFS= read -r -t 60 answer <&"$agent_in" || { echo "no answer from the agent" && return 1; }
  jq --exit-status '.return' <<<"$answer" 2>/dev/null || { echo "refused: $answer" && return 1; }
}

# in_guest COMMAND: prints what it printed, fails as it failed.
in_guest() {
  local pid status
  pid=$(agent_call "$(jq --null-input --compact-output --arg command "$1" \
    '{execute: "guest-exec", arguments: {path: "/bin/sh", arg: ["-c", $command], "capture-output": true}}')") ||
    { echo "$pid" && return 1; }
  pid=$(jq .pid <<<"$pid")
  while ((SECONDS < boot_seconds)); do
    status=$(agent_call "{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":$pid}}") || { echo "$status" && return 1; }
    [[ $(jq .exited <<<"$status") != true ]] || break
    sleep 0.2
  done
  jq --raw-output '[."out-data", ."err-data"] | map(select(.)) | map(@base64d) | join("")' <<<"$status"
  return "$(jq '.exitcode // 255' <<<"$status")"
}

failures=0
# check NAME COMMAND EXPECTED-IN-ITS-OUTPUT
check() {
  local output began=$EPOCHREALTIME SECONDS=0
  if output=$(in_guest "$2") && [[ $output == *"$3"* ]]; then
    say "ok      $1 ($(seconds_since "$began") s)"
  else
    failures=$((failures + 1))
    say "NOT OK  $1: expected '$3', got: $output"
  fi
}

check_guest() {
  local arch=$1
  check "hostname" hostname "smoke-$arch"
  check "eth0 has its address" "ip -brief address show eth0" 10.0.2.15/24
  check "eth0 has a way out" "ip route show default" "via 10.0.2.2 dev eth0"
  check "the name server" "cat /etc/resolv.conf" "nameserver 10.0.2.3"
  check "eth1 has its address" "ip -brief address show eth1" 10.10.10.2/24
  check "eth1 is the second card" "cat /sys/class/net/eth1/address" 52:54:00:12:34:58
  check "eth1's MTU" "cat /sys/class/net/eth1/mtu" 1450
  check "the share" "cat /mnt/greeting" "hello $arch"
  check "the share's file by TFTP" "tftp -g -l /tmp/greeting -r greeting 10.0.2.2 && cat /tmp/greeting" "hello $arch"
  check "an absent share is told and harmless" "grep -c absent /proc/mounts || echo none" none
  check "Linux for $arch" "uname -m" "$arch"
  check "scapy" "python3 -c 'import scapy.all; print(scapy.all.conf.use_pcap or scapy.VERSION)'" ""
  check "scapy is compiled" "python3 -v -c 'import scapy' 2>&1 | grep -c 'matches.*scapy/__init__'" 1
  check "fio" "fio --version" fio-
  check "iperf3" "iperf3 --version" iperf
  check "tcpdump" "tcpdump --version" libpcap
  check "lspci" "lspci" Virtio
  check "the clock" "test \$(date +%s) -gt $(($(date +%s) - 60)) && echo right" right
  check "a CD's drivers" "modprobe --all --dry-run virtio_scsi sr_mod isofs && echo there" there
  check "the watchdog's driver" "modprobe --dry-run i6300esb && echo there" there
  check "the console's shell is root's" "ps -C bash -o user=,tty=" "root"
}

power_down() {
  local began=$EPOCHREALTIME status=0 waited
  printf '{"execute":"qmp_capabilities"}\n{"execute":"system_powerdown"}\n' | socat -t 1 - "UNIX-CONNECT:$folder/qmp" >/dev/null
  for ((waited = 0; waited < powerdown_seconds * 10; waited++)); do
    kill -0 "$qemu_pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -0 "$qemu_pid" 2>/dev/null && give_up "system_powerdown did not end the guest within $powerdown_seconds s"
  wait "$qemu_pid" || status=$?
  qemu_pid=''
  exec {agent_in}<&- {agent_out}>&-
  wait
  ((status == 0)) || give_up "QEMU ended with $status"
  say "ok      system_powerdown ($(seconds_since "$began") s, QEMU's exit code 0)"
}

for arch in "${archs[@]}"; do
  label=$arch
  image=$(readlink --canonicalize "$images/$release-$arch")
  [[ -s $image/manifest.json ]] || fail "no guest of $release for $arch in $images" "infra/guests/build.sh --arch $arch"
  command -v "qemu-system-$arch" >/dev/null || fail "missing tool: qemu-system-$arch" "apt-get install qemu-system-x86 qemu-system-arm"
  folder=$(mktemp --directory)
  started=$EPOCHREALTIME SECONDS=0
  start_guest "$arch" "$image"
  wait_for_agent
  say "the agent answers: $boot_time s after QEMU's start (Linux $(jq --raw-output .kernelVersion "$image/manifest.json"))"
  check_guest "$arch"
  power_down
  rm --recursive --force "$folder"
done
((failures == 0)) || fail "$failures checks failed" "see above"
