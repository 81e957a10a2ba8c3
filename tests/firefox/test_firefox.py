"""Every page in a real Firefox, opened from disk: no errors, formulas drawn as mathematics, figures that answer keys.

Run by `make test-firefox`: a minute. The formulas are MathML, which each browser draws in its own way.
"""

import re
from pathlib import Path

import pytest

from tests.browser.test_pages import LIVE, PAGES
from tests.firefox.bidi import Firefox

HERE = Path(__file__).parent
GEOMETRY, SHOWN = (  # each file is a comment and one function
    re.sub(r"\A(//.*\n)+|;\s*\Z", "", (HERE / name).read_text(encoding="utf-8"))
    for name in ("geometry.js", "figure.js")
)
LOADED = """async () => {
  await document.fonts.ready;
  const fonts = [...document.fonts].filter((font) => font.status === "error").map((font) => `font ${font.family}`);
  const pictures = [...document.images].filter((image) => image.complete && !image.naturalWidth);
  const styles = [...document.querySelectorAll("link[rel=stylesheet]")].filter((link) => !link.sheet);
  return [...fonts, ...pictures.map((image) => image.src), ...styles.map((link) => link.href)];
}"""
OVERFLOW = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let k = 0; k < 4; k++) await frame();  // figures are drawn anew for the new width
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}"""
CONTROLS = "input[type=range], select, input[type=radio]:checked, input[type=checkbox]"
CHOOSE = """([place, which, controls]) => {
  const all = document.querySelectorAll(".widget-live .uw")[place].querySelectorAll(controls);
  const control = [...all].filter((node) => node.checkVisibility() && !node.disabled)[which];
  if (!control) return null;
  control.focus();
  if (control.type === "checkbox") return "Space";
  return control.type === "range" && control.value === control.max ? "ArrowLeft" : "ArrowRight";
}"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_and_all_that_it_names_is_there(name: str, firefox: Firefox, built: Path) -> None:
    firefox.open((built / name).as_uri())
    assert firefox.run("() => document.title").strip()
    assert firefox.run(LOADED) == []
    assert firefox.run("() => document.querySelectorAll('.widget-absent').length") == 0
    for width in (1280, 375):
        firefox.resize(width, 900)
        assert firefox.run(OVERFLOW) <= 0, f"scrolls sideways at {width} pixels"


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_drawn_as_mathematics(name: str, firefox: Firefox, built: Path) -> None:
    """The font is there, and fractions, limits, accents, indices and matrices stand where mathematics puts them."""
    firefox.open((built / name).as_uri())
    wrong = firefox.run(GEOMETRY)
    assert not wrong, "\n".join(wrong)
    if firefox.run("() => document.querySelector('math') !== null"):
        fonts = firefox.run("() => [...document.fonts].map((font) => `${font.family}: ${font.status}`)")
        assert '"Book Math": loaded' in fonts


@pytest.mark.parametrize("name", LIVE)
def test_each_figure_is_drawn_and_answers_a_key(name: str, firefox: Firefox, built: Path) -> None:
    firefox.open((built / name).as_uri())
    count = firefox.run("() => document.querySelectorAll('.widget-live .uw').length")
    assert count == firefox.run("() => document.querySelectorAll('.widget-live').length") >= 1
    for place in range(count):
        before = firefox.run(SHOWN, place)
        assert before[0].strip()
        assert not re.search(r"undefined|NaN|\[object", " ".join(before[:2]))
        assert any(answers(firefox, place, which) for which in range(3)), f"figure {place + 1} answers no key"


def answers(firefox: Firefox, place: int, which: int) -> bool:
    """Whether a key in one of a figure's controls keeps the focus there and changes what the figure shows."""
    before = firefox.run(SHOWN, place)
    key = firefox.run(CHOOSE, [place, which, CONTROLS])
    if key is None:
        return False
    firefox.press(key)
    assert firefox.run("() => document.activeElement.matches('.uw :focus-visible')")
    return bool(firefox.run(SHOWN, place) != before)
