# The difference between a spec and the kernel, as commands in plan[]; what is in the way and not ours, in foreign[].
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

# VXLAN over IPv4 puts this before each frame: outer IPv4 header 20, UDP 8, VXLAN 8, inner Ethernet header 14 (RFC 7348).
readonly vxlan_overhead=50

# A namespace's end of the underlay, and the MTU that a new veth has.
readonly underlay=underlay
readonly veth_mtu=1500

declare -a plan=() foreign=()

step() { plan+=("$*"); }

plan_up() {
  local host key tap
  for host in "${hosts[@]}"; do
    [[ ${host_kind[$host]} == machine ]] || plan_netns "${host_netns[$host]}" "host:$host"
  done
  plan_underlay
  for key in "${links[@]}"; do plan_link "$key"; done
  for tap in "${taps[@]}"; do plan_tap "$tap"; done
  plan_firewall
  plan_leftovers
}

plan_netns() {
  local netns=$1 mark=labnet:$lab:$2
  case ${netns_mark[$netns]:-none} in
    none) step ip netns add "$netns" ;&
    -)
      if [[ -z ${journaled[$netns]:-} && -n ${netns_mark[$netns]:-} ]]; then
        foreign+=("the namespace $netns is there and does not carry the lab's mark. Remove it (ip netns delete $netns), or rename the host.")
        return
      fi
      step ip -netns "$netns" link set lo up alias "$mark"
      ;;
    "$mark" | unknown) ;;
    *) foreign+=("the namespace $netns belongs to something else (${netns_mark[$netns]}). Take that one down, or rename the host.") ;;
  esac
}

