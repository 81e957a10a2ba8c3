"""One submission in, one grade record out: `python -m classroom.grade_one ASSIGNMENT NOTEBOOK --out FOLDER`.

No state is shared, so any engine can run many of these at once: xargs, GNU parallel, Slurm, Kubernetes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classroom import feedback, master, sandbox
from classroom.intake import file_name
from classroom.judge import Judgement, Result, judge
from classroom.kernel import Limits
from classroom.master import Master
from classroom.record import Record, as_json, record, write

LARGEST = 20_000_000
"""Bytes of a notebook."""


def grade_one(
    assignment: Master,
    student: str,
    submission: bytes,
    out: Path,
    limits: Limits | None = None,
    plain: bool = False,
    flags: Sequence[str] = (),
) -> Record:
    """Grades a notebook and writes record, graded notebook and feedback below `out`, the record last.

    Args:
        assignment: the master.
        student: whose it is.
        submission: the notebook's bytes.
        out: gets records/, autograded/ and feedback/.
        limits: what the student's code may use.
        plain: without the sandbox.
        flags: what was unusual before grading.
    """
    limits = limits or Limits()
    cells, problem = read_cells(submission)
    judgement = nothing(assignment, problem) if problem else judge(assignment, cells, limits, plain)
    found = record(assignment, student, submission, settings(limits, plain), judgement, plain, flags)
    save(assignment, found, judgement, out)
    return found


def settings(limits: Limits, plain: bool) -> object:
    """What, besides master and submission, a grade depends on."""
    return sorted(asdict(limits).items()), plain


def read_cells(submission: bytes) -> tuple[list[dict[str, Any]], str]:
    """The cells of a notebook, or why there are none."""
    if not submission:
        return [], "no notebook came. Hand in the file that ends in .ipynb."
    if len(submission) > LARGEST:
        return (
            [],
            f"it has {len(submission):,} bytes, and {LARGEST:,} are allowed. Clear its outputs and hand it in again.",
        )
    try:
        notebook = json.loads(submission.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return [], f"the file is not a notebook ({type(error).__name__})."
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return [], "the file is not a notebook of this decade (it has no list of cells)."
    return cells, ""


def nothing(assignment: Master, problem: str) -> Judgement:
    """The judgement of what cannot be graded: every test fails with the same sentence."""
    sentence = feedback.UNREADABLE + problem
    results = [Result(test, task, 0.0, sentence) for task in assignment.tasks for test in task.tests]
    return Judgement(results=results, flags=[sentence])


def save(assignment: Master, found: Record, judgement: Judgement, out: Path) -> None:
    """Writes the three files. The record comes last: where there is one, the others are there too."""
    name = file_name(found["student"])
    notebook = {"cells": judgement.cells, "metadata": assignment.metadata, "nbformat": 4, "nbformat_minor": 5}
    write(out / "autograded" / name / assignment.name / f"{assignment.name}.ipynb", as_json(notebook))
    write(out / "feedback" / f"{name}.html", feedback.page(assignment, found, judgement))
    write(out / "records" / f"{name}.json", as_json(found))


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options that grading one and grading many share."""
    parser.add_argument("assignment", help="its name, or the path of its master notebook")
    parser.add_argument("--plain", action="store_true", help="without the sandbox, where bubblewrap cannot run")
    for name, seconds in (("cell", Limits.cell), ("call", Limits.call), ("total", Limits.total)):
        parser.add_argument(
            f"--{name}-seconds", type=float, default=seconds, help=f"CPU seconds; {seconds:g} if not given"
        )


def limits_of(options: argparse.Namespace) -> Limits:
    """The limits that the options ask for."""
    return Limits(cell=options.cell_seconds, call=options.call_seconds, total=options.total_seconds)


def demand_sandbox(options: argparse.Namespace) -> None:
    """Ends the program with a sentence where there is no sandbox and the options do not do without."""
    if not options.plain and not sandbox.available():
        sys.exit(
            "bubblewrap (bwrap) cannot run here. Install it, or grade with --plain and trust the code that you run."
        )


def main() -> None:
    """Grades what the command line names, and prints one line."""
    parser = argparse.ArgumentParser(prog="python -m classroom.grade_one", description=__doc__.splitlines()[0])
    arguments(parser)
    parser.add_argument("notebook", type=Path, help="the submission")
    parser.add_argument("--student", help="whose it is; the name of its folder if not given")
    parser.add_argument("--out", type=Path, default=Path("_grades"), help="_grades if not given")
    options = parser.parse_args()
    demand_sandbox(options)
    student = options.student or options.notebook.resolve().parent.name
    try:
        assignment, submission = master.read(options.assignment), options.notebook.read_bytes()
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    found = grade_one(assignment, student, submission, options.out, limits_of(options), options.plain)
    print(f"{student}: {found['points']:g} of {found['of']:g} in {found['seconds']:.1f} s")


if __name__ == "__main__":
    main()
