// @ts-check
/**
 * What DecoderLab draws.
 *
 *   createTree()     { root, update(scene, width) }: the hypotheses of each step, kept and pruned
 *   createRuns()     { root, update(scene) }: the true sum, the free run and the forced run, token under token
 *   createFound()    { root, update(scene) }: the texts that were found, the best first
 */
import { captionOfTree, nameOf, signed, textOf } from "./decoder_lab_words.js";
import { element, svg } from "./dom.js";

/**
 * @typedef {import("./decoder_lab.js").Scene} Scene
 * @typedef {import("./decoding.js").Hypothesis} Hypothesis
 * @typedef {{ hypothesis: Hypothesis, look: string, greedy: boolean, x: number, y: number }} Place
 */

const ROW = 44;
const HEIGHT = 36;
const TOP = 24;
const MOST_PRUNED = 2;

export function createTree() {
  const root = svg("svg", { class: "dl-tree", role: "img" });
  return {
    root,
    /** @param {Scene} scene @param {number} width */
    update: (scene, width) => {
      const column = Math.min(96, (width - 12) / Math.max(scene.T, 4));
      const places = arranged(scene, column);
      const rows = Math.max(1, ...places.map((column) => column.length));
      const height = TOP + rows * ROW;
      for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
        root.setAttribute(name, String(value));
      root.setAttribute("aria-label", captionOfTree(scene));
      const all = places.flat();
      root.replaceChildren(
        ...places.map((_, t) => svg("text", { x: 12 + (t + 0.5) * column, y: 13, class: "dl-step" }, String(t + 1))),
        ...all.map((place) => edge(place, all, rows, column)),
        ...all.map((place) => node(place, scene, column)),
      );
    },
  };
}

/** Where each hypothesis stands: step for step the kept ones, the greedy one, and the best of the pruned. @param {Scene} scene @param {number} column */
function arranged({ tree, greedy, shown, T, reads, method }, column) {
  const path = reads === "forced" || method !== "beam" ? [] : greedy.steps.map((step) => step.find(({ kept }) => kept));
  const best = new Set(shown === T ? ancestors(tree.found[0]) : []);
  return Array.from({ length: shown }, (_, t) => {
    const goal = path[t]?.tokens.join();
    const isGreedy = (/** @type {Hypothesis} */ { tokens }) => tokens.join() === goal;
    let pruned = 0;
    /** @type {Hypothesis[]} */
    const chosen = tree.steps[t].filter((h) => h.kept || isGreedy(h) || pruned++ < MOST_PRUNED);
    const ghost = path[t] && !chosen.some(isGreedy) ? path[t] : undefined;
    return [...chosen, ...(ghost ? [ghost] : [])].map((hypothesis, row) => ({
      hypothesis,
      look: hypothesis === ghost ? "ghost" : !hypothesis.kept ? "pruned" : best.has(hypothesis) ? "best" : "kept",
      greedy: isGreedy(hypothesis),
      x: 12 + (t + 0.5) * column,
      y: TOP + (row + 0.5) * ROW,
    }));
  });
}

/** @param {Hypothesis | undefined} hypothesis */
function ancestors(hypothesis) {
  const found = [];
  for (let h = hypothesis ?? null; h; h = h.parent) found.push(h);
  return found;
}

/** The line from the hypothesis that this one lengthens. @param {Place} place @param {Place[]} all @param {number} rows @param {number} column */
function edge({ hypothesis, look, greedy, x, y }, all, rows, column) {
  const before = hypothesis.tokens.slice(0, -1).join();
  const parent = all.find(
    (other) =>
      other.hypothesis === hypothesis.parent || (greedy && other.greedy && other.hypothesis.tokens.join() === before),
  );
  const half = column * 0.42;
  const from = parent ? { x: parent.x + half, y: parent.y } : { x: 2, y: TOP + (Math.min(rows, 3) * ROW) / 2 };
  return svg("path", {
    d: `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${(x - half).toFixed(1)} ${y.toFixed(1)}`,
    class: `dl-edge dl-${look}${greedy ? " dl-greedy" : ""}`,
  });
}

