"""A master notebook: its tasks, what each test is worth, and the student's version of each cell.

Cells carry nbgrader's metadata. Their grade ids tell what they are: `text-step`, `solve-step`, `visible-step` and
`hidden-step` make up the task "step". What a task forbids stands in the metadata of its solution cell, beside
nbgrader's: `"classroom": {"forbidden": ["autograd"]}`.
"""

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classroom import rules

ASSIGNMENTS = Path(__file__).resolve().parent.parent / "assignments"
HERE = Path(__file__).resolve().parent
APART = ("course", "grade", "gradebook", "hub", "nbgrader_plugin", "tables")
"""Modules of the classroom's that can change no grade and no feedback."""
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS.*?^[ \t]*### END HIDDEN TESTS[^\n]*\n?", re.DOTALL | re.MULTILINE)
SOLUTION = re.compile(r"### BEGIN SOLUTION[^\n]*\n(.*?)[ \t]*### END SOLUTION", re.DOTALL)
DETAILS = re.compile(r"<details.*?</details>", re.DOTALL)

Cell = dict[str, Any]


@dataclass(frozen=True)
class Test:
    """One cell of tests."""

    grade_id: str
    source: str
    points: float

    @property
    def visible(self) -> str:
        """What of it the student has."""
        return HIDDEN.sub("", self.source)


@dataclass(frozen=True)
class Task:
    """What is asked, what it is worth, and how it is tested."""

    name: str
    title: str
    solution: str
    forbidden: tuple[str, ...]
    tests: tuple[Test, ...]
    hints: tuple[str, ...]

    @property
    def points(self) -> float:
        """The most that it can bring."""
        return sum(test.points for test in self.tests)

    @property
    def names(self) -> list[str]:
        """Functions and values that the solution defines, and that the tests ask for."""
        found = []
        for node in ast.parse(self.solution).body:
            if isinstance(node, ast.FunctionDef):
                found.append(node.name)
            elif isinstance(node, ast.Assign):
                found += [target.id for target in node.targets if isinstance(target, ast.Name)]
        return found


@dataclass(frozen=True)
class Master:
    """An assignment as the teacher has it."""

    name: str
    path: Path
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any]
    tasks: tuple[Task, ...]
    mistakes: str
    digest: str

    @property
    def points(self) -> float:
        """The most that the assignment can bring."""
        return sum(task.points for task in self.tasks)

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Dotted names that no code of the notebook may use."""
        groups = dict.fromkeys(group for task in self.tasks for group in task.forbidden)
        return tuple(dict.fromkeys(name for group in groups for name in rules.group(group).names))

    @property
    def locked(self) -> tuple[Cell, ...]:
        """The cells that belong to the assignment, without tests and solutions."""
        return tuple(c for c in self.cells if mark(c).get("locked") and not mark(c).get("grade"))

    @property
    def data(self) -> Path | None:
        """The folder of data that comes with the assignment, if there is one."""
        folder = self.path.parent / "data"
        return folder if folder.is_dir() else None


def mark(cell: Cell) -> dict[str, Any]:
    """nbgrader's metadata of a cell; empty if there are none, or none that can be read."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def grade_id(cell: Cell) -> str:
    """nbgrader's name of a cell, or an empty string."""
    found = mark(cell).get("grade_id")
    return found if isinstance(found, str) else ""


def text(cell: Cell) -> str:
    """The source of a cell, which notebooks store as a string or as lines."""
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def read(name_or_path: str | Path) -> Master:
    """Reads an assignment by its name, or by the path of its master notebook.

    Raises:
        ValueError: the notebook lacks something that grading needs; the sentence says what.
    """
    path = Path(name_or_path)
    if path.suffix != ".ipynb":
        path = ASSIGNMENTS / path / f"{path.name}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(folder.name for folder in ASSIGNMENTS.iterdir() if folder.is_dir()))
        raise ValueError(f"assignment: expected one of {known}, or the path of a master notebook, got {name_or_path}")
    raw = path.read_bytes()
    notebook = json.loads(raw)
    cells = tuple({**cell, "source": text(cell)} for cell in notebook["cells"])
    beside = path.with_name("mistakes.py")
    mistakes = beside.read_text(encoding="utf-8") if beside.exists() else ""
    digest = hashlib.sha256(raw + mistakes.encode() + engine_digest().encode()).hexdigest()
    return Master(path.stem, path, cells, notebook["metadata"], _tasks(path.stem, cells), mistakes, digest)


def engine_digest() -> str:
    """Changes with the code that grades."""
    apart = {HERE / name for name in APART} | {HERE / f"{name}.py" for name in APART}
    code = [path for path in sorted(HERE.rglob("*.py")) if not apart & {path, *path.parents}]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in code)).hexdigest()


def _tasks(name: str, cells: tuple[Cell, ...]) -> tuple[Task, ...]:
    by_id = {grade_id(cell): cell for cell in cells if grade_id(cell)}
    if len(by_id) < sum(bool(grade_id(cell)) for cell in cells):
        raise ValueError(f"{name}: expected every grade_id once")
    if any(mark(cell).get("grade") and mark(cell).get("solution") for cell in cells):
        raise ValueError(f"{name}: expected tests that grade each task, got a cell that is graded by hand")
    tasks = []
    for identity, cell in by_id.items():
        kind, _, task = identity.partition("-")
        if kind != "solve":
            continue
        tests = [by_id[key] for key in (f"visible-{task}", f"hidden-{task}") if key in by_id]
        if not tests or f"text-{task}" not in by_id or not SOLUTION.search(cell["source"]):
            raise ValueError(
                f"{name}: task {task} needs cells text-, solve- and visible- or hidden-{task}, and a solution"
            )
        story = by_id[f"text-{task}"]["source"]
        tasks.append(
            Task(
                name=task,
                title=story.strip().splitlines()[0].lstrip("# "),
                solution=cell["source"],
                forbidden=tuple(cell["metadata"].get("classroom", {}).get("forbidden", ())),
                tests=tuple(Test(grade_id(t), t["source"], float(mark(t)["points"])) for t in tests),
                hints=tuple(DETAILS.findall(story)),
            )
        )
    tested = {test.grade_id for task in tasks for test in task.tests}
    if stray := [key for key, cell in by_id.items() if mark(cell).get("grade") and key not in tested]:
        raise ValueError(f"{name}: test cells {', '.join(stray)} belong to no task")
    return tuple(tasks)
