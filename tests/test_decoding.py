"""Greedy, drawn and beam decoding do what they say; beam search equals brute force where that can be done."""

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lessons_src import decoding, pair_models
from lessons_src.decoding import Hypothesis, beam, beam_search, draw, exact_match, greedy
from lessons_src.seq2seq import ATTENTIONS, END_ID, START_ID, Seq2Seq, target_vocabulary
from lessons_src.text import Vocabulary


def model(attention: str = "dot", cell: str = "GRU", seed: int = 0) -> Seq2Seq:
    torch.manual_seed(seed)
    net = Seq2Seq(
        Vocabulary("abc·"), target_vocabulary(["abc"]), embedding_size=4, hidden_size=6, attention=attention, cell=cell
    )
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(3.0)  # so that the distributions are far from flat
    return net.double()


def table(generator: torch.Generator, vocab: int, most: int, coarse: bool) -> dict[tuple[int, ...], Tensor]:
    """The log-probabilities of the next token after each beginning; coarse ones have many ties."""
    rows = {}
    for length in range(most):
        for beginning in itertools.product(range(vocab), repeat=length):
            scores = torch.randn(vocab, generator=generator, dtype=torch.float64) * 2
            rows[beginning] = torch.log_softmax(scores.round() if coarse else scores, 0)
    return rows


def search_table(rows: dict[tuple[int, ...], Tensor], end: int, **options: Any) -> list[Hypothesis]:
    """beam_search on a table; the state is what each hypothesis has read, start included."""

    def advance(last: Tensor, state: list[tuple[int, ...]]) -> tuple[Tensor, list[tuple[int, ...]]]:
        read = [(*before, int(token)) for before, token in zip(state, last, strict=True)]
        return torch.stack([rows[tokens[1:]] for tokens in read]), read

    def pick(state: list[tuple[int, ...]], places: Tensor) -> list[tuple[int, ...]]:
        return [state[int(k)] for k in places]

    return beam_search(advance, [()], pick, start=-1, end=end, **options)


def brute_force(
    rows: dict[tuple[int, ...], Tensor], vocab: int, end: int, most: int, penalty: float
) -> list[Hypothesis]:
    """Every sequence that ends with `end`, or has `most` tokens and no `end`, ranked."""
    found = []
    for length in range(1, most + 1):
        for tokens in itertools.product(range(vocab), repeat=length):
            if end in tokens[:-1] or (tokens[-1] != end and length < most):
                continue
            total = 0.0
            for k, token in enumerate(tokens):
                total += float(rows[tokens[:k]][token])
            found.append(Hypothesis(tokens, total, total / length**penalty))
    return sorted(found, key=lambda h: (-h.score, h.tokens))


@given(st.integers(2, 4), st.integers(1, 4), st.booleans(), st.sampled_from([0.0, 0.7, 1.0]), st.integers(0, 999))
def test_a_beam_wide_enough_for_everything_equals_brute_force(
    vocab: int, most: int, coarse: bool, penalty: float, seed: int
) -> None:
    rows = table(torch.Generator().manual_seed(seed), vocab, most, coarse)
    found = search_table(rows, end=0, width=vocab**most, most=most, length_penalty=penalty)
    expected = brute_force(rows, vocab, 0, most, penalty)
    assert [h.tokens for h in found] == [h.tokens for h in expected]
    assert [h.score for h in found] == pytest.approx([h.score for h in expected], abs=1e-12)


