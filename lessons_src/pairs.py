"""Pairs of texts to learn a translation from: dates, sums, copies, or the reader's own. Nothing is downloaded."""

import datetime
import random
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

from babel.dates import format_date

from lessons_src import checks
from lessons_src.data import read_text

Pair = tuple[str, str]
LOCALES = ("en", "de", "fr", "ko", "es", "ja")
STYLES = ("medium", "long", "full")
FIRST_DAY, DAYS = datetime.date(1950, 1, 1), 36524  # to the end of 2049
HELD_OUT = 10  # one date or source in so many is kept for the test


@dataclass(frozen=True)
class Pairs:
    """Sources and targets.

    Attributes:
        train: (source, target) to learn from.
        test: the same to judge by; nothing that decides the answer occurs in both.
    """

    train: tuple[Pair, ...]
    test: tuple[Pair, ...]


def plain_width(text: str) -> str:
    """The text in Unicode's form NFKC: full-width digits and special spaces become the usual ones."""
    return unicodedata.normalize("NFKC", checks.text("text", text))


def dates(train: int = 20_000, test: int = 1_000, *, locales: Sequence[str] = LOCALES, seed: int = 0) -> Pairs:
    """Dates from 1950 to 2049 as six languages write them, and in ISO 8601: ("3. März 1999", "1999-03-03").

    The spellings are those of Unicode's CLDR, by Babel. No date of the test occurs in the training, in any language.

    Args:
        train: how many different pairs to learn from.
        test: how many to judge by.
        locales: of LOCALES, from which each pair is drawn.
        seed: of the draws.
    """
    for locale in locales:
        checks.one_of("locales", locale, LOCALES)

    def draw(rng: random.Random) -> Pair:
        date = FIRST_DAY + datetime.timedelta(days=rng.randrange(DAYS))
        written = format_date(date, rng.choice(STYLES), locale=rng.choice(locales))
        return plain_width(written), date.isoformat()

    return _drawn(draw, lambda pair: pair[1], train, test, seed, DAYS // HELD_OUT)


def additions(train: int = 20_000, test: int = 1_000, *, digits: int = 3, seed: int = 0) -> Pairs:
    """Sums of two numbers: ("123+45", "168"). a+b and b+a are on the same side of the split.

    Args:
        train: how many different pairs to learn from.
        test: how many to judge by.
        digits: the greatest number of digits of each number; shorter numbers are as likely as longer ones.
        seed: of the draws.
    """
    checks.whole_number("digits", digits)

    def draw(rng: random.Random) -> Pair:
        a, b = (rng.randrange(10 ** rng.randint(1, digits)) for _ in range(2))
        return f"{a}+{b}", str(a + b)

    def side(pair: Pair) -> str:
        return "+".join(sorted(pair[0].split("+")))

    return _drawn(draw, side, train, test, seed, 10 ** (2 * digits) // (4 * HELD_OUT))


def copies(train: int = 20_000, test: int = 1_000, *, shortest: int = 1, longest: int = 15, seed: int = 0) -> Pairs:
    """Random strings of small letters, to be written again: ("qzb", "qzb").

    Args:
        train: how many different pairs to learn from.
        test: how many to judge by.
        shortest: the least number of letters.
        longest: the greatest; all numbers between are as likely.
        seed: of the draws.
    """
    checks.whole_number("shortest", shortest)
    checks.whole_number("longest", longest, least=shortest)

    def draw(rng: random.Random) -> Pair:
        text = "".join(rng.choices(ascii_lowercase, k=rng.randint(shortest, longest)))
        return text, text

    most = sum(26**length for length in range(shortest, longest + 1))
    return _drawn(draw, lambda pair: pair[0], train, test, seed, most // (2 * HELD_OUT))


def turned_round(pairs: Pairs) -> Pairs:
    """The same pairs with their sources read from the end: ("54+321", "168"), as in sutskever2014."""
    return Pairs(*(tuple((source[::-1], target) for source, target in part) for part in (pairs.train, pairs.test)))


def read_pairs(path: str | Path) -> Pairs:
    """The reader's own pairs: UTF-8, one pair a line, source and target with a tab between. A tenth is for the test."""
    found = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        parts = line.split("\t")
        if len(parts) != 2 or not all(part.strip() for part in parts):
            raise ValueError(f"path: {path}, line {number}: expected a source, one tab and a target, got {line[:60]!r}")
        found.append((plain_width(parts[0]), plain_width(parts[1])))
    sides = [[pair for pair in found if _held_out(pair[0]) == side] for side in (False, True)]
    if not all(sides):
        raise ValueError(f"path: {path} holds {len(found)} pairs; expected enough for a training and a test")
    return Pairs(tuple(sides[0]), tuple(sides[1]))


def _held_out(key: str) -> bool:
    return zlib.crc32(key.encode()) % HELD_OUT == 0


def _drawn(
    draw: Callable[[random.Random], Pair], key: Callable[[Pair], str], train: int, test: int, seed: int, most: int
) -> Pairs:
    """Draws different pairs until both sides are full; `key` decides the side."""
    for name, count, share in (("train", train, HELD_OUT - 1), ("test", test, 1)):
        checks.whole_number(name, count)
        if count > most * share:
            raise ValueError(f"{name}: expected at most {most * share}, as many as there surely are, got {count}")
    rng = random.Random(checks.whole_number("seed", seed, least=0))
    sides: tuple[dict[Pair, None], dict[Pair, None]] = ({}, {})
    while len(sides[0]) < train or len(sides[1]) < test:
        pair = draw(rng)
        held_out = _held_out(key(pair))
        if len(sides[held_out]) < (test if held_out else train):
            sides[held_out][pair] = None
    return Pairs(tuple(sides[0]), tuple(sides[1]))
