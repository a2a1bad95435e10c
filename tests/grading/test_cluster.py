"""Grading as HTCondor jobs: what is queued, what is believed of what comes home, and what is left behind.

Most tests have a queue that is a class of this file; the last ones a live pool, with CONFORMANCE=live.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from classroom import ANSWERS, MAXIMUM, ROOT, notebook, solved, with_answer
from test_batch import lay_out, table

from grader.cli.main import main
from grader.execute.isolation import confinement
from grader.grading import cluster, job, judge, store
from grader.grading.batch import grade
from grader.grading.collect import HandIn, find
from grader.real_pool import personal_pool
from grader.real_pool import queue as queues
from grader.real_pool.personal_pool import PoolError
from grader.real_pool.queue import JobId, Site

SAVE = "03-save.ipynb"
LIVE = os.environ.get("CONFORMANCE") == "live"
live = pytest.mark.skipif(not LIVE, reason="submits to a live HTCondor only with CONFORMANCE=live")
WHEN = "2026-11-22 20:54:31"
DONE = "005 ({job}) {when} Job terminated.\n\t(1) Normal termination (return value {code})\n...\n"
GONE = "009 ({job}) {when} Job was aborted.\n\t{why}\n...\n"
HELD = "012 ({job}) {when} Job was held.\n\t{why}\n\tCode 13 Subcode 2\n...\n"


class Queue:
    """A queue whose jobs end at once. `ends(key, attempt)` is what its log says of one, given that `come(key)` puts
    its result where it belongs."""

    def __init__(self, ends):
        self.site, self.ends = Site(), ends
        self.queued: list[list[str]] = []
        self.left = {3}
        """The clusters in the queue; 3 is from an earlier run."""
        self.removed: list[int] = []

    def submit(self, submit_file: Path, log: str = "") -> JobId:
        self.place, number = submit_file.parent, 7 + len(self.queued)
        self.submit_file = submit_file.read_text()
        keys = (self.place / re.search(r"^queue key from (\S+)", self.submit_file, re.MULTILINE)[1]).read_text().split()
        self.queued.append(keys)
        self.left.add(number)
        with open(self.place / re.search(r"^log = (\S+)", self.submit_file, re.MULTILINE)[1], "w") as events:
            for proc, key in enumerate(keys):
                told = self.ends(self, key).replace("{when}", WHEN)
                events.write(told.replace("{job}", f"{number:03}.{proc:03}.000"))
        return JobId(number)

    def come(self, key: str, result: bytes, said: str = "") -> None:
        (self.place / "results" / key).write_bytes(result)
        (self.place / "errors" / key).write_text(said)

    def clusters(self, which: str) -> list[int]:
        return sorted(self.left) if "GradedClass =?= " in which else []

    def remove_cluster(self, number: int) -> None:
        self.left.remove(number)
        self.removed.append(number)

    def why_idle(self, job: JobId) -> list[str]:
        return [f"{job} wants too much"]


def one(number: int) -> HandIn:
    """A student whose hand-in consists of this remark."""
    return HandIn(f"student {number}", (), (f"Remark {number}.",))


@pytest.fixture(scope="module")
def grades():
    """Name → content of the grade files of the first three students."""
    found = [store.read(one(number)) for number in range(3)]
    return {store.key_of(each, "our seed"): judge.judge(each, confinement(), "our seed").to_json() for each in found}


@pytest.fixture
def settings(tmp_path):
    return store.Settings(tmp_path / "grades", None, "our seed")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The archive of the course that jobs get, packed only once."""
    cluster.pack(archive := tmp_path_factory.mktemp("packed") / "course.tar.gz")
    return archive


@pytest.fixture
def graded(settings, packed, monkeypatch):
    """graded(ends) grades the first three students: ({index: outcome}, queue, printed text)."""

    monkeypatch.setattr(cluster, "pack", lambda path: shutil.copy(packed, path))

    def graded(ends, handed=tuple(map(one, range(3))), jobs=None, require_sandbox=False):
        queue, said = Queue(ends), io.StringIO()
        outcomes = dict(cluster.grade_all(handed, settings, jobs, require_sandbox, said, lambda: queue))
        return outcomes, queue, said.getvalue()

    return graded


