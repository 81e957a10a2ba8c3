// @ts-check
/**
 * RNN, LSTM and GRU over a sequence, forward and backward, in float64. Arithmetic only: nothing here knows of a page.
 *
 * The equations, the gate order (i f g o and r z n) and the layout of the weights are torch.nn's and those of
 * `lessons_src/cells.py` and `lessons_src/backprop.py`; a test compares both directions with torch.
 *
 *   sequenceForward(weights, inputs, start?)            → SequenceRecord: every gate and state at every step
 *   sequenceBackward(weights, record, step, vector)     → SequenceGradients: ∂L/∂h_t and ∂L/∂c_t for all t ≤ step
 *   weightGradient(weights, record, gradients)          → ∂L/∂W_hh and the logarithm of its norm
 *   clampGate(weights, gate, value, units?)             → weights whose gate is held at its lower or upper end
 *   GATES[cell]                                         → the names of the blocks of rows of W_ih and W_hh, in order
 *
 * All arrays over time are flat and time-major: unit j of step t (from 0) is at t * H + j. H = hiddenSize, D = inputSize,
 * G = the number of gates. Pre-activations are called a. A clamp is a bias of ±∞: sigmoid(−∞) is 0 exactly, with slope 0,
 * so neither direction has to know about clamps.
 *
 * Gradients over long sequences leave the range of float64 (a sigmoid RNN of gain 0.5 underflows within 200 steps). The
 * backward pass therefore carries its vector divided by a power of two, renewed at every step, and gives norms as log10.
 */

/**
 * @typedef {"RNN" | "LSTM" | "GRU"} Cell
 * @typedef {"tanh" | "relu" | "sigmoid" | "identity"} Activation
 *
 * @typedef {object} Weights
 * @property {Cell} cell
 * @property {Activation} [activation] of an RNN; "tanh" if left out
 * @property {number} inputSize D
 * @property {number} hiddenSize H
 * @property {Float64Array} weightIh (G·H, D), row by row
 * @property {Float64Array} weightHh (G·H, H), row by row
 * @property {Float64Array} biasIh (G·H)
 * @property {Float64Array} biasHh (G·H)
 *
 * @typedef {object} SequenceRecord every array but h0 and c0 is (T·H); those that the cell does not have are empty
 * @property {Cell} cell
 * @property {number} T steps
 * @property {number} H units
 * @property {Float64Array} h0 (H)
 * @property {Float64Array} c0 (H), of an LSTM
 * @property {Float64Array} h
 * @property {Float64Array} i input gate
 * @property {Float64Array} f forget gate
 * @property {Float64Array} g candidate of an LSTM
 * @property {Float64Array} o output gate
 * @property {Float64Array} c cell state
 * @property {Float64Array} r reset gate
 * @property {Float64Array} z update gate; 1 keeps the past
 * @property {Float64Array} n candidate of a GRU
 * @property {Float64Array} m recurrent part of n, before the reset gate
 *
 * @typedef {object} SequenceGradients
 * @property {number} step the step whose direct gradient was given, from 0
 * @property {Float64Array} dH ((step+1)·H) ∂L/∂h_t, each row divided by its norm (a row of zeros stays)
 * @property {Float64Array} dC the same for ∂L/∂c_t of an LSTM; else empty
 * @property {Float64Array} logNormH (step+1) log10 ‖∂L/∂h_t‖; −∞ where it is exactly 0
 * @property {Float64Array} logNormC (step+1) log10 ‖∂L/∂c_t‖ of an LSTM; else empty
 * @property {Float64Array} dA ((step+1)·G·H) ∂L/∂(W_hh h_{t−1} + b_hh), divided by 2^exponent[t]
 * @property {Int32Array} exponent (step+1)
 */

/** @type {Record<Cell, readonly string[]>} */
export const GATES = { RNN: ["h"], LSTM: ["i", "f", "g", "o"], GRU: ["r", "z", "n"] };

/** @param {number} a */
const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/**
 * A nonlinearity and its slope, the slope in terms of the value: tanh′ = 1 − tanh².
 * @type {Record<Activation, { value: (a: number) => number, slope: (h: number) => number }>}
 */
