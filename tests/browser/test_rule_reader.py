"""RuleReader in Chromium: the page reads every text as the package does, and everything on it works."""

import json
import random
import re
import unicodedata
from typing import Any

import pytest
from playwright.sync_api import Page

from lessons_src.rules import HELD_OUT, PRACTICE, RULES, SENTENCES, WORDS, is_right, number_right, read
from lessons_src.text import tokenize
from lessons_src.widgets import RuleReader
from lessons_src.widgets.base import BUNDLES
from lessons_src.widgets.rule_reader import EXAMPLES
from tests.browser.harness import Stage, control, misfits, sentence, settle, tab_order, widget_state

NAMES = [rule.name for rule in RULES]
PEAR = "배를 타기 전에 사과를 하나 먹었다."


def drawn(page: Page, at: int = 0) -> str:
    """The figure, and which boxes are ticked."""
    settle(page, 0)
    ticked = "node => [...node.querySelectorAll('input')].map((box) => box.checked).join()"
    figure = page.locator(".uw-figure").nth(at)
    return str(figure.inner_html()) + str(figure.evaluate(ticked))


def scores(page: Page, at: int = 0) -> list[str]:
    settle(page, 0)
    return list(page.locator(".uw").nth(at).locator(".rr-score").all_inner_texts())


def in_page(page: Page, texts: list[str]) -> Any:
    """What the engine of the page reads, with the words and rules that the first widget has got."""
    return page.evaluate(
        """(texts) => { const { all_rules, words } = models[0].traits, { engine } = unrolledWidgets.rule_reader;
             return texts.map((text) => engine.read(text, engine.wordsOf(words), all_rules)); }""",
        texts,
    )


def in_python(text: str, rules: Any = RULES) -> list[dict[str, Any]]:
    names = ("about", "at", "reading", "rule", "evidence")
    return [{name: getattr(r, name) for name in names} | {"asked": list(r.asked)} for r in read(text, rules)]


# ------------------------------------------------------------------------------------------------- against Python


def random_texts() -> list[str]:
    """Words, cues and particles in any order, and characters of every kind."""
    draw = random.Random(0)
    forms = [form for word in WORDS.values() for form in word.forms]
    cues = [cue.replace("*", draw.choice(["", "x", "고", "는"])) for rule in RULES for cue in rule.cues]
    pieces = [
        *forms,
        *cues,
        *"  \n\t\u3000\x1c\x85.,!",
        "🙂",
        "👩‍👩‍👧",
        "\ufeff",
        "İ",
        "ΣΑΣ",
        "é",
        "हिन्दी",
        "_",
        "²",
        "BANK",
    ]
    texts = [
        "".join(draw.choice(pieces) + draw.choice(["", " ", " "]) for _ in range(draw.randint(1, 12)))
        for _ in range(600)
    ]
    return ["", " ", "\x00", *texts, "bank " * 60]


def test_the_page_reads_every_text_as_the_package_does(stage: Stage) -> None:
    page = stage.open(RuleReader())
    texts = [s.text for s in SENTENCES] + [text for text, _ in EXAMPLES] + random_texts()
    found = in_page(page, texts)
    for text, readings in zip(texts, found, strict=True):
        assert readings == in_python(text), repr(text)
    assert sum(len(readings) > 1 for readings in found) > 150
    assert {reading["rule"] for readings in found for reading in readings} == {*NAMES, None}


def test_the_page_cuts_every_character_as_the_package_does(stage: Stage) -> None:
    page = stage.open(RuleReader())
    known = [chr(k) for k in range(0x110000) if unicodedata.category(chr(k)) not in ("Cn", "Cs", "Co")]
    texts = [f"a{c}b{c}{c} " for c in known[:3000]] + [
        "".join(known[k : k + 500]) for k in range(3000, len(known), 500)
    ]
    found = page.evaluate("(texts) => texts.map(unrolledWidgets.rule_reader.engine.tokensOf)", texts)
    for text, tokens in zip(texts, found, strict=True):
        assert tokens == tokenize(text), repr(text[:20])


def test_the_scores_are_those_of_the_package_for_any_order_and_any_rules_off(stage: Stage) -> None:
    page = stage.open(RuleReader())
    draw = random.Random(1)
    seen = set()
    for _ in range(6):
        order, off = draw.sample(NAMES, len(NAMES)), draw.sample(NAMES, draw.randint(0, 13))
        page.evaluate("([o, f]) => { models[0].set('order', o); models[0].set('off', f); }", [order, off])
        rules = RuleReader(order=order, off=off).rules
        right = [number_right(half, rules) for half in (PRACTICE, HELD_OUT)]
        seen.add(tuple(right))
        assert scores(page) == [f"{count} of 24 right" for count in right]
        squares = page.locator(".rr-square").evaluate_all("nodes => nodes.map((n) => n.textContent)")
        assert squares == ["" if is_right(s, rules) else "×" for s in (*PRACTICE, *HELD_OUT)]
        marks = control(page, "preset").locator("option").all_inner_texts()[1:49]
        assert [mark[0] for mark in marks] == ["✗" if square else "✓" for square in squares]
    assert len(seen) > 3


