# Virtual time for bash's own variables and commands. Bash reads this file (BASH_ENV) before a script. It replaces only
# what the script seems to use, as functions, and a trap before each command, are slow.
# shellcheck shell=bash

unset SECONDS EPOCHSECONDS EPOCHREALTIME # so that they no longer show real time
declare -i SECONDS=0
_simulator_looks=0 _simulator_pipe='' _simulator_traps=''
builtin read -r _simulator_now < "$_SIMULATOR_CLOCK"

_simulator_look() { # set those variables to the virtual time; SECONDS continues from the value that the script set
    local status=$? now
    builtin read -r now < "$_SIMULATOR_CLOCK"
    if [[ $now != "$_simulator_now" ]]; then
        _simulator_looks=0
    elif ((++_simulator_looks > 100)); then # a loop that waits for a time: see MOST_LOOKS in clock.py
        _simulator_sleep 0.5
        builtin read -r now < "$_SIMULATOR_CLOCK"
    fi
    SECONDS+=$((${now%.*} - ${_simulator_now%.*}))
    EPOCHREALTIME=$now EPOCHSECONDS=${now%.*} _simulator_now=$now
    return $status
}

# Before each command; invisible to `set -x`, and keeps $? and $_.
_simulator_before='{
    case $BASH_COMMAND in
    *EPOCH*) : >> "$_SIMULATOR_CLOCK.asked" && _simulator_look "$_" ;;
    *SECONDS* | "kill -0 "*) _simulator_look "$_" ;;
    esac
} 2> /dev/null'

_simulator_begins='{ _simulator_look "$_"; } 2> /dev/null
'
_simulator_trap() { # bash runs no DEBUG trap before the commands of another trap
    { local - && set +x; } 2> /dev/null
    if [[ $1 == -- ]]; then shift; fi
    if [[ $# -lt 2 || $1 == -* || -z $1 ]]; then
        builtin trap "$@"
    else
        builtin trap -- "$_simulator_begins$1" "${@:2}"
    fi
}

_simulator_sleep() { # like shell/sleep, but without another process. Each shell keeps its pipe.
    { local - && set +x; } 2> /dev/null
    local REPLY
    if [[ $# != 1 ]] || ! _simulator_ask "$1"; then
        command sleep "$@"
    fi
}

_simulator_ask() { # ask the sleep server to answer, in REPLY, in $1 seconds, or when there is something to read from file $2
    local clock=$_SIMULATOR_CLOCK.sleep pipe
    case $1 in '' | . | *[!0-9.]* | *.*.*) clock='' ;; esac
    [[ -p $clock ]] || return
    if [[ ${_simulator_pipe%.*} != "$BASHPID" ]]; then
        set -o noclobber
        for pipe in a b c d "$BASHPID"; do
            if { true > "$clock.$pipe.taken"; } 2> /dev/null; then break; fi
        done
        [[ -p $clock.$pipe ]] || mkfifo "$clock.$pipe"
        _simulator_pipe=$BASHPID.$pipe
    fi
    echo "$BASHPID $1 ${_simulator_pipe#*.} ${2-}" > "$clock" && builtin read -r < "$clock.${_simulator_pipe#*.}"
}

_simulator_printf() { # -1, or no argument, means now for %(format)T. Long names, as -v sets a variable of the script.
    { local - && set +x; } 2> /dev/null
    local _simulator_options=() _simulator_kinds=() _simulator_arguments=() _simulator_rest _simulator_i
    if [[ $1 == -v ]]; then
        _simulator_options=(-v "$2")
        shift 2
    fi
    if [[ $1 == -- ]]; then shift; fi
    _simulator_rest=${1//%%/}
    while [[ $_simulator_rest == *%* ]]; do
        _simulator_rest=${_simulator_rest#*%} _simulator_kinds+=("${_simulator_rest:0:1}")
        if [[ $_simulator_rest == "("* ]]; then _simulator_rest=${_simulator_rest#*")T"}; fi
    done
    if [[ " ${_simulator_kinds[*]-} " == *" ( "* ]]; then
        : >> "$_SIMULATOR_CLOCK.asked"
        builtin read -r _simulator_rest < "$_SIMULATOR_CLOCK"
        _simulator_arguments=("${@:2}")
        for ((_simulator_i = 0; _simulator_i < $# - 1 || _simulator_i < ${#_simulator_kinds[@]}; _simulator_i++)); do
            if [[ ${_simulator_kinds[_simulator_i % ${#_simulator_kinds[@]}]} == "(" &&
                ${_simulator_arguments[_simulator_i]--1} == -1 ]]; then
                _simulator_arguments[_simulator_i]=${_simulator_rest%.*}
            fi
            : "${_simulator_arguments[_simulator_i]=}"
        done
        set -- "$1" "${_simulator_arguments[@]}"
    fi
    builtin printf ${_simulator_options[@]+"${_simulator_options[@]}"} -- "$@"
}

_simulator_readable() { # whether file $2 has something to read, or ends, within $1 seconds
    local REPLY
    if [[ ! $_simulator_traps ]] && _simulator_ask "$1" "$2" && [[ $REPLY != unknown ]]; then
        [[ $REPLY ]]
    else
        "$_SIMULATOR_TOOLS/virtual" readable "$1" <&"$2"
    fi
}

_simulator_read() { # with -t, first wait until there is something to read
    { local - && set +x; } 2> /dev/null
    local OPTIND=1 OPTARG _simulator_option _simulator_options=() _simulator_limit=0 _simulator_file=0
    while getopts :ersa:d:i:n:N:p:t:u: _simulator_option; do
        case $_simulator_option in
        t) _simulator_limit=$OPTARG ;;
        u) _simulator_file=$OPTARG ;;
        [ers]) _simulator_options+=("-$_simulator_option") ;;
        [adinNp]) _simulator_options+=("-$_simulator_option" "$OPTARG") ;;
        *) _simulator_limit=0 && break ;;
        esac
    done
    if [[ $_simulator_limit != *[1-9]* ]]; then
        builtin read "$@"
    elif _simulator_readable "$_simulator_limit" "$_simulator_file"; then
        builtin read ${_simulator_options[@]+"${_simulator_options[@]}"} "${@:OPTIND}" <&"$_simulator_file"
    else
        builtin read ${_simulator_options[@]+"${_simulator_options[@]}"} "${@:OPTIND}" < /dev/null
        return 142
    fi
}

_simulator_begin() { # for a script of this text
    local text=$1
    # What it reads may do anything.
    [[ -z $text || $text == *source\ * || $text == *[[:space:]\;\&]". "* ]] && text+=" SECONDS read -t printf %( trap"
    if [[ $text == *SECONDS* || $text == *EPOCH* || $text == *"kill -0"* ]]; then
        set -o functrace
        builtin trap "$_simulator_before" DEBUG
        trap() { _simulator_trap "$@"; }
    fi
    [[ $text == *read\ *-*t* ]] && read() { _simulator_read "$@"; }
    [[ $text == *printf*%*"("* ]] && printf() { _simulator_printf "$@"; }
    # A trap waits for the end of an external command, but would interrupt _simulator_ask.
    [[ $text == *trap* ]] && _simulator_traps=yes
    [[ $text == *sleep* && ! $_simulator_traps ]] && sleep() { _simulator_sleep "$@"; }
}

if [[ $BASH_EXECUTION_STRING ]]; then
    _simulator_begin "$BASH_EXECUTION_STRING"
else
    mapfile _simulator_text < "$0"
    _simulator_begin "${_simulator_text[*]}"
fi 2> /dev/null
unset _simulator_text
