"""The stored runs are all there, and a stored point comes again when it is trained again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lessons_src import pair_measures
from lessons_src.decoding import greedy
from lessons_src.forcing import follow
from lessons_src.pair_measures import (
    ARMS,
    LOSS_MARGIN,
    POINTS,
    SEEDS,
    SHARE_MARGIN,
    Arm,
    Point,
    Run,
    run,
    stored,
    write,
)  # fmt: skip
from lessons_src.pairs import Pair, copies
from lessons_src.seq2seq import Seq2Seq, loss


def test_every_arm_is_stored_from_every_seed() -> None:
    assert [(found.arm, found.seed) for found in stored()] == [(arm, seed) for arm in ARMS for seed in SEEDS]
    for found in stored():
        every = ARMS[found.arm].steps // POINTS
        assert [point.step for point in found.points] == [every * (k + 1) for k in range(POINTS)]
        judged, right = (sum(column) for column in list(zip(*found.by_length, strict=True))[1:])
        assert judged == pair_measures.JUDGED
        assert right / judged == pytest.approx(found.points[-1].exact, abs=1e-4), "lengths and points are of one model"
    assert {found.arm for found in stored("dates")} == {"dates"}
    for found in stored():
        assert len(found.behind_wrong) == (2 if ARMS[found.arm].misled else 0)
    assert [arm for arm in ARMS if ARMS[arm].misled] == ["sums, source reversed", "sums, half forced", "sums, free"]


def test_a_decoder_trained_on_zeros_does_not_mind_them() -> None:
    for found in stored("sums, fed zeros"):
        assert found.then_zeros == found.points[-1].exact
    assert max(found.then_zeros for found in stored("sums, source reversed")) < 0.1


@pytest.mark.usefixtures("unchecked_shapes")  # which take longer than the training
@pytest.mark.parametrize("arm", ["sums, half forced"])
def test_a_stored_point_comes_again(arm: str) -> None:
    kept = stored(arm)[0].points[0]
    (again,) = run(arm, 0, until=kept.step).points
    assert again.step == kept.step
    assert again.loss == pytest.approx(kept.loss, rel=LOSS_MARGIN)
    assert again.exact == pytest.approx(kept.exact, abs=SHARE_MARGIN)


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_whole_run_counts_what_is_right_by_length_and_a_seed_decides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Arm(lambda: copies(100, 30, longest=2), 64, {"hidden_size": 24})
    monkeypatch.setattr(pair_measures, "ARMS", {"tiny": tiny})
    one, same, other = (run("tiny", seed) for seed in (0, 0, 1))
    assert [point.step for point in one.points] == [8 * (k + 1) for k in range(POINTS)]
    (short, singles, right_singles), (long, doubles, right_doubles) = one.by_length
    assert (short, long, singles + doubles) == (1, 2, 30)
    assert round((right_singles + right_doubles) / 30, 4) == one.points[-1].exact
    assert 0 <= one.then_zeros < 1
    assert (one.points, one.by_length) == (same.points, same.by_length)
    assert [point.loss for point in one.points] != [point.loss for point in other.points]


@pytest.mark.usefixtures("unchecked_shapes")
def test_an_arm_is_trained_with_its_forcing_and_fed_zeros_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm(lambda: copies(20, 10, longest=2), 8, {"hidden_size": 4}, forcing=0.25)
    monkeypatch.setattr(pair_measures, "ARMS", {"tiny": arm})
    read, forced = list[str](), set[float]()

    def noted_greedy(model: Seq2Seq, sources: list[str]) -> Any:
        read.append(model.decoder_input)
        return greedy(model, sources)

    def noted_loss(*arguments: Any, forcing: float, **options: Any) -> Any:
        forced.add(forcing)
        return loss(*arguments, forcing=forcing, **options)

    monkeypatch.setattr(pair_measures, "greedy", noted_greedy)
    monkeypatch.setattr(pair_measures, "loss", noted_loss)
    run("tiny", 0)
    assert forced == {0.25}
    assert read == ["tokens"] * (POINTS + 1) + ["zeros"]


@pytest.mark.usefixtures("unchecked_shapes")
def test_only_an_arm_that_is_to_be_misled_is_and_before_it_is_fed_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Arm(lambda: copies(60, 20, shortest=2, longest=4), 8, {"hidden_size": 4})
    monkeypatch.setattr(pair_measures, "ARMS", {"plain": plain, "misled": replace(plain, misled=True)})
    asked: list[tuple[bool, int | None, str, int]] = []

    def noted_follow(model: Seq2Seq, pairs: list[Pair], *, forced: bool, wrong_at: int | None) -> Any:
        asked.append((forced, wrong_at, model.decoder_input, min(len(target) for _, target in pairs)))
        return follow(model, pairs, forced=forced, wrong_at=wrong_at)

    monkeypatch.setattr(pair_measures, "follow", noted_follow)
    assert run("plain", 0).behind_wrong == ()
    assert not asked
    shares = run("misled", 0).behind_wrong
    assert [0 <= share <= 1 for share in shares] == [True, True]
    assert asked == [(True, 0, "tokens", 3), (False, 0, "tokens", 3)]


def test_what_is_written_is_read_again_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pairs.json"
    runs = [
        Run(arm, seed, (Point(1, 0.5, 0.25),), ((3, 4, 1),), 0.0, "2.0", "2026-01-01", (0.5, 0.25))
        for arm, seed in (("dates", 1), ("dates", 0), ("sums", 2))
    ]
    write(runs, path)
    assert stored(path=path) == (runs[2], runs[1], runs[0])
    assert stored("sums", path) == (runs[2],)
    assert [file.name for file in path.parent.iterdir()] == ["pairs.json"]


def test_the_command_computes_only_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def made(arm: str, seed: int) -> Run:
        asked.append((arm, seed))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return Run(arm, seed, (Point(1, 0.5, 0.25),), ((3, 4, 1),), 0.0, "2.0", "2026-01-01")

    monkeypatch.setattr(pair_measures, "run", made)
    command = ["--arm", "dates", "sums", "--seed", "0", "1", "--results", str(tmp_path / "pairs.json")]
    with pytest.raises(KeyboardInterrupt):
        pair_measures.main(command)
    pair_measures.main(command)
    assert asked == [("dates", 0), ("sums", 0), ("dates", 1), ("dates", 1), ("sums", 1)]
    pair_measures.main(command)
    assert len(asked) == 5
    pair_measures.main([*command, "--list", "--seed", "0", "2"])
    said = capsys.readouterr().out
    assert "dates, seed 0: exact match 0.250" in said
    assert "sums, seed 2: missing" in said


def test_another_file_and_unknown_arms_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    for text in ("", "{}", "[]", json.dumps({"format": "unrolled race, 1", "runs": []})):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(
            ValueError, match=r"pairs\.json: expected what `python -m lessons_src.pair_measures` writes"
        ):
            stored(path=path)
    for call in (stored, lambda arm: run(arm, 0)):
        with pytest.raises(ValueError, match="arm: expected one of sums, sums, source reversed"):
            call("sum")  # type: ignore[operator]
    with pytest.raises(FileNotFoundError):
        stored(path=tmp_path / "none.json")
