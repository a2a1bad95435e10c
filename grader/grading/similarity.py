"""Which answers are so much alike that somebody should ask why.

Of programs the words are compared, without comments, docstrings, layout, and the names that a program gives to what is
its own; of job event logs the seconds from event to event, and the amounts, which another name, host, date or layout does
not change. What it is not: a proof. Short right answers are alike by nature, so those are not compared, and neither what
much of the class has in common nor what is in the course's own programs counts.
"""

from __future__ import annotations

import ast
import io
import itertools
import token
import tokenize
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from ..course.exercise import Exercise
from ..course.payload import PAYLOAD
from ..course.reading import MOST_CHARACTERS, parsed
from ..real_pool.log_summary import run_of
from ..tree import File, Tree

OWN = "_"
"""What stands for a name that is a program's own."""
RUN = 5
"""Words in a row that are compared."""
LEAST = 30
"""Runs of words that an answer must have beyond those which are common, to be compared at all."""
ALIKE = 0.8
"""The part of such runs that two answers must share."""
COMMON = 0.25
"""The part of a class with which a run of words is common."""
SAME_RUN = 0.88
"""The part of their facts that two logs share if they tell of one run. (Two runs of the same files on an idle
machine, evicted by the same script, may share as much; those of different students share half.)"""
SAME_JOB = 0.5
"""The same of logs that have the same job, access point and time of submission in them."""
FEWEST = 12
"""Facts that a log must have to be compared: one with an eviction has 40."""
_LAYOUT = (token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER, tokenize.NL, tokenize.COMMENT)
_FSTRING_START, _FSTRING_END = (getattr(token, f"FSTRING_{end}", None) for end in ("START", "END"))


def words(exercise: Exercise, answer: Tree) -> str:
    """The words of an answer's program, or the facts in its log, one a line; '' if it can't be read, or if answers to
    this exercise have to be alike: predictions, and programs that are given and only repaired."""
    file = answer.get(exercise.answers[0])
    if isinstance(file, File) and exercise.name == "for_real":
        job, facts = run_of(file.text)
        return "\n".join([job, *sorted(facts)]) if job else ""
    if not isinstance(file, File) or exercise.literal or exercise.answers[0] in exercise.given():
        return ""
    return _words(file.text, exercise.functions)


def _words(program: str, known: Collection[str]) -> str:
    """The words of a program, one a line; '' if it is none. `known`: functions whose names are not its own."""
    found, fresh = [], True
    try:
        # tokens of what is no program are different ones in each Python
        own = _own_names(parsed(program)) - {*known}
        for kind, text in _tokens(program[:MOST_CHARACTERS]):
            if kind in _LAYOUT:
                fresh = fresh or kind != tokenize.COMMENT
            elif kind == token.STRING and fresh:  # a docstring, or a text that nobody reads
                fresh = False
            else:
                found.append(OWN if text in own else text.replace("\n", " "))
                fresh = False
    except (tokenize.TokenError, SyntaxError, LookupError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(found)


def _own_names(program: ast.AST) -> set[str]:
    """The names that a program gives: to variables, arguments, functions, and what it imports under another name."""
    names: set[str] = set()
    for node in ast.walk(program):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias) and node.asname:
            names.add(node.asname)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


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
                text = "\n".join(lines[first - 1 : last])
                yield token.STRING, text[left : len(text) - len(lines[last - 1]) + right]
        elif not strings:
            yield one.type, one.string


def runs(words: str) -> frozenset[int]:
    """All runs of RUN words, as numbers that only mean something within this process."""
    found = words.split("\n")
    return frozenset(hash(tuple(found[i : i + RUN])) for i in range(len(found) - RUN + 1))


def groups(exercise: Exercise, answers: Mapping[str, str]) -> list[list[str]]:
    """Students whose answers are alike, those who are together in a list; the largest group first. `answers` are the
    words() of each."""
    return (_same_runs if exercise.name == "for_real" else _same_programs)(answers)


@lru_cache(1)
def _taught() -> frozenset[int]:
    """The runs of words in the course's own programs, which students are shown."""
    programs = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(PAYLOAD.rglob("*.py")))
    return frozenset(itertools.chain.from_iterable(runs(_words(program, ())) for program in programs))


def _same_programs(answers: Mapping[str, str]) -> list[list[str]]:
    found = {student: runs(words) for student, words in answers.items()}
    often = Counter(itertools.chain.from_iterable(found.values()))
    common = {run for run, times in often.items() if times > max(2, COMMON * len(found))}
    common |= _taught()
    own = {student: rest for student, all in found.items() if len(rest := all - common) >= LEAST}

    def alike(one: str, other: str) -> bool:
        a, b = own[one], own[other]
        return min(len(a), len(b)) >= ALIKE * max(len(a), len(b)) and len(a & b) >= ALIKE * len(a | b)

    return _together(own, alike)


def _same_runs(answers: Mapping[str, str]) -> list[list[str]]:
    logs = {
        student: (lines[0], frozenset(lines[1:]))
        for student, words in answers.items()
        if len(lines := words.split("\n")) > FEWEST
    }

    def alike(one: str, other: str) -> bool:
        (job, a), (other_job, b) = logs[one], logs[other]
        return 2 * len(a & b) >= (SAME_JOB if job == other_job else SAME_RUN) * (len(a) + len(b))

    return _together(logs, alike)


def _together(students: Iterable[str], alike: Callable[[str, str], bool]) -> list[list[str]]:
    leader = {student: student for student in students}
    for one, other in itertools.combinations(leader, 2):
        if leader[one] != leader[other] and alike(one, other):
            old, new = leader[other], leader[one]
            leader = {student: new if head == old else head for student, head in leader.items()}
    together: dict[str, list[str]] = {}
    for student, head in leader.items():
        together.setdefault(head, []).append(student)
    return sorted((sorted(group) for group in together.values() if len(group) > 1), key=lambda g: (-len(g), g))
