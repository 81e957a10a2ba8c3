"""What a decoder looked at is what it used, given weights are obeyed, and the table shows them."""

import re

import matplotlib as mpl
import pytest
import torch

from lessons_src import alignments, pair_models
from lessons_src.alignments import align, table
from lessons_src.decoding import greedy
from lessons_src.seq2seq import START_ID, Seq2Seq

DATES = ("May 17, 2020", "3. März 1999", "1999년 3월 3일", "2020年5月17日", "x", "😀 ?", "32 de marzo 2020")


@pytest.fixture(scope="module")
def model() -> Seq2Seq:
    return pair_models.load("dates").model.double()


def test_it_writes_and_looks_as_greedy_does(model: Seq2Seq) -> None:
    for source in DATES:
        (expected,) = greedy(model, [source], most=16)
        found = align(model, source, most=16)
        assert (found.text, found.finished) == (expected.text, expected.finished)
        torch.testing.assert_close(found.weights, expected.weights)
        chosen = found.probabilities.max(-1).values
        assert float(chosen.log().sum()) == pytest.approx(expected.log_probability, abs=1e-9)


def test_given_weights_are_used_from_there_on_and_not_before(model: Seq2Seq) -> None:
    source = "May 17, 2020"
    own, year = align(model, source), torch.zeros(len(source)).index_fill(0, torch.tensor([8]), 1.0)
    forced = align(model, source, {5: year})
    assert (own.text, forced.text) == ("2020-05-17", "2020-20-17")
    assert torch.equal(forced.weights[5], year.double())
    torch.testing.assert_close(forced.scores[:5], own.scores[:5])
    assert not torch.allclose(forced.scores[5], own.scores[5])
    encoded = model.encode(model.source.encode(source)[None])
    ids = torch.tensor([[START_ID, *model.target.encode(list(forced.text)).tolist()]])
    with torch.no_grad():
        all_at_once = model.decode(ids, encoded.state, encoded, forced.weights[None])
    torch.testing.assert_close(all_at_once.scores[0], forced.scores)


def test_a_function_of_its_own_weights_may_be_given(model: Seq2Seq) -> None:
    turned = align(model, "May 17, 2020", {0: torch.flip(torch.arange(12.0), [0]) / 66, 1: lambda own: own.flip(0)})
    again = align(model, "May 17, 2020", {0: turned.weights[0]})
    torch.testing.assert_close(turned.weights[1], again.weights[1].flip(0))


def test_wrong_weights_and_models_are_refused(model: Seq2Seq) -> None:
    with pytest.raises(ValueError, match=r"given: expected 1 weights at step 0, got shape \(2,\)"):
        align(model, "x", {0: torch.tensor([0.5, 0.5])})
    with pytest.raises(ValueError, match="model: expected one with attention"):
        align(pair_models.load("sums").model, "1+1")


def test_it_stops_at_the_most_tokens(model: Seq2Seq) -> None:
    found = align(model, "May 17, 2020", most=4)
    assert (found.text, found.finished, len(found.weights)) == ("2020", False, 4)


def test_the_table_has_every_weight_and_escapes_what_was_read(model: Seq2Seq) -> None:
    source = "<b> 1, 2020"
    found = align(model, source)
    text = table(found, "a & b")
    assert "<b>" not in text
    assert 'aria-label="a &amp; b"' in text
    assert re.findall(r'<th scope="col">(.*?)</th>', text)[1:5] == ["&lt;", "b", "&gt;", "␣"]
    cells = re.findall(r"<td [^>]*>([^<]*)</td>", text)
    expected = [f"{w:.2f}".removeprefix("0") if w >= alignments.SHOWN else "" for w in found.weights.flatten().tolist()]
    assert cells == expected
    assert re.findall(r'<th scope="row">(.*?)</th>', text)[-1] == "END"


def test_a_number_can_be_read_on_every_shade() -> None:
    for weight in torch.linspace(0, 1, 101).tolist():
        found = re.search(r"background:(#\w+)(?:;color:(#\w+))?", alignments._cell(weight))
        assert found
        shade, ink = (alignments._luminance(mpl.colors.to_rgb(colour or "#fff")) for colour in found.groups())
        assert (max(shade, ink) + 0.05) / (min(shade, ink) + 0.05) >= 4.5
