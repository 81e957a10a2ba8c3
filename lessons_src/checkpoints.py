"""Files that hold a trained model: written whole or not at all, and checked when they are read.

What is read may come from anywhere: PyTorch's reader is told to take weights only, so no code in a file is run.
"""

import copy
import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lessons_src.whole_files import written_whole


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """A copy of the content with the digest by which `load` knows that it is whole."""
    return copy.deepcopy(content) | {"digest": _digest(content)}


def save(content: dict[str, Any], path: str | Path) -> None:
    """Writes a sealed content, whole or not at all: a file that was there stays until the new one is complete."""
    try:
        with written_whole(Path(path)) as aside:
            torch.save(content, aside)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"path: {path} cannot be written ({error})") from None


def load(path: str | Path, form: str, maker: str) -> dict[str, Any]:
    """Reads a content that was sealed and checks that it is whole.

    Args:
        path: of the file.
        form: the value that must stand under "format".
        maker: what writes such files, for the message.

    Raises:
        ValueError: the file is missing, is no checkpoint, is one of another kind, or is damaged; the message says
            which.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"path: {path} cannot be read ({error.strerror})") from None
    try:
        content = torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # a damaged file may break PyTorch's reader anywhere
        raise ValueError(f"path: {path} is no checkpoint, or is damaged: PyTorch cannot read it") from None
    if not isinstance(content, dict) or content.get("format") != form:
        raise ValueError(f"path: {path} is a file of PyTorch, but no checkpoint of {maker}")
    if _digest({key: value for key, value in content.items() if key != "digest"}) != content.get("digest"):
        raise ValueError(f"path: {path} is damaged: its content does not match its digest; use an older checkpoint")
    return content


def _digest(content: Any) -> str:
    """A digest of nested dicts, lists, tensors and plain values."""
    digest = hashlib.sha256()

    def take(value: Any) -> None:
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
            digest.update(value.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        elif isinstance(value, dict):
            for key, inner in value.items():
                digest.update(repr(key).encode())
                take(inner)
        elif isinstance(value, list | tuple):
            digest.update(f"{len(value)}".encode())
            for inner in value:
                take(inner)
        else:
            digest.update(repr(value).encode())

    take(content)
    return digest.hexdigest()
