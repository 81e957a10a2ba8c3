"""Who may read and write what, where every student has an account."""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from classroom import course
from classroom.master import ASSIGNMENTS

ROOT = ASSIGNMENTS.parent
PRIVATE = (ASSIGNMENTS, ROOT / ".git", ROOT / "_assignments", ROOT / "_grades")
"""Masters, their history, and grades, as far as they are there."""


def refuse_open(teacher: str, students: Sequence[str]) -> None:
    """Ends the hub if one may read what belongs to another, or if a server could not start.

    Masters, grades and the teacher's home are for the teacher alone, each home for its student. The book and its
    Python are for all.
    """
    if os.geteuid() != 0:
        sys.exit("hub.toml: accounts = true needs root, as a server runs under its student's account")
    private = [(place, teacher) for place in PRIVATE]
    private += [(Path(account(name).pw_dir), name) for name in (teacher, *students)]
    for place, name in private:
        if not place.exists():
            continue
        status = place.stat()
        if status.st_uid != account(name).pw_uid or status.st_mode & 0o077:
            sys.exit(f"Others than {name} may read {place}. First: chown -R {name} {place}; chmod 700 {place}")
    for place in (ROOT, Path(sys.executable).resolve()):
        if closed := [parent for parent in (place, *place.parents) if not parent.stat().st_mode & 0o001]:
            sys.exit(f"Students cannot read {place}: {closed[0]} is closed to them. Move it, for example to /srv")


def make_exchange(exchange: Path, teacher: str | None) -> None:
    """Makes the folders through which everything travels.

    nbgrader wants an exchange that everyone may write to. Here it is sticky, as /tmp is, and so is what students hand
    in: otherwise one student could move all of it away and collect the others' submissions.

    Args:
        exchange: where.
        teacher: the account that it belongs to; None where all share one.
    """
    modes = {"": 0o1777, course.ID: 0o755, f"{course.ID}/outbound": 0o755}
    modes |= {f"{course.ID}/inbound": 0o3733, f"{course.ID}/feedback": 0o711}
    for name, mode in modes.items():
        folder = exchange / name
        folder.mkdir(parents=True, exist_ok=True)
        if teacher:
            os.chown(folder, account(teacher).pw_uid, account(teacher).pw_gid)
        folder.chmod(mode)


def account(name: str) -> pwd.struct_passwd:
    """An account of this machine, or the end of the hub with a sentence."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        make = f"useradd --create-home -K HOME_MODE=0700 {name}; passwd {name}"
        sys.exit(f"hub.toml: this machine has no account {name}. Make it: {make}")
