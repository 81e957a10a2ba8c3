"""Word2Vec: examples by brute force, gradients equal autograd's, the rows that theory names move, and it learns."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from lessons_src import grammars, word2vec
from lessons_src.corpus import Corpus
from lessons_src.word2vec import (
    ContextModel,
    Examples,
    Word2Vec,
    cbow_examples,
    keep_probability,
    negative_gradients,
    noise_distribution,
    skip_gram_examples,
    softmax_gradients,
)

SENTENCES = st.lists(st.lists(st.sampled_from("abcd"), max_size=7), min_size=1, max_size=5).filter(
    lambda lists: len({word for words in lists for word in words}) >= 2
)


def shown(corpus: Corpus, examples: Examples) -> list[tuple[list[str], str]]:
    """Each example in words."""
    ends = [*examples.first.tolist()[1:], len(examples.inputs)][: len(examples)]
    spans = zip(examples.first.tolist(), ends, strict=True)
    inputs = [[corpus.words[k] for k in examples.inputs[start:end].tolist()] for start, end in spans]
    return list(zip(inputs, [corpus.words[k] for k in examples.target.tolist()], strict=True))


# --------------------------------------------------------------------------------------------------------- examples


@given(SENTENCES, st.integers(1, 9))
def test_cbow_shows_the_words_around_each_word_of_its_sentence(sentences: list[list[str]], window: int) -> None:
    corpus = Corpus.of(sentences)
    expected = [
        (words[max(0, t - window) : t] + words[t + 1 : t + window + 1], words[t])
        for words in sentences
        for t in range(len(words))
        if len(words) > 1
    ]
    assert shown(corpus, cbow_examples(corpus, window)) == expected


@given(SENTENCES, st.integers(1, 9))
def test_skip_gram_shows_one_word_for_each_of_its_neighbours(sentences: list[list[str]], window: int) -> None:
    corpus = Corpus.of(sentences)
    expected = [
        ([words[t]], words[s])
        for words in sentences
        for t in range(len(words))
        for s in range(max(0, t - window), min(len(words), t + window + 1))
        if s != t
    ]
    assert shown(corpus, skip_gram_examples(corpus, window)) == expected


@given(SENTENCES, st.integers(1, 4))
def test_examples_in_parts_are_the_same_examples(sentences: list[list[str]], size: int) -> None:
    corpus = Corpus.of(sentences)
    examples = cbow_examples(corpus, 2)
    parts = [shown(corpus, part) for part in examples.split(size)]
    assert all(0 < len(part) <= size for part in parts)
    assert [one for part in parts for one in part] == shown(corpus, examples)


def test_a_shrunken_window_reaches_each_distance_as_often_as_it_should() -> None:
    corpus = Corpus.of([[str(k) for k in range(4000)]])
    examples = skip_gram_examples(corpus, 3, torch.Generator().manual_seed(0))
    place = torch.tensor([int(word) for word in corpus.words])
    distance = (place[examples.inputs] - place[examples.target]).abs()
    shares = torch.bincount(distance)[1:] / 8000
    assert shares.tolist() == pytest.approx([1, 2 / 3, 1 / 3], abs=0.03)


# -------------------------------------------------------------------------------------------------------- gradients


def setting(make: Callable[[Corpus, int], Examples], window: int = 2) -> tuple[Tensor, Tensor, Examples, Tensor]:
    """Random float64 matrices, examples with a word that occurs twice in one context, and negatives."""
    corpus = Corpus.of([list("abcabd"), list("ba"), list("eacaf")])
    generator = torch.Generator().manual_seed(0)
    W_in, W_out = torch.randn(2, len(corpus.words), 4, generator=generator, dtype=torch.float64)
    examples = make(corpus, window)
    negatives = torch.randint(len(corpus.words), (len(examples), 3), generator=generator)
    return W_in.requires_grad_(), W_out.requires_grad_(), examples, negatives


def by_definition(W_in: Tensor, W_out: Tensor, examples: Examples, negatives: Tensor | None) -> Tensor:
    """The loss of each example, one by one."""
    ends = [*examples.first.tolist()[1:], len(examples.inputs)]
    losses = []
    for k, (start, end) in enumerate(zip(examples.first.tolist(), ends, strict=True)):
        h = W_in[examples.inputs[start:end]].mean(0)
        target = examples.target[k]
        if negatives is None:
            losses.append(cross_entropy(W_out @ h, target))
        else:
            noise = [W_out[n] for n in negatives[k] if n != target]
            losses.append(-logsigmoid(W_out[target] @ h) - sum(logsigmoid(-w @ h) for w in noise))
    return torch.stack(losses)


@pytest.mark.parametrize("make", [cbow_examples, skip_gram_examples])
@pytest.mark.parametrize("loss", ["softmax", "negative sampling"])
def test_gradients_equal_autograd(make: Callable[[Corpus, int], Examples], loss: str) -> None:
    W_in, W_out, examples, drawn = setting(make)
    negatives = None if loss == "softmax" else drawn
    assert bool((drawn == examples.target[:, None]).any()), "a negative that is the target is among them"
    expected = by_definition(W_in, W_out, examples, negatives)
    expected.sum().backward()
    with torch.no_grad():
        if negatives is None:
            found = softmax_gradients(W_in, W_out, examples)
        else:
            found = negative_gradients(W_in, W_out, examples, negatives)
    d_W_in, d_W_out = found.dense(len(W_in))
    assert torch.allclose(found.loss, expected, rtol=0, atol=1e-13)
    assert W_in.grad is not None
    assert W_out.grad is not None
    assert torch.allclose(d_W_in, W_in.grad, rtol=0, atol=1e-13)
    assert torch.allclose(d_W_out, W_out.grad, rtol=0, atol=1e-13)


@pytest.mark.parametrize("make", [cbow_examples, skip_gram_examples])
@pytest.mark.parametrize("loss", ["softmax", "negative sampling"])
def test_a_step_moves_the_rows_that_theory_names_and_no_others(
    make: Callable[[Corpus, int], Examples], loss: str
) -> None:
    W_in, W_out, examples, negatives = setting(make)
    with torch.no_grad():
        for k in range(len(examples)):
            one, noise = examples[k : k + 1], negatives[k : k + 1]
            after_in, after_out = W_in.clone(), W_out.clone()
            if loss == "softmax":
                softmax_gradients(W_in, W_out, one).descend(after_in, after_out, 0.1)
                out = set(range(len(W_out)))
            else:
                negative_gradients(W_in, W_out, one, noise).descend(after_in, after_out, 0.1)
                out = {int(one.target), *noise[0].tolist()}
            changed_in = set((after_in != W_in).any(1).nonzero().flatten().tolist())
            changed_out = set((after_out != W_out).any(1).nonzero().flatten().tolist())
            assert changed_in == set(one.inputs.tolist())
            assert changed_out == out


def test_the_model_for_autograd_is_the_same_network() -> None:
    W_in, W_out, examples, _ = setting(cbow_examples)
    model = ContextModel(len(W_in), 4).double()
    with torch.no_grad():
        model.W_in.copy_(W_in)
        model.W_out.copy_(W_out)
    losses = cross_entropy(model(examples), examples.target, reduction="none")
    assert torch.allclose(losses, softmax_gradients(W_in.detach(), W_out.detach(), examples).loss)


@pytest.mark.parametrize("loss", ["softmax", "negative sampling"])
def test_a_brake_shrinks_the_steps_of_a_row_until_they_add_up_to_most(loss: str) -> None:
    """Eight times the same example, with a brake of two, is a quarter of eight steps."""
    W_in, W_out, examples, _ = setting(skip_gram_examples)
    with torch.no_grad():
        W_in, W_out = W_in.detach(), W_out.detach()
        eight = Examples(examples.inputs[:1].repeat(8), torch.arange(8), examples.target[:1].repeat(8))
        if loss == "softmax":
            gradients = softmax_gradients(W_in, W_out, eight)
        else:
            other = (examples.target[:1] + 1) % len(W_in)
            gradients = negative_gradients(W_in, W_out, eight, other.expand(8, 1))
        full, braked = (W_in.clone(), W_out.clone()), (W_in.clone(), W_out.clone())
        gradients.descend(*full, 0.1)
        gradients.descend(*braked, 0.1, most=2)
    for start, far, near in zip((W_in, W_out), full, braked, strict=True):
        assert torch.allclose(near - start, (far - start) / 4)
        assert not torch.equal(far, start)


# --------------------------------------------------------------------------------------------- noise and subsampling


def test_noise_is_drawn_by_counts_to_the_power_of_three_quarters() -> None:
    assert noise_distribution(torch.tensor([16, 1])).tolist() == pytest.approx([8 / 9, 1 / 9])
    assert noise_distribution(torch.tensor([3, 1]), power=0).tolist() == [0.5, 0.5]


def test_the_table_of_noise_has_every_word_as_often_as_its_share() -> None:
    corpus = Corpus.of([["a"] * 100_000 + ["b"] * 1_000 + ["c"]])
    model = Word2Vec(corpus, 2, 1)
    table = model._noise
    found = torch.bincount(table) / len(table)
    assert torch.allclose(found.double(), noise_distribution(corpus.counts), rtol=0.02, atol=1e-6)


def test_a_frequent_word_is_kept_less_often() -> None:
    counts = torch.tensor([9000, 990, 10])
    t = 0.001
    by_hand = [min(1.0, math.sqrt(t / f) + t / f) for f in (0.9, 0.099, 0.001)]
    assert keep_probability(counts, t).tolist() == pytest.approx(by_hand)
    corpus = Corpus.of([["a"] * 9000, ["b"] * 990, ["c"] * 10])
    thin = corpus.thinned(keep_probability(corpus.counts, t), torch.Generator().manual_seed(0))
    kept = torch.bincount(thin.ids, minlength=3) / corpus.counts
    assert kept.tolist() == pytest.approx(by_hand, abs=0.03)
    assert thin.words == corpus.words


# ---------------------------------------------------------------------------------------------------------- training


def test_two_words_with_the_same_company_get_vectors_in_one_direction() -> None:
    generator = torch.Generator().manual_seed(0)
    choices = torch.randint(2, (600, 2), generator=generator).tolist()
    sentences = [[("cat", "dog")[k], ("purrs", "sleeps")[j], "here"] for k, j in choices]
    sentences += [["rain", "falls", "there"], ["snow", "falls", "there"]] * 150
    model = Word2Vec(Corpus.of(sentences), 8, 2, seed=1)
    records = list(model.train(20))
    cosine = dict(model.vectors.nearest("cat"))
    assert cosine["dog"] > cosine["rain"] + 0.5
    assert records[-1].loss < records[0].loss
    assert [record.words for record in records] == [len(model.corpus) * (k + 1) for k in range(20)]
    assert records[-1].rate == pytest.approx(1e-4)


@pytest.mark.parametrize("model", word2vec.MODELS)
def test_the_same_seed_gives_the_same_vectors(model: str) -> None:
    corpus = Corpus.of(grammars.kingdom(50))
    runs = []
    for seed in (0, 0, 1):
        trained = Word2Vec(corpus, 5, 3, model=model, threshold=0.01, seed=seed)
        list(trained.train(2))
        runs.append(trained.vectors.matrix)
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_training_again_goes_on_from_what_was_learnt() -> None:
    model = Word2Vec(Corpus.of(grammars.kingdom(2000)), 8, 3)
    (first,) = model.train(1)
    (second,) = model.train(1)
    assert second.loss < first.loss


def test_a_corpus_without_a_context_learns_nothing_and_does_not_fail() -> None:
    model = Word2Vec(Corpus.of([["a"], ["b"]]), 3, 2)
    before = model.vectors.matrix
    (record,) = model.train(1)
    assert math.isnan(record.loss)
    assert torch.equal(model.vectors.matrix, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window: expected a whole number of at least 1, got 0"),
        ({"size": 0}, "size: expected a whole number of at least 1, got 0"),
        ({"negatives": 0}, "negatives: expected a whole number of at least 1, got 0"),
        ({"model": "GloVe"}, "model: expected one of CBOW, skip-gram, got 'GloVe'"),
        ({"threshold": 0.0}, "threshold: expected a number above 0, got 0.0"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"shrink": 1}, "shrink: expected True or False, got 1"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_bad_settings_are_refused_by_name(options: dict[str, object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        Word2Vec(Corpus.of([["a", "b"]]), **options)  # type: ignore[arg-type]


@pytest.mark.usefixtures("unchecked_shapes")
def test_bad_training_is_refused_before_anything_moves() -> None:
    model = Word2Vec(Corpus.of([["a", "b"]]), 3, 2)
    before = model.W_in.clone()
    for options, message in (
        ({"epochs": 0}, "epochs: expected a whole number of at least 1, got 0"),
        ({"epochs": 1, "rate": 0.0}, r"rate: expected a number above 0, got 0\.0"),
        ({"epochs": 1, "batch_size": 0}, "batch_size: expected a whole number of at least 1, got 0"),
    ):
        with pytest.raises((TypeError, ValueError), match=f"^{message}"):
            list(model.train(**options))  # type: ignore[arg-type]
    assert torch.equal(model.W_in, before)
