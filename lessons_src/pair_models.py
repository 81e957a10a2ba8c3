"""The models that Part IV shows, small ones, shipped as float16 and rebuilt by one command.

    python -m lessons_src.pair_models

trains them (a few minutes) and writes `weights/dates.npz` and `weights/sums.npz`.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from tqdm import tqdm

from lessons_src import checks, shipped
from lessons_src.decoding import exact_match
from lessons_src.pairs import Pairs, additions, dates, turned_round
from lessons_src.seq2seq import Seq2Seq, learn, model_for
from lessons_src.text import Vocabulary

FORMAT = "unrolled pair model, 1"
SEED = 0


@dataclass(frozen=True)
class Recipe:
    """How a shipped model is made.

    Attributes:
        pairs: what it learns from.
        steps: how long.
        options: of Seq2Seq.
    """

    pairs: Callable[[], Pairs]
    steps: int
    options: Mapping[str, Any]


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "dates": Recipe(dates, 1000, {"embedding_size": 16, "hidden_size": 32}),
        "sums": Recipe(
            lambda: turned_round(additions()),
            4000,
            {"embedding_size": 16, "hidden_size": 64, "attention": "none", "bidirectional": False},
        ),
    }
)
"""Dates with dot attention; sums without attention, the source read from its end."""


@dataclass(frozen=True, eq=False)
class PairModel:
    """A shipped model.

    Attributes:
        model: in evaluation mode, float32.
        name: of its recipe.
        seed: of its weights and batches.
        steps: how long it was trained.
        exact_match: on the test pairs of its recipe, as shipped.
    """

    model: Seq2Seq
    name: str
    seed: int
    steps: int
    exact_match: float


def load(name: str) -> PairModel:
    """The shipped model "dates" or "sums"."""
    return read(shipped.WEIGHTS / f"{checks.one_of('name', name, RECIPES)}.npz")


def read(path: Path) -> PairModel:
    """Returns the model in a file that `write` wrote; any other file is refused.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is something else.
    """
    with shipped.expecting(path, "a pair model, as `python -m lessons_src.pair_models` writes it"):
        about, weights = shipped.read(path, FORMAT)
        source, target = Vocabulary(about["source"]), Vocabulary(about["target"])
        model = Seq2Seq(source, target, **RECIPES[about["name"]].options)
        model.load_state_dict(weights)
        return PairModel(model.eval(), about["name"], about["seed"], about["steps"], about["exact_match"])


def write(trained: PairModel, path: Path) -> None:
    """Stores the model with its vocabularies."""
    about = {
        "name": trained.name,
        "source": trained.model.source.alphabet,
        "target": trained.model.target.alphabet,
        "seed": trained.seed,
        "steps": trained.steps,
        "exact_match": trained.exact_match,
    }
    shipped.write(path, FORMAT, about, trained.model)


def build(name: str, steps: int | None = None, seed: int = SEED) -> PairModel:
    """Trains one model with a progress bar, rounds it to what is shipped, and measures that."""
    recipe = RECIPES[checks.one_of("name", name, RECIPES)]
    pairs, steps = recipe.pairs(), recipe.steps if steps is None else steps
    model = model_for(pairs.train, seed, **recipe.options)
    for record in (bar := tqdm(learn(model, pairs.train, steps, seed=seed), total=steps, desc=name, unit="step")):
        bar.set_postfix(loss=f"{record.loss:.3f}", refresh=False)
    model.half().float().eval()
    return PairModel(model, name, seed, steps, exact_match(model, pairs.test))


def main(arguments: Sequence[str] | None = None) -> None:
    """Rebuilds the shipped models from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.pair_models", description="Trains and measures the models of Part IV."
    )
    parser.add_argument("--name", nargs="+", choices=RECIPES, default=list(RECIPES), help="which (default: all)")
    parser.add_argument("--steps", type=int, help="training steps (default: the recipe's)")
    parser.add_argument("--out", type=Path, default=shipped.WEIGHTS, help="where to write (default: the package)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.name:
        trained = build(name, options.steps)
        path = options.out / f"{name}.npz"
        write(trained, path)
        print(f"wrote {path} ({path.stat().st_size} bytes, exact match {trained.exact_match:.3f})")


if __name__ == "__main__":
    main()
