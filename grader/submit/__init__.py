"""The submit language: a submit description becomes a Submission, whose jobs are values (rules/job.py)."""

from .reader import DiskFolder, Submission, SubmitError, TreeFolder, parse, read

__all__ = ["DiskFolder", "Submission", "SubmitError", "TreeFolder", "parse", "read"]
