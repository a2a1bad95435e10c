"""Executes a Python program in this very interpreter, for places that have no processes: a browser's tab.

Not for grading. A program is kept from the rest of the interpreter as far as mistakes go, and no further: one that wants
to can read and change everything here. In a browser it is the learner's own program in the learner's own tab.
"""
