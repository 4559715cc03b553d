# Frames that really travel.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network-test.sh

fragments() { ip netns exec "$1" awk '/^Ip:/ && seen++ { print $(NF - 1) }' /proc/net/snmp; }

# The bytes that pass and no more, both ways, without the underlay cutting anything up.
expect_mtu() {
  expect_soon reaches ares 10.10.10.2 "$1"
  expect_soon reaches zeus 10.10.10.1 "$1"
  ! reaches ares 10.10.10.2 $(($1 + 1)) >/dev/null 2>&1 || fail "ares: $(($1 + 1)) bytes pass"
  ! reaches zeus 10.10.10.1 $(($1 + 1)) >/dev/null 2>&1 || fail "zeus: $(($1 + 1)) bytes pass"
}

case_packets_of_exactly_the_mtu_pass_between_two_hosts() {
  local netns
  demo_up
  vm ares b-ares 10.10.10.1 1450
  vm zeus b-zeus 10.10.10.2 1450
  expect_mtu 1450
  for netns in labnet-demo-ares labnet-demo-zeus; do
    expect_same 0 "$(fragments $netns)" "$netns cut packets up:"
  done
  # A VM that was left at 1500 sends what the path cannot carry.
  ip -netns vm-ares link set dev eth1 mtu 1500
  ip link set dev v-ares mtu 1500
  expect_soon reaches ares 10.10.10.2 1450
  ! reaches ares 10.10.10.2 1500 >/dev/null 2>&1 || fail '1500 bytes pass'
}

case_three_hosts_reach_each_other() {
  local from to number=0
  local -A address
  three_hosts >spec
  up
  expect 0 net check --lab demo --user nobody spec
  for from in ares zeus hera; do
    address[$from]=10.10.10.$((++number))
    vm "$from" "b-$from" "${address[$from]}" 1450
  done
  for from in ares zeus hera; do
    for to in ares zeus hera; do
      [[ $from == "$to" ]] || expect_soon reaches "$from" "${address[$to]}" 1450
    done
  done
  # Each frame came once: a mesh with a loop would show duplicates.
  expect 0 ip netns exec vm-ares ping -c 2 -i 0.2 -W 1 10.10.10.3
  [[ $output != *DUP* ]] || fail "$output"
  down
  expect_same 'vm-ares vm-hera vm-zeus' "$(list_netns | xargs)" 'namespaces after down:'
}

case_one_host_alone_has_a_link_too() {
  demo | grep --invert-match zeus >spec
  up
  expect 0 net check --lab demo --user nobody spec
  vm one b-ares 10.10.10.1 1450
  vm two b-ares 10.10.10.2 1450
  expect_soon reaches one 10.10.10.2 1450
}

case_two_machines_reach_each_other() {
  local number
  for number in 1 2; do
    ip netns add machine$number
    ip -netns machine$number link set dev lo up
  done
  ip -netns machine1 link add name eth0 type veth peer name eth0 netns machine2
  for number in 1 2; do
    ip -netns machine$number address add 10.88.0.$number/24 dev eth0
    ip -netns machine$number link set dev eth0 up
    cat >spec$number <<TXT
host ares machine 10.88.0.$number
peer zeus 10.88.0.$((3 - number))
link ares lan 100 4789 b-lan x-lan
tap ares lan t-lan vm$number/eth1
TXT
    expect 0 ip netns exec machine$number /run/infra/network.sh up --lab demo --user nobody spec$number
    expect 0 ip netns exec machine$number /run/infra/network.sh check --lab demo --user nobody spec$number
    expect_same '' "$output" 'the second plan is not empty:'
    ip link add name v-$number mtu 1450 netns machine$number type veth peer name eth1 mtu 1450
    ip netns add vm-$number
    ip link set dev eth1 netns vm-$number
    ip -netns machine$number link set dev v-$number master b-lan up
    ip -netns vm-$number address add 10.10.10.$number/24 dev eth1
    ip -netns vm-$number link set dev eth1 up
  done
  expect_soon reaches 1 10.10.10.2 1450
  expect_soon reaches 2 10.10.10.1 1450
  expect_same 0 "$(fragments machine1)" 'machine1 cut packets up:'
  ip -netns machine1 link set dev eth0 mtu 9000
  expect 0 ip netns exec machine1 /run/infra/network.sh up --lab demo --user nobody spec1
  expect_same 8950 "$(ip -netns machine1 -json link show dev t-lan | jq '.[0].mtu')" 'MTU over jumbo frames'
  sed 's/machine 10.88.0.1/machine 10.88.0.9/' spec1 >elsewhere
  expect 4 ip netns exec machine1 /run/infra/network.sh check --lab demo --user nobody elsewhere
  expect_text 'which this machine has not'
  expect 0 ip netns exec machine1 /run/infra/network.sh down --lab demo
  expect_same 'eth0 lo v-1' "$(ip -netns machine1 -json link show | jq --raw-output '[.[].ifname] | sort | join(" ")')" 'machine1 after down:'
  expect 0 ip netns exec machine2 /run/infra/network.sh check --lab demo --user nobody spec2
}

