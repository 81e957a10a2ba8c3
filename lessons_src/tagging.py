"""Per-character syntax classes of Python: which lines, in windows or whole, and how many characters are right.

    python -m lessons_src.tagging

trains a window of nine characters, an LSTM and a bidirectional LSTM from three seeds each, in about a minute, and
writes what they came to, `results/tagging.json`. The lines are from modules of the standard library that are the same,
or nearly, from Python 3.11 to 3.13; the file says by a digest which lines were read.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from lessons_src import checks
from lessons_src.data import CODE_CLASSES, highlighted_source
from lessons_src.labelled import IGNORED, Padded, TaggedLine, drawn_batches, padded
from lessons_src.models import CharModel
from lessons_src.text import Vocabulary, common_alphabet
from lessons_src.training import StepRecord, train, warm_cosine

RESULTS = Path(__file__).parent / "results" / "tagging.json"
TRAIN_MODULES = (
    "colorsys", "difflib", "getopt", "gettext", "heapq", "html.parser", "mailbox", "numbers", "optparse", "shelve",
)  # fmt: skip
TEST_MODULES = ("bisect", "graphlib", "string", "timeit", "trace")
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


def code_lines(longest: int = 72) -> Lines:
    """Each different line of the modules that has a keyword, without the spaces at its ends, in alphabetical order.

    A line without a keyword may lie inside a string that began lines before; nobody could tell from the line alone.
    Lines to judge by are of other modules than those to learn from, and no line is on both sides.

    Args:
        longest: the greatest number of characters.
    """
    checks.whole_number("longest", longest)
    train, test = (_lines_of(modules, longest) for modules in (TRAIN_MODULES, TEST_MODULES))
    return Lines(tuple(train.values()), tuple(line for text, line in test.items() if text not in train))


def _lines_of(modules: Sequence[str], longest: int) -> dict[str, TaggedLine]:
    found: dict[str, TaggedLine] = {}
    for line, kinds in highlighted_source(modules):
        start, end = len(line) - len(line.lstrip()), len(line.rstrip())
        if KEYWORD in kinds and end - start <= longest:
            found[line[start:end]] = (line[start:end], kinds[start:end])
    return dict(sorted(found.items()))


def digest(lines: Lines) -> str:
    """Sixteen hexadecimal digits that differ if any line, or the class of any character, does."""
    return hashlib.sha256(json.dumps([lines.train, lines.test]).encode()).hexdigest()[:16]


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
        vocab_size: V; the id V − 1 stands beyond the ends of a line too.
        embedding_size: of each character.
        hidden_size: of the hidden layer.
    """

    def __init__(self, vocab_size: int, embedding_size: int = 16, hidden_size: int = 256) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Embedding(vocab_size, embedding_size),
            nn.Flatten(),
            nn.Linear(WINDOW * embedding_size, hidden_size),
            nn.Tanh(),
            nn.Linear(hidden_size, len(CODE_CLASSES)),
        )
        self.padding = vocab_size - 1

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


def alphabet(lines: Lines) -> str:
    """The characters that the lines to learn from have at least five times, and one for all others."""
    return common_alphabet("".join(line for line, _ in lines.train), least=5)


def training(model: nn.Module, lines: Lines, seed: int = 0, steps: int = 300) -> Iterator[StepRecord]:
    """Trains a tagger in place on `lines.train`, 32 lines a step."""
    vocabulary = Vocabulary(alphabet(lines))
    batches = drawn_batches(vocabulary, lines.train, steps, 32, seed, pool=8, padding=len(vocabulary) - 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def loss(model: nn.Module, batch: Padded) -> Tensor:
        return cross_entropy(tag(model, batch).mT, batch.target)

    return train(model, batches, loss, optimizer, clip_norm=1.0, schedule=warm_cosine(steps, 10, 0.05))


def run(kind: str, seed: int = 0, steps: int = 300) -> dict[str, Any]:
    """Trains a tagger and measures it on lines it has never seen.

    Returns:
        the mean loss of the first ten steps, the share of characters that are right, of all and of each class, and
        P(keyword) for each character of ASKED.
    """
    lines = code_lines()
    vocabulary = Vocabulary(alphabet(lines))
    fill = len(vocabulary) - 1
    model = tagger(kind, alphabet(lines), seed)
    losses = [record.loss for record in training(model, lines, seed, steps)]
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
        "first": round(sum(losses[:10]) / len(losses[:10]), 4),
        "all": round(share_right(scores, test.target), 4),
        "by class": by_class,
        "P(keyword)": dict(zip(ASKED, [[round(p, 3) for p in line] for line in believed], strict=True)),
    }


def stored() -> dict[str, Any]:
    """When the taggers were last measured: "torch", its version, "digest" of the lines, and "runs"."""
    content: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return content


def figures() -> list[dict[str, Any]]:
    """What `run` gave for each tagger and seed when it was last measured."""
    runs: list[dict[str, Any]] = stored()["runs"]
    return runs


def share_right(scores: Float[Tensor, "batch time classes"], target: Int[Tensor, "batch time"]) -> float:
    """The share of characters whose class got the highest score; padding does not count."""
    return float((scores.argmax(-1) == target)[target != IGNORED].double().mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all taggers again, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lessons_src.tagging", description="Measures the taggers.")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file (default: the package's)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # one thread is fastest for models this small
    runs = []
    for kind in TAGGERS:
        for seed in SEEDS:
            runs.append(run(kind, seed))
            print(f"{kind}, seed {seed}: {runs[-1]['all']:.3f}", flush=True)
    content = {"torch": torch.__version__.split("+")[0], "digest": digest(code_lines()), "runs": runs}
    options.results.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
