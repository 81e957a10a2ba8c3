"""Pairs are right, come from their seed, and keep apart what training and test must not share."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lessons_src.pairs import LOCALES, Pairs, additions, copies, dates, plain_width, read_pairs


def test_a_date_names_its_year_day_and_weekday_in_every_language() -> None:
    for source, target in dates(2_000, 100).train:
        date = datetime.date.fromisoformat(target)
        numbers = [int(number) for number in re.findall(r"\d+", source)]
        assert date.year in numbers, source
        assert date.day in numbers, source
        assert 1950 <= date.year <= 2049


def test_no_date_of_the_test_occurs_in_the_training_in_any_language() -> None:
    pairs = dates(5_000, 500)
    assert not {target for _, target in pairs.train} & {target for _, target in pairs.test}


def test_all_six_languages_occur_and_one_can_be_had_alone() -> None:
    text = " ".join(source for source, _ in dates(2_000, 10).train)
    for mark in ("Monday", "Montag", "lundi", "월요일", "lunes", "月曜日"):
        assert mark in text
    only = dates(200, 10, locales=["ko"]).train
    assert all(re.search(r"년|\.", source) for source, _ in only)
    assert len(LOCALES) == 6


def test_dates_are_written_without_full_width_digits_or_special_spaces() -> None:
    for source, _ in dates(2_000, 10).train:
        assert source == plain_width(source)
        assert "\u202f" not in source
        assert "\xa0" not in source


def test_a_sum_is_right_and_its_twin_is_on_the_same_side() -> None:
    pairs = additions(5_000, 500)
    for source, target in (*pairs.train, *pairs.test):
        a, b = source.split("+")
        assert int(a) + int(b) == int(target)
    twins = {"+".join(reversed(source.split("+"))) for source, _ in pairs.train}
    assert not twins & {source for source, _ in pairs.test}


def test_copies_have_every_length_that_was_asked_for() -> None:
    pairs = copies(500, 50, shortest=2, longest=5)
    assert {len(source) for source, _ in pairs.train} == {2, 3, 4, 5}
    assert all(source == target for source, target in pairs.train)


@pytest.mark.parametrize("make", [dates, additions, copies])
def test_a_seed_decides_everything_and_nothing_comes_twice(make: Callable[..., Pairs]) -> None:
    first, again, other = make(300, 30, seed=1), make(300, 30, seed=1), make(300, 30, seed=2)
    assert first == again
    assert first != other
    assert len(first.train) == len(set(first.train)) == 300
    assert len(first.test) == len(set(first.test)) == 30
    assert not {source for source, _ in first.train} & {source for source, _ in first.test}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dates(0), "train: expected a whole number of at least 1, got 0"),
        (lambda: dates(10, 10, locales=["xx"]), "locales: expected one of en, de"),
        (lambda: additions(100, 10, digits=1), "train: expected at most 18"),
        (lambda: copies(10, 10, shortest=5, longest=4), "longest: expected a whole number of at least 5"),
        (lambda: copies(10, 10, seed=-1), "seed"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Pairs], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_greatest_numbers_that_are_allowed_can_be_had() -> None:
    assert len(additions(18, 2, digits=1).test) == 2
    assert len(copies(9, 1, shortest=1, longest=1).train) == 9


def test_the_readers_own_pairs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"word {k}\tW{k}\n" for k in range(100)) + "\n１２\t12\n", encoding="utf-8")
    pairs = read_pairs(path)
    assert len(pairs.train) + len(pairs.test) == 101
    assert ("12", "12") in (*pairs.train, *pairs.test)
    assert pairs == read_pairs(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one two\n", "line 1: expected a source, one tab and a target, got 'one two'"),
        (b"a\tb\nc\t\n", "line 2: expected a source"),
        (b"a\tb\tc\n", "line 1: expected"),
        (b"a\tb\n", "holds 1 pairs; expected enough"),
        (b"", "holds no text"),
        (b"\xff\xfe\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_pairs_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_pairs(path)
