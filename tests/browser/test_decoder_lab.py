"""DecoderLab in Chromium: its tree is Python's beam search, and a reader can do all that it offers."""

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from lessons_src.decoding import next_log_probabilities
from lessons_src.seq2seq import END_ID, START_ID
from lessons_src.widgets import DecoderLab
from lessons_src.widgets.decoder_lab import MOST_TOKENS
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
    sentence,
    settle,
    tab_order,
)
from tests.test_decoder_lab import MODEL, drawn_settings, text_of

TRAITS = {
    "source": "source", "method": "method", "width": "width", "penalty": "length_penalty",
    "temperature": "temperature", "seed": "seed", "reads": "reads", "wrongAt": "wrong_at", "wrongDigit": "wrong_digit",
}  # fmt: skip

COMPUTE = """(settings) => {
  const { traits } = models[0];
  window.lab ??= unrolledWidgets.decoder_lab.arithmetic.createLab(traits.weights, traits.alphabets);
  const { text, truth, tree, free, forced, greedy } = lab(settings);
  const plain = ({ tokens, total, log, score, kept }) => ({ tokens, total, log, score, kept });
  const search = (s) => s && { steps: s.steps.map((step) => step.map(plain)), found: s.found.map(plain) };
  return { text, truth, tree: search(tree), free: search(free), forced: search(forced), greedy: search(greedy) };
}"""


def computed(page: Page, widget: DecoderLab) -> Any:
    return page.evaluate(COMPUTE, {key: getattr(widget, name) for key, name in TRAITS.items()})


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """One page for tests that only ask for the arithmetic."""
    yield from alone(browser, DecoderLab())


# --------------------------------------------------------------------------------------------------- against PyTorch


def every_candidate(widget: DecoderLab) -> list[list[tuple[tuple[int, ...], float]]]:
    """All beginnings that a beam weighs at each step and their log-probabilities, likeliest first."""
    with torch.no_grad():
        encoded = MODEL.encode(MODEL.source.encode(widget.text[::-1])[None])
    wrong = int(MODEL.target.encode([str(widget.wrong_digit)])[0])
    alive: list[tuple[tuple[int, ...], float, torch.Tensor]] = [((), 0.0, encoded.state)]
    steps = list[list[tuple[tuple[int, ...], float]]]()
    while alive:
        candidates = []
        for tokens, total, state in alive:
            logs, after = next_log_probabilities(MODEL, encoded, torch.tensor([(START_ID, *tokens)[-1]]), state)
            for token, log in enumerate(logs[0].tolist()):
                if log > -math.inf and (widget.wrong_at != len(steps) + 1 or token == wrong):
                    candidates.append(((*tokens, token), total + log, after))
        candidates.sort(key=lambda c: (-c[1], c[0]))
        steps.append([(tokens, total) for tokens, total, _ in candidates])
        width = widget.width if widget.method == "beam" else 1
        alive = [c for c in candidates[:width] if c[0][-1] != END_ID and len(c[0]) < MOST_TOKENS]
    return steps


def test_the_tree_is_pythons_beam_search(arithmetic: Page) -> None:
    for widget in drawn_settings(30):
        if not (widget.method == "beam" and widget.text):
            continue
        widget.reads = "free"
        tree, search = computed(arithmetic, widget)["tree"], widget.search()
        assert [tuple(h["tokens"]) for h in tree["found"]] == [h.tokens for h in search], widget
        for name, key in (("total", "log_probability"), ("score", "score")):
            expected = [getattr(h, key) for h in search]
            np.testing.assert_allclose([h[name] for h in tree["found"]], expected, rtol=1e-9, atol=1e-9)
        expected_steps = every_candidate(widget)
        assert len(tree["steps"]) == len(expected_steps)
        for step, candidates in zip(tree["steps"], expected_steps, strict=True):
            assert [tuple(h["tokens"]) for h in step] == [tokens for tokens, _ in candidates]
            np.testing.assert_allclose([h["total"] for h in step], [t for _, t in candidates], rtol=1e-9, atol=1e-9)
            assert [h["kept"] for h in step] == [k < widget.width for k in range(len(step))]


def test_free_and_forced_runs_are_those_of_python(arithmetic: Page) -> None:
    checked = 0
    for widget in drawn_settings(24, seed=1):
        found = computed(arithmetic, widget)
        assert (found["text"], found["truth"]) == (widget.text, widget.truth)
        for name, run in (("free", widget.run()), ("forced", widget.forced() if widget.truth else None)):
            if run is None:
                assert found[name] is None
                continue
            assert found[name]["found"][0]["tokens"] == [token.chosen for token in run], widget
            logs = [next(h["log"] for h in step if h["kept"]) for step in found[name]["steps"]]
            np.testing.assert_allclose(logs, [token.log_probability for token in run], rtol=1e-9, atol=1e-9)
            checked += 1
    assert checked > 30