const ACTIVATIONS = {
  tanh: { value: Math.tanh, slope: (h) => 1 - h * h },
  relu: { value: (a) => Math.max(a, 0), slope: (h) => (h > 0 ? 1 : 0) },
  sigmoid: { value: sigmoid, slope: (h) => h * (1 - h) },
  identity: { value: (a) => a, slope: () => 1 },
};

/** The arrays of a record. @type {Record<Cell, string>} */
const RECORDED = { RNN: "h", LSTM: "hifgoc", GRU: "hrznm" };
const NONE = new Float64Array(0);
const LOG10_2 = Math.log10(2);

/**
 * @param {Weights} weights
 * @param {Int32Array | Float64Array} inputs ids, each standing for a one-hot x_t, or x itself as (T·D)
 * @param {{ h0?: Float64Array, c0?: Float64Array, former?: SequenceRecord, kept?: number }} [start] the state before the
 *   first step, zeros if left out; and a record of these weights whose first `kept` steps are right. Its memory is used
 *   again, so it must not be read any more.
 * @returns {SequenceRecord}
 */
export function sequenceForward(weights, inputs, start = {}) {
  const { cell, inputSize: D, hiddenSize: H, weightHh, biasHh } = weights;
  const T = inputs instanceof Int32Array ? inputs.length : inputs.length / D;
  const record = emptyRecord(cell, T, H, start);
  const aXOf = inputProduct(weights, inputs);
  const step = stepOf(weights, record);
  const aH = biasHh.slice();
  for (let t = start.kept ?? 0; t < T; t++) {
    const past = t === 0 ? -H : (t - 1) * H;
    affine(weightHh, biasHh, t === 0 ? record.h0 : record.h.subarray(past, past + H), aH);
    step(t * H, past, aXOf(t), aH);
  }
  return record;
}

/**
 * Sends ∂L/∂h_step = vector back to the first step.
 * @param {Weights} weights
 * @param {SequenceRecord} record
 * @param {number} step from 0
 * @param {ArrayLike<number>} vector (H)
 * @returns {SequenceGradients}
 */
export function sequenceBackward(weights, record, step, vector) {
  const { cell, H } = record;
  const isLstm = cell === "LSTM";
  const rows = GATES[cell].length * H;
  const steps = step + 1;
  /** @type {SequenceGradients} */
  const out = {
    step,
    dH: new Float64Array(steps * H),
    dC: isLstm ? new Float64Array(steps * H) : NONE,
    logNormH: new Float64Array(steps),
    logNormC: isLstm ? new Float64Array(steps) : NONE,
    dA: new Float64Array(steps * rows),
    exponent: new Int32Array(steps),
  };
  const dH = Float64Array.from(vector);
  const dC = new Float64Array(isLstm ? H : 0);
  const local = backwardStepOf(weights, record);
  const dA = new Float64Array(rows);
  let exponent = 0;
  for (let t = step; t >= 0; t--) {
    exponent += takeOutPowerOfTwo(dH, dC);
    out.exponent[t] = exponent;
    // Here dH holds ∂L/∂h_t, and dC what c_t receives from c_{t+1}. The step completes dC, writes dA and then turns both
    // into what h_{t−1} and c_{t−1} receive other than through the product with W_hh.
    out.logNormH[t] = writeUnitRow(out.dH, t * H, dH, exponent);
    local(t * H, t === 0 ? -H : (t - 1) * H, dH, dC, dA, (total) => {
      out.logNormC[t] = writeUnitRow(out.dC, t * H, total, exponent);
    });
    out.dA.set(dA, t * rows);
    addTransposedProduct(weights.weightHh, dA, H, dH);
  }
  return out;
}

/**
 * ∂L/∂W_hh = Σ_t ∂L/∂a_t h_{t−1}ᵀ, summed over the steps that `gradients` covers.
 * @param {Weights} weights
 * @param {SequenceRecord} record
 * @param {SequenceGradients} gradients
 * @returns {{ dWeightHh: Float64Array, exponent: number, logNorm: number }} the gradient divided by 2^exponent, and
 *   log10 of its Frobenius norm
 */
