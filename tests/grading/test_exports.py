"""A class of forty goes in as each system hands it out, and its grades come out as that system reads them. The readers
here are written from what the systems' own importers do."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from fnmatch import fnmatch

import pytest
from classroom import ROOT, solved
from test_batch import BEST, MISTAKEN, RIGHT, UNTOUCHED, lay_out, run, zipped
from test_grades_table import FORMULA

from grader.course.catalogue import EXERCISES
from grader.grading import adjustments
from grader.grading.archives import Refused
from grader.grading.assignment import Assignment

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
HOSTILE = ["=1+1", "Anna; DROP", "<b>Ben", "José “Pepe” Ruiz", "Li (李) Wei", "@SUM(1)", "Ben", "Ben"]
NAMES = [*HOSTILE, *(f"Student {chr(65 + at)}" for at in range(32 - len(HOSTILE) + 8))]
WORK = [RIGHT, MISTAKEN, UNTOUCHED, json.dumps(solved(RESTORE))]
LATE = {3, 14}
FORTY = list(enumerate(NAMES))
assert len(FORTY) == 40


def moodle() -> tuple[str, dict[str, str | bytes]]:
    return "", {
        f"{re.sub('[<>]', '', name)}_{100 + at}_assignsubmission_file_/{SAVE}": WORK[at % 4] for at, name in FORTY
    }


def canvas() -> tuple[str, dict[str, str | bytes]]:
    def called(at: int, name: str) -> str:
        ending = "all.zip" if at % 10 == 9 else SAVE
        letters = "s" + re.sub(r"[^\w]", "", name.lower())
        return f"{letters}_{'LATE_' * (at in LATE)}{100 + at}_{5000 + at}_{ending}"

    return "", {called(at, name): zipped({SAVE: WORK[at % 4]}) if at % 10 == 9 else WORK[at % 4] for at, name in FORTY}


def gradescope() -> tuple[str, dict[str, str | bytes]]:
    people = "".join(
        f"submission_{9000 + at}:\n  :submitters:\n  - :name: {json.dumps(name, ensure_ascii=False)}\n"
        f"    :sid: '{100 + at}'\n    :email: s{at}@example.org\n"
        for at, name in FORTY
    )
    files = {f"submission_{9000 + at}/{SAVE}": WORK[at % 4] for at, _ in FORTY}
    return "assignment_7_export", {"submission_metadata.yml": people, **files}


def github() -> tuple[str, dict[str, str | bytes]]:
    return "sweep-submissions", {f"sweep-user{at}/{SAVE}": WORK[at % 4] for at, _ in FORTY}


CLASSES = {"moodle": moodle, "canvas": canvas, "gradescope": gradescope, "github": github}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Grade files of the four pieces of work, so that forty students take no longer."""
    where = tmp_path_factory.mktemp("store")
    lay_out(where / "in", {f"s{at}/{SAVE}": work for at, work in enumerate(WORK)})
    _, rows, _ = run(where, where / "in")
    return where / "reports/.grades", [rows[f"s{at}"]["points"] for at in range(4)]


@pytest.fixture(scope="module", params=CLASSES)
def graded(request, store, tmp_path_factory):
    """(system, where it is, points of each of the forty, what was said)"""
    tmp_path = tmp_path_factory.mktemp(request.param)
    grades, points = store
    root, files = CLASSES[request.param]()
    lay_out(tmp_path / "in" / root, files)
    shutil.copytree(grades, tmp_path / "reports/.grades")
    status, rows, said = run(tmp_path, tmp_path / "in", formats=[request.param, "csv", "json"], assignment="Sweep (77)")
    assert status == 0 and len(rows) == 40 and "will not recognise" not in said
    return request.param, tmp_path, [points[at % 4] for at in range(40)], said


# -- readers, each as the system's own importer ----------------------------------------


