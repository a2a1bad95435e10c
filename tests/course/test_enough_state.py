"""Exercise `annealing`: points by what was understood, and nothing for what only looks like it."""

from __future__ import annotations

import pytest

from grader.course.annealing import ANNEALING, FORGETTABLE, annealing, forgetting
from grader.course.catalogue import EXERCISES
from grader.course.exercises.annealing.answers import (
    INDEX_ONLY,
    NO_RANDOM,
    PICKLED,
    answer,
    before_saving,
    but,
    finally_,
)
from grader.course.report import NOT_TRIED, PARTLY, PASSED
from grader.rules.simulation import simulate
from grader.tree import Tree

ANNEAL = EXERCISES["annealing"]
PARTS = {question.name: question.maximum for question in ANNEAL.questions}
FORGES = but(
    '        initial_state["iteration"] = iteration\n',
    """        initial_state["iteration"] = iteration
        print(open("said").read().replace("saves: ", "begins:"))
""",
    but(
        "    sys.exit(85)",
        """    import annealing
    with open("said", "w") as file:
        file.write("saves:  " + annealing.described(state))
    sys.exit(85)""",
        INDEX_ONLY,
    ),
)


def judged(files, executor, seed=None):
    return ANNEAL.judge(Tree.files(files), executor, seed)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (INDEX_ONLY, 4),
        (NO_RANDOM, 7),
        (finally_('state["lattice"] = initial_state["lattice"]'), 7),
        (finally_('state["lattice"] = [max(0, spin) for spin in state["lattice"]]'), 7),
        (finally_('state["sums"] = [0, 0]'), 8),
        (PICKLED.replace("os.truncate", "# "), 8),
        (but("return state", "return initial_state"), 2),
    ],
)
def test_each_part_of_the_state_that_is_kept_earns_its_points(text, points, executor):
    report = judged(answer(text), executor)
    assert (report.status, report.points) == (PARTLY, points)


@pytest.mark.parametrize(
    "kind", ["tuple", "lambda spins: array.array('b', spins)", "lambda spins: list(map(float, spins))"]
)
def test_a_lattice_of_another_type_is_the_same_lattice(kind, executor):
    text = but("import os", "import array, os", before_saving(f'state["lattice"] = ({kind})(state["lattice"])'))
    text = but("return state\n", 'state["lattice"] = list(state["lattice"])\n    return state\n', text)
    report = judged(answer(text), executor)
    assert (report.status, report.points) == (PASSED, ANNEAL.maximum), report.headline


def test_a_generator_that_is_one_number_ahead_is_not_said_to_start_again(executor):
    failure = judged(answer(before_saving('print(state["random"].random())')), executor).failure
    assert failure.misconception.id == "rng-not-saved" and "starts again" not in failure.misconception.sentence


def test_failing_only_elsewhere_earns_all_but_the_last_points(executor):
    report = judged(answer(PICKLED, "checkpoint.dat"), executor)
    assert report.points == ANNEAL.maximum - ANNEAL.questions[-1].maximum


def test_a_job_that_goes_on_and_fails_then_is_not_said_to_be_well(executor):
    text = but("def save_checkpoint(state):\n", "def save_checkpoint(state):\n    assert state['iteration'] < 100\n")
    report = judged(answer(text), executor)
    assert report.trials[1].passed and report.trials[1].text == "from 50, before it fails with exit code 1"
    assert "fails with exit code 1 even without an eviction" in report.headline


def test_what_is_given_is_not_tried_yet(executor):
    assert ANNEAL.judge(ANNEAL.given(), executor).status == NOT_TRIED


def test_an_answer_for_the_numbers_that_are_known_fails_with_others(executor):
    text = but(
        "    os.truncate", "    if len(state['lattice']) not in (256, 36): state['sums'] = [0, 0]\n    os.truncate"
    )
    assert judged(answer(text), executor).status == PASSED
    reports = [judged(answer(text), executor, seed) for seed in ("one", "two", "three")]
    assert any(report.points < ANNEAL.maximum for report in reports)
    assert judged(answer(PICKLED), executor, "one").status == PASSED


def test_saying_that_a_part_is_back_earns_nothing(executor):
    report = judged(answer(FORGES, "checkpoint.dat, said, my_output.txt"), executor)
    assert report.points <= PARTS["It saves, and leaves with 85"]


@pytest.mark.parametrize("printed", ["begins: ", "begins: iteration 50", "saves: {0}", "begins: " + "x" * 10000])
def test_what_an_answer_prints_never_upsets_the_judge(printed, executor):
    text = but(
        "    return state\n",
        f"    print({printed!r})\n    import builtins\n"
        "    builtins.print = lambda *ignored, **also: None\n    return state\n",
    )
    report = judged(answer(text), executor)
    assert report.points < ANNEAL.maximum
    assert len(report.headline) < 500


def test_the_job_changed_by_hand_is_no_answer(executor):
    files = answer(PICKLED)
    files["annealing.sub"] = files["annealing.sub"].replace("executable = annealing.py", "executable = checkpoint.py")
    assert judged(files, executor).points == 0


def test_forgetting_any_part_changes_the_answer(executor):
    right = ANNEALING.known_answer()["my_output.txt"]
    for parts in ((), *((part,) for part in FORGETTABLE)):
        *_, last = simulate(forgetting(*parts), executor)
        assert (last.returned_files["my_output.txt"] == right) == (not parts)


def test_the_job_can_be_told_what_to_forget(executor):
    job = ANNEAL.job(Tree.files(answer(PICKLED)))
    assert annealing(job, forget="lattice, sums", size=8).inputs["checkpoint.py"].text.count("'lattice', 'sums'") == 1
    assert annealing(job, size=8).inputs["checkpoint.py"] == job.inputs["checkpoint.py"]
    for wrong in ({"forget": "moon"}, {"moon": 1}):
        with pytest.raises(ValueError, match="moon"):
            annealing(job, **wrong)
