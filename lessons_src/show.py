"""What a chapter displays besides figures: the package's own source, and sentences whose numbers come from the run."""

import inspect
import textwrap
from typing import Any

from IPython.display import Markdown, display


def source(*objects: Any) -> None:
    """Displays the package's source of functions or classes, so that a chapter never retypes it."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in objects)
    display(Markdown(f"```python\n{code}\n```"))


def finding(sentence: str) -> None:
    """Displays a sentence of results; its numbers are formatted by the caller from the run."""
    display(Markdown(f"> **Measured.** {sentence}"))
