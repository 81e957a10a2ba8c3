"""GradientExplorer in Chromium: what it draws is what PyTorch computes, and everything on it works."""

import itertools
import math
import os
import re
import statistics
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor, nn

from lessons_src.tracing import LSTMTrace
from lessons_src.widgets import GradientExplorer
from lessons_src.widgets.arrays import unpack
from tests.browser.harness import Stage, contrast, control, drawn, misfits, open_all, sentence, settle, tab_order

FLOAT64_REACHES = -280  # log10, with room for the factors on the way
CONTROLS = (
    "preset", "activation", "gain", "steps", "initialisation", "hidden-size", "noise", "seed", "clip-norm", "new-seed",
    "seeds", "state", "cursor",
)  # fmt: skip
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def reported(page: Page, at: int = 0) -> np.ndarray:
    """log10_norms as Python gets it back, once the page has sent what it shows now."""
    settle(page)
    read = """(at) => { const { dtype, shape, data } = models[at].traits.log10_norms;
                        return { dtype, shape, data: Array.from(new Uint8Array(data.buffer)) }; }"""
    packed = page.evaluate(read, at)
    return unpack({**packed, "data": bytes(packed["data"])})


def number_of(words: str) -> float:
    """ "1.6 × 10⁻³⁰" as log10."""
    mantissa, _, power = words.partition(" × 10")
    return math.log10(float(mantissa)) + int(power.translate(SUPERSCRIPT) or 0)


# ------------------------------------------------------------------------------------------------ against PyTorch


def by_autograd(
    explorer: GradientExplorer, weights: dict[str, Any], inputs: list[float]
) -> tuple[np.ndarray, np.ndarray | None]:
    """log10 of ‖∂L/∂h_t‖ / ‖∂L/∂h_T‖, and of c, by torch's own cells and autograd, with weights read from the page."""
    size = weights["hiddenSize"]
    tensors = [torch.tensor(weights[k], dtype=torch.float64) for k in ("weightIh", "weightHh", "biasIh", "biasHh")]
    weight_ih, weight_hh, bias_ih, bias_hh = tensors[0].view(-1, 8), tensors[1].view(-1, size), *tensors[2:]
    x = torch.tensor(inputs, dtype=torch.float64).view(-1, 8)
    phi: dict[str, Any] = {"tanh": torch.tanh, "identity": torch.clone, "relu": torch.relu, "sigmoid": torch.sigmoid}
    h, c, hs, cs = torch.zeros(size).double(), torch.zeros(size).double(), [], []
    for x_t in x:
        a_x, a_h = weight_ih @ x_t + bias_ih, weight_hh @ h + bias_hh
        if explorer.cell == "RNN":
            h = phi[explorer.activation](a_x + a_h).requires_grad_()
        elif explorer.cell == "LSTM":
            i, f, g, o = (a_x + a_h).chunk(4)
            c = (f.sigmoid() * c + i.sigmoid() * g.tanh()).requires_grad_()
            c.retain_grad()
            cs.append(c)
            h = o.sigmoid() * c.tanh()
        else:  # torch's own
            h = torch.gru_cell(x_t[None], h[None], weight_ih.requires_grad_(), weight_hh, bias_ih, bias_hh)[0]
        h.retain_grad()
        hs.append(h)
    (hs[-1] @ explorer.direction).backward()

    def norms(states: list[Tensor]) -> np.ndarray:
        grads = torch.stack([state.grad for state in states if state.grad is not None])
        return grads.norm(dim=1).log10().numpy()

    return norms(hs), norms(cs) if cs else None


SIZES = ((100, 32, 0.01, 0), (30, 1, 0.3, 5), (7, 64, 1.0, 99), (60, 5, 0.0, 3), (2, 10, 10.0, 1))  # T, H, s, seed
BIASES = ((1.0, 1.0), (-1.0, 1.5), (5.0, 1.0), (0.0, 0.5), (3.0, 3.0))  # of the gate; gain
STARTS = ("orthogonal", "gaussian", "identity")


