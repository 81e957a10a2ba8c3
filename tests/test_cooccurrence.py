"""Counts, PPMI and SVD: by hand, equal to plain Python, and with the properties that their formulas promise."""

import math
from collections import Counter
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from lessons_src.cooccurrence import cooccurrence, ppmi, svd_vectors
from lessons_src.corpus import Corpus

KETTLE = [["the", "kid", "laughs"], ["the", "child", "laughs"], ["the", "kettle", "whistles"]]

texts = st.lists(st.lists(st.sampled_from("abcde"), max_size=7), min_size=1, max_size=5).filter(
    lambda sentences: len({word for sentence in sentences for word in sentence}) >= 2
)
tables = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4).filter(
    lambda rows: any(map(any, rows))
)


pytestmark = pytest.mark.usefixtures("unchecked_shapes")


def double(rows: object) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def plain_counts(sentences: list[list[str]], window: int) -> Counter[tuple[str, str]]:
    """Every ordered pair of places of one sentence that are at most `window` apart."""
    return Counter(
        (sentence[i], sentence[j])
        for sentence in sentences
        for i in range(len(sentence))
        for j in range(len(sentence))
        if i != j and abs(i - j) <= window
    )


def plain_ppmi(rows: list[list[int]], power: float) -> list[list[float]]:
    """The definition, one pair at a time."""
    total = sum(map(sum, rows))
    columns = [sum(column) for column in zip(*rows, strict=True)]
    smoothed = [column**power if column else 0.0 for column in columns]
    return [
        [
            max(0.0, math.log((n / total) / (sum(row) / total * smoothed[j] / sum(smoothed)))) if n else 0.0
            for j, n in enumerate(row)
        ]
        for row in rows
    ]


# ------------------------------------------------------------------------------------------------------------- counts


def test_counts_by_hand() -> None:
    corpus = Corpus.of(KETTLE)
    assert corpus.words == ("the", "laughs", "child", "kettle", "kid", "whistles")
    assert cooccurrence(corpus, 1).tolist() == [
        [0, 0, 1, 1, 1, 0],
        [0, 0, 1, 0, 1, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 1],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
    ]
    assert cooccurrence(corpus, 2)[0].tolist() == [0, 2, 1, 1, 1, 1]


def test_a_word_beside_itself_counts_from_both_places() -> None:
    assert cooccurrence(Corpus.of([["a", "a", "b"]]), 1).tolist() == [[2, 1], [1, 0]]


@given(texts, st.integers(1, 8))
def test_counts_are_those_of_plain_python_and_symmetric(sentences: list[list[str]], window: int) -> None:
    corpus = Corpus.of(sentences)
    counts = cooccurrence(corpus, window)
    plain = plain_counts(sentences, window)
    assert counts.dtype == torch.float64
    assert counts.tolist() == [[plain[one, other] for other in corpus.words] for one in corpus.words]
    assert torch.equal(counts, counts.T)


@given(texts)
def test_a_window_never_crosses_from_one_sentence_to_the_next(sentences: list[list[str]]) -> None:
    corpus = Corpus.of(sentences)
    together = cooccurrence(corpus, 100)
    backwards = Corpus.of(sentences[::-1])
    order = torch.tensor([backwards.words.index(word) for word in corpus.words])
    assert torch.equal(together, cooccurrence(backwards, 100)[order][:, order])
    assert together.sum() == sum(len(sentence) * (len(sentence) - 1) for sentence in sentences)


# --------------------------------------------------------------------------------------------------------------- PPMI


def test_ppmi_by_hand() -> None:
    corpus = Corpus.of(KETTLE)
    table = ppmi(cooccurrence(corpus, 1))
    at = {word: k for k, word in enumerate(corpus.words)}
    assert float(table[at["kid"], at["the"]]) == pytest.approx(math.log(2))
    assert float(table[at["kid"], at["laughs"]]) == pytest.approx(math.log(3))
    assert float(table[at["kettle"], at["whistles"]]) == pytest.approx(math.log(6))
    assert torch.equal(table[at["kid"]], table[at["child"]])
    assert torch.equal(table > 0, cooccurrence(corpus, 1) > 0)


@given(tables, st.sampled_from([1.0, 0.75, 0.0]))
def test_ppmi_is_its_definition_in_plain_python(rows: list[list[int]], power: float) -> None:
    torch.testing.assert_close(ppmi(double(rows), power), double(plain_ppmi(rows, power)), rtol=1e-12, atol=1e-12)


