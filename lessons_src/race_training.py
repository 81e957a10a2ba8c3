"""One run of the race between RNN, LSTM and GRU: a task, a distance, an entrant, a learning rate and a seed.

The RNN and the GRU are the book's own layers, the LSTM is torch.nn's, which is several times as fast as the book's. In
float64 they are equal. The gradient over time is always measured by the book's own backward pass (`tracing`).
"""

import copy
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from lessons_src import checks, data, layers, tracing
from lessons_src.batches import Windows
from lessons_src.text import Vocabulary, common_alphabet
from lessons_src.training import train, warm_cosine

BATCH, JUDGED, TRACED = 32, 1000, 64
"""Sequences in a batch, in a test set of recall or adding, and under the gradient measure."""

PARTS = 3
"""A run has three parts of equal length: the loss is noted after each, the gradient also before the first."""

ROW = 500
"""A text is judged in rows of so many characters, each read from a zero state."""


LAYERS: Mapping[str, Callable[[int, int], Any]] = MappingProxyType(
    {"RNN": layers.RNN, "LSTM": partial(nn.LSTM, batch_first=True), "GRU": layers.GRU}
)
"""What is trained; the book's LSTM would give the same numbers, rounding apart, and take four times as long."""


class Entrant(NamedTuple):
    """A cell and how it starts.

    Attributes:
        cell: "RNN", "LSTM" or "GRU".
        start: "torch" for torch.nn's own, "orthogonal", or the bias of the gate that keeps the past.
        words: for figures and tables.
        equal: what it has in common with the LSTM: the number of its "parameters", or its "width", H.
    """

    cell: str
    start: str | float
    words: str
    equal: str = "parameters"


ENTRANTS: Mapping[str, Entrant] = MappingProxyType(
    {
        "RNN": Entrant("RNN", "torch", "RNN as PyTorch starts it"),
        "RNN-orthogonal": Entrant("RNN", "orthogonal", "RNN, orthogonal start"),
        "LSTM": Entrant("LSTM", "torch", "LSTM as PyTorch starts it"),
        "LSTM-1": Entrant("LSTM", 1.0, "LSTM, forget bias 1"),
        "LSTM-3": Entrant("LSTM", 3.0, "LSTM, forget bias 3"),
        "GRU": Entrant("GRU", "torch", "GRU as PyTorch starts it"),
        "GRU-3": Entrant("GRU", 3.0, "GRU, update bias 3"),
        "GRU-width": Entrant("GRU", "torch", "GRU of the LSTM's width", equal="width"),
    }
)


class Task(NamedTuple):
    """What is learnt, and for how long: the same for every entrant.

    Attributes:
        words: for figures and tables.
        lstm_size: H of the LSTM, whose number of parameters the others must meet.
        steps: updates, each with a batch of 32 sequences.
        unit: of the score.
        lower: whether a lower score is better.
        solved: the score from which on the task counts as solved; None if there is no such score.
        fraction: of the training text that is read.
    """

    words: str
    lstm_size: int
    steps: int
    unit: str
    lower: bool
    solved: float | None
    fraction: float = 1.0


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "recall": Task("first-symbol recall", 32, 500, "share right", False, 0.9),
        "adding": Task("adding", 32, 800, "mean squared error", True, 0.01),
        "text": Task("next character", 48, 300, "bits per character", True, None),
        "text-16": Task("next character, a sixteenth of the text", 48, 300, "bits per character", True, None, 1 / 16),
    }
)


class Sample(NamedTuple):
    """Sequences and what should come of them: inputs (N, T, D); targets (N,), of a text (N, T)."""

    x: Float[Tensor, "sequences time features"]
    target: Tensor


class Text(NamedTuple):
    """The ids of three parts of Python's help that share no paragraph, and the characters that they stand for."""

    train: Tensor
    validation: Tensor
    test: Tensor
    vocabulary: Vocabulary


@cache
def help_text() -> Text:
    """Every tenth topic is held out for the test, every tenth for validation, without paragraphs that others have."""
    topics = list(data.topics().values())

    def paragraphs(*parts: list[str]) -> list[str]:
        found = (p for part in parts for topic in part for p in topic.lower().split("\n\n"))
        return list(dict.fromkeys(p.strip("\n") for p in found if p.strip()))

    test, validation = topics[::10], topics[5::10]
    train_part = paragraphs([topic for k, topic in enumerate(topics) if k % 5])
    known = set(train_part)
    fresh = [p for p in paragraphs(validation) if p not in known]
    unseen = [p for p in paragraphs(test) if p not in known | set(fresh)]
    vocabulary = Vocabulary(common_alphabet("\n\n".join(train_part), least=20))
    ids = [vocabulary.encode("\n\n".join(part)) for part in (train_part, fresh, unseen)]
    return Text(ids[0], ids[1], ids[2], vocabulary)


