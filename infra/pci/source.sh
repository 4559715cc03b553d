# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# QEMU's source, of exactly the version that is installed, from the archive that the machine's packages come from. Sourced.

# What "qemu-system-ARCH --version" says without its first words: 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
qemu_version() {
  "qemu-system-$1" --version | sed --quiet --regexp-extended '1s/^QEMU emulator version //p'
}

# The version of the source package, without the "+b3" of a rebuilt binary.
qemu_source_version() {
  local file package
  file=$(readlink --canonicalize "$(command -v qemu-system-x86_64)") || return 1
  package=$(dpkg-query --search "$file" 2>/dev/null | sed --quiet '1s/: .*//p')
  # shellcheck disable=SC2016 # the dollar sign is dpkg's
  [[ -n $package ]] && dpkg-query --show --showformat='${source:Package} ${source:Version}\n' "$package"
}

# The archives of the machine's own apt that may have the source, as deb-src lines. A suite of the distribution begins with its codename
# or is called stable; others' archives would only cost time. apt does not tell by which key it trusts an archive, but the distributions
# keep theirs in one place.
source_lines() {
  local id codename keyring='' file suite component uri
  id=$(. /etc/os-release && echo "$ID")
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  for file in "/usr/share/keyrings/$id-archive-keyring".{gpg,pgp}; do
    [[ ! -r $file ]] || keyring="[signed-by=$file] "
  done
  # shellcheck disable=SC2016 # the dollar signs are apt's
  apt-get --option Dir::State::lists=/nonexistent --option Dir::State::status=/dev/null \
    indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    while read -r suite component uri; do
      case $suite in "$codename"* | stable*) echo "deb-src $keyring${uri%/} $suite $component" ;; esac
    done | sort --unique
}

# apt-get with lists and a cache of our own: the machine's stay as they are, and no root is needed.
apt_of_ours() {
  local root=$1
  shift
  LC_ALL=C apt-get --quiet --quiet --option Dir::Etc::sourcelist="$root/sources.list" --option Dir::Etc::sourceparts=/dev/null \
    --option Dir::State::lists="$root/lists" --option Dir::Cache="$root/cache" --option APT::Sandbox::User= \
    --option Acquire::Languages=none --option Acquire::Retries=2 "$@"
}

# fetch_qemu_source FOLDER: unpacks the source into FOLDER/source, with the distribution's patches.
fetch_qemu_source() {
  local folder=$1 root=$1/apt package version
  read -r package version < <(qemu_source_version) || true
  [[ -n ${version:-} ]] || fail "qemu-system-x86_64 is no package of this machine's distribution, and its headers are not to be had" \
    "install the package qemu-system-x86, or build a QEMU that has the devices: ./infra/qemu/build.sh"
  mkdir --parents "$root/lists/partial" "$root/cache/archives/partial"
  source_lines >"$root/sources.list"
  [[ -s $root/sources.list ]] || fail "this machine's apt has no archive of its distribution" "add one to /etc/apt/sources.list.d"
  say "fetch the source of $package $version (24 MB)"
  apt_of_ours "$root" update >"$root/log" 2>&1 || { cat "$root/log" >&2; fail "the archive's lists could not be fetched" "check the network, then run this again"; }
  (cd "$folder" && apt_of_ours "$root" source --download-only "$package=$version") >"$root/log" 2>&1 || {
    cat "$root/log" >&2
    fail "the archive does not have the source of $package $version" \
      "bring QEMU to the archive's version: apt-get update && apt-get install qemu-system-x86 qemu-system-arm qemu-utils"
  }
  dpkg-source --extract "$folder"/*.dsc "$folder/source" >"$root/log" 2>&1 || { cat "$root/log" >&2; fail "the source could not be unpacked" "see above"; }
}
