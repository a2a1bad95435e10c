"""Wrong answers whose cause is proven by its cure, and right ones that look like them, as students write them.

A wrong answer comes with the line that the report has to name, 0 for none, and words that the report has to contain.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from grader.course.answers import given_with
from grader.course.exercises.behind_a_pipe.answers import script
from grader.course.exercises.restore.answers import restore
from grader.course.exercises.save.answers import save
from grader.course.exercises.slides_listing.answers import NOT_AT_ONCE, WITHIN, listed
from grader.course.exercises.submit.answers import HOME, NEEDS, SAVES, submit
from grader.course.exercises.told_to_stop.answers import bash
from grader.course.exercises.wrapper.answers import START, wrapper


class Wrong(NamedTuple):
    """A wrong answer: its files, where it is wrong, words of the report, and the misconception, if one is behind it."""

    files: dict[str, str]
    line: int
    words: str
    misconception: str | None = None


WRITE = 'with open("checkpoint.txt", "w") as file:\n    file.write(str(iteration))\n'
OS, TIME = "import os, sys", "import sys, time"
OUTSIDE_SAID = "outside the sandbox"
HOME_SAID, HASH_SAID, SET_SAID = "home directory", "hash() of a text gives another number", "a set has no order"
CALLED, CAUGHT, REACHED = "named but not called", "raises SystemExit", "never reaches the lines below"
ELSEWHERE, FAILS, SAVED_HERE = "the job itself continues", "The error is hidden", "is used here instead of `iteration`"
WRITES_OUTPUT, EXIT_CODE = "opens my_output.txt to write to it", "wrong-exit-code"
FOLDER = "there is no folder save in the sandbox"
UNREADABLE = "It does not get `iteration` back"
TAKEN, OUTSIDE, AGAIN = "takes away a file that is needed", "outside the functions", "restarts itself here"

SAVE = {
    # -- nothing is written, or something else ------------------------------------------
    "in the home directory": Wrong(
        save(
            '(Path.home() / "checkpoint.txt").write_text(str(iteration))\nsys.exit(85)',
            "import sys\nfrom pathlib import Path",
        ),
        7,
        HOME_SAID,
    ),
    "at the end of HOME": Wrong(
        save(
            'with open(os.environ["HOME"] + "/checkpoint.txt", "w") as file:\n    file.write(str(iteration))\nsys.exit(85)',
            OS,
        ),
        6,
        HOME_SAID,
    ),
    "an error of write is caught": Wrong(
        save("""
try:
    with open("checkpoint.txt", "w") as file:
        file.write(iteration)
except Exception as problem:
    print("not saved:", problem)
sys.exit(85)"""),
        8,
        FAILS,
    ),
    "text into a file for bytes": Wrong(
        save("""
try:
    with open("checkpoint.txt", "wb") as file:
        file.write(str(iteration))
except TypeError:
    pass
sys.exit(85)"""),
        8,
        FAILS,
    ),
    "an error of write is hidden by finally": Wrong(
        save("""
try:
    with open("checkpoint.txt", "w") as file:
        file.write(iteration)
finally:
    sys.exit(85)"""),
        8,
        FAILS,
    ),
    "write without brackets": Wrong(
        save('with open("checkpoint.txt", "w") as file:\n    file.write\nsys.exit(85)'), 7, CALLED
    ),
    "close without brackets": Wrong(
        save('file = open("checkpoint.txt", "w")\nfile.write(str(iteration))\nfile.close\nos._exit(85)', OS), 8, CALLED
    ),
    "leaves before it writes": Wrong(
        save('with open("checkpoint.txt", "w") as file:\n    sys.exit(85)\n    file.write(str(iteration))'), 7, REACHED
    ),
    "the exercise's folder in the path": Wrong(
        save(f"{WRITE.replace('checkpoint.txt', 'save/checkpoint.txt')}sys.exit(85)"), 6, FOLDER
    ),
    "the exercise's folder in a name for the path": Wrong(
        save(
            'with open(PATH, "w") as file:\n    file.write(str(iteration))\nsys.exit(85)',
            'import os, sys\nPATH = os.path.join("./save", "checkpoint.txt")',
        ),
        2,
        "there is no folder ./save in the sandbox",
    ),
    "the exercise's folder, with pathlib": Wrong(
        save(
            '(Path("save") / "checkpoint.txt").write_text(str(iteration))\nsys.exit(85)',
            "import sys\nfrom pathlib import Path",
        ),
        7,
        FOLDER,
    ),
    "a folder, and no text": Wrong(
        save('with open("save/checkpoint.txt", "w") as file:\n    file.write(iteration)\nsys.exit(85)'), 0, ""
    ),
    "opens a file that is not there": Wrong(
        save(f"{WRITE.replace(', ' + chr(34) + 'w' + chr(34), '')}sys.exit(85)"), 6, "opens a file to read it"
    ),
    "leaves the given function out": Wrong(
        {
            "checkpoint.py": save(f"{WRITE}sys.exit(85)")["checkpoint.py"].replace(
                "from given import restore_checkpoint", ""
            )
        },
        1,
        "`from given import restore_checkpoint` is missing",
    ),
    "leaves first": Wrong(save(f"sys.exit(85)\n{WRITE}"), 6, REACHED),
    "leaves the stub's line in": Wrong(
        save(f"raise NotImplementedError()\n{WRITE}sys.exit(85)"), 6, "the program raises an error here, so it never"
    ),
    "tries the function out": Wrong(
        {"checkpoint.py": save(f"{WRITE}sys.exit(85)")["checkpoint.py"] + "\nsave_checkpoint(3)\n"}, 10, OUTSIDE
    ),
    "returns what leaves": Wrong(
        save('file = open("checkpoint.txt", "w")\nreturn sys.exit(85)\nfile.write(str(iteration))'), 7, REACHED
    ),
    "a counter of its own": Wrong(
        {
            "checkpoint.py": f"""
import sys
from given import restore_checkpoint
saves = 0

def save_checkpoint(iteration):
    global saves
    saves += 1
    {WRITE.replace("iteration", "saves").replace(chr(10), chr(10) + "    ")}
    sys.exit(85)
"""
        },
        10,
        SAVED_HERE,
    ),
    "a counter at the function": Wrong(
        save("""
