"""Wrong solutions that are handed in again and again. A docstring is the feedback for its mistake."""

import torch
from torch import Tensor

Cell = tuple[Tensor, Tensor, Tensor]
Pair = tuple[Tensor, Tensor]


def rnn_step__no_recurrent_term(
    x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor
) -> Tensor:
    """The recurrent term is missing: your new state sees the stop x, but not the state h before it (h W_hh)."""
    return torch.where(under_way[:, None], torch.tanh(x @ W_xh + b), h)


def rnn_step__W_hh_transposed(x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Tensor:
    """You transpose W_hh: it is square, so both run, but the equation has h W_hh with the rows from the left."""
    return torch.where(under_way[:, None], torch.tanh(x @ W_xh + h @ W_hh.T + b), h)


def rnn_step__without_tanh(x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Tensor:
    """Your new state is the sum as it is: the tanh around it is missing."""
    return torch.where(under_way[:, None], x @ W_xh + h @ W_hh + b, h)


def rnn_step__tanh_of_a_part(x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Tensor:
    """You squash the stop and the state one by one: add both products and b first, then take one tanh of the sum."""
    return torch.where(under_way[:, None], torch.tanh(x @ W_xh + b) + torch.tanh(h @ W_hh), h)


def rnn_step__goes_on_behind_the_end(
    x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor
) -> Tensor:
    """You step all trips: the state of a trip that is over must stay as it was, so choose by under_way."""
    return torch.tanh(x @ W_xh + h @ W_hh + b)


def rnn_step__zero_behind_the_end(
    x: Tensor, h: Tensor, under_way: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor
) -> Tensor:
    """You set the state of a trip that is over to zero: it must keep the h that it had."""
    return torch.tanh(x @ W_xh + h @ W_hh + b) * under_way[:, None]


def rnn_sequence__reads_into_the_padding(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """Your last states have read the padding: a trip that is over must keep the state of its own last stop."""
    h, states = torch.zeros(len(x), len(b)), []
    for x_t in x.unbind(1):
        h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1) * (torch.arange(x.shape[1]) < lengths[:, None])[..., None], h


def rnn_sequence__last_column(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """Your last states are y[:, -1], and short trips have nothing but zeros there: take each trip's own last stop."""
    h, states = torch.zeros(len(x), len(b)), []
    for x_t in x.unbind(1):
        h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
        states.append(h)
    y = torch.stack(states, dim=1) * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    return y, y[:, -1]


def rnn_sequence__one_stop_too_early(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """Your trips end one stop too early: a trip of n stops has them at t = 0 to n − 1, all smaller than n."""
    h, states = torch.zeros(len(x), len(b)), []
    under_way = torch.arange(x.shape[1]) < lengths[:, None] - 1
    for t, x_t in enumerate(x.unbind(1)):
        h = torch.where(under_way[:, t, None], torch.tanh(x_t @ W_xh + h @ W_hh + b), h)
        states.append(h)
    return torch.stack(states, dim=1) * under_way[..., None], h


def rnn_sequence__states_behind_the_end(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """Your last states are right, but y holds something behind the end of a trip: set it to zero there."""
    h, states = torch.zeros(len(x), len(b)), []
    for t, x_t in enumerate(x.unbind(1)):
        h = torch.where((t < lengths)[:, None], torch.tanh(x_t @ W_xh + h @ W_hh + b), h)
        states.append(h)
    return torch.stack(states, dim=1), h


def rnn_sequence__state_not_carried(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """The state is not carried on: each of your steps begins with zeros, so no stop knows of the stops before it."""
    y = torch.tanh(x @ W_xh + b) * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    return y, y[torch.arange(len(x)), lengths - 1]


def rnn_sequence__time_and_batch_exchanged(x: Tensor, lengths: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Pair:
    """You run along the batch: your state goes from trip to trip and not from stop to stop. Time is axis 1, x[:, t]."""
    h, states = torch.zeros(x.shape[1], len(b)), []
    for trip in x:
        h = torch.tanh(trip @ W_xh + h @ W_hh + b)
        states.append(h)
    y = torch.stack(states) * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    return y, y[torch.arange(len(x)), lengths - 1]


def loss_mask__last_column(shape: str, lengths: Tensor, T: int) -> Tensor:
    """In "many to one" you mark the last column: for a short trip that is padding, and its last stop is at n − 1."""
    t, ends = torch.arange(T), lengths[:, None]
    masks = {"one to one": (t == 0) & (t < ends), "aligned": t < ends, "many to one": (t == T - 1) & (ends > 0)}
    return masks[shape].float()


def loss_mask__one_behind_the_last(shape: str, lengths: Tensor, T: int) -> Tensor:
    """In "many to one" you mark the place behind the last stop: a trip of n stops has its last one at t = n − 1."""
    t, ends = torch.arange(T), lengths[:, None]
    masks = {"one to one": (t == 0) & (t < ends), "aligned": t < ends, "many to one": t == ends}
    return masks[shape].float()


def loss_mask__padding_counts(shape: str, lengths: Tensor, T: int) -> Tensor:
    """In "aligned" you mark all T columns: padding never counts, only the stops t < n of each trip."""
    t, ends = torch.arange(T), lengths[:, None]
    masks = {"one to one": (t == 0) & (t < ends), "aligned": (t >= 0) & (ends > 0), "many to one": t == ends - 1}
    return masks[shape].float()


def loss_mask__first_and_last_exchanged(shape: str, lengths: Tensor, T: int) -> Tensor:
    """Your "one to one" and "many to one" are exchanged: many stops are read before the one answer at the end."""
    t, ends = torch.arange(T), lengths[:, None]
    masks = {"many to one": (t == 0) & (t < ends), "aligned": t < ends, "one to one": t == ends - 1}
    return masks[shape].float()


def masked_mean__over_everything(losses: Tensor, mask: Tensor) -> Tensor:
    """You divide by all B · T places: divide by as many answers as count, the sum of the mask."""
    return torch.where(mask > 0, losses, 0.0).mean()


def masked_mean__mean_of_the_trips(losses: Tensor, mask: Tensor) -> Tensor:
    """You average each trip and then the trips: a stop of a short trip then weighs more than one of a long trip."""
    return (torch.where(mask > 0, losses, 0.0).sum(dim=1) / mask.sum(dim=1)).mean()


def masked_mean__sum_by_the_trips(losses: Tensor, mask: Tensor) -> Tensor:
    """You divide by the number of trips: divide by the number of answers that count."""
    return torch.where(mask > 0, losses, 0.0).sum() / len(losses)


def masked_mean__the_sum(losses: Tensor, mask: Tensor) -> Tensor:
    """You return the sum of the losses that count: divide it by how many they are."""
    return torch.where(mask > 0, losses, 0.0).sum()


def read_both_ways__begins_in_the_padding(x: Tensor, lengths: Tensor, ahead: Cell, back: Cell) -> Pair:
    """Your backward cell reads the padding before it comes to the trip: it must begin at the trip's own last stop."""
    T, trip = x.shape[1], torch.arange(len(x))
    halves = []
    for inputs, (W_xh, W_hh, b) in ((x, ahead), (x.flip(1), back)):
        h, states = torch.zeros(len(x), len(b)), []
        for x_t in inputs.unbind(1):
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
            states.append(h)
        halves.append(torch.stack(states, dim=1))
    y = torch.cat([halves[0], halves[1].flip(1)], dim=-1) * (torch.arange(T) < lengths[:, None])[..., None]
    return y, torch.cat([y[trip, lengths - 1, : len(b)], y[:, 0, len(b) :]], dim=-1)


def read_both_ways__all_columns_turned(x: Tensor, lengths: Tensor, ahead: Cell, back: Cell) -> Pair:
    """You turn round all T columns: then padding stands first and counts as stops. Turn only the stops of each trip."""
    T, trip = x.shape[1], torch.arange(len(x))
    halves = []
    for inputs, (W_xh, W_hh, b) in ((x, ahead), (x.flip(1), back)):
        h, states = torch.zeros(len(x), len(b)), []
        for x_t in inputs.unbind(1):
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
            states.append(h)
        halves.append(torch.stack(states, dim=1) * (torch.arange(T) < lengths[:, None])[..., None])
    last = torch.cat([half[trip, lengths - 1] for half in halves], dim=-1)
    return torch.cat([halves[0], halves[1].flip(1)], dim=-1), last


def read_both_ways__states_not_turned_back(x: Tensor, lengths: Tensor, ahead: Cell, back: Cell) -> Pair:
    """Your backward states stand at the wrong stops: they come last stop first, so turn them round in y once more."""
    T, trip = x.shape[1], torch.arange(len(x))
    mirror = (lengths[:, None] - 1 - torch.arange(T)) % T
    halves = []
    for inputs, (W_xh, W_hh, b) in ((x, ahead), (x[trip[:, None], mirror], back)):
        h, states = torch.zeros(len(x), len(b)), []
        for x_t in inputs.unbind(1):
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
            states.append(h)
        halves.append(torch.stack(states, dim=1) * (torch.arange(T) < lengths[:, None])[..., None])
    y = torch.cat(halves, dim=-1)
    return y, y[trip, lengths - 1]


def read_both_ways__last_stop_for_both(x: Tensor, lengths: Tensor, ahead: Cell, back: Cell) -> Pair:
    """You read both final states off y at the last stop: there the backward cell has read one stop only."""
    T, trip = x.shape[1], torch.arange(len(x))
    mirror = (lengths[:, None] - 1 - torch.arange(T)) % T
    halves = []
    for inputs, (W_xh, W_hh, b) in ((x, ahead), (x[trip[:, None], mirror], back)):
        h, states = torch.zeros(len(x), len(b)), []
        for x_t in inputs.unbind(1):
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
            states.append(h)
        halves.append(torch.stack(states, dim=1) * (torch.arange(T) < lengths[:, None])[..., None])
    y = torch.cat([halves[0], halves[1][trip[:, None], mirror]], dim=-1)
    return y, y[trip, lengths - 1]


def read_both_ways__one_cell_for_both(x: Tensor, lengths: Tensor, ahead: Cell, back: Cell) -> Pair:
    """You read both ways with the weights of `ahead`: the backward cell has weights of its own, `back`."""
    T, trip = x.shape[1], torch.arange(len(x))
    mirror = (lengths[:, None] - 1 - torch.arange(T)) % T
    halves = []
    for inputs, (W_xh, W_hh, b) in ((x, ahead), (x[trip[:, None], mirror], ahead)):
        h, states = torch.zeros(len(x), len(b)), []
        for x_t in inputs.unbind(1):
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b)
            states.append(h)
        halves.append(torch.stack(states, dim=1) * (torch.arange(T) < lengths[:, None])[..., None])
    y = torch.cat([halves[0], halves[1][trip[:, None], mirror]], dim=-1)
    return y, torch.cat([y[trip, lengths - 1, : len(b)], y[:, 0, len(b) :]], dim=-1)


def parameter_count__one_bias(D: int, H: int, layers: int, bidirectional: bool) -> int:
    """You count one bias for each cell: PyTorch's layer has two, of H numbers each."""
    directions = 2 if bidirectional else 1
    return sum(directions * (n * H + H * H + H) for n in [D] + [directions * H] * (layers - 1))


def parameter_count__upper_layers_read_H(D: int, H: int, layers: int, bidirectional: bool) -> int:
    """Your upper layers read H numbers: below a bidirectional layer writes 2H, and each cell above reads them all."""
    return (2 if bidirectional else 1) * sum(n * H + H * H + 2 * H for n in [D] + [H] * (layers - 1))


def parameter_count__upper_layers_read_D(D: int, H: int, layers: int, bidirectional: bool) -> int:
    """All your layers read D numbers: only the first one does, the others read the states of the layer below."""
    return (2 if bidirectional else 1) * layers * (D * H + H * H + 2 * H)


def repair__nothing_moved(features: Tensor) -> Tensor:
    """Your repair changes nothing: view and reshape never move a number. Exchange two axes between them."""
    return features.clone()


def repair__the_wrong_way_round(features: Tensor) -> Tensor:
    """You make the fault once more: cut the long line into (2, B, H), PyTorch's shape, and not into (B, 2, H)."""
    B, width = features.shape
    return features.reshape(B, 2, width // 2).transpose(0, 1).reshape(B, width)


def repair__back_before_ahead(features: Tensor) -> Tensor:
    """Your rows have the backward state first: ahead comes first, as in the rows of the trips on their own."""
    B, width = features.shape
    return features.reshape(2, B, width // 2).flip(0).transpose(0, 1).reshape(B, width)


def repair__directions_interleaved(features: Tensor) -> Tensor:
    """Your rows alternate between the directions: keep the H numbers of each together, ahead first and then back."""
    B, width = features.shape
    return features.reshape(2, B, width // 2).permute(1, 2, 0).reshape(B, width)


POINTS = {
    "rnn_step__no_recurrent_term": 1,
    "rnn_step__W_hh_transposed": 1,
    "rnn_step__without_tanh": 0,
    "rnn_step__tanh_of_a_part": 1,
    "rnn_step__goes_on_behind_the_end": 0,
    "rnn_step__zero_behind_the_end": 0,
    "rnn_sequence__reads_into_the_padding": 1,
    "rnn_sequence__last_column": 1,
    "rnn_sequence__one_stop_too_early": 0,
    "rnn_sequence__states_behind_the_end": 0,
    "rnn_sequence__state_not_carried": 1,
    "rnn_sequence__time_and_batch_exchanged": 1,
    "loss_mask__last_column": 1,
    "loss_mask__one_behind_the_last": 0,
    "loss_mask__padding_counts": 1,
    "loss_mask__first_and_last_exchanged": 1,
    "masked_mean__over_everything": 0,
    "masked_mean__mean_of_the_trips": 1,
    "masked_mean__sum_by_the_trips": 0,
    "masked_mean__the_sum": 0,
    "read_both_ways__begins_in_the_padding": 1,
    "read_both_ways__all_columns_turned": 0,
    "read_both_ways__states_not_turned_back": 1,
    "read_both_ways__last_stop_for_both": 1,
    "read_both_ways__one_cell_for_both": 1,
    "parameter_count__one_bias": 0,
    "parameter_count__upper_layers_read_H": 1,
    "parameter_count__upper_layers_read_D": 1,
    "repair__nothing_moved": 1,
    "repair__the_wrong_way_round": 1,
    "repair__back_before_ahead": 0,
    "repair__directions_interleaved": 0,
}
"""What each leaves of its task's points."""
