"""Layers of torch.nn, inputs, states and lengths, drawn by hypothesis, in float64."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

TORCH_LAYERS = ("RNN tanh", "RNN relu", "LSTM", "GRU")


@dataclass(frozen=True)
class Case:
    """What a layer is run on; `state` is None or (h_0,) or (h_0, c_0)."""

    theirs: nn.RNNBase
    x: Tensor
    state: tuple[Tensor, ...] | None
    lengths: Tensor | None


def torch_layer(kind: str, input_size: int, hidden_size: int, **options: object) -> nn.RNNBase:
    """A layer of torch.nn, batch first, in float64; kind as in TORCH_LAYERS."""
    name, *nonlinearity = kind.split()
    if nonlinearity:
        options["nonlinearity"] = nonlinearity[0]
    return getattr(nn, name)(input_size, hidden_size, batch_first=True, **options).double()


def normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@st.composite
def cases(draw: st.DrawFn, kind: str, deepest: int = 3) -> Case:
    """A layer of the kind, with random sizes, depth, directions and bias, and with or without state and lengths."""
    batch, steps, input_size, hidden_size = (draw(st.integers(1, top)) for top in (4, 6, 4, 5))
    depth, both_ways, bias = draw(st.integers(1, deepest)), draw(st.booleans()), draw(st.booleans())
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    layer = torch_layer(kind, input_size, hidden_size, num_layers=depth, bidirectional=both_ways, bias=bias)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(normal(generator, *weight.shape))
    lengths = st.lists(st.integers(1, steps), min_size=batch, max_size=batch).map(torch.tensor)
    shape = (depth * (1 + both_ways), batch, hidden_size)
    states = tuple(normal(generator, *shape) for _ in ("h", "c")[: 1 + (kind == "LSTM")])
    return Case(
        layer,
        normal(generator, batch, steps, input_size),
        states if draw(st.booleans()) else None,
        draw(st.none() | lengths),
    )


def close(found: Tensor | None, expected: Tensor | None, what: str = "") -> None:
    """Fails unless the two are there and agree to 1e-10, relative or absolute."""
    assert found is not None, what
    assert expected is not None, what
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10, msg=lambda text: f"{what}: {text}")


def all_close(found: Sequence[Tensor], expected: Sequence[Tensor], what: Sequence[str]) -> None:
    """`close` for several, each under its name."""
    for one, other, name in zip(found, expected, what, strict=True):
        close(one, other, name)
