import os
import sys


def save_checkpoint(state):
    """Write what a restart needs to go on from this state, and leave with exit code 85."""
    raise NotImplementedError()


def restore_checkpoint(initial_state):
    """The state to begin with: `initial_state` if there is no checkpoint."""
    raise NotImplementedError()
