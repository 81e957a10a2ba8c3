"""AttentionStepper: what is a query, a key, a value?"""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import traitlets
from jaxtyping import Bool, Float
from torch import Tensor

from lessons_src import checks, plotting
from lessons_src.attention import causal_mask, scaled_dot_product
from lessons_src.widgets import draws
from lessons_src.widgets.base import BookWidget

MOST_WORDS, MOST_SIZE, MOST_SIZE_BELOW, LIMIT = 6, 4, 512, 10
LAST_STEP = 4
MATRICES = ("example", "identity", "random")
MASKS = ("none", "causal", "padding", "everything")
SIZES = tuple(2**k for k in range(10))
KEYS, QUERIES = 16, 32
"""How many of each the lower part draws."""

STREAMS = {"query": 8, "key": 9, "value": 10, "keys below": 11, "queries below": 12}
"""Of the random numbers; the others are those of `draws`."""

EXAMPLE = {
    "query": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]],
    "key": [[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, -2]],
    "value": [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]],
}
"""The matrices of chapter 16's example; a smaller size has their upper left corner."""

USUAL = ((1, 0, 1, 0), (0, 1, 0, 1), (1, 1, 0, 0), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 1, 0))
"""The vectors of words that were given none."""

_NUMBERS: dict[str, tuple[int, int]] = {
    "seed": (0, 99),
    "heads": (1, 2),
    "asking": (1, MOST_WORDS),
    "step": (0, LAST_STEP),
    "size_below": (1, MOST_SIZE_BELOW),
}


class Steps(NamedTuple):
    """Self-attention of the words, n of them with size d; h heads of size d_k = d / h.

    Attributes:
        query, key, value: x W_q, x W_k, x W_v, split into heads (h, n, d_k).
        products: q · k before scaling (h, n, n).
        mask: where a word may look (n, n).
        weights: (h, n, n); a row sums to 1, or is zero if it may look nowhere.
        context: the heads' answers side by side (n, d).
    """

    query: Float[Tensor, "heads words size"]
    key: Float[Tensor, "heads words size"]
    value: Float[Tensor, "heads words size"]
    products: Float[Tensor, "heads words words"]
    mask: Bool[Tensor, "words words"]
    weights: Float[Tensor, "heads words words"]
    context: Float[Tensor, "words features"]


class Saturation(NamedTuple):
    """What random queries and keys of unit variance give, means over QUERIES rows of KEYS weights.

    Attributes:
        weights: of the first query (KEYS,).
        largest: the mean of the largest weight of a row.
        entropy: the mean entropy of a row, in nats; ln KEYS if all weights are equal, 0 if one is 1.
    """

    weights: Float[Tensor, " keys"]
    largest: float
    entropy: float


