// @ts-check
/**
 * UnrolledStepper's picture: the folded cell with one step in numbers, the unrolled columns, and the two grids of weights.
 *
 *   createFolded(), createColumns()     { root, update(scene, dark) }
 *   createWeights(onPick)               the same; arrow keys move in a grid; onPick(matrix, row, column) when a cell is picked
 */
import { element, svg } from "./dom.js";
import { label, rich } from "./maths.js";
import { inkOn, signColour } from "./scales.js";
import { stepOf } from "./unrolled_model.js";
import { glyph, nameOf, two } from "./unrolled_words.js";

/** @typedef {import("./unrolled_model.js").Scene} Scene */

const TALLEST = 36; // pixels of the longest bar

/** A signed number on its colour. @param {number} x @param {boolean} dark @param {number} [most] */
function paint(x, dark, most = 1) {
  const colour = signColour(Math.max(-1, Math.min(1, x / most)) * 0.85, dark);
  return `background:${colour};color:${inkOn(colour)}`;
}

/* --------------------------------------------------------------------------------------------------------- folded */

export function createFolded() {
  const root = element("div", { class: "us-folded" });
  return {
    root,
    /** @param {Scene} scene @param {boolean} dark */
    update: (scene, dark) => {
      const t = scene.shown;
      root.replaceChildren(
        element("p", { class: "us-title" }, "Folded: one cell"),
        foldedPicture(t ? glyph(scene.letters[t - 1]) : ""),
        t
          ? stepTable(scene, t, dark)
          : element("p", { class: "us-start" }, ...rich("Nothing read yet: h_{0} is zeros.")),
      );
    },
  };
}

/** @param {string} letter */
function foldedPicture(letter) {
  return svg(
    "svg",
    {
      viewBox: "0 0 190 104",
      width: 190,
      height: 104,
      role: "img",
      "aria-label": "One cell; its output returns to it.",
    },
    svg("rect", { class: "us-box", x: 62, y: 34, width: 66, height: 32, rx: 8 }),
    label({ x: 95, y: 54, "text-anchor": "middle" }, "cell"),
    svg("path", { class: "us-loop", d: "M128 50H160V12H40V50H58M53 46L59 50L53 54" }),
    label({ x: 166, y: 34 }, "h_{t}"),
    label({ x: 2, y: 34 }, "h_{t−1}"),
    svg("path", { class: "us-in", d: "M95 88V70M91 76L95 69L99 76" }),
    label({ x: 95, y: 101, "text-anchor": "middle" }, letter ? `x_{t}: ${letter}` : "x_{t}"),
  );
}

/** @param {Scene} scene @param {number} t from 1 @param {boolean} dark */
function stepTable(scene, t, dark) {
  const units = stepOf(scene, t - 1);
  const biased = scene.layer.bias.some((b) => b !== 0);
  const head = ["unit", `W_{ih}x_{${t}}`, `W_{hh}h_{${t - 1}}`, ...(biased ? ["b"] : []), `h_{${t}}`];
  const reset = t === scene.reset ? " (reset)" : "";
  return element(
    "table",
    { class: "us-step" },
    element("caption", {}, ...rich(`Step ${t}: h_{${t}} is tanh of the sum${reset}`)),
    element("thead", {}, element("tr", {}, ...head.map((word) => element("th", { scope: "col" }, ...rich(word))))),
    element(
      "tbody",
      {},
      ...units.map(({ input, carried, bias, h }, j) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, String(j + 1)),
          element("td", {}, two(input)),
          element("td", { class: "us-carried" }, two(carried)),
          ...(biased ? [element("td", {}, two(bias))] : []),
          element("td", { style: paint(h, dark) }, two(h)),
        ),
      ),
    ),
  );
}

/* ------------------------------------------------------------------------------------------------------- unrolled */

