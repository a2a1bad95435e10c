"""Grading a class, whatever is handed in and in whatever way; after interruptions, and again after changes."""

from __future__ import annotations

import csv
import errno
import io
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import ANSWERS, ASSIGNMENT, EXTRA, MAXIMUM, ROOT, notebook, solved, with_answer

from grader.course.catalogue import EXERCISES
from grader.course.report import NOT_TRIED, PARTLY, PASSED
from grader.course.shell import takes_shell
from grader.execute import isolation
from grader.execute.isolation import confinement
from grader.grading import batch, grades_table, judge, pages, store, trial, workers
from grader.grading import collect as handin
from grader.grading.batch import grade
from grader.grading.collect import HandIn, Refused, find, load
from grader.rules.execution import MachineTrouble
from grader.view.card import number

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
WRONG = ANSWERS["save"][1]["exit-zero-after-save"]["sys.exit()"]
RIGHT = json.dumps(solved(SAVE))
MISTAKEN = json.dumps(with_answer(solved(SAVE), "save", WRONG))
BEST = number(MAXIMUM["03-save"])
"""Points for the first notebook alone."""
PLACED = json.dumps(
    with_answer(solved(RESTORE), "restore", ANSWERS["restore"][1]["host-in-checkpoint"]["absolute path"])
)
"""An answer whose checkpoint names the directory in which it was written."""
UNTOUCHED = json.dumps(notebook("exercises", SAVE))

needs_sandbox = pytest.mark.skipif(
    not getattr(confinement(), "bubblewrap", False), reason="bubblewrap is not to be had here"
)


