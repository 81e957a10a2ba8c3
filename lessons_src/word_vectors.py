"""Words with a vector each: who is near whom, analogies, and the file format that other programs read."""

import math
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks
from lessons_src.text import nearest_spellings

MEASURES = ("cosine", "dot")

Ranking = list[tuple[str, float]]
"""Words with their cosine or dot product, the greatest first."""


class WordVectors:
    """A vector for each word.

    Args:
        words: different words, none empty.
        matrix: one row per word (V, D), floating, finite.
    """

    def __init__(self, words: Sequence[str], matrix: Float[Tensor, "words size"]) -> None:
        if isinstance(words, str) or not all(isinstance(word, str) and word for word in words):
            raise TypeError(f"words: expected a list of words that are not empty, got {words!r:.60}")
        if not isinstance(matrix, Tensor) or not matrix.is_floating_point():
            raise TypeError(
                f"matrix: expected a tensor of floating numbers, got {getattr(matrix, 'dtype', matrix)!r:.60}"
            )
        if matrix.ndim != 2 or len(matrix) != len(words) or matrix.numel() == 0:
            raise ValueError(
                f"matrix: expected one row for each of {len(words)} words, got shape {tuple(matrix.shape)}"
            )
        if not torch.isfinite(matrix).all():
            raise ValueError("matrix: expected finite numbers, got NaN or ∞ (did the training diverge?)")
        self.words = tuple(words)
        self.matrix = matrix.detach()
        self._ids = {word: k for k, word in enumerate(self.words)}
        if len(self._ids) < len(self.words):
            twice = next(word for k, word in enumerate(self.words) if self._ids[word] != k)
            raise ValueError(f"words: expected each word once, got {twice!r} more than once")

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"WordVectors({len(self)} words, {self.matrix.shape[1]} numbers each)"

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __getitem__(self, word: str) -> Float[Tensor, " size"]:
        """The word's vector (D,)."""
        return self.matrix[self.id(word)]

    def id(self, word: str) -> int:
        """The row of a word; an unknown one is refused, with the nearest spellings."""
        if not isinstance(word, str):
            raise TypeError(f"word: expected a str, got {type(word).__name__}")
        if word not in self._ids:
            near = nearest_spellings(word, self.words)
            hint = f"; spelt most like it: {', '.join(near)}" if near else ""
            raise ValueError(f"word: expected one of the {len(self)} known words, got {word!r}{hint}")
        return self._ids[word]

    def nearest(
        self,
        to: str | Float[Tensor, " size"],
        count: int = 10,
        *,
        exclude: Collection[str] = (),
        measure: str = "cosine",
    ) -> Ranking:
        """The words whose vectors have the greatest cosine or dot product with a word's vector, or with any vector.

        Args:
            to: a word, which is then left out of the answers, or a vector (D,).
            count: how many answers, fewer if there are not as many words.
            exclude: words to leave out.
            measure: "cosine", which sees directions only, or "dot", which also favours long vectors.
        """
        checks.whole_number("count", count)
        if isinstance(to, str):
            exclude = {*exclude, to}
        likeness = self._likeness(self[to] if isinstance(to, str) else self._vector(to), measure)
        left_out = {self.id(word) for word in exclude}
        values, order = torch.sort(likeness, descending=True, stable=True)
        ranked = zip(order.tolist(), values.tolist(), strict=True)
        return [(self.words[k], value) for k, value in ranked if k not in left_out][:count]

    def analogy(
        self, a: str, b: str, c: str, count: int = 10, *, exclude: bool = True, measure: str = "cosine"
    ) -> Ranking:
        """What is near a − b + c, as king − man + woman (mikolov2013linguistic).

        Args:
            a: where one starts: king.
            b: what is taken away: man.
            c: what is added: woman.
            count: how many answers.
            exclude: whether a, b and c may not be answers; usual, and seldom said.
            measure: "cosine": each of the three is first scaled to length 1; "dot": the vectors as they are.
        """
        checks.true_or_false("exclude", exclude)
        return self.nearest(self.offset(a, b, c, measure), count, exclude=(a, b, c) if exclude else (), measure=measure)

    def share_right(
        self,
        questions: Sequence[tuple[str, str, str, str]],
        *,
        signs: tuple[float, float, float] = (1.0, -1.0, 1.0),
        exclude: bool = True,
    ) -> float:
        """The share of questions (a, b, c, answer) whose answer has the greatest cosine with a − b + c.

        Args:
            questions: at least one.
            signs: by what a, b and c are multiplied; (1, 0, 0) asks for the neighbour of a alone, as a control.
            exclude: whether a, b and c may not be answers.
        """
        checks.true_or_false("exclude", exclude)
        if not questions:
            raise ValueError("questions: expected at least one, got none")
        ids = torch.tensor([[self.id(word) for word in question] for question in questions])
        rows = unit(self.matrix)
        likeness = torch.einsum("k,qkd->qd", torch.tensor(signs, dtype=rows.dtype), rows[ids[:, :3]]) @ rows.T
        if exclude:
            likeness.scatter_(1, ids[:, :3], -math.inf)
        return float((likeness.argmax(1) == ids[:, 3]).double().mean())

    def offset(self, a: str, b: str, c: str, measure: str = "cosine") -> Float[Tensor, " size"]:
        """The vector a − b + c (D,), of vectors scaled to length 1 if the measure is the cosine."""
        rows = self.matrix[[self.id(a), self.id(b), self.id(c)]]
        if checks.one_of("measure", measure, MEASURES) == "cosine":
            rows = unit(rows)
        return rows[0] - rows[1] + rows[2]

    def save(self, path: str | Path) -> None:
        """Writes the text format of word2vec: a line "V D", then a line for each word with its D numbers.

        A reader gets back the very same float32 numbers. The file appears whole or not at all.
        """
        for word in self.words:
            if " " in word or "\n" in word:
                raise ValueError(f"words: expected words without spaces, which the format cannot hold, got {word!r}")
        lines = [f"{len(self)} {self.matrix.shape[1]}"]
        for word, row in zip(self.words, self.matrix.float().tolist(), strict=True):
            lines.append(" ".join([word, *(f"{number:.9g}" for number in row)]))
        path = Path(path)
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            aside.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            aside.replace(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise ValueError(f"path: {path} cannot be written ({error.strerror})") from None

    @classmethod
    def load(cls, path: str | Path) -> "WordVectors":
        """Reads the text format of word2vec, as `save`, gensim and word2vec itself write it; float32.

        Raises:
            ValueError: the file is missing, not UTF-8, or not in this format; then the line and what is wrong with it.
        """
        try:
            lines = Path(path).read_bytes().decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise ValueError(f"path: {path} is not UTF-8 text (byte {error.start})") from None
        except OSError as error:
            raise ValueError(f"path: {path} cannot be read ({error.strerror})") from None
        count, size = _header(path, lines[0])
        while lines and not lines[-1].strip():
            lines.pop()
        if len(lines) - 1 != count:
            raise ValueError(f"path: {path}, line 1: says {count} words, but {len(lines) - 1} lines follow")
        rows = [_row(path, number, line, size) for number, line in enumerate(lines[1:], start=2)]
        first: dict[str, int] = {}
        for number, (word, _) in enumerate(rows, start=2):
            if word in first:
                raise ValueError(f"path: {path}, line {number}: {word!r} was already in line {first[word]}")
            first[word] = number
        return cls(list(first), torch.tensor([numbers for _, numbers in rows], dtype=torch.float32))

    def _likeness(self, to: Float[Tensor, " size"], measure: str) -> Float[Tensor, " words"]:
        if checks.one_of("measure", measure, MEASURES) == "cosine":
            return unit(self.matrix) @ unit(to)
        return self.matrix @ to

    def _vector(self, to: Float[Tensor, " size"]) -> Float[Tensor, " size"]:
        if not isinstance(to, Tensor):
            raise TypeError(f"to: expected a word or a tensor, got {type(to).__name__}")
        if to.shape != self.matrix.shape[1:]:
            raise ValueError(f"to: expected a vector of {self.matrix.shape[1]} numbers, got shape {tuple(to.shape)}")
        return to.to(self.matrix.dtype)


def unit(vectors: Float[Tensor, "*rows size"]) -> Float[Tensor, "*rows size"]:
    """Each vector scaled to length 1; one of zeros stays, so that its cosine with anything is 0."""
    length = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return vectors / torch.where(length == 0, 1.0, length)


def _header(path: str | Path, line: str) -> tuple[int, int]:
    parts = line.split()
    if len(parts) != 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"path: {path}, line 1: expected the number of words and of their numbers, got {line!r:.60}")
    return int(parts[0]), int(parts[1])


def _row(path: str | Path, number: int, line: str, size: int) -> tuple[str, list[float]]:
    word, *parts = line.rstrip().split(" ")
    if not word or len(parts) != size:
        raise ValueError(f"path: {path}, line {number}: expected a word and {size} numbers, got {len(parts)} numbers")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ValueError(f"path: {path}, line {number}: expected numbers behind {word!r}, got {line!r:.60}") from None
    if not all(abs(value) <= torch.finfo(torch.float32).max for value in numbers):
        raise ValueError(f"path: {path}, line {number}: expected finite numbers of 32 bits behind {word!r}")
    return word, numbers
