"""The pages made from the chapters: claims with their evidence, and a glossary to which the chapters link.

These tests look at the book as it was last built.
"""

import re
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lessons_src.claims import CLAIMS
from website.claims import Record, anchor, records, tally, untested
from website.glossary import terms

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "_build/html/book"
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("[01]*.ipynb"))
TERMS = terms(ROOT / "book/glossary.csv")


def page(name: str) -> str:
    return unescape((PAGES / f"{name}.html").read_text(encoding="utf-8"))


def words(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("’", "'")


def cell_with(record: dict[str, str]) -> nbformat.NotebookNode:
    output = new_output("display_data", data={"text/markdown": "…"}, metadata={"unrolled": record})
    return new_code_cell("verdict(…)", outputs=[output])


@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_is_on_the_page_with_a_verdict_and_a_link_to_its_cell(name: str) -> None:
    after = page("claims")
    links = re.findall(rf'href="(\w+)\.html#({anchor(name, 0)}(?:-\d)?)">Chapter', after)
    assert links
    for chapter, cell in links:
        assert f'id="{cell}"' in page(chapter)
    assert CLAIMS[name].wording.replace("`", "") in words(after)


def test_the_page_says_what_the_chapters_say() -> None:
    shown = words(page("claims"))
    for chapter in CHAPTERS:
        for evidence in re.findall(r"Verdict: [^<]*</strong>\s*([^<]{20,80})", page(chapter)):
            assert words(evidence).strip()[:40] in shown, chapter


def test_a_claim_without_a_verdict_is_found() -> None:
    verdict = [Record("09_vanishing", "9 · Why?", "holds", "It did.")]
    found = dict.fromkeys(CLAIMS, verdict)
    assert untested(found) == []
    del found["clip"]
    found["queen"] = []
    assert untested(found) == ["queen", "clip"]


def test_verdicts_are_read_from_the_outputs_of_a_notebook() -> None:
    record = {"claim": "clip", "result": "holds", "evidence": "The norm was 1."}
    notebook = new_notebook(cells=[new_markdown_cell("# 9 · Why?"), cell_with(record), new_code_cell("1")])
    assert list(records(notebook)) == [record]


def test_the_tally_counts_each_kind() -> None:
    results = ("holds", "holds if small", "does not hold", "does not hold as worded")
    found = {str(k): [Record("x", "x", result, "")] for k, result in enumerate(results)}
    assert tally(found).startswith("Of 4 verdicts, 1 say that the claim holds, 1 under a condition, 2 deny it")


def test_terms_are_there_once_and_complete() -> None:
    names = [term.english for term in TERMS]
    assert len(names) == len(set(names)) == len({term.anchor for term in TERMS})
    for term in TERMS:
        assert re.search("[가-힣]", term.korean), term
        assert term.meaning.endswith("."), term
        assert 1 <= term.chapter <= len(CHAPTERS), term


def test_the_chapter_that_is_named_uses_the_words_of_the_term() -> None:
    texts = [words(page(chapter).partition("<article")[2]).casefold() for chapter in CHAPTERS]
    for term in TERMS:
        for word in re.findall(r"\w+", term.english.casefold()):
            assert re.search(rf"\b{word[:5]}", texts[term.chapter - 1]), term.english


@pytest.mark.parametrize("chapter", CHAPTERS[1:])
def test_a_chapter_links_older_terms_once_each_and_every_link_leads_somewhere(chapter: str) -> None:
    links = re.findall(r'href="glossary\.html#(term-[\w-]+)"', page(chapter))
    assert len(links) == len(set(links))
    older = {term.anchor for term in TERMS if term.chapter < int(chapter[:2])}
    assert links or not older
    assert set(links) <= older
    for link in links:
        assert f'id="{link}"' in page("glossary")


def test_the_search_finds_korean_terms() -> None:
    index = (ROOT / "_build/html/searchindex.js").read_text(encoding="utf-8")
    for term in TERMS:
        for word in re.findall("[가-힣]{2,}", term.korean):
            assert word.encode("unicode_escape").decode() in index, word
