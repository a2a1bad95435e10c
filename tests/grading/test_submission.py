"""Reading answers out of notebooks, whatever is wrong with the notebook: a value and a sentence, never an exception."""

from __future__ import annotations

import copy
import json
import time

import pytest
from classroom import ANSWERS, notebook, solved, source, with_answer
from hypothesis import given, settings
from hypothesis import strategies as some

from grader.course.catalogue import EXERCISES
from grader.course.prediction import WRONG_BEFORE
from grader.grading import submission
from grader.grading.judge import fingerprint
from grader.grading.submission import StudentAnswers
from grader.tree import File, Tree

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
RIGHT = ANSWERS["save"][0]["with open"]
OTHER = ANSWERS["save"][0]["pathlib"]


def data(nb) -> bytes:
    return json.dumps(nb).encode()


def writes(text: str, path: str = "save/checkpoint.py", magic: str = "%%writefile", **fields) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": f"{magic} {path}\n{text}", **fields}


def code(text: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": text}


def book(*cells, **fields) -> bytes:
    return data({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields})


def right(text: str = RIGHT["checkpoint.py"]):
    return Tree.files({"checkpoint.py": text})


@pytest.mark.parametrize("name, known", [("squares", False), ("save", True), ("sav", True), ("my_prediction", False)])
def test_a_check_of_an_exercise_that_is_not_known_is_named(name, known):
    found = submission.read(book(writes("x", f"{name}/x.py"), code(f'check("{name}")')))
    assert found.unread == (
        () if known else (f"It checks {name}, which is not among the exercises that are graded here.",)
    )


# -- notebooks as they should be -------------------------------------------------------


def test_a_solved_notebook_is_its_answers_without_a_remark():
    found = submission.read(data(solved(RESTORE)))
    assert found.remarks == () and list(found.answers) == ["lines_elsewhere", "restore"]
    assert found.answers["restore"].top() == ["checkpoint.py", "sweep.sub"]


@pytest.mark.parametrize("exercise, name", [("save", SAVE), ("restore", RESTORE)])
def test_every_answer_is_read_byte_by_byte(exercise, name):
    for answer in ANSWERS[exercise][0].values():
        found = submission.read(data(with_answer(solved(name), exercise, answer)))
        expected = Tree.files(answer)
        assert {path: found.answers[exercise][path] for path in expected} == dict(expected)


def test_an_untouched_notebook_has_answers_that_are_the_beginning():
    found = submission.read(data(notebook("exercises", SAVE)))
    assert found.remarks == () and "NotImplementedError" in found.answers["save"]["checkpoint.py"].text


def test_the_notebooks_of_a_student_are_read_together():
    found = submission.read_all([(name, data(solved(name))) for name in (SAVE, RESTORE)])
    assert sorted(found.answers) == ["lines_elsewhere", "restore", "save", "seconds_lost"] and found.remarks == ()


def test_a_source_may_be_a_text_or_lines_and_a_notebook_of_version_3():
    cell = writes(RIGHT["checkpoint.py"])
    lines = {**cell, "source": cell["source"].splitlines(keepends=True)}
    old = {**cell, "input": cell["source"]}
    del old["source"]
    for nb in (book(cell), book(lines), data({"nbformat": 3, "worksheets": [{"cells": [old]}]})):
        assert submission.read(nb).answers == {"save": right()}


# -- notebooks that are not as they should be ----------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        writes(RIGHT["checkpoint.py"], magic="%%write_file"),
        writes(RIGHT["checkpoint.py"], magic="%%writeFile"),
        writes(RIGHT["checkpoint.py"], magic="% %writefile"),
        writes(RIGHT["checkpoint.py"], magic="%writefile"),
        writes(RIGHT["checkpoint.py"], magic="# mine\n%%writefile"),
        writes(RIGHT["checkpoint.py"], magic="%%writefile -a"),
        writes(RIGHT["checkpoint.py"], path="save\\checkpoint.py"),
        writes(RIGHT["checkpoint.py"], path="./Save/Checkpoint.py"),
        writes(RIGHT["checkpoint.py"], cell_type="raw"),
    ],
)
def test_a_misspelt_cell_is_graded_as_it_was_meant_and_it_is_said(cell):
    found = submission.read(book(cell))
    assert found.answers == {"save": right()}
    assert len(found.remarks) == 1 and "Cell 1" in found.remarks[0]


