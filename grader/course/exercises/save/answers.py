"""Answers to exercise `save`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

import textwrap


def save(body: str, imports: str = "") -> dict[str, str]:
    """An answer to exercise `save`: the body of save_checkpoint, below the imports that it needs."""
    lines = textwrap.indent(body.strip("\n"), "    ")
    modules = [name for name in ("json", "os", "signal", "sys", "time") if f"{name}." in body]
    imports = imports or f"import {', '.join(modules) or 'sys'}"
    text = f"{imports}\nfrom given import restore_checkpoint\n\n\ndef save_checkpoint(iteration):\n{lines}\n"
    return {"checkpoint.py": text}


RIGHT: dict[str, dict[str, str]] = {
    "with open": save("""
with open("checkpoint.txt", "w") as file:
    file.write("%d\\n" % iteration)
sys.exit(85)"""),
    "explicit close": save("""
f = open("checkpoint.txt", "w")
f.write(str(iteration))
f.close()
sys.exit(85)"""),
    "unclosed file, which Python flushes at exit": save("""
f = open("checkpoint.txt", "w")
f.write(str(iteration))
sys.exit(85)"""),
    "pathlib": save(
        """
Path("checkpoint.txt").write_text(f"{iteration}\\n")
raise SystemExit(85)""",
        "from pathlib import Path",
    ),
    "write and rename": save("""
with open("checkpoint.tmp", "w") as file:
    print(iteration, file=file)
    file.flush()
    os.fsync(file.fileno())
os.replace("checkpoint.tmp", "checkpoint.txt")
sys.exit(85)"""),
    "json number": save("""
json.dump(iteration, open("checkpoint.txt", "w"))
exit(85)"""),
    "low level": save("""
fd = os.open("checkpoint.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, str(iteration).encode())
os.close(fd)
os._exit(85)"""),
    "scratch directory variable": save("""
where = os.path.join(os.environ["_CONDOR_SCRATCH_DIR"], "checkpoint.txt")
with open(where, "w") as file:
    file.write(str(iteration))
sys.exit(85)"""),
    "a log beside it": save("""
with open("checkpoint.log", "a") as log:
    log.write(f"{time.ctime()} saving at {iteration}\\n")
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
print("checkpoint at", iteration)
sys.exit(85)"""),
    "helper with constants": {
        "checkpoint.py": """
import sys
from given import restore_checkpoint
CHECKPOINT_EXIT_CODE = 85
PATH = 'checkpoint.txt'

def _write(path, text):
    with open(path, 'wt', encoding='utf-8') as handle:
        handle.write(text)

def save_checkpoint(iteration):
    _write(PATH, '{}'.format(iteration))
    sys.exit(CHECKPOINT_EXIT_CODE)
"""
    },
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "exit-zero-after-save": {
        "sys.exit()": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
sys.exit()"""),
        "os._exit(0)": save("""
with open("checkpoint.txt", "w") as file:
    print(iteration, file=file)
os._exit(0)"""),
    },
    "wrong-exit-code": {
        "sys.exit(58)": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
sys.exit(58)"""),
        "exit with a message": save("""
open("checkpoint.txt", "w").write(str(iteration))
sys.exit("checkpoint saved")"""),
    },
    "crash-will-resume": {
        "raises": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
raise RuntimeError("please restart me")"""),
        "aborts": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
os.abort()"""),
        "kills itself": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
os.kill(os.getpid(), signal.SIGKILL)"""),
    },
    "not-flushed": {
        "os._exit with an open file": save("""
f = open("checkpoint.txt", "w")
f.write(str(iteration))
os._exit(85)"""),
        "exec of exit": save("""
file = open("checkpoint.txt", "w")
print(iteration, file=file)
os.execvp("sh", ["sh", "-c", "exit 85"])"""),
    },
    "listed-file-missing": {
        "another name": save("""
with open("ckpt.txt", "w") as file:
    file.write(str(iteration))
sys.exit(85)"""),
        "a directory": save("""
os.makedirs("state", exist_ok=True)
with open("state/checkpoint.txt", "w") as file:
    file.write(str(iteration))
sys.exit(85)"""),
        "nothing written": save("sys.exit(85)"),
    },
    "repeats-iteration": {
        "one less": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration - 1))
sys.exit(85)"""),
        "last done, two back": save("""
done = iteration - 2
open("checkpoint.txt", "w").write(f"{done}")
sys.exit(85)"""),
    },
    "skips-iteration": {
        "one more": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration + 1))
sys.exit(85)"""),
        "incremented": save("""
iteration += 1
open("checkpoint.txt", "w").write(f"{iteration}\\n")
sys.exit(85)"""),
    },
    "two-files-disagree": {
        "each save behind the others": save("""
with open("checkpoint.txt", "a") as file:
    file.write(str(iteration))
sys.exit(85)"""),
        "each save on a line": save("""
print(iteration, file=open("checkpoint.txt", "a"))
sys.exit(85)"""),
    },
    "sigterm-saves": {
        "handler": save("""
def handler(number, frame):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
signal.signal(signal.SIGTERM, handler)"""),
        "handler that does not leave": save("""
def handler(number, frame):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
signal.signal(signal.SIGTERM, handler)"""),
        "global": {
            "checkpoint.py": """
import os, signal
from given import restore_checkpoint
current = None

def on_term(*ignored):
    open('checkpoint.txt', 'w').write(str(current))
    raise SystemExit(85)

signal.signal(signal.SIGTERM, on_term)

def save_checkpoint(iteration):
    global current
    current = iteration
"""
        },
    },
}
