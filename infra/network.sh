#!/usr/bin/env bash
# Makes a lab's part of the network on this machine: per host and link a bridge, a VXLAN device and one tap a NIC.
#
# All three stand in the network stack in which this script runs, so that QEMU needs no root to use them and their counters are in
# /sys/class/net. A namespace host differs from a machine in one thing: its VXLAN device is made inside the host's namespace and then
# moved here; the kernel leaves the device's UDP socket, addresses and routes where it was made.
#
# Every change is first planned as one `ip` or `bridge` command a line, by comparing the spec with what the kernel has. An empty plan is
# what makes a second run change nothing.
set -euo pipefail

# Patterns such as [a-z], and the texts of refusals, are to mean the same to everybody.
export LC_ALL=C
umask 022

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=infra/network.d/spec.sh
source "$here/network.d/spec.sh"
# shellcheck source=infra/network.d/kernel.sh
source "$here/network.d/kernel.sh"
# shellcheck source=infra/network.d/underlay.sh
source "$here/network.d/underlay.sh"
# shellcheck source=infra/network.d/firewall.sh
source "$here/network.d/firewall.sh"
# shellcheck source=infra/network.d/plan.sh
source "$here/network.d/plan.sh"
# shellcheck source=infra/network.d/carry-out.sh
source "$here/network.d/carry-out.sh"
# shellcheck source=infra/network.d/status.sh
source "$here/network.d/status.sh"

usage() {
  cat <<'TXT'
Usage: network.sh up     --lab NAME [--user USER] [--dry-run] SPEC
       network.sh check  --lab NAME [--user USER] SPEC
       network.sh down   --lab NAME [--dry-run]
       network.sh status --lab NAME [--json]

SPEC is a file or - for standard input; one thing a line, after what it names; all hosts of one kind:
  host NAME namespace ADDRESS/PREFIX NETNS   NETNS starts with labnet-
  host NAME machine ADDRESS
  peer NAME ADDRESS                          a machine of the lab that is not this one
  link HOST LINK VNI PORT BRIDGE VXLAN
  tap HOST LINK TAP VM/NIC

up makes what is missing and removes what carries the lab's mark and is not in SPEC; taps belong to USER.
down removes what carries the lab's mark, nothing else. check and --dry-run change nothing and need no root.

Exit codes: 0 done (check: nothing to do); 1 failed; 2 wrong arguments or SPEC; 3 (check) something is to be done;
            4 something in the way is not the lab's and was left alone.
TXT
}

say() { printf '%s\n' "$*" >&2; }

die() {
  local status=$1
  shift
  printf 'network: %s\n' "$*" >&2
  exit "$status"
}

require_tools() {
  local tool
  for tool in ip bridge jq sysctl; do
    command -v "$tool" >/dev/null || die 1 "there is no $tool. Install it: sudo apt-get install iproute2 jq procps"
  done
}

# Sets user as the kernel's owners are told: an account can have two names.
require_user() {
  local wanted=${user:-$(id --user --name)}
  if ! [[ $wanted =~ ^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$ ]] || ! user=$(id --user --name "$wanted" 2>/dev/null); then
    die 2 "there is no user \"$wanted\" here; --user takes who starts QEMU"
  fi
}

network_up() {
  read_spec
  [[ $mode != run ]] || take_turns
  read_kernel
  plan_up
  if [[ ${#foreign[@]} -gt 0 ]]; then
    printf 'network: %s\n' "${foreign[@]}" >&2
    exit 4
  fi
  case $mode in
    check)
      [[ ${#plan[@]} -eq 0 ]] && exit 0
      printf '%s\n' "${plan[@]}"
      exit 3
      ;;
    dry-run) [[ ${#plan[@]} -eq 0 ]] || printf '%s\n' "${plan[@]}" ;;
    run)
      if [[ ${#plan[@]} -eq 0 ]]; then
        say "The network of lab $lab is as it should be; nothing to do."
      else
        require_root
        require_tun
        write_journal
        carry_out
      fi
      [[ $EUID -ne 0 ]] || rm --force "$journal"
      tell_links
      ;;
  esac
}

network_down() {
  [[ $mode == dry-run ]] || take_turns
  read_kernel
  plan_down
  local netns hidden=no
  for netns in "${netns_list[@]}"; do
    [[ ${netns_mark[$netns]} != unknown || $netns != "labnet-$lab"[-.]* ]] || hidden=yes
  done
  if [[ $mode == dry-run ]]; then
    [[ $hidden == no ]] || say "network: without root nobody can tell whose the namespaces labnet-$lab-* are; they are not in this plan."
    [[ ${#plan[@]} -eq 0 ]] || printf '%s\n' "${plan[@]}"
    return
  fi
  if [[ ${#plan[@]} -gt 0 || $hidden == yes ]]; then
    require_root
    carry_out
  else
    say "Nothing of lab $lab's network is here."
  fi
  [[ $EUID -ne 0 ]] || rm --force "$journal"
}

main() {
  local command=${1:-} json=no
  original_arguments="$*"
  [[ $# -gt 0 ]] && shift
  mode=run lab='' spec_file='' user=${SUDO_USER:-}
  while [[ $# -gt 0 ]]; do
    case $1 in
      --lab) lab=${2:-}; shift ;;
      --user) user=${2:-}; shift ;;
      --dry-run) mode=dry-run ;;
      --json) json=yes ;;
      --help) usage; exit 0 ;;
      --*) die 2 "unknown option $1; --help lists them" ;;
      *) [[ -z $spec_file ]] || die 2 "one SPEC, not two: $spec_file and $1"; spec_file=$1 ;;
    esac
    shift || die 2 "the last option lacks its value; --help shows it"
  done
  PATH=$PATH:/usr/sbin:/sbin
  case $command in
    up | check | down | status) ;;
    --help | help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  [[ $lab =~ $name_pattern ]] || die 2 "--lab takes a lab's name: a small letter, then at most 30 small letters, digits or -"
  require_tools
  readonly journal=/run/labnet/$lab.names hub=labnet-$lab.underlay
  case $command in
    up) require_user; network_up ;;
    check) mode=check; require_user; network_up ;;
    down | status)
      [[ -z $spec_file ]] || die 2 "$command takes no SPEC"
      if [[ $command == down ]]; then network_down; else network_status "$json"; fi
      ;;
  esac
}

main "$@"
