"""Characters and their ids."""

from collections import Counter

import torch
from jaxtyping import Int
from torch import Tensor


class Vocabulary:
    """The characters a model knows, each with an id; the last one stands for every character it does not know.

    Letters are lowered before they are looked up if the alphabet has no capitals.

    Args:
        alphabet: the characters in the order of their ids, without repetition; at least two, the last one for unknowns.
    """

    def __init__(self, alphabet: str) -> None:
        if not isinstance(alphabet, str):
            raise TypeError(f"alphabet: expected a str, got {type(alphabet).__name__}")
        repeated = sorted({c for c in alphabet if alphabet.count(c) > 1})
        if repeated:
            raise ValueError(f"alphabet: expected each character once, got {''.join(repeated)!r} more than once")
        if len(alphabet) < 2:
            raise ValueError(f"alphabet: expected at least two characters, got {alphabet!r}")
        self.alphabet = alphabet
        self.unknown = alphabet[-1]
        self._ids = {character: k for k, character in enumerate(alphabet)}
        self._lowers = alphabet == alphabet.lower()

    def __len__(self) -> int:
        return len(self.alphabet)

    def __repr__(self) -> str:
        return f"Vocabulary({self.alphabet!r})"

    def knows(self, character: str) -> bool:
        """Whether the character, lowered if the alphabet has no capitals, has an id of its own."""
        return self._lowered(character) in self._ids

    def encode(self, text: str, *, some_known: bool = False) -> Int[Tensor, " time"]:
        """The id of each character, one for one: (T,) int64.

        Args:
            text: any text; characters that are not in the alphabet get the last id.
            some_known: whether to refuse a text with nothing in the vocabulary, as a text to train on would be.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: expected a str, got {type(text).__name__}")
        unknown = len(self.alphabet) - 1
        if some_known and not any(self._ids.get(self._lowered(c), unknown) != unknown for c in text):
            raise ValueError(f"text: expected characters of {self.alphabet!r}, got none in {text[:20]!r}")
        return torch.tensor([self._ids.get(self._lowered(c), unknown) for c in text], dtype=torch.int64)

    def decode(self, ids: Int[Tensor, " time"]) -> str:
        """The characters of the ids; the inverse of `encode` for text the vocabulary knows."""
        wrong = [int(k) for k in ids if not 0 <= k < len(self.alphabet)]
        if wrong:
            raise ValueError(f"ids: expected values from 0 to {len(self.alphabet) - 1}, got {wrong[0]}")
        return "".join(self.alphabet[int(k)] for k in ids)

    def _lowered(self, character: str) -> str:
        lowered = character.lower() if self._lowers else character
        return lowered if len(lowered) == 1 else character


def common_alphabet(text: str, least: int = 1, unknown: str = "·") -> str:
    """The characters that occur at least `least` times in `text`, in code point order, then `unknown`."""
    if not text:
        raise ValueError("text: expected at least one character, got an empty text")
    known = {c for c, times in Counter(text).items() if times >= least and c != unknown}
    if not known:
        raise ValueError(f"text: no character occurs {least} times, so the vocabulary would be empty")
    return "".join(sorted(known)) + unknown
