"""Grading a class: tables, feedback, going on after a kill, nbgrader's gradebook and its own autograde."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classroom import course, feedback, grade, sandbox, tables
from classroom import grade_one as grading_one
from classroom.grade import FORK, Job, grade_class
from classroom.grade_one import grade_one
from classroom.kernel import Limits
from classroom.master import Master
from classroom.record import Record, write
from tests.classroom import handed_in
from tests.classroom.conftest import ROOT, Graded, environment
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
    text = tables.report(LSTM_STEP, [bad, a_record("kim")], {"lee": "broken"}, ["a.pdf: not a notebook"], "2.5 s each.")
    for part in ("two notebooks", "lee: broken", "a.pdf", "2.5 s each", sandbox.UNPROTECTED):
        assert part in text
    assert "\n# fake" not in text
    assert "<b>" not in text.replace("\\<b\\>", "")


def test_progress_and_time_are_printed(graded: Graded) -> None:
    records = graded.records()
    first, *progress, times, files = graded.printed.splitlines()
    assert first == f"{len(records)} submissions, 0 of them graded already"
    assert [line.partition("]")[0] for line in progress] == [f"[{n + 1}/{len(records)}" for n in range(len(records))]
    assert f"{len(records)} submissions graded in" in times
    assert "s each on the clock. Median of one:" in times
    slowest = max(records, key=lambda record: record["seconds"])
    assert f"Slowest: {slowest['student']!r} {slowest['seconds']:.1f} s, " in times
    assert times.replace("'", "") in (graded.folder / "report.md").read_text().replace("'", "")
    assert "grades.csv" in files


def test_what_is_no_notebook_gets_a_record_that_says_so(tmp_path: Path) -> None:
    source = tmp_path / "all.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("kim/lstm_step.ipynb", '{"cells": [')
        archive.writestr("lee/lstm_step.ipynb", '{"worksheets": []}')
        archive.writestr("park/notes.txt", "")
        archive.writestr("deep/lstm_step.ipynb", "[" * 100_000)
    assert grade_class(Job(LSTM_STEP, tmp_path / "out", Limits(), True, 1), source, None) == {}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "grades.csv").read_text("utf-8-sig"))))
    assert [(row["student"], row["points"]) for row in rows] == [(n, "0") for n in ("deep", "kim", "lee", "park")]
    assert all("could not be graded" in row["remarks"] for row in rows)
    assert "could not be graded" in (tmp_path / "out" / "feedback" / "kim.html").read_text()


def graded_rows(out: Path) -> list[tuple[str, str]]:
    rows = csv.DictReader(io.StringIO((out / "grades.csv").read_text("utf-8-sig")))
    return [(row["student"], row["points"]) for row in rows]


def in_a_group_of_its_own(job: Job, source: Path) -> None:
    os.setpgid(0, 0)
    grade_class(job, source, None)


def ended(group: int, seconds: float) -> bool:
    """Whether no process of the group is left after so many seconds at most."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_where_there_is_a_record_there_is_feedback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(feedback, "page", power_cut)
    with pytest.raises(KeyboardInterrupt):
        grade_one(LSTM_STEP, "kim", b"no notebook", tmp_path)
    assert not list(tmp_path.rglob("records/*"))


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x" / "kim.json", "old")

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "x" / "kim.json", "new")
    assert (tmp_path / "x" / "kim.json").read_text() == "old"


def test_a_killed_run_goes_on_where_it_stopped_and_a_changed_notebook_is_graded_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in.write(tmp_path / "in", "a", LSTM_STEP, handed_in.solved(LSTM_STEP))
    for student in "bc":
        handed_in.write(tmp_path / "in", student, LSTM_STEP, [handed_in.code("import time; time.sleep(60)")])
    notebook, third = (tmp_path / "in" / student / "lstm_step.ipynb" for student in "bc")
    records = tmp_path / "out" / "records"
    job = Job(LSTM_STEP, tmp_path / "out", Limits(), not sandbox.available(), 2)
    killed = FORK.Process(target=in_a_group_of_its_own, args=(job, tmp_path / "in"))
    killed.start()
    while not (records / "a.json").exists():
        assert killed.is_alive()
        time.sleep(0.02)
    killed.kill()
    killed.join()
    assert ended(killed.pid or 0, seconds=5), "a worker goes on after the run was killed"
    before = (records / "a.json").stat().st_mtime_ns
    assert [path.name for path in records.glob("*.json")] == ["a.json"]
    notebook.write_text("no notebook")
    third.write_text("no notebook either")
    capsys.readouterr()
    assert grade_class(job, tmp_path / "in", None) == {}
    assert "3 submissions, 1 of them graded already" in capsys.readouterr().out
    assert (records / "a.json").stat().st_mtime_ns == before
    assert graded_rows(job.out) == [("a", "20"), ("b", "0"), ("c", "0")]
    assert sorted(path.name for path in records.glob("*.json")) == ["a.json", "b.json", "c.json"]
    notebook.write_text(notebook.read_text() + " ")
    assert grade_class(job, tmp_path / "in", None) == {}
    assert "[1/1] 'b'" in capsys.readouterr().out
    assert len(graded_rows(job.out)) == 3
    assert grade_class(job, tmp_path / "in", None) == {}
    assert "Nothing had to be graded" in capsys.readouterr().out


