// @ts-check
/**
 * Backpropagation through time, in float64, for a tanh RNN that reads one number per step. Arithmetic only; the arithmetic
 * of BackpropStepper and TruncationWindow. The forward pass is that of `cells.js`; the backward pass keeps every term.
 *
 *   network(weightIh, weightHh, bias)               the weights as cells.js takes them; H from the bias
 *   run(weights, inputs, h0)                        → h (T·H)
 *   backward(weights, h, direct)                    → every ∂L/∂ on the way back; see Backward
 *   perStep(dA, h, h0)                              → (T·H·H), each step's part of ∂L/∂W_hh: ∂L/∂a_t h_{t−1}ᵀ
 *   createPass(settings)                            the pass of BackpropStepper, with a second opinion on each term
 *   stagesOf(T, losses)                             the terms in the order in which they are computed
 *   windowsOf(T, window, stride)                    where backward passes begin and end
 *   through(weights, inputs, targets, windows, carry)    forward and backward, window by window
 *
 * Arrays over time are flat and time-major: unit j of step t (from 1) is at (t − 1) * H + j.
 */
import { sequenceForward } from "./cells.js";

/**
 * @typedef {import("./cells.js").Weights} Weights
 *
 * @typedef {object} Backward
 * @property {Float64Array} fromNext ((T+1)·H) row t (from 0) is what h_t receives from step t + 1: W_hhᵀ ∂L/∂a_{t+1}
 * @property {Float64Array} dH (T·H) ∂L/∂h_t: the loss's own gradient and the one from the next step, added
 * @property {Float64Array} dA (T·H) ∂L/∂a_t
 *
 * @typedef {"loss" | "meet" | "tanh" | "W_hh" | "W_ih" | "b" | "past" | "check"} Kind
 * @typedef {{ t: number, kind: Kind }} Stage t from 1; 0 for the check of the sums
 *
 * @typedef {object} Settings of BackpropStepper
 * @property {number} T
 * @property {number} H
 * @property {number[]} weightIh (H)
 * @property {number[]} weightHh (H·H)
 * @property {number[]} bias (H)
 * @property {number[]} inputs (T)
 * @property {number[]} targets (T·H)
 * @property {number[]} losses the steps that have a loss, from 1
 *
 * @typedef {ReturnType<typeof createPass>} Pass
 * @typedef {{ first: number, last: number, from: number }} Window steps from 1: the backward pass goes from `last` to
 *   `first`; the losses from `from` to `last` are its own
 * @typedef {ReturnType<typeof through>} Through
 */

/** How far a quantity is nudged, to both sides. */
const NUDGE = 1e-5;

/** @param {ArrayLike<number>} weightIh @param {ArrayLike<number>} weightHh @param {ArrayLike<number>} bias @returns {Weights} */
export function network(weightIh, weightHh, bias) {
  const H = bias.length;
  return {
    cell: "RNN",
    inputSize: 1,
    hiddenSize: H,
    weightIh: Float64Array.from(weightIh),
    weightHh: Float64Array.from(weightHh),
    biasIh: Float64Array.from(bias),
    biasHh: new Float64Array(H),
  };
}

/** @param {Weights} weights @param {ArrayLike<number>} inputs @param {Float64Array} h0 */
export function run(weights, inputs, h0) {
  return sequenceForward(weights, Float64Array.from(inputs), { h0 }).h;
}

/**
 * ∂L/∂h_t = direct_t + W_hhᵀ ∂L/∂a_{t+1} and ∂L/∂a_t = (1 − h_t²) ⊙ ∂L/∂h_t, from the last step to the first.
 * @param {Weights} weights
 * @param {Float64Array} h (T·H)
 * @param {Float64Array} direct (T·H) what the loss sends to h_t directly
 * @returns {Backward}
 */
