"""The report on a class: what it counts, what it keeps to itself, and which answers it considers similar."""

from __future__ import annotations

import ast
import re

import pytest
from classroom import ANSWERS, MAXIMUM

from grader.course.catalogue import EXERCISES
from grader.course.payload import PAYLOAD
from grader.execute.isolation import confinement
from grader.grading import class_report, judge, pages
from grader.grading import similarity as alike
from grader.grading.submission import StudentAnswers
from grader.tree import Tree


class Handed:
    """A student and a grade, as results.StudentResult has them."""

    def __init__(self, student: str, grade):
        self.student, self._grade = student, grade

    def grade(self):
        return self._grade


def judged(**answers) -> judge.Grade:
    return judge.judge(StudentAnswers({name: Tree.files(answer) for name, answer in answers.items()}), confinement())


@pytest.fixture(scope="module")
def results():
    """Three who skip an iteration, of whom two are alike; one who is right; one who has not begun; one ungraded."""
    skips = ANSWERS["save"][1]["skips-iteration"]["one more"]
    tell = {"checkpoint.py": skips["checkpoint.py"] + "# my name is Rosalinde\nprint('hello Rosalinde')\n"}
    restore = ANSWERS["restore"][0]["json with the range"]
    return [
        Handed("Rosalinde Berg", judged(save=tell)),
        Handed("Ben", judged(save=skips, restore=restore)),
        Handed("Cem", judged(save=skips, restore=restore)),
        Handed("Dora", judged(save=ANSWERS["save"][0]["pathlib"])),
        Handed("Emil", judged()),
        Handed("Fay", None),
    ]


@pytest.fixture(scope="module")
def page(results):
    return class_report.page(results)


def test_it_counts_who_got_what(page):
    assert "6 submissions, 1 could not be graded" in page
    assert "<b>3</b> of 6" in page and "skips-iteration" in page
    assert "median 3 of 10 points" in page and "median 0 of 20 points" in page
    assert "Nobody has tried: What two evictions cost; " in page and "<h4>What two evictions cost</h4>" not in page
    assert page.count("<h3>03-save</h3>") == 2 and "<h3>01-evicted</h3>" not in page
    assert "1 student has not tried it." in page and "3 students have not tried it." in page
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="n">\d+</td>(.*?)</tr>', page))
    assert re.findall(r">(\d+)<", rows["Restarted in place, the sweep goes on and ends right"]) == ["1", "3", "0"]


def test_a_name_of_the_roster_is_in_no_story(results):
    by_number = Handed("ab17", results[0].grade())
    assert "hello Rosalinde" in class_report.page([by_number])
    page = class_report.page([by_number], names=["Rosalinde Berg"])
    assert "Rosalinde" not in page and "because it may contain somebody" in page


@pytest.mark.parametrize(
    "untried, unread, says",
    [
        (0, 0, "Everyone has tried it."),
        (0, 1, "1 student has no readable answer."),
        (2, 0, "2 students have not tried it."),
        (2, 3, "2 students have not tried it. 3 more have no readable answer."),
    ],
)
def test_a_sentence_counts_only_those_who_are_there(untried, unread, says):
    tally = class_report.Tally(EXERCISES["save"])
    tally.statuses.update({class_report.NOT_TRIED: untried, class_report.UNREAD: unread})
    assert class_report._questions(tally)["untried"] == says


def test_what_could_not_be_read_does_not_count_as_untried(results):
    unread = judge.judge(StudentAnswers({}, unread=("03-save.ipynb: The file is empty.",)), confinement())
    page = class_report.page([*results[2:5], Handed("Gus", unread)])
    assert "4 submissions, 1 could not be read completely." in page
    assert "1 student has not tried it. 1 more has no readable answer." in page
    assert "<b>○</b>1 <span>not tried yet</span>" in page and "<b>?</b>1 <span>no readable answer</span>" in page
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="n">\d+</td>(.*?)</tr>', page))
    assert re.findall(r">(\d+)<", rows["It saves, and leaves with 85"]) == ["2", "0", "0"]


def test_what_is_worth_talking_about_comes_before_the_figures(page):
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == ["In all", "What is worth talking about", "Points", "Question by question", "Similar answers"]


def test_a_single_question_is_not_shown_twice():
    right = class_report.page([Handed("a", judged(seconds_lost={"seconds_lost": "45"}))])
    assert "<h4>How much is lost</h4>" in right and "Question by question" not in right


