"""A course in HTCondor's exit-driven self-checkpointing: simulator, exercises, autograder."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .notebook.calls import check, exercise, hint, measure, panel, pool, progress, simulate, steps
    from .notebook.pictures import chart, draw, heatmap
    from .notebook.sliders import explorer

__all__ = [
    "chart",
    "check",
    "draw",
    "exercise",
    "explorer",
    "heatmap",
    "hint",
    "measure",
    "panel",
    "pool",
    "progress",
    "simulate",
    "steps",
]


def __getattr__(name: str) -> object:
    # The notebook's functions need everything else; the simulator needs none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .notebook import calls, pictures

    return getattr(pictures if name in ("chart", "draw", "heatmap") else calls, name)
