"""BackpropStepper in Chromium: each of its terms is autograd's, and a reader can do all that it offers."""

import inspect
import re
from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser, Page

from lessons_src import backprop, unroll
from lessons_src.widgets import BackpropStepper
from lessons_src.widgets.base import BUNDLES
from tests.bptt_reference import terms
from tests.browser.harness import (
    Stage,
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
from tests.test_bptt_widgets import STEPPERS, settings_of

KINDS = ("meet", "tanh", "W_hh", "W_ih", "b", "past")

# What the reader sees, click by click, of the example in the chapter: title, numbers, what nudging finds.
PAPER = [
    ("The forward pass is done", "L = 0.125 + 0.5 = 0.625", []),
    ("Step 3: out of the loss", "0.8 − (−0.2) = 1", ["1"]),
    ("Step 3: what arrives at h3", "1 + 0 = 1", ["1"]),
    ("Step 3: through the tanh", "(1 − 0.82) · 1 = 0.36 · 1 = 0.36", ["0.36"]),
    ("Step 3: into Whh", "0.36 · 0.6 = 0.216", ["0.216"]),
    ("Step 3: into Wih", "0.36 · 0.7986 = 0.2875", ["0.2875"]),
    ("Step 3: into b", "0.36 · 1 = 0.36", ["0.36"]),
    ("Step 3: back into h2", "0.5 · 0.36 = 0.18", ["0.18"]),
    ("Step 2: out of the loss", "0.6 − 0.1 = 0.5", ["0.5"]),
    ("Step 2: two gradients meet at h2", "0.5 + 0.18 = 0.68", ["0.68"]),
    ("Step 2: through the tanh", "(1 − 0.62) · 0.68 = 0.64 · 0.68 = 0.4352", ["0.4352"]),
    ("Step 2: into Whh", "0.4352 · 0.5 = 0.2176", ["0.2176"]),
    ("Step 2: into Wih", "0.4352 · 0.4431 = 0.1929", ["0.1929"]),
    ("Step 2: into b", "0.4352 · 1 = 0.4352", ["0.4352"]),
    ("Step 2: back into h1", "0.5 · 0.4352 = 0.2176", ["0.2176"]),
    ("Step 1: what arrives at h1", "0 + 0.2176 = 0.2176", ["0.2176"]),
    ("Step 1: through the tanh", "(1 − 0.52) · 0.2176 = 0.75 · 0.2176 = 0.1632", ["0.1632"]),
    ("Step 1: into Whh", "0.1632 · 0 = 0", ["0"]),
    ("Step 1: into Wih", "0.1632 · 0.5493 = 0.0896", ["0.0896"]),
    ("Step 1: into b", "0.1632 · 1 = 0.1632", ["0.1632"]),
    ("Step 1: back into h0", "0.5 · 0.1632 = 0.0816", ["0.0816"]),
    ("The sum over all steps", "0.216 + 0.2176 + 0 = 0.4336", ["0.4336"]),
]

# --------------------------------------------------------------------------------------------------- against autograd

COMPUTE = """(settings) => {
  const { createPass, stagesOf } = unrolledWidgets.backprop_stepper.arithmetic;
  const pass = createPass(settings), { T, H } = settings;
  const plain = (values) => [...values];
  const nudged = {};
  for (const { t, kind } of stagesOf(T, settings.losses)) {
    if (kind === "check") continue;
    const count = kind === "W_hh" ? H * H : H;
    nudged[kind + t] = Array.from({ length: count }, (_, k) => pass.nudged(kind, t, k));
  }
  const all = (kind, count) => Array.from({ length: count }, (_, k) => [pass.sum(kind, k), pass.nudgedAll(kind, k)]);
  return {
    loss: pass.loss, h: plain(pass.h), dH: plain(pass.dH), dA: plain(pass.dA), fromNext: plain(pass.fromNext),
    direct: plain(pass.direct), nudged, stages: stagesOf(T, settings.losses).map(({ t, kind }) => kind + t),
    parts: Object.fromEntries(Object.entries(pass.parts).map(([name, values]) => [name, plain(values)])),
    sums: { W_hh: all("W_hh", H * H), W_ih: all("W_ih", H), b: all("b", H) },
  };
}"""


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """One page for tests that only ask for the arithmetic."""
    yield from alone(browser, BackpropStepper())


@pytest.mark.parametrize("stepper", STEPPERS, ids=repr)
def test_every_term_is_autograds_and_nudging_agrees(arithmetic: Page, stepper: BackpropStepper) -> None:
    settings = settings_of(stepper)
    found, expected = arithmetic.evaluate(COMPUTE, settings), terms(settings)
    size = stepper.hidden_size

    def same(values: list[float], wanted: torch.Tensor) -> None:
        assert values == pytest.approx(wanted.flatten().tolist(), rel=1e-12, abs=1e-13)

    assert found["loss"] == pytest.approx(expected.loss, rel=1e-12)
    same(found["h"], expected.h)
    same(found["dH"], expected.d_h)
    same(found["dA"], expected.d_a)
    same(found["fromNext"][: -size or None], expected.into_past)
    assert found["fromNext"][-size:] == [0] * size
    for name in ("W_hh", "W_ih", "b"):
        each: torch.Tensor = getattr(expected, name)
        same(found["parts"][name], each)
        same([total for total, _ in found["sums"][name]], each.sum(0))
        assert [n for _, n in found["sums"][name]] == pytest.approx(each.sum(0).flatten().tolist(), rel=1e-6, abs=1e-7)
    by_kind = {"meet": expected.d_h, "tanh": expected.d_a, "past": expected.into_past} | {
        name: getattr(expected, name) for name in ("W_hh", "W_ih", "b")
    }
    for t in range(1, stepper.steps + 1):
        for kind, values in by_kind.items():
            wanted = values[t - 1].flatten().tolist()
            assert found["nudged"][f"{kind}{t}"] == pytest.approx(wanted, rel=1e-6, abs=1e-7), (kind, t)
        if t in settings["losses"]:
            direct = found["direct"][(t - 1) * size : t * size]
            assert found["nudged"][f"loss{t}"] == pytest.approx(direct, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("losses", [[2, 3], [], [1, 2, 3]])
def test_terms_come_in_the_order_in_which_they_can_be_computed(arithmetic: Page, losses: list[int]) -> None:
    found = arithmetic.evaluate(COMPUTE, settings_of(BackpropStepper(losses=losses)))["stages"]
    expected = [f"{kind}{t}" for t in (3, 2, 1) for kind in ("loss", *KINDS) if kind != "loss" or t in losses]
    assert found == [*expected, "check0"]


# ------------------------------------------------------------------------------------------------------ what is shown


def press(page: Page, name: str, times: int = 1) -> None:
    for _ in range(times):
        control(page, name).press("Enter")
    settle(page, 0)


READ = """() => {
  const text = (css) => document.querySelector(css).textContent;
  const all = (css) => [...document.querySelectorAll(css)];
  const check = document.querySelector(".bp-term dd:last-child");
  return {
    title: text(".bp-title"), symbols: text(".bp-symbols"), numbers: text(".bp-numbers"),
    code: all(".bp-term code").map((node) => node.textContent),
    checked: check.querySelector("b")?.textContent.split(" and ") ?? [], verdict: check.lastChild.textContent,
    gradients: Object.fromEntries(all("[data-gradient]").map((node) => [node.dataset.gradient, node.textContent])),
    back: all(".bp-back[data-edge]").map((node) => node.dataset.edge), rings: all(".bp-ring").length,
    now: all(".bp-gradient.bp-now").map((node) => node.dataset.gradient),
    drops: all(".bp-graph .bp-back:not([data-edge])").length,
    rows: all(".bp-sums tbody tr").map((row) => [...row.cells].slice(0, 4).map((cell) => cell.textContent)),
    foot: all(".bp-sums tfoot tr").map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent)),
    bars: all(".bp-sums :is(tbody, tfoot) .bp-bars").map((cell) => {
      const bar = cell.querySelector(".bp-bar"); if (!bar) return null;
      const { left, width } = cell.getBoundingClientRect(), box = bar.getBoundingClientRect();
      return [(box.left - left) / width, (box.right - left) / width]; }),
    sentence: text(".uw-sentence"), count: text(".bp-count"),
  };
}"""


def test_the_example_on_paper_click_by_click(stage: Stage) -> None:
    page = stage.open(BackpropStepper())
    sources = re.sub(r"\s+", " ", inspect.getsource(backprop) + inspect.getsource(unroll))
    seen: set[str] = set()
    computed: list[str] = []
    for position, (title, numbers, checked) in enumerate(PAPER):
        if position:
            press(page, "step-back")
        found = page.evaluate(READ)
        assert (found["title"], found["numbers"], found["checked"]) == (title, numbers, checked)
        assert found["count"] == f"term {position} of 21"
        assert found["verdict"] == ("✓ the same" if position else found["verdict"])
        lines = [line for line in found["code"] if not line.startswith("#")]
        assert lines
        assert all(line in sources for line in lines), lines
        seen |= set(lines)
        order = [f"{kind}-{t}" for t in (3, 2, 1) for kind in ("loss", *KINDS) if (kind, t) != ("loss", 1)]
        computed = order[: min(position, 20)]
        assert sorted(found["gradients"]) == sorted(found["back"]) == sorted(computed)
        current = [order[position - 1]] if 0 < position < 21 else []
        assert found["now"] == current
        assert found["rings"] == len(current) * (2 if "tanh" in "".join(current) else 1)
        assert found["drops"] == sum(name.startswith("W_hh") for name in computed)
    assert len(seen) == 8
    shown = {name: words.split(" = ")[-1] for name, words in found["gradients"].items()}
    assert shown == {name: numbers.split(" = ")[-1] for name, (_, numbers, _) in zip(order, PAPER[1:], strict=False)}
    assert found["sentence"].endswith("with no backward pass, gives 0.4336.")


def test_symbols_name_what_is_multiplied(stage: Stage) -> None:
    page = stage.open(BackpropStepper(position=9), BackpropStepper(hidden_size=2, unit=2, position=15))
    symbols = page.locator(".bp-symbols")

    def shown(at: int) -> str:
        return symbols.nth(at).inner_text().replace("\u2060", "")

    assert shown(0) == "∂L/∂h2 = (h2 − y2) + Whh ∂L/∂a3"
    assert shown(1) == "∂L/∂h1[2] = 0 + (Whh⊤)[2] ∂L/∂a2"
    for position, words in {
        10: "∂L/∂a2 = (1 − h22) · ∂L/∂h2",
        11: "step 2’s part of ∂L/∂Whh = ∂L/∂a2 · h1",
        12: "step 2’s part of ∂L/∂Wih = ∂L/∂a2 · x2",
        14: "into h1: Whh ∂L/∂a2",
        21: "∂L/∂Whh = Σt ∂L/∂at · ht−1",
    }.items():
        page.evaluate("(position) => models[0].set('position', position)", position)
        settle(page, 0)
        assert shown(0) == words


def test_two_units_are_multiplied_by_the_transposed_weight(stage: Stage) -> None:
    stepper = BackpropStepper(hidden_size=2, unit=1, position=7)
    page = stage.open(stepper)
    d_a = stepper.gradients.d_a[2, 0].tolist()
    value = stepper.weight_hh[0][0] * d_a[0] + stepper.weight_hh[1][0] * d_a[1]
    numbers = page.locator(".bp-numbers").inner_text()
    assert numbers == f"0.5 · {brief(d_a[0])} + 0.4 · {brief(d_a[1])} = {brief(value)}".replace("· −", "· (−").replace(
        " =", ") =" if d_a[1] < 0 else " ="
    )
    assert page.locator(".bp-sums table").count() == 2
    assert page.locator(".bp-sums caption b").all_inner_texts() == ["Whh[1,1]", "Whh[1,2]"]


def brief(x: float) -> str:
    return f"{x:.4f}".rstrip("0").rstrip(".").replace("-", "−")


def test_bars_begin_where_the_one_before_ended_and_stack_to_the_total(stage: Stage) -> None:
    for stepper in (BackpropStepper(position=21), BackpropStepper(5, 2, losses=[1, 2, 5])):
        stepper.position = 7 * stepper.steps + 1
        page = stage.open(stepper)
        found = page.evaluate(READ)
        columns = stepper.contributions()[:, 0].flip(0).T.tolist()
        rows = stepper.steps + 2
        for k, parts in enumerate(columns):
            ends = [sum(parts[: n + 1]) for n in range(len(parts))]
            low, high = min(0, *ends), max(0, *ends)
            share = [(end - low) / (high - low) for end in [0, *ends]]
            bars = found["bars"][k * rows : (k + 1) * rows]
            for part, begin, end, bar in zip(parts, share, share[1:], bars, strict=False):
                assert (bar is None) == (part == 0)
                assert bar is None or bar == pytest.approx(sorted([begin, end]), abs=0.02)
            total = sorted([share[0], share[-1]])
            assert bars[-2] == pytest.approx(total, abs=0.02)
            assert bars[-1] == pytest.approx(total, abs=0.02)
            assert found["foot"][2 * k][1] == found["foot"][2 * k + 1][1]
            assert float(found["foot"][2 * k][1].replace("−", "-")) == pytest.approx(ends[-1], abs=5e-5)


@pytest.mark.parametrize(("weight", "factors"), [("W_ih", ["0.7986", "0.4431", "0.5493"]), ("b", ["1", "1", "1"])])
def test_the_other_weights_add_up_too(stage: Stage, weight: str, factors: list[str]) -> None:
    stepper = BackpropStepper(weight=weight, position=21)
    page = stage.open(stepper)
    found = page.evaluate(READ)
    assert [row[2] for row in found["rows"]] == factors
    assert [row[3] for row in found["rows"]] == [
        brief(x) for x in stepper.contributions(weight).flatten().tolist()[::-1]
    ]
    total = brief(float(stepper.contributions(weight).sum()))
    assert found["foot"] == [["sum of all steps", total], ["by nudging the weight", total]]
    assert found["numbers"].endswith(f" = {total}")


def test_rows_fill_as_the_terms_are_computed(stage: Stage) -> None:
    page = stage.open(BackpropStepper(position=10))
    found = page.evaluate(READ)
    assert found["rows"] == [["3", "0.36", "0.6", "0.216"], ["2", "0.4352", "0.5", "·"], ["1", "·", "0", "·"]]
    assert found["foot"] == [["sum so far", "0.216"]]
    press(page, "step-back")
    assert page.evaluate(READ)["foot"] == [["sum so far", "0.4336"]]


def test_one_loss_more_changes_the_steps_up_to_it_and_no_other(stage: Stage) -> None:
    page = stage.open(BackpropStepper(position=21))
    before = {row[0]: row for row in page.evaluate(READ)["rows"]}
    control(page, "loss-1").check()
    settle(page, 0)
    found = page.evaluate(READ)
    after = {row[0]: row for row in found["rows"]}
    assert (after["3"], after["2"]) == (before["3"], before["2"])
    assert after["1"][1] == brief((0.2176 + 0.5 - 0.3) * 0.75)
    assert found["count"] == "term 22 of 22", "the reader stays at the check of the sum"
    control(page, "loss-3").uncheck()
    settle(page, 0)
    found = page.evaluate(READ)
    assert found["rows"][0][1:] == ["0", "0.6", "0"]
    assert page.evaluate("models[0].traits.losses") == [1, 2]
    page.evaluate("models[0].set('position', 7)")  # the loss of step 2
    settle(page, 0)
    assert page.evaluate(READ)["title"] == "Step 2: out of the loss"
    control(page, "loss-2").uncheck()
    settle(page, 0)
    assert page.evaluate(READ)["title"] == "Step 2: what arrives at h2", (
        "the term is gone, the next one takes its place"
    )


def test_without_any_loss_everything_is_0_and_said(stage: Stage) -> None:
    page = stage.open(BackpropStepper(losses=[]))
    assert "No step has a loss" in sentence(page)
    press(page, "step-back")
    assert sentence(page) == "Step 3 has no loss and no step after it: nothing reaches h₃."
    press(page, "step-all")
    assert page.evaluate(READ)["foot"][0] == ["sum of all steps", "0"]
    assert page.evaluate(READ)["verdict"] == "✓ the same"


# ----------------------------------------------------------------------------------------------------------- the page


def test_steps_back_and_forward_again(stage: Stage) -> None:
    page = stage.open(BackpropStepper())
    seen = [drawn(page, 0, 0)]
    for _ in range(3):
        press(page, "step-back")
        seen.append(drawn(page, 0, 0))
    for was in seen[2::-1]:
        press(page, "step-forward")
        assert drawn(page, 0, 0) == was
    positions = []
    for _ in range(5):
        press(page, "step-time")
        positions.append(page.evaluate("models[0].traits.position"))
    assert positions == [7, 14, 20, 21, 21]
    page.evaluate("models[0].set('position', 1)")
    press(page, "step-forward", 2)
    assert page.evaluate("models[0].traits.position") == 0
    assert control(page, "step-forward").get_attribute("aria-disabled") == "true"
    assert control(page, "step-forward").evaluate("node => node === document.activeElement")
    press(page, "step-all")
    assert page.evaluate("models[0].traits.position") == 21
    assert control(page, "step-back").get_attribute("aria-disabled") == "true"


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(BackpropStepper(position=21))
    open_all(page)
    settle(page, 0)
    fields = page.locator("input[type=number]").evaluate_all("nodes => nodes.map((node) => node.dataset.control)")
    assert fields == ["W_ih", "W_hh", "b", "x_1", "x_2", "x_3", "y_1", "y_2", "y_3"]
    for name in fields:
        before = drawn(page, 0, 0)
        control(page, name).fill("0.77")
        assert (drawn(page, 0, 0) == before) == (name == "y_1"), "step 1 has no loss, so nobody reads its target"
    for name, key in {
        "steps": "ArrowRight",
        "weight": "ArrowRight",
        "size": "ArrowRight",
        "unit": "ArrowRight",
    }.items():
        before = drawn(page, 0, 0)
        page.locator(f"[data-control={name}]:is([type=range], :checked)").press(key)
        assert drawn(page, 0, 0) != before, name
    fields = page.locator("input[type=number]").evaluate_all("nodes => nodes.map((node) => node.dataset.control)")
    assert fields[:8] == [
        *["W_ih-1", "W_ih-2", "W_hh-1-1", "W_hh-1-2", "W_hh-2-1", "W_hh-2-2", "b-1", "b-2"],
    ]
    assert len(fields) == 8 + 4 + 8
    control(page, "W_hh-2-1").fill("-1.5")
    settle(page, 0)
    assert page.evaluate("models[0].traits.weight_hh") == [[0.77, -0.3], [-1.5, 0.6]]
    page.locator("[data-control=size]:checked").press("ArrowLeft")
    settle(page, 0)
    assert page.locator("[data-control=unit]").first.is_hidden()


def test_a_field_shows_four_decimals_keeps_all_and_refuses_what_is_out_of_range(stage: Stage) -> None:
    page = stage.open(BackpropStepper())
    open_all(page)
    settle(page, 0)
    assert control(page, "x_1").input_value() == "0.5493"
    first = drawn(page, 0, 0)
    for words in ("", "99", "-5.5"):
        control(page, "W_hh").fill(words)
        assert drawn(page, 0, 0) == first
        control(page, "W_hh").blur()
        assert control(page, "W_hh").input_value() == "0.5"
    assert page.evaluate("models[0].saved") == []


def test_a_narrow_picture_shows_the_steps_around_the_current_one(stage: Stage) -> None:
    page = stage.open(BackpropStepper(6, position=1), viewport={"width": 375, "height": 800})
    heads = page.locator(".bp-head")
    assert heads.all_text_contents() == ["t = 5", "t = 6"]
    for _ in range(3):
        press(page, "step-time")
    press(page, "step-back")
    assert heads.all_text_contents() == ["t = 2", "t = 3"]
    press(page, "step-all")
    assert heads.all_text_contents() == ["t = 1", "t = 2"]


def test_the_keyboard_alone_does_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(BackpropStepper())
    reached = tab_order(page, press={"step-time": "Enter"})
    settings = ["loss-1", "loss-2", "loss-3", "weight", "steps", "size", "summary"]
    buttons = ["step-back", "step-time", "step-all", "step-forward"]
    assert reached == [*settings, *buttons, "summary", "reset", "copy-link"]
    assert page.evaluate("models[0].traits.position") == 7
    keys = "'.uw :is(input, select, button, textarea)'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_the_sentence_is_spoken_once_when_things_are_quiet(stage: Stage) -> None:
    page = stage.open(BackpropStepper())
    listen(page)
    press(page, "step-back", 9)
    settle(page, 600)
    assert heard(page) == [
        "At h₂ two gradients meet and are added: 0.5 from its own loss and 0.18 from step 3. The sum is 0.68."
    ]
    label = page.locator(".bp-graph").get_attribute("aria-label") or ""
    assert "unrolled over 3 steps: h₁ = 0.5, h₂ = 0.6, h₃ = 0.8. Losses at step 2, 3. 9 of 21 terms" in label


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(BackpropStepper(position=21))
    changes = {
        "steps": 4, "weight_hh": [[0.9, 0], [0, 0.9]], "weight_ih": [0.3, 1], "bias": [0.2, 0], "inputs": [1] * 6,
        "targets": [[0.5, 0.5]] * 6, "losses": [1, 4], "weight": "b", "hidden_size": 2, "unit": 2, "position": 5,
    }  # fmt: skip
    for name, value in changes.items():
        before = drawn(page, 0, 0)
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, value])
        assert drawn(page, 0, 0) != before, name
    stepper = BackpropStepper(**changes)  # type: ignore[arg-type]
    shown = page.locator(".uw-figure svg").get_attribute("aria-label") or ""
    assert f"h₄ = {brief(float(stepper.sequence.h[3, 0, 1]))}" in shown
    before = drawn(page, 0, 0)
    for name, value in {"steps": 9, "inputs": [1], "losses": [0], "bias": [9, 9], "weight": "x"}.items():
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, value])
    assert drawn(page, 0, 0) == before, "what Python would refuse, the page does not take"
    page.evaluate("models[0].saved.length = 0")
    control(page, "loss-2").check()
    press(page, "step-forward")
    page.locator("[data-control=unit]:checked").press("ArrowLeft")
    assert page.evaluate("[models[0].traits.losses, models[0].traits.position, models[0].traits.unit]") == [
        [1, 2, 4],
        4,
        1,
    ]
    assert set(page.evaluate("models[0].saved")) == {"losses", "position", "unit"}