save_checkpoint.count = getattr(save_checkpoint, "count", 0) + 1
open("checkpoint.txt", "w").write(str(save_checkpoint.count))
sys.exit(85)"""),
        7,
        SAVED_HERE,
    ),
    "its first argument": Wrong(save('open("checkpoint.txt", "w").write(sys.argv[1])\nsys.exit(85)'), 6, SAVED_HERE),
    "the word": Wrong(save('open("checkpoint.txt", "w").write("iteration")\nsys.exit(85)'), 6, SAVED_HERE),
    "a helper without brackets": Wrong(
        {
            "checkpoint.py": f"""
import sys
from given import restore_checkpoint

def leave():
    sys.exit(85)

def save_checkpoint(iteration):
    {WRITE.strip().replace(chr(10), chr(10) + "    ")}
    leave
"""
        },
        11,
        CALLED,
    ),
    "a helper that catches it": Wrong(
        {
            "checkpoint.py": f"""
import sys
from given import restore_checkpoint

def leave():
    try:
        sys.exit(85)
    except BaseException as problem:
        print(problem)

def save_checkpoint(iteration):
    {WRITE.strip().replace(chr(10), chr(10) + "    ")}
    leave()
"""
        },
        8,
        CAUGHT,
    ),
    "an error of another kind is hidden": Wrong(
        save(
            "try:\n    with open('checkpoint.txt', 'w') as file:\n        json.dump(file, iteration)\nexcept Exception:\n"
            "    pass\nsys.exit(85)",
            "import json, sys",
        ),
        0,
        "The job fails with exit code 1",
    ),
    "the number of the last checkpoint": Wrong(
        save('open("checkpoint.txt", "w").write(str(iteration - 3))\nsys.exit(85)'),
        6,
        "`iteration - 3` makes another number",
    ),
    "two digits": Wrong(
        save('open("checkpoint.txt", "w").write(str(iteration)[:2])\nsys.exit(85)'),
        6,
        "only a part of `str(iteration)`",
    ),
    "the last two digits": Wrong(
        save('open("checkpoint.txt", "w").write("%02d" % (iteration % 100))\nsys.exit(85)'), 6, UNREADABLE
    ),
    "hexadecimal digits": Wrong(save('open("checkpoint.txt", "w").write(hex(iteration))\nsys.exit(85)'), 6, UNREADABLE),
    "a float": Wrong(
        save('with open("checkpoint.txt", "w") as file:\n    print(float(iteration), file=file)\nsys.exit(85)'),
        7,
        UNREADABLE,
    ),
    "a pickle": Wrong(
        save(
            'with open("checkpoint.txt", "wb") as file:\n    pickle.dump(iteration, file)\nsys.exit(85)',
            "import pickle, sys",
        ),
        7,
        UNREADABLE,
    ),
    "only if there is none": Wrong(
        save(
            f"if not os.path.exists('checkpoint.txt'):\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\nsys.exit(85)",
            OS,
        ),
        6,
        "it writes only if `not os.path.exists",
    ),
    "a remark in the output": Wrong(
        save(f'{WRITE}with open("my_output.txt", "a") as file:\n    file.write("saved")\nsys.exit(85)'),
        8,
        WRITES_OUTPUT,
    ),
    "a remark in the output, in two lines": Wrong(
        save(f'{WRITE}file = open("my_output.txt", "a")\nfile.write("saved\\n")\nfile.close()\nsys.exit(85)'),
        8,
        WRITES_OUTPUT,
    ),
    # -- what is needed is taken away ---------------------------------------------------
    "removes the output": Wrong(save(f'{WRITE}os.remove("my_output.txt")\nsys.exit(85)', OS), 8, TAKEN),
    "moves the output": Wrong(
        save(f'{WRITE}shutil.move("my_output.txt", "old.txt")\nsys.exit(85)', "import shutil, sys"), 8, TAKEN
    ),
    "empties the output": Wrong(
        save(f'{WRITE}open("my_output.txt", "w").close()\nsys.exit(85)'),
        8,
        "empties my_output.txt",
    ),
    # -- it leaves with another code ----------------------------------------------------
    "the code as text": Wrong(save(f'{WRITE}sys.exit("85")'), 8, "prints '85' and exits with 1", EXIT_CODE),
    "a message": Wrong(save(f'{WRITE}raise SystemExit(f"saved at {{iteration}}")'), 8, "and exits with 1", EXIT_CODE),
    "a constant": Wrong(
        save(f"code = 58\n{WRITE}sys.exit(code)"), 9, "the value of code, and that is not 85", EXIT_CODE
    ),
    # -- it does not leave, or much later ------------------------------------------------
    "a month of sleep": Wrong(save(f"{WRITE}time.sleep(30 * 24 * 3600)\nsys.exit(85)", TIME), 8, "it waits here"),
    "a day of sleep": Wrong(
        save(f"{WRITE}from time import sleep\nsleep(86400)\nsys.exit(85)"), 9, "no iteration is done twice"
    ),
    "caught by a bare except": Wrong(
        save(
            f"try:\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\n    sys.exit(85)\nexcept:\n    print('not saved')"
        ),
        10,
        CAUGHT,
    ),
    "caught by its name": Wrong(save(f"{WRITE}try:\n    sys.exit(85)\nexcept SystemExit:\n    pass"), 10, CAUGHT),
    "suppressed": Wrong(
        save(f"{WRITE}with contextlib.suppress(BaseException):\n    sys.exit(85)", "import contextlib, sys"), 8, CAUGHT
    ),
    "returns in finally": Wrong(
        save(f"try:\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\n    sys.exit(85)\nfinally:\n    return"),
        11,
        "`return` in `finally`",
    ),
    "sys.exit without brackets": Wrong(save(f"{WRITE}sys.exit"), 8, CALLED),
    "returns the code": Wrong(save(f"{WRITE}return 85"), 8, "ends the function, and not the program"),
    "leaves in except alone": Wrong(
        save(f"try:\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\nexcept OSError:\n    sys.exit(85)"),
        10,
        "only if an error is raised",
    ),
    "in a thread": Wrong(
        save(
            """
def job():
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
worker = threading.Thread(target=job)
worker.start()
worker.join()""",
            "import sys, threading",
        ),
        10,
        "ends only that thread",
    ),
    "in a pool of threads": Wrong(
        save(
            """
def job():
    open("checkpoint.txt", "w").write(str(iteration))
    sys.exit(85)
with ThreadPoolExecutor() as pool:
    pool.submit(job)""",
            "import sys\nfrom concurrent.futures import ThreadPoolExecutor",
        ),
        11,
        "does not end the program",
    ),
    "in a process": Wrong(
        save(
            f"""{WRITE}
