"""AlignmentExplorer: what does the decoder look at?"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import alignments, checks, pair_models
from lessons_src.alignments import Alignment
from lessons_src.pairs import dates, plain_width
from lessons_src.seq2seq import Seq2Seq
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget

LONGEST, MOST = 60, 16
"""How many characters are read, and how many tokens are written, at most."""

_PIN = r"\d+=(?:\d*\.)?\d+(?:e-?\d+)?"
_ROW = re.compile(rf"(\d+)@(u|{_PIN}(?:\+{_PIN})*)")


class AlignmentExplorer(BookWidget):
    """Writes a date as the shipped model does, token by token, and lets the reader overwrite what it looks at.

    The model has dot attention and learned dates in six languages (see `lessons_src.pair_models`). The page computes
    it, in float64, also without a kernel; `alignment` is the same here.

    Args:
        text: the source; wide forms become plain ones, and what lies behind 60 characters is left out.
        step: how many tokens are shown as written, from 1 to 16.
        overrides: weights of the reader's, as "6@9=1 7@u 8@2=0.5+3=0.25": in row 6 all weight on character 9, row 7
            uniform, in row 8 one half on character 2 and one quarter on character 3. What is left goes to the other
            characters in the proportion of the model's own weights. Rows and characters count from 1; those that are
            not there have no effect.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("alignment_explorer").tag(sync=True)

    text = traitlets.Unicode("May 17, 2020").tag(sync=True)
    step = traitlets.Int(1).tag(sync=True)
    overrides = traitlets.Unicode("").tag(sync=True)

    weights: Any = traitlets.Dict(read_only=True).tag(sync=True)  # of the model, packed
    about: Any = traitlets.Dict(read_only=True).tag(sync=True)  # its alphabets, and the longest source of its training

    def __init__(self, text: str = "May 17, 2020", step: int = 1, overrides: str = "") -> None:
        super().__init__(text=text, step=step, overrides=overrides)

    @traitlets.default("weights")
    def _default_weights(self) -> dict[str, Any]:
        return {name: pack(weight) for name, weight in _model().state_dict().items()}

    @traitlets.default("about")
    def _default_about(self) -> dict[str, Any]:
        model = _model()
        return {
            "source": list(model.source.alphabet),
            "target": list(model.target.alphabet),
            "longest": _longest_in_training(),
        }

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if len(proposal["value"]) > 200:
            raise ValueError(f"text: expected at most 200 characters, got {len(proposal['value'])}")
        return str(proposal["value"])

    @traitlets.validate("step")
    def _check_step(self, proposal: Any) -> int:
        return checks.whole_number("step", proposal["value"], most=MOST)

    @traitlets.validate("overrides")
    def _check_overrides(self, proposal: Any) -> str:
        for part in proposal["value"].split():
            found = _ROW.fullmatch(part)
            if not found or (found[2] != "u" and any(v > 1 for v in _pins(found[2]).values())):
                raise ValueError(
                    f'overrides: expected rows such as "6@9=1", "7@u" or "8@2=0.5+3=0.25", weights to 1, got {part!r}'
                )
        return str(proposal["value"])

    @property
    def source(self) -> str:
        """What is read of the text."""
        return plain_width(self.text)[:LONGEST]

    def alignment(self) -> Alignment | None:
        """All that is written with the overrides, in float64; None if there is nothing to read."""
        return self._align(True)

    def untouched(self) -> Alignment | None:
        """The same without overrides."""
        return self._align(False)

    def _align(self, overridden: bool) -> Alignment | None:
        source = self.source
        if not source:
            return None
        given: dict[int, Callable[[Tensor], Tensor]] = {}
        for part in self.overrides.split() if overridden else ():
            row, rule = part.split("@")
            pins = {} if rule == "u" else {k: v for k, v in _pins(rule).items() if 1 <= k <= len(source)}
            if rule == "u" or pins:
                given[int(row) - 1] = partial(impose, pins=pins, uniform=rule == "u")
        return alignments.align(_model(), source, given, most=MOST)

    def still(self) -> str:
        """The weights of everything that is written, as a table."""
        found = self.alignment()
        if found is None:
            return (
                f'<figure class="unrolled-figure"><figcaption>{self}: there is nothing to read.</figcaption></figure>'
            )
        caption = f"What the decoder looks at while it reads “{found.source}” and writes {found.text}."
        return f'<figure class="unrolled-figure">{alignments.table(found, caption)}</figure>'

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        changed = f", overrides {self.overrides}" if self.overrides else ""
        return f"AlignmentExplorer({self.source!r}, step {self.step}{changed})"


def impose(own: Float[Tensor, " source"], pins: dict[int, float], uniform: bool = False) -> Float[Tensor, " source"]:
    """The reader's weights (S,).

    Args:
        own: the model's (S,).
        pins: weights for some characters, which count from 1. If they sum to more than 1, they are divided by the sum;
            if to less, the others share what is left, in the proportion of their own weights.
        uniform: whether all characters get the same, whatever the pins.
    """
    if uniform:
        return torch.full_like(own, 1 / len(own))
    total = sum(pins.values())
    weights, free = torch.zeros_like(own), torch.ones(len(own), dtype=torch.bool)
    for place, weight in pins.items():
        weights[place - 1] = weight
        free[place - 1] = False
    if not free.any():
        return weights / total if total > 0 else torch.full_like(own, 1 / len(own))
    weights /= max(1.0, total)
    rest, theirs = max(0.0, 1.0 - total), own[free].sum()
    weights[free] = rest * own[free] / theirs if theirs > 0 else rest / int(free.sum())
    return weights


def _pins(rule: str) -> dict[int, float]:
    return {int(place): float(weight) for place, weight in (pin.split("=") for pin in rule.split("+"))}


@cache
def _model() -> Seq2Seq:
    return pair_models.load("dates").model.double()


@cache
def _longest_in_training() -> int:
    return max(len(source) for source, _ in dates().train)