def lay_out(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def table(path: Path) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def run(tmp_path: Path, submitted: Path, **options) -> tuple[int, dict, str]:
    """(exit status, {student: row}, what was said)."""
    said = io.StringIO()
    status = grade(submitted, tmp_path / "grades.csv", jobs=2, say=said, **options)
    return status, table(tmp_path / "grades.csv") if status < 2 else {}, said.getvalue()


# -- who has handed in what ------------------------------------------------------------


def who(where: Path) -> dict[str, list[str]]:
    return {one.student: [source.name for source in one.sources] for one in find(where)}


def test_student_folders_and_those_of_nbgrader(tmp_path):
    lay_out(
        tmp_path,
        {
            f"anna/{ASSIGNMENT}/{SAVE}": RIGHT,
            f"anna/{ASSIGNMENT}/{RESTORE}": "x",
            f"ben/{SAVE}": RIGHT,
            "ben/.ipynb_checkpoints/a.ipynb": "x",
            "ben/notes.txt": "x",
            "cem/readme": "x",
        },
    )
    assert who(tmp_path) == {"anna": [SAVE, RESTORE], "ben": [SAVE], "cem": []}


@pytest.mark.parametrize(
    "name, student",
    [
        ("anna-03-save.ipynb", "anna"),
        ("anna_03-save (1).ipynb", "anna"),
        ("Anna Berg.ipynb", "Anna Berg"),
        ("Anna Berg_123_assignsubmission_file_03-save.ipynb", "Anna Berg"),
        ("berganna_12_345_03-save.ipynb", "berganna"),
        ("berganna_LATE_12_345_nb.ipynb", "berganna"),
        ("anna-03-save-Copy1.ipynb", "anna"),
        ("anna 03-save - Copy (2).ipynb", "anna"),
        ("anna_08-wrapper copy 2.ipynb", "anna"),
        ("03-save-Copy1 (1).ipynb", "handed"),
        ("03-save.ipynb", "handed"),
        ("anna.03-save.ipynb", "anna."),
    ],
)
def test_the_student_in_the_name_of_a_notebook(tmp_path, name, student):
    assert list(who(lay_out(tmp_path / "handed", {name: RIGHT}))) == [student]


def test_two_notebooks_of_one_student_in_one_folder_of_all(tmp_path):
    lay_out(tmp_path, {"anna-03-save.ipynb": "x", "anna-04-restore.ipynb": "x", "ben-03-save.ipynb": "x"})
    assert who(tmp_path) == {"anna": ["anna-03-save.ipynb", "anna-04-restore.ipynb"], "ben": ["ben-03-save.ipynb"]}


def test_zip_files_as_learning_platforms_hand_them_out(tmp_path):
    moodle = zipped(
        {
            f"Anna Berg_17_assignsubmission_file_/{SAVE}": RIGHT,
            "Ben_18_assignsubmission_file_/all.zip": zipped({f"deep/{SAVE}": RIGHT, "__MACOSX/._x.ipynb": "x"}),
            f"Cem_19_assignsubmission_file_{SAVE}": RIGHT,
        }
    )
    lay_out(
        tmp_path,
        {"moodle.zip": moodle, "dora.zip": zipped({SAVE: RIGHT, RESTORE: "x"}), "emil/my.zip": zipped({SAVE: RIGHT})},
    )
    assert who(tmp_path) == {
        "Anna Berg": [SAVE],
        "Ben": [SAVE],
        "Cem": [f"Cem_19_assignsubmission_file_{SAVE}"],
        "dora": [SAVE, RESTORE],
        "emil": [SAVE],
    }
    assert {load(source) for one in find(tmp_path) for source in one.sources} == {RIGHT.encode(), b"x"}
    assert list(who(tmp_path / "moodle.zip")) == ["Anna Berg", "Ben", "Cem"]


def test_an_archive_beside_others_is_all_of_whom_its_name_says(tmp_path):
    mixed = zipped({SAVE: "x", "anna/zz.ipynb": "x", "ben/zz.ipynb": "x"})
    lay_out(
        tmp_path,
        {
            f"anna/{SAVE}": RIGHT,
            "mallory.zip": mixed,
            "zoe_55_66_all.zip": zipped({f"anna_7_assignsubmission_file_/{SAVE}": "x"}),
        },
    )
    assert who(tmp_path) == {"anna": [SAVE], "mallory": [SAVE, "zz.ipynb", "zz.ipynb"], "zoe": [SAVE]}
    [(what, why)] = find(tmp_path).odd
    assert what == "mallory.zip" and "several notebooks called zz.ipynb" in why
    assert who(tmp_path / "mallory.zip") == {"anna": ["zz.ipynb"], "ben": ["zz.ipynb"], "mallory": [SAVE]}


@pytest.mark.parametrize("other", ["a.zip", "mallory.zip"])
def test_a_student_s_files_come_from_one_place_and_others_are_named(tmp_path, other):
    forged = zipped({f"anna_17_assignsubmission_file_/{RESTORE}": "x", f"zoe_18_assignsubmission_file_/{SAVE}": "x"})
    lay_out(
        tmp_path, {f"anna/{SAVE}": RIGHT, other: forged, "ben-03-save.ipynb": "x", "ben.zip": zipped({RESTORE: "x"})}
    )
    assert who(tmp_path) == {"anna": [SAVE], "ben": ["ben-03-save.ipynb"], "zoe": [SAVE]}
    odd = dict(find(tmp_path).odd)
    assert list(odd) == [f"{other}/anna_17_assignsubmission_file_", "ben.zip"]
    assert (
        "it contains files of anna, but so does anna, and only anna is graded. If one is a later hand-in, remove"
        in (next(iter(odd.values())))
    )


def test_two_students_of_one_name_are_not_made_one(tmp_path):
    lay_out(
        tmp_path,
        {f"Ben_{n}_assignsubmission_file_/{SAVE}": "x" for n in (18, 19)}
        | {f"Cem_20_assignsubmission_file_{name}": "x" for name in (SAVE, RESTORE)},
    )
    assert {student: len(files) for student, files in who(tmp_path).items()} == {"Ben (18)": 1, "Ben (19)": 1, "Cem": 2}
    assert find(tmp_path).odd == []


def test_long_names_that_begin_alike_are_kept_apart(tmp_path):
    lay_out(tmp_path, {f"{'a' * 120}{n}/{SAVE}": "x" for n in (1, 2)})
    names = list(who(tmp_path))
    assert len(names) == 2 and all(len(name) <= 100 for name in names) and names == list(who(tmp_path))


def test_a_long_name_is_told_apart_in_no_time(tmp_path):
    names = [f"eve-03-save{40 * 'copy'}!.ipynb", f"eve-03-save{45 * '-copy'}!.ipynb", f"{120 * '-_'}!.ipynb"]
    packed = zipped({"01-" + 12_000 * "-copy" + "!.ipynb": "x", 30_000 * " -" + "x.ipynb": "x"})
    began = time.process_time()
    assert len(who(lay_out(tmp_path, dict.fromkeys(names, "x") | {"mal.zip": packed}))) == 4
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "inner",
    [
        zipped({SAVE: "x"}),
        zipped({SAVE: "x", "z": bytes(60 << 20)}),
        zipped({f"{n}.txt": "" for n in range(4000)}),
    ],
)
def test_thousands_of_archives_in_an_archive_hold_up_nobody(tmp_path, inner):
    number = 4999 if len(inner) < 1000 else 40
    own = zipped({f"{n}.zip": inner for n in range(number)})
    began = time.process_time()
    lay_out(tmp_path, {"eve.zip": own, f"anna/{SAVE}": "x"})
    anna, eve = find(tmp_path)
    assert len(eve.sources) <= handin.MOST_NOTEBOOKS and (len(anna.sources), anna.remarks) == (1, ())
    assert time.process_time() - began < 30


