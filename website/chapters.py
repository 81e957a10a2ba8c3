"""What can be said of each chapter without running it: its number, its question, what it builds on, how long it takes.

Reading speed: 238 words a minute is the mean for English non-fiction over 190 studies (Brysbaert, M.: How many words
do we read per minute? Journal of Memory and Language 109, 2019, doi 10.1016/j.jml.2019.104047). The other three
figures are our own estimates.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

WORDS_A_MINUTE = 238
LINES_A_MINUTE = 20  # of code that is shown
MINUTES_A_FIGURE = 0.5
MINUTES_A_WIDGET = 5
NOT_READ_THROUGH = ("Exercises", "Sources")
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
LINK = re.compile(r"\]\((\d\d)_\w+\.ipynb\)")


class Chapter(NamedTuple):
    """A chapter as its first cell presents it; `minutes` to read it, without the exercises."""

    number: int
    name: str
    question: str
    needs: tuple[int, ...]
    minutes: float


def chapters(folder: Path) -> dict[int, Chapter]:
    """All chapters in a folder of notebooks, by number."""
    found = map(chapter, sorted(folder.glob("[0-9][0-9]_*.ipynb")))
    return {one.number: one for one in found}


def pages(documents: Iterable[str]) -> dict[int, str]:
    """The names of the chapters' pages by number, among the documents of the book."""
    names = (Path(document).name for document in documents)
    return {int(name[:2]): name for name in names if re.match(r"\d\d_", name)}


def chapter(path: Path) -> Chapter:
    """Reads the notebook of one chapter."""
    notebook = nbformat.read(path, as_version=4)
    title, _, rest = notebook.cells[0].source.partition("\n")
    number, question = re.fullmatch(r"# (\d+) · (.+)", title).groups()  # type: ignore[union-attr]  # nbval would fail first
    needs = tuple(int(digits) for digits in LINK.findall(rest.strip().partition("\n")[0]))
    return Chapter(int(number), path.stem, question, needs, reading_minutes(notebook))


def reading_minutes(notebook: NotebookNode) -> float:
    """How long a reader needs for the text, the code that is shown, the figures and the widget."""
    words = lines = figures = 0
    for cell in read_through(notebook):
        if cell.cell_type == "markdown":
            words += len(plain(cell.source).split())
            continue
        figures += "plotting.show(" in cell.source
        if not FOLDED & set(cell.metadata.get("tags", [])):
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
    widgets = MINUTES_A_WIDGET * any("lessons_src.widgets" in cell.source for cell in notebook.cells)
    return words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + figures * MINUTES_A_FIGURE + widgets


def read_through(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """The cells that are read in order, without exercises and sources."""
    section = ""
    for cell in notebook.cells:
        if heading := re.match(r"## (.+)", cell.source):
            section = heading[1]
        if not section.startswith(NOT_READ_THROUGH):
            yield cell


def plain(markdown: str) -> str:
    """The text with each formula as one word, and without tags."""
    return re.sub(r"<[^>]*>", "", re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " formula ", markdown, flags=re.DOTALL))


def direct(found: dict[int, Chapter]) -> list[tuple[int, int]]:
    """What builds on what: pairs of a chapter and a later one, without those that others already imply."""
    return [
        (need, later.number)
        for later in found.values()
        for need in sorted(later.needs)
        if not any(need in before(found, other) for other in later.needs)
    ]


def before(found: dict[int, Chapter], number: int) -> set[int]:
    """All chapters that a chapter builds on, directly or not."""
    return {earlier for need in found[number].needs for earlier in {need, *before(found, need)}}
