// @ts-check
/**
 * The pictures of GradientExplorer and of ForgetBias, as SVG in real pixels, so that words stay legible at any
 * width.
 *
 *   createChart(onPick)            { root, legend, update(view) }: curves on a log axis; onPick(t) when a step is touched
 *   createStrip()                  { root, update(blocks, width) }: the singular values of W_hh as one row of marks per block
 *   line, legendEntry              the path of a curve, and its entry in a legend
 *   MARGIN                         the room left of and right of the chart, for a slider that lies under its axis
 */
import { element, svg } from "./dom.js";
import { decades, linear, powerOfTen, stepTicks } from "./scales.js";

/**
 * @typedef {object} Curve
 * @property {string} look "h" "c" "state" "clipped" "ghost" "median": the class that colours and dashes it
 * @property {string} name for the legend
 * @property {ArrayLike<number>} values log10 at index t − 1
 *
 * @typedef {object} View
 * @property {number} width
 * @property {number} steps
 * @property {number} cursor t, from 1
 * @property {Curve[]} curves the last one on top
 * @property {{ low: ArrayLike<number>, high: ArrayLike<number> } | null} band
 */

export const MARGIN = { left: 58, right: 14, top: 12, bottom: 30 };

/** What a 32-bit float can hold, as log10. @type {[number, string][]} */
const FLOAT32 = [
  [Math.log10(3.4028235e38), "32-bit floats are ∞ above"],
  [Math.log10(1.1754944e-38), "32-bit floats lose digits below"],
  [Math.log10(1.401298e-45), "32-bit floats are 0 below"],
];

/** The ends that the log axis may have, so that it holds still while a control moves. */
const ENDS = [1, 2, 4, 6, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500];

/** @param {(t: number) => void} onPick */
export function createChart(onPick) {
  const root = svg("svg", { class: "ge-chart", role: "img" });
  const legend = element("div", { class: "ge-legend" });
  let steps = 1;
  let width = 1;
  /** @param {PointerEvent} event */
  const pick = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const x = event.clientX - root.getBoundingClientRect().left;
    const part = (x - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
    onPick(Math.round(Math.min(1, Math.max(0, part)) * (steps - 1)) + 1);
  };
  root.addEventListener("pointerdown", pick);
  root.addEventListener("pointermove", pick);
  return {
    root,
    legend,
    /** @param {View} view */
    update: (view) => {
      ({ steps, width } = view);
      const height = width < 480 ? 250 : 300;
      root.setAttribute("viewBox", `0 0 ${width} ${height}`);
      root.setAttribute("width", String(width));
      root.setAttribute("height", String(height));
      root.setAttribute("aria-label", `Line chart on a log scale: gradient norm at each step from 1 to ${steps}`);
      root.replaceChildren(...chartParts(view, height));
      legend.replaceChildren(...[...view.curves].reverse().map(legendEntry));
    },
  };
}

/** @param {View} view @param {number} height */
function chartParts({ width, steps, cursor, curves, band }, height) {
  const [low, high] = axisEnds([...curves.map(({ values }) => values), ...(band ? [band.low, band.high] : [])]);
  const x = linear([1, Math.max(2, steps)], [MARGIN.left, width - MARGIN.right]);
  const y = linear([low, high], [height - MARGIN.bottom, MARGIN.top]);
  const bottom = y(low);
  const top = y(high);
  const right = width - MARGIN.right;

  const horizontal = decades(low, high, 6).flatMap((k) => [
    svg("path", { class: k === 0 ? "ge-one" : "ge-grid", d: `M${MARGIN.left} ${y(k)}H${right}` }),
    svg("text", { x: MARGIN.left - 8, y: y(k), dy: "0.35em", "text-anchor": "end" }, k === 0 ? "1" : powerOfTen(k)),
  ]);
  const vertical = stepTicks(steps, width < 480 ? 5 : 10).map((t) =>
    svg("text", { x: x(t), y: bottom + 18, "text-anchor": "middle" }, String(t)),
  );
  const limits = FLOAT32.filter(([log10]) => log10 > low && log10 < high).flatMap(([log10, words]) => [
    svg("path", { class: "ge-limit", d: `M${MARGIN.left} ${y(log10)}H${right}` }),
    svg("text", { class: "ge-limit-name", x: right, y: y(log10) - 4, "text-anchor": "end" }, words),
  ]);
  const range = band ? [svg("path", { class: "ge-band", d: area(band, x, y) })] : [];
  const lines = curves.map(({ look, values }) =>
    svg("path", { class: `ge-line ge-${look}`, d: line(values, steps, x, y), "data-curve": look }),
  );
  const dots = curves
    .filter(({ look, values }) => (look === "h" || look === "c") && Number.isFinite(values[cursor - 1]))
    .map(({ look, values }) =>
      svg("circle", { class: `ge-dot ge-${look}`, cx: x(cursor), cy: y(values[cursor - 1]), r: 5 }),
    );
  return [
    ...horizontal,
    ...vertical,
    ...limits,
    svg("path", { class: "ge-axis", d: `M${MARGIN.left} ${bottom}H${right}` }),
    svg("path", { class: "ge-cursor", d: `M${x(cursor)} ${top}V${bottom}` }),
    ...range,
    ...lines,
    ...dots,
  ];
}

