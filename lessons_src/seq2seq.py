"""From one sequence to another of any length: an encoder, a decoder, and attention between them.

Shapes: B pairs, S source and T target steps, H = hidden_size, V target tokens. With attention the decoder's state asks,
the encoder's outputs answer: h̃_t = tanh(W_c [context_t; h_t]) (luong2015); without it the decoder has the last state of
the encoder and nothing else (sutskever2014, cho2014).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lessons_src import checks
from lessons_src.attention import AdditiveScore, DotScore, masked_softmax, padding_mask
from lessons_src.labelled import IGNORED
from lessons_src.models import LAYERS
from lessons_src.pairs import Pair
from lessons_src.text import Vocabulary, common_alphabet
from lessons_src.training import StepRecord, train, warm_cosine

START, END = "⟨start⟩", "⟨end⟩"
START_ID, END_ID = 0, 1
ATTENTIONS = ("none", "dot", "additive")
DECODER_INPUTS = ("tokens", "zeros")


def target_vocabulary(targets: Sequence[str]) -> Vocabulary:
    """The characters of the targets, behind START and END, and a sign for unknown ones at the end."""
    return Vocabulary([START, END, *common_alphabet("".join(targets))])


@dataclass(frozen=True)
class Encoded:
    """What the decoder may know of the sources.

    Attributes:
        outputs: the encoder's hidden states (B, S, H or 2H).
        mask: which of them belong to a source, and not to padding (B, S).
        state: the decoder's first state, (1, B, H) or for an LSTM a pair.
    """

    outputs: Float[Tensor, "batch source outputs"]
    mask: Bool[Tensor, "batch source"]
    state: Any


@dataclass(frozen=True)
class Decoded:
    """What the decoder makes of a sequence of inputs.

    Attributes:
        scores: of each target token, before the softmax (B, T, V).
        state: after the last step.
        weights: of the attention (B, T, S); None without attention.
    """

    scores: Float[Tensor, "batch target vocab"]
    state: Any
    weights: Float[Tensor, "batch target source"] | None


@dataclass(frozen=True)
class Batch:
    """Pairs as ids.

    Attributes:
        source: (B, S), padded with the last id.
        lengths: of the sources (B,).
        target: (B, T), each closed by END_ID and padded with IGNORED.
    """

    source: Int[Tensor, "batch source"]
    lengths: Int[Tensor, " batch"]
    target: Int[Tensor, "batch target"]


class Seq2Seq(nn.Module):
    """An encoder that reads the source, and a decoder that writes the target one token at a time.

    Args:
        source: the vocabulary of the sources.
        target: the vocabulary of the targets, from `target_vocabulary`.
        embedding_size: of a token, on both sides.
        hidden_size: H, of the decoder and of each direction of the encoder.
        cell: "RNN", "LSTM" or "GRU".
        attention: "none", "dot" (luong2015's general) or "additive" (bahdanau2015's score).
        bidirectional: whether the encoder also reads from the end.
        decoder_input: what the decoder reads at each step: the token before ("tokens"), or nothing ("zeros").
    """

    def __init__(
        self,
        source: Vocabulary,
        target: Vocabulary,
        *,
        embedding_size: int = 32,
        hidden_size: int = 64,
        cell: str = "GRU",
        attention: str = "dot",
        bidirectional: bool = True,
        decoder_input: str = "tokens",
    ) -> None:
        super().__init__()
        if tuple(target.alphabet[:2]) != (START, END):
            raise ValueError(f"target: expected a vocabulary that begins with START and END, got {target!r}")
        self.source, self.target = source, target
        self.decoder_input = checks.one_of("decoder_input", decoder_input, DECODER_INPUTS)
        self.attention = checks.one_of("attention", attention, ATTENTIONS)
        layer = LAYERS[checks.one_of("cell", cell, LAYERS)]
        width = hidden_size * (1 + bidirectional)
        self.source_embedding = nn.Embedding(len(source), checks.whole_number("embedding_size", embedding_size))
        self.target_embedding = nn.Embedding(len(target), embedding_size)
        self.encoder = layer(embedding_size, hidden_size, bidirectional=bidirectional)
        self.bridge = nn.Linear(width, hidden_size) if bidirectional else None
        self.decoder = layer(embedding_size, hidden_size)
        if attention != "none":
            additive = attention == "additive"
            self.score = AdditiveScore(hidden_size, width, hidden_size) if additive else DotScore(hidden_size, width)
            self.combine = nn.Linear(width + hidden_size, hidden_size)
        self.head = nn.Linear(hidden_size, len(target))

    def encode(self, source: Int[Tensor, "batch source"], lengths: Any = None) -> Encoded:
        """Reads sources (B, S); what stands behind their lengths (B,) has no influence."""
        source = checks.ids("source", source, ("batch", "source"), len(self.source))
        batch, steps = source.shape
        outputs, state = self.encoder(self.source_embedding(source), lengths=lengths)
        mask = torch.ones(batch, steps, dtype=torch.bool) if lengths is None else padding_mask(lengths, steps)
        return Encoded(outputs, mask, _each(state, self._bridged))

    def decode(
        self,
        tokens: Int[Tensor, "batch target"],
        state: Any,
        encoded: Encoded,
        weights: Float[Tensor, "batch target source"] | None = None,
    ) -> Decoded:
        """Runs the decoder over its inputs, one step or many.

        Args:
            tokens: what it reads (B, T): START_ID first, then the tokens before.
            state: `encoded.state`, or the state of the call before.
            encoded: the sources.
            weights: attention weights to use instead of its own (B, T, S); None for its own.
        """
        tokens = checks.ids("tokens", tokens, ("batch", "target"), len(self.target))
        read = self.target_embedding(tokens)
        h, state = self.decoder(torch.zeros_like(read) if self.decoder_input == "zeros" else read, state)
        if self.attention == "none":
            if weights is not None:
                raise ValueError("weights: expected None for a model without attention, got a tensor")
            return Decoded(self.head(h), state, None)
        if weights is None:
            weights = masked_softmax(self.score(h, encoded.outputs), encoded.mask[:, None])
        context = weights @ encoded.outputs
        return Decoded(self.head(torch.tanh(self.combine(torch.cat([context, h], dim=-1)))), state, weights)

    def batch(self, pairs: Sequence[Pair]) -> Batch:
        """Pairs of texts as ids; characters that are not known get the last id."""
        check_pairs(pairs)
        read = "".join(source for source, _ in pairs)
        written = [token for _, target in pairs for token in (*target, END)]
        lengths = torch.tensor([len(source) for source, _ in pairs])
        closed = torch.tensor([len(target) + 1 for _, target in pairs])
        return Batch(
            _rows(self.source.encode(read), lengths, len(self.source) - 1),
            lengths,
            _rows(self.target.encode(written), closed, IGNORED),
        )

    def batches(self, pairs: Sequence[Pair], steps: int, batch_size: int = 64, seed: int = 0) -> Iterator[Batch]:
        """`steps` batches of pairs drawn at random; every pair comes once before any comes again."""
        checks.whole_number("steps", steps)
        checks.whole_number("batch_size", batch_size)
        everything, generator = self.batch(pairs), torch.Generator().manual_seed(seed)
        order = torch.empty(0, dtype=torch.int64)
        for _ in range(steps):
            while len(order) < batch_size:
                order = torch.cat([order, torch.randperm(len(pairs), generator=generator)])
            rows, order = order[:batch_size], order[batch_size:]
            lengths, target = everything.lengths[rows], everything.target[rows]
            longest = int((target != IGNORED).sum(1).max())
            yield Batch(everything.source[rows, : int(lengths.max())], lengths, target[:, :longest])

    def _bridged(self, state: Tensor) -> Tensor:
        """The decoder's first state (1, B, H): the encoder's own, or both directions' brought to one."""
        if self.bridge is None:
            return state
        return torch.tanh(self.bridge(state.transpose(0, 1).flatten(1)))[None]


