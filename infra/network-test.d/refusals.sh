# What network.sh must not do, and how it says so.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network-test.sh

case_foreign_interfaces_are_left_alone() {
  local name alias before after
  demo >spec
  while IFS=/ read -r name alias; do
    ip link add name "$name" type bridge
    [[ -z $alias ]] || ip link set dev "$name" alias "$alias"
    before=$(world)
    expect 4 net up --lab demo --user nobody spec
    expect_text "the interface $name is there and does not carry the lab's mark"
    expect 4 net check --lab demo --user nobody spec
    expect 0 net down --lab demo
    after=$(world)
    expect_same "$before" "$after" "$name was not left alone:"
    ip link delete dev "$name"
  done <<'TXT'
b-ares/
b-ares/labnet:demo
x-zeus/labnet:demo2:link:zeus:vxlan
t-ares/labnet:dem
TXT
  ip link add name t-ares type veth peer name other
  ip link set dev t-ares alias labnet:demo:tap:ares/lan/vm1/eth1
  expect 4 net up --lab demo --user nobody spec
  expect_text 't-ares is a veth, not a tun. Remove it: ip link delete'
}

case_foreign_namespaces_are_left_alone() {
  local before after alias
  demo >spec
  for alias in '' labnet:other:host:ares labnet:demo2:host:ares; do
    ip netns add labnet-demo-ares
    [[ -z $alias ]] || ip -netns labnet-demo-ares link set dev lo alias "$alias"
    before=$(world)
    expect 4 net up --lab demo --user nobody spec
    expect_text 'the namespace labnet-demo-ares'
    expect 0 net down --lab demo
    after=$(world)
    expect_same "$before" "$after" 'a namespace was not left alone:'
    ip netns delete labnet-demo-ares
  done
}

case_a_taken_udp_port_is_told_clearly() {
  demo_up
  down
  # The namespaces have to be there before the program that takes the port.
  sed 's/ 4789 / 4790 /' spec >elsewhere
  up elsewhere
  ip netns exec labnet-demo-zeus perl -MIO::Socket::INET -e \
    'my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => "0.0.0.0", LocalPort => 4789) or die $!; sleep' &
  holder=$!
  expect_soon listens labnet-demo-zeus 4789
  expect 1 net up --lab demo --user nobody spec
  expect_text 'UDP port 4789 is taken in the namespace labnet-demo-zeus by'
  expect_text '"perl"'
  expect_text 'give link lan another port'
  let_go
  up
  expect 0 net check --lab demo --user nobody spec
}

listens() { [[ -n $(ip netns exec "$1" ss --udp --all --numeric --no-header "sport = :$2") ]]; }

case_a_taken_vni_is_told_clearly() {
  demo >spec
  up
  ip link delete dev x-ares
  ip -netns labnet-demo-ares link add name other type vxlan id 100 dstport 4789 local 10.99.0.1 dev underlay
  expect 1 net up --lab demo --user nobody spec
  expect_text 'another VXLAN device has VNI 100 on UDP port 4789 in the namespace labnet-demo-ares'
}

refused() {
  printf '%s\n' "$1" >hostile
  expect 2 net up --lab demo --user nobody hostile
  expect_text 'network: '
}

