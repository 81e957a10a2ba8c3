"""A file of weights is read as it was written, and whatever is not one is refused in a sentence."""

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lessons_src import shipped

FORM = "a form of the tests, 1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "small.npz"
    shipped.write(path, FORM, {"size": 3, "word": "é한"}, nn.Linear(3, 2))
    return path


def read(path: Path) -> dict[str, Any]:
    with shipped.expecting(path, "a small model, as the tests write it"):
        about, weights = shipped.read(path, FORM)
        nn.Linear(about["size"], 2).load_state_dict(weights)
        return about


def test_what_was_written_is_read_rounded_to_float16(path: Path) -> None:
    torch.manual_seed(0)
    original = nn.Linear(3, 2)
    about, weights = shipped.read(path, FORM)
    assert about == {"format": FORM, "size": 3, "word": "é한"}
    assert weights.keys() == original.state_dict().keys()
    for name, weight in original.state_dict().items():
        assert torch.equal(weights[name], weight.half().float())


CHANGES: dict[str, Any] = {
    "another format": lambda arrays, about: {"about": json.dumps({**about, "format": "another"})},
    "no format": lambda arrays, about: {"about": json.dumps({"size": 3})},
    "not JSON": lambda arrays, about: {"about": "hello"},
    "NaN": lambda arrays, about: {"bias": np.full(2, math.nan, np.float16)},
    "float32": lambda arrays, about: {"bias": np.zeros(2, np.float32)},
    "another shape": lambda arrays, about: {"bias": np.zeros(3, np.float16)},
    "one array too many": lambda arrays, about: {"extra": np.zeros(3, np.float16)},
    "pickled": lambda arrays, about: {"bias": np.array([{}, {}], dtype=object)},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_file_with_other_contents_is_refused(kind: str, path: Path) -> None:
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | CHANGES[kind](arrays, json.loads(str(arrays["about"])))))
    with pytest.raises(ValueError, match=r"small\.npz: expected a small model, as the tests write it; "):
        read(path)


@pytest.mark.parametrize("kind", ["empty", "cut", "flipped", "text"])
def test_a_damaged_file_is_refused(kind: str, path: Path) -> None:
    good = path.read_bytes()
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]
    path.write_bytes({"empty": b"", "cut": good[:middle], "flipped": flipped, "text": b"hello\n" * 50}[kind])
    with pytest.raises(ValueError, match=r"small\.npz: expected a small model"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        read(tmp_path / "nothing.npz")


def test_the_package_has_the_files_that_its_build_lists() -> None:
    root = Path(__file__).parents[1]
    listed = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    missing = [pattern for pattern in listed["lessons_src"] if not list((root / "lessons_src").glob(pattern))]
    assert missing == []
