"""Answers to `learn` as students write them."""

from __future__ import annotations

from functools import partial

from grader.course.answers import changed, given_with

LISTED = "transfer_checkpoint_files = checkpoints, latest, my_output.txt"


def learn(functions: str, files: str, *changes: tuple[str, str]) -> dict[str, str]:
    """An answer: the functions, what the submit file lists, and changes to the functions."""
    submit = given_with("learn", "train.sub", (LISTED, f"transfer_checkpoint_files = {files}"))
    return {"checkpoint.py": changed(functions, *changes).lstrip("\n"), "train.sub": submit}


def starter(*changes: tuple[str, str], files: str = "checkpoints, latest, my_output.txt") -> dict[str, str]:
    """The given functions with some of their lines changed."""
    return learn(given_with("learn", "checkpoint.py", *changes), files)


PICKLED = """
import os, pickle, sys

def save_checkpoint(epoch, model, optimizer, generator):
    with open("checkpoint.pickle", "wb") as file:
        pickle.dump((epoch, model.state_dict(), optimizer.state_dict(), generator.getstate()), file)
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists("checkpoint.pickle"):
        return 0
    with open("checkpoint.pickle", "rb") as file:
        epoch, weights, speed, state = pickle.load(file)
    model.load_state_dict(weights)
    optimizer.load_state_dict(speed)
    generator.setstate(state)
    return epoch
"""
ONE_JSON = """
import json, os, sys

PATH = "latest.json"

def save_checkpoint(epoch, model, optimizer, generator):
    version, numbers, gauss = generator.getstate()
    state = {"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict(),
             "random": [version, list(numbers), gauss]}
    with open(PATH + ".new", "w") as file:
        json.dump(state, file)
    os.replace(PATH + ".new", PATH)
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    try:
        with open(PATH) as file:
            state = json.load(file)
    except FileNotFoundError:
        return 0
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    version, numbers, gauss = state["random"]
    generator.setstate((version, tuple(numbers), gauss))
    return state["epoch"]
"""
NAMED_IN_A_TEXT = """
import os, pickle, shutil, sys
from pathlib import Path

def save_checkpoint(epoch, model, optimizer, generator):
    directory = Path("checkpoints") / ("epoch-%d" % epoch)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, state in [("model", model.state_dict()), ("optimizer", optimizer.state_dict()),
                        ("random", generator.getstate())]:
        (directory / name).write_bytes(pickle.dumps(state))
    Path("latest.txt").write_text(directory.name)
    for old in sorted(Path("checkpoints").iterdir(), key=lambda path: int(path.name.split("-")[1]))[:-2]:
        shutil.rmtree(old)
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    if not Path("latest.txt").exists():
        return 0
    directory = Path("checkpoints") / Path("latest.txt").read_text()
    states = [pickle.loads((directory / name).read_bytes()) for name in ("model", "optimizer", "random")]
    model.load_state_dict(states[0])
    optimizer.load_state_dict(states[1])
    generator.setstate(states[2])
    return int(directory.name.split("-")[1])
"""
NEWEST_BY_NUMBER = """
import glob, os, pickle, sys

def number(path):
    return int(path.rsplit("-", 1)[1])

def save_checkpoint(epoch, model, optimizer, generator):
    os.makedirs("checkpoints", exist_ok=True)
    with open("checkpoints/epoch-%d" % epoch, "wb") as file:
        pickle.dump([model, optimizer, generator], file)
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    there = sorted(glob.glob("checkpoints/epoch-*"), key=number)
    if not there:
        return 0
    with open(there[-1], "rb") as file:
        saved_model, saved_optimizer, saved_generator = pickle.load(file)
    model.load_state_dict(saved_model.state_dict())
    optimizer.load_state_dict(saved_optimizer.state_dict())
    generator.setstate(saved_generator.getstate())
    return number(there[-1])
"""
LINK_TO_A_FILE = """
import os, pickle, sys

def save_checkpoint(epoch, model, optimizer, generator):
    name = "epoch-%d.pickle" % epoch
    with open(name, "wb") as file:
        pickle.dump({"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict(),
                     "random": generator.getstate()}, file)
    if os.path.lexists("latest"):
        os.remove("latest")
    os.symlink(name, "latest")
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists("latest"):
        return 0
    with open("latest", "rb") as file:
        saved = pickle.load(file)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    generator.setstate(saved["random"])
    return saved["epoch"]
"""
AS_TEXT = """
import ast, os, sys

def save_checkpoint(epoch, model, optimizer, generator):
    with open("state.txt", "w") as file:
        for part in epoch, model.weights, optimizer.steps, optimizer.speed, generator.getstate():
            print(repr(part), file=file)
    raise SystemExit(85)

def restore_checkpoint(model, optimizer, generator):
    if not os.path.isfile("state.txt"):
        return 0
    parts = [ast.literal_eval(line) for line in open("state.txt")]
    epoch, model.weights, optimizer.steps, optimizer.speed, state = parts
    generator.setstate(state)
    return epoch
"""
pickled = partial(learn, PICKLED, "checkpoint.pickle, my_output.txt")
linked = partial(learn, LINK_TO_A_FILE, "latest, my_output.txt")
RIGHT = {
    "pickled": pickled(),
    "one json, renamed": learn(ONE_JSON, "latest.json my_output.txt"),
    "the newest is named in a text file": learn(NAMED_IN_A_TEXT, "checkpoints, latest.txt, my_output.txt"),
    "the newest by its number": learn(NEWEST_BY_NUMBER, "my_output.txt, checkpoints"),
    "a link to a file, of which only the content counts": linked(),
    "as text": learn(AS_TEXT, "state.txt, my_output.txt"),
}


