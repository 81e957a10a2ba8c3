"""A corpus: sentences of words, as one row of ids."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from lessons_src import checks


@dataclass(frozen=True)
class Corpus:
    """Sentences of known words, one behind the other.

    Attributes:
        words: what the ids stand for, the most frequent first; V in all.
        ids: the words of all sentences (N,).
        sentence: the number of the sentence that each belongs to (N,); a window never crosses from one to the next.
    """

    words: tuple[str, ...]
    ids: Int[Tensor, " tokens"]
    sentence: Int[Tensor, " tokens"]

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], least: int = 1) -> "Corpus":
        """The corpus of these sentences. Words that occur less than `least` times are taken out, and their gap closes.

        Args:
            sentences: each a list of words, as `text.sentences` gives them.
            least: how often a word must occur.

        Raises:
            TypeError: a sentence is not a list of words.
            ValueError: fewer than two different words are left.
        """
        checks.whole_number("least", least)
        lists = [_checked(sentence, number) for number, sentence in enumerate(_checked_outer(sentences))]
        counted = Counter(word for sentence in lists for word in sentence)
        words = tuple(w for w in sorted(counted, key=lambda w: (-counted[w], w)) if counted[w] >= least)
        if len(words) < 2:
            found = f"only {words[0]!r}" if words else "no words" if counted else "an empty corpus"
            often = "" if least == 1 else f" that occur at least {least} times"
            raise ValueError(f"sentences: expected at least two different words{often}, got {found}")
        known = {word: k for k, word in enumerate(words)}
        kept = [(known[word], number) for number, sentence in enumerate(lists) for word in sentence if word in known]
        ids, sentence = torch.tensor(kept, dtype=torch.int64).T.contiguous()
        return cls(words, ids, sentence)

    @property
    def counts(self) -> Int[Tensor, " vocab"]:
        """How often each word occurs (V,)."""
        return torch.bincount(self.ids, minlength=len(self.words))

    def __len__(self) -> int:
        return len(self.ids)

    def around(self, window: int) -> tuple[Int[Tensor, "tokens places"], Bool[Tensor, "tokens places"]]:
        """The words around each word, from `window` before it to `window` after it, and which of them there are.

        Returns:
            ids (N, 2 · window), from left to right; and whether that place lies in the same sentence, of the same
            shape. Where it does not, the id means nothing, and may be −1.
        """
        checks.whole_number("window", window)
        ids, sentence = (
            pad(row, (window, window), value=-1).unfold(0, 2 * window + 1, 1) for row in (self.ids, self.sentence)
        )
        around, theirs = (torch.cat([w[:, :window], w[:, window + 1 :]], 1) for w in (ids, sentence))
        return around, theirs == self.sentence[:, None]

    def thinned(self, keep: Float[Tensor, " vocab"], generator: torch.Generator) -> "Corpus":
        """This corpus with each occurrence of word w kept with probability keep[w]; the gaps close."""
        kept = torch.rand(len(self), generator=generator) < keep[self.ids]
        return Corpus(self.words, self.ids[kept], self.sentence[kept])


def _checked_outer(sentences: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    if isinstance(sentences, str):
        raise TypeError("sentences: expected a list of lists of words, got a str; `text.sentences` cuts one")
    return sentences


def _checked(sentence: Sequence[str], number: int) -> Sequence[str]:
    if isinstance(sentence, str) or not all(isinstance(word, str) for word in sentence):
        raise TypeError(f"sentences: expected a list of words as sentence {number}, got {sentence!r:.60}")
    return sentence
