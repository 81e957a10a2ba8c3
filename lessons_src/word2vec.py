"""Word2Vec: word vectors learnt by guessing a word from its neighbours (CBOW), or its neighbours from it (skip-gram).

The two differ only in their examples: CBOW guesses one word from several, skip-gram one word from one. The two losses,
softmax and negative sampling, take either (mikolov2013efficient, mikolov2013distributed).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding, embedding_bag, log_softmax, softplus

from lessons_src import checks
from lessons_src.corpus import Corpus
from lessons_src.word_vectors import WordVectors

MODELS = ("CBOW", "skip-gram")

MOST = 8
"""How many examples of a batch may move one word's vectors at full rate."""


@dataclass(frozen=True)
class Examples:
    """What is shown to the network, N times: some words that go in, and the one that must come out.

    Attributes:
        inputs: the words that go in, of all examples, one behind the other (M,).
        first: where in `inputs` each example begins (N,).
        target: the word that must come out (N,).
    """

    inputs: Int[Tensor, " entries"]
    first: Int[Tensor, " examples"]
    target: Int[Tensor, " examples"]

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, part: slice) -> "Examples":
        """Some examples in their order; steps of a slice other than 1 are not meant."""
        start, stop, _ = part.indices(len(self))
        edges = (start, max(start, stop))
        begin, end = (int(self.first[edge]) if edge < len(self) else len(self.inputs) for edge in edges)
        return Examples(self.inputs[begin:end], self.first[start:stop] - begin, self.target[start:stop])

    def split(self, size: int) -> Iterator["Examples"]:
        """The examples in their order, at most `size` at a time."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    @property
    def lengths(self) -> Int[Tensor, " examples"]:
        """How many words go in (N,)."""
        return torch.diff(self.first, append=torch.tensor([len(self.inputs)]))


def cbow_examples(corpus: Corpus, window: int, shrink: torch.Generator | None = None) -> Examples:
    """In go the words within `window` of a word, as many as its sentence has there; out must come the word.

    Args:
        corpus: a sentence of one word gives no example.
        window: how far to look on either side.
        shrink: draws for each word a window from 1 to `window`, as Word2Vec does, so that near words count more; None
            for the whole window everywhere.
    """
    around, inside = _windows(corpus, window, shrink)
    lengths = inside.sum(1)
    some = lengths > 0
    return Examples(around.masked_select(inside), _starts(lengths[some]), corpus.ids[some])


def skip_gram_examples(corpus: Corpus, window: int, shrink: torch.Generator | None = None) -> Examples:
    """In goes a word; out must come a word within `window` of it: one example for each of these."""
    around, inside = _windows(corpus, window, shrink)
    centre = corpus.ids[:, None].expand_as(around)[inside]
    return Examples(centre, torch.arange(len(centre)), around[inside])


def _windows(corpus: Corpus, window: int, shrink: torch.Generator | None) -> tuple[Tensor, Tensor]:
    around, inside = corpus.around(window)
    if shrink is not None:
        reach = torch.randint(1, window + 1, (len(corpus), 1), generator=shrink)
        distance = torch.tensor([abs(d) for d in range(-window, window + 1) if d])
        inside = inside & (distance <= reach)
    return around, inside


def _starts(lengths: Tensor) -> Tensor:
    return torch.cumsum(lengths, 0) - lengths


@dataclass(frozen=True)
class Gradients:
    """The gradients of the summed loss, in the factors that both losses share.

    Each word that was scored adds ∂L/∂score · h to its row of W_out, and each word that went in adds ∂L/∂h, divided by
    how many went in with it, to its row of W_in. No other row has a gradient.

    Attributes:
        loss: of each example (N,), in nats.
        h: the mean of what went in (N, D).
        d_h: ∂L/∂h (N, D).
        scored: the words that were scored (N, S); None for every word of the vocabulary, in order.
        d_scores: ∂L/∂score of each of them (N, S).
        examples: what was shown.
    """

    loss: Float[Tensor, " examples"]
    h: Float[Tensor, "examples size"]
    d_h: Float[Tensor, "examples size"]
    scored: Int[Tensor, "examples scored"] | None
    d_scores: Float[Tensor, "examples scored"]
    examples: Examples

    def descend(
        self,
        W_in: Float[Tensor, "vocab size"],
        W_out: Float[Tensor, "vocab size"],
        rate: float,
        most: float = math.inf,
    ) -> None:
        """One step of gradient descent, in place: it touches the rows named above and no others.

        Args:
            W_in: changed.
            W_out: changed.
            rate: the learning rate.
            most: how many examples may move one row at full rate. All gradients of a batch are taken at the same place,
                so a word that occurs in many examples would go too far; its steps shrink until they add up to `most`.
        """
        inputs, lengths = self.examples.inputs, self.examples.lengths
        example = torch.repeat_interleave(lengths)  # to which each entry of `inputs` belongs
        share = (1 / lengths.to(self.d_h)).index_select(0, example)
        factor = -rate * share * _brake(inputs, share, len(W_in), most)
        W_in.index_add_(0, inputs, self.d_h.index_select(0, example).mul_(factor[:, None]))
        if self.scored is None:
            W_out.addmm_(-rate * min(1.0, most / len(self.examples)) * self.d_scores.T, self.h)
        else:
            scored = self.scored.flatten()
            each = torch.ones_like(self.d_scores)
            d_scores = self.d_scores * _brake(scored, each.flatten(), len(W_out), most).view_as(each)
            W_out.index_add_(0, scored, ((-rate * d_scores)[:, :, None] * self.h[:, None]).flatten(0, 1))

    def dense(self, vocab_size: int) -> tuple[Float[Tensor, "vocab size"], Float[Tensor, "vocab size"]]:
        """∂L/∂W_in and ∂L/∂W_out as whole matrices (V, D), zero in the rows that have no gradient."""
        d_W_in, d_W_out = self.h.new_zeros(2, vocab_size, self.h.shape[1])
        self.descend(d_W_in, d_W_out, rate=-1.0)
        return d_W_in, d_W_out


def _brake(rows: Tensor, weights: Tensor, count: int, most: float) -> Tensor:
    """By what each entry is scaled so that no row's weights add up to more than `most`."""
    return (most / torch.bincount(rows, weights, minlength=count)).clamp(max=1.0).to(weights).index_select(0, rows)


