"""What is told of answers that are wrong in ways that no misconception, or not it alone, explains."""

from __future__ import annotations

import pytest
from classroom import ANSWERS

from grader.course.answers import given_with
from grader.course.catalogue import EXERCISES
from grader.course.checks import EMPTIED, NEVER_LEFT
from grader.course.exercises.often.answers import often
from grader.course.exercises.on_sigterm.answers import DUE, HANDLER, LAST, collatz
from grader.course.exercises.restore.answers import FORGIVING, SAVED, restore
from grader.course.exercises.save.answers import save
from grader.course.exercises.split.answers import split
from grader.course.exercises.submit.answers import HOME, NEEDS, SAVES, submit
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import PASSED
from grader.tree import Tree


@pytest.fixture
def told(executor):
    """told(exercise, files) is the report on a wrong answer."""

    def told(exercise, files):
        executor.begin()
        report = EXERCISES[exercise].judge(Tree.files(files), executor)
        assert report.status != PASSED and report.points < report.maximum
        return report

    return told


def shown(report, kind):
    """The one fact of a kind among the evidence."""
    (fact,) = (fact for fact in report.failure.evidence if fact.kind == kind)
    return fact


def test_a_save_behind_another_is_shown_with_both(told):
    report = told("save", ANSWERS["save"][1]["two-files-disagree"]["each save behind the others"])
    fact = shown(report, "piled up")
    assert report.failure.sentence.startswith("checkpoint.txt contains several moments")
    assert fact.file == "checkpoint.txt"
    assert fact.text == (
        "execution 3 finds '47' in checkpoint.txt: the old content, '4', and after it what execution 2 has saved, '7'"
    )


def test_a_history_is_not_blamed_for_another_mistake(told):
    files = dict(ANSWERS["restore"][0]["append-only history"])
    files["checkpoint.py"] = files["checkpoint.py"].replace('f"{iteration}', 'f"{iteration + 1}')
    assert told("restore", files).failure.misconception is MISCONCEPTIONS["skips-iteration"]


@pytest.mark.parametrize("mode", ["w", "w+", "wb"])
@pytest.mark.parametrize("caught", [True, False])
def test_a_restart_that_empties_its_checkpoint_is_shown_that(mode, caught, told):
    body = f"""
        with open("checkpoint.txt", "{mode}") as file:
            return int(file.read())
"""
    body = (
        f"""
    try:{body}    except (OSError, ValueError):
        return start
"""
        if caught
        else f"""
    if os.path.exists("checkpoint.txt"):{body}    return start
"""
    )
    report = told("restore", restore(f"{SAVED}\ndef restore_checkpoint(start, end):{body}"))
    fact = shown(report, "emptied")
    assert fact.file == "checkpoint.txt" and "execution 2 found '4' in checkpoint.txt" in fact.text
    if caught:
        assert report.failure.misconception is MISCONCEPTIONS["error-swallowed"]
    else:
        assert report.failure.misconception is None and report.hints == EMPTIED


def test_a_file_that_is_rewritten_and_not_read_is_not_said_to_be_emptied(told):
    report = told("restore", ANSWERS["restore"][1]["error-swallowed"]["misspelt key"])
    assert not [fact for fact in report.failure.evidence if fact.kind == "emptied"]


def test_a_save_in_the_loop_without_an_exit_is_diagnosed_as_that(told):
    report = told(
        "on_sigterm",
        collatz(("    sys.exit(85)\n", ""), (LAST, LAST + DUE + "            save_and_leave(None, None)\n")),
    )
    assert report.failure.misconception is None and report.hints == NEVER_LEFT
    assert "10 blocks without exiting with 85" in report.headline


def test_where_a_loop_did_not_end_is_told_and_shown(told):
    report = told("save", save("count = 0\nwhile count < iteration:\n    pass\nsys.exit(85)"))
    fact = shown(report, "time was up")
    assert fact.file == "checkpoint.py" and fact.line in (7, 8)
    assert f"It was in line {fact.line} of checkpoint.py then." in report.headline


