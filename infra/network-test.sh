#!/usr/bin/env bash
# Tests network.sh on real kernel devices with real traffic.
#
# Each case runs in a network, mount and PID namespace of its own, with a /run of its own: what stands for "this machine" there is empty,
# no name can meet one of the machine's, and the kernel removes all of it with the last process, also after kill -9. Cases share nothing,
# so several run at a time; they wait more than they compute.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly case_seconds_max=120 skip_status=77

for part in "$here"/network-test.d/*.sh; do
  # shellcheck source=/dev/null
  source "$part"
done

say() { printf '%s\n' "$*" >&2; }

usage() {
  cat <<'TXT'
Usage: network-test.sh [--seed N] [CASE...]

Tests network.sh in namespaces of its own; needs root, and touches nothing of this machine's network.
A CASE is the name of a case, or a part of it with _ for blanks. --seed repeats what a random case did.
Last line: N passed, N failed, N skipped. Exit code 1 if a case failed, 2 for wrong arguments.
TXT
}

# Where nothing can be tested, that is no failure of network.sh.
require_machine() {
  local tool why=''
  if [[ $EUID -ne 0 ]]; then
    ! sudo --non-interactive true 2>/dev/null || exec sudo --non-interactive "$0" "$@"
    why="this needs root. Run: sudo $0"
  fi
  for tool in ip jq ping perl setpriv; do
    command -v "$tool" >/dev/null || why="there is no $tool. Install it: sudo apt-get install iproute2 jq iputils-ping perl-base util-linux"
  done
  if [[ -z $why ]]; then
    [[ -c /dev/net/tun ]] || modprobe tun 2>/dev/null || why='there is no /dev/net/tun. Load the module (sudo modprobe tun), or hand the device into this container.'
    unshare --mount --net --pid --fork --mount-proc bash -c 'mount -t sysfs sysfs /sys && ip link add name vxlan0 type vxlan id 1 dstport 4789' >/dev/null 2>&1 ||
      why='this machine makes no namespaces, or no VXLAN devices in them. Load the module (sudo modprobe vxlan); a container wants --privileged for this test.'
  fi
  [[ -n $why ]] || return 0
  say "skipped: $why"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}

# In the namespaces: the script is copied so that nobody can read it wherever the checkout lies; /dev/net/tun is open to all, as udev has it.
inside() {
  mount -t tmpfs -o mode=0755 tmpfs /run
  mount -t sysfs sysfs /sys
  mkdir /run/netns /run/labnet /run/infra /run/test
  cp --recursive "$here/network.sh" "$here/network.d" /run/infra
  mknod /run/test/tun c 10 200
  chmod 666 /run/test/tun
  mount --bind /run/test/tun /dev/net/tun
  ip link set dev lo up
  cd /run/test
  RANDOM=$seed
  # The first process of a PID namespace gets no signal that it does not ask for.
  trap 'exit 143' TERM
  trap 'echo "line ${BASH_LINENO[*]}: $BASH_COMMAND"' ERR
  set -o errtrace
  "case_$1"
}

# Prints what the case says when it fails, and how long it took.
run_case() {
  local name=$1 log=$2/$1 status=0 started=${EPOCHREALTIME/[.,]/} words=${1//_/ } spent
  timeout --kill-after=5 "$case_seconds_max" unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
    "${BASH_SOURCE[0]}" --inside "$name" "$seed" >"$log" 2>&1 </dev/null &
  # shellcheck disable=SC2064 # this timeout
  trap "kill $! 2>/dev/null" TERM
  wait $! || status=$?
  spent=$(((${EPOCHREALTIME/[.,]/} - started) / 1000))
  case $status in
    0) echo pass >"$log.result"; printf 'ok      %5d ms  %s\n' "$spent" "$words" ;;
    "$skip_status") echo skip >"$log.result"; printf 'skipped %5d ms  %s: %s\n' "$spent" "$words" "$(tail --lines=1 "$log")" ;;
    *)
      echo fail >"$log.result"
      printf 'FAILED  %5d ms  %s (status %s, seed %s)\n%s\n' "$spent" "$words" "$status" "$seed" "$(sed 's/^/        /' "$log" | tail --lines=40)"
      ;;
  esac
}

results() { cat "$logs"/*.result 2>/dev/null | grep --count --line-regexp "$1" || true; }

main() {
  local name wanted failed at_a_time=$((2 * $(nproc)))
  local -a cases=() chosen=()
  if [[ ${1:-} == --inside ]]; then
    seed=$3
    inside "$2"
    return
  fi
  seed=$((RANDOM + 1))
  local -a given=("$@")
  while [[ $# -gt 0 ]]; do
    case $1 in
      --help) usage; exit 0 ;;
      --seed) [[ ${2:-} =~ ^[0-9]{1,5}$ ]] || { say "--seed takes a number"; exit 2; }; seed=$2; shift ;;
      --*) say "unknown option $1; --help lists them"; exit 2 ;;
      *) chosen+=("$1") ;;
    esac
    shift
  done
  require_machine "${given[@]}"
  for name in $(sed --quiet 's/^case_\([a-z0-9_]*\)() {.*/\1/p' "$here"/network-test.d/*.sh); do
    [[ ${#chosen[@]} -gt 0 ]] || cases+=("$name")
    for wanted in "${chosen[@]}"; do
      [[ $name != *"$wanted"* ]] || { cases+=("$name"); break; }
    done
  done
  [[ ${#cases[@]} -gt 0 ]] || { say "no case has such a name: ${chosen[*]}"; exit 2; }
  logs=$(mktemp --directory)
  trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm --recursive --force "$logs"' EXIT
  trap 'exit 130' INT TERM
  echo "seed $seed"
  for name in "${cases[@]}"; do
    [[ $(jobs -pr | wc --lines) -lt at_a_time ]] || wait -n || true
    run_case "$name" "$logs" &
  done
  wait
  failed=$((${#cases[@]} - $(results pass) - $(results skip)))
  echo "$(results pass) passed, $failed failed, $(results skip) skipped"
  [[ $failed -eq 0 ]]
}

main "$@"
