"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import math

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]
Triple = tuple[Tensor, Tensor, Tensor]


def scores__not_divided(query: Tensor, key: Tensor) -> Tensor:
    """Your scores are not divided: wider vectors give larger sums, so divide by √d_k."""
    return query @ key.transpose(1, 2)


def scores__divided_by_the_size(query: Tensor, key: Tensor) -> Tensor:
    """You divide by d_k: it is the standard deviation that is brought back to 1, so divide by its root, √d_k."""
    return query @ key.transpose(1, 2) / query.shape[-1]


def scores__divided_by_the_number_of_items(query: Tensor, key: Tensor) -> Tensor:
    """You divide by the root of S, the number of places: what was added up are d_k products, so divide by √d_k."""
    return query @ key.transpose(1, 2) / math.sqrt(key.shape[1])


def softmax__large_scores_overflow(scores: Tensor) -> Tensor:
    """Large scores give NaN, as exp is infinite: subtract something from each first."""
    powers = scores.exp()
    return powers / powers.sum(dim=-1, keepdim=True)


def softmax__one_largest_score_for_all(scores: Tensor) -> Tensor:
    """Questions far apart give NaN: each one must subtract its own largest score."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(dim=-1, keepdim=True)


def softmax__over_the_questions(scores: Tensor) -> Tensor:
    """Your weights sum to 1 over the questions: it is the items of one question that share the 1, the last axis."""
    powers = (scores - scores.amax(dim=-2, keepdim=True)).exp()
    return powers / powers.sum(dim=-2, keepdim=True)


def softmax__over_everything(scores: Tensor) -> Tensor:
    """All questions together share one sum in your code: sum over the last axis only, and keep it (keepdim=True)."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


def allowed__true_means_hidden(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """Your mask is True where one may not look: here True is a place that may be seen."""
    place = torch.arange(S)
    mask = (place < items[:, None])[:, None].expand(-1, L, -1)
    return ~(mask & (place <= torch.arange(L)[:, None]) if in_turn else mask)


def allowed__later_items_only(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """The second rule is turned round: question t may look at the places s ≤ t, yours looks at t and later."""
    place = torch.arange(S)
    mask = (place < items[:, None])[:, None].expand(-1, L, -1)
    return mask & (place >= torch.arange(L)[:, None]) if in_turn else mask


def allowed__own_item_hidden(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """Item t comes before question t, so it may be seen: s ≤ t, and not s < t. Your question 0 sees nothing."""
    place = torch.arange(S)
    mask = (place < items[:, None])[:, None].expand(-1, L, -1)
    return mask & (place < torch.arange(L)[:, None]) if in_turn else mask


def allowed__one_item_too_many(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """You show one place too many: k items lie on the places 0 to k − 1."""
    place = torch.arange(S)
    mask = (place <= items[:, None])[:, None].expand(-1, L, -1)
    return mask & (place <= torch.arange(L)[:, None]) if in_turn else mask


def allowed__one_rule_is_enough(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """In turn, a place must pass both rules: you show it if it passes either, so join them with &."""
    place = torch.arange(S)
    mask = (place < items[:, None])[:, None].expand(-1, L, -1)
    return mask | (place <= torch.arange(L)[:, None]) if in_turn else mask


def allowed__questions_counted(items: Tensor, L: int, S: int, in_turn: bool) -> Tensor:
    """You hide questions in the place of items: `items` is to be compared with the place s, the last axis."""
    time = torch.arange(L)[:, None]
    mask = (time < items[:, None, None]).expand(-1, L, S)
    return mask & (torch.arange(S) <= time) if in_turn else mask


def attend__mask_turned(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Pair:
    """You hide what may be seen and show the rest: the mask is True where a question may look."""
    e = (query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])).masked_fill(mask, -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(mask, 0.0)
    return weights @ value, weights


def attend__hidden_scores_are_zero(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Pair:
    """A hidden place gets the score 0 in your code, and exp 0 = 1: it still takes a share. Give it the score −∞."""
    e = (query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])).masked_fill(~mask, 0.0)
    weights = e.exp() / e.exp().sum(dim=-1, keepdim=True)
    return weights @ value, weights


def attend__hidden_after_the_softmax(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Pair:
    """You hide after the softmax, so what is left no longer sums to 1: hide the scores before it."""
    e = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask, 0.0)
    return weights @ value, weights


def attend__nothing_to_see_gives_nan(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Pair:
    """A question that may look nowhere gets NaN (0/0). Its weights should be 0."""
    e = (query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])).masked_fill(~mask, -math.inf)
    weights = e.exp() / e.exp().sum(dim=-1, keepdim=True)
    return weights @ value, weights


def attend__nothing_to_see_gives_the_mean(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Pair:
    """A question that may look nowhere gets the mean of what it may not see: your −∞ is only a large number."""
    e = (query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])).masked_fill(~mask, -1e9)
    powers = (e - e.amax(dim=-1, keepdim=True)).exp()
    weights = powers / powers.sum(dim=-1, keepdim=True)
    return weights @ value, weights


def attend_by_heads__cut_without_transpose(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int
) -> Pair:
    """You cut with view alone, so a clerk gets whole rows of some questions: cut the last axis, then transpose."""
    q, k, v = (x.reshape(len(x), num_heads, x.shape[1], -1) for x in (query, key, value))
    e = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask[:, None], -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask[:, None], 0.0)
    return (weights @ v).transpose(1, 2).flatten(2), weights


def attend_by_heads__cut_and_joined_without_transpose(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int
) -> Pair:
    """You cut and join with view alone, so a clerk gets whole rows of some questions: transpose after the cut."""
    q, k, v = (x.reshape(len(x), num_heads, x.shape[1], -1) for x in (query, key, value))
    e = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask[:, None], -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask[:, None], 0.0)
    return (weights @ v).reshape(len(query), query.shape[1], -1), weights


