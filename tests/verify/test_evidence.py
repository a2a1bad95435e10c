"""Evidence: each fact is one that a reader can check in the files that the failing job left."""

from __future__ import annotations

import re
import shutil
import sys

import pytest

from grader.execute.executor import Executor
from grader.rules.execution import Exit, Limits, Run
from grader.rules.job import Job
from grader.rules.profile import PROFILES
from grader.rules.schedule import render
from grader.tree import Directory, File, Link, Tree
from grader.verify.evidence import complaint, differences, evidence
from grader.verify.explore import Bounds, explore
from grader.verify.verdicts import Unknown

COUNTS = """
    import os, sys
    n = int(open("n").read()) if os.path.exists("n") else 0
    with open("rows", "a") as rows:
        rows.write(f"row {n}\\n")
    if n == 3:
        sys.exit()
    open("n", "w").write(str(n + 1))
    sys.exit(85)
"""


@pytest.fixture
def facts(python_job, executor):
    """facts(source, **fields): the exploration and its evidence."""

    def facts(source, executor=executor, profile=PROFILES["modern"], **fields):
        job = python_job(
            source,
            **{
                "checkpoint_exit_code": 85,
                "transfer_checkpoint_files": ("n", "rows"),
                "transfer_output_files": ("rows",),
                **fields,
            },
        )
        found = explore(job, executor, profile)
        return found, evidence(job, found)

    return facts


def kinds(found):
    return {fact.kind for fact in found}


def only(kind, found):
    [fact] = [fact for fact in found if fact.kind == kind]
    return fact


def test_a_restart_safe_job_needs_no_evidence(facts):
    assert facts(COUNTS)[1] == ()


def test_a_job_that_never_checkpoints_has_none(facts):
    assert facts("open('rows', 'w')")[1] == ()


def test_a_dangling_link_that_every_sandbox_has_is_not_left_behind(facts):
    inputs = Tree({"later": Link("not there yet")})
    found, facts_ = facts(COUNTS, inputs=inputs, transfer_checkpoint_files=("n",))
    assert "later" in found.violation.state.now.directory
    assert only("left behind", facts_).file == "rows"


def test_unsaved_rows_are_missing_with_the_file_left_behind(facts):
    _, found = facts(COUNTS, transfer_checkpoint_files=("n",))
    first = only("first difference", found)
    assert (first.file, first.line, first.expected, first.got) == ("rows", 1, "row 0", "row 1")
    missing = only("missing lines", found)
    assert (missing.file, missing.line) == ("rows", 1) and missing.text == "1 of the right lines is not in rows"
    assert only("left behind", found).file == "rows"


def test_rows_that_were_done_again_are_repeated(facts):
    _, found = facts(COUNTS, transfer_checkpoint_files=("rows",))
    repeated = only("repeated lines", found)
    assert (repeated.file, repeated.line) == ("rows", 2) and repeated.text == "rows has 1 extra copy of a right line"
    assert only("first difference", found).got == "row 0"
    assert only("left behind", found).file == "n"


def test_a_crash_is_shown_by_the_end_of_its_traceback(facts):
    found, facts_ = facts(
        """
        import os, sys
        open("rows", "w")
        if not os.path.exists("n"):
            open("n", "w"), open("table", "w")
            sys.exit(85)
        def load():
            return open("table").read()
        load()
    """,
        transfer_checkpoint_files=("n",),
    )
    assert found.failure == "failed"
    trace = only("traceback", facts_)
    assert (trace.file, trace.line) == ("job", 9)
    assert trace.text == "FileNotFoundError: [Errno 2] No such file or directory: 'table'"
    assert {fact.file for fact in facts_ if fact.kind == "left behind"} == {"rows", "table"}


def test_a_program_that_python_cannot_read_is_shown_by_the_line(facts):
    found, facts_ = facts("import os\nif True:\nprint(1)\n")
    trace = only("traceback", facts_)
    assert (found.failure, trace.file, trace.line) == ("held", "job", 4)
    assert trace.text.startswith("IndentationError: ")