export function createColumns() {
  const list = element("ol", { class: "us-columns" });
  const root = element(
    "div",
    { class: "us-unrolled" },
    element("p", { class: "us-title" }, "Unrolled: the same cell at every letter"),
    list,
  );
  return {
    root,
    /** @param {Scene} scene @param {boolean} dark */
    update: (scene, dark) => {
      list.replaceChildren(...scene.letters.map((_, t) => column(scene, t, dark)));
    },
  };
}

/** @param {Scene} scene @param {number} t from 0 @param {boolean} dark */
function column(scene, t, dark) {
  const { H, h, before, letters, ids, shown, traced, trace, reset, changed, edited } = scene;
  const known = ids[t] >= 0;
  const read = t < shown;
  const states = Array.from({ length: H }, (_, j) => t * H + j);
  const most = Math.max(...trace) || 1;
  const classes = [
    "us-column",
    ...(t + 1 === shown ? ["us-now"] : []),
    ...(t + 1 === reset ? ["us-reset"] : []),
    ...(t + 1 === traced ? ["us-traced"] : []),
    ...(edited ? ["us-ghosts"] : []),
    ...(read && changed[t] ? ["us-changed"] : []),
  ];
  return element(
    "li",
    { class: classes.join(" "), "data-step": t + 1 },
    element("span", { class: "us-t" }, ...rich(`h_{${t + 1}}`)),
    element(
      "span",
      { class: "us-states" },
      ...states.map((k) =>
        read
          ? element(
              "span",
              { class: "us-h", style: paint(h[k], dark) },
              two(h[k]),
              ...(Object.is(h[k], before[k])
                ? []
                : [
                    element("span", { class: "uw-hidden-text" }, " was "),
                    element("small", { style: paint(before[k], dark) }, two(before[k])),
                  ]),
            )
          : element("span", { class: "us-h us-empty" }),
      ),
    ),
    element("span", { class: `us-letter${known ? "" : " us-unknown"}` }, glyph(letters[t])),
    oneHot(scene, ids[t]),
    element(
      "span",
      { class: "us-trace" },
      ...(read && t + 1 >= traced
        ? [
            element("span", { class: "us-size" }, small(trace[t])),
            element("span", { class: "us-bar", style: `height:${((TALLEST * trace[t]) / most).toFixed(1)}px` }),
          ]
        : []),
    ),
  );
}

/** @param {number} x */
const small = (x) => (x === 0 ? "0" : x < 0.0005 ? "≈0" : x < 0.005 ? x.toFixed(3) : two(x));

/** @param {Scene} scene @param {number} id */
function oneHot({ D }, id) {
  const words = id < 0 ? "x: zeros, unknown" : `x: 1 at place ${id + 1} of ${D}`;
  const cells = Array.from({ length: D }, (_, k) => element("i", { class: k === id ? "us-one" : null }));
  return element("span", { class: "us-x", role: "img", "aria-label": words }, ...cells);
}

/* -------------------------------------------------------------------------------------------------------- weights */

