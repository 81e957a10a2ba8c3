"""UnrolledStepper in Chromium: it computes what PyTorch computes, and everything on it works."""

import random
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from lessons_src.widgets import UnrolledStepper
from lessons_src.widgets.unrolled_stepper import LETTERS
from tests.browser.harness import Stage, control, drawn, misfits, open_all, sentence, settle, tab_order
from tests.test_unrolled_stepper import torch_states

SETTINGS = ("text", "alphabet", "seed", "matrix", "row", "column", "value", "reset", "traced", "other", "step")
COMPUTE = """(cases) => cases.map((settings) => {
  const { h, before, trace, other, typed, T } = unrolledWidgets.unrolled_stepper.arithmetic.compute(settings);
  return { h: [...h], before: [...before], trace, other, typed, T }; })"""


def look(page: Page, at: int = 0) -> str:
    return drawn(page, at, 0)


def shown(page: Page) -> list[list[str]]:
    """The numbers of the columns that are read."""
    settle(page, 0)
    return page.evaluate(
        """[...document.querySelectorAll('.us-column')].map((column) =>
             [...column.querySelectorAll('.us-h:not(.us-empty)')].map((cell) => cell.firstChild.data))"""
    )


def rounded(values: Any) -> list[list[str]]:
    return [[f"{x:.2f}".replace("-0.00", "0.00").replace("-", "−") for x in row] for row in values.tolist()]


def cases() -> list[UnrolledStepper]:
    source = random.Random(0)
    texts = ["", "h", "é", "🙂🙂", "안녕 hello", "HELLO", "hello world " * 9, "l" * 24, "\n\t"]
    texts += ["".join(source.choice("helo wrdabcxyz🙂한é ") for _ in range(source.randrange(40))) for _ in range(27)]
    steppers = []
    for text in texts:
        alphabet = source.choice((LETTERS, "helo wrd", "ab", "한🙂é"))
        matrix = source.choice(("W_hh", "W_ih"))
        steppers.append(
            UnrolledStepper(
                text,
                alphabet,
                source.randrange(100),
                matrix=matrix,
                row=source.randint(1, 4),
                column=source.randint(1, 4 if matrix == "W_hh" else len(alphabet)),
                value=source.choice((None, source.uniform(-3, 3))),
                reset=source.choice((None, None, source.randint(2, 24))),
                traced=source.randint(1, 24),
                other=source.choice((None, source.choice(alphabet))),
            )
        )
    return steppers


def test_the_page_computes_what_pytorch_computes(stage: Stage) -> None:
    page = stage.open(UnrolledStepper())
    steppers = cases()
    found = page.evaluate(COMPUTE, [{name: getattr(stepper, name) for name in SETTINGS} for stepper in steppers])
    for stepper, scene in zip(steppers, found, strict=True):
        for name, expected in (("h", stepper.states), ("before", stepper.before), ("trace", stepper.trace)):
            np.testing.assert_allclose(scene[name], expected.flatten(), rtol=1e-9, atol=1e-12, err_msg=repr(stepper))
        if stepper.reset is None and stepper.text:
            np.testing.assert_allclose(scene["h"], torch_states(stepper).flatten(), rtol=1e-9, atol=1e-12)
        assert (scene["typed"], scene["T"]) == (len(stepper.text), len(stepper.letters))
        assert not stepper.text or scene["other"] == stepper.replacement


def test_a_layer_of_yours_is_the_one_that_runs(stage: Stage) -> None:
    torch.manual_seed(0)
    stepper = UnrolledStepper("abacus", "abcu", layer=torch.nn.RNN(4, 5))
    page = stage.open(stepper)
    assert shown(page) == rounded(stepper.states)
    assert not control(page, "seed").is_visible()
    assert page.locator(".us-step th[scope=col]").all_inner_texts()[-2:] == ["b", "h6"]
    assert "the same 50 weights" in sentence(page)


def test_a_weight_of_ten_and_more_is_written_whole(stage: Stage) -> None:
    layer = torch.nn.RNN(2, 2, bias=False)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").copy_(torch.tensor([[10.25, -20.5], [0.75, -0.75]]))
    page = stage.open(UnrolledStepper("ab", "ab", layer=layer))
    assert page.locator("[data-weight^=W_ih]").all_inner_texts() == ["10.25", "−20.50", ".75", "−.75"]


# ------------------------------------------------------------------------------------------------------- the page


