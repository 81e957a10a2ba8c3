"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

Grads = list[Tensor]


def clip_by_norm__each_tensor_alone(grads: Grads, max_norm: float) -> tuple[Grads, float]:
    """You clip each tensor by its own norm: all are one gradient, with one norm and one factor."""
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [g * (max_norm / max(max_norm, float(g.norm()))) for g in grads], norm


def clip_by_norm__norms_added(grads: Grads, max_norm: float) -> tuple[Grads, float]:
    """You added the norms of the tensors: add their squares, and take the root of the sum."""
    norm = sum(float(g.norm()) for g in grads)
    return [g * (max_norm / max(max_norm, norm)) for g in grads], norm


def clip_by_norm__always_to_the_threshold(grads: Grads, max_norm: float) -> tuple[Grads, float]:
    """You bring every gradient to the length θ, short ones too: clipping shortens, and the factor is at most 1."""
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [g * (max_norm / norm) for g in grads], norm


def clip_by_norm__norm_afterwards(grads: Grads, max_norm: float) -> tuple[Grads, float]:
    """You return the norm after clipping, which never exceeds θ: return the norm as it was before."""
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [g * (max_norm / max(max_norm, norm)) for g in grads], min(norm, max_norm)


def clip_by_norm__root_forgotten(grads: Grads, max_norm: float) -> tuple[Grads, float]:
    """The root is missing: your norm is the sum of the squares."""
    norm = sum(float(g.square().sum()) for g in grads)
    return [g * (max_norm / max(max_norm, norm)) for g in grads], norm


def turned__mean_of_cosines(grads: Grads, limit: float) -> dict[str, float]:
    """You took a cosine for each tensor and then their mean: make one long vector of all first, and one cosine."""
    whole = torch.cat([g.flatten() for g in grads])
    ways = {
        "together": [g * min(1.0, limit / float(whole.norm())) for g in grads],
        "each": [g * min(1.0, limit / float(g.norm())) for g in grads],
        "value": [g.clamp(-limit, limit) for g in grads],
    }
    cosines = {}
    for name, clipped in ways.items():
        pairs = zip(grads, clipped, strict=True)
        cosines[name] = sum(float(cosine_similarity(g.flatten(), c.flatten(), 0)) for g, c in pairs) / len(grads)
    return cosines


def turned__value_capped_above_only(grads: Grads, limit: float) -> dict[str, float]:
    """By value, you capped only what is above θ: what is below −θ must be raised to −θ as well."""
    whole = torch.cat([g.flatten() for g in grads])
    each = torch.cat([g.flatten() * min(1.0, limit / float(g.norm())) for g in grads])
    value = whole.clamp(max=limit)
    cosines = (float(cosine_similarity(whole, other, 0)) for other in (whole, each, value))
    return dict(zip(("together", "each", "value"), cosines, strict=True))


def turned__each_scaled_to_the_limit(grads: Grads, limit: float) -> dict[str, float]:
    """Under "each", you bring short tensors up to θ too: only tensors longer than θ may change."""
    whole = torch.cat([g.flatten() for g in grads])
    each = torch.cat([g.flatten() * (limit / float(g.norm())) for g in grads])
    cosines = (float(cosine_similarity(whole, other, 0)) for other in (whole, each, whole.clamp(-limit, limit)))
    return dict(zip(("together", "each", "value"), cosines, strict=True))


