// @ts-check
/**
 * Applies rules to a sentence, as lessons_src.rules does; the words and the rules come from there.
 *
 *   tokensOf("I saw it.")                 ["I", " ", "saw", …], as lessons_src.text.tokenize cuts words
 *   wordsOf(list)                         the words by name; read and judge take them so
 *   read(text, words, rules)              one Reading for each known word, in the order of the sentence
 *   judge(sentences, words, rules)        the Reading of each sentence's own word, and whether people read it so
 */

/**
 * @typedef {{ about: string, forms: string[], readings: [string, string][] }} PlainWord its usual reading first
 * @typedef {{ forms: string[], usual: string, readings: Record<string, string> }} Word
 * @typedef {{ name: string, about: string, reading: string, cues: string[], where: string }} Rule
 * @typedef {{ text: string, about: string, reading: string, english: string, practice: boolean }} Sentence
 * @typedef {object} Reading
 * @property {string} about
 * @property {number} at its place among the tokens that are not spaces
 * @property {string} reading
 * @property {string[]} asked the names of the rules that looked, in order
 * @property {string | null} rule the name of the one that fired
 * @property {number | null} evidence the place of the token that made it fire
 */

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"; // as in Python
const TOKEN = new RegExp(`[\\p{L}\\p{N}_]+|[${SPACE}]+|[^]`, "gu");
const ONLY_SPACE = new RegExp(`^[${SPACE}]`, "u");

/** @param {PlainWord[]} list as Python gives it @returns {Record<string, Word>} by what the word goes by */
export function wordsOf(list) {
  return Object.fromEntries(
    list.map(({ about, forms, readings }) => [
      about,
      { forms, usual: readings[0][0], readings: Object.fromEntries(readings) },
    ]),
  );
}

/** @param {string} text @returns {string[]} */
export function tokensOf(text) {
  return text.match(TOKEN) ?? [];
}

/** @param {string} token */
export function isSpace(token) {
  return ONLY_SPACE.test(token);
}

/** @param {string} text @param {Record<string, Word>} words @param {readonly Rule[]} rules @returns {Reading[]} */
export function read(text, words, rules) {
  const tokens = tokensOf(text)
    .filter((token) => !isSpace(token))
    .map((token) => token.toLowerCase());
  return tokens.flatMap((token, at) =>
    Object.keys(words)
      .filter((about) => words[about].forms.includes(token))
      .map((about) => readWord(about, at, tokens, words, rules)),
  );
}

/**
 * @param {string} about @param {number} at @param {string[]} tokens @param {Record<string, Word>} words
 * @param {readonly Rule[]} rules
 * @returns {Reading}
 */
function readWord(about, at, tokens, words, rules) {
  /** @type {string[]} */
  const asked = [];
  for (const rule of rules) {
    if (rule.about !== about) continue;
    asked.push(rule.name);
    const evidence = nearestCue(rule, tokens, at);
    if (evidence !== null) return { about, at, reading: rule.reading, asked, rule: rule.name, evidence };
  }
  return { about, at, reading: words[about].usual, asked, rule: null, evidence: null };
}

/** @type {Record<string, (k: number, at: number) => boolean>} */
const IN_PLACE = {
  anywhere: (k, at) => k !== at,
  before: (k, at) => k < at,
  after: (k, at) => k > at,
  previous: (k, at) => k === at - 1,
  next: (k, at) => k === at + 1,
};

/** @param {Rule} rule @param {string[]} tokens @param {number} at @returns {number | null} */
function nearestCue({ cues, where }, tokens, at) {
  /** @type {number | null} */
  let best = null;
  tokens.forEach((token, k) => {
    if (!IN_PLACE[where](k, at) || !cues.some((cue) => fits(token, cue))) return;
    if (best === null || Math.abs(k - at) < Math.abs(best - at)) best = k;
  });
  return best;
}

/** @param {string} token @param {string} cue */
function fits(token, cue) {
  if (cue.startsWith("*")) return token.endsWith(cue.slice(1));
  return cue.endsWith("*") ? token.startsWith(cue.slice(0, -1)) : token === cue;
}

/**
 * @param {readonly Sentence[]} sentences @param {Record<string, Word>} words @param {readonly Rule[]} rules
 * @returns {{ reading: Reading, right: boolean }[]}
 */
export function judge(sentences, words, rules) {
  return sentences.map((sentence) => {
    const found = read(sentence.text, words, rules).find(({ about }) => about === sentence.about);
    const reading = /** @type {Reading} */ (found); // Python has checked that each sentence holds its word
    return { reading, right: reading.reading === sentence.reading };
  });
}
