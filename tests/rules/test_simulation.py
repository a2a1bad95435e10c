"""The story of one job on one schedule, as simulate() tells it: what happens, when, and what is left."""

from __future__ import annotations

import math
import sys

import pytest

from grader.rules.execution import EPOCH, Exit
from grader.rules.job import STDERR, STDOUT
from grader.rules.joblog import events, job_log
from grader.rules.livelock import MANY, growth, many_restarts_on
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import parse
from grader.rules.simulation import NEGOTIATION, Held, Pace, outcome, simulate
from grader.tree import Directory, File, Tree

needs_lists = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="which processes there are is told by /proc"
)
SLIDES, V25 = PROFILES["slides2021"], PROFILES["v25"]

STEPS = """
    import os, sys, time
    n = int(open("n").read()) if os.path.exists("n") else 0
    print("step", n, flush=True)
    open("trash", "w").write("x")
    with open("rows", "a") as rows:
        rows.write(f"row {n}\\n")
    time.sleep(100)
    if n == 2:
        sys.exit()
    open("n", "w").write(str(n + 1))
    sys.exit(85)
"""
"""Three executions of 100 s, two checkpoints."""


@pytest.fixture
def steps(python_job):
    """steps(source=STEPS, **fields): a job that checkpoints `n` and `rows`."""

    def steps(source=STEPS, **fields):
        return python_job(
            source,
            **{
                "checkpoint_exit_code": 85,
                "transfer_checkpoint_files": ("n", "rows"),
                "transfer_output_files": ("rows",),
                **fields,
            },
        )

    return steps


@pytest.fixture
def play(executor):
    """play(job, schedule): all moments and the outcome."""

    def play(job, schedule="", profile=MODERN, **options):
        moments = list(simulate(job, executor, profile, parse(schedule), **options))
        return moments, outcome(moments)

    return play


def kinds(moments):
    return [moment.kind for moment in moments]


def find(moments, kind):
    return [moment for moment in moments if moment.kind == kind]


def numbers(end):
    return end.status, end.activations, end.executions, end.checkpoints, end.goodput_s, end.badput_s


# -- without a fault ----------------------------------------------------------------


def test_the_story_without_a_fault(steps, play):
    moments, end = play(steps())
    assert kinds(moments) == [
        "submitted",
        "started",
        "exited",
        "checkpoint",
        "restarted",
        "exited",
        "checkpoint",
        "restarted",
        "exited",
        "ended",
    ]
    assert numbers(end) == ("completed", 1, 3, 2, 300, 0)
    assert end.exit == Exit(0) and end.hold is None
    assert end.returned_files == Tree.files(
        {"rows": "row 0\nrow 1\nrow 2\n", "out.txt": "step 0\nstep 1\nstep 2\n", "err.txt": ""}
    )


def test_time_passes_while_waiting_for_a_slot_and_while_computing(steps, play):
    moments, _ = play(steps())
    assert [moment.time - EPOCH for moment in moments] == [
        0,
        *[NEGOTIATION] * 1,
        *[NEGOTIATION + 100] * 3,
        *[NEGOTIATION + 200] * 3,
        *[NEGOTIATION + 300] * 2,
    ]


def test_the_spool_is_deleted_at_the_end(steps, play):
    """R6"""
    moments, _ = play(steps())
    assert "n" in moments[-2].spool and moments[-1].spool == Tree()


def test_in_place_nothing_is_removed_and_nothing_sent_again(steps, play):
    """R4f"""
    moments, _ = play(steps())
    first, second = find(moments, "exited")[0], find(moments, "restarted")[0]
    assert second.sandbox == first.sandbox and second.sandbox["trash"].text == "x"
    assert second.activation == 1 and second.slot == first.slot


WORKER = """
n=$(cat n 2> /dev/null || echo 0)
[ $n = 2 ] && exit
(sleep 150; echo worker $n >> rows) &
echo row $n >> rows
sleep 100
echo $((n + 1)) > n
exit 85
"""


