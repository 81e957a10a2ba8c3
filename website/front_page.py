"""The front page: its list of chapters becomes a map of what builds on what, and each path says how long it takes.

In the notebook both are plain Markdown, so that they can be read anywhere: a table of the chapters with the columns
part, chapter and question, and, below the heading "Three ways through", a list of paths.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from website.chapters import Chapter, chapters, direct

PATHS = "three-ways-through"
LEFT = 100  # the map's line of chapters is at this place, and the arcs lie left of it


def enrich(app: Sphinx, doctree: nodes.document) -> None:
    """Draw the map in the place of the table, and add to each path how long it takes."""
    if app.env.docname != app.config.root_doc:
        return
    found = chapters(Path(app.env.doc2path(app.env.docname)).parent)
    for table in list(doctree.findall(nodes.table)):
        if found and set(links(table)) == set(found):
            table.replace_self(chapter_map(table, found))
    for section in doctree.findall(nodes.section):
        for item in section.findall(nodes.list_item) if PATHS in section["ids"] else ():
            minutes = sum(found[number].minutes for number in links(item))
            item[-1] += nodes.Text(f" {hours(minutes)} of reading.")


def links(node: nodes.Node) -> Iterator[int]:
    """The numbers of the chapters to which a stretch of the page links."""
    for link in node.findall(pending_xref):
        number = Path(link["reftarget"]).name[:2]
        if number.isdigit():
            yield int(number)


def hours(minutes: float) -> str:
    """Minutes as a reader plans them, to the half hour."""
    halves = round(minutes / 30)
    return f"About {halves // 2}{'½' * (halves % 2)} hours"


def chapter_map(table: nodes.table, found: dict[int, Chapter]) -> nodes.container:
    """The chapters below each other, with lines from each to those that build on it."""
    chapter_list = nodes.bullet_list(classes=["chapters"])
    for row in next(table.findall(nodes.tbody)):
        part, name, question = (entry[0] if len(entry) else nodes.paragraph() for entry in row)
        one = found[next(links(row))]
        needs = f" Builds on {listed(one.needs)}." if one.needs else ""
        after = nodes.inline("", f"{5 * round(one.minutes / 5)} minutes.{needs}", classes=["takes"])
        item = nodes.list_item("", name, nodes.paragraph("", "", *question.children, after))
        if part.astext():
            name.insert(0, nodes.inline("", part.astext(), classes=["part"]))
        chapter_list += item
    return nodes.container("", nodes.raw("", drawing(found), format="html"), chapter_list, classes=["chapter-map"])


def listed(numbers: tuple[int, ...]) -> str:
    """Numbers as a sentence lists them: 6, 9 and 10."""
    *first, last = map(str, sorted(numbers))
    return f"{', '.join(first)} and {last}" if first else last


def drawing(found: dict[int, Chapter]) -> str:
    """Dots and arcs, stretched by the page to the height of the list; one unit high for each chapter.

    A dot is a line without length and with round ends, so that it stays round however the picture is stretched.
    """
    heights = {number: place + 0.5 for place, number in enumerate(found)}
    marks = []
    for start, end in direct(found):
        top, bottom = heights[start], heights[end]
        out = LEFT if bottom - top == 1 else LEFT - 22 - 13 * (bottom - top)
        marks.append(f'<path d="M{LEFT} {top}C{out} {top} {out} {bottom} {LEFT} {bottom}"/>')
    marks += [f'<path class="dot" d="M{LEFT} {height}h0"/>' for height in heights.values()]
    label = escape("What builds on what: " + "; ".join(f"{b} on {a}" for a, b in direct(found)))
    return (
        f'<svg viewBox="0 0 {LEFT} {len(found)}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        + "".join(marks)
        + "</svg>"
    )


def read_again(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """The page depends on every chapter, so it is read each time."""
    return [app.config.root_doc]


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw when the page has been read."""
    app.connect("doctree-read", enrich)
    app.connect("env-get-outdated", read_again, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
