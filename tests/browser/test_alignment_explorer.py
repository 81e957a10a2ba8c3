"""AlignmentExplorer in Chromium: it computes what PyTorch computes, and everything on it works."""

import random
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from lessons_src.pairs import LOCALES, dates
from lessons_src.widgets import AlignmentExplorer
from lessons_src.widgets.alignment_explorer import LONGEST, MOST
from tests.browser.harness import (
    Stage,
    after_reset_and_links,
    contrast,
    control,
    drawn,
    heard,
    listen,
    misfits,
    open_all,
    sentence,
    settle,
)

ALIGN = """(cases) => {
  const { createSeq2Seq, align, charactersOf, idsOf, parseRules } = unrolledWidgets.alignment_explorer.arithmetic;
  const network = createSeq2Seq(models[0].get("weights"), "dot"), about = models[0].get("about");
  return cases.map(([text, overrides]) => {
    const characters = charactersOf(text), ids = idsOf(characters, about.source);
    if (!ids.length) return null;
    const { rows, finished } = align(network, ids, parseRules(overrides));
    return { characters, finished, tokens: rows.map((r) => about.target[r.token]),
             scores: rows.map((r) => [...r.scores]), weights: rows.map((r) => [...r.weights]),
             p: rows.map((r) => [...r.probabilities]) };
  });
}"""

STRANGE = (
    "", " ", "32 de marzo 2020", "😀", "👨‍👩‍👧 2020", "١٧ مايو ٢٠٢٠", "안녕하세요", "２０２０年５月１７日", "x" * 200,
    "ﬁ ½ ㍿", "2020-05-17", "\t\n", "Ελλάδα", "e\u0301" * 3,
)  # fmt: skip
RULES = ("6@9=1", "1@u", "1@1=0.4+2=0.3 5@u 6@2=1", "2@1=1+2=1+3=0.7", "3@60=1 4@1=0 16@u", "7@3=0.05+1=0.95 8@2=0.5")


def cases() -> list[tuple[str, str]]:
    """Random dates in each language, strange texts, all with and without overrides; and random overrides."""
    source = random.Random(0)
    texts = [*STRANGE]
    for locale in LOCALES:
        texts += [text for text, _ in dates(1, 3, locales=[locale], seed=3).test]
    found = [(text, "") for text in texts] + [(text, source.choice(RULES)) for text in texts]
    for text in texts[-10:]:
        pins = "+".join(f"{source.randint(1, len(text))}={source.random():.6f}" for _ in range(2))
        found.append((text, f"{source.randint(1, 11)}@{pins}"))
    return found


def test_the_page_computes_what_pytorch_does_with_and_without_overrides(stage: Stage) -> None:
    """Scores, weights, probabilities and tokens on any text: to 1e-9."""
    page = stage.open(AlignmentExplorer())
    asked = cases()
    imposed = 0
    for (text, overrides), found in zip(asked, page.evaluate(ALIGN, asked), strict=True):
        widget = AlignmentExplorer(text, overrides=overrides)
        expected = widget.alignment()
        plain = widget.untouched() if overrides else expected
        if expected is None or plain is None:
            assert found is None
            continue
        assert "".join(found["characters"]) == expected.source
        assert (tuple(found["tokens"]), found["finished"]) == (expected.tokens, expected.finished), widget
        for name, values in {
            "scores": expected.scores,
            "weights": expected.weights,
            "p": expected.probabilities,
        }.items():
            np.testing.assert_allclose(found[name], values.numpy(), rtol=1e-9, atol=1e-12, err_msg=f"{name} {widget}")
        imposed += not np.array_equal(expected.weights[: len(plain.weights)], plain.weights[: len(expected.weights)])
    assert imposed > 20, "most overrides change weights"


def test_start_and_the_sign_for_unknown_are_never_written_and_ties_go_to_the_lowest(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer())
    found = page.evaluate(
        """() => {
          const one = Float64Array.of(1), scores = Float64Array.of(9, 0, 5, 5, 8);
          const network = { encode: () => ({ S: 1, state: one }), step: () => ({ scores, state: one, weights: one }) };
          const { rows, finished } = unrolledWidgets.alignment_explorer.arithmetic.align(network, Int32Array.of(0));
          return [rows.map((row) => [row.token, row.next]), finished, rows[0].probabilities[0]];
        }"""
    )
    assert found == [[[2, 3]] * MOST, False, 0]


def shown(page: Page, at: int = 0) -> dict[str, Any]:
    settle(page, 0)
    return page.evaluate(
        """(at) => {
          const root = document.querySelectorAll(".uw")[at], all = (css) => [...root.querySelectorAll(css)];
          return { characters: all("thead th").slice(3).map((n) => n.textContent),
                   tokens: all(".ae-grid tbody th").map((n) => n.textContent),
                   p: all(".ae-p:not(.ae-next)").map((n) => n.textContent),
                   cells: all("[data-cell]").map((n) => n.textContent),
                   said: all("[data-cell]").map((n) => n.ariaLabel),
                   yours: all(".ae-yours").map((n) => Number(n.dataset.row)),
                   picked: all("[aria-selected=true]").map((n) => n.dataset.cell) };
        }""",
        at,
    )


