"""A real JupyterLab with a kernel, in a folder of its own, driven by a browser without a network."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.browser.conftest import ROOT, browser  # noqa: F401  # a fixture

CAPTURE = """
from lessons_src.widgets.base import BookWidget
figures = [shown for shown in Out.values() if isinstance(shown, BookWidget)]
heard = []

def hear(change):
    if isinstance(change.new, str | int | float):
        heard.append([figures.index(change.owner), change.name, change.old, change.new])

for figure in figures:
    figure.observe(hear)
"""
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}


class Lab:
    """A running JupyterLab: where it is, and a way to its kernels that does not go through the page."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runtime = folder / "notebooks", folder / "runtime"
        self.folder.mkdir()
        for path in (ROOT / "book").glob("*.ipynb"):
            (self.folder / path.name).write_bytes(path.read_bytes())
        for name, settings in SETTINGS.items():
            path = folder / "settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings))
        places = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
        own = {f"JUPYTER_{name}": str(folder / place) for name, place in places.items()}
        own |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "work")}
        options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=", "--allow-root"]
        options.append("--ServerApp.disable_check_xsrf=True")  # for `shut_down`, which has no page
        self.log = folder / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={self.folder}"],
                env=os.environ | own | {"OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
            )
        self.url = self._url()

    def _url(self) -> str:
        """The address, once the server has written it down."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            for path in self.runtime.glob("jpserver-*.json"):
                if text := path.read_text():
                    return str(json.loads(text)["url"])
            time.sleep(0.1)
        pytest.fail(f"JupyterLab did not start:\n{self.log.read_text()[-2000:]}")

    def session(self, name: str) -> dict[str, Any]:
        """What the server knows of a notebook that runs."""
        with urlopen(f"{self.url}api/sessions", timeout=10) as answer:
            found: dict[str, Any] = next(session for session in json.load(answer) if session["path"] == name)
        return found

    def shut_down(self, name: str) -> None:
        """Ends the kernel of a notebook."""
        address = f"{self.url}api/sessions/{self.session(name)['id']}"
        urlopen(Request(address, method="DELETE"), timeout=20).close()

    def kernel(self, name: str) -> BlockingKernelClient:
        """A client of the kernel that runs this notebook."""
        number = self.session(name)["kernel"]["id"]
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{number}.json"))
        client.load_connection_file()
        client.start_channels()
        return client

    def stop(self) -> None:
        """Ends the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def run(client: BlockingKernelClient, code: str, value: str = "None") -> Any:
    """Runs code in a kernel, and brings back an expression's value as JSON would."""
    expressions = {"found": f"__import__('json').dumps({value})"}
    reply = client.execute_interactive(
        code, store_history=False, user_expressions=expressions, timeout=120, output_hook=lambda message: None
    )
    content = reply["content"]
    assert content["status"] == "ok", content
    found = content["user_expressions"]["found"]
    assert found["status"] == "ok", found
    return json.loads(re.sub(r"^'|'$", "", found["data"]["text/plain"]).encode().decode("unicode_escape"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests of a worker."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()
