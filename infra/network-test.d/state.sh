# What up makes, check sees, down removes.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network-test.sh

case_a_dry_run_makes_nothing() {
  local before after
  demo >spec
  before=$(world)
  expect 0 net up --lab demo --user nobody --dry-run spec
  expect_text 'ip netns add labnet-demo-ares'
  expect_text 'ip tuntap add dev t-zeus mode tap user nobody'
  after=$(world)
  expect_same "$before" "$after" 'up --dry-run made'
  up
  before=$(world)
  expect 0 net down --lab demo --dry-run
  expect_text 'ip link delete dev t-ares'
  after=$(world)
  expect_same "$before" "$after" 'down --dry-run made'
}

case_up_twice_changes_nothing_the_second_time() {
  local before after
  demo_up
  before=$(world)
  up
  expect_text 'nothing to do'
  after=$(world)
  expect_same "$before" "$after" 'the second up changed'
  expect 0 net up --lab demo --user nobody --dry-run spec
  expect_same '' "$output" 'the second plan is not empty:'
}

case_the_plan_that_is_printed_does_what_up_does() {
  local line
  demo >spec
  net up --lab demo --user nobody --dry-run spec >plan.sh
  bash -e plan.sh
  expect 0 net check --lab demo --user nobody spec
}

case_check_tells_by_its_exit_code_with_and_without_root() {
  local who
  demo >spec
  echo 'host ares somewhere 10.99.0.1' >wrong
  for who in '' as_nobody; do
    # shellcheck disable=SC2086 # no word where root asks
    {
      expect 3 $who net check --lab demo --user nobody spec
      expect_text 'ip tuntap add dev t-ares mode tap user nobody'
      expect 2 $who net check --lab demo --user nobody wrong
      up
      expect 0 $who net check --lab demo --user nobody spec
      expect_same '' "$output" 'check of a right network prints'
      ip link set dev t-ares mtu 1400
      expect 3 $who net check --lab demo --user nobody spec
      expect_same 'ip link set dev t-ares mtu 1450' "$output" 'check prints'
      ip link delete dev t-ares
      ip tuntap add dev t-ares mode tap
      expect 4 $who net check --lab demo --user nobody spec
      ip link delete dev t-ares
      down
    }
  done
  expect 1 as_nobody net up --lab demo --user nobody spec
  expect_text 'needs root. Run: sudo /run/infra/network.sh up --lab demo --user nobody spec'
  up
  expect 1 as_nobody net down --lab demo
  expect_text 'needs root. Run: sudo'
  ip link delete dev t-ares
  ip link delete dev t-zeus
  for who in ares zeus; do
    ip link delete dev "b-$who"
    ip link delete dev "x-$who"
  done
  expect 1 as_nobody net down --lab demo
}

case_the_kernel_has_what_the_spec_says() {
  local host address other vm_name device
  demo demo '' 4711 | sed 's/4711 4789/4711 8472/' >spec
  up
  for host in ares/10.99.0.1/10.99.0.2/vm1 zeus/10.99.0.2/10.99.0.1/vm2; do
    IFS=/ read -r host address other vm_name <<<"$host"
    for device in b x t; do
      expect_same 1450 "$(of "$device-$host" .mtu)" "mtu of $device-$host"
      expect_same true "$(of "$device-$host" '.flags | index("UP") != null')" "$device-$host up"
      expect_same '' "$(ip -6 -oneline address show dev "$device-$host")" "$device-$host has an IPv6 address:"
    done
    expect_same "bridge labnet:demo:link:$host/lan:bridge 0 0" \
      "$(of "b-$host" ' | "\(.linkinfo.info_kind) \(.ifalias) \(.linkinfo.info_data.forward_delay) \(.linkinfo.info_data.stp_state)"')" bridge
    expect_same "vxlan labnet:demo:link:$host/lan:vxlan b-$host 4711 8472 $address" \
      "$(of "x-$host" ' | "\(.linkinfo.info_kind) \(.ifalias) \(.master) \(.linkinfo.info_data | "\(.id) \(.port) \(.local)")"')" vxlan
    expect_same "tap true nobody labnet:demo:tap:$host/lan/$vm_name/eth1 b-$host" \
      "$(of "t-$host" ' | (.linkinfo.info_data | "\(.type) \(.persist) \(.user) ") + "\(.ifalias) \(.master)"')" tap
    expect_same "$other" "$(bridge -json fdb show dev "x-$host" | jq --raw-output '.[] | select(.mac == "00:00:00:00:00:00") | .dst')" peers
    # Where its socket is decides where the lab's traffic travels.
    expect_same '' "$(ss --udp --all --numeric --no-header 'sport = :8472')" 'a socket in the own stack:'
    expect_same "$address/24" "$(ip -netns "labnet-demo-$host" -json address show dev underlay | jq --raw-output '.[0].addr_info[0] | "\(.local)/\(.prefixlen)"')" underlay
  done
  expect_same '' "$(ls -A /run/labnet)" 'a journal is left after a complete up:'
}

