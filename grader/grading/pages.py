"""The pages that grading writes: what they have in common, and the report for one student.

Each is a file on its own: no script, nothing from elsewhere, and a policy in it that forbids both, for
what is shown was written by programs that nobody has read.
"""

from __future__ import annotations

from ..course.catalogue import COURSE, Notebook
from ..course.explanation import card_html
from ..text import escape
from ..view.card import in_points, number
from .judge import Grade

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5b636d;--line:#d4d8dd;--soft:rgba(127,127,127,.09);
 --good:#009e73;--part:#e69f00;--bad:#d55e00;--none:#9aa1a9;--blue:#0072b2}
@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e4e7eb;--dim:#a0a8b2;--line:#3a4149;--none:#6b737c;
 --blue:#4ba3dd}}
*{box-sizing:border-box}
body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif;max-width:940px;
 margin:0 auto;padding:28px 20px 60px}
h1{font-size:25px;line-height:1.25;margin:0 0 2px;font-weight:650;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 10px;padding-bottom:5px;border-bottom:1px solid var(--line);font-weight:650}
h3{font-size:15px;margin:26px 0 2px;font-weight:650;color:var(--dim)}
h4{font-size:15px;margin:14px 0 2px;font-weight:650}
p{margin:0 0 8px}.dim{color:var(--dim)}.lead{color:var(--dim);margin-bottom:18px}
ul.remarks{margin:14px 0;padding:9px 14px 9px 30px;background:var(--soft);border-radius:6px}
.sum{font-size:20px;font-variant-numeric:tabular-nums}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def page(title: str, body: str, style: str = "") -> str:
    """A whole HTML page. `body` is HTML that is safe already."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}{style}</style></head>\n<body>{body}</body></html>\n"
    )


def student(name: str, grade: Grade | None, problem: str = "") -> str:
    """The report for one student: points, remarks, and a card for each exercise."""
    if grade is None:
        return page(name, f"<h1>{escape(name)}</h1><p>{escape(problem)} An instructor has to look at it.</p>")
    said = dict.fromkeys([*filter(None, [problem]), *grade.unsure, *grade.remarks])
    remarks = f'<ul class="remarks">{"".join(f"<li>{escape(one)}</li>" for one in said)}</ul>' if said else ""
    judged = "\n".join(_chapter(notebook, grade) for notebook in COURSE)
    return page(
        name,
        f'<h1>{escape(name)}</h1><p class="sum"><b>{number(grade.points)}</b> of '
        f"{in_points(grade.maximum)}</p>{remarks}\n{judged}",
    )


def _chapter(notebook: Notebook, grade: Grade) -> str:
    """The cards of one notebook's exercises, below its name."""
    names = {exercise.name for exercise in notebook.exercises}
    cards = [card_html(one, one.sections) for one in grade.exercises if one.exercise in names]
    return "\n".join([f"<h3>{notebook.name}</h3>", *cards]) if cards else ""
