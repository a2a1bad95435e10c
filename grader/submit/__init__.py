"""The submit language: a submit description becomes a Submission, whose jobs are values (rules/job.py)."""

from ..problems import SubmitError
from .folder import DiskFolder, TreeFolder
from .reader import Submission, parse, read

__all__ = ["DiskFolder", "Submission", "SubmitError", "TreeFolder", "parse", "read"]