def lines_of(data: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def read_moodle(where) -> dict[int, float]:
    """As assignfeedback_offline's importer: three columns are asked for, the number is behind "Participant "."""
    data = (where / "grades-moodle.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "so that Excel shows names as they are"
    header, *lines = lines_of(data)
    at = {name: header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)", "Maximum Grade")}
    found = {}
    for line in lines:
        points, most = float(line[at["Grade"]]), float(line[at["Maximum Grade"]])
        assert 0 <= points <= most, "it would be left out"
        found[int(line[at["Identifier"]][len("Participant ") :]) - 100] = points
    with zipfile.ZipFile(where / "grades-moodle-feedback.zip") as archive:
        users = set()
        for name in archive.namelist():
            folder, _, rest = name.partition("/")
            _, user, kind, plugin, _ = folder.split("_", 4)
            assert (kind, plugin) == ("assignsubmission", "file") and not rest.startswith((".", "~"))
            assert archive.read(name).startswith(b"<!DOCTYPE html>")
            users.add(int(user) - 100)
    assert users == set(found)
    return found


def read_canvas(where) -> dict[int, float]:
    """As GradebookImporter: a header, a line of points possible, and students by their ID."""
    header, possible, *lines = lines_of((where / "grades-canvas.csv").read_bytes())
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    assert re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3])
    assert "Section" in header[4] and header[5:] == ["Sweep (77)"], "all that follows is an assignment"
    assert "Points Possible" in possible[0] and float(possible[5]) == Assignment.of().maximum
    found = {int(line[1]) - 100: float(line[5]) for line in lines}
    header, possible, *lines = lines_of((where / "grades-canvas-exercises.csv").read_bytes())
    assert len(header) == 5 + len(EXERCISES) and len({len(line) for line in lines}) == 1
    for line in lines:
        assert sum(float(points or 0) for points in line[5:]) == pytest.approx(found[int(line[1]) - 100])
    with zipfile.ZipFile(where / "grades-canvas-feedback.zip") as archive:
        users = set()
        for name in archive.namelist():
            user, attachment = [part for part in name.split("_") if re.fullmatch(r"\d+", part)][:2]
            assert int(attachment) - 5000 == int(user) - 100, "the very file that was handed in"
            data = archive.read(name)
            if name.endswith(".zip"):
                assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["feedback.html"]
            else:
                cells = json.loads(data)["cells"]
                assert {cell["cell_type"] for cell in cells} == {"raw"} and " of " in cells[0]["source"]
            users.add(int(user) - 100)
    assert users == set(found)
    return found


def read_gradescope(where) -> dict[int, float]:
    header, *lines = lines_of((where / "grades-gradescope.csv").read_bytes())
    assert header[:13] == (
        "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,Submission Time,"
        "Lateness (H:M:S),View Count,Submission Count"
    ).split(",")
    assert all(re.fullmatch(r"\d+\.\d+: .+ \(\d+\.\d pts\)", column) for column in header[13:])
    found = {}
    with zipfile.ZipFile(where / "grades-gradescope-results.zip") as archive:
        for line in lines:
            at = int(line[2]) - 100
            assert line[3] == f"s{at}@example.org" and line[8] == str(9000 + at)
            found[at] = float(line[5])
            assert sum(float(points or 0) for points in line[13:]) == pytest.approx(found[at])
            told = json.loads(archive.read(f"submission_{9000 + at}/results.json"))
            assert told["score"] == pytest.approx(found[at]) == sum(test["score"] for test in told["tests"])
            assert {test["output_format"] for test in told["tests"]} == {"text"}
    return found


def read_github(where) -> dict[int, float]:
    found = {}
    for row in csv.DictReader(io.StringIO((where / "grades-github.csv").read_text(encoding="utf-8"))):
        assert [*row] == (
            "assignment_name assignment_url starter_code_url github_username roster_identifier student_repository_name "
            "student_repository_url submission_timestamp points_awarded points_available"
        ).split()
        assert (
            row["assignment_name"] == "Sweep (77)"
            and row["student_repository_name"] == f"sweep-{row['github_username']}"
        )
        found[int(row["github_username"][4:])] = float(row["points_awarded"])
    return found


READERS = {"moodle": read_moodle, "canvas": read_canvas, "gradescope": read_gradescope, "github": read_github}


