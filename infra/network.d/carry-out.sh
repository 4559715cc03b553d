# Carries a plan out, and says what to do where the kernel refuses.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

# Stands in a plan for this script's own network stack; a shell into which somebody copies the plan understands it too.
# shellcheck disable=SC2016 # a shell that the plan is copied to expands it
readonly own_stack='$$'

require_root() {
  [[ $EUID -eq 0 ]] || die 1 "changing the network needs root. Run: sudo $0 $original_arguments"
}

# Two runs at a time would each plan what the other is making. The folder is locked rather than a file, so that nothing is left to remove.
take_turns() {
  [[ $EUID -eq 0 ]] || return 0
  mkdir --parents "${journal%/*}"
  exec {turn}<"${journal%/*}"
  flock --timeout 60 "$turn" || die 1 "another network.sh has been at work for a minute. See what it is doing: pgrep --list-full --full network.sh"
}

require_tun() {
  [[ ${#taps[@]} -gt 0 ]] || return 0
  [[ -c /dev/net/tun ]] || modprobe tun 2>/dev/null || true
  [[ -c /dev/net/tun ]] || die 1 "there is no /dev/net/tun. Load the module (sudo modprobe tun), or hand the device into this container."
  setpriv --reuid="$user" --regid="$(id --group "$user")" --init-groups test -r /dev/net/tun -a -w /dev/net/tun 2>/dev/null ||
    say "network: $user may not open /dev/net/tun, so QEMU will not get its taps. Let everybody, as udev does: sudo chmod 666 /dev/net/tun"
}

# Stops at the first command that fails, telling which.
carry_out() {
  local line output
  local -a words
  for line in "${plan[@]}"; do
    read -r -a words <<<"${line//"$own_stack"/$$}"
    output=$("${words[@]}" 2>&1) || is_gone "$line" "$output" || explain "$line" "$output"
  done
}

# The kernel clears a removed namespace in its own time: what is to be deleted may have gone with it.
is_gone() { [[ $1 == *' delete '* && ($2 == *'Cannot find device'* || $2 == *'No such file'*) ]]; }

explain() {
  local key
  for key in "${links[@]}"; do
    [[ " $1 " != *" ${link_vxlan[$key]} "* ]] || explain_vxlan "$1" "$2" "$key"
  done
  case $2 in
    *'Operation not supported'* | *'Unknown device type'*)
      die 1 "$1: this kernel lacks it ($2). Load the module (sudo modprobe vxlan bridge veth tun) or use a kernel that has it." ;;
    *) die 1 "$1: $2" ;;
  esac
}

explain_vxlan() {
  local line=$1 problem=$2 key=$3 netns stack='this machine' taken
  local -a where=()
  netns=${host_netns[${key%%/*}]}
  [[ -z $netns ]] || stack="the namespace $netns" where=(--net="$netns")
  case $problem in
    *'Address already in use'*)
      taken=$(ss "${where[@]}" --udp --all --numeric --processes --no-header "sport = :${link_port[$key]}" 2>/dev/null | tr --squeeze-repeats ' ' | head --lines=5 || true)
      die 1 "$line: UDP port ${link_port[$key]} is taken in $stack by ${taken:-something that ss does not show}." \
        "End that program, or give link ${key#*/} another port in the lab file." ;;
    *'File exists'* | *'already exists'*)
      die 1 "$line: another VXLAN device has VNI ${link_vni[$key]} on UDP port ${link_port[$key]} in $stack." \
        "Give link ${key#*/} another VNI in the lab file." ;;
  esac
}
