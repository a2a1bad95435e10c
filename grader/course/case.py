"""A failing job, with the questions that help to find the misconception behind the failure."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from ..execute.executor import Executor
from ..rules.execution import Exit, Note, Run, Stop
from ..rules.job import STDERR, STDOUT, Job
from ..rules.profile import MODERN
from ..rules.simulation import Held, Saved
from ..rules.step import is_checkpoint, is_success
from ..rules.transfer import without_streams
from ..text import count, plain
from ..tree import Entry, File, Link, Tree
from ..verify.evidence import Evidence, files_left_behind
from ..verify.explore import Exploration
from ..verify.forgotten import forgotten
from ..verify.restarts import shown
from ..verify.saved_numbers import NUMBER, numbers
from ..verify.states import State
from .resumption import OUTPUT, PLACE, Restart, first_loss, free_way

BUGS = tuple(
    """
NameError AttributeError TypeError SyntaxError IndentationError ImportError ModuleNotFoundError UnboundLocalError
NotImplementedError RecursionError
""".split()
)
"""Exceptions that come from slips, and say nothing about what a learner believes."""
HARMLESS = ("StopIteration", "GeneratorExit", "SystemExit", "TimeoutExpired", "subprocess.TimeoutExpired")
MISHAPS = tuple(
    """
OSError FileNotFoundError FileExistsError IsADirectoryError NotADirectoryError PermissionError ValueError KeyError
IndexError EOFError json. pickle. _pickle. UnicodeDecodeError
""".split()
)
"""Exceptions with which no program exits on purpose, unless it raises them itself."""
MOST_NUMBERS = 20
"""The most numbers of a checkpoint among which to look for those of a lost line: more may match by chance."""
MOST_EXECUTIONS = 40
"""The most executions of a job that is tried with something changed."""
FLUSHING = b"""
def _flushing():
    import gc, io, os, signal
    def first(really):
        def leave(*arguments):
            for file in gc.get_objects():
                if isinstance(file, io.IOBase) and not file.closed and file.writable():
                    file.flush()
            really(*arguments)
        return leave
    for name in "_exit abort kill execv execve execl execlp execvp execvpe".split():
        setattr(os, name, first(getattr(os, name)))
