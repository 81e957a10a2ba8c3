"""The notation: what a formula uses, and that the table says of every symbol in every chapter what is so."""

import re
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from website.notation import (
    SOURCE,
    WHOLE,
    Chapter,
    Row,
    identifiers,
    prose,
    read_chapter,
    rows,
    table,
    unlisted,
    unused,
)
from website.symbols import formulas, needs_a_row, uses

ROOT = Path(__file__).parents[1]
ROWS = rows(ROOT / SOURCE)
PATHS = {int(path.stem[:2]): path for path in sorted((ROOT / "book").glob("[0-9][0-9]_*.ipynb"))}


@cache
def chapter(number: int) -> Chapter:
    return read_chapter(number, nbformat.read(PATHS[number], as_version=4))


@cache
def in_package() -> frozenset[str]:
    programs = (path.read_text(encoding="utf-8") for path in (ROOT / "lessons_src").rglob("*.py"))
    return frozenset().union(*map(identifiers, programs))


def row(symbols: str, chapters: str, shape: str = "", code: str = "") -> Row:
    return Row("Gates", symbols, "A meaning.", shape, code, chapters)


def notebook(*texts: str, code: str = "1") -> nbformat.NotebookNode:
    return new_notebook(cells=[*map(new_markdown_cell, texts), new_code_cell(code)])


# == What a formula uses =====================================================================================


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\mathbf{h}_t = \tanh(h)", r"\mathbf{h} h"),
        (r"\mathbf{W}_{hh} \mathbf{W}_{\text{hotel}} W_{21} w_{hh}", r"\mathbf{W}_{hh} \mathbf{W} W w_{hh}"),
        (r"\mathbf{W}_{ir} W_{ij}", r"\mathbf{W}_{ir} W"),
        (r"p_\text{cat} + \text{if} \; q", "p q"),
        (
            r"\overrightarrow{\mathbf{h}}_t \hat{x}_{t-1} \boldsymbol\phi",
            r"\overrightarrow{\mathbf{h}} \hat{x} \boldsymbol{\phi}",
        ),
        (r"\varphi'(a) W'_{jk} k^* x^2", r"\varphi' a W' k^* x"),
        (r"\mathbf{W}^{(i)} e^{s_v} \mathbf{V}^\top", r"\mathbf{W}^{()} e s \mathbf{V} \top"),
        (r"\sum_{t=1}^{T} \underbrace{VD}_{\mathbf{E}}", r"\sum t T V D \mathbf{E}"),
        (r"\frac{1}{n} \left( a, \mathbf{0.6} \right) \ldots \mathbf{0}", r"n a \mathbf{0}"),
        (r"\lVert \mathbf{g} \rVert \odot [a; b] \unheardof", r"\lVert \mathbf{g} \odot a ; b \unheardof"),
        (r"\begin{pmatrix} a & 1 \\ 0 & b \end{pmatrix}", "a b"),
    ],
)
def test_a_formula_is_read_into_its_symbols(tex: str, expected: str) -> None:
    assert [use.symbol for use in uses(tex) if needs_a_row(use.symbol)] == expected.split()


def test_indices_are_kept_apart_and_a_single_letter_is_reported_both_ways() -> None:
    first, second, third = uses(r"d_k x_{t-\tau} \mathbf{E}_{w_1}")
    assert first == ("d", ("k",), "d_{k}")
    assert second == ("x", ("t", r"\tau"), "")
    assert third == (r"\mathbf{E}", ("w",), "")


def test_formulas_are_found_in_text_and_in_strings_and_not_in_code() -> None:
    text = "Let $a$ and\n$$\nb\n$$\nnot `$c$`, nor \\$d\\$.\n```\n$e$\n```"
    found = formulas(notebook(text, code='put(f"${f}_{g}$ and ${h}$ or $h_t$")\nprice = 5  # $i$'))
    assert list(found) == [(0, "a"), (0, "\nb\n"), (1, "1_1"), (1, "1"), (1, "h_t")]


# == What the table says =====================================================================================


@pytest.mark.parametrize("number", PATHS)
def test_every_symbol_of_a_chapter_is_listed(number: int) -> None:
    missing = unlisted(chapter(number), ROWS)
    assert not missing, f"add to {SOURCE}: {missing}"


def test_chapters_use_what_is_listed_where_it_says() -> None:
    chapters = {number: chapter(number) for number in PATHS}
    wrong = [fault for listed in ROWS for fault in unused(listed, chapters)]
    assert not wrong


def test_each_row_is_complete_and_its_chapters_are_in_order() -> None:
    assert len({(row.group, row.symbols, row.chapters) for row in ROWS}) == len(ROWS)
    for listed in ROWS:
        assert listed.meaning[0].isupper() or listed.meaning[0] in "$1", listed
        assert listed.meaning.endswith("."), listed
        assert all(first <= last for first, last in listed.spans), listed
        assert all(before.last < after.first for before, after in pairwise(listed.spans)), listed


