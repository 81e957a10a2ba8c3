"""Submissions as they come from a learning platform: who handed in what, and what was no notebook.

Folders and zips are read alike, a zip without unpacking it: no entry is ever written, so none can be written
elsewhere, and no link is followed. A student's own zip is read too, but no zip within it.

    Moodle   Kim Min-su_12345_assignsubmission_file_/lstm_step.ipynb, or the same with the file's name behind it
    Canvas   kimminsu_12345_67890_lstm_step.ipynb, kimminsu_LATE_12345_67890_lstm_step-1.ipynb
    plain    kim/lstm_step.ipynb, kim/lstm_step/lstm_step.ipynb (nbgrader's), kim.ipynb
"""

import hashlib
import io
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

LARGEST = 20_000_000
"""Bytes of a notebook; what is larger is not read."""
MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)", re.DOTALL)
CANVAS = re.compile(
    r"(?P<student>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+\.(?:ipynb|zip))", re.DOTALL
)
AGAIN = re.compile(r"-(\d+)\.ipynb$")
OUTSIDE = "points outside the folder"
IGNORED = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", ".git")


@dataclass
class Submission:
    """One student's notebook, and what was unusual about it."""

    student: str
    notebook: bytes
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class File:
    """A file that came: its path inside the folder or zip, its bytes, and when it was last changed."""

    path: str
    content: bytes
    changed: tuple[int, ...]


def submissions(source: Path, assignment: str) -> tuple[list[Submission], list[str]]:
    """Reads a folder or a zip: one submission for each student, and a sentence for each file that is none."""
    notes: dict[str, str] = {}  # of files that are left out, by their paths
    if source.is_dir():
        files = _from_folder(source, notes)
    elif zipfile.is_zipfile(source):
        files = _from_zip(source, notes)
    else:
        raise ValueError(f"submissions: expected a folder or a zip, got {source}")
    of: dict[str, list[File]] = defaultdict(list)
    for file in (part for whole in files for part in _opened(whole, notes)):
        of[whose(file.path)].append(file)
    for path, note in notes.items():
        if note != OUTSIDE and (len(PurePosixPath(path).parts) > 1 or MOODLE.fullmatch(path)):
            of[whose(path)] += []  # a student, even if no notebook came
    found = [_chosen(student, of[student], assignment) for student in sorted(of)]
    return found, [f"{path}: {note}; left out" for path, note in notes.items()]


def whose(path: str) -> str:
    """The student that a path belongs to; names are normalised (NFC), as one Hangul syllable has two spellings."""
    parts = PurePosixPath(unicodedata.normalize("NFC", path)).parts
    for part in parts:
        if match := MOODLE.fullmatch(part):
            return match["student"].strip()
    packed = parts[0].endswith(".zip")
    if match := CANVAS.fullmatch(parts[0] if packed else parts[-1]):
        return f"{match['student']}_{match['id']}".strip()
    return (parts[0] if len(parts) > 1 else parts[-1].removesuffix(".ipynb")).removesuffix(".zip").strip()


def file_name(student: str) -> str:
    """A name for the student's files: letters of every script and spaces stay, what means something to a shell goes."""
    cleaned = re.sub(r"[^\w .@+-]", "_", student).strip(". ")[:80]
    if cleaned and cleaned == student:
        return student
    return f"{cleaned}~{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:6]}"


def _chosen(student: str, files: list[File], assignment: str) -> Submission:
    """Of several notebooks the one with the assignment's name, else the one that was handed in last."""

    def rank(file: File) -> tuple[object, ...]:
        name = PurePosixPath(file.path).name
        again = AGAIN.search(name)
        return (
            AGAIN.sub(".ipynb", name).endswith(f"{assignment}.ipynb"),
            int(again[1]) if again else 0,
            file.changed,
            name,
        )

    if not files:
        return Submission(student, b"", ["no notebook came"])
    *others, best = sorted(files, key=rank)
    found = Submission(student, best.content)
    if others:
        found.notes.append(f"handed in {len(files)} notebooks; graded: {PurePosixPath(best.path).name}")
    if not rank(best)[0] and "/" in best.path:
        found.notes.append(f"the notebook has another name: {PurePosixPath(best.path).name}")
    if "_LATE_" in best.path:
        found.notes.append("handed in late")
    return found


def _wanted(path: str, notes: dict[str, str]) -> bool:
    """Whether a path can be a notebook; what else came is noted."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if any(part in IGNORED or part.startswith("._") for part in parts):
        return False
    if ".." in parts or path.startswith(("/", "\\")) or ":" in parts[0]:
        notes[path] = OUTSIDE
        return False
    if not path.endswith((".ipynb", ".zip")) or path.count(".zip/") + path.endswith(".zip") > 1:
        notes[path] = "not a notebook"
        return False
    return True


def _from_folder(source: Path, notes: dict[str, str]) -> Iterator[File]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_symlink():
            notes[name] = "a link"
        elif not path.is_file() or not path.resolve().is_relative_to(source.resolve()):
            continue  # a folder, a pipe, or what lies in a linked folder
        elif _wanted(name, notes) and _fits(name, path.stat().st_size, notes):
            yield File(name, path.read_bytes(), (path.stat().st_mtime_ns,))


def _opened(file: File, notes: dict[str, str]) -> Iterator[File]:
    """The file itself, or what is in it if it is a student's own zip."""
    if not file.path.endswith(".zip"):
        yield file
    elif zipfile.is_zipfile(io.BytesIO(file.content)):
        yield from _from_zip(io.BytesIO(file.content), notes, f"{file.path}/")
    else:
        notes[file.path] = "cannot be unpacked"


def _from_zip(source: Path | io.BytesIO, notes: dict[str, str], inside: str = "") -> Iterator[File]:
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            name = inside + _decoded(entry)
            if entry.is_dir() or not _wanted(name, notes):
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                notes[name] = "a link"
                continue
            try:
                with archive.open(entry) as file:
                    content = file.read(LARGEST + 1)  # what the entry says of its size may be wrong
            except (
                OSError,
                ValueError,
                RuntimeError,
                NotImplementedError,
                zipfile.BadZipFile,
                zlib.error,
                EOFError,
            ) as error:
                notes[name] = f"cannot be unpacked ({error})"
                continue
            if _fits(name, len(content), notes):
                yield File(name, content, tuple(entry.date_time))


def _fits(name: str, size: int, notes: dict[str, str]) -> bool:
    if size > LARGEST:
        notes[name] = f"more than {LARGEST:,} bytes"
    return size <= LARGEST


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The entry's name. Without the mark for UTF-8 it may still be UTF-8, or Korean Windows' code page 949."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