def test_a_stored_page_that_sorts_keys_reads_the_same(stage: Stage) -> None:
    page = stage.open(RuleReader(off=["thing"]))
    stored = json.dumps(widget_state(RuleReader(off=["thing"])), sort_keys=True)  # as the built book keeps it
    page.evaluate(f"window.mount('rule_reader', {stored})")
    assert drawn(page, 1) == drawn(page, 0)
    assert scores(page, 1) == ["23 of 24 right", "12 of 24 right"]


# ------------------------------------------------------------------------------------------------------- the page


def test_the_bundle_is_small() -> None:
    assert (BUNDLES / "rule_reader.js").stat().st_size <= 40_000


@pytest.mark.parametrize(
    "name", ["preset", "text", "on-pear-eat", "earlier-pear-eat", "later-boat-ride", "none", "all"]
)
def test_every_control_changes_what_is_drawn(stage: Stage, name: str) -> None:
    page = stage.open(RuleReader(PEAR))
    before = drawn(page)
    node = control(page, name)
    node.press({"preset": "ArrowDown", "text": "a"}.get(name, "Space"))
    assert drawn(page) != before
    if name == "none":
        control(page, "every").press("Enter")
        assert drawn(page) == before


def test_a_moved_rule_changes_the_reading_and_the_score_and_keeps_the_focus(stage: Stage) -> None:
    page = stage.open(RuleReader(PEAR))
    assert sentence(page).startswith(
        "“배를” is read as: a boat, for the rule boat-ride found “타기”. People read the same."
    )
    control(page, "later-boat-ride").press("Enter")
    assert sentence(page) == (
        "“배를” is read as: a pear, for the rule pear-eat found “사과를”. People read: a boat. Right: 23 of 24 "
        "practice sentences, 13 of 24 held out. The last change of the rules put 0 right and 1 wrong."
    )
    assert page.locator(".rr-rule b").all_inner_texts() == ["pear-eat", "boat-ride", "belly-ache"]
    assert page.evaluate("document.activeElement.dataset.control") == "later-boat-ride"
    page.keyboard.press("Enter")
    settle(page, 0)
    assert page.locator(".rr-rule b").all_inner_texts() == ["pear-eat", "belly-ache", "boat-ride"]
    page.keyboard.press("Enter")  # it is the last already
    assert page.evaluate("models[0].traits.order.slice(0, 3)") == ["pear-eat", "belly-ache", "boat-ride"]
    assert page.locator(".rr-status").all_inner_texts() == ["fired", "not asked", "not asked"]
    control(page, "on-pear-eat").press("Space")
    assert page.evaluate("models[0].traits.off") == ["pear-eat"]
    settle(page, 0)
    assert page.locator(".rr-status").all_inner_texts() == ["off", "looked, found nothing", "fired"]
    assert "put 1 right and 1 wrong" in sentence(page), "the ripe pear turns wrong, the boat right"


def test_word_and_evidence_are_marked_in_the_sentence(stage: Stage) -> None:
    page = stage.open(RuleReader("I put <b>THE boat</b> by the Bank."))
    settle(page, 0)
    assert page.locator(".rr-word").all_inner_texts() == ["Bank\nthe side of a river"]
    assert page.locator(".rr-cue").all_inner_texts() == ["boat\nevidence for water"]
    typed = page.locator(".rr-text").all_inner_texts()
    assert typed == [token for token in tokenize("I put <b>THE boat</b> by the Bank.") if not token.isspace()]
    page.evaluate("models[0].set('text', '')")
    assert sentence(page).startswith("None of the words is one the reader knows: bank, duck,")
    page.evaluate("models[0].set('text', 'I saw her duck with a telescope.')")
    settle(page, 0)
    assert len(page.locator(".rr-word").all()) == 2
    assert page.locator(".rr-rule b").all_inner_texts() == ["owner", "duck-under"]
    control(page, "all").check()
    settle(page, 0)
    assert page.locator(".rr-rule b").all_inner_texts() == NAMES


