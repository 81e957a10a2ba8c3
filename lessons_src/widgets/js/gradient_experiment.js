// @ts-check
/**
 * The experiment behind GradientExplorer: a cell with random weights reads noise, the loss is the last state seen from one
 * random direction, and its gradient is followed back to the first step. Arithmetic only.
 *
 *   drawWeights(settings)          W_ih ~ N(0, 1/8) for 8 inputs, W_hh as chosen, biases 0 but for one gate
 *   drawInputs(settings, D)        (T·D) of N(0, s²)
 *   drawDirection(settings, H)     a random unit vector: ∂L/∂h_T
 *   follow(weights, inputs, direction)   forward and backward → Result
 *   overSeeds(results)             the 5, 50 and 95 per cent lines over several results
 *
 * Everything random has a stream of its own, so that a longer sequence begins like a shorter one and the gain changes
 * nothing but the scale. `lessons_src/widgets/draws.py` draws the same numbers.
 */
import { GATES, sequenceBackward, sequenceForward, weightGradient } from "./cells.js";
import { orthogonal } from "./linalg.js";
import { normals } from "./random.js";

/**
 * @typedef {import("./cells.js").Weights} Weights
 *
 * @typedef {object} Settings
 * @property {import("./cells.js").Cell} cell
 * @property {import("./cells.js").Activation} activation of an RNN
 * @property {"orthogonal" | "gaussian" | "identity"} initialisation of W_hh, each gate's block by itself
 * @property {number} gain what W_hh is multiplied with
 * @property {number} steps T
 * @property {number} hiddenSize H
 * @property {number} noise s, the standard deviation of the inputs
 * @property {number} seed
 * @property {number} gateBias of the forget gate of an LSTM, of the update gate of a GRU
 *
 * @typedef {object} Result all norms as log10, at index t − 1 for step t
 * @property {Float64Array} gradientH ‖∂L/∂h_t‖ / ‖∂L/∂h_T‖
 * @property {Float64Array} gradientC ‖∂L/∂c_t‖ / ‖∂L/∂h_T‖ of an LSTM; else empty
 * @property {Float64Array} state ‖h_t‖
 * @property {() => number} weightGradient ‖∂L/∂W_hh‖, computed when asked for, since a moving control has no time for it
 */

const INPUT_SIZE = 8;
const STREAM = { recurrent: 0, input: 1, direction: 2, noise: 3 };

/** W_hh before the gain; kept, since a reader who drags the gain asks for the same one again and again. */
const recurrentOf = remember(
  (/** @type {Settings} */ { cell, initialisation, hiddenSize: H, seed }) => {
    const blocks = GATES[cell].length;
    const W = new Float64Array(blocks * H * H);
    const draws = initialisation === "identity" ? W : normals(seed, STREAM.recurrent, W.length);
    for (let block = 0; block < blocks; block++)
      W.set(blockOf(initialisation, draws.subarray(block * H * H, (block + 1) * H * H), H), block * H * H);
    return W;
  },
  ({ cell, initialisation, hiddenSize, seed }) => `${cell} ${initialisation} ${hiddenSize} ${seed}`,
);

/** @param {string} initialisation @param {Float64Array} draws @param {number} H */
function blockOf(initialisation, draws, H) {
  if (initialisation === "orthogonal") return orthogonal(draws, H);
  if (initialisation === "gaussian") return draws.map((x) => x / Math.sqrt(H));
  return Float64Array.from(draws, (_, k) => (k % (H + 1) === 0 ? 1 : 0));
}

/** @param {Settings} settings @returns {Weights} */
export function drawWeights(settings) {
  const { cell, activation, gain, hiddenSize: H, seed, gateBias } = settings;
  const rows = GATES[cell].length * H;
  const biasIh = new Float64Array(rows);
  if (cell !== "RNN") biasIh.fill(gateBias, H, 2 * H); // the second gate of both: f, z
  return {
    cell,
    activation,
    inputSize: INPUT_SIZE,
    hiddenSize: H,
    weightIh: normals(seed, STREAM.input, rows * INPUT_SIZE).map((x) => x / Math.sqrt(8)),
    weightHh: recurrentOf(settings).map((x) => gain * x),
    biasIh,
    biasHh: new Float64Array(rows),
  };
}

/** @param {Pick<Settings, "seed" | "steps" | "noise">} settings @param {number} size */
export function drawInputs({ seed, steps, noise }, size) {
  return normals(seed, STREAM.noise, steps * size).map((x) => noise * x);
}

/** @param {number} seed @param {number} H */
export function drawDirection(seed, H) {
  const draws = normals(seed, STREAM.direction, H);
  const length = norm(draws);
  return draws.map((x) => x / length);
}

/**
 * @param {Weights} weights
 * @param {Float64Array} inputs
 * @param {Float64Array} direction
 * @returns {Result}
 */
export function follow(weights, inputs, direction) {
  const record = sequenceForward(weights, inputs);
  const { T, H, h } = record;
  const gradients = sequenceBackward(weights, record, T - 1, direction);
  const last = gradients.logNormH[T - 1];
  /** @type {number | undefined} */
  let total;
  return {
    gradientH: gradients.logNormH.map((x) => x - last),
    gradientC: gradients.logNormC.map((x) => x - last),
    state: Float64Array.from({ length: T }, (_, t) => Math.log10(norm(h.subarray(t * H, (t + 1) * H)))),
    weightGradient: () => {
      total ??= weightGradient(weights, record, gradients).logNorm;
      return total;
    },
  };
}

/** @param {Float64Array} v */
function norm(v) {
  let sum = 0;
  for (const x of v) sum += x * x;
  return Math.sqrt(sum);
}

/**
 * @param {Float64Array[]} curves of the same length
 * @returns {{ low: Float64Array, middle: Float64Array, high: Float64Array }} the 5, 50 and 95 per cent lines
 */
export function overSeeds(curves) {
  const T = curves[0].length;
  const band = { low: new Float64Array(T), middle: new Float64Array(T), high: new Float64Array(T) };
  for (let t = 0; t < T; t++) {
    const sorted = Float64Array.from(curves, (curve) => curve[t]).sort();
    band.low[t] = percentile(sorted, 0.05);
    band.middle[t] = percentile(sorted, 0.5);
    band.high[t] = percentile(sorted, 0.95);
  }
  return band;
}

/** Between two values, in proportion, as NumPy does it. @param {Float64Array} sorted @param {number} part */
function percentile(sorted, part) {
  const at = part * (sorted.length - 1);
  const k = Math.floor(at);
  const rest = at - k;
  return rest === 0 ? sorted[k] : sorted[k] + rest * (sorted[k + 1] - sorted[k]);
}

/**
 * @template A, R
 * @param {(argument: A) => R} compute
 * @param {(argument: A) => string} keyOf
 * @returns {(argument: A) => R}
 */
export function remember(compute, keyOf) {
  /** @type {Map<string, R>} */
  const known = new Map();
  return (argument) => {
    const key = keyOf(argument);
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size > 30) known.clear();
    const value = compute(argument);
    known.set(key, value);
    return value;
  };
}