def grid(cell: str, activation: str) -> list[GradientExplorer]:
    """Five or six settings that differ in everything."""
    if cell == "RNN":
        varied: Any = zip(itertools.product(STARTS, (0.6, 1.2)), itertools.cycle(SIZES), strict=False)
        rows = [(start, gain, 1.0, *sizes) for (start, gain), sizes in varied]
    else:
        rows = [
            (start, gain, bias, *sizes) for start, (bias, gain), sizes in zip(STARTS * 2, BIASES, SIZES, strict=False)
        ]
    names = ("initialisation", "gain", "gate_bias", "steps", "hidden_size", "noise", "seed")
    return [GradientExplorer(cell, activation, **dict(zip(names, row, strict=True))) for row in rows]


@pytest.mark.parametrize(
    ("cell", "activation"),
    [("RNN", "tanh"), ("RNN", "identity"), ("RNN", "relu"), ("RNN", "sigmoid"), ("LSTM", "tanh"), ("GRU", "tanh")],
)
def test_the_curve_is_autograds(stage: Stage, cell: str, activation: str) -> None:
    explorers = grid(cell, activation)
    page = stage.open(*explorers)
    for at, explorer in enumerate(explorers):
        shown = reported(page, at)
        weights, inputs = page.evaluate(
            """(settings) => {
              const js = unrolledWidgets.gradient_explorer.arithmetic;
              const plain = (value) => (ArrayBuffer.isView(value) ? [...value] : value);
              const weights = Object.entries(js.drawWeights(settings)).map(([key, value]) => [key, plain(value)]);
              return [Object.fromEntries(weights), plain(js.drawInputs(settings, 8))]; }""",
            settings_of(explorer),
        )
        expected, expected_c = by_autograd(explorer, weights, inputs)
        assert len(shown) == explorer.steps
        reachable = expected > FLOAT64_REACHES
        assert reachable.any()
        assert np.abs(10 ** (shown[reachable] - expected[reachable]) - 1).max() <= 1e-9, repr(explorer)
        assert (np.isinf(shown) == np.isinf(expected))[expected < FLOAT64_REACHES].all()
        compare_line(page, at, "h", shown)
        if expected_c is not None:
            compare_line(page, at, "c", expected_c)


def settings_of(explorer: GradientExplorer) -> dict[str, Any]:
    """As the page names them."""
    same = ("cell", "activation", "initialisation", "gain", "steps", "noise", "seed")
    return {key: getattr(explorer, key) for key in same} | {
        "hiddenSize": explorer.hidden_size, "gateBias": explorer.gate_bias,
    }  # fmt: skip


def compare_line(page: Page, at: int, look: str, log10: np.ndarray) -> None:
    """The points of a line lie at t = 1 … T, evenly, and at heights that are one straight function of log10."""
    chart = page.locator(".ge-chart").nth(at)
    path = chart.locator(f"[data-curve={look}]").get_attribute("d") or ""
    points = np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[ML]([\d.]+ -?[\d.]+)", path)])
    finite = np.isfinite(log10)
    assert len(points) == finite.sum()
    t = np.arange(1, len(log10) + 1)[finite]
    ticks = chart.locator("text[text-anchor=end]:not(.ge-limit-name)").evaluate_all(
        "nodes => nodes.map((node) => [node.textContent, Number(node.getAttribute('y'))])"
    )
    powers = {0.0 if words == "1" else float(words[2:].translate(SUPERSCRIPT)): y for words, y in ticks}
    (low, y_low), (high, y_high) = min(powers.items()), max(powers.items())
    assert low < high
    heights = y_low + (log10[finite] - low) * (y_high - y_low) / (high - low)
    assert np.abs(points[:, 1] - heights).max() <= 0.02, "heights are not those of the axis"
    left, right = 58, 868 - 42 - 14
    expected_x = left + (t - 1) * (right - left) / max(1, len(log10) - 1)
    assert np.abs(points[:, 0] - expected_x).max() <= 0.11, "steps are not in their places"