def test_a_state_that_json_has_made_a_list_of_is_explained(facts):
    _, found = facts(
        """
        import json, os, random, sys
        open("rows", "w")
        if not os.path.exists("n"):
            with open("n", "w") as file:
                json.dump(random.getstate(), file)
            sys.exit(85)
        with open("n") as file:
            random.setstate(json.load(file))
    """,
        transfer_checkpoint_files=("n",),
    )
    assert only("traceback", found).text == "TypeError: state vector must be a tuple (JSON turns tuples into lists)"


def test_an_object_that_json_does_not_have_is_explained(facts):
    _, found = facts("import json, random\njson.dumps(random.Random())\n")
    assert only("traceback", found).text.endswith(
        "(JSON can only write numbers, texts, lists, dictionaries, True, False and None; pickle can write other objects, too)"
    )


def test_a_crash_without_output_is_held_and_shows_its_traceback(facts):
    found, facts_ = facts(
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w"), open("table", "w")
            sys.exit(85)
        open("table")
        open("rows", "w")
    """,
        transfer_checkpoint_files=("n",),
    )
    assert found.failure == "held"
    assert (only("traceback", facts_).file, only("traceback", facts_).line) == ("job", 7)
    assert only("not there", facts_).file == "rows"


def shell(script, executor):
    """The evidence of a job whose program is this text."""
    job = Job("job", transfer_output_files=("rows",), inputs=Tree({"job": File(script.encode(), True)}))
    return evidence(job, explore(job, executor))


@pytest.mark.parametrize(
    ("line", "place", "text"),
    [
        ("if true; then", ("job", 3), "syntax error: unexpected end of file"),
        ("[-f rows]", ("job", 2), "[-f: command not found"),
        ("code = 3\n[ $code -eq 3 ]", ("job", 2), "code: command not found"),
        ("bash -c 'kill -KILL $$'; exit 3", ("job", 2), "Killed"),
        ("echo careful >&2\necho broken >&2\nexit 1", (None, None), "the last line on stderr: broken"),
        ("timeout 9 waves", (None, None), "the last line on stderr: timeout: failed to run command"),
        (f"echo {'x' * 5000} >&2; exit 1", (None, None), "the last line on stderr: xxx"),
    ],
)
def test_a_script_that_fails_is_shown_by_what_it_complains_of(line, place, text, executor):
    said = only("stderr", shell(f"#!/bin/bash\n{line}\n", executor))
    assert (said.file, said.line) == place
    assert said.text.startswith(text) and len(said.text) < 400


IN_LANGUAGES = {
    "dash": ("dash", "x=1\n: ${state:?is not there}\n", ("job", 3), "state: is not there"),
    "perl dies": ("perl", "open my $in, '<', 'state' or die \"no state: $!\";\n", ("job", 2), "no state: No such file"),
    "perl dies after reading": ("perl", "open my $in, '<', 'job'; <$in>;\ndie 'bad state';\n", ("job", 3), "bad state"),
    "perl only warns": (
        "perl",
        "warn 'careful'; print STDERR \"no room\\n\"; exit 3;\n",
        (None, None),
        "the last line",
    ),
    "perl cannot read it": ("perl", "my $n = ;\n", ("job", 2), "syntax error"),
    "awk": ("awk -f", "BEGIN {\n    x = = 1\n}\n", ("job", 3), "syntax error"),
    "R": ("Rscript", "x <- readRDS('state')\n", (None, None), 'Error in gzfile(file, "rb") : cannot open'),
    "R says why": ("Rscript", "x <- 1\nx$n[[3]]\n", (None, None), "Error in x$n : $ operator is invalid"),
    "R stops": ("Rscript", "try(log('x'))\nstop('no state')\n", (None, None), "Error: no state"),
}
"""A failing script: what runs it, its text after the first line, the file and line that its complaint names, and what
the evidence begins with."""


@pytest.mark.parametrize("what", IN_LANGUAGES)
def test_a_crash_is_shown_by_what_the_program_itself_says(what, executor):
    interpreter, text, place, begins = IN_LANGUAGES[what]
    path = shutil.which(interpreter.split()[0])
    if path is None:
        pytest.skip(f"there is no {interpreter} on this machine")
    first = f"#!{path}{interpreter[len(interpreter.split()[0]) :]}\n"
    said = only("stderr", shell(first + text, executor))
    assert (said.file, said.line) == place
    assert said.text.startswith(begins) and "Execution halted" not in said.text


def test_a_failed_assertion_in_c_is_shown_at_its_line():
    run = Run(Exit(None, 6), Tree(), 1.0, "", "sim: sim.c:31: main: Assertion `n > 0' failed.\n")
    [said] = complaint(run)
    assert (said.file, said.line, said.text) == ("sim.c", 31, "main: Assertion `n > 0' failed.")


def test_a_line_of_data_is_not_taken_for_a_line_of_a_script():
    files = Tree({"rows.csv": File(b"1\n2\n3\n4\n")})
    run = Run(Exit(1), files, 1.0, "", "rows.csv: 4: too short, skipped\nno rows left\n")
    [said] = complaint(run)
    assert (said.file, said.line, said.text) == (None, None, "the last line on stderr: no rows left")


def test_a_script_that_says_nothing_shows_only_how_it_ended(executor):
    found = shell("#!/bin/bash\nexit 1\n", executor)
    assert kinds(found) == {"not there", "exit"} and only("exit", found).text == "execution 1 ended with exit code 1"


@pytest.mark.parametrize(("end", "said"), [("exit 7", "exit code 7"), ("kill -9 $$", "signal 9 (SIGKILL)")])
def test_how_a_job_failed_is_always_told(end, said, executor):
    assert only("exit", shell(f"#!/bin/sh\ntouch rows\n{end}\n", executor)).text == f"execution 1 ended with {said}"


@pytest.mark.parametrize("interpreter", ["/usr/bin/env python3", "/bin/sh"])
def test_a_script_with_windows_line_ends_is_told_so(interpreter, executor):
    fact = only("Windows line ends", shell(f"#!{interpreter}\r\n\r\n", executor))
    assert (fact.file, fact.line) == ("job", 1) and "Unix" in fact.text


def test_a_file_that_came_home_and_should_not_have_is_named(facts):
    found, facts_ = facts(
        """
        import os, sys
        open("rows", "w").write("done")
        if not os.path.exists("n"):
            open("n", "w"), os.mkdir("here")
            sys.exit(85)
        if not os.path.exists("here"):
            open("extra", "w")
    """,
        transfer_checkpoint_files=("n",),
        transfer_output_files=None,
    )
    assert found.failure == "wrong output"
    assert only("other file", facts_).file == "extra"


@pytest.mark.parametrize("script", ["echo\n", "\n#!/bin/bash\necho\n"])
def test_a_script_that_does_not_say_what_runs_it_is_told_so(script, executor):
    missing = only("no first line", shell(script, executor))
    assert (missing.file, missing.line) == ("job", 1) and "#!/bin/bash" in missing.text


def test_a_script_whose_interpreter_there_is_not_is_told_so(executor):
    missing = only("no interpreter", shell("#!/bin/bahs -e\necho\n", executor))
    assert (missing.file, missing.line) == ("job", 1) and "/bin/bahs runs the script" in missing.text
    assert "no interpreter" not in kinds(shell("#!/bin/bash\r\necho\r\n", executor))


@pytest.mark.parametrize(
    "make, file, told",
    [
        ("os.mkdir('model/d'); os.symlink('d', 'model/latest')", "model/latest", "a symbolic link to a directory"),
        ("open('model/n', 'w'); os.chmod('model/n', 0)", "model/n", "may not read"),
        ("open('n', 'w'); os.chmod('n', 0); os.symlink('../n', 'model/l')", "n", "may not read"),
    ],
)
def test_of_a_listed_directory_that_cannot_be_sent_the_reason_is_named(facts, make, file, told):
    found, facts_ = facts(
        f"import os, sys; os.mkdir('model'); {make}; sys.exit(85)", transfer_checkpoint_files=("model",)
    )
    fact = only("can't be sent", facts_)
    assert found.failure == "held" and fact.file == file and told in fact.text
    assert "saved in vain" not in kinds(facts_), "it left with the checkpoint code"


def test_a_missing_checkpoint_file_is_told_with_what_is_there_instead(facts):
    found, facts_ = facts(
        """
        import os, sys
        os.mkdir("temp_dir")
        open("temp_dir/model", "w"), open("n", "w")
        sys.exit(85)
    """,
        transfer_checkpoint_files=("model",),
    )
    assert found.failure == "held"
    fact = only("not there", facts_)
    assert fact.file == "model" and fact.text == "'model' is listed and not in the sandbox; new there: temp_dir/model"


def test_all_missing_files_are_told(facts):
    _, found = facts("import sys\nopen('n', 'w')\nsys.exit(85)", transfer_checkpoint_files=("a", "n", "b"))
    assert [fact.file for fact in found] == ["a", "b"] and all("new there: n" in fact.text for fact in found)


def test_a_limit_is_told(facts):
    with Executor(Limits(files=10)) as small:
        _, found = facts("for i in range(20): open(f'f{i}', 'w')", executor=small)
    assert "more than 10 files" in only("limit", found).text


@pytest.mark.parametrize("seconds, told", [(60, "60 virtual seconds"), (0, "more executions")])
def test_lost_progress_says_how_much_and_names_the_file_left_behind(facts, seconds, told):
    found, facts_ = facts(
        f"""
        import os, sys, time
        n = int(open("here").read()) if os.path.exists("here") else 0
        time.sleep({seconds})
        open("n", "w").write(str(n))
        if n == 3:
            open("rows", "w").write("done")
            sys.exit()
        open("here", "w").write(str(n + 1))
        sys.exit(85)
    """,
        transfer_checkpoint_files=("n",),
    )
    assert found.failure == "lost progress"
    assert told in only("work done again", facts_).text
    assert only("left behind", facts_).file == "here"


@pytest.mark.parametrize("profile, schedule", [("modern", "evict@2"), ("v25", "requeue@1")])
def test_what_was_left_behind_is_found_however_the_job_was_moved(facts, profile, schedule):
    found, facts_ = facts(COUNTS, profile=PROFILES[profile], transfer_checkpoint_files=("n",))
    assert render(found.schedule) == schedule and only("left behind", facts_).file == "rows"


def test_never_finishes_is_shown_by_two_executions_that_are_alike(facts):
    found, facts_ = facts("""
        import sys, time
        time.sleep(30)
        print("row 1 of 3")
        open("n", "w").close(), open("rows", "w").close()
        sys.exit(85)
    """)
    assert found.failure == "never finishes"
    assert only("again", facts_).text == (
        "executions 1 and 2 both ended with exit code 85 after 30 s, and printed the same, 'row 1 of 3'"
    )


def test_a_job_that_never_finishes_elsewhere_has_left_something_behind(facts):
    found, facts_ = facts(
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w"), open("here", "w")
            sys.exit(85)
        if not os.path.exists("here"):
            sys.exit(85)
        open("rows", "w")
    """,
        transfer_checkpoint_files=("n",),
    )
    assert found.failure == "never finishes" and only("left behind", facts_).file == "here"