@needs_lists
@pytest.mark.parametrize(
    "schedule, upload, rows",
    [
        ("", 0, "row 0|row 1|worker 0|"),
        ("", 60, "row 0|worker 0|row 1|worker 1|"),
        ("evict@1", 0, "row 0|row 1|worker 0|"),
        ("evict@2", 0, "row 0|row 1|"),
        ("evict@2+60s", 0, "row 0|row 1|"),
        ("look@2+40s", 0, "row 0|row 1|worker 0|"),
    ],
)
def test_what_is_left_running_goes_on_until_the_slot_is_lost(shell_job, play, schedule, upload, rows):
    """R4f, R5"""
    job = shell_job(
        WORKER, checkpoint_exit_code=85, transfer_checkpoint_files=("n", "rows"), transfer_output_files=("rows",)
    )
    _, end = play(job, schedule, pace=Pace(upload=upload))
    assert end.returned_files["rows"].text.replace("\n", "|") == rows


@needs_lists
def test_a_job_with_endless_children_is_not_followed_for_ever(shell_job, play):
    moments, end = play(shell_job("sleep 1000 && : &\nsleep 1\nexit 85", checkpoint_exit_code=85))
    assert end.status == "never finishes" and "left processes running" in moments[-1].text and end.executions < 20


# -- evicted ----------------------------------------------------------------------------


def test_evict_loses_everything_since_the_checkpoint_and_the_sandbox(steps, play):
    """R5, R2"""
    moments, end = play(steps(), "evict@2")
    assert kinds(moments)[4:7] == ["restarted", "evicted", "started"]
    evicted, started = find(moments, "evicted")[0], find(moments, "started")[1]
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)
    assert evicted.spool == started.spool and evicted.spool["rows"].text == "row 0\n"
    assert "trash" in evicted.sandbox and "trash" not in started.sandbox
    assert (started.activation, started.execution, started.slot) == (2, 3, 1)
    assert started.time - evicted.time == NEGOTIATION
    assert started.sandbox[STDOUT].text == "step 0\n", "what was printed since the checkpoint is lost too"
    assert end.returned_files["out.txt"].text == "step 0\nstep 1\nstep 2\n"


def test_evict_before_the_first_checkpoint_starts_from_nothing(steps, play):
    moments, end = play(steps(), "evict@1")
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)
    assert find(moments, "evicted")[0].spool == Tree()
    assert find(moments, "started")[1].sandbox == find(moments, "started")[0].sandbox


def test_evict_in_the_middle_of_an_execution(steps, play):
    moments, end = play(steps(), "evict@2+30s")
    assert numbers(end) == ("completed", 2, 4, 2, 300, 30)
    evicted = find(moments, "evicted")[0]
    assert evicted.run.exit.signal == 9 and evicted.time - find(moments, "restarted")[0].time == pytest.approx(30)
    assert evicted.sandbox["n"].text == "1" and evicted.sandbox["rows"].text == "row 0\nrow 1\n"


def test_an_eviction_that_comes_too_late_does_nothing(steps, play):
    moments, end = play(steps(), "evict@2+101s")
    assert numbers(end) == ("completed", 1, 3, 2, 300, 0)
    assert find(moments, "exited")[1].text == "the eviction at 101 s comes too late"


def test_several_evictions_and_some_of_the_last_execution(steps, play):
    _, end = play(steps(), "evict@1 evict@2 evict@4+50s evict@6")
    assert numbers(end) == ("completed", 5, 7, 2, 300, 350)
    assert end.returned_files["rows"].text == "row 0\nrow 1\nrow 2\n"


def test_a_fault_after_the_end_does_not_happen(steps, play):
    assert numbers(play(steps(), "evict@9")[1]) == ("completed", 1, 3, 2, 300, 0)


def test_a_changed_input_is_pristine_again_unless_checkpointed(python_job, play):
    """R2"""
    job = python_job(
        """
        import os, sys
        open("table", "a").write("changed")
        if not os.path.exists("n"):
            open("n", "w")
            sys.exit(85)
    """,
        inputs=Tree.of(table="pristine "),
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n",),
    )
    assert find(play(job, "evict@2")[0], "started")[1].sandbox["table"].text == "pristine "


# -- vacated and held ------------------------------------------------------------------------

SAVES_ON_SIGTERM = """
    import os, signal, sys, time
    def save(*_):
        print("saving", flush=True)
        open("n", "w").write("9")
        sys.exit(85)
    signal.signal(signal.SIGTERM, save)
    n = int(open("n").read()) if os.path.exists("n") else 0
    print("step", n, flush=True)
    time.sleep(100)
    if n < 2:
        open("n", "w").write(str(n + 1))
        sys.exit(85)
    open("rows", "w").write(str(n))
"""


