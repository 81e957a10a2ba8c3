"""Attention equals torch's, weights and gradients included, and never gives NaN."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from lessons_src import attention
from lessons_src.attention import EncoderBlock, MultiHeadAttention, causal_mask, masked_softmax, padding_mask, sinusoids
from tests.strategies import close, normal


@st.composite
def operands(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Q, K, V with sizes of their own, and a mask or none; each query may look somewhere."""
    batch, queries, keys, size, width = (draw(st.integers(1, top)) for top in (3, 5, 6, 8, 4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    mask = torch.rand(batch, queries, keys, generator=generator) < 0.6
    mask[..., 0] |= ~mask.any(-1)
    shapes = ((batch, queries, size), (batch, keys, size), (batch, keys, width))
    query, key, value = (normal(generator, *shape).requires_grad_() for shape in shapes)
    return query, key, value, mask if draw(st.booleans()) else None


@given(operands())
def test_scaled_dot_product_equals_torch_with_its_gradients(
    given_operands: tuple[Tensor, Tensor, Tensor, Tensor | None],
) -> None:
    *inputs, mask = given_operands
    query, key, value = inputs
    ours = attention.scaled_dot_product(query, key, value, mask)
    theirs = scaled_dot_product_attention(query, key, value, attn_mask=mask)
    close(ours.context, theirs, "context")
    found = torch.autograd.grad(ours.context.square().sum(), inputs)
    expected = torch.autograd.grad(theirs.square().sum(), inputs)
    for name, one, other in zip(("query", "key", "value"), found, expected, strict=True):
        close(one, other, name)
    close(ours.weights.sum(-1), torch.ones_like(ours.weights[..., 0]), "rows")
    if mask is not None:
        assert (ours.weights[~mask] == 0).all()


def test_two_words_in_four_dimensions_as_on_paper() -> None:
    query = torch.tensor([[1.0, 0, 1, 0], [0.0, 2, 0, 0]])
    key = torch.tensor([[2.0, 0, 0, 0], [0.0, 1, 0, 1]])
    value = torch.tensor([[1.0, 0], [0.0, 1]])
    found = attention.scaled_dot_product(query, key, value)
    # scores 2, 0 and 0, 2; halved by √4: 1, 0 and 0, 1
    large = math.e / (math.e + 1)
    torch.testing.assert_close(found.weights, torch.tensor([[large, 1 - large], [1 - large, large]]))
    torch.testing.assert_close(found.context, found.weights @ value)


def test_scale_none_is_one_over_the_root_of_the_keys_size() -> None:
    query, key, value = (torch.randn(2, 3, 16) for _ in range(3))
    as_default = attention.scaled_dot_product(query, key, value)
    assert torch.equal(as_default.weights, attention.scaled_dot_product(query, key, value, scale=0.25).weights)


def test_a_query_that_may_look_nowhere_gets_zeros_and_no_nan_in_any_gradient() -> None:
    query, key, value = inputs = [torch.randn(1, 2, 3, requires_grad=True) for _ in range(3)]
    mask = torch.tensor([[[True, False], [False, False]]])
    found = attention.scaled_dot_product(query, key, value, mask)
    assert (found.weights[0, 1] == 0).all()
    assert (found.context[0, 1] == 0).all()
    for gradient in torch.autograd.grad(found.context.sum(), inputs):
        assert gradient.isfinite().all()


def test_huge_scores_give_no_nan() -> None:
    weights = masked_softmax(torch.tensor([[1e30, -1e30, 1e30]]), torch.tensor([True, True, False]))
    assert weights.tolist() == [[1.0, 0.0, 0.0]]


def test_a_causal_mask_lets_a_step_look_at_itself_and_back() -> None:
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_a_later_value_does_not_reach_an_earlier_step_behind_a_causal_mask() -> None:
    torch.manual_seed(0)
    block = EncoderBlock(8, 2, 16).double()
    x = torch.randn(1, 5, 8, dtype=torch.float64)
    other = x.clone()
    other[0, 3:] = 7.0
    before, after = (block(given_x, causal_mask(5))[0] for given_x in (x, other))
    assert torch.equal(before[0, :3], after[0, :3])
    assert not torch.allclose(before[0, 3:], after[0, 3:])


def test_padding_has_no_influence_behind_its_mask() -> None:
    torch.manual_seed(0)
    block = EncoderBlock(8, 2, 16).double()
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    mask = padding_mask(torch.tensor([5, 3]), 5)[:, None]
    other = x.clone()
    other[1, 3:] = 9.0
    before, after = (block(given_x, mask)[0] for given_x in (x, other))
    assert torch.equal(before[1, :3], after[1, :3])
    alone = block(x[1:, :3])[0]
    close(before[1:, :3], alone)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("embed_dim", "num_heads"), [(4, 1), (8, 4), (6, 3)])
def test_heads_equal_torch_with_the_same_weights(embed_dim: int, num_heads: int, bias: bool) -> None:
    torch.manual_seed(1)
    theirs = nn.MultiheadAttention(embed_dim, num_heads, bias=bias, batch_first=True).double()
    for weight in theirs.parameters():
        nn.init.normal_(weight)
    ours = MultiHeadAttention(embed_dim, num_heads, bias=bias).double()
    ours.load_state_dict(theirs.state_dict())
    query, key = (torch.randn(3, steps, embed_dim, dtype=torch.float64, requires_grad=True) for steps in (4, 5))
    value = torch.randn_like(key, requires_grad=True)
    lengths = torch.tensor([5, 2, 1])
    y, weights = ours(query, key, value, padding_mask(lengths, 5)[:, None])
    expected, their_weights = theirs(
        query, key, value, key_padding_mask=~padding_mask(lengths, 5), average_attn_weights=False
    )
    close(y, expected, "output")
    close(weights, their_weights, "weights")
    inputs = [query, key, value, ours.in_proj_weight, ours.out_proj.weight]
    their_inputs = [query, key, value, theirs.in_proj_weight, theirs.out_proj.weight]
    for one, other in zip(
        torch.autograd.grad(y.square().sum(), inputs),
        torch.autograd.grad(expected.square().sum(), their_inputs),
        strict=True,
    ):
        close(one, other, "gradient")


def test_heads_with_a_scale_of_their_own_multiply_the_scores_with_it() -> None:
    plain, louder = MultiHeadAttention(8, 2).double(), MultiHeadAttention(8, 2, scale=3 / math.sqrt(4)).double()
    louder.load_state_dict(plain.state_dict())
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    logs = [layer(x, x, x)[1].log() for layer in (plain, louder)]
    close((logs[1] - logs[1][..., :1]), 3 * (logs[0] - logs[0][..., :1]))


@pytest.mark.parametrize("causal", [False, True])
def test_a_block_equals_torchs_encoder_layer(causal: bool) -> None:
    torch.manual_seed(2)
    theirs = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).double()
    ours = EncoderBlock(8, 2, 16).double()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 6, 8, dtype=torch.float64)
    expected = theirs(x, src_mask=~causal_mask(6) if causal else None)
    close(ours(x, causal_mask(6) if causal else None)[0], expected)


