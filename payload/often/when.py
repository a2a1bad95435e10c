"""When to save. sweep.py asks before every iteration, the first one after a start too."""


def save_now(iteration, seconds_since_checkpoint, checkpoint_seconds, seconds_between_evictions):
    """Whether to save a checkpoint before this iteration is begun."""
    return iteration % 10 == 0 and seconds_since_checkpoint > 0
