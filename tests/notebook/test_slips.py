"""The slips that a learner makes in a notebook, each driven in a kernel: one sentence at once, and nothing lost."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from queue import Empty

import pytest
from classroom import ANSWERS, ROOT, environment

RIGHT = {name: next(iter(right.values())) for name, (right, _) in ANSWERS.items()}
SAVE, OTHER = RIGHT["save"]["checkpoint.py"], RIGHT["restore"]["checkpoint.py"]
SECONDS = 60


class Kernel:
    """A kernel in a directory of its own. Cells have ids, as in JupyterLab."""

    def __init__(self, client):
        self.client = client

    def run(self, source: str, cell: str = "") -> str:
        """Run a cell; all that it shows, as text."""
        content = dict(code=source, silent=False, store_history=True, allow_stdin=False, stop_on_error=True)
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self.client.shell_channel.send(message)
        shown = []
        while True:
            try:
                said = self.client.get_iopub_msg(timeout=SECONDS)
            except Empty:
                raise AssertionError(f"the kernel is silent after {source!r}") from None
            if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                return "\n".join(shown)
            if said["msg_type"] == "error":
                shown += said["content"]["traceback"]
            shown.append(said["content"].get("text") or said["content"].get("data", {}).get("text/plain", ""))

    def write(self, target: str, text: str, cell: str = "") -> str:
        return self.run(f"%%writefile {target}\n{text}", cell)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    manager = pytest.importorskip("jupyter_client.manager")
    scratch = tmp_path_factory.mktemp("kernel")
    profile = scratch / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    config = (ROOT / "grader" / "notebook" / "ipython_kernel_config.py").read_text()
    (profile / "ipython_kernel_config.py").write_text(config)
    kernel, client = manager.start_new_kernel(
        env={**environment(scratch), "PYTHONPATH": str(ROOT)}, cwd=str(scratch), startup_timeout=SECONDS
    )
    yield Kernel(client)
    client.stop_channels()
    kernel.shutdown_kernel(now=True)


@pytest.fixture
def kernel(started, tmp_path):
    """The kernel as it is when nothing was run yet."""
    started.run("%reset -f")
    started.run(
        "from IPython import get_ipython as _shell\n"
        "for _event in ('pre_run_cell', 'post_run_cell'):\n"
        "    _callbacks = _shell().events.callbacks[_event]\n"
        "    _callbacks[:] = [one for one in _callbacks if 'slips' not in one.__module__]\n"
        "vars(_shell()).pop('course_slips', None)\n"
        "from IPython.core.magics import OSMagics\n"
        "_shell().register_magic_function(OSMagics(_shell()).writefile, 'cell', 'writefile')\n"
        f"import os; os.chdir({str(tmp_path)!r})"
    )
    return started


@pytest.fixture
def prepared(kernel):
    """... and with the setup cell of notebook 3 run."""
    assert "Submit directory save/" in kernel.run("from grader import check, exercise, hint\nexercise('save')", "setup")
    return kernel


@pytest.mark.parametrize("call", ["check('save')", "hint('save')", "simulate('save')", "x = 1\nprogress()"])
def test_without_the_setup_cell_one_is_told_to_run_it(kernel, call):
    said = kernel.run(call)
    assert "run the first code cell of this notebook" in said and said.strip().count("\n") == 0


def test_any_other_name_error_is_as_it_was(kernel):
    said = kernel.run("a = 1\nnowhere")
    assert "Traceback" in said and "'nowhere' is not defined" in re.sub(r"\x1b\[[\d;]*m", "", said)


@pytest.mark.parametrize(
    "cell, says",
    [
        ("missing_file = b", 'Text, such as a letter or the name of a file, is written in quotes: "b".'),
        ("step_five = {checkpoint.txt}", 'in quotes: "checkpoint.txt".'),
        ("slides_schedule = evict@2", 'in quotes: "evict@2".'),
        ("check('missing_file', missing_file)", "run the cell that begins with `missing_file = `"),
        ("missing_file == 'b'", "== only compares. Give the value with a single =: missing_file = 'b'"),
        ("interval = sqrt(2 * 4 * 90)", "Write a number, or arithmetic on numbers: a root is ** 0.5."),
        ("check(save)", 'A name is written in quotes here: check("save").'),
        ("check()", 'The name of an exercise is written in quotes, as in check("save").'),
        ("hint()", 'The name of an exercise is written in quotes, as in check("save").'),
    ],
)
def test_a_prediction_without_quotes_or_value_is_a_sentence(prepared, cell, says):
    said = prepared.run(cell)
    assert says in said and said.strip().count("\n") == 0


@pytest.mark.parametrize(
    "cell, says",
    [
        ("glossary(spool)", 'in quotes here: glossary("spool").'),
        ("simulate(save, 'evict@2')", 'in quotes here: simulate("save").'),
        ("simulate('save', evict@2)", 'A schedule is written in quotes: "evict@2".'),
        ("simulate('save', hold-idle@2)", 'A schedule is written in quotes: "hold-idle@2".'),
        ("simulate('save', evict@2+30s)", 'A schedule is written in quotes: "evict@2+30s".'),
        ("steps('save',\n  evict@2 evict@4+90s)", 'A schedule is written in quotes: "evict@2 evict@4+90s".'),
        ("minutes_safe = 15 minutes", "Python reads no units: write the number alone"),
        ("seconds_lost = 45s  # since then", "Python reads no units: write the number alone"),
    ],
)
def test_a_schedule_without_quotes_or_a_unit_is_a_sentence(prepared, cell, says):
    assert says in prepared.run(f"from grader import glossary, simulate, steps\n{cell}")


@pytest.mark.parametrize(
    "cell",
    ["simulate('save', 'evict@2'", "x = 15 minutes", "check('save') # evict@2\nwrong wrong", "evict = 1\nevict@2"],
)
def test_any_other_error_is_left_as_it_is(prepared, cell):
    said = prepared.run(cell)
    assert "Error" in said and "in quotes" not in said and "no units" not in said


@pytest.mark.parametrize("cell", ["seconds_lost = about_45", "seconds_lost = 45 s", "seconds_lost = (45"])
def test_a_prediction_that_fails_leaves_no_earlier_value_to_judge(prepared, cell):
    assert "passed" in prepared.run("seconds_lost = 45\ncheck('seconds_lost', seconds_lost)")
    prepared.run(cell)
    assert "run the cell that begins with `seconds_lost = `" in prepared.run("check('seconds_lost', seconds_lost)")


def test_a_prediction_with_a_value_that_is_compared_is_a_sentence(prepared):
    prepared.run("missing_file = 'a'")
    assert "Give the value with a single =: missing_file = 'b'" in prepared.run("missing_file == 'b'")
    assert "only compares" not in prepared.run("missing_file == 'b' == 'c'") + prepared.run("other = 1\nother == 2")


def test_a_value_that_a_function_takes_is_not_asked_for_in_quotes(prepared):
    said = prepared.run("from grader import explorer\nexplorer(checkpoint_seconds, restart=120)")
    assert "checkpoint_seconds has no value yet" in said and "in quotes" not in said


def test_a_prediction_outlasts_an_error_elsewhere(prepared):
    prepared.run("seconds_lost = 45")
    prepared.run("lost = nowhere")
    prepared.run("lost = = 2")
    assert "passed" in prepared.run("check('seconds_lost', seconds_lost)")


@pytest.mark.parametrize(
    "cell", ["seconds_lost = max(45, 5)", "lost = 45\nseconds_lost = lost", "seconds_lost = 44; seconds_lost += 1"]
)
def test_a_prediction_that_grading_can_not_read_is_named(prepared, cell):
    prepared.run(cell)
    said = prepared.run("check('seconds_lost', seconds_lost)")
    assert "the cell is read and not run. Write the value itself into it: seconds_lost = 45" in said


@pytest.mark.parametrize(
    "cell",
    [
        "seconds_lost = 40 + 5",
        "seconds_lost = max(4, 5)\nseconds_lost = 45",
        "seconds_lost = (45)  # surely",
        "other = 4 * 5",
    ],
)
def test_a_prediction_that_grading_can_read_is_judged_without_a_word(prepared, cell):
    prepared.run("seconds_lost = 45")
    prepared.run(cell)
    assert "not run" not in prepared.run("check('seconds_lost', seconds_lost)")


def test_validate_tells_of_a_prediction_that_grading_can_not_read(prepared):
    prepared.run("import os\nos.environ['NBGRADER_EXECUTION'] = 'validate'\nseconds_lost = max(45, 5)")
    said = prepared.run("check('seconds_lost', seconds_lost)")
    prepared.run("del os.environ['NBGRADER_EXECUTION']")
    assert said.count("the cell is read and not run") == 2, "once on stderr, from which Validate takes it"


def test_the_right_cell_is_written_without_a_word(prepared):
    assert prepared.write("save/checkpoint.py", SAVE, "a").strip() == "Writing save/checkpoint.py"
    assert prepared.write("./save/checkpoint.py", SAVE + "\n# more", "a").strip() == "Overwriting ./save/checkpoint.py"
    assert "10 of 10" in prepared.run("check('save')")


def test_the_answer_of_another_notebook_is_not_overwritten(prepared, tmp_path):
    (tmp_path / "restore").mkdir()
    (tmp_path / "restore" / "checkpoint.py").write_text(OTHER)
    said = prepared.write("restore/checkpoint.py", SAVE, "a")
    assert "Nothing was written: restore/checkpoint.py is your answer in 04-restore.ipynb." in said
    assert "Correct the first line of this cell to %%writefile save/checkpoint.py" in said
    assert (tmp_path / "restore" / "checkpoint.py").read_text() == OTHER


def test_the_answer_of_another_cell_is_kept_when_it_is_overwritten(kernel, tmp_path):
    kernel.run("from grader import exercise\nfor name in ['on_sigterm', 'behind_a_pipe']: exercise(name)")
    kernel.write("on_sigterm/collatz.py", "first = 1", "a")
    said = kernel.write("on_sigterm/collatz.py", "second = 2", "b")
    assert "on_sigterm/collatz.py was written by another cell before" in said
    assert (tmp_path / ".before" / "on_sigterm" / "collatz.py").read_text() == "first = 1\n"
    assert "another cell" not in kernel.write("on_sigterm/collatz.py", "third = 3", "b")


def test_a_file_without_its_folder_is_not_written(prepared, tmp_path):
    said = prepared.write("checkpoint.py", SAVE, "a")
    assert "a file checkpoint.py beside the notebook belongs to no job" in said
    assert "%%writefile save/checkpoint.py" in said and not (tmp_path / "checkpoint.py").exists()


def test_a_folder_that_is_not_there_is_named(prepared, tmp_path):
    said = prepared.write("svae/checkpoint.py", SAVE, "a")
    assert "there is no folder svae/ here" in said and "%%writefile save/checkpoint.py" in said
    assert not (tmp_path / "svae").exists() and "Traceback" not in said


def test_a_stray_file_is_pointed_at_once_and_not_for_ever(prepared, tmp_path):
    said = prepared.write("save/chekpoint.py", SAVE, "a")
    assert "save/chekpoint.py is not an answer file. If you meant save/checkpoint.py" in said
    assert "There is a file save/chekpoint.py" in prepared.run("check('save')")
    prepared.write("save/checkpoint.py", SAVE, "a")
    assert (tmp_path / "save" / "chekpoint.py").exists()
    assert "chekpoint" not in prepared.run("check('save')")


def test_a_file_of_one_s_own_is_written_as_ever(prepared, tmp_path):
    assert prepared.write("save/notes.txt", "mine", "n").strip() == "Writing save/notes.txt"
    assert prepared.write("notes.txt", "mine", "n").strip() == "Writing notes.txt"
    assert (tmp_path / "notes.txt").read_text() == "mine\n"


@pytest.mark.parametrize(
    "first",
    ["", "# my answer\n", "# my answer\n%%writefile save/checkpoint.py\n", " %%writefile save/checkpoint.py\n"],
)
def test_a_cell_that_writes_nothing_is_noticed_when_checking(prepared, first):
    prepared.write("save/checkpoint.py", OTHER, "a")
    said = prepared.run(first + SAVE, "a")
    assert "Nothing was written to save/checkpoint.py: this cell is an answer, but" in said
    assert "save/checkpoint.py is judged as it was written at" in prepared.run("check('save')")
    prepared.write("save/checkpoint.py", SAVE, "a")
    assert "is judged as it was written" not in prepared.run("check('save')")


def test_an_answer_whose_cell_may_not_have_been_run_again_is_noticed(prepared):
    same = "This is the same answer as at the last check."
    prepared.write("save/checkpoint.py", OTHER.replace("85", "86"), "a")
    assert same not in prepared.run("check('save')") and same in prepared.run("check('save')")
    prepared.write("save/checkpoint.py", SAVE.replace("85", "84"), "a")
    assert same not in prepared.run("check('save')")
    prepared.write("save/checkpoint.py", SAVE, "a")
    assert same not in prepared.run("check('save')") + prepared.run("check('save')")
    prepared.run("seconds_lost = 60")
    check = "check('seconds_lost', seconds_lost)"
    assert same not in prepared.run(check) and same in prepared.run(check)


def test_a_file_that_was_edited_beside_its_cell_is_named_when_checking(prepared, tmp_path):
    file = tmp_path / "save" / "checkpoint.py"
    prepared.write("save/checkpoint.py", SAVE.replace("85", "86"), "a")
    assert "was changed" not in prepared.run("check('save')")
    file.write_text(SAVE)
    said = prepared.run("check('save')")
    assert "save/checkpoint.py was changed since its cell was run" in said and "10 of 10" in said
    prepared.write("save/checkpoint.py", SAVE, "a")
    prepared.run("%%writefile -a save/checkpoint.py\n# the end", "b")
    assert file.read_text().endswith("# the end\n") and "was changed" not in prepared.run("check('save')")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("submit", "sweep.sub"),
        ("split", "sweep.sub"),
        ("wrapper", "my_wrapper"),
        ("wrapper", "waves.sub"),
        ("restore", "checkpoint.py"),
        ("annealing", "checkpoint.py"),
        ("often", "when.py"),
        ("behind_a_pipe", "run.sh"),
        ("on_sigterm", "collatz.py"),
        ("training", "train.py"),
        ("last_done", "hares.py"),
    ],
)
def test_a_first_cell_without_its_first_line_is_known_by_what_is_in_it(kernel, name, path):
    kernel.run(f"from grader import exercise\nexercise({name!r})")
    answer = {"wrapper": "#!/bin/bash\n"}.get(name if path == "my_wrapper" else "", "") + RIGHT[name][path]
    assert f"Nothing was written to {name}/{path}" in kernel.run(answer, "a")


@pytest.mark.parametrize(
    "cell",
    [
        "1 + 1",
        "numbers = [one * one for one in range(100)]\nprint(sum(numbers), max(numbers), min(numbers), len(numbers))",
        "def mean(numbers):\n    '''The mean of some numbers.'''\n    return sum(numbers) / len(numbers)\n\nmean([1, 2])",
        "%%bash\necho hello; echo this is a shell script of some length; exit 0",
        "#!/bin/bash\n# What is in the folder, and how large is it? A note of my own.\nls -l\ndu -sh .",
    ],
)
def test_any_other_cell_is_left_alone(prepared, cell):
    prepared.write("save/checkpoint.py", SAVE, "a")
    assert "Nothing was written" not in prepared.run(cell, "x")


def test_a_cell_that_is_indented_as_a_whole_is_written_without_a_word(prepared):
    cell = f"\n  %%writefile save/checkpoint.py\n{textwrap.indent(SAVE, '  ')}"
    assert prepared.run(cell, "a").strip() == "Writing save/checkpoint.py"


def test_the_setup_cell_may_be_run_twice(prepared):
    prepared.run("exercise('save')", "setup")
    assert prepared.run(SAVE, "a").count("Nothing was written") == 1


def test_where_there_is_no_kernel_nothing_is_watched(tmp_path, monkeypatch):
    from grader.course.catalogue import EXERCISES
    from grader.notebook import slips

    monkeypatch.chdir(tmp_path)
    assert slips.watch(None, EXERCISES["save"], print) is None and slips.watched(object()) is None
    assert not Path(".before").exists()
