"""The misconceptions: what learners believe or forget, and a ladder of three hints for each.

Ids are stable: reports, gradebooks and class statistics use them. How one is recognised from what
a job does is in diagnosis.py.

A hint speaks of what the learner has written, which is not the same in all exercises: where that makes a difference, it
is given for each of them, by name, and under "" for those whose answer is a whole program.
"""

from __future__ import annotations

from .report import Misconception

_SAVED_AND_BEGUN = (
    'Compare the iteration in the line "saves:" of an execution with the one in the line "begins:" of the next.'
)
_LAST_OR_NEXT = {
    "": "Is the saved number the last iteration that is done, or the next one to do? It has to mean the same where it "
    "is written and where it is read.",
    **dict.fromkeys(
        ("save", "restore"),
        "Is the saved number the last iteration that is done, or the next one to do? "
        "save_checkpoint(iteration) is called before that iteration is done.",
    ),
    "annealing": 'state["iteration"] says how many iterations are done. They are counted from 0, so it is the next '
    "one to do as well. Where is it changed on its way into the file and back?",
}
_NEXT = "Save the next iteration to do, and begin with just that number; or the last one done, and begin with the next."
_AS_IT_IS = 'Save state["iteration"] as it is, and return it as it is: no 1 is to be added or taken away.'
_ONE_BEHIND_ANOTHER = [
    dict.fromkeys(("save", "restore"), hint)
    for hint in (
        "What is in the checkpoint file after the first execution, and what after the second?",
        "A file that is opened with 'a' keeps what is in it, and what is written stands behind that. The checkpoint is to "
        "hold one number: that of the last save.",
        "Open the file with 'w', which empties it, each time the job saves.",
    )
]
_MODELS_OWN = (
    "Leave with the model's own code, whatever it is: set -o pipefail above the pipe, or exit "
    "${PIPESTATUS[0]} right after it."
)
_TIME_WAS_UP = (
    "Leave with 85 only if time was up, which timeout says with 124, and with the exit code of waves in "
    "all other cases."
)

