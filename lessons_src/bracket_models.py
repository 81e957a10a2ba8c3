"""GateScope's models: trained on the language of brackets, shipped as float16, rebuilt by one command.

    python -m lessons_src.bracket_models

trains an LSTM, a GRU and an RNN of 32 units from three seeds each (one to two minutes per model) and writes, per cell,

- `weights/brackets_lstm.npz`: the weights and landmarks of one seed, the one whose unit tracks "inside quotes" best,
  since that is the unit GateScope shows first;
- `weights/brackets_lstm.json`: what was measured for every seed, so that no figure in the book rests on one of them.
"""

import argparse
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from lessons_src import checks, shipped
from lessons_src.bracket_measures import (
    QUANTITIES,
    STEPS,
    HeldOut,
    Judgement,
    Landmark,
    correlations,
    find_landmarks,
    judge,
    memory,
)
from lessons_src.bracket_training import CELLS, train_model, untrained
from lessons_src.brackets import ALPHABET, CLASSES, CLOSERS
from lessons_src.models import CharModel
from lessons_src.tracing import clamp_gate

FORMAT = "unrolled bracket model, 1"
SEEDS = (0, 1, 2)
TRAINING_STEPS = 3500

FIRST_LINE = "one (two) three\n"
"""What a model reads before a reader's text. A newline alone would not do: no training text begins with one."""

SEARCH_SEED, MEASURE_SEED = 0, 1
"""Held-out lines on which landmarks are searched for, and others on which everything is measured."""

DISTANCES = ((0, 10), (10, 20), (20, 40), (40, 80), (80, STEPS))
"""Ranges of steps between an opener and its closer: more than the first, at most the second."""


class Clamp(NamedTuple):
    """A gate held at a value, in the unit of one landmark or (None) in all units."""

    gate: str
    value: int
    landmark: str | None

    def __str__(self) -> str:
        where = "in all units" if self.landmark is None else f"in the unit for “{self.landmark}”"
        return f"{self.gate} = {self.value} {where}"


CLAMPS: Mapping[str, tuple[Clamp, ...]] = MappingProxyType(
    {
        "LSTM": (
            Clamp("f", 0, "inside quotes"),
            Clamp("f", 1, "inside quotes"),
            Clamp("f", 0, "{ is open"),
            Clamp("f", 0, "( is open"),
            Clamp("f", 0, None),
            Clamp("i", 0, None),
            Clamp("o", 0, None),
        ),
        "GRU": (Clamp("z", 0, "inside quotes"), Clamp("z", 0, None)),
        "RNN": (),
    }
)
"""The experiments that are measured; z is the GRU's gate that keeps the past."""


@dataclass(frozen=True, eq=False)
class BracketModel:
    """A trained model and where to look in it.

    Attributes:
        model: in evaluation mode; its alphabet is brackets.ALPHABET, its classes brackets.CLASSES.
        landmarks: the units that track something, in the order in which GateScope shows them.
        seed: of its first weights and its training text.
        steps: how long it was trained.
    """

    model: CharModel
    landmarks: tuple[Landmark, ...]
    seed: int
    steps: int

    @property
    def cell(self) -> str:
        """LSTM, GRU or RNN."""
        return self.model.cell

    def landmark(self, label: str) -> Landmark:
        """The unit for one of `bracket_measures.QUANTITIES`."""
        checks.one_of("label", label, [landmark.label for landmark in self.landmarks])
        return next(landmark for landmark in self.landmarks if landmark.label == label)

    def start(self) -> Tensor | tuple[Tensor, Tensor]:
        """The state after a line, from which a reader's text starts: h (1, 1, H), for an LSTM (h, c)."""
        with torch.no_grad():
            _, state = self.model(self.model.vocabulary.encode(FIRST_LINE)[None])
        return state

    def clamped(self, clamp: Clamp) -> CharModel:
        """A copy of the model with one gate held."""
        units = None if clamp.landmark is None else [self.landmark(clamp.landmark).unit]
        clamped = copy.deepcopy(self.model)
        clamped.recurrent = clamp_gate(clamped.recurrent, clamp.gate, clamp.value, units)
        return clamped


def load(cell: str) -> BracketModel:
    """Returns the shipped model of a cell, "LSTM", "GRU" or "RNN", in float32."""
    return read(shipped.WEIGHTS / f"brackets_{checks.one_of('cell', cell, CELLS).lower()}.npz")


