"""The Python half of DecoderLab: its searches and runs are the package's, and what is refused is refused by name."""

import math
import random
from typing import Any

import pytest
import torch
import traitlets

from lessons_src import decoding, pair_models
from lessons_src.seq2seq import END_ID, START_ID
from lessons_src.widgets import DecoderLab, draws
from lessons_src.widgets.decoder_lab import DRAWS, EXAMPLES, MOST_TOKENS, Token

MODEL = pair_models.load("sums").model.double()


def text_of(tokens: Any) -> str:
    return MODEL.target.decode(torch.tensor([token for token in tokens if token != END_ID], dtype=torch.int64))


def typed(rng: random.Random) -> str:
    """A sum of up to four digits, or something else."""
    if rng.random() < 0.7:
        return "+".join(str(rng.randrange(10 ** rng.randint(1, 4))) for _ in "ab")
    return "".join(rng.choices("0123456789+- x한🙂", k=rng.randint(1, 20))).strip() or "?"


def drawn_settings(count: int, seed: int = 0) -> list[DecoderLab]:
    """Widgets that differ in everything."""
    rng = random.Random(seed)
    return [
        DecoderLab(
            typed(rng),
            rng.choice(["greedy", "beam", "beam", "sampling"]),
            width=rng.randint(1, 8),
            length_penalty=rng.choice([0.0, 0.6, 1.0, 2.0]),
            temperature=rng.choice([0.0, 0.5, 1.0, 3.0]),
            seed=rng.randint(0, 99),
            reads=rng.choice(["free", "forced"]),
            wrong_at=rng.choice([None, None, 1, 2, 3, 6]),
            wrong_digit=rng.randint(0, 9),
        )
        for _ in range(count)
    ]


@torch.no_grad()
def scored(text: str, read: list[int], chosen: list[int]) -> list[float]:
    """What the model gives to each chosen token after what was read, in one pass, by its equations."""
    encoded = MODEL.encode(MODEL.source.encode(text[::-1])[None])
    scores = MODEL.decode(torch.tensor([read]), encoded.state, encoded).scores[0]
    scores[:, START_ID] = scores[:, -1] = -math.inf
    return torch.log_softmax(scores, -1)[range(len(chosen)), chosen].tolist()


def test_without_a_wrong_digit_the_search_is_that_of_the_package() -> None:
    for width, penalty in ((1, 0.0), (2, 0.0), (8, 1.0)):
        for source in ("29+726", "462+60", "1234+5678", "hello"):
            widget = DecoderLab(source, "beam", width=width, length_penalty=penalty)
            known = decoding.beam(MODEL, source[::-1], width=width, most=MOST_TOKENS, length_penalty=penalty)
            assert [text_of(h.tokens) for h in widget.search()] == [written.text for written, _ in known]
            assert [h.score for h in widget.search()] == pytest.approx([score for _, score in known], abs=1e-12)
    (greedy,) = decoding.greedy(MODEL, ["29+726"[::-1]], most=MOST_TOKENS)
    assert text_of(DecoderLab("29+726", "greedy", width=5).search()[0].tokens) == greedy.text


def test_every_run_has_the_probabilities_of_what_it_read() -> None:
    for widget in drawn_settings(30):
        runs = [widget.run()] + ([widget.forced()] if widget.truth else [])
        for run in runs:
            chosen, logs, read = zip(*run, strict=True)
            assert list(logs) == pytest.approx(scored(widget.text, list(read), list(chosen)), abs=1e-10)
        free = runs[0]
        assert [token.read for token in free] == [START_ID, *(token.chosen for token in free[:-1])]
        if widget.truth:
            truth = [*MODEL.target.encode(list(widget.truth)).tolist(), END_ID]
            assert [token.read for token in runs[1]] == [START_ID, *truth[:-1]][:MOST_TOKENS]


def test_the_wrong_digit_is_written_and_only_a_free_run_reads_it() -> None:
    clean, wrong = DecoderLab("135+62", "greedy"), DecoderLab("135+62", "greedy", wrong_at=1, wrong_digit=9)
    assert text_of(t.chosen for t in clean.run()) == "197"
    nine = int(MODEL.target.encode(["9"])[0])
    assert wrong.run()[0].chosen == wrong.forced()[0].chosen == nine
    assert wrong.run()[1].read == nine
    assert wrong.forced()[1:] == clean.forced()[1:], "the forced run goes on as if nothing had happened"
    assert [t.chosen for t in wrong.run()[1:]] != [t.chosen for t in clean.run()[1:]], "the free run derails"
    for found in DecoderLab("135+62", "beam", width=6, wrong_at=2, wrong_digit=3).search():
        assert len(found.tokens) < 2 or text_of(found.tokens[1:2]) == "3"


