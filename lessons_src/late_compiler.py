"""torch's compiler is loaded when someone compiles, and not before the first step of an optimiser.

torch.optim imports `torch._dynamo`, and with it sympy and much of torch: almost a second, for two calls that do nothing
unless something is compiled. A stand-in answers those two. Whatever else is asked of it loads the compiler.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class _StandIn(ModuleType):
    """Behaves as `torch._dynamo` does where nothing is compiled."""

    @staticmethod
    def disable(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        """Marks a function as not to be compiled: it stays as it is."""
        return function

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Marks a place where what is compiled ends: nothing."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


def postpone() -> None:
    """Puts the stand-in where torch looks for its compiler, unless the compiler is there already."""
    sys.modules.setdefault(NAME, _StandIn(NAME))