@pytest.fixture
def right(grades):
    """Jobs that return their grades."""

    def right(queue, key):
        queue.come(key, grades[key])
        return DONE.replace("{code}", "0")

    return right


# -- what is queued --------------------------------------------------------------------


def test_each_submission_is_a_job_and_each_grade_is_kept(graded, right, grades, settings):
    outcomes, queue, said = graded(right)
    assert queue.queued == [list(grades)] and said == ""
    assert [outcomes[number] for number in range(3)] == [store.StoreEntry(key) for key in grades]
    assert {key: (settings.store / key).read_bytes() for key in grades} == grades
    assert not (settings.store / "htcondor").exists()


def test_what_is_graded_already_is_not_queued(graded, right, grades, settings):
    first, *others = grades
    store.write_whole(settings.store / first, grades[first])
    outcomes, queue, _ = graded(right)
    assert queue.queued == [others] and outcomes[0].again and not outcomes[1].again


def test_without_anything_to_grade_no_queue_is_asked(grades, settings):
    for key, data in grades.items():
        store.write_whole(settings.store / key, data)

    def absent():
        raise PoolError("there is none")

    handed = [one(number) for number in range(3)]
    assert all(outcome.again for _, outcome in cluster.grade_all(handed, settings, None, False, io.StringIO(), absent))


def test_those_who_hand_in_the_same_share_a_job(graded, right, grades):
    outcomes, queue, _ = graded(right, handed=[one(0), one(1), HandIn("another", (), ("Remark 0.",))])
    assert queue.queued == [list(grades)[:2]] and outcomes[0] == outcomes[2] == store.StoreEntry(next(iter(grades)))


def test_a_submission_that_can_not_be_read_costs_nobody_else_anything(graded, right, monkeypatch):
    real = store.read

    def breaks(handed):
        if handed.student == "student 1":
            raise RuntimeError("unheard of")
        return real(handed)

    monkeypatch.setattr(cluster, "read", breaks)
    outcomes, _, _ = graded(right)
    assert "unheard of" in outcomes[1].problem and outcomes[0].key and outcomes[2].key


def test_the_seed_is_for_the_jobs_alone_and_nobodys_name_goes_with_them(graded, right):
    def looks(queue, key):
        public = [queue.submit_file, *(path.name for path in queue.place.rglob("*"))]
        assert not any("our seed" in text for text in public)
        assert (queue.place / "seed").read_text() == "our seed" and stat.S_IMODE(queue.place.stat().st_mode) == 0o700
        assert not any(b"student" in path.read_bytes() for path in (queue.place / "submissions").iterdir())
        return right(queue, key)

    graded(looks)


@pytest.mark.parametrize("jobs, line", [(None, "\n\n"), (7, "\nmax_materialize = 7\n")])
def test_no_more_jobs_are_in_the_queue_than_are_wanted(graded, right, jobs, line):
    _, queue, _ = graded(right, jobs=jobs)
    assert line in queue.submit_file and ("max_materialize" in queue.submit_file) == bool(jobs)


# -- what comes home -------------------------------------------------------------------


