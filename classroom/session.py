"""A student's notebook while it runs: cells in order, calls of functions, and a new process when one dies."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from classroom.inside import plain_data
from classroom.kernel import Died, Kernel, Limits, Stopped

OFTEN = 2
"""So often a function may take too long before it is not called any more."""


class CallFailed(Exception):
    """The student's function gave no result; the sentence says why. `kind` is the type of its error, if it raised."""

    def __init__(self, sentence: str, kind: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass
class Ran:
    """What a cell did."""

    output: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


class Session:
    """Runs what a notebook holds, whatever it does. Use it in a `with` statement."""

    def __init__(self, start: Callable[[], Kernel], limits: Limits) -> None:
        self._start_kernel, self.limits = start, limits
        self.kernel: Kernel | None = start()
        self.protected = self.kernel.filtered
        self.deaths: list[str] = []
        self.refused: set[str] = set()  # names of what the rules forbid and was used nevertheless
        self._cells: list[str] = []
        self._deadly: dict[str, str] = {}  # functions that are not called again, and why
        self._slow: Counter[str] = Counter()
        self._spent = 0.0

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self.kernel:
            self.kernel.close()

    @property
    def spent(self) -> float:
        """Seconds that the student's code has used."""
        return self._spent + (self.kernel.spent if self.kernel else 0.0)

    def run(self, source: str) -> Ran:
        """Runs a cell. One that ends the process is left out when a new one is started."""
        try:
            kernel = self._alive()
            reply = kernel.ask({"do": "cell", "source": source}, self._within(self.limits.cell))
        except CallFailed as failed:
            return Ran(error=str(failed))
        except Stopped as stopped:
            self._cells.append(source)
            return Ran(kernel.text(), error=f"TimeLimit: {stopped}")
        except Died as died:
            text = kernel.text()
            self._bury(f"a cell: {died}")
            return Ran(text, error=f"The cell ended the process: {died}")
        self._cells.append(source)
        return Ran(kernel.text(), displayed(reply.get("shown")), _sentence(reply.get("error")))

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls a function of the student's.

        Raises:
            CallFailed: it raised, took too long, ended the process or returned what is no plain data.
        """
        if name in self._deadly:
            raise CallFailed(f"{name} {self._deadly[name]}")
        request = {"do": "call", "name": name, "args": plain_data.encode(args), "kwargs": plain_data.encode(kwargs)}
        try:
            reply = self._alive().ask(request, self._within(self.limits.call))
        except Stopped as stopped:
            self._slow[name] += 1
            if self._slow[name] == OFTEN:
                self._deadly[name] = f"was {stopped} more than once, and is not called again"
            raise CallFailed(f"{name} was {stopped}: does a loop never end?") from stopped
        except Died as died:
            self._deadly[name] = f"ended the process: {died}"
            self._bury(f"{name}: {died}")
            raise CallFailed(f"{name} ended the process: {died}") from died
        return self._answer(name, reply)

    def value(self, name: str) -> Any:
        """The value of a name of the student's.

        Raises:
            CallFailed: there is none, or it is no plain data.
        """
        try:
            return self._answer(name, self._alive().ask({"do": "value", "name": name}, self._within(self.limits.call)))
        except (Stopped, Died) as error:
            raise CallFailed(f"{name} could not be read: {error}") from error

    def _answer(self, name: str, reply: dict[str, Any]) -> Any:
        if "value" in reply:
            try:
                return plain_data.decode(reply["value"])
            except plain_data.NotPlainData as error:
                raise CallFailed(f"{name}: {error}") from error
        raised = reply.get("error")
        told = raised if isinstance(raised, dict) else {}
        kind, said = str(told.get("type", "")), str(told.get("message", ""))
        if kind == "NotAllowed":
            self.refused.add(said.partition(" ")[0])
        if kind == "KeyError" and said == repr(name):
            raise CallFailed(f"{name} is not defined: did its cell run without an error?", kind)
        if kind == "NotPlainData":
            raise CallFailed(f"{name} returned {said[:300]}", kind)
        raise CallFailed(f"{name} raised {_sentence(raised) or 'an error'}", kind)

    def _within(self, seconds: float) -> float:
        left = self.limits.total - self.spent
        if left <= 0:
            raise CallFailed(f"the {self.limits.total:g} s for the whole notebook were used up before this")
        return min(seconds, left)

    def _alive(self) -> Kernel:
        """The process; a new one, in which the cells so far have run again, if the last one died."""
        while self.kernel is None:
            if len(self.deaths) > self.limits.restarts:
                raise CallFailed(f"the code ended its process {len(self.deaths)} times; it was not started again")
            self.kernel = self._start_kernel()
            for source in list(self._cells):
                try:
                    self.kernel.ask({"do": "cell", "source": source}, self._within(self.limits.cell))
                except Stopped:
                    continue
                except Died as died:
                    self._cells.remove(source)
                    self._bury(f"a cell, run again: {died}")
                    break
        return self.kernel

    def _bury(self, why: str) -> None:
        self._spent = self.spent
        self.deaths.append(why)
        self.kernel = None


def _sentence(error: object) -> str:
    """An error as the student's process described it: type, message and line; nothing else is believed."""
    if not isinstance(error, dict):
        return ""
    kind, said, line = (str(error.get(key, ""))[:400] for key in ("type", "message", "line"))
    return f"{kind}: {said}".rstrip(": ") + (f" ({line})" if line else "")


def displayed(shown: object) -> list[dict[str, Any]]:
    """What a cell displayed, if it looks as it should."""
    items = [item for item in shown if isinstance(item, dict)] if isinstance(shown, list) else []
    room = {"text": 20_000, "png": 1_000_000}  # for all that a cell shows
    found = []
    for item in items[:20]:
        kept = {key: item[key] for key in room if isinstance(item.get(key), str) and len(item[key]) <= room[key]}
        room = {key: left - len(kept.get(key, "")) for key, left in room.items()}
        found.append(kept)
    return [kept for kept in found if kept]
