# shellcheck shell=bash

readonly chaos_glance_seconds=1

chaos_usage() {
  cat >&2 <<'TXT'
Usage: ./infra/lab chaos run PLAN [--seed N] [--journal FILE]   runs a plan; PLAN is a file, or the name of a kept one
       ./infra/lab chaos replay RUN [--journal FILE]            does a run again: the same faults at the same times
       ./infra/lab chaos check PLAN [--seed N]                  prints what a plan would do, one fault a line; does nothing
       ./infra/lab chaos list                                   the plans that are kept, and their newest runs

run and replay exit with 0 when the run passed, with 1 when something did not hold, with 2 when PLAN is none. Ctrl-C stops the run:
its faults are lifted first. The journal is written to chaos-NAME-RUN.ndjson unless --journal says where.
TXT
}

lab_chaos() {
  local command=${1:-} what=${2:-} seed='' journal='' plan
  [[ $command != --help && $command != help ]] || { chaos_usage; exit 0; }
  state=$(current_state)
  if [[ $command == list ]]; then
    chaos_list
    return
  fi
  [[ $command =~ ^(run|replay|check)$ && -n $what ]] || { chaos_usage; exit 2; }
  shift 2
  while [[ $# -gt 0 ]]; do
    case $1 in
      --seed) seed=${2:-}; [[ $seed =~ ^[0-9]+$ ]] || die 2 "--seed takes a whole number" ;;
      --journal) journal=${2:-}; [[ -n $journal ]] || die 2 "--journal takes a file" ;;
      *) die 2 "unknown option $1; ./infra/lab chaos --help lists them" ;;
    esac
    shift 2
  done
  case $command in
    check) chaos_check "$what" "$seed" ;;
    run)
      # Of a command in an argument the shell would not see that it failed.
      plan=$(chaos_keep "$what") || exit
      chaos_follow "$plan" "$(jq --null-input --arg seed "$seed" 'if $seed == "" then {} else {seed: ($seed | tonumber)} end')" "$journal"
      ;;
    replay)
      plan=$(chaos_plan_of_run "$what") || exit
      chaos_follow "$plan" "$(jq --null-input --arg run "$what" '{replay: $run}')" "$journal"
      ;;
  esac
}

# The id of a plan: a file is kept first, in place of the one of its name.
chaos_keep() {
  if [[ -f $1 ]]; then
    local reply status
    reply=$(jq --raw-input --slurp '{text: .}' "$1" | api POST /api/v1/fault-plans --header 'Content-Type: application/json' --data-binary @- --write-out '\n%{http_code}') ||
      die 1 "LabNet does not answer at $(<"$state/url"). ./infra/lab up starts it."
    status=${reply##*$'\n'}
    reply=${reply%$'\n'*}
    if [[ $status == 400 ]]; then
      jq --raw-output --arg file "$1" '.detail | split("\n")[] | "\($file):\(.)"' <<<"$reply" >&2
      exit 2
    fi
    [[ $status == 2* ]] || die 1 "$(jq --raw-output '.detail // .title' <<<"$reply")"
    jq --raw-output .id <<<"$reply"
  else
    local id
    id=$(api_or_die GET /api/v1/fault-plans | jq --raw-output --arg name "$1" '.[] | select(.name == $name or .id == $name) | .id')
    [[ -n $id ]] || die 2 "there is no file and no kept plan \"$1\". ./infra/lab chaos list shows those that are kept"
    echo "$id"
  fi
}

chaos_plan_of_run() {
  local id
  for id in $(api_or_die GET /api/v1/fault-plans | jq --raw-output '.[].id'); do
    if api_or_die GET "/api/v1/fault-plans/$id/runs" | jq --exit-status --arg run "$1" 'any(.[]; .id == $run)' >/dev/null; then
      echo "$id"
      return
    fi
  done
  die 2 "there is no run \"$1\". ./infra/lab chaos list shows the newest"
}

chaos_check() {
  local id
  id=$(chaos_keep "$1") || exit
  api_or_die GET "/api/v1/fault-plans/$id/schedule${2:+?seed=$2}"
}

chaos_list() {
  local plan
  while IFS=$'\t' read -r -u 3 plan _; do
    api_or_die GET "/api/v1/fault-plans/$plan/runs" | jq --raw-output '.[:5][] | "  \(.id)  \(.startedAt[:19])  seed \(.seed)  \(.verdict)"' |
      { jq --raw-output --null-input --arg name "$(api_or_die GET "/api/v1/fault-plans/$plan" | jq --raw-output .name)" '$name'; cat; }
  done 3< <(api_or_die GET /api/v1/fault-plans | jq --raw-output '.[] | [.id, .name] | @tsv')
}

# chaos_follow PLAN-ID REQUEST JOURNAL: begins a run, prints its journal as it comes, and ends with its verdict.
chaos_follow() {
  local plan=$1 journal=$3 reply run name after=0 verdict=running
  reply=$(api_or_die POST "/api/v1/fault-plans/$plan/runs" --header 'Content-Type: application/json' --data-binary "$2") || exit
  run=$(jq --raw-output .run <<<"$reply")
  trap 'say "Stopping the run ..."; api DELETE "/api/v1/fault-plans/$plan/runs/$run" >/dev/null || true' INT TERM
  while true; do
    reply=$(api_or_die GET "/api/v1/fault-plans/$plan/runs/$run?after=$after&limit=1000") || exit
    jq --raw-output '
      def seconds: if . == null then "         " else (. / 100 | round / 10 | tostring | if test("\\.") then . else . + ".0" end | ("         " + .)[-8:] + "s") end;
      .journal[] | "\(.atMs | seconds)  \(if .holds == false then "FAILED  " else (.step + "        ")[:8] end)  \(.vm // "" | . + "          " | .[:10])\(if .check then "\(.check): " else "" end)\(.text)\(if .lateMs != null and .lateMs > 50 then " (\(.lateMs) ms late)" else "" end)"' <<<"$reply"
    after=$(jq --argjson before "$after" '.journal[-1].number // $before' <<<"$reply")
    verdict=$(jq --raw-output .run.verdict <<<"$reply")
    [[ $verdict == running || $(jq '.journal | length' <<<"$reply") -gt 0 ]] || break
    sleep "$chaos_glance_seconds" || true
  done
  trap - INT TERM
  name=$(jq --raw-output .run.name <<<"$reply")
  journal=${journal:-chaos-$name-$run.ndjson}
  api_or_die GET "/api/v1/fault-plans/$plan/runs/$run/journal" >"$journal"
  jq --raw-output '.run | "\(.name), seed \(.seed), schedule \(.fingerprint[:16]): \(.verdict). \(.counts.inForce) of \(.counts.planned) faults came, \(.counts.seen) were seen, \(.counts.lifted) were lifted; \(.counts.checksHeld) checks held, \(.counts.checksFailed) did not."' <<<"$reply"
  echo "Journal: $journal"
  [[ $verdict == passed ]] || exit 1
}
