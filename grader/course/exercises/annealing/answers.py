"""Answers to exercise `annealing`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from grader.course.answers import given_with

SUBMIT = given_with("annealing", "annealing.sub")


def answer(text: str, files: str = "checkpoint.dat, my_output.txt") -> dict[str, str]:
    """The module, and what the submit file lists."""
    submit = SUBMIT.replace("checkpoint.dat, my_output.txt", files).replace("\nqueue", "\n\nqueue")
    return {"checkpoint.py": text.strip("\n") + "\n", "annealing.sub": submit}


def listing(files: str) -> Callable[[str], dict[str, str]]:
    """Makes an answer of a module, with a submit file that lists these files."""
    return partial(answer, files=files)


PICKLED = """
import os, pickle, random, sys

def save_checkpoint(state):
    with open("checkpoint.dat", "wb") as file:
        pickle.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    with open("checkpoint.dat", "rb") as file:
        state = pickle.load(file)
    os.truncate("my_output.txt", state["output"])
    return state
"""

SAVE = '    with open("checkpoint.dat", "wb") as file:\n'
CUT = '    os.truncate("my_output.txt", state["output"])\n'


def but(old: str, new: str, text: str = PICKLED) -> str:
    """A program with one thing changed."""
    assert old in text
    return text.replace(old, new)


def before_saving(line: str) -> str:
    """PICKLED with a line at the beginning of save_checkpoint."""
    return but(SAVE, f"    {line}\n{SAVE}")


def finally_(*lines: str) -> str:
    """PICKLED with lines before the end of restore_checkpoint."""
    return but("    return state\n", "".join(f"    {line}\n" for line in lines) + "    return state\n")


JSON = """
import json, os, sys

def save_checkpoint(state):
    state["random"] = state["random"].getstate()
    with open("checkpoint.dat", "w") as file:
        json.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    try:
        with open("checkpoint.dat") as file:
            saved = json.load(file)
    except FileNotFoundError:
        return initial_state
    version, numbers, rest = saved.pop("random")
    initial_state["random"].setstate((version, tuple(numbers), rest))
    initial_state.update(saved)
    with open("my_output.txt", "r+") as file:
        file.truncate(saved["output"])
    return initial_state
"""
TWO_SLOTS = """
import os, pickle, sys

def save_checkpoint(state):
    slot = "b" if os.path.exists("newest") and open("newest").read() == "a" else "a"
    for name in "ab":
        if not os.path.exists(name):
            open(name, "w").close()
    with open(slot, "wb") as file:
        pickle.dump(state, file)
    with open("newest", "w") as file:
        file.write(slot)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("newest"):
        return initial_state
    with open("newest") as pointer, open(pointer.read(), "rb") as file:
        state = pickle.load(file)
    os.truncate("my_output.txt", state["output"])
    return state
"""

RIGHT: dict[str, dict[str, str]] = {
    "pickle": answer(PICKLED),
    "json": answer(JSON),
    "write and rename, fsync, os._exit": answer("""
import os
import pickle

PATH = "checkpoint.dat"

def save_checkpoint(state):
    with open(PATH + ".tmp", "wb") as file:
        file.write(pickle.dumps(state))
        file.flush()
        os.fsync(file.fileno())
    os.replace(PATH + ".tmp", PATH)
    os._exit(85)

def restore_checkpoint(initial_state):
    try:
        state = pickle.loads(open(PATH, "rb").read())
    except FileNotFoundError:
        return initial_state
    with open("my_output.txt", "rb+") as output:
        output.seek(state["output"])
        output.truncate()
    return state
"""),
    "python literal": answer("""
import ast, os, random, sys

