"""SurpriseMeter's Python half: what it computes is what NGramModel says, and what it refuses."""

import math
from typing import Any

import pytest
import torch
import traitlets

from lessons_src import language_models
from lessons_src.language_models import NGramModel
from lessons_src.text import Vocabulary
from lessons_src.widgets import SurpriseMeter
from lessons_src.widgets.surprise_meter import UNKNOWN, default_texts, tokens

TINY = {"tiny": "abracadabra", "words": "The cat sat. The cat ran."}


def test_characters_cost_what_the_counted_model_says() -> None:
    meter = SurpriseMeter("cab!", order=2, texts=TINY)
    vocabulary = Vocabulary(["a", "b", "c", "d", "r", UNKNOWN])
    model = NGramModel(2, 6).fit([vocabulary.encode(list("abracadabra"))])
    expected = -model.log_probabilities(vocabulary.encode(list("cab!"))) / math.log(2)
    torch.testing.assert_close(meter.surprises(), expected)
    assert meter.perplexity() == pytest.approx(2 ** float(expected.mean()))


def test_smoothing_by_hand() -> None:
    """In abracadabra b, r and so on follow a: b 2, c 1, d 1 of four."""
    meter = SurpriseMeter("ab", order=2, smoothing="none", texts=TINY)
    assert meter.surprises().tolist() == pytest.approx([-math.log2(5 / 11), 1.0])
    meter.smoothing, meter.add = "add", 0.5
    assert meter.surprises().tolist() == pytest.approx([-math.log2(5.5 / 14), -math.log2(2.5 / 7)])
    meter.smoothing = "witten-bell"
    alone = (2 + 5 / 6) / (11 + 5)
    assert meter.surprises()[1].item() == pytest.approx(-math.log2((2 + 3 * alone) / (4 + 3)))


def test_without_smoothing_what_was_never_seen_is_infinitely_surprising() -> None:
    meter = SurpriseMeter("abz", order=2, smoothing="none", texts=TINY)
    assert [math.isinf(bits) for bits in meter.surprises().tolist()] == [False, False, True]
    assert meter.perplexity() == math.inf
    assert "∞" in meter.still()


def test_the_longest_n_gram_that_was_seen() -> None:
    assert SurpriseMeter("abrd!a", order=4, texts=TINY).longest_seen() == [1, 2, 3, 1, 0, 1]
    assert SurpriseMeter("abra", order=1, texts=TINY).longest_seen() == [1, 1, 1, 1]


def test_words_are_lowered_and_signs_stand_alone() -> None:
    assert tokens("Don't STOP,\tnow…\x01", "word") == ["don't", "stop", ",", "now", "…"]
    meter = SurpriseMeter("the CAT flew .", unit="word", order=2, training="words", texts=TINY)
    assert meter.longest_seen() == [1, 2, 0, 1]
    assert meter.ids.tolist() == [4, 1, 5, 0]


def test_the_likeliest_tokens_follow_the_place() -> None:
    meter = SurpriseMeter("the cat", unit="word", order=2, smoothing="none", training="words", texts=TINY)
    assert meter.likeliest(2) == [("ran", 0.5), ("sat", 0.5)]
    meter.place = 1
    assert meter.likeliest(1) == [("cat", 1.0)]
    meter.place = 0
    assert meter.likeliest(3) == [(".", 0.25), ("cat", 0.25), ("the", 0.25)]


def test_an_empty_sentence_has_no_perplexity() -> None:
    meter = SurpriseMeter("")
    assert meter.surprises().tolist() == []
    assert meter.longest_seen() == []
    assert len(meter.likeliest()) == 5
    with pytest.raises(ValueError, match="text: expected at least one character, got ''"):
        meter.perplexity()
    assert "<figure" in meter.still()


def test_the_texts_it_comes_with_are_of_moderate_size() -> None:
    assert list(default_texts()) == ["Python's help", "the students"]
    for text in default_texts().values():
        assert 20_000 <= len(text) <= 40_000
    meter = SurpriseMeter("the students opened their", unit="word", order=5, smoothing="none", training="the students")
    assert {word for word, _ in meter.likeliest(4)} == {"books", "exams", "lunches", "umbrellas"}
    assert sum(p for _, p in meter.likeliest(4)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": "jamo"}, "unit: expected one of character, word, got 'jamo'"),
        ({"smoothing": "kneser-ney"}, "smoothing: expected one of none, add, witten-bell, got 'kneser-ney'"),
        ({"training": "Moby"}, "training: expected one of Python's help, the students, got 'Moby'"),
        ({"order": 0}, "order: expected a number from 1 to 6, got 0"),
        ({"order": 7}, "order: expected a number from 1 to 6, got 7"),
        ({"add": -0.5}, "add: expected a number from 0 to 1000, got -0.5"),
        ({"add": math.nan}, "add: expected a number from 0 to 1000, got nan"),
        ({"place": -1}, "place: expected a number from 0 to 2000, got -1"),
        ({"text": "x" * 2001}, "text: expected at most 2,000 characters, got 2,001"),
        ({"text": 3}, "The 'text' trait of a SurpriseMeter instance expected a unicode string, not the int 3"),
        ({"texts": {}}, "texts: expected a dict of names and texts, got {}"),
        ({"texts": "abc"}, "texts: expected a dict of names and texts, got 'abc'"),
        ({"texts": {"a": 3}}, "texts: expected a dict of names and texts, got 'a': 3"),
        (
            {"texts": {"a": " \n"}},
            "texts: expected a text with a word in it, of at most 60,000 characters, got 2 under",
        ),
        ({"texts": {"a": "x" * 60_001}}, "got 60,001 under 'a'"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        SurpriseMeter(**arguments)
    assert message in str(refused.value)


def test_it_says_what_it_shows_and_nothing_else() -> None:
    meter = SurpriseMeter(order=2, smoothing="add", add=0.5)
    assert repr(meter) == "SurpriseMeter(2-grams of characters, plus 0.5, counted from Python's help)"
    still = meter.still()
    assert still == SurpriseMeter(order=2, smoothing="add", add=0.5).still()
    assert f"Perplexity {language_models.perplexity(meter.model.log_probabilities(meter.ids)):.1f}." in still
    assert "<script" not in SurpriseMeter("<script>").still()
