"""What a notebook calls, check(), hint(), exercise(), simulate(), measure(), steps() and panel(), and the
notebooks themselves, run from top to bottom.

Each test works in a directory of its own, as a notebook does. Most call the functions outside Jupyter;
`jupyter` puts a shell there and collects what is displayed.
"""

from __future__ import annotations

import base64
import html.parser
import io
import math
import os
import pkgutil
import re
import sys
import warnings
from pathlib import Path

import pytest
from classroom import ANSWERS

import grader
from grader.course.catalogue import EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.prediction import WRONG_BEFORE
from grader.course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from grader.notebook.calls import Score
from grader.rules.simulation import Outcome

RIGHT = {name: next(iter(right.values())) for name, (right, _) in ANSWERS.items()}
STUB = "raise NotImplementedError()"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The directory of the notebook."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def jupyter(monkeypatch):
    """The MIME bundles that are displayed, as in a notebook."""
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw, metadata: shown.append(Shown(bundle, metadata)))
    return shown


class Shown(dict):
    """A MIME bundle, and the metadata that are kept with it."""

    def __init__(self, bundle, metadata):
        super().__init__(bundle)
        self.metadata = metadata


def answer(name, files):
    """Write an answer as the notebook's cells do."""
    grader.exercise(name)
    for path, text in files.items():
        Path(name, path).write_bytes(text.encode() if isinstance(text, str) else text)


def contents(directory):
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


class Tags(html.parser.HTMLParser):
    """The elements and the text of a page, and the attributes in which scripts can be."""

    def __init__(self, page):
        super().__init__()
        self.names, self.text, self.scripted = set(), "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        self.scripted += [name for name, value in attributes if name.startswith("on") or "javascript:" in (value or "")]

    def handle_data(self, data):
        self.text += data


# -- exercise() --------------------------------------------------------------------


@pytest.mark.parametrize("name", RIGHT)
def test_exercise_lays_out_what_is_given_and_names_what_is_asked_for(name, here, capsys):
    assert grader.exercise(name) is None
    told = capsys.readouterr()
    assert told.err == ""
    there = contents(here / name)
    assert set(there) == set(EXERCISES[name].given()) - set(EXERCISES[name].answers)
    assert [path for path in [*there, *EXERCISES[name].answers] if path not in told.out] == []


@pytest.mark.parametrize("name", RIGHT)
def test_exercise_keeps_what_was_written_and_renews_what_is_given(name, here, capsys):
    answer(name, RIGHT[name])
    given = EXERCISES[name].given().without(EXERCISES[name].answers)
    for path in given:
        (here / name / path).write_text("broken")
    (here / name / "notes.txt").write_text("mine")
    grader.exercise(name)
    assert [path for path in given if (here / name / path).read_bytes() != given[path].content] == []
    assert (here / name / "notes.txt").read_text() == "mine"
    assert [path for path, text in RIGHT[name].items() if (here / name / path).read_text() != text] == []


