"""The cells equal torch.nn's, and keep what their equations say they keep."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lessons_src import cells
from lessons_src.cells import ACTIVATIONS, GRUCell, LSTMCell, RNNCell, gru_step, lstm_step, rnn_step
from tests.strategies import all_close, close, normal


@pytest.mark.parametrize("kind", ["RNN tanh", "RNN relu", "LSTM", "GRU"])
@given(data=st.data())
@settings(max_examples=25)
def test_outputs_and_gradients_equal_torch(kind: str, data: st.DataObject) -> None:
    name, *nonlinearity = kind.split()
    batch, input_size, hidden_size = (data.draw(st.integers(1, 4)) for _ in range(3))
    bias, with_state = data.draw(st.booleans()), data.draw(st.booleans())
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 10_000)))
    theirs = getattr(nn, f"{name}Cell")(input_size, hidden_size, bias, *nonlinearity).double()
    ours = getattr(cells, f"{name}Cell")(input_size, hidden_size, bias, *nonlinearity).double()
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = normal(generator, batch, input_size).requires_grad_()
    states = [normal(generator, batch, hidden_size).requires_grad_() for _ in range(1 + (name == "LSTM"))]
    state = None if not with_state else states[0] if name != "LSTM" else tuple(states)
    results = []
    for cell in (ours, theirs):
        found = cell(x, state)
        found = found if isinstance(found, tuple) else (found,)
        wanted = [x, *cell.parameters(), *(states if with_state else [])]
        loss = sum((value.sin() * (k + 1)).sum() for k, value in enumerate(found))
        results.append([*found, *torch.autograd.grad(loss, wanted)])
    (found, expected) = results
    all_close(found, expected, [str(k) for k in range(len(found))])


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_slope_written_in_terms_of_the_value_is_the_derivative(name: str) -> None:
    a = torch.tensor([-3.0, -0.5, -1e-3, 1e-3, 0.2, 2.5], dtype=torch.float64, requires_grad=True)
    value = ACTIVATIONS[name].value(a)
    (expected,) = torch.autograd.grad(value.sum(), a)
    close(ACTIVATIONS[name].slope(value.detach()), expected)


def test_identity_step_returns_a_copy_so_that_nobody_writes_into_its_input() -> None:
    a = torch.zeros(1, 2)
    rnn_step(a, "identity").add_(1)
    assert not a.any()


def gates(*rows: float) -> Tensor:
    """Pre-activations of one sequence and one unit, one per gate."""
    return torch.tensor([rows], dtype=torch.float64)


def test_open_forget_gate_and_closed_input_gate_keep_the_cell_for_ever() -> None:
    inf = torch.inf
    c_0 = torch.tensor([[0.7]], dtype=torch.float64)
    c = c_0
    for t in range(1000):
        c = lstm_step(gates(-inf, inf, 5.0 * (-1) ** t, 0.0), c).c
    assert torch.equal(c, c_0)


def test_closed_forget_gate_and_open_input_gate_replace_the_cell_by_the_candidate() -> None:
    step = lstm_step(gates(torch.inf, -torch.inf, 0.3, 0.0), torch.tensor([[9.0]], dtype=torch.float64))
    close(step.c, torch.tanh(gates(0.3)))


def test_closed_output_gate_hides_the_cell() -> None:
    step = lstm_step(gates(0.0, 0.0, 1.0, -torch.inf), torch.tensor([[2.0]], dtype=torch.float64))
    assert step.h.item() == 0
    assert step.c.item() != 0


def test_closed_update_gate_keeps_the_hidden_state_for_ever() -> None:
    h_0 = torch.tensor([[0.7]], dtype=torch.float64)
    h = h_0
    for t in range(1000):
        h = gru_step(gates(1.0, torch.inf, 5.0 * (-1) ** t), gates(0.0, 0.0, 1.0), h).h
    assert torch.equal(h, h_0)


def test_reset_gate_at_zero_hides_the_past_from_the_candidate() -> None:
    a_h = gates(0.0, 0.0, 3.0)
    step = gru_step(gates(-torch.inf, 0.0, 0.4), a_h, torch.tensor([[2.0]], dtype=torch.float64))
    close(step.n, torch.tanh(gates(0.4)))
    close(step.m, gates(3.0))


def test_lstm_step_by_hand() -> None:
    step = lstm_step(gates(0.0, 0.0, 0.5, 0.0), torch.tensor([[0.8]], dtype=torch.float64))
    close(step.c, 0.5 * 0.8 + 0.5 * torch.tanh(gates(0.5)))
    close(step.h, 0.5 * torch.tanh(step.c))


@pytest.mark.parametrize("cell", [RNNCell, LSTMCell, GRUCell])
def test_initial_weights_are_drawn_as_torch_draws_them(cell: type[RNNCell | LSTMCell | GRUCell]) -> None:
    torch.manual_seed(0)
    ours = cell(5, 9)
    torch.manual_seed(0)
    theirs = getattr(nn, cell.__name__)(5, 9)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
