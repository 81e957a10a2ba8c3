"""What a bracket model knows, measured: which closer it names, and which of its units tracks what.

A model reads text and predicts the class of the next character. Where a mark really closes next, it is asked for the
closer: right if, of the four closing classes, it gives the due one the highest score. Chance is 1/4. Measurements use
lines of English-length words, as a reader types them, from seeds that no training uses.
"""

import pydoc_data.topics
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from lessons_src import brackets
from lessons_src.brackets import CLASSES, CLOSERS, CLOSING_CLASSES, QUOTE_CLOSES, Place
from lessons_src.models import CharModel
from lessons_src.tracing import trace

ROWS, STEPS = 64, 2000
"""The size of a held-out text: this many rows, each of this many characters."""

QUANTITIES: Mapping[str, Callable[[Place], float]] = MappingProxyType(
    {
        "inside quotes": lambda place: place.inside_quotes,
        "{ is open": lambda place: "{" in place.opened,
        "( is open": lambda place: "(" in place.opened,
        "depth": lambda place: place.depth,
    }
)
"""What a unit may track, in the order in which GateScope shows it."""

MEMORY: Mapping[str, str] = MappingProxyType({"LSTM": "c", "GRU": "h", "RNN": "h"})
"""The state that each cell carries from step to step."""


@dataclass(frozen=True)
class HeldOut:
    """Texts to measure on, and the truth about them.

    Attributes:
        texts: B texts of T characters each.
    """

    texts: tuple[str, ...]

    @classmethod
    def lines(cls, seed: int) -> "HeldOut":
        """Lines of English-length words in the language of brackets."""
        first = 1_000_000 * (1 + seed)
        return cls(tuple(brackets.generate(first + row, STEPS, (brackets.ENGLISH,))[:STEPS] for row in range(ROWS)))

    @classmethod
    def english(cls) -> "HeldOut":
        """The paragraphs of Python's own help (`pydoc_data.topics`) as they are, each on one line.

        They differ from version to version of Python; no model was trained on them.
        """
        paragraphs = re.split(r"\n\s*\n", "\n\n".join(pydoc_data.topics.topics.values()))
        texts, text = [], ""
        for paragraph in paragraphs:
            text += " ".join(paragraph.split()) + "\n"
            if len(text) >= STEPS:
                texts.append(text[:STEPS])
                text = ""
        return cls(tuple(texts))

    @cached_property
    def places(self) -> tuple[list[Place], ...]:
        """The truth after each character."""
        return tuple(brackets.annotate(text) for text in self.texts)

    @cached_property
    def closing(self) -> Int[np.ndarray, "batch time"]:
        """Where the innermost mark closes with the next character, its index in CLOSERS; elsewhere −1."""
        return np.array(
            [
                [
                    CLOSERS.index(c) if c == place.closer_due else -1
                    for place, c in zip(places, text[1:] + "\n", strict=True)
                ]
                for places, text in zip(self.places, self.texts, strict=True)
            ]
        )

    def each_place(self, measure: Callable[[Place], float]) -> Float[np.ndarray, "batch time"]:
        """A number after each character, such as one of QUANTITIES."""
        return np.array([[float(measure(place)) for place in places] for places in self.places])


@dataclass(frozen=True)
class Judgement:
    """How a model did wherever a mark of a held-out text closes; N such places.

    Attributes:
        kind: which of CLOSERS was due (N,).
        distance: the steps since its opener (N,).
        right: whether the model named it (N,).
        announced: the mean probability of a closing quote where no quote is open.
    """

    kind: Int[np.ndarray, " places"]
    distance: Int[np.ndarray, " places"]
    right: Bool[np.ndarray, " places"]
    announced: float

    def accuracy(self, closer: str | None = None, beyond: int = 0, up_to: int = STEPS) -> float:
        """The share of closers named, of one kind or all, with more than `beyond` and at most `up_to` steps."""
        chosen = (self.distance > beyond) & (self.distance <= up_to)
        if closer is not None:
            chosen &= self.kind == CLOSERS.index(closer)
        return float(self.right[chosen].mean())


