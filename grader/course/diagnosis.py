"""From what a failing job does to the misconception behind it.

Symptoms come from behaviour: the states on the shortest failing schedule, the files that came home,
and one more execution of the failing state that is watched. Each symptom is a function from a Case
to yes or no; the first that fits names the misconception. None fitting is an answer, too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import Any, Unpack

from ..execute.executor import Executor
from ..rules.execution import Circumstances, Note, Run, Stop
from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Held, Saved, outcome, simulate
from ..rules.step import Kind
from ..text import count, plain, shorten
from ..tree import Entry, File, Tree
from ..verify.evidence import Evidence, files_left_behind, left_running, saved_softly
from ..verify.explore import RESTART_SAFE, UNKNOWN, Bounds, Exploration, explore
from ..verify.states import State
from ..verify.verdicts import Unknown
from .misconceptions import MISCONCEPTIONS
from .report import Misconception
from .resumption import OUTPUT, PLACE, RANDOM, Restart, first_loss, free_way

BUGS = (
    "NameError",
    "AttributeError",
    "TypeError",
    "SyntaxError",
    "IndentationError",
    "ImportError",
    "ModuleNotFoundError",
    "UnboundLocalError",
    "NotImplementedError",
    "RecursionError",
)
"""Exceptions that are slips of the pen and tell nothing about what a learner believes."""
MOST_ENDED = 30
"""Executions in which a job has to end if what it leaves running is ended with it."""
HARMLESS = ("StopIteration", "GeneratorExit", "SystemExit")
MISHAPS = (
    "OSError",
    "FileNotFoundError",
    "FileExistsError",
    "IsADirectoryError",
    "NotADirectoryError",
    "PermissionError",
    "ValueError",
    "KeyError",
    "IndexError",
    "EOFError",
    "json.",
    "pickle.",
    "_pickle.",
    "UnicodeDecodeError",
)
"""Exceptions that nobody means to leave by, unless a program raises them itself."""
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
"""Put at the beginning of a Python program: whatever ends it at once flushes its files first."""


def diagnose(job: Job, found: Exploration, executor: Executor) -> Misconception | None:
    """The misconception that a failing job shows, as far as its behaviour tells it. An execution that a limit has
    ended, or that took too much of the time that there is, is not done again, and says nothing."""
    if not _can_be_asked(found) or saved_softly(found):
        return None
    case = Case(job, found, executor)
    return next((MISCONCEPTIONS[id] for id, symptom in SYMPTOMS if symptom(case)), None)


def _can_be_asked(found: Exploration) -> bool:
    """Whether there is an execution of which something can be asked in reasonable time."""
    state = found.violation.state if found.violation else found.first
    slow = found.verdict == UNKNOWN and found.exhausted not in (None, Unknown.EXECUTIONS)
    in_transfer = state is not None and state.then is not None and state.then.kind == Kind.NEVER_FINISHES
    return state is not None and not (state.run is not None and state.run.over) and not slow and not in_transfer


def clues(job: Job, found: Exploration, executor: Executor, behind: Misconception | None) -> tuple[Evidence, ...]:
    """What takes looking for to show the misconception `behind` a failure, or that there is another reason."""
    if not _can_be_asked(found):
        return ()
    case = Case(job, found, executor)
    if behind is MISCONCEPTIONS["error-swallowed"]:
        return (*_emptied_shown(case), *_swallowed_shown(case))
    if behind is MISCONCEPTIONS["two-files-disagree"]:
        return _piled_up_shown(case)
    if behind is MISCONCEPTIONS["checkpoint-not-transferred"]:
        return _unnamed_shown(job)
    return (*_emptied_shown(case), *_hidden_shown(case)) if behind is None else ()


def _hidden_shown(case: Case) -> tuple[Evidence, ...]:
    """An exception in saving that nobody saw, if an empty file came of it."""
    empty = {path for path, entry in case.state_files.items() if not entry.content}
    if case.saving is None or not empty:
        return ()
    notes = case.executor.run(
        case.job, case.saving.sandbox, slot=case.saving.slot, clock=case.saving.clock, trace=True
    ).notes
    opened = [number for number, note in enumerate(notes) if note[0] == "open" and note[1] in empty and note[2] == "w"]
    raised = [note for note in notes[opened[0] :] if note[0] == "raise" and note[3] not in HARMLESS] if opened else []
    return tuple(
        Evidence(
            "swallowed",
            f"here an exception is raised while {next(iter(empty))} is written, and hidden: "
            f"{plain(shorten(f'{kind}: {text}', 100))}",
            file,
            line,
        )
        for _, file, line, kind, text in raised[:1]
    )


def _unnamed_shown(job: Job) -> tuple[Evidence, ...]:
    """That no list says what the checkpoint is, and what HTCondor takes for it then (R4a)."""
    if job.transfer_checkpoint_files is not None:
        return ()
    taken = (
        "what transfer_output_files lists"
        if job.transfer_output_files is not None
        else "the new and changed files at the top of the sandbox, and no directory"
    )
    return (
        Evidence(
            "unnamed",
            f"nothing names the files of the checkpoint, as there is no transfer_checkpoint_files: it is {taken}",
        ),
    )


def _swallowed_shown(case: Case) -> tuple[Evidence, ...]:
    """The exceptions that a failing execution raised in the job's own files and that nobody saw, each line's first."""
    raised = {(file, line): f"{kind}: {text}" for _, file, line, kind, text in reversed(case.swallowed)}
    return tuple(
        Evidence("swallowed", f"here an exception is raised, and caught: {plain(shorten(text, 100))}", file, line)
        for (file, line), text in reversed(raised.items())
    )[:3]


def _emptied_shown(case: Case) -> tuple[Evidence, ...]:
    """That a restart has emptied a checkpoint file in opening it."""
    return tuple(
        Evidence(
            "emptied",
            f"execution {case.state.execution} found {_quoted(case.state_files[path])} in "
            f"{path}, and opened it for writing before it had read it, which empties it",
            path,
        )
        for path in case.emptied
    )


def _piled_up_shown(case: Case) -> tuple[Evidence, ...]:
    """What of a checkpoint file is old, and what is new."""
    if case.piled_up is None:
        return ()
    path, before, after = case.piled_up
    old, both = before.sandbox.file(path), after.sandbox.file(path)
    new = File(both.content[len(old.content) :])
    return (
        Evidence(
            "piled up",
            f"execution {after.execution} finds {_quoted(both)} in {path}: what was there before, "
            f"{_quoted(old)}, and behind that what execution {before.execution} has saved, {_quoted(new)}",
            path,
        ),
    )


def _is_longer(entry: Entry, before: Entry | None) -> bool:
    """Whether a file has all that was in it before, if anything was, and more."""
    return (
        isinstance(entry, File)
        and isinstance(before, File)
        and b"" != before.content != entry.content
        and entry.content.startswith(before.content)
    )


def _quoted(file: File) -> str:
    """What is in a file, if that is a few characters of text, or how much it is."""
    text = file.text
    short = len(text) <= 30 and plain(text, keep="\n") == text
    return repr(text) if short else count(len(file.content), "byte")


def failed_before_output(state: State) -> bool:
    """Whether a job is held for missing output because its program failed (R6)."""
    return isinstance(state.next, Held) and state.next.code == 12 and state.ran.exit.code != 0


def complaint(job: Job, run: Run | None) -> str:
    """What a program that gave up has said of it, by its name as programs do; "" if it said nothing."""
    last = (run.stderr.splitlines() or [""])[-1] if run else ""
    name, _, said = last.partition(": ")
    return said if name == job.executable else ""


class Ending:
    """An executor that ends what a program leaves running when the program ends."""

    def __init__(self, executor: Executor):
        self.executor = executor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.executor, name)

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program, which is alone."""
        return self.executor.run(job, sandbox, **circumstances)._replace(left=())


