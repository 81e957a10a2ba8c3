"""The layers equal torch.nn's; the hand-written backward pass is the derivative of the forward pass."""

import copy
import gc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lessons_src import cells, layers
from lessons_src.layers import GRU, LSTM, RNN, Padding, from_torch
from tests.strategies import TORCH_LAYERS, Case, all_close, cases, close, normal, torch_layer

KINDS = pytest.mark.parametrize("kind", TORCH_LAYERS)
OURS = pytest.mark.parametrize("layer", [RNN, LSTM, GRU])


def as_tuple(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def as_state(states: tuple[Tensor, ...] | None) -> Tensor | tuple[Tensor, ...] | None:
    """The state as the layers want it: a tensor, or a pair for an LSTM."""
    return states[0] if states is not None and len(states) == 1 else states


def run_theirs(case: Case, x: Tensor, states: tuple[Tensor, ...] | None) -> tuple[Tensor, ...]:
    if case.lengths is None:
        y, final = case.theirs(x, as_state(states))
    else:
        packed = pack_padded_sequence(x, case.lengths, batch_first=True, enforce_sorted=False)
        y, final = case.theirs(packed, as_state(states))
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    return y, *as_tuple(final)


def run_ours(layer: nn.Module, case: Case, x: Tensor, states: tuple[Tensor, ...] | None) -> tuple[Tensor, ...]:
    y, final = layer(x, as_state(states), case.lengths)
    return y, *as_tuple(final)


@KINDS
@given(data=st.data())
@settings(max_examples=60)
def test_outputs_final_states_and_all_gradients_equal_torch(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    ours = from_torch(case.theirs)
    generator = torch.Generator().manual_seed(1)
    runs = []
    weighing: list[Tensor] = []
    for layer in (case.theirs, ours):
        x = case.x.clone().requires_grad_()
        states = None if case.state is None else tuple(s.clone().requires_grad_() for s in case.state)
        found = run_theirs(case, x, states) if layer is case.theirs else run_ours(layer, case, x, states)
        weighing = weighing or [normal(generator, *value.shape) for value in found]
        wanted = {"x": x, **dict(layer.named_parameters())}
        wanted |= {} if states is None else dict(zip(("h_0", "c_0"), states, strict=False))
        loss = torch.stack([(value * w + value**2).sum() for value, w in zip(found, weighing, strict=True)]).sum()
        gradients = torch.autograd.grad(loss, list(wanted.values()))
        names = ["y", "h", "c"][: len(found)] + [f"gradient of {name}" for name in wanted]
        runs.append(([*found, *gradients], names))
    (expected, names), (results, names_of_ours) = runs
    assert names == names_of_ours
    all_close(results, expected, names)


@KINDS
@given(data=st.data())
@settings(max_examples=10)
def test_state_dicts_move_both_ways(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    ours = from_torch(case.theirs)
    assert list(ours.state_dict()) == list(case.theirs.state_dict())
    blank = copy.deepcopy(case.theirs)
    for weight in blank.parameters():
        nn.init.zeros_(weight)
    blank.load_state_dict(ours.state_dict())
    assert all(torch.equal(w, v) for w, v in zip(blank.parameters(), case.theirs.parameters(), strict=True))
    close(blank(case.x)[0], ours(case.x)[0])


@KINDS
def test_from_torch_keeps_every_digit_and_the_options(kind: str) -> None:
    theirs = torch_layer(kind, 3, 4, num_layers=2, bidirectional=True, dropout=0.25, bias=False)
    ours = from_torch(theirs)
    assert ours.dropout == 0.25
    assert not ours.bias
    for name, weight in theirs.named_parameters():
        assert torch.equal(ours.get_parameter(name), weight), name
    assert from_torch(theirs.float()).weight_ih_l0.dtype == torch.float32


@OURS
def test_initial_weights_are_drawn_as_torch_draws_them(layer: type[RNN | LSTM | GRU]) -> None:
    torch.manual_seed(0)
    ours = layer(5, 9, num_layers=2)
    torch.manual_seed(0)
    theirs = getattr(nn, layer.__name__)(5, 9, num_layers=2)
    for name, weight in theirs.named_parameters():
        assert torch.equal(ours.get_parameter(name), weight), name


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "sigmoid", "identity"])
@given(data=st.data())
@settings(max_examples=15)
def test_an_rnn_layer_is_its_cell_called_once_per_step(nonlinearity: str, data: st.DataObject) -> None:
    case = data.draw(cases("RNN tanh", deepest=1))
    cell = cells.RNNCell(case.theirs.input_size, case.theirs.hidden_size, case.theirs.bias, nonlinearity).double()
    layer = RNN(case.theirs.input_size, case.theirs.hidden_size, bias=case.theirs.bias, nonlinearity=nonlinearity)
    layer.double().load_state_dict({f"{name}_l0": weight for name, weight in cell.state_dict().items()})
    h, outputs = None, []
    for x_t in case.x.unbind(1):
        h = cell(x_t, h)
        outputs.append(h)
    y, _ = layer(case.x)
    close(y, torch.stack(outputs, 1))


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("kind", ["RNN tanh", "RNN relu", "RNN sigmoid", "RNN identity", "LSTM", "GRU"])
def test_hand_gradient_is_the_derivative_by_finite_differences(kind: str, both_ways: bool) -> None:
    name, *nonlinearity = kind.split()
    layer = getattr(layers, name)(2, 3, 1, True, 0.0, both_ways, *nonlinearity).double()
    generator = torch.Generator().manual_seed(3)
    names = [name for name, _ in layer.named_parameters()]
    weights = [normal(generator, *weight.shape).requires_grad_() for weight in layer.parameters()]
    x = normal(generator, 2, 4, 2).requires_grad_()
    states = [normal(generator, 1 + both_ways, 2, 3).requires_grad_() for _ in layer.state_names]

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        states, weights = rest[: len(layer.state_names)], rest[len(layer.state_names) :]
        y, final = functional_call(
            layer, dict(zip(names, weights, strict=True)), (x, as_state(states), torch.tensor([4, 2]))
        )
        return y, *as_tuple(final)

    assert gradcheck(run, (x, *states, *weights))


@OURS
def test_what_stands_in_the_padding_does_not_matter_even_nan(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 4, num_layers=2, bidirectional=True).double()
    generator = torch.Generator().manual_seed(0)
    clean = normal(generator, 3, 5, 3)
    dirty = clean.clone()
    dirty[0, 2:], dirty[2, 4:] = torch.nan, torch.inf
    found = []
    for x in (clean, dirty):
        x.requires_grad_()
        y, final = ours(x, lengths=[2, 5, 4])
        loss = y.square().sum() + sum(s.sum() for s in as_tuple(final))
        found.append((y, *as_tuple(final), *torch.autograd.grad(loss, [x, *ours.parameters()])))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert not found[1][0][0, 2:].any()


@OURS
@given(data=st.data())
@settings(max_examples=10)
def test_a_batch_with_lengths_is_its_sequences_one_by_one(layer: type[RNN | LSTM | GRU], data: st.DataObject) -> None:
    kind = "RNN tanh" if layer is RNN else layer.__name__
    case = data.draw(cases(kind).filter(lambda case: case.lengths is not None))
    assert case.lengths is not None
    ours = from_torch(case.theirs)
    y, final = ours(case.x, as_state(case.state), case.lengths)
    for b, length in enumerate(case.lengths.tolist()):
        own = None if case.state is None else tuple(s[:, b : b + 1] for s in case.state)
        y_own, final_own = ours(case.x[b : b + 1, :length], as_state(own))
        close(y[b, :length], y_own[0])
        all_close(
            [s[:, b] for s in as_tuple(final)], [s[:, 0] for s in as_tuple(final_own)], "hc"[: len(ours.state_names)]
        )


@OURS
def test_lengths_that_are_all_full_change_nothing(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 4, bidirectional=True)
    x = torch.randn(2, 5, 3)
    assert torch.equal(ours(x)[0], ours(x, lengths=(5, 5))[0])


@OURS
def test_a_sequence_may_be_read_in_two_pieces(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 4, num_layers=2).double()
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    whole, end = ours(x)
    first, state = ours(x[:, :3])
    second, end_of_second = ours(x[:, 3:], state)
    close(torch.cat([first, second], 1), whole)
    all_close(as_tuple(end_of_second), as_tuple(end), ours.state_names)


@OURS
def test_dropout_acts_between_layers_while_training_only(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 40, num_layers=2, dropout=0.5)
    x = torch.randn(2, 5, 3)
    torch.manual_seed(1)
    (one, final), (other, final_again) = ours(x), ours(x)
    assert not torch.equal(one, other)
    assert torch.equal(as_tuple(final)[0][0], as_tuple(final_again)[0][0])
    ours.eval()
    assert torch.equal(ours(x)[0], ours(x)[0])
    undropped = layer(3, 40, num_layers=2)
    undropped.load_state_dict(ours.state_dict())
    assert torch.equal(ours(x)[0], undropped(x)[0])


@OURS
def test_a_loss_on_the_final_state_alone_reaches_every_weight(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 4, bidirectional=True)
    _, final = ours(torch.randn(2, 5, 3))
    as_tuple(final)[-1].sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in ours.parameters())


