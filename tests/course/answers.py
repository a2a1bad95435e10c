"""Answers as students write them: right ones in many styles, and wrong ones by misconception.

This is the mutation table: every misconception has to be caught by its id on each of its programs,
and every right answer has to earn full points. An answer is {file: text}.
"""

from __future__ import annotations

import answers_bugs
from answers_annealing import RIGHT_ANNEALING, WRONG_ANNEALING
from answers_for_real import RIGHT_FOR_REAL
from answers_submit import RIGHT_SPLIT, RIGHT_SUBMIT, WRONG_SPLIT, WRONG_SUBMIT
from answers_wrapper import RIGHT_WRAPPER, WRONG_WRAPPER

from grader.course.catalogue import EXERCISES

SUBMIT = EXERCISES["restore"].given()["sweep.sub"].text


def save(body: str, imports: str = "import sys") -> dict[str, str]:
    """An answer to exercise `save`: the body of save_checkpoint."""
    lines = "\n".join("    " + line if line else "" for line in body.strip("\n").splitlines())
    return {
        "checkpoint.py": f"{imports}\nfrom given import restore_checkpoint\n\n\n"
        f"def save_checkpoint(iteration):\n{lines}\n"
    }


def restore(text: str, files: str = "checkpoint.txt, my_output.txt", more: str = "") -> dict[str, str]:
    """An answer to exercise `restore`: the module, and what the submit file lists."""
    submit = SUBMIT.replace("checkpoint.txt, my_output.txt", files).replace("\nqueue", f"\n{more}\nqueue")
    return {"checkpoint.py": text.strip("\n") + "\n", "sweep.sub": submit}


SAVED = """
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
"""