class Case:
    """A failing job and what can be asked about it."""

    def __init__(self, job: Job, found: Exploration, executor: Executor):
        self.job, self.found, self.executor = job, found, executor
        self.state = found.violation.state if found.violation else found.root
        self.run = self.state.run
        """Its execution; None of a state that was never executed."""
        # A program that fails before it has made its output is held for the output, which is a symptom.
        self.failure = "failed" if failed_before_output(self.state) else found.failure or ""

    @property
    def ran(self) -> Run:
        """The execution of a state that was executed."""
        return self.state.ran

    # -- where it happens ------------------------------------------------------

    @cached_property
    def way(self) -> list[State]:
        """The states up to the failure; if there is none, those of the run without faults."""
        return self.state.way() if self.found.violation else free_way(self.found)

    @cached_property
    def moved(self) -> bool:
        """Whether a restart in a new sandbox that had a checkpoint is on the failing schedule."""
        return self.restart is not None

    @cached_property
    def restart(self) -> tuple[State, State] | None:
        """The last (state before, state after) of a move that took a checkpoint along."""
        way = self.state.way()
        moves = [(a, b) for a, b in zip(way, way[1:]) if b.moved and any(isinstance(s.next, Saved) for s in way)]
        return moves[-1] if moves else None

    @cached_property
    def left_behind(self) -> list[str]:
        """Files that the program had made by its last checkpoint and that a new sandbox does not have."""
        return files_left_behind(*self.restart) if self.restart else []

    # -- checkpoint files ------------------------------------------------------

    def outputs(self) -> set[str]:
        """The files that are the result: those that come home by name, or if none is named, those that have to."""
        if self.job.transfer_output_files is None and self.found.known:
            return set(self.found.reference or ())
        return set(self.job.transfer_output_files or ())

    @cached_property
    def state_files(self) -> dict[str, File]:
        """The files of the checkpoint that the failing execution finds, output and streams apart."""
        return {
            path: entry
            for path, entry in self.state.spool.items()
            if isinstance(entry, File) and path not in self.outputs() | {STDOUT, STDERR}
        }

    @cached_property
    def emptied(self) -> list[str]:
        """The files of the checkpoint that the failing execution emptied before it had read them; none if no error came
        of that, as it seems not to have wanted to read them."""
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
        """(path, before, after): a checkpoint file to which the execution of `before` has added what it saved, and the
        restart in place that finds it so: the first that does not go well."""
        first = next((number for number, state in enumerate(self.way) if not self.goes_well(state)), 0)
        if not first or self.way[first].moved:
            return None
        before, after = self.way[first - 1 : first + 1]
        known = {STDOUT, STDERR, *self.outputs(), *(self.found.reference or ())}
        return next(
            (
                (path, before, after)
                for path, entry in after.sandbox.items()
                if path not in known and _is_longer(entry, before.sandbox.get(path))
            ),
            None,
        )

    def goes_well(self, state: State) -> bool:
        """Whether an execution leaves with the checkpoint code, or at the end, with more of the right output than there
        was before. (The last line may be there to be continued.)"""
        if state.run is None or state.run.exit.code not in (0, self.job.checkpoint_exit_code):
            return False
        was, now = self.output_in(state.sandbox), self.output_in(state.run.sandbox)
        return all(
            len(had) < len(there) and there[:-1] == expected[: len(there) - 1]
            for (_, had), (expected, there) in zip(was, now)
        )

    @cached_property
    def saving(self) -> State | None:
        """The last execution that saved a checkpoint."""
        return next((state for state in reversed(self.way) if isinstance(state.next, Saved)), None)

    @cached_property
    def flushed(self) -> Tree:
        """What the execution that saved the checkpoint would have left if it had flushed its files; empty of a job that
        is not a Python script."""
        saving = self.saving
        program = saving.sandbox.get(self.job.executable) if saving else None
        if saving is None or not isinstance(program, File) or b"python" not in program.content.partition(b"\n")[0]:
            return Tree()
        first, _, rest = program.content.partition(b"\n")
        sandbox = saving.sandbox.put(self.job.executable, program._replace(content=first + FLUSHING + rest))
        return self.executor.run(self.job, sandbox, slot=saving.slot, clock=saving.clock).sandbox

    def wrote_state(self) -> bool:
        """Whether the last execution wrote anything but output, stdout and stderr."""
        changed = self.ran.sandbox.changed_since(self.state.sandbox)
        return any(
            isinstance(entry, File) and path not in self.outputs() | {STDOUT, STDERR} for path, entry in changed.items()
        )

    # -- the watched execution -------------------------------------------------

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """The failing state's execution done again, with file opens and exceptions noted."""
        return self.executor.run(
            self.job, self.state.sandbox, slot=self.state.slot, clock=self.state.clock, trace=True
        ).notes

    @cached_property
    def swallowed(self) -> list[Note]:
        """Exceptions that were raised in the job's own files and caught there."""
        raised = [note for note in self.notes if note[0] == "raise" and note[3] not in HARMLESS]
        if "Traceback (most recent call last)" in self.ran.stderr:
            return []
        return raised

    @cached_property
    def exception(self) -> str:
        """The last line of a traceback on stderr: `KeyError: 'x'`; '' without one."""
        if "Traceback (most recent call last)" not in self.ran.stderr:
            return ""
        lines = [line for line in self.ran.stderr.strip().splitlines() if line and not line.startswith(" ")]
        return lines[-1] if lines else ""

    def raised_itself(self) -> bool:
        """Whether the line that a traceback ends with raises the exception."""
        lines = [line.strip() for line in self.ran.stderr.splitlines() if line.startswith("    ") and line.strip(" ^~")]
        return bool(lines) and lines[-1].startswith("raise ")

    def bug(self) -> bool:
        """Whether the execution ended with an exception that is a mere slip."""
        return self.exception.startswith(BUGS)

    # -- what is said of the state -----------------------------------------------

    @cached_property
    def loss(self) -> Restart | None:
        """The first restart that went on, but lost part of the state, as far as the program speaks of it."""
        restart = first_loss(self.found)
        return restart if restart and restart.resumed() else None

    # -- the output, line by line ----------------------------------------------

    @cached_property
    def lines(self) -> tuple[list[str], list[str]]:
        """(expected, got): the lines of the first output file that is not as it should be."""
        violation = self.found.violation
        if violation is None or violation.expected is None:
            return [], []
        got = violation.got or Tree()
        for path, entry in violation.expected.items():
            if isinstance(entry, File) and got.get(path) != entry:
                other = got.get(path)
                return entry.text.splitlines(), other.text.splitlines() if isinstance(other, File) else []
        return [], []

    @cached_property
    def labels(self) -> tuple[list[str], list[str]]:
        """(expected, got): what the lines begin with, which tells iterations apart even if their numbers are wrong.
        Of a job that comes to no end, those of its last execution."""
        if self.found.violation is not None and self.found.violation.expected is not None:
            expected, got = self.lines
        else:
            expected, got = max(self.so_far, key=lambda both: len(both[1]), default=([], []))
        return [line.split(" ")[0] for line in expected], [line.split(" ")[0] for line in got]

    def astray(self) -> bool:
        """Whether all is right up to a restart, and from there on there are other numbers in the right lines."""
        (expected, got), (wanted, had) = self.lines, self.labels
        if wanted != had or expected == got:
            return False
        right = next(i for i, (a, b) in enumerate(zip(expected, got)) if a != b)
        first = self.state.way()[0].ran
        return first.exit.code == self.job.checkpoint_exit_code and right >= max(
            (
                entry.content.count(b"\n")
                for path, entry in first.sandbox.items()
                if isinstance(entry, File) and path in self.outputs()
            ),
            default=0,
        )

    @cached_property
    def reseeded(self) -> bool:
        """Whether the random numbers of the failing execution begin where those of the first one began."""
        first = self.state.way()[0]
        before = self.executor.run(self.job, first.sandbox, slot=first.slot, clock=first.clock, trace=True).notes
        began, begins = ([note[1:] for note in notes if note[0] == "random"] for notes in (before, self.notes))
        return bool(began) and bool(begins) and began[0] == begins[-1]

    @cached_property
    def so_far(self) -> list[tuple[list[str], list[str]]]:
        """(expected, there) for each output file: its lines, and those in the sandbox by now."""
        return self.output_in(self.state.sandbox)

    def output_in(self, sandbox: Tree) -> list[tuple[list[str], list[str]]]:
        """(expected, there) for each output file: its lines, and those in a sandbox."""
        found = self.found.reference or Tree()
        return [
            (entry.text.splitlines(), other.text.splitlines() if isinstance(other, File) else [])
            for path, entry in found.items()
            if isinstance(entry, File)
            for other in [sandbox.get(path)]
        ]

    def complete(self) -> bool:
        """Whether the sandbox has all the output although the job goes on."""
        return bool(self.so_far) and all(set(expected) <= set(there) for expected, there in self.so_far)

    def went_on(self) -> bool:
        """Whether an execution got further than the first one, in the output that there is."""
        first, *later = (
            len(
                {
                    line.split(" ")[0]
                    for path, entry in state.run.sandbox.items()
                    if path in self.outputs() and isinstance(entry, File)
                    for line in entry.text.splitlines()
                }
            )
            for state in self.state.way()
            if state.run
        )
        return any(lines > first for lines in later)

    def saved_by_then(self) -> bool:
        """Whether the failing execution has written something to a file of the checkpoint."""
        end = self.state.clock + self.ran.seconds
        after = self.ran.sandbox
        return any(
            after.times.get(path) == end and isinstance(entry := after.get(path), File) and entry.content
            for path in self.state_files
        )

    def place_saved(self) -> bool:
        """Whether the checkpoint tells how far the job has got, or is in a form in which that can't be seen; not so if it
        is text and has neither the last line's number nor the next."""
        numbers = {
            int(label) + more
            for _, there in self.so_far
            for label in [line.split(" ")[0] for line in there][-1:]
            if label.isdecimal() and len(label) < 10
            for more in (-1, 0, 1)
        }
        text = "\n".join(entry.text for entry in self.state_files.values()).strip()
        if not numbers or not self.state_files or not text.isprintable():
            return True
        return any(int(number) in numbers for number in re.findall(r"\d{1,9}", text))

    def mentions_signals(self) -> bool:
        """Whether one of the job's files speaks of signals at all."""
        return any(
            re.search(rb"SIGTERM|signal|\btrap\b", entry.content)
            for entry in self.job.inputs.values()
            if isinstance(entry, File)
        )

    def always_off_by(self, *lines: int) -> bool:
        """Whether each restart that did not go on with the output where it should have was off by so many lines; also so
        if that can't be seen."""
        off = []
        for state in self.state.way()[1:]:
            for (expected, had), (_, there) in zip(
                self.output_in(state.sandbox), self.output_in(state.run.sandbox) if state.run else ()
            ):
                labels, before, after = ([line.split(" ")[0] for line in some] for some in (expected, had, there))
                more = after[len(before) :]
                if before and more and after[: len(before)] == before and {before[-1], more[0]} <= set(labels):
                    off.append(labels.index(more[0]) - labels.index(before[-1]) - 1)
        return set(off) <= {0, *lines}

    def repeated(self) -> bool:
        """Whether the sandbox has output lines more than once that should be there once."""
        return any(
            there.count(line) > expected.count(line) for expected, there in self.so_far for line in set(expected)
        )


