"""The Python half of AttentionStepper: torch's numbers, the chapter's example, what is refused, the still figure."""

import math
import re
from typing import Any

import pytest
import torch
import traitlets
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from lessons_src.widgets import AttentionStepper


def widgets() -> list[AttentionStepper]:
    """Settings that differ in everything, with the ends of each."""
    return [
        AttentionStepper(),
        AttentionStepper("a b c", [[1, -2.5], [0, 10], [-10, 0.125]], matrices="random", seed=3, mask="causal"),
        AttentionStepper("x y z u v w more words", matrices="random", seed=99, heads=2, scaled=False),
        AttentionStepper("x y z u v w", matrices="identity", heads=2, mask="padding", asking=6),
        AttentionStepper("one two", "3; -1", matrices="random", heads=2, seed=1, mask="causal", asking=1),
        AttentionStepper("the the", "1 2 3; 4 5 6", matrices="random", heads=2, mask="everything", asking=2),
        AttentionStepper("alone", "10 -10", heads=2, mask="padding"),
        AttentionStepper("a b c", "10 10 10 10; -10 -10 -10 -10", scaled=False, matrices="random", seed=7),
    ]


def by_torch(widget: AttentionStepper) -> tuple[Tensor, Tensor]:
    """Weights (h, n, n) and answers (n, d), by torch's own attention; a row that may look nowhere gives zeros."""
    count, heads = len(widget.read), widget.heads if widget.x.shape[1] % widget.heads == 0 else 1
    mask = torch.ones(count, count, dtype=torch.bool)
    if widget.mask == "causal":
        mask = mask.tril()
    elif widget.mask == "padding":
        mask[:, -1] = False
    elif widget.mask == "everything":
        mask[:] = False
    answers: list[Tensor] = []
    weights: list[Tensor] = []
    for q, k, v in zip(
        *((widget.x @ widget.weight(role)).chunk(heads, dim=1) for role in ("query", "key", "value")), strict=True
    ):
        scale = 1 / math.sqrt(q.shape[1]) if widget.scaled else 1.0
        for given, found in ((v, answers), (torch.eye(count).double(), weights)):
            answer = scaled_dot_product_attention(q[None], k[None], given[None], attn_mask=mask, scale=scale)[0]
            found.append(torch.where(mask.any(1)[:, None], answer, 0.0))
    return torch.stack(weights), torch.cat(answers, dim=1)


