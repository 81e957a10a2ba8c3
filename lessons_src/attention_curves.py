"""How fast and how far models learn with and without attention: the runs, the file that holds them, the command.

    python -m lessons_src.attention_curves      # measures what is missing, about 15 minutes; start it again to go on

All entrants have as many parameters as "dot", within two percent. Each learns with the rate that had the lowest
training loss at the end of a trial with a seed of its own.
"""

import argparse
import datetime
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from lessons_src import checks
from lessons_src.decoding import exact_match
from lessons_src.pairs import Pair, Pairs, copies, dates
from lessons_src.seq2seq import learn, model_for
from lessons_src.whole_files import written_whole

RESULTS = Path(__file__).parent / "results" / "attention_curves.json"
FORMAT = "unrolled attention curves, 1"
SEEDS = (0, 1, 2)
TRIAL_SEED = 100
EMBEDDING = 16
JUDGED = 300
"""So many held-out pairs judge a point of a curve."""

LAST = 20
"""The training loss at the end is the mean over so many steps."""


class Entrant(NamedTuple):
    """A kind of model: options of Seq2Seq, with the hidden size that makes the numbers of parameters equal."""

    attention: str
    bidirectional: bool
    hidden_size: int


ENTRANTS: Mapping[str, Entrant] = MappingProxyType(
    {
        "dot": Entrant("dot", True, 64),
        "additive": Entrant("additive", True, 62),
        "none": Entrant("none", True, 76),
        "dot, one way": Entrant("dot", False, 86),
        "additive, one way": Entrant("additive", False, 82),
        "none, one way": Entrant("none", False, 104),
    }
)


class Task(NamedTuple):
    """What is learnt.

    Attributes:
        steps: how long.
        at: the steps at which the held-out pairs are judged, or for copies the lengths that are judged at the end.
        entrants: who learns it.
        tried_on: the task whose trials choose the rate.
        rates: what is tried.
    """

    steps: int
    at: tuple[int, ...]
    entrants: tuple[str, ...]
    tried_on: str
    rates: tuple[float, ...]


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "dates": Task(200, tuple(range(20, 201, 20)), tuple(ENTRANTS), "dates", (0.01, 0.02)),
        "dates, long": Task(2000, tuple(range(200, 2001, 200)), ("none, one way",), "dates, long", (0.005, 0.01)),
        "copies": Task(400, tuple(range(3, 26, 2)), ("dot", "additive", "none"), "dates", (0.01, 0.02)),
    }
)


class Key(NamedTuple):
    """A run; a trial has TRIAL_SEED."""

    task: str
    entrant: str
    rate: float
    seed: int


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        match: the share of held-out pairs written without a mistake, at each of the task's `at`.
        loss: in training, the mean of the last steps, in nats per token.
        torch: the version.
        date: when, as ISO 8601.
    """

    match: tuple[float, ...]
    loss: float
    torch: str
    date: str


Runs = dict[Key, Run]


@cache
def pairs_of(task: str) -> Pairs:
    """The data of a task: dates, or random letters of length 1 to 15."""
    return dates() if task.startswith("dates") else copies(longest=15)


@cache
def letters(length: int) -> tuple[Pair, ...]:
    """Held-out copies of this length; none of them can occur in training, whatever its seed."""
    return copies(1, 100, shortest=length, longest=length).test


def measure(key: Key) -> Run:
    """Trains and judges one model."""
    task = TASKS[checks.one_of("task", key.task, TASKS)]
    options = ENTRANTS[checks.one_of("entrant", key.entrant, ENTRANTS)]._asdict()
    pairs = pairs_of(key.task)
    model = model_for(pairs.train, key.seed, embedding_size=EMBEDDING, **options)
    losses, match = [], []
    for record in learn(model, pairs.train, task.steps, rate=key.rate, seed=key.seed):
        losses.append(record.loss)
        if key.task != "copies" and record.step in task.at:
            match.append(exact_match(model, pairs.test[:JUDGED]))
    if key.task == "copies":
        match = [exact_match(model, letters(length)) for length in task.at]
    version = torch.__version__.split("+")[0]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Run(tuple(round(m, 4) for m in match), round(statistics.fmean(losses[-LAST:]), 4), version, today)


def trials(task: str, entrant: str) -> list[Key]:
    """The runs that choose the learning rate of an entrant in a task."""
    return [Key(TASKS[task].tried_on, entrant, rate, TRIAL_SEED) for rate in TASKS[task].rates]


def chosen(runs: Mapping[Key, Run], task: str, entrant: str) -> list[Key]:
    """One run for each seed, with the rate that the trials chose."""
    best = min(trials(task, entrant), key=lambda key: runs[key].loss)
    return [Key(task, entrant, best.rate, seed) for seed in SEEDS]


def curves(runs: Mapping[Key, Run], task: str, entrant: str) -> list[tuple[float, ...]]:
    """The exact match at each of the task's `at`, for each seed."""
    return [runs[key].match for key in chosen(runs, task, entrant)]


def load(path: Path = RESULTS) -> Runs:
    """Reads what was measured; a file that is missing holds nothing.

    Raises:
        ValueError: the file is damaged, or is something else.
    """
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            raise ValueError(f"format {stored['format']!r}")
        return {_key(row): _run(row) for row in stored["runs"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"path: {path} is damaged, or holds no attention curves ({error!r})") from None


def save(runs: Mapping[Key, Run], path: Path = RESULTS) -> None:
    """Writes everything, whole or not at all, one run a line."""
    rows = [json.dumps({**key._asdict(), **asdict(runs[key])}) for key in sorted(runs)]
    path.parent.mkdir(exist_ok=True)
    with written_whole(path) as aside:
        aside.write_text(f'{{"format": "{FORMAT}", "runs": [\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")


def _key(row: Mapping[str, Any]) -> Key:
    task = checks.one_of("task", row["task"], TASKS)
    return Key(task, checks.one_of("entrant", row["entrant"], ENTRANTS), float(row["rate"]), int(row["seed"]))


def _run(row: Mapping[str, Any]) -> Run:
    match = tuple(checks.number_between("match", share, 0.0, 1.0) for share in row["match"])
    if len(match) != len(TASKS[row["task"]].at):
        raise ValueError(f"{len(match)} shares for {row['task']}")
    return Run(match, float(row["loss"]), str(row["torch"]), str(row["date"]))


def missing(runs: Mapping[Key, Run]) -> list[Key]:
    """What is not there yet and can be measured now: the trials of an entrant come before its runs."""
    everything = [(name, entrant) for name, task in TASKS.items() for entrant in task.entrants]
    first = dict.fromkeys(key for task, entrant in everything for key in trials(task, entrant) if key not in runs)
    if first:
        return list(first)
    return [key for task, entrant in everything for key in chosen(runs, task, entrant) if key not in runs]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.attention_curves", description="Measures learning with and without attention."
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file (default: the package's)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        runs = load(options.results)
        while todo := missing(runs):
            for key in tqdm(todo, unit="run"):
                runs[key] = measure(key)
                save(runs, options.results)
    except ValueError as error:
        parser.exit(2, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"Stopped; every finished run is in {options.results}. Start again to go on.\n")


if __name__ == "__main__":
    main()