@pytest.mark.parametrize(
    "cell",
    [
        writes(RIGHT["checkpoint.py"], path='"save/checkpoint.py"'),
        writes(RIGHT["checkpoint.py"], magic="\n\n%%writefile"),
        writes(RIGHT["checkpoint.py"], magic="%%file"),
        writes(RIGHT["checkpoint.py"], outputs=[{"output_type": "error"}, 7], execution_count="x"),
    ],
)
def test_what_jupyter_takes_as_well_needs_no_remark(cell):
    assert submission.read(book(cell)) == submission.StudentAnswers({"save": right()}, ())


def test_the_last_of_several_cells_counts():
    found = submission.read(book(writes(OTHER["checkpoint.py"]), writes(RIGHT["checkpoint.py"])))
    assert found.answers == {"save": right()} and "the last of them is graded" in found.remarks[0]


def test_a_copy_of_the_beginning_does_not_undo_an_answer():
    released = notebook("exercises", SAVE)
    nb = with_answer(released, "save", RIGHT)
    nb["cells"].append(next(cell for cell in released["cells"] if source(cell).startswith("%%writefile")))
    found = submission.read(data(nb))
    assert found.answers == {"save": right()} and "more than the beginning" in found.remarks[0]


def test_equal_copies_need_no_remark():
    assert submission.read(book(*2 * [writes(RIGHT["checkpoint.py"])])).remarks == ()


def test_a_cell_that_adds_is_joined_to_the_one_before():
    found = submission.read(book(writes("a = 1\n"), writes("b = 2", magic="%%writefile -a")))
    assert found.answers["save"]["checkpoint.py"].text == "a = 1\nb = 2\n"


def test_a_split_cell_is_graded_as_far_as_it_goes_and_it_is_said():
    head, _, tail = RIGHT["checkpoint.py"].partition("    with")
    found = submission.read(book(writes(head), {"cell_type": "code", "source": "    with" + tail}))
    assert found.answers["save"]["checkpoint.py"].text == head
    assert "second half of cell 1" in found.remarks[0]


def test_a_function_in_a_cell_that_writes_no_file_is_pointed_at():
    found = submission.read(book({"cell_type": "code", "source": RIGHT["checkpoint.py"]}))
    assert found.answers == {} and "no %%writefile line" in found.remarks[0]


def test_a_file_that_nobody_asked_for_is_pointed_at():
    found = submission.read(book(writes("x", path="checkpoint.py"), writes("x", path="mine/notes.txt")))
    assert found.answers == {} and len(found.remarks) == 1
    assert "save/checkpoint.py or restore/checkpoint.py" in found.remarks[0]


def test_a_deleted_submit_file_is_the_given_one():
    nb = solved(RESTORE)
    nb["cells"] = [cell for cell in nb["cells"] if "sweep.sub\n" not in source(cell)]
    found = submission.read(data(nb))
    assert found.answers["restore"]["sweep.sub"] == EXERCISES["restore"].given()["sweep.sub"]
    assert "No cell writes restore/sweep.sub" in found.remarks[0]


def test_an_edited_check_makes_no_difference_and_it_is_said():
    nb = copy.deepcopy(solved(SAVE))
    check = next(cell for cell in nb["cells"] if source(cell) == 'check("save")')
    check["source"] = ["10.0"]
    assert "makes no difference" in submission.read(data(nb)).remarks[0]


