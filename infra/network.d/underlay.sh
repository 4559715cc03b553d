# The namespaces of a lab's hosts and what joins them, as planned commands.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

# A namespace's end of the underlay, and the MTU that a new veth has.
readonly underlay=underlay
readonly veth_mtu=1500

# Of each host in a namespace: whether its underlay can stay as it is. Of all: the MTU that they have or get, or "keep".
declare -A underlay_stays=()
declare -a namespace_hosts=()
underlay_mtu=$veth_mtu

# Two namespaces are joined by one veth; one, or three and more, by a bridge in a namespace of its own. The end's alias says to what it
# leads, so that a lab that grows or shrinks is joined anew.
underlay_mark() {
  if [[ ${#namespace_hosts[@]} -eq 2 ]]; then
    echo "labnet:$lab:underlay:${namespace_hosts[0]}/${namespace_hosts[1]}"
  else
    echo "labnet:$lab:underlay:hub"
  fi
}

# Looks only; the smallest MTU counts for all, as a frame has to pass both ends.
compare_underlay() {
  local host netns mark mtu stays=yes hub_stays=yes
  for host in "${hosts[@]}"; do
    [[ ${host_kind[$host]} == machine ]] || namespace_hosts+=("$host")
  done
  [[ ${#namespace_hosts[@]} -gt 0 ]] || return 0
  mark=$(underlay_mark)
  # What led to a hub that is gone goes too, though perhaps not yet: the kernel clears a namespace in its own time.
  [[ ${#namespace_hosts[@]} -eq 2 || ${netns_mark[$hub]:-none} =~ ^(unknown|labnet:"$lab":underlay)$ ]] || hub_stays=no
  for host in "${namespace_hosts[@]}"; do
    netns=${host_netns[$host]} underlay_stays[$host]=yes
    [[ ${netns_mark[$netns]:-} != unknown ]] || continue
    [[ $hub_stays == yes && ${netns_mark[$netns]:-} == "labnet:$lab:host:$host" && ${netns_alias[$netns/$underlay]:-} == "$mark" ]] ||
      underlay_stays[$host]=no stays=no
  done
  [[ $stays == yes || ${#namespace_hosts[@]} -ne 2 ]] || underlay_stays[${namespace_hosts[0]}]=no underlay_stays[${namespace_hosts[1]}]=no
  underlay_mtu=''
  for host in "${namespace_hosts[@]}"; do
    netns=${host_netns[$host]} mtu=$veth_mtu
    [[ ${netns_mark[$netns]:-} != unknown ]] || { guess_underlay_mtu; return; }
    [[ ${underlay_stays[$host]} == no ]] || mtu=${netns_mtu[$netns/$underlay]}
    [[ -n $underlay_mtu && $underlay_mtu -le $mtu ]] || underlay_mtu=$mtu
  done
}

# Without root the VXLAN devices, which are outside, tell what up saw inside.
guess_underlay_mtu() {
  local vxlan mtu=0
  underlay_mtu=keep
  for vxlan in "${link_vxlan[@]}"; do
    [[ ${device_kind[$vxlan]:-} == vxlan && ${device_mtu[$vxlan]} -gt $mtu ]] || continue
    mtu=${device_mtu[$vxlan]} underlay_mtu=$((mtu + vxlan_overhead))
  done
}

plan_namespaces() {
  local host
  for host in "${namespace_hosts[@]}"; do plan_netns "${host_netns[$host]}" "labnet:$lab:host:$host"; done
  [[ ${#namespace_hosts[@]} -gt 0 ]] || return 0
  if [[ ${#namespace_hosts[@]} -eq 2 ]]; then
    plan_pair "${namespace_hosts[@]}"
  else
    plan_hub
  fi
  for host in "${namespace_hosts[@]}"; do plan_end "$host"; done
}

plan_netns() {
  local netns=$1 mark=$2 has=${netns_mark[$1]:-none}
  case $has in
    "$mark" | unknown) return ;;
    none) ;;
    "labnet:$lab:"*) ;;
    - | broken)
      if [[ -z ${journaled[$netns]:-} ]]; then
        foreign+=("the namespace $netns is there and does not carry the lab's mark. Remove it (ip netns delete $netns), or rename the host.")
        return
      fi
      [[ $has == - ]] || step ip netns delete "$netns"
      ;;
    *)
      foreign+=("the namespace $netns belongs to something else ($has). Take that one down, or rename the host.")
      return
      ;;
  esac
  [[ $has != none && $has != broken ]] || step ip netns add "$netns"
  step ip -netns "$netns" link set dev lo up alias "$mark"
}

plan_pair() {
  local first=${host_netns[$1]} second=${host_netns[$2]}
  [[ ${underlay_stays[$1]} == no ]] || return 0
  drop_underlay "$first"
  drop_underlay "$second"
  step ip -netns "$first" link add name "$underlay" type veth peer name "$underlay" netns "$second"
}

drop_underlay() { [[ -z ${netns_mtu[$1/$underlay]:-} ]] || step ip -netns "$1" link delete dev "$underlay"; }

plan_hub() {
  local host netns port number=0
  plan_netns "$hub" "labnet:$lab:underlay"
  [[ ${netns_mark[$hub]:-} != unknown ]] || return 0
  [[ -n ${netns_mtu[$hub/hub]:-} ]] || step ip -netns "$hub" link add name hub type bridge forward_delay 0 stp_state 0
  [[ ${netns_up[$hub/hub]:-} == true ]] || step ip -netns "$hub" link set dev hub up
  for port in "${!netns_mtu[@]}"; do
    [[ $port == "$hub"/port* ]] || continue
    [[ ${netns_master[$port]} == hub && ${netns_up[$port]} == true ]] || step ip -netns "$hub" link set dev "${port##*/}" master hub up
  done
  for host in "${namespace_hosts[@]}"; do
    netns=${host_netns[$host]}
    [[ ${underlay_stays[$host]} == no ]] || continue
    drop_underlay "$netns"
    while port=port$((++number)); [[ -n ${netns_mtu[$hub/$port]:-} ]]; do :; done
    step ip -netns "$netns" link add name "$underlay" type veth peer name "$port" netns "$hub"
    step ip -netns "$hub" link set dev "$port" master hub up
  done
}

plan_end() {
  local netns=${host_netns[$1]} wanted=${host_address[$1]}/${host_prefix[$1]} has=''
  [[ ${netns_mark[$netns]:-} != unknown ]] || return 0
  [[ ${underlay_stays[$1]} == no ]] || has=${netns_address[$netns/$underlay]:-}
  if [[ $has != "$wanted" ]]; then
    [[ -z $has ]] || step ip -netns "$netns" address flush dev "$underlay"
    step ip -netns "$netns" address add "$wanted" dev "$underlay"
  fi
  [[ ${underlay_stays[$1]} == yes && ${netns_up[$netns/$underlay]:-} == true ]] || step ip -netns "$netns" link set dev "$underlay" up alias "$(underlay_mark)"
}
