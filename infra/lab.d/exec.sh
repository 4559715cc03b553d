# shellcheck shell=bash

lab_exec() {
  local input=no
  [[ ${1:-} == -i ]] && { input=yes; shift; }
  [[ $# -ge 3 && $2 == -- ]] || die 2 "usage: ./infra/lab exec [-i] VM -- COMMAND [ARGUMENT…]"
  local vm=$1 reply
  shift 2
  state=$(current_state)
  reply=$(exec_request "$input" "$@" | api_or_die POST "/api/v1/vms/$vm/guest/exec" --header 'Content-Type: application/json' --data-binary @-)
  jq --raw-output .stdout <<<"$reply" | base64 --decode
  jq --raw-output .stderr <<<"$reply" | base64 --decode >&2
  exit "$(jq .exitCode <<<"$reply")"
}

exec_request() {
  local input=$1
  shift
  if [[ $input == yes ]]; then
    jq --raw-input --slurp '{path: $ARGS.positional[0], args: $ARGS.positional[1:], input: ., outputEncoding: "base64"}' --args -- "$@"
  else
    jq --null-input '{path: $ARGS.positional[0], args: $ARGS.positional[1:], outputEncoding: "base64"}' --args -- "$@"
  fi
}
