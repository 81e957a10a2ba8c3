"""What is drawn follows the softmax of the scores at a temperature."""

import math

import pytest
import torch

from lessons_src.models import CharModel
from lessons_src.sampling import HOTTEST, sample, tempered

SCORES = torch.tensor([[1.0, 3.0, -2.0], [0.0, 0.0, 0.5]])


def biased(alphabet: str, scores: list[float], cell: str = "RNN") -> CharModel:
    """A model that always expects the same: the scores."""
    model = CharModel(alphabet, hidden_size=1, cell=cell)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor(scores))
    return model


def test_temperature_0_puts_all_on_the_greatest_score() -> None:
    assert tempered(SCORES, 0).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_temperature_1_is_the_softmax() -> None:
    torch.testing.assert_close(tempered(SCORES, 1), SCORES.double().softmax(-1), rtol=1e-12, atol=0.0)


def test_any_temperature_is_the_softmax_of_the_divided_scores() -> None:
    by_hand = [math.exp(1 / 0.7), math.exp(3 / 0.7), math.exp(-2 / 0.7)]
    expected = torch.tensor(by_hand, dtype=torch.float64) / sum(by_hand)
    torch.testing.assert_close(tempered(SCORES[0], 0.7), expected, rtol=1e-12, atol=0.0)


def test_a_higher_temperature_is_less_sure() -> None:
    greatest = [float(tempered(SCORES[0], temperature).max()) for temperature in (0, 0.1, 0.5, 1, 2, 10, HOTTEST)]
    assert greatest == sorted(greatest, reverse=True)
    assert greatest[-1] == pytest.approx(1 / 3, abs=1e-5)


@pytest.mark.parametrize("temperature", [5e-324, 1e-40, 1e-3, HOTTEST])
def test_no_temperature_gives_what_is_no_distribution(temperature: float) -> None:
    share = tempered(torch.tensor([800.0, 3.0, -math.inf]), temperature)
    assert float(share.sum()) == pytest.approx(1)
    assert share[2] == 0


def test_the_draws_are_distributed_as_the_softmax_of_what_is_known() -> None:
    written = sample(biased("abc·", [1.0, 0.0, -1.0, 5.0]), "a", 700, temperature=1.5, seed=3)
    share = tempered(torch.tensor([1.0, 0.0, -1.0]), 1.5).tolist()
    assert len(written) == 700
    for letter, p in zip("abc", share, strict=True):
        spread = math.sqrt(p * (1 - p) / 700)
        assert written.count(letter) / 700 == pytest.approx(p, abs=4 * spread)


def test_the_sign_for_unknown_characters_is_never_drawn() -> None:
    for temperature in (0, 1, HOTTEST):
        assert "·" not in sample(biased("ab·", [0.0, 0.1, 50.0]), "a", 100, temperature=temperature)


def test_the_same_seed_writes_the_same_and_another_seed_another_text() -> None:
    model = biased("abc·", [0.0] * 4)
    texts = [sample(model, "a", 40, seed=seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


def test_a_seed_leaves_the_draws_of_others_alone() -> None:
    model = biased("ab·", [0.0] * 3)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    sample(model, "a", 5, seed=7)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_each_draw_is_made_from_all_that_was_read_and_written(cell: str) -> None:
    torch.manual_seed(1)
    model = CharModel("abc·", hidden_size=6, cell=cell)
    with torch.no_grad():
        model.head.weight.mul_(8)
        written = sample(model, "cab", 12, temperature=0)
        ids = model.vocabulary.encode("cab" + written)
        scores, _ = model(ids[None])  # the whole text at once
    assert scores[0, 2:-1, :3].argmax(-1).tolist() == ids[3:].tolist()


def test_a_prompt_may_hold_unknown_characters() -> None:
    assert set(sample(biased("ab·", [0.0] * 3), "漢字", 5)) <= {"a", "b"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": ""}, "prompt: expected at least one character, got an empty text"),
        ({"count": 0}, "count: expected a whole number of at least 1, got 0"),
        ({"temperature": -0.1}, r"temperature: expected a number from 0 to 1e\+06, got -0\.1"),
        ({"temperature": math.nan}, r"temperature: expected a number from 0 to 1e\+06, got nan"),
        ({"temperature": math.inf}, r"temperature: expected a number from 0 to 1e\+06, got inf"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"seed": 2**63}, f"seed: expected a whole number of at most {2**63 - 1}, got {2**63}"),
        ({"model": CharModel("ab·", ("yes", "no"))}, "model: expected a model of the next character, got one with cl"),
        ({"model": CharModel("ab·", bidirectional=True)}, "model: expected one that reads forwards only, got a bidir"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, message: str) -> None:
    arguments = {"model": CharModel("ab·"), "prompt": "a", "count": 1} | change
    with pytest.raises(ValueError, match=message):
        sample(**arguments)


@pytest.mark.parametrize("temperature", [-1.0, math.nan])
def test_tempered_refuses_what_is_no_temperature(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature: expected a number from 0"):
        tempered(SCORES, temperature)
