"""Texts with a label each, or with a label for each character: where they come from, and how they become a batch."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lessons_src import checks
from lessons_src.data import read_text
from lessons_src.text import Vocabulary

Pair = tuple[str, int]
"""A text and the number of its class."""

TaggedLine = tuple[str, Sequence[int]]
"""A text and the number of the class of each of its characters."""

IGNORED = -100
"""The label of padding; cross_entropy leaves it out."""


@dataclass(frozen=True)
class Table:
    """The reader's own texts.

    Attributes:
        pairs: each text with the number of its class.
        classes: the labels, in alphabetical order.
    """

    pairs: tuple[Pair, ...]
    classes: tuple[str, ...]


def read_table(path: str | Path) -> Table:
    """Reads a file with a text and its label in each row, with a tab or a comma between them.

    The text may stand in quotes, as spreadsheets write it, and then go over several lines. A first row `text,label` is
    a heading. Empty rows are left out.

    Raises:
        TypeError, ValueError: the file is missing, not UTF-8 or empty, a row does not have two filled columns, or all
            have one label; the message names the row.
    """
    text = read_text(path)
    separator = "\t" if "\t" in text else ","
    texts: list[str] = []
    labels: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"path: {path}, line {reader.line_num}: {error}; is a quote left open?") from None
    for number, row in rows:
        if not any(row) or (not texts and [cell.lower() for cell in row] == ["text", "label"]):
            continue
        if len(row) != 2 or not all(row):
            columns = "a tab" if separator == "\t" else "a comma"
            raise ValueError(
                f"path: {path}, line {number}: expected a text and a label with {columns} between them, got {row}"
            )
        texts.append(row[0])
        labels.append(row[1])
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        found = f"only {classes[0]!r}" if classes else "none"
        raise ValueError(f"path: {path}: expected at least two different labels, got {found}")
    return Table(tuple((text, classes.index(label)) for text, label in zip(texts, labels, strict=True)), classes)


def split(pairs: Sequence[Pair], share: float = 0.2, seed: int = 0) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Cuts the pairs at random into one part to learn from and one to judge by; equal texts stay together.

    Args:
        pairs: at least two different texts.
        share: which part of the different texts is held out, between 0 and 1.
        seed: of the draw.
    """
    checks.number_between("share", share, 0.0, 1.0)
    checks.whole_number("seed", seed, least=0)
    texts = sorted({text for text, _ in pairs})
    held_out = set(random.Random(seed).sample(texts, round(share * len(texts))))
    if not 0 < len(held_out) < len(texts):
        raise ValueError(
            f"share: expected some texts on both sides, got {len(held_out)} of {len(texts)} with share {share:g}"
        )
    return tuple(p for p in pairs if p[0] not in held_out), tuple(p for p in pairs if p[0] in held_out)


CLUES, FILLER = "ABCD", "abcdefgh"


def clues(sequences: int, place: str, *, shortest: int = 10, longest: int = 40, seed: int = 0) -> tuple[Pair, ...]:
    """Texts of small letters with one capital, A to D, which is the class: chance is 1/4.

    Args:
        sequences: how many.
        place: where the capital stands: "first" or "last".
        shortest: the least number of characters.
        longest: the greatest; every length in between is as likely.
        seed: of everything random.
    """
    checks.whole_number("sequences", sequences)
    checks.one_of("place", place, ("first", "last"))
    checks.whole_number("shortest", shortest)
    checks.whole_number("longest", longest, least=shortest)
    checks.whole_number("seed", seed, least=0)
    drawn = random.Random(seed)
    pairs = []
    for _ in range(sequences):
        label, length = drawn.randrange(len(CLUES)), drawn.randint(shortest, longest)
        rest = "".join(drawn.choices(FILLER, k=length - 1))
        pairs.append((CLUES[label] + rest if place == "first" else rest + CLUES[label], label))
    return tuple(pairs)


@dataclass(frozen=True)
class Padded:
    """Texts of a batch, made equally long.

    Attributes:
        ids: (N, W), W as long as the longest text; behind a text's end stands padding, `len(vocabulary)`
            unless another id was asked for.
        lengths: how many characters each text has (N,).
        target: the class of each text (N,), or of each character (N, W), with IGNORED behind the end.
    """

    ids: Int[Tensor, "batch time"]
    lengths: Int[Tensor, " batch"]
    target: Int[Tensor, "batch"] | Int[Tensor, "batch time"]

    @property
    def mask(self) -> Tensor:
        """Which places hold a character (N, W), True or False."""
        return torch.arange(self.ids.shape[1]) < self.lengths[:, None]


def padded(
    vocabulary: Vocabulary, examples: Sequence[Pair] | Sequence[TaggedLine], *, padding: int | None = None
) -> Padded:
    """Encodes texts and fills them up with padding to the length of the longest.

    Args:
        vocabulary: of the texts.
        examples: texts with their labels.
        padding: its id; None for one of its own, `len(vocabulary)`.

    Raises:
        ValueError: there are no texts, one is empty, or one has not as many labels as characters.
    """
    if not examples:
        raise ValueError("examples: expected at least one text, got none")
    for text, label in examples:
        if not text:
            raise ValueError("examples: expected texts of at least one character, got an empty one")
        if not isinstance(label, int) and len(label) != len(text):
            raise ValueError(f"examples: expected a label for each of the {len(text)} characters, got {len(label)}")
    texts = [vocabulary.encode(text) for text, _ in examples]
    labels = [torch.tensor(label) for _, label in examples]
    return Padded(
        pad_sequence(texts, batch_first=True, padding_value=len(vocabulary) if padding is None else padding),
        torch.tensor([len(text) for text in texts]),
        pad_sequence(labels, batch_first=True, padding_value=IGNORED) if labels[0].ndim else torch.stack(labels),
    )


def drawn_batches(
    vocabulary: Vocabulary,
    examples: Sequence[Pair] | Sequence[TaggedLine],
    steps: int,
    batch_size: int = 64,
    seed: int = 0,
    pool: int = 1,
    padding: int | None = None,
) -> Iterator[Padded]:
    """`steps` batches drawn at random; every example is drawn once before any is drawn again.

    Args:
        vocabulary: of the texts.
        examples: texts with their labels.
        steps: how many batches.
        batch_size: how many texts each has.
        seed: of the draws.
        pool: how many batches are drawn at once and sorted by length, so that texts of a batch are about equally long
            and little padding is needed; with 1 nothing is sorted. The last of one round and the first of the next
            may share a pool, and then come in any order.
        padding: as in `padded`.
    """
    for name, value in {"steps": steps, "batch_size": batch_size, "pool": pool}.items():
        checks.whole_number(name, value)
    checks.whole_number("seed", seed, least=0)
    if not examples:
        raise ValueError("examples: expected at least one text, got none")
    drawn, order, batches = random.Random(seed), list[int](), list[list[int]]()
    for _ in range(steps):
        if not batches:
            while len(order) < batch_size * pool:
                order += drawn.sample(range(len(examples)), len(examples))
            chosen, order = order[: batch_size * pool], order[batch_size * pool :]
            if pool > 1:
                chosen.sort(key=lambda k: len(examples[k][0]))
            batches = [chosen[k : k + batch_size] for k in range(0, len(chosen), batch_size)]
            drawn.shuffle(batches)
        chosen = batches.pop()
        yield padded(vocabulary, [examples[k] for k in chosen], padding=padding)  # type: ignore[arg-type]
