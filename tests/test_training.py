"""The training loop takes the steps it reports, and nothing worse."""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lessons_src.data import first_symbol_recall
from lessons_src.layers import GRU, LSTM, RNN
from lessons_src.training import StepRecord, train, warm_cosine


def squares(model: Any, target: Tensor) -> Tensor:
    return (model.weight - target).square().sum()


def linear() -> nn.Linear:
    model = nn.Linear(2, 1, bias=False).double()
    nn.init.zeros_(model.weight)
    return model


TARGET = torch.tensor([[3.0, 4.0]], dtype=torch.float64)


def sgd(model: nn.Module, rate: float = 0.1) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=rate)


def test_a_record_says_what_happened_before_and_in_the_step() -> None:
    model = linear()
    records = list(train(model, [TARGET] * 2, squares, sgd(model)))
    assert records[0] == StepRecord(step=1, loss=25.0, grad_norm=10.0, scale=1.0, rate=0.1)
    assert records[1].loss == pytest.approx(25 * 0.8**2)
    assert torch.allclose(model.weight, TARGET * (1 - 0.8**2))


def test_clipping_scales_the_gradient_down_to_the_norm_and_reports_by_how_much() -> None:
    model = linear()
    (record,) = train(model, [TARGET], squares, sgd(model, rate=1.0), clip_norm=2.0)
    assert record.grad_norm == pytest.approx(10)
    assert record.scale == pytest.approx(0.2)
    assert model.weight.norm().item() == pytest.approx(2)
    assert torch.allclose(model.weight, 2 * record.scale * TARGET, rtol=1e-12)


def test_clipping_scales_all_tensors_by_one_factor_so_that_the_direction_stays() -> None:
    model = nn.Linear(1, 1).double()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)

    def loss(model: Any, _: Any) -> Tensor:
        return 3 * model.weight.sum() - 4 * model.bias.sum()

    (record,) = train(model, [None], loss, sgd(model, rate=1.0), clip_norm=1.0)
    assert record.grad_norm == pytest.approx(5)
    assert [model.weight.item(), model.bias.item()] == pytest.approx([-0.6, 0.8])


def test_clipping_leaves_a_small_gradient_alone() -> None:
    model = linear()
    (record,) = train(model, [TARGET], squares, sgd(model), clip_norm=10.1)
    assert record.scale == 1
    assert torch.allclose(model.weight, 0.2 * TARGET, rtol=1e-14)


def test_a_schedule_multiplies_the_rate_which_is_put_back_afterwards() -> None:
    model = linear()
    optimizer = sgd(model, rate=0.1)
    for _ in range(2):
        records = list(train(model, [TARGET] * 3, squares, optimizer, schedule=lambda step: 1 / step))
        assert [record.rate for record in records] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_the_caller_may_stop_at_any_step() -> None:
    model = linear()

    def endless() -> Iterator[Tensor]:
        while True:
            yield TARGET

    records = train(model, endless(), squares, sgd(model))
    assert [next(records).step for _ in range(3)] == [1, 2, 3]
    records.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_stops_the_loop_and_leaves_the_model_untouched(bad: float) -> None:
    model = linear()
    optimizer = torch.optim.Adam(model.parameters())
    records = train(model, [TARGET, TARGET * bad, TARGET], squares, optimizer, clip_norm=1.0)
    next(records)
    before = copy.deepcopy([*model.state_dict().values(), *optimizer.state[model.weight].values()])
    with pytest.raises(FloatingPointError, match=r"step 2: loss (nan|inf)"):
        next(records)
    after = [*model.state_dict().values(), *optimizer.state[model.weight].values()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_gradient_that_is_not_finite_stops_the_loop_too() -> None:
    model = linear()
    with pytest.raises(FloatingPointError, match=r"gradient norm (nan|inf)"):
        list(train(model, [0 * TARGET], lambda m, b: squares(m, b).sqrt(), sgd(model)))
    assert not model.weight.any()


def test_warm_cosine_rises_then_falls_to_its_floor() -> None:
    factor = warm_cosine(100, warmup=10, floor=0.1)
    values = [factor(step) for step in range(1, 102)]
    assert values[0] == pytest.approx(0.1)
    assert max(values) == values[9]
    assert values[9:] == sorted(values[9:], reverse=True)
    assert values[100] == pytest.approx(0.1)
    assert warm_cosine(100)(51) == pytest.approx(0.5)
    assert factor(1000) == pytest.approx(0.1)


@pytest.mark.parametrize("layer", [RNN, LSTM, GRU])
def test_every_layer_learns_to_name_the_first_of_six_symbols(layer: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    recurrent = layer(6, 16)
    model = nn.ModuleDict({"recurrent": recurrent, "head": nn.Linear(16, 4)})
    task = first_symbol_recall(64, 6, signals=4, distractors=2)

    def loss(model: Any, _: int) -> Tensor:
        y, _ = model["recurrent"](task.x)
        return nn.functional.cross_entropy(model["head"](y[:, -1]), task.target)

    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = [record.loss for record in train(model, range(80), loss, optimizer, clip_norm=1.0)]
    assert losses[0] == pytest.approx(math.log(4), abs=0.3), "it begins at chance"
    assert losses[-1] < 0.1
