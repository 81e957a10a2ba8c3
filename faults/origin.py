"""A plugin of pytest's that ends a run in which any of our modules came from elsewhere than the copy under test."""

import sys
from pathlib import Path

import pytest

OURS = ("lessons_src", "website", "classroom", "tests", "assignments", "faults")


def strangers(root: Path) -> list[str]:
    """The files of our loaded modules that are not below this folder."""
    loaded = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    files = [Path(file) for name, file in loaded if file and name.partition(".")[0] in OURS]
    return [str(file) for file in files if root.resolve() not in file.resolve().parents]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look at all that was imported in the end."""
    if found := strangers(session.config.rootpath):
        pytest.exit(f"not from the copy under test: {', '.join(found[:3])}", returncode=70)
