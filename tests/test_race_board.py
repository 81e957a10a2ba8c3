"""The Python half of RaceBoard: its numbers are those of the race, what is refused, the still figure."""

import statistics
from typing import Any

import pytest
import traitlets

from lessons_src import race, race_verdict
from lessons_src.widgets import RaceBoard
from lessons_src.widgets.race_board import stored


def test_the_board_holds_every_stored_run_and_pythons_own_verdict() -> None:
    results, sent = race.load(), stored()
    assert {f"{key.task}/{key.distance}" for key in results.points} == set(sent["boards"])
    for key, point in results.points.items():
        runs = sent["boards"][f"{key.task}/{key.distance}"][key.entrant]
        assert runs["scores"][key.seed] == point.score
        assert (runs["before"][key.seed], runs["after"][key.seed]) == (point.shares[0], point.shares[-1])
        low, high = race_verdict.interval(runs["scores"])[1:]
        assert (runs["low"], runs["high"]) == pytest.approx((low, high), rel=1e-3, abs=1e-9)
    for finding in race_verdict.verdict(results, race_verdict.AS_STARTED):
        assert sent["verdicts"]["torch"][f"{finding.task}/{finding.distance}"] == str(finding)
    for finding in race_verdict.verdict(results):
        assert sent["verdicts"]["best"][f"{finding.task}/{finding.distance}"] == str(finding)


def test_starts_select_the_entrants() -> None:
    assert RaceBoard("recall", 40).entrants == ("RNN", "LSTM", "GRU")
    assert RaceBoard("recall", 40, "all").entrants == race.entrants("recall")
    assert set(RaceBoard("recall", 40, "best").entrants) == set(stored()["best"]["recall"].values())
    assert "GRU-width" in RaceBoard("text", starts="all").entrants


def test_a_distance_that_the_task_does_not_have_becomes_the_nearest() -> None:
    board = RaceBoard("recall", 80)
    board.task = "text"
    assert board.distance == 50
    board.task = "adding"
    assert board.distance == 40
    assert RaceBoard("adding").distance == 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "copy"}, "task: expected one of recall, adding, text, text-16, got 'copy'"),
        ({"distance": 33}, "distance: expected one of 10, 20, 40, 50, 80, got 33"),
        ({"distance": 2.5}, "The 'distance' trait of a RaceBoard instance expected an int, not the float 2.5"),
        ({"starts": "mine"}, "starts: expected one of torch, best, all, got 'mine'"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_the_board_refuses_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, traitlets.TraitError)) as refused:
        RaceBoard(**arguments)
    assert message in str(refused.value)


def test_it_stands_still_with_its_means_in_words() -> None:
    board, results = RaceBoard("recall", 40, "all"), race.load()
    still = board.still()
    data, _ = board._repr_mimebundle_()
    assert data["text/html"] == still
    for name in board.entrants:
        mean = statistics.fmean(race_verdict.scores(results, "recall", 40, name))
        assert f"{race_verdict.words(name)} {mean:.3g}" in still
    assert repr(board) == "RaceBoard(first-symbol recall, 40 steps, starts all)"
