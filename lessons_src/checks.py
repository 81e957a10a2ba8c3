"""Refusals at the public edge: each names the argument, what came and what was expected."""

from collections.abc import Collection, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

GREATEST_SEED = 2**63 - 1
"""The greatest that `torch.Generator` takes."""


def whole_number(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """Returns `value` as an int of at least `least`, and at most `most` if there is one; anything else is refused."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected a whole number of at least {least}, got {value}")
    if most is not None and int(value) > most:
        raise ValueError(f"{name}: expected a whole number of at most {most}, got {value}")
    return int(value)


def number_between(name: str, value: object, low: float, high: float) -> float:
    """Returns `value` as a float in [low, high]; anything else, NaN included, is refused."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, got {value!r}")
    return number


def true_or_false(name: str, value: object) -> bool:
    """Returns `value` if it is a bool; 0 and 1 are refused, since they are usually a size in the wrong place."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return value


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Returns `value` if it is one of the words in `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
    return value


def text(name: str, value: object) -> str:
    """Returns `value` if it is a str, which may be empty."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a str, got {type(value).__name__}")
    return value


def items(name: str, value: object, kind: str) -> list[Any]:
    """Returns what a list, or anything like one, holds; a str is refused. `kind` says in words what is expected."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected {kind}, got {value!r:.60}")
    return list(value)


def tensor(name: str, value: object, axes: Sequence[str], sizes: Sequence[int | None], like: Tensor) -> Tensor:
    """Refuses what is not a floating tensor of the given axes and sizes and of the dtype and device of `like`.

    Args:
        name: the argument's name, as the caller wrote it.
        value: what came.
        axes: what each axis holds, for the message: ("batch", "time", "input_size").
        sizes: the size each axis must have; None where any size of at least 1 will do.
        like: a weight of the layer, which the tensor will be multiplied with.
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: expected a tensor, got {type(value).__name__}")
    wanted = ", ".join(axis if size is None else f"{axis} = {size}" for axis, size in zip(axes, sizes, strict=True))
    shape = tuple(value.shape)
    fits = len(shape) == len(axes) and all(s >= 1 and w in (None, s) for s, w in zip(shape, sizes, strict=True))
    if not fits:
        raise ValueError(f"{name}: expected a tensor of shape ({wanted}), got {shape}")
    if value.dtype != like.dtype:
        raise TypeError(f"{name}: expected {like.dtype} like the weights, got {value.dtype}")
    if value.device != like.device:
        raise ValueError(f"{name}: expected a tensor on {like.device} like the weights, got one on {value.device}")
    return value


def ids(name: str, value: object, axes: Sequence[str], count: int) -> Tensor:
    """Refuses what is not an int64 tensor of the given axes, each of at least 1, with entries from 0 to count − 1."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: expected a tensor, got {type(value).__name__}")
    if value.dtype != torch.int64:
        raise TypeError(f"{name}: expected {torch.int64}, got {value.dtype}")
    if value.ndim != len(axes) or value.numel() == 0:
        raise ValueError(f"{name}: expected a tensor of shape ({', '.join(axes)}), got {tuple(value.shape)}")
    least, most = int(value.min()), int(value.max())
    if least < 0 or most >= count:
        raise ValueError(f"{name}: expected values from 0 to {count - 1}, got {least if least < 0 else most}")
    return value


def pair(name: str, value: object) -> tuple[Tensor, Tensor]:
    """Returns `value` if it is the two states (h, c) of an LSTM."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name}: expected a pair of tensors (h, c), got {type(value).__name__}")
    return value[0], value[1]


def sequence_lengths(lengths: object, batch: int, steps: int) -> Tensor:
    """Returns `lengths` as a (batch,) int64 tensor whose entries lie in 1 … steps."""
    try:
        found = torch.as_tensor(lengths)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"lengths: expected {batch} whole numbers, got {lengths!r}") from error
    if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
        raise TypeError(f"lengths: expected whole numbers, got {found.dtype}")
    if found.shape != (batch,):
        raise ValueError(f"lengths: expected one per sequence, shape ({batch},), got {tuple(found.shape)}")
    wrong = found[(found < 1) | (found > steps)]
    if len(wrong):
        raise ValueError(f"lengths: expected values from 1 to {steps} (the number of steps), got {int(wrong[0])}")
    return found.long()


def one_number(name: str, value: object) -> Tensor:
    """Returns what a function gave if it is one number as a tensor; `name` is the argument that took the function."""
    if isinstance(value, Tensor) and value.numel() == 1:
        return value
    came = f"one of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
    raise ValueError(f"{name}: expected a function that returns one number as a tensor, got {came}")


def no_nan(name: str, weight: Tensor) -> None:
    """Refuses a weight that holds NaN; ±∞ is allowed, since a clamped gate is a bias of ±∞."""
    if torch.isnan(weight).any():
        raise ValueError(f"{name}: holds NaN; expected numbers (did the training diverge?)")