def test_reset_returns_to_the_authors_settings(stage: Stage) -> None:
    page = stage.open(BackpropStepper(4, losses=[1, 4], position=3))
    open_all(page)
    settle(page, 0)
    first = drawn(page, 0, 0), page.evaluate("({...models[0].traits})")
    control(page, "b").fill("1")
    press(page, "step-all")
    control(page, "loss-2").check()
    assert drawn(page, 0, 0) != first[0]
    page.get_by_role("button", name="Reset").click()
    assert (drawn(page, 0, 0), page.evaluate("({...models[0].traits})")) == first
    assert control(page, "b").input_value() == "0"


def test_a_copied_link_brings_back_the_settings_of_each_widget(stage: Stage) -> None:
    widgets = BackpropStepper(), BackpropStepper(losses=[1])
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    first = drawn(page, 0, 0)
    open_all(page)
    settle(page, 0)
    control(page, "W_hh").fill("-0.25")
    control(page, "y_2").fill("1.5")
    control(page, "loss-1").check()
    press(page, "step-time", 2)
    control(page, "loss-1", at=1).uncheck()
    for at in range(2):
        page.get_by_role("button", name="Copy link").nth(at).click()
        page.get_by_text("Link copied.").nth(at).wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    for at in range(2):
        assert drawn(again, at, 0) == drawn(page, at, 0)
    assert again.evaluate("[models[0].traits.weight_hh[0][0], models[0].traits.losses]") == [-0.25, [1, 2, 3]]
    assert again.evaluate("models[1].traits.losses") == []
    bad = "steps:1;size:3;weightHh:1,2;inputs:1,2,3,4,5,x;losses:0;unit:%E0%A4%A;position:-1;weight:V"
    again.evaluate("(bad) => { location.hash = '#backprop-stepper-1=' + bad; }", bad)
    assert drawn(again, 0, 0) == first, "what is not valid keeps its first value"


