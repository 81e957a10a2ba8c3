"""The series: what was observed is there, and what is drawn follows its rule."""

import math

import pytest
import torch

from lessons_src import series


def test_the_sunspots_are_those_of_the_record() -> None:
    """Known years: the minima of 1810 and 1913, the maxima of 1778 and 1957, and the cycle of 11 years."""
    x = series.sunspots()
    year = {series.FIRST_YEAR + k: value for k, value in enumerate(x.tolist())}
    assert len(x) == 288
    assert (year[1700], year[1749], year[1810], year[1913], year[1987]) == (5, 80.9, 0, 1.4, 29.4)
    assert (max(year, key=lambda y: year[y]), max(range(1700, 1900), key=lambda y: year[y])) == (1957, 1778)
    assert float(x.sum()) == pytest.approx(13949.2, abs=1e-6)  # no number mistyped: the sum of the published file
    z = x - x.mean()
    together = [float((z[k:] * z[: len(z) - k]).sum()) for k in range(5, 20)]
    assert together.index(max(together)) + 5 == 11


def test_a_drifting_series_keeps_its_spread_and_its_memory() -> None:
    x = series.drifting(50_000, coefficient=0.8, noise=2.0, seed=3)
    assert float(x.std()) == pytest.approx(2 / math.sqrt(1 - 0.64), rel=0.03)
    assert float((x[1:] * x[:-1]).mean() / x.square().mean()) == pytest.approx(0.8, abs=0.01)
    errors = x[1:] - 0.8 * x[:-1]
    assert abs(float((errors * x[:-1]).mean() / x.std() / 2)) < 0.02
    starts = torch.stack([series.drifting(1, coefficient=0.8, seed=k)[0] for k in range(2000)])
    assert float(starts.std()) == pytest.approx(1 / 0.6, rel=0.06)


def test_two_rhythms_without_noise_obey_a_rule_of_order_four() -> None:
    x = series.two_rhythms(200, noise=0.0)
    fast, slow = (2 * math.cos(2 * math.pi / period) for period in (9, 61))
    rule = fast + slow, -2 - fast * slow, fast + slow, -1
    follows = sum(c * x[3 - k : len(x) - 1 - k] for k, c in enumerate(rule))
    torch.testing.assert_close(follows, x[4:], atol=1e-9, rtol=0)
    assert float((series.two_rhythms(5000, noise=0.3) - series.two_rhythms(5000, noise=0.0)).std()) == pytest.approx(
        0.3, rel=0.05
    )


def test_series_depend_on_their_seed_only() -> None:
    for make in (series.drifting, series.two_rhythms):
        assert torch.equal(make(30, seed=1), make(30, seed=1))
        assert not torch.equal(make(30, seed=1), make(30, seed=2))


def test_refusals_name_the_argument() -> None:
    with pytest.raises(ValueError, match=r"coefficient: expected a number from -0\.999 to 0\.999, got 1\.0"):
        series.drifting(10, coefficient=1.0)
    with pytest.raises(ValueError, match="noise: expected a number from 0 to inf, got -1"):
        series.two_rhythms(10, noise=-1)
    with pytest.raises(ValueError, match="steps: expected a whole number of at least 1, got 0"):
        series.drifting(0)