other = multiprocessing.Process(target=sys.exit, args=(85,))
other.start()
other.join()""",
            "import multiprocessing, sys",
        ),
        9,
        ELSEWHERE,
    ),
    "in a fork": Wrong(save(f"{WRITE}if os.fork() == 0:\n    os._exit(85)\nos.wait()", OS), 8, ELSEWHERE),
    "a child writes and leaves": Wrong(
        save(
            """
child = os.fork()
if not child:
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)
os.waitpid(child, 0)""",
            OS,
        ),
        6,
        ELSEWHERE,
    ),
    "a shell leaves": Wrong(save(f'{WRITE}os.system("exit 85")', OS), 8, ELSEWHERE),
    "by the clock": Wrong(
        {
            "checkpoint.py": f"""
import sys, time
from given import restore_checkpoint
begun = time.time()

def save_checkpoint(iteration):
    if time.time() - begun < 3600:
        return
    {WRITE.strip().replace(chr(10), chr(10) + "    ")}
    sys.exit(85)
"""
        },
        7,
        "time.time() - begun < 3600",
    ),
    "every tenth": Wrong(
        save(f"if iteration % 10 == 0:\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\n    sys.exit(85)"),
        6,
        "iteration % 10 == 0",
    ),
    "every second time": Wrong(
        save(f"if iteration % 2:\n    return\n{WRITE}sys.exit(85)"),
        6,
        "save_checkpoint is called after every 3 iterations",
    ),
    "leaves for the first time only": Wrong(
        save(f'first = not os.path.exists("checkpoint.txt")\n{WRITE}if first:\n    sys.exit(85)', OS),
        9,
        "it exits only if `first`",
    ),
    "outside of the function": Wrong(
        {
            "checkpoint.py": f"""
import sys
from given import restore_checkpoint

def save_checkpoint(iteration):
    {WRITE.strip().replace(chr(10), chr(10) + "    ")}

sys.exit(85)
"""
        },
        9,
        OUTSIDE,
    ),
    "saves none of the first iterations": Wrong(
        save(f"if iteration < 4:\n    return\n{WRITE}sys.exit(85)"),
        6,
        "returns here without exiting if `iteration < 4`",
    ),
    "prints to its output": Wrong(
        save('with open("checkpoint.txt", "w") as file:\n    print(iteration)\nsys.exit(85)'),
        7,
        "writes to the output of the program, not to `file`",
    ),
    "a function that is never called": Wrong(
        save(
            'def put():\n    with open("checkpoint.txt", "w") as file:\n        file.write(str(iteration))\nsys.exit(85)'
        ),
        6,
        "the function `put` is never called",
        "listed-file-missing",
    ),
    "starts itself": Wrong(save(f"{WRITE}os.execl(sys.executable, sys.executable, *sys.argv)", OS), 8, AGAIN),
}

MODULE = """
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            iteration = int(file.read())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""


def changed(*changes: tuple[str, str], files: str = "checkpoint.txt, my_output.txt") -> dict[str, str]:
    """The module with some of its text changed. (Its first line is empty, and is not there in the answer.)"""
    text = MODULE
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return restore(text, files)


def numbered(choice: str, name: str = '"it_%d.txt" % iteration', files: str = "saves, my_output.txt") -> dict[str, str]:
    """A module that keeps a file of each checkpoint, and chooses one."""
    return restore(
        f"""
import glob, os, sys

def save_checkpoint(iteration):
    os.makedirs("saves", exist_ok=True)
    with open("saves/" + {name}, "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        {choice}
        with open("saves/" + last) as file:
            iteration = int(file.read())
    except (OSError, ValueError, IndexError):
        return start
    return iteration if start <= iteration <= end else start
""",
        files,
    )


def in_json(value: str, read: str, errors: str, otherwise: str = "start") -> dict[str, str]:
    """A module that saves a value as JSON."""
    return restore(
        f"""
import json, os, sys

def save_checkpoint(iteration):
    with open("checkpoint.json", "w") as file:
        json.dump({value}, file)
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("checkpoint.json") as file:
            iteration = json.load(file){read}
    except ({errors}):
        return {otherwise}
    return iteration if start <= iteration <= end else start
""",
        "checkpoint.json, my_output.txt",
    )


READ = 'with open("checkpoint.txt") as file:\n            iteration = int(file.read())'
RETURNED = "return iteration if start <= iteration <= end else start"
SAVED = 'with open("checkpoint.txt", "w") as file:\n        file.write(str(iteration))'
BOUND, TEXT_ORDER, BROKEN = "of the last iteration", "sorted as text", "restore_checkpoint copes with the broken file"
NOT_START, GONE, OTHERS, WHOSE = (
    "instead of START",
    "gone when the process ends",
    "files of another run",
    "my_output.txt here",
)
RESTORING_SAVES = "and that exits: this execution does no iteration"
CORRUPT = "corrupt-checkpoint-crashes"
PLACE = 'os.path.join(os.path.expanduser("~"), "checkpoint.txt")'

