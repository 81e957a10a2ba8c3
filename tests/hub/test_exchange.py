"""Everything a class does with nbgrader's exchange, on a real JupyterHub, with one student who cheats."""

import html
import re

import pytest

from classroom import course
from classroom.master import text
from tests.classroom import handed_in
from tests.classroom.handed_in import LSTM_STEP
from tests.hub.harness import ADA, MALLORY, TEACHER, Hub
from tests.hub.term import MISTAKE, NAME, Term, points


def test_students_see_what_was_released_and_nothing_else(term: Term) -> None:
    for student in (ADA, MALLORY):
        (listed,) = term.handed_out[student]
        assert (listed["assignment_id"], listed["status"]) == (NAME, "released")


def test_what_students_fetch_holds_no_solution_and_no_hidden_test(term: Term) -> None:
    for folder in term.fetched.values():
        assert [path.name for path in folder.rglob("*")] == [f"{NAME}.ipynb"]
        course.refuse_leaks(LSTM_STEP, folder)


def test_all_who_handed_in_are_graded_and_nobody_else(term: Term) -> None:
    assert sorted(term.collected) == [ADA, MALLORY]
    assert all(found["autograded"] for found in term.collected.values())


def test_a_mistake_costs_its_points_and_feedback_names_it(term: Term) -> None:
    assert term.collected[ADA]["score"] == points(MISTAKE)
    sentence, _ = handed_in.mistakes(LSTM_STEP)[MISTAKE]
    assert sentence in readable(term.feedback[ADA])


def test_who_deletes_tests_and_reads_the_master_gets_the_points_of_own_work_only(term: Term) -> None:
    (gates,) = [task for task in LSTM_STEP.tasks if task.name == "gates"]
    assert term.collected[MALLORY]["score"] == gates.points
    assert term.feedback[MALLORY]


def test_feedback_holds_no_solution_and_no_hidden_test(term: Term) -> None:
    for student, page in term.feedback.items():
        lines = {line.strip() for line in readable(page).splitlines()}
        own = {line.strip() for cell in term.handed_in[student] for line in text(cell).splitlines()}
        leaked = sorted(lines & (course.secret_lines(LSTM_STEP) - own))
        assert not leaked, f"{student}'s feedback shows {leaked[0]}"
        assert "HIDDEN TESTS" not in page


def test_the_formgrader_runs_nothing_that_a_student_wrote(term: Term) -> None:
    assert "def repair(rows)" in readable(term.shown)
    assert not re.search(r"<img[^>]*onerror", term.shown)


def test_students_reach_masters_and_grades_only_if_all_share_an_account(hub: Hub, term: Term) -> None:
    refused = {what for what, came in term.asked.items() if came == "PermissionError"}
    closed = {"master", "masters", "gradebook", "release", "homework of ada", "handed in", "feedback", "handed out"}
    assert refused == (closed | {"course moved"} if hub.accounts else set())


def test_what_is_forged_in_the_exchange_changes_nobodys_grade(hub: Hub, term: Term) -> None:
    if not hub.accounts:
        pytest.skip("who shares an account may forge everything")
    assert term.forged == "forged\n"
    left_out = [line for line in hub.log.read_text().splitlines() if "is left out" in line]
    assert sorted(re.findall(r"\+(\w+) is left out", "\n".join(left_out))) == ["forged", "link", "pipe"]


def test_a_students_server_has_no_formgrader(hub: Hub, term: Term) -> None:
    assert hub.person(MALLORY).get("formgrader/api/assignments").status_code == 404


def test_jupyterlab_can_show_the_formgrader_in_its_frame_and_students_menus_lack_it(hub: Hub, term: Term) -> None:
    page = hub.person(TEACHER).get("formgrader/manage_assignments")
    assert page.ok
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    for name, absent in {TEACHER: "assignment-list", ADA: "formgrader"}.items():
        disabled = re.search(r'"disabledExtensions": (\[.*?\])', hub.person(name).get("lab").text)
        assert disabled
        assert f"@jupyter/nbgrader:{absent}" in disabled[1]


def test_a_students_login_opens_nobody_elses_server(hub: Hub, term: Term) -> None:
    pages = {
        TEACHER: ("api/contents", "formgrader/api/students"),
        ADA: ("api/contents", "assignments?course_id=unrolled"),
    }
    for other, paths in pages.items():
        for path in paths:
            assert hub.person(MALLORY).ask("GET", f"/user/{other}/{path}").status_code == 403
    assert hub.person(MALLORY).ask("DELETE", f"/hub/api/users/{ADA}/server").status_code in (403, 404)


def test_jupyterlabs_file_browser_ends_at_the_students_home(hub: Hub, term: Term) -> None:
    for path in ("../teacher/course/gradebook.db", f"../ada/{NAME}/{NAME}.ipynb", "/etc/passwd"):
        copy = hub.person(MALLORY).ask("POST", f"/user/{MALLORY}/api/contents", json={"copy_from": path})
        assert copy.status_code in (400, 403, 404), path


def readable(page: str) -> str:
    """The text of a page."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))
