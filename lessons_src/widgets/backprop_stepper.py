"""BackpropStepper: where does ∂L/∂W come from?"""

import math
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks, plotting
from lessons_src.backprop import RNNGradients, backprop_rnn
from lessons_src.unroll import RNNSequence, unroll_rnn
from lessons_src.widgets.base import BookWidget

MOST_STEPS, MOST_UNITS, LIMIT = 6, 2, 5.0
WEIGHTS = ("W_hh", "W_ih", "b")
MOST_TERMS = 7 * MOST_STEPS + 1

DEFAULTS: dict[str, Any] = {
    "weight_ih": [1.0, -0.5],
    "weight_hh": [[0.5, -0.3], [0.4, 0.6]],
    "bias": [0.0, 0.1],
    "inputs": [0.5 * math.log(3), math.log(2) - 0.25, math.log(3) - 0.3, 0.4, -0.3, 0.6],
    "targets": [[0.3, 0.2], [0.1, -0.4], [-0.2, 0.5], [0.5, -0.1], [0.2, 0.3], [0.0, 0.4]],
}
"""With one unit the states are 0.5, 0.6 and 0.8, and the second and third are 0.5 and 1 above their targets."""


class Numbers(traitlets.TraitType):
    """A trait of numbers in the shape of its default, which stands for the numbers that are not given."""

    info_text = "numbers"

    def __init__(self, name: str) -> None:
        super().__init__(DEFAULTS[name])
        self._argument = name
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> list[Any]:
        """The numbers as lists; a number alone stands for the first of a row."""
        whole = np.array(DEFAULTS[self._argument])
        size = " by ".join(map(str, whole.shape))
        wanted = f"{self._argument}: expected at most {size} numbers from {-LIMIT:g} to {LIMIT:g}"
        try:
            given = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{wanted}, got {value!r}") from error
        given = given.reshape(*given.shape, *[1] * (whole.ndim - given.ndim))
        fits = given.ndim == whole.ndim and all(g <= w for g, w in zip(given.shape, whole.shape, strict=True))
        if not fits or not (np.abs(given) <= LIMIT).all():
            raise ValueError(f"{wanted}, got {value!r}")
        whole[tuple(slice(size) for size in given.shape)] = given
        return list(whole.tolist())


