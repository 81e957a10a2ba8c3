"""Writing with a trained model: one token is drawn, fed back, and so on."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks
from lessons_src.models import CharModel

HOTTEST = 1e6
"""The greatest temperature; all characters are then as good as equally likely."""


def tempered(scores: Float[Tensor, "*batch vocab"], temperature: float) -> Float[Tensor, "*batch vocab"]:
    """softmax(scores / temperature), in float64: above 1 flatter, below 1 sharper, at 0 all on the greatest score."""
    checks.number_between("temperature", temperature, 0.0, HOTTEST)
    if temperature == 0:
        return torch.nn.functional.one_hot(scores.argmax(-1), scores.shape[-1]).double()
    below_the_best = scores.double() - scores.amax(-1, keepdim=True)  # at most 0, so that no quotient is ∞ − ∞
    return torch.softmax(below_the_best / temperature, dim=-1)


@torch.no_grad()
def sample(model: CharModel, prompt: str, count: int, *, temperature: float = 1.0, seed: int = 0) -> str:
    """Reads the prompt, then writes `count` characters, each drawn from what the model expects next.

    The sign for unknown characters is never drawn.

    Args:
        model: of the next character.
        prompt: at least one character.
        count: how many to write.
        temperature: see `tempered`.
        seed: of the draws.
    """
    checks.whole_number("count", count)
    checks.whole_number("seed", seed, least=0, most=checks.GREATEST_SEED)
    checks.number_between("temperature", temperature, 0.0, HOTTEST)
    if not checks.text("prompt", prompt):
        raise ValueError("prompt: expected at least one character, got an empty text")
    if model.classes != tuple(model.vocabulary.alphabet):
        raise ValueError("model: expected a model of the next character, got one with classes of its own")
    if model.recurrent.bidirectional:
        raise ValueError("model: expected one that reads forwards only, got a bidirectional one")
    generator = torch.Generator().manual_seed(seed)
    ids, state, written = model.vocabulary.encode(prompt), None, []
    unknown = len(model.vocabulary) - 1
    for _ in range(count):
        scores, state = _read(model, ids, state)
        scores[unknown] = -math.inf
        ids = torch.multinomial(tempered(scores, temperature), 1, generator=generator)
        written.append(int(ids))
    return model.vocabulary.decode(torch.tensor(written))


def _read(model: CharModel, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
    scores, state = model(ids[None], state)
    return scores[0, -1], state
