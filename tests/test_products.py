"""A product written as a convolution is the same product, forward and backward, in whatever shape and memory order."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import linear

from lessons_src import products
from lessons_src.layers import from_torch
from lessons_src.products import over_steps, sum_over_steps

SIZES = st.tuples(*(st.integers(1, top) for top in (5, 4, 6, 9)))


@pytest.fixture(params=[0, 10**12], ids=["as a convolution", "as a matrix product"])
def _always_or_never(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "WORTH_IT", request.param)


def agree(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [0, 10**12])
@given(sizes=SIZES, batch_first=st.booleans())
@settings(max_examples=30)
def test_both_ways_give_the_product_and_its_gradients(
    width: int, sizes: tuple[int, int, int, int], batch_first: bool
) -> None:
    steps, batch, features, gates = sizes
    generator = torch.Generator().manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "WORTH_IT", width)
        x = torch.randn(batch, steps, features, generator=generator).transpose(0, 1)
        x = (x if batch_first else x.contiguous()).requires_grad_()
        weight = torch.randn(gates, features, generator=generator, requires_grad=True)
        bias = torch.randn(gates, generator=generator, requires_grad=True)
        d_a = torch.randn(steps, batch, gates, generator=generator)
        a = over_steps(x, weight, bias)
        found = [a, *torch.autograd.grad(a, [x, weight, bias], d_a), sum_over_steps(d_a, x.detach())]
    doubles = [value.detach().double().requires_grad_() for value in (x, weight, bias)]
    expected = linear(*doubles)
    gradients = torch.autograd.grad(expected, doubles, d_a.double())
    for one, other in zip(found, [expected, *gradients, gradients[1]], strict=True):
        agree(one, other)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.usefixtures("_always_or_never")
def test_layers_in_32_bits_equal_torchs_in_64_bits(kind: str) -> None:
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(5, 16, num_layers=2, bidirectional=True, batch_first=True)
    ours = from_torch(theirs)
    x, lengths = torch.randn(3, 9, 5), torch.tensor([9, 9, 9])
    y, _ = ours(x, lengths=lengths)
    y.square().sum().backward()
    y_double, _ = theirs.double()(x.double())
    y_double.square().sum().backward()
    agree(y, y_double)
    for name, weight in theirs.named_parameters():
        assert weight.grad is not None
        found = ours.get_parameter(name).grad
        assert found is not None
        torch.testing.assert_close(found.double(), weight.grad, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("_always_or_never")
def test_a_bias_of_infinity_passes_through() -> None:
    a = over_steps(torch.ones(2, 3, 4), torch.zeros(2, 4), torch.tensor([torch.inf, -torch.inf]))
    assert torch.equal(a, torch.tensor([torch.inf, -torch.inf]).expand(2, 3, 2))


def test_only_large_products_of_32_bit_numbers_become_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[torch.dtype] = []

    def counted(x: Tensor, *rest: Any) -> Tensor:
        asked.append(x.dtype)
        return nn.functional.conv2d(x, *rest)

    monkeypatch.setattr(products, "conv2d", counted)
    for shape, dtype in (((64, 32, 64), torch.float32), ((64, 32, 64), torch.float64), ((2, 2, 64), torch.float32)):
        over_steps(torch.zeros(shape, dtype=dtype), torch.zeros(64, 64, dtype=dtype), torch.zeros(64, dtype=dtype))
    assert asked == [torch.float32] * torch.backends.mkldnn.is_available()
