"""Each data set is a pure function of its seed or path, and is what its docstring says."""

import textwrap
import tokenize
import unicodedata
from pathlib import Path

import pytest
import torch
from babel import Locale

from lessons_src.data import (
    CODE_CLASSES,
    LANGUAGES,
    _labelled_lines,
    adding,
    first_symbol_recall,
    highlighted_source,
    names,
    read_text,
    topics,
)


def test_recall_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, same, other = (first_symbol_recall(20, 9, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.x, same.x)
    assert torch.equal(one.target, same.target)
    assert not torch.equal(one.x, other.x)


def test_recall_begins_with_the_target_and_goes_on_with_distractors() -> None:
    task = first_symbol_recall(200, 9, signals=3, distractors=2)
    assert task.x.shape == (200, 9, 5)
    assert (task.x.sum(-1) == 1).all()
    symbols = task.x.argmax(-1)
    assert torch.equal(symbols[:, 0], task.target)
    assert sorted(symbols[:, 0].unique().tolist()) == [0, 1, 2]
    assert sorted(symbols[:, 1:].unique().tolist()) == [3, 4]


def test_recall_may_be_one_step_long() -> None:
    assert first_symbol_recall(3, 1).x.shape == (3, 1, 12)


def test_adding_marks_one_number_in_each_half_and_sums_them() -> None:
    task, same = adding(300, 7, seed=3), adding(300, 7, seed=3)
    assert torch.equal(task.x, same.x)
    numbers, markers = task.x.unbind(-1)
    assert torch.equal(markers[:, :3].sum(1), torch.ones(300))
    assert torch.equal(markers[:, 3:].sum(1), torch.ones(300))
    assert torch.allclose((numbers * markers).sum(1), task.target)
    assert markers.any(0).all(), "every step is marked in some sequence"


def test_always_answering_one_costs_a_sixth() -> None:
    target = adding(20_000, 4).target
    assert (target - 1).square().mean().item() == pytest.approx(1 / 6, abs=0.005)


def test_topics_are_plain_english_without_tables() -> None:
    found = topics()
    assert len(found) > 60
    assert list(found) == sorted(found)
    assert "for" in found
    for name, text in found.items():
        assert "|" not in text, name
        assert not any(line.strip().startswith(("+--", "===", "---")) for line in text.splitlines()), name
        assert not set(text) & set("“”‘’"), name
        assert "\n\n\n" not in text, name


def plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def test_names_are_split_by_the_thing_they_name_so_nothing_leaks() -> None:
    subjects: dict[tuple[str, int], set[str]] = {}
    for language, code in enumerate(LANGUAGES):
        locale = Locale(code)
        for subject, name in [*locale.languages.items(), *locale.territories.items()]:
            subjects.setdefault((plain(name), language), set()).add(subject)
    found = names()
    train, test = ({subject for pair in side for subject in subjects[pair]} for side in (found.train, found.test))
    assert not train & test
    assert not {name for name, _ in found.train} & {name for name, _ in found.test}


def test_names_are_many_in_every_language_and_the_same_each_time() -> None:
    found = names()
    assert found == names()
    assert len(found.test) * 3 < len(found.train)
    for pairs in (found.train, found.test):
        assert {language for _, language in pairs} == set(range(len(LANGUAGES)))
    written = {name: LANGUAGES[language] for name, language in found.train + found.test}
    assert len(written) == len(found.train) + len(found.test), "a name stands for one language only"
    assert written["frankreich"] == "de"
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz ") for name in written)


def labels_of(code: str) -> list[tuple[str, list[str]]]:
    """Each line and, character for character, the class it was given."""
    return [(line, [CODE_CLASSES[k] for k in labels]) for line, labels in _labelled_lines(textwrap.dedent(code))]


def runs(line: str, labels: list[str]) -> list[tuple[str, str]]:
    """The line cut where the class changes, without the spaces."""
    cut: list[tuple[str, str]] = []
    for character, label in zip(line, labels, strict=True):
        if cut and cut[-1][1] == label:
            cut[-1] = (cut[-1][0] + character, label)
        else:
            cut.append((character, label))
    return [piece for piece in cut if piece[1] != "space"]


def test_for_is_a_keyword_and_format_a_name() -> None:
    ((line, labels),) = labels_of("for x in format(1.5): pass  # go on\n")
    assert runs(line, labels) == [
        ("for", "keyword"),
        ("x", "name"),
        ("in", "keyword"),
        ("format", "name"),
        ("(", "operator"),
        ("1.5", "number"),
        ("):", "operator"),
        ("pass", "keyword"),
        ("# go on", "comment"),
    ]


def test_a_string_over_several_lines_is_a_string_on_each() -> None:
    (one, two, three) = labels_of('x = """for\n\n  a 1\nend"""  # end\n')
    assert runs(*one)[-1] == ('"""for', "string")
    assert set(two[1]) == {"string"}
    assert runs(*three) == [('end"""', "string"), ("# end", "comment")]


def test_an_f_string_is_one_string_with_whatever_it_holds() -> None:
    ((line, labels),) = labels_of("y = f'{x!r:>{width}} {{' + \"a\"\n")
    assert runs(line, labels) == [
        ("y", "name"),
        ("=", "operator"),
        ("f'{x!r:>{width}} {{'", "string"),
        ("+", "operator"),
        ('"a"', "string"),
    ]


def test_an_f_string_is_one_string_in_pythons_that_cut_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "f'{for_}' + x"
    kinds = {200: "FSTRING_START", 201: "FSTRING_END"}
    monkeypatch.setattr(tokenize, "tok_name", tokenize.tok_name | kinds)
    pieces = [(200, 0, 2), (tokenize.OP, 2, 3), (tokenize.NAME, 3, 7), (tokenize.OP, 7, 8), (201, 8, 9)]
    pieces += [(tokenize.OP, 10, 11), (tokenize.NAME, 12, 13)]
    tokens = [tokenize.TokenInfo(kind, line[a:b], (1, a), (1, b), line) for kind, a, b in pieces]
    monkeypatch.setattr(tokenize, "generate_tokens", lambda readline: iter(tokens))
    assert runs(*labels_of(line)[0]) == [("f'{for_}'", "string"), ("+", "operator"), ("x", "name")]


def test_the_highlighted_source_is_the_package_itself() -> None:
    found = highlighted_source()
    lines = dict(found)
    assert all(len(line) == len(labels) for line, labels in found)
    assert all(0 <= label < len(CODE_CLASSES) for _, labels in found for label in labels)
    definition = 'def lstm_step(a: Float[Tensor, "batch gates"], c_prev: State) -> LSTMStep:'
    assert lines[definition][:3] == (CODE_CLASSES.index("keyword"),) * 3


def test_a_text_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes("\ufeffGrüße\n".encode())
    assert read_text(path) == "Grüße\n"
    assert read_text(str(path)) == "Grüße\n"


def test_a_file_that_is_no_text_is_refused_with_the_reason(tmp_path: Path) -> None:
    latin, empty, zero = (tmp_path / name for name in ("latin.txt", "empty.txt", "zero.bin"))
    zero.write_text("UTF-16", encoding="utf-16-le")
    latin.write_bytes(b"Gr\xfc\xdfe")
    empty.write_text(" \n")
    for path, reason in (
        (latin, r"latin.txt is not UTF-8 text \(byte 2\)"),
        (empty, "empty.txt holds no text"),
        (zero, "zero.bin is no text, since it holds a zero byte; if it is UTF-16"),
        (tmp_path / "none.txt", r"none.txt cannot be read \(No such file"),
        (tmp_path, r"cannot be read \("),
    ):
        with pytest.raises(ValueError, match=rf"^path: .*{reason}"):
            read_text(path)
