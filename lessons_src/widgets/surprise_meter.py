"""SurpriseMeter: how surprised is an n-gram model by my sentence?"""

import copy
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from html import escape
from typing import Any

import torch
import traitlets
from jaxtyping import Float, Int
from torch import Tensor

from lessons_src import checks, data, grammars, language_models
from lessons_src.language_models import NGramModel, surprise
from lessons_src.text import Vocabulary
from lessons_src.widgets.base import BookWidget

UNITS = ("character", "word")
SMOOTHINGS = ("none", "add", "witten-bell")
UNKNOWN = "<unknown>"
LONGEST_TEXT, LONGEST_TRAINING, MOST_ORDER, MOST_ADD = 2_000, 60_000, 6, 1_000.0
TOPICS = ("objects", "execmodel", "import", "truth", "raise")
VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥"}
MOST_IN_PRINT = 60
STILL_STYLE = (
    ".sm-still span{display:inline-block;margin:1px;text-align:center;vertical-align:bottom;font-size:.75rem}"
    ".sm-still :is(b,i){display:block;font:inherit}.sm-still i{background:currentColor;opacity:.6}"
)


class SurpriseMeter(BookWidget):
    """Shows how many bits each token of a sentence costs an n-gram model, which the page itself counts from a text.

    Args:
        text: the sentence to measure, at most 2,000 characters.
        unit: what a token is: "character", or "word" (a lowered word, or one other sign that is not a space).
        order: n, from 1 to 6.
        smoothing: "none", "add" or "witten-bell".
        add: k, for "add", from 0 to 1000.
        training: the name of the text that is counted; None for the first.
        place: the token to look at, from 0; the number of tokens for what comes next, and None for that in any text.
        texts: the texts to choose from, by name, each of at most 60,000 characters; None for "Python's help" and "the
            students".

    All but `texts` may be set from Python at any time, and follow what the reader does.

    Raises:
        TypeError, ValueError, TraitError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("surprise_meter").tag(sync=True)

    text = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode("character").tag(sync=True)
    order = traitlets.Int(3).tag(sync=True)
    smoothing = traitlets.Unicode("witten-bell").tag(sync=True)
    add = traitlets.Float(1.0).tag(sync=True)
    training = traitlets.Unicode().tag(sync=True)
    place = traitlets.Int(None, allow_none=True).tag(sync=True)

    texts: Any = traitlets.List().tag(sync=True)  # (name, text)

    def __init__(
        self,
        text: str = "The name of the object is not known.",
        unit: str = "character",
        order: int = 3,
        smoothing: str = "witten-bell",
        add: float = 1.0,
        training: str | None = None,
        place: int | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self._texts = default_texts() if texts is None else _checked(texts)
        super().__init__(
            text=text,
            unit=unit,
            order=order,
            smoothing=smoothing,
            add=add,
            training=next(iter(self._texts)) if training is None else training,
            place=place,
            texts=[list(pair) for pair in self._texts.items()],
        )

    @traitlets.validate("unit", "smoothing", "training")
    def _check_word(self, proposal: Any) -> str:
        allowed = {"unit": UNITS, "smoothing": SMOOTHINGS, "training": tuple(self._texts)}
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], allowed[name])

    @traitlets.validate("order", "add", "place")
    def _check_number(self, proposal: Any) -> float | None:
        limits = {"order": (1, MOST_ORDER), "add": (0, MOST_ADD), "place": (0, LONGEST_TEXT)}
        name, value = proposal["trait"].name, proposal["value"]
        if value is not None:
            checks.number_between(name, value, *limits[name])
        return value

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if len(proposal["value"]) > LONGEST_TEXT:
            raise ValueError(f"text: expected at most {LONGEST_TEXT:,} characters, got {len(proposal['value']):,}")
        return str(proposal["value"])

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens of the training text, and one for all that it does not have."""
        return self._counted()[0]

    @property
    def model(self) -> NGramModel:
        """What the page counts, counted here."""
        return copy.deepcopy(self._counted()[1])

    def _counted(self) -> tuple[Vocabulary, NGramModel]:
        smoothing = "witten-bell" if self.smoothing == "witten-bell" else "add"
        add = self.add if self.smoothing == "add" else 0.0
        return _count(self._texts[self.training], self.unit, self.order, smoothing, add)

    @property
    def ids(self) -> Int[Tensor, " time"]:
        """The sentence as ids of the vocabulary (T,)."""
        return self.vocabulary.encode(tokens(self.text, self.unit))

    def surprises(self) -> Float[Tensor, " time"]:
        """What each token costs, in bits (T,)."""
        ids = self.ids
        return surprise(self._counted()[1].log_probabilities(ids)) if len(ids) else torch.zeros(0, dtype=torch.float64)

    def perplexity(self) -> float:
        """Of the sentence, which must hold a token."""
        ids = self.ids
        if not len(ids):
            raise ValueError(f"text: expected at least one {self.unit}, got {self.text!r}")
        return language_models.perplexity(self._counted()[1].log_probabilities(ids))

    def longest_seen(self) -> list[int]:
        """For each token the length of the longest n-gram that ends with it and was counted; 0 if it never was."""
        model, ids = self._counted()[1], self.ids.tolist()
        return [_longest(model, ids[max(0, k - self.order + 1) : k], token) for k, token in enumerate(ids)]

    def likeliest(self, count: int = 5) -> list[tuple[str, float]]:
        """The likeliest tokens at `place`, given what stands before it, and their probabilities."""
        vocabulary, ids = self.vocabulary, self.ids.tolist()
        share = self._counted()[1].distribution(ids[: len(ids) if self.place is None else self.place]).tolist()
        first = sorted(range(len(share)), key=lambda w: (-share[w], w))[:count]
        return [(vocabulary.alphabet[w], share[w]) for w in first]

    def still(self) -> str:
        """The bars as a figure that does not move."""
        shown = tokens(self.text, self.unit)[:MOST_IN_PRINT]
        bits = self.surprises().tolist()[:MOST_IN_PRINT]
        cells = "".join(
            f"<span><b>{_number(b)}</b><i style='height:{min(b, 12) * 5:.0f}px'></i><b>{escape(name)}</b></span>"
            for name, b in zip(map(_visible, shown), bits, strict=True)
        )
        words = f"{self._subject()}: the surprise of each {self.unit}, in bits."
        if bits:
            words += f" Perplexity {_number(self.perplexity())}."
        label = escape(words + " " + self.text[:200], quote=True)
        return (
            f'<figure role="img" aria-label="{label}"><style>{STILL_STYLE}</style>'
            f'<div class="sm-still">{cells}</div><figcaption>{escape(words)}</figcaption></figure>'
        )

    def _subject(self) -> str:
        how = {"none": "not smoothed", "add": f"plus {self.add:g}", "witten-bell": "Witten-Bell"}[self.smoothing]
        return f"{self.order}-grams of {self.unit}s, {how}, counted from {self.training}"

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        return f"SurpriseMeter({self._subject()})"