def test_names_in_code_occur_in_the_package_or_in_the_chapters_that_are_named() -> None:
    for listed in ROWS:
        here = in_package().union(*(chapter(number).names for number in PATHS if listed.covers(number)))
        unknown = [name for name in listed.names if not here.issuperset(name.split("."))]
        assert not unknown, listed


def test_shapes_are_made_of_listed_sizes() -> None:
    sizes = {symbol for listed in ROWS if listed.group == "Sizes" for symbol in listed.listed}
    for listed in ROWS:
        shapes = (use for tex in re.findall(r"\$([^$]+)\$", listed.shape) if "(" in tex for use in uses(tex))
        assert all((use.whole or use.symbol) in sizes for use in shapes), listed


def test_the_page_has_every_group_once_in_the_order_of_the_list() -> None:
    page = (ROOT / "book/notation.md").read_text(encoding="utf-8")
    groups = list(dict.fromkeys(listed.group for listed in ROWS))
    assert re.findall(r"^```\{notation\} (.+)$", page, re.MULTILINE) == groups
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == groups


# == What is not so is found =================================================================================


def test_a_symbol_without_a_row_is_found_with_its_cell() -> None:
    used = read_chapter(3, notebook("Text.", r"$\mathbf{h} + h$"))
    assert unlisted(used, [row(r"\mathbf{h}", "1-")]) == ["chapter 3, cell 1: h"]
    assert unlisted(used, [row(r"\mathbf{h}", "1-"), row("h", "1-2, 4-")]) == ["chapter 3, cell 1: h"]
    assert unlisted(used, [row(r"\mathbf{h}", "1-"), row("h", "1-2, 3")]) == []


def test_the_first_cell_is_named() -> None:
    used = read_chapter(3, notebook("$h$", "$h_1 + h$", "$h_2$"))
    assert unlisted(used, []) == ["chapter 3, cell 0: h"]
    used = read_chapter(3, notebook("$h$", "$h_t$"))
    assert unlisted(used, []) == ["chapter 3, cell 0: h", "chapter 3, cell 1: t as an index"]


def test_a_subscript_is_listed_with_its_symbol_or_as_a_whole_number() -> None:
    used = read_chapter(1, notebook("$d_k$"))
    assert unlisted(used, [row("d", "1"), row("k", "1")]) == ["chapter 1, cell 0: k as an index"]
    assert unlisted(used, [row("d", "1"), row("k", "1", shape=WHOLE)]) == []
    assert unlisted(used, [row("d_k", "1")]) == []


def test_a_row_that_says_too_much_is_found() -> None:
    chapters = {number: read_chapter(number, notebook(tex)) for number, tex in {1: "$a$", 2: "$a$", 3: "$b$"}.items()}
    assert (
        unused(row("a", "1-2"), chapters)
        == unused(row("a", "2-"), chapters)
        == unused(row("a, b", "1-"), chapters)
        == []
    )
    assert unused(row("a", "1-3"), chapters) == ["chapter 3 does not use a"]
    assert unused(row("b", "2-"), chapters) == ["chapter 2 does not use b"]
    assert unused(row("a", "1, 4"), chapters) == ["chapter 4 does not use a"]
    assert unused(row("a, c", "1-"), chapters) == ["c is in no chapter that the row names"]
    assert len(unused(row("a, c", "1-3"), chapters)) == 2


# == How it is shown =========================================================================================


def test_the_table_shows_formulas_code_and_links_and_names_its_roles() -> None:
    listed = Row("Gates", "b_f, f", "A bias < $c$, in `code`.", "$(H)$", "b_f, f", "2-3, 5, 7-")
    html = table("Gates", [listed], {number: f"{number:02}_x.html" for number in range(1, 9)})
    assert html.count("<math>") == 4
    assert "A bias &lt; " in html
    assert "<code>code</code>" in html
    assert re.findall(r'href="0(\d)_x\.html">(\d)</a>([^<]*)', html) == [
        *zip("2357", "2357", ("–", ", ", ", ", " on"), strict=True)
    ]
    assert html.count('role="row"') == 2
    assert html.count('role="columnheader"') == html.count('role="cell"') + 1 == 5


def test_every_row_can_be_shown() -> None:
    pages = {number: f"{path.stem}.html" for number, path in PATHS.items()}
    html = unescape(table("all", ROWS, pages))
    assert html.count("<tr") == len(ROWS) + 1
    assert 'href=""' not in html
    assert "$" not in html


def test_prose_keeps_plain_text() -> None:
    assert prose("") == ""
    assert prose("a & b") == "a &amp; b"


def test_a_sign_does_not_begin_a_line() -> None:
    assert prose("By `a`, and `b` & c.") == (
        'By <span class="whole"><code>a</code>,</span> and <code>b</code> &amp; c.'
    )
    assert table("Gates", [row("a, b", "1")], {}).count('</math></span>,</span> <span class="math') == 1