DIRECTORY_LINK = """
import os, pickle, sys

def save_checkpoint(epoch, model, optimizer, generator):
    os.makedirs("checkpoints/epoch-%d" % epoch)
    with open("checkpoints/epoch-%d/all" % epoch, "wb") as file:
        pickle.dump((epoch, model.state_dict(), optimizer.state_dict(), generator.getstate()), file)
    if os.path.lexists("checkpoints/latest"):
        os.remove("checkpoints/latest")
    os.symlink(TARGET, "checkpoints/latest")
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists("checkpoints/latest/all"):
        return 0
    with open("checkpoints/latest/all", "rb") as file:
        epoch, weights, speed, state = pickle.load(file)
    model.load_state_dict(weights)
    optimizer.load_state_dict(speed)
    generator.setstate(state)
    return epoch
"""
WRONG = {
    "link-in-checkpoint": {
        "as given": starter(("sys.exit(85)", "sys.exit(85)  # saved")),
        "all is saved, below a link to a directory": starter(
            ("import json, os, sys", "import json, os, pickle, sys"),
            (
                "        json.dump(model.state_dict(), file)\n",
                "        json.dump(model.state_dict(), file)\n"
                "    with open('checkpoints/epoch-%d/rest' % epoch, 'wb') as file:\n"
                "        pickle.dump((optimizer.state_dict(), generator.getstate()), file)\n",
            ),
        ),
        "a link to a directory, in a listed directory": learn(
            DIRECTORY_LINK.replace("TARGET", '"epoch-%d" % epoch'), "checkpoints, my_output.txt"
        ),
        "an absolute link to a directory": learn(
            DIRECTORY_LINK.replace("TARGET", 'os.path.abspath("checkpoints/epoch-%d" % epoch)'),
            "checkpoints, my_output.txt",
        ),
        "asks where the link leads to": linked(
            ('return saved["epoch"]', 'return int(os.readlink("latest").split("-")[1].split(".")[0])')
        ),
        "removes the old one if it is a link": linked(("os.path.lexists", "os.path.islink")),
    },
    "state-incomplete": {
        "the optimizer is not saved": pickled(
            ("optimizer.state_dict(), ", ""),
            ("epoch, weights, speed, state", "epoch, weights, state"),
            ("    optimizer.load_state_dict(speed)\n", ""),
        ),
        "the steps of the optimizer are not saved": learn(
            AS_TEXT,
            "state.txt, my_output.txt",
            ("optimizer.steps, optimizer.speed, generator", "optimizer.speed, generator"),
            ("optimizer.steps, optimizer.speed, state", "optimizer.speed, state"),
        ),
        "the optimizer is saved, and not brought back": pickled(("    optimizer.load_state_dict(speed)\n", "")),
        "weights with three digits": learn(
            ONE_JSON,
            "latest.json, my_output.txt",
            ('"model": model.state_dict()', '"model": {"weights": [round(w, 3) for w in model.weights]}'),
        ),
    },
    "rng-not-saved": {
        "model and optimizer": pickled(
            ("optimizer.state_dict(), generator.getstate()", "optimizer.state_dict()"),
            ("weights, speed, state =", "weights, speed ="),
            ("    generator.setstate(state)\n", ""),
        ),
        "seeded by the epoch": pickled(("generator.setstate(state)", "generator.seed(epoch)")),
        "the state of the wrong generator": pickled(
            ("import os, pickle, sys", "import os, pickle, random, sys"),
            ("generator.getstate()", "random.getstate()"),
            ("generator.setstate(state)", "random.setstate(state)"),
        ),
    },
    "listed-file-missing": {
        "the link is left dangling": linked(
            (
                "    os.symlink(name",
                '    for old in ["epoch-%d.pickle" % n for n in range(epoch + 1)]:\n'
                "        if os.path.exists(old):\n            os.remove(old)\n    os.symlink(name",
            )
        ),
        "an absolute link to where nothing is": linked(
            ('os.symlink(name, "latest")', 'os.symlink(os.path.abspath("checkpoints/" + name), "latest")')
        ),
    },
    "relies-on-leftovers": {
        "latest is not listed": learn(NAMED_IN_A_TEXT, "checkpoints, my_output.txt"),
        "only the link's name is listed": learn(NAMED_IN_A_TEXT, "latest.txt, my_output.txt"),
    },
    "output-not-in-checkpoint": {
        "without the output": learn(PICKLED, "checkpoint.pickle"),
        "only the state": learn(ONE_JSON, "latest.json"),
    },
    "checkpoint-not-transferred": {
        "only the output": learn(PICKLED, "my_output.txt"),
        "a link that nobody lists": learn(LINK_TO_A_FILE, "my_output.txt"),
    },
    "never-restores": {
        "asks for another file": pickled(('os.path.exists("checkpoint.pickle")', 'os.path.exists("checkpoint.pkl")')),
        "returns nought": pickled(("return epoch", "return 0")),
    },
}
