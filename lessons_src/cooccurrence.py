"""Word vectors by counting: who stands near whom, how surprising that is, and the same in fewer numbers."""

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks
from lessons_src.corpus import Corpus


def cooccurrence(corpus: Corpus, window: int) -> Float[Tensor, "vocab vocab"]:
    """How often word j stands within `window` words of word i in one sentence: (V, V) float64, symmetric.

    A place counts for itself: two words beside each other twice count 2, and a word beside itself counts too.
    """
    around, inside = corpus.around(window)
    size = len(corpus.words)
    pairs = corpus.ids[:, None] * size + around
    return torch.bincount(pairs[inside], minlength=size**2).view(size, size).double()


def ppmi(counts: Float[Tensor, "words contexts"], power: float = 1.0) -> Float[Tensor, "words contexts"]:
    r"""Positive pointwise mutual information: max(0, log P(w, c) / (P(w) P(c))), in nats.

    0 where a pair does not occur, or no more often than chance would have it (church1990, levy2015).

    Args:
        counts: how often word and context occur together (V, C), none negative.
        power: P(c) is taken proportional to its count to this power; 0.75 weighs rare contexts less.
    """
    _check_matrix("counts", counts)
    if not (counts >= 0).all() or not counts.sum() > 0:
        raise ValueError("counts: expected numbers of at least 0, not all 0")
    checks.number_between("power", power, 0.0, 1.0)
    together = counts / counts.sum()
    word = together.sum(1, keepdim=True)
    context = counts.sum(0, keepdim=True) ** power
    context = context * (counts.sum(0, keepdim=True) > 0) / context.sum()
    seen = counts > 0
    chance = torch.where(seen, word * context, 1.0)
    return torch.where(seen, torch.log(torch.where(seen, together, 1.0) / chance), 0.0).clamp(min=0)


def svd_vectors(matrix: Float[Tensor, "words contexts"], size: int) -> Float[Tensor, "words size"]:
    """The rows of a matrix in `size` numbers each, U √S of its singular value decomposition, the largest kept.

    The sign of a column of U is arbitrary; here the entry that is largest in magnitude is positive.

    Args:
        matrix: (V, C), such as `ppmi` gives.
        size: D, at most the smaller side of the matrix.
    """
    _check_matrix("matrix", matrix)
    checks.whole_number("size", size)
    if size > min(matrix.shape):
        raise ValueError(f"size: expected at most {min(matrix.shape)} for a matrix {tuple(matrix.shape)}, got {size}")
    u, s, _ = torch.linalg.svd(matrix, full_matrices=False)
    u = u[:, :size]
    largest = u.abs().argmax(0, keepdim=True)
    return u * torch.sign(u.gather(0, largest)) * s[:size].sqrt()


def _check_matrix(name: str, value: object) -> None:
    if not isinstance(value, Tensor) or value.ndim != 2 or not value.is_floating_point():
        raise TypeError(f"{name}: expected a floating tensor (words, contexts), got {value!r:.60}")
    if not torch.isfinite(value).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or ∞")