RESTORE = {
    "reads one digit": Wrong(changed((".read()", ".read(1)")), 11, "reads only a part of the file"),
    "reads two digits": Wrong(changed((".read()", ".read(2)")), 11, "reads only a part of the file"),
    "the first letter of the text": Wrong(changed((".read()", ".read()[0]")), 11, "is only a part of"),
    "in the home directory": Wrong(changed(('"checkpoint.txt"', PLACE)), 4, HOME_SAID),
    "in the home directory, and not listed": Wrong(
        changed(('"checkpoint.txt"', PLACE), files="my_output.txt"), 4, HOME_SAID
    ),
    "in a directory that only some machines have": Wrong(
        changed(('"checkpoint.txt"', '"/no/scratch/checkpoint.txt"')), 4, OUTSIDE_SAID
    ),
    "the number of the process in the name": Wrong(
        changed(('"checkpoint.txt"', 'f"checkpoint-{os.getpid()}.txt"'), files="my_output.txt"), 4, "getpid() gives"
    ),
    "the time of the start in the name": Wrong(
        changed(
            ('"checkpoint.txt"', "NAME"),
            ("import os, sys", 'import os, sys, time\nNAME = "checkpoint-%d.txt" % time.time()'),
            files="my_output.txt",
        ),
        2,
        "time() gives",
    ),
    "hash() as a checksum": Wrong(
        changed(
            ("file.write(str(iteration))", 'file.write(f"{iteration} {hash(str(iteration))}")'),
            ("iteration = int(file.read())", "text, check = file.read().split()"),
            (
                "    return iteration if",
                "    if str(hash(text)) != check:\n        return start\n    iteration = int(text)\n"
                "    return iteration if",
            ),
        ),
        5,
        HASH_SAID,
    ),
    "hash() with a name": Wrong(
        changed(
            ("file.write(str(iteration))", 'file.write("%d %d" % (iteration, hash("sweep %d" % iteration)))'),
            ("iteration = int(file.read())", "iteration, mark = map(int, file.read().split())"),
            (
                "    return iteration if",
                '    if mark != hash("sweep %d" % iteration):\n        return start\n    return iteration if',
            ),
        ),
        5,
        HASH_SAID,
    ),
    "the order of a set": Wrong(
        changed(
            (
                "file.write(str(iteration))",
                'file.write(" ".join({f"a{iteration}", f"b{sys.argv[1]}", f"c{sys.argv[2]}"}))',
            ),
            ("iteration = int(file.read())", "iteration, *ends = [int(word[1:]) for word in file.read().split()]"),
            ("    return iteration if", "    if ends != [start, end]:\n        return start\n    return iteration if"),
        ),
        5,
        SET_SAID,
    ),
    "an environment variable": Wrong(
        changed(
            (SAVED, 'os.environ["ITERATION"] = str(iteration)\n    open("checkpoint.txt", "w").close()'),
            (READ, 'iteration = int(os.environ.get("ITERATION", start))'),
        ),
        4,
        GONE,
    ),
    "a global variable": Wrong(
        changed(
            ("def save", "kept = None\n\ndef save"),
            (SAVED, 'global kept\n    kept = iteration\n    open("checkpoint.txt", "w").close()'),
            (READ, "iteration = int(kept if kept is not None else start)"),
        ),
        7,
        GONE,
    ),
    "an attribute of a module": Wrong(
        changed(
            (SAVED, 'sys.last = iteration\n    open("checkpoint.txt", "w").close()'),
            (READ, 'iteration = getattr(sys, "last", start)'),
        ),
        4,
        GONE,
    ),
    "saves in restoring, if there is none": Wrong(
        changed(("    try:", '    if not os.path.exists("checkpoint.txt"):\n        save_checkpoint(start)\n    try:')),
        10,
        RESTORING_SAVES,
    ),
    "saves in restoring, if there is one": Wrong(
        changed((RETURNED, "if start <= iteration <= end:\n        save_checkpoint(iteration)\n    return start")),
        15,
        RESTORING_SAVES,
        "no-progress",
    ),
    "opened with w+ to be read": Wrong(
        changed(
            (
                READ,
                'with open("checkpoint.txt", "w+") as file:\n            text = file.read()\n'
                "        iteration = int(text) if text else start",
            )
        ),
        10,
        "empties the file",
    ),
    "a remark in the output": Wrong(
        changed(("    " + RETURNED, '    open("my_output.txt", "a").write("restored\\n")\n    ' + RETURNED)),
        14,
        WRITES_OUTPUT,
    ),
    "falls back to 1": Wrong(changed(("return start\n", "return 1\n"), ("else start", "else 1")), 13, NOT_START),
    "falls back to 0": Wrong(changed(("return start\n", "return 0\n")), 13, NOT_START),
    "falls back to END": Wrong(changed(("return start\n", "return end\n")), 13, "begins with end instead of START"),
    "saves END": Wrong(changed(("str(iteration)", "sys.argv[2]")), 5, SAVED_HERE),
    "the first name, as text": Wrong(numbered('last = min(os.listdir("saves"))'), 0, "started again and again"),
    "leaves in restoring": Wrong(
        changed(("    try:", "    if os.path.exists('checkpoint.txt'):\n        sys.exit(0)\n    try:")),
        0,
        "its output is wrong",
    ),
    "START and END alone": Wrong(
        changed((RETURNED, "return iteration if iteration in (start, end) else start")),
        14,
        "`iteration in (start, end)` is false, and so it is not used",
    ),
    "a tuple that JSON makes a list": Wrong(
        changed(
            ("import os, sys", "import json, sys"),
            ("file.write(str(iteration))", "json.dump([sys.argv[1:], iteration], file)"),
            ("iteration = int(file.read())", "wanted, iteration = json.load(file)"),
            (RETURNED, "return iteration if wanted == (str(start), str(end)) else start"),
        ),
        14,
        "`wanted == (str(start), str(end))` is false, and so it is not used",
    ),
    "the wrong way round": Wrong(
        changed(("    try:", '    if os.path.exists("checkpoint.txt"):\n        return start\n    try:')),
        9,
        "is true, and so it is not used",
    ),
    "text with the end of its line": Wrong(
        changed(
            ("str(iteration)", "f'{iteration}\\n'"),
            ("int(file.read())", "file.read()"),
            (RETURNED, "return int(iteration) if iteration.isdigit() and start <= int(iteration) <= end else start"),
        ),
        14,
        "`iteration.isdigit() and start <= int(iteration) <= end` is false",
    ),
    "the file is read twice": Wrong(
        changed((READ, f"{READ.splitlines()[0]}\n            iteration = int(file.read()) and int(file.read())")),
        0,
        "started again and again",
        "error-swallowed",
    ),
    "returns text": Wrong(
        changed(("int(file.read())", "file.read()"), (RETURNED, "return iteration or start")),
        11,
        "`file.read()` is not a number",
    ),
    "compares and returns text": Wrong(
        changed(
            ("int(file.read())", "file.read()"),
            (RETURNED, "return iteration if str(start) <= iteration <= str(end) else start"),
        ),
        11,
        "`file.read()` is not a number",
    ),
    "returns a number that is not whole": Wrong(
        changed(("int(file.read())", "float(file.read())")), 14, "does not return a whole number"
    ),
    "another part": Wrong(
        changed(("str(iteration)", 'f"{iteration}/{sys.argv[2]}"'), ("file.read()", 'file.read().split("/")[1]')),
        11,
        "is not the iteration that was saved",
    ),
    "another key": Wrong(
        in_json(
            '{"from": int(__import__("sys").argv[1]), "next": iteration}',
            '["from"]',
            "OSError, ValueError, KeyError, TypeError",
        ),
        11,
        "is not the iteration that was saved",
    ),
    "returns in finally": Wrong(
        changed(
            ("    except", "        if start <= iteration <= end:\n            return iteration\n    except"),
            ("        return start\n    " + RETURNED, "        pass\n    finally:\n        return start"),
        ),
        17,
        "it replaces what is returned above it",
        "never-restores",
    ),
    "returns nothing at first": Wrong(
        changed(("        return start\n", "        pass\n    else:\n    ")), 15, "comes to its end without a `return`"
    ),
    "looks for another file": Wrong(
        changed(('        with open("checkpoint.txt")', '        with open("checkpoints.txt")')),
        10,
        "here it is 'checkpoints.txt', but in save_checkpoint 'checkpoint.txt'",
        "never-restores",
    ),
    "looks for another key": Wrong(
        in_json('{"Next": iteration}', '.get("next", start)', "OSError, ValueError, AttributeError"),
        11,
        "here it is 'next', but in save_checkpoint 'Next'",
        "never-restores",
    ),
    "another order of bytes": Wrong(
        changed(
            ("import os, sys", "import struct, sys"),
            (SAVED, 'open("checkpoint.txt", "wb").write(struct.pack("<I", iteration))'),
            (READ, 'iteration, = struct.unpack(">I", open("checkpoint.txt", "rb").read())'),
            ("(OSError, ValueError)", "(OSError, struct.error)"),
        ),
        9,
        "here it is '>I', but in save_checkpoint '<I'",
        "never-restores",
    ),
    "a remainder that its own checkpoints do not have": Wrong(
        changed((RETURNED, "return iteration if iteration % 3 == 0 and start <= iteration <= end else start")),
        14,
        "`iteration % 3 == 0 and start <= iteration <= end` is false, and so it is not used",
    ),
    "compares text": Wrong(
        changed(
            (READ, 'with open("checkpoint.txt") as file:\n            iteration = file.read()'),
            (RETURNED, "return int(iteration) if str(start) <= iteration <= str(end) else start"),
        ),
        14,
        "compares text, character by character",
    ),
    "a name that it has only for a moment": Wrong(
        changed(
            (SAVED, SAVED.replace(".txt", ".new") + '\n    os.replace("checkpoint.new", "checkpoint.txt")'),
            files="checkpoint.new, my_output.txt",
        ),
        6,
        "under the name that the submit file lists",
    ),
    "calls itself for ever": Wrong(changed(("sys.exit(85)", "save_checkpoint(iteration)")), 0, "exit code 1"),
    "a dictionary of the module": Wrong(
        changed(
            ("def save", "STATE = {}\n\ndef save"),
            (SAVED, 'STATE["next"] = iteration\n    open("checkpoint.txt", "w").close()'),
            (READ, 'iteration = STATE.get("next", start)'),
        ),
        6,
        GONE,
    ),
    "adds to broken JSON": Wrong(
        restore(
            """
import json, sys

def save_checkpoint(iteration):
    try:
        state = json.load(open("checkpoint.json"))
    except FileNotFoundError:
        state = {}
    state["next"] = iteration
    json.dump(state, open("checkpoint.json", "w"))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        iteration = json.load(open("checkpoint.json"))["next"]
    except Exception:
        return start
    return iteration if isinstance(iteration, int) and start <= iteration <= end else start
""",
            "checkpoint.json, my_output.txt",
        ),
        5,
        BROKEN,
    ),
    "a default of 1": Wrong(
        in_json('{"next": iteration}', '.get("next", 1)', "OSError, ValueError", "1"), 13, NOT_START
    ),
    "the last name as text": Wrong(numbered('last = sorted(os.listdir("saves"))[-1]'), 11, TEXT_ORDER),
    "the greatest name as text": Wrong(numbered('last = max(os.listdir("saves"))'), 11, TEXT_ORDER),
    "names sorted in place": Wrong(
        numbered('names = os.listdir("saves"); names.sort(); last = names[-1]'), 11, TEXT_ORDER
    ),
    "old files win": Wrong(numbered('last = max(os.listdir("saves"), key=lambda name: int(name[3:-4]))'), 11, OTHERS),
    "old files win, with zeros in their names": Wrong(
        numbered('last = sorted(glob.glob("saves/*"))[-1][6:]', '"%04d" % iteration'), 11, OTHERS
    ),
    "well above START": Wrong(
        changed(("start <= iteration", "start + 3 < iteration")), 14, "refuses a checkpoint that belongs to this run"
    ),
    "below the end": Wrong(changed(("<= end", "< end")), 14, BOUND),
    "at or above the end": Wrong(
        changed((RETURNED, "return start if iteration < start or iteration >= end else iteration")), 14, BOUND
    ),
    "in a range": Wrong(
        changed(("start <= iteration <= end", "iteration in range(start, end)")), 14, "ends before END"
    ),
    "arguments swapped": Wrong(
        changed(("(start, end)", "(end, start)")), 8, "the first argument, START, is called `end`"
    ),
    "exit at the end of the module": Wrong(
        {**changed(), "checkpoint.py": changed()["checkpoint.py"] + "\nsys.exit(85)\n"}, 16, OUTSIDE
    ),
    "exit caught": Wrong(
        changed(
            (SAVED, "try:\n        " + SAVED.replace("\n", "\n    ")),
            ("    sys.exit(85)", "        sys.exit(85)\n    except:\n        print('not saved')"),
        ),
        8,
        CAUGHT,
    ),
    "starts itself again": Wrong(
        changed(("sys.exit(85)", "os.execv(sys.executable, [sys.executable] + sys.argv)")), 6, AGAIN
    ),
    "leaves before it writes": Wrong(
        changed(("        file.write", "        sys.exit(85)\n        file.write"), ("\n    sys.exit(85)\n\n", "\n\n")),
        5,
        REACHED,
    ),
    "sys.exit without brackets": Wrong(changed(("sys.exit(85)", "sys.exit")), 6, CALLED),
    "counts the lines": Wrong(
        changed(
            ("file.write(str(iteration))", 'file.write("saved")'),
            (READ, 'with open("my_output.txt") as file:\n            iteration = start + len(file.readlines())'),
        ),
        10,
        WHOSE,
    ),
    "two errors of JSON": Wrong(
        in_json('{"iteration": iteration}', '["iteration"]', "OSError, ValueError"), 0, "contains `{}`", CORRUPT
    ),
    "three errors of JSON": Wrong(
        in_json('{"iteration": iteration}', '["iteration"]', "OSError, ValueError, KeyError"),
        0,
        "contains `[]`",
        CORRUPT,
    ),
    "a list in JSON": Wrong(
        in_json("[iteration]", "[0]", "OSError, ValueError, IndexError"), 0, "contains `{}`", CORRUPT
    ),
    "a number in JSON": Wrong(in_json("iteration", "", "OSError, ValueError"), 0, "contains `{}`", CORRUPT),
    "three errors of pickle": Wrong(
        restore("""
import pickle, sys

def save_checkpoint(iteration):
    pickle.dump((iteration,), open("checkpoint.txt", "wb"))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        iteration, = pickle.load(open("checkpoint.txt", "rb"))
    except (OSError, EOFError, pickle.UnpicklingError):
        return start
    return iteration if start <= iteration <= end else start
"""),
        0,
        "is the pickle of {}",
        CORRUPT,
    ),
    "saves into a broken database": Wrong(
        restore(
            """
import sqlite3, sys

def save_checkpoint(iteration):
    base = sqlite3.connect("checkpoint.db")
    base.execute("create table if not exists saved (id integer primary key, iteration integer)")
    base.execute("insert or replace into saved values (1, ?)", (iteration,))
    base.commit()
    base.close()
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        base = sqlite3.connect("checkpoint.db")
        iteration, = base.execute("select iteration from saved").fetchone()
        base.close()
    except Exception:
        return start
    return iteration if isinstance(iteration, int) and start <= iteration <= end else start
""",
            "checkpoint.db, my_output.txt",
        ),
        4,
        BROKEN,
    ),
    "saves into a broken shelf": Wrong(
        restore(
            """
import os, shelve, sys

def save_checkpoint(iteration):
    os.makedirs("kept", exist_ok=True)
    with shelve.open("kept/state") as kept:
        kept["iteration"] = iteration
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with shelve.open("kept/state", "r") as kept:
            iteration = kept["iteration"]
    except Exception:
        return start
    return iteration if start <= iteration <= end else start
""",
            "kept, my_output.txt",
        ),
        5,
        BROKEN,
    ),
    "appends to a broken table": Wrong(
        restore(
            """
import csv, sys

def save_checkpoint(iteration):
    with open("done.csv", "a", newline="") as file:
        csv.writer(file).writerow([iteration])
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("done.csv", newline="") as file:
            iteration = int(list(csv.reader(file))[-1][0])
    except Exception:
        return start
    return iteration if start <= iteration <= end else start
""",
            "done.csv, my_output.txt",
        ),
        4,
        BROKEN,
    ),
}

