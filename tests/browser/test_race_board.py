"""RaceBoard in Chromium: dots where the runs are, a verdict that is Python's, hidden until the reader has guessed."""

import json
import math
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from lessons_src import race, race_verdict
from lessons_src.race_training import TASKS
from lessons_src.widgets import RaceBoard
from tests.browser.harness import BUNDLES, Stage, contrast, control, drawn, misfits, open_all, sentence, settle

CONTROLS = ("task", "distance", "starts", "cell-RNN", "cell-LSTM", "cell-GRU", "guess")


def guess(page: Page, who: str) -> None:
    page.locator(f"[data-control=guess][value='{who}']").check(force=True)
    settle(page, 0)


def places(page: Page, css: str, key: str = "cx") -> list[float]:
    return [float(dot.get_attribute(key) or "") for dot in page.locator(css).all()]


def test_nothing_is_shown_before_the_guess_and_everything_after_it(stage: Stage) -> None:
    page = stage.open(RaceBoard("recall", 40, "all"))
    open_all(page)
    settle(page, 600)
    assert page.locator(".rb-dot").count() == page.locator(".rb-after").count() == 0
    assert page.locator(".uw-numbers td").count() == 0
    assert sentence(page) == "first-symbol recall, 40 steps: guess who has the best mean, and the dots appear."
    guess(page, "LSTM")
    runs = len(race.SEEDS) * len(race.entrants("recall"))
    assert page.locator(".rb-dot").count() == page.locator(".rb-before").count() == runs
    control(page, "task").select_option("adding")
    settle(page, 0)
    assert page.locator(".rb-dot").count() == 0, "another board is another guess"


@pytest.mark.parametrize("board", [("recall", 20), ("adding", 40), ("text", 50)])
def test_dots_and_intervals_lie_where_the_numbers_are(stage: Stage, board: tuple[str, int]) -> None:
    page = stage.open(RaceBoard(*board, "all"))
    guess(page, "GRU")
    results = race.load()
    names = race.entrants(board[0])
    scores = [race_verdict.scores(results, *board, name) for name in names]
    x = np.array(places(page, ".rb-dot"))
    values = np.concatenate(scores)
    slope, start = np.polyfit(values, x, 1)
    assert np.abs(slope * values + start - x).max() < 0.05
    shares = [race_verdict.shares_of(results, *board, name) for name in names]
    for css, moment in ((".rb-before", 0), (".rb-after", -1)):
        logs = np.array([math.log10(each[moment]) for runs in shares for each in runs])
        found = np.array(places(page, css))
        slope_2, start_2 = np.polyfit(logs, found, 1)
        assert np.abs(slope_2 * logs + start_2 - found).max() < 0.05
    ends = [
        (float(left), float(right))
        for path in page.locator(".rb-interval").all()
        for left, right in re.findall(r"M([\d.]+) .*H([\d.]+)m", path.get_attribute("d") or "")
    ]
    assert len(ends) == len(names)
    for (left, right), runs in zip(ends, scores, strict=True):
        low, high = race_verdict.interval(runs)[1:]
        wanted = sorted((slope * low + start, slope * high + start))
        width = page.locator(".rb-chart").first.bounding_box()
        assert width
        clipped = [min(width["width"] - 14, max(14, end)) for end in wanted]
        assert (left, right) == pytest.approx(clipped, abs=0.6)


@pytest.mark.parametrize("board", [("recall", 80), ("adding", 80), ("text", 50)])
def test_ticks_stand_where_their_numbers_are_and_a_cut_interval_has_no_end_mark(
    stage: Stage, board: tuple[str, int]
) -> None:
    page = stage.open(RaceBoard(*board, "all"))
    guess(page, "GRU")
    values = [v for name in race.entrants(board[0]) for v in race_verdict.scores(race.load(), *board, name)]
    slope, start = np.polyfit(values, places(page, ".rb-dot"), 1)
    chart = page.locator(".rb-chart").first
    ticks = chart.locator("text:not(.rb-name)").all()
    assert len(ticks) >= 3
    for tick in ticks:
        assert float(tick.get_attribute("x") or "") == pytest.approx(
            slope * float(tick.text_content() or "") + start, abs=0.05
        )
    box = chart.bounding_box()
    assert box
    for path, name in zip(page.locator(".rb-interval").all(), race.entrants(board[0]), strict=True):
        low, high = race_verdict.interval(race_verdict.scores(race.load(), *board, name))[1:]
        inside = [14 <= slope * end + start <= box["width"] - 14 for end in (low, high)]
        marks = re.findall(r"v(\d+)", path.get_attribute("d") or "")
        assert [mark != "0" for mark in marks] == inside


