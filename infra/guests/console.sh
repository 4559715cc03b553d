# shellcheck shell=bash
# What a build says, how it gives up, and how it waits for another one. Sourced.

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

# lock FILE WHAT: waits for whoever holds it.
lock() {
  exec {lock_fd}>"$1"
  if ! flock --nonblock "$lock_fd"; then
    say "waiting for $2"
    flock "$lock_fd"
  fi
}

unlock() {
  exec {lock_fd}>&-
}
