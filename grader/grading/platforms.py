"""How other systems name what they hand out: whose a file or folder is, by its name or by the list beside it.

| system | what it names so |
|---|---|
| Moodle | `Full name_ID_assignsubmission_file_`, a folder for each student or the beginning of a file's name. The ID is the one in the grading worksheet, "Participant ID" |
| Canvas | `lastfirst_USER_FILE_name.ipynb`, with `LATE_` before USER; `anon_CODE_FILE_name.ipynb` where grading is anonymous |
| Gradescope | `submission_NUMBER`, and beside these folders `submission_metadata.yml`, which says who they are |
| GitHub Classroom | `ASSIGNMENT-submissions`, in which each repository is called `ASSIGNMENT-USER` |

What it is not: a reader of archives or folders (collect.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

MOODLE, CANVAS, GRADESCOPE, GITHUB = "moodle", "canvas", "gradescope", "github"
METADATA = "submission_metadata.yml"
MOST_METADATA = 64 << 20
"""Bytes of Gradescope's list: what an autograder has printed is in it."""
MOST_SUBMITTERS = 20
"""Of one submission."""
_MOODLE = re.compile(r"_(\d+)_assignsubmission_[a-z]+.*$", re.DOTALL)
_CANVAS = re.compile(r"(_LATE)?_(\d+)_(\d+)_.*$", re.DOTALL)
_ANONYMOUS = re.compile(r"(LATE_)?(anon_[0-9A-Za-z]+)_(\d+)_.*$", re.DOTALL)
_EXPORT = re.compile(r"assignment_\d+_export$")
_SUBMISSIONS = "-submissions"


class Identity(NamedTuple):
    """Who somebody is in the system that their files come from."""

    system: str = ""
    """One of those above; '' if nothing tells."""
    id: str = ""
    """What the system knows them by."""
    late: bool = False
    """Whether the system says that something was handed in late."""
    names: tuple[str, ...] = ()
    """What they handed in, as the system names it."""
    email: str = ""
    sid: str = ""
    """A student number of the school, if the system tells one."""
    roster: tuple[tuple[str, str], ...] = ()
    """What the roster says of them: column, in small letters, and value."""

    def told(self, *columns: str) -> str:
        """What the roster says in the first of these columns that is not empty; '' if it says nothing."""
        row = dict(self.roster)
        return next((row[column] for column in columns if row.get(column)), "")

    def and_also(self, other: Identity) -> Identity:
        """The same person, of whom there is more in another place."""
        return self._replace(
            late=self.late or other.late, names=(*self.names, *(n for n in other.names if n not in self.names))
        )


class Tag(NamedTuple):
    """What a name tells: a student's name, and who that is."""

    student: str
    identity: Identity


def tag_of(name: str) -> Tag | None:
    """What Moodle or Canvas has written into a name; None if neither has."""
    if (match := _MOODLE.search(name)) and match.start():
        return Tag(name[: match.start()], Identity(MOODLE, match[1], names=(name,)))
    if match := _ANONYMOUS.match(name):
        return Tag(match[2], Identity(CANVAS, match[2], bool(match[1]), (name,)))
    if (match := _CANVAS.search(name)) and match.start():
        return Tag(name[: match.start()], Identity(CANVAS, match[2], bool(match[1]), (name,)))
    return None


def is_export(folder: str, inside: Sequence[str]) -> bool:
    """Whether a folder is what a system has made of a class, by its name and by the names of what is in it."""
    assignment = folder.removesuffix(_SUBMISSIONS)
    if assignment != folder:
        return bool(inside) and all(name.startswith(f"{assignment}-") for name in inside)
    return bool(_EXPORT.search(folder)) or METADATA in inside


def classroom_tag(folder: str, repository: str) -> Tag | None:
    """Whose a repository in a folder of GitHub Classroom's is; None if it is none."""
    assignment = folder.removesuffix(_SUBMISSIONS)
    user = repository.removeprefix(f"{assignment}-")
    if assignment == folder or user in ("", repository):
        return None
    return Tag(user, Identity(GITHUB, user, names=(repository,)))


def submitters(metadata: bytes) -> dict[str, list[Tag]]:
    """Folder (or file) of Gradescope's export → whose it is, several if they have handed in together. Raises
    ValueError if that can't be read."""
    submissions = _parsed(metadata)
    if not isinstance(submissions, dict):
        raise ValueError(f"{METADATA} is no list of submissions")
    return {str(folder): tags for folder, told in submissions.items() if (tags := _tags(str(folder), told))}


def _parsed(metadata: bytes) -> object:
    import yaml  # here, as all other grading takes Python alone

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        """Reads plain values; what only Ruby knows is left out."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    try:
        return yaml.load(metadata, Loader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ValueError(f"{METADATA} can't be read ({type(error).__name__})") from None


def _tags(folder: str, told: Any) -> list[Tag]:
    people = told.get(":submitters") if isinstance(told, dict) else None
    tags = []
    for person in people[:MOST_SUBMITTERS] if isinstance(people, list) else ():
        if isinstance(person, dict):
            name, sid, email = (str(person.get(f":{key}") or "").strip() for key in ("name", "sid", "email"))
            if name or email or sid:
                identity = Identity(GRADESCOPE, email or sid or name, names=(folder,), email=email, sid=sid)
                tags.append(Tag(name or email or sid, identity))
    return tags
