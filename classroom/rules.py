"""What an assignment may forbid, and where a submission uses it nevertheless.

A task names what is forbidden by group (`"autograd"`) or by dotted name (`"torch.nn.LSTMCell"`). It is forbidden
everywhere in the notebook, and using it costs the points of the tasks that name it.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Things forbidden together: what is replaced while the code runs, and which words betray them in the source."""

    names: tuple[str, ...]
    words: tuple[str, ...]


RECURRENT = ("RNN", "RNNCell", "RNNBase", "LSTM", "LSTMCell", "GRU", "GRUCell")
KERNELS = ("rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell", "lstm", "lstm_cell", "gru", "gru_cell")
GRADIENTS = ("grad", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "grad_and_value", "linearize", "vmap")

GROUPS = {
    "recurrent layers": Group(
        tuple(f"torch.nn.{name}" for name in RECURRENT)
        + tuple(f"{owner}.{name}" for owner in ("torch", "torch._VF", "torch.ops.aten") for name in KERNELS),
        (*RECURRENT, "_VF", "_VariableFunctions", "aten"),
    ),
    "autograd": Group(
        (
            *("torch.Tensor.backward", "torch.Tensor.requires_grad_", "torch.autograd.grad", "torch.autograd.backward"),
            *("torch.autograd.graph._engine_run_backward", "torch.autograd.forward_ad.make_dual"),
            *(f"torch.func.{name}" for name in GRADIENTS),
        ),
        ("autograd", "backward", "requires_grad", "requires_grad_", "forward_ad", *GRADIENTS[1:]),
    ),
    "torch.nn": Group(("torch.nn",), ()),
    "the book's package": Group(("lessons_src",), ("lessons_src",)),
}

SUSPICIOUS = frozenset(
    {"ctypes", "cffi", "gc", "inspect", "importlib", "marshal", "pickle", "subprocess", "socket", "urllib", "requests"}
    | {"sys.modules", "meta_path", "get_ipython", "run_cell", "input_transformers_cleanup", "input_transformers_post"}
    | {
        "ast_transformers",
        "__closure__",
        "__globals__",
        "__subclasses__",
        "_getframe",
        "f_back",
        "settrace",
        "setprofile",
    }
)
"""Words that no exercise needs: they cost nothing, and the teacher is told."""


@dataclass(frozen=True)
class Finding:
    """A word found in the submission's code: the n-th code cell (from 1) and its line."""

    word: str
    cell: int
    line: int

    def __str__(self) -> str:
        return f"{self.word} (code cell {self.cell}, line {self.line})"


def group(name: str) -> Group:
    """The group of that name, or one of its own for a dotted name."""
    if name in GROUPS:
        return GROUPS[name]
    if "." not in name:
        raise ValueError(f"forbidden: expected a dotted name or one of {', '.join(GROUPS)}, got {name!r}")
    last = name.rpartition(".")[2]
    return Group((name,), (last,) if last[:1].isupper() else ())


def uses(sources: Sequence[str], name: str) -> list[Finding]:
    """Where the code cells use what the group or dotted `name` forbids."""
    wanted = group(name)
    return [
        Finding(word, number, line)
        for number, source in enumerate(sources, 1)
        for word, line in _words(source)
        if word in wanted.words or any(f"{word}.".startswith(f"{dotted}.") for dotted in wanted.names)
    ]


def suspicious(sources: Sequence[str]) -> list[Finding]:
    """Where the code cells use a word that no exercise needs."""
    return [
        Finding(word, number, line)
        for number, source in enumerate(sources, 1)
        for word, line in dict(_words(source)).items()
        if word in SUSPICIOUS
    ]


def _words(source: str, in_string: bool = False) -> Iterator[tuple[str, int]]:
    """Words and dotted names in code, with their lines: imports, attributes, keywords, strings that are looked up."""
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # such a cell does not run either
    lookups = [] if in_string else [node for node in ast.walk(tree) if _looks_up(node)]
    strings = {id(part) for node in lookups for part in ast.walk(node)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            for alias in node.names:
                dotted = f"{module}.{alias.name}".strip(".")
                yield dotted, line
                yield from ((part, line) for part in dotted.split("."))
        elif isinstance(node, ast.Attribute):
            yield node.attr, line
            yield ast.unparse(node), line
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, line
        elif isinstance(node, ast.Name) and (in_string or node.id in SUSPICIOUS):
            yield node.id, line
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) in strings:
            yield from ((word, line) for word, _ in _words(node.value, in_string=True))


def _looks_up(node: ast.AST) -> bool:
    """Whether this is a call that takes names or code as strings: getattr(nn, "LSTM"), eval("nn.LSTM")."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return name in {"getattr", "eval", "exec", "compile", "__import__", "import_module", "attrgetter"}


def _without_magics(source: str) -> str:
    """The code without IPython's own lines (`%matplotlib inline`, `!ls`), which are not Python."""
    return "\n".join("pass" if line[:1] in "%!" and line[:1] else line for line in source.split("\n"))
