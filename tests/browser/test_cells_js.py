"""The browser's arithmetic equals PyTorch's in float64, forward and backward: the shipped bundle, in Chromium."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor, nn

from lessons_src.widgets import draws
from tests.browser.harness import BUNDLES

TOLERANCE = 1e-9
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "identity": torch.clone,
}  # fmt: skip
NETWORKS = [("RNN", name) for name in ACTIVATIONS] + [("LSTM", "tanh"), ("GRU", "tanh")]
SIZES = [(1, 1, 1), (3, 2, 5), (8, 5, 7), (4, 33, 20), (8, 16, 60)]  # D, H, T; odd sizes leave a rest of 4

RUN = """({weights, inputs, ids, start, step, vector, clamp}) => {
  const js = unrolledWidgets.gradient_explorer.arithmetic;
  const typed = (values) => Float64Array.from(values);
  let network = { ...weights };
  for (const key of ["weightIh", "weightHh", "biasIh", "biasHh"]) network[key] = typed(weights[key]);
  if (clamp) network = js.clampGate(network, clamp.gate, clamp.value, clamp.units);
  const x = ids ? Int32Array.from(ids) : typed(inputs);
  const record = js.sequenceForward(network, x, start ? { h0: typed(start[0]), c0: typed(start[1]) } : {});
  const gradients = js.sequenceBackward(network, record, step, vector);
  const { dWeightHh, exponent, logNorm } = js.weightGradient(network, record, gradients);
  const plain = (object) => Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, ArrayBuffer.isView(value) ? Array.from(value) : value]));
  return { record: plain(record), gradients: plain(gradients),
           dWeightHh: Array.from(dWeightHh, (v) => v * 2 ** exponent), logNorm };
}"""


@pytest.fixture(scope="module")
def arithmetic(browser: Browser) -> Iterator[Page]:
    """A page with nothing but the bundle's arithmetic."""
    page = browser.new_page()
    source = (BUNDLES / "gradient_explorer.js").read_text(encoding="utf-8")
    page.evaluate(f"(() => {{ {source}; window.unrolledWidgets = {{ gradient_explorer: unrolledWidget }}; }})()")
    yield page
    page.close()


