"""Whether a program seeds by what it has done so far, as its text shows."""

from __future__ import annotations

import pytest

from grader.rules.job import Job
from grader.tree import File, Tree
from grader.verify.seeds import seeds_by_state

BY_STATE = (
    "block = 0\nwhile block < 4:\n    random.seed(1000 + block)\n    block += 1",
    "done, total = load()\ndone += 1\nrng = np.random.default_rng(seed=7, *[done])",
    "for chunk in range(9):\n    pass\nchunk = 3\nrng = Random(f'{chunk}')",
    "class A:\n    def __init__(self):\n        self.n = 0\n    def go(self):\n        self.n += 1\n        seed((1, self.n))",
    "s = load()\nrandom.seed(s['step'])\ns['step'] += 1",
)
ALWAYS_THE_SAME = (
    "random.seed(7)",
    "SEED = 3\nrng = default_rng(SEED)",
    "args = parse()\nnp.random.seed(args.seed)",
    "class A:\n    def __init__(self, seed):\n        self.seed, self.n = seed, 0\n        self.n = 1\n        random.seed(self.seed)",
    "s = load()\ns = s or fresh()\nrandom.seed(s['seed'])",
    "n = 1\nn = 2\nprint(n)\nrandom.seed()",
    "random.seed(n",
    "n = 1; n += 1; plant(n)",
)


def by_state(text):
    return seeds_by_state(Job(executable="job", inputs=Tree({"job": File(text.encode(), executable=True)})))


@pytest.mark.parametrize("text", BY_STATE)
def test_a_seed_that_changes_as_the_program_goes_on_is_one(text):
    assert by_state(text)


@pytest.mark.parametrize("text", ALWAYS_THE_SAME)
def test_one_that_is_the_same_at_each_start_is_none(text):
    assert not by_state(text)


def test_what_is_no_python_is_none():
    assert not by_state("\0\1random.seed(n)")
