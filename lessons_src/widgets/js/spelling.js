// @ts-check
/**
 * The known words that are spelt most like another, as `lessons_src/text.py` finds them with Python's difflib: by
 * 2 M / T, where T is the number of letters in both words and M counts those in the longest block that both have, then in
 * the longest ones left and right of it, and so on (Ratcliff and Metzener, 1988).
 *
 *   nearestSpellings("quen", words)     → ["queen", …], at most three, the likest first
 */

const COUNT = 3;
const LEAST = 0.6;

/** @param {string} word @param {readonly string[]} known */
export function nearestSpellings(word, known) {
  const letters = [...word];
  const scored = known.flatMap((candidate) => {
    const other = [...candidate];
    const all = letters.length + other.length;
    if ((2 * Math.min(letters.length, other.length)) / all < LEAST) return [];
    const score = (2 * inBlocks(other, letters)) / all;
    return score >= LEAST ? [{ candidate, score }] : [];
  });
  scored.sort((one, two) => two.score - one.score || (one.candidate < two.candidate ? 1 : -1));
  return scored.slice(0, COUNT).map(({ candidate }) => candidate);
}

/** @param {string[]} a @param {string[]} b @returns {number} */
function inBlocks(a, b) {
  let [longest, endA, endB] = [0, 0, 0];
  let before = new Array(b.length + 1).fill(0); // how long the block is that ends at the letter before, for each end in b
  a.forEach((letter, i) => {
    const now = new Array(b.length + 1).fill(0);
    b.forEach((other, j) => {
      if (letter !== other) return;
      now[j + 1] = before[j] + 1;
      if (now[j + 1] > longest) [longest, endA, endB] = [now[j + 1], i + 1, j + 1];
    });
    before = now;
  });
  if (!longest) return 0;
  const left = inBlocks(a.slice(0, endA - longest), b.slice(0, endB - longest));
  return longest + left + inBlocks(a.slice(endA), b.slice(endB));
}
