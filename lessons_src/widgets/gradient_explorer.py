"""GradientExplorer: when do gradients vanish or explode?"""

import copy
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor, nn

from lessons_src import checks, plotting, tracing
from lessons_src.cells import ACTIVATIONS
from lessons_src.layers import GRU, LSTM, RNN, from_torch
from lessons_src.widgets import draws
from lessons_src.widgets.arrays import Packed, PackedArray, pack
from lessons_src.widgets.base import BookWidget

KINDS: dict[str, Any] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
INITIALISATIONS = ("orthogonal", "gaussian", "identity")
USUAL = {"RNN": ("orthogonal", 0.01), "LSTM": ("gaussian", 0.3), "GRU": ("gaussian", 0.3)}
"""How a cell is started where nothing else is said: what W_hh starts as, and the input noise."""

MOST_STEPS, MOST_UNITS, MOST_GIVEN_UNITS = 200, 64, 256

Layer = RNN | LSTM | GRU


class GradientExplorer(BookWidget):
    """Follows the gradient of a loss at the last step back to the first, for a random cell or for a layer of yours.

    A cell with random weights reads T steps of 8 random numbers each; the loss is h_T seen from a random direction.
    Drawn is ‖∂L/∂h_t‖ / ‖∂L/∂h_T‖ at every step, and for an LSTM ‖∂L/∂c_t‖ / ‖∂L/∂h_T‖. The page computes it, in
    float64, also without a kernel.

    Args:
        cell: "RNN", "LSTM" or "GRU".
        activation: of the RNN: "tanh", "identity", "relu" or "sigmoid".
        initialisation: what W_hh starts as, each gate's block by itself: "orthogonal", "gaussian" (variance 1/H) or
            "identity"; None for orthogonal with an RNN, gaussian with an LSTM or GRU.
        gain: what W_hh is multiplied with, from 0 to 3.
        steps: T, from 2 to 200.
        hidden_size: H, from 1 to 64.
        noise: s, the standard deviation of the inputs, from 0 to 10; None for 0.01 with an RNN, 0.3 with the others.
        seed: of everything random, from 0 to 99.
        gate_bias: of the forget gate of the LSTM, or the update gate of the GRU, from −6 to 6.
        clip_norm: the norm to which ∂L/∂W_hh is clipped, from 1e-6 to 1e6; None for no clipping.
        layer: a layer of `lessons_src.layers` or of torch.nn to show instead of a random cell: a single layer in one
            direction, at most 256 units. It is copied: assign it again after more training.
        inputs: what that layer reads, (T, D) or (1, T, D); None for random numbers.

    All of these may be set from Python at any time, and all but `layer` and `inputs` follow what the reader does.

    Attributes:
        log10_norms: what the page has drawn, log10 of ‖∂L/∂h_t‖ / ‖∂L/∂h_T‖ for t = 1 … T, a NumPy array. It comes back
            from the page a moment after each change, and is empty until a page has drawn something.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("gradient_explorer").tag(sync=True)

    cell = traitlets.Unicode("RNN").tag(sync=True)
    activation = traitlets.Unicode("tanh").tag(sync=True)
    initialisation = traitlets.Unicode("orthogonal").tag(sync=True)
    gain = traitlets.Float(1.0).tag(sync=True)
    steps = traitlets.Int(100).tag(sync=True)
    hidden_size = traitlets.Int(32).tag(sync=True)
    noise = traitlets.Float(0.01).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    gate_bias = traitlets.Float(1.0).tag(sync=True)
    clip_norm = traitlets.Float(None, allow_none=True).tag(sync=True)
    log10_norms = PackedArray()

    weights = traitlets.Dict().tag(sync=True)  # of the given layer, packed; empty for a random cell
    sequence = traitlets.Dict().tag(sync=True)  # the given inputs, packed; empty for random ones

    def __init__(
        self,
        cell: str = "RNN",
        activation: str = "tanh",
        initialisation: str | None = None,
        gain: float = 1.0,
        steps: int | None = None,
        hidden_size: int = 32,
        noise: float | None = None,
        seed: int = 0,
        gate_bias: float = 1.0,
        clip_norm: float | None = None,
        layer: Layer | nn.RNNBase | None = None,
        inputs: Tensor | None = None,
    ) -> None:
        self._layer = None if layer is None else _own_copy(layer)
        self._inputs = None if inputs is None else _check_inputs(inputs, self._layer)
        if self._layer is not None:
            cell = _name_of(self._layer)
        usual_start, usual_noise = USUAL[checks.one_of("cell", cell, KINDS)]
        super().__init__(
            cell=cell,
            activation=activation,
            initialisation=usual_start if initialisation is None else initialisation,
            gain=gain,
            steps=_default_steps(self._inputs) if steps is None else steps,
            hidden_size=hidden_size,
            noise=usual_noise if noise is None else noise,
            seed=seed,
            gate_bias=gate_bias,
            clip_norm=clip_norm,
            weights=_packed_layer(self._layer),
            sequence=_packed_inputs(self._inputs),
        )

    @traitlets.validate("cell", "activation", "initialisation")
    def _check_word(self, proposal: Any) -> str:
        allowed = {"cell": KINDS, "activation": ACTIVATIONS, "initialisation": INITIALISATIONS}
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], allowed[name])

    @traitlets.validate("gain", "noise", "gate_bias", "clip_norm", "steps", "hidden_size", "seed")
    def _check_number(self, proposal: Any) -> float | None:
        name, value = proposal["trait"].name, proposal["value"]
        if value is not None:
            checks.number_between(name, value, *_LIMITS[name])
        return value

    @property
    def layer(self) -> Layer:
        """The layer that is shown: a copy of yours, or the random one, in float64."""
        return self._drawn_layer() if self._layer is None else self._layer

    @layer.setter
    def layer(self, layer: Layer | nn.RNNBase | None) -> None:
        self._layer = None if layer is None else _own_copy(layer)
        if self._inputs is not None and (self._layer is None or self._layer.input_size != self._inputs.shape[-1]):
            self.inputs = None
        with self.hold_sync():
            self.weights = _packed_layer(self._layer)
            if self._layer is not None:
                self.cell = _name_of(self._layer)

    @property
    def inputs(self) -> Float[Tensor, "1 time features"]:
        """What the layer reads, as (1, T, D)."""
        if self._inputs is not None:
            return self._inputs[:, : self.steps]
        size = self.layer.input_size
        values = self.noise * draws.normals(self.seed, draws.NOISE, self.steps * size)
        return torch.from_numpy(values).view(1, self.steps, size).to(_weight(self.layer))

    @inputs.setter
    def inputs(self, inputs: Tensor | None) -> None:
        self._inputs = None if inputs is None else _check_inputs(inputs, self._layer)
        with self.hold_sync():
            self.sequence = _packed_inputs(self._inputs)
            if self._inputs is not None:
                self.steps = self._inputs.shape[1]

    @property
    def direction(self) -> Float[Tensor, " hidden"]:
        """The unit vector v of the loss v · h_T, which is also ∂L/∂h_T."""
        layer = self.layer
        return torch.from_numpy(draws.direction(layer.hidden_size, self.seed)).to(_weight(layer))

    def trace(self) -> tracing.RNNTrace | tracing.LSTMTrace | tracing.GRUTrace:
        """Every gate, state and gradient of what is shown, computed here, by the package."""
        v = self.direction
        (record,) = tracing.trace(self.layer, self.inputs, loss=lambda y: y[0, -1] @ v)
        return record

    def still(self) -> str:
        """The curve as a figure that does not move."""
        record = self.trace()
        last = record.d_h_norm[0, -1]
        norms = {"‖∂L/∂hₜ‖": record.d_h_norm[0] / last}
        if isinstance(record, tracing.LSTMTrace):
            norms["‖∂L/∂cₜ‖"] = record.d_c_norm[0] / last
        figure, axes = plotting.subplots()
        plotting.plot_norms(axes, norms)
        axes.set_ylabel("as a multiple of ‖∂L/∂h_T‖")
        first = float(norms["‖∂L/∂hₜ‖"][0])
        alt = f"{self._subject()}: the gradient at t = 1 is {first:.2g} of what it is at t = {self.inputs.shape[1]}."
        return plotting.figure_html(figure, alt, caption=alt)

    def _drawn_layer(self) -> Layer:
        options = {"nonlinearity": self.activation} if self.cell == "RNN" else {}
        layer = KINDS[self.cell](draws.INPUT_SIZE, self.hidden_size, **options).double()
        return start_randomly(layer, self.initialisation, self.gain, self.gate_bias, self.seed)

    def _subject(self) -> str:
        if self._layer is not None:
            return f"A given {self.cell} of {self._layer.hidden_size} units"
        if self.cell == "RNN":
            word = "linear" if self.activation == "identity" else self.activation
            return f"A {word} RNN of {self.hidden_size} units, {self.initialisation} with gain {self.gain:g}"
        gate = "forget" if self.cell == "LSTM" else "update"
        return f"{_article(self.cell)} {self.cell} of {self.hidden_size} units with {gate} bias {self.gate_bias:g}"

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        return f"GradientExplorer({self._subject()}, T = {self.steps}, seed {self.seed})"


def start_randomly(layer: Layer, initialisation: str, gain: float, gate_bias: float, seed: int) -> Layer:
    """Returns the layer with the random weights that the page draws; `gate_bias` is the forget or the update gate's."""
    size, width, rows = layer.hidden_size, layer.input_size, layer.gates * layer.hidden_size
    bias = np.zeros(rows)
    bias[size : 2 * size] = gate_bias  # the second gate, f or z; an RNN has none
    values = {
        "weight_ih_l0": draws.normals(seed, draws.INPUT, rows * width).reshape(rows, width) / np.sqrt(width),
        "weight_hh_l0": gain * draws.recurrent(initialisation, layer.gates, size, seed),
        "bias_ih_l0": bias,
        "bias_hh_l0": np.zeros(rows),
    }
    layer.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()})
    return layer