def _listed_file_missing(case: Case) -> bool:
    missing = case.state.next.missing if isinstance(case.state.next, Held) and case.failure == "held" else ()
    return any(case.run is None or case.run.sandbox.resolve(path) is None for path in missing)


def _path_flattened(case: Case) -> bool:
    if not case.moved or case.job.preserve_relative_paths:
        return False
    listed = case.job.transfer_checkpoint_files or ()
    missing = case.state.next.missing if isinstance(case.state.next, Held) else ()
    return any(
        path == one or (one.endswith("/") and path.startswith(one))
        for path in (*case.left_behind, *missing)
        if "/" in path.rstrip("/")
        for one in listed
    )


def _host_in_checkpoint(case: Case) -> bool:
    if not case.moved:
        return False
    saved = Tree(case.state_files)
    elsewhere = case.executor.slots_named_in(saved) - {case.state.slot}
    return bool(elsewhere)


def _not_flushed(case: Case) -> bool:
    """An empty file in the checkpoint, which the restart then stumbles over, and in which there would be something if
    what was written had got to the disk."""
    if case.failure not in ("failed", "never finishes", "lost progress", "wrong output"):
        return False
    empty = [path for path, entry in case.state_files.items() if not entry.content]
    return bool(empty) and any(isinstance(entry := case.flushed.get(path), File) and entry.content for path in empty)


