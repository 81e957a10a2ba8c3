"""NameReader: which numbers does the classifier read, and what does padding do to them?"""

import string
from functools import cache
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks, name_models, plotting
from lessons_src.classifier import TextClassifier
from lessons_src.data import LANGUAGES, plain
from lessons_src.name_models import SHIPPED_READINGS
from lessons_src.widgets.arrays import pack
from lessons_src.widgets.base import BookWidget

LONGEST, MOST_PADDING = 24, 12
LANGUAGE_NAMES = ("English", "German", "French", "Spanish", "Polish", "Finnish", "Turkish", "Hungarian")


class NameReader(BookWidget):
    """Names the language of a name after each of its letters, by three small bidirectional LSTMs.

    Each was trained with the reading that it is shown with (see `lessons_src.name_models`). The page computes it, in
    float64, also without a kernel; `probabilities` are the same here, by `TextClassifier`.

    Args:
        name: any text; what is no letter of ASCII once accents are off is left out, and so is what lies behind 24.
        reading: "final" for the final states of both directions, "mean" for the mean of the outputs, "last" for the
            output at the last place, padding included.
        padding: how many places of padding stand behind the name, from 0 to 12.
        with_lengths: whether the network is told where the name ends.

    All of these may be set from Python at any time, and follow what the reader does.

    Raises:
        TraitError, TypeError, ValueError: a sentence that names the argument, what came and what was expected.
    """

    _bundle = traitlets.Unicode("name_reader").tag(sync=True)

    name = traitlets.Unicode("finlandiya").tag(sync=True)
    reading = traitlets.Unicode("final").tag(sync=True)
    padding = traitlets.Int(0).tag(sync=True)
    with_lengths = traitlets.Bool(True).tag(sync=True)

    models: Any = traitlets.Dict(read_only=True).tag(sync=True)  # reading → what the page computes with
    about: Any = traitlets.Dict(read_only=True).tag(sync=True)  # alphabet, languages, accuracies

    def __init__(
        self, name: str = "finlandiya", reading: str = "final", padding: int = 0, with_lengths: bool = True
    ) -> None:
        super().__init__(name=name, reading=reading, padding=padding, with_lengths=with_lengths)

    @traitlets.default("models")
    def _default_models(self) -> dict[str, Any]:
        return {reading: _packed(_model(reading)) for reading in SHIPPED_READINGS}

    @traitlets.default("about")
    def _default_about(self) -> dict[str, Any]:
        return {
            "alphabet": name_models.ALPHABET,
            "codes": list(LANGUAGES),
            "languages": list(LANGUAGE_NAMES),
            "accuracy": {reading: name_models.load(reading).accuracy for reading in SHIPPED_READINGS},
        }

    @traitlets.validate("name")
    def _check_name(self, proposal: Any) -> str:
        if len(proposal["value"]) > 200:
            raise ValueError(f"name: expected at most 200 characters, got {len(proposal['value'])}")
        return str(proposal["value"])

    @traitlets.validate("reading")
    def _check_reading(self, proposal: Any) -> str:
        return checks.one_of("reading", proposal["value"], SHIPPED_READINGS)

    @traitlets.validate("padding")
    def _check_padding(self, proposal: Any) -> int:
        checks.number_between("padding", proposal["value"], 0, MOST_PADDING)
        return int(proposal["value"])

    @property
    def letters(self) -> str:
        """What is read of the name."""
        return plain(self.name).strip(string.whitespace)[:LONGEST].strip(string.whitespace)

    def probabilities(self) -> Float[Tensor, "letters languages"]:
        """P of each language (T, 8), float64; row t if the name ended after letter t + 1, padding behind it."""
        return self._read(self.padding, self.with_lengths)

    def without_padding(self) -> Float[Tensor, "letters languages"]:
        """The same without padding (T, 8)."""
        return self._read(0, True)

    def _read(self, padding: int, with_lengths: bool) -> Tensor:
        model, ids = _model(self.reading), name_models.encode(self.letters)
        rows = []
        for end in range(1, len(ids) + 1):
            filled = torch.cat([ids[:end], ids.new_full((padding,), len(name_models.ALPHABET))])
            with torch.no_grad():
                scores = model(filled[None], torch.tensor([end]) if with_lengths else None)
            rows.append(scores[0].softmax(-1))
        return torch.stack(rows) if rows else torch.empty(0, len(LANGUAGES), dtype=torch.float64)

    def still(self) -> str:
        """The probabilities after each letter as a figure that does not move."""
        letters, found = self.letters, self.probabilities().numpy()
        if not letters:
            words = f"{self}: there is no letter to read."
            return f"<figure><figcaption>{words}</figcaption></figure>"
        figure, axes = plotting.subplots(width=1.2 + 0.36 * max(4, len(letters)), height=2.6)
        axes.imshow(found.T, aspect="auto", cmap="viridis", vmin=0, vmax=1)
        for t, best in enumerate(found.argmax(1)):
            ink = "black" if found[t, best] > 0.6 else "white"
            axes.text(t, best, f"{found[t, best]:.1f}", ha="center", va="center", fontsize=8, color=ink)
        axes.set_xticks(range(len(letters)), list(letters), family="monospace")
        axes.set_yticks(range(len(LANGUAGES)), LANGUAGE_NAMES)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        answers = ", ".join(f"{letters[: t + 1]} {LANGUAGES[best]}" for t, best in enumerate(found.argmax(1)))
        alt = f"{self}. The answer after each letter: {answers}. P of the last: {found[-1].max():.2f}."
        return plotting.figure_html(figure, alt, "Each column: the answer if the name ended at that letter.")

    def __repr__(self) -> str:
        """What is shown: no memory address, so that it is the same in every run."""
        lengths = "with" if self.with_lengths else "without"
        return f"NameReader({self.letters!r}, {self.reading}, {self.padding} places of padding, {lengths} lengths)"


@cache
def _model(reading: str) -> TextClassifier:
    return name_models.load(reading).model.double()


def _packed(model: TextClassifier) -> dict[str, Any]:
    """The weights under the page's names."""
    found: dict[str, Tensor | np.ndarray] = {
        "embedding": model.embedding.weight,
        "headWeight": model.head.weight,
        "headBias": model.head.bias,
    }
    for way, suffix in (("forward", "l0"), ("backward", "l0_reverse")):
        for name, weight in zip(("Ih", "Hh", "BiasIh", "BiasHh"), model.recurrent.weights(suffix), strict=True):
            found[f"{way}{name}"] = weight
    return {name: pack(weight) for name, weight in found.items()}