def test_python_computes_the_same_curve_from_the_same_seed(stage: Stage) -> None:
    for explorer in (GradientExplorer(gain=0.9), GradientExplorer("LSTM", steps=60), GradientExplorer("GRU", seed=4)):
        record = explorer.trace()
        expected = (record.d_h_norm[0] / record.d_h_norm[0, -1]).log10().numpy()
        assert np.abs(reported(stage.open(explorer)) - expected).max() <= 1e-8


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_given_layer_is_shown_with_its_own_weights_and_inputs(stage: Stage, kind: Any) -> None:
    torch.manual_seed(0)
    layer = kind(5, 12, batch_first=True)
    x = torch.randn(40, 5)
    explorer = GradientExplorer(layer=layer, inputs=x, seed=3)
    page = stage.open(explorer)
    double = layer.double()
    kwargs = {"nonlinearity": "tanh"} if kind is nn.RNN else {}
    cell: Any = getattr(nn, kind.__name__ + "Cell")(5, 12, **kwargs).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in double.state_dict().items()})
    state: Any = None
    hs = []
    for x_t in x.double():
        state = cell(x_t[None], state)
        h = state[0] if kind is nn.LSTM else state
        h.retain_grad()
        hs.append(h)
    own = "[...unrolledWidgets.gradient_explorer.arithmetic.drawDirection(3, 12)]"  # explorer.direction is float32 here
    v = torch.tensor(page.evaluate(own), dtype=torch.float64)
    (hs[-1][0] @ v).backward()
    expected = torch.stack([h.grad.norm() for h in hs]).log10().numpy()
    assert np.abs(10 ** (reported(page) - expected) - 1).max() <= 1e-9
    open_all(page)
    visible = [
        name for name in ("preset", "cell", "gain", "hidden-size", "noise", "seeds") if control(page, name).is_visible()
    ]
    assert visible == []
    assert control(page, "steps").get_attribute("max") == "40"


# ------------------------------------------------------------------------------------------ what the models must show


def medians(page: Page, **settings: Any) -> float:
    """log10 of the median over 20 seeds of ‖∂L/∂h_1‖ / ‖∂L/∂h_T‖, by the page."""
    usual = settings_of(GradientExplorer(gate_bias=0))
    values = page.evaluate(
        """(settings) => { const js = unrolledWidgets.gradient_explorer.arithmetic;
          return Array.from({ length: 20 }, (_, seed) => { const s = { ...settings, seed };
            return js.follow(js.drawWeights(s), js.drawInputs(s, 8), js.drawDirection(seed, 32)).gradientH[0]; }); }""",
        usual | settings,
    )
    return statistics.median(values)


GATED = {"initialisation": "gaussian", "noise": 0.3}
SERIES: dict[str, dict[str, Any]] = {
    "tanh": {},
    "tanh, s = 0.1": {"noise": 0.1},
    "LSTM, T = 50": {"cell": "LSTM", "steps": 50, **GATED},
    "LSTM, T = 200": {"cell": "LSTM", "steps": 200, **GATED},
    "GRU, T = 50": {"cell": "GRU", "steps": 50, **GATED},
    "GRU, T = 200": {"cell": "GRU", "steps": 200, **GATED},
}
MEDIANS: dict[
    str, dict[float, float]
] = {  # gain or gate bias → ‖∂L/∂h_1‖ / ‖∂L/∂h_T‖, measured with other random numbers
    "tanh": {0.5: 1.6e-30, 0.9: 2.8e-5, 1.0: 0.67, 1.1: 18, 1.5: 8.9e3, 2.0: 1.7e7},
    "tanh, s = 0.1": {0.5: 4e-31, 0.9: 9e-7, 1.0: 2e-3, 1.1: 0.19, 1.5: 340, 2.0: 1.6e6},
    "LSTM, T = 50": {-1: 5e-17, 0: 6e-9, 1: 2e-3, 3: 1.2, 5: 1.6},
    "LSTM, T = 200": {-1: 4e-65, 0: 8e-32, 1: 1e-8, 3: 0.72, 5: 1.7},
    "GRU, T = 50": {0: 3e-8, 1: 1e-4, 3: 0.13, 5: 0.72},
    "GRU, T = 200": {0: 6e-30, 1: 1e-15, 3: 1e-3, 5: 0.29},
}


def test_medians_over_twenty_seeds_are_those_measured_before(stage: Stage) -> None:
    """To half a decade for tanh, to one for gates, whose seeds spread over up to fourteen; or to 5 % of the decades."""
    page = stage.open(GradientExplorer())
    for name, rows in MEDIANS.items():
        for value, ratio in rows.items():
            settings = SERIES[name] | {"gain" if name.startswith("tanh") else "gateBias": value}
            wanted = math.log10(ratio)
            margin = max(0.5, 0.05 * abs(wanted)) if name.startswith("tanh") else max(1, 0.05 * abs(wanted))
            assert medians(page, **settings) == pytest.approx(wanted, abs=margin), f"{name}, {value}"