def test_a_random_result_is_told_with_file_line_and_both_values(facts):
    found, facts_ = facts(
        """
        import os, random, sys
        if not os.path.exists("n"):
            open("n", "w").write("same\\nsame\\n" + str(random.random()))
            sys.exit(85)
        open("rows", "w").write(open("n").read())
    """,
        transfer_checkpoint_files=("n",),
    )
    fact = only("differs from run to run", facts_)
    assert found.failure == "non-deterministic" and (fact.file, fact.line) == ("n", 3)
    assert fact.expected != fact.got and "execution 1" in fact.text


def test_a_file_that_did_not_come_home_is_missing():
    [fact] = differences(Tree.of(a="1", b="2"), Tree.of(a="1"))
    assert (fact.kind, fact.file) == ("missing file", "b")
    assert differences(Tree.of(a="1"), None)[0].kind == "missing file"
    assert differences(Tree.of(a="1"), Tree({"a": Directory()}))[0].kind == "missing file"


def test_files_that_are_as_they_should_be_are_no_difference():
    assert differences(Tree.of(a="1"), Tree.of(a="1", more="x")) == []


def test_a_line_too_many_or_too_few_is_a_difference_at_its_place():
    [more] = differences(Tree.of(a="1\n"), Tree.of(a="1\nx\n"))
    assert (more.line, more.expected, more.got) == (2, None, "x")
    less = differences(Tree.of(a="1\n2\n"), Tree.of(a="1\n"))
    assert [(fact.kind, fact.line) for fact in less] == [("first difference", 2), ("missing lines", 2)]


