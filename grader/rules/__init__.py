"""HTCondor's rules as pure functions: which files it moves when, and what happens to a job."""
