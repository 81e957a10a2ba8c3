"""Every chapter in JupyterLab: it runs, its figures draw, and they and Python hear each other.

Run by `make test-lab`: a minute for every three chapters, too long for `make test`.
"""

import json
import time

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import ROOT
from tests.lab.conftest import CAPTURE, Lab, run

CHAPTERS = sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))
CONTROLS = "input[type=range], select, input[type=radio]:checked, input[type=text], textarea"
MINUTE = 60_000


def open_and_run(page: Page, lab: Lab, name: str) -> BlockingKernelClient:
    """Open a notebook and run all of its cells, as a reader does; wait for the last one."""
    page.goto(f"{lab.url}lab/tree/{name}?reset")
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=MINUTE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = json.loads((lab.folder / name).read_text(encoding="utf-8"))["cells"]
    code = sum(cell["cell_type"] == "code" for cell in cells)
    client, ran, end = lab.kernel(name), 0, time.monotonic() + 120
    while ran < code and time.monotonic() < end:
        page.wait_for_timeout(250)
        ran = run(client, "", "get_ipython().execution_count - 1")
        assert not page.locator('[data-mime-type="application/vnd.jupyter.error"]').count()
    assert ran == code
    return client


def reply_of(control: Locator) -> str:
    """Press the key that changes a control, and tell what it shows now."""
    control.focus()
    kind = control.evaluate("node => node.type")
    before = control.input_value()
    at_its_end = kind == "range" and control.evaluate("node => node.value === node.max")
    control.press({"range": "ArrowLeft" if at_its_end else "ArrowRight", "radio": "ArrowRight"}.get(kind, "ArrowDown"))
    return before


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_and_its_figures_and_python_hear_each_other(name: str, lab: Lab, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    client = open_and_run(page, lab, name)
    try:
        count = run(client, CAPTURE, "len(figures)")
        figures = page.locator(".uw")
        expect(figures).to_have_count(count)
        assert count
        for place in range(count):
            both_ways(page, client, figures.nth(place), place)
    finally:
        client.stop_channels()
        page.close()
        lab.shut_down(name)
    assert not thrown


def both_ways(page: Page, client: BlockingKernelClient, figure: Locator, place: int) -> None:
    """A key in the figure reaches Python, and what Python then sets is seen in the figure."""
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    assert box
    assert min(box["width"], box["height"]) > 150, "the figure is empty"
    for control in figure.locator(CONTROLS).all():
        if not control.is_visible() or not control.is_enabled():
            continue
        run(client, "heard.clear()")
        before = reply_of(control)
        page.wait_for_timeout(400)
        if found := run(client, "", f"[entry for entry in heard if entry[0] == {place}]"):
            break
    else:
        pytest.fail("no control of this figure reaches Python")
    assert control.evaluate("node => node === document.activeElement"), "the arrow key left the figure"
    assert control.input_value() != before
    for _, trait, old, _ in reversed(found):
        run(client, f"figures[{place}].{trait} = {old!r}")
    expect(control).to_have_value(before)
