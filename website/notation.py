"""The notation: tables made from `book/notation.csv`, and what the chapters use that is not in them.

A row covers its symbols in some chapters: ``4``, ``4, 7``, ``10-12``, or ``6-`` for all from 6 on. One letter with two
meanings has two rows.
"""

import ast
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from math_core import LatexError
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from website.chapters import pages
from website.mathml import to_mathml
from website.symbols import Use, formulas, needs_a_row, uses

SOURCE = "book/notation.csv"
LAST = 99
"""Stands for the last chapter, whatever its number."""
WHOLE = "whole number"
"""The shape of what may be an index."""
COLUMNS = ("symbol", "meaning", "shape", "code", "chapters")


class Span(NamedTuple):
    """Chapters from one to another, both counted in."""

    first: int
    last: int

    def __contains__(self, chapter: object) -> bool:
        return isinstance(chapter, int) and self.first <= chapter <= self.last


class Row(NamedTuple):
    """Symbols of one meaning. `symbols` is TeX, `code` names of the package or the chapters, both parted by commas."""

    group: str
    symbols: str
    meaning: str
    shape: str
    code: str
    chapters: str

    @property
    def listed(self) -> set[str]:
        """The symbols, each as the chapters' are read; a single letter below it counts as part of it."""
        return {use.whole or use.symbol for use in uses(self.symbols)}

    @property
    def spans(self) -> list[Span]:
        """The chapters that it covers, in order."""
        parts = (part.partition("-") for part in self.chapters.split(", "))
        return [Span(int(first), int(last or (LAST if dash else first))) for first, dash, last in parts]

    @property
    def names(self) -> list[str]:
        """The names in code."""
        return self.code.split(", ") if self.code else []

    def covers(self, chapter: int) -> bool:
        """Whether it says what its symbols mean there."""
        return any(chapter in span for span in self.spans)


class Chapter(NamedTuple):
    """What a chapter uses.

    Attributes:
        number: its number.
        uses: each use of a symbol, with the first cell that has it.
        symbols: all of them, a single letter below one both as an index and as part of it.
        names: those in its code.
    """

    number: int
    uses: Mapping[Use, int]
    symbols: frozenset[str]
    names: frozenset[str]


@cache
def rows(path: Path) -> tuple[Row, ...]:
    """The rows of the notation."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(Row(*row) for row in list(csv.reader(file))[1:])


def read_chapter(number: int, notebook: NotebookNode) -> Chapter:
    """What a notebook uses."""
    found = dict[Use, int]()
    for cell, formula in formulas(notebook):
        for use in uses(formula):
            found.setdefault(use, cell)
    symbols = (name for use in found for name in (use.symbol, use.whole, *use.indices) if name)
    code = (identifiers(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    return Chapter(number, found, frozenset(symbols), frozenset().union(*code))


def identifiers(program: str) -> frozenset[str]:
    """The names in a program: of variables, functions, classes, arguments, attributes and modules."""
    fields = ("id", "attr", "arg", "name")
    found = (getattr(node, field, None) for node in ast.walk(ast.parse(program)) for field in fields)
    return frozenset(name for name in found if isinstance(name, str))


def unlisted(chapter: Chapter, listed: Iterable[Row]) -> list[str]:
    r"""What a chapter uses and no row explains, each with its first cell.

    ``\mathbf{W}_k`` may be listed as such. Otherwise ``\mathbf{W}`` must be, and ``k`` as a whole number.
    """
    here = [row for row in listed if row.covers(chapter.number)]
    known = {symbol for row in here for symbol in row.listed}
    numbers = {symbol for row in here if row.shape == WHOLE for symbol in row.listed}
    missing = dict[str, int]()
    for use, cell in chapter.uses.items():
        if not needs_a_row(use.symbol) or use.whole in known:
            continue
        lacking = [] if use.symbol in known else [use.symbol]
        for symbol in lacking + [f"{index} as an index" for index in use.indices if index not in numbers]:
            missing.setdefault(symbol, cell)
    return [f"chapter {chapter.number}, cell {cell}: {symbol}" for symbol, cell in missing.items()]


def unused(row: Row, chapters: Mapping[int, Chapter]) -> list[str]:
    """What a row says and is not so: a chapter that it names and that uses none of its symbols, a symbol without one.

    Of all chapters from one on, the first must use one of them.
    """
    used = {number: row.listed & chapter.symbols for number, chapter in chapters.items()}
    named = (number for first, last in row.spans for number in range(first, 1 + (first if last == LAST else last)))
    wrong = [f"chapter {number} does not use {row.symbols}" for number in named if not used.get(number)]
    covered = set[str]().union(*(symbols for number, symbols in used.items() if row.covers(number)))
    return wrong + [f"{symbol} is in no chapter that the row names" for symbol in sorted(row.listed - covered)]


class Notation(SphinxDirective):
    """Writes the table of one group, which is its argument."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The table, or a message that fails the build."""
        source = Path(self.env.srcdir, SOURCE)
        self.env.note_dependency(str(source))
        found = {number: f"{page}.html" for number, page in pages(self.env.found_docs).items()}
        name = self.arguments[0]
        group = [row for row in rows(source) if row.group == name]
        if not group:
            raise self.error(f"notation: expected a group of {SOURCE}, got {name!r}")
        try:
            return [nodes.raw("", table(name, group, found), format="html")]
        except LatexError as fault:
            raise self.error(f"notation: formula not converted: {fault}") from None


