"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

Loss = tuple[float, Tensor]
Two = tuple[Tensor, Tensor]
Three = tuple[Tensor, Tensor, Tensor]


def loss_and_d_scores__padding_counted_in_the_mean(scores: Tensor, targets: Tensor, lengths: Tensor) -> Loss:
    """You divide by B · T, padding included: N is the number of real stops, lengths.sum()."""
    real = (torch.arange(scores.shape[1]) < lengths[:, None])[..., None] / targets.numel()
    log_p, target = scores.log_softmax(-1), one_hot(targets, scores.shape[-1])
    return -float((real * target * log_p).sum()), real * (log_p.exp() - target)


def loss_and_d_scores__padding_not_masked(scores: Tensor, targets: Tensor, lengths: Tensor) -> Loss:
    """Padding counts like any stop in your loss and gradient: leave out every stop t from lengths[b] on."""
    log_p, target = scores.log_softmax(-1), one_hot(targets, scores.shape[-1])
    return -float((target * log_p).sum()) / targets.numel(), (log_p.exp() - target) / targets.numel()


def loss_and_d_scores__gradient_of_the_sum(scores: Tensor, targets: Tensor, lengths: Tensor) -> Loss:
    """Your loss is a mean, but your gradient is that of the sum: it must be divided by N as well."""
    real = (torch.arange(scores.shape[1]) < lengths[:, None])[..., None]
    log_p, target = scores.log_softmax(-1), one_hot(targets, scores.shape[-1])
    return -float((real * target * log_p).sum()) / int(lengths.sum()), real * (log_p.exp() - target)


def loss_and_d_scores__mean_of_the_voyages_means(scores: Tensor, targets: Tensor, lengths: Tensor) -> Loss:
    """You took the mean of each voyage, then the mean of those: every real stop counts the same, 1/N."""
    real = (torch.arange(scores.shape[1]) < lengths[:, None]) / lengths[:, None] / len(lengths)
    log_p, target = scores.log_softmax(-1), one_hot(targets, scores.shape[-1])
    return -float((real[..., None] * target * log_p).sum()), real[..., None] * (log_p.exp() - target)


def loss_and_d_scores__wrong_sign(scores: Tensor, targets: Tensor, lengths: Tensor) -> Loss:
    """Your gradient points the other way: it is the probability minus the bracket, not the bracket minus it."""
    real = (torch.arange(scores.shape[1]) < lengths[:, None])[..., None] / lengths.sum()
    log_p, target = scores.log_softmax(-1), one_hot(targets, scores.shape[-1])
    return -float((real * target * log_p).sum()), real * (target - log_p.exp())


def readout_backward__averaged_over_the_voyages(d_scores: Tensor, h: Tensor, V: Tensor) -> Three:
    """Your d_V and d_c are means over the voyages: the shares add up, and the 1/N is in d_scores already."""
    d_V = torch.einsum("btc,bth->ch", d_scores, h)
    return d_scores @ V, d_V / len(h), d_scores.sum((0, 1)) / len(h)


def readout_backward__only_the_last_stop(d_scores: Tensor, h: Tensor, V: Tensor) -> Three:
    """Your d_V and d_c come from the last stop alone: V and c were used at every stop, and each adds its share."""
    return d_scores @ V, d_scores[:, -1].T @ h[:, -1], d_scores[:, -1].sum(0)