def test_one_edited_weight_changes_every_column_and_leaves_a_ghost(stage: Stage) -> None:
    stepper = UnrolledStepper()
    page = stage.open(stepper)
    assert shown(page) == rounded(stepper.states)
    assert page.locator(".us-h small").count() == 0
    control(page, "value").press("End")
    stepper.value = 3.0
    assert shown(page) == rounded(stepper.states)
    assert page.evaluate("models[0].traits.value") == 3
    changed = page.locator(".us-changed").evaluate_all("nodes => nodes.map((node) => node.dataset.step)")
    assert changed == [str(t) for t in range(2, 12)]
    ghosts = page.locator(".us-h small").all_inner_texts()
    differ = (stepper.states != stepper.before).flatten()
    flat = [text for row in rounded(stepper.before) for text in row]
    assert ghosts == [text for text, yes in zip(flat, differ.tolist(), strict=True) if yes]
    words = sentence(page)
    assert words.startswith("W_hh, from unit 1 to unit 1, is 3.00 instead of −0.33: 10 of 11 columns changed, from")
    assert "from step 2 on" in words
    control(page, "undo").click()
    settle(page, 0)
    assert page.locator(".us-ghosts").count() == 0
    assert page.evaluate("models[0].traits.value") is None


def test_a_weight_is_picked_by_keyboard_and_by_pointer(stage: Stage) -> None:
    page = stage.open(UnrolledStepper())
    page.locator("[data-weight=W_hh-1-1]").focus()
    page.keyboard.press("ArrowDown")
    for column in (2, 3):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.dataset.weight") == f"W_hh-2-{column}"
    page.keyboard.press("Enter")
    settle(page, 0)
    assert page.evaluate("['matrix', 'row', 'column'].map((key) => models[0].traits[key])") == ["W_hh", 2, 3]
    assert page.evaluate("document.activeElement.dataset.weight") == "W_hh-2-3"
    assert page.locator(".us-weight[tabindex='0']").count() == 2, "one way in for each grid"
    control(page, "value").press("ArrowRight")
    page.locator("[data-weight=W_ih-4-3]").click()
    settle(page, 0)
    assert page.evaluate("['matrix', 'row', 'column', 'value'].map((key) => models[0].traits[key])") == [
        "W_ih", 4, 3, None,
    ]  # fmt: skip
    assert page.locator("[aria-selected=true]").get_attribute("aria-label") == "W_ih, from “l” to unit 4: 0.03"
    control(page, "value").press("Home")
    assert "8 of 11 columns changed, from step 3 on" not in sentence(page)
    assert "9 of 11 columns changed, from step 3 on" in sentence(page)
    control(page, "text").fill("here")
    assert "no column changed, since “l” is not in the text" in sentence(page)


def test_the_bars_are_the_trace_and_they_shrink(stage: Stage) -> None:
    stepper = UnrolledStepper(traced=3, other="w")
    page = stage.open(stepper)
    heights = page.locator(".us-bar").evaluate_all("nodes => nodes.map((node) => parseFloat(node.style.height))")
    trace = stepper.trace[2:]
    assert heights == pytest.approx((36 * trace / trace.max()).tolist(), abs=0.06)
    assert heights == sorted(heights, reverse=True)
    assert page.locator(".us-size").first.inner_text() == f"{trace[0]:.2f}"
    assert f"If letter 3 were “w” instead of “l”, h₃ would move by {trace[0]:.2f}" in sentence(page)
    control(page, "reset-h").select_option("6")
    assert page.locator(".us-reset").get_attribute("data-step") == "6"
    assert "h₁₁ by exactly 0" in sentence(page)
    assert page.locator(".us-size").all_inner_texts()[3:] == ["0"] * 6


def test_steps_go_forward_back_and_to_all(stage: Stage) -> None:
    stepper = UnrolledStepper("hello")
    page = stage.open(stepper)
    counts = []
    for name in ("start", "forward", "forward", "back", "all"):
        control(page, name).click()
        counts.append(sum(map(bool, shown(page))))
    assert counts == [0, 1, 2, 1, 5]
    assert control(page, "forward").is_disabled()
    page.evaluate("models[0].set('step', 3)")
    settle(page, 0)
    rows = page.locator(".us-step tbody tr").all()
    cell = stepper.plain
    x, h = cell.weight_ih[:, 2].tolist(), (cell.weight_hh @ stepper.states[1]).tolist()
    parts = rounded(torch.tensor([x, h, stepper.states[2].tolist()]).T)
    assert [row.locator("td").all_inner_texts() for row in rows] == parts


