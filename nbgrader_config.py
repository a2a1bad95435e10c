"""Configuration for nbgrader: `nbgrader generate_assignment`, `autograde`, `generate_feedback`, formgrader.

solutions/ is the source, exercises/ is what students get, submitted/ what they hand in.
"""

try:
    from grader.course.catalogue import EXERCISES
    from grader.grading import feedback, nbgrader_class, preprocessors
    from grader.grading import nbgrader_collect as collecting

    collecting.install()
    nbgrader_class.install()
except Exception as error:  # nbgrader would go on without this file, and run what students have written
    from jupyter_server.serverapp import ServerApp
    from nbgrader.converters import Autograde
    from traitlets.config import Application

    why = f"nbgrader_config.py can't be used: {error}."
    if not (Application.initialized() and isinstance(Application.instance(), ServerApp)):
        raise SystemExit(
            f"{why} Nothing is done. Begin the command with `python3 lab.py run -m nbgrader`, in the folder of the course."
        ) from None

    def refuse(self):
        """Instead of Autograde's start(), for formgrader: JupyterLab has to go on."""
        raise RuntimeError(f"{why} So nothing is graded.")

    Autograde.start = refuse
    raise

c = get_config()  # noqa: F821  (nbgrader puts it there)

c.CourseDirectory.course_id = "self-checkpointing"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "gradebook.db",
    ".lab",
    "*.htm",
    "*.html",
    "*.xhtml",
    "*.svg",
    "*.xml",  # of a student's own, which would lie beside the feedback
    # what the notebooks make: how far one is, and the submit directories of the exercises
    ".progress.json",
    ".before",
    ".graded",  # see grader/grading/nbgrader_class.py
    *(name for name, exercise in EXERCISES.items() if exercise.submit_file or not exercise.literal),
]

c.ExportPlugin.to = "gradebook.csv"  # as grades.csv is what `python -m grader grade` writes

c.GenerateAssignment.preprocessors = preprocessors.GENERATE
c.ClearAnswers.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}

c.Autograde.exporter_class = preprocessors.AnyNotebook  # also reads other encodings and damaged files
c.Autograde.sanitize_preprocessors = preprocessors.SANITIZE
# Answers are read from the notebooks and judged in processes that are shut in; no notebook is run. To run them in a
# kernel, as nbgrader does by itself (slower, and a notebook can then say what it likes), use the second line instead.
c.Autograde.autograde_preprocessors = preprocessors.AUTOGRADE
# c.Autograde.autograde_preprocessors = preprocessors.STOCK_AUTOGRADE
# c.GradeFromFiles.seed = "a text of your own"  # answers are also tried on sweeps that are drawn from it
# c.GradeFromFiles.require_sandbox = True  # see docs/security.md
c.OverwriteCells.add_missing_cells = True
c.GenerateFeedback.preprocessors = preprocessors.FEEDBACK
# What students have written is shown and never run: in the feedback, and in formgrader.
c.GenerateFeedback.exporter_class = feedback.Feedback
c.HTMLExporter.filters = {"markdown2html": feedback.markdown}
c.HTMLExporter.raw_mimetypes = []
