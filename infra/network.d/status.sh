# What the kernel has of a lab, for people and programs.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

network_status() {
  local document
  document=$(status_document)
  if [[ $1 == yes ]]; then
    jq . <<<"$document"
  else
    jq --raw-output '(.hosts[] | "host \(.name): \(.kind) \(.netns // "") \(.address // "")"),
      (.links[] | "link \(.link) on \(.host): vni \(.vni), udp \(.port), mtu \(.mtu), peers \(.peers | join(" ")), \(.state)"),
      (.taps[] | "tap \(.name) for \(.label): owner \(.owner), mtu \(.mtu), \(if .carrier then "in use" else "free" end)")' <<<"$document"
  fi
}

# An alias is labnet:LAB:link:HOST/LINK:bridge, labnet:LAB:link:HOST/LINK:vxlan or labnet:LAB:tap:HOST/LINK/VM/NIC.
status_document() {
  local netns hosts_json fdb
  read_kernel
  hosts_json=$(for netns in "${netns_list[@]}"; do
    [[ ${netns_mark[$netns]} != "labnet:$lab:host:"* ]] || echo "${netns_mark[$netns]##*:} $netns ${netns_address[$netns/$underlay]:-}"
  done | jq --raw-input --slurp 'split("\n") | map(select(. != "") | split(" ") | {name: .[0], kind: "namespace", address: (.[2] // "" | split("/")[0]), netns: .[1]})')
  fdb=$(bridge -json fdb show 2>/dev/null || echo '[]')
  ip -json -details link show | jq --arg lab "$lab" --argjson hosts "$hosts_json" --argjson fdb "$fdb" '
    def marked($role): map(select((.ifalias // "") | startswith("labnet:\($lab):\($role):")));
    def owner: .ifalias | split(":")[3] | split("/");
    . as $all | {$lab, $hosts,
      links: [marked("link")[] | select(.linkinfo.info_kind == "vxlan") | . as $vxlan | {
        host: owner[0], link: owner[1], vni: .linkinfo.info_data.id, port: .linkinfo.info_data.port, bridge: .master, vxlan: .ifname, mtu,
        peers: [$fdb[] | select(.ifname == $vxlan.ifname and .mac == "00:00:00:00:00:00") | .dst // empty],
        state: (if (.flags | index("UP")) then "up" else "down" end)}],
      taps: [marked("tap")[] | {name: .ifname, host: owner[0], link: owner[1], label: (owner[2:] | join("/")), owner: .linkinfo.info_data.user, mtu,
        carrier: (.flags | index("NO-CARRIER") == null and index("UP") != null)}]}'
}

tell_links() {
  status_document | jq --raw-output '.links[] | "link \(.link) on \(.host): vni \(.vni), udp \(.port), mtu \(.mtu), peers \(.peers | join(" "))"' >&2
}
