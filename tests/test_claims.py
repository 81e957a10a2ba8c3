"""A verdict names its claim, says what came of it, and can be found again by a program."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lessons_src import claims
from lessons_src.claims import CLAIMS, verdict

BOOK = Path(__file__).parents[1] / "book"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    monkeypatch.setattr(claims, "display", lambda thing, metadata: found.append((thing.data, metadata)))
    return found


@pytest.mark.parametrize("result", ["holds", "holds if the gain is at most 1", "does not hold"])
def test_a_verdict_shows_claim_result_and_evidence_and_leaves_them_in_the_metadata(
    shown: list[tuple[str, Any]], result: str
) -> None:
    verdict("clip", result, "The norm was 5, after clipping 1.")
    ((text, metadata),) = shown
    assert CLAIMS["clip"].wording in text
    assert f"Verdict: {result}." in text
    assert "The norm was 5, after clipping 1." in text
    assert metadata == {
        "unrolled": {"claim": "clip", "result": result, "evidence": "The norm was 5, after clipping 1."}
    }


def test_claims_cannot_be_changed_while_a_chapter_runs() -> None:
    with pytest.raises(TypeError):
        CLAIMS["clip"] = CLAIMS["squash"]  # type: ignore[index]


def test_every_claim_is_a_sentence_with_its_source() -> None:
    for name, claim in CLAIMS.items():
        assert claim.wording.endswith("."), name
        assert claim.source, name


def test_every_claim_has_a_verdict_in_a_cell_of_a_chapter_that_is_tagged_for_it() -> None:
    given = set()
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            said = {f"claim-{name}" for name in re.findall(r"claims\.verdict\(\s*\"([\w-]+)\"", cell.source)}
            assert said <= set(cell.metadata.get("tags", [])), path.name
            given |= said
    assert given == {f"claim-{name}" for name in CLAIMS}
