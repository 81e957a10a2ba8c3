"""NameReader in Chromium: it computes what PyTorch computes, and everything on it works."""

import itertools
import random
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from lessons_src.data import names
from lessons_src.widgets import NameReader
from lessons_src.widgets.base import BUNDLES
from lessons_src.widgets.name_reader import LANGUAGE_NAMES
from tests.browser.harness import Stage, control, copied_link, drawn, misfits, open_all, sentence, settle, tab_order

READ = """(cases) => {
  const { makeClassifier, encode, lettersOf, answers } = unrolledWidgets.name_reader.arithmetic;
  const models = models_ => Object.fromEntries(Object.entries(models_).map(([k, v]) => [k, makeClassifier(v)]));
  const all = models(window.models[0].get("models"));
  const { alphabet } = window.models[0].get("about");
  return cases.map(({ name, ...how }) => {
    const letters = lettersOf(name, 24);
    return [letters, answers(all[how.reading], encode(letters, alphabet), how).map((p) => [...p])];
  });
}"""

STRANGE = (
    "",
    "   ",
    "한국",
    "🙂 suomi 🙂",
    "Österreich",
    "İstanbul",
    "Łódź",
    "a1-b2",
    "\x00q",
    "\x1fq\x1c",
    "ﬁ ǅ ß",
    "x" * 200,
    "🇫🇮",
)


def test_the_page_computes_what_pytorch_does(stage: Stage) -> None:
    """Strange texts and names drawn from a seed, every reading, padding and lengths: to 1e-9."""
    source = random.Random(0)
    texts = [*STRANGE, *(name for name, _ in source.sample(names().test, 12))]
    ways = itertools.cycle(itertools.product(("final", "mean", "last"), (True, False)))
    widgets = [NameReader(text, way[0], source.choice((0, 1, 7)), way[1]) for text, way in zip(texts, ways)]  # noqa: B905
    page = stage.open(NameReader())
    cases = [{"name": w.name, "reading": w.reading, "padding": w.padding, "lengths": w.with_lengths} for w in widgets]
    for widget, (letters, found) in zip(widgets, page.evaluate(READ, cases), strict=True):
        assert letters == widget.letters
        expected = widget.probabilities().numpy()
        np.testing.assert_allclose(np.array(found).reshape(expected.shape), expected, rtol=1e-9, err_msg=repr(widget))


def shown(page: Page, at: int = 0) -> dict[str, Any]:
    settle(page, 0)
    return page.evaluate(
        """(at) => {
          const root = document.querySelectorAll(".uw")[at], all = (css) => [...root.querySelectorAll(css)];
          return { p: all("[data-cell]").map((node) => Number(node.dataset.p)),
                   best: all("[data-best]").map((node) => Number(node.dataset.best)),
                   track: all(".nr-track").map((node) => [node.x.baseVal.value, node.width.baseVal.value]),
                   bars: all("[data-bar]").map((node) => node.width.baseVal.value),
                   clean: all("[data-clean]").map((node) => node.getPathData
                     ? node.getPathData()[0].values[0] : Number(node.getAttribute("d").slice(1).split(" ")[0])),
                   alt: root.querySelector(".nr-grid").getAttribute("aria-label") };
        }""",
        at,
    )


def test_cells_frames_bars_and_strokes_are_the_numbers(stage: Stage) -> None:
    widget = NameReader("suomi", "final", 3, False)
    page = stage.open(widget)
    found, p, clean = shown(page), widget.probabilities(), widget.without_padding()[-1]
    np.testing.assert_allclose(np.array(found["p"]).reshape(8, 5), p.T, atol=1e-6)
    grid = {k: [t for t in range(5) if int(p[t].argmax()) == k] for k in range(8)}
    assert found["best"] == [k for k, steps in grid.items() for _ in steps]
    (start, width), *_ = found["track"]
    np.testing.assert_allclose(np.array(found["bars"]) / width, p[-1], atol=1e-3)
    np.testing.assert_allclose((np.array(found["clean"]) - start) / width, clean, atol=1e-3)
    assert f"suomi: {LANGUAGE_NAMES[int(p[-1].argmax())]}." in found["alt"]


def test_numbers_shown_are_the_rounded_true_ones(stage: Stage) -> None:
    widget = NameReader("suomi", "mean", 2, False)
    page = stage.open(widget)
    page.get_by_text("Show numbers").click()
    page.locator(".uw tbody tr").first.wait_for()
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator(".uw tbody tr").all()]
    expected = [["suomi"[: t + 1], *(f"{x:.4f}" for x in p)] for t, p in enumerate(widget.probabilities().tolist())]
    expected.append(["all, without padding", *(f"{x:.4f}" for x in widget.without_padding()[-1].tolist())])
    assert rows == expected
    assert page.locator(".uw caption").inner_text() == (
        "P of each language, read from the mean, 2 places of padding, without lengths."
    )