def _exit_zero_after_save(case: Case) -> bool:
    expected, got = case.lines  # the last line may be there to be continued
    if any(set(there) >= set(wanted) for wanted, there in case.output_in(case.ran.sandbox)):
        return False  # all of it was made, and did not come home
    return (
        case.failure == "wrong output"
        and case.ran.exit.code == 0
        and case.wrote_state()
        and len(got) < len(expected)
        and got[:-1] == expected[: len(got)][:-1]
        and not case.state.schedule
    )


def _crash_will_resume(case: Case) -> bool:
    if case.failure != "failed" or not case.wrote_state() or case.bug() or case.emptied:
        return False
    mishap = case.exception.startswith(MISHAPS) and not case.raised_itself()
    return case.ran.exit.signal is not None or (bool(case.exception) and not mishap)


def _wrong_exit_code(case: Case) -> bool:
    return (
        case.failure == "failed"
        and case.wrote_state()
        and not case.exception
        and case.ran.exit.code not in (None, 0)
        and not complaint(case.job, case.run)
    )


def _no_code_named(case: Case) -> bool:
    """The program leaves with a code after saving, and the submit file names none, or another."""
    return case.failure == "failed" and case.ran.exit.code == 85


def _left_by_error(case: Case, *kinds: str) -> bool:
    """Whether an exception of these kinds was raised, or ended the execution."""
    return case.exception.startswith(kinds) or any(note[3] in kinds for note in case.swallowed)


