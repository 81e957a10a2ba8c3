"""The race: equal parameters, stored points that can be had again, a command that loses nothing, a computed verdict."""

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from lessons_src import layers, race, race_training, race_verdict, tracing
from lessons_src.race import Key, Point, Results, Trial
from lessons_src.race_training import ENTRANTS, TASKS, Outcome

CHEAP = Key("recall", 10, "LSTM-3", 0)


@pytest.fixture(scope="module")
def results() -> Results:
    return race.load()


# ------------------------------------------------------------------------------------------------------ who runs


@pytest.mark.parametrize("task", TASKS)
def test_entrants_have_equal_parameters_within_two_percent_unless_they_have_equal_width(task: str) -> None:
    counts = {
        name: sum(p.numel() for p in race_training.network(task, name, 0).parameters()) for name in race.entrants(task)
    }
    for name, count in counts.items():
        inputs, outputs = race_training.sizes(task)
        size = race_training.size_in(task, name)
        assert count == race_training.parameters(ENTRANTS[name].cell, inputs, size, outputs)
        if ENTRANTS[name].equal == "parameters":
            assert abs(count / counts["LSTM"] - 1) < 0.02
        else:
            assert size == TASKS[task].lstm_size
            assert count < 0.85 * counts["LSTM"]


def test_starts_differ_in_what_they_say_and_in_nothing_else() -> None:
    for cell, name, bias in (("LSTM", "LSTM-1", 1.0), ("LSTM", "LSTM-3", 3.0), ("GRU", "GRU-3", 3.0)):
        plain, changed = (race_training.network("recall", n, 4).state_dict() for n in (cell, name))
        size = race_training.size_in("recall", name)
        rows = slice(size, 2 * size)
        assert (changed["layer.bias_ih_l0"][rows] + changed["layer.bias_hh_l0"][rows]).tolist() == [bias] * size
        for key in plain:
            if "bias" in key and "layer" in key:
                changed[key][rows] = plain[key][rows]
            assert torch.equal(plain[key], changed[key])
    matrix = race_training.network("recall", "RNN-orthogonal", 4)["layer"].get_parameter("weight_hh_l0")
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "kept"), [("LSTM", "f"), ("GRU", "z")])
def test_the_bias_is_that_of_the_gate_that_keeps_the_past(name: str, kept: str) -> None:
    model: Any = race_training.network("adding", f"{name}-3", 0)
    sample = race_training.make("adding", 4, 6, 0)
    layer = model["layer"]
    ours = layer if name == "GRU" else layers.from_torch(layer)
    (seen,) = tracing.trace(ours, sample.x)
    gates = {gate: float(getattr(seen, gate).mean()) for gate in "ifo" if hasattr(seen, gate)} or {
        gate: float(getattr(seen, gate).mean()) for gate in "rz"
    }
    assert max(gates, key=gates.__getitem__) == kept
    assert gates[kept] > 0.9


def test_the_share_is_that_of_the_first_state_by_autograd() -> None:
    model: Any = race_training.network("recall", "RNN", 3).double()
    sample = race_training.make("recall", 5, 6, 0)
    weights = dict(model["layer"].named_parameters())
    h, states = torch.zeros(5, race_training.size_in("recall", "RNN")).double(), []
    for x_t in sample.x.double().unbind(1):
        a = x_t @ weights["weight_ih_l0"].T + h @ weights["weight_hh_l0"].T
        h = torch.tanh(a + weights["bias_ih_l0"] + weights["bias_hh_l0"])
        states.append(h)
    loss = torch.nn.functional.cross_entropy(model["head"](h), sample.target)
    norms = [d.norm(dim=1).mean() for d in torch.autograd.grad(loss, states)]
    assert race_training.share(model, sample) == pytest.approx(float(norms[0] / norms[-1]), rel=1e-9)


def paragraphs(part: str) -> set[str]:
    text = race_training.help_text()
    return set(text.vocabulary.decode(getattr(text, part)).split("\n\n"))


def test_training_validation_and_test_share_no_paragraph_and_no_seed() -> None:
    parts = {part: paragraphs(part) for part in ("train", "validation", "test")}
    assert min(map(len, parts.values())) > 20
    assert not parts["train"] & parts["validation"]
    assert not parts["test"] & (parts["train"] | parts["validation"])
    assert not set(race.SEEDS) & {seed for tried in race.TRIALS.values() for _, seed in tried}
    test, validation = (race_training.judged("recall", 10, 0, part, 50) for part in ("test", "validation"))
    assert not torch.equal(test.x, validation.x)
    same_seed = race_training.make("recall", 50, 10, seed=0)
    assert not torch.equal(test.x, same_seed.x)
    assert not torch.equal(validation.x, same_seed.x)
    assert not torch.equal(test.x[:32], next(iter(race_training.batches("recall", 10, 0))).x)