def loss(
    model: Seq2Seq, batch: Batch, *, forcing: float = 1.0, generator: torch.Generator | None = None
) -> Float[Tensor, ""]:
    """The mean cross-entropy per target token, in nats; padding does not count.

    Args:
        model: what is trained.
        batch: see `Seq2Seq.batch`.
        forcing: how often the decoder reads the true token before, rather than the one it would have written: 1 is
            teacher forcing, 0 free running. Between, each place of each pair is drawn.
        generator: of the draws; needed if forcing lies between 0 and 1.
    """
    checks.number_between("forcing", forcing, 0.0, 1.0)
    if 0 < forcing < 1 and generator is None:
        raise ValueError("generator: expected a torch.Generator, since forcing lies between 0 and 1, got None")
    encoded = model.encode(batch.source, batch.lengths)
    truth = torch.cat([torch.full_like(batch.target[:, :1], START_ID), batch.target[:, :-1]], dim=1)
    truth = truth.where(truth != IGNORED, torch.tensor(END_ID))
    if forcing == 1:
        scores = model.decode(truth, encoded.state, encoded).scores
    else:
        scores = _partly_forced(model, encoded, truth, forcing, generator)
    return cross_entropy(scores.flatten(0, 1), batch.target.flatten(), ignore_index=IGNORED)


