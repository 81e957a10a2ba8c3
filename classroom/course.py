"""nbgrader's settings for this course, and the students' versions that it makes.

nbgrader keeps what it makes in one folder, the course: release/, submitted/, autograded/, feedback/, gradebook.db.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from traitlets.config import Config

from classroom import master
from classroom.master import ASSIGNMENTS, SOLUTION, Master

COURSE = ASSIGNMENTS.parent / "_assignments"
"""Where nbgrader's files go if nothing else is said."""
ID = "unrolled"
PLUGIN = "classroom.nbgrader_plugin"
SETTINGS = """# Written by `make assignments`, for nbgrader's commands started in this folder.
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from classroom import course

c = get_config()
c.merge(course.config(Path({folder!r})))
"""


def config(course: Path = COURSE) -> Config:
    """nbgrader's settings: masters come from assignments/, everything else lies below `course`."""
    c = Config()
    c.CourseDirectory.course_id = ID
    c.CourseDirectory.root = str(course.resolve())
    c.CourseDirectory.source_directory = str(ASSIGNMENTS)
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "mistakes.py"]
    c.ClearSolutions.code_stub = {"python": "# Write your code here.\nraise NotImplementedError('not done yet')"}
    c.Autograde.sanitize_preprocessors = [f"{PLUGIN}.Plan"]
    c.Autograde.autograde_preprocessors = [
        f"{PLUGIN}.Judge",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        f"{PLUGIN}.HideTests",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.HTMLExporter.preprocessors = [f"{PLUGIN}.Harmless"]
    return c


def release(name: str, course: Path = COURSE) -> Path:
    """Makes the student's version of an assignment, and its entry in the gradebook.

    Raises:
        ValueError: a solution or a hidden test was left in what students get. The folder is removed then.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    course.mkdir(parents=True, exist_ok=True)
    settings = config(course)
    root, here = str(ASSIGNMENTS.parent), str(course.resolve())
    (course / "nbgrader_config.py").write_text(SETTINGS.format(root=root, folder=here), encoding="utf-8")
    with environment_on_path():
        api = NbGraderAPI(CourseDirectory(config=settings), config=settings)
        done = api.generate_assignment(name, force=True, create=True)
    folder = course / "release" / name
    if not done["success"]:
        raise ValueError(
            f"{name}: nbgrader could not make the student's version:\n{done.get('log', done.get('error'))}"
        )
    try:
        refuse_leaks(master.read(name), folder)
    except ValueError:
        shutil.rmtree(folder)
        raise
    return folder


@contextlib.contextmanager
def environment_on_path() -> Iterator[None]:
    """nbgrader starts `alembic` by name; it lies beside Python."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def refuse_leaks(assignment: Master, folder: Path) -> None:
    """Refuses a folder for students in which any file holds a solution, a hidden test or a mistake.

    Raises:
        ValueError: names the file and what is in it.
    """
    secrets = secret_lines(assignment)
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".ipynb":
            raw = "\n".join(master.text(cell) for cell in json.loads(raw)["cells"])
        for marker in ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"):
            if marker in raw:
                raise ValueError(f"{path}: still contains {marker}")
        if path.name == "mistakes.py":
            raise ValueError(f"{path}: mistakes.py is not for students")
        lines = {line.strip() for line in raw.splitlines()}
        if leaked := sorted(lines & secrets):
            raise ValueError(f"{path}: still contains {leaked[0]!r}")


def secret_lines(assignment: Master) -> set[str]:
    """Lines of solutions, hidden tests and mistakes that stand in no part a student may see."""
    hidden, shown = "", ""
    for cell in assignment.cells:
        solutions = SOLUTION.findall(cell["source"])
        tests = master.HIDDEN.findall(cell["source"])
        hidden += "\n".join([*solutions, *tests, ""])
        shown += SOLUTION.sub("", master.HIDDEN.sub("", cell["source"])) + "\n"
    public = {line.strip() for line in shown.splitlines()}
    wrong = {line.strip() for line in assignment.mistakes.splitlines() if len(line.strip()) > 40}
    return wrong.union(line.strip() for line in hidden.splitlines() if len(line.strip()) > 12) - public


def main() -> None:
    """Makes the student's versions of all assignments, or of those named."""
    parser = argparse.ArgumentParser(prog="python -m classroom.course", description=main.__doc__)
    names = sorted(path.parent.name for path in ASSIGNMENTS.glob("*/*.ipynb"))
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names)}; all if none is given")
    parser.add_argument("--course", type=Path, default=COURSE, help="nbgrader's folder; _assignments if not given")
    parser.add_argument("--pages", type=Path, help="copy the notebooks to this folder as well")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"names: expected some of {', '.join(names)}, got {', '.join(sorted(unknown))}")
    for name in options.names or names:
        folder = release(name, options.course)
        if options.pages:
            options.pages.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / f"{name}.ipynb", options.pages)
        print(folder)


if __name__ == "__main__":
    main()