def test_another_kernel_makes_no_difference_and_it_is_said():
    found = submission.read(
        book(writes(RIGHT["checkpoint.py"]), metadata={"kernelspec": {"name": "ir", "language": "R"}})
    )
    assert found.answers == {"save": right()} and "another kernel (R)" in found.remarks[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_a_notebook_in_another_encoding_is_read(encoding):
    nb = json.dumps(json.loads(book(writes("# Zeit ist für Äpfel\n"))), ensure_ascii=False).encode(encoding)
    found = submission.read(nb)
    assert "Äpfel" in found.answers["save"]["checkpoint.py"].text
    assert bool(found.remarks) == (encoding != "utf-8-sig")


@pytest.mark.parametrize(
    "bad, says",
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\0" * 1000, "not JSON"),
        (b"{", "not JSON, as it breaks off in line 1"),
        (data(solved(SAVE)).replace(b", ", b",\n")[:900], "not JSON, as it breaks off in line "),
        (b'{"cells": [1 2]}', "not JSON (line 1)"),
        (b"PK\x03\x04", "not JSON"),
        (b"[" * 10**6, "nested too deeply"),
        (b"[" * 900 + b"]" * 900, "not a notebook"),
        (b"NaN", "not a notebook"),
        (b"[]", "not a notebook"),
        (b"{}", "no cells"),
        (b'{"cells": {"a": 1}}', "no cells"),
        (b'"cells"', "not a notebook"),
        (b'{"cells": [1, null, []]}', "is not a cell"),
        (b"1" * 10_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"cells": ' + b" " * submission.MOST_BYTES + b"[]}", "more than 10 MB"),
        (book(*[writes("x = 1")] * 3000), "3,000 cells"),
        (book(writes("x" * 200_000)), "more than 100,000 characters"),
    ],
)
def test_what_is_no_notebook_is_a_sentence(bad, says):
    found = submission.read(bad)
    assert any(says in remark for remark in found.remarks), found.remarks
    assert all(remark.endswith(".") and len(remark) < 400 for remark in found.remarks)


def test_what_is_no_notebook_is_named_even_if_it_is_all_there_is():
    one = submission.read_all([("anna-03-save.ipynb", b"no notebook")])
    assert one.remarks == one.unread == ("anna-03-save.ipynb: The file is not a notebook: it is not JSON (line 1).",)
    odd = book(writes(RIGHT["checkpoint.py"], magic="%%write_file"))
    [remark] = submission.read_all([(SAVE, odd)]).remarks
    assert remark.startswith("Cell 1 ")
    assert f"{SAVE}: {remark}" in submission.read_all([(SAVE, odd), (RESTORE, b"{}")]).remarks


def test_copies_of_a_notebook_with_different_answers_are_named_in_order():
    copies = [("03-save (1).ipynb", book(writes("x = 1"))), (SAVE, book(writes(RIGHT["checkpoint.py"])))]
    assert submission.read_all(copies).remarks[0] == (
        "Several notebooks write save/checkpoint.py, and are read in this order: 03-save (1).ipynb, then 03-save.ipynb."
    )
    assert submission.read_all([copies[1], ("again.ipynb", copies[1][1])]).remarks == ()


def test_remarks_are_few_and_printable():
    cells = [writes("x", path=f"save/\x1b[3mcheckpoint{n}.py") for n in range(100)]
    found = submission.read(book(*cells))
    assert len(found.remarks) == submission.MOST_REMARKS + 1
    assert all(remark.isprintable() for remark in found.remarks)


# -- anything at all -------------------------------------------------------------------------


@settings(max_examples=300)
@given(some.binary(max_size=300))
def test_no_bytes_make_it_raise(junk):
    submission.read(junk)


sources = some.one_of(
    some.text(),
    some.lists(some.text()),
    some.none(),
    some.integers(),
    some.builds(
        "{}{}{} {}\n{}".format,
        some.sampled_from(["", "\n", "# x\n"]),
        some.sampled_from(["%%", "% %", "%"]),
        some.sampled_from(["writefile", "write_file", "file", "writefile -a"]),
        some.one_of(some.text(), some.sampled_from(["save/checkpoint.py", "restore/sweep.sub", "a\\b"])),
        some.one_of(some.text(), some.just("def save_checkpoint(i):\n    raise NotImplementedError\n")),
    ),
)
trash = some.recursive(
    some.none() | some.floats() | some.text() | some.booleans(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)
cells = some.one_of(
    trash,
    some.fixed_dictionaries(
        {"cell_type": some.sampled_from(["code", "markdown", "raw"]) | trash, "source": sources},
        optional={"metadata": trash | some.fixed_dictionaries({"nbgrader": trash})},
    ),
)


@settings(max_examples=300)
@given(some.fixed_dictionaries({"cells": some.lists(cells) | trash}, optional={"metadata": trash, "worksheets": trash}))
def test_no_json_makes_it_raise_and_it_reads_the_same_twice(nb):
    try:
        raw = data(nb)
    except ValueError:
        return
    found = submission.read(raw)
    assert found == submission.read(raw)
    assert set(found.answers) <= set(EXERCISES) and all(map(str.isprintable, found.remarks))


def test_letters_that_are_none_do_no_harm():
    found = submission.read(b'{"cells": [{"cell_type": "code", "source": "%%writefile save/checkpoint.py\\n\\ud800"}]}')
    assert found.answers["save"]["checkpoint.py"].text == "?\n"


# -- literals ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "seconds_lost = 45",
        "# my guess\nseconds_lost = 45  # surely",
        "seconds_lost: int = 45",
        "x = 3\nseconds_lost = 45",
        "%matplotlib inline\nseconds_lost = 45",
    ],
)
def test_a_literal_is_read_without_running_the_cell(text):
    found = submission.read(book(code(text)))
    assert found.answers == {"seconds_lost": Tree.files({"seconds_lost": "45"})} and found.remarks == ()


