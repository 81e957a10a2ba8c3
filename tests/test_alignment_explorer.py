"""AlignmentExplorer on the Python side: weights that are the reader's, arguments, the still figure."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

from lessons_src import pair_models
from lessons_src.pairs import dates
from lessons_src.widgets import AlignmentExplorer
from lessons_src.widgets.alignment_explorer import LONGEST, MOST, impose
from lessons_src.widgets.base import BUNDLES

OWN = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ({2: 1.0}, [0, 1, 0, 0]),
        ({1: 0.4}, [0.4, 0.6 * 2 / 9, 0.6 * 3 / 9, 0.6 * 4 / 9]),
        ({1: 0.25, 2: 0.25}, [0.25, 0.25, 0.5 * 3 / 7, 0.5 * 4 / 7]),
        ({1: 1.0, 3: 1.0}, [0.5, 0, 0.5, 0]),
        ({4: 0.0}, [1 / 6, 2 / 6, 3 / 6, 0]),
        ({1: 0.1, 2: 0.1, 3: 0.1, 4: 0.1}, [0.25, 0.25, 0.25, 0.25]),
        ({1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0}, [0.25, 0.25, 0.25, 0.25]),
    ],
)
def test_what_is_not_pinned_shares_the_rest_in_its_own_proportion(
    pins: dict[int, float], expected: list[float]
) -> None:
    torch.testing.assert_close(impose(OWN, pins), torch.tensor(expected, dtype=torch.float64))


def test_where_the_others_had_nothing_they_share_alike() -> None:
    own = torch.tensor([1.0, 0.0, 0.0]).double()
    torch.testing.assert_close(impose(own, {1: 0.5}), torch.tensor([0.5, 0.25, 0.25]).double())
    torch.testing.assert_close(impose(own, {}, uniform=True), torch.full((3,), 1 / 3).double())


@given(st.dictionaries(st.integers(1, 4), st.floats(0, 1), min_size=1))
def test_imposed_weights_are_weights(pins: dict[int, float]) -> None:
    found = impose(OWN, pins)
    assert float(found.sum()) == pytest.approx(1.0)
    assert float(found.min()) >= 0


def test_the_year_forced_on_the_month_writes_wrong_digits() -> None:
    widget = AlignmentExplorer("May 17, 2020", overrides="6@9=1")
    forced, own = widget.alignment(), widget.untouched()
    assert forced is not None
    assert own is not None
    assert (own.text, forced.text) == ("2020-05-17", "2020-20-17")
    assert forced.weights[5].tolist() == [0.0] * 8 + [1.0] + [0.0] * 3


def test_overrides_beyond_the_source_or_the_target_have_no_effect() -> None:
    plain, far = AlignmentExplorer("2020年5月17日"), AlignmentExplorer("2020年5月17日", overrides="6@40=1 99@u")
    expected, found = plain.alignment(), far.alignment()
    assert expected is not None
    assert found is not None
    assert torch.equal(expected.weights, found.weights)


def test_an_empty_text_has_nothing_and_a_long_one_is_cut() -> None:
    assert AlignmentExplorer("").alignment() is None
    assert "nothing to read" in AlignmentExplorer("").still()
    widget = AlignmentExplorer("ａ" * 200)
    assert widget.source == "a" * LONGEST
    found = widget.alignment()
    assert found is not None
    assert found.weights.shape[1] == LONGEST
    assert len(found.tokens) <= MOST


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "x" * 201}, "text: expected at most 200 characters, got 201"),
        ({"step": 0}, "step: expected"),
        ({"step": 17}, "step: expected"),
        ({"overrides": "6"}, "overrides: expected rows such as .*, got '6'"),
        ({"overrides": "1@u 6@2=1.5"}, "got '6@2=1.5'"),
        ({"overrides": "6@2=-1"}, "got '6@2=-1'"),
    ],
)
def test_wrong_arguments_are_refused_with_a_sentence(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlignmentExplorer(**arguments)  # type: ignore[arg-type]


def test_a_number_is_no_text() -> None:
    with pytest.raises(TraitError, match="text"):
        AlignmentExplorer().text = 3  # type: ignore[assignment]


def test_the_still_figure_has_the_weights_and_the_text() -> None:
    still = AlignmentExplorer("2020年5月17日", overrides="6@1=1").still()
    assert "writes 2020-25-17" in still
    assert len(re.findall(r'<th scope="col">', still)) == 1 + 10
    assert repr(AlignmentExplorer(step=3)) == "AlignmentExplorer('May 17, 2020', step 3)"


def test_the_model_is_the_shipped_one_and_the_bundle_is_small() -> None:
    widget = AlignmentExplorer()
    assert set(widget.weights) == set(pair_models.load("dates").model.state_dict())
    assert widget.about["longest"] == max(len(source) for source, _ in dates().train)
    assert (BUNDLES / "alignment_explorer.js").stat().st_size <= 45_000