def careful_step__clipped_before_unscaling(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You clip before you divide by S: the gradient is S times too long there, so nearly everything is clipped."""
    norm = torch.cat([g.flatten() for g in scaled_grads]).norm()
    if not norm.isfinite():
        return weights, True
    factor = max_norm / max(max_norm, float(norm)) / scale
    return [w - rate * factor * g for w, g in zip(weights, scaled_grads, strict=True)], False


def careful_step__never_unscaled(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You never divide by S: the step is made with gradients that are S times too large."""
    norm = torch.cat([g.flatten() for g in scaled_grads]).norm()
    if not norm.isfinite():
        return weights, True
    return [
        w - rate * max_norm / max(max_norm, float(norm)) * g for w, g in zip(weights, scaled_grads, strict=True)
    ], False


def careful_step__not_clipped(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """Your step is not clipped: clip after dividing by S, and use what clip_by_norm returns."""
    grads = [g / scale for g in scaled_grads]
    if not all(bool(g.isfinite().all()) for g in grads):
        return weights, True
    return [w - rate * g for w, g in zip(weights, grads, strict=True)], False


def careful_step__skipped_when_long(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You skip steps whose gradient is long: those are to be clipped, and only those that are not finite skipped."""
    grads = [g / scale for g in scaled_grads]
    if not float(torch.cat([g.flatten() for g in grads]).norm()) <= max_norm:
        return weights, True
    return [w - rate * g for w, g in zip(weights, grads, strict=True)], False


def careful_step__only_the_bad_tensor_skipped(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You skip only the tensor that is not finite and move the others: skip the whole step, or they drift apart."""
    good = [bool(g.isfinite().all()) for g in scaled_grads]
    grads = [g / scale if fine else torch.zeros_like(g) for g, fine in zip(scaled_grads, good, strict=True)]
    factor = min(1.0, max_norm / float(torch.cat([g.flatten() for g in grads]).norm()))
    return [w - rate * factor * g for w, g in zip(weights, grads, strict=True)], not all(good)


def careful_step__zeros_for_what_is_not_finite(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You put zeros where NaN and infinity stood, and go on: one such entry, and the whole step must be skipped."""
    grads = [torch.where(g.isfinite(), g, 0.0) / scale for g in scaled_grads]
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [w - rate * max_norm / max(max_norm, norm) * g for w, g in zip(weights, grads, strict=True)], False


def careful_step__uphill(
    weights: Grads, scaled_grads: Grads, scale: float, max_norm: float, rate: float
) -> tuple[Grads, bool]:
    """You go uphill: the step is against the gradient, w − rate · g."""
    grads = [g / scale for g in scaled_grads]
    norm = torch.cat([g.flatten() for g in grads]).norm()
    if not norm.isfinite():
        return weights, True
    return [w + rate * max_norm / max(max_norm, float(norm)) * g for w, g in zip(weights, grads, strict=True)], False


def jacobian_norms__product_of_norms(h: Tensor, W_hh: Tensor) -> Tensor:
    """You multiplied the norms of single days: that is only a bound. Multiply the matrices, then take the norm."""
    norms = [torch.tensor(1.0)]
    for h_t in h[1:].flip(0):
        norms.insert(0, norms[0] * torch.linalg.matrix_norm((1 - h_t**2)[:, None] * W_hh, 2))
    return torch.stack(norms)


def jacobian_norms__slope_of_the_day_before(h: Tensor, W_hh: Tensor) -> Tensor:
    """Your slopes are a day too early: to get from day t + 1 to day t, you need the slope at day t + 1."""
    product, norms = torch.eye(h.shape[1]), [torch.tensor(1.0)]
    for h_t in h[:-1].flip(0):
        product = product @ ((1 - h_t**2)[:, None] * W_hh)
        norms.insert(0, torch.linalg.matrix_norm(product, 2))
    return torch.stack(norms)


def jacobian_norms__slope_on_the_wrong_side(h: Tensor, W_hh: Tensor) -> Tensor:
    """The slope stands on the wrong side of W_hh: it multiplies the rows, those of the units that receive."""
    product, norms = torch.eye(h.shape[1]), [torch.tensor(1.0)]
    for h_t in h[1:].flip(0):
        product = product @ (W_hh * (1 - h_t**2))
        norms.insert(0, torch.linalg.matrix_norm(product, 2))
    return torch.stack(norms)


def jacobian_norms__order_reversed(h: Tensor, W_hh: Tensor) -> Tensor:
    """The order is reversed: going back, each earlier day's Jacobian belongs on the right of the product so far."""
    product, norms = torch.eye(h.shape[1]), [torch.tensor(1.0)]
    for h_t in h[1:].flip(0):
        product = ((1 - h_t**2)[:, None] * W_hh) @ product
        norms.insert(0, torch.linalg.matrix_norm(product, 2))
    return torch.stack(norms)


def jacobian_norms__frobenius(h: Tensor, W_hh: Tensor) -> Tensor:
    """You took the Frobenius norm, the root of all squares: the spectral norm is matrix_norm(P, 2)."""
    product, norms = torch.eye(h.shape[1]), [torch.eye(h.shape[1]).norm()]
    for h_t in h[1:].flip(0):
        product = product @ ((1 - h_t**2)[:, None] * W_hh)
        norms.insert(0, product.norm())
    return torch.stack(norms)


def jacobian_norms__eigenvalue(h: Tensor, W_hh: Tensor) -> Tensor:
    """You took the largest eigenvalue: how far a matrix can lengthen a vector is its largest singular value."""
    product, norms = torch.eye(h.shape[1]), [torch.tensor(1.0)]
    for h_t in h[1:].flip(0):
        product = product @ ((1 - h_t**2)[:, None] * W_hh)
        norms.insert(0, torch.linalg.eigvals(product).abs().max())
    return torch.stack(norms)


def jacobian_norms__without_slopes(h: Tensor, W_hh: Tensor) -> Tensor:
    """The slopes of tanh are missing: each Jacobian is W_hh with its rows multiplied by 1 − h²."""
    steps = reversed(range(len(h)))
    return torch.stack([torch.linalg.matrix_norm(torch.linalg.matrix_power(W_hh, n), 2) for n in steps])


def truncated_backward__nothing_cut(d_h_direct: Tensor, h: Tensor, W_hh: Tensor, window: int) -> Tensor:
    """Nothing is cut: this is what you get if detach is forgotten. Over a cut nothing may flow back."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_a[:, t] = (1 - h[:, t] ** 2) * (d_h_direct[:, t] + from_next)
        from_next = d_a[:, t] @ W_hh
    return d_a


def truncated_backward__cut_a_day_late(d_h_direct: Tensor, h: Tensor, W_hh: Tensor, window: int) -> Tensor:
    """Your cuts lie a day too late: the first day of a window still sends its gradient into the window before."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        if t % window == 0:
            from_next = torch.zeros_like(from_next)
        d_a[:, t] = (1 - h[:, t] ** 2) * (d_h_direct[:, t] + from_next)
        from_next = d_a[:, t] @ W_hh
    return d_a


def truncated_backward__windows_from_the_end(d_h_direct: Tensor, h: Tensor, W_hh: Tensor, window: int) -> Tensor:
    """Your windows are counted from the last day: the first one begins with the first day, the last may be shorter."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for place, t in enumerate(reversed(range(h.shape[1]))):
        if place % window == 0:
            from_next = torch.zeros_like(from_next)
        d_a[:, t] = (1 - h[:, t] ** 2) * (d_h_direct[:, t] + from_next)
        from_next = d_a[:, t] @ W_hh
    return d_a


def truncated_backward__own_loss_cut_off_too(d_h_direct: Tensor, h: Tensor, W_hh: Tensor, window: int) -> Tensor:
    """At the last day of a window you drop its own loss as well: only what comes from the next day is cut."""
    d_a, from_next = torch.empty_like(h), torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d_h = torch.zeros_like(from_next) if (t + 1) % window == 0 else d_h_direct[:, t] + from_next
        d_a[:, t] = (1 - h[:, t] ** 2) * d_h
        from_next = d_a[:, t] @ W_hh
    return d_a


def truncated_backward__only_the_last_window(d_h_direct: Tensor, h: Tensor, W_hh: Tensor, window: int) -> Tensor:
    """Only your last window learns: each window has a backward pass of its own, so d_a is filled for all of them."""
    d_a, from_next = torch.zeros_like(h), torch.zeros_like(h[:, 0])
    for t in range(h.shape[1] - 1, (h.shape[1] - 1) // window * window - 1, -1):
        d_a[:, t] = (1 - h[:, t] ** 2) * (d_h_direct[:, t] + from_next)
        from_next = d_a[:, t] @ W_hh
    return d_a


def lent_update__the_right_one(grads: Grads, scale: float, max_norm: float) -> Grads:
    """This is the right gradient, clipped together and without S: return what the lent program used instead."""
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [g * (max_norm / max(max_norm, norm)) for g in grads]


def lent_update__only_each_alone(grads: Grads, scale: float, max_norm: float) -> Grads:
    """You found that each tensor is clipped alone, but not when: the lengths depend on S, so S was still in them."""
    return [g * (max_norm / max(max_norm, float(g.norm()))) for g in grads]


def lent_update__only_before_unscaling(grads: Grads, scale: float, max_norm: float) -> Grads:
    """You found that S was still in it when it was clipped, but all together would not give each the same length."""
    norm = float(torch.cat([g.flatten() for g in grads]).norm())
    return [g * min(1.0, max_norm / (scale * norm)) for g in grads]


def lent_update__still_scaled(grads: Grads, scale: float, max_norm: float) -> Grads:
    """Your update still contains S: the lent program divides by S after it has clipped."""
    return [scale * g * min(1.0, max_norm / (scale * float(g.norm()))) for g in grads]


def lent_update__none_spared(grads: Grads, scale: float, max_norm: float) -> Grads:
    """You give every tensor the same length: at update 195, b was spared, as its norm times S is below θ."""
    return [g * (max_norm / (scale * float(g.norm()))) for g in grads]


POINTS = {
    "clip_by_norm__each_tensor_alone": 1,
    "clip_by_norm__norms_added": 1,
    "clip_by_norm__always_to_the_threshold": 0,
    "clip_by_norm__norm_afterwards": 1,
    "clip_by_norm__root_forgotten": 0,
    "turned__mean_of_cosines": 0,
    "turned__value_capped_above_only": 1,
    "turned__each_scaled_to_the_limit": 1,
    "careful_step__clipped_before_unscaling": 1,
    "careful_step__never_unscaled": 1,
    "careful_step__not_clipped": 1,
    "careful_step__skipped_when_long": 1,
    "careful_step__only_the_bad_tensor_skipped": 1,
    "careful_step__zeros_for_what_is_not_finite": 0,
    "careful_step__uphill": 0,
    "jacobian_norms__product_of_norms": 1,
    "jacobian_norms__slope_of_the_day_before": 1,
    "jacobian_norms__slope_on_the_wrong_side": 1,
    "jacobian_norms__order_reversed": 1,
    "jacobian_norms__frobenius": 0,
    "jacobian_norms__eigenvalue": 1,
    "jacobian_norms__without_slopes": 1,
    "truncated_backward__nothing_cut": 0,
    "truncated_backward__cut_a_day_late": 0,
    "truncated_backward__windows_from_the_end": 1,
    "truncated_backward__own_loss_cut_off_too": 0,
    "truncated_backward__only_the_last_window": 1,
    "lent_update__the_right_one": 0,
    "lent_update__only_each_alone": 0,
    "lent_update__only_before_unscaling": 1,
    "lent_update__still_scaled": 1,
    "lent_update__none_spared": 1,
}
"""What each leaves of its task's points."""
