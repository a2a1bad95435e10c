"""What every submit directory must be, to be taken to a pool as it is."""
import ast
import os
import sys
from pathlib import Path

import pytest

PAYLOAD = Path(__file__).resolve().parents[2] / 'payload'
PROGRAMS = [PAYLOAD / name for name in ('sweep/sweep.py', 'annealing/annealing.py', 'often/sweep.py',
                                        'fibonacci/fibonacci.py',
                                        'slides/my_software', 'bugs/as_printed/my_software',
                                        'bugs/slides_listing/my_software', 'bugs/last_done/hares.py',
                                        'bugs/training/train.py', 'bugs/on_sigterm/collatz.py',
                                        'bugs/behind_a_pipe/model.py', 'waves/waves', 'glacier/glacier',
                                        'glacier/my_wrapper', 'planets/search.py', 'digits/digits.py',
                                        'learning/train.py', 'learning/launch')]
OURS = {'checkpoint', 'science', 'when', 'curve'}  # what a student writes, and what is beside it


@pytest.mark.parametrize('program', PROGRAMS, ids=lambda path: '/'.join(path.parts[-2:]))
def test_a_program_can_be_executed_as_it_is(program):
    assert os.access(str(program), os.X_OK)
    content = program.read_bytes()
    assert content.startswith(b'#!/usr/bin/env python3\n') and b'\r' not in content
    content.decode('ascii')  # an old Python in a bare environment may know nothing else


@pytest.mark.skipif(sys.version_info < (3, 10), reason='needs the list of standard modules')
@pytest.mark.parametrize('program', PROGRAMS, ids=lambda path: '/'.join(path.parts[-2:]))
def test_a_program_needs_only_the_standard_library(program):
    tree = ast.parse(program.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names) | OURS


@pytest.mark.parametrize('name', ['sweep/checkpoint.py', 'annealing/checkpoint.py', 'waves/my_wrapper',
                                  'learning/checkpoint.py'])
def test_no_solution_is_shipped(name):
    assert not (PAYLOAD / name).exists()
