"""The notebook that is graded: the student's cells in their order, the master's tests and locked cells in their places.

Whatever a submission did to a test cell (deleted it, changed it, copied it, tagged it) ends here: tests come from the
master, once each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from classroom.master import Cell, Master, Task, Test, grade_id, mark, text


@dataclass(frozen=True)
class Step:
    """One cell of the graded notebook; `test` and `task` are set where it is a test of the master's."""

    cell: Cell
    test: Test | None = None
    task: Task | None = None


def plan(master: Master, cells: Sequence[Cell]) -> tuple[list[Step], list[str]]:
    """The steps, and a sentence for whatever was unusual in the submission's cells.

    A test stands where the student has its cell, but never before the task's solution. Without its cell it follows the
    solution; without that too it comes last. Locked cells that are missing come first.
    """
    known = {grade_id(cell): cell for cell in master.cells if grade_id(cell)}
    tests = {test.grade_id: test for task in master.tasks for test in task.tests}
    last = {grade_id(cell): place for place, cell in enumerate(cells)}  # of copies, the last counts
    placed: list[tuple[float, int, Step]] = []
    notes = []
    for place, cell in enumerate(cells):
        identity = grade_id(cell)
        if identity in tests:
            if last[identity] != place:
                notes.append(f"test cell {identity} occurs more than once")
            if _changed(text(cell), tests[identity]):
                notes.append(f"test cell {identity} was changed; it ran as the student's own, and the test beside it")
                placed.append((place, -1, Step(_own(cell, place))))
        elif identity in known and last[identity] == place:
            source = text(cell) if mark(known[identity]).get("solution") else known[identity]["source"]
            placed.append((place, 0, Step({**known[identity], "source": source})))
        else:
            if identity in known and not mark(known[identity]).get("solution"):
                continue
            if identity in known:
                notes.append(f"solution cell {identity} occurs more than once; all of them ran")
            placed.append((place, 0, Step(_own(cell, place))))
    for order, cell in enumerate(master.locked):
        if grade_id(cell) not in last:
            placed.append((-1, order, Step(cell)))
            notes.append(f"locked cell {grade_id(cell)} is missing")
    end = float(len(cells))
    for task in master.tasks:
        solution = next(key for key, cell in known.items() if cell["source"] is task.solution)
        if solution not in last:
            notes.append(f"solution cell {solution} is missing")
            placed.append((end, 0, Step({**known[solution], "source": ""})))
        for test in task.tests:
            if test.grade_id not in last:
                notes.append(f"test cell {test.grade_id} is missing")
            latest = max(last.get(test.grade_id, -1), last.get(solution, -1))
            placed.append(
                (
                    latest if latest >= 0 else end,
                    1 + list(tests).index(test.grade_id),
                    Step(known[test.grade_id], test, task),
                )
            )
    steps = [step for _, _, step in sorted(placed, key=lambda item: item[:2])]
    return steps, list(dict.fromkeys(notes))


def _changed(source: str, test: Test) -> bool:
    """Whether a test cell differs from the one handed out; space at line ends does not count."""
    return _words(source) not in (_words(test.visible), _words(test.source))


def _words(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines() if line.strip()]


def _own(cell: Cell, place: int) -> Cell:
    """A cell of the student's without any metadata: tags and grade ids in it mean nothing."""
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    return {"cell_type": kind, "id": f"own-{place}", "metadata": {}, "source": text(cell)}