@pytest.mark.parametrize("schedule, lost", [("vacate@2", 100), ("vacate@2+30s", 30), ("hold@2+30s", 30)])
def test_the_handler_of_sigterm_runs_and_its_checkpoint_code_is_ignored(steps, play, schedule, lost):
    """R5: "save in the SIGTERM handler and exit 85" saves nothing."""
    moments, end = play(steps(SAVES_ON_SIGTERM, transfer_checkpoint_files=("n",)), schedule)
    cut = find(moments, "evicted") + find(moments, "held")
    assert [moment.run.exit for moment in cut] == [Exit(85)]
    assert "saving" in cut[0].run.stdout and cut[0].sandbox["n"].text == "9"
    assert cut[0].spool["n"].text == "1" and find(moments, "started")[1].sandbox["n"].text == "1"
    assert end.returned_files["rows"].text == "2" and "saving" not in end.returned_files["out.txt"].text
    assert end.badput_s == pytest.approx(lost, abs=0.01) and end.checkpoints == 2


def test_without_sigterm_the_handler_does_not_run(steps, play):
    moments, _ = play(steps(SAVES_ON_SIGTERM, transfer_checkpoint_files=("n",)), "evict@2+30s")
    [cut] = find(moments, "evicted")
    assert cut.run.exit == Exit(signal=9) and "saving" not in cut.run.stdout and cut.sandbox["n"].text == "1"


@pytest.mark.parametrize(("asked", "grace"), [(math.inf, 600), (5.0, 5), (3600.0, 600), (0.0, 0), (-1.0, 0)])
def test_a_program_has_until_sigkill_what_it_asks_for_up_to_ten_minutes(shell_job, play, asked, grace):
    """R5: MachineMaxVacateTime is 600 s by default; less only if the job wants less."""
    moments, _ = play(shell_job("trap '' TERM; sleep 5000", max_vacate_time=asked), "vacate@1+30s")
    [cut] = find(moments, "evicted")
    assert (cut.run.exit, round(cut.run.seconds)) == (Exit(signal=9), 30 + grace)


def test_hold_and_release_keep_the_spool(steps, play):
    """R4c, R5"""
    moments, end = play(steps(), "hold@2")
    assert kinds(moments)[4:8] == ["restarted", "held", "released", "started"]
    held, released, started = moments[5:8]
    assert held.spool == released.spool == started.spool and started.sandbox["rows"].text == "row 0\n"
    assert numbers(end) == ("completed", 2, 4, 2, 300, pytest.approx(100, abs=0.01))
    assert end.hold is None and end.returned_files["rows"].text == "row 0\nrow 1\nrow 2\n"
    assert released.time - held.time == NEGOTIATION == started.time - released.time


def test_a_job_that_is_held_while_it_is_idle_loses_nothing_and_waits_anew(steps, play):
    moments, end = play(steps(), "evict@2+30s hold-idle@3+10s")
    assert kinds(moments)[4:9] == ["restarted", "evicted", "held", "released", "started"]
    evicted, held, released, started = moments[5:9]
    assert (held.time - evicted.time, started.time - released.time) == (10, NEGOTIATION)
    assert held.sandbox is None and held.spool == started.spool and held.badput == 30
    assert end.status == "completed"


@pytest.mark.parametrize("schedule", ["hold-idle@2+10s", "hold-idle@1+61s", "hold-idle@9"])
def test_a_job_that_is_not_idle_then_is_not_held(steps, play, schedule):
    assert "held" not in kinds(play(steps(), schedule)[0])


def test_the_log_of_an_idle_job_that_is_held_tells_of_no_eviction(steps, play):
    job = steps()
    told = [event.number for event in job_log(job, play(job, "hold-idle@1+10s")[0])]
    assert told[:3] == [0, 12, 13] and 4 not in told


# -- at the checkpoint ------------------------------------------------------------------------------


def test_a_failed_upload_keeps_the_old_spool_and_restarts_in_place(steps, play):
    """R4d"""
    moments, end = play(steps(), "upload-fails@2")
    failed, restarted = moments[6:8]
    assert (failed.kind, restarted.kind) == ("checkpoint failed", "restarted")
    assert failed.spool["rows"].text == "row 0\n" and restarted.sandbox["rows"].text == "row 0\nrow 1\n"
    assert numbers(end) == ("completed", 1, 3, 1, 300, 0)


