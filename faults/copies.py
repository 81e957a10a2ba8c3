"""Copies of the repository, and what is run in them. Nothing here writes into the working tree."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.listing import ROOT, Fault

LEFT_OUT = (
    *(".git", ".venv", "node_modules", "_build", "_assignments", "_grades"),
    *("__pycache__", ".*_cache", ".hypothesis", "*.egg-info"),
)
LINKED = (".venv", "node_modules")
SECONDS = 300
"""After which a run is ended."""
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-p", "faults.origin")
TOC = "format: jb-book\nroot: {}\nparts:\n  - caption: Some pages\n    chapters:\n"
TABLE = "_toc.yml"


@dataclass(frozen=True)
class Verdict:
    """What became of a fault.

    Attributes:
        word: "caught", "SURVIVED", or "NOT RUN" if the tests could not run, and so show nothing.
        by: the first test that failed, or why nothing ran.
        seconds: on the clock.
    """

    word: str
    by: str
    seconds: float


class Copy:
    """A copy of the repository in which one fault at a time is put, and taken out again."""

    def __init__(self, folder: Path) -> None:
        self.root, self._moment = folder, 0
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for name in LINKED:
            if (ROOT / name).exists():
                (folder / name).symlink_to((ROOT / name).resolve())

    def check(self, faults: Sequence[Fault]) -> str:
        """Runs what all these faults run, without any of them; what failed, or an empty text."""
        for pages in dict.fromkeys(fault.pages for fault in faults):
            tests = dict.fromkeys(test for fault in faults if fault.pages == pages for test in fault.tests)
            with self._table_of(pages):
                if pages and (failed := self._build()):
                    return failed
                done = self._run([*PYTEST, "-n", "2", "--dist", "loadfile", *tests], seconds=6 * SECONDS)
            if done.returncode:
                return done.stdout[-3000:]
        return ""

    def judge(self, fault: Fault) -> Verdict:
        """Puts the fault in, runs its tests, and takes it out."""
        begun, path = time.monotonic(), self.root / fault.file
        right, made = path.read_bytes(), path.stat().st_mtime
        path.write_bytes(fault.spoil(self.root).encode())
        self._moment += 10  # no two faults share one, or Python would take compiled code of the same size for new
        os.utime(path, (made + self._moment, made + self._moment))
        try:
            with self._table_of(fault.pages):
                word, by = self._noticed(fault)
        except subprocess.TimeoutExpired:
            word, by = "NOT RUN", f"no end after {SECONDS} s"
        finally:
            path.write_bytes(right)
            os.utime(path, (made, made))
            if fault.bundled:
                self._bundle()
        return Verdict(word, by, time.monotonic() - begun)

    def _noticed(self, fault: Fault) -> tuple[str, str]:
        if fault.bundled and (failed := self._bundle()):
            return "NOT RUN", failed
        if fault.pages and (failed := self._build()):
            return "caught", f"the build: {failed}"
        if not fault.tests:
            return "SURVIVED", ""
        done = self._run([*PYTEST, "-x", *fault.tests])
        if done.returncode == 0:
            return "SURVIVED", ""
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
        if done.returncode == 1 and found:
            return "caught", found[1]
        return "NOT RUN", f"pytest ended with {done.returncode}: {(done.stdout + done.stderr)[-600:]}"

    @contextlib.contextmanager
    def _table_of(self, pages: Sequence[str]) -> Iterator[None]:
        """The table of contents has only these pages, if there are any; the first is the root."""
        path = self.root / TABLE
        whole = path.read_bytes()
        if pages:
            files = "".join(f"      - file: {page}\n" for page in pages[1:])
            path.write_text(TOC.format(pages[0]) + files, encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(whole)

    def _bundle(self) -> str:
        """Builds the widgets' bundles; what went wrong, or an empty text."""
        done = self._run(["lessons_src/widgets/js/build.mjs"], program="node")
        return done.stderr if done.returncode else ""

    def _build(self) -> str:
        """Builds the book; its first warning, or an empty text."""
        done = self._run(
            [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-W", "--keep-going", "-n"]
        )
        if done.returncode == 0:
            return ""
        plain = re.sub(r"\x1b\[[\d;]*m", "", done.stderr + done.stdout)  # without colours
        said = re.search(r"(?:WARNING|ERROR): (.*)", plain)
        return said[1] if said else plain[-600:]

    def _run(
        self, words: Sequence[str], program: str = sys.executable, seconds: int = SECONDS
    ) -> subprocess.CompletedProcess[str]:
        # PYTHONPATH puts the copy before the installed package, which links to the working tree; `origin` checks it.
        names = {"PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        return subprocess.run(
            [program, *words],
            cwd=self.root, env=os.environ | names, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
