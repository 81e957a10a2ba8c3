"""Cuts the fonts of the pages down to the characters that a book on neural networks may use.

What it writes is committed, so this runs only when a page needs a character that is not there (a test says so)::

    npm pack @fontsource/stix-two-math@5.3.0 @fontsource/source-serif-4@5.3.1
    for pack in *.tgz; do tar xzf $pack --one-top-level=${pack%.tgz}; done
    python -m website.fonts .
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent / "static/fonts"
MATH = "fontsource-stix-two-math-5.3.0/package/files/stix-two-math-latin-400-normal.woff2"
SERIF = "fontsource-source-serif-4-5.3.1/package/files/source-serif-4-latin-{}.woff2"
STYLES = {"serif": "400-normal", "serif-italic": "400-italic", "serif-bold": "600-normal"}

ASCII = range(0x20, 0x7F)
# In formulas: letters as typed, then as a browser slants a single one in <mi>, then upright and bold.
LETTERS = [*ASCII, 0xA0, 0xAC, 0xAF, 0xB1, 0xB7, 0xD7, *range(0x391, 0x3CA), 0x3D5, 0x3F5]
ITALICS = [*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6FC, 0x1D71C)]
BOLD = [*range(0x1D400, 0x1D434), 0x1D6C5, 0x1D6D7, 0x1D6DB, 0x1D739, 0x1D74B, *range(0x1D7CE, 0x1D7D8)]
OPERATORS = "′…∀∂∃∅∇∈∉∏∑−∗∘√∝∞∣‖∩∪≈≠≡≤≥≪≫⊂⊕⊙⊤⋅⋮⋯⋱←↑→↓↔↦⇐⇒⇔⌈⌉⌊⌋⟨⟩⏞⏟‾ˆ˜"
INVISIBLE = [0x2061, 0x2062, 0x2063]
# In prose: the letters of western Europe's names.
PROSE = [*ASCII, 0xA0, *map(ord, "©±·×²³¼½ÄÅÇÉÖØÜßàáâãäåæçèéêëíîïñòóôöøùúûü–—‘’“”…−↓")]


def cut(source: Path, characters: Iterable[int], features: list[str]) -> TTFont:
    """A font with these characters and layout features only."""
    font = TTFont(source)
    subsetter = Subsetter(Options(layout_features=features, hinting=False))
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    return font


def rename(font: TTFont, name: str) -> None:
    """Give a changed font a name of its own, as its licence asks."""
    for record in list(font["name"].names):
        if record.nameID in (1, 3, 4, 6, 16):
            font["name"].setName(name, record.nameID, record.platformID, record.platEncID, record.langID)


def main(folder: Path) -> None:
    """Write the fonts of the pages from the packages in a folder."""
    math = [*LETTERS, *ITALICS, *BOLD, *INVISIBLE, *map(ord, OPERATORS)]
    cut(folder / MATH, math, ["*"]).save(FOLDER / "math.woff2")
    for name, style in STYLES.items():
        font = cut(folder / SERIF.format(style), PROSE, ["kern", "liga"])
        rename(font, "Book Serif")
        font.save(FOLDER / f"{name}.woff2")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