def test_one_line_that_differs_is_told_once():
    [fact] = differences(Tree.of(a="1\n2\n"), Tree.of(a="1\n3\n"))
    assert (fact.line, fact.expected, fact.got) == (2, "2", "3")


def test_files_that_differ_in_no_line_differ_all_the_same():
    [fact] = differences(Tree.of(a="1\n2\n"), Tree.of(a="1\n2"))
    assert (fact.file, fact.line) == ("a", 2) and "how its lines end" in fact.text


def test_what_differs_in_a_file_that_is_no_text_is_not_shown(facts):
    found, facts_ = facts(
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "wb").write(b"\\0\\n" + os.urandom(9))
            sys.exit(85)
        open("rows", "w").write(str(open("n", "rb").read()))
    """,
        transfer_checkpoint_files=("n",),
    )
    fact = next(fact for fact in facts_ if fact.file == "n")
    assert found.failure == "non-deterministic" and (fact.expected, fact.got) == (None, None)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (File(b"x", executable=True), "out is executable"),
        (File(b"x", writable=False), "out is read-only"),
        (File(b"x", readable=False), "out may not be read"),
    ],
)
def test_a_file_of_another_mode_is_told_by_what_may_be_done_with_it(got, said):
    [fact] = differences(Tree({"out": File(b"x")}), Tree({"out": got}))
    assert fact.text == said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="which processes there are is told by /proc")
def test_what_was_left_running_is_named_with_the_execution_that_left_it(shell_job, executor):
    job = shell_job(
        "n=$(cat n || echo 0)\n(sleep 15; echo late >> rows) &\necho $n >> rows\nsleep 10\n"
        "[ $n = 2 ] && exit\necho $((n + 1)) > n\nexit 85",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n", "rows"),
        transfer_output_files=("rows",),
    )
    found = explore(job, executor)
    assert (found.verdict, found.failure) == ("unsafe", "wrong output")
    assert only("left running", evidence(job, found)).text == (
        "when execution 1 left with exit code 85, it left job running: that goes on beside execution 2, in the same "
        "sandbox"
    )


COUNTS_FOR_EVER = """
    import os, sys, time
    time.sleep(60)
    n = int(open("n").read().split()[0]) if os.path.exists("n") else 0
    open("n", "w").write(f"{n + 1} 8")
    open("rows", "a").write("more\\n")
    sys.exit(85)