def test_of_two_values_the_last_counts_and_dots_never_do():
    found = submission.read(book(code("seconds_lost = 1"), code("seconds_lost = 45"), code("seconds_lost = ...")))
    assert found.answers["seconds_lost"]["seconds_lost"].text.strip() == "45"


@pytest.mark.parametrize(
    "text", ["seconds_lost = max(4, 5)", "seconds_lost = open('x').read()", "seconds_lost = []*10**9"]
)
def test_what_is_no_literal_is_said_and_not_run(text):
    found = submission.read(book(code(text)))
    assert "not a plain value" in " ".join(found.remarks)


@pytest.mark.parametrize(
    "cell, begun",
    [
        ("seconds_lost = 45", "seconds_lost = ..."),
        (
            "# Wie viele Sekunden? §\nseconds_lost = 45  # richtig",
            "# Wie viele Sekunden? §\nseconds_lost = ...  # richtig",
        ),
        ("seconds_lost = [\n  4,\n  5]\nx = 1", "seconds_lost = ...\nx = 1"),
    ],
)
def test_a_literal_is_cleared_to_dots(cell, begun):
    assert submission.beginning(cell) == begun


def test_only_given_answer_files_are_cleared_to_what_was_given():
    given = EXERCISES["restore"].given()["sweep.sub"].text.rstrip("\n")
    assert submission.beginning("%%writefile restore/sweep.sub\nqueue 3") == "%%writefile restore/sweep.sub\n" + given
    assert submission.beginning("%%writefile restore/checkpoint.py\nimport os") is None
    assert submission.beginning("x = 1") is None


def test_a_submission_that_goes_elsewhere_is_the_same_there():
    tree = Tree({"checkpoint.py": File("# é\0\n".encode()), "run.sh": File(b"\xff", executable=True)})
    found = StudentAnswers({"save": tree, "restore": Tree()}, ("It is \u202e odd.",))
    there = StudentAnswers.from_json(found.to_json())
    assert there == found and fingerprint(there) == fingerprint(found)


