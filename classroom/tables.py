"""The teacher's tables: grades.csv, one row a student, and report.md, what was unusual."""

import csv
import io
import re
import statistics
from collections.abc import Mapping, Sequence

from classroom import sandbox
from classroom.master import Master
from classroom.record import Record

FORMULA = re.compile(r"^[\s]*[=+\-@\t\r|]")


def csv_text(value: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what would begin one."""
    return f"'{value}" if FORMULA.match(value) else value


def grades(assignment: Master, records: Sequence[Record], failed: Mapping[str, str]) -> str:
    """The CSV: student, points of each task, total, what of, remarks. Ungraded students have no points, and say why."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["student", *(task.name for task in assignment.tasks), "points", "of", "remarks"])
    for record in sorted(records, key=lambda r: r["student"]):
        points = [f"{record['tasks'][task.name]['points']:g}" for task in assignment.tasks]
        remarks = csv_text("; ".join(record["flags"]))
        table.writerow([csv_text(record["student"]), *points, f"{record['points']:g}", f"{record['of']:g}", remarks])
    for student, why in sorted(failed.items()):
        blanks = [""] * len(assignment.tasks)
        table.writerow([csv_text(student), *blanks, "", f"{assignment.points:g}", csv_text(f"not graded: {why}")])
    return "\ufeff" + out.getvalue().encode("utf-8", "replace").decode()  # the mark makes Excel read UTF-8


def times(fresh: Sequence[Record], seconds: float, workers: int) -> str:
    """How long this run took: on the clock, for each submission, and for the slowest ones.

    Args:
        fresh: what was graded in this run.
        seconds: on the clock, from the first look at the submissions to the gradebook.
        workers: how many were graded at a time.
    """
    if not fresh:
        return f"Nothing had to be graded. {seconds:.1f} s."
    took = sorted(fresh, key=lambda r: r["seconds"], reverse=True)
    middle = statistics.median(record["seconds"] for record in took)
    slowest = ", ".join(f"{record['student']!r} {record['seconds']:.1f} s" for record in took[:3])
    return (
        f"{len(fresh)} submissions graded in {seconds:.1f} s, {workers} at a time: {seconds / len(fresh):.2f} s each "
        f"on the clock. Median of one: {middle:.1f} s. Slowest: {slowest}."
    )


def report(
    assignment: Master,
    records: Sequence[Record],
    failed: Mapping[str, str],
    notes: Sequence[str],
    times: str,
) -> str:
    """The report, in Markdown.

    Args:
        assignment: what was graded.
        records: of all students, also those graded earlier.
        failed: students that could not be graded, and why.
        notes: sentences about files that were no submissions.
        times: how long grading took, see `times`.
    """
    lines = [f"# {assignment.name}: {len(records)} graded", ""]
    if any(not record["sandbox"] for record in records):
        lines += [f"**{sandbox.UNPROTECTED}**", ""]
    lines += [_md(times), ""]
    if records:
        median = statistics.median(record["points"] for record in records)
        lines.append(f"Median: {median:g} of {assignment.points:g} points.")
        lines += ["", "| task | of | mean | full | none |", "|---|---|---|---|---|"]
    for task in assignment.tasks if records else ():
        points = [record["tasks"][task.name]["points"] for record in records]
        full, none = sum(p == task.points for p in points), sum(p == 0 for p in points)
        mean = statistics.fmean(points)
        lines.append(f"| {task.name} | {task.points:g} | {mean:.1f} | {full} | {none} |")
    unusual = [record for record in records if record["flags"]]
    lines += ["", "## Not graded", ""] if failed else []
    lines += [f"- {_md(student)}: {_md(why)}" for student, why in sorted(failed.items())]
    lines += ["", "## Unusual submissions", ""] if unusual else []
    for record in sorted(unusual, key=lambda r: r["student"]):
        lines.append(f"- {_md(record['student'])} ({record['points']:g}): {_md('; '.join(record['flags']))}")
    lines += ["", "## Files left out", ""] if notes else []
    lines += [f"- {_md(note)}" for note in notes]
    return "\n".join(lines).encode("utf-8", "replace").decode() + "\n"


def _md(value: str) -> str:
    """Text as it is, in one line of Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(value.split()))[:1000]
