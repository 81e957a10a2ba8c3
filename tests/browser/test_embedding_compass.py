"""EmbeddingCompass in Chromium: its rankings and its map are PyTorch's, and a reader can do everything with it."""

import base64
import difflib
import os
import random
import re
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page
from torch import Tensor

from lessons_src.cooccurrence import cooccurrence, ppmi, svd_vectors
from lessons_src.corpus import Corpus
from lessons_src.grammars import kingdom
from lessons_src.widgets import EmbeddingCompass, GradientExplorer
from lessons_src.word_vectors import WordVectors
from tests.browser.harness import Stage, contrast, control, drawn, misfits, open_all, sentence, settle, tab_order

KOREAN = ("왕", "여왕", "남자", "여자", "왕자", "공주", "소년", "소녀")


def from_counts() -> WordVectors:
    """Hard analogies: from few sentences with much noise."""
    corpus = Corpus.of(kingdom(1000, noise=0.5))
    return WordVectors(corpus.words, svd_vectors(ppmi(cooccurrence(corpus, 4)), 60))


def many(count: int = 4000, size: int = 100) -> WordVectors:
    """As many as the widget takes, spread unevenly, as trained ones are."""
    spread = torch.linspace(3, 0.1, size)
    matrix = torch.randn(count, size, generator=torch.Generator().manual_seed(1)) * spread
    return WordVectors(["king", "man", "woman", *(f"word{k}" for k in range(count - 3))], matrix)


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    return from_counts()


def scaled(matrix: Tensor) -> Tensor:
    return matrix / matrix.norm(dim=-1, keepdim=True)


# ------------------------------------------------------------------------------------------------ against PyTorch

RANK = """([measure, queries, count, exclude]) => {
  const js = unrolledWidgets.embedding_compass.arithmetic;
  const space = js.spaceOf(models[0].get("space"));
  const ids = new Int32Array(queries.length * count), values = new Float64Array(queries.length * count);
  queries.forEach((query, row) => {
    const at = query[0] * space.size;
    const to = query.length === 1
      ? space.rows[measure].subarray(at, at + space.size) : js.offset(space, measure, query);
    const found = js.likeness(space, measure, to);
    js.ranking(found, count, exclude ? query : []).forEach((word, place) => {
      ids[row * count + place] = word;
      values[row * count + place] = found[word];
    });
  });
  const text = (array) => {
    const bytes = new Uint8Array(array.buffer);
    let all = "";
    for (let k = 0; k < bytes.length; k += 32768) all += String.fromCharCode(...bytes.subarray(k, k + 32768));
    return btoa(all);
  };
  return [text(ids), text(values)];
}"""


