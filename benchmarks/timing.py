"""How things are timed: side by side, in rounds, so that whatever else the machine does meets all contestants alike."""

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Seconds = dict[str, list[float]]
"""What each contestant took, round by round."""


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


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
