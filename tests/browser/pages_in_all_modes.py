"""Every page for a screen reader, light and dark, on a desk and on a phone. Run by `make test-pages`: four minutes.

`make test` has each page in one of the four.
"""

from typing import Literal

import pytest

from tests.browser.conftest import DESKTOP, NewPage
from tests.browser.test_pages import PAGES, PHONE, assert_accessible, assert_alive


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(
    name: str, viewport: dict[str, int], scheme: Literal["light", "dark"], new_page: NewPage, site: str
) -> None:
    page = new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page.goto(site + name, wait_until="networkidle")
    assert_alive(page, name)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
