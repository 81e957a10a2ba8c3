"""TruncationWindow: what does detach cut?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks, plotting
from lessons_src.cells import rnn_step
from lessons_src.widgets import draws
from lessons_src.widgets.base import BookWidget

MOST_STEPS, MOST_UNITS = 24, 4
TARGETS = 7
"""The stream of the targets; the others are those of `draws`."""

_LIMITS: dict[str, tuple[float, float]] = {
    "steps": (2, MOST_STEPS),
    "window": (1, MOST_STEPS),
    "stride": (1, MOST_STEPS),
    "hidden_size": (1, MOST_UNITS),
    "gain": (0, 2),
    "seed": (0, 99),
}


@dataclass(frozen=True)
class Passes:
    """What autograd finds when it runs window by window.

    Attributes:
        states: h_t as the loss of step t sees it, (T, H).
        reach: ∂L_s/∂h_t for every loss s and state t, (T, T, H); 0 where nothing connects them.
        d_weight_hh: ∂L/∂W_hh, (H, H).
    """

    states: Float[Tensor, "time hidden"]
    reach: Float[Tensor, "losses time hidden"]
    d_weight_hh: Float[Tensor, "hidden hidden"]


class TruncationWindow(BookWidget):
    """Compares truncated backpropagation through time with the full one, on a small random RNN.

    h_t = tanh(W_ih x_t + W_hh h_{t-1}), h_0 = 0, and a loss L_t = ½ ‖h_t − y_t‖² at every step. Every `stride` steps a
    backward pass goes `window` steps back, for the losses that are new since the last one (Williams and Peng, 1990);
    the state before its first step is detached. The page computes it, in float64, also without a kernel; `truncated`
    and `full` are the same here, by autograd.

    Args:
        steps: T, from 2 to 24.
        window: the length of a backward pass, from 1 to T. T taken below it takes it along.
        stride: the steps between two backward passes, from 1 to `window`; None for as many as the window has, which is
            the usual truncation. A window taken below it takes it along.
        carry: whether a window begins with the state before its first step; otherwise it begins with zeros.
        hidden_size: H, from 1 to 4.
        gain: what the orthogonal W_hh is multiplied with, from 0 to 2.
        seed: of everything random, from 0 to 99.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Source: williams1990.
    """

    _bundle = traitlets.Unicode("truncation_window").tag(sync=True)

    steps = traitlets.Int(6).tag(sync=True)
    window = traitlets.Int(3).tag(sync=True)
    stride = traitlets.Int(None, allow_none=True).tag(sync=True)
    carry = traitlets.Bool(True).tag(sync=True)
    hidden_size = traitlets.Int(2).tag(sync=True)
    gain = traitlets.Float(1.0).tag(sync=True)
    seed = traitlets.Int(7).tag(sync=True)

    def __init__(
        self,
        steps: int = 6,
        window: int = 3,
        stride: int | None = None,
        carry: bool = True,
        hidden_size: int = 2,
        gain: float = 1.0,
        seed: int = 7,
    ) -> None:
        checks.number_between("steps", steps, *_LIMITS["steps"])  # what bounds the others is judged first
        super().__init__(
            steps=steps,
            window=window,
            stride=stride,
            carry=carry,
            hidden_size=hidden_size,
            gain=gain,
            seed=seed,
        )

    @traitlets.validate("steps", "window", "stride", "hidden_size", "gain", "seed")
    def _check_number(self, proposal: Any) -> float | None:
        name, value = proposal["trait"].name, proposal["value"]
        if value is None:
            return None
        low, high = _LIMITS[name]
        if name == "window":
            high = self.steps
        elif name == "stride":
            high = self.window
        checks.number_between(name, value, low, high)
        return float(value) if name == "gain" else value

    @traitlets.observe("steps", "window")
    def _fit(self, _: Any) -> None:
        """What no longer fits becomes smaller."""
        self.window = min(self.window, self.steps)
        if self.stride is not None and self.stride > self.window:
            self.stride = self.window

    @property
    def windows(self) -> list[tuple[int, int, int]]:
        """(first, last, from) of each backward pass: from step last to step first, with the losses from … last."""
        stride = self.window if self.stride is None else self.stride
        ends = range(stride, self.steps + stride, stride)
        return [(max(1, end - self.window + 1), min(end, self.steps), end - stride + 1) for end in ends]

    @property
    def truncated(self) -> Passes:
        """The states and gradients of the windows, by autograd."""
        return self._run(self.windows, self.carry)

    @property
    def full(self) -> Passes:
        """The states and gradients without any cut, by autograd."""
        return self._run([(1, self.steps, 1)], True)

    @property
    def cosine(self) -> float:
        """The cosine of the truncated ∂L/∂W_hh with the full one; NaN if one of them is 0."""
        one, other = self.truncated.d_weight_hh, self.full.d_weight_hh
        return float((one * other).sum() / (one.norm() * other.norm()))

    @property
    def length_ratio(self) -> float:
        """‖∂L/∂W_hh‖, truncated divided by full."""
        return float(self.truncated.d_weight_hh.norm() / self.full.d_weight_hh.norm())

    def _run(self, windows: list[tuple[int, int, int]], carry: bool) -> Passes:
        size = self.hidden_size
        a_x = torch.from_numpy(np.outer(draws.normals(self.seed, draws.NOISE, self.steps), self._weight_ih()))
        weight_hh = torch.from_numpy(self.gain * draws.recurrent("orthogonal", 1, size, self.seed)).requires_grad_()
        targets = torch.from_numpy(draws.normals(self.seed, TARGETS, self.steps * size) / 2).view(-1, size)
        states: list[Tensor] = []
        reach = torch.zeros(self.steps, self.steps, size, dtype=torch.float64)
        d_weight_hh = torch.zeros_like(weight_hh)
        for first, last, new in windows:
            before = states[first - 2] if carry and first > 1 else torch.zeros(size, dtype=torch.float64)
            h = [before.detach()]
            for a_x_t in a_x[first - 1 : last]:
                h.append(rnn_step((a_x_t + weight_hh @ h[-1])[None])[0])
            states += h[new - first + 1 :]
            losses = [0.5 * (states[t - 1] - targets[t - 1]).square().sum() for t in range(new, last + 1)]
            for t, loss in enumerate(losses, start=new):
                found = torch.autograd.grad(loss, h[1 : t - first + 2], retain_graph=True)
                reach[t - 1, first - 1 : t] = torch.stack(found)
            d_weight_hh = d_weight_hh + torch.autograd.grad(torch.stack(losses).sum(), weight_hh)[0]
        return Passes(torch.stack(states).detach(), reach, d_weight_hh.detach())

    def _weight_ih(self) -> np.ndarray:
        return draws.normals(self.seed, draws.INPUT, self.hidden_size)

    def still(self) -> str:
        """How much each loss pulls at each state, as a grid; what is cut is crossed out."""
        norms = self.truncated.reach.norm(dim=-1).numpy()
        figure, axes = plotting.subplots(width=0.6 + 6.6 * min(1, self.steps / 10), height=0.6 + 0.27 * self.steps)
        first = [first for first, last, new in self.windows for _ in range(new, last + 1)]
        kept = np.tri(self.steps, dtype=bool) & (np.arange(1, self.steps + 1) >= np.array(first)[:, None])
        axes.imshow(np.where(kept, np.sqrt(norms), np.nan), aspect="auto", cmap="viridis", vmin=0)
        middle = 0.5 * np.sqrt(norms.max())
        cut = [(s, t) for s, begin in enumerate(first) for t in range(begin - 1)]
        for s, t in cut:
            axes.plot([t - 0.4, t + 0.4], [s + 0.4, s - 0.4], color=plotting.COLOURS["loss"], linewidth=0.8)
        for s, t in np.argwhere(kept).tolist() if self.steps <= 12 else []:
            ink = "black" if norms[s, t] ** 0.5 > middle else "white"
            axes.text(t, s, f"{norms[s, t]:.2f}", ha="center", va="center", fontsize=8, color=ink)
        axes.set_xticks(range(self.steps), range(1, self.steps + 1))
        axes.set_yticks(range(self.steps), range(1, self.steps + 1))
        axes.set_xlabel("state of step t")
        axes.set_ylabel("loss of step s")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        return plotting.figure_html(figure, self._alt(len(cut)), "‖∂L_s/∂h_t‖. Crossed out: cut, exactly 0.")

    def _alt(self, cut: int) -> str:
        truncated, full = self.truncated.states, self.full.states
        differs = (truncated != full).any(dim=1).tolist()
        states = f"differ from step {differs.index(True) + 1} on" if any(differs) else "are the same, bit by bit"
        count = self.steps * (self.steps + 1) // 2
        return (
            f"{self}: {cut} of {count} gradients of a loss with respect to a state are cut and exactly 0. "
            f"The states {states}. ∂L/∂W_hh has {self.length_ratio:.3f} times the length of the full one "
            f"and cosine {self.cosine:.3f} with it."
        )

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        stride = self.window if self.stride is None else self.stride
        state = "carried" if self.carry else "not carried"
        return f"TruncationWindow(T = {self.steps}, window {self.window}, stride {stride}, state {state})"
