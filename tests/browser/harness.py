"""One widget on an otherwise empty page, with a model that remembers: for tests that need no built book.

The bundle is the shipped one, loaded as the built page loads it. The models are window.models[k]; `set` on one is what
Python would do, `traits` are its values, and `saved` names those that the page has changed and sent.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request

BUNDLES = Path(__file__).parents[2] / "lessons_src/widgets/bundles"
ALLOWED = ("http://127.0.0.1/", "data:", "blob:", "about:")
"""How addresses begin that a widget may ask for."""

HOST = """
(() => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const revive = (value) => {
    if (value === null || typeof value !== "object") return value;
    if ("base64" in value) return bytes(value.base64);
    for (const key of Object.keys(value)) value[key] = revive(value[key]);
    return value;
  };
  window.models = [];
  window.ends = [];
  window.mount = (bundle, state) => {
    const traits = revive(state), listeners = {}, saved = [];
    let changed = [];
    const model = {
      saved, traits,
      get: (key) => traits[key],
      set: (key, value) => {
        if (traits[key] === value) return;
        traits[key] = value;
        changed.push(key);
        queueMicrotask(() => { changed = []; });  // what is not sent at once was Python's
        for (const f of [...(listeners["change:" + key] ?? [])]) f();
      },
      save_changes: () => { saved.push(...changed.splice(0)); },
      on: (name, f) => (listeners[name] ??= []).push(f),
      off: (name, f) => { listeners[name] = (listeners[name] ?? []).filter((g) => g !== f); },
      listening: () => Object.values(listeners).flat().length,
    };
    const el = document.body.appendChild(document.createElement("div"));
    window.models.push(model);
    const start = performance.now();
    window.ends.push(window.unrolledWidgets[bundle].render({ model, el }));
    return performance.now() - start;
  };
})();
"""


def widget_state(widget: Any) -> dict[str, Any]:
    """The traits of a widget as the page gets them; bytes as {"base64": …}."""
    return {key: _as_json(value) for key, value in widget.get_state().items() if key not in ("_esm", "layout")}


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    return value


class Stage:
    """Pages that hold widgets and fail on any error."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[Any] = []
        self.faults: list[str] = []

    def open(self, *widgets: Any, theme: str = "light", fragment: str = "", **options: Any) -> Page:
        """A new page with these Python widgets on it, one below the other."""
        context = self._browser.new_context(**{"viewport": {"width": 900, "height": 1000}} | options)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"threw: {error}"))
        page.on("console", lambda m: self.faults.append(f"logged: {m.text}") if m.type == "error" else None)
        page.on("request", self._check)
        page.route("**/*", lambda route: route.fulfill(body=_page(theme), content_type="text/html"))
        page.goto(f"http://127.0.0.1/harness.html{fragment}")
        page.evaluate(HOST)
        for widget in widgets:
            self.add(page, widget)
        return page

    def add(self, page: Page, widget: Any) -> float:
        """Puts one more widget on a page; returns the milliseconds that its `render` took."""
        name = widget._bundle
        if not page.evaluate("(name) => name in (window.unrolledWidgets ??= {})", name):
            source = (BUNDLES / f"{name}.js").read_text(encoding="utf-8")
            page.evaluate(f"(() => {{ {source}; window.unrolledWidgets[{name!r}] = unrolledWidget; }})()")
        return float(page.evaluate(f"window.mount({name!r}, {json.dumps(widget_state(widget))})"))

    def _check(self, request: Request) -> None:
        if not request.url.startswith(ALLOWED):
            self.faults.append(f"asked another host: {request.url}")

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()


def _page(theme: str) -> str:
    return f"""<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Harness</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <body style="margin:0;padding:16px;background:{"#fff" if theme == "light" else "#121212"}">
    <link rel="icon" href="data:,"><main></main></body></html>"""


# ------------------------------------------------------------------------------------- what tests do with a widget


def control(page: Page, name: str, at: int = 0) -> Locator:
    """A control by its name, of the widget at this place on the page."""
    return page.locator(".uw").nth(at).locator(f"[data-control={name}]").first


def alone(browser: Browser, widget: Any) -> Iterator[Page]:
    """A page of a widget for a fixture that many tests share, since they only ask for its arithmetic."""
    stage = Stage(browser)
    yield stage.open(widget)
    stage.close()
    assert not stage.faults


def put(page: Page, **values: Any) -> None:
    """Sets traits as Python would."""
    page.evaluate("(values) => Object.entries(values).forEach(([k, v]) => models[0].set(k, v))", values)
    settle(page, 0)