export function weightGradient(weights, record, gradients) {
  const { H } = record;
  const rows = weights.weightHh.length / H;
  const sum = new Float64Array(rows * H);
  const top = gradients.exponent.reduce((a, b) => Math.max(a, b), -Infinity);
  for (let t = 0; t <= gradients.step; t++) {
    const scale = 2 ** (gradients.exponent[t] - top);
    if (scale === 0) continue;
    const past = t === 0 ? record.h0 : record.h;
    addOuterProduct(sum, gradients.dA, t * rows, rows, scale, past, t === 0 ? 0 : (t - 1) * H, H);
  }
  return { dWeightHh: sum, exponent: top, logNorm: Math.log10(norm(sum)) + top * LOG10_2 };
}

/**
 * Weights whose gate is held at its lower (value ≤ 0) or upper end, in some or all units.
 * @param {Weights} weights of an LSTM or GRU
 * @param {string} gate "i" "f" "g" "o" or "r" "z" "n"
 * @param {number} value 0 or 1; for the candidates g and n, −1 or 1
 * @param {Iterable<number> | null} [units] all if left out
 * @returns {Weights}
 */
export function clampGate(weights, gate, value, units = null) {
  const { cell, hiddenSize: H } = weights;
  const block = GATES[cell].indexOf(gate);
  const biasIh = weights.biasIh.slice();
  const end = value > 0 ? Infinity : -Infinity;
  for (const unit of units ?? biasIh.slice(0, H).keys()) biasIh[block * H + unit] = end;
  return { ...weights, biasIh };
}

/* ------------------------------------------------------------------------------------------------ the equations */

/**
 * One step forward: reads the state at `past` (−H: before the first step), writes the one at `now`.
 * @typedef {(now: number, past: number, aX: Float64Array, aH: Float64Array) => void} Step
 *
 * One step backward; see sequenceBackward. `seeC` is called with the completed ∂L/∂c_t of an LSTM.
 * @typedef {(now: number, past: number, dH: Float64Array, dC: Float64Array, dA: Float64Array,
 *   seeC: (dC: Float64Array) => void) => void} BackwardStep
 */

/** @param {Weights} weights @param {SequenceRecord} record @returns {Step} */
function stepOf(weights, record) {
  const { H, h0, c0, h, i, f, g, o, c, r, z, n, m } = record;
  const { tanh } = Math;
  const phi = ACTIVATIONS[weights.activation ?? "tanh"].value;
  if (weights.cell === "RNN")
    return (now, _past, aX, aH) => {
      for (let j = 0; j < H; j++) h[now + j] = phi(aX[j] + aH[j]);
    };
  if (weights.cell === "LSTM")
    return (now, past, aX, aH) => {
      for (let j = 0; j < H; j++) {
        const t = now + j;
        const cPrev = past < 0 ? c0[j] : c[past + j];
        i[t] = sigmoid(aX[j] + aH[j]);
        f[t] = sigmoid(aX[H + j] + aH[H + j]);
        g[t] = tanh(aX[2 * H + j] + aH[2 * H + j]);
        o[t] = sigmoid(aX[3 * H + j] + aH[3 * H + j]);
        c[t] = f[t] * cPrev + i[t] * g[t];
        h[t] = o[t] * tanh(c[t]);
      }
    };
  return (now, past, aX, aH) => {
    for (let j = 0; j < H; j++) {
      const t = now + j;
      const hPrev = past < 0 ? h0[j] : h[past + j];
      r[t] = sigmoid(aX[j] + aH[j]);
      z[t] = sigmoid(aX[H + j] + aH[H + j]);
      m[t] = aH[2 * H + j];
      n[t] = tanh(aX[2 * H + j] + r[t] * m[t]);
      h[t] = (1 - z[t]) * n[t] + z[t] * hPrev;
    }
  };
}

