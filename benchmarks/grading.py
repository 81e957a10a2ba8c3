"""Our grading against stock nbgrader's: the same submissions of one assignment, one worker each, seconds a submission.

Both run inside one Python, as they do for a class, so what a command needs to start counts for neither. Stock runs a
submission's cells and the tests in one kernel, which can read the solutions; ours runs the cells in a sandbox and the
tests outside, and writes the feedback as well, for which stock has a second command.
"""

import contextlib
import io
import json
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from benchmarks import timing
from benchmarks.timing import Effort
from classroom import course, grade, master, sandbox
from classroom.kernel import Limits
from classroom.master import Cell, Master
from tests.classroom import handed_in

NAME = "lstm_step"
ROOT = Path(__file__).resolve().parents[1]
WRONG = ("gates__forget_before_input", "lstm_step__", "lstm_sequence__cell_state_not_carried", "step_backward__")
"""How the names of the mistakes begin that are handed in, each alone."""
HELPERS = """import sys
sys.path.insert(0, {root!r})
from classroom.checking import Check, draw
solutions, mistakes = {{}}, {{}}
exec({solutions!r}, solutions)
exec({mistakes!r}, mistakes)
check = Check(solutions, mistakes)
"""
"""What our judge gives to hidden tests, as a file beside the notebook: so a teacher would have it in stock nbgrader."""


def submissions(assignment: Master) -> dict[str, list[Cell]]:
    """The reference, the untouched release, and four with one mistake each."""
    found: dict[str, list[Cell]] = {
        "reference": handed_in.solved(assignment),
        "untouched": handed_in.released(assignment),
    }
    tasks = {name: task.name for task in assignment.tasks for name in task.names}
    mistakes = handed_in.mistakes(assignment)
    for begin in WRONG:
        name = next(name for name in mistakes if name.startswith(begin))
        function = name.partition("__")[0]
        found[name] = handed_in.solved(assignment, {tasks[function]: mistakes[name][1]})
    return found


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """What is printed meanwhile is dropped, with the warnings that nbgrader gives."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Ours:
    """`classroom.grade` without nbgrader's gradebook."""

    def __init__(self, assignment: Master, folder: Path) -> None:
        self.assignment, self.folder, self.plain = assignment, folder, not sandbox.available()

    def grade(self, student: str, cells: list[Cell]) -> float:
        """Grades one submission anew; its points."""
        handed, out = self.folder / "in" / student, self.folder / "out" / student
        if not handed.exists():
            handed_in.write(handed, student, self.assignment, cells)
        shutil.rmtree(out, ignore_errors=True)
        job = grade.Job(self.assignment, out, Limits(), self.plain, 1)
        with silent():
            failed = grade.grade_class(job, handed, None)
        assert not failed, failed
        (record,) = (out / "records").glob("*.json")
        return float(json.loads(record.read_text())["points"])


def write_source(assignment: Master, folder: Path) -> None:
    """The master as stock nbgrader needs it: its hidden tests import what our judge would give them."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = json.loads(assignment.path.read_text(encoding="utf-8"))
    marker = "### BEGIN HIDDEN TESTS\n"
    for cell in notebook["cells"]:
        cell["source"] = master.text(cell).replace(marker, f"{marker}from helpers import check, draw\n")
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    locked = [cell["source"] for cell in assignment.locked if cell["cell_type"] == "code"]
    helpers = HELPERS.format(
        root=str(ROOT),
        solutions="\n".join([*locked, *(task.solution for task in assignment.tasks)]),
        mistakes=assignment.mistakes,
    )
    (folder / "helpers.py").write_text(helpers, encoding="utf-8")


class Stock:
    """nbgrader as it comes, with a course of its own."""

    def __init__(self, assignment: Master, folder: Path) -> None:
        self.assignment, self.folder = assignment, folder
        write_source(assignment, folder / "source" / NAME)
        config = Config()
        config.CourseDirectory.root = str(folder)
        config.CourseDirectory.course_id = "stock"
        config.ClearSolutions.code_stub = {"python": handed_in.STUB.strip()}
        config.Execute.extra_arguments = ["--log-level=ERROR"]  # as the book's build has it: fewer lines, same work
        self.api = NbGraderAPI(CourseDirectory(config=config), config=config)
        with course.environment_on_path(), silent():
            made = self.api.generate_assignment(NAME, force=True, create=True)
        assert made["success"], made

    def grade(self, student: str, cells: list[Cell]) -> float:
        """Runs `nbgrader autograde` for one submission anew; its points."""
        if not (self.folder / "submitted" / student).exists():
            handed_in.write(self.folder / "submitted" / student, NAME, self.assignment, cells)
        with silent():
            done = self.api.autograde(NAME, student, force=True, create=True)
        assert done["success"], done
        with Gradebook(f"sqlite:///{self.folder}/gradebook.db", "stock") as book:
            return float(book.find_submission(NAME, student).score)


MASTER = master.read(NAME)


def main(effort: Effort) -> None:
    """Prints the table."""
    print(f"Grading {NAME}: seconds a submission by the clock, one worker each, interleaved")
    print(f"ours {'in the sandbox' if sandbox.available() else 'WITHOUT the sandbox, which cannot run here'}\n")
    print(f"{'':46}{'stock':>8}{'ours':>8}{'ours / stock':>22}{'points: stock':>15}{'ours':>6}")
    every: timing.Seconds = {"stock": [], "ours": []}
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        graders: dict[str, Callable[[str, list[Cell]], float]] = {
            "stock": Stock(MASTER, Path(folder, "stock")).grade,
            "ours": Ours(MASTER, Path(folder, "ours")).grade,
        }
        for name, cells in effort.some(list(submissions(MASTER).items())):
            points: dict[str, float] = {}
            found: timing.Seconds = {"stock": [], "ours": []}
            for _ in range(2 if effort.quick else 3):
                for grader, run in graders.items():
                    start = time.perf_counter()
                    points[grader] = run(name, cells)
                    found[grader].append(time.perf_counter() - start)
                    every[grader].append(found[grader][-1])
            print(f"{row(name, found)}{points['stock']:15g}{points['ours']:6g}", flush=True)
    print(row("all", every))


def row(name: str, found: timing.Seconds) -> str:
    """Seconds of both, and their ratio."""
    stock, ours = (statistics.median(found[grader]) for grader in ("stock", "ours"))
    return f"{name:46}{stock:6.2f} s{ours:6.2f} s{timing.shown(found, 'ours', 'stock'):>22}"