def test_a_class_of_forty_goes_in_and_out(graded):
    system, where, points, _ = graded
    assert READERS[system](where) == {at: float(one) for at, one in enumerate(points)}
    told = json.loads((where / "grades.json").read_bytes())
    assert sorted(one["points"] for one in told["students"]) == sorted(map(float, points))
    assert {one["system"] for one in told["students"]} == {system}
    assert sum(one["late"] for one in told["students"]) == (len(LATE) if system == "canvas" else 0)
    data = (where / "grades-questions.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    per_student: dict[str, float] = {}
    for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))):
        per_student[row["student"]] = per_student.get(row["student"], 0.0) + float(row["points"])
    assert sorted(per_student.values()) == pytest.approx(sorted(map(float, points)))
    assert len(per_student) == 40, "two of one name are two"


def test_nothing_in_any_of_its_tables_is_a_formula(graded):
    _, where, _, _ = graded
    for path in where.glob("grades*.csv"):
        for line in lines_of(path.read_bytes())[1:]:
            assert not [cell for cell in line if cell.strip().startswith(FORMULA)], path.name


def test_the_same_grades_are_the_same_bytes(graded):
    system, where, _, _ = graded
    before = {path.name: path.read_bytes() for path in where.glob("grades*")}
    run(where, where / "in", formats=[system, "csv", "json"], assignment="Sweep (77)")
    assert {path.name: path.read_bytes() for path in where.glob("grades*")} == before


# -- the roster, and who is not known --------------------------------------------------


def test_only_the_points_of_the_notebooks_that_are_asked_for_count(store, tmp_path):
    grades, points = store
    lay_out(tmp_path / "in", {f"s{at}/{SAVE}": work for at, work in enumerate(WORK)})
    shutil.copytree(grades, tmp_path / "reports/.grades")
    _, rows, _ = run(tmp_path, tmp_path / "in", notebooks=["03-save"], formats=["canvas", "json"])
    assert [rows[f"s{at}"]["points"] for at in range(4)] == [*points[:3], "0"]
    assert {row["maximum"] for row in rows.values()} == {"12"} and "restore" not in rows["s3"]
    assert json.loads((tmp_path / "grades.json").read_bytes())["maximum"] == 12
    assert lines_of((tmp_path / "grades-canvas.csv").read_bytes())[1][-1] == "12"
    assert "of 12 points, from 0 to 12" in (tmp_path / "reports/class.html").read_text(encoding="utf-8")
    assert (tmp_path / "reports/students/s3.html").read_text(encoding="utf-8").count("restore_checkpoint") == 0


def test_students_have_the_names_of_the_roster_and_keep_their_own(tmp_path):
    lay_out(tmp_path / "in", {f"ab17/{SAVE}": RIGHT, f"br18/{SAVE}": RIGHT, f"stranger/{SAVE}": UNTOUCHED})
    (tmp_path / "w.csv").write_text("First name,Last name,ID\nAnna,Berg,ab17\nBen,Roth,br18\nZoe,Day,zd19\n")
    (tmp_path / "adjustments.csv").write_text("student,exercise,points,comment\nBen Roth,save,9,Late.\n")
    formats = ["moodle", "canvas", "gradescope", "csv", "json"]
    _, rows, _ = run(tmp_path, tmp_path / "in", formats=formats, roster=tmp_path / "w.csv")
    assert {who: (row["name"], row["id"], row["save"]) for who, row in rows.items()} == {
        "ab17": ("Anna Berg", "ab17", "10"),
        "br18": ("Ben Roth", "br18", "9"),
        "stranger": ("", "", "0"),
        "Zoe Day": ("Zoe Day", "zd19", ""),
    }
    header, *lines = lines_of((tmp_path / "grades.csv").read_bytes())
    assert header[:4] == ["student", "name", "id", "late"]
    for file, column in [("moodle", "Full name"), ("canvas", "Student")]:
        header, *lines = lines_of((tmp_path / f"grades-{file}.csv").read_bytes())
        assert {"Anna Berg", "Ben Roth", "stranger"} <= {line[header.index(column)] for line in lines}
    header, *lines = lines_of((tmp_path / "grades-gradescope.csv").read_bytes())
    assert ["Anna", "Berg"] in [line[:2] for line in lines]
    header, *lines = lines_of((tmp_path / "grades-spreadsheet.csv").read_bytes())
    assert header[:2] == ["student", "name"] and ["ab17", "Anna Berg"] in [line[:2] for line in lines]
    students = json.loads((tmp_path / "grades.json").read_text())["students"]
    assert ("ab17", "Anna Berg") in [(one["student"], one["name"]) for one in students]
    assert "<h1>Anna Berg</h1>" in (tmp_path / "reports/students/ab17.html").read_text(encoding="utf-8")


