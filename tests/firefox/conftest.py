"""The reader's own Firefox: headless, with a profile of its own, without a network."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.browser.conftest import built  # noqa: F401  # a fixture
from tests.firefox.bidi import Firefox

NAMES = ("firefox", "firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox")
MISSING = (
    "No Firefox was found: install one (Debian: `apt-get install firefox-esr`), "
    "or set the variable FIREFOX to the path of one."
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One Firefox for all tests."""
    named = os.environ.get("FIREFOX")
    path = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if not path:
        pytest.fail(MISSING)
    firefox = Firefox(path, tmp_path_factory.mktemp("profile"))
    yield firefox
    firefox.close()


@pytest.fixture
def firefox(browser: Firefox) -> Iterator[Firefox]:
    """Firefox, 1280 pixels wide; the test fails if a page threw, logged an error or asked another host."""
    browser.faults.clear()
    browser.resize(1280, 900)
    yield browser
    assert not browser.faults, "\n".join(browser.faults)
