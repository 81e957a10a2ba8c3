"""Our Word2Vec against gensim's: CBOW with negative sampling, one worker, the same sizes, the same corpora.

Both read the corpus as often, with windows drawn from 1 to 5 and 5 negatives. Each has the learning rate that suits it:
gensim gives every context word the whole gradient of their mean, ours its share, so ours needs a larger rate. Time is
taken by the clock on the wall, because gensim works in two threads.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from gensim.models import Word2Vec as Gensim

from benchmarks import timing
from benchmarks.timing import Effort
from lessons_src import data, grammars, text
from lessons_src.corpus import Corpus
from lessons_src.word2vec import Word2Vec
from lessons_src.word_vectors import WordVectors

SIZE, WINDOW, NEGATIVES = 100, 5, 5
MARK = 0.5
"""How many words per second ours must reach, as a multiple of gensim's."""


@dataclass(frozen=True)
class Race:
    """A corpus, how often it is read, and the learning rate of each."""

    sentences: list[list[str]]
    epochs: int
    our_rate: float
    their_rate: float

    @property
    def words(self) -> int:
        """How many words are read in all."""
        return self.epochs * sum(map(len, self.sentences))

    def ours(self, seed: int = 0) -> WordVectors:
        """Trained by `lessons_src.word2vec`."""
        model = Word2Vec(Corpus.of(self.sentences), SIZE, WINDOW, negatives=NEGATIVES, seed=seed)
        for _ in model.train(self.epochs, self.our_rate):
            pass
        return model.vectors

    def theirs(self, seed: int = 0, rate: float | None = None) -> WordVectors:
        """Trained by gensim."""
        model = Gensim(
            self.sentences, vector_size=SIZE, window=WINDOW, negative=NEGATIVES, sg=0, min_count=1, sample=0, workers=1,
            epochs=self.epochs, alpha=rate or self.their_rate, seed=seed + 1,
        )  # fmt: skip
        return WordVectors(model.wv.index_to_key, torch.from_numpy(model.wv.vectors))


def races() -> dict[str, Race]:
    """The kingdom grammar, and the help topics of Python without the words that occur less than five times."""
    kingdom = [list(sentence) for sentence in grammars.kingdom(5000)]
    topics = [sentence for topic in data.topics().values() for sentence in text.sentences(topic)]
    known = set(Corpus.of(topics, least=5).words)
    topics = [[word for word in sentence if word in known] for sentence in topics]
    return {"kingdom": Race(kingdom, 10, 0.2, 0.05), "topics": Race(topics, 20, 0.1, 0.05)}


def shared(one: WordVectors, other: WordVectors, words: Sequence[str]) -> float:
    """How many of a word's ten nearest the two have in common, as a share, on average."""
    found = ({w for w, _ in v.nearest(word)} for word in words for v in (one, other))
    return statistics.mean(len(a & b) / 10 for a, b in zip(found, found, strict=True))


def main(effort: Effort) -> None:
    """Prints words per second, and what the vectors are worth."""
    print("Word vectors: CBOW with negative sampling, one worker; words per second, medians [quartiles]")
    print("gensim works in two threads: its CPU seconds are those of both\n")
    print(f"{'':9}{'gensim':>14}{'ours / gensim, clock':>24}{'mark':>6}{'':8}{'the same, CPU':>24}")
    found = races()
    for name, race in effort.some(list(found.items())):
        if effort.quick:
            race = Race(race.sentences[:500], 1, race.our_rate, race.their_rate)
        contestants: dict[str, Callable[[], object]] = {"gensim": race.theirs, "ours": race.ours}
        clock = effort.rounds(contestants, clock=time.perf_counter, warm=1, least=5)
        cpu = effort.rounds(contestants, clock=time.process_time, warm=0, least=5)
        within = "within" if timing.ratios(clock, "gensim", "ours")[1] >= MARK else "BELOW"
        print(
            f"{name:9}{race.words / statistics.median(clock['gensim']) / 1000:10.0f} k/s"
            f"{timing.shown(clock, 'gensim', 'ours'):>24}{MARK:6.1f}  {within:6}"
            f"{timing.shown(cpu, 'gensim', 'ours'):>24}",
            flush=True,
        )
        if effort.profile:
            short = Race(race.sentences, 1, race.our_rate, race.their_rate)
            print(f"      ours, one reading: {timing.where(short.ours, times=1)}")
    if not effort.quick:
        worth(found)


def worth(found: dict[str, Race]) -> None:
    """Prints what the vectors can do: analogies, and which neighbours they share with gensim's."""
    for name, train in {"ours": found["kingdom"].ours, "gensim": found["kingdom"].theirs}.items():
        scores = ", ".join(f"{train(seed).share_right(grammars.analogies()):.3f}" for seed in range(3))
        print(f"\nkingdom: analogies right over three seeds, {name}: {scores}", end="")
    topics = found["topics"]
    base, words = topics.theirs(), Corpus.of(topics.sentences).words[50:550]
    print("\n\ntopics: the share of its ten nearest words that 500 words have in common with gensim's")
    print(f"  gensim, another seed          {shared(base, topics.theirs(1), words):.2f}")
    print(f"  gensim, twice the rate        {shared(base, topics.theirs(0, 2 * topics.their_rate), words):.2f}")
    print(f"  ours                          {shared(base, topics.ours(), words):.2f}")
    print(f"  ours, with ours, another seed {shared(topics.ours(), topics.ours(1), words):.2f}")