def test_paths_that_lead_out_of_an_archive_are_refused(tmp_path):
    lay_out(tmp_path, {"eve.zip": zipped({f"../../{SAVE}": RIGHT, f"/etc/{SAVE}": RIGHT, f"a\\..\\{SAVE}": RIGHT})})
    [eve] = find(tmp_path)
    assert eve.sources == () and len(eve.remarks) == 3 and all("leads out of it" in r for r in eve.remarks)


def test_links_in_archives_and_folders_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    lay_out(tmp_path, {"in/eve.zip": packed.getvalue(), "secret.txt": RIGHT, "in/mal/x": ""})
    (tmp_path / "in/mal" / SAVE).symlink_to(tmp_path / "secret.txt")
    (tmp_path / "in/mal" / "all").symlink_to(tmp_path, target_is_directory=True)
    eve, mal = find(tmp_path / "in")
    assert eve.sources == mal.sources == ()
    assert "is a link" in eve.remarks[0] and "is a link" in mal.remarks[0]


def test_a_pipe_in_the_place_of_a_notebook_is_refused(tmp_path):
    (tmp_path / "eve").mkdir()
    os.mkfifo(tmp_path / "eve" / SAVE)
    [eve] = find(tmp_path)
    assert eve.sources == () and "not a regular file" in eve.remarks[0]


def test_a_zip_bomb_is_read_no_further_than_a_notebook_goes(tmp_path):
    bomb = zipped({SAVE: b" " * (300 << 20)})
    lay_out(tmp_path, {"eve.zip": bomb})
    [eve] = find(tmp_path)
    assert len(load(eve.sources[0])) == handin.MOST_BYTES + 1
    found = store.read(eve)
    assert found.answers == {} and "more than 10 MB" in found.remarks[0]


@pytest.mark.parametrize(
    "archive, says",
    [
        (b"PK\3\4 no archive", "broken"),
        (b"", "broken"),
        (zipped({f"{n}.ipynb": "" for n in range(6000)}), "too many files"),
        (zipped({"inner.zip": zipped({"x.ipynb": "x"})[:-9]}), "broken"),
        (zipped({"a.txt": "x"}), "no notebook"),
        (zipped({"in.zip": zipped({"in.zip": zipped({SAVE: "x"})})}), "in an archive in an archive"),
        (zipped({"big.zip": b"0" * (65 << 20)}), "too large"),
    ],
)
def test_an_archive_that_can_not_be_read_is_a_sentence(tmp_path, archive, says):
    [eve] = find(lay_out(tmp_path, {"eve.zip": archive}))
    assert eve.sources == () and says in eve.remarks[0]


def test_a_damaged_notebook_in_an_archive_is_a_sentence(tmp_path):
    packed = bytearray(zipped({SAVE: RIGHT}))
    packed[60:90] = bytes(30)
    [eve] = find(lay_out(tmp_path, {"eve.zip": bytes(packed)}))
    with pytest.raises(Refused, match="broken"):
        load(eve.sources[0])
    assert "broken" in store.read(eve).remarks[0]


# -- a class ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A small class, graded once: its folder, exit status, rows, what was said."""
    scratch = tmp_path_factory.mktemp("class")
    lay_out(
        scratch / "submitted",
        {
            f"anna/{ASSIGNMENT}/{SAVE}": RIGHT,
            f"anna/{ASSIGNMENT}/{RESTORE}": json.dumps(solved(RESTORE)),
            f"ben/{SAVE}": MISTAKEN,
            f"cem/{SAVE}": UNTOUCHED,
            f"dora/{SAVE}": b"\0\1no notebook",
            "emil/notes.txt": "",
            "fred/10.ipynb": json.dumps(solved("10-for-real.ipynb")),
            f"=cmd()|x/{SAVE}": RIGHT,
            "<script>x.zip": zipped({SAVE: MISTAKEN}),
        },
    )
    return scratch, *run(scratch, scratch / "submitted")