def test_a_drawn_run_is_greedy_at_temperature_0_and_flatter_above() -> None:
    greedy = DecoderLab("952+956", "greedy").run()
    assert DecoderLab("952+956", "sampling", temperature=0.0, seed=7).run() == greedy
    runs = {heat: [_drawn(heat, seed) for seed in range(25)] for heat in (0.3, 1.0, 3.0)}
    texts = {heat: {text_of(t.chosen for t in run) for run in found} for heat, found in runs.items()}
    assert len(texts[0.3]) < len(texts[1.0]) < len(texts[3.0])
    numbers = [float(draws.uniforms(seed, DRAWS, 2)[1]) for seed in range(25)]
    pairs = [(u, run[1].chosen) for u, run in zip(numbers, runs[3.0], strict=True) if run[0] == greedy[0]]
    assert len({token for _, token in pairs}) > 2
    assert [token for _, token in sorted(pairs)] == sorted(token for _, token in pairs), "a larger number, a larger id"


def _drawn(temperature: float, seed: int) -> list[Token]:
    return DecoderLab("952+956", "sampling", temperature=temperature, seed=seed).run()


@pytest.mark.parametrize(
    ("source", "text", "truth"),
    [
        ("12+34", "12+34", "46"),
        (" 1２ + ３4\n", "12+34", "46"),
        ("007+5", "007+5", "12"),
        ("999999+1", "999999+1", "1000000"),
        ("12+", "12+", None),
        ("1+2+3", "1+2+3", None),
        ("٣+٤", "٣+٤", None),
        ("안녕 🙂", "안녕🙂", None),
        ("123456789+123456789", "123456789+12345", "123469134"),
        ("", "", None),
    ],
)
def test_what_is_read_of_the_source(source: str, text: str, truth: str | None) -> None:
    widget = DecoderLab(source)
    assert (widget.text, widget.truth) == (text, truth)


def test_the_examples_show_what_they_say() -> None:
    best = {source: text_of(DecoderLab(source, width=2).search()[0].tokens) for _, _, source in EXAMPLES}
    greedy = {source: text_of(t.chosen for t in DecoderLab(source).run()) for _, _, source in EXAMPLES}
    assert (best["135+62"], greedy["135+62"]) == ("197", "197")
    assert (best["29+726"], greedy["29+726"]) == ("755", "765")
    assert (best["462+60"], greedy["462+60"]) == ("532", "522")
    assert best["952+956"] == greedy["952+956"] != "1908"
    assert greedy["1234+5678"] != "6912"
    assert greedy["739968"] not in [text_of(h.tokens) for h in DecoderLab("739968", width=2).search()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "1" * 61}, "source: expected at most 60 characters, got 61"),
        ({"method": "best"}, "method: expected one of greedy, beam, sampling, got 'best'"),
        ({"reads": "taught"}, "reads: expected one of free, forced, got 'taught'"),
        ({"width": 0}, "width: expected a number from 1 to 8, got 0"),
        ({"width": 9}, "width: expected a number from 1 to 8, got 9"),
        ({"length_penalty": -0.1}, "length_penalty: expected a number from 0 to 2, got -0.1"),
        ({"temperature": -1.0}, "temperature: expected a number from 0 to 3, got -1.0"),
        ({"seed": 100}, "seed: expected a number from 0 to 99, got 100"),
        ({"wrong_at": 0}, "wrong_at: expected a number from 1 to 8, got 0"),
        ({"wrong_digit": 10}, "wrong_digit: expected a number from 0 to 9, got 10"),
        ({"step": 0}, "step: expected a number from 1 to 8, got 0"),
        ({"beam": 3}, "beam: DecoderLab has no such argument"),
        ({"width": 2.5}, "The 'width' trait of a DecoderLab instance expected an int, not the float 2.5"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_bad_arguments_are_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError, traitlets.TraitError)) as refused:
        DecoderLab(**arguments)
    assert message in str(refused.value)


def test_what_has_no_truth_cannot_be_forced_and_nothing_cannot_be_read() -> None:
    with pytest.raises(ValueError, match=r"source: expected a sum such as 12\+34, .* got 'hello'"):
        DecoderLab("hello").forced()
    with pytest.raises(ValueError, match="source: expected at least one character, got none"):
        DecoderLab(" ").search()


def test_it_stands_still_as_a_table_and_says_what_it_shows() -> None:
    widget = DecoderLab("29+726", wrong_at=2, wrong_digit=4)
    data, _ = widget._repr_mimebundle_()
    assert data["text/html"] == widget.still()
    for found in widget.search():
        assert f"<td>{text_of(found.tokens)}</td><td>{found.log_probability:.3f}".replace("-", "−") in widget.still()
    assert "The sum is 755." in widget.still()
    assert "no sum" in DecoderLab("<b>").still()
    assert "<b>" not in DecoderLab("<b>").still()
    assert "nothing to read" in DecoderLab("").still()
    assert repr(widget) == "DecoderLab('29+726', beam, free, 4 at step 2)"