def test_nobody_is_named_unless_asked_for(results, page):
    for name in ("Rosalinde", "Berg", "Ben", "Cem", "Dora"):
        assert not re.search(rf"\b{name}\b", page), name
    assert "Ben, Cem" in class_report.page(results, named=True)


def test_it_counts_first_tries_as_the_notebooks_say():
    value = Tree.files({"seconds_lost": "45"})
    kept = [{"seconds_lost": 0}, {"seconds_lost": 2}, {}]
    graded = [judge.judge(StudentAnswers({"seconds_lost": value}, wrong=wrong), confinement()) for wrong in kept]
    page = class_report.page([Handed(str(number), grade) for number, grade in enumerate(graded)])
    assert "; at the first try 1 of 2, by their notebooks" in page
    assert len({grade.points for grade in graded}) == 1
    assert [judge.Grade.from_json(grade.to_json()) for grade in graded] == graded


def test_a_story_with_a_name_in_it_is_not_told(results, page):
    assert "An example" in page
    alone = class_report.page([results[0]])
    assert "skips-iteration" in alone and "An example" not in alone and "Rosalinde" not in alone
    assert class_report.HIDDEN in alone and class_report.HIDDEN not in page


@pytest.mark.parametrize("name", ["Line", "Mark White", "Long", "group-01", "python", "figure", "Steps", "Grace"])
def test_a_name_that_is_a_word_of_the_page_hides_no_story(results, name):
    page = class_report.page([Handed(name, None), results[2]])
    assert "An example" in page and class_report.HIDDEN not in page


@pytest.mark.parametrize("text", ["# by Mark\n", "by_mark = 'Mark'\n", "# MarkWhite\nrosalinde_2 = 1\n"])
def test_a_student_s_name_in_a_program_hides_its_story(text):
    skips = ANSWERS["save"][1]["skips-iteration"]["one more"]["checkpoint.py"]
    page = class_report.page([Handed("Mark", judged(save={"checkpoint.py": skips + text})), Handed("rosalinde", None)])
    assert class_report.HIDDEN in page and "An example" not in page


@pytest.mark.parametrize(
    "maximum, labels",
    [
        (12, ["0–1", "2–3", "4–5", "6–7", "8–9", "10–11", "12"]),
        (2, ["0", "1", "2"]),
        (10, [str(n) for n in range(11)]),
        (1.5, ["0", "0.5", "1", "1.5"]),
        (0.5, ["0", "0.5"]),
        (22, ["0–2", "3–5", "6–8", "9–11", "12–14", "15–17", "18–20", "21", "22"]),
    ],
)
def test_every_number_of_points_stands_over_its_label(maximum, labels):
    for points in (halves / 2 for halves in range(int(2 * maximum) + 1) if maximum % 1 or halves % 2 == 0):
        drawn = class_report._histogram([points], maximum)
        assert re.findall(r'y="126" text-anchor="middle">([^<]*)<', drawn) == labels
        places = dict(re.findall(r'<text(?: class="n")? x="([\d.]+)" y="126" text-anchor="middle">([^<]*)<', drawn))
        [at] = re.findall(r'<text class="n" x="([\d.]+)"', drawn)
        low, _, high = places[at].partition("–")
        assert float(low) <= points <= float(high or low)


def test_alike_answers_are_named_to_the_instructor_only(results, page):
    assert "Similar answers" in page and "groups of 2" in page
    assert class_report.alike_groups(results) == [("restore", ["Ben", "Cem"])]


def test_it_is_a_page_on_its_own(page):
    assert page.startswith("<!DOCTYPE html>") and "<script" not in page and "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_a_class_of_nobody_and_of_nothing():
    assert "0 submissions" in class_report.page([])
    assert "1 submission, 1 could not be graded" in class_report.page([Handed("a", None)])


# -- alike --------------------------------------------------------------------------------


def compared(**programs: str) -> list[list[str]]:
    restore = EXERCISES["restore"]
    return alike.groups(
        restore,
        {
            student: alike.words(restore, Tree.files({"checkpoint.py": program}))
            for student, program in programs.items()
        },
    )


LONG = ANSWERS["restore"][0]["json with the range"]["checkpoint.py"]
OTHERS = {
    f"s{n}": answer["checkpoint.py"]
    for n, answer in enumerate(ANSWERS["restore"][0].values())
    if answer["checkpoint.py"] != LONG
}


def test_comments_layout_and_docstrings_do_not_hide_a_copy():
    hidden = LONG.replace("\n    ", "\n\n      ").replace("def ", "# mine\ndef ")
    assert ["a", "b"] in compared(a=LONG, b=hidden, **OTHERS)


