r"""Which symbols a formula uses, read from its TeX.

A symbol is a letter with its font, accent and prime: ``\mathbf{h}``, ``\hat{x}``, ``h'``. A subscript is one of three
things:

- two or more letters side by side are a name and belong to the symbol: ``\mathbf{W}_{hh}``, ``b_{if}``. Only behind a
  plain letter they may be two indices, as in ``W_{ij}``;
- ``\text{…}`` is a word that serves as an index: ``p_\text{cat}`` is a ``p``;
- all else are indices: ``x_{t-1}``, ``\mathbf{E}_{w_1}``. But a single letter may also be a name, as in ``d_k``. Only
  a list of symbols can tell which, so such a use is reported both ways.
"""

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nbformat import NotebookNode

TOKEN = re.compile(r"\\(?:begin|end)\{[^}]*\}|\\[A-Za-z]+|\\.|[A-Za-z]|\d+(?:\.\d+)?|\S", re.DOTALL)
FORMULA = re.compile(r"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$([^$]+)\$", re.DOTALL)
CODE = re.compile(r"^(```+).*?^\1|(`+)(?!`).*?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)
FONTS = {r"\mathbf", r"\boldsymbol", r"\mathcal", r"\mathbb"}
ACCENTS = {r"\hat", r"\bar", r"\tilde", r"\vec", r"\overrightarrow", r"\overleftarrow", r"\overline"}
WORDS = {r"\text", r"\mathrm", r"\operatorname"}
FUNCTIONS = {rf"\{name}" for name in ("cos", "det", "dim", "exp", "ln", "log", "max", "min", "sin", "tanh")}
LAYOUT = {
    rf"\{name}" for name in ("left", "right", "big", "Big", "bigg", "quad", "qquad", "displaystyle", "underbrace")
}
SCHOOL = {  # signs that a reader of this book knows, and the other halves of pairs
    *(r"\frac", r"\tfrac", r"\dfrac", r"\sqrt", r"\cdot", r"\times", r"\pm", r"\infty", r"\rVert"),
    *(r"\approx", r"\neq", r"\le", r"\ge", r"\to", r"\Rightarrow", r"\dots", r"\ldots", r"\cdots"),
}
PAIRED_INDICES = frozenset("ijkrst")


class Use(NamedTuple):
    """One use of a symbol.

    Attributes:
        symbol: without its indices.
        indices: the symbols in them.
        whole: with its index, if that is a single letter; otherwise empty.
    """

    symbol: str
    indices: tuple[str, ...] = ()
    whole: str = ""


def uses(tex: str) -> Iterator[Use]:
    """Every use of a symbol in a formula, names of functions and words included, from left to right."""
    return _read(TOKEN.findall(tex))


def formulas(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """The number of a cell and the TeX of each formula in it: in text, and in the strings of code.

    A value that a string takes from the run counts as a number, so ``f"$h_{k}$"`` is a use of ``h``.
    """
    for number, cell in enumerate(notebook.cells):
        texts = [cell.source] if cell.cell_type == "markdown" else strings(ast.parse(cell.source))
        for text in texts:
            yield from ((number, formula) for formula in in_text(text))


def in_text(text: str) -> Iterator[str]:
    """The TeX of each formula in Markdown; what stands in backticks is code."""
    return (block or inline for block, inline in FORMULA.findall(CODE.sub("", text)))


def strings(tree: ast.AST) -> Iterator[str]:
    """The strings of a program, f-strings with 1 in the place of each value."""
    inner = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
            yield node.value


def needs_a_row(symbol: str) -> bool:
    """Whether a reader must be told what it means; the names of functions and words say it themselves."""
    return symbol not in FUNCTIONS and not symbol.startswith("word ")


def _read(found: Iterable[str]) -> Iterator[Use]:
    """The uses in a row of tokens. What stands below or above a sum, a bracket or a function is read like the rest."""
    tokens = deque(found)
    while tokens:
        token = tokens.popleft()
        if token in WORDS:
            yield Use("word " + "".join(_group(tokens)))
        elif base := _base(token, tokens):
            yield from _with_scripts(base, tokens)
        elif _is_sign(token):
            yield Use(token)


def _base(token: str, tokens: deque[str]) -> str:
    """The letter with font, accent and primes that begins here, or nothing."""
    if token in FONTS | ACCENTS:
        inside = _group(tokens)
        if not re.fullmatch(r"[A-Za-z\d]|\\.*", "".join(inside)):
            tokens.extendleft(reversed(inside))  # a number or a whole formula in bold
            return ""
        token = f"{token}{{{''.join(inside)}}}"
    elif not (re.fullmatch("[A-Za-z]", token) or token in GREEK):
        return ""
    while tokens and tokens[0] == "'":
        token += tokens.popleft()
    return token


def _with_scripts(base: str, tokens: deque[str]) -> Iterator[Use]:
    """The use that begins with this letter, and those in its power."""
    indices, whole, powers = list[str](), "", list[Use]()
    while tokens and tokens[0] in ("_", "^"):
        kind, script = tokens.popleft(), _group(tokens)
        if kind == "^" and script == ["*"]:
            base += "^*"
        elif kind == "^" and script[0] == "(":
            base, indices = base + "^{()}", indices + _symbols(script)
        elif kind == "^":
            powers += _read(script)
        elif _is_name(base, script):
            base += f"_{{{''.join(script)}}}"
        else:
            whole = f"{base}_{{{script[0]}}}" if len(script) == 1 and _symbols(script) else ""
            indices += _symbols(script)
    yield Use(base, tuple(indices), whole)
    yield from powers


def _is_name(base: str, script: list[str]) -> bool:
    if len(script) < 2 or not all(re.fullmatch("[A-Za-z]", token) for token in script):
        return False
    return "{" in base or not PAIRED_INDICES.issuperset(script)


def _symbols(script: list[str]) -> list[str]:
    return [use.symbol for use in _read(script) if needs_a_row(use.symbol)]


def _is_sign(token: str) -> bool:
    """Whether it is an operator that is not known from school; an unknown command is one."""
    if token == ";":
        return True
    if not re.fullmatch(r"\\[A-Za-z]+", token):
        return False
    return token not in LAYOUT | SCHOOL | FONTS | ACCENTS


def _group(tokens: deque[str]) -> list[str]:
    """Takes off the next token, or the braces that begin here, and gives what is in them."""
    first = tokens.popleft()
    if first in WORDS | FONTS | ACCENTS:  # x_\\text{…} needs no braces of its own
        return [first, "{", *_group(tokens), "}"]
    if first != "{":
        return [first]
    inside, depth = list[str](), 1
    while True:
        token = tokens.popleft()
        depth += (token == "{") - (token == "}")
        if not depth:
            return inside
        inside.append(token)


GREEK = {
    rf"\{name}"
    for name in (
        *("alpha", "beta", "gamma", "Gamma", "delta", "Delta", "epsilon", "varepsilon", "zeta", "eta", "theta"),
        *("Theta", "vartheta", "kappa", "lambda", "Lambda", "mu", "nu", "xi", "Xi", "pi", "Pi", "rho", "sigma"),
        *("Sigma", "tau", "phi", "Phi", "varphi", "chi", "psi", "Psi", "omega", "Omega"),
    )
}
