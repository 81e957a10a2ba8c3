"""A class of sixty, a fifth of it hostile, as Moodle delivers it: killed in the middle, gone on with, late ones added.

It takes minutes, so `make test` leaves it out: `make test-class`.
"""

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom import sandbox
from classroom.intake import file_name
from classroom.master import Cell
from tests.classroom import handed_in
from tests.classroom.conftest import ROOT, environment
from tests.classroom.handed_in import HOSTILE, LSTM_STEP
from tests.classroom.test_assignments import judged, points

HARMLESS = ("reference", "untouched", "subtly wrong")
SECONDS = 3.0
"""On the clock for each submission, with two workers on a quiet machine."""
QUIET = 1.0
"""Load below which the machine counts as quiet."""
SURNAMES, GIVEN = "김이박최정강조윤장임한오", ("민수", "서연", "지훈", "하은", "도윤", "수빈", "예준")
LATE, CHANGED = 4, 2


def attempts() -> Iterator[tuple[str, list[Cell]]]:
    """60 submissions and what they are: 12 hostile ones, and 48 right, half right or empty."""
    wrong = [{name.partition("__")[0]: source} for name, (_, source) in handed_in.mistakes(LSTM_STEP).items()]
    task_of = {name: task.name for task in LSTM_STEP.tasks for name in task.names}
    for name in sorted(set(HOSTILE) - set(HARMLESS)):
        yield name, HOSTILE[name]()
    for number in range(48):
        if number % 12 == 11:
            yield "untouched", handed_in.released(LSTM_STEP)
            continue
        mistakes = wrong[number % len(wrong)] | (wrong[-number % len(wrong)] if number % 3 == 0 else {})
        solutions = {} if number % 4 == 0 else {task_of[name]: source for name, source in mistakes.items()}
        yield "honest", handed_in.solved(LSTM_STEP, solutions)


def class_of_sixty() -> dict[str, tuple[str, list[Cell]]]:
    """What each student handed in, under the names that Moodle gives: full name and a number."""
    found = list(attempts())
    random.Random(0).shuffle(found)
    names = [f"{a} {b}" for b in GIVEN for a in SURNAMES][: len(found)]
    return {f"{name}_{10_000 + 7 * k}": attempt for k, (name, attempt) in enumerate(zip(names, found, strict=True))}


def moodle(path: Path, handed: dict[str, list[Cell]]) -> Path:
    """A zip as Moodle makes it; in it other names of files, a second notebook, a photo, Hangul as macOS spells it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (student, cells) in enumerate(handed.items()):
            spelled = unicodedata.normalize("NFD", student) if number % 9 == 8 else student
            folder = f"{spelled}_assignsubmission_file_"
            notebook = {"cells": cells, "metadata": dict(LSTM_STEP.metadata), "nbformat": 4, "nbformat_minor": 5}
            name = "과제 1.ipynb" if number % 13 == 12 else "lstm_step.ipynb"
            archive.writestr(f"{folder}/{name}", json.dumps(notebook))
            if number % 17 == 16:
                archive.writestr(f"{folder}/사진.png", b"")
                archive.writestr(f"{folder}/draft.ipynb", '{"cells": []}')
    return path


def command(source: Path, out: Path) -> list[str]:
    arguments = ["lstm_step", source, "--out", out, "-j", 2, "--course", out / "course"]
    return [sys.executable, "-m", "classroom.grade", *map(str, arguments)]


def stamps(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / "records").glob("*.json")}


def grade(source: Path, out: Path) -> tuple[str, float]:
    begun = time.monotonic()
    done = subprocess.run(command(source, out), cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, time.monotonic() - begun


def grade_until_half(source: Path, out: Path, half: int) -> float:
    """Starts a run and kills it, as a power cut would, when half of the class is graded; the seconds it took."""
    begun = time.monotonic()
    with subprocess.Popen(command(source, out), cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL) as run:
        while len(stamps(out)) < half:
            assert run.poll() is None
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
    return time.monotonic() - begun


@pytest.mark.skipif(not sandbox.available(), reason="bubblewrap cannot run here")
def test_a_class_of_sixty_is_graded_in_time_whatever_happens(tmp_path: Path) -> None:
    load = os.getloadavg()[0]
    students, out = class_of_sixty(), tmp_path / "out"
    assert len(students) == 60
    assert sum(kind not in ("honest", "untouched") for kind, _ in students.values()) == 12
    all_cells = {student: cells for student, (_, cells) in students.items()}
    honest = [student for student, (kind, _) in students.items() if kind == "honest"]
    late = list(all_cells)[-LATE:]
    changed = [student for student in honest if student not in late][:CHANGED]
    first = {student: cells for student, cells in all_cells.items() if student not in late}
    first |= {student: handed_in.released(LSTM_STEP) for student in changed}

    on_time = moodle(tmp_path / "monday.zip", first)
    cut = grade_until_half(on_time, out, len(first) // 2)
    time.sleep(2.0)  # whatever is still running would show itself
    before = stamps(out)
    assert len(before) in (len(first) // 2, len(first) // 2 + 1), "work went on after the kill"
    said, rest = grade(on_time, out)
    assert f"56 submissions, {len(before)} of them graded already" in said
    assert f"[{len(first) - len(before)}/{len(first) - len(before)}]" in said
    after = stamps(out)
    assert {name: after[name] for name in before} == before, "nothing is graded twice"
    assert set(after) == {f"{file_name(student)}.json" for student in first}

    said_later, later = grade(moodle(tmp_path / "friday.zip", all_cells), out)
    assert "60 submissions, 54 of them graded already" in said_later
    assert len({name for name, stamp in stamps(out).items() if after.get(name) != stamp}) == LATE + CHANGED

    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text("utf-8-sig"))))
    assert sorted(row["student"] for row in rows) == sorted(students)
    assert len(list((out / "feedback").glob("*.html"))) == 60
    found = {row["student"]: {task.name: float(row[task.name]) for task in LSTM_STEP.tasks} for row in rows}
    for student in honest:
        assert found[student] == points(judged(LSTM_STEP, all_cells[student])), student
    full = {task.name: task.points for task in LSTM_STEP.tasks}
    of_kind = {kind: found[student] for student, (kind, _) in students.items()}
    assert all(of_kind[kind] == full for kind in ("tampered, right", "noisy", "exits in cells", "printing", "spies"))
    assert not any(sum(of_kind[kind].values()) for kind in ("tampered, empty", "overwrites", "untouched"))

    each = (cut + rest + later) / (60 + CHANGED)
    print(said.splitlines()[-2], said_later.splitlines()[-2], sep="\n")
    print(f"{each:.2f} s on the clock for each of {60 + CHANGED}; the load of the machine before was {load:.1f}")
    if each > SECONDS and load > QUIET:
        pytest.skip(f"all is well but the time, {each:.2f} s each, which means nothing at a load of {load:.1f}")
    assert each <= SECONDS
