"""Executes a Python program in this interpreter, where there are no processes: in a browser tab.

Not for grading. The rest of the interpreter is protected only from mistakes: a malicious program can read and change
everything here. In a browser it is the learner's own program in the learner's own tab.
"""
