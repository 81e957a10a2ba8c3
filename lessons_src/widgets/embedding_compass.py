"""EmbeddingCompass: is king − man + woman really queen?"""

from functools import cache
from html import escape
from typing import Any

import torch
import traitlets
from jaxtyping import Float
from matplotlib.font_manager import findfont, get_font
from torch import Tensor

from lessons_src import checks, plotting
from lessons_src.text import nearest_spellings
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget
from lessons_src.word_vectors import MEASURES, Ranking, WordVectors, unit

MODES = ("analogy", "neighbours")
USUAL = ("king", "man", "woman")
COUNT = 10
MOST_DOTS = 1_000  # in print
FEWEST_WORDS, MOST_WORDS, MOST_NUMBERS = 4, 4_000, 400_000


class EmbeddingCompass(BookWidget):
    """Goes from word to word by arithmetic, a − b + c, and shows which words are near, in the space and on a map of it.

    The map is the plane in which the vectors spread most: their two largest principal components. The page computes
    everything else in float64, also without a kernel.

    Args:
        vectors: 4 to 4,000 words, at most 400,000 numbers in all; kept as 32-bit numbers.
        a: where one starts; None for "king", "man" and "woman" if all three are known, else the first three words.
        b: what is taken away; None as for `a`.
        c: what is added; None as for `a`.
        exclude: whether the words that one asks with may not be answers.
        measure: "cosine": of vectors scaled to length 1, also before the arithmetic; "dot": the vectors as they are.
        mode: "analogy" for what is near a − b + c, "neighbours" for what is near `word`.
        word: the chosen word, whose neighbours on the map and in the space are compared; None for `c`.

    All but `vectors` may be set from Python at any time, and follow what the reader does. `vectors` may be set too.

    Raises:
        TypeError, ValueError, TraitError: a sentence that names the argument, what came and what was expected; for an
            unknown word, with the nearest spellings.
    """

    _bundle = traitlets.Unicode("embedding_compass").tag(sync=True)

    a = traitlets.Unicode().tag(sync=True)
    b = traitlets.Unicode().tag(sync=True)
    c = traitlets.Unicode().tag(sync=True)
    exclude = traitlets.Bool(True).tag(sync=True)
    measure = traitlets.Unicode("cosine").tag(sync=True)
    mode = traitlets.Unicode("analogy").tag(sync=True)
    word = traitlets.Unicode().tag(sync=True)

    space = traitlets.Dict().tag(sync=True)  # the words, their vectors packed, and the map's axes packed

    def __init__(
        self,
        vectors: WordVectors,
        a: str | None = None,
        b: str | None = None,
        c: str | None = None,
        exclude: bool = True,
        measure: str = "cosine",
        mode: str = "analogy",
        word: str | None = None,
    ) -> None:
        self._vectors = _checked(vectors)
        usual = USUAL if all(name in self._vectors for name in USUAL) else self._vectors.words
        a, b, c = (usual[k] if name is None else name for k, name in enumerate((a, b, c)))
        for name, given in (("a", a), ("b", b), ("c", c)):  # before `word`, which may be c
            if isinstance(given, str):
                _known(name, given, self._vectors)
        super().__init__(
            a=a,
            b=b,
            c=c,
            exclude=checks.true_or_false("exclude", exclude),
            measure=measure,
            mode=mode,
            word=c if word is None else word,
            space=_packed(self._vectors),
        )

    @traitlets.validate("measure", "mode")
    def _check_choice(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], {"measure": MEASURES, "mode": MODES}[name])

    @traitlets.validate("a", "b", "c", "word")
    def _check_word(self, proposal: Any) -> str:
        return _known(proposal["trait"].name, proposal["value"], self._vectors)

    @property
    def vectors(self) -> WordVectors:
        """What is shown: your vectors, rounded to 32-bit numbers, in float64."""
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: WordVectors) -> None:
        checked = _checked(vectors)
        for name in ("a", "b", "c", "word"):
            _known(name, getattr(self, name), checked)
        self._vectors = checked
        self.space = _packed(checked)

    def answers(self) -> Ranking:
        """What the page lists: the ten words nearest to a − b + c, or to the chosen word, the nearest first."""
        everything = len(self._vectors)
        if self.mode == "analogy":
            found = self._vectors.analogy(
                self.a, self.b, self.c, everything, exclude=self.exclude, measure=self.measure
            )
            return self._first_of(found)
        to = self.word if self.exclude else self._asked(self.word)
        return self._first_of(self._vectors.nearest(to, everything, measure=self.measure))

    def without_arithmetic(self) -> Ranking:
        """The controls: what is nearest to a alone, and what to c alone; the query words count as in the answers."""
        query = (self.a, self.b, self.c)
        everything = len(self._vectors)
        return [
            self._first_of(
                self._vectors.nearest(one, everything, exclude=query if self.exclude else (one,), measure=self.measure)
            )[0]
            for one in (self.a, self.c)
        ]

    def coordinates(self) -> Float[Tensor, "words 2"]:
        """Where each word lies on the map (V, 2); the map of the cosine is of vectors scaled to length 1."""
        rows = self._rows()
        return (rows - rows.mean(0)) @ _axes(rows).T

    def kept(self) -> float:
        """Which part of the variance the map keeps, from 0 to 1."""
        rows = self._rows()
        total = float((rows - rows.mean(0)).square().sum())
        return float(self.coordinates().square().sum()) / total if total > 0 else 1.0

    def near(self) -> tuple[list[str], list[str]]:
        """The ten words nearest to the chosen one on the map, and the ten nearest in the space."""
        place = self.coordinates()
        here = self._vectors.id(self.word)
        closeness = (-(place - place[here]).square().sum(1)).tolist()
        on_map = [(w, closeness[k]) for k, w in enumerate(self._vectors.words) if k != here]
        in_space = self._vectors.nearest(self.word, len(self._vectors), measure=self.measure)
        first, second = ([word for word, _ in self._first_of(found)] for found in (on_map, in_space))
        return first, second

    def still(self) -> str:
        """The map as a figure that does not move, and the answers as a table."""
        answers = self.answers()
        asked = f"{self.a} − {self.b} + {self.c}" if self.mode == "analogy" else self.word
        measure = "cosine" if self.measure == "cosine" else "dot product"
        alt = f"Of {len(self._vectors)} words {answers[0][0]} is nearest to {asked}, {measure} {answers[0][1]:.3g}."
        caption = f"{alt} The map keeps {100 * self.kept():.0f} % of the variance."
        rows = "".join(f"<tr><td>{escape(word)}</td><td>{value:.3f}</td></tr>" for word, value in answers)
        head = f"<thead><tr><th>nearest to {escape(asked)}</th><th>{measure}</th></tr></thead>"
        return f"{self._map(alt, caption, answers)}<table>{head}<tbody>{rows}</tbody></table>"

    def _map(self, alt: str, caption: str, answers: Ranking) -> str:
        figure, axes = plotting.subplots(height=4.2)
        place = {word: tuple(row) for word, row in zip(self._vectors.words, self.coordinates().tolist(), strict=True)}
        axes.plot(*self.coordinates()[:MOST_DOTS].T.numpy(), ".", color=plotting.COLOURS["loss"], markersize=3)
        near = [word for word, _ in answers]
        axes.plot(*zip(*(place[word] for word in near), strict=True), "o", color=plotting.SERIES[0], markersize=5)
        queries = list(dict.fromkeys((self.a, self.b, self.c) if self.mode == "analogy" else (self.word,)))
        axes.plot(*zip(*(place[word] for word in queries), strict=True), "s", color=plotting.SERIES[1], markersize=6)
        if self.mode == "analogy":
            (ax, ay), (bx, by), (cx, cy) = (place[word] for word in (self.a, self.b, self.c))
            target = cx + ax - bx, cy + ay - by
            for start, end in (((bx, by), (ax, ay)), ((cx, cy), target)):
                axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": plotting.SERIES[1]})
            axes.plot(*target, "x", color=plotting.SERIES[3], markersize=9)
            axes.annotate("a − b + c", target, xytext=(6, 5), textcoords="offset points", fontsize=9)
        for word in dict.fromkeys((*queries, *near)):
            if _has_letters(word):
                axes.annotate(
                    word, place[word], xytext=(5, 3), textcoords="offset points", fontsize=8, parse_math=False
                )
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel("first principal component")
        axes.set_ylabel("second")
        return plotting.figure_html(figure, alt, caption)

    def _rows(self) -> Float[Tensor, "words size"]:
        return _measured(self._vectors, self.measure)

    def _asked(self, word: str) -> Float[Tensor, " size"]:
        return self._vectors[word]

    def _first_of(self, found: Ranking) -> Ranking:
        """The ten greatest; what differs by less than 1e-12 of the greatest is level: the order of words decides."""
        step = max(abs(value) for _, value in found) * 2.0**-40 or 1.0
        return sorted(found, key=lambda entry: (-round(entry[1] / step), self._vectors.id(entry[0])))[:COUNT]

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        asked = f"{self.a} − {self.b} + {self.c}" if self.mode == "analogy" else self.word
        left_out = "query left out" if self.exclude else "query kept"
        return f"EmbeddingCompass({asked} in {self._vectors!r}, {self.measure}, {left_out})"


