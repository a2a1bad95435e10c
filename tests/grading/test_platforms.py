"""Downloads from Moodle, Canvas, Gradescope and GitHub Classroom: numbers tell whose a file is, also for namesakes."""

from __future__ import annotations

import csv
import json
import os
import unicodedata

import pytest
from classroom import solved
from test_batch import BEST, lay_out, run, zipped

from grader.grading import roster
from grader.grading.collect import HandIn, HandIns, Refused, find
from grader.grading.platforms import CANVAS, GITHUB, GRADESCOPE, MOODLE, Identity, submitters, tag_of

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
RIGHT = json.dumps(solved(SAVE))


def who(where) -> dict[str, tuple[str, str, bool, int]]:
    """Student → system, id, late, and how many notebooks."""
    return {
        one.student: (one.identity.system, one.identity.id, one.identity.late, len(one.sources)) for one in find(where)
    }


MOODLE_NAMES = {
    f"Anna Berg_17_assignsubmission_file/{SAVE}": RIGHT,
    f"Ben_18_assignsubmission_file_/{SAVE}": RIGHT,
    f"Ben_19_assignsubmission_file_/{SAVE}": RIGHT,
    f"Ben_19_assignsubmission_file_/{RESTORE}": RIGHT,
    "Ben_19_assignsubmission_onlinetext/onlinetext.html": "<p>See my file.</p>",
    f"Cem_20_assignsubmission_file_{SAVE}": RIGHT,
    "Dora_21_assignsubmission_file_all.zip": zipped({SAVE: RIGHT, RESTORE: RIGHT}),
}
MOODLE_CLASS = {
    "Anna Berg": (MOODLE, "17", False, 1),
    "Ben (18)": (MOODLE, "18", False, 1),
    "Ben (19)": (MOODLE, "19", False, 2),
    "Cem": (MOODLE, "20", False, 1),
    "Dora": (MOODLE, "21", False, 2),
}
CANVAS_NAMES = {
    f"berganna_12_345_{SAVE}": RIGHT,
    "berganna_LATE_12_346_04-restore-1.ipynb": RIGHT,
    f"leewei_13_347_{SAVE}": RIGHT,
    f"leewei_14_348_{SAVE}": RIGHT,
    f"anon_aB3xY_349_{SAVE}": RIGHT,
    f"LATE_anon_Zz9_350_{SAVE}": RIGHT,
    "doracem_15_351_all.zip": zipped({SAVE: RIGHT, RESTORE: RIGHT}),
}
CANVAS_CLASS = {
    "anon_Zz9": (CANVAS, "anon_Zz9", True, 1),
    "anon_aB3xY": (CANVAS, "anon_aB3xY", False, 1),
    "berganna": (CANVAS, "12", True, 2),
    "doracem": (CANVAS, "15", False, 2),
    "leewei (13)": (CANVAS, "13", False, 1),
    "leewei (14)": (CANVAS, "14", False, 1),
}
METADATA = """---
submission_901:
  :submitters:
  - :name: Anna Berg
    :sid: '17'
    :email: anna@example.org
  :created_at: 2026-11-02 10:11:12.000000000 Z
  :score: 3.5
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_902:
  :submitters:
  - :name: Ben
    :sid: 18
    :email: ben@example.org
  - :name: Ben
    :sid: 19
    :email: other.ben@example.org
submission_903:
  :submitters: []
"""
GRADESCOPE_NAMES = {
    "submission_metadata.yml": METADATA,
    f"submission_901/{SAVE}": RIGHT,
    f"submission_901/deep/{RESTORE}": RIGHT,
    f"submission_902/{SAVE}": RIGHT,
    f"submission_903/{SAVE}": RIGHT,
}
GRADESCOPE_CLASS = {
    "Anna Berg": (GRADESCOPE, "anna@example.org", False, 2),
    "Ben (ben@example.org)": (GRADESCOPE, "ben@example.org", False, 1),
    "Ben (other.ben@example.org)": (GRADESCOPE, "other.ben@example.org", False, 1),
    "submission_903": ("", "", False, 1),
}
GITHUB_NAMES = {
    f"sweep-anna-b/exercises/self-checkpointing/{SAVE}": RIGHT,
    "sweep-anna-b/.git/config": "x",
    f"sweep-ben/{SAVE}": RIGHT,
}
GITHUB_CLASS = {"anna-b": (GITHUB, "anna-b", False, 1), "ben": (GITHUB, "ben", False, 1)}
EXPORTS = {
    "moodle": ("", MOODLE_NAMES, MOODLE_CLASS),
    "canvas": ("", CANVAS_NAMES, CANVAS_CLASS),
    "gradescope": ("assignment_77_export", GRADESCOPE_NAMES, GRADESCOPE_CLASS),
    "github": ("sweep-submissions", GITHUB_NAMES, GITHUB_CLASS),
}


