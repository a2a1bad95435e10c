"""That what is left to chance does not pass, and says so; and that numbers which decide nothing may be random."""

from __future__ import annotations

import pytest

from grader.course import dice
from grader.course.dice import fair
from grader.course.exercise import ExplorationCache, Result
from grader.course.exercises.learn.answers import learn
from grader.course.exercises.restore.answers import restore
from grader.course.exercises.save.answers import save
from grader.course.report import PASSED, Failure
from grader.rules.job import Job
from grader.tree import File, Tree

RESUMES = """
import MODULES

def save_checkpoint(iteration):
    SAVE
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt", errors="replace") as file:
            iteration = int(file.read())
    except (OSError, ValueError):
        return start
    RESTORE
    return iteration if start <= iteration <= end else start
"""

NUMBERED = """
import glob, os, sys, tempfile

def save_checkpoint(iteration):
    os.makedirs("saves", exist_ok=True)
    with NAMED as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    try:
        last = CHOSEN
        with open("saves/" + os.path.basename(last)) as file:
            iteration = int(file.read())
    except (OSError, ValueError, IndexError):
        return start
    return iteration if start <= iteration <= end else start
"""
OWN_NAME = 'open("saves/%03d" % iteration, "w")'
NUMBER = "[name for name in os.listdir('saves') if start <= int(name.split('-')[0]) <= end]"


def program(source):
    """A job that runs this Python program."""
    return Job("job.py", inputs=Tree({"job.py": File(f"#!/usr/bin/env python3\n{source}\n".encode(), True)}))


def resumes(save="pass", restore="pass"):
    """The program that does this when it saves and restores. It imports what it needs, as it is started often."""
    modules = [name for name in ("random", "secrets", "tempfile", "uuid") if f"{name}." in save + restore]
    source = RESUMES.replace("MODULES", ", ".join(["os", "sys", *modules]))
    return source.replace("SAVE", save).replace("RESTORE", restore)


@pytest.mark.parametrize(
    "chance",
    [
        "random.random() < 0.1",
        "random.random() > 0.95",
        "random.randint(1, 10) == 7",
        "random.choice([True, False])",
        "random.choice('aaab') == 'b'",
        "random.randrange(8) == 3",
        "random.getrandbits(3) == 4",
        "random.uniform(0, 1) < 0.2",
        "random.Random().random() < 2 and random.random() < .1",
    ],
)
def test_each_side_of_the_dice_is_tried(executor, chance):
    job = program(f"import random, sys\nsys.exit({chance})")

    def ends_well(job, cache):
        text = "It fails."
        code = executor.run(job, job.inputs).exit.code
        return Result(code == 0, text, Failure(text) if code else None)

    result = fair(ends_well)(job, ExplorationCache(executor))
    assert result.text == "It depends on random numbers whether this is right. If it goes badly: It fails."


@pytest.mark.parametrize("time", ["os.path.getmtime('x')", "os.stat('x').st_mtime", "path.stat().st_ctime", "'ls -t'"])
def test_a_program_that_mentions_times_of_files_is_loaded(time):
    assert dice._thrown(program(f"print({time})")) == [dice.TIMES]


@pytest.mark.parametrize(
    "chance",
    [
        "random.random() < 0.1",
        "secrets.randbelow(6) == 5",
        "random.SystemRandom().random() < 0.2",
        "os.urandom(1)[0] % 7 == 3",
        "uuid.uuid4().int % 5 == 1",
    ],
)
def test_a_checkpoint_that_is_thrown_away_by_chance_is_wrong(judged, chance):
    report = judged("restore", restore(resumes(restore=f"if {chance}: return start")))
    assert report.points < report.maximum
    assert "It depends on random numbers" in report.headline and report.failure.misconception is None


def test_what_is_left_to_chance_is_judged_alike_each_time(judged):
    answer = restore(resumes(restore="if random.random() < .1: return start"))
    one, other = judged("restore", answer), judged("restore", answer)
    assert (one.points, one.headline) == (other.points, other.headline)


