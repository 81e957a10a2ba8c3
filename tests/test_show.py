"""What a chapter shows of the package is the package's source, not a copy."""

import inspect

import pytest

from lessons_src import show
from lessons_src.cells import LSTMCell, gru_step, lstm_step


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(show, "display", lambda thing: found.append(thing.data))
    return found


def test_source_is_shown_as_it_stands_in_the_package(shown: list[str]) -> None:
    show.source(lstm_step, gru_step)
    assert shown[0].startswith("```python\ndef lstm_step(")
    assert shown[0].endswith("\n```")
    for step in (lstm_step, gru_step):
        assert inspect.getsource(step).rstrip() in shown[0]


def test_a_method_is_shown_from_the_margin(shown: list[str]) -> None:
    show.source(LSTMCell.forward)
    assert shown[0].startswith("```python\ndef forward(")


def test_a_finding_is_marked_as_measured(shown: list[str]) -> None:
    show.finding(f"The norm fell to {0.9**50:.3f}.")
    assert "The norm fell to 0.005." in shown[0]
    assert "Measured" in shown[0]
