"""The parts by themselves: plain data, rules, comparing, where tests stand, and what students get."""

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from classroom import course, master, rules, sandbox
from classroom.checking import Check, difference
from classroom.inside import confine, plain_data
from classroom.inside.__main__ import Student
from classroom.judge import Result, _punish, run_test
from classroom.kernel import START, Died, Kernel, Limits
from classroom.master import grade_id
from classroom.plan import plan
from classroom.record import digest
from classroom.session import CallFailed, Session, displayed
from tests.classroom import handed_in
from tests.classroom.handed_in import LSTM_STEP, code


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -(2**70),
        math.inf,
        "Ω\ud800",
        [1, (2, [3.5])],
        {"a": 1, (1, 2): None},
        torch.arange(6.0).reshape(2, 3),
        torch.tensor(True),
        torch.empty(0, 3, dtype=torch.int64),
        torch.tensor([1.5], dtype=torch.bfloat16),
        np.arange(4, dtype=np.int16).reshape(2, 2),
    ],
)
def test_plain_data_comes_back_as_it_went(value: object) -> None:
    sent = plain_data.frame({"value": plain_data.encode(value)})
    back = plain_data.decode(plain_data.message(sent[plain_data.HEADER.size :])["value"])
    assert type(back) is type(value)
    if isinstance(value, torch.Tensor):
        assert isinstance(back, torch.Tensor)
        assert back.dtype == value.dtype
        assert torch.equal(back, value)
    elif isinstance(value, np.ndarray):
        np.testing.assert_array_equal(back, value, strict=True)
    else:
        assert back == value


@pytest.mark.parametrize(
    "forged",
    [
        {"tensor": ["float32", [2**31], ""]},
        {"tensor": ["float32", [3], "AAAA"]},
        {"tensor": ["float32", [-1], ""]},
        {"tensor": ["__class__", [0], ""]},
        {"tensor": ["float32", [True], "AAAAAA=="]},
        {"array": ["object", [1], "AAAAAAAAAAA="]},
        {"code": ["print(1)"]},
        {"dict": [[{"list": []}, 1]]},
        {"list": [], "tuple": []},
        [1, 2],
    ],
)
def test_forged_answers_are_refused(forged: object) -> None:
    with pytest.raises(plain_data.NotPlainData):
        plain_data.decode(forged)


def test_what_is_no_plain_data_is_refused_by_its_type() -> None:
    nested: list[object] = []
    for _ in range(50):
        nested = [nested]
    for value in (object(), len, nested, 10**400, torch.ones(2).to_sparse(), np.array([object()])):
        with pytest.raises(plain_data.NotPlainData):
            plain_data.encode(value)


@pytest.mark.parametrize(
    "source",
    [
        "cell = torch.nn.LSTMCell(3, 4)",
        "from torch.nn import LSTMCell as Mine",
        "getattr(torch.nn, 'LSTMCell')",
        "eval('torch.nn.LSTMCell(3, 4)')",
        "%time\nfrom torch import nn\nclass A(nn.LSTM): pass",
        "torch.lstm_cell(x, h, w, u)",
    ],
)
def test_a_forbidden_name_is_found_however_it_is_written(source: str) -> None:
    (found, *_) = rules.uses(["pass", source], "recurrent layers")
    assert found.cell == 2


@pytest.mark.parametrize(
    "source",
    ["print('an LSTMCell')", "# LSTMCell", "LSTM = 3", '"""As torch.nn.LSTMCell."""', "def lstm_cell(x): pass", "1 +"],
)
def test_words_that_only_look_like_it_are_allowed(source: str) -> None:
    assert rules.uses([source], "recurrent layers") == []


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a dotted name or one of"):
        rules.group("recurrent")


def test_the_filter_of_system_calls_is_whole_for_each_machine() -> None:
    for machine, (_, calls) in confine.CALLS.items():
        assert {"clone", "clone3", "execve", "socket", "kill", "ptrace"} <= set(calls)
        assert len(confine.filter_program(machine)) % 8 == 0


