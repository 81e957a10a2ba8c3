"""Text as tokens, and tokens as ids."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from lessons_src import checks


class Vocabulary:
    """The tokens a model knows, each with an id; the last one stands for every token it does not know.

    Letters are lowered before they are looked up if no token has a capital.

    Args:
        alphabet: the tokens in the order of their ids, without repetition; at least two, the last one for unknowns. A
            str is a sequence of characters; a list or tuple may hold longer tokens, such as words.
    """

    def __init__(self, alphabet: str | Sequence[str]) -> None:
        if not isinstance(alphabet, str) and not (
            isinstance(alphabet, list | tuple) and all(isinstance(token, str) and token for token in alphabet)
        ):
            raise TypeError(f"alphabet: expected a str, or a list of tokens that are not empty, got {_brief(alphabet)}")
        repeated = [token for token, times in Counter(alphabet).items() if times > 1]
        if repeated:
            raise ValueError(f"alphabet: expected each token once, got {repeated[0]!r} more than once")
        if len(alphabet) < 2:
            raise ValueError(f"alphabet: expected at least two tokens, got {alphabet!r}")
        self.alphabet = alphabet
        self.unknown = alphabet[-1]
        self._ids = {token: k for k, token in enumerate(alphabet)}
        self._lowers = all(token == token.lower() for token in alphabet)
        self._characters = all(len(token) == 1 for token in alphabet)

    def __len__(self) -> int:
        return len(self.alphabet)

    def __repr__(self) -> str:
        return f"Vocabulary({self.alphabet!r})"

    def knows(self, token: str) -> bool:
        """Whether the token, lowered if no token has a capital, has an id of its own."""
        return self._lowered(token) in self._ids

    def encode(self, text: str | Sequence[str], *, some_known: bool = False) -> Int[Tensor, " time"]:
        """The id of each token, one for one: (T,) int64.

        Args:
            text: any tokens, or any text if the tokens are characters; those that are not known get the last id.
            some_known: whether to refuse a text with nothing in the vocabulary, as a text to train on would be.
        """
        if isinstance(text, str) and not self._characters:
            raise TypeError(f"text: expected a list of tokens for a vocabulary of words, got the str {_brief(text)}")
        if not isinstance(text, str | list | tuple):
            raise TypeError(f"text: expected a str or a list of tokens, got {type(text).__name__}")
        unknown = len(self.alphabet) - 1
        ids = {token: self._ids.get(self._lowered(token), unknown) for token in set(text)}
        if some_known and all(k == unknown for k in ids.values()):
            raise ValueError(f"text: expected tokens of {_brief(self.alphabet)}, got none in {_brief(text)}")
        return torch.tensor([ids[token] for token in text], dtype=torch.int64)

    def decode(self, ids: Int[Tensor, " time"]) -> str:
        """The tokens of the ids, joined; the inverse of `encode` for what the vocabulary knows."""
        if isinstance(ids, Tensor) and ids.is_floating_point():
            raise TypeError(f"ids: expected whole numbers, got {ids.dtype}")
        wrong = [int(k) for k in ids if not 0 <= k < len(self.alphabet)]
        if wrong:
            raise ValueError(f"ids: expected values from 0 to {len(self.alphabet) - 1}, got {wrong[0]}")
        return "".join(self.alphabet[int(k)] for k in ids)

    def _lowered(self, token: str) -> str:
        lowered = token.lower() if self._lowers else token
        return lowered if len(lowered) == len(token) else token


def common_alphabet(text: str, least: int = 1, unknown: str = "·") -> str:
    """The characters that occur at least `least` times in `text`, in code point order, then `unknown`."""
    checks.whole_number("least", least)
    if not checks.text("text", text):
        raise ValueError("text: expected at least one character, got an empty text")
    known = {c for c, times in Counter(text).items() if times >= least and c != unknown}
    if not known:
        raise ValueError(f"text: no character occurs {least} times, so the vocabulary would be empty")
    return "".join(sorted(known)) + unknown


def common_tokens(tokens: Sequence[str], least: int = 1, unknown: str = "<unknown>") -> tuple[str, ...]:
    """The tokens that occur at least `least` times, the most frequent first, then `unknown`; for a `Vocabulary`."""
    checks.whole_number("least", least)
    counted = Counter(_no_text(tokens))
    known = [t for t in sorted(counted, key=lambda t: (-counted[t], t)) if counted[t] >= least and t != unknown]
    if not known:
        raise ValueError(f"tokens: none of the {len(tokens)} occurs {least} times, so the vocabulary would be empty")
    return (*known, unknown)


UNITS = ("word", "character", "jamo")
"""What may count as a token."""


def tokenize(text: str, unit: str = "word") -> list[str]:
    """Cuts a text into tokens; joined again by `detokenize`, they give the text back.

    Args:
        text: any text.
        unit: "word": a run of letters and digits, a run of spaces, or one other sign. "character": one code point.
            "jamo": the letters of which a Hangul syllable is built, and of all else one code point.
    """
    checks.text("text", text)
    checks.one_of("unit", unit, UNITS)
    if unit == "word":
        return re.findall(r"\w+|\s+|[^\w\s]", text)
    if unit == "character":
        return list(text)
    return [letter for c in text for letter in (unicodedata.normalize("NFD", c) if "가" <= c <= "힣" else c)]


def detokenize(tokens: Iterable[str]) -> str:
    """The text of the tokens; jamo that stand side by side become syllables again, also where a text had them loose."""
    return re.sub(
        "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?",
        lambda jamo: unicodedata.normalize("NFC", jamo[0]),
        "".join(tokens),
    )


def words(text: str) -> list[str]:
    """The words of a text, lowered, without spaces and signs; an apostrophe within a word belongs to it."""
    checks.text("text", text)
    return re.findall(r"\w+(?:'\w+)*", text.lower())


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; one ends at . ! ? before a space, or at an empty line. Those without a word go."""
    parts = re.split(r"[.!?][\"')\]]*\s|\n\s*\n", text) if isinstance(text, str) else [text]
    return [found for found in map(words, parts) if found]


def nearest_spellings(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that are spelt most like `word`, the likest first; for messages about unknown words."""
    return difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)


def _no_text(tokens: Sequence[str]) -> Sequence[str]:
    if isinstance(tokens, str):
        raise TypeError(f"tokens: expected a list of tokens, got the str {_brief(tokens)}")
    return tokens


def _brief(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