def states_backward__nothing_from_the_next_step(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """The recurrent term is missing: your d_h ignores what flows back from step t + 1."""
    d_a = d_h_direct * (1 - h**2)
    return d_a, d_a[:, 0] @ W_hh


def states_backward__nothing_from_their_own_losses(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """Two gradients meet at every h_t: you add d_h_direct at the last stop only, and forget it at the others."""
    d_a, d_h = torch.empty_like(h), d_h_direct[:, -1]
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = d_h * (1 - h[:, t] ** 2)
        d_h = d_a[:, t] @ W_hh
    return d_a, d_h


def states_backward__no_transpose(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """W_hh is the wrong way round: for rows, W_hhᵀ d is d_a[:, t] @ W_hh, and you went along its rows, not columns."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh.T
    return d_a, from_next


def states_backward__slope_of_a_state_not_squared(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """Your slope of tanh is 1 − h: it must be 1 − h², with the state squared."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, t])
        from_next = d_a[:, t] @ W_hh
    return d_a, from_next


def states_backward__slope_taken_twice(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """You take tanh of h once more for the slope: h is behind tanh already, so the slope is just 1 − h²."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, t].tanh() ** 2)
        from_next = d_a[:, t] @ W_hh
    return d_a, from_next


def states_backward__carried_before_tanh(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """What you send back has not passed tanh: multiply W_hh with d_a, behind the slope, not with d_h."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_h = d_h_direct[:, t] + from_next
        d_a[:, t] = d_h * (1 - h[:, t] ** 2)
        from_next = d_h @ W_hh
    return d_a, from_next


def states_backward__first_state_for_the_one_before(d_h_direct: Tensor, h: Tensor, W_hh: Tensor) -> Two:
    """Your d_h_0 is the gradient at the state after the first stop: send it through tanh and W_hh once more."""
    d_a, from_next, d_h = torch.empty_like(h), torch.zeros_like(h[:, 0]), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_h = d_h_direct[:, t] + from_next
        d_a[:, t] = d_h * (1 - h[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh
    return d_a, d_h


def weights_backward__state_after_the_stop(d_a: Tensor, x: Tensor, h: Tensor, h_0: Tensor) -> Three:
    """In d_W_hh you took h_t for h_{t−1}: the weight was multiplied by the state before the stop."""
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, h), d_a.sum((0, 1))


def weights_backward__last_state_before_the_first_stop(d_a: Tensor, x: Tensor, h: Tensor, h_0: Tensor) -> Three:
    """At the first stop your index t − 1 is −1, and that is the last state of the voyage: take h_0 there."""
    d_W_hh = torch.einsum("bti,btj->ij", d_a, h.roll(1, dims=1))
    return torch.einsum("bti,btj->ij", d_a, x), d_W_hh, d_a.sum((0, 1))


def weights_backward__first_stop_left_out(d_a: Tensor, x: Tensor, h: Tensor, h_0: Tensor) -> Three:
    """The first stop's term is missing in your d_W_hh: there the state before is h_0, which need not be zero."""
    d_W_hh = torch.einsum("bti,btj->ij", d_a[:, 1:], h[:, :-1])
    return torch.einsum("bti,btj->ij", d_a, x), d_W_hh, d_a.sum((0, 1))


def weights_backward__sender_and_receiver_swapped(d_a: Tensor, x: Tensor, h: Tensor, h_0: Tensor) -> Three:
    """Your d_W_hh is transposed: the receiver's gradient d_a makes the rows, the sender's state the columns."""
    before = torch.cat([h_0[:, None], h[:, :-1]], dim=1)
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ji", d_a, before), d_a.sum((0, 1))


def weights_backward__averaged_over_the_voyages(d_a: Tensor, x: Tensor, h: Tensor, h_0: Tensor) -> Three:
    """You took means over the voyages: the terms add up, since 1/N came in with the loss already."""
    before = torch.cat([h_0[:, None], h[:, :-1]], dim=1)
    d_W_ih, d_W_hh = torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, before)
    return d_W_ih / len(h), d_W_hh / len(h), d_a.sum((0, 1)) / len(h)


def leaky_backward__no_second_road(d_h_direct: Tensor, s: Tensor, W_hh: Tensor, alpha: float) -> Two:
    """The second road is missing: h_{t−1} also goes into h_t as it is, and gets (1 − α) d_h back that way."""
    d_a, from_next = torch.empty_like(s), torch.zeros_like(s[:, 0])
    for t in reversed(range(s.shape[1])):
        d_a[:, t] = alpha * (d_h_direct[:, t] + from_next) * (1 - s[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh
    return d_a, from_next


def leaky_backward__all_of_it_through_tanh(d_h_direct: Tensor, s: Tensor, W_hh: Tensor, alpha: float) -> Two:
    """The factor α is missing on the way to tanh: only the part α of h_t was made new."""
    d_a, from_next = torch.empty_like(s), torch.zeros_like(s[:, 0])
    for t in reversed(range(s.shape[1])):
        d_h = d_h_direct[:, t] + from_next
        d_a[:, t] = d_h * (1 - s[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh + (1 - alpha) * d_h
    return d_a, from_next


def leaky_backward__only_what_came_back_is_kept(d_h_direct: Tensor, s: Tensor, W_hh: Tensor, alpha: float) -> Two:
    """Along the second road goes all that arrives at h_t, its own loss included: (1 − α) times the whole d_h."""
    d_a, from_next = torch.empty_like(s), torch.zeros_like(s[:, 0])
    for t in reversed(range(s.shape[1])):
        d_a[:, t] = alpha * (d_h_direct[:, t] + from_next) * (1 - s[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh + (1 - alpha) * from_next
    return d_a, from_next


def leaky_backward__parts_swapped(d_h_direct: Tensor, s: Tensor, W_hh: Tensor, alpha: float) -> Two:
    """You swapped the parts: α is what was made new and goes through tanh, 1 − α is what was kept."""
    d_a, from_next = torch.empty_like(s), torch.zeros_like(s[:, 0])
    for t in reversed(range(s.shape[1])):
        d_h = d_h_direct[:, t] + from_next
        d_a[:, t] = (1 - alpha) * d_h * (1 - s[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh + alpha * d_h
    return d_a, from_next


def broken_gradients__the_right_ones(d_h_direct: Tensor, x: Tensor, h: Tensor, h_0: Tensor, W_hh: Tensor) -> Three:
    """These are the right gradients: return what the broken program would find, in which all states are one."""
    before = torch.cat([h_0[:, None], h[:, :-1]], dim=1)
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h_0)
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, before), d_a.sum((0, 1))


def broken_gradients__first_state_spared(d_h_direct: Tensor, x: Tensor, h: Tensor, h_0: Tensor, W_hh: Tensor) -> Three:
    """You spared h_0: in the evidence the first term of d_w_hh has the factor 0.8 too, so h_0 was overwritten."""
    before = torch.cat([h_0[:, None], h[:, -1:].expand(-1, h.shape[1] - 1, -1)], dim=1)
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h_0)
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, -1] ** 2)
        from_next = d_a[:, t] @ W_hh
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, before), d_a.sum((0, 1))


def broken_gradients__only_the_slopes(d_h_direct: Tensor, x: Tensor, h: Tensor, h_0: Tensor, W_hh: Tensor) -> Three:
    """Your slopes are wrong as they should be, but the states before each stop are right: those are overwritten too."""
    before = torch.cat([h_0[:, None], h[:, :-1]], dim=1)
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h_0)
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, -1] ** 2)
        from_next = d_a[:, t] @ W_hh
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, before), d_a.sum((0, 1))


def broken_gradients__only_the_products(d_h_direct: Tensor, x: Tensor, h: Tensor, h_0: Tensor, W_hh: Tensor) -> Three:
    """Your slopes are still the right ones: in the evidence the first two d_a have the slope of the last state."""
    before = h[:, -1:].expand_as(h)
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h_0)
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (d_h_direct[:, t] + from_next) * (1 - h[:, t] ** 2)
        from_next = d_a[:, t] @ W_hh
    return torch.einsum("bti,btj->ij", d_a, x), torch.einsum("bti,btj->ij", d_a, before), d_a.sum((0, 1))


POINTS = {
    "loss_and_d_scores__padding_counted_in_the_mean": 1,
    "loss_and_d_scores__padding_not_masked": 0,
    "loss_and_d_scores__gradient_of_the_sum": 1,
    "loss_and_d_scores__mean_of_the_voyages_means": 1,
    "loss_and_d_scores__wrong_sign": 0,
    "readout_backward__averaged_over_the_voyages": 1,
    "readout_backward__only_the_last_stop": 1,
    "states_backward__nothing_from_the_next_step": 1,
    "states_backward__nothing_from_their_own_losses": 0,
    "states_backward__no_transpose": 1,
    "states_backward__slope_of_a_state_not_squared": 0,
    "states_backward__slope_taken_twice": 0,
    "states_backward__carried_before_tanh": 1,
    "states_backward__first_state_for_the_one_before": 0,
    "weights_backward__state_after_the_stop": 0,
    "weights_backward__last_state_before_the_first_stop": 0,
    "weights_backward__first_stop_left_out": 1,
    "weights_backward__sender_and_receiver_swapped": 1,
    "weights_backward__averaged_over_the_voyages": 0,
    "leaky_backward__no_second_road": 0,
    "leaky_backward__all_of_it_through_tanh": 1,
    "leaky_backward__only_what_came_back_is_kept": 0,
    "leaky_backward__parts_swapped": 0,
    "broken_gradients__the_right_ones": 0,
    "broken_gradients__first_state_spared": 1,
    "broken_gradients__only_the_slopes": 1,
    "broken_gradients__only_the_products": 0,
}
"""What each leaves of its task's points."""
