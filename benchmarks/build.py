"""How long the whole book takes to build: from nothing, unchanged, and with the longest chapter edited.

A copy of the repository is built in a folder of its own, by the command of `make book`, two chapters at a time. What
each chapter takes is printed by website/execution.py and read from there.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import Effort

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".*", "_build", "_grades", "_assignments", "node_modules", "__pycache__", "*.egg-info")
QUICK = "book/index"
"""The only page of a quick build."""
MARKS = {"cold": 180.0, "unchanged": 6.0, "longest chapter: text edited": 15.0, "longest chapter: code edited": 15.0}
"""Seconds on two cores."""


def copy(to: Path) -> None:
    """The repository without what is built or installed."""
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)


def build(folder: Path, strict: bool = True) -> tuple[float, str]:
    """Builds the book that is in a folder; the seconds that took, and what was printed. Strict: a warning ends it."""
    command = ["jupyter-book", "build", ".", "--keep-going", "-n", *["-W"] * strict]
    paths = {"PYTHONPATH": str(folder), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=os.environ | paths, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"the build failed:\n{done.stdout[-5000:]}")
    return seconds, done.stdout


def chapters(printed: str) -> dict[str, float]:
    """How many seconds each chapter ran, from what a build printed."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    return {name: float(seconds) for name, seconds in re.findall(r"^ran (\S+) in ([\d.]+) s$", plain, re.MULTILINE)}


def edit(path: Path, kind: str) -> None:
    """Adds a sentence to the first cell of text, or a line to the first cell of code."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == kind)
    more = "\n\nOne more sentence.\n" if kind == "markdown" else "\nassert True\n"
    cell["source"] = "".join(cell["source"]) + more
    path.write_text(json.dumps(notebook), encoding="utf-8")


def main(effort: Effort) -> None:
    """Prints seconds by chapter and by kind of build."""
    print(f"Build: seconds by the clock, {os.environ.get('WORKERS', '2')} chapters at a time\n")
    with tempfile.TemporaryDirectory(prefix="build-") as temporary:
        folder = Path(temporary, "book")
        copy(folder)
        if effort.quick:
            (folder / "_toc.yml").write_text(f"format: jb-book\nroot: {QUICK}\n", encoding="utf-8")
        found = {}
        strict = not effort.quick  # a chapter alone refers to others that are not there
        found["cold"], printed = build(folder, strict)
        seconds = chapters(printed)
        for name in sorted(seconds):
            print(f"  {name:30}{seconds[name]:7.1f} s")
        print(f"  {'all chapters, one by one':30}{sum(seconds.values()):7.1f} s\n", flush=True)
        found["unchanged"], _ = build(folder, strict)
        longest = folder / f"{max(seconds, key=lambda name: seconds[name])}.ipynb"
        edit(longest, "markdown")
        found["longest chapter: text edited"], _ = build(folder, strict)
        edit(longest, "code")
        found["longest chapter: code edited"], _ = build(folder, strict)
    for kind, took in found.items():
        print(f"  {kind:30}{took:7.1f} s{MARKS[kind]:8.0f}  {'within' if took <= MARKS[kind] else 'ABOVE'}")
