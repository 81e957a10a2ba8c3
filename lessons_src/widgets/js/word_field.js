// @ts-check
/**
 * A field for one word of a list. It offers words that begin like what is typed; a word that is not on the list changes
 * nothing, and the nearest spellings are offered. Enter or leaving the field settles; Arrow down goes to what is offered,
 * Escape back.
 *
 *   wordField({ label, name, known, onPick })     → Control<string>; `known()` gives { words, ids }
 */
import { element } from "./dom.js";
import { nearestSpellings } from "./spelling.js";

const MOST_OFFERS = 6;
const LONGEST = 60;
const LAB = { "data-lm-suppress-shortcuts": "true" };

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.name
 * @param {() => { words: string[], ids: Map<string, number> }} options.known
 * @param {(word: string) => void} options.onPick
 * @returns {import("./controls.js").Control<string>}
 */
export function wordField({ label, name, known, onPick }) {
  let current = "";
  const input = element("input", {
    type: "text",
    maxlength: LONGEST,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "data-control": name,
    ...LAB,
    input: () => {
      const text = input.value;
      offer(text ? known().words.filter((word) => word !== text && word.startsWith(text)) : []);
      if (known().ids.has(text)) onPick(text);
    },
  });
  const refusal = element("p", { class: "ec-refusal", role: "status" });
  const offers = element("div", { class: "ec-offers", role: "group", "aria-label": `words for ${label}` });
  const root = element(
    "div",
    { class: "uw-control ec-field" },
    element("label", {}, element("span", { class: "uw-label" }, label), input),
    refusal,
    offers,
  );

  /** @param {string[]} words @param {string} [complaint] */
  const offer = (words, complaint = "") => {
    refusal.textContent = complaint;
    input.ariaInvalid = complaint ? "true" : null;
    root.classList.toggle("ec-refused", complaint !== "");
    offers.replaceChildren(...words.slice(0, MOST_OFFERS).map(button));
  };
  /** @param {string} word */
  const button = (word) =>
    element(
      "button",
      { type: "button", class: "uw-button", ...LAB, mousedown: keepFocus, click: () => pick(word) },
      word,
    );
  /** @param {string} word */
  const pick = (word) => {
    input.value = word;
    offer([]);
    input.focus();
    onPick(word);
  };
  const settle = () => {
    const text = input.value.trim().normalize("NFC");
    const word = [text, text.toLowerCase()].find((candidate) => known().ids.has(candidate));
    if (word !== undefined || !text) {
      input.value = word ?? current;
      offer([]);
      if (word !== undefined) onPick(word);
      return;
    }
    const { words } = known();
    const near = nearestSpellings(text, words);
    const begin = words.filter((candidate) => candidate.startsWith(text) && !near.includes(candidate));
    const hint = near.length || begin.length ? "Did you mean:" : "No word is spelt like it.";
    offer([...near, ...begin], `“${text}” is not one of the ${words.length.toLocaleString("en")} words. ${hint}`);
  };

  root.addEventListener("focusout", (event) => {
    if (!root.contains(/** @type {Node | null} */ (event.relatedTarget))) settle();
  });
  root.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [input, .../** @type {NodeListOf<HTMLElement>} */ (offers.querySelectorAll("button"))];
    const at = stops.indexOf(/** @type {HTMLElement} */ (event.target));
    if (event.key === "Enter" && event.target === input) settle();
    else if (event.key === "Escape" && offers.firstChild) {
      offer([]);
      input.focus();
    } else if (step && stops[at + step]) stops[at + step].focus();
    else return;
    event.preventDefault();
  });

  return {
    root,
    input,
    set: (word) => {
      current = word;
      if (input.value === word) return;
      input.value = word;
      offer([]);
    },
    disable: (yes) => {
      input.disabled = yes;
    },
    hide: (yes) => {
      root.hidden = yes;
    },
  };
}

/** A press on an offer does not take the focus from the field, which would settle. @param {Event} event */
function keepFocus(event) {
  event.preventDefault();
}
