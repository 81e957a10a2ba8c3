"""The page of claims: what the chapters found when they tested each sentence of the notes.

A cell that tests a claim calls `lessons_src.claims.verdict`, which leaves a record in its output. The directive
``claims`` collects these records from the chapters as they ran, in the order of the book. A claim that no cell has
tested, or whose cell failed, is a warning, and so fails the build.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lessons_src.claims import CLAIMS
from website.execution import read_executed

LOG = logging.getLogger(__name__)
TAG = "claim-"


class Record(NamedTuple):
    """One verdict: where it stands, and what it says."""

    docname: str
    title: str
    result: str
    evidence: str


def anchor(claim: str, place: int) -> str:
    """The id of the cell that tests a claim; a page's second cell for it has a number."""
    return f"{TAG}{claim}" + (f"-{place + 1}" if place else "")


def verdicts(env: BuildEnvironment) -> dict[str, list[Record]]:
    """The records of every chapter that ran, by claim."""
    kept = env.config.nb_custom_formats[".ipynb"][1]
    found: dict[str, list[Record]] = defaultdict(list)
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix != ".ipynb":
            continue
        notebook = read_executed(path.read_text(encoding="utf-8"), **kept)
        title = next(cell.source for cell in notebook.cells if cell.cell_type == "markdown").splitlines()[0]
        for record in records(notebook):
            found[record["claim"]].append(Record(docname, title.lstrip("# "), record["result"], record["evidence"]))
    return found


def records(notebook: nbformat.NotebookNode) -> Iterator[dict[str, str]]:
    """What `verdict` left in the outputs of a notebook."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("unrolled", {})
            if "claim" in record:
                yield record


class Claims(SphinxDirective):
    """Lists every claim with its verdicts, the evidence, and a link to the cell."""

    def run(self) -> list[nodes.Node]:
        """How many hold, then one entry per claim, in the order of `CLAIMS`."""
        found = verdicts(self.env)
        for name in untested(found):
            LOG.warning("no chapter that ran has a verdict on the claim %r", name, location=self.get_location())
        lines, links = [tally(found), ""], list[nodes.reference]()
        for name, claim in CLAIMS.items():
            lines += [f"**{claim.wording}** *(note {claim.source})*", ""] if found[name] else []
            for place, record in enumerate(found[name]):
                lines += [f": **{record.result[0].upper()}{record.result[1:]}.** {record.evidence}", ""]
                cell = anchor(name, [r.docname for r in found[name][:place]].count(record.docname))
                page = f"{Path(record.docname).name}.html#{cell}"
                links.append(nodes.reference("", f"Chapter {record.title}", refuri=page, internal=True))
        entries = self.parse_text_to_nodes("\n".join(lines))
        definitions = [node for entry in entries for node in entry.findall(nodes.definition)]
        for definition, link in zip(definitions, links, strict=True):
            definition[-1] += [nodes.Text(" "), link]
        return entries


def untested(found: dict[str, list[Record]]) -> list[str]:
    """The claims on which no chapter that ran has a verdict."""
    return [name for name in CLAIMS if not found.get(name)]


def tally(found: dict[str, list[Record]]) -> str:
    """One sentence that counts the claims by what came of them."""
    results = [record.result for records_of in found.values() for record in records_of]
    hold, not_hold = results.count("holds"), sum(result.startswith("does not") for result in results)
    under = len(results) - hold - not_hold
    return (
        f"Of {len(results)} verdicts, {hold} say that the claim holds, {under} under a condition, {not_hold} deny it."
    )


def add_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give each cell that tests a claim an id to link to."""
    seen: dict[str, int] = defaultdict(int)
    for cell in doctree.findall(nodes.container):
        for name in [name for name in cell["classes"] if name.startswith(f"tag_{TAG}")]:
            claim = name.removeprefix(f"tag_{TAG}")
            cell["ids"].append(anchor(claim, seen[claim]))
            seen[claim] += 1


def read_again(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """The page depends on every chapter, so it is read each time."""
    return [docname for docname in env.found_docs if docname.endswith("claims")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("claims", Claims)
    app.connect("doctree-read", add_anchors)
    app.connect("env-get-outdated", read_again, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
