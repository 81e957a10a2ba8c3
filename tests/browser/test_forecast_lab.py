"""ForecastLab in Chromium: it fits what PyTorch fits, and everything on it works."""

import random
import re

import numpy as np
import pytest
from playwright.sync_api import Page

from lessons_src.widgets import ForecastLab
from lessons_src.widgets.base import BUNDLES
from lessons_src.widgets.forecast_lab import AHEAD, SERIES, all_series
from tests.browser.harness import Stage, control, copied_link, drawn, misfits, open_all, sentence, settle, tab_order


def look(page: Page, at: int = 0) -> str:
    return drawn(page, at, 0)


# ------------------------------------------------------------------------------------------------- against PyTorch

READ = """({ series, cases }) => {
  const { createReader } = unrolledWidgets.forecast_lab.arithmetic;
  const all = series.map(([name, values]) => ({ name, unit: "", first: 0, values: Float64Array.from(values) }));
  const read = createReader(all);
  return cases.map((settings) => {
    const { model, errors, drawn } = read((name) => settings[name]);
    return { coefficients: [...model.coefficients], intercept: model.intercept, drawn: [...drawn],
             own: errors.map((e) => e.own), true: errors.map((e) => e.true), mean: errors.map((e) => e.mean),
             counts: errors.map((e) => e.count) }; });
}"""


def test_the_page_fits_and_predicts_what_pytorch_does(stage: Stage) -> None:
    """All series and orders, places drawn from a seed: coefficients, predictions and errors to 1e-9."""
    source = random.Random(0)
    labs = [
        ForecastLab(name, order, source.choice((100, 224, source.randint(101, 223))), source.choice(("own", "true")))
        for name in SERIES
        for order in range(1, 17)
    ]
    labs += [ForecastLab("drifting", 3, start) for start in (110, 160, 224)]
    page = stage.open(labs[0])
    cases = [{"series": lab.series, "order": lab.order, "start": lab.start, "feed": lab.feed} for lab in labs]
    rows = [[name, x.tolist()] for name, x in all_series().items()]
    found = page.evaluate(READ, {"series": rows, "cases": cases})
    for lab, scene in zip(labs, found, strict=True):
        model, errors = lab.model, lab.errors()
        scale = float(model.coefficients.abs().max())
        np.testing.assert_allclose(scene["coefficients"], model.coefficients, rtol=1e-9, atol=1e-9 * scale)
        size = float(lab.x.std())
        assert scene["intercept"] == pytest.approx(model.intercept, rel=1e-9, abs=1e-9 * size)
        np.testing.assert_allclose(scene["drawn"], lab.predictions(), rtol=1e-9, atol=1e-9 * size, err_msg=repr(lab))
        for name in ("own", "true", "mean"):
            np.testing.assert_allclose(scene[name], getattr(errors, name), rtol=1e-9, err_msg=f"{name} {lab!r}")
        assert scene["counts"] == [288 - lab.start - k for k in range(AHEAD)]


def heights(page: Page, chart: str, curve: str) -> list[float]:
    path = page.locator(f".fl-{chart} [data-curve={curve}]").get_attribute("d") or ""
    return [float(y) for y in re.findall(r" (-?[\d.]+)", path)]


def test_curves_are_the_numbers(stage: Stage) -> None:
    lab = ForecastLab(order=9)
    page = stage.open(lab)
    truth, ahead = lab.x[120:264].numpy(), lab.predictions().numpy()
    shown = np.array(heights(page, "series", "truth"))
    slope, offset = np.polyfit(truth, shown, 1)
    assert slope < 0
    np.testing.assert_allclose(shown, slope * truth + offset, atol=0.02)
    np.testing.assert_allclose(heights(page, "series", "forecast"), slope * ahead + offset, atol=0.02)
    tick = page.locator(".fl-series text", has_text="100").first.get_attribute("y") or ""
    assert float(tick) == pytest.approx(slope * 100 + offset, abs=0.02)
    errors = lab.errors()
    own = np.array(heights(page, "errors", "own"))
    slope, offset = np.polyfit(errors.own.numpy(), own, 1)
    for name in ("own", "true", "mean"):
        expected = slope * getattr(errors, name).numpy() + offset
        np.testing.assert_allclose(heights(page, "errors", name), expected, atol=0.02)