def test_a_checkpoint_that_is_saved_by_chance_is_wrong(judged):
    report = judged(
        "save",
        save(
            "if random.random() < 0.5:\n    return\nopen('checkpoint.txt', 'w').write(str(iteration))\nsys.exit(85)",
            "import random, sys",
        ),
    )
    assert report.points < report.maximum and "It depends on random numbers" in report.headline


@pytest.mark.parametrize(
    "saves",
    [
        "print(random.random())",
        "name = f'{uuid.uuid4()}'; open(name, 'w').close(); os.remove(name)",
        "tempfile.NamedTemporaryFile().close()",
        "random.seed(iteration); print(random.random() < 0.5)",
    ],
)
def test_random_numbers_that_decide_nothing_cost_nothing(judged, saves):
    report = judged("restore", restore(resumes(saves)))
    assert report.status == PASSED, report.headline


@pytest.mark.parametrize(
    ("named", "chosen", "by"),
    [
        (OWN_NAME, "max(glob.glob('saves/*'), key=os.path.getmtime)", "the times of files"),
        (OWN_NAME, "os.listdir('saves')[-1]", "the order in which a directory is listed"),
        (OWN_NAME, "glob.glob('saves/*')[0]", "the order in which a directory is listed"),
        ('open("saves/%d" % os.getpid(), "w")', "max(os.listdir('saves'), key=int)", "the numbers of processes"),
    ],
)
def test_a_checkpoint_that_is_chosen_by_chance_is_wrong(judged, named, chosen, by):
    report = judged(
        "restore", restore(NUMBERED.replace("NAMED", named).replace("CHOSEN", chosen), "saves, my_output.txt")
    )
    assert report.points < report.maximum
    assert report.headline.startswith(f"It depends on {by}") and "even without" not in report.headline
    assert report.failure.misconception is None and len(report.hints) == 3


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ('open("saves/%03d-%d" % (iteration, os.getpid()), "w")', f"max({NUMBER})"),
        (OWN_NAME, f"sorted({NUMBER}, key=lambda name: (int(name), os.path.getmtime('saves/' + name)))[-1]"),
    ],
)
def test_a_checkpoint_that_is_chosen_by_its_iteration_is_right(judged, named, chosen):
    report = judged(
        "restore", restore(NUMBERED.replace("NAMED", named).replace("CHOSEN", chosen), "saves, my_output.txt")
    )
    assert report.status == PASSED, report.headline


LEARN = """
import glob, os, pickle, sys

def save_checkpoint(epoch, model, optimizer, generator):
    os.makedirs("saves", exist_ok=True)
    with open("saves/epoch-%d" % epoch, "wb") as file:
        pickle.dump((epoch, model.state_dict(), optimizer.state_dict(), generator.getstate()), file)
    sys.exit(85)

def restore_checkpoint(model, optimizer, generator):
    there = sorted(glob.glob("saves/*")KEY)
    if not there:
        return 0
    with open(there[-1], "rb") as file:
        epoch, weights, speed, state = pickle.load(file)
    model.load_state_dict(weights)
    optimizer.load_state_dict(speed)
    generator.setstate(state)
    return epoch
"""


@pytest.mark.parametrize(
    ("key", "said"),
    [(", key=os.path.getmtime", "It depends on the times of files"), ("", "With interval = 5, epochs = 11")],
)
def test_the_newest_state_of_a_training_is_told_by_its_number(judged, key, said):
    report = judged("learn", learn(LEARN.replace("KEY", key), "saves, my_output.txt"))
    assert report.headline.startswith(said) and report.points < report.maximum
    assert report.failure.misconception is None and "number" in report.hints[2]


def test_of_temporary_files_with_random_names_the_last_is_none(judged):
    named = 'tempfile.NamedTemporaryFile("w", dir="saves", delete=False)'
    answer = restore(
        NUMBERED.replace("NAMED", named).replace("CHOSEN", "max(os.listdir('saves'))"), "saves, my_output.txt"
    )
    one, other = judged("restore", answer), judged("restore", answer)
    assert (one.points, one.headline) == (other.points, other.headline) and one.points < one.maximum