def test_linear_survives_tanh_shrinks_and_sigmoid_collapses(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    linear, tanh, sigmoid = (medians(page, activation=a) for a in ("identity", "tanh", "sigmoid"))
    assert linear == pytest.approx(0, abs=1e-9)
    assert 0.63 <= 10**tanh <= 0.78
    assert sigmoid < -55
    assert medians(page, activation="relu", gain=0.9) < -15 < medians(page, activation="relu", gain=2.0)


def test_a_linear_cell_gives_its_gain_to_the_power_of_the_steps(stage: Stage) -> None:
    cases = ((0.5, 50), (0.9, 200), (1.1, 50), (2.0, 100))
    page = stage.open(
        *[GradientExplorer(activation="identity", gain=gain, steps=steps, seed=2) for gain, steps in cases]
    )
    for at, (gain, steps) in enumerate(cases):
        shown = reported(page, at)
        expected = math.log10(gain) * np.arange(steps - 1, -1, -1)
        assert np.abs(shown - expected).max() <= 1e-9


@pytest.mark.parametrize("steps", [50, 200])
def test_the_higher_the_forget_bias_the_more_arrives(stage: Stage, steps: int) -> None:
    page = stage.open(GradientExplorer())
    found = [
        medians(page, cell="LSTM", initialisation="gaussian", noise=0.3, gateBias=b, steps=steps)
        for b in (-1, 0, 1, 3, 5)
    ]
    assert found == sorted(found)
    assert steps == 50 or found[2] < -6, "a forget bias of 1 is not enough for T = 200"


# ------------------------------------------------------------------------------------------------------- the page


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_changes_what_is_drawn(stage: Stage, name: str) -> None:
    page = stage.open(GradientExplorer(gain=0.9))
    open_all(page)
    before = drawn(page)
    node = control(page, name)
    if node.evaluate("node => node.type") in ("button", "checkbox"):
        node.press("Space")
    elif name == "clip-norm":
        for _ in range(9):
            node.press("ArrowRight")
    else:
        node.press("ArrowDown" if name in ("preset", "initialisation") else "ArrowRight")
    if name == "seeds":
        page.wait_for_selector(".ge-band", state="attached")
    assert drawn(page) != before


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_cell_and_the_bias_of_its_gate_change_what_is_drawn(stage: Stage, cell: str) -> None:
    page = stage.open(GradientExplorer())
    assert not control(page, "gate-bias").is_visible()
    before = drawn(page)
    page.get_by_role("radio", name=cell).check()
    after = drawn(page)
    assert after != before
    assert page.locator("[data-curve=c]").count() == (1 if cell == "LSTM" else 0)
    assert not control(page, "activation").is_visible()
    assert control(page, "gate-bias").locator("..").inner_text().startswith("Forget" if cell == "LSTM" else "Update")
    control(page, "gate-bias").press("ArrowRight")
    assert drawn(page) != after


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    open_all(page)
    reached = tab_order(page)
    expected = [
        "preset", "cell", "activation", "gain", "steps", "summary", "initialisation", "hidden-size", "noise", "seed",
        "clip-norm", "new-seed", "seeds", "state", "cursor", "summary", "div", "reset", "copy-link",
    ]  # fmt: skip
    assert reached == expected
    names = page.evaluate(
        """() => [...document.querySelectorAll('.uw :is(input, select, button)')].filter(
             (node) => node.dataset.lmSuppressShortcuts !== 'true').length"""
    )
    assert names == 0, "JupyterLab would take the arrow keys"


def test_the_cursor_reads_each_step_in_words(stage: Stage) -> None:
    page = stage.open(GradientExplorer(gain=0.5))
    shown = reported(page)
    assert re.match(
        r"At t = 1 the gradient is 1\.\d × 10⁻³⁰ of what it was at t = 100: it has vanished;", sentence(page)
    )
    cursor = control(page, "cursor")
    for t in (2, 3, 4):
        cursor.press("ArrowRight")
        words = sentence(page)
        assert words.startswith(f"At t = {t} ")
        assert number_of(words.split(" is ")[1].split(" of ")[0]) == pytest.approx(
            shown[t - 1], abs=0.022
        )  # two digits
        assert "times 10 to the minus" in (cursor.get_attribute("aria-valuetext") or "")
    cursor.press("End")
    assert "the last step" in sentence(page)
    page.locator(".ge-chart").click(position={"x": 58 + (826 - 72) / 99 * 49, "y": 100})
    assert sentence(page).startswith("At t = 50 ")


def test_the_sentence_is_spoken_once_when_things_are_quiet(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    page.evaluate(
        """() => { window.spoken = []; const status = document.querySelector('.uw [role=status]');
          const observer = new MutationObserver(() => spoken.push(status.textContent));
          observer.observe(status, { childList: true, subtree: true }); }"""
    )
    assert page.locator(".uw [role=status]").first.text_content() == sentence(page), "there to be read, not announced"
    for _ in range(5):
        control(page, "gain").press("ArrowLeft")
    settle(page, 700)
    assert page.evaluate("spoken") == [sentence(page)]
    assert page.locator(".uw-sentence").get_attribute("aria-hidden") == "true"


def test_numbers_shown_are_the_rounded_true_ones(stage: Stage) -> None:
    explorer = GradientExplorer("LSTM", gate_bias=0, steps=80)
    page = stage.open(explorer)
    page.get_by_text("Show numbers").click()
    record = explorer.trace()
    last = record.d_h_norm[0, -1]
    assert isinstance(record, LSTMTrace)
    columns = [record.d_h_norm[0] / last, record.d_c_norm[0] / last, record.h[0].norm(dim=-1)]
    rows = page.locator(".uw tbody tr").all()
    assert [row.locator("th").inner_text() for row in rows] == [str(t) for t in range(1, 81)]
    for row, *values in zip(rows, *columns, strict=True):
        for words, value in zip(row.locator("td").all_inner_texts(), values, strict=True):
            assert 10 ** number_of(words) == pytest.approx(float(f"{float(value):.1e}"), rel=1e-9), (
                words,
                float(value),
            )
    before = page.locator(".uw tbody").inner_text()
    control(page, "gate-bias").press("ArrowRight")
    settle(page, 700)
    assert page.locator(".uw tbody").inner_text() != before


def test_the_words_say_what_a_32_bit_float_holds(stage: Stage) -> None:
    expected = {
        0.5: "vanished; a 32-bit float still holds it", 0.4: "only some of its digits", 0.3: "would hold 0",
        0.0: "nothing is left", 0.95: "is shrinking", 1.0: "survives", 1.04: "is growing", 1.4: "has exploded.",
        3.0: "would hold ∞",
    }  # fmt: skip
    page = stage.open(*[GradientExplorer(activation="identity", gain=gain) for gain in expected])
    for at, words in enumerate(expected.values()):
        assert words in sentence(page, at)
    assert stage.open(GradientExplorer(activation="sigmoid")).locator(".ge-limit").count() == 2


def test_clipping_scales_every_step_alike(stage: Stage) -> None:
    explorer = GradientExplorer(gain=1.5, clip_norm=1.0)
    page = stage.open(explorer)
    layer = explorer.layer.requires_grad_()
    y, _ = layer(explorer.inputs)
    (y[0, -1] @ explorer.direction).backward()
    grad = layer.get_parameter("weight_hh_l0").grad
    assert grad is not None
    size = float(grad.norm())
    words = sentence(page)
    before = re.search(r"‖∂L/∂Wₕₕ‖ is (.*) before clipping and 1.0 after", words)
    assert before
    assert number_of(before[1]) == pytest.approx(math.log10(size), abs=0.03)
    shift = compare_shift(page)
    assert max(shift) - min(shift) <= 0.03
    unclipped = reported(page)
    page.evaluate("models[0].set('clip_norm', null)")
    assert page.locator("[data-curve=clipped]").count() == 0 or drawn(page)
    assert (reported(page) == unclipped).all()


def compare_shift(page: Page) -> list[float]:
    """How far the clipped line lies below the other, at each step, in pixels."""
    heights = [
        [
            float(y)
            for y in re.findall(r"[ML][\d.]+ (-?[\d.]+)", page.locator(f"[data-curve={look}]").get_attribute("d") or "")
        ]
        for look in ("h", "clipped")
    ]
    found = [clipped - plain for plain, clipped in zip(*heights, strict=True)]
    assert min(found) > 1
    return found


def test_the_ghost_is_the_setting_before_the_gesture(stage: Stage) -> None:
    page = stage.open(GradientExplorer(gain=0.9))
    first = page.locator("[data-curve=h]").get_attribute("d")
    assert page.locator("[data-curve=ghost]").count() == 0
    open_all(page)
    slider = control(page, "seed")
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 9, box["y"] + 13)
    page.mouse.down()
    for x in (40, 80, 120):  # one gesture of several changes
        page.mouse.move(box["x"] + x, box["y"] + 13)
        sentence(page)
    page.mouse.up()
    ghost = page.locator("[data-curve=ghost]").get_attribute("d")
    assert ghost == first
    moved = page.locator("[data-curve=h]").get_attribute("d")
    control(page, "new-seed").click()
    sentence(page)
    assert page.locator("[data-curve=ghost]").get_attribute("d") == moved


def test_presets_put_every_control_where_they_say(stage: Stage) -> None:
    page = stage.open(GradientExplorer(gain=0.9, noise=0.05))
    preset = control(page, "preset")
    assert preset.input_value() == "own"
    for name in preset.locator("option").all_inner_texts()[1:]:
        preset.select_option(label=name)
        shown = sentence(page)
        traits = page.evaluate("models[0].traits")
        assert name.startswith(traits["cell"])
        assert preset.locator("option:checked").inner_text() == name
        if name.startswith("RNN: linear, gain 1:"):
            assert "the gradient is 1.0 of" in shown
    control(page, "gate-bias").press("ArrowLeft")
    sentence(page)
    assert preset.input_value() == "own"


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    page.evaluate("models[0].set('gain', 0.5)")
    assert "10⁻³⁰" in sentence(page)
    assert control(page, "gain").input_value() == "0.5"
    control(page, "gain").press("ArrowRight")
    assert page.evaluate("models[0].traits.gain") == pytest.approx(0.55)
    page.evaluate("models[0].set('gain', 99)")  # refused: Python would have refused it too
    assert control(page, "gain").locator("..").inner_text().endswith("0.55")


def test_twenty_seeds_make_the_band_of_their_percentiles(stage: Stage) -> None:
    page = stage.open(GradientExplorer(gain=1.5, steps=60, seed=7))
    open_all(page)
    control(page, "seeds").check()
    page.wait_for_selector(".ge-band", state="attached")
    curves = []
    for seed in range(20):
        record = GradientExplorer(gain=1.5, steps=60, seed=seed).trace()
        curves.append(float((record.d_h_norm[0, 0] / record.d_h_norm[0, -1]).log10()))
    low, median, high = np.percentile(curves, [5, 50, 95])
    found = re.search(r"the median is (.*) \(5 to 95 %: (.*) to (.*)\)", sentence(page))
    assert found
    for words, value in zip(found.groups(), (median, low, high), strict=True):
        assert number_of(words) == pytest.approx(value, abs=0.03)


def test_reset_returns_to_the_authors_settings(stage: Stage) -> None:
    page = stage.open(GradientExplorer("GRU", gate_bias=3, seed=5))
    open_all(page)
    first = sentence(page), page.evaluate("({...models[0].traits, log10_norms: null})")
    control(page, "gate-bias").press("ArrowLeft")
    control(page, "new-seed").click()
    page.get_by_role("radio", name="RNN").check()
    control(page, "cursor").press("End")
    assert sentence(page) != first[0]
    page.get_by_role("button", name="Reset").click()
    assert (sentence(page), page.evaluate("({...models[0].traits, log10_norms: null})")) == first
    assert control(page, "gate-bias").input_value() == "3"


def test_a_copied_link_brings_back_the_settings_of_each_widget(stage: Stage) -> None:
    widgets = GradientExplorer(), GradientExplorer("LSTM")
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    control(page, "gain").press("ArrowLeft")
    control(page, "cursor").press("PageUp")
    control(page, "gate-bias", at=1).press("ArrowRight")
    for at in range(2):
        page.get_by_role("button", name="Copy link").nth(at).click()
        page.get_by_text("Link copied.").nth(at).wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    fragment = link[link.index("#") :]
    assert fragment.startswith("#gradient-explorer-1=gain:0.95;")
    again = stage.open(*widgets, fragment=fragment)
    for at in range(2):
        assert sentence(again, at) == sentence(page, at)
        assert (reported(again, at) == reported(page, at)).all()
    broken = stage.open(*widgets, fragment="#gradient-explorer-1=gain:9;seed:%E0%A4%A;cell:%00;nonsense;cursor:NaN&=&x")
    assert sentence(broken) == sentence(stage.open(*widgets))
    page.evaluate("location.hash = '#gradient-explorer-2=gateBias:-1'")
    assert control(page, "gate-bias", at=1).input_value() == "-1"


def test_a_link_that_cannot_be_copied_is_shown(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    control(page, "gain").press("ArrowLeft")
    page.get_by_role("button", name="Copy link").click()
    assert page.get_by_label("link to these settings").input_value() == page.url


def test_lab_keeps_its_address(stage: Stage) -> None:
    page = stage.open(fragment="#gradient-explorer-1=gain:0.5")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    stage.add(page, GradientExplorer())
    assert control(page, "gain").input_value() == "1"
    assert not page.get_by_role("button", name="Copy link").is_visible()
    dark = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
    assert dark == "rgb(23, 27, 32)"


def test_several_on_one_page_are_independent(stage: Stage) -> None:
    page = stage.open(GradientExplorer(), GradientExplorer(), GradientExplorer("LSTM"))
    others = drawn(page, 1), drawn(page, 2)
    page.locator(".uw").nth(0).get_by_role("radio", name="GRU").check()
    assert (drawn(page, 1), drawn(page, 2)) == others
    assert page.locator(".uw").nth(1).get_by_role("radio", name="RNN").is_checked()
    assert page.evaluate("document.querySelectorAll('[id]').length") == 0
    assert page.evaluate("document.querySelectorAll('style[data-widget-style]').length") == 2


def test_a_widget_that_leaves_takes_everything_along(stage: Stage) -> None:
    page = stage.open(GradientExplorer())
    assert page.evaluate("models[0].listening()") > 0
    page.evaluate("ends[0]()")
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 0]
    page.evaluate("models[0].set('gain', 0.5); location.hash = '#gradient-explorer-1=gain:0.7'")
    settle(page)


@pytest.mark.parametrize("width", [375, 900])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    page = stage.open(GradientExplorer("LSTM", clip_norm=0.1), theme=theme, viewport={"width": width, "height": 800})
    open_all(page)
    control(page, "state").check()
    settle(page, 700)
    assert misfits(page) == []
    for look in ("h", "c", "state", "clipped"):
        stroke = page.locator(f"[data-curve={look}]").evaluate("node => getComputedStyle(node).stroke")
        surface = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
        assert contrast(stroke, surface) >= 3, look


# ---------------------------------------------------------------------------------------------------------- speed

LATENCY = """async ([name, part]) => {
  const slider = document.querySelector(`[data-control=${name}]`);
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); }));
  if (name === "gain") slider.step = "any"; // so that no two settings are the same
  await new Promise((done) => setTimeout(done, 5));
  const start = performance.now();
  slider.value = String(Number(slider.min) + part * (Number(slider.max) - Number(slider.min)));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await painted();
  return performance.now() - start;
}"""
MOST = 50  # milliseconds, for 95 % of the changes


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_a_change_is_painted_within_50_milliseconds(stage: Stage, cell: str) -> None:
    """At T = 200, H = 64: the time that the page's thread works; by the clock too, unless the machine is busy."""
    page = stage.open(GradientExplorer(cell, steps=200, hidden_size=64))
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    for name in ("gain", "hidden-size", "cursor"):
        clock, thread = [], []
        for k in range(45):
            before = worked()
            clock.append(page.evaluate(LATENCY, [name, 1 - k / 60]))
            thread.append(worked() - before)
        clock, thread = clock[5:], thread[5:]  # the first ones are compiled on the way
        print(f"\n{cell} {name}: p95 {p95(clock):.0f} ms by the clock, {p95(thread):.0f} ms of work")
        assert p95(thread) <= MOST
        assert p95(clock) <= MOST or os.getloadavg()[0] > (os.cpu_count() or 1)


def test_it_is_there_within_150_milliseconds(stage: Stage) -> None:
    page = stage.open()
    times = [stage.add(page, GradientExplorer("LSTM", steps=200, hidden_size=64)) for _ in range(5)]
    print(f"\nmounted within {min(times):.0f} to {max(times):.0f} ms")
    assert min(times) <= 150
