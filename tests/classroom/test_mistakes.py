"""Every known mistake loses exactly its points, and is named."""

import pytest

from tests.classroom.conftest import Graded
from tests.classroom.handed_in import LSTM_STEP, combined, mistakes

POINTS = {
    "gates__candidate_squashed_as_a_gate": 0,
    "gates__forget_before_input": 1,
    "gates__output_before_candidate": 1,
    "lstm_step__no_recurrent_term": 1,
    "lstm_step__forget_and_input_swapped": 1,
    "lstm_step__hidden_state_without_tanh": 0,
    "lstm_step__hidden_state_from_the_old_cell": 0,
    "lstm_sequence__cell_state_not_carried": 1,
    "lstm_sequence__hidden_state_not_carried": 1,
    "lstm_sequence__read_backwards": 1,
    "memory_bias__the_gate_in_place_of_the_bias": 1,
    "memory_bias__time_constant": 1,
    "step_backward__nothing_from_the_hidden_state": 1,
    "step_backward__nothing_from_later_steps": 0,
    "step_backward__gates_without_slopes": 1,
    "step_backward__tanh_without_slope": 1,
    "repair__the_wrong_way_round": 1,
    "repair__forget_and_candidate_swapped": 1,
}
SENTENCES = {name: sentence for name, (sentence, _) in mistakes(LSTM_STEP).items()}
CASES = [(n, task, name) for n, chosen in enumerate(combined(LSTM_STEP)) for task, name in chosen.items()]


@pytest.mark.parametrize(("number", "task", "name"), CASES, ids=[name for _, _, name in CASES])
def test_a_mistake_gets_its_points_and_its_sentence(graded: Graded, number: int, task: str, name: str) -> None:
    assert graded.points(f"mistakes {number}")[task] == POINTS[name]
    assert SENTENCES[name] in graded.message(f"mistakes {number}", task)


def test_a_mistake_costs_nothing_in_hidden_tests_that_build_on_it(graded: Graded) -> None:
    for number, chosen in enumerate(combined(LSTM_STEP)):
        cells = graded.record(f"mistakes {number}")["cells"]
        others = [task for task in LSTM_STEP.tasks if task.name not in chosen]
        assert all(cells[f"hidden-{task.name}"] == task.tests[1].points for task in others)
