"""Recurrent layers as tutorials usually write them, with the weights of one of torch.nn, so that all give the same.

Both take x (B, T, D) and return every hidden state (B, T, H). Autograd differentiates them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class CellLoop(nn.Module):
    """A cell of torch.nn (LSTMCell, GRUCell, RNNCell), called once for each step."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        kind = type(layer).__name__
        self.cell = getattr(nn, f"{kind}Cell")(layer.input_size, layer.hidden_size)
        self.cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})

    def forward(self, x: Tensor) -> Tensor:
        """From a state of zeros."""
        state, outputs = None, []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs, dim=1)


class GateLoop(nn.Module):
    """An nn.Linear for each gate, of x_t and h_{t-1} side by side, called once for each step.

    The candidate of a GRU has two, since torch's resets what comes from h_{t-1} after its product.
    """

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.hidden_size = layer.hidden_size
        steps: dict[str, tuple[str, Callable[..., tuple[Tensor, ...]]]] = {
            "LSTM": ("ifgo", self._lstm),
            "GRU": ("rz", self._gru),
            "RNN": ("h", self._rnn),
        }
        gates, self._step = steps[type(layer).__name__]
        blocks = zip(*(weight.detach().split(layer.hidden_size) for weight in layer.parameters()), strict=True)
        w_ih, w_hh, b_ih, b_hh = zip(*blocks, strict=True)
        self.gates = nn.ModuleDict(
            {g: _linear(torch.cat([w_ih[k], w_hh[k]], 1), b_ih[k] + b_hh[k]) for k, g in enumerate(gates)}
        )
        if isinstance(layer, nn.GRU):
            self.from_x, self.from_h = _linear(w_ih[2], b_ih[2]), _linear(w_hh[2], b_hh[2])

    def forward(self, x: Tensor) -> Tensor:
        """From a state of zeros."""
        zeros = x.new_zeros(len(x), self.hidden_size)
        state: tuple[Tensor, ...] = (zeros, zeros)
        outputs = []
        for t in range(x.shape[1]):
            state = self._step(x[:, t], *state)
            outputs.append(state[0])
        return torch.stack(outputs, dim=1)

    def _lstm(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        both = torch.cat([x, h], dim=1)
        i, f, o = (torch.sigmoid(self.gates[name](both)) for name in "ifo")
        c = f * c + i * torch.tanh(self.gates["g"](both))
        return o * torch.tanh(c), c

    def _gru(self, x: Tensor, h: Tensor, unused: Tensor) -> tuple[Tensor, ...]:
        both = torch.cat([x, h], dim=1)
        r, z = (torch.sigmoid(self.gates[name](both)) for name in "rz")
        n = torch.tanh(self.from_x(x) + r * self.from_h(h))
        return (1 - z) * n + z * h, unused

    def _rnn(self, x: Tensor, h: Tensor, unused: Tensor) -> tuple[Tensor, ...]:
        return torch.tanh(self.gates["h"](torch.cat([x, h], dim=1))), unused


class HeadLoop(nn.Module):
    """Self-attention with three nn.Linear for each head, one head after another, with the weights of torch's."""

    def __init__(self, layer: nn.MultiheadAttention) -> None:
        super().__init__()
        size = layer.embed_dim // layer.num_heads
        blocks = zip(layer.in_proj_weight.detach().split(size), layer.in_proj_bias.detach().split(size), strict=True)
        made = [_linear(weight, bias) for weight, bias in blocks]
        n = layer.num_heads
        self.query, self.key, self.value = (nn.ModuleList(made[k * n : (k + 1) * n]) for k in range(3))
        self.out = _linear(layer.out_proj.weight.detach(), layer.out_proj.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, E) → (B, T, E)."""
        contexts = []
        for query, key, value in zip(self.query, self.key, self.value, strict=True):
            q, k = query(x), key(x)
            weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
            contexts.append(weights @ value(x))
        return self.out(torch.cat(contexts, dim=-1))


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear
