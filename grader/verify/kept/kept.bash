# RANDOM goes on where it was when bash last left, instead of beginning again where it is given a value: as many numbers are
# drawn as before. Bash reads this before a script (BASH_ENV).
# shellcheck shell=bash

. "$_SIMULATOR_TOOLS/time.bash"
_kept_before=0 _kept_drawn=0 _kept_seeded=''
[[ -f .kept.bash ]] && builtin read -r _kept_before < .kept.bash

_kept_generator() { # before a command
    local others=${1//RANDOM/}
    if [[ $_kept_seeded ]]; then
        for ((_kept_drawn = 0; _kept_drawn < _kept_before; _kept_drawn++)); do : "$RANDOM"; done
    fi
    _kept_seeded=''
    if [[ $1 == *RANDOM=[!=]* ]]; then
        _kept_seeded=yes
    elif [[ $others != "$1" ]]; then
        ((_kept_drawn += (${#1} - ${#others}) / 6))
        echo "$_kept_drawn" > .kept.bash
    fi
    return 0
}

set -o functrace
builtin trap '_kept_generator "$BASH_COMMAND"' DEBUG
