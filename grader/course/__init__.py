"""The course: the exercises, the judging of answers, the misconceptions and the hints."""
