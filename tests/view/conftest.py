"""Stories of small jobs, each simulated once."""

import pytest
from view_helpers import tiny

from grader.rules.schedule import parse
from grader.rules.simulation import simulate


@pytest.fixture(scope="session")
def story(executor):
    """A function: schedule, job → the list of moments."""
    stories = {}

    def tell(schedule="", job=None):
        key = (schedule, job or tiny())
        if key not in stories:
            stories[key] = list(simulate(key[1], executor, schedule=parse(schedule), most_executions=60))
        return stories[key]

    return tell
