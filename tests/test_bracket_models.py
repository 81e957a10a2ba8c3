"""The shipped bracket models: every figure that the book prints about them is measured again here, with a margin."""

import dataclasses
import functools
import json
from typing import Any

import numpy as np
import pytest

from lessons_src import bracket_measures, bracket_models, bracket_training, brackets
from lessons_src.bracket_measures import QUANTITIES, HeldOut, correlations, find_landmarks, judge, memory
from lessons_src.bracket_models import CLAMPS, MEASURE_SEED, Clamp, figures, load, read, write
from lessons_src.bracket_training import CELLS
from lessons_src.shipped import WEIGHTS

MARGIN = 0.02
"""How far a figure measured here may lie from the one in the shipped table: other lines, other processors."""


@functools.cache
def fresh_lines():
    """Lines that neither training nor the search for landmarks nor the shipped table has seen."""
    return HeldOut(HeldOut.lines(MEASURE_SEED + 1).texts[:24])


@functools.cache
def judged(cell, clamp=None):
    """How a shipped model does on those lines, clean or clamped."""
    model = load(cell)
    return judge(model.model if clamp is None else model.clamped(clamp), fresh_lines())


@functools.cache
def states(cell):
    """What a shipped model carries on those lines."""
    found = memory(load(cell).model, fresh_lines())
    found.setflags(write=False)
    return found


@pytest.fixture(scope="module")
def lines():
    return fresh_lines()


@pytest.fixture(scope="module")
def searched_lines():
    return HeldOut.lines(bracket_models.SEARCH_SEED)


@pytest.fixture(scope="module", params=CELLS)
def shipped(request):
    return load(request.param)


@pytest.fixture(scope="module")
def lstm():
    return load("LSTM")


def row(cell):
    """The shipped model's row of the table."""
    (found,) = (entry for entry in figures(cell) if entry["shipped"])
    return found


def test_the_shipped_models_have_the_book_s_size():
    assert sum(p.numel() for p in load("LSTM").model.parameters()) == 12_333
    for cell in CELLS:
        assert (WEIGHTS / f"brackets_{cell.lower()}.npz").stat().st_size < 40_000


def test_every_cell_was_trained_from_three_seeds():
    for cell in CELLS:
        assert [entry["seed"] for entry in figures(cell)] == [0, 1, 2]
        assert row(cell)["seed"] == load(cell).seed


def test_the_shipped_seed_is_the_one_with_the_clearest_quote_unit():
    """On the held-out lines of the search; on those of the table it must not be far from the best."""
    for cell in CELLS:
        clearest = max(abs(entry["landmarks"]["inside quotes"]["r"]) for entry in figures(cell))
        assert abs(row(cell)["landmarks"]["inside quotes"]["r"]) > clearest - MARGIN


@pytest.mark.parametrize("cell", CELLS)
def test_the_table_is_measured_again(cell):
    judgement, entry = judged(cell), row(cell)
    assert judgement.accuracy() == pytest.approx(entry["closers"]["nothing"]["all"], abs=MARGIN)
    for closer in brackets.CLOSERS:
        assert judgement.accuracy(closer) == pytest.approx(entry["closers"]["nothing"][closer], abs=2 * MARGIN)


def test_gated_cells_name_nearly_every_closer():
    for cell in ("LSTM", "GRU"):
        judgement = judged(cell)
        assert min(judgement.accuracy(closer) for closer in brackets.CLOSERS) > 0.97
        assert judgement.accuracy(beyond=80) > 0.93


def test_the_rnn_forgets_with_distance():
    judgement = judged("RNN")
    near, middle, far = (judgement.accuracy(beyond=a, up_to=b) for a, b in ((0, 10), (20, 40), (80, 2000)))
    assert near > 0.95
    assert near > middle + 0.05
    assert middle > far + 0.1


def test_closers_are_named_in_untouched_english():
    english = HeldOut(HeldOut.english().texts[:24])
    for cell in ("LSTM", "GRU"):
        assert judge(load(cell).model, english).accuracy() > 0.93


def test_landmarks_track_what_they_say(shipped, lines):
    entry = row(shipped.cell)
    for landmark in shipped.landmarks:
        r = correlations(states(shipped.cell), lines.each_place(QUANTITIES[landmark.label]))[landmark.unit]
        assert r == pytest.approx(entry["landmarks"][landmark.label]["r"], abs=5 * MARGIN)
        assert np.sign(r) == landmark.sign


def test_a_unit_of_the_lstm_tracks_the_quotes(lstm, lines):
    unit = lstm.landmark("inside quotes").unit
    r = correlations(states("LSTM"), lines.each_place(QUANTITIES["inside quotes"]))[unit]
    assert abs(r) > 0.9


def test_a_landmark_is_drawn_from_minus_one_to_one(shipped, lines):
    for landmark in shipped.landmarks:
        drawn = landmark.sign * (states(shipped.cell)[..., landmark.unit] - landmark.midpoint) / landmark.scale
        quantity = lines.each_place(QUANTITIES[landmark.label])
        assert drawn[quantity == quantity.min()].mean() == pytest.approx(-1, abs=0.15)
        assert drawn[quantity == quantity.max()].mean() == pytest.approx(1, abs=0.15)


def test_the_search_finds_a_planted_unit(lines):
    """A unit replaced by the quantity itself is the one found, with r = −1 if it is planted upside down."""
    quantity = lines.each_place(QUANTITIES["depth"])
    planted = states("LSTM").copy()
    planted[..., 5] = 3 - 2 * quantity
    r = correlations(planted, quantity)
    assert np.abs(r).argmax() == 5
    assert r[5] == pytest.approx(-1)