def ranked(page: Page, measure: str, queries: Tensor, exclude: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The ten nearest words to each query, of one word or of a, b and c, and their values, by the shipped script."""
    ids, values = page.evaluate(RANK, [measure, queries.tolist(), 10, exclude])
    shape = len(queries), 10
    return (
        np.frombuffer(base64.b64decode(ids), dtype=np.int32).reshape(shape),
        np.frombuffer(base64.b64decode(values)).reshape(shape),
    )


def by_torch(matrix: Tensor, measure: str, queries: Tensor, exclude: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The same in float64 PyTorch."""
    rows = scaled(matrix) if measure == "cosine" else matrix
    a, b, c = rows[queries].unbind(1) if queries.shape[1] == 3 else (rows[queries[:, 0]], 0, 0)
    targets = a - b + c
    values = (scaled(targets) if measure == "cosine" else targets) @ rows.T
    if exclude:
        values.scatter_(1, queries, -torch.inf)
    best = values.topk(10)
    return best.indices.numpy(), best.values.numpy()


def assert_ranked(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> None:
    assert (found[0] == expected[0]).all()
    assert np.abs(found[1] - expected[1]).max() <= 1e-9


def test_the_ten_nearest_of_every_word_are_pytorchs(stage: Stage) -> None:
    compass = EmbeddingCompass(many(2000))
    page = stage.open(compass)
    everyone = torch.arange(2000)[:, None]
    assert_ranked(ranked(page, "cosine", everyone), by_torch(compass.vectors.matrix, "cosine", everyone))


def test_dot_products_and_analogies_are_pytorchs(stage: Stage) -> None:
    compass = EmbeddingCompass(many(1500, 64))
    page = stage.open(compass)
    matrix = compass.vectors.matrix
    draws = torch.Generator().manual_seed(0)
    some = torch.randint(1500, (300, 1), generator=draws)
    triples = torch.randint(1500, (300, 3), generator=draws)
    assert_ranked(ranked(page, "dot", some), by_torch(matrix, "dot", some))
    for measure in ("cosine", "dot"):
        for exclude in (True, False):
            found = ranked(page, measure, triples, exclude)
            assert_ranked(found, by_torch(matrix, measure, triples, exclude))
            inputs = (found[0][:, :1] == triples.numpy()).any(1)
            often = 0.9 if measure == "cosine" else 0.3
            assert inputs.mean() == 0 if exclude else inputs.mean() > often, "an input word, unless they are left out"


def test_level_words_go_by_their_order_whatever_rounding_does(stage: Stage) -> None:
    page = stage.open(EmbeddingCompass(many(10, 2)))
    rank = "(values) => unrolledWidgets.embedding_compass.arithmetic.ranking(Float64Array.from(values), 4)"
    assert page.evaluate(rank, [0.3, 0.5, 0.5 + 1e-15, 0.5 - 1e-15, 0.4]) == [1, 2, 3, 4]
    assert page.evaluate(rank, [5e9, 5e9 + 1e-5, 5e9 + 1e-5, 6e9]) == [3, 0, 1, 2]
    assert page.evaluate(rank, [0.0, 0.0, 0.0]) == [0, 1, 2]


@pytest.mark.parametrize("measure", ["cosine", "dot"])
def test_the_map_is_pytorchs_plane_of_principal_components(stage: Stage, measure: str) -> None:
    compass = EmbeddingCompass(many(800, 50), measure=measure)
    page = stage.open(compass)
    rows = scaled(compass.vectors.matrix) if measure == "cosine" else compass.vectors.matrix
    centred = rows - rows.mean(0)
    values, directions = torch.linalg.eigh(centred.T @ centred)
    expected = centred @ directions[:, -2:].flip(1)
    x, y, kept = page.evaluate(
        """(measure) => { const js = unrolledWidgets.embedding_compass.arithmetic;
             const { x, y, kept } = js.plane(js.spaceOf(models[0].get("space")), measure);
             return [[...x], [...y], kept]; }""",
        measure,
    )
    found = torch.tensor([x, y], dtype=torch.float64).T
    signs = torch.sign((found * expected).sum(0))
    assert (found - signs * expected).abs().max() <= 1e-9
    assert (found - compass.coordinates()).abs().max() <= 1e-12
    assert kept == pytest.approx(float(values[-2:].sum() / values.sum()), abs=1e-12)
    dots = points_of(page)
    scale, shift = np.polyfit(expected[:, 0] * signs[0], dots[:, 0], 1)
    assert np.abs(dots[:, 0] - (scale * found[:, 0].numpy() + shift)).max() <= 0.06
    middle = (dots[:, 1] + scale * found[:, 1].numpy()).mean()
    assert np.abs(dots[:, 1] - (middle - scale * found[:, 1].numpy())).max() <= 0.06, "one scale, and up is up"


def points_of(page: Page) -> np.ndarray:
    """Where the dot of each word is, in pixels."""
    path = page.locator(".ec-dots").get_attribute("d") or ""
    return np.array([[float(v) for v in pair.split()] for pair in re.findall(r"M([\d.-]+ [\d.-]+)h0", path)])


def test_spellings_are_found_as_in_python(stage: Stage, vectors: WordVectors) -> None:
    source = random.Random(0)
    known = [*vectors.words, *KOREAN, "qeen", "nuqee", "aaaa", "abab", "😀👑"]
    letters = sorted(set("".join(known)))
    typed = ["quen", "zzzz", "여완", "qu een", "😀"]
    for word in source.sample(known, 60):
        changed = list(word)
        for _ in range(source.randrange(1, 4)):
            at = source.randrange(len(changed) + 1)
            changed[at : at + source.randrange(2)] = source.choice(letters) * source.randrange(3)
        typed.append("".join(changed))
    page = stage.open(EmbeddingCompass(vectors))
    found = page.evaluate(
        "([typed, known]) => typed.map((word) => "
        "unrolledWidgets.embedding_compass.arithmetic.nearestSpellings(word, known))",
        [typed, known],
    )
    assert found == [difflib.get_close_matches(word, known, n=3, cutoff=0.6) for word in typed]
    assert sum(map(len, found)) > 60


# ------------------------------------------------------------------------------------------------- what is shown


def listed(page: Page, at: int = 0) -> list[tuple[str, float, str]]:
    """The answers: word, number, and the mark of a word that one asked with."""
    settle(page, 0)
    rows = page.evaluate(
        """(at) => [...document.querySelectorAll(".uw")[at].querySelectorAll(".ec-answers li")].map((row) =>
             [".ec-word", ".ec-value", ".ec-tag"].map((part) => row.querySelector(part)?.textContent ?? ""))""",
        at,
    )
    return [(word, number_of(value), tag) for word, value, tag in rows]


def number_of(words: str) -> float:
    return float(words.replace("−", "-"))


def near_lists(page: Page, at: int = 0) -> list[list[tuple[str, bool]]]:
    """The words of the two lists below the map, and which are in both."""
    settle(page, 0)
    found = page.evaluate(
        """(at) => [...document.querySelectorAll(".uw")[at].querySelectorAll(".ec-near ul")].map((list) =>
             [...list.children].map((node) => [node.firstChild.textContent, node.classList.contains("ec-both")]))""",
        at,
    )
    return [[(word, both) for word, both in words] for words in found]


def assert_shows(page: Page, compass: EmbeddingCompass, at: int = 0) -> None:
    """Answers, control, both lists and the kept variance are those that Python computes."""
    answers = compass.answers()
    rows = listed(page, at)
    assert [word for word, _, _ in rows] == [word for word, _ in answers]
    digits = 3 if compass.measure == "cosine" else None
    for (_, shown, _), (_, value) in zip(rows, answers, strict=True):
        rounded = round(value, digits) if digits else float(f"{value:.3g}")
        assert shown == pytest.approx(rounded, abs=1e-12)
    widget = page.locator(".uw").nth(at)
    if compass.mode == "analogy":
        told = widget.locator(".ec-control span").all_inner_texts()
        for text, asked, (word, value) in zip(told, (compass.a, compass.c), compass.without_arithmetic(), strict=True):
            assert text.startswith(f"nearest to {asked} alone is {word}, ")
            assert number_of(text.split(", ")[-1]) == pytest.approx(value, abs=0.006 * max(1, abs(value)))
    on_map, in_space = compass.near()
    shared = set(on_map) & set(in_space)
    assert near_lists(page, at) == [[(word, word in shared) for word in found] for found in (on_map, in_space)]
    assert f"share {len(shared)} of {len(on_map)} words" in widget.locator(".ec-panels + .ec-title").inner_text()
    assert f"It keeps {100 * compass.kept():.0f} % of their variance" in widget.locator("figcaption").inner_text()


def test_what_is_shown_is_what_python_answers(stage: Stage, vectors: WordVectors) -> None:
    korean = WordVectors(KOREAN, torch.randn(8, 5, generator=torch.Generator().manual_seed(2)))
    compasses = [
        EmbeddingCompass(vectors),
        EmbeddingCompass(vectors, "prince", "boy", "girl", False, "dot", word="throne"),
        EmbeddingCompass(vectors, mode="neighbours", word="kings"),
        EmbeddingCompass(vectors, mode="neighbours", word="the", exclude=False, measure="dot"),
        EmbeddingCompass(korean, "왕", "남자", "여자", exclude=False),
    ]
    page = stage.open(*compasses)
    for at, compass in enumerate(compasses):
        assert_shows(page, compass, at)


def test_words_that_one_asked_with_are_marked(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors)
    page = stage.open(compass)
    assert {tag for _, _, tag in listed(page)} == {""}
    control(page, "exclude").uncheck()
    tags = {word: tag for word, _, tag in listed(page)}
    assert listed(page)[0][::2] == ("king", "your A")
    assert tags["woman"] == "your C"
    assert all(not tag for word, tag in tags.items() if word not in ("king", "man", "woman"))
    assert sentence(page).startswith(
        "Nothing comes nearer to king − man + woman than king, a word you asked with. The first other word is queen "
    )
    page.evaluate("models[0].set('c', 'king')")
    assert listed(page)[0][::2] == ("king", "your A, C")
    page.get_by_role("radio", name="one word").check()
    assert listed(page)[0] == ("woman", 1, "itself")


def test_bars_are_as_long_as_the_numbers(stage: Stage) -> None:
    matrix = torch.tensor([[1.0, 0], [0.6, 0.8], [-1, 0], [0, 1], [-0.6, -0.8]])
    page = stage.open(EmbeddingCompass(WordVectors(list("abcde"), matrix), mode="neighbours", word="a"))
    assert [(word, value) for word, value, _ in listed(page)] == [("b", 0.6), ("d", 0), ("e", -0.6), ("c", -1)]
    track = page.locator(".ec-track").first.bounding_box()
    assert track
    bars = [bar.bounding_box() for bar in page.locator(".ec-bar").all()]
    zero = track["x"] + track["width"] / 2
    for bar, value in zip(bars, (0.6, 0, -0.6, -1), strict=True):
        assert bar
        assert bar["width"] == pytest.approx(abs(value) * track["width"] / 2, abs=0.5)
        assert bar["x"] + bar["width"] * (value < 0) == pytest.approx(zero, abs=0.5)


def test_the_arithmetic_is_two_equal_arrows(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors, "king", "girl", "waiter")
    page = stage.open(compass)
    dots = dict(zip(vectors.words, points_of(page), strict=True))
    target = np.array(numbers(page.locator(".ec-target").get_attribute("d"))[:2])
    assert np.abs(dots["king"] - dots["girl"] - (target - dots["waiter"])).max() <= 0.21
    for arrow, start, end in zip(
        page.locator(".ec-arrow").all(), (dots["girl"], dots["waiter"]), (dots["king"], target), strict=True
    ):
        x, y, tip_x, tip_y, *_ = numbers(arrow.get_attribute("d"))
        way = end - start
        assert np.abs(start - (x, y)).max() <= 0.11
        tip = end - 7 * way / np.linalg.norm(way)
        assert np.abs(tip - (tip_x, tip_y)).max() <= 0.21
    marks = page.locator(".ec-query").evaluate_all("nodes => nodes.map((node) => [node.dataset.name, node.outerHTML])")
    for name, html in marks:
        word = {"A": "king", "B": "girl", "C": "waiter"}[name]
        assert np.abs(np.array(numbers(html.split(' d="')[1])[:2]) - dots[word]).max() <= 0.11
    found = page.locator(".ec-answer").evaluate_all("nodes => nodes.map((node) => Number(node.dataset.word))")
    assert [vectors.words[k] for k in found] == [word for word, _ in compass.answers()]


def numbers(text: str | None) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.?\d*", text or "")]


def test_every_word_and_the_target_are_inside_the_frame(stage: Stage) -> None:
    flat = torch.tensor([[-9.0, -1], [9, 0], [0, 1], [1, 0.5], [2, -0.5]])
    tall = torch.tensor([[0.0, 1], [0, -1], [0, 1], [1.5, 0], [-1.5, 0], [1.5, 0.1], [-1.5, 0.1]])  # a − b + c far up
    clouds = [flat, tall, torch.arange(5.0)[:, None], torch.ones(4, 3)]
    compasses = [
        EmbeddingCompass(WordVectors(list("abcdefg"[: len(cloud)]), cloud), "a", "b", "c", measure="dot")
        for cloud in clouds
    ]
    page = stage.open(*compasses)
    for at, cloud in enumerate(clouds):
        read = """(node) => [node.querySelector(".ec-ground").width.baseVal.value,
          node.querySelector(".ec-ground").height.baseVal.value,
          node.querySelector(".ec-dots").getAttribute("d"), node.querySelector(".ec-target").getAttribute("d")]"""
        width, height, dots, target = page.locator(".ec-map").nth(at).evaluate(read)
        points = np.array([*np.array(numbers(dots)).reshape(-1, 3)[:, :2], numbers(target)[:2]])
        assert len(points) == len(cloud) + 1
        assert (points >= 15).all()
        assert (points <= [width - 15, height - 15]).all()


def test_one_word_has_a_circle_that_holds_the_nearest_on_the_map(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors, mode="neighbours", word="girl")
    page = stage.open(compass)
    dots = dict(zip(vectors.words, points_of(page), strict=True))
    radius = float(page.locator(".ec-reach").get_attribute("r") or 0)
    inside = {word for word, dot in dots.items() if np.linalg.norm(dot - dots["girl"]) <= radius + 0.1} - {"girl"}
    on_map, in_space = compass.near()
    assert inside == set(on_map)
    spokes = [numbers(node.get_attribute("d")) for node in page.locator(".ec-spoke").all()]
    assert len(spokes) == 10
    for word, (x, y, to_x, to_y) in zip(in_space, spokes, strict=True):
        assert np.abs(dots["girl"] - (x, y)).max() <= 0.11
        assert np.abs(dots[word] - (to_x, to_y)).max() <= 0.11
    assert page.locator(".ec-target, .ec-arrow").count() == 0


@pytest.mark.parametrize("width", [375, 900])
def test_labels_lie_apart_and_inside(stage: Stage, vectors: WordVectors, width: int) -> None:
    page = stage.open(EmbeddingCompass(vectors), viewport={"width": width, "height": 900})
    labels = page.locator(".ec-map text").evaluate_all(
        """nodes => nodes.map((node) => { const { x, y, width, height } = node.getBBox();
             return [node.textContent, x, y, x + width, y + height]; })"""
    )
    frame = page.locator(".ec-ground").evaluate("node => [node.width.baseVal.value, node.height.baseVal.value]")
    words = [label[0] for label in labels]
    assert {"A − B + C", "A: king", "B: man", "C: woman", "queen"} <= set(words)
    assert len(words) == len(set(words)) > (25 if width == 375 else 40)
    for k, (one, left, top, right, bottom) in enumerate(labels):
        assert left >= 0, one
        assert top >= 0, one
        assert right <= frame[0], one
        assert bottom <= frame[1], one
        for other, x, y, to_x, to_y in labels[:k]:
            overlap = min(right, to_x) - max(left, x), min(bottom, to_y) - max(top, y)
            assert min(overlap) <= 3, f"{one} on {other}"


def test_many_words_are_dots_and_only_those_that_matter_are_named(stage: Stage) -> None:
    compass = EmbeddingCompass(many(500, 20), word="word77")
    page = stage.open(compass)
    named = set(page.locator(".ec-map text").all_text_contents())
    allowed = {"A − B + C", "A: king", "B: man", "C: woman", "word77", *(word for word, _ in compass.answers())}
    assert {"A − B + C", "A: king", "B: man", "C: woman", "word77", compass.answers()[0][0]} <= named <= allowed
    assert len(points_of(page)) == 500
    assert page.locator(".ec-map *").count() < 60


SAME = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0.1], [0.9, 0.1, 0.2], [0, 0, 0], [0, 0, 0]])


