"""The data sets, each a pure function of a seed or of a path. Nothing is downloaded."""

import io
import keyword
import re
import sysconfig
import tokenize
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from pydoc_data.topics import topics as _TOPICS

import torch
from babel import Locale
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from lessons_src import checks

LANGUAGES = ("en", "de", "fr", "es", "pl", "fi", "tr", "hu")
CODE_CLASSES = ("space", "name", "keyword", "number", "string", "comment", "operator")


@dataclass(frozen=True)
class Recall:
    """Sequences whose first symbol must be named at the end.

    Attributes:
        x: one-hot symbols (N, T, signals + distractors).
        target: which signal came first (N,).
    """

    x: Float[Tensor, "sequences time symbols"]
    target: Int[Tensor, " sequences"]


def first_symbol_recall(sequences: int, steps: int, *, signals: int = 8, distractors: int = 4, seed: int = 0) -> Recall:
    """One of `signals` symbols, then steps − 1 random distractors: the latch problem (bengio1994).

    Chance is 1 / signals. No later symbol says anything about the first, so whoever answers must have kept it.

    Args:
        sequences: N, how many.
        steps: T, the length of each.
        signals: how many symbols may come first.
        distractors: how many others there are.
        seed: of the draws.
    """
    for name, value in {"sequences": sequences, "steps": steps, "signals": signals, "distractors": distractors}.items():
        checks.whole_number(name, value)
    checks.whole_number("seed", seed, least=0)
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(signals, (sequences,), generator=generator)
    rest = signals + torch.randint(distractors, (sequences, steps - 1), generator=generator)
    return Recall(one_hot(torch.cat([target[:, None], rest], 1), signals + distractors).float(), target)


@dataclass(frozen=True)
class Adding:
    """Sequences of pairs (number, marker); the target is the sum of the two marked numbers (hochreiter1997).

    Attributes:
        x: (N, T, 2); numbers uniform in 0 … 1, markers 0 or 1.
        target: (N,); answering 1 always gives a mean squared error of 1/6.
    """

    x: Float[Tensor, "sequences time 2"]
    target: Float[Tensor, " sequences"]


