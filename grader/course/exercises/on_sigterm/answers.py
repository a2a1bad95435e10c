"""Answers to exercise `on_sigterm`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from grader.course.answers import program

collatz = program("on_sigterm", "collatz.py")
HANDLER = ("signal.signal(signal.SIGTERM, save_and_leave)  # I will save when I am told to go\n", "")
LAST = "        output.write('%(block)d %(best)d %(steps)d\\n' % state)\n"
DUE = "        if state['block'] % settings['interval'] == 0:\n"
WHEN_DUE = (LAST, LAST + DUE + "            save_and_leave(None, None)\n")

RIGHT: dict[str, dict[str, str]] = {
    "calls the handler itself": collatz(WHEN_DUE),
    "without the handler": collatz(
        HANDLER,
        ("def save_and_leave(number, frame):", "def save_and_leave():"),
        ("signal, sys", "sys"),
        (LAST, LAST + DUE + "            save_and_leave()\n"),
    ),
    "in the loop": collatz(
        HANDLER,
        (
            LAST,
            LAST + DUE + "            with open('checkpoint', 'w') as file:\n"
            "                file.write(json.dumps(state))\n            sys.exit(85)\n",
        ),
    ),
    "by the clock": collatz(
        ("import json, os, signal, sys", "import json, os, signal, sys, time\nbegan = time.monotonic()"),
        (
            LAST,
            LAST + "        if time.monotonic() - began >= settings['interval'] * settings['seconds']:\n"
            "            save_and_leave(0, None)\n",
        ),
    ),
    "an alarm says when": collatz(
        HANDLER,
        (
            "def save_and_leave(number, frame):",
            "due = False\n\ndef ring(number, frame):\n    global due\n    due = True\n\ndef save_and_leave():",
        ),
        (
            "with open('my_output.txt', 'a')",
            "signal.signal(signal.SIGALRM, ring)\n"
            "signal.alarm(settings['interval'] * settings['seconds'] - 1)\nwith open('my_output.txt', 'a')",
        ),
        (LAST, LAST + "        if due:\n            save_and_leave()\n"),
    ),
    "saves after each block": collatz("""
import json, os, sys
from science import search, settings

state = json.load(open("checkpoint")) if os.path.exists("checkpoint") else {"block": 0, "best": 1, "steps": 0}
began = state["block"]
while state["block"] < settings["blocks"]:
    if state["block"] == began + settings["interval"]:
        sys.exit(85)
    state = search(state)
    with open("my_output.txt", "a") as output:
        output.write("{block} {best} {steps}\\n".format(**state))
    with open("checkpoint.new", "w") as file:
        json.dump(state, file)
    os.replace("checkpoint.new", "checkpoint")
"""),
    "for": collatz("""
import os, pickle, sys
from science import search, settings

def main():
    state = dict(block=0, best=1, steps=0)
    if os.path.exists("checkpoint"):
        with open("checkpoint", "rb") as file:
            state = pickle.load(file)
    with open("my_output.txt", "a") as output:
        for _ in range(settings["interval"]):
            if state["block"] == settings["blocks"]:
                return 0
            state = search(state)
            print(state["block"], state["best"], state["steps"], file=output)
    with open("checkpoint", "wb") as file:
        pickle.dump(state, file)
    return 85

sys.exit(main())
"""),
    "from the output": collatz("""
import os, sys
from science import search, settings

state = {"block": 0, "best": 1, "steps": 0}
if os.path.exists("my_output.txt"):
    last = open("my_output.txt").read().splitlines()[-1]
    state = dict(zip(("block", "best", "steps"), map(int, last.split())))
for n in range(state["block"] + 1, settings["blocks"] + 1):
    state = search(state)
    with open("my_output.txt", "a") as output:
        output.write("%(block)d %(best)d %(steps)d\\n" % state)
    if n % settings["interval"] == 0 and n != settings["blocks"]:
        open("checkpoint", "w").write("see my_output.txt")
        sys.exit(85)
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "sigterm-saves": {
        "saves when told, and goes on": collatz(("    sys.exit(85)\n", "")),
        "saves when told, and is done": collatz(("sys.exit(85)", "sys.exit(0)")),
        "other signals, too": collatz(
            (
                "def save_and_leave",
                "for number in signal.SIGINT, signal.SIGHUP:\n"
                "    signal.signal(number, signal.SIG_IGN)\n\ndef save_and_leave",
            )
        ),
        "another signal": collatz(("signal.SIGTERM, save", "signal.SIGUSR1, save")),
        "a flag": collatz(
            (
                "def save_and_leave(number, frame):",
                "told = False\n\ndef tell(number, frame):\n    global told\n    told = True\n\ndef save_and_leave():",
            ),
            ("signal.SIGTERM, save_and_leave)", "signal.SIGTERM, tell)"),
            (LAST, LAST + "        if told:\n            save_and_leave()\n"),
        ),
    },
    "output-behind-checkpoint": {
        "saves above the line": collatz((LAST, DUE + "            save_and_leave(None, None)\n" + LAST)),
        "the line is written by the next round": collatz(
            HANDLER,
            (
                "    while state['block'] < settings['blocks']:\n        state = search(state)\n" + LAST,
                "    begun = state['block']\n    while state['block'] < settings['blocks']:\n"
                "        if state['block'] > begun:\n    " + LAST + "        state = search(state)\n"
                "        if state['block'] == begun + settings['interval']:\n            save_and_leave(None, None)\n"
                "    output.write('%(block)d %(best)d %(steps)d\\n' % state)\n",
            ),
        ),
    },
    "exit-zero-after-save": {
        "sys.exit()": collatz(("sys.exit(85)", "sys.exit()"), WHEN_DUE),
        "return": collatz(
            ("    sys.exit(85)\n", ""),
            (LAST, LAST + DUE + "            save_and_leave(None, None)\n            break\n"),
        ),
    },
    "not-flushed": {
        "os._exit with an open output": collatz(("sys.exit(85)", "os._exit(85)"), WHEN_DUE),
        "exec with an open output": collatz(("sys.exit(85)", "os.execlp('sh', 'sh', '-c', 'exit 85')"), WHEN_DUE),
    },
    "state-incomplete": {
        "only the block": collatz(
            ("json.dump(state, file)", "json.dump({'block': state['block']}, file)"),
            ("        state = json.load(file)", "        state.update(json.load(file))"),
            WHEN_DUE,
        ),
        "the best, and not its steps": collatz(
            ("        state = json.load(file)", "        state.update(json.load(file), steps=0)"), WHEN_DUE
        ),
    },
}
