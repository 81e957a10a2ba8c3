"""The Python half of the widgets: what crosses to the page, what is refused, and that it needs no page to be right."""

import importlib
import inspect
import math
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lessons_src import layers, widgets
from lessons_src.widgets import GradientExplorer, draws
from lessons_src.widgets.arrays import PackedArray, pack, unpack
from lessons_src.widgets.base import BUNDLES, BookWidget

BOOK = Path(__file__).parents[1] / "book"

# --------------------------------------------------------------------------------------------------------- bundles


def widget_classes() -> dict[str, type[BookWidget]]:
    """Every widget of the package, by the name of its bundle."""
    modules = [
        importlib.import_module(f"{widgets.__name__}.{found.name}") for found in pkgutil.iter_modules(widgets.__path__)
    ]
    classes = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    kinds = [kind for kind in classes if issubclass(kind, BookWidget) and kind is not BookWidget]
    return {kind._bundle.default_value: kind for kind in kinds}


def test_every_bundle_has_its_widget_and_every_widget_its_bundle() -> None:
    assert {path.stem for path in BUNDLES.glob("*.js")} == set(widget_classes())


@pytest.mark.parametrize("chapter", sorted(BOOK.glob("*.ipynb")), ids=lambda path: path.stem)
def test_all_widgets_of_a_page_fit_the_budget(chapter: Path) -> None:
    code = chapter.read_text(encoding="utf-8")
    used = {name for name, kind in widget_classes().items() if f"{kind.__name__}(" in code}
    assert sum((BUNDLES / f"{name}.js").stat().st_size for name in used) <= 90_000


def test_bundles_name_no_machine_and_no_other_host() -> None:
    for path in BUNDLES.glob("*.js"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text
        assert not any(word in text for word in (f"{Path.home()}/", f"{Path.cwd()}/", "file:"))


def test_the_bundle_serves_lab_as_a_module() -> None:
    source = GradientExplorer()._esm
    assert source.startswith("var unrolledWidget=")
    assert source.endswith("\nexport default unrolledWidget;")


# ---------------------------------------------------------------------------------------------------------- arrays


@given(st.lists(st.floats(), max_size=20))
def test_packing_loses_nothing(values: list[float]) -> None:
    assert np.array_equal(unpack(pack(np.array(values))), np.array(values), equal_nan=True)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0.5, -2.0, 65504.0], "<f2"), ([0.1], "<f8"), ([float(np.float32(0.1))], "<f4"), ([1e300], "<f8"),
     ([math.inf, -math.inf], "<f2"), ([1e-8], "<f8"), ([2.0**-24], "<f2"), ([70000.0], "<f4")],
)  # fmt: skip
def test_packing_takes_the_smallest_type_that_is_exact(values: list[float], dtype: str) -> None:
    assert pack(np.array(values))["dtype"] == dtype


def test_a_tensor_keeps_its_shape_row_by_row() -> None:
    tensor = torch.arange(6.0).reshape(2, 3).T  # not contiguous
    packed = pack(tensor)
    assert packed["shape"] == [3, 2]
    assert np.array_equal(unpack(packed), tensor.numpy())


def test_a_packed_array_crosses_as_bytes_and_comes_back_as_numbers() -> None:
    explorer = GradientExplorer()
    assert explorer.log10_norms.shape == (0,)
    explorer.set_state(
        {"log10_norms": {"dtype": "<f8", "shape": [2], "data": memoryview(np.array([-1.5, 0.0]).tobytes())}}
    )
    assert explorer.log10_norms.tolist() == [-1.5, 0.0]
    assert isinstance(explorer.get_state()["log10_norms"]["data"], bytes)
    with pytest.raises(traitlets.TraitError, match="log10_norms"):
        explorer.log10_norms = "three"
    assert PackedArray.info_text == "an array of numbers"


# ------------------------------------------------------------------------------------------------- random numbers


def test_random_numbers_are_the_same_for_ever() -> None:
    """A change here changes every figure in the book: these were drawn when it was written."""
    assert draws.normals(0, 0, 3).tolist() == pytest.approx(EXPECTED_DRAWS, abs=1e-12)


