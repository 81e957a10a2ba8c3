"""Predictions from the last τ values of a series: least squares, and what becomes of a forecast fed with itself."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks


def lagged(x: Float[Tensor, " time"], order: int) -> tuple[Float[Tensor, "places order"], Float[Tensor, " places"]]:
    """What stands before each value, the latest first, and the value: (T − τ, τ) and (T − τ,)."""
    checks.whole_number("order", order)
    x = _series("x", x, least=order + 1)
    return x.unfold(0, order, 1)[:-1].flip(1), x[order:]


@dataclass(frozen=True)
class Autoregression:
    """x̂_t = c + φ₁ x_{t−1} + … + φ_τ x_{t−τ}.

    Attributes:
        coefficients: φ₁ … φ_τ (τ,), the latest value's first.
        intercept: c.
    """

    coefficients: Float[Tensor, " order"]
    intercept: float = 0.0

    @property
    def order(self) -> int:
        """τ: how many values it looks back."""
        return len(self.coefficients)

    def predict(self, x: Float[Tensor, " time"]) -> Float[Tensor, " places"]:
        """The prediction of each value from the true values before it: of x_{τ+1} … x_T, (T − τ,)."""
        return lagged(x, self.order)[0] @ self.coefficients + self.intercept

    def forecast(self, history: Float[Tensor, "*batch time"], steps: int) -> Float[Tensor, "*batch steps"]:
        """What follows each history (…, T), each prediction taken for true by the next: (…, steps)."""
        checks.whole_number("steps", steps)
        values = _series("history", history, least=self.order, batched=True)[..., -self.order :].flip(-1)
        found = []
        for _ in range(steps):
            found.append(values @ self.coefficients + self.intercept)
            values = torch.cat([found[-1][..., None], values[..., :-1]], dim=-1)
        return torch.stack(found, dim=-1)


def fit(x: Float[Tensor, " time"], order: int, *, intercept: bool = True) -> Autoregression:
    """The autoregression of order τ with the least sum of squared errors on x_{τ+1} … x_T.

    Args:
        x: the series (T,), with at least as many values to predict as there are unknowns.
        order: τ, from 1.
        intercept: whether c is fitted too; otherwise it is 0.
    """
    checks.true_or_false("intercept", intercept)
    unknowns = checks.whole_number("order", order) + intercept
    before, target = lagged(_series("x", x, least=order + unknowns), order)
    if intercept:
        before = torch.cat([before, torch.ones_like(target)[:, None]], dim=1)
    found = torch.linalg.lstsq(before, target[:, None], driver="gelsd").solution[:, 0]
    return Autoregression(found[:order], float(found[order]) if intercept else 0.0)


def exponential_average(x: Float[Tensor, " time"], rate: float) -> Float[Tensor, " time"]:
    """h_t = (1 − λ) h_{t−1} + λ x_t, from h_0 = x_1: the simplest summary of the whole past, (T,).

    Args:
        x: the series (T,).
        rate: λ, from 0 (nothing new enters) to 1 (nothing old stays).
    """
    checks.number_between("rate", rate, 0.0, 1.0)
    h = [float(_series("x", x, least=1)[0])]
    for value in x.tolist():
        h.append((1 - rate) * h[-1] + rate * value)
    return torch.tensor(h[1:], dtype=x.dtype)


def _series(name: str, x: Any, least: int, batched: bool = False) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a tensor, got {type(x).__name__}")
    if x.ndim == 0 or (x.ndim > 1 and not batched) or not x.is_floating_point():
        raise ValueError(f"{name}: expected a floating tensor of shape (time,), got {x.dtype} of {tuple(x.shape)}")
    if x.shape[-1] < least:
        raise ValueError(f"{name}: expected at least {least} values, got {x.shape[-1]}")
    if not x.isfinite().all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or ∞ among them")
    return x
