import copy

import pytest
import torch
from torch import nn
from traitlets import TraitError

from lessons_src import brackets, tracing
from lessons_src.bracket_measures import Landmark
from lessons_src.models import CharModel
from lessons_src.widgets import gate_scope
from lessons_src.widgets.arrays import unpack
from lessons_src.widgets.gate_scope import EXAMPLES, GateScope

TEXT = EXAMPLES[0][2]


def untrained(cell: str = "LSTM", **options) -> CharModel:
    torch.manual_seed(3)
    return CharModel(brackets.ALPHABET, brackets.CLASSES, 8, cell, **options).double()


def lstm_trace(scope: GateScope) -> tracing.LSTMTrace:
    record = scope.trace()
    assert isinstance(record, tracing.LSTMTrace)
    return record


@pytest.fixture
def model() -> CharModel:
    return untrained()


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_the_trace_starts_from_the_state_after_a_newline(cell):
    model = untrained(cell)
    ids = model.vocabulary.encode("\n" + TEXT)[None]
    reference = getattr(nn, cell)(len(brackets.ALPHABET), 8, batch_first=True, dtype=torch.float64)
    reference.load_state_dict(model.recurrent.state_dict())
    h, _ = reference(model.encode(ids))
    found = GateScope(model, TEXT).trace()
    assert found.h.shape[1] == len(TEXT)
    torch.testing.assert_close(found.h, h[:, 1:])


def test_an_alphabet_without_a_newline_starts_from_zero():
    torch.manual_seed(0)
    model = CharModel("ab·", hidden_size=4)
    y, _ = model.recurrent(model.encode(model.vocabulary.encode("abba")[None]))
    torch.testing.assert_close(GateScope(model, "abba").trace().h, y)


def test_the_trace_follows_the_clamp(model):
    scope = GateScope(model, TEXT, unit=2, gate="f", value=0)
    f = lstm_trace(scope).f[0]
    assert (f[:, 2] == 0).all()
    assert (f[:, 3] > 0).all()
    scope.scope = "all"
    assert (lstm_trace(scope).f == 0).all()
    scope.value = 1
    assert (lstm_trace(scope).f == 1).all()
    scope.gate = "none"
    assert (lstm_trace(scope).f > 0).all()
    assert (lstm_trace(scope).f < 1).all()


def test_probabilities_are_those_of_the_whole_model(model):
    with torch.no_grad():
        scores, _ = model(model.vocabulary.encode("\n" + TEXT)[None])
    torch.testing.assert_close(GateScope(model, TEXT).probabilities(), scores[0, 1:].softmax(-1))


def test_the_gradient_starts_at_the_picked_character_and_is_that_of_the_likeliest_closer(model):
    scope = GateScope(model, TEXT, character=20)
    record = scope.trace()
    assert record.d_h is not None
    assert (record.d_h_norm[0, 21:] == 0).all()
    y = record.h[0, 20].clone().requires_grad_()
    closers = [brackets.CLASSES.index(name) for name in brackets.CLOSING_CLASSES]
    model.head(y).log_softmax(-1)[closers].max().backward()
    torch.testing.assert_close(record.d_h[0, 20], y.grad)


def test_no_gradient_without_a_picked_character(model):
    assert GateScope(model, TEXT).trace().d_h is None


def test_a_picked_character_behind_the_end_means_the_last_one(model):
    assert GateScope(model, "ab", character=50).trace().d_h_norm[0, 1] > 0


def test_most_responsive_is_the_unit_whose_state_varies_most(model):
    scope = GateScope(model, TEXT, unit="most responsive")
    assert scope.shown_unit == int(lstm_trace(scope).c[0].var(0).argmax())
    scope.gate, scope.scope = "i", "all"  # the clamp does not choose the unit
    assert scope.shown_unit == GateScope(model, TEXT, unit="most responsive").shown_unit


def test_an_empty_text_has_no_trace_but_can_be_shown(model):
    scope = GateScope(model, "")
    assert "no text" in scope.still()
    with pytest.raises(ValueError, match="text: expected at least one character, got an empty text"):
        scope.trace()


@pytest.mark.parametrize("text", ["", "x", "·", "한글 and 😀", 'A "B" (C)\nD', "İẞ\t"])
def test_any_text_can_be_shown(model, text):
    scope = GateScope(model, text)
    assert scope.text == text
    assert scope.still()
    assert repr(scope) == f"GateScope(LSTM of 8 units, text={text!r})"


def test_weights_cross_unchanged(model):
    packed = GateScope(model, "x").weights
    torch.testing.assert_close(
        torch.from_numpy(unpack(packed["weight_hh"])), model.recurrent.weight_hh_l0.detach(), rtol=0, atol=0
    )
    assert isinstance(packed["weight_hh"]["data"], bytes)


