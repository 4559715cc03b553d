# shellcheck shell=bash

lab_token() {
  local role=admin name
  name="cli-$(date --utc +%Y%m%d-%H%M%S)"
  while [[ $# -gt 0 ]]; do
    case $1 in
      --role) role=${2:-}; shift ;;
      --name) name=${2:-}; shift ;;
      *) die 2 "token takes --role viewer|operator|admin and --name NAME, not \"$1\"" ;;
    esac
    shift
  done
  [[ $role =~ ^(viewer|operator|admin)$ ]] || die 2 "there are the roles viewer, operator and admin, not \"$role\""
  state=$(current_state)
  api_or_die POST /api/v1/tokens --header 'Content-Type: application/json' \
    --data-binary "$(jq --null-input --arg name "$name" --arg role "$role" '{$name, $role}')" | jq --raw-output .secret
}
