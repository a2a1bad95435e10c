"""How other systems name what students hand in: finds the student by the name of a file or folder, or by a list.

| system | names | |---|---| | Moodle | `Full name_ID_assignsubmission_file_`, a folder for each student or the
beginning of a file's name. The ID is the one in the grading worksheet, "Participant ID" | | Canvas |
`lastfirst_USER_FILE_name.ipynb`, with `LATE_` before USER; `anon_CODE_FILE_name.ipynb` where grading is anonymous | |
Gradescope | `submission_NUMBER`, and beside these folders `submission_metadata.yml`, which says who they are | | GitHub
Classroom | `ASSIGNMENT-submissions`, in which each repository is called `ASSIGNMENT-USER` |

collect.py reads the folders and archives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

MOODLE, CANVAS, GRADESCOPE, GITHUB = "moodle", "canvas", "gradescope", "github"
METADATA = "submission_metadata.yml"
MOST_METADATA = 64 << 20
"""Bytes of Gradescope's list, which includes the output of an autograder."""
MOST_SUBMITTERS = 20
"""Students who hand in one submission together."""
_MOODLE = re.compile(r"_(\d+)_assignsubmission_[a-z]+.*$", re.DOTALL)
_CANVAS = re.compile(r"(_LATE)?_(\d+)_(\d+)_.*$", re.DOTALL)
_ANONYMOUS = re.compile(r"(LATE_)?(anon_[0-9A-Za-z]+)_(\d+)_.*$", re.DOTALL)
_EXPORT = re.compile(r"assignment_\d+_export$")
_SUBMISSIONS = "-submissions"


class Identity(NamedTuple):
    """A student in the system that the files come from."""

    system: str = ""
    """One of the systems above; '' if unknown."""
    id: str = ""
    """The student's number or name there."""
    late: bool = False
    """Whether the system says that something was handed in late."""
    names: tuple[str, ...] = ()
    """The system's names for what the student handed in."""
    email: str = ""
    sid: str = ""
    """The school's student number, if known."""
    roster: tuple[tuple[str, str], ...] = ()
    """The student's line in the roster: (column in lower case, value)."""
    line: int = 0
    """The number of that line."""

    def roster_value(self, *columns: str) -> str:
        """The roster's value in the first of these columns that is not empty; '' if there is none."""
        row = dict(self.roster)
        return next((row[column] for column in columns if row.get(column)), "")

    def and_also(self, other: Identity) -> Identity:
        """The same student, with files in another place added."""
        return self._replace(
            late=self.late or other.late, names=(*self.names, *(n for n in other.names if n not in self.names))
        )


class Tag(NamedTuple):
    """The student that a file name or a list names."""

    student: str
    identity: Identity


def tag_of(name: str) -> Tag | None:
    """The student in a name that Moodle or Canvas has written; None for any other name. The student chose the name's
    end, which may imitate the other system."""
    if match := _ANONYMOUS.match(name):
        return Tag(match[2], Identity(CANVAS, match[2], bool(match[1]), (name,)))
    moodle, canvas = _MOODLE.search(name), _CANVAS.search(name)
    if canvas and canvas.start() and not (moodle and 0 < moodle.start() < canvas.start()):
        return Tag(name[: canvas.start()], Identity(CANVAS, canvas[2], bool(canvas[1]), (name,)))
    if moodle and moodle.start():
        return Tag(name[: moodle.start()], Identity(MOODLE, moodle[1], names=(name,)))
    return None


def is_export(folder: str, inside: Sequence[str]) -> bool:
    """Whether a folder is a system's export of a class, by its name and by the names inside."""
    assignment = folder.removesuffix(_SUBMISSIONS)
    if assignment != folder:
        return bool(inside) and all(name.startswith(f"{assignment}-") for name in inside)
    return bool(_EXPORT.search(folder)) or METADATA in inside


def classroom_tag(folder: str, repository: str) -> Tag | None:
    """The owner of a repository in a folder of GitHub Classroom; None if the names don't fit."""
    assignment = folder.removesuffix(_SUBMISSIONS)
    user = repository.removeprefix(f"{assignment}-")
    if assignment == folder or user in ("", repository):
        return None
    return Tag(user, Identity(GITHUB, user, names=(repository,)))


def submitters(metadata: bytes) -> dict[str, list[Tag]]:
    """Folder (or file) of Gradescope's export → its students, several if they have handed in together. Raises
    ValueError if the list can't be read."""
    submissions = _parsed(metadata)
    if not isinstance(submissions, dict):
        raise ValueError(f"{METADATA} is not a list of submissions")
    return {str(folder): tags for folder, entry in submissions.items() if (tags := _tags(str(folder), entry))}


def _parsed(metadata: bytes) -> object:
    import yaml  # imported here, as all other grading needs only Python

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        """Reads plain values, and leaves out Ruby's own types."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    try:
        return yaml.load(metadata, Loader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ValueError(f"{METADATA} can't be read ({type(error).__name__})") from None


def _tags(folder: str, entry: Any) -> list[Tag]:
    people = entry.get(":submitters") if isinstance(entry, dict) else None
    tags = []
    for person in people[:MOST_SUBMITTERS] if isinstance(people, list) else ():
        if isinstance(person, dict):
            name, sid, email = (str(person.get(f":{key}") or "").strip() for key in ("name", "sid", "email"))
            if name or email or sid:
                identity = Identity(GRADESCOPE, email or sid or name, names=(folder,), email=email, sid=sid)
                tags.append(Tag(name or email or sid, identity))
    return tags
