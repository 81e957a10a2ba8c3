// @ts-check
/**
 * What GateScope computes: text → what the network did → what can be said about it. No drawing, no document.
 *
 * A clamp is a bias of ±∞ (`clampGate`), so nothing here knows which gate is held.
 */
import { affine, clampGate, sequenceBackward, sequenceForward } from "./cells.js";

/**
 * @typedef {import("./cells.js").Weights} Weights
 * @typedef {import("./cells.js").SequenceRecord} SequenceRecord
 *
 * A character network: one-hot characters → `weights` → a linear head.
 * @typedef {object} Network
 * @property {Weights} weights
 * @property {Float64Array} headWeight (C, H)
 * @property {Float64Array} headBias (C)
 * @property {string[]} classes
 * @property {string[]} alphabet the last symbol stands for every unknown character
 * @property {Map<string, number>} idOf
 * @property {boolean} lowers whether letters are lowered before they are looked up, as the alphabet has no capitals
 * @property {number | null} start the newline, read before the text, if the alphabet has one
 * @property {{index: number, character: string}[]} closers the classes that close a bracket or a quote
 *
 * What the network did on a text; step 0 is the newline if `network.start` is one.
 * @typedef {object} Run
 * @property {Weights} weights
 * @property {Int32Array} ids
 * @property {SequenceRecord} record
 * @property {Float64Array} probabilities (T, C), of the next character's class after each step
 *
 * @typedef {{gate: string, value: number, units: number[] | null}} Clamp a gate held in some units, or in all (null)
 */

/** Gates and states in the order in which they are drawn. */
export const QUANTITIES = {
  LSTM: ["i", "f", "g", "o", "c", "h"],
  GRU: ["r", "z", "n", "h"],
  RNN: ["h"],
};
/** Gates that can be clamped. */
export const CLAMPABLE = { LSTM: ["f", "i", "o"], GRU: ["z", "r"], RNN: [] };
/** Quantities with a sign, drawn with the two-sided colour map. */
export const SIGNED = new Set(["g", "c", "h", "n"]);

/** The state that a unit carries: c for an LSTM, h otherwise. @param {{weights: Weights}} network */
export const memoryOf = (network) => (network.weights.cell === "LSTM" ? "c" : "h");

/**
 * @param {object} parts
 * @param {Weights} parts.weights
 * @param {Float64Array} parts.headWeight
 * @param {Float64Array} parts.headBias
 * @param {string} parts.alphabet
 * @param {string[]} parts.classes
 * @param {[number, string][]} parts.closers
 * @returns {Network}
 */
export function makeNetwork({ weights, headWeight, headBias, alphabet, classes, closers }) {
  const symbols = [...alphabet];
  const idOf = new Map(symbols.map((symbol, index) => [symbol, index]));
  return {
    weights,
    headWeight,
    headBias,
    classes,
    idOf,
    closers: closers.map(([index, character]) => ({ index, character })),
    alphabet: symbols,
    lowers: alphabet === alphabet.toLowerCase(),
    start: idOf.get("\n") ?? null,
  };
}

/**
 * The characters of a text as the network reads them.
 * @param {Network} network
 * @param {string} text
 * @returns {{ids: Int32Array, symbols: string[], unknown: string[]}} `unknown` names each unknown character once
 */
export function readText(network, text) {
  const { idOf, alphabet, lowers } = network;
  const last = alphabet.length - 1;
  const characters = [...text];
  const unknown = new Set();
  const ids = Int32Array.from(characters, (character) => {
    const id = idOf.get(character) ?? (lowers ? idOf.get(lowered(character)) : undefined);
    if (id === undefined) unknown.add(character);
    return id ?? last;
  });
  return { ids, symbols: Array.from(ids, (id) => alphabet[id]), unknown: [...unknown] };
}

/** The small letter, if it is one character: İ has two. @param {string} character */
function lowered(character) {
  const small = character.toLowerCase();
  return [...small].length === 1 ? small : character;
}

/** The number of steps before the first character of the text: 1 if a newline is read first. @param {Network} network */
export const lead = (network) => (network.start === null ? 0 : 1);

/**
 * Runs the network over ids. Steps that a former run with the same weights already made are taken over, so typing at the
 * end of a long text costs one step.
 * @param {Network} network
 * @param {Weights} weights the network's own, or a clamped copy
 * @param {Int32Array} ids of the text
 * @param {Run | null} [former] its memory is used again, so it must not be read any more
 * @returns {Run}
 */
export function run(network, weights, ids, former) {
  const steps = new Int32Array(ids.length + lead(network));
  if (network.start !== null) steps[0] = network.start;
  steps.set(ids, lead(network));
  const kept = former?.weights === weights ? sharedPrefix(former.ids, steps) : 0;
  const record = sequenceForward(weights, steps, { former: former?.record, kept });
  return { weights, ids: steps, record, probabilities: readout(network, record, kept, former) };
}

