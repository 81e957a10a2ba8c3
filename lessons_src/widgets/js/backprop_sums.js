// @ts-check
/**
 * BackpropStepper's running sums: one row per step, last step first, with its part of the gradient as a bar that begins
 * where the one before ended, so that the bars stack to the total.
 *
 *   createSums()      { root, update(view) }: a table per number of the watched weight that the picked unit has
 */
import { columnsOf, otherFactor, settled } from "./backprop_words.js";
import { element } from "./dom.js";
import { brief, rich } from "./maths.js";

/** @typedef {import("./backprop_words.js").View} View */

export function createSums() {
  const root = element("div", { class: "bp-sums" });
  return {
    root,
    /** @param {View} view */
    update: (view) => root.replaceChildren(...columnsOf(view).map((column) => tableOf(view, column))),
  };
}

/** @param {View} view @param {ReturnType<typeof columnsOf>[number]} column */
function tableOf(view, { name, other, at, from }) {
  const { pass, stages, position, unit, weight } = view;
  const { T, H, dA, parts } = pass;
  const size = parts[weight].length / T;
  const done = new Set(stages.slice(0, position).map((stage) => stage.kind + stage.t));
  const now = stages[position - 1];
  const steps = Array.from({ length: T }, (_, k) => T - k);
  const ends = steps.map((t) => pass.sum(weight, at, t));
  const low = Math.min(0, ...ends);
  const span = Math.max(0, ...ends) - low || 1;
  const share = (/** @type {number} */ x) => (100 * (x - low)) / span;
  const bar = (/** @type {number} */ begin, /** @type {number} */ end, /** @type {string} */ look) =>
    element(
      "td",
      { class: "bp-bars", "aria-hidden": "true" },
      element("span", { class: "bp-zero", style: `left:${share(0)}%` }),
      ...(begin === end
        ? []
        : [
            element("span", {
              class: `bp-bar ${look}${end < begin ? " bp-negative" : ""}`,
              style: `left:${share(Math.min(begin, end))}%;width:${(100 * Math.abs(end - begin)) / span}%`,
            }),
          ]),
    );
  const cell = (/** @type {string} */ words) => element("td", {}, words);
  const rows = steps.map((t, k) => {
    const added = done.has(weight + t);
    const value = parts[weight][(t - 1) * size + at];
    return element(
      "tr",
      { class: now?.t === t ? "bp-row-now" : "" },
      element("th", { scope: "row" }, String(t)),
      cell(done.has(`tanh${t}`) ? brief(dA[(t - 1) * H + unit]) : "·"),
      cell(brief(otherFactor(view, t, from))),
      cell(added ? brief(value) : "·"),
      added ? bar(ends[k] - value, ends[k], "") : element("td", { class: "bp-bars", "aria-hidden": "true" }),
    );
  });
  const reached = steps.filter((t) => done.has(weight + t)).at(-1);
  const sum = reached ? pass.sum(weight, at, reached) : 0;
  const foot = [
    element(
      "tr",
      { class: "bp-total" },
      element("th", { scope: "row", colspan: 3 }, position === stages.length ? "sum of all steps" : "sum so far"),
      cell(reached ? brief(sum) : "·"),
      bar(0, sum, "bp-all"),
    ),
    ...(position === stages.length
      ? [
          element(
            "tr",
            {},
            element("th", { scope: "row", colspan: 3 }, "by nudging the weight"),
            cell(brief(settled(pass.nudgedAll(weight, at)))),
            bar(0, settled(pass.nudgedAll(weight, at)), "bp-nudged"),
          ),
        ]
      : []),
  ];
  const heads = ["t", `∂L/∂a_{t}${H > 1 ? `[${unit + 1}]` : ""}`, other, "product"];
  return element(
    "table",
    {},
    element("caption", {}, "Into ", element("b", {}, ...rich(name)), ": each step’s part"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...heads.map((head) => element("th", { scope: "col" }, ...rich(head))),
        element("td", { class: "bp-bars", "aria-hidden": "true" }),
      ),
    ),
    element("tbody", {}, ...rows),
    element("tfoot", {}, ...foot),
  );
}
