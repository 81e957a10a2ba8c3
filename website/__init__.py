"""How the pages are made: one Sphinx extension, in parts that each do one thing.

``mathml`` draws formulas, ``execution`` runs the chapters, ``claims`` collects what they found, ``notation`` and
``glossary`` explain their symbols and terms, ``cross_references`` links them with each other, ``front_page`` shows what
builds on what, ``assignments`` lists what students are given, ``widgets`` brings live figures into the page, ``lean``
takes out what a page does not use, ``accessible`` mends what is left, and ``guard`` keeps one build from spoiling the
next.
"""

import hashlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PARTS = (
    *("guard", "mathml", "execution", "claims", "notation", "glossary", "cross_references", "front_page"),
    *("assignments", "widgets", "lean", "styles", "accessible"),
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Load the parts. A change to anything in this folder makes Sphinx write every page again."""
    for part in PARTS:
        app.setup_extension(f"{__name__}.{part}")
    files = [path for path in Path(__file__).parent.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    sources = b"".join(path.read_bytes() for path in sorted(files))
    version = int.from_bytes(hashlib.sha256(sources).digest()[:4], "big")
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
