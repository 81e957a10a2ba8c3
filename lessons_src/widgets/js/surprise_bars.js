// @ts-check
/**
 * SurpriseMeter's picture: a bar over each token, in lines that wrap, and the likeliest tokens at the chosen place.
 *
 *   createBars(onPick)   { root, update(scene) }; onPick(place), null for the place behind the last token
 *   createNext()         { root, update(scene) }
 */
import { element } from "./dom.js";
import { magnitudeColour } from "./scales.js";
import { contextWords, share, showBits, visible } from "./surprise_words.js";

/** @typedef {import("./surprise_meter.js").Scene} Scene */

const MOST_DRAWN = 240;
const HEIGHT = 64; // pixels
const FULL = { character: 10, word: 14 }; // bits of a bar of full height

/** @param {(place: number | null) => void} onPick */
export function createBars(onPick) {
  const lines = element("div", { class: "sm-bars", "aria-hidden": "true" });
  const part = element("p", { class: "sm-part" });
  const root = element("div", {}, lines, part);
  let length = 0;
  lines.addEventListener("click", ({ target }) => {
    const column = /** @type {Element} */ (target).closest("[data-place]");
    if (!(column instanceof HTMLElement)) return;
    const place = Number(column.dataset.place);
    onPick(place === length ? null : place);
  });
  /** @param {Scene} scene */
  const update = (scene) => {
    length = scene.tokens.length;
    const first = Math.max(0, Math.min(scene.place - MOST_DRAWN / 2, length - MOST_DRAWN));
    const last = Math.min(length, first + MOST_DRAWN);
    const columns = [];
    for (let place = first; place < last; place++) columns.push(columnOf(scene, place));
    if (last === length) columns.push(placeholder(scene));
    replaceChanged(lines, columns);
    part.textContent =
      last - first < length ? `Drawn are tokens ${first + 1} to ${last} of ${length}; the table has all.` : "";
    part.hidden = !part.textContent;
  };
  return { root, update };
}

/** Puts in what differs, since a page that is typed to keeps most of its columns. @param {Element} parent @param {Element[]} wanted */
function replaceChanged(parent, wanted) {
  const old = [...parent.children];
  for (const node of old.slice(wanted.length)) node.remove();
  wanted.forEach((node, k) => {
    if (!old[k]) parent.append(node);
    else if (!old[k].isEqualNode(node)) old[k].replaceWith(node);
  });
}

/** @param {Scene} scene @param {number} place */
function columnOf({ unit, tokens, known, readings, place: chosen }, place) {
  const { probability, longest } = readings[place];
  const bits = -Math.log2(probability);
  const part = Math.min(1, bits / FULL[/** @type {"word"} */ (unit)]);
  const look = Number.isFinite(bits) ? `background:${magnitudeColour(part)}` : "";
  return element(
    "div",
    { class: classOf(place === chosen), "data-place": place },
    element("span", { class: "sm-bits" }, showBits(bits)),
    element("span", {
      class: look ? "sm-bar" : "sm-bar sm-endless",
      style: `height:${Math.max(1, HEIGHT * part).toFixed(1)}px;${look}`,
    }),
    element("span", { class: known[place] ? "sm-token" : "sm-token sm-unknown" }, visible(tokens[place])),
    element("span", { class: "sm-seen" }, String(longest)),
  );
}

/** What comes behind the last token. @param {Scene} scene */
function placeholder({ tokens, place }) {
  return element(
    "div",
    { class: classOf(place === tokens.length), "data-place": tokens.length },
    element("span", { class: "sm-token" }, "?"),
    element("span", { class: "sm-seen" }, " "),
  );
}

/** @param {boolean} chosen */
function classOf(chosen) {
  return chosen ? "sm-column sm-chosen" : "sm-column";
}

export function createNext() {
  const title = element("p", { class: "sm-title" });
  const list = element("ol", { class: "sm-next" });
  const root = element("div", {}, title, list);
  /** @param {Scene} scene */
  const update = (scene) => {
    const here = scene.place < scene.tokens.length ? scene.tokens[scene.place] : null;
    title.textContent = contextWords(scene);
    list.style.setProperty("--sm-name", scene.unit === "word" ? "min(8rem, 35%)" : "2.5rem");
    const likely = scene.likeliest.filter(({ probability }) => probability > 0);
    list.replaceChildren(
      ...likely.map(({ token, probability }) =>
        element(
          "li",
          { class: token === here ? "sm-here" : null },
          element("span", { class: "sm-name" }, visible(token)),
          element(
            "span",
            { class: "sm-track" },
            element("span", { style: `width:${(100 * probability).toFixed(2)}%` }),
          ),
          element("span", { class: "sm-share" }, share(probability)),
        ),
      ),
    );
  };
  return { root, update };
}