@pytest.mark.parametrize(("vocab", "most"), [(10, 5), (4, 8)])
def test_the_best_of_all_sequences_is_found_up_to_1e5_of_them(vocab: int, most: int) -> None:
    generator = torch.Generator().manual_seed(1)
    steps = torch.log_softmax(torch.randn(most, vocab, vocab, generator=generator, dtype=torch.float64) * 2, -1)

    def advance(last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return steps[int(state[0]), last], state + 1

    found = beam_search(
        advance, torch.zeros(1), lambda state, rows: state[:1].expand(len(rows)),
        width=vocab ** (most - 1), most=most, start=1, end=0,
    )  # fmt: skip
    everything = torch.cartesian_prod(*[torch.arange(vocab)] * most)
    before = torch.cat([torch.ones(len(everything), 1, dtype=torch.int64), everything[:, :-1]], 1)
    logs = torch.stack([steps[t, before[:, t], everything[:, t]] for t in range(most)], 1)
    ended = (everything == 0).cumsum(1)
    alive = torch.cat([torch.zeros(len(everything), 1, dtype=torch.int64), ended[:, :-1]], 1) == 0
    best = (logs * alive).sum(1).max()
    assert found[0].log_probability == pytest.approx(float(best), abs=1e-12)


def test_ties_go_to_the_lowest_ids() -> None:
    rows = {
        beginning: torch.full((3,), -1.0).double()
        for n in range(3)
        for beginning in itertools.product(range(3), repeat=n)
    }
    found = search_table(rows, end=2, width=2, most=3)
    assert [h.tokens for h in found] == [(0, 0, 0), (0, 0, 1)]


def test_a_narrow_beam_can_miss_what_a_wider_one_finds_and_width_1_is_greedy() -> None:
    logs = {(): [0.6, 0.4, 0.0], (0,): [0.35, 0.33, 0.32], (1,): [0.01, 0.01, 0.98]}
    rows = {beginning: torch.tensor(p).double().log() for beginning, p in logs.items()}
    (narrow,), wide = (search_table(rows, end=2, width=width, most=2) for width in (1, 2))
    assert narrow.tokens == (0, 0)
    assert wide[0].tokens == (1, 2)
    assert wide[0].log_probability == pytest.approx(math.log(0.4 * 0.98))


def test_a_length_penalty_lets_a_longer_sequence_win() -> None:
    logs = {(): [0.45, 0.55], (1,): [0.4, 0.6], (1, 1): [0.9, 0.1]}
    rows = {beginning: torch.tensor(p).double().log() for beginning, p in logs.items()}
    assert search_table(rows, end=0, width=4, most=3)[0].tokens == (0,)
    assert search_table(rows, end=0, width=4, most=3, length_penalty=1.0)[0].tokens == (1, 1, 0)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_a_beam_of_one_writes_what_greedy_writes(attention: str, cell: str) -> None:
    net = model(attention, cell)
    for source in ("a", "abcab", "xyz", "한글"):
        ((found, score),) = beam(net, source, width=1, most=12)
        (expected,) = greedy(net, [source], most=12)
        assert found.text == expected.text
        assert found.finished == expected.finished
        assert found.log_probability == pytest.approx(expected.log_probability, abs=1e-10)
        assert score == found.log_probability


def test_the_log_probability_is_that_of_the_tokens_read_back() -> None:
    net = model()
    for written, _ in beam(net, "abc", width=5, most=8):
        ids = [START_ID, *net.target.encode(list(written.text)).tolist(), *([END_ID] if written.finished else [])]
        encoded = net.encode(net.source.encode("abc")[None])
        scores = decoding.allowed(net.decode(torch.tensor([ids[:-1]]), encoded.state, encoded).scores[0])
        logs = torch.log_softmax(scores, -1).gather(1, torch.tensor(ids[1:])[:, None])
        assert written.log_probability == pytest.approx(float(logs.sum().detach()), abs=1e-10)


def test_many_sources_are_written_as_if_each_were_alone() -> None:
    net = model()
    sources = ["a", "abcabc", "cb"]
    together = greedy(net, sources, most=10)
    for source, found in zip(sources, together, strict=True):
        (alone,) = greedy(net, [source], most=10)
        assert found.text == alone.text
        assert found.log_probability == pytest.approx(alone.log_probability, abs=1e-10)
        assert found.weights is not None
        assert alone.weights is not None
        assert found.weights.shape == alone.weights.shape == (len(found.text) + found.finished, len(source))
        torch.testing.assert_close(found.weights, alone.weights)


def test_a_target_that_ends_early_keeps_its_own_log_probability() -> None:
    net, sources = pair_models.load("sums").model, ["1+1", "999+999", "7+15"]
    together = greedy(net, sources)
    assert len({len(written.text) for written in together}) > 1
    for source, found in zip(sources, together, strict=True):
        assert found.log_probability == pytest.approx(greedy(net, [source])[0].log_probability, abs=1e-4)


def test_neither_start_nor_the_sign_for_unknown_ones_is_ever_written() -> None:
    net = model()
    with torch.no_grad():
        net.head.bias[START_ID] = net.head.bias[-1] = 50.0
    for written in (*greedy(net, ["abc"], most=5), *draw(net, ["abc"] * 9, most=5), beam(net, "abc", most=5)[0][0]):
        assert set(written.text) <= set("abc")


def test_drawing_follows_its_seed_and_at_temperature_0_it_is_greedy() -> None:
    net = model()
    first, again, other = (draw(net, ["abc"] * 20, seed=seed, most=6) for seed in (1, 1, 2))
    assert [w.text for w in first] == [w.text for w in again] != [w.text for w in other]
    cold, best = draw(net, ["abc", "b"], temperature=0.0, most=9), greedy(net, ["abc", "b"], most=9)
    assert [w.text for w in cold] == [w.text for w in best]


def test_drawn_tokens_come_as_often_as_their_probability_says() -> None:
    net = model()
    encoded = net.encode(net.source.encode("ab")[None])
    expected = decoding.allowed(net.decode(torch.tensor([[START_ID]]), encoded.state, encoded).scores[0, 0]).softmax(0)
    drawn = draw(net, ["ab"] * 4000, most=1)
    for token in range(END_ID, 5):
        letter = "" if token == END_ID else net.target.alphabet[token]
        share = sum(w.text == letter for w in drawn) / 4000
        assert share == pytest.approx(float(expected[token].detach()), abs=0.03)


def test_exact_match_counts_whole_targets_only() -> None:
    net = model()
    (written,) = greedy(net, ["abc"], most=12)
    pairs = [("abc", written.text), ("abc", written.text + "a")]
    assert exact_match(net, pairs, most=12) == (0.5 if written.finished else 0.0)
    assert exact_match(net, pairs[:1], most=1) == (1.0 if written.text == "" else 0.0)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: beam(net, "abc", width=0), "width: expected a whole number of at least 1, got 0"),
        (lambda net: beam(net, "abc", length_penalty=-1.0), "length_penalty: expected a number from 0 to 10"),
        (lambda net: draw(net, ["abc"], temperature=-1.0), "temperature: expected a number from 0"),
        (lambda net: greedy(net, ["abc", " "]), "sources: expected texts with something in them"),
        (lambda net: greedy(net, "abc"), "sources: expected a list of texts"),
        (lambda net: greedy(net, [3]), "sources: expected texts, got int"),  # type: ignore[list-item]
        (lambda net: greedy(net, ["abc"], most=0), "most: expected a whole number of at least 1"),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(model())


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_hypotheses_side_by_side_get_what_each_gets_alone(attention: str) -> None:
    net = model(attention)
    with torch.no_grad():
        encoded = net.encode(net.source.encode("abc")[None])
        state = torch.cat([encoded.state, encoded.state * 0.5], dim=1)
        logs, after = decoding.next_log_probabilities(net, encoded, torch.tensor([2, 3]), state)
        for row, token in enumerate((2, 3)):
            step = net.decode(torch.tensor([[token]]), state[:, row : row + 1], encoded)
            scores = step.scores[0, 0].clone()
            scores[[START_ID, -1]] = -math.inf
            torch.testing.assert_close(logs[row], torch.log_softmax(scores, 0), atol=1e-12, rtol=0)
            torch.testing.assert_close(after[:, row], step.state[:, 0], atol=1e-12, rtol=0)