def mean_inputs(W_in: Float[Tensor, "vocab size"], examples: Examples) -> Float[Tensor, "examples size"]:
    """h: the mean of the rows of W_in that go in, over as many words as there are (N, D)."""
    return embedding_bag(examples.inputs, W_in, examples.first, mode="mean")


def softmax_gradients(
    W_in: Float[Tensor, "vocab size"], W_out: Float[Tensor, "vocab size"], examples: Examples
) -> Gradients:
    """Of the loss −log softmax(W_out h)[target]: every row of W_out has a gradient."""
    h = mean_inputs(W_in, examples)
    log_p = log_softmax(h @ W_out.T, dim=1)
    d_scores = log_p.exp()
    each = torch.arange(len(examples))
    d_scores[each, examples.target] -= 1
    return Gradients(-log_p[each, examples.target], h, d_scores @ W_out, None, d_scores, examples)


def negative_gradients(
    W_in: Float[Tensor, "vocab size"],
    W_out: Float[Tensor, "vocab size"],
    examples: Examples,
    negatives: Int[Tensor, "examples negatives"],
) -> Gradients:
    """Of the loss −log σ(w_target · h) − Σ log σ(−w_negative · h): k + 1 rows of W_out have a gradient, per example.

    Args:
        W_in: the vectors of words that go in.
        W_out: the vectors of words that may come out.
        examples: N of them.
        negatives: k words for each example (N, k). One that is the target does not count, as in Word2Vec.
    """
    h = mean_inputs(W_in, examples)
    scored = torch.cat([examples.target[:, None], negatives], dim=1)
    w = embedding(scored, W_out)
    scores = torch.bmm(h[:, None], w.transpose(1, 2))[:, 0]
    counts = torch.ones_like(scores)
    counts[:, 1:] = negatives != examples.target[:, None]
    d_scores = torch.sigmoid(scores)
    d_scores[:, 0] -= 1
    d_scores *= counts
    scores[:, 0].neg_()  # −log σ(s) is softplus(−s), and −log σ(−s) is softplus(s)
    loss = (softplus(scores) * counts).sum(1)
    d_h = embedding_bag(scored, W_out, per_sample_weights=d_scores, mode="sum")
    return Gradients(loss, h, d_h, scored, d_scores, examples)


class ContextModel(nn.Module):
    """The same network for autograd: scores = W_out h, with h the mean of the rows of W_in that go in.

    Args:
        vocab_size: V.
        size: D.
    """

    def __init__(self, vocab_size: int, size: int) -> None:
        super().__init__()
        checks.whole_number("vocab_size", vocab_size)
        self.W_in = nn.Parameter(torch.randn(vocab_size, checks.whole_number("size", size)) / math.sqrt(size))
        self.W_out = nn.Parameter(torch.zeros(vocab_size, size))

    def forward(self, examples: Examples) -> Float[Tensor, "examples vocab"]:
        """The score of every word, for each example (N, V)."""
        return mean_inputs(self.W_in, examples) @ self.W_out.T


def noise_distribution(counts: Int[Tensor, " vocab"], power: float = 0.75) -> Float[Tensor, " vocab"]:
    """Where negatives are drawn from: each word's count to the power of 0.75, as shares that add up to 1 (V,)."""
    if not counts.any():
        raise ValueError(f"counts: expected at least one above 0, got {len(counts)} times 0")
    weights = counts.double() ** checks.number_between("power", power, 0.0, 1.0)
    return weights / weights.sum()


