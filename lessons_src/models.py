"""Models that the chapters train: a recurrent layer between characters and classes."""

from typing import Any

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import one_hot

from lessons_src import checks
from lessons_src.layers import GRU, LSTM, RNN
from lessons_src.text import Vocabulary

LAYERS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


class CharModel(nn.Module):
    """Reads characters one at a time and scores a class after each: of the next character, or of this one.

    A character enters as a one-hot vector, so column k of the layer's weight_ih is the embedding of character k.

    Args:
        alphabet: the characters it knows, the last one for unknowns; see `text.Vocabulary`.
        classes: the labels it chooses from; None for the alphabet itself, which makes a model of the next character.
        hidden_size: H.
        cell: "RNN", "LSTM" or "GRU".
        num_layers: how many recurrent layers stand on each other.
        bidirectional: whether it also reads from the end; not for a model of what comes next.
    """

    def __init__(
        self,
        alphabet: str,
        classes: tuple[str, ...] | None = None,
        hidden_size: int = 32,
        cell: str = "LSTM",
        num_layers: int = 1,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.vocabulary = Vocabulary(alphabet)
        if classes is not None and (
            not isinstance(classes, tuple | list) or not all(isinstance(c, str) for c in classes)
        ):
            raise TypeError(f"classes: expected a tuple of labels or None, got {classes!r}")
        self.classes = tuple(alphabet) if classes is None else tuple(classes)
        if not self.classes:
            raise ValueError("classes: expected at least one label, got none")
        self.cell = checks.one_of("cell", cell, LAYERS)
        self.recurrent = LAYERS[cell](len(alphabet), hidden_size, num_layers=num_layers, bidirectional=bidirectional)
        self.head = nn.Linear(hidden_size * (1 + bidirectional), len(self.classes))

    def forward(
        self, ids: Int[Tensor, "batch time"], state: Any = None, lengths: Any = None
    ) -> tuple[Float[Tensor, "batch time classes"], Any]:
        """Character ids (B, T) → (scores before the softmax (B, T, number of classes), final state)."""
        y, state = self.recurrent(self.encode(ids), state, lengths)
        return self.head(y), state

    def encode(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time characters"]:
        """The one-hot vectors that the recurrent layer reads."""
        ids = checks.ids("ids", ids, ("batch", "time"), len(self.vocabulary))
        return one_hot(ids, len(self.vocabulary)).to(self.head.weight.dtype)
