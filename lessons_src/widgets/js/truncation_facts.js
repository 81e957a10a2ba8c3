// @ts-check
/**
 * Beside TruncationWindow's grid: what the cut changes in ∂L/∂W_hh.
 *
 *   createFacts()      { root, update(scene) }: cosine, length, memory, states
 *   createWeights()    { root, update(scene) }: ∂L/∂W_hh of both passes as numbers and bars
 */
import { element } from "./dom.js";
import { brief } from "./maths.js";
import { countCut } from "./truncation_words.js";

/** @typedef {import("./truncation_window.js").Scene} Scene */

export function createFacts() {
  const root = element("dl", { class: "tw-facts" });
  return {
    root,
    /** @param {Scene} scene */
    update: (scene) => {
      const { T, H, window, differs, cosine, ratio, windows } = scene;
      /** @type {[string, string, string][]} */
      const facts = [
        ["states", differs ? "differ" : "the same", differs ? `from step ${differs} on` : "bit by bit"],
        ["gradients cut", String(countCut(scene)), `of ${(T * (T + 1)) / 2}, exactly 0`],
        [
          "direction",
          said(cosine),
          H === 1 ? "cosine: with one number 1 or −1" : "cosine with the full ∂L/\u2060∂W_hh",
        ],
        ["length", said(ratio), "times that of the full ∂L/\u2060∂W_hh"],
        ["states kept", String(window), `at a time, of ${T} in the full pass`],
        ["backward passes", String(windows.length), `each at most ${window} step${window === 1 ? "" : "s"} long`],
      ];
      root.replaceChildren(
        ...facts.map(([name, value, note]) =>
          element(
            "div",
            {},
            element("dt", {}, name),
            element("dd", {}, element("b", {}, value), " ", element("span", {}, note)),
          ),
        ),
      );
    },
  };
}

/** @param {number} x */
const said = (x) => (Number.isFinite(x) ? brief(x) : "–");

export function createWeights() {
  const root = element("div", { class: "tw-weights" });
  return {
    root,
    /** @param {Scene} scene */
    update: ({ H, full, cut }) => {
      const [was, is] = [full.dWeightHh, cut.dWeightHh];
      const low = Math.min(0, ...was, ...is);
      const span = Math.max(0, ...was, ...is) - low || 1;
      const share = (/** @type {number} */ x) => (100 * (x - low)) / span;
      const bar = (/** @type {number} */ x, /** @type {string} */ look) =>
        element("span", {
          class: `tw-bar ${look}`,
          style: `left:${share(Math.min(0, x))}%;width:${(100 * Math.abs(x)) / span}%`,
        });
      const rows = [...was].map((value, k) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, H === 1 ? "W_hh" : `[${Math.floor(k / H) + 1},${(k % H) + 1}]`),
          element("td", {}, brief(value)),
          element("td", {}, brief(is[k])),
          element(
            "td",
            { class: "tw-bars", "aria-hidden": "true" },
            element("span", { class: "tw-zero", style: `left:${share(0)}%` }),
            ...(value ? [bar(value, "tw-full")] : []),
            ...(is[k] ? [bar(is[k], "tw-cut")] : []),
          ),
        ),
      );
      const key = (/** @type {string} */ look) => element("span", { class: `tw-key ${look}`, "aria-hidden": "true" });
      const head = element(
        "tr",
        {},
        element("th", { scope: "col" }, H === 1 ? "" : "[to, from]"),
        element("th", { scope: "col" }, key("tw-full"), " full"),
        element("th", { scope: "col" }, key("tw-cut"), " truncated"),
        element("td", { class: "tw-bars", "aria-hidden": "true" }),
      );
      root.replaceChildren(
        element(
          "table",
          {},
          element("caption", {}, "∂L/∂W_hh, all losses together"),
          element("thead", {}, head),
          element("tbody", {}, ...rows),
        ),
      );
    },
  };
}