/** @param {(matrix: string, row: number, column: number) => void} onPick */
export function createWeights(onPick) {
  const root = element("div", { class: "us-weights" });
  /** @type {Scene} */
  let scene;
  root.addEventListener("click", (event) => {
    const cell = /** @type {Element} */ (event.target).closest("[data-weight]");
    if (cell) choose(cell);
  });
  root.addEventListener("keydown", (event) => {
    const [matrix, row, column] = place(/** @type {Element} */ (event.target));
    const shown = matrix === "W_ih" ? inputColumns(scene) : range(scene.H);
    const at = shown.indexOf(column);
    const goal = {
      ArrowUp: [row - 1, at],
      ArrowDown: [row + 1, at],
      ArrowLeft: [row, at - 1],
      ArrowRight: [row, at + 1],
      Home: [row, 0],
      End: [row, shown.length - 1],
      Enter: [row, at],
      " ": [row, at],
    }[event.key];
    if (!matrix || !goal || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = root.querySelector(`[data-weight="${matrix}-${goal[0]}-${shown[goal[1]]}"]`);
    if (!(next instanceof HTMLElement)) return;
    if (event.key === "Enter" || event.key === " ") choose(next);
    else move(next);
  });
  /** @param {HTMLElement} next */
  const move = (next) => {
    for (const cell of root.querySelectorAll(`[data-weight^="${place(next)[0]}"][tabindex="0"]`))
      cell.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  };
  /** @param {Element} cell */
  const choose = (cell) => onPick(...place(cell));
  return {
    root,
    /** @param {Scene} next @param {boolean} dark */
    update: (next, dark) => {
      scene = next;
      const held = root.contains(document.activeElement) ? document.activeElement?.getAttribute("data-weight") : null;
      root.replaceChildren(gridOf(scene, "W_hh", dark), gridOf(scene, "W_ih", dark));
      const again = held && root.querySelector(`[data-weight="${held}"]`);
      if (again instanceof HTMLElement) move(again);
    },
  };
}

/** @param {Element} cell @returns {[string, number, number]} */
function place(cell) {
  const [matrix = "", row, column] = cell.getAttribute("data-weight")?.split("-") ?? [];
  return [matrix, Number(row), Number(column)];
}

/** @param {number} n */
const range = (n) => Array.from({ length: n }, (_, k) => k + 1);

/** The columns of W_ih that are drawn: of the letters in the text, and of the picked weight. @param {Scene} scene */
function inputColumns({ ids, D, matrix, column }) {
  if (D <= 10) return range(D);
  const used = new Set(ids.filter((id) => id >= 0).map((id) => id + 1));
  if (matrix === "W_ih" || !used.size) used.add(matrix === "W_ih" ? column : 1);
  return [...used].sort((a, b) => a - b);
}

/** @param {Scene} scene @param {"W_hh" | "W_ih"} matrix @param {boolean} dark */
function gridOf(scene, matrix, dark) {
  const { layer, H, D, symbols, row, column, edited, own } = scene;
  const recurrent = matrix === "W_hh";
  const values = recurrent ? layer.weightHh : layer.weightIh;
  const columns = recurrent ? range(H) : inputColumns(scene);
  const mine = scene.matrix === matrix;
  const cell = (/** @type {number} */ i, /** @type {number} */ j) => {
    const x = values[(i - 1) * (recurrent ? H : D) + j - 1];
    const picked = mine && i === row && j === column;
    const was = picked && edited ? `, was ${two(own)}` : "";
    return element(
      "div",
      {
        role: "gridcell",
        class: "us-weight",
        tabindex: picked || (!mine && i === 1 && j === columns[0]) ? 0 : -1,
        "aria-selected": picked ? "true" : "false",
        "aria-label": `${nameOf(scene, matrix, i, j)}: ${two(x)}${was}`,
        "data-weight": `${matrix}-${i}-${j}`,
        "data-lm-suppress-shortcuts": "true",
        style: paint(x, dark, 1.5),
      },
      two(x).replace(/^(−?)0\./, "$1."),
    );
  };
  const heads = columns.map((j) =>
    element("div", { role: "columnheader", class: "us-head" }, recurrent ? String(j) : glyph(symbols[j - 1])),
  );
  return element(
    "div",
    { class: "us-matrix" },
    element(
      "p",
      { class: "us-title" },
      ...rich(recurrent ? "W_{hh}: from unit … to unit" : "W_{ih}: from letter … to unit"),
    ),
    element(
      "div",
      { class: "us-scroll" },
      element(
        "div",
        { role: "grid", "aria-label": matrix, style: `--us-count:${columns.length}` },
        element(
          "div",
          { role: "row", class: "us-row" },
          element("div", { role: "columnheader", "aria-label": "to unit" }),
          ...heads,
        ),
        ...range(H).map((i) =>
          element(
            "div",
            { role: "row", class: "us-row" },
            element("div", { role: "rowheader", class: "us-head" }, String(i)),
            ...columns.map((j) => cell(i, j)),
          ),
        ),
      ),
    ),
  );
}
