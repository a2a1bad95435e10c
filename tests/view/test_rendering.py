"""HTML from templates: text is escaped once and shows what is unprintable, and the layout of a template is no white space."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError
from markupsafe import Markup

from grader.view import rendering
from grader.view.rendering import escape, prose, render, typeset, verbatim

PACKAGE = Path(__file__).resolve().parents[2] / "grader"
TEMPLATES = sorted((PACKAGE / "view" / "templates").glob("*.html"))
BY_HAND = {"view/style.py", "grading/feedback.py"}
"""A style sheet's element, and nbconvert's page as it is put together again."""


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """A function: the text of a template, and values → HTML."""
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    rendering._environment.cache_clear()

    def fill(source, **values):
        name = f"{len(list(tmp_path.iterdir()))}.html"
        (tmp_path / name).write_text(source, encoding="utf-8")
        return render(name, **values)

    yield fill
    rendering._environment.cache_clear()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b> & \"x\" 'y'", "&lt;b&gt; &amp; &#34;x&#34; &#39;y&#39;"),
        ("\x1b[1m \u202e \udcff", "\\x1b[1m \\u202e \\udcff"),
        ("two\nlines", "two\\nlines"),
        (Markup("<b>bold</b>"), "<b>bold</b>"),
        (3, "3"),
    ],
)
def test_a_value_is_escaped_unless_it_is_html(rendered, text, shown):
    assert rendered('<p title="{{ text }}">', text=text) == f'<p title="{shown}">'


def test_what_a_template_has_made_is_not_escaped_again(rendered):
    once = rendered("<i>{{ text }}</i>", text="<")
    assert isinstance(once, Markup) and rendered("<p>{{ once }}</p>", once=once) == "<p><i>&lt;</i></p>"


def test_line_breaks_stay_in_verbatim_text_only():
    assert verbatim("a\n<\x1b") == "a\n&lt;\\x1b" and escape("a\n<") == "a\\n&lt;"


def test_text_in_backticks_is_code_and_nothing_in_it_is_markup():
    assert prose("use `<a>` & b") == "use <code>&lt;a&gt;</code> &amp; b" and prose("one ` <") == "one ` &lt;"


def test_a_heading_has_the_arrow_and_the_dot_of_a_page():
    assert typeset("exit code 85 -> saved: 2 files: a") == "exit code 85 → saved · 2 files: a"


def test_a_line_break_beside_a_tag_is_no_white_space(rendered):
    source = "<ul>\n  {% for x in xs %}\n    <li>\n{{ x }}</li>\n  {% endfor %}\n</ul>\n<p>two\nlines</p> <b>x</b>\n"
    assert rendered(source, xs=[1, 2]) == "<ul><li>1</li><li>2</li></ul><p>two\nlines</p> <b>x</b>"


def test_a_mistake_is_reported_with_its_line(rendered):
    with pytest.raises(UndefinedError) as problem:
        rendered("<p>\n{{ known }}\n</p>\n{{ unknown }}\n", known=1)
    assert [entry.lineno + 1 for entry in problem.traceback if entry.path.suffix == ".html"] == [4]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_turns_text_into_html_by_itself(path):
    tokens = [token for _, kind, token in Environment().lex(path.read_text(encoding="utf-8")) if kind == "name"]
    assert not {"safe", "autoescape", "made_here"} & set(tokens)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_puts_text_between_tags_by_hand(path):
    if path.relative_to(PACKAGE).as_posix() in BY_HAND:
        return
    formatted = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
    pieces = [part.value for node in formatted for part in node.values if isinstance(part, ast.Constant)]
    assert not [piece for piece in pieces if re.search(r"</\w", piece)]
