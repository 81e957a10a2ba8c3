"""The two grammars: what there is to be learnt is there, and what must not be there is not."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from lessons_src import grammars
from lessons_src.grammars import ROLES, Sentence, analogies, kingdom, students

PEOPLE = {person: (role, form) for role in ROLES for form, person in enumerate(role.people)}
OF_ROLE = {word: role for role in ROLES for word in role.verbs + role.things}
OF_FORM = {
    word: form
    for form, words in enumerate(
        ("he him his himself beard sir lad", "she her hers herself gown madam lass",
         "they them their themselves crowd crew team")
    )
    for word in words.split()
}  # fmt: skip


def about(sentence: Sentence) -> tuple[Any, int]:
    """The one person of a sentence: role and form."""
    (found,) = [PEOPLE[word] for word in sentence if word in PEOPLE]
    return found


# ----------------------------------------------------------------------------------------------------- the kingdom


@pytest.mark.parametrize("forms", [2, 3])
def test_every_sentence_is_about_one_person_and_every_person_occurs(forms: int) -> None:
    found = Counter(about(sentence) for sentence in kingdom(3000, forms=forms))
    assert set(found) == {(role, form) for role in ROLES for form in range(forms)}
    assert max(found.values()) < 2 * min(found.values())


@pytest.mark.parametrize("forms", [2, 3])
def test_without_noise_no_foreign_word_occurs(forms: int) -> None:
    seen: set[str] = set()
    for sentence in kingdom(2000, noise=0.0, forms=forms):
        role, form = about(sentence)
        assert {OF_ROLE[word] for word in sentence if word in OF_ROLE} <= {role}
        assert {OF_FORM[word] for word in sentence if word in OF_FORM} <= {form}
        seen.update(sentence)
    assert set(OF_ROLE) <= seen
    assert all((form < forms) == (word in seen) for word, form in OF_FORM.items() if word != "hers")


def test_noise_is_as_frequent_as_said() -> None:
    """A noisy draw comes from any of 8 roles, or 3 forms, so 7/8 and 2/3 of them are foreign."""
    foreign_roles = foreign_forms = with_form = 0
    sentences = kingdom(20_000, noise=0.3)
    for sentence in sentences:
        role, form = about(sentence)
        foreign_roles += any(OF_ROLE[word] is not role for word in sentence if word in OF_ROLE)
        told = [OF_FORM[word] for word in sentence if word in OF_FORM]
        with_form += bool(told)
        foreign_forms += any(other != form for other in told)
    assert foreign_roles / len(sentences) == pytest.approx(0.3 * 7 / 8, abs=0.015)
    assert with_form == len(sentences)
    assert foreign_forms / with_form == pytest.approx(0.3 * 2 / 3, abs=0.015)


def test_role_and_form_are_drawn_apart() -> None:
    """Given the person, what the verb is says nothing about the pronoun: the counts are those of independence."""
    pairs: Counter[tuple[bool, bool]] = Counter()
    for sentence in kingdom(30_000, noise=0.5):
        role, form = about(sentence)
        own_role = all(OF_ROLE[word] is role for word in sentence if word in OF_ROLE)
        own_form = all(OF_FORM[word] == form for word in sentence if word in OF_FORM)
        pairs[own_role, own_form] += 1
    total = pairs.total()
    both = pairs[True, True] / total
    apart = (pairs[True, True] + pairs[True, False]) * (pairs[True, True] + pairs[False, True]) / total**2
    assert both == pytest.approx(apart, abs=0.01)


def test_shuffling_keeps_how_often_each_word_occurs_and_how_long_sentences_are() -> None:
    plain, shuffled = kingdom(500, seed=4), kingdom(500, seed=4, shuffled=True)
    assert Counter(w for s in plain for w in s) == Counter(w for s in shuffled for w in s)
    assert [len(s) for s in plain] == [len(s) for s in shuffled]
    assert sum(a == b for a, b in zip(plain, shuffled, strict=True)) < 5
    halves = [Counter(w for s in half for w in s) for half in (shuffled[:250], shuffled[250:])]
    assert halves[0]["the"] == pytest.approx(halves[1]["the"], rel=0.2), "no word has a place of its own"


@pytest.mark.parametrize(("forms", "number"), [(3, 336), (2, 112)])
def test_analogies_are_well_formed(forms: int, number: int) -> None:
    found = analogies(forms)
    assert len(found) == len(set(found)) == number
    for a, b, c, answer in found:
        assert len({a, b, c, answer}) == 4
        (role_a, form_a), (role_b, form_b), (role_c, form_c), (role_d, form_d) = (PEOPLE[w] for w in (a, b, c, answer))
        assert role_a is role_d
        assert role_b is role_c
        assert form_a == form_b
        assert form_c == form_d
        assert max(form_a, form_c) < forms
    assert ("king", "man", "woman", "queen") in found


def test_every_word_of_an_analogy_occurs_and_no_word_belongs_to_two_roles() -> None:
    words = {word for sentence in kingdom(2000) for word in sentence}
    assert {word for entry in analogies() for word in entry} <= words
    everything = [word for role in ROLES for word in role.people + role.verbs + role.things]
    assert len(everything) == len(set(everything))


# ---------------------------------------------------------------------------------------------------- the students

CLUES = {clue: thing for thing, clues in grammars.OPENED.items() for clue in clues}


def clue_of(sentence: Sentence) -> str:
    (found,) = [clue for clue in CLUES if " ".join(sentence).startswith(clue + " ")]
    return found


@pytest.fixture(scope="module")
def many() -> list[Sentence]:
    return students(20_000, seed=0)


def test_the_clause_at_the_start_says_what_students_open(many: list[Sentence]) -> None:
    asked = [sentence for sentence in many if "students" in sentence]
    assert len(asked) / len(many) == pytest.approx(0.5, abs=0.02)
    assert all(sentence[-1] == CLUES[clue_of(sentence)] for sentence in asked)
    assert set(Counter(sentence[-1] for sentence in asked)) == set(grammars.OPENED)


def behind(sentences: list[Sentence], window: int) -> dict[Sentence, Counter[str]]:
    """For each run of words before the answer, how often each answer followed."""
    found: defaultdict[Sentence, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        found[sentence[-1 - window : -1]][sentence[-1]] += 1
    return found


def test_the_last_eight_words_do_not_tell_which_of_the_four_it_is(many: list[Sentence]) -> None:
    asked = [sentence for sentence in many if "students" in sentence]
    for window in range(3, 9):
        for answers in behind(asked, window).values():
            assert set(answers) == set(grammars.OPENED)
            assert min(answers.values()) / answers.total() > 0.25 - 4 * (0.25 * 0.75 / answers.total()) ** 0.5
    told = [len(answers) == 1 for answers in behind(asked, 9).values()]
    assert any(told), "the ninth word is the first that may tell"
    assert not all(told), "how far back the clause stands varies"
    assert {len(sentence) - len(clue_of(sentence).split()) for sentence in asked} == {9, 10, 12}
    assert all(len(answers) == 1 for answers in behind(asked, 12).values())


def test_for_the_others_the_subject_decides_and_the_clause_does_not(many: list[Sentence]) -> None:
    others = [sentence for sentence in many if "students" not in sentence]
    by_subject, by_clue = defaultdict(set), defaultdict(set)
    for sentence in others:
        by_subject[sentence[-4]].add(sentence[-1])
        by_clue[clue_of(sentence)].add(sentence[-1])
    assert sorted(map(len, by_subject.values())) == [2] * 5
    things = set().union(*by_subject.values())
    assert len(things) == 10
    assert all(found == things for found in by_clue.values())
    assert things.isdisjoint(grammars.OPENED)


def test_without_the_clause_nothing_tells() -> None:
    near = students(4000, far=False)
    assert {len(sentence) for sentence in near} == {5}
    asked = Counter(sentence[-1] for sentence in near if sentence[1] == "students")
    assert set(asked) == set(grammars.OPENED)
    assert min(asked.values()) / asked.total() > 0.2


# ------------------------------------------------------------------------------------------------ seeds, refusals


@pytest.mark.parametrize("make", [kingdom, students])
def test_a_seed_decides_everything(make: Callable[..., list[Sentence]]) -> None:
    assert make(50, seed=3) == make(50, seed=3)
    assert make(50, seed=3) != make(50, seed=4)
    assert len(make(7)) == 7


REFUSED: list[tuple[Any, str]] = [
    (lambda: kingdom(0), "sentences: expected a whole number of at least 1, got 0"),
    (lambda: kingdom(5, noise=1.5), "noise: expected a number from 0 to 1, got 1.5"),
    (lambda: kingdom(5, forms=4), "forms: expected 2 or 3, got 4"),
    (lambda: kingdom(5, seed=-1), "seed: expected a whole number of at least 0, got -1"),
    (lambda: analogies(1), "forms: expected 2 or 3, got 1"),
    (lambda: students(0), "sentences: expected a whole number of at least 1, got 0"),
    (lambda: students(5, seed=-1), "seed: expected a whole number of at least 0, got -1"),
]


@pytest.mark.parametrize(("use", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_the_argument_what_came_and_what_was_expected(use: Any, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        use()
    assert str(refused.value) == message
