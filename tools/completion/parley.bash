# Completion of parley's command line for bash.

_parley_talk_options="--framing --format --codec --file --max-size --echo --exec --discard --count --timeout --wait
  --tls-cert --tls-key --tls-ca --json -q --quiet -v --verbose --poll -h --help"

# Words that begin as the first argument does, from what the others tell compgen.
_parley_offer() {
  mapfile -t COMPREPLY < <(compgen "${@:2}" -- "$1")
}

# The command is the first word that is one.
_parley_command() {
  local word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      listen | connect | demo)
        echo "$word"
        return
        ;;
    esac
  done
}

# What may follow an option that takes a value; fails for others.
_parley_value() {
  case $1 in
    --framing) _parley_offer "$2" -W "length varint separator fixed: eof raw message" ;;
    --format) _parley_offer "$2" -W "text quoted json hex base64 raw" ;;
    --codec) _parley_offer "$2" -W "json msgpack pickle text bytes" ;;
    --wait) _parley_offer "$2" -W "forever" ;;
    --exec) _parley_offer "$2" -c ;;
    --file | --tls-cert | --tls-key | --tls-ca)
      compopt -o filenames 2>/dev/null
      _parley_offer "$2" -f
      ;;
    --max-size | --count | --timeout | --poll | --tls-server-name) COMPREPLY=() ;;
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
  case $command in
    listen | connect) _parley_value "$before" "$current" && return ;;
  esac
  case $command:$current in
    :*) _parley_offer "$current" -W "listen connect demo -h --help --version" ;;
    listen:-*) _parley_offer "$current" -W "$_parley_talk_options --once" ;;
    connect:-*)
      _parley_offer "$current" -W "$_parley_talk_options --tls-server-name --tls-accept-any"
      ;;
    demo:*) _parley_offer "$current" -W "-h --help" ;;
    *)
      compopt -o nospace 2>/dev/null
      _parley_offer "$current" -W "tcp:// unix:// tls:// ws:// wss://"
      ;;
  esac
}

complete -F _parley parley
