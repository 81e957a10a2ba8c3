"""Matplotlib's SVG made fit for a page: light, in the page's colours, with names that no other figure has."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from xml.etree import ElementTree

Element = ElementTree.Element

OUTERMOST = {"fill": "currentColor", "stroke-linejoin": "round", "font-size": "10px"}
"""What the outermost element says for all within."""

INITIAL = {**OUTERMOST, "stroke": "none", "stroke-width": "1"}
"""What it or SVG itself says: an element within need not say it again."""

NOT_INHERITED = ("opacity", "clip-path")


def fit(svg: str, ink: str, attributes: Mapping[str, str]) -> str:
    """An SVG element for a page.

    Args:
        svg: as matplotlib writes it.
        ink: the colour that stands for the page's own text colour, such as "#010203".
        attributes: of the outermost element, in place of its own; it keeps its ``viewBox``.

    Returns:
        The element in one line. It looks the same, to a tenth of a point.
    """
    bare = re.sub(r'<metadata>.*?</metadata>| xmlns(?::\w+)?="[^"]*"', "", svg[svg.index("<svg") :], flags=re.DOTALL)
    bare = bare.replace("xlink:href", "href").replace(ink, "currentColor")
    root = ElementTree.fromstring(bare)
    root.attrib = {"viewBox": root.attrib["viewBox"]}
    for sheet in root.findall("defs[style]"):
        root.remove(sheet)  # it would rule all lines on the page; `INITIAL` says the same
    rename(root, hashlib.sha256(bare.encode()).hexdigest()[:7])
    marks = {f"#{mark.get('id')}": mark for mark in root.iter() if "id" in mark.attrib}
    for element in root.iter():
        shorten(element)
    for element in root.iter("use"):  # what the mark says of itself wins over what its use says
        own = styles(marks[element.get("href", "")]).keys() - set(NOT_INHERITED)
        restyle(element, {key: value for key, value in styles(element).items() if key not in own})
    flatten(root)
    unsay(root, INITIAL)
    gather(root)
    root.attrib |= {**OUTERMOST, **attributes}
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def rename(root: Element, mark: str) -> None:
    """Give what is referred to a name that begins with a mark, and take all other names away."""
    places = [(element, key) for element in root.iter() for key in element.attrib]
    used = dict.fromkeys(name for element, key in places for name in references(key, element.attrib[key]))
    names = {name: f"{mark}{number}" for number, name in enumerate(used)}
    for element, key in places:
        value = element.attrib.pop(key)
        for name in references(key, value):
            value = value.replace(f"#{name}", f"#{names[name]}")
        if key != "id":
            element.set(key, value)
        elif value in names:
            element.set(key, names[value])


def references(key: str, value: str) -> list[str]:
    """The names of other elements in an attribute."""
    return re.findall(r"^#([\w.-]+)$" if key == "href" else r"url\(#([\w.-]+)\)", value)


def styles(element: Element) -> dict[str, str]:
    """What an element's style says, by property."""
    parts = (part.partition(":") for part in element.get("style", "").split(";"))
    return {key.strip(): value.strip() for key, _, value in parts if value}


def restyle(element: Element, said: Mapping[str, str]) -> None:
    """Set an element's style, or take it away if it says nothing."""
    element.attrib.pop("style", None)
    if said:
        element.set("style", ";".join(f"{key}:{value}" for key, value in said.items()))


def shorten(element: Element) -> None:
    """Drop the fonts, which are the page's, the white space, and what is finer than a tenth of a point."""
    said = styles(element)
    if font := re.match(r"([\d.]+px) (.*)", said.pop("font", "")):
        said |= {"font-size": font[1], "font-family": font[2]}
    if "mono" in said.pop("font-family", "").lower():
        said["font-family"] = "monospace"
    restyle(element, said)
    if element.tag not in ("text", "tspan"):
        element.text = None
        for child in element:
            child.tail = None
    digits = 2 if "id" in element.attrib else 1  # a mark is small and drawn many times
    if re.match(r"rotate\(-?0 ", element.get("transform", "")):
        del element.attrib["transform"]
    places = {"x", "y", "d", "width", "height"} | ({"transform"} if element.tag == "text" else set())
    for key in places & element.attrib.keys():
        element.set(key, re.sub(r"-?\d+\.\d+", lambda found: number(found[0], digits), element.attrib[key]))
    if path := element.get("d"):
        path = re.sub(r"\s*([A-Za-z])\s*", r"\1", path.strip())
        path = re.sub(r"(?<=[ML])([^A-Za-z]+)L", r"\1 ", path)  # more points of a line need no letter
        element.set("d", re.sub(r"(?<=C)([^A-Za-z]+)C", r"\1 ", path))


def number(written: str, digits: int) -> str:
    """A number with at most so many digits after the point."""
    return f"{round(float(written), digits) + 0.0:g}"


def flatten(parent: Element) -> None:
    """Put what a group without attributes holds in its place."""
    for child in list(parent):
        flatten(child)
    whole = [inner for child in parent for inner in (child if child.tag == "g" and not child.attrib else [child])]
    parent[:] = whole


def unsay(element: Element, inherited: Mapping[str, str]) -> None:
    """Take out of styles what the elements around say already."""
    said = styles(element)
    restyle(element, {key: value for key, value in said.items() if inherited.get(key) != value})
    around = {**inherited, **{key: value for key, value in said.items() if key not in NOT_INHERITED}}
    for child in element:
        unsay(child, around)


def gather(parent: Element) -> None:
    """Say once what three or more neighbours say alike."""
    for child in parent:
        gather(child)
    parent[:] = list(runs(parent))


def runs(parent: Element) -> Iterator[Element]:
    """The children, those of one style together in a group."""
    for style, neighbours in groupby(parent, lambda child: child.get("style")):
        run = list(neighbours)
        if style and len(run) > 2 and "opacity:" not in style.replace("-opacity:", ""):
            for child in run:
                del child.attrib["style"]
            group = ElementTree.Element("g", {"style": style})
            group[:] = run
            yield group
        else:
            yield from run
