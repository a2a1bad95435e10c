"""Answers to `not_there_yet` as students write them."""

from __future__ import annotations

from grader.course.answers import given_with

LISTED = "transfer_checkpoint_files = star.json, best.json\n"
INPUTS = "transfer_input_files = my_input.txt, science.py\n"


def planets(program: str, files: str = "star.json, best.json", inputs: str = "") -> dict[str, str]:
    """An answer: the program, what the submit file lists, and inputs besides those that are given."""
    changes = (LISTED, f"transfer_checkpoint_files = {files}\n"), (INPUTS, INPUTS.replace("\n", f"{inputs}\n"))
    return {"search.py": program, "search.sub": given_with("not_there_yet", "search.sub", *changes)}


def changed(*changes: tuple[str, str], files: str = "star.json, best.json", inputs: str = "") -> dict[str, str]:
    """The given program with some of its lines changed."""
    return planets(given_with("not_there_yet", "search.py", *changes), files, inputs)


WHEN_BETTER, AT_SAVE = "        write('best.json', best)\n", "        write('star.json', star)\n"
LOOP = "while star <="
READ = (
    "star, best = saved('star.json', 1), saved('best.json', ['none', 0.0])  # the next star; the best candidate so far"
)
COMMENT = (LOOP, "# looked through\n" + LOOP)
DIRECTORY = (
    ("import sys\n", "import os, sys\nos.makedirs('state', exist_ok=True)\n"),
    ("saved('star.json'", "saved('state/star.json'"),
    ("saved('best.json'", "saved('state/best.json'"),
    ("write('best.json'", "write('state/best.json'"),
    ("write('star.json'", "write('state/star.json'"),
)
ONE_FILE = """\
#!/usr/bin/env python3
import json, os, sys
from science import dip, report, settings

state = {"star": 1, "best": ["none", 0.0]}
if os.path.exists("state.json"):
    with open("state.json") as file:
        state = json.load(file)
while state["star"] <= settings["stars"]:
    state["best"] = max(state["best"], [state["star"], dip(state["star"])], key=lambda one: one[1])
    state["star"] += 1
    if state["star"] % settings["interval"] == 1 % settings["interval"] and state["star"] <= settings["stars"]:
        with open("state.json", "w") as file:
            json.dump(state, file)
        sys.exit(85)
report(state["best"])
"""
PICKLED = """\
#!/usr/bin/env python3
import pickle, sys
from science import dip, report, settings

try:
    with open("checkpoint", "rb") as file:
        done, best = pickle.load(file)
except FileNotFoundError:
    done, best = 0, ("none", 0.0)
for star in range(done + 1, settings["stars"] + 1):
    depth = dip(star)
    if depth > best[1]:
        best = star, depth
    if star - done == settings["interval"] and star < settings["stars"]:
        pickle.dump((star, best), open("checkpoint", "wb"))
        sys.exit(85)
report(best)
"""

RIGHT = {
    "written at each save": changed((WHEN_BETTER, ""), (AT_SAVE, AT_SAVE + WHEN_BETTER)),
    "written at each save, too": changed((AT_SAVE, WHEN_BETTER + AT_SAVE)),
    "written at the start, whatever it is": changed((LOOP, "write('best.json', best)\n" + LOOP)),
    "one file": planets(ONE_FILE, "state.json"),
    "one file, pickled": planets(PICKLED, "checkpoint"),
    "a directory that is made at the start": changed(*DIRECTORY, files="state"),
    "a placeholder that is listed": changed(COMMENT, inputs=", best.json"),
    "an empty file, which is read as none": changed(
        (LOOP, "open('best.json', 'a').close()  # there is a file from now on\n" + LOOP),
        (
            READ,
            "star, best = saved('star.json', 1), ['none', 0.0]\n"
            "if open('best.json', 'a+').tell():\n    best = saved('best.json', best)",
        ),
    ),
}
EMPTY = {
    "an empty file": changed((LOOP, "open('best.json', 'a').close()\n" + LOOP)),
    "touched when it saves": changed((AT_SAVE, AT_SAVE + "        open('best.json', 'a').close()\n")),
}
"""Placeholders that the program can't read: it fails at the first restart, and the report shows the line."""
WRONG = {
    "listed-file-missing": {
        "as given": changed(COMMENT),
        "written at each save, under another name": changed(
            (AT_SAVE, AT_SAVE + WHEN_BETTER.replace("best.", "found."))
        ),
    },
    "state-incomplete": {
        "a placeholder in place of the listed file": changed(COMMENT, files="star.json", inputs=", best.json"),
        "a placeholder at each start": changed(
            (READ, "write('best.json', ['none', 0.0])  # so that there is a file\n" + READ)
        ),
    },
    "relies-on-leftovers": {
        "no longer listed": changed(COMMENT, files="star.json"),
        "under another name, and a placeholder that is listed": changed(
            ("saved('best.json'", "saved('found.json'"),
            ("write('best.json'", "write('found.json'"),
            inputs=", best.json",
        ),
    },
}
