"""A reader of ambiguous sentences made of hand-written rules, and the sentences that test it.

The sentences came first. `_halves` splits them by a checksum; the rules were then written for PRACTICE alone, each
because a sentence there was read wrong.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from lessons_src import checks
from lessons_src.text import tokenize

PLACES = ("anywhere", "before", "after", "previous", "next")
"""Where a rule looks: from the word on which it decides. "previous" and "next" are the tokens beside it."""

PARTICLES = ("", "를", "가", "는", "도", "에", "로", "와", "의", "만", "에서")  # after a Korean noun ending in a vowel


@dataclass(frozen=True)
class Word:
    """A word with several readings.

    Attributes:
        language: "en" or "ko".
        forms: every way it is written in a sentence, in small letters.
        readings: what it may mean, the usual meaning first: name → description.
    """

    language: str
    forms: tuple[str, ...]
    readings: Mapping[str, str]


@dataclass(frozen=True)
class Sentence:
    """A sentence with one word that must be read.

    Attributes:
        text: the sentence.
        about: the word, a key of WORDS.
        reading: the true reading, as people understand the sentence.
        english: the translation of a Korean sentence.
    """

    text: str
    about: str
    reading: str
    english: str = ""


WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "bank": Word("en", ("bank",), {"money": "a house for money", "river": "the side of a river"}),
        "duck": Word("en", ("duck",), {"bird": "a bird", "bend": "to bend down quickly"}),
        "with": Word("en", ("with",), {"tool": "it was done with this", "part": "the one just named has this"}),
        "visiting": Word("en", ("visiting",), {"go": "someone goes to see them", "come": "they come to see someone"}),
        "차": Word("ko", tuple("차" + p for p in PARTICLES), {"car": "a car", "tea": "tea"}),
        "차였다": Word("ko", ("차였다",), {"dumped": "was dumped", "car": "was a car", "tea": "was tea"}),
        "-면서": Word(
            "ko",
            ("울면서", "웃으면서"),
            {"subject": "the subject of the sentence does it", "other": "the person named next does it"},
        ),
        "배": Word("ko", tuple("배" + p for p in PARTICLES), {"boat": "a boat", "belly": "a belly", "pear": "a pear"}),
    }
)

SENTENCES = (
    Sentence("She opened an account at the bank.", "bank", "money"),
    Sentence("The bank lent them money for a new boat.", "bank", "money"),
    Sentence("I walked along the river to the bank and paid in a cheque.", "bank", "money"),
    Sentence("They had a picnic on the bank of the river.", "bank", "river"),
    Sentence("He pulled the boat up onto the muddy bank.", "bank", "river"),
    Sentence("The flood washed away part of the bank.", "bank", "river"),
    Sentence("She fed the duck under the bridge.", "duck", "bird"),
    Sentence("We saw her duck swim across the pond.", "duck", "bird"),
    Sentence("The duck flew up when the dog barked.", "duck", "bird"),
    Sentence("I saw her duck when the ball came.", "duck", "bend"),
    Sentence("You have to duck under the low branch.", "duck", "bend"),
    Sentence("The children duck behind the wall and wait.", "duck", "bend"),
    Sentence("I watched the bird with my new telescope.", "with", "tool"),
    Sentence("She cut the bread with a sharp knife.", "with", "tool"),
    Sentence("He fixed the chair with a hammer.", "with", "tool"),
    Sentence("I met the man with the telescope again.", "with", "part"),
    Sentence("We stayed in a house with a garden.", "with", "part"),
    Sentence("The police looked for the boy with the red hat.", "with", "part"),
    Sentence("Visiting relatives is boring.", "visiting", "go"),
    Sentence("Visiting relatives can be boring, so I stay at home.", "visiting", "go"),
    Sentence("She likes visiting relatives in the country.", "visiting", "go"),
    Sentence("Visiting relatives are always welcome here.", "visiting", "come"),
    Sentence("Visiting relatives can be boring, but they never stay long.", "visiting", "come"),
    Sentence("We gave the visiting relatives our beds.", "visiting", "come"),
    Sentence("밥을 먹고 나서 차를 한 잔 마셨다.", "차", "tea", "After the meal I drank a cup of tea."),
    Sentence("차가 식기 전에 드세요.", "차", "tea", "Please drink the tea before it gets cold."),
    Sentence("할머니는 손님에게 따뜻한 차를 대접하셨다.", "차", "tea", "Grandmother served the guest hot tea."),
    Sentence("휴게소에 차를 세우고 커피를 마셨다.", "차", "car", "We stopped the car at the services and had coffee."),
    Sentence("길이 막혀서 차가 움직이지 않는다.", "차", "car", "The road is jammed and the car does not move."),
    Sentence(
        "햇볕에 차가 뜨거워져서 창문을 모두 열었다.", "차", "car", "The sun made the car hot, so I opened every window."
    ),
    Sentence("민수는 어제 여자 친구에게 차였다.", "차였다", "dumped", "Minsu was dumped by his girlfriend yesterday."),
    Sentence(
        "용기를 내서 고백했는데 차였다.",
        "차였다",
        "dumped",
        "I found the courage to confess my love, and was turned down.",
    ),
    Sentence(
        "그가 여자 친구에게 빌려준 것은 아버지의 차였다.",
        "차였다",
        "car",
        "What he lent his girlfriend was his father's car.",
    ),
    Sentence("길가에 서 있던 것은 낡은 차였다.", "차였다", "car", "What stood at the roadside was an old car."),
    Sentence("내가 마신 것은 커피가 아니라 차였다.", "차였다", "tea", "What I drank was not coffee but tea."),
    Sentence("어머니가 끓여 주신 것은 따뜻한 차였다.", "차였다", "tea", "What Mother made for me was hot tea."),
    Sentence("그녀는 울면서 편지를 읽었다.", "-면서", "subject", "She read the letter in tears."),
    Sentence(
        "나는 울면서, 떠나는 친구에게 손을 흔들었다.",
        "-면서",
        "subject",
        "In tears, I waved to my friend, who was leaving.",
    ),
    Sentence(
        "할머니는 웃으면서 우는 아기를 안아 주셨다.",
        "-면서",
        "subject",
        "With a smile, Grandmother held the crying baby.",
    ),
    Sentence(
        "나는 울면서 떠나는 친구를 달래 주었다.", "-면서", "other", "I comforted my friend, who was leaving in tears."
    ),
    Sentence(
        "어머니는 울면서 달려오는 아이를 안아 주셨다.",
        "-면서",
        "other",
        "Mother hugged the child, who came running in tears.",
    ),
    Sentence(
        "나는 울면서 전화한 동생에게 무슨 일이냐고 물었다.",
        "-면서",
        "other",
        "I asked my little brother, who had phoned in tears, what was wrong.",
    ),
    Sentence("우리는 배를 타고 섬에 갔다.", "배", "boat", "We took a boat to the island."),
    Sentence("배를 타기 전에 사과를 하나 먹었다.", "배", "boat", "Before boarding the boat I ate an apple."),
    Sentence("아침을 굶었더니 배가 고프다.", "배", "belly", "I skipped breakfast, so I am hungry."),
    Sentence("배를 깔고 엎드려서 책을 읽었다.", "배", "belly", "I lay on my belly and read a book."),
    Sentence("할머니가 배를 깎아 주셨다.", "배", "pear", "Grandmother peeled a pear for me."),
    Sentence("이 배는 달고 물이 많다.", "배", "pear", "This pear is sweet and juicy."),
)
"""Sentences whose reading people agree on, six about each word."""


def _halves(sentences: Iterable[Sentence]) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Half of the sentences about each word, and the other half; the checksum of the text decides."""
    halves: tuple[list[Sentence], list[Sentence]] = ([], [])
    for _, group in groupby(sentences, key=lambda sentence: sentence.about):
        drawn = sorted(group, key=lambda sentence: zlib.crc32(sentence.text.encode()))
        halves[0].extend(drawn[: len(drawn) // 2])
        halves[1].extend(drawn[len(drawn) // 2 :])
    return tuple(halves[0]), tuple(halves[1])


PRACTICE, HELD_OUT = _halves(SENTENCES)


@dataclass(frozen=True)
class Rule:
    """If one of the cues stands in this place, then the word has this reading.

    Attributes:
        name: what the rule goes by, without spaces.
        about: the word on which it decides, a key of WORDS.
        reading: what it decides.
        cues: tokens in small letters; "drink*" is any that begins so, "*ing" any that ends so.
        where: one of PLACES.
    """

    name: str
    about: str
    reading: str
    cues: tuple[str, ...]
    where: str = "anywhere"

    def __post_init__(self) -> None:
        checks.one_of("about", self.about, WORDS)
        checks.one_of("reading", self.reading, WORDS[self.about].readings)
        checks.one_of("where", self.where, PLACES)
        if (
            isinstance(self.cues, str)
            or not self.cues
            or not all(isinstance(c, str) and c.strip("*") for c in self.cues)
        ):
            raise ValueError(f"cues: expected a tuple of words, got {self.cues!r}")

    def evidence(self, tokens: Sequence[str], at: int) -> int | None:
        """The place of the cue nearest to the word at place `at`, the left one of two; None if there is none."""
        places = {
            "anywhere": [k for k in range(len(tokens)) if k != at],
            "before": range(at),
            "after": range(at + 1, len(tokens)),
            "previous": range(max(0, at - 1), at),
            "next": range(at + 1, min(len(tokens), at + 2)),
        }[self.where]
        found = [k for k in places if any(_fits(tokens[k], cue) for cue in self.cues)]
        return min(found, key=lambda k: abs(k - at), default=None)


def _fits(token: str, cue: str) -> bool:
    if cue.startswith("*"):
        return token.endswith(cue[1:])
    return token.startswith(cue[:-1]) if cue.endswith("*") else token == cue


RULES = (
    Rule("boat-ride", "배", "boat", ("타*", "탔*", "바다*", "섬*", "항구*")),
    Rule("pear-eat", "배", "pear", ("달고", "사과*", "먹*", "맛*")),
    Rule("belly-ache", "배", "belly", ("고프*", "고파*", "아프*", "아파*", "부르*"), "after"),
    Rule("comma", "-면서", "subject", (",",), "next"),
    Rule("clause", "-면서", "other", ("*는",), "after"),
    Rule("hot-thing", "차였다", "tea", ("따뜻한", "뜨거*", "마시*", "마신", "끓*"), "before"),
    Rule("thing", "차였다", "car", ("것은",), "before"),
    Rule("drive", "차", "car", ("세우*", "운전*", "타*", "창문*")),
    Rule("drink", "차", "tea", ("따뜻한", "뜨거*", "마시*", "마셨*", "잔")),
    Rule("plural", "visiting", "come", ("are", "were", "have"), "after"),
    Rule("owner", "with", "part", ("man", "woman", "boy", "girl", "house"), "previous"),
    Rule("duck-under", "duck", "bend", ("under", "behind", "below"), "next"),
    Rule("water", "bank", "river", ("boat", "flood", "river", "water", "fish")),
)
"""The rules, in the order in which they are asked. Each new one was put on top, so that it can overrule the older."""


@dataclass(frozen=True)
class Reading:
    """How one word of a sentence was read.

    Attributes:
        about: the word, a key of WORDS.
        at: its place among the tokens that are not spaces, from 0.
        reading: the reading chosen.
        asked: the names of the rules that looked, in order; the last of them fired, if any did.
        rule: the name of the rule that fired; None if none did, and the usual reading was taken.
        evidence: the place of the token that made it fire.
    """

    about: str
    at: int
    reading: str
    asked: tuple[str, ...]
    rule: str | None = None
    evidence: int | None = None


def read(text: str, rules: Sequence[Rule] = RULES) -> tuple[Reading, ...]:
    """Reads every word of the text that is in WORDS: the first rule that finds a cue decides.

    Args:
        text: any text.
        rules: in the order in which they are asked.
    """
    tokens = [token.lower() for token in tokenize(text) if not token.isspace()]
    return tuple(
        read_word(about, at, tokens, rules)
        for at, token in enumerate(tokens)
        for about, word in WORDS.items()
        if token in word.forms
    )


def read_word(about: str, at: int, tokens: Sequence[str], rules: Sequence[Rule] = RULES) -> Reading:
    """Reads the word at place `at`: r(s) = r_k for the smallest k with E_k(s), the evidence of rule k, not empty."""
    asked: tuple[str, ...] = ()
    for rule in rules:
        if rule.about != about:
            continue
        asked += (rule.name,)
        evidence = rule.evidence(tokens, at)
        if evidence is not None:
            return Reading(about, at, rule.reading, asked, rule.name, evidence)
    return Reading(about, at, usual(about), asked)


def usual(about: str) -> str:
    """The reading that a word gets where no rule speaks."""
    return next(iter(WORDS[about].readings))


def is_right(sentence: Sentence, rules: Sequence[Rule] = RULES) -> bool:
    """Whether the sentence's word is read as people read it."""
    return next(r.reading for r in read(sentence.text, rules) if r.about == sentence.about) == sentence.reading


def number_right(sentences: Iterable[Sentence], rules: Sequence[Rule] = RULES) -> int:
    """How many of the sentences are read as people read them."""
    return sum(is_right(sentence, rules) for sentence in sentences)
