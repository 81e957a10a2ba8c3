"""The table of assignments on the page for teachers, read from the students' versions among the book's pages."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "book/assignments/"
PARTICULARS = re.compile(r"\*An assignment to chapters? ([\d, and]+)\. About (\d+) minutes, (\d+) points\.\*")


class Assignment(NamedTuple):
    """What the first cell of an assignment says of it."""

    name: str
    title: str
    chapters: str
    minutes: int
    points: int


def assignment(path: Path) -> Assignment:
    """Reads the first cell of a student's version.

    Raises:
        ValueError: the cell lacks the line that says chapter, minutes and points.
    """
    first = "".join(cell.source for cell in nbformat.read(path, as_version=4).cells[:1])
    found = PARTICULARS.search(first)
    if not found:
        raise ValueError(f"{path.name}: expected *An assignment to chapter 10. About 75 minutes, 20 points.*")
    return Assignment(path.stem, first.splitlines()[0].lstrip("# "), found[1], int(found[2]), int(found[3]))


class Assignments(SphinxDirective):
    """A table: assignment, chapter, minutes, points, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        """One row for each assignment in the table of contents."""
        documents = [name for name in self.env.found_docs if name.startswith(FOLDER)]
        paths = [Path(self.env.doc2path(name)) for name in documents]
        for path in paths:
            self.env.note_dependency(str(path))
        rows = sorted(map(assignment, paths), key=lambda row: (int(re.findall(r"\d+", row.chapters)[0]), row.name))
        lines = ["| assignment | chapter | minutes | points |", "|---|---|---|---|"]
        lines += [
            f"| [{row.title}](assignments/{row.name}.ipynb) | {row.chapters} | {row.minutes} | {row.points} |"
            for row in rows
        ]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("assignments", Assignments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
