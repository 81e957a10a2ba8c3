"""One hub for all tests of a kind. `make test` leaves this folder out: JupyterHub is not in requirements.txt."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom import sandbox
from tests.hub.harness import Hub, running
from tests.hub.term import Term, walk

ONE, OWN = "one account", "own accounts"


@pytest.fixture(scope="session", params=[OWN, ONE])
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    own = request.param == OWN
    if not sandbox.available():
        pytest.fail("make test-hub grades in the sandbox: install bubblewrap (apt install bubblewrap)")
    if own and os.geteuid() != 0:
        pytest.skip("a hub that starts servers under other accounts needs root: sudo make test-hub")
    folder = Path(tempfile.mkdtemp(prefix="unrolled-hub-"))
    folder.chmod(0o755)  # each account goes through it to its home
    try:
        with running(folder, own) as hub:
            yield hub
        assert not hub.left, f"processes that outlived the hub: {hub.left}"
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def term(hub: Hub) -> Term:
    return walk(hub)
