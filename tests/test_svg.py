"""A figure's SVG is made small without changing what is drawn."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from lessons_src import plotting, svg

INK = "#010203"
NOT_DRAWN = {"svg", "g", "defs", "clipPath"}
Drawn = tuple[str, dict[str, str], str, list[float]]
Element = ElementTree.Element


def lines() -> Figure:
    figure, axes = plotting.subplots()
    axes.plot([1, 2, 3, 4], [1e-3, 2, 1, 3], marker="o", label="a < b")
    axes.plot([1, 4], [2, 2], linestyle=":", alpha=0.5)
    axes.fill_between([1, 4], [1, 1], [2, 2], alpha=0.2)
    axes.set_yscale("log")
    axes.set_title("two words", fontfamily="monospace")
    axes.legend()
    return figure


def points() -> Figure:
    figure, axes = plotting.subplots(1, 2)
    spread = np.random.default_rng(0).normal(size=(40, 2))
    axes[0].scatter(*spread.T, c=spread[:, 0], s=30 * abs(spread[:, 1]))
    axes[1].imshow(spread)
    axes[1].annotate("here", (0, 0), (1, 1), arrowprops={"arrowstyle": "->"})
    return figure


def bars() -> Figure:
    figure, axes = plotting.subplots()
    axes.bar(range(5), [3, 1, 2, 5, 4], color=[plotting.SERIES[0]] * 4 + ["none"], edgecolor=INK)
    return figure


FIGURES = pytest.mark.parametrize("draw", [lines, points, bars])


def raw(figure: Figure) -> str:
    """As matplotlib writes it, with words as words."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", transparent=True)
    return buffer.getvalue()


def tree(text: str) -> Element:
    bare = re.sub(r'<metadata>.*?</metadata>|<style.*?</style>| xmlns(:\w+)?="[^"]*"', "", text, flags=re.DOTALL)
    return ElementTree.fromstring(bare[bare.index("<svg") :].replace("xlink:", "").replace(INK, "currentColor"))


def said(element: Element) -> dict[str, str]:
    words = svg.styles(element)
    if font := re.match(r"([\d.]+px) (.*)", words.pop("font", "")):
        words |= {"font-size": font[1], "font-family": font[2]}
    if "mono" not in words.pop("font-family", "").lower():
        return words
    return words | {"font-family": "monospace"}


def drawn(element: Element, marks: Mapping[str, Element], around: dict[str, str]) -> Iterator[Drawn]:
    """What is drawn, in order: its kind, how it looks in the end, its text, and the numbers of its place."""
    looks = {**around, **said(element)}
    if element.tag == "defs":
        return
    if element.tag == "use":
        looks |= said(marks[element.attrib["href"]])
    if element.tag not in NOT_DRAWN:
        places = " ".join(element.get(key, "") for key in ("x", "y", "d", "width", "height"))
        turned = element.get("transform", "") if element.tag != "text" else ""
        yield (
            element.tag,
            looks,
            (element.text or turned).strip(),
            [float(n) for n in re.findall(r"-?\d+\.?\d*", places)],
        )
    for child in element:
        yield from drawn(child, marks, {key: value for key, value in looks.items() if key not in svg.NOT_INHERITED})


def everything(text: str) -> list[Drawn]:
    root = tree(text)
    marks = {f"#{mark.get('id')}": mark for mark in root.iter()}
    return list(drawn(root, marks, {**svg.INITIAL, "stroke-linecap": "butt"}))


@FIGURES
def test_what_is_drawn_stays_the_same(draw: Callable[[], Figure]) -> None:
    before = re.sub(r' transform="rotate\(-?0 [^"]*"', "", raw(draw()))
    after = svg.fit(before, INK, {})
    pairs = list(zip(everything(before), everything(after), strict=True))
    assert len(pairs) > 20
    for (kind, looks, text, places), (kind_after, looks_after, text_after, places_after) in pairs:
        assert (kind, looks, text) == (kind_after, looks_after, text_after)
        assert places_after == pytest.approx(places, abs=0.0501)


@FIGURES
def test_half_of_the_bytes_go(draw: Callable[[], Figure]) -> None:
    before = re.sub(r"<image[^>]*>", "", raw(draw()))
    after = re.sub(r"<image[^>]*>", "", svg.fit(before, INK, {}))
    assert len(after) < 0.6 * len(re.sub(r"<metadata>.*?</metadata>", "", before, flags=re.DOTALL))


def test_a_hatched_area_finds_its_pattern() -> None:
    figure, axes = plotting.subplots()
    axes.bar([1, 2], [1, 2], hatch="//")
    text = svg.fit(raw(figure), INK, {})
    (used,) = set(re.findall(r"url\(#(\w+)\)", text)) - set(re.findall(r'<clipPath id="(\w+)"', text))
    assert f'<pattern id="{used}"' in text


def test_neighbours_alike_are_told_once_and_keep_their_order() -> None:
    paths = "".join(
        f'<path d="M {n} 0 L {n}.123456 1.50 L 3 -0.0001" style="stroke: {c}"/>' for n, c in enumerate("rrrbr")
    )
    text = svg.fit(f'<svg viewBox="0 0 9 9">{paths}</svg>', INK, {"role": "img"})
    run = "".join(f'<path d="M{n} 0 {n}.1 1.5 3 0"/>' for n in range(3))
    rest = "".join(f'<path d="M{n} 0 {n}.1 1.5 3 0" style="stroke:{colour}"/>' for n, colour in ((3, "b"), (4, "r")))
    head = '<svg viewBox="0 0 9 9" fill="currentColor" stroke-linejoin="round" font-size="10px" role="img">'
    assert text == f'{head}<g style="stroke:r">{run}</g>{rest}</svg>'


def test_transparency_of_each_is_not_made_one_of_all() -> None:
    path = '<path d="M 0 0" style="stroke: r; opacity: 0.5"/>'
    assert svg.fit(f'<svg viewBox="0 0 9 9">{path * 3}</svg>', INK, {}).count("opacity") == 3
