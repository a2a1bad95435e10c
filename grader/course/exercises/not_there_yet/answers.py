"""Answers to `not_there_yet` as students write them."""

from __future__ import annotations

from grader.course.folders import load

GIVEN = load("not_there_yet").given()
LISTED = "transfer_checkpoint_files = next_star.txt, best.txt\n"
INPUTS = "transfer_input_files = my_input.txt, science.py\n"


def planets(program: str, files: str | None = "next_star.txt, best.txt", inputs: str = "") -> dict[str, str]:
    """An answer: the program, what the submit file lists (None: nothing), and inputs besides those that are given."""
    text = GIVEN.file("search.sub").text
    assert LISTED in text and INPUTS in text
    text = text.replace(LISTED, "" if files is None else f"transfer_checkpoint_files = {files}\n")
    return {"search.py": program, "search.sub": text.replace(INPUTS, INPUTS.replace("\n", f"{inputs}\n"))}


def changed(*changes: tuple[str, str], files: str | None = "next_star.txt, best.txt", inputs: str = "") -> dict[str, str]:
    """The given program with some of its lines changed."""
    text = GIVEN.file("search.py").text
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return planets(text, files, inputs)


def python(text: str) -> str:
    """A whole program."""
    return "#!/usr/bin/env python3\n" + text.strip("\n") + "\n"


SAVE = "        with open('next_star.txt', 'w') as file:\n            file.write('%d\\n' % (star + 1))\n"
WHEN_BETTER = (
    "        with open('best.txt', 'w') as file:\n            file.write('%s %r\\n' % (best, deepest))\n"
)
AND_BEST = SAVE + WHEN_BETTER
STAR = "star, best, deepest = 1, 'none', 0.0\n"
BEGINNING = "for star in range(star,"
READS = "    best, deepest = words[0], float(words[1])\n"

RIGHT = {
    "the best is written at each save": changed((WHEN_BETTER, ""), (SAVE, AND_BEST)),
    "the best is written at each save, too": changed((SAVE, AND_BEST)),
    "written at the start, if it is not there": changed(
        (BEGINNING, "if not os.path.exists('best.txt'):\n    with open('best.txt', 'w') as file:\n"
         "        file.write('none 0.0\\n')\n\n" + BEGINNING),
    ),
    "one file": planets(
        python("""
import json, os, sys
from science import dip, settings

state = {"star": 1, "best": "none", "deepest": 0.0}
if os.path.exists("state.json"):
    with open("state.json") as file:
        state = json.load(file)
while state["star"] <= settings["stars"]:
    depth = dip(state["star"])
    if depth > state["deepest"]:
        state.update(best=str(state["star"]), deepest=depth)
    state["star"] += 1
    if (state["star"] - 1) % settings["interval"] == 0 and state["star"] <= settings["stars"]:
        with open("state.json", "w") as file:
            json.dump(state, file)
        sys.exit(85)
with open("my_output.txt", "w") as output:
    output.write("%d stars, best candidate: %s, with a dip of %.3f %%\\n"
                 % (settings["stars"], state["best"], state["deepest"]))
"""),
        "state.json",
    ),
    "a directory": changed(
        ("import os, sys\n", "import os, sys\nos.makedirs('state', exist_ok=True)\n"),
        ("os.path.exists('next_star.txt')", "os.path.exists('state/next_star.txt')"),
        ("open('next_star.txt') as", "open('state/next_star.txt') as"),
        ("os.path.exists('best.txt')", "os.path.exists('state/best.txt')"),
        ("open('best.txt') as", "open('state/best.txt') as"),
        ("open('best.txt', 'w')", "open('state/best.txt', 'w')"),
        ("open('next_star.txt', 'w')", "open('state/next_star.txt', 'w')"),
        files="state",
    ),
    "a placeholder that is listed": changed((STAR, STAR + "# best.txt comes with the job\n"), inputs=", best.txt"),
    "an empty file, which is read as none": changed(
        (BEGINNING, "open('best.txt', 'a').close()  # there is one from now on\n" + BEGINNING),
        ("        words = file.read().split()\n", "        words = file.read().split() or ['none', 0.0]\n"),
    ),
}
EMPTY = {
    "an empty file": changed((BEGINNING, "open('best.txt', 'a').close()\n" + BEGINNING)),
    "touched when it saves": changed((SAVE, SAVE + "        open('best.txt', 'a').close()\n")),
}
"""Placeholders that the program can't read: it fails at the first restart, and the report shows the line."""
WRONG = {
    "listed-file-missing": {
        "as given": changed((STAR, STAR + "# looked through\n")),
        "written at each save, under another name": changed((SAVE, AND_BEST.replace("best.txt", "best_so_far.txt"))),
    },
    "state-incomplete": {
        "a placeholder in place of the listed file": changed(
            (STAR, STAR + "# looked through\n"), files="next_star.txt", inputs=", best.txt"
        ),
        "a placeholder at each start": changed(
            (BEGINNING, "with open('best.txt', 'w') as file:\n    file.write('none 0.0\\n')\n\n" + BEGINNING)
        ),
    },
    "relies-on-leftovers": {
        "no longer listed": changed((STAR, STAR + "# looked through\n"), files="next_star.txt"),
        "under another name, which is not listed": changed(
            ("os.path.exists('best.txt')", "os.path.exists('found.txt')"),
            ("open('best.txt') as", "open('found.txt') as"),
            ("open('best.txt', 'w')", "open('found.txt', 'w')"),
            files="next_star.txt, best.txt",
            inputs=", best.txt",
        ),
    },
}
