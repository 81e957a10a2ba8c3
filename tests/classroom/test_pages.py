"""What students and readers get: the assignments among the book's pages, and nothing of what is only for teachers.

The test of the built files looks at the book as it was last built.
"""

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path
from textwrap import indent

import pytest
from nbformat import from_dict
from nbgrader.utils import compute_checksum

from classroom import course, master
from classroom.master import ASSIGNMENTS, HIDDEN, Cell, Master, mark

ROOT = ASSIGNMENTS.parent
BUILD = ROOT / "_build"
PAGES = ROOT / "book" / "assignments"
MASTERS = {path.stem: master.read(path) for path in sorted(ASSIGNMENTS.glob("*/*.ipynb"))}
SOLUTION = re.compile(r"( *)### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
STUB = "# Write your code here.\nraise NotImplementedError('not done yet')"
SECRET_MARKS = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN)", re.MULTILINE)


def without_secrets(source: str) -> str:
    """A cell of a master as a student gets it."""
    source = SOLUTION.sub(lambda found: indent(STUB, found[1]), source)
    return HIDDEN.sub("", source).rstrip("\n")


def page(name: str) -> list[Cell]:
    found: list[Cell] = json.loads((PAGES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return found


def text(path: Path) -> str:
    """What can be read in a file: of a page its text, of a notebook its cells, of anything else whatever is legible."""
    raw = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        return unescape(re.sub(r"<[^>]+>", "", raw))
    return "\n".join(master.text(cell) for cell in json.loads(raw)["cells"]) if path.suffix == ".ipynb" else raw


def lines(texts: Iterable[str]) -> set[str]:
    return {line.strip() for text in texts for line in text.splitlines()}


def secrets(assignment: Master) -> set[str]:
    """Lines of solutions, hidden tests and mistakes that neither a student's version nor the book contains."""
    known = {line.strip(' "') for line in assignment.mistakes.splitlines() if len(line.strip()) > 40}
    public = [*(ROOT / "lessons_src").rglob("*.py"), *(ROOT / "book").rglob("*.ipynb")]
    return (course.secret_lines(assignment) | known) - lines(map(text, public))


def leaks(folder: Path, hidden: set[str]) -> Iterator[str]:
    """Which file of a folder has which secret."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        read = text(path)
        yield from (f"{path}: {found[0]}" for found in SECRET_MARKS.finditer(read))
        yield from (f"{path}: {line}" for line in lines([read]) & hidden)


@pytest.mark.parametrize("name", MASTERS)
def test_the_books_page_is_the_students_version(name: str) -> None:
    cells = page(name)
    assert [cell["source"] for cell in map(joined, cells)] == [
        without_secrets(cell["source"]) for cell in MASTERS[name].cells
    ], "run `make assignments`"
    for cell in map(joined, cells):
        assert mark(cell).get("checksum") == compute_checksum(from_dict(cell)), "nbgrader would call it changed"


def joined(cell: Cell) -> Cell:
    return {**cell, "source": master.text(cell)}


def test_every_assignment_has_a_page_and_every_page_an_assignment() -> None:
    assert {path.stem for path in PAGES.glob("*")} == set(MASTERS)
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"book/assignments/(\w+)", contents)) == set(MASTERS)


def test_no_file_of_the_built_book_has_a_solution_a_hidden_test_or_a_mistake() -> None:
    assert list((BUILD / "html/_sources/book/assignments").glob("*.ipynb")), "the book is not built: `make book`"
    hidden = set[str]().union(*map(secrets, MASTERS.values()))
    assert len(hidden) > 20 * len(MASTERS)
    assert not list(leaks(BUILD, hidden))


@pytest.mark.parametrize("suffix", [".html", ".ipynb", ".js", ".txt"])
def test_a_leak_is_found_in_any_kind_of_file(suffix: str, tmp_path: Path) -> None:
    assignment = next(iter(MASTERS.values()))
    secret = max(course.secret_lines(assignment), key=len)
    shown = secret.replace("&", "&amp;").replace("<", "&lt;")
    content = {
        ".html": f"<pre>\n<b>{shown}</b>\n</pre>",
        ".ipynb": json.dumps({"cells": [{"source": ["x = 1\n", f"    {secret}\n"]}]}),
    }.get(suffix, f"one\n  {secret}\ntwo")
    path = tmp_path / "deep" / f"file{suffix}"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    assert list(leaks(tmp_path, secrets(assignment))) == [f"{path}: {secret}"]
