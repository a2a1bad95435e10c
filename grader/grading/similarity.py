"""Finds answers that are so similar that somebody should ask why. It proves nothing.

Programs are compared by their words, without comments, docstrings, layout and the names that they define. Job event
logs are compared by the seconds between events and by amounts, which don't change with another name, host, date or
layout. Short right answers are naturally similar, so they are not compared, and words that many students share, or that
are in the course's own programs, don't count.
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
"""Replaces the names that a program defines."""
RUN = 5
"""Words in a row that are compared as a unit."""
LEAST = 30
"""An answer is compared only if it has this many runs of words that are not common."""
ALIKE = 0.8
"""The fraction of such runs that two similar answers share."""
COMMON = 0.25
"""A run of words is common if this fraction of the class has it."""
SAME_RUN = 0.88
"""The fraction of facts that two logs of the same run share. (Two runs of the same files on an idle machine, evicted by
the same script, may share as much; those of different students share half.)"""
SAME_JOB = 0.5
"""The same for logs that name the same job, access point and time of submission."""
FEWEST = 12
"""A log is compared only if it has this many facts; a log with an eviction has 40."""
_LAYOUT = (token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER, tokenize.NL, tokenize.COMMENT)
_FSTRING_START, _FSTRING_END = (getattr(token, f"FSTRING_{end}", None) for end in ("START", "END"))


def words(exercise: Exercise, answer: Tree) -> str:
    """The words of an answer's program, or the facts in its log, one per line. '' if it can't be read, or if answers to
    this exercise are necessarily similar: predictions, and given programs that students only fix."""
    file = answer.get(exercise.answers[0])
    if isinstance(file, File) and exercise.name == "for_real":
        job, facts = run_of(file.text)
        return "\n".join([job, *sorted(facts)]) if job else ""
    if not isinstance(file, File) or exercise.literal or exercise.answers[0] in exercise.given():
        return ""
    return _words(file.text, exercise.functions)


def _words(program: str, known: Collection[str]) -> str:
    """The words of a program, one per line; '' if it is none. The names of the functions in `known` count as words."""
    kept, fresh = [], True
    try:
        # parse first, as the tokens of an invalid program depend on the version of Python
        own = _own_names(parsed(program)) - {*known}
        for kind, text in _tokens(program[:MOST_CHARACTERS]):
            if kind in _LAYOUT:
                fresh = fresh or kind != tokenize.COMMENT
            elif kind == token.STRING and fresh:  # a docstring, or another string that is a statement
                fresh = False
            else:
                kept.append(OWN if text in own else text.replace("\n", " "))
                fresh = False
    except (tokenize.TokenError, SyntaxError, LookupError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(kept)


def _own_names(program: ast.AST) -> set[str]:
    """The names that a program defines: variables, arguments, functions, classes, and aliases of imports."""
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
    """Kind and text of each token, the same in every version of Python: since 3.12, f-strings are split into tokens."""
    lines = program.split("\n")
    strings: list[tuple[int, int]] = []  # line and column of the start of each open f-string
    for item in tokenize.generate_tokens(io.StringIO(program).readline):
        if item.type == _FSTRING_START:
            strings.append(item.start)
        elif item.type == _FSTRING_END:
            (first, left), (last, right) = strings.pop(), item.end
            if not strings:
                text = "\n".join(lines[first - 1 : last])
                yield token.STRING, text[left : len(text) - len(lines[last - 1]) + right]
        elif not strings:
            yield item.type, item.string


def runs(words: str) -> frozenset[int]:
    """All runs of RUN words, as hashes that are valid only within this process."""
    lines = words.split("\n")
    return frozenset(hash(tuple(lines[i : i + RUN])) for i in range(len(lines) - RUN + 1))


def groups(exercise: Exercise, answers: Mapping[str, str]) -> list[list[str]]:
    """Groups of students with similar answers, the largest group first. `answers` are the words() of each student."""
    return (_same_runs if exercise.name == "for_real" else _same_programs)(answers)


@lru_cache(1)
def _taught() -> frozenset[int]:
    """The runs of words in the course's own programs, which students are shown."""
    programs = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(PAYLOAD.rglob("*.py")))
    return frozenset(itertools.chain.from_iterable(runs(_words(program, ())) for program in programs))


def _same_programs(answers: Mapping[str, str]) -> list[list[str]]:
    by_student = {student: runs(words) for student, words in answers.items()}
    frequency = Counter(itertools.chain.from_iterable(by_student.values()))
    common = {run for run, times in frequency.items() if times > max(2, COMMON * len(by_student))}
    common |= _taught()
    own = {student: rest for student, all in by_student.items() if len(rest := all - common) >= LEAST}

    def alike(left: str, right: str) -> bool:
        a, b = own[left], own[right]
        return min(len(a), len(b)) >= ALIKE * max(len(a), len(b)) and len(a & b) >= ALIKE * len(a | b)

    return _together(own, alike)


def _same_runs(answers: Mapping[str, str]) -> list[list[str]]:
    logs = {
        student: (lines[0], frozenset(lines[1:]))
        for student, words in answers.items()
        if len(lines := words.split("\n")) > FEWEST
    }

    def alike(left: str, right: str) -> bool:
        (job, a), (other_job, b) = logs[left], logs[right]
        return 2 * len(a & b) >= (SAME_JOB if job == other_job else SAME_RUN) * (len(a) + len(b))

    return _together(logs, alike)


def _together(students: Iterable[str], alike: Callable[[str, str], bool]) -> list[list[str]]:
    leader = {student: student for student in students}
    for left, right in itertools.combinations(leader, 2):
        if leader[left] != leader[right] and alike(left, right):
            old, new = leader[right], leader[left]
            leader = {student: new if head == old else head for student, head in leader.items()}
    by_leader: dict[str, list[str]] = {}
    for student, head in leader.items():
        by_leader.setdefault(head, []).append(student)
    return sorted((sorted(group) for group in by_leader.values() if len(group) > 1), key=lambda g: (-len(g), g))
