// @ts-check
/**
 * What the decoder writes for one source, with attention weights of the reader's in some rows. Arithmetic only; the same
 * is in `lessons_src/widgets/alignment_explorer.py`, and a test compares the two.
 *
 *   charactersOf(text)             what is read of a text: plain forms, at most 60 characters
 *   idsOf(characters, alphabet)    → Int32Array; the last id for unknown ones
 *   parseRules("6@9=1 7@u")        → Map: row, from 1 → Rule; what cannot be read is left out
 *   writeRules(rules)              the inverse
 *   impose(own, rule)              → the weights that the rule makes of the model's own
 *   align(model, ids, rules)       → { rows: Row[], finished }
 */
import { allowed, END_ID, logSoftmax, START_ID } from "./seq2seq.js";

export const LONGEST = 60;
export const MOST = 16;

/**
 * @typedef {ReturnType<typeof import("./seq2seq.js").createSeq2Seq>} Model
 * @typedef {"uniform" | Map<number, number>} Rule uniform, or weights for some characters, which count from 1
 *
 * @typedef {object} Row one token
 * @property {number} token what is written
 * @property {number} next the second likeliest
 * @property {number} wouldBe what the row's own weights would have written
 * @property {Float64Array} scores before the softmax
 * @property {Float64Array} probabilities
 * @property {Float64Array} own the model's weights
 * @property {Float64Array} weights those that were used
 * @property {boolean} imposed whether they are the reader's
 */

/** @param {string} text */
export function charactersOf(text) {
  return [...text.normalize("NFKC")].slice(0, LONGEST);
}

/** @param {string[]} characters @param {string[]} alphabet */
export function idsOf(characters, alphabet) {
  return Int32Array.from(characters, (character) => {
    const id = alphabet.indexOf(character);
    return id < 0 ? alphabet.length - 1 : id;
  });
}

/** @param {string} text @returns {Map<number, Rule>} */
export function parseRules(text) {
  /** @type {Map<number, Rule>} */
  const rules = new Map();
  for (const part of text.split(/\s+/)) {
    const [row, rule] = part.split("@");
    if (!/^\d+$/.test(row) || !rule) continue;
    if (rule === "u") {
      rules.set(Number(row), "uniform");
      continue;
    }
    const pins = rule.split("+").map((pin) => pin.split("=").map(Number));
    if (pins.every(([place, weight]) => place >= 1 && weight >= 0 && weight <= 1))
      rules.set(Number(row), new Map(pins.map(([place, weight]) => [place, weight])));
  }
  return rules;
}

/** @param {Map<number, Rule>} rules */
export function writeRules(rules) {
  return [...rules]
    .sort(([a], [b]) => a - b)
    .map(([row, rule]) => `${row}@${rule === "uniform" ? "u" : [...rule].map((pin) => pin.join("=")).join("+")}`)
    .join(" ");
}

/** The pins that stand on a character. @param {Rule} rule @param {number} S @returns {Rule | null} */
function fitting(rule, S) {
  if (rule === "uniform") return rule;
  const pins = new Map([...rule].filter(([place]) => place <= S));
  return pins.size ? pins : null;
}

/** @param {Float64Array} own @param {Rule} rule whose pins stand on characters */
export function impose(own, rule) {
  const S = own.length;
  if (rule === "uniform") return own.map(() => 1 / S);
  const total = [...rule.values()].reduce((sum, weight) => sum + weight, 0);
  if (rule.size === S) return own.map((_, s) => (total > 0 ? (rule.get(s + 1) ?? 0) / total : 1 / S));
  const rest = Math.max(0, 1 - total);
  const theirs = own.reduce((sum, weight, s) => (rule.has(s + 1) ? sum : sum + weight), 0);
  return own.map((weight, s) => {
    const pin = rule.get(s + 1);
    if (pin !== undefined) return pin / Math.max(1, total);
    return theirs > 0 ? (rest * weight) / theirs : rest / (S - rule.size);
  });
}

/** @param {Model} model @param {Int32Array} ids at least one @param {Map<number, Rule>} [rules] */
export function align(model, ids, rules = new Map()) {
  const encoded = model.encode(ids);
  let { state } = encoded;
  let token = START_ID;
  /** @type {Row[]} */
  const rows = [];
  while (rows.length < MOST && token !== END_ID) {
    const plain = model.step(encoded, state, token);
    const own = /** @type {Float64Array} */ (plain.weights);
    const asked = rules.get(rows.length + 1);
    const rule = asked ? fitting(asked, ids.length) : null;
    const weights = rule ? impose(own, rule) : own;
    const step = rule ? model.step(encoded, state, token, weights) : plain;
    const [best, next] = ranked(step.scores);
    const probabilities = logSoftmax(allowed(step.scores)).map(Math.exp);
    const wouldBe = rule ? ranked(plain.scores)[0] : best;
    rows.push({ token: best, next, wouldBe, scores: step.scores, probabilities, own, weights, imposed: rule !== null });
    ({ state } = step);
    token = best;
  }
  return { rows, finished: token === END_ID };
}

/** Tokens that may be written, the likeliest first; of equal ones the lowest id. @param {Float64Array} scores */
function ranked(scores) {
  const able = allowed(scores);
  return Array.from(able.keys()).sort((a, b) => able[b] - able[a] || a - b);
}
