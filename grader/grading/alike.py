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
from collections.abc import Iterator, Mapping

from ..course.exercise import Exercise
from ..course.reading import MOST_CHARACTERS, parsed
from ..simulator.tree import File, Tree

RUN = 5
"""Words in a row that are compared."""
LEAST = 30
"""Runs of words that an answer must have beyond those which are common, to be compared at all."""
ALIKE = 0.8
"""The part of such runs that two answers must share."""
COMMON = 0.25
"""The part of a class with which a run of words is common."""
_LAYOUT = (token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER, tokenize.NL, tokenize.COMMENT)
_FSTRING_START, _FSTRING_END = (getattr(token, f"FSTRING_{end}", None) for end in ("START", "END"))


def words(exercise: Exercise, answer: Tree) -> str:
    """The words of an answer's program, one a line; '' if it can't be read, or if answers to this exercise have to
    be alike: predictions, and programs that are given and only mended."""
    file = answer.get(exercise.answers[0])
    if not isinstance(file, File) or exercise.literal or exercise.answers[0] in exercise.given():
        return ""
    found, fresh = [], True
    try:
        parsed(file.text)  # tokens of what is no program are different ones in each Python
        for kind, text in _tokens(file.text[:MOST_CHARACTERS]):
            if kind in _LAYOUT:
                fresh = fresh or kind != tokenize.COMMENT
            elif kind == token.STRING and fresh:  # a docstring, or a text that nobody reads
                fresh = False
            else:
                found.append(text.replace("\n", " "))
                fresh = False
    except (tokenize.TokenError, SyntaxError, LookupError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(found)


def _tokens(program: str) -> Iterator[tuple[int, str]]:
    """Kind and text of each token, the same in every Python: since 3.12 an f-string has tokens of its own."""
    lines = program.split("\n")
    strings: list[tuple[int, int]] = []  # where the f-strings begin that are not at their end, line and column
    for one in tokenize.generate_tokens(io.StringIO(program).readline):
        if one.type == _FSTRING_START:
            strings.append(one.start)
        elif one.type == _FSTRING_END:
            (first, left), (last, right) = strings.pop(), one.end
            if not strings:
                text = "\n".join(lines[first - 1:last])
                yield token.STRING, text[left:len(text) - len(lines[last - 1]) + right]
        elif not strings:
            yield one.type, one.string


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
