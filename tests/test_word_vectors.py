"""Who is near whom, analogies, and the file: ours equals gensim, and a broken file is refused by line."""

import math
import tempfile
import warnings
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.word_vectors import WordVectors, unit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what gensim imports
    from gensim.models import KeyedVectors

WORDS = ("king", "queen", "man", "woman", "café", "한국어", "don't", "a\u00a0b", "…", "🙂")


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    return WordVectors(WORDS, torch.randn(len(WORDS), 7, generator=torch.Generator().manual_seed(0)))


def in_gensim(vectors: WordVectors) -> Any:
    theirs = KeyedVectors(vectors.matrix.shape[1])
    theirs.add_vectors(list(vectors.words), vectors.matrix.numpy())
    return theirs


# ---------------------------------------------------------------------------------------------------------- nearest


@pytest.mark.parametrize("word", WORDS)
def test_the_nearest_words_are_those_of_gensim(vectors: WordVectors, word: str) -> None:
    theirs = in_gensim(vectors).most_similar(word, topn=5)
    ours = vectors.nearest(word, 5)
    assert [w for w, _ in ours] == [w for w, _ in theirs]
    assert [value for _, value in ours] == pytest.approx([value for _, value in theirs], abs=1e-6)


def test_an_analogy_is_that_of_gensim(vectors: WordVectors) -> None:
    theirs = in_gensim(vectors).most_similar(positive=["king", "woman"], negative=["man"], topn=5)
    ours = vectors.analogy("king", "man", "woman", 5)
    assert [w for w, _ in ours] == [w for w, _ in theirs]
    length = torch.linalg.vector_norm(vectors.offset("king", "man", "woman"))
    assert [value for _, value in ours] == pytest.approx([value for _, value in theirs], abs=1e-6)
    assert length != pytest.approx(1)


def test_an_offset_by_hand() -> None:
    vectors = WordVectors(["a", "b", "c"], torch.tensor([[3.0, 4.0], [0.0, 2.0], [5.0, 0.0]]))
    assert vectors.offset("a", "b", "c").tolist() == pytest.approx([0.6 - 0 + 1, 0.8 - 1 + 0])
    assert vectors.offset("a", "b", "c", "dot").tolist() == [8.0, 2.0]
    assert vectors.nearest(torch.tensor([0.0, 1.0]), measure="dot") == [("a", 4.0), ("b", 2.0), ("c", 0.0)]
    assert [w for w, _ in vectors.nearest(torch.tensor([0.0, 1.0]))] == ["b", "a", "c"]


def test_the_words_asked_about_are_answers_only_if_they_are_not_excluded(vectors: WordVectors) -> None:
    asked = {"king", "man", "woman"}
    assert not asked & {w for w, _ in vectors.analogy("king", "man", "woman", 100)}
    assert asked <= {w for w, _ in vectors.analogy("king", "man", "woman", 100, exclude=False)}
    assert vectors.analogy("king", "king", "king", 1, exclude=False)[0][0] == "king"


@pytest.mark.parametrize("exclude", [True, False])
def test_many_analogies_at_once_are_the_same_analogies(exclude: bool) -> None:
    many = WordVectors(list("abcdefgh"), torch.randn(8, 3, generator=torch.Generator().manual_seed(1)))
    asked = list(permutations("abcdef", 3))
    right = [(a, b, c, many.analogy(a, b, c, 1, exclude=exclude)[0][0]) for a, b, c in asked]
    wrong = [(a, b, c, "abcdefgh"[(many.id(answer) + 1) % 8]) for a, b, c, answer in right[:40]]
    assert many.share_right(right, exclude=exclude) == 1
    assert many.share_right(right + wrong, exclude=exclude) == len(right) / (len(right) + 40)
    alone = [(a, b, c, many.nearest(a, 1, exclude=(b, c))[0][0]) for a, b, c in asked]
    assert many.share_right(alone, signs=(1, 0, 0)) == 1
    assert many.share_right(alone, signs=(0, 0, 1)) < 1


def test_a_word_is_not_its_own_neighbour_and_others_may_be_left_out(vectors: WordVectors) -> None:
    found = [w for w, _ in vectors.nearest("king", 100, exclude=["man"])]
    assert set(found) == set(WORDS) - {"king", "man"}


