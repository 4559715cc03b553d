# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# Where the guests' packages come from: release, mirrors and the keyring that must have signed them. Sourced.

os_release() {
  (
    # shellcheck source=/dev/null
    . /etc/os-release
    printf '%s' "${!1:-}"
  )
}

default_release() {
  local codename=''
  [[ "$(os_release ID)" != debian ]] || codename=$(os_release VERSION_CODENAME)
  echo "${codename:-bookworm}"
}

# The mirror from which this machine's own apt takes a suite such as bookworm-security. Other vendors' archives may
# use the same suite and component names, so an address that says Debian goes first.
machine_mirror() {
  local uris
  uris=$(machine_uris "$1")
  [[ -n $uris ]] || return 1
  grep --max-count=1 '/debian' <<<"$uris" || head --lines=1 <<<"$uris"
}

# Without lists and status, and with --no-release-info, apt answers from its sources alone: at once, and also on a
# machine that has never fetched a list.
machine_uris() {
  local suite=$1 found component uri
  # shellcheck disable=SC2016 # the dollar signs are apt's
  apt-get --option Dir::State::lists=/nonexistent --option Dir::State::status=/dev/null \
    indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    while read -r found component uri; do
      [[ $found != "$suite" || $component != main ]] || echo "${uri%/}"
    done
}

debootstrap_mirror() {
  local script=/usr/share/debootstrap/scripts/sid
  [[ -r $script ]] || return 1
  sed --quiet --regexp-extended 's/^[[:space:]]*default_mirror[[:space:]]+(http[^[:space:]]+).*/\1/p' "$script" | head --lines=1
}

archive_keyring() {
  local keyring
  for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
    if [[ -r $keyring ]]; then
      echo "$keyring"
      return 0
    fi
  done
  return 1
}

# Sets mirror, security_mirror and keyring where options and environment have not.
find_sources() {
  local codename=''
  if [[ "$(os_release ID)" == debian ]]; then
    codename=$(os_release VERSION_CODENAME)
    [[ -n $mirror ]] || mirror=$(machine_mirror "$codename" || machine_mirror stable || true)
    [[ -n $security_mirror ]] ||
      security_mirror=$(machine_mirror "$codename-security" || machine_mirror stable-security || true)
  fi
  [[ -n $mirror ]] || mirror=$(debootstrap_mirror || true)
  [[ -n $mirror ]] || fail "no Debian mirror is known: this machine's apt has no Debian source" \
    "give one with --mirror URL or LABNET_DEBIAN_MIRROR, or apt-get install debootstrap, which knows a default"
  # Debian's own hosts have the security archive beside the main one.
  [[ -n $security_mirror ]] || security_mirror=${mirror%/}-security

  [[ -n $keyring ]] || keyring=$(archive_keyring || true)
  [[ -r $keyring ]] || fail "no keyring to check Debian's signatures with" \
    "apt-get install debian-archive-keyring, or name one in LABNET_DEBIAN_KEYRING"
}

write_sources_list() {
  echo "deb [signed-by=$keyring] $mirror $release main"
  [[ $release != sid && $release != unstable ]] || return 0
  echo "deb [signed-by=$keyring] $mirror $release-updates main"
  [[ $security_mirror == none ]] || echo "deb [signed-by=$keyring] $security_mirror $release-security main"
}
