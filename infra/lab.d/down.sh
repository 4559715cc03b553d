# shellcheck shell=bash

readonly up_ends_seconds=120

lab_down() {
  local purge=no
  for argument in "$@"; do
    case $argument in
      --purge) purge=yes ;;
      *) die 2 "down takes --purge, not \"$argument\"" ;;
    esac
  done
  take_turn || end_the_other
  state=$(readlink -- "$state_root/current" 2>/dev/null) || { say "No lab is up."; return; }
  if labnet_alive; then
    stop_vms_by_api || say "LabNet did not answer; its VMs are ended from outside"
    end_process "$state/labnet.pid" "LabNet"
  fi
  local pid
  for pid in "$state"/vms/*/pid; do
    process_alive "$pid" || continue
    # So that the next LabNet takes the end for no crash.
    cp -- "$pid" "$(dirname -- "$pid")/ended"
    end_process "$pid" "QEMU of $(basename -- "$(dirname -- "$pid")")"
  done
  end_process "$state/relay/pid" "the relay"
  remove_network
  remove_vm_folders
  rm --force "$state/labnet.pid" "$state/url" "$state/transport"
  [[ $purge == no ]] || purge_state
  say "The lab is down."
}

# An up that is at work would go on making what is taken down here.
end_the_other() {
  local pid
  pid=$(<"$turn_file")
  if [[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) == *"lab up"* ]]; then
    say "Ending the ./infra/lab up that is at work (process $pid) ..."
    kill -TERM "$pid" 2>/dev/null || true
  fi
  take_turn --wait "$up_ends_seconds" || die 1 "another ./infra/lab up or down (process $pid) has been at work for $up_ends_seconds s; end it, then run this again"
}

# An attached VM is its starter's.
stop_vms_by_api() {
  local vm operation operations=() reply
  for vm in $(api GET /api/v1/vms --max-time 5 2>/dev/null | jq --raw-output '.[] | select((.attached | not) and .connection != "off" and .connection != "crashed") | .name'); do
    operation=$(api POST "/api/v1/vms/$vm/actions/stop" 2>/dev/null | jq --raw-output '.operation // empty') || return 1
    [[ -n $operation ]] && operations+=("$operation") && say "Stopping $vm ..."
  done
  for operation in "${operations[@]}"; do
    until reply=$(api GET "/api/v1/operations/$operation" 2>/dev/null) && [[ $(jq --raw-output .state <<<"$reply") != running ]]; do
      labnet_alive || return 1
      sleep 0.2
    done
  done
}

remove_vm_folders() {
  local folder
  for folder in "$state"/vms/*/trace "$state"/vms/*/traffic; do
    ! mountpoint --quiet -- "$folder" || as_root umount "$folder"
  done
}

purge_state() {
  # Only what is a lab's state folder: it has a lab.db or VMs.
  [[ -f $state/lab.db || -d $state/vms ]] || die 1 "$state does not look like a lab's folder; nothing was removed"
  rm --recursive --force -- "$state" "$state_root/current"
  say "Removed $state"
}