def test_korean_is_marked_as_korean(stage: Stage) -> None:
    page = stage.open(RuleReader(PEAR))
    control(page, "all").check()
    settle(page, 0)
    unmarked = page.evaluate(
        """() => { const found = [], root = document.querySelector('.uw');
             const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
             while (walk.nextNode()) { const { data, parentElement } = walk.currentNode;
               if (/[가-힣]/.test(data) && !parentElement.closest('[lang=ko], .uw-sentence, [role=status]'))
                 found.push(data); }
             return found; }"""
    )
    assert unmarked == []
    assert control(page, "text").get_attribute("lang") == "ko"
    assert page.locator(".rr-meaning").inner_text() == "Before boarding the boat I ate an apple."


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(RuleReader("She drank with the man."))
    reached = tab_order(page)
    assert reached == ["preset", "text", "on-owner", "none", "every", "all", "summary", "reset", "copy-link"]
    kept = "nodes => nodes.filter((node) => node.dataset.lmSuppressShortcuts !== 'true').length"
    controls = page.locator(".uw :is(input, select, textarea, button)")
    assert controls.evaluate_all(kept) == 0, "JupyterLab would take the arrow keys"


def test_presets_are_the_sentences(stage: Stage) -> None:
    page = stage.open(RuleReader())
    preset = control(page, "preset")
    values = preset.locator("option").evaluate_all("nodes => nodes.map((node) => node.value)")
    assert values == ["", *(s.text for s in (*PRACTICE, *HELD_OUT)), *(text for text, _ in EXAMPLES)]
    preset.select_option(value=EXAMPLES[4][0])
    settle(page, 0)
    assert page.locator(".rr-meaning").inner_text() == EXAMPLES[4][1]
    assert control(page, "text").input_value() == EXAMPLES[4][0]
    control(page, "text").press("x")
    settle(page, 0)
    assert preset.input_value() == ""
    assert len(page.evaluate("models[0].traits.text")) == len(EXAMPLES[4][0]) + 1


def test_numbers_count_how_each_rule_did(stage: Stage) -> None:
    page = stage.open(RuleReader(off=["thing"]))
    page.get_by_text("Show numbers").click()
    settle(page, 0)
    rules = RuleReader(off=["thing"]).rules
    rows = page.locator(".uw tbody tr").all()
    for row, name in zip(rows, [*NAMES, None], strict=True):
        expected = [0, 0, 0, 0]
        for k, half in enumerate((PRACTICE, HELD_OUT)):
            for one in half:
                reading = next(r for r in read(one.text, rules) if r.about == one.about)
                expected[2 * k + (not is_right(one, rules))] += reading.rule == name
        assert row.locator("td").all_inner_texts() == [str(count) for count in expected], name


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(RuleReader())
    page.evaluate("models[0].set('text', 'duck under')")
    assert "to bend down quickly" in sentence(page)
    assert control(page, "text").input_value() == "duck under"
    page.evaluate("models[0].set('off', ['duck-under'])")
    assert "a bird, its usual meaning" in sentence(page)
    assert not control(page, "on-duck-under").is_checked()
    control(page, "on-duck-under").check()
    assert page.evaluate("models[0].traits.off") == []
    for wrong in ("['swim']", "'duck-under,x'", "3"):
        page.evaluate(f"models[0].set('off', {wrong})")
    page.evaluate("models[0].set('order', ['water'])")
    assert "to bend down quickly" in sentence(page), "what Python would refuse is refused"


def test_a_copied_link_brings_back_each_widget_and_reset_the_authors_settings(stage: Stage) -> None:
    widgets = RuleReader(PEAR), RuleReader("차였다.", off=["thing"]), RuleReader()
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    first, others = drawn(page), (drawn(page, 1), drawn(page, 2))
    control(page, "later-boat-ride").click()
    control(page, "on-belly-ache").click()
    assert (drawn(page, 1), drawn(page, 2)) == others
    assert drawn(page) != first
    control(page, "on-thing", at=1).click()
    for at in range(2):
        page.get_by_role("button", name="Copy link").nth(at).click()
        page.get_by_text("Link copied.").nth(at).wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"#rule-reader-1=order:pear-eat%2C.*off:belly-ache&rule-reader-2=off:$", link), link
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    for at in range(3):
        assert drawn(again, at) == drawn(page, at)
    page.get_by_role("button", name="Reset").first.click()
    assert drawn(page) == first
    broken = stage.open(*widgets, fragment="#rule-reader-1=order:x;off:,,%00;text:%E0%A4%A;nonsense&=&x")
    assert drawn(broken) == first
    assert broken.evaluate("document.querySelectorAll('[id]').length") == 0


def test_a_widget_that_leaves_takes_everything_along(stage: Stage) -> None:
    page = stage.open(RuleReader())
    assert page.evaluate("models[0].listening()") > 0
    page.evaluate("ends[0]()")
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 0]
    page.evaluate("models[0].set('text', 'bank'); location.hash = '#rule-reader-1=text:duck'")
    settle(page, 0)


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (900, "dark")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    reader = RuleReader(f"{PEAR} {'bank' * 40}")
    page = stage.open(reader, theme=theme, viewport={"width": width, "height": 800})
    control(page, "all").check()
    page.get_by_text("Show numbers").click()
    settle(page, 0)
    assert misfits(page) == []
