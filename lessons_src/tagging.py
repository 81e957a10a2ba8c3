"""Per-character syntax classes of the book's own Python: which lines, in windows or whole, and how many are right."""

import random
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from lessons_src import checks
from lessons_src.data import CODE_CLASSES, highlighted_source
from lessons_src.labelled import IGNORED, Padded, TaggedLine

KEYWORD = CODE_CLASSES.index("keyword")


@dataclass(frozen=True)
class Lines:
    """Lines of Python with the class of each character, an index into `data.CODE_CLASSES`.

    Attributes:
        train: to learn from.
        test: to judge by; no line of `train` is among them.
    """

    train: tuple[TaggedLine, ...]
    test: tuple[TaggedLine, ...]


def code_lines(longest: int = 72, held_out: float = 0.2, seed: int = 0) -> Lines:
    """Each different line of the package that has a keyword, without the spaces at its ends, in random order.

    A line without a keyword may lie inside a string that began lines before; nobody could tell from the line alone.

    Args:
        longest: the greatest number of characters.
        held_out: the share of the lines that is kept for judging.
        seed: of the order.
    """
    checks.whole_number("longest", longest)
    checks.number_between("held_out", held_out, 0.01, 0.9)
    checks.whole_number("seed", seed, least=0)
    found: dict[str, TaggedLine] = {}
    for line, kinds in highlighted_source():
        start, end = len(line) - len(line.lstrip()), len(line.rstrip())
        if KEYWORD in kinds and end - start <= longest:
            found.setdefault(line[start:end], (line[start:end], kinds[start:end]))
    lines = [found[text] for text in sorted(found)]
    random.Random(seed).shuffle(lines)
    cut = round(len(lines) * (1 - held_out))
    return Lines(tuple(lines[:cut]), tuple(lines[cut:]))


def windows(batch: Padded, width: int, padding: int) -> tuple[Int[Tensor, "places width"], Int[Tensor, " places"]]:
    """Every character of a batch of lines with what stands around it.

    Args:
        batch: from `labelled.padded`, of lines.
        width: how many characters a window has, an odd number; the character in question is in the middle.
        padding: what stands before a line's start and behind its end.

    Returns:
        the windows (places, width), line after line, and the class of each middle character (places,).
    """
    if checks.whole_number("width", width) % 2 == 0:
        raise ValueError(f"width: expected an odd number, so that one character is in the middle, got {width}")
    half = width // 2
    ids = pad(batch.ids.masked_fill(~batch.mask, padding), (half, half), value=padding)
    return ids.unfold(1, width, 1)[batch.mask], batch.target[batch.mask]


def share_right(scores: Float[Tensor, "batch time classes"], target: Int[Tensor, "batch time"]) -> float:
    """The share of characters whose class got the highest score; padding does not count."""
    return float((scores.argmax(-1) == target)[target != IGNORED].double().mean())
