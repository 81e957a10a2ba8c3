"""GateScope in Chromium: its arithmetic against float64 PyTorch, and what a reader can do with it."""

import base64
import copy
import itertools
import json
import re
import statistics
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from lessons_src import brackets, tracing
from lessons_src.bracket_measures import HeldOut, Landmark
from lessons_src.models import CharModel
from lessons_src.widgets.gate_scope import CLAMPS, EXAMPLES, QUANTITIES, GateScope

CELLS = ("LSTM", "GRU", "RNN")
TEXT = EXAMPLES[0][2]
HOSTILE = {
    "empty": "",
    "one character": "a",
    "unknown only": "§",
    "emoji": "😀 (👩‍👩‍👧) 🇰🇷",
    "Hangul": '한글 "문장" (그리고) 각',
    "mixed": 'A “Quote” "with\ttabs"\n\n{İstanbul ẞ K} \u0000 (caf\u0301e)',
    "example": TEXT,
}
UNDERFLOW = -290  # log10
MARKS = (Landmark("inside quotes", 5, "c", 0.9, 0.05, 0.4, -1), Landmark("depth", 2, "c", 0.8, 0.0, 0.3, 1))


def lively(cell: str = "LSTM", hidden_size: int = 12, seed: int = 0, spread: float = 1.5) -> CharModel:
    """Random weights large enough that gates open and shut."""
    torch.manual_seed(seed)
    model = CharModel(brackets.ALPHABET, brackets.CLASSES, hidden_size, cell)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, spread * hidden_size**-0.5)
    return model


# --- arithmetic -------------------------------------------------------------------------------------------------------

COMPUTE = """
({ text, clamp, at, names }) => {
  const { arithmetic: m, networkOf } = window.unrolledWidgets.gate_scope;
  const network = networkOf(window.models[0]);
  const { ids, symbols, unknown } = m.readText(network, text);
  const run = m.run(network, m.clampedWeights(network, clamp), ids);
  const traced = at === null ? null : m.traceGradient(network, run, at + m.lead(network));
  const bytes = (values) => {
    const all = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let text = "";
    for (let k = 0; k < all.length; k += 32768) text += String.fromCharCode(...all.subarray(k, k + 32768));
    return btoa(text);
  };
  const found = { probabilities: bytes(run.probabilities) };
  for (const name of names) found[name] = bytes(run.record[name]);
  if (traced) Object.assign(found, { logNormH: bytes(traced.logNormH), logNormC: bytes(traced.logNormC) });
  return { found, symbols: symbols.length, unknown, due: traced?.due.index };
}
"""


