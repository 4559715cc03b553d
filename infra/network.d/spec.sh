# Reads a spec, which may come through sudo from anybody: each field is checked, and every mistake is told at once.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to network.sh

readonly name_pattern='^[a-z][a-z0-9-]{0,30}$'
readonly device_pattern='^[a-z0-9][a-z0-9.-]{0,14}$'
readonly netns_pattern='^labnet-[a-z0-9.-]{1,72}$'
readonly label_pattern='^[a-z][a-z0-9-]{0,30}/[a-z0-9]{1,15}$'

# A lab of 100 VMs has some 20 kB. The limits keep a device or a file of another kind from being read as root for ever.
readonly spec_bytes_max=1000000 spec_lines_max=10000 mistakes_told_max=20

declare -A host_kind=() host_address=() host_prefix=() host_netns=() peer_address=() claimed=()
declare -A link_vni=() link_port=() link_bridge=() link_vxlan=() tap_bridge=() tap_label=() tap_host=()
declare -a hosts=() links=() taps=() mistakes=()

is_address() {
  local octet
  [[ $1 =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || return 1
  for octet in ${1//./ }; do
    [[ $octet == 0 || $octet != 0* ]] && [[ $octet -le 255 ]] || return 1
  done
  # "This network", loopback, multicast and reserved ones are no host's.
  [[ ${1%%.*} -ne 0 && ${1%%.*} -ne 127 && ${1%%.*} -lt 224 ]]
}

is_number() { [[ $1 =~ ^[1-9][0-9]{0,8}$ && $1 -ge $2 && $1 -le $3 ]]; }

mistake() { mistakes+=("line $line_number: $*"); }

# claim KIND NAME: true once for each name of a kind.
claim() {
  [[ -z ${claimed[$1/$2]:-} ]] || return 1
  claimed[$1/$2]=yes
}

read_spec() {
  local line line_number=0 source=$spec_file spec
  local -a words
  [[ -n $source ]] || die 2 "SPEC is missing; - reads standard input"
  # bash drops NULs; as a character that no spec has they are refused.
  spec=$(head --bytes=$((spec_bytes_max + 1)) -- "$source" 2>/dev/null | tr '\0' '!') || die 2 "SPEC $spec_file cannot be read as a file"
  [[ ${#spec} -le $spec_bytes_max ]] || die 2 "SPEC $spec_file has more than $spec_bytes_max bytes"
  claim namespace "$hub"
  # The kernel lets no interface be called so, or a namespace already has one.
  for line in all default lo "$underlay"; do claim device "$line"; done
  while IFS= read -r line; do
    line_number=$((line_number + 1))
    [[ $line_number -le $spec_lines_max ]] || { mistake "more than $spec_lines_max lines"; break; }
    [[ $line != *[!a-z0-9\ ./-]* ]] || { mistake "a character that no spec has"; continue; }
    read -r -a words <<<"$line"
    [[ ${#words[@]} -gt 0 ]] || continue
    case ${words[0]}/${#words[@]} in
      host/5 | host/4) spec_host "${words[@]:1}" ;;
      peer/3) spec_peer "${words[@]:1}" ;;
      link/7) spec_link "${words[@]:1}" ;;
      tap/5) spec_tap "${words[@]:1}" ;;
      host/* | peer/* | link/* | tap/*) mistake "${words[0]} with $((${#words[@]} - 1)) fields; --help shows which it takes" ;;
      # The word is not told: through sudo any file can be given as SPEC.
      *) mistake "a line starts with host, peer, link or tap" ;;
    esac
  done <<<"$spec"
  spec_as_a_whole
  if [[ ${#mistakes[@]} -gt 0 ]]; then
    printf 'network: %s\n' "${mistakes[@]:0:mistakes_told_max}" >&2
    [[ ${#mistakes[@]} -le mistakes_told_max ]] || say "network: and $((${#mistakes[@]} - mistakes_told_max)) more mistakes"
    exit 2
  fi
}

# An empty spec is what a program that failed hands over in a pipe; it would remove the whole lab.
spec_as_a_whole() {
  [[ ${#hosts[@]} -gt 0 || ${#mistakes[@]} -gt 0 ]] || mistakes+=("SPEC has no host; what removes a lab is: network.sh down --lab $lab")
  [[ " ${host_kind[*]}" != *' namespace'* || (" ${host_kind[*]}" != *' machine'* && ${#peer_address[@]} -eq 0) ]] ||
    mistakes+=("hosts in namespaces cannot reach other machines: let all hosts of a lab be of one kind")
}

spec_host() {
  local name=$1 kind=$2 address=${3%%/*} prefix=32 netns=${4:-}
  [[ $name =~ $name_pattern ]] && claim host "$name" || { mistake "host \"$name\" is no name, or is there twice"; return; }
  is_address "$address" && claim address "$address" || { mistake "\"$address\" is no IPv4 address of a host, or is there twice"; return; }
  case $kind/$# in
    namespace/4)
      prefix=${3##*/}
      [[ $3 == */* ]] && is_number "$prefix" 1 30 || { mistake "\"$3\" needs a prefix from /1 to /30"; return; }
      [[ $netns =~ $netns_pattern ]] && claim namespace "$netns" || { mistake "\"$netns\" is no name for a namespace (labnet-...), or is there twice"; return; }
      ;;
    machine/3) [[ $3 == "$address" ]] || { mistake "\"$3\" of a machine takes no prefix"; return; } ;;
    *) mistake "a host is \"namespace ADDRESS/PREFIX NETNS\" or \"machine ADDRESS\""; return ;;
  esac
  hosts+=("$name")
  host_kind[$name]=$kind host_address[$name]=$address host_prefix[$name]=$prefix host_netns[$name]=$netns
}

spec_peer() {
  [[ $1 =~ $name_pattern ]] && claim host "$1" || { mistake "peer \"$1\" is no name, or is there twice"; return; }
  is_address "$2" && claim address "$2" || { mistake "\"$2\" is no IPv4 address of a host, or is there twice"; return; }
  peer_address[$1]=$2
}

spec_link() {
  local key=$1/$2 stack
  [[ -n ${host_kind[$1]:-} ]] || { mistake "link on host \"$1\", which no line before names"; return; }
  [[ $2 =~ $name_pattern && -z ${link_vni[$key]:-} ]] || { mistake "link \"$2\" is no name, or is there twice on $1"; return; }
  is_number "$3" 1 16777215 || { mistake "VNI \"$3\" is not from 1 to 16777215"; return; }
  is_number "$4" 1 65535 || { mistake "port \"$4\" is not from 1 to 65535"; return; }
  stack=${host_netns[$1]:-machine}
  claim vni "$stack/$3/$4" || { mistake "VNI $3 on port $4 is there twice on $1; it would be one link"; return; }
  [[ $5 =~ $device_pattern && $6 =~ $device_pattern ]] && claim device "$5" && claim device "$6" ||
    { mistake "\"$5\" and \"$6\" must be two names of interfaces (15 characters) that no other line has"; return; }
  links+=("$key")
  link_vni[$key]=$3 link_port[$key]=$4 link_bridge[$key]=$5 link_vxlan[$key]=$6
}

spec_tap() {
  local key=$1/$2
  [[ -n ${link_vni[$key]:-} ]] || { mistake "tap on link \"$key\", which no line before names"; return; }
  [[ $3 =~ $device_pattern ]] && claim device "$3" || { mistake "tap \"$3\" is no name of an interface (15 characters), or is there twice"; return; }
  [[ $4 =~ $label_pattern ]] || { mistake "\"$4\" is not VM/NIC"; return; }
  taps+=("$3")
  tap_host[$3]=$1 tap_bridge[$3]=${link_bridge[$key]} tap_label[$3]=$key/$4
}