def test_odd_texts_are_read_with_a_word(stage: Stage) -> None:
    page = stage.open(UnrolledStepper())
    for text, words in (
        ("", "Type a text"),
        ("안🙂", "2 characters are not in the alphabet: x is all zeros there."),
        ("hello " * 5, "Only the first 24 of 30 characters are read."),
    ):
        control(page, "text").fill(text)
        assert words in sentence(page)
        assert page.locator(".us-column").count() == min(24, len(text))
        assert page.locator(".us-unknown").count() == (2 if "🙂" in text else 0)


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(UnrolledStepper())
    changes = {
        "text": lambda node: node.press_sequentially("l"), "seed": lambda node: node.press("ArrowRight"),
        "traced": lambda node: node.press("ArrowRight"), "other": lambda node: node.select_option("d"),
        "reset-h": lambda node: node.select_option("5"), "value": lambda node: node.press("ArrowRight"),
        "undo": lambda node: node.click(), "back": lambda node: node.click(),
        "alphabet": lambda node: node.select_option(LETTERS),
    }  # fmt: skip
    before = look(page)
    for name, change in changes.items():
        change(control(page, name))
        after = look(page)
        assert after != before, name
        before = after


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(UnrolledStepper(value=1.0, step=3))
    open_all(page)
    reached = tab_order(page, also="weight")
    expected = ["text", "alphabet", "seed", "reset-h", "traced", "other", "start", "back", "forward", "all"]
    expected += ["W_hh-1-1", "W_ih-1-1", "value", "undo", "summary", "div", "reset", "copy-link"]
    assert reached == expected
    free = page.locator(".uw :is(input, select, button, textarea, [role=gridcell]):not([data-lm-suppress-shortcuts])")
    assert free.count() == 0, "JupyterLab would take the arrow keys"


def test_python_moves_the_page_and_reset_returns(stage: Stage) -> None:
    stepper = UnrolledStepper("hero", seed=4, reset=3)
    page = stage.open(stepper)
    first = look(page), sentence(page)
    page.evaluate("models[0].set('text', 'he'); models[0].set('seed', 7); models[0].set('value', -1)")
    page.evaluate("models[0].set('seed', 100); models[0].set('alphabet', 'aa')")  # refused, as Python would
    moved = UnrolledStepper("he", seed=7, value=-1)
    assert shown(page) == rounded(moved.states)
    assert control(page, "seed").input_value() == "7"
    control(page, "reset").click()
    assert (look(page), sentence(page)) == first
    assert page.evaluate("models[0].traits.reset") == 3


def test_a_copied_link_brings_back_the_settings_and_two_are_independent(stage: Stage) -> None:
    widgets = UnrolledStepper(), UnrolledStepper("world")
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    other = look(page)
    control(page, "text", at=1).fill("lo; & 안🙂")
    page.locator(".uw").nth(1).locator("[data-weight=W_ih-2-3]").click()
    control(page, "value", at=1).press("End")
    page.get_by_role("button", name="Copy link").nth(1).click()
    page.get_by_text("Link copied.").wait_for()
    assert look(page) == other
    link = page.evaluate("navigator.clipboard.readText()")
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    assert [look(again, at) for at in (0, 1)] == [look(page, at) for at in (0, 1)]
    page.evaluate("ends[0]()")
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 1]


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (900, "dark")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    text = "hé llo" if theme == "dark" else "lé안🙂h"
    stepper = UnrolledStepper(text, matrix="W_ih", column=3, value=2.0, step=5, reset=4)
    page = stage.open(stepper, theme=theme, viewport={"width": width, "height": 800})
    open_all(page)
    settle(page, 600)
    assert misfits(page) == []
    small = page.locator(".us-weight").evaluate_all(
        "nodes => nodes.filter((n) => Math.min(n.clientWidth, n.clientHeight) < 24).length"
    )
    assert small == 0
    cut = page.locator(".us-weight").evaluate_all("nodes => nodes.filter((n) => n.scrollWidth > n.clientWidth).length")
    assert cut == 0, "no digit is cut off"
    page.evaluate("models[0].set('alphabet', 'abcdefghijklmnopqrstuvwxyz ')")
    page.evaluate("models[0].set('text', 'the quick brown fox jumps over'); models[0].set('step', null)")
    settle(page, 0)
    assert page.locator("[data-weight^=W_ih-1]").count() > 15
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_bundle_is_small_and_a_change_is_painted_within_50_milliseconds(stage: Stage) -> None:
    assert len(UnrolledStepper()._esm.encode()) <= 41_000
    page = stage.open()
    assert min(stage.add(page, UnrolledStepper("hello world hello world ")) for _ in range(2)) <= 150
    times = sorted(page.evaluate(SLIDE) for _ in range(10))
    assert times[0] <= 50


SLIDE = """async () => {
  const node = document.querySelector("[data-control=value]");
  await new Promise((done) => setTimeout(done, 5));
  const start = performance.now();
  node.value = Number(node.value) + 0.05;
  node.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""
