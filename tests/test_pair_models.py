"""The shipped models do what they are said to do, and one command makes them."""

from pathlib import Path

import pytest
import torch

from lessons_src import pair_models
from lessons_src.decoding import exact_match, greedy
from lessons_src.pair_models import RECIPES, build, load, read, write
from lessons_src.shipped import WEIGHTS


@pytest.mark.parametrize("name", RECIPES)
def test_the_exact_match_is_measured_again(name: str) -> None:
    shipped = load(name)
    test = RECIPES[name].pairs().test[:300]
    assert exact_match(shipped.model, test) == pytest.approx(shipped.exact_match, abs=0.04)


def test_the_dates_are_written_right_in_six_languages() -> None:
    dates = ["March 3, 1999", "3. März 1999", "3 mars 1999", "1999년 3월 3일", "3 de marzo de 1999", "1999年3月3日"]
    assert [written.text for written in greedy(load("dates").model, dates)] == ["1999-03-03"] * 6


def test_the_date_model_is_nearly_always_right_and_the_sums_are_mostly() -> None:
    assert load("dates").exact_match >= 0.99
    assert 0.5 < load("sums").exact_match < 1


@pytest.mark.parametrize("name", RECIPES)
def test_a_file_is_rewritten_byte_for_byte(name: str, tmp_path: Path) -> None:
    path = tmp_path / "again.npz"
    write(load(name), path)
    assert path.read_bytes() == (WEIGHTS / f"{name}.npz").read_bytes()


def test_the_command_writes_what_is_read_and_a_seed_decides_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair_models.main(["--name", "sums", "--steps", "2", "--out", str(tmp_path)])
    written = read(tmp_path / "sums.npz")
    assert (written.name, written.seed, written.steps) == ("sums", 0, 2)
    assert "sums.npz" in capsys.readouterr().out
    again = build("sums", 2)
    for name, weight in written.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name])


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"brackets_rnn\.npz: expected a pair model, as `python -m lessons_src"):
        read(WEIGHTS / "brackets_rnn.npz")
    with pytest.raises(ValueError, match="name: expected one of dates, sums, got 'date'"):
        load("date")