/** @param {Place} place @param {Scene} scene @param {number} column */
function node({ hypothesis, look, greedy, x, y }, { symbols, reads }, column) {
  const token = nameOf(hypothesis.tokens.at(-1) ?? 0, symbols);
  const value = reads === "forced" ? hypothesis.log : hypothesis.total;
  const box = { x: x - column * 0.42, y: y - HEIGHT / 2, width: column * 0.84, height: HEIGHT, rx: 7 };
  return svg(
    "g",
    {
      class: `dl-node dl-${look}${greedy ? " dl-greedy" : ""}`,
      "data-tokens": hypothesis.tokens.join(","),
      "data-total": hypothesis.total.toFixed(6),
    },
    svg("rect", box),
    svg("text", { x, y: y - 2, class: "dl-token" }, token),
    svg(
      "text",
      { x, y: y + 13, class: column < 48 ? "dl-log dl-small" : "dl-log" },
      signed(value, column < 56 ? 1 : 2),
    ),
  );
}

export function createRuns() {
  const root = element("div", { class: "dl-runs" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      const { truthIds, free, forced, shown, symbols, wrongAt, T } = scene;
      const rows = [
        ...(truthIds ? [{ name: "true sum", tokens: truthIds }] : []),
        { name: "reads what it wrote", tokens: tokensOf(free) },
        ...(forced ? [{ name: "reads the true sum", tokens: tokensOf(forced) }] : []),
      ];
      const length = T ? Math.max(...rows.map(({ tokens }) => tokens.length)) : 0;
      root.hidden = !T;
      const cell = (/** @type {number | undefined} */ token, /** @type {number} */ t, /** @type {boolean} */ truth) => {
        const late = t >= shown && shown < T && !truth;
        const injected = !truth && t + 1 === wrongAt && token !== undefined;
        const off =
          !truth && !late && truthIds !== null && token !== truthIds[t] && (token !== undefined || t < truthIds.length);
        const said = late || token === undefined ? "·" : nameOf(token, symbols);
        const mark = injected ? "put in" : off ? "differs" : "";
        return element(
          "td",
          { class: [injected && "dl-injected", off && "dl-off"].filter(Boolean).join(" ") || null },
          off && said !== "·" ? element("s", {}, said) : said,
          ...(mark ? [element("span", { class: "uw-hidden-text" }, ` ${mark}`)] : []),
        );
      };
      root.replaceChildren(
        element(
          "table",
          {},
          element("caption", {}, scene.method === "sampling" ? "One run, drawn" : "One run, the likeliest token each"),
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              element("th", { scope: "col" }, "step"),
              ...Array.from({ length }, (_, t) => element("th", { scope: "col" }, String(t + 1))),
            ),
          ),
          element(
            "tbody",
            {},
            ...rows.map(({ name, tokens }) =>
              element(
                "tr",
                {},
                element("th", { scope: "row" }, name),
                ...Array.from({ length }, (_, t) => cell(tokens[t], t, name === "true sum")),
              ),
            ),
          ),
        ),
      );
    },
  };
}

/** @param {import("./decoding.js").Search} run @returns {number[]} */
const tokensOf = (run) => run.found[0]?.tokens ?? [];

export function createFound() {
  const root = element("div", { class: "dl-found" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      const { tree, shown, T, truth, reads, symbols, method, penalty } = scene;
      root.hidden = !T || shown < T || reads === "forced";
      if (root.hidden) return;
      const head = ["written", "log P", ...(method === "beam" && penalty ? ["score"] : [])];
      const rows = tree.found.map((h) => {
        const text = textOf(h.tokens, symbols);
        const written = `${text || "(nothing)"}${h.ended ? "" : " …"}${text === truth && h.ended ? " ✓" : ""}`;
        return [written, signed(h.total, 3), ...(head.length > 2 ? [signed(h.score, 3)] : [])];
      });
      root.replaceChildren(
        element(
          "table",
          {},
          element("caption", {}, "Found, the best first"),
          element("thead", {}, element("tr", {}, ...head.map((word) => element("th", { scope: "col" }, word)))),
          element(
            "tbody",
            {},
            ...rows.map(([first, ...rest]) =>
              element(
                "tr",
                {},
                element("th", { scope: "row" }, first),
                ...rest.map((value) => element("td", {}, value)),
              ),
            ),
          ),
        ),
      );
    },
  };
}
