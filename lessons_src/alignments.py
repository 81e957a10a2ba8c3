"""What a decoder looks at while it writes, what it writes if it is made to look elsewhere, and both as a table."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import torch
from IPython.display import HTML, display
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks, decoding
from lessons_src.seq2seq import END_ID, START_ID, Seq2Seq

Given = Tensor | Callable[[Tensor], Tensor]
"""Attention weights (S,) to use instead of the model's own, or a function that makes them from those."""

SHOWN = 0.005
"""Weights below this are left blank in a table."""


@dataclass(frozen=True)
class Alignment:
    """One source, and what was written and looked at, token by token.

    Attributes:
        source: the S characters that were read.
        tokens: what was written, T of them, END among them if it was reached.
        scores: of all V tokens at each step (T, V), before the softmax.
        weights: of the attention at each step (T, S).
    """

    source: str
    tokens: tuple[str, ...]
    scores: Float[Tensor, "target vocab"]
    weights: Float[Tensor, "target source"]

    @property
    def finished(self) -> bool:
        """Whether END was written."""
        return self.tokens[-1:] == ("⟨end⟩",)

    @property
    def text(self) -> str:
        """The target, without END."""
        return "".join(self.tokens[:-1] if self.finished else self.tokens)

    @property
    def probabilities(self) -> Float[Tensor, "target vocab"]:
        """P of each token at each step (T, V); START and the sign for unknown characters are never written."""
        return decoding.allowed(self.scores).softmax(-1)


@torch.no_grad()
def align(
    model: Seq2Seq,
    source: str,
    given: Mapping[int, Given] | None = None,
    *,
    most: int = decoding.MOST,
) -> Alignment:
    """Writes the target of one source greedily.

    Args:
        model: with attention.
        source: at least one character.
        given: what takes the place of the model's own weights, by step, from 0.
        most: how many tokens are written at most, END included.
    """
    if model.attention == "none":
        raise ValueError("model: expected one with attention, got one without")
    if not checks.text("source", source):
        raise ValueError("source: expected at least one character, got an empty text")
    checks.whole_number("most", most)
    given = {} if given is None else given
    encoded = model.encode(model.batch([(source, "")]).source)
    state, token = encoded.state, START_ID
    ids, scores, looked = list[int](), list[Tensor](), list[Tensor]()
    while len(ids) < most and token != END_ID:
        read = torch.tensor([[token]])
        step = model.decode(read, state, encoded)
        if len(ids) in given:
            imposed = _imposed(given[len(ids)], step.weights[0, 0], len(ids))  # type: ignore[index]
            step = model.decode(read, state, encoded, imposed[None, None])
        state = step.state
        token = int(decoding.allowed(step.scores[0, 0]).argmax())
        ids.append(token)
        scores.append(step.scores[0, 0])
        looked.append(step.weights[0, 0])  # type: ignore[index]
    return Alignment(source, tuple(model.target.alphabet[k] for k in ids), torch.stack(scores), torch.stack(looked))


def _imposed(given: Given, own: Tensor, step: int) -> Tensor:
    weights = given(own) if callable(given) else given.to(own)
    if weights.shape != own.shape:
        raise ValueError(f"given: expected {len(own)} weights at step {step}, got shape {tuple(weights.shape)}")
    return weights


def table(alignment: Alignment, caption: str) -> str:
    """The weights as an HTML table that is a picture at once: a row per token, a column per source character."""
    head = "".join(f'<th scope="col">{_visible(c)}</th>' for c in alignment.source)
    rows = [
        f'<tr><th scope="row">{_visible(token)}</th>{"".join(map(_cell, weights))}</tr>'
        for token, weights in zip(alignment.tokens, alignment.weights.tolist(), strict=True)
    ]
    return (
        f'<div style="overflow-x: auto" tabindex="0" role="region" aria-label="{html.escape(caption, quote=True)}">'
        "<style>.unrolled-weights td { padding: 2px 3px; min-width: 1.6rem; color: #fff; text-align: center }</style>"
        '<table class="unrolled-weights" style="border-collapse: collapse; font-size: 0.75rem; width: auto">'
        f'<caption style="caption-side: top; text-align: left">{html.escape(caption)}</caption>'
        f'<thead><tr><th scope="col">writes</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def show(alignment: Alignment, caption: str) -> None:
    """Displays `table`."""
    display(HTML(table(alignment, caption)))


def _visible(token: str) -> str:
    return {" ": "␣", "⟨end⟩": "END"}.get(token, html.escape(token))


def _luminance(rgb: Sequence[float]) -> float:
    """The relative luminance of sRGB, 0 to 1, as WCAG 2 defines it."""
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _cell(weight: float) -> str:
    rgb = mpl.colormaps["viridis"](weight)[:3]
    dark = ";color:#000" if _luminance(rgb) > 0.179 else ""  # where black and white contrast alike
    words = f"{weight:.2f}".removeprefix("0") if weight >= SHOWN else ""
    return f'<td style="background:{mpl.colors.to_hex(rgb)}{dark}">{words}</td>'