def test_a_failed_upload_is_lost_at_an_eviction_and_else_retried(steps, play):
    """R4d: tries again at its next checkpoint."""
    _, end = play(steps(), "upload-fails@2 evict@3")
    assert numbers(end) == ("completed", 2, 5, 2, 300, 200)
    moments, _ = play(steps(), "upload-fails@1")
    assert find(moments, "checkpoint")[0].spool["rows"].text == "row 0\nrow 1\n"
    assert find(moments, "checkpoint")[0].goodput == 200


def test_a_failed_upload_at_the_final_exit_is_no_matter(steps, play):
    assert numbers(play(steps(), "upload-fails@3")[1]) == ("completed", 1, 3, 2, 300, 0)


def test_a_missing_file_is_not_noticed_when_nothing_can_be_sent(steps, play):
    """R4d before R4c; without the network failure the job is held."""
    job = steps(transfer_checkpoint_files=("n", "late"))
    assert play(job, "")[1].hold.missing == ("late",)
    moments, end = play(job, "upload-fails@1")
    assert kinds(moments)[3] == "checkpoint failed" and end.status == "held" and end.executions == 2


def test_requeue_saves_the_checkpoint_and_restarts_elsewhere(steps, play):
    """R4g"""
    moments, end = play(steps(), "requeue@1", V25)
    assert kinds(moments)[:7] == ["submitted", "started", "exited", "checkpoint", "requeued", "started", "exited"]
    assert numbers(end) == ("completed", 2, 3, 2, 300, 0)
    started = find(moments, "started")[1]
    assert "trash" not in started.sandbox and started.sandbox["rows"].text == "row 0\n" and started.slot == 1


def test_a_missing_checkpoint_file_holds_the_job(steps, play):
    """R4c"""
    moments, end = play(steps(transfer_checkpoint_files=("n", "model", "rows")))
    assert kinds(moments) == ["submitted", "started", "exited", "held"]
    assert end.status == "held" and end.exit is None
    assert end.hold == Held(36, -1, "Starter failed to upload checkpoint", ("model",))
    assert numbers(end) == ("held", 1, 1, 0, 0, 100) and moments[-1].spool == Tree()


def test_a_listed_file_that_disappears_holds_the_job_and_keeps_the_spool(steps, play):
    """R4c"""
    moments, end = play(
        steps(
            """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w").write("first")
        else:
            os.remove("n")
        sys.exit(85)
    """,
            transfer_checkpoint_files=("n",),
        )
    )
    assert (end.status, end.executions, end.checkpoints, end.hold.code) == ("held", 2, 1, 36)
    assert moments[-1].spool["n"].text == "first"


@pytest.mark.parametrize("code", [300, 341, 85 + 256, -1])
def test_a_code_that_no_program_can_exit_with_never_matches(steps, play, code):
    """R1: codes above 255"""
    _moments, end = play(steps(checkpoint_exit_code=code))
    assert (end.status, end.exit, end.executions, end.checkpoints) == ("completed", Exit(85), 1, 0)


def test_85_without_a_checkpoint_code_is_just_a_return_value(steps, play):
    """R0, R6"""
    _, end = play(steps(checkpoint_exit_code=None))
    assert (end.status, end.exit, end.checkpoints) == ("completed", Exit(85), 0)


def test_0_as_checkpoint_code_means_that_the_job_never_finishes(steps, play):
    """R1"""
    _, end = play(steps("open('n', 'w'); open('rows', 'w')", checkpoint_exit_code=0))
    assert end.status == "never finishes" and end.checkpoints >= 1


@pytest.mark.parametrize("number", [9, 15, 11])
def test_a_signal_never_is_a_checkpoint(steps, play, number):
    """R1: not even 128 + its number, as a shell would say."""
    job = steps(f"import os\nopen('rows', 'w')\nos.kill(os.getpid(), {number})", checkpoint_exit_code=128 + number)
    _, end = play(job)
    assert (end.status, end.exit) == ("completed", Exit(signal=number))


# -- at the end -------------------------------------------------------------------------------------


def test_a_crash_ends_the_job_and_does_not_resume(steps, play):
    """R6"""
    _, end = play(
        steps("""
        import os, sys
        open("rows", "w").write("half")
        if os.path.exists("n"):
            sys.exit(3)
        open("n", "w")
        sys.exit(85)
    """)
    )
    assert (end.status, end.exit, end.executions) == ("completed", Exit(3), 2)
    assert end.returned_files["rows"].text == "half" and end.badput_s == 0