def short(p: float) -> str:
    return "1.0" if p >= 0.995 else f"{p:.2f}".removeprefix("0")


def test_the_grid_shows_the_rounded_true_weights(stage: Stage) -> None:
    widget = AlignmentExplorer("3. März 1999", 7, "6@9=1")
    found, true = shown(stage.open(widget)), widget.alignment()
    assert true is not None
    assert found["characters"] == ["␣" if c == " " else c for c in widget.source]
    assert found["tokens"] == [f"✎ {t}" if k == 5 else t for k, t in enumerate(true.tokens[:7])]
    weights = true.weights[:7].flatten().tolist()
    assert found["cells"] == [short(w) if w >= 0.005 else "" for w in weights]
    assert [float(words.split("weight ")[1].split(" ")[0]) for words in found["said"]] == pytest.approx(
        weights, abs=6e-4
    )
    assert found["p"] == [short(float(p)) for p in true.probabilities[:7].max(-1).values]
    assert found["yours"] == [6]
    assert found["picked"] == [f"7-{int(true.weights[6].argmax()) + 1}"]


def test_forward_back_and_the_slider_step_through_the_tokens(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer())
    assert len(shown(page)["tokens"]) == 1
    assert control(page, "back").is_disabled()
    for expected in range(2, 12):
        control(page, "forward").click()
        found = shown(page)
        assert len(found["tokens"]) == expected
        assert found["picked"][0].split("-")[0] == str(expected)
    assert control(page, "forward").is_disabled()
    assert found["tokens"] == [*"2020-05-17", "END"]
    control(page, "back").click()
    assert len(shown(page)["tokens"]) == 10
    control(page, "step").press("Home")
    assert len(shown(page)["tokens"]) == 1
    assert page.evaluate("models[0].traits.step") == 1


def test_looking_at_the_year_while_the_month_is_due_writes_wrong_digits(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer(step=MOST))
    page.locator("[data-cell='6-9']").click()
    settle(page, 0)
    assert page.locator(".ae-picked").inner_text() == "Row 6, character 9, “2”:"
    control(page, "all").click()
    found = shown(page)
    assert (found["tokens"][5:7], found["yours"]) == (["✎ 2", "0"], [6])
    assert "This row's weights are yours. Its own weights would write 0." in sentence(page)
    assert "With your weights it writes 2020-20-17, without them 2020-05-17." in sentence(page)
    assert "2020-20-17 is no date of the calendar" in sentence(page)
    assert page.evaluate("models[0].traits.overrides") == "6@9=1"
    control(page, "own").click()
    assert shown(page)["tokens"] == [*"2020-05-17", "END"]
    assert control(page, "own").is_disabled()
    control(page, "uniform").click()
    assert shown(page)["cells"][12 * 5 : 12 * 6] == [".08"] * 12


def test_keys_pick_cells_put_all_weight_there_and_give_the_row_back(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer(step=MOST))
    page.locator("[data-cell='6-2']").click()
    steps = {
        "ArrowRight": "6-3", "End": "6-12", "Home": "6-1", "ArrowUp": "5-1", "PageDown": "11-1", "ArrowDown": "11-1",
        "PageUp": "1-1", "ArrowLeft": "1-1",
    }  # fmt: skip
    for key, cell in steps.items():
        page.keyboard.press(key)
        settle(page, 0)
        assert page.evaluate("document.activeElement.dataset.cell") == cell, key
        assert shown(page)["picked"] == [cell]
    page.keyboard.press("Enter")
    assert shown(page)["tokens"][0] != "2"
    assert page.evaluate("[models[0].traits.overrides, document.activeElement.dataset.cell]") == ["1@1=1", "1-1"]
    page.keyboard.press("Delete")
    settle(page, 0)
    assert page.evaluate("models[0].traits.overrides") == ""
    assert page.evaluate("document.querySelectorAll('[data-cell][tabindex=\"0\"]').length") == 1
    keys = "'.uw :is(input, select, button, textarea, [data-cell])'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_the_slider_sets_one_weight_and_earlier_ones_give_way(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer(step=6))
    page.locator("[data-cell='6-9']").click()
    control(page, "weight").fill("0.6")
    settle(page, 0)
    page.locator("[data-cell='6-10']").click()
    settle(page, 0)
    control(page, "weight").fill("0.2")
    assert page.evaluate("models[0].traits.overrides") == "6@9=0.6+10=0.2"
    row = shown(page)["cells"][60:]
    assert (row[8], row[9]) == (".60", ".20")
    control(page, "weight").fill("0.7")
    row = shown(page)["cells"][60:]
    assert (row[8], row[9]) == (".30", ".70")


