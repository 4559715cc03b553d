# shellcheck shell=bash
# What the build says, and how it gives up. Sourced.

started=$EPOCHREALTIME
label=guests

seconds_since() {
  local now=$EPOCHREALTIME
  local tenths=$(((${now/[.,]/} - ${1/[.,]/}) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say() {
  printf '%-8s %6s s  %s\n' "$label" "$(seconds_since "$started")" "$*" >&2
}

# fail WHAT WHAT-TO-DO
fail() {
  printf '%-8s error: %s\n' "$label" "$1" >&2
  printf '%-8s   do: %s\n' "$label" "$2" >&2
  exit 1
}
