"""GateScope: what the gates of a character network do on the reader's own text."""

from dataclasses import asdict
from html import escape
from typing import Any

import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import bracket_models, brackets, checks, tracing
from lessons_src.bracket_measures import Landmark
from lessons_src.bracket_models import BracketModel
from lessons_src.models import CharModel
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget

LONGEST_TEXT = 20_000
MOST_IN_PRINT = 300
STILL_STYLE = (
    ".gs-still{font-family:monospace;line-height:1.5}"
    ".gs-still span{display:inline-block;min-width:1.25ch;text-align:center}"
    ".gs-still :is(b,i){display:block;white-space:pre;font:inherit}"
)
VISIBLE = {"\n": "↵"}
MOST_RESPONSIVE = "most responsive"
QUANTITIES = {"LSTM": ("i", "f", "g", "o", "c", "h"), "GRU": ("r", "z", "n", "h"), "RNN": ("h",)}
CLAMPS = {"LSTM": ("f", "i", "o"), "GRU": ("z", "r"), "RNN": ()}

EXAMPLES = (
    ("It works", "a quote and three brackets",
     'the cat said "hello (old friend) come in" and left {no trace [at all]} behind'),
    ("It works", "a bracket inside a quote",
     'Maria told me: "I will be back soon (maybe on Monday, maybe not)". She never came.'),
    ("It works", "a long wait for one bracket",
     "the old man (who had walked forty miles through the snow to find us) smiled"),
    ("It works", "three deep", "{one [two (three) two] one} zero"),
    ("It fails, and why", "inches: a quote that nothing closes", 'it was 5" wide'),
    ("It fails, and why", "six deep, trained on three", "((((((six))))))"),
    ("It fails, and why", "curly quotes: it has never seen them", "she said “come in” and «sit down»"),
)  # fmt: skip
"""Texts for the shipped models: group, name, text."""


