"""Collects what students handed in, and only that.

A student writes to the exchange with any program. nbgrader's own collection warns if a folder with Ada's name belongs
to somebody else, and takes it all the same. It follows links, with the teacher's rights; it believes the time that
the student writes; and one folder with a strange name ends it for the whole class.
"""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from nbgrader.exchange.default import ExchangeCollect

from classroom.intake import LARGEST

SECRET = "submission_secret.txt"
"""With it a student's server finds its feedback."""

Record = dict[str, Any]


class Collect(ExchangeCollect):
    """For `c.ExchangeFactory.collect`."""

    def init_src(self) -> None:
        """Chooses each student's submission among those that can be taken."""
        super().init_src()
        found: list[Record] = self.src_records
        self.src_records: list[Record] = [record for record in found if record["username"]]

    def _path_to_record(self, path: str) -> Record:
        """Whose it is, and when it was handed in; nobody's if it cannot be taken."""
        student, handed_in = Path(path).name.partition("+")[0], 0.0
        try:
            with opened(Path(path)) as folder:
                for name in self._files():
                    with self._file(folder, name, student) as file:
                        handed_in = max(handed_in, os.fstat(file.fileno()).st_ctime)
        except (OSError, KeyError, ValueError) as error:
            self.log.warning("%s is left out: %s", path, error)
            student = ""
        when = datetime.fromtimestamp(handed_in, UTC).replace(tzinfo=None)
        return {"username": student, "filename": Path(path).name, "timestamp": when}

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copies the notebook, what the feedback needs to find its way back, and the time."""
        record = self._path_to_record(src)
        Path(dest).mkdir(parents=True)
        with opened(Path(src)) as folder:
            for name in self._files():
                with self._file(folder, name, record["username"]) as file:
                    (Path(dest) / name).write_bytes(file.read(LARGEST))
        (Path(dest) / "timestamp.txt").write_text(f"{record['timestamp']:%Y-%m-%d %H:%M:%S.%f} UTC")

    def _files(self) -> tuple[str, str]:
        return f"{self.coursedir.assignment_id}.ipynb", SECRET

    def _file(self, folder: int, name: str, student: str) -> BinaryIO:
        """Opens a file of the student's.

        Raises:
            ValueError: it is a pipe or a device, larger than a notebook may be, or somebody else's.
            OSError: it is a link, or not there.
        """
        file = os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb")
        status = os.fstat(file.fileno())
        owner = pwd.getpwuid(status.st_uid).pw_name
        problem = ""
        if not stat.S_ISREG(status.st_mode):
            problem = "it is no file"
        elif status.st_size > LARGEST:
            problem = f"expected at most {LARGEST:,} bytes, got {status.st_size:,}"
        elif self.check_owner and owner != student:
            problem = f"expected a file of {student or 'a student'}, got one of {owner}"
        if problem:
            file.close()
            raise ValueError(f"{name}: {problem}")
        return file


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A folder's descriptor: what is read through it lies in this folder, even if it is moved meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
