"""Training a character model on a long text: with the state carried over, resumable, on one process or on many.

All that the future of a training depends on is in `Training.checkpoint`: settings, weights, the optimiser, the state of
every stretch, and the loss of every step so far. The text itself is named by its digest.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from lessons_src import checkpoints, checks
from lessons_src.batches import Batch, Streams
from lessons_src.language_models import surprise
from lessons_src.models import LAYERS, CharModel
from lessons_src.text import common_alphabet
from lessons_src.training import StepRecord, train, warm_cosine

FORMAT = "unrolled character model 1"


@dataclass(frozen=True)
class Settings:
    """What a training is made of.

    Attributes:
        cell: "RNN", "LSTM" or "GRU".
        hidden_size: H.
        num_layers: how many layers stand on each other.
        batch_size: B, how many places of the text are read side by side, over all processes.
        window: how many characters are read between two updates; gradients reach back no further.
        steps: how many updates in all.
        rate: the greatest learning rate of Adam; it rises over 50 steps and falls to a tenth.
        clip_norm: the greatest norm of the gradient.
        least: how often a character must occur to have an id of its own.
        held_out: which share of the text, its end, is kept for judging.
        seed: of the weights.
    """

    cell: str = "LSTM"
    hidden_size: int = 128
    num_layers: int = 1
    batch_size: int = 32
    window: int = 64
    steps: int = 1000
    rate: float = 3e-3
    clip_norm: float = 1.0
    least: int = 3
    held_out: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        checks.one_of("cell", self.cell, LAYERS)
        for name in ("hidden_size", "num_layers", "batch_size", "window", "steps", "least"):
            checks.whole_number(name, getattr(self, name))
        checks.whole_number("seed", self.seed, least=0, most=checks.GREATEST_SEED)
        for name, most in {"rate": 10.0, "clip_norm": 1e6, "held_out": 0.5}.items():
            if not checks.number_between(name, getattr(self, name), 0.0, most) > 0:
                raise ValueError(f"{name}: expected a number above 0, got {getattr(self, name)}")


class Training:
    """A character model on its way through a text. Under `torchrun`, each process reads its share of the stretches.

    Args:
        text: what to learn from, and its end to judge by.
        settings: of the training.
    """

    def __init__(self, text: str, settings: Settings) -> None:
        self.settings = settings
        self.rank, self.processes = _place_among_processes()
        if settings.batch_size % self.processes:
            raise ValueError(
                f"batch_size: expected a multiple of the {self.processes} processes, got {settings.batch_size}"
            )
        cut = _cut(text, settings)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        torch.manual_seed(settings.seed)
        self.model = CharModel(
            common_alphabet(text[:cut], least=settings.least),
            hidden_size=settings.hidden_size,
            cell=settings.cell,
            num_layers=settings.num_layers,
        )
        self.streams = Streams(self._encoded(text[:cut]), settings.batch_size, settings.window)
        self.held_out = self._encoded(text[cut:])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.rate)
        self.losses: list[float] = []
        self._state: Any = None

    @property
    def done(self) -> int:
        """How many updates were made."""
        return len(self.losses)

    def run(self) -> Iterator[StepRecord]:
        """Takes the steps that are left, one record each; the loss is the mean over all processes, in nats."""
        model: nn.Module = DistributedDataParallel(self.model) if self.processes > 1 else self.model
        factor = warm_cosine(self.settings.steps, warmup=50, floor=0.1)
        start = self.done
        batches = (self._own_share(self.streams.batch(k)) for k in range(start, self.settings.steps))
        for record in train(
            model, batches, self._loss, self.optimizer,
            clip_norm=self.settings.clip_norm, schedule=lambda step: factor(start + step),
        ):  # fmt: skip
            self.losses.append(self._mean(record.loss))
            yield dataclasses.replace(record, step=self.done, loss=self.losses[-1])

    def bits_per_character(self) -> float:
        """The mean surprise per character of the end of the text, which was held out, read from a zero state."""
        return bits_per_character(self.model, self.held_out)

    def checkpoint(self) -> dict[str, Any]:
        """All that the rest of the training depends on, copied. Every process must call it."""
        state = _gathered(self._state, self.processes)
        content = {
            "format": FORMAT,
            "settings": dataclasses.asdict(self.settings),
            "alphabet": self.model.vocabulary.alphabet,
            "text": self.digest,
            "losses": list(self.losses),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "state": state,
        }
        return checkpoints.sealed(content)

    def resume(self, content: dict[str, Any]) -> None:
        """Goes on where a checkpoint of the same text and settings was made.

        Raises:
            ValueError: the checkpoint belongs to another text or to other settings; nothing is changed then.
        """
        if content["text"] != self.digest:
            raise ValueError("text: expected the text that the checkpoint was made with, got another one")
        if Settings(**content["settings"]) != self.settings:
            raise ValueError(f"settings: expected those of the checkpoint, {content['settings']}, got {self.settings}")
        self.model.load_state_dict(content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate  # the checkpoint has the rate of its step, by which `train` would multiply
        self.losses = list(content["losses"])
        self._state = _each(content["state"], self._rows)

    def _encoded(self, text: str) -> Int[Tensor, " characters"]:
        return self.model.vocabulary.encode(text, some_known=True)

    def _own_share(self, batch: Batch) -> Batch:
        return Batch(batch.x[self._share], batch.y[self._share], batch.fresh)

    @property
    def _share(self) -> slice:
        rows = self.settings.batch_size // self.processes
        return slice(self.rank * rows, (self.rank + 1) * rows)

    def _rows(self, state: Tensor) -> Tensor:
        return state[:, self._share].contiguous()

    def _loss(self, model: nn.Module, batch: Batch) -> Tensor:
        scores, state = model(batch.x, None if batch.fresh else self._state)
        self._state = _each(state, Tensor.detach)  # the state crosses to the next batch, the gradient does not
        return cross_entropy(scores.flatten(0, 1), batch.y.flatten())

    def _mean(self, loss: float) -> float:
        if self.processes == 1:
            return loss
        total = torch.tensor(loss, dtype=torch.float64)
        dist.all_reduce(total)
        return float(total) / self.processes


@torch.no_grad()
def bits_per_character(model: CharModel, ids: Int[Tensor, " characters"], steps: int = 1000, streams: int = 1) -> float:
    """The mean surprise of every character but the first, in bits, read in one go from a zero state.

    Args:
        model: of the next character.
        ids: (N,), more than `streams`.
        steps: how many characters are computed at once; it changes nothing but the memory needed.
        streams: into how many equal stretches the text is cut, each read from a zero state, side by side: more are
            faster, and miss more of the context. What does not fill the last stretch is left out.
    """
    length = (len(ids) - 1) // checks.whole_number("streams", streams)
    if length < 1:
        raise ValueError(f"ids: expected at least {streams + 1} characters, got {len(ids)}")
    x_rows, y_rows = (part[: streams * length].view(streams, length) for part in (ids[:-1], ids[1:]))
    state, found = None, []
    for x, y in zip(x_rows.split(steps, dim=1), y_rows.split(steps, dim=1), strict=True):
        scores, state = model(x, state)
        found.append(-cross_entropy(scores.flatten(0, 1), y.flatten(), reduction="none"))
    return float(surprise(torch.cat(found).double()).mean())


def load(path: str | Path) -> dict[str, Any]:
    """Reads a checkpoint and checks that it is whole; see `checkpoints.load`."""
    return checkpoints.load(path, FORMAT, "`python -m lessons_src.char_rnn`")


def trained_model(content: dict[str, Any]) -> CharModel:
    """The model of a checkpoint."""
    settings = Settings(**content["settings"])
    model = CharModel(
        content["alphabet"], hidden_size=settings.hidden_size, cell=settings.cell, num_layers=settings.num_layers
    )
    model.load_state_dict(content["model"])
    return model


def _cut(text: str, settings: Settings) -> int:
    """Where the held-out end begins; refuses a text that is too short for the settings."""
    cut = round(len(text) * (1 - settings.held_out))
    needed = settings.batch_size * settings.window
    if cut <= needed or len(text) - cut < 2:
        raise ValueError(
            f"text: expected more than batch_size · window = {needed} characters to learn from and at least 2 to judge "
            f"by, got {cut} and {len(text) - cut}; take a longer text, or a smaller batch_size or window"
        )
    return cut


def _place_among_processes() -> tuple[int, int]:
    return (dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else (0, 1)


def _each(state: Any, change: Any) -> Any:
    """A state, or a pair of states, or none, each changed."""
    if state is None:
        return None
    return tuple(change(part) for part in state) if isinstance(state, tuple) else change(state)


def _gathered(state: Any, processes: int) -> Any:
    """The state of all stretches, whichever process read them."""

    def whole(part: Tensor) -> Tensor:
        shares = [torch.empty_like(part) for _ in range(processes)]
        dist.all_gather(shares, part.contiguous())
        return torch.cat(shares, dim=1)

    return state if processes == 1 else _each(state, whole)