_TABLE = (
    Misconception(
        "state-incomplete",
        "Part of the state is not saved, or not brought back: a restart goes on at the right place, but without it.",
        (
            "Compare what a checkpoint is saved from with what the restart begins with. What is not the same? (Some "
            'programs here print both, in the lines "saves:" and "begins:".)',
            "The loop index says where the job is. What else does the next iteration need that the earlier ones have "
            "made?",
            "Save every part that an iteration changes and a later one reads (a lattice, sums, speeds), and bring each "
            "of them back. What can be computed from the others need not be saved.",
        ),
    ),
    Misconception(
        "rng-not-saved",
        "The random generator is begun anew at a restart: the job does not draw the numbers that it would have drawn.",
        (
            "Which random numbers does the first execution draw, and which the second? (Some programs here print the "
            'state of the generator, in the lines "saves:" and "begins:".)',
            "A seed says where the random numbers begin, not how many have been drawn. Seeded again, the generator begins "
            "again.",
            "Save generator.getstate() (or pickle the generator itself), and give it to setstate() at the restart. JSON "
            "makes lists of its tuples: generator.setstate((saved[0], tuple(saved[1]), saved[2])).",
        ),
    ),
    Misconception(
        "output-ahead-of-checkpoint",
        "The output holds more than the state knows of: what was written after that moment is repeated on a restart.",
        (
            "How long was my_output.txt in the moment that was saved, and how long is it when the restart begins?",
            "A restart continues the output that it finds. Lines that do not belong to the saved state have to go first.",
            "Save the length that belongs to the state, and cut the file to it at the restart: "
            'os.truncate("my_output.txt", length).',
        ),
    ),
    Misconception(
        "two-files-disagree",
        "The checkpoint is put together from different moments: one part is older than the rest.",
        (
            {
                "": "The evidence says which part is old. Which line of your program writes it, and is it reached every "
                "time?",
                **_ONE_BEHIND_ANOTHER[0],
            },
            {
                "": "All that makes up one checkpoint has to be of one moment. A file that is written once, or to whose end "
                "each save is added ('a'), holds something of another.",
                **_ONE_BEHIND_ANOTHER[1],
            },
            {
                "": "Write all parts anew at every save, into one file if you can; then they can't disagree.",
                **_ONE_BEHIND_ANOTHER[2],
            },
        ),
    ),
    Misconception(
        "repeats-iteration",
        "An iteration is done twice: the number that is saved and the number that is resumed from are off by one.",
        (
            {
                "": "Look for the first iteration that is done twice. Which execution did it, and which one did it again?",
                "annealing": _SAVED_AND_BEGUN,
            },
            _LAST_OR_NEXT,
            {
                "": _NEXT,
                "save": "Write the iteration itself, not one less: restore_checkpoint, which is given, returns what it "
                "reads.",
                "restore": "Save the iteration itself, and let restore_checkpoint return it, not one less.",
                "annealing": _AS_IT_IS,
            },
        ),
    ),
    Misconception(
        "skips-iteration",
        "An iteration is never done: the number that is saved and the number that is resumed from are off by one.",
        (
            {
                "": "Look at the line that is missing. Which execution should have written it?",
                "annealing": _SAVED_AND_BEGUN,
            },
            _LAST_OR_NEXT,
            {
                "": _NEXT,
                "save": "Write the iteration itself, not one more: restore_checkpoint, which is given, returns what it "
                "reads.",
                "restore": "Save the iteration itself, and let restore_checkpoint return it, not one more.",
                "annealing": _AS_IT_IS,
            },
        ),
    ),
    Misconception(
        "output-not-in-checkpoint",
        "The output grows from restart to restart, but it is not part of the checkpoint: elsewhere it begins empty.",
        (
            "Compare the execute directory before the eviction with the new one. Which file is missing?",
            "Each restart continues my_output.txt. HTCondor brings only the files of transfer_checkpoint_files to a new "
            "sandbox.",
            "Add my_output.txt to transfer_checkpoint_files, beside the checkpoint itself.",
        ),
    ),
    Misconception(
        "output-overwritten",
        "The output is begun anew at a restart, so the lines of earlier executions are gone.",
        (
            "How many lines does my_output.txt have after the first execution, and how many after the second?",
            "Opening a file for writing empties it, and what is removed is gone.",
            {
                "": "Open the output for appending ('a') when the job resumes, and for writing ('w') only at a fresh start.",
                "restore": "sweep.py opens my_output.txt itself, and appends to it if restore_checkpoint does not return "
                "start. Leave that file alone.",
                "annealing": "annealing.py opens my_output.txt itself, and appends to it if the state is a restored one. Cut "
                'it to the saved length, and no shorter: os.truncate("my_output.txt", state["output"]).',
            },
        ),
    ),
    Misconception(
        "checkpoint-not-transferred",
        "The checkpoint is written, but it is not in transfer_checkpoint_files: it does not survive an eviction.",
        (
            "Look into the spool directory. Is the file in it that a restart reads?",
            "In place the old sandbox is still there. Elsewhere there is only what transfer_checkpoint_files lists.",
            {
                "": "List every file that is written when the job saves, under exactly its name, in "
                "transfer_checkpoint_files.",
                "submit": "The given functions save in the directory state. List `state`, beside my_output.txt.",
            },
        ),
    ),
    Misconception(
        "listed-file-missing",
        "A file that the submit file lists does not exist when the program leaves, so HTCondor holds the job.",
        (
            "HTCondor does not say which file is missing. Compare the list in the submit file with the execute directory.",
            "transfer_checkpoint_files takes names literally, and every one must exist at every checkpoint.",
            {
                "": "Write the file under exactly the name that the submit file lists, or list the name that you write; and "
                "write it to the sandbox itself.",
                "submit": "Two things are there when the program leaves with 85: the directory `state` and my_output.txt. "
                "List them under just these names.",
                "save": "sweep.sub lists checkpoint.txt: write a file of just that name, in no other directory, before you "
                "leave.",
            },
        ),
    ),
    Misconception(
        "path-flattened",
        "A file listed with its directory (state/now.txt) arrives without it (now.txt): the program looks for it in "
        "vain.",
        (
            "Compare the path of your checkpoint file in the first sandbox and in the new one.",
            "Without preserve_relative_paths, HTCondor drops the directory in front of a listed file.",
            {
                "": "List the directory itself (`state`: no file in it, no slash behind it), or set preserve_relative_paths "
                "= True, or write to the top of the sandbox.",
                "submit": "List the directory itself (`state`: no file in it, no slash behind it), or set "
                "preserve_relative_paths = True.",
            },
        ),
    ),
    Misconception(
        "exit-zero-after-save",
        "The program saves and leaves with 0, which tells HTCondor that the job is done.",
        (
            "Which exit code did the last execution leave with, and what does HTCondor take it for?",
            "Only the code named by checkpoint_exit_code means: saved, start me again. 0 means: finished.",
            {
                "": "Leave with sys.exit(85) when the checkpoint is written.",
                "wrapper": _TIME_WAS_UP,
                "behind_a_pipe": _MODELS_OWN,
            },
        ),
    ),
    Misconception(
        "wrong-exit-code",
        "The exit code does not say what happened. HTCondor understands the one that the submit file names as: saved; "
        "0 as: done; and any other as: failed.",
        (
            "Compare the exit code in the story with checkpoint_exit_code in the submit file.",
            "HTCondor compares the codes exactly. Any other code ends the job, with whatever is there by then.",
            {
                "": "Leave with sys.exit(85) when a checkpoint is saved, and only then, and keep checkpoint_exit_code = 85.",
                "submit": "The given functions leave with 85: checkpoint_exit_code = 85.",
                "wrapper": _TIME_WAS_UP,
                "behind_a_pipe": _MODELS_OWN,
            },
        ),
    ),
    Misconception(
        "crash-will-resume",
        "The program ends with an error after saving, as if HTCondor restarted jobs that fail. It does not.",
        (
            "How did the execution end that wrote the checkpoint?",
            "A job that crashes is finished for HTCondor: it is not started again, whatever it has saved.",
            {
                "": "Do not raise or abort, and catch what stops you. Leave with sys.exit(85) when the checkpoint is there.",
                "wrapper": "Let no signal or exception end the wrapper. (In Python, a time limit that is over is an "
                "exception, subprocess.TimeoutExpired: catch it.) " + _TIME_WAS_UP,
            },
        ),
    ),
    Misconception(
        "always-85",
        "The job leaves with 85 although everything is done, or has failed: it is started again and never finishes.",
        (
            "What is left to do for the execution that repeats?",
            "85 says: start me again. The last execution has to leave with 0, and one that failed with its own code.",
            {
                "": "Save and leave with 85 only inside the loop; when the last iteration is done, let the program end.",
                **dict.fromkeys(
                    ("save", "restore", "annealing"),
                    "Leave with 85 in save_checkpoint, and nowhere else: when the "
                    "last iteration is done, the program ends by itself.",
                ),
                "wrapper": _TIME_WAS_UP,
                "behind_a_pipe": _MODELS_OWN,
            },
        ),
    ),
    Misconception(
        "never-restores",
        "A restart does not use the checkpoint: every execution begins at the first iteration, for ever.",
        (
            {
                "": "Look at the second execution: with which iteration does it begin?",
                "wrapper": "Look at what waves prints in the second execution: with which step does it begin?",
            },
            {
                "": "HTCondor starts the program again with the same arguments. Only the program itself can look for a "
                "checkpoint.",
                "wrapper": "HTCondor starts my_wrapper again with the same arguments. Only my_wrapper can look for a restart "
                "file, and tell waves of it.",
            },
            {
                "": "Before the loop: if the checkpoint file is there, read it, and begin where it says.",
                "restore": "In restore_checkpoint: if the checkpoint file is there, read the iteration from it and return "
                "that.",
                "annealing": "In restore_checkpoint: if the checkpoint file is there, read the state from it and return "
                "that, not initial_state.",
                "wrapper": "If restart.dat is there, start ./waves --restart restart.dat, else ./waves.",
            },
        ),
    ),
    Misconception(
        "no-progress",
        "No execution gets further than the one before: it saves before it has done any work, or its slot is lost, or "
        "its time is up, before it saves.",
        (
            {
                "": "How many iterations did the repeating execution do, and were they saved?",
                "wrapper": "How many steps did waves do in the repeating execution, and are they in a restart file?",
            },
            {
                "": "A restart must do at least one iteration before it saves again, and it must save before its slot is "
                "lost.",
                "wrapper": "waves goes on from a restart file. Ended before it has written the next one, it is where it "
                "was.",
            },
            {
                "": "Do not save before the first iteration of an execution is done, and save more often than slots are "
                "lost.",
                **dict.fromkeys(
                    ("restore", "annealing"),
                    "Do not save in restore_checkpoint, and do not leave there: "
                    "return, and the program does the next iterations.",
                ),
                "often": "Right after a start, no seconds have passed since the last checkpoint: do not save then. And save "
                "before a slot is lost.",
                "wrapper": "The time limit is the first argument of my_wrapper, $1. It is long enough for a restart file.",
            },
        ),
    ),
    Misconception(
        "stale-checkpoint",
        "A checkpoint that does not belong to this run is believed: its iteration is not within START and END.",
        (
            'This is the "Potential problem?" of notebook 4. With which iteration does a job begin that is asked for 7 to 12 '
            "and finds a checkpoint of iteration 4, or that is asked for 1 to 6 and finds one of iteration 10?",
            "A number beyond END makes an empty loop: exit code 0, no output, and nobody is told.",
            {
                "": "Begin with the saved iteration only if start <= iteration <= end; in any other case with start.",
                "restore": "Return the saved iteration only if start <= iteration <= end; in any other case return start.",
            },
        ),
    ),
    Misconception(
        "corrupt-checkpoint-crashes",
        "A checkpoint file that is empty or broken ends the job, although it could start over.",
        (
            "What does your function do with a checkpoint file in which there is nothing?",
            "Reading may fail: the file can be empty, or hold something else than you have written.",
            "Put all of the reading into try, catch every error that it can raise (ValueError, for a number; KeyError and "
            "TypeError too, for what comes out of JSON), and return start.",
        ),
    ),
    Misconception(
        "error-swallowed",
        "Reading the checkpoint fails every time, but the error is caught silently: all work is lost.",
        (
            "The report names a line that raises an exception which nobody sees.",
            "except: pass hides programming mistakes as well as bad files.",
            "Take the try away and run once, mend what it then shows, and catch only the errors that you expect.",
        ),
    ),
    Misconception(
        "not-flushed",
        "The checkpoint file is not complete when the program leaves: what was written is still in a buffer.",
        (
            "How many bytes does the checkpoint file have after the execution that wrote it?",
            "Python writes to the disk when a file is closed or flushed. os._exit leaves without doing either.",
            "Write inside with open(...) as file: and leave the block before sys.exit(85).",
        ),
    ),
    Misconception(
        "sigterm-saves",
        "The checkpoint is saved only when SIGTERM comes. HTCondor ignores what a program does while it is evicted.",
        (
            "What is in the spool directory after the eviction?",
            "In exit-driven self-checkpointing, an exit code counts only if no eviction is in progress.",
            "Save when the program reaches a good point, and leave with sys.exit(85) then; no signal handler.",
        ),
    ),
    Misconception(
        "relies-on-leftovers",
        "A restart works only in a new sandbox, or only in the old one: it depends on files that may or may not be "
        "there.",
        (
            "Compare the two execute directories of the story: which file is in one and not in the other?",
            "After a checkpoint the job may find its old sandbox, or a new one with the inputs and the checkpoint only.",
            "Whatever a restart needs belongs in the checkpoint, and whatever is left over must not disturb it.",
        ),
    ),
    Misconception(
        "torn-write",
        "The checkpoint was taken while a file was being written: it has the right name, and holds only a part.",
        (
            "Read the restart file that went to the spool directory to its end. What should its last line be?",
            "Whoever ends a program from outside, by a time limit or a signal, may end it in the middle of writing a "
            "file. That a file is there, and is not empty, does not tell that it is whole.",
            "Before you leave with 85, see whether the newest file is whole (its last line, its number of lines). If it "
            "is not, put the one before in its place: mv restart.old restart.dat.",
        ),
    ),
    Misconception(
        "left-running",
        "The program leaves with 85 while something that it has started still runs. Nobody ends that: it goes on "
        "beside the restarted program, in the same sandbox.",
        (
            "What is still running when your program leaves with 85? Who ends it?",
            "HTCondor waits for the program that it has started, and for nothing else. What that has started in its turn "
            "is ended with the job, or by an eviction; not by a checkpoint.",
            "Before you leave with 85, end what you have started, and wait until it has ended: kill $pid and wait $pid in "
            "a shell script, process.terminate() and process.wait() in Python.",
        ),
    ),
    Misconception(
        "host-in-checkpoint",
        "The checkpoint holds something that is true on one execution point only: an absolute path, a host name.",
        (
            "Read your checkpoint file. Would it mean the same on another machine?",
            "Every activation has a directory of its own, on a machine of its own.",
            "Save names relative to the sandbox, and nothing about the machine.",
        ),
    ),
)
MISCONCEPTIONS = {one.id: one for one in _TABLE}
