"""Every page of the built book, as readers meet it: on a small screen, by keyboard, in the dark, from disk."""

import functools
import json
import re
import unicodedata
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from fontTools.ttLib import TTFont
from playwright.sync_api import Page, ViewportSize, expect

from benchmarks.pages import MARKS
from tests.browser.conftest import ROOT, NewPage
from tests.browser.harness import barriers

PHONE: ViewportSize = {"width": 375, "height": 800}
TABLET: ViewportSize = {"width": 900, "height": 800}

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCUMENTS = [TOC["root"], *(entry["file"] for part in TOC["parts"] for entry in part["chapters"])]
NOTEBOOKS = [name for name in DOCUMENTS if (ROOT / f"{name}.ipynb").exists()]
CHAPTERS = [name for name in NOTEBOOKS if "assignments" not in name]
PAGES = [f"{name}.html" for name in DOCUMENTS] + ["search.html", "genindex.html"]
LIVE = [f"{name}.html" for name in CHAPTERS]

MATHEMATICAL = map(chr, range(0x1D434, 0x1D7CC))
ITALICS = {
    unicodedata.normalize("NFKC", letter): letter
    for letter in MATHEMATICAL
    if re.fullmatch("MATHEMATICAL ITALIC .*", unicodedata.name(letter, ""))
}


def settle(page: Page) -> None:
    """Wait until fonts are there, figures are drawn, and boxes know whether they scroll."""
    two_frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(f"() => document.fonts.ready.then(() => {two_frames})")


def test_only_the_pages_of_the_table_of_contents_are_built(built: Path) -> None:
    found = {path.relative_to(built).as_posix() for path in built.rglob("*.html")}
    assert found == {*PAGES, "index.html"}


@pytest.mark.parametrize("name", LIVE)
def test_no_output_is_the_address_of_an_object(name: str, built: Path) -> None:
    assert not re.findall(r"&lt;[^&]{1,80} at 0x[0-9a-f]+", (built / name).read_text(encoding="utf-8"))


def assert_alive(page: Page, name: str) -> None:
    """The page is there, in English, and each of its live figures is drawn."""
    expect(page.locator("h1").first).to_be_attached()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title().strip()
    if name in LIVE:
        expect(page.locator(".widget-live").first).to_be_visible()
        assert page.locator(".widget-absent").count() == 0
        for view in page.locator(".widget-live").all():
            expect(view.locator(".uw").first).to_be_attached()


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_from_disk(name: str, page: Page, built: Path) -> None:
    page.goto((built / name).as_uri())
    assert_alive(page, name)


MORE = {"search.html": 350_000, "book/notation.html": 280_000}
"""Bytes of two pages that are above: the first loads an index of the book, the second has some 300 formulas."""


def assert_accessible(page: Page) -> None:
    """No serious or critical finding of axe, with all that is folded open."""
    page.eval_on_selector_all("details", "all => all.forEach(details => { details.open = true })")
    settle(page)
    found = barriers(page)
    assert not found, "\n".join(found)


LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}


@pytest.mark.parametrize(("name", "options"), [(name, (LIGHT, DARK)[k % 2]) for k, name in enumerate(PAGES)])
def test_page_from_a_server_is_light_accessible_and_printed_with_its_figures(
    name: str, options: dict[str, object], new_page: NewPage, site: str
) -> None:
    """Every second page in the dark on a phone, the others in the light; `make test-pages` has all four.

    All that is loaded counts: 0.5 MB for a page with a live figure, 0.25 MB for a plain one. Nothing scrolls sideways.
    """
    page = new_page(**options, reduced_motion="reduce")
    bodies: dict[str, bytes] = {}
    page.on("response", lambda response: bodies.update({response.url: response.body()}))
    page.goto(site + name, wait_until="networkidle")  # half a second, in which the live figures find their words
    assert_alive(page, name)
    budget = MORE.get(name, MARKS[name in LIVE])
    sizes = {url: len(body) for url, body in bodies.items()}
    assert sum(sizes.values()) <= budget, f"{name} loads {sum(sizes.values())} bytes: " + json.dumps(sizes, indent=1)

    assert_accessible(page)
    page.set_viewport_size(PHONE)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if name in LIVE:
        expect(page.locator(".widget-static").first).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.locator(".widget-static").first).to_be_visible()
        expect(page.locator(".widget-live").first).to_be_hidden()


@pytest.mark.parametrize("name", LIVE)
def test_still_figure_stands_in_without_scripts(name: str, new_page: NewPage, site: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(site + name)
    expect(page.locator(".widget-static").first).to_be_visible()


def test_first_page_leads_to_the_front_page(page: Page, origin: str) -> None:
    page.goto(origin + "index.html")
    page.wait_for_url("**/book/index.html")


# == Menus and search ================================================================================


@pytest.mark.parametrize("viewport", [PHONE, TABLET], ids=["375", "900"])
def test_both_menus_open(viewport: dict[str, int], new_page: NewPage, origin: str) -> None:
    page = new_page(viewport=viewport)
    page.goto(f"{origin}{LIVE[-1]}")
    chapter = page.locator("nav.bd-links a", has_text="Why is language hard")
    expect(chapter).not_to_be_in_viewport()
    page.get_by_role("button", name="Chapters").click()
    expect(chapter).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(chapter).not_to_be_in_viewport()

    contents = page.locator("#pst-page-toc-nav a").first
    expect(contents).not_to_be_in_viewport()
    page.get_by_role("button", name="Contents of this page").click()
    expect(contents).to_be_in_viewport()
    contents.click()
    assert urlsplit(page.url).fragment


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 900}], ids=["375", "1280"])
def test_one_search_box_finds_a_word(viewport: dict[str, int], new_page: NewPage, origin: str) -> None:
    page = new_page(viewport=viewport)
    page.goto(f"{origin}{LIVE[-1]}")
    if viewport is PHONE:
        page.get_by_role("button", name="Chapters").click()
    search = page.get_by_role("button", name="Search")
    expect(search).to_have_count(1)
    search.click()
    page.get_by_role("searchbox").fill("vanishing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=vanishing*")
    expect(page.locator("#search-results li").first).to_be_visible()
    page.locator("#search-results li a").first.click()
    expect(page.locator("article")).to_contain_text(re.compile("vanish", re.IGNORECASE))


