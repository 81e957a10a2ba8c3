"""The models that chapter 16 compares: what they see, what their tasks ask, and that training works."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from lessons_src import self_attention_models as models
from lessons_src.attention import causal_mask, padding_mask, sinusoids
from lessons_src.self_attention_models import (
    AttentionReader,
    Examples,
    RecurrentTagger,
    SelfAttentionTagger,
    learn,
    neighbours,
    parities,
    reversals,
    right,
    run,
)
from tests.strategies import close


def test_a_tagger_is_its_parts_in_order() -> None:
    torch.manual_seed(0)
    tagger = SelfAttentionTagger(5, 3, embed_dim=8, num_heads=2, feedforward_dim=16, num_blocks=2).double()
    ids = torch.randint(5, (2, 6))
    x = tagger.embedding(ids) + sinusoids(6, 8)
    for block in tagger.blocks:
        x, weights = block(x)
    named = tagger(ids)
    close(named.scores, tagger.head(x))
    assert named.weights is not None
    close(named.weights, weights)


def test_without_positions_the_order_is_not_seen_and_with_them_it_is() -> None:
    torch.manual_seed(0)
    ids, order = torch.tensor([[3, 1, 4, 0]]), torch.tensor([2, 0, 3, 1])
    for positions in (False, True):
        tagger = SelfAttentionTagger(5, 3, embed_dim=8, positions=positions).double()
        gap = (tagger(ids[:, order]).scores - tagger(ids).scores[:, order]).abs().max()
        assert (gap < 1e-12) == (not positions)


@pytest.mark.parametrize("make", [AttentionReader, SelfAttentionTagger])
def test_masks_reach_the_attention(make: type[AttentionReader] | type[SelfAttentionTagger]) -> None:
    torch.manual_seed(0)
    model = make(5, 3, embed_dim=8, num_heads=2).double()
    ids = torch.tensor([[3, 1, 4, 0], [0, 2, 2, 1]])
    named = model(ids, causal_mask(4))
    assert named.weights is not None
    assert (named.weights.triu(1) == 0).all()
    padded = model(ids, padding_mask(torch.tensor([4, 2]), 4)[:, None])
    close(padded.scores[1:, :2], model(ids[1:, :2]).scores)


def test_a_reader_that_may_look_nowhere_gives_its_bias_and_no_nan() -> None:
    reader = AttentionReader(5, 3, embed_dim=8).double()
    named = reader(torch.tensor([[1, 2]]), torch.zeros(2, 2, dtype=torch.bool))
    assert named.weights is not None
    assert (named.weights == 0).all()
    close(named.scores, reader.head.bias.expand(1, 2, 3))


def test_a_readers_queries_and_keys_start_with_the_variance_of_what_it_reads() -> None:
    torch.manual_seed(0)
    reader = AttentionReader(50, 3, embed_dim=64)
    x = torch.randn(400, 64)
    for weight in reader.attention.in_proj_weight.detach().chunk(3):
        assert float((x @ weight.T).var()) == pytest.approx(1, abs=0.1)


def test_the_tasks_ask_what_they_say() -> None:
    mirror = reversals(50, 10, length=6)
    for ids, target in (mirror.train, mirror.test):
        assert target.tolist() == [row[::-1] for row in ids.tolist()]
    ring = neighbours(4, length=5, sequences=40)
    for row, wanted in zip(ring.train.ids.tolist(), ring.train.target.tolist(), strict=True):
        assert wanted == [[row[t - 1], row[(t + 1) % 5]] for t in range(5)]
    parity = parities(6)
    for row, odd in zip(parity.train.ids.tolist(), parity.train.target.tolist(), strict=True):
        assert odd == [sum(row[: t + 1]) % 2 for t in range(6)]
    assert (len(parity.train.ids), len(parity.test.ids)) == (56, 8)


@pytest.mark.parametrize("task", [reversals(50, 10), parities(), neighbours(2, length=5)])
def test_no_sequence_is_on_both_sides(task: models.Task) -> None:
    train, test = ({tuple(row) for row in side.ids.tolist()} for side in (task.train, task.test))
    assert train
    assert test
    assert not train & test
    assert max(map(max, train | test)) < task.vocabulary_size
    outputs = task.classes // (task.train.target.shape[2] if task.train.target.ndim == 3 else 1)
    assert int(task.train.target.max()) == outputs - 1


def test_right_counts_each_thing_apart() -> None:
    class Says(nn.Module):
        """Always names class 1 first and class 0 then."""

        def forward(self, ids: torch.Tensor) -> models.Named:
            return models.Named(torch.tensor([0.0, 1, 1, 0]).expand(*ids.shape, 4), None)

    target = torch.tensor([[[1, 1], [1, 0]]])
    assert right(Says(), Examples(torch.zeros(1, 2, dtype=torch.int64), target)).tolist() == [1.0, 0.5]


def test_both_kinds_have_about_as_many_parameters() -> None:
    for task in (reversals(50, 10), parities(6)):
        counts = [sum(p.numel() for p in models.tagger(kind, task).parameters()) for kind in models.KINDS]
        assert max(counts) < 1.03 * min(counts)


def test_two_heads_learn_what_one_cannot_name() -> None:
    task = neighbours()
    worse = []
    for heads in (1, 2):
        torch.manual_seed(0)
        reader = AttentionReader(task.vocabulary_size, task.classes, num_heads=heads)
        assert len(learn(reader, task.train, 100)) == 100
        worse.append(float(right(reader, task.test).min()))
    assert worse[0] < 0.5 < 0.9 < worse[1]


def test_what_was_measured_covers_everything_and_can_be_measured_again() -> None:
    runs = models.figures()
    grid = len(models.SEEDS) * len(models.RATES) * len(models.STEPS) * len(models.KINDS) * len(models.TASKS)
    assert len(runs) == grid == len({tuple(list(r.values())[:5]) for r in runs})
    stored = next(
        r for r in runs if r["kind"] == "GRU" and r["task"] == "parity" and r["steps"] == 100 and not r["seed"]
    )
    again = run("GRU", "parity", 0, 100, stored["rate"])
    assert again["right"] == pytest.approx(stored["right"], abs=0.1)


def test_the_command_writes_what_figures_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "RATES", (1e-2,))
    monkeypatch.setattr(models, "SEEDS", (0,))
    path = tmp_path / "own.json"
    models.main(["--results", str(path), "--steps", "2"])
    written = json.loads(path.read_text())["runs"]
    monkeypatch.setattr(models, "RESULTS", path)
    assert models.figures() == written
    assert [(r["task"], r["kind"], r["steps"]) for r in written] == [
        (task, kind, 2) for task in models.TASKS for kind in models.KINDS
    ]


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SelfAttentionTagger(0, 2), "vocabulary_size"),
        (lambda: SelfAttentionTagger(5, 2, num_blocks=0), "num_blocks"),
        (
            lambda: SelfAttentionTagger(5, 2, embed_dim=7, num_heads=1)(torch.tensor([[1]])),
            "embed_dim: expected an even",
        ),
        (lambda: SelfAttentionTagger(5, 2)(torch.tensor([[5]])), "ids: expected values from 0 to 4, got 5"),
        (lambda: RecurrentTagger(5, 2)(torch.tensor([5])), "ids: expected a tensor of shape"),
        (lambda: models.tagger("LSTM", parities(4)), "kind: expected one of block, GRU"),
        (lambda: parities(40), "length: expected a whole number of at most 14"),
        (lambda: run("GRU", "sums", 0, 1, 0.1), "task_name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(wrong: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wrong()  # type: ignore[operator]
