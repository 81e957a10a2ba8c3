"""AttentionStepper in Chromium: its numbers are PyTorch's, and a reader can do all that it offers."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from lessons_src.widgets import AttentionStepper
from lessons_src.widgets.attention_stepper import SIZES
from tests.browser.harness import (
    BUNDLES,
    Stage,
    after_reset_and_links,
    alone,
    contrast,
    control,
    drawn,
    heard,
    listen,
    misfits,
    open_all,
    put,
    sentence,
    settle,
    tab_order,
)
from tests.test_attention_stepper import by_torch, widgets

TRAITS = ("words", "vectors", "matrices", "seed", "scaled", "mask", "heads", "asking", "step")
COMPUTE = "(settings) => unrolledWidgets.attention_stepper.arithmetic.compute(settings)"
SATURATION = "([seed, size]) => unrolledWidgets.attention_stepper.arithmetic.saturation(seed, size)"


def computed(page: Page, widget: AttentionStepper) -> Any:
    return page.evaluate(COMPUTE, {trait: getattr(widget, trait) for trait in TRAITS})


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """One page for tests that only ask for the arithmetic."""
    yield from alone(browser, AttentionStepper())


# --------------------------------------------------------------------------------------------------- against PyTorch


@pytest.mark.parametrize("widget", widgets(), ids=repr)
def test_the_page_computes_what_torch_computes(arithmetic: Page, widget: AttentionStepper) -> None:
    found, expected = computed(arithmetic, widget), widget.steps_taken
    weights, context = by_torch(widget)

    def close(name: str, values: Any, wanted: torch.Tensor) -> None:
        given = torch.tensor(values, dtype=torch.float64).view(wanted.shape)
        torch.testing.assert_close(given, wanted, rtol=1e-9, atol=1e-12, msg=lambda text: f"{name}: {text}")

    assert found["words"] == widget.read
    for name, wanted in {"q": expected.query, "k": expected.key, "v": expected.value}.items():
        close(name, [head[name] for head in found["heads"]], wanted)
    close("products", [head["products"] for head in found["heads"]], expected.products)
    close("weights", [head["weights"] for head in found["heads"]], weights)
    close("context", found["context"], context)
    rows = np.array([head["weights"] for head in found["heads"]]).sum(-1)
    may = np.array(found["seen"]).any(-1)
    np.testing.assert_allclose(rows, np.broadcast_to(may.astype(float), rows.shape), rtol=1e-12)


@pytest.mark.parametrize("seed", [0, 41, 99])
def test_without_scaling_the_softmax_saturates_as_in_python(arithmetic: Page, seed: int) -> None:
    widget = AttentionStepper(seed=seed)
    for size in (1, 3, 64, 512):
        found = arithmetic.evaluate(SATURATION, [seed, size])
        for key, scaled in (("scaled", True), ("plain", False)):
            wanted = widget.saturation(scaled, size)
            np.testing.assert_allclose(found[key]["weights"], wanted.weights, rtol=1e-9, atol=1e-300)
            assert found[key]["largest"] == pytest.approx(wanted.largest, rel=1e-9)
            assert found[key]["entropy"] == pytest.approx(wanted.entropy, rel=1e-9)
    assert found["plain"]["largest"] > 0.85 > 0.4 > found["scaled"]["largest"]


# ------------------------------------------------------------------------------------------------------ what is shown

READ = """() => {
  const all = (css, root = document) => [...root.querySelectorAll(css)];
  const text = (node) => node.textContent;
  const cells = (row) => [...row.cells].map(text);
  return {
    x: all(".as-vectors tr:not([hidden])").map((row) => all("td:not([hidden]) input", row).map((i) => i.value)),
    names: all(".as-vectors tr:not([hidden]) th").map(text),
    roles: Object.fromEntries(all("[data-role]").map((card) => [card.dataset.role, {
      matrix: all(".as-matrix tr", card).map(cells),
      lists: all("table:last-child tr", card).map((row) => all("span", row).map(text)) }])),
    rows: all(".as-steps-table").map((table) => all("tbody tr", table).map(cells)),
    heads: all(".as-steps-table thead").map((head) => cells(head.rows[0])),
    captions: all(".as-steps-table caption").map(text),
    bars: all(".as-steps-table .as-bar").map((bar) => parseFloat(bar.style.width)),
    terms: all(".as-answer li").map(text), z: all(".as-z").map(text),
    grids: all(".as-grid").map((grid) => all("tbody tr", grid).map((row) => all(".as-cell", row).map(text))),
    pressed: all(".as-pick[aria-pressed=true]").map(text),
    facts: all(".as-facts").map(text),
    below: all("[data-bars] svg").map((svg) => all("rect", svg).map((r) => Number(r.getAttribute("height")))),
  };
}"""


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace("−", "-")) for text in texts]


def test_the_usual_settings_show_the_chapters_example(stage: Stage) -> None:
    page = stage.open(AttentionStepper())
    found = page.evaluate(READ)
    assert (found["names"], found["x"]) == (["river", "bank"], [["1", "0", "1", "0"], ["0", "1", "0", "1"]])
    assert found["roles"]["query"]["lists"] == [["(1, 0, 1, 0)"], ["(0, 2, 0, 1)"]]
    assert found["roles"]["key"]["lists"] == [["(1, 2, 1, 0)"], ["(0, 1, 0, −2)"]]
    assert found["roles"]["value"]["lists"] == [["(0, 1, 2, 0)"], ["(1, 0, 0, 1)"]]
    assert found["roles"]["key"]["matrix"][3] == ["0", "0", "0", "−2"]
    assert found["captions"] == ["bank asks with q = (0, 2, 0, 1)"]
    assert found["heads"] == [["key of", "q · k", "÷ √4", "mask", "weight"]]
    assert found["rows"] == [
        [
            ["river", "4", "2", "seen", "0.8808"],
            ["bank", "0", "0", "seen", "0.1192"],
            ["sum", "", "", "", "1"],
        ]
    ]
    assert found["bars"] == [88.08, 11.92]
    assert found["terms"] == ["0.8808 × (0, 1, 2, 0) river", "0.1192 × (1, 0, 0, 1) bank"]
    assert found["z"] == ["z = (0.1192, 0.8808, 1.7616, 0.1192)"]
    assert found["grids"] == [[["0.73", "0.27"], ["0.88", "0.12"]]]
    assert found["pressed"] == ["bank"]
    assert sentence(page).startswith(
        "bank takes 0.8808 of the value of river; its answer is (0.1192, 0.8808, 1.7616, 0.1192)."
    )


SAID = (
    "the query of bank meets the key of river: 0 · 1 + 2 · 2 + 0 · 1 + 1 · 0 = 4.",
    "Each product is divided by √4 = 2.",
    "Nothing is hidden from bank.",
    "bank looks most at river: weight 0.8808 from a score of 2. The row sums to 1.",
    "bank takes 0.8808 of the value of river",
)


def test_the_row_is_shown_step_by_step(stage: Stage) -> None:
    page = stage.open(AttentionStepper(step=0))
    for step, words in enumerate(SAID):
        assert sentence(page).startswith(words)
        shown = page.evaluate(READ)
        assert [cell == "·" for cell in shown["rows"][0][0]] == [False] + [k > step for k in range(4)]
        assert bool(shown["z"]) == (step == 4)
        assert page.locator(".as-steps [aria-pressed=true]").get_attribute("data-control") == f"step-{step}"
        if step < 4:
            control(page, "forward").click()
    assert control(page, "forward").is_disabled()
    control(page, "back").click()
    assert page.evaluate("models[0].traits.step") == 3
    control(page, "step-1").click()
    assert sentence(page).startswith(SAID[1])
    control(page, "scaled").uncheck()
    assert sentence(page).startswith("Nothing is divided")
    assert page.evaluate(READ)["heads"][0][2] == "not scaled"


def test_masks_hide_and_a_row_that_may_look_nowhere_has_zeros(stage: Stage) -> None:
    page = stage.open(AttentionStepper("a b c", asking=1, mask="causal"))
    found = page.evaluate(READ)
    assert [row[3] for row in found["rows"][0][:3]] == ["seen", "hidden, −∞", "hidden, −∞"]
    assert found["grids"][0][0] == ["1.00", "0.00", "0.00"]
    control(page, "mask").select_option("padding")
    settle(page, 0)
    assert [row[2] for row in page.evaluate(READ)["grids"][0]] == ["0.00"] * 3
    control(page, "mask").select_option("everything")
    settle(page, 0)
    found = page.evaluate(READ)
    assert found["grids"][0] == [["0.00"] * 3] * 3
    assert found["z"] == ["z = (0, 0, 0, 0)"]
    assert found["rows"][0][-1][-1] == "0"
    assert sentence(page).startswith("a may look nowhere: all its weights are 0")
    assert "NaN" not in page.locator(".uw").inner_text()


def test_two_heads_show_two_rows_and_two_grids(stage: Stage) -> None:
    widget = AttentionStepper("a b c", matrices="random", seed=5, heads=2, asking=3)
    page = stage.open(widget)
    found, expected = page.evaluate(READ), widget.steps_taken
    for head in range(2):
        assert numbers([row[-1] for row in found["rows"][head][:3]]) == pytest.approx(
            expected.weights[head, 2].tolist(), abs=5.1e-5
        )
        assert np.array(found["grids"][head], float) == pytest.approx(expected.weights[head].numpy(), abs=5.1e-3)
    assert numbers(re.findall(r"−?[\d.]+", found["z"][0])) == pytest.approx(expected.context[2].tolist(), abs=5.1e-5)
    assert found["heads"][0][2] == "÷ √2"
    put(page, vectors="1 0 1; 0 1 0")
    assert len(page.evaluate(READ)["grids"]) == 1, "an odd size has one head"
    assert control(page, "heads").is_disabled()


def test_bars_and_curve_below_are_the_numbers(stage: Stage) -> None:
    widget = AttentionStepper(seed=3, size_below=256)
    page = stage.open(widget)
    found = page.evaluate(READ)
    for which, scaled in enumerate((True, False)):
        wanted = widget.saturation(scaled)
        heights = np.array(found["below"][which])
        visible = heights > 0.7
        slope = heights[visible] / wanted.weights.numpy()[visible]
        assert np.abs(slope / slope[0] - 1).max() < 1e-9
        assert found["facts"][which].startswith(f"largest weight {wanted.largest:.3f}, entropy {wanted.entropy:.2f}")
        path = page.locator(f".as-line.as-{'scaled' if scaled else 'plain'}").get_attribute("d") or ""
        points = np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[\d.]+ [\d.]+", path)])
        curve = [widget.saturation(scaled, size).largest for size in SIZES]
        fit = np.polyfit(curve, points[:, 1], 1)
        assert fit[0] < 0
        assert np.abs(np.polyval(fit, curve) - points[:, 1]).max() < 0.02
        dot = page.locator(f".as-dot.as-{'scaled' if scaled else 'plain'}")
        assert float(dot.get_attribute("cy") or "") == pytest.approx(np.polyval(fit, wanted.largest), abs=0.02)
        assert float(dot.get_attribute("cx") or "") == pytest.approx(points[8, 0], abs=0.01)
    assert "With d_k = 256" in sentence(page)


# ----------------------------------------------------------------------------------------------------------- the page


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(AttentionStepper("river bank shore", matrices="random"))
    keys = {
        "words": "End x", "asking": "ArrowDown", "size": "ArrowLeft", "matrices": "ArrowRight", "mask": "ArrowDown",
        "scaled": "Space", "seed": "ArrowRight", "size-below": "ArrowRight", "step-0": "Enter", "forward": "Enter",
        "back": "Enter", "x-2-3": "ArrowUp",
    }  # fmt: skip
    for name, pressed in keys.items():
        before = page.locator(".uw").inner_html()
        for key in pressed.split():
            control(page, name).press(key)
        settle(page, 0)
        assert page.locator(".uw").inner_html() != before, name
    put(page, vectors="1 2; 3 4")
    control(page, "heads").press("ArrowRight")
    assert page.evaluate("models[0].traits.heads") == 2
    page.locator("[data-pick='1-0']").click()
    settle(page, 0)
    assert page.evaluate("[models[0].traits.asking, document.activeElement.dataset.pick]") == [1, "1-0"]


def test_a_vector_can_be_edited_and_half_typed_numbers_do_no_harm(stage: Stage) -> None:
    page = stage.open(AttentionStepper())
    field = control(page, "x-2-1")
    field.fill("1")
    settle(page, 0)
    found = page.evaluate(READ)
    assert page.evaluate("models[0].traits.vectors") == "1 0 1 0; 1 1 0 1"
    assert [row[-1] for row in found["rows"][0][:2]] == ["0.5", "0.5"], "exercise 1 of the chapter"
    for wrong in ("", "11", "-"):
        field.press("Control+a")
        field.press("Delete")
        field.press_sequentially(wrong)
        settle(page, 0)
        assert field.get_attribute("aria-invalid") is not None
        assert page.evaluate(READ)["rows"] == found["rows"]
    field.blur()
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("1", None)
    field.fill("-2.25")
    settle(page, 0)
    assert page.evaluate("models[0].traits.vectors") == "1 0 1 0; -2.25 1 0 1"


def test_words_can_be_any_text(stage: Stage) -> None:
    page = stage.open(AttentionStepper())
    for words, names in {
        "": [],
        "   ": [],
        "alone": ["alone"],
        "the cat the hat": ["the (1)", "cat", "the (3)", "hat"],
        "강 은행 🙂 a b c d e": ["강", "은행", "🙂", "a", "b", "c"],
        "<b>x</b> Donaudampfschifffahrt": ["<b>x</b>", "Donaudampfs…"],
    }.items():
        control(page, "words").fill(words)
        settle(page, 0)
        found = page.evaluate(READ)
        assert found["names"] == names
        assert len(found["grids"][0]) == len(names)
        assert page.locator("[data-control=asking] option").count() == len(names)
        assert "NaN" not in page.locator(".uw").inner_text()
    control(page, "words").fill("")
    assert sentence(page).startswith("Type two to six words.")


def test_the_size_can_change_and_comes_back_with_usual_numbers(stage: Stage) -> None:
    page = stage.open(AttentionStepper())
    control(page, "size").press("Home")
    settle(page, 0)
    found = page.evaluate(READ)
    assert (found["x"], found["roles"]["key"]["matrix"]) == ([["1"], ["0"]], [["1"]])
    control(page, "size").press("End")
    settle(page, 0)
    assert page.evaluate("models[0].traits.vectors") == "1 0 1 0; 0 1 0 1"


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(AttentionStepper())
    changes: dict[str, Any] = {
        "words": "a b c", "vectors": "1 2; 3 4; 0 1", "matrices": "random", "seed": 9, "heads": 2, "asking": 3,
        "scaled": False, "mask": "causal", "step": 3, "size_below": 100,
    }  # fmt: skip
    for name, value in changes.items():
        before = drawn(page, 0, 0)
        put(page, **{name: value})
        assert drawn(page, 0, 0) != before, name
    found = page.evaluate(READ)
    weights = AttentionStepper(**changes).steps_taken.weights
    assert numbers([row[-1] for row in found["rows"][1][:3]]) == pytest.approx(weights[1, 2].tolist(), abs=5.1e-5)
    before = drawn(page, 0, 0)
    for name, wrong in {
        "vectors": "1 2; x", "matrices": "none", "seed": 100, "heads": 3, "asking": 0, "mask": "x", "step": 5,
        "size_below": 0, "scaled": "x",
    }.items():  # fmt: skip
        put(page, **{name: wrong})
    assert drawn(page, 0, 0) == before, "what Python would refuse, the page does not take"


def test_reset_and_links_bring_settings_back_and_widgets_do_not_meet(stage: Stage) -> None:
    def change(page: Page) -> None:
        control(page, "words").fill("dog bites man; 50% & more")
        control(page, "x-1-2").fill("0.5")
        control(page, "scaled").uncheck()
        control(page, "step-3").click()

    second = AttentionStepper("a b c", matrices="random", heads=2)
    page = after_reset_and_links(stage, AttentionStepper(), second, change, "seed")
    page.evaluate("location.hash = '#attention-stepper-1=vectors:1 2;heads:x;step:9;seed:%E0%A4%A;vectors:a'")
    assert len(page.evaluate(READ)["x"][0]) in (2, 4)


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(AttentionStepper("a b", "1; 2"))
    reached = tab_order(page, also="pick")
    steps = [f"step-{k}" for k in range(5)]
    controls = ["words", "asking", "size", "matrices", "mask", "seed", "scaled"]
    assert reached == [
        *controls, "x-1-1", "x-2-1", "back", *steps, "0-0", "0-1", "size-below", "summary", "reset", "copy-link",
    ]  # fmt: skip
    keys = "'.uw :is(input, select, button, textarea)'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_the_sentence_is_spoken_once_and_the_table_has_every_row(stage: Stage) -> None:
    widget = AttentionStepper("a b c", matrices="random", heads=2, mask="causal")
    page = stage.open(widget)
    listen(page)
    for _ in range(3):
        control(page, "size-below").press("ArrowRight")
    settle(page, 600)
    assert heard(page) == [sentence(page)]
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert len(rows) == 18
    assert numbers([row[5] for row in rows]) == pytest.approx(widget.steps_taken.weights.flatten().tolist(), abs=5.1e-5)
    assert [row[4] for row in rows[:3]][1:] == ["−∞", "−∞"]


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    widget = AttentionStepper("the river bank is near money", matrices="random", heads=2)
    page = stage.open(widget, theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    surface = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
    for look, paint in {".as-line.as-scaled": "stroke", ".as-line.as-plain": "stroke", ".as-fill": "fill"}.items():
        colour = page.locator(look).first.evaluate(f"node => getComputedStyle(node).{paint}")
        assert contrast(colour, surface) >= 3, look
    inks = page.locator(".as-cell").evaluate_all(
        "nodes => nodes.map((n) => [getComputedStyle(n).color, getComputedStyle(n).backgroundColor])"
    )
    assert min(contrast(ink, colour) for ink, colour in inks) >= 4.5


def test_the_largest_one_is_there_at_once_and_follows_a_drag(stage: Stage) -> None:
    page = stage.open()
    widget = AttentionStepper("a b c d e f", matrices="random", heads=2, size_below=512)
    times = [stage.add(page, widget) for _ in range(3)]
    assert min(times) <= 150
    spent = page.evaluate(
        """() => Array.from({ length: 8 }, (_, seed) => { const start = performance.now();
             unrolledWidgets.attention_stepper.arithmetic.saturation(seed, 512); return performance.now() - start; })"""
    )
    assert min(spent) <= 16


def test_its_script_is_small() -> None:
    assert (BUNDLES / "attention_stepper.js").stat().st_size <= 45_000
