"""nbgrader's feedback on notebooks that would like to run something in it: a browser that opens it runs and loads
nothing, and the report cards are as they should be."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe import axe, browser, look  # noqa: F401  (fixtures)
from chromium import needs_browser
from classroom import ANSWERS, ASSIGNMENT, ROOT, grade, hand_in, solved, with_answer

from grader.course.catalogue import EXERCISES
from grader.course.explanation import card_html
from grader.execute.isolation import confinement
from grader.grading import judge
from grader.tree import Tree
from grader.view.page import POLICY

SAVE = "03-save.ipynb"
RUNS = "document.title='ran'"
ELSEWHERE = "http://127.0.0.1:9/x"
MARKUP = [
    f"<script>{RUNS}</script>",
    f"<script src={ELSEWHERE}></script>",
    f"<img src=x onerror={RUNS}>",
    f"<svg onload={RUNS}><script>{RUNS}</script></svg>",
    f"<svg><style><img src=x onerror={RUNS}></style></svg>",
    f"<svg><a xlink:href='javascript:{RUNS}'><text>x</text></a><animate onbegin={RUNS} attributeName=x></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUNS}></style></mglyph></table></mtext></math>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
    f"<iframe src={ELSEWHERE}></iframe>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'>",
    f"<base href={ELSEWHERE}>",
    f"<link rel=stylesheet href={ELSEWHERE}><link rel=dns-prefetch href=//nowhere.invalid>",
    f"<link rel=prefetch href={ELSEWHERE}>",
    f"<style>@import '{ELSEWHERE}';body{{background:url({ELSEWHERE})}}</style>",
    f"<p style='background:url({ELSEWHERE})'>x",
    f"<img src={ELSEWHERE}><video src={ELSEWHERE} autoplay></video><audio src={ELSEWHERE}></audio>",
    f"<object data={ELSEWHERE}></object><embed src={ELSEWHERE}>",
    f"<details open ontoggle={RUNS}>x</details>",
    f"<form action={ELSEWHERE}><input autofocus onfocus={RUNS}></form>",
    f"[click](javascript:{RUNS})",
    f"<a href='javascript:{RUNS}'>a</a><a href='data:text/html,<script>{RUNS}</script>'>b</a>",
    f"[x]: javascript:{RUNS}\n\n[x] <javascript:{RUNS}>",
    f"![x]({ELSEWHERE})",
    f"![x](data:image/svg+xml,<svg/onload={RUNS}>)",
    f"$$\\href{{javascript:{RUNS}}}{{x}}$$ $\\unicode{{<img src=x onerror={RUNS}>}}$",
    f"\\\\(<img src=x onerror={RUNS}>\\\\)",
    f"</div></div></body></html><body onload={RUNS}><script>{RUNS}</script>",
    f"<noscript><p title='</noscript><img src=x onerror={RUNS}>'>",
    f"<!--><img src=x onerror={RUNS}>-->",
    f"<template><script>{RUNS}</script></template>",
    f"<xmp><p title='</xmp><img src=x onerror={RUNS}>'>",
    f'```x"><img/src=x/onerror={RUNS}>\ncode\n```',
    f"<title></title><textarea></textarea><img src=x onerror={RUNS}>",
    f"# <img src=x onerror={RUNS}>",
    f"<body onload={RUNS}>",
    f'<a title="<input ">" tabindex=0 autofocus onfocus={RUNS} x=y</a>',
    f'<a title="<img src=x onerror={RUNS} tabindex=0 autofocus onfocus={RUNS} x">y</a>',
    f'<svg><title><a title="</title><img src=x onerror={RUNS}>"></a></title></svg>',
    f'<svg><text><div><title><a title="</title><img src=x onerror={RUNS}>">',
    "![x](attachment:gone.png)",
    f"<x-y onclick={RUNS} tabindex=0 autofocus onfocus={RUNS}>",
]
"""What a student may write into a cell."""
INJECTED = f'x"><img src=x onerror={RUNS}><script>{RUNS}</script>'
"""What a student may write in places where no HTML is expected."""


def hostile() -> dict:
    """A right notebook with all of it in cells of every kind, their metadata, attachments and outputs."""
    nb = solved(SAVE)
    outputs = [
        {"output_type": "display_data", "metadata": {kind: {"width": INJECTED}}, "data": {kind: markup}}
        for markup in MARKUP
        for kind in ("text/html", "image/svg+xml", "text/markdown", "application/javascript", "text/latex", "image/png")
    ]
    own = [
        {
            "cell_type": "code",
            "metadata": {"tags": [INJECTED], "magics_language": INJECTED},
            "execution_count": None,
            "source": "".join(MARKUP),
            "outputs": outputs,
        }
    ]
    own += [
        {"cell_type": kind, "metadata": {"raw_mimetype": "text/html", "tags": [INJECTED]}, "source": markup}
        for kind in ("markdown", "raw")
        for markup in MARKUP
    ]
    own.append(
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "![x](attachment:a.png)",
            "attachments": {"a.png": {f"image/svg+xml{INJECTED}": "PHN2Zz4="}},
        }
    )
    nb["cells"] += [{"id": f"own-{number}", **cell} for number, cell in enumerate(own)]
    nb["metadata"] |= {
        "title": INJECTED,
        "language_info": {"name": INJECTED, "pygments_lexer": INJECTED},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"x": f"</script>{INJECTED}"}},
    }
    return nb


@pytest.fixture(scope="module")
def feedback():
    """The module under test. (Importing nbgrader takes seconds, which other tests need not wait for.)"""
    from grader.grading import feedback

    return feedback


@pytest.fixture(scope="module")
def pages(new_course):
    """The folder with the feedback on a hostile notebook and on a wrong one."""
    wrong = with_answer(solved(SAVE), "save", ANSWERS["save"][1]["skips-iteration"]["one more"])
    submitted = {"eve": {SAVE: hostile(), "04-restore.html": f"<script>{RUNS}</script>".encode()}, "ben": {SAVE: wrong}}
    hand_in(course := new_course(), submitted)
    graded, told, _, log = grade(course)
    assert graded and told, log[-3000:]
    return course / "feedback"


def page(pages, student: str) -> str:
    return (pages / student / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")


def parts(page: str) -> list[tuple]:
    """The elements, attributes and texts of a page, in order."""
    found: list[tuple] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, sorted((name, value or "") for name, value in attributes)))

        def handle_data(self, text):
            found.append((text,))

    Parser().feed(page)
    return found


def opened(path, browser) -> tuple[list[str], str]:  # noqa: F811
    """What a browser requests when it opens a page and clicks each link to a script, and the page's title
    afterwards."""
    asked: list[str] = []
    context = browser.new_context()
    view = context.new_page()
    view.on("request", lambda request: asked.append(request.url))
    view.goto(path.as_uri())
    for link in view.locator("a[href^='javascript' i], a[href^='data' i]").all():
        link.click(timeout=2000, force=True)
    view.wait_for_timeout(1500)
    title = view.title()
    context.close()
    return [url for url in asked if url != path.as_uri() and not url.startswith("data:image/")], title


@needs_browser
@pytest.mark.parametrize("student", ["eve", "ben"])
def test_a_browser_runs_nothing_and_asks_for_nothing(pages, browser, student):  # noqa: F811
    assert opened(pages / student / ASSIGNMENT / "03-save.html", browser) == ([], "03-save")


@needs_browser
@pytest.mark.parametrize("wall", ["the list", "the policy"])
def test_each_of_the_two_walls_holds_alone(feedback, tmp_path, browser, wall):  # noqa: F811
    body = (
        "".join(MARKUP).replace("<meta http-equiv=refresh", "<meta ")
        if wall == "the policy"
        else "".join(map(feedback.inert, MARKUP))
    )
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}; img-src data:">'
    policy = policy if wall == "the policy" else ""
    path = tmp_path / "page.html"
    path.write_text(f"<!DOCTYPE html><html><head>{policy}<title>03-save</title></head><body>{body}</body></html>")
    asked, title = opened(path, browser)
    assert title == "03-save"
    assert asked == [] or wall == "the policy", "what a policy forbids is counted as asked for"


@needs_browser
def test_it_can_be_read_with_other_senses_and_in_each_theme(pages, look, axe):  # noqa: F811
    """Landmarks and cards are ours; contrast, links and code elsewhere come from nbgrader's template."""
    shown = page(pages, "ben")
    assert look(shown, axe, ".htcondor-view") == []
    found = {one.partition(":")[0] for one in look(shown, axe)}
    assert found <= {"color-contrast", "link-in-text-block", "scrollable-region-focusable"}


