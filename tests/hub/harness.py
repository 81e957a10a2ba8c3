"""A JupyterHub on loopback with a class of three, and their browsers: sessions that log in and ask by HTTP."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
import websocket

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "classroom" / "hub" / "jupyterhub_config.py"
TEACHER, ADA, MALLORY = "teacher", "ada", "mallory"
SECONDS = 120.0
"""What a server may take to start."""


@dataclass
class Hub:
    """Where a running hub is, and where its files are for the test, which sees more than any student."""

    folder: Path
    url: str
    accounts: bool
    passwords: dict[str, str]
    log: Path
    people: dict[str, "Person"] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def exchange(self) -> Path:
        return self.folder / "exchange" / "unrolled"

    def home(self, name: str) -> Path:
        return self.folder / "homes" / name

    def person(self, name: str) -> "Person":
        """Someone who has logged in and whose server runs."""
        if name not in self.people:
            self.people[name] = Person(self, name)
        return self.people[name]


class Person:
    """A browser in which somebody has logged in."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name, self.session = hub, name, requests.Session()
        self.session.trust_env = False
        self._log_in()
        self._start_server()

    def get(self, path: str, **options: Any) -> requests.Response:
        """A page of the person's own server."""
        return self.ask("GET", f"/user/{self.name}/{path}", **options)

    def post(self, path: str, **options: Any) -> Any:
        """What the person's own server answers, as a button of JupyterLab would ask it."""
        answer = self.ask("POST", f"/user/{self.name}/{path}", **options)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code}\n{answer.text[-2000:]}\n{end_of(self.hub.log)}")
        return answer.json()

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any page of the hub."""
        headers = {"X-XSRFToken": self._token(path)}
        return self.session.request(method, self.hub.url + path, headers=headers, timeout=SECONDS * 2, **options)

    def run(self, code: str) -> str:
        """Runs code as the person does in a notebook of their own; what it printed, and its error."""
        kernel = self.post("api/kernels")["id"]
        path = f"/user/{self.name}/api/kernels/{kernel}/channels"
        cookies = self.session.cookies.get_dict(path=f"/user/{self.name}/") | self.session.cookies.get_dict(path="/")
        connection = websocket.create_connection(
            self.hub.url.replace("http", "ws", 1) + path,
            timeout=SECONDS,
            cookie="; ".join(f"{name}={value}" for name, value in cookies.items()),
        )
        with contextlib.closing(connection):
            return _executed(connection, code)

    def _token(self, path: str) -> str:
        """The token that a form would send back: of the cookies of this name, the one nearest to the path."""
        fitting = [c for c in self.session.cookies if c.name == "_xsrf" and path.startswith(c.path)]
        return max(fitting, key=lambda cookie: len(cookie.path)).value or "" if fitting else ""

    def _log_in(self) -> None:
        self.session.get(f"{self.hub.url}/hub/login", timeout=SECONDS)
        form = {"username": self.name, "password": self.hub.passwords[self.name], "_xsrf": self._token("/hub/")}
        answer = self.session.post(f"{self.hub.url}/hub/login", data=form, timeout=SECONDS, allow_redirects=False)
        if answer.status_code != 302:
            raise RuntimeError(f"{self.name} cannot log in: {answer.status_code}\n{end_of(self.hub.log)}")

    def _start_server(self) -> None:
        answer = self.session.get(f"{self.hub.url}/hub/spawn/{self.name}", timeout=SECONDS)
        if not answer.ok:
            raise RuntimeError(f"{self.name}'s server did not start: {answer.status_code}\n{end_of(self.hub.log)}")
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            known = self.ask("GET", f"/hub/api/users/{self.name}")
            if known.ok and known.json()["server"]:
                self.get("lab")  # sets this server's cookies
                return
            time.sleep(0.2)
        raise RuntimeError(f"{self.name}'s server did not start in {SECONDS:.0f} s\n{end_of(self.hub.log)}")


def _executed(connection: websocket.WebSocket, code: str) -> str:
    """What a kernel printed, and its error."""
    message, printed = uuid.uuid4().hex, ""
    header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message, "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": True}
    parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    connection.send(json.dumps(parts))
    while True:
        reply = json.loads(connection.recv())
        if reply["parent_header"].get("msg_id") != message:
            continue
        match reply["msg_type"], reply["content"]:
            case "stream", {"text": text}:
                printed += text
            case "error", {"ename": name, "evalue": value}:
                printed += f"{name}: {value}"
            case "status", {"execution_state": "idle"}:
                return printed


@contextlib.contextmanager
def running(folder: Path, accounts: bool, **changes: Any) -> Iterator[Hub]:
    """A hub, and nothing of it afterwards.

    Args:
        folder: an empty folder; all that the hub and its people write goes there.
        accounts: True: as for a class, each with an account of a machine whose accounts are made for this test. False:
            all under the account of the test.
        changes: other values for hub.toml.
    """
    public, private, proxy = free_ports(3)
    hub = Hub(folder, f"http://127.0.0.1:{public}", accounts, {}, folder / "hub.log")
    shared = secrets.token_urlsafe(12)
    hub.passwords |= {name: secrets.token_urlsafe(12) if accounts else shared for name in (TEACHER, ADA, MALLORY)}
    given = {
        "url": hub.url,
        "teacher": TEACHER,
        "students": [ADA, MALLORY],
        "accounts": accounts,
        "exchange": str(folder / "exchange"),
        "state": str(folder / "hub" if accounts else folder),
        "hub_port": private,
        "proxy_port": proxy,
        **changes,
    }
    settings = folder / "hub.toml"
    settings.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items()))
    command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
    if accounts:
        make_accounts(hub)
        command = [*machine(folder), *command]
    elif shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "TERM", *command]  # the hub ends its servers, even if the test is killed
    environment = {**os.environ, "UNROLLED_HUB": str(settings), "UNROLLED_PASSWORD": shared}
    with hub.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _wait(hub, process)
            yield hub
        finally:
            hub.left += stop(process, folder)


def machine(folder: Path) -> list[str]:
    """The beginning of a command that runs as on a machine of its own: own accounts, own processes, little to write.

    The masters are a copy that belongs to the teacher; the repository's history and a teacher's real grades are empty.
    """
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for hidden in ("/tmp", "/root", "/home", "/var/log", "/var/mail"):
        mounts += ["--perms", "0755", "--tmpfs", hidden]
    python = Path(sys.executable).resolve().parents[1]
    for place in dict.fromkeys([ROOT, Path(sys.prefix), Path(sys.base_prefix), python, folder]):
        for parent in [*place.parents][-2::-1]:
            mounts += ["--perms", "0755", "--dir", str(parent)]
        mounts += ["--bind" if place == folder else "--ro-bind", str(place), str(place)]
    mounts += ["--bind", str(folder / "etc"), "/etc"]
    for place in private_folders():
        mounts += ["--bind", str(folder / "private" / place.name), str(place)]
    isolation = ["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--cap-add", "ALL"]
    start = 'mount -t proc proc /proc && exec "$@"'  # in bubblewrap's own no sandbox could start
    return ["bwrap", *isolation, *mounts, "--", "sh", "-c", start, "sh"]


def private_folders() -> list[Path]:
    """What students may not read, as far as it is there."""
    from classroom.hub import folders

    return [place for place in folders.PRIVATE if place.is_dir()]


def make_accounts(hub: Hub) -> None:
    """What the README tells a teacher to do, on the machine of the test."""
    shutil.copytree("/etc", hub.folder / "etc", symlinks=True)
    for place in private_folders():
        target = hub.folder / "private" / place.name
        if place.name == "assignments":
            shutil.copytree(place, target)
        else:
            target.mkdir(parents=True)
    lines = [f"useradd --create-home -K HOME_MODE=0700 --base-dir {hub.folder}/homes {name}" for name in hub.passwords]
    lines += [f"chown -R {TEACHER} {place}; chmod 700 {place}" for place in private_folders()]
    (hub.folder / "homes").mkdir()
    passwords = "".join(f"{name}:{password}\n" for name, password in hub.passwords.items())
    command = [*machine(hub.folder), "sh", "-ec", "\n".join([*lines, "chpasswd"])]
    done = subprocess.run(command, input=passwords, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"The accounts for the test could not be made:\n{done.stdout}{done.stderr}")


def _wait(hub: Hub, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterHub ended while it started, with code {process.returncode}:\n{end_of(hub.log)}")
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{hub.url}/hub/health", timeout=SECONDS).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterHub did not answer within {SECONDS:.0f} s:\n{end_of(hub.log)}")


def stop(process: subprocess.Popen[bytes], folder: Path) -> list[str]:
    """Ends the hub as Ctrl-C does, then by force what is left of its proxy, its servers and what runs in them.

    Returns:
        The commands of what was left.
    """
    below = _descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS / 4)
    process.kill()
    process.wait()
    psutil.wait_procs(below, SECONDS / 12)
    left = {child for child in {*below, *started_in(folder)} if child.is_running()}
    commands = []
    for child in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            commands.append(" ".join(child.cmdline()))
            child.kill()
    return commands


def started_in(folder: Path) -> list[psutil.Process]:
    """Processes of the hub in this folder: a server's environment and the hub's name it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and any(str(folder) in value for value in process.environ().values()):
                found.append(process)
    return found


def _descendants(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nothing uses."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def end_of(log: Path) -> str:
    """The last lines that the hub and the servers wrote."""
    return "\n".join(["The end of the hub's log:", *log.read_text(errors="replace").splitlines()[-30:]])
