"""Word2Vec on one sentence by the plainest means, and by autograd: what WordVectorStepper is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

Pair = tuple[list[int], int]
"""The words that go in, and the one that must come out."""

COMBINATIONS = [(model, loss) for model in ("CBOW", "skip-gram") for loss in ("softmax", "negative sampling")]


def pairs_of(ids: Sequence[int], model: str, window: int) -> list[Pair]:
    """Every pair of the text, in the order in which they are learnt."""
    pairs = []
    for t, word in enumerate(ids):
        left, right = ids[max(0, t - window) : t], ids[t + 1 : t + 1 + window]
        around = [*left, *right]
        if model == "CBOW" and around:
            pairs.append((around, word))
        if model == "skip-gram":
            pairs += [([word], other) for other in around]
    return pairs


def pair_loss(W_in: Tensor, W_out: Tensor, pair: Pair, negatives: Sequence[int] | None) -> Tensor:
    """The loss of one pair; `negatives` is None for softmax."""
    inputs, target = pair
    h = W_in[inputs].mean(0)
    if negatives is None:
        return cross_entropy((W_out @ h)[None], torch.tensor([target]))
    loss = -logsigmoid(W_out[target] @ h)
    for word in negatives:
        loss = loss - logsigmoid(-(W_out[word] @ h))
    return loss


@dataclass
class Trained:
    """The matrices after the last step, and the loss of each step."""

    W_in: Tensor
    W_out: Tensor
    losses: list[float]


def train(
    start: tuple[Tensor, Tensor], pairs: list[Pair], negatives: Sequence[Sequence[int]] | None, steps: int, rate: float
) -> Trained:
    """`steps` steps of gradient descent, with the gradients of autograd; `negatives` are those of each step."""
    W_in, W_out = (matrix.clone().requires_grad_() for matrix in start)
    losses = []
    for n in range(steps):
        loss = pair_loss(W_in, W_out, pairs[n % len(pairs)], None if negatives is None else negatives[n])
        gradients = torch.autograd.grad(loss, (W_in, W_out))
        with torch.no_grad():
            for matrix, gradient in zip((W_in, W_out), gradients, strict=True):
                matrix -= rate * gradient
        losses.append(loss.item())
    return Trained(W_in.detach(), W_out.detach(), losses)
