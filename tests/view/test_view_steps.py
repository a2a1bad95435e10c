"""The story step by step: the slides' own eight, one shown at a time, and all of them without a style sheet."""

import re
from pathlib import Path

import pytest
from view_helpers import Page, tiny

from grader import submit
from grader.rules.profile import PROFILES
from grader.rules.schedule import parse
from grader.rules.simulation import Moment, simulate
from grader.tree import Tree
from grader.view.steps import LAST_STEPS, MOST_STEPS, in_steps, step_of, stepper

SLIDES = Path(__file__).resolve().parents[2] / "payload" / "slides"
SUBMIT = {"my_software", "my_input.txt", "my_submit.sub"}
LOGGED = SUBMIT | {"zzz.log"}
BEGIN = {"my_input.txt", "my_software", "_condor_stdout", "_condor_stderr"}
SPOOL = {"my_output.txt", "temp-dir/42.txt", "temp-dir/43.txt", "temp-file.txt"}
SANDBOX = BEGIN | {"my_output.txt", "temp-file.txt", "trash.txt"}
DRAWN = [
    (SUBMIT, None, None),
    (LOGGED, set(), BEGIN),
    (LOGGED, set(), SANDBOX | {"temp-dir/1.txt", "temp-dir/2.txt"}),
    (LOGGED, set(), SANDBOX | {"temp-dir/42.txt", "temp-dir/43.txt"}),
    (LOGGED, SPOOL, SANDBOX | {"temp-dir/42.txt", "temp-dir/43.txt"}),
    (LOGGED, SPOOL, SANDBOX | {"temp-dir/51.txt", "temp-dir/52.txt"}),
    (LOGGED, SPOOL, BEGIN | SPOOL),
    (LOGGED | {"my_output.txt", "zzz.out", "zzz.err"}, set(), None),
]
"""What the slides draw, step by step, with the four files that they leave out of steps 2, 7 and 8: the streams, which
are empty when a program starts, and the sandbox of a job that has ended."""


@pytest.fixture(scope="module")
def slides(executor):
    job = submit.read(SLIDES / "my_submit.sub").jobs[0]
    return list(simulate(job, executor, PROFILES["slides2021"], parse("look@1+60s evict@2+600s")))


def listed(panel):
    return {item.path for item in panel.items if item.mark != "gone"} if panel.there else None


def test_the_slides_job_has_the_slides_eight_steps_with_the_slides_files(slides):
    steps = in_steps(slides, Tree.read(SLIDES), "zzz.log")
    shown = [tuple(map(listed, step.panels)) for step in steps]
    assert [step[:2] for step in shown] == [step[:2] for step in DRAWN]
    assert [step[2] for step in shown[:-1]] == [step[2] for step in DRAWN[:-1]]


def test_at_a_checkpoint_each_file_is_said_to_be_in_the_spool_or_not(slides):
    notes = {item.path: item.note for item in in_steps(slides)[4].panels[2].items}
    assert {path for path, note in notes.items() if note == "in the spool"} == SPOOL
    assert {path for path, note in notes.items() if note == "not in the spool"} == {"trash.txt", "_condor_stdout"}


def test_all_steps_are_there_with_what_is_in_their_files(slides):
    page = Page(stepper(slides, submit=Tree.read(SLIDES), log_name="zzz.log"))
    assert [name.partition(":")[0] for name in page.values("aria-label") if name.startswith("Step ")] == [
        f"Step {number} of 8" for number in range(1, 9)
    ]
    assert all(f"(step {number} of 8)" in page.text for number in range(1, 9))
    assert "working on iteration 53" in page.text and "checkpoint_exit_code = 85" in page.text


def test_one_step_is_chosen_and_the_group_is_its_own(slides):
    html = stepper(slides)
    one, other = Page(html), Page(stepper(slides))
    assert len(re.findall(r'<input type="radio"[^>]* checked', html)) == 1
    assert len(set(one.values("name"))) == 1 and set(one.values("name")).isdisjoint(other.values("name"))
    assert Page(stepper(slides, group="g")).values("name") == ["g"] * 8


def test_the_step_to_begin_with_is_found_by_kind_and_activation(slides):
    assert [step_of(in_steps(slides), *one) for one in (("evicted", 1), ("started", 2), ("held", 1))] == [6, 7, 1]
    assert 'checked data-lm-suppress-shortcuts="true" aria-label="Step 6 of 8' in stepper(slides, first=6)


def test_nothing_is_loaded_and_nothing_runs(slides):
    html = stepper(slides)
    page = Page(html)
    assert "script" not in page.tags and not re.search(r"https?:|url\(|@import|javascript:", html)
    assert not any(key in ("id", "src", "href") or key.startswith("on") for key, _ in page.attributes)


@pytest.mark.parametrize(
    "schedule", ["", "evict@1", "upload-fails@1", "requeue@1", "hold@2", "vacate@3+20s", "hold-idle@1+9s"]
)
def test_each_start_elsewhere_checkpoint_and_fault_is_a_step(story, schedule):
    steps = in_steps(story(schedule))
    told = [moment.kind for moment in story(schedule) if moment.kind not in ("submitted", "restarted", "exited")]
    assert [step.moment.kind for step in steps if step.moment.kind not in ("before submit", "exited")] == told
    kinds = [step.moment.kind for step in steps]
    assert all(kinds[index + 1] == "checkpoint" for index, kind in enumerate(kinds) if kind == "exited")


def test_a_long_story_keeps_its_beginning_and_its_end(story):
    page = Page(stepper(story("", tiny(50))))
    numbers = [int(name.split()[1]) for name in page.values("aria-label") if name.startswith("Step ")]
    assert len(numbers) == MOST_STEPS and numbers[-LAST_STEPS:] == list(range(102 - LAST_STEPS, 102))
    assert "left out" in page.text


@pytest.mark.parametrize("moments", [[], [Moment("submitted")]])
def test_an_empty_story_is_no_error(moments):
    Page(stepper(moments))


def test_names_and_contents_are_escaped():
    tree = Tree.files({"<img src=x>": "<script>alert(1)</script>"})
    page = Page(stepper([Moment("submitted"), Moment("started", activation=1, execution=1, sandbox=tree)]))
    assert "<img src=x>" in page.text and {"img", "script"}.isdisjoint(page.tags)
