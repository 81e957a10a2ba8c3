"""The parts of the hub that can be tested without one; `make test-hub` starts one."""

import getpass
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import from_dict
from traitlets.config import Config

from classroom import course
from classroom.hub import folders
from classroom.hub.exchange import SECRET, Collect
from classroom.intake import LARGEST

ROOT = Path(__file__).resolve().parents[2]
ME = getpass.getuser()
ON_TIME, LATER = "2026-01-05 10:00:00.000000 UTC", "2026-01-06 10:00:00.000000 UTC"


class Exchange:
    """An exchange in which files are put by hand, and the folder in which they are collected."""

    def __init__(self, folder: Path, gradebook: str) -> None:
        self.root, self.course, self.gradebook = folder / "exchange", folder / "course", gradebook
        self.course.mkdir()
        folders.make_exchange(self.root, None)

    def put(self, student: str, when: str, tag: str, text: str = "{}") -> Path:
        """What somebody writes to the exchange under a student's name; the notebook."""
        folder = self.root / course.ID / "inbound" / f"{student}+lstm_step+{when}+{tag}"
        folder.mkdir()
        (folder / SECRET).write_text("secret")
        (folder / "lstm_step.ipynb").write_text(text)
        return folder / "lstm_step.ipynb"

    def collect(self) -> dict[str, str]:
        """The notebooks by student, as the teacher's formgrader collects them."""
        from nbgrader.coursedir import CourseDirectory

        c = Config()
        c.merge(course.config(self.course))
        c.CourseDirectory.assignment_id = "lstm_step"
        c.CourseDirectory.db_url = self.gradebook
        c.Exchange.root = str(self.root)
        Collect(coursedir=CourseDirectory(config=c), config=c, update=True).start()
        return {path.parts[-3]: path.read_text() for path in self.course.glob("submitted/*/*/*.ipynb")}


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty one; it takes a second to make."""
    from nbgrader.api import Gradebook

    url = f"sqlite:///{tmp_path_factory.mktemp('gradebook') / 'gradebook.db'}"
    with course.environment_on_path(), Gradebook(url, course.ID):
        return url


@pytest.fixture
def exchange(tmp_path: Path, gradebook: str) -> Exchange:
    return Exchange(tmp_path, gradebook)


def test_the_last_submission_is_collected_and_a_later_one_in_its_place(exchange: Exchange) -> None:
    exchange.put(ME, ON_TIME, "a", "first")
    exchange.put(ME, LATER, "b", "second")
    assert exchange.collect() == {ME: "second"}
    exchange.put(ME, LATER, "c", "third")
    assert exchange.collect() == {ME: "third"}


def test_who_writes_under_anothers_name_changes_nothing(exchange: Exchange) -> None:
    exchange.put("ada", LATER, "forged")
    exchange.put(ME, ON_TIME, "a", "mine")
    assert exchange.collect() == {ME: "mine"}


def _link(notebook: Path) -> None:
    notebook.unlink()
    secret = notebook.parents[4] / "gradebook"
    secret.write_text("the teacher's")
    notebook.symlink_to(secret)


def _linked_folder(notebook: Path) -> None:
    elsewhere = notebook.parents[4] / "elsewhere"
    notebook.parent.rename(elsewhere)
    notebook.parent.symlink_to(elsewhere)


def _pipe(notebook: Path) -> None:
    notebook.unlink()
    os.mkfifo(notebook)


def _large(notebook: Path) -> None:
    os.truncate(notebook, LARGEST + 1)


def _no_secret(notebook: Path) -> None:
    notebook.with_name(SECRET).unlink()


@pytest.mark.parametrize("spoil", [_link, _linked_folder, _pipe, _large, _no_secret, Path.unlink])
def test_what_is_no_notebook_is_left_out(exchange: Exchange, spoil: Callable[[Path], None]) -> None:
    exchange.put(ME, ON_TIME, "a", "honest")
    spoil(exchange.put(ME, LATER, "b"))
    assert exchange.collect() == {ME: "honest"}


def test_a_strange_name_ends_nothing(exchange: Exchange) -> None:
    exchange.put(ME, "some day+a", "b", "mine")
    assert exchange.collect() == {ME: "mine"}


def test_the_time_is_the_file_systems(exchange: Exchange) -> None:
    notebook = exchange.put(ME, ON_TIME, "a")
    os.utime(notebook, (0, 0))
    began = time.time()
    exchange.collect()
    written = (exchange.course / "submitted" / ME / "lstm_step" / "timestamp.txt").read_text()
    from nbgrader.utils import parse_utc

    assert abs(parse_utc(written).timestamp() + time.localtime().tm_gmtoff - began) < 60


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_the_formgrader_shows_a_students_tags_and_obeys_the_masters(tmp_path: Path, kind: str) -> None:
    from nbconvert.exporters import HTMLExporter

    own = {"cell_type": kind, "metadata": {}, "source": "<img src='x' onerror='alert(1)'>", "id": "own-0"}
    master = {
        "cell_type": "markdown",
        "metadata": {"nbgrader": {"grade_id": "text-step"}},
        "source": "<details>",
        "id": "a",
    }
    page, _ = HTMLExporter(config=course.config(tmp_path)).from_notebook_node(
        from_dict({"cells": [own, master], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    assert not re.search("<img[^>]*onerror", page)
    assert "onerror" in page
    assert "<details>" in page


def test_the_exchange_is_closed_to_those_who_would_move_or_list_it(exchange: Exchange) -> None:
    modes = {name: stat.S_IMODE((exchange.root / name).stat().st_mode) for name in ("", course.ID)}
    assert modes == {"": 0o1777, course.ID: 0o755}
    inside = exchange.root / course.ID
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in inside.iterdir()} == {
        "inbound": 0o3733,
        "outbound": 0o755,
        "feedback": 0o711,
    }


@pytest.mark.parametrize(("mode", "opens"), [(0o700, True), (0o750, False), (0o701, False)])
def test_the_hub_does_not_start_where_others_may_read_masters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, opens: bool
) -> None:
    masters = tmp_path / "assignments"
    masters.mkdir(mode=0o700)
    masters.chmod(mode)
    monkeypatch.setattr(folders, "PRIVATE", (masters,))
    monkeypatch.setattr(folders, "ROOT", Path("/"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("sys.executable", "/")
    if opens:
        folders.refuse_open(ME, [])
    else:
        with pytest.raises(SystemExit, match=re.escape(f"chmod 700 {masters}")):
            folders.refuse_open(ME, [])


def test_the_hub_names_an_account_that_is_missing() -> None:
    with pytest.raises(SystemExit, match="no account nobody_of_this_name"):
        folders.account("nobody_of_this_name")


def test_the_hubs_lock_agrees_with_the_books_and_names_no_host() -> None:
    pins = {}
    for name in ("requirements.txt", "requirements-hub.txt"):
        lines = (ROOT / name).read_text().split()
        pins[name] = dict(line.split("==") for line in lines if "==" in line)
    ours, hub = pins["requirements.txt"], pins["requirements-hub.txt"]
    assert hub["jupyterhub"]
    assert {name: hub[name] for name in ours.keys() & hub} == {name: ours[name] for name in ours.keys() & hub}
    assert "://" not in (ROOT / "requirements-hub.txt").read_text()
    packages = json.loads((ROOT / "classroom/hub/package-lock.json").read_text())["packages"]
    assert packages["node_modules/configurable-http-proxy"]
    assert not [name for name, package in packages.items() if "resolved" in package]
