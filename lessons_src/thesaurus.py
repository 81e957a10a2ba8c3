"""A thesaurus: words of one meaning in a set, and over each set the more general one, its hypernym."""

from collections.abc import Iterable
from dataclasses import dataclass

from lessons_src import checks
from lessons_src.text import nearest_spellings


@dataclass(frozen=True)
class SynonymSet:
    """Words with one meaning. Its hypernym must exist before it, so no chain of hypernyms can lead back to its start.

    Attributes:
        words: different words, the most usual first.
        gloss: the meaning, in a few words.
        hypernym: the set of the more general words; None at the top.
    """

    words: tuple[str, ...]
    gloss: str
    hypernym: "SynonymSet | None" = None

    def __post_init__(self) -> None:
        if not isinstance(self.words, tuple) or not all(isinstance(word, str) for word in self.words):
            raise TypeError(f"words: expected a tuple of words, got {self.words!r:.60}")
        if not isinstance(self.hypernym, SynonymSet | None):
            raise TypeError(f"hypernym: expected a SynonymSet or None, got {self.hypernym!r:.60}")
        if not self.words or len(set(self.words)) < len(self.words) or not all(word.strip() for word in self.words):
            raise ValueError(f"words: expected different words, none empty, got {self.words!r}")
        if not self.gloss.strip():
            raise ValueError(f"gloss: expected a few words on what {self.words[0]!r} means, got {self.gloss!r}")

    def chain(self) -> tuple["SynonymSet", ...]:
        """This set, its hypernym, the hypernym of that, and so on to the top."""
        return (self, *(self.hypernym.chain() if self.hypernym else ()))

    def __str__(self) -> str:
        return ", ".join(self.words)