def model_for(pairs: Sequence[Pair], seed: int = 0, **options: Any) -> Seq2Seq:
    """A model before training, with the vocabularies of the pairs; `options` are those of Seq2Seq."""
    check_pairs(pairs)
    torch.manual_seed(checks.whole_number("seed", seed, least=0))
    source = Vocabulary(common_alphabet("".join(source for source, _ in pairs)))
    return Seq2Seq(source, target_vocabulary([target for _, target in pairs]), **options)


def learn(
    model: Seq2Seq, pairs: Sequence[Pair], steps: int, *, batch_size: int = 64, rate: float = 1e-2, seed: int = 0
) -> Iterator[StepRecord]:
    """Trains in place by teacher forcing, with Adam, and yields a record after each step.

    Args:
        model: what is trained.
        pairs: what it learns from.
        steps: how many.
        batch_size: how many pairs a batch has.
        rate: the greatest learning rate; it rises over 20 steps and falls along a cosine to a twentieth.
        seed: of the batches.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    batches = model.batches(pairs, steps, batch_size, seed)
    return train(model, batches, loss, optimizer, clip_norm=1.0, schedule=warm_cosine(steps, 20, 0.05))


def _partly_forced(
    model: Seq2Seq, encoded: Encoded, truth: Tensor, forcing: float, generator: torch.Generator | None
) -> Tensor:
    state, read, scores = encoded.state, truth[:, :1], []
    for t in range(truth.shape[1]):
        step = model.decode(read, state, encoded)
        state = step.state
        scores.append(step.scores)
        if t + 1 < truth.shape[1]:
            forced = torch.rand(len(truth), 1, generator=generator) < forcing
            read = truth[:, t + 1 : t + 2].where(forced, step.scores.argmax(-1))
    return torch.cat(scores, dim=1)


def _rows(ids: Tensor, lengths: Tensor, padding: int) -> Tensor:
    """Sequences that lie one behind the other (N,), each as a row that is filled up with `padding` (B, longest)."""
    inside = torch.arange(int(lengths.max())) < lengths[:, None]
    return torch.full(inside.shape, padding).masked_scatter(inside, ids)


def check_pairs(pairs: Sequence[Pair]) -> None:
    """Refuses what is not at least one pair of texts, the first of them with something in it."""
    if not pairs:
        raise ValueError("pairs: expected at least one pair, got none")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or [type(part) for part in pair] != [str, str]:
            raise TypeError(f"pairs: expected pairs of texts, (source, target), got {pair!r}")
        if not pair[0]:
            raise ValueError(f"pairs: expected sources of at least one character, got {tuple(pair)!r}")


def _each(state: Any, change: Any) -> Any:
    return tuple(change(part) for part in state) if isinstance(state, tuple) else change(state)