@pytest.mark.parametrize("system", EXPORTS)
@pytest.mark.parametrize("packed", ["a folder", "the folder that it is in", "an archive", "a folder with the archive"])
def test_students_are_told_apart_by_the_numbers_of_their_system(tmp_path, system, packed):
    root, files, expected = EXPORTS[system]
    if "archive" in packed:
        data = zipped({f"{root}/{name}" if root else name: content for name, content in files.items()})
        lay_out(tmp_path / "in", {"class.zip": data})
        assert who(tmp_path / "in/class.zip" if packed == "an archive" else tmp_path / "in") == expected
    else:
        lay_out(tmp_path / "in" / root, files)
        assert who(tmp_path / "in" / (root if packed == "a folder" else "")) == expected


@pytest.mark.parametrize("system", EXPORTS)
def test_nobody_but_the_strays_has_to_be_looked_at(tmp_path, system):
    root, files, _ = EXPORTS[system]
    found = find(lay_out(tmp_path / "in" / root, files))
    assert found.odd == [] and all(one.remarks == () for one in found)


def test_the_names_that_a_system_wants_back_are_kept(tmp_path):
    lay_out(tmp_path, CANVAS_NAMES)
    names = {one.student: one.identity.names for one in find(tmp_path)}
    assert names["berganna"] == (f"berganna_12_345_{SAVE}", "berganna_LATE_12_346_04-restore-1.ipynb")
    assert names["doracem"] == ("doracem_15_351_all.zip",)


def test_a_list_in_a_student_s_own_archive_says_nothing_of_others(tmp_path):
    forged = zipped({f"x/{name}": content for name, content in GRADESCOPE_NAMES.items()})
    lay_out(tmp_path, {"mallory.zip": forged, f"anna/{SAVE}": RIGHT})
    assert who(tmp_path) == {"anna": ("", "", False, 1), "mallory": ("", "", False, 4)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"- a list",
        b"\xff\xfe\x00",
        b"a: &a [*a]",
        b"x: !!python/object/apply:os.system ['false']",
        b"[" * 5000,
        b"submission_1: {:submitters: {}}",
        b"submission_1: {:submitters: [1, null, {}]}",
        b"submission_1: {:created_at: 2026-99-99}",
    ],
)
def test_a_list_that_is_none_names_nobody_and_runs_nothing(data):
    try:
        assert submitters(data) == {}
    except ValueError as error:
        assert "submission_metadata.yml" in str(error)


def test_a_broken_list_costs_the_names_only(tmp_path):
    found = find(lay_out(tmp_path, {**GRADESCOPE_NAMES, "submission_metadata.yml": "[" * 5000}))
    assert [one.student for one in found] == ["submission_901", "submission_902", "submission_903"]
    assert "nobody's name is known" in dict(found.odd)["submission_metadata.yml"]


@pytest.mark.parametrize(
    "name", ["anna-03-save.ipynb", "Anna Berg.zip", "_17_18_x", "x_assignsubmission_file_", "a_1_b"]
)
def test_a_name_without_a_tag_has_no_number(name):
    assert tag_of(name) is None


# -- one notebook ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, student",
    [("anna-03-save.ipynb", "anna"), ("03-save.ipynb", "in"), ("berganna_12_345_03-save.ipynb", "berganna")],
)
def test_a_single_notebook_is_graded(tmp_path, name, student):
    lay_out(tmp_path / "in", {name: RIGHT})
    status, rows, _ = run(tmp_path, tmp_path / "in" / name)
    assert status == 0 and {who: row["points"] for who, row in rows.items()} == {student: BEST}