case_down_removes_its_lab_and_nothing_else() {
  local before after
  demo dem -n 300 >other
  demo demo2 -2 200 >second
  ip link add name b-neighbour type bridge
  ip link set dev b-neighbour alias 'labnet:demo'
  ip tuntap add dev t-neighbour mode tap user nobody
  ip netns add labnet-demo-neighbour
  ip netns add vm-neighbour
  up other dem
  up second demo2
  before=$(world)
  demo_up
  down
  after=$(world)
  expect_same "$before" "$after" 'down left or took'
  down
  expect_text 'Nothing of lab demo'
  down dem
  expect 0 net check --lab demo2 --user nobody second
}

case_leftovers_go_unless_in_use() {
  demo_up
  sed '$a tap zeus lan t-old vm3/eth1' spec >extended
  up extended
  hold_tap t-old
  up spec
  expect_text 't-old is not in the spec any more and a VM uses it'
  expect 0 net check --lab demo --user nobody spec
  let_go
  expect_soon has_no_carrier t-old
  expect 3 net check --lab demo --user nobody spec
  up spec
  [[ ! -e /sys/class/net/t-old ]] || fail 't-old is still there'
  # A tap that is down shows no carrier, whether in use or not.
  up extended
  ip link set dev t-old down
  hold_tap t-old unseen
  expect_soon grep --quiet t-old /proc/$holder/fdinfo/3
  up spec
  expect_text 't-old is not in the spec any more and a VM uses it'
  let_go
  up spec
  [[ ! -e /sys/class/net/t-old ]] || fail 't-old is still there'
}

case_a_lab_that_changes_is_made_over_and_keeps_its_traffic() {
  local name
  demo >two
  three_hosts >three
  sed 's/ x-/ y-/; s/\blan\b/wan/' two >renamed
  sed 's/zeus/hera/g' two >replaced
  head --lines=1 two >one
  { cat two; echo 'link ares wan 200 4789 b2-ares x2-ares'; echo 'link zeus wan 200 4789 b2-zeus x2-zeus'; } >double
  sed 's/ 100 / 999 /; s/ 200 / 100 /; s/ 999 / 200 /' double >swapped
  sed 's/10\.99\.0\./10.98.0./' two >moved
  for name in two three two renamed replaced one double swapped moved two; do
    up "$name"
    expect 0 net check --lab demo --user nobody "$name"
    expect_same "$(sed --quiet 's/^host .* //p' "$name" | sort)" "$(list_netns | grep --invert-match 'underlay$')" "namespaces after $name:"
  done
  vm ares b-ares 10.10.10.1 1450
  vm zeus b-zeus 10.10.10.2 1450
  expect_soon reaches ares 10.10.10.2 1450
}

case_status_tells_what_is_there() {
  demo_up
  expect 0 net status --lab demo --json
  expect_same '[["ares","10.99.0.1"],["zeus","10.99.0.2"]] [["ares","lan",100,4789,1450,["10.99.0.2"],"up"],["zeus","lan",100,4789,1450,["10.99.0.1"],"up"]] [["t-ares","vm1/eth1","nobody",false],["t-zeus","vm2/eth1","nobody",false]]' \
    "$(jq --raw-output '[([.hosts[] | [.name, .address]] | sort), ([.links[] | [.host, .link, .vni, .port, .mtu, .peers, .state]] | sort),
      ([.taps[] | [.name, .label, .owner, .carrier]] | sort)] | map(tojson) | join(" ")' <<<"$output")" status
  expect 0 as_nobody net status --lab demo --json
  expect_same 'ares zeus' "$(jq --raw-output '[.hosts[].name] | sort | join(" ")' <<<"$output")" 'hosts, without root:'
  expect 0 net status --lab demo
  expect_text 'tap t-ares for vm1/eth1: owner nobody, mtu 1450, free'
  down
  expect 0 net status --lab demo --json
  expect_same '0' "$(jq '(.hosts + .links + .taps) | length' <<<"$output")" 'after down there are'
}