def test_a_vector_of_zeros_has_cosine_0_with_everything() -> None:
    vectors = WordVectors(["zero", "one"], torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert vectors.nearest("zero") == [("one", 0.0)]
    assert unit(torch.zeros(2)).tolist() == [0.0, 0.0]


def test_words_that_are_level_keep_their_order() -> None:
    vectors = WordVectors(["a", "b", "c", "d"], torch.ones(4, 3))
    assert [w for w, _ in vectors.nearest("c")] == ["a", "b", "d"]


def test_it_behaves_like_a_mapping(vectors: WordVectors) -> None:
    assert (len(vectors), "king" in vectors, "kong" in vectors) == (10, True, False)
    assert list(vectors) == list(WORDS)
    assert torch.equal(vectors["man"], vectors.matrix[2])
    assert repr(vectors) == "WordVectors(10 words, 7 numbers each)"


# ------------------------------------------------------------------------------------------------------------- files


def test_gensim_reads_what_we_write(vectors: WordVectors, tmp_path: Path) -> None:
    vectors.save(tmp_path / "ours.txt")
    theirs = KeyedVectors.load_word2vec_format(str(tmp_path / "ours.txt"))
    assert theirs.index_to_key == list(vectors.words)
    assert torch.equal(torch.from_numpy(theirs.vectors), vectors.matrix)


def test_we_read_what_gensim_writes(vectors: WordVectors, tmp_path: Path) -> None:
    in_gensim(vectors).save_word2vec_format(str(tmp_path / "theirs.txt"))
    ours = WordVectors.load(tmp_path / "theirs.txt")
    assert ours.words == vectors.words
    assert torch.equal(ours.matrix, vectors.matrix)


names = st.text(st.characters(exclude_characters=" \n", exclude_categories=["Cs"]), min_size=1, max_size=5)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.data())
def test_a_file_gives_back_every_word_and_every_bit(words: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=len(words), max_size=len(words)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors.txt")
        vectors = WordVectors(words, torch.tensor(rows))
        vectors.save(path)
        again = WordVectors.load(path)
    assert again.words == tuple(words)
    assert torch.equal(again.matrix, vectors.matrix)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: expected the number of words and of their numbers, got ''"),
        ("2\na 1\nb 2\n", "line 1: expected the number of words and of their numbers, got '2'"),
        ("two 1\na 1\nb 2\n", "line 1: expected the number of words"),
        ("0 1\n", "line 1: expected the number of words"),
        ("3 1\na 1\nb 2\n", "line 1: says 3 words, but 2 lines follow"),
        ("1 1\na 1\nb 2\n", "line 1: says 1 words, but 2 lines follow"),
        ("2 2\na 1 2\nb 2\n", "line 3: expected a word and 2 numbers, got 1 numbers"),
        ("2 1\na 1\n\nb 1\n", "line 1: says 2 words, but 3 lines follow"),
        ("2 1\na 1\nb x\n", "line 3: expected numbers behind 'b', got 'b x'"),
        ("2 1\na nan\nb 1\n", "line 2: expected finite numbers of 32 bits behind 'a'"),
        ("2 1\na 1e39\nb 1\n", "line 2: expected finite numbers of 32 bits behind 'a'"),
        ("2 1\na 1\na 2\n", "line 3: 'a' was already in line 2"),
        ("1 1\n 1\n", "line 2: expected a word"),
    ],
)
def test_a_malformed_file_is_refused_by_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^path: ") as refused:
        WordVectors.load(path)
    assert message in str(refused.value)
    assert str(path) in str(refused.value)


def test_files_that_cannot_be_read_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"path: .* cannot be read \(No such file"):
        WordVectors.load(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"2 1\n\xff\xfe")
    with pytest.raises(ValueError, match=r"path: .* is not UTF-8 text \(byte 4\)"):
        WordVectors.load(tmp_path / "binary")


def test_a_write_that_fails_leaves_what_was_there(vectors: WordVectors, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("1 1\na 1\n")
    with pytest.raises(
        ValueError, match="words: expected words without spaces, which the format cannot hold, got 'a b'"
    ):
        WordVectors(["a b"], torch.ones(1, 1)).save(tmp_path / "kept.txt")
    with pytest.raises(ValueError, match=r"path: .* cannot be written"):
        vectors.save(tmp_path / "none" / "vectors.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert WordVectors.load(tmp_path / "kept.txt").words == ("a",)


# ---------------------------------------------------------------------------------------------------------- refusals


def test_an_unknown_word_is_refused_with_the_nearest_spellings(vectors: WordVectors) -> None:
    message = r"word: expected one of the 10 known words, got 'quen'; spelt most like it: queen"
    for ask in (
        lambda: vectors["quen"],
        lambda: vectors.nearest("quen"),
        lambda: vectors.analogy("king", "quen", "man"),
    ):
        with pytest.raises(ValueError, match=message):
            ask()
    with pytest.raises(ValueError, match=r"got 'xylophone'$"):
        vectors["xylophone"]


def test_vectors_of_another_size_are_refused(vectors: WordVectors) -> None:
    with pytest.raises(ValueError, match=r"to: expected a vector of 7 numbers, got shape \(6,\)"):
        vectors.nearest(torch.ones(6))
    with pytest.raises(ValueError, match=r"matrix: expected one row for each of 3 words, got shape \(2, 4\)"):
        WordVectors(["a", "b", "c"], torch.ones(2, 4))
    with pytest.raises(ValueError, match="matrix: expected finite numbers, got NaN"):
        WordVectors(["a"], torch.tensor([[math.nan]]))
    with pytest.raises(ValueError, match="words: expected each word once, got 'a' more than once"):
        WordVectors(["a", "b", "a"], torch.ones(3, 1))
    with pytest.raises(ValueError, match="measure: expected one of cosine, dot, got 'euclid'"):
        vectors.nearest("king", measure="euclid")
    with pytest.raises(ValueError, match="count: expected a whole number of at least 1, got 0"):
        vectors.nearest("king", 0)
