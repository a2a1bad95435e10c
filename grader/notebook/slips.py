"""Slips in a notebook: a cell that writes an answer to the wrong place, or that writes nothing.

exercise() says which answers belong to a notebook. From then on `%%writefile` is checked before it writes, and answers
that are run without it are noticed. Each slip gets one sentence at once, and nothing that was written is lost. Grading
does not depend on this: it reads the notebook itself (grader/grading/submission.py).
"""

from __future__ import annotations

import difflib
import re
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..course.catalogue import COURSE, EXERCISES
from ..course.exercise import Exercise
from ..tree import File

KEPT = Path(".before")
"""The folder, beside the notebooks, for versions that another cell has overwritten."""
MAGICS = ("writefile", "file")
ALIKE, NEARLY = 0.6, 0.8
"""The least similarity, from 0 to 1, of a cell and the answer that it seems to be, and of two file names."""
SHORTEST = 60
"""The characters of the shortest cell that may be an answer without its first line."""
_MAGIC = re.compile(r"^[ \t]*%%(?:writefile|file)[ \t]+(.*)$", re.MULTILINE)


class Slips:
    """Watches the cells of one kernel. `say` shows a sentence to the learner."""

    def __init__(self, say: Callable[[str], None]):
        self.say = say
        self.here: dict[str, Exercise] = {}
        """The answers that belong to this notebook, as `%%writefile` names them."""
        self.unwritten: set[str] = set()
        """The answers whose cell last ran without writing them."""
        self.written_by: dict[str, str] = {}
        """Answer → id of the cell that wrote it last."""
        self.texts: dict[str, str] = {}
        """Answer → what a cell wrote last."""

    def expect(self, exercise: Exercise) -> None:
        """From now on, expect the answers of the notebook that contains this exercise."""
        chapter = next(chapter for chapter in COURSE if exercise in chapter.exercises)
        self.here.update({target: owner for target, owner in ANSWERS.items() if owner in chapter.exercises})

    # -- before something is written -------------------------------------------

    def misplaced(self, target: str) -> str:
        """A sentence on why a cell must not write to `target`; '' if it may."""
        if target in self.here:
            return ""
        folder, _, name = target.rpartition("/")
        if target in ANSWERS:
            chapter = next(chapter for chapter in COURSE if ANSWERS[target] in chapter.exercises)
            return f"Nothing was written: {target} is your answer in {chapter.name}.ipynb.{self._meant(target)}"
        if not folder and name in {path.rpartition("/")[2] for path in self.here}:
            return f"Nothing was written: a file {name} beside the notebook belongs to no job.{self._meant(target)}"
        if folder and not Path(folder).is_dir():
            return f"Nothing was written: there is no folder {folder}/ here.{self._meant(target)}"
        return ""

    def written(self, target: str, content: str, cell: str | None) -> None:
        """Note that a cell is about to write an answer, and save the version from another cell that it overwrites."""
        if target not in self.here:
            if near := _misspelt(target):
                self.say(
                    f"{target} is not an answer file. If you meant {near[0]}, correct the first line of this cell to "
                    f"%%writefile {near[0]}, and delete {target}."
                )
            return
        self.unwritten.discard(target)
        self.texts[target] = content
        earlier = self.written_by.get(target, cell)
        if cell:
            self.written_by[target] = cell
        there = Path(target)
        if earlier != cell and there.is_file() and (old := there.read_bytes()) != content.encode():
            kept = KEPT / target
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(old)
            self.say(f"{target} was written by another cell before. If this was a slip: the old version is in {kept}.")

    def _meant(self, target: str) -> str:
        near = self._near(target)
        return f" Correct the first line of this cell to %%writefile {near[0]}, and run it again." if near else ""

    def _near(self, target: str) -> list[str]:
        """The answers of this notebook that a wrong file name may mean, the likeliest first."""
        name = target.rpartition("/")[2]
        named = [path for path in self.here if path.rpartition("/")[2] == name]
        return named or difflib.get_close_matches(target, self.here, cutoff=NEARLY)

    # -- after a cell was run --------------------------------------------------

    def ran(self, cell: str, id: str | None) -> None:
        """Say so if a cell that was run should have written an answer."""
        magic = _MAGIC.search(cell)
        if magic and textwrap.dedent(cell).lstrip("\n").startswith(magic[0].strip()):
            return  # IPython removes an indent that all lines have
        target = magic[1].strip().strip("\"'") if magic else self._answer_in(cell, id)
        if target not in self.here:
            return
        self.unwritten.add(target)
        why = (
            "%%writefile is not at the beginning of its first line"
            if magic
            else f"it does not begin with %%writefile {target}"
        )
        self.say(f"Nothing was written to {target}: this cell is an answer, but {why}.")

    def _answer_in(self, cell: str, id: str | None) -> str:
        """The answer in a cell without a magic, recognised by its id, its functions or its text; '' if none."""
        own = [target for target, writer in self.written_by.items() if id and writer == id]
        defined = _functions(cell)
        own += [target for target in self.here if (required := _required(target)) and defined >= required]
        if own or len(cell) < SHORTEST or cell.lstrip().startswith("%%"):
            return own[0] if own else ""
        likeness = {target: _similarity(cell, target) for target in self.here}
        target = max(likeness, key=lambda target: likeness[target], default="")
        if target and likeness[target] >= ALIKE:
            return target
        scripts = [target for target in self.here if _is_script(target)] if cell.startswith("#!") else []
        return max(scripts, key=lambda target: likeness[target], default="")

    def stale(self, exercise: Exercise) -> list[str]:
        """A sentence for each answer of an exercise that is not what its cell last wrote, or should have written."""
        return [
            f"{target} is judged as it was written at {_clock(target)}: its cell was run since then without "
            f"%%writefile {target} as its first line."
            if target in self.unwritten
            else f"{target} was changed since its cell was run, and is judged as it is now. What you hand in is the cell: "
            "put the change into it."
            for target, owner in self.here.items()
            if owner is exercise and Path(target).is_file() and (target in self.unwritten or self._changed(target))
        ]

    def _changed(self, target: str) -> bool:
        """Whether a file has changed since a cell wrote it. As cells may append, only the end of the file counts."""
        return target in self.texts and not Path(target).read_text(errors="replace").endswith(self.texts[target])


