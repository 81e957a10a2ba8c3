"""RuleReader: why do rules not understand a sentence?"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import traitlets

from lessons_src import checks
from lessons_src.rules import HELD_OUT, PRACTICE, RULES, WORDS, Reading, Rule, Word, number_right, read
from lessons_src.text import tokenize
from lessons_src.widgets.base import BookWidget

LONGEST_TEXT = 300
MOST_RULES = 100

EXAMPLES = (
    ("I saw her duck with a telescope.", ""),
    ("Visiting relatives can be boring.", ""),
    ("The boat builder went to the bank to ask for a loan.", ""),
    ("She hit the man with a newspaper.", ""),
    ("나는 울면서 떠나는 친구를 보냈다.", "I saw off my friend, who was leaving. One of us was crying."),
    ("어제 본 것은 차였다.", "What I saw yesterday was a car. Or tea."),
    ("배를 먹고 배를 탔다.", "I ate a pear and boarded a boat."),
)
"""Sentences to break the rules with, and what the Korean ones mean."""


class RuleReader(BookWidget):
    """Reads a sentence with words of several meanings by rules that the reader may switch off and put in another order.

    Shown are the tokens, the words that the reader knows, the rules that look, the one that fires and what it found;
    and how many of the 48 sentences of `lessons_src.rules` are then read as people read them, in each half.

    Args:
        text: the sentence to read, English or Korean, at most 300 characters.
        rules: the rules, in the order in which they are asked; yours, or those of `lessons_src.rules`.
        order: the names of all rules in another order.
        off: the names of rules that are not asked.

    Attributes:
        text, order, off: as above. They may be set from Python, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("rule_reader").tag(sync=True)

    text = traitlets.Unicode().tag(sync=True)
    order: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    off: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)

    words: Any = traitlets.List().tag(sync=True)  # these four are as in lessons_src.rules: the page only applies them
    all_rules: Any = traitlets.List().tag(sync=True)
    sentences: Any = traitlets.List().tag(sync=True)
    examples: Any = traitlets.List().tag(sync=True)

    def __init__(
        self,
        text: str = PRACTICE[0].text,
        rules: Sequence[Rule] = RULES,
        order: Iterable[str] | None = None,
        off: Iterable[str] = (),
    ) -> None:
        self._rules = _by_name(rules)
        super().__init__(
            text=text,
            order=list(self._rules) if order is None else checks.items("order", order, "a list of names"),
            off=checks.items("off", off, "a list of names"),
            words=[_plain_word(about, word) for about, word in WORDS.items()],
            all_rules=[asdict(rule) | {"cues": list(rule.cues)} for rule in rules],
            sentences=[asdict(s) | {"practice": s in PRACTICE} for s in (*PRACTICE, *HELD_OUT)],
            examples=[list(example) for example in EXAMPLES],
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are asked, in order, without those that are off."""
        return tuple(self._rules[name] for name in self.order if name not in self.off)

    def read(self) -> tuple[Reading, ...]:
        """How the sentence is read, computed here, by the package."""
        return read(self.text, self.rules)

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if len(proposal.value) > LONGEST_TEXT:
            raise ValueError(f"text: expected at most {LONGEST_TEXT} characters, got {len(proposal.value)}")
        return str(proposal.value)

    @traitlets.validate("order")
    def _check_order(self, proposal: Any) -> list[str]:
        if sorted(proposal.value) != sorted(self._rules):
            raise ValueError(f"order: expected each of {', '.join(self._rules)} once, got {list(proposal.value)}")
        return list(proposal.value)

    @traitlets.validate("off")
    def _check_off(self, proposal: Any) -> list[str]:
        for name in proposal.value:
            checks.one_of("off", name, self._rules)
        return list(proposal.value)

    def still(self) -> str:
        """The sentence with its readings and the evidence marked, and the two scores, as HTML that does not move."""
        tokens = [token for token in tokenize(self.text) if not token.isspace()]
        readings = self.read()
        labels = {r.evidence: "evidence" for r in readings if r.evidence is not None}
        labels |= {r.at: WORDS[r.about].readings[r.reading] for r in readings}
        cells = " ".join(_still_token(token, labels.get(k)) for k, token in enumerate(tokens))
        scores = [number_right(half, self.rules) for half in (PRACTICE, HELD_OUT)]
        words = (
            f"Read by rules. Of {len(PRACTICE)} practice sentences {scores[0]} are read right, of {len(HELD_OUT)} that "
            f"were held out {scores[1]}."
        )
        return f'<figure class="rr-still"><p>{cells}</p><figcaption>{words}</figcaption></figure>'

    def __repr__(self) -> str:
        return f"RuleReader({self.text!r}, {len(self.rules)} rules)"


def _by_name(rules: Sequence[Rule]) -> dict[str, Rule]:
    if not all(isinstance(rule, Rule) for rule in checks.items("rules", rules, "a sequence of lessons_src.rules.Rule")):
        raise TypeError(f"rules: expected a sequence of lessons_src.rules.Rule, got {rules!r:.60}")
    if len(rules) > MOST_RULES:
        raise ValueError(f"rules: expected at most {MOST_RULES}, got {len(rules)}")
    named: dict[str, Rule] = {}
    for rule in rules:
        if rule.name in named or "," in rule.name:
            raise ValueError(f"rules: expected names without commas, each once, got {rule.name!r}")
        named[rule.name] = rule
    return named


def _plain_word(about: str, word: Word) -> dict[str, Any]:
    """A word as JSON has it. Its readings are a list, since a stored page does not keep the order of keys."""
    readings = [list(pair) for pair in word.readings.items()]
    return {"about": about, "language": word.language, "forms": list(word.forms), "readings": readings}


def _still_token(token: str, label: str | None) -> str:
    language = ' lang="ko"' if any("가" <= c <= "힣" for c in token) else ""
    word = f"<span{language}>{escape(token)}</span>"
    return word if label is None else f"<b>{word}</b> <small>({escape(label)})</small>"