def save_checkpoint(state):
    with open("checkpoint.dat", "w") as file:
        print({**state, "random": state["random"].getstate()}, file=file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    state = ast.literal_eval(open("checkpoint.dat").read())
    generator = random.Random()
    generator.setstate(state["random"])
    os.truncate("my_output.txt", state["output"])
    return {**state, "random": generator}
"""),
    "a directory of text files": listing("checkpoint, my_output.txt")("""
import os, random, sys
from pathlib import Path
CP = Path("checkpoint")

def save_checkpoint(state):
    CP.mkdir(exist_ok=True)
    (CP / "lattice").write_text("".join("+" if spin > 0 else "-" for spin in state["lattice"]))
    version, numbers, gauss = state["random"].getstate()
    (CP / "random").write_text("\\n".join(map(str, numbers)))
    (CP / "numbers").write_text("%d %d %d %d" % (state["iteration"], *state["sums"], state["output"]))
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not CP.is_dir():
        return initial_state
    iteration, magnetisation, energy, output = map(int, (CP / "numbers").read_text().split())
    generator = random.Random()
    generator.setstate((3, tuple(map(int, (CP / "random").read_text().split())), None))
    lattice = [1 if sign == "+" else -1 for sign in (CP / "lattice").read_text()]
    with open("my_output.txt", "r+b") as file:
        file.truncate(output)
    return dict(iteration=iteration, lattice=lattice, random=generator, sums=[magnetisation, energy], output=output)
"""),
    "two files": listing("random.pkl, state.json, my_output.txt")("""
import json, os, pickle, sys

def save_checkpoint(state):
    with open("random.pkl", "wb") as file:
        pickle.dump(state.pop("random"), file)
    with open("state.json", "w") as file:
        json.dump(state, file, indent=4)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("state.json"):
        initial_state = json.load(open("state.json"))
        initial_state["random"] = pickle.load(open("random.pkl", "rb"))
        os.truncate("my_output.txt", initial_state["output"])
    return initial_state
"""),
    "two slots and a pointer": listing("a, b, newest, my_output.txt")(TWO_SLOTS),
    "the random numbers drawn again": answer("""
import json, os, sys

def save_checkpoint(state):
    del state["random"]
    with open("checkpoint.dat", "w") as file:
        json.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    generator = initial_state["random"]
    with open("checkpoint.dat") as file:
        initial_state.update(json.load(file))
    for _ in range(initial_state["iteration"] * len(initial_state["lattice"])):
        generator.random()
    os.truncate("my_output.txt", initial_state["output"])
    return initial_state
"""),
    "the output in the checkpoint": listing("checkpoint.dat")("""
import os, pickle, sys

def save_checkpoint(state):
    with open("my_output.txt", "rb") as output, open("checkpoint.dat", "wb") as file:
        pickle.dump((state, output.read(state["output"])), file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    with open("checkpoint.dat", "rb") as file:
        state, lines = pickle.load(file)
    with open("my_output.txt", "wb") as output:
        output.write(lines)
    return state
"""),
    "the output cut when it saves": answer("""
import os, pickle, sys

def save_checkpoint(state):
    os.truncate("my_output.txt", state["output"])
    with open("checkpoint.dat", "wb") as file:
        pickle.dump(state, file, protocol=2)
    raise SystemExit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("checkpoint.dat"):
        with open("checkpoint.dat", "rb") as file:
            return pickle.load(file)
    return initial_state
"""),
    "without the length of the output": answer("""
import os, pickle, sys

def save_checkpoint(state):
    with open("checkpoint.dat", "wb") as file:
        pickle.dump([state[name] for name in ("iteration", "lattice", "random", "sums")], file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    with open("checkpoint.dat", "rb") as file:
        state = dict(zip(("iteration", "lattice", "random", "sums"), pickle.load(file)))
    if any(state["sums"]):  # the last line is not finished
        with open("my_output.txt") as file:
            lines = file.readlines()
        with open("my_output.txt", "w") as file:
            file.writelines(lines[:-1])
    return state
"""),
    "only between two temperatures": answer("""
import os, random, sys

def save_checkpoint(state):
    if any(state["sums"]):
        return
    with open("checkpoint.dat", "w") as file:
        print(state["iteration"], file=file)
        print(*state["lattice"], file=file)
        print(state["random"].getstate(), file=file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    import ast
    with open("checkpoint.dat") as file:
        initial_state["iteration"] = int(file.readline())
        initial_state["lattice"] = [int(spin) for spin in file.readline().split()]
        initial_state["random"].setstate(ast.literal_eval(file.readline()))
    return initial_state
"""),
    "a data base": listing("checkpoint.db, my_output.txt")("""
import os, pickle, sqlite3, sys

def save_checkpoint(state):
    with sqlite3.connect("checkpoint.db") as db:
        db.execute("create table if not exists state (name text primary key, value blob)")
        db.executemany("replace into state values (?, ?)", [(name, pickle.dumps(state[name])) for name in state])
    db.close()
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.db"):
        return initial_state
    db = sqlite3.connect("checkpoint.db")
    state = {name: pickle.loads(value) for name, value in db.execute("select name, value from state")}
    db.close()
    os.truncate("my_output.txt", state["output"])
    return state
"""),
    "other numbers, the same state": answer(
        finally_(
            'state["lattice"] = [float(spin) for spin in state["lattice"]]', 'state["sums"] = tuple(state["sums"])'
        )
    ),
}

INDEX_ONLY = """
import os, sys

def save_checkpoint(state):
    with open("checkpoint.dat", "w") as file:
        file.write("%d %d" % (state["iteration"], state["output"]))
    sys.exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("checkpoint.dat"):
        iteration, length = map(int, open("checkpoint.dat").read().split())
        initial_state["iteration"] = iteration
        os.truncate("my_output.txt", length)
    return initial_state
"""
NO_RANDOM = """
import json, os, sys

def save_checkpoint(state):
    kept = {name: value for name, value in state.items() if name != "random"}
    with open("checkpoint.dat", "w") as file:
        json.dump(kept, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("checkpoint.dat"):
        initial_state.update(json.load(open("checkpoint.dat")))
        os.truncate("my_output.txt", initial_state["output"])
    return initial_state
"""
ONCE = """
import os, pickle, sys

def save_checkpoint(state):
    old = state.pop("{part}")
    if not os.path.exists("{part}.pkl"):
        with open("{part}.pkl", "wb") as file:
            pickle.dump(old, file)
    with open("checkpoint.dat", "wb") as file:
        pickle.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    with open("checkpoint.dat", "rb") as file, open("{part}.pkl", "rb") as other:
        state = pickle.load(file)
        state["{part}"] = pickle.load(other)
    os.truncate("my_output.txt", state["output"])
    return state
"""

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "state-incomplete": {
        "only the index": answer(INDEX_ONLY),
        "only the index, and nothing is cut": answer(but("        os.truncate", "        # os.truncate", INDEX_ONLY)),
        "no lattice": answer(finally_('state["lattice"] = initial_state["lattice"]')),
        "no sums": answer(finally_('state["sums"] = [0, 0]')),
        "a state without sums": answer(before_saving('del state["sums"]')),
        "no lattice and no random numbers": answer(
            but(
                'kept = {name: value for name, value in state.items() if name != "random"}',
                'kept = {name: state[name] for name in ("iteration", "sums", "output")}',
                NO_RANDOM,
            )
        ),
    },
    "rng-not-saved": {
        "not in the file": answer(NO_RANDOM),
        "seeded again": answer(finally_('state["random"] = random.Random(2269)')),
        "seeded by the iteration": answer(finally_('state["random"].seed(state["iteration"])')),
        "not seeded": answer(finally_('state["random"] = random.Random()')),
        "seeded by the time": answer(finally_("import time", 'state["random"].seed(time.time())')),
        "saved, but another generator": answer(
            JSON.replace('initial_state["random"].setstate', "random.setstate").replace(
                "import json", "import random, json"
            )
        ),
    },
    "output-ahead-of-checkpoint": {
        "nothing is cut": answer(but(CUT, "")),
        "nothing is cut, json": answer(
            but(
                """    with open("my_output.txt", "r+") as file:
        file.truncate(saved["output"])
""",
                "",
                JSON,
            )
        ),
        "cut to the length that it has": answer(before_saving('state["output"] = os.path.getsize("my_output.txt")')),
    },
    "two-files-disagree": {
        "the lattice is saved once": listing("lattice.pkl, checkpoint.dat, my_output.txt")(ONCE.format(part="lattice")),
        "the generator is saved once": listing("random.pkl, checkpoint.dat, my_output.txt")(ONCE.format(part="random")),
        "each save behind the others": answer(but('"wb"', '"ab"')),
        "appended, and read from the beginning": listing("lattices.txt, checkpoint.dat, my_output.txt")("""
import json, os, pickle, sys

def save_checkpoint(state):
    with open("lattices.txt", "a") as file:
        print(json.dumps(state.pop("lattice")), file=file)
    with open("checkpoint.dat", "wb") as file:
        pickle.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if not os.path.exists("checkpoint.dat"):
        return initial_state
    with open("checkpoint.dat", "rb") as file:
        state = pickle.load(file)
    with open("lattices.txt") as file:
        state["lattice"] = json.loads(file.readline())
    os.truncate("my_output.txt", state["output"])
    return state
"""),
    },
    "never-restores": {
        "returns what it got": answer(but("    return state\n", "    return initial_state\n")),
        "looks for another file": answer(but('os.path.exists("checkpoint.dat")', 'os.path.exists("checkpoint")')),
    },
    "error-swallowed": {
        "lists are no tuples": answer("""
import json, sys

def save_checkpoint(state):
    state["random"] = state["random"].getstate()
    json.dump(state, open("checkpoint.dat", "w"))
    sys.exit(85)

def restore_checkpoint(initial_state):
    try:
        saved = json.load(open("checkpoint.dat"))
        initial_state["random"].setstate(saved.pop("random"))
        initial_state.update(saved)
    except Exception:
        pass
    return initial_state
"""),
        "text mode": answer("""
import os, pickle, sys

def save_checkpoint(state):
    with open("checkpoint.dat", "wb") as file:
        pickle.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    try:
        with open("checkpoint.dat") as file:
            state = pickle.load(file)
        os.truncate("my_output.txt", state["output"])
        return state
    except:
        return initial_state
"""),
    },
    "output-not-in-checkpoint": {
        "cut where there is nothing": listing("checkpoint.dat")(PICKLED),
        "opened for appending and cut": listing("checkpoint.dat")(
            but(
                CUT,
                """    with open("my_output.txt", "a") as file:
        file.truncate(state["output"])
""",
            )
        ),
        "cut when it saves": listing("checkpoint.dat")(but(SAVE, CUT + SAVE, but(CUT, ""))),
    },
    "checkpoint-not-transferred": {
        "only the output": listing("my_output.txt")(PICKLED),
        "another file": listing("my_output.txt")(but("checkpoint.dat", "state.pkl")),
    },
    "relies-on-leftovers": {
        "the generator is not listed": listing("state.json, my_output.txt")("""
import json, os, pickle, sys

def save_checkpoint(state):
    with open("random.pkl", "wb") as file:
        pickle.dump(state.pop("random"), file)
    with open("state.json", "w") as file:
        json.dump(state, file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("state.json"):
        initial_state.update(json.load(open("state.json")))
        if os.path.exists("random.pkl"):
            initial_state["random"] = pickle.load(open("random.pkl", "rb"))
        os.truncate("my_output.txt", initial_state["output"])
    return initial_state
"""),
        "the lattice is not listed": listing("iteration.pkl, random.pkl, sums.pkl, output.pkl, my_output.txt")("""
import os, pickle, sys

def save_checkpoint(state):
    for name in state:
        with open(name + ".pkl", "wb") as file:
            pickle.dump(state[name], file)
    sys.exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("iteration.pkl"):
        for name in initial_state:
            with open(name + ".pkl", "rb") as file:
                initial_state[name] = pickle.load(file)
        os.truncate("my_output.txt", initial_state["output"])
    return initial_state
"""),
    },
    "listed-file-missing": {
        "another name": answer(but("checkpoint.dat", "checkpoint.pkl")),
        "a file that is never written": listing("checkpoint.dat, lattice.dat, my_output.txt")(PICKLED),
    },
    "path-flattened": {
        "a file in a directory": listing("state/now.pkl, my_output.txt")(
            but(SAVE, '    os.makedirs("state", exist_ok=True)\n' + SAVE).replace("checkpoint.dat", "state/now.pkl")
        ),
        "two of them": listing("s/lattice.pkl, s/checkpoint.dat, my_output.txt")(
            ONCE.format(part="lattice")
            .replace('    if not os.path.exists("lattice.pkl"):', '    os.makedirs("s", exist_ok=True)\n    if True:')
            .replace("lattice.pkl", "s/lattice.pkl")
            .replace("checkpoint.dat", "s/checkpoint.dat")
        ),
    },
    "exit-zero-after-save": {
        "sys.exit()": answer(but("sys.exit(85)", "sys.exit()")),
        "sys.exit(0)": answer(JSON.replace("sys.exit(85)", "sys.exit(0)")),
    },
    "wrong-exit-code": {
        "58": answer(but("sys.exit(85)", "sys.exit(58)")),
        "exit with a message": answer(but("sys.exit(85)", 'sys.exit("saved")')),
    },
    "not-flushed": {
        "os._exit with an open file": answer("""
import os, pickle

def save_checkpoint(state):
    file = open("checkpoint.dat", "w")
    file.write(str(state["iteration"]))
    os._exit(85)

def restore_checkpoint(initial_state):
    if os.path.exists("checkpoint.dat"):
        initial_state["iteration"] = int(open("checkpoint.dat").read())
    return initial_state
"""),
        "a file that stays empty": answer(
            but("pickle.dump(state, file)\n    sys.exit(85)", "file.write(b'state')\n        os._exit(85)")
        ),
    },
    "output-overwritten": {
        "opened for writing": answer(but(CUT, '    open("my_output.txt", "w").close()\n')),
        "removed": answer(but(CUT, '    os.remove("my_output.txt")\n')),
    },
    "repeats-iteration": {
        "one less": answer(finally_('state["iteration"] -= 1')),
        "the last done": answer(before_saving('state["iteration"] -= 1')),
    },
    "skips-iteration": {
        "one more": answer(finally_('state["iteration"] += 1')),
        "the next": answer(before_saving('state["iteration"] += 1')),
    },
    "no-progress": {
        "saves when it has restored": answer(but("    return state\n", "    save_checkpoint(state)\n")),
        "saves at once": answer(but("    return state\n", "    sys.exit(85)\n")),
    },
    "crash-will-resume": {
        "raises": answer(but("sys.exit(85)", 'raise RuntimeError("saved")')),
        "aborts": answer(but("sys.exit(85)", "os.abort()")),
    },
    "sigterm-saves": {
        "handler": answer(
            PICKLED.replace(
                "def save_checkpoint(state):",
                """import signal
def save_checkpoint(state):
    signal.signal(signal.SIGTERM, lambda *ignored: really_save(state))

def really_save(state):""",
            )
        ),
        "at exit": answer(
            PICKLED.replace(
                "def save_checkpoint(state):",
                """import signal
current = []
signal.signal(signal.SIGTERM, lambda *ignored: really_save(current[-1]))

def save_checkpoint(state):
    current.append(state)

def really_save(state):""",
            )
        ),
    },
}