def test_the_sentence_says_whether_the_arithmetic_was_needed(stage: Stage, vectors: WordVectors) -> None:
    small = WordVectors(["king", "man", "woman", "queen", "zero", "null"], SAME)
    page = stage.open(
        EmbeddingCompass(vectors),
        EmbeddingCompass(vectors, "king", "king", "kings"),
        EmbeddingCompass(vectors, "king", "crown", "king", exclude=False),
        EmbeddingCompass(small, "zero", "null", "zero"),
        EmbeddingCompass(small, mode="neighbours", word="null"),
    )
    first = sentence(page, 0)
    assert first.startswith("With your own words left out, king − man + woman is nearest to queen (cosine 0.")
    (near_king, _), (near_woman, _) = EmbeddingCompass(vectors).without_arithmetic()
    assert near_woman == "men"
    if near_king == "queen":
        assert "But queen is also the word nearest to king alone: this answer needs no arithmetic." in first
    else:
        assert f"nearest to king alone is {near_king}, and to woman alone men: the arithmetic changed" in first
    assert "alone: this answer needs no arithmetic." in sentence(page, 1)
    assert sentence(page, 2).startswith("Nothing comes nearer to king − crown + king than king")
    assert sentence(page, 3).startswith("zero − null + zero is a vector of zeros: it points nowhere")
    assert sentence(page, 4).startswith("null is a vector of zeros")
    assert "NaN" not in page.locator("body").inner_html()