def test_everyone_gets_a_grade_and_a_sentence(classroom):
    _, status, rows, said = classroom
    assert status == 1 and [line.partition(":")[0] for line in said.splitlines() if "has to look" in line] == [
        "An instructor has to look at dora",
        "An instructor has to look at emil",
    ]
    assert {student: row["points"] for student, row in rows.items()} == {
        "'=cmd()|x": BEST,
        "<script>x": "2",
        "anna": number(MAXIMUM["03-save"] + MAXIMUM["04-restore"]),
        "ben": "2",
        "cem": "0",
        "dora": "0",
        "emil": "0",
        "fred": number(EXTRA["10-for-real"]),
    }
    assert rows["ben"]["save misconception"] == "exit-zero-after-save"
    assert (rows["anna"]["save status"], rows["cem"]["save status"]) == ("passed", "not tried yet")
    assert "not JSON" in rows["dora"]["remarks"]
    assert rows["dora"]["save status"] == "no readable answer"
    assert rows["emil"]["remarks"] == "There is no notebook in emil; there is notes.txt."


def test_untried_extra_points_are_left_out_of_the_total(classroom):
    _, _, rows, _ = classroom
    assert {row["maximum"] for student, row in rows.items() if student != "fred"} == {"100"}
    assert rows["anna"]["for_real"] == "" and rows["anna"]["for_real status"] == "not tried yet"
    assert (rows["fred"]["maximum"], rows["fred"]["for_real"]) == (number(100 + EXTRA["10-for-real"]), "5")


