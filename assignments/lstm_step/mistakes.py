"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import math

import torch
from torch import Tensor

Gates = tuple[Tensor, Tensor, Tensor, Tensor]
Sequence = tuple[Tensor, Tensor, Tensor]


def gates__candidate_squashed_as_a_gate(a: Tensor) -> Gates:
    """The candidate went through the sigmoid: it is no gate and lies between −1 and 1, so it needs tanh."""
    i, f, g, o = a.sigmoid().chunk(4, dim=-1)
    return i, f, g, o


def gates__forget_before_input(a: Tensor) -> Gates:
    """Your forget gate comes from the first block and your input gate from the second: the order is i, f, g, o."""
    f, i, g, o = a.chunk(4, dim=-1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def gates__output_before_candidate(a: Tensor) -> Gates:
    """Your output gate comes from the third block and your candidate from the fourth: the order is i, f, g, o."""
    i, f, o, g = a.chunk(4, dim=-1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def lstm_step__no_recurrent_term(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """The recurrent term is missing: your gates see the reading x, but not the hidden state h before it (h Uᵀ)."""
    i, f, g, o = (x @ W.T + b).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def lstm_step__forget_and_input_swapped(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """Forget and input gate are swapped in the new cell state: f multiplies the old c, and i the candidate."""
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, dim=-1)
    c = i.sigmoid() * c + f.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def lstm_step__hidden_state_without_tanh(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """Your h_new shows the cell state as it is: h_new = o ⊙ tanh(c_new)."""
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


def lstm_step__hidden_state_from_the_old_cell(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """Your h_new shows the cell state from before the step: take tanh of c_new, not of c."""
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, dim=-1)
    return o.sigmoid() * c.tanh(), f.sigmoid() * c + i.sigmoid() * g.tanh()


def lstm_sequence__cell_state_not_carried(x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor) -> Sequence:
    """The cell state is not carried on: each of your steps begins with the c that was given at the start."""
    outputs, c_new = [], c
    for x_t in x.unbind(1):
        i, f, g, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=-1)
        c_new = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c_new.tanh()
        outputs.append(h)
    return torch.stack(outputs, dim=1), h, c_new


def lstm_sequence__hidden_state_not_carried(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> Sequence:
    """The hidden state is not carried on: each of your steps begins with the h that was given at the start."""
    outputs, h_new = [], h
    for x_t in x.unbind(1):
        i, f, g, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h_new = o.sigmoid() * c.tanh()
        outputs.append(h_new)
    return torch.stack(outputs, dim=1), h_new, c


def lstm_sequence__read_backwards(x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor) -> Sequence:
    """You read the day from its end: step t must read x[:, t], beginning with t = 0."""
    outputs = []
    for x_t in x.flip(1).unbind(1):
        i, f, g, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs, dim=1), h, c


def memory_bias__the_gate_in_place_of_the_bias(hours: float, H: int) -> Tensor:
    """Your bias is the gate's value f itself: the gate is the sigmoid of the bias, so you need log(f / (1 − f))."""
    return torch.tensor([-20.0, 0.5 ** (1 / hours), 0.0, 20.0]).repeat_interleave(H)


def memory_bias__time_constant(hours: float, H: int) -> Tensor:
    """After `hours` hours your memory is at 1/e = 37 %, not at one half: solve f ** hours = 1/2."""
    f = math.exp(-1 / hours)
    return torch.tensor([-20.0, math.log(f / (1 - f)), 0.0, 20.0]).repeat_interleave(H)


def step_backward__nothing_from_the_hidden_state(
    d_h: Tensor, d_c: Tensor, c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor
) -> tuple[Tensor, Tensor]:
    """The road through h' is missing: what arrives at c' is d_c and also d_h ⊙ o ⊙ (1 − tanh² c')."""
    d_o = d_h * torch.tanh(f * c + i * g) * o * (1 - o)
    d_a = torch.cat([d_c * g * i * (1 - i), d_c * c * f * (1 - f), d_c * i * (1 - g**2), d_o], dim=-1)
    return d_a, d_c * f


def step_backward__nothing_from_later_steps(
    d_h: Tensor, d_c: Tensor, c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor
) -> tuple[Tensor, Tensor]:
    """The recurrent term is missing: your gradient ignores d_c, what flows back from t + 1 through the cell state."""
    tanh = torch.tanh(f * c + i * g)
    d = d_h * o * (1 - tanh**2)
    d_o = d_h * tanh * o * (1 - o)
    return torch.cat([d * g * i * (1 - i), d * c * f * (1 - f), d * i * (1 - g**2), d_o], dim=-1), d * f


def step_backward__gates_without_slopes(
    d_h: Tensor, d_c: Tensor, c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor
) -> tuple[Tensor, Tensor]:
    """You stopped at the gates: d_a still needs the slopes σ(1 − σ) of i, f and o, and 1 − g² of the candidate."""
    tanh = torch.tanh(f * c + i * g)
    d = d_c + d_h * o * (1 - tanh**2)
    return torch.cat([d * g, d * c, d * i, d_h * tanh], dim=-1), d * f


def step_backward__tanh_without_slope(
    d_h: Tensor, d_c: Tensor, c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor
) -> tuple[Tensor, Tensor]:
    """On the way from h' to c' the slope of tanh is missing: d_h ⊙ o must be multiplied by 1 − tanh² c'."""
    d = d_c + d_h * o
    d_o = d_h * torch.tanh(f * c + i * g) * o * (1 - o)
    return torch.cat([d * g * i * (1 - i), d * c * f * (1 - f), d * i * (1 - g**2), d_o], dim=-1), d * f


def repair__the_wrong_way_round(rows: Tensor) -> Tensor:
    """You carried our order over to theirs: the rows came as i, o, f, g and must leave as i, f, g, o."""
    i, f, g, o = rows.chunk(4)
    return torch.cat([i, o, f, g])


def repair__forget_and_candidate_swapped(rows: Tensor) -> Tensor:
    """Forget gate and candidate are swapped: from c = 1, f at 5 leaves 0.99 in the cell, and g at 5 leaves 1.00."""
    i, o, g, f = rows.chunk(4)
    return torch.cat([i, f, g, o])


POINTS = {
    "gates__candidate_squashed_as_a_gate": 0,
    "gates__forget_before_input": 1,
    "gates__output_before_candidate": 1,
    "lstm_step__no_recurrent_term": 1,
    "lstm_step__forget_and_input_swapped": 1,
    "lstm_step__hidden_state_without_tanh": 0,
    "lstm_step__hidden_state_from_the_old_cell": 0,
    "lstm_sequence__cell_state_not_carried": 1,
    "lstm_sequence__hidden_state_not_carried": 1,
    "lstm_sequence__read_backwards": 1,
    "memory_bias__the_gate_in_place_of_the_bias": 1,
    "memory_bias__time_constant": 1,
    "step_backward__nothing_from_the_hidden_state": 1,
    "step_backward__nothing_from_later_steps": 0,
    "step_backward__gates_without_slopes": 1,
    "step_backward__tanh_without_slope": 1,
    "repair__the_wrong_way_round": 1,
    "repair__forget_and_candidate_swapped": 1,
}
"""What each leaves of its task's points."""
