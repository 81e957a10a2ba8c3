"""Traces equal what autograd retains at every step, and clamped gates are exactly what they are clamped to."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lessons_src import layers
from lessons_src.cells import gru_step, lstm_step, rnn_step
from lessons_src.layers import GRU, LSTM, RNN, from_torch
from lessons_src.tracing import GATES, clamp_gate, trace, vector_norm
from tests.strategies import Case, cases, close, normal, torch_layer

KINDS = pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "GRU"])
Kept = dict[str, list[dict[str, Tensor]]]
"""suffix → per step, in the order of the sequence → quantity → value, with its gradient retained."""


def plain_step(layer: Any, suffix: str, x_t: Tensor, state: tuple[Tensor, ...]) -> dict[str, Tensor]:
    """One step by the equations alone: every gate and state."""
    weight_ih, weight_hh, bias_ih, bias_hh = layer.weights(suffix)
    a_x, a_h = x_t @ weight_ih.T + bias_ih, state[0] @ weight_hh.T + bias_hh
    if isinstance(layer, LSTM):
        return lstm_step(a_x + a_h, state[1])._asdict()
    if isinstance(layer, GRU):
        step = gru_step(a_x, a_h, state[0])._asdict()
        del step["m"]
        return step
    return {"h": rnn_step(a_x + a_h, layer.nonlinearity)}


def plain_run(layer: Any, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, Kept]:
    """One sequence (T, D) through all layers and directions, step by step; the outputs and all that was computed."""
    kept: Kept = {}
    y = x
    for depth in range(layer.num_layers):
        outputs = []
        for direction in layer.directions:
            suffix = f"l{depth}{direction}"
            state = tuple(s[len(kept)] for s in states)
            order = range(len(y))[::-1] if direction else range(len(y))
            steps: list[dict[str, Tensor]] = [{}] * len(y)
            for t in order:
                steps[t] = plain_step(layer, suffix, y[t][None], tuple(s.reshape(1, -1) for s in state))
                state = (steps[t]["h"], steps[t]["c"]) if "c" in steps[t] else (steps[t]["h"],)
                for value in state:
                    value.retain_grad()
            kept[suffix] = steps
            outputs.append(torch.cat([step["h"] for step in steps]))
        y = torch.cat(outputs, dim=-1)
    return y, kept


@KINDS
@given(data=st.data())
@settings(max_examples=25)
def test_gates_states_and_gradients_equal_autograd_for_every_layer_and_direction(
    kind: str, data: st.DataObject
) -> None:
    case: Case = data.draw(cases(kind, deepest=2))
    layer = from_torch(case.theirs)
    batch, steps, _ = case.x.shape
    lengths = [steps] * batch if case.lengths is None else case.lengths.tolist()
    names = layer.state_names
    zeros = torch.zeros(len(layer.suffixes), batch, layer.hidden_size, dtype=torch.float64)
    states = case.state or tuple(zeros for _ in names)
    weighing = normal(torch.Generator().manual_seed(1), batch, steps, layer.hidden_size * len(layer.directions))

    runs = [plain_run(layer, case.x[b, :length], tuple(s[:, b] for s in states)) for b, length in enumerate(lengths)]
    for (y, _), w in zip(runs, weighing, strict=True):
        ((y * w[: len(y)]).sum() + y.square().sum()).backward()

    state = None if case.state is None else states if len(names) > 1 else states[0]
    found = trace(layer, case.x, lambda y: (y * weighing).sum() + y.square().sum(), state, case.lengths)
    assert tuple(record.suffix for record in found) == layer.suffixes
    for record in found:
        for b, (_, kept) in enumerate(runs):
            for t, step in enumerate(kept[record.suffix]):
                where = f"{record.suffix}, sequence {b}, step {t}"
                for name, value in step.items():
                    close(getattr(record, name)[b, t], value[0], f"{name} of {where}")
                    if name in names:
                        assert value.grad is not None
                        close(getattr(record, f"d_{name}")[b, t], value.grad[0], f"d_{name} of {where}")
            for name in names:
                assert not getattr(record, f"d_{name}")[b, lengths[b] :].any(), "a gradient behind the end"
                close(
                    getattr(record, f"d_{name}_norm"), getattr(record, f"d_{name}").norm(dim=-1), f"the norm of {name}"
                )


@KINDS
def test_the_top_layers_hidden_states_are_the_outputs_as_in_evaluation(kind: str) -> None:
    layer = from_torch(torch_layer(kind, 3, 4, num_layers=2, bidirectional=True, dropout=0.5))
    x = normal(torch.Generator().manual_seed(0), 2, 5, 3)
    records = trace(layer, x)
    assert layer.training
    close(torch.cat([record.h for record in records[-2:]], dim=-1), layer.eval()(x)[0])
    assert records[0].d_h is None
    with pytest.raises(ValueError, match="no gradient was recorded"):
        _ = records[0].d_h_norm


@KINDS
def test_tracing_leaves_the_layer_and_its_gradients_alone(kind: str) -> None:
    layer = from_torch(torch_layer(kind, 3, 4))
    trace(layer, normal(torch.Generator().manual_seed(0), 2, 5, 3), lambda y: y.sum())
    assert all(weight.grad is None for weight in layer.parameters())


def test_a_trace_cannot_be_changed_by_assignment() -> None:
    (record,) = trace(RNN(2, 3), torch.zeros(1, 2, 2))
    with pytest.raises(AttributeError):
        record.h = torch.zeros(1)  # type: ignore[misc]


GATE_ENDS = [
    (layer, gate, value)
    for layer in (LSTM, GRU)
    for gate in GATES[layer]
    for value in ((-1.0, 1.0) if gate in "gn" else (0.0, 1.0))
]


@pytest.mark.parametrize(("layer", "gate", "value"), GATE_ENDS)
def test_a_clamped_gate_is_exactly_its_value_and_passes_no_gradient(layer: Any, gate: str, value: float) -> None:
    torch.manual_seed(0)
    free = layer(3, 4, num_layers=2, bidirectional=True)
    clamped = clamp_gate(free, gate, value)
    x = 100 * torch.randn(2, 6, 3)
    for record in trace(clamped, x):
        assert (getattr(record, gate) == value).all(), record.suffix
    y, _ = clamped(x)
    y.sum().backward()
    rows = slice(GATES[layer].index(gate) * 4, (GATES[layer].index(gate) + 1) * 4)
    for name, weight in clamped.named_parameters():
        assert weight.grad is not None
        assert weight.grad.isfinite().all(), name
        assert not weight.grad[rows].any(), name
    assert not torch.equal(y, free(x)[0])
    assert all(weight.isfinite().all() for weight in free.parameters()), "the layer itself was changed"


def test_only_the_chosen_units_are_clamped() -> None:
    layer, x = LSTM(3, 4), torch.randn(2, 6, 3)
    record: Any
    (record,) = trace(clamp_gate(layer, "f", 0, units=[1, 3]), x)
    assert (record.f == 0).all(dim=(0, 1)).tolist() == [False, True, False, True]


def test_a_clamp_may_be_moved_and_joined_by_another() -> None:
    layer = clamp_gate(clamp_gate(clamp_gate(LSTM(3, 4), "f", 0), "f", 1), "i", 0)
    c_0 = torch.randn(1, 2, 4)
    _, (_, c) = layer(torch.randn(2, 50, 3), (torch.zeros(1, 2, 4), c_0))
    assert torch.equal(c, c_0), "f = 1, i = 0 keeps the cell for ever"


def test_update_gate_held_at_one_keeps_the_hidden_state_for_ever() -> None:
    h_0 = torch.randn(1, 2, 4)
    y, h = clamp_gate(GRU(3, 4), "z", 1)(torch.randn(2, 50, 3), h_0)
    assert torch.equal(h, h_0)
    assert torch.equal(y, h_0[0, :, None].expand_as(y))


def test_norms_neither_underflow_nor_overflow() -> None:
    tiny = torch.tensor([[3e-200, 4e-200]], dtype=torch.float64)
    huge = torch.tensor([[3e200, 4e200]], dtype=torch.float64)
    assert vector_norm(tiny).item() == pytest.approx(5e-200)
    assert vector_norm(huge).item() == pytest.approx(5e200)
    assert vector_norm(torch.zeros(1, 3)).item() == 0
    assert vector_norm(torch.tensor([[1.0, torch.inf]])).item() == torch.inf
    assert vector_norm(torch.tensor([[1.0, torch.nan]])).isnan().all()


def test_a_gradient_of_1e_minus_200_is_measured() -> None:
    layer = RNN(1, 2, nonlinearity="identity").double()
    layer.load_state_dict(layer.state_dict() | {"weight_hh_l0": 0.1 * torch.eye(2)})
    (record,) = trace(layer, torch.zeros(1, 201, 1, dtype=torch.float64), lambda y: y[:, -1, 0].sum())
    assert math.log10(record.d_h_norm[0, 0].item()) == pytest.approx(-200)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "sigmoid", "identity"])
def test_every_activation_can_be_traced(nonlinearity: str) -> None:
    layer: layers.RNN = layers.RNN(2, 3, nonlinearity=nonlinearity).double()
    x = normal(torch.Generator().manual_seed(0), 1, 4, 2)
    _, kept = run = plain_run(layer, x[0], (torch.zeros(1, 3, dtype=torch.float64),))
    run[0].square().sum().backward()
    (record,) = trace(layer, x, lambda y: y.square().sum())
    assert record.d_h is not None
    close(record.d_h[0], torch.cat([step["h"].grad for step in kept["l0"]]))  # type: ignore[misc]
