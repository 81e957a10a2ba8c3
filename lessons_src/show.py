"""What a chapter displays besides figures: the package's own source, and sentences whose numbers come from the run."""

import inspect
import math
import textwrap
from typing import Any

from IPython.display import Markdown, display


def source(*objects: Any) -> None:
    """Displays the package's source of functions or classes, so that a chapter never retypes it."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in objects)
    display(Markdown(f"```python\n{code}\n```"))


def scientific(value: float) -> str:
    """A number as people write it: 6e+09 becomes 6 × 10⁹; from 0.01 to 1000 it stays as it is, with two digits."""
    if 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digit, exponent = f"{value:.0e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{power}" if digit == "1" else f"{digit} × 10{power}"


def finding(sentence: str) -> None:
    """Displays a sentence of results; its numbers are formatted by the caller from the run."""
    display(Markdown(f"> **Measured.** {sentence}"))
