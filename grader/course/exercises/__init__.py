"""The exercises: each is a folder, whose name is the exercise's. docs/authors.md says what is in one."""
