"""The command line: python -m grader COMMAND."""

import io
import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as for Ctrl-C: remove a submitted job from the queue
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without arrows must not hide what comes after one.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        from .cli.main import main
    except KeyboardInterrupt:
        sys.exit(128 + 2)
    sys.exit(main())