def test_a_missing_output_file_holds_the_job(steps, play):
    """R6"""
    _, end = play(steps("pass", transfer_output_files=("rows",)))
    assert (end.hold.code, end.hold.subcode, end.hold.missing) == (12, 2, ("rows",))
    assert "rows" in end.hold.reason


def test_max_retries_gives_another_activation_from_the_checkpoint(steps, play):
    """R6"""
    source = """
        import os, sys, time
        time.sleep(10)
        n = int(open("n").read()) if os.path.exists("n") else 0
        open("rows", "a").write(f"{n} ")
        if n == 0:
            open("n", "w").write("1"), open("litter", "w")
            sys.exit(85)
        sys.exit(1 if os.path.exists("litter") else 0)
    """
    moments, end = play(steps(source, max_retries=2))
    assert kinds(moments)[3:] == ["checkpoint", "restarted", "exited", "retried", "started", "exited", "ended"]
    assert numbers(end) == ("completed", 2, 3, 1, 20, 10) and end.exit == Exit(0)
    assert find(moments, "started")[1].sandbox["n"].text == "1" and end.returned_files["rows"].text == "0 1 "
    assert play(steps(source))[1].exit == Exit(1)


def test_max_retries_are_used_up(steps, play):
    _, end = play(steps("import sys\nopen('rows', 'w')\nsys.exit(4)", max_retries=3))
    assert (end.status, end.exit, end.executions, end.activations) == ("completed", Exit(4), 4, 4)


def test_a_success_exit_code_is_not_retried(steps, play):
    _, end = play(steps("import sys\nopen('rows', 'w')\nsys.exit(4)", max_retries=3, success_exit_code=4))
    assert (end.exit, end.executions) == (Exit(4), 1)


def test_a_job_that_can_not_be_started_is_held(play):
    from grader.rules.job import Job

    job = Job(executable="job", inputs=Tree({"job": File(b"#!/no/such/thing\n", True)}))
    _, end = play(job)
    assert end.status == "held" and end.hold.code == 6 and "No such file" in end.hold.reason


# -- streams --------------------------------------------------------------------------------------


def test_streamed_output_keeps_the_lines_of_lost_work(steps, play):
    """R3: it goes straight to the file in the submit directory; none is in the sandbox or the spool."""
    moments, end = play(steps(stream_output=True), "evict@2")
    assert end.returned_files["out.txt"].text == "step 0\nstep 1\nstep 1\nstep 2\n"
    assert all(STDOUT not in moment.spool and STDOUT not in (moment.sandbox or ()) for moment in moments)
    assert find(moments, "evicted")[0].returned_files["out.txt"].text == "step 0\nstep 1\n"
    assert STDERR in find(moments, "checkpoint")[0].spool, "the other stream is not streamed"


def test_streamed_errors_too(steps, play):
    source = STEPS.replace("flush=True)", "file=sys.stderr)")
    _, end = play(steps(source, stream_error=True), "evict@2")
    assert (
        end.returned_files["err.txt"].text == "step 0\nstep 1\nstep 1\nstep 2\n"
        and end.returned_files["out.txt"].text == ""
    )


def test_output_without_a_name_is_nowhere(steps, play):
    moments, end = play(steps(output=None, error=None), "evict@2")
    assert list(end.returned_files) == ["rows"]
    assert not any(STDOUT in tree or STDERR in tree for m in moments for tree in (m.spool, m.sandbox or ()))


# -- the eviction-driven mode ---------------------------------------------------------------------------

EVICTION_DRIVEN = """
    import os, time
    rows = open("rows").read() if os.path.exists("rows") else ""
    for n in range(rows.count("row"), 4):
        rows += f"row {n}\\n"
        open("rows", "w").write(rows)
        time.sleep(100)
"""


def eviction_driven(steps, source=EVICTION_DRIVEN, **fields):
    return steps(source, checkpoint_exit_code=None, transfer_checkpoint_files=None, on_exit_or_evict=True, **fields)


def test_eviction_driven_a_soft_eviction_sends_the_output_list(steps, play):
    """R7"""
    moments, end = play(eviction_driven(steps), "vacate@1+250s")
    assert find(moments, "started")[1].sandbox["rows"].text == "row 0\nrow 1\nrow 2\n"
    assert end.status == "completed" and end.returned_files["rows"].text == "row 0\nrow 1\nrow 2\nrow 3\n"
    assert (end.goodput_s, end.badput_s) == (pytest.approx(350, abs=0.01), 0)