ANSWERS = {
    f"{name}/{path}": exercise
    for name, exercise in EXERCISES.items()
    if not exercise.literal
    for path in exercise.answers
}
"""The files of all answers, as `%%writefile` names them, and their exercises."""


def _misspelt(target: str) -> list[str]:
    """The answers in the same folder with nearly the same name; [] for a file that comes with the exercise."""
    folder, _, name = target.partition("/")
    exercise = EXERCISES.get(folder)
    if exercise is None or exercise.literal or name in exercise.given():
        return []
    return [f"{folder}/{near}" for near in difflib.get_close_matches(name, exercise.answers, cutoff=NEARLY)]


def _functions(text: str) -> set[str]:
    """The functions that a text defines, whether or not it is Python."""
    return set(re.findall(r"^def (\w+)\(", text, re.MULTILINE))


def _required(target: str) -> set[str]:
    """The functions that an answer must define."""
    folder, _, path = target.partition("/")
    exercise, given = EXERCISES[folder], EXERCISES[folder].given().get(path)
    if exercise.functions and path == exercise.answers[0]:
        return set(exercise.functions)
    return _functions(given.text) if isinstance(given, File) else set()


def _is_script(target: str) -> bool:
    """Whether an answer is a script: whether the file that comes with the exercise is one, or has no extension."""
    folder, _, path = target.partition("/")
    given = EXERCISES[folder].given().get(path)
    return given.text.startswith("#!") if isinstance(given, File) else "." not in path


def _similarity(cell: str, target: str) -> float:
    """How similar a cell is to an answer, from 0 to 1: the share of the lines of the written file, or of the file that
    comes with the exercise, that the cell contains; the greater of the two."""
    folder, _, path = target.partition("/")
    given = EXERCISES[folder].given().get(path)
    there = Path(target)
    texts = [there.read_text(errors="replace")] if there.is_file() else []
    texts += [given.text] if isinstance(given, File) else []
    lines = _lines(cell)
    return max((len(lines & known) / len(known) for text in texts if (known := _lines(text))), default=0.0)


def _lines(text: str) -> set[str]:
    """The lines of a text that are longer than three characters, without their white space."""
    return {squeezed for line in text.splitlines() if len(squeezed := "".join(line.split())) > 3}


def _clock(target: str) -> str:
    return time.strftime("%H:%M", time.localtime(Path(target).stat().st_mtime))


# -- in IPython --------------------------------------------------------------------


def watch(shell: Any, exercise: Exercise, say: Callable[[str], None]) -> Slips | None:
    """Watch the cells of a kernel for slips, and expect the answers to `exercise` in it. None without a kernel."""
    if not hasattr(shell, "register_magic_function"):
        return None
    slips = getattr(shell, "course_slips", None)
    if slips is None:
        slips = shell.course_slips = Slips(say)
        _install(shell, slips)
    slips.expect(exercise)
    return slips


def watched(shell: Any) -> Slips | None:
    """The watcher that watch() has installed, if any."""
    return getattr(shell, "course_slips", None)


def _install(shell: Any, slips: Slips) -> None:
    current: list[str | None] = [None]
    write = shell.find_cell_magic("writefile")

    def before(info: Any) -> None:
        current[0] = getattr(info, "cell_id", None)

    def after(result: Any) -> None:
        info = result.info
        if info.store_history and isinstance(info.raw_cell, str):
            slips.ran(info.raw_cell, getattr(info, "cell_id", None))

    def writefile(line: str, cell: str) -> Any:
        """%%writefile, which first checks whether the file belongs to this notebook."""
        words = line.split()
        target = _normal(words[-1]) if words else ""
        if problem := slips.misplaced(target):
            slips.say(problem)
            return None
        slips.written(target, cell, current[0])
        return write(line, cell)

    shell.events.register("pre_run_cell", before)
    shell.events.register("post_run_cell", after)
    for name in MAGICS:
        shell.register_magic_function(writefile, "cell", name)


def _normal(path: str) -> str:
    """A path in the form of ANSWERS: without quotes, doubled slashes and a leading ./"""
    return re.sub(r"/+(\./+)*", "/", path.strip("\"'").replace("\\", "/")).removeprefix("./")
