"""The Python half of UnrolledStepper: it is torch's RNN, what is carried, what is refused."""

from typing import Any

import pytest
import torch
import traitlets
from torch import Tensor, nn

from lessons_src import layers
from lessons_src.widgets import UnrolledStepper
from lessons_src.widgets.arrays import unpack
from lessons_src.widgets.unrolled_stepper import LETTERS


def torch_states(stepper: UnrolledStepper) -> Tensor:
    """h_t by torch.nn.RNN, with the edit, without resets."""
    cell = stepper.edited
    layer = nn.RNN(cell.input_size, cell.hidden_size, batch_first=True).double()
    layer.load_state_dict({f"{name}_l0": weight for name, weight in cell.state_dict().items()})
    rows = [[float(symbol == letter) for symbol in stepper.alphabet] for letter in stepper.letters]
    x = torch.tensor(rows, dtype=torch.float64).view(1, -1, cell.input_size)
    return layer(x)[0][0].detach()


@pytest.mark.parametrize("text", ["hello world", "h", "hexllo 안녕🙂", "world hello world hello world hello"])
def test_the_states_are_those_of_torch(text: str) -> None:
    for seed in range(4):
        for matrix in ("W_hh", "W_ih"):
            stepper = UnrolledStepper(text, seed=seed, matrix=matrix, row=2, column=3, value=1.25)
            torch.testing.assert_close(stepper.states, torch_states(stepper), rtol=1e-12, atol=1e-14)
            stepper.value = None
            assert torch.equal(stepper.states, stepper.before)


def test_one_edited_weight_changes_every_column_from_the_first_where_it_acts() -> None:
    stepper = UnrolledStepper("hello world", value=1.0)
    changed = (stepper.states != stepper.before).any(dim=1).tolist()
    assert changed == [False, *[True] * 10], "at step 1 there is no state for W_hh to act on"
    stepper.matrix, stepper.column = "W_ih", 1 + stepper.alphabet.index("l")
    changed = (stepper.states != stepper.before).any(dim=1).tolist()
    assert changed == [False, False, *[True] * 9], "“l” comes third"


@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_the_trace_of_a_letter_shrinks_at_every_step(seed: int) -> None:
    trace = UnrolledStepper("hello world", seed=seed, traced=2).trace
    assert trace[0] == 0
    assert (trace[2:] < 0.9 * trace[1:-1]).all(), "‖W_hh‖ is 0.9 and the slope of tanh at most 1"
    assert trace[-1] < 0.1


def test_a_reset_cuts_off_what_came_before() -> None:
    stepper = UnrolledStepper("hello world", reset=7)
    alone = UnrolledStepper("world")
    torch.testing.assert_close(stepper.states[6:], alone.states, rtol=0, atol=0)
    assert not stepper.trace[6:].any()
    assert (stepper.trace[:6] > 0).all()


def test_an_unknown_character_enters_as_zeros_and_a_long_text_is_cut() -> None:
    stepper = UnrolledStepper("é" + "hello world " * 3)
    assert not stepper.states[0].any()
    assert len(stepper.states) == 24
    assert UnrolledStepper("").states.shape == (0, 4)
    assert UnrolledStepper("").trace.shape == (0,)


def test_the_replacement_is_another_letter() -> None:
    assert UnrolledStepper("d").replacement == "h", "the next one, around the end"
    assert UnrolledStepper("hi", other="h").replacement == "e", "the same letter is none"
    assert UnrolledStepper("hi", other="w").replacement == "w"
    assert UnrolledStepper("é").replacement == "h"
    assert UnrolledStepper("he", traced=9).replacement == "l", "a text that is too short: its last letter"


@pytest.mark.parametrize("kind", [nn.RNN, layers.RNN])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_of_yours_is_copied(kind: Any, bias: bool) -> None:
    torch.manual_seed(0)
    layer = kind(3, 5, bias=bias)
    stepper = UnrolledStepper("abcab", "abc", layer=layer)
    x = nn.functional.one_hot(torch.tensor([[0, 1, 2, 0, 1]]), 3).float()
    expected = layer(x if kind is layers.RNN else x.transpose(0, 1))[0].detach().flatten(0, 1).double()
    torch.testing.assert_close(stepper.states, expected, rtol=0, atol=1e-6)
    assert unpack(stepper.weights["bias"]).any() == bias
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    assert unpack(stepper.weights["weight_hh"]).all()
    assert repr(stepper) == "UnrolledStepper('abcab', a given RNN of 5 units)"
    with pytest.raises(ValueError, match="alphabet: expected 3 characters, as the layer reads, got 2"):
        stepper.alphabet = "ab"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "a" * 201}, "text: expected at most 200 characters, got 201"),
        ({"text": 3}, "The 'text' trait of an UnrolledStepper instance expected a unicode string, not the int 3"),
        ({"alphabet": "aa"}, "alphabet: expected 2 to 32 different characters, got 'aa'"),
        ({"alphabet": "a"}, "alphabet: expected 2 to 32 different characters, got 'a'"),
        ({"seed": 100}, "seed: expected a number from 0 to 99, got 100"),
        ({"matrix": "W"}, "matrix: expected one of W_hh, W_ih, got 'W'"),
        ({"row": 5}, "row: expected a number from 1 to 4, got 5"),
        ({"column": 5}, "column: expected a number from 1 to 4, got 5"),
        ({"matrix": "W_ih", "column": 9}, "column: expected a number from 1 to 8, got 9"),
        ({"value": 3.5}, "value: expected a number from -3 to 3, got 3.5"),
        ({"value": float("nan")}, "value: expected a number from -3 to 3, got nan"),
        ({"reset": 1}, "reset: expected a number from 2 to 24, got 1"),
        ({"traced": 0}, "traced: expected a number from 1 to 24, got 0"),
        ({"other": "x"}, "other: expected one of h, e, l, o,  , w, r, d, got 'x'"),
        ({"step": 25}, "step: expected a number from 0 to 24, got 25"),
        ({"layer": nn.LSTM(8, 4)}, "layer: expected an RNN with tanh, got LSTM"),
        ({"layer": nn.RNN(8, 4, nonlinearity="relu")}, "layer: expected an RNN with tanh, got RNN"),
        ({"layer": nn.RNN(8, 4, num_layers=2)}, "layer: expected a single layer in one direction, got num_layers=2"),
        ({"layer": nn.RNN(8, 7)}, "layer: expected at most 6 units, got 7"),
        ({"layer": nn.RNN(7, 4)}, "layer: expected one input for each of 8 characters, got 7"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        UnrolledStepper(**arguments)
    assert message in str(refused.value)


def test_what_no_longer_fits_follows() -> None:
    stepper = UnrolledStepper("hello", LETTERS, matrix="W_ih", column=27, other="z")
    stepper.alphabet = "helo wrd"
    assert (stepper.column, stepper.other) == (8, None)
    stepper.matrix = "W_hh"
    assert stepper.column == 4


def test_the_still_figure_holds_the_rounded_states_and_the_text_escaped() -> None:
    stepper = UnrolledStepper("he<o", value=1.0)
    still = stepper.still()
    for value in stepper.states.flatten().tolist():
        assert f">{value:.2f}</td>".replace(">-", ">−") in still
    assert f"<td>{stepper.trace[1]:.2f}</td>" in still
    assert "&lt;" in still
    assert "<o" not in still
    assert "if letter 1 were “e” instead of “h”" in still
    assert still == UnrolledStepper("he<o", value=1.0).still(), "the same in every run"
    assert "no text" in UnrolledStepper("").still()
    data, _ = stepper._repr_mimebundle_()
    assert data["text/html"] == still
