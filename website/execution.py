"""Runs the chapters that changed, two at a time, before Sphinx reads them.

What students are given is not run: it has gaps where their work belongs.

What a chapter shows depends on its code, on the package, on the pinned requirements and on Python. A digest of all
four names the file that keeps the executed notebook. So a stale result is never found, nothing needs to be dropped,
and since a file is written aside and then renamed it is whole or absent, whatever ends a build.
"""

import asyncio
import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from website.widgets import slim_state

LOG = logging.getLogger(__name__)
WORKERS = int(os.environ.get("WORKERS", "2"))
# One core for each kernel, and no progress bars: in a page they would never move again.
KERNEL_ENV = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
# The collector of cycles would walk through all of torch again and again, a tenth of a chapter's time: it comes rarely.
KERNEL_ARGUMENTS = ["--log-level=ERROR", "--IPKernelApp.exec_lines=__import__('gc').set_threshold(100_000, 20, 100)"]


def surroundings(root: Path) -> str:
    """Digest of all that a chapter's outputs depend on, apart from the chapter."""
    files = [path for path in (root / "lessons_src").rglob("*") if path.is_file()]
    files = [path for path in files if "__pycache__" not in path.parts]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in [root / "requirements.txt", *sorted(files)]:
        digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """The cells that run, in order."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def is_chapter(notebook: NotebookNode) -> bool:
    """Whether this is a notebook of the book's own; those for students carry nbgrader's marks."""
    return not any("nbgrader" in cell.metadata for cell in notebook.cells)


@dataclass(frozen=True)
class Kept:
    """Executed notebooks, each in a file named by what its outputs depend on."""

    folder: str
    surroundings: str

    def path(self, notebook: NotebookNode) -> Path:
        """Where the executed form of this notebook is, or would be."""
        code = [(cell.source, cell.metadata.get("tags", [])) for cell in code_cells(notebook)]
        digest = hashlib.sha256(json.dumps([self.surroundings, code]).encode()).hexdigest()
        return Path(self.folder, f"{digest}.ipynb")

    def save(self, notebook: NotebookNode) -> None:
        """Keep an executed notebook: whole or not at all."""
        path = self.path(notebook)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        nbformat.write(notebook, aside)
        aside.replace(path)

    def drop_all_but(self, notebooks: Iterable[NotebookNode]) -> None:
        """Delete the results that none of these notebooks would find."""
        wanted = {self.path(notebook) for notebook in notebooks}
        for path in set(Path(self.folder).glob("*")) - wanted:
            path.unlink(missing_ok=True)


def read_executed(text: str, **kept: str) -> NotebookNode:
    """Read a chapter for MyST-NB, with the outputs that were kept for it.

    A chapter that failed has none: the build has already said so and failed.
    """
    notebook = nbformat.reads(text, as_version=4)
    path = Kept(**kept).path(notebook)
    if path.exists():
        executed = nbformat.read(path, as_version=4)
        for cell, run in zip(code_cells(notebook), code_cells(executed), strict=True):
            cell.outputs, cell.execution_count = run.outputs, run.execution_count
        for key in ("language_info", "widgets"):
            if key in executed.metadata:
                notebook.metadata[key] = executed.metadata[key]
        slim_state(notebook)
    return notebook


async def run(path: Path, notebook: NotebookNode, timeout: int) -> str | None:
    """Execute a notebook in place, and return what went wrong, if anything did."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": path.parent}},
    )
    try:
        await client.async_execute(env=os.environ | KERNEL_ENV)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return str(error)
    return None


async def run_all(todo: dict[str, tuple[Path, NotebookNode]], kept: Kept, timeout: int) -> None:
    """Execute notebooks, a few at a time; keep those that run, warn of those that do not."""
    free = asyncio.Semaphore(WORKERS)

    async def run_one(docname: str, path: Path, notebook: NotebookNode) -> None:
        async with free:
            start = time.perf_counter()
            error = await run(path, notebook, timeout)
            seconds = time.perf_counter() - start
        if error:
            LOG.warning("the chapter failed after %.1f s\n%s", seconds, error, location=docname)
        else:
            kept.save(notebook)
            LOG.info("ran %s in %.1f s", docname, seconds)

    await asyncio.gather(*(run_one(docname, *entry) for docname, entry in todo.items()))


def execute_stale(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Run every chapter without a kept result, and have Sphinx read those pages (again)."""
    kept = Kept(**app.config.nb_custom_formats[".ipynb"][1])
    paths = {docname: Path(env.doc2path(docname)) for docname in sorted(env.found_docs)}
    read = {name: (path, nbformat.read(path, as_version=4)) for name, path in paths.items() if path.suffix == ".ipynb"}
    notebooks = {name: entry for name, entry in read.items() if is_chapter(entry[1])}
    todo = {name: entry for name, entry in notebooks.items() if not kept.path(entry[1]).exists()}
    if todo:
        LOG.info("running %d of %d chapters, %d at a time", len(todo), len(notebooks), WORKERS)
        asyncio.run(run_all(todo, kept, app.config.nb_execution_timeout))
    kept.drop_all_but(notebook for _, notebook in notebooks.values())
    return list(todo)


def use_kept_outputs(app: Sphinx, config: Config) -> None:
    """Make MyST-NB read chapters through `read_executed`.

    The digest becomes part of the configuration, so Sphinx itself reads everything again when it changes.
    """
    kept = {
        "folder": str(Path(app.doctreedir).parent / ".executed"),
        "surroundings": surroundings(Path(app.srcdir)),
    }
    config.nb_custom_formats = {".ipynb": [f"{__name__}.read_executed", kept, False]}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before MyST-NB reads its configuration and before Sphinx reads pages."""
    app.connect("config-inited", use_kept_outputs, priority=10)
    app.connect("env-get-outdated", execute_stale)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
