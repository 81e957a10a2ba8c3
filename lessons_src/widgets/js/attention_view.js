// @ts-check
/**
 * AttentionStepper's figure: the words with their vectors, the three matrices and what they make, one word's row step by
 * step, everybody's weights, and below the softmax of random dot products.
 *
 *   createVectors(onEdit)    the editable vectors; onEdit(word, column, value)
 *   createRoles()            W_q, W_k, W_v and each word's query, key and value
 *   createRow()              scores → scale → mask → softmax → sum for the asking word
 *   createGrid(onPick)       all weights; onPick(word)
 *   createBelow()            bars of one row with and without scaling, and the largest weight over d_k
 */
import { KEYS, LIMIT, MOST_BELOW, MOST_SIZE, MOST_WORDS, ROLES, SIZES } from "./attention_model.js";
import { nameOf, vector } from "./attention_words.js";
import { element, svg } from "./dom.js";
import { brief, rich } from "./maths.js";
import { inkOn, magnitudeColour } from "./scales.js";

/** @typedef {import("./attention_model.js").Scene} Scene */
/** @typedef {import("./attention_model.js").Role} Role */
/** @typedef {ReturnType<typeof import("./attention_model.js").saturation>} Below */

const SYMBOL = { query: "q", key: "k", value: "v" };
const SAYS = { query: "what it asks for", key: "what it offers", value: "what it gives" };

/** @param {(string | Node)[]} cells @param {string} [look] */
const row = ([head, ...cells], look) =>
  element(
    "tr",
    { class: look },
    element("th", { scope: "row" }, head),
    ...cells.map((cell) => element("td", {}, cell)),
  );

/** @param {string[]} words */
const heading = (words) =>
  element("thead", {}, element("tr", {}, ...words.map((word) => element("th", { scope: "col" }, ...rich(word)))));

/** @param {(word: number, column: number, value: number) => void} onEdit */
export function createVectors(onEdit) {
  const inputs = Array.from({ length: MOST_WORDS }, (_, t) =>
    Array.from({ length: MOST_SIZE }, (_, j) => {
      const input = element("input", {
        ...{ type: "number", min: -LIMIT, max: LIMIT, step: 0.5, "data-control": `x-${t + 1}-${j + 1}` },
        "data-lm-suppress-shortcuts": "true",
        input: () => {
          const value = input.valueAsNumber;
          const fits = Math.abs(value) <= LIMIT;
          input.toggleAttribute("aria-invalid", !fits);
          if (fits) onEdit(t, j, value);
        },
        blur: () => {
          input.removeAttribute("aria-invalid");
          input.value = input.dataset.value ?? "";
        },
      });
      return input;
    }),
  );
  const names = inputs.map(() => element("th", { scope: "row" }));
  const lines = inputs.map((fields, t) => element("tr", {}, names[t], ...fields.map((f) => element("td", {}, f))));
  const root = element(
    "table",
    { class: "as-vectors" },
    element("caption", {}, "The words’ vectors x: change any number"),
    element("tbody", {}, ...lines),
  );
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      inputs.forEach((fields, t) => {
        lines[t].hidden = t >= scene.n;
        const name = t < scene.n ? nameOf(scene, t) : "";
        names[t].textContent = name;
        fields.forEach((input, j) => {
          /** @type {HTMLElement} */ (input.parentElement).hidden = j >= scene.d;
          input.ariaLabel = `${name}, number ${j + 1}`;
          input.dataset.value = String(scene.x[t]?.[j] ?? "");
          if (!input.hasAttribute("aria-invalid") && input.valueAsNumber !== scene.x[t]?.[j])
            input.value = input.dataset.value;
        });
      });
    },
  };
}

export function createRoles() {
  const root = element("div", { class: "as-roles" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      root.replaceChildren(...ROLES.map((role, r) => roleCard(scene, role, r)));
    },
  };
}

/** @param {Scene} scene @param {Role} role @param {number} r */
function roleCard(scene, role, r) {
  const symbol = SYMBOL[role];
  const matrix = element(
    "table",
    { class: "as-matrix", "aria-label": `W_${symbol}` },
    element(
      "tbody",
      {},
      ...scene.weights[role].map((line) => element("tr", {}, ...line.map((w) => element("td", {}, brief(w))))),
    ),
  );
  const lists = scene.words.map((_, t) => {
    const parts = scene.heads.map((head) => [head.q, head.k, head.v][r][t]);
    const lines = parts.map((part) => element("span", {}, vector(part)));
    return row([nameOf(scene, t), element("div", { class: "as-parts" }, ...lines)], t === scene.at ? "as-asking" : "");
  });
  return element(
    "section",
    { class: `as-role as-${role}`, "data-role": role },
    element("p", { class: "as-title" }, element("b", {}, role), ` ${SAYS[role]}`),
    element("p", { class: "as-formula" }, ...rich(`${symbol} = x W_{${symbol}}, W_{${symbol}} =`)),
    matrix,
    element("table", { "aria-label": `${role} of each word` }, element("tbody", {}, ...lists)),
  );
}

