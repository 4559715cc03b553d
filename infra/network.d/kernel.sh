# What the kernel has now, of the own stack and of the lab's namespaces.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

declare -A device_kind device_alias device_mtu device_up device_master device_vni device_port device_local device_owner device_carrier
declare -A netns_mark netns_device netns_address peers_of journaled
declare -a netns_list=()

# One line a device: name, kind, alias, mtu, up, master, VXLAN's id, port and local address, a tap's owner, carrier. Absent: "-".
readonly device_filter='.[] | [.ifname, .linkinfo.info_kind, .ifalias, .mtu, (.flags | index("UP") != null), .master,
  .linkinfo.info_data.id, .linkinfo.info_data.port, .linkinfo.info_data.local, .linkinfo.info_data.user,
  (.flags | index("NO-CARRIER") == null and index("UP") != null)] | map(. // "-" | tostring | gsub("[\t\n ]"; "_")) | join(" ")'

read_kernel() {
  local name kind alias mtu up master vni port local_address owner carrier
  netns_list=() peers_of=()
  while read -r name kind alias mtu up master vni port local_address owner carrier; do
    device_kind[$name]=$kind device_alias[$name]=$alias device_mtu[$name]=$mtu device_up[$name]=$up device_master[$name]=$master
    device_vni[$name]=$vni device_port[$name]=$port device_local[$name]=$local_address device_owner[$name]=$owner device_carrier[$name]=$carrier
  done < <(ip -json -details link show | jq --raw-output "$device_filter")
  if [[ -r $journal ]]; then
    while read -r name; do
      journaled[$name]=yes
    done <"$journal"
  fi
  while read -r name local_address; do
    peers_of[$name]+="$local_address "
  done < <(bridge -json fdb show | jq --raw-output '.[] | select(.mac == "00:00:00:00:00:00" and .dst) | "\(.ifname) \(.dst)"')
  local file
  for file in /run/netns/labnet-*; do
    [[ ! -e $file ]] || read_netns "${file##*/}"
  done
}

# All that matters inside a namespace, by one question. Without root nobody can look inside: "unknown" is then taken for right.
read_netns() {
  local netns=$1 inside name mtu alias address
  netns_list+=("$netns")
  if ! inside=$(ip -netns "$netns" -json -details address show 2>/dev/null); then
    netns_mark[$netns]=unknown
    return
  fi
  netns_mark[$netns]=-
  while read -r name mtu alias address; do
    netns_device[$netns/$name]=$mtu
    netns_address[$netns/$name]=${address#-}
    [[ $name != lo ]] || netns_mark[$netns]=$alias
  done < <(jq --raw-output '.[] | [.ifname, .mtu, .ifalias, ([.addr_info[] | select(.family == "inet") | "\(.local)/\(.prefixlen)"] | first)]
    | map(. // "-" | tostring | gsub("[\t\n ]"; "_")) | join(" ")' <<<"$inside")
}

# The lab's own: it carries the mark, or an interrupted up made it (its name is in the journal) and had not marked it yet.
is_ours() { [[ ${device_alias[$1]:--} == "labnet:$lab:"* || (${device_alias[$1]:--} == - && -n ${journaled[$1]:-}) ]]; }

is_our_netns() {
  [[ ${netns_mark[$1]:--} == "labnet:$lab:"* || (${netns_mark[$1]:--} == - && -n ${journaled[$1]:-}) || ${netns_mark[$1]:-} == unknown ]]
}

# What marks a device or namespace belongs to are written down before anything is made, because the kernel takes no alias while it makes
# a device: what an interrupted run leaves unmarked is known by its name. /run is empty after a reboot, and so is the network.
write_journal() {
  {
    [[ ! -r $journal ]] || cat "$journal"
    local host
    for host in "${hosts[@]}"; do
      [[ -z ${host_netns[$host]} ]] || echo "${host_netns[$host]}"
    done
    echo "$hub"
    [[ ${#links[@]} -eq 0 ]] || printf '%s\n' "${link_bridge[@]}" "${link_vxlan[@]}"
    [[ ${#taps[@]} -eq 0 ]] || printf '%s\n' "${taps[@]}"
  } | sort --unique >"$journal.new"
  mv "$journal.new" "$journal"
}
