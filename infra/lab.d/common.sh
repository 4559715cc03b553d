# Shared by the lab command's parts; sourced by infra/lab, which sets root and infra.
# shellcheck shell=bash

readonly state_root=${LABNET_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/labnet}
readonly cache_root=${LABNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labnet}
readonly app_folder=$root/artifacts/publish/LabNet.Web/release

# Packages that have a program of their own, as "PROGRAM PACKAGE". With pciutils comes pci.ids, the names of PCI devices.
readonly needed_programs='
qemu-system-x86_64 qemu-system-x86
qemu-system-aarch64 qemu-system-arm
qemu-img qemu-utils
ip iproute2
lspci pciutils
sysctl procps
curl curl
jq jq
setsid util-linux
mke2fs e2fsprogs
xz xz-utils
npm npm'

say() { printf '%s\n' "$*" >&2; }

die() {
  local status=$1
  shift
  printf 'lab: %s\n' "$*" >&2
  exit "$status"
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    say "As root: $*"
    sudo "$@"
  else
    die 1 "this needs root, and there is no sudo here. As root, run: $*"
  fi
}

# Packages whose program is missing, one a line.
missing_packages() {
  local program package
  while read -r program package; do
    [[ -z $program ]] || PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || echo "$package"
  done <<<"$needed_programs"
}

readonly turn_file=$state_root/turn

# One up or down at a time on one state folder; the file has the process that is at it. take_turn [--wait SECONDS]
take_turn() {
  local how=--nonblock
  [[ ${1:-} != --wait ]] || how=--timeout=$2
  (umask 077 && mkdir --parents "$state_root")
  exec {turn}>>"$turn_file"
  flock "$how" "$turn" || { exec {turn}>&-; return 1; }
  echo $$ >"$turn_file"
}

# The state folder of the lab that was brought up last.
current_state() {
  local current
  current=$(readlink -- "$state_root/current" 2>/dev/null) || die 1 "no lab is up. Start one: ./infra/lab up"
  [[ -d $current ]] || die 1 "no lab is up. Start one: ./infra/lab up"
  printf '%s\n' "$current"
}

# Is the process noted in FILE ("PID START BOOT", as infra/vm-run.sh writes it) still that process?
process_alive() {
  local pid start boot now stat
  local -a fields
  read -r pid start boot <"$1" 2>/dev/null || return 1
  read -r now </proc/sys/kernel/random/boot_id
  [[ $boot == "$now" ]] || return 1
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[19]} == "$start" ]] || return 1
  # A process is a zombie before its last thread has let go of what it held.
  [[ ${fields[0]} != Z || $(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc --lines) -gt 1 ]]
}

# Notes process PID in FILE the same way.
note_process() {
  local stat boot
  local -a fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r boot </proc/sys/kernel/random/boot_id
  read -r -a fields <<<"${stat##*) }"
  echo "$1 ${fields[19]} $boot" >"$2"
}

readonly process_ends_seconds=20

# end_process PIDFILE NAME: asks it to end, then makes it.
end_process() {
  local pid waited=0
  process_alive "$1" || return 0
  read -r pid _ <"$1"
  kill -TERM "$pid" 2>/dev/null || true
  while process_alive "$1"; do
    if [[ $waited -ge $((process_ends_seconds * 10)) ]]; then
      say "$2 (process $pid) did not end by itself; killing it"
      kill -KILL "$pid" 2>/dev/null || true
      waited=0
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
}

# api METHOD PATH [CURL-ARGUMENT…]: asks the running LabNet of $state as its admin. The token goes by a file, not by the command line.
api() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --max-time 600 --request "$method" --header @<(printf 'Authorization: Bearer %s' "$(<"$state/admin-token")") \
    "$@" "$(<"$state/url")$path"
}

# Like api, but a refusal ends the command with the problem's words.
api_or_die() {
  local reply status
  reply=$(api "$@" --write-out '\n%{http_code}') || die 1 "LabNet does not answer at $(<"$state/url"). ./infra/lab up starts it."
  status=${reply##*$'\n'}
  reply=${reply%$'\n'*}
  [[ $status == 2* ]] || die 1 "$(jq --raw-output '.detail // .title // "refused"' <<<"$reply" 2>/dev/null || echo "LabNet answered with status $status")"
  printf '%s' "$reply"
}

labnet_alive() { [[ -f $state/labnet.pid ]] && process_alive "$state/labnet.pid"; }

# All that LabNet knows of each VM, as one JSON array.
vm_details() {
  local vm
  for vm in $(api_or_die GET /api/v1/vms | jq --raw-output '.[].name'); do
    api_or_die GET "/api/v1/vms/$vm"
  done | jq --slurp .
}

# What the kernel has of the lab's links.
remove_network() {
  local name
  name=$(basename -- "$state")
  [[ $("$infra/network.sh" status --lab "$name" --json 2>/dev/null | jq '(.hosts | length) + (.links | length) + (.taps | length)' 2>/dev/null) != 0 ]] || return 0
  as_root "$infra/network.sh" down --lab "$name" >&2
}
