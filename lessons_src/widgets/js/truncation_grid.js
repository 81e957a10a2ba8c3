// @ts-check
/**
 * TruncationWindow's picture, as SVG in real pixels: the states from left to right, the backward passes below them with
 * the places where they are cut, and under each state how much each loss pulls at it.
 *
 *   createGrid(onPick)      { root, update(scene, width) }: arrow keys move in the grid; onPick(words) says a cell exactly
 */
import { element, svg } from "./dom.js";
import { gridGoal } from "./grid.js";
import { brief, label } from "./maths.js";
import { inkOn, magnitudeColour } from "./scales.js";
import { aboutCell } from "./truncation_words.js";

/** @typedef {import("./truncation_window.js").Scene} Scene */

const [LEFT, STATES, LANES] = [40, 36, 72];

/** @param {(words: string) => void} onPick */
export function createGrid(onPick) {
  const picture = svg("svg", { class: "tw-picture", role: "img" });
  const cells = svg("svg", { class: "tw-grid", role: "grid" });
  const root = element("div", {}, picture, cells);
  let [s, t] = [1, 1];
  let touched = false;
  /** @type {Scene} */
  let scene;

  const node = () => cells.querySelector(`[data-cell="${s}-${t}"]`);
  const say = () =>
    onPick(
      touched ? aboutCell(scene, s, t) : "Click a number, or go there with Tab and the arrow keys, to read it exactly.",
    );
  /** @param {number} row @param {number} column @param {boolean} focus */
  const pick = (row, column, focus) => {
    node()?.setAttribute("tabindex", "-1");
    s = Math.max(1, Math.min(scene.T, row));
    t = Math.max(1, Math.min(scene.T, column));
    const cell = /** @type {SVGElement | null} */ (node());
    cell?.setAttribute("tabindex", "0");
    if (focus) cell?.focus();
    say();
  };
  // on the element around it: a listener for focus on an SVG makes the SVG itself a stop of the Tab key in Chromium
  root.addEventListener("focusin", (event) => {
    const place = /** @type {Element} */ (event.target).getAttribute("data-cell")?.split("-").map(Number);
    if (!place) return;
    touched = true;
    pick(place[0], place[1], false);
  });
  root.addEventListener("keydown", (event) => {
    const goal = gridGoal(event, s, t, 1);
    if (goal) pick(goal[0], goal[1], true);
  });
  return {
    root,
    /** @param {Scene} next @param {number} width */
    update: (next, width) => {
      scene = next;
      const column = (width - LEFT - 2) / scene.T;
      const x = (/** @type {number} */ at) => LEFT + (at - 0.5) * column;
      drawPicture(picture, scene, width, column, x);
      const focus = cells.contains(document.activeElement);
      drawCells(cells, scene, width, column, x);
      pick(s, t, focus);
    },
  };
}

/** @param {SVGElement} root @param {number} width @param {number} height @param {string} words */
function size(root, width, height, words) {
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  root.setAttribute("width", String(width));
  root.setAttribute("height", String(height));
  root.setAttribute("aria-label", words);
}

/* ---------------------------------------------------------------------------------- the states and the backward passes */

/** @param {SVGElement} root @param {Scene} scene @param {number} width @param {number} column @param {(t: number) => number} x */
function drawPicture(root, { T, carry, stride, window, windows }, width, column, x) {
  const lanes = Math.min(Math.ceil(window / stride), windows.length);
  const gap = lanes > 6 ? 8 : 16;
  const radius = Math.min(15, column * 0.3);
  const height = LANES + lanes * gap;
  const fresh = new Set(carry ? [] : windows.map(({ from }) => from)); // steps whose state does not come from the step before
  const steps = Array.from({ length: T }, (_, k) => k + 1);
  const cuts = windows.filter(({ first }) => first > 1).map(({ first }) => first);
  size(
    root,
    width,
    height,
    `${T} states. ${cuts.length ? `Gradients are cut before step ${[...new Set(cuts)].join(", ")}.` : "No gradient is cut."} ` +
      `States are ${carry ? "carried on" : "not carried on"}.`,
  );
  const plain = stride === window;
  const edge = (/** @type {number} */ t) => x(t) - column / 2;
  const zero = (/** @type {number} */ t, /** @type {number} */ at, /** @type {number} */ y) =>
    svg("text", { class: "tw-word", x: at, y: y + 5, "text-anchor": "middle", "data-zero": t }, "0");
  root.replaceChildren(
    svg("text", { class: "tw-name", x: 0, y: STATES + 4 }, "state"),
    svg("text", { class: "tw-name", x: 0, y: LANES + 4 }, "grad."),
    ...(plain ? cuts : []).flatMap((t) => [
      svg("path", { class: "tw-detach", d: `M${edge(t)} ${carry ? 16 : STATES + 12}V${height}` }),
      ...(carry && window * column > 60
        ? [svg("text", { class: "tw-word", x: edge(t), y: 12, "text-anchor": "middle" }, "detach")]
        : []),
    ]),
    ...steps.slice(1).flatMap((t) => {
      if (!fresh.has(t)) return [arrow(x(t - 1) + radius, x(t) - radius - 1, STATES, "tw-forward")];
      return plain
        ? [
            zero(t, edge(t), STATES),
            ...(column > 60 ? [arrow(edge(t) + 8, x(t) - radius - 1, STATES, "tw-forward")] : []),
          ]
        : [];
    }),
    ...steps.flatMap((t) => [
      svg("circle", { class: "tw-state", cx: x(t), cy: STATES, r: radius, "data-state": t }),
      ...(column > 40
        ? [label({ x: x(t), y: STATES + 4, "text-anchor": "middle" }, `h_{${t}}`)]
        : column > 20 || t % 4 === 0
          ? [svg("text", { x: x(t), y: STATES + radius + 14, "text-anchor": "middle" }, String(t))]
          : []),
    ]),
    ...windows.flatMap(({ first, last, from }, k) => {
      const y = LANES + (k % lanes) * gap;
      const start = first > 1 ? edge(first) : x(1) - column * 0.3;
      return [
        ...(plain || lanes > 6
          ? []
          : [svg("path", { class: "tw-own", d: `M${x(from) - column * 0.3} ${y + 4}H${x(last) + column * 0.3}` })]),
        arrow(x(last) + column * 0.3, first > 1 ? start + 7 : start, y, "tw-backward"),
        ...(first > 1
          ? [
              svg("path", {
                class: "tw-scissors",
                d: `M${start} ${y - 6}v12M${start + 4} ${y - 6}v12`,
                "data-cut": first,
              }),
            ]
          : []),
        ...(fresh.size && !plain && lanes < 7 && first > 1 ? [zero(first, start - 8, y)] : []),
      ];
    }),
  );
}