class GateScope(BookWidget):
    """Shows every gate of one unit of a character network, character by character, on a text that the reader types.

    Args:
        model: "LSTM" (the default), "GRU" or "RNN" for the shipped models of the bracket language, a `BracketModel`
            that you trained, or any `CharModel` of one layer in one direction.
        text: the text to read, at most 20,000 characters.
        unit: the number of the unit to show, the label of a landmark, or "most responsive"; None: the first landmark,
            or the most responsive unit if there are none.
        landmarks: the units worth a look, for a model of your own.
        **traits: any of the traits below.

    Attributes:
        text: what the network reads, after a newline if its alphabet has one.
        unit: the unit that is shown: a number from 0, or "most responsive", which follows the text.
        gate: the gate that is clamped: "none", or one of f, i, o of an LSTM, z, r of a GRU.
        value: what the gate is held at, 0 or 1.
        scope: where it is held: in the "unit" that is shown, or in "all".
        character: the character that is read out and from which the gradient is traced, from 0; None for the one where
            most is to be seen.
        gradient: whether the gradient is drawn.
        overview: a quantity to show for all units at once, or "none".

    All of these may be set from Python, and follow what the reader does. `trace` and `probabilities` compute what is
    shown, with the package, so that you can go on from there.

    Raises:
        TypeError: if an argument has another type than expected.
        ValueError: if the model has several layers or two directions, a weight is NaN, or a name is unknown.
    """

    _bundle = traitlets.Unicode("gate_scope").tag(sync=True)

    text = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Union([traitlets.Int(), traitlets.Unicode()], default_value=MOST_RESPONSIVE).tag(sync=True)
    gate = traitlets.Unicode("none").tag(sync=True)
    value = traitlets.Int(0).tag(sync=True)
    scope = traitlets.Unicode("unit").tag(sync=True)
    character = traitlets.Int(None, allow_none=True).tag(sync=True)
    gradient = traitlets.Bool(False).tag(sync=True)
    overview = traitlets.Unicode("none").tag(sync=True)

    cell = traitlets.Unicode().tag(sync=True)
    activation = traitlets.Unicode("tanh").tag(sync=True)
    alphabet = traitlets.Unicode().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    closers: Any = traitlets.List().tag(sync=True)
    weights = traitlets.Dict().tag(sync=True)
    landmarks: Any = traitlets.List().tag(sync=True)
    examples: Any = traitlets.List().tag(sync=True)

    def __init__(
        self,
        model: CharModel | BracketModel | str | None = None,
        text: str | None = None,
        *,
        unit: int | str | None = None,
        landmarks: tuple[Landmark, ...] | None = None,
        **traits: Any,
    ) -> None:
        self._name = model if isinstance(model, str) else None if model is not None else "LSTM"
        self._model, shipped_marks = _resolve(model)
        marks = shipped_marks if landmarks is None else _landmarks(landmarks)
        examples = EXAMPLES if set(brackets.CLOSING_CLASSES) <= set(self._model.classes) else ()
        unknown = sorted(set(traits) - {"gate", "value", "scope", "character", "gradient", "overview", "layout"})
        if unknown:
            raise TypeError(f"{unknown[0]}: GateScope has no such argument")
        super().__init__(
            cell=self._model.cell,
            activation=getattr(self._model.recurrent, "nonlinearity", "tanh"),
            alphabet=self._model.vocabulary.alphabet,
            classes=list(self._model.classes),
            closers=[list(closer) for closer in _closers(self._model)],
            weights=_packed(self._model),
            landmarks=[asdict(mark) for mark in marks],
            examples=[list(example) for example in examples],
            text=EXAMPLES[0][2] if text is None else text,
            unit=_first_unit(unit, marks),
            **traits,
        )

    @property
    def model(self) -> CharModel:
        """The network that is shown, without the clamp."""
        return self._model

    @property
    def clamped_layer(self) -> Any:
        """The recurrent layer with the clamp that is set, if any."""
        if self.gate == "none":
            return self._model.recurrent
        units = None if self.scope == "all" else [self.shown_unit]
        return tracing.clamp_gate(self._model.recurrent, self.gate, float(self.value), units)

    @property
    def shown_unit(self) -> int:
        """The number of the unit that is shown; "most responsive" has the largest variance of c or h over the text."""
        if self.unit != MOST_RESPONSIVE:
            return int(self.unit)
        if not self.text:
            return 0
        (record,) = tracing.trace(self._model.recurrent, self._inputs(), state=self._start(self._model.recurrent))
        state = record.c if isinstance(record, tracing.LSTMTrace) else record.h
        return int(state[0].var(0, unbiased=False).argmax())

    def probabilities(self) -> Float[Tensor, "time classes"]:
        """The probability of each class of the next character after each character of the text, under the clamp."""
        (record,) = tracing.trace(self.clamped_layer, self._inputs(), state=self._start(self.clamped_layer))
        with torch.no_grad():
            return torch.softmax(self._model.head(record.h[0]), -1)

    def trace(self) -> tracing.Trace:
        """What the layer did on the text under the clamp, step t for character t.

        If a character is picked, with the gradient of L = log P(what is most likely due after it): a closer if the
        model has classes for them.
        """
        layer = self.clamped_layer
        loss = None if self.character is None else self._log_probability(min(self.character, len(self.text) - 1))
        (record,) = tracing.trace(layer, self._inputs(), loss, self._start(layer))
        return record

    def _log_probability(self, step: int) -> Any:
        choices = [index for index, _ in self.closers] or list(range(len(self._model.classes)))

        def loss(y: Tensor) -> Tensor:
            scores = torch.log_softmax(self._model.head(y[0, step]), -1)
            return scores[choices].max()

        return loss

    def _inputs(self) -> Tensor:
        if not self.text:
            raise ValueError("text: expected at least one character, got an empty text")
        return self._model.encode(self._model.vocabulary.encode(self.text)[None])

    def _start(self, layer: Any) -> Any:
        """The state after a newline, or None if the alphabet has none."""
        if not self._model.vocabulary.knows("\n"):
            return None
        with torch.no_grad():
            return layer(self._model.encode(self._model.vocabulary.encode("\n")[None]))[1]

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if len(proposal.value) > LONGEST_TEXT:
            raise ValueError(f"text: expected at most {LONGEST_TEXT} characters, got {len(proposal.value)}")
        return str(proposal.value)

    @traitlets.validate("unit")
    def _check_unit(self, proposal: Any) -> int | str:
        units = self._model.recurrent.hidden_size
        unit = proposal.value
        if unit == MOST_RESPONSIVE or (isinstance(unit, int) and not isinstance(unit, bool) and 0 <= unit < units):
            return unit
        raise ValueError(f"unit: expected a number from 0 to {units - 1} or {MOST_RESPONSIVE!r}, got {unit!r}")

    @traitlets.validate("gate")
    def _check_gate(self, proposal: Any) -> str:
        return checks.one_of("gate", proposal.value, ("none", *CLAMPS[self._model.cell]))

    @traitlets.validate("value")
    def _check_value(self, proposal: Any) -> int:
        return int(checks.number_between("value", checks.whole_number("value", proposal.value, 0), 0.0, 1.0))

    @traitlets.validate("scope")
    def _check_scope(self, proposal: Any) -> str:
        return checks.one_of("scope", proposal.value, ("unit", "all"))

    @traitlets.validate("character")
    def _check_character(self, proposal: Any) -> int | None:
        return None if proposal.value is None else checks.whole_number("character", proposal.value, 0)

    @traitlets.validate("overview")
    def _check_overview(self, proposal: Any) -> str:
        return checks.one_of("overview", proposal.value, ("none", *QUANTITIES[self._model.cell]))

    def still(self) -> str:
        """The text coloured by the unit's state, and under each character the closer that is due; no scripts needed."""
        shown = self.text[:MOST_IN_PRINT]
        if not shown:
            return "<p>GateScope has no text to show.</p>"
        record = self.trace()
        state = (record.c if isinstance(record, tracing.LSTMTrace) else record.h)[0, : len(shown), self.shown_unit]
        shades = self._scaled(state.double())
        choices = _closers(self._model) or list(enumerate(self._model.classes))
        chances, best = self.probabilities()[: len(shown), [index for index, _ in choices]].max(-1)
        cells = "".join(
            _still_cell(character, shade, choices[k][1], chance)
            for character, shade, k, chance in zip(shown, shades.tolist(), best.tolist(), chances.tolist(), strict=True)
        )
        words = (
            f"The text, coloured by unit {self.shown_unit} of the {self._model.cell}: orange high, blue low. Under each"
            " character: what is most likely due, the darker the surer."
        )
        return (
            f'<figure role="img" aria-label="{escape(words + " Text: " + shown, quote=True)}">'
            f'<style>{STILL_STYLE}</style><div class="gs-still">{cells}</div><figcaption>{words}</figcaption></figure>'
        )

    def _scaled(self, state: Tensor) -> Tensor:
        """The state on the scale of the unit's landmark, else relative to its largest magnitude."""
        for mark in self.landmarks:
            if mark["unit"] == self.shown_unit:
                return mark["sign"] * (state - mark["midpoint"]) / mark["scale"]
        return state / state.abs().max().clamp(min=0.05)

    def __repr__(self) -> str:
        of = repr(self._name) if self._name else f"{self._model.cell} of {self._model.recurrent.hidden_size} units"
        shown = self.text if len(self.text) <= 40 else f"{self.text[:37]}..."
        return f"GateScope({of}, text={shown!r})"


