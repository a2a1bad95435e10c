"""How long the cells of the course's notebooks take, in a fresh kernel each.

    python benchmarks/notebook_cells.py [solutions|exercises] [ROUNDS]

Prints, for each notebook, the seconds of the whole and its slowest cells, as medians of ROUNDS rounds (default 3). The
start of the kernel is not counted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]


def timed(path: Path) -> dict[str, float]:
    """Seconds of each code cell by its id."""
    seconds: dict[str, float] = {}
    began: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory:
        client = NotebookClient(
            nbformat.read(path, 4),
            resources={"metadata": {"path": directory}},
            timeout=120,
            on_cell_execute=lambda cell, cell_index: began.update({cell["id"]: time.perf_counter()}),
            on_cell_executed=lambda cell, cell_index, execute_reply: seconds.update(
                {cell["id"]: time.perf_counter() - began[cell["id"]]}
            ),
        )
        client.execute()
    return seconds


def main(where: str, rounds: int) -> None:
    for path in sorted((ROOT / where / "self-checkpointing").glob("*.ipynb")):
        runs = [timed(path) for _ in range(rounds)]
        cells = {id: statistics.median(run[id] for run in runs) for id in runs[0]}
        slowest = sorted(cells.items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{id} {seconds:.2f}" for id, seconds in slowest)
        print(f"{path.stem:18} {sum(cells.values()):6.2f} s   slowest: {named}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "solutions", int(sys.argv[2]) if sys.argv[2:] else 3)
