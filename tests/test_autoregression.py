"""Autoregression: least squares by hand, and what becomes of a forecast that is fed with itself."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lessons_src import autoregression, series
from lessons_src.autoregression import Autoregression, exponential_average, fit, lagged

BY_HAND = torch.tensor([2.0, 1.0, 1.0, 0.0, -1.0]).double()


def test_least_squares_on_five_numbers_is_what_paper_says() -> None:
    assert fit(BY_HAND, 1, intercept=False).coefficients.tolist() == pytest.approx([1 / 2])
    assert fit(BY_HAND, 2, intercept=False).coefficients.tolist() == pytest.approx([1, -1 / 3])
    assert fit(BY_HAND, 1, intercept=False).intercept == 0.0


def test_the_latest_value_stands_first() -> None:
    before, target = lagged(BY_HAND, 2)
    assert before.tolist() == [[1, 2], [1, 1], [0, 1]]
    assert target.tolist() == [1, 0, -1]


@given(st.integers(1, 6), st.booleans(), st.integers(0, 10_000))
@settings(max_examples=30)
def test_the_fit_solves_the_normal_equations(order: int, intercept: bool, seed: int) -> None:
    x = series.drifting(60, seed=seed)
    model = fit(x, order, intercept=intercept)
    errors = x[order:] - model.predict(x)
    assert (lagged(x, order)[0].T @ errors).abs().max() < 1e-9
    assert not intercept or abs(errors.sum()) < 1e-9


def test_a_rule_without_noise_is_found_again_and_continued_exactly() -> None:
    rule = Autoregression(torch.tensor([1.2, -0.7, 0.1]).double(), 0.5)
    x = torch.cat([BY_HAND[:3], rule.forecast(BY_HAND[:3], 30)])
    found = fit(x[:20], 3)
    torch.testing.assert_close(found.coefficients, rule.coefficients)
    assert found.intercept == pytest.approx(0.5)
    torch.testing.assert_close(found.forecast(x[:20], 13), x[20:])


def test_a_forecast_of_one_step_is_the_prediction() -> None:
    x = series.sunspots()
    model = fit(x, 9)
    ahead = torch.stack([model.forecast(x[:end], 1)[0] for end in range(9, len(x))])
    torch.testing.assert_close(ahead, model.predict(x))


def test_histories_may_come_in_a_batch() -> None:
    model = fit(series.sunspots(), 3)
    histories = series.sunspots().unfold(0, 5, 1)[:4]
    expected = torch.stack([model.forecast(history, 6) for history in histories])
    torch.testing.assert_close(model.forecast(histories, 6), expected)


def test_the_forecast_of_order_one_is_a_power() -> None:
    model = Autoregression(torch.tensor([0.8]).double())
    torch.testing.assert_close(model.forecast(BY_HAND[:1], 5), 2 * 0.8 ** torch.arange(1, 6).double())


def test_an_exponential_average_weighs_the_past_by_powers() -> None:
    x = torch.tensor([0.0, 1.0, 0.0, 0.0]).double()
    torch.testing.assert_close(exponential_average(x, 0.25), torch.tensor([0, 1 / 4, 3 / 16, 9 / 64]).double())
    assert torch.equal(exponential_average(BY_HAND, 1.0), BY_HAND)
    assert torch.equal(exponential_average(BY_HAND, 0.0), torch.full((5,), 2.0).double())


def test_yule_is_found_again() -> None:
    """The years 1749 to 1924, order 2: Yule's own model, a damped oscillation of 10 to 11 years."""
    first, second = fit(series.sunspots()[49:225], 2).coefficients.tolist()
    assert (first, second) == pytest.approx((1.34, -0.65), abs=0.01)
    assert 10 < 2 * math.pi / math.acos(first / (2 * math.sqrt(-second))) < 11


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: lagged(BY_HAND, 0), "order: expected a whole number of at least 1, got 0"),
        (lambda: lagged(BY_HAND, 5), "x: expected at least 6 values, got 5"),
        (lambda: fit(BY_HAND, 3), "x: expected at least 7 values, got 5"),
        (lambda: fit(BY_HAND, 1.5), "order: expected a whole number, got 1.5"),  # type: ignore[arg-type]
        (lambda: fit([1.0, 2.0], 1), "x: expected a tensor, got list"),  # type: ignore[arg-type]
        (lambda: fit(BY_HAND, 1, intercept=1), "intercept: expected True or False, got 1"),  # type: ignore[arg-type]
        (lambda: fit(BY_HAND[None], 1), "x: expected a floating tensor of shape (time,), got torch.float64 of (1, 5)"),
        (lambda: fit(BY_HAND.long(), 1), "x: expected a floating tensor of shape (time,), got torch.int64 of (5,)"),
        (lambda: fit(BY_HAND / 0, 1), "x: expected finite numbers, got NaN or ∞ among them"),
        (lambda: fit(BY_HAND, 2, intercept=False).forecast(BY_HAND[:1], 3), "history: expected at least 2 values"),
        (lambda: fit(BY_HAND, 1).forecast(BY_HAND, 0), "steps: expected a whole number of at least 1, got 0"),
        (lambda: exponential_average(BY_HAND, 1.5), "rate: expected a number from 0 to 1, got 1.5"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(act: Callable[[], Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        act()
    assert message in str(refused.value)


def test_the_module_has_no_state() -> None:
    x: Tensor = series.sunspots()
    before = x.clone()
    autoregression.fit(x, 4).forecast(x, 3)
    assert torch.equal(x, before)