# ------------------------------------------------------------------------------------------------------ what is drawn

PLACES = """() => [...document.querySelectorAll('.dl-node')].map((node) =>
  [node.dataset.tokens, node.getAttribute('class').replace('dl-node ', ''), Number(node.dataset.total)])"""


def placed(page: Page, **traits: Any) -> list[Any]:
    page.evaluate("(values) => Object.entries(values).forEach(([k, v]) => models[0].set(k, v))", traits)
    settle(page, 0)
    return list(page.evaluate(PLACES))


def test_the_greedy_path_is_marked_also_where_it_is_pruned(stage: Stage) -> None:
    widget = DecoderLab("739968", width=2)
    page = stage.open(widget)
    greedy, total = list[int](), list[float]()
    for token in widget.run():
        greedy.append(token.chosen)
        total.append(sum(total[-1:]) + token.log_probability)
    marked = [place for place in page.evaluate(PLACES) if "dl-greedy" in place[1]]
    assert [place[0] for place in marked] == [",".join(map(str, greedy[: k + 1])) for k in range(len(greedy))]
    assert [place[2] for place in marked] == pytest.approx(total, abs=1e-5)
    looks = [place[1].split()[0] for place in marked]
    dropped = looks.index("dl-pruned") + 1
    assert looks[dropped:] == ["dl-ghost"] * (len(looks) - dropped)
    assert dropped == 4
    assert "the beam dropped that path at step 4" in sentence(page)
    page.evaluate("models[0].set('step', 4)")
    assert "Here the greedy path is dropped." in sentence(page)
    page.evaluate("models[0].set('step', 3)")
    assert "dropped" not in sentence(page)


def test_the_tree_shows_kept_pruned_and_the_winner(stage: Stage) -> None:
    widget = DecoderLab("29+726", width=2)
    page = stage.open(widget)
    winner, second = (h.tokens for h in widget.search())
    found = {place[0]: place[1] for place in page.evaluate(PLACES)}
    for k in range(len(winner)):
        assert "dl-best" in found[",".join(map(str, winner[: k + 1]))]
    assert "dl-kept" in found[",".join(map(str, second))]
    assert sum("dl-pruned" in look for look in found.values()) == 2 * len(winner)
    assert len(page.locator(".dl-edge").all()) == len(found)
    said = sentence(page)
    assert said.startswith("The beam of 2 writes “755” (P 0.37), which is right. Greedy writes “765” (P 0.37)")
    assert page.locator(".dl-found tbody tr").all_inner_texts() == ["755 ✓\t−1.001", "765\t−1.005"]
    assert all("dl-best" not in place[1] for place in placed(page, step=2)), "nothing has won yet"


RUNS = """() => [...document.querySelectorAll('.dl-runs tbody tr')].map((row) =>
  [...row.cells].map((cell) =>
    (cell.firstChild?.textContent ?? '') + (cell.classList.contains('dl-off') ? '!' : '')))"""


def test_one_wrong_token_derails_the_free_run_and_not_the_forced_one(stage: Stage) -> None:
    widget = DecoderLab("135+62", "greedy", wrong_at=1, wrong_digit=9)
    page = stage.open(widget)
    truth, free, forced = (row[1:] for row in page.evaluate(RUNS))
    assert truth == ["1", "9", "7", "END"]
    for row, run in ((free, widget.run()), (forced, widget.forced())):
        names = [*("END" if t.chosen == END_ID else text_of([t.chosen]) for t in run)]
        assert [cell.rstrip("!") for cell in row] == names
        assert [cell.endswith("!") for cell in row] == [a != b for a, b in zip(names, truth, strict=True)]
    assert forced == ["9!", "9", "7", "END"]
    assert free != forced
    alone = sum(not cell.endswith("!") for cell in free[1:])
    assert f"the free run derails: {alone} of 3 tokens are right. Forced, 3 of 3 are." in sentence(page)
    assert page.locator(".dl-injected").count() == 2
    for traits, words in (
        ({"wrong_digit": 1}, "At step 1 the digit 1 is right."),
        ({"wrong_at": 8}, "The free run ends before step 8"),
        ({"wrong_at": 4}, "nothing is due behind it"),
        ({"source": "hello", "wrong_at": 1, "wrong_digit": 5}, "At step 1 it had to write 5."),
    ):
        placed(page, **traits)
        assert words in sentence(page)


