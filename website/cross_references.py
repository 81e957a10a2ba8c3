"""Where a chapter speaks of another one by its number, the number becomes a link."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from website.chapters import pages
from website.glossary import UNLINKED, inside

MENTION = re.compile(r"\bchapter (\d{1,2})\b", re.IGNORECASE)


def link_mentions(app: Sphinx, doctree: nodes.document) -> None:
    """Link each mention that is not a link yet, except those of the chapter itself."""
    here = Path(app.env.docname)
    others = {number: name for number, name in pages(app.env.found_docs).items() if name != here.name}
    up = "../" * (len(here.parts) - 2)
    for text in list(doctree.findall(nodes.Text)):
        if MENTION.search(text) and not inside(text, UNLINKED):
            text.parent.replace(text, with_links(text, others, up))


def with_links(text: nodes.Text, names: dict[int, str], up: str) -> list[nodes.Node]:
    """A stretch of text, cut where it mentions chapters."""
    parts, done = list[nodes.Node](), 0
    for mention in MENTION.finditer(text):
        if name := names.get(int(mention[1])):
            link = nodes.reference("", mention[0], refuri=f"{up}{name}.html", internal=True)
            parts += [nodes.Text(text[done : mention.start()]), link]
            done = mention.end()
    return [*parts, nodes.Text(text[done:])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Link when a page has been read."""
    app.connect("doctree-read", link_mentions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