def test_a_single_file_that_is_no_notebook_is_refused(tmp_path):
    with pytest.raises(Refused, match="neither a folder nor an archive nor a notebook"):
        find(lay_out(tmp_path, {"x.txt": "x"}) / "x.txt")


# -- the roster ------------------------------------------------------------------------


def handed(*people: tuple[str, Identity]) -> HandIns:
    found = HandIns(HandIn(student, (), identity=identity) for student, identity in people)
    found.odd = []
    return found


ROSTERS = {
    "Moodle's worksheet": (
        "\ufeffIdentifier,Full name,Email address,Status,Grade\n"
        'Participant 17,Anna Berg,a@x,"Submitted",\nParticipant 18,Ben,b@x,,\nTeilnehmer/in 19,Ben,c@x,,\n',
        [("Anna Berg", Identity(MOODLE, "17")), ("Ben (19)", Identity(MOODLE, "19"))],
        ["Ben"],
    ),
    "Canvas's gradebook": (
        "Student,ID,SIS User ID,SIS Login ID,Section,Sweep (9)\n    Points Possible,,,,,100\n"
        '"Berg, Anna",12,s12,anna,1,\n"Lee, Wei",13,s13,wei,1,\n"Lee, Wei",14,s14,lee,1,\n',
        [("berganna", Identity(CANVAS, "12")), ("leewei (14)", Identity(CANVAS, "14"))],
        ["Lee, Wei"],
    ),
    "Gradescope's roster": (
        "First Name,Last Name,SID,Email,Role\nAnna,Berg,17,A@x,Student\nBen,Li,18,b@x,Student\n",
        [("Anna Berg", Identity(GRADESCOPE, "a@x", email="a@x"))],
        ["Ben Li"],
    ),
    "GitHub Classroom's roster": (
        '"identifier","github_username","github_id","name"\n"Berg, Anna","anna-b","7",""\n"Li","benli","8",""\n',
        [("anna-b", Identity(GITHUB, "anna-b"))],
        ["Li"],
    ),
    "by name, with semicolons": (
        "Last name;First name\nBerg;Anna\nÖz;Cem\n",
        [("anna berg", Identity()), ("ozcem", Identity())],
        ["Cem Öz"],
    ),
    "in Latin-1, by login": ("name;login\nJos\xe9;jose\nAnna;anna\n", [("jose", Identity())], ["Anna"]),
}


@pytest.mark.parametrize("kind", ROSTERS)
def test_a_roster_names_who_has_handed_in_nothing(tmp_path, kind):
    text, people, missing = ROSTERS[kind]
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode("latin-1" if "Latin" in kind else "utf-8"))
    found = roster.compare(handed(*people), roster.read(path))
    assert [one.student for one in found.missing] == missing
    assert [what for what, _ in found.odd] == ["ozcem"] * (kind == "by name, with semicolons")
    assert [one.student for one in found] == [student for student, _ in people]


@pytest.mark.parametrize(
    "text, present",
    [
        ("Identifier,Full name\nParticipant 17,Anna\nParticipant 18,Ben\n", Identity(MOODLE, "17")),
        ("Student,ID,SIS User ID\nAnna,17,s17\nBen,18,s18\n", Identity(CANVAS, "17")),
    ],
)
def test_who_is_missing_has_a_number_like_the_others(tmp_path, text, present):
    (tmp_path / "roster.csv").write_text(text)
    found = roster.compare(handed(("Anna", present)), roster.read(tmp_path / "roster.csv"))
    assert [roster.identifiers(one.identity)[0] for one in (*found, *found.missing)] == ["17", "18"]


def test_who_may_have_handed_in_is_not_said_to_have_handed_in_nothing(tmp_path):
    lay_out(
        tmp_path / "in", {f"Anna/{SAVE}": RIGHT, **{f"Ben_{n}_assignsubmission_file_/{SAVE}": RIGHT for n in (1, 2)}}
    )
    (tmp_path / "roster.csv").write_text("name,class\nAnna,a\nAnna,b\nBen,a\nCem,a\n")
    _, rows, said = run(tmp_path, tmp_path / "in", roster=tmp_path / "roster.csv")
    assert "Nothing was handed in by Cem." in said and rows["Cem"]["remarks"] == "Nothing was handed in."
    assert all(rows[name]["remarks"] == roster.UNCLEAR for name in ("Anna (2)", "Anna (3)", "Ben"))


