"""The student saves and restores a job whose state is more than a loop index, and names the files."""

from __future__ import annotations

from grader.course.annealing import (
    ANNEALING,
    annealing,
    anywhere,
    asking,
    goes_on,
    goes_on_with,
    is_the_annealing,
    unseen,
)
from grader.course.checks import both, first_checkpoint
from grader.course.exercise import Exercise, Question

FIRST = "It saves, and leaves with 85"
GOES_ON = "Started again, it goes on where it saved"
ANYWHERE = "Evicted at any time, any number of times, it ends as if nothing had happened"


def _part(name: str, title: str, points: float, lost: str) -> Question:
    """The question about one part of the state, and the message if a restart has lost it."""
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


SAVED_AND_BEGUN = (
    'Compare the iteration in the line "saves:" of an execution with the one in the line "begins:" of the next.'
)
NUMBER_DONE = (
    'state["iteration"] says how many iterations are done. They are counted from 0, so it is the next one to '
    "do as well. Where is it changed on its way into the file and back?"
)
AS_IT_IS = 'Save state["iteration"] as it is, and return it as it is: no 1 is to be added or taken away.'
MISCONCEPTION_HINTS = {
    "repeats-iteration": {1: SAVED_AND_BEGUN, 2: NUMBER_DONE, 3: AS_IT_IS},
    "skips-iteration": {1: SAVED_AND_BEGUN, 2: NUMBER_DONE, 3: AS_IT_IS},
    "output-overwritten": {
        3: "annealing.py opens my_output.txt itself, and appends to it if the state is a restored one. Cut it to "
        'the saved length, and no shorter: os.truncate("my_output.txt", state["output"]).'
    },
    "always-85": {
        3: "Leave with 85 in save_checkpoint, and nowhere else: when the last iteration is done, the program "
        "ends by itself."
    },
    "never-restores": {
        3: "In restore_checkpoint: if the checkpoint file is there, read the state from it and return that, not "
        "initial_state."
    },
    "no-progress": {
        3: "Do not save in restore_checkpoint, and do not leave there: return, and the program does the next "
        "iterations."
    },
}
EXERCISE = Exercise(
    title="Save enough of the state",
    notebook="06-enough-state",
    number=3,
    submit_file="annealing.sub",
    files=ANNEALING.files,
    settings=annealing,
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
    misconception_hints=MISCONCEPTION_HINTS,
)
