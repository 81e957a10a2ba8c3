"""Attention: scores become weights, weights mix values. Then heads, and one block of a Transformer's encoder.

Shapes: B sequences, L queries, S keys and values; d_k is the size of a query and of a key, d_v the size of a value. A
mask is bool and broadcasts to (B, L, S); True is a place that may be looked at. A query that may look nowhere gets
zeros.

Sources: bahdanau2015 (additive), luong2015 (dot product), vaswani2017 (scaled, heads, the block).
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from lessons_src import checks


class Attended(NamedTuple):
    """What attention gives.

    Attributes:
        context: the weighted mean of the values for each query, (…, L, d_v).
        weights: of each value for each query, (…, L, S); a row sums to 1, or is zero if it may look nowhere.
    """

    context: Float[Tensor, "*batch queries values"]
    weights: Float[Tensor, "*batch queries keys"]


def causal_mask(steps: int) -> Bool[Tensor, "steps steps"]:
    """True at (t, s) where s ≤ t: a step may look at itself and back."""
    return torch.ones(checks.whole_number("steps", steps), steps, dtype=torch.bool).tril()


def padding_mask(lengths: Int[Tensor, " batch"], steps: int) -> Bool[Tensor, "batch steps"]:
    """True where a sequence has a real step."""
    lengths = checks.sequence_lengths(lengths, len(torch.as_tensor(lengths)), checks.whole_number("steps", steps))
    return torch.arange(steps) < lengths[:, None]


def masked_softmax(
    scores: Float[Tensor, "*batch queries keys"], mask: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "*batch queries keys"]:
    """softmax over the keys that the mask allows; zeros in a row where it allows none."""
    if mask is None:
        return torch.softmax(scores, dim=-1)
    hidden = ~_fitting(mask, scores)
    weights = torch.softmax(scores.masked_fill(hidden, -math.inf), dim=-1)
    return weights.masked_fill(hidden, 0.0)  # a row of −∞ gave NaN; its gradient ends at both fills


def scaled_dot_product(
    query: Float[Tensor, "*batch queries size"],
    key: Float[Tensor, "*batch keys size"],
    value: Float[Tensor, "*batch keys values"],
    mask: Bool[Tensor, "..."] | None = None,
    scale: float | None = None,
) -> Attended:
    """weights = softmax(scale · Q Kᵀ), context = weights · V.

    Args:
        query: Q (…, L, d_k).
        key: K (…, S, d_k).
        value: V (…, S, d_v); d_v may differ from d_k.
        mask: True where a query may look, broadcast to (…, L, S); None for everywhere.
        scale: what the scores are multiplied by; None for 1/√d_k.

    Raises:
        TypeError, ValueError: sizes, dtypes or mask that do not fit together.
    """
    _check_operands(query, key, value)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    weights = masked_softmax(scale * query @ key.transpose(-2, -1), mask)
    return Attended(weights @ value, weights)


class AdditiveScore(nn.Module):
    """score(q, k) = vᵀ tanh(W_q q + W_k k), for queries and keys whose sizes differ.

    Args:
        query_size: the size of a query.
        key_size: the size of a key.
        hidden_size: the size of v.

    Source: bahdanau2015.
    """

    def __init__(self, query_size: int, key_size: int, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(checks.whole_number("query_size", query_size), hidden_size, bias=False)
        self.key = nn.Linear(checks.whole_number("key_size", key_size), hidden_size, bias=False)
        self.v = nn.Linear(checks.whole_number("hidden_size", hidden_size), 1, bias=False)

    def forward(
        self, query: Float[Tensor, "batch queries _"], key: Float[Tensor, "batch keys _"]
    ) -> Float[Tensor, "batch queries keys"]:
        """Scores (B, L, S) of queries (B, L, query_size) and keys (B, S, key_size)."""
        together = self.query(query)[:, :, None] + self.key(key)[:, None]
        return self.v(torch.tanh(together))[..., 0]


class DotScore(nn.Module):
    """score(q, k) = qᵀ W k; W lets queries and keys of different sizes meet.

    Args:
        query_size: the size of a query.
        key_size: the size of a key.

    Source: luong2015, "general".
    """

    def __init__(self, query_size: int, key_size: int) -> None:
        super().__init__()
        self.key = nn.Linear(
            checks.whole_number("key_size", key_size), checks.whole_number("query_size", query_size), bias=False
        )

    def forward(
        self, query: Float[Tensor, "batch queries _"], key: Float[Tensor, "batch keys _"]
    ) -> Float[Tensor, "batch queries keys"]:
        """Scores (B, L, S) of queries (B, L, query_size) and keys (B, S, key_size)."""
        return query @ self.key(key).transpose(1, 2)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own projection of queries, keys and values.

    The parameters have torch.nn.MultiheadAttention's names and shapes, so a state dict moves both ways. Batch first; no
    dropout.

    Args:
        embed_dim: E, the size of what comes in and goes out.
        num_heads: how many; must divide embed_dim. Each works with d_k = d_v = E / num_heads.
        bias: whether the projections have biases.
        scale: what the scores are multiplied by; None for 1/√d_k, which is what torch's has.

    Source: vaswani2017.
    """

    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True, scale: float | None = None) -> None:
        super().__init__()
        self.scale = scale
        self.embed_dim = checks.whole_number("embed_dim", embed_dim)
        self.num_heads = checks.whole_number("num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError(f"num_heads: expected a divisor of embed_dim = {embed_dim}, got {num_heads}")
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim)) if checks.true_or_false("bias", bias) else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Float[Tensor, "batch queries embed"],
        key: Float[Tensor, "batch keys embed"],
        value: Float[Tensor, "batch keys embed"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "batch queries embed"], Float[Tensor, "batch heads queries keys"]]:
        """The mixed values (B, L, E), and the weights of each head (B, heads, L, S).

        `mask` broadcasts to (B, L, S), the same for every head.
        """
        _check_operands(query, key, value)
        for name, given in {"query": query, "key": key, "value": value}.items():
            checks.tensor(
                name, given, ("batch", "steps", "embed_dim"), (None, None, self.embed_dim), self.in_proj_weight
            )
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        projections = zip((query, key, value), self.in_proj_weight.chunk(3), biases, strict=True)
        heads = [self._split(linear(given, weight, bias)) for given, weight, bias in projections]
        if mask is not None:
            mask = mask.expand(len(query), query.shape[1], key.shape[1])[:, None]
        context, weights = scaled_dot_product(heads[0], heads[1], heads[2], mask, self.scale)
        return self.out_proj(context.transpose(1, 2).flatten(2)), weights

    def _split(self, projected: Tensor) -> Tensor:
        """(B, T, E) → (B, heads, T, E / heads)."""
        return projected.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward network at each position; each is added to its input and normalised.

    The parameters have the names of torch.nn.TransformerEncoderLayer(dropout=0, batch_first=True). Attention mixes
    positions, the feed-forward part treats each one alone.

    Args:
        embed_dim: E, the size of a position's vector.
        num_heads: of the attention.
        feedforward_dim: the width of the layer between.

    Source: vaswani2017.
    """

    def __init__(self, embed_dim: int, num_heads: int, feedforward_dim: int) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(embed_dim, num_heads)
        self.linear1 = nn.Linear(embed_dim, checks.whole_number("feedforward_dim", feedforward_dim))
        self.linear2 = nn.Linear(feedforward_dim, embed_dim)
        self.norm1, self.norm2 = nn.LayerNorm(embed_dim), nn.LayerNorm(embed_dim)

    def forward(
        self, x: Float[Tensor, "batch steps embed"], mask: Bool[Tensor, "..."] | None = None
    ) -> tuple[Float[Tensor, "batch steps embed"], Float[Tensor, "batch heads steps steps"]]:
        """x (B, T, E) → the block's output (B, T, E) and the attention weights (B, heads, T, T)."""
        mixed, weights = self.self_attn(x, x, x, mask)
        x = self.norm1(x + mixed)
        return self.norm2(x + self.linear2(relu(self.linear1(x)))), weights


