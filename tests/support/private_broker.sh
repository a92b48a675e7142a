#!/usr/bin/env bash
# A RabbitMQ broker that nobody else sees: on loopback, its files in FOLDER, with an epmd of its own. Runs as whoever
# starts it, without Debian's wrapper, which would be root and become another user.
#
#   private_broker.sh run FOLDER PORT EPMD_PORT NODE_PORT CONFIGURATION
#       Takes words from its standard input, a line each, and answers on its standard error: "start" by "listening N",
#       "kill" (as a crash would) by "killed N", which count from 1. At the end of the input everything ends and FOLDER
#       is removed; so nothing outlives who started this. CONFIGURATION: more of its rabbitmq.conf.
#   private_broker.sh control FOLDER PORT EPMD_PORT NODE_PORT WORD...
#       rabbitmqctl, for that broker.
set -euo pipefail
task=$1 folder=$2 port=$3 epmd_port=$4 node_port=$5
shift 5

programs=/usr/lib/rabbitmq/bin
# What the system's own broker is told does not matter here.
unset "${!RABBITMQ_@}" "${!ERL_@}" NOTIFY_SOCKET
export HOME=$folder LC_ALL=C.UTF-8 ERL_CRASH_DUMP=$folder/erl_crash.dump
# Else whatever finds no epmd would start one, for ever.
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$epmd_port ERL_FLAGS='-start_epmd false'
export RABBITMQ_NODENAME=parley$port@localhost RABBITMQ_DIST_PORT=$node_port
export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$folder/rabbitmq
export RABBITMQ_ADVANCED_CONFIG_FILE=$folder/advanced.config RABBITMQ_CONFIG_FILES=$folder/conf.d
export RABBITMQ_MNESIA_BASE=$folder/mnesia RABBITMQ_PID_FILE=$folder/pid
export RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins
# Nodes talk to each other on loopback.
export RABBITMQ_CTL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput $RABBITMQ_CTL_ERL_ARGS"
# The script becomes the broker instead of starting it, so that its process is the one to be killed.
export RABBITMQ_ALLOW_INPUT=1

if [[ $task == control ]]; then exec "$programs/rabbitmqctl" --quiet "$@"; fi

epmd='' broker='' starts=0 kills=0
end() {
  # shellcheck disable=SC2086  # none, one or two
  kill -KILL $broker $epmd 2>/dev/null || true
  wait 2>/dev/null
  rm -rf -- "$folder"
}
trap end EXIT

# run_bound LOG WORD... - in the background, and killed with this process, should that be killed
run_bound() {
  local log=$1
  shift
  setpriv --pdeathsig KILL "$@" </dev/null >>"$folder/$log" 2>&1 &
}

# until_process PROCESS WORD... - waits for the command to succeed; ends this process with the other, or with the input
until_process() {
  local process=$1 status
  shift
  until "$@" 2>/dev/null; do
    if ! kill -0 "$process" 2>/dev/null; then
      echo "the broker ended before it listened on port $port:" >&2
      tail -n 20 "$folder"/*.log "$folder"/log*/*.log >&2 || true
      exit 1
    fi
    status=0
    read -r -t 0.05 || status=$?
    if ((status <= 128)); then exit 1; fi # no word is due, so this is the end
  done
}

epmd_listens() { : <"/dev/tcp/127.0.0.1/$epmd_port"; }
# Not whether somebody listens on the port: it may be somebody else.
broker_listens() { grep -q 'Server startup complete' "$RABBITMQ_LOG_BASE/$RABBITMQ_NODENAME.log"; }

start() {
  if [[ -z $epmd ]]; then
    run_bound epmd.log epmd -address 127.0.0.1 -port "$epmd_port"
    epmd=$!
    until_process "$epmd" epmd_listens
  fi
  export RABBITMQ_LOG_BASE=$folder/log$((++starts))
  run_bound broker.log "$programs/rabbitmq-server"
  broker=$!
  until_process "$broker" broker_listens
  echo "listening $starts" >&2
}

kill_broker() {
  kill -KILL "$broker"
  wait "$broker" 2>/dev/null || true
  broker=''
  echo "killed $((++kills))" >&2
}

mkdir -p "$folder/conf.d"
cat >"$folder/rabbitmq.conf" <<END
listeners.tcp.default = 127.0.0.1:$port
disk_free_limit.absolute = 1MB
$1
END
echo '[].' >"$folder/advanced.config"
echo '[].' >"$folder/enabled_plugins"

while read -r word; do
  case $word in
    start) start ;;
    kill) kill_broker ;;
  esac
done
