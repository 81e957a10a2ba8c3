"""Our layers against torch.nn's: one forward and one backward pass, one thread, float32.

Each round runs torch.nn's layer, ours, and the usual tutorial's version: a cell called in a Python loop, differentiated
by autograd.
"""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import timing
from lessons_src import cells, layers

SIZES = ((32, 64, 64, 128), (20, 20, 200, 200), (16, 100, 32, 64))
"""(B, T, D, H): a small model, a tuned tutorial's, and a long thin one where the loop shows most."""

MARKS = {"LSTM": (2.5, 2.5, 4.0), "GRU": (1.3, 1.3, 1.3), "RNN": (1.3, 1.3, 1.3)}
"""What ours may cost, as a multiple of torch.nn's, per size."""

Pass = Callable[[], None]


def passes(kind: str, size: tuple[int, int, int, int]) -> dict[str, Pass]:
    """Forward and backward of torch.nn's layer, of ours, and of our cell in a loop, on the same weights and inputs."""
    batch, steps, input_size, hidden_size = size
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, steps, input_size, generator=generator).requires_grad_()
    direction = torch.randn(batch, steps, hidden_size, generator=generator)
    theirs = getattr(nn, kind)(input_size, hidden_size, batch_first=True)
    ours = layers.from_torch(theirs)
    cell = getattr(cells, f"{kind}Cell")(input_size, hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in theirs.state_dict().items()})

    def loop(x: Tensor) -> tuple[Tensor, None]:
        state, outputs = None, []
        for x_t in x.unbind(1):
            state = cell(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs, dim=1), None

    def once(run: Callable[[Tensor], tuple[Tensor, object]], model: nn.Module) -> Pass:
        def step() -> None:
            model.zero_grad()
            x.grad = None
            y, _ = run(x)
            y.backward(direction)

        return step

    return {"torch.nn": once(theirs, theirs), "ours": once(ours, ours), "loop": once(loop, cell)}


def main(seconds: float) -> None:
    """Prints the table, after measuring each row for so many seconds."""
    print("Layers: forward + backward, float32; CPU time, medians [quartiles] of ratios within interleaved rounds\n")
    print(f"{'':5}{'B, T, D, H':>18}{'torch.nn':>11}{'ours / torch.nn':>23}{'mark':>6}{'':8}{'loop / torch.nn':>18}")
    for kind in MARKS:
        for size, mark in zip(SIZES, MARKS[kind], strict=True):
            found = timing.rounds(passes(kind, size), seconds)
            low, ratio, high = timing.ratios(found, "ours", "torch.nn")
            _, loop, _ = timing.ratios(found, "loop", "torch.nn")
            print(
                f"{kind:5}{', '.join(map(str, size)):>18}{1000 * statistics.median(found['torch.nn']):8.1f} ms"
                f"{ratio:8.2f} [{low:.2f} … {high:.2f}]{mark:6.1f}  {'within' if ratio <= mark else 'ABOVE ':6}"
                f"{loop:13.1f}",
                flush=True,
            )
