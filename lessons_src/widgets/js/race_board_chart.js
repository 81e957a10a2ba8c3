// @ts-check
/**
 * RaceBoard's two panels: a row for each entrant, a dot for each run.
 *
 *   scorePanel(scene, width)     scores, the interval of their mean, and where a task counts as solved
 *   sharePanel(scene, width)     the share of the gradient at step 1, before and after training, on a log axis
 */
import { element, svg } from "./dom.js";
import { decades, linear, powerOfTen } from "./scales.js";

/** @typedef {import("./race_board.js").Scene} Scene @typedef {import("./race_board.js").Row} Row */

const ROW = 50;
const SIDE = 14;
const TOP = 4;
const FOOT = 22;

/** @param {Scene} scene @param {number} width */
export function scorePanel(scene, width) {
  const { task, rows, guess } = scene;
  const ends = (/** @type {import("./race_board.js").Runs} */ { low, high }) =>
    task.solved === null ? [low, high] : [];
  const all = rows.flatMap(({ runs }) => [...runs.scores, ...ends(runs)]).concat(task.solved ?? []);
  const low = task.solved === null ? Math.min(...all) : 0;
  const high = task.lower ? Math.max(...all) : 1;
  const room = (high - low) * 0.04;
  const x = linear([low - room, high + room], [SIDE, width - SIDE]);
  const shown = guess !== "not yet";
  return panel(scene, width, `${task.unit} (${task.lower ? "lower" : "higher"} is better)`, [
    ...axis(
      rows,
      roundTicks(low, high).map(({ value, words }) => ({ at: x(value), words })),
      width,
    ),
    ...(task.solved === null
      ? []
      : [svg("path", { class: "rb-solved", d: `M${x(task.solved)} ${TOP}V${TOP + ROW * rows.length}` })]),
    ...(shown ? rows.flatMap(({ runs }, k) => scoreMarks(runs, TOP + ROW * k + 32, x, width)) : []),
  ]);
}

/** About four round numbers. @param {number} low @param {number} high */
function roundTicks(low, high) {
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((size) => (high - low) / size <= 5) ?? 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => ({
    value: (first + k) * step,
    words: ((first + k) * step).toFixed(digits),
  }));
}

/**
 * Dots, and the interval: where it leaves the panel it has no end mark.
 * @param {import("./race_board.js").Runs} runs @param {number} y @param {(value: number) => number} x @param {number} width
 */
function scoreMarks({ scores, low, high }, y, x, width) {
  const spread = (/** @type {number} */ k) => y + (k - (scores.length - 1) / 2) * 4;
  const [left, right] = [Math.max(SIDE, x(low)), Math.min(width - SIDE, x(high))];
  const [first, last] = [x(low) < SIDE ? 0 : 5, x(high) > width - SIDE ? 0 : 5];
  const from = `M${left} ${y - first}v${2 * first}m0 ${-first}`;
  return [
    svg("path", { class: "rb-interval", d: `${from}H${right}m0 ${-last}v${2 * last}` }),
    ...scores.map((value, k) => svg("circle", { class: "rb-dot", cx: x(value), cy: spread(k), r: 4.5 })),
  ];
}

/** @param {Scene} scene @param {number} width */
export function sharePanel(scene, width) {
  const { rows, guess } = scene;
  const logs = rows.flatMap(({ runs }) => [...runs.before, ...runs.after]).map(Math.log10);
  const [low, high] = [Math.min(-1, ...logs), Math.max(0, ...logs)];
  const x = linear([low - 0.5, high + 0.5], [SIDE, width - SIDE]);
  const ticks = decades(low, high, 5).map((k) => ({ at: x(k), words: powerOfTen(k) }));
  const dots = (/** @type {Row} */ { runs }, /** @type {number} */ k) =>
    /** @type {const} */ (["before", "after"]).flatMap((moment, line) =>
      runs[moment].map((share) =>
        svg("circle", {
          ...{ class: `rb-${moment}`, r: 4 },
          ...{ cx: x(Math.log10(share)), cy: TOP + ROW * k + 27 + 10 * line },
        }),
      ),
    );
  return panel(scene, width, "gradient share at step 1", [
    ...axis(rows, ticks, width),
    ...(guess === "not yet" ? [] : rows.flatMap(dots)),
  ]);
}

/** @param {Row[]} rows @param {{ at: number, words: string }[]} ticks @param {number} width */
function axis(rows, ticks, width) {
  const bottom = TOP + ROW * rows.length;
  return [
    ...ticks.flatMap(({ at, words }) => [
      svg("path", { class: "rb-grid", d: `M${at} ${TOP}V${bottom}` }),
      svg(
        "text",
        { x: at, y: bottom + 16, "text-anchor": at < 20 ? "start" : at > width - 20 ? "end" : "middle" },
        words,
      ),
    ]),
    ...rows.map(({ words }, k) => svg("text", { class: "rb-name", x: SIDE, y: TOP + ROW * k + 14 }, words)),
  ];
}

/** @param {Scene} scene @param {number} width @param {string} title @param {SVGElement[]} marks */
function panel({ rows, guess }, width, title, marks) {
  const height = TOP + ROW * rows.length + FOOT;
  const words = guess === "not yet" ? "hidden until you guess" : `${rows.length} rows of dots`;
  return element(
    "div",
    {},
    element("p", { class: "rb-title" }, title),
    svg(
      "svg",
      {
        class: "rb-chart",
        role: "img",
        "aria-label": `${title}: ${words}; the numbers are in the table below`,
        ...{ width, height, viewBox: `0 0 ${width} ${height}` },
      },
      ...marks,
    ),
  );
}