def test_every_student_has_a_page_that_runs_nothing(classroom):
    scratch, _, rows, _ = classroom
    pages = sorted((scratch / "reports" / "students").iterdir())
    assert len(pages) == len(rows)
    for page in (*pages, scratch / "reports" / "class.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "default-src 'none'" in text and "http" not in text.replace("http-equiv", "")
        assert str(scratch) not in text and str(ROOT) not in text
    anna = (scratch / "reports/students/anna.html").read_text(encoding="utf-8")
    assert "All questions are passed." in anna
    assert anna.index("<h2>03-save</h2>") < anna.index("Write a checkpoint") < anna.index("<h2>04-restore</h2>")


def grade_of(classroom, student: str) -> judge.Grade:
    scratch, _, rows, _ = classroom
    [path] = (scratch / "reports/.grades").glob(f"{rows[student]['submission']}*")
    return store.read_grade(path)


def test_a_page_folds_what_was_not_tried_into_a_line_a_notebook(classroom):
    text = (classroom[0] / "reports/students/ben.html").read_text(encoding="utf-8")
    shown, folded = text.split("<h2>No answer</h2>")
    assert shown.count('aria-label="Report: ') == 2 and folded.count("<details") == len(MAXIMUM) - 1
    assert "<summary>01-evicted: 6 points</summary>" in folded and "<details open" not in folded
    assert "<summary>10-for-real: extra, 6 points</summary>" in folded
    assert "run the cell that begins with %%writefile submit/sweep.sub" in folded, "still says what is missing"


def test_half_a_notebook_is_cards_and_a_line(classroom):
    grade = grade_of(classroom, "ben")
    half = [replace(one, status=NOT_TRIED, points=0.0) if one.exercise == "save" else one for one in grade.exercises]
    page = pages.student("Ben", replace(grade, exercises=tuple(half)))
    assert page.count('aria-label="Report: ') == 1 and "<summary>No answer: Write a checkpoint</summary>" in page
    unread = pages.student("Ben", replace(grade, exercises=tuple(half), unsure=("03-save.ipynb: It is empty.",)))
    assert "<summary>No readable answer: Write a checkpoint</summary>" in unread and "No answer" not in unread


def test_points_by_hand_for_what_was_not_tried_have_a_card(classroom):
    grade = grade_of(classroom, "cem")
    given = [replace(one, points=3.0) if one.exercise == "restore" else one for one in grade.exercises]
    page = pages.student("Cem", replace(grade, exercises=tuple(given)))
    assert page.count('aria-label="Report: ') == 1 and "<h2>04-restore</h2>" in page


def test_what_could_not_be_read_is_said_on_the_page(classroom):
    scratch, _, _, said = classroom
    page = (scratch / "reports/students/dora.html").read_text(encoding="utf-8")
    assert page.count("The file is not a notebook: it is not JSON (line 1).") == 1
    assert "The part of the submission that could be read contains no answer." in page
    assert "<h2>No readable answer</h2>" in page and "No answer" not in page
    assert "still to be written" not in page
    assert "of them before" not in said, "though some of them are the same, which are judged once"


def test_started_again_it_only_reads_what_is_there(classroom):
    scratch, _, rows, _ = classroom
    before = {path: path.stat().st_mtime_ns for path in (scratch / "reports" / ".grades").iterdir()}
    status, again, said = run(scratch, scratch / "submitted")
    assert (status, again) == (1, rows) and f"({len(rows)} of them before)" in said
    assert {path: path.stat().st_mtime_ns for path in (scratch / "reports" / ".grades").iterdir()} == before


def test_in_a_browser_what_takes_a_shell_is_extra(classroom):
    scratch, _, rows, _ = classroom
    out, reports = scratch / "browser", scratch / "reports"
    status, again, said = run(out, scratch / "submitted", reports=reports, formats=["json"], in_browser=True)
    shell = sum(one.maximum for one in EXERCISES.values() if takes_shell(one) and not one.optional)
    assert status == 1 and shell > MAXIMUM["08-wrapper"] and f"({len(rows)} of them before)" in said
    for student, row in again.items():
        assert row["points"] == rows[student]["points"] and row["wrapper"] == ""
        assert float(row["maximum"]) == float(rows[student]["maximum"]) - shell
    assert json.loads((out / "grades.json").read_text())["maximum"] == 100 - shell


def test_extra_points_never_make_a_result_look_worse(classroom):
    grade = store.read_grade(min((classroom[0] / "reports" / ".grades").glob("*.json")))
    rest = grade.maximum - EXERCISES["wrapper"].maximum
    tried = {
        points: replace(
            grade,
            exercises=tuple(
                replace(one, status=status, points=points) if one.exercise == "wrapper" else one
                for one in grade.exercises
            ),
        ).with_extra({"wrapper"})
        for points, status in ((0.0, PARTLY), (4.0, PARTLY), (9.0, PASSED))
    }
    assert grade.with_extra({"wrapper"}).maximum == tried[0.0].maximum == rest
    assert [one.maximum - rest for one in tried.values()] == [0, 4, 9]
    assert [one.points - grade.points for one in tried.values()] == [0, 4, 9]


def test_a_regrade_says_what_has_changed(classroom, capsys):
    scratch, _, rows, _ = classroom
    lay_out(scratch / "submitted", {f"ben/{SAVE}": RIGHT})
    _, again, _ = run(scratch, scratch / "submitted")
    assert again["ben"]["points"] == BEST
    assert capsys.readouterr().out == f"ben: 2 → {BEST} points (save 0 → 10; another submission)\n"
    lay_out(scratch / "submitted", {f"ben/{SAVE}": MISTAKEN})
    run(scratch, scratch / "submitted")
    capsys.readouterr()
    for comments, why in (("", "the rubric has changed"), ("a comment", "changed by hand")):
        table = {"ben": {**rows["ben"], "points": "3", "save": "3", "comments": comments}}
        assert list(grades_table.changes(table, {"ben": rows["ben"]})) == [f"ben: 3 → 2 points (save 3 → 0; {why})"]


@pytest.mark.parametrize("submission", [MISTAKEN, PLACED])
def test_the_same_submission_gets_the_same_bytes(tmp_path, submission):
    settings = store.Settings(tmp_path, confinement())
    [one] = find(lay_out(tmp_path / "in", {"ben.ipynb": submission}))
    key = store.grade_one(one, settings).key
    first = (tmp_path / key).read_bytes()
    (tmp_path / key).unlink()
    assert store.grade_one(one, settings).key == key and (tmp_path / key).read_bytes() == first
    assert judge.Grade.from_json(first).to_json() == first


def test_a_grade_file_that_is_cut_is_made_anew(tmp_path):
    settings = store.Settings(tmp_path, confinement())
    [one] = find(lay_out(tmp_path / "in", {"ben.ipynb": UNTOUCHED}))
    outcome = store.grade_one(one, settings)
    path = tmp_path / outcome.key
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert not store.grade_one(one, settings).again and path.read_bytes() == whole
    assert store.grade_one(one, settings).again


def test_another_seed_is_another_rubric():
    assert judge.rubric("a") != judge.rubric("b") and judge.rubric("a") == judge.rubric("a")


# -- what can go wrong -------------------------------------------------------------------


def test_a_process_that_dies_costs_only_its_own_submission(tmp_path, monkeypatch):
    real = workers.grade_one

    def dies(handed, settings):
        if handed.student == "eve":
            os.kill(os.getpid(), signal.SIGKILL)
        if handed.student == "mal":
            raise RuntimeError("unheard of")
        return real(handed, settings)

    monkeypatch.setattr(workers, "grade_one", dies)
    lay_out(tmp_path / "submitted", {f"{name}/{SAVE}": UNTOUCHED for name in ("anna", "eve", "mal", "zoe")})
    status, rows, said = run(tmp_path, tmp_path / "submitted")
    assert status == 1 and "look at eve: The process that graded it has died, twice." in said
    assert rows["eve"]["points"] == "" and "unheard of" in rows["mal"]["remarks"]
    assert rows["anna"]["points"] == rows["zoe"]["points"] == "0"


def test_a_submission_is_graded_again_whose_process_has_died(tmp_path, monkeypatch):
    real = workers.grade_one

    def dies_once(handed, settings):
        if not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(handed, settings)

    monkeypatch.setattr(workers, "grade_one", dies_once)
    lay_out(tmp_path / "submitted", {f"{name}/{SAVE}": UNTOUCHED for name in ("anna", "eve", "zoe")})
    status, rows, _ = run(tmp_path, tmp_path / "submitted")
    assert status == 0 and [row["points"] for row in rows.values()] == ["0"] * 3


def test_a_process_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    monkeypatch.setattr(workers, "grade_one", lambda handed, settings: time.sleep(3600))
    settings = store.Settings(tmp_path, None, seconds=0.0)
    began = time.monotonic()
    outcomes = dict(workers.grade_all([HandIn("a", ()), HandIn("b", ())], settings, 2))
    assert time.monotonic() - began < 600
    assert {outcome.problem for outcome in outcomes.values()} == {"Grading it took too long."}


def test_reading_counts_as_grading_does(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "read", lambda handed: sum(0 for _ in itertools.count()))
    began = time.monotonic()
    outcome = store.grade_one(HandIn("a", ()), store.Settings(tmp_path, None, seconds=0.5))
    assert time.monotonic() - began < 600 and outcome.problem == "Reading the submission took too long."


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_and_started_again_it_goes_on(tmp_path, how):
    lay_out(
        tmp_path / "submitted",
        {
            f"s{n}/{SAVE}": json.dumps(
                with_answer(
                    solved(SAVE),
                    "save",
                    {"checkpoint.py": ANSWERS["save"][0]["with open"]["checkpoint.py"] + f"# {n}\n"},
                )
            )
            for n in range(12)
        },
    )
    command = [sys.executable, "-m", "grader", "grade", "submitted", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if (confine := confinement()) is None or confine.bubblewrap:  # where programs may look into what is above it
        environment["TMPDIR"] = str(scratch)
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    store = tmp_path / "reports" / ".grades"
    while len(list(store.glob("*.json")) if store.exists() else []) < 3 and process.poll() is None:
        time.sleep(0.02)
    assert process.returncode is None, process.communicate()
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()
    _, said = process.communicate(timeout=600)
    assert "Traceback" not in said and list(scratch.iterdir()) == []
    if how == signal.SIGINT:
        assert process.returncode == 130 and "The next run continues from there." in said
    assert not (tmp_path / "grades.csv").exists()
    status, rows, said = run(tmp_path, tmp_path / "submitted")
    assert status == 0 and len(rows) == 12 and {row["points"] for row in rows.values()} == {BEST}
    assert ("of them before)" in said and not list(store.glob(".writing-*"))) or how == signal.SIGKILL


def test_what_a_killed_grading_left_is_removed_by_the_next(tmp_path, monkeypatch):
    lay_out(tmp_path / "submitted", {f"anna/{SAVE}": RIGHT})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", "submitted", "--jobs", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(scratch.glob("grading-*/worker-*/execute-*")) and process.poll() is None:
        time.sleep(0.02)
    assert process.returncode is None
    os.killpg(process.pid, signal.SIGKILL)  # and with it the workers
    process.wait()
    assert list(scratch.glob("grading-*/worker-*"))
    monkeypatch.setattr(workers, "grade_one", lambda handed, settings: store.StoreEntry(problem="enough"))
    until = time.monotonic() + 600
    while list(scratch.iterdir()) and time.monotonic() < until:  # a worker that is killed may take a moment to be gone
        assert [*workers.grade_all([HandIn("a", ())], store.Settings(tmp_path, None), 1)]
    assert list(scratch.iterdir()) == []


def test_progress_tells_how_much_is_left():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    progress = batch.Progress(4, say := Terminal())
    progress.began -= 10
    progress.step(store.StoreEntry("x"))
    assert "1 of 4 graded, about 30 s left" in say.getvalue()
    progress.done = 3
    progress.step(store.StoreEntry("x"))
    assert say.getvalue().endswith("4 of 4 graded")


# -- the command ----------------------------------------------------------------------------


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "grader", "grade", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=600,
    )


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["nowhere"], "nowhere can't be graded: No such file or directory."),
        (["emty"], "No such file or directory. Did you mean empty?"),
        (["empty"], "there is no readable notebook"),
        (["empty", "--jobs", "0"], "'0' is not a positive whole number"),
        ([], "SUBMITTED"),
    ],
)
def test_what_can_not_be_graded_is_one_sentence_and_status_2(tmp_path, arguments, says):
    (tmp_path / "empty").mkdir()
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_folder_is_graded_and_the_files_are_named(tmp_path):
    lay_out(tmp_path / "in", {"anna.ipynb": UNTOUCHED})
    done = command("in", "--out", "marks.csv", "--reports", "pages", cwd=tmp_path)
    assert done.returncode == 0 and "1 submission graded: marks.csv, pages/class.html" in done.stderr, done.stderr
    assert (tmp_path / "pages/students/anna.html").exists() and table(tmp_path / "marks.csv")["anna"][
        "maximum"
    ] == number(sum(MAXIMUM.values()))