def table(name: str, group: Iterable[Row], addresses: Mapping[int, str]) -> str:
    """A table as HTML. A narrow page shows it as blocks, so its parts name their roles themselves.

    Args:
        name: of the group, for those who hear the page.
        group: the rows.
        addresses: where the chapters are.
    """
    head = "".join(f'<th role="columnheader" scope="col">{column}</th>' for column in COLUMNS)
    body = "".join(f'<tr role="row">{"".join(cells(row, addresses))}</tr>' for row in group)
    return (
        f'<table class="table notation" role="table" aria-label="{escape(name)}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def cells(row: Row, addresses: Mapping[int, str]) -> Iterator[str]:
    """The cells of a row as HTML."""
    yield f'<th role="rowheader" scope="row">{listing(map(formula, row.symbols.split(", ")))}</th>'
    yield f'<td role="cell">{prose(row.meaning)}</td>'
    yield f'<td role="cell">{prose(row.shape)}</td>'
    yield f'<td role="cell">{listing(f"<code>{escape(name)}</code>" for name in row.names)}</td>'
    yield f'<td role="cell">{links(row.spans, addresses)}</td>'


def listing(parts: Iterable[str]) -> str:
    """Parts with commas between, none of which begins a line."""
    *before, last = [*parts] or [""]
    return "".join(f'<span class="whole">{part},</span> ' for part in before) + last


def prose(text: str) -> str:
    """Text as HTML, in which ``$…$`` is a formula and `…` is code. A sign behind them stays on their line."""
    parts = re.split(r"(\$[^$]+\$|`[^`]+`)([.,;:]?)", text)
    html = escape(parts[0])
    for inner, sign, plain in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        shown = formula(inner[1:-1]) if inner[0] == "$" else f"<code>{escape(inner[1:-1])}</code>"
        html += (f'<span class="whole">{shown}{sign}</span>' if sign else shown) + escape(plain)
    return html


def formula(tex: str) -> str:
    """One formula as HTML, as the chapters have it."""
    return f'<span class="math">{to_mathml(tex, block=False)}</span>'


def links(spans: Iterable[Span], addresses: Mapping[int, str]) -> str:
    """Chapters in words, their numbers linked."""

    def link(number: int) -> str:
        return f'<a href="{addresses.get(number, "")}">{number}</a>'

    parts = []
    for first, last in spans:
        end = "" if last == first else " on" if last == LAST else f"–{link(last)}"
        parts.append(link(first) + end)
    return ", ".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("notation", Notation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
