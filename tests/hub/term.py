"""One assignment from release to feedback, in the order in which a class does it, and what was seen on the way."""

import json
import runpy
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classroom.master import Cell
from tests.classroom import handed_in
from tests.classroom.handed_in import LSTM_STEP, find, solved
from tests.hub.harness import ADA, MALLORY, ROOT, TEACHER, Hub, Person, end_of

NAME = LSTM_STEP.name
MISTAKE = "repair__the_wrong_way_round"
"""What Ada gets wrong."""
MASTER = ROOT / "assignments" / NAME / f"{NAME}.ipynb"
STEAL = f"""
import json
def repair(rows):
    for cell in json.load(open({str(MASTER)!r}))["cells"]:
        if "def repair" in "".join(cell["source"]):
            exec("".join(cell["source"]), globals())
            return globals()["repair"](rows)
"""
ASK = f"""
import os, pathlib, subprocess, sys
exchange = pathlib.Path(os.environ["UNROLLED_EXCHANGE"])
def moved(path):
    os.rename(path, f"{{path}}-mine")
    os.rename(f"{{path}}-mine", path)
def tried(what, action):
    try:
        print(f"{{what}}: {{action()}}")
    except OSError as error:
        print(f"{{what}}: {{type(error).__name__}}")
tried("master", lambda: len(open({str(MASTER)!r}).read()) > 0)
tried("masters", lambda: len(os.listdir({str(MASTER.parents[1])!r})) > 0)
tried("gradebook", lambda: len(open("../teacher/course/gradebook.db", "rb").read()) > 0)
tried("release", lambda: moved("../teacher/course/release"))
tried("homework of ada", lambda: len(os.listdir("../ada")) > 0)
tried("handed in", lambda: len(os.listdir(exchange / "unrolled" / "inbound")))
tried("feedback", lambda: len(os.listdir(exchange / "unrolled" / "feedback")))
tried("handed out", lambda: moved(exchange / "unrolled" / "outbound" / "lstm_step"))
tried("course moved", lambda: moved(exchange / "unrolled"))
"""
FORGE = f"""
import os, pathlib
inbound = pathlib.Path(os.environ["UNROLLED_EXCHANGE"]) / "unrolled" / "inbound"
cache = pathlib.Path.home() / ".local/share/jupyter/nbgrader_cache/unrolled"
def put(name):
    folder = inbound / name
    folder.mkdir()
    folder.chmod(0o777)
    secret, = cache.glob("*/submission_secret.txt")
    (folder / secret.name).write_text(secret.read_text())
    return folder / "{NAME}.ipynb"
put("{ADA}+{NAME}+2100-01-01 00:00:00.000000 UTC+forged").write_text("{{}}")     # in the place of Ada's
put("{MALLORY}+{NAME}+2100-01-01 00:00:00.000000 UTC+link").symlink_to({str(MASTER)!r})  # the teacher may read it
strange = put("{MALLORY}+{NAME}+some day+a+b")                                       # a time that is none
strange.write_text(open("{NAME}/{NAME}.ipynb").read())
os.mkfifo(put("{MALLORY}+{NAME}+2100-01-02 00:00:00.000000 UTC+pipe"))             # whoever reads it waits for ever
print("forged")
"""


SCRIPT = "<img src='nowhere' onerror='alert(document.cookie)'>"
"""Whoever's browser shows this runs what a student wrote."""


