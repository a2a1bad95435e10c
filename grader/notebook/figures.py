"""The pictures that notebooks draw of a job's output. Each function takes outcomes, as simulate() returns them;
pictures.py draws."""

from __future__ import annotations

from collections.abc import Mapping
from math import sinh

from ..rules.simulation import Outcome
from ..view.chart import Chart
from .pictures import chart, draw, heatmap

OUTPUT = "my_output.txt"
Rows = list[list[str]]


def bifurcations(end: Outcome | None) -> None:
    """Notebook 4: the logistic map in the long run, by growth rate."""
    if _have_output(end):
        points = [(float(row[1]), float(x)) for row in _rows(end) for x in row[2:]]
        draw(
            chart({"": points}, ",", x="growth rate r", y="x in the long run"),
            says="The logistic map in the long run, by growth rate: one branch becomes two, four, and then chaos.",
        )


def magnetisation(alone: Outcome | None, others: Mapping[str, Outcome | None], theory: bool = False) -> None:
    """Notebook 6: magnetisation by temperature, each of the other jobs beside the undisturbed job."""
    if _have_output(alone, *others.values()):
        draw(
            *(_beside(alone, name, end, theory) for name, end in others.items()),
            says=f"Magnetisation by temperature of a job that was left alone, and of one that {' / '.join(others)}.",
        )


def _beside(alone: Outcome | None, name: str, end: Outcome | None, theory: bool) -> Chart:
    series, styles = {"left alone": _curve(alone), name: _curve(end)}, "o- x--"
    if theory:  # Onsager and Yang
        cold = [1.2 + 0.01 * step for step in range(107)]
        series = {"infinite lattice": [(t, (1 - sinh(2 / t) ** -4) ** (1 / 8)) for t in cold], **series}
        styles = "- o x"
    return chart(series, styles, x="temperature", y="magnetisation")


def _curve(end: Outcome | None) -> list[tuple[float, float]]:
    return [(float(row[0]), float(row[2])) for row in _rows(end)]


def lattices(magnets: Mapping[str, Outcome | None], most: int = 9) -> None:
    """Notebook 6: the lattices of each job as it gets colder."""
    if not _have_output(*magnets.values()):
        return
    shown = {name: _rows(end)[:: -(-len(_rows(end)) // most)] for name, end in magnets.items()}
    draw(
        *(
            heatmap(
                _spins(row[4]), -0.2, 1.2, title=f"{float(row[0]):g}" + f" {name}" * (number == 0 and len(shown) > 1)
            )
            for name, rows in shown.items()
            for number, row in enumerate(rows)
        ),
        columns=max(map(len, shown.values())),
        height=130,
        says=f"The spins of the lattice at falling temperatures: {' / '.join(magnets)}.",
    )


def _spins(lattice: str) -> list[list[int]]:
    """Rows of 0 and 1 from a lattice written as a hexadecimal number."""
    side = int((4 * len(lattice)) ** 0.5)
    bits = f"{int(lattice, 16):0{side * side}b}"
    return [[int(bit) for bit in bits[start : start + side]] for start in range(0, side * side, side)]


def strings(jobs: Mapping[str, Outcome | None]) -> None:
    """Notebook 8: the position of each point of the string, step by step downwards."""
    if _have_output(*jobs.values()):
        draw(
            *(
                heatmap(
                    [list(map(float, row[1:])) for row in _rows(end)], -1, 1, "RdBu", x="point", y="step", title=name
                )
                for name, end in jobs.items()
            ),
            says=f"The string, step after step: {' / '.join(jobs)}.",
        )


def _have_output(*ends: Outcome | None) -> bool:
    """Whether all jobs returned the file that is drawn; prints a sentence if not."""
    if all(map(_rows, ends)):
        return True
    print(f"No picture yet: the job has not returned {OUTPUT}.")
    return False


def _rows(end: Outcome | None) -> Rows:
    """The lines of my_output.txt, split into columns; [] if there is no such file."""
    output = end.returned_files.get(OUTPUT) if end else None
    return [line.split() for line in getattr(output, "text", "").splitlines()]
