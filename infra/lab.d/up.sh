# shellcheck shell=bash
# shellcheck source=infra/lab.d/setup.sh
source "$infra/lab.d/setup.sh"

readonly guests_timeout_seconds=${LABNET_UP_TIMEOUT:-180}
readonly pings_timeout_seconds=60
readonly trace_folder_mib=64
# Some seconds of a fast link, should LabNet be busy.
readonly traffic_folder_mib=64

lab_up() {
  local lab_file=$infra/labs/cross-arch.yaml port=5000 raw_qmp=false
  while [[ $# -gt 0 ]]; do
    case $1 in
      --port) port=${2:-}; shift ;;
      --raw-qmp) raw_qmp=true ;;
      -*) die 2 "up takes a lab file, --port N and --raw-qmp, not \"$1\"" ;;
      *) lab_file=$1 ;;
    esac
    shift
  done
  [[ $port =~ ^[0-9]{1,5}$ && $port -ge 1 && $port -le 65535 ]] || die 2 "--port takes a number from 1 to 65535"
  [[ -f $lab_file ]] || die 2 "there is no lab file $lab_file"
  lab_file=$(realpath -- "$lab_file")
  trap interrupted INT TERM

  take_turn || die 1 "another ./infra/lab up or down is at work (process $(<"$turn_file")); wait for it, or end it: ./infra/lab down"
  # What the compiler leaves running for its next call must not keep the turn.
  setup_packages {turn}>&-
  setup_sdk {turn}>&-
  setup_app_and_guests {turn}>&-
  check_lab "$lab_file"
  checked_key+=" raw-qmp=$raw_qmp"
  (umask 077 && mkdir --parents "$state")
  choose_transport
  checked_key+=" transport=$transport"
  ln --symbolic --force --no-dereference "$state" "$state_root/current"
  make_network
  make_vm_folders
  if labnet_alive && [[ $(cat "$state/started-with" 2>/dev/null) != "$checked_key" ]]; then
    say "The lab file, an option, or LabNet itself has changed: starting LabNet anew; the VMs run on"
    port=$(<"$state/url") port=${port##*:}
    end_process "$state/labnet.pid" LabNet
  fi
  if labnet_alive; then
    say "LabNet runs already at $(<"$state/url")"
    start_stopped_vms
  else
    start_labnet "$lab_file" "$port"
  fi
  tell_forgotten_vms
  tell_attached_vms
  wait_for_guests
  wait_for_pings
  tell_how_to_log_in
}

interrupted() {
  trap - INT TERM
  # shellcheck disable=SC2046 # one argument a job
  kill $(jobs -p) 2>/dev/null || true
  say ""
  say "Interrupted. ./infra/lab down cleans up; ./infra/lab up goes on."
  exit 130
}

# Sets state (the lab's folder), lab_name and the network's specs from what the application makes of the lab file, and checked_key, which is
# another one when the file or the application is.
check_lab() {
  local checked known=$state_root/checked
  # What was said of this file by this build is still true; asking again would be half a second of each up.
  checked_key=$(sha256sum "$1" "$app_folder/LabNet.Web.dll" "$app_folder/LabNet.Core.dll" | sha256sum)
  if [[ -f $known && $(head --lines=1 "$known") == "$checked_key" ]]; then
    checked=$(tail --lines=+2 "$known")
  else
    checked=$(dotnet "$app_folder/LabNet.Web.dll" check "$1") || exit 2
    printf '%s\n' "$checked_key" "$checked" >"$known"
  fi
  state=$state_root/$(jq --raw-output .name <<<"$checked")
  lab_name=$(jq --raw-output .name <<<"$checked")
  network_spec=$(jq --raw-output .networkSpec <<<"$checked")
  network_spec_by_relay=$(jq --raw-output .networkSpecByRelay <<<"$checked")
  mapfile -t started_vms < <(jq --raw-output '.started[]' <<<"$checked")
}

# Each VM has folders of its own on tmpfs, for trace events and for packets: QEMU waits for no reader there, and what nobody reads takes no
# more memory than that.
make_vm_folders() {
  local vm
  for vm in "${started_vms[@]}"; do
    make_tmpfs "$state/vms/$vm/trace" "$trace_folder_mib" labnet-trace ||
      say "No tmpfs could be mounted at $state/vms/$vm/trace, so the trace events of $vm cannot be had; the rest of the lab can"
    make_tmpfs "$state/vms/$vm/traffic" "$traffic_folder_mib" labnet-traffic ||
      say "No tmpfs could be mounted at $state/vms/$vm/traffic, so flows and captures of $vm cannot be had; the rest of the lab can"
  done
}

# make_tmpfs FOLDER MIB NAME
make_tmpfs() {
  ! mountpoint --quiet -- "$1" || return 0
  (umask 077 && mkdir --parents "$1")
  # Without root the lab has neither, and goes on.
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null || return 1
  as_root mount -t tmpfs -o "size=$2m,nr_inodes=1k,mode=0700,uid=$EUID,gid=$(id --group),nosuid,nodev,noexec" "$3" "$1"
}