/** @param {Weights} weights @param {SequenceRecord} record @returns {BackwardStep} */
function backwardStepOf(weights, record) {
  const { H, h0, c0, h, i, f, g, o, c, r, z, n, m } = record;
  const { slope } = ACTIVATIONS[weights.activation ?? "tanh"];
  if (weights.cell === "RNN")
    return (now, _past, dH, _dC, dA) => {
      for (let j = 0; j < H; j++) dA[j] = dH[j] * slope(h[now + j]);
      dH.fill(0);
    };
  if (weights.cell === "LSTM")
    return (now, past, dH, dC, dA, seeC) => {
      for (let j = 0; j < H; j++) {
        const t = now + j;
        const tanhC = Math.tanh(c[t]);
        dA[3 * H + j] = dH[j] * tanhC * o[t] * (1 - o[t]);
        dC[j] += dH[j] * o[t] * (1 - tanhC * tanhC);
      }
      seeC(dC);
      for (let j = 0; j < H; j++) {
        const t = now + j;
        const cPrev = past < 0 ? c0[j] : c[past + j];
        dA[j] = dC[j] * g[t] * i[t] * (1 - i[t]);
        dA[H + j] = dC[j] * cPrev * f[t] * (1 - f[t]);
        dA[2 * H + j] = dC[j] * i[t] * (1 - g[t] * g[t]);
        dC[j] *= f[t];
      }
      dH.fill(0);
    };
  return (now, past, dH, _dC, dA) => {
    for (let j = 0; j < H; j++) {
      const t = now + j;
      const hPrev = past < 0 ? h0[j] : h[past + j];
      const dAn = dH[j] * (1 - z[t]) * (1 - n[t] * n[t]);
      dA[j] = dAn * m[t] * r[t] * (1 - r[t]);
      dA[H + j] = dH[j] * (hPrev - n[t]) * z[t] * (1 - z[t]);
      dA[2 * H + j] = dAn * r[t];
      dH[j] *= z[t];
    }
  };
}

/* ------------------------------------------------------------------------------------------- vectors and matrices */

/**
 * @param {Cell} cell @param {number} T @param {number} H
 * @param {{ h0?: Float64Array, c0?: Float64Array, former?: SequenceRecord }} start
 */
function emptyRecord(cell, T, H, { h0 = new Float64Array(H), c0 = new Float64Array(H), former }) {
  const record = /** @type {SequenceRecord} */ ({ cell, T, H, h0, c0: cell === "LSTM" ? c0 : NONE });
  for (const name of /** @type {Iterable<"h">} */ ("hifgocrznm"))
    record[name] = RECORDED[cell].includes(name) ? stretched(former?.[name] ?? NONE, T * H) : NONE;
  return record;
}

/**
 * An array of this length that begins like `values`, in the same memory if that is neither too small nor far too large.
 * @param {Float64Array} values @param {number} length
 */
function stretched(values, length) {
  const room = values.buffer.byteLength / 8;
  if (room >= length && room < 9 * length) return new Float64Array(values.buffer, 0, length);
  const moved = new Float64Array(values.length ? 1.25 * length : length);
  moved.set(values.subarray(0, length));
  return moved.subarray(0, length);
}

/**
 * W_ih x_t + b_ih, which does not depend on the past. For a one-hot x_t it is a column, made once for each id.
 * @param {Weights} weights
 * @param {Int32Array | Float64Array} inputs
 * @returns {(t: number) => Float64Array}
 */
function inputProduct({ inputSize: D, weightIh, biasIh }, inputs) {
  if (inputs instanceof Int32Array) {
    /** @type {Float64Array[]} */
    const columns = [];
    return (t) => {
      const id = inputs[t];
      if (!columns[id]) {
        columns[id] = biasIh.slice();
        for (let k = 0; k < biasIh.length; k++) columns[id][k] += weightIh[k * D + id];
      }
      return columns[id];
    };
  }
  const product = biasIh.slice();
  return (t) => {
    affine(weightIh, biasIh, inputs.subarray(t * D, (t + 1) * D), product);
    return product;
  };
}

/** The rows of a matrix: to look along them is faster than to count where they begin. @type {WeakMap<Float64Array, Float64Array[]>} */
const ROWS = new WeakMap();