# -- check() -----------------------------------------------------------------------


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_gets_all_points_and_leaves_no_files_behind(name, here, capsys, monkeypatch, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    answer(name, RIGHT[name])
    before = contents(here)
    capsys.readouterr()
    score = grader.check(name)
    told = capsys.readouterr()
    assert score == score.maximum == EXERCISES[name].maximum
    assert told.err == ""
    assert told.out.startswith(f"{EXERCISES[name].title}: {PASSED}, {score!r} of {score!r} points")
    grader.hint(name)
    grader.simulate(name, "evict@2")
    assert set(contents(here)) - set(before) == {".progress.json"}
    assert contents(scratch) == {}


STUBS = {
    "save": f"def save_checkpoint(iteration):\n    {STUB}\n",
    "restore": f"def save_checkpoint(iteration):\n    {STUB}\n\ndef restore_checkpoint(start, end):\n    {STUB}\n",
}
BAD = {
    "nothing written": ({"checkpoint.py": None, "sweep.sub": None}, NOT_TRIED, "run the cell that begins with"),
    "no submit file": (
        {"sweep.sub": None},
        NOT_TRIED,
        "changed or not. Only a",
    ),
    "stub": ({"checkpoint.py": STUBS["restore"]}, NOT_TRIED, "still to be written"),
    "syntax error": ({"checkpoint.py": "def save(iteration)\n    pass\n"}, CRASHED, "checkpoint.py:1"),
    "null bytes": ({"checkpoint.py": "x = 1\0"}, CRASHED, "null bytes"),
    "not text": ({"checkpoint.py": b"\xff\xfe\x80"}, CRASHED, "checkpoint.py:1"),
    "unusable submit file": ({"sweep.sub": "executable = nowhere\nqueue\n"}, CRASHED, "sweep.sub:1"),
    "empty submit file": ({"sweep.sub": ""}, CRASHED, "the file is empty"),
    "crashes at once": ({"checkpoint.py": "import sys\nsys.foo()\n"}, CRASHED, "AttributeError"),
    "never restores": (ANSWERS["restore"][1]["never-restores"]["always start"], PARTLY, "never finishes"),
    "loops for ever": (
        {"checkpoint.py": "while True: pass\n"},
        WRONG,
        "The program was stopped even without an eviction",
    ),
    "leaves with 0": (ANSWERS["restore"][1]["exit-zero-after-save"]["quit"], WRONG, "output is wrong"),
}


@pytest.mark.parametrize("kind", BAD)
def test_each_kind_of_wrong_has_its_status_and_no_traceback(kind, capsys):
    files, status, said = BAD[kind]
    files = {**RIGHT["restore"], **files}
    answer("restore", {path: text for path, text in files.items() if text is not None})
    capsys.readouterr()
    score = grader.check("restore")
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"Use a checkpoint: {status}, {score!r} of 20 points")
    assert said in told.out
    assert "Traceback" not in told.out
    assert (score == 0) == (status != PARTLY)


def test_where_no_process_can_be_forked_a_sentence_says_what_to_do(monkeypatch, capsys):
    answer("restore", RIGHT["restore"])
    monkeypatch.delattr("os.fork")
    capsys.readouterr()
    for call in (grader.check, grader.hint, grader.simulate):
        assert call("restore") is None
        told = capsys.readouterr()
        assert "install" in told.out and "WSL" in told.out and told.err == ""


def test_a_directory_in_the_place_of_the_answer_is_not_tried(here, capsys):
    (here / "save" / "checkpoint.py").mkdir(parents=True)
    assert grader.check("save") == 0
    assert f"{NOT_TRIED}, 0 of 10" in capsys.readouterr().out


def test_an_unknown_exercise_is_told_the_names(capsys):
    for function in (grader.check, grader.hint, grader.exercise):
        assert function("nothing like it") is None
        told = capsys.readouterr()
        assert told.out.count("\n") == 1 and told.err == ""
        assert [name for name in EXERCISES if name not in told.out] == []
        assert function("sav") is None and "Did you mean save" in capsys.readouterr().out


def test_a_file_that_was_written_under_another_name_is_pointed_at(here, capsys):
    answer("save", {"chekpoint.py": RIGHT["save"]["checkpoint.py"]})
    grader.check("save")
    assert "There is a file save/chekpoint.py. If you meant checkpoint.py" in capsys.readouterr().out
    answer("save", RIGHT["save"])
    (here / "save" / "chekpoint.py").unlink()
    grader.check("save")
    assert "If you meant" not in capsys.readouterr().out


def test_an_unknown_submit_command_is_named_in_report_and_story(capsys):
    submit = RIGHT["restore"]["sweep.sub"].replace("transfer_checkpoint_files", "transfer_checkpoints_files")
    answer("restore", {**RIGHT["restore"], "sweep.sub": submit})
    for show in (grader.check, grader.simulate):
        show("restore")
        assert re.search(
            r"sweep.sub:\d+: transfer_checkpoints_files is not a submit command: did you mean "
            "transfer_checkpoint_files",
            capsys.readouterr().out,
        )


@pytest.mark.parametrize(
    "called",
    [
        lambda: grader.simulate(3),
        lambda: grader.simulate("fibonacci", 2),
        lambda: grader.check({"a"}, {"a"}),
        lambda: grader.hint(3),
        lambda: grader.exercise(None),
        lambda: grader.steps(["fibonacci"]),
    ],
)
def test_what_should_be_in_quotes_is_asked_for(called, capsys):
    assert called() is None and "in quotes" in capsys.readouterr().out


