"""TruncationWindow in Chromium: its cuts are those of detach in PyTorch, and a reader can do all that it offers."""

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from lessons_src.widgets import TruncationWindow
from tests.browser.harness import (
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
    sentence,
    settle,
    tab_order,
)
from tests.test_bptt_widgets import dense, reference_of, windows

# --------------------------------------------------------------------------------------------------- against PyTorch

COMPUTE = """(settings) => {
  const scene = unrolledWidgets.truncation_window.arithmetic.compute(settings);
  const plain = ({ states, reach, dWeightHh }) =>
    ({ states: [...states], reach: reach.map(({ dH }) => [...dH]), dWeightHh: [...dWeightHh] });
  const steps = Array.from({ length: scene.T }, (_, k) => k + 1);
  return { cut: plain(scene.cut), full: plain(scene.full), cosine: String(scene.cosine), ratio: scene.ratio,
    differs: scene.differs, windows: scene.windows.map(({ first, last, from }) => [first, last, from]),
    marked: steps.flatMap((s) => steps.filter((t) => t <= s && scene.cell(s, t).cut).map((t) => [s, t])) };
}"""


def computed(page: Page, widget: TruncationWindow) -> Any:
    names = {"size": "hidden_size"} | {name: name for name in ("steps", "window", "stride", "carry", "gain", "seed")}
    return page.evaluate(COMPUTE, {key: getattr(widget, name) for key, name in names.items()})


def tensor(values: Any, *shape: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).view(*shape)


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """One page for tests that only ask for the arithmetic."""
    yield from alone(browser, TruncationWindow())


@pytest.mark.parametrize("widget", windows(), ids=repr)
def test_the_page_computes_what_a_training_loop_with_detach_computes(
    arithmetic: Page, widget: TruncationWindow
) -> None:
    found = computed(arithmetic, widget)
    steps, size = widget.steps, widget.hidden_size
    for name, reference in (("cut", reference_of(widget)), ("full", reference_of(widget, steps))):
        for key, expected in (
            ("states", reference.h),
            ("reach", dense(reference.reach, widget)),
            ("dWeightHh", reference.d_weight_hh),
        ):
            torch.testing.assert_close(tensor(found[name][key], *expected.shape), expected, rtol=1e-11, atol=1e-12)
    connected = reference_of(widget).reach
    reach, whole = (tensor(found[name]["reach"], steps, steps, size) for name in ("cut", "full"))
    cut = []
    for s, t in itertools.product(range(steps), repeat=2):
        if (s + 1, t + 1) not in connected:
            assert torch.equal(reach[s, t], torch.zeros(size, dtype=torch.float64)), "exactly 0"
            cut += [[s + 1, t + 1]] * (t <= s)
        elif widget.carry:
            assert torch.equal(reach[s, t], whole[s, t]), "the same bits as in the full pass"
    assert found["marked"] == cut
    assert found["windows"] == [list(window) for window in widget.windows]
    assert float(found["cosine"]) == pytest.approx(widget.cosine, rel=1e-11, nan_ok=True)
    assert found["ratio"] == pytest.approx(widget.length_ratio, rel=1e-11)
    same = found["cut"]["states"] == found["full"]["states"]
    assert (found["differs"] == 0) == same == (widget.carry or len(widget.windows) == 1)


def test_one_window_is_the_full_pass_bit_by_bit(arithmetic: Page) -> None:
    for steps, size in ((2, 1), (6, 2), (24, 4)):
        found = computed(arithmetic, TruncationWindow(steps, steps, hidden_size=size, carry=size == 2))
        assert found["cut"] == found["full"]
        assert (found["marked"], found["ratio"], found["differs"]) == ([], 1, 0)


def test_longer_sequences_begin_like_shorter_ones_and_seeds_differ(arithmetic: Page) -> None:
    short, longer, other = (
        computed(arithmetic, TruncationWindow(steps, 3, seed=seed)) for steps, seed in ((6, 1), (9, 1), (6, 2))
    )
    assert longer["full"]["states"][:12] == short["full"]["states"]
    assert other["full"]["states"] != short["full"]["states"]


# ------------------------------------------------------------------------------------------------------ what is shown

