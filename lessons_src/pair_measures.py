"""How well models of Part IV do, measured over training, from several seeds: what takes longer than a chapter may.

    python -m lessons_src.pair_measures            # computes what is missing: about eight minutes for everything
    python -m lessons_src.pair_measures --list     # says what is there

An arm is one way to train; each is run from the seeds 0, 1 and 2, and noted at eight steps. The runs are kept in
`results/pairs.json`, written anew after each of them, so the command may be interrupted and started again.
"""

import argparse
import dataclasses
import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from tqdm import tqdm

from lessons_src import checks
from lessons_src.decoding import greedy
from lessons_src.forcing import follow, share_behind
from lessons_src.pairs import Pairs, additions, copies, dates, turned_round
from lessons_src.seq2seq import Batch, Seq2Seq, loss, model_for
from lessons_src.training import train, warm_cosine
from lessons_src.whole_files import written_whole

RESULTS = Path(__file__).parent / "results" / "pairs.json"
FORMAT = "unrolled pair measures, 1"
SEEDS = (0, 1, 2)
POINTS = 8
JUDGED = 500
LOSS_MARGIN, SHARE_MARGIN = 0.1, 0.1
"""How far a run on another machine may be from a stored point: the loss as a share of it, exact match as it is."""


@dataclass(frozen=True)
class Arm:
    """One way to train, without attention and with an encoder that reads one way, unless the options say otherwise.

    Attributes:
        pairs: what it learns from.
        steps: how long.
        options: of Seq2Seq.
        forcing: see `seq2seq.loss`.
        misled: whether it is measured behind a wrong first token, too.
    """

    pairs: Callable[[], Pairs]
    steps: int
    options: Mapping[str, Any]
    forcing: float = 1.0
    misled: bool = False


def _sums() -> Pairs:
    return additions(20_000, JUDGED)


def _reversed_sums() -> Pairs:
    return turned_round(_sums())


def _dates() -> Pairs:
    return dates(20_000, JUDGED)


def _copies() -> Pairs:
    return copies(20_000, JUDGED)


WIDTHS = (16, 32, 64, 128)
ARMS: Mapping[str, Arm] = MappingProxyType(
    {
        "sums": Arm(_sums, 2000, {"hidden_size": 64}),
        "sums, source reversed": Arm(_reversed_sums, 2000, {"hidden_size": 64}, misled=True),
        "sums, fed zeros": Arm(_reversed_sums, 2000, {"hidden_size": 64, "decoder_input": "zeros"}),
        "sums, half forced": Arm(_reversed_sums, 2000, {"hidden_size": 64}, forcing=0.5, misled=True),
        "sums, free": Arm(_reversed_sums, 2000, {"hidden_size": 64}, forcing=0.0, misled=True),
        "dates": Arm(_dates, 1000, {"hidden_size": 64}),
        **{f"copies, H = {width}": Arm(_copies, 640, {"hidden_size": width}) for width in WIDTHS},
    }
)


@dataclass(frozen=True)
class Point:
    """What was seen at one step.

    Attributes:
        step: from 1.
        loss: of that step's batch, in nats per token.
        exact: the share of 500 held-out pairs that were written without a mistake.
    """

    step: int
    loss: float
    exact: float


@dataclass(frozen=True)
class Run:
    """One training of an arm.

    Attributes:
        arm: of ARMS.
        seed: of the weights, the batches and the draws of forcing.
        points: over training.
        by_length: (characters of the source, how many such pairs, how many right), at the end.
        then_zeros: the share of right ones if the trained decoder is fed zeros from then on.
        torch: the version.
        date: when it ran.
        behind_wrong: the share of right tokens behind a wrong first one, forced and free, where the target has three
            or more characters; empty if the arm is not measured so.
    """

    arm: str
    seed: int
    points: tuple[Point, ...]
    by_length: tuple[tuple[int, int, int], ...]
    then_zeros: float
    torch: str
    date: str
    behind_wrong: tuple[float, ...] = ()


