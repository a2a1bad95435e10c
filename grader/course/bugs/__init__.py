"""Exercises of notebook 09: five jobs that resume wrongly, each to be understood (a literal) and mended (its files)."""

from .behind_a_pipe import BEHIND_A_PIPE, PIPE_LINES
from .last_done import HARES_LINES, LAST_DONE
from .listing import SLIDES_LISTING, SLIDES_SCHEDULE
from .on_sigterm import COLLATZ_MINUTES, ON_SIGTERM
from .training import TRAINING, TRAINING_AGREES

BUGS = (
    SLIDES_SCHEDULE,
    SLIDES_LISTING,
    HARES_LINES,
    LAST_DONE,
    TRAINING_AGREES,
    TRAINING,
    COLLATZ_MINUTES,
    ON_SIGTERM,
    PIPE_LINES,
    BEHIND_A_PIPE,
)
"""In the order of the notebook."""
