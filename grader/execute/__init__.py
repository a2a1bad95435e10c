"""Executes a program once: in its sandbox, within limits, in virtual time, and confined."""