/** @param {number} from @param {number} to @param {number} y @param {string} look */
function arrow(from, to, y, look) {
  const back = to < from ? 5 : -5;
  return svg("path", {
    class: look,
    d: `M${from} ${y}H${to}M${to + back} ${y - 3.5}L${to} ${y}L${to + back} ${y + 3.5}`,
  });
}

/* ------------------------------------------------------------------------------------------------------------ the grid */

/** @param {SVGElement} root @param {Scene} scene @param {number} width @param {number} column @param {(t: number) => number} x */
function drawCells(root, scene, width, column, x) {
  const { T } = scene;
  const tall = Math.min(30, Math.max(14, column * 0.8));
  const steps = Array.from({ length: T }, (_, k) => k + 1);
  const most = Math.max(
    ...steps.map((s) => scene.cell(s, s).was),
    ...steps.flatMap((s) => steps.slice(0, s).map((t) => scene.cell(s, t).is)),
  );
  size(root, width, T * tall + 2, `Norms of ∂L/∂h: a row per loss, a column per state, ${T} each. Arrow keys move.`);
  const stair = steps.map((s) => {
    const { first } = scene.cut.reach[s - 1];
    return first > 1 ? `${x(first) - column / 2} ${(s - 1) * tall + 1}v${tall}` : "";
  });
  const joined = stair.filter(Boolean).join("L");
  root.replaceChildren(
    ...steps.map((s) => {
      const y = (s - 1) * tall + 1;
      const middle = y + tall / 2 + 4;
      const named = tall > 13.5 || s % 4 === 0;
      return svg(
        "g",
        { role: "row" },
        svg(
          "g",
          { role: "rowheader", "aria-label": `loss of step ${s}` },
          ...(named ? [label({ class: "tw-name", x: LEFT - 10, y: middle, "text-anchor": "end" }, `L_{${s}}`)] : []),
        ),
        ...steps.map((t) =>
          cellOf(scene, s, t, {
            left: x(t) - column / 2 + 1,
            top: y + 1,
            wide: column - 2,
            tall: tall - 2,
            middle,
            most,
          }),
        ),
      );
    }),
    svg("path", { class: "tw-stair", d: joined && `M${joined}`, "aria-hidden": "true" }),
  );
}

/**
 * @param {Scene} scene @param {number} s @param {number} t
 * @param {{ left: number, top: number, wide: number, tall: number, middle: number, most: number }} place
 */
function cellOf(scene, s, t, { left, top, wide, tall, middle, most }) {
  const common = { x: left, y: top, width: wide, height: tall, rx: Math.min(4, wide / 4) };
  const attributes = {
    role: "gridcell",
    tabindex: -1,
    class: "tw-cell",
    "data-cell": `${s}-${t}`,
    "data-lm-suppress-shortcuts": "true",
    "aria-label": aboutCell(scene, s, t),
  };
  if (t > s) return svg("g", attributes, svg("rect", { class: "tw-later", ...common }));
  const { is, cut } = scene.cell(s, t);
  const words = (/** @type {string} */ text, /** @type {string | null} */ ink) =>
    wide > 27
      ? [
          svg(
            "text",
            { class: "tw-number", x: left + wide / 2, y: middle, "text-anchor": "middle", style: ink && `fill:${ink}` },
            text,
          ),
        ]
      : [];
  if (cut) {
    const cross = `M${left + 2} ${top + tall - 2}L${left + wide - 2} ${top + 2}`;
    return svg(
      "g",
      attributes,
      svg("rect", { class: "tw-gone", ...common }),
      svg("path", { class: "tw-cross", d: cross }),
      ...words("0", null),
    );
  }
  const colour = magnitudeColour(Math.sqrt(is / (most || 1)));
  return svg(
    "g",
    attributes,
    svg("rect", { class: "tw-kept", ...common, style: `fill:${colour}` }),
    ...words(shortened(is, wide), inkOn(colour)),
  );
}

/** @param {number} x @param {number} wide */
function shortened(x, wide) {
  if (x === 0) return "0";
  const text = x.toFixed(wide > 44 ? 3 : 2);
  return Number(text) === 0 ? (wide > 50 ? brief(x) : "≈0") : text.replace(/^0/, wide < 34 ? "" : "0");
}
