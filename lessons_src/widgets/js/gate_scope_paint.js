// @ts-check
/** GateScope's cells on a canvas. Every value has two cues: a colour, and the height of a line through the cells. */
import { magnitudeColour, signColour } from "./scales.js";

/**
 * Colours are whole numbers here, as in 0xrrggbb.
 * @typedef {import("./gate_scope_rows.js").Row} Row
 * @typedef {{from: number, to: number, at: number, cell: number, height: number, dark: boolean, paper: number}} Shape
 */

/** The four closers, told apart by their letter first and their colour second. @type {Record<string, number>} */
export const CLOSERS = { '"': 0xd6404f, ")": 0x2b7bd0, "]": 0xd6780a, "}": 0x0a9668 };
/** What else may come next: a class of its own colour would promise too much. */
const ANY_CLASS = 0x7c68d8;

const STEPS = 128; // of a colour map; the eye sees no more
const MAGNITUDE = table((k) => magnitudeColour(k / STEPS), 0);
const SIGN = [false, true].map((dark) => table((k) => signColour(k / STEPS, dark), -STEPS));

/** @param {(k: number) => string} colour @param {number} from */
function table(colour, from) {
  return Array.from({ length: STEPS - from + 1 }, (_, k) => packed(colour(from + k)));
}
/** @param {string} colour "rgb(…)" */
export function packed(colour) {
  return (colour.match(/\d+/g) ?? []).reduce((all, part) => 256 * all + Number(part), 0);
}
/** @param {number} shade 0 … 1 */
const magnitude = (shade) => MAGNITUDE[Math.round(Math.max(0, Math.min(1, shade)) * STEPS)];
/** @param {number} shade −1 … 1 @param {boolean} dark */
const signed = (shade, dark) => SIGN[Number(dark)][Math.round((Math.max(-1, Math.min(1, shade)) + 1) * STEPS)];

/** @template V @param {(colour: number) => V} make @returns {typeof make} which makes it once for each colour */
function remembered(make) {
  /** @type {V[]} */
  const made = [];
  return (colour) => (made[colour] ??= make(colour));
}
export const css = remembered((colour) => `#${colour.toString(16).padStart(6, "0")}`);
/** Black or white, whichever stands out more. */
const ink = remembered((colour) => {
  const [r, g, b] = [16, 8, 0].map((shift) => {
    const v = (colour >> shift) & 255;
    return v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? 0 : 0xffffff;
});

/** @param {number} a @param {number} b @param {number} part of b */
function mix(a, b, part) {
  let mixed = 0;
  for (let shift = 0; shift < 24; shift += 8) {
    const from = (a >> shift) & 255;
    mixed += Math.round(from + (((b >> shift) & 255) - from) * part) << shift;
  }
  return mixed;
}

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{row: Row, top: number, height: number, ghost: number}[]} rows
 * @param {Shape} shape
 */
export function paintBlock(canvas, rows, shape) {
  const { from, to, at, cell, height } = shape;
  const width = (to - from) * cell;
  const g = sized(canvas, Math.ceil(width), height);
  if (!g) return;
  const bands = rows.flatMap(({ row, top, height: tall, ghost }) => {
    const now = bandOf(row, row.shades, row.marks, top, tall, shape, 1);
    if (!row.ghost) return [now];
    return [now, bandOf(row, row.ghost, ghost > 12 ? row.ghostMarks : undefined, top + tall, ghost, shape, 0.62)];
  });
  g.clearRect(0, 0, canvas.width, height);
  // A pixel for each cell, stretched: drawing thousands of rectangles takes five times as long.
  paintPixels(pixels, to - from, bands.length, (k, b) => bands[b].colours[k]);
  g.imageSmoothingEnabled = false;
  for (const [b, { top, tall }] of bands.entries()) g.drawImage(pixels, 0, b, to - from, 1, 0, top, width, tall);
  g.textBaseline = "middle";
  for (const band of bands) paintBand(g, band, shape);
  if (at >= from && at < to) outline(g, (at - from) * cell, cell, height, shape.dark);
}

const pixels = document.createElement("canvas");

/**
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 * @param {(x: number, y: number) => number} colour
 */
export function paintPixels(canvas, width, height, colour) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  const bytes = new DataView(image.data.buffer);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) bytes.setUint32(4 * (y * width + x), 256 * colour(x, y) + 255);
  canvas.getContext("2d", { alpha: false })?.putImageData(image, 0, 0);
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
 * A row of cells, as it is or as it was.
 * @param {Row} row
 * @param {Float64Array} shades
 * @param {string[] | undefined} marks
 * @param {number} top
 * @param {number} tall
 * @param {Shape} shape
 * @param {number} strength 1, or less for what was
 */
