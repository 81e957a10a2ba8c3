"""The Python half of ForgetBias: torch's numbers, the closed forms, what is refused, the still figure."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor, nn

from lessons_src.widgets import ForgetBias, GradientExplorer


def widgets() -> list[ForgetBias]:
    """Settings that differ in everything, with the ends of each."""
    biases, gates = (-2.0, -0.5, 0.0, 1.0, 3.0, 5.0), (0.0, 0.3, 1.0)
    sizes = ((2, 1), (50, 32), (200, 32), (17, 5), (200, 1), (64, 8))
    varied = zip(
        biases, itertools.cycle(gates), sizes, (0.0, 3.0, 1.0, 0.6, 3.0, 2.0), (99, 0, 3, 7, 1, 50), strict=False
    )
    found = [
        ForgetBias(bias, gate, 1 - 0.7 * gate, *size, gain=gain, seed=seed) for bias, gate, size, gain, seed in varied
    ]
    return [*found, ForgetBias(), ForgetBias(-2.0, steps=200), ForgetBias(5.0, steps=200)]


def by_autograd(weights: list[Tensor], x: Tensor, v: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """log10 of ‖∂L/∂c_t‖ and of the product of forget gates times ∂L/∂c_T, by torch's cell and autograd.

    Each c_t is a leaf of its own cell, whose own gradient comes from the next one: so nothing underflows.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    size = len(v)
    h, c = torch.zeros(1, size).double(), torch.zeros(1, size).double()
    steps = []
    for x_t in x:
        h_in, c_in = h.detach().requires_grad_(), c.detach().requires_grad_()
        c_leaf = torch.lstm_cell(x_t[None], (h_in, c_in), weight_ih, weight_hh, bias_ih, bias_hh)[1]
        a = nn.functional.linear(x_t[None], weight_ih, bias_ih) + nn.functional.linear(h_in, weight_hh, bias_hh)
        f, o = a.chunk(4, dim=1)[1].sigmoid(), a.chunk(4, dim=1)[3].sigmoid()
        c_inner = c_leaf.detach().requires_grad_()
        h_new = o * torch.tanh(c_inner)
        steps.append((h_in, c_in, c_leaf, c_inner, h_new, f.detach()))
        h, c = h_new, c_leaf
    d_h, d_c = v[None], torch.zeros(1, size).double()
    log_scale, truth, product, gates = 0.0, [], [], torch.zeros(1, size).double()
    last: Tensor | None = None
    for h_in, c_in, c_leaf, c_inner, h_new, f in reversed(steps):
        from_h, via_h = torch.autograd.grad(h_new, (c_inner, h_in), d_h, retain_graph=True, allow_unused=True)
        total = d_c + from_h
        last = total if last is None else last
        truth.append(float(total.norm().log10()) + log_scale)
        product.append(float(torch.logsumexp(2 * (gates + last.abs().log()), dim=1)) / 2 / math.log(10))
        d_c, via_c = torch.autograd.grad(c_leaf, (c_in, h_in), total)
        d_h = via_c + via_h
        gates = gates + f.log()
        scale = max(float(d_h.norm()), float(d_c.norm()))
        d_h, d_c, log_scale = d_h / scale, d_c / scale, log_scale + math.log10(scale)
    both = np.array(truth[::-1]), np.array(product[::-1])
    return both[0] - both[0][-1], both[1] - both[1][-1]


def weights_of(widget: ForgetBias) -> list[Tensor]:
    return list(widget.layer.weights("l0"))  # type: ignore[arg-type]


def close(found: Any, expected: Any) -> None:
    """Logarithms that differ by less than a relative 1e-9 of what they stand for."""
    assert np.abs(10 ** (np.asarray(found) - np.asarray(expected)) - 1).max() <= 1e-9


@pytest.mark.parametrize("widget", widgets(), ids=repr)
def test_truth_and_product_are_torchs(widget: ForgetBias) -> None:
    truth, product = by_autograd(weights_of(widget), widget.inputs[0], widget.direction)
    found = widget.roads()
    finite = truth > -280  # what the package's own pass still holds in float64
    close(found[0][finite], truth[finite])
    close(found[1][finite], product[finite])


@pytest.mark.parametrize("widget", widgets(), ids=repr)
def test_the_memory_is_what_torchs_cell_keeps(widget: ForgetBias) -> None:
    c, h = widget.memory
    cell = nn.LSTMCell(1, 1).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.weight_ih[2] = 1000.0  # tanh of it is 1
        cell.bias_ih[0], cell.bias_ih[3] = (
            torch.logit(torch.tensor(gate, dtype=torch.float64)) for gate in (widget.input_gate, widget.output_gate)
        )
        cell.bias_ih[1] = widget.forget_bias
        state = torch.zeros(1, 1).double(), torch.zeros(1, 1).double()
        for t in range(widget.steps):
            state = cell(torch.tensor([[float(t == 0)]]).double(), state)
            assert float(c[t]) == pytest.approx(float(state[1]), rel=1e-12)
            assert float(h[t]) == pytest.approx(float(state[0]), rel=1e-12)
    closed = widget.input_gate * torch.sigmoid(torch.tensor(widget.forget_bias).double()) ** torch.arange(widget.steps)
    torch.testing.assert_close(c, closed, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0, 3.0, 5.0])