RIGHT_SAVE = {
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
    "write and rename": save(
        """
with open("checkpoint.tmp", "w") as file:
    print(iteration, file=file)
    file.flush()
    os.fsync(file.fileno())
os.replace("checkpoint.tmp", "checkpoint.txt")
sys.exit(85)""",
        "import os, sys",
    ),
    "json number": save(
        """
json.dump(iteration, open("checkpoint.txt", "w"))
exit(85)""",
        "import json",
    ),
    "low level": save(
        """
fd = os.open("checkpoint.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, str(iteration).encode())
os.close(fd)
os._exit(85)""",
        "import os",
    ),
    "scratch directory variable": save(
        """
where = os.path.join(os.environ["_CONDOR_SCRATCH_DIR"], "checkpoint.txt")
with open(where, "w") as file:
    file.write(str(iteration))
sys.exit(85)""",
        "import os, sys",
    ),
    "a log beside it": save(
        """
with open("checkpoint.log", "a") as log:
    log.write(f"{time.ctime()} saving at {iteration}\\n")
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
print("checkpoint at", iteration)
sys.exit(85)""",
        "import sys, time",
    ),
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

WRONG_SAVE = {
    "exit-zero-after-save": {
        "sys.exit()": save("""
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
sys.exit()"""),
        "os._exit(0)": save(
            """
with open("checkpoint.txt", "w") as file:
    print(iteration, file=file)
os._exit(0)""",
            "import os",
        ),
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
        "aborts": save(
            """
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
os.abort()""",
            "import os",
        ),
        "kills itself": save(
            """
with open("checkpoint.txt", "w") as file:
    file.write(str(iteration))
os.kill(os.getpid(), signal.SIGKILL)""",
            "import os, signal",
        ),
    },
    "not-flushed": {
        "os._exit with an open file": save(
            """
f = open("checkpoint.txt", "w")
f.write(str(iteration))
os._exit(85)""",
            "import os",
        ),
        "exec of exit": save(
            """
file = open("checkpoint.txt", "w")
print(iteration, file=file)
os.execvp("sh", ["sh", "-c", "exit 85"])""",
            "import os",
        ),
    },
    "listed-file-missing": {
        "another name": save("""
with open("ckpt.txt", "w") as file:
    file.write(str(iteration))
sys.exit(85)"""),
        "a directory": save(
            """
os.makedirs("state", exist_ok=True)
with open("state/checkpoint.txt", "w") as file:
    file.write(str(iteration))
sys.exit(85)""",
            "import os, sys",
        ),
        "nothing written": save("""
sys.exit(85)"""),
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
        "handler": save(
            """
def handler(number, frame):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
signal.signal(signal.SIGTERM, handler)""",
            "import signal, sys",
        ),
        "handler that does not leave": save(
            """
def handler(number, frame):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
signal.signal(signal.SIGTERM, handler)""",
            "import signal",
        ),
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

RIGHT_RESTORE = {
    "text": restore(
        SAVED
        + """
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except ValueError:
        return start
    return iteration if start <= iteration <= end else start
"""
    ),
    "easier to ask forgiveness": restore(
        SAVED
        + """
def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            iteration = int(file.read().strip())
    except (OSError, ValueError):
        iteration = start
    if iteration < start or iteration > end:
        iteration = start
    return iteration
"""
    ),
    "json with the range": restore(
        """
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
""",
        "state.json, my_output.txt",
    ),
    "pickle": restore(
        """
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
""",
        "state.pkl my_output.txt",
    ),
    "a directory": restore(
        """
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
""",
        "state, my_output.txt",
    ),
    "a file in a directory, with its path": restore(
        """
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
""",
        "state/now.txt, my_output.txt",
        "preserve_relative_paths = True",
    ),
    "counts the output's lines": restore(
        """
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
""",
        "my_output.txt",
    ),
    "two files, the second tells that the first is whole": restore(
        """
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
""",
        "cp.data, cp.ok, my_output.txt",
    ),
    "append-only history": restore(
        """
import sys

def save_checkpoint(iteration):
    with open("history.txt", "a") as file:
        file.write(f"{iteration}\\n")
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("history.txt", errors="replace") as file:
            found = [int(line) for line in file if line.strip().isdigit()]
    except (OSError, ValueError):
        found = []
    usable = [i for i in found[-1:] if start <= i <= end]
    return usable[0] if usable else start
""",
        "history.txt, my_output.txt",
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

FORGIVING = """
def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""

WRONG_RESTORE = {
    "two-files-disagree": {
        "each save behind the others": restore(SAVED.replace('"w"', '"a"') + FORGIVING),
        "each save on a line, the first is read": restore(
            """
import sys

def save_checkpoint(iteration):
    with open("history.txt", "a") as file:
        file.write(f"{iteration}\\n")
    sys.exit(85)
"""
            + FORGIVING.replace("checkpoint.txt", "history.txt").replace("read()", "readline()"),
            "history.txt, my_output.txt",
        ),
    },
    "never-restores": {
        "always start": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    return start
"""
        ),
        "looks for another file": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint"):
        return int(open("checkpoint").read())
    return start
"""
        ),
        "reads and forgets": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint.txt"):
        iteration = int(open("checkpoint.txt").read())
    return start
"""
        ),
    },
    "error-swallowed": {
        "the slides' readlines().strip()": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    try:
        data = open("checkpoint.txt").readlines().strip()
        return int(data)
    except:
        return start
"""
        ),
        "opened in a way that empties it": restore(SAVED + FORGIVING.replace('txt", errors', 'txt", "w+", errors')),
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
        "one less": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt").read()) - 1
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""
        ),
    },
    "skips-iteration": {
        "plus one": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt").read())
    except (OSError, ValueError):
        return start
    return iteration + 1 if start <= iteration < end else start
"""
        ),
        "next": restore(
            """
import os, sys

def save_checkpoint(iteration):
    next_iteration = iteration + 1
    with open("checkpoint.txt", "w") as file:
        file.write(str(next_iteration))
    sys.exit(85)
"""
            + FORGIVING
        ),
    },
    "checkpoint-not-transferred": {
        "not listed": restore(
            """
import os, sys

def save_checkpoint(iteration):
    with open("state.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("state.txt"):
        return start
    return int(open("state.txt").read())
""",
            "my_output.txt",
        ),
        "hidden file": restore(
            """
import pathlib, sys
HERE = pathlib.Path(".checkpoint")

def save_checkpoint(iteration):
    HERE.write_text(str(iteration))
    raise SystemExit(85)

def restore_checkpoint(start, end):
    return int(HERE.read_text()) if HERE.exists() else start
""",
            "my_output.txt",
        ),
    },
    "listed-file-missing": {
        "a typo in the list": restore(SAVED + FORGIVING, "checkpiont.txt, my_output.txt"),
        "a glob": restore(SAVED + FORGIVING, "checkpoint.*, my_output.txt"),
        "quotes": restore(SAVED + FORGIVING, '"checkpoint.txt", "my_output.txt"'),
    },
    "output-not-in-checkpoint": {
        "only the checkpoint": restore(SAVED + FORGIVING, "checkpoint.txt"),
        "pickle only": restore(
            """
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
""",
            "cp.pkl",
        ),
    },
    "path-flattened": {
        "file in a directory": restore(
            """
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
""",
            "state/checkpoint.txt, my_output.txt",
        ),
        "pathlib": restore(
            """
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
""",
            "run/now, my_output.txt",
        ),
    },
    "wrong-exit-code": {
        "the submit file names another": {
            **restore(SAVED + FORGIVING),
            "sweep.sub": SUBMIT.replace("checkpoint_exit_code = 85", "checkpoint_exit_code = 86"),
        },
        "the submit file names none": {
            **restore(SAVED + FORGIVING),
            "sweep.sub": SUBMIT.replace("checkpoint_exit_code = 85", ""),
        },
    },
    "stale-checkpoint": {
        "no check at all": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    try:
        return int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
"""
        ),
        "only the lower bound, as on the slides": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if os.path.exists("checkpoint.txt"):
        with open("checkpoint.txt", errors="replace") as cp_file:
            cp_data = cp_file.read().strip()
        if cp_data.isdigit() and int(cp_data) >= start:
            start = int(cp_data)
    return start
"""
        ),
        "only the upper bound": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
    return iteration if iteration <= end else start
"""
        ),
    },
    "corrupt-checkpoint-crashes": {
        "int of nothing": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    iteration = int(open("checkpoint.txt").read())
    return iteration if start <= iteration <= end else start
"""
        ),
        "json without try": restore(
            """
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
""",
            "cp.json, my_output.txt",
        ),
        "only the empty file is caught": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt") or os.path.getsize("checkpoint.txt") == 0:
        return start
    iteration = int(open("checkpoint.txt").read())
    return iteration if start <= iteration <= end else start
