"""The Python half of WordVectorStepper: the same matrices as the page's, what is refused, and the still figure."""

import re
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor

from lessons_src.widgets import WordVectorStepper, draws
from lessons_src.word2vec import noise_distribution
from tests.word_vector_reference import COMBINATIONS, pairs_of, train

TEXTS = ("the fat cat sat on the mat", "나는 차를 마시고 너는 차를 탄다", "a a b a", "Big cats don't stop!")


def start_of(stepper: WordVectorStepper) -> tuple[Tensor, Tensor]:
    """Both matrices before the first step."""
    fresh = WordVectorStepper(stepper.text, size=stepper.size, seed=stepper.seed)
    return fresh.input_vectors, fresh.output_vectors


def negatives_of(stepper: WordVectorStepper, steps: int) -> Tensor:
    return stepper._negatives(stepper.examples, steps)


def pairs(stepper: WordVectorStepper) -> list[tuple[list[int], int]]:
    """The examples as lists."""
    examples = stepper.examples
    inputs = examples.inputs.split(examples.lengths.tolist())
    return [(into.tolist(), out) for into, out in zip(inputs, examples.target.tolist(), strict=True)]


# ------------------------------------------------------------------------------------------------------------ words


def test_words_are_those_of_the_text_in_their_order() -> None:
    assert WordVectorStepper("The cat, the Dog; don't!").words == ("the", "cat", "dog", "don't")
    assert WordVectorStepper("나는 차를, 차를").words == ("나는", "차를")


def test_words_after_the_fifteenth_do_not_count() -> None:
    text = " ".join(f"w{k}" for k in range(15))
    assert WordVectorStepper(f"{text} w99 w0").words == tuple(text.split())
    assert pairs(WordVectorStepper(f"{text} w99 w0")) == pairs(WordVectorStepper(text))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("model", ["CBOW", "skip-gram"])
@pytest.mark.parametrize("window", [1, 2, 4])
def test_examples_are_cut_at_the_edges_of_the_sentence(text: str, model: str, window: int) -> None:
    stepper = WordVectorStepper(text, model=model, window=window)
    tokens = re.findall(r"[\w']+", text.lower())
    assert pairs(stepper) == pairs_of([stepper.words.index(token) for token in tokens], model, window)


