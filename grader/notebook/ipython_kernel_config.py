# For all kernels of the course's environment; it is put into etc/ipython there (see pyproject.toml).
c = get_config()  # noqa: F821
c.InteractiveShellApp.extensions.append("grader.notebook.unprepared")
