"""The backward passes written by hand equal autograd through the plain steps, at every step."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lessons_src.backprop import backprop_gru, backprop_lstm, backprop_rnn
from lessons_src.cells import ACTIVATIONS, gru_step, lstm_step, rnn_step
from lessons_src.unroll import unroll_gru, unroll_lstm, unroll_rnn
from tests.strategies import close, normal

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 4))
EXAMPLES = settings(max_examples=20)


def leaves(generator: torch.Generator, *shapes: tuple[int, ...]) -> list[Tensor]:
    return [normal(generator, *shape).requires_grad_() for shape in shapes]


def kept(value: Tensor) -> Tensor:
    value.retain_grad()
    return value


def gradients(values: list[Tensor]) -> Tensor:
    """∂L/∂ of the values of each step, zero where the loss does not depend on it."""
    return torch.stack([torch.zeros_like(v) if v.grad is None else v.grad for v in values])


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@given(sizes=SIZES)
@EXAMPLES
def test_rnn_equals_autograd(activation: str, sizes: tuple[int, int, int]) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight, h_0 = leaves(generator, (steps, batch, hidden), (hidden, hidden), (batch, hidden))
    direct = normal(generator, steps, batch, hidden)
    h, states = h_0, []
    for t in range(steps):
        h = kept(rnn_step(a_x[t] + h @ weight.T, activation))
        states.append(h)
    (torch.stack(states) * direct).sum().backward()
    with torch.no_grad():
        found = backprop_rnn(unroll_rnn(a_x, weight, h_0, activation), weight, direct)
    expected = {"d_a": a_x.grad, "d_h": gradients(states), "d_weight_hh": weight.grad, "d_h_0": h_0.grad}
    assert set(expected) == set(found._fields)
    for name, value in expected.items():
        close(getattr(found, name), value, name)


@given(sizes=SIZES)
@EXAMPLES
def test_lstm_equals_autograd(sizes: tuple[int, int, int]) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight = leaves(generator, (steps, batch, 4 * hidden), (4 * hidden, hidden))
    h_0, c_0 = leaves(generator, (batch, hidden), (batch, hidden))
    direct_h, direct_c = normal(generator, steps, batch, hidden), normal(generator, steps, batch, hidden)
    h, c, hs, cs = h_0, c_0, [], []
    for t in range(steps):
        step = lstm_step(a_x[t] + h @ weight.T, c)
        h, c = kept(step.h), kept(step.c)
        hs.append(h)
        cs.append(c)
    ((torch.stack(hs) * direct_h).sum() + (torch.stack(cs) * direct_c).sum()).backward()
    with torch.no_grad():
        found = backprop_lstm(unroll_lstm(a_x, weight, h_0, c_0), weight, direct_h, direct_c)
    expected = {"d_a": a_x.grad, "d_h": gradients(hs), "d_c": gradients(cs), "d_weight_hh": weight.grad}
    expected |= {"d_h_0": h_0.grad, "d_c_0": c_0.grad}
    assert set(expected) == set(found._fields)
    for name, value in expected.items():
        close(getattr(found, name), value, name)


@given(sizes=SIZES)
@EXAMPLES
def test_gru_equals_autograd(sizes: tuple[int, int, int]) -> None:
    steps, batch, hidden = sizes
    generator = torch.Generator().manual_seed(0)
    a_x, weight = leaves(generator, (steps, batch, 3 * hidden), (3 * hidden, hidden))
    bias, h_0 = leaves(generator, (3 * hidden,), (batch, hidden))
    direct = normal(generator, steps, batch, hidden)
    h, hs, a_hs = h_0, [], []
    for t in range(steps):
        a_h = kept(h @ weight.T + bias)
        h = kept(gru_step(a_x[t], a_h, h).h)
        hs.append(h)
        a_hs.append(a_h)
    (torch.stack(hs) * direct).sum().backward()
    with torch.no_grad():
        found = backprop_gru(unroll_gru(a_x, weight, bias, h_0), weight, direct)
    expected = {"d_a_x": a_x.grad, "d_a_h": gradients(a_hs), "d_h": gradients(hs), "d_weight_hh": weight.grad}
    expected |= {"d_h_0": h_0.grad}
    assert set(expected) == set(found._fields)
    for name, value in expected.items():
        close(getattr(found, name), value, name)


def orthogonal(size: int) -> Tensor:
    return torch.linalg.qr(normal(torch.Generator().manual_seed(0), size, size)).Q


def last_only(steps: int, batch: int, hidden: int) -> Tensor:
    """∂L/∂h of a loss that looks at the last step alone."""
    direct = torch.zeros(steps, batch, hidden, dtype=torch.float64)
    direct[-1] = normal(torch.Generator().manual_seed(1), batch, hidden)
    return direct


def test_identity_rnn_with_an_orthogonal_matrix_keeps_the_gradients_norm() -> None:
    steps, weight = 200, orthogonal(6)
    a_x = normal(torch.Generator().manual_seed(2), steps, 3, 6)
    direct = last_only(steps, 3, 6)
    sequence = unroll_rnn(a_x, weight, torch.zeros(3, 6, dtype=torch.float64), "identity")
    norms = backprop_rnn(sequence, weight, direct).d_h.norm(dim=-1)
    close(norms, norms[-1].expand_as(norms))


def test_a_gain_below_one_shrinks_the_gradient_by_that_factor_each_step() -> None:
    steps, weight = 50, 0.9 * orthogonal(6)
    a_x = torch.zeros(steps, 1, 6, dtype=torch.float64)
    sequence = unroll_rnn(a_x, weight, a_x[0], "identity")
    norms = backprop_rnn(sequence, weight, last_only(steps, 1, 6)).d_h.norm(dim=-1)[:, 0]
    close(norms[:-1] / norms[1:], torch.full((steps - 1,), 0.9, dtype=torch.float64))


def test_open_forget_gate_hands_the_cells_gradient_back_unchanged() -> None:
    steps, hidden = 100, 4
    a_x = torch.zeros(steps, 2, 4 * hidden, dtype=torch.float64)
    a_x[..., :hidden], a_x[..., hidden : 2 * hidden] = -torch.inf, torch.inf  # i = 0, f = 1
    weight = torch.zeros(4 * hidden, hidden, dtype=torch.float64)
    zeros = torch.zeros(2, hidden, dtype=torch.float64)
    direct_c = last_only(steps, 2, hidden)
    found = backprop_lstm(unroll_lstm(a_x, weight, zeros, zeros), weight, torch.zeros_like(direct_c), direct_c)
    assert torch.equal(found.d_c, direct_c[-1].expand_as(found.d_c))
    assert torch.equal(found.d_c_0, direct_c[-1])


def test_update_gate_at_one_hands_the_hidden_states_gradient_back_unchanged() -> None:
    steps, hidden = 100, 4
    a_x = torch.zeros(steps, 2, 3 * hidden, dtype=torch.float64)
    a_x[..., hidden : 2 * hidden] = torch.inf
    weight = normal(torch.Generator().manual_seed(0), 3 * hidden, hidden)
    direct = last_only(steps, 2, hidden)
    bias, h_0 = torch.zeros(3 * hidden, dtype=torch.float64), torch.zeros(2, hidden, dtype=torch.float64)
    found = backprop_gru(unroll_gru(a_x, weight, bias, h_0), weight, direct)
    assert torch.equal(found.d_h, direct[-1].expand_as(found.d_h))
