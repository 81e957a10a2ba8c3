"""DecoderLab: greedy, beam or sampling; forced or free?"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any, NamedTuple

import torch
import traitlets
from torch import Tensor

from lessons_src import checks, pair_models
from lessons_src.decoding import Hypothesis, beam_search, next_log_probabilities
from lessons_src.pairs import plain_width
from lessons_src.sampling import tempered
from lessons_src.seq2seq import END_ID, START_ID, Encoded, Seq2Seq
from lessons_src.widgets import draws
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget

MOST_TOKENS = 8
LONGEST = 15
LONGEST_TYPED = 60
WIDEST, HOTTEST, MOST_PENALTY = 8, 3.0, 2.0
METHODS = ("greedy", "beam", "sampling")
READS = ("free", "forced")
DRAWS = 8
"""The stream of `draws` that sampling takes its numbers from."""

EXAMPLES = (
    ("It works", "a sum it knows how to do", "135+62"),
    ("It works", "greedy loses, a beam of two wins", "29+726"),
    ("It fails, and why", "greedy is right, a beam is not", "462+60"),
    ("It fails, and why", "the model believes the wrong sum", "952+956"),
    ("It fails, and why", "four digits: it learnt with three", "1234+5678"),
    ("It fails, and why", "no sum: the beam drops the greedy path", "739968"),
    ("It fails, and why", "nothing that it knows", "hello"),
)
"""Sums for the shipped model: group, name, what is typed."""


class Token(NamedTuple):
    """One token of a run.

    Attributes:
        chosen: the id that was written.
        log_probability: what the model gave it, in nats.
        read: the id that was read before it.
    """

    chosen: int
    log_probability: float
    read: int


class DecoderLab(BookWidget):
    """Writes a sum with the shipped model without attention, and shows the search for it step by step.

    The model reads the sum from its end (see `lessons_src.pair_models`). The page computes everything, in float64, also
    without a kernel; `search`, `run` and `forced` are the same here.

    Args:
        source: what is typed; the first 15 characters without spaces are read.
        method: "greedy", "beam" or "sampling".
        width: of the beam, from 1 to 8.
        length_penalty: of the beam, from 0 to 2; see `decoding.beam_search`.
        temperature: of sampling, from 0 (which is greedy) to 3.
        seed: of sampling, from 0 to 99.
        reads: "free" for a decoder that reads what it wrote, "forced" for one that reads the true sum. What is no sum
            has no truth, and is written freely.
        wrong_at: the step, from 1 to 8, at which a wrong digit is written in any case; None for none.
        wrong_digit: that digit.
        step: how many steps are shown; None for all.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Source: sutskever2014 for the source read from its end.
    """

    _bundle = traitlets.Unicode("decoder_lab").tag(sync=True)

    source = traitlets.Unicode("29+726").tag(sync=True)
    method = traitlets.Unicode("beam").tag(sync=True)
    width = traitlets.Int(2).tag(sync=True)
    length_penalty = traitlets.Float(0.0).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    reads = traitlets.Unicode("free").tag(sync=True)
    wrong_at = traitlets.Int(None, allow_none=True).tag(sync=True)
    wrong_digit = traitlets.Int(9).tag(sync=True)
    step = traitlets.Int(None, allow_none=True).tag(sync=True)

    weights: Any = traitlets.Dict(read_only=True).tag(sync=True)
    alphabets: Any = traitlets.Dict(read_only=True).tag(sync=True)
    examples: Any = traitlets.List(read_only=True).tag(sync=True)

    def __init__(self, source: str = "29+726", method: str = "beam", **settings: Any) -> None:
        unknown = sorted(set(settings) - set(_LIMITS) - {"reads", "step", "wrong_at"})
        if unknown:
            raise TypeError(f"{unknown[0]}: DecoderLab has no such argument")
        super().__init__(source=source, method=method, **settings)

    @traitlets.default("weights")
    def _default_weights(self) -> dict[str, Any]:
        return {name: pack(weight) for name, weight in _model().state_dict().items()}

    @traitlets.default("alphabets")
    def _default_alphabets(self) -> dict[str, Any]:
        return {"source": _model().source.alphabet, "target": list(_model().target.alphabet)}

    @traitlets.default("examples")
    def _default_examples(self) -> list[list[str]]:
        return [list(example) for example in EXAMPLES]

    @traitlets.validate("source")
    def _check_source(self, proposal: Any) -> str:
        if len(proposal["value"]) > LONGEST_TYPED:
            raise ValueError(f"source: expected at most {LONGEST_TYPED} characters, got {len(proposal['value'])}")
        return str(proposal["value"])

    @traitlets.validate("method", "reads")
    def _check_word(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], METHODS if name == "method" else READS)

    @traitlets.validate("width", "length_penalty", "temperature", "seed", "wrong_digit")
    def _check_number(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        checks.number_between(name, proposal["value"], *_LIMITS[name])
        return proposal["value"]

    @traitlets.validate("wrong_at", "step")
    def _check_step(self, proposal: Any) -> int | None:
        if proposal["value"] is None:
            return None
        return int(checks.number_between(proposal["trait"].name, proposal["value"], 1, MOST_TOKENS))

    @property
    def text(self) -> str:
        """What is read of the source, in the order in which it was typed."""
        return re.sub("[ \t\r\n]", "", plain_width(self.source))[:LONGEST]

    @property
    def truth(self) -> str | None:
        """The sum; None if the source is none."""
        found = re.fullmatch(r"([0-9]+)\+([0-9]+)", self.text)
        return str(int(found[1]) + int(found[2])) if found else None

    def search(self) -> list[Hypothesis]:
        """What the beam finds, the best first; a greedy search has width 1. The wrong digit, if any, stands in all."""
        step, encoded = 0, self._encoded()
        width = self.width if self.method == "beam" else 1

        def advance(last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal step
            step += 1
            logs, state = next_log_probabilities(_model(), encoded, last, state)
            return self._with_wrong(logs, step), state

        def pick(state: Tensor, rows: Tensor) -> Tensor:
            return state[:, rows]

        penalty = self.length_penalty if self.method == "beam" else 0.0
        return beam_search(advance, encoded.state, pick, width=width, most=MOST_TOKENS, length_penalty=penalty)

    def run(self) -> list[Token]:
        """The tokens of a free run, the likeliest or drawn ones as the method says; a beam's is the likeliest."""
        return self._steps(None)

    def forced(self) -> list[Token]:
        """The tokens of a run that reads the truth; the wrong digit is written, and not read.

        Raises:
            ValueError: there is no truth, since the source is no sum.
        """
        if self.truth is None:
            raise ValueError(
                f"source: expected a sum such as 12+34, so that there is a truth to read, got {self.text!r}"
            )
        return self._steps([*_model().target.encode(list(self.truth)).tolist(), END_ID][:MOST_TOKENS])

    def _steps(self, truth: list[int] | None) -> list[Token]:
        encoded, read, tokens = self._encoded(), START_ID, list[Token]()
        state = encoded.state
        uniform = draws.uniforms(self.seed, DRAWS, MOST_TOKENS)
        for step in range(1, (MOST_TOKENS if truth is None else len(truth)) + 1):
            logs, state = next_log_probabilities(_model(), encoded, torch.tensor([read]), state)
            chosen = self._chosen(self._with_wrong(logs, step)[0], float(uniform[step - 1]))
            tokens.append(Token(chosen, float(logs[0, chosen]), read))
            if truth is None and chosen == END_ID:
                break
            read = chosen if truth is None else truth[step - 1]
        return tokens

    def _chosen(self, logs: Tensor, uniform: float) -> int:
        if self.method != "sampling":
            return int(logs.argmax())
        return min(int((tempered(logs, self.temperature).cumsum(0) <= uniform).sum()), len(logs) - 2)

    def _with_wrong(self, logs: Tensor, step: int) -> Tensor:
        """At the step of the wrong digit nothing else can be written."""
        if step != self.wrong_at:
            return logs
        only = torch.full_like(logs, -torch.inf)
        digit = int(_model().target.encode([str(self.wrong_digit)])[0])
        only[:, digit] = logs[:, digit]
        return only

    def _encoded(self) -> Encoded:
        if not self.text:
            raise ValueError("source: expected at least one character, got none")
        with torch.no_grad():
            return _model().encode(_model().source.encode(self.text[::-1])[None])

    def still(self) -> str:
        """The texts that were found, with their probabilities, as a table."""
        if not self.text:
            return "<p>DecoderLab has nothing to read.</p>"
        rows = "".join(
            f"<tr><td>{escape(_text(h.tokens))}</td><td>{h.log_probability:.3f}</td><td>{h.score:.3f}</td></tr>"
            for h in self.search()
        ).replace("-", "−")
        truth = f" The sum is {self.truth}." if self.truth else " This is no sum."
        width = self.width if self.method == "beam" else 1
        words = f"What a beam of {width} makes of {escape(self.text)}, the best first.{truth}"
        return (
            f"<figure><table><caption>{words}</caption><thead><tr><th>written</th><th>log P</th><th>score</th></tr>"
            f"</thead><tbody>{rows}</tbody></table></figure>"
        )

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        wrong = "" if self.wrong_at is None else f", {self.wrong_digit} at step {self.wrong_at}"
        return f"DecoderLab({self.text!r}, {self.method}, {self.reads}{wrong})"


_LIMITS: dict[str, tuple[float, float]] = {
    "width": (1, WIDEST),
    "length_penalty": (0, MOST_PENALTY),
    "temperature": (0, HOTTEST),
    "seed": (0, 99),
    "wrong_digit": (0, 9),
}


@cache
def _model() -> Seq2Seq:
    return pair_models.load("sums").model.double()


def _text(tokens: Sequence[int]) -> str:
    """Without END."""
    return _model().target.decode(torch.tensor([token for token in tokens if token != END_ID], dtype=torch.int64))
