"""How a bracket model is trained: 64 windows of the language a step, and a loss that says what matters.

The model predicts the class of the next character. Errors on brackets and quotes weigh five times as much as on filler,
and the absolute values of h cost a little.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from lessons_src import brackets, checks
from lessons_src.brackets import ALPHABET, CLASSES, FILLER_CLASSES
from lessons_src.models import CharModel
from lessons_src.text import Vocabulary
from lessons_src.training import StepRecord, train, warm_cosine

CELLS = ("LSTM", "GRU", "RNN")
HIDDEN_SIZE = 32
BATCH, WINDOW, TRAINING_TEXT = 64, 160, 2_000_000
CLASS_WEIGHTS = torch.tensor([1.0 if label in FILLER_CLASSES else 5.0 for label in CLASSES])
H_COST = 3e-3


def untrained(cell: str, seed: int = 0) -> CharModel:
    """A model with first weights from the seed: torch's, but an LSTM's biases are 0, and 1 for the forget gate."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CharModel(ALPHABET, CLASSES, HIDDEN_SIZE, cell)
    if cell == "LSTM":
        with torch.no_grad():
            model.recurrent.bias_ih_l0.zero_()
            model.recurrent.bias_hh_l0.zero_()
            model.recurrent.bias_ih_l0[HIDDEN_SIZE : 2 * HIDDEN_SIZE] = 1.0  # gates are stacked i, f, g, o
    return model


class Windows:
    """Batches of windows that start where a line of the training text starts: ids and next classes, each (B, T)."""

    def __init__(self, seed: int, steps: int, vocabulary: Vocabulary) -> None:
        text = brackets.generate(seed, TRAINING_TEXT)
        self.ids = vocabulary.encode(text)
        self.classes = torch.tensor([CLASSES.index(label) for label in brackets.classify(text)])
        starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
        self.starts = torch.tensor([at for at in starts if at + WINDOW < len(text)])
        self.seed, self.steps = seed, steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.steps):
            chosen = self.starts[torch.randint(len(self.starts), (BATCH,), generator=generator)]
            at = chosen[:, None] + torch.arange(WINDOW)
            yield self.ids[at], self.classes[at + 1]


def _loss(model: CharModel, batch: tuple[Tensor, Tensor]) -> Float[Tensor, ""]:
    """Cross-entropy of the next class, structure weighing more, plus the cost of h."""
    ids, classes = batch
    h, _ = model.recurrent(model.encode(ids))
    prediction = cross_entropy(model.head(h).flatten(0, 1), classes.flatten(), CLASS_WEIGHTS)
    return prediction + H_COST * h.abs().sum(-1).mean()


def train_model(cell: str, seed: int, steps: int) -> tuple[CharModel, Iterator[StepRecord]]:
    """Returns an untrained model and the steps that train it in place; both follow from the seed.

    Args:
        cell: "LSTM", "GRU" or "RNN".
        seed: of the first weights, of the training text and of the choice of windows.
        steps: the number of optimiser steps.
    """
    model = untrained(checks.one_of("cell", cell, CELLS), checks.whole_number("seed", seed, least=0))
    batches = Windows(seed, checks.whole_number("steps", steps), model.vocabulary)
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = warm_cosine(steps, warmup=50, floor=0.02)
    return model, train(model, batches, lambda _, batch: _loss(model, batch), adam, clip_norm=1.0, schedule=schedule)