def _article(cell: str) -> str:
    return "A" if cell == "GRU" else "An"


_LIMITS: dict[str, tuple[float, float]] = {
    "gain": (0, 3),
    "noise": (0, 10),
    "gate_bias": (-6, 6),
    "clip_norm": (1e-6, 1e6),
    "steps": (2, MOST_STEPS),
    "hidden_size": (1, MOST_UNITS),
    "seed": (0, 99),
}


def _own_copy(layer: object) -> Layer:
    """The layer as one of ours, apart from the caller's; refuses what the page cannot show."""
    own = copy.deepcopy(layer) if isinstance(layer, RNN | LSTM | GRU) else from_torch(layer)  # type: ignore[arg-type]
    if own.num_layers > 1 or own.bidirectional:
        found = f"num_layers={own.num_layers}, bidirectional={own.bidirectional}"
        raise ValueError(f"layer: expected a single layer in one direction, got {found}")
    if own.hidden_size > MOST_GIVEN_UNITS:
        raise ValueError(f"layer: expected at most {MOST_GIVEN_UNITS} units, got {own.hidden_size}")
    for name, parameter in own.named_parameters():
        checks.no_nan(f"layer.{name}", parameter)
    return own.requires_grad_(False)


def _check_inputs(inputs: object, layer: Layer | None) -> Tensor:
    """The inputs as (1, T, D)."""
    if layer is None:
        raise ValueError("inputs: expected together with a layer that reads them, got no layer")
    if not isinstance(inputs, Tensor):
        raise TypeError(f"inputs: expected a tensor, got {type(inputs).__name__}")
    x = inputs.detach()[None] if inputs.ndim == 2 else inputs.detach()
    wanted = f"(T, {layer.input_size}) with T from 2 to {MOST_STEPS}"
    if x.ndim != 3 or len(x) != 1 or x.shape[2] != layer.input_size or not 2 <= x.shape[1] <= MOST_STEPS:
        raise ValueError(f"inputs: expected shape {wanted}, got {tuple(inputs.shape)}")
    if not torch.isfinite(x).all():
        raise ValueError("inputs: expected finite numbers, got NaN or ∞")
    return x.to(_weight(layer)).clone()


def _weight(layer: Layer) -> Tensor:
    """W_hh, whose dtype and device everything else takes on."""
    return layer.get_parameter("weight_hh_l0")


def _name_of(layer: Layer) -> str:
    return next(name for name, kind in KINDS.items() if type(layer) is kind)


def _default_steps(inputs: Tensor | None) -> int:
    return 100 if inputs is None else inputs.shape[1]


def _packed_layer(layer: Layer | None) -> dict[str, Any]:
    if layer is None:
        return {}
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    packed = {name: pack(values) for name, values in zip(names, layer.weights("l0"), strict=True)}
    return {"cell": _name_of(layer), "activation": getattr(layer, "nonlinearity", "tanh"), **packed}


def _packed_inputs(inputs: Tensor | None) -> Packed:
    return {} if inputs is None else pack(inputs[0])
