"""Keeps one build from spoiling the next.

Sphinx keeps what it read and trusts it: after a build that was killed, or that warned, the next build would find
nothing to do and pass. So a build leaves a mark while it runs, takes it away only after a clean end, and starts from
nothing if it finds one. A second build at the same time waits for the first.
"""

from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

LOG = logging.getLogger(__name__)


def start(app: Sphinx, config: Config) -> None:
    """Wait for a build that is running, then forget what an unclean one has read."""
    doctrees = Path(app.doctreedir)
    doctrees.mkdir(parents=True, exist_ok=True)
    lock = FileLock(doctrees / "build.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        LOG.info("another build is running here: waiting for it to end")
        lock.acquire()
    app.build_lock = lock  # type: ignore[attr-defined]  # held as long as the application lives

    unclean = doctrees / "unclean"
    if unclean.exists():
        (doctrees / "environment.pickle").unlink(missing_ok=True)
    unclean.touch()


def end(app: Sphinx, error: Exception | None) -> None:
    """Take the mark away if all went well, and let the next build begin."""
    if error is None and app._warncount == 0:
        (Path(app.doctreedir) / "unclean").unlink(missing_ok=True)
    app.build_lock.release()  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the two ends of a build."""
    app.connect("config-inited", start, priority=1)
    app.connect("build-finished", end, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
