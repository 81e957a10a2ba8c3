"""One class, graded once for all tests: right, wrong and hostile submissions."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from classroom import sandbox
from classroom.intake import file_name
from classroom.record import Record
from tests.classroom import handed_in
from tests.classroom.handed_in import LSTM_STEP

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--cell-seconds", "1", "--call-seconds", "0.5")


@dataclass(frozen=True)
class Graded:
    """What `python -m classroom.grade` left."""

    folder: Path
    printed: str

    def record(self, student: str) -> Record:
        found: Record = json.loads((self.folder / "records" / f"{file_name(student)}.json").read_text())
        return found

    def records(self) -> list[Record]:
        return [json.loads(path.read_text()) for path in (self.folder / "records").glob("*.json")]

    def feedback(self, student: str) -> str:
        return (self.folder / "feedback" / f"{file_name(student)}.html").read_text()

    def notebook(self, student: str) -> dict[str, Any]:
        path = self.folder / "autograded" / file_name(student) / "lstm_step" / "lstm_step.ipynb"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def points(self, student: str) -> dict[str, float]:
        return {task: grade["points"] for task, grade in self.record(student)["tasks"].items()}

    def message(self, student: str, task: str) -> str:
        return self.record(student)["tasks"][task]["message"]


def run(module: str, *args: object) -> subprocess.CompletedProcess[str]:
    """A command of the classroom's, as a teacher calls it."""
    command = [sys.executable, "-m", f"classroom.{module}", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, env=environment())


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TEACHERS_TOKEN": "secret"}


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder for all workers of pytest."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nbgrader's folder with the students' versions of all assignments."""
    shared = shared_folder(tmp_path_factory)
    folder, done = shared / "course", shared / "course.done"
    with FileLock(shared / "course.lock"):
        if not done.exists():
            made = run("course", "--course", folder)
            assert made.returncode == 0, made.stdout + made.stderr
            done.touch()
    return folder


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """All of `handed_in`, graded by one command in the sandbox; workers of pytest share it."""
    if not sandbox.available():
        pytest.skip("bubblewrap cannot run here")
    shared = shared_folder(tmp_path_factory)
    folder, printed = shared / "class", shared / "class.txt"
    with FileLock(shared / "class.lock"):
        if not printed.exists():
            for student, build in handed_in.HOSTILE.items():
                handed_in.write(folder / "in", student, LSTM_STEP, build())
            done = run("grade", "lstm_step", folder / "in", "--out", folder / "out", "-j", 2, "--no-gradebook", *QUICK)
            assert done.returncode == 0, done.stdout + done.stderr
            printed.write_text(done.stdout)
    return Graded(folder / "out", printed.read_text())
