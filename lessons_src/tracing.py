"""What a layer did with a sequence: every gate, every state, and the gradient of the loss at every step.

`trace` runs one forward and one backward pass, the book's own: `unroll` and `backprop`.
"""

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks
from lessons_src.backprop import (
    GRUGradients,
    LSTMGradients,
    RNNGradients,
    backprop_gru,
    backprop_lstm,
    backprop_rnn,
)
from lessons_src.layers import GRU, LSTM, RNN, Padding
from lessons_src.unroll import GRUSequence, LSTMSequence, RNNSequence, unroll_gru, unroll_lstm, unroll_rnn

Traced = Float[Tensor, "batch time hidden"]
Sequenced = RNNSequence | LSTMSequence | GRUSequence
Gradients = RNNGradients | LSTMGradients | GRUGradients
Layer = TypeVar("Layer", LSTM, GRU)

GATES: Mapping[type, tuple[str, ...]] = {RNN: (), LSTM: ("i", "f", "g", "o"), GRU: ("r", "z", "n")}
"""The gates of each layer, candidates included, in the order in which torch stacks their weights."""

_UNROLL: Mapping[type, Callable[..., Sequenced]] = {RNN: unroll_rnn, LSTM: unroll_lstm, GRU: unroll_gru}


@dataclass(frozen=True)
class RNNTrace:
    """One layer of an RNN in one direction, step by step, in the order of the sequence.

    Attributes:
        suffix: torch's name of the layer and direction: "l0", "l0_reverse", …
        h: the hidden states (B, T, H).
        d_h: ∂L/∂h_t (B, T, H), everything that flows into h_t; None if no loss was given.
    """

    suffix: str
    h: Traced
    d_h: Traced | None

    @property
    def d_h_norm(self) -> Float[Tensor, "batch time"]:
        """‖∂L/∂h_t‖ (B, T)."""
        return vector_norm(_given(self.d_h))


@dataclass(frozen=True)
class LSTMTrace(RNNTrace):
    """As RNNTrace, with the gates i, f, o, the candidate g, the cell state c and ∂L/∂c_t, each (B, T, H)."""

    i: Traced
    f: Traced
    g: Traced
    o: Traced
    c: Traced
    d_c: Traced | None

    @property
    def d_c_norm(self) -> Float[Tensor, "batch time"]:
        """‖∂L/∂c_t‖ (B, T)."""
        return vector_norm(_given(self.d_c))


@dataclass(frozen=True)
class GRUTrace(RNNTrace):
    """As RNNTrace, with the gates r and z and the candidate n, each (B, T, H)."""

    r: Traced
    z: Traced
    n: Traced


Trace = RNNTrace | LSTMTrace | GRUTrace


def trace(
    layer: RNN | LSTM | GRU,
    x: Float[Tensor, "batch time features"],
    loss: Callable[[Tensor], Tensor] | None = None,
    state: Any = None,
    lengths: Any = None,
) -> tuple[Trace, ...]:
    """Runs the layer as in evaluation (without dropout) and keeps what happened.

    Args:
        layer: an RNN, LSTM or GRU of `layers`.
        x: the inputs (B, T, D).
        loss: maps the outputs y (B, T, directions · H) to a scalar; None for a forward pass alone.
        state: the first state, as for the layer.
        lengths: of the sequences, as for the layer; behind a sequence's end gates mean nothing and gradients are 0.

    Returns:
        One record per layer and direction, in torch's order of states: l0, l0_reverse, l1, …
    """
    if type(layer) not in GATES:
        raise TypeError(f"layer: expected an RNN, LSTM or GRU of lessons_src.layers, got {type(layer).__name__}")
    x = layer.check_input(x)
    padding = Padding.of(lengths, x)
    sequences: dict[str, Sequenced] = {}

    def keep(suffix: str, x_run: Tensor, first: Sequence[Tensor]) -> tuple[Tensor, ...]:
        sequence = _UNROLL[type(layer)](*layer.operands(suffix, x_run, first))
        sequences[suffix] = sequence
        return (sequence.h, sequence.c) if isinstance(sequence, LSTMSequence) else (sequence.h,)

    with torch.no_grad():
        y, _ = layer.over_layers(x.transpose(0, 1), layer.check_state(state, x), padding, keep, training=False)
    if loss is None:
        return tuple(_record(suffix, sequence, None, padding) for suffix, sequence in sequences.items())
    gradients = _backward(layer, sequences, padding.blank(_direct(loss, y)), padding)
    return tuple(_record(suffix, sequence, gradients[suffix], padding) for suffix, sequence in sequences.items())


def _direct(loss: Callable[[Tensor], Tensor], y: Tensor) -> Tensor:
    """∂L/∂y, what the loss sends to the outputs directly: y is (T, B, ·), `loss` sees it batch first."""
    y = y.transpose(0, 1).detach().requires_grad_()
    with torch.enable_grad():
        value = checks.one_number("loss", loss(y))
    if not value.requires_grad:
        raise ValueError("loss: expected a function of y, got one whose value does not depend on y")
    (d_y,) = torch.autograd.grad(value, y)
    return d_y.transpose(0, 1)


