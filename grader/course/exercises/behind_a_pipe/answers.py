"""Answers to exercise `behind_a_pipe`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations


def script(text: str, shell: str = "/bin/bash") -> dict[str, str]:
    return {"run.sh": f"#!{shell}\n{text.strip()}\n"}


RIGHT: dict[str, dict[str, str]] = {
    "pipefail": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log"),
    "PIPESTATUS": script("python3 model.py 2>&1 | tee -a model.log\nexit ${PIPESTATUS[0]}"),
    "PIPESTATUS, kept": script("""
python3 model.py |& tee -a model.log
code=("${PIPESTATUS[@]}")
echo "the model left with ${code[0]}, tee with ${code[1]}"
exit "${code[0]}"
"""),
    "no pipe": script("python3 model.py >> model.log 2>&1"),
    "no pipe, and exec": script("exec >> model.log 2>&1\nexec python3 model.py", "/bin/sh"),
    "the code in a file": script(
        """
{ python3 model.py 2>&1; echo $? > exit_code; } | tee -a model.log
exit $(cat exit_code)
""",
        "/bin/sh",
    ),
    "the code in another stream": script(
        """
exec 4>&1
code=$( { { python3 model.py 2>&1; echo $? >&3; } | tee -a model.log >&4; } 3>&1 )
exit $code
""",
        "/bin/sh",
    ),
    "log first, show later": script(
        """
touch model.log
shown=$(wc -l < model.log)
python3 model.py >> model.log 2>&1
code=$?
tail -n +$((shown + 1)) model.log
exit $code
""",
        "/bin/sh",
    ),
    "every failure stops it": script("""
set -euo pipefail
say() { tee -a model.log; }
python3 model.py 2>&1 | say
"""),
    "in Python": script(
        """
import subprocess, sys
with open("model.log", "a") as log:
    model = subprocess.Popen(["python3", "model.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in model.stdout:
        print(line, end="")
        log.write(line)
sys.exit(model.wait())
""",
        "/usr/bin/env python3",
    ),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "exit-zero-after-save": {
        "set -e": script("set -e\npython3 model.py 2>&1 | tee -a model.log"),
        "$? is tee's": script("python3 model.py 2>&1 | tee -a model.log\nexit $?"),
        "the wrong one": script("python3 model.py 2>&1 | tee -a model.log\nexit ${PIPESTATUS[1]}"),
        "pipefail too late": script("python3 model.py 2>&1 | tee -a model.log\nset -o pipefail"),
        "echo's own": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log\necho done >> model.log"),
    },
    "always-85": {
        "exit 85": script("python3 model.py 2>&1 | tee -a model.log\nexit 85"),
        "false is 85": script("python3 model.py 2>&1 | tee -a model.log\nfalse || exit 85"),
    },
    "wrong-exit-code": {
        "any failure is a checkpoint": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log || exit 85"),
        "any but 85 is fine": script("""
python3 model.py 2>&1 | tee -a model.log
if [ ${PIPESTATUS[0]} -eq 85 ]; then exit 85; fi
"""),
        "another code": script("""
python3 model.py 2>&1 | tee -a model.log
[ ${PIPESTATUS[0]} -eq 0 ] || exit 1
"""),
    },
}
