# shellcheck shell=bash
# shellcheck source=infra/lab.d/setup.sh
source "$infra/lab.d/setup.sh"
# shellcheck source=infra/lab.d/pci.sh
source "$infra/lab.d/pci.sh"

# Each suite's budget in seconds on 2 cores; a suite that takes longer has failed.
declare -A budget=([unit]=90 [fake]=90 [network]=90 [pci]=90 [qemu]=780 [browser]=900)
readonly test_program=$root/artifacts/bin/LabNet.Tests/release/LabNet.Tests

passed=0
failed=0
skipped=0

# As LongForm of LabNet.Tests: so many times the rounds, so many times the budget.
readonly long_factor=20

lab_test() {
  local suites=() suite asked=() long=no
  for suite in "$@"; do
    case $suite in
      --long) long=yes ;;
      *) asked+=("$suite") ;;
    esac
  done
  [[ $long == no ]] || take_long_form
  for suite in "${asked[@]:-all}"; do
    case $suite in
      all) suites+=(unit fake network pci qemu browser) ;;
      unit | fake | network | pci | qemu | browser) suites+=("$suite") ;;
      -*) die 2 "test has the option --long, not \"$suite\"" ;;
      *) die 2 "there are the suites unit, fake, network, pci, qemu, browser and all, not \"$suite\"" ;;
    esac
  done
  setup_packages
  setup_sdk
  prepare_suites "${suites[@]}"
  for suite in "${suites[@]}"; do
    run_suite "$suite"
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [[ $failed -eq 0 ]]
}

take_long_form() {
  local suite
  for suite in "${!budget[@]}"; do
    budget[$suite]=$((budget[$suite] * long_factor))
  done
  export LABNET_TEST_LONG=1
}

prepare_suites() {
  local log
  case " $* " in *' qemu '* | *' browser '*) setup_app_and_guests ;; esac
  case " $* " in *' unit '*) command -v protoc >/dev/null || apt_install protobuf-compiler ;; esac
  case " $* " in *' unit '* | *' qemu '*) command -v tshark >/dev/null || apt_install tshark ;; esac
  case " $* " in *' pci '* | *' qemu '* | *' browser '*) setup_pci ;; esac
  case " $* " in *' network '*) command -v ping >/dev/null || apt_install iputils-ping ;; esac
  case " $* " in *' browser '*) command -v chromium >/dev/null || apt_install chromium fonts-dejavu-core ;; esac
  say "Building the tests ..."
  log=$(mktemp)
  dotnet build "$root/LabNet.Tests" --configuration Release --nologo --verbosity quiet >"$log" 2>&1 || { cat "$log"; die 1 "the tests do not compile"; }
  rm --force "$log"
}

# Outside of the suite's budget: the first time it fetches QEMU's source.
setup_pci() { pci_build >/dev/null; }

run_suite() {
  local suite=$1 log status=0 started=$SECONDS
  log=$(mktemp)
  say "Suite $suite (at most ${budget[$suite]} s) ..."
  if [[ $suite == network ]]; then
    timeout "${budget[$suite]}" "$infra/network-test.sh" 2>&1 | tee "$log" || status=$?
  else
    timeout --kill-after=10 "${budget[$suite]}" "$test_program" -trait "suite=$suite" -noColor 2>&1 | tee "$log" || status=$?
  fi
  count_results "$suite" "$status" <"$log"
  rm --force "$log"
  say "Suite $suite took $((SECONDS - started)) s"
}

# Adds the counts of the runner's summary, or of a script's last line; a suite without either has failed as a whole.
count_results() {
  local line pattern='Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+)' plain='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$' seen=no bad=0
  while IFS= read -r line; do
    if [[ $line =~ $pattern ]]; then
      seen=yes
      bad=$((BASH_REMATCH[2] + BASH_REMATCH[3]))
      failed=$((failed + bad))
      skipped=$((skipped + BASH_REMATCH[4]))
      passed=$((passed + BASH_REMATCH[1] - BASH_REMATCH[3] - BASH_REMATCH[4]))
    elif [[ $line =~ $plain ]]; then
      seen=yes
      bad=${BASH_REMATCH[2]}
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + bad))
      skipped=$((skipped + BASH_REMATCH[3]))
    fi
  done
  if [[ $seen == no || ($2 -ne 0 && $bad -eq 0) ]]; then
    say "Suite $1 ended with status $2 before it could count (124: its budget of ${budget[$1]} s was used up)"
    failed=$((failed + 1))
  fi
}