@pytest.mark.parametrize(
    ("got", "right", "sentence"),
    [
        (torch.zeros(2), torch.zeros(2), None),
        (torch.zeros(2, 1), torch.zeros(2), "expected the shape (2,), got (2, 1)"),
        (torch.tensor([0.0, math.nan]), torch.zeros(2), "expected numbers, got NaN"),
        (torch.tensor([0.0, 3.0]), torch.zeros(2), "expected 0 at [1], got 3"),
        (torch.tensor([math.inf]), torch.tensor([math.inf]), None),
        (torch.tensor([-math.inf, 3.0]), torch.tensor([-math.inf, 2.0]), "expected 2 at [1], got 3"),
        (torch.tensor([5.0, 2.0]), torch.tensor([-math.inf, 2.0]), "expected -inf at [0], got 5"),
        (torch.tensor([math.inf]), torch.tensor([2.0]), "expected 2 at [0], got inf"),
        (1000.0005, 1000.0, None),
        (1000.05, 1000.0, "expected 1000, got 1000.05"),
        (None, torch.zeros(2), "expected a tensor, got None"),
        ((1.0,), (1.0, 2.0), "expected 2 values, got 1"),
        ((1.0, "b"), (1.0, 2.0), "value 2 of 2: expected a number, got a str"),
        (True, 1, "expected a whole number, got a bool"),
        ({"a": 2.0}, {"a": 1.0}, "'a': expected 1, got 2"),
        ("no", "yes", "expected 'yes', got 'no'"),
    ],
)
def test_a_difference_is_named_precisely(got: object, right: object, sentence: str | None) -> None:
    assert difference(got, right, 1e-6) == sentence


def test_using_accepts_what_follows_from_the_students_own_function_and_nothing_else() -> None:
    def one(x: float) -> float:
        return x

    def two(x: float) -> float:
        return 2 * solutions["one"](x)

    def student_one(x: float) -> float:
        return x + 1

    def student_two(x: float) -> float:
        return 2 * (x + 1)

    student_one.__name__, student_two.__name__ = "one", "two"
    solutions = {"one": one, "two": two}
    check = Check(solutions, {})
    check(student_two, 3.0, using=[student_one])
    assert solutions["one"] is one
    with pytest.raises(AssertionError, match="two: expected 6, got 8"):
        check(student_two, 3.0)
    with pytest.raises(AssertionError, match="two: expected 6, got 8"):
        check(student_two, 3.0, using=[two])

    def no_one(x: float) -> float:
        raise CallFailed("one raised an error")

    no_one.__name__ = "one"
    with pytest.raises(AssertionError, match="two: expected 6, got 8"):
        check(student_two, 3.0, using=[no_one])


def test_check_copies_inputs_for_everyone_and_names_the_mistake() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return x.mul_(2)

    def double__spoils(x: torch.Tensor) -> torch.Tensor:
        """You emptied the input."""
        return x.zero_()

    def student(x: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x)

    student.__name__ = "double"
    check = Check({"double": double}, {"double__spoils": double__spoils})
    x = torch.ones(3)
    with pytest.raises(AssertionError, match="You emptied the input"):
        check(student, x)
    assert torch.equal(x, torch.ones(3))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("assert 1 == 1", ""),
        ("assert 1 == 2, 'one is not two'", "one is not two"),
        ("assert 1 == 2", "This does not hold: 1 == 2"),
        ("### BEGIN HIDDEN TESTS\nassert 1 == 3\n### END HIDDEN TESTS\n", "A hidden test failed."),
        ("print('x')\n1 / 0", "The test could not use what your function returned (ZeroDivisionError"),
        ("assert False, 'x' * 10_000", "x" * 600),
    ],
)
def test_a_test_that_fails_says_a_sentence_and_shows_nothing_hidden(source: str, said: str) -> None:
    found = run_test(master.Test("visible-x", source, 1.0), {})
    assert found.startswith(said)
    assert bool(found) == bool(said)
    assert len(found) <= 600


class Process:
    """A student's process that dies, or uses up seconds, at each cell that says so."""

    filtered = True

    def __init__(self) -> None:
        self.spent = 0.0

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        source = request.get("source", "")
        if source.startswith("die"):
            raise Died(source)
        self.spent += 5.0 if source == "work" else 0.0
        return {"value": source}

    def text(self) -> str:
        return ""

    def close(self) -> None:
        pass


def test_a_process_that_dies_again_and_again_is_not_started_for_ever() -> None:
    started: list[Process] = []

    def start() -> Any:
        started.append(Process())
        return started[-1]

    with Session(start, Limits(restarts=3)) as session:
        assert "ended the process" in session.run("die at once").error
        session.run("x = 1")
        for number in range(9):
            session.run(f"die {number}")
        with pytest.raises(CallFailed, match="ended its process 4 times; it was not started again"):
            session.call("f", (), {})
    assert len(started) == 4


def test_a_notebook_has_seconds_for_all_its_cells_together_also_across_processes() -> None:
    with Session(Process, Limits(total=10.0)) as session:  # type: ignore[arg-type]  # all of a Kernel that it uses
        assert [session.run(source).error for source in ("work", "die", "work")] == [
            "",
            "The cell ended the process: die",
            "the 10 s for the whole notebook were used up before this",
        ]


FIGURE = """
from IPython.display import display
class Figure:
    def _repr_png_(self): return b"png"
display(Figure())
Figure()
"""


