"""The character model is one-hot vectors, a recurrent layer and a linear layer; it learns, in every make."""

from itertools import repeat

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lessons_src.models import LAYERS, CharModel
from lessons_src.training import train

CELLS = pytest.mark.parametrize("cell", list(LAYERS))


@CELLS
def test_the_model_equals_torchs_layers_put_together(cell: str) -> None:
    model = CharModel("abc·", ("x", "y"), 5, cell, num_layers=2, bidirectional=True).double()
    theirs = getattr(nn, cell)(4, 5, 2, batch_first=True, bidirectional=True).double()
    theirs.load_state_dict(model.recurrent.state_dict())
    ids = torch.tensor([[0, 1, 3, 2], [2, 2, 0, 0]])
    y, final = theirs(torch.eye(4, dtype=torch.float64)[ids])
    scores, state = model(ids)
    torch.testing.assert_close(scores, model.head(y), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(state, final, rtol=1e-10, atol=1e-10)


@CELLS
def test_the_next_character_of_a_repeated_word_is_learnt(cell: str) -> None:
    torch.manual_seed(0)
    model = CharModel("abc·", hidden_size=12, cell=cell)
    text = "abcab" * 6  # after b comes c or a, so the model needs the letter before
    ids = model.vocabulary.encode(text)[None]

    def loss(model: nn.Module, ids: Tensor) -> Tensor:
        scores, _ = model(ids[:, :-1])
        return cross_entropy(scores[:, 4:].flatten(0, 1), ids[0, 5:])

    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    records = list(train(model, repeat(ids, 90), loss, optimizer, clip_norm=1.0))
    assert records[0].loss > 1
    assert records[-1].loss < 0.1
    scores, _ = model(ids)
    assert model.vocabulary.decode(scores[0, 4:-1].argmax(-1)) == text[5:]


def test_only_a_model_that_reads_both_ways_knows_what_follows() -> None:
    ids = torch.tensor([[0, 0, 0], [0, 0, 1]])
    one_way, both_ways = CharModel("ab·")(ids)[0], CharModel("ab·", bidirectional=True)(ids)[0]
    assert torch.equal(one_way[0, 0], one_way[1, 0])
    assert not torch.equal(both_ways[0, 0], both_ways[1, 0])


def test_without_labels_the_classes_are_the_characters() -> None:
    assert CharModel("ab·").classes == ("a", "b", "·")
    assert CharModel("ab·", ("in", "out")).classes == ("in", "out")


def test_unknown_characters_enter_as_the_last_of_the_alphabet() -> None:
    model = CharModel("ab·")
    assert torch.equal(model(model.vocabulary.encode("a漢b")[None])[0], model(torch.tensor([[0, 2, 1]]))[0])


def test_reading_in_two_pieces_with_the_state_handed_on_changes_nothing() -> None:
    model = CharModel("ab·", cell="LSTM").double()
    ids = torch.tensor([[0, 1, 1, 0, 1]])
    whole, _ = model(ids)
    first, state = model(ids[:, :2])
    second, _ = model(ids[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-10, atol=1e-10)
