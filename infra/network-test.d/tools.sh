# What the cases are made of.
# shellcheck shell=bash disable=SC2034,SC2120,SC2154 # variables come from and go to network-test.sh

fail() {
  printf 'failed: %s\n' "$*"
  exit 1
}

skip() {
  printf '%s\n' "$*"
  exit "$skip_status"
}

net() { /run/infra/network.sh "$@"; }

as_nobody() {
  [[ $1 != net ]] || set -- /run/infra/network.sh "${@:2}"
  setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

# expect STATUS COMMAND: what the command prints goes to output.
expect() {
  local wanted=$1 status=0
  shift
  output=$("$@" 2>&1) || status=$?
  [[ $status -eq $wanted ]] || fail "status $status, not $wanted: $* | $output"
}

expect_text() { [[ $output == *"$1"* ]] || fail "\"$1\" is not in: $output"; }

# expect_same WANTED FOUND WHAT
expect_same() { [[ $1 == "$2" ]] || fail "$3 $(diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") || true)"; }

# poll SECONDS COMMAND: until it succeeds.
poll() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [[ $SECONDS -lt $until ]] || return 1
    sleep 0.05
  done
}

expect_soon() { poll 10 "$@" || fail "not within 10 s: $*"; }

# The lab of most cases: two hosts, one link, a tap on each.
demo() {
  local lab=${1:-demo} suffix=${2:-} vni=${3:-100}
  cat <<TXT
host ares namespace 10.99.0.1/24 labnet-$lab-ares
host zeus namespace 10.99.0.2/24 labnet-$lab-zeus
link ares lan $vni 4789 b-ares$suffix x-ares$suffix
tap ares lan t-ares$suffix vm1/eth1
link zeus lan $vni 4789 b-zeus$suffix x-zeus$suffix
tap zeus lan t-zeus$suffix vm2/eth1
TXT
}

three_hosts() {
  local host number=0
  for host in ares zeus hera; do echo "host $host namespace 10.99.0.$((++number))/24 labnet-demo-$host"; done
  for host in ares zeus hera; do
    echo "link $host lan 100 4789 b-$host x-$host"
    echo "tap $host lan t-$host vm-$host/eth1"
  done
}

up() { expect 0 net up --lab "${2:-demo}" --user nobody "${1:-spec}"; }
down() { expect 0 net down --lab "${1:-demo}"; }
demo_up() { demo >spec; up; }

# All that up and down could change, without what changes by itself; an interface made anew has another index.
world() {
  local netns file
  {
    ip -json -details address show
    bridge -json fdb show
    for netns in $(list_netns); do
      echo "\"namespace $netns\""
      ip -netns "$netns" -json -details address show
    done
    for file in /run/labnet/*; do echo "\"$file\""; done
  } | jq --compact-output 'if type == "array" then .[] | select(.mac == null or .mac == "00:00:00:00:00:00") | [.ifindex, .ifname, .mtu, .master, .ifalias, .dst, (.flags | index("UP")? != null),
      (.linkinfo | .info_kind, (.info_data | .id?, .port?, .local?, .user?)), [.addr_info[]? | select(.family == "inet").local]] else . end'
}

list_netns() { find /run/netns -mindepth 1 -printf '%f\n' | sort; }

# of DEVICE FIELD: a field of what ip tells, as jq names it.
of() { ip -json -details link show dev "$1" | jq --raw-output ".[0]$2"; }

# vm NAME BRIDGE ADDRESS MTU: a namespace with a veth end on the bridge stands for a VM with a tap there.
vm() {
  ip netns add "vm-$1"
  ip link add name "v-$1" mtu "$4" type veth peer name eth1 mtu "$4" netns "vm-$1"
  ip link set dev "v-$1" master "$2" up
  ip -netns "vm-$1" address add "$3/24" dev eth1
  ip -netns "vm-$1" link set dev eth1 up
}

# reaches FROM ADDRESS BYTES: one IP packet of so many bytes that nobody may cut, there and back. 28 are headers.
reaches() { ip netns exec "vm-$1" ping -c 1 -W 1 -M 'do' -s $(($3 - 28)) "$2"; }

# Opens a tap as QEMU does, in the background.
hold_tap() {
  perl -e 'open(my $tun, "+<", "/dev/net/tun") or die; ioctl($tun, 0x400454ca, pack("a16sx22", $ARGV[0], 0x1002)) or die; sleep' "$1" &
  holder=$!
  [[ ${2:-} == unseen ]] || expect_soon has_carrier "$1"
}

let_go() {
  kill "$holder"
  wait "$holder" 2>/dev/null || true
}

has_carrier() { [[ $(cat "/sys/class/net/$1/carrier") == 1 ]]; }
has_no_carrier() { [[ $(cat "/sys/class/net/$1/carrier") == 0 ]]; }
