"""Folders and zips as learning platforms deliver them, and as no one should."""

import stat
import unicodedata
import zipfile
from pathlib import Path

import pytest

from classroom.intake import LARGEST, file_name, submissions, whose


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Kim Min-su_12345_assignsubmission_file_/lstm_step.ipynb", "Kim Min-su_12345"),
        ("Kim Min-su_12345_assignsubmission_file_my work.ipynb", "Kim Min-su_12345"),
        ("김 민수_12345_assignsubmission_file_/lstm_step.ipynb", "김 민수_12345"),
        ("kimminsu_12345_67890_lstm_step.ipynb", "kimminsu_12345"),
        ("kimminsu_LATE_12345_67890_lstm_step-1.ipynb", "kimminsu_12345"),
        ("kim/lstm_step.ipynb", "kim"),
        ("kim/lstm_step/lstm_step.ipynb", "kim"),
        ("kim.ipynb", "kim"),
        ("김 민수_12345_assignsubmission_file_/과제.zip/lstm_step.ipynb", "김 민수_12345"),
        ("Kim Min-su_12345_assignsubmission_file_work.zip/a/lstm_step.ipynb", "Kim Min-su_12345"),
        ("kimminsu_LATE_12345_67890_work.zip/lstm_step.ipynb", "kimminsu_12345"),
        ("kim.zip/lstm_step.ipynb", "kim"),
    ],
)
def test_the_student_is_found_in_the_path(path: str, student: str) -> None:
    assert whose(path) == student
    assert whose(unicodedata.normalize("NFD", path)) == student  # as macOS writes Hangul


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_nothing_is_written_when_a_zip_is_read_and_what_is_no_notebook_is_reported(tmp_path: Path) -> None:
    source = zipped(
        tmp_path / "all.zip",
        {
            "../../evil.ipynb": b"{}",
            "/etc/evil.ipynb": b"{}",
            "..\\evil.ipynb": b"{}",
            "kim/lstm_step.ipynb": b"{}",
            "kim/photo.png": b"",
            "lee_7_assignsubmission_file_/report.pdf": b"",
            "__MACOSX/kim/._lstm_step.ipynb": b"",
            "bomb/lstm_step.ipynb": bytes(LARGEST + 1),
        },
    )
    found, notes = submissions(source, "lstm_step")
    assert [(s.student, s.notebook) for s in found if s.notebook] == [("kim", b"{}")]
    assert {s.student: s.notes for s in found if not s.notebook} == {
        "bomb": ["no notebook came"],
        "lee_7": ["no notebook came"],
    }
    assert sum("points outside the folder" in note for note in notes) == 3
    assert any("photo.png: not a notebook" in note for note in notes)
    assert any("bytes; left out" in note for note in notes)
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]


def test_a_students_own_zip_is_read_and_no_zip_within_it(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a/lstm_step.ipynb": b"kim's", "../evil.ipynb": b"", "read me.txt": b""})
    deep = zipped(tmp_path / "deep.zip", {"inner.zip": inner.read_bytes()})
    files = {
        "김 민수_1_assignsubmission_file_/과제.zip": inner.read_bytes(),
        "lee_2_assignsubmission_file_/work.zip": b"no zip",
        "park_3_assignsubmission_file_/work.zip": deep.read_bytes(),
        "choi.zip": inner.read_bytes(),
    }
    for source in (zipped(tmp_path / "all.zip", files), tmp_path / "folder"):
        if source.suffix != ".zip":
            for name, content in files.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_bytes(content)
        found, notes = submissions(source, "lstm_step")
        assert {one.student: one.notebook for one in found} == {
            "김 민수_1": b"kim's",
            "lee_2": b"",
            "park_3": b"",
            "choi": b"kim's",
        }
        assert sum("points outside the folder" in note for note in notes) == 2
        assert any("work.zip: cannot be unpacked" in note for note in notes)
        assert any("work.zip/inner.zip: not a notebook" in note for note in notes)


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret")
    link = zipfile.ZipInfo("kim/lstm_step.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(link, str(secret))
    folder = tmp_path / "links"
    (folder / "kim").mkdir(parents=True)
    (folder / "kim" / "lstm_step.ipynb").symlink_to(secret)
    for source in (tmp_path / "links.zip", folder):
        found, notes = submissions(source, "lstm_step")
        assert [s.notebook for s in found] == [b""]
        assert notes == ["kim/lstm_step.ipynb: a link; left out"]


def test_of_several_notebooks_the_named_one_counts_and_of_those_the_last(tmp_path: Path) -> None:
    source = zipped(
        tmp_path / "all.zip",
        {
            "kim_1_10_lstm_step.ipynb": b"first",
            "kim_1_11_lstm_step-2.ipynb": b"third",
            "kim_1_12_lstm_step-1.ipynb": b"second",
            "kim_1_13_zzz.ipynb": b"other",
        },
    )
    (found,), _ = submissions(source, "lstm_step")
    assert (found.student, found.notebook) == ("kim_1", b"third")
    assert found.notes == ["handed in 4 notebooks; graded: kim_1_11_lstm_step-2.ipynb"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_hangul_in_a_zip_without_the_mark_for_utf8_is_read(tmp_path: Path, encoding: str) -> None:
    name = "김민수/lstm_step.ipynb".encode(encoding)
    placeholder = "x" * len(name)
    source = zipped(tmp_path / "all.zip", {placeholder: b"{}"})
    source.write_bytes(source.read_bytes().replace(placeholder.encode(), name))
    (found,), _ = submissions(source, "lstm_step")
    assert found.student == "김민수"


def test_names_of_files_keep_letters_and_lose_what_means_something_to_a_shell() -> None:
    assert file_name("김 민수_7") == "김 민수_7"
    assert file_name("a/b") != file_name("a_b")
    for name in ("../x", "a;rm -rf *", ".hidden", "", "a\nb", "x" * 300):
        assert not set("/;*\n") & set(file_name(name))
        assert 0 < len(file_name(name)) < 100
        assert not file_name(name).startswith(".")


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(ValueError, match="expected a folder or a zip"):
        submissions(tmp_path / "x", "lstm_step")
