"""Cuts the font of the formulas down to the characters that a book on neural networks may use.

The full STIX Two Math has 4,600 characters in 400 kB. Its subset is committed, so this runs only when a formula
needs a character that is not in it (a test says so)::

    npm pack @fontsource/stix-two-math@5.3.0 && tar xzf fontsource-stix-two-math-5.3.0.tgz
    python website/math_font.py package/files/stix-two-math-latin-400-normal.woff2
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FONT = Path(__file__).parent / "static/fonts/math.woff2"
# Letters as typed, then as a browser slants a single one in <mi>, then the other alphabets.
LETTERS = [*range(0x20, 0x7F), 0xA0, 0xAC, 0xAF, 0xB1, 0xB7, 0xD7, 0xF7, *range(0x391, 0x3CA), 0x3D1, 0x3D5, 0x3F5]
ITALICS = [*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C)]
BOLD = [
    *range(0x1D400, 0x1D434),
    *range(0x1D468, 0x1D49C),
    *range(0x1D6A8, 0x1D6E2),
    *range(0x1D71C, 0x1D756),
    *range(0x1D7CE, 0x1D7D8),
]
CURSIVE = [*range(0x1D49C, 0x1D4D0), 0x2112, 0x211B, 0x2113, 0x1D7D9, 0x2102, 0x2115, 0x211A, 0x211D, 0x2124]
OPERATORS = "".join(
    (
        "–—′″‖…†‡∀∂∃∅∆∇∈∉∋∏∐∑−∓∗∘√∝∞∣∥∧∨∩∪∫∴∼≃≈≅≔≕≠≡≤≥≪≫≺≻⊂⊃⊆⊇⊕⊖⊗⊘⊙⊤⊥⋅⋆⋮⋯⋰⋱",
        "←↑→↓↔↦⇐⇒⇔⟵⟶⟸⟹⟺⟼⌈⌉⌊⌋⟨⟩⏞⏟⏜⏝‾^ˆ˜ˉ˙¨ˇ˘´`→⃗",
    )
)


def main(source: str) -> None:
    """Write the subset of the font at a path."""
    font = TTFont(source)
    subsetter = Subsetter(Options(layout_features=["*"], hinting=False, desubroutinize=True))
    subsetter.populate(unicodes=[*LETTERS, *ITALICS, *BOLD, *CURSIVE, 0x2061, 0x2062], text=OPERATORS)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(FONT)


if __name__ == "__main__":
    main(sys.argv[1])
