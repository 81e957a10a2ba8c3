"""A cell applied to every step of a sequence, forward, with every gate kept.

Time comes first here, since a loop over t then walks through memory in order: T steps, B sequences, H units, so every
gate and state of a sequence is (T, B, H). The product of the inputs with W_ih does not depend on the past, so the
caller makes it once for all steps (`a_x`); only the product with h_{t-1} is left for the loop.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src.cells import GRUStep, LSTMStep, State, gru_step, lstm_step, rnn_step

States = Float[Tensor, "time batch hidden"]


class RNNSequence(NamedTuple):
    """The hidden states of an RNN over a sequence, and the state it began with."""

    h: States
    h_0: State
    activation: str


class LSTMSequence(NamedTuple):
    """The gates and states of an LSTM over a sequence, and the states it began with."""

    i: States
    f: States
    g: States
    o: States
    c: States
    h: States
    h_0: State
    c_0: State


class GRUSequence(NamedTuple):
    """The gates and states of a GRU over a sequence, and the state it began with; `m` as in GRUStep."""

    r: States
    z: States
    n: States
    m: States
    h: States
    h_0: State


def unroll_rnn(
    a_x: Float[Tensor, "time batch hidden"],
    weight_hh: Float[Tensor, "hidden hidden"],
    h_0: State,
    activation: str,
) -> RNNSequence:
    """Runs `rnn_step` over a sequence; a_x = W_ih x + b_ih + b_hh for all steps."""
    h, steps = h_0, []
    for a_x_t in a_x.unbind():
        h = rnn_step(torch.addmm(a_x_t, h, weight_hh.T), activation)
        steps.append(h)
    return RNNSequence(torch.stack(steps), h_0, activation)


def unroll_lstm(
    a_x: Float[Tensor, "time batch gates"],
    weight_hh: Float[Tensor, "gates hidden"],
    h_0: State,
    c_0: State,
) -> LSTMSequence:
    """Runs `lstm_step` over a sequence; a_x = W_ih x + b_ih + b_hh for all steps."""
    h, c = h_0, c_0
    kept = h_0.new_empty(len(a_x), len(LSTMStep._fields), *h_0.shape)
    for a_x_t, kept_t in zip(a_x.unbind(), kept.unbind(), strict=True):
        step = lstm_step(torch.addmm(a_x_t, h, weight_hh.T), c)
        h, c = step.h, step.c
        torch.stack(step, out=kept_t)
    i, f, g, o, c, h = kept.unbind(1)
    return LSTMSequence(i, f, g, o, c, h, h_0, c_0)


def unroll_gru(
    a_x: Float[Tensor, "time batch gates"],
    weight_hh: Float[Tensor, "gates hidden"],
    bias_hh: Float[Tensor, "gates"],
    h_0: State,
) -> GRUSequence:
    """Runs `gru_step` over a sequence; a_x = W_ih x + b_ih for all steps.

    b_hh stays inside the loop, since the reset gate multiplies a part of it.
    """
    h = h_0
    kept = h_0.new_empty(len(a_x), len(GRUStep._fields), *h_0.shape)
    for a_x_t, kept_t in zip(a_x.unbind(), kept.unbind(), strict=True):
        step = gru_step(a_x_t, torch.addmm(bias_hh, h, weight_hh.T), h)
        h = step.h
        torch.stack(step, out=kept_t)
    r, z, n, m, h = kept.unbind(1)
    return GRUSequence(r, z, n, m, h, h_0)