@pytest.mark.parametrize("when", ["while True:\n    pass", "while between < 5000:\n    pass"])
def test_where_a_rule_did_not_end_is_shown(when, told):
    report = told("often", often(f"{when}\nreturn since >= (2 * cost * between) ** .5"))
    assert shown(report, "time was up").file == "when.py" and "1 s of processor time" in report.headline


@pytest.mark.parametrize(("returned", "shown"), [("None", "None"), ("str(start)", "'1'")])
def test_what_restore_has_returned_is_told_with_what_it_has_to_return(returned, shown, told):
    report = told("restore", restore(SAVED + f"\ndef restore_checkpoint(start, end):\n    return {returned}\n"))
    assert report.failure.misconception is None
    assert f"has to return a whole number, the iteration to begin with, and not {shown}." in report.headline


def test_a_restore_without_a_return_at_its_end_is_told_what_it_returns(told):
    report = told("restore", restore(SAVED + FORGIVING.replace("    return iteration if", "    iteration if")))
    assert report.points == 2 and "and not None." in report.headline


# -- no cause that is not true -------------------------------------------------------


def hares(*changes):
    return {"hares.py": given_with("last_done", "hares.py", *changes)}


SAVES_THE_NEXT = ("[year, hares", "[year + 1, hares")
LINE = "        output.write('%d %.3f %.3f\\n' % (year, hares, lynxes))\n"
OPENS = "with open('my_output.txt', 'a') as output:\n"


def test_a_line_that_is_written_after_the_save_is_no_skipped_iteration(told):
    files = hares(SAVES_THE_NEXT, (LINE, ""), ("            sys.exit(85)\n", "            sys.exit(85)\n" + LINE))
    assert told("last_done", files).failure.misconception is MISCONCEPTIONS["output-behind-checkpoint"]


def test_an_output_that_is_cut_too_short_is_no_skipped_iteration(told):
    answer = ANSWERS["annealing"][0]["pickle"]
    cut = 'os.truncate("my_output.txt", state["output"])'
    assert cut in answer["checkpoint.py"]
    shorter = answer["checkpoint.py"].replace(cut, cut.replace('"])', '"] // 2)'))
    report = told("annealing", {**answer, "checkpoint.py": shorter})
    assert report.failure.misconception is not MISCONCEPTIONS["skips-iteration"]


def test_lines_that_were_never_written_are_not_said_to_be_overwritten(told):
    files = hares(
        SAVES_THE_NEXT,
        (LINE, LINE.replace("output.write", "lines.append")),
        (OPENS, "lines = []\n" + OPENS),
        ("            sys.exit(85)\n", "            sys.exit(85)\n    output.writelines(lines)\n"),
    )
    assert told("last_done", files).failure.misconception is None


@pytest.mark.parametrize(
    ("changes", "behind"),
    [
        ((SAVES_THE_NEXT, ("'my_output.txt', 'a'", "'my_output.txt', 'w'")), "output-overwritten"),
        ((SAVES_THE_NEXT, ("= json.load(file)\n", "= json.load(file)\n    year += 1\n")), "skips-iteration"),
    ],
)
def test_a_directory_that_may_be_there_is_not_blamed_for_another_mistake(changes, behind, told):
    begins = "enough = year"
    makes = f"try:\n    os.mkdir('scratch')\nexcept FileExistsError:\n    pass\n{begins}"
    report = told("last_done", hares(*changes, (begins, makes)))
    assert report.failure.misconception is MISCONCEPTIONS[behind]


def test_a_save_before_the_first_block_is_not_said_to_be_unused(told):
    alarm = "signal.signal(signal.SIGALRM, save_and_leave)\nsignal.alarm(50)  # a block takes 60 seconds\n"
    report = told("on_sigterm", collatz((HANDLER[0], alarm)))
    assert "never finishes" in report.headline and report.failure.misconception is None


