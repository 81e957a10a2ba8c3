// @ts-check
/** GateScope's cells on a canvas. Every value has two cues: a colour, and the height of a line through the cells. */
import { magnitudeColour, signColour } from "./scales.js";

/** @typedef {import("./gate_scope_rows.js").Row} Row @typedef {[number, number, number]} Rgb */

/** The four closers, told apart by their letter first and their colour second. @type {Record<string, Rgb>} */
export const CLOSERS = { '"': [214, 64, 79], ")": [43, 123, 208], "]": [214, 120, 10], "}": [10, 150, 104] };
/** What else may come next: a class of its own colour would promise too much. @type {Rgb} */
const ANY_CLASS = [124, 104, 216];

const STEPS = 128; // of a colour map; the eye sees no more
const MAGNITUDE = table((k) => magnitudeColour(k / STEPS), 0);
const SIGN = [false, true].map((dark) => table((k) => signColour(k / STEPS, dark), -STEPS));

/** @param {(k: number) => string} colour @param {number} from @returns {Rgb[]} */
function table(colour, from) {
  return Array.from(
    { length: STEPS - from + 1 },
    (_, k) =>
      /** @type {Rgb} */ (
        colour(from + k)
          .match(/\d+/g)
          ?.map(Number)
      ),
  );
}
/** @param {number} shade 0 … 1 */
const magnitude = (shade) => MAGNITUDE[Math.round(Math.max(0, Math.min(1, shade)) * STEPS)];
/** @param {number} shade −1 … 1 @param {boolean} dark */
const signed = (shade, dark) => SIGN[Number(dark)][Math.round((Math.max(-1, Math.min(1, shade)) + 1) * STEPS)];

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{row: Row, top: number, height: number, ghost: number}[]} rows
 * @param {{from: number, to: number, at: number, cell: number, height: number, dark: boolean, paper: Rgb}} shape
 */
export function paintBlock(canvas, rows, shape) {
  const { from, to, at, cell, height } = shape;
  const width = Math.ceil((to - from) * cell);
  const g = sized(canvas, width, height);
  if (!g) return;
  g.clearRect(0, 0, width, height);
  g.textAlign = "center";
  g.textBaseline = "middle";
  for (const { row, top, height: tall, ghost } of rows) {
    paintRow(g, row, row.shades, row.marks, top, tall, shape, 1);
    if (row.ghost) paintRow(g, row, row.ghost, ghost > 12 ? row.ghostMarks : undefined, top + tall, ghost, shape, 0.62);
  }
  if (at >= from && at < to) outline(g, (at - from) * cell, cell, height, shape.dark);
}

/**
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height in CSS pixels
 * @returns {CanvasRenderingContext2D | null}
 */
function sized(canvas, width, height) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const g = canvas.getContext("2d");
  g?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return g;
}

/**
 * @param {CanvasRenderingContext2D} g
 * @param {Row} row
 * @param {Float64Array} shades
 * @param {string[] | undefined} marks
 * @param {number} top
 * @param {number} tall
 * @param {{from: number, to: number, cell: number, dark: boolean, paper: Rgb}} shape
 * @param {number} strength 1, or less for what was
 */
function paintRow(g, row, shades, marks, top, tall, { from, to, cell, dark, paper }, strength) {
  const size = Math.min(cell * 1.25, tall * 0.68);
  if (marks) g.font = `600 ${size.toFixed(1)}px ${FONT}`;
  for (let t = from; t < to; t++) {
    const x = (t - from) * cell;
    const colour = mix(paper, cellColour(row, shades[t], marks?.[t] ?? row.marks?.[t] ?? "", dark, paper), strength);
    g.fillStyle = css(colour);
    g.fillRect(x, top, cell + 0.5, tall);
    if (!marks) continue;
    const faint = row.kind === "due" && shades[t] < 0.2;
    g.fillStyle = faint ? css(mix(paper, ink(paper), 0.45)) : css(ink(colour));
    g.fillText(faint ? "·" : glyph(marks[t]), x + cell / 2, top + tall / 2 + 0.5);
  }
  if (row.kind === "memory") signEdges(g, shades, top, tall, { from, to, cell, dark });
  else if (row.kind !== "due" && strength === 1) levelLine(g, row, shades, top, tall, { from, to, cell, dark, paper });
}

