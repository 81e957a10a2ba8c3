"""Our layers against torch.nn's and the tutorials': one forward and one backward pass, one thread, float32."""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import timing
from benchmarks.styles import CellLoop, GateLoop
from benchmarks.timing import Effort
from lessons_src import layers

SIZES = ((32, 64, 64, 128), (20, 20, 200, 200), (16, 100, 32, 64))
"""(B, T, D, H): a small model, a tuned tutorial's, and a long thin one where the loop shows most."""

MARKS = {"LSTM": (2.5, 2.5, 4.0), "GRU": (1.3, 1.3, 1.3), "RNN": (1.3, 1.3, 1.3)}
"""What ours may cost, as a multiple of torch.nn's, per size; of a tutorial's loop it may cost 1."""

Pass = Callable[[], None]


def passes(kind: str, size: tuple[int, int, int, int]) -> dict[str, Pass]:
    """Forward and backward of torch.nn's layer, of ours, and of two loops, on the same weights and inputs."""
    batch, steps, input_size, hidden_size = size
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, steps, input_size, generator=generator)
    direction = torch.randn(batch, steps, hidden_size, generator=generator)
    theirs = getattr(nn, kind)(input_size, hidden_size, batch_first=True)
    models = {
        "torch.nn": theirs,
        "ours": layers.from_torch(theirs),
        "cell loop": CellLoop(theirs),
        "gate loop": GateLoop(theirs),
    }
    return {name: both_ways(model, x, direction) for name, model in models.items()}


def both_ways(model: nn.Module, x: Tensor, direction: Tensor) -> Pass:
    """A forward pass, and a backward pass to the weights and to x; of several outputs the first counts."""
    x = x.clone().requires_grad_()

    def step() -> None:
        model.zero_grad()
        x.grad = None
        y = model(x)
        (y[0] if isinstance(y, tuple) else y).backward(direction)

    return step


def main(effort: Effort) -> None:
    """Prints the table."""
    print("Layers: forward + backward, float32; CPU time, medians [quartiles] of ratios within interleaved rounds")
    print("cell loop: nn.LSTMCell (GRUCell, RNNCell) called in a Python loop; gate loop: an nn.Linear for each gate\n")
    print(
        f"{'':5}{'B, T, D, H':>18}{'torch.nn':>11}{'ours / torch.nn':>22}{'mark':>6}{'':8}"
        f"{'ours / cell loop':>22}{'ours / gate loop':>22}"
    )
    for kind in MARKS:
        for size, mark in effort.some(list(zip(SIZES, MARKS[kind], strict=True))):
            found = effort.rounds(passes(kind, size))
            within = timing.ratios(found, "ours", "torch.nn")[1] <= mark
            print(
                f"{kind:5}{', '.join(map(str, size)):>18}{1000 * statistics.median(found['torch.nn']):8.1f} ms"
                f"{timing.shown(found, 'ours', 'torch.nn'):>22}{mark:6.1f}  {'within' if within else 'ABOVE ':6}"
                f"{timing.shown(found, 'ours', 'cell loop'):>22}{timing.shown(found, 'ours', 'gate loop'):>22}",
                flush=True,
            )
            if effort.profile:
                print(f"      ours: {timing.where(passes(kind, size)['ours'])}")
