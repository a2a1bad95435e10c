"""Misconception `signal-not-passed-on`. It has no symptoms: questions about signals name it themselves."""

from __future__ import annotations

from ..report import Misconception

MISCONCEPTION = Misconception(
    "signal-not-passed-on",
    "The signal to stop reaches the script that has started the program, but not the program.",
    (
        "Which process gets the signal, and which process has to save?",
        "A shell does not pass signals on. Without a trap, SIGTERM ends the shell, and the program that it has started gets "
        "no signal.",
        "Start the program with exec, as the last command of the script: the script then becomes the program, with its "
        "signals and its exit code.",
    ),
)