EXPECTED_DRAWS = [-0.963954547384904, -2.15652364145625, -1.7141682497812383]


def test_random_numbers_are_normal_and_streams_are_independent() -> None:
    many = np.stack([draws.normals(seed, stream, 20_000) for seed in (0, 1) for stream in range(4)])
    assert np.abs(many.mean(axis=1)).max() < 0.03
    assert np.abs(many.std(axis=1) - 1).max() < 0.03
    assert np.abs((many**4).mean(axis=1) - 3).max() < 0.3
    between = np.corrcoef(many) - np.eye(8)
    shifted = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in many]
    assert np.abs(between).max() < 0.03
    assert np.abs(shifted).max() < 0.03


def test_a_longer_draw_begins_like_a_shorter_one() -> None:
    assert np.array_equal(draws.normals(4, 2, 100)[:7], draws.normals(4, 2, 7))


def test_the_recurrent_matrix_is_what_its_name_says() -> None:
    orthogonal = draws.recurrent("orthogonal", 3, 10, 0).reshape(3, 10, 10)
    for block in orthogonal:
        assert np.abs(block.T @ block - np.eye(10)).max() < 1e-14
    assert draws.recurrent("gaussian", 4, 64, 0).std() == pytest.approx(1 / 8, rel=0.03)
    assert np.array_equal(draws.recurrent("identity", 2, 3, 0), np.vstack([np.eye(3), np.eye(3)]))


# ------------------------------------------------------------------------------------------------ GradientExplorer


