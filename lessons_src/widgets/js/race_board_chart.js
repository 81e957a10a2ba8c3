// @ts-check
/**
 * RaceBoard's two panels: a row for each entrant, a dot for each run.
 *
 *   scorePanel(scene, width)     scores, the interval of their mean, and where a task counts as solved
 *   sharePanel(scene, width)     the share of the gradient at step 1, before and after training, on a log axis
 */
import { element, svg } from "./dom.js";
import { decades, linear, powerOfTen, show } from "./scales.js";

/** @typedef {import("./race_board.js").Scene} Scene @typedef {import("./race_board.js").Row} Row */

const ROW = 50;
const SIDE = 14;
const TOP = 4;
const FOOT = 22;

/** @param {Scene} scene @param {number} width */
export function scorePanel(scene, width) {
  const { task, rows, guess } = scene;
  const all = rows.flatMap(({ runs }) => runs.scores).concat(task.solved ?? []);
  const low = task.solved === null ? Math.min(...all) : 0;
  const high = task.lower ? Math.max(...all) : 1;
  const room = (high - low) * 0.04;
  const x = linear([low - room, high + room], [SIDE, width - SIDE]);
  const inside = (/** @type {number} */ value) => x(Math.min(high + room, Math.max(low - room, value)));
  const ticks = [0, 1, 2, 3, 4].map((k) => low + ((high - low) * k) / 4);
  const shown = guess !== "not yet";
  return panel(scene, width, `${task.unit} (${task.lower ? "lower" : "higher"} is better)`, [
    ...axis(
      rows,
      ticks.map((value) => ({ at: x(value), words: show(value, 2) })),
    ),
    ...(task.solved === null
      ? []
      : [svg("path", { class: "rb-solved", d: `M${x(task.solved)} ${TOP}V${TOP + ROW * rows.length}` })]),
    ...(shown ? rows.flatMap(({ runs }, k) => scoreMarks(runs, TOP + ROW * k + 32, x, inside)) : []),
  ]);
}

/**
 * @param {import("./race_board.js").Runs} runs @param {number} y
 * @param {(value: number) => number} x @param {(value: number) => number} inside
 */
function scoreMarks({ scores, low, high }, y, x, inside) {
  const spread = (/** @type {number} */ k) => y + (k - (scores.length - 1) / 2) * 4;
  return [
    svg("path", { class: "rb-interval", d: `M${inside(low)} ${y - 5}v10m0 -5H${inside(high)}m0 -5v10` }),
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
    ...axis(rows, ticks),
    ...(guess === "not yet" ? [] : rows.flatMap(dots)),
  ]);
}

/** @param {Row[]} rows @param {{ at: number, words: string }[]} ticks */
function axis(rows, ticks) {
  const bottom = TOP + ROW * rows.length;
  return [
    ...ticks.flatMap(({ at, words }, k) => [
      svg("path", { class: "rb-grid", d: `M${at} ${TOP}V${bottom}` }),
      svg(
        "text",
        { x: at, y: bottom + 16, "text-anchor": k === 0 ? "start" : k === ticks.length - 1 ? "end" : "middle" },
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