/** @param {Int32Array} a @param {Int32Array} b */
function sharedPrefix(a, b) {
  const differs = a.findIndex((id, t) => id !== b[t]);
  return differs < 0 ? a.length : differs;
}

/**
 * softmax(W h_t + b) at every step.
 * @param {Network} network
 * @param {SequenceRecord} record
 * @param {number} kept
 * @param {Run | null} [former]
 */
function readout({ headWeight, headBias, classes }, { T, H, h }, kept, former) {
  const C = classes.length;
  const all = new Float64Array(T * C);
  if (former) all.set(former.probabilities.subarray(0, kept * C));
  const scores = headBias.slice();
  for (let t = kept; t < T; t++) {
    affine(headWeight, headBias, h.subarray(t * H, (t + 1) * H), scores);
    let top = -Infinity;
    for (let k = 0; k < C; k++) top = Math.max(top, scores[k]);
    let total = 0;
    for (let k = 0; k < C; k++) total += scores[k] = Math.exp(scores[k] - top);
    for (let k = 0; k < C; k++) all[t * C + k] = scores[k] / total;
  }
  return all;
}

/** @param {Network} network @param {Clamp | null} clamp @returns {Weights} */
export function clampedWeights({ weights }, clamp) {
  return clamp ? clampGate(weights, clamp.gate, clamp.value, clamp.units) : weights;
}

/**
 * The most likely closer after step t, or the most likely class if the network's classes have no closers.
 * @param {Network} network
 * @param {Run} result
 * @param {number} t
 * @returns {{index: number, character: string, probability: number}}
 */
export function due(network, result, t) {
  const C = network.classes.length;
  const choices = network.closers.length
    ? network.closers
    : network.classes.map((character, index) => ({ index, character }));
  let best = choices[0];
  for (const choice of choices) {
    if (result.probabilities[t * C + choice.index] > result.probabilities[t * C + best.index]) best = choice;
  }
  return { ...best, probability: result.probabilities[t * C + best.index] };
}

/**
 * Where something is most likely due or, under a clamp, where the clamp changes that most: the step to speak of when the
 * reader has picked none.
 * @param {Network} network
 * @param {Run} free the run without a clamp
 * @param {Run} now
 * @returns {number} a step; -1 if there is none
 */
export function tellingStep(network, free, now) {
  const C = network.classes.length;
  let best = -1;
  let most = -Infinity;
  for (let t = lead(network); t < now.record.T; t++) {
    const expected = due(network, free, t);
    let change = expected.probability;
    if (free !== now) {
      const put = due(network, now, t); // a clamp can also announce what is not due
      change -= now.probabilities[t * C + expected.index];
      change = Math.max(change, put.probability - free.probabilities[t * C + put.index]);
    }
    if (change >= most) [best, most] = [t, change];
  }
  return best;
}

/** The unit whose memory varies most over the text. @param {Network} network @param {Run} result @returns {number} */
export function mostResponsive(network, result) {
  const values = result.record[memoryOf(network)];
  const { H, T } = result.record;
  const from = lead(network);
  let best = 0;
  let most = -1;
  for (let u = 0; u < H; u++) {
    let mean = 0;
    for (let t = from; t < T; t++) mean += values[t * H + u] / Math.max(1, T - from);
    let variance = 0;
    for (let t = from; t < T; t++) variance += (values[t * H + u] - mean) ** 2;
    if (variance > most) [best, most] = [u, variance];
  }
  return best;
}

/** One unit's values of a quantity over all steps. @param {Run} result @param {string} quantity @param {number} unit */
export function trackOf({ record }, quantity, unit) {
  const values = record[/** @type {"h"} */ (quantity)];
  const track = new Float64Array(record.T);
  for (let t = 0; t < record.T; t++) track[t] = values[t * record.H + unit];
  return track;
}

/**
 * The gradient of L = log P(what is due after step t) with respect to every earlier state, as log10 of its norm relative
 * to the norm at step t. −∞ where nothing arrives.
 * @param {Network} network
 * @param {Run} result
 * @param {number} t
 * @returns {{h: Float64Array, c: Float64Array | null, due: ReturnType<typeof due>, logNormH: Float64Array,
 *   logNormC: Float64Array}}
 */
export function traceGradient(network, result, t) {
  const { headWeight, classes } = network;
  const H = result.record.H;
  const C = classes.length;
  const target = due(network, result, t);
  const source = new Float64Array(H);
  for (let k = 0; k < C; k++) {
    const slope = (k === target.index ? 1 : 0) - result.probabilities[t * C + k];
    for (let u = 0; u < H; u++) source[u] += slope * headWeight[k * H + u];
  }
  const { logNormH, logNormC } = sequenceBackward(result.weights, result.record, t, source);
  const relative = (/** @type {Float64Array} */ norms) =>
    norms.map((norm) => (norm === -Infinity ? -Infinity : norm - norms[t]));
  return { h: relative(logNormH), c: logNormC.length ? relative(logNormC) : null, due: target, logNormH, logNormC };
}
