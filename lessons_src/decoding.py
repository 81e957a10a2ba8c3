"""Writing the target: greedily, by drawing, or by beam search. A token once chosen is read at the next step."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lessons_src import checks
from lessons_src.pairs import Pair
from lessons_src.sampling import HOTTEST, tempered
from lessons_src.seq2seq import END_ID, START_ID, Encoded, Seq2Seq, check_pairs

MOST = 40
"""How many tokens are written at most, END included, unless the caller says otherwise."""


class Written(NamedTuple):
    """A target as the model wrote it.

    Attributes:
        text: without END.
        log_probability: of the text and of the END that closed it, in nats.
        finished: whether END was written; if not, the text was cut at the most tokens allowed.
        weights: of the attention, (tokens, source characters), END included; None without attention.
    """

    text: str
    log_probability: float
    finished: bool
    weights: Float[Tensor, "tokens source"] | None = None


@torch.no_grad()
def greedy(model: Seq2Seq, sources: Sequence[str], *, most: int = MOST) -> list[Written]:
    """Takes the likeliest token at each step; of equal ones the one with the lowest id.

    Args:
        model: trained or not.
        sources: texts, each with something in it.
        most: how many tokens are written at most, END included.
    """
    return _write(model, sources, most, lambda scores: scores.argmax(-1))


@torch.no_grad()
def draw(
    model: Seq2Seq, sources: Sequence[str], *, temperature: float = 1.0, seed: int = 0, most: int = MOST
) -> list[Written]:
    """Draws each token from what the model expects.

    Args:
        model: trained or not.
        sources: texts, each with something in it.
        temperature: see `sampling.tempered`; 0 takes the likeliest.
        seed: of the draws.
        most: how many tokens are written at most, END included.
    """
    checks.number_between("temperature", temperature, 0.0, HOTTEST)
    generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))

    def choose(scores: Tensor) -> Tensor:
        return torch.multinomial(tempered(scores, temperature), 1, generator=generator)[:, 0]

    return _write(model, sources, most, choose)


def exact_match(model: Seq2Seq, pairs: Sequence[Pair], *, most: int = MOST) -> float:
    """The share of pairs, from 0 to 1, whose target is written without a single mistake, greedily.

    Args:
        model: trained or not.
        pairs: sources and what should be written.
        most: how many tokens are written at most, END included.
    """
    check_pairs(pairs)
    written = greedy(model, [source for source, _ in pairs], most=most)
    return sum(w.finished and w.text == target for w, (_, target) in zip(written, pairs, strict=True)) / len(pairs)


def _write(model: Seq2Seq, sources: Sequence[str], most: int, choose: Callable[[Tensor], Tensor]) -> list[Written]:
    """Writes all targets side by side, a step at a time, until each is closed or has `most` tokens."""
    checks.whole_number("most", most)
    batch = model.batch([(source, "") for source in _texts(sources)])
    encoded = model.encode(batch.source, batch.lengths)
    state, read = encoded.state, torch.full((len(sources), 1), START_ID)
    tokens, logs, looked = list[Tensor](), list[Tensor](), list[Tensor | None]()
    done = torch.zeros(len(sources), dtype=torch.bool)
    while len(tokens) < most and not done.all():
        step = model.decode(read, state, encoded)
        state, scores = step.state, allowed(step.scores[:, 0])
        chosen = choose(scores)
        tokens.append(chosen)
        logs.append(torch.log_softmax(scores.double(), -1).gather(1, chosen[:, None])[:, 0])
        looked.append(step.weights)
        done |= chosen == END_ID
        read = chosen[:, None]
    return [
        _written(model, torch.stack(tokens, 1)[row], torch.stack(logs, 1)[row], looked, row, int(batch.lengths[row]))
        for row in range(len(sources))
    ]


def _written(
    model: Seq2Seq, tokens: Tensor, logs: Tensor, looked: list[Tensor | None], row: int, length: int
) -> Written:
    closed = (tokens == END_ID).nonzero()
    finished = len(closed) > 0
    used = int(closed[0]) + 1 if finished else len(tokens)
    weights = None
    if model.attention != "none":
        weights = torch.cat([w[row] for w in looked[:used] if w is not None])[:, :length]
    text = model.target.decode(tokens[: used - finished])
    return Written(text, float(logs[:used].sum()), finished, weights)


class Hypothesis(NamedTuple):
    """One of the sequences that a beam search kept.

    Attributes:
        tokens: their ids, END included if it was reached.
        log_probability: the sum of the tokens' log-probabilities, in nats.
        score: log_probability / number of tokens ** length_penalty, by which they are ranked.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float