def test_figures_reach_the_feedback_whether_displayed_or_last() -> None:
    try:
        shown = Student().cell({"source": FIGURE})["shown"]
    finally:
        InteractiveShell.clear_instance()
    assert [item["png"].strip() for item in shown] == ["cG5n", "cG5n"]


def test_what_a_cell_shows_is_bounded_in_all() -> None:
    texts = [{"text": "x" * 9_000} for _ in range(50)]
    assert [len(item["text"]) for item in displayed(texts)] == [9_000, 9_000]
    figures = [{"text": "", "png": "x" * 300_000} for _ in range(50)]
    assert sum("png" in item for item in displayed(figures)) == 3
    assert len(displayed([{"text": ""}] * 50)) == 20
    for forged in (None, "x", [1, None], [{"text": 3, "png": ["x"], "html": "<script>"}]):
        assert displayed(forged) == []


def test_a_submission_runs_in_the_sandbox_and_within_its_limits() -> None:
    """What that keeps out is tested in test_hostile."""
    if not sandbox.available():
        pytest.skip("bubblewrap cannot run here")
    limits = Limits(total=10.0)
    with Kernel(limits=limits) as kernel:
        kinds = "AS", "FSIZE", "CPU", "CORE", "NOFILE"
        wanted = ", ".join(f"resource.getrlimit(resource.RLIMIT_{kind})" for kind in kinds)
        kernel.ask({"do": "cell", "source": f"import os, resource; print(os.getpid(), os.getuid(), {wanted})"}, 60.0)
    most = limits.memory, limits.file_size, int(2 * limits.total + START), 0, 256
    assert kernel.text().strip() == " ".join(["1", "65534", *(f"({value}, {value})" for value in most)])
    assert kernel.filtered


def test_what_was_refused_while_the_code_ran_costs_the_tasks_that_forbid_it_and_no_others() -> None:
    results = [Result(test, task, test.points) for task in LSTM_STEP.tasks for test in task.tests]
    _punish(results, {"torch.nn.LSTMCell"})
    lost = {result.task.name for result in results if not result.points}
    assert lost == {"step", "sequence"}
    assert all(("LSTMCell, used while" in r.message) == (r.task.name in lost) for r in results)
    assert all(r.points == r.test.points for r in results if r.task.name not in lost)


def test_a_grade_is_out_of_date_when_what_made_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def now(notebook: bytes = b"{}", settings: object = 1) -> str:
        return digest(replace(LSTM_STEP, digest=master.engine_digest()), notebook, settings)

    shutil.copytree(master.HERE, tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    monkeypatch.setattr(master, "HERE", tmp_path / "engine")
    before = now()
    assert now(b"{} ") != before
    assert now(settings=2) != before
    for path in sorted((tmp_path / "engine").rglob("*.py")):
        code = path.read_text()
        path.write_text(code + "\n# changed\n")
        name = path.relative_to(tmp_path / "engine").parts[0].removesuffix(".py")
        assert (now() == before) == (name in master.APART), path
        path.write_text(code)


def test_modules_that_change_no_grade_are_used_by_none_that_does() -> None:
    for path in sorted(master.HERE.rglob("*.py")):
        if path.relative_to(master.HERE).parts[0].removesuffix(".py") not in master.APART:
            imported = re.findall(r"^(?:from classroom(?:\.(\w+))? )?import (.+)$", path.read_text(), re.MULTILINE)
            used = {word for module, names in imported for word in (module, *names.split(", "))}
            assert not used & set(master.APART), path


def test_a_missing_test_follows_its_solution_and_without_that_comes_last() -> None:
    cells = [c for c in handed_in.solved(LSTM_STEP) if grade_id(c) != "hidden-step"]
    steps, notes = plan(LSTM_STEP, cells)
    order = [grade_id(step.cell) for step in steps]
    assert order.index("solve-step") < order.index("hidden-step") < order.index("solve-sequence")
    assert notes == ["test cell hidden-step is missing"]
    steps, _ = plan(LSTM_STEP, [code("a = 1")])
    assert [step.test.grade_id for step in steps if step.test] == [
        t.grade_id for task in LSTM_STEP.tasks for t in task.tests
    ]


def test_a_folder_with_a_solution_left_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lstm_step.ipynb"
    notebook = {"cells": handed_in.released(LSTM_STEP)}
    path.write_text(json.dumps(notebook))
    course.refuse_leaks(LSTM_STEP, tmp_path)
    (tmp_path / "notes.txt").write_text("try    \n    c_new = f * c + i * g\n")
    with pytest.raises(ValueError, match="still contains 'c_new"):
        course.refuse_leaks(LSTM_STEP, tmp_path)