def computed(page: Page, scope: GateScope, names: tuple[str, ...] = ()) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What the shipped script computes for the settings of `scope`."""
    clamp = None
    if scope.gate != "none":
        clamp = {"gate": scope.gate, "value": scope.value, "units": None if scope.scope == "all" else [scope.unit]}
    answer = page.evaluate(
        COMPUTE, {"text": scope.text, "clamp": clamp, "at": scope.character, "names": names or QUANTITIES[scope.cell]}
    )
    arrays = {name: np.frombuffer(base64.b64decode(text)) for name, text in answer["found"].items()}
    return arrays, answer


def float64(scope: GateScope) -> GateScope:
    """The same settings on the same weights in float64, for PyTorch."""
    traits = {name: getattr(scope, name) for name in ("gate", "value", "scope", "character")}
    return GateScope(copy.deepcopy(scope.model).double(), scope.text, unit=scope.unit, **traits)


def assert_same(found: np.ndarray, expected: torch.Tensor, what: str) -> None:
    """Equal to 1e-9 relative; what cancels to less than 1e-6 is held to that on the scale of 1e-6."""
    values = expected.numpy().reshape(-1)
    assert found.shape == values.shape, what
    worst = np.max(np.abs(found - values) / np.maximum(np.abs(values), 1e-6), initial=0.0)
    assert worst <= 1e-9, f"{what}: off by {worst:.1e}"


def compare(page: Page, scope: GateScope, names: tuple[str, ...] = ()) -> None:
    found, _ = computed(page, scope, names)
    reference = float64(scope)
    record, H = reference.trace(), scope.model.recurrent.hidden_size
    C = len(scope.classes)
    for name in names or QUANTITIES[scope.cell]:
        assert_same(found[name][H:], getattr(record, name)[0], name)  # the first step is the newline
    assert_same(found["probabilities"][C:], reference.probabilities(), "probabilities")
    if scope.character is not None:
        steps = min(scope.character, len(scope.text) - 1) + 1
        with np.errstate(divide="ignore"):
            norms = {"logNormH": record.d_h_norm.log10()}
            if isinstance(record, tracing.LSTMTrace):
                norms["logNormC"] = record.d_c_norm.log10()
        for name, norm in norms.items():
            page_norm, torch_norm = found[name][1:], norm[0, :steps].numpy()
            tiny = torch_norm < UNDERFLOW  # from here on float64 loses digits, and the page does not
            assert (page_norm[tiny] < UNDERFLOW + 1).all(), name
            # a relative error of 1e-9 of the norm is one of 4e-10 in its log10
            assert np.abs(page_norm[~tiny] - torch_norm[~tiny]).max(initial=0.0) <= 4e-10, name
            assert not tiny.all() or scope.gate == "o", name


@pytest.mark.parametrize("cell", CELLS)
def test_every_gate_state_and_probability_equals_float64_pytorch(stage, cell):
    scope = GateScope(lively(cell), "x")
    page = stage.open(scope)
    for text in HOSTILE.values():
        scope.text = text
        if text:
            compare(page, scope)
        else:
            assert computed(page, scope)[1]["symbols"] == 0


@pytest.mark.parametrize("cell", CELLS)
def test_ten_thousand_characters_equal_float64_pytorch(stage, cell):
    text = (brackets.generate(7, 9_000) + "각😀" * 600)[:10_000]
    scope = GateScope(lively(cell, spread=0.7), text, character=9_999)
    compare(stage.open(GateScope(scope.model, "x")), scope, ("h",))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_every_clamp_equals_float64_pytorch(stage, cell):
    scope = GateScope(lively(cell), TEXT, unit=5, character=40)
    page = stage.open(scope)
    for gate, value, where in itertools.product(CLAMPS[cell], (0, 1), ("unit", "all")):
        scope.gate, scope.value, scope.scope = gate, value, where
        compare(page, scope)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("at", [0, 1, 30, 75])
def test_the_gradient_from_a_picked_character_equals_float64_pytorch(stage, cell, at):
    scope = GateScope(lively(cell), TEXT, character=at)
    compare(stage.open(scope), scope)


@pytest.mark.parametrize("cell", CELLS)
def test_the_shipped_models_equal_float64_pytorch(stage, cell):
    scope = GateScope(cell, TEXT, character=33)
    compare(stage.open(scope), scope)


def test_a_model_of_the_next_character_equals_float64_pytorch(stage):
    torch.manual_seed(1)
    scope = GateScope(CharModel("ABab ·", hidden_size=7, cell="GRU"), "Ab ba Cc", character=5)
    page = stage.open(scope)
    found, answer = computed(page, scope)
    record = float64(scope).trace()
    assert_same(found["h"], record.h[0], "h")  # no newline in the alphabet, so no step before the text
    assert answer["unknown"] == ["C", "c"]


@pytest.mark.parametrize("cell", CELLS)
def test_typing_anywhere_gives_the_same_as_reading_anew(stage, cell):
    """A run takes over the steps and the memory of the former one: after any edit, and when the weights change."""
    page = stage.open(GateScope(lively(cell), "x"))
    worst = page.evaluate(
        """({ text, names, gate }) => {
      const { arithmetic: m, networkOf } = window.unrolledWidgets.gate_scope;
      const network = networkOf(window.models[0]);
      const { weights } = network;
      const held = gate ? m.clampedWeights(network, { gate, value: 0, units: [2] }) : { ...weights };
      let run = null, worst = 0;
      const typed = [1, 5, 6, 20, 12, 40, 0, 3, text.length].map((end) => text.slice(0, end));
      typed.push(`${text.slice(0, 30)}[${text.slice(30)}`, `(${text}`, text, `${text.slice(0, 9)}${text.slice(12)}`);
      const edits = typed.map((edit) => [edit, weights]);
      for (const edit of typed.slice(-3)) edits.push([edit, held], [`a${edit}`, held], [edit.slice(1), weights]);
      for (const [edit, now] of edits) {
        const { ids } = m.readText(network, edit);
        run = m.run(network, now, ids, run);
        const anew = m.run(network, now, ids);
        for (const name of names) {
          if (run.record[name].length !== anew.record[name].length || !run.record[name].length) worst = Infinity;
          for (let k = 0; k < anew.record[name].length; k++)
            worst = Math.max(worst, Math.abs(run.record[name][k] - anew.record[name][k]));
        }
        if (run.probabilities.some((p, k) => p !== anew.probabilities[k])) worst = Infinity;
        if (run.record.T !== edit.length + 1) worst = Infinity;
      }
      return worst;
    }""",
        {
            "text": TEXT,
            "names": [*QUANTITIES[cell], *(["m"] if cell == "GRU" else [])],
            "gate": (*CLAMPS[cell], None)[0],
        },
    )
    assert worst == 0


def test_memory_is_used_again_while_typing_and_given_back_after_a_long_text(stage):
    page = stage.open(GateScope(lively(), "x"))
    sizes = page.evaluate(
        """(text) => {
      const { arithmetic: m, networkOf } = window.unrolledWidgets.gate_scope;
      const network = networkOf(window.models[0]);
      let run = null;
      return [text, `a${text}`, `ab${text}`, text.repeat(100), text].map((edit) => {
        const before = run?.record.h.buffer;
        run = m.run(network, network.weights, m.readText(network, edit).ids, run);
        return [run.record.h.buffer === before, run.record.h.buffer.byteLength / run.record.h.byteLength];
      });
    }""",
        TEXT,
    )
    assert [same for same, _ in sizes] == [False, False, True, False, False]
    assert max(times for _, times in sizes) < 1.3


@pytest.mark.parametrize(("cell", "gate", "where"), [("LSTM", "f", "unit"), ("GRU", "z", "all")])
def test_forgetting_breaks_the_closing_quote_on_held_out_lines(stage, cell, gate, where):
    """Measured in the browser and in Python, place by place; then the share of quotes that are still named.

    In the LSTM one unit is enough, and only the quote is lost; the shipped GRU holds the quote in several units.
    """
    held_out = HeldOut(HeldOut.lines(3).texts[:4])
    scope = GateScope(cell, scope=where)
    page = stage.open(scope)
    closers = [brackets.CLASSES.index(name) for name in brackets.CLOSING_CLASSES]
    right: dict[str, list[bool]] = {"none": [], gate: []}
    others: list[bool] = []
    for text, due in zip(held_out.texts, held_out.closing, strict=True):
        scope.text = text
        for held in right:
            scope.gate, scope.value = held, 0
            chances = computed(page, scope)[0]["probabilities"].reshape(-1, len(brackets.CLASSES))[1:, closers]
            named = chances.argmax(1)
            in_python = scope.probabilities()[:, closers].argmax(1).numpy()
            assert (named[due >= 0] == in_python[due >= 0]).all()
            right[held] += list(named[due == 3] == 3)
            if held == gate:
                others += list(named[(due >= 0) & (due < 3)] == due[(due >= 0) & (due < 3)])
    assert len(right[gate]) > 50
    assert np.mean(right["none"]) > 0.9
    assert np.mean(right[gate]) < 0.5
    assert where == "all" or np.mean(others) > 0.8


# --- what a reader sees -----------------------------------------------------------------------------------------------


def widget(page: Page, place: int = 0) -> Locator:
    return page.locator(".uw-gate-scope").nth(place)


def control(page: Page, name: str, place: int = 0) -> Locator:
    return widget(page, place).locator(f'[data-control="{name}"]')


def box_of(part: Locator) -> Any:
    """Where it is on the page."""
    box = part.bounding_box()
    assert box is not None
    return box


def drawn_range(canvas: Locator) -> tuple[int, int]:
    """The first character on a canvas, and the one behind the last."""
    first, last = canvas.evaluate("(c) => [+c.dataset.from, +c.dataset.to]")
    return first, last


def settle(page: Page) -> None:
    """Two frames: the first draws, the second is after it."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(page: Page, place: int = 0) -> str:
    """Everything that is painted, as one text."""
    settle(page)
    return widget(page, place).evaluate(
        "(root) => [...root.querySelectorAll('canvas')].filter((c) => c.offsetParent).map((c) => c.toDataURL()).join()"
    )