def test_a_forced_tree_reads_the_truth(stage: Stage) -> None:
    widget = DecoderLab("952+956", "greedy", reads="forced")
    page = stage.open(widget)
    best = [place for place in page.evaluate(PLACES) if "dl-best" in place[1]]
    assert best[-1][0] == ",".join(str(token.chosen) for token in widget.forced())
    assert "It reads the true sum, 1908, whatever it writes" in sentence(page)
    assert page.locator(".dl-found").is_hidden()
    placed(page, source="no sum")
    assert "This is no sum, and it answers all the same. It does not know n o s u m." in sentence(page)
    assert control(page, "reads").is_disabled()


def test_what_cannot_be_read_is_said(stage: Stage) -> None:
    page = stage.open(DecoderLab(""))
    assert sentence(page) == "There is nothing to read: type a sum, such as 12+34."
    assert page.locator(".dl-node").count() == 0
    for source, words in (
        ("1234+1", "It learnt with numbers of at most three digits."),
        ("한국어", "It does not know 한 국 어."),
        ("🙂", "It does not know 🙂."),
        ("<img src=x onerror=alert(1)>", "It does not know"),
        ("9" * 60, "This is no sum"),
    ):
        control(page, "source").fill(source)
        assert words in sentence(page)
    assert page.locator("img").count() == 0


# ----------------------------------------------------------------------------------------------------------- the page


def test_every_control_changes_what_is_drawn(stage: Stage) -> None:
    page = stage.open(DecoderLab("1234+5678", width=3, length_penalty=0.5))
    keys = {"width": "ArrowRight", "penalty": "End", "wrong-at": "ArrowRight", "wrong-digit": "ArrowUp"}
    for name, key in keys.items():
        before = drawn(page, 0, 0)
        control(page, name).press(key)
        assert drawn(page, 0, 0) != before, name
    for name, value in (("method", "sampling"), ("method", "greedy"), ("reads", "forced")):
        before = drawn(page, 0, 0)
        page.locator(f"[data-control={name}][value={value}]").check(force=True)
        assert drawn(page, 0, 0) != before, value
        shown = [control(page, c).is_visible() for c in ("width", "penalty", "temperature", "seed")]
        assert shown == [False, False, value == "sampling", value == "sampling"]
    page.locator("[data-control=method][value=sampling]").check(force=True)
    for name, key in {"temperature": "End", "seed": "End"}.items():
        before = drawn(page, 0, 0)
        control(page, name).press(key)
        assert drawn(page, 0, 0) != before, name
    before = drawn(page, 0, 0)
    control(page, "example").select_option("462+60")
    assert drawn(page, 0, 0) != before
    assert control(page, "source").input_value() == "462+60"
    control(page, "source").fill("1+1")
    settle(page, 0)
    assert control(page, "example").input_value() == ""


def test_steps_go_forward_and_back(stage: Stage) -> None:
    page = stage.open(DecoderLab("29+726", width=3))
    columns = "document.querySelectorAll('.dl-step').length"
    last = page.evaluate(columns)
    seen = []
    for name in ("start", "back", "forward", "forward", "back", "all", "forward"):
        control(page, name).click()
        settle(page, 0)
        seen.append(page.evaluate(columns))
    assert seen == [1, 1, 2, 3, 2, last, last]
    assert page.evaluate("models[0].traits.step") is None
    control(page, "start").click()
    control(page, "width").press("ArrowRight")
    settle(page, 0)
    assert page.evaluate(columns) == last, "another search is shown whole"
    control(page, "start").click()
    control(page, "wrong-at").press("ArrowRight")
    assert page.evaluate("models[0].traits.step") is None


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(DecoderLab(wrong_at=1))
    reached = tab_order(page)
    steps = ["start", "back", "forward", "all"]
    settings = ["source", "example", "method", "width", "penalty", "reads", "wrong-at", "wrong-digit"]
    assert reached == [*settings, *steps, "summary", "reset", "copy-link"]
    keys = "'.uw :is(input, select, button, textarea)'"
    assert page.evaluate(f"[...document.querySelectorAll({keys})].every((n) => n.dataset.lmSuppressShortcuts)")


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage) -> None:
    page = stage.open(DecoderLab("991+738"))
    for name, value in {
        "source": "153+76", "width": 5, "length_penalty": 1.5, "wrong_at": 2, "wrong_digit": 0, "step": 2,
        "method": "sampling", "seed": 9, "temperature": 3.0, "reads": "forced",
    }.items():  # fmt: skip
        before = drawn(page, 0, 0)
        placed(page, **{name: value})
        if name not in ("length_penalty", "seed"):  # which may leave what is likeliest as it is
            assert drawn(page, 0, 0) != before, name
    before = drawn(page, 0, 0)
    placed(page, width=0, method="x", temperature=-1, seed=1000, wrong_at=99, wrong_digit=12, reads=3)
    assert drawn(page, 0, 0) == before, "what Python would refuse, the page does not take"
    page.evaluate("models[0].saved.length = 0")
    control(page, "wrong-at").press("Home")
    control(page, "seed").press("ArrowLeft")
    assert page.evaluate("[models[0].traits.wrong_at, models[0].traits.seed, models[0].traits.step]") == [None, 8, None]
    assert set(page.evaluate("models[0].saved")) == {"wrong_at", "seed", "step"}


