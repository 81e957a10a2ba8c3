"""Training of the bracket models: it follows from the seed, sees what it should, and lowers the loss."""

import numpy as np
import pytest
import torch

from lessons_src import bracket_training, brackets
from lessons_src.bracket_training import CELLS, Windows, train_model
from lessons_src.text import Vocabulary

pytestmark = pytest.mark.usefixtures("small_text")


@pytest.fixture
def small_text(monkeypatch):
    monkeypatch.setattr(bracket_training, "TRAINING_TEXT", 20_000)
    monkeypatch.setattr(bracket_training, "BATCH", 16)


def run(cell, steps):
    model, records = train_model(cell, seed=7, steps=steps)
    return model, [record.loss for record in records]


@pytest.mark.parametrize("cell", CELLS)
def test_a_short_training_lowers_the_loss(cell):
    _, losses = run(cell, 50)
    assert losses[0] > 2.2
    assert np.mean(losses[-5:]) < 0.85 * losses[0]


def test_training_follows_from_the_seed():
    first, losses = run("LSTM", 3)
    torch.manual_seed(99)
    second, again = run("LSTM", 3)
    assert losses == again
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_an_lstm_starts_with_an_open_forget_gate():
    model, _ = train_model("LSTM", seed=0, steps=1)
    bias = (model.recurrent.bias_ih_l0 + model.recurrent.bias_hh_l0).detach().reshape(4, -1)
    assert bias.tolist() == [[0.0] * 32, [1.0] * 32, [0.0] * 32, [0.0] * 32]


def test_windows_start_with_a_line_and_targets_are_the_next_classes():
    text = brackets.generate(3, 20_000)
    vocabulary = Vocabulary(brackets.ALPHABET)
    ids, classes = next(iter(Windows(3, 1, vocabulary)))
    for k in range(8):
        window = vocabulary.decode(ids[k])
        at = text.index(window)
        assert at == 0 or text[at - 1] == "\n"
        labels = brackets.classify(text[at : at + 161])[1:]
        assert [brackets.CLASSES[c] for c in classes[k]] == labels