def sizes(task: str) -> tuple[int, int]:
    """The number of inputs and of outputs that a task has."""
    return {"recall": (12, 8), "adding": (2, 1)}.get(task) or (len(help_text().vocabulary), len(help_text().vocabulary))


def parameters(cell: str, inputs: int, hidden_size: int, outputs: int) -> int:
    """How many numbers a layer of torch.nn and the linear layer behind it have: G (H (D + H) + 2 H) + K (H + 1).

    G is 1 for an RNN, 3 for a GRU and 4 for an LSTM; each gate has two biases, as torch stores them.
    """
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[checks.one_of("cell", cell, LAYERS)]
    return gates * (hidden_size * (inputs + hidden_size) + 2 * hidden_size) + outputs * (hidden_size + 1)


def hidden_size(cell: str, inputs: int, outputs: int, budget: int) -> int:
    """The H with which a network comes nearest to `budget` parameters."""
    checks.whole_number("budget", budget, least=parameters(cell, inputs, 1, outputs))
    most = math.isqrt(budget) + 1  # there are more than H² parameters
    return min(range(1, most), key=lambda size: abs(parameters(cell, inputs, size, outputs) - budget))


def size_in(task: str, entrant: str) -> int:
    """H of an entrant in a task: that of the LSTM, or the one that gives as many parameters as the LSTM has."""
    chosen, wanted = ENTRANTS[checks.one_of("entrant", entrant, ENTRANTS)], TASKS[checks.one_of("task", task, TASKS)]
    if chosen.equal == "width":
        return wanted.lstm_size
    inputs, outputs = sizes(task)
    return hidden_size(chosen.cell, inputs, outputs, parameters("LSTM", inputs, wanted.lstm_size, outputs))


def network(task: str, entrant: str, seed: int) -> nn.ModuleDict:
    """An untrained "layer" and the linear "head" that reads it; both follow from the seed."""
    checks.whole_number("seed", seed, least=0)
    size, (inputs, outputs), start = size_in(task, entrant), sizes(task), ENTRANTS[entrant].start
    torch.manual_seed(seed)
    layer = LAYERS[ENTRANTS[entrant].cell](inputs, size)
    with torch.no_grad():
        if start == "orthogonal":
            nn.init.orthogonal_(layer.weight_hh_l0)
            layer.bias_ih_l0.zero_()
            layer.bias_hh_l0.zero_()
        elif start != "torch":  # the second group of rows: f of an LSTM (i, f, g, o), z of a GRU (r, z, n)
            layer.bias_ih_l0[size : 2 * size] = float(start)
            layer.bias_hh_l0[size : 2 * size] = 0.0
    return nn.ModuleDict({"layer": layer, "head": nn.Linear(size, outputs)})


def make(task: str, sequences: int, distance: int, seed: int) -> Sample:
    """Sequences of `recall` or of `adding`."""
    if task == "recall":
        letters = data.first_symbol_recall(sequences, distance, seed=seed)
        return Sample(letters.x, letters.target)
    pairs = data.adding(sequences, distance, seed=seed)
    return Sample(pairs.x, pairs.target)


def batches(task: str, distance: int, seed: int) -> Iterator[Sample]:
    """As many batches as the task has steps."""
    steps = TASKS[task].steps
    if TASKS[task].solved is not None:
        every = make(task, BATCH * steps, distance, seed)
        yield from map(Sample, every.x.split(BATCH), every.target.split(BATCH))
        return
    text = help_text()
    windows = Windows(text.train[: int(len(text.train) * TASKS[task].fraction)], BATCH, distance, seed)
    for k in range(steps):
        yield encoded(windows.batch(k).x, windows.batch(k).y)


def encoded(x: Tensor, y: Tensor) -> Sample:
    """Characters as one-hot vectors."""
    return Sample(one_hot(x, len(help_text().vocabulary)).float(), y)


def loss(model: nn.Module, batch: Sample) -> Float[Tensor, ""]:
    """Mean squared error for one output, else cross-entropy; of a text at every step, otherwise at the last."""
    y, _ = model["layer"](batch.x)  # type: ignore[index]
    return loss_of_states(model, y, batch.target)


