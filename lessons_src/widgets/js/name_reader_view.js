// @ts-check
/**
 * What NameReader draws: a grid of languages and letters, and beside it the answer as bars.
 *
 *   createGrid()    { root, update(scene, width) }
 */
import { svg } from "./dom.js";
import { inkOn, magnitudeColour } from "./scales.js";

/** @typedef {import("./name_reader.js").Scene} Scene */

const ROW = 27;
const TOP = 42;
const NARROW = 520;

export function createGrid() {
  const root = svg("svg", { class: "nr-grid", role: "img" });
  return {
    root,
    /** @param {Scene} scene @param {number} width */
    update: (scene, width) => {
      const { letters, columns, clean, languages, codes } = scene;
      const narrow = width < NARROW;
      const left = narrow ? 28 : 84;
      const right = narrow ? 82 : 170;
      const cell = Math.min(36, (width - left - right - 14) / Math.max(1, letters.length));
      const bars = left + Math.max(cell * letters.length, narrow ? 108 : 150) + 14;
      const length = Math.min(260, width - bars - 38);
      const height = TOP + ROW * codes.length + 4;
      for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
        root.setAttribute(name, String(value));
      root.setAttribute("aria-label", aboutGrid(scene));
      root.replaceChildren(
        svg("text", { x: left, y: 13, class: "nr-head" }, narrow ? "if it ended here" : "if the name ended here"),
        svg("text", { x: bars, y: 13, class: "nr-head" }, narrow ? "whole name" : "the whole name"),
        ...[...letters].map((letter, t) =>
          svg(
            "text",
            {
              x: left + (t + 0.5) * cell,
              y: TOP - 9,
              class: "nr-letter",
              style: `font-size: ${Math.min(14, 1.6 * cell)}px`,
            },
            letter === " " ? "␣" : letter,
          ),
        ),
        ...codes.flatMap((code, k) => {
          const y = TOP + k * ROW;
          const label = svg("text", { x: 0, y: y + 17, class: "nr-language" }, narrow ? code : languages[k]);
          return [label, ...columns.flatMap((column, t) => cellOf(column, k, left + t * cell, y, cell))];
        }),
        ...codes.flatMap((_, k) => barOf(columns, clean, k, bars, TOP + k * ROW, length)),
      );
    },
  };
}

/** @param {Float64Array} column @param {number} k @param {number} x @param {number} y @param {number} size */
function cellOf(column, k, x, y, size) {
  const colour = magnitudeColour(column[k]);
  const best = column[k] === Math.max(...column);
  const box = { x: x + 0.5, y: y + 0.5, width: Math.max(1, size - 1), height: ROW - 1 };
  const nodes = [svg("rect", { ...box, fill: colour, "data-cell": `${k}`, "data-p": column[k].toFixed(6) })];
  const ink = inkOn(colour);
  if (best) {
    const gap = size < 14 ? 1 : 2.5;
    nodes.push(
      svg("rect", {
        ...{ x: x + gap, y: y + gap, width: Math.max(1, size - 2 * gap), height: ROW - 2 * gap },
        ...{ fill: "none", stroke: ink, "data-best": `${k}` },
      }),
    );
  }
  if (size < 27) return nodes;
  const digits = column[k].toFixed(2).replace(/^0/, "");
  return [...nodes, svg("text", { x: x + size / 2, y: y + 17, fill: ink, class: "nr-p" }, digits)];
}

/**
 * @param {Float64Array[]} columns @param {Float64Array} clean @param {number} k
 * @param {number} x @param {number} y @param {number} width
 */
function barOf(columns, clean, k, x, y, width) {
  const now = columns.at(-1);
  if (!now) return [];
  const at = x + width * clean[k];
  return [
    svg("rect", { x, y: y + 6, width, height: ROW - 12, class: "nr-track" }),
    svg("rect", { x, y: y + 6, width: width * now[k], height: ROW - 12, class: "nr-bar", "data-bar": `${k}` }),
    svg("path", { d: `M${at.toFixed(2)} ${y + 2}V${y + ROW - 2}`, class: "nr-clean", "data-clean": `${k}` }),
    svg("text", { x: x + width + 6, y: y + 17, class: "nr-value" }, now[k].toFixed(2)),
  ];
}

/** @param {Scene} scene */
function aboutGrid({ letters, columns, languages }) {
  const said = columns.map(
    (column, t) => `${letters.slice(0, t + 1)}: ${languages[column.indexOf(Math.max(...column))]}`,
  );
  return `Grid of ${languages.length} languages and ${letters.length} letters. The answer after each: ${said.join(", ")}.`;
}
