# shellcheck shell=bash disable=SC2154 # build.sh sets what this file uses
# A private apt root for each architecture: package lists, the resolved set and the downloaded packages, without
# root and without touching the machine's own apt. Sourced.
#
# A resolved set is a file of lines "NAME VERSION SHA256 FILE", sorted: the same for every mirror.

debian_arch() {
  case $1 in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
  esac
}

wanted_packages() {
  sed --quiet '/^[a-z]/p' "$here/packages.list"
  echo "linux-image-$1"
}

apt_root() {
  echo "$cache/apt/$release-$1"
}

resolved_file() {
  local key
  key=$(sha256sum <"$here/packages.list")
  echo "$(apt_root "$1")/resolved-$2-${key:0:12}"
}

make_apt_root() {
  local deb=$1 root name
  root=$(apt_root "$deb")
  mkdir --parents "$root/lists/partial" "$root/cache/archives/partial" "$root/cache/none/partial"
  write_sources_list >"$root/sources.list"

  sed --quiet 's/^-//p' "$here/packages.list" | while read -r name; do
    printf 'Package: %s\nStatus: install ok installed\nVersion: 99:0\nArchitecture: %s\n' "$name" "$deb"
    printf 'Maintainer: none\nDescription: counted as installed\n\n'
  done >"$root/status"

  # Given with --config-file, which apt reads last: proxies, certificates and credentials of the machine stay in force,
  # its hooks, pins and foreign architectures do not.
  cat >"$root/apt.conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
#clear Acquire::IndexTargets::deb::DEP-11;
APT::Architecture "$deb";
APT::Architectures { "$deb"; };
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
APT::Sandbox::User "root";
Acquire::ForceHash "SHA256";
Acquire::GzipIndexes "false";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::State "$root";
Dir::State::status "$root/status";
Dir::State::lists "$root/lists";
Dir::Cache "$root/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
END
}

# Runs apt-get in the root of an architecture; what it says is kept for explain_apt.
apt_in() {
  local deb=$1
  shift
  LC_ALL=C apt-get --config-file "$(apt_root "$deb")/apt.conf" "$@" 2>"$(apt_root "$deb")/apt.errors"
}

update_lists() {
  say "fetch package lists ($release, $1)"
  apt_in "$1" update --error-on=any >/dev/null && touch "$(apt_root "$1")/fetched"
}

# resolve DEB SET NAME…: writes the resolved set atomically. apt names only what it does not have yet: it is shown an
# empty folder of packages.
resolve() {
  local deb=$1 set=$2 file
  shift 2
  file=$(resolved_file "$deb" "$set")
  apt_in "$deb" install --option Dir::Cache::archives=none --print-uris "$@" |
    sed --quiet --regexp-extended "s/^'.*' ([^_ ]+)_([^_ ]+)_[^ ]* [0-9]+ SHA256:([0-9a-f]+)$/\1 \2 \3/p" |
    while read -r name version sha256; do
      echo "$name ${version//%3a/:} $sha256 ${name}_${version}"
    done | LC_ALL=C sort >"$file.new" || return 1
  [[ -s $file.new ]] && mv "$file.new" "$file"
}

download() {
  local deb=$1
  shift
  apt_in "$deb" install --download-only "$@" >/dev/null
}

# prepare_packages DEB SET REFRESH NAME…: lists, resolved set and packages, from the cache as far as it has them.
# What fails with lists of an earlier run or with damaged ones is tried once more with fresh ones.
prepare_packages() {
  local deb=$1 set=$2 refresh=$3 root
  shift 3
  root=$(apt_root "$deb")
  mkdir --parents "$root"
  lock "$root/lock" "another run's downloads for $deb"
  if [[ $refresh == no ]] && have_packages "$deb" "$set"; then
    unlock
    return 0
  fi
  make_apt_root "$deb"
  if [[ $refresh == no && -e $root/fetched ]]; then
    say "packages by lists of $(age_of "$root/fetched") ($deb, $set)"
    if resolve "$deb" "$set" "$@" && download "$deb" "$@"; then
      unlock
      return 0
    fi
    say "package lists of $(age_of "$root/fetched") are not usable any more, fetching them again"
    rm --recursive --force "$root/lists" "$root/cache/pkgcache.bin"
    make_apt_root "$deb"
  fi
  update_lists "$deb" || explain_apt "$deb"
  resolve "$deb" "$set" "$@" || explain_apt "$deb"
  say "download $(wc --lines <"$(resolved_file "$deb" "$set")") packages ($deb)"
  download "$deb" "$@" || explain_apt "$deb"
  drop_old_packages "$deb"
  unlock
}

