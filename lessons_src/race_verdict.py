"""What the stored points of the race say: who solves what, and which differences the seeds bear out."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from lessons_src import checks
from lessons_src.race import DISTANCES, Key, Results
from lessons_src.race_training import ENTRANTS, TASKS

_T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""The 97.5 % point of Student's t with n − 1 degrees of freedom, by n."""

AS_STARTED = {"RNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
"""The entrant of each cell as PyTorch starts it."""


class Interval(NamedTuple):
    """A mean and its 95 % interval by Student's t: x̄ ± t s / √n. It takes the values for normal, which no test shows.

    Attributes:
        mean: x̄.
        low: the lower end.
        high: the upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside."""
        return self.low > 0 or self.high < 0


class Finding(NamedTuple):
    """What was found at one task and distance.

    Attributes:
        task: a key of TASKS.
        distance: in steps.
        seeds: how many runs each entrant has.
        names: cell → its entrant.
        scores: cell → mean score.
        solved: cell → how many runs solved it; None for a task that has no such score.
        difference: of the scores, LSTM − GRU, the runs paired by seed.
    """

    task: str
    distance: int
    seeds: int
    names: dict[str, str]
    scores: dict[str, float]
    solved: dict[str, int] | None
    difference: Interval

    @property
    def better(self) -> str | None:
        """The cell that the difference favours; None if its interval holds 0."""
        if not self.difference.excludes_zero:
            return None
        return "GRU" if (self.difference.mean > 0) == TASKS[self.task].lower else "LSTM"

    def __str__(self) -> str:
        """One sentence, numbers included."""
        words = f"{TASKS[self.task].words}, {self.distance} steps"
        if self.solved is None:
            found = ", ".join(f"{cell} {score:.2f}" for cell, score in self.scores.items())
        else:
            found = "solved by " + ", ".join(f"{cell} {runs} of {self.seeds}" for cell, runs in self.solved.items())
        if self.difference == (0, 0, 0):
            return f"{words}: {found}; LSTM − GRU 0 for every seed"
        low, high = (f"{value:+.2g}".replace("-", "−") for value in self.difference[1:])
        judged = f"in favour of the {self.better}" if self.better else "which holds 0"
        return f"{words}: {found}; LSTM − GRU from {low} to {high}, {judged}"


def interval(values: Sequence[float]) -> Interval:
    """The mean of two to ten values and its 95 % interval."""
    if len(values) not in _T_975:
        raise ValueError(f"values: expected 2 to {max(_T_975)} numbers, got {len(values)}")
    mean, spread = statistics.fmean(values), statistics.stdev(values)
    half = _T_975[len(values)] * spread / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def scores(results: Results, task: str, distance: int, entrant: str) -> list[float]:
    """One score per seed, in the order of the seeds."""
    found = {key.seed: point.score for key, point in results.points.items() if key[:3] == (task, distance, entrant)}
    if not found:
        raise ValueError(f"results: expected points of {task}/{distance}/{entrant}, found none")
    return [found[seed] for seed in sorted(found)]


def solved(task: str, score: float) -> bool:
    """Whether a score counts as solving the task."""
    threshold = TASKS[checks.one_of("task", task, TASKS)].solved
    if threshold is None:
        raise ValueError(f"task: expected one that can be solved, got {task!r}")
    return score <= threshold if TASKS[task].lower else score >= threshold


def difference(results: Results, task: str, distance: int, first: str, second: str) -> Interval:
    """The interval of the score of `first` − that of `second`, the runs of one seed paired: they read the same data."""
    pairs = zip(scores(results, task, distance, first), scores(results, task, distance, second), strict=True)
    return interval([one - other for one, other in pairs])


def best_starts(results: Results, task: str) -> dict[str, str]:
    """Cell → the entrant that was best on the validation seeds, which no score has seen."""
    return {cell: results.start(task, cell) for cell in AS_STARTED}


def find(results: Results, task: str, distance: int, names: dict[str, str] | None = None) -> Finding:
    """The finding at one task and distance; `names` says which entrant stands for a cell, as `best_starts` does."""
    chosen = best_starts(results, task) if names is None else names
    found = {cell: scores(results, task, distance, name) for cell, name in chosen.items()}
    counts = None
    if TASKS[task].solved is not None:
        counts = {cell: sum(solved(task, score) for score in values) for cell, values in found.items()}
    means = {cell: statistics.fmean(values) for cell, values in found.items()}
    gap = difference(results, task, distance, chosen["LSTM"], chosen["GRU"])
    return Finding(task, distance, len(found["LSTM"]), chosen, means, counts, gap)


def verdict(results: Results, names: dict[str, str] | None = None) -> list[Finding]:
    """Every finding. Of twenty intervals that should hold 0, one is expected to miss it by chance."""
    return [find(results, task, distance, names) for task, distances in DISTANCES.items() for distance in distances]


def tally(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings favour the LSTM, the GRU, and neither."""
    better = [finding.better for finding in findings]
    return {"LSTM": better.count("LSTM"), "GRU": better.count("GRU"), "neither": better.count(None)}


def shares_of(results: Results, task: str, distance: int, entrant: str) -> list[tuple[float, ...]]:
    """The gradient's share at the first step at the four moments, one tuple per seed."""
    seeds = sorted(key.seed for key in results.points if key[:3] == (task, distance, entrant))
    return [results.points[Key(task, distance, entrant, seed)].shares for seed in seeds]


def words(entrant: str) -> str:
    """The entrant's name for tables and figures."""
    return ENTRANTS[checks.one_of("entrant", entrant, ENTRANTS)].words
