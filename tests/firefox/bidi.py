"""A Firefox of any recent version, asked in the words of WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).

Playwright brings a Firefox of its own, which is not the readers', and asks any other for commands that it may not know.
"""

import itertools
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import websocket

SECONDS = 60
NOBODY = 9
"""A port at which nothing listens: a proxy there keeps Firefox from all other hosts."""

PREFERENCES = {
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "layout.css.prefers-color-scheme.content-override": 1,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": NOBODY,
    "network.proxy.type": 1,
}
KEYS = {"Tab": "\ue004", "Space": " ", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}
OWN = ("file:", "data:", "blob:", "about:")
"""How addresses begin that a page opened from disk may ask for."""


class Firefox:
    """A headless Firefox with one tab; `faults` are errors of its pages and what they asked of other hosts."""

    def __init__(self, path: str, profile: Path) -> None:
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items())
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)]
        self.faults: list[str] = []
        self._numbers = itertools.count(1)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = websocket.create_connection(self._address(profile), timeout=SECONDS, suppress_origin=True)
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self._tab = self._ask("browsingContext.create", type="tab")["context"]  # only a new tab has the focus

    def _address(self, profile: Path) -> str:
        """Where Firefox listens, once it has written that down."""
        note, end = profile / "WebDriverBiDiServer.json", time.monotonic() + SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            if note.exists() and (text := note.read_text(encoding="utf-8")):
                return "ws://{ws_host}:{ws_port}/session".format(**json.loads(text))
            time.sleep(0.1)
        raise RuntimeError("Firefox did not start, or is older than WebDriver BiDi.")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends one command and waits for its result; what happens meanwhile is noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != number:
            if message["type"] == "event":
                self._note(message["method"], message["params"])
        if message["type"] == "error":
            raise RuntimeError(f"{method}: {message['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def _note(self, event: str, params: dict[str, Any]) -> None:
        if event == "log.entryAdded" and params["level"] == "error":
            self.faults.append(f"logged or threw: {params['text']}")
        elif event == "network.beforeRequestSent" and not params["request"]["url"].startswith(OWN):
            self.faults.append(f"asked another host: {params['request']['url']}")

    def resize(self, width: int, height: int) -> None:
        """Gives the tab this size in pixels."""
        self._ask("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": height})

    def open(self, address: str) -> None:
        """Opens a page and waits until all that it names is loaded."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def run(self, function: str, *values: Any) -> Any:
        """Calls a JavaScript function, which may be async, with values that JSON knows; brings back what it returns.

        Raises:
            RuntimeError: If the function throws.
        """
        answer = self._ask(
            "script.callFunction",
            functionDeclaration=f"async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(values)}],
            target={"context": self._tab},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def press(self, key: str) -> None:
        """Presses a key as a person does: one of `KEYS`, or a character."""
        moves = [{"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": moves}
        self._ask("input.performActions", context=self._tab, actions=[keyboard])

    def close(self) -> None:
        """Ends the browser."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