# A week's grace: a run from another checkout, with another set, may be unpacking them right now.
drop_old_packages() {
  local root deb_file
  root=$(apt_root "$1")
  find "$root" -maxdepth 1 -name 'resolved-*' -mtime +30 -delete
  find "$root/cache/archives" -maxdepth 1 -name '*.deb' -mtime +7 | while read -r deb_file; do
    deb_file=${deb_file##*/}
    grep --quiet --fixed-strings --line-regexp --regexp="${deb_file%_*.deb}" \
      <(cut --delimiter=' ' --fields=4 "$root"/resolved-*) || rm "$root/cache/archives/$deb_file"
  done
}

# Prints the package files of a resolved set.
package_files() {
  local root name version sha256 file
  root=$(apt_root "$1")
  while read -r name version sha256 file; do
    printf '%s\n' "$root/cache/archives/${file}"_*.deb
  done <"$(resolved_file "$1" "$2")"
}

# Whether the resolved set is as new as the lists and all of it is there. apt has checked what it put there.
have_packages() {
  local resolved file
  resolved=$(resolved_file "$1" "$2")
  [[ -s $resolved && $resolved -nt $(apt_root "$1")/fetched ]] || return 1
  while read -r file; do
    [[ -s $file ]] || return 1
  done < <(package_files "$1" "$2")
}

explain_apt() {
  local errors
  errors=$(apt_root "$1")/apt.errors
  grep '^[EW]:' "$errors" | head --lines=6 >&2 || true
  case $(<"$errors") in
    *"No space left"* | *"don't have enough free space"*)
      fail "the disk of $cache is full" "free some space, or put the cache elsewhere with LABNET_CACHE=DIR" ;;
    *NO_PUBKEY* | *EXPKEYSIG* | *"not signed"* | *BADSIG* | *"invalid signature"* | *"Signed-By"* | *"verification failed"*)
      fail "the signature of $release at $mirror could not be checked with $keyring" \
        "apt-get install debian-archive-keyring (a newer one), or name the right keyring in LABNET_DEBIAN_KEYRING" ;;
    *"not valid yet"* | *"is expired"*)
      fail "the package lists' dates do not fit this machine's clock" "set the clock, or use another --mirror" ;;
    *"Could not resolve"* | *"Temporary failure"* | *"Could not connect"* | *"Unable to connect"* | *"Cannot initiate"* | *imed\ out* | *"Connection failed"*)
      fail "no network: $mirror could not be reached" \
        "check the network and apt's proxy (apt-config dump Acquire::http), or give a nearer --mirror URL" ;;
    *404* | *"does not have a Release file"*)
      fail "release '$release' is not at $mirror, or not at $security_mirror" \
        "check --release, --mirror and --security-mirror (none: without security updates)" ;;
    *"Hash Sum mismatch"* | *"unexpected size"* | *"Unable to parse"* | *"MergeList"* | *"package lists or status file"*)
      fail "broken package index at $mirror" "try again in some minutes (a mirror in the middle of its update), or use another --mirror" ;;
    *"Unable to locate package"* | *"unmet dependencies"* | *"held broken"* | *"no installation candidate"*)
      fail "the packages of packages.list do not fit release '$release'" "check --release; bookworm and trixie are known to work" ;;
    *) fail "apt could not get the packages" "see $errors" ;;
  esac
}