def test_one_line_of_a_roster_does_not_match_two_students(tmp_path):
    (tmp_path / "roster.csv").write_text("name\nBen\n")
    two = handed(("Ben (18)", Identity(MOODLE, "18")), ("Ben (19)", Identity(MOODLE, "19")))
    found = roster.compare(two, roster.read(tmp_path / "roster.csv"))
    assert [what for what, _ in found.odd] == ["Ben (18)", "Ben (19)"], "nobody knows which of them it is"


def test_two_lines_of_a_roster_do_not_match_one_student(tmp_path):
    (tmp_path / "roster.csv").write_text("name,id\nAnna Berg,17\nAnna Berg,18\nCem,19\nCem,19\n")
    found = roster.compare(handed(("Anna Berg", Identity()), ("Cem", Identity())), roster.read(tmp_path / "roster.csv"))
    assert [(what, "several lines" in why) for what, why in found.odd] == [("Anna Berg", True)]
    assert [one.student for one in found.missing] == ["Anna Berg (17)", "Anna Berg (18)"]
    assert found[1].identity.roster_value("id") == "19", "who is listed twice, once for each group"


def test_who_is_missing_takes_no_line_from_the_table(tmp_path):
    lay_out(tmp_path / "in", {f"Anna Berg/{SAVE}": RIGHT})
    (tmp_path / "roster.csv").write_text("name,id\nAnna Berg,17\nAnna Berg,18\n")
    _, rows, _ = run(tmp_path, tmp_path / "in", roster=tmp_path / "roster.csv")
    points = {student: row["points"] for student, row in rows.items()}
    assert points == {"Anna Berg": BEST, "Anna Berg (17)": "", "Anna Berg (18)": ""}


def test_a_name_like_the_number_of_a_namesake_takes_no_grade(tmp_path):
    names = ("Ben_17", "Ben_18", "Ben (17)_19")
    lay_out(tmp_path / "in", {f"{name}_assignsubmission_file_/{SAVE}": RIGHT for name in names})
    assert {student: number for student, (_, number, _, _) in who(tmp_path / "in").items()} == {
        "Ben (17)": "17",
        "Ben (18)": "18",
        "Ben (17) (19)": "19",
    }


@pytest.mark.parametrize(
    ("name", "system", "number"),
    [
        ("eve_222_9002_x_111_assignsubmission_file_.ipynb", CANVAS, "222"),
        ("eve_LATE_222_9002_x_111_assignsubmission_file_.ipynb", CANVAS, "222"),
        ("anon_Zz9_350_x_111_assignsubmission_file_.ipynb", CANVAS, "anon_Zz9"),
        ("Eve Li_222_assignsubmission_file_x_111_9002_y.ipynb", MOODLE, "222"),
        ("Eve Li_222_assignsubmission_file_anon_Zz9_111_9002_y.ipynb", MOODLE, "222"),
    ],
)
def test_a_file_s_own_name_gives_nobody_another_number(name, system, number):
    tag = tag_of(name)
    assert (tag.identity.system, tag.identity.id) == (system, number) and tag.student[:3] in ("eve", "Eve", "ano")


def test_accents_are_the_same_however_a_system_writes_them(tmp_path):
    lay_out(tmp_path / "in", {unicodedata.normalize("NFD", f"Zoë Müller/{SAVE}"): RIGHT})
    (tmp_path / "roster.csv").write_text("name,id\nZoë Müller,17\n", encoding="utf-8")
    (tmp_path / "adjustments.csv").write_text(
        unicodedata.normalize("NFD", "student,exercise,points,comment\nZoë Müller,,,fine\n"), encoding="utf-8"
    )
    status, rows, _ = run(tmp_path, tmp_path / "in", roster=tmp_path / "roster.csv")
    [(student, row)] = rows.items()
    assert (status, student, row["id"], row["points"], row["comments"]) == (0, "Zoë Müller", "17", BEST, "fine")


@pytest.mark.parametrize("text", ["", "points,grade\n1,2\n", "\0", '"', "a" * 200_000])
def test_a_file_that_is_no_roster_is_refused(tmp_path, text):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(Refused):
        roster.read(tmp_path / "roster.csv")