def winners_of(found: race_verdict.Finding) -> list[str]:
    """The cells that share the first place, worked out from the stored scores."""
    if found.solved is not None and not any(found.solved.values()):
        return ["no one"]
    runs = [
        score
        for name in found.names.values()
        for score in race_verdict.scores(race.load(), found.task, found.distance, name)
    ]
    runs += [] if (threshold := TASKS[found.task].solved) is None else [threshold]
    best = (min if TASKS[found.task].lower else max)(found.scores.values())
    return [cell for cell, mean in found.scores.items() if abs(mean - best) <= 0.01 * (max(runs) - min(runs))]


def test_the_sentence_judges_the_guess_by_the_stored_runs(stage: Stage) -> None:
    page = stage.open(RaceBoard())
    results = race.load()
    for task, distance in (("recall", 40), ("adding", 10), ("text", 50)):
        page.evaluate("([task, distance]) => { models[0].set('task', task); models[0].set('distance', distance) }",
                      [task, distance])  # fmt: skip
        settle(page, 0)
        found = race_verdict.find(results, task, distance, race_verdict.AS_STARTED)
        winners = winners_of(found)
        winner = winners[0]
        loser = next(cell for cell in ("RNN", "LSTM", "GRU", "no one") if cell not in winners)
        guess(page, winner)
        assert sentence(page).startswith("As you guessed: ")
        assert str(found) in sentence(page)
        guess(page, loser)
        assert sentence(page).startswith(f"You guessed {loser}: ")


def test_the_table_has_every_number(stage: Stage) -> None:
    page = stage.open(RaceBoard("text", starts="all"))
    guess(page, "RNN")
    open_all(page)
    settle(page, 600)
    assert page.locator(".uw-numbers tbody tr").count() == len(race.entrants("text"))
    first = race_verdict.scores(race.load(), "text", 50, "RNN")
    cell = page.locator(".uw-numbers tbody tr").first.locator("td").first.inner_text()
    assert [float(part) for part in cell.split(", ")] == pytest.approx(first, abs=0.006)


def test_every_control_changes_what_is_drawn_by_the_keyboard(stage: Stage) -> None:
    page = stage.open(RaceBoard("recall", 20))
    guess(page, "RNN")
    for name in ("cell-RNN", "cell-LSTM"):
        before = drawn(page, 0, 0)
        control(page, name).press("Space")
        assert drawn(page, 0, 0) != before, name
    for name in ("starts", "distance", "task"):
        before = drawn(page, 0, 0)
        control(page, name).focus()
        page.keyboard.press("ArrowDown")
        assert drawn(page, 0, 0) != before, name
    control(page, "cell-GRU").press("Space")
    assert sentence(page) == "Choose at least one cell."


def test_distances_follow_the_task_and_traits_follow_the_reader(stage: Stage) -> None:
    page = stage.open(RaceBoard("recall", 80))
    control(page, "task").select_option("text")
    settle(page, 0)
    assert control(page, "distance").evaluate("(node) => [...node.options].map((o) => o.value)") == ["50"]
    assert page.evaluate("[models[0].traits.task, models[0].traits.distance]") == ["text", 50]
    control(page, "task").select_option("adding")
    settle(page, 0)
    assert page.evaluate("models[0].traits.distance") == 40
    assert control(page, "distance").input_value() == "40"
    page.locator("[data-control=reset]").click()
    settle(page, 0)
    assert page.evaluate("[models[0].traits.task, models[0].traits.distance]") == ["recall", 80]
    assert control(page, "distance").input_value() == "80"


def test_rows_and_tasks_keep_their_order_and_panels_stand_side_by_side_where_there_is_room(stage: Stage) -> None:
    board = RaceBoard("recall", 40, "all")
    board.set_trait("race", json.loads(json.dumps(board.race, sort_keys=True)))  # as a page may get it
    page = stage.open(board)
    page.add_style_tag(content="html { font-size: 20px }")
    names = page.locator(".rb-chart").first.locator(".rb-name").all_text_contents()
    assert names == [race_verdict.words(name) for name in race.entrants("recall")]
    assert control(page, "task").evaluate("(node) => [...node.options].map((o) => o.value)") == list(TASKS)
    left, right = (chart.bounding_box() for chart in page.locator(".rb-chart").all())
    assert left
    assert right
    assert left["y"] == pytest.approx(right["y"], abs=1)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 900])
def test_it_fits_and_can_be_read(stage: Stage, theme: str, width: int) -> None:
    page = stage.open(RaceBoard("adding", 20, "all"), theme=theme, viewport={"width": width, "height": 900})
    guess(page, "GRU")
    open_all(page)
    settle(page, 600)
    assert misfits(page) == []
    surface, dot, after = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.uw')).backgroundColor,
           getComputedStyle(document.querySelector('.rb-dot')).fill,
           getComputedStyle(document.querySelector('.rb-after')).fill]"""
    )
    assert contrast(surface, dot) >= 3
    assert contrast(surface, after) >= 3
    box: Any = page.locator(".rb-chart").first.bounding_box()
    assert box["width"] > 200


def test_the_bundle_is_small() -> None:
    assert (BUNDLES / "race_board.js").stat().st_size <= 30_000
