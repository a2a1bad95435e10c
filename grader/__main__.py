"""The command line: python -m grader COMMAND."""

import signal
import sys

from .cli.main import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as for Ctrl-C: remove a submitted job from the queue
    sys.exit(main())
