"""The glossary: a list made from `book/glossary.csv`, and a link to it where a chapter first uses an older term."""

import csv
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from website.chapters import pages

SOURCE = "book/glossary.csv"
PAGE = "glossary"
LINKED = (nodes.reference, pending_xref)
UNLINKED = (*LINKED, nodes.literal, nodes.literal_block, nodes.title, nodes.math, nodes.raw, nodes.strong)


class Term(NamedTuple):
    """One row: a word in English and in Korean, its meaning in one sentence, and the chapter that explains it."""

    english: str
    korean: str
    meaning: str
    chapter: int

    @property
    def anchor(self) -> str:
        """The id of the row."""
        return "term-" + re.sub(r"\W+", "-", self.english.lower())


@cache
def terms(path: Path) -> tuple[Term, ...]:
    """The rows of the glossary, by the alphabet."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    found = (Term(english, korean, meaning, int(chapter)) for english, korean, meaning, chapter in rows)
    return tuple(sorted(found, key=lambda term: term.english.casefold()))


class Glossary(SphinxDirective):
    """Writes the list."""

    def run(self) -> list[nodes.Node]:
        """A definition list, which a narrow page can hold; each term can be linked to."""
        source = Path(self.env.srcdir, SOURCE)
        self.env.note_dependency(str(source))
        found = {number: f"{name}.html" for number, name in pages(self.env.found_docs).items()}
        entries = nodes.definition_list()
        for term in terms(source):
            korean = nodes.raw("", f' <span lang="ko">{escape(term.korean)}</span>', format="html")
            chapter = nodes.reference("", f"Chapter {term.chapter}", refuri=found.get(term.chapter, ""), internal=True)
            meaning = nodes.paragraph("", "", nodes.Text(f"{term.meaning} "), chapter)
            heading = nodes.term("", "", nodes.Text(term.english), korean, ids=[term.anchor])
            entries += nodes.definition_list_item("", heading, nodes.definition("", meaning))
        return [entries]


def link_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Link the first use of each term that an earlier chapter has explained."""
    number = Path(app.env.docname).name[:2]
    if not number.isdigit():
        return
    older = {term.english.casefold(): term for term in terms(Path(app.srcdir, SOURCE)) if term.chapter < int(number)}
    for text in list(doctree.findall(nodes.Text)):
        if older and isinstance(text.parent, nodes.paragraph) and not inside(text, UNLINKED):
            link_in(text, older)


def link_in(text: nodes.Text, older: dict[str, Term]) -> None:
    """Replace the first uses in one stretch of text by links, and take these terms out of `older`."""
    found = []
    for use in re.finditer(
        r"\b(" + "|".join(map(re.escape, sorted(older, key=len, reverse=True))) + r")s?\b", text, re.I
    ):
        if term := older.pop(use[1].casefold(), None):
            found.append((use.start(), use.end(), term))
    if not found:
        return
    parts, done = list[nodes.Node](), 0
    for start, end, term in found:
        link = nodes.reference(
            "", text[start:end], refuri=f"{PAGE}.html#{term.anchor}", internal=True, classes=["term"]
        )
        parts += [nodes.Text(text[done:start]), link]
        done = end
    parts.append(nodes.Text(text[done:]))
    text.parent.replace(text, parts)


def inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Whether the node lies in one of these kinds."""
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and link when a page has been read."""
    app.add_directive("terms", Glossary)
    app.connect("doctree-read", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
