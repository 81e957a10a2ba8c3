"""The name classifiers: trained from seeds on `data.names`, measured, and four shipped; rebuilt by one command.

    python -m lessons_src.name_models

takes about five minutes and writes

- `weights/names.json`: for each cell, reading and way of training, what three seeds came to;
- `weights/names_final.npz`, `names_mean.npz`, `names_last.npz`: the small models that NameReader shows, as float16;
- `weights/names_full.npz`: the first of the bidirectional LSTMs that `names.json` tells of, as float16.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from lessons_src import checks, shipped
from lessons_src.classifier import TextClassifier, accuracy
from lessons_src.data import LANGUAGES, Names, names
from lessons_src.early_stopping import Judgement, stop_early
from lessons_src.labelled import Padded, Pair, drawn_batches, padded
from lessons_src.text import Vocabulary
from lessons_src.training import train

FORMAT = "unrolled name model, 1"
ALPHABET = "abcdefghijklmnopqrstuvwxyz ·"
LONGEST = 45
"""No name in the data is longer."""
SEEDS = (0, 1, 2)
SHIPPED_READINGS = ("final", "mean", "last")
SHIPPED_SIZE = {"embedding_size": 16, "hidden_size": 24}


class Variant(NamedTuple):
    """What differs between the classifiers that are compared.

    Attributes:
        cell: RNN, LSTM or GRU.
        bidirectional: whether it reads both ways.
        reading: which vector stands for a name, one of classifier.READINGS.
        with_lengths: whether it is told where each name ends.
        dropout: the share of numbers set to 0 while training.
    """

    cell: str = "LSTM"
    bidirectional: bool = True
    reading: str = "final"
    with_lengths: bool = True
    dropout: float = 0.3

    def __str__(self) -> str:
        ways = "both ways" if self.bidirectional else "forward"
        told = "" if self.with_lengths else ", no lengths"
        return f"{self.cell}, {ways}, {self.reading}{told}, dropout {self.dropout}"


VARIANTS = (
    Variant("RNN"),
    Variant("GRU"),
    Variant("LSTM"),
    Variant("LSTM", bidirectional=False),
    Variant("LSTM", reading="mean"),
    Variant("LSTM", reading="own last"),
    Variant("LSTM", reading="last", with_lengths=False),
    Variant("LSTM", with_lengths=False),
    Variant("LSTM", dropout=0.0),
)


def start(variant: Variant, seed: int = 0, embedding_size: int = 24, hidden_size: int = 64) -> TextClassifier:
    """A classifier of names before training."""
    torch.manual_seed(checks.whole_number("seed", seed, least=0))
    return TextClassifier(
        ALPHABET,
        LANGUAGES,
        embedding_size,
        hidden_size,
        variant.cell,
        variant.bidirectional,
        variant.reading,
        dropout=variant.dropout,
        longest=LONGEST,
        strip_accents=True,
    )


def training(
    model: TextClassifier,
    split: Names,
    seed: int = 0,
    *,
    with_lengths: bool = True,
    steps: int = 800,
    rate: float = 1e-2,
) -> Iterator[Judgement]:
    """Trains in place on `split.train`, judged by the loss on `split.validation`; a judgement every 20 steps.

    Args:
        model: from `start`.
        split: from `data.names(validation=True)`.
        seed: of the batches.
        with_lengths: whether the model is told where a name ends; if not, it reads the padding too.
        steps: the greatest number; early stopping ends most trainings before.
        rate: the learning rate of Adam.
    """
    held_out = padded(model.vocabulary, split.validation)
    batches = drawn_batches(model.vocabulary, split.train, steps, batch_size=64, seed=seed, pool=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    loss = loss_of(with_lengths)
    records = train(model, batches, loss, optimizer, clip_norm=1.0)
    return stop_early(model, records, lambda model: float(loss(model, held_out)), every=20, patience=5)


def loss_of(with_lengths: bool = True) -> Callable[[nn.Module, Padded], Tensor]:
    """The cross-entropy of a batch, in nats, for `training.train`."""

    def loss(model: nn.Module, batch: Padded) -> Tensor:
        return cross_entropy(model(batch.ids, batch.lengths if with_lengths else None), batch.target)

    return loss


def encode(letters: str) -> Int[Tensor, " time"]:
    """The ids of letters (T,), T ≥ 0."""
    return Vocabulary(ALPHABET).encode(letters)


def figures() -> list[dict[str, Any]]:
    """What was measured for each variant and seed when the models were built."""
    return json.loads((shipped.WEIGHTS / "names.json").read_text(encoding="utf-8"))["runs"]


@dataclass(frozen=True, eq=False)
class NameModel:
    """A shipped classifier.

    Attributes:
        model: in evaluation mode, float32.
        seed: of its weights and batches.
        step: after which training step its weights were taken.
        accuracy: the share of the test names that it gets right, as shipped, each name without padding.
    """

    model: TextClassifier
    seed: int
    step: int
    accuracy: float


def load(reading: str = "final") -> NameModel:
    """The shipped bidirectional LSTM that was trained with this reading: "final", "mean" or "last"."""
    return read(shipped.WEIGHTS / f"names_{checks.one_of('reading', reading, SHIPPED_READINGS)}.npz")


def load_full() -> NameModel:
    """The shipped bidirectional LSTM of the size that `figures` tells of, read by its final states."""
    return read(shipped.WEIGHTS / "names_full.npz")


def read(path: Path) -> NameModel:
    """Returns the model in a file that `write` wrote; any other file is refused.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is something else.
    """
    with shipped.expecting(path, "a name model, as `python -m lessons_src.name_models` writes it"):
        about, weights = shipped.read(path, FORMAT)
        if (about["alphabet"], tuple(about["classes"])) != (ALPHABET, LANGUAGES):
            raise ValueError("made for another alphabet or other classes")
        sizes = {name: about[name] for name in SHIPPED_SIZE}
        model = start(Variant(reading=about["reading"]), about["seed"], **sizes).eval()
        model.load_state_dict(weights)
        return NameModel(model, about["seed"], about["step"], about["accuracy"])


def write(trained: NameModel, path: Path) -> None:
    """Stores the model with what was measured."""
    about = {
        "alphabet": ALPHABET,
        "classes": LANGUAGES,
        "reading": trained.model.reading,
        **{name: trained.model.settings[name] for name in SHIPPED_SIZE},
        "seed": trained.seed,
        "step": trained.step,
        "accuracy": trained.accuracy,
    }
    shipped.write(path, FORMAT, about, trained.model)


def run(variant: Variant, seed: int, steps: int = 800, **sizes: int) -> tuple[TextClassifier, dict[str, Any]]:
    """Trains one classifier and measures it.

    Returns:
        the model with its best weights, in evaluation mode; the validation losses after 20 and 40 steps, the best step
        and its validation loss, and the accuracy on names it has not learnt from: "validation" and "test" in one batch
        each, padded to the longest name, and "alone" on the test names without padding.
    """
    split = names(validation=True)
    model = start(variant, seed, **sizes)
    judgements = list(training(model, split, seed, with_lengths=variant.with_lengths, steps=steps))
    best = min(judgements, key=lambda judgement: judgement.validation)
    model.eval()
    found = {
        part: round(accuracy(model, padded(model.vocabulary, pairs), with_lengths=variant.with_lengths), 4)
        for part, pairs in (("validation", split.validation), ("test", split.test))
    }
    early = [round(judgement.validation, 4) for judgement in judgements[:2]]
    about = variant._asdict() | {"seed": seed, "early": early, "step": best.step, "loss": round(best.validation, 4)}
    return model, about | found | {"alone": round(accuracy_alone(model, split.test), 4)}


def accuracy_alone(model: TextClassifier, pairs: Sequence[Pair]) -> float:
    """The share of names that are right if none is padded: names of one length go together."""
    lengths = {len(name) for name, _ in pairs}
    groups = [[pair for pair in pairs if len(pair[0]) == length] for length in sorted(lengths)]
    return sum(accuracy(model, padded(model.vocabulary, group)) * len(group) for group in groups) / len(pairs)


def _ship(variant: Variant, path: Path, **sizes: int) -> None:
    """Trains one model from the first seed, rounds it to what is shipped, measures that and writes it."""
    model, about = run(variant, SEEDS[0], **sizes)
    model.half().float()
    found = round(accuracy_alone(model, names(validation=True).test), 4)
    write(NameModel(model, SEEDS[0], about["step"], found), path)
    tqdm.write(f"wrote {path} ({path.stat().st_size} bytes, {found:.3f} of the test names)")


def main(arguments: Sequence[str] | None = None) -> None:
    """Rebuilds what is stored, from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.name_models", description="Trains and measures the name classifiers."
    )
    parser.add_argument("--out", type=Path, default=shipped.WEIGHTS, help="where to write (default: the package)")
    parser.add_argument("--only-shipped", action="store_true", help="train the four shipped models only")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    options.out.mkdir(parents=True, exist_ok=True)
    for reading in SHIPPED_READINGS:
        variant = Variant(reading=reading, with_lengths=reading != "last")
        _ship(variant, options.out / f"names_{reading}.npz", **SHIPPED_SIZE)
    _ship(Variant(), options.out / "names_full.npz")
    if options.only_shipped:
        return
    todo = [(variant, seed) for variant in VARIANTS for seed in SEEDS]
    runs = []
    for variant, seed in (bar := tqdm(todo, unit="model")):
        bar.set_postfix_str(f"{variant}, seed {seed}")
        runs.append(run(variant, seed)[1])
    stored = {"torch": torch.__version__.split("+")[0], "runs": runs}
    (options.out / "names.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
