"""A cell over a whole sequence: RNN, LSTM and GRU layers, stacked and in both directions, batch first.

The constructor's words and the parameters' names are torch.nn's, so a state dict moves both ways. The forward loop is
`unroll`, the backward loop is `backprop`; an autograd function joins the two, so what the chapters explain is what
trains.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.functional import dropout

from lessons_src import checks
from lessons_src.backprop import backprop_gru, backprop_lstm, backprop_rnn
from lessons_src.cells import ACTIVATIONS
from lessons_src.products import over_steps
from lessons_src.unroll import (
    GRUSequence,
    LSTMSequence,
    RNNSequence,
    unroll_gru,
    unroll_lstm,
    unroll_rnn,
)


def _differentiable_once(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses a second derivative. torch's own once_differentiable lets one pass as zero if ∂L/∂y is a constant."""

    @functools.wraps(backward)
    def once(ctx: Any, *gradients: Tensor) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("create_graph: expected False, since the hand-written backward pass has no derivative")
        return backward(ctx, *gradients)

    return once


class _RNNFunction(Function):
    """unroll_rnn, differentiated by backprop_rnn."""

    @staticmethod
    def forward(ctx: Any, a_x: Tensor, weight_hh: Tensor, h_0: Tensor, activation: str) -> Tensor:
        sequence = unroll_rnn(a_x, weight_hh, h_0, activation)
        ctx.activation = activation
        ctx.save_for_backward(weight_hh, sequence.h, h_0)
        return sequence.h

    @staticmethod
    @_differentiable_once
    def backward(ctx: Any, d_h: Tensor) -> tuple[Tensor | None, ...]:
        weight_hh, h, h_0 = ctx.saved_tensors
        d = backprop_rnn(RNNSequence(h, h_0, ctx.activation), weight_hh, d_h)
        return d.d_a, d.d_weight_hh, d.d_h_0, None


class _LSTMFunction(Function):
    """unroll_lstm, differentiated by backprop_lstm."""

    @staticmethod
    def forward(ctx: Any, a_x: Tensor, weight_hh: Tensor, h_0: Tensor, c_0: Tensor) -> tuple[Tensor, Tensor]:
        sequence = unroll_lstm(a_x, weight_hh, h_0, c_0)
        ctx.save_for_backward(weight_hh, *sequence)
        return sequence.h, sequence.c

    @staticmethod
    @_differentiable_once
    def backward(ctx: Any, d_h: Tensor, d_c: Tensor) -> tuple[Tensor, ...]:
        weight_hh, *sequence = ctx.saved_tensors
        d = backprop_lstm(LSTMSequence(*sequence), weight_hh, d_h, d_c)
        return d.d_a, d.d_weight_hh, d.d_h_0, d.d_c_0


class _GRUFunction(Function):
    """unroll_gru, differentiated by backprop_gru."""

    @staticmethod
    def forward(ctx: Any, a_x: Tensor, weight_hh: Tensor, bias_hh: Tensor, h_0: Tensor) -> Tensor:
        sequence = unroll_gru(a_x, weight_hh, bias_hh, h_0)
        ctx.save_for_backward(weight_hh, *sequence)
        return sequence.h

    @staticmethod
    @_differentiable_once
    def backward(ctx: Any, d_h: Tensor) -> tuple[Tensor, ...]:
        weight_hh, *sequence = ctx.saved_tensors
        d = backprop_gru(GRUSequence(*sequence), weight_hh, d_h)
        return d.d_a_x, d.d_weight_hh, d.d_a_h.flatten(0, 1).sum(0), d.d_h_0


Run = Callable[[str, Tensor, Sequence[Tensor]], tuple[Tensor, ...]]
"""One layer in one direction: (torch's suffix, x (T, B, ·), first states) → every state, each (T, B, H)."""


@dataclass(frozen=True)
class Padding:
    """Where the sequences of a batch end; every sequence here is (T, B, ·). With lengths None all have T steps."""

    lengths: Tensor | None

    @classmethod
    def of(cls, lengths: Any, x: Tensor) -> "Padding":
        """From the caller's `lengths` for x (B, T, D)."""
        batch, steps, _ = x.shape
        return cls(None if lengths is None else checks.sequence_lengths(lengths, batch, steps).to(x.device))

    def _steps(self, sequence: Tensor) -> Tensor:
        return torch.arange(len(sequence), device=sequence.device)[:, None]

    def blank(self, sequence: Tensor) -> Tensor:
        """Zeros behind the end of each sequence, whatever stood there, NaN included."""
        if self.lengths is None:
            return sequence
        return sequence.masked_fill((self._steps(sequence) >= self.lengths)[:, :, None], 0.0)

    def turn(self, sequence: Tensor) -> Tensor:
        """Each sequence in reverse order within its own length; the padding stays where it is."""
        if self.lengths is None:
            return sequence.flip(0)
        steps = self._steps(sequence)
        source = torch.where(steps < self.lengths, self.lengths - 1 - steps, steps)
        return sequence[source, torch.arange(sequence.shape[1], device=sequence.device)]

    def last(self, sequence: Tensor) -> Tensor:
        """Each sequence's value at its own last step, (B, ·)."""
        if self.lengths is None:
            return sequence[-1]
        return sequence[self.lengths - 1, torch.arange(sequence.shape[1], device=sequence.device)]


