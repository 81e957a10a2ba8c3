"""GRUs beside the one in `cells`: what z multiplies, where the reset gate acts, and one gate in the place of two.

Two choices of two make four. torch.nn.GRU, and `cells.gru_step`, have z keep the past and reset after the product.

| | reset after the product: r ⊙ (W_hn h + b_hn) | before it: W_hn (r ⊙ h) + b_hn |
|---|---|---|
| z keeps the past | torch.nn.GRU; cho2014 in its first version | cho2014 as published |
| 1 − z keeps the past | | chung2014 |

These layers are for comparing, so autograd differentiates them, and `tracing` does not know them.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import linear

from lessons_src import checks
from lessons_src.cells import State
from lessons_src.layers import GRU
from lessons_src.products import over_steps

KEEPERS = ("z", "1 - z")
RESETS = ("after", "before")


def gru_variant_step(
    a_x: Float[Tensor, "batch gates"],
    h_prev: State,
    weight_hh: Float[Tensor, "gates hidden"],
    bias_hh: Float[Tensor, " gates"],
    keeps_past: str = "z",
    reset: str = "after",
) -> State:
    """One step of any of the four GRUs: h_prev → h_t.

    Args:
        a_x: W_ih x_t + b_ih, the parts of r, z, n side by side.
        h_prev: h_{t-1}.
        weight_hh: W_hh, the rows of r, z, n in that order.
        bias_hh: b_hh, in the same order.
        keeps_past: what multiplies h_{t-1}: "z" or "1 - z"; the other one multiplies n.
        reset: where r acts: "after" the product, r ⊙ (W_hn h + b_hn), or "before" it, W_hn (r ⊙ h) + b_hn.

    Sources: cho2014, both versions; chung2014.
    """
    checks.one_of("keeps_past", keeps_past, KEEPERS)
    checks.one_of("reset", reset, RESETS)
    a_xr, a_xz, a_xn = a_x.chunk(3, dim=-1)
    (W_hr, W_hz, W_hn), (b_hr, b_hz, b_hn) = weight_hh.chunk(3), bias_hh.chunk(3)
    r = torch.sigmoid(a_xr + linear(h_prev, W_hr, b_hr))
    z = torch.sigmoid(a_xz + linear(h_prev, W_hz, b_hz))
    recurrent = r * linear(h_prev, W_hn, b_hn) if reset == "after" else linear(r * h_prev, W_hn, b_hn)
    n = torch.tanh(a_xn + recurrent)
    return z * h_prev + (1 - z) * n if keeps_past == "z" else (1 - z) * h_prev + z * n


class GRUVariant(GRU):
    """`gru_variant_step` over a sequence: a GRU with two choices more.

    Args:
        *sizes: input_size, hidden_size and the rest, as layers.GRU takes them.
        keeps_past: "z" or "1 - z", as for the step.
        reset: "after" or "before", as for the step.
        **options: as layers.GRU takes them.
    """

    def __init__(self, *sizes: Any, keeps_past: str = "z", reset: str = "after", **options: Any) -> None:
        super().__init__(*sizes, **options)
        self.keeps_past = checks.one_of("keeps_past", keeps_past, KEEPERS)
        self.reset = checks.one_of("reset", reset, RESETS)

    def extra_repr(self) -> str:
        """As the other layers', with the two choices."""
        return f"{super().extra_repr()}, keeps_past={self.keeps_past!r}, reset={self.reset!r}"

    def _run(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """One layer in one direction: x (T, B, ·) → h (T, B, H)."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights(suffix)
        (h,), steps = state, []
        for a_x_t in over_steps(x, weight_ih, bias_ih).unbind():
            h = gru_variant_step(a_x_t, h, weight_hh, bias_hh, self.keeps_past, self.reset)
            steps.append(h)
        return (torch.stack(steps),)


class OneGateGRU(GRUVariant):
    """A GRU whose update gate is computed with the reset gate's weights, so that z = r. Arguments as GRUVariant's.

    Its weights have two groups of rows, the gate's and the candidate's. With keeps_past "1 - z" and the reset "before"
    it is the minimal gated unit of zhou2016.
    """

    gates = 2

    def weights(self, suffix: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(weight_ih, weight_hh, bias_ih, bias_hh), the gate's rows standing for r and once more for z."""
        gate, candidate = zip(*(weight.chunk(2) for weight in super().weights(suffix)), strict=True)
        weight_ih, weight_hh, bias_ih, bias_hh = (torch.cat([g, g, n]) for g, n in zip(gate, candidate, strict=True))
        return weight_ih, weight_hh, bias_ih, bias_hh
