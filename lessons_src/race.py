"""The race between RNN, LSTM and GRU: which points there are, the file that holds them, the command that computes them.

    python -m lessons_src.race run       # computes what is missing; interrupt it at any time and start it again
    python -m lessons_src.race list      # says what is missing
    python -m lessons_src.race check recall/10/LSTM-3/0     # trains a stored point again and compares

A point is named task/distance/entrant/seed. Before it can be computed, its learning rate is chosen by trials on seeds
of their own, named task/distance/entrant/seed/rate; both are kept in `results/race.json`.
"""

import argparse
import dataclasses
import datetime
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from lessons_src import checks
from lessons_src.race_training import ENTRANTS, TASKS, Outcome, run, validation_loss
from lessons_src.whole_files import written_whole

RESULTS = Path(__file__).parent / "results" / "race.json"
FORMAT = "unrolled race, 1"
SEEDS = (0, 1, 2)
RATES = (0.003, 0.01, 0.03)
DISTANCES: Mapping[str, tuple[int, ...]] = {
    "recall": (10, 20, 40, 80),
    "adding": (10, 20, 40, 80),
    "text": (50,),
    "text-16": (50,),
}
TRIALS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "recall": ((20, 100), (20, 101), (40, 100), (40, 101)),
    "adding": ((20, 100), (20, 101), (40, 100), (40, 101)),
    "text": ((50, 100),),
    "text-16": ((50, 100),),
}
"""The distances and seeds at which learning rates are tried; runs on text differ little from seed to seed."""

MARGINS = {"recall": 0.05, "adding": 0.005, "text": 0.03, "text-16": 0.03}
"""How far a score may be from the stored one when a point is trained again, in the task's unit."""

LOSS_MARGIN = 0.03
"""How far each noted training loss may be from the stored one, as a share of it or of 0.01."""

SHARE_MARGIN = 0.1
"""The same for the gradient's share before training, which is stored with two digits."""


class Key(NamedTuple):
    """A point of the grid."""

    task: str
    distance: int
    entrant: str
    seed: int

    def __str__(self) -> str:
        return "/".join(map(str, self))

    @classmethod
    def of(cls, text: str) -> "Key":
        """From task/distance/entrant/seed; anything that is no point of the grid is refused."""
        found = {str(key): key for key in grid()}.get(text)
        if found is None:
            raise ValueError(f"key: expected task/distance/entrant/seed of a point in the grid, got {text!r}")
        return found


class Trial(NamedTuple):
    """A run from which a learning rate is chosen."""

    task: str
    distance: int
    entrant: str
    seed: int
    rate: float

    def __str__(self) -> str:
        return "/".join(map(str, self))


@dataclass(frozen=True)
class Point(Outcome):
    """An outcome as it is stored.

    Attributes:
        rate: the learning rate that the trials chose.
        torch: the version it was computed with.
        date: when, as ISO 8601.
    """

    rate: float
    torch: str
    date: str


@dataclass
class Results:
    """All that was computed so far.

    Attributes:
        points: by key.
        trials: the validation loss of each trial.
    """

    points: dict[Key, Point] = field(default_factory=dict)
    trials: dict[Trial, float] = field(default_factory=dict)

    def tried(self, task: str, entrant: str) -> dict[float, float]:
        """Learning rate → mean validation loss over the trials of an entrant in a task; infinite where it diverged."""
        return {
            rate: statistics.fmean(self.trials[t] for t in trials_of(task, entrant) if t.rate == rate) for rate in RATES
        }

    def rate(self, task: str, entrant: str) -> float:
        """The learning rate with the lowest mean validation loss."""
        tried = self.tried(task, entrant)
        return min(RATES, key=lambda rate: tried[rate])

    def start(self, task: str, cell: str) -> str:
        """The entrant of a cell, at equal parameters, whose best rate has the lowest mean validation loss."""
        names = [n for n in entrants(task) if ENTRANTS[n].cell == cell and ENTRANTS[n].equal == "parameters"]
        return min(names, key=lambda name: min(self.tried(task, name).values()))


def entrants(task: str) -> tuple[str, ...]:
    """Who takes part in a task: equal width is tried on text only."""
    return tuple(name for name in ENTRANTS if ENTRANTS[name].equal == "parameters" or task.startswith("text"))


def grid() -> list[Key]:
    """Every point, first seeds first."""
    return [
        Key(task, distance, entrant, seed)
        for seed in SEEDS
        for task, distances in DISTANCES.items()
        for distance in distances
        for entrant in entrants(task)
    ]


def trials_of(task: str, entrant: str) -> list[Trial]:
    """The trials from which the learning rate of an entrant in a task is chosen."""
    return [Trial(task, distance, entrant, seed, rate) for distance, seed in TRIALS[task] for rate in RATES]


def load(path: Path = RESULTS) -> Results:
    """Reads what was computed; a file that is missing holds nothing.

    Raises:
        ValueError: the file is damaged, or is something else.
    """
    if not path.exists():
        return Results()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            raise ValueError(f"format {stored['format']!r}")
        known = {str(key): key for key in grid()}
        points = {known[name]: _point(row, stored["made"]) for name, row in stored["points"].items()}
        trials = {_trial(key): math.inf if loss is None else float(loss) for key, loss in stored["trials"].items()}
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"path: {path} is damaged, or is no results of the race ({error!r})") from None
    return Results(points, trials)


