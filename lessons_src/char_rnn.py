"""A character model from the command line: `python -m lessons_src.char_rnn train --text FILE`.

Under torchrun the same command trains on several processes, each of which reads a share of the text's stretches:
`torchrun --nproc-per-node 2 -m lessons_src.char_rnn train --text FILE`. They give the loss curve of one process.
"""

import argparse
import contextlib
import dataclasses
import math
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":
    at_ctrl_c = signal.getsignal(signal.SIGINT)
    if callable(at_ctrl_c):
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until PyTorch is loaded, Ctrl-C ends the process without a trace

import torch.distributed as dist
from tqdm import tqdm

from lessons_src import checks
from lessons_src.char_training import Settings, Training, load, trained_model
from lessons_src.checkpoints import save
from lessons_src.data import read_text
from lessons_src.models import LAYERS
from lessons_src.sampling import sample

_HELP = {
    "cell": "RNN, LSTM or GRU",
    "hidden_size": "units in a layer",
    "num_layers": "layers that stand on each other",
    "batch_size": "places of the text that are read side by side, over all processes",
    "window": "characters between two updates",
    "steps": "updates in all",
    "rate": "greatest learning rate",
    "clip_norm": "greatest norm of the gradient",
    "least": "how often a character must occur to be known",
    "held_out": "share of the text, its end, kept for judging",
    "seed": "of the weights",
}

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, or 1 after a sentence about what was wrong, or 130 if it was interrupted."""
    options = _parser().parse_args(arguments)
    try:
        with _processes():
            result = int(options.run(options))
        sys.stdout.flush()
        return result
    except (ValueError, TypeError, FloatingPointError, OSError) as error:  # OSError: nobody reads, or the disk is full
        print(f"char_rnn: {error}", file=sys.stderr)
        return 1
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        print("char_rnn: not enough memory; take a smaller hidden_size, batch_size or window", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("char_rnn: stopped in the midst of a step; go on from the last checkpoint, if any", file=sys.stderr)
        return INTERRUPTED


def _train(options: argparse.Namespace) -> int:
    settings = Settings(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)})
    if options.model.exists():
        raise ValueError(f"model: {options.model} exists; go on with `resume`, or name another file")
    return _go_on(Training(read_text(options.text), settings), options)


def _resume(options: argparse.Namespace) -> int:
    content = load(options.model)
    training = Training(read_text(options.text), Settings(**content["settings"]))
    training.resume(content)
    return _go_on(training, options)


def _go_on(training: Training, options: argparse.Namespace) -> int:
    """Trains to the end, with a checkpoint every so many steps."""
    every, first = checks.whole_number("every", options.every), training.rank == 0
    if not options.model.parent.is_dir():
        raise ValueError(f"model: {options.model} cannot be written, since there is no folder {options.model.parent}")
    if not os.access(options.model.parent, os.W_OK):
        raise ValueError(f"model: {options.model} cannot be written, since the folder is read-only")
    steps, stop = training.settings.steps, False
    with (
        _wait_for_the_step(alone=training.processes == 1) as asked_to_stop,
        tqdm(total=steps, initial=training.done, unit="step", disable=None if first else True) as bar,
    ):
        for record in training.run():
            bar.update()
            bar.set_postfix_str(f"{record.loss / math.log(2):.3f} bits")
            stop = asked_to_stop()
            if record.step % every == 0 or record.step == steps or stop:
                _keep(training, options.model)
                if first:
                    bar.write(f"step {record.step}: {record.loss / math.log(2):.4f} bits per character read")
            if stop:
                break
    if stop:
        again = ["python", "-m", "lessons_src.char_rnn", "resume", "--text", options.text, "--model", options.model]
        command = shlex.join(map(str, again))
        print(f"\nStopped after step {training.done} of {steps}. To go on: {command}", file=sys.stderr)
        return INTERRUPTED
    if first:
        print(f"{training.bits_per_character():.4f} bits per character on the held-out end of {options.text}")
    return 0


@contextlib.contextmanager
def _wait_for_the_step(*, alone: bool) -> Iterator[Callable[[], bool]]:
    """Lets the first Ctrl-C wait until the step is complete; yields a function that says whether there was one.

    In the midst of a step the state is ahead of the weights, and a checkpoint of it would go on along another curve.
    A process that is not alone stops at once, since the others would wait for it: they go on from the last checkpoint.
    """
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)  # a second Ctrl-C does not wait

    before = signal.getsignal(signal.SIGINT)
    if not alone or not callable(before):  # not callable: SIGINT is ignored, as for a job in the background
        yield lambda: False
        return
    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _keep(training: Training, path: Path) -> None:
    content = training.checkpoint()  # on every process: the state is gathered from all
    if training.rank == 0:
        save(content, path)


def _sample(options: argparse.Namespace) -> int:
    model = trained_model(load(options.model))
    print(sample(model, options.prompt, options.count, temperature=options.temperature, seed=options.seed))
    return 0


@contextlib.contextmanager
def _processes() -> Iterator[None]:
    """The group of processes that torchrun started, or nothing."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lessons_src.char_rnn",
        description="A model of the next character: train it on a text of yours, go on with it, let it write.",
    )
    commands = parser.add_subparsers(required=True, metavar="train | resume | sample")
    train = commands.add_parser(
        "train", help="train a new model", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    resume = commands.add_parser("resume", help="go on from a checkpoint")
    for command, run in ((train, _train), (resume, _resume)):
        command.add_argument("--text", type=Path, required=True, help="a UTF-8 file")
        command.add_argument("--model", type=Path, default=Path("char_rnn.pt"), help="where the checkpoint is kept")
        command.add_argument("--every", type=int, default=100, help="steps between two checkpoints")
        command.set_defaults(run=run)
    for field in dataclasses.fields(Settings):
        train.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            choices=list(LAYERS) if field.name == "cell" else None,
            help=_HELP[field.name],
        )
    write = commands.add_parser(
        "sample", help="let a model write", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    write.add_argument("--model", type=Path, default=Path("char_rnn.pt"), help="a checkpoint")
    write.add_argument("--prompt", default="\n", help="what it reads first")
    write.add_argument("--count", type=int, default=500, help="how many characters it writes")
    write.add_argument("--temperature", type=float, default=0.8, help="below 1 safer, above 1 bolder")
    write.add_argument("--seed", type=int, default=0, help="of the draws")
    write.set_defaults(run=_sample)
    return parser


if __name__ == "__main__":
    if callable(at_ctrl_c):
        signal.signal(signal.SIGINT, at_ctrl_c)
    sys.exit(main())