"""
        ),
    },
    "host-in-checkpoint": {
        "absolute path": restore(
            """
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
""",
            "checkpoint.txt, state.txt, my_output.txt",
        ),
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
        "half of it is not listed": restore(
            """
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
""",
            "start.txt, my_output.txt",
        ),
        "the directory is there already": restore(
            """
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
""",
            "state, my_output.txt",
        ),
    },
    "not-flushed": {
        "os._exit": restore(
            """
import os

def save_checkpoint(iteration):
    f = open("checkpoint.txt", "w")
    f.write(str(iteration))
    os._exit(85)
"""
            + FORGIVING
        ),
        "os._exit, json": restore(
            """
import json, os

def save_checkpoint(iteration):
    file = open("cp.json", "w")
    json.dump([iteration], file)
    os._exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("cp.json"):
        return start
    return json.load(open("cp.json"))[0]
""",
            "cp.json, my_output.txt",
        ),
    },
    "always-85": {
        "at exit": restore(
            """
import atexit, os, sys

atexit.register(lambda: os._exit(85))

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
"""
            + FORGIVING
        ),
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
        "sys.exit(0)": restore(SAVED.replace("85", "0") + FORGIVING),
        "quit": restore(SAVED.replace("sys.exit(85)", "quit()") + FORGIVING),
    },
    "output-overwritten": {
        "removes the old output": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    if os.path.exists("my_output.txt"):
        os.remove("my_output.txt")
    try:
        iteration = int(open("checkpoint.txt", errors="replace").read())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""
        ),
        "opens it for writing": restore(
            SAVED
            + """
