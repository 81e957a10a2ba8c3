// @ts-check
/** DecoderLab: greedy, beam or sampling; forced or free? Wires arithmetic, controls, figure and words. */
import { buttonControl, choiceControl, rangeControl, selectControl, textControl } from "./controls.js";
import css from "./decoder_lab.css";
import { createFound, createRuns, createTree } from "./decoder_lab_view.js";
import { captionOf, numbersOf, sentence } from "./decoder_lab_words.js";
import { beamSearch, singleRun } from "./decoding.js";
import { element } from "./dom.js";
import { uniforms } from "./random.js";
import { createSeq2Seq, END_ID } from "./seq2seq.js";
import { choice, createShell, number, text } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { createLab };

const MOST_TOKENS = 8;
const LONGEST = 15;
const LONGEST_TYPED = 60;
const WIDEST = 8;
const DRAWS = 8; // the stream of random numbers, as in decoder_lab.py
const METHODS = ["greedy", "beam", "sampling"];
const READS = ["free", "forced"];

/**
 * @typedef {import("./shell.js").Model} Model
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").AnyControl} AnyControl
 * @typedef {import("./decoding.js").Search} Search
 *
 * @typedef {object} Settings
 * @property {string} source
 * @property {string} method
 * @property {number} width
 * @property {number} penalty
 * @property {number} temperature
 * @property {number} seed
 * @property {string} reads
 * @property {number | null} wrongAt
 * @property {number} wrongDigit
 *
 * @typedef {Omit<Settings, "reads"> & {
 *   text: string, unknown: string[], symbols: string[], truth: string | null, truthIds: number[] | null,
 *   forced: Search | null, free: Search, greedy: Search, tree: Search, reads: string, T: number }} Found
 * @typedef {Found & { shown: number }} Scene
 */

