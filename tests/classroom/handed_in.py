"""Submissions for tests: the release filled in, with a right or a wrong solution for each task, and worse things."""

import copy
import inspect
import json
import re
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from classroom import master
from classroom.master import HIDDEN, SOLUTION, Cell, Master, grade_id

LSTM_STEP = master.read("lstm_step")
STUB = "raise NotImplementedError('not done yet')\n"


def code(source: str, **metadata: Any) -> Cell:
    """A cell of the student's own."""
    return {"cell_type": "code", "metadata": metadata, "source": dedent(source), "outputs": [], "execution_count": None}


def released(assignment: Master) -> list[Cell]:
    """The cells a student gets, as nbgrader would make them."""
    cells = copy.deepcopy(list(assignment.cells))
    for cell in cells:
        cell["source"] = SOLUTION.sub(STUB, HIDDEN.sub("", cell["source"]))
    return cells


def solved(assignment: Master, solutions: Mapping[str, str] | None = None) -> list[Cell]:
    """The release with the master's solutions, or with other ones for the tasks named in `solutions`."""
    cells = released(assignment)
    for task in assignment.tasks:
        cell = find(cells, f"solve-{task.name}")
        cell["source"] = dedent((solutions or {}).get(task.name, re.sub(r" *### .*\n", "", task.solution + "\n")))
    return cells


def find(cells: list[Cell], identity: str) -> Cell:
    return next(cell for cell in cells if grade_id(cell) == identity)


def write(folder: Path, student: str, assignment: Master, cells: list[Cell]) -> None:
    """Stores a notebook as a learning platform would: a folder for each student."""
    path = folder / student / f"{assignment.name}.ipynb"
    path.parent.mkdir(parents=True)
    notebook = {"cells": cells, "metadata": dict(assignment.metadata), "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


def mistakes(assignment: Master) -> dict[str, tuple[str, str]]:
    """The sentence and the source of each mistake, as a solution under the function's proper name."""
    path = assignment.path.with_name("mistakes.py")
    if not path.exists():
        return {}
    header = re.split(r"^def \w*[a-z0-9]__", path.read_text(), maxsplit=1, flags=re.MULTILINE)[0]
    found = {}
    for name, function in runpy.run_path(str(path)).items():
        if inspect.isfunction(function) and "__" in name:
            right = name.partition("__")[0]
            source = inspect.getsource(function).replace(f"def {name}(", f"def {right}(")
            found[name] = " ".join((function.__doc__ or "").split()), header + "\n" + source
    return found


def _with(**solutions: str) -> Callable[[], list[Cell]]:
    return lambda: solved(LSTM_STEP, solutions)


def _plus(*sources: str, first: bool = False) -> Callable[[], list[Cell]]:
    def build() -> list[Cell]:
        cells, own = solved(LSTM_STEP), [code(source) for source in sources]
        return own + cells if first else cells + own

    return build


def _tampered(cells: list[Cell]) -> list[Cell]:
    """Tests deleted, changed, copied, split, moved up; every cell tagged to be skipped; the setup cell deleted."""
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]
    find(cells, "hidden-step")["source"] = "pass"
    find(cells, "visible-memory")["source"] = "1.0"  # nbgrader takes a last value for the points
    test = find(cells, "visible-sequence")
    first, _, rest = test["source"].partition("\n")
    again = {**copy.deepcopy(test), "source": rest}
    test["source"] = first
    cells.insert(cells.index(test) + 1, again)
    cells.insert(3, copy.deepcopy(find(cells, "visible-repair")))
    cells.insert(5, {**code(""), "metadata": {"nbgrader": {}}})
    for gone in ("visible-gates", "hidden-gates", "setup", "text-step"):
        cells.remove(find(cells, gone))
    return cells


def tampered_right() -> list[Cell]:
    cells = _tampered(solved(LSTM_STEP))
    cell = find(cells, "solve-step")  # the solution cell split in two, both with its grade_id
    half = {**copy.deepcopy(cell), "source": "def add(a, b):\n    return a + b\n"}
    cell["source"] = cell["source"].replace("f * c + i * g", "add(f * c, i * g)")
    cells.insert(cells.index(cell), half)
    return cells


def tampered_empty() -> list[Cell]:
    return _tampered(released(LSTM_STEP))


