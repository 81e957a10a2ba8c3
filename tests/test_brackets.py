"""The language of brackets: what its lines promise, and the truth that `annotate` and `classify` tell of any text."""

import hashlib
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons_src import brackets
from lessons_src.brackets import ALPHABET, CLASSES, CLOSER_OF, Place, annotate, classify, generate
from lessons_src.text import Vocabulary

seeds = st.integers(0, 2**32)
few = settings(deadline=None, max_examples=30)
any_text = st.text(st.sampled_from(ALPHABET + "Ä→“🙂"), max_size=200)


def left_open(line: str) -> str:
    """The marks that are open at the end of a line, by another way than a stack: matched pairs are deleted."""
    marks = re.sub(r'[^()\[\]{}"]', "", line)
    while (fewer := re.sub(r'\(\)|\[\]|{}|""', "", marks)) != marks:
        marks = fewer
    return marks


@few
@given(seeds)
def test_every_line_closes_what_it_opens(seed):
    text = generate(seed, 300)
    assert text.endswith("\n")
    assert len(text) >= 300
    assert [left_open(line) for line in text.splitlines()] == [""] * text.count("\n")


@few
@given(seeds)
def test_at_most_three_marks_are_open(seed):
    assert max(place.depth for place in annotate(generate(seed, 300))) <= brackets.MAX_DEPTH


@few
@given(seeds)
def test_no_quote_opens_inside_another(seed):
    """A quote is written to open after a space or an opener, to close after anything else; it must be read so too."""
    text = "\n" + generate(seed, 300)
    for before, label in zip(text, classify(text)[1:], strict=False):
        if label in (brackets.QUOTE_OPENS, brackets.QUOTE_CLOSES):
            assert (label == brackets.QUOTE_OPENS) == (before in "\n ([{")


@few
@given(seeds)
def test_annotate_agrees_with_deleting_matched_pairs(seed):
    for line in generate(seed, 200).splitlines():
        assert [place.opened for place in annotate(line)] == [left_open(line[: k + 1]) for k in range(len(line))]


@few
@given(seeds)
def test_the_innermost_mark_stands_where_the_distance_says(seed):
    text = generate(seed, 300)
    for at, place in enumerate(annotate(text)):
        if place.opened:
            assert text[at - place.distance] == place.opened[-1]
            assert place.closer_due == CLOSER_OF[place.opened[-1]]


@few
@given(seeds)
def test_the_models_alphabet_holds_every_character(seed):
    text, vocabulary = generate(seed, 300), Vocabulary(ALPHABET)
    assert vocabulary.decode(vocabulary.encode(text)) == text


@few
@given(any_text)
def test_any_text_is_annotated_and_classified(text):
    places, labels = annotate(text), classify(text)
    assert len(places) == len(labels) == len(text)
    assert set(labels) <= set(CLASSES)
    assert all(place == Place() for place, character in zip(places, text, strict=True) if character == "\n")


@few
@given(any_text)
def test_a_quote_opens_where_none_is_open_and_closes_where_one_is(text):
    places = [Place(), *annotate(text)]
    for before, after, label in zip(places, places[1:], classify(text), strict=False):
        assert (label == brackets.QUOTE_OPENS) == (after.inside_quotes and not before.inside_quotes)
        if label == brackets.QUOTE_CLOSES:
            assert before.inside_quotes
            assert not after.inside_quotes


def test_annotate_by_hand():
    places = annotate('a "b (c')
    assert [place.opened for place in places] == ["", "", '"', '"', '"', '"(', '"(']
    assert [place.distance for place in places] == [0, 0, 0, 1, 2, 0, 1]
    assert (places[-1].inside_quotes, places[-1].depth, places[-1].closer_due) == (True, 2, ")")


def test_misplaced_closers_do_no_harm():
    assert [place.opened for place in annotate("(])}")] == ["(", "(", "", ""]
    assert annotate('{"(["')[-1].opened == "{", "a quote closes what opened inside it"
    assert annotate("((((((")[-1].depth == 6


def test_classify_by_hand():
    labels = classify('A1 \n("x")·→')
    quoted = ["(", "quote opens", "letter", "quote closes", ")"]
    assert labels == ["letter", "digit", "space", "newline", *quoted, "punctuation", "punctuation"]


def test_the_alphabet_and_the_classes_are_those_of_the_shipped_models():
    assert len(ALPHABET) == len(set(ALPHABET)) == 59
    assert ALPHABET.endswith("·")
    assert len(CLASSES) == len(set(CLASSES)) == 13
    assert [CLOSER_OF[mark] for mark in '([{"'] == list(brackets.CLOSERS)


@pytest.mark.parametrize(("scale", "longest"), [(brackets.ONE_CHARACTER, 1), (brackets.THREE_CHARACTERS, 3)])
def test_a_scale_keeps_its_words_short(scale, longest):
    words = re.findall(r"[a-z0-9·]+", generate(5, 20_000, (scale,)))
    assert max(map(len, words)) == longest


def test_the_text_of_a_seed_never_changes():
    """Pinned: it must be the same with every version of Python, or the shipped models could not be rebuilt."""
    assert hashlib.sha256(generate(0, 10_000).encode()).hexdigest()[:16] == "26bc210aa11d4808"


def test_a_text_depends_on_its_seed_alone():
    random.seed(1)
    text = generate(3, 100)
    random.seed(2)
    assert text == generate(3, 100) != generate(4, 100)
