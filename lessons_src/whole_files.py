"""Files that are there whole or not at all, whatever ends the program that writes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to; the file takes its place when the block ends without an error.

    A file that was there stays until then. Its folder must exist.

    Args:
        path: where the file shall be.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