LISTED = "transfer_checkpoint_files = state, my_output.txt"
SUBMIT_FILES = {
    "no output": Wrong(submit(SAVES, LISTED, 'transfer_output_files = ""', *NEEDS), 11, "but not transferred"),
    "another output": Wrong(
        submit(SAVES, LISTED, "transfer_output_files = state", *NEEDS), 11, "names state but not my_output.txt"
    ),
    "behind queue": Wrong(
        {"sweep.sub": submit(LISTED, HOME, *NEEDS)["sweep.sub"] + SAVES + "\n"}, 15, "comes after `queue`"
    ),
    "the list behind queue": Wrong(
        {"sweep.sub": submit(SAVES, HOME, *NEEDS)["sweep.sub"] + LISTED + "\n"}, 15, "comes after `queue`"
    ),
    "a remark behind a list": Wrong(
        submit(SAVES, LISTED + "  # what a restart needs", HOME, *NEEDS),
        10,
        "a comment needs its own line",
        "listed-file-missing",
    ),
    "eviction-driven": Wrong(
        submit(SAVES, LISTED, HOME, *NEEDS, "when_to_transfer_output = ON_EXIT_OR_EVICT"), 15, "another way of saving"
    ),
    "quotes": Wrong(
        submit(SAVES, 'transfer_checkpoint_files = "state, my_output.txt"', HOME, *NEEDS),
        10,
        "without quotes",
        "listed-file-missing",
    ),
    "semicolons": Wrong(
        submit(SAVES, "transfer_checkpoint_files = state; my_output.txt", HOME, *NEEDS),
        10,
        "separated by commas or blanks",
        "listed-file-missing",
    ),
    "a misspelt command": Wrong(
        submit(SAVES, "transfer_checkpoints_files = state, my_output.txt", HOME, *NEEDS), 10, "is not a submit command"
    ),
    "an attribute": Wrong(
        submit("+checkpoint_exit_code = 85", LISTED, HOME, *NEEDS), 9, "sets an attribute of this name"
    ),
    "a comment": Wrong(submit("# checkpoint_exit_code = 85", LISTED, HOME, *NEEDS), 9, "is a comment"),
    "brackets": Wrong(
        submit(SAVES, "transfer_checkpoint_files = [state, my_output.txt]", HOME, *NEEDS),
        10,
        "separated by commas or blanks",
        "listed-file-missing",
    ),
    "a misspelt request": Wrong(
        submit(SAVES, LISTED, HOME, "request_cpu = 1", *NEEDS[1:]), 12, "is not a submit command"
    ),
    "the code of success": Wrong(
        submit("success_exit_code = 85", LISTED, HOME, *NEEDS),
        9,
        "says with which code the program leaves when it is done",
    ),
    "given twice": Wrong(
        submit(SAVES, LISTED, "transfer_checkpoint_files = my_output.txt", HOME, *NEEDS), 11, "a second time"
    ),
}
SH = """#!/bin/sh
RUN 2>&1 | tee -a said.log
code=${PIPESTATUS[0]}
LEAVE
exit $code
"""
FOR_BASH, NO_BASH = "belongs to bash", "bash" not in os.path.realpath("/bin/sh")
"""Where sh is bash, what is written for bash is right."""
SHELL = {
    "wrapper": {
        "PIPESTATUS in sh": Wrong(
            wrapper(
                SH.replace("RUN", "timeout $1 ./waves $([ -f restart.dat ] && echo --restart restart.dat)").replace(
                    "LEAVE", "[ $code -eq 124 ] && exit 85"
                )
            ),
            3,
            FOR_BASH,
        ),
        "double brackets in sh": Wrong(
            wrapper(
                """
#!/bin/sh
[ -f restart.dat ] && options="--restart restart.dat"
timeout $1 ./waves $options
code=$?
if [[ $code == 124 ]]; then exit 85; fi
exit $code
"""
            ),
            5,
            FOR_BASH,
        ),
    },
    "launched": {
        "PIPESTATUS in sh": Wrong(
            {
                "run": SH.replace("RUN", "./launch train.py").replace(
                    "LEAVE", "tail -n 1 said.log | grep -q 85 && exit 85"
                )
                + "# the last line\n"
            },
            3,
            FOR_BASH,
        )
    },
    "behind_a_pipe": {
        "PIPESTATUS in sh": Wrong(
            script("python3 model.py 2>&1 | tee -a model.log\nexit ${PIPESTATUS[0]}", "/bin/sh"), 3, FOR_BASH
        ),
    },
}
RUNS = "#!/bin/bash\ntimeout $1 ./waves $([ -f restart.dat ] && echo --restart restart.dat)\n"
LEAVES = "    tail -n 1 restart.dat | grep -qx end || mv restart.old restart.dat\n    exit 85\n"
KEPT = f"{RUNS}code=$?\nif [ $code -eq 124 ]; then\n{LEAVES}fi\nexit $code\n"
IN_PYTHON = """
#!/usr/bin/env python3
import os, subprocess, sys
command = ["./waves"]
if os.path.exists("restart.dat"):
    command.append("--restart restart.dat")
try:
    sys.exit(subprocess.call(command, timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    if not os.path.exists("restart.dat") or not open("restart.dat").read().endswith("end\\n"):
        os.replace("restart.old", "restart.dat")
    sys.exit(85)
"""
BY_SYSTEM = """
#!/usr/bin/env python3
import os, subprocess, sys
command = "timeout " + sys.argv[1] + " ./waves"
if os.path.exists("restart.dat"):
    command += " --restart restart.dat"
{}
if code != 124:
    sys.exit(code)
os.system("tail -n 1 restart.dat | grep -qx end || mv restart.old restart.dat")
sys.exit(85)
"""
NO_LONGER, CODE = "no longer the exit code of the program here", "wrong-exit-code"
WRONG = {
    "save": SAVE,
    "restore": RESTORE,
    "submit": SUBMIT_FILES,
    **(SHELL if NO_BASH else {}),
    "told_to_stop": {
        "a trap, and one wait": Wrong(
            bash("export CLIMATE=1.9\n./glacier &\ntrap 'kill %1' TERM\nwait $!"),
            5,
            "the signal also ends this `wait $!`",
        ),
        "a signal to all": Wrong(
            bash("export CLIMATE=1.9\ntrap 'kill 0' TERM\n./glacier &\nwait"),
            0,
            "ends my_wrapper itself: signal 15 (SIGTERM)",
        ),
    },
    "wrapper": {
        **(SHELL["wrapper"] if NO_BASH else {}),
        "an exit code that is looked at twice": Wrong(
            wrapper(f"{RUNS}if [ $? -eq 124 ]; then\n{LEAVES}fi\nexit $?\n"), 7, NO_LONGER, CODE
        ),
        "an exit code after a remark": Wrong(
            wrapper(f"{RUNS}echo done\ncode=$?\nif [ $code -eq 124 ]; then\n{LEAVES}fi\nexit $code\n"),
            4,
            NO_LONGER,
            CODE,
        ),
        "an exit code that is turned around": Wrong(
            wrapper(
                RUNS.replace("timeout", "if ! timeout").replace(")\n", "); then\n")
                + f"    code=$?\n    if [ $code -eq 124 ]; then\n{LEAVES}    fi\n    exit $code\nfi\n"
            ),
            2,
            "`!` makes 0 of every exit code but 0",
            CODE,
        ),
        "a limit that is none": Wrong(
            wrapper(KEPT.replace("timeout $1", "timeout $0")), 0, "exit code 125 even without an eviction"
        ),
        "one or the other": Wrong(
            wrapper(
                "#!/bin/bash\ntimeout $1 ./waves --restart restart.dat || timeout $1 ./waves\ncode=$?\n"
                f"if [ $code -eq 124 ]; then\n{LEAVES}fi\nexit $code\n"
            ),
            2,
            "so also when its time is up",
        ),
        "the status of a process": Wrong(
            wrapper(BY_SYSTEM.format("code = os.system(command)")), 6, "returns 256 times the exit code", CODE
        ),
        "ends at the first failure": Wrong(wrapper(KEPT.replace("\n", "\nset -eu\n", 1)), 2, "with `set -eu`", CODE),
        "ends at the first failure, by its first line": Wrong(
            wrapper(KEPT.replace("bash", "bash -e", 1)), 1, "with `#!/bin/bash -e`", CODE
        ),
        "timeout with the code of the program": Wrong(
            wrapper(KEPT.replace("timeout", "timeout --preserve-status")), 2, "with `--preserve-status`", CODE
        ),
        "timeout that is killed, too": Wrong(
            wrapper(KEPT.replace("timeout", "timeout -s KILL")), 2, "with `-s KILL`, timeout", CODE
        ),
        "a pipe": Wrong(
            wrapper(KEPT.replace(RUNS, f"{RUNS[:-1]} | tee -a said.log\n")),
            2,
            "this pipe ends with the exit code of its last command",
            CODE,
        ),
        "a function without its arguments": Wrong(
            wrapper(KEPT.replace("timeout", "run() {\ntimeout", 1).replace("code=$?", "}\nrun\ncode=$?", 1)),
            5,
            "`run` is called without arguments here",
        ),
        "two arguments as one text": Wrong(wrapper(IN_PYTHON), 5, "is one argument, with a blank in it"),
        "a signal to all": Wrong(
            wrapper(
                START.replace("#!/bin/bash", "#!/bin/bash\ntrap 'kill 0' EXIT")
                + "[ $code -ne 124 ] || exit 85\nexit $code\n"
            ),
            2,
            "of which this script itself is one",
        ),
    },
    "slides_listing": {
        "saves one beyond END": Wrong(
            listed(
                WITHIN,
                NOT_AT_ONCE,
                ("            save_checkpoint(iteration)\n", "            save_checkpoint(end + 1)\n"),
            ),
            0,
            "has still not finished",
        ),
        "an END of its own": Wrong(
            listed(NOT_AT_ONCE, ("    if saved >= start:\n", "    if start <= saved <= 12:\n")),
            0,
            "has still not finished",
        ),
    },
    "last_done": {
        "begins too late": Wrong(
            {"hares.py": given_with("last_done", "hares.py", ("range(year,", "range(year + 1,"))},
            0,
            "The first execution begins with year 2, and not with year 1",
        )
    },
}

