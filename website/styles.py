"""Style sheets with only the rules that some page of the book uses.

The theme brings four hundred kilobytes of rules, most of them for components and icons that no page of this book has.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from tinycss2.ast import LiteralToken, Node

COMMA = LiteralToken(0, 0, ",")


class Names:
    """What a selector may ask for.

    Args:
        tags: the element, attributes, classes and ids of each tag.
        scripts: names that a script may give to any tag.
    """

    def __init__(self, tags: Iterable[frozenset[str]], scripts: set[str]) -> None:
        self.scripts = scripts
        self.tags: dict[str, list[frozenset[str]]] = {}
        for tag in tags:
            for name in tag:
                self.tags.setdefault(name, []).append(tag)

    def meet(self, asked: frozenset[str]) -> bool:
        """Whether one tag may have all these names."""
        rest = asked - self.scripts
        rarest = min((self.tags.get(name, []) for name in rest), key=lambda tags: len(tags), default=[])
        return not rest or any(rest <= tag for tag in rarest)

    def __contains__(self, name: str) -> bool:
        return name in self.scripts or name in self.tags


def names_in(pages: Iterable[str], scripts: Iterable[str], figures: Iterable[str]) -> Names:
    """The names in the tags of pages, and in strings of scripts.

    Args:
        pages: their HTML.
        scripts: those of the frame, which add classes to what is there.
        figures: scripts that draw figures of their own, with style sheets of their own.
    """
    bare = (re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL) for page in pages)
    tags = {tag for page in bare for tag in re.findall(r"<[a-z][^<>]*", page)}
    named = re.compile(r'<[\w-]+|\s[\w-]+(?=[=\s]|$)|(?<=\bclass=")[^"]*|(?<=\bid=")[^"]*|(?<=\bstyle=")[^"]*')
    found = {frozenset(words(" ".join(named.findall(tag)))) for tag in tags}
    return Names(found | {frozenset({word}) for word in in_strings(figures)}, in_strings(scripts))


def in_strings(scripts: Iterable[str]) -> set[str]:
    """The words in all strings of scripts."""
    return {
        word for script in scripts for part in re.findall(r'"[^"]*"|\'[^\']*\'|`[^`]*`', script) for word in words(part)
    }


def words(text: str) -> list[str]:
    """Names, such as ``one`` and ``--two-three``."""
    return re.findall(r"[\w-]+", text)


def purge(rules: list[Node], known: Names) -> Iterator[Node]:
    """Yield the rules that can match: some tag must have all that each part of a selector asks of one."""
    for rule in rules:
        if rule.type == "qualified-rule":
            alive = [part for part in split(rule.prelude, ",") if all(map(known.meet, asked(part)))]
            rule.prelude = [token for part in alive for token in (*part, COMMA)][:-1]
            if not rule.prelude:
                continue
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = list(purge(inner, known))
            if not rule.content:
                continue
        elif rule.type == "at-rule" and "/vendor/" in tinycss2.serialize(rule.content or []):
            continue  # a font of icons: its files are left out, and book.css draws the icons
        yield rule


def split(tokens: list[Node], at: str) -> list[list[Node]]:
    """Split tokens at some of them."""
    parts: list[list[Node]] = [[]]
    for token in tokens:
        sign = {"whitespace": " ", "literal": getattr(token, "value", "")}.get(token.type)
        if sign and sign in at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def asked(selector: list[Node]) -> Iterator[frozenset[str]]:
    """The names that a selector asks of each tag; not those in a function such as ``:not()``."""
    for part in split(selector, " >+~"):
        names = {token.value for token in part if token.type == "hash"}
        for before, token in pairwise([None, *part]):
            if token.type == "ident" and before != ":":
                names.add(token.value)
            elif token.type == "[] block":
                names.add(next(inner.value for inner in token.content if inner.type == "ident"))
        yield frozenset(names)


def without_unread(sheets: list[str], known: Names) -> list[str]:
    """Take out custom properties that no style sheet reads and no other file mentions, until none is left."""
    read = set(re.findall(r"var\(\s*(--[\w-]+)", "".join(sheets)))
    kept = [tinycss2.serialize(drop_unread(tinycss2.parse_stylesheet(css, True, True), read, known)) for css in sheets]
    return kept if kept == sheets else without_unread(kept, known)


def drop_unread(rules: list[Node], read: set[str], known: Names) -> list[Node]:
    """The rules without the custom properties that nothing reads."""
    for rule in rules:
        if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            rule.content = drop_unread(tinycss2.parse_rule_list(rule.content, skip_comments=True), read, known)
        elif rule.type == "qualified-rule":
            parts = tinycss2.parse_blocks_contents(rule.content)
            rule.content = [
                part
                for part in parts
                if part.type != "declaration"
                or not part.name.startswith("--")
                or part.name in read
                or part.name in known
            ]
    return rules


def purge_styles(app: Sphinx, error: Exception | None) -> None:
    """Take out of the written style sheets what no page and no script of the book mentions."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    known = names_in(texts(Path(app.outdir), "**/*.html"), texts(static, "*.js"), texts(static, "widgets/*.js"))
    sheets = {path: path.read_text(encoding="utf-8") for path in static.rglob("*.css")}
    for path, css in sheets.items():
        sheets[path] = tinycss2.serialize(list(purge(tinycss2.parse_stylesheet(css, True, True), known)))
    for path, css in zip(sheets, without_unread(list(sheets.values()), known), strict=True):
        path.write_text(tight(css), encoding="utf-8")


def tight(css: str) -> str:
    """Take out comments, and white space that parts nothing."""
    return re.sub(r"\s*([{};,])\s*|\s+", lambda space: space[1] or " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))


def texts(folder: Path, pattern: str) -> Iterator[str]:
    """What some files of a folder hold."""
    return (path.read_text(encoding="utf-8") for path in folder.glob(pattern))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of the build, when all pages are written."""
    app.connect("build-finished", purge_styles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
