// @ts-check
/**
 * What RuleReader draws.
 *
 *   paintSentence(node, tokens, readings, words)   the tokens in boxes, known words and evidence marked by a line and a label
 *   createRules(shell, rules, words, put)          the list of rules: { root, update(readings) }
 *   createScores()                                 a square for each sentence, in each half: { root, update(…) }
 *   hasHangul(text)                                whether to mark it as Korean
 */
import { buttonControl, checkControl } from "./controls.js";
import { element } from "./dom.js";
import { isSpace } from "./rule_reader_engine.js";
import { scoreOf } from "./rule_reader_words.js";

/**
 * @typedef {import("./rule_reader_engine.js").Reading} Reading
 * @typedef {import("./rule_reader_engine.js").Rule} Rule
 * @typedef {import("./rule_reader_engine.js").Sentence} Sentence
 * @typedef {import("./rule_reader_engine.js").Word} Word
 * @typedef {import("./shell.js").Shell} Shell
 */

/** @param {string} text */
export function hasHangul(text) {
  return /\p{Script=Hangul}/u.test(text);
}

/** @param {string} text */
function koreanOrNot(text) {
  return hasHangul(text) ? element("span", { lang: "ko" }, text) : text;
}

/* --------------------------------------------------------------------------------------------------- the sentence */

/** @param {HTMLElement} node @param {string[]} tokens @param {Reading[]} readings @param {Record<string, Word>} words */
export function paintSentence(node, tokens, readings, words) {
  let at = -1;
  node.replaceChildren(
    ...tokens.map((token) => {
      if (isSpace(token)) return " ";
      at += 1;
      const own = readings.filter((reading) => reading.at === at);
      const fired = readings.filter((reading) => reading.evidence === at);
      const labels = [
        ...own.map(({ about, reading }) => words[about].readings[reading]),
        ...fired.map(({ rule }) => `evidence for ${rule}`),
      ];
      const kind = own.length ? "rr-word" : fired.length ? "rr-cue" : "";
      return element(
        "span",
        { class: `rr-token ${kind}` },
        element("span", { class: "rr-text", lang: hasHangul(token) ? "ko" : null }, token),
        ...labels.map((label) => element("span", { class: "rr-label" }, label)),
      );
    }),
  );
}

/* ------------------------------------------------------------------------------------------------------ the rules */

const PLACE_WORDS = /** @type {Record<string, string>} */ ({
  anywhere: "stands before or after",
  before: "stands before",
  after: "stands after",
  previous: "stands just before",
  next: "stands just after",
});

/**
 * @param {Shell} shell @param {Rule[]} rules @param {Record<string, Word>} words
 * @param {(key: "order" | "off", names: string[]) => void} put
 */
export function createRules(shell, rules, words, put) {
  const rows = new Map(rules.map((rule) => [rule.name, ruleRow(shell, rule, rules, words, put)]));
  const about = new Map(rules.map((rule) => [rule.name, rule.about]));
  const list = element("ol", { class: "rr-rules" });
  const heading = element("p", { class: "rr-heading" });
  const every = rules.map(({ name }) => name);
  const none = buttonControl({ label: "All rules off", name: "none", onPress: () => put("off", every) });
  const back = buttonControl({ label: "All rules on", name: "every", onPress: () => put("off", []) });
  const all = checkControl({
    label: "Show the rules of all words",
    name: "all",
    value: false,
    onInput: (value) => shell.set({ all: value }),
  });
  shell.bind("all", all);
  const buttons = element("div", { class: "rr-buttons" }, none.root, back.root, all.root);
  const root = element("div", {}, heading, list, buttons);
  return {
    root,
    /** @param {Reading[]} readings */
    update: (readings) => {
      /** @type {string[]} */
      const order = shell.get("order");
      const shown = order.filter((name) => shell.get("all") || readings.some((one) => one.about === about.get(name)));
      const wanted = shown.map((name) => /** @type {ReturnType<typeof ruleRow>} */ (rows.get(name)));
      for (const row of wanted) row.update(readings);
      const focused = /** @type {HTMLElement | null} */ (document.activeElement);
      if (wanted.some((row, k) => list.children[k] !== row.root) || list.children.length !== wanted.length) {
        list.replaceChildren(...wanted.map((row) => row.root));
        if (focused && list.contains(focused)) focused.focus(); // a row that moves would lose it
      }
      heading.textContent = shown.length
        ? "Rules, asked from top to bottom. The first that finds something decides."
        : "No rule is about a word of this sentence.";
    },
  };
}