def attend_by_heads__joined_without_transpose(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int
) -> Pair:
    """The weights are right, but you join the answers while heads come before questions: transpose them back first."""
    q, k, v = (x.unflatten(-1, (num_heads, -1)).transpose(1, 2) for x in (query, key, value))
    e = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask[:, None], -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask[:, None], 0.0)
    return (weights @ v).reshape(len(query), query.shape[1], -1), weights


def attend_by_heads__dealt_like_cards(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int) -> Pair:
    """You deal the numbers out like cards, one to each clerk in turn: clerk 0 gets the first ones, all together."""
    q, k, v = (x.unflatten(-1, (-1, num_heads)).movedim(-1, 1) for x in (query, key, value))
    e = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask[:, None], -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask[:, None], 0.0)
    return (weights @ v).transpose(1, 2).flatten(2), weights


def attend_by_heads__scaled_by_the_whole_size(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int
) -> Pair:
    """Your clerks divide by the root of E: each adds up E / num_heads products, so that is its d_k."""
    q, k, v = (x.unflatten(-1, (num_heads, -1)).transpose(1, 2) for x in (query, key, value))
    e = (q @ k.transpose(2, 3) / math.sqrt(query.shape[-1])).masked_fill(~mask[:, None], -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask[:, None], 0.0)
    return (weights @ v).transpose(1, 2).flatten(2), weights


def attend_by_heads__one_clerk_for_all(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, num_heads: int) -> Pair:
    """All your clerks have the same weights, from the whole question: each compares its own part with its own part."""
    e = (query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])).masked_fill(~mask, -math.inf)
    weights = (e.exp() / e.exp().sum(dim=-1, keepdim=True)).masked_fill(~mask, 0.0)
    return weights @ value, weights[:, None].repeat(1, num_heads, 1, 1)


