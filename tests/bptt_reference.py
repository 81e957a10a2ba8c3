"""Backpropagation through time by autograd, apart from the package: what the widgets of chapter 8 are compared with."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Terms(NamedTuple):
    """Of a tanh RNN that reads one number per step: states, and what autograd finds at each step."""

    loss: float
    h: Tensor  # (T, H)
    d_h: Tensor  # (T, H)
    d_a: Tensor  # (T, H)
    into_past: Tensor  # (T, H), what step t sends back to h_{t-1}
    W_hh: Tensor  # (T, H, H), the gradient of the weight as step t uses it
    W_ih: Tensor  # (T, H)
    b: Tensor  # (T, H)


def terms(settings: dict[str, Any]) -> Terms:
    """Every use of a weight is a leaf of its own here, so that autograd itself tells the steps apart."""
    steps, size = settings["T"], settings["H"]
    W_hh = [leaf(settings["weightHh"]).view(size, size) for _ in range(steps)]
    W_ih, b = ([leaf(settings[name]) for _ in range(steps)] for name in ("weightIh", "bias"))
    targets = torch.tensor(settings["targets"], dtype=torch.float64).view(steps, size)
    a, h, past = [], [torch.zeros(size, dtype=torch.float64, requires_grad=True)], []
    for t in range(steps):
        past.append(h[-1] * 1)  # h_{t-1} where step t reads it, and nowhere else
        a.append(W_ih[t] * settings["inputs"][t] + W_hh[t] @ past[t] + b[t])
        h.append(torch.tanh(a[t]))
    losses = [0.5 * (h[t] - targets[t - 1]).square().sum() for t in settings["losses"]]
    loss = sum(losses, start=0.0 * h[-1].sum())
    groups = h[1:], a, past, W_hh, W_ih, b
    found = [torch.autograd.grad(loss, group, retain_graph=True, allow_unused=True) for group in groups]
    filled = [
        torch.stack([torch.zeros_like(x) if d is None else d for x, d in zip(group, of, strict=True)])
        for group, of in zip(groups, found, strict=True)
    ]
    return Terms(float(loss.detach()), torch.stack(h[1:]).detach(), *filled)


def leaf(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Truncated(NamedTuple):
    """What truncated backpropagation through time computes."""

    h: Tensor  # (T, H), as the loss of each step sees it
    reach: dict[tuple[int, int], Tensor]  # (s, t) → ∂L_s/∂h_t; an absent pair is one that autograd does not connect
    d_weight_hh: Tensor


def truncate(
    weight_ih: Tensor, weight_hh: Tensor, x: Tensor, y: Tensor, window: int, stride: int, carry: bool
) -> Truncated:
    """With torch.nn.RNN and detach, as a training loop has it: a backward pass at steps stride, 2 · stride, …

    It goes `window` steps back from there, for the losses of the last `stride` steps. At the end of the sequence comes
    one that begins where it would have begun, and ends early.
    """
    steps, size = y.shape
    rnn = nn.RNN(1, size, bias=False).double()
    with torch.no_grad():
        rnn.get_parameter("weight_ih_l0").copy_(weight_ih.view(size, 1))
        rnn.get_parameter("weight_hh_l0").copy_(weight_hh)
    h, done = [torch.zeros(size, dtype=torch.float64)], 0
    reach: dict[tuple[int, int], Tensor] = {}
    while done < steps:
        start = max(0, done + stride - window)  # steps before the window
        state = h[start].detach() if carry else torch.zeros(size, dtype=torch.float64)
        states = []
        for t in range(start, min(done + stride, steps)):
            state = rnn(x[t].view(1, 1), state[None])[0][0]
            states.append(state)
        losses = []
        for t in range(done, min(done + stride, steps)):
            h.append(states[t - start].detach())
            losses.append(0.5 * (states[t - start] - y[t]).square().sum())
            gradients = torch.autograd.grad(losses[-1], states, retain_graph=True, allow_unused=True)
            reach |= {(t + 1, start + 1 + k): d for k, d in enumerate(gradients) if d is not None}
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        done += stride
    d_weight_hh = rnn.get_parameter("weight_hh_l0").grad
    assert d_weight_hh is not None
    return Truncated(torch.stack(h[1:]), reach, d_weight_hh)