@given(tables, st.floats(1e-3, 1e3), st.sampled_from([1.0, 0.75]))
def test_ppmi_does_not_depend_on_the_size_of_the_text(rows: list[list[int]], factor: float, power: float) -> None:
    torch.testing.assert_close(ppmi(double(rows) * factor, power), ppmi(double(rows), power), rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_what_stands_together_by_chance_alone_has_no_ppmi(words: list[int], contexts: list[int]) -> None:
    assert float(ppmi(torch.outer(double(words), double(contexts))).max()) < 1e-12


def test_ppmi_is_never_negative_and_keeps_the_surprising_pairs() -> None:
    table = ppmi(double([[8, 1], [1, 8]]))
    assert table[0, 1] == table[1, 0] == 0
    assert float(table[0, 0]) == pytest.approx(math.log(8 / 18 / 0.25))


def test_a_power_below_one_takes_some_weight_from_rare_contexts() -> None:
    counts = double([[90, 1], [90, 0], [90, 0]])
    assert ppmi(counts, 0.75)[0, 1] < ppmi(counts)[0, 1]


def test_ppmi_leaves_its_argument_alone() -> None:
    counts = double([[0, 2], [2, 1]])
    ppmi(counts, 0.75)
    assert counts.tolist() == [[0, 2], [2, 1]]


# ---------------------------------------------------------------------------------------------------------------- SVD


@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 99))
def test_at_full_size_the_vectors_hold_all_that_rows_say_of_each_other(words: int, contexts: int, seed: int) -> None:
    matrix = normal(words, contexts, seed=seed)
    found = svd_vectors(matrix, min(words, contexts))
    gram = found @ found.T  # U S Uᵀ, so its square is M Mᵀ
    torch.testing.assert_close(gram @ gram, matrix @ matrix.T, rtol=1e-9, atol=1e-9)


def test_at_full_size_a_matrix_of_products_is_reconstructed() -> None:
    factor = normal(6, 6)
    matrix = factor @ factor.T
    found = svd_vectors(matrix, 6)
    torch.testing.assert_close(found @ found.T, matrix, rtol=1e-10, atol=1e-10)


def test_what_is_cut_off_is_the_least() -> None:
    factor = normal(6, 6)
    matrix = factor @ factor.T
    singular = torch.linalg.svdvals(matrix)
    for size in range(1, 6):
        found = svd_vectors(matrix, size)
        missing = torch.linalg.matrix_norm(matrix - found @ found.T, ord=2)
        assert float(missing) == pytest.approx(float(singular[size]))
        assert found.shape == (6, size)


def test_fewer_numbers_are_the_first_of_more() -> None:
    matrix = normal(8, 5)
    torch.testing.assert_close(svd_vectors(matrix, 2), svd_vectors(matrix, 5)[:, :2])


@given(st.integers(0, 99))
def test_in_each_column_the_largest_entry_is_positive(seed: int) -> None:
    matrix = normal(7, 5, seed=seed)
    found = svd_vectors(matrix, 5)
    assert (found.gather(0, found.abs().argmax(0, keepdim=True)) > 0).all()
    turned = svd_vectors(-matrix, 5)  # the same U up to signs
    torch.testing.assert_close(found, turned)


@given(tables)
def test_equal_rows_become_equal_vectors(rows: list[list[int]]) -> None:
    twice = double([*rows, *rows])
    assume(torch.linalg.matrix_rank(twice) >= 1)
    found = svd_vectors(twice, 1)
    torch.testing.assert_close(found[: len(rows)], found[len(rows) :], rtol=1e-7, atol=1e-7)


# ----------------------------------------------------------------------------------------------------------- refusals

NAN, INFINITE = math.nan, math.inf

REFUSALS: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "no window": (lambda: cooccurrence(Corpus.of(KETTLE), 0), ValueError, "window: .*at least 1, got 0"),
    "counts as a list": (lambda: ppmi([[1.0]]), TypeError, r"counts: .*\(words, contexts\), got \[\[1.0\]\]"),  # type: ignore[arg-type]
    "whole counts": (lambda: ppmi(torch.ones(2, 2).long()), TypeError, "counts: expected a floating tensor"),
    "counts of one word": (lambda: ppmi(torch.ones(2)), TypeError, "counts: expected a floating tensor"),
    "negative counts": (lambda: ppmi(double([[1, -1]])), ValueError, "counts: expected numbers of at least 0"),
    "no counts": (lambda: ppmi(double([[0, 0]])), ValueError, "counts: .*not all 0"),
    "counts that are NaN": (lambda: ppmi(double([[1, NAN]])), ValueError, "counts: .*finite numbers, got NaN"),
    "counts without end": (lambda: ppmi(double([[1, INFINITE]])), ValueError, "counts: .*finite"),
    "a power above 1": (lambda: ppmi(double([[1, 2]]), 1.5), ValueError, "power: .*from 0 to 1, got 1.5"),
    "size 0": (lambda: svd_vectors(normal(3, 3), 0), ValueError, "size: .*at least 1, got 0"),
    "a size too large": (lambda: svd_vectors(normal(3, 2), 3), ValueError, r"size: .*at most 2 .*\(3, 2\), got 3"),
    "a matrix of NaN": (lambda: svd_vectors(double([[NAN, 1], [1, 1]]), 1), ValueError, "matrix: .*NaN"),
    "a matrix of whole numbers": (lambda: svd_vectors(torch.ones(2, 2).long(), 1), TypeError, "matrix: .*floating"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_bad_input_is_refused_in_words(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
