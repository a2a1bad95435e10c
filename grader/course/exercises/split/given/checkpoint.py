def save_checkpoint(iteration):
    pass


def restore_checkpoint(start, end):
    return start
