"""Tries every schedule of evictions on a job, and gathers the evidence for a verdict."""
