"""A course in HTCondor's exit-driven self-checkpointing: simulator, exercises, autograder."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .notebook.calls import check, exercise, glossary, hint, measure, panel, pool, progress, simulate, steps
    from .notebook.figures import bifurcations, lattices, magnetisation, strings
    from .notebook.pictures import chart, draw, heatmap
    from .notebook.sliders import explorer

__all__ = [
    "bifurcations",
    "chart",
    "check",
    "draw",
    "exercise",
    "explorer",
    "glossary",
    "heatmap",
    "hint",
    "lattices",
    "magnetisation",
    "measure",
    "panel",
    "pool",
    "progress",
    "simulate",
    "steps",
    "strings",
]
_IN = {
    **dict.fromkeys(("bifurcations", "lattices", "magnetisation", "strings"), "figures"),
    **dict.fromkeys(("chart", "draw", "heatmap"), "pictures"),
}
"""The modules of notebook/ that define these; calls defines all others."""


def __getattr__(name: str) -> object:
    # Imported on demand: the notebook's functions import the whole package, which the simulator does not need.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".notebook.{_IN.get(name, 'calls')}", __name__), name)
