"""Job event logs as learners hand them in, of notebook 10. Recorded on the personal pool, HTCondor 23.9.6."""

from __future__ import annotations

from pathlib import Path

from grader.course.exercises.for_real.exercise import LOG

LOGS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).with_name("logs").glob("*.log"))}
RIGHT_FOR_REAL = {
    style: {LOG: LOGS[name]}
    for style, name in {
        "condor_vacate_job by hand": "vacated",
        "python -m grader submit --evict 2": "submitted",
        "evicted twice": "evicted-twice",
        "evicted before the first checkpoint, and after": "evicted-early-and-late",
        "condor_hold and condor_release": "held-and-released",
        "condor_vacate_job -fast, with job_ad_information_attrs": "with-the-ad",
    }.items()
}
RIGHT_FOR_REAL["without its end of line"] = {LOG: LOGS["vacated"].rstrip("\n")}
RIGHT_FOR_REAL["with the line that was to be replaced"] = {
    LOG: "All of sweep.log, in the place of this line.\n" + LOGS["vacated"]
}
