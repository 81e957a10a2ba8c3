"""A table is read or refused with the line that is wrong; batches hold every text, padded, with the right labels."""

from collections import Counter
from pathlib import Path

import pytest
import torch

from lessons_src.labelled import CLUES, FILLER, IGNORED, clues, drawn_batches, padded, read_table, split
from lessons_src.text import Vocabulary

LETTERS = Vocabulary("abc·")


def table(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_table_is_read_with_commas_quotes_and_a_heading(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, '\ufeffText,Label\n"Seoul, 서울",ko\n\nParis,fr\nBusan,ko\n'))
    assert found.classes == ("fr", "ko")
    assert found.pairs == (("Seoul, 서울", 1), ("Paris", 0), ("Busan", 1))


def test_a_table_is_read_with_tabs_and_commas_in_its_texts(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "one, two\tb\nthree\ta\n"))
    assert found.pairs == (("one, two", 1), ("three", 0))


def test_a_text_in_quotes_may_hold_line_ends_and_quotes(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, '"one\ntwo",b\r\n"say ""three""",a\r\nfour\u2028five,a\n'))
    assert found.pairs == (("one\ntwo", 1), ('say "three"', 0), ("four\u2028five", 0))
    with pytest.raises(ValueError, match=r"own.csv, line 3: expected a text and a label"):
        read_table(table(tmp_path, '"one\ntwo",b\nthree\n'))


def test_a_heading_counts_only_in_the_first_row(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "a,x\ntext,label\n"))
    assert found.pairs == (("a", 1), ("text", 0))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,x\nb\n", r"own.csv, line 2: expected a text and a label with a comma between them, got \['b'\]"),
        ("a,x\nb,\n", r"line 2: expected a text and a label"),
        ("a,x\nb,y,z\n", r"line 2: expected .* got \['b', 'y', 'z'\]"),
        ("a\tx\nb,y\n", r"line 2: expected a text and a label with a tab between them"),
        ("a,x\nb,x\n", "own.csv: expected at least two different labels, got only 'x'"),
        ("text,label\n", "own.csv: expected at least two different labels, got none"),
        ('a,x\n"b,y\n', r"line 2: .*; is a quote left open\?"),
        (" \n", "own.csv holds no text"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_line(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"^path: .*{reason}"):
        read_table(table(tmp_path, content))


def test_a_file_that_is_missing_or_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"Gr\xfc\xdfe,de\n")
    for name, reason in (("latin.csv", "is not UTF-8 text"), ("none.csv", "cannot be read")):
        with pytest.raises(ValueError, match=rf"^path: .*{name} {reason}"):
            read_table(tmp_path / name)


def test_a_split_keeps_equal_texts_together_and_loses_none() -> None:
    pairs = [(f"text {k % 50}", k % 3) for k in range(200)]
    train, held_out = split(pairs, 0.3)
    assert Counter(train + held_out) == Counter(pairs)
    assert not {text for text, _ in train} & {text for text, _ in held_out}
    assert len({text for text, _ in held_out}) == 15
    assert split(pairs, 0.3) == (train, held_out)
    assert split(pairs, 0.3, seed=1) != (train, held_out)


def test_a_split_with_an_empty_side_is_refused() -> None:
    for share in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"^share: expected some texts on both sides"):
            split([("a", 0), ("b", 1)], share)


@pytest.mark.parametrize(("place", "at"), [("first", 0), ("last", -1)])
def test_a_clue_stands_where_it_should_and_nothing_else_tells(place: str, at: int) -> None:
    found = clues(400, place, shortest=3, longest=6, seed=1)
    assert found == clues(400, place, shortest=3, longest=6, seed=1)
    assert found != clues(400, place, shortest=3, longest=6, seed=2)
    assert {len(text) for text, _ in found} == {3, 4, 5, 6}
    assert {label for _, label in found} == {0, 1, 2, 3}
    for text, label in found:
        assert text[at] == CLUES[label]
        assert set(text[1:] if at == 0 else text[:-1]) <= set(FILLER)


def test_a_batch_is_padded_behind_each_text() -> None:
    batch = padded(LETTERS, [("ab", 1), ("cabx", 0)])
    assert batch.ids.tolist() == [[0, 1, 4, 4], [2, 0, 1, 3]]
    assert batch.lengths.tolist() == [2, 4]
    assert batch.target.tolist() == [1, 0]
    assert batch.mask.tolist() == [[True, True, False, False], [True] * 4]
    assert padded(LETTERS, [("ab", 1), ("cab", 0)], padding=3).ids.tolist() == [[0, 1, 3], [2, 0, 1]]


def test_labels_of_characters_are_padded_with_what_the_loss_ignores() -> None:
    batch = padded(LETTERS, [("ab", (5, 6)), ("c", (7,))])
    assert batch.target.tolist() == [[5, 6], [7, IGNORED]]
    scores = torch.randn(2, 2, 8)
    alone = torch.nn.functional.cross_entropy(scores[[0, 0, 1], [0, 1, 0]], torch.tensor([5, 6, 7]))
    assert torch.allclose(torch.nn.functional.cross_entropy(scores.mT, batch.target), alone)


def test_what_cannot_be_a_batch_is_refused() -> None:
    for examples, reason in (
        ([], "at least one text, got none"),
        ([("", 0)], "at least one character, got an empty one"),
        ([("ab", (1, 2, 3))], "a label for each of the 2 characters, got 3"),
    ):
        with pytest.raises(ValueError, match=rf"^examples: expected .*{reason}"):
            padded(LETTERS, examples)
    with pytest.raises(ValueError, match=r"^examples: expected at least one text"):
        next(drawn_batches(LETTERS, [], 1))


@pytest.mark.parametrize("pool", [1, 4])
def test_every_example_comes_once_before_any_comes_again(pool: int) -> None:
    examples = [("abc"[: 1 + k % 3], k) for k in range(16)]
    batches = list(drawn_batches(LETTERS, examples, 8, batch_size=4, seed=3, pool=pool))
    seen = [label for batch in batches for label in batch.target.tolist()]
    assert sorted(seen[:16]) == sorted(seen[16:]) == list(range(16))
    assert seen[:16] != seen[16:]
    assert [b.target.tolist() for b in drawn_batches(LETTERS, examples, 8, 4, 3, pool)] == [
        batch.target.tolist() for batch in batches
    ]
    assert seen != [k for b in drawn_batches(LETTERS, examples, 8, 4, 4, pool) for k in b.target.tolist()]


def test_a_batch_may_be_larger_than_the_data() -> None:
    (batch,) = drawn_batches(LETTERS, [("a", 0), ("b", 1)], 1, batch_size=5)
    assert len(batch.ids) == 5


def test_sorting_a_pool_by_length_saves_padding_and_mixes_the_order() -> None:
    examples = [("a" * (1 + 7 * k % 40), 0) for k in range(640)]

    def wasted(pool: int) -> float:
        batches = list(drawn_batches(LETTERS, examples, 10, batch_size=64, pool=pool))
        return 1 - sum(int(b.lengths.sum()) for b in batches) / sum(b.ids.numel() for b in batches)

    assert wasted(10) < 0.2 < 0.4 < wasted(1)
    longest = [b.ids.shape[1] for b in drawn_batches(LETTERS, examples, 10, batch_size=64, pool=10)]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))
