"""How many bytes each page of the built book loads, in Chromium, and what they are.

A page is opened from a server on this machine, and every answer is counted once. What is within the page itself is
told apart by its marks. Compressed sizes are what a server would send with gzip; fonts and images are not made smaller.
"""

import gzip
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Response, sync_playwright

from benchmarks.timing import Effort
from tests.browser.conftest import FLAGS, served
from website import chromium

HTML = Path(__file__).resolve().parents[1] / "_build/html"
MARKS = {True: 500_000, False: 250_000}
"""Bytes of a page with a live figure, and of one without."""
INSIDE = {
    "widget state": r'<script type="application/vnd\.jupyter\.widget-[a-z]+\+json">.*?</script>',
    "figures": r'<img[^>]*src="data:[^>]*>|<svg\b.*?</svg>',
    "code": r'<div class="highlight">.*?</div>',
    "formulas": r"<math\b.*?</math>",
    "menus": r'<div id="pst-(?:primary|secondary)-sidebar".*?(?=<main|</main)',
}
"""Parts of a page's own HTML, found in this order; what is left is text and marks."""
COLUMNS = ("text", *INSIDE, "style", "fonts", "figure scripts", "other scripts", "images")


@dataclass
class Weight:
    """What a page loads.

    Attributes:
        bytes: by kind, as the browser gets them.
        packed: the sum, each file compressed by itself.
        live: whether it has a live figure.
    """

    live: bool = False
    packed: int = 0
    bytes: Counter[str] = field(default_factory=Counter)


def kind_of(url: str) -> str:
    """The column of a file that a page loads."""
    path = url.partition("?")[0]
    if path.endswith(".css"):
        return "style"
    if path.endswith(".js"):
        return "figure scripts" if "/_static/widgets/" in path or "widget_host" in path else "other scripts"
    return "fonts" if path.endswith((".woff", ".woff2", ".ttf")) else "images"


def parts_of(html: str) -> Counter[str]:
    """The bytes of a page's own HTML by part."""
    found: Counter[str] = Counter()
    for name, pattern in INSIDE.items():
        for part in re.findall(pattern, html, re.DOTALL):
            found[name] += len(part.encode())
        html = re.sub(pattern, "", html, flags=re.DOTALL)
    found["text"] = len(html.encode())
    return found


def packed(body: bytes, kind: str) -> int:
    """The bytes that a server would send."""
    return len(body) if kind in ("fonts", "images") else len(gzip.compress(body, 6))


def weigh(browser: Browser, address: str) -> Weight:
    """Opens a page and counts what it loads."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    answers: dict[str, Response] = {}

    def keep(response: Response) -> None:
        answers.setdefault(response.url, response)

    page.on("response", keep)
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.fonts.ready.then(() => null)")
    found = Weight(live=page.locator(".widget-live").count() > 0)
    for url, response in answers.items():
        body = response.body()
        if url.partition("?")[0] == address:
            found.bytes.update(parts_of(body.decode()))
            found.packed += packed(body, "text")
        else:
            kind = kind_of(url)
            found.bytes[kind] += len(body)
            found.packed += packed(body, kind)
    page.close()
    return found


def table(browser: Browser, effort: Effort, html: Path) -> None:
    """Prints the table of the pages in a folder."""
    names = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    print("Pages: kilobytes (1000 bytes) that each loads, and which of the two sums are within the mark")
    print("gzip: what a server sends that compresses; the parts on the right are not compressed\n")
    print(f"{'':36}{'all':>6}{'gzip':>6}{'mark':>6}  {'':8}" + "".join(f"{name:>{_wide(name)}}" for name in COLUMNS))
    with served(html) as site:
        for name in effort.some([name for name in names if name != "index.html"]):
            print(row(name, weigh(browser, site + name)), flush=True)


def main(effort: Effort, html: Path = HTML) -> None:
    """Opens a browser for the table."""
    if not any(html.rglob("*.html")):
        sys.exit("The book is not built: run `make book`, then the benchmark of its pages again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        table(browser, effort, html)
        browser.close()


def row(name: str, found: Weight) -> str:
    """One line of the table."""
    total, mark = found.bytes.total(), MARKS[found.live]
    within = "both" if total <= mark else "gzip" if found.packed <= mark else "NEITHER"
    parts = "".join(f"{found.bytes[column] / 1000:{_wide(column)}.0f}" for column in COLUMNS)
    sums = "".join(f"{size / 1000:6.0f}" for size in (total, found.packed, mark))
    return f"{name.removesuffix('.html'):36}{sums}  {within:8}{parts}"


def _wide(name: str) -> int:
    return max(len(name), 3) + 2
