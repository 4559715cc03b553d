# shellcheck shell=bash
# shellcheck source=infra/lab.d/setup.sh
source "$infra/lab.d/setup.sh"

readonly pci_devices=$root/pci-device

pci_usage() {
  cat >&2 <<'TXT'
Usage: ./infra/lab pci build [--force]   builds the devices for the QEMU that is installed, and prints the folder; what did not
                                         change is not built again, --force fetches and builds all of it
       ./infra/lab pci new NAME          begins a device: a register table and a source that builds, with three registers and an interrupt
       ./infra/lab pci list              the devices, and whether they are built
TXT
}

lab_pci() {
  local command=${1:-}
  [[ $# -eq 0 ]] || shift
  case $command in
    build) pci_build "$@" ;;
    new) pci_new "$@" ;;
    list) pci_list ;;
    --help | help) pci_usage ;;
    *) pci_usage; exit 2 ;;
  esac
}

pci_build() {
  [[ $# -eq 0 || ($# -eq 1 && $1 == --force) ]] || { pci_usage; exit 2; }
  setup_pci_packages
  LABNET_CACHE=$cache_root "$infra/pci/build.sh" "$@"
}

pci_new() {
  local made
  [[ $# -eq 1 ]] || { pci_usage; exit 2; }
  made=$("$infra/pci/new.sh" "$1") || exit
  printf '%s\n' "$made"
  say "Build it with ./infra/lab pci build, test it with ./infra/lab test pci, and plug it in on a VM's Workbench part as \"$1\"."
}

# What a build of the devices needs beside QEMU.
setup_pci_packages() {
  local missing=()
  setup_packages
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  pkg-config --exists glib-2.0 2>/dev/null || missing+=(libglib2.0-dev)
  /usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3 python3-yaml)
  command -v dpkg-source >/dev/null || missing+=(dpkg-dev)
  command -v make >/dev/null || missing+=(make)
  # For the programs and the driver of the guests of the other architecture.
  case $(uname --machine) in
    x86_64) command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    aarch64) command -v x86_64-linux-gnu-gcc >/dev/null || missing+=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross) ;;
  esac
  [[ ${#missing[@]} -eq 0 ]] || apt_install "${missing[@]}"
}

pci_list() {
  local model name
  for model in "$pci_devices"/models/*.yaml; do
    name=$(basename "$model" .yaml)
    printf '%-20s %-10s %s\n' "$name" "$(pci_state "$name")" "$(sed --quiet 's/^title: *//p' "$model")"
  done
}

# Of a device: is it in the newest build as it is here?
pci_state() {
  local current=$cache_root/pci/current
  if [[ ! -e $pci_devices/src/$1.c ]]; then
    echo "no source"
  elif ! cmp --silent "$pci_devices/models/$1.yaml" "$current/models/$1.yaml"; then
    echo "not built"
  elif [[ $pci_devices/src/$1.c -nt $current/manifest.json ]]; then
    echo "changed"
  else
    echo "built"
  fi
}