# ------------------------------------------------------------------------------------------------- what is stored


def test_every_point_of_the_grid_is_stored_with_the_rate_that_the_trials_chose(results: Results) -> None:
    assert race.missing(results) == []
    assert race.RESULTS.stat().st_size <= 60_000
    for key, point in results.points.items():
        assert point.rate == results.rate(key.task, key.entrant)
        assert all(map(math.isfinite, (point.score, *point.losses, *point.shares, point.milliseconds)))
        assert len(point.losses) == race_training.PARTS == len(point.shares) - 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", point.date)
        assert re.fullmatch(r"\d+\.\d+\.\d+", point.torch)
        assert (point.fitted is None) == (TASKS[key.task].solved is not None)


def test_a_stored_point_is_had_again_by_training_it(results: Results) -> None:
    assert race.check(CHEAP, results.points[CHEAP]) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": 0.9}, "score 0.9000, stored 1.0000, margin 0.05"),
        ({"losses": (3.0, 0.5, 0.5)}, "training loss 3 after part 1, stored 2"),
        ({"shares": (0.5, 0.1, 0.1, 0.1)}, "gradient share 0.5 before training, stored 0.1"),
    ],
)
def test_a_changed_result_is_noticed(change: dict[str, Any], message: str) -> None:
    stored = point()
    assert race.compare(CHEAP, stored, stored) == []
    assert race.compare(CHEAP, stored, dataclasses.replace(stored, **change)) == [f"{CHEAP}: {message}"]


def point(score: float = 1.0, rate: float = 0.01) -> Point:
    return Point(score, None, (2.0, 0.5, 0.5), (0.1, 0.1, 0.1, 0.1), 1.0, rate, "2.0", "2026-01-01")


def test_what_is_saved_is_what_is_loaded_and_a_damaged_file_is_refused(tmp_path: Path, results: Results) -> None:
    path = tmp_path / "race.json"
    race.save(results, path)
    assert path.read_bytes() == race.RESULTS.read_bytes()
    assert race.load(path) == results
    assert race.load(tmp_path / "none.json") == Results()
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(ValueError, match=r"path: .*race\.json is damaged, or is no results of the race"):
        race.load(path)
    path.write_text(json.dumps({"format": "another"}), encoding="utf-8")
    with pytest.raises(ValueError, match="is damaged, or is no results"):
        race.load(path)


def test_the_file_is_written_aside_and_put_in_place_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, results: Results
) -> None:
    path, write = tmp_path / "race.json", Path.write_text
    race.save(Results(), path)

    def half(self: Path, text: str, encoding: str) -> int:
        write(self, text[:1000], encoding=encoding)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        race.save(results, path)
    assert race.load(path) == Results()
    assert list(tmp_path.iterdir()) == [path]

    def elsewhere(self: Path, text: str, encoding: str | None = None) -> int:
        assert self != path
        return write(self, text, encoding=encoding)

    monkeypatch.setattr(Path, "write_text", elsewhere)
    race.save(results, path)
    assert race.load(path) == results


# ---------------------------------------------------------------------------------------------------- the command


def quick(monkeypatch: pytest.MonkeyPatch, stop_after: float = math.inf) -> list[str]:
    """Replaces training by nothing; after `stop_after` runs somebody interrupts."""
    done: list[str] = []

    def trial(task: str, distance: int, entrant: str, rate: float, seed: int) -> float:
        done.append(str(Trial(task, distance, entrant, seed, rate)))
        if len(done) > stop_after:
            raise KeyboardInterrupt
        if rate == 0.03:
            raise FloatingPointError("diverged")
        return 1.0 + rate

    def run(task: str, distance: int, entrant: str, rate: float, seed: int) -> Outcome:
        done.append(str(Key(task, distance, entrant, seed)))
        if len(done) > stop_after:
            raise KeyboardInterrupt
        assert rate == 0.003
        return Outcome(0.5, None, (1.0, 1.0, 1.0), (0.1, 0.1, 0.1, 0.1), 2.0)

    monkeypatch.setattr(race, "validation_loss", trial)
    monkeypatch.setattr(race, "run", run)
    return done