def test_three_on_one_page_are_independent_and_one_that_leaves_takes_everything_along(stage: Stage) -> None:
    page = stage.open(BackpropStepper(), BackpropStepper(), BackpropStepper(6, 2))
    others = drawn(page, 1, 0), drawn(page, 2, 0)
    press(page, "step-all")
    control(page, "loss-1").check()
    page.locator("[data-control=weight]:checked").first.press("ArrowRight")
    assert (drawn(page, 1, 0), drawn(page, 2, 0)) == others
    assert page.evaluate("document.querySelectorAll('[id]').length") == 0
    assert page.evaluate("models[0].listening()") > 0
    page.evaluate("ends[0]()")
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 2]
    page.evaluate("models[0].set('steps', 5); location.hash = '#backprop-stepper-1=steps:4'")
    settle(page, 0)


def test_the_table_of_numbers_has_every_number_that_is_computed(stage: Stage) -> None:
    stepper = BackpropStepper(hidden_size=2, position=11)
    page = stage.open(stepper)
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    d = stepper.gradients
    parts = stepper.contributions()
    shown = lambda x: f"{float(x):.6f}".replace("-", "−")  # noqa: E731
    h = stepper.sequence.h[2, 0, 0]
    assert rows[0][:4] == ["3", *map(shown, (stepper.inputs[2], torch.atanh(h), h))]
    assert rows[1][5:] == [
        *map(shown, (stepper.d_h_direct[1, 0, 0], d.d_h[1, 0, 0] - stepper.d_h_direct[1, 0, 0], d.d_h[1, 0, 0])),
        *map(shown, (d.d_a[1, 0, 0], parts[1, 0, 0], parts[1, 0, 1])),
        *["–", "–"],
    ]
    assert rows[2][5:] == ["–"] * 8
    assert rows[3][0] == "sum"
    assert rows[3][9:] == [shown(parts[1:, 0, 0].sum()), shown(parts[1:, 0, 1].sum()), *rows[0][11:13]]
    assert "11 of 21 terms" in page.locator(".uw-scroll caption").inner_text()


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    stepper = BackpropStepper(6, 2, position=38) if theme == "dark" else BackpropStepper(position=11)
    page = stage.open(stepper, theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    surface = page.locator(".uw").first.evaluate("node => getComputedStyle(node).backgroundColor")
    looks = {"bp-edge": ("stroke", 3), "bp-back": ("stroke", 3), "bp-ring": ("stroke", 3), "bp-gradient": ("fill", 4.5)}
    for look, (colour, least) in looks.items():
        found = page.locator(f".{look}").first.evaluate(f"node => getComputedStyle(node).{colour}")
        assert contrast(found, surface) >= least, look


def test_it_is_small_and_there_at_once(stage: Stage) -> None:
    page = stage.open()
    times = [stage.add(page, BackpropStepper(6, 2, position=43)) for _ in range(3)]
    assert min(times) <= 150
    sizes = [(BUNDLES / f"{name}.js").stat().st_size for name in ("backprop_stepper", "truncation_window")]
    assert sum(sizes) <= 90_000, "both are on one page"