def _checkpoint_not_transferred(case: Case) -> bool:
    """Elsewhere it starts over, or fails, for want of a file that it had written itself."""
    if not case.moved or case.failure not in ("lost progress", "failed", "never finishes", "wrong output"):
        return False
    lost = [path for path in case.left_behind if path not in case.outputs()]
    return bool(lost) and not case.state_files and not _output_not_in_checkpoint(case)


def _relies_on_leftovers(case: Case) -> bool:
    if case.failure not in ("failed", "lost progress", "wrong output"):
        return False
    if not case.moved:
        return _left_by_error(case, "FileExistsError")
    lost = [path for path in case.left_behind if path not in case.outputs()]
    return bool(lost) and bool(case.state_files) and not _output_not_in_checkpoint(case)


def _output_not_in_checkpoint(case: Case) -> bool:
    expected, got = case.lines
    got = [line.lstrip("\0") for line in got]  # a file that is cut to more than its length has a hole
    return (
        case.failure == "wrong output"
        and case.moved
        and bool(case.outputs() & set(case.left_behind))
        and len(got) < len(expected)
        and _is_end_of(got, expected)
    )


def _output_overwritten(case: Case) -> bool:
    expected, got = case.lines
    return (
        case.failure == "wrong output"
        and not case.moved
        and len(case.state.way()) > 1
        and 0 < len(got) < len(expected)
        and _is_end_of(got, expected)
    )