export function createRow() {
  const root = element("div", { class: "as-row" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      if (!scene.n) root.replaceChildren();
      else root.replaceChildren(element("div", {}, ...scene.heads.map((_, h) => rowTable(scene, h))), answerOf(scene));
    },
  };
}

/** @param {Scene} scene @param {number} h */
function rowTable(scene, h) {
  const { at, size, scaled, seen, step } = scene;
  const head = scene.heads[h];
  const who = nameOf(scene, at);
  const lines = scene.words.map((_, s) => {
    const weight = head.weights[at][s];
    const bar = element("span", { class: "as-bar", style: `width:${(100 * weight).toFixed(2)}%` });
    const cells = [
      brief(head.products[at][s]),
      brief(head.scores[at][s]),
      seen[at][s] ? "seen" : "hidden, −∞",
      element("span", { class: "as-share" }, bar, element("span", {}, brief(weight))),
    ];
    return row([nameOf(scene, s), ...cells.map((cell, k) => (k <= step ? cell : "·"))]);
  });
  const sum = head.weights[at].reduce((a, b) => a + b, 0);
  const total = row(["sum", "", "", "", step > 2 ? brief(Number(sum.toFixed(12))) : "·"], "as-sum");
  return element(
    "table",
    { class: "as-steps-table", "data-head": h + 1 },
    element(
      "caption",
      {},
      ...rich(`${scene.heads.length > 1 ? `Head ${h + 1}: ` : ""}${who} asks with q = ${vector(head.q[at])}`),
    ),
    heading(["key of", "q · k", scaled ? `÷ √${size}` : "not scaled", "mask", "weight"]),
    element("tbody", {}, ...lines, total),
  );
}

/** @param {Scene} scene */
function answerOf(scene) {
  const { at, heads, context, step } = scene;
  const root = element("div", { class: "as-answer" });
  if (step < 4) return root;
  heads.forEach(({ weights, v, context: own }, h) => {
    const terms = scene.words.map((_, s) =>
      element("li", {}, `${brief(weights[at][s])} × ${vector(v[s])}`, element("span", {}, ` ${nameOf(scene, s)}`)),
    );
    root.append(
      element("p", {}, `${heads.length > 1 ? `Head ${h + 1}: the` : "The"} weighted sum of the values`),
      element("ul", {}, ...terms),
    );
    if (heads.length > 1) root.append(element("p", {}, `= ${vector(own[at])}`));
  });
  root.append(element("p", { class: "as-z" }, ...rich(`z = ${vector(context[at])}`)));
  return root;
}

/** @param {(word: number) => void} onPick */
export function createGrid(onPick) {
  const root = element("div", { class: "as-grids" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      const focused = root.contains(document.activeElement)
        ? /** @type {HTMLElement} */ (document.activeElement).dataset.pick
        : undefined;
      root.replaceChildren(...scene.heads.map((_, h) => gridOf(scene, h, onPick)));
      if (focused) /** @type {HTMLElement | null} */ (root.querySelector(`[data-pick="${focused}"]`))?.focus();
    },
  };
}

/** @param {Scene} scene @param {number} h @param {(word: number) => void} onPick */
function gridOf(scene, h, onPick) {
  const { weights } = scene.heads[h];
  const lines = scene.words.map((_, t) => {
    const cells = weights[t].map((weight) => {
      const fill = magnitudeColour(weight);
      return element("td", { class: "as-cell", style: `background:${fill};color:${inkOn(fill)}` }, weight.toFixed(2));
    });
    const pick = element(
      "button",
      {
        ...{ type: "button", class: "as-pick", "data-pick": `${h}-${t}`, "data-lm-suppress-shortcuts": "true" },
        "aria-pressed": String(t === scene.at),
        click: () => onPick(t + 1),
      },
      nameOf(scene, t),
    );
    return element("tr", { class: t === scene.at ? "as-asking" : "" }, element("th", { scope: "row" }, pick), ...cells);
  });
  return element(
    "table",
    { class: "as-grid" },
    element("caption", {}, `${scene.heads.length > 1 ? `Head ${h + 1}: ` : ""}who asks (rows) looks at whom (columns)`),
    heading(["", ...scene.words.map((_, s) => nameOf(scene, s))]),
    element("tbody", {}, ...lines),
  );
}