def test_the_feed_forward_part_treats_each_position_alone_and_attention_mixes_them() -> None:
    torch.manual_seed(3)
    block = EncoderBlock(8, 2, 16).double()
    x = torch.randn(1, 4, 8, dtype=torch.float64)
    order = torch.tensor([2, 0, 3, 1])
    close(block(x[:, order])[0], block(x)[0][:, order], "a block without positions does not know the order")
    nudged = x.clone()
    nudged[0, 0, 0] += 1e-3
    assert ((block(nudged)[0] - block(x)[0]).abs().amax(-1) > 1e-7).all()


def test_additive_and_dot_scores_are_their_equations() -> None:
    torch.manual_seed(4)
    query, key = torch.randn(2, 3, 4), torch.randn(2, 5, 6)
    additive, dot = attention.AdditiveScore(4, 6, 7), attention.DotScore(4, 6)
    summed, product = additive(query, key), dot(query, key)
    for b, t, s in ((0, 0, 0), (1, 2, 4)):
        hidden = torch.tanh(additive.query.weight @ query[b, t] + additive.key.weight @ key[b, s])
        torch.testing.assert_close(summed[b, t, s], additive.v.weight[0] @ hidden)
        torch.testing.assert_close(product[b, t, s], query[b, t] @ dot.key.weight @ key[b, s])


def test_each_pair_of_columns_is_a_sine_and_a_cosine_of_the_position() -> None:
    code = sinusoids(50, 8)
    assert code.shape == (50, 8)
    for t, j in ((0, 0), (7, 1), (49, 3)):
        angle = t / 10_000 ** (2 * j / 8)
        assert code[t, 2 * j].item() == pytest.approx(math.sin(angle), abs=1e-6)
        assert code[t, 2 * j + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("shapes", "mask", "message"),
    [
        (((2, 3, 4), (2, 5, 6), (2, 5, 6)), None, "key: expected vectors of the query's size, 4, got 6"),
        (((2, 3, 4), (2, 5, 4), (2, 6, 4)), None, "value: expected one per key, 5, got 6"),
        (((2, 3, 4), (3, 5, 4), (3, 5, 4)), None, "key: expected the query's batch"),
        (((4,), (5, 4), (5, 4)), None, "query: expected a tensor of shape"),
        (((2, 3, 4), (2, 5, 4), (2, 5, 4)), torch.ones(3, 4).bool(), "mask: expected a shape that broadcasts to"),
        (((2, 3, 4), (2, 5, 4), (2, 5, 4)), torch.ones(3, 5), "mask: expected a tensor of bool"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    shapes: tuple[tuple[int, ...], ...], mask: Tensor | None, message: str
) -> None:
    query, key, value = map(torch.randn, shapes)
    with pytest.raises((TypeError, ValueError), match=message):
        attention.scaled_dot_product(query, key, value, mask)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiHeadAttention(6, 4), "num_heads: expected a divisor of embed_dim = 6, got 4"),
        (lambda: MultiHeadAttention(6, 2)(torch.randn(1, 2, 5), torch.randn(1, 2, 5), torch.randn(1, 2, 5)), "query"),
        (lambda: sinusoids(3, 5), "embed_dim: expected an even number, got 5"),
        (lambda: causal_mask(0), "steps"),
        (lambda: padding_mask(torch.tensor([0, 2]), 3), "lengths: expected values from 1 to 3"),
    ],
)
def test_a_size_that_cannot_be_is_refused(make: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()  # type: ignore[operator]