@OURS
def test_a_second_derivative_is_refused_instead_of_wrong(layer: type[RNN | LSTM | GRU]) -> None:
    x = torch.randn(2, 5, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="create_graph: expected False"):
        torch.autograd.grad(layer(3, 4)(x)[0].sum(), x, create_graph=True)


@OURS
def test_repeated_steps_leave_no_tensor_behind(layer: type[RNN | LSTM | GRU]) -> None:
    ours = layer(3, 4)

    def tensors() -> int:
        return sum(1 for thing in gc.get_objects() if type(thing) is Tensor)

    def step() -> None:
        ours(torch.randn(2, 5, 3))[0].sum().backward()

    step()
    before = tensors()
    for _ in range(5):
        step()
    assert tensors() <= before


def test_turning_twice_gives_the_sequence_back() -> None:
    padding = Padding(torch.tensor([2, 5, 1]))
    sequence = torch.arange(15.0).reshape(5, 3, 1)
    turned = padding.turn(sequence)
    assert turned[:, 0, 0].tolist() == [3, 0, 6, 9, 12]
    assert turned[:, 1, 0].tolist() == [13, 10, 7, 4, 1]
    assert torch.equal(padding.turn(turned), sequence)


def test_a_layer_is_shown_with_its_sizes_and_what_departs_from_the_defaults() -> None:
    assert repr(LSTM(3, 4)) == "LSTM(3, 4)"
    assert repr(GRU(3, 4, num_layers=2, bidirectional=True)) == "GRU(3, 4, num_layers=2, bidirectional=True)"
    assert repr(RNN(3, 4, nonlinearity="relu")) == "RNN(3, 4, nonlinearity=relu)"