def test_the_table_has_the_numbers(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors, exclude=False)
    page = stage.open(compass)
    open_all(page)
    settle(page)
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator(".uw tbody tr").all()]
    places = dict(zip(vectors.words, compass.coordinates().tolist(), strict=True))
    target = compass.vectors.offset("king", "man", "woman")
    cosines = dict(compass.vectors.nearest(target, len(vectors)))
    assert rows[0][0] == "A − B + C"
    for word, own, place, value, x, y in rows[1:]:
        assert own == {"king": "A", "man": "B", "woman": "C"}.get(word, "–")
        assert number_of(value) == pytest.approx(cosines[word], abs=5.1e-5)
        assert [number_of(x), number_of(y)] == pytest.approx(places[word], abs=5.1e-5)
        answers = [answer for answer, _ in compass.answers()]
        assert place == (str(answers.index(word) + 1) if word in answers else "–")
    on_map, in_space = compass.near()
    assert {row[0] for row in rows[1:]} == {"king", "man", "woman", *answers, *on_map, *in_space}


# ------------------------------------------------------------------------------------------------ what one can do


def refusal(page: Page, name: str) -> str:
    return field(page, name).locator(".ec-refusal").inner_text()


def field(page: Page, name: str) -> Locator:
    return control(page, name).locator("xpath=../..")


