"""Answers to exercise `restore`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from grader.course.answers import changed, given_with

SUBMIT = given_with("restore", "sweep.sub")
SAVED = """
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
"""
HISTORY = """
import sys

def save_checkpoint(iteration):
    with open("history.txt", "a") as file:
        file.write(f"{iteration}\\n")
    sys.exit(85)
"""
FORGIVING = """
def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""


def restore(text: str = "", files: str = "checkpoint.txt, my_output.txt", more: str = "") -> dict[str, str]:
    """An answer to exercise `restore`: the module, and what the submit file lists. A function that the text lacks is taken
    from SAVED or FORGIVING."""
    text = text if "def save_checkpoint" in text else SAVED + text
    text = text if "def restore_checkpoint" in text else text + FORGIVING
    submit = SUBMIT.replace("checkpoint.txt, my_output.txt", files).replace("\nqueue", f"\n{more}\nqueue")
    return {"checkpoint.py": text.strip("\n") + "\n", "sweep.sub": submit}


def listing(files: str, more: str = "") -> Callable[..., dict[str, str]]:
    """Makes an answer of a module, with a submit file that lists these files."""
    return partial(restore, files=files, more=more)


def forgiving(*changes: tuple[str, str]) -> dict[str, str]:
    """SAVED and FORGIVING, with these changes to FORGIVING."""
    return restore(changed(FORGIVING, *changes))


STRICT = (', errors="replace").read())', ").read())")
BEGIN = "def restore_checkpoint(start, end):\n"

