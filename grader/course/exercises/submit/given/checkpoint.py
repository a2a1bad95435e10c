"""Given: saves the next iteration in state/position.json, and leaves with exit code 85."""
import json
import os
import sys


def save_checkpoint(iteration):
    """Write the iteration that a restart begins with, and leave."""
    os.makedirs("state", exist_ok=True)
    with open("state/position.json", "w") as file:
        json.dump({"next": iteration}, file)
    sys.exit(85)


def restore_checkpoint(start, end):
    """The iteration to begin with: START if nothing usable was saved."""
    try:
        with open("state/position.json") as file:
            iteration = json.load(file)["next"]
    except (OSError, ValueError, KeyError):
        return start
    return iteration if start <= iteration <= end else start
