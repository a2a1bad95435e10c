"""The real HTCondor: a pool on this machine, its queue, and the job event logs that come from there."""