Advance = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(the last token of each hypothesis (K,), their state) → (log-probabilities of the next token (K, V), new state)."""


def beam_search(
    advance: Advance,
    state: Any,
    pick: Callable[[Any, Tensor], Any],
    *,
    width: int,
    most: int = MOST,
    length_penalty: float = 0.0,
    start: int = START_ID,
    end: int = END_ID,
) -> list[Hypothesis]:
    """Keeps the `width` likeliest beginnings at each step, and ranks those that came to an end.

    Hypotheses that reach `end` leave the beam. The search stops when none is left or all have `most` tokens; those
    count as they are. Among equals the lowest ids win, so that the result does not depend on the machine.

    Args:
        advance: one step of the model for all hypotheses side by side.
        state: of the model before the first step, for one hypothesis.
        pick: (state, rows (K,)) → the states of these rows, in this order; a row may come more than once.
        width: how many hypotheses are kept; 1 is greedy.
        most: the greatest number of tokens, `end` included.
        length_penalty: 0 ranks by log-probability, which favours short sequences; 1 by its mean per token.
        start: the id that is read first.
        end: the id that closes a sequence.

    Returns:
        At most `width` hypotheses, the best first.

    Source: graves2012 for the search; wu2016 for dividing by a power of the length.
    """
    checks.whole_number("width", width)
    checks.whole_number("most", most)
    checks.number_between("length_penalty", length_penalty, 0.0, 10.0)
    alive: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    finished: list[Hypothesis] = []
    while alive:
        last = torch.tensor([tokens[-1] if tokens else start for tokens, _ in alive])
        logs, state = advance(last, state)
        sums = torch.tensor([total for _, total in alive], dtype=torch.float64)[:, None] + logs.double()
        candidates = [
            (total, (*alive[row][0], token), row)
            for row, totals in enumerate(sums.tolist())
            for token, total in enumerate(totals)
            if total > -math.inf
        ]
        best = sorted(candidates, key=lambda c: (-c[0], c[1]))[:width]
        going = [(tokens, total, row) for total, tokens, row in best if tokens[-1] != end and len(tokens) < most]
        finished += [
            Hypothesis(tokens, total, total / len(tokens) ** length_penalty)
            for total, tokens, _ in best
            if tokens[-1] == end or len(tokens) == most
        ]
        alive = [(tokens, total) for tokens, total, _ in going]
        state = pick(state, torch.tensor([row for *_, row in going], dtype=torch.int64))
    return sorted(finished, key=lambda h: (-h.score, h.tokens))[:width]


@torch.no_grad()
def next_log_probabilities(
    model: Seq2Seq, encoded: Encoded, tokens: Int[Tensor, " hypotheses"], state: Any
) -> tuple[Float[Tensor, "hypotheses vocab"], Any]:
    """One step of the decoder for several hypotheses about one source.

    Args:
        model: of pairs.
        encoded: the one source.
        tokens: what each hypothesis reads (K,).
        state: of each.

    Returns:
        log-probabilities of the next token (K, V) in float64, −∞ for what is never written; and the new state.
    """
    alike = Encoded(encoded.outputs.expand(len(tokens), -1, -1), encoded.mask.expand(len(tokens), -1), encoded.state)
    step = model.decode(tokens[:, None], state, alike)
    return torch.log_softmax(allowed(step.scores[:, 0]).double(), -1), step.state


@torch.no_grad()
def beam(
    model: Seq2Seq, source: str, *, width: int = 4, most: int = MOST, length_penalty: float = 0.0
) -> list[tuple[Written, float]]:
    """Beam search for one source; see `beam_search`.

    Args:
        model: trained or not.
        source: a text with something in it.
        width: how many beginnings are kept at each step.
        most: how many tokens are written at most, END included.
        length_penalty: 0 ranks by log-probability, 1 by its mean per token.

    Returns:
        The texts and their scores, the best first.
    """
    batch = model.batch([(text, "") for text in _texts([source])])
    encoded = model.encode(batch.source, batch.lengths)

    def advance(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        return next_log_probabilities(model, encoded, tokens, state)

    def pick(state: Any, rows: Tensor) -> Any:
        return tuple(part[:, rows] for part in state) if isinstance(state, tuple) else state[:, rows]

    found = beam_search(advance, encoded.state, pick, width=width, most=most, length_penalty=length_penalty)
    written = []
    for hypothesis in found:
        ended = hypothesis.tokens[-1] == END_ID
        text = model.target.decode(torch.tensor(hypothesis.tokens[: len(hypothesis.tokens) - ended], dtype=torch.int64))
        written.append((Written(text, hypothesis.log_probability, ended), hypothesis.score))
    return written


def _texts(sources: Sequence[str]) -> Sequence[str]:
    if isinstance(sources, str):
        raise TypeError("sources: expected a list of texts, got one text; write [text]")
    if not sources:
        raise ValueError("sources: expected at least one text, got none")
    for source in sources:
        if not isinstance(source, str):
            raise TypeError(f"sources: expected texts, got {type(source).__name__}")
        if not source.strip():
            raise ValueError(f"sources: expected texts with something in them, got {source!r}")
    return sources


def allowed(scores: Tensor) -> Tensor:
    """The scores with −∞ for START and for the sign for unknown characters, which are never written."""
    scores = scores.clone()
    scores[..., START_ID] = scores[..., -1] = -math.inf
    return scores
