"""The command line trains, goes on after any kind of stop, on one process or two, writes, and says what is wrong."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from lessons_src import char_rnn
from lessons_src.char_rnn import main
from lessons_src.char_training import Settings, Training, load, trained_model
from lessons_src.sampling import sample

ROOT = Path(__file__).parents[1]
TEXT = "the quick brown fox jumps over the lazy dog, and the dog does not mind.\n" * 8
SETTINGS = Settings(hidden_size=8, batch_size=4, window=8, steps=40, rate=0.05, least=1)
OPTIONS = [
    part
    for name in ("hidden_size", "batch_size", "window", "rate", "least", "steps")
    for part in (f"--{name.replace('_', '-')}", str(getattr(SETTINGS, name)))
]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole() -> Training:
    """A training that never stopped."""
    training = Training(TEXT, SETTINGS)
    list(training.run())
    return training


@pytest.fixture(scope="module")
def trained(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tmp_path_factory.mktemp("trained") / "model.pt"
    assert main(["train", "--text", str(text), "--model", str(model), *OPTIONS]) == 0
    return model


def same_weights(path: Path, training: Training) -> bool:
    pairs = zip(load(path)["model"].values(), training.model.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def words(text: Path, model: Path) -> list[str]:
    return ["--text", str(text), "--model", str(model)]


def test_train_trains_as_the_package_does_and_reports(
    text: Path, whole: Training, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.pt"
    assert main(["train", *words(text, model), *OPTIONS, "--every", "15"]) == 0
    assert load(model)["losses"] == whole.losses
    assert same_weights(model, whole)
    told = capsys.readouterr()
    reports = [line.split(":")[0] for line in told.out.splitlines() if line.startswith("step ")]
    assert reports == ["step 15", "step 30", "step 40"]
    assert f"{whole.bits_per_character():.4f} bits per character on the held-out end" in told.out
    assert told.err == "", "a progress bar is for terminals"


def test_a_terminal_shows_the_progress(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["train", *words(text, tmp_path / "model.pt"), *OPTIONS]) == 0
    assert re.search(r"40/40 .* bits", capsys.readouterr().err)


def test_sample_writes_as_the_package_does(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--prompt", "the ", "--count", "30", "--temperature", "0.5", "--seed", "3"]
    assert main(["sample", "--model", str(trained), *options]) == 0
    expected = sample(trained_model(load(trained)), "the ", 30, temperature=0.5, seed=3)
    assert capsys.readouterr().out == expected + "\n"


def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(
    text: Path, whole: Training, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, loss = tmp_path / "a model.pt", Training._loss

    def interrupted(self: Training, network: Any, batch: Any) -> Any:
        found = loss(self, network, batch)
        if self.done == 6:
            signal.raise_signal(signal.SIGINT)  # the state is at step 7, the weights are not
        return found

    monkeypatch.setattr(Training, "_loss", interrupted)
    assert main(["train", *words(text, model), *OPTIONS]) == 130
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "Ctrl-C is as before"
    told = capsys.readouterr().err
    command = f"python -m lessons_src.char_rnn resume --text {text} --model '{model}'"
    assert f"Stopped after step 7 of 40. To go on: {command}" in told
    monkeypatch.undo()
    assert main(["resume", *words(text, model)]) == 0
    assert load(model)["losses"] == whole.losses
    assert same_weights(model, whole)


def test_a_second_ctrl_c_does_not_wait(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(*_: object) -> Any:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it went on")

    monkeypatch.setattr(Training, "_loss", twice)
    assert main(["train", *words(text, tmp_path / "model.pt"), *OPTIONS]) == 130
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def started(module: list[str], arguments: list[str], stderr: int = subprocess.STDOUT) -> subprocess.Popen[bytes]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *module, "lessons_src.char_rnn", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stderr)


def first_checkpoint(process: subprocess.Popen[bytes], model: Path) -> bytes:
    """What is first seen in a file; a checkpoint is put in place whole, so what is there can be read."""
    for _ in range(12_000):
        if model.exists():
            return model.read_bytes()
        assert process.poll() is None, process.communicate()[0].decode()
        time.sleep(0.005)
    raise AssertionError("no checkpoint within a minute")


def test_after_the_process_was_killed_resume_gives_the_same_loss_curve(text: Path, tmp_path: Path) -> None:
    model, settings = tmp_path / "model.pt", dataclasses.replace(SETTINGS, steps=60)
    process = started([], ["train", *words(text, model), *OPTIONS[:-1], "60", "--every", "1"])
    first_checkpoint(process, model)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 0 < len(load(model)["losses"]) < 60
    assert main(["resume", *words(text, model)]) == 0
    whole = Training(TEXT, settings)
    list(whole.run())
    assert load(model)["losses"] == whole.losses
    assert same_weights(model, whole)


def test_two_processes_give_the_loss_curve_of_one_and_one_goes_on_from_their_checkpoint(
    text: Path, whole: Training, tmp_path: Path
) -> None:
    model, early = tmp_path / "model.pt", tmp_path / "early.pt"
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    process = started(torchrun, ["train", *words(text, model), *OPTIONS, "--every", "1"])
    early.write_bytes(first_checkpoint(process, model))
    output = process.communicate(timeout=100)[0].decode()
    assert process.returncode == 0, output
    assert output.count("bits per character on the held-out end") == 1, "one of the two speaks"
    assert load(model)["losses"] == pytest.approx(whole.losses, abs=1e-5)
    assert 0 < len(load(early)["losses"]) < 40
    assert load(early)["state"][0].shape == (1, 4, 8), "the state of all stretches"
    assert main(["resume", *words(text, early)]) == 0
    assert load(early)["losses"] == pytest.approx(whole.losses, abs=1e-5)


def test_a_finished_training_is_resumed_to_its_result(
    text: Path, trained: Path, whole: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resume", *words(text, trained)]) == 0
    assert f"{whole.bits_per_character():.4f} bits per character" in capsys.readouterr().out


FILES = {
    "binary": bytes(range(256)),
    "zeros": bytes(5000),
    "latin": "Das Gebäude war größer. ".encode("latin-1") * 40,
    "empty": b"",
    "blank": b" \n\t\n",
    "short": b"A text of a line.\n",
    "rare": "".join(map(chr, range(0x4E00, 0x4E00 + 600))).encode(),
}
WRONG_TEXTS = {
    "missing": r"path: .*missing cannot be read \(No such file or directory\)",
    "binary": r"path: .*binary is not UTF-8 text \(byte 128\); save it as UTF-8",
    "zeros": r"path: .*zeros is no text, since it holds a zero byte",
    "latin": r"path: .*latin is not UTF-8 text \(byte 7\); save it as UTF-8",
    "empty": r"path: .*empty holds no text",
    "blank": r"path: .*blank holds no text",
    "short": r"text: expected more than batch_size · window = 32 characters to learn .* got 16 and 2; take a longer",
    "rare": r"text: no character occurs 2 times, so the vocabulary would be empty",
}


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says when it gives up: one line."""
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return str(line)


