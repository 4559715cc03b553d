# Reads a spec, which may come through sudo from anybody: each field is checked, and every mistake is told at once.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

readonly name_pattern='^[a-z][a-z0-9-]{0,30}$'
readonly device_pattern='^[a-z0-9][a-z0-9.-]{0,14}$'
readonly netns_pattern='^[a-z][a-z0-9.-]{0,79}$'
readonly label_pattern='^[a-z][a-z0-9-]{0,30}/[a-z0-9]{1,15}$'

declare -A host_kind host_address host_prefix host_netns peer_address link_vni link_port link_bridge link_vxlan tap_bridge tap_label
declare -a hosts=() links=() taps=() mistakes=()

is_address() {
  local octet
  [[ $1 =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || return 1
  for octet in ${1//./ }; do
    [[ $octet == 0 || $octet != 0* ]] && [[ $octet -le 255 ]] || return 1
  done
}

is_number() { [[ $1 =~ ^[1-9][0-9]{0,8}$ && $1 -ge $2 && $1 -le $3 ]]; }

mistake() { mistakes+=("line $line_number: $*"); }

read_spec() {
  local line line_number=0 source=$spec_file
  local -a words
  [[ -n $source ]] || die 2 "SPEC is missing; - reads standard input"
  [[ $source != - ]] || source=/dev/stdin
  [[ -r $source ]] || die 2 "$spec_file cannot be read"
  while IFS= read -r line || [[ -n $line ]]; do
    line_number=$((line_number + 1))
    [[ $line_number -le 10000 ]] || { mistake "more than 10000 lines"; break; }
    [[ $line != *[!a-z0-9\ ./-]* ]] || { mistake "a character that no spec has"; continue; }
    read -r -a words <<<"$line"
    [[ ${#words[@]} -gt 0 ]] || continue
    case ${words[0]}/${#words[@]} in
      host/5 | host/4) spec_host "${words[@]:1}" ;;
      peer/3) spec_peer "${words[@]:1}" ;;
      link/7) spec_link "${words[@]:1}" ;;
      tap/5) spec_tap "${words[@]:1}" ;;
      host/* | peer/* | link/* | tap/*) mistake "${words[0]} with $((${#words[@]} - 1)) fields; --help shows which it takes" ;;
      *) mistake "\"${words[0]}\" is unknown; a line starts with host, peer, link or tap" ;;
    esac
  done <"$source"
  if [[ ${#mistakes[@]} -gt 0 ]]; then
    printf 'network: %s\n' "${mistakes[@]}" >&2
    exit 2
  fi
}

spec_host() {
  local name=$1 kind=$2 address=${3%%/*} prefix=32 netns=${4:-}
  [[ $name =~ $name_pattern && -z ${host_kind[$name]:-} ]] || { mistake "host \"$name\" is no name, or is there twice"; return; }
  is_address "$address" || { mistake "\"$address\" is no IPv4 address"; return; }
  case $kind/$# in
    namespace/4)
      prefix=${3##*/}
      [[ $3 == */* ]] && is_number "$prefix" 1 30 || { mistake "\"$3\" needs a prefix from /1 to /30"; return; }
      [[ $netns =~ $netns_pattern ]] || { mistake "\"$netns\" is no name for a namespace"; return; }
      ;;
    machine/3) ;;
    *) mistake "a host is \"namespace ADDRESS/PREFIX NETNS\" or \"machine ADDRESS\""; return ;;
  esac
  hosts+=("$name")
  host_kind[$name]=$kind host_address[$name]=$address host_prefix[$name]=$prefix host_netns[$name]=$netns
}

spec_peer() {
  [[ $1 =~ $name_pattern ]] || { mistake "peer \"$1\" is no name"; return; }
  is_address "$2" || { mistake "\"$2\" is no IPv4 address"; return; }
  peer_address[$1]=$2
}

spec_link() {
  local key=$1/$2
  [[ -n ${host_kind[$1]:-} ]] || { mistake "link on host \"$1\", which no line before names"; return; }
  [[ $2 =~ $name_pattern && -z ${link_vni[$key]:-} ]] || { mistake "link \"$2\" is no name, or is there twice on $1"; return; }
  is_number "$3" 1 16777215 || { mistake "VNI \"$3\" is not from 1 to 16777215"; return; }
  is_number "$4" 1 65535 || { mistake "port \"$4\" is not from 1 to 65535"; return; }
  [[ $5 =~ $device_pattern && $6 =~ $device_pattern && $5 != "$6" ]] || { mistake "\"$5\" and \"$6\" must be two names of interfaces (15 characters)"; return; }
  links+=("$key")
  link_vni[$key]=$3 link_port[$key]=$4 link_bridge[$key]=$5 link_vxlan[$key]=$6
}

spec_tap() {
  local key=$1/$2
  [[ -n ${link_vni[$key]:-} ]] || { mistake "tap on link \"$key\", which no line before names"; return; }
  [[ $3 =~ $device_pattern && -z ${tap_bridge[$3]:-} ]] || { mistake "tap \"$3\" is no name of an interface (15 characters), or is there twice"; return; }
  [[ $4 =~ $label_pattern ]] || { mistake "\"$4\" is not VM/NIC"; return; }
  taps+=("$3")
  tap_bridge[$3]=${link_bridge[$key]} tap_label[$3]=$key/$4
}