@needs_browser
def test_a_hint_looks_as_if_it_could_be_opened(pages, browser):  # noqa: F811
    """nbgrader's style sheet removes the triangle of a summary."""
    with browser.new_page() as shown:
        shown.set_content(page(pages, "ben"))
        displays = "[...document.querySelectorAll('.hint>summary')].map(one => getComputedStyle(one).display)"
        assert set(shown.evaluate(displays)) == {"list-item"}


def test_the_policy_stands_before_all_else_and_no_script_is_left(pages):
    text = page(pages, "eve")
    assert text.index("Content-Security-Policy") < text.index("<title>") < text.index("<style")
    elements = [part for part in parts(text.partition("<body>")[2]) if len(part) == 2]
    assert not {tag for tag, _ in elements} & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "meta",
        "style",
    }
    assert not [
        name for _, attributes in elements for name, _ in attributes if name in ("style", "srcdoc") or name[:2] == "on"
    ]


def test_a_page_of_the_student_s_own_does_not_lie_beside_it(pages):
    assert [path.name for path in (pages / "eve" / ASSIGNMENT).glob("*.html")] == ["03-save.html"]


def test_formgrader_has_no_script_but_its_own(pages):
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions import formgrader
    from traitlets.config import Config

    config = Config(
        {
            "HTMLExporter": {
                "template_name": "formgrade",
                "extra_template_basedirs": [str(Path(formgrader.__file__).parent / "templates")],
            }
        }
    )
    exec((ROOT / "nbgrader_config.py").read_text(encoding="utf-8"), {"get_config": lambda: config})
    about = dict.fromkeys("base_url my_url mathjax_url ajax_url last_name first_name next prev keyword".split(), "")
    about |= dict.fromkeys("index total score max_score late_penalty".split(), 0)
    notebook = pages.parent / "autograded" / "eve" / ASSIGNMENT / SAVE
    formgraded, _ = HTMLExporter(config=config).from_filename(str(notebook), resources={"nbgrader": about, **about})
    found = parts(formgraded)
    assert not [
        name for part in found if len(part) == 2 for name, _ in part[1] if name in ("onerror", "onload", "srcdoc")
    ]
    assert not [text for (tag, *_), text in zip(found, found[1:]) if tag in ("script", "style") and RUNS in text[0]]
    assert not {part[0] for part in found if len(part) == 2} & {"iframe", "object", "embed", "base", "form", "template"}


