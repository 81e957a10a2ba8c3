// @ts-check
/**
 * RuleReader: why do rules not understand a sentence? Wires the engine to the controls, the sentence, the list of rules
 * and the scores.
 */
import { selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./rule_reader.css";
import { judge, read, tokensOf, wordsOf } from "./rule_reader_engine.js";
import { createRules, createScores, hasHangul, paintSentence } from "./rule_reader_view.js";
import { aboutChange, aboutReadings, aboutScores, aboutTruth, numbersOf } from "./rule_reader_words.js";
import { createShell, flag, text } from "./shell.js";

/** What the tests compare with Python. */
export const engine = { read, tokensOf, wordsOf };

/**
 * @typedef {import("./rule_reader_engine.js").Rule} Rule
 * @typedef {import("./rule_reader_engine.js").Sentence} Sentence
 * @typedef {import("./shell.js").Shell} Shell
 */

const LONGEST_TEXT = 300;

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  /** @type {Rule[]} */
  const rules = model.get("all_rules");
  const words = wordsOf(model.get("words"));
  /** @type {Sentence[]} */
  const sentences = model.get("sentences");
  /** @type {[string, string][]} */
  const examples = model.get("examples");
  const fields = fieldsOf(rules);
  const shell = createShell({
    model,
    el,
    name: "rule-reader",
    question: "Why do rules not understand a sentence?",
    lead:
      "This reader knows a few words with several meanings. Each rule looks for telltale words nearby; the first that " +
      "finds one decides. Guess what the reader will say, then type a sentence that fools it.",
    fields,
    style: { name: "rule-reader", css },
    draw: () => draw(),
  });
  const asked = () => {
    const off = shell.get("off");
    return shell.get("order").flatMap((/** @type {string} */ name) => {
      const rule = rules.find((one) => one.name === name);
      return rule && !off.includes(name) ? [rule] : [];
    });
  };
  let judged = judge(sentences, words, asked());
  let before = judged;
  const marks = addControls(shell, sentences, examples);
  const line = element("p", { class: "rr-line" });
  const meaning = element("p", { class: "rr-meaning" });
  const scores = createScores();
  const list = createRules(shell, rules, words, (key, names) => shell.set({ [key]: fields[key].accept(names) }));
  shell.figure.append(line, meaning, scores.root, list.root);
  shell.onChange((keys) => {
    if (!keys.has("order") && !keys.has("off")) return;
    before = judged;
    judged = judge(sentences, words, asked());
  });

  function draw() {
    const typed = shell.get("text");
    const tokens = tokensOf(typed);
    const readings = read(typed, words, asked());
    const at = sentences.findIndex((sentence) => sentence.text === typed);
    paintSentence(line, tokens, readings, words);
    meaning.textContent = sentences[at]?.english || examples.find(([sentence]) => sentence === typed)?.[1] || "";
    meaning.hidden = meaning.textContent === "";
    scores.update(sentences, judged, at);
    list.update(readings);
    marks.update(judged);
    const truth = at < 0 ? "" : aboutTruth(sentences[at], judged[at].right, words);
    const said = [
      aboutReadings(tokens, readings, words),
      truth,
      aboutScores(sentences, judged),
      aboutChange(judged, before),
    ];
    shell.say(said.filter(Boolean).join(" "));
    shell.numbers(() => numbersOf(shell.get("order"), sentences, judged));
  }

  shell.start();
  return shell.dispose;
}

/** @param {Rule[]} rules @returns {Record<string, import("./shell.js").Field>} */
function fieldsOf(rules) {
  const names = rules.map(({ name }) => name);
  const sorted = (/** @type {readonly string[]} */ list) => [...list].sort().join();
  return {
    text: text({ trait: "text", maxLength: LONGEST_TEXT }),
    order: listField("order", (list) => sorted(list) === sorted(names)),
    off: listField("off", (list) => list.every((name) => names.includes(name))),
    all: flag({}),
  };
}

/**
 * A list of names. The same names are always the same list, so that a setting that did not change is seen as such.
 * @param {string} trait @param {(list: string[]) => boolean} isValid
 */
function listField(trait, isValid) {
  /** @type {Map<string, string[]>} */
  const known = new Map();
  return {
    trait,
    accept: (/** @type {unknown} */ value) => {
      const list = typeof value === "string" ? value.split(",").filter(Boolean) : value;
      if (!Array.isArray(list) || !isValid(list)) return undefined;
      const key = list.join();
      if (!known.has(key)) known.set(key, [...list]);
      return known.get(key);
    },
    write: (/** @type {string[]} */ list) => list.join(),
  };
}

/**
 * @param {Shell} shell @param {Sentence[]} sentences @param {[string, string][]} examples
 * @returns {{ update: (judged: { right: boolean }[]) => void }} writes beside each sentence whether it is read right
 */
function addControls(shell, sentences, examples) {
  const own = { value: "", label: "a sentence of your own" };
  const presets = selectControl({
    label: "Try a sentence",
    name: "preset",
    options: [own],
    value: "",
    onInput: (value) => value && shell.set({ text: value }),
  });
  const typed = textControl({
    label: "The sentence, English or Korean",
    name: "text",
    value: "",
    rows: 1,
    maxLength: LONGEST_TEXT,
    onInput: (value) => shell.set({ text: value }),
  });
  for (const { root } of [presets, typed]) root.classList.add("uw-wide");
  shell.controls.append(presets.root, shell.bind("text", typed).root);
  const known = [...sentences.map((sentence) => sentence.text), ...examples.map(([sentence]) => sentence)];
  let shown = "";
  return {
    update: (judged) => {
      const marks = judged.map(({ right }) => (right ? "✓" : "✗"));
      if (marks.join("") !== shown) {
        shown = marks.join("");
        presets.replace([own, ...optionsOf(sentences, marks), ...examples.map(([value]) => example(value))]);
        for (const option of presets.input.querySelectorAll("option")) if (hasHangul(option.label)) option.lang = "ko";
      }
      const current = shell.get("text");
      presets.set(known.includes(current) ? current : own.value);
      typed.input.lang = hasHangul(current) ? "ko" : "en";
    },
  };
}

/** @param {Sentence[]} sentences @param {string[]} marks */
function optionsOf(sentences, marks) {
  return sentences.map(({ text: value, practice }, k) => ({
    value,
    label: `${marks[k]} ${value}`,
    group: practice ? "Practice half" : "Held-out half",
  }));
}

/** @param {string} value */
function example(value) {
  return { value, label: value, group: "More to try" };
}