case_hostile_specs_are_refused() {
  local line before after host='host ares namespace 10.99.0.1/24 labnet-demo-ares' link='link ares lan 100 4789 b-ares x-ares'
  before=$(world)
  while IFS= read -r line; do
    refused "$(printf '%s\n' "$host" "$link" "$line")"
    expect_text 'line 3: '
  done <<'TXT'
nonsense
host
host zeus
host zeus namespace 10.99.0.2/24
host zeus machine 10.99.0.2 labnet-demo-zeus
host zeus machine 10.99.0.2/24
host zeus namespace 10.99.0.2 labnet-demo-zeus
host zeus namespace 10.99.0.2/31 labnet-demo-zeus
host zeus namespace 10.99.0.2/024 labnet-demo-zeus
host zeus namespace 10.99.0.256/24 labnet-demo-zeus
host zeus namespace 10.99.0.08/24 labnet-demo-zeus
host zeus namespace 127.0.0.1/24 labnet-demo-zeus
host zeus namespace 224.0.0.1/24 labnet-demo-zeus
host zeus namespace 10.99.0/24 labnet-demo-zeus
host zeus namespace 10.99.0.1/24 labnet-demo-zeus
host zeus namespace 10.99.0.2/24 labnet-demo-ares
host zeus namespace 10.99.0.2/24 labnet-demo.underlay
host zeus namespace 10.99.0.2/24 ../netns
host zeus namespace 10.99.0.2/24 default
host zeus other 10.99.0.2/24 labnet-demo-zeus
host ares namespace 10.99.0.2/24 labnet-demo-zeus
host -zeus namespace 10.99.0.2/24 labnet-demo-zeus
host 1 namespace 10.99.0.2/24 labnet-demo-zeus
peer zeus
peer zeus 10.99.0
peer zeus 10.99.0.1
peer ares 10.99.0.7
peer ze.us 10.99.0.7
link zeus lan 101 4789 b-zeus x-zeus
link ares lan 101 4789 b-zeus x-zeus
link ares wan 0 4789 b-zeus x-zeus
link ares wan 16777216 4789 b-zeus x-zeus
link ares wan 99999999999999999999 4789 b-zeus x-zeus
link ares wan 101 65536 b-zeus x-zeus
link ares wan 101 -1 b-zeus x-zeus
link ares wan 100 4789 b-zeus x-zeus
link ares wan 101 4789 b-zeus b-zeus
link ares wan 101 4789 b-ares x-zeus
link ares wan 101 4789 -zeus x-zeus
link ares wan 101 4789 b-of-sixteen-abc x-zeus
link ares wan 101 4789 b-zeus
tap ares lan t-ares
tap ares lan b-ares vm/eth1
tap ares lan all vm/eth1
tap ares lan ../ares vm/eth1
tap ares wan t-ares vm/eth1
tap zeus lan t-ares vm/eth1
tap ares lan t-ares vm
tap ares lan t-ares vm/eth1/2
tap ares lan t-ares --/eth1
tap ares lan $(touch${IFS}/run/test/owned) vm/eth1
tap ares lan `id` vm/eth1
tap ares lan t;reboot vm/eth1
tap ares lan t*s vm/eth1
tap ares lan t-[0] vm/eth1
tap ares lan T-ARES vm/eth1
tap ares lan t-árés vm/eth1
tap ares lan "t-ares" vm/eth1
TXT
  refused "$(printf '%s\n' "$host" "tap ares lan t-ares vm/eth1")"
  refused "$(printf '%s\npeer hera 10.99.0.3\n' "$host")"
  expect_text 'one kind'
  refused "$(printf '%s\r\n' "$host")"
  refused ''
  expect_text 'SPEC has no host'
  after=$(world)
  expect_same "$before" "$after" 'a refused spec made'
  [[ ! -e /run/test/owned ]] || fail 'a command in a spec was run'
}

case_files_that_are_no_spec_are_refused() {
  local number
  demo >spec
  for ((number = 0; number < 10001; number++)); do echo; done >long
  cat spec >>long
  expect 2 net check --lab demo --user nobody long
  expect_text 'more than 10000 lines'
  head --bytes=200000 /usr/bin/env >binary
  expect 2 net check --lab demo --user nobody binary
  printf 'host\0ares namespace 10.99.0.1/24 labnet-demo-ares\n' >nul
  expect 2 net check --lab demo --user nobody nul
  expect_text 'a character that no spec has'
  for file in /dev/zero /run/test /run/test/missing; do
    expect 2 net check --lab demo --user nobody "$file"
    expect_text "$file"
  done
  echo 'correcthorsebatterystaple' >secret
  expect 2 net check --lab demo --user nobody secret
  [[ $output != *correct* ]] || fail "what the file says is told: $output"
}

case_names_that_are_keywords_of_ip_are_only_names() {
  sed 's/b-ares/b/; s/x-ares/type/; s/t-ares/up/; s/b-zeus/dev/; s/x-zeus/netns/; s/t-zeus/a/' <(demo) >spec
  up
  expect 0 net check --lab demo --user nobody spec
  down
  expect_same lo "$(ip -json link show | jq --raw-output '[.[].ifname] | join(" ")')" 'after down there are'
}

case_wrong_arguments_are_told() {
  local arguments
  demo >spec
  while IFS= read -r arguments; do
    # shellcheck disable=SC2086 # several words
    expect 2 net $arguments
    [[ -n $output ]] || fail "nothing is said about: $arguments"
  done <<'TXT'

sideways --lab demo spec
up
up spec
up --lab
up --lab demo
up --lab demo spec --user
up --lab demo --user no-such-user spec
up --lab demo --user 0 spec
up --lab demo --user -x spec
up --lab Demo spec
up --lab ../demo spec
up --lab demo spec spec
up --lab demo --force spec
down --lab
down --lab demo spec
status
status --lab demo spec
TXT
  expect 2 net up --lab demo --user no-such-user spec
  expect_text 'there is no user "no-such-user" here'
  expect 0 net --help
  expect_text 'Exit codes'
  expect 0 net up --help
}

case_a_failing_ip_is_not_taken_for_an_empty_kernel() {
  demo_up
  mkdir broken
  printf '#!/bin/sh\nexit 1\n' >broken/ip
  chmod +x broken/ip
  expect 1 env PATH="/run/test/broken:$PATH" /run/infra/network.sh down --lab demo
  rm broken/ip
  expect 0 net check --lab demo --user nobody spec
}