/**
 * @param {Shell} shell @param {Rule} rule @param {Rule[]} rules @param {Record<string, Word>} words
 * @param {(key: "order" | "off", names: string[]) => void} put
 */
function ruleRow(shell, rule, rules, words, put) {
  const { name, about } = rule;
  const check = checkControl({
    label: "",
    name: `on-${name}`,
    value: true,
    onInput: (yes) => {
      const others = shell.get("off").filter((/** @type {string} */ one) => one !== name);
      put("off", yes ? others : [...others, name]);
    },
  });
  check.root.lastElementChild?.append(...inWords(rule, words));
  const rivals = rules.filter((one) => one.about === about).map((one) => one.name);
  const mover = (/** @type {string} */ label, /** @type {string} */ word, /** @type {number} */ step) => {
    const onPress = () => put("order", moved(shell.get("order"), name, rivals, step));
    const { root } = buttonControl({ label, name: `${word}-${name}`, onPress });
    root.setAttribute("aria-label", `ask ${name} ${word}`);
    return root;
  };
  const status = element("span", { class: "rr-status" });
  const buttons = rivals.length > 1 ? [mover("↑", "earlier", -1), mover("↓", "later", 1)] : [];
  const root = element("li", { class: "rr-rule" }, check.root, ...buttons, status);
  return {
    root,
    /** @param {Reading[]} readings */
    update: (readings) => {
      const off = shell.get("off").includes(name);
      check.set(!off);
      root.classList.toggle(
        "rr-fired",
        readings.some((reading) => reading.rule === name),
      );
      status.textContent = off ? "off" : statusOf(rule, readings);
    },
  };
}

/** @param {Rule} rule @param {Record<string, Word>} words @returns {(Node | string)[]} */
function inWords({ name, about, reading, cues, where }, words) {
  const listed = cues.flatMap((cue, k) => [k ? ", " : "", koreanOrNot(cue.replace("*", "…"))]);
  const end = `”: ${words[about].readings[reading]}`;
  return [
    element("b", {}, name),
    cues.length > 1 ? " · if one of " : " · if ",
    ...listed,
    ` ${PLACE_WORDS[where]} “`,
    koreanOrNot(about),
    end,
  ];
}

/**
 * The order in which a rule has changed places with its neighbour among those about the same word.
 * @param {string[]} order @param {string} name @param {string[]} rivals @param {number} step
 */
function moved(order, name, rivals, step) {
  const places = order.flatMap((one, k) => (rivals.includes(one) ? [k] : []));
  const from = order.indexOf(name);
  const to = places[places.indexOf(from) + step];
  if (to === undefined) return order;
  const list = [...order];
  [list[from], list[to]] = [list[to], list[from]];
  return list;
}

/** @param {Rule} rule @param {Reading[]} readings */
function statusOf({ name, about }, readings) {
  const own = readings.filter((reading) => reading.about === about);
  if (!own.length) return "its word is not here";
  if (own.some((reading) => reading.rule === name)) return "fired";
  return own.some(({ asked }) => asked.includes(name)) ? "looked, found nothing" : "not asked";
}

/* ----------------------------------------------------------------------------------------------------- the scores */

export function createScores() {
  const halves = [true, false].map((practice) => {
    const words = element("span", { class: "rr-score" });
    const squares = element("span", { class: "rr-squares", "aria-hidden": "true" });
    const name = element("span", { class: "uw-label" }, practice ? "Practice half" : "Held-out half");
    return { practice, words, squares, root: element("div", { class: "rr-half" }, name, words, squares) };
  });
  return {
    root: element("div", { class: "rr-scores" }, ...halves.map(({ root }) => root)),
    /** @param {Sentence[]} sentences @param {import("./rule_reader_words.js").Judged} judged @param {number} at the shown one */
    update: (sentences, judged, at) => {
      for (const { practice, words, squares } of halves) {
        const { right, all } = scoreOf(sentences, judged, practice);
        words.textContent = `${right} of ${all} right`;
        squares.replaceChildren(
          ...sentences.flatMap((sentence, k) => {
            if (sentence.practice !== practice) return [];
            const kind = `${judged[k].right ? "rr-right" : "rr-wrong"} ${k === at ? "rr-shown" : ""}`;
            return [element("span", { class: `rr-square ${kind}` }, judged[k].right ? "" : "×")];
          }),
        );
      }
    },
  };
}
