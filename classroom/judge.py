"""Grades one notebook: runs the student's cells in their process, and the master's tests here, through proxies.

No test, no solution and no mistake ever enters the student's process. All that a submission can do is answer.
"""

import contextlib
import io
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from classroom import rules
from classroom.checking import Check, draw
from classroom.kernel import Kernel, Limits
from classroom.master import HIDDEN, Cell, Master, Task, Test, grade_id, mark, text
from classroom.plan import Step, plan
from classroom.session import CallFailed, Ran, Session


class Proxy:
    """Stands for a function of the student's: arguments go there and the result comes back, as plain data."""

    def __init__(self, session: Session, name: str) -> None:
        self._session, self.__name__ = session, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the student's function, in the student's process."""
        return self._session.call(self.__name__, args, kwargs)


@dataclass
class Result:
    """What a test gave: points, and a sentence if it failed."""

    test: Test
    task: Task
    points: float
    message: str = ""


@dataclass
class Judgement:
    """The graded notebook's cells, the result of each test, and what was unusual."""

    cells: list[Cell] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    seconds: float = 0.0
    protected: bool = True


def judge(
    master: Master,
    cells: Sequence[Cell],
    limits: Limits | None = None,
    plain: bool = False,
    start: Callable[[], Kernel] | None = None,
) -> Judgement:
    """Grades the cells of a submission.

    Args:
        master: the assignment.
        cells: the submission's cells, as JSON.
        limits: what the student's code may use.
        plain: without the sandbox.
        start: makes the process for the student's code, if it is to be another one.
    """
    begun = time.monotonic()
    limits = limits or Limits()
    steps, flags = plan(master, [cell for cell in cells if isinstance(cell, dict)])
    codes = [step.cell["source"] for step in steps if _is_own_code(step)]
    broken = {task.name: sentence for task in master.tasks if (sentence := _violation(task, codes))}
    if found := rules.suspicious(codes):
        flags.append("worth a look: the code contains " + ", ".join(map(str, found[:8])))
    start = start or partial(Kernel, master.forbidden, limits, plain, master.data)
    ran: dict[int, Ran] = {}
    results: dict[int, Result] = {}
    with Session(start, limits) as session:
        tests = _namespace(master, session)
        for place, step in enumerate(steps):
            if step.test and step.task:
                message = broken.get(step.task.name) or run_test(step.test, tests)
                results[place] = Result(step.test, step.task, 0.0 if message else step.test.points, message)
            elif step.cell["cell_type"] == "code":
                ran[place] = session.run(step.cell["source"])
        refused = session.refused & set(master.forbidden)
        _punish(results.values(), refused)
        flags += [f"the code ended its process ({death})" for death in session.deaths]
        flags += [f"0 points by rule: {task}: {sentence}" for task, sentence in broken.items()]
        flags += [f"0 points by rule: {name} was used while the code ran" for name in sorted(refused)]
    done = [_finished(step, ran.get(place), results.get(place)) for place, step in enumerate(steps)]
    seconds = round(time.monotonic() - begun, 2)
    return Judgement(done, list(results.values()), flags, seconds, session.protected)


def _is_own_code(step: Step) -> bool:
    return step.test is None and step.cell["cell_type"] == "code" and not mark(step.cell).get("locked")


def _violation(task: Task, codes: Sequence[str]) -> str:
    """The sentence for a task whose rule the code breaks; empty if it keeps it."""
    found = [finding for name in task.forbidden for finding in rules.uses(codes, name)]
    if not found:
        return ""
    return (
        f"No points for this task: it does not allow {found[0].word}, found in code cell {found[0].cell}, "
        f"line {found[0].line}."
    )


def _punish(results: Iterable[Result], refused: set[str]) -> None:
    """Takes the points of tasks that forbid what the code used while it ran."""
    for result in results:
        names = {name for group in result.task.forbidden for name in rules.group(group).names}
        if broken := sorted(names & refused):
            result.points = 0.0
            result.message = f"No points for this task: it does not allow {broken[0]}, used while the code ran."


def _namespace(master: Master, session: Session) -> dict[str, Any]:
    """What the tests see: the locked cells' names, `check`, `draw`, and proxies in place of the student's functions."""
    setup: dict[str, Any] = {"__name__": "tests"}
    mistakes: dict[str, Any] = {"__name__": "mistakes"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in master.locked:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], grade_id(cell), "exec"), setup)
        solutions = dict(setup)
        for task in master.tasks:
            exec(compile(task.solution, task.name, "exec"), solutions)
        exec(compile(master.mistakes, "mistakes.py", "exec"), mistakes)
    proxies = {name: Proxy(session, name) for task in master.tasks for name in task.names if callable(solutions[name])}
    return {**setup, "check": Check(solutions, mistakes), "draw": draw, "value": session.value, **proxies}


def run_test(test: Test, namespace: dict[str, Any]) -> str:
    """Runs a test of the master's; the sentence it fails with, or an empty one."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(test.source, test.grade_id, "exec"), namespace)
    except AssertionError as failed:
        return str(failed)[:600] or _failed_line(test, failed)
    except CallFailed as failed:
        return str(failed)[:600]
    except Exception as error:
        return f"The test could not use what your function returned ({type(error).__name__}: {error})"[:600]
    return ""


def _failed_line(test: Test, error: Exception) -> str:
    """The assertion that failed, unless it is hidden."""
    numbers = [
        frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == test.grade_id
    ]
    line = test.source.splitlines()[numbers[-1] - 1].strip() if numbers else ""
    return f"This does not hold: {line.removeprefix('assert ')}" if line in test.visible else "A hidden test failed."


def _finished(step: Step, ran: Ran | None, result: Result | None) -> Cell:
    """The cell as it stands in the graded notebook, with its outputs."""
    cell = {key: step.cell[key] for key in ("cell_type", "id", "source")}
    cell["metadata"] = {"nbgrader": mark(step.cell)} if mark(step.cell) else {}
    if cell["cell_type"] != "code":
        return cell
    outputs: list[dict[str, Any]] = []
    if ran and ran.output:
        outputs.append({"output_type": "stream", "name": "stdout", "text": ran.output})
    for item in ran.shown if ran else []:
        data = {"text/plain": item.get("text", "")} | ({"image/png": item["png"]} if "png" in item else {})
        outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    message = result.message if result else ran.error if ran else ""
    if message:
        name = "AssertionError" if result else message.partition(":")[0]
        outputs.append({"output_type": "error", "ename": name, "evalue": message, "traceback": [message]})
    return {**cell, "outputs": outputs, "execution_count": None}


def without_hidden_tests(cells: Sequence[Cell]) -> list[Cell]:
    """The graded cells as a student may see them."""
    return [{**cell, "source": HIDDEN.sub("", text(cell)).rstrip()} for cell in cells]