def test_each_cell_starts_as_usual() -> None:
    found = {cell: (e.initialisation, e.noise) for cell in ("RNN", "LSTM", "GRU") for e in [GradientExplorer(cell)]}
    assert found == {"RNN": ("orthogonal", 0.01), "LSTM": ("gaussian", 0.3), "GRU": ("gaussian", 0.3)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cell": "rnn"}, "cell: expected one of RNN, LSTM, GRU, got 'rnn'"),
        ({"activation": "gelu"}, "activation: expected one of tanh, relu, sigmoid, identity, got 'gelu'"),
        ({"initialisation": "xavier"}, "initialisation: expected one of orthogonal, gaussian, identity, got 'xavier'"),
        ({"gain": -1.0}, "gain: expected a number from 0 to 3, got -1.0"),
        ({"gain": math.nan}, "gain: expected a number from 0 to 3, got nan"),
        ({"gain": "big"}, "The 'gain' trait of a GradientExplorer instance expected a float, not the str 'big'"),
        ({"steps": 1}, "steps: expected a number from 2 to 200, got 1"),
        ({"steps": 2.5}, "The 'steps' trait of a GradientExplorer instance expected an int, not the float 2.5"),
        ({"hidden_size": 65}, "hidden_size: expected a number from 1 to 64, got 65"),
        ({"noise": -0.1}, "noise: expected a number from 0 to 10, got -0.1"),
        ({"seed": 100}, "seed: expected a number from 0 to 99, got 100"),
        ({"gate_bias": 7.0}, "gate_bias: expected a number from -6 to 6, got 7.0"),
        ({"clip_norm": 0.0}, "clip_norm: expected a number from 1e-06 to 1e+06, got 0.0"),
        ({"inputs": torch.zeros(3, 2)}, "inputs: expected together with a layer that reads them, got no layer"),
        ({"layer": "LSTM"}, "layer: expected an RNN, LSTM or GRU of torch.nn without projections, got 'LSTM'"),
        ({"layer": nn.LSTM(2, 3, num_layers=2)}, "layer: expected a single layer in one direction, got num_layers=2"),
        ({"layer": nn.GRU(2, 3, bidirectional=True)}, "layer: expected a single layer in one direction"),
        ({"layer": nn.RNN(2, 300)}, "layer: expected at most 256 units, got 300"),
        ({"layer": nn.RNN(2, 3), "inputs": [[1.0, 2.0]]}, "inputs: expected a tensor, got list"),
        (
            {"layer": nn.RNN(2, 3), "inputs": torch.zeros(4, 3)},
            "inputs: expected shape (T, 2) with T from 2 to 200, got (4, 3)",
        ),
        ({"layer": nn.RNN(2, 3), "inputs": torch.zeros(2, 4, 2)}, "inputs: expected shape (T, 2) with T from 2 to 200"),
        (
            {"layer": nn.RNN(2, 3), "inputs": torch.full((4, 2), math.nan)},
            "inputs: expected finite numbers, got NaN or ∞",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        GradientExplorer(**arguments)
    assert message in str(refused.value)


def test_a_layer_with_nan_is_refused() -> None:
    layer: Any = nn.LSTM(2, 3)
    with torch.no_grad():
        layer.weight_hh_l0[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"layer\.weight_hh_l0: holds NaN"):
        GradientExplorer(layer=layer)


def test_a_trait_that_is_refused_later_keeps_its_value() -> None:
    explorer = GradientExplorer(gain=0.9)
    with pytest.raises(ValueError, match=r"gain: expected a number from 0 to 3, got 4\.0"):
        explorer.gain = 4.0
    assert explorer.gain == 0.9


def test_the_random_layer_follows_the_traits() -> None:
    explorer = GradientExplorer("LSTM", hidden_size=5, gate_bias=3, gain=0.5, steps=7)
    assert explorer.layer.get_parameter("bias_ih_l0").tolist() == [0.0] * 5 + [3.0] * 5 + [0.0] * 10
    assert explorer.inputs.shape == (1, 7, 8)
    before = explorer.layer.get_parameter("weight_hh_l0").clone()
    explorer.gain = 1.0
    assert torch.equal(explorer.layer.get_parameter("weight_hh_l0"), 2 * before)
    assert torch.linalg.vector_norm(explorer.direction).item() == pytest.approx(1)
    explorer.cell = "GRU"
    assert isinstance(explorer.layer, layers.GRU)


def test_a_linear_cell_shrinks_the_gradient_by_its_gain_at_every_step() -> None:
    norms = GradientExplorer(activation="identity", gain=0.9, steps=50).trace().d_h_norm[0]
    assert norms.tolist() == pytest.approx([0.9**k for k in range(49, -1, -1)])


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU, layers.RNN, layers.LSTM, layers.GRU])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_of_yours_crosses_as_bytes_and_is_a_copy(kind: Any, bias: bool) -> None:
    layer = kind(3, 4, bias=bias)
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    explorer = GradientExplorer(layer=layer, inputs=x)
    kept = unpack(explorer.weights["weight_hh"])
    assert np.array_equal(kept, layer.weight_hh_l0.detach().numpy())
    assert np.array_equal(unpack(explorer.sequence), x.numpy())
    assert (explorer.cell, explorer.steps) == (kind.__name__, 6)
    assert unpack(explorer.weights["bias_hh"]).any() == bias
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    assert np.array_equal(explorer.layer.get_parameter("weight_hh_l0").numpy(), kept)
    explorer.layer = layer
    assert not unpack(explorer.weights["weight_hh"]).any()
    explorer.layer = None
    assert explorer.weights == {}
    assert explorer.sequence == {}


def test_the_text_form_is_stable() -> None:
    assert (
        repr(GradientExplorer()) == "GradientExplorer(A tanh RNN of 32 units, orthogonal with gain 1, T = 100, seed 0)"
    )
    assert repr(GradientExplorer("LSTM")) == repr(GradientExplorer("LSTM"))
    assert "given GRU of 4 units" in repr(GradientExplorer(layer=nn.GRU(2, 4)))


def test_the_still_figure_stands_beside_the_live_one() -> None:
    data, _ = GradientExplorer("LSTM", steps=30)._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "<svg" in data["text/html"]
    assert "An LSTM of 32 units with forget bias 1: the gradient at t = 1 is" in data["text/html"]
    assert data["text/html"] == GradientExplorer("LSTM", steps=30).still(), "the same in every run"