def row_words(page: Page) -> dict[str, str]:
    """What the grid says in the column of the picked character, row by row."""
    settle(page)
    cells = widget(page).locator('[role="gridcell"][aria-selected="true"]')
    words = [cell.get_attribute("aria-label") or "" for cell in cells.all()]
    return {text.split(". Character")[0]: text.rsplit(": ", 1)[1] for text in words}


def sentence(page: Page) -> str:
    settle(page)
    return widget(page).locator(".uw-sentence").inner_text()


def still_model(cell: str = "LSTM") -> GateScope:
    """Random weights and landmarks: what the page does must not depend on what was trained."""
    return GateScope(lively(cell), TEXT, landmarks=MARKS)


@pytest.mark.parametrize("cell", CELLS)
def test_typing_changes_every_track(stage, cell):
    page = stage.open(GateScope(lively(cell), TEXT, unit=3, character=2, gradient=True))
    before, drawn = row_words(page), picture(page)
    control(page, "text").press("Control+Home")
    control(page, "text").press_sequentially("[")
    control(page, "character").fill("2")
    after = row_words(page)
    assert before.keys() == after.keys()
    assert len(before) == len(QUANTITIES[cell]) + (4 if cell == "LSTM" else 3)
    same = [name for name in before if before[name] == after[name] and "gradient" not in name]
    assert same == []  # the gradient is 0 at the picked character, whatever the text
    assert picture(page) != drawn


def test_the_numbers_shown_are_the_rounded_true_ones(stage):
    scope = GateScope(lively(), TEXT, unit=3, character=25, gate="f", value=1)
    page = stage.open(scope)
    widget(page).locator("summary").click()
    expect(widget(page).locator("caption")).to_contain_text("character 26 of 77")
    table = (
        widget(page)
        .locator("table")
        .evaluate("(table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText))")
    )
    found = {row[0]: row[1:] for row in table}
    assert found["quantity"] == ["with the clamp", "without it"]
    held, free = float64(scope), float64(scope)
    free.gate = "none"
    held_record, free_record = held.trace(), free.trace()
    for name in QUANTITIES["LSTM"]:
        values = [float(getattr(record, name)[0, 25, 3]) for record in (held_record, free_record)]
        assert found[f"{name} of unit 3"] == [f"{value:.4f}".replace("-", "−") for value in values]
    for name, row in {"P(next is ))": 8, "P(next is quote closes)": 12}.items():
        chances = [float(s.probabilities()[25, row]) for s in (held, free)]
        assert found[name] == [f"{chance:.4f}" for chance in chances]


