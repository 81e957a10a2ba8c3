"""N-gram and window models: brute force, by hand, torch's own functions, and what they refuse."""

import math
from collections import Counter
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from lessons_src import training
from lessons_src.language_models import NGramModel, WindowModel, contexts, perplexity, surprise


def ids(*tokens: int) -> Tensor:
    return torch.tensor(tokens, dtype=torch.int64)


texts = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=12), min_size=1, max_size=3)


def fitted(order: int, corpus: list[list[int]], **options: Any) -> NGramModel:
    return NGramModel(order, 4, **options).fit([ids(*text) for text in corpus])


# -------------------------------------------------------------------------------------- two other implementations


def count(corpus: list[list[int]], gram: tuple[int, ...]) -> int:
    """How often the n-gram stands in the texts, by looking everywhere."""
    n = len(gram)
    return sum(tuple(text[k : k + n]) == gram for text in corpus for k in range(len(text) - n + 1))


def additive(corpus: list[list[int]], context: tuple[int, ...], w: int, k: float) -> float:
    times = [count(corpus, (*context, v)) for v in range(4)]
    return (times[w] + k) / (sum(times) + 4 * k)


def witten_bell(corpus: list[list[int]], context: tuple[int, ...], w: int) -> float:
    """Top down, as a mixture: λ of what was counted and 1 − λ of the shorter context, λ = c / (c + T)."""
    shorter = witten_bell(corpus, context[1:], w) if context else 1 / 4
    times = [count(corpus, (*context, v)) for v in range(4)]
    if not sum(times):
        return shorter
    mine = sum(times) / (sum(times) + sum(map(bool, times)))
    return mine * times[w] / sum(times) + (1 - mine) * shorter


@given(texts, st.integers(1, 4), st.sampled_from([0.01, 1.0, 3.0]))
def test_additive_smoothing_is_what_brute_force_counts(corpus: list[list[int]], order: int, k: float) -> None:
    model = fitted(order, corpus, smoothing="add", add=k)
    for context in product(range(4), repeat=min(order - 1, 2)):
        expected = [additive(corpus, context, w, k) for w in range(4)]
        assert model.distribution(context).tolist() == pytest.approx(expected, rel=1e-12)


@given(texts, st.integers(1, 4))
def test_witten_bell_is_the_mixture_that_the_papers_write(corpus: list[list[int]], order: int) -> None:
    model = fitted(order, corpus)
    for context in product(range(4), repeat=min(order - 1, 2)):
        expected = [witten_bell(corpus, context, w) for w in range(4)]
        assert model.distribution(context).tolist() == pytest.approx(expected, rel=1e-12)


@given(texts, st.integers(1, 4), st.sampled_from(["add", "witten-bell"]), st.data())
def test_probabilities_of_any_context_add_up_to_one(
    corpus: list[list[int]], order: int, smoothing: str, data: st.DataObject
) -> None:
    model = fitted(order, corpus, smoothing=smoothing, add=0.3)
    context = data.draw(st.lists(st.integers(0, 3), max_size=6))
    share = model.distribution(context)
    assert (share > 0).all()
    assert share.sum().item() == pytest.approx(1, rel=1e-12)


@given(texts, st.integers(1, 4), st.sampled_from([("add", 0.0), ("add", 0.5), ("witten-bell", 1.0)]), st.data())
def test_log_probabilities_are_those_of_the_distributions(
    corpus: list[list[int]], order: int, how: tuple[str, float], data: st.DataObject
) -> None:
    model = fitted(order, corpus, smoothing=how[0], add=how[1])
    text = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=8))
    expected = torch.stack([model.distribution(text[:k])[w] for k, w in enumerate(text)]).log()
    torch.testing.assert_close(model.log_probabilities(ids(*text)), expected, rtol=1e-12, atol=0)


@given(texts, st.integers(1, 4), st.sampled_from([("add", 0.5), ("witten-bell", 1.0)]))
def test_a_variant_is_a_model_that_was_counted_anew(
    corpus: list[list[int]], order: int, how: tuple[str, float]
) -> None:
    large = fitted(4, corpus, smoothing="add", add=2.0)
    small = large.variant(order=order, smoothing=how[0], add=how[1])
    anew = fitted(order, corpus, smoothing=how[0], add=how[1])
    for context in product(range(4), repeat=3):
        assert torch.equal(small.distribution(context), anew.distribution(context))
        assert small.followers(context) == anew.followers(context)
    assert (large.order, large.smoothing, large.add) == (4, "add", 2.0)
    same = large.variant()
    assert (same.order, same.smoothing, same.add) == (4, "add", 2.0)


@given(texts, texts, st.integers(1, 3))
def test_fitting_twice_is_fitting_on_both(one: list[list[int]], other: list[list[int]], order: int) -> None:
    twice = fitted(order, one).fit([ids(*text) for text in other])
    once = fitted(order, one + other)
    for context in product(range(4), repeat=order - 1):
        assert twice.followers(context) == once.followers(context)
        assert torch.equal(twice.distribution(context), once.distribution(context))


