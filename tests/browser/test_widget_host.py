"""The script that mounts widgets in a page without a kernel, on pages made here."""

import base64
import json
import struct
from typing import Any

from playwright.sync_api import Browser, Page, expect

from lessons_src.widgets import GateScope, GradientExplorer
from tests.browser.conftest import ROOT
from tests.browser.harness import Stage

TYPE = "application/vnd.jupyter.widget-"
WIDGET = """
window.unrolledWidgets = { probe: {
  render({ model, el }) {
    const button = document.createElement("button");
    const weight = model.get("weights").data.getFloat32(4, true);
    const draw = () => { button.textContent = `${model.get("count")} ${weight}`; };
    button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
    model.on("change:count", draw);
    draw();
    el.append(button);
  },
}};
"""


def host(page: Page, models: dict[str, Any], views: list[str], widget: str = WIDGET) -> None:
    """Make a page as the book's build does, then load the widget and the host."""
    scripts = [("state", {"state": models})] + [("view", {"model_id": name}) for name in views]
    tags = [f'<script type="{TYPE}{kind}+json">{json.dumps(body)}</script>' for kind, body in scripts]
    page.set_content(f"<body>{chr(10).join(tags)}</body>")
    page.add_script_tag(content=widget)
    page.add_script_tag(path=ROOT / "website/static/widget_host.js")


def saved(count: int) -> dict[str, Any]:
    data = base64.b64encode(struct.pack("<2f", 0.5, 2.5)).decode()
    state = {"_bundle": "probe", "count": count, "weights": {"shape": [2]}}
    return {"state": state, "buffers": [{"path": ["weights", "data"], "data": data}]}


def test_buffers_come_back_at_their_paths(page: Page) -> None:
    host(page, {"a": saved(3)}, ["a"])
    expect(page.get_by_role("button")).to_have_text("3 2.5")


def test_views_of_one_model_stay_in_step_and_models_stay_apart(page: Page) -> None:
    host(page, {"a": saved(3), "b": saved(8)}, ["a", "a", "b"])
    buttons = page.get_by_role("button")
    buttons.nth(0).click()
    expect(buttons).to_have_text(["4 2.5", "4 2.5", "8 2.5"])
    buttons.nth(1).click()
    expect(buttons).to_have_text(["5 2.5", "5 2.5", "8 2.5"])


def test_widget_of_another_package_says_that_it_needs_a_kernel(page: Page) -> None:
    host(page, {"a": {"state": {}}}, ["a", "unknown"])
    expect(page.get_by_text("needs a running kernel")).to_have_count(2)


def test_failure_is_told_in_place_and_spares_the_others(browser: Browser) -> None:
    page = browser.new_page()  # not one that fails on a logged error: this one is meant
    broken = {"state": {"_bundle": "absent"}}
    host(page, {"a": broken, "b": saved(1)}, ["a", "b"])
    expect(page.get_by_text("could not be drawn")).to_be_visible()
    expect(page.get_by_role("button")).to_have_text("1 2.5")
    page.close()


def test_choices_of_widgets_on_one_page_are_apart(stage: Stage) -> None:
    page = stage.open(GateScope(), GradientExplorer(), GateScope())
    groups = page.get_by_role("radiogroup")
    chosen = [groups.nth(k).get_by_role("radio", checked=True).count() for k in range(groups.count())]
    assert len(chosen) >= 4
    assert set(chosen) == {1}
