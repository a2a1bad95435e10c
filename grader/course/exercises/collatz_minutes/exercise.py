"""How much is computed twice if a program saves when it is evicted."""

from __future__ import annotations

from grader.course.prediction import prediction

EXERCISE = prediction(
    "How many minutes are computed in all",
    0.5,
    notebook="09-find-the-bugs",
    number=7,
    job="on_sigterm",
    schedule="vacate@1+540s",
    truth=lambda moments: round((moments[-1].goodput + moments[-1].badput) / 60),
    told="The handler ran and wrote its file, and the program left with 85. But it was being evicted, so HTCondor "
    "looked at no exit code and fetched nothing: 9 minutes are lost and all 10 are computed again, 19 in all.",
    wrong={
        10: ("That would be right if the nine blocks that were done had been saved.", "sigterm-saves"),
        11: ("That would be right if all but the block in hand had been saved.", "sigterm-saves"),
        9: ("Ten blocks of a minute take ten minutes at least.", None),
        1140: ("The question asks for minutes, not seconds.", None),
        20: ("Nearly: the eviction comes after 9 minutes, not 10.", None),
    }.get,
    hints=(
        "Ten blocks take ten minutes. The question is how many of the nine minutes before the eviction were for "
        "nothing.",
        'Play it: simulate("on_sigterm", "vacate@1+540s"). What is in the spool directory after the eviction?',
        "If nothing is in the spool, everything has to be done again: nine minutes, and then ten.",
    ),
)
