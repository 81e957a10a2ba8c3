"""Stopping a training when what was held out no longer gets better."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from lessons_src import checks
from lessons_src.training import StepRecord


@dataclass(frozen=True)
class Judgement:
    """How a model did on what was held out, on its way.

    Attributes:
        step: after which training step.
        training: the mean loss of the steps since the last judgement.
        validation: what `judge` gave; the lower, the better.
        best: whether it is the lowest so far.
    """

    step: int
    training: float
    validation: float
    best: bool


def stop_early(
    model: nn.Module,
    records: Iterable[StepRecord],
    judge: Callable[[nn.Module], float],
    *,
    every: int = 20,
    patience: int = 5,
) -> Iterator[Judgement]:
    """Goes through a training, judges the model every so many steps, and ends when it stopped getting better.

    However the loop ends, the model then has the weights of the best judgement, if there was one.

    Args:
        model: what is trained, in place.
        records: from `training.train`, on the same model.
        judge: maps the model to a number, such as the loss on a validation split; it runs in evaluation mode and
            without gradients.
        every: the steps between two judgements.
        patience: how many judgements in a row may be no better than the best before the training ends.

    Raises:
        ValueError: `judge` gave NaN, or `records` were fewer than `every`.
    """
    checks.whole_number("every", every)
    checks.whole_number("patience", patience)
    lowest, kept, worse, losses = math.inf, None, 0, list[float]()
    try:
        for record in records:
            losses.append(record.loss)
            if record.step % every:
                continue
            validation = _judged(model, judge)
            best = kept is None or validation < lowest
            if best:
                lowest, kept, worse = validation, copy.deepcopy(model.state_dict()), 0
            else:
                worse += 1
            yield Judgement(record.step, sum(losses) / len(losses), validation, best)
            losses.clear()
            if worse == patience:
                return
        if kept is None:
            raise ValueError(f"every: expected at most the {len(losses)} steps of the training, got {every}")
    finally:
        if kept is not None:
            model.load_state_dict(kept)


@torch.no_grad()
def _judged(model: nn.Module, judge: Callable[[nn.Module], float]) -> float:
    was_training = model.training
    model.eval()
    validation = float(judge(model))
    model.train(was_training)
    if math.isnan(validation):
        raise ValueError("judge: expected a function that returns a number, got NaN")
    return validation