class _Recurrent(nn.Module):
    """What the three layers share: parameters, checks, stacking, directions and lengths."""

    gates: int
    function: type[Function]
    state_names: tuple[str, ...] = ("h",)
    weight_ih_l0: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.input_size = checks.whole_number("input_size", input_size)
        self.hidden_size = checks.whole_number("hidden_size", hidden_size)
        self.num_layers = checks.whole_number("num_layers", num_layers)
        self.bias = checks.true_or_false("bias", bias)
        self.dropout = checks.number_between("dropout", dropout, 0.0, 1.0)
        self.bidirectional = checks.true_or_false("bidirectional", bidirectional)
        if dropout and num_layers == 1:
            raise ValueError(f"dropout: acts between layers, so with num_layers = 1 expected 0, got {dropout}")
        for suffix in self.suffixes:
            self._add_parameters(suffix)
        self.reset_parameters()

    @property
    def suffixes(self) -> tuple[str, ...]:
        """torch's name of each layer and direction, in the order of the states: l0, l0_reverse, l1, …"""
        return tuple(f"l{layer}{direction}" for layer in range(self.num_layers) for direction in self.directions)

    @property
    def directions(self) -> tuple[str, ...]:
        """The ending of the parameters' names, per direction."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def _add_parameters(self, suffix: str) -> None:
        rows = self.gates * self.hidden_size
        width = self.input_size if suffix in ("l0", "l0_reverse") else len(self.directions) * self.hidden_size
        self.register_parameter(f"weight_ih_{suffix}", nn.Parameter(torch.empty(rows, width)))
        self.register_parameter(f"weight_hh_{suffix}", nn.Parameter(torch.empty(rows, self.hidden_size)))
        if self.bias:
            self.register_parameter(f"bias_ih_{suffix}", nn.Parameter(torch.empty(rows)))
            self.register_parameter(f"bias_hh_{suffix}", nn.Parameter(torch.empty(rows)))

    def reset_parameters(self) -> None:
        """Draws every parameter from U(−1/√H, 1/√H), as torch.nn does."""
        spread = self.hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -spread, spread)

    def weights(self, suffix: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(weight_ih, weight_hh, bias_ih, bias_hh) of one layer and direction; zeros stand for absent biases."""
        weight_ih, weight_hh = getattr(self, f"weight_ih_{suffix}"), getattr(self, f"weight_hh_{suffix}")
        if not self.bias:
            zeros = weight_ih.new_zeros(len(weight_ih))
            return weight_ih, weight_hh, zeros, zeros
        return weight_ih, weight_hh, getattr(self, f"bias_ih_{suffix}"), getattr(self, f"bias_hh_{suffix}")

    def check_input(self, x: Any) -> Tensor:
        """Refuses an x that is not (B, T, input_size), and weights that hold NaN."""
        axes = ("batch", "time", "input_size")
        x = checks.tensor("x", x, axes, (None, None, self.input_size), self.weight_ih_l0)
        for name, parameter in self.named_parameters():
            checks.no_nan(name, parameter)
        return x

    def check_state(self, state: Any, x: Tensor) -> tuple[Tensor, ...]:
        """The first states as a tuple, (h,) or (h, c), each (layers · directions, B, H): those given, or zeros."""
        shape = (len(self.suffixes), len(x), self.hidden_size)
        if state is None:
            return tuple(x.new_zeros(shape) for _ in self.state_names)
        states = (state,) if len(self.state_names) == 1 else checks.pair("state", state)
        axes = ("num_layers * num_directions", "batch", "hidden_size")
        names = ("state",) if len(states) == 1 else tuple(f"state, {name}_0" for name in self.state_names)
        return tuple(checks.tensor(name, s, axes, shape, x) for name, s in zip(names, states, strict=True))

    def forward(self, x: Tensor, state: Any = None, lengths: Any = None) -> tuple[Tensor, Any]:
        """Runs the layer over a batch of sequences.

        Args:
            x: the inputs (B, T, input_size).
            state: the first state (num_layers · num_directions, B, H), for an LSTM a pair (h_0, c_0); None for zeros.
            lengths: the number of real steps of each sequence, (B,); None if all have T. What stands behind a
                sequence's end has no influence, its outputs there are zeros, the final state is that of its own last
                step, and the reverse direction begins there: what packing gives in torch.nn.

        Returns:
            y, the last layer's hidden states (B, T, num_directions · H), and the final state, shaped as `state`.

        Raises:
            TypeError, ValueError: an argument of the wrong kind, rank, size or dtype, or weights that hold NaN.
        """
        x = self.check_input(x)
        states, padding = self.check_state(state, x), Padding.of(lengths, x)
        y, final = self.over_layers(x.transpose(0, 1), states, padding, self._run, self.training)
        return y.transpose(0, 1), final if len(final) > 1 else final[0]

    def over_layers(
        self, x: Tensor, states: Sequence[Tensor], padding: Padding, run: Run, training: bool
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Calls `run` for each layer and direction, bottom up, and joins what they give: (y, final states).

        Time comes first here: x (T, B, D) → y (T, B, num_directions · H). A reverse direction reads each sequence
        turned round, and its states are turned back. Dropout acts if `training`.
        """
        finals: list[tuple[Tensor, ...]] = []
        y = padding.blank(x)
        for layer in range(self.num_layers):
            if layer and self.dropout:
                y = dropout(y, self.dropout, training)
            outputs = []
            for direction in self.directions:
                first = [state[len(finals)] for state in states]
                h, *rest = run(f"l{layer}{direction}", padding.turn(y) if direction else y, first)
                finals.append(tuple(padding.last(state) for state in (h, *rest)))
                outputs.append(padding.turn(padding.blank(h)) if direction else padding.blank(h))
            y = torch.cat(outputs, dim=-1) if len(outputs) > 1 else outputs[0]
        return y, tuple(torch.stack(state) for state in zip(*finals, strict=True))

    def operands(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Any, ...]:
        """What one layer in one direction unrolls: the input product of x (T, B, ·), weights, first states."""
        raise NotImplementedError

    def _run(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """One layer in one direction, differentiable: x (T, B, ·) → every state, each (T, B, H)."""
        states = self.function.apply(*self.operands(suffix, x, state))
        return states if isinstance(states, tuple) else (states,)

    def extra_repr(self) -> str:
        """The sizes, and what departs from the defaults."""
        options = {
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "dropout": (self.dropout, 0.0),
        }
        options["bidirectional"] = (self.bidirectional, False)
        changed = [f"{name}={value}" for name, (value, default) in options.items() if value != default]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed])


class RNN(_Recurrent):
    """h_t = φ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), over a sequence.

    Args:
        input_size: D, the size of x_t.
        hidden_size: H, the size of h_t.
        num_layers: how many layers stand on each other.
        bias: whether b_ih and b_hh exist.
        dropout: probability of dropping a value between layers, while training.
        bidirectional: whether a second set of weights reads from the end.
        nonlinearity: φ: "tanh", "relu", "sigmoid" or "identity".

    Source: elman1990.
    """

    gates = 1
    function = _RNNFunction

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        nonlinearity: str = "tanh",
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, dropout, bidirectional)
        self.nonlinearity = checks.one_of("nonlinearity", nonlinearity, ACTIVATIONS)

    def extra_repr(self) -> str:
        """As the other layers', with the nonlinearity if it is not tanh."""
        return super().extra_repr() + (f", nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else "")

    def operands(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Any, ...]:
        """(a_x, W_hh, h_0, φ), for `unroll_rnn`."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights(suffix)
        return over_steps(x, weight_ih, bias_ih + bias_hh), weight_hh, *state, self.nonlinearity


class LSTM(_Recurrent):
    """`lstm_step` over a sequence; the state is the pair (h, c). Arguments as RNN's, without the nonlinearity.

    Sources: hochreiter1997; gers2000.
    """

    gates = 4
    function = _LSTMFunction
    state_names = ("h", "c")

    def operands(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Any, ...]:
        """(a_x, W_hh, h_0, c_0), for `unroll_lstm`."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights(suffix)
        return over_steps(x, weight_ih, bias_ih + bias_hh), weight_hh, *state


class GRU(_Recurrent):
    """`gru_step` over a sequence. Arguments as RNN's, without the nonlinearity.

    Source: cho2014, with the variant of torch.nn.GRU.
    """

    gates = 3
    function = _GRUFunction

    def operands(self, suffix: str, x: Tensor, state: Sequence[Tensor]) -> tuple[Any, ...]:
        """(a_x, W_hh, b_hh, h_0), for `unroll_gru`."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights(suffix)
        return over_steps(x, weight_ih, bias_ih), weight_hh, bias_hh, *state


def from_torch(layer: nn.RNNBase) -> RNN | LSTM | GRU:
    """Our layer with the weights of one of torch.nn, dtype and device included; refuses what ours do not have."""
    kinds: dict[Any, Any] = {"RNN_TANH": RNN, "RNN_RELU": RNN, "LSTM": LSTM, "GRU": GRU}
    mode: Any = getattr(layer, "mode", None)
    if mode not in kinds or layer.proj_size:
        raise TypeError(f"layer: expected an RNN, LSTM or GRU of torch.nn without projections, got {layer!r}")
    words = ("input_size", "hidden_size", "num_layers", "bias", "dropout", "bidirectional")
    options: dict[str, Any] = {word: getattr(layer, word) for word in words}
    if mode.startswith("RNN"):
        options["nonlinearity"] = layer.nonlinearity
    ours = kinds[mode](**options).to(layer.weight_ih_l0)  # first, so that no float64 weight passes through float32
    ours.load_state_dict(layer.state_dict())
    return ours