@given(texts, st.integers(1, 3))
def test_looking_things_up_counts_nothing(corpus: list[list[int]], order: int) -> None:
    for smoothing in ("add", "witten-bell"):
        model = fitted(order, corpus, smoothing=smoothing)
        before = [model.distribution(c).tolist() for c in product(range(4), repeat=order - 1)]
        model.log_probabilities(ids(3, 2, 1, 0, 0, 1, 2, 3))
        assert [model.distribution(c).tolist() for c in product(range(4), repeat=order - 1)] == before


# --------------------------------------------------------------------------------------------------------- by hand

CAT, SAT, RAN, DOG = range(4)
HAND = [[CAT, SAT, CAT, SAT, CAT, RAN]]  # behind cat: sat twice, ran once


def test_smoothing_by_hand() -> None:
    plain = fitted(2, HAND, smoothing="add", add=0.0)
    assert plain.distribution([CAT]).tolist() == pytest.approx([0, 2 / 3, 1 / 3, 0])
    added = fitted(2, HAND, smoothing="add", add=1.0)
    assert added.distribution([CAT]).tolist() == pytest.approx([1 / 7, 3 / 7, 2 / 7, 1 / 7])
    # alone: cat 3, sat 2, ran 1 of 6, three kinds, so P(w) = (c + 3 / 4) / 9; behind cat two kinds of 3
    alone = [(c + 3 / 4) / 9 for c in (3, 2, 1, 0)]
    expected = [(c + 2 * p) / 5 for c, p in zip((0, 2, 1, 0), alone, strict=True)]
    assert fitted(2, HAND).distribution([CAT]).tolist() == pytest.approx(expected)
    assert fitted(2, HAND).distribution([DOG]).tolist() == pytest.approx(alone), "never seen: back to the word alone"


def test_followers_are_the_counts() -> None:
    model = fitted(2, HAND)
    assert model.followers([CAT]) == Counter({SAT: 2, RAN: 1})
    assert model.followers([DOG, DOG, CAT]) == model.followers([CAT]), "only the last n − 1 tokens count"
    assert model.followers([DOG]) == Counter()


def test_a_zero_count_makes_perplexity_infinite() -> None:
    model = fitted(2, HAND, smoothing="add", add=0.0)
    found = model.log_probabilities(ids(CAT, SAT, DOG, CAT))
    assert found.tolist()[:2] == pytest.approx([math.log(1 / 2), math.log(2 / 3)])
    assert found.tolist()[2:] == [-math.inf, -math.inf], "DOG was never seen, and nothing was seen behind it"
    assert perplexity(found) == math.inf
    assert model.distribution([DOG]).tolist() == [0, 0, 0, 0]


def test_no_n_gram_crosses_from_one_text_to_the_next() -> None:
    model = fitted(2, [[CAT, SAT], [RAN, DOG]])
    assert model.followers([SAT]) == Counter()
    assert sum(model.followers([]).values()) == 4


def test_perplexity_of_equally_likely_tokens_is_their_number() -> None:
    for size in (2, 7, 100):
        assert perplexity(torch.full((5,), -math.log(size))) == pytest.approx(size)
        uniform = NGramModel(3, size).log_probabilities(torch.arange(size))
        assert perplexity(uniform) == pytest.approx(size), "nothing counted: every token is as likely"


def test_surprise_is_counted_in_bits() -> None:
    assert surprise(torch.tensor([1.0, 0.5, 0.125, 0.0]).log()).tolist() == pytest.approx([0, 1, 3, math.inf])
    assert str(surprise(torch.zeros(1)).item()) == "0.0", "and not −0.0"


def test_samples_come_as_often_as_their_probability_says() -> None:
    model = fitted(2, HAND, smoothing="add", add=0.5)
    drawn = model.sample(6000, seed=1)
    assert torch.equal(drawn[:50], model.sample(50, seed=1))
    assert not torch.equal(drawn[:50], model.sample(50, seed=2))
    pairs = Counter(zip(drawn[:-1].tolist(), drawn[1:].tolist(), strict=True))
    for context in range(4):
        found = torch.tensor([pairs[context, w] for w in range(4)], dtype=torch.float64)
        torch.testing.assert_close(found / found.sum(), model.distribution([context]), atol=0.04, rtol=0)


def test_a_sample_goes_on_from_its_start() -> None:
    cycle = fitted(2, [[0, 1, 2, 3] * 5], smoothing="add", add=0.0)
    assert cycle.sample(5, start=[1]).tolist() == [2, 3, 0, 1, 2]
    with pytest.raises(ValueError, match=r"start: expected a context that was seen, since add = 0, got \(3,\)"):
        fitted(2, [[0, 1, 2, 3]], smoothing="add", add=0.0).sample(2, start=[2])


# ------------------------------------------------------------------------------------------------ the window model


def test_contexts_are_the_windows_before_each_token() -> None:
    before, after = contexts(ids(5, 6, 7, 8), 2)
    assert before.tolist() == [[5, 6], [6, 7]]
    assert after.tolist() == [7, 8]