def test_a_notebook_that_there_is_not_is_named(tmp_path):
    status, _, told = run(tmp_path, tmp_path, notebooks=["3-save"])
    assert status == 2 and "there is no notebook 3-save; there are 01-evicted, " in told


def test_moodle_s_own_worksheet_as_the_roster_gives_its_numbers_back(tmp_path):
    lay_out(tmp_path / "in", {f"Anna Berg/{SAVE}": RIGHT})
    (tmp_path / "w.csv").write_text(
        "Identifier,Full name,Email address,Grade\nTeilnehmer/in 17,Anna Berg,a@x,\nTeilnehmer/in 18,Ben,b@x,\n"
    )
    run(tmp_path, tmp_path / "in", formats=["moodle"], roster=tmp_path / "w.csv")
    header, *lines = lines_of((tmp_path / "grades-moodle.csv").read_bytes())
    rows = [dict(zip(header, line)) for line in lines]
    assert [(row["Identifier"], row["Grade"]) for row in rows] == [("Teilnehmer/in 17", BEST), ("Teilnehmer/in 18", "")]
    names = zipfile.ZipFile(tmp_path / "grades-moodle-feedback.zip").namelist()
    assert names == ["Anna Berg_17_assignsubmission_file_/feedback.html"]


@pytest.mark.parametrize(
    "column, late, in_time",
    [
        ("Late", ["yes", "late", "x", "2 days"], ["", "no", "0", "n/a"]),
        ("Lateness (H:M:S)", ["00:00:07", "48:00:00"], ["", "00:00:00"]),
        (
            "Status",
            ["Submitted for grading - 2 hours late", "Submitted for grading - Graded - 1 day late - "],
            ["Submitted for grading - ", "No submission - Assignment is overdue by: 3 days", "not late", "Graded"],
        ),
    ],
)
def test_who_is_late_according_to_the_roster_is_late_in_the_table(tmp_path, column, late, in_time):
    said = [*late, *in_time]
    lay_out(tmp_path / "in", {f"s{at}/{SAVE}": UNTOUCHED for at in range(len(said))})
    (tmp_path / "w.csv").write_text("".join([f"Name,{column}\n", *(f"s{at},{text}\n" for at, text in enumerate(said))]))
    status, rows, _ = run(tmp_path, tmp_path / "in", roster=tmp_path / "w.csv")
    assert status == 0
    assert [rows[f"s{at}"]["late"] for at in range(len(said))] == ["late"] * len(late) + [""] * len(in_time)


def test_a_word_about_lateness_that_is_not_known_is_named(tmp_path):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": UNTOUCHED})
    (tmp_path / "w.csv").write_text("Name,Late\nanna,ja\n")
    status, rows, said = run(tmp_path, tmp_path / "in", roster=tmp_path / "w.csv")
    assert status == 1 and rows["anna"]["late"] == ""
    assert "look at anna: the roster has 'ja' in its column Late, which is neither yes nor no." in said


def test_whom_a_system_will_not_know_is_said(tmp_path):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT})
    _, _, said = run(tmp_path, tmp_path / "in", formats=["moodle", "canvas", "github", "json"])
    assert said.count("will not recognise anna") == 3 and "--roster" in said