@pytest.mark.parametrize(
    "body",
    [
        "json.dump(iteration, open('checkpoint.txt', 'w'))\nsys.exit(85)",
        "try:\n    json.dump(iteration, open('checkpoint.txt', 'w'))\nexcept Exception:\n    pass\nsys.exit(85)",
        "os.remove('checkpoint.txt')\nopen('checkpoint.txt', 'w').write(str(iteration))\nsys.exit(85)",
        "def later():\n    time.sleep(1)\n    open('checkpoint.txt', 'w').write(str(iteration))\n"
        "threading.Thread(target=later, daemon=True).start()\nsys.exit(85)",
    ],
)
def test_a_copy_that_is_right_for_another_reason_names_no_cause(body, told):
    report = told("save", save(body, "import os, sys, threading, time"))
    assert not [fact for fact in report.failure.evidence if fact.kind == "cause"]


# -- submit files ------------------------------------------------------------------

LISTED = (SAVES, "transfer_checkpoint_files = state, my_output.txt", HOME)


@pytest.mark.parametrize(
    ("lists", "taken"),
    [
        ((HOME,), "what transfer_output_files lists"),
        ((), "the new and changed files at the top of the sandbox, and no directory"),
    ],
)
def test_without_a_list_the_default_checkpoint_is_explained(lists, taken, told):
    report = told("submit", submit(SAVES, *lists, *NEEDS))
    assert report.failure.misconception is MISCONCEPTIONS["checkpoint-not-transferred"]
    assert shown(report, "unnamed").text == (
        f"nothing names the files of the checkpoint, as there is no transfer_checkpoint_files: it is {taken}"
    )


def test_where_a_list_names_other_files_it_is_not_said_that_there_is_none(told):
    report = told("submit", submit(SAVES, "transfer_checkpoint_files = my_output.txt", HOME, *NEEDS))
    assert not [fact for fact in report.failure.evidence if fact.kind == "unnamed"]


@pytest.mark.parametrize(
    ("request_line", "why"),
    [
        ("request_memory = lots", "takes lots for an attribute"),
        ("request_disk = much", "takes much for an attribute"),
        ("request_cpus = few", "takes few for an attribute"),
        ('request_memory = "2GB"', "not an amount"),
        ("request_memory = $(mem)", "nothing defines $(mem)"),
    ],
)
def test_a_request_that_no_slot_meets_costs_a_point_and_names_the_line(request_line, why, told):
    needs = [line for line in NEEDS if line.split()[0] != request_line.split()[0]]
    files = submit(*LISTED, *needs, request_line)
    line = files["sweep.sub"].splitlines().index(request_line) + 1
    report = told("submit", files)
    assert [trial.passed for trial in report.trials] == [True, True, False]
    assert report.headline.startswith(f"sweep.sub:{line}: ") and why in report.headline


@pytest.mark.parametrize(
    ("request_line", "why"),
    [
        ("request_memory = 1", "means 1 MB, which is less than Python alone needs"),
        ("request_memory = 0", "asks for none"),
        ("request_memory = 512KB", "less than Python alone needs"),
        ("request_memory = 10TB", "few slots have so much"),
        ("request_memory = 0.001 G", "less than Python alone needs"),
        ("RequestMemory = 4 T", "few slots have so much"),
        ("request_disk = 0", "asks for none"),
        ("request_disk = 1", "means 1 KB, which is too little"),
        ("request_disk = 8K", "is too little"),
        ("request_disk = 20 tb", "few slots have so much"),
        ("request_cpus = 0", "asks for none"),
        ("request_cpus = 100", "the program uses one"),
        ("RequestCpus = 64", "the program uses one"),
        ("request_cpus = 0.5", "asks for no processor"),
    ],
)
def test_an_amount_that_makes_no_sense_costs_its_point_and_is_told_why(request_line, why, told):
    name = request_line.split()[0].lower().replace("request", "request_").replace("__", "_")
    files = submit(*LISTED, *(line for line in NEEDS if line.split()[0] != name), request_line)
    line = files["sweep.sub"].splitlines().index(request_line) + 1
    report = told("submit", files)
    assert [trial.passed for trial in report.trials] == [True, True, False]
    assert report.headline.startswith(f"sweep.sub:{line}: ") and why in report.headline


