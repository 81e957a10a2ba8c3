// @ts-check
/**
 * What UnrolledStepper says of what is drawn.
 *
 *   aboutScene(scene)           the live sentence
 *   nameOf(scene, …)            the name of a weight
 *   numbersOf(scene)            the table of numbers
 *   two(x)                      "0.42", "−0.42": two decimals, as the cells have them
 *   glyph(letter)               a letter that can be seen: ␣ for a space
 */
import { brief, lower } from "./maths.js";
import { MOST_LETTERS, part } from "./unrolled_model.js";

/** @typedef {import("./unrolled_model.js").Scene} Scene */

/** @type {Record<string, string>} */
const GLYPHS = { " ": "␣", "\n": "↵", "\t": "⇥" };

/** @param {string} letter */
export const glyph = (letter) => GLYPHS[letter] ?? letter;

/** @param {number} x */
export const two = (x) =>
  x
    .toFixed(2)
    .replace(/^-(?=0\.00$)/, "")
    .replace("-", "−");

/** @param {Scene} scene @param {string} matrix @param {number} row @param {number} column from 1 */
export function nameOf({ symbols }, matrix, row, column) {
  const from = matrix === "W_hh" ? `unit ${column}` : `“${glyph(symbols[column - 1])}”`;
  return `${matrix}, from ${from} to unit ${row}`;
}

/** @param {Scene} scene */
export function aboutScene(scene) {
  const { T, typed, ids, H, D } = scene;
  if (!T) return "Type a text: nothing has been read, so there is no state yet.";
  const unknown = ids.filter((id) => id < 0).length;
  const count = H * D + H * H + H;
  return [
    scene.edited ? aboutEdit(scene) : `Every column uses the same ${count} weights.`,
    ...(scene.reset ? [`Before step ${scene.reset} h is set to zeros: nothing read earlier is carried on.`] : []),
    aboutTrace(scene),
    ...(unknown
      ? [`${unknown} character${unknown > 1 ? "s are" : " is"} not in the alphabet: x is all zeros there.`]
      : []),
    ...(typed > T ? [`Only the first ${MOST_LETTERS} of ${typed} characters are read.`] : []),
  ].join(" ");
}

/** @param {Scene} scene */
function aboutEdit(scene) {
  const { changed, T, matrix, row, column, own, value } = scene;
  const name = `${nameOf(scene, matrix, row, column)}, is ${two(value)} instead of ${two(own)}`;
  const count = changed.filter(Boolean).length;
  const why =
    matrix === "W_hh"
      ? "there is no earlier state for it to act on"
      : `“${glyph(scene.symbols[column - 1])}” is not in the text`;
  if (!count) return `${name}: no column changed, since ${why}.`;
  return `${name}: ${count} of ${T} columns changed, from step ${changed.indexOf(true) + 1} on.`;
}

/** @param {Scene} scene */
function aboutTrace({ letters, traced, other, trace, T }) {
  const start = `If letter ${traced} were “${glyph(other)}” instead of “${glyph(letters[traced - 1])}”, h${lower(traced)} would move by ${size(trace[traced - 1])}`;
  return traced === T ? `${start}.` : `${start} and h${lower(T)} by ${size(trace[T - 1])}.`;
}

/** @param {number} x */
function size(x) {
  if (x === 0) return "exactly 0";
  return x >= 0.005 ? two(x) : brief(x);
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf(scene) {
  const { T, H, h, before, letters, trace, edited, ids } = scene;
  const steps = Array.from({ length: T }, (_, t) => t);
  const units = Array.from({ length: H }, (_, j) => j);
  const rows = (/** @type {Float64Array} */ states, /** @type {string} */ word) =>
    units.map((j) => [`h, unit ${j + 1}${word}`, ...steps.map((t) => exact(part(states, t, H)[j]))]);
  return {
    caption: `${edited ? "The states with the edited weight, and before it. " : ""}Last row: ‖h_t − h′_t‖ if letter ${scene.traced} were “${glyph(scene.other)}”.`,
    head: ["", ...steps.map((t) => `t = ${t + 1}`)],
    rows: [
      ["letter", ...steps.map((t) => glyph(letters[t]) + (ids[t] < 0 ? " (unknown)" : ""))],
      ...rows(h, ""),
      ...(edited ? rows(before, ", before") : []),
      ["trace", ...trace.map(exact)],
    ],
  };
}

/** @param {number} x */
const exact = (x) => (Math.abs(x) >= 0.001 ? x.toFixed(6).replace("-", "−") : brief(x));
