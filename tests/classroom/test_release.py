"""Nothing that is only for teachers is in what a student gets: the release folder of every assignment, and feedback."""

import json
import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from nbformat import from_dict

from classroom import course, feedback, master
from classroom.judge import Judgement
from classroom.master import ASSIGNMENTS, HIDDEN, Master
from classroom.nbgrader_plugin import HideTests
from classroom.record import Record, record
from tests.classroom import handed_in
from tests.classroom.test_assignments import judged
from tests.classroom.test_pages import leaks, lines, secrets

MASTERS = {path.stem: master.read(path) for path in sorted(ASSIGNMENTS.glob("*/*.ipynb"))}


def hidden_lines(assignment: Master) -> set[str]:
    """Lines of hidden tests, without those that a visible test has too."""
    tests = [test for task in assignment.tasks for test in task.tests]
    hidden = lines("\n".join(HIDDEN.findall(test.source)) for test in tests)
    return {line for line in hidden - lines(test.visible for test in tests) if len(line) > 12}


def graded(assignment: Master, judgement: Judgement) -> tuple[Record, str]:
    found = record(assignment, "kim", b"", (), judgement, False, ())
    return found, feedback.page(assignment, found, judgement)


def half_wrong(assignment: Master) -> Judgement:
    """A submission with the first mistake of each task, as far as there is one."""
    wrong: dict[str, str] = {}
    for name, (_, source) in handed_in.mistakes(assignment).items():
        task = next(task for task in assignment.tasks if name.partition("__")[0] in task.names)
        wrong.setdefault(task.name, source)
    return judged(assignment, handed_in.solved(assignment, wrong))


@pytest.mark.parametrize("name", MASTERS)
def test_the_release_folder_has_the_notebook_and_its_data_and_no_secret(name: str, released: Path) -> None:
    folder = released / "release" / name
    assert {path.name for path in folder.iterdir()} - {"data"} == {f"{name}.ipynb"}
    assert not list(leaks(folder, secrets(MASTERS[name])))
    raw = (folder / f"{name}.ipynb").read_text(encoding="utf-8")
    for word in ("check(", "draw(", "BEGIN SOLUTION", "HIDDEN TESTS", *handed_in.mistakes(MASTERS[name])):
        assert word not in raw
    assert len(secrets(MASTERS[name])) > 20
    assert not any(cell.get("outputs") for cell in json.loads(raw)["cells"])


def test_every_assignment_is_released(released: Path) -> None:
    assert {path.name for path in (released / "release").iterdir()} == set(MASTERS)


@pytest.mark.parametrize("name", MASTERS)
def test_a_release_is_refused_with_any_line_of_a_solution_a_hidden_test_or_a_mistake(
    name: str, released: Path, tmp_path: Path
) -> None:
    assignment = MASTERS[name]
    shutil.copytree(released / "release" / name, tmp_path / name)
    course.refuse_leaks(assignment, tmp_path)
    solution = max(course.secret_lines(replace(assignment, mistakes="")) - hidden_lines(assignment), key=len)
    mistake = max(assignment.mistakes.splitlines(), key=len)
    for secret in (solution, max(hidden_lines(assignment), key=len), mistake, "    ### BEGIN HIDDEN TESTS"):
        (tmp_path / name / "notes.txt").write_text(f"see\n  {secret}\n", encoding="utf-8")
        with pytest.raises(ValueError, match="still contains"):
            course.refuse_leaks(assignment, tmp_path)


@pytest.mark.parametrize("name", MASTERS)
def test_feedback_has_hints_to_read_offline_and_no_secret(name: str) -> None:
    assignment = MASTERS[name]
    _, page = graded(assignment, judged(assignment, handed_in.released(assignment)))
    words = unescape(re.sub(r"<[^>]+>", "", page))
    assert not lines([words]) & secrets(assignment)
    assert page.count("<details>") == sum(len(task.hints) for task in assignment.tasks) + 1
    without_code = re.sub(r"<(pre|code|math)\b.*?</\1>", "", page.partition("<h1>")[2], flags=re.DOTALL)
    assert not re.search(r"[$\\`]|\*\*", without_code)
    assert "http" not in without_code
    hints = re.sub(r"`[^`]*`", "", "\n".join(hint for task in assignment.tasks for hint in task.hints))
    assert page.count("<math") >= len(re.findall(r"\$.+?\$", hints))


@pytest.mark.parametrize("name", MASTERS)
def test_feedback_for_wrong_answers_names_the_mistakes_and_shows_no_hidden_test(name: str) -> None:
    assignment = MASTERS[name]
    found, page = graded(assignment, half_wrong(assignment))
    words = unescape(re.sub(r"<[^>]+>", "", page))
    assert len(hidden_lines(assignment)) >= len(assignment.tasks)
    assert not [line for line in hidden_lines(assignment) if line in words]
    said = [grade["message"] for grade in found["tasks"].values() if grade["message"]]
    assert len(said) > len(assignment.tasks) / 2
    assert all(sentence in words for sentence in said)


def test_a_formula_that_cannot_be_converted_is_shown_as_it_was_written() -> None:
    assert "<code>\\nonsense{x}</code>" in feedback.MARKDOWN.render("so $\\nonsense{x}$ it is")


def test_nbgraders_own_feedback_shows_no_hidden_test() -> None:
    assignment = MASTERS["lstm_step"]
    cells = [from_dict(cell) for cell in half_wrong(assignment).cells]
    notebook, _ = HideTests().preprocess(from_dict({"cells": cells}), {})
    assert not hidden_lines(assignment) & lines(cell["source"] for cell in notebook.cells)
    assert any(output["ename"] for cell in notebook.cells for output in cell.get("outputs", ()) if "ename" in output)
