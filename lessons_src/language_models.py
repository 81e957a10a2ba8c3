"""What comes next? Models that see a fixed number of tokens, and how a prediction is judged."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessons_src import checks

SMOOTHINGS = ("add", "witten-bell")


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
        self._followers: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)

    def fit(self, texts: Iterable[Int[Tensor, " time"]]) -> "NGramModel":
        """Counts the n-grams of these texts, and all shorter ones; adds to what was counted before. Returns itself."""
        for text in texts:
            ids = checks.ids("texts", text, ("time",), self.vocab_size).tolist()
            for length in range(self.order):
                for k in range(length, len(ids)):
                    self._followers[tuple(ids[k - length : k])][ids[k]] += 1
        return self

    def followers(self, context: Sequence[int]) -> Counter[int]:
        """How often each token followed this context; only the last n − 1 tokens of it count."""
        return self._followers.get(self._known(context), Counter())

    def distribution(self, context: Sequence[int]) -> Float[Tensor, " vocab"]:
        """P(w | the last n − 1 tokens of the context) for every w: (V,) float64."""
        history = self._known(context)
        if self.smoothing == "add":
            counts = self._counts(history)
            total = float(counts.sum()) + self.add * self.vocab_size
            return (counts + self.add) / total if total else counts
        share = torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)
        for start in range(len(history), -1, -1):
            counts = self._counts(history[start:])
            kinds = float((counts > 0).sum())
            if kinds:
                share = (counts + kinds * share) / (counts.sum() + kinds)
        return share

    def log_probabilities(self, ids: Int[Tensor, " time"]) -> Float[Tensor, " time"]:
        """log P of each token, given at most n − 1 tokens before it in this text: (T,) float64, in nats."""
        tokens = checks.ids("ids", ids, ("time",), self.vocab_size).tolist()
        kept: dict[tuple[int, ...], Tensor] = {}
        found = []
        for k, token in enumerate(tokens):
            history = self._known(tokens[:k] if k < self.order else tokens[k - self.order + 1 : k])
            if history not in kept:
                kept[history] = self.distribution(history)
            found.append(kept[history][token])
        return torch.stack(found).log()

    def _known(self, context: Sequence[int]) -> tuple[int, ...]:
        return tuple(context[max(0, len(context) - self.order + 1) :])

    def _counts(self, history: tuple[int, ...]) -> Float[Tensor, " vocab"]:
        counts = torch.zeros(self.vocab_size, dtype=torch.float64)
        seen = self._followers.get(history)
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
    return -log_probabilities / math.log(2)


def perplexity(log_probabilities: Float[Tensor, " places"]) -> float:
    """exp of the mean of −log P: among how many equally likely tokens one would be as unsure."""
    if log_probabilities.numel() == 0:
        raise ValueError("log_probabilities: expected at least one, got none")
    return float((-log_probabilities.double().mean()).exp())
