"""The benchmarks run, compare equals, and read what they measure rightly. What they find is in benchmarks/README.md."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import attention, build, grading, layers, pages, timing, word_vectors
from benchmarks.styles import CellLoop, GateLoop, HeadLoop
from benchmarks.timing import Effort
from classroom.master import grade_id
from lessons_src.layers import from_torch

ROOT = Path(__file__).parents[1]
QUICK = Effort(quick=True)


# --- side by side -----------------------------------------------------------------------------------------------------


def test_contestants_take_turns_and_only_counted_rounds_are_kept() -> None:
    order: list[str] = []
    clock = iter(range(100))
    found = timing.rounds(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")},
        0.0,
        clock=lambda: float(next(clock)),
        warm=1,
        least=2,
    )
    assert order == ["a", "b"] * 3
    assert found == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_ratios_are_taken_within_a_round() -> None:
    found = {"ours": [1.0, 20.0, 300.0], "base": [1.0, 10.0, 100.0]}
    assert timing.ratios(found, "ours", "base") == (1.0, 2.0, 3.0)
    assert timing.shown(found, "ours", "base") == "2.00 [1.00 … 3.00]"


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_layers_that_are_timed_side_by_side_give_the_same_states_and_gradients(kind: str) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, kind)(3, 5, batch_first=True)
    x = torch.randn(2, 7, 3)
    found = []
    for model in (layer, from_torch(layer), CellLoop(layer), GateLoop(layer)):
        leaf = x.clone().requires_grad_()
        y = model(leaf)
        y = y[0] if isinstance(y, tuple) else y
        (y**2).sum().backward()
        assert all(weight.grad is not None for weight in model.parameters())
        found.append((y, leaf.grad))
    for states, gradient in found[1:]:
        torch.testing.assert_close(states, found[0][0])
        torch.testing.assert_close(gradient, found[0][1])


@pytest.mark.parametrize("name", attention.MASKS)
def test_attentions_that_are_timed_side_by_side_give_the_same(name: str) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(3, 4, 2, 6, 5)
    mixed = [mix(*inputs) for mix in attention.mixes(attention.mask_of(name, 4, 6)).values()]
    for other in mixed[1:]:
        torch.testing.assert_close(other, mixed[0])


def test_the_padding_mask_hides_what_stands_behind_the_shorter_sequences() -> None:
    mask = attention.mask_of("padding", 2, 4)
    assert mask is not None
    assert mask.expand(2, 1, 4, 4)[0, 0].tolist() == [[True, True, False, False]] * 4
    assert mask.expand(2, 1, 4, 4)[1].all()


def test_heads_that_are_timed_side_by_side_give_the_same() -> None:
    torch.manual_seed(0)
    models = attention.heads((2, 4, 6, 3))
    assert isinstance(models["head loop"], HeadLoop)
    x = torch.randn(2, 6, 12)
    mixed = [model(x) for model in models.values()]
    for other in mixed[1:]:
        torch.testing.assert_close(other, mixed[0])


# --- tables -----------------------------------------------------------------------------------------------------------


def test_tables_have_a_row_for_each_thing_timed(capsys: pytest.CaptureFixture[str]) -> None:
    for part in (layers, attention, word_vectors):
        part.main(QUICK)
    printed = capsys.readouterr().out
    for words in ("LSTM    32, 64, 64, 128", "GRU     32", "RNN     32", "none   forward", "none      both", "kingdom"):
        assert words in printed
    assert printed.count(" … ") >= 3 * 3 + 2 * 3 + 3 + 2


def test_the_command_prints_the_machine_and_refuses_an_unknown_part() -> None:
    command = [sys.executable, "-m", "benchmarks"]
    done = subprocess.run([*command, "speed"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "invalid choice: 'speed'" in done.stderr
    assert "cores; Python" in timing.machine()


# --- grading ----------------------------------------------------------------------------------------------------------


def test_six_submissions_differ_in_what_is_wrong() -> None:
    handed = grading.submissions(grading.MASTER)
    assert list(handed)[:2] == ["reference", "untouched"]
    reference = [cell["source"] for cell in handed["reference"]]
    changed = {
        name: [grade_id(c) for c, right in zip(cells, reference, strict=True) if c["source"] != right]
        for name, cells in handed.items()
    }
    assert len(handed) == 6
    assert [changed[name] for name in list(handed)[2:]] == [
        ["solve-gates"],
        ["solve-step"],
        ["solve-sequence"],
        ["solve-backward"],
    ]


def test_stock_nbgrader_gets_hidden_tests_that_tell_right_from_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grading.write_source(grading.MASTER, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    notebook = json.loads((tmp_path / f"{grading.NAME}.ipynb").read_text())
    code = {grade_id(cell): cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"}
    everything: dict[str, object] = {}
    for source in code.values():
        exec(source, everything)
    wrong = grading.submissions(grading.MASTER)["gates__forget_before_input"]
    exec(next(cell["source"] for cell in wrong if grade_id(cell) == "solve-gates"), everything)
    with pytest.raises(AssertionError):
        exec(code["hidden-gates"], everything)
    exec(code["hidden-step"], everything)  # what follows from one's own gates is right


# --- the book ---------------------------------------------------------------------------------------------------------


def test_seconds_of_chapters_are_read_from_what_a_build_prints() -> None:
    printed = "running 2 of 3\n\x1b[1mran book/01_language in 4.5 s\x1b[0m\nran book/06_rnn in 12.0 s\nran away\n"
    assert build.chapters(printed) == {"book/01_language": 4.5, "book/06_rnn": 12.0}


def test_an_edit_changes_the_text_or_the_code_of_a_chapter(tmp_path: Path) -> None:
    path = tmp_path / "chapter.ipynb"
    cells = [{"cell_type": kind, "source": ["a\n", "b"]} for kind in ("markdown", "code")]
    path.write_text(json.dumps({"cells": cells}))
    build.edit(path, "code")
    text, code = json.loads(path.read_text())["cells"]
    assert text["source"] == ["a\n", "b"]
    assert code["source"] == "a\nb\nassert True\n"


def test_parts_of_a_page_add_up_to_the_page() -> None:
    state = '<script type="application/vnd.jupyter.widget-state+json">{"é": 1}</script>'
    code = '<div class="highlight"><pre><span class="k">def</span></pre></div>'
    svg = "<svg viewBox='0 0 1 1'><path d='M0 0'/></svg>"
    menu = '<div id="pst-primary-sidebar" class="bd-sidebar-primary"><div>menu</div></div>'
    formula = "<math><mi>x</mi></math>"
    rest = "<main><p>Text.</p></main>"
    found = pages.parts_of(menu + rest.replace("<p>", state + code + svg + formula + "<p>"))
    parts = {"widget state": state, "code": code, "figures": svg, "formulas": formula, "menus": menu, "text": rest}
    assert found == {name: len(part.encode()) for name, part in parts.items()}


def test_a_page_is_within_the_mark_as_it_is_or_only_compressed() -> None:
    def verdict(size: int, packed: int, live: bool) -> str:
        return pages.row("page", pages.Weight(live, packed, Counter(text=size))).split()[4]

    assert verdict(400_000, 100_000, True) == "both"
    assert verdict(600_000, 100_000, True) == "gzip"
    assert verdict(600_000, 501_000, True) == "NEITHER"
    assert verdict(400_000, 100_000, False) == "gzip"
