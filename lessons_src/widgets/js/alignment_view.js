// @ts-check
/**
 * What AlignmentExplorer draws: a table with a row per token that is written and a column per character that is read. One
 * cell is picked; arrow keys, clicks and `Enter` work on it.
 *
 *   createGrid({ onPick, onAll, onClear })    { root, update(scene) }
 */
import { element } from "./dom.js";
import { gridGoal } from "./grid.js";
import { inkOn, magnitudeColour } from "./scales.js";

/** @typedef {import("./alignment_explorer.js").Scene} Scene */

/** @param {string} character */
export const visible = (character) => (character === " " ? "␣" : character === "\n" ? "⏎" : character);

/** @param {number} p */
export const short = (p) => (p >= 0.995 ? "1.0" : p.toFixed(2).replace(/^0/, ""));

/**
 * @param {object} on
 * @param {(row: number, place: number) => void} on.onPick
 * @param {() => void} on.onAll
 * @param {() => void} on.onClear
 */
export function createGrid({ onPick, onAll, onClear }) {
  const table = element("table", { role: "grid", class: "ae-grid" });
  const root = element("div", { class: "ae-scroll" }, table);
  let shape = [0, 0];

  table.addEventListener("click", (event) => {
    const at = placeOf(event.target);
    if (at) onPick(...at);
  });
  table.addEventListener("keydown", (event) => {
    const at = placeOf(event.target);
    if (!at) return;
    const goal = gridGoal(event, ...at, 1);
    if (goal) onPick(clamp(goal[0], shape[0]), clamp(goal[1], shape[1]));
    else if (event.key === "Enter" || event.key === " ") act(event, onAll);
    else if (event.key === "Delete" || event.key === "Backspace") act(event, onClear);
  });

  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      const { characters, shown, row, place } = scene;
      const focused = table.contains(document.activeElement);
      shape = [shown.length, characters.length];
      table.setAttribute("aria-label", `${shown.length} tokens written, ${characters.length} characters read`);
      const columns = characters.map((c, s) =>
        element("th", { scope: "col", class: s + 1 === place ? "ae-here" : null, title: nameOf(c) }, visible(c)),
      );
      table.replaceChildren(
        element(
          "thead",
          {},
          element("tr", {}, ...["writes", "P", "next"].map((w) => element("th", { scope: "col" }, w)), ...columns),
        ),
        element("tbody", {}, ...shown.map((_, t) => rowOf(scene, t))),
      );
      const cell = /** @type {HTMLElement | null} */ (table.querySelector(`[data-cell="${row}-${place}"]`));
      if (focused) cell?.focus({ preventScroll: true });
      if (cell) show(root, cell);
    },
  };
}

/** @param {Scene} scene @param {number} t */
function rowOf(scene, t) {
  const { characters, shown, tokens, row, place } = scene;
  const { token, next, probabilities, weights, imposed } = shown[t];
  const cells = Array.from(weights, (weight, s) => {
    const colour = magnitudeColour(weight);
    const here = t + 1 === row && s + 1 === place;
    return element(
      "td",
      {
        role: "gridcell",
        tabindex: here ? 0 : -1,
        "data-cell": `${t + 1}-${s + 1}`,
        "data-lm-suppress-shortcuts": "true",
        "aria-label": `token ${t + 1}, ${tokens[token]}: weight ${weight.toFixed(3)} on character ${s + 1}, ${nameOf(characters[s])}`,
        "aria-selected": here ? "true" : "false",
        style: `background: ${colour}; color: ${inkOn(colour)}`,
      },
      weight >= 0.005 ? short(weight) : "",
    );
  });
  const name = imposed ? `${tokens[token]}, its weights are yours` : tokens[token];
  return element(
    "tr",
    { class: [t + 1 === row ? "ae-row" : "", imposed ? "ae-yours" : ""].join(" "), "data-row": `${t + 1}` },
    element("th", { scope: "row", "aria-label": name }, imposed ? `✎ ${tokens[token]}` : tokens[token]),
    element("td", { class: "ae-p" }, short(probabilities[token])),
    element("td", { class: "ae-p ae-next" }, `${tokens[next]} ${short(probabilities[next])}`),
    ...cells,
  );
}

/** @param {string} character */
export function nameOf(character) {
  return character === " " ? "space" : character === "\n" ? "line break" : character;
}

/** Scrolls sideways only, and only the table. @param {HTMLElement} root @param {HTMLElement} cell */
function show(root, cell) {
  const [box, seen] = [cell.getBoundingClientRect(), root.getBoundingClientRect()];
  const left = seen.left + 60;
  if (box.left < left) root.scrollLeft -= left - box.left;
  else if (box.right > seen.right) root.scrollLeft += box.right - seen.right + 8;
}

/** @param {EventTarget | null} target @returns {[number, number] | undefined} */
function placeOf(target) {
  const cell = target instanceof Element ? target.closest("[data-cell]") : null;
  if (!(cell instanceof HTMLElement)) return undefined;
  const [row, place] = (cell.dataset.cell ?? "").split("-").map(Number);
  return [row, place];
}

/** @param {KeyboardEvent} event @param {() => void} doIt */
function act(event, doIt) {
  event.preventDefault();
  event.stopPropagation();
  doIt();
}

/** @param {number} value @param {number} most */
const clamp = (value, most) => Math.min(most, Math.max(1, value));
