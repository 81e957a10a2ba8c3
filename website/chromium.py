"""Finds the browser that the page tests drive, and with ``--install`` brings one if there is none.

In this order: what the variable CHROMIUM names, one that is installed, Debian's package (as root), Playwright's own.
The shell without windows comes first, since it opens a page in a third of the time.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium was found for the page tests. Run `python website/chromium.py --install`, "
    "or set the variable CHROMIUM to the path of a Chromium or Chrome."
)


def find() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return installed
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Install Debian's package where that is possible, else Playwright's download."""
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        if run("apt-get", "update", "-qq") and run("apt-get", "install", "-y", "-qq", "chromium-headless-shell"):
            return
    run(sys.executable, "-m", "playwright", "install", "chromium")


def run(*command: str) -> bool:
    """Run a command; what it prints goes to stderr, since stdout is for the path."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=quiet, stdout=sys.stderr, check=False).returncode == 0


if __name__ == "__main__":
    if "--install" in sys.argv and not find():
        install()
    sys.exit(MISSING) if not (path := find()) else print(path)