class Thesaurus:
    """Synonym sets, and what can be asked of them; one word may be in several.

    Args:
        sets: different synonym sets, each with its hypernym among them.
    """

    def __init__(self, sets: Iterable[SynonymSet]) -> None:
        self.sets = tuple(sets)
        if not self.sets:
            raise ValueError("sets: expected at least one synonym set, got none")
        known = set(self.sets)
        if len(known) < len(self.sets):
            raise ValueError("sets: expected different synonym sets, got one of them twice")
        for one in self.sets:
            if one.hypernym and one.hypernym not in known:
                raise ValueError(f"sets: expected the hypernym of each among them; {one.hypernym} is missing")
        self._sets_of: dict[str, tuple[SynonymSet, ...]] = {}
        for one in self.sets:
            for word in one.words:
                self._sets_of[word] = (*self._sets_of.get(word, ()), one)

    @classmethod
    def read(cls, outline: str) -> "Thesaurus":
        """A thesaurus from lines "word, word: gloss", each two spaces deeper than the line of its hypernym.

        Raises:
            ValueError: a line is no such line, or stands deeper than its place allows; then its number.
        """
        checks.text("outline", outline)
        found: list[SynonymSet] = []
        above: list[SynonymSet] = []
        for number, line in enumerate(outline.splitlines(), start=1):
            if not line.strip():
                continue
            indent = len(line) - len(line.lstrip(" "))
            words, colon, gloss = line.partition(":")
            if not colon or not gloss.strip() or not all(word.strip() for word in words.split(",")):
                raise ValueError(f"outline: line {number}: expected 'word, word: gloss', got {line.strip()!r:.60}")
            if indent % 2 or indent > 2 * len(above):
                deepest = 2 * len(above)
                raise ValueError(f"outline: line {number}: expected 0, 2, … or {deepest} spaces first, got {indent}")
            del above[indent // 2 :]
            names = tuple(word.strip() for word in words.split(","))
            above.append(SynonymSet(names, gloss.strip(), above[-1] if above else None))
            found.append(above[-1])
        return cls(found)

    def __len__(self) -> int:
        return len(self.sets)

    def __contains__(self, word: object) -> bool:
        return word in self._sets_of

    def __repr__(self) -> str:
        return f"Thesaurus({len(self)} sets, {len(self._sets_of)} words)"

    @property
    def words(self) -> tuple[str, ...]:
        """Every word once."""
        return tuple(self._sets_of)

    def sets_of(self, word: str) -> tuple[SynonymSet, ...]:
        """A word's meanings; an unknown one is refused, with the nearest spellings."""
        checks.text("word", word)
        if word not in self:
            near = nearest_spellings(word, self.words)
            hint = f"; spelt most like it: {', '.join(near)}" if near else ""
            raise ValueError(f"word: expected one of the {len(self.words)} known words, got {word!r}{hint}")
        return self._sets_of[word]

    def hypernyms(self, word: str) -> tuple[tuple[str, ...], ...]:
        """For each meaning of the word, the first words of the sets above it: panda → bear, mammal, animal …"""
        return tuple(tuple(above.words[0] for above in one.chain()[1:]) for one in self.sets_of(word))

    def path_similarity(self, a: str, b: str) -> float:
        """1 / (1 + steps) on the shortest path from a meaning of a to one of b, up and down; 0 without a path."""
        paths = [steps(one, other) for one in self.sets_of(a) for other in self.sets_of(b)]
        return max(0.0 if count is None else 1 / (1 + count) for count in paths)


def steps(a: SynonymSet, b: SynonymSet) -> int | None:
    """How many hypernyms and hyponyms one passes from a to b; None if nothing stands over both."""
    down = {one: count for count, one in enumerate(b.chain())}
    return next((up + down[one] for up, one in enumerate(a.chain()) if one in down), None)


OUTLINE = """
thing, entity: whatever there is
  living thing, organism: a thing that grows and dies
    animal, creature: a living thing that eats and moves about
      mammal: an animal that feeds its young with milk
        bear: a heavy mammal with thick fur and a short tail
          panda, giant panda: a black and white bear that lives on bamboo
          polar bear: a white bear of the far north
        dog, hound: a tame mammal that barks
          puppy, pup: a dog in its first year
        cat: a tame mammal that purrs
          kitten: a cat in its first year
        goat: a horned mammal that climbs well
          kid: a goat in its first year
        whale: a very large mammal that lives in the sea
        mouse: a very small mammal with a long tail
        person, human: a mammal that talks
          child, kid, youngster: a person who has not grown up
            boy: a male child
            girl: a female child
          adult, grown-up: a person who has grown up
            man: a male adult
            woman: a female adult
          worker: a person who is paid for doing something
            teacher: a worker who helps others to learn
            cook, chef: a worker who prepares meals
      bird: an animal with feathers
        sparrow: a small brown bird of the towns
        penguin: a bird that swims and cannot fly
      reptile: an animal with a dry skin of scales
        snake, serpent: a reptile without legs
          python: a snake that squeezes what it eats
      fish: an animal that breathes under water
        shark: a large fish with many teeth
    plant: a living thing that stays in one place
      tree: a tall plant with a trunk of wood
        oak: a tree that bears acorns
      grass: a plant with long narrow leaves
        bamboo: a very tall grass with hollow stems
  object: a thing that one can touch
    building: an object with walls and a roof
      house: a building that people live in
      school: a building that people learn in
      hotel, inn: a building with rooms for travellers
        motel: a hotel by the road, for people with cars
    vehicle: an object that carries people or goods
      car, automobile: a vehicle with four wheels and an engine
      bicycle, bike: a vehicle with two wheels and pedals
      boat: a vehicle for the water
    food: an object that one can eat or drink
      drink, beverage: food that one drinks
        tea: a drink of leaves and hot water
        coffee: a drink of roasted beans and hot water
      soup: food that one eats with a spoon
    tool: an object that one works with
      key: a tool that opens a lock
      string, cord: a tool that one ties things up with
    furniture: an object that stands in a room
      table: furniture that one puts things on
  group: things that belong together
    class: a group that is taught together
    list: a group of names, one under the other
quality: what a thing is like
  good, proficient, skilful: of the quality that is wanted
  bad, poor: not of the quality that is wanted
  large, big: of more than the usual size
  small, little: of less than the usual size
"""
"""The sets of the book, with glosses of our own."""

OURS = Thesaurus.read(OUTLINE)
"""The thesaurus of OUTLINE."""