def _missing_output(case: Case) -> bool:
    """Elsewhere it fails for want of the output that it had begun."""
    return (
        case.failure == "failed"
        and case.moved
        and bool(case.outputs() & set(case.left_behind))
        and _left_by_error(case, "FileNotFoundError")
        and any(path in case.exception for path in case.outputs())
    )


def _is_end_of(got: list[str], expected: list[str]) -> bool:
    return got == expected[len(expected) - len(got) :]


def _stale_checkpoint(case: Case) -> bool:
    expected, got = case.lines
    return case.failure == "wrong output" and bool(expected) and not got and case.ran.exit.code == 0


def _piled_up(case: Case) -> bool:
    """One save stands behind another in a file."""
    return case.piled_up is not None


def _two_files_disagree(case: Case) -> bool:
    """Parts of the state that is restored are of another moment than the rest."""
    if case.loss is None or not case.loss.outdated():
        return False
    return set(case.loss.saved) - {OUTPUT} > set(case.loss.lost()) - {OUTPUT}


def _state_incomplete(case: Case) -> bool:
    if case.failure == "failed" and "returns a state without" in case.ran.stderr:
        return True
    return case.loss is not None and bool(set(case.loss.lost()) - {PLACE, OUTPUT, RANDOM})


def _rng_not_saved(case: Case) -> bool:
    return case.loss is not None and RANDOM in case.loss.lost()


