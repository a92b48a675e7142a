# Completion of parley's command line for bash.

_parley_commands="listen connect send receive echo proxy peers request serve routes tunnel gateway demo"
_parley_tls="--tls-cert --tls-key --tls-ca"
_parley_tls_client="--tls-server-name --tls-accept-any"
_parley_talk="--json -q --quiet -v --verbose --poll -h --help"
_parley_filters="xor crc16 crc16-modbus crc16-ccitt crc16-xmodem crc16-kermit crc16-arc crc32 crc32c deflate start-end"
_parley_party="--bind --connect --identity --dialect --mode --delivery --wait-peers --rate --interval --count --timeout"

# The options of a command.
_parley_options() {
  case $1 in
    listen | connect)
      echo "--framing --filter --format --codec --file --max-size --echo --exec --discard --count --timeout --wait"
      [[ $1 == listen ]] && echo "--once --classify --otherwise --on --concurrency" || echo "$_parley_tls_client"
      ;;
    send) echo "$_parley_party --format --codec --file --literal --max-size --to $_parley_tls_client" ;;
    receive) echo "$_parley_party --format --codec --max-size --discard $_parley_tls_client" ;;
    echo) echo "$_parley_party --format --codec --max-size $_parley_tls_client" ;;
    proxy)
      echo "--connect-front --connect-back --both-ways --dialect --delivery --max-size --cut --delay --drop --throttle"
      echo "--seed $_parley_tls_client"
      ;;
    peers) echo "--bind --identity --dialect --for $_parley_tls_client" ;;
    request)
      echo "--unnamed --notify --count --concurrency --client-id --format --codec --max-size --discard --timeout"
      echo "$_parley_tls_client"
      ;;
    serve) echo "--route --any --concurrency --format --codec --max-size --timeout $_parley_tls_client" ;;
    routes) echo "--client-id --timeout $_parley_tls_client" ;;
    tunnel) echo "--listen --to --via --max-connections --timeout --stats $_parley_tls_client" ;;
    gateway) echo "--listen --allow --max-connections --timeout --stats" ;;
    demo) echo "-h --help" && return ;;
  esac
  echo "$_parley_tls $_parley_talk"
}

# Words that begin as the first argument does, from what the others tell compgen.
_parley_offer() {
  mapfile -t COMPREPLY < <(compgen "${@:2}" -- "$1")
}

_parley_offer_endpoints() {
  compopt -o nospace 2>/dev/null
  _parley_offer "$1" -W "tcp:// unix:// local:// tls:// ws:// wss://"
}

_parley_offer_talk_endpoints() {
  compopt -o nospace 2>/dev/null
  _parley_offer "$1" -W "tcp:// unix:// local:// tls:// ws:// wss:// udp://"
}

_parley_offer_rpc_endpoints() {
  compopt -o nospace 2>/dev/null
  _parley_offer "$1" -W "tcp:// unix:// local:// tls:// ws:// wss:// amqp:// amqps://"
}

_parley_offer_mux_endpoints() {
  compopt -o nospace 2>/dev/null
  _parley_offer "$1" -W "mux+tcp:// mux+tls:// mux+unix://"
}

# What bytes, and nothing else, can go through.
_parley_offer_ports() {
  compopt -o nospace 2>/dev/null
  _parley_offer "$1" -W "tcp:// unix://"
}

# The command is the first word that is one.
_parley_command() {
  local word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " $_parley_commands " in
      *" $word "*)
        echo "$word"
        return
        ;;
    esac
  done
}

# What may follow an option of the command that takes a value; fails for others.
_parley_value() {
  case $1:$2 in
    peers:--bind) return 1 ;;
    tunnel:--via | gateway:--listen) _parley_offer_mux_endpoints "$3" ;;
    tunnel:--listen | tunnel:--to | gateway:--allow) _parley_offer_ports "$3" ;;
    *:--bind | *:--connect) _parley_offer_endpoints "$3" ;;
    *:--framing) _parley_offer "$3" -W "length varint separator fixed: eof raw idle-gap: message" ;;
    *:--filter) _parley_offer "$3" -W "$_parley_filters" ;;
    *:--format) _parley_offer "$3" -W "text quoted json hex base64 raw" ;;
    *:--codec) _parley_offer "$3" -W "json msgpack pickle text bytes" ;;
    *:--mode) _parley_offer "$3" -W "round-robin publish" ;;
    *:--delivery) _parley_offer "$3" -W "at-most-once at-least-once" ;;
    *:--dialect) _parley_offer "$3" -W "aiomsg legacy" ;;
    *:--wait) _parley_offer "$3" -W "forever" ;;
    *:--exec | *:--any) _parley_offer "$3" -c ;;
    *:--file | *:--tls-cert | *:--tls-key | *:--tls-ca)
      compopt -o filenames 2>/dev/null
      _parley_offer "$3" -f
      ;;
    *:--max-size | *:--count | *:--timeout | *:--poll | *:--tls-server-name) COMPREPLY=() ;;
    *:--identity | *:--to | *:--wait-peers | *:--rate | *:--interval | *:--for) COMPREPLY=() ;;
    *:--route | *:--concurrency | *:--client-id) COMPREPLY=() ;;
    *:--classify | *:--otherwise | *:--on) COMPREPLY=() ;;
    *:--max-connections | *:--stats) COMPREPLY=() ;;
    *:--cut | *:--delay | *:--drop | *:--throttle | *:--seed) COMPREPLY=() ;;
    *) return 1 ;;
  esac
}

_parley() {
  local IFS=$' \t\n' current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command
  # bash takes --format=json apart at the sign.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $before == "=" ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  command=$(_parley_command)
  COMPREPLY=()
  if [[ -z $command ]]; then
    _parley_offer "$current" -W "$_parley_commands -h --help --version"
    return
  fi
  _parley_value "$command" "$before" "$current" && return
  case $command:$current in
    *:-* | demo:*) _parley_offer "$current" -W "$(_parley_options "$command")" ;;
    listen:* | connect:*) _parley_offer_talk_endpoints "$current" ;;
    proxy:* | peers:*) _parley_offer_endpoints "$current" ;;
    request:* | serve:* | routes:*) _parley_offer_rpc_endpoints "$current" ;;
  esac
}

complete -F _parley parley
