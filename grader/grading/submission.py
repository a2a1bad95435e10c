"""Reads the answers out of a notebook that was handed in, without running any of it.

A notebook is JSON. An answer is a `%%writefile DIRECTORY/FILE` cell or a literal, `NAME = value`, which counts as a
file called NAME. Whatever the bytes, the result is a value: the answers in them, and sentences on what is wrong with
them. Whether an answer is right is not decided here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ..course.catalogue import EXERCISES
from ..course.exercise import Exercise
from ..course.prediction import WRONG_BEFORE
from ..course.reading import (
    MOST_CHARACTERS,
    assigned_literals,
    cleared_literals,
    literal,
    same_text,
    unwritten_functions,
)
from ..text import plain, series, shorten
from ..tree import File, Tree

MOST_BYTES = 10 << 20
"""The most bytes of a notebook. Outputs make notebooks large; those of this course have a few hundred kilobytes."""
MOST_CELLS = 2_000
MOST_REMARKS = 12
MOST_WRONG = 1_000
"""Counts of wrong predictions from here on are ignored, as outputs can be edited."""

# These never backtrack over spaces, as students write the text that they are matched with.
_MAGIC = re.compile(r"\s*+(%\s*+%?)\s*+((?:over)?write[ _-]?file|file)\b[ \t]*+", re.IGNORECASE)
_CHECK = re.compile(r"""\s*+check\(\s*+["']([\w-]++)["']\s*+(?:,\s*+\w++\s*+)?\)\s*+;?\s*+""")


@dataclass(frozen=True)
class StudentAnswers:
    """What was handed in, as far as it can be judged."""

    answers: Mapping[str, Tree] = field(default_factory=dict)
    """Exercise → the files that the student wrote for it. Exercises without files are missing."""
    remarks: tuple[str, ...] = ()
    """Sentences on what is wrong."""
    unread: tuple[str, ...] = ()
    """The remarks on what could not be read, where answers may be."""
    wrong: Mapping[str, int] = field(default_factory=dict)
    """Exercise → the number of different wrong predictions, according to the outputs. No points depend on it, as
    outputs can be edited."""

    def to_json(self) -> bytes:
        """The submission as bytes, for a judge elsewhere."""
        answers = {
            name: {path: (file.content.hex(), file.executable) for path, file in tree.regular().items()}
            for name, tree in self.answers.items()
        }
        fields = {"answers": answers, "remarks": self.remarks, "unread": self.unread, "wrong": dict(self.wrong)}
        return json.dumps(fields).encode()

    @classmethod
    def from_json(cls, data: bytes) -> StudentAnswers:
        """The submission that to_json() wrote."""
        fields = json.loads(data)
        return cls(
            {
                name: Tree(
                    {path: File(bytes.fromhex(content), executable) for path, (content, executable) in files.items()}
                )
                for name, files in fields["answers"].items()
            },
            tuple(fields["remarks"]),
            tuple(fields["unread"]),
            fields["wrong"],
        )


class Unreadable(Exception):
    """A file can't be read as a notebook; the text says why, in a sentence or two."""


class Cell(NamedTuple):
    """One cell of a notebook: its kind, its text, and nbgrader's name for it ('' if it has none).

    A longer text is cut to MOST_CHARACTERS + 1, which shows that it was too long.
    """

    kind: str
    source: str
    grade_id: str = ""
    wrong: Mapping[str, int] = MappingProxyType({})
    """As in StudentAnswers."""


class FileCell(NamedTuple):
    """A file that a cell writes. `number` counts cells from 1; `appends` says whether the text is added to the file."""

    exercise: str
    path: str
    text: str
    number: int
    appends: bool = False


def read(data: bytes) -> StudentAnswers:
    """The answers in one notebook, given as the bytes of its file. Never raises."""
    return read_all([("", data)])


def read_all(
    notebooks: Iterable[tuple[str, bytes]], unread: Sequence[str] = (), said: Sequence[str] = ()
) -> StudentAnswers:
    """The answers in several notebooks of one student, (name, bytes) each, read in this order. `unread`: remarks on
    what else could not be read; `said`: other remarks. A remark on an unreadable notebook always names it; remarks on
    cells name the notebook only if there are several. `unread` may grow while `notebooks` is iterated over."""
    remarks: list[tuple[str, str]] = []
    unreadable: list[str] = []
    number = 0
    written: list[FileCell] = []
    wrong: dict[str, int] = {}
    writers: dict[str, dict[str, str]] = {}
    for number, (name, data) in enumerate(notebooks, 1):  # noqa: B007 - the number of notebooks, below
        called = f"{plain(shorten(name, 80))}: " if name else ""
        try:
            cells, odd = cells_of(data)
        except Unreadable as problem:
            unreadable.append(called + str(problem))
            continue
        unreadable += [called + unknown for unknown in _unknown_checks(cells)]
        files, more = _written(cells)
        written += files
        for file in files:
            writers.setdefault(f"{file.exercise}/{file.path}", {})[plain(shorten(name, 80))] = file.text
        wrong |= _wrong(cells)
        remarks += [(called, remark) for remark in (*odd, *more)]
    answers, more = _chosen(written)
    unread = [*unread, *unreadable]
    about = [called + remark if number > 1 else remark for called, remark in remarks]
    return StudentAnswers(answers, _few([*unread, *said, *about, *_orders(writers), *more]), _few(unread), wrong)


def _orders(writers: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A sentence for each file of which notebooks write different versions. `writers`: file → notebook → text."""
    for file, texts in writers.items():
        if len(set(texts.values())) > 1:
            order = ", then ".join(texts)
            yield f"Several notebooks write {file}, and are read in this order: {order}."


def from_cells(cells: Iterable[Mapping[str, Any]]) -> StudentAnswers:
    """The answers in the cells of a notebook that nbformat has read already."""
    read = [_cell(cell) for cell in cells]
    written, remarks = _written(read)
    answers, more = _chosen(written)
    return StudentAnswers(answers, _few([*remarks, *more]), wrong=_wrong(read))


def checked_exercise(source: str) -> str | None:
    """The exercise that a cell checks: "save" for `check("save")` or `check("save", value)`, with or without comments
    before it; None for anything else."""
    line, below, _ = _first_line(source)
    call = None if below.strip() else _CHECK.fullmatch(line)
    return call[1] if call else None


def beginning(source: str) -> str | None:
    """What students get in place of a cell with an answer: `NAME = ...` for a literal, the beginning of a file if the
    exercise gives one; None for any other cell."""
    written, _ = _file_of(Cell("code", source), 0)
    if written is not None:
        given = EXERCISES[written.exercise].given().get(written.path)
        return _first_line(source)[0] + "\n" + given.text.rstrip("\n") if isinstance(given, File) else None
    return cleared_literals(source, _LITERALS)


# -- from bytes to cells -----------------------------------------------------------


def cells_of(data: bytes) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook, and remarks on its file. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(
            f"The notebook has more than {MOST_BYTES >> 20} MB and is not read: clear all outputs, save "
            "it and hand it in again."
        )
    if not data.strip():
        raise Unreadable("The file is empty.")
    text, remarks = _text(data)
    try:
        content = json.loads(text)
    except RecursionError:
        raise Unreadable("The file is nested too deeply for a notebook.") from None
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        if text.lstrip().startswith("{") and not text.rstrip().endswith("}"):
            place = f", as it breaks off in line {len(text.rstrip().splitlines())}"
        raise Unreadable(f"The file is not a notebook: it is not JSON{place}.") from None
    except MemoryError:
        raise Unreadable("The file takes too much memory to be read.") from None
    cells, more = _cells(content)
    return cells, remarks + more


def _text(data: bytes) -> tuple[str, list[str]]:
    for encoding, mark in (("utf-16", (b"\xff\xfe", b"\xfe\xff")), ("utf-8-sig", (b"",))):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
                return text, [] if encoding != "utf-16" else ["The notebook is not in UTF-8; it was read as UTF-16."]
            except UnicodeDecodeError:
                pass
    return data.decode("latin-1"), ["The notebook is not in UTF-8; letters beyond ASCII may be wrong."]


def _cells(content: object) -> tuple[list[Cell], list[str]]:
    if not isinstance(content, dict):
        raise Unreadable("The file is JSON, but not a notebook.")
    cells = content.get("cells")
    if cells is None and isinstance(content.get("worksheets"), list):  # nbformat 3
        cells = [
            cell
            for sheet in content["worksheets"]
            if isinstance(sheet, dict)
            for cell in sheet.get("cells") or ()
            if isinstance(sheet.get("cells"), list)
        ]
    if not isinstance(cells, list):
        raise Unreadable("The file is JSON, but not a notebook: it has no cells.")
    remarks = _wrong_kernel(content.get("metadata"))
    if len(cells) > MOST_CELLS:
        remarks.append(f"The notebook has {len(cells):,} cells; only the first {MOST_CELLS:,} are read.")
    whole = [cell for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]
    if len(whole) < len(cells[:MOST_CELLS]):
        remarks.append("Something in the notebook's list of cells is not a cell.")
    return [_cell(cell) for cell in whole], remarks


def _cell(cell: Mapping[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, (list, tuple)):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    own = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = own.get("grade_id") if isinstance(own, Mapping) else None
    return Cell(
        kind=str(cell.get("cell_type"))[:20],
        source=source[: MOST_CHARACTERS + 1] if isinstance(source, str) else "",
        grade_id=grade_id if isinstance(grade_id, str) else "",
        wrong=_wrong_of(cell.get("outputs")),
    )


def _wrong_of(outputs: object) -> dict[str, int]:
    """The numbers of wrong predictions that check() has stored with its outputs: exercise → number."""
    wrong: dict[str, int] = {}
    for output in outputs if isinstance(outputs, list) else ():
        metadata = output.get("metadata") if isinstance(output, dict) else None
        kept = metadata.get(WRONG_BEFORE) if isinstance(metadata, dict) else None
        for name, number in kept.items() if isinstance(kept, dict) else ():
            if name in EXERCISES and EXERCISES[name].literal and type(number) is int and 0 <= number < MOST_WRONG:
                wrong[name] = number
    return wrong


def _wrong(cells: Iterable[Cell]) -> dict[str, int]:
    return {name: number for cell in cells for name, number in cell.wrong.items()}


def _wrong_kernel(metadata: object) -> list[str]:
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language") or spec.get("name") if isinstance(spec, dict) else None
    if not isinstance(language, str) or "python" in language.lower():
        return []
    return [f"The notebook is set to another kernel ({plain(shorten(language, 30))}), which makes no difference here."]


# -- from cells to files -----------------------------------------------------------


def _written(cells: Sequence[Cell]) -> tuple[list[FileCell], list[str]]:
    """The answer files that the cells write, and remarks on the cells."""
    written: list[FileCell] = []
    remarks: list[str] = []
    before: FileCell | None = None
    for number, cell in enumerate(cells, 1):
        file, notes = _file_of(cell, number)
        remarks += notes
        if file is None and cell.kind == "code":
            literals, notes = _literals(cell, number)
            written += literals
            remarks += notes or _stray(cell, number, before)
        before = file if file is not None or cell.source.strip() else before
        if file is not None:
            written.append(file)
    return written, remarks


def _file_of(cell: Cell, number: int) -> tuple[FileCell | None, list[str]]:
    """The answer file that a cell writes, or None, and remarks on the cell."""
    head, body, skipped = _first_line(cell.source)
    magic = _MAGIC.match(head)
    if magic is None or (magic[2].lower() == "file" and magic[1] != "%%"):
        return None, []
    appends, target = _target(head[magic.end() :])
    file = _exercise_file(target)
    if file is None:
        return None, _unknown_target(target, number)
    name = f"{file[0]}/{file[1]}"
    remarks = []
    if (magic[1], magic[2]) not in (("%%", "writefile"), ("%%", "file")) or skipped:
        remarks.append(
            f"Cell {number} does not begin with `%%writefile {name}` as it should, so in Jupyter it would "
            "not have written the file; it is graded as if it had."
        )
    elif target != name:
        remarks.append(f"Cell {number} writes {_quoted(target)}; it is graded as {name}.")
    if cell.kind != "code":
        remarks.append(f"Cell {number}, which writes {name}, is not a code cell; it is graded as if it were one.")
    if appends:
        remarks.append(f"Cell {number} adds to {name} (-a) instead of writing it.")
    if len(cell.source) > MOST_CHARACTERS:
        return None, [*remarks, f"Cell {number} has more than {MOST_CHARACTERS:,} characters and is not graded."]
    text = body if not body or body.endswith("\n") else body + "\n"
    return FileCell(*file, text, number, appends), remarks


def _literals(cell: Cell, number: int) -> tuple[list[FileCell], list[str]]:
    """The course's literals that a cell assigns, and remarks on values that can't be graded."""
    if not any(name in cell.source for name in _LITERALS) or len(cell.source) > MOST_CHARACTERS:
        return [], []
    literals, remarks = [], []
    for name, text in assigned_literals(cell.source).items():
        if name in _LITERALS and text != "...":
            try:
                literal(text)
            except ValueError as error:
                remarks.append(f"Cell {number} gives {name} a value that is not graded: {error}.")
            literals.append(FileCell(name, name, text, number))
    return literals, remarks


def _first_line(source: str) -> tuple[str, str, bool]:
    """The line where a cell's magic belongs, the text after it, and whether a comment comes before it."""
    text, skipped, start = source.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n\ufeff"), False, 0
    while True:
        end = text.find("\n", start) % (len(text) + 1)  # the end of the text if no newline follows
        line = text[start:end].strip()
        if end + 1 < len(text) and (not line or line.startswith("#")):
            skipped, start = skipped or bool(line), end + 1
            continue
        return text[start:end], text[end + 1 :], skipped


def _target(words: str) -> tuple[bool, str]:
    """Whether to append, and the file's name, from the words after the magic."""
    parts = words.split()
    appends = any(part in ("-a", "--append") for part in parts)
    names = [part for part in parts if not part.startswith("-")]
    return appends, " ".join(names).strip("\"'")


def _exercise_file(target: str) -> tuple[str, str] | None:
    """The exercise and file that a target means, whatever its case and slashes; None if it means no answer's file."""
    wanted = re.sub(r"/\.?(?=/)", "", target.replace("\\", "/")).removeprefix("./").strip().lower()
    return _TARGETS.get(wanted)


_TARGETS = {
    f"{name}/{path}".lower(): (name, path) for name, one in EXERCISES.items() if not one.literal for path in one.answers
}


def _unknown_target(target: str, number: int) -> list[str]:
    """A remark on a file that is not part of an answer but seems to be meant as part of one; [] for other files."""
    directory, _, base = target.replace("\\", "/").lower().rpartition("/")
    meant = [
        f"{name}/{path}"
        for name, one in EXERCISES.items()
        if not one.literal
        for path in one.answers
        if path.lower() == base or (name.lower() == directory.partition("/")[0] and _alike(path.lower(), base))
    ]
    if any(target == f"{name}/{path}" for name, one in EXERCISES.items() for path in one.given()):
        return []  # the learner may change what is given
    if not meant:
        return []
    return [
        f"Cell {number} writes {_quoted(target)}, which is not an answer and is not graded; the exercise asks "
        f"for {' or '.join(meant)}."
    ]


def _alike(path: str, other: str) -> bool:
    """Whether a file's name may be a misspelling of another."""
    return bool(difflib.get_close_matches(other, [path], cutoff=0.7))


def _stray(cell: Cell, number: int, before: FileCell | None) -> list[str]:
    """Remarks on a code cell that writes no file: if it looks like a part of a file, or is a check that was changed."""
    if cell.grade_id.startswith("check-") and _slug(checked_exercise(cell.source) or "") != cell.grade_id[6:]:
        return [
            f"Cell {number}, which checks the answer, was changed. That makes no difference: the answer itself is "
            "graded."
        ]
    head = _first_line(cell.source)[0]
    if before is not None and head[:1] in (" ", "\t"):
        return [
            f"Cell {number} looks like the second half of cell {before.number}, which was split: it is not part of "
            f"{before.exercise}/{before.path} and is not graded."
        ]
    defined = [name for name in _FUNCTIONS if re.search(rf"^(?:async )?def {name}\b", cell.source, re.MULTILINE)]
    if not defined or _MAGIC.match(head):
        return []
    return [
        f"Cell {number} defines {series(defined)} but has no %%writefile line, so it writes no file and is not graded."
    ]


def _unknown_checks(cells: Iterable[Cell]) -> Iterator[str]:
    """A sentence for each exercise that is checked but not known here, unless its name is nearly that of a known one.
    Otherwise, an instructor who forgets to name a folder of exercises would give everyone 0 points."""
    for name in filter(None, dict.fromkeys(checked_exercise(cell.source) for cell in cells if cell.kind == "code")):
        if not difflib.get_close_matches(name, EXERCISES, 1):
            yield f"It checks {shorten(name, 40)}, which is not among the exercises that are graded here."


def _slug(name: str) -> str:
    """An exercise's name as it is written in cell ids."""
    return name.replace("_", "-")


_LITERALS = frozenset(name for name, one in EXERCISES.items() if one.literal)
_FUNCTIONS = tuple(dict.fromkeys(name for one in EXERCISES.values() for name in one.functions))


# -- from files to answers ---------------------------------------------------------


def _chosen(written: Sequence[FileCell]) -> tuple[dict[str, Tree], list[str]]:
    """The answers, exercise → files, and remarks. The last version of a file that is more than its beginning counts."""
    remarks: list[str] = []
    answers: dict[str, Tree] = {}
    for name, exercise in EXERCISES.items():
        files = {}
        for path in exercise.answers:
            drafts, notes = _drafts([one for one in written if (one.exercise, one.path) == (name, path)])
            remarks += notes
            if drafts:
                files[path], notes = _last_written(exercise, path, drafts)
                remarks += notes
        if files:
            remarks += _fill_up(exercise, files)
            answers[name] = Tree(files)
    return answers, remarks


def _drafts(written: Sequence[FileCell]) -> tuple[list[File], list[str]]:
    """The versions of one file, oldest first, and remarks. Text that is appended belongs to the version before it."""
    drafts: list[list[str]] = []
    remarks: list[str] = []
    room = 0
    for one in written:
        if not one.appends or not drafts:
            drafts.append([])
            room = MOST_CHARACTERS
        room -= len(one.text)
        if room >= 0:
            drafts[-1].append(one.text)
        else:
            remarks.append(
                f"The cells that add to {one.exercise}/{one.path} make it longer than {MOST_CHARACTERS:,} "
                "characters; what is too much is not graded."
            )
    return [File("".join(draft).encode("utf-8", "replace")) for draft in drafts], remarks


def _last_written(exercise: Exercise, path: str, drafts: list[File]) -> tuple[File, list[str]]:
    """The last draft that is more than the exercise's beginning (or the last of all, if none is), and remarks."""
    if len(drafts) == 1:
        return drafts[0], []
    last = next((draft for draft in reversed(drafts) if not _is_stub(exercise, path, draft)), drafts[-1])
    if len(set(drafts)) == 1:
        return last, []
    which = "the last of them" if last is drafts[-1] else "the last of them that is more than the beginning"
    return last, [f"{len(drafts)} cells write {exercise.name}/{path}; {which} is graded."]


def _is_stub(exercise: Exercise, path: str, draft: File) -> bool:
    if not draft.content.strip():
        return True
    begun = exercise.given().get(path)
    if isinstance(begun, File) and same_text(draft, begun):
        return True
    return bool(
        path == exercise.answers[0] and exercise.functions and set(exercise.functions) <= unwritten_functions(draft)
    )


def _fill_up(exercise: Exercise, files: dict[str, File]) -> list[str]:
    """Add the exercise's own version of each file that no cell writes. Returns remarks on these files."""
    given, remarks = exercise.given(), []
    for path in exercise.answers:
        if path not in files and isinstance(entry := given.get(path), File):
            files[path] = entry
            remarks.append(f"No cell writes {exercise.name}/{path}; it is graded with the one that the exercise gives.")
    return remarks


def _quoted(target: str) -> str:
    return plain(shorten(target, 60)) or "no file"


def _few(remarks: Sequence[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(remarks))
    more = len(distinct) - MOST_REMARKS
    return (*distinct[:MOST_REMARKS], *([f"And {more} more of the kind."] if more > 0 else []))
