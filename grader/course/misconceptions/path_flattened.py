"""Misconception `path-flattened`."""

from __future__ import annotations

import posixpath

from ...rules.simulation import Held
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "path-flattened",
    "A file listed with its directory (state/now.txt) arrives without it (now.txt), so the program does not find it.",
    (
        "Compare the path of your checkpoint file in the first sandbox and in the new one.",
        "Without preserve_relative_paths, HTCondor drops the directory in front of a listed file.",
        "List the directory itself (`state`, without a file and without a slash at the end), or set "
        "preserve_relative_paths = True, or write to the top of the sandbox.",
    ),
)


def path_flattened(case: Case) -> bool:
    if not case.moved or case.job.preserve_relative_paths:
        return False
    listed = case.job.transfer_checkpoint_files or ()
    missing = case.state.next.missing if isinstance(case.state.next, Held) else ()
    return any(
        path == posixpath.normpath(entry) or (entry.endswith("/") and path.startswith(f"{posixpath.normpath(entry)}/"))
        for path in (*case.left_behind, *missing)
        if "/" in path.rstrip("/")
        for entry in listed
    )


SYMPTOMS = ((20, path_flattened),)
