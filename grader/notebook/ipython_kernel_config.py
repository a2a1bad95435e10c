# For all kernels of the course's environment: installed there as a file in etc/ipython (see pyproject.toml).
c = get_config()  # noqa: F821
c.InteractiveShellApp.extensions.append("grader.notebook.unprepared")
