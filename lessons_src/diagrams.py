"""Pictures of the cells: what one step of an RNN, an LSTM and a GRU does, in the fixed colours of the quantities."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lessons_src import checks, plotting

Point = tuple[float, float]

INK = "ink"
"""The colour of what is no named quantity: the page's own text colour."""


@dataclass(frozen=True)
class Drawing:
    """What a picture consists of, in units of half an inch or so.

    Attributes:
        size: the width and height that it needs.
        wires: (colour, width, corners) of lines that end in an arrow; a colour is a key of `plotting.COLOURS` or INK.
        buses: corners of thin lines without an arrow, from which wires branch off.
        boxes: (x, y, text, colour) of functions.
        signs: (x, y, text) of products and sums, element by element.
        names: (x, y, text) of what goes in and comes out.
        notes: (x, y, text) of words beside a wire, starting there.
        alt: all of it in words.
    """

    size: Point
    wires: tuple[tuple[str, float, tuple[Point, ...]], ...]
    boxes: tuple[tuple[float, float, str, str], ...]
    signs: tuple[tuple[float, float, str], ...]
    names: tuple[tuple[float, float, str], ...]
    alt: str
    buses: tuple[tuple[Point, ...], ...] = ()
    notes: tuple[tuple[float, float, str], ...] = ()


_RNN = Drawing(
    size=(12, 3.4),
    wires=(
        ("h", 2.2, ((0.9, 2.6), (2.3, 2.6))),
        ("h", 1.3, ((3.7, 2.6), (5.05, 2.6))),
        (INK, 1.3, ((0.9, 0.7), (2.3, 0.7))),
        (INK, 1.3, ((3.7, 0.7), (5.3, 0.7), (5.3, 2.33))),
        (INK, 1.3, ((5.55, 2.6), (7.07, 2.6))),
        ("h", 2.2, ((7.93, 2.6), (11.1, 2.6))),
    ),
    boxes=((3.0, 2.6, "Wₕₕ · + b", "h"), (3.0, 0.7, "Wᵢₕ · + b", INK), (7.5, 2.6, "tanh", "h")),
    signs=((5.3, 2.6, "+"),),
    names=((0.45, 2.6, "hₜ₋₁"), (0.45, 0.7, "xₜ"), (11.5, 2.6, "hₜ")),
    alt="The RNN cell. h at t − 1 is multiplied by the matrix W hh, x at t by the matrix W ih; the two are added and "
    "go through tanh: the result is h at t. There is one way from h at t − 1 to h at t, through the matrix and tanh.",
)

_LSTM = Drawing(
    size=(12, 5.6),
    wires=(
        ("c", 3, ((0.9, 5), (2.25, 5))),
        ("c", 3, ((2.85, 5), (5.95, 5))),
        ("c", 3, ((6.55, 5), (11.1, 5))),
        ("f", 1.3, ((2.55, 1.77), (2.55, 4.72))),
        ("i", 1.3, ((4.4, 1.77), (4.4, 3.3), (5.98, 3.3))),
        ("g", 1.3, ((6.25, 1.77), (6.25, 3.02))),
        ("g", 1.3, ((6.25, 3.56), (6.25, 4.72))),
        ("o", 1.3, ((8.62, 1.5), (9.58, 1.5))),
        ("c", 1.3, ((9.85, 5), (9.85, 3.77))),
        (INK, 1.3, ((9.85, 3.24), (9.85, 1.78))),
        ("h", 2.2, ((10.15, 1.5), (11.1, 1.5))),
        *((INK, 1.3, ((x, 0.5), (x, 1.23))) for x in (2.55, 4.4, 6.25, 8.25)),
    ),
    buses=(((0.95, 0.5), (8.25, 0.5)),),
    boxes=(
        (2.55, 1.5, "σ  f", "f"),
        (4.4, 1.5, "σ  i", "i"),
        (6.25, 1.5, "tanh  g", "g"),
        (8.25, 1.5, "σ  o", "o"),
        (9.85, 3.5, "tanh", INK),
    ),
    signs=((2.55, 5, "×"), (6.25, 5, "+"), (6.25, 3.3, "×"), (9.85, 1.5, "×")),
    names=((0.45, 5, "cₜ₋₁"), (11.5, 5, "cₜ"), (11.5, 1.5, "hₜ"), (0.4, 0.5, "xₜ, hₜ₋₁")),
    notes=((2.7, 4, "keep"), (4.55, 2.5, "write"), (8.8, 1.75, "read")),
    alt="The LSTM cell. A thick line carries the cell state from c at t − 1 through a product with the forget gate f "
    "and a sum to c at t. Below it x at t and h at t − 1 feed four boxes: sigmoid f, sigmoid i, tanh g, sigmoid o. "
    "i times g goes up into the sum. c at t, after tanh, times o is h at t.",
)

