"""The one training loop. It yields a record after each step, so the caller owns plots, progress and stopping."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from lessons_src import checks


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
    model: nn.Module,
    batches: Iterable[Any],
    loss: Callable[[nn.Module, Any], Tensor],
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
        ValueError: clip_norm is not positive.
        FloatingPointError: the loss or the gradient is no longer finite; the model is as it was before that step.
    """
    if clip_norm is not None and not checks.number_between("clip_norm", clip_norm, 0.0, math.inf) > 0:
        raise ValueError(f"clip_norm: expected a number above 0, got {clip_norm}")
    parameters = [p for p in model.parameters() if p.requires_grad]
    rates = [group["lr"] for group in optimizer.param_groups]
    for step, batch in enumerate(batches, start=1):
        factor = 1.0 if schedule is None else schedule(step)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        optimizer.zero_grad()
        value = loss(model, batch)
        value.backward()
        norm = float(clip_grad_norm_(parameters, math.inf if clip_norm is None else clip_norm))
        if not math.isfinite(norm) or not math.isfinite(float(value.detach())):
            raise FloatingPointError(
                f"step {step}: loss {float(value):.3g}, gradient norm {norm:.3g}: training diverged"
            )
        optimizer.step()
        scale = 1.0 if clip_norm is None else min(1.0, clip_norm / max(norm, 1e-300))
        yield StepRecord(step, float(value.detach()), norm, scale, rates[0] * factor)


def warm_cosine(steps: int, warmup: int = 0, floor: float = 0.0) -> Callable[[int], float]:
    """A schedule: rises linearly over `warmup` steps, then falls along half a cosine from 1 to `floor`."""

    def factor(step: int) -> float:
        progress = min(1.0, (step - 1) / steps)
        rise = min(1.0, step / warmup) if warmup else 1.0
        return rise * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)

    return factor
