"""Every assignment: the reference is full, the untouched release empty, each mistake gets its points and is named.

The same judge as always, with a process that is none: what hostile code does is tested in test_hostile.
"""

import runpy
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom import master
from classroom.inside.__main__ import Student, describe
from classroom.judge import Judgement, judge
from classroom.master import ASSIGNMENTS, Cell, Master
from tests.classroom import handed_in

MASTERS = {path.stem: master.read(path) for path in sorted(ASSIGNMENTS.glob("*/*.ipynb"))}
CASES = [(name, mistake) for name, assignment in MASTERS.items() for mistake in handed_in.mistakes(assignment)]


class Here:
    """Answers as the student's process would, in this one: quick, and no protection at all."""

    filtered, spent = True, 0.0

    def __init__(self) -> None:
        self.student = Student()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self.student, request["do"])(request)
        except Exception as error:
            return {"error": describe(error)}
        return answer

    def text(self) -> str:
        return ""

    def close(self) -> None:
        InteractiveShell.clear_instance()


def judged(assignment: Master, cells: list[Cell]) -> Judgement:
    return judge(assignment, cells, start=Here)  # type: ignore[arg-type]  # all of a Kernel that a session uses


def points(judgement: Judgement) -> dict[str, float]:
    found: dict[str, float] = {}
    for result in judgement.results:
        found[result.task.name] = found.get(result.task.name, 0.0) + result.points
    return found


@pytest.mark.parametrize("name", MASTERS)
def test_the_reference_is_full_and_the_untouched_release_empty(name: str) -> None:
    assignment = MASTERS[name]
    right = judged(assignment, handed_in.solved(assignment))
    assert points(right) == {task.name: task.points for task in assignment.tasks}
    assert right.flags == []
    empty = judged(assignment, handed_in.released(assignment))
    assert points(empty) == {task.name: 0 for task in assignment.tasks}
    assert all("NotImplementedError" in result.message for result in empty.results)


@pytest.mark.parametrize("name", MASTERS)
def test_an_assignment_has_what_every_assignment_has(name: str) -> None:
    assignment = MASTERS[name]
    known = runpy.run_path(str(assignment.path.with_name("mistakes.py")))["POINTS"]
    assert len(known) >= 5
    assert set(known) == set(handed_in.mistakes(assignment))
    assert all(task.hints for task in assignment.tasks)
    assert any("diagnose" in task.title.lower() for task in assignment.tasks)
    introduction = master.text(assignment.cells[0])
    assert f"{assignment.points:g} points" in introduction
    assert "minutes" in introduction
    lines = [line for cell in assignment.cells if cell["cell_type"] == "code" for line in cell["source"].splitlines()]
    assert max(map(len, lines)) <= 88


@pytest.mark.parametrize(("name", "mistake"), CASES, ids=[mistake for _, mistake in CASES])
def test_a_mistake_gets_its_points_and_its_sentence(name: str, mistake: str) -> None:
    assignment = MASTERS[name]
    known = runpy.run_path(str(assignment.path.with_name("mistakes.py")))["POINTS"]
    sentence, source = handed_in.mistakes(assignment)[mistake]
    task = next(task for task in assignment.tasks if mistake.partition("__")[0] in task.names)
    judgement = judged(assignment, handed_in.solved(assignment, {task.name: source}))
    said = " ".join(result.message for result in judgement.results if result.task.name == task.name)
    assert points(judgement)[task.name] == known[mistake]
    assert sentence in said
    hidden = [r for r in judgement.results if r.test.grade_id.startswith("hidden") and r.task.name != task.name]
    assert all(result.points == result.test.points for result in hidden), "a mistake is charged once"