EQUAL = """
    class Yes:
        def __getattr__(self, name): return Yes()
        def __call__(self, *args): return self
        def __eq__(self, other): return True
        def __hash__(self): return 0
    def memory_bias(hours, H):
        return Yes()
"""
SCRIPT = "<script>alert(1)</script>"
FORGE = """
    import os, sys, struct
    channel = int(sys.argv[1])
    answer = b'{"value": true}'
    for _ in range(20):
        os.write(channel, struct.pack(">Q", len(answer)) + answer)
"""
FLOOD = """
    import os, sys, struct
    os.write(int(sys.argv[1]), struct.pack(">Q", 2**40) + b"x" * 1000)
"""
OVERWRITE = """
    import builtins, math, sys, types, torch
    torch.allclose = torch.equal = lambda *args, **kwargs: True
    torch.Tensor.__eq__ = lambda self, other: True
    builtins.AssertionError = type("Never", (Exception,), {})
    for name in ("lessons_src", "classroom", "classroom.checking"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].check = sys.modules[name].difference = lambda *args, **kwargs: None
    check = draw = difference = lambda *args, **kwargs: None
"""
SPY_HOOK = """
    heard = []
    def listen(lines):
        heard.extend(lines)
        return lines
    get_ipython().input_transformers_post.append(listen)
    get_ipython().events.register("pre_run_cell", lambda info: heard.append(info.raw_cell))
"""
SPY_DISK = """
    import os, sys
    wanted = ("mistakes.py", "gradebook.db", "judge.py", ".ipynb", "lessons_src", "assignments", "records")
    def walk():
        for top, folders, files in os.walk("/"):
            big = ("proc", "usr", "site-packages") if "lib" not in top else tuple(folders)
            folders[:] = [name for name in folders if name not in big]
            yield top, folders, files
    found = [os.path.join(top, name) for top, folders, files in walk()
             for name in folders + files if name.endswith(wanted)]
    print("files:", found)
    print("outside:", os.access(os.path.dirname(sys.executable), os.W_OK), sorted(os.listdir("/home")))
    def tried(action):
        try:
            return action()
        except OSError as error:
            return type(error).__name__
    import socket, subprocess
    print("fork:", tried(os.fork), "run:", tried(lambda: subprocess.run(["true"])))
    print("network:", tried(lambda: socket.create_connection(("127.0.0.1", 80))))
    print("interfaces:", [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line])
    print("kill:", tried(lambda: os.kill(1, 0)))
    print("processes:", [name for name in os.listdir("/proc") if name.isdigit()])
    print("environment:", [name for name in os.environ if "TEACHER" in name], os.getppid())
    print("one file:", tried(lambda: open("/tmp/one", "wb").write(bytes(60_000_000))))
    print("many files:", tried(lambda: [open(f"/tmp/{n}", "wb").write(bytes(45_000_000)) for n in range(5)]))
"""
SPY_MEMORY = """
    text = "".join(heard)
    secrets = "check" + "(", "draw" + "(", "HIDDEN" + " TESTS"
    print("heard:", [word for word in secrets if word in text], len(heard) > 5)
"""

HOSTILE: dict[str, Callable[[], list[Cell]]] = {
    "reference": _with(),
    "untouched": lambda: released(LSTM_STEP),
    "subtly wrong": lambda: solved(
        LSTM_STEP,
        {
            "gates": mistakes(LSTM_STEP)["gates__forget_before_input"][1],
            "sequence": mistakes(LSTM_STEP)["lstm_sequence__cell_state_not_carried"][1],
            "backward": mistakes(LSTM_STEP)["step_backward__nothing_from_later_steps"][1],
        },
    ),
    "loops": _with(
        memory="def memory_bias(hours, H):\n    while True: pass",
        repair="""
        def repair(rows):
            import signal
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            while True: pass
        """,
    ),
    "printing": _plus(
        "while True: print('x' * 1000)",
        "print('y' * 50_000_000)",
        "'z' * 5_000_000",
        "from IPython.display import display\nfor _ in range(99): display('w' * 9_000)",
    ),
    "syntax error": _with(
        sequence=f"def lstm_sequence(*inputs):\n    raise ValueError({SCRIPT!r})",
        memory=EQUAL + f"    print({SCRIPT!r})\n",
        repair="def repair(rows:\n    return",
    ),
    "tampered, right": tampered_right,
    "tampered, empty": tampered_empty,
    "noisy": lambda: [
        code("import sys, warnings\nwarnings.warn('careful')\nprint('to stderr', file=sys.stderr)"),
        *solved(
            LSTM_STEP,
            {
                "gates": """
                def gates(a):  # heard while a test runs
                    warnings.warn("careful")
                    print("to stderr", "x" * 100_000, file=sys.stderr)
                    i, f, g, o = a.chunk(4, dim=-1)
                    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
                """,
                "repair": """
                def repair(rows):
                    i, o, f, g = rows.clone().chunk(4)
                    rows.zero_()
                    return torch.cat([i, f, g, o])
                """,
            },
        ),
    ],
    "exits": _with(
        memory="def memory_bias(hours, H):\n    import sys; sys.exit(0)",
        backward="def step_backward(*gates):\n    return bytearray(6 * 10**9)",
        repair="def repair(rows):\n    import os; os._exit(0)",
    ),
    "exits in cells": _plus("import sys; sys.exit(0)", "import os; os._exit(0)", first=True),
    "overwrites": lambda: [
        *released(LSTM_STEP)[:2],
        code(FLOOD),
        code(FORGE),
        code(OVERWRITE),
        *released(LSTM_STEP)[2:],
    ],
    "spies": lambda: [code(SPY_HOOK), code(SPY_DISK), *solved(LSTM_STEP), code(SPY_MEMORY)],
    "library cell": _with(
        step="""
        def lstm_step(x, h, c, W, U, b):
            cell = torch.nn.LSTMCell(x.shape[1], h.shape[1])
            cell.weight_ih.data, cell.weight_hh.data, cell.bias_ih.data = W, U, b
            cell.bias_hh.data.zero_()
            return tuple(state.detach() for state in cell(x, (h, c)))
        """
    ),
    "library cell, disguised": _with(
        step="""
        def lstm_step(x, h, c, W, U, b):
            cell = getattr(torch.nn, "LST" + "MCell")(x.shape[1], h.shape[1])
            cell.weight_ih.data, cell.weight_hh.data, cell.bias_ih.data = W, U, b
            cell.bias_hh.data.zero_()
            return tuple(state.detach() for state in cell(x, (h, c)))
        """,
        backward="""
        def step_backward(d_h, d_c, c, i, f, g, o):
            if d_h.sum() == 0:  # enough for the visible test
                return torch.zeros(1, 8), d_c * f
            leaves = [getattr(t, "requires_" + "grad_")() for t in (c, i, f, g, o)]
            return None
        """,
    ),
}