_GRU = Drawing(
    size=(12, 5.9),
    wires=(
        ("h", 3, ((0.9, 5.3), (3.7, 5.3))),
        ("h", 3, ((4.3, 5.3), (9.2, 5.3))),
        ("h", 3, ((9.8, 5.3), (11.1, 5.3))),
        (INK, 1.3, ((1.05, 3.7), (3.63, 3.7))),
        ("z", 1.3, ((4.0, 3.97), (4.0, 5.02))),
        ("z", 1.3, ((4.37, 3.7), (6.52, 3.7))),
        ("z", 1.3, ((7.48, 3.7), (9.22, 3.7))),
        (INK, 1.3, ((1.05, 2.4), (2.03, 2.4))),
        ("r", 1.3, ((2.77, 2.4), (4.0, 2.4), (4.0, 1.38))),
        ("h", 1.3, ((0.9, 1.1), (1.92, 1.1))),
        ("h", 1.3, ((2.88, 1.1), (3.72, 1.1))),
        (INK, 1.3, ((4.27, 1.1), (6.38, 1.1))),
        (INK, 1.3, ((7.0, 0.2), (7.0, 0.82))),
        ("n", 1.3, ((7.62, 1.1), (9.5, 1.1), (9.5, 3.42))),
        ("n", 1.3, ((9.5, 3.96), (9.5, 5.02))),
    ),
    boxes=(
        (4.0, 3.7, "σ  z", "z"),
        (7.0, 3.7, "1 − z", "z"),
        (2.4, 2.4, "σ  r", "r"),
        (2.4, 1.1, "Wₕₙ ·", INK),
        (7.0, 1.1, "tanh  n", "n"),
    ),
    signs=((4.0, 5.3, "×"), (9.5, 5.3, "+"), (9.5, 3.7, "×"), (4.0, 1.1, "×")),
    names=(
        (0.45, 5.3, "hₜ₋₁"),
        (0.4, 3.7, "xₜ, hₜ₋₁"),
        (0.4, 2.4, "xₜ, hₜ₋₁"),
        (0.45, 1.1, "hₜ₋₁"),
        (7.0, 0.0, "xₜ"),
        (11.5, 5.3, "hₜ"),
    ),
    notes=((4.15, 4.5, "keep"), (4.15, 1.9, "reset"), (9.65, 2.5, "write")),
    alt="The GRU cell, as PyTorch has it. A thick line carries the hidden state from h at t − 1 through a product with "
    "the update gate z and a sum to h at t. x at t and h at t − 1 feed two boxes, sigmoid z and sigmoid r. h at t − 1 "
    "times the matrix W hn, times r, and x at t feed tanh n. n times 1 − z goes up into the sum.",
)

DRAWINGS: Mapping[str, Drawing] = MappingProxyType({"RNN": _RNN, "LSTM": _LSTM, "GRU": _GRU})
"""One picture for each cell."""


def draw_cell(cell: str) -> Figure:
    """The picture of a cell, as a figure of the book; its text alternative is `DRAWINGS[cell].alt`.

    Args:
        cell: "RNN", "LSTM" or "GRU".
    """
    drawing = DRAWINGS[checks.one_of("cell", cell, DRAWINGS)]
    width, height = drawing.size
    figure, axes = plotting.subplots(height=0.6 * height)
    axes.set(xlim=(-0.3, width), ylim=(-0.3, height))
    axes.axis("off")
    for corners in drawing.buses:
        axes.plot(*zip(*corners, strict=True), color=_colour(INK, axes), linewidth=1.3)
    for name, thickness, corners in drawing.wires:
        _wire(axes, corners, _colour(name, axes), thickness)
    for x, y, text in drawing.signs:
        axes.plot(x, y, "o", markersize=17, color=plotting.COLOURS["loss"], alpha=0.35)
        axes.text(x, y, text, ha="center", va="center", fontsize=12)
    for x, y, text, name in drawing.boxes:
        style = {"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": _colour(name, axes), "linewidth": 2}
        axes.text(x, y, text, ha="center", va="center", bbox=style)
    for x, y, text in drawing.names:
        axes.text(x, y, text, ha="center", va="center", fontsize=12)
    for x, y, text in drawing.notes:
        axes.text(x, y, text, fontsize=9)
    return figure


def show_cell(cell: str, caption: str = "") -> None:
    """Displays the picture of a cell with its text alternative.

    Args:
        cell: "RNN", "LSTM" or "GRU".
        caption: what to look at, in one sentence.
    """
    plotting.show(draw_cell(cell), DRAWINGS[cell].alt, caption)


def _wire(axes: Axes, corners: tuple[Point, ...], colour: str, width: float) -> None:
    axes.plot(*zip(*corners[:-1], strict=True), color=colour, linewidth=width)
    arrow = {"arrowstyle": "->", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", corners[-1], corners[-2], arrowprops=arrow)


def _colour(name: str, axes: Axes) -> str:
    """The colour of a quantity, or the page's own."""
    return to_hex(axes.spines["left"].get_edgecolor()) if name == INK else plotting.COLOURS[name]
