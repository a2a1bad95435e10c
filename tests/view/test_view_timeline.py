"""The timeline: complete, well formed, self-contained, and no student's text is ever markup."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_helpers import Page, tiny

from grader.rules.schedule import parse
from grader.rules.simulation import Held, Moment, simulate
from grader.tree import Directory, File, Link, Tree
from grader.view.bar import LOOPS, bar, blocks
from grader.view.directories import preview
from grader.view.scene import scenes
from grader.view.timeline import MOST_FOLDED, briefly, joined, stretches, timeline

OURS = {
    "div",
    "style",
    "svg",
    "title",
    "line",
    "rect",
    "path",
    "g",
    "text",
    "span",
    "b",
    "ol",
    "li",
    "p",
    "details",
    "summary",
    "pre",
    "mark",
    "label",
    "input",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="x',
    "</style><b>",
    "a\x1b[31m",
    "\udcff",
    "\u202etxt.exe",
    "' onclick='x",
    "&lt;b&gt;",
    "</pre></details><iframe>",
]


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "evict@2",
        "vacate@1+30s",
        "hold@2",
        "requeue@1",
        "upload-fails@1",
        "hold-idle@1",
        "look@1+10s evict@1",
        "evict@1 evict@2 evict@3",
    ],
)
def test_every_file_of_the_three_directories_is_named(story, schedule):
    moments = story(schedule)
    text = Page(timeline(moments, submit=Tree.of(notes="x"), log_name="tiny.log")).text
    for moment in moments:
        for tree in (moment.returned_files, moment.spool, moment.sandbox or Tree()):
            assert all(path in text for path in tree.listing())
    assert "notes" in text and "tiny.log" in text


def test_an_eviction_is_a_break_that_names_what_is_lost(story):
    html = timeline(story("evict@2"))
    text = Page(html).text
    assert 'class="break"' in html and "lost: 60 s of computing" in text
    assert "last line" in text and "whole file" in text


def test_only_what_is_lost_has_the_mark_of_a_loss(story):
    marked = '<div class="lostline"><span class="x" aria-hidden="true">×</span> lost: 9 s of computing</div>'
    assert marked in timeline(story("evict@2+9s"))
    there = dict(sandbox=Tree.of(program="x"), activation=1, execution=1)
    moments = [Moment("submitted"), Moment("started", **there), Moment("evicted", **there)]
    assert '<div class="lostline">nothing is lost</div>' in timeline(moments)


def test_no_break_where_nothing_is_evicted(story):
    assert 'class="break"' not in timeline(story("upload-fails@1"))


def test_an_exit_and_its_checkpoint_are_one_row(story):
    text = Page(timeline(story(""))).text
    assert "Execution 1 · exit code 85 → checkpoint saved" in text and "not in the spool" in text


def test_marks_are_said_as_well(story):
    text = Page(timeline(story("evict@2"))).text
    assert all(f"{mark}: " in text for mark in ("new", "changed", "gone", "lost"))


def test_held_shows_the_missing_file_in_its_place(story):
    text = Page(timeline(story("", tiny(transfer_checkpoint_files=("state.txt", "nowhere.txt"))))).text
    assert "listed, not there" in text and "nowhere.txt" in text


def test_nothing_is_loaded_and_nothing_runs(story):
    html = timeline(story("evict@2"))
    page = Page(html)
    assert set(page.tags) <= OURS
    assert not re.search(r"https?:|url\(|@import|javascript:", html)
    assert not any(key in ("id", "src", "href") or key.startswith("on") for key, _ in page.attributes)


def test_highlighted_files_are_marked(story):
    assert "mark" in Page(timeline(story(""), highlight=["state.txt"])).tags
    assert "mark" not in Page(timeline(story(""))).tags


def test_long_stories_are_folded_but_not_what_went_wrong(story):
    rows = list(joined(scenes(story("evict@9", tiny(14)))))
    told = list(stretches(rows))
    assert any(not full for full, _ in told)
    assert [row for _, part in told for row in part] == rows
    assert any(full and any(row.breaks for row in part) for full, part in told)
    assert "nothing lost" in Page(timeline(story("evict@9", tiny(14)))).text


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("evict@2", ["checkpoint", "evicted", "started", "ended"]),
        ("evict@1", ["evicted", "started", "ended"]),
        ("upload-fails@3", ["checkpoint", "checkpoint failed", "ended"]),
        ("evict@5 evict@6", ["checkpoint", "evicted", "started", "evicted", "started", "ended"]),
        ("", ["checkpoint", "checkpoint", "ended"]),
    ],
)
def test_a_brief_story_has_checkpoint_fault_restart_and_end(story, schedule, told):
    moments = story(schedule, tiny(9))
    rows = list(joined(scenes(moments)))
    parts = list(briefly(rows))
    pictured = [row.moment.kind for full, part in parts for row in part if full and row.moment.kind != "restarted"]
    assert pictured == told
    assert [row for _, part in parts for row in part] == rows
    text = Page(timeline(moments, brief=True)).text
    assert "xecutions 0" not in text


def test_a_job_that_never_ends_is_not_a_row_of_green_executions(executor):
    moments = list(simulate(tiny(99), executor, most_executions=12))
    html = timeline(moments, brief=True)
    assert moments[-1].kind == "never finishes" and 'class="safe"' not in html
    assert html.count('class="vain"') == LOOPS and "and so on" in html and "of computing kept" not in html
    assert [block.fate for block in blocks(moments)] == ["safe"] * 12  # which is what the live panel counts


def test_an_endless_job_is_drawn_until_its_executions_are_alike(executor):
    moments = list(simulate(tiny(99), executor, schedule=parse("evict@2"), most_executions=12))
    html = bar(moments)
    assert html.count('class="gone"') == 1 and html.count('class="vain"') == 1 + LOOPS


def test_a_thousand_executions_stay_small():
    starts = [Moment("restarted", execution=n, sandbox=Tree.of(a=str(n))) for n in range(3000)]
    moments = [Moment("submitted"), *starts, Moment("never finishes", execution=3000, text="no end")]
    html = timeline(moments)
    assert len(html) < 200_000 and html.count("<li") < MOST_FOLDED + 20


def test_a_directory_of_many_files_stays_small():
    tree = Tree.files({f"f{n}": "x" * 1000 for n in range(5000)})
    assert len(timeline([Moment("submitted"), Moment("started", activation=1, sandbox=tree)])) < 600_000


def test_the_bar_knows_what_became_of_each_execution(story):
    fates = [(block.execution, block.fate) for block in blocks(story("evict@2"))]
    assert fates == [(1, "safe"), (2, "gone"), (3, "safe"), (4, "safe")]
    assert [b.fate for b in blocks(story("upload-fails@1 evict@2"))][:2] == ["gone", "gone"]
    assert [(b.start, b.end) for b in blocks(story(""))] == [(60, 120), (120, 180), (180, 240)]


def test_the_bar_is_measured_in_per_cent_so_that_its_type_does_not_shrink(story):
    html = bar(story("evict@2"))
    outer = html.partition("<svg")[2].partition(">")[0]
    assert "viewBox" not in outer and 'width="100%"' in outer
    lefts = [float(x) for x in re.findall(r'<rect class="(?:safe|gone)" x="([\d.]+)%"', html)]
    assert lefts == sorted(lefts) and len(lefts) == 4 and lefts[-1] < 100


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=30))
def test_no_block_is_wider_than_the_bar(lengths):
    start, moments = 0.0, [Moment("submitted", time=0.0)]
    for number, length in enumerate(lengths, 1):
        moments.append(Moment("started", time=start, activation=1, execution=number))
        start += length
        moments.append(Moment("evicted", time=start, activation=1, execution=number, run=object()))
    html = bar(moments)
    boxes = re.findall(r'<rect class="gone" x="([\d.]+)%" y="4" width="([\d.]+)%"', html)
    assert len(boxes) == len(lengths) and all(float(x) + float(width) < 100.3 for x, width in boxes)


def test_a_job_that_ends_by_failing_does_not_look_like_success(executor):
    job = tiny()
    broken = job.inputs["tiny.py"]._replace(content=b"#!/usr/bin/env python3\nraise SystemExit(3)\n")
    html = timeline(
        list(simulate(replace(job, inputs=job.inputs.put("tiny.py", broken), transfer_output_files=()), executor))
    )
    assert '<li class="bad">' in html and "the job has failed" in html and 'class="safe"' not in html


def test_what_of_a_held_job_has_come_home_is_not_lost(executor):
    job = tiny()
    failing = job.inputs["tiny.py"]._replace(content=b"#!/usr/bin/env python3\nraise SystemExit('no result')\n")
    moments = list(simulate(replace(job, inputs=job.inputs.put("tiny.py", failing)), executor))
    held = list(scenes(moments))[-1]
    assert held.moment.kind == "held" and held.moment.returned_files["tiny.err"].text == "no result\n"
    assert [item.path for item in held.lost] == []


def test_an_empty_story_is_no_error():
    Page(timeline([]))


def test_previews():
    assert preview(File(b"")) == "an empty file" and preview(Directory()) == "an empty directory"
    assert preview(Link("x")) == "a symbolic link to x" and "not text" in preview(File(b"\0\1"))
    assert preview(File(b"1\n" * 25)).endswith("... 5 lines more") and preview(File(b"1\n2")) == "1\n2"


def hostile_story(name, content):
    file = File(content.encode("utf-8", "surrogatepass"))
    tree = Tree({name.replace("/", "") or "x": file, "l": Link(name)})
    return [
        Moment("submitted"),
        Moment("started", activation=1, execution=1, sandbox=tree),
        Moment("evicted", activation=1, execution=1, sandbox=tree.put("n", file), returned_files=tree, text=content),
        Moment("held", next=Held(36, -1, content, (name,)), sandbox=tree),
        Moment("never finishes", sandbox=tree, spool=tree, text=name),
    ]


def harmless(html):
    page = Page(html)
    assert set(page.tags) <= OURS
    assert not any(key.startswith("on") or key in ("src", "href", "id") for key, _ in page.attributes)
    assert all(c.isprintable() or c == "\n" for c in page.text)
    html.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_contents(text):
    name = text.replace("/", "")
    harmless(timeline(hostile_story(text, text), highlight=[text], submit=Tree.files({name: "x"}), log_name=name))


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_names_and_contents(name, content):
    name = name.replace("/", "").replace("\0", "") or "x"
    harmless(timeline(hostile_story(name, content)))


def test_on_a_narrow_screen_each_row_begins_with_one_directory(executor):
    moments = list(simulate(tiny(), executor, schedule=parse("evict@2")))
    rows = re.findall(r'<div class="dirs">.*?(?=<li|</ol>)', timeline(moments), re.DOTALL)
    unfolded = [re.findall(r'<input type="checkbox" checked [^>]*><span [^>]*>([^<]*)', row) for row in rows]
    assert {len(names) for names in unfolded} == {1}
    assert [name for [name] in unfolded] == [
        "new execute directory",
        "spool directory",
        "execute directory",
        "new execute directory",
        "spool directory",
        "submit directory",
    ]
    assert "files different</span></label>" in rows[1], "what else is different is told while it is folded"
