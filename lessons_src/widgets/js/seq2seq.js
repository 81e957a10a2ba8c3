// @ts-check
/**
 * An encoder and a decoder of GRUs, with dot attention or none, in float64. Arithmetic only. The equations and the names
 * of the weights are those of `lessons_src/seq2seq.py`; a test compares the two.
 *
 *   createSeq2Seq(weights, attention)  → { encode(ids), step(encoded, state, token, given?) }
 *   encode(Int32Array of source ids)   → Encoded: the outputs of all source steps and the decoder's first state
 *   step(encoded, state, token, given) → Step: the scores of the next token, the state after it, the attention weights;
 *                                        `given` weights take the place of its own
 *   logSoftmax(scores)                 → logarithms of the probabilities
 *   allowed(scores)                    → scores with START and the last token, which stands for unknown ones, at −∞
 */
import { unpack } from "./arrays.js";
import { sequenceForward } from "./cells.js";

export const START_ID = 0;
export const END_ID = 1;

/**
 * @typedef {object} Encoded
 * @property {number} S source steps
 * @property {number} W the width of an output: H, or 2H of an encoder that reads both ways
 * @property {Float64Array} outputs (S·W)
 * @property {Float64Array} state (H) the decoder's first
 *
 * @typedef {object} Step
 * @property {Float64Array} scores (V), before the softmax
 * @property {Float64Array} state (H)
 * @property {Float64Array | null} weights (S); null without attention
 * @property {Float64Array | null} context (W); null without attention
 */

/**
 * @param {Record<string, import("./arrays.js").Packed>} packed the model's state dict
 * @param {string} attention "dot" or "none"
 */
export function createSeq2Seq(packed, attention) {
  const arrays = Object.fromEntries(Object.entries(packed).map(([name, array]) => [name, unpack(array)]));
  /** @param {string} name */
  const values = (name) => arrays[name].values;
  const forward = gru(arrays, "encoder", "_l0");
  const backward = arrays["encoder.weight_ih_l0_reverse"] ? gru(arrays, "encoder", "_l0_reverse") : null;
  const decoder = gru(arrays, "decoder", "_l0");
  const H = forward.hiddenSize;
  const W = backward ? 2 * H : H;

  /** @param {Int32Array} ids @returns {Encoded} */
  function encode(ids) {
    const S = ids.length;
    const there = sequenceForward(forward, rowsOf(arrays["source_embedding.weight"], ids)).h;
    if (!backward) return { S, W, outputs: there, state: there.slice((S - 1) * H) };
    const back = sequenceForward(backward, rowsOf(arrays["source_embedding.weight"], ids.slice().reverse())).h;
    const outputs = new Float64Array(S * W);
    for (let s = 0; s < S; s++) {
      outputs.set(there.subarray(s * H, (s + 1) * H), s * W);
      outputs.set(back.subarray((S - 1 - s) * H, (S - s) * H), s * W + H);
    }
    const ends = new Float64Array(W);
    ends.set(there.subarray((S - 1) * H));
    ends.set(back.subarray((S - 1) * H), H);
    return { S, W, outputs, state: times(values("bridge.weight"), ends, values("bridge.bias")).map(Math.tanh) };
  }

  /**
   * @param {Encoded} encoded @param {Float64Array} state @param {number} token
   * @param {ArrayLike<number> | null} [given] attention weights (S) instead of its own
   * @returns {Step}
   */
  function step(encoded, state, token, given = null) {
    const read = rowsOf(arrays["target_embedding.weight"], Int32Array.of(token));
    const h = sequenceForward(decoder, read, { h0: state }).h;
    if (attention === "none") return { scores: head(h), state: h, weights: null, context: null };
    const { outputs, S } = encoded;
    const weights = given ? Float64Array.from(given) : softmax(times(outputs, transposedTimes(h), new Float64Array(S)));
    const context = new Float64Array(W);
    for (let s = 0; s < S; s++) for (let j = 0; j < W; j++) context[j] += weights[s] * outputs[s * W + j];
    const both = new Float64Array(W + H);
    both.set(context);
    both.set(h, W);
    const mixed = times(values("combine.weight"), both, values("combine.bias")).map(Math.tanh);
    return { scores: head(mixed), state: h, weights, context };
  }

  /** hᵀ W, so that hᵀ W k needs W once a step only. @param {Float64Array} h */
  function transposedTimes(h) {
    const weight = values("score.key.weight");
    const product = new Float64Array(W);
    for (let i = 0; i < H; i++) for (let j = 0; j < W; j++) product[j] += h[i] * weight[i * W + j];
    return product;
  }

  /** @param {Float64Array} h */
  const head = (h) => times(values("head.weight"), h, values("head.bias"));

  return { encode, step };
}

/** @param {Float64Array} scores */
export function softmax(scores) {
  return logSoftmax(scores).map(Math.exp);
}

/** @param {Float64Array} scores */
export function logSoftmax(scores) {
  const most = Math.max(...scores);
  const log = most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
  return scores.map((score) => score - log);
}

/** @param {Float64Array} scores */
export function allowed(scores) {
  const copy = scores.slice();
  copy[START_ID] = -Infinity;
  copy[copy.length - 1] = -Infinity;
  return copy;
}

/**
 * @param {Record<string, { shape: number[], values: Float64Array }>} arrays @param {string} layer @param {string} suffix
 * @returns {import("./cells.js").Weights}
 */
function gru(arrays, layer, suffix) {
  /** @param {string} name */
  const values = (name) => arrays[`${layer}.${name}${suffix}`].values;
  return {
    cell: "GRU",
    inputSize: arrays[`${layer}.weight_ih${suffix}`].shape[1],
    hiddenSize: arrays[`${layer}.weight_hh${suffix}`].shape[1],
    weightIh: values("weight_ih"),
    weightHh: values("weight_hh"),
    biasIh: values("bias_ih"),
    biasHh: values("bias_hh"),
  };
}

/** @param {{ shape: number[], values: Float64Array }} table @param {Int32Array} ids */
function rowsOf({ shape, values }, ids) {
  const size = shape[1];
  const rows = new Float64Array(ids.length * size);
  ids.forEach((id, k) => {
    rows.set(values.subarray(id * size, (id + 1) * size), k * size);
  });
  return rows;
}

/** M v + b @param {Float64Array} M row by row @param {Float64Array} v @param {Float64Array} b */
function times(M, v, b) {
  return b.map((sum, row) => v.reduce((total, x, column) => total + M[row * v.length + column] * x, sum));
}