def _still_cell(character: str, shade: float, due: str, chance: float) -> str:
    """One character and what is due after it, one above the other."""
    red, green, blue = (217, 95, 2) if shade > 0 else (26, 95, 180)
    strength = 0.55 * min(1.0, abs(shade))  # text stays legible in light and dark
    below = escape(due) if chance >= 0.05 else "·"
    background = f"#{red:02x}{green:02x}{blue:02x}{round(255 * strength):02x}"
    return (
        f'<span><b style="background:{background}">{escape(VISIBLE.get(character, character))}</b>'
        f'<i style="opacity:{max(0.3, chance**0.5):.2g}">{below}</i></span>'
    )


def _resolve(model: object) -> tuple[CharModel, tuple[Landmark, ...]]:
    """The network to show, checked, and the landmarks that come with it."""
    if model is None or isinstance(model, str):
        model = bracket_models.load(checks.one_of("model", "LSTM" if model is None else model, tuple(QUANTITIES)))
    if isinstance(model, BracketModel):
        return model.model, model.landmarks
    if not isinstance(model, CharModel):
        expected = "a lessons_src.models.CharModel, or one of LSTM, GRU, RNN"
        raise TypeError(f"model: expected {expected}, got {type(model).__name__}")
    layer = model.recurrent
    if layer.num_layers != 1 or layer.bidirectional:
        directions = "two directions" if layer.bidirectional else "one direction"
        raise ValueError(
            f"model: GateScope draws one layer in one direction, got {layer.num_layers} layer(s) in {directions}"
        )
    for name, weight in model.named_parameters():
        checks.no_nan(f"model.{name}", weight.detach())
    return model, ()


def _landmarks(given: object) -> tuple[Landmark, ...]:
    found = checks.items("landmarks", given, "some of lessons_src.bracket_measures.Landmark")
    if wrong := [mark for mark in found if not isinstance(mark, Landmark)]:
        raise TypeError(f"landmarks: expected each to be a Landmark, got {wrong[0]!r:.60}")
    return tuple(found)


def _closers(model: CharModel) -> list[tuple[int, str]]:
    """The classes that close something, each with its character; none if the model's classes are of another kind."""
    names = model.classes
    return [(names.index(name), name if len(name) == 1 else '"') for name in brackets.CLOSING_CLASSES if name in names]


def _first_unit(unit: int | str | None, marks: tuple[Landmark, ...]) -> int | str:
    """The unit that the argument names."""
    if unit is None:
        return marks[0].unit if marks else MOST_RESPONSIVE
    named = {mark.label: mark.unit for mark in marks}
    if isinstance(unit, str) and unit != MOST_RESPONSIVE:
        return named[checks.one_of("unit", unit, (MOST_RESPONSIVE, *named))]
    return unit


def _packed(model: CharModel) -> dict[str, Any]:
    """Every weight as bytes."""
    layer, head = model.recurrent, model.head
    gates = layer.weight_hh_l0.shape[0]
    zeros = torch.zeros(gates, dtype=layer.weight_hh_l0.dtype)
    weights = {
        "weight_ih": layer.weight_ih_l0,
        "weight_hh": layer.weight_hh_l0,
        "bias_ih": layer.bias_ih_l0 if layer.bias else zeros,
        "bias_hh": layer.bias_hh_l0 if layer.bias else zeros,
        "head_weight": head.weight,
        "head_bias": head.bias,
    }
    return {name: pack(weight.detach()) for name, weight in weights.items()}