def renamed(program: str, names: dict[str, str]) -> str:
    """The program with other names, but the same string literals."""
    words = re.compile(r"""("[^"]*"|'[^']*')|([A-Za-z_]\w*)""")
    return words.sub(lambda found: found[1] or names.get(found[2], found[2]), program)


def test_other_names_of_variables_do_not_hide_a_copy():
    own = alike._own_names(ast.parse(LONG)) - {*EXERCISES["restore"].functions}
    hidden = renamed(LONG, {name: f"mein_{name}" for name in own})
    assert own and hidden != LONG
    assert ["a", "b"] in compared(a=LONG, b=hidden, **OTHERS)


def test_what_the_course_itself_shows_is_nobody_s_copy():
    taught = max((path.read_text() for path in PAYLOAD.rglob("*.py")), key=len)
    assert len(alike._words(taught, ()).split("\n")) > 2 * alike.LEAST
    assert compared(a=taught, b=taught) == []


def test_alike_answers_stand_side_by_side_on_a_page_of_their_own(results):
    page = pages.alike(class_report.alike_pairs(results))
    assert "restore: Ben and Cem" in page and page.count('<tr class="same">') > 10
    hostile = judge.AnswerFile("x.py", "<script>alert(1)</script>\n\x1b[31m")
    page = pages.alike([("save", ("<b>", (hostile,)), ("c", (hostile,)))])
    assert "<script" not in page and "<b>" not in page and "\x1b" not in page


def test_the_class_page_says_what_when_and_how_all_points_are_distributed(results):
    page = class_report.page(results, about="Sweep <1>, 2026-11-29")
    assert "Sweep &lt;1&gt;, 2026-11-29. 6 submissions" in page
    assert "<h2>In all</h2>" in page and f"of {sum(MAXIMUM.values()):g} points, from 0 to " in page


def test_a_student_page_shows_code_decisive_lines_and_predictions():
    answer = {"checkpoint.py": "import sys\n\ndef save_checkpoint(iteration):\n    x = 1 / 0  # <i>\n"}
    answer["checkpoint.py"] += "\ndef restore_checkpoint(start, end):\n    return start\n"
    [name] = EXERCISES["seconds_lost"].answers
    grade = judged(save=answer, seconds_lost={name: "12345"})
    page = pages.student("anna", grade)
    assert "What was handed in: save/checkpoint.py" in page and "# &lt;i&gt;" in page
    assert re.search(r'<span class="named"><i>4</i>', page), "the line of the traceback"
    assert "Predicted: <code>12345</code>" in page
    again = judge.Grade.from_json(grade.to_json())
    assert again == grade and pages.student("anna", again) == page


def test_different_styles_are_not_alike():
    assert [group for group in compared(a=LONG, **OTHERS) if "a" in group] == []


def test_short_answers_and_what_all_have_are_not_compared():
    short = "import sys\ndef save_checkpoint(i):\n    open('c', 'w').write(str(i))\n    sys.exit(85)\n"
    assert compared(a=short, b=short, c=short) == []
    assert compared(**{f"s{n}": LONG for n in range(12)}) == []


@pytest.mark.parametrize("junk", ["'''", "\0", "(", "\\", "é" * 10, "# coding: rot13\n", "if 1:\n  x\n y\n"])
def test_what_is_no_program_is_like_nothing(junk):
    assert compared(a=junk, b=junk) == []


@pytest.mark.parametrize(
    "program",
    [
        'say(f"{i}\\n", rf\'{a!r:>{width}}\' f"{{}}")',
        "x = f'''a {\n  b\n} é\n'''; y = 2",
        "f'it' 'is'\nx = 1",
    ],
)
def test_an_f_string_is_one_word_in_every_python(program):
    found = alike.words(EXERCISES["restore"], Tree.files({"checkpoint.py": program})).split("\n")
    strings = [word for word in found if "'" in word or '"' in word]
    assert "".join(strings).count("{") == program.count("{") and not {"{", "i", "b", "f'"} & set(found)


@pytest.mark.parametrize(
    "junk", ["x = 'open\ny = 1", "x = $y", "x = y?", "a = (1", "x = 1_y", "x = 0777", "x = !y", "x = €"]
)
def test_what_python_can_not_read_is_no_word_in_any_python(junk):
    assert alike.words(EXERCISES["restore"], Tree.files({"checkpoint.py": junk})) == ""
