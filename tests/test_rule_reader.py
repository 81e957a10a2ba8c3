"""The Python half of RuleReader: what crosses to the page, and what is refused."""

import json
from typing import Any

import pytest
import traitlets

from lessons_src.rules import HELD_OUT, PRACTICE, RULES, SENTENCES, WORDS, Rule, read
from lessons_src.widgets import RuleReader

NAMES = [rule.name for rule in RULES]


def test_the_page_gets_the_rules_words_and_sentences_of_the_package() -> None:
    state = json.loads(json.dumps({k: v for k, v in RuleReader().get_state().items() if k not in ("layout", "_esm")}))
    assert [Rule(**rule | {"cues": tuple(rule["cues"])}) for rule in state["all_rules"]] == list(RULES)
    assert [word["about"] for word in state["words"]] == list(WORDS)
    for crossed, word in zip(state["words"], WORDS.values(), strict=True):
        assert (crossed["language"], tuple(crossed["forms"])) == (word.language, word.forms)
        assert [tuple(pair) for pair in crossed["readings"]] == list(word.readings.items())
    assert {s["text"] for s in state["sentences"] if s["practice"]} == {s.text for s in PRACTICE}
    assert {s["text"] for s in state["sentences"]} == {s.text for s in SENTENCES}
    assert all(read(text) for text, _ in state["examples"])


def test_the_rules_follow_the_order_and_what_is_off() -> None:
    reader = RuleReader("배를 타기 전에 사과를 하나 먹었다.")
    assert reader.rules == RULES
    assert reader.read()[0].reading == "boat"
    reader.off = ["boat-ride"]
    assert reader.read()[0].reading == "pear"
    reader.off, reader.order = [], [*NAMES[1:], NAMES[0]]
    assert reader.rules == (*RULES[1:], RULES[0])
    assert reader.read()[0].rule == "pear-eat"


def test_own_rules_take_the_place_of_the_given_ones() -> None:
    mine = Rule("loan", "bank", "money", ("lent",))
    reader = RuleReader("The bank lent them money for a new boat.", rules=(mine, *RULES))
    assert reader.order == ["loan", *NAMES]
    assert reader.read()[0].rule == "loan"
    assert RuleReader(rules=()).rules == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "x" * 301}, "text: expected at most 300 characters, got 301"),
        ({"text": 3}, "The 'text' trait of a RuleReader instance expected a unicode string, not the int 3"),
        ({"order": NAMES[1:]}, "order: expected each of boat-ride, "),
        ({"order": [*NAMES, "boat-ride"]}, "once, got ['boat-ride', "),
        ({"off": ["swim"]}, "off: expected one of boat-ride, "),
        ({"rules": ("water",)}, "rules: expected a sequence of lessons_src.rules.Rule, got ('water',)"),
        ({"order": 3}, "order: expected a list of names, got 3"),
        ({"off": "boat-ride"}, "off: expected a list of names, got 'boat-ride'"),
        ({"rules": None}, "rules: expected a sequence of lessons_src.rules.Rule, got None"),
        ({"rules": "water"}, "rules: expected a sequence of lessons_src.rules.Rule, got 'water'"),
        ({"rules": (RULES[0], RULES[0])}, "rules: expected names without commas, each once, got 'boat-ride'"),
        ({"rules": (Rule("a,b", "bank", "river", ("x",)),)}, "each once, got 'a,b'"),
        ({"rules": RULES * 8}, "rules: expected at most 100, got 104"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        RuleReader(**arguments)
    assert message in str(refused.value)


def test_a_trait_that_is_refused_later_keeps_its_value() -> None:
    reader = RuleReader()
    with pytest.raises(ValueError, match="order: expected"):
        reader.order = []
    assert reader.order == NAMES


def test_the_text_form_is_stable() -> None:
    reader = RuleReader("차였다.", off=["thing"])
    assert repr(reader) == "RuleReader('차였다.', 12 rules)"


def test_the_still_figure_shows_reading_evidence_and_scores() -> None:
    data, _ = RuleReader("I ate <b> 배를 타고")._repr_mimebundle_()
    assert "<b> " not in data["text/html"]
    assert "&lt;" in data["text/html"]
    assert '<b><span lang="ko">배를</span></b> <small>(a boat)</small>' in data["text/html"]
    assert '<b><span lang="ko">타고</span></b> <small>(evidence)</small>' in data["text/html"]
    assert f"Of 24 practice sentences 24 are read right, of {len(HELD_OUT)} that were held out 13." in data["text/html"]