def _output_ahead(case: Case) -> bool:
    return (
        case.loss is not None
        and OUTPUT in case.loss.lost()
        and _number(case.loss.begun, OUTPUT) > _number(case.loss.saved, OUTPUT)
    )


def _off_by(case: Case) -> int:
    """How many iterations too far a restart goes on, if that is all that is wrong with its state."""
    if case.loss is None or set(case.loss.lost()) - {OUTPUT} != {PLACE}:
        return 0
    return _number(case.loss.begun, PLACE) - _number(case.loss.saved, PLACE)


def _number(description: dict[str, str], name: str) -> int:
    value = description.get(name, "")
    return int(value) if value.isdecimal() else 0


def _resumes_too_early(case: Case) -> bool:
    return _off_by(case) < 0


def _resumes_too_late(case: Case) -> bool:
    return _off_by(case) > 0


def _repeats_iteration(case: Case) -> bool:
    expected, got = case.labels
    if not case.always_off_by(-1, -2):
        return False
    if case.failure == "never finishes":
        return case.repeated() or any(got.count(label) > expected.count(label) for label in set(expected))
    return (
        case.failure == "wrong output"
        and len(got) > len(expected)
        and set(got) == set(expected)
        and len(case.state.way()) > 1
    )


def _skips_iteration(case: Case) -> bool:
    expected, got = case.labels
    missing = [i for i, label in enumerate(expected) if label not in got]
    return (
        case.failure == "wrong output"
        and bool(got)
        and bool(missing)
        and len(set(got)) == len(got)
        and set(got) <= set(expected)
        and missing[0] > 0
        and len(case.state.way()) > 1
        and len(missing) < len(expected) - missing[0]
        and case.always_off_by(1)
    )


def _seeds_again(case: Case) -> bool:
    return case.failure == "wrong output" and case.astray() and case.reseeded


def _goes_astray(case: Case) -> bool:
    return case.failure == "wrong output" and case.astray()


def _always_85(case: Case) -> bool:
    return case.failure == "never finishes" and case.complete()


def _no_progress(case: Case) -> bool:
    """An execution that takes no time, in a job in which others do or which has no output yet."""
    worked = any(state.run and state.run.seconds for state in case.state.way()[:-1])
    nothing = not any(there for _, there in case.so_far)
    return case.failure == "never finishes" and case.ran.seconds == 0 and (worked or nothing)


def _time_is_up(case: Case) -> bool:
    """A `timeout` ends each execution before it has saved anything; with ten times as much it saves, or is done."""
    if case.failure != "never finishes" or case.run is None or case.saved_by_then():
        return False
    files, more = case.state.sandbox, case.job.inputs
    for path, entry in case.job.inputs.items():
        if isinstance(entry, File) and files.get(path) == entry and (longer := TIMEOUT.sub(_ten_times, entry.content)):
            files, more = (tree.put(path, entry._replace(content=longer)) for tree in (files, more))
    if more == case.job.inputs:
        return False
    job = replace(case.job, inputs=more)
    run = case.executor.run(job, files, slot=case.state.slot, clock=case.state.clock)
    return run.exit.code == 0 or any(run.sandbox.get(path) != entry for path, entry in case.state_files.items())


