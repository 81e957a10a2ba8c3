"""Light pages: each loads only what it uses.

The theme brings four hundred kilobytes of rules, most of them for components and icons that no page of this book has.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from docutils import nodes
from sphinx.application import Sphinx
from tinycss2.ast import LiteralToken, Node

# A script or style sheet, by part of its name, and what a page holds that uses it.
NEEDED_BY = {
    "clipboard.min.js": 'class="cell_input',
    "copybutton": 'class="cell_input',
    "mystnb": 'class="cell ',
}
COMMA = LiteralToken(0, 0, ",")
# Files the theme brings that no page asks for.
UNUSED = ("scripts/bootstrap.js*", "scripts/fontawesome.js*", "vendor/**/*.*", "*macros.html", "**/*.map")


def drop_unused_files(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave out the scripts and style sheets for what this page does not have."""
    body = context.get("body", "")

    def needed(file: Any) -> bool:
        name = str(getattr(file, "filename", None) or "")
        return all(mark in body for part, mark in NEEDED_BY.items() if part in name)

    context["script_files"] = [file for file in context["script_files"] if needed(file)]
    context["css_files"] = [file for file in context["css_files"] if needed(file)]


def download_link(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Offer the notebook of a chapter by one plain link, in place of the theme's menu."""
    source = context.get("sourcename", "")
    context["header_buttons"] = []
    if source.endswith(".ipynb"):
        context["notebook_link"] = context["pathto"](f"_sources/{source}", 1)


def few_marks(html: str) -> str:
    """Take the marks off names, signs and spaces in code, which are most marks, and join the parts of a string."""
    bare = re.sub(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>', r"\1", html)
    part = r'<span class="s[12ai]">([^<]*)</span>'
    return re.sub(f"(?:{part}){{2,}}", lambda run: f'<span class="s2">{"".join(re.findall(part, run[0]))}</span>', bare)


def lighten_code(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the code of a page with few marks."""
    context["body"] = few_marks(context.get("body", ""))


def purge(rules: list[Node], words: set[str]) -> Iterator[Node]:
    """Yield the rules that can match: all classes and ids of a selector must be among the words."""
    for rule in rules:
        if rule.type == "qualified-rule":
            alive = [part for part in split_selectors(rule.prelude) if names(part) <= words]
            rule.prelude = [token for part in alive for token in (*part, COMMA)][:-1]
            if not rule.prelude:
                continue
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = list(purge(inner, words))
            if not rule.content:
                continue
        elif rule.type == "at-rule" and "/vendor/" in tinycss2.serialize(rule.content or []):
            continue  # a font of icons: its files are left out, and book.css draws the icons
        yield rule


def split_selectors(prelude: list[Node]) -> list[list[Node]]:
    """Split a rule's prelude at its commas."""
    parts: list[list[Node]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def names(selector: list[Node]) -> set[str]:
    """Classes and ids that a selector asks for; what is within ``:not()`` it does not ask for."""
    pairs = pairwise(selector)
    classes = {name.value for dot, name in pairs if dot == "." and name.type == "ident"}
    return classes | {token.value for token in selector if token.type == "hash"}


def without_unread(sheets: list[str], words: set[str]) -> list[str]:
    """Take out custom properties that no style sheet reads and no other file mentions, until none is left."""
    read = words | set(re.findall(r"var\(\s*(--[\w-]+)", "".join(sheets)))
    kept = [tinycss2.serialize(drop_unread(tinycss2.parse_stylesheet(css, True, True), read)) for css in sheets]
    return kept if kept == sheets else without_unread(kept, words)


def drop_unread(rules: list[Node], read: set[str]) -> list[Node]:
    """The rules without the custom properties that nothing reads."""
    for rule in rules:
        if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            rule.content = drop_unread(tinycss2.parse_rule_list(rule.content, skip_comments=True), read)
        elif rule.type == "qualified-rule":
            parts = tinycss2.parse_blocks_contents(rule.content)
            rule.content = [
                part
                for part in parts
                if part.type != "declaration" or not part.name.startswith("--") or part.name in read
            ]
    return rules


def purge_styles(app: Sphinx, error: Exception | None) -> None:
    """Take out of the written style sheets what no page and no script of the book mentions."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    for path in {path for pattern in UNUSED for path in static.glob(pattern)}:
        path.unlink()
    texts = [*out.rglob("*.html"), *static.rglob("*.js")]
    words = {word for path in texts for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}
    sheets = {path: path.read_text(encoding="utf-8") for path in static.rglob("*.css")}
    for path, css in sheets.items():
        sheets[path] = tinycss2.serialize(list(purge(tinycss2.parse_stylesheet(css, True, True), words)))
    for path, css in zip(sheets, without_unread(list(sheets.values()), words), strict=True):
        path.write_text(css, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, after everything that adds files to a page."""
    app.connect("html-page-context", drop_unused_files, priority=900)
    app.connect("html-page-context", lighten_code, priority=900)
    app.connect("html-page-context", download_link, priority=900)
    app.connect("build-finished", purge_styles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
