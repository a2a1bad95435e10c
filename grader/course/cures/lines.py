"""A student's text file as a list of lines, for making changed copies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...tree import Tree
from . import Remedy


class Lines(list[str]):
    """The lines of a file; none if there is no such file."""

    def __init__(self, files: Tree, path: str):
        super().__init__(files.text(path).splitlines())
        self.files, self.path = files, path

    def matching(self, pattern: str) -> Iterator[tuple[int, re.Match[str]]]:
        """(number, match) for each line that matches, whatever its case. Lines are counted from 0."""
        for number, line in enumerate(self):
            if match := re.match(pattern, line, re.IGNORECASE):
                yield number, match

    def replaced(self, number: int, *new: str) -> list[str]:
        """The lines, with `new` instead of line `number`, from 0."""
        return [*self[:number], *new, *self[number + 1 :]]

    def remedy(self, cause: str, at: int, lines: list[str] | None = None) -> Remedy:
        """A copy of the file with `lines`, by default its current lines; `at` is the line that is the cause, from 0."""
        content = "\n".join([*(lines or self), ""]).encode("utf-8", "surrogatepass")
        return Remedy(
            self.files.put(self.path, self.files.file(self.path)._replace(content=content)), cause, self.path, at + 1
        )