def read(path: Path) -> BracketModel:
    """Returns the model in a file that `write` wrote; any other file is refused.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is something else.
    """
    with shipped.expecting(path, "a bracket model, as `python -m lessons_src.bracket_models` writes it"):
        about, weights = shipped.read(path, FORMAT)
        if (about["alphabet"], tuple(about["classes"])) != (ALPHABET, CLASSES):
            raise ValueError("made for another alphabet or other classes")
        model = untrained(about["cell"]).eval()
        model.load_state_dict(weights)
        landmarks = tuple(Landmark(**landmark) for landmark in about["landmarks"])
        return BracketModel(model, landmarks, about["seed"], about["steps"])


def write(bracket_model: BracketModel, path: Path) -> None:
    """Stores the model with its landmarks."""
    about = {
        "cell": bracket_model.cell,
        "alphabet": ALPHABET,
        "classes": CLASSES,
        "seed": bracket_model.seed,
        "steps": bracket_model.steps,
        "landmarks": [asdict(landmark) for landmark in bracket_model.landmarks],
    }
    shipped.write(path, FORMAT, about, bracket_model.model)


def figures(cell: str) -> list[dict[str, Any]]:
    """What was measured for each trained seed of a cell; see `measure`."""
    path = shipped.WEIGHTS / f"brackets_{checks.one_of('cell', cell, CELLS).lower()}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def measure(trained: BracketModel, lines: HeldOut, english: HeldOut) -> dict[str, Any]:
    """What a model can do: its closers, by kind and by distance, clean and clamped, and its landmarks' r."""
    judgement = judge(trained.model, lines)
    clamped = {str(clamp): _accuracies(judge(trained.clamped(clamp), lines)) for clamp in CLAMPS[trained.cell]}
    found = memory(trained.model, lines)
    landmarks = {
        landmark.label: {
            "unit": landmark.unit,
            "r": _rounded(correlations(found, lines.each_place(QUANTITIES[landmark.label]))[landmark.unit]),
        }
        for landmark in trained.landmarks
    }
    return {
        "seed": trained.seed,
        "steps": trained.steps,
        "landmarks": landmarks,
        "closers": {"nothing": _accuracies(judgement), **clamped},
        "by distance": [
            {"beyond": low, "up to": high, "accuracy": _rounded(judgement.accuracy(None, low, high))}
            for low, high in DISTANCES
        ],
        "English": _accuracies(judge(trained.model, english)),
    }


def _accuracies(judgement: Judgement) -> dict[str, float]:
    """The share of closers named, in all and of each kind, and how often a closing quote is announced in vain."""
    kinds = {closer: _rounded(judgement.accuracy(closer)) for closer in CLOSERS}
    return {"all": _rounded(judgement.accuracy()), **kinds, "announced in vain": _rounded(judgement.announced)}


def _rounded(number: float) -> float:
    return round(float(number), 4)


def _train_and_search(cell: str, seed: int, steps: int) -> BracketModel:
    """Trains one model with a progress bar, rounds it to what is shipped, and searches its landmarks."""
    model, records = train_model(cell, seed, steps)
    progress = tqdm(records, total=steps, desc=f"{cell} seed {seed}", unit="step", mininterval=1.0)
    for record in progress:
        progress.set_postfix(loss=f"{record.loss:.3f}", refresh=False)
    model.half().float().eval()
    return BracketModel(model, find_landmarks(model, HeldOut.lines(SEARCH_SEED)), seed, steps)


def _rebuild(cell: str, seeds: Sequence[int], steps: int, out: Path) -> None:
    """Trains a cell from every seed, writes the model that is shipped and what was measured for all."""
    trained = [_train_and_search(cell, seed, steps) for seed in seeds]
    best = max(trained, key=lambda model: abs(model.landmark("inside quotes").r))
    lines, english = HeldOut.lines(MEASURE_SEED), HeldOut.english()
    table = [{"shipped": model is best, **measure(model, lines, english)} for model in trained]
    weights, measured = out / f"brackets_{cell.lower()}.npz", out / f"brackets_{cell.lower()}.json"
    write(best, weights)
    measured.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {weights} ({weights.stat().st_size} bytes, seed {best.seed}) and {measured}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Rebuilds the shipped models from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.bracket_models", description="Trains and measures GateScope's models."
    )
    parser.add_argument("--cell", nargs="+", choices=CELLS, default=CELLS, help="the cells (default: all)")
    parser.add_argument("--seed", nargs="+", type=int, default=SEEDS, help="the seeds of each cell (default: 0 1 2)")
    parser.add_argument("--steps", type=int, default=TRAINING_STEPS, help="training steps (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=shipped.WEIGHTS, help="where to write (default: the package)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    options.out.mkdir(parents=True, exist_ok=True)
    for cell in options.cell:
        _rebuild(cell, options.seed, options.steps, options.out)


if __name__ == "__main__":
    main()