/**
 * out = W v + b. Four sums at a time, since one sum has to wait for each of its additions.
 * @param {Float64Array} W @param {Float64Array} b @param {Float64Array} v @param {Float64Array} out
 */
export function affine(W, b, v, out) {
  const columns = v.length;
  let rows = ROWS.get(W);
  if (!rows) {
    rows = Array.from(out, (_, k) => W.subarray(k * columns, (k + 1) * columns));
    ROWS.set(W, rows);
  }
  let k = 0;
  for (; k + 3 < rows.length; k += 4) {
    const w0 = rows[k];
    const w1 = rows[k + 1];
    const w2 = rows[k + 2];
    const w3 = rows[k + 3];
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let j = 0; j < columns; j++) {
      const x = v[j];
      sum0 += w0[j] * x;
      sum1 += w1[j] * x;
      sum2 += w2[j] * x;
      sum3 += w3[j] * x;
    }
    out[k] = sum0 + b[k];
    out[k + 1] = sum1 + b[k + 1];
    out[k + 2] = sum2 + b[k + 2];
    out[k + 3] = sum3 + b[k + 3];
  }
  for (; k < rows.length; k++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += rows[k][j] * v[j];
    out[k] = sum + b[k];
  }
}

/**
 * out += Wᵀ v, four rows of W at a time.
 * @param {Float64Array} W @param {Float64Array} v @param {number} columns @param {Float64Array} out
 */
function addTransposedProduct(W, v, columns, out) {
  const rows = v.length;
  let k = 0;
  for (; k + 3 < rows; k += 4) {
    const w = k * columns;
    const v0 = v[k];
    const v1 = v[k + 1];
    const v2 = v[k + 2];
    const v3 = v[k + 3];
    for (let j = 0; j < columns; j++)
      out[j] += v0 * W[w + j] + v1 * W[w + columns + j] + v2 * W[w + 2 * columns + j] + v3 * W[w + 3 * columns + j];
  }
  for (; k < rows; k++) for (let j = 0; j < columns; j++) out[j] += v[k] * W[k * columns + j];
}

/**
 * sum += scale · a bᵀ
 * @param {Float64Array} sum @param {Float64Array} a @param {number} aFrom @param {number} rows @param {number} scale
 * @param {Float64Array} b @param {number} bFrom @param {number} columns
 */
function addOuterProduct(sum, a, aFrom, rows, scale, b, bFrom, columns) {
  for (let k = 0; k < rows; k++) {
    const factor = scale * a[aFrom + k];
    if (factor !== 0) for (let j = 0; j < columns; j++) sum[k * columns + j] += factor * b[bFrom + j];
  }
}

/**
 * Divides both vectors by the power of two that brings the larger near 1, which loses no digit; returns its exponent.
 * @param {Float64Array} a @param {Float64Array} b
 */
function takeOutPowerOfTwo(a, b) {
  const size = Math.max(largest(a), largest(b));
  if (!(size > 0) || size === Infinity) return 0;
  const exponent = Math.floor(Math.log2(size));
  const scale = 2 ** -exponent;
  for (let j = 0; j < a.length; j++) a[j] *= scale;
  for (let j = 0; j < b.length; j++) b[j] *= scale;
  return exponent;
}

/** @param {Float64Array} v */
function largest(v) {
  let size = 0;
  for (let j = 0; j < v.length; j++) size = Math.max(size, Math.abs(v[j]));
  return size;
}

/** @param {Float64Array} v */
function norm(v) {
  const size = largest(v);
  if (size === 0) return 0;
  let sum = 0;
  for (let j = 0; j < v.length; j++) sum += (v[j] / size) ** 2;
  return size * Math.sqrt(sum);
}

/**
 * Writes v / ‖v‖ and returns log10 of ‖v‖ · 2^exponent.
 * @param {Float64Array} rows @param {number} at @param {Float64Array} v @param {number} exponent
 */
function writeUnitRow(rows, at, v, exponent) {
  const length = norm(v);
  if (length > 0) for (let j = 0; j < v.length; j++) rows[at + j] = v[j] / length;
  return Math.log10(length) + exponent * LOG10_2;
}