SAID = {
    "": "There is nothing to read: type a date.",
    "32 de marzo 2020": "2020-03-32 is no date of the calendar; the model knows none.",
    "😀": "It has never seen any of these characters, and writes all the same.",
    "May 17, 2020 😀": "1 character is new to it, and read as unknown.",
    "x" * 61: f"Only the first {LONGEST} characters are read.",
    "so " * 12 + "May 17, 2020": "It learned from 35 characters at most; this has 48.",
}


def test_the_sentence_says_what_is_odd_about_a_text(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer(step=MOST))
    for text, words in SAID.items():
        control(page, "text").fill(text)
        assert words in sentence(page), text
        assert drawn(page, 0, 0)
    control(page, "text").fill("29 février 2023")
    assert "2023-02-29 is no date" in sentence(page)
    control(page, "text").fill("29 février 2024")
    assert "no date" not in sentence(page)


def test_every_example_can_be_picked_and_a_new_text_has_its_own_weights(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer(step=6, overrides="6@1=1"))
    values = control(page, "example").locator("option").evaluate_all("nodes => nodes.map((n) => n.value)")
    assert len(values) == 13
    for value in values[1:]:
        control(page, "example").select_option(value)
        settle(page, 0)
        assert page.evaluate("[models[0].traits.text, models[0].traits.overrides]") == [value, ""]
        assert control(page, "text").input_value() == value


def test_python_moves_the_page(stage: Stage) -> None:
    page = stage.open(AlignmentExplorer())
    for name, value in {"text": "2020年5月17日", "step": 9, "overrides": "6@1=1"}.items():
        before = drawn(page, 0, 0)
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, value])
        assert drawn(page, 0, 0) != before, name
    assert shown(page)["tokens"] == ["2", "0", "2", "0", "-", "✎ 2", "5", "-", "1"]
    before = drawn(page, 0, 0)
    for name, wrong in {"step": 99, "text": 3, "overrides": 5}.items():
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, wrong])
    assert drawn(page, 0, 0) == before


def test_reset_and_links_bring_settings_back_and_widgets_do_not_meet(stage: Stage) -> None:
    def change(page: Page) -> None:
        control(page, "text").fill("17 mai 2020; 100 %")
        settle(page, 0)
        control(page, "step").press("End")
        settle(page, 0)
        page.locator("[data-cell='6-4']").first.click()
        settle(page, 0)
        control(page, "all").click()
        control(page, "weight").fill("0.55")

    second = AlignmentExplorer("2020年5月17日", 6, "6@1=1")
    page = after_reset_and_links(stage, AlignmentExplorer(), second, change, "step")
    page.evaluate("location.hash = '#alignment-explorer-1=step:x;rules:6@;row:0;place:%E0%A4%A'")
    settle(page, 0)
    assert len(shown(page)["tokens"]) == 1


def test_the_table_of_numbers_has_tokens_probabilities_and_weights(stage: Stage) -> None:
    widget = AlignmentExplorer("2020年5月17日", 3, "2@u")
    page, true = stage.open(widget), widget.alignment()
    assert true is not None
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert [row[0] for row in rows] == [f"{k + 1} {token}" for k, token in enumerate(true.tokens[:3])]
    assert [row[4] for row in rows] == ["its own", "yours", "its own"]
    top = true.probabilities[:3].topk(2).values
    assert [[float(row[1]), float(row[3])] for row in rows] == [pytest.approx(p, abs=1e-6) for p in top.tolist()]
    assert [[float(x) for x in row[5:]] for row in rows] == [
        pytest.approx(w, abs=1e-6) for w in true.weights[:3].tolist()
    ]


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    widget = AlignmentExplorer("domingo, 17 de mayo de 2020", MOST, "6@u 7@3=0.5")
    page = stage.open(widget, theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    inks = page.locator("[data-cell]").evaluate_all(
        "nodes => nodes.map((n) => [getComputedStyle(n).color, getComputedStyle(n).backgroundColor])"
    )
    assert min(contrast(ink, colour) for ink, colour in inks) >= 4.5
    box = page.locator("[aria-selected=true]").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= width - box["width"], "the picked cell is in sight"


def test_the_longest_text_is_there_at_once_and_the_sentence_is_spoken_once(stage: Stage) -> None:
    page = stage.open(viewport={"width": 375, "height": 800})
    times = [stage.add(page, AlignmentExplorer("x" * 200, MOST)) for _ in range(3)]
    settle(page, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert min(times) <= 150
    listen(page)
    for _ in range(3):
        control(page, "back").click()
    settle(page, 600)
    assert heard(page) == [sentence(page)]
