"""What a program looks at besides its arguments and its files is named, with the line; and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.rules.job import Job
from grader.tree import File, Tree
from grader.verify.circumstances import Circumstance, looks
from grader.view.circumstances import circumstance_json, circumstance_lines

CLOCK, HOME, MACHINE, PROCESS, HASHES, FILE_TIMES, RANDOM = Circumstance


def job(text, name="job.py"):
    return Job(executable=name, inputs=Tree({name: File(text.encode(), executable=True)}))


def seen(text, name="job.py"):
    return [(look.what, look.line) for look in looks(job(text, name))]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import time; print(time.time())", CLOCK),
        ("import time as t; t.monotonic()", CLOCK),
        ("from time import perf_counter as now; now()", CLOCK),
        ("from datetime import datetime; datetime.now().isoformat()", CLOCK),
        ("import datetime as dt; dt.date.today()", CLOCK),
        ("import time; time.strftime('%Y')", CLOCK),
        ("import os; os.environ['HOME']", HOME),
        ("import os; os.environ.get('HOME', '.')", HOME),
        ("from os import getenv; getenv('HOME')", HOME),
        ("import os; os.path.expanduser('~/ckpt')", HOME),
        ("from pathlib import Path; Path.home() / 'x'", HOME),
        ("from pathlib import Path; Path('~/x').expanduser()", HOME),
        ("import socket; socket.gethostname()", MACHINE),
        ("import platform; platform.node()", MACHINE),
        ("import os; seed = os.getpid()", PROCESS),
        ("print(hash('abc') % 7)", HASHES),
        ("for name in {'a', 'b'}: print(name)", HASHES),
        ("print(','.join(set(names)))", HASHES),
        ("names = {'a', 'b'}; print(list(names)[1:])", HASHES),
        ("print([x for x in frozenset(names)])", HASHES),
        ("import os; os.path.getmtime('ckpt')", FILE_TIMES),
        ("from pathlib import Path; Path('x').stat().st_mtime", FILE_TIMES),
        ("import random; random.random()", RANDOM),
        ("from random import choice; choice('ab')", RANDOM),
        ("import random; r = random.Random()", RANDOM),
        ("import numpy as np; np.random.rand(3)", RANDOM),
        ("import numpy as np; rng = np.random.default_rng()", RANDOM),
        ("import os; os.urandom(4)", RANDOM),
        ("import uuid; uuid.uuid4()", RANDOM),
        ("import secrets; secrets.token_hex()", RANDOM),
    ],
)
def test_a_look_is_named_with_its_line(line, what):
    assert seen(f"\n{line}\n") == [(what, 2)]


@pytest.mark.parametrize(
    "line",
    [
        "import time; time.sleep(5)",
        "import time; time.strftime('%Y', time.localtime(0))",
        "import random; random.seed(1); random.random()",
        "import random; r = random.Random(7); r.random()",
        "import numpy as np; rng = np.random.default_rng(seed=1); rng.normal()",
        "import numpy as np; np.random.seed(1); np.random.rand()",
        "import os; os.environ['DATA']; os.path.exists('HOME')",
        "for name in sorted({'a', 'b'}): print(name)",
        "names = {'a', 'b'}; print('a' in names, sorted(names))",
        "names = {'a', 'b'}; names = sorted(names); print(list(names))",
        "numbers = {1, 2}; print(list(numbers))",
        "print(sum(x for x in {1, 2}), {y for y in set(names)})",
        "def hash(text): return 1\nprint(hash('a'))",
        "x.now(); clock.time(); random = 4",
        "def broken(:",
    ],
)
def test_what_is_the_same_at_each_start_is_not_named(line):
    assert seen(line) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("now=$(date +%s)", CLOCK),
        ("[ $SECONDS -gt 5 ] && exit 85", CLOCK),
        ("cp ckpt $HOME/ckpt", HOME),
        ("tar xf ~/data.tar", HOME),
        ("echo $$ > pid", PROCESS),
        ("x=$RANDOM", RANDOM),
        ("[ ckpt -nt my_input.txt ] && n=1", FILE_TIMES),
        ("on=$(hostname)", MACHINE),
    ],
)
def test_so_it_is_in_shell_scripts(line, what):
    assert seen(f"#!/bin/bash\n{line}\n", "job.sh") == [(what, 2)]
    assert seen(f"#!/bin/bash\n# {line}\necho updated\n", "job.sh") == []


def test_files_that_are_no_programs_are_not_looked_into():
    assert seen("import time; time.time()", "notes.txt") == []
    assert seen("#!/usr/bin/env python3\nimport time; time.time()", "job") == [(CLOCK, 2)]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(content):
    looks(Job(executable="job.py", inputs=Tree({"job.py": File(content)})))


def test_the_lines_name_a_few_places_and_how_many_more():
    found = looks(job("import time\n" + "time.time()\n" * 5))
    lines = circumstance_lines(found)
    assert [line.split()[-1] for line in lines[2:4]] == ["time.time()", "time.time()"]
    assert lines[2].startswith("  the clock:") and lines[-1].endswith("time.time(), and 2 more")
    assert circumstance_lines(()) == []
    assert circumstance_json(found)[0] == {"what": "the clock", "file": "job.py", "line": 2}