def test_faults_that_did_not_happen_and_hidden_jobs_are_mentioned(capsys):
    answer("split", RIGHT["split"])
    grader.simulate("split", "evict@7")
    told = capsys.readouterr().out
    assert "evict@7 did not happen: the job had only 1 execution" in told and "queues 4 jobs" in told
    grader.simulate("split/long.sub", "evict@1+600s evict@2+300s")
    assert capsys.readouterr().out.count(": evicted\n") == 2


def test_a_warning_in_an_answer_does_not_reach_stderr(capfd):
    answer("save", {"checkpoint.py": '"\\d"\n' + RIGHT["save"]["checkpoint.py"]})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert grader.check("save") == 10
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("module", ["grader.py", "json.py", "given.py", "os.py", "sitecustomize.py"])
def test_a_file_of_the_student_s_in_the_submit_directory_changes_nothing(module, here):
    answer("save", RIGHT["save"])
    for directory in (here, here / "save"):
        (directory / module).write_text("raise SystemExit('imported')\n")
    assert grader.check("save") == 10


def test_without_a_pool_one_is_told_what_that_means(capsys, monkeypatch):
    monkeypatch.setattr("grader.real_pool.personal_pool.own_htcondor", lambda: False)
    monkeypatch.setattr("grader.real_pool.personal_pool.process", lambda: None)
    grader.pool()
    said = capsys.readouterr().out
    assert "There is no HTCondor here" in said and "lab.py pool up" in said and "count in the total" in said


@pytest.mark.skipif(os.environ.get("CONFORMANCE") != "live", reason="asks a live HTCondor only with CONFORMANCE=live")
def test_with_a_pool_its_version_is_told(capsys):
    grader.pool()
    assert "A real HTCondor, version 2" in capsys.readouterr().out


def test_what_is_extra_is_added_to_the_total_once_it_is_tried(capsys):
    grader.progress()
    before = capsys.readouterr().out
    grader.check("executing_events", 2)
    grader.progress()
    after = capsys.readouterr().out
    assert "of 100 points" in before and "1 of 101 points" in after and "1 of 1 extra" in after


def test_a_wrong_guess_at_what_is_extra_lowers_nothing(capsys):
    grader.check("executing_events", 5)
    capsys.readouterr()
    grader.progress()
    told = capsys.readouterr().out
    assert "0 of 100 points" in told and "wrong, 0 of 1 extra" in told


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("spool", "A directory on the access point"),
        ("", "badput: "),
        ("bicycle", "is not in the glossary, which has: "),
    ],
)
def test_the_glossary_says_what_a_word_means(word, said, capsys, jupyter):
    grader.glossary(word)
    assert (said in jupyter[0]["text/plain"] and "<dt>" in jupyter[0]["text/html"]) or word == "bicycle"


# -- points ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "maximum", "text"),
    [(10, 10, "10"), (7.5, 10, "7.5"), (0, 10, "0"), (-3, 10, "0"), (11, 10, "10"), (20 / 3, 20, "6.66667")],
)
def test_a_score_is_a_bare_number_within_its_bounds(points, maximum, text):
    score = Score(points, maximum)
    assert repr(score) == text
    assert math.isfinite(float(repr(score))) and 0 <= float(repr(score)) <= maximum
    assert not Tags(score._repr_html_().partition("</style>")[2]).text  # the card has it


# -- hint() ------------------------------------------------------------------------


def test_hints_of_who_has_not_begun_are_the_exercise_s(capsys):
    answer("save", {"checkpoint.py": STUBS["save"]})
    capsys.readouterr()
    assert grader.hint("save") is None
    out = " ".join(capsys.readouterr().out.split())
    assert out.index("Hint 1 of 3") < out.index("Hint 2 of 3") < out.index("Hint 3 of 3")
    assert [hint for hint in EXERCISES["save"].hints if " ".join(hint.split()) not in out] == []


def test_hints_are_about_what_went_wrong(capsys):
    answer("save", ANSWERS["save"][1]["exit-zero-after-save"]["sys.exit()"])
    capsys.readouterr()
    grader.hint("save")
    told = capsys.readouterr()
    assert told.err == ""
    out = " ".join(told.out.split())
    known = MISCONCEPTIONS["exit-zero-after-save"]
    assert [text for text in (known.sentence, *EXERCISES["save"].hints_about(known)) if text not in out] == []


def test_a_right_answer_needs_no_hint(capsys):
    answer("save", RIGHT["save"])
    capsys.readouterr()
    grader.hint("save")
    assert capsys.readouterr().out == "Your answer is right, so there are no more hints.\n"


