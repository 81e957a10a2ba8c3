"""A training equals one written out with torch.nn, goes on as if it had never stopped, and refuses what is damaged."""

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from lessons_src.char_training import Settings, Training, bits_per_character, load, trained_model
from lessons_src.checkpoints import save
from lessons_src.data import topics
from lessons_src.models import CharModel
from lessons_src.training import warm_cosine

CELLS = pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
TEXT = topics()["assert"] * 2
SMALL = Settings(hidden_size=8, batch_size=4, window=8, steps=12, least=1)


@pytest.fixture
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def run(training: Training, steps: int | None = None) -> Training:
    """Takes some of the steps that are left, or all."""
    records = training.run()
    for _ in range(training.settings.steps - training.done if steps is None else steps):
        next(records)
    return training


def checkpoint_after(steps: int, settings: Settings) -> dict[str, Any]:
    """A checkpoint as the command line makes it: between two steps, while the training is under way."""
    training = Training(TEXT, settings)
    records = training.run()
    for _ in range(steps):
        next(records)
    return training.checkpoint()


def reference(start: Training, carry: bool = True) -> tuple[list[float], nn.Module, nn.Linear]:
    """The same training with layers of torch.nn, from the same weights, written out: losses, layer, head."""
    settings, vocabulary = start.settings, start.model.vocabulary
    ids = vocabulary.encode(TEXT[: round(len(TEXT) * (1 - settings.held_out))])
    length = (len(ids) - 1) // settings.batch_size
    layer = getattr(nn, settings.cell)(
        len(vocabulary),
        settings.hidden_size,
        settings.num_layers,
        batch_first=True,
        dtype=start.model.head.weight.dtype,
    )
    layer.load_state_dict(start.model.recurrent.state_dict())
    head = nn.Linear(settings.hidden_size, len(vocabulary), dtype=start.model.head.weight.dtype)
    head.load_state_dict(start.model.head.state_dict())
    parameters = [*layer.parameters(), *head.parameters()]
    adam = torch.optim.Adam(parameters, lr=settings.rate)
    factor = warm_cosine(settings.steps, warmup=50, floor=0.1)
    losses: list[float] = []
    state: Any = None
    for step in range(settings.steps):
        place = step % (length // settings.window) * settings.window
        rows = [ids[b * length + place :][: settings.window + 1] for b in range(settings.batch_size)]
        window = torch.stack(rows)
        adam.param_groups[0]["lr"] = settings.rate * factor(step + 1)
        x = one_hot(window[:, :-1], len(vocabulary)).to(head.weight.dtype)
        y, state = layer(x, state if carry and place else None)
        state = (state[0].detach(), state[1].detach()) if isinstance(state, tuple) else state.detach()
        loss = cross_entropy(head(y).flatten(0, 1), window[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, settings.clip_norm)
        adam.step()
        losses.append(loss.item())
    return losses, layer, head


@pytest.mark.usefixtures("float64")
@CELLS
def test_a_training_equals_one_written_out_with_torch(cell: str) -> None:
    settings = dataclasses.replace(SMALL, cell=cell, num_layers=2, window=60, steps=10, rate=0.02, clip_norm=0.3)
    training = Training(TEXT, settings)
    assert training.streams.in_one_reading < 10, "the text is begun again on the way"
    losses, layer, head = reference(training)
    fresh, _, _ = reference(training, carry=False)
    run(training)
    assert training.losses == pytest.approx(losses, rel=1e-9)
    for name, weight in layer.state_dict().items():
        torch.testing.assert_close(training.model.recurrent.state_dict()[name], weight, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(training.model.head.weight, head.weight, rtol=1e-7, atol=1e-9)
    assert losses[1:] != pytest.approx(fresh[1:], rel=1e-5), "carrying the state makes a difference"


@CELLS
def test_the_state_crosses_to_the_next_batch_and_the_gradient_does_not(cell: str) -> None:
    training = run(Training(TEXT, dataclasses.replace(SMALL, cell=cell)), 1)
    before = training.model.recurrent(training.model.encode(training.streams.batch(1).x), training._state)
    parts = training._state if isinstance(training._state, tuple) else (training._state,)
    assert not any(part.requires_grad or part.grad_fn for part in parts)
    expected = cross_entropy(training.model.head(before[0]).flatten(0, 1), training.streams.batch(1).y.flatten())
    assert run(training, 1).losses[1] == pytest.approx(expected.item(), rel=1e-6)


def test_our_lstm_learns_as_torchs_does() -> None:
    settings = Settings(hidden_size=24, batch_size=8, window=16, steps=60, rate=0.01, least=1)
    training = Training(TEXT, settings)
    _, layer, head = reference(training)
    run(training)
    ids = training.held_out
    with torch.no_grad():
        scores = head(layer(one_hot(ids[None, :-1], len(training.model.vocabulary)).float())[0])[0]
    theirs = cross_entropy(scores, ids[1:]).item() / math.log(2)
    assert training.bits_per_character() == pytest.approx(theirs, rel=0.01)
    assert theirs < math.log2(len(training.model.vocabulary)) - 1, "it has learnt something"


@CELLS
def test_a_training_that_goes_on_from_a_checkpoint_equals_one_that_never_stopped(cell: str, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, cell=cell)
    whole = run(Training(TEXT, settings))
    save(checkpoint_after(5, settings), tmp_path / "model.pt")
    resumed = Training(TEXT, settings)
    resumed.resume(load(tmp_path / "model.pt"))
    assert resumed.done == 5
    run(resumed)
    assert resumed.losses == whole.losses
    states = (training.model.state_dict().values() for training in (resumed, whole))
    assert all(torch.equal(one, other) for one, other in zip(*states, strict=True))


def test_the_rate_goes_on_too() -> None:
    rates = [record.rate for record in Training(TEXT, SMALL).run()]
    resumed = Training(TEXT, SMALL)
    resumed.resume(checkpoint_after(5, SMALL))
    assert [record.rate for record in resumed.run()] == rates[5:]


def test_a_checkpoint_stays_as_it_was_while_the_training_goes_on(tmp_path: Path) -> None:
    training = run(Training(TEXT, SMALL), 2)
    content = training.checkpoint()
    run(training)
    save(content, tmp_path / "model.pt")
    assert len(load(tmp_path / "model.pt")["losses"]) == 2


def test_a_checkpoint_made_before_the_first_step_is_a_start() -> None:
    resumed = Training(TEXT, SMALL)
    resumed.resume(Training(TEXT, SMALL).checkpoint())
    assert run(resumed).losses == run(Training(TEXT, SMALL)).losses


def test_a_finished_training_takes_no_further_step() -> None:
    training = run(Training(TEXT, SMALL))
    assert list(training.run()) == []


def test_the_model_of_a_checkpoint_is_the_trained_one(tmp_path: Path) -> None:
    training = run(Training(TEXT, dataclasses.replace(SMALL, num_layers=2, cell="GRU")))
    save(training.checkpoint(), tmp_path / "model.pt")
    model = trained_model(load(tmp_path / "model.pt"))
    assert bits_per_character(model, training.held_out) == training.bits_per_character()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "model.pt"
    save(checkpoint_after(3, SMALL), path)
    return path


def test_another_text_or_other_settings_are_refused_and_nothing_changes(checkpoint: Path) -> None:
    content = load(checkpoint)
    for training, message in (
        (Training(TEXT + "!", SMALL), "text: expected the text that the checkpoint was made with, got another one"),
        (Training(TEXT, dataclasses.replace(SMALL, rate=0.1)), "settings: expected those of the checkpoint"),
    ):
        before = [weight.clone() for weight in training.model.parameters()]
        with pytest.raises(ValueError, match=message):
            training.resume(content)
        assert training.done == 0
        assert all(torch.equal(one, other) for one, other in zip(before, training.model.parameters(), strict=True))


def test_a_byte_flipped_anywhere_in_a_weight_is_noticed(checkpoint: Path, tmp_path: Path) -> None:
    data = checkpoint.read_bytes()
    damaged = tmp_path / "damaged.pt"
    for weight in load(checkpoint)["model"].values():
        bytes_of_weight = weight.numpy().tobytes()
        start = data.index(bytes_of_weight)
        for place in (0, len(bytes_of_weight) // 2, len(bytes_of_weight) - 1):
            flipped = bytearray(data)
            flipped[start + place] ^= 1
            damaged.write_bytes(flipped)
            with pytest.raises(ValueError, match="is damaged: its content does not match its digest"):
                load(damaged)


def test_a_byte_flipped_anywhere_is_refused_or_changes_nothing(checkpoint: Path, tmp_path: Path) -> None:
    data, digest = checkpoint.read_bytes(), load(checkpoint)["digest"]
    damaged = tmp_path / "damaged.pt"
    for place in torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[:100].tolist():
        flipped = bytearray(data)
        flipped[place] ^= 4
        damaged.write_bytes(flipped)
        with contextlib.suppress(ValueError):
            assert load(damaged)["digest"] == digest


def test_a_truncated_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    data = checkpoint.read_bytes()
    for length in (0, 1, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.pt").write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"cut\.pt is no checkpoint, or is damaged: PyTorch cannot read it"):
            load(tmp_path / "cut.pt")


def test_what_is_no_checkpoint_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("It was a dark and stormy night. " * 9)
    torch.save({"weights": torch.ones(3)}, tmp_path / "other.pt")
    torch.save(torch.ones(3), tmp_path / "tensor.pt")
    torch.save(nn.Linear(1, 1), tmp_path / "code.pt")
    for name, reason in {
        "text.txt": "is no checkpoint, or is damaged",
        "code.pt": "is no checkpoint, or is damaged",
        "other.pt": "is a file of PyTorch, but no checkpoint",
        "tensor.pt": "is a file of PyTorch, but no checkpoint",
        "missing.pt": r"cannot be read \(No such file or directory\)",
        ".": r"cannot be read \(Is a directory\)",
    }.items():
        with pytest.raises(ValueError, match=f"path: .*{reason}"):
            load(tmp_path / name)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one_and_no_litter(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint.read_bytes())
    with pytest.raises(ValueError, match="cannot be written"):
        save({"format": 1}, tmp_path / "nowhere" / "model.pt")
    with pytest.raises((TypeError, AttributeError, ValueError)):
        save({"format": (k for k in "abc")}, path)
    assert path.read_bytes() == checkpoint.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_bits_per_character_are_the_mean_surprise() -> None:
    torch.manual_seed(0)
    model = CharModel("abc·", hidden_size=5).double()
    ids = model.vocabulary.encode("abcabbacacbbc")
    theirs = nn.LSTM(4, 5, batch_first=True).double()
    theirs.load_state_dict(model.recurrent.state_dict())
    total, state = 0.0, None
    for before, after in itertools.pairwise(ids):  # one at a time, by hand
        y, state = theirs(torch.eye(4, dtype=torch.float64)[before][None, None], state)
        total -= math.log2(model.head(y)[0, 0].softmax(0)[after].item())
    assert bits_per_character(model, ids) == pytest.approx(total / 12, rel=1e-9)
    assert bits_per_character(model, ids, steps=5) == pytest.approx(total / 12, rel=1e-9)
    assert bits_per_character(model, ids, steps=1) == pytest.approx(total / 12, rel=1e-9)


def test_streams_are_read_side_by_side_each_from_a_zero_state() -> None:
    torch.manual_seed(0)
    model = CharModel("abc·", hidden_size=5)
    ids = model.vocabulary.encode("abcabbacacbbca")  # the last character is more than three stretches of 4 need
    one_by_one = [bits_per_character(model, part) for part in (ids[:5], ids[4:9], ids[8:13])]
    for steps in (1000, 3):
        found = bits_per_character(model, ids, steps=steps, streams=3)
        assert found == pytest.approx(sum(one_by_one) / 3, rel=1e-6)
    assert abs(found - bits_per_character(model, ids[:13])) > 1e-4


def test_bits_of_a_model_that_knows_nothing_are_those_of_the_alphabet() -> None:
    model = CharModel("abcdefg·", hidden_size=2)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.zero_()
    assert bits_per_character(model, torch.arange(8)) == pytest.approx(3)


def test_bits_of_a_single_character_are_refused() -> None:
    with pytest.raises(ValueError, match="ids: expected at least 2 characters, got 1"):
        bits_per_character(CharModel("ab·"), torch.tensor([0]))
    with pytest.raises(ValueError, match="ids: expected at least 5 characters, got 4"):
        bits_per_character(CharModel("ab·"), torch.tensor([0, 1, 0, 1]), streams=4)


@pytest.mark.parametrize("text", ["", "short", "x" * 35, "x" * 36])
def test_a_text_that_is_too_short_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"text: expected more than batch_size · window = 32 characters to learn from"):
        Training(text, dataclasses.replace(SMALL, held_out=0.1))


def test_the_shortest_text_that_will_do_does() -> None:
    training = Training("ab" * 18 + "a", dataclasses.replace(SMALL, steps=1))
    assert math.isfinite(run(training).bits_per_character())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cell": "lstm"}, ValueError, "cell: expected one of RNN, LSTM, GRU, got 'lstm'"),
        ({"window": 0}, ValueError, "window: expected a whole number of at least 1, got 0"),
        ({"steps": 2.5}, TypeError, "steps: expected a whole number, got 2.5"),
        ({"rate": 0.0}, ValueError, "rate: expected a number above 0, got 0.0"),
        ({"rate": math.nan}, ValueError, "rate: expected a number from 0 to 10, got nan"),
        ({"held_out": 0.6}, ValueError, "held_out: expected a number from 0 to 0.5, got 0.6"),
        ({"clip_norm": -1}, ValueError, "clip_norm: expected a number from 0"),
        ({"seed": -1}, ValueError, "seed: expected a whole number of at least 0, got -1"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_settings_that_make_no_sense_are_refused(change: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Settings(**change)


def test_a_training_that_diverges_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def infinite(self: Training, model: nn.Module, batch: Any) -> Tensor:
        return self.model.head.bias.sum() * math.inf

    training = run(Training(TEXT, SMALL), 2)
    monkeypatch.setattr(Training, "_loss", infinite)
    with pytest.raises(FloatingPointError, match="training diverged"):
        run(training)
    assert training.done == 2
