"""What hidden tests use: `draw` for inputs, and `check`, which compares with the solution and names the mistake."""

import copy
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any, Protocol

import numpy as np
import torch

TOLERANCE = 1e-4
"""Largest difference between equal results, relative to the largest entry, and absolute below 1: float32."""


class Named(Protocol):
    """A function that knows its name."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls it."""


def draw(seed: int, *shapes: Sequence[int]) -> tuple[torch.Tensor, ...]:
    """Standard normal tensors of the given shapes."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


class Check:
    """`check(function, *args)` passes if the student's function gives what the master's solution gives.

    Otherwise it fails with a sentence: the docstring of the first mistake that gives what the student's function gave,
    or else what differs and by how much. The mistakes of `lstm_step` are the functions of mistakes.py whose names
    begin with `lstm_step__`.
    """

    def __init__(self, solutions: dict[str, Any], mistakes: Mapping[str, Any]) -> None:
        self.solutions = solutions
        self.mistakes = {n: f for n, f in mistakes.items() if isinstance(f, FunctionType) and "__" in n.strip("_")}

    def __call__(self, function: Named, *args: Any, using: Sequence[Named] = (), tolerance: float = TOLERANCE) -> None:
        """Compares one call.

        Args:
            function: the student's function.
            args: what it is called with; every function gets a copy of its own.
            using: functions of earlier tasks. The right result with the student's own ones counts as well, so that
                a mistake in them is charged once.
            tolerance: largest difference, relative to the largest entry, and absolute below 1.
        """
        name = function.__name__
        result = function(*args)
        problem = difference(result, self._right(name, args), tolerance)
        if problem is None or (using and self._follows(name, args, using, result, tolerance)):
            return
        for mistake in self._mistakes(name):
            if difference(result, _result(mistake, args), tolerance) is None:
                raise AssertionError(" ".join((mistake.__doc__ or "").split()))
        raise AssertionError(f"{name}: {problem}")

    def _right(self, name: str, args: Sequence[Any]) -> Any:
        return self.solutions[name](*copy.deepcopy(args))

    def _mistakes(self, name: str) -> list[Callable[..., Any]]:
        return [function for key, function in self.mistakes.items() if key.startswith(f"{name}__")]

    def _follows(self, name: str, args: Sequence[Any], using: Sequence[Named], result: Any, tolerance: float) -> bool:
        """Whether the result is right given the student's own functions of earlier tasks."""
        ours = {function.__name__: self.solutions[function.__name__] for function in using}
        self.solutions.update({function.__name__: function for function in using})
        try:
            return difference(result, self._right(name, args), tolerance) is None
        except Exception:  # the earlier function fails, or what it returns does not fit
            return False
        finally:
            self.solutions.update(ours)


def _result(mistake: Callable[..., Any], args: Sequence[Any]) -> Any:
    """What a mistake gives; a fresh object, equal to nothing, if it cannot take these arguments."""
    try:
        return mistake(*copy.deepcopy(args))
    except Exception:
        return object()


def difference(got: Any, right: Any, tolerance: float) -> str | None:
    """What is wrong with `got`, as the end of a sentence; None if it equals `right`."""
    if isinstance(right, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(right):
            came = f"{len(got)}" if isinstance(got, tuple | list) else _kind(got)
            return f"expected {len(right)} values, got {came}"
        for number, (one, other) in enumerate(zip(got, right, strict=True), 1):
            if problem := difference(one, other, tolerance):
                return f"value {number} of {len(right)}: {problem}"
        return None
    if isinstance(right, dict):
        if not isinstance(got, dict) or got.keys() != right.keys():
            return (
                f"expected a dict with the keys {list(right)}, got {list(got) if isinstance(got, dict) else _kind(got)}"
            )
        problems = {key: difference(got[key], value, tolerance) for key, value in right.items()}
        return next((f"{key!r}: {problem}" for key, problem in problems.items() if problem), None)
    if isinstance(right, torch.Tensor | np.ndarray | float | int) and not isinstance(right, bool):
        return _numeric(got, right, tolerance)
    same = type(got) is type(right) and got == right
    return None if same else f"expected {right!r}, got {got!r}"[:300]


def _numeric(got: Any, right: Any, tolerance: float) -> str | None:
    if isinstance(right, torch.Tensor | np.ndarray) and not isinstance(got, torch.Tensor | np.ndarray):
        return f"expected {_kind(right)}, got {_kind(got)}"
    if not isinstance(got, torch.Tensor | np.ndarray | float | int) or isinstance(got, bool):
        return f"expected {_kind(right)}, got {_kind(got)}"
    one, other = (torch.as_tensor(value, dtype=torch.float64) for value in (got, right))
    if one.shape != other.shape:
        return f"expected the shape {tuple(other.shape)}, got {tuple(one.shape)}"
    if not other.numel():
        return None
    if torch.isnan(one).any() and not torch.isnan(other).any():
        return "expected numbers, got NaN"
    gap = torch.where(one == other, 0.0, (one - other).abs()).nan_to_num(nan=torch.inf)
    largest = float(other[other.isfinite()].abs().amax()) if other.isfinite().any() else 0.0
    if gap.max() <= tolerance * max(1.0, largest):
        return None
    place = torch.unravel_index(gap.argmax(), gap.shape) if gap.ndim else ()
    index = [int(axis) for axis in place]
    at = f" at {index}" if index else ""
    wanted, came = float(other[tuple(index)]), float(one[tuple(index)])
    digits = next((n for n in (4, 6, 9) if f"{wanted:.{n}g}" != f"{came:.{n}g}"), 17)
    return f"expected {wanted:.{digits}g}{at}, got {came:.{digits}g}"


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    kinds = {torch.Tensor: "a tensor", np.ndarray: "an array", float: "a number", int: "a whole number"}
    return kinds.get(type(value), f"a {type(value).__name__}")