def sinusoids(steps: int, embed_dim: int) -> Float[Tensor, "steps embed"]:
    """The positional encoding: sin(t / 10000^(2j/E)) in column 2j, its cosine beside it; t counts from 0.

    Source: vaswani2017.
    """
    checks.whole_number("steps", steps)
    if checks.whole_number("embed_dim", embed_dim) % 2:
        raise ValueError(f"embed_dim: expected an even number, got {embed_dim}")
    rates = 10_000.0 ** (-torch.arange(0, embed_dim, 2, dtype=torch.float64) / embed_dim)
    angles = torch.arange(steps, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(torch.get_default_dtype())


def _check_operands(query: Tensor, key: Tensor, value: Tensor) -> None:
    for name, given in {"query": query, "key": key, "value": value}.items():
        if not isinstance(given, Tensor) or given.ndim < 2:
            shape = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
            raise ValueError(f"{name}: expected a tensor of shape (…, steps, size), got {shape}")
        if given.dtype != query.dtype or not given.is_floating_point():
            raise TypeError(
                f"{name}: expected a floating tensor of the query's dtype, {query.dtype}, got {given.dtype}"
            )
        if given.shape[:-2] != query.shape[:-2]:
            raise ValueError(f"{name}: expected the query's batch, {tuple(query.shape[:-2])}, got {tuple(given.shape)}")
    if key.shape[-1] != query.shape[-1]:
        raise ValueError(f"key: expected vectors of the query's size, {query.shape[-1]}, got {key.shape[-1]}")
    if value.shape[-2] != key.shape[-2]:
        raise ValueError(f"value: expected one per key, {key.shape[-2]}, got {value.shape[-2]}")


def _fitting(mask: Tensor, scores: Tensor) -> Tensor:
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise TypeError(f"mask: expected a tensor of bool, True where one may look, got {getattr(mask, 'dtype', mask)}")
    try:
        return mask.expand(scores.shape)
    except RuntimeError:
        raise ValueError(
            f"mask: expected a shape that broadcasts to {tuple(scores.shape)}, got {tuple(mask.shape)}"
        ) from None
