"""Answers to exercise `submit`: submit files, as students write them."""

from __future__ import annotations

from grader.course.answers import given_with


def submit(*lines: str) -> dict[str, str]:
    """An answer to exercise `submit`: what is written in the place of the gaps."""
    kept = [line for line in given_with("submit", "sweep.sub").splitlines() if not line.startswith("#")]
    return {"sweep.sub": "\n".join([*kept[:-1], *lines, kept[-1]]) + "\n"}


SAVES = "checkpoint_exit_code = 85"
HOME = "transfer_output_files = my_output.txt"
NEEDS = ("request_cpus = 1", "request_memory = 512MB", "request_disk = 1GB")
RIGHT: dict[str, dict[str, str]] = {
    "the directory": submit(SAVES, "transfer_checkpoint_files = state, my_output.txt", HOME, *NEEDS),
    "the path, kept": submit(
        SAVES,
        "transfer_checkpoint_files = state/position.json, my_output.txt",
        "preserve_relative_paths = True",
        HOME,
        *NEEDS,
    ),
    "no commas, other cases": submit(
        "Checkpoint_Exit_Code=85",
        "Transfer_Checkpoint_Files = my_output.txt state",
        HOME,
        "Request_Cpus=1",
        "Request_Memory=1 GB",
        "Request_Disk=1 GB",
    ),
    "all of the output by default": submit(SAVES, "transfer_checkpoint_files = state,my_output.txt", *NEEDS),
    "streams listed as well": submit(
        SAVES, "transfer_checkpoint_files = _condor_stdout, _condor_stderr, state, my_output.txt", HOME, *NEEDS
    ),
    "the output list is the checkpoint": submit(SAVES, "transfer_output_files = my_output.txt, state", *NEEDS),
    "a macro": submit(
        "saved = 85",
        "checkpoint_exit_code = $(saved)",
        "files = state, my_output.txt",
        "transfer_checkpoint_files = $(files)",
        HOME,
        *NEEDS,
    ),
}
WRONG: dict[str, dict[str, dict[str, str]]] = {
    "path-flattened": {
        "the file by its path": submit(
            SAVES, "transfer_checkpoint_files = state/position.json, my_output.txt", HOME, *NEEDS
        ),
        "the file by its path from here": submit(
            SAVES, "transfer_checkpoint_files = ./state/position.json, my_output.txt", HOME, *NEEDS
        ),
        "the directory with a slash": submit(SAVES, "transfer_checkpoint_files = state/, my_output.txt", HOME, *NEEDS),
    },
    "output-not-in-checkpoint": {
        "only the state, and no list of outputs": submit(SAVES, "transfer_checkpoint_files = state", *NEEDS),
        "only the state": submit(SAVES, "transfer_checkpoint_files = state", HOME, *NEEDS),
        "only the state, by its path": submit(
            SAVES, "transfer_checkpoint_files = state/position.json", "preserve_relative_paths = true", HOME, *NEEDS
        ),
    },
    "checkpoint-not-transferred": {
        "the module that saves": submit(
            SAVES, "transfer_checkpoint_files = checkpoint.py, my_output.txt", HOME, *NEEDS
        ),
        "only the output": submit(SAVES, "transfer_checkpoint_files = my_output.txt", HOME, *NEEDS),
        "only the output, and no list of outputs": submit(SAVES, "transfer_checkpoint_files = my_output.txt", *NEEDS),
        "the output by default": submit(SAVES, HOME, *NEEDS),
        "no list at all": submit(SAVES, *NEEDS),
    },
    "listed-file-missing": {
        "a typo": submit(SAVES, "transfer_checkpoint_files = stat, my_output.txt", HOME, *NEEDS),
        "a wildcard": submit(SAVES, "transfer_checkpoint_files = state/*, my_output.txt", HOME, *NEEDS),
    },
    "wrong-exit-code": {
        "none": submit("transfer_checkpoint_files = state, my_output.txt", HOME, *NEEDS),
        "another": submit(
            "checkpoint_exit_code = 84", "transfer_checkpoint_files = state, my_output.txt", HOME, *NEEDS
        ),
    },
}