def attend_backward__mean_not_subtracted(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """You treat a weight as if it had its score to itself: the weights share one sum, so take g minus its mean."""
    d_e = weights * (d_context @ value.transpose(1, 2)) / math.sqrt(query.shape[-1])
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def attend_backward__plain_mean(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """You subtract the plain mean of g: the mean that counts is weighted, Σ w g."""
    g = d_context @ value.transpose(1, 2)
    d_e = weights * (g - g.mean(dim=-1, keepdim=True)) / math.sqrt(query.shape[-1])
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def attend_backward__mean_over_all_questions(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """Your mean sums over all questions: each question has its own row of weights, and its own mean."""
    g = d_context @ value.transpose(1, 2)
    d_e = weights * (g - (weights * g).sum(dim=(1, 2), keepdim=True)) / math.sqrt(query.shape[-1])
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def attend_backward__own_weight_missing(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """The factor w is missing before g − ḡ: a score whose weight is nearly 0 hardly moves anything."""
    g = d_context @ value.transpose(1, 2)
    d_e = (g - (weights * g).sum(dim=-1, keepdim=True)) / math.sqrt(query.shape[-1])
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def attend_backward__like_a_sigmoid(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """w (1 − w) is how a score moves its own weight alone: it moves the others of its row, too, by −w times theirs."""
    d_e = d_context @ value.transpose(1, 2) * weights * (1 - weights) / math.sqrt(query.shape[-1])
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def attend_backward__scale_forgotten(
    d_context: Tensor, query: Tensor, key: Tensor, value: Tensor, weights: Tensor
) -> Triple:
    """The factor 1/√d_k is missing: it stands between the dot product and the score, on the way back as well."""
    g = d_context @ value.transpose(1, 2)
    d_e = weights * (g - (weights * g).sum(dim=-1, keepdim=True))
    return d_e @ key, d_e.transpose(1, 2) @ query, weights.transpose(1, 2) @ d_context


def carry_mask__sense_kept(mask: Tensor, num_heads: int) -> Tensor:
    """Order right, sense wrong: every clerk in the table looked where no item lies, so True hides in that library."""
    return (mask | ~mask.any(dim=-1, keepdim=True)).repeat_interleave(num_heads, dim=0)


def carry_mask__order_kept(mask: Tensor, num_heads: int) -> Tensor:
    """Sense right, order wrong: the library wants all clerks of office 0 first, then those of office 1: 0, 0, 1, 1."""
    return ~(mask | ~mask.any(dim=-1, keepdim=True)).repeat(num_heads, 1, 1)


def carry_mask__as_the_colleague_did(mask: Tensor, num_heads: int) -> Tensor:
    """That is the mask which the table is about: True hides in that library, and its order is 0, 0, 1, 1, 2, 2."""
    return mask.repeat(num_heads, 1, 1)


def carry_mask__still_nowhere_to_look(mask: Tensor, num_heads: int) -> Tensor:
    """Sense and order are right, but a question that may look nowhere still hides everything: NaN. Open its row."""
    return ~mask.repeat_interleave(num_heads, dim=0)


def carry_mask__whole_office_opened(mask: Tensor, num_heads: int) -> Tensor:
    """You open all rows of an office in which one question sees nothing: only that question's row may be opened."""
    nowhere = ~mask.any(dim=-1, keepdim=True)
    return (~(mask | nowhere.any(dim=1, keepdim=True))).repeat_interleave(num_heads, dim=0)


POINTS = {
    "scores__not_divided": 1,
    "scores__divided_by_the_size": 1,
    "scores__divided_by_the_number_of_items": 1,
    "softmax__large_scores_overflow": 0,
    "softmax__one_largest_score_for_all": 1,
    "softmax__over_the_questions": 0,
    "softmax__over_everything": 0,
    "allowed__true_means_hidden": 0,
    "allowed__later_items_only": 1,
    "allowed__own_item_hidden": 1,
    "allowed__one_item_too_many": 0,
    "allowed__one_rule_is_enough": 0,
    "allowed__questions_counted": 1,
    "attend__mask_turned": 0,
    "attend__hidden_scores_are_zero": 0,
    "attend__hidden_after_the_softmax": 1,
    "attend__nothing_to_see_gives_nan": 0,
    "attend__nothing_to_see_gives_the_mean": 0,
    "attend_by_heads__cut_without_transpose": 1,
    "attend_by_heads__cut_and_joined_without_transpose": 1,
    "attend_by_heads__joined_without_transpose": 1,
    "attend_by_heads__dealt_like_cards": 1,
    "attend_by_heads__scaled_by_the_whole_size": 1,
    "attend_by_heads__one_clerk_for_all": 1,
    "attend_backward__mean_not_subtracted": 1,
    "attend_backward__plain_mean": 1,
    "attend_backward__mean_over_all_questions": 1,
    "attend_backward__own_weight_missing": 1,
    "attend_backward__like_a_sigmoid": 1,
    "attend_backward__scale_forgotten": 1,
    "carry_mask__sense_kept": 1,
    "carry_mask__order_kept": 1,
    "carry_mask__as_the_colleague_did": 1,
    "carry_mask__still_nowhere_to_look": 1,
    "carry_mask__whole_office_opened": 1,
}
"""What each leaves of its task's points."""
