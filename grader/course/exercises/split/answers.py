"""Answers to exercise `split`: submit files, as students write them."""

from __future__ import annotations

from grader.course.answers import given_with


def split(
    queue: str, arguments: str = "$(start) $(end)", more: str = "", output: str = "my_output.$(Process).txt"
) -> dict[str, str]:
    """An answer to exercise `split`."""
    text = given_with("split", "sweep.sub").replace("arguments  = 1 12", f"arguments  = {arguments}")
    text = text.replace("\nqueue\n", f'\ntransfer_output_remaps = "my_output.txt = {output}"\n{more}\n{queue}\n')
    return {"sweep.sub": text}


RIGHT: dict[str, dict[str, str]] = {
    "queue from brackets": split("queue start, end from (\n    1 3\n    4 6\n    7 9\n    10 12\n)"),
    "commas": split("queue start, end from (\n1, 3\n4, 6\n7, 9\n10, 12\n)", output="out.$(start).txt"),
    "an iteration a job": split(
        "queue start in (1 2 3 4 5 6 7 8 9 10 11 12)", "$(start) $(start)", output="my_output.$(start)"
    ),
    "a queue statement each": {
        "sweep.sub": "\n".join(
            f"executable = sweep.py\ntransfer_input_files = my_input.txt, checkpoint.py\nlog = sweep.log\n"
            f'arguments = {start} {start + 2}\ntransfer_output_remaps = "my_output.txt = part{start}.txt"\nqueue\n'
            for start in (1, 4, 7, 10)
        )
    },
    "jobs of two, in the new syntax": split(
        "queue start, end from (\n1 2\n3 4\n5 6\n7 8\n9 10\n11 12\n)", '"$(start) $(end)"'
    ),
    "arithmetic": split("queue 6", "$INT(first) $INT(last)", "first = $(Process) * 2 + 1\nlast = $(Process) * 2 + 2"),
}
WRONG: dict[str, dict[str, dict[str, str]]] = {}