def test_an_interrupt_loses_nothing_and_a_second_start_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--results", str(tmp_path / "race.json"), "run", "--only", "recall/20/GRU"]
    first = quick(monkeypatch, stop_after=15)
    with pytest.raises(SystemExit):
        race.main(command)
    assert "Stopped; every finished run is in" in capsys.readouterr().err
    second = quick(monkeypatch)
    race.main(command)
    assert not set(first[:15]) & set(second)
    assert first[15] == second[0]
    whole = quick(monkeypatch)
    race.main(["--results", str(tmp_path / "whole.json"), *command[2:]])
    assert first[:15] + second == whole
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["race.json", "whole.json"]
    assert (tmp_path / "race.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_list_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race.main(["--results", str(tmp_path / "none.json"), "list", "--only", "text/50/RNN/0"])
    assert capsys.readouterr().out.splitlines() == [
        *(f"text/50/RNN/100/{rate}" for rate in race.RATES),
        "text/50/RNN/0",
    ]
    race.main(["list"])
    assert capsys.readouterr().out == "nothing is missing\n"


def test_check_ends_with_a_word_and_a_code_where_a_point_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(race, "run", lambda *_: point(score=0.2))
    with pytest.raises(SystemExit) as ended:
        race.main(["check", str(CHEAP)])
    assert ended.value.code == 2
    assert f"{CHEAP}: score 0.2000, stored 1.0000" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["recall/10/LSTM-3", "recall/11/LSTM-3/0", "recall/10/CNN/0", "x"])
def test_a_key_that_is_no_point_is_refused(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        race.main(["check", key])
    assert "key: expected task/distance/entrant/seed of a point in the grid" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------- the verdict


def made_up(task: str, distance: int, lstm: list[float], gru: list[float]) -> Results:
    runs = {"LSTM": lstm, "GRU": gru, "RNN": [0.5] * len(lstm)}
    return Results(
        {Key(task, distance, name, seed): point(score) for name, s in runs.items() for seed, score in enumerate(s)}
    )


def test_the_interval_is_students() -> None:
    found = race_verdict.interval([1.0, 2.0, 3.0])
    assert found == pytest.approx((2.0, 2 - 4.303 / math.sqrt(3), 2 + 4.303 / math.sqrt(3)))
    assert found.excludes_zero is False
    assert race_verdict.interval([1.0, 1.0]) == (1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="values: expected 2 to 10 numbers, got 1"):
        race_verdict.interval([1.0])


@pytest.mark.parametrize(
    ("task", "lstm", "gru", "better"),
    [
        ("recall", [0.99, 0.98, 0.97], [0.2, 0.21, 0.19], "LSTM"),
        ("recall", [0.2, 0.21, 0.19], [0.99, 0.98, 0.97], "GRU"),
        ("recall", [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], None),
        ("adding", [0.001, 0.001, 0.002], [0.16, 0.17, 0.16], "LSTM"),
        ("adding", [0.16, 0.17, 0.16], [0.001, 0.001, 0.002], "GRU"),
        ("adding", [0.16, 0.001, 0.16], [0.001, 0.002, 0.003], None),
    ],
)
def test_the_verdict_follows_from_the_scores(task: str, lstm: list[float], gru: list[float], better: str) -> None:
    found = race_verdict.find(made_up(task, 20, lstm, gru), task, 20, race_verdict.AS_STARTED)
    assert found.better == better
    assert found.seeds == 3
    assert found.scores["LSTM"] == pytest.approx(sum(lstm) / 3)
    assert found.solved is not None
    for cell, values in {"LSTM": lstm, "GRU": gru}.items():
        right = [v >= 0.9 if task == "recall" else v <= 0.01 for v in values]
        assert found.solved[cell] == sum(right)
    neither = "LSTM − GRU 0 for every seed" if lstm == gru else "which holds 0"
    words = {"LSTM": "in favour of the LSTM", "GRU": "in favour of the GRU", None: neither}[better]
    assert str(found).endswith(words)


def test_runs_are_paired_by_seed() -> None:
    found = race_verdict.find(
        made_up("adding", 10, [0.1, 0.2, 0.3], [0.09, 0.19, 0.29]), "adding", 10, race_verdict.AS_STARTED
    )
    assert found.better == "GRU"
    assert found.difference == pytest.approx((0.01, 0.01, 0.01))


def test_the_start_and_the_rate_are_those_of_the_best_trial() -> None:
    found = Results(trials={t: 1.0 for name in race.entrants("recall") for t in race.trials_of("recall", name)})
    for t in race.trials_of("recall", "LSTM-3"):
        found.trials[t] = 0.5 if t.rate == 0.01 else 2.0
    assert found.rate("recall", "LSTM-3") == 0.01
    assert found.start("recall", "LSTM") == "LSTM-3"


def test_all_findings_of_the_stored_results_are_counted(results: Results) -> None:
    findings = race_verdict.verdict(results)
    assert len(findings) == sum(map(len, race.DISTANCES.values())) == sum(race_verdict.tally(findings).values())
    for finding in findings:
        gap = finding.scores["LSTM"] - finding.scores["GRU"]
        assert finding.difference.mean == pytest.approx(gap)
        assert race_verdict.shares_of(results, finding.task, finding.distance, finding.names["GRU"])
    with pytest.raises(ValueError, match="results: expected points of recall/10/RNN, found none"):
        race_verdict.scores(Results(), "recall", 10, "RNN")
    with pytest.raises(ValueError, match="task: expected one that can be solved, got 'text'"):
        race_verdict.solved("text", 2.0)
