"""One submission's grade as a record, and files that are written whole or not at all."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from classroom.judge import Judgement
from classroom.master import Master


class TaskGrade(TypedDict):
    """A task's points, and what to tell the student if they are not full."""

    points: float
    of: float
    message: str


class Record(TypedDict):
    """All that is known of a graded submission; `digest` changes with whatever can change the grade."""

    student: str
    assignment: str
    digest: str
    submission: str
    master: str
    points: float
    of: float
    tasks: dict[str, TaskGrade]
    cells: dict[str, float]
    seconds: float
    sandbox: bool
    flags: list[str]


def digest(master: Master, submission: bytes, settings: object) -> str:
    """Tells whether a grade is up to date: of the master, the submission and how it was graded."""
    parts = (master.digest.encode(), hashlib.sha256(submission).digest(), repr(settings).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def record(
    master: Master,
    student: str,
    submission: bytes,
    settings: object,
    judgement: Judgement,
    plain: bool,
    flags: Sequence[str],
) -> Record:
    """The record of a judgement."""
    tasks: dict[str, TaskGrade] = {}
    for task in master.tasks:
        results = [result for result in judgement.results if result.task.name == task.name]
        points = sum(result.points for result in results)
        message = " ".join(dict.fromkeys(_sentence(result.message) for result in results if result.message))
        tasks[task.name] = {"points": points, "of": task.points, "message": message}
    flags = [*flags, *judgement.flags]
    if not judgement.protected:
        flags.append("this system has no filter for system calls: the code could start processes and use the network")
    return {
        "student": student,
        "assignment": master.name,
        "digest": digest(master, submission, settings),
        "submission": hashlib.sha256(submission).hexdigest(),
        "master": master.digest,
        "points": sum(task["points"] for task in tasks.values()),
        "of": master.points,
        "tasks": tasks,
        "cells": {result.test.grade_id: result.points for result in judgement.results},
        "seconds": judgement.seconds,
        "sandbox": not plain,
        "flags": [*flags],
    }


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", ")")) else f"{message}."


def write(path: Path, text: str) -> None:
    """Writes a file so that no one ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)


def as_json(value: Any) -> str:
    """JSON for people: indented, with letters of every script as they are. Half characters become question marks."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8", "replace").decode("utf-8")


def load(path: Path) -> Record | None:
    """The record at `path`; None if there is none that can be read."""
    try:
        found: Record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
