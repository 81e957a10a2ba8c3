"""Entrants are equal in size, stored runs can be had again, and the file is refused where it is damaged."""

import json
import math
from pathlib import Path

import pytest
import torch

from lessons_src import attention_curves, seq2seq
from lessons_src.attention_curves import EMBEDDING, ENTRANTS, SEEDS, TASKS, Key, Run, Runs
from lessons_src.seq2seq import model_for


@pytest.fixture(scope="module")
def runs() -> Runs:
    return attention_curves.load()


@pytest.mark.parametrize("task", ["dates", "copies"])
def test_entrants_have_equal_parameters_within_two_percent(task: str) -> None:
    pairs = attention_curves.pairs_of(task).train[:2000]
    counts = {
        name: sum(p.numel() for p in model_for(pairs, 0, embedding_size=EMBEDDING, **entrant._asdict()).parameters())
        for name, entrant in ENTRANTS.items()
    }
    for name, count in counts.items():
        assert abs(count / counts["dot"] - 1) < 0.02, name


def test_nothing_is_missing_and_the_file_is_small(runs: Runs) -> None:
    assert attention_curves.missing(runs) == []
    assert attention_curves.RESULTS.stat().st_size <= 40_000
    for name, task in TASKS.items():
        for entrant in task.entrants:
            assert [len(curve) for curve in attention_curves.curves(runs, name, entrant)] == [len(task.at)] * len(SEEDS)


def test_the_rate_is_that_of_the_better_trial(runs: Runs) -> None:
    for name, task in TASKS.items():
        for entrant in task.entrants:
            keys = attention_curves.trials(name, entrant)
            rate = attention_curves.chosen(runs, name, entrant)[0].rate
            assert {key.rate for key in keys} == set(task.rates)
            assert {key.seed for key in keys}.isdisjoint(SEEDS)
            losses = {key.rate: runs[key].loss for key in keys}
            assert losses[rate] == min(losses.values())
    swapped = {key: Run(run.match, -run.loss, run.torch, run.date) for key, run in runs.items()}
    rates = [attention_curves.chosen(which, "dates", "dot")[0].rate for which in (runs, swapped)]
    assert sorted(rates) == list(TASKS["dates"].rates)


def test_a_stored_run_begins_again_as_it_did(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule depends on the length of the run, so the first 40 steps of the whole run are taken."""
    key = attention_curves.chosen(runs, "dates", "additive")[0]
    stop = 40

    def begin(*arguments: object, **options: object):  # type: ignore[no-untyped-def]
        for record in seq2seq.learn(*arguments, **options):  # type: ignore[arg-type]
            yield record
            if record.step == stop:
                return

    monkeypatch.setattr(attention_curves, "learn", begin)
    found = attention_curves.measure(key)
    assert len(found.match) == 2
    assert found.match == pytest.approx(runs[key].match[:2], abs=0.05)
    assert math.isfinite(found.loss)


def test_copies_are_judged_on_lengths_within_and_beyond_training() -> None:
    at = TASKS["copies"].at
    trained = attention_curves.pairs_of("copies").train
    longest = max(len(source) for source, _ in trained)
    assert longest == 15
    assert {length for length in at if length > longest} == {17, 19, 21, 23, 25}
    for length in (3, 15, 25):
        judged = attention_curves.letters(length)
        assert {len(source) for source, _ in judged} == {length}
        assert set(trained).isdisjoint(judged)


def test_the_file_is_written_as_it_is_read(runs: Runs, tmp_path: Path) -> None:
    path = tmp_path / "again.json"
    attention_curves.save(runs, path)
    assert path.read_text() == attention_curves.RESULTS.read_text()


def test_the_command_measures_what_is_missing(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, kept = tmp_path / "runs.json", dict(runs)
    gone = [next(k for k in kept if k.seed == 100 and k.entrant == "dot"), next(k for k in kept if k.task == "copies")]
    for key in gone:
        del kept[key]
    attention_curves.save(kept, path)
    asked: list[Key] = []

    def measure(key: Key) -> Run:
        asked.append(key)
        return runs[key]

    monkeypatch.setattr(attention_curves, "measure", measure)
    attention_curves.main(["--results", str(path)])
    assert asked == gone
    assert attention_curves.load(path) == runs


def test_a_damaged_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "runs.json"
    row = {"task": "dates", "entrant": "dot", "rate": 0.01, "seed": 0, "loss": 1, "torch": "2", "date": "2026-01-01"}
    for broken in (
        "{",
        json.dumps({"format": "another", "runs": []}),
        json.dumps({"format": attention_curves.FORMAT, "runs": [row]}),
        json.dumps({"format": attention_curves.FORMAT, "runs": [row | {"match": [0.5]}]}),
        json.dumps({"format": attention_curves.FORMAT, "runs": [row | {"match": [2.0] * 10}]}),
        json.dumps({"format": attention_curves.FORMAT, "runs": [row | {"match": [0.0] * 10, "entrant": "x"}]}),
    ):
        path.write_text(broken)
        with pytest.raises(ValueError, match="is damaged, or holds no attention curves"):
            attention_curves.load(path)
    with pytest.raises(SystemExit):
        attention_curves.main(["--results", str(path)])
    assert "is damaged" in capsys.readouterr().err
    assert attention_curves.load(tmp_path / "none.json") == {}
    assert torch.get_num_threads() == 1
