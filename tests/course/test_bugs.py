"""The five bugs of notebook 09: hidden is not repaired, and the shortest failing schedule is the one that fails."""

from __future__ import annotations

import pytest
from classroom import ANSWERS

from grader.course.answers import python
from grader.course.catalogue import COURSE, EXERCISES
from grader.course.exercises.behind_a_pipe.answers import script
from grader.course.exercises.behind_a_pipe.exercise import OVERWRITTEN
from grader.course.exercises.on_sigterm.answers import DUE, HANDLER, LAST, collatz
from grader.course.exercises.slides_listing.answers import listed
from grader.course.exercises.training.answers import training
from grader.course.explanation import story_of
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import CRASHED, NOT_TRIED, PASSED, WRONG
from grader.tree import File, Tree
from grader.view.steps import in_steps, step_of

GIVEN = {
    "slides_listing": "no-progress",
    "last_done": "repeats-iteration",
    "training": "rng-not-saved",
    "on_sigterm": "sigterm-saves",
    "behind_a_pipe": "exit-zero-after-save",
}
"""Each program, and what it shows."""


@pytest.fixture
def judged(executor):
    """judged(name, files, seed=None) is the report on an answer."""
    return lambda name, files, seed=None: EXERCISES[name].judge(Tree.files(files), executor, seed)


def test_the_notebook_is_worth_ten_points():
    assert (
        sum(
            exercise.maximum
            for chapter in COURSE
            for exercise in chapter.exercises
            if chapter.name == "09-find-the-bugs"
        )
        == 10
    )


@pytest.mark.parametrize("name", GIVEN)
def test_the_given_files_are_no_answer(name, executor):
    assert EXERCISES[name].judge(EXERCISES[name].given(), executor).status == NOT_TRIED


@pytest.mark.parametrize("name", GIVEN)
def test_the_given_files_with_a_comment_earn_nothing_and_show_their_bug(name, executor):
    given = EXERCISES[name].given()
    path = EXERCISES[name].answers[0]
    report = EXERCISES[name].judge(given.put(path, File(given[path].content + b"# looked through\n")), executor)
    assert (report.status, report.points) == (WRONG, 0)
    assert report.failure.misconception is MISCONCEPTIONS[GIVEN[name]]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("name", ANSWERS)
def test_a_right_answer_is_right_with_numbers_that_it_has_not_seen(name, number, judged):
    right, _ = ANSWERS[name]
    report = judged(name, list(right.values())[number], f"class {number}")
    assert report.status == PASSED, report.headline


