"""A training ends when the validation loss no longer falls, and leaves the best weights, however it ended."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from lessons_src.early_stopping import stop_early
from lessons_src.training import StepRecord


def records(model: nn.Linear, steps: int) -> Iterator[StepRecord]:
    """A training that writes the number of its step into the weight."""
    for step in range(1, steps + 1):
        with torch.no_grad():
            model.weight.fill_(step)
        yield StepRecord(step, float(step), 0.0, 1.0, 0.1)


def curve(*values: float) -> tuple[nn.Linear, list[tuple[int, float, float, bool]]]:
    """Runs with these validation losses after steps 2, 4, 6 …, patience 2."""
    model, left = nn.Linear(1, 1), iter(values)
    found = stop_early(model, records(model, 2 * len(values)), lambda _: next(left), every=2, patience=2)
    return model, [(j.step, j.training, j.validation, j.best) for j in found]


def test_it_stops_after_as_many_worse_judgements_as_it_has_patience_and_goes_back() -> None:
    model, found = curve(3, 1, 2, 1, 0)
    assert found == [(2, 1.5, 3, True), (4, 3.5, 1, True), (6, 5.5, 2, False), (8, 7.5, 1, False)]
    assert model.weight.item() == 4


def test_a_better_judgement_in_between_renews_the_patience() -> None:
    model, found = curve(3, 4, 2, 3, 1, 2)
    assert [j[0] for j in found] == [2, 4, 6, 8, 10, 12]
    assert model.weight.item() == 10


def test_a_training_that_ends_by_itself_has_the_best_weights_too() -> None:
    model, _ = curve(2, 1, 3)
    assert model.weight.item() == 4


def test_a_loop_that_the_caller_leaves_has_the_best_weights_too() -> None:
    model, values = nn.Linear(1, 1), iter((2.0, 1.0, 3.0))
    judged = stop_early(model, records(model, 99), lambda _: next(values), every=2)
    for judgement in judged:
        if judgement.step == 6:
            break
    judged.close()  # type: ignore[attr-defined]
    assert model.weight.item() == 4


def test_the_model_is_judged_without_dropout_and_trained_with_it() -> None:
    model, seen = nn.Linear(1, 1), []

    def judge(model: nn.Module) -> float:
        seen.append((model.training, torch.is_grad_enabled()))
        return 1.0

    for _ in stop_early(model, records(model, 4), judge, every=2):
        assert model.training
    assert seen == [(False, False)] * 2


def test_infinity_is_a_judgement_and_nan_is_not() -> None:
    _, found = curve(math.inf, 1)
    assert [j[3] for j in found] == [True, True]
    with pytest.raises(ValueError, match=r"^judge: expected a function that returns a number, got NaN"):
        curve(1.0, math.nan)


def test_a_training_that_is_never_judged_is_refused() -> None:
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"^every: expected at most the 5 steps of the training, got 20"):
        list(stop_early(model, records(model, 5), lambda _: 1.0))
