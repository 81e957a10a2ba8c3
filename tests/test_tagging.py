"""Lines of code are split without overlap, windows show what stands around a character, stored runs come out again."""

import itertools
import statistics
from pathlib import Path

import pytest
import torch

from lessons_src import tagging
from lessons_src.data import CODE_CLASSES
from lessons_src.labelled import IGNORED, padded
from lessons_src.tagging import ASKED, KEYWORD, SEEDS, TAGGERS, Lines, code_lines, share_right, windows
from lessons_src.text import Vocabulary


@pytest.fixture(scope="module")
def lines() -> Lines:
    return code_lines()


def test_lines_are_different_labelled_and_split_without_overlap(lines: Lines) -> None:
    train, test = ({line for line, _ in side} for side in (lines.train, lines.test))
    assert not train & test
    assert (len(train), len(test)) == (len(lines.train), len(lines.test))
    assert len(train) > 1500
    assert len(test) > 300
    for line, kinds in lines.train + lines.test:
        assert line == line.strip()
        assert len(line) == len(kinds) <= 72
        assert KEYWORD in kinds
    start = [CODE_CLASSES[kind] for kind in dict(lines.train)["import os"]]
    assert start == ["keyword"] * 6 + ["space"] + ["name"] * 2
    (loop,) = (kinds for line, kinds in lines.test if line == "for c in code.co_consts:")
    assert [CODE_CLASSES[kind] for kind in loop[:5]] == ["keyword"] * 3 + ["space", "name"]


def test_lines_to_judge_by_are_of_other_modules(lines: Lines) -> None:
    """A sample of what each module is known for; ages of the standard library have not changed it."""
    train, test = ({line for line, _ in side} for side in (lines.train, lines.test))
    assert "class TopologicalSorter:" in test - train
    assert "class HTMLParser(_markupbase.ParserBase):" in train - test
    assert max(len(line) for line in train) == 72
    assert max(len(line) for line, _ in code_lines(longest=40).train) == 40


def test_the_digest_tells_lines_and_classes_apart(lines: Lines) -> None:
    first, *rest = lines.train
    assert tagging.digest(lines) == tagging.digest(code_lines())
    for other in ((*rest,), ((first[0], (*first[1][:-1], 5)), *rest)):
        assert tagging.digest(Lines(other, lines.test)) != tagging.digest(lines)
    assert tagging.digest(Lines(lines.train, lines.test[1:])) != tagging.digest(lines)


def test_a_window_shows_what_stands_around_each_character_and_padding_beyond() -> None:
    vocabulary = Vocabulary("abcd·")
    batch = padded(vocabulary, [("ab", (1, 2)), ("cdab", (3, 4, 5, 6))])
    around, target = windows(batch, 3, padding=9)
    assert around.tolist() == [[9, 0, 1], [0, 1, 9], [9, 2, 3], [2, 3, 0], [3, 0, 1], [0, 1, 9]]
    assert target.tolist() == [1, 2, 3, 4, 5, 6]


def test_an_even_window_is_refused() -> None:
    batch = padded(Vocabulary("ab·"), [("ab", (1, 2))])
    with pytest.raises(ValueError, match=r"^width: expected an odd number.* got 4"):
        windows(batch, 4, padding=3)


def test_padding_is_neither_right_nor_wrong() -> None:
    batch = padded(Vocabulary("ab·"), [("ab", (1, 2)), ("a", (0,))])
    scores = torch.nn.functional.one_hot(torch.tensor([[1, 0], [0, 0]]), 3).float()
    assert share_right(scores, batch.target) == pytest.approx(2 / 3)


# ------------------------------------------------------------------------------------------------- what is stored


def test_the_taggers_stand_in_the_order_the_chapter_says() -> None:
    found = {kind: [run for run in tagging.figures() if run["kind"] == kind] for kind in TAGGERS}
    assert [[run["seed"] for run in three] for three in found.values()] == [list(SEEDS)] * 3
    window, one_way, both = ([run["all"] for run in three] for three in found.values())
    assert max(window) < min(one_way)
    assert statistics.mean(one_way) < statistics.mean(both)
    strings = {kind: [run["by class"]["string"] for run in three] for kind, three in found.items()}
    assert max(strings["window"]) < min(strings["LSTM"]) - 0.05
    loop, word = ASKED
    for run in found["LSTM"]:
        assert run["P(keyword)"][loop][:3] == run["P(keyword)"][word][:3]
    weights = [run["weights"] for run in tagging.figures()]
    assert max(weights) < 1.1 * min(weights)


@pytest.mark.parametrize("kind", TAGGERS)
def test_a_stored_run_begins_again_as_it_did(lines: Lines, kind: str) -> None:
    """Its first ten steps: closely if the lines are the same, roughly if another Python has changed a few."""
    (stored,) = (run for run in tagging.figures() if (run["kind"], run["seed"]) == (kind, 0))
    same = tagging.stored()["digest"] == tagging.digest(lines)
    model = tagging.tagger(kind, tagging.alphabet(lines), 0)
    losses = [record.loss for record in itertools.islice(tagging.training(model, lines, 0), 10)]
    assert statistics.mean(losses) == pytest.approx(stored["first"], abs=0.005 if same else 0.15)
    weights = sum(weight.numel() for weight in model.parameters())
    assert weights == pytest.approx(stored["weights"], rel=0 if same else 0.1)


def test_a_run_measures_every_character_of_the_lines_to_judge_by(lines: Lines) -> None:
    found = tagging.run("window", 0, steps=3)
    assert set(found) == set(tagging.figures()[0])
    assert [len(found["P(keyword)"][text]) for text in ASKED] == [len(text) for text in ASKED]
    counts = {k: sum(kinds.count(k) for _, kinds in lines.test) for k in range(len(CODE_CLASSES))}
    by_class = sum(found["by class"][name] * counts[k] for k, name in enumerate(CODE_CLASSES) if counts[k])
    assert found["all"] == pytest.approx(by_class / sum(counts.values()), abs=1e-3)


def test_the_command_writes_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "run", lambda kind, seed: {"kind": kind, "seed": seed, "all": 0.5})
    path = tmp_path / "own.json"
    tagging.main(["--results", str(path)])
    monkeypatch.setattr(tagging, "RESULTS", path)
    assert [(run["kind"], run["seed"]) for run in tagging.figures()] == list(itertools.product(TAGGERS, SEEDS))
    assert tagging.stored()["digest"] == tagging.digest(tagging.code_lines())


def test_a_tagger_scores_the_places_of_a_line_alike_alone_and_among_others(lines: Lines) -> None:
    vocabulary = Vocabulary(tagging.alphabet(lines))
    for kind in TAGGERS:
        model = tagging.tagger(kind, tagging.alphabet(lines), 0)
        few, more = lines.test[:1], lines.test[:9]
        alone, among = (padded(vocabulary, some, padding=len(vocabulary) - 1) for some in (few, more))
        expected = tagging.tag(model, alone)[0]
        torch.testing.assert_close(tagging.tag(model, among)[0, : len(expected)], expected, msg=kind)
        assert (among.target == IGNORED).any()
