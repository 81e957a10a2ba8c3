// @ts-check
/**
 * Self-attention of a few words with every number in between, and what a softmax makes of random dot products. The same
 * in Python: `lessons_src/widgets/attention_stepper.py`.
 *
 *   compute(settings)              → Scene: queries, keys, values, products, scores, weights, answers
 *   saturation(seed, size)         → { scaled, plain }, each { weights, largest, entropy }
 *   rowsOf("1 0; 0 1")             → [[1, 0], [0, 1]], or undefined where that is not what came
 *   textOf(rows)                   the inverse
 */
import { normals } from "./random.js";

/** @typedef {ReturnType<typeof compute>} Scene */
/** @typedef {ReturnType<typeof attend>} Head */
/** @typedef {"query" | "key" | "value"} Role */

export const [MOST_WORDS, MOST_SIZE, LIMIT, MOST_BELOW] = [6, 4, 10, 512];
export const [KEYS, QUERIES] = [16, 32];
export const SIZES = Array.from({ length: 10 }, (_, k) => 2 ** k);
/** @type {Role[]} */
export const ROLES = ["query", "key", "value"];
export const MATRICES = ["example", "identity", "random"];
export const MASKS = ["none", "causal", "padding", "everything"];
const STREAMS = { query: 8, key: 9, value: 10, keysBelow: 11, queriesBelow: 12 };

const EXAMPLE = {
  query: ["1 0 0 0", "0 1 0 0", "0 0 1 0", "0 1 0 1"],
  key: ["1 2 0 0", "0 1 0 0", "0 0 1 0", "0 0 0 -2"],
  value: ["0 1 0 0", "1 0 0 0", "0 0 2 0", "0 0 0 1"],
};
const USUAL = /** @type {number[][]} */ (rowsOf("1 0 1 0; 0 1 0 1; 1 1 0 0; 0 0 1 1; 1 0 0 1; 0 1 1 0"));

/** @param {unknown} text @returns {number[][] | undefined} */
export function rowsOf(text) {
  if (typeof text !== "string") return undefined;
  const parts = text.split(";").map((row) => row.trim().split(/[\s,]+/));
  const rows = parts.map((row) => row.map((word) => (word === "" ? Number.NaN : Number(word))));
  const even = rows.every((row) => row.length === rows[0].length && row.every((x) => Math.abs(x) <= LIMIT));
  return even && rows.length <= MOST_WORDS && rows[0].length <= MOST_SIZE ? rows : undefined;
}

/** @param {number[][]} rows */
export const textOf = (rows) => rows.map((row) => row.join(" ")).join("; ");

/** The rows of as many words, the usual ones where none are given. @param {number[][]} rows @param {number} count */
export const fitted = (rows, count) =>
  Array.from({ length: count }, (_, t) => rows[t] ?? USUAL[t].slice(0, rows[0].length));

/** The same rows with another size. @param {number[][]} rows @param {number} size */
export const resized = (rows, size) =>
  rows.map((row, t) => Array.from({ length: size }, (_, j) => row[j] ?? USUAL[t][j]));

/**
 * @param {object} settings
 * @param {string} settings.words
 * @param {string} settings.vectors
 * @param {string} settings.matrices
 * @param {number} settings.seed
 * @param {boolean} settings.scaled
 * @param {string} settings.mask
 * @param {number} settings.heads
 * @param {number} settings.asking
 * @param {number} settings.step
 */
export function compute({ words: text, vectors, matrices, seed, scaled, mask, heads: wanted, asking, step }) {
  const words = text.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
  const n = words.length;
  const rows = /** @type {number[][]} */ (rowsOf(vectors));
  const x = fitted(rows, n);
  const d = rows[0].length;
  const heads = d % wanted ? 1 : wanted;
  const size = d / heads;
  const weights = matricesOf(matrices, seed, d);
  const [q, k, v] = ROLES.map((role) => x.map((row) => times(row, weights[role])));
  const seen = words.map((_, t) => words.map((_, s) => visible(mask, t, s, n)));
  const part = (/** @type {number[][]} */ all, /** @type {number} */ h) =>
    all.map((row) => row.slice(h * size, (h + 1) * size));
  const all = Array.from({ length: heads }, (_, h) =>
    attend(part(q, h), part(k, h), part(v, h), scaled ? Math.sqrt(size) : 1, seen),
  );
  const context = words.map((_, t) => all.flatMap((head) => head.context[t]));
  return {
    ...{ words, n, x, d, size, scaled, mask, step, seed, matrices, weights, seen, context },
    ...{ heads: all, at: Math.min(asking, n) - 1, halved: wanted > 1 && heads === 1 },
  };
}

