"""How things are timed: side by side, in rounds, so that whatever else the machine does meets all contestants alike."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.profiler import ProfilerActivity, profile

T = TypeVar("T")
Seconds = dict[str, list[float]]
"""What each contestant took, round by round."""


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Attributes:
        seconds: for each row of a table, by the clock on the wall.
        quick: as little as shows that everything works; the numbers are worth nothing then.
        profile: whether to print where our time goes.
    """

    seconds: float = 6.0
    quick: bool = False
    profile: bool = False

    def rounds(self, contestants: Mapping[str, Callable[[], object]], **options: Any) -> Seconds:
        """`rounds` for so long; if quick, two rounds without any before them."""
        if self.quick:
            options |= {"warm": 0, "least": 2}
        return rounds(contestants, 0.0 if self.quick else self.seconds, **options)

    def some(self, rows: Sequence[T], count: int = 1) -> Sequence[T]:
        """The rows of a table; if quick, only the first."""
        return rows[:count] if self.quick else rows


def rounds(
    contestants: Mapping[str, Callable[[], object]],
    seconds: float,
    *,
    clock: Callable[[], float] = time.process_time,
    warm: int = 3,
    least: int = 9,
) -> Seconds:
    """Runs each contestant once per round, in turn, until `seconds` have passed.

    Args:
        contestants: name → what is timed.
        seconds: how long to go on, by the clock on the wall.
        clock: CPU time, or `time.perf_counter`.
        warm: how many rounds at the start do not count.
        least: how many rounds must count, however long they take.
    """
    found: Seconds = {name: [] for name in contestants}
    end = time.monotonic() + seconds
    number = 0
    while number < warm + least or time.monotonic() < end:
        for name, run in contestants.items():
            start = clock()
            run()
            found[name].append(clock() - start)
        number += 1
    return {name: times[warm:] for name, times in found.items()}


def ratios(found: Seconds, name: str, base: str) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of what `name` took as a multiple of `base` in the same round."""
    pairs = zip(found[name], found[base], strict=True)
    low, middle, high = statistics.quantiles((ours / theirs for ours, theirs in pairs), n=4)
    return low, middle, high


def shown(found: Seconds, name: str, base: str) -> str:
    """The median of the ratios and its quartiles, as "1.23 [1.20 … 1.27]"."""
    low, middle, high = ratios(found, name, base)
    return f"{middle:.2f} [{low:.2f} … {high:.2f}]"


def where(run: Callable[[], object], most: int = 8, times: int = 10) -> str:
    """The operations of torch in which `run` spends its time, as shares of all of it."""
    run()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(times):
            run()
    entries = sorted(profiler.key_averages(), key=lambda entry: entry.self_cpu_time_total, reverse=True)
    total = sum(entry.self_cpu_time_total for entry in entries)
    shares = (f"{entry.key.removeprefix('aten::')} {entry.self_cpu_time_total / total:.0%}" for entry in entries[:most])
    return f"{total / times / 1000:.1f} ms: " + ", ".join(shares)


def machine() -> str:
    """The machine, its load, and the versions, in one line."""
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    system = f"{processor()}, {platform.system()}, {load}"
    return f"{system}; Python {platform.python_version()}, torch {torch.__version__}; {time.strftime('%Y-%m-%d %H:%M')}"


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
