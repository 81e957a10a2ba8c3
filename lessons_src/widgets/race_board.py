"""RaceBoard: which one remembers?"""

import statistics
from functools import cache
from typing import Any

import traitlets

from lessons_src import checks, plotting, race, race_verdict
from lessons_src.race_training import ENTRANTS, TASKS
from lessons_src.widgets.base import BookWidget

STARTS = ("torch", "best", "all")


class RaceBoard(BookWidget):
    """Shows every stored run of the race at one task and distance, once the reader has guessed who wins.

    Left the scores, one dot for each seed, with the 95 % interval of the mean by Student's t. Right the share of the
    gradient that reaches the first step, before training (open dots) and after it (filled). The numbers are those of
    `lessons_src.race`; nothing is trained in the page.

    Args:
        task: "recall", "adding", "text" or "text-16", as in `race_training.TASKS`.
        distance: one of the task's distances; None for its longest.
        starts: "torch" for the cells as PyTorch starts them, "best" for the start of each that was best on validation
            seeds, "all" for every entrant.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("race_board").tag(sync=True)

    task = traitlets.Unicode("recall").tag(sync=True)
    distance = traitlets.Int(80).tag(sync=True)
    starts = traitlets.Unicode("torch").tag(sync=True)
    race: Any = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, task: str = "recall", distance: int | None = None, starts: str = "torch") -> None:
        longest = race.DISTANCES[checks.one_of("task", task, TASKS)][-1]
        super().__init__(task=task, distance=longest if distance is None else distance, starts=starts)

    @traitlets.default("race")
    def _default_race(self) -> dict[str, Any]:
        return stored()

    @traitlets.validate("task", "starts")
    def _check_word(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return checks.one_of(name, proposal["value"], {"task": tuple(TASKS), "starts": STARTS}[name])

    @traitlets.validate("distance")
    def _check_distance(self, proposal: Any) -> int:
        every = sorted({distance for distances in race.DISTANCES.values() for distance in distances})
        if proposal["value"] not in every:
            raise ValueError(f"distance: expected one of {', '.join(map(str, every))}, got {proposal['value']}")
        return int(proposal["value"])

    @traitlets.observe("task", "distance")
    def _fit(self, _: Any) -> None:
        """A distance that the task does not have becomes the nearest one."""
        self.distance = min(race.DISTANCES[self.task], key=lambda distance: abs(distance - self.distance))

    @property
    def entrants(self) -> tuple[str, ...]:
        """Who is on the board."""
        taking_part = race.entrants(self.task)
        if self.starts == "all":
            return taking_part
        chosen = race_verdict.AS_STARTED if self.starts == "torch" else stored()["best"][self.task]
        return tuple(name for name in taking_part if name in chosen.values())

    def still(self) -> str:
        """Both panels, as points over entrants."""
        board = stored()["boards"][f"{self.task}/{self.distance}"]
        figure, (left, right) = plotting.subplots(1, 2, height=0.9 + 0.3 * len(self.entrants), sharey=True)
        for row, name in enumerate(self.entrants):
            runs = board[name]
            found = race_verdict.interval(runs["scores"])
            left.plot([found.low, found.high], [row, row], color=plotting.COLOURS["loss"])
            left.plot(runs["scores"], [row] * len(runs["scores"]), "o", color=plotting.SERIES[0], alpha=0.7)
            for key, fill in (("before", "none"), ("after", plotting.COLOURS["gradient"])):
                style = {"markeredgecolor": plotting.COLOURS["gradient"], "markerfacecolor": fill}
                right.plot(runs[key], [row] * len(runs[key]), "o", **style)
        left.set_yticks(range(len(self.entrants)), [ENTRANTS[name].words for name in self.entrants])
        left.invert_yaxis()
        left.set_xlabel(TASKS[self.task].unit)
        right.set(xscale="log", xlabel="gradient share at step 1")
        return plotting.figure_html(figure, self._alt(board), "Left every run and the interval of the mean.")

    def _alt(self, board: dict[str, Any]) -> str:
        means = (f"{ENTRANTS[n].words} {statistics.fmean(board[n]['scores']):.3g}" for n in self.entrants)
        return f"{self}: mean {TASKS[self.task].unit}: {', '.join(means)}."

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        return f"RaceBoard({TASKS[self.task].words}, {self.distance} steps, starts {self.starts})"


@cache
def stored() -> dict[str, Any]:
    """What the page needs of the race's results, ready for JSON."""
    results = race.load()
    best = {task: race_verdict.best_starts(results, task) for task in TASKS}
    boards: dict[str, dict[str, Any]] = {}
    words: dict[str, dict[str, str]] = {"torch": {}, "best": {}}
    for task, distances in race.DISTANCES.items():
        for distance in distances:
            board = f"{task}/{distance}"
            boards[board] = {name: _runs(results, task, distance, name) for name in race.entrants(task)}
            for starts, names in (("torch", race_verdict.AS_STARTED), ("best", best[task])):
                words[starts][board] = str(race_verdict.find(results, task, distance, names))
    tasks = {
        task: {
            "words": about.words,
            "unit": about.unit,
            "lower": about.lower,
            "solved": about.solved,
            "distances": list(race.DISTANCES[task]),
        }
        for task, about in TASKS.items()
    }
    entrants = {name: {"cell": about.cell, "words": about.words} for name, about in ENTRANTS.items()}
    order = {"tasks": list(TASKS), "entrants": list(ENTRANTS)}  # a page may get the keys of a dict in another order
    return {"order": order, "tasks": tasks, "entrants": entrants, "best": best, "boards": boards, "verdicts": words}


def _runs(results: race.Results, task: str, distance: int, entrant: str) -> dict[str, Any]:
    shares = race_verdict.shares_of(results, task, distance, entrant)
    found = race_verdict.scores(results, task, distance, entrant)
    low, high = race_verdict.interval(found)[1:]
    return {
        "scores": found,
        "low": float(f"{low:.4g}"),
        "high": float(f"{high:.4g}"),
        "before": [each[0] for each in shares],
        "after": [each[-1] for each in shares],
    }
