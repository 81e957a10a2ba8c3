"""`python -m faults` puts each fault into a copy of the repository and says whether the tests notice."""

import argparse
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.copies import Copy, Verdict
from faults.listing import PARTS, Fault, read


def chosen(faults: list[Fault], only: list[str]) -> list[Fault]:
    """The faults whose name or list is among these words; all if there are none."""
    words = [word.casefold() for word in only]
    found = [f for f in faults if not words or any(word == f.part or word in f.name.casefold() for word in words)]
    if not found:
        raise ValueError(f"--only: expected a part of a fault's name, or one of {', '.join(PARTS)}, got {only}")
    return found


def run(faults: list[Fault], workers: int, folder: Path) -> list[Verdict]:
    """Judges each fault, a copy for each worker; prints the verdicts in their order."""
    copies = [Copy(folder / str(k)) for k in range(min(workers, len(faults)))]
    for fault in faults:
        fault.spoil(copies[0].root)
    print("all these tests, without any fault …", flush=True)
    if failed := copies[0].check(faults):
        raise ValueError(f"The tests fail without any fault, so they can show nothing:\n{failed}")
    free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def judge(fault: Fault) -> Verdict:
        copy = free.get()
        try:
            return copy.judge(fault)
        finally:
            free.put(copy)

    verdicts = []
    pool = ThreadPoolExecutor(len(copies))
    try:
        for number, (fault, verdict) in enumerate(zip(faults, pool.map(judge, faults), strict=True), 1):
            verdicts.append(verdict)
            print(f"{number:3}/{len(faults)}  {verdict.word:8}  {verdict.seconds:5.1f} s  {fault.name}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    return verdicts


def table(faults: list[Fault], verdicts: list[Verdict]) -> str:
    """A table in Markdown: each fault, where it was, and what noticed it."""
    lines = ["| fault | in | verdict | first noticed by | s |", "|---|---|---|---|---|"]
    for fault, verdict in zip(faults, verdicts, strict=True):
        by = " ".join(verdict.by.split("::", 1)[-1].replace("|", "/").split())[:110]
        lines.append(f"| {fault.name} | {fault.file} | {verdict.word} | {by} | {verdict.seconds:.0f} |")
    return "\n".join(lines)


def main() -> int:
    """Runs what is asked for; 1 if any fault was not caught."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME",
        help=f"a part of a fault's name, or a list ({', '.join(PARTS)}); may be given more than once",
    )  # fmt: skip
    parser.add_argument("-j", type=int, default=2, metavar="N", help="how many at a time (default: 2)")
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="unrolled-faults-") as folder:
        try:
            faults = chosen(read(), options.only)
            verdicts = run(faults, options.j, Path(folder))
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
    caught = sum(verdict.word == "caught" for verdict in verdicts)
    print(f"\n{table(faults, verdicts)}\n\n{caught} of {len(faults)} caught, {time.monotonic() - begun:.0f} s")
    return 0 if caught == len(faults) else 1


if __name__ == "__main__":
    sys.exit(main())