export function backward({ hiddenSize: H, weightHh }, h, direct) {
  const fromNext = new Float64Array(h.length + H);
  const dH = new Float64Array(h.length);
  const dA = new Float64Array(h.length);
  for (let at = h.length - H; at >= 0; at -= H) {
    for (let j = 0; j < H; j++) {
      dH[at + j] = direct[at + j] + fromNext[at + H + j];
      dA[at + j] = (1 - h[at + j] * h[at + j]) * dH[at + j];
    }
    for (let j = 0; j < H; j++) for (let k = 0; k < H; k++) fromNext[at + j] += weightHh[k * H + j] * dA[at + k];
  }
  return { fromNext, dH, dA };
}

/** @param {Float64Array} dA @param {Float64Array} h @param {Float64Array} h0 */
function perStep(dA, h, h0) {
  const H = h0.length;
  const parts = new Float64Array(dA.length * H);
  for (let row = 0; row < dA.length; row++) {
    const past = Math.floor(row / H) - 1;
    for (let i = 0; i < H; i++) parts[row * H + i] = dA[row] * (past < 0 ? h0[i] : h[past * H + i]);
  }
  return parts;
}

/* ------------------------------------------------------------------------------------------------- BackpropStepper */

/** @param {number} T @param {number[]} losses @returns {Stage[]} */
export function stagesOf(T, losses) {
  /** @type {Stage[]} */
  const stages = [];
  for (let t = T; t >= 1; t--) {
    if (losses.includes(t)) stages.push({ t, kind: "loss" });
    for (const kind of /** @type {Kind[]} */ (["meet", "tanh", "W_hh", "W_ih", "b", "past"])) stages.push({ t, kind });
  }
  return [...stages, { t: 0, kind: "check" }];
}

/** @param {Settings} settings */
export function createPass({ T, H, weightIh, weightHh, bias, inputs, targets, losses }) {
  const weights = network(weightIh, weightHh, bias);
  const h0 = new Float64Array(H);
  const h = run(weights, inputs, h0);
  const a = h.map((_, at) => {
    const [t, j] = [Math.floor(at / H), at % H];
    let sum = weightIh[j] * inputs[t] + bias[j];
    for (let i = 0; t && i < H; i++) sum += weightHh[j * H + i] * h[(t - 1) * H + i];
    return sum;
  });
  const direct = h.map((value, at) => (losses.includes(Math.floor(at / H) + 1) ? value - targets[at] : 0));
  const back = backward(weights, h, direct);
  const parts = {
    W_hh: perStep(back.dA, h, h0),
    W_ih: back.dA.map((d, at) => d * inputs[Math.floor(at / H)]),
    b: back.dA.slice(),
  };

  /** L_t of this state, and L_t + … + L_T of these. @param {number} t @param {ArrayLike<number>} state */
  const lossAt = (t, state) => {
    let sum = 0;
    if (losses.includes(t)) for (let j = 0; j < H; j++) sum += (state[j] - targets[(t - 1) * H + j]) ** 2 / 2;
    return sum;
  };
  /** @param {number} t @param {Float64Array} states of step t and after */
  const lossOf = (t, states) => {
    let sum = 0;
    for (let k = 0; k < states.length / H; k++) sum += lossAt(t + k, states.subarray(k * H, (k + 1) * H));
    return sum;
  };

  /**
   * L when one quantity is moved at step t and nowhere else, by running forward from there: no backward pass is asked.
   * @param {Kind} kind @param {number} t @param {number} at which number of that quantity @param {number} by
   */
  const lossWith = (kind, t, at, by) => {
    const moved = (/** @type {Float64Array} */ values, /** @type {boolean} */ yes) =>
      yes ? values.map((value, k) => (k === at ? value + by : value)) : values;
    const here = {
      ...weights,
      weightHh: moved(weights.weightHh, kind === "W_hh"),
      weightIh: moved(weights.weightIh, kind === "W_ih"),
      biasIh: moved(weights.biasIh, kind === "b" || kind === "tanh"),
    };
    const past = t === 1 ? h0 : h.subarray((t - 2) * H, (t - 1) * H);
    const state = run(here, [inputs[t - 1]], moved(past, kind === "past"));
    const seen = moved(state, kind === "loss" || kind === "meet");
    const rest = run(weights, inputs.slice(t), moved(state, kind === "meet"));
    return lossAt(t, seen) + lossOf(t + 1, rest);
  };
  /** L when a weight is moved at every step. @param {"W_hh" | "W_ih" | "b"} kind @param {number} at @param {number} by */
  const lossWithAll = (kind, at, by) => {
    const key = { W_hh: "weightHh", W_ih: "weightIh", b: "biasIh" }[kind];
    const values = Float64Array.from(/** @type {any} */ (weights)[key]);
    values[at] += by;
    return lossOf(1, run({ ...weights, [key]: values }, inputs, h0));
  };

  return {
    ...{ T, H, weights, inputs, targets, losses, h0, h, a, direct, parts, lossAt },
    ...back,
    loss: lossOf(1, h),
    /** ∂L/∂W over the steps from T down to t. @param {"W_hh" | "W_ih" | "b"} kind @param {number} at @param {number} [t] */
    sum: (kind, at, t = 1) => {
      const size = parts[kind].length / T;
      let sum = 0;
      for (let k = T - 1; k >= t - 1; k--) sum += parts[kind][k * size + at];
      return sum;
    },
    /** The derivative by nudging, at one step. @param {Kind} kind @param {number} t @param {number} at */
    nudged: (kind, t, at) => (lossWith(kind, t, at, NUDGE) - lossWith(kind, t, at, -NUDGE)) / (2 * NUDGE),
    /** @param {"W_hh" | "W_ih" | "b"} kind @param {number} at */
    nudgedAll: (kind, at) => (lossWithAll(kind, at, NUDGE) - lossWithAll(kind, at, -NUDGE)) / (2 * NUDGE),
  };
}

