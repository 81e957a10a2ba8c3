"""Which of the four GRUs equals torch's, which equal each other under another name, and which never do."""

import math
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from lessons_src import tracing
from lessons_src.gru_variants import KEEPERS, RESETS, GRUVariant, OneGateGRU, gru_variant_step
from lessons_src.layers import GRU
from tests.strategies import close, normal

FOUR = pytest.mark.parametrize(("keeps_past", "reset"), list(product(KEEPERS, RESETS)))
D, H = 3, 4


def drawn(layer: GRU, seed: int = 0) -> GRU:
    generator = torch.Generator().manual_seed(seed)
    layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(normal(generator, *parameter.shape))
    return layer


def inputs(batch: int = 2, steps: int = 5) -> Tensor:
    return normal(torch.Generator().manual_seed(1), batch, steps, D)


def like(layer: nn.Module, **choices: str) -> GRUVariant:
    variant = GRUVariant(D, H, **choices).double()
    variant.load_state_dict(layer.state_dict())
    return variant


def negated(layer: nn.Module) -> dict[str, Tensor]:
    """The weights with the update gate's rows turned."""
    rows = {name: weight.chunk(3) for name, weight in layer.state_dict().items()}
    return {name: torch.cat([r, -z, n]) for name, (r, z, n) in rows.items()}


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def by_definition(layer: GRU, x: Tensor, keeps_past: str, reset: str) -> Tensor:
    """The equations, written out unit by unit for one sequence."""
    weights = {name: weight.tolist() for name, weight in layer.state_dict().items()}
    w_i, w_h, b_i, b_h = (weights[f"{kind}_l0"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    h, outputs = [0.0] * H, []
    for x_t in x.tolist():

        def sums(row: int, past: list[float], x_t: list[float] = x_t) -> tuple[float, float]:
            from_input = b_i[row] + sum(w * value for w, value in zip(w_i[row], x_t, strict=True))
            return from_input, b_h[row] + sum(w * value for w, value in zip(w_h[row], past, strict=True))

        r = [sigmoid(sum(sums(j, h))) for j in range(H)]
        z = [sigmoid(sum(sums(H + j, h))) for j in range(H)]
        told = [r[j] * h[j] for j in range(H)] if reset == "before" else h
        n = []
        for j in range(H):
            from_input, past = sums(2 * H + j, told)
            n.append(math.tanh(from_input + (past if reset == "before" else r[j] * past)))
        keep = z if keeps_past == "z" else [1 - value for value in z]
        h = [keep[j] * h[j] + (1 - keep[j]) * n[j] for j in range(H)]
        outputs.append(h)
    return torch.tensor(outputs, dtype=torch.float64)


@FOUR
def test_each_variant_follows_its_equations(keeps_past: str, reset: str) -> None:
    layer, x = drawn(GRU(D, H)), inputs(1)
    y, final = like(layer, keeps_past=keeps_past, reset=reset)(x)
    close(y[0], by_definition(layer, x[0], keeps_past, reset))
    close(final[0], y[:, -1])


def test_only_z_for_the_past_and_reset_after_equals_torch() -> None:
    theirs, x = nn.GRU(D, H, batch_first=True).double(), inputs()
    for keeps_past, reset in product(KEEPERS, RESETS):
        far = float((like(theirs, keeps_past=keeps_past, reset=reset)(x)[0] - theirs(x)[0]).detach().abs().max())
        assert (far < 1e-12) == ((keeps_past, reset) == ("z", "after"))


def test_gradients_of_the_default_equal_torch() -> None:
    theirs, x = nn.GRU(D, H, batch_first=True).double(), inputs()
    ours = like(theirs)
    for layer in (ours, theirs):
        layer(x)[0].square().sum().backward()
    for name, parameter in ours.named_parameters():
        close(parameter.grad, theirs.get_parameter(name).grad, name)


@pytest.mark.parametrize("reset", RESETS)
def test_the_conventions_of_z_are_one_cell_under_two_names(reset: str) -> None:
    layer, x = drawn(GRU(D, H)), inputs()
    other = GRUVariant(D, H, keeps_past="1 - z", reset=reset).double()
    other.load_state_dict(negated(layer))
    close(other(x)[0], like(layer, reset=reset)(x)[0])


@pytest.mark.parametrize("case", ["diagonal", "one gate for all units"])
def test_the_place_of_the_reset_does_not_matter_if_units_do_not_mix_or_share_a_gate(case: str) -> None:
    layer, x = drawn(GRU(D, H)), inputs()
    with torch.no_grad():
        layer.get_parameter("bias_hh_l0")[2 * H :] = 0
        if case == "diagonal":
            layer.get_parameter("weight_hh_l0")[2 * H :] *= torch.eye(H)
        else:
            for parameter in layer.parameters():
                parameter[:H] = parameter[:1].clone()
    close(like(layer, reset="before")(x)[0], like(layer)(x)[0])


@FOUR
def test_the_derivative_is_autograds(keeps_past: str, reset: str) -> None:
    layer = like(drawn(GRU(D, H)), keeps_past=keeps_past, reset=reset)
    assert gradcheck(lambda x, h: layer(x, h)[0], (inputs().requires_grad_(), torch.rand(1, 2, H).double()))


@FOUR
def test_layers_directions_and_lengths_are_those_of_every_layer(keeps_past: str, reset: str) -> None:
    options = {"num_layers": 2, "bidirectional": True}
    layer = drawn(GRUVariant(D, H, keeps_past=keeps_past, reset=reset, **options))
    x = inputs()
    y, final = layer(x, lengths=[5, 3])
    alone, alone_final = layer(x[1:, :3])
    close(y[1:, :3], alone)
    close(final[:, 1:], alone_final)
    assert not y[1, 3:].any()


@FOUR
def test_one_gate_is_two_gates_with_the_same_weights(keeps_past: str, reset: str) -> None:
    tied, x = drawn(OneGateGRU(D, H, keeps_past=keeps_past, reset=reset)), inputs()
    rows = {name: weight.chunk(2) for name, weight in tied.state_dict().items()}
    twin = GRUVariant(D, H, keeps_past=keeps_past, reset=reset).double()
    twin.load_state_dict({name: torch.cat([gate, gate, n]) for name, (gate, n) in rows.items()})
    close(tied(x)[0], twin(x)[0])
    assert sum(p.numel() for p in tied.parameters()) == 2 * H * (D + H + 2)


def test_one_gate_without_biases_has_none() -> None:
    tied = drawn(OneGateGRU(D, H, bias=False))
    assert dict(tied.named_parameters()).keys() == {"weight_ih_l0", "weight_hh_l0"}
    assert tied(inputs())[0].isfinite().all()


@pytest.mark.parametrize("name", ["keeps_past", "reset"])
def test_an_unknown_choice_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected one of .*, got 'Before'"):
        GRUVariant(D, H, **{name: "Before"})
    choices = {name: "Before"}
    a_x, weight = torch.zeros(1, 3 * H), torch.zeros(3 * H, H)
    with pytest.raises(ValueError, match=f"{name}: expected one of .*, got 'Before'"):
        gru_variant_step(a_x, torch.zeros(1, H), weight, torch.zeros(3 * H), **choices)


def test_a_trace_refuses_a_variant_rather_than_show_another_cell() -> None:
    with pytest.raises(TypeError, match="layer: expected an RNN, LSTM or GRU"):
        tracing.trace(GRUVariant(D, H, reset="before").double(), inputs())


def test_a_variant_says_which_it_is() -> None:
    assert repr(GRUVariant(D, H, reset="before")) == "GRUVariant(3, 4, keeps_past='z', reset='before')"
