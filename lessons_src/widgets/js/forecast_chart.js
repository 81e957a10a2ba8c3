// @ts-check
/**
 * The two pictures of ForecastLab, as SVG in real pixels.
 *
 *   createSeries()    { root, update(scene, width) }: the series, what is known of it, and the forecast
 *   createErrors()    { root, update(scene, width) }: the error against the number of steps ahead
 *   createLegend()    what the lines mean
 */
import { element, svg } from "./dom.js";
import { linear } from "./scales.js";

/** @typedef {import("./forecast_lab.js").Scene} Scene */
/** @typedef {(value: number) => number} Scale */

const MARGIN = { left: 44, right: 12, top: 12, bottom: 34 };
const SHOWN_BEFORE = 80; // values before the forecast, so that years stay apart

export function createSeries() {
  const root = svg("svg", { class: "fl-chart fl-series", role: "img" });
  return {
    root,
    /** @param {Scene} scene @param {number} width */
    update: (scene, width) => {
      const { x, start, drawn, first, feed, order } = scene;
      const from = Math.max(0, start - SHOWN_BEFORE);
      const to = start + drawn.length - 1;
      const frame = createFrame(root, width, width < 480 ? 210 : 250, [first + from, first + to], ends(x));
      const line = (/** @type {ArrayLike<number>} */ values, /** @type {number} */ at) =>
        path(values, (k) => frame.x(first + at + k), frame.y);
      const how = feed === "own" ? "its own predictions" : "true values";
      root.setAttribute(
        "aria-label",
        `Line chart of ${scene.series} from ${first + from} to ${first + to}; from ${first + start} on also what ` +
          `AR(${order}), fed with ${how}, predicts`,
      );
      frame.draw(
        scene.unit,
        svg("path", { class: "fl-edge", d: `M${frame.x(first + start - 0.5)} ${MARGIN.top}V${frame.bottom}` }),
        svg("path", { class: "fl-truth", d: line(x.subarray(from, to + 1), from), "data-curve": "truth" }),
        svg("path", { class: `fl-${feed}`, d: line(drawn, start), "data-curve": "forecast" }),
      );
    },
  };
}

export function createErrors() {
  const root = svg("svg", { class: "fl-chart fl-errors", role: "img" });
  return {
    root,
    /** @param {Scene} scene @param {number} width */
    update: ({ errors, order }, width) => {
      const most = Math.max(...errors.map(({ own, mean }) => Math.min(own, 2 * mean)));
      const frame = createFrame(root, width, width < 480 ? 170 : 200, [1, errors.length], [0, 1.05 * most]);
      root.setAttribute("aria-label", `Line chart: error of AR(${order}) from 1 to ${errors.length} steps ahead`);
      const line = (/** @type {"own" | "true" | "mean"} */ name) =>
        svg("path", {
          class: `fl-${name}`,
          d: path(
            errors.map((error) => error[name]),
            (k) => frame.x(k + 1),
            frame.y,
          ),
          "data-curve": name,
        });
      frame.draw("steps ahead", line("mean"), line("true"), line("own"));
    },
  };
}

/** @param {[string, string][]} entries class and words */
export function createLegend(entries) {
  const sample = (/** @type {string} */ look) =>
    svg("svg", { width: 28, height: 10, "aria-hidden": "true" }, svg("path", { class: look, d: "M1 5H27" }));
  return element(
    "div",
    { class: "fl-legend" },
    ...entries.map(([look, words]) => element("span", {}, sample(look), words)),
  );
}

/**
 * Axes, ticks and a window that cuts what leaves the picture.
 * @param {SVGSVGElement} root @param {number} width @param {number} height
 * @param {[number, number]} across @param {[number, number]} up
 */
function createFrame(root, width, height, across, up) {
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = linear(across, [MARGIN.left, right]);
  const y = linear(up, [bottom, MARGIN.top]);
  const wide = Math.max(1, right - MARGIN.left);
  const tall = bottom - MARGIN.top;
  const window = { x: MARGIN.left, y: MARGIN.top, width: wide, height: tall };
  return {
    x,
    y,
    bottom,
    /** @param {string} unit @param {...SVGElement} lines */
    draw: (unit, ...lines) => {
      for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
        root.setAttribute(name, String(value));
      root.replaceChildren(
        ...ticks(up, 4).flatMap((tick) => [
          svg("path", { class: "fl-grid", d: `M${MARGIN.left} ${y(tick)}H${right}` }),
          svg("text", { x: MARGIN.left - 8, y: y(tick), dy: "0.35em", "text-anchor": "end" }, minus(tick)),
        ]),
        ...ticks(across, width < 480 ? 4 : 8).map((tick) =>
          svg("text", { x: x(tick), y: bottom + 15, "text-anchor": "middle" }, minus(tick)),
        ),
        svg("text", { x: (MARGIN.left + right) / 2, y: height - 4, "text-anchor": "middle" }, unit),
        svg("svg", { ...window, class: "fl-window", viewBox: `${window.x} ${window.y} ${wide} ${tall}` }, ...lines),
      );
    },
  };
}

/** @param {ArrayLike<number>} values @param {Scale} x of the index @param {Scale} y */
function path(values, x, y) {
  const far = 1e5; // pixels: beyond, some browsers draw nothing
  const points = Array.from(values, (value, k) => {
    const height = Math.min(far, Math.max(-far, y(value)));
    return `${x(k).toFixed(1)} ${height.toFixed(2)}`;
  });
  return `M${points.join("L")}`;
}

/** @param {Float64Array} x @returns {[number, number]} */
function ends(x) {
  const low = Math.min(...x);
  const high = Math.max(...x);
  return [low >= 0 ? 0 : low - 0.1 * (high - low), high + 0.1 * (high - low)];
}

/** Round numbers in a range. @param {[number, number]} range @param {number} most */
function ticks([low, high], most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => (high - low) / size <= most) ?? high - low;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(6)));
}

/** @param {number} value */
function minus(value) {
  return String(value).replace("-", "−");
}
