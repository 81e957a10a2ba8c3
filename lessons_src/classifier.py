"""A text classifier: an embedding, a recurrent layer that may read both ways, and a head on one vector per text."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessons_src import checkpoints, checks
from lessons_src.data import plain
from lessons_src.labelled import Padded
from lessons_src.models import LAYERS
from lessons_src.text import Vocabulary

READINGS = ("final", "mean", "last", "own last")
"""What may stand for a text; see TextClassifier."""

FORMAT = "unrolled text classifier 1"


class TextClassifier(nn.Module):
    """Scores the classes of a whole text: ids (N, W) → (N, W, D) → (N, W, 2H) → one vector per text → (N, C).

    `reading` chooses the vector that stands for the text, and so the question of this class:

    - "final": the final states of both directions. Each has read the whole text.
    - "mean": the mean of the outputs at the text's own characters.
    - "last": y[:, −1], the output at the last place of the batch, which may be padding.
    - "own last": the output at the text's own last character. The backward half has read that character only.

    Args:
        alphabet: the characters it knows, the last one for unknowns; see `text.Vocabulary`. Padding has an id of its
            own behind them, whose embedding is zero and stays so.
        classes: the labels, at least two.
        embedding_size: D.
        hidden_size: H, of each direction.
        cell: "RNN", "LSTM" or "GRU".
        bidirectional: whether a second set of weights reads from the end.
        reading: one of READINGS.
        dropout: probability of dropping a value of an embedding, or of a text's vector, while training.
        longest: how many characters `predict` reads at most; set it to what the model was trained on.
        strip_accents: whether `predict` takes off accents first, as `data.plain` does.

    Source: schuster1997 for the two directions.
    """

    def __init__(
        self,
        alphabet: str,
        classes: Sequence[str],
        embedding_size: int = 24,
        hidden_size: int = 48,
        cell: str = "LSTM",
        bidirectional: bool = True,
        reading: str = "final",
        dropout: float = 0.0,
        longest: int = 200,
        strip_accents: bool = False,
    ) -> None:
        super().__init__()
        if isinstance(classes, str) or not all(isinstance(label, str) for label in classes):
            raise TypeError(f"classes: expected a tuple of labels, got {classes!r}")
        if len(set(classes)) != len(classes) or len(classes) < 2:
            raise ValueError(f"classes: expected at least two different labels, got {tuple(classes)}")
        self.settings: dict[str, Any] = {
            "alphabet": alphabet,
            "classes": tuple(classes),
            "embedding_size": checks.whole_number("embedding_size", embedding_size),
            "hidden_size": checks.whole_number("hidden_size", hidden_size),
            "cell": checks.one_of("cell", cell, LAYERS),
            "bidirectional": checks.true_or_false("bidirectional", bidirectional),
            "reading": checks.one_of("reading", reading, READINGS),
            "dropout": checks.number_between("dropout", dropout, 0.0, 1.0),
            "longest": checks.whole_number("longest", longest),
            "strip_accents": checks.true_or_false("strip_accents", strip_accents),
        }
        self.vocabulary, self.classes, self.reading = Vocabulary(alphabet), tuple(classes), reading
        self.embedding = nn.Embedding(len(alphabet) + 1, embedding_size, padding_idx=len(alphabet))
        self.recurrent = LAYERS[cell](embedding_size, hidden_size, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size * (1 + bidirectional), len(classes))

    def forward(self, ids: Int[Tensor, "batch time"], lengths: Any = None) -> Float[Tensor, "batch classes"]:
        """Ids (N, W) and how many of each row are characters (N,) → scores before the softmax (N, C).

        Without `lengths` padding is read like any character.
        """
        ids = checks.ids("ids", ids, ("batch", "time"), self.embedding.num_embeddings)
        e = self.dropout(self.embedding(ids))
        y, state = self.recurrent(e, lengths=lengths)
        return self.head(self.dropout(self.read(y, state, lengths)))

    def read(self, y: Float[Tensor, "batch time outputs"], state: Any, lengths: Any = None) -> Tensor:
        """The vector that stands for each text (N, 2H), from a layer's outputs and its final state."""
        if self.reading == "last":
            return y[:, -1]
        if self.reading == "final":
            h = state[0] if isinstance(state, tuple) else state
            return h.transpose(0, 1).flatten(1)  # (2, N, H) → (N, 2H)
        steps = y.shape[1]
        lengths = torch.full((len(y),), steps) if lengths is None else checks.sequence_lengths(lengths, len(y), steps)
        if self.reading == "own last":
            return y[torch.arange(len(y)), lengths - 1]
        return y.sum(1) / lengths[:, None]  # with lengths, y is zero behind the end of a text


