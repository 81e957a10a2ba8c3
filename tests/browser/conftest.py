"""The built book in a browser: a server, a Chromium without a network, and pages that fail on any error."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.browser.harness import Stage
from website import chromium

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build/html"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
DESKTOP = {"width": 1280, "height": 900}

NewPage = Callable[..., Page]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built book."""
    if not (HTML / "index.html").exists():  # comes last
        pytest.fail("The book is not built: run `make book`, then the page tests again.")
    return HTML


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of a folder, ending in a slash."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def site(built: Path) -> Iterator[str]:
    """The address of a server of the built book, ending in a slash."""
    with served(built) as address:
        yield address


@pytest.fixture(params=["server", "disk"])
def origin(request: pytest.FixtureRequest, site: str, built: Path) -> str:
    """Where pages come from: each test that asks for it runs from a server and from disk."""
    return site if request.param == "server" else f"{built.as_uri()}/"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium that can reach no other host."""
    path = chromium.find()
    if not path:
        pytest.fail(chromium.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens empty pages; takes the options of Playwright's ``new_context``.

    When the test ends, it fails if any page asked another host, logged an error, threw, or got HTTP 400 or above.
    """
    allowed = ("http://127.0.0.1:", HTML.as_uri(), "data:", "blob:", "about:")
    faults: list[str] = []
    contexts = []

    def check(request: Request) -> None:
        if not request.url.startswith(allowed):
            faults.append(f"asked another host: {request.url}")

    def open_page(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP} | options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("request", check)
        page.on("pageerror", lambda error: faults.append(f"threw: {error}"))
        page.on("console", lambda m: faults.append(f"logged: {m.text}") if m.type == "error" else None)
        page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """An empty page, 1280 pixels wide, that fails the test on any error."""
    return new_page()


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """Pages with widgets on them; the test fails at the end if any of them threw or logged an error."""
    stage = Stage(browser)
    yield stage
    stage.close()
    assert not stage.faults, "\n".join(stage.faults)
