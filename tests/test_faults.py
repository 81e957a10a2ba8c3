"""The lists of faults fit the tree, and a fault is judged by what its tests do in a copy that has it."""

import re
import shutil
from pathlib import Path

import pytest

from faults import __main__ as command
from faults.copies import Copy, Verdict
from faults.listing import HERE, PARTS, ROOT, Fault, read
from faults.origin import strangers

FAULTS = read()


def fault(file: str = "lessons_src/__init__.py", find: str = "+", replace: str = "-", **options: str) -> Fault:
    return Fault("package", options.get("name", "plus is minus"), file, find, replace, ("tests/test_sum.py",))


def test_every_fault_finds_its_text_once_and_changes_it() -> None:
    for one in FAULTS:
        assert one.spoil(ROOT) != (ROOT / one.file).read_text(encoding="utf-8"), one.name


def test_every_fault_names_what_should_notice_it() -> None:
    for one in FAULTS:
        assert one.tests or one.pages, one.name
        assert all(list(ROOT.glob(f"{page}.*")) for page in one.pages), one.name
        for test in one.tests:
            file, _, function = test.partition("::")
            code = (ROOT / file).read_text(encoding="utf-8")
            assert not function or f"def {function}(" in code, f"{one.name}: {test}"


def test_there_are_enough_of_every_kind_each_with_a_name_of_its_own() -> None:
    assert len({one.name for one in FAULTS}) == len(FAULTS) >= 45
    assert sum(one.part == "browser" for one in FAULTS) >= 12
    assert {one.part for one in FAULTS} == set(PARTS)


def test_a_page_alone_is_refused_since_it_makes_no_book() -> None:
    with pytest.raises(ValueError, match=r"x: expected a root and at least one more page, got 'book/index' alone"):
        Fault("website", "x", "a", "b", "c", (), pages=("book/index",))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (fault(find="/"), "plus is minus: expected the text to find once in lessons_src/__init__.py, found it 0 times"),
        (fault(find="a"), "plus is minus: expected the text to find once in lessons_src/__init__.py, found it 2 times"),
        (fault(file="gone.py"), "plus is minus: expected a file gone.py, found none"),
    ],
)
def test_a_text_that_is_not_there_once_is_refused(found: Fault, message: str, tmp_path: Path) -> None:
    (tmp_path / "lessons_src").mkdir()
    (tmp_path / "lessons_src/__init__.py").write_text("a + a\n")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        found.spoil(tmp_path)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Of a repository with one function, which has our package's name, and one test."""
    tree = tmp_path / "tree"
    for folder in ("lessons_src", "tests"):
        (tree / folder).mkdir(parents=True)
    shutil.copytree(HERE, tree / "faults", ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "lessons_src/__init__.py").write_text("def add(a, b):\n    return a + b\n")
    (tree / "tests/test_sum.py").write_text(
        "from lessons_src import add\n\ndef test_sum():\n    assert add(2, 2) == 4\n"
    )
    (tree / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tree / "_toc.yml").write_text("")
    monkeypatch.setattr("faults.copies.ROOT", tree)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take a second to load
    return Copy(tmp_path / "copy")


def test_a_fault_is_caught_survives_or_shows_nothing_and_is_taken_out_again(copy: Copy) -> None:
    caught = copy.judge(fault())
    assert (caught.word, caught.by) == ("caught", "tests/test_sum.py::test_sum")
    assert copy.judge(fault(replace="*")).word == "SURVIVED"
    broken = copy.judge(fault(replace="("))
    assert broken.word == "NOT RUN"
    assert "pytest ended with 2" in broken.by
    for tree in ("tree", "copy"):
        assert (
            copy.root.with_name(tree) / "lessons_src/__init__.py"
        ).read_text() == "def add(a, b):\n    return a + b\n"


def test_modules_from_elsewhere_are_found(tmp_path: Path) -> None:
    assert strangers(ROOT) == []
    assert str(Path(__file__)) in strangers(tmp_path)


def test_faults_are_chosen_by_name_or_list() -> None:
    assert command.chosen(FAULTS, []) == FAULTS
    assert {one.part for one in command.chosen(FAULTS, ["classroom"])} == {"classroom"}
    assert [one.name for one in command.chosen(FAULTS, ["1 − H²"])] == ["the RNN's backward pass forgets 1 − h²"]
    with pytest.raises(ValueError, match="--only: expected a part of a fault's name"):
        command.chosen(FAULTS, ["no such fault"])


def test_the_table_says_what_noticed_each_fault() -> None:
    verdicts = [Verdict("caught", "tests/test_sum.py::test_sum[a|b]", 2.4), Verdict("SURVIVED", "", 1.0)]
    assert command.table([fault(), fault(name="another")], verdicts).splitlines()[2:] == [
        "| plus is minus | lessons_src/__init__.py | caught | test_sum[a/b] | 2 |",
        "| another | lessons_src/__init__.py | SURVIVED |  | 1 |",
    ]
