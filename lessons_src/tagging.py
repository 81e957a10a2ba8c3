"""Per-character syntax classes of the book's own Python: which lines, in windows or whole, and how many are right.

    python -m lessons_src.tagging

trains a window of nine characters, an LSTM and a bidirectional LSTM from three seeds each, in about a minute, and
writes what they came to, `weights/tagging.json`. The lines are the package's own, so they change as it does.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from lessons_src import checks, shipped
from lessons_src.data import CODE_CLASSES, highlighted_source
from lessons_src.labelled import IGNORED, Padded, TaggedLine, drawn_batches, padded
from lessons_src.models import CharModel
from lessons_src.text import Vocabulary, common_alphabet
from lessons_src.training import train, warm_cosine

SEEDS = (0, 1, 2)
WINDOW = 9
ASKED = ("for k in x:", "format(text)")
"""Two lines that begin alike: a keyword and a name."""

KEYWORD = CODE_CLASSES.index("keyword")


@dataclass(frozen=True)
class Lines:
    """Lines of Python with the class of each character, an index into `data.CODE_CLASSES`.

    Attributes:
        train: to learn from.
        test: to judge by; no line of `train` is among them.
    """

    train: tuple[TaggedLine, ...]
    test: tuple[TaggedLine, ...]


def code_lines(longest: int = 72, held_out: float = 0.2, seed: int = 0) -> Lines:
    """Each different line of the package that has a keyword, without the spaces at its ends, in random order.

    A line without a keyword may lie inside a string that began lines before; nobody could tell from the line alone.

    Args:
        longest: the greatest number of characters.
        held_out: the share of the lines that is kept for judging.
        seed: of the order.
    """
    checks.whole_number("longest", longest)
    checks.number_between("held_out", held_out, 0.01, 0.9)
    checks.whole_number("seed", seed, least=0)
    found: dict[str, TaggedLine] = {}
    for line, kinds in highlighted_source():
        start, end = len(line) - len(line.lstrip()), len(line.rstrip())
        if KEYWORD in kinds and end - start <= longest:
            found.setdefault(line[start:end], (line[start:end], kinds[start:end]))
    lines = [found[text] for text in sorted(found)]
    random.Random(seed).shuffle(lines)
    cut = round(len(lines) * (1 - held_out))
    return Lines(tuple(lines[:cut]), tuple(lines[cut:]))


def windows(batch: Padded, width: int, padding: int) -> tuple[Int[Tensor, "places width"], Int[Tensor, " places"]]:
    """Every character of a batch of lines with what stands around it.

    Args:
        batch: from `labelled.padded`, of lines.
        width: how many characters a window has, an odd number; the character in question is in the middle.
        padding: what stands before a line's start and behind its end.

    Returns:
        the windows (places, width), line after line, and the class of each middle character (places,).
    """
    if checks.whole_number("width", width) % 2 == 0:
        raise ValueError(f"width: expected an odd number, so that one character is in the middle, got {width}")
    half = width // 2
    ids = pad(batch.ids.masked_fill(~batch.mask, padding), (half, half), value=padding)
    return ids.unfold(1, width, 1)[batch.mask], batch.target[batch.mask]


class WindowTagger(nn.Module):
    """Sees `WINDOW` characters around each and nothing else: embeddings, one hidden layer, scores.

    Args:
        vocabulary_size: V; the id V − 1 stands beyond the ends of a line too.
        embedding_size: of each character.
        hidden_size: of the hidden layer.
    """

    def __init__(self, vocabulary_size: int, embedding_size: int = 16, hidden_size: int = 256) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Embedding(vocabulary_size, embedding_size),
            nn.Flatten(),
            nn.Linear(WINDOW * embedding_size, hidden_size),
            nn.Tanh(),
            nn.Linear(hidden_size, len(CODE_CLASSES)),
        )
        self.padding = vocabulary_size - 1

    def forward(self, batch: Padded) -> Float[Tensor, "batch time classes"]:
        """Scores of each place (N, W, C); those of padding are zero."""
        around, _ = windows(batch, WINDOW, self.padding)
        found = self.layers(around)
        scores = found.new_zeros(*batch.ids.shape, found.shape[-1])
        scores[batch.mask] = found
        return scores


TAGGERS = ("window", "LSTM", "bidirectional LSTM")


def tagger(kind: str, alphabet: str, seed: int = 0) -> nn.Module:
    """One of TAGGERS before training; all have about as many weights."""
    checks.one_of("kind", kind, TAGGERS)
    torch.manual_seed(checks.whole_number("seed", seed, least=0))
    if kind == "window":
        return WindowTagger(len(alphabet))
    both_ways = kind != "LSTM"
    return CharModel(alphabet, CODE_CLASSES, 40 if both_ways else 64, bidirectional=both_ways)


def tag(model: nn.Module, batch: Padded) -> Float[Tensor, "batch time classes"]:
    """The scores of every character of a batch (N, W, C)."""
    return model(batch) if isinstance(model, WindowTagger) else model(batch.ids, lengths=batch.lengths)[0]


def run(kind: str, seed: int = 0, steps: int = 300) -> dict[str, Any]:
    """Trains a tagger and measures it on lines it has never seen.

    Returns:
        the share of characters that are right, of all and of each class, and P(keyword) for each character of ASKED.
    """
    lines = code_lines()
    alphabet = common_alphabet("".join(line for line, _ in lines.train), least=5)
    vocabulary, fill = Vocabulary(alphabet), len(alphabet) - 1
    model = tagger(kind, alphabet, seed)
    batches = drawn_batches(vocabulary, lines.train, steps, 32, seed, pool=8, padding=fill)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def loss(model: nn.Module, batch: Padded) -> Tensor:
        return cross_entropy(tag(model, batch).mT, batch.target)

    for _ in train(model, batches, loss, optimizer, clip_norm=1.0, schedule=warm_cosine(steps, 10, 0.05)):
        pass
    test = padded(vocabulary, lines.test, padding=fill)
    asked = [padded(vocabulary, [(text, [0] * len(text))], padding=fill) for text in ASKED]
    with torch.no_grad():
        scores = tag(model, test)
        believed = [tag(model, line)[0].softmax(-1)[:, KEYWORD].tolist() for line in asked]
    by_class = {
        name: round(share_right(scores, test.target.masked_fill(test.target != k, IGNORED)), 4)
        for k, name in enumerate(CODE_CLASSES)
        if (test.target == k).any()
    }
    return {
        "kind": kind,
        "seed": seed,
        "weights": sum(weight.numel() for weight in model.parameters()),
        "all": round(share_right(scores, test.target), 4),
        "by class": by_class,
        "P(keyword)": dict(zip(ASKED, [[round(p, 3) for p in line] for line in believed], strict=True)),
    }


def figures() -> list[dict[str, Any]]:
    """What `run` gave for each tagger and seed when it was last measured."""
    return json.loads((shipped.WEIGHTS / "tagging.json").read_text(encoding="utf-8"))["runs"]


def share_right(scores: Float[Tensor, "batch time classes"], target: Int[Tensor, "batch time"]) -> float:
    """The share of characters whose class got the highest score; padding does not count."""
    return float((scores.argmax(-1) == target)[target != IGNORED].double().mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all taggers again, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lessons_src.tagging", description="Measures the taggers.")
    parser.add_argument("--out", type=Path, default=shipped.WEIGHTS, help="where to write (default: the package)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    runs = []
    for kind in TAGGERS:
        for seed in SEEDS:
            runs.append(run(kind, seed))
            print(f"{kind}, seed {seed}: {runs[-1]['all']:.3f}", flush=True)
    stored = {"torch": torch.__version__.split("+")[0], "lines": len(code_lines().train), "runs": runs}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "tagging.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