def keep_probability(counts: Int[Tensor, " vocab"], threshold: float) -> Float[Tensor, " vocab"]:
    """With which probability each word is kept where it occurs (V,): min(1, √(t / f) + t / f).

    f is the word's share of all words, t the threshold. So Word2Vec's own program has it; its paper prints √(t / f).
    """
    if not checks.number_between("threshold", threshold, 0.0, 1.0) > 0:
        raise ValueError(f"threshold: expected a number above 0, got {threshold}")
    rarity = threshold * counts.sum() / counts.clamp(min=1)
    return (rarity.sqrt() + rarity).clamp(max=1)


@dataclass(frozen=True)
class Progress:
    """How far the training is.

    Attributes:
        words: how many words of the corpus were read so far, those included that subsampling took out.
        loss: the mean over the examples since the last record, in nats.
        rate: the learning rate now.
    """

    words: int
    loss: float
    rate: float


class Word2Vec:
    """Word vectors learnt with negative sampling, by the hand-written gradients above, a batch at a time.

    Args:
        corpus: what to learn from.
        size: D.
        window: how far to look on either side.
        model: "CBOW" or "skip-gram".
        negatives: k.
        threshold: t of `keep_probability`; None keeps every word.
        shrink: whether to draw each word's window from 1 to `window`.
        seed: of everything random.
    """

    def __init__(
        self,
        corpus: Corpus,
        size: int = 100,
        window: int = 5,
        *,
        model: str = "CBOW",
        negatives: int = 5,
        threshold: float | None = None,
        shrink: bool = True,
        seed: int = 0,
    ) -> None:
        if not isinstance(corpus, Corpus):
            raise TypeError(f"corpus: expected one made by Corpus.of, got {type(corpus).__name__}")
        self.corpus = corpus
        self.window = checks.whole_number("window", window)
        self.model = checks.one_of("model", model, MODELS)
        self.negatives = checks.whole_number("negatives", negatives)
        self._shrink = checks.true_or_false("shrink", shrink)
        self._keep = None if threshold is None else keep_probability(corpus.counts, threshold)
        self._noise = _table(noise_distribution(corpus.counts))
        self._generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
        shape = len(corpus.words), checks.whole_number("size", size)
        self.W_in = (torch.rand(shape, generator=self._generator) - 0.5) / size
        self.W_out = torch.zeros(shape)

    @property
    def vectors(self) -> WordVectors:
        """The rows of W_in, as they are now."""
        return WordVectors(self.corpus.words, self.W_in.clone())

    def train(self, epochs: int, rate: float = 0.1, batch_size: int = 512) -> Iterator[Progress]:
        """Reads the corpus `epochs` times; the rate falls linearly to a thousandth. Yields a record per epoch."""
        checks.whole_number("epochs", epochs)
        checks.whole_number("batch_size", batch_size)
        if not checks.number_between("rate", rate, 0.0, math.inf) > 0:
            raise ValueError(f"rate: expected a number above 0, got {rate}")
        for epoch in range(epochs):
            examples = self._examples()
            losses = [self._step(*part) for part in self._batches(examples, batch_size, epoch, epochs, rate)]
            mean = float(torch.cat(losses).mean()) if losses else math.nan
            yield Progress((epoch + 1) * len(self.corpus), mean, _falling(rate, (epoch + 1) / epochs))

    def _examples(self) -> Examples:
        corpus = self.corpus if self._keep is None else self.corpus.thinned(self._keep, self._generator)
        make = cbow_examples if self.model == "CBOW" else skip_gram_examples
        return make(corpus, self.window, self._generator if self._shrink else None)

    def _batches(
        self, examples: Examples, size: int, epoch: int, epochs: int, rate: float
    ) -> Iterator[tuple[Examples, Tensor, float]]:
        draws = torch.randint(len(self._noise), (len(examples) * self.negatives,), generator=self._generator)
        negatives = self._noise.index_select(0, draws).view(-1, self.negatives)
        for start in range(0, len(examples), size):
            done = (epoch + start / len(examples)) / epochs
            yield examples[start : start + size], negatives[start : start + size], _falling(rate, done)

    def _step(self, examples: Examples, negatives: Tensor, rate: float) -> Tensor:
        gradients = negative_gradients(self.W_in, self.W_out, examples, negatives)
        gradients.descend(self.W_in, self.W_out, rate, most=MOST)
        return gradients.loss


def _table(shares: Float[Tensor, " vocab"], size: int = 2**20) -> Int[Tensor, " entries"]:
    """Each word as often as its share says, at least once: drawing from a table is fast, and Word2Vec does it too."""
    return torch.arange(len(shares)).repeat_interleave((shares * size).round().long().clamp(min=1))


def _falling(rate: float, done: float) -> float:
    return rate * max(1e-3, 1 - done)