def test_every_control_changes_the_picture(stage):
    page = stage.open(still_model())
    seen = [picture(page)]

    def changed(what: str) -> None:
        seen.append(picture(page))
        assert seen[-1] != seen[-2], what

    control(page, "text").fill('a "b (c) d" e')
    changed("text")
    control(page, "example").select_option(label="three deep")
    changed("example")
    control(page, "unit").select_option("most responsive")
    changed("unit: most responsive")
    control(page, "unit").select_option("7")
    changed("unit: 7")
    for clamp in ("f0", "f1", "i0", "i1", "o0", "o1"):
        control(page, "clamp").select_option(clamp)
        changed(f"clamp {clamp}")
    control(page, "scope").last.check()
    changed("scope")
    control(page, "character").press("ArrowLeft")
    changed("character")
    control(page, "clamp").select_option("none")
    changed("no clamp")
    control(page, "gradient").check()
    changed("gradient")
    for quantity in QUANTITIES["LSTM"]:
        control(page, "overview").select_option(quantity)
        changed(f"overview {quantity}")
    control(page, "reset").click()
    assert picture(page) == seen[0]


def everything(page: Page) -> tuple[str, ...]:
    """What is painted, said, offered and written in the table and in the grid."""
    settle(page)
    widget(page).locator("details").evaluate("(node) => { node.open = false; node.open = true; }")  # a fresh table
    settle(page)
    parts = (".uw-sentence", "table", ".gs-unknown", ".gs-legend", "figcaption", "[data-control=clamp]")
    words = [widget(page).locator(part).inner_text() for part in parts]
    cells = (
        widget(page)
        .locator('[role="gridcell"]')
        .evaluate_all(
            "(cells) => cells.map((c) => c.hidden || `${c.ariaColIndex} ${c.ariaLabel} ${c.ariaSelected}`).join()"
        )
    )
    return picture(page), cells, *words


def test_what_was_shown_before_leaves_no_trace(stage):
    """After each of many changes, all is as on a page that never showed anything else."""
    page = stage.open(still_model())
    start = everything(page)

    def same(what: str, text: str, **traits: Any) -> None:
        fresh = stage.open(GateScope(lively(), text, landmarks=MARKS, **traits))
        assert everything(page) == everything(fresh), what

    control(page, "text").fill(f"{TEXT[:30]}[{TEXT[30:]}")
    control(page, "clamp").select_option("f0")
    middle = f"{TEXT[:50]}()§{TEXT[50:]}"
    control(page, "text").fill(middle)
    same("typed in the middle under a clamp", middle, gate="f")
    control(page, "unit").select_option("7")
    settle(page)
    control(page, "text").fill(f"x{middle}")
    same("another unit", f"x{middle}", gate="f", unit=7)
    control(page, "scope").last.check()
    control(page, "clamp").select_option("o1")
    settle(page)
    control(page, "text").fill(middle[:20])
    control(page, "overview").select_option("c")
    same("everywhere, and shorter", middle[:20], gate="o", value=1, unit=7, scope="all", overview="c")
    control(page, "text").fill("")
    control(page, "clamp").select_option("none")
    control(page, "overview").select_option("none")
    settle(page)
    control(page, "text").fill(TEXT[:40])
    same("after no text, without a clamp", TEXT[:40], unit=7, scope="all", value=1)
    control(page, "reset").click()
    assert everything(page) == start