/* ------------------------------------------------------------------------------------------------------ lower part */

const [WIDE, HIGH, PAD] = [230, 96, 26];

export function createBelow() {
  const bars = { scaled: barsOf("scaled"), plain: barsOf("not scaled") };
  const chart = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH + PAD}`, role: "img", class: "as-chart" });
  const root = element("div", { class: "as-below" }, bars.scaled.root, bars.plain.root, element("div", {}, chart));
  return {
    root,
    /** @param {Below} below @param {Below[]} curve at each of SIZES @param {number} size */
    update: (below, curve, size) => {
      bars.scaled.update(below.scaled);
      bars.plain.update(below.plain);
      drawCurve(chart, below, curve, size);
    },
  };
}

/** @param {string} title */
function barsOf(title) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  const facts = element("p", { class: "as-facts" });
  const root = element(
    "div",
    { "data-bars": title },
    element("p", { class: "as-title" }, element("b", {}, title)),
    picture,
    facts,
  );
  return {
    root,
    /** @param {Below["scaled"]} found */
    update: ({ weights, largest, entropy }) => {
      const wide = WIDE / KEYS;
      const shapes = weights.map((weight, s) => {
        const high = Math.max(0.6, weight * (HIGH - 4));
        return svg("rect", { x: s * wide + 2, y: HIGH - 1 - high, width: wide - 4, height: high, class: "as-fill" });
      });
      const ground = svg("line", { x1: 0, x2: WIDE, y1: HIGH - 0.5, y2: HIGH - 0.5, class: "as-axis" });
      picture.replaceChildren(ground, ...shapes);
      picture.ariaLabel = `${title}: the weights of one row, the largest ${Math.max(...weights).toFixed(3)}`;
      facts.replaceChildren(
        ...["largest weight ", element("b", {}, largest.toFixed(3)), ", entropy "],
        ...[element("b", {}, entropy.toFixed(2)), ` of ${Math.log(KEYS).toFixed(2)}`],
      );
    },
  };
}

/** @param {SVGElement} chart @param {Below} below @param {Below[]} curve @param {number} size */
function drawCurve(chart, below, curve, size) {
  const left = 30;
  const x = (/** @type {number} */ d) => left + (Math.log2(d) / Math.log2(MOST_BELOW)) * (WIDE - left - 12);
  const y = (/** @type {number} */ weight) => 6 + (1 - weight) * (HIGH - 12);
  const line = (/** @type {"scaled" | "plain"} */ key) =>
    svg("path", {
      class: `as-line as-${key}`,
      d: curve
        .map((found, k) => `${k ? "L" : "M"}${x(SIZES[k]).toFixed(2)} ${y(found[key].largest).toFixed(2)}`)
        .join(""),
    });
  const dots = /** @type {("scaled" | "plain")[]} */ (["scaled", "plain"]).map((key) =>
    svg("circle", { cx: x(size), cy: y(below[key].largest), r: 4.5, class: `as-dot as-${key}` }),
  );
  const ticks = [1, 8, 64, 512].map((d) => svg("text", { x: x(d), y: HIGH + 12, "text-anchor": "middle" }, String(d)));
  const levels = [0, 0.5, 1].map((w) => svg("text", { x: left - 6, y: y(w) + 4, "text-anchor": "end" }, String(w)));
  const last = curve[curve.length - 1];
  chart.replaceChildren(
    svg("path", { class: "as-axis", d: `M${left} 2V${HIGH - 2}H${WIDE}` }),
    ...ticks,
    ...levels,
    svg("text", { x: WIDE - 12, y: HIGH + 24, "text-anchor": "end" }, "d_k"),
    svg("text", { x: WIDE - 12, y: y(last.plain.largest) + 20, "text-anchor": "end" }, "not scaled"),
    svg("text", { x: WIDE - 12, y: y(last.scaled.largest) - 8, "text-anchor": "end" }, "scaled"),
    svg("line", { class: "as-now", x1: x(size), x2: x(size), y1: 2, y2: HIGH - 2 }),
    ...[line("scaled"), line("plain"), ...dots],
  );
  chart.setAttribute(
    "aria-label",
    `The largest weight, mean of 32 rows, over d_k: scaled ${last.scaled.largest.toFixed(2)} and not scaled ` +
      `${last.plain.largest.toFixed(2)} at 512`,
  );
}
