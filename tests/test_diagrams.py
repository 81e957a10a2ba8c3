"""The pictures of the cells: the colours of the quantities, ends that meet, all of it in words."""

import itertools
import math
import re
from collections.abc import Iterator

import pytest

from lessons_src import diagrams, plotting
from lessons_src.diagrams import DRAWINGS, INK, Drawing
from lessons_src.layers import GRU, LSTM, RNN
from lessons_src.tracing import GATES

CELLS = list(DRAWINGS)


def ends(drawing: Drawing) -> Iterator[tuple[float, float, float]]:
    """(x, y, how near a wire must come) of everything that wires connect."""
    yield from ((x, y, 0.31) for x, y, _ in drawing.signs)
    yield from ((x, y, 0.35 + 0.06 * len(text)) for x, y, text, _ in drawing.boxes)
    yield from ((x, y, 0.7) for x, y, _ in drawing.names)


def meets(drawing: Drawing, x: float, y: float) -> bool:
    """Whether something stands here: a sign, a box, a name, or a wire or bus from which this one branches off."""
    if any(math.hypot(x - at_x, y - at_y) <= near for at_x, at_y, near in ends(drawing)):
        return True
    lines = [*drawing.buses, *(corners for _, _, corners in drawing.wires)]
    pieces = [piece for line in lines for piece in itertools.pairwise(line)]
    return any(y == a[1] == b[1] and a[0] < x <= b[0] for a, b in pieces)


@pytest.mark.parametrize("cell", CELLS)
def test_each_gate_stands_in_its_own_colour_and_so_does_the_wire_that_leaves_it(cell: str) -> None:
    drawing = DRAWINGS[cell]
    boxes = {text.split()[-1]: (x, y, colour) for x, y, text, colour in drawing.boxes}
    for gate in GATES[{"RNN": RNN, "LSTM": LSTM, "GRU": GRU}[cell]]:
        x, y, colour = boxes[gate]
        assert colour == gate
        starts = [corners[0] for name, _, corners in drawing.wires if name == gate]
        assert any(math.hypot(x - a, y - b) < 0.7 for a, b in starts)
    used = {name for name, *_ in drawing.wires} | {box[3] for box in drawing.boxes}
    svg = plotting.to_svg(diagrams.draw_cell(cell), drawing.alt)
    for name in used - {INK}:
        assert plotting.COLOURS[name] in svg
    assert "stroke:currentColor" in svg
    assert "#010203" not in svg


@pytest.mark.parametrize("cell", CELLS)
def test_every_wire_begins_and_ends_at_something_and_nothing_is_left_alone(cell: str) -> None:
    drawing = DRAWINGS[cell]
    for _, _, corners in drawing.wires:
        assert meets(drawing, *corners[0]), corners
        assert meets(drawing, *corners[-1]), corners
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(corners)), "no slants"
    tips = [end for _, _, corners in drawing.wires for end in (corners[0], corners[-1])]
    tips += [end for bus in drawing.buses for end in bus]
    for x, y, near in ends(drawing):
        assert any(math.hypot(x - a, y - b) <= near for a, b in tips), (x, y)
    for x, y, _ in drawing.signs:
        into = [c[-1] for _, _, c in drawing.wires if math.hypot(x - c[-1][0], y - c[-1][1]) <= 0.31]
        assert len(into) == 2, "a product or a sum takes two"


@pytest.mark.parametrize("cell", CELLS)
def test_everything_lies_within_the_picture(cell: str) -> None:
    width, height = DRAWINGS[cell].size
    corners = [corner for _, _, line in DRAWINGS[cell].wires for corner in line]
    things = [(x, y) for x, y, _ in ends(DRAWINGS[cell])] + [(x, y) for x, y, _ in DRAWINGS[cell].notes]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in corners + things)


@pytest.mark.parametrize("cell", CELLS)
def test_the_picture_is_shown_with_all_of_it_in_words(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    html = plotting.figure_html(diagrams.draw_cell(cell), DRAWINGS[cell].alt, "caption")
    label = (re.search('aria-label="([^"]*)"', html) or [""])[1]
    assert label == DRAWINGS[cell].alt
    for name in GATES[{"RNN": RNN, "LSTM": LSTM, "GRU": GRU}[cell]]:
        assert re.search(rf"\b{name}\b", label)
    texts = [box[2] for box in DRAWINGS[cell].boxes] + [name for *_, name in DRAWINGS[cell].names]
    shown = [" ".join(text.split()) for text in re.findall(r"<text[^>]*>([^<]*)</text>", html)]
    assert {" ".join(text.split()) for text in texts} <= set(shown)
    assert diagrams.show_cell(cell, "caption") is None  # type: ignore[func-returns-value]
    assert "HTML" in capsys.readouterr().out


def test_it_is_the_same_in_every_run_and_refuses_other_cells() -> None:
    one, other = (plotting.to_svg(diagrams.draw_cell("GRU"), "alt") for _ in range(2))
    assert one == other
    with pytest.raises(ValueError, match="cell: expected one of RNN, LSTM, GRU, got 'lstm'"):
        diagrams.draw_cell("lstm")
