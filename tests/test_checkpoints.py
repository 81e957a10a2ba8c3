"""A file is read only if it is whole and of the right kind, and no code in it is run. More in test_char_training."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from lessons_src.checkpoints import load, save, sealed

CONTENT = {"format": "mine 1", "weights": {"w": torch.arange(3.0)}, "notes": ["a", 1, None]}


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    save(sealed(CONTENT), tmp_path / "a.pt")
    found = load(tmp_path / "a.pt", "mine 1", "the tests")
    assert torch.equal(found["weights"]["w"], torch.arange(3.0))
    assert found["notes"] == CONTENT["notes"]


def test_sealing_copies(tmp_path: Path) -> None:
    weights = torch.zeros(2)
    kept = sealed({"format": "mine 1", "w": weights})
    weights += 1
    assert torch.equal(kept["w"], torch.zeros(2))


@pytest.mark.parametrize("change", [{"notes": ["a", 2, None]}, {"weights": {"w": torch.tensor([0.0, 1.0, 2.5])}}])
def test_a_changed_content_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    save(sealed(CONTENT) | change, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"^path: .*a.pt is damaged: its content does not match its digest"):
        load(tmp_path / "a.pt", "mine 1", "the tests")


def test_another_kind_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    save(sealed(CONTENT), tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"^path: .*but no checkpoint of the other tests"):
        load(tmp_path / "a.pt", "mine 2", "the other tests")


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm.txt"),))


def test_code_in_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": "mine 1", "x": Harmful()}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Harmful()))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(ValueError, match="PyTorch cannot read it"):
            load(tmp_path / name, "mine 1", "the tests")
    assert not (tmp_path / "harm.txt").exists()


def test_an_old_file_stays_if_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^path: .* cannot be written"):
        save(CONTENT, tmp_path / "no folder" / "a.pt")
    save(sealed(CONTENT), tmp_path / "a.pt")
    with pytest.raises(Exception, match=r"local object|pickle"):
        save({"f": lambda: None}, tmp_path / "a.pt")
    assert load(tmp_path / "a.pt", "mine 1", "the tests")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]