READ = """() => {
  const all = (css) => [...document.querySelectorAll(css)];
  return {
    cells: Object.fromEntries(all("[data-cell]").map((node) => [node.dataset.cell,
      [node.firstChild.getAttribute("class"), node.querySelector("text")?.textContent ?? "",
       !!node.querySelector(".tw-cross")]])),
    labels: Object.fromEntries(all("[data-cell]").map((node) => [node.dataset.cell, node.ariaLabel])),
    fills: Object.fromEntries(all("[data-cell]").map((node) => [node.dataset.cell, node.firstChild.style.fill])),
    cuts: all("[data-cut]").map((node) => Number(node.dataset.cut)),
    zeros: all("[data-zero]").map((node) => Number(node.dataset.zero)),
    detach: all(".tw-detach").length, forward: all(".tw-forward").length, backward: all(".tw-backward").length,
    facts: Object.fromEntries(all(".tw-facts > div").map((node) =>
      [node.querySelector("dt").textContent, node.querySelector("b").textContent])),
    rows: all(".tw-weights tbody tr").map((row) => [...row.cells].slice(0, 3).map((cell) => cell.textContent)),
    bars: all(".tw-weights tbody .tw-bars").map((cell) => {
      const { left, width } = cell.getBoundingClientRect();
      return [...cell.querySelectorAll(".tw-zero, .tw-bar")].map((bar) => {
        const box = bar.getBoundingClientRect(); return [(box.left - left) / width, (box.right - left) / width]; }); }),
  };
}"""


def test_the_default_shows_two_windows_of_three(stage: Stage) -> None:
    widget = TruncationWindow()
    page = stage.open(widget)
    found = page.evaluate(READ)
    norms = widget.full.reach.norm(dim=-1)
    for s, t in itertools.product(range(6), repeat=2):
        look, words, crossed = found["cells"][f"{s + 1}-{t + 1}"]
        if t > s:
            assert (look, words, crossed) == ("tw-later", "", False)
        elif s >= 3 and t < 3:
            assert (look, words, crossed) == ("tw-gone", "0", True)
            exact = f"cut, exactly 0. In the full pass it is {norms[s, t]:.6f}."
            assert found["labels"][f"{s + 1}-{t + 1}"].endswith(exact)
        else:
            assert (look, words, crossed) == ("tw-kept", f"{norms[s, t]:.3f}", False)
            assert "The full pass has the same." in found["labels"][f"{s + 1}-{t + 1}"]
    assert (found["cuts"], found["zeros"], found["detach"], found["backward"]) == ([4], [], 1, 2)
    assert found["forward"] == 5, "the state crosses the cut"
    assert found["facts"] == {
        "states": "the same", "gradients cut": "9", "direction": f"{widget.cosine:.4f}",
        "length": f"{widget.length_ratio:.4f}", "states kept": "3", "backward passes": "2",
    }  # fmt: skip
    assert sentence(page).replace("\u2060", "") == (
        "9 of 21 gradients are cut and exactly 0. All states are the same, bit by bit. The truncated ∂L/∂W_hh has "
        f"{widget.length_ratio:.4f} times the length of the full one and cosine {widget.cosine:.4f} with it."
    )
    brightest = max(((s, t) for s in range(6) for t in range(s + 1) if s < 3 or t >= 3), key=lambda at: norms[at])
    assert found["fills"][f"{brightest[0] + 1}-{brightest[1] + 1}"] == "rgb(253, 231, 37)"


def test_both_gradients_are_there_as_numbers_and_bars(stage: Stage) -> None:
    widget = TruncationWindow(8, 3, hidden_size=2, carry=False)
    page = stage.open(widget)
    found = page.evaluate(READ)
    full, cut = widget.full.d_weight_hh.flatten().tolist(), widget.truncated.d_weight_hh.flatten().tolist()
    assert [row[0] for row in found["rows"]] == ["[1,1]", "[1,2]", "[2,1]", "[2,2]"]
    for row, bars, one, other in zip(found["rows"], found["bars"], full, cut, strict=True):
        assert [float(words.replace("−", "-")) for words in row[1:]] == pytest.approx([one, other], abs=5.1e-5)
        low, high = min(0, *full, *cut), max(0, *full, *cut)
        zero = -low / (high - low)
        for value, bar in zip((one, other), bars[1:], strict=True):
            assert bar == pytest.approx(sorted([zero, zero + value / (high - low)]), abs=0.03)


DRAWN = [
    (TruncationWindow(6, 2), [3, 5], [], 5),
    (TruncationWindow(6, 2, carry=False), [3, 5], [3, 5], 5),
    (TruncationWindow(7, 4, 2), [3, 5], [], 6),
    (TruncationWindow(7, 4, 2, carry=False), [3, 5], [3, 5], 3),
    (TruncationWindow(6, 6), [], [], 5),
]


