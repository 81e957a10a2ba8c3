"""Forced or free: what is read at each step, what a wrong token is, and what is counted behind it."""

import pytest
import torch

from lessons_src.decoding import greedy
from lessons_src.forcing import follow, share_behind, wrong_tokens
from lessons_src.labelled import IGNORED
from lessons_src.seq2seq import END_ID, START_ID, Seq2Seq, model_for

PAIRS = [("12+9", "21"), ("7+7", "14"), ("650+5", "655"), ("3+4", "7")]


@pytest.fixture
def model() -> Seq2Seq:
    digits = [("0123456789+", "0123456789")]
    return model_for(digits, seed=3, embedding_size=4, hidden_size=5, attention="none", bidirectional=False)


def whole(model: Seq2Seq, read: torch.Tensor) -> torch.Tensor:
    """The likeliest tokens, if all inputs (N, T) are given at once."""
    batch = model.batch(PAIRS)
    encoded = model.encode(batch.source, batch.lengths)
    return model.decode(read, encoded.state, encoded).scores.argmax(-1)


def behind_start(tokens: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.full_like(tokens[:, :1], START_ID), tokens[:, :-1]], dim=1)


def test_a_forced_run_reads_the_truth_whatever_it_writes(model: Seq2Seq) -> None:
    written, target = follow(model, PAIRS, forced=True)
    assert target.shape == (4, 4)
    assert target[1].tolist()[2:] == [END_ID, IGNORED]
    expected = whole(model, behind_start(target.clamp(min=END_ID)))
    counted = target != IGNORED
    assert torch.equal(written[counted], expected[counted])
    again, _ = follow(model, PAIRS, forced=True, wrong_at=0)
    assert torch.equal(again, written), "a wrong token is written over by the truth"


def test_a_free_run_reads_what_it_wrote_as_a_greedy_search_does(model: Seq2Seq) -> None:
    written, _ = follow(model, PAIRS, forced=False)
    assert torch.equal(written, whole(model, behind_start(written)))
    for row, text in zip(written.tolist(), greedy(model, [source for source, _ in PAIRS], most=4), strict=True):
        ended = row.index(END_ID) if END_ID in row else len(row)
        assert model.target.decode(torch.tensor(row[:ended])) == text.text


@pytest.mark.parametrize("at", [0, 1])
def test_the_wrong_token_is_read_at_its_step_and_nowhere_else(model: Seq2Seq, at: int) -> None:
    written, target = follow(model, PAIRS, forced=False, wrong_at=at, seed=5)
    read = written.clone()
    read[:, at : at + 1] = wrong_tokens(model, target[:, at : at + 1], seed=5)
    assert torch.equal(written, whole(model, behind_start(read)))
    free, _ = follow(model, PAIRS, forced=False)
    assert torch.equal(written[:, : at + 1], free[:, : at + 1])


def test_a_wrong_token_is_another_digit(model: Seq2Seq) -> None:
    digits = model.target.encode(list("0123456789"))
    seen = set()
    for seed in range(30):
        wrong = wrong_tokens(model, digits[:, None], seed)[:, 0]
        assert not (wrong == digits).any()
        assert set(wrong.tolist()) <= set(digits.tolist())
        seen |= {(a, b) for a, b in zip(digits.tolist(), wrong.tolist(), strict=True)}
    assert len(seen) > 80, "of the 90 ways to be wrong nearly all occur"


def test_the_share_counts_what_is_behind_the_place_and_no_padding() -> None:
    target = torch.tensor([[5, 6, 7, END_ID], [4, END_ID, IGNORED, IGNORED]])
    written = torch.tensor([[5, 6, 2, END_ID], [4, 3, 3, 3]])
    assert share_behind(written, target, 0) == 2 / 4
    assert share_behind(written, target, torch.tensor([1, 0])) == 1 / 3
    assert share_behind(written, target, torch.tensor([2, 3])) == 1.0
    with pytest.raises(ValueError, match="place: expected one with something behind it in at least one target, got 3"):
        share_behind(written, target, 3)


def test_a_step_that_is_none_is_refused(model: Seq2Seq) -> None:
    with pytest.raises(ValueError, match="wrong_at: expected a whole number of at least 0, got -1"):
        follow(model, PAIRS, forced=False, wrong_at=-1)
