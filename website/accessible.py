"""Mends what the theme and its tools say wrongly to a reader."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MENDED = {
    # A list whose children are not list items; the entries' own role is no longer in use.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}


FOLDED = re.compile(
    r'(<div class="cell ([^"]*)">\s*<details class="[^"]*">\s*<summary)[^>]*>'
    r'\s*<p class="collapsed[^>]*>[^<]* (\w+)</p>.*?(?=</summary>)',
    re.DOTALL,
)
KINDS = {"source": "Code", "content": "Code and output", "outputs": "Output"}


def fold_label(cell: re.Match[str]) -> str:
    """What a folded cell holds, in one word where MyST-NB has "Show code cell content" and "Hide code cell content"."""
    return f"{cell[1]}>{'Solution' if 'tag_solution' in cell[2] else KINDS[cell[3]]}"


def mend(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Replace the faulty attributes in the body of a page."""
    body = context.get("body", "")
    for wrong, right in MENDED.items():
        body = body.replace(wrong, right)
    context["body"] = FOLDED.sub(fold_label, body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, when the body is complete."""
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
