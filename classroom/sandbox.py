"""The command that starts the student's process: in a bubblewrap sandbox, or plain where bubblewrap cannot run."""

import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSIDE = HERE / "inside"
PACKAGE = HERE.parent / "lessons_src"
UNPROTECTED = (
    "The student's code ran without a sandbox (bubblewrap cannot run here): it could read and change every file that "
    "you can, masters and gradebook included. Where bubblewrap runs, none of this is possible."
)
HOME = "/home/student"
SPACE = 200_000_000
"""Bytes that the student's code may write to its folder, in memory."""

Mount = tuple[str, ...]


@functools.cache
def available() -> bool:
    """Whether bubblewrap can make a sandbox on this machine."""
    if not shutil.which("bwrap"):
        return False
    python = [sys.executable, "-c", "pass"]
    command = ["bwrap", *_isolation(), *_flat([*_memory(), *_system()]), "--", *python]
    try:
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def command(channel: int, info: int, folder: Path, data: Path | None, hidden: Sequence[str]) -> list[str]:
    """The command for a sandbox.

    Args:
        channel: file descriptor of the socket to the grader.
        info: file descriptor on which bubblewrap tells the process's id.
        folder: an empty folder for files that the sandbox needs while it starts.
        data: the assignment's data, to be seen as `data` in the student's folder.
        hidden: modules of lessons_src that are not to be seen.
    """
    mounts = [*_memory(), *_system(), ("--ro-bind", str(INSIDE), "/grader/inside")]
    if "lessons_src" not in hidden:
        mounts += _package(folder, hidden)
    if data:
        mounts.append(("--ro-bind", str(data), f"{HOME}/data"))
    names = {"PATH": "/usr/bin", "HOME": HOME, "PYTHONPATH": "/grader", **_settings()}
    settings = [word for name, value in names.items() for word in ("--setenv", name, value)]
    start = ["--chdir", HOME, "--info-fd", str(info), "--clearenv", *settings]
    return ["bwrap", *_isolation(), *_flat(mounts), *start, "--", *_python(channel)]


def plain_command(channel: int) -> tuple[list[str], dict[str, str]]:
    """The command without a sandbox, and its environment."""
    return _python(channel), {
        "PATH": "/usr/bin:/bin",
        "HOME": tempfile.gettempdir(),
        "PYTHONPATH": f"{HERE}:{PACKAGE.parent}",
        **_settings(),
    }


def _python(channel: int) -> list[str]:
    return [sys.executable, "-s", "-B", "-m", "inside", str(channel)]


def _settings() -> dict[str, str]:
    return {
        "OMP_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": "/tmp",
        "MPLCONFIGDIR": "/tmp",
    }


def _isolation() -> list[str]:
    nobody = ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    return ["--die-with-parent", "--new-session", "--unshare-all", "--as-pid-1", *nobody]


def _memory() -> list[Mount]:
    """Folders that may be written to. They come first, as Python itself may lie below /tmp."""
    return [("--size", str(SPACE), "--tmpfs", place) for place in ("/tmp", HOME)]


def _system() -> list[Mount]:
    """What Python needs to run: the system's libraries, the interpreter and its environment."""
    mounts: list[Mount] = [("--ro-bind", "/usr", "/usr"), ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")]
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            mounts.append(("--symlink", str(path.readlink()), str(path)))
        elif path.exists():
            mounts.append(("--ro-bind", str(path), str(path)))
    prefixes = [sys.prefix, sys.base_prefix, str(Path(sys.base_prefix).resolve())]
    prefixes += [str(Path(sys.prefix).resolve()), str(Path(sys.executable).resolve().parent.parent)]
    for prefix in dict.fromkeys(prefixes):
        if prefix != "/usr":
            mounts.append(("--ro-bind", prefix, prefix))
    return [*mounts, ("--proc", "/proc"), ("--dev", "/dev"), ("--remount-ro", "/dev")]


def _package(folder: Path, hidden: Sequence[str]) -> list[Mount]:
    """lessons_src, with other text in the place of hidden modules, and without their compiled code."""
    target = "/grader/lessons_src"
    mounts: list[Mount] = [("--ro-bind", str(PACKAGE), target)]
    for name in hidden:
        if name.startswith("lessons_src."):
            text = folder / f"{name}.py"
            text.write_text(f'raise ImportError("{name} may not be used in this assignment")\n')
            mounts.append(("--ro-bind", str(text), f"/grader/{name.replace('.', '/')}.py"))
    compiled = PACKAGE / "__pycache__"
    if len(mounts) > 1 and compiled.exists():
        mounts.append(("--tmpfs", f"{target}/__pycache__"))
    return mounts


def _flat(mounts: Sequence[Mount]) -> list[str]:
    return [word for mount in mounts for word in mount]
