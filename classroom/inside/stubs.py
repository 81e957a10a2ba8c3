"""Puts a refusal in the place of what an assignment forbids, before the student's code runs."""

import importlib
import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


class NotAllowed(RuntimeError):
    """Something was used that the assignment forbids."""


class _NoImport(importlib.abc.MetaPathFinder):
    """Refuses modules by name."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        for name in self.names:
            if fullname == name or fullname.startswith(name + "."):
                raise NotAllowed(f"{name} may not be used in this assignment")
        return None


class _Refusal:
    """Stands where a forbidden class, function or module stood; every use of it is refused."""

    def __init__(self, name: str) -> None:
        self.__dict__["name"] = name

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise NotAllowed(f"{self.__dict__['name']} may not be used in this assignment")

    __call__ = __getattr__ = __setattr__ = __mro_entries__ = _refuse

    def __get__(self, instance: object, owner: object = None) -> Any:
        if instance is not None:  # as a method or an attribute of a tensor
            self._refuse()
        return self


def forbid(names: Sequence[str]) -> None:
    """Replaces each of the dotted `names`, wherever a loaded module holds it, and refuses to import it.

    A name is a module (`torch.autograd`), something in a module (`torch.nn.LSTMCell`) or an attribute of a class
    (`torch.Tensor.backward`). What was not loaded before is only refused when it is imported.
    """
    sys.meta_path.insert(0, _NoImport(names))
    found = [(name, *located) for name in names if (located := _locate(name))]  # before the first is replaced
    for name, owner, attribute in found:
        refusal = _Refusal(name)
        original = getattr(owner, attribute)
        setattr(owner, attribute, refusal)
        for module in list(sys.modules.values()):
            if not isinstance(module, ModuleType) or module is owner:
                continue
            for alias in [key for key, value in vars(module).items() if value is original]:  # from … import
                setattr(module, alias, refusal)


def _locate(name: str) -> tuple[Any, str] | None:
    """The loaded module or class that holds the last part of `name`; None if there is none."""
    *path, attribute = name.split(".")
    if not path or path[0] not in sys.modules:
        return None
    owner: Any = sys.modules[path[0]]
    for part in path[1:]:
        owner = getattr(owner, part, None)
    return (owner, attribute) if hasattr(owner, attribute) else None
