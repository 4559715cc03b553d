# shellcheck shell=bash
# shellcheck source=infra/lab.d/setup.sh
source "$infra/lab.d/setup.sh"

# Of the state and cache folders' file systems: guests 1.5 GB while they are built, disks, history.
readonly free_mib_min=4096

findings=0
good() { printf '  ok    %s\n' "$*"; }
note() { printf '  note  %s\n' "$*"; }
bad() {
  printf '  BAD   %s\n' "$*"
  findings=$((findings + 1))
}

lab_doctor() {
  [[ $# -eq 0 ]] || die 2 "doctor takes no arguments"
  doctor_system
  doctor_packages
  doctor_kvm
  doctor_network
  doctor_disk
  [[ $findings -eq 0 ]] || exit 1
}

doctor_system() {
  case $(uname --machine) in
    x86_64 | aarch64) good "machine: $(uname --machine), $(nproc) CPUs, $(awk '/MemTotal/ {printf "%.1f", $2 / 1048576}' /proc/meminfo) GiB" ;;
    *) bad "machine: $(uname --machine); LabNet runs on x86_64 and aarch64" ;;
  esac
  if [[ $EUID -eq 0 ]]; then note "user: root. QEMU runs as root too; an ordinary user is safer"; else good "user: $(id --user --name)"; fi
}

doctor_packages() {
  local missing version
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} -eq 0 ]]; then good "packages: all there"; else bad "packages missing: ${missing[*]}. ./infra/lab up installs them"; fi
  if has_sdk; then good ".NET SDK: $(dotnet --version)"; else bad ".NET 10 SDK missing. ./infra/lab up installs it where it can be had"; fi
  if command -v qemu-system-x86_64 >/dev/null; then
    version=$(qemu-system-x86_64 --version | sed --quiet '1s/.*version \([0-9.]*\).*/\1/p')
    if [[ $(printf '%s\n7.2\n' "$version" | sort --version-sort | head --lines=1) == 7.2 ]]; then
      good "QEMU: $version"
    else
      bad "QEMU: $version; LabNet needs 7.2 or newer. Use the container (compose.yaml) on this machine"
    fi
  fi
}

doctor_kvm() {
  if [[ ! -e /dev/kvm ]]; then
    note "KVM: no /dev/kvm; guests run under TCG, several times slower"
  elif [[ $(uname --machine) == x86_64 ]] && ! grep --quiet --extended-regexp '\b(vmx|svm)\b' /proc/cpuinfo; then
    note "KVM: /dev/kvm is there, but the CPU shows neither vmx nor svm; guests run under TCG"
  elif [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
    note "KVM: /dev/kvm may not be opened; sudo adduser $(id --user --name) kvm, then log in again"
  else
    good "KVM: /dev/kvm opens; whether guests run under it is tried at the first start"
  fi
}

doctor_network() {
  if [[ -c /dev/net/tun ]]; then good "tun: /dev/net/tun"; else note "tun: no /dev/net/tun, so links go by LabNet's own relay, which is slower. For links of the kernel: sudo modprobe tun; in a container, hand the device in"; fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    note "root: there is neither root nor sudo; links go by LabNet's own relay, and trace events have no place"
  fi
  local filter=/proc/sys/net/bridge/bridge-nf-call-iptables
  if [[ -r $filter && $(<"$filter") == 1 ]] && command -v iptables >/dev/null; then
    note "bridges: the firewall sees bridged frames here (Docker does that); LabNet adds a rule of its own for its bridges"
  fi
  if (exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null; then note "port 5000: in use; if not by LabNet, use ./infra/lab up --port N"; else good "port 5000: free"; fi
}

doctor_disk() {
  local folder free
  for folder in "$state_root" "$cache_root"; do
    while [[ ! -d $folder ]]; do folder=$(dirname -- "$folder"); done
    free=$(df --output=avail --block-size=1M "$folder" | tail --lines=1)
    if [[ $free -ge $free_mib_min ]]; then good "disk: $((free / 1024)) GiB free at $folder"; else bad "disk: $free MiB free at $folder; LabNet wants $free_mib_min"; fi
  done
}