PIXELS = """
(canvas, points) => {
  const scale = canvas.width / canvas.clientWidth;
  return points.map(([x, y]) => [...canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data].slice(0, 3));
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cells_have_the_colours_of_the_legend(stage, theme):
    """On the shipped model: orange inside the quote, blue outside, a shut gate dark, an open one yellow, else paper."""
    page = stage.open(GateScope(text=TEXT, character=0), theme=theme)
    settle(page)
    canvas = widget(page).locator(".gs-line canvas").first
    cell = box_of(canvas)["width"] / drawn_range(canvas)[1]
    inside, outside = TEXT.index("hello") + 3, TEXT.index("cat")

    def colour(row: int, at: int, down: float) -> list[int]:
        label = widget(page).locator(".gs-line").first.locator(".gs-label:not(.gs-was)").nth(row)
        top = box_of(label)["y"] - box_of(canvas)["y"]
        (found,) = canvas.evaluate(PIXELS, [[(at + 0.08) * cell, top + down]])
        return found

    ramp = widget(page).locator(".gs-ramp")
    value, gate = [ramp.nth(at).evaluate("(node) => getComputedStyle(node).backgroundImage") for at in (1, 0)]
    middle = "rgb(34, 39, 46)" if theme == "dark" else "rgb(246, 246, 246)"
    assert value == f"linear-gradient(to right, rgb(26, 95, 180), {middle}, rgb(217, 95, 2))"
    assert re.findall(r"rgb\(.*?\)", gate)[::8] == ["rgb(68, 1, 84)", "rgb(253, 231, 37)"]
    red, _, blue = colour(0, inside, 8)
    assert red > blue + 50
    red, _, blue = colour(0, outside, 8)
    assert blue > red + 50
    paper = [
        int(part) for part in re.findall(r"\d+", widget(page).evaluate("(r) => getComputedStyle(r).backgroundColor"))
    ]
    for row in (6, 7):  # h is near 0 there, and no closer is due
        assert max(abs(a - b) for a, b in zip(colour(row, outside, 4), paper, strict=True)) < 40, row
    control(page, "clamp").select_option("f0")
    settle(page)
    assert colour(2, inside, 3) == [68, 1, 84]
    control(page, "clamp").select_option("f1")
    settle(page)
    assert colour(2, inside, 12) == [253, 231, 37]


@pytest.mark.parametrize("ratio", [1, 1.5])
def test_the_line_in_a_cell_is_as_high_as_the_value_and_bars_show_the_sign(stage, ratio):
    """Looked up in the pixels, from the top of a cell to its floor."""
    scope = GateScope(lively(), TEXT[:40], unit=3, character=0)
    page = stage.open(scope, device_scale_factor=ratio)
    settle(page)
    canvas = widget(page).locator(".gs-line canvas").first
    cells = range(3, drawn_range(canvas)[1], 5)
    width = box_of(canvas)["width"] / drawn_range(canvas)[1]
    labels = widget(page).locator(".gs-line").first.locator(".gs-label")
    scope.character = None
    record = float64(scope).trace()
    assert isinstance(record, tracing.LSTMTrace)

    def columns(row: int, tall: int) -> np.ndarray:
        """The colours of the cells of a row, four times a pixel: (cells, 4 tall, 3)."""
        top = box_of(labels.nth(row))["y"] - box_of(canvas)["y"]
        points = [[(at + 0.1) * width, top + k / 4] for at in cells for k in range(4 * tall)]
        return np.array(canvas.evaluate(PIXELS, points)).reshape(len(cells), -1, 3)

    for row, name in enumerate(QUANTITIES["LSTM"], 1):
        values = getattr(record, name)[0, :, 3].numpy()
        shades = values / max(1.0, abs(values).max() if name == "c" else 1.0)
        for at, found in zip(cells, columns(row, 20), strict=True):
            level = (shades[at] + 1) / 2 if name in "gch" else shades[at]
            other = abs(found - np.median(found, axis=0)).max(1) > 60
            assert abs(np.flatnonzero(other).mean() / 4 - (18 - 16 * level)) < 1, (name, at)
    shades = record.c[0, :, 3].numpy() / abs(record.c[0, :, 3].numpy()).max()
    for at, found in zip(cells, columns(0, 28), strict=True):
        barred = [list(found[2]) == [107, 44, 0], list(found[-2]) == [11, 47, 102]]
        assert barred == [shades[at] > 0.15, shades[at] < -0.15], at


def test_a_clamp_shows_what_was_beside_what_is(stage):
    page = stage.open(still_model())
    lines = widget(page).locator(".gs-line").first
    height = box_of(lines)["height"]
    control(page, "clamp").select_option("f0")
    settle(page)
    assert box_of(lines)["height"] > height
    expect(widget(page).locator(".gs-was").first).to_have_text("without the clamp")


def test_muting_everywhere_is_called_muting(stage):
    page = stage.open(still_model())
    control(page, "clamp").select_option("o0")
    control(page, "scope").last.check()
    settle(page)
    options = control(page, "clamp").locator("option").all_inner_texts()
    assert [text[:12] for text in options if "mute" in text] == ["i = 0: mute ", "o = 0: mute "]
    assert not any("forget" in text for text in options if text[0] in "io")
    control(page, "gradient").check()
    assert "no gradient reaches c" in sentence(page)


def test_the_sentence_says_what_the_clamp_costs(stage):
    scope = GateScope()
    page = stage.open(scope)
    control(page, "clamp").select_option("f0")
    words = sentence(page)
    found = re.search(r'\(character (\d+)\).*the closer " there with P\s=\s(\.\d\d); now (< \.01|\.\d\d)\.$', words)
    assert found, words
    step = int(found[1]) - 1
    closes = brackets.CLASSES.index(brackets.QUOTE_CLOSES)
    reference = float64(scope)
    free = float(reference.probabilities()[step, closes])
    reference.gate = "f"
    held = float(reference.probabilities()[step, closes])
    assert found[2] == f"{free:.2f}"[1:]
    assert found[3] == ("< .01" if held < 0.005 else f"{held:.2f}"[1:])
    assert held < 0.3 * free

    control(page, "character").fill("37")
    assert re.search(r'the model gives the closer " P\s<\s\.01; now < \.01\.$', sentence(page)), sentence(page)


def test_without_gates_no_clamp_is_offered(stage):
    page = stage.open(still_model("RNN"))
    assert control(page, "clamp").count() == 0
    expect(widget(page).locator(".uw-question")).to_contain_text("no gates")


def test_the_legend_speaks_of_the_gradient_while_it_is_traced(stage):
    page = stage.open(still_model())
    legend = widget(page).locator(".gs-legend span", has_text="gradient")
    expect(legend).to_be_hidden()
    control(page, "gradient").check()
    expect(legend).to_be_visible()


LETTERS = """
(cut) => {
  const canvas = document.querySelector(".gs-line canvas");
  const seen = [], write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    seen.push(text);
    write.call(this, text, x, y);
  };
  if (cut) {
    delete CanvasRenderingContext2D.prototype.letterSpacing;
    for (const other of document.querySelectorAll(".gs-line canvas")) other.width += 1; // forgets its own spacing
  }
  document.documentElement.dataset.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    CanvasRenderingContext2D.prototype.fillText = write;
    done([seen, canvas.toDataURL()]);
  })));
}
"""


def test_letters_written_in_one_go_lie_where_single_ones_do(stage):
    """A browser without `letterSpacing` writes each alone, as all do with letters that may be wider."""
    torch.manual_seed(0)
    model = CharModel('abdefinw 한글(){}"·', hidden_size=7)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 1.5)  # cells so dark that the ink is white, and so light that it is black
    scope = GateScope(model, 'wide 한글 and {fine} (in) 한 "end"', gate="f", character=3)
    page = stage.open(scope, theme="dark")
    settle(page)
    together, painted = page.evaluate(LETTERS, False)
    page.evaluate(LETTERS, False)
    alone, same = page.evaluate(LETTERS, True)
    assert max(map(len, together)) > 20
    assert set(scope.text) <= set("".join(together))
    assert max(map(len, alone)) <= 2
    assert same == painted


def test_unknown_characters_are_named(stage):
    page = stage.open(still_model())
    note = widget(page).locator(".gs-unknown")
    expect(note).to_be_hidden()
    control(page, "text").fill("Ab “한” 😀")
    expect(note).to_have_text(
        "The model does not know “ (U+201C), 한 (U+D55C), ” (U+201D), 😀 (U+1F600): it reads “·” there."
    )
    assert page.evaluate("models[0].get('text')") == "Ab “한” 😀"


def test_no_text_is_a_state_and_not_an_error(stage):
    page = stage.open(still_model())
    control(page, "text").fill("")
    expect(widget(page).locator(".gs-empty")).to_have_text("No text yet: type something above, or choose an example.")
    control(page, "clamp").select_option("f0")
    control(page, "gradient").check()
    control(page, "overview").select_option("c")
    widget(page).locator("summary").click()
    expect(control(page, "character")).to_be_disabled()
    control(page, "text").fill("a")
    expect(widget(page).locator(".gs-empty")).to_be_hidden()
    assert picture(page)


def test_a_click_picks_the_character_under_it(stage):
    page = stage.open(still_model())
    canvas = widget(page).locator(".gs-line canvas").nth(1)
    box, (first, last) = box_of(canvas), drawn_range(canvas)
    canvas.click(position={"x": box["width"] * 4.5 / (last - first), "y": 5.0})
    assert page.evaluate("models[0].get('character')") == first + 4
    assert f"(character {first + 5})" in sentence(page)


def test_the_overview_has_a_pixel_for_each_unit_and_character(stage):
    scope = GateScope(lively(), TEXT, overview="h")
    page = stage.open(scope)
    settle(page)
    found = (
        widget(page)
        .locator(".gs-map canvas")
        .evaluate("(c) => [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]")
    )
    h = float64(scope).trace().h[0].T.numpy()
    assert found[:2] == list(h.shape)
    red, _, blue, alpha = np.array(found[2]).reshape(*h.shape, 4).transpose(2, 0, 1)
    clear = abs(h) > 0.05
    assert clear.mean() > 0.5
    assert ((red > blue) == (h > 0))[clear].all()
    assert (alpha == 255).all()


def test_a_pick_behind_the_end_is_the_last_character(stage):
    page = stage.open(GateScope(lively(), "short", character=5000))
    assert "(character 5)" in sentence(page)


def test_a_click_in_the_overview_picks_a_unit(stage):
    page = stage.open(GateScope(lively(), TEXT, overview="c"))
    settle(page)
    box = box_of(widget(page).locator(".gs-map-frame"))
    widget(page).locator(".gs-map-frame").click(position={"x": box["width"] / 2, "y": box["height"] * 7.5 / 12})
    assert page.evaluate("models[0].get('unit')") == 7
    assert page.evaluate("models[0].get('character')") == 38


# --- keyboard, screen reader, small screens ---------------------------------------------------------------------------


def test_everything_can_be_done_by_keyboard(stage):
    page = stage.open(still_model())
    page.keyboard.press("Tab")
    visited = []
    while "copy-link" not in visited:
        visited.append(
            page.evaluate(
                "() => { const a = document.activeElement;"
                " return a.dataset.control ?? a.getAttribute('role') ?? a.tagName; }"
            )
        )
        page.keyboard.press("Tab")
    wanted = ["text", "example", "unit", "clamp", "character", "gradient", "overview", "gridcell", "SUMMARY", "reset"]
    assert [name for name in visited if name in wanted] == wanted, visited
    control(page, "clamp").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("models[0].get('gate')") == "f"
    settle(page)  # where a gate is held can be chosen from the next frame on
    control(page, "scope").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("models[0].get('scope')") == "all"


def test_the_grid_is_one_tab_stop_and_arrows_move_in_it(stage):
    page = stage.open(GateScope(lively(), TEXT, character=10))
    settle(page)
    assert widget(page).locator('[role="gridcell"][tabindex="0"]').count() == 1
    widget(page).locator('[role="gridcell"][tabindex="0"]').focus()

    def at() -> tuple[int, int]:
        settle(page)
        focus = "document.activeElement"
        row = page.evaluate(f"+{focus}.parentElement.getAttribute('aria-rowindex')")
        column = page.evaluate(f"+{focus}.getAttribute('aria-colindex')")
        assert page.evaluate(f"{focus}.getAttribute('aria-selected')") == "true"
        assert page.evaluate("models[0].get('character')") == column - 1
        return row, column

    keys = {
        "ArrowRight": (1, 12), "ArrowDown": (2, 12), "ArrowLeft": (2, 11), "Home": (2, 1), "End": (2, len(TEXT)),
        "PageUp": None, "ArrowUp": None,
    }  # fmt: skip
    for key, expected in keys.items():
        page.keyboard.press(key)
        assert at() == (expected or at())
    for _ in range(12):
        page.keyboard.press("ArrowUp")
    assert at()[0] == 1
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert at() == (1, len(TEXT))


@pytest.mark.parametrize(("key", "neighbour"), [("ArrowRight", 2), ("ArrowLeft", 0)])
def test_the_focus_goes_to_the_node_of_the_neighbour_so_that_it_is_read_out(stage, key, neighbour):
    page = stage.open(GateScope(lively(), TEXT, character=10))
    settle(page)
    widget(page).locator('[role="gridcell"][tabindex="0"]').focus()
    page.evaluate(
        "(at) => { window.next = document.activeElement.parentElement.querySelectorAll('[role=gridcell]')[at]; }",
        neighbour,
    )
    page.keyboard.press(key)
    settle(page)
    assert page.evaluate("document.activeElement === window.next")


def test_the_focused_cell_lies_on_the_painted_one(stage):
    page = stage.open(GateScope(lively(), TEXT, character=60))
    settle(page)
    cell = box_of(widget(page).locator('[role="gridcell"][tabindex="0"]'))
    canvas = widget(page).locator(".gs-line canvas").nth(1)
    box, (first, last) = box_of(canvas), drawn_range(canvas)
    width = box["width"] / (last - first)
    assert abs(cell["x"] - (box["x"] + (60 - first) * width)) < 1.5
    assert abs(cell["y"] - box["y"]) < 1.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 375])
def test_axe_finds_nothing(stage, theme, width):
    from axe_core_python.sync_playwright import Axe

    page = stage.open(GateScope(lively(), TEXT, landmarks=MARKS, gate="f", gradient=True, overview="c", character=9),
                      theme=theme, viewport={"width": width, "height": 900})  # fmt: skip
    settle(page)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["id"] != "document-title"] == []


def test_at_375_pixels_nothing_scrolls_sideways(stage):
    page = stage.open(still_model(), viewport={"width": 375, "height": 800})
    for clamp, overview in (("none", "none"), ("f0", "c")):
        control(page, "clamp").select_option(clamp)
        control(page, "overview").select_option(overview)
        control(page, "gradient").check()
        widget(page).locator("details").evaluate("(node) => { node.open = true; }")
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    canvas = widget(page).locator(".gs-line canvas").first
    assert box_of(canvas)["x"] + box_of(canvas)["width"] <= 375


def test_targets_are_at_least_24_pixels(stage):
    page = stage.open(still_model())
    settle(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input, summary")].filter((node) => {
          const box = node.getBoundingClientRect();
          return node.offsetParent && (box.height < 24 || box.width < 24) && !node.closest("label")?.offsetHeight >= 24;
        }).map((node) => node.outerHTML)"""
    )
    assert small == []