const FIELDS = {
  source: text({ trait: "source", maxLength: LONGEST_TYPED }),
  method: choice({ trait: "method", options: METHODS }),
  width: number({ trait: "width", min: 1, max: WIDEST, whole: true }),
  penalty: number({ trait: "length_penalty", min: 0, max: 2 }),
  temperature: number({ trait: "temperature", min: 0, max: 3 }),
  seed: number({ trait: "seed", min: 0, max: 99, whole: true }),
  reads: choice({ trait: "reads", options: READS }),
  wrongAt: number({ trait: "wrong_at", min: 1, max: MOST_TOKENS, whole: true, optional: true }),
  wrongDigit: number({ trait: "wrong_digit", min: 0, max: 9, whole: true }),
  step: number({ trait: "step", min: 1, max: MOST_TOKENS, whole: true, optional: true }),
};

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const lab = createLab(model.get("weights"), model.get("alphabets"));
  const shell = createShell({
    model,
    el,
    name: "decoder-lab",
    question: "Greedy, beam or sampling; forced or free?",
    lead:
      "A network without attention reads a sum from its end and writes the answer, a token at a time. Guess first: does " +
      "the likeliest token lead to the likeliest answer? And what does one wrong digit do to the digits behind it?",
    fields: FIELDS,
    style: { name: "decoder-lab", css },
    draw: () => {
      const scene = look();
      controls.update(scene);
      tree.update(scene, Math.max(240, shell.figure.clientWidth));
      runs.update(scene);
      found.update(scene);
      caption.textContent = captionOf(scene);
      shell.say(sentence(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });
  /** @type {{ key: string, found: Found | null }} */
  let kept = { key: "", found: null };
  /** @returns {Scene} */
  const look = () => {
    const settings = /** @type {any} */ (Object.fromEntries(Object.keys(FIELDS).map((k) => [k, shell.get(k)])));
    const key = JSON.stringify({ ...settings, step: null });
    const found = kept.key === key && kept.found ? kept.found : lab(settings);
    kept = { key, found };
    return { ...found, shown: Math.min(settings.step ?? found.T, found.T) };
  };
  const controls = addControls(shell, model.get("examples"), look);
  const [tree, runs, found] = [createTree(), createRuns(), createFound()];
  const caption = element("figcaption");
  shell.figure.append(tree.root, caption, element("div", { class: "dl-below" }, runs.root, found.root));
  shell.start();
  return shell.dispose;
}

/**
 * @param {Record<string, import("./arrays.js").Packed>} weights
 * @param {{ source: string, target: string[] }} alphabets
 */
function createLab(weights, alphabets) {
  const model = createSeq2Seq(weights, "none");
  const last = alphabets.source.length - 1;
  const idOf = (/** @type {string} */ character) => {
    const id = alphabets.source.indexOf(character);
    return id < 0 ? last : id;
  };
  return (/** @type {Settings} */ settings) => {
    const letters = [...settings.source.normalize("NFKC").replace(/[ \t\r\n]/g, "")].slice(0, LONGEST);
    const read = letters.join("");
    const sum = /^([0-9]+)\+([0-9]+)$/.exec(read);
    const truth = sum ? String(BigInt(sum[1]) + BigInt(sum[2])) : null;
    const truthIds = truth
      ? [...[...truth].map((c) => alphabets.target.indexOf(c)), END_ID].slice(0, MOST_TOKENS)
      : null;
    const unknown = [...new Set(letters.filter((character) => idOf(character) === last))];
    const { method, width, penalty: lengthPenalty, temperature, seed, wrongAt } = settings;
    const wrong =
      wrongAt === null ? null : { at: wrongAt, token: alphabets.target.indexOf(String(settings.wrongDigit)) };
    const reads = truth ? settings.reads : "free";
    const shared = { ...settings, text: read, unknown, symbols: alphabets.target, truth, truthIds, reads };
    if (!letters.length) {
      const none = { steps: [], found: [] };
      return { ...shared, forced: null, free: none, greedy: none, tree: none, T: 0 };
    }
    const encoded = model.encode(Int32Array.from(letters.reverse(), idOf));
    const most = MOST_TOKENS;
    const uniform = method === "sampling" ? uniforms(seed, DRAWS) : null;
    const single = { most, temperature, uniform, wrong };
    const free = singleRun(model, encoded, { ...single, truth: null });
    const forced = truthIds ? singleRun(model, encoded, { ...single, truth: truthIds }) : null;
    const greedy = singleRun(model, encoded, { most, truth: null, wrong });
    const beam = method === "beam" ? beamSearch(model, encoded, { width, most, lengthPenalty, wrong }) : free;
    const tree = reads === "forced" && forced ? forced : beam;
    const runs = [...tree.found, ...(method === "beam" && tree !== forced ? greedy.found : [])];
    const T = Math.max(...runs.map(({ tokens }) => tokens.length)); // later steps lengthen what is not among the best
    return { ...shared, forced, free, greedy, tree, T };
  };
}

/* ------------------------------------------------------------------------------------------------------- controls */

/** @param {Shell} shell @param {[string, string, string][]} examples @param {() => Scene} look */
function addControls(shell, examples, look) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value, step: null });
  const example = selectControl({
    label: "Examples",
    name: "example",
    value: "",
    options: [
      { value: "", label: "choose …" },
      ...examples.map(([group, name, sum]) => ({ value: sum, label: `${sum}: ${name}`, group })),
    ],
    onInput: (value) => value && shell.set({ source: value, step: null }),
  });
  const wrongAt = rangeControl({
    label: "Write a wrong digit at step",
    name: "wrong-at",
    value: 0,
    min: 0,
    max: MOST_TOKENS,
    show: (at) => (at ? String(at) : "none"),
    onInput: (at) => shell.set({ wrongAt: at || null, step: null }),
  });
  const digit = selectControl({
    label: "The wrong digit",
    name: "wrong-digit",
    value: "9",
    options: [..."0123456789"].map((value) => ({ value, label: value })),
    onInput: (value) => shell.set({ wrongDigit: Number(value), step: null }),
  });
  const bound = {
    source: textControl({
      label: `A sum (${LONGEST} characters are read)`,
      name: "source",
      value: "",
      rows: 1,
      maxLength: LONGEST_TYPED,
      onInput: put("source"),
    }),
    method: choiceControl({
      label: "How it chooses",
      name: "method",
      value: "beam",
      options: METHODS.map((value) => ({ value, label: value })),
      onInput: put("method"),
    }),
    width: rangeControl({
      label: "Width of the beam",
      name: "width",
      value: 1,
      min: 1,
      max: WIDEST,
      onInput: put("width"),
    }),
    penalty: rangeControl({
      label: "Length penalty α",
      name: "penalty",
      value: 0,
      max: 2,
      step: 0.1,
      show: (x) => x.toFixed(1),
      onInput: put("penalty"),
    }),
    temperature: rangeControl({
      label: "Temperature",
      name: "temperature",
      value: 1,
      max: 3,
      step: 0.1,
      show: (x) => x.toFixed(1),
      onInput: put("temperature"),
    }),
    seed: rangeControl({ label: "Seed of the draws", name: "seed", value: 0, max: 99, onInput: put("seed") }),
    reads: choiceControl({
      label: "What the decoder reads",
      name: "reads",
      value: "free",
      options: [
        { value: "free", label: "what it wrote" },
        { value: "forced", label: "the true sum" },
      ],
      onInput: put("reads"),
    }),
  };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, /** @type {AnyControl} */ (control));
  const go = (/** @type {(shown: number, T: number) => number} */ to) => () => {
    const { shown, T } = look();
    const next = Math.max(1, Math.min(T, to(shown, T)));
    shell.set({ step: next === T ? null : next });
  };
  const steps = [
    buttonControl({ label: "Start", name: "start", onPress: go(() => 1) }),
    buttonControl({ label: "◂ Back", name: "back", onPress: go((shown) => shown - 1) }),
    buttonControl({ label: "Forward ▸", name: "forward", onPress: go((shown) => shown + 1) }),
    buttonControl({ label: "All", name: "all", onPress: go((_, T) => T) }),
  ];
  const { source, method, width, penalty, temperature, seed, reads } = bound;
  shell.controls.append(
    ...[source, example, method, width, penalty, temperature, seed, reads, wrongAt, digit].map(({ root }) => root),
    element(
      "div",
      { class: "dl-steps uw-wide", role: "group", "aria-label": "steps" },
      ...steps.map(({ root }) => root),
    ),
  );
  return {
    /** @param {Scene} scene */
    update: (scene) => {
      const forced = scene.reads === "forced";
      for (const control of [width, penalty]) control.hide(scene.method !== "beam" || forced);
      for (const control of [temperature, seed]) control.hide(scene.method !== "sampling");
      reads.set(scene.reads);
      reads.disable(!scene.truth);
      wrongAt.set(scene.wrongAt ?? 0);
      digit.set(String(scene.wrongDigit));
      digit.disable(scene.wrongAt === null);
      example.set(examples.some(([, , sum]) => sum === scene.source) ? scene.source : "");
    },
  };
}
