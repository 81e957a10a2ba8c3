"""The book's figures: one style, vector output, legible on light and on dark pages."""

import html
import io
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.display import HTML, display
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from torch import Tensor

from lessons_src import svg

_PALETTE = json.loads((files("lessons_src") / "palette.json").read_text(encoding="utf-8"))

COLOURS: Mapping[str, str] = MappingProxyType({key: entry["colour"] for key, entry in _PALETTE.items()})
"""One colour per quantity: i, f, g, o, c, h, r, z, n, loss, gradient; at least 3:1 on light and on dark."""

SERIES = ("#2b7bd0", "#c25e00", "#0a8f63", "#b5549c", "#8d7700", "#158a99")
"""For lines that are not one of the named quantities, in this order; safe for colour-blind readers, with markers."""

SIGNED = LinearSegmentedColormap.from_list("signed", ["#2166ac", "#7fb2d9", "#f7f7f7", "#f0a868", "#b35806"])
"""Blue for negative, orange for positive."""

FLOAT32_SMALLEST = float(np.finfo(np.float32).tiny)
"""1.2e-38, the smallest normal 32-bit float: below it digits are lost, and then everything."""

_INK = "#010203"  # stands for the page's own text colour, and is replaced by it

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "unrolled",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.prop_cycle": cycler(color=SERIES, linewidth=[1.8] * len(SERIES)),
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


def subplots(rows: int = 1, columns: int = 1, *, width: float = 7.2, height: float = 2.8, **options: Any) -> Any:
    """A figure in the book's style and its axes, as plt.subplots returns them; width and height in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots(rows, columns, **options)


def show(figure: Figure, alt: str, caption: str = "") -> None:
    """Displays a figure as inline SVG with its text alternative, in Lab and in the built page.

    Args:
        figure: from `subplots`.
        alt: what a reader who cannot see it should know; required.
        caption: what to look at, in one sentence; Markdown is not interpreted.
    """
    display(HTML(figure_html(figure, alt, caption)))


def figure_html(figure: Figure, alt: str, caption: str = "") -> str:
    """The HTML that `show` displays."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt: expected a sentence for readers who cannot see the figure, got {alt!r}")
    note = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="unrolled-figure">{to_svg(figure, alt)}{note}</figure>'


def to_svg(figure: Figure, alt: str) -> str:
    """The figure as an SVG element: ink in the page's text colour, no ids that could meet another figure's."""
    for legend in filter(None, (axes.get_legend() for axes in figure.axes)):
        legend.set_frame_on(False)  # its white box would glare on a dark page
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    width = f"max-width:{72 * float(figure.get_figwidth()):.0f}pt"
    return svg.fit(buffer.getvalue(), _INK, {"width": "100%", "role": "img", "aria-label": alt, "style": width})


def plot_norms(
    axes: Axes, norms: Mapping[str, Float[Tensor, " time"] | Sequence[float]], *, underflow: bool = False
) -> None:
    """Draws gradient norms over time on a log axis, one line per entry, t counted from 1.

    Args:
        axes: where to draw.
        norms: label → ‖∂L/∂h_t‖ for t = 1 … T; zeros are left out, since they have no logarithm.
        underflow: whether to draw the line below which a 32-bit float loses digits.
    """
    for k, (label, values) in enumerate(norms.items()):
        found = np.asarray(values, dtype=float)
        steps = np.arange(1, len(found) + 1)
        kept = found > 0
        axes.plot(steps[kept], found[kept], label=label, linestyle=("-", "--", "-.", ":")[k % 4])
    if underflow:
        axes.axhline(FLOAT32_SMALLEST, color=COLOURS["loss"], linewidth=0.9, linestyle=":")
        axes.text(1, FLOAT32_SMALLEST * 3, "smallest normal 32-bit float", fontsize=8, color=_INK)
    axes.set_yscale("log")
    axes.set_xlabel("time step t")
    axes.set_ylabel("‖∂L/∂hₜ‖")
    if len(norms) > 1:
        axes.legend()