def test_eviction_driven_a_lost_slot_sends_nothing(steps, play):
    """R5, R7"""
    moments, end = play(eviction_driven(steps), "evict@1+250s")
    assert "rows" not in find(moments, "started")[1].sandbox
    assert (end.goodput_s, end.badput_s) == (400, 250)


def test_eviction_driven_a_missing_listed_file_holds_the_job(steps, play):
    """R7"""
    moments, end = play(eviction_driven(steps, "import time\ntime.sleep(100)\nopen('rows', 'w')"), "vacate@1+50s")
    assert (end.status, end.hold.code, end.hold.missing) == ("held", 12, ("rows",))
    assert kinds(moments)[-1] == "held"


def test_v25_eviction_driven_a_missing_listed_file_is_not_saved(steps, play):
    """R7"""
    job = eviction_driven(steps, "import time\ntime.sleep(100)\nopen('rows', 'w')")
    moments, end = play(job, "vacate@1+50s", V25)
    (lost,) = find(moments, "evicted")
    assert (end.status, end.badput_s, lost.next.missing, lost.spool) == ("completed", 50, ("rows",), Tree())
    assert [event.text[:21] for event in events(job, lost, V25)] == [
        "Started transferring ",
        "Error from starter on",
        "Job was evicted. Code",
    ]


def test_eviction_driven_a_half_written_file_is_sent_as_it_is(steps, play):
    """R7: only here atomic writes matter."""
    source = """
        import os, time
        print(open("rows").read() if os.path.exists("rows") else "nothing", flush=True)
        with open("rows", "w") as rows:
            rows.write("first half,"), rows.flush()
            time.sleep(100)
            rows.write(" second half")
    """
    _, end = play(eviction_driven(steps, source), "vacate@1+50s")
    assert (
        end.returned_files["out.txt"].text == "first half,\n"
    )  # and stdout begins anew, as without a checkpoint code it does


def test_exit_driven_a_half_written_file_reaches_no_other_start(steps, play):
    """R5: the same eviction, in the mode that the course teaches."""
    moments, _ = play(steps(EVICTION_DRIVEN), "vacate@1+250s")
    assert "rows" not in find(moments, "started")[1].sandbox


# -- never finishes ----------------------------------------------------------------------------------------


def test_a_job_that_comes_back_to_a_state_never_finishes(steps, play):
    moments, end = play(steps("import sys\nopen('n', 'w')\nopen('rows', 'w')\nprint('again')\nsys.exit(85)"))
    assert (end.status, moments[-1].kind) == ("never finishes", "never finishes")
    assert "state" in moments[-1].text and end.executions <= 4


def test_a_job_that_only_appends_the_same_text_never_finishes(steps, play):
    moments, end = play(steps("import sys\nopen('n', 'a').write('x')\nsys.exit(85)", transfer_checkpoint_files=("n",)))
    assert end.status == "never finishes" and "append the same text" in moments[-1].text
    assert end.executions < 60


def test_a_job_that_counts_in_equal_text_does_finish(steps, play):
    _, end = play(
        steps(
            """
        import os, sys
        open("n", "a").write("x")
        open("rows", "w").write("done")
        sys.exit(85 if os.path.getsize("n") < 45 else 0)
    """,
            transfer_checkpoint_files=("n",),
        )
    )
    assert (end.status, end.executions) == ("completed", 45)


def test_a_job_that_is_started_too_often_never_finishes(steps, play):
    source = """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        open("n", "w").write(str(n + 1))
        sys.exit(85)
    """
    moments, end = play(steps(source, transfer_checkpoint_files=("n",)), most_executions=10)
    assert end.status == "never finishes" and moments[-1].text == "it was started 10 times"


def test_a_job_may_be_started_as_often_again_after_a_long_schedule(steps, play):
    """It is evicted in each of the first twenty executions, and ends well."""
    _, end = play(steps(), " ".join(f"evict@{n}" for n in range(1, 21)), most_executions=10)
    assert (end.status, end.exit.code) == ("completed", 0)


def test_a_job_is_not_said_to_go_round_while_there_are_faults_to_come(steps, play):
    """Three evictions in a row bring it back to the same state, and yet it ends."""
    _, end = play(steps(), "evict@1 evict@2 evict@3")
    assert numbers(end) == ("completed", 4, 6, 2, 300, 300)


