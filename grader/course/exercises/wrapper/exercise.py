"""The student wraps a program that can't be changed."""

from __future__ import annotations

from grader.course.checks import both, every_schedule
from grader.course.cures.wrapper import in_a_pipe, of_script
from grader.course.exercise import FEWER, Exercise, Question
from grader.course.waves import (
    BEFORE_THAT,
    DIVERGES,
    LIMIT,
    PLENTY,
    SHORT,
    WAVES,
    asking,
    at_once,
    cut_off,
    cut_off_unseen,
    is_the_wrapped_program,
    out_of_time,
    passes_on,
    unseen,
    waves,
)

BEFORE, TIME_UP = "With time enough, it is done in one go", "Out of time, it leaves with 85 and a checkpoint"


CURES = (*of_script("my_wrapper"), in_a_pipe("my_wrapper"))
TIME_WAS_UP = (
    "Leave with 85 only if time was up, which timeout says with 124, and with the exit code of waves in all "
    "other cases."
)
MISCONCEPTION_HINTS = {
    "exit-zero-after-save": {3: TIME_WAS_UP},
    "wrong-exit-code": {3: TIME_WAS_UP},
    "crash-will-resume": {
        3: "Let no signal or exception end the wrapper. (In Python, a time limit that is over is an exception, "
        "subprocess.TimeoutExpired: catch it.) " + TIME_WAS_UP
    },
    "always-85": {3: TIME_WAS_UP},
    "never-restores": {
        1: "Look at what waves prints in the second execution: with which step does it begin?",
        2: "HTCondor starts my_wrapper again with the same arguments. Only my_wrapper can look for a restart "
        "file, and tell waves of it.",
        3: "If restart.dat is there, start ./waves --restart restart.dat, else ./waves.",
    },
    "listed-file-missing": {
        2: "transfer_checkpoint_files takes names literally, and every one must exist whenever the job leaves with 85. waves "
        "renames restart.dat to restart.old before it writes the next one.",
        3: "If restart.dat is torn or not there, mv restart.old restart.dat, and only then leave with 85. List restart.dat and "
        "my_output.txt.",
    },
    "no-progress": {
        1: "How many steps did waves do in the repeating execution, and are they in a restart file?",
        2: "waves goes on from a restart file. Ended before it has written the next one, it is where it was.",
        3: "The time limit is the first argument of my_wrapper, $1. It is long enough for a restart file.",
    },
}
EXERCISE = Exercise(
    title="Wrap a program that can't be changed",
    notebook="08-wrapper",
    number=2,
    submit_file="waves.sub",
    files=WAVES.files,
    settings=waves,
    answers=("my_wrapper", "waves.sub"),
    bounds=FEWER,
    questions=(
        Question(BEFORE, 1, both(is_the_wrapped_program, asking(at_once, PLENTY, steps=24)), cures=CURES),
        Question(
            TIME_UP, 2, asking(out_of_time, LIMIT), rests_on=(BEFORE,), cures=CURES, unseen=unseen(out_of_time, 2.4)
        ),
        Question(
            "Evicted at any time, any number of times, it ends right",
            2,
            asking(every_schedule, LIMIT),
            rests_on=(TIME_UP,),
            cures=CURES,
            unseen=unseen(every_schedule, 2.4),
        ),
        Question(
            "The exit codes of the program are passed on",
            2,
            asking(passes_on, BEFORE_THAT, **DIVERGES),
            rests_on=(TIME_UP,),
            cures=CURES,
        ),
        Question(
            "Cut off at any moment of writing, it goes on from a whole file",
            2,
            cut_off(**SHORT),
            rests_on=(TIME_UP,),
            unseen=cut_off_unseen,
        ),
    ),
    hints=(
        "Three things: how waves is started (with a restart file, if there is one), for how long, and what its exit "
        "code is turned into.",
        "timeout SECONDS PROGRAM leaves with 124 if the time was up, and with the exit code of the program otherwise. "
        "Keep it at once: code=$?. Before you leave with 85, see whether restart.dat is whole: its last line is `end`.",
        "If `tail -n 1 restart.dat | grep -q -x end` fails, restart.dat is torn or not there, and restart.old is the "
        "last whole file: mv restart.old restart.dat. Then exit 85. If the code is not 124: exit $code.",
    ),
    misconception_hints=MISCONCEPTION_HINTS,
)