def open_all(page: Page) -> None:
    """Unfolds the settings and the numbers."""
    page.evaluate("document.querySelectorAll('.uw details').forEach((node) => { node.open = true; })")


def settle(page: Page, milliseconds: int = 250) -> None:
    """Lets the page draw and then do what it leaves for quiet times, by its own clock, however busy the machine."""
    page.evaluate(
        """(time) => new Promise((done) =>
             requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, time))))""",
        milliseconds,
    )


def drawn(page: Page, at: int = 0, milliseconds: int = 250) -> str:
    """Everything that is in the figure, once the page has been quiet for so long."""
    settle(page, milliseconds)
    return page.locator(".uw-figure").nth(at).inner_html()


def sentence(page: Page, at: int = 0) -> str:
    settle(page, 0)
    return page.locator(".uw-sentence").nth(at).inner_text()


def tab_order(page: Page, also: str = "control", press: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """What Tab reaches one after another, up to "Copy link": the control's name, or else the element's.

    Args:
        page: with the focus before the widget.
        also: a second data attribute that names an element, if it is no control.
        press: a key to press as soon as the focus has reached what is named.
    """
    reached: list[str] = []
    while "copy-link" not in reached[-1:] and len(reached) < 40:
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """(also) => { const { dataset, tagName } = document.activeElement;
                     return dataset.control ?? dataset[also] ?? tagName.toLowerCase(); }""",
                also,
            )
        )
        if reached[-1] in press:
            page.keyboard.press(press[reached[-1]])
    return reached


def listen(page: Page) -> None:
    """Keeps what a screen reader is told from now on, for `heard`."""
    page.evaluate(
        """() => { window.spoken = []; const status = document.querySelector('.uw-hidden-text[role=status]');
          new MutationObserver(() => spoken.push(status.textContent)).observe(status, { childList: true }); }"""
    )


def heard(page: Page) -> list[str]:
    """What a screen reader was told since `listen`."""
    return list(page.evaluate("spoken"))


def copied_link(page: Page, at: int = 0) -> str:
    """Presses "Copy link" of the widget at this place, the first one that is pressed, and reads the clipboard."""
    page.get_by_role("button", name="Copy link").nth(at).click()
    page.get_by_text("Link copied.").first.wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def after_reset_and_links(stage: Stage, first: Any, second: Any, change: Callable[[Page], None], late: str) -> Page:
    """Checks what every widget promises: Reset brings its settings back, its link the changed ones, and two never meet.

    Args:
        stage: for the pages.
        first: a widget.
        second: another of its class, which stands below it and must stay as it is.
        change: changes settings of the first by its controls.
        late: the name of a trait that is set to 5 when the first widget has left the page.

    Returns:
        A page that was opened by the link.
    """
    page = stage.open(first, second, permissions=["clipboard-read", "clipboard-write"])
    before, other = drawn(page, 0, 0), drawn(page, 1, 0)
    traits = page.evaluate("JSON.stringify(models[0].traits)")
    change(page)
    moved = drawn(page, 0, 0)
    assert moved != before
    assert drawn(page, 1, 0) == other
    link = copied_link(page)
    page.get_by_role("button", name="Reset").first.click()
    assert (drawn(page, 0, 0), page.evaluate("JSON.stringify(models[0].traits)")) == (before, traits)
    assert page.evaluate("document.querySelectorAll('[id]').length") == 0
    page.evaluate("(late) => { ends[0](); models[0].set(late, 5); }", late)
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw').length]") == [0, 1]
    again = stage.open(first, second, fragment=link[link.index("#") :])
    assert (drawn(again, 0, 0), drawn(again, 1, 0)) == (moved, other)
    return again


def misfits(page: Page) -> list[str]:
    """What does not fit the page or the reader: sideways scrolling, targets under 24 pixels, what axe finds serious."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll('.uw :is(input, select, button, summary)')].filter((node) => {
             const target = ['checkbox', 'radio'].includes(node.type) ? node.closest('label') : node;
             const box = target.getBoundingClientRect(); return box.width && (box.width < 24 || box.height < 24); })
             .map((node) => node.outerHTML)"""
    )
    return [f"{wide} pixels too wide"] * (wide > 0) + small + barriers(page)


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical, one line for each element."""
    return [
        f"{violation['id']}: {violation['help']}\n    {node['html'][:200]}\n    {node['any'][:1]}"
        for violation in Axe().run(page, options={"resultTypes": ["violations"]})["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours "rgb(…)"."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)
