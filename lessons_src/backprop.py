"""Backpropagation through time, by hand, for an RNN, an LSTM and a GRU.

`d_y` means ∂L/∂y and is shaped like y. Shapes as in `unroll`: (T, B, H). Two gradients meet at h_t: the one that the
loss sends to h_t directly (`d_h_direct`, zero where step t has no loss) and the one that flows back from step t + 1.
Their sum is the whole ∂L/∂h_t, returned as `d_h`.

Whatever does not depend on the gradient itself, the local slopes, is computed for all steps at once before the loop;
the products that only sum over steps, ∂L/∂W, are one matrix product after it.

Sources: werbos1990 for the method; hochreiter1997 and gers2000 for the LSTM; cho2014 for the GRU.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src.cells import ACTIVATIONS, State
from lessons_src.products import sum_over_steps
from lessons_src.unroll import GRUSequence, LSTMSequence, RNNSequence, States


class RNNGradients(NamedTuple):
    """∂L/∂ of everything an RNN sequence depends on; d_a is that of the pre-activations, (T, B, H)."""

    d_a: Float[Tensor, "time batch hidden"]
    d_h: States
    d_weight_hh: Float[Tensor, "hidden hidden"]
    d_h_0: State


class LSTMGradients(NamedTuple):
    """∂L/∂ of everything an LSTM sequence depends on; d_a is that of the pre-activations, (T, B, 4H)."""

    d_a: Float[Tensor, "time batch gates"]
    d_h: States
    d_c: States
    d_weight_hh: Float[Tensor, "gates hidden"]
    d_h_0: State
    d_c_0: State


class GRUGradients(NamedTuple):
    """∂L/∂ of everything a GRU sequence depends on.

    d_a_x and d_a_h differ in the candidate's third, by the reset gate.
    """

    d_a_x: Float[Tensor, "time batch gates"]
    d_a_h: Float[Tensor, "time batch gates"]
    d_h: States
    d_weight_hh: Float[Tensor, "gates hidden"]
    d_h_0: State


def backprop_rnn(sequence: RNNSequence, weight_hh: Float[Tensor, "hidden hidden"], d_h_direct: States) -> RNNGradients:
    """∂L/∂a_t = φ'(a_t) ⊙ ∂L/∂h_t and ∂L/∂h_{t-1} = (direct) + W_hhᵀ ∂L/∂a_t, from the last step to the first."""
    slope = ACTIVATIONS[sequence.activation].slope(sequence.h)
    d_h, d_a = torch.empty_like(slope), torch.empty_like(slope)
    from_next = torch.zeros_like(sequence.h_0)
    for direct_t, slope_t, d_h_t, d_a_t in _backwards(d_h_direct, slope, d_h, d_a):
        torch.add(direct_t, from_next, out=d_h_t)
        torch.mul(d_h_t, slope_t, out=d_a_t)
        from_next = d_a_t @ weight_hh
    return RNNGradients(d_a, d_h, _sum_over_steps(d_a, sequence.h, sequence.h_0), from_next)


def backprop_lstm(
    sequence: LSTMSequence,
    weight_hh: Float[Tensor, "gates hidden"],
    d_h_direct: States,
    d_c_direct: States,
) -> LSTMGradients:
    """Backward through h_t = o ⊙ tanh(c_t) and c_t = f ⊙ c_{t-1} + i ⊙ g, from the last step to the first.

    The cell receives two gradients besides its own loss: through h_t, and from c_{t+1}, times the forget gate.
    """
    i, f, g, o, c, h, h_0, c_0 = sequence
    tanh_c = torch.tanh(c)
    c_prev = torch.cat([c_0[None], c[:-1]])
    h_to_c = o * (1 - tanh_c * tanh_c)
    slopes = [g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g * g), tanh_c * o * (1 - o)]
    # ∂c_t/∂a for i, f, g and ∂h_t/∂a for o, until the loop multiplies in ∂L/∂c_t, ∂L/∂h_t
    d_a = torch.stack(slopes, dim=2)
    d_h, d_c, d_a_flat = torch.empty_like(h), torch.empty_like(h), d_a.flatten(2)
    h_from_next, c_from_next = torch.zeros_like(h_0), torch.zeros_like(c_0)
    for d_h_t, d_c_t, f_t, h_to_c_t, d_a_ifg, d_a_o, d_a_t, direct_h, direct_c in _backwards(
        d_h, d_c, f, h_to_c, d_a[:, :, :3], d_a[:, :, 3], d_a_flat, d_h_direct, d_c_direct
    ):
        torch.add(direct_h, h_from_next, out=d_h_t)
        torch.addcmul(direct_c + c_from_next, d_h_t, h_to_c_t, out=d_c_t)
        d_a_ifg.mul_(d_c_t[:, None])
        d_a_o.mul_(d_h_t)
        h_from_next = d_a_t @ weight_hh
        c_from_next = d_c_t * f_t
    d_weight_hh = _sum_over_steps(d_a_flat, h, h_0)
    return LSTMGradients(d_a_flat, d_h, d_c, d_weight_hh, h_from_next, c_from_next)


def backprop_gru(sequence: GRUSequence, weight_hh: Float[Tensor, "gates hidden"], d_h_direct: States) -> GRUGradients:
    """Backward through h_t = (1 − z) ⊙ n + z ⊙ h_{t-1} and n = tanh(a_xn + r ⊙ m), from the last step to the first.

    h_{t-1} receives two gradients: through the recurrent product, and directly, multiplied by z.
    """
    r, z, n, m, h, h_0 = sequence
    h_prev = torch.cat([h_0[None], h[:-1]])
    h_to_a_n = (1 - z) * (1 - n * n)
    d_a_h = torch.stack([h_to_a_n * m * r * (1 - r), (h_prev - n) * z * (1 - z), h_to_a_n * r], dim=2)
    d_h, d_a_h_flat = torch.empty_like(h), d_a_h.flatten(2)
    from_next = torch.zeros_like(h_0)
    for d_h_t, z_t, d_a_rzn, d_a_h_t, direct_t in _backwards(d_h, z, d_a_h, d_a_h_flat, d_h_direct):
        torch.add(direct_t, from_next, out=d_h_t)
        d_a_rzn.mul_(d_h_t[:, None])
        from_next = torch.addmm(d_h_t * z_t, d_a_h_t, weight_hh)
    d_a_x = torch.cat([d_a_h[:, :, :2], (d_h * h_to_a_n)[:, :, None]], dim=2).flatten(2)
    return GRUGradients(d_a_x, d_a_h_flat, d_h, _sum_over_steps(d_a_h_flat, h, h_0), from_next)


def _backwards(*sequences: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The steps of several sequences side by side, the last step first."""
    return zip(*(reversed(sequence.unbind()) for sequence in sequences), strict=True)


def _sum_over_steps(d_a: Tensor, h: States, h_0: State) -> Tensor:
    """∂L/∂W_hh = Σ_t ∂L/∂a_t h_{t-1}ᵀ, over steps and sequences: the same weight is used at every step."""
    return d_a[0].T @ h_0 + sum_over_steps(d_a[1:], h[:-1])