def test_to_validate_an_answer_that_is_not_right_is_told_on_stderr(capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    grader.check("seconds_lost", ...)
    assert capsys.readouterr().err == (
        "How much is lost: not tried yet. Your answer is still missing: put it in place of the dots.\n"
    )
    grader.check("seconds_lost", 45)
    assert capsys.readouterr().err == ""


def test_hints_show_what_keeps_a_program_from_running(capsys):
    answer(
        "save",
        {
            "checkpoint.py": "from given import restore_checkpoint\n\n"
            "def save_checkpoint(iteration):\n    open('x', 'w').write(iteration)\n"
        },
    )
    capsys.readouterr()
    grader.hint("save")
    assert "checkpoint.py:4  TypeError: write() argument must be str, not int" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (..., "Hints: How much is lost: not tried yet, 0 of 2 points\n  Your answer is still missing"),
        (120, "Hints: How much is lost: wrong, 0 of 2 points\n\nHint 1 of 3"),
        (45, "Your answer is right"),
    ],
)
def test_hints_for_a_value_go_by_what_check_said_last(value, said, capsys):
    grader.check("seconds_lost", value)
    capsys.readouterr()
    grader.hint("seconds_lost")
    assert capsys.readouterr().out.startswith(said)


def test_wrong_predictions_get_a_nudge_and_at_the_third_the_solution(jupyter):
    solution = "is in the spool directory and safe"
    for tried, value in enumerate((60, 60, 165, 30)):
        jupyter.clear()
        assert grader.check("seconds_lost", value) == 0
        (bundle,) = jupyter
        seen = Tags(bundle["text/html"])
        third = tried == 3
        assert (solution in bundle["text/plain"]) == third
        assert ('<details class="part-of story"><summary><h4>The solution' in bundle["text/html"]) != third
        assert "At step 7 of 13 of what really happens: Execution 3: evicted." in seen.text
        shown = re.search(r'checked data-lm[^>]* aria-label="([^"]*)"', bundle["text/html"])
        assert shown[1] == "Step 7 of 13: Execution 3: evicted"
    assert grader.check("seconds_lost", 45) == 2


def test_outputs_of_predictions_keep_how_many_values_were_wrong(jupyter):
    for value in (60, 60, 165, 45):
        grader.check("seconds_lost", value)
    assert [shown.metadata for shown in jupyter] == [{WRONG_BEFORE: {"seconds_lost": n}} for n in (1, 1, 2, 2)]
    jupyter.clear()
    grader.check("save")
    assert jupyter[-1].metadata == {}


def test_what_is_no_number_does_not_count_as_a_try(capsys):
    for value in ("45", "a", None, 60):
        grader.check("seconds_lost", value)
    assert "The solution" not in capsys.readouterr().out


@pytest.mark.parametrize("old", ['{"seconds_lost": ["wrong", 0.0]}', '{"seconds_lost": ["wrong", 0.0, 5]}'])
def test_what_an_earlier_version_has_kept_is_read_as_far_as_it_can_be(old, here, capsys):
    (here / ".progress.json").write_text(old)
    assert grader.check("seconds_lost", 60) == 0
    assert "The solution" not in capsys.readouterr().out


# -- simulate() --------------------------------------------------------------------


def test_simulate_tells_the_story_of_an_example(capsys):
    end = grader.simulate("fibonacci", "evict@2")
    told = capsys.readouterr()
    assert told.err == ""
    assert "Execution 2: evicted" in told.out and "the job has ended" in told.out
    assert (end.status, end.exit.code, end.executions) == ("completed", 0, 6)
    assert end.returned_files["fibonacci.out"].text.endswith("fibonacci(10) = 89\n")


def test_simulate_runs_the_student_s_own_job_with_other_settings():
    answer("restore", RIGHT["restore"])
    end = grader.simulate("restore", "evict@2", start=2, end=9, steps=20, interval=2)
    assert [line.split()[0] for line in end.returned_files["my_output.txt"].text.splitlines()] == list("23456789")


