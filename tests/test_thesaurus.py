"""Synonym sets and hypernyms: chains end at the top, similarity is that of the shortest path, errors say why."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons_src.thesaurus import OURS, OUTLINE, SynonymSet, Thesaurus

SMALL = """
animal, creature: it moves
  mammal: it gives milk
    panda: black and white
    kid: a young goat
  person: it talks
    child, kid: not grown up
colour: what light has
"""


pytestmark = pytest.mark.usefixtures("unchecked_shapes")


def brute_force_steps(thesaurus: Thesaurus, word: str) -> dict[str, int]:
    """Steps from a word to every word that can be reached, breadth first over the lines between sets."""
    sets = thesaurus.sets
    above = {k: sets.index(one.hypernym) for k, one in enumerate(sets) if one.hypernym}
    steps: dict[str, int] = {}
    reached = {k for k, one in enumerate(sets) if word in one.words}
    for count in range(len(sets)):
        for k in reached:
            for other in sets[k].words:
                steps.setdefault(other, count)
        up = {above[k] for k in reached if k in above}
        reached |= up | {k for k, hypernym in above.items() if hypernym in reached}
    return steps


# ------------------------------------------------------------------------------------------------------- the outline


def test_indentation_gives_each_set_its_hypernym() -> None:
    small = Thesaurus.read(SMALL)
    above = [(str(one), one.hypernym and one.hypernym.words[0], one.gloss) for one in small.sets]
    assert above == [
        ("animal, creature", None, "it moves"),
        ("mammal", "animal", "it gives milk"),
        ("panda", "mammal", "black and white"),
        ("kid", "mammal", "a young goat"),
        ("person", "animal", "it talks"),
        ("child, kid", "person", "not grown up"),
        ("colour", None, "what light has"),
    ]
    assert repr(small) == "Thesaurus(7 sets, 8 words)"


def test_a_word_may_have_several_meanings() -> None:
    small = Thesaurus.read(SMALL)
    assert [one.gloss for one in small.sets_of("kid")] == ["a young goat", "not grown up"]
    assert small.hypernyms("kid") == (("mammal", "animal"), ("person", "animal"))
    assert small.words.count("kid") == 1


def test_the_chain_leads_to_the_top() -> None:
    assert OURS.hypernyms("panda") == (("bear", "mammal", "animal", "living thing", "thing"),)
    assert OURS.hypernyms("thing") == ((),)


def test_no_chain_of_ours_meets_a_set_twice() -> None:
    assert 40 <= len(OURS) <= 70
    for one in OURS.sets:
        chain = one.chain()
        assert len({id(above) for above in chain}) == len(chain)
        assert chain[-1].hypernym is None


def test_a_chain_cannot_be_bent_into_a_circle() -> None:
    top = SynonymSet(("thing",), "whatever there is")
    below = SynonymSet(("animal",), "it moves", top)
    with pytest.raises(FrozenInstanceError):
        top.hypernym = below  # type: ignore[misc]
    bent = replace(top, hypernym=below)  # a new set: the old one below it is unchanged
    assert bent.chain() == (bent, below, top)
    assert below.chain() == (below, top)


def test_the_outline_of_ours_has_one_line_for_each_set() -> None:
    assert [str(one) for one in OURS.sets] == [line.partition(":")[0].strip() for line in OUTLINE.strip().splitlines()]


# ---------------------------------------------------------------------------------------------------- path similarity


def test_path_similarity_by_hand() -> None:
    small = Thesaurus.read(SMALL)
    assert small.path_similarity("animal", "creature") == 1
    assert small.path_similarity("panda", "mammal") == 1 / 2
    assert small.path_similarity("panda", "animal") == 1 / 3
    assert small.path_similarity("panda", "child") == 1 / 5
    assert small.path_similarity("panda", "kid") == 1 / 3  # by the nearer of its two meanings
    assert small.path_similarity("panda", "colour") == 0


@pytest.mark.parametrize("word", ["kid", "thing", "motel", "python", "good"])
def test_path_similarity_is_that_of_a_search_over_all_paths(word: str) -> None:
    steps = brute_force_steps(OURS, word)
    assert len(steps) > 1
    for other in OURS.words:
        expected = 1 / (1 + steps[other]) if other in steps else 0
        assert OURS.path_similarity(word, other) == OURS.path_similarity(other, word) == expected


@given(st.sampled_from(OURS.words))
def test_every_word_is_as_similar_to_itself_as_can_be(word: str) -> None:
    assert OURS.path_similarity(word, word) == 1


def test_a_level_in_between_makes_words_less_similar() -> None:
    deeper = SMALL.replace("    panda:", "    bear: heavy\n      panda:")
    assert Thesaurus.read(SMALL).path_similarity("panda", "mammal") == 1 / 2
    assert Thesaurus.read(deeper).path_similarity("panda", "mammal") == 1 / 3


# ------------------------------------------------------------------------------------------------------------ refusals


def test_an_unknown_word_is_refused_with_the_nearest_spellings() -> None:
    with pytest.raises(ValueError, match=r"word: expected one of the \d+ known words, got 'pando'; .*: panda"):
        OURS.path_similarity("panda", "pando")
    with pytest.raises(ValueError, match=r"got 'qqq'$"):
        OURS.hypernyms("qqq")
    assert "panda" in OURS
    assert "pando" not in OURS


REFUSALS: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a word that is no str": (lambda: OURS.sets_of(3), TypeError, "word: expected a str, got int"),  # type: ignore[arg-type]
    "an outline that is no str": (
        lambda: Thesaurus.read(["a: b"]),  # type: ignore[arg-type]
        TypeError,
        "outline: expected a str, got list",
    ),
    "an empty outline": (
        lambda: Thesaurus.read(" \n"),
        ValueError,
        "sets: expected at least one synonym set",
    ),
    "a line without a gloss": (
        lambda: Thesaurus.read("a: b\n  dog"),
        ValueError,
        "line 2: expected 'word, word: gloss'",
    ),
    "a line with an empty gloss": (lambda: Thesaurus.read("dog:  "), ValueError, "line 1: .*got 'dog:'"),
    "an empty word": (lambda: Thesaurus.read("dog,,hound: it barks"), ValueError, "line 1: .*got 'dog,,hound: it"),
    "a first line that is indented": (lambda: Thesaurus.read("  a: b"), ValueError, "line 1: .* 0 spaces first, got 2"),
    "a line too deep": (lambda: Thesaurus.read("a: b\n    c: d"), ValueError, "line 2: .* or 2 spaces first, got 4"),
    "an odd indentation": (lambda: Thesaurus.read("a: b\n c: d"), ValueError, "line 2: .*got 1"),
    "a set twice": (lambda: Thesaurus.read("a: b\na: b"), ValueError, "sets: expected different .* one of them twice"),
    "a set without its hypernym": (
        lambda: Thesaurus([SynonymSet(("a",), "b", SynonymSet(("c", "d"), "e"))]),
        ValueError,
        "sets: expected the hypernym of each among them; c, d is missing",
    ),
    "words in one str": (lambda: SynonymSet("dog", "it barks"), TypeError, "words: expected a tuple .*got 'dog'"),  # type: ignore[arg-type]
    "no words": (lambda: SynonymSet((), "b"), ValueError, r"words: expected different words.*got \(\)"),
    "a word twice": (lambda: SynonymSet(("a", "a"), "b"), ValueError, r"words: expected different.*\('a', 'a'\)"),
    "a word of spaces": (lambda: SynonymSet(("a", " "), "b"), ValueError, "words: expected .* none empty"),
    "no gloss": (lambda: SynonymSet(("dog",), " "), ValueError, "gloss: expected a few words on what 'dog' means"),
    "a hypernym that is a word": (
        lambda: SynonymSet(("dog",), "it barks", "animal"),  # type: ignore[arg-type]
        TypeError,
        "hypernym: expected a SynonymSet or None, got 'animal'",
    ),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_bad_input_is_refused_in_words(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
