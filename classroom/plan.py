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


Placed = tuple[int, int, Step]
"""A step behind two numbers by which it is put in order: the place of a cell, and the order at that place."""
Last = dict[str, int]
"""Grade id → the last place where the student has a cell with it."""


def plan(master: Master, cells: Sequence[Cell]) -> tuple[list[Step], list[str]]:
    """The steps, and a sentence for whatever was unusual in the submission's cells.

    A test stands where the student has its cell, but never before the task's solution. Without its cell it follows the
    solution; without that too it comes last. Locked cells that are missing come first.
    """
    last = {grade_id(cell): place for place, cell in enumerate(cells)}  # of copies, the last counts
    parts = _handed_in(master, cells, last), _locked(master, last), _tests(master, cells, last)
    placed = sorted((one for found, _ in parts for one in found), key=lambda one: one[:2])
    notes = dict.fromkeys(note for _, found in parts for note in found)
    return [step for _, _, step in placed], list(notes)


def _handed_in(master: Master, cells: Sequence[Cell], last: Last) -> tuple[list[Placed], list[str]]:
    """The student's own cells and the master's that they have filled in, each at its place."""
    known, tests = _known(master), {test.grade_id: test for task in master.tasks for test in task.tests}
    placed: list[Placed] = []
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
        elif identity not in known:
            placed.append((place, 0, Step(_own(cell, place))))
        elif mark(known[identity]).get("solution"):
            notes.append(f"solution cell {identity} occurs more than once; all of them ran")
            placed.append((place, 0, Step(_own(cell, place))))
    return placed, notes


def _locked(master: Master, last: Last) -> tuple[list[Placed], list[str]]:
    """The locked cells that are missing."""
    missing = [(order, cell) for order, cell in enumerate(master.locked) if grade_id(cell) not in last]
    notes = [f"locked cell {grade_id(cell)} is missing" for _, cell in missing]
    return [(-1, order, Step(cell)) for order, cell in missing], notes


def _tests(master: Master, cells: Sequence[Cell], last: Last) -> tuple[list[Placed], list[str]]:
    """Every test, and an empty solution where one is missing."""
    known = _known(master)
    order = [test.grade_id for task in master.tasks for test in task.tests]
    placed: list[Placed] = []
    notes = []
    for task in master.tasks:
        solution = next(key for key, cell in known.items() if cell["source"] is task.solution)
        if solution not in last:
            notes.append(f"solution cell {solution} is missing")
            placed.append((len(cells), 0, Step({**known[solution], "source": ""})))
        for test in task.tests:
            if test.grade_id not in last:
                notes.append(f"test cell {test.grade_id} is missing")
            latest = max(last.get(test.grade_id, -1), last.get(solution, -1))
            step = Step(known[test.grade_id], test, task)
            placed.append((latest if latest >= 0 else len(cells), 1 + order.index(test.grade_id), step))
    return placed, notes


def _known(master: Master) -> dict[str, Cell]:
    return {grade_id(cell): cell for cell in master.cells if grade_id(cell)}


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