def test_simulate_takes_a_submit_file_of_one_s_own(here):
    (here / "mine").mkdir()
    (here / "mine" / "job").write_text("#!/bin/sh\necho done\n")
    (here / "mine" / "job").chmod(0o755)
    (here / "mine" / "job.sub").write_text("executable = job\noutput = job.out\nqueue\n")
    before = contents(here)
    assert grader.simulate("mine/job.sub").returned_files["job.out"].text == "done\n"
    assert contents(here) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("save",), "checkpoint.py"),
        (("fibonacci", "evict@"), "evict@2"),
        (("fibonacci", "", "centos"), "slides2021"),
        (("nowhere.sub",), "nowhere.sub"),
        (
            ("submit/typo.sub",),
            "There is no submit/typo.sub yet. Run the cell that begins with %%writefile submit/typo.sub",
        ),
        (("nowhere",), "nowhere"),
    ],
)
@pytest.mark.parametrize("function", ["simulate", "steps", "panel"])
def test_what_can_not_be_used_is_said_in_a_sentence(function, arguments, said, capsys):
    assert getattr(grader, function)(*arguments) is None
    told = capsys.readouterr()
    assert told.err == "" and told.out.count("\n") == 1
    assert said in told.out


@pytest.mark.parametrize("function", ["steps", "panel"])
def test_without_a_notebook_steps_and_panel_tell_the_story(function, capsys):
    assert getattr(grader, function)("fibonacci", "evict@2") is None
    told = capsys.readouterr()
    assert told.err == "" and "Execution 2: evicted" in told.out and "the job has ended" in told.out


def test_a_name_of_the_package_is_never_a_module_of_it():
    assert {module.name for module in pkgutil.iter_modules(grader.__path__)}.isdisjoint(grader.__all__)


# -- measure() ---------------------------------------------------------------------


def test_measure_tells_what_the_log_of_a_job_says_and_how_it_ended(capsys):
    end = grader.measure("often", "evict@3")
    told = capsys.readouterr().out
    assert "transferred a checkpoint: 7 times, 150 s" in told and "slot that was then lost: 1 time" in told
    assert end.status == "completed" and "saving at iteration 10 takes 60 s" in end.returned_files["sweep.out"].text


def test_measure_takes_the_given_job_not_the_student_s(capsys):
    answer("often", {"when.py": "raise SystemExit(1)"})
    assert grader.measure("often").status == "completed"


def test_measure_reads_a_log(capsys):
    grader.exercise("often")
    assert grader.measure("often/last_week.log") is None
    assert "slot that was then lost: 24 times" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no/such.log",), "no/such.log can't be read"),
        (("often", "evict@0"), "counted from 1"),
        (("nothing",), "nothing"),
    ],
)
def test_measure_says_in_a_sentence_what_can_not_be_used(arguments, said, capsys):
    assert grader.measure(*arguments) is None
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("splt",), "There is no job 'splt'. Did you mean split?"),
        (("nothing_like_it",), "There is no job 'nothing_like_it'. There are annealing, "),
        (("no_such.sub",), "no_such.sub: the submit file can't be read"),
        (("save", 2), 'A job and a schedule are written in quotes, as in simulate("fibonacci", "evict@2").'),
        (("fibonacci", "evict@2 release"), "90 seconds after the execution has begun."),
    ],
)
def test_simulate_says_in_a_sentence_what_can_not_be_used(arguments, said, capsys):
    assert grader.simulate(*arguments) is None
    assert said in capsys.readouterr().out


# -- figures -----------------------------------------------------------------------


def test_a_figure_is_a_picture_without_a_background_and_with_words(jupyter, monkeypatch):
    import IPython.display
    from matplotlib.image import imread

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw, metadata: shown.append((bundle, metadata)))
    end = grader.simulate("annealing", draw=False, forget="nothing", interval=1000)
    grader.magnetisation(end, {"evicted": end}, theory=True)
    grader.lattices({"left alone": end, "again": end})
    assert len(shown) == 2
    for bundle, metadata in shown:
        picture = imread(io.BytesIO(base64.b64decode(bundle["image/png"])))
        assert picture[0, 0, 3] == 0  # the corner can be seen through
        assert metadata["image/png"]["alt"] == bundle["text/plain"] and "left alone" in bundle["text/plain"]


@pytest.mark.parametrize("draw", [grader.bifurcations, lambda end: grader.strings({"a": end, "b": None})])
def test_without_an_output_there_is_no_figure_and_a_sentence(draw, capsys):
    draw(None)
    assert capsys.readouterr().out == "No picture yet: the job has not returned my_output.txt.\n"