def restore_checkpoint(start, end):
    open("my_output.txt", "w").close()
    if os.path.exists("checkpoint.txt"):
        return int(open("checkpoint.txt").read())
    return start
"""
        ),
    },
}


def often(body: str, head: str = "") -> dict[str, str]:
    """An answer to exercise `often`: the body of save_now with its four arguments as i, since, cost and between."""
    lines = "\n".join("    " + line if line else "" for line in body.strip("\n").splitlines())
    return {"when.py": f"{head.strip()}\n\n\ndef save_now(i, since, cost, between):\n{lines}\n"}


RIGHT_OFTEN = {
    "Young": {
        "when.py": """
import math

def save_now(iteration, seconds_since_checkpoint, checkpoint_seconds, seconds_between_evictions):
    return seconds_since_checkpoint >= math.sqrt(2 * checkpoint_seconds * seconds_between_evictions)
"""
    },
    "without a root": often("return since ** 2 >= 2 * cost * between"),
    "Daly": often("""
part = cost / (2 * between)
if part >= 1:
    return since >= between
return since >= (2 * cost * between) ** 0.5 * (1 + part ** 0.5 / 3 + part / 9) - cost"""),
    "Young's interval with the checkpoint in it": often("return since + cost >= (2 * cost * between) ** .5"),
    "what is to be lost against what it costs": often("""
chance = since / between
return chance * since / 2 > cost"""),
    "the best interval, searched for": often(
        """
def waste(interval):
    return math.expm1((interval + cost) / between) / interval
candidates = [between * step / 200 for step in range(1, 400)]
return since >= min(candidates, key=waste)""",
        "import math",
    ),
    "a clock of its own": often(
        """
global begun
if begun is None:
    begun = time.time()
return time.time() - begun >= (2 * cost * between) ** 0.5""",
        "import time\nbegun = None",
    ),
    "a class, and 1 and 0 for yes and no": often(
        "return int(Rule(cost, between).due(since))",
        """
class Rule:
    def __init__(self, cost, between):
        self.interval = (2.0 * cost * between) ** 0.5

    def due(self, since):
        return since >= self.interval
""",
    ),
    "numbers that arrive by any name": {
        "when.py": """
from math import sqrt
from statistics import geometric_mean

def save_now(*told):
    _, since, *numbers = told
    return sqrt(2) * geometric_mean(numbers) <= since
"""
    },
    "talks": often("""
due = since >= (2 * cost * between) ** 0.5
print("iteration", i, "after", since, "s:", "save" if due else "go on")
with open("when.log", "a") as log:
    log.write(f"{i} {due}\\n")
return due"""),
}

WRONG_OFTEN = {
    "no-progress": {
        "always": often("return True"),
        "by iteration count": often("return i % 10 == 0"),
        "never": often("return False"),
        "forgets to return": often("since >= (2 * cost * between) ** 0.5"),
        "four hours, where slots last two": often("return since >= 4 * 60 * 60"),
        "as long as a slot lasts": often("return since > between"),
    },
}

ANSWERS = {
    "split": (RIGHT_SPLIT, WRONG_SPLIT),
    "submit": (RIGHT_SUBMIT, WRONG_SUBMIT),
    "save": (RIGHT_SAVE, WRONG_SAVE),
    "restore": (RIGHT_RESTORE, WRONG_RESTORE),
    "annealing": (RIGHT_ANNEALING, WRONG_ANNEALING),
    "often": (RIGHT_OFTEN, WRONG_OFTEN),
    **answers_bugs.ANSWERS,
    "wrapper": (RIGHT_WRAPPER, WRONG_WRAPPER),
    "for_real": (RIGHT_FOR_REAL, {}),
}