RIGHT: dict[str, dict[str, str]] = {
    "text": restore("""
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except ValueError:
        return start
    return iteration if start <= iteration <= end else start
"""),
    "easier to ask forgiveness": restore("""
def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            iteration = int(file.read().strip())
    except (OSError, ValueError):
        iteration = start
    if iteration < start or iteration > end:
        iteration = start
    return iteration
"""),
    "named after the iteration, and the latest named in a file": listing("saves, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    os.makedirs("saves", exist_ok=True)
    name = "it%d.txt" % iteration
    for path, text in (name, iteration), ("LATEST", name):
        with open(os.path.join("saves", path), "w") as file:
            print(text, file=file)
    for old in os.listdir("saves"):
        if old not in ("LATEST", name):
            os.unlink(os.path.join("saves", old))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("saves/LATEST") as file:
            name = file.read().strip()
        with open(os.path.join("saves", name)) as file:
            iteration = int(file.readline())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""),
    "struct, with a checksum and a backup": listing("state.bin, my_output.txt")("""
import os, struct, sys, zlib

LAYOUT, NAME = struct.Struct("!4sIq"), "state.bin"

def save_checkpoint(iteration):
    data = LAYOUT.pack(b"CKPT", 1, iteration)
    if os.path.exists(NAME):
        os.replace(NAME, NAME + ".old")
    with open(NAME, "wb") as file:
        file.write(data + struct.pack("!I", zlib.crc32(data)))
    sys.exit(85)

def restore_checkpoint(start, end):
    for name in NAME, NAME + ".old":
        try:
            with open(name, "rb") as file:
                data, (checksum,) = file.read(LAYOUT.size), struct.unpack("!I", file.read())
            magic, version, iteration = LAYOUT.unpack(data)
        except (OSError, struct.error):
            continue
        if (magic, version, checksum) == (b"CKPT", 1, zlib.crc32(data)) and start <= iteration <= end:
            return iteration
    return start
"""),
    "a float in hexadecimal digits": restore("""
import sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(float(iteration).hex())
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        iteration = float.fromhex(open("checkpoint.txt").read())
    except (OSError, ValueError, OverflowError):
        return start
    return int(iteration) if start <= iteration <= end else start
"""),
    "json with the range": listing("state.json, my_output.txt")("""
import json, sys

def save_checkpoint(iteration):
    with open("state.json", "w") as file:
        json.dump({"start": int(sys.argv[1]), "end": int(sys.argv[2]), "iteration": iteration}, file)
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        state = json.load(open("state.json"))
        if state["start"] == start and state["end"] == end:
            return state["iteration"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    return start
"""),
    "pickle": listing("state.pkl my_output.txt")("""
import os, pickle, sys

def save_checkpoint(iteration):
    with open("state.pkl", "wb") as file:
        pickle.dump({"iteration": iteration, "argv": sys.argv[1:]}, file)
    sys.exit(85)

def restore_checkpoint(start, end):
    if os.path.exists("state.pkl"):
        try:
            with open("state.pkl", "rb") as file:
                state = pickle.load(file)
            if state["argv"] == [str(start), str(end)]:
                return state["iteration"]
        except (pickle.UnpicklingError, EOFError, KeyError, AttributeError, ValueError, IndexError, TypeError):
            print("the checkpoint is broken, starting over")
    return start
"""),
    "a directory": listing("state, my_output.txt")("""
import pathlib, sys
STATE = pathlib.Path("state")

def save_checkpoint(iteration):
    STATE.mkdir(exist_ok=True)
    (STATE / "iteration").write_text(str(iteration))
    (STATE / "range").write_text(" ".join(sys.argv[1:]))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        if (STATE / "range").read_text() == f"{start} {end}":
            return int((STATE / "iteration").read_text())
    except (OSError, ValueError):
        pass
    return start
"""),
    "a file in a directory, with its path": listing(
        "state/now.txt, my_output.txt", "preserve_relative_paths = True"
    )("""
import os, sys

def save_checkpoint(iteration):
    os.makedirs("state", exist_ok=True)
    with open("state/now.txt", "w") as f:
        f.write("%d" % iteration)
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        i = int(open("state/now.txt").read())
    except Exception:
        return start
    return i if i in range(start, end + 1) else start
"""),
    "counts the output's lines": listing("my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("my_output.txt"):
        return start
    with open("my_output.txt") as file:
        first = last = None
        for line in file:
            last = int(line.split()[0])
            first = first or last
    if first != start or last > end:
        return start
    return last + 1
"""),
    "two files, the second tells that the first is whole": listing("cp.data, cp.ok, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    with open("cp.data", "w") as file:
        file.write("%d\\n" % iteration)
    with open("cp.ok", "w") as file:
        file.write("ok %d" % iteration)
    sys.exit(85)

def restore_checkpoint(start, end):
    if not (os.path.exists("cp.data") and os.path.exists("cp.ok")):
        return start
    data = open("cp.data", errors="ignore").readline().strip()
    mark = open("cp.ok", errors="ignore").read()
    if mark != "ok " + data or not data.isdigit() or not start <= int(data) <= end:
        return start
    return int(data)
"""),
    "append-only history": listing("history.txt, my_output.txt")(
        HISTORY
        + """
def restore_checkpoint(start, end):
    try:
        with open("history.txt", errors="replace") as file:
            found = [int(line) for line in file if line.strip().isdigit()]
    except (OSError, ValueError):
        found = []
    usable = [i for i in found[-1:] if start <= i <= end]
    return usable[0] if usable else start
"""
    ),
    "a time and a host name that nobody reads": restore("""
import os, socket, sys, time

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        print(iteration, time.time(), socket.gethostname(), os.getcwd(), sep="\\n", file=file)
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt").readline())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""),
    "write and rename, a backup beside it": restore("""
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.new", "w") as file:
        file.write(str(iteration))
    if os.path.exists("checkpoint.txt"):
        os.replace("checkpoint.txt", "checkpoint.old")
    os.replace("checkpoint.new", "checkpoint.txt")
    os._exit(85)

def restore_checkpoint(start, end):
    text = ""
    if os.path.isfile("checkpoint.txt"):
        with open("checkpoint.txt", "rb") as file:
            text = file.read()
    if not text or not text.isdigit():
        return start
    return int(text) if start <= int(text) <= end else start
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "two-files-disagree": {
        "each save behind the others": restore(SAVED.replace('"w"', '"a"')),
        "each save on a line, the first is read": listing("history.txt, my_output.txt")(
            HISTORY + changed(FORGIVING, ("checkpoint.txt", "history.txt"), ("read()", "readline()"))
        ),
    },
    "never-restores": {
        "always start": restore("""
def restore_checkpoint(start, end):
    return start
"""),
        "looks for another file": restore("""
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint"):
        return int(open("checkpoint").read())
    return start
"""),
        "reads and forgets": restore("""
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint.txt"):
        iteration = int(open("checkpoint.txt").read())
    return start
"""),
    },
    "error-swallowed": {
        "the slides' readlines().strip()": restore("""
def restore_checkpoint(start, end):
    try:
        data = open("checkpoint.txt").readlines().strip()
        return int(data)
    except:
        return start
"""),
        "opened in a way that empties it": forgiving(('txt", errors', 'txt", "w+", errors')),
        "misspelt key": restore("""
import json, sys

def save_checkpoint(iteration):
    json.dump({"iteration": iteration}, open("checkpoint.txt", "w"))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            return json.load(file)["iter"]
    except Exception:
        pass
    return start
"""),
    },
    "repeats-iteration": {
        "last done": restore("""
import os, sys

def save_checkpoint(iteration):
    open("checkpoint.txt", "w").write(str(iteration - 1))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        return max(start, int(open("checkpoint.txt").read()))
    except (OSError, ValueError):
        return start
"""),
        "one less": forgiving((STRICT[0], STRICT[1] + " - 1")),
    },
    "skips-iteration": {
        "plus one": forgiving(STRICT, ("iteration if start <= iteration <=", "iteration + 1 if start <= iteration <")),
        "next": restore("""
import os, sys

def save_checkpoint(iteration):
    next_iteration = iteration + 1
    with open("checkpoint.txt", "w") as file:
        file.write(str(next_iteration))
    sys.exit(85)
"""),
    },
    "checkpoint-not-transferred": {
        "not listed": listing("my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    with open("state.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("state.txt"):
        return start
    return int(open("state.txt").read())
"""),
        "hidden file": listing("my_output.txt")("""
import pathlib, sys
HERE = pathlib.Path(".checkpoint")

def save_checkpoint(iteration):
    HERE.write_text(str(iteration))
    raise SystemExit(85)

def restore_checkpoint(start, end):
    return int(HERE.read_text()) if HERE.exists() else start
"""),
    },
    "listed-file-missing": {
        "a typo in the list": listing("checkpiont.txt, my_output.txt")(),
        "a glob": listing("checkpoint.*, my_output.txt")(),
        "quotes": listing('"checkpoint.txt", "my_output.txt"')(),
    },
    "output-not-in-checkpoint": {
        "only the checkpoint": listing("checkpoint.txt")(),
        "pickle only": listing("cp.pkl")("""
import pickle, sys

def save_checkpoint(iteration):
    pickle.dump(iteration, open("cp.pkl", "wb"))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        iteration = pickle.load(open("cp.pkl", "rb"))
    except Exception:
        return start
    return iteration if start <= iteration <= end else start
"""),
    },
    "path-flattened": {
        "file in a directory": listing("state/checkpoint.txt, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    os.makedirs("state", exist_ok=True)
    with open("state/checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if os.path.exists("state/checkpoint.txt"):
        return int(open("state/checkpoint.txt").read())
    return start
"""),
        "pathlib": listing("run/now, my_output.txt")("""
import pathlib, sys
PATH = pathlib.Path("run") / "now"

def save_checkpoint(iteration):
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        return int(PATH.read_text())
    except OSError:
        return start
"""),
    },
    "wrong-exit-code": {
        "the submit file names another": {
            **restore(),
            "sweep.sub": SUBMIT.replace("checkpoint_exit_code = 85", "checkpoint_exit_code = 86"),
        },
        "the submit file names none": {**restore(), "sweep.sub": SUBMIT.replace("checkpoint_exit_code = 85", "")},
    },
    "stale-checkpoint": {
        "just before START": forgiving(("if start", "if start - 1")),
        "just beyond END": forgiving(("start <= iteration <= end", "iteration in range(start, end + 2)")),
        "no check at all": restore("""
def restore_checkpoint(start, end):
    try:
        return int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
"""),
        "only the lower bound, as on the slides": restore("""
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint.txt"):
        with open("checkpoint.txt", errors="replace") as cp_file:
            cp_data = cp_file.read().strip()
        if cp_data.isdigit() and int(cp_data) >= start:
            start = int(cp_data)
    return start
"""),
        "beyond END is END": forgiving(
            ("iteration if start <= iteration <= end", "min(iteration, end) if iteration >= start")
        ),
        "only the upper bound": forgiving(("start <= iteration <=", "iteration <=")),
    },
    "corrupt-checkpoint-crashes": {
        "int of nothing": restore("""
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    iteration = int(open("checkpoint.txt").read())
    return iteration if start <= iteration <= end else start
"""),
        "json without try": listing("cp.json, my_output.txt")("""
import json, os, sys

def save_checkpoint(iteration):
    with open("cp.json", "w") as file:
        json.dump({"iteration": iteration}, file)
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("cp.json"):
        return start
    with open("cp.json") as file:
        iteration = json.load(file)["iteration"]
    return iteration if start <= iteration <= end else start
"""),
        "only the empty file is caught": restore("""
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt") or os.path.getsize("checkpoint.txt") == 0:
        return start
    iteration = int(open("checkpoint.txt").read())
    return iteration if start <= iteration <= end else start
"""),
    },
    "host-in-checkpoint": {
        "absolute path": listing("checkpoint.txt, state.txt, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    with open(os.path.abspath("state.txt"), "w") as file:
        file.write(str(iteration))
    with open("checkpoint.txt", "w") as file:
        file.write(os.path.abspath("state.txt"))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            return int(open(file.read()).read())
    except (OSError, ValueError):
        return start
"""),
        "host name": restore("""
import os, socket, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(f"{socket.gethostname()} {iteration}")
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    host, iteration = open("checkpoint.txt").read().split()
    if host != socket.gethostname():
        return start
    return int(iteration)
"""),
    },
    "relies-on-leftovers": {
        "half of it is not listed": listing("start.txt, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    with open("start.txt", "w") as file:
        file.write(sys.argv[1])
    with open("count.txt", "w") as file:
        file.write(str(iteration - int(sys.argv[1])))
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("start.txt"):
        return start
    return int(open("start.txt").read()) + int(open("count.txt").read())
"""),
        "the directory is there already": listing("state, my_output.txt")("""
import os, sys

def save_checkpoint(iteration):
    os.mkdir("state")
    with open("state/now", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        return int(open("state/now").read())
    except (OSError, ValueError):
        return start
"""),
    },
    "not-flushed": {
        "os._exit": restore("""
import os

def save_checkpoint(iteration):
    f = open("checkpoint.txt", "w")
    f.write(str(iteration))
    os._exit(85)
"""),
        "os._exit, json": listing("cp.json, my_output.txt")("""
import json, os

def save_checkpoint(iteration):
    file = open("cp.json", "w")
    json.dump([iteration], file)
    os._exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("cp.json"):
        return start
    return json.load(open("cp.json"))[0]
"""),
    },
    "always-85": {
        "at exit": restore("""
import atexit, os, sys

atexit.register(lambda: os._exit(85))

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
"""),
        "nothing left to do": restore("""
import os, sys

def save_checkpoint(iteration):
    open("checkpoint.txt", "w").write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if os.path.exists("my_output.txt") and len(open("my_output.txt").readlines()) == end - start + 1:
        save_checkpoint(end)
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
    if iteration == end - 2:
        import atexit
        atexit.register(os._exit, 85)
    return iteration if start <= iteration <= end else start
"""),
    },
    "no-progress": {
        "saves at the start": restore("""
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    open("my_output.txt", "a").close()
    sys.exit(85)

def restore_checkpoint(start, end):
    iteration = int(open("checkpoint.txt").read()) if os.path.exists("checkpoint.txt") else start
    save_checkpoint(iteration)
"""),
        "saves when it has restored": restore("""
import os, sys

def save_checkpoint(iteration):
    open("checkpoint.txt", "w").write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if os.path.exists("checkpoint.txt"):
        iteration = int(open("checkpoint.txt").read())
        save_checkpoint(iteration)
        return iteration
    return start
"""),
    },
    "exit-zero-after-save": {
        "sys.exit(0)": restore(SAVED.replace("85", "0")),
        "quit": restore(SAVED.replace("sys.exit(85)", "quit()")),
    },
    "output-overwritten": {
        "removes the old output": forgiving(
            (BEGIN, BEGIN + '    if os.path.exists("my_output.txt"):\n        os.remove("my_output.txt")\n')
        ),
        "opens it for writing": restore("""
def restore_checkpoint(start, end):
    open("my_output.txt", "w").close()
    if os.path.exists("checkpoint.txt"):
        return int(open("checkpoint.txt").read())
    return start
"""),
    },
}