@pytest.mark.parametrize("window", [1, 3])
def test_the_window_model_is_its_equation(window: int) -> None:
    torch.manual_seed(0)
    model = WindowModel(5, window, 3, 4).double()
    text = torch.randint(5, (6, window))
    E, W, b_1 = model.embedding.weight, model.hidden.weight, model.hidden.bias
    U, b_2 = model.output.weight, model.output.bias
    for row, scores in zip(text, model(text), strict=True):
        a = b_1.clone()
        for place, word in enumerate(row.tolist()):
            a = a + W[:, 3 * place : 3 * (place + 1)] @ E[word]
        torch.testing.assert_close(scores, U @ torch.tanh(a) + b_2, rtol=1e-12, atol=1e-12)


def test_its_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    model = WindowModel(4, 2, 2, 3).double()
    text, target = torch.randint(4, (5, 2)), torch.randint(4, (5,))
    names = [name for name, _ in model.named_parameters()]

    def loss(*values: Tensor) -> Tensor:
        found = torch.func.functional_call(model, dict(zip(names, values, strict=True)), (text,))
        return cross_entropy(found, target)

    assert torch.autograd.gradcheck(loss, tuple(p.detach().requires_grad_() for p in model.parameters()))


def test_parameters_grow_by_hidden_times_embedding_for_each_place() -> None:
    sizes = [sum(p.numel() for p in WindowModel(50, n, 6, 8).parameters()) for n in (1, 2, 3, 7)]
    assert sizes == [50 * 6 + n * 6 * 8 + 8 + 8 * 50 + 50 for n in (1, 2, 3, 7)]


def test_it_learns_which_of_two_places_decides() -> None:
    """The answer is the first of three tokens; the others are noise."""
    torch.manual_seed(0)
    model = WindowModel(6, 3, 4, 8)
    text = torch.randint(6, (4000, 3))
    batches = zip(text.split(40), text[:, 0].split(40), strict=True)
    adam = torch.optim.Adam(model.parameters(), lr=0.03)
    list(training.train(model, batches, lambda m, batch: cross_entropy(m(batch[0]), batch[1]), adam))
    fresh = torch.randint(6, (500, 3))
    assert (model(fresh).argmax(1) == fresh[:, 0]).float().mean() > 0.98


# -------------------------------------------------------------------------------------------------------- refusals


REFUSED: list[tuple[Any, str]] = [
    (lambda: contexts(ids(1, 2, 3), 0), "window: expected a whole number of at least 1, got 0"),
    (lambda: contexts(ids(1, 2), 2), "ids: expected more than window = 2 tokens, got 2"),
    (lambda: contexts(torch.tensor([0.5]), 1), "ids: expected torch.int64, got torch.float32"),
    (lambda: contexts(ids(-1, 2), 1), "got -1"),
    (lambda: NGramModel(0, 4), "order: expected a whole number of at least 1, got 0"),
    (lambda: NGramModel(2, 0), "vocab_size: expected a whole number of at least 1, got 0"),
    (
        lambda: NGramModel(2, 4, smoothing="good-turing"),
        "smoothing: expected one of add, witten-bell, got 'good-turing'",
    ),
    (lambda: NGramModel(2, 4, add=-1.0), "add: expected a number from 0 to inf, got -1.0"),
    (lambda: NGramModel(2, 4, add=math.nan), "add: expected a number from 0 to inf, got nan"),
    (lambda: NGramModel(2, 4).fit([ids(0, 4)]), "texts: expected values from 0 to 3, got 4"),
    (lambda: NGramModel(2, 4).fit([[0, 1]]), "texts: expected a tensor, got list"),  # type: ignore[list-item]
    (lambda: NGramModel(2, 4).fit([ids()]), "texts: expected a tensor of shape (time), got (0,)"),
    (lambda: NGramModel(2, 4).log_probabilities(ids(5)), "ids: expected values from 0 to 3, got 5"),
    (lambda: NGramModel(2, 4).variant(order=3), "order: expected at most 2, up to which n-grams were counted, got 3"),
    (lambda: NGramModel(2, 4).variant(order=0), "order: expected a whole number of at least 1, got 0"),
    (lambda: NGramModel(2, 4).sample(0), "length: expected a whole number of at least 1, got 0"),
    (lambda: WindowModel(4, 0), "window: expected a whole number of at least 1, got 0"),
    (lambda: WindowModel(0, 2), "vocab_size: expected a whole number of at least 1, got 0"),
    (lambda: WindowModel(4, 2, hidden_size=0), "hidden_size: expected a whole number of at least 1, got 0"),
    (lambda: WindowModel(4, 2)(ids(1, 2, 3)[None]), "ids: expected 2 tokens in each row, got 3"),
    (lambda: WindowModel(4, 2)(ids(1, 4)[None]), "ids: expected values from 0 to 3, got 4"),
    (lambda: perplexity(torch.tensor([])), "log_probabilities: expected at least one, got none"),
]


@pytest.mark.parametrize(("use", "message"), REFUSED, ids=[message for _, message in REFUSED])
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(use: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        use()
    assert message in str(refused.value)