def test_cuts_are_drawn_where_they_are(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    for widget, cuts, zeros, forward in DRAWN:
        values = {name: getattr(widget, name) for name in ("steps", "window", "stride", "carry")}
        page.evaluate("(values) => Object.entries(values).forEach(([k, v]) => models[0].set(k, v))", values)
        settle(page, 0)
        found = page.evaluate(READ)
        assert (found["cuts"], found["zeros"], found["forward"]) == (cuts, zeros, forward), widget
        assert found["backward"] == len(widget.windows)
        gone = [cell for cell, (look, _, _) in found["cells"].items() if look == "tw-gone"]
        first = {s: window[0] for window in widget.windows for s in range(window[2], window[1] + 1)}
        line = page.locator(".tw-stair").get_attribute("d") or ""
        edges = [float(x) for x in re.findall(r"[ML]([\d.]+) ", line)]
        lefts = [
            float(x) for x in page.locator("[data-cell] rect").evaluate_all("n => n.map((r) => r.getAttribute('x'))")
        ]
        assert edges == pytest.approx([lefts[t - 1] - 1 for t in first.values() if t > 1])
        assert gone == [f"{s}-{t}" for s in sorted(first) for t in range(1, first[s])]


SAID = {
    (
        6,
        6,
        None,
        True,
    ): "Every loss reaches back to step 1: nothing is cut, and ∂L/∂W_hh is exactly that of the full pass.",
    (6, 3, None, False): "From step 4 on the states differ: a window that starts from zeros has forgotten the past.",
    (4, 1, None, False): "The truncated ∂L/∂W_hh is 0.",
    (12, 4, 2, True): "All states are the same, bit by bit.",
}


def test_the_sentence_says_what_happened_to_states_and_gradients(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    for (steps, window, stride, carry), words in SAID.items():
        values = {"steps": steps, "window": window, "stride": stride, "carry": carry}
        page.evaluate("(values) => Object.entries(values).forEach(([k, v]) => models[0].set(k, v))", values)
        assert words in sentence(page).replace("\u2060", "")
    assert page.evaluate(READ)["facts"]["backward passes"] == "6"


# ----------------------------------------------------------------------------------------------------------- the page


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(TruncationWindow(8, 4))
    keys = {
        "window": "ArrowLeft", "stride": "ArrowLeft", "carry": "Space", "steps": "ArrowRight", "size": "ArrowRight",
        "gain": "ArrowLeft", "seed": "ArrowRight",
    }  # fmt: skip
    for name, key in keys.items():
        before = drawn(page, 0, 0)
        control(page, name).press(key)
        assert drawn(page, 0, 0) != before, name


def test_window_and_stride_stay_within_their_bounds(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    traits = "[models[0].traits.steps, models[0].traits.window, models[0].traits.stride]"
    control(page, "window").press("ArrowRight")
    assert page.evaluate(traits) == [6, 4, None], "the stride goes along"
    settle(page, 0)
    control(page, "stride").press("ArrowLeft")
    settle(page, 0)
    control(page, "window").press("ArrowRight")
    assert page.evaluate(traits) == [6, 5, 3]
    control(page, "window").press("Home")
    assert page.evaluate(traits) == [6, 1, None]
    control(page, "window").press("End")
    assert page.evaluate(traits) == [6, 6, None]
    control(page, "steps").press("ArrowLeft")
    assert page.evaluate(traits) == [5, 5, None]
    settle(page, 0)
    assert (control(page, "window").get_attribute("max"), control(page, "stride").input_value()) == ("5", "5")
    linked = stage.open(TruncationWindow(), fragment="#truncation-window-1=window:20")
    settle(linked, 0)
    assert "6 at a time, of 6 in the full pass" in (linked.locator(".tw-facts").text_content() or "")


def test_arrow_keys_read_each_number_exactly(stage: Stage) -> None:
    widget = TruncationWindow()
    page = stage.open(widget)
    norms, exact = widget.full.reach.norm(dim=-1), page.locator(".tw-exact")
    assert "Click a number" in exact.inner_text()
    page.locator("[data-cell='5-2']").click()
    assert exact.inner_text() == f"‖∂L₅/∂h₂‖: cut, exactly 0. In the full pass it is {norms[4, 1]:.6f}."
    for key, (s, t) in {
        "ArrowDown": (6, 2), "End": (6, 6), "ArrowLeft": (6, 5), "PageUp": (1, 5), "Home": (1, 1), "ArrowUp": (1, 1),
        "PageDown": (6, 1), "ArrowRight": (6, 2),
    }.items():  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.cell") == f"{s}-{t}"
        assert exact.inner_text() == page.evaluate("document.activeElement.ariaLabel")
    page.evaluate("models[0].set('window', 6)")
    settle(page, 0)
    assert exact.inner_text() == f"‖∂L₆/∂h₂‖: {norms[5, 1]:.6f}. The full pass has the same."
    assert page.evaluate("document.activeElement.dataset.cell") == "6-2", "the focus stays"
    page.evaluate("models[0].set('steps', 4)")
    settle(page, 0)
    assert page.evaluate("document.activeElement.dataset.cell") == "4-2"
    assert page.evaluate("document.querySelectorAll('[data-cell][tabindex=\"0\"]').length") == 1


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    reached = tab_order(page)
    settings = ["window", "stride", "carry", "steps", "size", "gain", "seed"]
    assert reached == [*settings, "g", "summary", "reset", "copy-link"]
    keys = "'.uw :is(input, select, button, textarea, [data-cell])'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    changes = {"steps": 10, "window": 5, "stride": 2, "carry": False, "hidden_size": 3, "gain": 0.5, "seed": 9}
    for name, value in changes.items():
        before = drawn(page, 0, 0)
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, value])
        assert drawn(page, 0, 0) != before, name
    widget = TruncationWindow(**changes)  # type: ignore[arg-type]
    assert page.evaluate(READ)["facts"]["direction"] == f"{widget.cosine:.4f}".rstrip("0")
    before = drawn(page, 0, 0)
    for name, wrong in {"steps": 99, "window": 0, "gain": "x", "seed": -1, "hidden_size": 9}.items():
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, wrong])
    assert drawn(page, 0, 0) == before, "what Python would refuse, the page does not take"
    page.evaluate("models[0].saved.length = 0")
    control(page, "carry").check()
    control(page, "seed").press("ArrowLeft")
    assert page.evaluate("[models[0].traits.carry, models[0].traits.seed]") == [True, 8]
    assert set(page.evaluate("models[0].saved")) == {"carry", "seed"}