def run(arm: str, seed: int, until: int | None = None) -> Run:
    """Trains from one seed, and measures.

    Args:
        arm: of ARMS.
        seed: of everything random.
        until: stop after this step, and leave the rest out; None for the whole run.
    """
    recipe = ARMS[checks.one_of("arm", arm, ARMS)]
    pairs = _made(recipe.pairs)
    model = model_for(
        pairs.train,
        seed,
        **({"embedding_size": 16, "attention": "none", "bidirectional": False} | dict(recipe.options)),
    )
    generator = torch.Generator().manual_seed(seed)
    records = train(
        model,
        model.batches(pairs.train, recipe.steps if until is None else until, 64, seed),
        partial(_loss, forcing=recipe.forcing, generator=generator),
        torch.optim.Adam(model.parameters(), lr=1e-2),
        clip_norm=1.0,
        schedule=warm_cosine(recipe.steps, 20, 0.05),
    )
    points = []
    for record in tqdm(
        records, total=recipe.steps if until is None else until, desc=f"{arm}, seed {seed}", unit="step"
    ):
        if record.step % (recipe.steps // POINTS) == 0:
            right = _right(model, pairs)
            points.append(Point(record.step, round(record.loss, 4), round(sum(right) / len(right), 4)))
    misled = _behind_wrong(model, pairs) if until is None and recipe.misled else ()
    counted, then_zeros = _at_the_end(model, pairs) if until is None else ((), math.nan)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Run(arm, seed, tuple(points), counted, then_zeros, torch.__version__.split("+")[0], today, misled)


def stored(arm: str | None = None, path: Path = RESULTS) -> tuple[Run, ...]:
    """The runs in the file, of one arm or of all, in the order of arms and seeds.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, or `arm` is no arm.
    """
    if arm is not None:
        checks.one_of("arm", arm, ARMS)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"made for another format ({found['format']!r})")
        runs = [_run_of(entry) for entry in found["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: expected what `python -m lessons_src.pair_measures` writes; {error}") from error
    places = list(ARMS)
    ordered = sorted(runs, key=lambda run: (places.index(run.arm), run.seed))
    return tuple(run for run in ordered if arm in (None, run.arm))


def write(runs: Sequence[Run], path: Path = RESULTS) -> None:
    """Stores runs; the file is replaced in one go, so that it is never half written."""
    text = json.dumps({"format": FORMAT, "runs": [dataclasses.asdict(run) for run in runs]}, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Computes what is missing, from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.pair_measures", description="Measures models of Part IV over training."
    )
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=list(ARMS), help="which (default: all)")
    parser.add_argument("--seed", nargs="+", type=int, default=list(SEEDS), help="which (default: 0 1 2)")
    parser.add_argument("--list", action="store_true", help="say what is there, and compute nothing")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file (default: the package's)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    for seed in options.seed:
        for arm in options.arm:
            done = stored(path=options.results) if options.results.exists() else ()
            known = next((found for found in done if (found.arm, found.seed) == (arm, seed)), None)
            if options.list:
                print(
                    f"{arm}, seed {seed}: {'missing' if known is None else f'exact match {known.points[-1].exact:.3f}'}"
                )
            elif known is None:
                write([*done, run(arm, seed)], options.results)


@cache
def _made(pairs: Callable[[], Pairs]) -> Pairs:
    return pairs()


def _loss(model: Seq2Seq, batch: Batch, *, forcing: float, generator: torch.Generator) -> torch.Tensor:
    return loss(model, batch, forcing=forcing, generator=generator)


def _right(model: Seq2Seq, pairs: Pairs) -> list[bool]:
    written = greedy(model, [source for source, _ in pairs.test])
    return [w.finished and w.text == target for w, (_, target) in zip(written, pairs.test, strict=True)]


def _behind_wrong(model: Seq2Seq, pairs: Pairs) -> tuple[float, ...]:
    long = [pair for pair in pairs.test if len(pair[1]) >= 3]
    return tuple(round(share_behind(*follow(model, long, forced=forced, wrong_at=0), 0), 4) for forced in (True, False))


def _at_the_end(model: Seq2Seq, pairs: Pairs) -> tuple[tuple[tuple[int, int, int], ...], float]:
    """What is right by length, and the share that is right if the decoder is fed zeros from now on."""
    right, lengths = _right(model, pairs), [len(source) for source, _ in pairs.test]
    model.decoder_input = "zeros"
    then_zeros = round(sum(_right(model, pairs)) / len(right), 4)
    return tuple(
        (length, lengths.count(length), sum(r for r, found in zip(right, lengths, strict=True) if found == length))
        for length in sorted(set(lengths))
    ), then_zeros


def _run_of(entry: Mapping[str, Any]) -> Run:
    checks.one_of("arm", entry["arm"], ARMS)
    points = tuple(Point(**point) for point in entry["points"])
    counted = tuple((length, of, right) for length, of, right in entry["by_length"])
    misled = tuple(entry.get("behind_wrong", ()))
    return Run(**{**entry, "points": points, "by_length": counted, "behind_wrong": misled})


if __name__ == "__main__":
    main()