/** Ends of the axis that hold 1 and every finite value. @param {ArrayLike<number>[]} curves @returns {[number, number]} */
function axisEnds(curves) {
  let low = 0;
  let high = 0;
  for (const values of curves)
    for (let t = 0; t < values.length; t++)
      if (Number.isFinite(values[t])) {
        low = Math.min(low, values[t]);
        high = Math.max(high, values[t]);
      }
  /** @param {number} size */
  const end = (size) => ENDS.find((candidate) => candidate >= size) ?? Math.ceil(size / 100) * 100;
  return [-end(Math.max(2, -low)), end(Math.max(1, high))];
}

/**
 * @param {ArrayLike<number>} values @param {number} steps
 * @param {(t: number) => number} x @param {(log10: number) => number} y
 */
export function line(values, steps, x, y) {
  let path = "";
  let joined = false;
  for (let t = 1; t <= Math.min(steps, values.length); t++) {
    const value = values[t - 1];
    if (Number.isFinite(value)) path += `${joined ? "L" : "M"}${x(t).toFixed(1)} ${y(value).toFixed(2)}`;
    joined = Number.isFinite(value);
  }
  return path;
}

/**
 * @param {{ low: ArrayLike<number>, high: ArrayLike<number> }} band
 * @param {(t: number) => number} x @param {(log10: number) => number} y
 */
function area({ low, high }, x, y) {
  const steps = Array.from({ length: low.length }, (_, k) => k).filter((k) => Number.isFinite(low[k]));
  const point = (/** @type {number} */ k, /** @type {number} */ value) =>
    `${x(k + 1).toFixed(1)} ${y(value).toFixed(2)}`;
  const there = steps.map((k) => point(k, high[k]));
  const back = steps.reverse().map((k) => point(k, low[k]));
  return there.length ? `M${[...there, ...back].join("L")}Z` : "";
}

/** @param {Curve} curve */
export function legendEntry({ look, name }) {
  const sample = svg(
    "svg",
    { width: 28, height: 10, "aria-hidden": "true" },
    svg("path", { class: `ge-line ge-${look}`, d: "M1 5H27" }),
  );
  return element("span", {}, sample, name);
}

/* ------------------------------------------------------------------------------------------------ singular values */

const ROW = 18;

export function createStrip() {
  const root = svg("svg", { class: "ge-strip", role: "img" });
  return {
    root,
    /** @param {{ name: string, colour: string, values: ArrayLike<number> }[]} blocks @param {number} width */
    update: (blocks, width) => {
      const height = blocks.length * ROW + 22;
      const largest = Math.max(...blocks.flatMap(({ values }) => Array.from(values)));
      const end = Math.max(2, Math.ceil(largest * 2) / 2);
      const x = linear([0, end], [MARGIN.left, width - MARGIN.right]);
      const bottom = blocks.length * ROW + 2;
      root.setAttribute("viewBox", `0 0 ${width} ${height}`);
      root.setAttribute("width", String(width));
      root.setAttribute("height", String(height));
      root.setAttribute("aria-label", `Singular values: ${blocks.map(inWords).join("; ")}`);
      const ticks = Array.from(
        { length: Math.floor(end / (end > 3 ? 1 : 0.5)) + 1 },
        (_, k) => k * (end > 3 ? 1 : 0.5),
      );
      root.replaceChildren(
        svg("path", { class: "ge-axis", d: `M${MARGIN.left} ${bottom}H${width - MARGIN.right}` }),
        svg("path", { class: "ge-one", d: `M${x(1)} 0V${bottom}` }),
        ...ticks.map((v) => svg("text", { x: x(v), y: bottom + 15, "text-anchor": "middle" }, String(v))),
        ...blocks.flatMap(({ name, colour, values }, row) => [
          svg("text", { x: MARGIN.left - 8, y: row * ROW + 13, "text-anchor": "end" }, name),
          svg("path", { class: "ge-marks", style: `stroke:${colour}`, d: marks(values, x, row * ROW + 3) }),
        ]),
      );
    },
  };
}

/** @param {ArrayLike<number>} values @param {(value: number) => number} x @param {number} top */
function marks(values, x, top) {
  return Array.from(values, (value) => `M${x(value).toFixed(1)} ${top}v${ROW - 5}`).join("");
}

/** @param {{ name: string, values: ArrayLike<number> }} block whose values fall */
export function inWords({ name, values }) {
  const [least, most] = [values[values.length - 1], values[0]].map((value) => value.toFixed(2));
  return (least === most ? `all ${most}` : `${least} to ${most}`) + (name && ` in ${name}`);
}