@dataclass
class Term:
    """What was seen."""

    handed_out: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    fetched: dict[str, Path] = field(default_factory=dict)
    handed_in: dict[str, list[Cell]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    forged: str = ""
    collected: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: str = ""
    feedback: dict[str, str] = field(default_factory=dict)


def walk(hub: Hub) -> Term:
    """Release, fetch, submit, collect, grade, feedback: each by the request that a button sends."""
    term = Term()
    teacher, ada, mallory = (hub.person(name) for name in (TEACHER, ADA, MALLORY))
    for step in ("assign", "release"):
        succeeded(hub, teacher.post(f"formgrader/api/assignment/{NAME}/{step}"))
    for student in (ada, mallory):
        listed = student.get("assignments", params={"course_id": "unrolled"}).json()
        term.handed_out[student.name] = succeeded(hub, listed)["value"]
        exchange(student, "fetch")
        term.fetched[student.name] = Path(
            shutil.copytree(hub.home(student.name) / NAME, hub.folder / "fetched" / student.name)
        )
    term.handed_in[ADA] = solved(LSTM_STEP, {"repair": handed_in.mistakes(LSTM_STEP)[MISTAKE][1]})
    term.handed_in[MALLORY] = stolen()
    for student in (ada, mallory):
        hand_in(student, term.handed_in[student.name])
    term.asked = dict(line.split(": ") for line in mallory.run(ASK).splitlines())
    if hub.accounts:
        term.forged = mallory.run(FORGE)

    succeeded(hub, teacher.post(f"formgrader/api/assignment/{NAME}/collect"))
    submissions = teacher.get(f"formgrader/api/submissions/{NAME}").json()
    for student in sorted(found["student"] for found in submissions):
        succeeded(hub, teacher.post(f"formgrader/api/submission/{NAME}/{student}/autograde"))
        term.collected[student] = teacher.get(f"formgrader/api/submission/{NAME}/{student}").json()
    for notebook in teacher.get(f"formgrader/api/submitted_notebooks/{NAME}/{NAME}").json():
        term.shown += teacher.get(f"formgrader/submissions/{notebook['id']}").text
    for step in ("generate_feedback", "release_feedback"):
        succeeded(hub, teacher.post(f"formgrader/api/assignment/{NAME}/{step}"))
    for student in (ada, mallory):
        exchange(student, "fetch_feedback")
        pages = sorted((hub.home(student.name) / NAME / "feedback").glob("*/*.html"))
        term.feedback[student.name] = "".join(page.read_text() for page in pages)
    return term


def stolen() -> list[Cell]:
    """Right in one task; the tests of it are deleted, and what another task asks for is read from the master."""
    cells = handed_in.released(LSTM_STEP)
    find(cells, "solve-gates")["source"] = find(solved(LSTM_STEP), "solve-gates")["source"]
    find(cells, "solve-repair")["source"] = STEAL
    for gone in ("visible-gates", "hidden-gates", "visible-repair"):
        cells.remove(find(cells, gone))
    story: Cell = {"cell_type": "markdown", "metadata": {}, "source": SCRIPT}
    shows = f"from IPython.display import HTML, display\ndisplay(HTML({SCRIPT!r}))"
    return [story, *cells, handed_in.code(shows), story]


def points(mistake: str) -> float:
    """What Ada should get: all points but those that her mistake costs."""
    left = runpy.run_path(str(LSTM_STEP.path.with_name("mistakes.py")))["POINTS"][mistake]
    task = next(task for task in LSTM_STEP.tasks if task.name == mistake.partition("__")[0])
    return LSTM_STEP.points - task.points + float(left)


def hand_in(student: Person, cells: list[Cell]) -> None:
    """Saves the notebook as JupyterLab does, and presses Submit."""
    notebook = {"cells": cells, "metadata": dict(LSTM_STEP.metadata), "nbformat": 4, "nbformat_minor": 5}
    path = f"/user/{student.name}/api/contents/{NAME}/{NAME}.ipynb"
    saved = student.ask("PUT", path, json={"type": "notebook", "format": "json", "content": notebook})
    if not saved.ok:
        raise RuntimeError(f"{student.name} could not save the notebook: {saved.text}")
    exchange(student, "submit")


def exchange(student: Person, action: str) -> None:
    """A button in the list of assignments."""
    ask = {"course_id": "unrolled", "assignment_id": NAME}
    succeeded(student.hub, student.post(f"assignments/{action}", params=ask))


def succeeded(hub: Hub, answer: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's answer.

    Raises:
        RuntimeError: with what nbgrader says, if it did not do what it was asked to.
    """
    if not answer["success"]:
        raise RuntimeError(f"nbgrader: {json.dumps(answer, indent=1)[-3000:]}\n{end_of(hub.log)}")
    return answer