TIMEOUT = re.compile(rb"(\btimeout(?: +-\S+(?: +\d+[smhd]?)?)* +)(\d+)")
"""A time limit in a script."""


def _ten_times(found: re.Match[bytes]) -> bytes:
    return b"%s%d" % (found[1], 10 * int(found[2]))


def _error_swallowed(case: Case) -> bool:
    """Where there is something to read."""
    there = not case.state_files or any(entry.content for entry in case.state_files.values())
    return case.failure in ("never finishes", "lost progress") and bool(case.swallowed) and there


def _never_restores(case: Case) -> bool:
    """Starts over, although there is a checkpoint from which something could be told."""
    return case.failure == "never finishes" and not case.went_on() and case.place_saved()


def _sigterm_saves(case: Case) -> bool:
    """Never leaves with the checkpoint code by itself; but told to go, it does, or writes a file that it does not write
    otherwise."""
    never_saved = case.found.verdict == UNKNOWN and not case.found.checkpoints
    if not never_saved or case.job.checkpoint_exit_code is None or case.run is None or not case.mentions_signals():
        return False
    at = max(0.0, case.ran.seconds - 1e-3)
    told, killed = (
        case.executor.run(case.job, case.state.sandbox, slot=case.state.slot, clock=case.state.clock, stop=stop)
        for stop in (Stop(at, 15, case.job.max_vacate_time), Stop(at))
    )
    return told.exit.code == case.job.checkpoint_exit_code or any(
        path not in killed.sandbox and path not in case.ran.sandbox for path in told.sandbox
    )


def _left_running(case: Case) -> bool:
    """It goes right if what was left running is ended with the program that left it: on the same schedule, or, where
    only the run without faults tells what is right, on each."""
    if not left_running(case.state) or case.found.violation is None or case.found.reference is None:
        return False
    ending = Ending(case.executor)
    if not case.found.known:
        return explore(case.job, ending, bounds=Bounds(MOST_ENDED, late=False)).verdict == RESTART_SAFE
    end = outcome(simulate(case.job, ending, schedule=case.found.schedule or (), most_executions=MOST_ENDED))
    return (
        end.exit is not None
        and end.exit.code == case.job.success_exit_code
        and all(end.home.get(path) == entry for path, entry in case.found.reference.items())
    )


SYMPTOMS = (
    ("left-running", _left_running),
    ("path-flattened", _path_flattened),
    ("listed-file-missing", _listed_file_missing),
    ("two-files-disagree", _piled_up),
    ("not-flushed", _not_flushed),
    ("host-in-checkpoint", _host_in_checkpoint),
    ("exit-zero-after-save", _exit_zero_after_save),
    ("wrong-exit-code", _no_code_named),
    ("crash-will-resume", _crash_will_resume),
    ("wrong-exit-code", _wrong_exit_code),
    ("output-not-in-checkpoint", _output_not_in_checkpoint),
    ("output-not-in-checkpoint", _missing_output),
    ("checkpoint-not-transferred", _checkpoint_not_transferred),
    ("relies-on-leftovers", _relies_on_leftovers),
    ("stale-checkpoint", _stale_checkpoint),
    ("output-overwritten", _output_overwritten),
    ("two-files-disagree", _two_files_disagree),
    ("state-incomplete", _state_incomplete),
    ("rng-not-saved", _rng_not_saved),
    ("always-85", _always_85),
    ("repeats-iteration", _resumes_too_early),
    ("skips-iteration", _resumes_too_late),
    ("output-ahead-of-checkpoint", _output_ahead),
    ("repeats-iteration", _repeats_iteration),
    ("skips-iteration", _skips_iteration),
    ("rng-not-saved", _seeds_again),
    ("state-incomplete", _goes_astray),
    ("no-progress", _no_progress),
    ("no-progress", _time_is_up),
    ("error-swallowed", _error_swallowed),
    ("never-restores", _never_restores),
    ("sigterm-saves", _sigterm_saves),
)
"""(id, symptom), the most telling first: the order is part of the diagnosis."""