def loss_of_states(model: nn.Module, y: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """The loss of hidden states y (B, T, H)."""
    scores = model["head"](y if target.ndim == 2 else y[:, -1])  # type: ignore[index]
    if target.is_floating_point():
        return mse_loss(scores[:, 0], target)
    return cross_entropy(scores.flatten(0, -2), target.flatten())


@dataclass(frozen=True)
class Outcome:
    """What came of one run.

    Attributes:
        score: on sequences or paragraphs that no run was trained or tuned on, in the task's unit.
        fitted: a text's score on the text that it was trained on; None for the other tasks, whose batches never recur.
        losses: of training, the mean of the last 20 steps of each third.
        shares: ‖∂L/∂h_1‖ / ‖∂L/∂h_T‖ before training and after each third, for the loss of the last step.
        milliseconds: of one core, per training step.
    """

    score: float
    fitted: float | None
    losses: tuple[float, ...]
    shares: tuple[float, ...]
    milliseconds: float


def run(task: str, distance: int, entrant: str, rate: float, seed: int) -> Outcome:
    """Trains one entrant and judges it. Adam, warm-up and cosine, clipping at norm 1: the same for every entrant."""
    model = network(task, entrant, seed)
    traced = judged(task, distance, seed, "test", TRACED)
    shares, losses, seconds = [share(model, traced)], [], 0.0
    third = -(-TASKS[task].steps // PARTS)
    steps = _steps(model, task, distance, rate, seed)
    started = time.process_time()
    for number, found in enumerate(steps, start=1):
        losses.append(found)
        if number % third == 0 or number == TASKS[task].steps:
            seconds += time.process_time() - started
            shares.append(share(model, traced))
            started = time.process_time()
    ends = [*range(third, TASKS[task].steps, third), TASKS[task].steps]
    means = tuple(statistics.fmean(losses[end - 20 : end]) for end in ends)
    fitted = None
    if TASKS[task].solved is None:
        fitted = score(task, model, judged(task, distance, seed, "train"))
    found_score = score(task, model, judged(task, distance, seed, "test"))
    return Outcome(found_score, fitted, means, tuple(shares), 1000 * seconds / TASKS[task].steps)


def validation_loss(task: str, distance: int, entrant: str, rate: float, seed: int) -> float:
    """The loss after training, on sequences or paragraphs kept for choosing a learning rate and a start."""
    model = network(task, entrant, seed)
    for _ in _steps(model, task, distance, rate, seed):
        pass
    with torch.no_grad():
        return float(loss(model, judged(task, distance, seed, "validation")))


def _steps(model: nn.ModuleDict, task: str, distance: int, rate: float, seed: int) -> Iterator[float]:
    """Trains in place and yields the loss of each step."""
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = warm_cosine(TASKS[task].steps, warmup=20, floor=0.05)
    for record in train(model, batches(task, distance, seed), loss, adam, clip_norm=1.0, schedule=schedule):
        yield record.loss


def judged(task: str, distance: int, seed: int, part: str, sequences: int = JUDGED) -> Sample:
    """What a run is judged by: fresh sequences, of a seed of their own, or a part of the text.

    Args:
        task: one of TASKS.
        distance: T of the sequences; a text is cut into rows of 500 characters instead.
        seed: of the run.
        part: "test", "validation", or of a text "train".
        sequences: how many; of a text at most.
    """
    if TASKS[task].solved is not None:
        return make(task, sequences, distance, {"test": 10_000, "validation": 20_000}[part] + seed)
    ids = getattr(help_text(), part)
    ids = ids[: int(len(ids) * TASKS[task].fraction)] if part == "train" else ids
    length = distance if sequences == TRACED else ROW
    rows = ids[: len(help_text().test)].unfold(0, length + 1, length)[:sequences]
    return encoded(rows[:, :-1], rows[:, 1:])


@torch.no_grad()
def score(task: str, model: nn.ModuleDict, sample: Sample) -> float:
    """The score in the task's unit."""
    if task == "recall":
        y, _ = model["layer"](sample.x)
        return float((model["head"](y[:, -1]).argmax(-1) == sample.target).float().mean())
    found = float(loss(model, sample))
    return found if task == "adding" else found / math.log(2)


def share(model: nn.ModuleDict, sample: Sample) -> float:
    """‖∂L/∂h_1‖ / ‖∂L/∂h_T‖, each the mean over the sequences, for the loss of the last step; in float64."""
    layer: Any = model["layer"]
    ours: Any = layers.from_torch(layer) if isinstance(layer, nn.RNNBase) else copy.deepcopy(layer)
    double: Any = nn.ModuleDict({"layer": ours, "head": copy.deepcopy(model["head"])}).double()
    target = sample.target.double() if sample.target.is_floating_point() else sample.target
    last = target[:, -1] if target.ndim == 2 else target
    (seen,) = tracing.trace(double["layer"], sample.x.double(), lambda y: loss_of_states(double, y, last))
    norms = seen.d_h_norm.mean(0)
    return float(norms[0] / norms[-1])
