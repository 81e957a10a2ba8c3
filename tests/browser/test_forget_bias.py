"""ForgetBias in Chromium: its two roads are PyTorch's, and a reader can do all that it offers."""

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from lessons_src.widgets import ForgetBias
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
from tests.test_forget_bias import by_autograd, close, weights_of, widgets

CONTROLS = (
    "forget-bias", "forget-gate", "input-gate", "output-gate", "steps", "gain", "hidden-size", "seed", "cursor",
)  # fmt: skip
TRAITS = {
    "forgetBias": "forget_bias", "inputGate": "input_gate", "outputGate": "output_gate", "steps": "steps",
    "hiddenSize": "hidden_size", "gain": "gain", "seed": "seed",
}  # fmt: skip

COMPUTE = """(settings) => {
  const scene = unrolledWidgets.forget_bias.arithmetic.compute(settings);
  return Object.fromEntries(Object.entries(scene).map(([k, v]) => [k, ArrayBuffer.isView(v) ? [...v] : v])); }"""


def computed(page: Page, widget: ForgetBias) -> Any:
    return page.evaluate(COMPUTE, {key: getattr(widget, trait) for key, trait in TRAITS.items()})


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """One page for tests that only ask for the arithmetic."""
    yield from alone(browser, ForgetBias())


# --------------------------------------------------------------------------------------------------- against PyTorch


@pytest.mark.parametrize("widget", widgets(), ids=repr)
def test_the_page_computes_what_torch_and_the_widget_in_python_compute(arithmetic: Page, widget: ForgetBias) -> None:
    found = computed(arithmetic, widget)
    truth, product = by_autograd(weights_of(widget), widget.inputs[0], widget.direction)
    close(found["truth"], truth)
    close(found["product"], product)
    c, h = widget.memory
    np.testing.assert_allclose(found["c"], c, rtol=1e-12)
    np.testing.assert_allclose(found["h"], h, rtol=1e-12)
    assert found["meanGate"] == pytest.approx(float(widget.trace().f.mean()), rel=1e-12)
    agree = np.abs(truth - product) < math.log10(2)
    assert found["agreed"] == int(np.cumprod(agree[::-1]).sum())


@pytest.mark.parametrize("bias", [-2.0, -0.3, 0.0, 1.0, 2.5, 5.0])
def test_the_half_life_is_its_closed_form(arithmetic: Page, bias: float) -> None:
    found = computed(arithmetic, ForgetBias(bias, input_gate=0.8, steps=200))
    gate = 1 / (1 + math.exp(-bias))
    assert found["halfLife"] == pytest.approx(math.log(1 / 2) / math.log(gate), rel=1e-12)
    assert found["halfLife"] == pytest.approx(ForgetBias(bias).half_life, rel=1e-12)
    np.testing.assert_allclose(found["alone"], np.arange(199, -1, -1) * math.log10(gate), rtol=1e-12)
    np.testing.assert_allclose(found["c"], 0.8 * gate ** np.arange(200), rtol=1e-10)


def test_without_recurrent_weights_the_product_is_the_truth(arithmetic: Page) -> None:
    for bias in (-2.0, 1.0, 5.0):
        found = computed(arithmetic, ForgetBias(bias, steps=200, gain=0.0))
        close(found["truth"], found["product"])
        assert found["agreed"] == 200


# ------------------------------------------------------------------------------------------------------ what is shown


def points(page: Page, css: str) -> np.ndarray:
    path = page.locator(f".uw-figure {css}").first.get_attribute("d") or ""
    return np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[ML]([\d.]+ -?[\d.]+)", path)])


def straight(x: np.ndarray, y: np.ndarray) -> None:
    """y is one straight function of x, to a hundredth of a pixel or two."""
    slope, start = np.polyfit(x, y, 1)
    assert np.abs(slope * x + start - y).max() < 0.02


def test_curves_and_marks_lie_where_the_numbers_are(stage: Stage) -> None:
    widget = ForgetBias(2.0, 0.9, 0.6, steps=60, gain=1.0, seed=2)
    page = stage.open(widget)
    (c, h), (truth, product) = widget.memory, widget.roads()
    memory = points(page, ".fb-memory .ge-memory")
    shown = points(page, ".fb-memory .ge-shown")
    assert len(memory) == len(shown) == 60
    straight(np.concatenate([c, h]), np.concatenate([memory[:, 1], shown[:, 1]]))
    roads = [points(page, f"[data-curve={look}]") for look in ("c", "product", "alone")]
    alone = np.arange(59, -1, -1) * math.log10(widget.forget_gate)
    straight(np.concatenate([truth, product, alone]), np.concatenate(roads)[:, 1])
    for curve in (memory, *roads):
        assert np.abs(np.diff(curve[:, 0]) - np.diff(curve[:, 0]).mean()).max() < 0.11
    x, y = (float(page.locator(".fb-dot").get_attribute(key) or "") for key in ("cx", "cy"))
    right, steps = memory[-1, 0], memory[-1, 0] - memory[0, 0]
    assert x == pytest.approx(memory[0, 0] + steps * widget.half_life / 59, abs=0.01)
    assert y == pytest.approx(np.interp(0.45, [c[-1], c[0]], [memory[-1, 1], memory[0, 1]]), abs=0.01)
    agreed = computed(page, widget)["agreed"]
    begin = float(re.findall(r"[\d.]+", page.locator(".fb-agreed").get_attribute("d") or "")[0])
    assert begin == pytest.approx(right - steps * (agreed - 1) / 59, abs=0.01)
    assert 1 < agreed < 60


