"""What belongs in the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.annealing import ANNEALING, FORGETTABLE, forgetting
from grader.course.prediction import Told, prediction
from grader.course.trusted import trusted
from grader.rules.simulation import Moment, simulate

COMPUTABLE = {"temperature": "iteration", "energy": "lattice", "chances": "temperature"}
"""What the program has besides its state → what it computes that from at every start."""
NEEDED: dict[str, Told] = {
    "random": (
        "A seed only says where the random numbers begin: begun anew, the generator gives those that were drawn "
        "already, and not those that come next.",
        "rng-not-saved",
    ),
    "lattice": (
        "Each iteration continues from the lattice that the one before has left: begun anew, it is hot again.",
        "state-incomplete",
    ),
    "sums": (
        "What has been summed up is nowhere else: begun anew, the mean of that temperature lacks iterations.",
        "state-incomplete",
    ),
}
"""Part of the state → what is wrong with leaving it out."""


def _parts_that_matter(moments: Sequence[Moment]) -> set[str]:
    """The parts of the state that change the output if they begin anew at each restart. What is computed at every start
    begins anew in any case, and a job that forgets no part returns the right output all the same."""
    right, matter = ANNEALING.known_answer(), set()
    with trusted() as executor:
        for part in FORGETTABLE:
            *_, last = simulate(forgetting(part), executor)
            if last.returned_files[ANNEALING.output] != right[ANNEALING.output]:
                matter.add(part)
    return matter


def _names(value: object) -> object:
    """Names in lower case; other values unchanged."""
    if isinstance(value, (frozenset, tuple)) and all(isinstance(one, str) for one in value):
        return frozenset(one.lower() for one in value)
    return value


def _misjudged(value: object) -> Told | None:
    """The response to a wrong set of parts."""
    if not isinstance(value, (frozenset, tuple)) or not all(isinstance(one, str) for one in value):
        return 'It takes a set of names, like {"sums", "energy"}.', None
    if not set(value) <= {*NEEDED, *COMPUTABLE}:
        return f"There are {', '.join((*NEEDED, *COMPUTABLE))} to choose from.", None
    for part, told in NEEDED.items():
        if part not in value:
            return told
    for part, source in COMPUTABLE.items():
        if part in value:
            return f"Save only what you need: the program computes {part} from {source}.", None
    return None


EXERCISE = prediction(
    "What belongs in the checkpoint",
    1,
    notebook="06-enough-state",
    number=1,
    job=lambda: forgetting("random"),
    decisive=("checkpoint", 1),
    truth=_parts_that_matter,
    told="Begun anew at a restart, lattice, random and sums each change my_output.txt. The temperature follows from "
    "the iteration, the chances from the temperature, and the energy from the lattice.",
    read=_names,
    wrong=_misjudged,
    hints=(
        "Ask of each: could the program, started again with iteration and lattice in its hands, know it?",
        "The temperature, for one, is computed from the iteration at every start, so nothing is lost with it.",
        "Three of them can be computed from iteration and lattice. The other three hold something of the past.",
    ),
)