def test_reader_can_switch_between_light_and_dark(page: Page, origin: str) -> None:
    page.goto(f"{origin}{PAGES[0]}")
    root = page.locator("html")
    seen = set()
    for _ in range(3):
        page.get_by_role("button", name="Color mode").click()
        seen.add(root.get_attribute("data-mode"))
    assert seen == {"light", "dark", "auto"}


def test_chosen_colours_are_there_before_the_page_is_drawn(new_page: NewPage, origin: str) -> None:
    page = new_page(color_scheme="light")
    page.add_init_script("""localStorage.setItem("mode", "dark"); document.addEventListener("readystatechange",
        () => { window.early ??= document.documentElement.dataset.theme; })""")
    page.goto(f"{origin}{PAGES[0]}")
    assert page.evaluate("window.early") == "dark", "deferred scripts run later"


def test_search_opens_and_closes_by_keys_alone(page: Page, origin: str) -> None:
    page.goto(f"{origin}{LIVE[0]}")
    dialog = page.locator("#pst-search-dialog")
    page.keyboard.press("Control+k")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_contents_mark_the_section_that_is_read(page: Page, origin: str) -> None:
    page.goto(f"{origin}{LIVE[-1]}")
    marked = page.locator("#pst-page-toc-nav [aria-current]")
    expect(marked).to_have_count(0)
    page.evaluate("document.getElementById('exercises').scrollIntoView()")
    expect(marked).to_have_text("Exercises")
    page.mouse.wheel(0, 300)
    expect(marked).to_have_text("Exercises")
    page.evaluate("scrollTo(0, 0)")
    expect(marked).to_have_count(0)


def test_code_is_copied_by_its_button(new_page: NewPage, origin: str) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{origin}{LIVE[-1]}")
    code = page.locator("div.cell_input pre").first
    button = page.get_by_role("button", name="Copy", exact=True).first
    button.focus()
    expect(button).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.get_by_role("button", name="Selected")).to_have_count(1)
    assert page.evaluate("getSelection().toString().length") > 20


# == Formulas, links and downloads ====================================================================


def test_font_of_the_formulas_has_all_their_characters(built: Path) -> None:
    """A browser slants the one letter of an ``<mi>``; other characters are drawn as they are."""
    pages = "".join((built / name).read_text(encoding="utf-8") for name in PAGES)
    formulas = re.findall(r"<math.*?</math>", pages, re.DOTALL)
    used = {character for formula in formulas for character in unescape(re.sub(r"<[^>]*>", "", formula))}
    slanted = {letter for formula in formulas for letter in re.findall(r"<mi>(\w)</mi>", formula)}
    used |= {ITALICS.get(letter, letter) for letter in slanted} | {"√"}
    font = TTFont(ROOT / "website/static/fonts/math.woff2").getBestCmap()
    unseen = ("Zs", "Cc", "Cf")  # spaces, and signs for what is applied to what
    missing = {letter for letter in used if ord(letter) not in font and unicodedata.category(letter) not in unseen}
    assert formulas
    assert not missing, f"add these to website/fonts.py: {sorted(missing)}"


@pytest.mark.parametrize("name", ["serif", "serif-italic", "serif-bold"])
def test_font_of_the_prose_has_all_letters_of_western_europe_and_marks(name: str, built: Path) -> None:
    """Other letters, such as Korean ones, are drawn by the reader's own fonts."""
    pages = "".join(read(built / name) for name in PAGES)
    text = unescape(re.sub(r"<(script|style|svg|math|pre|code|figure)\b.*?</\1>|<[^>]*>", "", pages, flags=re.DOTALL))
    font = TTFont(ROOT / f"website/static/fonts/{name}.woff2").getBestCmap()
    european = {letter for letter in text if letter in "–—‘’“”…−×·" or (ord(letter) < 0x100 and letter.isalpha())}
    assert "é" in european
    assert not {letter for letter in european if ord(letter) not in font}, "add these to website/fonts.py"


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_book_lead_somewhere(name: str, built: Path) -> None:
    for link in links(built / name):
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        target = (built / name).parent / unquote(address.path) if address.path else built / name
        assert target.exists(), link
        assert not address.fragment or f'id="{unquote(address.fragment)}"' in read(target), link


def links(path: Path) -> list[str]:
    """The addresses of all links of a page."""
    return [unescape(link) for link in re.findall(r'<a\b[^>]*?\shref="([^"]*)"', read(path))]


@functools.cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_page_of_a_notebook_offers_it(name: str, built: Path) -> None:
    offered = re.findall(r'href="([^"]*)" download', read(built / f"{name}.html"))
    assert len(offered) == 1
    notebook = json.loads(((built / f"{name}.html").parent / offered[0]).read_text(encoding="utf-8"))
    assert notebook == json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in notebook["cells"])


def test_the_notebook_of_a_page_can_be_downloaded(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTERS[-1]}.html")
    with page.expect_download() as download:
        page.get_by_role("link", name="Notebook", exact=True).click()
    assert download.value.path().read_bytes() == (ROOT / f"{CHAPTERS[-1]}.ipynb").read_bytes()