def test_a_spreadsheet_as_the_roster_is_named_as_such(tmp_path):
    (tmp_path / "roster.xlsx").write_bytes(zipped({"xl/workbook.xml": ""}))
    with pytest.raises(Refused, match="save it as CSV"):
        roster.read(tmp_path / "roster.xlsx")


def test_grading_with_a_roster(tmp_path):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT, f"zoe/{SAVE}": RIGHT})
    (tmp_path / "roster.csv").write_text("name,email\nAnna,a@x\nBen <b>,b@x\n=1+1,c@x\n")
    status, rows, said = run(tmp_path, tmp_path / "in", roster=tmp_path / "roster.csv")
    assert status == 1 and "Nothing was handed in by Ben <b> and =1+1." in said
    assert "look at zoe: the roster does not name them." in said and "look at anna" not in said
    assert {student: row["points"] for student, row in rows.items()} == {
        "anna": BEST,
        "zoe": BEST,
        "Ben <b>": "",
        "'=1+1": "",
    }
    assert rows["Ben <b>"]["remarks"] == "Nothing was handed in."
    page = (tmp_path / "reports/class.html").read_text(encoding="utf-8")
    assert (
        "2 submissions, 1 by a student who is not on the roster; 2 have handed in nothing." in page
        and "Ben" not in page
    )
    assert sorted(path.name for path in (tmp_path / "reports/students").iterdir()) == ["anna.html", "zoe.html"]


def test_a_roster_that_is_none_stops_it_in_a_sentence(tmp_path):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT})
    status, _, said = run(tmp_path, tmp_path / "in", roster=tmp_path / "none.csv")
    assert status == 2 and said == "grader grade: the roster none.csv can't be read: No such file or directory.\n"


@pytest.mark.parametrize(
    "text, line",
    [
        ('name,id\n"Anna,1\nBen,2\n', 2),
        ('name,id\nAnna,1\nBen,"2\nCem,3\nDora,4\n', 3),
        ('name,id\n"Anna,1\nBen",2\n', 2),
        ('name,id\nAnna,1\n"Ben" Roth,2\n', 3),
        ('"name,id\nAnna,1\n', 1),
        ('name,id\n"Anna,1\n' + "x" * 200_000, 2),
    ],
)
def test_a_quotation_mark_that_would_swallow_students_is_refused(tmp_path, text, line):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(Refused, match=rf"^roster.csv is not a CSV file: in line {line} a quotation mark .*\. Put "):
        roster.read(tmp_path / "roster.csv")


def test_comments_and_names_in_quotation_marks_may_be_in_a_roster(tmp_path):
    text = 'Full name,Email address,Feedback comments\n"Berg, Anna ""Annie""",a@x,"Well,\ndone, so, far"\nBen,b@x,\n'
    (tmp_path / "roster.csv").write_text(text)
    assert [row.values["full name"] for row in roster.read(tmp_path / "roster.csv")] == ['Berg, Anna "Annie"', "Ben"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["roster.csv", "adjustments.csv", "grades.csv"])
def test_a_pipe_in_the_place_of_a_table_stops_it_in_a_sentence(tmp_path, name):
    lay_out(tmp_path / "in", {f"anna/{SAVE}": RIGHT})
    os.mkfifo(tmp_path / name)
    status, _, said = run(tmp_path, tmp_path / "in", roster=tmp_path / name if name == "roster.csv" else None)
    assert status == 2 and said.startswith("grader grade: ") and said.count("\n") == 1
    assert name in said and (
        "a pipe that nobody writes to; name a file" in said or "not a regular file: name a file" in said
    )


def test_the_table_tells_the_numbers_and_who_was_late(tmp_path):
    lay_out(tmp_path / "in", {f"berganna_LATE_12_345_{SAVE}": RIGHT, f"ben/{SAVE}": RIGHT})
    _, rows, _ = run(tmp_path, tmp_path / "in")
    assert {who: (row["id"], row["late"]) for who, row in rows.items()} == {"ben": ("", ""), "berganna": ("12", "late")}
    assert next(csv.reader((tmp_path / "grades.csv").open()))[:5] == ["student", "id", "late", "points", "maximum"]
