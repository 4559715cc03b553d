# Taps that are open while the network is made over.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network-test.sh

case_an_open_tap_keeps_its_carrier() {
  local index
  demo_up
  hold_tap t-ares
  index=$(of t-ares .ifindex)
  ip link delete dev t-zeus
  ip link delete dev b-ares
  up
  up
  expect_same "$index" "$(of t-ares .ifindex)" 'index of t-ares'
  expect_same b-ares "$(of t-ares .master)" 'bridge of t-ares'
  has_carrier t-ares || fail 't-ares lost its carrier'
  expect 0 net status --lab demo
  expect_text 'tap t-ares for vm1/eth1: owner nobody, mtu 1450, in use'
  expect 0 net down --lab demo
  expect_text 'The tap t-ares is in use; its VM loses this NIC'
  [[ ! -e /sys/class/net/t-ares ]] || fail 't-ares is still there'
}

case_a_tap_changes_its_owner_only_while_free() {
  demo_up
  hold_tap t-ares
  expect 4 net up --lab demo --user root spec
  expect_text 'the tap t-ares belongs to nobody and a VM uses it'
  expect_same nobody "$(of t-zeus .linkinfo.info_data.user)" 'nothing is done by halves; owner of t-zeus'
  ip link set dev t-ares down
  expect 4 net up --lab demo --user root spec
  ip link set dev t-ares up
  let_go
  expect_soon has_no_carrier t-ares
  expect 0 net up --lab demo --user root spec
  expect_same 'root root' "$(of t-ares .linkinfo.info_data.user) $(of t-zeus .linkinfo.info_data.user)" 'owners'
  expect 0 net check --lab demo --user root spec
}

case_qemu_opens_its_tap_without_root() {
  command -v qemu-system-x86_64 >/dev/null || skip 'there is no qemu-system-x86_64'
  local -a qemu=(qemu-system-x86_64 -machine none -nodefaults -display none -S -netdev 'tap,id=lan,ifname=t-ares,script=no,downscript=no')
  demo_up
  setpriv --reuid=nobody --regid=nogroup --clear-groups "${qemu[@]}" &
  holder=$!
  expect_soon has_carrier t-ares
  expect_same nobody "$(stat --format=%U /proc/$holder)" 'QEMU runs as'
  up
  expect_text 'nothing to do'
  let_go
  expect_soon has_no_carrier t-ares
  # The tap is nobody's, not everybody's.
  expect 1 setpriv --reuid=daemon --regid=daemon --clear-groups "${qemu[@]}"
  expect_text 'could not configure'
}

case_a_closed_dev_net_tun_is_told() {
  chmod 600 /dev/net/tun
  demo >spec
  up
  expect_text 'nobody may not open /dev/net/tun'
  down
  chmod 666 /dev/net/tun
  up
  [[ $output != *'/dev/net/tun'* ]] || fail "$output"
}