def test_a_single_notebook_is_graded_whatever_it_is_called(tmp_path):
    for name in ("03-save.ipynb", "bad.zip"):
        status, rows, _ = run(tmp_path, lay_out(tmp_path / "anna", {name: RIGHT}) / name)
        assert status == 0 and [row["points"] for row in rows.values()] == [BEST]


@pytest.mark.parametrize(
    "files, says",
    [
        ({"a/x.md": "x", "b.md": "x"}, "there is no readable notebook in TMP/docs. There is no notebook in a"),
        ({"a.7z": b"7z\xbc\xaf\x27\x1c"}, "in TMP/docs. a.7z is an archive of an unsupported kind: unpack it"),
        ({"lab.py": "", "exercises/x.md": ""}, "TMP/docs can't be graded: It is a copy of the course. Name the folder"),
    ],
)
def test_a_wrong_folder_leaves_the_grades_as_they_were(tmp_path, files, says):
    lay_out(tmp_path, {"grades.csv": "student\nanna\n"})
    status, _, said = run(tmp_path, lay_out(tmp_path / "docs", files))
    assert status == 2 and says.replace("TMP", str(tmp_path)) in said
    assert (tmp_path / "grades.csv").read_text() == "student\nanna\n" and not (tmp_path / "reports").exists()


