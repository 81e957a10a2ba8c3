"""One time step of an RNN, an LSTM and a GRU: the equations, each in exactly one place.

Shapes: B sequences, D = input_size, H = hidden_size. `x_t` is (B, D), every state and gate is (B, H). Pre-activations
are called `a`; gates are stacked along the last axis ("gates") in torch's order, i, f, g, o and r, z, n.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear

from lessons_src import checks

State = Float[Tensor, "batch hidden"]


class Activation(NamedTuple):
    """A nonlinearity and its slope, the slope written in terms of the value: tanh' = 1 − tanh²."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "tanh": Activation(torch.tanh, lambda h: 1 - h * h),
        "relu": Activation(torch.relu, lambda h: (h > 0).to(h.dtype)),
        "sigmoid": Activation(torch.sigmoid, lambda h: h * (1 - h)),
        "identity": Activation(torch.clone, torch.ones_like),
    }
)


class LSTMStep(NamedTuple):
    """What one LSTM step computes."""

    i: State
    f: State
    g: State
    o: State
    c: State
    h: State


class GRUStep(NamedTuple):
    """What one GRU step computes; `m` is the recurrent part of the candidate, before the reset gate."""

    r: State
    z: State
    n: State
    m: State
    h: State


def rnn_step(a: State, activation: str = "tanh") -> State:
    """h_t = φ(a_t), with a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh.

    Source: elman1990.
    """
    return ACTIVATIONS[activation].value(a)


def lstm_step(a: Float[Tensor, "batch gates"], c_prev: State) -> LSTMStep:
    """c_t = f ⊙ c_{t-1} + i ⊙ g and h_t = o ⊙ tanh(c_t), gates from a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh.

    Sources: hochreiter1997; gers2000 for the forget gate.
    """
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(a_i), torch.sigmoid(a_f), torch.tanh(a_g), torch.sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * torch.tanh(c)
    return LSTMStep(i, f, g, o, c, h)


def gru_step(a_x: Float[Tensor, "batch gates"], a_h: Float[Tensor, "batch gates"], h_prev: State) -> GRUStep:
    """h_t = (1 − z) ⊙ n + z ⊙ h_{t-1}, with n = tanh(a_xn + r ⊙ m).

    `a_x` = W_ih x_t + b_ih and `a_h` = W_hh h_{t-1} + b_hh come apart, since the reset gate multiplies the recurrent
    part of the candidate only. z keeps the past, as in Cho et al.; their published version resets h_{t-1} before the
    product. `gru_variants` has both ways, and the other convention of z.

    Source: cho2014, with the variant of torch.nn.GRU.
    """
    a_xr, a_xz, a_xn = a_x.chunk(3, dim=-1)
    a_hr, a_hz, m = a_h.chunk(3, dim=-1)
    r, z = torch.sigmoid(a_xr + a_hr), torch.sigmoid(a_xz + a_hz)
    n = torch.tanh(a_xn + r * m)
    h = (1 - z) * n + z * h_prev
    return GRUStep(r, z, n, m, h)


class _Cell(nn.Module):
    """The weights of one step, under torch.nn's names."""

    gates: int
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__()
        self.input_size = checks.whole_number("input_size", input_size)
        self.hidden_size = checks.whole_number("hidden_size", hidden_size)
        self.bias = checks.true_or_false("bias", bias)
        rows, spread = self.gates * hidden_size, hidden_size**-0.5
        sizes = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, size in sizes.items():
            absent = name.startswith("bias") and not bias
            self.register_parameter(name, None if absent else nn.Parameter(torch.empty(size).uniform_(-spread, spread)))

    def _pre_activations(self, x_t: Tensor, h_prev: Tensor) -> tuple[Tensor, Tensor]:
        """W_ih x_t + b_ih and W_hh h_{t-1} + b_hh."""
        return linear(x_t, self.weight_ih, self.bias_ih), linear(h_prev, self.weight_hh, self.bias_hh)

    def _input(self, x_t: Tensor) -> Tensor:
        return checks.tensor("x_t", x_t, ("batch", "input_size"), (None, self.input_size), self.weight_ih)

    def _state(self, name: str, state: Tensor | None, x_t: Tensor) -> Tensor:
        """The given state, checked, or zeros."""
        if state is None:
            return x_t.new_zeros(len(x_t), self.hidden_size)
        return checks.tensor(name, state, ("batch", "hidden_size"), (len(x_t), self.hidden_size), self.weight_ih)


class RNNCell(_Cell):
    """One step of an RNN: `h_t = cell(x_t, h_prev)`.

    Args:
        input_size: D, the size of x_t.
        hidden_size: H, the size of h_t.
        bias: whether b_ih and b_hh exist.
        nonlinearity: "tanh", "relu", "sigmoid" or "identity".
    """

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = checks.one_of("nonlinearity", nonlinearity, ACTIVATIONS)

    def forward(self, x_t: Tensor, h_prev: Tensor | None = None) -> Tensor:
        """x_t (B, D) and h_prev (B, H) or None for zeros → h_t (B, H)."""
        a_x, a_h = self._pre_activations(self._input(x_t), self._state("h_prev", h_prev, x_t))
        return rnn_step(a_x + a_h, self.nonlinearity)


class LSTMCell(_Cell):
    """One step of an LSTM: `h_t, c_t = cell(x_t, (h_prev, c_prev))`. Arguments as RNNCell's."""

    gates = 4

    def forward(self, x_t: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """x_t (B, D) and (h_prev, c_prev), each (B, H), or None for zeros → (h_t, c_t)."""
        h_prev, c_prev = (None, None) if state is None else checks.pair("state", state)
        a_x, a_h = self._pre_activations(self._input(x_t), self._state("h_prev", h_prev, x_t))
        step = lstm_step(a_x + a_h, self._state("c_prev", c_prev, x_t))
        return step.h, step.c


class GRUCell(_Cell):
    """One step of a GRU: `h_t = cell(x_t, h_prev)`. Arguments as RNNCell's."""

    gates = 3

    def forward(self, x_t: Tensor, h_prev: Tensor | None = None) -> Tensor:
        """x_t (B, D) and h_prev (B, H) or None for zeros → h_t (B, H)."""
        x_t = self._input(x_t)
        h_prev = self._state("h_prev", h_prev, x_t)
        return gru_step(*self._pre_activations(x_t, h_prev), h_prev).h
