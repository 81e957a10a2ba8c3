"""Lines of code are split without overlap, windows show what stands around a character, padding never counts."""

import pytest
import torch

from lessons_src.data import CODE_CLASSES
from lessons_src.labelled import padded
from lessons_src.tagging import KEYWORD, code_lines, share_right, windows
from lessons_src.text import Vocabulary


def test_lines_are_different_labelled_and_split_without_overlap() -> None:
    found = code_lines()
    train, test = ({line for line, _ in side} for side in (found.train, found.test))
    assert not train & test
    assert (len(train), len(test)) == (len(found.train), len(found.test))
    assert len(test) == pytest.approx(0.2 * len(train | test), abs=1)
    for line, kinds in found.train + found.test:
        assert line == line.strip()
        assert len(line) == len(kinds) <= 72
        assert KEYWORD in kinds
    lines = dict(found.train + found.test)
    start = [CODE_CLASSES[kind] for kind in lines["import torch"]]
    assert start == ["keyword"] * 6 + ["space"] + ["name"] * 5
    assert code_lines() == found
    assert code_lines(seed=1) != found


def test_a_window_shows_what_stands_around_each_character_and_padding_beyond() -> None:
    vocabulary = Vocabulary("abcd·")
    batch = padded(vocabulary, [("ab", (1, 2)), ("cdab", (3, 4, 5, 6))])
    around, target = windows(batch, 3, padding=9)
    assert around.tolist() == [[9, 0, 1], [0, 1, 9], [9, 2, 3], [2, 3, 0], [3, 0, 1], [0, 1, 9]]
    assert target.tolist() == [1, 2, 3, 4, 5, 6]


def test_an_even_window_is_refused() -> None:
    batch = padded(Vocabulary("ab·"), [("ab", (1, 2))])
    with pytest.raises(ValueError, match=r"^width: expected an odd number.* got 4"):
        windows(batch, 4, padding=3)


def test_padding_is_neither_right_nor_wrong() -> None:
    batch = padded(Vocabulary("ab·"), [("ab", (1, 2)), ("a", (0,))])
    scores = torch.nn.functional.one_hot(torch.tensor([[1, 0], [0, 0]]), 3).float()
    assert share_right(scores, batch.target) == pytest.approx(2 / 3)
