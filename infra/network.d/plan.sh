# The difference between a spec and the kernel, as commands in plan[]; what is in the way and not ours, in foreign[].
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

# VXLAN over IPv4 puts this before each frame: outer IPv4 header 20, UDP 8, VXLAN 8, inner Ethernet header 14 (RFC 7348).
readonly vxlan_overhead=50

declare -a plan=() foreign=() wanted_peers=()
declare -A host_mtu=() machine_device=()

step() { plan+=("$*"); }

# What has to go comes first: a VXLAN device of another name can hold the VNI that a new one needs.
plan_up() {
  local host key tap
  compare_underlay
  compare_machines
  plan_removals
  plan_namespaces
  for key in "${links[@]}"; do plan_link "$key"; done
  for tap in "${taps[@]}"; do plan_tap "$tap"; done
  plan_firewall
}

# Sets machine_device and host_mtu; a link's MTU is "keep" where nobody can look (a namespace, without root).
compare_machines() {
  local host device
  for host in "${hosts[@]}"; do
    if [[ ${host_kind[$host]} == namespace ]]; then
      host_mtu[$host]=keep
      [[ $underlay_mtu == keep ]] || host_mtu[$host]=$((underlay_mtu - vxlan_overhead))
    elif device=$(device_towards_peers "${address_device[${host_address[$host]}]:-}"); then
      machine_device[$host]=$device
      host_mtu[$host]=$((${device_mtu[$device]} - vxlan_overhead))
    else
      foreign+=("host $host is to have the address ${host_address[$host]}, which this machine has not. Correct the lab file, or start the other host here.")
    fi
  done
}

# The device by which the peers are reached; without peers or a route to them, the one that has the address.
device_towards_peers() {
  local peer device
  [[ -n $1 ]] || return 1
  for peer in "${peer_address[@]}"; do
    [[ " $(ip -oneline route get "$peer" 2>/dev/null || true)" =~ \ dev\ ([^ ]+) ]] || continue
    device=${BASH_REMATCH[1]}
    [[ -z ${device_mtu[$device]:-} ]] || { echo "$device"; return; }
  done
  echo "$1"
}

