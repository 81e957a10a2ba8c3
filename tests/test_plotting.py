"""Figures are legible on light and dark pages, have words, and do not meddle with each other."""

import re
from collections.abc import Callable

import pytest
import torch
from IPython.display import HTML
from matplotlib.figure import Figure

from lessons_src import plotting
from lessons_src.plotting import COLOURS, SIGNED, figure_html, plot_norms, subplots, to_svg


def norms() -> Figure:
    figure, axes = subplots()
    plot_norms(axes, {"tanh": [1e-40, 1e-3, 1.0], "LSTM": torch.tensor([0.1, 0.5, 1.0])}, underflow=True)
    axes.set_title("after 3 steps")
    return figure


def image() -> Figure:
    figure, axes = subplots()
    axes.imshow([[0.1, -0.2, 0.3, -0.4, 0.5]], cmap=SIGNED, aspect="auto")
    axes.set_xticks(range(5), list("a$<&b"), family="monospace")
    return figure


def plain() -> Figure:
    figure, axes = subplots(1, 2)
    axes[0].plot([1, 2], label="a line")
    axes[0].scatter([1, 2], [1, 2], marker="x")
    axes[0].legend(frameon=True)
    axes[1].bar(["a", "b"], [1, 2], color=COLOURS["c"])
    return figure


FIGURES = pytest.mark.parametrize("draw", [norms, image, plain])


@FIGURES
def test_no_ink_is_fixed_black_or_white(draw: Callable[[], Figure]) -> None:
    svg = to_svg(draw(), "words").lower()
    fixed = re.findall(r"(?:fill|stroke|color)[:=]\s*\"?\s*(#0{3,6}\b|#f{3,6}\b|black|white|rgb\(0|#010203)", svg)
    assert not fixed
    assert "currentcolor" in svg


@FIGURES
def test_the_same_figure_is_the_same_text_each_time(draw: Callable[[], Figure]) -> None:
    assert figure_html(draw(), "words", "look here") == figure_html(draw(), "words", "look here")


def test_a_figure_saved_twice_stays_the_same() -> None:
    figure = norms()
    assert to_svg(figure, "words") == to_svg(figure, "words")


def test_ids_of_two_figures_never_meet_and_every_reference_is_met() -> None:
    svgs = [to_svg(draw(), "words") for draw in (norms, image, plain)]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in svgs]
    for svg, own in zip(svgs, ids, strict=True):
        assert len(re.findall(r'\bid="', svg)) == len(own), "an id twice in one figure"
        assert set(re.findall(r'(?:href="#|url\(#)([\w-]+)', svg)) <= own
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    assert not ids[1] & ids[2]


def test_the_words_are_the_figures_name_and_are_escaped() -> None:
    page = figure_html(norms(), 'norm < 1 & "small"', "see <b>")
    assert 'role="img" aria-label="norm &lt; 1 &amp; &quot;small&quot;"' in page
    assert "<figcaption>see &lt;b&gt;</figcaption>" in page
    assert page.count("<svg") == 1
    assert "<figcaption>" not in figure_html(norms(), "words")


def test_a_figure_holds_its_text_as_text_in_the_pages_font() -> None:
    svg = to_svg(norms(), "words")
    assert "time step t</text>" in svg
    assert "font-family" not in svg
    assert "font:" not in svg
    assert "font-family:monospace" in to_svg(image(), "words"), "characters stand in columns"
    assert "<metadata>" not in svg


def test_a_figure_shrinks_with_the_page() -> None:
    opening = re.search(r"<svg [^>]*>", to_svg(norms(), "words"))
    assert opening is not None
    assert 'width="100%"' in opening[0]
    assert "viewBox=" in opening[0]
    assert "height=" not in opening[0]
    assert "max-width:518pt" in opening[0]


def test_showing_displays_html(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[HTML] = []
    monkeypatch.setattr(plotting, "display", shown.append)
    plotting.show(norms(), alt="words", caption="look here")
    assert shown[0].data == figure_html(norms(), "words", "look here")


def test_norms_of_zero_are_left_out_since_they_have_no_logarithm() -> None:
    _, axes = subplots()
    plot_norms(axes, {"one": [0.0, 1e-3, 1.0]})
    assert axes.lines[0].get_xdata().tolist() == [2, 3]
    assert axes.get_yscale() == "log"
    assert axes.get_legend() is None


def luminance(colour: str) -> float:
    channels = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", list(COLOURS))
def test_every_quantitys_colour_has_three_to_one_on_light_and_on_dark(name: str) -> None:
    for page in ("#ffffff", "#14181e"):
        dark, light = sorted((luminance(COLOURS[name]), luminance(page)))
        assert (light + 0.05) / (dark + 0.05) >= 3, page


def test_no_two_quantities_share_a_colour() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)