def forged(**changes):
    """A grade with these changes to its first exercise."""

    def forge(data: bytes) -> bytes:
        found = json.loads(data)
        found["exercises"][0].update(changes)
        return json.dumps(found, sort_keys=True, indent=1).encode()

    return forge


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-9],
        lambda data: data + b"\n",
        lambda data: b"[" * 100_000,
        lambda data: b'{"rubric": 1}',
        lambda data: data.replace(b'"submission": "', b'"submission": "0'),
        lambda data: re.sub(rb'"rubric": "\w+"', b'"rubric": "0123456789ab"', data),
        lambda data: json.dumps({**json.loads(data), "exercises": []}, sort_keys=True, indent=1).encode(),
        forged(points=float("nan")),
        forged(points=-1),
        forged(points=1e9),
        forged(maximum=100),
        forged(points="2"),
        forged(headline=["x"]),
        forged(exercise="another"),
        forged(sections=[["x"]]),
        forged(trials=[{"points": 1}]),
        forged(unheard="of"),
    ],
)
def test_what_is_no_grade_of_this_submission_is_fetched_again(graded, grades, right, spoil):
    first = next(iter(grades))
    assert spoil(grades[first]) != grades[first]

    def once(queue, key):
        queue.come(key, spoil(grades[key]) if (key, len(queue.queued)) == (first, 1) else grades[key])
        return DONE.replace("{code}", "0")

    outcomes, queue, _ = graded(once)
    assert queue.queued == [list(grades), [first]]
    assert not any(outcome.problem for outcome in outcomes.values())


def test_what_is_never_a_grade_is_reported_and_no_grade_is_kept(graded, grades, settings):
    def never(queue, key):
        queue.come(key, b"nonsense")
        return DONE.replace("{code}", "0")

    outcomes, queue, _ = graded(never)
    assert len(queue.queued) == cluster.ATTEMPTS
    assert set(outcomes.values()) == {
        store.StoreEntry(problem="Its job returned something other than a grade, 3 times.")
    }
    assert not list(settings.store.glob("*.json"))


def test_a_link_in_the_place_of_a_result_is_not_followed(graded, grades, tmp_path, settings):
    def links(queue, key):
        (tmp_path / key).write_bytes(grades[key])
        (queue.place / "results" / key).unlink(missing_ok=True)
        (queue.place / "results" / key).symlink_to(tmp_path / key)
        return DONE.replace("{code}", "0")

    outcomes, _, _ = graded(links)
    assert all("other than a grade" in outcome.problem for outcome in outcomes.values())


@pytest.mark.parametrize(
    "log, said, problem",
    [
        (
            DONE.replace("{code}", "1"),
            "warning\nep7 has no Python 3.11 or newer\n",
            "in 4 tries: ep7 has no Python 3.11 or newer.",
        ),
        (DONE.replace("{code}", "1"), "\x1b[2J\n", "in 4 tries: "),
        (
            DONE.replace("(1) Normal termination (return value {code})", "(0) Abnormal termination (signal 9)"),
            "",
            "signal 9",
        ),
        (
            GONE.replace("{why}", "The job attribute PeriodicRemove expression '(JobStatus == 2)' evaluated to TRUE"),
            "",
            "Grading it took too long, and its job was removed.",
        ),
        (
            GONE.replace("{why}", "via condor_rm (by user anna)"),
            "",
            "removed from HTCondor's queue (via condor_rm (by user anna)).",
        ),
        (
            HELD.replace("{why}", "No space left on device")
            + GONE.replace("{why}", "The job attribute PeriodicRemove"),
            "",
            "on hold again and again: No space left on device.",
        ),
    ],
)
def test_a_job_that_fails_for_good_is_reported_with_the_reason(graded, grades, right, log, said, problem):
    first = next(iter(grades))

    def fails(queue, key):
        if key != first:
            return right(queue, key)
        queue.come(key, b"", said)
        return log

    outcomes, queue, _ = graded(fails)
    assert len(queue.queued) == 1 and problem in outcomes[0].problem and "\x1b" not in outcomes[0].problem
    assert outcomes[0].key == "" and outcomes[1].key and outcomes[2].key


def test_a_job_that_was_released_and_ran_is_not_held_against_anybody(graded, right):
    again = "013 ({job}) {when} Job was released.\n...\n001 ({job}) {when} Job executing on host: <x>\n...\n"
    outcomes, _, _ = graded(lambda queue, key: HELD.replace("{why}", "no") + again + right(queue, key))
    assert not any(outcome.problem for outcome in outcomes.values())


def test_jobs_that_have_left_without_a_word_are_reported(graded, monkeypatch):
    monkeypatch.setattr(cluster, "SILENCE", 0.0)

    def vanishes(queue, key):
        queue.left.clear()
        return ""

    outcomes, _, _ = graded(vanishes)
    assert {outcome.problem for outcome in outcomes.values()} == {
        "Its job has left HTCondor's queue for an unknown reason."
    }


