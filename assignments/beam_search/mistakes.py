"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import itertools
import math

import torch
from torch import Tensor

START, END = 0, 1
Hypothesis = tuple[list[int], float]
Beam = tuple[Tensor, Tensor, Tensor]


def _candidates(alive: list[Hypothesis], log_p: Tensor) -> list[Hypothesis]:
    """All tunes one token longer, the likeliest first."""
    found = [
        ([*tune, token], total + step)
        for tune, total in alive
        for token, step in enumerate(log_p[tune[-1] if tune else START].tolist())
        if step > -math.inf
    ]
    return _sorted(found)


def _sorted(found: list[Hypothesis]) -> list[Hypothesis]:
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _placed(sums: Tensor, logs: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best sums, their parents and their new tokens."""
    best, places = (sums[:, None] + logs).flatten().topk(width)
    return best, places // logs.shape[1], places % logs.shape[1]


def log_probability__first_step_left_out(tune: list[int], log_p: Tensor) -> float:
    """The first step is missing: a tune also pays for its first note, log p(y₁ | START)."""
    return sum(float(log_p[before, token]) for before, token in itertools.pairwise(tune))


def log_probability__end_left_out(tune: list[int], log_p: Tensor) -> float:
    """The END of a finished tune is missing from your sum: to stop there has a probability too."""
    notes = [token for token in tune if token != END]
    return sum(float(log_p[before, token]) for before, token in zip([START, *notes], notes, strict=False))


def log_probability__probabilities_multiplied(tune: list[int], log_p: Tensor) -> float:
    """You multiplied probabilities: the product of a long tune is too small for a computer and becomes 0. Add logs."""
    product = math.prod(math.exp(log_p[before, token]) for before, token in zip([START, *tune], tune, strict=False))
    return math.log(product) if product else -math.inf


def log_probability__rows_and_columns_swapped(tune: list[int], log_p: Tensor) -> float:
    """Rows and columns are swapped: the row of log_p is the token before, the column the one that follows."""
    return sum(float(log_p[token, before]) for before, token in zip([START, *tune], tune, strict=False))


def greedy__start_read_at_every_step(log_p: Tensor, most: int) -> list[int]:
    """Your apprentice reads START at every step: the token just chosen must be the next row."""
    row = log_p[START].tolist()
    best = row.index(max(row))
    return [best] if best == END else [best] * most


def greedy__end_left_off(log_p: Tensor, most: int) -> list[int]:
    """The END is missing: a finished tune is returned with its END, or nobody can tell it from one cut off."""
    tune, last = list[int](), START
    for _ in range(most):
        row = log_p[last].tolist()
        last = row.index(max(row))
        if last == END:
            break
        tune.append(last)
    return tune


def greedy__goes_on_after_end(log_p: Tensor, most: int) -> list[int]:
    """Your apprentice goes on after END and reads its row: stop as soon as END is written."""
    tune, last = list[int](), START
    for _ in range(most):
        row = log_p[last].tolist()
        last = row.index(max(row))
        tune.append(last)
    return tune


def greedy__end_beyond_the_most(log_p: Tensor, most: int) -> list[int]:
    """Your tunes may have one token more than `most`: the limit counts END as well."""
    tune, last = list[int](), START
    while last != END and (len(tune) < most or log_p[last].argmax() == END):
        row = log_p[last].tolist()
        last = row.index(max(row))
        tune.append(last)
    return tune


def expand__each_parent_keeps_its_best_child(alive: list[Hypothesis], log_p: Tensor, width: int) -> list[Hypothesis]:
    """Each of your parents keeps one child. Compare all together: one parent may have several, another none."""
    if alive == [([], 0.0)]:
        return _candidates(alive, log_p)[:width]
    return _sorted([_candidates([parent], log_p)[0] for parent in alive])[:width]


def expand__parents_cost_forgotten(alive: list[Hypothesis], log_p: Tensor, width: int) -> list[Hypothesis]:
    """The parent's log P is missing: a candidate's log P is that of its parent plus the new step."""
    return _candidates([(tune, 0.0) for tune, _ in alive], log_p)[:width]


def expand__sorted_by_the_last_step(alive: list[Hypothesis], log_p: Tensor, width: int) -> list[Hypothesis]:
    """You chose by the last step alone: choose by the log P of the whole tune so far."""
    found = [(child, child[1] - total) for tune, total in alive for child in _candidates([(tune, total)], log_p)]
    return [child for child, _ in sorted(found, key=lambda pair: (-pair[1], pair[0][0]))][:width]


def expand__ties_to_the_higher_ids(alive: list[Hypothesis], log_p: Tensor, width: int) -> list[Hypothesis]:
    """Of equally likely tunes you keep the higher ids: `reverse=True` turns the ids round too. Sort by −log P."""
    return sorted(_candidates(alive, log_p), key=lambda pair: (pair[1], pair[0]), reverse=True)[:width]


def beam_search__finished_tunes_expanded(log_p: Tensor, width: int, most: int) -> list[Hypothesis]:
    """Your finished tunes are expanded on, past END: what ends in END must leave the beam for good."""
    alive: list[Hypothesis] = [([], 0.0)]
    for _ in range(most):
        alive = _candidates(alive, log_p)[:width]
    return alive


def beam_search__stops_at_the_first_end(log_p: Tensor, width: int, most: int) -> list[Hypothesis]:
    """Your search stops when the first tune is finished: what is still alive may end up likelier. Go on to the end."""
    alive: list[Hypothesis] = [([], 0.0)]
    for _ in range(most):
        alive = _candidates(alive, log_p)[:width]
        if any(tune[-1] == END for tune, _ in alive):
            break
    return [pair for pair in alive if pair[0][-1] == END or len(pair[0]) == most]


def beam_search__cut_tunes_lost(log_p: Tensor, width: int, most: int) -> list[Hypothesis]:
    """Tunes cut off at `most` tokens are missing from your result: they count as they are."""
    alive: list[Hypothesis] = [([], 0.0)]
    done: list[Hypothesis] = []
    for _ in range(most):
        kept = _candidates(alive, log_p)[:width]
        done += [pair for pair in kept if pair[0][-1] == END]
        alive = [pair for pair in kept if pair[0][-1] != END]
    return _sorted(done)[:width]


def beam_search__in_the_order_of_leaving(log_p: Tensor, width: int, most: int) -> list[Hypothesis]:
    """Your tunes stand in the order in which they left the beam: sort them once more, the likeliest first."""
    alive: list[Hypothesis] = [([], 0.0)]
    done: list[Hypothesis] = []
    while alive:
        kept = _candidates(alive, log_p)[:width]
        done += [pair for pair in kept if pair[0][-1] == END or len(pair[0]) == most]
        alive = [pair for pair in kept if pair[0][-1] != END and len(pair[0]) < most]
    return done[:width]


def rank__end_not_counted(done: list[Hypothesis], alpha: float) -> list[Hypothesis]:
    """END is missing from your lengths: it is a token like the others."""
    return _sorted([(tune, total / (len(tune) - (tune[-1] == END)) ** alpha) for tune, total in done])


def rank__always_the_mean(done: list[Hypothesis], alpha: float) -> list[Hypothesis]:
    """Your score ignores α, or multiplies by it: the length is raised to the power α."""
    return _sorted([(tune, total / len(tune)) for tune, total in done])


def rank__the_lowest_first(done: list[Hypothesis], alpha: float) -> list[Hypothesis]:
    """Your order is upside down: scores are negative, and the best is the one nearest to 0."""
    return sorted([(tune, total / len(tune) ** alpha) for tune, total in done], key=lambda pair: (pair[1], pair[0]))


def rank__ties_as_they_came(done: list[Hypothesis], alpha: float) -> list[Hypothesis]:
    """Tunes with equal scores stay in your result as they came: the lower ids go first. Sort by −score, then tune."""
    return sorted([(tune, total / len(tune) ** alpha) for tune, total in done], key=lambda pair: -pair[1])


def tipping_point__without_logarithms(a: float, m: int, b: float, n: int) -> float:
    """You divided b/a by n/m: α stands in an exponent, and only the logarithm brings it down."""
    return (b / a) / (n / m)


def tipping_point__upside_down(a: float, m: int, b: float, n: int) -> float:
    """Your fraction is upside down: α is log(b/a) divided by log(n/m)."""
    return math.log(n / m) / math.log(b / a)


def tipping_point__difference_of_log_probabilities(a: float, m: int, b: float, n: int) -> float:
    """You took a − b for the upper part: a and b are logs already, but a and b themselves must tie. Use log(b/a)."""
    return (a - b) / math.log(n / m)


def repaired__states_left_in_place(sums: Tensor, logs: Tensor, tokens: Tensor, states: Tensor, width: int) -> Beam:
    """The fault is still there: `index_select` returns new states, and nobody takes them. Row k reads on from another
    tune's state."""
    best, parents, new = _placed(sums, logs, width)
    return best, torch.cat([tokens[parents], new[:, None]], dim=1), states


def repaired__tokens_left_in_place(sums: Tensor, logs: Tensor, tokens: Tensor, states: Tensor, width: int) -> Beam:
    """That was (C): `tokens[parents]` was right. Without it the new token is written behind somebody else's tune."""
    best, parents, new = _placed(sums, logs, width)
    return best, torch.cat([tokens[:width], new[:, None]], dim=1), states[parents]


def repaired__sums_divided_by_the_length(
    sums: Tensor, logs: Tensor, tokens: Tensor, states: Tensor, width: int
) -> Beam:
    """That was (B): within a step all tunes are equally long. Divided sums are no log P, and spoil width 1 as well."""
    best, parents, new = _placed(sums, logs, width)
    tokens = torch.cat([tokens[parents], new[:, None]], dim=1)
    return best / tokens.shape[1], tokens, states[parents]


def repaired__parents_in_ascending_order(
    sums: Tensor, logs: Tensor, tokens: Tensor, states: Tensor, width: int
) -> Beam:
    """Your states are the parents' but in ascending order: row k needs the state of parents[k], as its tokens do."""
    best, parents, new = _placed(sums, logs, width)
    return best, torch.cat([tokens[parents], new[:, None]], dim=1), states[parents.sort().values]


POINTS = {
    "log_probability__first_step_left_out": 0,
    "log_probability__end_left_out": 0,
    "log_probability__rows_and_columns_swapped": 0,
    "log_probability__probabilities_multiplied": 1,
    "greedy__start_read_at_every_step": 1,
    "greedy__end_left_off": 1,
    "greedy__goes_on_after_end": 1,
    "greedy__end_beyond_the_most": 1,
    "expand__each_parent_keeps_its_best_child": 1,
    "expand__parents_cost_forgotten": 1,
    "expand__sorted_by_the_last_step": 1,
    "expand__ties_to_the_higher_ids": 1,
    "beam_search__finished_tunes_expanded": 0,
    "beam_search__stops_at_the_first_end": 0,
    "beam_search__cut_tunes_lost": 0,
    "beam_search__in_the_order_of_leaving": 1,
    "rank__end_not_counted": 1,
    "rank__always_the_mean": 0,
    "rank__the_lowest_first": 0,
    "rank__ties_as_they_came": 1,
    "tipping_point__without_logarithms": 1,
    "tipping_point__upside_down": 1,
    "tipping_point__difference_of_log_probabilities": 1,
    "repaired__states_left_in_place": 1,
    "repaired__tokens_left_in_place": 1,
    "repaired__sums_divided_by_the_length": 0,
    "repaired__parents_in_ascending_order": 1,
}
"""What each leaves of its task's points."""
