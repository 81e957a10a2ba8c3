// @ts-check
/** The rows of GateScope's picture: what each shows at each character, as numbers, marks and words. No drawing. */
import { due, lead, memoryOf, QUANTITIES, SIGNED, trackOf } from "./gate_scope_model.js";
import { palette } from "./theme.js";

/**
 * @typedef {import("./gate_scope_model.js").Network} Network
 * @typedef {import("./gate_scope_model.js").Run} Run
 *
 * A unit that tracks something, as measured when the weights were made: (value − midpoint) · sign / scale is near 1 where
 * the thing is so and near −1 where it is not.
 * (`bracket_measures.Landmark`.)
 * @typedef {{unit: number, label: string, midpoint: number, scale: number, sign: number, r: number}} Landmark
 *
 * One row; every array has one entry per character of the text.
 * @typedef {object} Row
 * @property {string} key
 * @property {string} symbol
 * @property {string} name
 * @property {string} [colour] of the quantity
 * @property {"memory" | "signed" | "gate" | "due" | "norm"} kind
 * @property {Float64Array} values what is read out
 * @property {Float64Array} shades what is coloured: 0 … 1 for gates, norms and probabilities, −1 … 1 with a sign
 * @property {string[]} [marks] a letter in each cell
 * @property {Float64Array | null} ghost the shades without the clamp
 * @property {string[]} [ghostMarks]
 */

/** What the quantities are: a name, and what it does. */
export const MEANING = {
  i: "input gate: what may come in",
  f: "forget gate: what is kept",
  g: "candidate: what could come in",
  o: "output gate: what is shown",
  c: "cell state: what is remembered",
  h: "hidden state: what the rest sees",
  r: "reset gate: what the candidate may see",
  z: "update gate: what is kept",
  n: "candidate: what could come in",
};
/** The name without the explanation. @param {string} name */
export const shortName = (name) => name.split(/[:,]/)[0];
/** The gradient row reaches from the last value down to 10 to the minus this. */
export const DECADES = 6;

/**
 * @param {object} scene
 * @param {Network} scene.network
 * @param {Run} scene.free
 * @param {Run} scene.now
 * @param {number} scene.unit
 * @param {Landmark | null} scene.landmark
 * @param {string[]} scene.symbols
 * @param {ReturnType<typeof import("./gate_scope_model.js").traceGradient> | null} scene.gradient
 * @returns {Row[]}
 */
export function makeRows({ network, free, now, unit, landmark, symbols, gradient }) {
  const { cell } = now.weights;
  const from = lead(network);
  const clamped = now !== free;
  const track = (/** @type {Run} */ result, /** @type {string} */ key) => trackOf(result, key, unit).subarray(from);
  const memory = memoryOf(network);
  const view = landmark ?? plainView(track(free, memory), unit);
  const shade = (/** @type {Float64Array} */ values) =>
    values.map((v) => (view.sign * (v - view.midpoint)) / view.scale);
  /** @type {Row[]} */
  const rows = [
    {
      key: "text",
      symbol: memory,
      kind: "memory",
      colour: palette[memory].colour,
      name: landmark ? `your text, coloured by “${landmark.label}”` : `your text, coloured by ${memory}`,
      values: track(now, memory),
      shades: shade(track(now, memory)),
      marks: symbols.map(visible),
      ghost: clamped ? shade(track(free, memory)) : null,
      ghostMarks: symbols.map(visible),
    },
  ];
  for (const key of QUANTITIES[cell]) {
    const values = track(now, key);
    const reach = key === "c" ? Math.max(1, greatest(track(free, key))) : 1;
    const scaled = (/** @type {Float64Array} */ v) => (reach === 1 ? v : v.map((x) => x / reach));
    rows.push({
      key,
      symbol: key,
      name: MEANING[/** @type {"i"} */ (key)],
      colour: palette[key].colour,
      kind: SIGNED.has(key) ? "signed" : "gate",
      values,
      shades: scaled(values),
      ghost: clamped ? scaled(track(free, key)) : null,
    });
  }
  rows.push(dueRow(network, free, now));
  if (gradient) {
    rows.push(normRow("∂h", "gradient that reaches h", gradient.h, symbols.length, from));
    if (gradient.c) rows.push(normRow("∂c", "gradient that reaches c", gradient.c, symbols.length, from));
  }
  return rows;
}

/**
 * A scale for a unit without a landmark: from its least to its greatest value over the text.
 * @param {Float64Array} values @param {number} unit @returns {Landmark}
 */
function plainView(values, unit) {
  const reach = Math.max(0.05, greatest(values));
  return { unit, label: "", midpoint: 0, scale: reach, sign: 1, r: 0 };
}

/** @param {Float64Array} values the greatest magnitude among them */
const greatest = (values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** @param {Network} network @param {Run} free @param {Run} now @returns {Row} */
function dueRow(network, free, now) {
  const from = lead(network);
  const all = (/** @type {Run} */ result) =>
    Array.from({ length: result.record.T - from }, (_, t) => due(network, result, t + from));
  const expected = all(now);
  const before = now === free ? null : all(free);
  const probabilities = (/** @type {ReturnType<typeof due>[]} */ d) => Float64Array.from(d, (x) => x.probability);
  return {
    key: "due",
    symbol: "?",
    kind: "due",
    name: network.closers.length ? "which closer is due?" : "what comes next?",
    values: probabilities(expected),
    shades: probabilities(expected).map(Math.sqrt),
    marks: expected.map((d) => d.character),
    ghost: before && probabilities(before).map(Math.sqrt),
    ghostMarks: before?.map((d) => d.character),
  };
}

/** @param {string} symbol @param {string} name @param {Float64Array} norms @param {number} length @param {number} from */
function normRow(symbol, name, norms, length, from) {
  const values = new Float64Array(length).fill(NaN);
  values.set(norms.subarray(from));
  return /** @type {Row} */ ({
    key: symbol,
    symbol,
    name,
    kind: "norm",
    values,
    ghost: null,
    colour: palette.gradient.colour,
    shades: values.map((v) => (v === -Infinity ? 0 : Math.max(0, Math.min(1, 1 + v / DECADES)))),
  });
}

/** A mark that can be seen. @param {string} symbol */
export const visible = (symbol) => (symbol === "\n" ? "↵" : symbol);

/** @param {string} symbol a character in words */
export const inWords = (symbol) =>
  ({ "\n": "new line", " ": "space", "·": "unknown character", '"': "quote" })[symbol] ?? symbol;

/** A number as it is shown, with a real minus. @param {number} value @param {number} [digits] */
export function shown(value, digits = 3) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  return value.toFixed(digits).replace("-", "−");
}

/** What a cell says. @param {Row} row @param {number} t */
export function cellWords(row, t) {
  const value = row.values[t];
  if (row.kind === "due") return `${inWords(row.marks?.[t] ?? "")}, probability ${shown(value, 2)}`;
  if (row.kind === "norm") return Number.isNaN(value) ? "not reached" : `log10 of relative norm ${shown(value, 1)}`;
  return `${row.symbol} = ${shown(value)}`;
}
