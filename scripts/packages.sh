# Sourced by the commands at the root: installs what packages.txt lists and this machine lacks.
# shellcheck shell=bash

# packages_of FILE SECTION... - the names, one a line
packages_of() {
  local file=$1 line wanted=no
  shift
  while read -r line; do
    case $line in
      '' | '#'*) ;;
      '['*']') if [[ " $* " == *" ${line:1:-1} "* ]]; then wanted=yes; else wanted=no; fi ;;
      *) if [[ $wanted == yes ]]; then echo "$line"; fi ;;
    esac
  done <"$file"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "not root, and there is no sudo: please run as root: $*" >&2
    return 1
  fi
}

# What is installed is for tests, which start servers of their own: one of the system's that cannot start, on a machine
# without an init or where its port is taken, would fail the installation. Policies of the machine's own stay.
# shellcheck disable=SC2016  # expanded by root's shell
install_without_starting='
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    trap "exit 1" HUP INT TERM
    printf "%s\n" "#!/bin/sh" "case \" \$* \" in *\" start \"* | *\"(start)\"*) exit 101 ;; esac" >"$policy"
    chmod 755 "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
'

# install_packages NAME... - says so, and shows apt-get's words only when it fails
install_packages() {
  echo "installing packages (apt-get$( ((EUID == 0)) || echo ' through sudo')): $*" >&2
  local log
  log=$(mktemp)
  if ! as_root apt-get update -q >"$log" 2>&1 ||
    ! as_root sh -c "$install_without_starting" sh "$@" >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "could not install: $*" >&2
    return 1
  fi
  rm -f "$log"
}

# ensure_packages ROOT SECTION... - silent when nothing is missing, and on systems that are not Debian's kin
ensure_packages() {
  local root=$1 wanted installed missing=() name
  shift
  command -v dpkg-query >/dev/null || return 0
  mapfile -t wanted < <(packages_of "$root/packages.txt" "$@")
  ((${#wanted[@]})) || return 0
  # With what they stand in for: a nodejs that is not Debian's may bring npm with it.
  # shellcheck disable=SC2016  # the ${} are dpkg-query's
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/^installed //p' | sed 's/ *([^)]*)//g; s/, */\n/g' || true)
  for name in "${wanted[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'"$name"$'\n'* ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}
