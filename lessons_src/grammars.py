"""Corpora that a small grammar makes from a seed, so that what there is to be learnt is known."""

import random
from dataclasses import dataclass
from itertools import permutations

from lessons_src import checks

Sentence = tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """People of one kind: male, female and plural words, with the verbs and things that go with each."""

    people: tuple[str, str, str]
    verbs: tuple[str, str, str]
    things: tuple[str, str, str]


ROLES = (
    Role(("king", "queen", "kings"), ("ruled", "crowned", "decreed"), ("throne", "palace", "crown")),
    Role(("prince", "princess", "princes"), ("inherited", "hunted", "courted"), ("castle", "tower", "pony")),
    Role(("man", "woman", "men"), ("worked", "walked", "voted"), ("street", "house", "market")),
    Role(("boy", "girl", "boys"), ("played", "giggled", "studied"), ("school", "toy", "playground")),
    Role(("father", "mother", "fathers"), ("raised", "scolded", "cooked"), ("cradle", "kitchen", "garden")),
    Role(("brother", "sister", "brothers"), ("teased", "shared", "quarrelled"), ("bedroom", "attic", "bicycle")),
    Role(("actor", "actress", "actors"), ("performed", "rehearsed", "bowed"), ("stage", "theatre", "script")),
    Role(("waiter", "waitress", "waiters"), ("served", "poured", "carried"), ("table", "menu", "tray")),
)

_PRONOUNS = (
    ("he", "him", "his", "himself"),
    ("she", "her", "hers", "herself"),
    ("they", "them", "their", "themselves"),
)
_COMPANY = (("beard", "sir", "lad"), ("gown", "madam", "lass"), ("crowd", "crew", "team"))
_ADVERBS = ("today", "often", "then", "again", "quietly", "yesterday", "slowly", "there")


def kingdom(
    sentences: int, *, noise: float = 0.1, forms: int = 3, shuffled: bool = False, seed: int = 0
) -> list[Sentence]:
    """Sentences about 8 kinds of people in 2 or 3 forms: king, queen, kings; man, woman, men …

    A person's role decides the verb and the thing, the form decides pronouns and company, and neither looks at the
    other. No sentence says that a queen is a female king.

    Args:
        sentences: how many.
        noise: how often the role's words come from any role, and, apart from that, the form's words from any form.
        forms: 2 leaves the plural out.
        shuffled: whether to shuffle all words over all sentences, which keeps how often each occurs and nothing else.
        seed: of everything random.
    """
    checks.whole_number("sentences", sentences)
    checks.number_between("noise", noise, 0.0, 1.0)
    _check_forms(forms)
    checks.true_or_false("shuffled", shuffled)
    source = random.Random(checks.whole_number("seed", seed, least=0))
    made = [_about_someone(source, noise, forms) for _ in range(sentences)]
    if shuffled:
        words = [word for sentence in made for word in sentence]
        source.shuffle(words)
        rest = iter(words)
        made = [tuple(next(rest) for _ in sentence) for sentence in made]
    return made


def _about_someone(source: random.Random, noise: float, forms: int) -> Sentence:
    role, form = source.choice(ROLES), source.randrange(forms)
    who = role.people[form]
    if source.random() < noise:
        role = source.choice(ROLES)
    if source.random() < noise:
        form = source.randrange(forms)
    verb, thing, when = source.choice(role.verbs), source.choice(role.things), source.choice(_ADVERBS)
    one, other, whose, self_ = _PRONOUNS[form]
    company = source.choice(_COMPANY[form])
    templates = (
        f"the {who} {verb} {self_} near the {thing} {when}",
        f"{when} {one} {verb} the {thing} said the {who}",
        f"{whose} {thing} made the {who} proud because {one} {verb}",
        f"the {company} of the {who} {verb} by the {thing}",
        f"we saw {other} the {who} that {verb} with {whose} {thing}",
    )
    return tuple(source.choice(templates).split())


def analogies(forms: int = 3) -> list[tuple[str, str, str, str]]:
    """All (a, b, c, answer) of the kingdom with a − b + c = answer, such as king − man + woman = queen.

    b and a are the same form of two roles, c is another form of b's role: 336 with three forms, 112 with two.
    """
    _check_forms(forms)
    return [
        (there.people[f], here.people[f], here.people[g], there.people[g])
        for here, there in permutations(ROLES, 2)
        for f, g in permutations(range(forms), 2)
    ]


def _check_forms(forms: int) -> None:
    if checks.whole_number("forms", forms) not in (2, 3):
        raise ValueError(f"forms: expected 2 or 3, got {forms}")


OPENED = {
    "exams": ("the proctor started the clock", "the test began at nine"),
    "books": ("the teacher named a page", "the reading lesson began"),
    "umbrellas": ("dark clouds brought heavy rain", "a storm broke over the yard"),
    "lunches": ("the bell rang at noon", "everyone was hungry by now"),
}
"""What the students open, and the two clauses that announce it."""

_BETWEEN = ("and without a word", "and after a short silence", "and a moment later", "and as always at such a time")
_OTHERS = {
    "sailors": ("maps", "hatches"), "cooks": ("ovens", "jars"), "lawyers": ("files", "briefs"),
    "farmers": ("gates", "barns"), "artists": ("studios", "paints"),
}  # fmt: skip


def students(sentences: int, *, far: bool = True, seed: int = 0) -> list[Sentence]:
    """Sentences that end "… opened their ___".

    Half of them are about students: what they open is announced at the start of the sentence, and the last
    eight words before it say nothing. In the others the subject decides between two things.

    Args:
        sentences: how many.
        far: whether the clause that announces stands at the start; if not, it is left out, and nothing tells.
        seed: of everything random.
    """
    checks.whole_number("sentences", sentences)
    checks.true_or_false("far", far)
    source = random.Random(checks.whole_number("seed", seed, least=0))
    return [_about_opening(source, far) for _ in range(sentences)]


def _about_opening(source: random.Random, far: bool) -> Sentence:
    between = source.choice(_BETWEEN)
    verb = source.choice(("opened", "closed"))
    if source.random() < 0.5:
        who = source.choice(tuple(_OTHERS))
        clue, subject, thing = source.choice(source.choice(tuple(OPENED.values()))), who, source.choice(_OTHERS[who])
    else:
        thing = source.choice(tuple(OPENED))
        clue, subject = source.choice(OPENED[thing]), "students"
    start = f"{clue} {between} " if far else ""
    return tuple(f"{start}the {subject} {verb} their {thing}".split())
