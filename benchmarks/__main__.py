"""`python -m benchmarks` measures everything there is to measure."""

import argparse
import importlib

PARTS = ("layers", "attention", "word-vectors", "grading", "widgets", "pages", "build")


def main() -> None:
    """Reads the command line and runs the parts that it names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Times our code beside the usual libraries, and measures the book: its figures, pages and build.",
    )
    parser.add_argument(
        "what", nargs="*", choices=[*PARTS, []], metavar="what", help=f"of {', '.join(PARTS)}; all if none"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="how long to measure each row (default: 6)")
    parser.add_argument("--quick", action="store_true", help="only show that it works; the numbers are worth nothing")
    parser.add_argument("--profile", action="store_true", help="layers, attention, word-vectors: where our time goes")
    options = parser.parse_args()

    import torch  # only now, so that a wrong word is refused at once

    from benchmarks import timing

    torch.set_num_threads(1)
    print(f"{timing.machine()}\n")
    for name in options.what or PARTS:
        part = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        part.main(timing.Effort(options.seconds, options.quick, options.profile))
        print(flush=True)


if __name__ == "__main__":
    main()