@pytest.mark.parametrize("name", WRONG_TEXTS)
def test_a_text_that_cannot_be_learnt_from_is_refused_with_the_reason(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name in FILES:
        (tmp_path / name).write_bytes(FILES[name])
    told = refusal(["train", *words(tmp_path / name, tmp_path / "model.pt"), *OPTIONS, "--least", "2"], capsys)
    assert re.match(f"char_rnn: {WRONG_TEXTS[name]}", told), told
    assert not (tmp_path / "model.pt").exists()


def test_a_model_that_exists_is_not_overwritten(text: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = trained.read_bytes()
    told = refusal(["train", *words(text, trained)], capsys)
    assert f"model: {trained} exists; go on with `resume`, or name another file" in told
    assert trained.read_bytes() == before


def test_a_folder_that_is_not_there_is_noticed_before_the_training(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refusal(["train", *words(text, tmp_path / "nowhere" / "model.pt"), *OPTIONS], capsys)
    assert "cannot be written, since there is no folder" in told


def test_a_damaged_checkpoint_or_another_text_is_refused(
    text: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, other = tmp_path / "cut.pt", tmp_path / "other.txt"
    cut.write_bytes(trained.read_bytes()[:3000])
    other.write_text(TEXT.replace("fox", "cat"))
    damaged = f"char_rnn: path: {cut} is no checkpoint, or is damaged"
    assert refusal(["resume", *words(text, cut)], capsys).startswith(damaged)
    assert refusal(["sample", "--model", str(cut)], capsys).startswith(damaged)
    told = refusal(["resume", *words(other, trained)], capsys)
    assert told == "char_rnn: text: expected the text that the checkpoint was made with, got another one"
    told = refusal(["resume", *words(text, text)], capsys)
    assert told.startswith(f"char_rnn: path: {text} is no checkpoint")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--temperature", "-1"], "temperature: expected a number from 0"),
        (["--temperature", "nan"], "temperature: expected a number from 0"),
        (["--count", "0"], "count: expected a whole number of at least 1, got 0"),
        (["--prompt", ""], "prompt: expected at least one character, got an empty text"),
    ],
)
def test_what_cannot_be_written_is_refused(
    trained: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refusal(["sample", "--model", str(trained), *arguments], capsys)


def test_settings_that_make_no_sense_are_refused(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, message in (
        (["--window", "0"], "window: expected a whole number of at least 1, got 0"),
        (["--rate", "0"], "rate: expected a number above 0, got 0.0"),
        (["--seed", str(2**63)], "seed: expected a whole number of at most"),
        (
            [*OPTIONS, "--hidden-size", str(10**8)],
            "not enough memory; take a smaller hidden_size, batch_size or window",
        ),
        ([*OPTIONS, "--every", "0"], "every: expected a whole number of at least 1, got 0"),
    ):
        assert message in refusal(["train", *words(text, tmp_path / "model.pt"), *options], capsys)


def test_other_errors_of_pytorch_are_not_taken_for_a_lack_of_memory(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> Any:
        raise RuntimeError("the shapes do not fit")

    monkeypatch.setattr(Training, "_loss", wrong)
    with pytest.raises(RuntimeError, match="the shapes do not fit"):
        main(["train", *words(text, tmp_path / "model.pt"), *OPTIONS])


def test_a_folder_that_may_not_be_written_is_noticed_before_the_training(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    told = refusal(["train", *words(text, tmp_path / "model.pt"), *OPTIONS], capsys)
    assert "cannot be written, since the folder is read-only" in told


def test_output_that_nobody_reads_ends_the_training_and_keeps_a_checkpoint(text: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.pt"
    process = started([], ["train", *words(text, model), *OPTIONS, "--every", "1"], stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process.stderr as told:
        assert told.read().decode().strip() == "char_rnn: [Errno 32] Broken pipe"
    assert process.wait(60) == 1
    assert 0 < len(load(model)["losses"]) < 40
    assert main(["resume", *words(text, model)]) == 0


def test_ctrl_c_while_pytorch_loads_leaves_no_traceback(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = tmp_path / "loading"
    (tmp_path / "torch.py").write_text(f"import time\nopen({str(loading)!r}, 'w').close()\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = started([], ["train", *words(text, tmp_path / "model.pt")])
    first_checkpoint(process, loading)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == b""
    assert process.returncode == -signal.SIGINT


def test_more_processes_than_places_in_the_text_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lessons_src.char_training._place_among_processes", lambda: (0, 3))
    with pytest.raises(ValueError, match="batch_size: expected a multiple of the 3 processes, got 4"):
        Training(TEXT, SETTINGS)


def test_every_setting_has_an_option_with_its_default_and_a_word_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert set(char_rnn._HELP) == {field.name for field in dataclasses.fields(Settings)}
    for field in dataclasses.fields(Settings):
        assert f"--{field.name.replace('_', '-')}" in told
        assert f"{char_rnn._HELP[field.name]} (default: {field.default})" in told