# What carries the links whose transport the lab file leaves open: the kernel where it can be made to, else the relay. It stays so until
# the lab is taken down: a VM that runs cannot change over.
choose_transport() {
  local chosen=$state/transport why
  if [[ -f $chosen ]]; then
    transport=$(<"$chosen")
  elif [[ $network_spec == "$network_spec_by_relay" ]] || why=$(kernel_cannot_carry); then
    transport=relay
  else
    transport=vxlan
  fi
  [[ -z ${why:-} ]] || say "The links go by LabNet's own relay: $why"
  echo "$transport" >"$chosen"
  [[ $transport == vxlan ]] || network_spec=$network_spec_by_relay
}

# True, with the reason, where this machine's kernel gives no links to this user.
kernel_cannot_carry() {
  if [[ ! -c /dev/net/tun ]]; then
    echo "this machine has no /dev/net/tun"
  elif [[ $EUID -eq 0 ]]; then
    # CAP_NET_ADMIN, which root lacks in many a container.
    local capabilities
    capabilities=$(awk '/^CapEff:/ {print $2}' /proc/self/status)
    (((0x$capabilities >> 12 & 1) == 0)) && echo "root may not change the network here"
  elif "$infra/network.sh" check --lab "$lab_name" --user "$(id --user --name)" - <<<"$network_spec" >/dev/null 2>&1; then
    return 1
  elif ! command -v sudo >/dev/null; then
    echo "there is neither root nor sudo"
  else
    ! sudo --non-interactive true 2>/dev/null && ! id --name --groups | grep --quiet --extended-regexp '\b(sudo|wheel|admin)\b' &&
      echo "$(id --user --name) may not become root"
  fi
}

# Who is not root is asked for root only if there is something to do.
make_network() {
  # A lab whose links all go by the relay needs nothing of the kernel; what an earlier lab file made goes.
  if [[ -z $network_spec ]]; then
    remove_network
    return
  fi
  if [[ $EUID -ne 0 ]] && "$infra/network.sh" check --lab "$lab_name" --user "$(id --user --name)" - <<<"$network_spec" >/dev/null 2>&1; then
    return
  fi
  as_root "$infra/network.sh" up --lab "$lab_name" --user "$(id --user --name)" - <<<"$network_spec" >&2 ||
    die 1 "the lab's network could not be made; why stands above"
}

start_labnet() {
  local lab_file=$1 port=$2 url=http://127.0.0.1:$2
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    die 1 "port $port is in use by another program. Choose another one: ./infra/lab up --port 5001"
  fi
  say "Starting LabNet ..."
  printf '%s\n' "$url" >"$state/url"
  printf '%s\n' "$checked_key" >"$state/started-with"
  (
    umask 077
    # A Ctrl-C now would leave a LabNet that is noted nowhere.
    trap '' INT
    [[ ! -f $state/labnet.log ]] || mv --force "$state/labnet.log" "$state/labnet.log.1"
    cd -- "$app_folder" || exit 1
    # Its own session: Ctrl-C here, and the end of this terminal, are not meant for it.
    LabNet__StateFolder=$state LabNet__LabFile=$lab_file LabNet__InfraFolder=$infra LabNet__GuestsFolder=$cache_root/guests LabNet__PciFolder=$cache_root/pci \
      LabNet__GuestRelease=${LABNET_DEBIAN_RELEASE:-$(guest_release)} LabNet__StartVms=true \
      LabNet__RawQmp=$raw_qmp LabNet__AutoTransport=$transport ASPNETCORE_URLS=$url \
      setsid dotnet LabNet.Web.dll </dev/null >"$state/labnet.log" 2>&1 {turn}>&- &
    note_process $! "$state/labnet.pid"
  ) || labnet_failed
  until curl --silent --fail --output /dev/null "$url/healthz"; do
    labnet_alive || labnet_failed
    sleep 0.1
  done
}

labnet_failed() {
  say "LabNet did not start. The end of $state/labnet.log:"
  tail --lines=20 "$state/labnet.log" >&2
  exit 1
}

