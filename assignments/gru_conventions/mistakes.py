"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import math

import torch
from torch import Tensor

Triple = tuple[Tensor, Tensor, Tensor]
Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def gates__reset_before_the_product(x: Tensor, h: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Triple:
    """Your reset gate multiplies the state before the product; in PyTorch's GRU it multiplies W_hn h + b_hn."""
    k = 2 * h.shape[1]
    r, z = (x @ W_i[:k].T + b_i[:k] + h @ W_h[:k].T + b_h[:k]).sigmoid().chunk(2, dim=-1)
    return r, z, torch.tanh(x @ W_i[k:].T + b_i[k:] + (r * h) @ W_h[k:].T + b_h[k:])


def gates__bias_outside_the_reset(x: Tensor, h: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Triple:
    """The candidate's b_h stands outside the reset gate in your code: r multiplies W_hn h and b_hn together."""
    k = 2 * h.shape[1]
    r, z = (x @ W_i[:k].T + b_i[:k] + h @ W_h[:k].T + b_h[:k]).sigmoid().chunk(2, dim=-1)
    return r, z, torch.tanh(x @ W_i[k:].T + b_i[k:] + b_h[k:] + r * (h @ W_h[k:].T))


def gates__reset_on_the_reading_too(x: Tensor, h: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Triple:
    """Your reset gate multiplies what comes from the reading x as well: it only acts on what comes from h."""
    k = 2 * h.shape[1]
    r, z = (x @ W_i[:k].T + b_i[:k] + h @ W_h[:k].T + b_h[:k]).sigmoid().chunk(2, dim=-1)
    return r, z, torch.tanh(r * (x @ W_i[k:].T + b_i[k:] + h @ W_h[k:].T + b_h[k:]))


def gates__update_before_reset(x: Tensor, h: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Triple:
    """Your update gate comes from the first block and your reset gate from the second: PyTorch's order is r, z, n."""
    k = 2 * h.shape[1]
    z, r = (x @ W_i[:k].T + b_i[:k] + h @ W_h[:k].T + b_h[:k]).sigmoid().chunk(2, dim=-1)
    return r, z, torch.tanh(x @ W_i[k:].T + b_i[k:] + r * (h @ W_h[k:].T + b_h[k:]))


def gates__candidate_squashed_as_a_gate(
    x: Tensor, h: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> Triple:
    """The candidate went through the sigmoid: it is no gate and lies between −1 and 1, so it needs tanh."""
    k = 2 * h.shape[1]
    r, z = (x @ W_i[:k].T + b_i[:k] + h @ W_h[:k].T + b_h[:k]).sigmoid().chunk(2, dim=-1)
    return r, z, torch.sigmoid(x @ W_i[k:].T + b_i[k:] + r * (h @ W_h[k:].T + b_h[k:]))


def ride__z_is_the_share_that_is_new(
    x: Tensor, h: Tensor, stops: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """Your z multiplies the candidate and 1 − z the past: in PyTorch z is the share of the past that stays."""
    outputs = []
    for t, x_t in enumerate(x.unbind(1)):
        (xr, xz, xn), (hr, hz, hn) = (x_t @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
        z, n = (xz + hz).sigmoid(), (xn + (xr + hr).sigmoid() * hn).tanh()
        h = torch.where((t < stops)[:, None], z * n + (1 - z) * h, h)
        outputs.append(h)
    return torch.stack(outputs, dim=1), h


def ride__reads_on_after_the_end(
    x: Tensor, h: Tensor, stops: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """Your trams read on after their last stop: where t is not below `stops`, the state must stay what it was."""
    outputs = []
    for x_t in x.unbind(1):
        (xr, xz, xn), (hr, hz, hn) = (x_t @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
        z, n = (xz + hz).sigmoid(), (xn + (xr + hr).sigmoid() * hn).tanh()
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs, dim=1), h


def ride__one_stop_too_many(
    x: Tensor, h: Tensor, stops: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """Your trams make one stop too many: t counts from 0, so the last step of k stops is t = k − 1."""
    outputs = []
    for t, x_t in enumerate(x.unbind(1)):
        (xr, xz, xn), (hr, hz, hn) = (x_t @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
        z, n = (xz + hz).sigmoid(), (xn + (xr + hr).sigmoid() * hn).tanh()
        h = torch.where((t <= stops)[:, None], (1 - z) * n + z * h, h)
        outputs.append(h)
    return torch.stack(outputs, dim=1), h


def ride__state_emptied_at_the_end(
    x: Tensor, h: Tensor, stops: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """After its last stop your tram shows zeros: it must go on showing the state that it ended with."""
    outputs = []
    for t, x_t in enumerate(x.unbind(1)):
        (xr, xz, xn), (hr, hz, hn) = (x_t @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
        z, n = (xz + hz).sigmoid(), (xn + (xr + hr).sigmoid() * hn).tanh()
        h = ((1 - z) * n + z * h) * (t < stops)[:, None]
        outputs.append(h)
    return torch.stack(outputs, dim=1), h


def ride__state_not_carried(
    x: Tensor, h: Tensor, stops: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> tuple[Tensor, Tensor]:
    """The state is not carried on: each of your steps begins with the h that was given at the start."""
    outputs, shown = [], h
    for t, x_t in enumerate(x.unbind(1)):
        (xr, xz, xn), (hr, hz, hn) = (x_t @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
        z, n = (xz + hz).sigmoid(), (xn + (xr + hr).sigmoid() * hn).tanh()
        shown = torch.where((t < stops)[:, None], (1 - z) * n + z * h, shown)
        outputs.append(shown)
    return torch.stack(outputs, dim=1), shown


def gaps__rows_exchanged(
    x: Tensor, h: Tensor, h_new: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> Tensor:
    """Your rows are exchanged: in row 0 the share z of the old state stays, in row 1 the share 1 − z."""
    (xr, xz, xn), (hr, hz, hn) = (x @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
    r, z, W_hn, b_hn = (xr + hr).sigmoid(), (xz + hz).sigmoid(), W_h.chunk(3)[2], b_h.chunk(3)[2]
    found = (xn + r * hn).tanh(), (xn + (r * h) @ W_hn.T + b_hn).tanh()
    table = [[(s * h + (1 - s) * n - h_new).abs().max() for n in found] for s in (1 - z, z)]
    return torch.tensor(table)


def gaps__columns_exchanged(
    x: Tensor, h: Tensor, h_new: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> Tensor:
    """Your columns are exchanged: column 0 is for the reset after the product, r ⊙ (W_hn h + b_hn)."""
    (xr, xz, xn), (hr, hz, hn) = (x @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
    r, z, W_hn, b_hn = (xr + hr).sigmoid(), (xz + hz).sigmoid(), W_h.chunk(3)[2], b_h.chunk(3)[2]
    found = (xn + (r * h) @ W_hn.T + b_hn).tanh(), (xn + r * hn).tanh()
    table = [[(s * h + (1 - s) * n - h_new).abs().max() for n in found] for s in (z, 1 - z)]
    return torch.tensor(table)


def gaps__average_difference(
    x: Tensor, h: Tensor, h_new: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> Tensor:
    """You average the differences: the table holds the largest absolute one, over all trams and units."""
    (xr, xz, xn), (hr, hz, hn) = (x @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
    r, z, W_hn, b_hn = (xr + hr).sigmoid(), (xz + hz).sigmoid(), W_h.chunk(3)[2], b_h.chunk(3)[2]
    found = (xn + r * hn).tanh(), (xn + (r * h) @ W_hn.T + b_hn).tanh()
    table = [[(s * h + (1 - s) * n - h_new).abs().mean() for n in found] for s in (z, 1 - z)]
    return torch.tensor(table)


def gaps__sign_kept(x: Tensor, h: Tensor, h_new: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Tensor:
    """You take the largest difference with its sign, so one that is far below 0 is lost: take absolute values first."""
    (xr, xz, xn), (hr, hz, hn) = (x @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
    r, z, W_hn, b_hn = (xr + hr).sigmoid(), (xz + hz).sigmoid(), W_h.chunk(3)[2], b_h.chunk(3)[2]
    found = (xn + r * hn).tanh(), (xn + (r * h) @ W_hn.T + b_hn).tanh()
    table = [[(s * h + (1 - s) * n - h_new).max() for n in found] for s in (z, 1 - z)]
    return torch.tensor(table)


def gaps__bias_reset_before_the_product(
    x: Tensor, h: Tensor, h_new: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor
) -> Tensor:
    """With the reset before the product, r multiplies the state alone: your r multiplies the bias b_hn as well."""
    (xr, xz, xn), (hr, hz, hn) = (x @ W_i.T + b_i).chunk(3, -1), (h @ W_h.T + b_h).chunk(3, -1)
    r, z, W_hn, b_hn = (xr + hr).sigmoid(), (xz + hz).sigmoid(), W_h.chunk(3)[2], b_h.chunk(3)[2]
    found = (xn + r * hn).tanh(), (xn + (r * h) @ W_hn.T + r * b_hn).tanh()
    table = [[(s * h + (1 - s) * n - h_new).abs().max() for n in found] for s in (z, 1 - z)]
    return torch.tensor(table)


def carry_over__biases_not_negated(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You turned the sign of the update gate's weights, but not of its bias: 1 − σ(a) is σ(−a), all of a negated."""
    H = W_h.shape[1]
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(H)[:, None]
    b = torch.cat([b_i[: 2 * H] + b_h[: 2 * H], b_i[2 * H :]])
    return sign * W_i, sign * W_h, b, b_h[2 * H :]


def carry_over__recurrent_weights_not_negated(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """The update gate's rows of W_h keep their sign in your code: 1 − σ(a) is σ(−a), with all of a negated."""
    H = W_h.shape[1]
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(H)
    b = torch.cat([b_i[: 2 * H] + b_h[: 2 * H], b_i[2 * H :]])
    return sign[:, None] * W_i, W_h, sign * b, b_h[2 * H :]


def carry_over__one_minus_the_weights(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You took 1 minus the weights: it is the gate that becomes 1 − z, and its weights and bias change their sign."""
    H = W_h.shape[1]
    b = torch.cat([b_i[: 2 * H] + b_h[: 2 * H], b_i[2 * H :]])
    W, U, b = W_i.clone(), W_h.clone(), b.clone()
    for rows in (W, U, b):
        rows[H : 2 * H] = 1 - rows[H : 2 * H]
    return W, U, b, b_h[2 * H :]


def carry_over__reset_gate_negated(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You turned the sign of the reset gate, the first block: the update gate is the second, rows H to 2H."""
    H = W_h.shape[1]
    sign = torch.tensor([-1.0, 1.0, 1.0]).repeat_interleave(H)
    b = torch.cat([b_i[: 2 * H] + b_h[: 2 * H], b_i[2 * H :]])
    return sign[:, None] * W_i, sign[:, None] * W_h, sign * b, b_h[2 * H :]


def carry_over__candidate_biases_added(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You added the candidate's two biases: the reset gate multiplies b_hn and not b_in, so b_hn must stay inside."""
    H = W_h.shape[1]
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(H)
    return sign[:, None] * W_i, sign[:, None] * W_h, sign * (b_i + b_h), torch.zeros(H)


def carry_over__inner_bias_counted_twice(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """The candidate's b_hn counts twice in your weights: inside the reset gate's product, and once more in b."""
    H = W_h.shape[1]
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(H)
    return sign[:, None] * W_i, sign[:, None] * W_h, sign * (b_i + b_h), b_h[2 * H :]


def carry_over__gates_lose_a_bias(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """The gates lose their second bias in your code: for r and z, b must hold the sum of b_i and b_h."""
    H = W_h.shape[1]
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(H)
    return sign[:, None] * W_i, sign[:, None] * W_h, sign * b_i, b_h[2 * H :]


def hold__blocks_exchanged(
    W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor, gate: str, unit: int, value: float
) -> Weights:
    """You held the other gate: r is the first block of rows, z the second."""
    row = unit + "zr".index(gate) * W_h.shape[1]
    W_i, W_h, b_i, b_h = (weight.clone() for weight in (W_i, W_h, b_i, b_h))
    W_i[row] = W_h[row] = b_h[row] = 0.0
    b_i[row] = math.log(value / (1 - value))
    return W_i, W_h, b_i, b_h


def hold__whole_gate(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor, gate: str, unit: int, value: float) -> Weights:
    """You held the gate in every unit: only the row of `unit` changes, the other rows of the block stay."""
    first, H = "rz".index(gate) * W_h.shape[1], W_h.shape[1]
    W_i, W_h, b_i, b_h = (weight.clone() for weight in (W_i, W_h, b_i, b_h))
    for weight in (W_i, W_h, b_h):
        weight[first : first + H] = 0.0
    b_i[first : first + H] = math.log(value / (1 - value))
    return W_i, W_h, b_i, b_h


def hold__the_gate_in_place_of_the_bias(
    W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor, gate: str, unit: int, value: float
) -> Weights:
    """Your bias is the gate's value itself: the gate is the sigmoid of the bias, so you need log(v / (1 − v))."""
    row = unit + "rz".index(gate) * W_h.shape[1]
    W_i, W_h, b_i, b_h = (weight.clone() for weight in (W_i, W_h, b_i, b_h))
    W_i[row] = W_h[row] = b_h[row] = 0.0
    b_i[row] = value
    return W_i, W_h, b_i, b_h


def hold__recurrent_side_left(
    W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor, gate: str, unit: int, value: float
) -> Weights:
    """The gate still hears the state: its row of W_h and its b_h must become 0 as well."""
    row = unit + "rz".index(gate) * W_h.shape[1]
    W_i, b_i = W_i.clone(), b_i.clone()
    W_i[row] = 0.0
    b_i[row] = math.log(value / (1 - value))
    return W_i, W_h, b_i, b_h


def hold__second_bias_left(
    W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor, gate: str, unit: int, value: float
) -> Weights:
    """The second bias is still there: b_h is added to b_i, so the gate is not at its value. Set that entry to 0."""
    row = unit + "rz".index(gate) * W_h.shape[1]
    W_i, W_h, b_i = (weight.clone() for weight in (W_i, W_h, b_i))
    W_i[row] = W_h[row] = 0.0
    b_i[row] = math.log(value / (1 - value))
    return W_i, W_h, b_i, b_h


def step_backward__no_direct_road(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """The direct road is missing: h' = … + z ⊙ h, so d_h also gets d_h_new ⊙ z, which no matrix touches."""
    W_hr, W_hz, W_hn = W_h.chunk(3)
    d_a_z, d_a_n = d_h_new * (h - n) * z * (1 - z), d_h_new * (1 - z) * (1 - n**2)
    d_s = d_a_n @ W_hn
    d_a_r = d_s * h * r * (1 - r)
    return torch.cat([d_a_r, d_a_z, d_a_n], dim=-1), d_s * r + d_a_r @ W_hr + d_a_z @ W_hz


def step_backward__no_roads_through_the_gates(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """The gates look at h, too: to d_h belong d_a_r times the block W_hr and d_a_z times the block W_hz."""
    d_a_z, d_a_n = d_h_new * (h - n) * z * (1 - z), d_h_new * (1 - z) * (1 - n**2)
    d_s = d_a_n @ W_h.chunk(3)[2]
    return torch.cat([d_s * h * r * (1 - r), d_a_z, d_a_n], dim=-1), d_h_new * z + d_s * r


def step_backward__update_gate_turned(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """The sign of the update gate's gradient is turned: if z grows, h comes in and n goes out, so take h − n."""
    W_hr, W_hz, W_hn = W_h.chunk(3)
    d_a_z, d_a_n = d_h_new * (n - h) * z * (1 - z), d_h_new * (1 - z) * (1 - n**2)
    d_s = d_a_n @ W_hn
    d_a_r = d_s * h * r * (1 - r)
    return torch.cat([d_a_r, d_a_z, d_a_n], dim=-1), d_h_new * z + d_s * r + d_a_r @ W_hr + d_a_z @ W_hz


def step_backward__reset_after_the_product(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """That is the way back through PyTorch's cell: here r acts before the product, so it multiplies d_s, not d_a_n."""
    W_hr, W_hz, W_hn = W_h.chunk(3)
    d_a_z, d_a_n = d_h_new * (h - n) * z * (1 - z), d_h_new * (1 - z) * (1 - n**2)
    d_a_r = d_a_n * (h @ W_hn.T) * r * (1 - r)
    d_h = d_h_new * z + (d_a_n * r) @ W_hn + d_a_r @ W_hr + d_a_z @ W_hz
    return torch.cat([d_a_r, d_a_z, d_a_n], dim=-1), d_h


def step_backward__matrix_transposed(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """Your way back multiplies by the transposed blocks: forwards it is h @ W.T, so backwards it is d @ W."""
    W_hr, W_hz, W_hn = W_h.chunk(3)
    d_a_z, d_a_n = d_h_new * (h - n) * z * (1 - z), d_h_new * (1 - z) * (1 - n**2)
    d_s = d_a_n @ W_hn.T
    d_a_r = d_s * h * r * (1 - r)
    return torch.cat([d_a_r, d_a_z, d_a_n], dim=-1), d_h_new * z + d_s * r + d_a_r @ W_hr.T + d_a_z @ W_hz.T


def step_backward__gates_without_slopes(
    d_h_new: Tensor, h: Tensor, r: Tensor, z: Tensor, n: Tensor, W_h: Tensor
) -> tuple[Tensor, Tensor]:
    """You stopped at the gates: d_a_r still needs the slope r (1 − r), and d_a_z the slope z (1 − z)."""
    W_hr, W_hz, W_hn = W_h.chunk(3)
    d_a_z, d_a_n = d_h_new * (h - n), d_h_new * (1 - z) * (1 - n**2)
    d_s = d_a_n @ W_hn
    d_a_r = d_s * h
    return torch.cat([d_a_r, d_a_z, d_a_n], dim=-1), d_h_new * z + d_s * r + d_a_r @ W_hr + d_a_z @ W_hz


def mend__bias_forgotten(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """W_h is mended and b_h is not: at the first stop W_h does nothing, and the states differ there already."""
    z, r, n = W_h.chunk(3)
    return W_i, torch.cat([r, z, n]), b_i, b_h


def mend__all_four_exchanged(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You exchanged the blocks of W_i and b_i as well: they were right, or the fifth row would not be 0."""
    order = torch.cat([torch.arange(len(b_h)).chunk(3)[k] for k in (1, 0, 2)])
    return W_i[order], W_h[order], b_i[order], b_h[order]


def mend__input_side_exchanged(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You moved the blocks that were right: now all have the foreign order z, r, n. W_h and b_h must move instead."""
    order = torch.cat([torch.arange(len(b_h)).chunk(3)[k] for k in (1, 0, 2)])
    return W_i[order], W_h, b_i[order], b_h


def mend__update_gate_negated(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You turned a sign: with the gates' blocks made equal, that would still show, and the table says 0.00 there."""
    sign = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(W_h.shape[1])
    return W_i, sign[:, None] * W_h, b_i, sign * b_h


def mend__blocks_transposed(W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Weights:
    """You transposed the blocks of W_h: that would show for equal blocks, too, and it does nothing to b_h."""
    return W_i, torch.cat([block.T for block in W_h.chunk(3)]), b_i, b_h


POINTS = {
    "gates__reset_before_the_product": 1,
    "gates__bias_outside_the_reset": 1,
    "gates__reset_on_the_reading_too": 1,
    "gates__update_before_reset": 1,
    "gates__candidate_squashed_as_a_gate": 0,
    "ride__z_is_the_share_that_is_new": 1,
    "ride__reads_on_after_the_end": 0,
    "ride__one_stop_too_many": 0,
    "ride__state_emptied_at_the_end": 0,
    "ride__state_not_carried": 1,
    "gaps__rows_exchanged": 1,
    "gaps__columns_exchanged": 1,
    "gaps__average_difference": 1,
    "gaps__sign_kept": 1,
    "gaps__bias_reset_before_the_product": 1,
    "carry_over__biases_not_negated": 1,
    "carry_over__recurrent_weights_not_negated": 1,
    "carry_over__one_minus_the_weights": 1,
    "carry_over__reset_gate_negated": 0,
    "carry_over__candidate_biases_added": 1,
    "carry_over__inner_bias_counted_twice": 1,
    "carry_over__gates_lose_a_bias": 1,
    "hold__blocks_exchanged": 1,
    "hold__whole_gate": 1,
    "hold__the_gate_in_place_of_the_bias": 1,
    "hold__recurrent_side_left": 1,
    "hold__second_bias_left": 1,
    "step_backward__no_direct_road": 0,
    "step_backward__no_roads_through_the_gates": 1,
    "step_backward__update_gate_turned": 1,
    "step_backward__reset_after_the_product": 1,
    "step_backward__matrix_transposed": 1,
    "step_backward__gates_without_slopes": 0,
    "mend__bias_forgotten": 1,
    "mend__all_four_exchanged": 1,
    "mend__input_side_exchanged": 1,
    "mend__update_gate_negated": 1,
    "mend__blocks_transposed": 1,
}
"""What each leaves of its task's points."""
