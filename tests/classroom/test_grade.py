"""Grading a class: tables, feedback, going on after a kill, nbgrader's gradebook and its own autograde."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from classroom import master, sandbox, tables
from classroom.record import Record
from tests.classroom import handed_in
from tests.classroom.conftest import ROOT, Graded, environment, run
from tests.classroom.handed_in import LSTM_STEP

needs_sandbox = pytest.mark.skipif(not sandbox.available(), reason="bubblewrap cannot run here")


def a_record(student: str, points: float = 20.0, flags: tuple[str, ...] = ()) -> Record:
    tasks = {task.name: {"points": task.points, "of": task.points, "message": ""} for task in LSTM_STEP.tasks}
    known = {"assignment": "lstm_step", "digest": "", "submission": "", "master": "", "seconds": 1.0, "sandbox": True}
    record = {"student": student, "points": points, "of": 20.0, "tasks": tasks, "cells": {}, "flags": [*flags], **known}
    return record  # type: ignore[return-value]  # the tasks above are TaskGrades


def test_the_table_has_one_row_a_student_and_no_formula() -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", '김, "민수"\n']
    text = tables.grades(LSTM_STEP, [a_record(name, flags=("=1+1",)) for name in names], {"=lost": "=why"})
    assert text.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(text[1:], newline=""))
    assert header == ["student", "gates", "step", "sequence", "memory", "backward", "repair", "points", "of", "remarks"]
    assert len(rows) == len(names) + 1
    assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in tuple("=+-@")]
    (lost,) = [row for row in rows if "lost" in row[0]]
    assert lost[1:8] == [""] * 7
    assert lost[-1] == "not graded: =why"


def test_the_report_names_what_was_unusual_and_cannot_be_written_into() -> None:
    bad = a_record("x](http://evil) <b>\n# fake", flags=("two notebooks",))
    bad["sandbox"] = False
    text = tables.report(LSTM_STEP, [bad, a_record("kim")], {"lee": "broken"}, ["a.pdf: not a notebook"], 2, 5.0)
    for part in ("two notebooks", "lee: broken", "a.pdf", "2.5 s each", sandbox.UNPROTECTED):
        assert part in text
    assert "\n# fake" not in text
    assert "<b>" not in text.replace("\\<b\\>", "")


def test_progress_and_time_are_printed(graded: Graded) -> None:
    assert f"[1/{len(list((graded.folder / 'records').glob('*.json')))}]" in graded.printed
    assert "s a submission" in graded.printed


def test_what_is_no_notebook_gets_a_record_that_says_so(tmp_path: Path) -> None:
    source = tmp_path / "all.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("kim/lstm_step.ipynb", '{"cells": [')
        archive.writestr("lee/lstm_step.ipynb", '{"worksheets": []}')
        archive.writestr("park/notes.txt", "")
        archive.writestr("deep/lstm_step.ipynb", "[" * 100_000)
    done = run("grade", "lstm_step", source, "--out", tmp_path / "out", "--no-gradebook", *plain())
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "grades.csv").read_text("utf-8-sig"))))
    assert [(row["student"], row["points"]) for row in rows] == [(n, "0") for n in ("deep", "kim", "lee", "park")]
    assert all("could not be graded" in row["remarks"] for row in rows)
    assert "could not be graded" in (tmp_path / "out" / "feedback" / "kim.html").read_text()


def plain() -> tuple[str, ...]:
    return () if sandbox.available() else ("--plain",)


def test_a_killed_run_goes_on_where_it_stopped_and_a_changed_notebook_is_graded_again(tmp_path: Path) -> None:
    for student in ("a", "b", "c"):
        handed_in.write(tmp_path / "in", student, LSTM_STEP, handed_in.released(LSTM_STEP))
    records = tmp_path / "out" / "records"
    arguments = [
        "lstm_step",
        str(tmp_path / "in"),
        "--out",
        str(tmp_path / "out"),
        "--no-gradebook",
        "-j",
        "1",
        *plain(),
    ]
    command = [sys.executable, "-m", "classroom.grade", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL) as killed:
        while not (records / "a.json").exists():
            assert killed.poll() is None
            time.sleep(0.02)
        os.kill(killed.pid, signal.SIGKILL)
    before = (records / "a.json").stat().st_mtime_ns
    done = run("grade", *arguments)
    assert done.returncode == 0
    assert (records / "a.json").stat().st_mtime_ns == before
    assert sorted(path.name for path in records.glob("*")) == ["a.json", "b.json", "c.json"]
    notebook = tmp_path / "in" / "b" / "lstm_step.ipynb"
    notebook.write_text(notebook.read_text() + " ")
    assert "[1/1] 'b'" in run("grade", *arguments).stdout


def test_plain_mode_grades_too_and_says_what_it_does_not_protect(tmp_path: Path) -> None:
    cells = [*handed_in.solved(LSTM_STEP), handed_in.code("import os\nos.fork()"), handed_in.code("import lessons_src")]
    handed_in.write(tmp_path / "in", "kim", LSTM_STEP, cells[:-1])
    done = run("grade", "lstm_step", tmp_path / "in", "--out", tmp_path / "out", "--no-gradebook", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "out" / "records" / "kim.json").read_text())
    assert (record["points"], record["sandbox"]) == (20, False)
    assert sandbox.UNPROTECTED in (tmp_path / "out" / "report.md").read_text()
    assert "PermissionError" in (tmp_path / "out" / "feedback" / "kim.html").read_text()


MERGE = """
import sys
from nbgrader.api import Gradebook
from classroom import course
with course.environment_on_path(), Gradebook(f"sqlite:///{sys.argv[1]}/gradebook.db", course.ID) as book:
    for submission in sorted(book.assignment_submissions("lstm_step"), key=lambda s: s.student.id):
        needs = any(g.needs_manual_grade for n in submission.notebooks for g in n.grades)
        print(submission.student.id, submission.score, submission.max_score, needs)
"""


@needs_sandbox
def test_nbgraders_gradebook_and_its_own_autograde_get_the_judges_points(tmp_path: Path) -> None:
    handed_in.write(tmp_path / "in", "kim", LSTM_STEP, handed_in.solved(LSTM_STEP, {"repair": "repair = len"}))
    course = tmp_path / "course"
    arguments = ["lstm_step", tmp_path / "in", "--out", tmp_path / "out", "--course", course]
    for _ in range(2):  # the second run doubles nothing
        done = run("grade", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    handed_in.write(course / "submitted" / "lee", "lstm_step", LSTM_STEP, handed_in.tampered_empty())
    released = course / "release" / "lstm_step"
    assert [path.name for path in released.iterdir()] == ["lstm_step.ipynb"]
    text = (released / "lstm_step.ipynb").read_text()
    assert "BEGIN" not in text
    assert "check(" not in text
    autograde = [sys.executable, "-m", "nbgrader", "autograde", "lstm_step", "--student", "lee"]
    paths = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(autograde, cwd=course, env=paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        [sys.executable, "-c", MERGE, course], cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    assert shown.stdout.splitlines() == ["kim 17.0 20.0 False", "lee 0.0 20.0 False"], shown.stderr
    assert (course / "autograded" / "kim" / "lstm_step" / "lstm_step.ipynb").exists()


def test_an_unknown_assignment_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = run("grade", "no_such", tmp_path)
    assert done.returncode == 1
    assert "assignment: expected one of lstm_step" in done.stderr
    with pytest.raises(ValueError, match="expected one of"):
        master.read("no_such")
