"""ForgetBias: why start b_f at 1, and is that enough?"""

import math
from typing import Any

import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks, plotting, tracing
from lessons_src.cells import lstm_step
from lessons_src.layers import LSTM
from lessons_src.widgets import draws
from lessons_src.widgets.base import BookWidget
from lessons_src.widgets.gradient_explorer import start_randomly

MOST_STEPS, MOST_UNITS = 200, 32
NOISE = 0.3
"""The standard deviation of what the layer reads, GradientExplorer's usual for an LSTM."""

_LIMITS: dict[str, tuple[float, float]] = {
    "forget_bias": (-2, 5),
    "input_gate": (0, 1),
    "output_gate": (0, 1),
    "steps": (2, MOST_STEPS),
    "hidden_size": (1, MOST_UNITS),
    "gain": (0, 3),
    "seed": (0, 99),
}


class ForgetBias(BookWidget):
    """Shows how long a forget bias lets a memory last, and how much of a real layer's gradient the gates account for.

    Above, one LSTM unit with constant gates writes at step 1: c_t = f^(t−1) i with f = σ(b_f), of which it shows
    h_t = o tanh(c_t). Below, a layer with random weights and the same b_f reads T steps of 8 random numbers each; the
    loss is h_T seen from a random direction. Drawn is ‖∂L/∂c_t‖ beside ‖∏ f_s ⊙ ∂L/∂c_T‖ (s = t + 1 … T), both
    relative to ‖∂L/∂c_T‖. The page computes it, in float64, also without a kernel.

    Args:
        forget_bias: b_f, from −2 to 5.
        input_gate: i of the one unit, from 0 to 1.
        output_gate: o of the one unit, from 0 to 1.
        steps: T, from 2 to 200.
        hidden_size: H of the layer, from 1 to 32.
        gain: what the layer's W_hh, drawn with variance 1/H, is multiplied with, from 0 to 3. PyTorch starts an LSTM
            with 0.58; at 0 the gates see no state, and the product is exact.
        seed: of everything random, from 0 to 99.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Sources: gers2000 for the forget gate, jozefowicz2015 for its bias.
    """

    _bundle = traitlets.Unicode("forget_bias").tag(sync=True)

    forget_bias = traitlets.Float(1.0).tag(sync=True)
    input_gate = traitlets.Float(1.0).tag(sync=True)
    output_gate = traitlets.Float(0.5).tag(sync=True)
    steps = traitlets.Int(50).tag(sync=True)
    hidden_size = traitlets.Int(32).tag(sync=True)
    gain = traitlets.Float(0.6).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        forget_bias: float = 1.0,
        input_gate: float = 1.0,
        output_gate: float = 0.5,
        steps: int = 50,
        hidden_size: int = 32,
        gain: float = 0.6,
        seed: int = 0,
    ) -> None:
        super().__init__(
            forget_bias=forget_bias,
            input_gate=input_gate,
            output_gate=output_gate,
            steps=steps,
            hidden_size=hidden_size,
            gain=gain,
            seed=seed,
        )

    @traitlets.validate(*_LIMITS)
    def _check_number(self, proposal: Any) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        checks.number_between(name, value, *_LIMITS[name])
        return value

    @property
    def forget_gate(self) -> float:
        """σ(b_f)."""
        return 1 / (1 + math.exp(-self.forget_bias))

    @property
    def half_life(self) -> float:
        """The steps after which half of a memory is left, ln(1/2) / ln(σ(b_f)); not a whole number."""
        return math.log(2) / math.log1p(math.exp(-self.forget_bias))

    @property
    def memory(self) -> tuple[Float[Tensor, " time"], Float[Tensor, " time"]]:
        """c_t and h_t of the one unit, whose candidate is 1 at step 1 and 0 behind it."""
        c, states = torch.zeros(1, 1, dtype=torch.float64), []
        for t in range(self.steps):
            a = [_logit(self.input_gate), self.forget_bias, 0.0 if t else math.inf, _logit(self.output_gate)]
            step = lstm_step(torch.tensor([a], dtype=torch.float64), c)
            c = step.c
            states.append((float(step.c), float(step.h)))
        both = torch.tensor(states, dtype=torch.float64)
        return both[:, 0], both[:, 1]

    @property
    def layer(self) -> LSTM:
        """The layer with its random weights, in float64."""
        layer = LSTM(draws.INPUT_SIZE, self.hidden_size).double()
        start_randomly(layer, "gaussian", self.gain, self.forget_bias, self.seed)
        return layer

    @property
    def inputs(self) -> Float[Tensor, "1 time features"]:
        """What the layer reads, (1, T, 8)."""
        values = NOISE * draws.normals(self.seed, draws.NOISE, self.steps * draws.INPUT_SIZE)
        return torch.from_numpy(values).view(1, self.steps, draws.INPUT_SIZE)

    @property
    def direction(self) -> Float[Tensor, " hidden"]:
        """The unit vector v of the loss v · h_T, which is also ∂L/∂h_T."""
        return torch.from_numpy(draws.direction(self.hidden_size, self.seed))

    def trace(self) -> tracing.LSTMTrace:
        """Every gate, state and gradient of the layer, computed here, by the package."""
        v = self.direction
        (record,) = tracing.trace(self.layer, self.inputs, loss=lambda y: y[0, -1] @ v)
        assert isinstance(record, tracing.LSTMTrace)
        return record

    def roads(self) -> tuple[Float[Tensor, " time"], Float[Tensor, " time"]]:
        """log10 of ‖∂L/∂c_t‖, and of what the product of forget gates alone brings back, relative to the last step."""
        record = self.trace()
        assert record.d_c is not None
        logs = record.f[0].log().flip(0).cumsum(0).flip(0)  # ln of f_t · … · f_T
        logs = torch.cat([logs[1:], torch.zeros_like(logs[:1])]) + record.d_c[0, -1].abs().log()
        product = torch.logsumexp(2 * logs, dim=-1) / 2 / math.log(10)
        truth = record.d_c_norm[0].log10()
        return truth - truth[-1], product - product[-1]

    def still(self) -> str:
        """Both halves of the figure."""
        c, h = self.memory
        truth, product = self.roads()
        time, shades = range(1, self.steps + 1), plotting.COLOURS
        figure, (top, bottom) = plotting.subplots(2, 1, height=4.2, sharex=True)
        top.plot(time, c, color=shades["c"], label="cell state cₜ of one unit")
        top.plot(time, h, "--", color=shades["o"], label="what is shown of it, hₜ")
        if 1 + self.half_life <= self.steps:
            top.axvline(1 + self.half_life, color=shades["loss"], linewidth=1, linestyle=":")
        top.legend(loc="upper right")
        bottom.plot(time, truth, color=shades["gradient"], label="‖∂L/∂cₜ‖ of a layer, in truth")
        bottom.plot(time, product, "--", color=shades["f"], label="the product of forget gates")
        bottom.set(xlabel="time step t", ylabel="log₁₀, relative")
        bottom.legend(loc="lower right")
        alt = (
            f"{self}: half of a memory is left after {self.half_life:.3g} steps. At t = 1 the gradient is "
            f"10 to the {float(truth[0]):.1f} of what it is at t = {self.steps}; the forget gates alone bring back "
            f"10 to the {float(product[0]):.1f}."
        )
        return plotting.figure_html(figure, alt, caption=alt)

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        unit = f"forget bias {self.forget_bias:g}, i {self.input_gate:g}, o {self.output_gate:g}"
        return f"ForgetBias({unit}, T = {self.steps}, H = {self.hidden_size}, gain {self.gain:g}, seed {self.seed})"


def _logit(gate: float) -> float:
    """The pre-activation whose sigmoid is the gate; infinite at 0 and 1."""
    return float(torch.logit(torch.tensor(gate, dtype=torch.float64)))
