"""What the book's widgets have in common on the Python side."""

from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

BUNDLES = Path(__file__).with_name("bundles")


@cache
def module_source(bundle: str) -> str:
    """The ES module for JupyterLab: the committed bundle, which leaves its exports in one variable."""
    return f"{(BUNDLES / f'{bundle}.js').read_text(encoding='utf-8')}\nexport default unrolledWidget;"


class BookWidget(anywidget.AnyWidget):
    """A widget of the book. A subclass sets `_bundle` to the name of its file in `bundles/`, without `.js`.

    Attributes:
        _bundle: by this name the built page, which has no kernel, finds the script that it has loaded.
    """

    _bundle = traitlets.Unicode().tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)

    @traitlets.default("_esm")
    def _default_esm(self) -> str:
        return module_source(self._bundle)

    def still(self) -> str | None:
        """The figure as HTML that does not move, for print and for pages without scripts; None if there is none."""
        return None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live view, and beside it the still one."""
        bundle = super()._repr_mimebundle_(**kwargs)
        still = self.still()
        if bundle and still:
            bundle[0]["text/html"] = still
        return bundle

    def __repr__(self) -> str:
        """A text that is the same in every run: no memory address, no model id."""
        return f"{type(self).__name__}()"
