"""A real HTCondor: its queue, its job event logs, and what they tell of a job. Nothing here knows of the course."""
