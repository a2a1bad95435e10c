"""The queue statement: how many jobs, and the values of its variables in each.

Grammar: queue [COUNT] [VARS] [in|from|matching [SLICE] [files|dirs|any] ITEMS].
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..problems import Problem
from ..tree import Directory, Link, Tree
from .folder import Folder
from .macros import integer

_KEYWORD = re.compile(r"(?:^|(?<=\s))(in|from|matching)(?=[\s(\[]|$)", re.IGNORECASE)
_VARIABLES = re.compile(r"(?P<count>.*?)(?P<names>[\s,]*+(?:[A-Za-z_.][\w.]*+[\s,]*+)*+)", re.ASCII | re.DOTALL)
_SLICE = re.compile(r"\[([-+]?\d+)?(?::([-+]?\d+)?)?(?::([-+]?\d+)?)?\]\s*", re.ASCII)
_TABLE = re.compile(r"table\s+", re.IGNORECASE)
_QUALIFIER = re.compile(r"(files|dirs|any)(?:\s+|(?=\())", re.IGNORECASE)


@dataclass(frozen=True)
class Arguments:
    """The text after the word queue, with macros expanded."""

    count: int = 1
    variables: tuple[str, ...] = ()
    mode: str = ""
    """in, from, matching, or ""."""
    selected: slice = field(default_factory=lambda: slice(None))
    kind: str = "any"
    """What `matching` accepts: files, dirs or any."""
    listed: str = ""
    """The items on the line itself."""
    file: str = ""
    """The file to read the items from."""
    table: bool = False
    """Whether the first of its lines names the variables."""
    empty: bool = False
    """Whether the list is `()`, which `from` takes as one empty item."""
    open: bool = False
    """Whether the list continues up to a line that begins with `)`."""

    @classmethod
    def parse(cls, text: str, tables: bool = False) -> Arguments:
        """Raises Problem for a statement that HTCondor refuses, and for scripts. `tables`: see Profile.tables."""
        keyword = _KEYWORD.search(text)
        if keyword is None:
            return cls(count=_count(text))
        match = _VARIABLES.fullmatch(text[: keyword.start()])
        assert match, "its two groups may be empty, and the first takes any text"
        names = tuple(re.findall(r"[\w.]+", match["names"])) or ("Item",)
        mode = keyword[1].lower()
        selected, kind, items = _qualifiers(text[keyword.end() :].strip(), mode)
        table = _TABLE.match(items) if tables else None
        if table:
            if mode != "from":
                raise Problem(
                    f"`{mode} {table[0].strip()}`: only `from` takes a table", "Put the items into parentheses."
                )
            later, _, items = _qualifiers(items[table.end() :], mode)
            selected = selected if later == slice(None) else later
        here = cls(_count(match["count"]), names, mode, selected, kind, table=table is not None)
        if items.startswith("("):
            closed = items.endswith(")")
            listed = items[1 : -1 if closed else None].strip()
            return replace(here, listed=listed, open=not closed, empty=mode == "from" and closed and not listed)
        if not items:
            raise Problem(f"there are no items after `{mode}`", "Add them, or remove the word.")
        if mode != "from":
            return replace(here, listed=items)
        if items.endswith("|"):
            raise Problem(
                f"`queue from {items}` is not simulated", "Write the items to a file, one per line, and name the file."
            )
        return replace(here, file=items)


def _count(text: str) -> int:
    if not text.strip():
        return 1
    try:
        count = integer(text)
    except Problem:
        raise Problem(
            f"{text.strip()!r} is not a number of jobs", "Write `queue N`, or `queue VARIABLE in (a, b, c)`."
        ) from None
    if count < 0:
        raise Problem(f"{count} is not a number of jobs", "Write 1 or more.")
    return count


def _qualifiers(text: str, mode: str) -> tuple[slice, str, str]:
    """The slice, the kind that `matching` accepts, and the rest."""
    selected, kind = slice(None), "any"
    while re.match(r"[^\s(]+[\s(]", text):  # a last word is an item, whatever it is
        if match := _SLICE.match(text):
            start, stop, step = (None if part is None else int(part) for part in match.groups())
            if step == 0:
                raise Problem(f"{match[0].strip()}: with the step 0, condor_submit crashes", "Write 1 or more.")
            selected = slice(start, stop, step)
        elif text.startswith("["):
            raise Problem(f"{text.split(']')[0]}] is not a slice", "Write [START:END] or [START:END:STEP].")
        elif match := _QUALIFIER.match(text):
            if mode != "matching":
                raise Problem(
                    f"`{mode} {match[1]}`: only matching takes files, dirs or any", "Put the items into parentheses."
                )
            kind = match[1].lower()
        else:
            break
        text = text[match.end() :]
    return selected, kind, text


def headed(arguments: Arguments, rows: tuple[str, ...]) -> tuple[Arguments, tuple[str, ...]]:
    """The arguments with the variables that a table's first row names, and its other rows. If that row does not name
    them, the list is not a table."""
    if not arguments.table:
        return arguments, rows
    head, *others = (*([arguments.listed] if arguments.listed else []), *rows) or ("",)
    if re.fullmatch(r"[\w.]+(\s*,\s*[\w.]+)*", head.strip(), re.ASCII):
        return replace(arguments, variables=tuple(re.findall(r"[\w.]+", head)), listed=""), tuple(others)
    return replace(arguments, variables=("Item",), table=False, listed=head), tuple(others)


def items(
    arguments: Arguments, rows: tuple[str, ...], folder: Folder, signed_steps: bool = True
) -> list[tuple[int, str]]:
    """(row number, item) for each item of the list that the slice selects.

    `rows`: the lines of a list that spans lines, or of the file with the items. `signed_steps`: see Profile.signed_steps.
    """
    if arguments.mode == "from":
        listed = [*([arguments.listed] if arguments.listed or arguments.empty else []), *rows]
    else:
        listed = [item for row in (arguments.listed, *rows) for item in re.split(r"[,\s]+", row) if item]
    if arguments.mode == "matching":
        listed = list(dict.fromkeys(path for pattern in listed for path in _matching(pattern, arguments.kind, folder)))
    start, stop, step = _bounds(arguments.selected, len(listed))
    # If a slice begins just before the first item, 25.14.1 begins with an empty item; if it begins earlier, it has only
    # that.
    early = [] if signed_steps or start >= 0 or not listed else [(start, "")]
    return (
        early if start < -1 and early else early + [(row, listed[row]) for row in range(start, stop, step) if row >= 0]
    )


def _bounds(selected: slice, length: int) -> tuple[int, int, int]:
    """The first item of a slice, which may be before the list, the end, and the step."""
    start, stop = (0 if end is None else end + length if end < 0 else end for end in (selected.start, selected.stop))
    return start, length if selected.stop is None else min(stop, length), abs(selected.step or 1)


def fields(item: str, arguments: Arguments, short_rows_keep_values: bool) -> dict[str, str]:
    """An item's values for the variables that it sets: split at a comma or, except in a table, at white space. The last
    variable gets the rest. Variables without a value are empty or keep theirs (Profile.short_rows_keep_values)."""
    values, variables = [item.lstrip(" \t")], arguments.variables
    separator = r"[ \t]*,[ \t]*" if arguments.table else r"[, \t][ \t]*"
    if not short_rows_keep_values and not values[0]:
        return {}
    while len(values) < len(variables):
        value, *rest = re.split(separator, values.pop(), maxsplit=1)
        values += [value, *rest]
        if not rest:
            break
    given = dict(zip(variables, values))
    return given if short_rows_keep_values else dict.fromkeys(variables, "") | given


def _matching(pattern: str, kind: str, folder: Folder) -> Iterator[str]:
    """The paths that a pattern with * ? [ ] matches, sorted; directories end in a slash."""
    steps = pattern.rstrip("/").split("/")
    plain = next((i for i, step in enumerate(steps) if re.search(r"[*?\[]", step)), len(steps) - 1)
    base = "".join(step + "/" for step in steps[:plain])
    directory = folder.get(base or ".")
    tree = directory if isinstance(directory, Tree) else Tree()
    for path in tree:
        parts = path.split("/")
        if len(parts) != len(steps) - plain or not all(map(_matches, parts, steps[plain:])):
            continue
        full, entry = base + path, tree[path]
        is_directory = isinstance(entry, Directory) or (isinstance(entry, Link) and isinstance(folder.get(full), Tree))
        if kind == "any" or (kind == "dirs") == is_directory:
            yield full + "/" if is_directory else full


def _matches(name: str, pattern: str) -> bool:
    """Whether a name matches a pattern. Only a leading dot matches a leading dot."""
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