@pytest.mark.parametrize("widget", widgets(), ids=repr)
def test_weights_and_answers_are_torchs(widget: AttentionStepper) -> None:
    found = widget.steps_taken
    weights, context = by_torch(widget)
    torch.testing.assert_close(found.weights, weights, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(found.context, context, rtol=1e-12, atol=1e-13)
    allowed = found.mask.any(1).double().expand(found.weights.shape[:2])
    torch.testing.assert_close(found.weights.sum(-1), allowed)


def test_the_usual_settings_are_the_chapters_example_on_paper() -> None:
    found = AttentionStepper().steps_taken
    assert found.query[0].tolist() == [[1, 0, 1, 0], [0, 2, 0, 1]]
    assert found.key[0].tolist() == [[1, 2, 1, 0], [0, 1, 0, -2]]
    assert found.value[0].tolist() == [[0, 1, 2, 0], [1, 0, 0, 1]]
    assert found.products[0].tolist() == [[2, 0], [4, 0]]
    share = math.exp(2) / (math.exp(2) + 1)
    assert found.context[1].tolist() == pytest.approx([1 - share, share, 2 * share, 1 - share])


def test_two_heads_work_with_half_of_the_numbers_each_and_an_odd_size_has_one() -> None:
    four = AttentionStepper(matrices="random", heads=2).steps_taken
    assert four.query.shape == (2, 2, 2)
    torch.testing.assert_close(
        four.query.transpose(0, 1).flatten(1), AttentionStepper(matrices="random").steps_taken.query[0]
    )
    assert AttentionStepper("a b", "1 2 3; 4 5 6", heads=2).steps_taken.query.shape == (1, 2, 3)


def test_without_scaling_the_softmax_saturates_as_d_k_grows_and_with_it_it_does_not() -> None:
    for seed in range(4):
        widget = AttentionStepper(seed=seed)
        plain, scaled = ([widget.saturation(s, size) for size in (1, 8, 64, 512)] for s in (False, True))
        largest = [found.largest for found in plain]
        assert largest == sorted(largest)
        assert largest[-1] > 0.85
        assert max(found.largest for found in scaled) < 0.4
        assert plain[-1].entropy < 0.3
        assert min(found.entropy for found in scaled) > 2
        assert plain[0].largest == scaled[0].largest, "√1 is 1"


def test_random_numbers_have_unit_variance_and_a_larger_size_begins_like_a_smaller_one() -> None:
    widget = AttentionStepper(seed=2, size_below=1)
    alone = widget.saturation(True)
    widget.size_below = 512
    assert widget.saturation(True, 1).weights.tolist() == alone.weights.tolist()
    assert widget.saturation(True).weights.tolist() != alone.weights.tolist()
    torch.testing.assert_close(alone.weights.sum(), torch.tensor(1.0).double())


def test_words_without_a_vector_have_a_usual_one_and_no_more_than_six_are_read() -> None:
    widget = AttentionStepper("a b c d e f g", "9 9")
    assert len(widget.read) == 6
    assert widget.x[:2].tolist() == [[9, 9], [0, 1]]
    assert widget.x.shape == (6, 2)


def test_no_words_have_no_attention_and_no_still_figure() -> None:
    widget = AttentionStepper("  ")
    assert (widget.read, widget.still()) == ([], None)
    with pytest.raises(ValueError, match="words: expected at least one word"):
        _ = widget.steps_taken


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vectors": "1 2; 3"}, "vectors: expected at most 6 rows of one length, from 1 to 4"),
        ({"vectors": "1 2 3 4 5"}, "vectors: expected at most 6 rows"),
        ({"vectors": ";".join("1" * 7)}, "vectors: expected at most 6 rows"),
        ({"vectors": "one two"}, "vectors: expected rows of numbers such as"),
        ({"vectors": ""}, "vectors: expected rows of numbers"),
        ({"vectors": [[1, 2], [3, 11]]}, "vectors: expected a number from -10 to 10, got 11"),
        ({"vectors": "nan 1"}, "vectors: expected a number from -10 to 10"),
        ({"vectors": 3}, "vectors: expected rows, got 3"),
        ({"vectors": [1, 2]}, "vectors: expected rows of numbers, got 1"),
        ({"heads": 3}, "heads: expected a whole number of at most 2, got 3"),
        ({"asking": 0}, "asking"),
        ({"step": 5}, "step: expected a whole number of at most 4"),
        ({"size_below": 513}, "size_below: expected a whole number of at most 512"),
        ({"mask": "some"}, "mask: expected one of none, causal, padding, everything, got 'some'"),
        ({"matrices": "none"}, "matrices: expected one of example, identity, random"),
        ({"scaled": "yes"}, "scaled"),
        ({"words": 3}, "words"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_shown_is_refused_with_a_reason(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((traitlets.TraitError, TypeError, ValueError), match=message):
        AttentionStepper(**arguments)


def test_the_still_figure_says_what_the_live_one_says() -> None:
    widget = AttentionStepper("river bank shore", heads=2, matrices="random", seed=4, asking=3)
    html = widget.still()
    assert html is not None
    shares = [float(share) for share in re.findall(r"(?:river|bank|shore) (\d\.\d{4})", html)]
    assert shares == pytest.approx(widget.steps_taken.weights[0, 2].tolist(), abs=5.1e-5)
    assert f"{widget.saturation(False, 512).largest:.2f} not" in html
    assert "0x" not in repr(widget)
    assert AttentionStepper("alone", "1").still()
