"""What comes next? Models that see a fixed number of tokens, and how a prediction is judged."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessons_src import checks

SMOOTHINGS = ("add", "witten-bell")

Context = tuple[int, ...]


def contexts(ids: Int[Tensor, " time"], window: int) -> tuple[Int[Tensor, "places window"], Int[Tensor, " places"]]:
    """What stands before each token, and the token: (T − window, window) and (T − window,).

    The first `window` tokens are only context. Put as many marks before a text if its first token is to be predicted.
    """
    checks.whole_number("window", window)
    ids = checks.ids("ids", ids, ("time",), torch.iinfo(torch.int64).max)
    if len(ids) <= window:
        raise ValueError(f"ids: expected more than window = {window} tokens, got {len(ids)}")
    return ids.unfold(0, window, 1)[:-1], ids[window:]


class NGramModel:
    r"""Predicts a token from the n − 1 before it, by counting.

    With c(h w) the number of times that w follows h, c(h) the sum over w, T(h) the number of different w behind h, and
    h' without its first token:

        "add":          P(w | h) = (c(h w) + k) / (c(h) + k V)
        "witten-bell":  P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h)), down to P(w) = 1 / V

    Args:
        order: n, from 1.
        vocab_size: V; ids run from 0 to V − 1.
        smoothing: how what was never seen gets its share (witten1991, chen1999).
        add: k, for "add"; 0 leaves the shares as counted, and an unseen h then gives every token 0.
    """

    def __init__(self, order: int, vocab_size: int, *, smoothing: str = "witten-bell", add: float = 1.0) -> None:
        self.order = checks.whole_number("order", order)
        self.vocab_size = checks.whole_number("vocab_size", vocab_size)
        self.smoothing = checks.one_of("smoothing", smoothing, SMOOTHINGS)
        self.add = checks.number_between("add", add, 0.0, math.inf)
        self._followers: defaultdict[Context, Counter[int]] = defaultdict(Counter)
        self._totals: Counter[Context] = Counter()

    def fit(self, texts: Iterable[Int[Tensor, " _"]]) -> "NGramModel":
        """Counts the n-grams of these texts (T,), and all shorter ones; adds to earlier counts. Returns itself."""
        for text in texts:
            ids = checks.ids("texts", text, ("time",), self.vocab_size).tolist()
            for length in range(1, self.order + 1):
                grams = Counter(zip(*(ids[k:] for k in range(length)), strict=False))
                for gram, times in grams.items():
                    self._followers[gram[:-1]][gram[-1]] += times
                    self._totals[gram[:-1]] += times
        return self

    def variant(
        self, *, order: int | None = None, smoothing: str | None = None, add: float | None = None
    ) -> "NGramModel":
        """A model of the same counts, which are shared and not copied, read with another order or smoothing.

        Args:
            order: at most that of this model; None for the same.
            smoothing: as for a new model; None for the same.
            add: as for a new model; None for the same.
        """
        if order is not None and checks.whole_number("order", order) > self.order:
            raise ValueError(f"order: expected at most {self.order}, up to which n-grams were counted, got {order}")
        model = NGramModel(
            self.order if order is None else order,
            self.vocab_size,
            smoothing=self.smoothing if smoothing is None else smoothing,
            add=self.add if add is None else add,
        )
        model._followers, model._totals = self._followers, self._totals
        return model

    def followers(self, context: Sequence[int]) -> Counter[int]:
        """How often each token followed this context; only the last n − 1 tokens of it count."""
        return self._followers.get(self._known(context), Counter())

    def distribution(self, context: Sequence[int]) -> Float[Tensor, " vocab"]:
        """P(w | the last n − 1 tokens of the context) for every w: (V,) float64."""
        uniform = torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)
        return self._estimate(self._known(context), self._counts, uniform)

    def log_probabilities(self, ids: Int[Tensor, " time"]) -> Float[Tensor, " time"]:
        """log P of each token, given at most n − 1 tokens before it in this text: (T,) float64, in nats."""
        tokens = checks.ids("ids", ids, ("time",), self.vocab_size).tolist()
        found = []
        for k, token in enumerate(tokens):
            context = self._known(tokens[max(0, k - self.order + 1) : k])
            found.append(self._estimate(context, partial(self._times, token), 1 / self.vocab_size))
        return torch.tensor(found, dtype=torch.float64).log()

    def sample(self, length: int, *, start: Sequence[int] = (), seed: int = 0) -> Int[Tensor, " time"]:
        """Writes on: draws one token after the other, each from P(w | what stands before it). (length,) int64.

        Args:
            length: how many tokens to draw.
            start: what stands before the first of them; it is not repeated in what comes back.
            seed: of the draws.

        Raises:
            ValueError: no token has a probability, since nothing was counted behind a context and `add` is 0.
        """
        checks.whole_number("length", length)
        generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
        tokens = list(start)
        for _ in range(length):
            share = self.distribution(tokens)
            if not share.any():
                raise ValueError(f"start: expected a context that was seen, since add = 0, got {self._known(tokens)}")
            tokens.append(int(torch.multinomial(share, 1, generator=generator)))
        return torch.tensor(tokens[len(start) :], dtype=torch.int64)

    def _estimate(self, context: Context, counted: Callable[[Context], Any], uniform: Any) -> Any:
        """P(w | context), for one w or for all: counted(h) is then a number, c(h w), or a row of them."""
        if self.smoothing == "add":
            total = self._totals[context] + self.add * self.vocab_size
            return (counted(context) + self.add) / total if total else 0 * uniform
        share = uniform
        for start in range(len(context), -1, -1):
            h = context[start:]
            if h in self._totals:
                kinds = len(self._followers[h])
                share = (counted(h) + kinds * share) / (self._totals[h] + kinds)
        return share

    def _known(self, context: Sequence[int]) -> Context:
        return tuple(context[max(0, len(context) - self.order + 1) :])

    def _times(self, token: int, context: Context) -> int:
        return self.followers(context)[token]

    def _counts(self, context: Context) -> Float[Tensor, " vocab"]:
        counts = torch.zeros(self.vocab_size, dtype=torch.float64)
        seen = self.followers(context)
        if seen:
            counts[list(seen)] = torch.tensor(list(seen.values()), dtype=torch.float64)
        return counts


class WindowModel(nn.Module):
    """The fixed-window neural model (bengio2003): e = [E w₁; …; E wₙ], h = tanh(W e + b₁), scores = U h + b₂.

    Args:
        vocab_size: V.
        window: n, how many tokens it sees.
        embedding_size: D, of each token.
        hidden_size: H.
    """

    def __init__(self, vocab_size: int, window: int, embedding_size: int = 16, hidden_size: int = 32) -> None:
        super().__init__()
        for name, value in {"vocab_size": vocab_size, "embedding_size": embedding_size}.items():
            checks.whole_number(name, value)
        self.window = checks.whole_number("window", window)
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.hidden = nn.Linear(window * embedding_size, checks.whole_number("hidden_size", hidden_size))
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, ids: Int[Tensor, "batch window"]) -> Float[Tensor, "batch vocab"]:
        """The n tokens before (B, n) → scores of the next one, before the softmax (B, V)."""
        ids = checks.ids("ids", ids, ("batch", "window"), self.embedding.num_embeddings)
        if ids.shape[1] != self.window:
            raise ValueError(f"ids: expected {self.window} tokens in each row, got {ids.shape[1]}")
        e = self.embedding(ids).flatten(1)
        h = torch.tanh(self.hidden(e))
        return self.output(h)


def surprise(log_probabilities: Float[Tensor, " places"]) -> Float[Tensor, " places"]:
    """−log₂ P of each token, in bits, from natural logarithms."""
    return 0.0 - log_probabilities / math.log(2)  # a plain minus would make a certain token cost −0


def perplexity(log_probabilities: Float[Tensor, " places"]) -> float:
    """exp of the mean of −log P: among how many equally likely tokens one would be as unsure."""
    if log_probabilities.numel() == 0:
        raise ValueError("log_probabilities: expected at least one, got none")
    if torch.isnan(log_probabilities).any():
        raise ValueError("log_probabilities: expected numbers, got NaN among them (did the training diverge?)")
    return float((-log_probabilities.double().mean()).exp())
