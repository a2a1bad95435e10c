"""Answers to `told_to_stop` as students write them."""

from __future__ import annotations


def bash(text: str) -> dict[str, str]:
    """A script in bash."""
    return {"start.sh": "#!/bin/bash\n" + text.strip("\n") + "\n"}


RIGHT = {
    "exec": bash("export CLIMATE=1.9\nexec ./glacier"),
    "exec with its environment": bash("CLIMATE=1.9 exec ./glacier"),
    "exec env": bash("set -e\nexec env CLIMATE=1.9 ./glacier"),
    "exec of Python": bash("""
exec python3 -c '
import os
os.environ["CLIMATE"] = "1.9"
os.execv("./glacier", ["glacier"])
'
"""),
    "a trap that passes it on, and two waits": bash("""
export CLIMATE=1.9
./glacier &
pid=$!
trap 'kill -TERM $pid' TERM
wait $pid
code=$?
trap - TERM
if kill -0 $pid 2> /dev/null; then
    wait $pid
    code=$?
fi
exit $code
"""),
    "settings from a file": bash("""
cat > setup.sh <<END
export CLIMATE=1.9
END
source ./setup.sh
exec ./glacier "$@"
"""),
}
WRONG = {
    "always-85": {
        "whatever has happened": bash(
            "export CLIMATE=1.9\n./glacier &\npid=$!\ntrap 'kill $pid' TERM\nwait $pid\nwait $pid\nexit 85"
        ),
        "below the program": bash("export CLIMATE=1.9\n./glacier\nexit 85"),
    },
    "signal-not-passed-on": {
        "as given": bash("export CLIMATE=1.9\n./glacier  # starts it"),
        "the exit code is passed on": bash("export CLIMATE=1.9\n./glacier\ncode=$?\nexit $code"),
        "in the background": bash("export CLIMATE=1.9\n./glacier &\nwait"),
        "a trap, and the program in the foreground": bash("export CLIMATE=1.9\ntrap 'pkill glacier' TERM\n./glacier"),
        "with a log": bash("export CLIMATE=1.9\nset -o pipefail\n./glacier 2>&1 | tee glacier.log"),
        "through another script": bash("echo 'export CLIMATE=1.9; ./glacier; exit $?' > go.sh\nbash go.sh"),
    },
}