@pytest.mark.parametrize(
    "needs",
    [
        ("RequestCpus = 1", "RequestMemory = 512MB", "RequestDisk = 1GB"),
        ("request_cpus=2", "request_memory=64", "request_disk=1024"),
        ("REQUEST_CPUS = 1", "request_memory = 0.5 GB", "request_disk = 1.5G"),
        ("request_cpus = 4", "request_memory = 1024 M", "request_disk = 2000000"),
        ("request_cpus = 1", "request_memory = 20000K", "request_disk = 1 MB"),
        ("request_cpus = 8", "request_memory = 32gb", "request_disk = 50GB"),
    ],
)
def test_every_usual_spelling_of_an_amount_is_right(needs, executor):
    assert EXERCISES["submit"].judge(Tree.files(submit(*LISTED, *needs)), executor).status == PASSED


def test_what_stands_after_queue_is_asked_for_by_no_job(told):
    files = submit(*LISTED, *NEEDS[:2])
    report = told("submit", {"sweep.sub": files["sweep.sub"] + NEEDS[2] + "\n"})
    assert "request_disk comes after the last queue statement, so no job sees it" in report.headline


def test_a_request_may_be_an_expression(executor):
    request = "request_memory = ifThenElse(MemoryUsage =!= undefined, MemoryUsage * 2, 512)"
    answer = Tree.files(submit(*LISTED, "needed = 1GB", "request_disk = $(needed)", "request_cpus = 1", request))
    assert EXERCISES["submit"].judge(answer, executor).status == PASSED


def test_a_job_of_several_that_is_held_is_named_with_the_reason(told):
    files = split("queue start, end from (\n1 3\n4 6\n7 9\n10 12\n)")
    text = files["sweep.sub"].replace("files  = my_output.txt", "files = $(start).txt")
    assert text != files["sweep.sub"]
    headline = told("split", {"sweep.sub": text}).headline
    assert headline.startswith("HTCondor puts job 0 on hold: ") and "1.txt: No such file" in headline


def test_remaps_without_quotes_are_told_with_their_line(told):
    files = split("queue start, end from (\n1 6\n7 12\n)")
    lines = files["sweep.sub"].replace('"', "").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("transfer_output_remaps"))
    report = told("split", {"sweep.sub": "\n".join(lines)})
    assert report.points == 0
    assert report.headline.startswith(f"HTCondor would refuse the submit file. sweep.sub:{line}: ")
    assert "double quotes" in report.headline


@pytest.mark.parametrize("listed", ["my_input.txt, checkpoint.py, nowhere.txt", "my_input.txt checkpoint.py"])
def test_a_missing_input_is_named_with_its_line_and_nothing_runs(told, listed):
    text = submit(*LISTED, *NEEDS)["sweep.sub"]
    lines = text.replace("my_input.txt, checkpoint.py\n", listed + "\n").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("transfer_input_files"))
    report = told("submit", {"sweep.sub": "\n".join(lines)})
    assert report.points == 0
    assert report.headline.startswith(f"HTCondor would hold the job before it starts. sweep.sub:{line}: ")
    assert "does not exist" in report.headline


def test_a_save_in_the_middle_of_a_block_does_no_block_twice(told):
    alarm = "signal.alarm(int(1.5 * settings['seconds']))\nwith open('my_output.txt', 'a')"
    report = told(
        "on_sigterm", collatz(("signal.SIGTERM", "signal.SIGALRM"), ("with open('my_output.txt', 'a')", alarm))
    )
    assert report.failure.misconception is None
    assert report.headline == "The output is right, but the job takes 15 min, of which its 10 blocks take only 10 min."


def test_a_job_that_goes_on_and_on_is_told_how_often_it_was_started(told):
    report = told("save", save('open("checkpoint.txt", "w").write(str(iteration)[:2])\nsys.exit(85)'))
    asked = "Asked for the iterations 98 to 100, saved every 1."
    assert report.headline == f"{asked} The job has not ended after 50 executions without an eviction."
