"""Characters become ids and ids characters; whatever is unknown becomes the last symbol, one for one."""

import unicodedata

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.text import (
    UNITS,
    Vocabulary,
    common_alphabet,
    common_tokens,
    detokenize,
    nearest_spellings,
    sentences,
    tokenize,
    words,
)

HOSTILE = ["", "🙂👩‍👩‍👧", "한국어", "İstanbul ẞ ß ŉ", "a\u0301", "\x00\n\t", "x" * 10_000]


@given(st.text("abc"))
def test_decoding_gives_back_what_was_encoded(text: str) -> None:
    vocabulary = Vocabulary("abc·")
    assert vocabulary.decode(vocabulary.encode(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_gets_one_id_per_character_none_out_of_range(text: str) -> None:
    ids = Vocabulary("abix·").encode(text)
    assert len(ids) == len(text)
    assert all(0 <= k < 5 for k in ids.tolist())


def test_unknown_characters_become_the_last_symbol() -> None:
    vocabulary = Vocabulary("ab·")
    assert vocabulary.encode("a?b·").tolist() == [0, 2, 1, 2]
    assert vocabulary.decode(vocabulary.encode("a?b")) == "a·b"
    assert vocabulary.unknown == "·"


def test_letters_are_lowered_only_if_the_alphabet_has_no_capitals() -> None:
    assert Vocabulary("ab·").encode("AB").tolist() == [0, 1]
    assert Vocabulary("abA·").encode("AB").tolist() == [2, 3]
    assert Vocabulary("ab·").knows("A")
    assert not Vocabulary("abB·").knows("A")


def test_a_capital_whose_small_form_is_two_characters_stays_one() -> None:
    assert Vocabulary("i·").encode("İ").tolist() == [1]


def test_a_vocabulary_has_a_length_and_shows_its_alphabet() -> None:
    assert len(Vocabulary("ab·")) == 3
    assert repr(Vocabulary("ab·")) == "Vocabulary('ab·')"


def test_a_text_of_which_something_is_known_may_be_trained_on() -> None:
    assert Vocabulary("ab·").encode("漢a", some_known=True).tolist() == [2, 0]


def test_the_unknown_symbol_itself_is_nothing_known() -> None:
    with pytest.raises(ValueError, match="got none in '··'"):
        Vocabulary("ab·").encode("··", some_known=True)


def test_the_common_alphabet_holds_what_is_frequent_enough_in_code_point_order() -> None:
    assert common_alphabet("banana·") == "abn·"
    assert common_alphabet("banana", least=2) == "an·"
    assert common_alphabet("ab?", unknown="?") == "ab?"


@given(st.text())
def test_words_and_characters_give_back_any_text(text: str) -> None:
    for unit in ("word", "character"):
        assert "".join(tokenize(text, unit)) == text


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("한국어 글 ᄒ ᅡ ᆫ e\u0301")))
def test_jamo_give_back_any_text_up_to_loose_jamo(text: str) -> None:
    again = detokenize(tokenize(text, "jamo"))
    assert unicodedata.normalize("NFC", again) == unicodedata.normalize("NFC", text)
    if not any("\u1100" <= c <= "\u11ff" for c in text):
        assert again == text


@given(st.text(min_size=1), st.sampled_from(UNITS))
def test_a_vocabulary_of_all_tokens_gives_back_any_text(text: str, unit: str) -> None:
    tokens = tokenize(text, unit)
    vocabulary = Vocabulary((*(t for t in dict.fromkeys(tokens) if t != "<unknown>"), "<unknown>"))
    assert vocabulary.decode(vocabulary.encode(tokens)) == "".join(tokens)


def test_a_syllable_is_cut_into_its_jamo() -> None:
    assert tokenize("한a", "jamo") == ["ᄒ", "ᅡ", "ᆫ", "a"]
    assert tokenize("가", "jamo") == ["ᄀ", "ᅡ"]
    assert tokenize("I'm 3 한국어!", "word") == ["I", "'", "m", " ", "3", " ", "한국어", "!"]


def test_words_and_sentences_are_lowered_and_without_signs() -> None:
    assert words("Don't stop, 한국어 2!") == ["don't", "stop", "한국어", "2"]
    assert sentences('It is. "Is it?" Yes\n\nno... 3.5 e.g. x') == [
        ["it", "is"], ["is", "it"], ["yes"], ["no"], ["3", "5", "e", "g"], ["x"],
    ]  # fmt: skip
    assert sentences(" . ! ") == []


def test_common_tokens_are_ordered_by_how_often_they_occur() -> None:
    assert common_tokens(["b", "a", "b", "c", "a", "b"]) == ("b", "a", "c", "<unknown>")
    assert common_tokens(["b", "a", "b", "?"], least=2, unknown="?") == ("b", "?")


def test_a_vocabulary_of_words_lowers_and_knows_its_own() -> None:
    vocabulary = Vocabulary(["the", "cat", "<unknown>"])
    assert vocabulary.encode(["The", "dog", "cat"]).tolist() == [0, 2, 1]
    assert vocabulary.decode(torch.tensor([1, 2])) == "cat<unknown>"


def test_the_nearest_spellings_come_first() -> None:
    assert nearest_spellings("quen", ["king", "queens", "queen"]) == ["queen", "queens"]
    assert nearest_spellings("zebra", ["king"]) == []
