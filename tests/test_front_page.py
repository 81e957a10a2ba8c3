"""What can be read off the chapters: how long each takes, what builds on what, and where one speaks of another.

The tests with `page` look at the book as it was last built.
"""

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import pytest
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from website.assignments import assignment
from website.chapters import WORDS_A_MINUTE, Chapter, before, chapters, direct, reading_minutes
from website.cross_references import with_links
from website.front_page import hours, listed

ROOT = Path(__file__).parents[1]
CHAPTERS = chapters(ROOT / "book")
MINUTE = " ".join(["word"] * WORDS_A_MINUTE)


def page(name: str) -> str:
    return (ROOT / f"_build/html/book/{name}.html").read_text(encoding="utf-8").partition("<article")[2]


def read(*cells: NotebookNode) -> float:
    return reading_minutes(new_notebook(cells=list(cells)))


def built_on(**needs: Iterable[int]) -> dict[int, Chapter]:
    pairs = ((int(name[1:]), tuple(earlier)) for name, earlier in needs.items())
    return {number: Chapter(number, f"{number:02}_x", "Why?", earlier, 30) for number, earlier in pairs}


# == Reading times ===================================================================================================


def test_words_lines_figures_and_a_widget_take_time() -> None:
    assert read(new_markdown_cell(MINUTE)) == 1
    assert read(new_code_cell("x = 1\n\n" * 20)) == 1
    assert read(new_code_cell("plotting.show(figure)", metadata={"tags": ["hide-input"]})) == 0.5
    assert read(new_code_cell("from lessons_src.widgets import A", metadata={"tags": ["remove-input"]})) == 5


def test_exercises_sources_and_folded_code_take_none() -> None:
    assert read(new_markdown_cell("## Exercises"), new_markdown_cell(MINUTE), new_code_cell("x = 1")) == 0
    assert read(new_markdown_cell(f"## Sources\n\n{MINUTE}")) == 0
    assert read(new_code_cell("x = 1\n" * 20, metadata={"tags": ["hide-cell"]})) == 0


def test_a_formula_counts_as_a_word_and_a_tag_as_none() -> None:
    dense = new_markdown_cell("$a + b + c + d$ <b>word</b> $$x = y$$")
    assert read(dense) == pytest.approx(3 / WORDS_A_MINUTE)


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_says_how_long_it_takes_and_takes_at_most_forty_minutes(number: int) -> None:
    path = ROOT / f"book/{CHAPTERS[number].name}.ipynb"
    stated = re.search(r"\*(\d+) minutes to read", path.read_text(encoding="utf-8"))
    assert stated
    assert int(stated[1]) == 5 * round(CHAPTERS[number].minutes / 5)
    assert 20 <= int(stated[1]) <= 40


def test_hours_are_rounded_to_halves() -> None:
    assert [hours(minutes) for minutes in (89, 106, 140)] == ["About 1½ hours", "About 2 hours", "About 2½ hours"]


# == What builds on what =============================================================================================


def test_what_another_need_implies_is_not_drawn() -> None:
    found = built_on(_1=(), _2=(1,), _3=(1, 2), _4=(1,))
    assert before(found, 3) == {1, 2}
    assert direct(found) == [(1, 2), (2, 3), (1, 4)]


def test_a_chapter_builds_on_earlier_ones() -> None:
    for chapter in CHAPTERS.values():
        assert all(need < chapter.number for need in chapter.needs), chapter


def test_numbers_are_listed_as_in_a_sentence() -> None:
    assert [listed((6,)), listed((9, 6)), listed((10, 9, 6))] == ["6", "6 and 9", "6, 9 and 10"]


def test_the_map_has_every_chapter_and_what_it_builds_on() -> None:
    front = page("index")
    drawn, _, rest = front.partition('<div class="chapter-map')[2].partition("</svg>")
    assert drawn.count('class="dot"') == len(CHAPTERS)
    assert drawn.count("<path") == len(CHAPTERS) + len(direct(CHAPTERS))
    rows = rest.partition("</ul>")[0].split("<li>")[1:]
    assert len(rows) == len(CHAPTERS)
    for row, chapter in zip(rows, CHAPTERS.values(), strict=True):
        assert f'href="{chapter.name}.html"' in row
        text = unescape(re.sub("<[^>]+>", "", row))
        assert chapter.question in text
        needs = f"Builds on {listed(chapter.needs)}." if chapter.needs else "minutes."
        assert needs in text


def test_each_path_says_how_long_it_takes() -> None:
    paths = page("index").partition("Three ways through")[2].partition("</ul>")[0].split("<li>")[1:]
    assert len(paths) == 3
    for path in paths:
        numbers = [int(number) for number in re.findall(r'href="(\d\d)_', path)]
        assert f"{hours(sum(CHAPTERS[number].minutes for number in numbers))} of reading." in path


# == One chapter speaks of another ===================================================================================


def test_mentions_become_links_and_nothing_else_changes() -> None:
    text = nodes.Text("As Chapter 2 says, and chapter 16, but not chapter 99.")
    parts = with_links(text, {2: "02_meaning", 16: "16_self"}, "../")
    assert "".join(part.astext() for part in parts) == text
    links = [part for part in parts if isinstance(part, nodes.reference)]
    assert [(link.astext(), link["refuri"]) for link in links] == [
        ("Chapter 2", "../02_meaning.html"),
        ("chapter 16", "../16_self.html"),
    ]


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_paragraph_of_a_chapter_links_every_chapter_it_mentions(number: int) -> None:
    for paragraph in re.findall(r"<p>.*?</p>", page(CHAPTERS[number].name), re.DOTALL):
        unlinked = re.sub(
            r"<(a|strong|code|span class=\"(?:math|pre))\b.*?</(a|strong|code|span)>", "", paragraph, flags=re.DOTALL
        )
        mentioned = {int(number) for number in re.findall(r"\b[Cc]hapter (\d+)\b", unlinked)}
        assert mentioned <= {number}, unlinked


# == Assignments =====================================================================================================


def test_the_page_for_teachers_lists_every_assignment_with_its_points() -> None:
    table = page("teaching").partition('id="the-assignments"')[2].partition("</table>")[0]
    rows = [re.sub("<[^>]+>", " ", row).split() for row in table.split("<tr")[2:]]
    known = [assignment(path) for path in (ROOT / "book/assignments").glob("*.ipynb")]
    assert len(rows) == len(known)
    for one in known:
        assert [str(one.minutes), str(one.points)] in [row[-2:] for row in rows], one
        assert f'href="assignments/{one.name}.html"' in table


def test_an_assignment_that_does_not_say_its_points_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    with pytest.raises(ValueError, match=r"expected .An assignment to chapter 10"):
        assignment(path)