def save(results: Results, path: Path = RESULTS) -> None:
    """Writes everything, whole or not at all: one point per line, numbers to four digits."""
    made = sorted({(p.torch, p.date) for p in results.points.values()})
    order = {key: k for k, key in enumerate(grid())}
    points = {str(key): _row(results.points[key], made) for key in sorted(results.points, key=order.__getitem__)}
    trials = {str(t): _digits(loss) if math.isfinite(loss) else None for t, loss in sorted(results.trials.items())}
    columns = ["rate", "score", "fitted", "losses", "shares", "milliseconds", "made"]
    parts = {"format": FORMAT, "columns": columns, "made": made}
    lines = [f'"{name}": {json.dumps(value)}' for name, value in parts.items()]
    tables: dict[str, dict[str, Any]] = {"trials": trials, "points": points}
    for name, table in tables.items():
        rows = [f'"{key}":{json.dumps(row, separators=(",", ":"))}' for key, row in table.items()]
        lines.append(f'"{name}": {{\n' + ",\n".join(rows) + "\n}")
    with written_whole(path) as aside:
        aside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _row(point: Point, made: Sequence[tuple[str, str]]) -> list[Any]:
    fitted = None if point.fitted is None else _digits(point.fitted)
    losses, shares = [_digits(v) for v in point.losses], [float(f"{v:.2g}") for v in point.shares]
    which = made.index((point.torch, point.date))
    return [point.rate, _digits(point.score), fitted, losses, shares, float(f"{point.milliseconds:.3g}"), which]


def _point(row: Sequence[Any], made: Sequence[Sequence[str]]) -> Point:
    rate, score, fitted, losses, shares, milliseconds, which = row
    torch_version, date = made[which]
    return Point(score, fitted, tuple(losses), tuple(shares), milliseconds, rate, torch_version, date)


def _trial(text: str) -> Trial:
    task, distance, entrant, seed, rate = text.split("/")
    return Trial(checks.one_of("task", task, TASKS), int(distance), entrant, int(seed), float(rate))


def missing(results: Results, only: str = "") -> list[Trial | Key]:
    """What is not there yet, in the order in which it is computed; `only` keeps points whose name begins so."""
    points = [key for key in grid() if str(key).startswith(only)]
    needed = {t: None for key in points for t in trials_of(key.task, key.entrant)}
    return [*(t for t in needed if t not in results.trials), *(k for k in points if k not in results.points)]


def compute(results: Results, what: Trial | Key) -> None:
    """Computes one trial or one point and puts it into `results`."""
    if isinstance(what, Trial):
        try:
            results.trials[what] = validation_loss(what.task, what.distance, what.entrant, what.rate, what.seed)
        except FloatingPointError:  # this rate diverges, so it is not chosen
            results.trials[what] = math.inf
        return
    rate = results.rate(what.task, what.entrant)
    outcome = run(what.task, what.distance, what.entrant, rate, what.seed)
    version, today = torch.__version__.split("+")[0], datetime.datetime.now(datetime.UTC).date().isoformat()
    results.points[what] = Point(**dataclasses.asdict(outcome), rate=rate, torch=version, date=today)


def check(key: Key, stored: Point) -> list[str]:
    """Trains a stored point again; a sentence for each thing that is further from the stored one than its margin."""
    return compare(key, stored, run(key.task, key.distance, key.entrant, stored.rate, key.seed))


def compare(key: Key, stored: Point, found: Outcome) -> list[str]:
    """A sentence for each thing in which two outcomes of a point differ by more than its margin."""
    faults = []
    if abs(found.score - stored.score) > MARGINS[key.task]:
        faults.append(f"{key}: score {found.score:.4f}, stored {stored.score:.4f}, margin {MARGINS[key.task]}")
    for part, (new, old) in enumerate(zip(found.losses, stored.losses, strict=True), start=1):
        if abs(new - old) > LOSS_MARGIN * max(abs(old), 0.01):
            faults.append(f"{key}: training loss {new:.4g} after part {part}, stored {old:.4g}")
    new, old = found.shares[0], stored.shares[0]
    if abs(new - old) > SHARE_MARGIN * old:
        faults.append(f"{key}: gradient share {new:.2g} before training, stored {old:.2g}")
    return faults


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lessons_src.race", description="The race of RNN, LSTM and GRU.")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of results (default: the package's)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in {"run": "compute what is missing", "list": "say what is missing"}.items():
        command = commands.add_parser(name, help=words)
        command.add_argument("--only", default="", metavar="START", help="points whose name begins so: recall/40")
    again = commands.add_parser("check", help="train stored points again and compare")
    again.add_argument("key", nargs="+", help="task/distance/entrant/seed, such as recall/10/LSTM-3/0")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        results = load(options.results)
        if options.command == "check":
            _check_all(results, [Key.of(key) for key in options.key])
            return
        todo = missing(results, options.only)
        if options.command == "list":
            print("\n".join(map(str, todo)) or "nothing is missing")
            return
        for what in tqdm(todo, desc="race", unit="run"):
            compute(results, what)
            save(results, options.results)
    except ValueError as error:
        parser.exit(2, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"Stopped; every finished run is in {options.results}. Start again to go on.\n")


def _check_all(results: Results, keys: Sequence[Key]) -> None:
    faults = []
    for key in keys:
        if key not in results.points:
            raise ValueError(f"key: {key} is not in the results yet")
        wrong = check(key, results.points[key])
        print(f"{key}: {'differs' if wrong else 'as stored, within the margins'}")
        faults += wrong
    if faults:
        raise ValueError("\n".join(faults))


if __name__ == "__main__":
    main()
