// @ts-check
/**
 * What SurpriseMeter says about what it shows.
 *
 *   sentence(scene)       the live sentence
 *   placeWords(scene)     the value of the slider, in words
 *   contextWords(scene)   the title of the likeliest tokens
 *   numbersOf(scene)      the table
 */
import { show } from "./scales.js";

/** @typedef {import("./surprise_meter.js").Scene} Scene */

export const LEGEND =
  "Over each token its surprise in bits; under it the length of the longest n-gram ending there that the text has, at " +
  "most n. Underlined tokens occur nowhere in the text.";

/** @type {Record<string, string>} */
const VISIBLE = { " ": "␣", "\n": "↵", "\t": "⇥" };
const SHORT = 24;

/** @param {string} token */
export function visible(token) {
  const drawn = VISIBLE[token] ?? token;
  return drawn.length > SHORT ? `${[...drawn].slice(0, SHORT).join("")}…` : drawn;
}

/** @param {number} bits */
export function showBits(bits) {
  return Number.isFinite(bits) ? bits.toFixed(1) : "∞";
}

/** @param {number} probability */
export function share(probability) {
  return probability >= 0.001 ? `${(100 * probability).toFixed(1)} %` : `${show(100 * probability)} %`;
}

/** @param {Scene} scene */
export function sentence(scene) {
  if (!scene.tokens.length) return `Nothing to measure yet: type a ${scene.unit === "word" ? "word" : "letter"}.`;
  return [aboutAll(scene), aboutSeen(scene), aboutPlace(scene)].filter(Boolean).join(" ");
}

/** @param {Scene} scene */
function aboutAll({ summary: { bits, perplexity }, tokens, readings, unit }) {
  const units = tokens.length === 1 ? `1 ${unit}` : `${tokens.length} ${unit}s`;
  if (!Number.isFinite(bits)) {
    const first = readings.findIndex(({ probability }) => probability === 0);
    return `Perplexity ∞ over ${units}: “${visible(tokens[first])}” has probability 0, and one such token is enough.`;
  }
  return `Perplexity ${show(perplexity, 3)} over ${units}: ${bits.toFixed(2)} bits each.`;
}

/** @param {Scene} scene */
function aboutSeen({ readings, order }) {
  const whole = readings.filter(({ longest }, k) => longest === Math.min(order, k + 1)).length;
  const never = readings.filter(({ longest }) => longest === 0).length;
  const what = order === 1 ? "tokens" : `n-grams of ${order} tokens (fewer at the start)`;
  const rest = never ? `, and ${never} ${never === 1 ? "token" : "tokens"} not even alone` : "";
  return `Of ${readings.length} ${what}, ${whole} ${whole === 1 ? "occurs" : "occur"} in the text${order === 1 ? "" : rest}.`;
}

/** @param {Scene} scene */
function aboutPlace({ tokens, readings, place, rank }) {
  if (rank === null) return "";
  const { probability, longest } = readings[place];
  const seen = longest ? `the longest n-gram seen here has ${longest}` : "it was never seen";
  return `Place ${place + 1}, “${visible(tokens[place])}”: ${bitsOf(probability)}, rank ${rank}; ${seen}.`;
}

/** @param {number} probability */
function bitsOf(probability) {
  const bits = -Math.log2(probability);
  return Number.isFinite(bits) ? `${bits.toFixed(2)} bits` : "infinitely surprising";
}

/** @param {Scene} scene */
export function placeWords({ tokens, readings, place }) {
  if (place === tokens.length) return `place ${place + 1}: what comes next`;
  return `place ${place + 1}, ${VISIBLE[tokens[place]] ? "a space" : tokens[place]}: ${bitsOf(readings[place].probability)}`;
}

/** @param {Scene} scene */
export function contextWords({ context, contextSeen, unit, likeliest }) {
  const glue = unit === "word" ? " " : "";
  const before = context.length ? `Behind “${context.map(visible).join(glue)}”` : "With nothing before it";
  if (likeliest[0].probability === 0) return `${before} the text has nothing, so without smoothing nothing is likely.`;
  const back = contextSeen < context.length ? ` (of which the text has only the last ${contextSeen})` : "";
  return `${before}${back} the likeliest are:`;
}

/** @param {Scene} scene */
export function numbersOf({ tokens, readings, likeliest, place, training, size, vocabSize, unit, summary }) {
  const rows = tokens.map((token, k) => {
    const { probability, longest } = readings[k];
    const bits = -Math.log2(probability);
    return [String(k + 1), visible(token), show(probability, 3), showBits2(bits), String(longest)];
  });
  const next = likeliest.map(({ token, probability }) => `${visible(token)} ${show(probability, 3)}`).join(", ");
  const all = tokens.length ? ` Perplexity ${showAll(summary.perplexity)}, ${showBits2(summary.bits)} bits each.` : "";
  return {
    caption:
      `Counted from ${training}: ${size} ${unit}s, ${vocabSize} different with the unknown one.${all} ` +
      `Likeliest at place ${place + 1}: ${next}.`,
    head: ["place", unit, "P", "bits", "longest n-gram seen"],
    rows,
  };
}

/** @param {number} bits */
function showBits2(bits) {
  return Number.isFinite(bits) ? bits.toFixed(2) : "∞";
}

/** @param {number} perplexity */
function showAll(perplexity) {
  return Number.isFinite(perplexity) ? show(perplexity, 3) : "∞";
}