# The release that infra/guests/build.sh made last.
guest_release() {
  local newest
  newest=$(find "$cache_root/guests" -maxdepth 1 -type l -name "*-$(uname --machine)" -printf '%T@ %f\n' | sort --numeric-sort | tail --lines=1)
  newest=${newest##* }
  printf '%s\n' "${newest%-"$(uname --machine)"}"
}

# A VM that the lab file no longer has runs on, and nothing shows it.
tell_forgotten_vms() {
  local pid vm known
  known=$(api_or_die GET /api/v1/vms | jq --raw-output '.[].name')
  for pid in "$state"/vms/*/pid; do
    vm=$(basename -- "$(dirname -- "$pid")")
    if [[ -f $pid ]] && process_alive "$pid" && ! grep --quiet --line-regexp -- "$vm" <<<"$known"; then
      say "$vm runs and is no longer in the lab file. ./infra/lab down ends it with the rest; on its own: kill $(cut --delimiter=' ' --fields=1 "$pid")"
    fi
  done
}

tell_attached_vms() {
  local vms
  vms=$(api_or_die GET /api/v1/vms)
  [[ $vms == *'"attached":true'* ]] || return 0
  jq --raw-output '.[] | select(.attached) | "  \(.name) is attached: \(.runState // "not reachable yet")"' <<<"$vms" >&2
}

start_stopped_vms() {
  local vm
  for vm in $(api_or_die GET /api/v1/vms | jq --raw-output '.[] | select(.connection == "off" or .connection == "crashed") | .name'); do
    api_or_die POST "/api/v1/vms/$vm/actions/start" >/dev/null
  done
}

readonly may_have_a_problem='"connection":"(off|crashed)"|"runState":"(guest-panicked|internal-error|io-error|shutdown|watchdog)"'

# Asks for little and looks at it in bash: the guests boot on these same cores, and each program that is started here costs them time.
wait_for_guests() {
  local started=$SECONDS vms words told='' agent
  while true; do
    labnet_alive || labnet_failed
    vms=$(api_or_die GET /api/v1/vms)
    # Whoever started an attached VM waits for it.
    while [[ $vms =~ ^(.*)\{[^{}]*\"attached\":true[^{}]*\},?(.*)$ ]]; do vms=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; done
    vms=${vms/%,]/]}
    words=$vms
    while [[ $words =~ ^(.*)\"uptimeSeconds\":[0-9]+(.*)$ ]]; do words=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; done
    if [[ $words != "$told" ]]; then
      told=$words
      tell_standing "$vms"
      agent=${vms//'"guestAgent":"answering"'/}
      [[ $agent == *'"guestAgent":'* ]] || return 0
    fi
    [[ ! $vms =~ $may_have_a_problem ]] || ! tell_problems || exit 1
    [[ $((SECONDS - started)) -lt $guests_timeout_seconds ]] || guests_too_slow "$vms"
    sleep 0.3
  done
}

standing_told=''
tell_standing() {
  local line
  [[ $1 != "[]" ]] || return 0
  line=$(jq --raw-output 'map("\(.name) \(if .guestAgent == "answering" then "is up" elif .connection != "connected" then .connection elif (.runState // "running") == "running" then "boots" else "is \(.runState)" end)") | join(", ")' <<<"$1")
  [[ $line == "$standing_told" ]] || say "  $line"
  standing_told=$line
}

# True if a VM has one.
tell_problems() {
  local problem
  problem=$(vm_details | jq --raw-output 'first(.[] | select(.problem != null and .attachedTo == null) | "\(.name): \(.problem.title)\n\(.problem.detail)") // empty')
  [[ -n $problem ]] && say "$problem"
}

guests_too_slow() {
  local vm
  for vm in $(jq --raw-output '.[] | select(.guestAgent != "answering") | .name' <<<"$1"); do
    if [[ -s $state/vms/$vm/console.log ]]; then
      say "The guest agent of $vm has not answered within $guests_timeout_seconds s. Its console's last lines:"
      tail --lines=20 "$state/vms/$vm/console.log" >&2
    else
      say "The guest agent of $vm has not answered within $guests_timeout_seconds s, and its console has shown nothing: has it memory enough?"
    fi
  done
  exit 1
}

# Every VM of a link must get its packets back from every other one, at the link's full MTU.
wait_for_pings() {
  local link addressed pings started=$SECONDS
  while read -r link addressed; do
    until pings=$(api_or_die GET "/api/v1/links/$link/pings") &&
      jq --exit-status --argjson vms "$addressed" 'map(select(.received > 0 and .received == .sent)) | length == $vms * ($vms - 1)' <<<"$pings" >/dev/null; do
      if [[ $((SECONDS - started)) -ge $pings_timeout_seconds ]]; then
        jq --raw-output --arg link "$link" '.[] | select(.received == 0 or .received < .sent) |
          "\(.from) cannot ping \(.to) over \($link) with \(.packetBytes) bytes: \(.problem // "\(.received) of \(.sent) came back")"' <<<"$pings" >&2
        die 1 "the VMs of link $link do not all reach each other. ./infra/network.sh status --lab $lab_name shows the link"
      fi
      sleep 0.2
    done
    jq --raw-output --arg link "$link" '.[] |
      "  \(.from) -> \(.to) over \($link): \(.packetBytes) bytes, don'\''t fragment, \(.received) of \(.sent) back, \(.rttMs) ms"' <<<"$pings" >&2
  done < <(api_or_die GET /api/v1/lab | jq --raw-output '.links[] | "\(.name) \([.nics[] | select(.address != null)] | length)"')
}

tell_how_to_log_in() {
  say ""
  say "The lab is up:  $(<"$state/url")"
  say "To log in:      ./infra/lab token   prints a token; paste it into the page"
}
