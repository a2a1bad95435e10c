"""Holds environment.yml (conda, Binder) in step with pyproject.toml (pip): the same packages, the same lower bounds."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA_NAMES = {"matplotlib": "matplotlib-base"}  # conda's matplotlib brings Qt as well


def bounds(requirements):
    """["a>=1", "b"] -> {"a": ">=1", "b": ""}"""
    return dict(re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups() for requirement in requirements)


def test_the_same_packages_and_bounds():
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(PROJECT["dependencies"]).items()}
    wanted["python"] = PROJECT["requires-python"]
    found = bounds(entry for entry in CONDA["dependencies"] if isinstance(entry, str))
    assert found.pop("pip") == ""  # conda wants it named before a pip section
    assert found == wanted


def test_every_dependency_has_a_lower_bound():
    assert all(bound.startswith(">=") for bound in bounds(PROJECT["dependencies"]).values())


def test_conda_installs_the_project_itself():
    assert {"pip": ["-e ."]} in CONDA["dependencies"]
    assert CONDA["channels"] == ["conda-forge"]
    assert CONDA["name"] == "self-checkpointing"
