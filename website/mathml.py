"""Formulas: TeX becomes MathML when the book is built, so that a page needs no script to show them."""

import re
from html import escape
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOG = logging.getLogger(__name__)
CONVERTER = LatexToMathML(annotation=False, fancy_error=False)
# Sphinx numbers equations itself, so the starred forms are meant; `split` is `aligned` by another name.
ENVIRONMENTS = {"align": "align*", "equation": "equation*", "gather": "gather*", "split": "aligned"}


def to_mathml(source: str, block: bool) -> str:
    r"""Convert one formula.

    Args:
        source: TeX without dollar signs. A block with ``\\`` but no environment is aligned at its ``&``.
        block: Whether it stands on lines of its own.

    Raises:
        LatexError: If the formula uses what the converter does not know.
    """
    source = re.sub(
        r"(\\(?:begin|end))\{(\w+)\}",
        lambda match: f"{match[1]}{{{ENVIRONMENTS.get(match[2], match[2])}}}",
        source.strip(),
    )
    if block and r"\\" in source and not source.startswith(r"\begin"):
        source = rf"\begin{{aligned}}{source}\end{{aligned}}"
    drawn = CONVERTER.convert_with_local_state(source, displaystyle=block)
    return drawn.replace(">⊙</mo>", ' largeop="false">⊙</mo>')  # Firefox takes it for a kind of sum


def convert(node: nodes.Element, block: bool) -> str:
    """Convert the formula of a node; one that fails is a warning, and so fails the build."""
    try:
        return to_mathml(node.astext(), block)
    except LatexError as error:
        LOG.warning("formula not converted: %s in %s", error, node.astext(), location=node)
        return f"<code>{escape(node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula within a sentence."""
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(convert(node, block=False) + "</span>")
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula on its own lines, in a box that scrolls where the screen is narrow."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append('<div class="math-scroll">' + convert(node, block=True) + "</div>")
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
