"""Every known mistake loses exactly its points, and is named."""

import pytest

from tests.classroom.conftest import Graded
from tests.classroom.handed_in import LSTM_STEP, combined, mistakes

KEEPS_VISIBLE = {
    "lstm_step__no_recurrent_term",
    "lstm_step__forget_and_input_swapped",
    "lstm_sequence__cell_state_not_carried",
}
SENTENCES = {name: sentence for name, (sentence, _) in mistakes(LSTM_STEP).items()}


@pytest.mark.parametrize(
    ("number", "task", "name"),
    [(number, task, name) for number, chosen in enumerate(combined(LSTM_STEP)) for task, name in chosen.items()],
)
def test_a_mistake_gets_its_points_and_its_sentence(graded: Graded, number: int, task: str, name: str) -> None:
    print(name, graded.points(f"mistakes {number}")[task], graded.message(f"mistakes {number}", task))
