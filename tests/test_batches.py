"""Streams read a text once and in order, row by row; Windows depend on their number alone."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons_src.batches import Streams, Windows

sizes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 60))
"""Batch size, steps, and how much longer than needed the text is."""


def text(batch_size: int, steps: int, extra: int) -> torch.Tensor:
    """A text in which each character says where it stands."""
    return torch.arange(batch_size * steps + 1 + extra)


@settings(max_examples=30)
@given(sizes)
def test_streams_read_every_character_once_and_in_order_but_the_rest_that_fills_no_batch(case) -> None:
    batch_size, steps, _ = case
    ids = text(*case)
    streams = Streams(ids, batch_size, steps)
    batches = [streams.batch(k) for k in range(streams.in_one_reading)]
    rows = torch.cat([batch.x for batch in batches], dim=1)
    length = (len(ids) - 1) // batch_size
    for b, row in enumerate(rows):
        assert torch.equal(row, ids[b * length : b * length + len(row)])
    assert 0 <= length - rows.shape[1] < steps, "less than a batch is left of each stretch"
    assert len(ids) - 1 - batch_size * length < batch_size


@settings(max_examples=30)
@given(sizes)
def test_what_follows_each_character_is_the_next_of_the_text(case) -> None:
    for batches in (Streams(text(*case), *case[:2]), Windows(text(*case), *case[:2])):
        for k in range(batches.in_one_reading):
            assert torch.equal(batches.batch(k).y, batches.batch(k).x + 1)


@settings(max_examples=30)
@given(sizes, st.integers(0, 50))
def test_each_row_goes_on_where_it_ended_unless_the_batch_is_fresh(case, k) -> None:
    streams = Streams(text(*case), *case[:2])
    before, after = streams.batch(k), streams.batch(k + 1)
    assert before.x.shape == after.x.shape == case[:2]
    assert after.fresh == ((k + 1) % streams.in_one_reading == 0)
    if after.fresh:
        assert torch.equal(after.x, streams.batch(0).x)
    else:
        assert torch.equal(after.x[:, 0], before.x[:, -1] + 1)


def test_a_stream_begins_fresh() -> None:
    assert Streams(text(2, 3, 5), 2, 3).batch(0).fresh


@settings(max_examples=30)
@given(sizes, st.integers(0, 3), st.integers(0, 1000))
def test_the_kth_windows_depend_on_k_and_the_seed_alone(case, seed, k) -> None:
    ids = text(*case)
    used, unused = (Windows(ids, case[0], case[1], seed) for _ in range(2))
    used.batch(0), used.batch(k + 1), torch.rand(3)
    assert torch.equal(used.batch(k).x, unused.batch(k).x)
    assert used.batch(k).fresh


def test_other_numbers_and_seeds_give_other_windows() -> None:
    ids = torch.arange(10_000)
    starts = [Windows(ids, 8, 5, seed).batch(k).x[:, 0].tolist() for seed in range(5) for k in range(5)]
    assert len({tuple(row) for row in starts}) == 25


def test_windows_begin_at_every_place_of_the_text_and_nowhere_else() -> None:
    windows = Windows(torch.arange(9), batch_size=50, steps=3)
    starts = torch.cat([windows.batch(k).x[:, 0] for k in range(10)])
    assert sorted(set(starts.tolist())) == [0, 1, 2, 3, 4, 5], "the last one ends where one character follows"
    assert windows.batch(0).x.diff(dim=1).eq(1).all()


def test_in_one_reading_as_many_characters_are_read_as_the_text_has() -> None:
    ids = torch.arange(1001)
    assert Streams(ids, 10, 20).in_one_reading == Windows(ids, 10, 20).in_one_reading == 5
    assert Windows(torch.arange(21), 10, 20).in_one_reading == 1


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Streams(torch.arange(6), 2, 3), ValueError, "ids: expected a text of more than 6 characters, got 6"),
        (lambda: Windows(torch.arange(3), 2, 3), ValueError, "ids: expected a text of more than 3 characters, got 3"),
        (
            lambda: Streams(torch.arange(9), 0, 3),
            ValueError,
            "batch_size: expected a whole number of at least 1, got 0",
        ),
        (lambda: Streams(torch.arange(9), 2, -1), ValueError, "steps: expected a whole number of at least 1, got -1"),
        (lambda: Windows(torch.arange(9), 2, 3, -1), ValueError, "seed: expected a whole number of at least 0, got -1"),
        (lambda: Windows(torch.arange(9), 2, 3, 2**63), ValueError, "seed: expected a whole number of at most"),
        (lambda: Windows(torch.zeros(0).long(), 2, 3), ValueError, "ids: expected a tensor of shape"),
        (lambda: Windows(torch.arange(-1, 9), 2, 3), ValueError, "ids: expected values from 0"),
    ],
)
def test_what_cannot_be_cut_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("batches", [Streams, Windows])
def test_what_is_no_text_of_ids_is_refused(batches: Any) -> None:
    for wrong, message in (("text", "ids: expected a tensor, got str"), (torch.rand(99), "ids: expected torch.int64")):
        with pytest.raises(TypeError, match=message):
            batches(wrong, 2, 3)
    with pytest.raises(TypeError, match=r"steps: expected a whole number, got 2\.5"):
        batches(torch.arange(99), 2, 2.5)