def test_where_there_is_no_sandbox_it_is_said(graded, grades):
    def bare(queue, key):
        queue.come(key, grades[key], cluster.NO_SANDBOX + "\n")
        return DONE.replace("{code}", "0")

    _, _, said = graded(bare)
    assert said.startswith("3 submissions graded where there is no bubblewrap") and "docs/security.md" in said


# -- interrupted -----------------------------------------------------------------------


def test_interrupted_it_leaves_no_job_and_keeps_what_is_graded(settings, right, grades):
    queue, said = Queue(right), io.StringIO()
    outcomes = cluster.grade_all([one(n) for n in range(3)], settings, None, False, said, lambda: queue)
    assert next(outcomes)[1].key == next(iter(grades))
    outcomes.close()
    assert queue.removed == [3, 7] and "were removed from the queue" in said.getvalue()
    assert [path.name for path in settings.store.iterdir()] == [next(iter(grades))]


def test_jobs_that_can_not_be_removed_are_told_of(settings, right):
    queue, said = Queue(right), io.StringIO()
    outcomes = cluster.grade_all([one(n) for n in range(3)], settings, None, False, said, lambda: queue)
    next(outcomes)

    def refused(number):
        raise PoolError("The queue does not answer.")

    queue.remove_cluster = refused
    outcomes.close()
    assert "condor_rm -constraint 'GradedClass =?= " in said.getvalue() and "does not answer" in said.getvalue()


def test_after_a_kill_what_came_home_is_taken_and_old_jobs_are_removed(graded, right, grades, settings):
    """kill -9 leaves the directory and the jobs."""
    first, *others = grades
    store.write_whole(settings.store / "htcondor" / "results" / first, grades[first])
    store.write_whole(settings.store / "htcondor" / "results" / others[0], grades[first])
    outcomes, queue, _ = graded(right)
    assert queue.queued == [others] and queue.removed == [3] and not outcomes[0].problem
    assert (settings.store / first).read_bytes() == grades[first]


def test_why_nothing_happens_is_said_once(settings, monkeypatch, right):
    monkeypatch.setattr(cluster, "SILENCE", 0.0)
    queue, said, naps = Queue(lambda queue, key: ""), io.StringIO(), []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(cluster.time, "sleep", nap)
    with pytest.raises(KeyboardInterrupt):
        list(cluster.grade_all([one(0)], settings, None, False, said, lambda: queue))
    assert said.getvalue().count("7.0 wants too much") == 1 and "Ctrl-C removes the jobs" in said.getvalue()


# -- the job ---------------------------------------------------------------------------