function bandOf({ kind, marks: letters }, shades, marks, top, tall, { from, to, dark, paper }, strength) {
  /** @type {number[]} */
  const colours = [];
  for (let t = from; t < to; t++)
    colours.push(mix(paper, cellColour(kind, shades[t], (marks ?? letters)?.[t], dark, paper), strength));
  return { kind, shades, marks, top, tall, colours, strength };
}

/**
 * A letter in each cell. Those that are equally wide are written in one go for each colour, with the gaps between them.
 * @param {CanvasRenderingContext2D} g @param {ReturnType<typeof bandOf>} band @param {string[]} marks @param {Shape} shape
 */
function paintLetters(g, { kind, shades, top, tall, colours }, marks, { from, to, cell, paper }) {
  const y = top + tall / 2 + 0.5;
  const spaced = "letterSpacing" in CanvasRenderingContext2D.prototype; // not every browser can
  /** @type {Record<string, string>} */
  const lines = {};
  g.font = `600 ${Math.min(cell * 1.25, tall * 0.68).toFixed(1)}px ${FONT}`;
  g.textAlign = "center";
  g.letterSpacing = "0px";
  const gap = cell - g.measureText("0").width;
  for (let t = from; t < to; t++) {
    const faint = kind === "due" && shades[t] < 0.2;
    const glyph = faint ? "·" : marks[t].length > 2 ? marks[t][0] : marks[t];
    const style = css(faint ? mix(paper, ink(paper), 0.45) : ink(colours[t - from]));
    if (/^[ -~·]$/.test(glyph) && spaced) lines[style] = (lines[style] ?? "").padEnd(t - from) + glyph;
    else {
      g.fillStyle = style;
      g.fillText(glyph, (t - from + 0.5) * cell, y);
    }
  }
  g.textAlign = "left";
  g.letterSpacing = `${gap}px`;
  for (const [style, line] of Object.entries(lines)) {
    g.fillStyle = style;
    g.fillText(line, gap / 2, y);
  }
}

/** What lies on the cells. @param {CanvasRenderingContext2D} g @param {ReturnType<typeof bandOf>} band @param {Shape} shape */
function paintBand(g, band, shape) {
  const { kind, shades, marks, top, tall, colours, strength } = band;
  const { from, dark } = shape;
  const floor = top + tall;
  if (marks) paintLetters(g, band, marks, shape);
  if (kind === "memory") {
    // A bar above what is on the plus side, below what is on the minus side.
    const [plus, minus] = dark ? ["#ffb87a", "#9cc8ff"] : ["#6b2c00", "#0b2f66"];
    paintBars(
      g,
      shape,
      2.5,
      (t) => (Math.abs(shades[t]) > 0.15 ? (shades[t] > 0 ? plus : minus) : ""),
      (t) => (shades[t] > 0 ? top : floor - 2.5),
    );
  } else if (kind !== "due" && strength === 1) {
    // The line whose height is the value: from the floor of the row to its ceiling.
    const level = (/** @type {number} */ shade) =>
      kind === "signed" ? (Math.max(-1, Math.min(1, shade)) + 1) / 2 : shade;
    paintBars(
      g,
      shape,
      1.8,
      (t) => (Number.isNaN(shades[t]) ? "" : css(ink(colours[t - from]))),
      (t) => floor - 2.9 - level(shades[t]) * (tall - 4),
    );
  }
}

/**
 * One bar for each cell, from pixel to pixel; one for all neighbours that look the same.
 * @param {CanvasRenderingContext2D} g @param {Shape} shape @param {number} tall
 * @param {(t: number) => string} style none if empty @param {(t: number) => number} top
 */
function paintBars(g, { from, to, cell }, tall, style, top) {
  const ratio = g.getTransform().a;
  const left = (/** @type {number} */ t) => Math.round((t - from) * cell * ratio) / ratio;
  for (let start = from, t = from + 1; t <= to; t++) {
    if (t < to && style(t) === style(start) && top(t) === top(start)) continue;
    g.fillStyle = style(start);
    if (style(start)) g.fillRect(left(start), top(start), left(t) - left(start), tall);
    start = t;
  }
}

/**
 * @param {Row["kind"]} kind @param {number} shade @param {string | undefined} mark @param {boolean} dark
 * @param {number} paper
 */
export function cellColour(kind, shade, mark, dark, paper) {
  if (Number.isNaN(shade)) return paper;
  if (kind === "due") return mix(paper, CLOSERS[mark ?? ""] ?? ANY_CLASS, shade);
  return kind === "gate" || kind === "norm" ? magnitude(shade) : signed(shade, dark);
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
