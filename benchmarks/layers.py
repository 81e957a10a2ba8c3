"""Times our layers against torch.nn's: one forward and one backward pass, one thread, float32.

Each round runs torch.nn's layer, ours, and the usual tutorial's version (a cell called in a Python loop, differentiated
by autograd) once, one after the other, so that whatever else the machine does meets all three alike. A ratio is taken
within a round; the table shows the median of the ratios and the quartiles around it. Times are CPU times.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lessons_src import cells, layers

SIZES = ((32, 64, 64, 128), (20, 20, 200, 200), (16, 100, 32, 64))
"""(B, T, D, H): a small model, a tuned tutorial's, and a long thin one where the loop shows most."""

MARKS = {"LSTM": (2.5, 2.5, 4.0), "GRU": (1.3, 1.3, 1.3), "RNN": (1.3, 1.3, 1.3)}
"""What ours may cost, as a multiple of torch.nn's, per size."""

Pass = Callable[[], None]


@dataclass(frozen=True)
class Timing:
    """Seconds of CPU per round, of each contestant."""

    theirs: list[float]
    ours: list[float]
    loop: list[float]

    def ratios(self, seconds: list[float]) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile of seconds / theirs."""
        low, middle, high = statistics.quantiles((s / t for s, t in zip(seconds, self.theirs, strict=True)), n=4)
        return low, middle, high


def passes(kind: str, size: tuple[int, int, int, int]) -> tuple[Pass, Pass, Pass]:
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

    return once(theirs, theirs), once(ours, ours), once(loop, cell)


def measure(contestants: tuple[Pass, ...], seconds: float) -> Timing:
    """Interleaved rounds, after three that do not count, until `seconds` have passed, and at least nine."""
    found: list[list[float]] = [[] for _ in contestants]
    end = time.monotonic() + seconds
    for number in range(10_000):
        if number >= 12 and time.monotonic() > end:
            break
        for contestant, times in zip(contestants, found, strict=True):
            start = time.process_time()
            contestant()
            times.append(time.process_time() - start)
    return Timing(*(times[3:] for times in found))


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Times our layers against torch.nn's.")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long to measure each row (default: 6)")
    parser.add_argument("--cells", nargs="+", choices=MARKS, default=list(MARKS), help="which layers (default: all)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"Forward + backward, one thread, float32. Python {platform.python_version()}, torch {torch.__version__}")
    print(f"{processor()}, {platform.system()}; CPU time, medians [quartiles] of ratios within interleaved rounds\n")
    print(f"{'':5}{'B, T, D, H':>18}{'torch.nn':>11}{'ours / torch.nn':>23}{'mark':>6}{'':8}{'loop / torch.nn':>18}")
    for kind in options.cells:
        for size, mark in zip(SIZES, MARKS[kind], strict=True):
            timing = measure(passes(kind, size), options.seconds)
            low, ratio, high = timing.ratios(timing.ours)
            _, loop, _ = timing.ratios(timing.loop)
            print(
                f"{kind:5}{', '.join(map(str, size)):>18}{1000 * statistics.median(timing.theirs):8.1f} ms"
                f"{ratio:8.2f} [{low:.2f} … {high:.2f}]{mark:6.1f}  {'within' if ratio <= mark else 'ABOVE ':6}"
                f"{loop:13.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