def test_a_single_archive_of_an_unsupported_kind_is_named_as_such(tmp_path):
    status, _, said = run(tmp_path, lay_out(tmp_path, {"anna.7z": b"7z\xbc\xaf\x27\x1c"}) / "anna.7z")
    assert status == 2 and "anna.7z is an archive of an unsupported kind: unpack it, or pack it as a zip file." in said


@pytest.mark.parametrize("name", ["afile", "bad.zip", "all.tar.gz", "none.zip"])
def test_what_is_no_class_leaves_the_grades_as_they_were(tmp_path, name):
    content = zipped({"a.txt": "x"}) if name == "none.zip" else "neither a class nor a notebook"
    lay_out(tmp_path, {name: content, "grades.csv": "student\nanna\n"})
    status, _, said = run(tmp_path, tmp_path / name)
    assert status == 2 and f"{name} can't be graded: " in said and len(said.strip().splitlines()) == 1
    assert (tmp_path / "grades.csv").read_text() == "student\nanna\n" and not (tmp_path / "reports").exists()


def test_what_is_no_submission_is_named(tmp_path):
    folder = lay_out(
        tmp_path / "in", {f"anna/{SAVE}": UNTOUCHED, "carl.tar.gz": "x", "reports/x": "", "grades.csv": ""}
    )
    (folder / "dan").symlink_to(tmp_path, target_is_directory=True)
    said = io.StringIO()
    assert grade(folder, folder / "grades.csv", jobs=1, say=said) == 1
    assert list(table(folder / "grades.csv")) == ["anna", "carl"]
    assert "look at carl: carl.tar.gz is broken" in said.getvalue()
    assert "look at dan: dan is a link" in said.getvalue() and "grades.csv:" not in said.getvalue()


def test_a_folder_that_can_not_be_read_is_named_and_stops_nobody(tmp_path, monkeypatch):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("/nob"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT, f"nob/{SAVE}": RIGHT})
    status, rows, said = run(tmp_path, tmp_path / "in")
    assert status == 1 and "look at nob: The folder nob can't be read (Permission denied)." in said
    assert (rows["anna"]["points"], rows["nob"]["points"]) == (BEST, "0")