"""


@pytest.mark.parametrize("expected", [None, Tree.files({"rows": "more\n"})])
def test_a_run_without_an_end_shows_what_its_checkpoints_have_in_common(python_job, executor, expected):
    job = python_job(
        COUNTS_FOR_EVER,
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n", "rows"),
        transfer_output_files=("rows",),
    )
    found = explore(job, executor, expected=expected, bounds=Bounds(executions=15))
    assert found.unknown is Unknown.EXECUTIONS
    exits, *changes = [fact.text for fact in evidence(job, found)]
    assert re.fullmatch(
        r"each of the \d+ executions without a fault exited with exit code 85, the last 10 after 60 s each", exits
    )
    one, still, grows = changes
    assert re.fullmatch(r"number 1 in n was (\d+), (\d+), (\d+) in the last checkpoints", one)
    assert still == "in n, number 2 is 8 in each of the last 10"
    assert grows == "rows grows from each checkpoint to the next, each time by 'more'"


def test_a_run_that_is_stopped_early_says_nothing_yet(python_job, executor):
    job = python_job(COUNTS_FOR_EVER, checkpoint_exit_code=85, transfer_checkpoint_files=("n",))
    assert evidence(job, explore(job, executor, bounds=Bounds(executions=5))) == ()


def test_a_line_that_is_there_three_times_is_told_as_one():
    right, wrong = (Tree({"out": File(content)}) for content in (b"n\n1\n2\n", b"n\n1\nn\n2\nn\n"))
    repeated = only("repeated lines", differences(right, wrong))
    assert (repeated.text, repeated.line) == ("out has 2 extra copies of a right line", 5)


def test_what_differs_in_binary_data_is_told_by_its_bytes():
    right, longer, other = (Tree({"out": File(content)}) for content in (b"\0ab\0", b"\0ax\0b\0", b"\0ax\0"))
    assert [fact.text for fact in differences(right, longer)] == [
        "out is not what it should be from byte 3 on, and has 6 bytes instead of 4"
    ]
    assert [fact.text for fact in differences(right, other)] == ["out is not what it should be from byte 3 on"]
