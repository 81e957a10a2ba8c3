"""ForecastLab: how far ahead can the last τ values see?"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import autoregression, checks, plotting, series
from lessons_src.autoregression import Autoregression
from lessons_src.widgets.arrays import PackedArray
from lessons_src.widgets.base import BookWidget

SERIES = ("sunspots", "two rhythms", "drifting")
FEEDS = ("own", "true")
MOST_ORDER, FEWEST, AHEAD = 16, 100, 64

_LABELS = (("sunspots", "year", series.FIRST_YEAR), ("two rhythms", "step", 1), ("drifting", "step", 1))


@dataclass(frozen=True)
class StepErrors:
    """Root mean square errors by steps ahead, over all places from `start` on where a forecast can begin.

    Attributes:
        own: of forecasts fed with their own predictions (64,).
        true: of predictions fed with true values, of the same values (64,).
        mean: of the mean of what is known, for the same values (64,).
    """

    own: Float[Tensor, " ahead"]
    true: Float[Tensor, " ahead"]
    mean: Float[Tensor, " ahead"]


class ForecastLab(BookWidget):
    """Fits an autoregression to the first values of a series and lets it predict the next 64.

    x̂_t = c + φ₁ x_{t−1} + … + φ_τ x_{t−τ}. The page fits it, by least squares in float64, also without a kernel;
    `model`, `predictions` and `errors` are the same here, by `lessons_src.autoregression`.

    Args:
        series: "sunspots" (yearly, from 1700), "two rhythms" (two sines with a little noise) or "drifting" (Markov of
            order 1, φ = 0.9). Each has 288 values.
        order: τ, from 1 to 16.
        start: how many values are known, from 100 to 224; the forecast begins behind them.
        feed: "own" if each prediction is taken for true by the next, "true" if the true value is.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Source: yule1927.
    """

    _bundle = traitlets.Unicode("forecast_lab").tag(sync=True)

    series = traitlets.Unicode("sunspots").tag(sync=True)
    order = traitlets.Int(2).tag(sync=True)
    start = traitlets.Int(200).tag(sync=True)
    feed = traitlets.Unicode("own").tag(sync=True)

    labels: Any = traitlets.List(read_only=True).tag(sync=True)  # (name, what a place is called, the first place)
    values = PackedArray(read_only=True)  # one row for each series

    def __init__(self, series: str = "sunspots", order: int = 2, start: int = 200, feed: str = "own") -> None:
        super().__init__(series=series, order=order, start=start, feed=feed)

    @traitlets.default("labels")
    def _default_labels(self) -> list[list[Any]]:
        return [list(label) for label in _LABELS]

    @traitlets.default("values")
    def _default_values(self) -> np.ndarray:
        return np.stack([values.numpy() for values in all_series().values()])

    @traitlets.validate("series", "feed")
    def _check_word(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], {"series": SERIES, "feed": FEEDS}[name])

    @traitlets.validate("order", "start")
    def _check_number(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        latest = len(all_series()[SERIES[0]]) - AHEAD
        checks.number_between(name, value, *{"order": (1, MOST_ORDER), "start": (FEWEST, latest)}[name])
        return int(value)

    @property
    def x(self) -> Float[Tensor, " time"]:
        """The series (288,)."""
        return all_series()[self.series]

    @property
    def model(self) -> Autoregression:
        """What is fitted to the known values."""
        return autoregression.fit(self.x[: self.start], self.order)

    def predictions(self) -> Float[Tensor, " ahead"]:
        """The 64 predictions that are drawn, fed as `feed` says."""
        if self.feed == "own":
            return self.model.forecast(self.x[: self.start], AHEAD)
        return self.model.predict(self.x[self.start - self.order : self.start + AHEAD])

    def errors(self) -> StepErrors:
        """How far off predictions are, by steps ahead."""
        x, model, start = self.x, self.model, self.start
        origins = x.unfold(0, self.order, 1)[start - self.order : -1]  # what is known at each place
        target = torch.cat([x[start:], torch.full((AHEAD,), torch.nan)]).unfold(0, AHEAD, 1)[:-1]
        ahead = model.forecast(origins, AHEAD) - target  # by origin and steps ahead; NaN behind the end
        fed = model.predict(x[start - self.order :]) - x[start:]
        mean = x[:start].mean() - x[start:]
        return StepErrors(
            ahead.square().nanmean(dim=0).sqrt(),
            torch.stack([fed[k:].square().mean().sqrt() for k in range(AHEAD)]),
            torch.stack([mean[k:].square().mean().sqrt() for k in range(AHEAD)]),
        )

    def still(self) -> str:
        """The series and its forecast as a figure that does not move."""
        _, unit, first = next(label for label in _LABELS if label[0] == self.series)
        places = np.arange(first + self.start - 80, first + self.start + AHEAD)
        figure, axes = plotting.subplots(height=2.4)
        axes.plot(places, self.x[self.start - 80 : self.start + AHEAD], color=plotting.COLOURS["loss"], label="true")
        axes.plot(places[80:], self.predictions(), linestyle="--", label=f"AR({self.order})")
        axes.axvline(places[80] - 0.5, color=plotting.COLOURS["loss"], linewidth=0.8)
        axes.set_xlabel(unit)
        axes.legend(loc="upper left", ncols=2)
        errors = self.errors()
        words = (
            f"{self._subject()}: root mean square error {errors.own[0]:.2f} one step ahead and, 16 steps "
            f"ahead, {errors.own[15]:.2f}; the mean's there is {errors.mean[15]:.2f}."
        )
        return plotting.figure_html(figure, words, words)

    def _subject(self) -> str:
        fed = "its own predictions" if self.feed == "own" else "true values"
        return f"AR({self.order}) fitted to {self.start} values of {self.series}, fed with {fed}"

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        return f"ForecastLab({self._subject()})"


@cache
def all_series() -> dict[str, Tensor]:
    """The series to choose from, by name, each (288,)."""
    spots = series.sunspots()
    return {
        "sunspots": spots,
        "two rhythms": series.two_rhythms(len(spots)),
        "drifting": series.drifting(len(spots)),
    }
