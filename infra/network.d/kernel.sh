# What the kernel has now, of the own stack and of the lab's namespaces.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

declare -A device_kind=() device_alias=() device_mtu=() device_up=() device_master=() device_owner=()
declare -A device_bridging=() device_arp=() device_vni=() device_port=() device_local=() device_lower=() peers_of=() address_device=() journaled=()
declare -A netns_mark=() netns_mtu=() netns_up=() netns_alias=() netns_master=() netns_address=()
declare -a netns_list=()

# Lines "peer DEVICE ADDRESS", "address DEVICE ADDRESS" and "device NETNS NAME KIND ...", absent values as "-". Names that no spec can
# have are let pass only as far as a shell's array takes them for keys.
# shellcheck disable=SC2016 # the variables are jq's
readonly kernel_filter='
  def word: if . == null or . == "" then "-" else tostring | gsub("[[:space:]]"; "_") end;
  def addresses: .addr_info // [] | map(select(.family == "inet"));
  (.fdb[]? | select(.mac == "00:00:00:00:00:00" and .dst) | "peer \(.ifname) \(.dst)"),
  ((.netns // "-") as $netns | .devices[]? | select((.ifname // "") | test("^[A-Za-z0-9][A-Za-z0-9._:-]*$")) |
    (.flags | index("UP") != null) as $up | .ifname as $name | .linkinfo.info_data as $data |
    (if $netns == "-" then addresses[] | "address \($name) \(.local)" else empty end),
    (["device", $netns, $name, .linkinfo.info_kind, .ifalias, .mtu, $up, .master, $data.id, $data.port, $data.local, $data.link, $data.user,
      "\($data.stp_state)/\($data.forward_delay)/\($data.mcast_snooping)", (.flags | index("NOARP") == null),
      (addresses | first | if . then "\(.local)/\(.prefixlen)" else null end)] | map(word) | join(" ")))'

read_kernel() {
  local answers devices fdb inside file lines what words
  # Each into a variable first: a loop that reads from a failed command would see an empty kernel.
  devices=$(ip -json -details address show)
  fdb=$(bridge -json fdb show)
  answers="{\"fdb\":${fdb:-[]}}{\"devices\":${devices:-[]}}"
  for file in /run/netns/labnet-*; do
    [[ -e $file ]] || continue
    netns_list+=("${file##*/}")
    ask_netns "${file##*/}"
    [[ -z $inside ]] || answers+="{\"netns\":\"${file##*/}\",\"devices\":$inside}"
  done
  # One jq for all of it: starting it costs ten times as much as any of the questions.
  lines=$(jq --raw-output "$kernel_filter" <<<"$answers")
  while read -r what words; do
    # shellcheck disable=SC2086 # its words
    "keep_$what" $words
  done <<<"$lines"
  if [[ -r $journal ]]; then
    while read -r words; do
      journaled[$words]=yes
    done <"$journal"
  fi
}

# Sets inside. Without root nobody can look into a namespace: "unknown" is then taken for right. A run killed while it made a namespace
# leaves a plain file, which is "broken".
ask_netns() {
  if inside=$(ip -netns "$1" -json -details address show 2>/dev/null); then
    netns_mark[$1]=-
  elif [[ $(stat --file-system --format=%T "/run/netns/$1" 2>/dev/null) == nsfs ]]; then
    netns_mark[$1]=unknown inside=''
  else
    netns_mark[$1]=broken inside=''
  fi
}

keep_peer() { peers_of[$1]+="$2 "; }

keep_address() { address_device[$2]=$1; }

keep_device() {
  local netns=$1 name=$2
  if [[ $netns == - ]]; then
    device_kind[$name]=$3 device_alias[$name]=$4 device_mtu[$name]=$5 device_up[$name]=$6 device_master[$name]=$7
    device_vni[$name]=$8 device_port[$name]=$9 device_local[$name]=${10} device_lower[$name]=${11}
    device_owner[$name]=${12} device_bridging[$name]=${13} device_arp[$name]=${14}
  else
    netns_alias[$netns/$name]=$4 netns_mtu[$netns/$name]=$5 netns_up[$netns/$name]=$6 netns_master[$netns/$name]=$7
    netns_address[$netns/$name]=${15#-}
    [[ $name != lo ]] || netns_mark[$netns]=$4
  fi
}

# The lab's own: it carries the mark, or an interrupted up made it (its name is in the journal) and had not marked it yet.
is_ours() { [[ ${device_alias[$1]:--} == "labnet:$lab:"* || (${device_alias[$1]:--} == - && -n ${journaled[$1]:-}) ]]; }

is_our_netns() {
  case ${netns_mark[$1]:-none} in
    "labnet:$lab:"*) ;;
    - | broken) [[ -n ${journaled[$1]:-} ]] ;;
    *) return 1 ;;
  esac
}

# A tap without a user has no carrier; the flags that ip shows follow up to a second later. One that is down never tells a carrier;
# there, who holds it stands in /proc.
tap_in_use() {
  if [[ ${device_up[$1]} == true ]]; then
    [[ $(cat "/sys/class/net/$1/carrier" 2>/dev/null || echo 1) == 1 ]]
  else
    [[ -n $(printf '%s\0' /proc/[0-9]*/fdinfo/* | xargs --null grep --files-with-matches --line-regexp "iff:[[:space:]]*$1" 2>/dev/null || true) ]]
  fi
}

# What a run is about to make is written down before, because the kernel takes no alias while it makes a device: what an interrupted run
# leaves unmarked is known by its name. A run that came to its end has marked everything and removes the journal.
write_journal() {
  {
    [[ ! -r $journal ]] || cat "$journal"
    local host
    for host in "${hosts[@]}"; do
      [[ -z ${host_netns[$host]} ]] || echo "${host_netns[$host]}"
    done
    echo "$hub"
    [[ ${#links[@]} -eq 0 ]] || printf '%s\n' "${link_bridge[@]}" "${link_vxlan[@]}"
    [[ ${#taps[@]} -eq 0 ]] || printf '%s\n' "${taps[@]}"
  } | sort --unique >"$journal.new"
  mv "$journal.new" "$journal"
}
