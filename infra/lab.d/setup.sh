# What a fresh machine needs: packages, the .NET SDK, the application and the guests. Sourced by up and test.
# shellcheck shell=bash

# apt's own lock may be held by an unattended upgrade: wait for it.
apt_install() {
  say "Installing packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=300 --quiet --quiet update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=300 --quiet --quiet \
    install --yes --no-install-recommends "$@" >&2
}

setup_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -eq 0 ]] && return
  command -v apt-get >/dev/null || die 1 "these programs' packages are missing, and this machine has no apt: ${missing[*]}"
  apt_install "${missing[@]}"
}

has_sdk() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep --quiet '^10\.'; }

setup_sdk() {
  has_sdk && return
  if command -v apt-get >/dev/null && apt-cache policy dotnet-sdk-10.0 2>/dev/null | grep --quiet 'Candidate: [0-9]'; then
    apt_install dotnet-sdk-10.0
  fi
  has_sdk || die 1 "LabNet needs the .NET 10 SDK, and this machine's package sources do not have it (package dotnet-sdk-10.0).
Microsoft's install page for your distribution tells how to get it; then run this again."
}

# Publishes the application unless nothing changed since the last time.
setup_app() {
  local stamp=$app_folder/.built
  if [[ -f $stamp && -z $(find "$root"/LabNet.Core "$root"/LabNet.Web "$root"/Directory.*.props "$root"/global.json -newer "$stamp" -type f -print -quit) ]]; then
    return
  fi
  say "Building LabNet (about 30 s the first time) ..."
  local log
  log=$(mktemp)
  if ! dotnet publish "$root/LabNet.Web" --configuration Release --nologo --verbosity quiet >"$log" 2>&1; then
    cat "$log" >&2
    rm --force "$log"
    die 1 "LabNet could not be built; what the compiler said stands above"
  fi
  rm --force "$log"
  touch "$stamp"
}

setup_guests() { LABNET_CACHE=$cache_root "$infra/guests/build.sh" >/dev/null; }

# Both at once: one waits for the network while the other computes.
setup_app_and_guests() {
  setup_guests &
  local guests=$! failed=0
  setup_app || failed=$?
  wait "$guests" || failed=$?
  [[ $failed -eq 0 ]] || die "$failed" "set-up ended with an error; what it was stands above. ./infra/lab up goes on where it stopped"
}
