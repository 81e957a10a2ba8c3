"""WordVectorStepper: what moves when one training pair is learnt?"""

import warnings
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from lessons_src import checks, plotting
from lessons_src.corpus import Corpus
from lessons_src.text import words as words_of
from lessons_src.widgets import draws
from lessons_src.widgets.base import BookWidget
from lessons_src.word2vec import (
    MODELS,
    Examples,
    cbow_examples,
    negative_gradients,
    noise_distribution,
    skip_gram_examples,
    softmax_gradients,
)

MATRICES = ("W_in", "W_out")
LOSSES = ("softmax", "negative sampling")
MOST_WORDS, MOST_STEPS, LONGEST_TEXT = 15, 10_000, 500
SPREAD = 0.5
"""The standard deviation of the first matrices: large enough to be seen."""

_LIMITS: dict[str, tuple[float, float]] = {
    "window": (1, 4),
    "size": (2, 6),
    "rate": (0.001, 2),
    "negatives": (1, 5),
    "seed": (0, 99),
    "step": (0, MOST_STEPS),
}
_SETTINGS = ("text", "model", "loss", "window", "size", "rate", "negatives", "seed")

_Trained = tuple[Tensor, Tensor, Tensor]


class WordVectorStepper(BookWidget):
    """Trains word vectors on one sentence, one pair at a time, and shows which rows of W_in and W_out each step moves.

    CBOW: in go the words within `window` of a word, out must come the word. Skip-gram: in goes a word, out must come a
    word within `window` of it. Step n learns pair n, and after the last pair the first again, by gradient descent. The
    page computes all of it, in float64, also without a kernel; the properties below compute the same here.

    Both matrices start with random numbers of standard deviation 0.5, so that there is something to see; Word2Vec
    itself starts W_out at 0 and W_in much smaller.

    Args:
        text: one sentence of at most 500 characters; signs between its words do not count, nor do words after the
            fifteenth.
        model: "CBOW" or "skip-gram".
        loss: "softmax" or "negative sampling".
        window: how far to look on either side, from 1 to 4.
        size: D, the numbers per word, from 2 to 6.
        rate: the learning rate, from 0.001 to 2.
        negatives: k, how many words that must not come out are drawn for each pair, from 1 to 5; by their count to the
            power of 0.75, and again if it is the target. A word that is drawn twice counts twice.
        seed: of everything random, from 0 to 99.
        step: how many steps are made, from 0 to 10,000.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("word_vector_stepper").tag(sync=True)

    text = traitlets.Unicode("the fat cat sat on the mat").tag(sync=True)
    model = traitlets.Unicode("CBOW").tag(sync=True)
    loss = traitlets.Unicode("softmax").tag(sync=True)
    window = traitlets.Int(2).tag(sync=True)
    size = traitlets.Int(3).tag(sync=True)
    rate = traitlets.Float(0.5).tag(sync=True)
    negatives = traitlets.Int(2).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        text: str = "the fat cat sat on the mat",
        model: str = "CBOW",
        loss: str = "softmax",
        window: int = 2,
        size: int = 3,
        rate: float = 0.5,
        negatives: int = 2,
        seed: int = 0,
        step: int = 0,
    ) -> None:
        self._trained: dict[tuple[Any, ...], _Trained] = {}
        super().__init__(
            text=text,
            model=model,
            loss=loss,
            window=window,
            size=size,
            rate=rate,
            negatives=negatives,
            seed=seed,
            step=step,
        )

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        value = proposal["value"]
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"text: expected at most {LONGEST_TEXT} characters, got {len(value)}")
        return str(value)

    @traitlets.validate("model", "loss")
    def _check_word(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], MODELS if name == "model" else LOSSES)

    @traitlets.validate("window", "size", "rate", "negatives", "seed", "step")
    def _check_number(self, proposal: Any) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        checks.number_between(name, value, *_LIMITS[name])
        return float(value) if name == "rate" else value

    @property
    def corpus(self) -> Corpus:
        """The first fifteen words of the text, the different ones in the order in which they occur."""
        tokens = words_of(self.text)[:MOST_WORDS]
        known = tuple(dict.fromkeys(tokens))
        ids = torch.tensor([known.index(token) for token in tokens], dtype=torch.int64)
        return Corpus(known, ids, torch.zeros_like(ids))

    @property
    def words(self) -> tuple[str, ...]:
        """The different words; row k of both matrices belongs to word k."""
        return self.corpus.words

    @property
    def examples(self) -> Examples:
        """The pairs in their order. Step n learns pair (n − 1) modulo their number; a text of one word has none."""
        corpus = self.corpus
        if len(corpus) < 2:
            return Examples(corpus.ids[:0], corpus.ids[:0], corpus.ids[:0])
        make = cbow_examples if self.model == "CBOW" else skip_gram_examples
        return make(corpus, self.window)

    @property
    def input_vectors(self) -> Float[Tensor, "vocab size"]:
        """W_in after `step` steps, in float64."""
        return self._train(self.step)[0].clone()

    @property
    def output_vectors(self) -> Float[Tensor, "vocab size"]:
        """W_out after `step` steps, in float64."""
        return self._train(self.step)[1].clone()

    @property
    def losses(self) -> Float[Tensor, " steps"]:
        """The loss of each step's pair, before the step changed anything, in nats (steps,)."""
        return self._train(self.step)[2].clone()

    def _train(self, steps: int) -> _Trained:
        """What `_run` gives, kept for the last two calls."""
        key = (steps, *(getattr(self, name) for name in _SETTINGS))
        if key not in self._trained:
            self._trained = dict([*self._trained.items()][-1:]) | {key: self._run(steps)}
        return self._trained[key]

    def _run(self, steps: int) -> _Trained:
        """W_in, W_out and the losses after so many steps, always from the first one on."""
        examples = self.examples
        W_in, W_out = (
            torch.from_numpy(SPREAD * draws.normals(self.seed, stream, len(self.words) * self.size)).view(-1, self.size)
            for stream in (draws.INPUT_VECTORS, draws.OUTPUT_VECTORS)
        )
        losses = []
        negatives = self._negatives(examples, steps)
        for n in range(steps if len(examples) else 0):
            at = n % len(examples)
            one = examples[at : at + 1]
            if self.loss == "softmax":
                gradients = softmax_gradients(W_in, W_out, one)
            else:
                gradients = negative_gradients(W_in, W_out, one, negatives[n : n + 1])
            gradients.descend(W_in, W_out, self.rate)
            losses.append(gradients.loss)
        return W_in, W_out, torch.cat([W_in.new_zeros(0), *losses])

    def _negatives(self, examples: Examples, steps: int) -> Int[Tensor, "steps negatives"]:
        """The negatives of each step; none if there is no other word."""
        if len(examples) == 0 or len(self.words) < 2:
            return torch.zeros(steps, 0, dtype=torch.int64)
        weights = noise_distribution(self.corpus.counts).numpy()
        target = examples.target.numpy()[np.arange(steps) % len(examples)]
        shares = np.where(np.arange(len(weights)) == target[:, None], 0, weights)  # as if drawn again
        ends = shares.cumsum(axis=1)[:, None]
        random = draws.uniforms(self.seed, draws.NEGATIVES, steps * self.negatives)
        random = random.reshape(steps, self.negatives, 1)
        return torch.from_numpy((random * ends[..., -1:] >= ends).sum(-1))

    def still(self) -> str:
        """Both matrices as heat maps, after `step` steps; the rows that the last step changed are marked."""
        if len(self.examples) == 0:
            return "<p>WordVectorStepper has no pair to learn: its text has fewer than two words.</p>"
        matrices = self._train(self.step)[:2]
        before = self._train(max(0, self.step - 1))[:2]
        changed = [(now != was).any(dim=1).tolist() for now, was in zip(matrices, before, strict=True)]
        reach = max(1.0, *(float(matrix.abs().max()) for matrix in matrices))
        figure, axes = plotting.subplots(1, 2, height=0.5 + 0.27 * len(self.words))
        for ax, name, matrix, rows in zip(axes, MATRICES, matrices, changed, strict=True):
            labels = [f"{'▸ ' * moved}{_short(word)}" for word, moved in zip(self.words, rows, strict=True)]
            _heat_map(ax, matrix, reach)
            ax.set_yticks(range(len(rows)), labels)
            ax.set_title(name)
        with warnings.catch_warnings():  # the page's own font draws the words, also those that Matplotlib's lacks
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            return plotting.figure_html(figure, self._alt(changed), self._caption())

    def _alt(self, changed: list[list[bool]]) -> str:
        size = f"{len(self.words)} by {self.size} numbers"
        start = f"The matrices W_in and W_out, a row per word and {size} each, {self._when()}."
        if self.step == 0:
            return start
        moved = [[word for word, yes in zip(self.words, rows, strict=True) if yes] for rows in changed]
        rows = [f"{len(found)} of {name} ({', '.join(found)})" for name, found in zip(MATRICES, moved, strict=True)]
        return f"{start} Rows that the last step changed: {' and '.join(rows)}. Its loss was {self.losses[-1]:.3f}."

    def _caption(self) -> str:
        mark = " ▸ marks the rows that the last step changed." if self.step else ""
        return f"A row per word, {self._when()}.{mark}"

    def _when(self) -> str:
        steps = "before the first step" if self.step == 0 else f"after step {self.step}"
        return f"{steps} of {self.model} with {self.loss}"

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        shown = self.text if len(self.text) <= 40 else f"{self.text[:37]}..."
        return f"WordVectorStepper({shown!r}, {self.model}, {self.loss}, step {self.step})"


def _heat_map(axes: Axes, matrix: Tensor, reach: float) -> None:
    """The matrix in colours from −reach to reach, with its numbers."""
    axes.imshow(matrix.numpy(), aspect="auto", cmap=plotting.SIGNED, vmin=-reach, vmax=reach)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(matrix.numpy()):
        ink = "white" if abs(value) > 0.88 * reach else "black"
        axes.text(column, row, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8, color=ink)


def _short(word: str) -> str:
    return word if len(word) <= 12 else f"{word[:11]}…"