@pytest.mark.parametrize(
    "form, header, values, said",
    [
        (
            "canvas",
            "ID",
            ["ab17", "18", "19b"],
            "line 2, and 1 line more like it: ab17 in the column id is not a number",
        ),
        ("moodle", "Identifier", ["Participant 17", "ben", "19"], "line 3: ben in the column identifier is not like"),
    ],
)
def test_an_id_that_is_none_of_the_systems_is_named_and_not_exported(tmp_path, form, header, values, said):
    lay_out(tmp_path / "in", {f"s{at}/{SAVE}": UNTOUCHED for at in range(3)})
    (tmp_path / "w.csv").write_text("".join([f"Name,{header}\n", *(f"s{at},{id}\n" for at, id in enumerate(values))]))
    _, _, told = run(tmp_path, tmp_path / "in", formats=[form], roster=tmp_path / "w.csv")
    assert f"w.csv, {said}" in told and "with --roster." in told and "will not recognise" not in told
    header, *lines = lines_of((tmp_path / f"grades-{form}.csv").read_bytes())
    given = [line[header.index("ID" if form == "canvas" else "Identifier")] for line in lines[-3:]]
    assert given == [id if id.split()[-1].isdecimal() else "" for id in values]


def test_feedback_that_a_system_could_give_to_nobody_is_not_written(tmp_path):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT})
    (tmp_path / "w.csv").write_text("Identifier,Full name\nParticipant 17,Anna\n")
    (tmp_path / "grades-canvas-feedback.zip").write_bytes(b"of the day before")
    _, _, said = run(tmp_path, tmp_path / "in", formats=["moodle", "canvas", "gradescope"], roster=tmp_path / "w.csv")
    assert [path.name for path in tmp_path.glob("*.zip")] == ["grades-moodle-feedback.zip"]
    assert "no grades-canvas-feedback.zip: nothing was downloaded from Canvas" in said
    assert "no grades-gradescope-results.zip: no graded submission was exported from Gradescope" in said
    assert "will not recognise anna" in said and "moodle will" not in said


def test_no_file_with_grades_is_committed_by_chance(tmp_path):
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    lay_out(tmp_path / "in", {f"Anna_17_assignsubmission_file_/{SAVE}": UNTOUCHED})
    run(tmp_path, tmp_path / "in", formats=["moodle", "canvas", "gradescope", "github", "csv", "json"])
    written = [path.name for path in tmp_path.iterdir() if path.is_file()]
    assert (
        len(written) > 8 and [name for name in written if not any(fnmatch(f"/{name}", line) for line in ignored)] == []
    )


def test_nbgrader_exports_to_another_file():
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "nbgrader_config.py").read_text(encoding="utf-8")
    assert re.search(r'c\.ExportPlugin\.to = "(.*?)"', text)[1] != "grades.csv"


# -- by hand ---------------------------------------------------------------------------


def by_hand(tmp_path, text: str, **options):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": MISTAKEN, f"ben/{SAVE}": RIGHT})
    (tmp_path / "adjustments.csv").write_text(text, encoding="utf-8")
    return run(tmp_path, tmp_path / "in", **options)


def test_points_and_comments_by_hand_are_kept_by_regrades(tmp_path, capsys):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": MISTAKEN, f"ben/{SAVE}": RIGHT})
    _, before, _ = run(tmp_path, tmp_path / "in")
    capsys.readouterr()
    text = '\ufeffStudent;Exercise;Points;Comment\nanna;save;9,5;"You told me <why>"\nben;;;Well done\n\n'
    status, rows, _ = by_hand(tmp_path, text, formats=["csv"])
    assert status == 0 and rows["anna"]["save"] == "9.5" and rows["ben"]["points"] == before["ben"]["points"]
    gained = 9.5 - float(before["anna"]["save"])
    assert float(rows["anna"]["points"]) == float(before["anna"]["points"]) + gained
    assert rows["anna"]["comments"] == "save: 9.5 points, set by hand. You told me <why>"
    assert "changed by hand" in capsys.readouterr().out
    page = (tmp_path / "reports/students/anna.html").read_text(encoding="utf-8")
    assert "set by hand. You told me &lt;why&gt;" in page and f"<b>{rows['anna']['points']}</b>" in page
    assert "Well done" in (tmp_path / "reports/students/ben.html").read_text(encoding="utf-8")
    shutil.rmtree(tmp_path / "reports")
    assert run(tmp_path, tmp_path / "in")[1] == rows, "graded anew"
    (tmp_path / "adjustments.csv").unlink()
    assert run(tmp_path, tmp_path / "in")[1] == before


