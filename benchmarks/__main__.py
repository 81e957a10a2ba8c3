"""`python -m benchmarks` times everything there is to time."""

import argparse
import platform

import torch

from benchmarks import layers, timing, word_vectors

TIMED = {"layers": layers.main, "word-vectors": word_vectors.main}

parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Times our code against the usual libraries.")
parser.add_argument(
    "what", nargs="*", choices=[*TIMED, []], metavar="what", help=f"any of {', '.join(TIMED)}; all if none"
)
parser.add_argument("--seconds", type=float, default=6.0, help="how long to measure each row (default: 6)")
options = parser.parse_args()
torch.set_num_threads(1)
print(f"{timing.processor()}, {platform.system()}; Python {platform.python_version()}, torch {torch.__version__}\n")
for name in options.what or TIMED:
    TIMED[name](options.seconds)
    print()
