"""What is taught: the exercises, how an answer is judged, the misconceptions and the hints."""
