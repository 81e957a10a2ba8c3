// @ts-check
/**
 * WordVectorStepper's tables: a matrix as a heat map with its numbers, a row per word, and the guess for each word.
 *
 *   createMatrix(name, onPick)    { root, update(view) }: a grid with arrow keys; onPick(words) says a cell exactly
 *   createGuess()                 { root, update(guesses, stepped) }: score, and probability before and now
 *
 * A row is marked by signs first and colours second: ▸ for changed, a frame for words that go in, a filled tag for the one
 * that must come out, a dashed one for negatives.
 */
import { element } from "./dom.js";
import { gridGoal } from "./grid.js";
import { inkOn, signColour } from "./scales.js";
import { fixed } from "./word_vector_words.js";

/**
 * @typedef {"in" | "target" | "negative" | "h" | ""} Role
 *
 * @typedef {object} Row
 * @property {string} word
 * @property {Role} role
 * @property {boolean} changed
 * @property {ArrayLike<number>} values
 * @property {ArrayLike<number>} before
 *
 * @typedef {object} MatrixView
 * @property {Row[]} rows
 * @property {number} size
 * @property {boolean} added whether to show what the last step added
 * @property {number} reach the value of the strongest colour
 * @property {boolean} dark
 */

const ROLES = { in: "goes in", target: "must come out", negative: "negative", h: "", "": "" };

/** @param {string} word @param {Role} role @param {boolean} changed */
function heading(word, role, changed) {
  const notes = [ROLES[role], changed ? "changed" : ""].filter(Boolean).join(", ");
  return [
    element("span", { class: "wv-mark", "aria-hidden": "true" }, changed ? "▸" : ""),
    element("span", { class: `wv-word${role && ` wv-${role}`}` }, word),
    ...(notes ? [element("span", { class: "uw-hidden-text" }, ` (${notes})`)] : []),
  ];
}

/** @param {string} name "W_in" @param {(words: string) => void} onPick */
export function createMatrix(name, onPick) {
  const body = element("tbody");
  const head = element("thead");
  const root = element("table", { class: "wv-matrix", role: "grid" }, head, body);
  /** @type {HTMLElement[][]} */
  let cells = [];
  let picked = [0, 0];
  /** @type {MatrixView} */
  let view;

  const say = () => {
    const { word, values, before, role } = view.rows[picked[0]];
    const of = role === "h" ? `h, number ${picked[1] + 1}` : `${name}, row “${word}”, number ${picked[1] + 1}`;
    const [now, then] = [values[picked[1]], before[picked[1]]];
    const step = fixed(now - then, 4);
    onPick(
      `${of}: ${fixed(now, 4)}. ${now === then ? "The last step left it alone." : `The last step added ${step}.`}`,
    );
  };
  /** @param {number} row @param {number} column @param {boolean} focus */
  const pick = (row, column, focus) => {
    cells[picked[0]]?.[picked[1]]?.setAttribute("tabindex", "-1");
    picked = [within(row, cells.length), within(column, cells[0].length)];
    const cell = cells[picked[0]][picked[1]];
    cell.tabIndex = 0;
    if (focus) cell.focus();
  };
  const build = () => {
    head.replaceChildren(
      element(
        "tr",
        {},
        element("td", { "aria-hidden": "true" }),
        ...Array.from({ length: view.size }, (_, d) => element("th", { scope: "col" }, String(d + 1))),
      ),
    );
    cells = view.rows.map(() =>
      Array.from({ length: view.size }, () => element("td", { tabindex: -1, "data-lm-suppress-shortcuts": "true" })),
    );
    body.replaceChildren(...cells.map((row) => element("tr", {}, element("th", { scope: "row" }), ...row)));
    pick(picked[0], picked[1], false);
  };
  /** @param {Event} event */
  const placeOf = (event) => {
    const row = cells.findIndex((line) => line.includes(/** @type {HTMLElement} */ (event.target)));
    return row < 0 ? null : [row, cells[row].indexOf(/** @type {HTMLElement} */ (event.target))];
  };
  root.addEventListener("focusin", (event) => {
    const place = placeOf(event);
    if (!place) return;
    pick(place[0], place[1], false);
    say();
  });
  root.addEventListener("keydown", (event) => {
    const goal = placeOf(event) && gridGoal(event, picked[0], picked[1], 0);
    if (goal) pick(goal[0], goal[1], true);
  });

  return {
    root,
    /** @param {MatrixView} next */
    update: (next) => {
      view = next;
      if (cells.length !== next.rows.length || cells[0].length !== next.size) build();
      const words = next.rows.filter(({ role }) => role !== "h").length;
      root.classList.toggle("wv-many", next.size > 4);
      root.setAttribute("aria-label", `${name}: ${words} words, ${next.size} numbers each. Arrow keys move.`);
      for (const [r, { word, role, changed, values, before }] of next.rows.entries()) {
        const line = /** @type {HTMLElement} */ (body.children[r]);
        line.className = `${changed ? "wv-changed" : ""} ${role === "h" ? "wv-mean" : ""}`;
        line.children[0].replaceChildren(...heading(word, role, changed));
        for (const [d, cell] of cells[r].entries()) {
          const value = next.added ? values[d] - before[d] : values[d];
          const shade = value / next.reach;
          const colour = signColour(Number.isNaN(shade) ? 0 : shade, next.dark);
          cell.textContent = next.added ? signed(value) : fixed(value, 2);
          cell.style.cssText = `background:${colour};color:${inkOn(colour)}`;
        }
      }
      if (root.contains(document.activeElement)) say();
    },
  };
}

/** @param {number} k @param {number} count */
const within = (k, count) => Math.max(0, Math.min(count - 1, k));

/** What was added, with its sign; 0 only where nothing was. @param {number} x */
function signed(x) {
  if (x === 0) return "0";
  return x > 0 ? `+${fixed(x, 3)}` : fixed(x, 3);
}

/**
 * @typedef {object} Guess
 * @property {string} word
 * @property {Role} role
 * @property {boolean} used whether the loss looks at it
 * @property {number} score
 * @property {number} was
 * @property {number} is
 */

export function createGuess() {
  const root = element("table", { class: "wv-guess", "aria-label": "the guess for each word" });
  return {
    root,
    /** @param {Guess[]} guesses @param {boolean} stepped whether there is a step to compare with */
    update: (guesses, stepped) => {
      const heads = ["score", ...(stepped ? ["before"] : []), "now"];
      const head = element("tr", {}, element("td"), ...heads.map((word) => element("th", { scope: "col" }, word)));
      const rows = guesses.map(({ word, role, used, score, was, is }) => {
        const bar = element("span", {
          class: `wv-bar${role && ` wv-bar-${role}`}`,
          style: `width:${100 * (is || 0)}%`,
        });
        const tick = element("i", { style: `left:${100 * (was || 0)}%` });
        const track = element("span", { class: "wv-track", "aria-hidden": "true" }, bar, ...(stepped ? [tick] : []));
        return element(
          "tr",
          {},
          element("th", { scope: "row" }, ...heading(word, role, false)),
          element("td", {}, fixed(score, 2)),
          ...(stepped ? [element("td", {}, used ? fixed(was, 3) : "–")] : []),
          used ? element("td", { class: "wv-chance" }, track, fixed(is, 3)) : element("td", {}, "–"),
        );
      });
      root.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
    },
  };
}