def test_float16_weights_cross_as_float16():
    packed = GateScope(untrained().half().double(), "x").weights
    assert {array["dtype"] for array in packed.values()} == {"<f2"}


def test_landmarks_name_units_and_come_first(model):
    mark = Landmark("inside quotes", 5, "c", 0.9, 0.1, 0.5, -1)
    assert GateScope(model, TEXT, landmarks=(mark,)).unit == 5
    assert GateScope(model, TEXT, landmarks=(mark,), unit="inside quotes").unit == 5
    assert GateScope(model, TEXT).unit == "most responsive"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"unit": 8}, ValueError, "unit: expected a number from 0 to 7 or 'most responsive', got 8"),
        ({"unit": "depth"}, ValueError, "unit: expected one of most responsive, got 'depth'"),
        ({"gate": "z"}, ValueError, "gate: expected one of none, f, i, o, got 'z'"),
        ({"value": 2}, ValueError, "value: expected a number from 0 to 1, got 2"),
        ({"scope": "here"}, ValueError, "scope: expected one of unit, all, got 'here'"),
        ({"character": -1}, ValueError, "character: expected a whole number of at least 0, got -1"),
        ({"overview": "z"}, ValueError, "overview: expected one of none, i, f, g, o, c, h, got 'z'"),
        ({"text": "x" * 20_001}, ValueError, "text: expected at most 20000 characters, got 20001"),
        ({"colour": "red"}, TypeError, "colour: GateScope has no such argument"),
    ],
)
def test_bad_arguments_are_named(model, arguments, error, message):
    with pytest.raises(error, match=message):
        GateScope(model, **arguments)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (nn.LSTM(3, 4), TypeError, "model: expected a lessons_src.models.CharModel, .* got LSTM"),
        ("Transformer", ValueError, "model: expected one of LSTM, GRU, RNN, got 'Transformer'"),
        (untrained(num_layers=2), ValueError, r"one layer in one direction, got 2 layer\(s\) in one direction"),
        (untrained(bidirectional=True), ValueError, r"one layer in one direction, got 1 layer\(s\) in two directions"),
    ],
)
def test_models_that_cannot_be_drawn_are_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        gate_scope._resolve(wrong)  # the check behind the constructor, whose annotations speak first in tests


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3, "landmarks: expected some of lessons_src.bracket_measures.Landmark, got 3"),
        (["depth"], "landmarks: expected each to be a Landmark, got 'depth'"),
    ],
)
def test_landmarks_that_are_none_are_refused(model, wrong, message):
    with pytest.raises(TypeError, match=message):
        GateScope(model, landmarks=wrong)


def test_a_model_with_nan_is_refused(model):
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.head.bias[0] = float("nan")
    with pytest.raises(ValueError, match=r"model\.head\.bias: holds NaN"):
        GateScope(broken)


def test_a_refused_value_leaves_the_old_one(model):
    scope = GateScope(model, TEXT)
    with pytest.raises(ValueError, match="gate"):
        scope.gate = "r"
    with pytest.raises(TraitError, match=r"'text' trait .* expected a unicode string, not the int 3"):
        scope.text = 3  # type: ignore[assignment]
    assert (scope.gate, scope.text) == ("none", TEXT)


def test_only_closers_make_the_examples_fit(model):
    assert GateScope(model).examples == [list(example) for example in EXAMPLES]
    assert GateScope(CharModel("ab·", hidden_size=4), "ab").examples == []


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_the_shipped_models_are_shown_by_their_name(cell):
    scope = GateScope(cell)
    assert scope.cell == cell
    assert scope.landmarks[0]["label"] == "inside quotes"
    assert scope.unit == scope.landmarks[0]["unit"]
    assert {array["dtype"] for array in scope.weights.values()} == {"<f2"}
    assert sum(len(array["data"]) for array in scope.weights.values()) < 40_000


@pytest.mark.parametrize("text", [text for group, _, text in EXAMPLES[:2]])
def test_forgetting_in_the_quote_unit_loses_the_due_quote(text):
    """On the two texts with a quote: the model expects it just before it comes, and no longer under the clamp."""
    scope = GateScope(text=text)
    before = text.rindex('"') - 1
    closes = brackets.CLASSES.index(brackets.QUOTE_CLOSES)
    expected = scope.probabilities()[before, closes]
    scope.gate, scope.value = "f", 0
    assert scope.probabilities()[before, closes] < 0.3 * expected


def test_the_module_lists_its_clamps_in_the_order_of_the_menu():
    assert {cell: gate_scope.CLAMPS[cell][0] for cell in ("LSTM", "GRU")} == {"LSTM": "f", "GRU": "z"}