# A router advertisement with prefix 2001:db8::/64 and a lifetime (RFC 4861 4.2), from eth1 of a VM to everybody.
advertise_router() {
  ip netns exec "vm-$1" perl -MSocket=:all -e '
    socket(my $raw, AF_INET6, SOCK_RAW, 58) or die $!;
    setsockopt($raw, 41, $_->[0], pack("i", $_->[1])) or die $! for [17, $ARGV[0]], [18, 255];
    my $prefix = pack("CCCCNNN", 3, 4, 64, 0xc0, 3600, 3600, 0) . inet_pton(AF_INET6, "2001:db8::");
    send($raw, pack("CCnCCnNN", 134, 0, 0, 64, 0, 1800, 0, 0) . $prefix, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, "ff02::1"))) or die $!' \
    "$(ip netns exec "vm-$1" cat /sys/class/net/eth1/ifindex)"
}

# finds FROM ADDRESS: somebody has answered an ARP request for it.
finds() {
  ip netns exec "vm-$1" ping -c 1 -W 1 "$2" || true
  ip -netns "vm-$1" neighbour show "$2" dev eth1 | grep lladdr
}

believes_a_router() { advertise_router "$2" && ip -6 route show default dev "$1" | grep via; }

case_a_guest_does_not_reach_the_machine_by_its_bridge() {
  [[ -d /proc/sys/net/ipv6 ]] || skip 'this kernel has no IPv6'
  demo_up
  ip address add 10.10.10.99/32 dev lo
  ip link add name other type bridge
  ip link set dev other up
  vm ares b-ares 10.10.10.1 1450
  vm elsewhere other 10.10.10.1 1450
  expect_soon advertise_router ares
  # On a bridge that is not ours both are seen, so that their absence means something.
  expect_soon believes_a_router other elsewhere
  expect_soon finds elsewhere 10.10.10.99
  advertise_router ares
  ! finds ares 10.10.10.99 >/dev/null 2>&1 || fail 'the bridge answers for an address of the machine'
  expect_same '' "$(ip -6 address show dev b-ares)$(ip -6 route show dev b-ares)" 'IPv6 of b-ares'
}

case_a_smaller_underlay_makes_a_smaller_link() {
  local device
  demo_up
  vm ares b-ares 10.10.10.1 1350
  vm zeus b-zeus 10.10.10.2 1350
  # At one end only: the other's packets have to fit too.
  ip -netns labnet-demo-zeus link set dev underlay mtu 1300
  up
  expect_same 1250 "$(of t-ares .mtu)" 'mtu of t-ares'
  ip -netns labnet-demo-zeus link set dev underlay mtu 1500
  ip -netns labnet-demo-ares link set dev underlay mtu 1400
  expect 3 net check --lab demo --user nobody spec
  up
  for device in b-ares x-ares t-ares b-zeus x-zeus t-zeus; do
    expect_same 1350 "$(of $device .mtu)" "mtu of $device"
  done
  expect_mtu 1350
  expect_same 0 "$(fragments labnet-demo-ares)" 'packets were cut up:'
  ip -netns labnet-demo-ares link set dev underlay mtu 1500
  up
  expect_same 1450 "$(of t-zeus .mtu)" 'mtu of t-zeus, grown again'
}

case_the_firewall_rule_stands_once_and_goes_with_the_lab() {
  local bridge rules rules6=''
  command -v iptables >/dev/null || skip 'iptables is not installed'
  [[ $(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null) == 1 ]] || skip 'br_netfilter is not on'
  iptables --policy FORWARD DROP 2>/dev/null || skip 'this kernel lacks iptables'
  iptables --append FORWARD --match comment --comment 'labnet:demo2' --jump ACCEPT --in-interface other
  rules=$(iptables --list-rules FORWARD)
  ! command -v ip6tables >/dev/null || rules6=$(ip6tables --list-rules FORWARD)
  demo_up
  [[ -z $rules6 ]] || expect_same 2 "$(ip6tables --list-rules FORWARD | grep --count 'labnet:demo"')" 'IPv6 rules'
  up
  expect_text 'nothing to do'
  for bridge in b-ares b-zeus; do
    expect_same 1 "$(iptables --list-rules FORWARD | grep --count -- "-i $bridge -o $bridge ")" "rules of $bridge"
  done
  vm ares b-ares 10.10.10.1 1450
  vm zeus b-zeus 10.10.10.2 1450
  expect_soon reaches ares 10.10.10.2 1450
  iptables --delete FORWARD 1
  ! reaches ares 10.10.10.2 1450 >/dev/null 2>&1 || fail 'the rule is not needed, so this shows nothing'
  expect 3 net check --lab demo --user nobody spec
  up
  expect_soon reaches ares 10.10.10.2 1450
  demo | grep --invert-match zeus >one
  up one
  expect_same 1 "$(iptables --list-rules FORWARD | grep --count 'labnet:demo"')" 'rules after a host left'
  down
  expect_same "$rules" "$(iptables --list-rules FORWARD)" 'rules after down:'
  [[ -z $rules6 ]] || expect_same "$rules6" "$(ip6tables --list-rules FORWARD)" 'IPv6 rules after down:'
}