def test_a_clean_attribute_is_not_changed_afterwards(feedback, monkeypatch):
    """Some versions of nh3 leave < and > as they are in the value of an attribute."""
    clean = ['<a title="<input ">" onfocus=x y</a>', '<a title="<img src=1 onerror=x y">y</a>']
    monkeypatch.setattr(feedback, "_cleaner", lambda: SimpleNamespace(clean=lambda html: clean[0]))
    assert feedback.inert("x") == clean[0]
    clean.reverse()
    assert feedback.inert("x") == clean[0]


@pytest.mark.parametrize("source", ["\\begin{a}" * 30_000, "<ul><li>" * 30_000, "![x](attachment:gone.png)"])
def test_markdown_that_is_too_long_or_incomplete_stays_as_typed(feedback, source):
    assert feedback.markdown({}, source) == f"<pre>{html.escape(source)}</pre>"


@pytest.mark.parametrize("own", [["x"] * 3_000, ["x" * 90_000] * 20])
def test_feedback_on_an_endless_notebook_shows_the_assignment_only(feedback, own):
    from nbformat.v4 import new_markdown_cell, new_notebook

    assigned = new_markdown_cell("the task", metadata={"nbgrader": {"grade_id": "task"}})
    shown = feedback._shown(new_notebook(cells=[assigned, *map(new_markdown_cell, own)]))
    assert [cell.source for cell in shown.cells] == [feedback.TOO_MUCH, "the task"]


def test_what_was_written_is_shown_as_text(pages):
    assert "&lt;script&gt;document.title" in page(pages, "eve")


@pytest.mark.parametrize("exercise", ["save", "restore", "submit", "wrapper", "annealing", "for_real"])
def test_report_cards_come_through_as_they_are(feedback, exercise):
    right, wrong = ANSWERS[exercise]
    for answer in (next(iter(right.values())), *(next(iter(styles.values())) for styles in [*wrong.values()][:1])):
        graded, _ = judge.judge_one(EXERCISES[exercise], Tree.files(answer), confinement())
        card = card_html(graded, graded.sections)
        bare = re.sub(r"<style>.*?</style>", "", card, flags=re.DOTALL)
        assert parts(feedback.inert(card)) == parts(bare) and (bare != card)


def test_the_style_of_report_cards_is_in_the_head(pages):
    head = page(pages, "ben").partition("<body>")[0]
    assert ".htcondor-view" in head and "Markdown cells" not in head


@pytest.mark.parametrize(
    "written, shown",
    [
        ("a < b and `x<y` & **c**", "a &lt; b"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("<kbd>Esc</kbd>", "<kbd>Esc</kbd>"),
        ("[text](https://example.org/x)", 'href="https://example.org/x"'),
        ("```python\nx = 1 < 2\n```", "<pre"),
        ("![p](data:image/png;base64,iVBORw0KGgo=)", "<img"),
    ],
)
def test_harmless_markdown_is_shown_as_it_should_be(feedback, written, shown):
    assert shown in feedback.markdown({}, written)
