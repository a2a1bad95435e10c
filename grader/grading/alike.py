"""Which answers are so much alike that somebody should ask why.

Compared are the words of the programs, without comments, docstrings and layout. What it is not: a
proof. Short right answers are alike by nature, so those are not compared, and what much of the class
has in common does not count.
"""

from __future__ import annotations

import io
import itertools
import token
import tokenize
from collections import Counter
from collections.abc import Mapping

from ..course.exercise import MOST_CHARACTERS, Exercise
from ..simulator.tree import File, Tree

RUN = 5
"""Words in a row that are compared."""
LEAST = 30
"""Runs of words that an answer must have beyond those which are common, to be compared at all."""
ALIKE = 0.8
"""The part of such runs that two answers must share."""
COMMON = 0.25
"""The part of a class with which a run of words is common."""
_LAYOUT = (token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER, tokenize.NL, tokenize.COMMENT, tokenize.ENCODING)


def words(exercise: Exercise, answer: Tree) -> str:
    """The words of an answer's program, one a line; '' if it can't be read."""
    file = answer.get(exercise.answers[0])
    if not isinstance(file, File):
        return ""
    found, fresh = [], True
    try:
        for one in tokenize.tokenize(io.BytesIO(file.content[:MOST_CHARACTERS]).readline):
            if one.type in _LAYOUT:
                fresh = fresh or one.type != tokenize.COMMENT
            elif one.type == token.STRING and fresh:  # a docstring, or a text that nobody reads
                fresh = False
            else:
                found.append(one.string.replace("\n", " "))
                fresh = False
    except (tokenize.TokenError, SyntaxError, LookupError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(found)


def runs(words: str) -> frozenset[int]:
    """All runs of RUN words, as numbers that only mean something within this process."""
    found = words.split("\n")
    return frozenset(hash(tuple(found[i:i + RUN])) for i in range(len(found) - RUN + 1))


def groups(answers: Mapping[str, frozenset[int]]) -> list[list[str]]:
    """Students whose answers are alike, those who are together in a list; the largest group first."""
    often = Counter(itertools.chain.from_iterable(answers.values()))
    common = {run for run, times in often.items() if times > max(2, COMMON * len(answers))}
    own = {student: rest for student, found in answers.items() if len(rest := found - common) >= LEAST}
    leader = {student: student for student in own}
    for one, other in itertools.combinations(own, 2):
        a, b = own[one], own[other]
        if min(len(a), len(b)) >= ALIKE * max(len(a), len(b)) and len(a & b) >= ALIKE * len(a | b):
            old, new = leader[other], leader[one]
            leader = {student: new if head == old else head for student, head in leader.items()}
    together: dict[str, list[str]] = {}
    for student, head in leader.items():
        together.setdefault(head, []).append(student)
    return sorted((sorted(group) for group in together.values() if len(group) > 1), key=lambda g: (-len(g), g))
