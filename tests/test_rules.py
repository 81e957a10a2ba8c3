"""Rules are asked in order, the first with evidence decides; the sentences are split before any rule looks at them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.rules import (
    HELD_OUT,
    PLACES,
    PRACTICE,
    RULES,
    SENTENCES,
    WORDS,
    Rule,
    is_right,
    number_right,
    read,
    usual,
)
from lessons_src.text import tokenize


@pytest.mark.parametrize(
    ("where", "text", "evidence"),
    [
        ("anywhere", "boat bank .", 0),
        ("anywhere", "the bank has a boat", 4),
        ("anywhere", "boat the bank x x boat", 0),
        ("anywhere", "boat bank boat", 0),
        ("anywhere", "x x bank boat", 3),
        ("anywhere", "bank", None),
        ("before", "boat x bank", 0),
        ("before", "bank x boat", None),
        ("before", "boat boat bank boat", 1),
        ("after", "bank x boat", 2),
        ("after", "boat x bank", None),
        ("previous", "boat bank", 0),
        ("previous", "boat x bank", None),
        ("previous", "bank boat", None),
        ("next", "bank \t\n boat", 1),
        ("next", "bank, boat", None),
        ("next", "boat bank", None),
    ],
)
def test_a_rule_looks_only_in_its_place_and_takes_the_nearest_cue(where: str, text: str, evidence: int | None) -> None:
    (reading,) = read(text, [Rule("r", "bank", "river", ("boat",), where)])
    assert reading.evidence == evidence
    assert reading.reading == ("money" if evidence is None else "river")
    assert reading.rule == (None if evidence is None else "r")


@pytest.mark.parametrize(
    ("cue", "fits", "does_not"),
    [("boat", "Boat", "boats"), ("boat*", "boathouse", "aboat"), ("*boat", "rowboat", "boats"), (",", ",", ";"),
     ("*는", "떠나는", "는데"), ("타*", "타고", "기타")],
)  # fmt: skip
def test_a_cue_is_a_token_or_its_beginning_or_its_end(cue: str, fits: str, does_not: str) -> None:
    rule = Rule("r", "bank", "river", (cue,))
    assert rule.evidence([fits.lower(), "bank"], 1) == 0
    assert rule.evidence([does_not.lower(), "bank"], 1) is None


def test_the_word_itself_is_no_evidence() -> None:
    assert Rule("r", "bank", "river", ("bank",)).evidence(["bank", "bank"], 0) == 1
    assert Rule("r", "bank", "river", ("bank",)).evidence(["bank"], 0) is None


def test_the_first_rule_with_evidence_decides_and_later_ones_are_not_asked() -> None:
    rules = [
        Rule("a", "bank", "river", ("boat",)),
        Rule("x", "duck", "bend", ("money",)),
        Rule("b", "bank", "money", ("money",)),
        Rule("c", "bank", "river", ("money",)),
    ]
    (reading,) = read("money in the bank", rules)
    assert (reading.rule, reading.reading, reading.asked) == ("b", "money", ("a", "b"))
    (reading,) = read("money in the bank", rules[::-1])
    assert (reading.rule, reading.reading, reading.asked) == ("c", "river", ("c",))
    (reading,) = read("the bank", rules)
    assert (reading.rule, reading.reading, reading.asked) == (None, "money", ("a", "b", "c"))


def test_every_known_word_of_a_text_is_read_in_order_and_capitals_do_not_matter() -> None:
    assert [(r.about, r.at) for r in read("Duck WITH bank, 차를 차였다 울면서 배는 bank")] == [
        ("duck", 0), ("with", 1), ("bank", 2), ("차", 4), ("차였다", 5), ("-면서", 6), ("배", 7), ("bank", 8),
    ]  # fmt: skip
    assert read("차이 배달 banks ducking") == ()
    assert read("") == read("🙂 \n") == ()


@given(
    st.text() | st.lists(st.sampled_from([*"가는.,  ", "bank", "boat", "배를", "타고", "with", "man"])).map(" ".join)
)
def test_any_text_can_be_read(text: str) -> None:
    tokens = [token for token in tokenize(text) if not token.isspace()]
    for reading in read(text):
        assert tokens[reading.at].lower() in WORDS[reading.about].forms
        assert reading.reading in WORDS[reading.about].readings
        assert (reading.rule is None) == (reading.evidence is None)
        assert reading.evidence != reading.at


# ------------------------------------------------------------------------------------------------- the sentences


def test_there_are_six_sentences_about_each_word_half_of_them_held_out() -> None:
    for half in (PRACTICE, HELD_OUT):
        assert [sum(s.about == about for s in half) for about in WORDS] == [3] * len(WORDS)
    assert {*PRACTICE} | {*HELD_OUT} == {*SENTENCES}
    assert not {*PRACTICE} & {*HELD_OUT}
    assert len({s.text for s in SENTENCES}) == len(SENTENCES) == 48


def test_each_sentence_holds_its_word_once_and_has_one_of_its_readings() -> None:
    for sentence in SENTENCES:
        assert [r.about for r in read(sentence.text)].count(sentence.about) == 1, sentence
        assert sentence.reading in WORDS[sentence.about].readings
        assert bool(sentence.english) == (WORDS[sentence.about].language == "ko")


def test_every_reading_of_a_word_occurs() -> None:
    for about, word in WORDS.items():
        assert {s.reading for s in SENTENCES if s.about == about} == set(word.readings)


def test_the_rules_read_their_own_half_and_few_of_the_other() -> None:
    assert number_right(PRACTICE, []) == number_right(HELD_OUT, []) == 11
    assert number_right(PRACTICE) == 24
    assert number_right(HELD_OUT) == 13


def test_each_rule_was_needed_by_a_practice_sentence_when_it_was_written() -> None:
    for n in range(1, len(RULES) + 1):
        with_it, without = RULES[-n:], RULES[len(RULES) - n + 1 :]
        newly = [s for s in PRACTICE if is_right(s, with_it) and not is_right(s, without)]
        assert newly, with_it[0].name
        for sentence in newly:
            assert with_it[0].name in {r.rule for r in read(sentence.text, with_it)}


def test_names_of_rules_are_distinct() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) == 13


def test_the_usual_reading_is_the_first() -> None:
    assert (usual("bank"), usual("차였다"), usual("배")) == ("money", "dumped", "boat")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"about": "bat"}, "about: expected one of bank, duck, with, visiting, 차, 차였다, -면서, 배, got 'bat'"),
        ({"reading": "tea"}, "reading: expected one of money, river, got 'tea'"),
        ({"where": "near"}, f"where: expected one of {', '.join(PLACES)}, got 'near'"),
        ({"cues": ()}, "cues: expected a tuple of words, got ()"),
        ({"cues": ("*",)}, "cues: expected a tuple of words, got ('*',)"),
    ],
)
def test_refusals_name_the_argument_what_came_and_what_was_expected(changed: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"name": "r", "about": "bank", "reading": "river", "cues": ("boat",)}
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        Rule(**fields | changed)
    assert str(refused.value) == message
