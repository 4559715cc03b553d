# What the kernel has of a lab, for people and programs.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

network_status() {
  local document
  read_kernel
  if [[ $1 == yes ]]; then
    status_document
    return
  fi
  document=$(status_document)
  jq --raw-output '(.hosts[] | "host \(.name): \(.kind) \(.netns) \(if .address == "" then "(its address is to be seen by root)" else .address end)"),
    (.links[] | "link \(.link) on \(.host): vni \(.vni), udp \(.port), mtu \(.mtu), peers \(.peers | join(" ")), \(.state)"),
    (.taps[] | "tap \(.name) for \(.label): owner \(.owner), mtu \(.mtu), \(if .carrier then "in use" else "free" end)")' <<<"$document"
}

# As JSON. A namespace that nobody can look into, without root, is the lab's by its name: it must not look as if there were none.
status_hosts() {
  local netns name address hosts_json=''
  for netns in "${netns_list[@]}"; do
    case ${netns_mark[$netns]} in
      "labnet:$lab:host:"*) name=${netns_mark[$netns]##*:} ;;
      unknown) [[ $netns == "labnet-$lab-"* ]] || continue; name=${netns#"labnet-$lab-"} ;;
      *) continue ;;
    esac
    address=${netns_address[$netns/$underlay]:-}
    hosts_json+="${hosts_json:+,}{\"name\":\"$name\",\"kind\":\"namespace\",\"address\":\"${address%/*}\",\"netns\":\"$netns\"}"
  done
  echo "[$hosts_json]"
}

# An alias is labnet:LAB:link:HOST/LINK:bridge, labnet:LAB:link:HOST/LINK:vxlan or labnet:LAB:tap:HOST/LINK/VM/NIC.
status_document() {
  local fdb devices
  fdb=$(bridge -json fdb show)
  devices=$(ip -json -details link show)
  jq --arg lab "$lab" --argjson hosts "$(status_hosts)" --argjson fdb "${fdb:-[]}" '
    def marked($role): map(select((.ifalias // "") | startswith("labnet:\($lab):\($role):")));
    def owner: .ifalias | split(":")[3] | split("/");
    {$lab, $hosts,
      links: [marked("link")[] | select(.linkinfo.info_kind == "vxlan") | . as $vxlan | {
        host: owner[0], link: owner[1], vni: .linkinfo.info_data.id, port: .linkinfo.info_data.port, bridge: .master, vxlan: .ifname, mtu,
        peers: [$fdb[] | select(.ifname == $vxlan.ifname and .mac == "00:00:00:00:00:00") | .dst // empty],
        state: (if (.flags | index("UP")) then "up" else "down" end)}],
      taps: [marked("tap")[] | {name: .ifname, host: owner[0], link: owner[1], label: (owner[2:] | join("/")), owner: .linkinfo.info_data.user, mtu,
        carrier: (.flags | index("NO-CARRIER") == null and index("UP") != null)}]}' <<<"$devices"
}

tell_links() {
  local key host mtu
  for key in "${links[@]}"; do
    host=${key%%/*} mtu=${host_mtu[${key%%/*}]}
    [[ $mtu != keep ]] || mtu=${device_mtu[${link_vxlan[$key]}]}
    peers_wanted "$host"
    say "link ${key#*/} on $host: vni ${link_vni[$key]}, udp ${link_port[$key]}, mtu $mtu, peers ${wanted_peers[*]}"
  done
}
