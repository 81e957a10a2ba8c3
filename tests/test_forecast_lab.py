"""ForecastLab's Python half: its errors are what they are called, and what it refuses."""

from typing import Any

import pytest
import torch
import traitlets

from lessons_src import autoregression, series
from lessons_src.widgets import ForecastLab
from lessons_src.widgets.forecast_lab import AHEAD, all_series


def test_only_known_values_are_fitted() -> None:
    lab = ForecastLab("sunspots", 9, 150)
    expected = autoregression.fit(series.sunspots()[:150], 9)
    assert torch.equal(lab.model.coefficients, expected.coefficients)
    assert lab.model.intercept == expected.intercept


@pytest.mark.parametrize("name", list(all_series()))
@pytest.mark.parametrize("start", [100, 200, 224])
def test_errors_are_root_mean_squares_over_all_starts(name: str, start: int) -> None:
    lab = ForecastLab(name, 3, start)
    x, errors = lab.x, lab.errors()
    for k in (1, 2, 16, AHEAD):
        origins = range(start, len(x) - k + 1)
        own = [float(lab.model.forecast(x[:o], k)[-1] - x[o + k - 1]) ** 2 for o in origins]
        true = [float(lab.model.forecast(x[: o + k - 1], 1)[0] - x[o + k - 1]) ** 2 for o in origins]
        mean = [float(x[:start].mean() - x[o + k - 1]) ** 2 for o in origins]
        for found, squares in ((errors.own, own), (errors.true, true), (errors.mean, mean)):
            assert float(found[k - 1]) == pytest.approx((sum(squares) / len(squares)) ** 0.5, rel=1e-9)


def test_one_step_ahead_it_makes_no_difference_what_is_fed() -> None:
    own, true = ForecastLab(order=5), ForecastLab(order=5, feed="true")
    assert float(own.predictions()[0]) == pytest.approx(float(true.predictions()[0]), rel=1e-12)
    assert float(own.predictions()[1]) != pytest.approx(float(true.predictions()[1]), rel=1e-3)
    assert float(own.errors().own[0]) == pytest.approx(float(own.errors().true[0]), rel=1e-12)


def test_true_values_are_fed_as_the_name_says() -> None:
    lab = ForecastLab(order=2, feed="true")
    expected = [lab.model.forecast(lab.x[: lab.start + k], 1)[0] for k in range(AHEAD)]
    torch.testing.assert_close(lab.predictions(), torch.stack(expected))


def test_what_the_chapter_sends_readers_to_see() -> None:
    """Sunspots need nine values; the drifting series needs one, and more of them do harm."""
    spots = {order: ForecastLab(order=order).errors() for order in (1, 2, 9)}
    assert spots[1].own[3] > spots[1].mean[3], "four steps ahead worse than the mean"
    assert spots[9].own[3] < 0.8 * spots[2].own[3]
    drifting = {order: ForecastLab("drifting", order).errors() for order in (1, 16)}
    assert drifting[1].own[15] < drifting[16].own[15]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"series": "stocks"}, "series: expected one of sunspots, two rhythms, drifting, got 'stocks'"),
        ({"feed": "both"}, "feed: expected one of own, true, got 'both'"),
        ({"order": 0}, "order: expected a number from 1 to 16, got 0"),
        ({"order": 17}, "order: expected a number from 1 to 16, got 17"),
        ({"start": 99}, "start: expected a number from 100 to 224, got 99"),
        ({"start": 225}, "start: expected a number from 100 to 224, got 225"),
        ({"order": "2"}, "The 'order' trait of a ForecastLab instance expected an int, not the str '2'"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        ForecastLab(**arguments)
    assert message in str(refused.value)


def test_the_series_cannot_be_exchanged() -> None:
    with pytest.raises(traitlets.TraitError, match="read-only"):
        ForecastLab().labels = []


def test_it_says_what_it_shows_and_nothing_else() -> None:
    lab = ForecastLab(order=9, feed="true")
    assert repr(lab) == "ForecastLab(AR(9) fitted to 200 values of sunspots, fed with true values)"
    assert lab.still() == ForecastLab(order=9, feed="true").still()
    assert f"error {lab.errors().own[0]:.2f} one step ahead" in lab.still()
    assert all(len(x) == 288 for x in all_series().values())
