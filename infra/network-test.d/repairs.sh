# What up heals, and what interrupted and simultaneous runs leave.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network-test.sh

readonly kills=6

case_what_was_changed_by_hand_is_repaired() {
  local damage before
  demo_up
  while IFS= read -r damage; do
    eval "$damage"
    up
    [[ $output != *'nothing to do'* ]] || fail "up saw nothing of: $damage"
    expect 0 net check --lab demo --user nobody spec
    [[ $(ls -A /run/labnet) == '' ]] || fail "a journal is left after: $damage"
  done <<'TXT'
ip link delete dev t-ares; ip link set dev b-zeus mtu 1400; ip link set dev x-zeus mtu 1300
ip link delete dev b-ares; ip link delete dev x-zeus
bridge fdb delete 00:00:00:00:00:00 dev x-ares dst 10.99.0.2
bridge fdb append 00:00:00:00:00:00 dev x-ares dst 10.99.0.77
ip link set dev t-ares nomaster; ip link set dev t-zeus alias labnet:demo:tap:other
ip link set dev t-ares down; ip link set dev b-zeus down; ip link set dev x-ares down
ip link set dev b-ares type bridge stp_state 1 forward_delay 1500; ip link set dev b-zeus type bridge mcast_snooping 1
ip link set dev b-ares arp on; sysctl --quiet --write net.ipv6.conf.b-zeus.disable_ipv6=0
ip netns delete labnet-demo-ares
ip netns delete labnet-demo-ares; ip netns delete labnet-demo-zeus
ip -netns labnet-demo-zeus link delete dev underlay
ip -netns labnet-demo-zeus link set dev underlay down; ip -netns labnet-demo-ares address flush dev underlay
ip -netns labnet-demo-zeus address add 10.97.0.1/24 dev underlay; ip -netns labnet-demo-zeus address delete 10.99.0.2/24 dev underlay
TXT
  vm ares b-ares 10.10.10.1 1450
  vm zeus b-zeus 10.10.10.2 1450
  expect_soon reaches ares 10.10.10.2 1450
}

case_a_broken_hub_is_repaired() {
  local damage
  three_hosts >spec
  up
  vm ares b-ares 10.10.10.1 1450
  vm hera b-hera 10.10.10.2 1450
  while IFS= read -r damage; do
    eval "$damage"
    up
    expect 0 net check --lab demo --user nobody spec
    expect_soon reaches ares 10.10.10.2 1450
  done <<'TXT'
ip netns delete labnet-demo.underlay
ip -netns labnet-demo.underlay link delete dev hub
ip -netns labnet-demo.underlay link set dev hub down; ip -netns labnet-demo.underlay link set dev port1 nomaster
ip -netns labnet-demo.underlay link set dev port3 down; ip -netns labnet-demo.underlay link delete dev port1
ip netns delete labnet-demo-ares
TXT
}

# An ip and a bridge that kill the whole run after a number of changes, so that each point can be met.
make_killers() {
  local tool
  mkdir killers
  for tool in ip bridge; do
    cat >killers/$tool <<TXT
#!/bin/bash
status=0
$(command -v $tool) "\$@" || status=\$?
[[ " \$* " != *' show '* ]] || exit \$status
read -r left </run/test/left
echo \$((left - 1)) >/run/test/left
[[ \$left -gt 1 ]] || kill -KILL 0
exit \$status
TXT
    chmod +x killers/$tool
  done
}

# killed_up CHANGES SPEC: in a session of its own, which kill 0 ends.
killed_up() {
  echo "$1" >left
  expect 137 setsid --wait env PATH="/run/test/killers:$PATH" /run/infra/network.sh up --lab demo --user nobody "$2"
}

case_a_killed_up_leaves_what_down_removes_and_up_heals() {
  local number spec at before after
  local -a points=() pattern=('/ add /' '1,20')
  demo >two
  three_hosts >three
  make_killers
  before=$(world)
  for ((number = 0; number < kills; number++)); do
    spec=two
    [[ $((number % 3)) -lt 2 ]] || spec=three
    # Half of them between the making of something and its marking.
    mapfile -t points < <(net up --lab demo --user nobody --dry-run $spec | grep '^ip \|^bridge ' | sed --quiet "${pattern[number % 2]}=")
    at=${points[RANDOM % ${#points[@]}]}
    echo "kill -9 after change $at with $spec hosts"
    killed_up $at $spec
    if [[ $((number % 4)) -lt 2 ]]; then
      down
    else
      up $spec
      expect 0 net check --lab demo --user nobody $spec
      expect_same '' "$(ls -A /run/labnet)" 'a journal is left after up:'
      down
    fi
    after=$(world)
    expect_same "$before" "$after" 'left over:'
  done
}

case_a_killed_up_is_forgotten_by_an_up_of_another_spec() {
  local made
  demo >spec
  make_killers
  sed 's/ b-/ c-/; s/ x-/ y-/; s/ t-/ u-/' spec >renamed
  # A VXLAN device that still is where it was made, then a tap without a mark.
  for made in 'link add name x-ares' 'tuntap add dev t-zeus'; do
    killed_up "$(net up --lab demo --user nobody --dry-run spec | grep '^ip \|^bridge ' | sed --quiet "/$made/=")" spec
    up renamed
    expect 0 net check --lab demo --user nobody renamed
    [[ $made == tuntap* ]] || down
  done
  expect_same 'c-ares c-zeus lo u-ares u-zeus y-ares y-zeus' "$(ip -json link show | jq --raw-output '[.[].ifname] | sort | join(" ")')" 'there are'
}

# ip makes a file, then mounts the namespace over it.
case_a_half_made_namespace_is_made_over() {
  demo >spec
  make_killers
  killed_up 1 spec
  umount /run/netns/labnet-demo-ares
  up
  expect 0 net check --lab demo --user nobody spec
  down
  killed_up 1 spec
  umount /run/netns/labnet-demo-ares
  down
  expect_same '' "$(list_netns)" 'namespaces after down:'
  touch /run/netns/labnet-demo-zeus
  expect 4 net up --lab demo --user nobody spec
  expect_text 'the namespace labnet-demo-zeus is there and does not carry'
}

case_simultaneous_runs_take_turns() {
  local number status
  local -a runs=()
  demo >spec
  for number in 1 2 3; do
    net up --lab demo --user nobody spec >run$number 2>&1 &
    runs+=($!)
  done
  for number in 1 2 3; do
    wait "${runs[number - 1]}" || fail "run $number: $(cat run$number)"
  done
  expect_same 2 "$(cat run? | grep --count 'nothing to do')" 'runs that found it done:'
  expect 0 net check --lab demo --user nobody spec
}