def judge(model: CharModel, held_out: HeldOut) -> Judgement:
    """Asks the model for the closer wherever one comes next in the held-out text."""
    scores = _scores(model, held_out)
    named = scores[..., [CLASSES.index(label) for label in CLOSING_CLASSES]].argmax(-1).numpy()
    closes = held_out.closing >= 0
    outside = torch.from_numpy(held_out.each_place(lambda place: not place.inside_quotes) > 0)
    announced = scores.softmax(-1)[..., CLASSES.index(QUOTE_CLOSES)][outside].mean()
    kind = held_out.closing[closes]
    distance = held_out.each_place(lambda place: place.distance + 1)[closes].astype(int)
    return Judgement(kind, distance, named[closes] == kind, float(announced))


@torch.no_grad()
def _scores(model: CharModel, held_out: HeldOut) -> Float[Tensor, "batch time classes"]:
    ids = torch.stack([model.vocabulary.encode(text) for text in held_out.texts])
    return torch.cat([model(rows)[0] for rows in ids.split(ROWS)])


@dataclass(frozen=True)
class Landmark:
    """The unit that tracks a quantity best, and how to draw it: sign · (value − midpoint) / scale.

    That is −1 on average where the quantity is least and 1 where it is greatest. "Best" is the best of all units by |r|
    on one held-out text: a search, not a discovery.

    Attributes:
        label: the key of QUANTITIES.
        unit: its index in the state.
        quantity: which state is meant, "c" of an LSTM, "h" of a GRU or an RNN.
        r: the correlation of the unit's state with the quantity.
        midpoint: between the mean states where the quantity is least and greatest.
        scale: half the distance of the two.
        sign: 1 if the state rises with the quantity, −1 if it falls.
    """

    label: str
    unit: int
    quantity: str
    r: float
    midpoint: float
    scale: float
    sign: int


def find_landmarks(model: CharModel, held_out: HeldOut) -> tuple[Landmark, ...]:
    """Returns, for each of QUANTITIES, the unit that tracks it best on the held-out text."""
    states = memory(model, held_out)
    return tuple(_landmark(label, MEMORY[model.cell], states, held_out) for label in QUANTITIES)


@torch.no_grad()
def memory(model: CharModel, held_out: HeldOut) -> Float[np.ndarray, "batch time hidden"]:
    """The state that the model carries, after each character."""
    ids = torch.stack([model.vocabulary.encode(text) for text in held_out.texts])
    (record,) = trace(model.recurrent, model.encode(ids))
    states: Tensor = getattr(record, MEMORY[model.cell])
    return states.numpy().astype(np.float64)


def correlations(
    states: Float[np.ndarray, "batch time hidden"], quantity: Float[np.ndarray, "batch time"]
) -> Float[np.ndarray, " hidden"]:
    """The correlation r of each unit's state with the quantity."""
    x = states.reshape(-1, states.shape[-1])
    y = quantity.reshape(-1)
    x, y = x - x.mean(0), y - y.mean()
    return (y @ x) / np.maximum(np.linalg.norm(x, axis=0) * np.linalg.norm(y), 1e-12)  # a unit that never moves: 0


def _landmark(label: str, name: str, states: np.ndarray, held_out: HeldOut) -> Landmark:
    quantity = held_out.each_place(QUANTITIES[label])
    r = correlations(states, quantity)
    unit = int(np.abs(r).argmax())
    low = states[quantity == quantity.min(), unit].mean()
    high = states[quantity == quantity.max(), unit].mean()
    middle, half = (low + high) / 2, (high - low) / 2
    return Landmark(label, unit, name, float(r[unit]), float(middle), float(abs(half)), int(np.sign(half)))
