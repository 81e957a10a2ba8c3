"""The benchmarks that need a browser: each gives a row of numbers that can be true."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import lessons_src.widgets
from benchmarks import pages, widgets
from benchmarks.timing import Effort
from lessons_src.widgets import RaceBoard
from tests.browser.conftest import served
from tests.browser.harness import Stage


def test_keys_that_change_a_figure_are_measured_and_others_are_not(stage: Stage) -> None:
    arrows = widgets.Row("RaceBoard", RaceBoard, "[data-control=starts]:checked")
    found = widgets.measure(stage, arrows, 1, presses=3, mounts=1)
    assert len(found.mount) == 1
    assert len(found.press) == 3
    assert all(0 < work < 1000 and 0 < clock < 10_000 for work, clock in found.press)
    idle = widgets.Row("RaceBoard", RaceBoard, "[data-control=starts]:checked", ["Shift"])
    assert not widgets.measure(stage, idle, 1, presses=3, mounts=1).press


def test_a_slower_processor_works_longer(stage: Stage) -> None:
    page, worker, (at_full_speed, _) = widgets.mount(stage, RaceBoard(), 1)
    page, worker, (slowed, _) = widgets.mount(stage, RaceBoard(), 4)
    assert slowed > 1.5 * at_full_speed
    assert worker.milliseconds() >= slowed
    page.close()


def test_the_table_says_who_is_within_the_marks(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    widgets.table(browser, Effort(quick=True))
    bare, scope = capsys.readouterr().out.splitlines()[-2:]
    assert bare.split("  ")[0] == "a slider, no figure"
    assert scope.startswith("GateScope T=200 H=64, text")
    assert len(re.findall(r" [\d.]+\b", scope.removeprefix("GateScope T=200 H=64, text"))) == 12
    fast, slow = widgets.Times([(9.0, 150.0)], [(16.0, 33.0)]), widgets.Times([(9.0, 150.0)], [(16.1, 33.0)])
    assert (widgets.within(fast), widgets.within(slow)) == ("within", "ABOVE")
    assert widgets.within(widgets.Times([(9.0, 151.0)], fast.press)) == "ABOVE"


def test_every_widget_has_a_row() -> None:
    assert {row.name.split()[0].rstrip(",") for row in widgets.ROWS[1:]} == set(lessons_src.widgets.__all__)


def test_every_file_that_a_page_loads_is_weighed(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="a.css"><script src="b.js"></script>'
        '<script src="b.js"></script><div class="widget-live">é</div>'
    )
    (tmp_path / "a.css").write_text("/*" + "a" * 10_000 + "*/")
    (tmp_path / "b.js").write_text("//" + "b" * 20_000)
    with served(tmp_path) as site:
        found = pages.weigh(browser, site + "page.html")
    size = (tmp_path / "page.html").stat().st_size
    assert found.live
    assert found.bytes == {"text": size, "style": 10_004, "other scripts": 20_002}
    assert found.packed < size + 1000
    pages.table(browser, Effort(quick=True), tmp_path)
    assert re.search(r"^page +30 +0 +500  both", capsys.readouterr().out, re.MULTILINE)