_flushing()
"""
"""Inserted at the beginning of a Python program, it flushes all files before the process ends abruptly."""


def emptied_shown(case: Case) -> tuple[Evidence, ...]:
    """Evidence that a restart emptied a checkpoint file by opening it."""
    return tuple(
        Evidence(
            "emptied",
            f"execution {case.state.now.execution} found {quoted(case.state_files[path])} in "
            f"{path}, and opened it for writing before reading it, which empties it",
            path,
        )
        for path in case.emptied
    )


def _is_longer(entry: Entry, before: Entry | None) -> bool:
    """Whether a file has grown: it begins with its old, non-empty content."""
    return (
        isinstance(entry, File)
        and isinstance(before, File)
        and b"" != before.content != entry.content
        and entry.content.startswith(before.content)
    )


def _are_among(rounded: list[Decimal], values: list[Decimal]) -> bool:
    """Whether each of these numbers is one of the values, rounded."""
    return all(
        any(abs(value - short) * 2 <= Decimal(1).scaleb(int(short.as_tuple().exponent)) for value in values)
        for short in rounded
    )


def _with_other_numbers(content: bytes, by: int = 1) -> bytes:
    return re.sub(rb"\d{1,15}", lambda number: b"%d" % abs(int(number[0]) + by), content)


def _nonsense(_: bytes) -> bytes:
    return b"no checkpoint\n"


def quoted(file: File) -> str:
    """The content of a file if it is a few characters of text, else its size."""
    text = file.text
    short = len(text) <= 30 and plain(text, keep="\n") == text
    return repr(text) if short else count(len(file.content), "byte")


def failed_before_output(state: State) -> bool:
    """Whether a job is held for missing output because its program failed (R6)."""
    return isinstance(state.next, Held) and state.next.code == 12 and state.ran.exit.code != 0


def complaint(job: Job, run: Run | None) -> str:
    """The program's own error message: the last line on stderr, if it begins with the program's name; else ""."""
    last = (run.stderr.splitlines() or [""])[-1] if run else ""
    name, _, message = last.partition(": ")
    return message if name == job.executable else ""


class Case:
    """A failing job, and questions about it."""

    def __init__(self, job: Job, exploration: Exploration, executor: Executor, given: bool = True):
        """`given`: whether the exercise gives the program's loop. In a user's own job, nothing is known of the loop, so
        that naming a misconception may need more evidence: an execution with something changed, for example."""
        self.job, self.exploration, self.executor, self.given = job, exploration, executor, given
        self.state = exploration.violation.state if exploration.violation else exploration.root
        self.run = self.state.run
        """Its execution; None if it was never executed."""
        # A program that fails before it has written its output is held for that output, which is only a symptom.
        self.failure = "failed" if failed_before_output(self.state) else exploration.failure or ""

    @property
    def ran(self) -> Run:
        """The execution of a state that was executed."""
        return self.state.ran

    # -- the states ------------------------------------------------------------

    @cached_property
    def way(self) -> list[State]:
        """The states up to the failure; if there is no failure, the states of the run without faults."""
        return self.state.way() if self.exploration.violation else free_way(self.exploration)

    @cached_property
    def moved(self) -> bool:
        """Whether the failing schedule includes a restart from a checkpoint in a new sandbox."""
        return self.restart is not None

    @cached_property
    def restart(self) -> tuple[State, State] | None:
        """(state before, state after) the last move to a new sandbox with a checkpoint."""
        way = self.state.way()
        moves = [(a, b) for a, b in zip(way, way[1:]) if b.moved and any(isinstance(s.next, Saved) for s in way)]
        return moves[-1] if moves else None

    @cached_property
    def left_behind(self) -> dict[str, File | Link]:
        """Files and links that existed at the last checkpoint, but are missing in the new sandbox."""
        return {path: file for path, file in self._destroyed.items() if path not in self._new}

    @cached_property
    def reverted_inputs(self) -> dict[str, File | Link]:
        """Inputs that the job had changed when it last saved, but that the new sandbox has as they were submitted."""
        return {path: file for path, file in self._destroyed.items() if path in self._new}

    @cached_property
    def _destroyed(self) -> dict[str, File | Link]:
        return files_left_behind(*self.restart) if self.restart else {}

    @property
    def _new(self) -> Tree:
        return self.restart[1].now.directory if self.restart else Tree()

    def needs(self, files: dict[str, File | Link]) -> bool:
        """Whether the job behaves differently after its last move if the new sandbox also has these files, except
        output files."""
        if self.restart is None or not (lost := files.keys() - self.outputs()):
            return False
        after = self.restart[1]
        ends = set()
        for sandbox in (after.now.directory, after.now.directory | Tree({path: files[path] for path in lost})):
            runs = list(self.restarts(after, sandbox))
            left = (without_streams(runs[-1].sandbox) or Tree()).without(lost)
            ends.add((len(runs), runs[-1].exit, sum(run.seconds for run in runs), left))
        return len(ends) > 1

    # -- checkpoint files ------------------------------------------------------

    def outputs(self) -> set[str]:
        """The output files: those that the submit file names, or else those of the expected output."""
        if self.job.transfer_output_files is None and self.exploration.known:
            return set(self.exploration.reference or ())
        return set(self.job.transfer_output_files or ())

    @cached_property
    def state_files(self) -> dict[str, File]:
        """The files in the failing execution's checkpoint, except output files, stdout, stderr, and files unchanged
        since submission."""
        return {
            path: file
            for path, file in self.state.now.spool.regular().items()
            if path not in self.outputs() | {STDOUT, STDERR} and file != self.job.inputs.get(path)
        }

    @cached_property
    def emptied(self) -> list[str]:
        """The files of the checkpoint that the failing execution emptied before reading them; [] if no error followed:
        then it did not mean to read them."""
        read: set[str] = set()
        emptied: list[str] = []
        if not self.state_files:
            return emptied
        for what, *about in self.notes:
            if what == "empty" and about[0] not in read:
                emptied.append(about[0])
            elif what == "open" and about[1] == "r":
                read.add(about[0])
            elif what == "raise" and about[2] not in HARMLESS:
                return [path for path in emptied if path in self.state_files and self.state_files[path].content]
        return []

    @cached_property
    def piled_up(self) -> tuple[str, State, State] | None:
        """(path, before, after): a checkpoint file to which the execution of `before` appended what it saved, and the
        restart in place that comes next. If the exercise gives the loop, this is the first execution that does not go
        well. In a user's own job, it is the second restart, and the job must end well with only the last save in the
        file."""
        first = next((number for number, state in enumerate(self.way) if not self.goes_well(state)), 0)
        first = first if self.given else 2
        if not 0 < first < len(self.way) or self.way[first].moved:
            return None
        before, after = self.way[first - 1 : first + 1]
        excluded = {STDOUT, STDERR, *self.outputs(), *(self.exploration.reference or ())}
        return next(
            (
                (path, before, after)
                for path, entry in after.now.directory.items()
                if path not in excluded
                and _is_longer(entry, before.now.directory.get(path))
                and (self.given or self.ends_well_with_last_save(path))
            ),
            None,
        )

    def ends_well_with_last_save(self, path: str) -> bool:
        """Whether the job ends well if each restart finds in this file only what the last execution appended. (That a
        file grows shows nothing: it may be a log.)"""

        def cut(before: Tree, after: Tree) -> Tree:
            old, new = before.get(path), after.file(path)
            content = new.content.removeprefix(old.content if isinstance(old, File) else b"")
            return after.put(path, new._replace(content=content))

        *_, last = self.restarts(self.way[0], self.way[0].now.directory, cut=cut)
        return is_success(self.job, last.exit) and self.has_all_output(last.sandbox)

    def ends_well_if_exit_saves(self) -> bool:
        """Whether the job ends well if the failing execution's exit counts as a checkpoint."""
        *_, last = self.restarts(self.way[0], self.way[0].now.directory, self.ran.exit)
        return is_success(self.job, last.exit)

    def goes_on_if_started_again(self) -> bool:
        """Whether a job that has ended completes its output if its exit counts as a checkpoint, so that it is
        restarted."""
        runs = self.restarts(self.state, self.ran.sandbox, self.ran.exit)
        return any(self.has_all_output(run.sandbox) for run in runs)

    def restarts(
        self, state: State, sandbox: Tree, saves: Exit | None = None, cut: Callable[[Tree, Tree], Tree] | None = None
    ) -> Iterator[Run]:
        """The executions that follow from this sandbox if the job is restarted in place, each in the slot and at the
        start time of `state`, until one does not save, or the next sandbox occurred before; MOST_EXECUTIONS at most.
        `saves`: the exit that counts as a checkpoint, instead of that in the submit file. `cut`: makes the next sandbox
        from those before and after an execution."""
        job, seen = self.job, set[Tree]()
        if saves:
            job = replace(job, checkpoint_exit_code=saves.code, checkpoint_signal=saves.signal)
        while sandbox not in seen and len(seen) < MOST_EXECUTIONS:
            seen.add(sandbox)
            run = self.executor.run(job, sandbox, slot=state.now.slot, clock=state.now.time)
            yield run
            if not is_checkpoint(job, run):
                break
            sandbox = cut(sandbox, run.sandbox) if cut else run.sandbox

    def goes_well(self, state: State) -> bool:
        """Whether an execution exits with the checkpoint code or 0, and has added to the right output. (The last line
        may be unfinished.)"""
        if state.run is None or state.run.exit.code not in (0, self.job.checkpoint_exit_code):
            return False
        was, now = self.output_in(state.now.directory), self.output_in(state.run.sandbox)
        return all(
            len(old) < len(new) and new[:-1] == expected[: len(new) - 1] for (_, old), (expected, new) in zip(was, now)
        )

    @cached_property
    def saving(self) -> State | None:
        """The last execution that saved a checkpoint."""
        return next((state for state in reversed(self.way) if isinstance(state.next, Saved)), None)

    @cached_property
    def flushed(self) -> Tree:
        """The sandbox that the saving execution would have left if it had flushed its files; empty if the job is not a
        Python script."""
        saving = self.saving
        program = saving.now.directory.get(self.job.executable) if saving else None
        if saving is None or not isinstance(program, File) or b"python" not in program.content.partition(b"\n")[0]:
            return Tree()
        first, _, rest = program.content.partition(b"\n")
        sandbox = saving.now.directory.put(self.job.executable, program._replace(content=first + FLUSHING + rest))
        return self.executor.run(self.job, sandbox, slot=saving.now.slot, clock=saving.now.time).sandbox

    def grows_if_flushed(self, path: str) -> bool:
        """Whether a file would be longer if the saving execution had flushed its files."""
        flushed, left = self.flushed.get(path), self.saving.ran.sandbox.get(path) if self.saving else None
        return isinstance(flushed, File) and isinstance(left, File) and len(flushed.content) > len(left.content)

    @cached_property
    def as_submitted(self) -> list[str]:
        """The files of the checkpoint except stdout and stderr, if all are unchanged since submission; else []."""
        saved = {path: file for path, file in self.state.now.spool.regular().items() if path not in (STDOUT, STDERR)}
        return [] if any(file != self.job.inputs.get(path) for path, file in saved.items()) else list(saved)

    def changed_files(self) -> set[str]:
        """The files that the failing execution changed, except stdout and stderr."""
        return self.ran.sandbox.changed_since(self.state.now.directory).regular().keys() - {STDOUT, STDERR}

    def wrote_state(self) -> bool:
        """Whether the last execution wrote anything but output, stdout and stderr."""
        return bool(self.changed_files() - self.outputs())

    # -- the watched execution -------------------------------------------------

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """Notes on file opens and exceptions, from repeating the failing state's execution."""
        return self.notes_of(self.state)

    @cached_property
    def notes_at_first(self) -> tuple[Note, ...]:
        """The same for the job's first execution."""
        return self.notes_of(self.state.way()[0])

    def notes_of(self, state: State) -> tuple[Note, ...]:
        return self.executor.run(
            self.job, state.now.directory, slot=state.now.slot, clock=state.now.time, trace=True
        ).notes

    @cached_property
    def swallowed(self) -> list[Note]:
        """Exceptions that were raised and caught in the job's own files. In a user's own job, those that the
        first execution raises as well do not count: they have nothing to do with the checkpoint."""
        raised = [note for note in self.notes if note[0] == "raise" and note[3] not in HARMLESS]
        if "Traceback (most recent call last)" in self.ran.stderr:
            return []
        harmless = () if self.given else {note[1:4] for note in self.notes_at_first if note[0] == "raise"}
        return [note for note in raised if note[1:4] not in harmless]

    @cached_property
    def exception(self) -> str:
        """The last line of a traceback on stderr: `KeyError: 'x'`; '' without one."""
        if "Traceback (most recent call last)" not in self.ran.stderr:
            return ""
        lines = [line for line in self.ran.stderr.strip().splitlines() if line and not line.startswith(" ")]
        return lines[-1] if lines else ""

    def raised_itself(self) -> bool:
        """Whether a raise statement of the job's own files ends the traceback."""
        place = [line for line in self.ran.stderr.splitlines() if line.startswith('  File "')][-1:]
        lines = [line.strip() for line in self.ran.stderr.splitlines() if line.startswith("    ") and line.strip(" ^~")]
        return bool(place) and "/dir_" in place[0] and bool(lines) and lines[-1].startswith("raise ")

    def bug(self) -> bool:
        """Whether the execution ended with an exception that is just a slip."""
        return self.exception.startswith(BUGS)

    # -- the state, as the program describes it ----------------------------------

    @cached_property
    def loss(self) -> Restart | None:
        """The first restart that resumed but lost part of the state, as far as the program describes its state."""
        restart = first_loss(self.exploration)
        return restart if restart and restart.resumed() else None

    # -- the output, line by line ----------------------------------------------

    @cached_property
    def lines(self) -> tuple[list[str], list[str]]:
        """(expected, got): the lines of the first wrong output file."""
        violation = self.exploration.violation
        trees = (violation.expected, violation.got) if violation else (None, None)
        expected, got = (tree.text(self.wrong_file).splitlines() if tree else [] for tree in trees)
        return expected, got

    @cached_property
    def wrong_file(self) -> str:
        """The path of the first wrong output file; "" if there is none."""
        violation = self.exploration.violation
        expected, got = (violation.expected or Tree(), violation.got or Tree()) if violation else (Tree(), Tree())
        return next(iter(expected.changed_since(got).regular()), "")

    def only_the_end(self) -> bool:
        """Whether only the end of the right output was returned, although no restart was in a new sandbox."""
        expected, got = self.lines
        return (
            self.failure == "wrong output"
            and not self.moved
            and len(self.state.way()) > 1
            and 0 < len(got) < len(expected)
            and is_end_of(got, expected)
        )

    def had_lines(self) -> bool:
        """Whether a restart found lines of the output."""
        return any(old for state in self.state.way()[1:] for _, old in self.output_in(state.now.directory))

    def was_there(self) -> bool:
        """Whether a restart found the first wrong output file. Otherwise the last execution made it."""
        return any(self.wrong_file in state.now.directory for state in self.state.way()[1:])

    def was_there_with_lines(self) -> bool:
        """Whether a restart found the first wrong output file, and something in it."""
        entries = (state.now.directory.get(self.wrong_file) for state in self.state.way()[1:])
        return any(isinstance(entry, File) and entry.content for entry in entries)

    @cached_property
    def labels(self) -> tuple[list[str], list[str]]:
        """(expected, got): the first words of the lines, which identify iterations even if their numbers are wrong. For
        a job that never ends, the lines are those in the sandbox of its last execution."""
        if self.exploration.violation is not None and self.exploration.violation.expected is not None:
            expected, got = self.lines
        else:
            expected, got = max(self.so_far, key=lambda both: len(both[1]), default=([], []))
        return [label(line) for line in expected], [label(line) for line in got]

    def astray(self) -> bool:
        """Whether everything is right up to a restart, and from then on the lines have the right labels but wrong
        numbers. In a user's own job, the files have to show which restart that is, or what begins again."""
        if not self.given:
            return any(fact.astray for fact in shown(self.exploration))
        (expected, got), (expected_labels, labels) = self.lines, self.labels
        if expected_labels != labels or expected == got:
            return False
        right = next(i for i, (a, b) in enumerate(zip(expected, got)) if a != b)
        return self.state.way()[0].ran.exit.code == self.job.checkpoint_exit_code and right >= self.lines_at_first

    def lines_gone(self) -> bool:
        """Whether the files show a restart that drops the lines that it found, except perhaps the first."""
        return any(fact.kind == "lines gone" and (fact.line or 0) <= 2 for fact in shown(self.exploration))

    @cached_property
    def lines_at_first(self) -> int:
        """How many lines of output the first execution leaves, in the longest file."""
        left = self.state.way()[0].ran.sandbox
        return max((left.text(path).count("\n") for path in self.outputs()), default=0)

    @cached_property
    def nothing_saved(self) -> bool:
        """Whether the checkpoint has files besides output and streams, and all of them are empty."""
        return bool(self.state_files) and not any(entry.content for entry in self.state_files.values())

    @cached_property
    def reseeded(self) -> bool:
        """Whether the random numbers of the failing execution start at the same place as those of the first one."""
        both = self.notes_at_first, self.notes
        began, begins = ([note[1:] for note in notes if note[0] == "random"] for notes in both)
        return bool(began) and bool(begins) and began[0] == begins[-1]

    @cached_property
    def draws_others(self) -> bool:
        """Whether the generator of random numbers may be at another place than at the save. (After seeding it again, a
        program may have drawn as many numbers as before.) False if other parts of memory are shown to be all that
        begins anew."""
        forgets = forgotten(self.job, self.exploration, self.executor, MODERN)
        return not forgets or any(what.is_generator for what in forgets)

    @cached_property
    def so_far(self) -> list[tuple[list[str], list[str]]]:
        """(expected, actual) lines of each output file, in the sandbox of the failing state."""
        return self.output_in(self.state.now.directory)

    def output_in(self, sandbox: Tree) -> list[tuple[list[str], list[str]]]:
        """(expected, actual) lines of each output file, in a sandbox."""
        reference = (self.exploration.reference or Tree()).regular()
        return [(file.text.splitlines(), sandbox.text(path).splitlines()) for path, file in reference.items()]

    def complete(self) -> bool:
        """Whether the sandbox has all the output, although the job continues."""
        return bool(self.so_far) and all(set(expected) <= set(actual) for expected, actual in self.so_far)

    def has_all_output(self, sandbox: Tree) -> bool:
        """Whether all the output is in a sandbox, if the right output is known."""
        return self.exploration.known and all(expected == actual for expected, actual in self.output_in(sandbox))

    def depends_on_host(self) -> bool:
        """Whether the failing execution behaves differently if the checkpoint names the machine that it runs on."""
        before = {path: self.written_here(file) for path, file in self.state_files.items()}
        run = self.executor.run(
            self.job, self.state.now.directory | Tree(before), slot=self.state.now.slot, clock=self.state.now.time
        )
        was, becomes = (
            list(map(self.written_here, tree.regular().values())) for tree in (self.ran.sandbox, run.sandbox)
        )
        return run.exit != self.ran.exit or was != becomes

    def written_here(self, file: File) -> File:
        """This file with the failing execution's machine and directory in place of all others."""
        content, here = file.content, self.state.now.slot
        for slot in self.executor.slots_named_in(Tree({"": file})):
            for name in (self.executor.directory, self.executor.name):
                content = content.replace(str(name(slot)).encode(), str(name(here)).encode())
        return file._replace(content=content)

    def went_on(self) -> bool:
        """Whether the output of a later execution got further than the output of the first."""
        first, *later = (
            len({label(line) for path in self.outputs() for line in state.run.sandbox.text(path).splitlines()})
            for state in self.state.way()
            if state.run
        )
        return any(lines > first for lines in later)

    def saved_by_then(self) -> bool:
        """Whether the failing execution has written content to a file of the checkpoint."""
        end = self.state.now.time + self.ran.seconds
        after = self.ran.sandbox
        return any(after.times.get(path) == end and after.text(path) for path in self.state_files)

    def saved_later(self) -> bool:
        """Whether the first execution leaves another checkpoint than it had after its first second, when it
        prepares."""
        first = self.state.way()[0]
        moment = Stop(min(1.0, first.ran.seconds / 2))
        early = self.executor.run(self.job, first.now.directory, slot=first.now.slot, clock=first.now.time, stop=moment)
        return any(first.ran.sandbox.get(path) != early.sandbox.get(path) for path in self.state_files)

    def checkpoint_unused(self) -> bool:
        """Whether the failing execution does the same with other numbers and with nonsense in the checkpoint, and, if
        it is a Python program, does not open the checkpoint for reading. False if the checkpoint is empty."""
        saved = {
            path: file
            for path, file in self.state.now.spool.regular().items()
            if file.content and path not in (STDOUT, STDERR, self.job.executable)
        }
        read = any(note[0] == "open" and note[1] in saved and note[2] == "r" for note in self.notes)
        if not saved or read or self.emptied:
            return False
        return all(
            self.does_the_same({path: entry._replace(content=change(entry.content)) for path, entry in saved.items()})
            for change in (_with_other_numbers, _nonsense)
        )

    def does_the_same(self, files: dict[str, File]) -> bool:
        """Whether the failing execution exits the same way and leaves the same files if it begins with these."""
        sandbox = self.state.now.directory
        for path, entry in files.items():
            sandbox = sandbox.put(path, entry)
        other = self.executor.run(self.job, sandbox, slot=self.state.now.slot, clock=self.state.now.time)
        return other.exit == self.ran.exit and other.sandbox == self.ran.sandbox

    def saves_what_it_finds(self) -> bool:
        """Whether the failing execution writes all state files but changes no file, and behaves differently if the
        state files have other numbers."""
        later = self.state.now.time + 1
        again = self.executor.run(self.job, self.state.now.directory, slot=self.state.now.slot, clock=later)
        written = [path for path, time in again.sandbox.times.items() if time >= later]
        return (
            not self.changed_files()
            and self.state_files.keys() <= {*written}
            and not self.does_the_same(
                {
                    path: file._replace(content=_with_other_numbers(file.content))
                    for path, file in self.state_files.items()
                }
            )
        )

    def ignores_numbers(self) -> bool:
        """Whether the failing execution does the same with greater and with smaller numbers in the text files of the
        checkpoint. In a user's own job, False if there are no text files."""
        texts = {path: entry for path, entry in self.state_files.items() if plain(entry.text, keep="\n") == entry.text}
        return (self.given or bool(texts)) and all(
            self.does_the_same(
                {path: entry._replace(content=_with_other_numbers(entry.content, by)) for path, entry in texts.items()}
            )
            for by in (1, -1)
        )

    def place_saved(self) -> bool:
        """Whether the checkpoint says how far the job has got, or has a format in which that can't be seen. False if it
        is text without the number of the last output line, the next or the previous one."""
        numbers = {
            int(last) + more
            for _, actual in self.so_far
            for last in map(label, actual[-1:])
            if last.isdecimal() and len(last) < 10
            for more in (-1, 0, 1)
        }
        text = "\n".join(entry.text for entry in self.state_files.values()).strip()
        if not numbers or not self.state_files or not text.isprintable():
            return True
        return any(int(number) in numbers for number in re.findall(r"\d{1,9}", text))

    def signals(self) -> list[int]:
        """The signals that a job may handle: the signal of an eviction, and those that its files name. [] if its files
        mention no signals."""
        texts = [file.content for file in self.job.inputs.regular().values()]
        named = [
            number
            for number in signal.Signals
            if any(re.search(rb"\b(SIG)?%b\b" % number.name[3:].encode(), text) for text in texts)
        ]
        mentioned = named or any(re.search(rb"signal|\btrap\b", text) for text in texts)
        return list(dict.fromkeys([self.job.kill_sig, *named])) if mentioned else []

    def always_off_by(self, *lines: int) -> bool:
        """Whether every restart that did not continue the output at the right line was off by one of these numbers of
        lines. If the exercise gives the loop, also True if that can't be seen."""
        off: set[int] = set()
        for state in self.state.way()[1:]:
            for (expected, old), (_, new) in zip(
                self.output_in(state.now.directory), self.output_in(state.run.sandbox) if state.run else ()
            ):
                labels, before, after = ([label(line) for line in lines] for lines in (expected, old, new))
                more = after[len(before) :]
                if before and more and after[: len(before)] == before and {before[-1], more[0]} <= set(labels):
                    off.add(labels.index(more[0]) - labels.index(before[-1]) - 1)
        return off <= {0, *lines} and (self.given or bool(off - {0}))

    def lines_for_time(self) -> bool:
        """Whether each execution adds lines to the output in proportion to its time. If not, a missing line may belong
        to an iteration that was done, and the iteration of a repeated line may have been done once. A user's own job
        must take virtual time."""
        times = [
            (state.run.seconds, len(new) - len(old))
            for state in self.state.way()
            if state.run and state.run.seconds
            for (_, old), (_, new) in zip(self.output_in(state.now.directory), self.output_in(state.run.sandbox))
        ]
        return (self.given or bool(times)) and _in_proportion(times)

    def lines_lost_for_time(self) -> bool:
        """Whether each execution took time in proportion to the lines of the right output up to where the next
        execution begins, and not to the lines that it wrote. Then one line is missing before each restart, of an
        iteration that was done."""
        expected = self.labels[0]
        written: list[tuple[float, int]] = []  # seconds, lines
        begins: list[int] = []
        for state in self.state.way():
            before, after = (
                list(map(label, tree.text(self.wrong_file).splitlines()))
                for tree in (state.now.directory, state.ran.sandbox)
            )
            new = after[len(before) :]
            if not new or not state.ran.seconds or not {*new} <= {*expected}:
                return False
            begins.append(expected.index(new[0]))
            written.append((state.ran.seconds, len(new)))
        ends = [*begins[1:], len(expected)]
        done = [(seconds, end - begin) for (seconds, _), begin, end in zip(written, begins, ends)]
        lost = [lines - less for (_, lines), (_, less) in zip(done, written)]
        is_one_missing_each_time = len(lost) > 1 and lost == [1] * (len(lost) - 1) + [0]
        return is_one_missing_each_time and _in_proportion(done) and not _in_proportion(written)

    def lost_lines_are_saved(self) -> bool:
        """Whether one line of the right output is missing where each restart begins, and the checkpoint has the numbers
        in that line. The first number does not count, as it may just tell the place."""
        expected, restarts = self.lines[0], self.state.way()[1:]
        for state in restarts:
            found, left = (tree.text(self.wrong_file).splitlines() for tree in (state.now.directory, state.ran.sandbox))
            around = [*found[-1:], *left[len(found) : len(found) + 1]]
            if len(around) < 2 or not {*around} <= {*expected}:
                return False
            before, after = map(expected.index, around)
            lost = [Decimal(number) for line in expected[before + 1 : after] for number in NUMBER.findall(line)[1:]]
            files = [file for path, file in state.now.spool.regular().items() if path not in self.outputs()]
            saved = [number.value for file in files for number in numbers(file.content).values()]
            if after - before != 2 or not lost or len(saved) > MOST_NUMBERS or not _are_among(lost, saved):
                return False
        return bool(restarts)

    def repeated(self) -> bool:
        """Whether the sandbox has an output line more often than expected."""
        return any(
            actual.count(line) > expected.count(line) for expected, actual in self.so_far for line in set(expected)
        )


def _in_proportion(times: list[tuple[float, int]]) -> bool:
    """Whether all these (seconds, lines) have the proportion of the first."""
    return all(abs(seconds * times[0][1] - lines * times[0][0]) < 0.01 * seconds for seconds, lines in times)


def label(line: str) -> str:
    """The first word of a line of output."""
    return re.split(r"[\s,;]", line, maxsplit=1)[0]


def left_by_error(case: Case, *kinds: str) -> bool:
    """Whether an exception of these kinds was raised and caught, or ended the execution."""
    return case.exception.startswith(kinds) or any(note[3] in kinds for note in case.swallowed)


def is_end_of(got: list[str], expected: list[str]) -> bool:
    return got == expected[len(expected) - len(got) :]


def off_by(case: Case) -> int:
    """How many iterations too late a restart resumes, if that is all that is wrong with its state; negative if too
    early."""
    if case.loss is None or set(case.loss.lost()) - {OUTPUT} != {PLACE}:
        return 0
    return number(case.loss.begun, PLACE) - number(case.loss.saved, PLACE)


def number(description: dict[str, str], name: str) -> int:
    value = description.get(name, "")
    return int(value) if value.isdecimal() else 0
