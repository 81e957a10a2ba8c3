// @ts-check
/**
 * What RuleReader says about what it shows.
 *
 *   aboutReadings(tokens, readings, words)    what was read, and why
 *   aboutTruth(sentence, right, words)        whether people read it so
 *   aboutScores(sentences, judged)            how many are right, in each half
 *   aboutChange(judged, before)               what the last change of the rules fixed and broke
 *   numbersOf(order, sentences, judged)       the table: how often each rule decided, and how well
 */
import { isSpace } from "./rule_reader_engine.js";

/**
 * @typedef {import("./rule_reader_engine.js").Reading} Reading
 * @typedef {import("./rule_reader_engine.js").Sentence} Sentence
 * @typedef {import("./rule_reader_engine.js").Word} Word
 * @typedef {{ reading: Reading, right: boolean }[]} Judged
 */

/** @param {string[]} tokens @param {Reading[]} readings @param {Record<string, Word>} words */
export function aboutReadings(tokens, readings, words) {
  if (!readings.length) return `None of the words is one the reader knows: ${Object.keys(words).join(", ")}.`;
  const visible = tokens.filter((token) => !isSpace(token));
  return readings
    .map(({ about, at, reading, rule, evidence }) => {
      const meaning = `“${visible[at]}” is read as: ${words[about].readings[reading]}`;
      return evidence === null
        ? `${meaning}, its usual meaning, for no rule found anything.`
        : `${meaning}, for the rule ${rule} found “${visible[evidence]}”.`;
    })
    .join(" ");
}

/** @param {Sentence} sentence @param {boolean} right @param {Record<string, Word>} words */
export function aboutTruth({ about, reading }, right, words) {
  return right ? "People read the same." : `People read: ${words[about].readings[reading]}.`;
}

/** @param {Sentence[]} sentences @param {Judged} judged */
export function aboutScores(sentences, judged) {
  const [practice, heldOut] = [true, false].map((half) => scoreOf(sentences, judged, half));
  return `Right: ${practice.right} of ${practice.all} practice sentences, ${heldOut.right} of ${heldOut.all} held out.`;
}

/** @param {Sentence[]} sentences @param {Judged} judged @param {boolean} practice */
export function scoreOf(sentences, judged, practice) {
  const half = judged.filter((_, k) => sentences[k].practice === practice);
  return { right: half.filter(({ right }) => right).length, all: half.length };
}

/** @param {Judged} judged @param {Judged} before */
export function aboutChange(judged, before) {
  if (judged === before) return "";
  const fixed = judged.filter(({ right }, k) => right && !before[k].right).length;
  const broken = judged.filter(({ right }, k) => !right && before[k].right).length;
  return `The last change of the rules put ${fixed} right and ${broken} wrong.`;
}

/** @param {string[]} order @param {Sentence[]} sentences @param {Judged} judged */
export function numbersOf(order, sentences, judged) {
  const count = (/** @type {string | null} */ rule, /** @type {boolean} */ practice, /** @type {boolean} */ right) =>
    String(
      judged.filter((one, k) => one.reading.rule === rule && one.right === right && sentences[k].practice === practice)
        .length,
    );
  const columns = [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ];
  return {
    caption: "How many sentences each rule decided, and how many of them as people do.",
    head: ["rule", "practice: right", "wrong", "held out: right", "wrong"],
    rows: [...order, null].map((rule) => [
      rule ?? "no rule: usual meaning",
      ...columns.map(([half, right]) => count(rule, half, right)),
    ]),
  };
}
