# shellcheck shell=bash

# The terminal is put into raw mode, so that every key reaches the guest; Ctrl-] is the one that does not.
lab_console() {
  [[ $# -eq 1 ]] || die 2 "usage: ./infra/lab console VM"
  local vm=$1 status=0 settings='' token
  state=$(current_state)
  api_or_die GET "/api/v1/vms/$vm" >/dev/null
  [[ -f $app_folder/LabNet.Web.dll ]] || die 1 "LabNet is not built here. ./infra/lab up builds it."
  token=$(<"$state/admin-token")
  if [[ -t 0 ]]; then
    say "Console of $vm. Ctrl-] leaves; the guest runs on."
    settings=$(stty --save)
    trap 'stty "$settings"' EXIT
    stty raw -echo
  fi
  LABNET_TOKEN=$token dotnet "$app_folder/LabNet.Web.dll" console "$(<"$state/url")" "$vm" || status=$?
  [[ -z $settings ]] || { stty "$settings"; trap - EXIT; say ""; }
  exit "$status"
}
