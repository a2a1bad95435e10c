"""What HTCondor knows of a job, and what it decides: which files move when, and what becomes of the job. Pure functions."""