def test_a_change_of_theme_repaints(stage):
    page = stage.open(still_model())
    before = picture(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert picture(page) != before


def test_a_narrower_page_wraps_sooner(stage):
    page = stage.open(still_model())
    settle(page)
    lines = widget(page).locator(".gs-line").count()
    page.set_viewport_size({"width": 420, "height": 800})
    expect(widget(page).locator(".gs-line")).not_to_have_count(lines)


# --- instances, links, Python -----------------------------------------------------------------------------------------


def test_instances_are_independent(stage):
    page = stage.open(still_model(), still_model("GRU"))
    second = picture(page, 1)
    control(page, "text", 0).fill("only the first")
    control(page, "clamp", 0).select_option("f1")
    assert picture(page, 1) == second
    first = picture(page, 0)
    control(page, "clamp", 1).select_option("z0")
    control(page, "text", 1).fill("only the second")
    assert picture(page, 0) == first
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_a_link_carries_every_setting(stage):
    page = stage.open(still_model())
    text = 'she said "50% & more; a:b=c#d" {한}'
    control(page, "text").fill(text)
    control(page, "unit").select_option("most responsive")
    control(page, "clamp").select_option("o1")
    control(page, "scope").last.check()
    control(page, "character").fill("6")
    control(page, "gradient").check()
    control(page, "overview").select_option("h")
    drawn = picture(page)
    control(page, "copy-link").click()
    page.wait_for_function("location.hash.length > 10")
    fragment = page.evaluate("location.hash")
    again = stage.open(still_model(), fragment=fragment)
    names = ("text", "unit", "gate", "value", "scope", "character", "gradient", "overview")
    settings = [again.evaluate(f"models[0].get({json.dumps(name)})") for name in names]
    assert settings == [text, "most responsive", "o", 1, "all", 6, True, "h"]
    assert picture(again) == drawn
    control(again, "reset").click()
    assert again.evaluate("models[0].get('text')") == TEXT
    assert again.evaluate("models[0].get('character')") is None


def test_python_and_page_follow_each_other(stage):
    page = stage.open(still_model())
    before = picture(page)
    page.evaluate("models[0].set('text', 'set (from) Python')")
    expect(control(page, "text")).to_have_value("set (from) Python")
    assert picture(page) != before
    for trait, value in {"unit": 4, "gate": "i", "value": 1, "scope": "all", "character": 3, "gradient": True}.items():
        drawn = picture(page)
        page.evaluate(f"models[0].set({json.dumps(trait)}, {json.dumps(value)})")
        assert picture(page) != drawn or trait == "value", trait
    assert control(page, "clamp").input_value() == "i1"
    page.evaluate("models[0].saved.length = 0")
    control(page, "clamp").select_option("f0")
    assert {"gate", "value"} <= set(page.evaluate("models[0].saved"))


def test_what_is_removed_lets_go_of_the_model(stage):
    page = stage.open(still_model())
    page.evaluate("window.ends[0]()")
    assert page.evaluate("models[0].listening()") == 0
    assert page.locator(".uw").count() == 0


# --- long texts and speed ---------------------------------------------------------------------------------------------


def test_a_window_moves_over_ten_thousand_characters(stage):
    text = brackets.generate(11, 10_000)[:10_000]
    page = stage.open(GateScope(lively(hidden_size=32), text, landmarks=MARKS))
    mover = widget(page).locator(".gs-mover input")
    expect(mover).to_be_visible()
    control(page, "character").fill("0")
    before = picture(page)
    mover.press("End")
    assert picture(page) != before
    assert drawn_range(widget(page).locator(".gs-line canvas").last)[1] == 10_000
    control(page, "character").fill("5000")
    settle(page)
    shown = [drawn_range(canvas) for canvas in widget(page).locator(".gs-line canvas").all()]
    assert any(first <= 5000 < last for first, last in shown)
    assert sum(last - first for first, last in shown) <= 240


LATENCY = """
async ({ edits }) => {
  const box = document.querySelector('[data-control="text"]');
  const times = [];
  const frame = () => new Promise(requestAnimationFrame);
  const task = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  for (const edit of edits) {
    await frame(); await task(); await new Promise((done) => setTimeout(done, 30));
    const start = performance.now();
    box.value = edit;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await frame(); await task();  // the frame draws; the task after it runs when that frame was laid out and painted
    times.push(performance.now() - start);
  }
  return times;
}
"""


def test_input_to_paint_is_within_the_budget(stage):
    """T = 200, H = 64, with a clamp, so both runs are made; edits at the start, so nothing can be reused."""
    text = brackets.generate(5, 300).replace("\n", " ")[:199]
    page = stage.open(GateScope(lively(hidden_size=64), text, gate="f", unit=1, landmarks=MARKS[:1]))
    edits = [chr(97 + k % 26) + text for k in range(30)]
    # Each edit is made three times and its best time counts: what else the machine does only adds time.
    rounds = [page.evaluate(LATENCY, {"edits": edits})[5:] for _ in range(3)]
    times = sorted(map(min, zip(*rounds, strict=True)))
    p95 = times[int(0.95 * len(times))]
    print(f"input to paint: median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms")
    assert p95 <= 50


def test_mounting_is_within_the_budget(stage):
    page = stage.open(GateScope(), GateScope())
    times = page.evaluate("""async () => {
      const times = [];
      for (let k = 0; k < 8; k++) {
        const el = document.body.appendChild(document.createElement("div"));
        const start = performance.now();
        window.unrolledWidgets.gate_scope.render({ model: window.models[k % 2], el });
        times.push(performance.now() - start);
        await new Promise((done) => setTimeout(done, 50));
      }
      return times;
    }""")
    print(f"mount: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms")
    assert min(times) <= 150


def test_ten_thousand_characters_stay_usable(stage):
    text = brackets.generate(5, 10_000)[:9_990]
    page = stage.open(GateScope(lively(hidden_size=32), text, gate="f", unit=1))
    at_end = page.evaluate(LATENCY, {"edits": [text + "abcdefgh"[:k] for k in range(1, 9)]})
    at_start = page.evaluate(LATENCY, {"edits": [letter + text for letter in "abcdefgh"]})
    end, start = statistics.median(at_end), statistics.median(at_start)
    print(f"10,000 characters: typing at the end {end:.0f} ms, at the start {start:.0f} ms")
    assert min(at_end) <= 100
    assert min(at_start) <= 1000