@pytest.mark.parametrize(
    "line, says",
    [
        ("anna,save,100,x", "line 2: 100 is not a number from 0 to 10"),
        ("anna,save,-1,x", "line 2: -1 is not a number"),
        ("anna,save,nan,x", "line 2: nan is not a number"),
        ("anna,saev,1,x", "line 2: there is no exercise saev. Did you mean save?"),
        ("anna,01-xyz-99,1,x", "line 2: there is no exercise 01-xyz-99. There are badput_minutes, "),
        ("anna,,1,x", "line 2: points belong to an exercise"),
        (",save,1,x", "line 2: it names no student"),
    ],
)
def test_a_line_that_means_nothing_stops_it_before_anything_is_graded(tmp_path, line, says):
    status, _, said = by_hand(tmp_path, f"student,exercise,points,comment\n{line}\n")
    assert status == 2 and says in said and not (tmp_path / "grades.csv").exists()
    assert said.endswith((".\n", "?\n")) and not said.endswith(("..\n", "?.\n"))


def test_a_file_without_its_columns_is_refused(tmp_path):
    status, _, said = by_hand(tmp_path, "name,points\n")
    assert status == 2 and "has to be: student,exercise,points,comment." in said


def test_a_line_about_nobody_is_to_be_looked_at(tmp_path):
    status, _, said = by_hand(tmp_path, "student,exercise,points,comment\nzoe,save,1,x\n")
    assert status == 1 and "look at adjustments.csv, line 2: no student called zoe has handed in anything." in said


@pytest.mark.parametrize("name, meant", [("Anna", "Did you mean anna?"), ("bem", "Did you mean ben?"), ("zoe", "")])
def test_a_name_that_is_nearly_a_students_is_asked_about(tmp_path, name, meant):
    _, _, said = by_hand(tmp_path, f"student,exercise,points,comment\n{name},save,1,x\n")
    assert f"no student called {name} has handed in anything. {meant}".strip() in said


def test_a_part_of_a_name_is_enough_to_ask_whether_it_was_meant(tmp_path):
    lay_out(tmp_path / "in", {f"Anna Berg/{SAVE}": RIGHT, f"Anna Ode/{SAVE}": RIGHT, f"hana/{SAVE}": RIGHT})
    (tmp_path / "adjustments.csv").write_text("student,exercise,points,comment\nanna,save,1,x\n")
    assert "Did you mean Anna Berg or Anna Ode?" in run(tmp_path, tmp_path / "in")[2]


def test_two_lines_with_points_for_one_exercise_are_refused(tmp_path):
    lines = "anna,save,5,x\nanna,save,,only a comment\nben,save,6,x\nanna,save,6,y\n"
    status, _, said = by_hand(tmp_path, f"student,exercise,points,comment\n{lines}")
    assert status == 2 and "line 5: line 2 sets anna's points of save already. Remove one of them." in said


def test_a_comment_reaches_a_student_who_has_handed_in_nothing(tmp_path):
    (tmp_path / "roster.csv").write_text("name,id\nanna,1\nben,2\nzoe,3\n")
    lines = "student,exercise,points,comment\nzoe,,,Ill until May.\n"
    status, rows, said = by_hand(tmp_path, lines, roster=tmp_path / "roster.csv")
    assert status == 0 and "Nothing was handed in by zoe." in said
    assert (rows["zoe"]["points"], rows["zoe"]["comments"]) == ("", "Ill until May.")


