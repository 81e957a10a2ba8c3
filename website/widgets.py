"""Live figures: what a page needs to draw a widget without a kernel and without a network.

MyST-NB writes the state of every widget model into the page, its script included, once for each. Here the script is
taken out; the page loads each widget's bundle once, and ``static/widget_host.js`` mounts it.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import WIDGET_STATE_MIMETYPE, WIDGET_VIEW_MIMETYPE
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

BUNDLES = Path("lessons_src/widgets/bundles")
NO_SCRIPT = "This figure moves when scripts are allowed in this page, or in the notebook."


def slim_state(notebook: NotebookNode) -> None:
    """Keep the traits and buffers of our own widgets, and of any other model only that it exists.

    The host needs no more: it says of a model without a bundle that it needs a kernel.
    """
    widgets = notebook.metadata.get("widgets", {}).get(WIDGET_STATE_MIMETYPE, {})
    for model in widgets.get("state", {}).values():
        traits = model.pop("state")
        own = "_bundle" in traits
        kept = (key for key in traits if own and (key == "_bundle" or not key.startswith("_")))
        model["state"] = {key: traits[key] for key in kept}
        for key in model.keys() - {"state", "buffers"}:
            del model[key]


def bundles_of(app: Sphinx, docname: str) -> list[str]:
    """The names of the bundles whose widgets this page shows."""
    scripts = getattr(app.env, "nb_metadata", {}).get(docname, {}).get("js_files", {})
    if "ipywidgets_state" not in scripts:
        return []
    models = json.loads(scripts["ipywidgets_state"][1]["body"])["state"].values()
    return sorted({model["state"]["_bundle"] for model in models if model["state"]})


def add_bundles(app: Sphinx, pagename: str, *_: Any) -> None:
    """Load the bundles of a page before the host: scripts of a lower priority come first."""
    for name in bundles_of(app, pagename):
        app.add_js_file(f"widgets/{name}.js", defer="defer", priority=400)


def write_bundles(app: Sphinx) -> None:
    """Write each bundle as a classic script that registers its widget.

    A module would not load from disk. The function around it keeps the bundle's one name to itself.
    """
    folder = Path(app.outdir, "_static/widgets")
    folder.mkdir(parents=True, exist_ok=True)
    for bundle in sorted(Path(app.srcdir, BUNDLES).glob("*.js")):
        register = f'(window.unrolledWidgets ??= {{}})["{bundle.stem}"] = unrolledWidget;'
        script = f"(() => {{\n{bundle.read_text(encoding='utf-8')}\n{register}\n}})();\n"
        (folder / bundle.name).write_text(script, encoding="utf-8")


class StaticStandIn(SphinxPostTransform):
    """Keeps a widget's static figure beside the widget, for print and for readers without scripts.

    MyST-NB shows one form of each output. Here the ``text/html`` form joins the live one, in an element that the
    style sheet shows only where the live one cannot be.
    """

    default_priority = 3  # just before MyST-NB selects a form

    def run(self, **_: Any) -> None:
        """Move the children of the one container to the other."""
        for bundle in list(self.document.findall(lambda node: _is(node, "nb_element", "mime_bundle"))):
            forms = {form["mime_type"]: form for form in bundle.children}
            if live := forms.get(WIDGET_VIEW_MIMETYPE):
                still = forms.get("text/html")
                live += nodes.raw("", '<div class="widget-static">', format="html")
                live += still.children if still else nodes.paragraph("", NO_SCRIPT)
                live += nodes.raw("", "</div>", format="html")


def _is(node: nodes.Node, key: str, value: str) -> bool:
    return isinstance(node, nodes.container) and node.get(key) == value


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the writing of pages."""
    app.connect("builder-inited", write_bundles)
    app.connect("html-page-context", add_bundles)
    app.add_post_transform(StaticStandIn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