# -- in Jupyter --------------------------------------------------------------------


def test_in_jupyter_a_report_is_html_with_the_text_beside_it(jupyter, capsys):
    answer("save", ANSWERS["save"][1]["wrong-exit-code"]["sys.exit(58)"])
    laid_out = jupyter.pop()
    assert laid_out["text/plain"].startswith("Submit directory save/:") and "<p class=" in laid_out["text/html"]
    score = grader.check("save")
    assert capsys.readouterr() == ("", "")
    (bundle,) = jupyter
    page = Tags(bundle["text/html"])
    assert "wrong" in page.text and f"{score!r} / 10 points" in page.text
    assert "58" in page.text and "svg" in page.names
    assert bundle["text/plain"].startswith("Write a checkpoint: wrong")


def test_in_jupyter_an_outcome_is_a_picture_and_not_printed_below_it(jupyter, capsys):
    end = grader.simulate("fibonacci", "evict@2")
    assert "svg" in Tags(jupyter[0]["text/html"]).names
    assert end._ipython_display_() is None
    assert len(jupyter) == 1 and capsys.readouterr() == ("", "")
    assert all(hasattr(end, field) for field in Outcome.__dataclass_fields__)


def test_in_jupyter_steps_are_pictures_with_the_story_beside_them(jupyter, capsys):
    assert grader.steps("slides", "look@1+60s evict@2+600s", "slides2021") is None
    (bundle,) = jupyter
    assert Tags(bundle["text/html"]).text.count("of 8)") == 8 and "Execution 2: evicted" in bundle["text/plain"]
    assert capsys.readouterr() == ("", "")


def test_a_panel_is_a_widget_with_the_steps_as_its_static_form(jupyter, capsys):
    answer("restore", RIGHT["restore"])
    jupyter.clear()
    assert grader.panel("restore", "evict@1", interval=4) is None
    script, bundle = jupyter
    assert list(script) == ["application/javascript"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "(step 1 of " in Tags(bundle["text/html"]).text and "Execution 1: evicted" in bundle["text/plain"]
    assert capsys.readouterr() == ("", "")


def test_without_ipywidgets_a_panel_is_the_steps_and_what_to_install(jupyter, monkeypatch):
    monkeypatch.setitem(sys.modules, "grader.notebook.live_panel", None)
    monkeypatch.delattr("grader.notebook.live_panel", raising=False)
    grader.panel("fibonacci")
    (bundle,) = jupyter
    assert (
        "pip install ipywidgets" in Tags(bundle["text/html"]).text and "(step 1 of " in Tags(bundle["text/html"]).text
    )


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>&\"'\x1b[31m\u202e"


@pytest.mark.parametrize("where", ["stderr", "file", "name", "message", "syntax", "submit file"])
def test_what_files_and_programs_say_is_escaped(where, jupyter):
    files = dict(RIGHT["restore"])
    text = HOSTILE.replace("/", "") if where == "name" else HOSTILE
    bad = {
        "stderr": f"import sys\nprint({text!r}, file=sys.stderr)\nsys.exit(85)\n",
        "file": f"open('checkpoint.txt', 'w').write({text!r})\nimport sys\nsys.exit(85)\n",
        "name": f"open({text!r}, 'w').write('x')\nopen('checkpoint.txt', 'w')\nimport sys\nsys.exit(85)\n",
        "message": f"raise ValueError({text!r})\n",
        "syntax": f"x = = {text}\n",
    }.get(where)
    if bad:
        files["checkpoint.py"] = files["checkpoint.py"] + bad if where != "syntax" else bad
    else:
        files["sweep.sub"] = files["sweep.sub"].replace("executable = sweep.py", f"executable = {text}")
    answer("restore", files)
    grader.check("restore")
    grader.hint("restore")
    grader.simulate("restore", "evict@1")
    grader.steps("restore", "evict@1")
    grader.panel("restore", "evict@1")
    pages = [Tags(bundle["text/html"]) for bundle in jupyter if "text/html" in bundle]
    assert pages
    for page in pages:
        assert page.names.isdisjoint({"script", "img", "iframe", "object", "a", "form", "link"})
        assert page.scripted == []
    assert not any("\x1b" in value or "\u202e" in value for bundle in jupyter for value in bundle.values())