def test_numbers_shown_are_the_rounded_true_ones(stage: Stage) -> None:
    lab = ForecastLab(order=2, start=210)
    page = stage.open(lab)
    page.get_by_text("Show numbers").click()
    page.locator(".uw tbody tr").first.wait_for()
    errors, ahead = lab.errors(), lab.predictions()
    assert page.locator(".uw tbody tr").count() == AHEAD
    for k in (0, 7, 63):
        cells = page.locator(".uw tbody tr").nth(k).locator("th, td").all_inner_texts()
        numbers = [ahead[k], lab.x[210 + k], errors.own[k], errors.true[k], errors.mean[k]]
        assert cells == [str(1910 + k), str(k + 1), *[f"{float(x):.4f}" for x in numbers], str(78 - k)]
    first, second = lab.model.coefficients.tolist()
    caption = page.locator(".uw caption").inner_text()
    assert f"c = {lab.model.intercept:.4f}, φ1 = {first:.4f}, φ2 = −{-second:.4f}." in caption
    words = sentence(page)
    assert f"off by {errors.own[0]:.1f} one step ahead and, 16 steps ahead, by {errors.own[15]:.1f}" in words
    assert f"the mean of the 210 known values is off by {errors.mean[15]:.1f} there" in words


def test_the_sentence_says_up_to_where_the_mean_is_clearly_beaten(stage: Stage) -> None:
    """By a tenth: AR(2)'s forecast soon is the mean, and which of them is closer is then chance."""
    labs = [ForecastLab("sunspots", 2), ForecastLab("two rhythms", 16), ForecastLab("drifting", 16)]
    page = stage.open(*labs)
    said = []
    for at, lab in enumerate(labs):
        errors = lab.errors()
        level = [k for k in range(AHEAD) if errors.own[k] > 0.9 * errors.mean[k]]
        said.append(f"Up to {level[0]} steps ahead its own" if level else "At each of the 64 steps its own")
        assert f"{said[-1]} predictions are at least a tenth better than the mean." in sentence(page, at)
    assert said[1].startswith("At each")
    assert said[0] == "Up to 3 steps ahead its own"


# ------------------------------------------------------------------------------------------------------- the page


def test_every_control_changes_what_is_drawn_and_reset_brings_it_back(stage: Stage) -> None:
    page = stage.open(ForecastLab(order=3, start=150))
    first = look(page), sentence(page), page.evaluate("models[0].traits")
    before = first[0]
    for name, key in {"order": "ArrowRight", "start": "ArrowRight", "series": "ArrowDown"}.items():
        control(page, name).press(key)
        after = look(page)
        assert after != before, name
        before = after
    page.get_by_role("radio", name="true values").check()
    assert look(page) != before
    assert sentence(page).startswith("Fed with true values, AR(4)")
    traits = page.evaluate("models[0].traits")
    assert [traits[name] for name in ("series", "order", "start", "feed")] == ["two rhythms", 4, 151, "true"]
    page.get_by_role("button", name="Reset").click()
    assert (look(page), sentence(page), page.evaluate("models[0].traits")) == first


def test_python_moves_the_page(stage: Stage) -> None:
    page = stage.open(ForecastLab())
    page.evaluate("models[0].set('order', 7); models[0].set('feed', 'true'); models[0].set('start', 120)")
    assert "Fed with true values, AR(7)" in sentence(page)
    assert [control(page, name).input_value() for name in ("order", "start")] == ["7", "120"]
    assert control(page, "start").get_attribute("aria-valuetext") == (
        "the first 120 values are known; the forecast begins at year 1820"
    )
    page.evaluate("models[0].set('order', 99)")  # refused: Python would have refused it too
    assert control(page, "order").input_value() == "7"


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage) -> None:
    page = stage.open(ForecastLab())
    open_all(page)
    reached = tab_order(page)
    assert reached == ["series", "order", "start", "feed", "summary", "div", "reset", "copy-link"]
    free = page.locator(".uw :is(input, select, button, textarea):not([data-lm-suppress-shortcuts=true])")
    assert free.count() == 0, "JupyterLab would take the arrow keys"


def test_a_link_brings_back_the_settings_of_its_widget_only(stage: Stage) -> None:
    widgets = ForecastLab(), ForecastLab("drifting")
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    other = look(page, 0)
    control(page, "order", at=1).press("End")
    assert look(page, 0) == other
    link = copied_link(page, at=1)
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    assert [control(again, "order", at).input_value() for at in (0, 1)] == ["2", "16"]
    assert [look(again, at) for at in (0, 1)] == [look(page, at) for at in (0, 1)]
    again.evaluate("ends[0]()")
    assert again.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 1]


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (900, "dark")])
def test_it_fits_and_is_accessible(stage: Stage, width: int, theme: str) -> None:
    page = stage.open(ForecastLab(order=16, feed="true"), theme=theme, viewport={"width": width, "height": 900})
    open_all(page)
    settle(page, 600)
    assert misfits(page) == []


def test_it_is_small_and_soon_there(stage: Stage) -> None:
    assert (BUNDLES / "forecast_lab.js").stat().st_size <= 35_000
    page = stage.open()
    times = [stage.add(page, ForecastLab(order=16, start=100)) for _ in range(3)]
    print(f"\nmounted within {min(times):.0f} to {max(times):.0f} ms")
    assert min(times) <= 150
