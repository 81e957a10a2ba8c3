// @ts-check
/**
 * UnrolledStepper's arithmetic: a tanh RNN that reads a short text, as it is, without the edited weight, and with one
 * letter replaced. Nothing here knows of a page.
 *
 *   compute(settings)      everything that is shown of one setting
 */
import { sequenceForward } from "./cells.js";
import { orthogonal } from "./linalg.js";
import { normals } from "./random.js";

/**
 * @typedef {object} Settings
 * @property {string} text
 * @property {string} alphabet
 * @property {number} seed
 * @property {"W_hh" | "W_ih"} matrix the matrix of the picked weight
 * @property {number} row of the picked weight, from 1
 * @property {number} column
 * @property {number | null} value what it is set to; null for its own value
 * @property {number | null} reset the step before which h is set to zeros, from 2
 * @property {number} traced the letter whose trace is drawn, from 1
 * @property {string | null} other what it is replaced with; null for the next of the alphabet
 * @property {number | null} step how many steps are shown; null for all
 * @property {Layer | null} [layer]
 *
 * @typedef {{ H: number, weightIh: Float64Array, weightHh: Float64Array, bias: Float64Array }} Layer
 * @typedef {ReturnType<typeof compute>} Scene
 */

export const MOST_LETTERS = 24;
const UNITS = 4;
const GAIN = 0.9;
const STREAM = { recurrent: 0, input: 1 }; // as in draws.py

/** W_hh = 0.9 Q with an orthogonal Q, so that no difference between two states can grow. @param {number} seed @param {number} D @returns {Layer} */
function randomLayer(seed, D) {
  return {
    H: UNITS,
    weightIh: normals(seed, STREAM.input, UNITS * D),
    weightHh: orthogonal(normals(seed, STREAM.recurrent, UNITS * UNITS), UNITS).map((w) => GAIN * w),
    bias: new Float64Array(UNITS),
  };
}

/** @param {Settings} settings */
export function compute(settings) {
  const { alphabet, matrix, value, seed } = settings;
  const symbols = [...alphabet];
  const typed = [...settings.text];
  const letters = typed.slice(0, MOST_LETTERS);
  const ids = letters.map((letter) => symbols.indexOf(letter));
  const [T, D] = [ids.length, symbols.length];
  const plain = settings.layer ?? randomLayer(seed, D);
  const { H } = plain;
  const wide = matrix === "W_hh" ? H : D;
  const row = Math.min(settings.row, H);
  const column = Math.min(settings.column, wide);
  const key = matrix === "W_hh" ? "weightHh" : "weightIh";
  const at = (row - 1) * wide + column - 1;
  const own = plain[key][at];
  const edited = value !== null && value !== own;
  const layer = edited ? { ...plain, [key]: changedAt(plain[key], at, value) } : plain;

  const reset = settings.reset !== null && settings.reset <= T ? settings.reset : null;
  const h = run(layer, D, ids, reset);
  const before = edited ? run(plain, D, ids, reset) : h;
  const traced = Math.min(settings.traced, T);
  const otherId = replacement(symbols, ids[traced - 1], settings.other);
  const swapped = run(layer, D, traced ? changedAt(ids, traced - 1, otherId) : ids, reset);
  const steps = Array.from({ length: T }, (_, k) => k);
  return {
    ...{ T, D, H, letters, ids, symbols, typed: typed.length, plain, layer, matrix, row, column, own, edited },
    ...{ reset, h, before, traced, swapped },
    value: edited ? /** @type {number} */ (value) : own,
    other: symbols[otherId],
    shown: Math.min(settings.step ?? T, T),
    /** ‖h_t − h′_t‖ for every t. */
    trace: steps.map((t) => Math.hypot(...part(h, t, H).map((x, j) => x - swapped[t * H + j]))),
    /** Whether the edited weight changed h_t, for every t. */
    changed: steps.map((t) => part(h, t, H).some((x, j) => !Object.is(x, before[t * H + j]))),
  };
}

/** A copy with one number changed. @template {number[] | Float64Array} A @param {A} values @param {number} at @param {number} x */
function changedAt(values, at, x) {
  const copy = /** @type {A} */ (values.slice());
  copy[at] = x;
  return copy;
}

/** One step, with what each part gives to each unit. @param {Scene} scene @param {number} t from 0 */
export function stepOf({ layer, D, H, ids, h, reset }, t) {
  const past = t === 0 || t + 1 === reset ? new Float64Array(H) : part(h, t - 1, H);
  return Array.from({ length: H }, (_, i) => ({
    input: ids[t] < 0 ? 0 : layer.weightIh[i * D + ids[t]],
    carried: past.reduce((sum, x, j) => sum + layer.weightHh[i * H + j] * x, 0),
    bias: layer.bias[i],
    h: h[t * H + i],
  }));
}

/** @param {Float64Array} h @param {number} t @param {number} H */
export function part(h, t, H) {
  return h.slice(t * H, (t + 1) * H);
}

/** h_t of all steps, from zeros, and from zeros again at step `reset`. @param {Layer} layer @param {number} D @param {number[]} ids @param {number | null} reset */
function run({ H, weightIh, weightHh, bias }, D, ids, reset) {
  const weights = { inputSize: D, hiddenSize: H, weightIh, weightHh, biasIh: bias, biasHh: new Float64Array(H) };
  const out = new Float64Array(ids.length * H);
  const cut = reset === null ? ids.length : reset - 1;
  for (const [from, to] of [
    [0, cut],
    [cut, ids.length],
  ]) {
    const x = new Float64Array((to - from) * D); // one-hot; zeros for what is not in the alphabet
    for (let t = from; t < to; t++) if (ids[t] >= 0) x[(t - from) * D + ids[t]] = 1;
    out.set(sequenceForward({ cell: "RNN", ...weights }, x).h, from * H);
  }
  return out;
}

/** @param {string[]} symbols @param {number | undefined} id @param {string | null} other */
function replacement(symbols, id = -1, other) {
  const wanted = other === null ? -1 : symbols.indexOf(other);
  return wanted >= 0 && wanted !== id ? wanted : (id + 1) % symbols.length;
}
