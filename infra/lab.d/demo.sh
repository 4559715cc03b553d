# shellcheck shell=bash

readonly demo_packets=5
readonly demo_ready_seconds=60
readonly demo_packets_seconds=30

lab_demo() {
  [[ ${1:-} == traffic ]] || die 2 "there is the demo \"traffic\", not \"${1:-}\": ./infra/lab demo traffic [--from VM] [--to VM]"
  shift
  local from='' to=''
  while [[ $# -gt 0 ]]; do
    [[ $1 == --from || $1 == --to ]] || die 2 "demo traffic takes --from VM and --to VM, not \"$1\""
    [[ -n ${2:-} ]] || die 2 "$1 takes a VM"
    if [[ $1 == --from ]]; then from=$2; else to=$2; fi
    shift 2
  done
  state=$(current_state)
  demo_traffic "$from" "$to"
}

# Each ordered pair of VMs on each link, as far as --from and --to leave them.
demo_traffic() {
  local lab pairs vm link from from_nic to to_nic address failures=0
  lab=$(api_or_die GET /api/v1/lab)
  for vm in "$1" "$2"; do
    [[ -z $vm ]] || jq --exit-status --arg vm "$vm" 'any(.vms[]; .name == $vm)' <<<"$lab" >/dev/null ||
      die 1 "there is no VM \"$vm\"; this lab has $(jq --raw-output '[.vms[].name] | join(", ")' <<<"$lab")"
  done
  pairs=$(jq --raw-output --arg from_wanted "$1" --arg to_wanted "$2" '
    .links[] | .name as $link | .nics as $nics | $nics[] | . as $from | $nics[] | select(.vm != $from.vm and .address and $from.address)
    | select(($from.vm == $from_wanted or $from_wanted == "") and (.vm == $to_wanted or $to_wanted == ""))
    | [$link, $from.vm, $from.nic, .vm, .nic, (.address | split("/")[0])] | @tsv' <<<"$lab")
  [[ -n $pairs ]] || die 1 "no two VMs that were asked for have a NIC with an address on one link; nics in the lab file gives them one"
  for vm in $(cut --fields=2,4 <<<"$pairs" | tr '\t' '\n' | sort --unique); do
    demo_look_at "$vm" "$lab"
  done
  while IFS=$'\t' read -r -u 3 link from from_nic to to_nic address; do
    demo_pair "$link" "$from" "$from_nic" "$to" "$to_nic" "$address" || failures=$((failures + 1))
  done 3<<<"$pairs"
  [[ $failures -eq 0 ]] || die 1 "$failures of $(wc --lines <<<"$pairs") directions did not carry all packets"
}

# Is the VM one that can send and receive? Says in one sentence what it lacks.
demo_look_at() {
  local reply
  [[ $(jq --raw-output --arg vm "$1" '.vms[] | select(.name == $vm) | .guestAgent' <<<"$2") == answering ]] ||
    die 1 "$1 is not up: its guest does not answer. ./infra/lab up starts it; ./infra/lab status tells how it is"
  # shellcheck disable=SC2016 # the guest's shell expands
  reply=$(demo_in_guest "$1" 'test -f /mnt/scapy_send.py && test -f /mnt/scapy_receive.py || exit 3; python3 -c "import scapy" || exit 4') && return
  case $(jq .exitCode <<<"$reply") in
    3) die 1 "$1 has no scapy_send.py and scapy_receive.py in /mnt. Share a folder of the lab's with it (share: workspace in the lab file), or copy them from infra/share into the folder that it shares" ;;
    4) die 1 "$1 has no scapy for its python3. LabNet's own guests have it; ./infra/guests/build.sh makes them" ;;
    *) die 1 "$1 could not be asked: $(demo_text stderr "$reply")" ;;
  esac
}

# demo_in_guest VM SCRIPT [ARGUMENT…]: the API's reply; fails unless the script ended with 0.
demo_in_guest() {
  local vm=$1 reply
  shift
  reply=$(jq --null-input '{path: "/bin/sh", args: (["-c"] + $ARGS.positional[:1] + ["demo"] + $ARGS.positional[1:]), outputEncoding: "base64"}' --args -- "$@" |
    api_or_die POST "/api/v1/vms/$vm/guest/exec" --header 'Content-Type: application/json' --data-binary @-) || exit 1
  printf '%s' "$reply"
  [[ $(jq .exitCode <<<"$reply") == 0 ]]
}

# demo_text stdout|stderr REPLY
demo_text() { jq --raw-output ".$1" <<<"$2" | base64 --decode; }

# The API answers when a program has ended: the receiver runs on in the background of the guest, with its output and then its exit
# code in a folder of its own. A second demo at the same time has another one.
# shellcheck disable=SC2016 # the guest's shell expands
readonly demo_receive='
  folder=/run/labnet-demo-$1
  mkdir "$folder" && cd "$folder" || exit 1
  setsid sh -c "python3 /mnt/scapy_receive.py --interface \"\$1\" --count \"\$2\" --timeout \"\$3\" >output 2>&1; echo \$? >status.new; mv status.new status" \
    receive "$2" "$3" "$4" </dev/null >/dev/null 2>&1 &
  waited=0
  until grep -q -s Listening output; do
    [ ! -e status ] && [ $waited -lt "$5" ] || { cat output >&2; exit 1; }
    sleep 0.2
    waited=$((waited + 1))
  done'
# shellcheck disable=SC2016
readonly demo_result='
  cd "/run/labnet-demo-$1" || exit 1
  waited=0
  until [ -e status ] || [ $waited -ge "$2" ]; do
    sleep 0.2
    waited=$((waited + 1))
  done
  cat output
  read -r status <status || status=1
  rm -r "/run/labnet-demo-$1"
  exit "$status"'

# demo_pair LINK FROM FROM-NIC TO TO-NIC ADDRESS
demo_pair() {
  local link=$1 from=$2 from_nic=$3 to=$4 to_nic=$5 address=$6 run=$$-$RANDOM reply arrived=yes
  echo "== $from ($from_nic) -> $to ($to_nic, $address) over $link"
  if ! reply=$(demo_in_guest "$to" "$demo_receive" "$run" "$to_nic" "$demo_packets" "$demo_packets_seconds" $((demo_ready_seconds * 5))); then
    say "The receiver on $to did not get ready: $(demo_text stderr "$reply")"
    return 1
  fi
  reply=$(demo_in_guest "$from" 'exec python3 /mnt/scapy_send.py --interface "$1" --destination "$2" --count "$3"' \
    "$from_nic" "$address" "$demo_packets") || arrived=no
  echo "-- $from"
  demo_text stdout "$reply"
  demo_text stderr "$reply" >&2
  reply=$(demo_in_guest "$to" "$demo_result" "$run" $((demo_packets_seconds * 5 + 25))) || arrived=no
  echo "-- $to"
  demo_text stdout "$reply"
  demo_text stderr "$reply" >&2
  [[ $arrived == yes ]]
}
