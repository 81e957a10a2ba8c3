"""What is stored about names is whole, is what a run gives again, and says what the chapter says."""

import itertools
import statistics
from pathlib import Path

import pytest
import torch

from lessons_src import name_models, shipped
from lessons_src.classifier import accuracy
from lessons_src.data import LANGUAGES, names, plain
from lessons_src.labelled import padded
from lessons_src.name_models import SEEDS, SHIPPED_READINGS, VARIANTS, NameModel, Variant, load, read, write


def test_the_three_parts_share_no_subject_and_test_is_that_of_two_parts() -> None:
    three, two = names(validation=True), names()
    assert three.test == two.test
    assert set(three.train) | set(three.validation) <= set(two.train)
    parts = [{name for name, _ in part} for part in (three.train, three.validation, three.test)]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert len(three.validation) > 300
    assert {language for _, language in three.validation} == set(range(len(LANGUAGES)))
    assert not two.validation
    known = set(name_models.ALPHABET)
    assert all(plain(name) == name and set(name) <= known for part in parts for name in part)
    assert max(len(name) for part in parts for name in part) <= name_models.LONGEST


def test_every_variant_and_seed_is_stored() -> None:
    found = [tuple(run[key] for key in (*Variant._fields, "seed")) for run in name_models.figures()]
    assert found == [(*variant, seed) for variant in VARIANTS for seed in SEEDS]


def scores(variant: Variant, key: str = "test") -> list[float]:
    about = variant._asdict().items()
    return [run[key] for run in name_models.figures() if about <= run.items()]


def test_the_shipped_lstm_names_three_quarters_of_the_languages_right() -> None:
    """Measured here, in one padded batch and with names alone: the padding may not matter."""
    full, pairs = name_models.load_full(), names().test
    batch = padded(full.model.vocabulary, pairs)
    assert (full.model.settings["hidden_size"], full.model.reading, full.seed) == (64, "final", SEEDS[0])
    assert accuracy(full.model, batch) >= 0.75
    assert name_models.accuracy_alone(full.model, pairs) == pytest.approx(full.accuracy, abs=0.004)
    assert full.accuracy == pytest.approx(scores(Variant())[0], abs=0.005)
    assert accuracy(full.model, batch, with_lengths=False) < 0.6, "it has learnt to be told where a name ends"


def test_what_is_stored_says_what_the_chapter_says() -> None:
    lstm, own_last = scores(Variant()), scores(Variant(reading="own last"))
    assert min(lstm) >= 0.75
    assert max(scores(Variant("RNN"))) < min(lstm)
    assert statistics.mean(own_last) < statistics.mean(lstm) - 0.01
    assert statistics.mean(scores(Variant(dropout=0.0))) < statistics.mean(lstm) - 0.01
    for reading in ("last", "final"):
        untold = Variant(reading=reading, with_lengths=False)
        assert max(scores(untold)) < min(lstm) - 0.05
        assert all(batch < alone for batch, alone in zip(scores(untold), scores(untold, "alone"), strict=True))
    assert scores(Variant(), "alone") == scores(Variant())


@pytest.mark.parametrize("variant", [Variant(), Variant(reading="last", with_lengths=False)], ids=str)
def test_a_stored_run_begins_again_as_it_did(variant: Variant) -> None:
    """Its first 20 steps: initial weights, batches, dropout, optimizer and validation are those of the stored run."""
    model = name_models.start(variant, 0)
    begun = name_models.training(model, names(validation=True), 0, with_lengths=variant.with_lengths)
    found = [judgement.validation for judgement in itertools.islice(begun, 1)]
    (stored,) = (run for run in name_models.figures() if (variant._asdict() | {"seed": 0}).items() <= run.items())
    assert found == pytest.approx(stored["early"][:1], abs=0.01)


def test_a_run_measures_the_best_weights() -> None:
    model, found = name_models.run(Variant("RNN"), 0, steps=40, embedding_size=4, hidden_size=4)
    split = names(validation=True)
    assert not model.training
    assert found["step"] == (20, 40)[found["early"].index(min(found["early"]))]
    assert found["loss"] == min(found["early"])
    assert set(found) == set(name_models.figures()[0])
    for part, pairs in (("validation", split.validation), ("test", split.test)):
        assert found[part] == pytest.approx(accuracy(model, padded(model.vocabulary, pairs)), abs=1e-4)


@pytest.mark.parametrize("reading", SHIPPED_READINGS)
def test_a_shipped_model_is_as_good_as_it_says(reading: str) -> None:
    model = load(reading)
    assert model.model.reading == reading
    assert not model.model.training
    assert name_models.accuracy_alone(model.model, names().test) == pytest.approx(model.accuracy, abs=0.005)
    again = name_models.start(Variant(reading=reading), model.seed, **name_models.SHIPPED_SIZE)
    assert not torch.equal(again.head.weight, model.model.head.weight), "trained"


def test_the_shipped_models_are_small() -> None:
    sizes = [(shipped.WEIGHTS / f"names_{name}.npz").stat().st_size for name in (*SHIPPED_READINGS, "full")]
    assert sum(sizes[:3]) <= 60_000
    assert sizes[3] <= 100_000


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    model = load("mean")
    write(model, tmp_path / "one.npz")
    again = read(tmp_path / "one.npz")
    assert (again.seed, again.step, again.accuracy) == (model.seed, model.step, model.accuracy)
    for name, weight in model.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], weight), name


def test_what_is_no_name_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"nothing")
    forward = NameModel(name_models.start(Variant(bidirectional=False), 0, 16, 24), 0, 1, 0.5)
    write(forward, tmp_path / "b.npz")
    for path in (tmp_path / "a.npz", tmp_path / "b.npz", shipped.WEIGHTS / "brackets_rnn.npz"):
        with pytest.raises(ValueError, match=r"expected a name model, as `python -m lessons_src.name_models` writes"):
            read(path)
    with pytest.raises(ValueError, match=r"^reading: expected one of final, mean, last, got 'own last'"):
        load("own last")
