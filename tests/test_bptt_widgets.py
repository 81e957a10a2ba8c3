"""The Python half of BackpropStepper and TruncationWindow: autograd's numbers, what is refused, the still figures."""

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor

from lessons_src.widgets import BackpropStepper, TruncationWindow, draws
from tests.bptt_reference import Terms, Truncated, terms, truncate


def settings_of(stepper: BackpropStepper) -> dict[str, Any]:
    """As the page's arithmetic takes them: only what is used, row by row."""
    steps, size = stepper.steps, stepper.hidden_size
    return {
        "T": steps,
        "H": size,
        "weightIh": stepper.weight_ih[:size],
        "weightHh": [value for row in stepper.weight_hh[:size] for value in row[:size]],
        "bias": stepper.bias[:size],
        "inputs": stepper.inputs[:steps],
        "targets": [value for row in stepper.targets[:steps] for value in row[:size]],
        "losses": [t for t in stepper.losses if t <= steps],
    }


def random_stepper(seed: int) -> BackpropStepper:
    random = np.random.default_rng(seed)
    steps, size = 2 + seed % 5, 1 + seed % 2
    return BackpropStepper(
        steps,
        size,
        random.normal(size=size).clip(-5, 5),
        random.normal(size=(size, size)).clip(-5, 5),
        random.normal(size=size).clip(-5, 5),
        random.normal(size=steps).clip(-5, 5),
        random.normal(size=(steps, size)).clip(-5, 5),
        [t for t in range(1, steps + 1) if random.random() < 0.6],
    )


STEPPERS = [BackpropStepper(), *map(random_stepper, range(12))]


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


# -------------------------------------------------------------------------------------------------- BackpropStepper


def test_the_default_is_the_example_on_paper() -> None:
    stepper = BackpropStepper()
    d = stepper.gradients
    assert stepper.sequence.h.flatten().tolist() == pytest.approx([0.5, 0.6, 0.8])
    assert stepper.d_h_direct.flatten().tolist() == pytest.approx([0, 0.5, 1])
    assert d.d_h.flatten().tolist() == pytest.approx([0.2176, 0.68, 1])
    assert d.d_a.flatten().tolist() == pytest.approx([0.1632, 0.4352, 0.36])
    assert stepper.contributions("W_hh").flatten().tolist() == pytest.approx([0, 0.2176, 0.216])
    x = [0.5 * math.log(3), math.log(2) - 0.25, math.log(3) - 0.3]
    assert stepper.contributions("W_ih").flatten().tolist() == pytest.approx(
        [0.1632 * x[0], 0.4352 * x[1], 0.36 * x[2]]
    )
    assert float(stepper.contributions("b").sum()) == pytest.approx(0.9584)
    assert float(d.d_weight_hh) == pytest.approx(0.4336)
    assert stepper.loss == pytest.approx(0.625)


@pytest.mark.parametrize("stepper", STEPPERS, ids=repr)
def test_the_contributions_of_all_steps_add_up_to_autograds_gradient(stepper: BackpropStepper) -> None:
    expected: Terms = terms(settings_of(stepper))
    close(stepper.sequence.h[:, 0], expected.h)
    close(stepper.gradients.d_h[:, 0], expected.d_h)
    close(stepper.gradients.d_a[:, 0], expected.d_a)
    assert stepper.loss == pytest.approx(expected.loss, rel=1e-12)
    for name in ("W_hh", "W_ih", "b"):
        each: Tensor = getattr(expected, name)
        close(stepper.contributions(name), each)
        close(stepper.contributions(name).sum(0), each.sum(0))


@pytest.mark.parametrize("seed", range(6))
def test_one_more_loss_adds_its_own_gradient_to_the_steps_up_to_it_and_to_no_other(seed: int) -> None:
    stepper = random_stepper(seed)
    for t in range(1, stepper.steps + 1):
        stepper.losses = [s for s in range(1, stepper.steps + 1) if s != t]
        without = {name: stepper.contributions(name) for name in ("W_hh", "W_ih", "b")}
        stepper.losses = [*stepper.losses, t]
        alone = terms(settings_of(stepper) | {"losses": [t]})
        for name, before in without.items():
            after = stepper.contributions(name)
            assert torch.equal(after[t:], before[t:])
            close(after[:t] - before[:t], getattr(alone, name)[:t])
            assert torch.equal(getattr(alone, name)[t:], torch.zeros_like(before[t:]))