def offered(page: Page, name: str) -> list[str]:
    return field(page, name).get_by_role("button").all_inner_texts()


def test_an_unknown_word_changes_nothing_and_the_nearest_spellings_are_offered(
    stage: Stage, vectors: WordVectors
) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    before, traits = drawn(page, milliseconds=0), page.evaluate("({...models[0].traits})")
    control(page, "a").fill("qween")
    control(page, "a").press("Enter")
    assert refusal(page, "a") == "“qween” is not one of the 113 words. Did you mean:"
    assert offered(page, "a") == difflib.get_close_matches("qween", vectors.words)
    assert control(page, "a").get_attribute("aria-invalid") == "true"
    control(page, "c").fill("§§")
    control(page, "word").focus()  # leaving a field settles too
    assert refusal(page, "c") == "“§§” is not one of the 113 words. No word is spelt like it."
    assert drawn(page, milliseconds=0) == before
    assert page.evaluate("({...models[0].traits})") == traits
    assert page.evaluate("models[0].saved") == []
    control(page, "a").focus()
    field(page, "a").get_by_role("button", name="queen").hover()
    page.mouse.down()
    assert page.evaluate("document.activeElement.dataset.control") == "a", "a press does not leave the field"
    page.mouse.up()
    assert control(page, "a").input_value() == "queen"
    assert page.evaluate("models[0].traits.a") == "queen"
    assert (refusal(page, "a"), offered(page, "a")) == ("", [])
    assert control(page, "a").get_attribute("aria-invalid") is None
    assert drawn(page, milliseconds=0) != before
    page.get_by_role("button", name="Reset").click()
    assert [control(page, name).input_value() for name in "abc"] == ["king", "man", "woman"], "and what was refused"
    assert refusal(page, "c") == ""