def test_reset_and_links_bring_settings_back_and_widgets_do_not_meet(stage: Stage) -> None:
    def change(page: Page) -> None:
        control(page, "source").fill("7+8; &=한")
        control(page, "width").press("End")
        control(page, "wrong-at").press("ArrowRight")

    first = DecoderLab()
    page = after_reset_and_links(stage, first, DecoderLab("12+34", "greedy"), change, "width")
    page.evaluate("location.hash = '#decoder-lab-1=width:99;method:x;wrongAt:0;temperature:-1;seed:%E0%A4%A'")
    assert drawn(page, 0, 0) == drawn(stage.open(first), 0, 0), "what is not valid keeps its first value"


def test_the_numbers_are_those_of_the_tree(stage: Stage) -> None:
    widget = DecoderLab("29+726", width=2)
    page = stage.open(widget)
    page.get_by_text("Show numbers").click()
    settle(page)
    rows = page.locator(".uw-scroll tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent.replaceAll('−', '-')))"
    )
    expected = every_candidate(widget)
    assert [row[5] for row in rows[:5]] == ["kept", "kept", "pruned", "pruned", "pruned"]
    for step, candidates in enumerate(expected, start=1):
        found = [row for row in rows if row[0] == str(step)]
        assert [float(row[3]) for row in found] == pytest.approx([total for _, total in candidates[:5]], abs=1e-6)
        assert [row[1].replace("END", "").replace(" ", "") for row in found] == [text_of(t) for t, _ in candidates[:5]]
    assert rows[-5][5] == "kept, ended"


def test_the_sentence_is_spoken_once_when_things_are_quiet(stage: Stage) -> None:
    page = stage.open(DecoderLab())
    listen(page)
    for _ in range(3):
        control(page, "width").press("ArrowRight")
    settle(page, 600)
    assert heard(page) == [sentence(page)]
    label = page.locator(".dl-tree").get_attribute("aria-label") or ""
    assert label.startswith("Hypotheses for 29+726. Kept, the likeliest first: step 1: 7, 6")


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (900, "light")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    widget = DecoderLab("739968" if width < 900 else "135+62", width=2 if width < 900 else 8, wrong_at=None)
    page = stage.open(widget, theme=theme, viewport={"width": width, "height": 800})
    if width < 900:
        open_all(page)
    settle(page, 0)
    assert misfits(page) == []
    surface = page.locator(".uw").evaluate("node => getComputedStyle(node).backgroundColor")
    for look in ("dl-kept", "dl-pruned", "dl-greedy", *(["dl-ghost"] if width < 900 else [])):
        rect = page.locator(f".dl-node.{look} rect").first.evaluate("node => getComputedStyle(node).stroke")
        assert contrast(rect, surface) >= 3, look
    inks = page.locator(".dl-node").evaluate_all(
        """(nodes) => nodes.flatMap((node) => [...node.querySelectorAll('text')].map((text) =>
             [getComputedStyle(text).fill, getComputedStyle(node.querySelector('rect')).fill]))"""
    )
    assert min(contrast(ink, fill) for ink, fill in inks) >= 4.5


def test_the_largest_one_fits_a_phone_and_is_there_at_once(stage: Stage) -> None:
    page = stage.open(viewport={"width": 375, "height": 800})
    most = [
        DecoderLab("9999999+9999999", width=8, wrong_at=4),
        DecoderLab("hello", "sampling", temperature=3.0, seed=4),
    ]
    times = [stage.add(page, widget) for widget in most]
    settle(page, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert min(times) <= 150
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll('.dl-node')].filter((node) => [...node.querySelectorAll('text')].some(
             (text) => text.getBBox().width > node.querySelector('rect').getBBox().width + 1)).length"""
    )
    assert too_wide == 0
    size = (BUNDLES / "decoder_lab.js").stat().st_size
    assert size <= 50_000
    assert re.search("unrolledWidget", (BUNDLES / "decoder_lab.js").read_text(encoding="utf-8"))