def _checked(vectors: object) -> WordVectors:
    """The vectors as the page gets them; refuses what it cannot show."""
    if not isinstance(vectors, WordVectors):
        raise TypeError(f"vectors: expected lessons_src.word_vectors.WordVectors, got {type(vectors).__name__}")
    size = vectors.matrix.shape[1]
    if not FEWEST_WORDS <= len(vectors) <= MOST_WORDS:
        raise ValueError(f"vectors: expected {FEWEST_WORDS} to {MOST_WORDS:,} words, got {len(vectors):,}")
    if len(vectors) * size > MOST_NUMBERS:
        raise ValueError(
            f"vectors: expected at most {MOST_NUMBERS:,} numbers in all, got {len(vectors):,} words of {size:,}"
        )
    single = vectors.matrix.float()
    if not torch.isfinite(single).all():
        raise ValueError("vectors: expected numbers that 32-bit floats can hold, got greater ones")
    return WordVectors(vectors.words, single.double())


def _known(name: str, word: str, vectors: WordVectors) -> str:
    if word in vectors:
        return word
    near = nearest_spellings(word, vectors.words)
    hint = f"; spelt most like it: {', '.join(near)}" if near else ""
    raise ValueError(f"{name}: expected one of the {len(vectors)} known words, got {word!r}{hint}")


def _measured(vectors: WordVectors, measure: str) -> Float[Tensor, "words size"]:
    """The vectors between which the measure measures."""
    return unit(vectors.matrix) if measure == "cosine" else vectors.matrix


def _axes(rows: Float[Tensor, "words size"]) -> Float[Tensor, "2 size"]:
    """The two directions in which the rows spread most; in each, the entry largest in magnitude is positive."""
    _, _, directions = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    axes = rows.new_zeros(2, rows.shape[1])
    axes[: len(directions[:2])] = directions[:2]
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    return axes * torch.where(largest < 0, -1.0, 1.0)


def _packed(vectors: WordVectors) -> dict[str, Any]:
    axes = {measure: pack(_axes(_measured(vectors, measure))) for measure in MEASURES}
    return {"words": list(vectors.words), "matrix": pack(vectors.matrix), "axes": axes}


def _has_letters(word: str) -> bool:
    """Whether the font of the figures can write the word: it has no Hangul, for one."""
    return all(ord(letter) in _letters() for letter in word)


@cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
