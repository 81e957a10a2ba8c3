"""A long text cut into batches, in two ways. Which comes k-th depends on k alone, so training can go on anywhere."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from lessons_src import checks

_APART = 1_000_003
"""How far the generators of two seeds lie apart, so that no two share their batches."""

_GREATEST_SEED = checks.GREATEST_SEED // (2 * _APART)


@dataclass(frozen=True)
class Batch:
    """Characters, and what follows each.

    Attributes:
        x: (B, T) ids.
        y: (B, T) the ids one place further on in the text.
        fresh: whether the state must start at zero; if not, row b goes on where row b of the batch before ended.
    """

    x: Int[Tensor, "batch time"]
    y: Int[Tensor, "batch time"]
    fresh: bool


class Streams:
    """B places in a text are read on side by side, `steps` characters at a time, so that a state can be carried over.

    The text is cut into B stretches of equal length; what does not fill the last batch of a stretch is left out. When
    the stretches end they begin again, with a fresh state.

    Args:
        ids: the text (N,).
        batch_size: B.
        steps: T, of one batch.
    """

    def __init__(self, ids: Int[Tensor, " characters"], batch_size: int, steps: int) -> None:
        checks.whole_number("batch_size", batch_size)
        checks.whole_number("steps", steps)
        length = (_long_enough(ids, batch_size * steps) - 1) // batch_size
        self._x = ids[: batch_size * length].view(batch_size, length)
        self._y = ids[1 : batch_size * length + 1].view(batch_size, length)
        self._steps = steps
        self.in_one_reading = length // steps
        """How many batches there are until the stretches begin again."""

    def batch(self, k: int) -> Batch:
        """The k-th batch, k = 0, 1, 2 …"""
        place = k % self.in_one_reading
        window = slice(place * self._steps, (place + 1) * self._steps)
        return Batch(self._x[:, window], self._y[:, window], place == 0)


class Windows:
    """B windows of `steps` characters from random places of a text, each read with a fresh state.

    Args:
        ids: the text (N,).
        batch_size: B.
        steps: T.
        seed: of the places.
    """

    def __init__(self, ids: Int[Tensor, " characters"], batch_size: int, steps: int, seed: int = 0) -> None:
        self._batch_size = checks.whole_number("batch_size", batch_size)
        self._steps = checks.whole_number("steps", steps)
        self._seed = checks.whole_number("seed", seed, least=0, most=_GREATEST_SEED)
        self._ids = ids
        self.in_one_reading = max(1, (_long_enough(ids, steps) - 1) // (batch_size * steps))
        """How many batches have as many characters as the text."""

    def batch(self, k: int) -> Batch:
        """The k-th batch, k = 0, 1, 2 …"""
        generator = torch.Generator().manual_seed(self._seed * _APART + k)
        start = torch.randint(len(self._ids) - self._steps, (self._batch_size, 1), generator=generator)
        places = start + torch.arange(self._steps)
        return Batch(self._ids[places], self._ids[places + 1], True)


def _long_enough(ids: Tensor, needed: int) -> int:
    checks.ids("ids", ids, ("characters",), torch.iinfo(torch.int64).max)
    if len(ids) <= needed:
        raise ValueError(f"ids: expected a text of more than {needed} characters, got {len(ids)}")
    return len(ids)