@pytest.mark.parametrize(
    "options, says",
    [
        ({"out": "in"}, "in is a directory: name a file"),
        ({"out": "file/grades.csv"}, "file is a file"),
        (
            {"out": "grades.csv", "reports": "file"},
            "file is a file, so no directory can be created there: name another place with --reports",
        ),
        ({"out": "grades.csv", "reports": "file/pages"}, "file is a file"),
        ({"out": "/proc/x/grades.csv"}, "/proc/x ("),
        ({"out": "file"}, "file was not written by this command, and would be lost"),
    ],
)
def test_where_nothing_can_be_written_nothing_is_graded(tmp_path, monkeypatch, options, says):
    monkeypatch.setattr(workers, "grade_all", lambda *_: pytest.fail("it is graded"))
    monkeypatch.chdir(lay_out(tmp_path, {f"in/anna/{SAVE}": RIGHT, "file": "mine"}))
    said = io.StringIO()
    assert grade(Path("in"), **{name: Path(path) for name, path in options.items()}, say=said) == 2
    assert says in said.getvalue() and len(said.getvalue().strip().splitlines()) == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EFBIG, errno.ENOMEM, errno.EMFILE])
@pytest.mark.parametrize(
    ("where", "remedy"),
    [
        ("grader.grading.store.write_whole", "name another place with --reports"),
        ("grader.grading.workers.tempfile.mkdtemp", "have TMPDIR name another directory"),
        ("grader.course.exercise.Exercise.judge", "have TMPDIR name another directory"),
    ],
)
def test_what_the_machine_lacks_stops_it_and_costs_nobody_points(tmp_path, monkeypatch, where, remedy, error):
    def fails(*arguments, prefix="worker-", **options):
        if prefix == "worker-":
            raise OSError(error, os.strerror(error))
        return mkdtemp(*arguments, prefix=prefix, **options)

    mkdtemp = tempfile.mkdtemp
    monkeypatch.setattr(where, fails)
    lay_out(tmp_path / "in", {"anna.ipynb": UNTOUCHED})
    status, _, said = run(tmp_path, tmp_path / "in")
    assert status == 2 and os.strerror(error) in said and said.rstrip().endswith(f"Make room there, or {remedy}.")
    assert not (tmp_path / "grades.csv").exists()


def test_the_page_of_who_is_in_the_class_no_more_goes(tmp_path):
    lay_out(tmp_path / "in", {f"{name}/{SAVE}": UNTOUCHED for name in ("anna", "ben")})
    run(tmp_path, tmp_path / "in")
    (tmp_path / "in/ben" / SAVE).unlink()
    (tmp_path / "in/ben").rmdir()
    run(tmp_path, tmp_path / "in")
    assert [path.name for path in (tmp_path / "reports/students").iterdir()] == ["anna.html"]


def test_where_no_program_can_run_at_all_it_says_why(tmp_path, monkeypatch):
    (tmp_path / "a:b").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "a:b"))
    lay_out(tmp_path / "in", {"anna.ipynb": RIGHT})
    status, _, said = run(tmp_path, tmp_path / "in")
    assert status == 2 and "Have TMPDIR name another directory." in said and "Traceback" not in said


@needs_sandbox
@pytest.mark.parametrize("inside", ["in", "out"])
def test_what_programs_could_read_is_not_graded(tmp_path, monkeypatch, inside):
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(isolation, "SYSTEM", (*isolation.SYSTEM, str(tmp_path / inside)))
    lay_out(tmp_path / "in/submitted", {"anna.ipynb": UNTOUCHED})
    said = io.StringIO()
    assert grade(tmp_path / "in/submitted", tmp_path / "out/grades.csv", say=said) == 2
    assert f"as they can read all of {tmp_path / inside}. Move it elsewhere." in said.getvalue()
    assert list((tmp_path / "out").iterdir()) == []


@needs_sandbox
def test_nor_is_anything_where_they_could_read_the_solutions(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation, "SYSTEM", (*isolation.SYSTEM, str(ROOT)))
    with pytest.raises(MachineTrouble, match="could read .*solutions"):
        trial.try_out.__wrapped__(confinement())


def test_without_a_sandbox_it_refuses_where_one_is_required(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "confinement", lambda: None)
    lay_out(tmp_path / "in", {"anna.ipynb": UNTOUCHED})
    status, _, said = run(tmp_path, tmp_path / "in", require_sandbox=True)
    assert (
        status == 2
        and "asks for a sandbox, but this machine has none" in said
        and not (tmp_path / "grades.csv").exists()
    )
    status, _, said = run(tmp_path, tmp_path / "in")
    if os.geteuid() == 0:
        assert status == 2 and "Students' programs would be run as root." in said
    else:
        assert status == 0 and "docs/security.md" in said