class Network:
    """One cell with random weights, run step by step in torch, every gate and state kept and differentiable."""

    def __init__(self, cell: str, activation: str, d: int, h: int, seed: int, scale: float = 1.0) -> None:
        generator = torch.Generator().manual_seed(seed)
        rows = GATES[cell] * h

        def uniform(*size: int) -> Tensor:
            return (torch.rand(*size, generator=generator, dtype=torch.float64) * 2 - 1) * scale / math.sqrt(h)

        self.cell, self.activation, self.h_size = cell, activation, h
        self.weight_ih, self.weight_hh = uniform(rows, d), uniform(rows, h).requires_grad_()
        self.bias_ih, self.bias_hh = uniform(rows), uniform(rows)
        self.h_0, self.c_0 = torch.zeros(h, dtype=torch.float64), torch.zeros(h, dtype=torch.float64)

    def clamp(self, gate: int, value: float, units: list[int]) -> None:
        self.bias_ih[[gate * self.h_size + unit for unit in units]] = math.inf if value > 0 else -math.inf

    def as_json(self) -> dict[str, Any]:
        flat = {"weightIh": self.weight_ih, "weightHh": self.weight_hh, "biasIh": self.bias_ih, "biasHh": self.bias_hh}
        sizes = {"inputSize": self.weight_ih.shape[1], "hiddenSize": self.h_size}
        values = {name: tensor.detach().flatten().tolist() for name, tensor in flat.items()}
        return {"cell": self.cell, "activation": self.activation, **sizes, **values}

    def run(self, x: Tensor) -> dict[str, list[Tensor]]:
        """Every step by the definition; what torch.nn offers as a module of one step is compared in `judge`."""
        h, c = self.h_0, self.c_0
        kept: dict[str, list[Tensor]] = {}
        for x_t in x:
            a_x = self.weight_ih @ x_t + self.bias_ih
            a_h = self.weight_hh @ h + self.bias_hh
            step: dict[str, Tensor] = {}
            if self.cell == "RNN":
                h = ACTIVATIONS[self.activation](a_x + a_h)
            elif self.cell == "LSTM":
                i, f, g, o = (a_x + a_h).chunk(4)
                step = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
                c = step["f"] * c + step["i"] * step["g"]
                c.retain_grad()
                h = step["o"] * c.tanh()
                step["c"] = c
            else:
                (xr, xz, xn), (hr, hz, m) = a_x.chunk(3), a_h.chunk(3)
                step = {"r": (xr + hr).sigmoid(), "z": (xz + hz).sigmoid(), "m": m}
                step["n"] = (xn + step["r"] * m).tanh()
                h = (1 - step["z"]) * step["n"] + step["z"] * h
            h.retain_grad()
            for name, value in {**step, "h": h}.items():
                kept.setdefault(name, []).append(value)
        return kept

    def judge(self, x: Tensor) -> Tensor | None:
        """The states by torch.nn's own cell, where torch.nn has one."""
        d, size = self.weight_ih.shape[1], self.h_size
        if self.cell == "RNN" and self.activation not in ("tanh", "relu"):
            return None
        kind: Any = getattr(nn, f"{self.cell}Cell")
        module = kind(d, size, **({"nonlinearity": self.activation} if self.cell == "RNN" else {})).double()
        module.load_state_dict({name: getattr(self, name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
        states, state = [], (self.h_0[None], self.c_0[None]) if self.cell == "LSTM" else self.h_0[None]
        for x_t in x:
            state = module(x_t[None], state)
            states.append(state[0][0] if self.cell == "LSTM" else state[0])
        return torch.stack(states).detach()


def difference(found: Any, expected: Tensor) -> float:
    """The largest difference, as a part of the largest expected entry."""
    wanted = expected.detach().flatten()
    given = torch.tensor(found, dtype=torch.float64)
    assert given.shape == wanted.shape
    return float((given - wanted).abs().max() / wanted.abs().max().clamp_min(1e-300))


def compare(page: Page, network: Network, x: Tensor, step: int, **options: Any) -> dict[str, Any]:
    """Runs both, forward and backward from `step`, and holds each array against the other."""
    vector = torch.randn(network.h_size, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    arguments = {"weights": network.as_json(), "inputs": x.flatten().tolist(), "step": step, "vector": vector.tolist()}
    found = page.evaluate(RUN, arguments | options)
    kept = network.run(x)
    (kept["h"][step] @ vector).backward()
    for name, values in kept.items():
        assert difference(found["record"][name], torch.stack(values)) <= TOLERANCE, name
    judged = network.judge(x)
    assert judged is None or difference(found["record"]["h"], judged) <= TOLERANCE
    for state, rows, norms in (("h", "dH", "logNormH"), ("c", "dC", "logNormC")):
        if state in kept:
            compare_gradients(found["gradients"][rows], found["gradients"][norms], kept[state][: step + 1])
    assert network.weight_hh.grad is not None
    assert difference(found["dWeightHh"], network.weight_hh.grad) <= TOLERANCE
    size = float(network.weight_hh.grad.norm())
    assert size == 0 or found["logNorm"] == pytest.approx(math.log10(size), abs=1e-9)
    network.weight_hh.grad = None
    return found


def compare_gradients(rows: list[float], log_norms: list[float], states: list[Tensor]) -> None:
    """Directions and norms of ∂L/∂h_t at every step, those of 0 included."""
    size = len(states[0])
    for t, state in enumerate(states):
        assert state.grad is not None
        norm = float(state.grad.norm())
        if norm == 0:
            assert log_norms[t] == -math.inf
            continue
        assert 10 ** (log_norms[t] - math.log10(norm)) == pytest.approx(1, abs=TOLERANCE), f"norm at t = {t}"
        direction = torch.tensor(rows[t * size : (t + 1) * size], dtype=torch.float64)
        assert float((direction - state.grad / norm).abs().max()) <= TOLERANCE, f"direction at t = {t}"


def inputs_of(d: int, steps: int, seed: int = 0) -> Tensor:
    return torch.randn(steps, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("cell", "activation"), NETWORKS)
@pytest.mark.parametrize(("d", "h", "steps"), SIZES)
def test_both_directions_equal_torch(arithmetic: Page, cell: str, activation: str, d: int, h: int, steps: int) -> None:
    for seed, scale in enumerate((0.3, 1.0, 2.5)):
        network = Network(cell, activation, d, h, seed, scale)
        compare(arithmetic, network, inputs_of(d, steps, seed), steps - 1)


@pytest.mark.parametrize(("cell", "activation"), NETWORKS)
def test_a_gradient_may_start_at_any_step_and_a_sequence_in_any_state(
    arithmetic: Page, cell: str, activation: str
) -> None:
    network = Network(cell, activation, 3, 6, seed=5)
    network.h_0, network.c_0 = inputs_of(6, 2, seed=8)
    for step in (0, 1, 4, 8):
        compare(arithmetic, network, inputs_of(3, 9), step, start=[network.h_0.tolist(), network.c_0.tolist()])


@pytest.mark.parametrize(("cell", "activation"), NETWORKS)
def test_ids_mean_one_hot_inputs(arithmetic: Page, cell: str, activation: str) -> None:
    ids = torch.randint(0, 11, (25,), generator=torch.Generator().manual_seed(1))
    one_hot = nn.functional.one_hot(ids, 11).double()
    compare(arithmetic, Network(cell, activation, 11, 4, seed=2), one_hot, 24, ids=ids.tolist())


@pytest.mark.parametrize(
    ("cell", "gate", "value"),
    [("LSTM", g, v) for g in "ifo" for v in (0, 1)] + [("LSTM", "g", v) for v in (-1, 1)]
    + [("GRU", g, v) for g in "rz" for v in (0, 1)] + [("GRU", "n", v) for v in (-1, 1)],
)  # fmt: skip
@pytest.mark.parametrize("units", [[0], [1, 4], None])
def test_a_clamp_is_a_bias_of_infinity(
    arithmetic: Page, cell: str, gate: str, value: int, units: list[int] | None
) -> None:
    network = Network(cell, "tanh", 3, 6, seed=3)
    plain = network.as_json()
    order = {"LSTM": "ifgo", "GRU": "rzn"}[cell]
    network.clamp(order.index(gate), value, list(range(6)) if units is None else units)
    clamp = {"gate": gate, "value": value, "units": units}
    found = compare(arithmetic, network, inputs_of(3, 12), 11, weights=plain, clamp=clamp)
    held = np.array(found["record"][gate]).reshape(12, 6)[:, units or slice(None)]
    assert (held == value).all()


def test_no_gradient_underflows_that_float64_cannot_hold(arithmetic: Page) -> None:
    """Sigmoid, gain 0.5, T = 200: 10⁻¹⁸⁰ and below. The reference is an 80-bit float, which reaches 10⁻⁴⁹³²."""
    size, steps = 8, 450
    network = Network("RNN", "sigmoid", 3, size, seed=1, scale=0.5)
    x = inputs_of(3, steps)
    vector = torch.randn(size, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    arguments = {"weights": network.as_json(), "inputs": x.flatten().tolist(), "step": steps - 1}
    found = arithmetic.evaluate(RUN, arguments | {"vector": vector.tolist()})
    h = torch.stack(network.run(x)["h"]).detach().numpy().astype(np.longdouble)
    weight = network.weight_hh.detach().numpy().astype(np.longdouble)
    gradient = vector.numpy().astype(np.longdouble)
    for t in reversed(range(1, steps)):
        gradient = (gradient * h[t] * (1 - h[t])) @ weight
    expected = float(np.log10(np.sqrt((gradient**2).sum())))
    assert expected < -330
    assert found["gradients"]["logNormH"][0] == pytest.approx(expected, rel=1e-12)


def test_a_linear_cell_shrinks_by_exactly_its_gain(arithmetic: Page) -> None:
    for gain in (0.001, 0.5, 0.9, 1.1, 2.0):
        network = Network("RNN", "identity", 1, 3, seed=0)
        network.weight_hh = (gain * torch.eye(3, dtype=torch.float64)).requires_grad_()
        arguments = {"weights": network.as_json(), "inputs": [0.0] * 200, "step": 199, "vector": [1.0, 0.0, 0.0]}
        norms = arithmetic.evaluate(RUN, arguments)["gradients"]["logNormH"]
        assert norms[0] == pytest.approx(199 * math.log10(gain), rel=1e-12)


def test_a_network_that_forgets_nothing_keeps_the_cell_for_ever(arithmetic: Page) -> None:
    network = Network("LSTM", "tanh", 2, 4, seed=0)
    plain = network.as_json()
    network.clamp(1, 1, [2])
    network.clamp(0, 0, [2])
    c_0 = torch.zeros(4, dtype=torch.float64)
    c_0[2] = 0.7
    network.c_0 = c_0
    plain["biasIh"] = network.bias_ih.tolist()
    start = [network.h_0.tolist(), c_0.tolist()]
    found = compare(arithmetic, network, inputs_of(2, 100), 99, weights=plain, start=start)
    assert (np.array(found["record"]["c"]).reshape(100, 4)[:, 2] == 0.7).all()


@pytest.mark.parametrize("size", [1, 2, 5, 32, 64])
def test_the_orthogonal_matrix_is_numpys(arithmetic: Page, size: int) -> None:
    draw = draws.normals(3, 0, size * size)
    call = "([A, n]) => Array.from(unrolledWidgets.gradient_explorer.arithmetic.orthogonal(Float64Array.from(A), n))"
    q = np.array(arithmetic.evaluate(call, [draw.tolist(), size])).reshape(size, size)
    assert np.abs(q @ q.T - np.eye(size)).max() <= 1e-13
    assert np.abs(q - draws.recurrent("orthogonal", 1, size, 3)).max() <= 1e-10


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 2), (7, 7), (32, 32), (64, 64), (20, 5)])
def test_singular_values_are_torchs(arithmetic: Page, rows: int, columns: int) -> None:
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows), dtype=torch.float64)
    matrix[:, -1] *= 1e-7
    call = """([A, m, n]) =>
      Array.from(unrolledWidgets.gradient_explorer.arithmetic.singularValues(Float64Array.from(A), m, n))"""
    found = arithmetic.evaluate(call, [matrix.flatten().tolist(), rows, columns])
    assert found == pytest.approx(torch.linalg.svdvals(matrix).tolist(), rel=1e-9, abs=1e-15)


def test_the_page_and_python_draw_the_same_numbers(arithmetic: Page) -> None:
    call = "([s, k, n]) => Array.from(unrolledWidgets.gradient_explorer.arithmetic.normals(s, k, n))"
    for seed, stream, count in [(0, 0, 1), (0, 1, 7), (99, 3, 1000), (5, 2, 16_384)]:
        found = np.array(arithmetic.evaluate(call, [seed, stream, count]))
        assert np.abs(found - draws.normals(seed, stream, count)).max() <= 1e-12
