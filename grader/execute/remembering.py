"""An executor that keeps its results on the disk: the same program in the same sandbox is not executed again, not even
by another process, days later.

    DIR/runs/KEY.json     the result of one execution
    DIR/files/SHA256      the content of a file, stored once for all sandboxes

The key covers everything that an execution depends on, and the versions of the simulator and of Python. It does not
cover other software (libraries, R, a compiler): remove DIR when that changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Unpack

from ..files import write_whole
from ..rules.execution import EPOCH, Circumstances, Exit, Limit, Run, Start
from ..rules.job import Job
from ..tree import Directory, Entry, Fifo, File, Link, Tree
from .executor import Executor
from .team import renamed

IN_STARTS = ("clock", "beside")
"""The circumstances of an execution that are part of its starts."""
KINDS: dict[str, type[File] | type[Link] | type[Directory] | type[Fifo]] = {
    "file": File,
    "link": Link,
    "directory": Directory,
    "fifo": Fifo,
}


class RememberingExecutor(Executor):
    """An executor that keeps its results in a directory, which it creates if necessary."""

    def __init__(self, memory: Path, **options: Any):
        """`options`: as for an Executor."""
        super().__init__(**options)
        self._runs, self._files = memory / "runs", memory / "files"
        self._circumstances = [
            version(),
            repr(self.limits),
            options.get("confine") is None,
            options.get("sets_home"),
            options.get("path"),
            self.seconds_per_cpu_second,
        ]
        self._root = os.fsencode(self.directory(0).parents[1])
        self._name = b"/" + b"x" * (len(self._root) - 1)
        """A placeholder of the same length for the directory of all execute directories, which differs each time."""
        self._repetition = 0
        """0, or 1 within afresh(): an execution that repeats another is stored separately."""

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within the block, executions are repeated despite earlier results."""
        self._repetition = 1
        try:
            yield
        finally:
            self._repetition = 0

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """As Executor.run(). A run that reached a time limit is not stored."""
        last = Start(sandbox, circumstances.get("clock", EPOCH))
        starts = [
            [self._digest(start.sandbox), start.clock, start.left] for start in (*circumstances.get("beside", ()), last)
        ]
        rest = sorted((name, value) for name, value in circumstances.items() if value and name not in IN_STARTS)
        program = [job.invocation, job.checkpoint_exit_code, job.checkpoint_signal, sorted(self._digest(job.inputs))]
        key = _key([self._circumstances, self._repetition, program, starts, rest])
        file = self._runs / f"{key}.json"
        run = self._read(file)
        if run is None:
            run = super().run(job, sandbox, **circumstances)
            if not run.out_of_time:
                self._write(file, run)
        return run

    # -- on the disk -----------------------------------------------------------

    def _digest(self, tree: Tree) -> list[list[object]]:
        return [
            [path, _kind(entry), *_fields(self._anonymous(entry)), tree.times.get(path)] for path, entry in tree.items()
        ]

    def _anonymous(self, entry: Entry) -> Entry:
        return renamed(Tree({"it": entry}), self._root, self._name)["it"]

    def _read(self, file: Path) -> Run | None:
        """The run in this file; None if it is missing or incomplete."""
        try:
            kept = json.loads(file.read_bytes())
            entries = {path: self._entry(kind, fields) for path, kind, fields in kept["sandbox"]}
            tree = renamed(Tree(entries, kept["times"]), self._name, self._root)
            left = kept["left"]
            return Run(
                **{
                    **kept["run"],
                    "exit": Exit(*kept["run"]["exit"]),
                    "sandbox": tree,
                    "limit": Limit(kept["run"]["limit"]) if kept["run"]["limit"] else None,
                    "outside": tuple(kept["run"]["outside"]),
                    "left": None if left is None else tuple(left),
                    "notes": tuple(map(_as_tuple, kept["run"]["notes"])),
                }
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _entry(self, kind: str, fields: list[Any]) -> Entry:
        if kind == "file":
            return File((self._files / fields[0]).read_bytes(), *fields[1:])
        return KINDS[kind](*fields)

    def _write(self, file: Path, run: Run) -> None:
        tree, entries = renamed(run.sandbox, self._root, self._name), []
        for path, entry in tree.items():
            kind, fields = _kind(entry), _fields(entry)
            if isinstance(entry, File) and not (self._files / str(fields[0])).exists():
                write_whole(self._files / str(fields[0]), entry.content)
            entries.append([path, kind, fields])
        plain = run._replace(sandbox=Tree(), left=())._asdict()
        kept = {
            "run": plain | {"sandbox": None},
            "left": run.left,
            "sandbox": entries,
            "times": dict(run.sandbox.times),
        }
        write_whole(file, json.dumps(kept).encode())


def _kind(entry: Entry) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(entry, kind))


def _fields(entry: Entry) -> list[object]:
    """The fields of an entry; for a file, the hash of its content instead of the content."""
    if isinstance(entry, File):
        return [hashlib.sha256(entry.content).hexdigest(), *entry[1:]]
    return [] if isinstance(entry, Fifo) else list(entry)


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def _key(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


@lru_cache(1)
def version() -> str:
    """A hash of what executes programs: this package, Python, and the system."""
    digest = hashlib.sha256(f"{sys.version} {sys.executable} {platform.platform()}".encode())
    package = Path(__file__).resolve().parents[1]
    for folder in ("execute", "rules", "submit"):
        for path in sorted((package / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