HIDDEN = {
    "never saves": (
        "last_done",
        {
            "hares.py": python("""
from science import a_year_later, settings
animals = settings["hares"], settings["lynxes"]
for year in range(1, settings["years"] + 1):
    animals = a_year_later(*animals)
    print("%d %.3f %.3f" % (year, *animals), file=open("my_output.txt", "a"))
""")
        },
    ),
    "saves seldom": (
        "on_sigterm",
        collatz(
            HANDLER,
            (
                LAST,
                LAST
                + DUE.replace("settings['interval']", "(2 * settings['interval'])")
                + "            save_and_leave(None, None)\n",
            ),
        ),
    ),
    "saves once": (
        "on_sigterm",
        collatz((LAST, LAST + "        if state['block'] == 1:\n            save_and_leave(None, None)\n")),
    ),
    "saves at the end": (
        "training",
        training(("if epoch % settings['interval'] == 0:", "if epoch == settings['epochs']:")),
    ),
    "does not shuffle": (
        "training",
        training(
            ("[epoch, model]", "[epoch, model, speed]"),
            ("        epoch, model =", "        epoch, model, speed ="),
            ("        random.shuffle(flights)\n", ""),
        ),
    ),
    "the same order in each epoch, of the seed": (
        "training",
        training(
            ("[epoch, model]", "[epoch, model, speed]"),
            ("        epoch, model =", "        epoch, model, speed ="),
            ("random.shuffle(flights)", "flights.sort()\n        random.Random(settings['seed']).shuffle(flights)"),
        ),
    ),
    "shuffled once": (
        "training",
        training(
            ("[epoch, model]", "[epoch, model, speed]"),
            ("        epoch, model =", "        epoch, model, speed ="),
            ("        random.shuffle(flights)\n", ""),
            ("while epoch <", "random.shuffle(flights)\n    while epoch <"),
        ),
    ),
    "two orders in turn": (
        "training",
        training(
            ("[epoch, model]", "[epoch, model, speed]"),
            ("        epoch, model =", "        epoch, model, speed ="),
            ("random.shuffle(flights)", "flights.sort()\n        random.Random(epoch % 2).shuffle(flights)"),
        ),
    ),
    "draws flights, some twice": (
        "training",
        training(
            ("[epoch, model]", "[epoch, model, speed]"),
            ("        epoch, model =", "        epoch, model, speed ="),
            ("        random.shuffle(flights)\n", "        random.seed(settings['seed'] * 1000 + epoch)\n"),
            ("for flight in flights:", "for flight in random.choices(flights, k=len(flights)):"),
        ),
    ),
    "a little less momentum": (
        "training",
        {"train.py": ANSWERS["training"].right["everything, pickled"]["train.py"].replace("0.9", "0.89")},
    ),
    "a decaying rate": (
        "training",
        {
            "train.py": ANSWERS["training"]
            .right["everything, pickled"]["train.py"]
            .replace("settings['rate']", "settings['rate'] * 0.99 ** epoch")
        },
    ),
    "has no momentum": (
        "training",
        {"train.py": ANSWERS["training"].right["everything, pickled"]["train.py"].replace("0.9", "0")},
    ),
    "does not wait for the science": (
        "last_done",
        {
            "hares.py": python("""
import json, os, sys, time
time.sleep = lambda seconds: None
""")
            + ANSWERS["last_done"][0]["saves the next"]["hares.py"]
        },
    ),
    "an interval of its own": (
        "on_sigterm",
        {
            "collatz.py": ANSWERS["on_sigterm"]
            .right["calls the handler itself"]["collatz.py"]
            .replace("settings['interval']", "3")
        },
    ),
    "an interval of its own, and stars": (
        "not_there_yet",
        {
            **ANSWERS["not_there_yet"].right["one file"],
            "search.py": ANSWERS["not_there_yet"].right["one file"]["search.py"].replace('settings["interval"]', "3"),
        },
    ),
    "a seed of its own": (
        "training",
        {"train.py": ANSWERS["training"].right["everything, pickled"]["train.py"].replace("settings['seed']", "1986")},
    ),
    "keeps no log": ("behind_a_pipe", script("touch model.log\npython3 model.py")),
    "keeps the last log only": ("behind_a_pipe", script("python3 model.py > model.log 2>&1")),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_bug_that_is_only_hidden_is_not_repaired(how, judged):
    name, files = HIDDEN[how]
    report = judged(name, files)
    assert report.points < report.maximum and report.status not in (PASSED, NOT_TRIED)


def test_a_log_of_the_last_execution_alone_gets_hints_about_the_log(judged):
    assert judged(*HIDDEN["keeps the last log only"]).hints == OVERWRITTEN
    assert judged(*HIDDEN["keeps no log"]).hints != OVERWRITTEN


def test_an_answer_that_knows_the_output_fails_with_other_numbers(judged):
    known = (
        "state = dict(block=n, best=(171, 327, 327, 703, 871, 1161, 1161, 1161, 1161, 1161)[n - 1], "
        "steps=(124, 143, 143, 170, 178, 181, 181, 181, 181, 181)[n - 1])"
    )
    files = {
        "collatz.py": ANSWERS["on_sigterm"]
        .right["from the output"]["collatz.py"]
        .replace("state = search(state)", f"search(state)\n    {known}")
    }
    assert judged("on_sigterm", files).status == PASSED
    report = judged("on_sigterm", files, "unseen")
    assert report.points == 0 and report.failure.evidence[-1].kind == "numbers"


def test_a_job_that_does_something_new_for_ever_is_told_so_soon(judged):
    report = judged(
        "last_done",
        {
            "hares.py": python("""
import json, os, sys
from science import a_year_later, settings
year, hares, lynxes = 1, settings['hares'], settings['lynxes']
if os.path.exists('checkpoint'):
    year, hares, lynxes = json.load(open('checkpoint'))
for year in range(year, settings['years'] + 1):
    hares, lynxes = a_year_later(hares, lynxes)
    open('my_output.txt', 'a').write('%d %.3f %.3f\\n' % (year, hares, lynxes))
    if year % settings['interval'] == 0:
        json.dump([year, hares, lynxes], open('checkpoint', 'w'))
        sys.exit(85)
""")
        },
    )
    assert report.status == WRONG and "has still not finished" in report.headline
    assert report.failure.misconception is MISCONCEPTIONS["repeats-iteration"]


def test_an_eviction_driven_job_is_no_answer(judged):
    files = listed(files="checkpoint.txt, my_output.txt\nwhen_to_transfer_output = ON_EXIT_OR_EVICT")
    report = judged("slides_listing", files)
    assert report.points == 0 and "eviction-driven" in report.headline


def test_every_bug_of_the_listing_costs_its_own_points(judged):
    within = ("    if saved >= start:\n", "    if start <= saved <= end:\n")
    at_once = ("(iteration - start + 1) % interval == 0", "iteration > start and (iteration - start) % interval == 0")
    points = {"all": 1.5, "list": 0.5, "interval": 1.0, "range": 1.0}
    answers = {
        "all": ANSWERS["slides_listing"].right["as little as possible"],
        "list": listed(within, at_once, files="my_output.txt"),
        "interval": listed(within),
        "range": listed(at_once),
    }
    assert {bug: judged("slides_listing", files).points for bug, files in answers.items()} == points


@pytest.mark.parametrize("lower", ["start - 1 <= saved", "0 < saved"])
def test_a_checkpoint_from_before_start_is_seen_if_the_output_is_right(lower, judged):
    begins = "with open('my_output.txt', 'a') as output:\n    for iteration in range(start, end + 1):"
    report = judged(
        "slides_listing",
        listed(
            ("start, end = map(int, sys.argv[1:])", "start, end = map(int, sys.argv[1:])\nbegin = start"),
            (
                "    if saved >= start:\n        start = saved\n",
                f"    if {lower} and saved <= end:\n        begin = saved\n",
            ),
            (begins, begins.replace("'a'", "'a' if begin > start else 'w'").replace("range(start", "range(begin")),
            ("(iteration - start + 1) % interval == 0", "iteration > begin and (iteration - start) % interval == 0"),
        ),
    )
    assert report.points == 1.0 and report.failure.misconception is MISCONCEPTIONS["stale-checkpoint"]
    assert "it begins with iteration 5" in report.headline


@pytest.mark.parametrize(
    "schedule",
    ["evict@2", "evict@3", "vacate@2", "hold@2", "requeue@1", "evict@2+30s", " evict@2 ", "look@1+10s evict@2"],
)
def test_any_shortest_schedule_on_which_the_listing_fails_is_right(schedule, judged):
    report = judged("slides_schedule", {"slides_schedule": repr(schedule)})
    assert (report.status, report.points) == (PASSED, 0.5), report.headline


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "evict@1",
        "upload-fails@2",
        "evict@9",
        "evict@2 evict@3",
        "evict@1, evict@3",
        " ".join(f"evict@{n}" for n in range(1, 9)),
    ],
)
def test_a_schedule_that_does_no_harm_or_is_too_long_is_wrong(schedule, judged):
    report = judged("slides_schedule", {"slides_schedule": repr(schedule)})
    assert (report.status, report.points) == (WRONG, 0)


