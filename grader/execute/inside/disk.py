"""How much a directory contains."""

import os


def crowded(directory: str, files: float, size: float) -> bool:
    """Whether a directory contains more files or bytes than these."""
    pending = [directory]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for item in entries:
            try:
                size -= item.stat(follow_symlinks=False).st_size
                if item.is_dir(follow_symlinks=False):
                    pending.append(item.path)
            except OSError:
                pass
        files -= len(entries)
        if files < 0 or size < 0:
            return True
    return False