# What carries the mark and is not in the spec, and what has to be made anew to be as the spec wants it.
plan_removals() {
  local device netns key tap wanted
  wanted=" ${taps[*]} ${link_bridge[*]} ${link_vxlan[*]} "
  for device in "${!device_kind[@]}"; do
    [[ $wanted != *" $device "* && ${device_kind[$device]} =~ ^(tun|bridge|vxlan)$ ]] && is_ours "$device" || continue
    if [[ ${device_kind[$device]} == tun ]] && tap_in_use "$device"; then
      say "The tap $device is not in the spec any more and a VM uses it; it stays until that VM has stopped."
    else
      drop_device "$device"
    fi
  done
  for key in "${links[@]}"; do
    [[ ${device_kind[${link_vxlan[$key]}]:-} != vxlan ]] || ! is_ours "${link_vxlan[$key]}" || vxlan_stays "$key" || drop_device "${link_vxlan[$key]}"
  done
  for tap in "${taps[@]}"; do
    [[ ${device_kind[$tap]:-} == tun && ${device_owner[$tap]} != "$user" ]] && is_ours "$tap" || continue
    if tap_in_use "$tap"; then
      foreign+=("the tap $tap belongs to ${device_owner[$tap]} and a VM uses it. Stop that VM first.")
    else
      drop_device "$tap"
    fi
  done
  wanted=" ${host_netns[*]} "
  [[ ${#namespace_hosts[@]} -eq 0 || ${#namespace_hosts[@]} -eq 2 ]] || wanted+="$hub "
  for netns in "${netns_list[@]}"; do
    [[ $wanted == *" $netns "* ]] || ! is_our_netns "$netns" || step ip netns delete "$netns"
  done
  # An interrupted run can have left a VXLAN device where it was made.
  for device in "${!netns_mtu[@]}"; do
    netns=${device%%/*} device=${device#*/}
    [[ -z ${journaled[$device]:-} || $wanted != *" $netns "* ]] || ! is_our_netns "$netns" || step ip -netns "$netns" link delete dev "$device"
  done
}

drop_device() {
  step ip link delete dev "$1"
  unset "device_kind[$1]" "device_alias[$1]" "device_mtu[$1]" "device_master[$1]" "device_up[$1]" "device_arp[$1]" "peers_of[$1]"
}

# A VXLAN device ends with the underlay on which it was made.
vxlan_stays() {
  local host=${1%%/*} vxlan=${link_vxlan[$1]}
  [[ "${device_vni[$vxlan]} ${device_port[$vxlan]} ${device_local[$vxlan]}" == "${link_vni[$1]} ${link_port[$1]} ${host_address[$host]}" ]] || return 1
  if [[ ${host_kind[$host]} == namespace ]]; then
    [[ ${underlay_stays[$host]} == yes ]]
  else
    [[ ${device_lower[$vxlan]} == "${machine_device[$host]:-}" ]]
  fi
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
  local key=$1 host=${1%%/*} bridge=${link_bridge[$1]} vxlan=${link_vxlan[$1]}
  if blocked "$bridge" bridge || blocked "$vxlan" vxlan || [[ -z ${host_mtu[$host]:-} ]]; then return; fi
  plan_bridge "$bridge"
  plan_device "$bridge" "link:$key:bridge" "${host_mtu[$host]}" -
  [[ -n ${device_kind[$vxlan]:-} ]] || plan_vxlan "$key"
  plan_device "$vxlan" "link:$key:vxlan" "${host_mtu[$host]}" "$bridge"
  plan_peers "$key"
}

plan_bridge() {
  local -a shape=(type bridge forward_delay 0 mcast_snooping 0)
  if [[ -z ${device_kind[$1]:-} ]]; then
    step ip link add name "$1" "${shape[@]}" stp_state 0
  elif [[ ${device_bridging[$1]} != 0/0/0 ]]; then
    # The kernel takes no forward_delay of 0 while STP is on.
    step ip link set dev "$1" type bridge stp_state 0
    step ip link set dev "$1" "${shape[@]}"
  fi
}

plan_vxlan() {
  local key=$1 host=${1%%/*} vxlan=${link_vxlan[$1]} netns
  local -a shape=(type vxlan id "${link_vni[$key]}" local "${host_address[$host]}" dstport "${link_port[$key]}")
  if [[ ${host_kind[$host]} == machine ]]; then
    step ip link add name "$vxlan" "${shape[@]}" dev "${machine_device[$host]}"
    return
  fi
  netns=${host_netns[$host]}
  step ip -netns "$netns" link add name "$vxlan" "${shape[@]}" dev "$underlay"
  step ip -netns "$netns" link set dev "$vxlan" netns "$own_stack"
}

# A guest must not reach this machine through its bridge. With IPv6 on, a router advertisement from a guest would give the machine an
# address and a default route; with ARP on, the bridge would answer for the machine's own addresses. Both go off before it is up.
plan_device() {
  local device=$1 mark=labnet:$lab:$2 mtu=$3 master=$4 change=()
  [[ ${device_alias[$device]:--} == "$mark" ]] || change+=(alias "$mark")
  [[ ${device_arp[$device]:-} == false ]] || change+=(arp off)
  [[ $mtu == keep || ${device_mtu[$device]:-} == "$mtu" ]] || change+=(mtu "$mtu")
  [[ $master == - || ${device_master[$device]:--} == "$master" ]] || change+=(master "$master")
  [[ ${#change[@]} -eq 0 ]] || step ip link set dev "$device" "${change[@]}"
  ! will_have_ipv6 "$device" "$mtu" || step sysctl --ignore --quiet --write "net/ipv6/conf/$device/disable_ipv6=1"
  [[ ${device_up[$device]:-} == true ]] || step ip link set dev "$device" up
}

# A new device has it. The kernel takes it from one with an MTU below 1280, and gives it back when the MTU grows.
will_have_ipv6() {
  local setting=/proc/sys/net/ipv6/conf/$1/disable_ipv6
  [[ -d /proc/sys/net/ipv6 ]] || return 1
  [[ -n ${device_kind[$1]:-} ]] || return 0
  if [[ -r $setting ]]; then [[ $(<"$setting") == 0 ]]; else [[ $2 != keep && $2 -ge 1280 ]]; fi
}

# Sets wanted_peers: the addresses of all hosts of the lab but one.
peers_wanted() {
  local other
  wanted_peers=()
  for other in "${hosts[@]}"; do
    [[ $other == "$1" ]] || wanted_peers+=("${host_address[$other]}")
  done
  wanted_peers+=("${peer_address[@]}")
}

# Frames for everybody, and for nobody known, go to each peer: one all-zero entry a peer is VXLAN's list of them.
plan_peers() {
  local vxlan=${link_vxlan[$1]} has=" ${peers_of[${link_vxlan[$1]}]:-}" peer
  peers_wanted "${1%%/*}"
  for peer in "${wanted_peers[@]}"; do
    [[ $has == *" $peer "* ]] || step bridge fdb append 00:00:00:00:00:00 dev "$vxlan" dst "$peer"
  done
  for peer in $has; do
    [[ " ${wanted_peers[*]} " == *" $peer "* ]] || step bridge fdb delete 00:00:00:00:00:00 dev "$vxlan" dst "$peer"
  done
}

plan_tap() {
  local tap=$1 mtu=${host_mtu[${tap_host[$1]}]:-}
  if blocked "$tap" tun || [[ -z $mtu ]]; then return; fi
  [[ -n ${device_kind[$tap]:-} ]] || step ip tuntap add dev "$tap" mode tap user "$user"
  plan_device "$tap" "tap:${tap_label[$tap]}" "$mtu" "${tap_bridge[$tap]}"
}

plan_down() {
  local device netns kind
  # VXLAN devices before bridges before namespaces: nothing forwards into what is half gone.
  for kind in vxlan tun bridge; do
    for device in "${!device_kind[@]}"; do
      [[ ${device_kind[$device]} == "$kind" ]] && is_ours "$device" || continue
      [[ $kind != tun ]] || ! tap_in_use "$device" || say "The tap $device is in use; its VM loses this NIC until it is started anew."
      step ip link delete dev "$device"
    done
  done
  for netns in "${netns_list[@]}"; do
    ! is_our_netns "$netns" || step ip netns delete "$netns"
  done
  plan_firewall_down
}