def test_reset_and_links_bring_settings_back_and_widgets_do_not_meet(stage: Stage) -> None:
    def change(page: Page) -> None:
        control(page, "window").press("ArrowLeft")
        control(page, "carry").uncheck()
        control(page, "gain").press("ArrowRight")

    first = TruncationWindow()
    page = after_reset_and_links(stage, first, TruncationWindow(12, 6, 2), change, "steps")
    page.evaluate("location.hash = '#truncation-window-1=steps:1;window:x;stride:99;carry:2;gain:3;seed:%E0%A4%A'")
    assert drawn(page, 0, 0) == drawn(stage.open(first), 0, 0), "what is not valid keeps its first value"


def test_the_sentence_is_spoken_once_when_things_are_quiet(stage: Stage) -> None:
    page = stage.open(TruncationWindow())
    listen(page)
    for _ in range(3):
        control(page, "steps").press("ArrowRight")
    settle(page, 600)
    assert heard(page) == [sentence(page)]
    label = page.locator(".tw-picture").get_attribute("aria-label")
    assert label == "9 states. Gradients are cut before step 4, 7. States are carried on."


def test_the_table_of_numbers_has_states_and_gradients_of_both_passes(stage: Stage) -> None:
    widget = TruncationWindow(4, 2, hidden_size=1, carry=False)
    page = stage.open(widget)
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent.replace('−', '-')))"
    )
    full, cut = widget.full, widget.truncated
    assert [float(x) for x in rows[0][1:]] == pytest.approx(full.states.flatten().tolist(), abs=1e-6)
    assert [float(x) for x in rows[1][1:]] == pytest.approx(cut.states.flatten().tolist(), abs=1e-6)
    assert [row[0] for row in rows[2:]] == [f"L_{s}, {which}" for s in range(1, 5) for which in ("full", "truncated")]
    assert [float(x) for x in rows[8][1:]] == pytest.approx(full.reach[3].norm(dim=-1).tolist(), abs=1e-6)
    assert rows[9][1:3] == ["0 (cut)", "0 (cut)"]
    assert [float(x) for x in rows[9][3:]] == pytest.approx(cut.reach[3, 2:].norm(dim=-1).tolist(), abs=1e-6)
    assert rows[2][2:] == ["", "", ""]


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    widget = TruncationWindow(8, 4, 2, carry=theme == "dark", hidden_size=4 if width < 900 else 2)
    page = stage.open(widget, theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    surface = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
    for look in ("tw-forward", "tw-backward", "tw-scissors", "tw-stair", "tw-own", "tw-cross"):
        found = page.locator(f".{look}").first.evaluate("node => getComputedStyle(node).stroke")
        assert contrast(found, surface) >= 3, look
    inks = page.locator(".tw-kept + .tw-number").evaluate_all(
        "nodes => nodes.map((node) => [getComputedStyle(node).fill, getComputedStyle(node.previousSibling).fill])"
    )
    assert min(contrast(ink, colour) for ink, colour in inks) >= 4.5


def test_the_largest_one_fits_a_phone_and_is_there_at_once(stage: Stage) -> None:
    page = stage.open(viewport={"width": 375, "height": 800})
    most = [
        TruncationWindow(24, 24, 1, hidden_size=4),
        TruncationWindow(24, 1),
        TruncationWindow(24, 7, 3, carry=False),
    ]
    times = [stage.add(page, widget) for widget in most]
    settle(page, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert min(times) <= 150
    assert np.isfinite(times).all()
    assert math.isfinite(float(re.sub("−", "-", page.evaluate(READ)["facts"]["length"])))
