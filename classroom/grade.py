"""Grades a class: `python -m classroom.grade lstm_step submissions.zip`.

Every submission is graded in a process of its own, and its record is written when it is done. Whoever starts the
command again after an interruption grades only what is missing; later, only what has changed.
"""

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from classroom import course, gradebook, master, tables
from classroom.grade_one import arguments, demand_sandbox, grade_one, limits_of, settings
from classroom.inside.confine import die_with_parent
from classroom.intake import Submission, file_name, submissions
from classroom.kernel import PATIENCE, START, Limits
from classroom.master import Master
from classroom.record import Record, digest, load, write

FORK = multiprocessing.get_context("fork")
"""A fork has torch already, which takes longer to import than most submissions to grade."""


@dataclass(frozen=True)
class Job:
    """What all submissions of a run share."""

    assignment: Master
    out: Path
    limits: Limits
    plain: bool
    workers: int

    def current(self, submission: Submission) -> Record | None:
        """The record of an earlier run, if it is of this notebook, this master and these settings."""
        found = load(self.out / "records" / f"{file_name(submission.student)}.json")
        wanted = digest(self.assignment, submission.notebook, settings(self.limits, self.plain))
        return found if found and found.get("digest") == wanted else None

    def grade(self, submission: Submission) -> None:
        """Grades one; in the process made for it, which ends with this run."""
        die_with_parent()
        log = self.out / "logs" / f"{file_name(submission.student)}.txt"
        log.unlink(missing_ok=True)
        try:
            grade_one(
                self.assignment,
                submission.student,
                submission.notebook,
                self.out,
                self.limits,
                self.plain,
                submission.notes,
            )
        except Exception:
            write(log, traceback.format_exc())
            os._exit(1)


def grade_all(job: Job, waiting: Sequence[Submission]) -> Iterator[tuple[Submission, str]]:
    """Grades submissions, `job.workers` at a time; yields each when it is done, with why it could not be graded."""
    longest = PATIENCE * job.limits.total + START * (job.limits.restarts + 1)
    queue, running = list(waiting), dict[ForkProcess, tuple[Submission, float]]()
    try:
        while queue or running:
            while queue and len(running) < job.workers:
                submission = queue.pop(0)
                process = FORK.Process(target=job.grade, args=(submission,), daemon=True)
                process.start()
                running[process] = submission, time.monotonic() + longest
            wait([process.sentinel for process in running], timeout=1)
            for process, (submission, latest) in list(running.items()):
                late = time.monotonic() > latest
                if process.is_alive() and not late:
                    continue
                process.kill()
                process.join()
                del running[process]
                why = f"the grader took more than {longest:.0f} s" if late else "the grader failed; see logs/"
                yield submission, "" if process.exitcode == 0 else why
    finally:
        for process in running:
            process.kill()


def grade_class(job: Job, source: Path, course_folder: Path | None = course.COURSE) -> dict[str, str]:
    """Grades a folder or zip, writes grades.csv, report.md and feedback/, and fills nbgrader's gradebook.

    Returns:
        The students that could not be graded, and why.
    """
    begun = time.monotonic()
    found, notes = submissions(source, job.assignment.name)
    waiting = [submission for submission in found if not job.current(submission)]
    print(f"{len(found)} submissions, {len(found) - len(waiting)} of them graded already", flush=True)
    failed: dict[str, str] = {}
    fresh: list[Record] = []
    for number, (submission, why) in enumerate(grade_all(job, waiting), 1):
        record = None if why else job.current(submission)
        if record:
            fresh.append(record)
            said = f"{record['points']:g} of {record['of']:g}, {record['seconds']:.1f} s"
        else:
            failed[submission.student] = said = why or "its record cannot be read"
        print(f"[{number}/{len(waiting)}] {submission.student!r}: {said}", flush=True)
    records = [record for submission in found if (record := job.current(submission))]
    if course_folder:
        gradebook.merge(job.assignment, records, job.out, course_folder)
    seconds = time.monotonic() - begun
    write(job.out / "grades.csv", tables.grades(job.assignment, records, failed))
    times = tables.times(fresh, seconds, job.workers)
    write(job.out / "report.md", tables.report(job.assignment, records, failed, notes, times))
    print(times, f"{job.out / 'grades.csv'}, report.md and feedback/ are written.", sep="\n")
    return failed


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m classroom.grade", description=__doc__.splitlines()[0])
    arguments(parser)
    parser.add_argument("submissions", type=Path, help="a folder or a zip, as the learning platform delivers it")
    parser.add_argument("--out", type=Path, help="_grades/ASSIGNMENT if not given")
    parser.add_argument("--workers", "-j", type=int, default=os.cpu_count() or 1, help="how many at once; all cores")
    parser.add_argument("--course", type=Path, default=course.COURSE, help="nbgrader's folder")
    parser.add_argument("--no-gradebook", action="store_true", help="leave nbgrader's gradebook alone")
    options = parser.parse_args()
    demand_sandbox(options)
    try:
        assignment = master.read(options.assignment)
        out = options.out or Path("_grades", assignment.name)
        job = Job(assignment, out.resolve(), limits_of(options), options.plain, max(1, options.workers))
        failed = grade_class(job, options.submissions, None if options.no_gradebook else options.course)
    except ValueError as error:
        sys.exit(str(error))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
