"""What a submission may do, and what must happen: nothing, except to its own points."""

import json

import pytest

from tests.classroom.conftest import Graded
from tests.classroom.handed_in import LSTM_STEP

FULL = {task.name: task.points for task in LSTM_STEP.tasks}


def output(graded: Graded, student: str) -> str:
    cells = graded.notebook(student)["cells"]
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []) if o["output_type"] == "stream")


@pytest.mark.parametrize(
    ("student", "lost"),
    [
        ("reference", {}),
        ("loop", {"memory"}),
        ("deaf loop", {"memory"}),
        ("printing", {}),
        ("syntax error", {"repair"}),
        ("tampered, right", {}),
        ("tampered, empty", set(FULL)),
        ("warns", {}),
        ("exits", {"memory", "backward", "repair"}),
        ("exits in cells", {}),
        ("always equal", {"repair"}),
        ("overwrites", set(FULL)),
        ("spies", {}),
        ("spoils inputs", {}),
        ("library cell", {"step", "sequence"}),
        ("library cell, disguised", {"step", "sequence", "backward"}),
        ("untouched", set(FULL)),
    ],
)
def test_a_submission_loses_the_tasks_it_got_wrong_and_no_others(graded: Graded, student: str, lost: set[str]) -> None:
    assert graded.points(student) == {task: 0 if task in lost else points for task, points in FULL.items()}


@pytest.mark.parametrize(
    ("student", "task", "sentence"),
    [
        ("untouched", "gates", "gates raised NotImplementedError: not done yet"),
        ("loop", "memory", "stopped after 1 s"),
        ("deaf loop", "memory", "ignored the interrupt"),
        ("syntax error", "repair", "repair is not defined"),
        ("exits", "memory", "raised SystemExit"),
        ("exits", "backward", "raised MemoryError"),
        ("exits", "repair", "ended the process"),
        ("always equal", "repair", "returned a value of type Yes"),
        ("library cell", "step", "does not allow LSTMCell, found in code cell"),
        ("library cell, disguised", "step", "does not allow torch.nn.LSTMCell, used while the code ran"),
        ("library cell, disguised", "backward", "does not allow torch.Tensor.requires_grad_"),
    ],
)
def test_the_student_is_told_what_happened(graded: Graded, student: str, task: str, sentence: str) -> None:
    assert sentence in graded.message(student, task)
    assert sentence in graded.feedback(student)


def test_output_is_cut_while_it_arrives(graded: Graded) -> None:
    assert len(json.dumps(graded.notebook("printing"))) < 150_000
    assert "the rest of the output is left out" in output(graded, "printing")


def test_the_sandbox_shows_neither_masters_nor_gradebook_and_leads_nowhere(graded: Graded) -> None:
    said = output(graded, "spies")
    assert "files: []" in said
    assert "outside: False ['student']" in said
    assert "fork: PermissionError run: PermissionError" in said
    assert "network: PermissionError" in said
    assert "interfaces: ['lo']" in said
    assert "kill: PermissionError" in said


def test_no_test_and_no_solution_passes_through_the_students_process(graded: Graded) -> None:
    assert "heard: [] True" in output(graded, "spies")


def test_what_was_done_to_tests_is_reported_to_the_teacher(graded: Graded) -> None:
    flags = "; ".join(graded.record("tampered, right")["flags"])
    assert "visible-gates is missing" in flags
    assert "hidden-step was changed" in flags
    assert "visible-sequence occurs more than once" in flags
    assert "solve-step occurs more than once" in flags
    assert "get_ipython" in "; ".join(graded.record("spies")["flags"])


def test_each_test_is_in_the_graded_notebook_once_with_nbgraders_metadata(graded: Graded) -> None:
    for student in ("tampered, right", "tampered, empty"):
        cells = graded.notebook(student)["cells"]
        marked = [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if cell["metadata"].get("nbgrader")]
        tests = [test.grade_id for task in LSTM_STEP.tasks for test in task.tests]
        assert sorted(name for name in marked if name in tests) == sorted(tests)
        assert len(marked) == len(set(marked))


def test_feedback_shows_no_hidden_test_and_nothing_of_the_grader(graded: Graded) -> None:
    for path in (graded.folder / "feedback").glob("*.html"):
        text = path.read_text()
        for secret in ("draw(", "BEGIN HIDDEN", "BEGIN SOLUTION", "Traceback", "/classroom/", "<script"):
            assert secret not in text, path.name


def test_feedback_offers_hints_for_what_went_wrong_only(graded: Graded) -> None:
    assert "<summary>Hint 1: from hours to f</summary>" in graded.feedback("loop")
    assert "Hint 1: cutting" not in graded.feedback("loop")