RIGHT = {
    "save": {
        "a folder that it makes itself": save(
            'os.makedirs("save", exist_ok=True)\nwith open("save/new.txt", "w") as file:\n    file.write(str(iteration))\n'
            'os.replace("save/new.txt", "checkpoint.txt")\nsys.exit(85)'
        ),
        "a set of one": save(
            'for text in {str(iteration)}:\n    open("checkpoint.txt", "w").write(text)\nsys.exit(85)'
        ),
        "an except that does not catch it": save(
            f"try:\n    {WRITE.strip().replace(chr(10), chr(10) + '    ')}\n    sys.exit(85)\nexcept Exception:\n    raise"
        ),
        "a shell writes": save(
            'subprocess.run(["sh", "-c", f"echo {iteration} > checkpoint.txt"], check=True)\nsys.exit(85)',
            "import subprocess, sys",
        ),
        "an object that is called": {
            "checkpoint.py": f"""
import sys
from given import restore_checkpoint

class Saver:
    def __call__(self, iteration):
        {WRITE.strip().replace(chr(10), chr(10) + "        ")}
        sys.exit(85)

save_checkpoint = Saver()
"""
        },
        "a short rest": save(f"{WRITE}time.sleep(1)\nsys.exit(85)", TIME),
        "a log in the home directory": save(
            f'{WRITE}open(os.path.expanduser("~/log"), "a").write("saved")\nsys.exit(85)', OS
        ),
    },
    "restore": {
        "a checksum that is the same everywhere": changed(
            ("import os, sys", "import os, sys, zlib"),
            ("file.write(str(iteration))", 'file.write("%d %d" % (iteration, zlib.crc32(b"%d" % iteration)))'),
            ("iteration = int(file.read())", "iteration, mark = map(int, file.read().split())"),
            (
                "    return iteration if",
                '    if mark != zlib.crc32(b"%d" % iteration):\n        return start\n    return iteration if',
            ),
        ),
        "names as numbers, those of others left out": numbered(
            'last = "it_%d.txt" % max(n for n in (int(name[3:-4]) for name in os.listdir("saves")) if start <= n <= end)'
        ),
        "a generator, and a condition that takes more than it has to": restore("""
import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        print("next", iteration, file=file)
    sys.exit(85)

def numbers():
    with open("checkpoint.txt", errors="replace") as file:
        while line := file.readline():
            word, _, number = line.strip().partition(" ")
            if word == "next" and number.isdigit():
                yield int(number)

def restore_checkpoint(start, end):
    if not os.path.isfile("checkpoint.txt"):
        return start
    return next((number for number in numbers() if start <= number <= end), start)
"""),
        "a class of its data": restore("""
import dataclasses, json, pathlib, sys

@dataclasses.dataclass
class Saved:
    asked: list
    iteration: int

PATH = pathlib.Path("checkpoint.txt")

def save_checkpoint(iteration):
    PATH.write_text(json.dumps(dataclasses.asdict(Saved(sys.argv[1:], iteration))))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        saved = Saved(**json.loads(PATH.read_text()))
    except (OSError, ValueError, TypeError):
        return start
    return saved.iteration if saved.asked == [str(start), str(end)] else start
"""),
        "a literal": changed(
            ("import os, sys", "import ast, os, sys"),
            ("str(iteration)", 'repr({"next": iteration})'),
            ("int(file.read())", 'ast.literal_eval(file.read())["next"]'),
            ("(OSError, ValueError)", "Exception"),
        ),
        "all errors of JSON": in_json(
            '{"iteration": iteration}', '["iteration"]', "OSError, ValueError, KeyError, TypeError"
        ),
        "the number of the process in a name that does not stay": changed(
            (
                SAVED,
                'name = f"saving-{os.getpid()}"\n    open(name, "w").write(str(iteration))\n'
                '    os.replace(name, "checkpoint.txt")',
            ),
        ),
        "with an absolute path": changed(('"checkpoint.txt"', 'os.path.abspath("checkpoint.txt")')),
        "a name by chance": changed(
            (
                SAVED,
                'name = f"saving-{uuid.uuid4()}"\n    open(name, "w").write(str(iteration))\n'
                '    os.replace(name, "checkpoint.txt")',
            ),
            ("import os, sys", "import os, sys, uuid"),
        ),
        "a database that is begun anew": restore(
            """
import os, sqlite3, sys

def save_checkpoint(iteration):
    if os.path.exists("saved.db"):
        os.remove("saved.db")
    base = sqlite3.connect("saved.db")
    base.execute("create table saved (iteration integer)")
    base.execute("insert into saved values (?)", (iteration,))
    base.commit()
    base.close()
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        base = sqlite3.connect("saved.db")
        iteration, = base.execute("select iteration from saved").fetchone()
        base.close()
    except (sqlite3.Error, TypeError):
        return start
    return iteration if isinstance(iteration, int) and start <= iteration <= end else start
""",
            "saved.db, my_output.txt",
        ),
    },
    "wrapper": {
        "set -e, and the code is kept": wrapper(
            KEPT.replace("\n", "\nset -eu\ncode=0\n", 1).replace(")\ncode=$?", ") || code=$?", 1)
        ),
        "killed, and compared with 137": wrapper(KEPT.replace("timeout", "timeout -s KILL").replace("124", "137")),
        "a function with its arguments": wrapper(
            KEPT.replace("timeout", "run() {\ntimeout", 1).replace("code=$?", '}\nrun "$@"\ncode=$?', 1)
        ),
        "waits for the first to end": wrapper(
            "#!/bin/bash\n./waves $([ -f restart.dat ] && echo --restart restart.dat) & pid=$!\nsleep $1 & timer=$!\n"
            "wait -n\ncode=$?\nif kill $timer; then exit $code; fi\nkill $pid\nwait $pid\n" + LEAVES
        ),
        "the exit code of a shell": wrapper(BY_SYSTEM.format("code = subprocess.call(command, shell=True)")),
        "the status of a process, in bits": wrapper(BY_SYSTEM.format("code = os.system(command) >> 8")),
        "two texts": wrapper(
            IN_PYTHON.replace('append("--restart restart.dat")', 'extend(["--restart", "restart.dat"])')
        ),
    },
    "submit": {
        "attributes": submit(
            "SuccessCheckpointExitCode = 85",
            "TransferCheckpoint = state, my_output.txt",
            "TransferOutputFiles = my_output.txt",
            "RequestCpus = 1",
            "RequestMemory = 1 GB",
            "RequestDisk = 500MB",
        ),
        "when, as it is by default": submit(SAVES, LISTED, HOME, *NEEDS, "when_to_transfer_output = ON_EXIT"),
    },
}
