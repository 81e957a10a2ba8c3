"""A loop over the steps is the step called once after the other, and keeps what each step computed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons_src.cells import ACTIVATIONS, gru_step, lstm_step, rnn_step
from lessons_src.unroll import unroll_gru, unroll_lstm, unroll_rnn
from tests.strategies import close, normal

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))
EXAMPLES = settings(max_examples=10)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@given(sizes=SIZES)
@EXAMPLES
def test_every_hidden_state_of_an_rnn_is_its_step_of_the_one_before(
    activation: str, sizes: tuple[int, int, int]
) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight = normal(generator, steps, batch, hidden), normal(generator, hidden, hidden)
    h_0 = normal(generator, batch, hidden)
    sequence = unroll_rnn(a_x, weight, h_0, activation)
    h_prev = torch.cat([h_0[None], sequence.h])[:-1]
    for t in range(steps):
        close(sequence.h[t], rnn_step(a_x[t] + h_prev[t] @ weight.T, activation))
    assert torch.equal(sequence.h_0, h_0)


@given(sizes=SIZES)
@EXAMPLES
def test_every_gate_and_state_of_an_lstm_is_kept(sizes: tuple[int, int, int]) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight = normal(generator, steps, batch, 4 * hidden), normal(generator, 4 * hidden, hidden)
    h, c = normal(generator, batch, hidden), normal(generator, batch, hidden)
    sequence = unroll_lstm(a_x, weight, h, c)
    for t in range(steps):
        step = lstm_step(a_x[t] + h @ weight.T, c)
        for name, value in step._asdict().items():
            close(getattr(sequence, name)[t], value, f"{name} at {t}")
        h, c = step.h, step.c


@given(sizes=SIZES)
@EXAMPLES
def test_every_gate_and_state_of_a_gru_is_kept(sizes: tuple[int, int, int]) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight = normal(generator, steps, batch, 3 * hidden), normal(generator, 3 * hidden, hidden)
    bias, h = normal(generator, 3 * hidden), normal(generator, batch, hidden)
    sequence = unroll_gru(a_x, weight, bias, h)
    for t in range(steps):
        step = gru_step(a_x[t], h @ weight.T + bias, h)
        for name, value in step._asdict().items():
            close(getattr(sequence, name)[t], value, f"{name} at {t}")
        h = step.h
