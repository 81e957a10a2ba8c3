"""UnrolledStepper: is it the same weights each step, and what is carried?"""

import copy
from html import escape
from typing import Any

import torch
import traitlets
from jaxtyping import Float
from torch import Tensor, nn

from lessons_src import checks
from lessons_src.cells import RNNCell
from lessons_src.layers import GRU, LSTM, RNN, from_torch
from lessons_src.widgets import draws
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget

HELLO_WORLD = "helo wrd"
LETTERS = "abcdefghijklmnopqrstuvwxyz "
MOST_LETTERS, LONGEST_TEXT = 24, 200
UNITS, GAIN = 4, 0.9
MOST_SYMBOLS, MOST_GIVEN_UNITS = 32, 6
MATRICES = ("W_hh", "W_ih")
GLYPHS = {" ": "␣", "\n": "↵", "\t": "⇥"}

_LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 99),
    "row": (1, MOST_GIVEN_UNITS),
    "column": (1, MOST_SYMBOLS),
    "value": (-3, 3),
    "reset": (2, MOST_LETTERS),
    "traced": (1, MOST_LETTERS),
    "step": (0, MOST_LETTERS),
}


class UnrolledStepper(BookWidget):
    """Unrolls a small tanh RNN over a text that the reader types; one weight can be edited, the state be reset.

    h_t = tanh(W_ih x_t + W_hh h_{t-1} + b), h_0 = 0, with x_t the one-hot vector of a character, and zeros for one that
    is not in the alphabet. Without a layer there are 4 units and no bias; W_ih is normal and W_hh is 0.9 times a random
    orthogonal matrix. The page computes all of it in float64, also without a kernel.

    Args:
        text: what is read: its first 24 characters; at most 200.
        alphabet: 2 to 32 different characters.
        seed: of the weights, from 0 to 99.
        matrix: the matrix of the picked weight, W_hh or W_ih.
        row: the unit it leads to, from 1.
        column: the unit, or the character of the alphabet, it comes from, from 1.
        value: what it is set to, from −3 to 3; None for what it is.
        reset: the step before which h is set to zeros, from 2; None for no reset.
        traced: the letter whose trace is drawn, from 1; the last one if the text is shorter.
        other: the letter it is replaced with; None, or the same letter, for the next one of the alphabet.
        step: how many steps are shown, from 0; None for all.
        layer: an RNN with tanh, of one layer in one direction with at most 6 units and one input for each character of
            the alphabet, instead of the random one; its weights are copied.

    All but `layer` may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.

    Source: elman1990.
    """

    _bundle = traitlets.Unicode("unrolled_stepper").tag(sync=True)

    text = traitlets.Unicode("hello world").tag(sync=True)
    alphabet = traitlets.Unicode(HELLO_WORLD).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    matrix = traitlets.Unicode("W_hh").tag(sync=True)
    row = traitlets.Int(1).tag(sync=True)
    column = traitlets.Int(1).tag(sync=True)
    value = traitlets.Float(None, allow_none=True).tag(sync=True)
    reset = traitlets.Int(None, allow_none=True).tag(sync=True)
    traced = traitlets.Int(1).tag(sync=True)
    other = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    step = traitlets.Int(None, allow_none=True).tag(sync=True)
    weights = traitlets.Dict().tag(sync=True)  # of the given layer, packed; empty for the random one

    def __init__(
        self,
        text: str = "hello world",
        alphabet: str = HELLO_WORLD,
        seed: int = 0,
        *,
        matrix: str = "W_hh",
        row: int = 1,
        column: int = 1,
        value: float | None = None,
        reset: int | None = None,
        traced: int = 1,
        other: str | None = None,
        step: int | None = None,
        layer: RNN | nn.RNN | None = None,
    ) -> None:
        self._layer = None if layer is None else _own_copy(layer, len(alphabet))
        super().__init__(
            text=text,
            alphabet=alphabet,
            seed=seed,
            matrix=matrix,
            row=row,
            column=column,
            value=value,
            reset=reset,
            traced=traced,
            other=other,
            step=step,
            weights=_packed(self._layer),
        )

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if len(proposal.value) > LONGEST_TEXT:
            raise ValueError(f"text: expected at most {LONGEST_TEXT} characters, got {len(proposal.value)}")
        return str(proposal.value)

    @traitlets.validate("alphabet")
    def _check_alphabet(self, proposal: Any) -> str:
        alphabet = str(proposal.value)
        if not 2 <= len(alphabet) <= MOST_SYMBOLS or len(set(alphabet)) < len(alphabet):
            raise ValueError(f"alphabet: expected 2 to {MOST_SYMBOLS} different characters, got {alphabet!r}")
        if self._layer is not None and len(alphabet) != self._layer.input_size:
            raise ValueError(
                f"alphabet: expected {self._layer.input_size} characters, as the layer reads, got {len(alphabet)}"
            )
        return alphabet

    @traitlets.validate("seed", "row", "column", "value", "reset", "traced", "step")
    def _check_number(self, proposal: Any) -> float | None:
        name, value = proposal["trait"].name, proposal["value"]
        if value is None:
            return None
        low, high = _LIMITS[name]
        if name == "row" or (name == "column" and self.matrix == "W_hh"):
            high = self._units
        elif name == "column":
            high = len(self.alphabet)
        checks.number_between(name, value, low, high)
        return value

    @traitlets.validate("matrix")
    def _check_matrix(self, proposal: Any) -> str:
        return checks.one_of("matrix", proposal.value, MATRICES)

    @traitlets.validate("other")
    def _check_other(self, proposal: Any) -> str | None:
        return None if proposal.value is None else checks.one_of("other", proposal.value, tuple(self.alphabet))

    @traitlets.observe("matrix", "alphabet")
    def _fit(self, _: Any) -> None:
        """What no longer fits becomes what does."""
        self.column = min(self.column, self._units if self.matrix == "W_hh" else len(self.alphabet))
        if self.other is not None and self.other not in self.alphabet:
            self.other = None

    @property
    def _units(self) -> int:
        return UNITS if self._layer is None else self._layer.hidden_size

    @property
    def letters(self) -> str:
        """What is read of the text."""
        return self.text[:MOST_LETTERS]

    @property
    def plain(self) -> RNNCell:
        """The cell without the edit, in float64."""
        size = len(self.alphabet)
        cell = RNNCell(size, self._units).double()
        if self._layer is not None:
            names = {name: self._layer.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh")}
            cell.load_state_dict(names | dict(zip(("bias_ih", "bias_hh"), _biases(self._layer), strict=True)))
            return cell
        with torch.no_grad():
            cell.weight_ih.copy_(torch.from_numpy(draws.normals(self.seed, draws.INPUT, UNITS * size)).view(-1, size))
            cell.weight_hh.copy_(torch.from_numpy(GAIN * draws.recurrent("orthogonal", 1, UNITS, self.seed)))
            for name in ("bias_ih", "bias_hh"):
                cell.get_parameter(name).zero_()
        return cell

    @property
    def edited(self) -> RNNCell:
        """The cell that is shown: with the picked weight at `value`."""
        cell = self.plain
        if self.value is not None:
            with torch.no_grad():
                (cell.weight_hh if self.matrix == "W_hh" else cell.weight_ih)[self.row - 1, self.column - 1] = (
                    self.value
                )
        return cell

    @property
    def states(self) -> Float[Tensor, "time hidden"]:
        """h_t as it is shown."""
        return self._run(self.edited, self._ids())

    @property
    def before(self) -> Float[Tensor, "time hidden"]:
        """h_t without the edit."""
        return self._run(self.plain, self._ids())

    @property
    def trace(self) -> Float[Tensor, " time"]:
        """‖h_t − h′_t‖, where h′ reads another letter in place of the traced one."""
        ids = self._ids()
        if ids:
            ids[self._place] = self.alphabet.index(self.replacement)
        return torch.linalg.vector_norm(self.states - self._run(self.edited, ids), dim=-1)

    @property
    def replacement(self) -> str:
        """The letter that the traced one is replaced with."""
        letter = self.letters[self._place] if self.letters else ""
        if self.other is not None and self.other != letter:
            return self.other
        return self.alphabet[(self.alphabet.find(letter) + 1) % len(self.alphabet)] if letter else self.alphabet[0]

    @property
    def _place(self) -> int:
        return min(self.traced, len(self.letters)) - 1

    def _ids(self) -> list[int]:
        """−1 for what is not in the alphabet."""
        return [self.alphabet.find(letter) for letter in self.letters]

    @torch.no_grad()
    def _run(self, cell: RNNCell, ids: list[int]) -> Tensor:
        zeros = torch.zeros(1, self._units, dtype=torch.float64)
        states = [zeros]
        for t, k in enumerate(ids, start=1):
            x = torch.zeros(1, len(self.alphabet), dtype=torch.float64)
            if k >= 0:
                x[0, k] = 1
            states.append(cell(x, zeros if t == self.reset else states[-1]))
        return torch.cat(states)[1:]

    def still(self) -> str:
        """The states in a table, unit by unit, and under them the trace; no scripts needed."""
        if not self.letters:
            return "<p>UnrolledStepper has no text to show.</p>"
        rows = [
            f'<tr><th scope="row">unit {j}</th>{"".join(map(_cell, unit))}</tr>'
            for j, unit in enumerate(self.states.T.tolist(), start=1)
        ]
        heads = "".join(f'<th scope="col">{escape(GLYPHS.get(c, c))}</th>' for c in self.letters)
        trace = "".join(f"<td>{size:.2f}</td>" for size in self.trace.tolist())
        letter = self.letters[self._place]
        words = (
            f"The hidden state after each letter. Last row: how far it would move if letter {self._place + 1} were "
            f"“{GLYPHS.get(self.replacement, self.replacement)}” instead of “{GLYPHS.get(letter, letter)}”."
        )
        style = ".us-still{overflow-x:auto}.us-still :is(td,th){padding:2px 4px;font-size:.75rem;text-align:center}"
        return (
            f'<style>{style}</style><div class="us-still"><table><caption>{escape(words)}</caption>'
            f'<thead><tr><th scope="col">letter</th>{heads}</tr></thead>'
            f'<tbody>{"".join(rows)}<tr><th scope="row">trace</th>{trace}</tr></tbody></table></div>'
        )

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        of = f"seed {self.seed}" if self._layer is None else f"a given RNN of {self._units} units"
        return f"UnrolledStepper({self.text!r}, {of})"


def _cell(value: float) -> str:
    """A number of the state on its colour, legible in light and dark."""
    red, green, blue = (217, 95, 2) if value > 0 else (26, 95, 180)
    shade = f"rgba({red},{green},{blue},{0.55 * abs(value):.2f})"
    return f'<td style="background:{shade}">{value:.2f}</td>'.replace(">-", ">−")


def _own_copy(layer: object, inputs: int) -> RNN:
    """The layer as one of ours, in float64; refuses what the page cannot show."""
    own = copy.deepcopy(layer) if isinstance(layer, RNN | LSTM | GRU) else from_torch(layer)  # type: ignore[arg-type]
    if not isinstance(own, RNN) or own.nonlinearity != "tanh":
        raise TypeError(f"layer: expected an RNN with tanh, got {layer}")
    if own.num_layers > 1 or own.bidirectional:
        found = f"num_layers={own.num_layers}, bidirectional={own.bidirectional}"
        raise ValueError(f"layer: expected a single layer in one direction, got {found}")
    if own.hidden_size > MOST_GIVEN_UNITS:
        raise ValueError(f"layer: expected at most {MOST_GIVEN_UNITS} units, got {own.hidden_size}")
    if own.input_size != inputs:
        raise ValueError(f"layer: expected one input for each of {inputs} characters, got {own.input_size}")
    for name, parameter in own.named_parameters():
        checks.no_nan(f"layer.{name}", parameter.detach())
    return own.double()


def _biases(layer: RNN) -> tuple[Tensor, Tensor]:
    if layer.bias:
        return layer.get_parameter("bias_ih_l0").detach(), layer.get_parameter("bias_hh_l0").detach()
    zeros = torch.zeros(layer.hidden_size, dtype=torch.float64)
    return zeros, zeros


def _packed(layer: RNN | None) -> dict[str, Any]:
    if layer is None:
        return {}
    bias_ih, bias_hh = _biases(layer)
    weight_ih, weight_hh = layer.get_parameter("weight_ih_l0"), layer.get_parameter("weight_hh_l0")
    return {"weight_ih": pack(weight_ih), "weight_hh": pack(weight_hh), "bias": pack(bias_ih + bias_hh)}
