"""The classifier equals one written out with torch.nn; the wrong reading loses; what is saved comes back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lessons_src import checkpoints, classifier
from lessons_src.classifier import READINGS, TextClassifier, accuracy, load, predict, save
from lessons_src.labelled import CLUES, FILLER, clues, drawn_batches, padded
from lessons_src.training import train

ALPHABET = CLUES + FILLER + "·"
CLASSES = tuple(CLUES)


def small(seed: int = 0, **options: Any) -> TextClassifier:
    torch.manual_seed(seed)
    return TextClassifier(ALPHABET, CLASSES, **({"embedding_size": 8, "hidden_size": 16} | options))


def written_out(model: TextClassifier, ids: Tensor, lengths: Tensor | None) -> Tensor:
    """The same with layers of torch.nn, packing where lengths are known."""
    settings = model.settings
    layer = getattr(nn, settings["cell"])(
        settings["embedding_size"], settings["hidden_size"], batch_first=True, bidirectional=settings["bidirectional"]
    ).double()
    layer.load_state_dict(model.recurrent.state_dict())
    e = nn.functional.embedding(ids, model.embedding.weight)
    if lengths is None:
        y, state = layer(e)
        lengths = torch.full((len(ids),), ids.shape[1])
    else:
        packed, state = layer(pack_padded_sequence(e, lengths, batch_first=True, enforce_sorted=False))
        y, _ = pad_packed_sequence(packed, batch_first=True, total_length=ids.shape[1])
    h = state[0] if isinstance(state, tuple) else state
    rows = range(len(ids))
    vector = {
        "final": torch.cat(list(h), dim=1),
        "mean": torch.stack([y[n, : int(lengths[n])].mean(0) for n in rows]),
        "last": y[:, -1],
        "own last": torch.stack([y[n, int(lengths[n]) - 1] for n in rows]),
    }[settings["reading"]]
    return nn.functional.linear(vector, model.head.weight, model.head.bias)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("reading", READINGS)
def test_scores_are_those_of_torchs_layers(cell: str, reading: str) -> None:
    for bidirectional in (True, False):
        model = small(cell=cell, reading=reading, bidirectional=bidirectional).double()
        batch = padded(model.vocabulary, clues(5, "first", shortest=2, longest=9))
        for lengths in (batch.lengths, None):
            scores = model(batch.ids, lengths)
            torch.testing.assert_close(scores, written_out(model, batch.ids, lengths), rtol=1e-10, atol=1e-12)
    assert scores.shape == (5, 4)


def test_gradients_are_those_of_torchs_layers() -> None:
    model = small().double()
    batch = padded(model.vocabulary, clues(5, "first", shortest=2, longest=9))
    names = ["embedding.weight", "head.weight", "head.bias"]
    weights = [model.get_parameter(name) for name in names]
    found = torch.autograd.grad(cross_entropy(model(batch.ids, batch.lengths), batch.target), weights)
    expected = torch.autograd.grad(cross_entropy(written_out(model, batch.ids, batch.lengths), batch.target), weights)
    for name, one, other in zip(names[1:], found[1:], expected[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12, msg=name)
    torch.testing.assert_close(found[0][:-1], expected[0][:-1], rtol=1e-9, atol=1e-12)
    assert (found[0][-1] == 0).all(), "padding is never trained"
    assert (model.embedding.weight[-1] == 0).all()


@pytest.mark.parametrize("reading", ["final", "mean", "own last"])
def test_with_lengths_padding_changes_nothing(reading: str) -> None:
    model = small(reading=reading).double()
    alone = padded(model.vocabulary, [("Aabc", 0)])
    among = padded(model.vocabulary, [("Aabc", 0), ("B" + "a" * 20, 1)])
    one = model(alone.ids, alone.lengths)[0]
    torch.testing.assert_close(model(among.ids, among.lengths)[0], one, rtol=1e-12, atol=1e-14)
    assert not torch.allclose(model(among.ids)[0], one, atol=1e-4)
    rubbish = torch.where(among.mask, among.ids, 3)
    torch.testing.assert_close(model(rubbish, among.lengths)[0], one, rtol=1e-12, atol=1e-14)


def test_the_last_place_of_a_shorter_text_is_empty() -> None:
    model = small(reading="last")
    batch = padded(model.vocabulary, [("Aabc", 0), ("B" + "a" * 20, 1)])
    scores = model(batch.ids, batch.lengths)
    assert torch.equal(scores[0], model.head.bias)
    assert not torch.allclose(scores[1], model.head.bias, atol=1e-3)


def test_each_half_has_read_what_the_docstring_says() -> None:
    batch = padded(small().vocabulary, [("Aabcd", 0), ("a" * 8, 0)])
    whole, end, nothing = [1] * 5 + [0] * 3, [0] * 4 + [1] + [0] * 3, [0] * 8
    for reading, lengths, halves in (
        ("final", batch.lengths, (whole, whole)),
        ("mean", batch.lengths, (whole, whole)),
        ("own last", batch.lengths, (whole, end)),
        ("last", batch.lengths, (nothing, nothing)),
        ("last", None, ([1] * 8, [0] * 7 + [1])),
    ):
        model = small(reading=reading).double()
        e = model.embedding(batch.ids).detach().requires_grad_()
        y, state = model.recurrent(e, lengths=lengths)
        for half, expected in zip(model.read(y, state, lengths)[0].chunk(2), halves, strict=True):
            (d,) = torch.autograd.grad(half.sum(), e, retain_graph=True)
            assert (d[0].abs().sum(-1) > 0).int().tolist() == expected, reading


def learnt(place: str, reading: str, with_lengths: bool, seed: int) -> float:
    model = small(seed, reading=reading)
    data = clues(32 * 40, place, shortest=8, longest=16, seed=seed)
    batches = drawn_batches(model.vocabulary, data, 40, 32, seed)

    def loss(model: nn.Module, batch: Any) -> Tensor:
        return cross_entropy(model(batch.ids, batch.lengths if with_lengths else None), batch.target)

    for _ in train(model, batches, loss, torch.optim.Adam(model.parameters(), lr=2e-2), clip_norm=1.0):
        pass
    test = padded(model.vocabulary, clues(300, place, shortest=8, longest=16, seed=1000 + seed))
    return accuracy(model, test, with_lengths=with_lengths)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_last_output_loses_if_the_evidence_comes_first(seed: int) -> None:
    assert learnt("first", "final", True, seed) > 0.9
    assert learnt("first", "last", False, seed) < 0.45
    assert learnt("first", "own last", True, seed) < 0.45


def test_the_mistake_hides_if_the_evidence_comes_last() -> None:
    assert learnt("last", "last", False, 0) > 0.7


def test_dropout_acts_while_training_only() -> None:
    model = small(dropout=0.5)
    batch = padded(model.vocabulary, clues(5, "first"))
    dropped = []
    for part in (model.recurrent, model.head):
        part.register_forward_pre_hook(lambda _, inputs: dropped.append(float((inputs[0] == 0).float().mean())))
    embedding = float((model.embedding(batch.ids) == 0).float().mean())
    model(batch.ids, batch.lengths)
    assert dropped[0] > embedding + 0.1, "of the embeddings"
    assert 0.2 < dropped[1] < 0.8, "of the vectors"
    assert not torch.equal(model(batch.ids, batch.lengths), model(batch.ids, batch.lengths))
    model.eval()
    assert torch.equal(model(batch.ids, batch.lengths), model(batch.ids, batch.lengths))
    plain = small().eval()
    plain.load_state_dict(model.state_dict())
    assert torch.equal(plain(batch.ids, batch.lengths), model(batch.ids, batch.lengths))


# --------------------------------------------------------------------------------------------------- for a reader


@pytest.fixture
def reader() -> TextClassifier:
    torch.manual_seed(0)
    return TextClassifier("abcdefghijklmnopqrstuvwxyz ·", ("yes", "no"), 4, 4, longest=20, strip_accents=True).eval()


def test_a_text_gets_probabilities_and_a_sentence(reader: TextClassifier) -> None:
    found = predict(reader, "Suomi")
    expected = reader(reader.vocabulary.encode("suomi")[None]).softmax(-1)[0]
    assert found.probabilities == pytest.approx(expected.tolist(), rel=1e-6)
    assert found.label == reader.classes[int(expected.argmax())]
    assert found.sentence == f"'Suomi': {found.label}, with probability {expected.max():.2f}."


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_nothing_gets_no_answer(reader: TextClassifier, text: str) -> None:
    assert predict(reader, text) == classifier.Prediction((), None, "There is no text to read.")


@pytest.mark.parametrize("text", ["한국", "🙂", "12", "…", "\ud800", "\u0301", "漢" * 1000])
def test_what_the_model_does_not_know_gets_no_answer(reader: TextClassifier, text: str) -> None:
    found = predict(reader, text)
    assert (found.probabilities, found.label) == ((), None)
    assert found.sentence.endswith("has no character that the model knows, so there is no answer.")
    assert len(found.sentence) < 150
    found.sentence.encode()


def test_what_is_lost_on_the_way_is_said(reader: TextClassifier) -> None:
    assert "2 of its characters are unknown to the model." in predict(reader, "abc 🙂7").sentence
    assert "1 of its characters is unknown to the model." in predict(reader, "Łódź").sentence
    assert "1 of its characters is unknown to the model." in predict(reader, "ﬁ 한").sentence, "ﬁ is two letters"
    assert "60 of its characters are unknown to the model." in predict(reader, "한" * 60 + "abc").sentence
    assert "unknown" not in predict(reader, "Österreich à la carte").sentence
    assert "unknown" not in predict(reader, "cafe\u0301").sentence, "an accent that is typed after its letter"
    assert predict(reader, "É").probabilities == predict(reader, "e").probabilities
    long = predict(reader, "ab" * 100_000)
    assert "Only the first 20 characters were read." in long.sentence
    assert long.probabilities == predict(reader, "ab" * 10).probabilities


def test_a_model_that_keeps_accents_reads_other_scripts() -> None:
    model = TextClassifier("가나é·", ("x", "y"), 2, 2).eval()
    assert predict(model, "가é").label in ("x", "y")
    assert "unknown" not in predict(model, "가é").sentence


@pytest.mark.usefixtures("unchecked_shapes")
def test_only_a_text_is_read(reader: TextClassifier) -> None:
    with pytest.raises(TypeError, match=r"^text: expected a str, got int"):
        predict(reader, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_what_was_saved_answers_alike(tmp_path: Path, cell: str) -> None:
    model = small(cell=cell, reading="mean", bidirectional=cell != "GRU", dropout=0.2, longest=9).double().eval()
    save(model, tmp_path / "model.pt")
    again = load(tmp_path / "model.pt")
    batch = padded(model.vocabulary, clues(5, "first"))
    assert torch.equal(again(batch.ids, batch.lengths), model(batch.ids, batch.lengths))
    assert again.settings == model.settings
    assert not again.training


def test_a_file_that_is_damaged_or_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    save(small(), path)
    content = checkpoints.load(path, classifier.FORMAT, "")
    (tmp_path / "cut.pt").write_bytes(path.read_bytes()[:-50])
    torch.save({"weights": torch.zeros(2)}, tmp_path / "other.pt")
    misfit = {key: value for key, value in content.items() if key != "digest"}
    misfit["settings"] = content["settings"] | {"hidden_size": 5}
    checkpoints.save(checkpoints.sealed(misfit), tmp_path / "misfit.pt")
    misfit["settings"] = content["settings"] | {"surprise": 5}
    checkpoints.save(checkpoints.sealed(misfit), tmp_path / "word.pt")
    for name, reason in (
        ("none.pt", "cannot be read"),
        ("cut.pt", "is no checkpoint, or is damaged"),
        ("other.pt", r"but no checkpoint of a text classifier"),
        ("misfit.pt", "settings and weights that do not fit each other"),
        ("word.pt", "settings and weights that do not fit each other"),
    ):
        with pytest.raises(ValueError, match=rf"^path: .*{name} .*{reason}"):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ("a",)}, "classes: expected at least two different labels, got ('a',)"),
        ({"classes": ("a", "a")}, "classes: expected at least two different labels"),
        ({"classes": "ab"}, "classes: expected a tuple of labels, got 'ab'"),
        ({"classes": (1, 2)}, "classes: expected a tuple of labels, got (1, 2)"),
        ({"reading": "first"}, "reading: expected one of final, mean, last, own last, got 'first'"),
        ({"cell": "CNN"}, "cell: expected one of RNN, LSTM, GRU, got 'CNN'"),
        ({"hidden_size": 0}, "hidden_size: expected a whole number of at least 1, got 0"),
        ({"dropout": 2.0}, "dropout: expected a number from 0 to 1, got 2.0"),
        ({"longest": 0}, "longest: expected a whole number of at least 1, got 0"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refusals_name_the_argument_what_came_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        TextClassifier(**({"alphabet": ALPHABET, "classes": CLASSES} | arguments))
    assert message in str(refused.value)


@pytest.mark.usefixtures("unchecked_shapes")
def test_ids_and_lengths_that_cannot_be_are_refused() -> None:
    model = small()
    ids = torch.zeros(2, 3, dtype=torch.int64)
    for wrong, lengths, message in (
        (ids + 14, None, r"ids: expected values from 0 to 13, got 14"),
        (ids.float(), None, r"ids: expected torch.int64"),
        (ids[0], None, r"ids: expected a tensor of shape \(batch, time\)"),
        (ids, [3, 4], r"lengths: expected values from 1 to 3 .*got 4"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            model(wrong, lengths)