def run_job(queue: Queue, key: str, scratch: Path, *options: str) -> subprocess.CompletedProcess:
    """Run a job as HTCondor does: its files in a directory of its own, nothing in its environment."""
    for name in ("grade.sh", "course.tar.gz", "seed", f"submissions/{key}"):
        shutil.copy(queue.place / name, scratch)
    return subprocess.run(
        ["./grade.sh", key, *options],
        cwd=scratch,
        env={"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def really(open_path):
    """Jobs that are run, one after the other."""

    def really(queue, key):
        scratch = open_path / key
        scratch.mkdir(parents=True)
        done = run_job(queue, key, scratch)
        queue.come(key, (scratch / "grade.json").read_bytes(), done.stderr)
        assert not (scratch / "seed").exists()
        return DONE.replace("{code}", str(done.returncode))

    return really


def test_a_grading_job_is_complete_and_gives_the_grade_given_here(tmp_path, graded, really, settings):
    right, wrong = ANSWERS["save"]
    lay_out(
        tmp_path / "in",
        {
            "anna.ipynb": json.dumps(with_answer(solved(SAVE), "save", right["with open"])),
            "ben.ipynb": json.dumps(with_answer(solved(SAVE), "save", wrong["exit-zero-after-save"]["sys.exit()"])),
            "cem.ipynb": b"\0\1no notebook",
        },
    )
    handed = find(tmp_path / "in")
    outcomes, _, _ = graded(really, handed)
    here = store.Settings(tmp_path / "here", confinement(), "our seed")
    for index, each in enumerate(handed):
        key = store.grade_one(each, here).key
        assert outcomes[index] == store.StoreEntry(key)
        assert (settings.store / key).read_bytes() == (here.store / key).read_bytes()


@pytest.mark.parametrize("required", [False, True])
def test_a_grading_job_refuses_without_a_sandbox_only_if_required(tmp_path, monkeypatch, capsys, required):
    monkeypatch.setattr(job, "confinement", lambda: None)
    monkeypatch.setattr(judge, "try_out", lambda confine: None)  # which has something against root
    (tmp_path / "seed").write_text("our seed")
    (tmp_path / "in").write_bytes(store.read(one(0)).to_json())
    places = [str(tmp_path / name) for name in ("in", "seed", "grade.json")]
    assert job.main(places + ["--require-sandbox"] * required) == required
    assert (tmp_path / "grade.json").exists() != required and not (tmp_path / "seed").exists()
    said = capsys.readouterr().err.splitlines()
    assert said[0] == job.NO_SANDBOX and (len(said) == 2 and "has no sandbox" in said[1]) == required


def test_where_there_is_no_python_a_job_says_so(tmp_path, graded):
    def bare(queue, key):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "hostname").write_text("#!/bin/sh\necho ep7\n")
        (tmp_path / "bin" / "hostname").chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", queue.place / "grade.sh", key],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PATH": str(tmp_path / "bin")},
        )
        queue.come(key, (tmp_path / "grade.json").read_bytes(), done.stderr)
        return DONE.replace("{code}", str(done.returncode))

    outcomes, _, _ = graded(bare, [one(0)])
    assert outcomes[0].problem == "It could not be graded in 4 tries: ep7 has no Python 3.11 or newer."


def test_the_archive_is_what_the_rubric_is_made_of(packed):
    with tarfile.open(packed) as archive:
        packed = {name for name in archive.getnames() if archive.getmember(name).isfile()}
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in ("grader", "payload")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    answers = {name for name in here if re.search(r"/exercises/\w+/(answers\.py|right/|wrong/)", name)}
    libraries = {name for name in packed if name.startswith(("jinja2/", "markupsafe/"))}
    assert len(answers) > len(ANSWERS) and packed - libraries == here - answers
    assert {"jinja2/__init__.py", "markupsafe/__init__.py"} <= libraries


# -- the command -----------------------------------------------------------------------


def test_without_htcondor_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(personal_pool, "process", lambda: None)
    lay_out(tmp_path / "in", {"anna.ipynb": json.dumps(notebook("exercises", SAVE))})
    said = io.StringIO()
    assert grade(tmp_path / "in", tmp_path / "grades.csv", on="htcondor", say=said) == 2
    assert "There is no HTCondor here" in said.getvalue()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_without_htcondor_what_was_graded_before_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(personal_pool, "process", lambda: None)
    lay_out(tmp_path / "in", {"anna.ipynb": json.dumps(notebook("exercises", SAVE))})
    results, page = (tmp_path / "reports" / name for name in (".grades/htcondor/results/a", "students/ben.html"))
    for path in (results, page):
        store.write_whole(path, b"x")
    assert grade(tmp_path / "in", tmp_path / "grades.csv", on="htcondor", say=io.StringIO()) == 2
    assert sorted(path for path in (tmp_path / "reports").rglob("*") if path.is_file()) == [results, page]


def test_a_place_to_grade_that_there_is_not_is_refused(capsys):
    assert main(["grade", "in", "--on", "slurm"]) == 2 and "htcondor" in capsys.readouterr().err


@pytest.fixture(scope="module")
def pool():
    if not personal_pool.own_htcondor():
        personal_pool.up()