# -- sources that are hard to read ---------------------------------------------------------

MANY = 1_500_000
SLOW = {
    "a magic that never comes": "%" + " " * MANY + "x",
    "blanks": " " * MANY + "x",
    "comments": "#\n" * MANY + "x",
    "empty lines": " \n" * MANY + "x",
    "a check that goes on": 'check("save")' + " " * MANY + "x",
    "a check of nothing": "check(" + " " * MANY,
    "a long path": "%%writefile " + "/." * MANY,
    "a long name": "%%writefile save/" + "check" * (MANY // 5),
    "words": "%%writefile " + "- " * MANY,
    "a literal": "seconds_lost = " + " " * MANY + "1",
    "functions": "def save_checkpoin(\n" * (MANY // 20),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_source_that_is_hard_to_read_is_read_in_no_time(name):
    began = time.process_time()
    submission.read(book(*2 * [code(SLOW[name])]))
    submission.checked_exercise(SLOW[name])
    assert time.process_time() - began < 20


def test_endlessly_appending_cells_are_read_quickly_up_to_the_limit():
    lines = "x = 1\n" * 700
    began = time.process_time()
    found = submission.read_all([(str(n), book(*[writes(lines, magic="%%writefile -a")] * 1_900)) for n in range(8)])
    assert time.process_time() - began < 20
    assert len(found.answers["save"]["checkpoint.py"].content) == 100_000 // len(lines) * len(lines)
    few = submission.read(book(*[writes("x" * 60_000, magic=magic) for magic in ("%%writefile", "%%writefile -a")]))
    assert "make it longer than 100,000 characters" in few.remarks[-1]


def test_the_first_line_is_the_one_that_jupyter_would_look_at():
    for head in ("", "\n", "# a\n", "# a\n\n# b\n", "\ufeff\n", " \n"):
        assert submission.checked_exercise(head + 'check("save")') == "save"
    assert submission.checked_exercise('# check("save")') is None and submission.checked_exercise("#\n") is None


# -- wrong predictions before the one that was handed in -----------------------------------


def checked(kept) -> bytes:
    return book({**code('check("seconds_lost", seconds_lost)'), "outputs": [{"metadata": {WRONG_BEFORE: kept}}]})


def test_the_number_of_wrong_predictions_is_read_from_the_outputs():
    found = submission.read(checked({"seconds_lost": 2}))
    assert found.wrong == {"seconds_lost": 2} and found.remarks == ()
    assert StudentAnswers.from_json(found.to_json()).wrong == {"seconds_lost": 2}
    assert fingerprint(found) == fingerprint(submission.read(checked({})))


@pytest.mark.parametrize(
    "kept",
    [None, 3, [], {"seconds_lost": "2"}, {"seconds_lost": -1}, {"seconds_lost": 10**9}, {"seconds_lost": True}]
    + [{"save": 1}, {"nothing": 1}, {"seconds_lost": {}}],
)
def test_what_check_did_not_keep_in_an_output_counts_as_nothing(kept):
    assert submission.read(checked(kept)).wrong == {}


@pytest.mark.parametrize("outputs", [None, 3, {}, [3], [{"metadata": 3}], [{}]])
def test_outputs_that_are_none_are_no_trouble(outputs):
    assert submission.read(book({**code("1"), "outputs": outputs})).wrong == {}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_end_as_on_any_system(end):
    [text] = [source(cell) for cell in solved("03-save.ipynb")["cells"] if source(cell).startswith("%%writefile save/")]
    written = [
        submission.read(json.dumps({"cells": [{"cell_type": "code", "source": one}]}).encode()).answers
        for one in (text, text.replace("\n", end))
    ]
    assert written[0] == written[1] != {}