# --------------------------------------------------------------------------------------------------------- training


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("model", "loss"), COMBINATIONS)
def test_the_matrices_are_those_of_autograd(text: str, model: str, loss: str) -> None:
    stepper = WordVectorStepper(text, model, loss, window=3, size=2, rate=0.2, negatives=3, seed=5, step=60)
    negatives = None if loss == "softmax" else negatives_of(stepper, 60).tolist()
    expected = train(start_of(stepper), pairs(stepper), negatives, 60, 0.2)
    torch.testing.assert_close(stepper.input_vectors, expected.W_in, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(stepper.output_vectors, expected.W_out, rtol=1e-9, atol=1e-12)
    assert stepper.losses.tolist() == pytest.approx(expected.losses, rel=1e-9)


def test_before_the_first_step_the_matrices_are_the_drawn_numbers() -> None:
    stepper = WordVectorStepper(seed=3, size=4)
    drawn = [0.5 * draws.normals(3, stream, 24).reshape(6, 4) for stream in (4, 5)]
    assert np.array_equal(stepper.input_vectors.numpy(), drawn[0])
    assert np.array_equal(stepper.output_vectors.numpy(), drawn[1])
    assert stepper.losses.shape == (0,)
    longer = WordVectorStepper("the fat cat sat on the mat again", seed=3, size=4)
    assert torch.equal(longer.input_vectors[:6], stepper.input_vectors), "a longer text begins like a shorter one"


def test_what_is_given_out_is_a_copy() -> None:
    stepper = WordVectorStepper(step=2)
    first = stepper.input_vectors
    stepper.input_vectors.zero_()
    stepper.losses.zero_()
    assert torch.equal(stepper.input_vectors, first)
    assert stepper.losses.all()


def test_the_matrices_follow_the_settings() -> None:
    stepper = WordVectorStepper(step=10)
    ten = stepper.output_vectors
    stepper.step = 11
    assert not torch.equal(stepper.output_vectors, ten)
    stepper.step = 10
    assert torch.equal(stepper.output_vectors, ten)
    stepper.rate = 0.1
    assert not torch.equal(stepper.output_vectors, ten)
    stepper.text = "two words"
    assert stepper.output_vectors.shape == (2, 3)


def test_negatives_are_never_the_target_and_follow_the_counts_to_the_power_of_three_quarters() -> None:
    stepper = WordVectorStepper("a a a b b c a a", "skip-gram", "negative sampling", negatives=5, seed=7)
    negatives = negatives_of(stepper, 10_000)
    target = stepper.examples.target[torch.arange(10_000) % len(stepper.examples)]
    assert negatives.shape == (10_000, 5)
    for word in range(3):
        expected = noise_distribution(stepper.corpus.counts)
        expected[word] = 0
        found = torch.bincount(negatives[target == word].flatten(), minlength=3)
        shares = (found / found.sum()).double()
        torch.testing.assert_close(shares, expected / expected.sum(), rtol=0, atol=0.02)
        assert found[word] == 0


def test_negatives_of_a_step_do_not_depend_on_the_steps_before() -> None:
    stepper = WordVectorStepper(loss="negative sampling", seed=1)
    assert torch.equal(negatives_of(stepper, 500)[:20], negatives_of(stepper, 20))
    other = WordVectorStepper(loss="negative sampling", seed=2)
    assert not torch.equal(negatives_of(stepper, 500), negatives_of(other, 500))


@pytest.mark.parametrize(("text", "count"), [("", 0), ("?!…", 0), ("cat", 1)])
def test_a_text_without_neighbours_has_no_pair(text: str, count: int) -> None:
    stepper = WordVectorStepper(text, step=20)
    assert len(stepper.examples) == 0
    assert stepper.input_vectors.shape == (count, 3)
    assert stepper.losses.shape == (0,)
    assert "fewer than two words" in stepper.still()


def test_one_word_repeated_has_nothing_to_learn_with_softmax_and_no_negatives() -> None:
    stepper = WordVectorStepper("no no no", step=4)
    assert stepper.losses.tolist() == [0.0] * 4
    stepper.loss = "negative sampling"
    expected = train(start_of(stepper), pairs(stepper), [[]] * 4, 4, stepper.rate)
    torch.testing.assert_close(stepper.output_vectors, expected.W_out, rtol=1e-9, atol=0)


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": 3}, "The 'text' trait of a WordVectorStepper instance expected a unicode string, not the int 3"),
        ({"text": "x" * 501}, "text: expected at most 500 characters, got 501"),
        ({"model": "cbow"}, "model: expected one of CBOW, skip-gram, got 'cbow'"),
        ({"loss": "hinge"}, "loss: expected one of softmax, negative sampling, got 'hinge'"),
        ({"window": 0}, "window: expected a number from 1 to 4, got 0"),
        ({"window": 1.5}, "The 'window' trait of a WordVectorStepper instance expected an int, not the float 1.5"),
        ({"size": 7}, "size: expected a number from 2 to 6, got 7"),
        ({"rate": 0.0}, "rate: expected a number from 0.001 to 2, got 0.0"),
        ({"rate": float("nan")}, "rate: expected a number from 0.001 to 2, got nan"),
        ({"negatives": 6}, "negatives: expected a number from 1 to 5, got 6"),
        ({"seed": -1}, "seed: expected a number from 0 to 99, got -1"),
        ({"step": 10_001}, "step: expected a number from 0 to 10000, got 10001"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        WordVectorStepper(**arguments)
    assert message in str(refused.value)


def test_a_trait_that_is_refused_later_keeps_its_value() -> None:
    stepper = WordVectorStepper(window=3)
    with pytest.raises(ValueError, match="window: expected a number from 1 to 4, got 9"):
        stepper.window = 9
    assert stepper.window == 3


# ------------------------------------------------------------------------------------------------------------ still


def test_the_still_figure_stands_beside_the_live_one() -> None:
    data, _ = WordVectorStepper(step=1)._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert data["text/html"] == WordVectorStepper(step=1).still(), "the same in every run"


def test_the_still_figure_shows_every_number_and_marks_what_moved() -> None:
    stepper = WordVectorStepper(loss="negative sampling", negatives=1, step=5)
    shown = stepper.still()
    numbers = [*stepper.input_vectors.flatten().tolist(), *stepper.output_vectors.flatten().tolist()]
    assert all(f"{number:.2f}".replace("-", "−") in shown for number in numbers)
    before = WordVectorStepper(loss="negative sampling", negatives=1, step=4)
    moved_in = (stepper.input_vectors != before.input_vectors).any(dim=1)
    moved_out = (stepper.output_vectors != before.output_vectors).any(dim=1)
    assert (int(moved_in.sum()), int(moved_out.sum())) == (4, 2)
    drawn = re.sub('aria-label="[^"]*"|<figcaption>.*?</figcaption>', "", shown)
    assert drawn.count("▸ ") == 6
    names = ", ".join(word for word, moved in zip(stepper.words, moved_out.tolist(), strict=True) if moved)
    assert f"2 of W_out ({names})" in shown
    assert f"Its loss was {stepper.losses[-1]:.3f}." in shown


def test_the_still_figure_of_the_start_marks_nothing() -> None:
    assert "▸" not in WordVectorStepper().still()


@pytest.mark.parametrize("text", ["나는 차를 마신다", "a $x$ 😀 b", f"{'w' * 200} <b>&", " ".join(map(str, range(15)))])
def test_any_text_has_a_still_figure(text: str) -> None:
    stepper = WordVectorStepper(text, size=6, step=3)
    shown = stepper.still()
    assert all((word if len(word) < 12 else word[:11]) in shown for word in stepper.words)


def test_numbers_that_exploded_have_a_still_figure() -> None:
    stepper = WordVectorStepper(model="skip-gram", rate=2.0, step=1500)
    assert not torch.isfinite(stepper.input_vectors).all()
    assert "<svg" in stepper.still()


def test_the_text_form_is_stable() -> None:
    assert repr(WordVectorStepper(step=3)) == "WordVectorStepper('the fat cat sat on the mat', CBOW, softmax, step 3)"
    assert "..." in repr(WordVectorStepper("word " * 20))
