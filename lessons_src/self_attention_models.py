"""Attention without a recurrence, beside a bidirectional GRU: both name one class at each position.

    python -m lessons_src.self_attention_models

trains both on two tasks at several learning rates and lengths of training, three seeds each, in about three minutes,
and writes what they came to, `results/self_attention.json`.

Shapes: B sequences of T symbols, C classes, E = embed_dim.
"""

import argparse
import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lessons_src import checks
from lessons_src.attention import EncoderBlock, MultiHeadAttention, sinusoids
from lessons_src.layers import GRU
from lessons_src.pairs import copies
from lessons_src.text import Vocabulary
from lessons_src.training import StepRecord, train, warm_cosine

RESULTS = Path(__file__).parent / "results" / "self_attention.json"
LETTERS = "abcdefghijklmnopqrstuvwxyz·"
SEEDS, RATES, STEPS = (0, 1, 2), (3e-3, 1e-2, 2e-2), (100, 1000)
KINDS, TASKS = ("block", "GRU"), ("reversal", "parity")


class Named(NamedTuple):
    """What a model says of each position.

    Attributes:
        scores: of the classes, before the softmax (B, T, C).
        weights: of the attention in the last block (B, heads, T, T); None if there is none.
    """

    scores: Float[Tensor, "batch time classes"]
    weights: Float[Tensor, "batch heads time time"] | None


class Examples(NamedTuple):
    """Sequences and what is to be named at each position.

    Attributes:
        ids: the symbols (N, T).
        target: the class of each position (N, T), or several of them (N, T, several).
    """

    ids: Int[Tensor, "sequences time"]
    target: Int[Tensor, "sequences time *several"]


class Task(NamedTuple):
    """Examples to learn from, and others to judge by; no sequence is on both sides.

    Attributes:
        train, test: the examples.
        vocabulary_size: how many symbols there are.
        classes: how many scores a position needs: one per class, and that for each thing it has to name.
    """

    train: Examples
    test: Examples
    vocabulary_size: int
    classes: int


