"""The lists of faults, and how one is put into a tree of files."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PARTS = ("package", "browser", "website", "classroom")


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        part: which list it is in.
        name: what is wrong, in words.
        file: where, from the root of the repository.
        find: the text that is right; it must stand there exactly once.
        replace: the text that is wrong.
        tests: what should notice, as pytest names it.
        pages: documents that must be built for this, a root and at least one more; a build that fails has noticed too.

    Raises:
        ValueError: `pages` has a root only.
    """

    part: str
    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    pages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.pages) == 1:
            raise ValueError(f"{self.name}: expected a root and at least one more page, got {self.pages[0]!r} alone")

    def spoil(self, root: Path) -> str:
        """The text of the file with the fault in it.

        Raises:
            ValueError: the file is not there, or does not hold the text exactly once.
        """
        path = root / self.file
        if not path.is_file():
            raise ValueError(f"{self.name}: expected a file {self.file}, found none")
        text = path.read_bytes().decode()
        if (times := text.count(self.find)) != 1:
            raise ValueError(f"{self.name}: expected the text to find once in {self.file}, found it {times} times")
        return text.replace(self.find, self.replace)

    @property
    def bundled(self) -> bool:
        """Whether the widgets' bundles must be built anew to hold it."""
        return self.file.startswith("lessons_src/widgets/js/") or self.file == "lessons_src/palette.json"


def read(folder: Path = HERE) -> list[Fault]:
    """All faults, in the order of the lists."""
    found = []
    for part in PARTS:
        for entry in tomllib.loads((folder / f"{part}.toml").read_text(encoding="utf-8"))["fault"]:
            tests, pages = tuple(entry.pop("tests")), tuple(entry.pop("pages", ()))
            found.append(Fault(part, **entry, tests=tests, pages=pages))
    return found