@pytest.mark.parametrize("text", ["2", "'evict'", "'evict@0'", "['evict@2']", "evict", "'evict@2 hold@2'"])
def test_what_is_no_schedule_is_said_to_be_none(text, judged):
    report = judged("slides_schedule", {"slides_schedule": text})
    assert (report.status, report.points) == (CRASHED, 0) and "schedule can't be read" in report.headline


RIGHT = {"hares_lines": "14", "training_agrees": "'c'", "collatz_minutes": "19", "pipe_lines": "4"}
REVEALING = {
    ("hares_lines", "10"): "repeats-iteration",
    ("hares_lines", "7"): "skips-iteration",
    ("training_agrees", "'a'"): "rng-not-saved",
    ("training_agrees", "'b'"): "rng-not-saved",
    ("collatz_minutes", "10"): "sigterm-saves",
    ("collatz_minutes", "11"): "sigterm-saves",
    ("pipe_lines", "10"): "wrong-exit-code",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_value_gets_its_points(name, judged):
    assert judged(name, {name: RIGHT[name]}).points == 0.5


@pytest.mark.parametrize(("name", "text"), REVEALING)
def test_a_distractor_reveals_its_misconception(name, text, judged, executor):
    report = judged(name, {name: text})
    assert (report.status, report.failure.misconception) == (WRONG, MISCONCEPTIONS[REVEALING[name, text]])
    assert report.failure.job is not None and report.failure.schedule is not None
    assert step_of(in_steps(list(story_of(report, executor))), *report.failure.decisive) > 1, "there is no such moment"
