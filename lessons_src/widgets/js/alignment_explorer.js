// @ts-check
/** AlignmentExplorer: what does the decoder look at? Wires arithmetic, controls, grid and words. */
import css from "./alignment_explorer.css";
import { align, charactersOf, idsOf, impose, LONGEST, MOST, parseRules, writeRules } from "./alignment_model.js";
import { createGrid, nameOf } from "./alignment_view.js";
import { EXAMPLES, LEGEND, numbersOf, sentence } from "./alignment_words.js";
import { buttonControl, rangeControl, selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import { createSeq2Seq } from "./seq2seq.js";
import { createShell, number, text } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { createSeq2Seq, align, charactersOf, idsOf, parseRules, writeRules, impose };

/**
 * @typedef {import("./alignment_model.js").Row} Row
 *
 * @typedef {object} Scene
 * @property {string[]} characters what is read
 * @property {number} unknown how many of them the model has never seen
 * @property {boolean} cut whether the text goes on behind them
 * @property {number} longest characters of a source in training
 * @property {string[]} tokens names of the target's tokens
 * @property {Row[]} rows everything that is written with the reader's weights
 * @property {Row[]} plain the same without them
 * @property {boolean} finished
 * @property {Row[]} shown the rows up to the current step
 * @property {number} row the picked row, from 1
 * @property {number} place the picked character, from 1
 */

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const about = model.get("about");
  const network = createSeq2Seq(model.get("weights"), "dot");
  const tokens = about.target.map((/** @type {string} */ token) => (token === "⟨end⟩" ? "END" : token));
  const shell = createShell({
    model,
    el,
    name: "alignment-explorer",
    question: "What does the decoder look at?",
    lead:
      "It reads your date and writes it as year-month-day, one token at a time. Guess first: what must it look at to write " +
      "the month, and what happens if it may not?",
    fields: {
      text: text({ trait: "text", maxLength: 200 }),
      step: number({ trait: "step", min: 1, max: MOST, whole: true }),
      rules: text({ trait: "overrides", maxLength: 4000 }),
      row: number({ initial: MOST, min: 1, max: MOST, whole: true }),
      place: number({ initial: 0, min: 0, max: LONGEST, whole: true }),
    },
    style: { name: "alignment-explorer", css },
    draw: () => {
      const scene = sceneOf();
      grid.update(scene);
      controls.update(scene);
      shell.say(sentence(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });

  /** @returns {Scene} */
  const sceneOf = () => {
    const whole = [...shell.get("text").normalize("NFKC")];
    const characters = charactersOf(shell.get("text"));
    const ids = idsOf(characters, about.source);
    const rules = parseRules(shell.get("rules"));
    const { rows, finished } = ids.length ? align(network, ids, rules) : { rows: [], finished: true };
    const plain = ids.length && rules.size ? align(network, ids).rows : rows;
    const shown = rows.slice(0, shell.get("step"));
    const row = Math.min(shell.get("row"), shown.length);
    const place = Math.min(shell.get("place"), characters.length);
    return {
      characters,
      unknown: ids.filter((id) => id === about.source.length - 1).length,
      cut: whole.length > LONGEST,
      longest: about.longest,
      tokens,
      ...{ rows, plain, finished, shown },
      row,
      place: place || (row && brightest(shown[row - 1])),
    };
  };

  const controls = createControls(shell, sceneOf);
  const grid = createGrid({
    onPick: (row, place) => shell.set({ row, place }),
    onAll: controls.all,
    onClear: controls.clear,
  });
  shell.figure.append(grid.root, element("figcaption", {}, LEGEND));
  shell.start();
  return shell.dispose;
}

/** The character with the most weight, from 1. @param {Row} row */
const brightest = ({ weights }) => weights.indexOf(Math.max(...weights)) + 1;

/** @param {import("./shell.js").Shell} shell @param {() => Scene} sceneOf */
function createControls(shell, sceneOf) {
  /** @param {import("./alignment_model.js").Rule | null} rule for the picked row; null for its own weights */
  const rewrite = (rule) => {
    const { row } = sceneOf();
    if (!row) return;
    const rules = parseRules(shell.get("rules"));
    if (rule) rules.set(row, rule);
    else rules.delete(row);
    shell.set({ rules: writeRules(rules) });
  };
  const go = (/** @type {number} */ step) => {
    shell.set({ step, row: step, place: brightest(sceneOf().rows[step - 1]) });
  };
  const all = () => rewrite(new Map([[sceneOf().place, 1]]));
  const clear = () => rewrite(null);
  const type = (/** @type {string} */ value) => shell.set({ text: value, rules: "", place: 0 });
  const press = (/** @type {string} */ label, /** @type {string} */ name, /** @type {() => void} */ onPress) =>
    buttonControl({ label, name, onPress });

  const source = textControl({ label: "A date", name: "text", value: "", rows: 1, maxLength: 200, onInput: type });
  const example = selectControl({
    label: "Or one of these",
    name: "example",
    value: "-",
    options: [
      { value: "-", label: "pick …" },
      ...EXAMPLES.flatMap(({ group, texts }) =>
        texts.map((value) => ({ value, label: value || "nothing at all", group })),
      ),
    ],
    onInput: type,
  });
  const step = rangeControl({
    label: "Tokens written",
    name: "step",
    min: 1,
    max: MOST,
    value: 1,
    words: (n) => `${n} tokens written`,
    onInput: go,
  });
  const back = press("◀ Back", "back", () => go(Math.max(1, sceneOf().shown.length - 1)));
  const forward = press("Forward ▶", "forward", () => go(Math.min(sceneOf().rows.length, sceneOf().shown.length + 1)));
  const onto = press("All on this character", "all", all);
  const uniform = press("Uniform", "uniform", () => rewrite("uniform"));
  const own = press("Its own weights", "own", clear);
  const weight = rangeControl({
    label: "Weight on this character",
    name: "weight",
    min: 0,
    max: 1,
    step: 0.05,
    value: 0,
    show: (x) => x.toFixed(2),
    words: (x) => `weight ${x.toFixed(2)} on the picked character`,
    onInput: (x) => rewrite(pinned(parseRules(shell.get("rules")).get(sceneOf().row), sceneOf(), x)),
  });
  shell.bind("text", source);
  const row = (/** @type {HTMLElement[]} */ ...nodes) => element("div", { class: "ae-buttons uw-wide" }, ...nodes);
  const picked = element("span", { class: "ae-picked" });
  shell.controls.append(
    source.root,
    example.root,
    step.root,
    row(back.root, forward.root),
    row(picked, onto.root, uniform.root, own.root),
    weight.root,
  );

  return {
    all,
    clear,
    /** @param {Scene} scene */
    update: (scene) => {
      const { characters, shown, rows, row, place } = scene;
      const none = !row;
      step.limit(Math.max(1, rows.length));
      step.set(Math.max(1, shown.length));
      example.set(EXAMPLES.some(({ texts }) => texts.includes(shell.get("text"))) ? shell.get("text") : "-");
      weight.set(none ? 0 : shown[row - 1].weights[place - 1]);
      picked.textContent = none ? "" : `Row ${row}, character ${place}, “${nameOf(characters[place - 1])}”:`;
      back.disable(shown.length <= 1);
      forward.disable(shown.length >= rows.length);
      own.disable(none || !shown[row - 1].imposed);
      for (const control of [onto, uniform, weight, step]) control.disable(none);
    },
  };
}

/**
 * The rule with this weight on the picked character; other weights that were set give way if there is no room.
 * @param {import("./alignment_model.js").Rule | undefined} rule @param {Scene} scene @param {number} weight
 */
function pinned(rule, { place }, weight) {
  const others = [...(rule instanceof Map ? rule : [])].filter(([at]) => at !== place);
  const sum = others.reduce((total, [, w]) => total + w, 0);
  const fit = sum > 1 - weight ? (1 - weight) / sum : 1;
  return new Map([...others.map(([at, w]) => /** @type {[number, number]} */ ([at, round(w * fit)])), [place, weight]]);
}

/** @param {number} x */
const round = (x) => Math.floor(x * 1e6) / 1e6;