/** @param {Row} row @param {number} shade @param {string} mark @param {boolean} dark @param {Rgb} paper @returns {Rgb} */
function cellColour(row, shade, mark, dark, paper) {
  if (Number.isNaN(shade)) return paper;
  if (row.kind === "due") return mix(paper, CLOSERS[mark] ?? ANY_CLASS, shade);
  if (row.kind === "gate" || row.kind === "norm") return magnitude(shade);
  return signed(shade, dark);
}

/**
 * The line whose height is the value: from the floor of the row to its ceiling.
 * @param {CanvasRenderingContext2D} g @param {Row} row @param {Float64Array} shades @param {number} top
 * @param {number} tall @param {{from: number, to: number, cell: number, dark: boolean, paper: Rgb}} shape
 */
function levelLine(g, row, shades, top, tall, { from, to, cell, dark, paper }) {
  const level = (/** @type {number} */ shade) => {
    const part = row.kind === "signed" ? (Math.max(-1, Math.min(1, shade)) + 1) / 2 : shade;
    return top + tall - 2 - part * (tall - 4);
  };
  for (let t = from; t < to; t++) {
    if (Number.isNaN(shades[t])) continue;
    const x = (t - from) * cell;
    g.fillStyle = css(ink(cellColour(row, shades[t], "", dark, paper)));
    g.fillRect(x, level(shades[t]) - 0.9, cell, 1.8);
  }
}

/** A bar above what is on the plus side, below what is on the minus side. */
function signEdges(
  /** @type {CanvasRenderingContext2D} */ g,
  /** @type {Float64Array} */ shades,
  /** @type {number} */ top,
  /** @type {number} */ tall,
  /** @type {{from: number, to: number, cell: number, dark: boolean}} */ { from, to, cell, dark },
) {
  for (let t = from; t < to; t++) {
    if (!(Math.abs(shades[t]) > 0.15)) continue;
    g.fillStyle = shades[t] > 0 ? (dark ? "#ffb87a" : "#6b2c00") : dark ? "#9cc8ff" : "#0b2f66";
    g.fillRect((t - from) * cell, shades[t] > 0 ? top : top + tall - 2.5, cell + 0.5, 2.5);
  }
}

/** @param {CanvasRenderingContext2D} g @param {number} x @param {number} cell @param {number} height @param {boolean} dark */
function outline(g, x, cell, height, dark) {
  g.lineWidth = 4;
  g.strokeStyle = dark ? "#000" : "#fff";
  g.strokeRect(x, 1, cell, height - 4);
  g.lineWidth = 2;
  g.strokeStyle = dark ? "#fff" : "#000";
  g.strokeRect(x, 1, cell, height - 4);
}

/**
 * Every unit of a quantity over the text: one line of pixels per unit, scaled to the width.
 * @param {HTMLCanvasElement} canvas
 * @param {{values: Float64Array, H: number, T: number, lead: number, hasSign: boolean, reach: number, dark: boolean}} map
 */
export function paintMap(canvas, { values, H, T, lead, hasSign, reach, dark }) {
  const columns = Math.max(1, T - lead);
  Object.assign(canvas, { width: columns, height: H });
  const g = canvas.getContext("2d");
  if (!g || T <= lead) return;
  const image = g.createImageData(columns, H);
  for (let u = 0; u < H; u++) {
    for (let t = 0; t < columns; t++) {
      const value = values[(t + lead) * H + u] / reach;
      const colour = hasSign ? signed(value, dark) : magnitude(value);
      const pixel = 4 * (u * columns + t);
      image.data[pixel] = colour[0];
      image.data[pixel + 1] = colour[1];
      image.data[pixel + 2] = colour[2];
      image.data[pixel + 3] = 255;
    }
  }
  g.putImageData(image, 0, 0);
}

const glyph = (/** @type {string} */ mark) => (mark.length > 2 ? mark[0] : mark);
const css = (/** @type {Rgb} */ [r, g, b]) => `rgb(${r},${g},${b})`;

/** @param {Rgb} a @param {Rgb} b @param {number} part of b @returns {Rgb} */
const mix = (a, b, part) => /** @type {Rgb} */ ([0, 1, 2].map((k) => Math.round(a[k] + (b[k] - a[k]) * part)));

/** Black or white, whichever stands out more. @param {Rgb} colour @returns {Rgb} */
export function ink(colour) {
  const [r, g, b] = colour.map((v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? [0, 0, 0] : [255, 255, 255];
}