@pytest.fixture(params=["the bindings", "the commands"])
def means(request, monkeypatch):
    """The two ways to drive a queue."""
    if request.param == "the commands":
        monkeypatch.setattr(queues, "Bindings", queues.HTCondor)
    else:
        pytest.importorskip("htcondor2")


FORGER = """
import os
for up in range(12):
    try: open('../' * up + 'grade.json', 'w').write('{"points": 10}')
    except OSError: pass
"""


@pytest.fixture
def classroom(tmp_path):
    right, wrong = ANSWERS["save"]
    kinds = {
        "anna": right["with open"],
        "ben": wrong["exit-zero-after-save"]["sys.exit()"],
        "cem": {"checkpoint.py": FORGER + right["pathlib"]["checkpoint.py"]},
        "eve": {"checkpoint.py": "import os, signal\nos.killpg(0, signal.SIGKILL)\n"},
    }
    return lay_out(
        tmp_path / "submitted",
        {
            **{
                f"{name}/{SAVE}": json.dumps(with_answer(solved(SAVE), "save", answer))
                for name, answer in kinds.items()
            },
            f"dora/{SAVE}": json.dumps(notebook("exercises", SAVE)),
            f"emil/{SAVE}": b"\0\1no notebook",
        },
    )


@live
def test_a_class_gets_the_same_grades_on_a_disturbed_live_htcondor(tmp_path, classroom, pool, means, monkeypatch):
    assert grade(classroom, tmp_path / "here.csv", tmp_path / "here", jobs=2, seed="x", say=io.StringIO()) < 2
    vacated, spoilt, queued = [], [], []
    events, take, submit = cluster.GrowingLog.new, cluster.Work._take, cluster.Work._queue

    def vacates(log):
        new = events(log)
        for event in new:
            if event.number == 1 and not vacated:
                with contextlib.suppress(PoolError):  # that has ended meanwhile
                    queues.at_hand().vacate(JobId(event.cluster, event.proc), fast=True)
                    vacated.append(log)
        return new

    def spoils(work, key):
        result = work.place / "results" / key
        if result.exists() and not spoilt:
            spoilt.append(key)
            result.write_bytes(result.read_bytes()[:-100])
        return take(work, key)

    def notes(work, attempt, keys):
        queued.append(list(keys))
        return submit(work, attempt, keys)

    monkeypatch.setattr(cluster.GrowingLog, "new", vacates)
    monkeypatch.setattr(cluster.Work, "_take", spoils)
    monkeypatch.setattr(cluster.Work, "_queue", notes)
    said = io.StringIO()
    status = grade(classroom, tmp_path / "there.csv", tmp_path / "there", seed="x", on="htcondor", say=said)
    assert status == 1 and "has to look at emil:" in said.getvalue(), said.getvalue()
    here, there = (
        {path.name: path.read_bytes() for path in (tmp_path / where / ".grades").iterdir()}
        for where in ("here", "there")
    )
    assert there == here and len(here) == 6
    assert table(tmp_path / "there.csv") == table(tmp_path / "here.csv")
    assert len(queued) == 2 and len(queued[0]) == 6 and queued[1] == spoilt and vacated
    assert float(table(tmp_path / "there.csv")["anna"]["points"]) == MAXIMUM["03-save"]


@live
def test_interrupted_on_a_live_htcondor_nothing_is_left_in_the_queue(tmp_path, classroom, pool, means):
    settings = store.Settings(tmp_path / "grades", None)
    said = io.StringIO()
    outcomes = cluster.grade_all(find(classroom), settings, 1, False, said)  # one at a time: most are not there yet
    next(outcomes)
    outcomes.close()
    place = queues.at_hand().site.workplace((tmp_path / "grades" / "htcondor").resolve())
    mine = f'GradedClass =?= "{cluster.mark(place)}"'
    personal_pool._within(30, lambda: not queues.at_hand().clusters(mine))
    assert queues.at_hand().clusters(mine) == [] and not place.exists()
    assert "unfinished jobs were removed" in said.getvalue() and len(list(settings.store.glob("*.json"))) == 1