def test_the_landmarks_are_found_again(shipped, searched_lines):
    found = find_landmarks(shipped.model, searched_lines)
    assert [landmark.unit for landmark in found] == [landmark.unit for landmark in shipped.landmarks]
    for again, landmark in zip(found, shipped.landmarks, strict=True):
        assert again.midpoint == pytest.approx(landmark.midpoint, abs=1e-3)


@pytest.mark.parametrize(("cell", "clamp"), [(cell, clamp) for cell in CELLS for clamp in CLAMPS[cell]], ids=str)
def test_a_clamp_does_what_the_table_says(cell, clamp):
    judgement, entry = judged(cell, clamp), row(cell)["closers"][str(clamp)]
    assert judgement.accuracy() == pytest.approx(entry["all"], abs=2 * MARGIN)
    assert judgement.accuracy('"') == pytest.approx(entry['"'], abs=4 * MARGIN)


def test_forgetting_in_the_quote_unit_loses_the_quote_alone():
    judgement = judged("LSTM", Clamp("f", 0, "inside quotes"))
    assert judgement.accuracy('"') < 0.3
    assert min(judgement.accuracy(closer) for closer in ")]}") > 0.95


def test_never_forgetting_in_the_quote_unit_goes_on_announcing_a_quote():
    assert judged("LSTM").announced < 0.002
    assert judged("LSTM", Clamp("f", 1, "inside quotes")).announced > 0.05


def test_the_brace_has_a_unit_of_its_own_and_the_parenthesis_is_kept_by_several():
    assert judged("LSTM", Clamp("f", 0, "{ is open")).accuracy("}") < 0.5
    assert judged("LSTM", Clamp("f", 0, "( is open")).accuracy(")") > 0.9


def test_forgetting_everywhere_leaves_chance():
    assert judged("LSTM", Clamp("f", 0, None)).accuracy() < 0.4


def test_a_gru_that_drops_the_past_still_sees_it_in_its_candidate():
    """n reads r ⊙ h, so z = 0 everywhere is worse than whole and better than the LSTM's f = 0."""
    assert judged("LSTM", Clamp("f", 0, None)).accuracy() + 0.1 < judged("GRU", Clamp("z", 0, None)).accuracy() < 0.9


@pytest.mark.parametrize("gate", ["i", "o"])
def test_a_closed_input_or_output_gate_mutes_and_does_not_forget(lstm, gate):
    """With h = 0 throughout the model says the same everywhere, so exactly one closer is ever named."""
    clamped = lstm.clamped(Clamp(gate, 0, None))
    ids = clamped.vocabulary.encode('say "hello')[None]
    assert clamped.recurrent(clamped.encode(ids))[0].abs().max() == 0
    assert sorted(judged("LSTM", Clamp(gate, 0, None)).accuracy(closer) for closer in brackets.CLOSERS) == [0, 0, 0, 1]


def test_a_reader_s_text_starts_from_a_state_that_is_usual_after_a_newline(shipped, lines):
    after = states(shipped.cell)[np.array([[character == "\n" for character in text] for text in lines.texts])]
    start = shipped.start()[1] if shipped.cell == "LSTM" else shipped.start()
    assert np.all(np.abs(start.flatten().numpy() - after.mean(0)) < 4 * after.std(0))


@pytest.fixture
def small_text(monkeypatch):
    monkeypatch.setattr(bracket_training, "TRAINING_TEXT", 50_000)


@pytest.mark.usefixtures("small_text")
def test_the_command_writes_what_load_reads(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bracket_measures, "ROWS", 2)
    monkeypatch.setattr(HeldOut, "english", lambda: HeldOut.lines(5))
    bracket_models.main(["--cell", "RNN", "--seed", "4", "--steps", "2", "--out", str(tmp_path)])
    written = read(tmp_path / "brackets_rnn.npz")
    assert (written.cell, written.seed, written.steps) == ("RNN", 4, 2)
    (entry,) = json.loads((tmp_path / "brackets_rnn.json").read_text(encoding="utf-8"))
    assert entry.keys() == row("RNN").keys()
    assert "brackets_rnn.npz" in capsys.readouterr().out


def test_a_file_is_rewritten_byte_for_byte(shipped, tmp_path):
    path = tmp_path / "again.npz"
    write(shipped, path)
    assert path.read_bytes() == (WEIGHTS / f"brackets_{shipped.cell.lower()}.npz").read_bytes()


def test_landmarks_are_frozen(lstm):
    with pytest.raises(dataclasses.FrozenInstanceError):
        lstm.landmarks[0].unit = 3


CHANGES: dict[str, Any] = {
    "other alphabet": {"alphabet": brackets.ALPHABET[::-1]},
    "other cell": {"cell": "GRU"},
    "unknown cell": {"cell": "LTSM"},
    "no landmarks": {"landmarks": None},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_file_that_says_something_else_is_refused(kind, tmp_path):
    path = tmp_path / "brackets_rnn.npz"
    arrays = dict(np.load(WEIGHTS / "brackets_rnn.npz"))
    about = json.loads(str(arrays["about"])) | CHANGES[kind]
    np.savez(path, **(arrays | {"about": json.dumps(about)}))
    with pytest.raises(ValueError, match=r"brackets_rnn.npz: expected a bracket model, as `python -m"):
        read(path)


def test_an_unknown_cell_or_landmark_is_refused(lstm):
    with pytest.raises(ValueError, match="cell: expected one of LSTM, GRU, RNN, got 'lstm'"):
        load("lstm")
    with pytest.raises(ValueError, match="label: expected one of inside quotes"):
        lstm.landmark("quotes")