def tokens(text: str, unit: str) -> list[str]:
    """What the widget takes as tokens: code points, or lowered words and signs without spaces."""
    if unit == "character":
        return list(text)
    return re.findall(r"\w+(?:'\w+)*|[^\w\s\x00-\x1f\x7f-\x9f]", text.lower())


@lru_cache(maxsize=8)
def _count(text: str, unit: str, order: int, smoothing: str, add: float) -> tuple[Vocabulary, NGramModel]:
    found = tokens(text, unit)
    vocabulary = Vocabulary([*sorted(set(found) - {UNKNOWN}), UNKNOWN])
    model = NGramModel(order, len(vocabulary), smoothing=smoothing, add=add)
    return vocabulary, model.fit([vocabulary.encode(found)])


@cache
def default_texts() -> Mapping[str, str]:
    """A piece of Python's own help, and sentences about what students open."""
    topics = data.topics()
    help_ = "\n".join(topics[name] for name in TOPICS if name in topics) or next(iter(topics.values()))
    sentences = grammars.students(300, seed=0)
    return {"Python's help": help_, "the students": "".join(f"{' '.join(words)} .\n" for words in sentences)}


def _checked(texts: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(texts, Mapping) or not texts:
        raise TypeError(f"texts: expected a dict of names and texts, got {texts!r:.60}")
    for name, text in texts.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"texts: expected a dict of names and texts, got {name!r}: {text!r:.60}")
        if not tokens(text, "word") or len(text) > LONGEST_TRAINING:
            raise ValueError(
                f"texts: expected a text with a word in it, of at most {LONGEST_TRAINING:,} characters, "
                f"got {len(text):,} under {name!r}"
            )
    return dict(texts)


def _longest(model: NGramModel, context: list[int], token: int) -> int:
    lengths = range(len(context), -1, -1)
    return next((k + 1 for k in lengths if model.followers(context[len(context) - k :])[token]), 0)


def _visible(token: str) -> str:
    return VISIBLE.get(token, token)


def _number(value: float) -> str:
    return "∞" if value == float("inf") else f"{value:.1f}"