# Two namespaces are joined by one veth; one, or three and more, by a bridge in a namespace of its own.
plan_underlay() {
  local host netns here=()
  for host in "${hosts[@]}"; do
    [[ ${host_kind[$host]} == machine ]] || here+=("$host")
  done
  [[ ${#here[@]} -gt 0 ]] || return 0
  if [[ ${#here[@]} -eq 2 ]]; then
    local first=${host_netns[${here[0]}]} second=${host_netns[${here[1]}]}
    [[ -n $(underlay_mtu_of "$first") && -n $(underlay_mtu_of "$second") ]] ||
      { drop_underlay "$first"; drop_underlay "$second"; step ip -netns "$first" link add "$underlay" type veth peer name "$underlay" netns "$second"; }
  else
    plan_hub "${here[@]}"
  fi
  for host in "${here[@]}"; do
    netns=${host_netns[$host]}
    local wanted=${host_address[$host]}/${host_prefix[$host]} has=${netns_address[$netns/$underlay]:-}
    [[ $has == "$wanted" || ${netns_mark[$netns]:-} == unknown ]] && continue
    [[ -z $has ]] || step ip -netns "$netns" address flush dev "$underlay"
    step ip -netns "$netns" address add "$wanted" dev "$underlay"
    step ip -netns "$netns" link set "$underlay" up
  done
}

underlay_mtu_of() {
  if [[ ${netns_mark[$1]:-} == unknown ]]; then echo unknown; else echo "${netns_device[$1/$underlay]:-}"; fi
}

drop_underlay() { [[ -z $(underlay_mtu_of "$1") ]] || step ip -netns "$1" link delete "$underlay"; }

plan_hub() {
  local host netns port number=0
  plan_netns "$hub" underlay
  [[ ${netns_mark[$hub]:-} != unknown ]] || return 0
  [[ -n ${netns_device[$hub/hub]:-} ]] ||
    { step ip -netns "$hub" link add hub type bridge forward_delay 0 stp_state 0; step ip -netns "$hub" link set hub up; }
  for host in "$@"; do
    netns=${host_netns[$host]}
    [[ -z $(underlay_mtu_of "$netns") ]] || continue
    while port=port$((++number)); [[ -n ${netns_device[$hub/$port]:-} ]]; do :; done
    step ip -netns "$netns" link add "$underlay" type veth peer name "$port" netns "$hub"
    step ip -netns "$hub" link set "$port" master hub up
  done
}

# blocked NAME KIND: tells if a device of this name is in the way.
blocked() {
  [[ -n ${device_kind[$1]:-} ]] || return 1
  if ! is_ours "$1"; then
    foreign+=("the interface $1 is there and does not carry the lab's mark (${device_alias[$1]}). Remove it (ip link delete $1), or rename what it is for.")
  elif [[ ${device_kind[$1]} != "$2" ]]; then
    foreign+=("the interface $1 is a ${device_kind[$1]}, not a $2. Remove it: ip link delete $1")
  else
    return 1
  fi
}

plan_link() {
  local key=$1 host=${1%%/*} bridge=${link_bridge[$1]} vxlan=${link_vxlan[$1]} mtu
  if blocked "$bridge" bridge || blocked "$vxlan" vxlan; then return; fi
  mtu=$(link_mtu "$host") || return 0
  [[ -n ${device_kind[$bridge]:-} ]] || step ip link add "$bridge" type bridge forward_delay 0 stp_state 0 mcast_snooping 0
  plan_device "$bridge" "link:$key:bridge" "$mtu" -
  if [[ -n ${device_kind[$vxlan]:-} && "${device_vni[$vxlan]} ${device_port[$vxlan]} ${device_local[$vxlan]}" != "${link_vni[$key]} ${link_port[$key]} ${host_address[$host]}" ]]; then
    step ip link delete "$vxlan"
    unset "device_kind[$vxlan]" "device_alias[$vxlan]" "device_mtu[$vxlan]" "device_master[$vxlan]" "device_up[$vxlan]"
  fi
  [[ -n ${device_kind[$vxlan]:-} ]] || plan_vxlan "$key"
  plan_device "$vxlan" "link:$key:vxlan" "$mtu" "$bridge"
  plan_peers "$key"
}

link_mtu() {
  local host=$1 mtu
  if [[ ${host_kind[$host]} == namespace ]]; then
    mtu=$(underlay_mtu_of "${host_netns[$host]}")
    # Without root nobody can look into the namespace: what a link has is then taken for right.
    [[ $mtu != unknown ]] || { echo keep; return; }
    echo $((${mtu:-$veth_mtu} - vxlan_overhead))
  else
    mtu=$(cat "/sys/class/net/$(machine_device "$host")/mtu" 2>/dev/null) ||
      { foreign+=("host $host is to have the address ${host_address[$host]}, which this machine has not. Correct the lab file, or start the other host here."); return 1; }
    echo $((mtu - vxlan_overhead))
  fi
}

# The device by which the peers are reached; without peers, the one that has the address.
machine_device() {
  local owner peer
  owner=$(ip -json address show to "${host_address[$1]}/32" | jq --raw-output '.[0].ifname // empty')
  for peer in "${peer_address[@]}"; do
    [[ -z $owner ]] || ip -json route get "$peer" 2>/dev/null | jq --raw-output '.[0].dev // empty'
    return
  done
  echo "$owner"
}

plan_vxlan() {
  local key=$1 host=${1%%/*} vxlan=${link_vxlan[$1]} netns
  local -a shape=(type vxlan id "${link_vni[$key]}" local "${host_address[$host]}" dstport "${link_port[$key]}")
  if [[ ${host_kind[$host]} == machine ]]; then
    step ip link add "$vxlan" "${shape[@]}" dev "$(machine_device "$host")"
    return
  fi
  netns=${host_netns[$host]}
  # An interrupted run can have left it where it was made.
  [[ -n ${netns_device[$netns/$vxlan]:-} ]] || step ip -netns "$netns" link add "$vxlan" "${shape[@]}" dev "$underlay"
  step ip -netns "$netns" link set "$vxlan" netns $$
}

plan_device() {
  local device=$1 mark=labnet:$lab:$2 mtu=$3 master=$4 change=()
  [[ ${device_alias[$device]:--} == "$mark" ]] || change+=(alias "$mark" addrgenmode none)
  [[ $mtu == keep || ${device_mtu[$device]:-} == "$mtu" ]] || change+=(mtu "$mtu")
  [[ $master == - || ${device_master[$device]:--} == "$master" ]] || change+=(master "$master")
  [[ ${device_up[$device]:-} == true ]] || change+=(up)
  [[ ${#change[@]} -eq 0 ]] || step ip link set "$device" "${change[@]}"
}

# Frames for everybody, and for nobody known, go to each peer: one all-zero entry a peer is VXLAN's list of them.
plan_peers() {
  local key=$1 host=${1%%/*} vxlan=${link_vxlan[$1]} other wanted='' has=${peers_of[${link_vxlan[$1]}]:-} peer
  for other in "${hosts[@]}"; do
    [[ $other == "$host" ]] || wanted+=" ${host_address[$other]}"
  done
  wanted+=" ${peer_address[*]}"
  [[ -n ${device_kind[$vxlan]:-} ]] || has=''
  for peer in $wanted; do
    [[ " $has " == *" $peer "* ]] || step bridge fdb append 00:00:00:00:00:00 dev "$vxlan" dst "$peer"
  done
  for peer in $has; do
    [[ " $wanted " == *" $peer "* ]] || step bridge fdb delete 00:00:00:00:00:00 dev "$vxlan" dst "$peer"
  done
}

plan_tap() {
  local tap=$1 key mtu
  key=${tap_host[$tap]}/
  if blocked "$tap" tun; then return; fi
  mtu=$(link_mtu "${key%%/*}") || return 0
  if [[ -n ${device_kind[$tap]:-} && ${device_owner[$tap]} != "$user" ]]; then
    [[ ${device_carrier[$tap]} == false ]] || { foreign+=("the tap $tap belongs to ${device_owner[$tap]} and a VM uses it. Stop that VM first."); return; }
    step ip link delete "$tap"
    unset "device_kind[$tap]" "device_alias[$tap]" "device_mtu[$tap]" "device_master[$tap]" "device_up[$tap]"
  fi
  [[ -n ${device_kind[$tap]:-} ]] || step ip tuntap add dev "$tap" mode tap user "$user"
  plan_device "$tap" "tap:${tap_label[$tap]}" "$mtu" "${tap_bridge[$tap]}"
}

# What carries the mark and is no longer in the spec.
plan_leftovers() {
  local device wanted=" ${taps[*]} ${link_bridge[*]} ${link_vxlan[*]} "
  for device in "${!device_kind[@]}"; do
    [[ ${device_alias[$device]} == "labnet:$lab:"* && $wanted != *" $device "* ]] || continue
    if [[ ${device_kind[$device]} == tun && ${device_carrier[$device]} == true ]]; then
      say "The tap $device is not in the spec any more and a VM uses it; it stays until that VM has stopped."
    else
      step ip link delete "$device"
    fi
  done
}

plan_down() {
  local device netns rule kind
  # VXLAN devices before bridges before namespaces: nothing forwards into what is half gone.
  for kind in vxlan tun bridge; do
    for device in "${!device_kind[@]}"; do
      [[ ${device_kind[$device]} == "$kind" ]] && is_ours "$device" && step ip link delete "$device"
    done
  done
  for netns in "${netns_list[@]}"; do
    [[ ${netns_mark[$netns]} != unknown ]] && is_our_netns "$netns" && step ip netns delete "$netns"
  done
  plan_firewall_down
}
