"""What a submission may do, and what must happen: nothing, except to its own points."""

import json
import runpy
from html import escape, unescape

import pytest

from classroom.kernel import PATIENCE, Limits
from tests.classroom.conftest import Graded
from tests.classroom.handed_in import HOSTILE, LSTM_STEP, SCRIPT, mistakes

MISTAKES = mistakes(LSTM_STEP)
POINTS = runpy.run_path(str(LSTM_STEP.path.with_name("mistakes.py")))["POINTS"]
FULL = {task.name: task.points for task in LSTM_STEP.tasks}


def output(graded: Graded, student: str) -> str:
    cells = graded.notebook(student)["cells"]
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []) if o["output_type"] == "stream")


@pytest.mark.parametrize(
    ("student", "lost"),
    [
        ("reference", {}),
        ("loops", {"memory", "repair"}),
        ("printing", {}),
        ("syntax error", {"sequence", "memory", "repair"}),
        ("tampered, right", {}),
        ("tampered, empty", set(FULL)),
        ("noisy", {}),
        ("exits", {"memory", "backward", "repair"}),
        ("exits in cells", {}),
        ("overwrites", set(FULL)),
        ("spies", {}),
        ("library cell", {"step", "sequence"}),
        ("library cell, disguised", {"step", "sequence", "backward"}),
        ("untouched", set(FULL)),
    ],
)
def test_a_submission_loses_the_tasks_it_got_wrong_and_no_others(graded: Graded, student: str, lost: set[str]) -> None:
    assert graded.points(student) == {task: 0 if task in lost else points for task, points in FULL.items()}


def test_the_whole_class_is_in_this_table(graded: Graded) -> None:
    assert {record["student"] for record in graded.records()} == set(HOSTILE)


def test_a_subtle_mistake_loses_that_task_and_is_named(graded: Graded) -> None:
    wrong = [
        "gates__forget_before_input",
        "lstm_sequence__cell_state_not_carried",
        "step_backward__nothing_from_later_steps",
    ]
    left = dict(zip(("gates", "sequence", "backward"), (POINTS[name] for name in wrong), strict=True))
    assert graded.points("subtly wrong") == FULL | left
    page = unescape(graded.feedback("subtly wrong"))
    assert all(MISTAKES[name][0] in page for name in wrong)


@pytest.mark.parametrize(
    ("student", "task", "sentence"),
    [
        ("untouched", "gates", "gates raised NotImplementedError: not done yet"),
        ("loops", "memory", "memory_bias was stopped after 0.5 s: does a loop never end?"),
        ("loops", "repair", "ignored the interrupt"),
        ("syntax error", "repair", "repair is not defined"),
        ("syntax error", "memory", "returned a value of type Yes"),
        ("exits", "memory", "raised SystemExit"),
        ("exits", "backward", "raised MemoryError"),
        ("exits", "repair", "ended the process"),
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
    assert len(graded.feedback("printing")) < 150_000
    assert "the rest of the output is left out" in output(graded, "printing")


def test_the_sandbox_shows_neither_masters_nor_gradebook_and_leads_nowhere(graded: Graded) -> None:
    said = output(graded, "spies")
    assert "files: []" in said
    assert "outside: False ['student']" in said
    assert "fork: PermissionError run: PermissionError" in said
    assert "network: PermissionError" in said
    assert "interfaces: ['lo']" in said
    assert "kill: PermissionError" in said
    assert "processes: ['1']" in said
    assert "environment: [] 0" in said


def test_files_can_fill_neither_disk_nor_memory(graded: Graded) -> None:
    said = output(graded, "spies")
    assert "one file: OSError" in said
    assert "many files: OSError" in said


def test_no_submission_holds_up_the_class(graded: Graded) -> None:
    limits = Limits(cell=1, call=0.5)
    most = PATIENCE * (4 * limits.cell + 8 * limits.call) + 40  # generous: starting a process takes seconds
    assert max(record["seconds"] for record in graded.records()) < most


def test_answers_that_are_forged_or_endless_bring_nothing(graded: Graded) -> None:
    flags = "; ".join(graded.record("overwrites")["flags"])
    assert "an answer of 1,099,511,627,776 bytes; 20,000,000 are allowed" in flags


def test_what_a_student_wrote_is_text_in_the_feedback_and_nothing_else(graded: Graded) -> None:
    page = graded.feedback("syntax error")
    assert escape(SCRIPT) in page
    assert SCRIPT not in page
    assert "default-src 'none'" in page


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
    assert "<summary>Hint 1: from hours to f</summary>" in graded.feedback("loops")
    assert "Hint 1: cutting" not in graded.feedback("loops")