class AttentionReader(nn.Module):
    """Embedding, positional encoding, one attention, a linear read-out: what it finds, attention found.

    Args:
        vocabulary_size: how many symbols there are.
        outputs: the width of the read-out.
        embed_dim: E, an even number.
        num_heads: of the attention.
        scale: what the scores are multiplied by; None for 1/√d_k.
    """

    def __init__(
        self, vocabulary_size: int, outputs: int, *, embed_dim: int = 32, num_heads: int = 1, scale: float | None = None
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(checks.whole_number("vocabulary_size", vocabulary_size), embed_dim)
        self.attention = MultiHeadAttention(embed_dim, num_heads, bias=False, scale=scale)
        self.head = nn.Linear(embed_dim, checks.whole_number("outputs", outputs))
        nn.init.normal_(self.attention.in_proj_weight, std=embed_dim**-0.5)  # keeps the variance: q, k as large as x

    def forward(self, ids: Int[Tensor, "batch time"], mask: Bool[Tensor, "..."] | None = None) -> Named:
        """Symbols (B, T) → scores (B, T, outputs) and weights (B, heads, T, T)."""
        x = _with_positions(self.embedding, ids)
        context, weights = self.attention(x, x, x, mask)
        return Named(self.head(context), weights)


class SelfAttentionTagger(nn.Module):
    """Embedding plus positional encoding, encoder blocks, a linear read-out.

    Args:
        vocabulary_size: how many symbols there are.
        classes: how many classes there are.
        embed_dim: E, an even number.
        num_heads: of each attention.
        feedforward_dim: the width inside the feed-forward parts.
        num_blocks: how many blocks stand on each other.
        positions: whether the positional encoding is added.

    Source: vaswani2017, its encoder.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        *,
        embed_dim: int = 32,
        num_heads: int = 2,
        feedforward_dim: int = 64,
        num_blocks: int = 1,
        positions: bool = True,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(checks.whole_number("vocabulary_size", vocabulary_size), embed_dim)
        self.positions = checks.true_or_false("positions", positions)
        count = checks.whole_number("num_blocks", num_blocks)
        self.blocks = nn.ModuleList(EncoderBlock(embed_dim, num_heads, feedforward_dim) for _ in range(count))
        self.head = nn.Linear(embed_dim, checks.whole_number("classes", classes))

    def forward(self, ids: Int[Tensor, "batch time"], mask: Bool[Tensor, "..."] | None = None) -> Named:
        """Symbols (B, T) → scores (B, T, C) and the last block's weights (B, heads, T, T)."""
        x = _with_positions(self.embedding, ids, self.positions)
        weights = None
        for block in self.blocks:
            x, weights = block(x, mask)
        return Named(self.head(x), weights)


class RecurrentTagger(nn.Module):
    """Embedding, a bidirectional GRU, a linear read-out.

    Args:
        vocabulary_size: how many symbols there are.
        classes: how many classes there are.
        embed_dim: E.
        hidden_size: of each direction.
    """

    def __init__(self, vocabulary_size: int, classes: int, *, embed_dim: int = 32, hidden_size: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(checks.whole_number("vocabulary_size", vocabulary_size), embed_dim)
        self.recurrent = GRU(embed_dim, hidden_size, bidirectional=True)
        self.head = nn.Linear(2 * hidden_size, checks.whole_number("classes", classes))

    def forward(self, ids: Int[Tensor, "batch time"]) -> Named:
        """Symbols (B, T) → scores (B, T, C)."""
        x = self.embedding(checks.ids("ids", ids, ("batch", "time"), self.embedding.num_embeddings))
        return Named(self.head(self.recurrent(x)[0]), None)


def tagger(kind: str, task: Task, seed: int = 0) -> SelfAttentionTagger | RecurrentTagger:
    """One of KINDS before training; they have about as many parameters."""
    torch.manual_seed(checks.whole_number("seed", seed, least=0))
    made = SelfAttentionTagger if checks.one_of("kind", kind, KINDS) == "block" else RecurrentTagger
    return made(task.vocabulary_size, task.classes)


def reversals(train: int = 6400, test: int = 500, *, length: int = 8, seed: int = 0) -> Task:
    """Strings of small letters, to be written backwards: position t needs the letter at length − 1 − t.

    Args:
        train: how many to learn from.
        test: how many to judge by; none of them is among the first.
        length: T, of each string.
        seed: of the draws.
    """
    drawn = copies(train, test, shortest=length, longest=length, seed=seed)
    sides = []
    for side in (drawn.train, drawn.test):
        ids = Vocabulary(LETTERS).encode("".join(text for text, _ in side)).view(-1, length)
        sides.append(Examples(ids, ids.flip(1)))
    return Task(sides[0], sides[1], len(LETTERS) - 1, len(LETTERS) - 1)


def parities(length: int = 10, seed: int = 0) -> Task:
    """All strings of 0 and 1: is the number of ones so far odd? An eighth of the strings is for the test."""
    strings = list(itertools.product((0, 1), repeat=checks.whole_number("length", length, least=4, most=14)))
    random.Random(checks.whole_number("seed", seed, least=0)).shuffle(strings)
    ids = torch.tensor(strings)
    cut = len(ids) // 8
    sides = [Examples(part, part.cumsum(1) % 2) for part in (ids[cut:], ids[:cut])]
    return Task(sides[0], sides[1], 2, 2)


def neighbours(letters: int = 5, *, length: int = 8, sequences: int = 6400, seed: int = 0) -> Task:
    """Random letters on a ring: each position has to name the letter to its left and the one to its right.

    Args:
        letters: how many different ones there are.
        length: T, of each sequence.
        sequences: how many are drawn; of equal ones one is kept, and a tenth of these is for the test.
        seed: of the draws.
    """
    checks.whole_number("length", length, least=2)
    checks.whole_number("sequences", sequences, least=10)
    generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
    ids = torch.randint(checks.whole_number("letters", letters), (sequences, length), generator=generator).unique(dim=0)
    ids = ids[torch.randperm(len(ids), generator=generator)]
    cut = len(ids) // 10
    sides = [Examples(part, torch.stack([part.roll(1, 1), part.roll(-1, 1)], -1)) for part in (ids[cut:], ids[:cut])]
    return Task(sides[0], sides[1], letters, 2 * letters)


def learn(
    model: nn.Module, examples: Examples, steps: int = 100, *, batch_size: int = 64, rate: float = 2e-2, seed: int = 0
) -> list[StepRecord]:
    """Trains in place with Adam and returns a record of each step.

    Args:
        model: gives a `Named`.
        examples: what it learns from.
        steps: how many.
        batch_size: how many sequences a batch has, drawn with replacement.
        rate: the greatest learning rate; it rises over 20 steps and falls along a cosine to a twentieth.
        seed: of the batches.
    """
    generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
    rows = torch.randint(len(examples.ids), (checks.whole_number("steps", steps), batch_size), generator=generator)
    batches = (Examples(examples.ids[chosen], examples.target[chosen]) for chosen in rows)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, foreach=True)  # the same numbers, in fewer calls
    return list(train(model, batches, _loss, optimizer, clip_norm=1.0, schedule=warm_cosine(steps, 20, 0.05)))


def right(model: nn.Module, examples: Examples) -> Float[Tensor, "*several"]:
    """The share of positions whose class got the highest score; one share for each thing that has to be named."""
    with torch.no_grad():
        scores = model(examples.ids).scores
        return (scores.view(*examples.target.shape, -1).argmax(-1) == examples.target).double().mean((0, 1))


def run(kind: str, task_name: str, seed: int, steps: int, rate: float) -> dict[str, Any]:
    """Trains one model and measures it on sequences it has never seen.

    Args:
        kind: one of KINDS.
        task_name: one of TASKS.
        seed: of the task, the first weights and the batches.
        steps: how many.
        rate: the greatest learning rate.

    Returns:
        The arguments, and "right": the share of positions that are right, from 0 to 1.
    """
    task = reversals(seed=seed) if checks.one_of("task_name", task_name, TASKS) == "reversal" else parities(seed=seed)
    model = tagger(kind, task, seed)
    learn(model, task.train, steps, rate=rate, seed=seed)
    about = {"kind": kind, "task": task_name, "seed": seed, "steps": steps, "rate": rate}
    return {**about, "right": round(float(right(model, task.test)), 4)}


def figures() -> list[dict[str, Any]]:
    """What `run` gave for each kind, task, seed, rate and number of steps when it was last measured."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures everything again, from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.self_attention_models", description="Measures attention beside a GRU."
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file (default: the package's)")
    parser.add_argument("--steps", type=int, nargs="+", default=list(STEPS), help="how long to train")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    runs = []
    for steps, task, rate, kind, seed in itertools.product(options.steps, TASKS, RATES, KINDS, SEEDS):
        runs.append(run(kind, task, seed, steps, rate))
        print(runs[-1], flush=True)
    stored = {"torch": torch.__version__.split("+")[0], "runs": runs}
    options.results.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _with_positions(embedding: nn.Embedding, ids: Tensor, positions: bool = True) -> Tensor:
    x = embedding(checks.ids("ids", ids, ("batch", "time"), embedding.num_embeddings))
    return x + sinusoids(ids.shape[1], embedding.embedding_dim) if positions else x


def _loss(model: nn.Module, batch: Examples) -> Tensor:
    scores = model(batch.ids).scores
    return cross_entropy(scores.view(batch.target.numel(), -1), batch.target.flatten())


if __name__ == "__main__":
    main()
