"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

Three = tuple[Tensor, Tensor, Tensor]


def bag_mean__the_last_word_for_nobody(W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You look up −1, and that is the last row of W_in: a place where nobody stands must count nowhere."""
    return W_in[neighbours].mean(dim=1)


def bag_mean__the_sum(W_in: Tensor, neighbours: Tensor) -> Tensor:
    """Your h is the sum of the neighbours' rows: divide it by how many neighbours are there."""
    there = neighbours >= 0
    return (W_in[neighbours] * there[..., None]).sum(dim=1)


def bag_mean__divided_by_the_window(W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You divide by N, twice the window: at the edges of a line fewer stand there, and you must divide by as many."""
    there = neighbours >= 0
    return (W_in[neighbours] * there[..., None]).mean(dim=1)


def bag_mean__repeats_counted_once(W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You count a word that stands there twice only once: every place counts, whatever word stands in it."""
    return torch.stack([W_in[bag[bag >= 0].unique()].mean(dim=0) for bag in neighbours])


def guess_loss__only_the_likeliest_truth(h: Tensor, W_out: Tensor, truth: Tensor) -> Tensor:
    """You take one word for the truth and forget the rest: each word's share y weighs its own logarithm."""
    log_p = torch.log_softmax(h @ W_out.T, dim=1)
    return -log_p[torch.arange(len(h)), truth.argmax(dim=1)]


def guess_loss__logarithm_of_the_mixture(h: Tensor, W_out: Tensor, truth: Tensor) -> Tensor:
    """You average the beliefs and then take the logarithm: take each word's logarithm first, then their mean by y."""
    return -(torch.log_softmax(h @ W_out.T, dim=1) + truth.log()).logsumexp(dim=1)  # of the weighted sum


def guess_loss__scores_for_logarithms(h: Tensor, W_out: Tensor, truth: Tensor) -> Tensor:
    """You use the scores as if they were logarithms of beliefs: ln of the sum of all exponentials is missing."""
    return -(truth * (h @ W_out.T)).sum(dim=1)


def guess_loss__a_grain_added(h: Tensor, W_out: Tensor, truth: Tensor) -> Tensor:
    """You add a small number before the logarithm: then no loss passes 23 or so. Compute ln p from the scores."""
    return -(truth * (torch.softmax(h @ W_out.T, dim=1) + 1e-10).log()).sum(dim=1)


def guess_loss__mean_over_the_guesses(h: Tensor, W_out: Tensor, truth: Tensor) -> Tensor:
    """You return one number for all guesses: return each guess's own loss, (B,)."""
    return -(truth * torch.log_softmax(h @ W_out.T, dim=1)).sum(dim=1).mean()


def score_gradients__softmax_over_the_guesses(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """Your softmax runs over the guesses: the beliefs of one guess, a row of the scores, must add up to 1."""
    d_scores = torch.softmax(h @ W_out.T, dim=0) - truth
    return d_scores, d_scores.T @ h, d_scores @ W_out


def score_gradients__belief_without_truth(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """Your d_scores is the belief p alone: what is true must be subtracted, p − y."""
    d_scores = torch.softmax(h @ W_out.T, dim=1)
    return d_scores, d_scores.T @ h, d_scores @ W_out


def score_gradients__truth_minus_belief(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """Your signs are turned round: you have truth minus belief, y − p, and the gradient is p − y."""
    d_scores = truth - torch.softmax(h @ W_out.T, dim=1)
    return d_scores, d_scores.T @ h, d_scores @ W_out


def score_gradients__only_the_likeliest_truth(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """You subtract 1 at one word: subtract each word's share of the truth, p − y, as y may be spread over several."""
    d_scores = torch.softmax(h @ W_out.T, dim=1) - one_hot(truth.argmax(dim=1), truth.shape[1])
    return d_scores, d_scores.T @ h, d_scores @ W_out


def score_gradients__mean_over_the_guesses(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """You divide by the number of guesses: L is the sum of their losses here, not the mean."""
    d_scores = (torch.softmax(h @ W_out.T, dim=1) - truth) / len(h)
    return d_scores, d_scores.T @ h, d_scores @ W_out


def score_gradients__mean_of_h(h: Tensor, W_out: Tensor, truth: Tensor) -> Three:
    """You used one h for all guesses: in ∂L/∂W_out the score's gradient of each guess meets that guess's own h."""
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    return d_scores, d_scores.sum(dim=0)[:, None] * h.mean(dim=0), d_scores @ W_out


def row_gradients__the_whole_to_each(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """Each neighbour gets the whole ∂L/∂h: h is a mean of n rows, so each gets the n-th part."""
    there = neighbours >= 0
    rows, place = neighbours[there].unique(return_inverse=True)
    d_rows = torch.zeros(len(rows), d_h.shape[1])
    return rows, d_rows.index_add(0, place, d_h[there.nonzero()[:, 0]])


def row_gradients__divided_by_the_window(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """You divide by N, twice the window: divide by as many neighbours as the guess has."""
    there = neighbours >= 0
    rows, place = neighbours[there].unique(return_inverse=True)
    d_rows = torch.zeros(len(rows), d_h.shape[1])
    return rows, d_rows.index_add(0, place, d_h[there.nonzero()[:, 0]] / neighbours.shape[1])


def row_gradients__repeats_lost(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """A word twice beside one blot gets one part: it must get two. An index that comes twice in += is added once."""
    d_W_in = torch.zeros(int(neighbours.max()) + 1, d_h.shape[1])
    for d, bag in zip(d_h, neighbours, strict=True):
        there = bag[bag >= 0]
        d_W_in[there] += d / len(there)
    rows = neighbours[neighbours >= 0].unique()
    return rows, d_W_in[rows]


def row_gradients__only_the_last_guess(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """A word beside two blots keeps what the last one gave: add to what its row already has, do not overwrite it."""
    d_W_in = torch.zeros(int(neighbours.max()) + 1, d_h.shape[1])
    for d, bag in zip(d_h, neighbours, strict=True):
        there = bag[bag >= 0]
        for word in there.tolist():
            d_W_in[word] = d / len(there) * (there == word).sum()
    rows = neighbours[neighbours >= 0].unique()
    return rows, d_W_in[rows]


def row_gradients__overwritten(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """Each part overwrites the one before: all parts of a word add up in its row, from one blot and from several."""
    found = {}
    for d, bag in zip(d_h, neighbours, strict=True):
        there = bag[bag >= 0].tolist()
        found.update({word: d / len(there) for word in there})
    return torch.tensor(sorted(found)), torch.stack([found[word] for word in sorted(found)])


def row_gradients__a_row_for_nobody(d_h: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """−1 is among your rows, as if nobody were a word: leave those places out."""
    rows, place = neighbours.flatten().unique(return_inverse=True)
    parts = (d_h / (neighbours >= 0).sum(dim=1, keepdim=True)).repeat_interleave(neighbours.shape[1], dim=0)
    return rows, torch.zeros(len(rows), d_h.shape[1]).index_add(0, place, parts)


def cbow_step__uphill(
    W_in: Tensor, W_out: Tensor, neighbours: Tensor, truth: Tensor, rate: float
) -> tuple[Tensor, Tensor]:
    """Your step goes uphill: gradient descent subtracts the rate times the gradient."""
    there = (neighbours >= 0)[..., None]
    h = (W_in[neighbours] * there).sum(dim=1) / there.sum(dim=1)
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    parts = (d_scores @ W_out / there.sum(dim=1))[:, None] * there
    new_in = W_in.index_add(0, neighbours.flatten() % len(W_in), rate * parts.flatten(0, 1))
    return new_in, W_out + rate * d_scores.T @ h


def cbow_step__new_W_out_too_early(
    W_in: Tensor, W_out: Tensor, neighbours: Tensor, truth: Tensor, rate: float
) -> tuple[Tensor, Tensor]:
    """You change W_out first and then go back through the new one: take all gradients before you change anything."""
    there = (neighbours >= 0)[..., None]
    h = (W_in[neighbours] * there).sum(dim=1) / there.sum(dim=1)
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    new_out = W_out - rate * d_scores.T @ h
    d_scores = torch.softmax(h @ new_out.T, dim=1) - truth
    parts = (d_scores @ new_out / there.sum(dim=1))[:, None] * there
    new_in = W_in.index_add(0, neighbours.flatten() % len(W_in), -rate * parts.flatten(0, 1))
    return new_in, new_out


def cbow_step__new_W_in_too_early(
    W_in: Tensor, W_out: Tensor, neighbours: Tensor, truth: Tensor, rate: float
) -> tuple[Tensor, Tensor]:
    """You change W_in first and take the gradient of W_out with the new one: take both before you change anything."""
    there = (neighbours >= 0)[..., None]
    h = (W_in[neighbours] * there).sum(dim=1) / there.sum(dim=1)
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    parts = (d_scores @ W_out / there.sum(dim=1))[:, None] * there
    new_in = W_in.index_add(0, neighbours.flatten() % len(W_in), -rate * parts.flatten(0, 1))
    h = (new_in[neighbours] * there).sum(dim=1) / there.sum(dim=1)
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    return new_in, W_out - rate * d_scores.T @ h


def cbow_step__only_the_true_rows_of_W_out(
    W_in: Tensor, W_out: Tensor, neighbours: Tensor, truth: Tensor, rate: float
) -> tuple[Tensor, Tensor]:
    """In W_out you move the true words' rows alone: every word was scored, so every row of W_out moves."""
    there = (neighbours >= 0)[..., None]
    h = (W_in[neighbours] * there).sum(dim=1) / there.sum(dim=1)
    d_scores = torch.softmax(h @ W_out.T, dim=1) - truth
    parts = (d_scores @ W_out / there.sum(dim=1))[:, None] * there
    new_in = W_in.index_add(0, neighbours.flatten() % len(W_in), -rate * parts.flatten(0, 1))
    true = torch.isin(torch.arange(len(W_out)), truth.argmax(dim=1))[:, None]
    return new_in, W_out - rate * d_scores.T @ h * true


def repair__only_the_repeats(d_W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You give back what repeated words lost. The other fault is left: without repeats, 2 neighbours still get half."""
    times = torch.bincount(neighbours[neighbours >= 0], minlength=len(d_W_in))
    return d_W_in * times[:, None]


def repair__only_the_division(d_W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You divide by the right number now. The other fault is left: a word that stands there twice gets one part."""
    return d_W_in * len(neighbours) / (neighbours >= 0).sum()


def repair__the_wrong_way_round(d_W_in: Tensor, neighbours: Tensor) -> Tensor:
    """You make the fault once more instead of undoing it: the program's numbers are too small, so they must grow."""
    times = torch.bincount(neighbours[neighbours >= 0], minlength=len(d_W_in)).clamp(min=1)
    return d_W_in / times[:, None] * (neighbours >= 0).sum() / len(neighbours)


def repair__always_a_window_of_two(d_W_in: Tensor, neighbours: Tensor) -> Tensor:
    """Your 4 is twice the window of the program in the table: with another window it is N, the length of neighbours."""
    there = neighbours[neighbours >= 0]
    return d_W_in * torch.bincount(there, minlength=len(d_W_in))[:, None] * 4 / len(there)


POINTS = {
    "bag_mean__the_last_word_for_nobody": 0,
    "bag_mean__the_sum": 0,
    "bag_mean__divided_by_the_window": 0,
    "bag_mean__repeats_counted_once": 1,
    "guess_loss__only_the_likeliest_truth": 1,
    "guess_loss__logarithm_of_the_mixture": 1,
    "guess_loss__scores_for_logarithms": 0,
    "guess_loss__a_grain_added": 1,
    "guess_loss__mean_over_the_guesses": 0,
    "score_gradients__softmax_over_the_guesses": 0,
    "score_gradients__belief_without_truth": 0,
    "score_gradients__truth_minus_belief": 0,
    "score_gradients__only_the_likeliest_truth": 1,
    "score_gradients__mean_over_the_guesses": 1,
    "score_gradients__mean_of_h": 1,
    "row_gradients__the_whole_to_each": 1,
    "row_gradients__divided_by_the_window": 1,
    "row_gradients__repeats_lost": 1,
    "row_gradients__only_the_last_guess": 1,
    "row_gradients__overwritten": 1,
    "row_gradients__a_row_for_nobody": 0,
    "cbow_step__uphill": 0,
    "cbow_step__new_W_out_too_early": 1,
    "cbow_step__new_W_in_too_early": 1,
    "cbow_step__only_the_true_rows_of_W_out": 1,
    "repair__only_the_repeats": 1,
    "repair__only_the_division": 1,
    "repair__the_wrong_way_round": 1,
    "repair__always_a_window_of_two": 1,
}
"""What each leaves of its task's points."""
