"""Forced or free: what a decoder writes if it reads the truth, or what it wrote itself, and what one mistake costs."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from lessons_src import checks
from lessons_src.labelled import IGNORED
from lessons_src.pairs import Pair
from lessons_src.seq2seq import END_ID, START_ID, Seq2Seq


@torch.no_grad()
def follow(
    model: Seq2Seq, pairs: Sequence[Pair], *, forced: bool, wrong_at: int | None = None, seed: int = 0
) -> tuple[Int[Tensor, "pairs steps"], Int[Tensor, "pairs steps"]]:
    """What the model takes for likeliest at each step of the true target.

    Args:
        model: of pairs.
        pairs: what it is asked, and the truth.
        forced: whether it reads the true token before; if not, the one that it wrote.
        wrong_at: the step, from 0, behind which a free run reads a wrong token instead of its own; None for none.
        seed: of the wrong tokens.

    Returns:
        what it writes (N, T); and the targets (N, T), closed by END and padded with IGNORED.
    """
    batch = model.batch(pairs)
    steps = batch.target.shape[1]
    if wrong_at is not None:
        checks.whole_number("wrong_at", wrong_at, least=0)
    encoded = model.encode(batch.source, batch.lengths)
    state, read, written = encoded.state, torch.full((len(pairs), 1), START_ID), []
    for t in range(steps):
        step = model.decode(read, state, encoded)
        state, true = step.state, batch.target[:, t : t + 1]
        read = step.scores.argmax(-1)
        written.append(read)
        if forced:
            read = true.clamp(min=END_ID)
        elif t == wrong_at:
            read = wrong_tokens(model, true, seed)
    return torch.cat(written, 1), batch.target


def wrong_tokens(model: Seq2Seq, true: Int[Tensor, "pairs one"], seed: int = 0) -> Int[Tensor, "pairs one"]:
    """For each true token another one, neither START nor END nor the sign for unknown characters."""
    first, count = END_ID + 1, len(model.target) - END_ID - 2
    shift = torch.randint(1, count, true.shape, generator=torch.Generator().manual_seed(seed))
    return first + (true - first + shift) % count


def share_behind(
    written: Int[Tensor, "pairs steps"], target: Int[Tensor, "pairs steps"], place: Int[Tensor, " pairs"] | int
) -> float:
    """The share of right tokens behind a place of each pair, counted from 0; END counts, padding does not."""
    if written.shape != target.shape:
        raise ValueError(f"written: expected the target's shape {tuple(target.shape)}, got {tuple(written.shape)}")
    behind = torch.arange(target.shape[1]) > torch.as_tensor(place).reshape(-1, 1)
    counted = behind & (target != IGNORED)
    if not counted.any():
        raise ValueError(f"place: expected one with something behind it in at least one target, got {place}")
    return ((written == target) & counted).sum().item() / counted.sum().item()