class BackpropStepper(BookWidget):
    """Goes back through a small unrolled RNN, one term of the gradient per click, and adds up ∂L/∂W over the steps.

    h_t = tanh(a_t) with a_t = W_ih x_t + W_hh h_{t-1} + b, h_0 = 0 and one number x_t per step. L is the sum of
    ½ ‖h_t − y_t‖² over the steps that have a loss. Each term is shown as an equation, in numbers and as a line of
    `lessons_src.backprop`, beside a check: the same number by nudging and running forward again. The page computes
    everything, in float64, also without a kernel; the properties below compute the same here.

    Args:
        steps: T, from 2 to 6.
        hidden_size: H, 1 or 2.
        weight_ih: W_ih, H numbers.
        weight_hh: W_hh, H by H numbers.
        bias: b, H numbers.
        inputs: x_1, x_2, …, T numbers.
        targets: y_1, y_2, …, T by H numbers; for one unit T numbers.
        losses: the steps that have a loss, from 1; those after T do not count.
        unit: the unit that is shown, 1 or 2.
        weight: whose gradient is added up: "W_hh", "W_ih" or "b".
        position: how many terms of the way back are computed, from 0 to 43.

    Of the numbers fewer may be given than are needed, or more than are used: those that are left out are the default's.
    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("backprop_stepper").tag(sync=True)

    steps = traitlets.Int(3).tag(sync=True)
    hidden_size = traitlets.Int(1).tag(sync=True)
    weight_ih = Numbers("weight_ih")
    weight_hh = Numbers("weight_hh")
    bias = Numbers("bias")
    inputs = Numbers("inputs")
    targets = Numbers("targets")
    losses = traitlets.List(traitlets.Int(), [2, 3]).tag(sync=True)
    unit = traitlets.Int(1).tag(sync=True)
    weight = traitlets.Unicode("W_hh").tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        steps: int = 3,
        hidden_size: int = 1,
        weight_ih: Any = (),
        weight_hh: Any = (),
        bias: Any = (),
        inputs: Any = (),
        targets: Any = (),
        losses: Any = (2, 3),
        unit: int = 1,
        weight: str = "W_hh",
        position: int = 0,
    ) -> None:
        super().__init__(
            steps=steps,
            hidden_size=hidden_size,
            weight_ih=weight_ih,
            weight_hh=weight_hh,
            bias=bias,
            inputs=inputs,
            targets=targets,
            losses=losses,
            unit=unit,
            weight=weight,
            position=position,
        )

    @traitlets.validate("steps", "hidden_size", "unit", "position")
    def _check_number(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        checks.number_between(name, value, *_LIMITS[name])
        return int(value)

    @traitlets.validate("weight")
    def _check_weight(self, proposal: Any) -> str:
        return checks.one_of("weight", proposal["value"], WEIGHTS)

    @traitlets.validate("losses")
    def _check_losses(self, proposal: Any) -> list[int]:
        wrong = [t for t in proposal["value"] if not 1 <= t <= MOST_STEPS]
        if wrong:
            raise ValueError(f"losses: expected steps from 1 to {MOST_STEPS}, got {wrong[0]}")
        return sorted(set(proposal["value"]))

    @property
    def sequence(self) -> RNNSequence:
        """The forward pass, by the package, in float64: (T, 1, H)."""
        x = torch.tensor(self.inputs[: self.steps], dtype=torch.float64).view(-1, 1, 1)
        weight_ih, weight_hh, bias = self._weights()
        return unroll_rnn(
            x * weight_ih + bias, weight_hh, torch.zeros(1, self.hidden_size, dtype=torch.float64), "tanh"
        )

    @property
    def d_h_direct(self) -> Float[Tensor, "time 1 hidden"]:
        """What the loss sends to each state directly: h_t − y_t, or 0 where step t has no loss."""
        targets = torch.tensor(self.targets, dtype=torch.float64)[: self.steps, None, : self.hidden_size]
        chosen = torch.tensor([t in self.losses for t in range(1, self.steps + 1)])
        return (self.sequence.h - targets) * chosen[:, None, None]

    @property
    def gradients(self) -> RNNGradients:
        """The backward pass, by the package."""
        return backprop_rnn(self.sequence, self._weights()[1], self.d_h_direct)

    @property
    def loss(self) -> float:
        """L."""
        return 0.5 * float(self.d_h_direct.square().sum())

    def contributions(self, weight: str = "W_hh") -> Float[Tensor, "time ..."]:
        """Each step's part of the gradient of "W_hh" (T, H, H), "W_ih" (T, H) or "b" (T, H)."""
        checks.one_of("weight", weight, WEIGHTS)
        sequence, d_a = self.sequence, self.gradients.d_a[:, 0]
        if weight == "W_hh":
            past = torch.cat([sequence.h_0, sequence.h[:-1, 0]])
            return d_a[:, :, None] * past[:, None]
        return d_a * torch.tensor(self.inputs[: self.steps], dtype=torch.float64)[:, None] if weight == "W_ih" else d_a

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        size = self.hidden_size
        weight_ih, weight_hh, bias = (
            torch.tensor(values, dtype=torch.float64) for values in (self.weight_ih, self.weight_hh, self.bias)
        )
        return weight_ih[:size], weight_hh[:size, :size], bias[:size]

    def still(self) -> str:
        """Each step's part of the gradient of the watched weight as bars that stack to the total."""
        unit = min(self.unit, self.hidden_size) - 1
        parts = self.contributions(self.weight)[:, unit].reshape(self.steps, -1)[:, 0].numpy()[::-1]
        of = "" if self.hidden_size == 1 else f"[{unit + 1}{',1' if self.weight == 'W_hh' else ''}]"
        ends = parts.cumsum()
        figure, axes = plotting.subplots(height=0.6 + 0.3 * (self.steps + 1))
        labels = [f"step {t}" for t in range(self.steps, 0, -1)]
        colour = plotting.COLOURS["gradient"]
        axes.barh(labels, parts, left=ends - parts, color=colour)
        axes.barh("sum", ends[-1], color="none", edgecolor=colour, linewidth=2)
        for row, (value, end) in enumerate(zip([*parts, ends[-1]], [*ends, ends[-1]], strict=True)):
            axes.annotate(_short(value), (max(end, end - value), row), (4, 0), textcoords="offset points", va="center")
        axes.axvline(0, linewidth=0.7, color=plotting.COLOURS["loss"])
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_xlabel(f"part of ∂L/∂{self.weight}{of}")
        words = " + ".join(_short(value) for value in parts).replace("+ −", "− ")
        alt = f"∂L/∂{self.weight}{of} is a sum over the steps, the last step first: {words} = {_short(ends[-1])}."
        return plotting.figure_html(figure, alt, caption=alt)

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        at = ", ".join(map(str, self.losses)) or "none"
        return f"BackpropStepper(T = {self.steps}, H = {self.hidden_size}, losses at {at}, term {self.position})"


_LIMITS: dict[str, tuple[float, float]] = {
    "steps": (2, MOST_STEPS),
    "hidden_size": (1, MOST_UNITS),
    "unit": (1, MOST_UNITS),
    "position": (0, MOST_TERMS),
}


def _short(value: float) -> str:
    return f"{value + 0.0:.4g}".replace("-", "−")