def test_growth_is_what_was_appended_and_nothing_else():
    before = Tree.files({"a": "one\n", "b": "x", STDOUT: ""})
    assert growth(before, Tree.files({"a": "one\ntwo\n", "b": "x", STDOUT: "printed"})) == (("a", b"two\n"),)
    assert growth(before, before) == ()
    for other in (
        {"a": "other", "b": "x", STDOUT: ""},
        {"a": "one\n", STDOUT: ""},
        {"a": "one\n", "b": "x", "c": "", STDOUT: ""},
        {"a": "on", "b": "x", STDOUT: ""},
    ):
        assert growth(before, Tree.files(other)) is None
    assert growth(before, Tree({"a": Directory(), "b": File(b"x")})) is None
    later = many_restarts_on(before, (("a", b"two\n"),))
    assert later["a"].text == "one\n" + "two\n" * MANY and later["b"] == before["b"]


# -- looking ------------------------------------------------------------------------------------------------


def test_a_look_shows_the_sandbox_at_that_moment_and_changes_nothing(steps, play):
    moments, end = play(steps(), "look@2+30s look@2+99s")
    looks = find(moments, "look")
    assert [look.time - EPOCH for look in looks] == [pytest.approx(NEGOTIATION + 130), pytest.approx(NEGOTIATION + 199)]
    assert looks[0].sandbox["rows"].text == "row 0\nrow 1\n" and looks[0].sandbox["n"].text == "1"
    assert [m for m in moments if m.kind != "look"] == play(steps())[0]
    assert numbers(end) == ("completed", 1, 3, 2, 300, 0)


def test_a_look_and_a_fault_in_one_execution(steps, play):
    moments, end = play(steps(), "look@2+30s evict@2+60s")
    assert kinds(moments)[5:7] == ["look", "evicted"]
    assert numbers(end) == ("completed", 2, 4, 2, 300, 60)


# -- the versions ---------------------------------------------------------------------------------------------


def test_slides2021_streams_that_are_not_listed_are_lost_with_the_sandbox(steps, play):
    """R4a, profile table"""
    assert play(steps(), "evict@2", SLIDES)[1].returned_files["out.txt"].text == "step 1\nstep 2\n"
    listed = steps(transfer_checkpoint_files=("n", "rows", STDOUT, STDERR))
    assert play(listed, "evict@2", SLIDES)[1].returned_files["out.txt"].text == "step 0\nstep 1\nstep 2\n"
    assert play(listed, "evict@2", MODERN)[1].returned_files["out.txt"].text == "step 0\nstep 1\nstep 2\n"


def test_slides2021_an_input_beats_a_checkpoint_of_the_same_name(steps, play):
    """R2, profile table"""
    source = """
        import sys
        n = int(open("n").read())
        open("rows", "a").write(f"{n}")
        open("n", "w").write(str(n + 1))
        sys.exit(85 if n < 2 else 0)
    """
    job = steps(source, inputs=Tree.of(n="0"))
    assert play(job, "evict@2", MODERN)[1].returned_files["rows"].text == "012"
    assert play(job, "evict@2", SLIDES)[1].returned_files["rows"].text == "0012"


def test_slides2021_a_missing_file_is_only_logged(steps, play):
    """R4c, profile table: nothing is saved, the job restarts in place."""
    moments, end = play(steps(transfer_checkpoint_files=("n", "model")), "evict@3", SLIDES)
    assert [m.next.missing for m in find(moments, "checkpoint failed")][:2] == [("model",)] * 2
    assert all(moment.spool == Tree() for moment in moments)
    assert numbers(end) == ("completed", 2, 6, 0, 300, 300)


def test_the_same_schedule_tells_the_same_story_twice(steps, play):
    schedule = "evict@1+40s vacate@2 hold@4 upload-fails@5 look@6+1s"
    assert play(steps(), schedule)[0] == play(steps(), schedule)[0]


# -- what takes time, and how long slots last -----------------------------------------


def test_transfers_and_waiting_take_as_long_as_the_pace_says(steps, play):
    moments, end = play(steps(), "evict@2", pace=Pace(wait=600, download=20, upload=7))
    assert [(m.kind, m.time - EPOCH, m.transfer) for m in moments if m.kind not in ("exited", "restarted")] == [
        ("submitted", 0, 0),
        ("started", 620, 20),
        ("checkpoint", 727, 7),
        ("evicted", 827, 0),
        ("started", 1447, 20),
        ("checkpoint", 1554, 7),
        ("ended", 1661, 7),
    ]
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)