@torch.no_grad()
def _backward(
    layer: RNN | LSTM | GRU, sequences: dict[str, Sequenced], d_y: Tensor, padding: Padding
) -> dict[str, Gradients]:
    """The book's backward pass through every layer and direction, the top layer first; d_y is (T, B, ·)."""
    gradients: dict[str, Gradients] = {}
    for depth in reversed(range(layer.num_layers)):
        d_below = []
        for direction, d_h in zip(layer.directions, d_y.chunk(len(layer.directions), dim=-1), strict=True):
            suffix = f"l{depth}{direction}"
            weight_ih, weight_hh, *_ = layer.weights(suffix)
            d = _backprop(sequences[suffix], weight_hh, padding.turn(d_h) if direction else d_h)
            gradients[suffix] = d
            d_x = (d.d_a_x if isinstance(d, GRUGradients) else d.d_a) @ weight_ih
            d_below.append(padding.turn(d_x) if direction else d_x)
        d_y = torch.stack(d_below).sum(0)
    return gradients


def _backprop(sequence: Sequenced, weight_hh: Tensor, d_h: Tensor) -> Gradients:
    if isinstance(sequence, LSTMSequence):
        return backprop_lstm(sequence, weight_hh, d_h, torch.zeros_like(d_h))
    if isinstance(sequence, GRUSequence):
        return backprop_gru(sequence, weight_hh, d_h)
    return backprop_rnn(sequence, weight_hh, d_h)


def _record(suffix: str, sequence: Sequenced, gradients: Gradients | None, padding: Padding) -> Trace:
    """The record of one layer in one direction, batch first and in the order of the sequence."""
    kind = {RNNSequence: RNNTrace, LSTMSequence: LSTMTrace, GRUSequence: GRUTrace}[type(sequence)]
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(kind) if field.name != "suffix"):
        source = gradients if name.startswith("d_") else sequence
        steps = None if source is None else getattr(source, name)
        if steps is not None:
            steps = (padding.turn(steps) if suffix.endswith("_reverse") else steps).transpose(0, 1)
        values[name] = steps
    return kind(suffix=suffix, **values)


def clamp_gate(layer: Layer, gate: str, value: float, units: Sequence[int] | None = None) -> Layer:
    """A copy of the layer in which a gate is held at one value, whatever the inputs and the past.

    A clamp is a bias of ±∞: σ(−∞) = 0 and σ(∞) = 1, both exactly and with slope 0. So the same equations, forward and
    backward, serve a clamped layer.

    Args:
        layer: an LSTM or GRU with biases.
        gate: "i", "f", "g", "o" of an LSTM, "r", "z", "n" of a GRU.
        value: 0 or 1 for a gate; −1 or 1 for a candidate (g, n), which is a tanh.
        units: the units whose gate is held, in every layer and direction; None for all.
    """
    gates = GATES.get(type(layer), ())
    if not gates:
        raise TypeError(f"layer: expected an LSTM or GRU of lessons_src.layers, got {type(layer).__name__}")
    checks.one_of("gate", gate, gates)
    ends = (-1.0, 1.0) if gate in ("g", "n") else (0.0, 1.0)
    if value not in ends:
        raise ValueError(f"value: expected {ends[0]:g} or {ends[1]:g} for {gate}, got {value!r}")
    if not layer.bias:
        raise ValueError("layer: expected one with biases, since a clamp is a bias of ±∞")
    if not isinstance(units, Iterable | None):
        raise TypeError(f"units: expected the numbers of some units, or None for all, got {units!r}")
    chosen = range(layer.hidden_size) if units is None else [checks.whole_number("units", u, least=0) for u in units]
    if max(chosen, default=0) >= layer.hidden_size:
        raise ValueError(f"units: expected numbers below hidden_size = {layer.hidden_size}, got {max(chosen)}")
    clamped = copy.deepcopy(layer)
    rows = [gates.index(gate) * layer.hidden_size + unit for unit in chosen]
    with torch.no_grad():
        for suffix in clamped.suffixes:
            clamped.get_parameter(f"bias_ih_{suffix}")[rows] = math.inf if value == ends[1] else -math.inf
    return clamped


def vector_norm(vectors: Float[Tensor, "*axes hidden"]) -> Float[Tensor, "*axes"]:
    """The Euclidean norm over the last axis. Scaled by the largest entry first, since the square of 1e-200 is 0."""
    largest = vectors.abs().amax(-1, keepdim=True)
    scaled = vectors / largest.where((largest > 0) & largest.isfinite(), 1.0)
    return largest.squeeze(-1) * scaled.norm(dim=-1)


def _given(gradient: Tensor | None) -> Tensor:
    if gradient is None:
        raise ValueError("trace: no gradient was recorded; pass a loss to trace(…) to get one")
    return gradient
