"""The one training loop. It yields a record after each step, so the caller owns plots, progress and stopping."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from lessons_src import checks

Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class StepRecord:
    """What happened in one training step.

    Attributes:
        step: counts from 1.
        loss: before the step, on its batch; natural units (nats for a cross-entropy).
        grad_norm: the norm of the gradient of all parameters together, before clipping.
        scale: what clipping multiplied the gradient with; 1 where it did nothing.
        rate: the learning rate of the step.
    """

    step: int
    loss: float
    grad_norm: float
    scale: float
    rate: float


def train(
    model: Model,
    batches: Iterable[Any],
    loss: Callable[[Model, Any], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    clip_norm: float | None = None,
    schedule: Callable[[int], float] | None = None,
) -> Iterator[StepRecord]:
    """Takes one optimiser step per batch and yields its record.

    Args:
        model: what is trained, in place.
        batches: anything to iterate over; its length is the number of steps.
        loss: maps (model, batch) to a scalar.
        optimizer: of torch.optim, over the model's parameters.
        clip_norm: the greatest norm that the gradient may have; None for no clipping.
        schedule: maps the step, from 1, to a factor of the learning rate; None for a constant rate.

    Raises:
        ValueError: clip_norm is not positive, or the loss is not one number.
        FloatingPointError: the loss or the gradient is no longer finite; the model is as it was before that step.

    The optimiser's own learning rate is put back when the loop ends, so that a second call begins from it again.
    """
    if clip_norm is not None and not checks.number_between("clip_norm", clip_norm, 0.0, math.inf) > 0:
        raise ValueError(f"clip_norm: expected a number above 0, got {clip_norm}")
    parameters = [p for p in model.parameters() if p.requires_grad]
    rates = [group["lr"] for group in optimizer.param_groups]
    try:
        for step, batch in enumerate(batches, start=1):
            factor = 1.0 if schedule is None else schedule(step)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.zero_grad()
            value = checks.one_number("loss", loss(model, batch))
            value.backward()
            norm = float(clip_grad_norm_(parameters, math.inf if clip_norm is None else clip_norm))
            found = float(value.detach())
            if not (math.isfinite(norm) and math.isfinite(found)):
                raise FloatingPointError(f"step {step}: loss {found:.3g}, gradient norm {norm:.3g}: training diverged")
            optimizer.step()
            scale = 1.0 if clip_norm is None else min(1.0, clip_norm / (norm + 1e-6))  # 1e-6: clip_grad_norm_ adds it
            yield StepRecord(step, found, norm, scale, rates[0] * factor)
    finally:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate


def warm_cosine(steps: int, warmup: int = 0, floor: float = 0.0) -> Callable[[int], float]:
    """A schedule: rises linearly over `warmup` steps, then falls along half a cosine from 1 to `floor`."""
    checks.whole_number("steps", steps)
    checks.whole_number("warmup", warmup, least=0)
    checks.number_between("floor", floor, 0.0, 1.0)

    def factor(step: int) -> float:
        progress = min(1.0, (step - 1) / steps)
        rise = min(1.0, step / warmup) if warmup else 1.0
        return rise * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)

    return factor