def test_a_slot_that_lasts_so_long_is_an_eviction_at_that_time(steps, play):
    lasting, end = play(steps(), pace=Pace(lifetimes=(150, 1000)))
    scheduled, same = play(steps(), "evict@2+50s")
    assert [(m.kind, m.time, m.sandbox, m.spool) for m in lasting] == [
        (m.kind, m.time, m.sandbox, m.spool) for m in scheduled
    ]
    assert numbers(end) == numbers(same) == ("completed", 2, 4, 2, 300, 50)
    assert [str(m.fault) for m in lasting if m.fault] == ["evict@2+50s"]


def test_an_eviction_during_a_transfer_leaves_the_old_checkpoint_whole(steps, play):
    moments, end = play(steps(), pace=Pace(upload=7, lifetimes=(212, 1000)))
    lost = find(moments, "evicted")[0]
    assert (lost.time - EPOCH, lost.transfer, lost.goodput, lost.badput) == (60 + 212, 5, 100, 100)
    assert lost.spool["n"] == File(b"1")
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)


def test_an_eviction_during_the_output_transfer_costs_an_execution(steps, play):
    _, end = play(steps(), pace=Pace(upload=7, lifetimes=(320, 1000)))
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)
    assert end.returned_files["rows"].text == "row 0\nrow 1\nrow 2\n"


def test_a_slot_that_is_lost_while_it_is_filled_runs_nothing(steps, play):
    moments, end = play(steps(), pace=Pace(download=30, lifetimes=(20, 1000)))
    assert [m.time - EPOCH for m in moments[:4]] == [0, 80, 80, 170]
    assert numbers(end)[4:] == (300, 0)


@pytest.mark.parametrize("lifetimes", [(90,), (90, 50, 60), (99.9, 30)])
def test_a_job_never_finishes_if_no_slot_lasts_until_its_next_checkpoint(steps, play, lifetimes):
    moments, end = play(steps(), pace=Pace(lifetimes=lifetimes))
    assert end.status == "never finishes" and "before the next checkpoint" in moments[-1].text
    assert end.executions <= 2 * len(lifetimes) + 1


@pytest.mark.parametrize("schedule", ["hold@1", "evict@1 evict@2", "vacate@1 hold@2 evict@3"])
def test_slots_taken_by_the_schedule_say_nothing_of_how_long_slots_last(steps, play, schedule):
    _, end = play(steps(), schedule, pace=Pace(lifetimes=(250.0,)))
    assert end.status == "completed"


def test_one_slot_among_many_that_lasts_long_enough_is_enough(steps, play):
    _, end = play(steps(), pace=Pace(lifetimes=(90, 90, 90, 101)))
    assert end.status == "completed" and end.activations == 12


@pytest.mark.parametrize("kind, then", [("vacate", "requeued"), ("hold", "held")])
def test_a_soft_eviction_waits_until_a_checkpoint_has_arrived(steps, play, kind, then):
    """R5"""
    moments, end = play(steps(), f"{kind}@2+103s", pace=Pace(upload=7))
    told = kinds(moments)
    assert told[told.index(then) - 1] == "checkpoint"
    assert find(moments, then)[0].spool["n"] == File(b"2")
    assert numbers(end) == ("completed", 2, 3, 2, 300, 0)


@pytest.mark.parametrize("kind", ["vacate", "hold", "evict"])
def test_an_eviction_while_the_output_comes_home_is_not_the_end(steps, play, kind):
    """R6: a soft one waits until it has come; the job resumes from its checkpoint all the same."""
    moments, end = play(steps(), f"{kind}@3+103s", pace=Pace(upload=7))
    lost = next(moment for moment in moments if moment.fault)
    assert ("rows" in lost.returned_files) == (kind != "evict")
    assert numbers(end) == ("completed", 2, 4, 2, 300, 100)


def test_v25_a_checkpoint_of_all_files_works_elsewhere_too(steps, play):
    """R4b"""
    assert play(steps(transfer_checkpoint_files=(".",)), "evict@2", V25)[1].status == "completed"


def test_a_checkpoint_of_all_files_works_in_place_and_holds_elsewhere(steps, play):
    """R4b"""
    everything = steps(transfer_checkpoint_files=(".",))
    assert play(everything)[1].status == "completed"
    moments, end = play(everything, "evict@2")
    assert (end.status, end.hold.code, end.hold.subcode) == ("held", 13, 13)
    assert end.goodput_s == 100 and find(moments, "exited")[-1].run.seconds == 0