/** @param {string} mask @param {number} t who asks @param {number} s who is asked @param {number} n */
function visible(mask, t, s, n) {
  if (mask === "causal") return s <= t;
  if (mask === "padding") return s < n - 1;
  return mask === "none";
}

/** @param {string} matrices @param {number} seed @param {number} d @returns {Record<Role, number[][]>} */
function matricesOf(matrices, seed, d) {
  const square = (/** @type {(i: number, j: number) => number} */ entry) =>
    Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => entry(i, j)));
  const made = ROLES.map((role) => {
    if (matrices === "identity") return square((i, j) => Number(i === j));
    const drawn = normals(seed, STREAMS[role], d * d);
    const given = /** @type {number[][]} */ (rowsOf(EXAMPLE[role].join(";")));
    return square((i, j) => (matrices === "random" ? Math.floor(10 * drawn[i * d + j] + 0.5) / 10 : given[i][j]));
  });
  return { query: made[0], key: made[1], value: made[2] };
}

/** x W for one row x @param {number[]} x @param {number[][]} W */
const times = (x, W) => W[0].map((_, j) => x.reduce((sum, x_i, i) => sum + x_i * W[i][j], 0));

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} length @param {number} [from] @param {number} [start] */
function dot(a, b, length, from = 0, start = 0) {
  let sum = 0;
  for (let j = 0; j < length; j++) sum += a[from + j] * b[start + j];
  return sum;
}

/** Zeros where nothing may be seen. @param {number[]} scores @param {boolean[]} seen */
function softmax(scores, seen) {
  const top = Math.max(...scores.filter((_, s) => seen[s]));
  const powers = scores.map((score, s) => (seen[s] ? Math.exp(score - top) : 0));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (sum ? power / sum : 0));
}

/** @param {number[][]} q @param {number[][]} k @param {number[][]} v @param {number} divisor @param {boolean[][]} seen */
function attend(q, k, v, divisor, seen) {
  const products = q.map((row) => k.map((key) => dot(row, key, row.length)));
  const scores = products.map((row) => row.map((product) => product / divisor));
  const weights = scores.map((row, t) => softmax(row, seen[t]));
  const context = weights.map((row) => (v[0] ?? []).map((_, j) => row.reduce((sum, w, s) => sum + w * v[s][j], 0)));
  return { q, k, v, products, scores, weights, context };
}

/** Means over QUERIES rows of KEYS weights; q and k have variance 1 in each number. @param {number} seed @param {number} size */
export function saturation(seed, size) {
  const key = normals(seed, STREAMS.keysBelow, KEYS * MOST_BELOW);
  const query = normals(seed, STREAMS.queriesBelow, QUERIES * MOST_BELOW);
  const everything = new Array(KEYS).fill(true);
  const products = Array.from({ length: QUERIES }, (_, t) =>
    Array.from({ length: KEYS }, (_, s) => dot(query, key, size, t * MOST_BELOW, s * MOST_BELOW)),
  );
  const [scaled, plain] = [Math.sqrt(size), 1].map((divisor) => {
    const rows = products.map((row) =>
      softmax(
        row.map((product) => product / divisor),
        everything,
      ),
    );
    const mean = (/** @type {(row: number[]) => number} */ f) => rows.reduce((sum, row) => sum + f(row), 0) / QUERIES;
    return {
      weights: rows[0],
      largest: mean((row) => Math.max(...row)),
      entropy: mean((row) => row.reduce((sum, w) => sum - (w && w * Math.log(w)), 0)),
    };
  });
  return { scaled, plain };
}