def test_the_half_life_is_its_closed_form(bias: float) -> None:
    widget = ForgetBias(bias, steps=200)
    assert widget.half_life == pytest.approx(math.log(1 / 2) / math.log(widget.forget_gate), rel=1e-12)
    assert widget.forget_gate**widget.half_life == pytest.approx(0.5, rel=1e-12)
    below = int((widget.memory[0] < 0.5).nonzero()[0])  # steps after the first until less than half is left
    assert below - 1 <= widget.half_life <= below


def test_half_lives_are_those_on_paper() -> None:
    found = {b: round(ForgetBias(b).half_life, 1) for b in (0.0, 1.0, 3.0, 5.0)}
    assert found == {0.0: 1.0, 1.0: 2.2, 3.0: 14.3, 5.0: 103.2}


def test_without_recurrent_weights_the_product_is_the_truth_and_with_them_it_is_not() -> None:
    for bias in (-1.0, 1.0, 5.0):
        truth, product = ForgetBias(bias, gain=0.0).roads()
        close(truth, product)
        truth, product = ForgetBias(bias).roads()
        assert float(truth[0] - product[0]) > 0.5
    gaps = [float(truth[0] - product[0]) for b in (0.0, 5.0) for truth, product in [ForgetBias(b).roads()]]
    assert gaps[0] > 2 * gaps[1], "an open gate leaves less to the other road"


def test_over_200_steps_a_bias_of_1_is_far_from_enough() -> None:
    """What chapter 10 says of the widget."""
    roads = {b: ForgetBias(b, steps=200).roads() for b in (0.0, 1.0, 3.0, 5.0)}
    assert float(roads[1.0][1][0]) < float(roads[1.0][0][0]) < -9
    assert float(roads[3.0][1][0]) < -3 < float(roads[5.0][1][0])
    agreed = [int(((t - p).abs() < math.log10(2)).flip(0).int().cumprod(0).sum()) for t, p in roads.values()]
    assert agreed == sorted(agreed)
    assert agreed[-1] > 5 * agreed[0]
    gaps = [float(t[0] - p[0]) for gain in (0.3, 0.6, 1.0, 2.0) for t, p in [ForgetBias(1.0, gain=gain).roads()]]
    assert gaps == sorted(gaps)


def test_the_layer_is_gradient_explorers() -> None:
    widget = ForgetBias(3.0, steps=7, hidden_size=5, gain=0.5, seed=4)
    explorer = GradientExplorer("LSTM", gate_bias=3.0, steps=7, hidden_size=5, gain=0.5, seed=4)
    assert torch.equal(widget.inputs, explorer.inputs)
    assert torch.equal(widget.direction, explorer.direction)
    for one, other in zip(weights_of(widget), explorer.layer.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"forget_bias": 6.0}, "forget_bias: expected a number from -2 to 5, got 6.0"),
        ({"forget_bias": math.nan}, "forget_bias: expected a number from -2 to 5, got nan"),
        ({"input_gate": 1.5}, "input_gate: expected a number from 0 to 1, got 1.5"),
        ({"output_gate": -0.1}, "output_gate: expected a number from 0 to 1, got -0.1"),
        ({"steps": 1}, "steps: expected a number from 2 to 200, got 1"),
        ({"hidden_size": 33}, "hidden_size: expected a number from 1 to 32, got 33"),
        ({"gain": 3.5}, "gain: expected a number from 0 to 3, got 3.5"),
        ({"seed": -1}, "seed: expected a number from 0 to 99, got -1"),
        ({"steps": 2.5}, "The 'steps' trait of a ForgetBias instance expected an int, not the float 2.5"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_shown_is_refused_with_a_reason(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, traitlets.TraitError)) as caught:
        ForgetBias(**arguments)
    assert message in str(caught.value)


def test_the_still_figure_says_what_the_live_one_says() -> None:
    widget = ForgetBias()
    truth, product = (float(road[0]) for road in widget.roads())
    still = widget.still()
    assert "<svg" in still
    assert "half of a memory is left after 2.21 steps" in still
    assert f"10 to the {truth:.1f} of what it is at t = 50" in still
    assert f"bring back 10 to the {product:.1f}." in still
    assert repr(widget) == "ForgetBias(forget bias 1, i 1, o 0.5, T = 50, H = 32, gain 0.6, seed 0)"
    assert still == ForgetBias().still(), "the same in every run"
    assert "<svg" in ForgetBias(5.0, steps=2, hidden_size=1).still()