def accuracy(model: TextClassifier, batch: Padded, *, with_lengths: bool = True) -> float:
    """The share of texts, from 0 to 1, whose class gets the highest score.

    Args:
        model: trained or not.
        batch: texts and their classes.
        with_lengths: whether the model is told where each text ends.
    """
    with torch.no_grad():
        scores = model(batch.ids, batch.lengths if with_lengths else None)
    return float((scores.argmax(-1) == batch.target).double().mean())


@dataclass(frozen=True)
class Prediction:
    """What a classifier says about a reader's text.

    Attributes:
        probabilities: of each class, in the order of the model's classes; empty if there was nothing to read.
        label: the likeliest class, or None.
        sentence: the same in words, with what a reader should know about it.
    """

    probabilities: tuple[float, ...]
    label: str | None
    sentence: str


def predict(model: TextClassifier, text: str) -> Prediction:
    """Reads any text. What cannot be answered gets a sentence instead of an answer, and no exception.

    Raises:
        TypeError: `text` is no str.
    """
    checks.text("text", text)
    shown = repr(text if len(text) <= 30 else text[:29] + "…")
    if not text.strip():
        return Prediction((), None, "There is no text to read.")
    read = plain(text) if model.settings["strip_accents"] else text
    kept = read.strip()[: model.settings["longest"]]
    known = sum(model.vocabulary.knows(character) for character in kept if not character.isspace())
    if not known:
        return Prediction((), None, f"{shown} has no character that the model knows, so there is no answer.")
    with torch.no_grad():
        probabilities = model(model.vocabulary.encode(kept)[None]).softmax(-1)[0]
    label = model.classes[int(probabilities.argmax())]
    notes = [f"{shown}: {label}, with probability {float(probabilities.max()):.2f}."]
    if len(read.strip()) > len(kept):
        notes.append(f"Only the first {len(kept)} characters were read.")
    if lost := sum(_is_lost(model, character) for character in text):
        notes.append(f"{lost} of its characters {'is' if lost == 1 else 'are'} unknown to the model.")
    return Prediction(tuple(probabilities.tolist()), label, " ".join(notes))


def _is_lost(model: TextClassifier, character: str) -> bool:
    """Whether nothing of a reader's character reaches the model; spaces, and accents of their own, are no loss."""
    strip = model.settings["strip_accents"]
    if character.isspace() or (strip and unicodedata.combining(character)):
        return False
    return not any(model.vocabulary.knows(c) for c in (plain(character) if strip else character))


def save(model: TextClassifier, path: str | Path) -> None:
    """Writes the model with its settings; a file that was there stays until the new one is complete."""
    checkpoints.save(
        checkpoints.sealed({"format": FORMAT, "settings": model.settings, "model": model.state_dict()}), path
    )


def load(path: str | Path) -> TextClassifier:
    """Reads a model that `save` wrote, in evaluation mode.

    Raises:
        ValueError: the file is missing, damaged, or something else; the message says which.
    """
    content = checkpoints.load(path, FORMAT, "a text classifier (`classifier.save`)")
    try:
        model = TextClassifier(**content["settings"]).to(content["model"]["head.weight"].dtype)
        model.load_state_dict(content["model"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"path: {path} holds settings and weights that do not fit each other ({error})") from None
    return model.eval()