def test_numbers_that_are_not_given_are_the_defaults() -> None:
    stepper = BackpropStepper(4, 2, weight_hh=[[0.25]], inputs=[1, 2], targets=[0.5], bias=3)
    default = BackpropStepper()
    assert stepper.weight_hh == [[0.25, -0.3], [0.4, 0.6]]
    assert stepper.inputs == [1.0, 2.0, *default.inputs[2:]]
    assert stepper.targets == [[0.5, 0.2], *default.targets[1:]]
    assert (stepper.bias, stepper.weight_ih) == ([3.0, 0.1], default.weight_ih)
    stepper.weight_hh = 0.5
    assert stepper.weight_hh == default.weight_hh
    stepper.losses = [3, 1, 3]
    assert stepper.losses == [1, 3]
    stepper.losses = []
    assert not stepper.contributions().any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 7}, "steps: expected a number from 2 to 6, got 7"),
        ({"steps": 2.5}, "The 'steps' trait of a BackpropStepper instance expected an int, not the float 2.5"),
        ({"hidden_size": 3}, "hidden_size: expected a number from 1 to 2, got 3"),
        ({"unit": 0}, "unit: expected a number from 1 to 2, got 0"),
        ({"position": 44}, "position: expected a number from 0 to 43, got 44"),
        ({"weight": "W"}, "weight: expected one of W_hh, W_ih, b, got 'W'"),
        ({"losses": [0]}, "losses: expected steps from 1 to 6, got 0"),
        ({"losses": [2, 7]}, "losses: expected steps from 1 to 6, got 7"),
        ({"inputs": [1] * 7}, "inputs: expected at most 6 numbers from -5 to 5, got [1, 1"),
        ({"bias": [6.0]}, "bias: expected at most 2 numbers from -5 to 5, got [6.0]"),
        ({"targets": [float("nan")]}, "targets: expected at most 6 by 2 numbers from -5 to 5, got [nan]"),
        ({"weight_hh": [[1, 2, 3]]}, "weight_hh: expected at most 2 by 2 numbers from -5 to 5, got [[1, 2, 3]]"),
        ({"weight_ih": "x"}, "weight_ih: expected at most 2 numbers from -5 to 5, got 'x'"),
        ({"weight_ih": [[1]]}, "weight_ih: expected at most 2 numbers from -5 to 5, got [[1]]"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_the_stepper_refuses_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        BackpropStepper(**arguments)
    assert message in str(refused.value)


def test_what_is_refused_later_keeps_its_value() -> None:
    stepper = BackpropStepper()
    with pytest.raises(ValueError, match="bias: expected at most 2 numbers"):
        stepper.bias = [9]
    assert stepper.bias == [0.0, 0.1]
    with pytest.raises(ValueError, match="weight: expected one of W_hh, W_ih, b, got 'x'"):
        stepper.contributions("x")


@pytest.mark.parametrize("weight", ["W_hh", "W_ih", "b"])
def test_the_stepper_stands_still_as_bars_that_stack_to_the_total(weight: str) -> None:
    stepper = BackpropStepper(weight=weight)
    data, _ = stepper._repr_mimebundle_()
    assert data["text/html"] == stepper.still() == BackpropStepper(weight=weight).still()
    parts = stepper.contributions(weight).flatten().tolist()[::-1]
    shown = [f"{value:.4g}" for value in [*parts, sum(parts)]]
    assert all(f">{value}</text>" in stepper.still() for value in shown)
    label = re.search('aria-label="([^"]*)"', stepper.still())
    assert label
    assert label[1].endswith(f"the last step first: {shown[0]} + {shown[1]} + {shown[2]} = {shown[3]}.")


def test_two_units_without_a_loss_stand_still_too() -> None:
    assert "0 + 0 + 0 = 0" in BackpropStepper(3, 2, losses=[], unit=2).still()
    assert repr(BackpropStepper(losses=[], position=3)) == "BackpropStepper(T = 3, H = 1, losses at none, term 3)"


# ------------------------------------------------------------------------------------------------- TruncationWindow


def reference_of(widget: TruncationWindow, window: int | None = None) -> Truncated:
    """Of the numbers that the widget draws, by torch.nn.RNN."""
    steps, size = widget.steps, widget.hidden_size
    return truncate(
        torch.from_numpy(draws.normals(widget.seed, 1, size)),
        torch.from_numpy(widget.gain * draws.recurrent("orthogonal", 1, size, widget.seed)),
        torch.from_numpy(draws.normals(widget.seed, 3, steps)),
        torch.from_numpy(draws.normals(widget.seed, 7, steps * size) / 2).view(steps, size),
        window or widget.window,
        window or widget.stride or widget.window,
        widget.carry or window is not None,
    )


def windows() -> list[TruncationWindow]:
    """Every size, each with many windows and strides."""
    sizes = [(6, 3, None), (6, 4, None), (6, 1, None), (7, 5, 2), (12, 4, 1), (9, 9, 4), (24, 10, 3), (2, 1, 1)]
    return [
        TruncationWindow(steps, window, stride, carry, 1 + k % 4, (0.7, 1.0, 1.6)[k % 3], seed=k)
        for k, ((steps, window, stride), carry) in enumerate(itertools.product(sizes, (True, False)))
    ]


def dense(reach: dict[tuple[int, int], Tensor], widget: TruncationWindow) -> Tensor:
    out = torch.zeros(widget.steps, widget.steps, widget.hidden_size, dtype=torch.float64)
    for (s, t), d in reach.items():
        out[s - 1, t - 1] = d
    return out


@pytest.mark.parametrize("widget", windows(), ids=repr)
def test_windows_are_those_of_a_training_loop_with_detach(widget: TruncationWindow) -> None:
    expected, whole = reference_of(widget), reference_of(widget, widget.steps)
    for found, reference in ((widget.truncated, expected), (widget.full, whole)):
        close(found.states, reference.h)
        close(found.reach, dense(reference.reach, widget))
        close(found.d_weight_hh, reference.d_weight_hh)
    one, other = expected.d_weight_hh, whole.d_weight_hh
    if one.norm():
        assert widget.cosine == pytest.approx(float((one * other).sum() / one.norm() / other.norm()), rel=1e-12)
    assert widget.length_ratio == pytest.approx(float(one.norm() / other.norm()), rel=1e-12)


@pytest.mark.parametrize("widget", windows(), ids=repr)
def test_the_state_crosses_a_cut_bit_by_bit_and_the_gradient_does_not(widget: TruncationWindow) -> None:
    truncated, full = widget.truncated, widget.full
    first_cut = next((first for first, _, _ in widget.windows if first > 1), widget.steps + 1)
    connected = reference_of(widget).reach
    same = (truncated.states == full.states).all(dim=1)
    if widget.carry:
        assert same.all()
    elif widget.stride is None:
        assert same[: first_cut - 1].all()
        assert not same[first_cut - 1 :].any()
    for s, t in itertools.product(range(widget.steps), repeat=2):
        if (s + 1, t + 1) not in connected:
            assert torch.equal(truncated.reach[s, t], torch.zeros(widget.hidden_size, dtype=torch.float64))
        elif widget.carry:
            assert torch.equal(truncated.reach[s, t], full.reach[s, t]), "within a window nothing changes"


def test_one_window_is_backpropagation_through_time_in_full() -> None:
    for steps, size in itertools.product((2, 6, 24), (1, 4)):
        widget = TruncationWindow(steps, steps, hidden_size=size)
        truncated, full = widget.truncated, widget.full
        assert torch.equal(truncated.d_weight_hh, full.d_weight_hh)
        assert torch.equal(truncated.reach, full.reach)
        assert widget.length_ratio == 1
        assert widget.cosine == pytest.approx(1, abs=1e-15)
        often = TruncationWindow(steps, steps, stride=1, hidden_size=size).truncated
        close(often.d_weight_hh, full.d_weight_hh)


def test_the_default_is_six_steps_in_windows_of_three() -> None:
    widget = TruncationWindow()
    assert (widget.steps, widget.window, widget.stride, widget.carry) == (6, 3, None, True)
    assert widget.windows == [(1, 3, 1), (4, 6, 4)]
    assert TruncationWindow(7, 4, 2).windows == [(1, 2, 1), (1, 4, 3), (3, 6, 5), (5, 7, 7)]
    assert TruncationWindow(5, 3).windows == [(1, 3, 1), (4, 5, 4)], "the last window may end early"


def test_windows_of_one_step_from_zeros_learn_nothing_of_w_hh() -> None:
    widget = TruncationWindow(4, 1, carry=False)
    assert widget.length_ratio == 0
    assert math.isnan(widget.cosine)


def test_what_no_longer_fits_becomes_smaller() -> None:
    widget = TruncationWindow(12, 8, 6)
    widget.window = 5
    assert widget.stride == 5
    widget.steps = 4
    assert (widget.window, widget.stride) == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 25}, "steps: expected a number from 2 to 24, got 25"),
        ({"steps": -1}, "steps: expected a number from 2 to 24, got -1"),
        ({"window": 7}, "window: expected a number from 1 to 6, got 7"),
        ({"window": 0}, "window: expected a number from 1 to 6, got 0"),
        ({"stride": 4}, "stride: expected a number from 1 to 3, got 4"),
        ({"stride": 0}, "stride: expected a number from 1 to 3, got 0"),
        ({"carry": "no"}, "The 'carry' trait of a TruncationWindow instance expected a boolean, not the str 'no'"),
        ({"hidden_size": 5}, "hidden_size: expected a number from 1 to 4, got 5"),
        ({"gain": 2.1}, "gain: expected a number from 0 to 2, got 2.1"),
        ({"seed": 100}, "seed: expected a number from 0 to 99, got 100"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_the_window_refuses_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        TruncationWindow(**arguments)
    assert message in str(refused.value)


def test_the_window_stands_still_as_a_grid_with_what_is_cut_crossed_out() -> None:
    widget = TruncationWindow()
    data, _ = widget._repr_mimebundle_()
    assert data["text/html"] == widget.still()
    norms = widget.full.reach.norm(dim=-1)
    texts = re.findall(r">(\d\.\d\d)</text>", widget.still())
    kept = [(s, t) for s in range(6) for t in range(s + 1) if s < 3 or t >= 3]
    assert texts == [f"{norms[s, t]:.2f}" for s, t in kept]
    assert "9 of 21 gradients" in widget.still()
    assert "The states are the same, bit by bit." in widget.still()
    assert "The states differ from step 4 on." in TruncationWindow(carry=False).still()
    assert repr(widget) == "TruncationWindow(T = 6, window 3, stride 3, state carried)"
    assert "<svg" in TruncationWindow(24, 8, 3, hidden_size=4).still()