def test_words_that_begin_like_what_is_typed_are_offered(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    box = control(page, "b")
    box.fill("wa")
    assert offered(page, "b") == [word for word in vectors.words if word.startswith("wa")][:6]
    assert len(offered(page, "b")) > 2
    assert page.evaluate("models[0].traits.b") == "man", "not yet"
    second = offered(page, "b")[1]
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("models[0].traits.b") == second
    assert page.evaluate("document.activeElement.dataset.control") == "b"
    box.fill("kin")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.control") == "b"
    assert offered(page, "b") == []
    box.fill("king")
    assert page.evaluate("models[0].traits.b") == "king", "a known word counts at once"
    assert offered(page, "b") == ["kings"]
    box.fill(" Queen ")
    box.press("Enter")
    assert (box.input_value(), page.evaluate("models[0].traits.b")) == ("queen", "queen")
    box.fill("")
    box.press("Tab")
    assert box.input_value() == "queen"


@pytest.mark.parametrize("name", ["a", "b", "c", "word", "exclude", "mode", "measure", "map"])
def test_every_control_changes_what_is_drawn(stage: Stage, vectors: WordVectors, name: str) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    before, told = drawn(page, milliseconds=0), sentence(page)
    if name in ("a", "b", "c", "word"):
        control(page, name).fill("princess")
    elif name == "exclude":
        control(page, name).press("Space")
    else:
        control(page, name).press("ArrowUp" if name == "map" else "ArrowRight")
    assert drawn(page, milliseconds=0) != before
    assert sentence(page) != told


def test_the_keyboard_reaches_everything_in_reading_order(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    reached = tab_order(page)
    expected = ["mode", "a", "b", "c", "word", "measure", "exclude", "map", "summary", "reset", "copy-link"]
    assert reached == expected
    unprotected = page.evaluate(
        """() => [...document.querySelectorAll('.uw :is(input, button, [role=option])')].filter(
             (node) => node.dataset.lmSuppressShortcuts !== 'true').length"""
    )
    assert unprotected == 0, "JupyterLab would take the arrow keys"


def test_arrow_keys_go_to_the_next_word_in_their_direction(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    dots = points_of(page)
    control(page, "map").focus()
    words = list(vectors.words)
    visited = {"woman"}
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
        here = words.index(page.evaluate("models[0].traits.word"))
        page.keyboard.press(key)
        way = dots - dots[here]
        axis, sign = (0 if key in ("ArrowLeft", "ArrowRight") else 1), (1 if key in ("ArrowRight", "ArrowDown") else -1)
        ahead, aside = sign * way[:, axis], np.abs(way[:, 1 - axis])
        distance = np.where((ahead > 0) & (aside <= ahead), np.hypot(ahead, aside), np.inf)
        found = page.evaluate("models[0].traits.word")
        assert distance[words.index(found)] == pytest.approx(distance.min(), abs=0.15)
        visited.add(found)
        settle(page, 0)
        option = page.locator(".ec-place")
        assert (option.get_attribute("aria-label"), option.get_attribute("aria-selected")) == (found, "true")
        assert page.evaluate("document.activeElement.className") == "ec-place", "the focus stays on the map"
        box, frame = option.bounding_box(), page.locator(".ec-map").bounding_box()
        assert box
        assert frame
        middle = box["x"] - frame["x"] + 13, box["y"] - frame["y"] + 13
        assert np.abs(middle - dots[words.index(found)]).max() <= 1
    assert len(visited) > 5
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    end = page.evaluate("models[0].traits.word")
    assert dots[words.index(end), 0] >= dots[:, 0].max() - 0.1, "and there it stops"


def test_keys_that_are_faster_than_frames_all_count(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(EmbeddingCompass(vectors), EmbeddingCompass(vectors))
    for _ in range(4):
        control(page, "map", 0).press("ArrowLeft")
        settle(page, 0)
    page.evaluate(
        """() => { const option = document.querySelectorAll('.ec-place')[1];
             for (let k = 0; k < 4; k++)
               option.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true })); }"""
    )
    assert page.evaluate("models[0].traits.word === models[1].traits.word")


def test_a_click_picks_the_nearest_dot(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors)
    page = stage.open(compass)
    for word in ("near", "yesterday", "throne"):
        x, y = points_of(page)[vectors.id(word)]
        page.locator(".ec-map").click(position={"x": x, "y": y})
        compass.word = word
        assert control(page, "word").input_value() == word
        assert_shows(page, compass)


def test_python_moves_the_page_and_the_page_moves_python(stage: Stage, vectors: WordVectors) -> None:
    compass = EmbeddingCompass(vectors)
    page = stage.open(compass)
    news: dict[str, Any] = {
        "a": "prince", "b": "boy", "c": "girl", "exclude": False, "measure": "dot", "word": "throne",
    }  # fmt: skip
    for name, value in news.items():
        setattr(compass, name, value)
        page.evaluate("([name, value]) => models[0].set(name, value)", [name, value])
    assert_shows(page, compass)
    assert [control(page, name).input_value() for name in ("a", "b", "c", "word")] == [
        "prince",
        "boy",
        "girl",
        "throne",
    ]
    assert not control(page, "exclude").is_checked()
    page.evaluate("models[0].set('a', 'unheard'); models[0].set('mode', 'sideways')")  # Python refuses both
    assert control(page, "a").input_value() == "prince"
    page.evaluate("models[0].set('a', 'prince'); models[0].set('mode', 'analogy')")
    page.get_by_role("radio", name="one word").check()
    page.get_by_role("radio", name="cosine").check()
    control(page, "exclude").check()
    control(page, "word").fill("king")
    compass.mode, compass.measure, compass.exclude, compass.word = "neighbours", "cosine", True, "king"
    traits = page.evaluate("({...models[0].traits, space: null})")
    for name in ("a", "b", "c", "exclude", "measure", "mode", "word"):
        assert traits[name] == getattr(compass, name)
    assert_shows(page, compass)
    assert not control(page, "a").is_visible()


def test_other_vectors_from_python_are_shown_at_once(stage: Stage, vectors: WordVectors) -> None:
    shuffled = WordVectors(vectors.words[::-1], vectors.matrix[torch.randperm(len(vectors))][:, :20])
    compass = EmbeddingCompass(vectors)
    page = stage.open(compass)
    compass.vectors = shuffled
    stage.add(page, EmbeddingCompass(shuffled))
    page.evaluate("models[0].set('space', models[1].get('space'))")
    assert_shows(page, compass)


def test_reset_and_a_copied_link_bring_back_the_settings(stage: Stage, vectors: WordVectors) -> None:
    words = WordVectors((*vectors.words, "여왕; a:b &c"), torch.cat([vectors.matrix, torch.ones(1, 60)]))
    widgets = EmbeddingCompass(words), EmbeddingCompass(words, mode="neighbours")
    page = stage.open(*widgets, permissions=["clipboard-read", "clipboard-write"])
    first = sentence(page), drawn(page, milliseconds=0)
    control(page, "a").fill("여왕; a:b &c")
    control(page, "exclude").uncheck()
    control(page, "map").press("ArrowLeft")
    control(page, "word", at=1).fill("throne")
    page.locator(".uw").nth(1).get_by_role("radio", name="dot product").check()
    for at in range(2):
        page.get_by_role("button", name="Copy link").nth(at).click()
        page.get_by_text("Link copied.").nth(at).wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    again = stage.open(*widgets, fragment=link[link.index("#") :])
    for at in range(2):
        assert sentence(again, at) == sentence(page, at)
        assert drawn(again, at, 0) == drawn(page, at, 0)
    page.get_by_role("button", name="Reset").first.click()
    assert (sentence(page), drawn(page, milliseconds=0)) == first
    broken = stage.open(*widgets, fragment="#embedding-compass-1=a:unheard;b:%E0%A4%A;mode:x;exclude:2;word:")
    assert (sentence(broken), drawn(broken, milliseconds=0)) == first


def test_several_on_one_page_are_independent(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(*(EmbeddingCompass(vectors) for _ in range(3)), GradientExplorer())
    others = [drawn(page, at, 0) for at in (1, 2)]
    first = page.locator(".uw").first
    first.get_by_role("radio", name="one word").check()
    first.get_by_role("radio", name="dot product").check()
    control(page, "word").fill("king")
    assert [drawn(page, at, 0) for at in (1, 2)] == others
    checked = "nodes => nodes.map((node) => node.querySelectorAll('[type=radio]:checked').length)"
    assert page.locator(".uw").evaluate_all(checked) == [2, 2, 2, 2], "radio buttons of one widget are apart"
    assert page.evaluate("document.querySelectorAll('[id]').length") == 0


def test_a_widget_that_leaves_takes_everything_along(stage: Stage, vectors: WordVectors) -> None:
    page = stage.open(EmbeddingCompass(vectors))
    assert page.evaluate("models[0].listening()") > 0
    control(page, "a").fill("nobody")  # and nobody is refused while it leaves
    page.evaluate("ends[0]()")
    assert page.evaluate("[models[0].listening(), document.querySelectorAll('.uw, form').length]") == [0, 0]
    page.evaluate("models[0].set('a', 'queen'); location.hash = '#embedding-compass-1=a:girl'")
    settle(page)


@pytest.mark.parametrize(("width", "theme"), [(375, "light"), (900, "dark")])  # neither depends on the other
def test_it_fits_and_is_accessible(stage: Stage, vectors: WordVectors, width: int, theme: str) -> None:
    widgets = EmbeddingCompass(vectors, exclude=False), EmbeddingCompass(vectors, mode="neighbours")
    page = stage.open(*widgets, theme=theme, viewport={"width": width, "height": 800})
    control(page, "b").fill("kng")
    control(page, "b").press("Enter")
    control(page, "c").fill("w")
    open_all(page)
    settle(page, 600)
    assert misfits(page) == []
    surface = page.locator(".uw").first.evaluate("node => getComputedStyle(node).backgroundColor")
    for look, paint in (("dots", "stroke"), ("answer", "fill"), ("query", "fill"), ("target", "stroke"),
                        ("arrow", "stroke"), ("chosen", "stroke"), ("bar", "backgroundColor")):  # fmt: skip
        found = page.locator(f".ec-{look}").last.evaluate("(node, paint) => getComputedStyle(node)[paint]", paint)
        assert contrast(found, surface) >= 3, look


# ---------------------------------------------------------------------------------------------------------- speed

LATENCY = """async (word) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); }));
  await painted();
  models[0].set("word", word);
  await painted();
}"""


def test_four_thousand_words_are_there_and_change_within_the_budget(stage: Stage) -> None:
    """By the time that the page's thread works, which does not depend on what else the machine does."""
    compass = EmbeddingCompass(many(), mode="neighbours")
    page = stage.open()
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    mounted = [stage.add(page, compass) for _ in range(2)]
    changed = []
    for k in range(20):
        before = worked()
        page.evaluate(LATENCY, f"word{k}")
        changed.append(worked() - before)
    print(f"\nmounted within {min(mounted):.0f} ms by the clock, changed within {sorted(changed)[18]:.0f} ms of work")
    assert sorted(changed)[18] <= 50
    assert min(mounted) <= 150 or os.getloadavg()[0] > (os.cpu_count() or 1)
