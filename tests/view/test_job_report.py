"""The page of `verify --report` shows what the text does, and nothing in it runs."""

from __future__ import annotations

import re

import pytest

from grader.rules.profile import MODERN
from grader.rules.simulation import simulate
from grader.tree import File, Tree
from grader.verify.checked import Checked
from grader.verify.circumstances import looks
from grader.verify.evidence import evidence
from grader.verify.explore import explore
from grader.view.job_report import job_report

SAVES = """
import os, sys, time
done = int(open("n").read()) if os.path.exists("n") else 0
time.sleep(60)
open("rows", "a").write("row %d\\n" % done)
open("n", "w").write(str(done + 1))
sys.exit(85 if done < 2 else 0)
"""


@pytest.fixture
def checked(python_job, executor):
    def checked(source=SAVES, files=("n", "rows"), **more):
        job = python_job(
            source, checkpoint_exit_code=85, transfer_checkpoint_files=files, transfer_output_files=("rows",), **more
        )
        found = explore(job, executor)
        story = tuple(simulate(job, executor, MODERN, found.schedule or ()))
        return Checked(job, found, evidence(job, found), ("an-id", "A sentence."), looks(job), story)

    return checked


def test_a_failure_is_shown_with_its_schedule_evidence_and_story(checked):
    page = job_report("job.sub", MODERN, [checked(files=("n",))])
    assert "unsafe: wrong output" in page and "--schedule &#34;evict@2&#34;" in page
    assert "A sentence." in page and "row 0" in page and "What happens on the schedule evict@2" in page
    assert "evicted" in page


def test_only_a_failure_after_a_fault_is_headed_by_its_schedule(checked):
    after_a_fault = job_report("job.sub", MODERN, [checked(files=("n",))])
    without = job_report("job.sub", MODERN, [checked(files=("n", "typo"))])
    assert "The shortest schedule that shows it" in after_a_fault
    assert "The shortest schedule that shows it" not in without and "It goes wrong without any fault" in without


def test_a_safe_job_is_shown_with_the_run_without_a_fault(checked):
    page = job_report("job.sub", MODERN, [checked()])
    assert "restart-safe: " in page and "What happens without any fault" in page


def test_several_jobs_are_on_one_page(checked):
    page = job_report("job.sub", MODERN, [checked(), checked(proc=1)], ["job.sub:3: a remark"])
    assert page.count("<h2>") == 2 and "a remark" in page


def test_nothing_hostile_gets_into_the_page(checked):
    source = SAVES + "import time\nnow = time.time()  # <script>alert(1)</script>\n"
    one = checked(source, files=("n",), inputs=Tree({"<img src=x onerror=y>": File(b"<script>")}))
    page = job_report("<b>job.sub\x1b[2J", MODERN, [one], ["<script>alert(2)</script>"])
    assert not re.search(r"<script|<img|<b>job", page) and "\x1b" not in page
    assert "default-src 'none'" in page


def test_what_the_job_looks_at_is_listed(checked):
    page = job_report("job.sub", MODERN, [checked("import time\nprint(time.time())\n" + SAVES)])
    assert "the clock" in page and "print(time.time())" in page