def test_points_by_hand_count_for_who_has_handed_in_nothing(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("name,id\nanna,1\nben,2\nzoe,3\n")
    lines = "student,exercise,points,comment\n3,save,7,Told me.\n"
    by_hand(tmp_path, "student,exercise\n", roster=tmp_path / "roster.csv")
    status, rows, said = by_hand(tmp_path, lines, roster=tmp_path / "roster.csv")
    assert capsys.readouterr().out == "zoe: no → 7 points (save none → 7; changed by hand)\n"
    assert status == 0 and "Nothing was handed in" not in said
    assert (rows["zoe"]["points"], rows["zoe"]["save"]) == ("7", "7") and "2 submissions graded" in said
    page = (tmp_path / "reports/class.html").read_text(encoding="utf-8")
    assert "2 submissions; 1 has handed in nothing, 1 of them with points set by hand." in page
    assert "save: 7 points, set by hand. Told me." in (tmp_path / "reports/students/zoe.html").read_text(
        encoding="utf-8"
    )


def test_a_line_about_one_of_two_people_stops_it_before_anything_is_graded(tmp_path):
    lay_out(tmp_path / "in", {f"Ben_{number}_assignsubmission_file_/{SAVE}": RIGHT for number in (18, 19)})
    by_hand, out = tmp_path / "adjustments.csv", tmp_path / "grades.csv"
    by_hand.write_text("student,exercise,points,comment\n19,save,1,x\nBen,save,1,x\n")
    status, _, said = run(tmp_path, tmp_path / "in")
    assert status == 2 and not out.exists() and not (tmp_path / "reports").exists()
    assert "adjustments.csv, line 3: Ben may be Ben (18) or Ben (19). Write one of these names instead" in said
    by_hand.write_text("student,exercise,points,comment\n19,save,1,x\nBen (18),save,2,x\n")
    _, rows, _ = run(tmp_path, tmp_path / "in")
    assert [rows[name]["save"] for name in ("Ben (18)", "Ben (19)")] == ["2", "1"]


@pytest.mark.parametrize(
    "lines, problem",
    [
        ("anna,save,1,5,late\n", "line 2: it has too many columns"),
        ("anna,save,1,5\n", "line 2: it has too many columns"),
        ("anna,save,1.5,late, but good\n", "line 2: it has too many columns"),
        ('anna,save,5,"late\nben,save,3,good\n', "is not a CSV file: in line 2 a quotation mark has no partner"),
        ('ben,,,x\nanna,save,5,"late" again\n', "is not a CSV file: in line 3 a quotation mark"),
        ('anna,save,5,"late\nben,save,3,good"\n', "is not a CSV file: in line 2 a quotation mark"),
        ('"anna,save,5,late\nben",save,3,good\n', "is not a CSV file: in line 2 a quotation mark"),
    ],
)
def test_a_comma_or_quote_in_the_wrong_place_changes_no_points(tmp_path, lines, problem):
    (path := tmp_path / "adjustments.csv").write_text(f"student,exercise,points,comment\n{lines}")
    with pytest.raises(Refused, match=problem):
        adjustments.read(path, [])


def test_every_bad_line_is_named_at_once(tmp_path):
    lay_out(tmp_path / "in", {f"Ben_{number}_assignsubmission_file_/{SAVE}": RIGHT for number in (18, 19)})
    lines = '18,sav,1,x\n18,save,1,x\nBen,save,1,x\n19,save,many,x\n18,save,2,x\n,save,1,x\n19,,,"x\n'
    (tmp_path / "adjustments.csv").write_text(f"student,exercise,points,comment\n{lines}")
    status, _, said = run(tmp_path, tmp_path / "in")
    named = re.findall(r"^grader grade: adjustments.csv(?:, | is not a CSV file: in )line (\d+)", said, re.MULTILINE)
    assert (status, sorted(named), said.count("\n")) == (2, ["2", "4", "5", "6", "7", "8"], 6), said


def test_empty_columns_behind_an_adjustment_are_no_problem(tmp_path):
    (path := tmp_path / "adjustments.csv").write_text('student,exercise,points,comment\nanna,save,"1,5",5 of 6,,\n')
    _, [adjustment] = adjustments.read(path, [])
    assert (adjustment.points, adjustment.comment) == (1.5, "5 of 6")
