"""Mends what the theme and its tools say wrongly to a screen reader."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MENDED = {
    # A label hides the words of the summary itself.
    ' aria-label="Toggle hidden content"': "",
    # A list whose children are not list items; the entries' own role is no longer in use.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}


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
    context["body"] = body


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, when the body is complete."""
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