/* ------------------------------------------------------------------------------------------------ TruncationWindow */

/**
 * A backward pass every `stride` steps, `window` steps back from there, for the losses that are new since the last one
 * (Williams and Peng, 1990). The last pass may end early. One window of T steps is backpropagation through time in full.
 * @param {number} T @param {number} window @param {number} stride
 * @returns {Window[]}
 */
export function windowsOf(T, window, stride) {
  const windows = [];
  for (let end = stride; end < T + stride; end += stride)
    windows.push({ first: Math.max(1, end - window + 1), last: Math.min(end, T), from: end - stride + 1 });
  return windows;
}

/**
 * Forward and backward with L_t = ½ ‖h_t − y_t‖² at every step, window by window, each from the state before its first
 * step, which is a plain number there: nothing flows back through it.
 * @param {Weights} weights
 * @param {Float64Array} inputs (T)
 * @param {Float64Array} targets (T·H)
 * @param {Window[]} windows
 * @param {boolean} carry whether a window begins with the state before its first step, or with zeros
 */
export function through(weights, inputs, targets, windows, carry) {
  const H = weights.hiddenSize;
  const states = new Float64Array(targets.length);
  const dWeightHh = new Float64Array(H * H);
  /** @type {{ first: number, dH: Float64Array }[]} */
  const reach = [];
  for (const { first, last, from } of windows) {
    const h0 = carry && first > 1 ? states.slice((first - 2) * H, (first - 1) * H) : new Float64Array(H);
    const h = run(weights, inputs.subarray(first - 1, last), h0);
    states.set(h.subarray((from - first) * H), (from - 1) * H);
    const direct = h.map((value, at) => (at < (from - first) * H ? 0 : value - targets[(first - 1) * H + at]));
    const parts = perStep(backward(weights, h, direct).dA, h, h0);
    for (let at = parts.length - 1; at >= 0; at--) dWeightHh[at % (H * H)] += parts[at];
    for (let t = from; t <= last; t++) {
      const end = (t - first + 1) * H;
      const alone = direct.map((value, at) => (at >= end - H && at < end ? value : 0));
      const dH = new Float64Array(targets.length);
      dH.set(backward(weights, h, alone).dH, (first - 1) * H);
      reach.push({ first, dH });
    }
  }
  return { states, reach, dWeightHh };
}
