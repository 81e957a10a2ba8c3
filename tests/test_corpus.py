"""Sentences as one row of ids: what is kept, which words stand around which, and what is refused."""

from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.corpus import Corpus
from lessons_src.text import sentences

TWO = [["b", "a", "b"], [], ["c", "b", "a", "b"]]

texts = st.lists(st.lists(st.sampled_from("abcde"), max_size=7), min_size=1, max_size=5).filter(
    lambda found: len({word for sentence in found for word in sentence}) >= 2
)


pytestmark = pytest.mark.usefixtures("unchecked_shapes")


def test_ids_go_by_frequency_and_then_by_the_alphabet() -> None:
    corpus = Corpus.of([["d", "c", "b"], ["b", "c", "a"]])
    assert corpus.words == ("b", "c", "a", "d")


def test_sentences_stand_one_behind_the_other() -> None:
    corpus = Corpus.of(TWO)
    assert corpus.words == ("b", "a", "c")
    assert corpus.ids.tolist() == [0, 1, 0, 2, 0, 1, 0]
    assert corpus.sentence.tolist() == [0, 0, 0, 2, 2, 2, 2]
    assert corpus.counts.tolist() == [4, 2, 1]
    assert len(corpus) == 7


@given(texts)
def test_the_ids_spell_the_sentences(found: list[list[str]]) -> None:
    corpus = Corpus.of(found)
    spelt: list[list[str]] = [[] for _ in found]
    for word, number in zip(corpus.ids.tolist(), corpus.sentence.tolist(), strict=True):
        spelt[number].append(corpus.words[word])
    assert spelt == found
    counted = Counter(word for sentence in found for word in sentence)
    assert corpus.counts.tolist() == [counted[word] for word in corpus.words]
    assert corpus.counts.tolist() == sorted(corpus.counts.tolist(), reverse=True)


def test_rare_words_are_taken_out_and_their_gap_closes() -> None:
    corpus = Corpus.of([["a", "rare", "b"], ["a", "b"]], least=2)
    assert corpus.words == ("a", "b")
    assert corpus.ids.tolist() == [0, 1, 0, 1]
    around, inside = corpus.around(1)
    assert around[inside].tolist() == [1, 0, 1, 0]


def test_any_iterable_of_sentences_will_do_and_tuples_too() -> None:
    corpus = Corpus.of(("a", "b") for _ in range(3))
    assert corpus.counts.tolist() == [3, 3]
    assert Corpus.of(sentences("Tea is hot. Is tea hot?")).words == ("hot", "is", "tea")


def test_a_corpus_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Corpus.of(TWO).words = ("a",)  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------------------- around


def test_around_by_hand() -> None:
    corpus = Corpus.of([["a", "b", "c"], ["a", "c"]])
    assert corpus.words == ("a", "c", "b")
    around, inside = corpus.around(2)
    assert inside.int().tolist() == [[0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]
    spelt = [[corpus.words[k] for k in row[kept].tolist()] for row, kept in zip(around, inside, strict=True)]
    assert spelt == [["b", "c"], ["a", "c"], ["a", "b"], ["c"], ["a"]]


@given(texts, st.integers(1, 9))
def test_around_each_word_are_its_neighbours_from_left_to_right(found: list[list[str]], window: int) -> None:
    corpus = Corpus.of(found)
    around, inside = corpus.around(window)
    assert around.shape == inside.shape == (len(corpus), 2 * window)
    spelt = [[corpus.words[k] for k in row[kept].tolist()] for row, kept in zip(around, inside, strict=True)]
    expected = [
        [*sentence[max(0, i - window) : i], *sentence[i + 1 : i + 1 + window]]
        for sentence in found
        for i in range(len(sentence))
    ]
    assert spelt == expected


# ------------------------------------------------------------------------------------------------------------ thinned


def test_thinning_keeps_and_drops_as_told() -> None:
    corpus = Corpus.of(TWO)
    thin = corpus.thinned(torch.tensor([1.0, 0.0, 1.0]), torch.Generator().manual_seed(0))
    assert thin.words == corpus.words
    assert thin.ids.tolist() == [0, 0, 2, 0, 0]
    assert thin.sentence.tolist() == [0, 0, 2, 2, 2]
    around, inside = thin.around(1)
    assert around[0][inside[0]].tolist() == [0]  # where "a" was, "b" now stands beside "b"


def test_thinning_keeps_the_share_it_is_told() -> None:
    corpus = Corpus.of([["a", "b"]] * 4000)
    thin = corpus.thinned(torch.tensor([0.25, 0.75]), torch.Generator().manual_seed(0))
    shares = (thin.counts / corpus.counts).tolist()
    assert shares == pytest.approx([0.25, 0.75], abs=0.03)


def test_the_same_seed_thins_alike_and_another_does_not() -> None:
    corpus = Corpus.of([["a", "b"]] * 100)
    keep = torch.tensor([0.5, 0.5])
    first, again, other = (corpus.thinned(keep, torch.Generator().manual_seed(seed)).ids.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert len(corpus) == 200


# ----------------------------------------------------------------------------------------------------------- refusals

REFUSALS: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "an empty corpus": (lambda: Corpus.of([]), ValueError, "sentences: .*two different words, got an empty corpus"),
    "empty sentences": (lambda: Corpus.of([[], []]), ValueError, "sentences: .*got an empty corpus"),
    "a corpus of one word": (lambda: Corpus.of([["a", "a"], ["a"]]), ValueError, "sentences: .*got only 'a'"),
    "one word that is frequent enough": (
        lambda: Corpus.of([["a", "a", "b"]], least=2),
        ValueError,
        "two different words that occur at least 2 times, got only 'a'",
    ),
    "no word that is frequent enough": (
        lambda: Corpus.of([["a", "b"]], 2),
        ValueError,
        "at least 2 times, got no words",
    ),
    "a text": (lambda: Corpus.of("the cat sat"), TypeError, "sentences: .*got a str; `text.sentences` cuts one"),
    "sentences that are not cut": (
        lambda: Corpus.of([["the", "cat"], "the cat sat"]),
        TypeError,
        "sentences: expected a list of words as sentence 1, got 'the cat sat'",
    ),
    "words that are numbers": (lambda: Corpus.of([["a", 3]]), TypeError, r"as sentence 0, got \['a', 3\]"),  # type: ignore[list-item]
    "least 0": (lambda: Corpus.of(TWO, least=0), ValueError, "least: .*at least 1, got 0"),
    "window 0": (lambda: Corpus.of(TWO).around(0), ValueError, "window: .*at least 1, got 0"),
    "half a window": (lambda: Corpus.of(TWO).around(1.5), TypeError, "window: expected a whole number, got 1.5"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_bad_input_is_refused_in_words(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
