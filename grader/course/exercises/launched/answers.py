"""Answers to `launched` as students write them."""

from __future__ import annotations


def bash(text: str) -> dict[str, str]:
    """A wrapper in bash."""
    return {"run": "#!/bin/bash\n" + text.strip("\n") + "\n"}


def python(text: str) -> dict[str, str]:
    """A wrapper in Python."""
    return {"run": "#!/usr/bin/env python3\n" + text.strip("\n") + "\n"}


RIGHT = {
    "what the launcher says": bash("""
./launch train.py 2> launch.log
code=$?
cat launch.log >&2
if grep -q 'exitcode: 85' launch.log; then exit 85; fi
exit $code
"""),
    "is the checkpoint another one": bash("""
before=$(cksum checkpoint.pickle 2> /dev/null)
./launch train.py
code=$?
after=$(cksum checkpoint.pickle 2> /dev/null)
if [ $code -eq 1 ] && [ "$before" != "$after" ]; then exit 85; fi
exit $code
"""),
    "subprocess, and what it says": python("""
import re, subprocess, sys
done = subprocess.run(["./launch", "train.py"], stderr=subprocess.PIPE, universal_newlines=True)
sys.stderr.write(done.stderr)
codes = re.findall(r"exitcode: (\\d+)", done.stderr)
sys.exit(int(codes[-1]) if codes else done.returncode)
"""),
    "a worker that notes its exit code": bash("""
rm -f code.txt
cat > worker.py <<'END'
import subprocess, sys
code = subprocess.call([sys.executable, "train.py"])
open("code.txt", "w").write(str(code))
sys.exit(code)
END
./launch worker.py
code=$?
[ -f code.txt ] && code=$(cat code.txt)
exit $code
"""),
    "the saved epoch, before and after": python("""
import os, pickle, subprocess, sys

def saved():
    if not os.path.exists("checkpoint.pickle"):
        return 0
    with open("checkpoint.pickle", "rb") as file:
        return pickle.load(file)[0]

before = saved()
code = subprocess.call([sys.executable, "launch", "train.py"])
sys.exit(85 if code != 0 and saved() > before else code)
"""),
    "tee, and PIPESTATUS": bash("""
./launch train.py 2>&1 | tee launch.log
code=${PIPESTATUS[0]}
[ $code -eq 0 ] && exit 0
grep -q "exitcode: 85)" launch.log && code=85
exit $code
"""),
}
WRONG = {
    "wrong-exit-code": {
        "as given": bash("./launch train.py  # and then?"),
        "takes the launcher's code for the worker's": bash("""
./launch train.py
code=$?
if [ $code -eq 85 ]; then exit 85; fi
exit $code
"""),
    },
    "always-85": {
        "every failure is a checkpoint": bash("""
./launch train.py
if [ $? -ne 0 ]; then exit 85; fi
"""),
        "there is a checkpoint, of whatever moment": bash("""
./launch train.py
code=$?
if [ $code -ne 0 ] && [ -f checkpoint.pickle ]; then exit 85; fi
exit $code
"""),
        "the log of the launch before": bash("""
./launch train.py 2>> launch.log
code=$?
if [ $code -ne 0 ] && grep -q 'exitcode: 85' launch.log; then exit 85; fi
exit $code
"""),
        "in Python": python("""
import subprocess, sys
try:
    subprocess.check_call(["./launch", "train.py"])
except subprocess.CalledProcessError:
    sys.exit(85)
"""),
    },
    "exit-zero-after-save": {
        "the last command decides": bash("""
./launch train.py 2> launch.log
cat launch.log >&2
"""),
        "behind a pipe": bash("./launch train.py 2>&1 | tee launch.log"),
    },
}
