"""The making of pages: formulas, the running of chapters, and what is left out."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
import pytest
import tinycss2
from math_core import LatexError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom import sandbox
from website.accessible import FOLDED, fold_label
from website.lean import few_marks
from website.mathml import to_mathml
from website.styles import Names, names_in, purge, tight, without_unread
from website.symbols import formulas
from website.widgets import slim_state

ROOT = Path(__file__).parents[1]

# == Formulas ========================================================================================================


def test_formula_becomes_mathml() -> None:
    assert re.search(r"<msub><mi>h</mi><mi>t</mi></msub>", to_mathml("h_t", block=False))
    assert 'display="block"' in to_mathml("h_t", block=True)


def test_lines_of_a_block_are_aligned_without_an_environment() -> None:
    assert to_mathml(r"a &= b \\ c &= d", block=True).count("<mtr>") == 2


def test_unknown_command_is_an_error() -> None:
    with pytest.raises(LatexError):
        to_mathml(r"\nosuchcommand", block=False)


def test_product_of_gates_is_no_large_operator() -> None:
    assert re.findall(r"<mo [^>]*>⊙</mo>", to_mathml(r"f \odot c", block=True))[0].count('largeop="false"') == 1


# == Style sheets ====================================================================================================


def purged(css: str, *tags: str, scripts: Iterable[str] = ()) -> str:
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    known = Names({frozenset(tag.split()) for tag in tags}, set(scripts))
    return str(tinycss2.serialize(list(purge(rules, known))))


def test_rule_of_an_absent_class_goes() -> None:
    assert purged(".here{a:1}.gone{b:2}", "here") == ".here{a:1}"


def test_one_selector_of_many_may_stay() -> None:
    assert purged(".gone,p .here,#gone{a:1}", "p", "here") == "p .here{a:1}"


def test_class_that_must_not_be_there_is_not_asked_for() -> None:
    assert purged("p:not(.gone){a:1}", "p") == "p:not(.gone){a:1}"


def test_rule_of_an_absent_element_or_attribute_goes() -> None:
    css = "p::before{a:1}video{a:2}*:hover>p{a:3}[here=x]{a:4}p[gone]{a:5}"
    assert purged(css, "p", "here") == "p::before{a:1}*:hover>p{a:3}[here=x]{a:4}"


def test_names_must_meet_in_one_tag_unless_a_script_may_add_them() -> None:
    css = "p.one.two{a:1}div.one{a:2}p.one[two]>div{a:3}p.new{a:4}"
    assert purged(css, "p one", "div two") == ""
    assert purged(css, "p one two", "div") == "p.one.two{a:1}p.one[two]>div{a:3}"
    assert purged(css, "p", scripts=["new"]) == "p.new{a:4}"


def test_names_are_read_from_tags_and_from_strings_of_scripts() -> None:
    page = """<p id="one" class="two three" hidden data-four='x' style="top:var(--five)">prose</p><script>no</script>"""
    known = names_in([page], ["open('six', \"a.seven\"); never()"], ["`<b class=eight>`"])
    assert known.scripts == {"six", "a", "seven"}
    assert known.meet(frozenset({"p", "id", "one", "two", "three", "hidden", "data-four", "--five", "six"}))
    assert known.meet(frozenset({"b"}))
    assert not known.meet(frozenset({"b", "eight"})), "figures bring rules of their own"
    assert not {"prose", "no", "never", "open", "four"} & known.tags.keys()


def test_media_query_goes_with_its_last_rule() -> None:
    css = "@media print{.gone{a:1}}@media print{.here{a:1}}@font-face{b:2}"
    assert purged(css, "here") == "@media print{.here{a:1}}@font-face{b:2}"


def test_font_whose_files_are_left_out_is_not_asked_for() -> None:
    assert purged("@font-face{src:url(../vendor/icons.woff2)}@font-face{src:url(a.woff2)}").count("url") == 1


def test_white_space_that_parts_nothing_goes() -> None:
    assert (
        tight("p ,\n a b {\n  margin : calc(1px + 2px) ;\n /* why */ top: 0;\n}\n")
        == "p,a b{margin : calc(1px + 2px);top: 0;}"
    )


def test_property_that_nothing_reads_goes_with_those_that_only_it_read() -> None:
    css = "p{--a:var(--b);--b:url(data:x;y);--c:2;--d:1;color:var(--c)}@media print{p{--e:1;top:0}}"
    (kept,) = without_unread([css], Names(set(), {"--d"}))
    assert re.sub(r"\s", "", kept) == "p{--c:2;--d:1;color:var(--c);}@mediaprint{p{top:0;}}"


# == Code ============================================================================================================


def test_code_keeps_its_text_its_keywords_and_whole_strings() -> None:
    name, sign, keyword = '<span class="n">x</span>', '<span class="o">&lt;</span>', '<span class="k">if</span>'
    parts = '<span class="sa">f</span><span class="s2">"</span><span class="si">{</span>'
    end = '<span class="si">}</span><span class="s2">"</span>'
    assert few_marks(f"{keyword} {name}{sign}{parts}{name}{end}") == (
        '<span class="k">if</span> x&lt;<span class="s2">f"{</span>x<span class="s2">}"</span>'
    )


@pytest.mark.parametrize(
    ("tags", "kind", "label"),
    [
        ("tag_hide-input", "source", "Code"),
        ("tag_hide-cell", "content", "Code and output"),
        ("tag_hide-cell tag_solution", "content", "Solution"),
        ("tag_hide-output", "outputs", "Output"),
    ],
)
def test_folded_cell_says_what_it_holds(tags: str, kind: str, label: str) -> None:
    words = "".join(
        f'<p class="{state} admonition-title">{verb} code cell {kind}</p>\n'
        for state, verb in (("collapsed", "Show"), ("expanded", "Hide"))
    )
    before = f'<div class="cell {tags} docutils container">\n<details class="admonition hide above-input">\n<summary'
    html = FOLDED.sub(fold_label, f'{before} aria-label="Toggle hidden content">\n{words}</summary>\n<div>')
    assert html == f"{before}>{label}</summary>\n<div>"


# == Widgets =========================================================================================================


def test_state_keeps_the_traits_of_our_widgets_and_no_script() -> None:
    ours = {"_bundle": "scope", "_esm": "code", "_model_name": "AnyModel", "gain": 2}
    models = {
        "a": {"model_name": "AnyModel", "state": ours, "buffers": [{"path": ["w"], "data": "AA=="}]},
        "b": {"model_name": "IntSliderModel", "state": {"value": 1}},
    }
    state = {"application/vnd.jupyter.widget-state+json": {"state": models}}
    notebook = new_notebook(metadata={"widgets": state})
    slim_state(notebook)
    (slimmed,) = notebook.metadata.widgets.values()
    assert slimmed["state"] == {
        "a": {"state": {"_bundle": "scope", "gain": 2}, "buffers": [{"path": ["w"], "data": "AA=="}]},
        "b": {"state": {}},
    }


# == Running the chapters ============================================================================================


class Book:
    """A book of two small chapters in a folder of its own, built by Sphinx with our extension."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "lessons_src").mkdir()
        self.package = folder / "lessons_src/numbers.txt"
        self.package.write_text("7")
        (folder / "requirements.txt").write_text("torch\n")
        settings = {
            "extensions": ["myst_nb", "website"],
            "myst_enable_extensions": ["dollarmath"],
            "html_math_renderer": "mathml",
            "nb_execution_mode": "off",
            "exclude_patterns": ["_build"],
        }
        lines = [f"{key} = {value!r}" for key, value in settings.items()]
        (folder / "conf.py").write_text("\n".join(lines))
        self.write("index", "open('lessons_src/numbers.txt').read() * 3", toc="```{toctree}\nother\n```")
        self.write("other", "'out' + 'put'")

    def write(self, name: str, code: str, text: str = "", toc: str = "") -> None:
        cells = [new_markdown_cell(f"# {name}\n\n{text}\n\n{toc}"), new_code_cell(code)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), self.folder / f"{name}.ipynb")

    def start(self, *within: str, out: str = "_build") -> subprocess.Popen[str]:
        """Begin to build, by a command that starts others if one is given."""
        options = ["-W", "--keep-going", "-d", f"{out}/.doctrees"]
        return subprocess.Popen(
            [*within, sys.executable, "-m", "sphinx", *options, ".", f"{out}/html"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def build(self) -> tuple[int, set[str]]:
        """Build; return the exit status and the chapters that ran."""
        process = self.start()
        log, _ = process.communicate(timeout=120)
        return process.returncode, set(re.findall(r"^ran (\w+)", log, re.MULTILINE))

    def page(self, name: str) -> str:
        return (self.folder / f"_build/html/{name}.html").read_text()


@pytest.fixture
def book(tmp_path: Path) -> Book:
    folder = tmp_path / "책 한 권"  # a path with Hangul and spaces
    folder.mkdir()
    return Book(folder)


def test_chapters_run_when_their_code_or_the_package_changed(book: Book) -> None:
    assert book.build() == (0, {"index", "other"})
    assert "777" in book.page("index")

    assert book.build() == (0, set())

    book.write("other", "'out' + 'put'", text="New words.")
    assert book.build() == (0, set())
    assert "New words." in book.page("other")
    assert "output" in book.page("other")

    book.write("other", "'in' + 'put'")
    assert book.build() == (0, {"other"})
    assert "input" in book.page("other")

    book.package.write_text("8")
    assert book.build() == (0, {"index", "other"})
    assert "888" in book.page("index")


def test_page_shows_the_latest_run(book: Book) -> None:
    source = book.folder / "elsewhere.txt"
    source.write_text("before")
    book.write("other", "open('elsewhere.txt').read()")
    book.build()
    source.write_text("after")
    for kept in (book.folder / "_build/.executed").glob("*"):
        kept.unlink()
    assert book.build() == (0, {"index", "other"})
    assert "after" in book.page("other")


def test_failed_chapter_fails_the_build_until_it_is_mended(book: Book) -> None:
    book.write("other", "1 / 0")
    assert book.build() == (1, {"index"})
    assert book.build() == (1, set())
    book.write("other", "'out' + 'put'")
    assert book.build() == (0, {"other"})
    assert "output" in book.page("other")


def test_faulty_formula_fails_the_build_again(book: Book) -> None:
    book.write("other", "1", text=r"$\nosuchcommand$")
    assert book.build()[0] == 1
    assert book.build()[0] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_build_does_not_spoil_the_next(book: Book) -> None:
    book.write("other", "import time; time.sleep(3); 'out' + 'put'")
    process = book.start()
    kept = book.folder / "_build/.executed"
    while not list(kept.glob("*.ipynb")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert book.build() == (0, {"other"})
    assert "777" in book.page("index")


def test_second_build_at_the_same_time_waits(book: Book) -> None:
    processes = [book.start(), book.start()]
    logs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("waiting for it to end" in log for log in logs) == 1
    assert sum("ran other" in log for log in logs) == 1


@pytest.mark.skipif(not sandbox.available(), reason="bubblewrap cannot run here")
def test_a_book_that_cannot_be_written_builds_elsewhere_without_a_network(book: Book, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    read_only = ["--bind", "/", "/", "--dev", "/dev", "--ro-bind", str(book.folder), str(book.folder)]
    log, _ = book.start("bwrap", *read_only, "--unshare-net", out=str(out)).communicate(timeout=120)
    assert "777" in (out / "html/index.html").read_text(), log
    assert not (book.folder / "_build").exists()


# == Chapters ========================================================================================================


def chapters() -> dict[str, nbformat.NotebookNode]:
    return {path.name: nbformat.read(path, as_version=4) for path in sorted((ROOT / "book").glob("*.ipynb"))}


def test_every_formula_of_a_chapter_can_be_converted() -> None:
    """The build says so too, minutes later."""
    faulty = []
    for name, notebook in chapters().items():
        for cell, formula in formulas(notebook):
            try:
                to_mathml(formula, block=True)
            except LatexError as error:
                faulty.append(f"{name}, cell {cell}: {formula}: {error}")
    assert not faulty


def test_every_link_from_a_chapter_to_another_leads_somewhere() -> None:
    """The build says so too, minutes later."""
    for name, notebook in chapters().items():
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        links = re.findall(r"\]\(([\w/.-]+\.(?:ipynb|md))\b", text)
        assert not [link for link in links if not (ROOT / "book" / link).is_file()], name


def test_every_paper_that_a_chapter_links_to_is_in_the_references() -> None:
    references = (ROOT / "book/references.bib").read_text(encoding="utf-8").lower()
    pattern = r"(?:doi\.org/|arxiv\.org/(?:abs|pdf)/)([\w./()-]*\w)"
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        text = "\n".join(cell["source"] for cell in nbformat.read(path, as_version=4).cells)
        for link in re.findall(pattern, text):
            assert link.lower().removesuffix(".pdf") in references, f"{path.name} links to {link}"


def test_lock_names_no_host_and_no_local_version() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "torch==2.13.0\n" in lock
    assert "://" not in lock
    assert "+" not in lock
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
