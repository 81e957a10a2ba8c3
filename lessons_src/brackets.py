"""A language of nested brackets and quotes, generated from a seed, and the truth about every place.

A line is words with `()`, `[]`, `{}` and `"` nested up to three deep; at most one quote is open at
a time, and everything is closed before the newline. What lies between an opener and its closer says
nothing about the closer, so a network that names the closer must have carried the opener along.
GateScope's models are trained on it (`bracket_models`).

Lines come in three scales: a quarter have words of one character, a quarter of one to three, half
of English length. Short ones teach a network what to keep, long ones to keep it for long.

The filler is a list of common English words, written down here, and random strings of their
letters. The English that comes with Python (`pydoc_data.topics`) changes with its version, and the
language must not: a text depends on its seed alone. For the same reason every draw goes through
`random.Random.random`, the one method whose sequence Python promises to keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar

from lessons_src import checks

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
PUNCTUATION = ".,;:-=+*/_!?'"
OPENERS = "([{"
CLOSER_OF = {"(": ")", "[": "]", "{": "}", '"': '"'}
CLOSERS = "".join(CLOSER_OF.values())
UNKNOWN = "·"
ALPHABET = f'\n {LETTERS}{DIGITS}()[]{{}}"{PUNCTUATION}{UNKNOWN}'

QUOTE_OPENS, QUOTE_CLOSES = "quote opens", "quote closes"
FILLER_CLASSES = ("letter", "digit", "space", "newline", "punctuation")
CLASSES = (*FILLER_CLASSES, *"([{", *")]}", QUOTE_OPENS, QUOTE_CLOSES)
CLOSING_CLASSES = (")", "]", "}", QUOTE_CLOSES)  # of the characters in CLOSERS, in their order

MAX_DEPTH = 3

# Common English words, the most frequent first; `_word` draws the first ones more often.
_MOST_FREQUENT = """
the of and to a in is it that was he for on are with as his they be at one have this from or had by
hot but some what there we can out other were all your when up use word how said an each she which
do their time if will way about many then them would write like so these her long make thing see
him two has look more day could go come did my sound no most number who over know water than call
first people may down side been now find any new work part take get place made live where after
back little only round man year came show every good me give our under name very through just form
much great think say help low line before turn cause same mean differ move right boy old too does
tell sentence set three want air well also play small end put home read hand port large spell add
even land here must big high such follow act why ask men change went light kind off need house
picture try us again animal point mother world near build self earth father head stand own page
should country found answer school grow study still learn plant cover food sun four thought let
keep eye never last door between city tree cross since hard start might story saw far sea draw left
late run while press close night real life few stop open seem together next white children begin
got walk example ease paper often always music those both mark book letter until mile river car
feet care second group carry took rain eat room friend began idea fish mountain north once base
hear horse cut sure watch color face wood main enough plain girl
"""
WORDS = tuple(_MOST_FREQUENT.split())
WORD_LETTERS = "".join(WORDS)

_Item = TypeVar("_Item")


class Scale(NamedTuple):
    """What a line is like: its words, its length, how often something opens and closes."""

    longest_word: int | None  # None: English words
    length: tuple[int, int]  # the line is full after a number of characters in this range
    opens: float  # the chance that a mark opens where one may
    closes: tuple[float, ...]  # each mark draws from these its chance to close after a word


ONE_CHARACTER = Scale(1, (10, 50), 0.35, (0.9, 0.6, 0.3))
THREE_CHARACTERS = Scale(3, (20, 100), 0.30, (0.8, 0.5, 0.25, 0.12))
ENGLISH = Scale(None, (20, 150), 0.22, (0.6, 0.3, 0.15, 0.08))
SCALES = (ONE_CHARACTER, THREE_CHARACTERS, ENGLISH, ENGLISH)


def generate(seed: int, length: int, scales: Sequence[Scale] = SCALES) -> str:
    """Returns whole lines of the language, `length` characters or a little more.

    Args:
        seed: the same seed gives the same text, on every machine and version of Python.
        length: the number of characters at least.
        scales: what the lines are like; each line draws one of them.
    """
    random = Random(checks.whole_number("seed", seed, least=0))
    lines: list[str] = []
    missing = checks.whole_number("length", length)
    while missing > 0:
        lines.append(_LineWriter(random, _pick(random, scales)).line())
        missing -= len(lines[-1])
    return "".join(lines)


class _LineWriter:
    """Writes one line, word by word and mark by mark."""

    def __init__(self, random: Random, scale: Scale) -> None:
        self.random = random
        self.scale = scale
        self.full_at = _between(random, *scale.length)
        self.written = ""
        self.at_start = True  # of the line or of a group: no space comes before what follows

    def line(self) -> str:
        self._fill("")
        return self.written + "\n"

    def _fill(self, opened: str) -> None:
        """Writes words and groups until the innermost open mark closes or, without one, the end."""
        closes = _pick(self.random, self.scale.closes)
        while True:
            if not self._is_full() and len(opened) < MAX_DEPTH and self._chance(self.scale.opens):
                self._group(opened)
            else:
                self._word()
            if self._ends(opened, closes):
                return

    def _ends(self, opened: str, closes: float) -> bool:
        if not opened:
            return self._is_full()
        return self._chance(min(0.8, 3 * closes) if self._is_full() else closes)

    def _group(self, opened: str) -> None:
        """Writes an opener, what it holds, and its closer."""
        mark = _pick(self.random, OPENERS if '"' in opened else OPENERS + '"')
        if mark == '"' or self._chance(0.85):  # a bracket may touch a word, as in f(x)
            self._space()
        self.written += mark
        self.at_start = True
        self._fill(opened + mark)
        self.written += CLOSER_OF[mark]
        self._punctuation(0.15)

    def _word(self) -> None:
        self._space()
        self.written += _word(self.random, self.scale.longest_word)
        self.at_start = False
        self._punctuation(0.1)

    def _space(self) -> None:
        if not self.at_start:
            self.written += " "

    def _punctuation(self, probability: float) -> None:
        if self._chance(probability):
            self.written += _pick(self.random, PUNCTUATION)

    def _is_full(self) -> bool:
        return len(self.written) >= self.full_at

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability


def _word(random: Random, longest: int | None) -> str:
    """Returns letters or digits, at most `longest` of them; if None, mostly an English word."""
    if random.random() < (0.1 if longest is None else 0.15):
        return _characters(random, DIGITS, longest or 4)
    if longest is not None or random.random() < 0.4:
        return _characters(random, WORD_LETTERS, longest or 8)
    word = WORDS[int(len(WORDS) * random.random() ** 2)]
    if random.random() < 0.05:  # they've, well-known, caf·
        inside = int(len(word) * random.random()) + 1
        word = word[:inside] + _pick(random, "'-_" + UNKNOWN) + word[inside:]
    return word


def _characters(random: Random, pool: str, longest: int) -> str:
    return "".join(_pick(random, pool) for _ in range(_between(random, 1, longest)))


def _pick(random: Random, items: Sequence[_Item]) -> _Item:
    return items[int(len(items) * random.random())]


def _between(random: Random, low: int, high: int) -> int:
    return low + int((high - low + 1) * random.random())


@dataclass(frozen=True)
class Place:
    """What is true after reading a character.

    Attributes:
        opened: the marks that are open, outermost first: `'("['`.
        distance: the steps since the innermost of them, 0 at the mark itself or if none is open.
    """

    opened: str = ""
    distance: int = 0

    @property
    def inside_quotes(self) -> bool:
        """Whether a quote is open."""
        return '"' in self.opened

    @property
    def depth(self) -> int:
        """How many marks are open."""
        return len(self.opened)

    @property
    def closer_due(self) -> str | None:
        """The character that closes the innermost mark, or None."""
        return CLOSER_OF.get(self.opened[-1:])


def annotate(text: str) -> list[Place]:
    """Returns the truth after each character of any text.

    A closer that closes nothing changes nothing; a quote closes the open quote and whatever opened
    inside it; a newline closes everything.
    """
    places: list[Place] = []
    stack: list[tuple[str, int]] = []
    for at, character in enumerate(checks.text("text", text)):
        _read(stack, character, at)
        opened = "".join(mark for mark, _ in stack)
        places.append(Place(opened, at - stack[-1][1] if stack else 0))
    return places


def _read(stack: list[tuple[str, int]], character: str, at: int) -> None:
    """Updates the open marks, each with the place where it opened."""
    marks = [mark for mark, _ in stack]
    if character == "\n":
        stack.clear()
    elif character == '"' and '"' in marks:
        del stack[marks.index('"') :]
    elif character in CLOSER_OF:
        stack.append((character, at))
    elif stack and character == CLOSER_OF[marks[-1]]:
        stack.pop()


def classify(text: str) -> list[str]:
    """Returns the class of each character, one of CLASSES; a quote's depends on what is open before it."""
    labels: list[str] = []
    stack: list[tuple[str, int]] = []
    for at, character in enumerate(checks.text("text", text)):
        if character == '"':
            labels.append(QUOTE_CLOSES if any(mark == '"' for mark, _ in stack) else QUOTE_OPENS)
        else:
            labels.append(_CLASS_OF.get(character.lower(), "punctuation"))
        _read(stack, character, at)
    return labels


_CLASS_OF = {
    **dict.fromkeys(LETTERS, "letter"),
    **dict.fromkeys(DIGITS, "digit"),
    " ": "space",
    "\n": "newline",
    **{mark: mark for mark in "([{)]}"},
}
