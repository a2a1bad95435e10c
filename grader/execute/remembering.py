"""An executor that keeps what was executed on the disk, by content: the same program in the same sandbox is not executed
again, also not by another process, days later.

    DIR/runs/KEY.json     what came of one execution
    DIR/files/SHA256      what was in a file, once for all sandboxes that it is in

The key is all that an execution depends on, and which version of the simulator and of Python did it. What is installed
besides (libraries, R, a compiler) is not known: remove DIR when that changes.
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
"""The circumstances of an execution that its starts tell of."""
KINDS: dict[str, type[File] | type[Link] | type[Directory] | type[Fifo]] = {
    "file": File,
    "link": Link,
    "directory": Directory,
    "fifo": Fifo,
}


class RememberingExecutor(Executor):
    """An executor with a memory in a directory, which is made if it is not there."""

    def __init__(self, memory: Path, **how: Any):
        """`how`: as for an Executor."""
        super().__init__(**how)
        self._runs, self._files = memory / "runs", memory / "files"
        self._circumstances = [
            version(),
            repr(self.limits),
            how.get("confine") is None,
            how.get("sets_home"),
            how.get("path"),
            self.seconds_per_cpu_second,
        ]
        self._root = os.fsencode(self.directory(0).parents[1])
        self._name = b"/" + b"x" * (len(self._root) - 1)
        """Stands for the directory of all execute directories, which is another one each time."""
        self._time = 0
        """0, or within afresh() 1: what is executed to see whether it does the same again is another execution."""

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within it, what was executed before it is executed again."""
        self._time = 1
        try:
            yield
        finally:
            self._time = 0

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """What Executor.run() gives. What a limit of the machine's time has ended is not kept, nor what was lost."""
        start = Start(sandbox, circumstances.get("clock", EPOCH))
        starts = [[self._digest(one.sandbox), one.clock, one.left] for one in (*circumstances.get("beside", ()), start)]
        others = sorted((name, value) for name, value in circumstances.items() if value and name not in IN_STARTS)
        told = [job.invocation, job.checkpoint_exit_code, job.checkpoint_signal, sorted(self._digest(job.inputs))]
        key = _key([self._circumstances, self._time, told, starts, others])
        file = self._runs / f"{key}.json"
        run = self._read(file)
        if run is None:
            run = super().run(job, sandbox, **circumstances)
            if not run.lost and not run.out_of_time:
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
        """What was kept there; None if nothing was, or not all of it is there."""
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
    """The fields of an entry, with the hash of a file's content in its place."""
    if isinstance(entry, File):
        return [hashlib.sha256(entry.content).hexdigest(), *entry[1:]]
    return [] if isinstance(entry, Fifo) else list(entry)


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def _key(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


@lru_cache(1)
def version() -> str:
    """What does the executing: this package, Python, and the system."""
    digest = hashlib.sha256(f"{sys.version} {sys.executable} {platform.platform()}".encode())
    package = Path(__file__).resolve().parents[1]
    for folder in ("execute", "rules", "submit"):
        for path in sorted((package / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