def adding(sequences: int, steps: int, *, seed: int = 0) -> Adding:
    """One marked number in the first half, one in the second.

    Args:
        sequences: N, how many.
        steps: T, the length of each, at least 2.
        seed: of the draws.
    """
    checks.whole_number("sequences", sequences)
    checks.whole_number("steps", steps, least=2)
    checks.whole_number("seed", seed, least=0)
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(sequences, steps, generator=generator)
    first = torch.randint(steps // 2, (sequences,), generator=generator)
    second = steps // 2 + torch.randint(steps - steps // 2, (sequences,), generator=generator)
    markers = one_hot(first, steps) + one_hot(second, steps)
    return Adding(torch.stack([numbers, markers.float()], dim=2), (numbers * markers).sum(1))


def topics() -> dict[str, str]:
    """Real English: the 79 or so help topics of Python's own documentation, cleaned of markup.

    They come with the standard library (`pydoc_data.topics`) and differ a little between versions of Python. Curly
    quotes become straight ones; lines of tables and runs of blank lines go.
    """
    return {name: _clean(text) for name, text in sorted(_TOPICS.items())}


def _clean(text: str) -> str:
    for curly, straight in zip("“”‘’—–", "\"\"''--", strict=True):
        text = text.replace(curly, straight)
    lines = [line.rstrip() for line in text.splitlines() if not re.match(r"\s*[+|=*~^-]{3,}", line) and "|" not in line]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def read_text(path: str | Path) -> str:
    """The text of the reader's own file, which must exist, be UTF-8 and hold something."""
    if not isinstance(path, str | Path):
        raise TypeError(f"path: expected a str or a Path, got {type(path).__name__}")
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"path: {path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise ValueError(f"path: {path} cannot be read ({error.strerror})") from None
    if "\0" in text:  # a binary file may be UTF-8 by chance, and UTF-16 without its mark is, for English
        raise ValueError(f"path: {path} is no text, since it holds a zero byte; if it is UTF-16, save it as UTF-8")
    if not text.strip():
        raise ValueError(f"path: {path} holds no text")
    return text


@dataclass(frozen=True)
class Names:
    """Names of languages and territories, each with the language it is written in, an index into LANGUAGES.

    Attributes:
        train: (name, language) pairs.
        test: pairs whose language or territory occurs in no other part, in any language.
        validation: likewise; empty unless it was asked for.
    """

    train: tuple[tuple[str, int], ...]
    test: tuple[tuple[str, int], ...]
    validation: tuple[tuple[str, int], ...] = ()


def plain(name: str) -> str:
    """The name in small letters of ASCII: accents are taken off, and what is no letter then, such as ł, is left out."""
    return unicodedata.normalize("NFKD", checks.text("name", name)).encode("ascii", "ignore").decode().lower()


def names(*, validation: bool = False) -> Names:
    """How eight languages write the names of the world's languages and territories; from Unicode's CLDR, by Babel.

    Accents are taken off, so that spelling has to decide; a name that two languages share is left out. Which side of
    the split a name falls on depends on its CLDR code alone: France, Frankreich and Francia go together. So a name of
    two things that fall on different sides is left out too. With `validation`, a sixth of the codes
    of `train` go there.
    """
    checks.true_or_false("validation", validation)
    parts: tuple[list[tuple[str, int]], ...] = ([], [], [])

    def part(subject: str) -> int:
        place = zlib.crc32(subject.encode())
        return 1 if place % 5 == 0 else 2 if validation and place // 5 % 6 == 0 else 0

    written: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for language, code in enumerate(LANGUAGES):
        locale = Locale(code)
        for subject, name in [*locale.languages.items(), *locale.territories.items()]:
            if re.fullmatch(r"[a-z]{3}[a-z ]*", plain(name)):
                written[plain(name)].add((language, subject))
    for name, uses in sorted(written.items()):
        languages, places = {language for language, _ in uses}, {part(subject) for _, subject in uses}
        if len(languages) == 1 and len(places) == 1:
            parts[places.pop()].append((name, languages.pop()))
    return Names(*map(tuple, parts))


def highlighted_source(modules: Sequence[str] = ()) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The book's own Python, line by line, with what each character is: an index into CODE_CLASSES.

    What a character is may depend on what follows: `for` is a keyword and `format` a name.

    Args:
        modules: of the standard library, written in Python, to be read instead, such as "html.parser".

    Raises:
        TypeError, ValueError: modules is one name alone, or names a module that has no such file.
    """
    if isinstance(modules, str):
        raise TypeError(f"modules: expected a list of names, got {modules!r}; write [name]")
    own = Path(str(files("lessons_src")))
    library = Path(sysconfig.get_path("stdlib"))
    paths = [library / f"{module.replace('.', '/')}.py" for module in modules] or sorted(own.glob("*.py"))
    for module, path in zip(modules, paths, strict=False):
        if not path.is_file():
            raise ValueError(f"modules: expected modules of the standard library in one Python file, got {module!r}")
    lines = []
    for path in paths:
        lines += _labelled_lines(path.read_text(encoding="utf-8"))
    return tuple(lines)


def _labelled_lines(code: str) -> list[tuple[str, tuple[int, ...]]]:
    rows = code.splitlines()
    labels = [[0] * len(row) for row in rows]
    for (first, start), (last, end), label in _labelled_tokens(code):
        for number in range(first, min(last, len(rows)) + 1):
            left = start if number == first else 0
            right = end if number == last else len(rows[number - 1])
            labels[number - 1][left:right] = [label] * (right - left)
    return [(row, tuple(label)) for row, label in zip(rows, labels, strict=True) if row.strip()]


def _labelled_tokens(code: str) -> Iterator[tuple[tuple[int, int], tuple[int, int], int]]:
    """Start, end and class of each token but spaces. From Python 3.12 on an f-string is many; here it stays one."""
    opened: list[tuple[int, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            opened.append(token.start)
        elif name == "FSTRING_END":
            start = opened.pop()
            if not opened:
                yield start, token.end, CODE_CLASSES.index("string")
        elif not opened and (label := _code_class(name, token.string)):
            yield token.start, token.end, label


def _code_class(name: str, string: str) -> int:
    if name == "NAME":
        return CODE_CLASSES.index("keyword" if keyword.iskeyword(string) else "name")
    kinds = {"NUMBER": "number", "STRING": "string", "COMMENT": "comment", "OP": "operator"}
    return CODE_CLASSES.index(kinds.get(name, "space"))