class AttentionStepper(BookWidget):
    """Takes self-attention apart: queries, keys and values of a few words, then one word's row, step by step.

    Below, it draws random queries and keys of any size and shows what a softmax makes of their dot products with and
    without the division by √d_k. The page computes both, in float64, also without a kernel; `steps_taken` and
    `saturation` are the same here.

    Args:
        words: up to six words with spaces between them are read.
        vectors: a row of 1 to 4 numbers from −10 to 10 per word, all of one length; as text, "1 0; 0 1". A word
            without a row has a usual one.
        matrices: "example" (those of chapter 16), "identity", or "random", from the seed, to one decimal.
        seed: of the random matrices and of the lower part, from 0 to 99.
        scaled: whether the scores are divided by √d_k.
        mask: "none"; "causal": nobody sees later words; "padding": nobody sees the last word; "everything".
        heads: 1 or 2; a size that 2 does not divide has 1.
        asking: the word whose row is shown, counted from 1.
        step: how far the row is shown: 0 products, 1 scaled, 2 masked, 3 weights, 4 the answer.
        size_below: d_k of the lower part, from 1 to 512.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Source: vaswani2017.
    """

    _bundle = traitlets.Unicode("attention_stepper").tag(sync=True)

    words = traitlets.Unicode("river bank").tag(sync=True)
    vectors = traitlets.Unicode("1 0 1 0; 0 1 0 1").tag(sync=True)
    matrices = traitlets.Unicode("example").tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    scaled = traitlets.Bool(True).tag(sync=True)
    mask = traitlets.Unicode("none").tag(sync=True)
    heads = traitlets.Int(1).tag(sync=True)
    asking = traitlets.Int(2).tag(sync=True)
    step = traitlets.Int(LAST_STEP).tag(sync=True)
    size_below = traitlets.Int(64).tag(sync=True)

    def __init__(
        self,
        words: str = "river bank",
        vectors: str | Sequence[Sequence[float]] = "1 0 1 0; 0 1 0 1",
        *,
        matrices: str = "example",
        seed: int = 0,
        scaled: bool = True,
        mask: str = "none",
        heads: int = 1,
        asking: int = 2,
        step: int = LAST_STEP,
        size_below: int = 64,
    ) -> None:
        if not isinstance(vectors, str):
            rows = [checks.items("vectors", row, "rows of numbers") for row in checks.items("vectors", vectors, "rows")]
            vectors = "; ".join(" ".join(f"{float(number):.12g}" for number in row) for row in rows)
        super().__init__(
            words=words,
            vectors=vectors,
            matrices=matrices,
            seed=seed,
            scaled=scaled,
            mask=mask,
            heads=heads,
            asking=asking,
            step=step,
            size_below=size_below,
        )

    @traitlets.validate(*_NUMBERS)
    def _check_number(self, proposal: Any) -> int:
        low, high = _NUMBERS[proposal["trait"].name]
        return checks.whole_number(proposal["trait"].name, proposal["value"], low, high)

    @traitlets.validate("matrices", "mask")
    def _check_choice(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], MATRICES if name == "matrices" else MASKS)

    @traitlets.validate("vectors")
    def _check_vectors(self, proposal: Any) -> str:
        _rows(proposal["value"])
        return str(proposal["value"])

    @property
    def read(self) -> list[str]:
        """The words that are read."""
        return self.words.split()[:MOST_WORDS]

    @property
    def x(self) -> Float[Tensor, "words features"]:
        """The words' vectors, (n, d)."""
        rows = _rows(self.vectors)
        size = len(rows[0])
        usual = [row[:size] for row in USUAL[len(rows) :]]
        return torch.tensor([*rows, *usual], dtype=torch.float64)[: len(self.read)]

    def weight(self, role: str) -> Float[Tensor, "features features"]:
        """W_q, W_k or W_v, (d, d), for "query", "key" or "value"; x W, since words are rows."""
        checks.one_of("role", role, EXAMPLE)
        size = len(_rows(self.vectors)[0])
        if self.matrices == "identity":
            return torch.eye(size, dtype=torch.float64)
        if self.matrices == "example":
            return torch.tensor(EXAMPLE[role], dtype=torch.float64)[:size, :size]
        drawn = draws.normals(self.seed, STREAMS[role], size * size)
        return torch.from_numpy(np.floor(10 * drawn + 0.5) / 10).view(size, size)

    @property
    def steps_taken(self) -> Steps:
        """Every number of the upper part."""
        x, count = self.x, len(self.read)
        if not count:
            raise ValueError(f"words: expected at least one word to attend to, got {self.words!r}")
        heads = self.heads if x.shape[1] % self.heads == 0 else 1
        q, k, v = ((x @ self.weight(role)).unflatten(1, (heads, -1)).transpose(0, 1) for role in EXAMPLE)
        hidden = {"none": 0, "causal": 0, "padding": 1, "everything": count}[self.mask]
        mask = (torch.arange(count) < count - hidden).expand(count, count)
        if self.mask == "causal":
            mask = causal_mask(count)
        found = scaled_dot_product(q, k, v, mask, None if self.scaled else 1.0)
        return Steps(q, k, v, q @ k.transpose(1, 2), mask, found.weights, found.context.transpose(0, 1).flatten(1))

    def saturation(self, scaled: bool, size: int | None = None) -> Saturation:
        """The lower part's numbers at d_k = `size`, or at `size_below`."""
        size = self.size_below if size is None else checks.whole_number("size", size, 1, MOST_SIZE_BELOW)
        key, query = (
            torch.from_numpy(draws.normals(self.seed, STREAMS[name], count * MOST_SIZE_BELOW)).view(count, -1)[:, :size]
            for name, count in (("keys below", KEYS), ("queries below", QUERIES))
        )
        weights = torch.softmax(query @ key.T * (1 / math.sqrt(size) if scaled else 1.0), dim=-1)
        largest, entropy = weights.max(-1).values.mean(), torch.special.entr(weights).sum(-1).mean()
        return Saturation(weights[0], float(largest), float(entropy))

    def still(self) -> str | None:
        """All words' weights as a grid, and the largest weight over d_k."""
        if not self.read:
            return None
        weights = self.steps_taken.weights
        figure, axes = plotting.subplots(1, len(weights) + 1, width=3.6 * (len(weights) + 1), height=2.6)
        for head, ax in zip(weights.numpy(), axes[:-1], strict=True):
            ax.imshow(head, cmap="viridis", vmin=0, vmax=1)
            for (t, s), value in np.ndenumerate(head):
                ax.text(s, t, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.5 else "white")
            for set_ticks in (ax.set_xticks, ax.set_yticks):
                set_ticks(range(len(self.read)), self.read)
            ax.set(xlabel="looks at")
        for scaled, label in ((True, "scaled"), (False, "not scaled")):
            axes[-1].plot(SIZES, [self.saturation(scaled, size).largest for size in SIZES], "o-", label=label)
        axes[-1].set(xscale="log", ylim=(0, 1), xlabel="d_k", ylabel=f"largest of {KEYS} weights")
        axes[-1].legend()
        asking = min(self.asking, len(self.read)) - 1
        shares = ", ".join(
            f"{word} {share:.4f}" for word, share in zip(self.read, weights[0, asking].tolist(), strict=True)
        )
        alt = (
            f"{self}. The weights of “{self.read[asking]}”: {shares}. At d_k = 512 the largest of {KEYS} weights "
            f"averages {self.saturation(True, 512).largest:.2f} scaled, {self.saturation(False, 512).largest:.2f} not."
        )
        return plotting.figure_html(figure, alt, "Each row of weights sums to 1.")

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        scale = "scaled" if self.scaled else "not scaled"
        heads = f"{self.heads} head{'s' * (self.heads > 1)}"
        return f"AttentionStepper({self.words!r}, {self.matrices} matrices, {scale}, mask {self.mask}, {heads})"


def _rows(vectors: str) -> list[list[float]]:
    """The rows of "1 0; 0 1"; anything else is refused."""
    try:
        rows = [[float(number) for number in re.split(r"[\s,]+", row.strip())] for row in vectors.split(";")]
    except ValueError:
        raise ValueError(f"vectors: expected rows of numbers such as '1 0; 0 1', got {vectors!r}") from None
    if len(rows) > MOST_WORDS or len({len(row) for row in rows}) > 1 or len(rows[0]) > MOST_SIZE:
        raise ValueError(
            f"vectors: expected at most {MOST_WORDS} rows of one length, from 1 to {MOST_SIZE}, got {vectors!r}"
        )
    for number in (number for row in rows for number in row):
        checks.number_between("vectors", number, -LIMIT, LIMIT)
    return rows
