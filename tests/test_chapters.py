"""Every chapter has a prediction, a quiz, exercises with folded solutions, and says what comes next."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

CHAPTERS = sorted((Path(__file__).parents[1] / "book").glob("[0-9][0-9]_*.ipynb"))
OPTION = re.compile(r'<details class="option"><summary>(.+?)</summary>(.+?)</details>', re.DOTALL)


def sections(notebook: NotebookNode) -> dict[str, str]:
    """The text of each section by its heading; what stands before the first has the heading ""."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request: pytest.FixtureRequest) -> tuple[int, NotebookNode]:
    return int(request.param.stem[:2]), nbformat.read(request.param, as_version=4)


def test_it_opens_with_a_prediction_and_says_what_it_takes(chapter: tuple[int, NotebookNode]) -> None:
    opening = sections(chapter[1])[""]
    form = rf"# {chapter[0]} · .+\?\n\n\*\d+ minutes to read, \d+ CPU seconds to run on one core\. You need .+\*\n"
    assert re.match(form, opening)
    assert "**Before you read on.**" in opening
    assert len(OPTION.findall(opening)) >= 3


def test_its_quiz_explains_every_answer(chapter: tuple[int, NotebookNode]) -> None:
    quiz = sections(chapter[1])["Quiz"]
    questions = re.split(r"^\*\*\d", quiz, flags=re.MULTILINE)[1:]
    assert len(questions) >= 3
    for question in questions:
        options = OPTION.findall(question)
        assert len(options) == question.count("<summary>") >= 2, question
        assert all(len(answer.split()) >= 5 for _, answer in options), question


def test_its_exercises_have_solutions_that_run_and_are_folded(chapter: tuple[int, NotebookNode]) -> None:
    exercises = re.findall(r"^\*\*\d", sections(chapter[1])["Exercises"], flags=re.MULTILINE)
    solutions = [cell for cell in chapter[1].cells if "solution" in cell.metadata.get("tags", [])]
    assert len(exercises) >= 4
    assert len(solutions) >= 3
    for cell in solutions:
        assert cell.cell_type == "code"
        assert "hide-cell" in cell.metadata["tags"]
        assert cell.metadata["jupyter"]["source_hidden"], "not folded in JupyterLab"


def test_it_ends_with_what_the_reader_can_do_and_where_to_go(chapter: tuple[int, NotebookNode]) -> None:
    number, found = chapter[0], sections(chapter[1])
    assert list(found)[-2:] == ["What you can do now", "Sources"]
    assert number == len(CHAPTERS) or re.search(rf"[Cc]hapter {number + 1}\b", found["What you can do now"])
    assert found["Sources"].count("\n- ") >= 2
