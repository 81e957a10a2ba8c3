"""NameReader's Python half: what it computes is the classifier's, and what it refuses."""

from typing import Any

import pytest
import torch
import traitlets
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lessons_src import name_models
from lessons_src.data import LANGUAGES, plain
from lessons_src.widgets import NameReader
from lessons_src.widgets.name_reader import LONGEST


def by_torch(reading: str, letters: str, padding: int, with_lengths: bool) -> torch.Tensor:
    """P of each language, by layers of torch.nn, for a whole name."""
    model = name_models.load(reading).model.double()
    layer = nn.LSTM(16, 24, batch_first=True, bidirectional=True).double()
    layer.load_state_dict(model.recurrent.state_dict())
    ids = torch.tensor([[*map(name_models.ALPHABET.index, letters), *[28] * padding]])
    e = nn.functional.embedding(ids, model.embedding.weight)
    if with_lengths:
        packed = pack_padded_sequence(e, torch.tensor([len(letters)]), batch_first=True)
        y, (h, _) = layer(packed)
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=ids.shape[1])
    else:
        y, (h, _) = layer(e)
    count = len(letters) if with_lengths else ids.shape[1]
    vector = {"final": torch.cat([h[0], h[1]], 1), "mean": y.sum(1) / count, "last": y[:, -1]}[reading]
    return nn.functional.linear(vector, model.head.weight, model.head.bias).softmax(-1)[0].detach()


@pytest.mark.parametrize("reading", ["final", "mean", "last"])
@pytest.mark.parametrize("with_lengths", [True, False])
def test_probabilities_are_torchs(reading: str, with_lengths: bool) -> None:
    for padding in (0, 3, 12):
        widget = NameReader("Nowa Zelandia", reading, padding, with_lengths)
        found = widget.probabilities()
        assert found.shape == (13, 8)
        for t in (0, 4, 12):
            expected = by_torch(reading, "nowa zelandia"[: t + 1], padding, with_lengths)
            torch.testing.assert_close(found[t], expected, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(widget.without_padding(), NameReader("nowa zelandia", reading).probabilities())


def test_what_the_chapter_sends_readers_to_see() -> None:
    turkish = LANGUAGES.index("tr")
    clean = NameReader().probabilities()[-1]
    assert int(clean.argmax()) == turkish
    assert clean[turkish] > 0.9
    assert torch.equal(NameReader(padding=12).probabilities()[-1], clean), "with lengths padding does nothing"
    moved = [int(NameReader(padding=p, with_lengths=False).probabilities()[-1].argmax()) for p in range(13)]
    assert moved[1] == turkish
    assert moved[12] != turkish
    same = [NameReader(name, "last", 1).probabilities()[-1] for name in ("suomi", "espagne", "magyar")]
    assert torch.equal(same[0], same[1])
    assert torch.equal(same[0], same[2])


def test_any_text_is_read_or_said_to_hold_nothing() -> None:
    for name in ("", "  ", "한국", "🙂"):
        widget = NameReader(name)
        assert widget.letters == ""
        assert widget.probabilities().shape == (0, 8)
        assert "there is no letter to read" in widget.still()
    assert NameReader("Österreich\n").letters == "osterreich"
    assert len(NameReader("x" * 200).letters) == LONGEST
    assert NameReader("1 2").probabilities().shape == (3, 8)
    assert plain("Łódź") == "odz"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reading": "own last"}, "reading: expected one of final, mean, last, got 'own last'"),
        ({"padding": 13}, "padding: expected a number from 0 to 12, got 13"),
        ({"padding": -1}, "padding: expected a number from 0 to 12, got -1"),
        ({"name": "x" * 201}, "name: expected at most 200 characters, got 201"),
        ({"with_lengths": 1.5}, "The 'with_lengths' trait of a NameReader instance expected a boolean"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        NameReader(**arguments)
    assert message in str(refused.value)


def test_it_says_what_it_shows_and_nothing_else() -> None:
    widget = NameReader("suomi", "mean", 2, False)
    assert repr(widget) == "NameReader('suomi', mean, 2 places of padding, without lengths)"
    best = widget.probabilities()[-1].max()
    assert f"P of the last: {best:.2f}." in widget.still()
    assert widget.still() == NameReader("suomi", "mean", 2, False).still()
    with pytest.raises(traitlets.TraitError, match="read-only"):
        widget.models = {}
