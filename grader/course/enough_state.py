"""Notebook 06. Exercise `annealing`: the student writes save_checkpoint(state) and
restore_checkpoint(initial_state) for a job whose state is more than a loop index, and names the files."""

from __future__ import annotations

from collections.abc import Sequence

from ..rules.simulation import Moment, simulate
from .annealing import (
    ANNEALING,
    FORGETTABLE,
    annealing,
    anywhere,
    asking,
    forgetting,
    given,
    goes_on,
    goes_on_with,
    is_the_annealing,
    unseen,
)
from .checks import both, first_checkpoint
from .exercise import Exercise, Question
from .prediction import Told, prediction
from .trusted import trusted

COMPUTABLE = {"temperature": "iteration", "energy": "lattice", "chances": "temperature"}
"""What the program has beside its state → what it computes it from at every start."""
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
    """The parts that, begun anew at each restart, change what comes home. What is computed at every start is begun
    anew in any case, and the job that forgets nothing brings the right output all the same."""
    right, matter = ANNEALING.known_answer(), set()
    with trusted() as executor:
        for part in FORGETTABLE:
            *_, last = simulate(forgetting(part), executor)
            if last.home[ANNEALING.output] != right[ANNEALING.output]:
                matter.add(part)
    return matter


def _misjudged(value: object) -> Told:
    """What a wrong set of parts reveals."""
    if not isinstance(value, (frozenset, tuple)) or not all(isinstance(one, str) for one in value):
        return 'It takes a set of names, like {"sums", "energy"}.', None
    for part, told in NEEDED.items():
        if part not in value:
            return told
    for part, source in COMPUTABLE.items():
        if part in value:
            return f"Save only what you need: the program computes {part} from {source}.", None
    return f"There are {', '.join((*NEEDED, *COMPUTABLE))} to choose from.", None


MUST_BE_SAVED = prediction(
    "must_be_saved",
    "What belongs in the checkpoint",
    1,
    job=lambda: forgetting("random"),
    schedule="",
    decisive=("checkpoint", 1),
    truth=_parts_that_matter,
    told="Begun anew at a restart, lattice, random and sums each change my_output.txt. The temperature follows from "
    "the iteration, the chances from the temperature, and the energy from the lattice.",
    wrong=_misjudged,
    hints=(
        "Ask of each: could the program, started again with iteration and lattice in its hands, know it?",
        "The temperature, for one, is computed from the iteration at every start, so nothing is lost with it.",
        "Three of them can be computed from iteration and lattice. The other three hold something of the past.",
    ),
)


def _wrong_lines(moments: Sequence[Moment]) -> int:
    """How many lines of the output that came home are not those of a run that is never interrupted."""
    right = ANNEALING.known_answer().file(ANNEALING.output).text.splitlines()
    home = moments[-1].home.file(ANNEALING.output).text.splitlines()
    return sum(one != other for one, other in zip(right, home)) + abs(len(right) - len(home))


LASTING = ("The sums begin anew with each temperature, so that a line is not wrong for what came before its own.", None)
WRONG_LINES = prediction(
    "wrong_lines",
    "What comes of forgetting the sums",
    1,
    job=lambda: forgetting("sums"),
    schedule="",
    decisive=("checkpoint", 1),
    truth=_wrong_lines,
    told="Saved in the middle of a temperature, at iterations 50, 150 and 250, the sums of its first 10 iterations are "
    "missing from its mean, and its line is wrong. Between two temperatures, at 100 and 200, the sums are 0, and "
    "there is nothing to forget: a natural checkpoint time.",
    wrong={
        5: ("There are five checkpoints, but not at all of them is there something in the sums.", None),
        2: ("At two of the five checkpoints there is nothing in the sums.", None),
        1: ("It is one line for the first restart, but each restart forgets them once more.", None),
        0: ("The program can't compute the sums anew: the lattices that went into them are gone.", "state-incomplete"),
        10: LASTING,
        11: LASTING,
        12: LASTING,
        13: LASTING,
    }.get,
    hints=(
        "At which iterations is a checkpoint saved, and how many iterations does each temperature have?",
        "A line is wrong if a checkpoint was saved while its sums grew. Between two temperatures they are 0.",
        "50, 100, 150, 200, 250; a temperature has 20 iterations. How many of these are not divisible by 20?",
    ),
)

FIRST = "It saves, and leaves with 85"
GOES_ON = "Started again, it goes on where it saved"
ANYWHERE = "Evicted at any time, any number of times, it ends as if nothing had happened"


def _part(name: str, title: str, points: float, lost: str) -> Question:
    """The question about one part of the state, and what is told if a restart has lost it."""
    question = goes_on_with(name, f"At iteration {{iteration}} the job goes on, but {lost}.")
    return Question(title, points, asking(question), rests_on=(GOES_ON,), unseen=unseen(question))


PARTS = (
    _part("lattice", "... with the lattice that it had", 2, "with another lattice than the one it had"),
    _part(
        "random",
        "... with the random numbers that come next",
        2,
        "its next random numbers are not those that would have come",
    ),
    _part("sums", "... with the sums so far", 1, "with other sums than those so far"),
    _part(
        "output",
        "... with each temperature in the output once",
        1,
        "my_output.txt, with {output} bytes, is not what it was at that moment",
    ),
)
ANNEAL = Exercise(
    name="annealing",
    title="Save enough of the state",
    submit_file="annealing.sub",
    settings=annealing,
    given=given,
    answers=("checkpoint.py", "annealing.sub"),
    functions=("save_checkpoint", "restore_checkpoint"),
    questions=(
        Question(FIRST, 2, both(is_the_annealing, asking(first_checkpoint))),
        Question(GOES_ON, 1, asking(goes_on), rests_on=(FIRST,), unseen=unseen(goes_on)),
        *PARTS,
        Question(
            ANYWHERE,
            3,
            both(asking(anywhere), asking(anywhere, size=6, temperatures=2, iterations=3, interval=1)),
            rests_on=tuple(question.name for question in PARTS),
            unseen=unseen(anywhere),
        ),
    ),
    hints=(
        "Write all of the state to a file and leave with 85. At the restart, read it, and return a state just like it: "
        'compare the lines that the program prints, "saves:" and then "begins:".',
        "The random generator is an object. pickle.dump(state, file) takes it as it is. JSON does not: save "
        'state["random"].getstate(), and make tuples again of the lists that JSON makes of it before setstate().',
        'Save with pickle.dump(state, file) into a file opened with "wb", then sys.exit(85). Restore with '
        'pickle.load(file), then os.truncate("my_output.txt", state["output"]), and return the state.',
    ),
)
