"""Light pages: each loads only what it uses."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SCRIPTS = ("book.js", "widget_host.js", "widgets/")  # ours; those of the theme and of Sphinx no page needs
SEARCH = ("documentation_options.js", "doctools.js", "sphinx_highlight.js")
# Files the theme brings that no page asks for.
UNUSED = (
    "scripts/*",
    "vendor/**/*.*",
    "locales/**/*.*",
    "images/*",
    "*.png",
    "styles/theme.css",
    "*macros.html",
    "**/*.map",
)


def drop_unused_files(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave out the scripts and style sheets for what this page does not have."""
    searching = pagename == "search"
    scripts = (*SEARCH, *SCRIPTS) if searching else SCRIPTS
    cells = 'class="cell ' in context.get("body", "")

    def name(file: Any) -> str:
        return str(getattr(file, "filename", None) or "")

    def kept(script: Any) -> bool:
        if name(script):
            return any(part in name(script) for part in scripts)
        return searching or "type" in script.attributes  # the state of the live figures is no program

    context["script_files"] = [script for script in context["script_files"] if kept(script)]
    context["css_files"] = [file for file in context["css_files"] if cells or "mystnb" not in name(file)]


def download_link(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Offer the notebook of a chapter by one plain link, in place of the theme's menu."""
    source = context.get("sourcename", "")
    context["header_buttons"] = []
    if source.endswith(".ipynb"):
        context["notebook_link"] = context["pathto"](f"_sources/{source}", 1)


def few_marks(html: str) -> str:
    """Keep the marks of keywords, strings, comments and what is defined; join the parts of a string.

    Names, numbers, signs and spaces are most of what is marked, and read as well without.
    """
    bare = re.sub(r'<span class="(?:n|nb|nn|mf|mi|o|p|w)">([^<]*)</span>|<span></span>', r"\1", html)
    part = r'<span class="s[12ai]">([^<]*)</span>'
    return re.sub(f"(?:{part}){{2,}}", lambda run: f'<span class="s2">{"".join(re.findall(part, run[0]))}</span>', bare)


def lighten_code(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the code of a page with few marks."""
    context["body"] = few_marks(context.get("body", "")).replace(" notranslate", "")


def remove_unused_files(app: Sphinx, error: Exception | None) -> None:
    """Take away what the theme and Sphinx have copied and no page asks for."""
    if not error and app.builder.format == "html":
        static = Path(app.outdir, "_static")
        for path in {path for pattern in UNUSED for path in static.glob(pattern)}:
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, after everything that adds files to a page."""
    app.connect("html-page-context", drop_unused_files, priority=900)
    app.connect("html-page-context", lighten_code, priority=900)
    app.connect("html-page-context", download_link, priority=900)
    app.connect("build-finished", remove_unused_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
