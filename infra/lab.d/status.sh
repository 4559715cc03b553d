# shellcheck shell=bash

status_json() {
  local vms lab
  vms=$(vm_details)
  lab=$(api_or_die GET /api/v1/lab)
  jq --null-input --arg url "$(<"$state/url")" --argjson vms "$vms" --argjson lab "$lab" '{
    $url,
    vms: [$vms[] | {name, host, arch, connection, runState, guestAgent, pid, qmpSocket, attachedTo}],
    links: [$lab.links[] | {name, kind: .transport, mtu: ([.hosts[].mtuBytes | values] | min)}]
  }'
}

lab_status() {
  local json=no
  for argument in "$@"; do
    case $argument in
      --json) json=yes ;;
      *) die 2 "status takes --json, not \"$argument\"" ;;
    esac
  done
  state=$(current_state)
  labnet_alive || die 1 "LabNet is not running$(running_vms_hint). ./infra/lab up starts it."
  if [[ $json == yes ]]; then
    status_json
    return
  fi
  status_json | jq --raw-output '
    "dashboard  \(.url)",
    (.vms[] | "vm         \(.name) (\(.arch)) on \(.host): " +
      (if .attachedTo then "\(.runState // "not reachable"), guest agent \(.guestAgent), attached to \(.attachedTo)"
       else "\(.runState // "off"), guest agent \(.guestAgent), pid \(.pid // "-")" end)),
    (.links[] | "link       \(.name): \(.kind), mtu \(.mtu // "unknown")")'
}

running_vms_hint() {
  local pid count=0
  for pid in "$state"/vms/*/pid; do
    [[ -f $pid ]] && process_alive "$pid" && count=$((count + 1))
  done
  [[ $count -eq 0 ]] || printf ', but %s of its VMs are' "$count"
}