def test_the_sentence_says_what_padding_does(stage: Stage) -> None:
    widgets = [
        NameReader(),
        NameReader(padding=12, with_lengths=False),
        NameReader(padding=1, with_lengths=False),
        NameReader(padding=1),
        NameReader("suomi", "last", 1),
        NameReader("한국"),
    ]
    page = stage.open(*widgets)
    best = [w.probabilities()[-1].max() for w in widgets[:5]]
    said = [LANGUAGE_NAMES[int(w.probabilities()[-1].argmax())] for w in widgets[:5]]
    start = "Read from the final states, “finlandiya” is "
    assert [sentence(page, at) for at in range(6)] == [
        f"{start}Turkish ({best[0]:.2f}). This network names 72 of 100 new names right, without padding.",
        f"{start}{said[1]} ({best[1]:.2f}), behind it 12 places of padding, without lengths. "
        f"Without padding it is Turkish ({best[0]:.2f}).",
        f"{start}Turkish ({best[2]:.2f}), behind it 1 place of padding, without lengths. "
        f"Without padding it is the same language: Turkish ({best[0]:.2f}).",
        f"{start}Turkish ({best[0]:.2f}), behind it 1 place of padding, with lengths. "
        "The padding changes nothing, to the last bit.",
        f"Read from the last place, “suomi” is {said[4]} ({best[4]:.2f}), behind it 1 place of padding, with lengths. "
        "Behind the end of a name the output is zero, so only the head's biases speak: every name gets this answer.",
        "There is no letter to read: type a name in Latin letters.",
    ]


def test_every_control_changes_what_is_drawn_and_reset_brings_it_back(stage: Stage) -> None:
    page = stage.open(NameReader())
    first = drawn(page, 0, 0), sentence(page), page.evaluate("models[0].traits")
    seen = [first[0]]
    for act in (
        lambda: page.get_by_label("lengths").uncheck(),
        lambda: control(page, "padding").press("ArrowRight"),
        lambda: page.get_by_role("radio", name="mean").check(),
        lambda: page.get_by_role("radio", name="last").check(),
        lambda: control(page, "name").fill("Österreich 🙂"),
    ):
        act()
        seen.append(drawn(page, 0, 0))
    assert len(set(seen[2:])) == 4
    assert seen[1] == seen[0], "without padding lengths do not matter"
    traits = page.evaluate("models[0].traits")
    names_ = ("name", "reading", "padding", "with_lengths")
    assert [traits[key] for key in names_] == ["Österreich 🙂", "last", 1, False]
    page.get_by_role("button", name="Reset").click()
    assert (drawn(page, 0, 0), sentence(page), page.evaluate("models[0].traits")) == first


def test_python_moves_the_page(stage: Stage) -> None:
    page = stage.open(NameReader())
    page.evaluate("models[0].set('name', 'suomi'); models[0].set('padding', 4); models[0].set('reading', 'mean')")
    assert sentence(page).startswith("Read from the mean, “suomi” is ")
    assert control(page, "padding").get_attribute("aria-valuetext") == "4 places of padding"
    page.evaluate("models[0].set('padding', 99)")  # refused: Python would have refused it too
    assert control(page, "padding").input_value() == "4"


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(NameReader())
    open_all(page)
    reached = tab_order(page)
    assert reached == ["name", "reading", "padding", "lengths", "summary", "div", "reset", "copy-link"]
    free = page.locator(".uw :is(input, select, button, textarea):not([data-lm-suppress-shortcuts=true])")
    assert free.count() == 0, "JupyterLab would take the arrow keys"


def test_a_link_brings_back_the_settings_of_its_widget_only(stage: Stage) -> None:
    widgets = NameReader(), NameReader("suomi")
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    control(page, "padding", at=1).press("End")
    link = copied_link(page, at=1)
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    assert [control(again, "padding", at).input_value() for at in (0, 1)] == ["0", "12"]
    assert [drawn(again, at, 0) for at in (0, 1)] == [drawn(page, at, 0) for at in (0, 1)]
    again.evaluate("ends[0]()")
    assert again.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 1]


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (900, "dark")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    viewport = {"width": width, "height": 900}
    page = stage.open(NameReader("x" * 60, "mean", 3), NameReader("a"), theme=theme, viewport=viewport)
    open_all(page)
    settle(page, 600)
    assert misfits(page) == []
    right = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll('.nr-grid')].flatMap((grid) =>
             [...grid.children].map((n) => n.getBoundingClientRect().right - grid.getBoundingClientRect().right)))"""
    )
    assert right <= 1, "nothing is cut off"


def test_it_is_small_and_soon_there(stage: Stage) -> None:
    assert (BUNDLES / "name_reader.js").stat().st_size <= 30_000
    page = stage.open()
    times = [stage.add(page, NameReader("x" * 24, padding=12, with_lengths=False)) for _ in range(3)]
    print(f"\nmounted within {min(times):.0f} to {max(times):.0f} ms")
    assert min(times) <= 150
