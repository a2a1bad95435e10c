"""From a student's notebook to a grade, for `grade` and for nbgrader."""
