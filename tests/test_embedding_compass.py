"""EmbeddingCompass without a page: what it refuses, what it answers, and its still figure."""

import math
import re
import warnings
from typing import Any

import pytest
import torch
import traitlets
from torch import Tensor

from lessons_src.cooccurrence import cooccurrence, ppmi, svd_vectors
from lessons_src.corpus import Corpus
from lessons_src.grammars import analogies, kingdom
from lessons_src.widgets.arrays import unpack
from lessons_src.widgets.embedding_compass import EmbeddingCompass
from lessons_src.word_vectors import WordVectors

WORDS = ("king", "man", "woman", "queen", "prince", "girl", "throne", "the")


def some(words: Any = WORDS, size: int = 6, seed: int = 0) -> WordVectors:
    """Random vectors."""
    return WordVectors(words, torch.randn(len(words), size, generator=torch.Generator().manual_seed(seed)))


def kingdom_vectors(sentences: int = 1000, noise: float = 0.5) -> WordVectors:
    """Counted from few sentences with much noise, so that the analogies are hard."""
    corpus = Corpus.of(kingdom(sentences, noise=noise))
    return WordVectors(corpus.words, svd_vectors(ppmi(cooccurrence(corpus, 4)), 60))


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vectors": [1.0]}, "vectors: expected lessons_src.word_vectors.WordVectors, got list"),
        ({"vectors": some(WORDS[:3])}, "vectors: expected 4 to 4,000 words, got 3"),
        ({"vectors": some([f"w{k}" for k in range(4001)], 2)}, "vectors: expected 4 to 4,000 words, got 4,001"),
        (
            {"vectors": some([f"w{k}" for k in range(3000)], 134)},
            "vectors: expected at most 400,000 numbers in all, got 3,000 words of 134",
        ),
        (
            {"vectors": WordVectors(WORDS, torch.full((8, 2), 1e300, dtype=torch.float64))},
            "vectors: expected numbers that 32-bit floats can hold, got greater ones",
        ),
        ({"a": "kng"}, "a: expected one of the 8 known words, got 'kng'; spelt most like it: king"),
        ({"b": "zzz"}, "b: expected one of the 8 known words, got 'zzz'"),
        ({"c": ""}, "c: expected one of the 8 known words, got ''"),
        ({"word": "Queen"}, "word: expected one of the 8 known words, got 'Queen'; spelt most like it: queen"),
        ({"a": 3}, "The 'a' trait of an EmbeddingCompass instance expected a unicode string, not the int 3"),
        ({"measure": "l2"}, "measure: expected one of cosine, dot, got 'l2'"),
        ({"mode": "both"}, "mode: expected one of analogy, neighbours, got 'both'"),
        ({"exclude": 1}, "exclude: expected True or False, got 1"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        EmbeddingCompass(**{"vectors": some(), **arguments})
    assert message in str(refused.value)


def test_a_word_that_is_refused_later_changes_nothing() -> None:
    compass = EmbeddingCompass(some())
    with pytest.raises(ValueError, match="c: expected one of the 8 known words, got 'qeen'; spelt most like it: queen"):
        compass.c = "qeen"
    assert compass.c == "woman"


def test_other_vectors_must_know_the_words_that_are_shown() -> None:
    compass = EmbeddingCompass(some())
    with pytest.raises(ValueError, match="b: expected one of the 7 known words, got 'man'"):
        compass.vectors = some([word for word in WORDS if word != "man"])
    assert len(compass.vectors) == 8
    compass.vectors = some((*WORDS, "more"), seed=1)
    assert len(compass.space["words"]) == 9
    assert compass.vectors["more"].tolist() == unpack(compass.space["matrix"])[8].tolist()


def test_words_that_are_not_given_are_king_man_and_woman_or_the_first_three() -> None:
    usual, other = EmbeddingCompass(some(WORDS[::-1])), EmbeddingCompass(some(WORDS[2:]))
    assert (usual.a, usual.b, usual.c, usual.word) == ("king", "man", "woman", "woman")
    assert (other.a, other.b, other.c, other.word) == ("woman", "queen", "prince", "prince")


# --------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize("measure", ["cosine", "dot"])
@pytest.mark.parametrize("exclude", [True, False])
def test_answers_are_those_of_the_word_vectors(measure: str, exclude: bool) -> None:
    compass = EmbeddingCompass(kingdom_vectors(), "prince", "boy", "girl", exclude, measure)
    vectors = compass.vectors
    assert compass.answers() == vectors.analogy("prince", "boy", "girl", exclude=exclude, measure=measure)
    left_out = ("prince", "boy", "girl") if exclude else ()
    expected = [vectors.nearest(one, 1, exclude=left_out, measure=measure)[0] for one in ("prince", "girl")]
    assert compass.without_arithmetic() == expected
    compass.mode, compass.word = "neighbours", "throne"
    to: Any = "throne" if exclude else vectors["throne"]
    assert compass.answers() == vectors.nearest(to, measure=measure)


def test_without_exclusion_the_answer_is_often_an_input_word() -> None:
    vectors = kingdom_vectors()
    compass = EmbeddingCompass(vectors, exclude=False)
    asked = analogies()[::7]
    inputs = 0
    for a, b, c, _ in asked:
        compass.a, compass.b, compass.c = a, b, c
        inputs += compass.answers()[0][0] in (a, b, c)
    assert inputs / len(asked) > 0.6


def test_near_on_the_map_is_not_near_in_the_space() -> None:
    compass = EmbeddingCompass(kingdom_vectors())
    distances = torch.cdist(compass.coordinates(), compass.coordinates()).fill_diagonal_(torch.inf)
    shared = []
    for word, row in zip(compass.vectors, distances, strict=True):
        compass.word = word
        on_map, in_space = compass.near()
        assert on_map == [compass.vectors.words[k] for k in row.argsort()[:10]]
        assert in_space == [near for near, _ in compass.vectors.nearest(word)]
        shared.append(len(set(on_map) & set(in_space)))
    assert sum(shared) / len(shared) < 5
    assert compass.kept() < 0.2


def test_level_words_go_by_their_order_whatever_rounding_does() -> None:
    """Cosines of multiples of one vector are equal, but for the last digit."""
    one = torch.randint(1, 50, (8,), generator=torch.Generator().manual_seed(0)).float()
    vectors = WordVectors([f"w{k}" for k in range(30)], torch.arange(1.0, 31)[:, None] * one)
    compass = EmbeddingCompass(vectors, mode="neighbours", word="w20")
    assert [word for word, _ in compass.answers()] == [f"w{k}" for k in range(10)]


def test_a_vector_of_zeros_has_the_cosine_0_with_everything() -> None:
    matrix = torch.zeros(5, 3)
    matrix[4, 0] = 1
    compass = EmbeddingCompass(WordVectors(list("abcde"), matrix), "a", "b", "c", exclude=False)
    assert compass.answers() == [("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 0.0), ("e", 0.0)]
    assert compass.kept() == pytest.approx(1)
    assert EmbeddingCompass(WordVectors(list("abcd"), torch.ones(4, 1)), measure="dot").kept() == 1


# --------------------------------------------------------------------------------------------------------- the map


def by_eigenvectors(rows: Tensor) -> tuple[Tensor, float]:
    """The map in another way: by the eigenvectors of the covariance; and the part of the variance that it keeps."""
    centred = rows - rows.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    return centred @ vectors[:, -2:].flip(1), float(values[-2:].sum() / values.sum())


@pytest.mark.parametrize("measure", ["cosine", "dot"])
def test_the_map_is_the_plane_of_the_two_largest_principal_components(measure: str) -> None:
    compass = EmbeddingCompass(some([f"w{k}" for k in range(300)], 40), measure=measure)
    matrix = compass.vectors.matrix
    rows = matrix / matrix.norm(dim=1, keepdim=True) if measure == "cosine" else matrix
    expected, kept = by_eigenvectors(rows)
    found = compass.coordinates()
    signs = torch.sign((found * expected).sum(0))
    torch.testing.assert_close(found, expected * signs, rtol=0, atol=1e-9)
    assert compass.kept() == pytest.approx(kept, abs=1e-12)
    axes = torch.from_numpy(unpack(compass.space["axes"][measure]))
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    assert (largest > 0).all(), "the sign is the same in every run"


def test_vectors_of_one_number_lie_on_a_line() -> None:
    compass = EmbeddingCompass(some(size=1), measure="dot")
    assert compass.coordinates()[:, 1].abs().max() == 0
    assert compass.kept() == pytest.approx(1)


# --------------------------------------------------------------------------------------------------- what crosses


def test_vectors_cross_as_bytes_of_32_bits_or_of_16_where_that_is_exact() -> None:
    fine = torch.randn(8, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    compass = EmbeddingCompass(WordVectors(WORDS, fine))
    assert compass.space["matrix"]["dtype"] == "<f4"
    assert (compass.vectors.matrix == fine.float().double()).all()
    assert unpack(compass.space["matrix"]).tolist() == compass.vectors.matrix.tolist()
    assert EmbeddingCompass(WordVectors(WORDS, fine.half())).space["matrix"]["dtype"] == "<f2"


def test_the_vectors_are_a_copy() -> None:
    vectors = some()
    compass = EmbeddingCompass(vectors)
    before = compass.answers()
    vectors.matrix.zero_()
    assert compass.answers() == before


# ------------------------------------------------------------------------------------------------------- in print


def test_the_still_figure_has_the_map_and_the_answers() -> None:
    compass = EmbeddingCompass(kingdom_vectors())
    data, _ = compass._repr_mimebundle_()
    html = data["text/html"]
    word, value = compass.answers()[0]
    assert html == EmbeddingCompass(kingdom_vectors()).still(), "the same in every run"
    assert f'aria-label="Of 113 words {word} is nearest to king − man + woman, cosine {value:.3g}."' in html
    assert f"The map keeps {100 * compass.kept():.0f} % of the variance." in html
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td></tr>", html)
    assert rows == [(word, f"{value:.3f}") for word, value in compass.answers()]
    for word in ("king", "man", "woman", "a − b + c", *(word for word, _ in compass.answers())):
        assert f">{word}</text>" in html, word


def test_the_still_figure_says_what_is_near_one_word() -> None:
    html = EmbeddingCompass(kingdom_vectors(), mode="neighbours", word="throne", measure="dot").still()
    assert "<th>nearest to throne</th><th>dot product</th>" in html
    assert "a − b + c" not in html


def test_words_that_the_figure_cannot_write_are_in_the_table_only() -> None:
    words = ["왕", "여왕", "남자", "여자", "café", "мир", "$x$", "a<b", "雨"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        html = EmbeddingCompass(some(words), "café", "мир", "$x$", exclude=False).still()
    assert all(f">{word}</text>" in html for word in ("café", "мир", "$x$", "a&lt;b"))
    assert all(f">{word}</text>" not in html for word in ("왕", "雨"))
    assert all(f"<td>{word}</td>" in html for word in ("왕", "여왕", "남자", "여자", "$x$", "a&lt;b", "雨"))


def test_the_text_form_is_stable() -> None:
    assert repr(EmbeddingCompass(some())) == (
        "EmbeddingCompass(king − man + woman in WordVectors(8 words, 6 numbers each), cosine, query left out)"
    )
    other = EmbeddingCompass(some(), mode="neighbours", word="the", measure="dot", exclude=False)
    assert repr(other) == "EmbeddingCompass(the in WordVectors(8 words, 6 numbers each), dot, query kept)"
    assert not math.isnan(other.kept())