def test_a_grader_that_fails_or_hangs_is_reported_and_holds_up_no_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade_badly(assignment: Master, student: str, *rest: Any) -> None:
        if student == "b":
            raise OSError("disk full")
        if student == "c":
            time.sleep(60)
        grade_one(assignment, student, *rest)

    for student in "abcd":
        handed_in.write(tmp_path / "in", student, LSTM_STEP, [])
        (tmp_path / "in" / student / "lstm_step.ipynb").write_text("no notebook")
    job = Job(LSTM_STEP, tmp_path / "out", Limits(total=0.6), True, 2)
    with monkeypatch.context() as broken:
        broken.setattr(grade, "grade_one", grade_badly)
        broken.setattr(grade, "START", 0.1)
        failed = grade_class(job, tmp_path / "in", None)
    assert failed == {"b": "the grader failed; see logs/", "c": "the grader took more than 2 s"}
    assert "disk full" in (job.out / "logs" / "b.txt").read_text()
    assert graded_rows(job.out) == [("a", "0"), ("d", "0"), ("b", ""), ("c", "")]
    assert grade_class(job, tmp_path / "in", None) == {}
    assert graded_rows(job.out) == [(student, "0") for student in "abcd"]
    assert not list((job.out / "logs").iterdir())


def test_plain_mode_grades_too_and_says_what_it_does_not_protect(tmp_path: Path) -> None:
    cells = [*handed_in.solved(LSTM_STEP), handed_in.code("import os\nos.fork()"), handed_in.code("import lessons_src")]
    handed_in.write(tmp_path / "in", "kim", LSTM_STEP, cells[:-1])
    assert grade_class(Job(LSTM_STEP, tmp_path / "out", Limits(), True, 1), tmp_path / "in", None) == {}
    record = json.loads((tmp_path / "out" / "records" / "kim.json").read_text())
    assert (record["points"], record["sandbox"]) == (20, False)
    assert sandbox.UNPROTECTED in (tmp_path / "out" / "report.md").read_text()
    assert "PermissionError" in (tmp_path / "out" / "feedback" / "kim.html").read_text()


MERGE = """
import sys
from pathlib import Path
from nbgrader.api import Gradebook
from classroom import course, grade, kernel, master
source, out, folder = map(Path, sys.argv[1:])
job = grade.Job(master.read("lstm_step"), out, kernel.Limits(), False, 1)
for _ in range(2):  # the second time doubles nothing
    assert grade.grade_class(job, source, folder) == {}
with course.environment_on_path(), Gradebook(f"sqlite:///{folder}/gradebook.db", course.ID) as book:
    for submission in sorted(book.assignment_submissions("lstm_step"), key=lambda s: s.student.id):
        needs = any(g.needs_manual_grade for n in submission.notebooks for g in n.grades)
        print("gradebook:", submission.student.id, submission.score, submission.max_score, needs)
"""


@needs_sandbox
def test_nbgraders_gradebook_and_its_own_autograde_get_the_judges_points(tmp_path: Path, released: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(released, course)
    settings = course / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace(str(released.resolve()), str(course.resolve())))
    handed_in.write(course / "submitted" / "lee", "lstm_step", LSTM_STEP, handed_in.tampered_empty())
    autograde = [sys.executable, "-m", "nbgrader", "autograde", "lstm_step", "--student", "lee"]
    paths = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(autograde, cwd=course, env=paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    handed_in.write(tmp_path / "in", "kim", LSTM_STEP, handed_in.solved(LSTM_STEP, {"repair": "repair = len"}))
    folders = (str(tmp_path / "in"), str(tmp_path / "out"), str(course))
    command = [sys.executable, "-c", MERGE, *folders]
    merged = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    said = [line for line in merged.stdout.splitlines() if line.startswith("gradebook:")]
    assert said == ["gradebook: kim 17.0 20.0 False", "gradebook: lee 0.0 20.0 False"], merged.stdout + merged.stderr
    assert (course / "autograded" / "kim" / "lstm_step" / "lstm_step.ipynb").exists()


@pytest.mark.parametrize("main", [grade.main, grading_one.main])
def test_an_unknown_assignment_is_refused_in_a_sentence(
    main: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["grade", "no_such", str(tmp_path), "--plain"])
    with pytest.raises(SystemExit, match=r"assignment: expected one of .*\blstm_step\b"):
        main()


def test_a_notebook_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["grade_one", "lstm_step", str(tmp_path / "none.ipynb"), "--plain"])
    with pytest.raises(SystemExit, match=r"No such file or directory: .*none\.ipynb"):
        grading_one.main()


def test_no_version_for_students_is_made_of_an_unknown_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["course", "lstm_step", "no_such"])
    with pytest.raises(SystemExit):
        course.main()
    assert "lstm_step, rnn_forward, got no_such" in capsys.readouterr().err
