"""Characters become ids and ids characters; whatever is unknown becomes the last symbol, one for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.text import Vocabulary, common_alphabet

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
