# The lab's rules in the machine's firewall, as planned commands.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

# Where br_netfilter is on, bridged frames pass the FORWARD chain, which Docker makes refuse everything it does not know.
plan_firewall() {
  local tool rules key bridge rule wanted
  for tool in iptables ip6tables; do
    [[ $EUID -eq 0 && $(cat "/proc/sys/net/bridge/bridge-nf-call-$tool" 2>/dev/null) == 1 ]] || continue
    rules=$(our_rules "$tool")
    wanted=''
    for key in "${links[@]}"; do
      bridge=${link_bridge[$key]}
      rule="FORWARD -i $bridge -o $bridge -m comment --comment labnet:$lab -j ACCEPT"
      wanted+=$rule$'\n'
      [[ $'\n'$rules$'\n' == *$'\n-A '"$rule"$'\n'* ]] || ! command -v "$tool" >/dev/null || step "$tool" --wait 10 --insert "$rule"
    done
    remove_rules "$tool" "$rules" "$wanted"
  done
}

plan_firewall_down() {
  local tool
  [[ $EUID -eq 0 ]] || return 0
  for tool in iptables ip6tables; do
    remove_rules "$tool" "$(our_rules "$tool")" ''
  done
}

remove_rules() {
  local tool=$1 wanted=$3 rule
  while read -r rule; do
    [[ -z $rule || $'\n'$wanted == *$'\n'"${rule#-A }"$'\n'* ]] || step "$tool" --wait 10 "${rule/#-A/--delete}"
  done <<<"$2"
}

# As iptables prints them, but without the quotes that it puts around a comment with a colon.
our_rules() {
  command -v "$1" >/dev/null || return 0
  "$1" --wait 10 --list-rules FORWARD 2>/dev/null | tr --delete '"' | grep --fixed-strings -- "--comment labnet:$lab " || true
}
