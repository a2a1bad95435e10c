"""From a student's notebook to a grade: what nbgrader is given."""