SAID = {
    (1.0, 50, 0.6): "σ(1) = 0.731: half of a memory is left after 2.2 steps.",
    (-2.0, 10, 0.6): "σ(−2) = 0.119: half of a memory is left after 0.33 steps.",
    (5.0, 50, 0.6): "σ(5) = 0.993: half of a memory is left after 103 steps.",
    (3.0, 50, 0.0): "and that is the whole truth: no other road is open.",
    (0.0, 50, 1.0): ": the road through h and the gates adds the rest. The product is right within a factor of 2 for",
}


def test_the_sentence_tells_half_life_product_and_truth(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    for (bias, steps, gain), words in SAID.items():
        put(page, forget_bias=bias, steps=steps, gain=gain)
        assert words in sentence(page)
    widget = ForgetBias(0.0, steps=50, gain=1.0)
    for which in widget.roads():
        mantissa = f"{10 ** (float(which[0]) % 1):.1f} × 10"
        assert mantissa in sentence(page)
    put(page, forget_bias=1.0, gain=0.6)
    control(page, "cursor").press("End")
    assert sentence(page).endswith("At t = 50, the last step, the gradient starts its way back through the layer.")
    control(page, "cursor").press("ArrowLeft")
    assert "the product is nearly the whole" in sentence(page)
    less = next(
        (widget, t)
        for widget in (ForgetBias(5.0, gain=3.0, seed=seed) for seed in range(20))
        for truth, product in [widget.roads()]
        for t in range(1, 50)
        if float(truth[t - 1] - product[t - 1]) < -math.log10(2)
    )
    put(page, forget_bias=5.0, gain=3.0, seed=less[0].seed)
    control(page, "cursor").fill(str(less[1]))
    assert "the road through h and the gates takes some away" in sentence(page)


def test_a_half_life_beyond_the_chart_is_said_to_be(stage: Stage) -> None:
    page = stage.open(ForgetBias(4.9))
    names = page.locator(".fb-memory .fb-name")
    assert names.text_content() == "half-life 93 steps, beyond the last one"
    assert page.locator(".fb-dot").count() == 0
    put(page, steps=200)
    assert names.text_content() == "half-life 93 steps"
    assert page.locator(".fb-dot").count() == 1


# ----------------------------------------------------------------------------------------------------------- the page


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(ForgetBias(0.5, 0.5, 0.5, seed=3))
    for name in CONTROLS:
        before = drawn(page, 0, 0)
        control(page, name).press("ArrowLeft" if name == "hidden-size" else "ArrowRight")
        assert drawn(page, 0, 0) != before, name


def test_gate_and_bias_are_one_setting(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    gate = control(page, "forget-gate")
    assert float(gate.input_value()) == pytest.approx(0.731)
    gate.fill("0.9")
    settle(page, 0)
    assert page.evaluate("models[0].traits.forget_bias") == pytest.approx(math.log(9))
    assert float(control(page, "forget-bias").input_value()) == pytest.approx(2.2)
    for key, gate_end, bias_end in (("Home", 0.12, -1.99), ("End", 0.993, 4.95)):
        gate.press(key)
        assert page.evaluate("models[0].traits.forget_bias") == pytest.approx(bias_end, abs=0.01)
        assert float(gate.input_value()) == pytest.approx(gate_end)
    control(page, "forget-bias").press("Home")
    settle(page, 0)
    assert page.evaluate("models[0].traits.forget_bias") == -2
    assert float(gate.input_value()) == pytest.approx(0.12)


def test_a_step_is_picked_by_pointer_and_stays_within_the_sequence(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    box = page.locator(".ge-chart").nth(1).bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 14, box["y"] + 100)
    settle(page, 0)
    assert control(page, "cursor").input_value() == "50"
    put(page, steps=20)
    assert control(page, "cursor").input_value() == "20"
    assert control(page, "cursor").get_attribute("max") == "20"
    assert "At t = 20, the last step" in sentence(page)


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    reached = tab_order(page)
    assert reached == [*CONTROLS, "summary", "reset", "copy-link"]
    keys = "'.uw :is(input, select, button)'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    changes = {"forget_bias": 3.0, "input_gate": 0.4, "output_gate": 0.9, "steps": 70, "hidden_size": 9, "gain": 1.5}
    changes |= {"seed": 8}
    for name, value in changes.items():
        before = drawn(page, 0, 0)
        put(page, **{name: value})
        assert drawn(page, 0, 0) != before, name
    before = drawn(page, 0, 0)
    wrong = {"forget_bias": 9, "input_gate": -1, "steps": 1, "hidden_size": 33, "gain": "x", "seed": -1}
    put(page, **wrong)  # type: ignore[arg-type]
    assert drawn(page, 0, 0) == before, "what Python would refuse, the page does not take"
    page.evaluate("models[0].saved.length = 0")
    control(page, "input-gate").press("ArrowRight")
    control(page, "seed").press("ArrowLeft")
    assert page.evaluate("[models[0].traits.input_gate, models[0].traits.seed]") == [0.41, 7]
    assert set(page.evaluate("models[0].saved")) == {"input_gate", "seed"}


def test_reset_and_links_bring_settings_back_and_widgets_do_not_meet(stage: Stage) -> None:
    def change(page: Page) -> None:
        for name in ("forget-bias", "output-gate", "gain", "cursor"):
            control(page, name).press("ArrowRight")

    first = ForgetBias()
    page = after_reset_and_links(stage, first, ForgetBias(5.0, steps=120), change, "steps")
    page.evaluate("location.hash = '#forget-bias-1=steps:1;forgetBias:x;gain:9;seed:%E0%A4%A'")
    assert drawn(page, 0, 0) == drawn(stage.open(first), 0, 0), "what is not valid keeps its first value"


def test_the_sentence_is_spoken_once_when_things_are_quiet(stage: Stage) -> None:
    page = stage.open(ForgetBias())
    listen(page)
    for _ in range(3):
        control(page, "forget-bias").press("ArrowRight")
    settle(page, 600)
    assert heard(page) == [sentence(page)]
    labels = page.locator(".ge-chart").evaluate_all("nodes => nodes.map((node) => node.ariaLabel)")
    assert labels == [
        "Line chart: the cell state falls from 1.00, half-life 2.9 steps",
        "Line chart on a log scale: gradient norm at each step from 1 to 50",
    ]


def test_the_table_of_numbers_has_both_halves(stage: Stage) -> None:
    widget = ForgetBias(3.0, 0.8, steps=6, hidden_size=4)
    page = stage.open(widget)
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => Number(cell.textContent.replace('−', '-'))))"
    )
    alone = widget.forget_gate ** np.arange(5, -1, -1)
    columns: list[Any] = [range(1, 7), *widget.memory, *(10**road for road in widget.roads()), alone]
    np.testing.assert_allclose(np.array(rows).T, columns, rtol=6e-4)
    assert f"Half-life {widget.half_life:.4f} steps" in page.locator(".uw-scroll caption").inner_text()


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    page = stage.open(ForgetBias(3.0, 0.8, steps=40), theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    surface = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
    colours = [
        page.locator(f".uw-figure .{look}").first.evaluate("node => getComputedStyle(node).stroke")
        for look in ("ge-memory", "ge-shown", "ge-line.ge-c", "ge-product", "ge-alone", "fb-half", "fb-agreed")
    ]
    assert min(contrast(colour, surface) for colour in colours) >= 3
    thumbs = page.locator(".uw-range").evaluate_all(
        "nodes => nodes.map((node) => getComputedStyle(node).getPropertyValue('--uw-accent'))"
    )
    assert len(set(thumbs)) == 4, "the gates have their colours"


def test_the_largest_one_is_there_at_once_and_follows_a_drag(stage: Stage) -> None:
    page = stage.open()
    times = [stage.add(page, ForgetBias(bias, steps=200)) for bias in (0.0, 3.0, 5.0)]
    settle(page, 0)
    assert min(times) <= 150
    spent = page.evaluate(
        """() => { const { compute } = unrolledWidgets.forget_bias.arithmetic;
          return Array.from({ length: 12 }, (_, k) => { const start = performance.now();
            compute({ forgetBias: k / 3, inputGate: 1, outputGate: 1, steps: 200, hiddenSize: 32, gain: 1, seed: 0 });
            return performance.now() - start; }); }"""
    )
    assert min(spent) <= 16


def test_its_script_fits_beside_gate_scopes() -> None:
    sizes = {name: (BUNDLES / f"{name}.js").stat().st_size for name in ("forget_bias", "gate_scope")}
    assert sizes["forget_bias"] <= 40_000
    assert sum(sizes.values()) <= 90_000
