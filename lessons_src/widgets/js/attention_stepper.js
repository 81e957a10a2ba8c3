// @ts-check
/**
 * AttentionStepper: what is a query, a key, a value? Wires the arithmetic to controls, figure and words.
 */
import {
  compute,
  fitted,
  KEYS,
  MASKS,
  MATRICES,
  MOST_BELOW,
  MOST_SIZE,
  MOST_WORDS,
  resized,
  rowsOf,
  SIZES,
  saturation,
  textOf,
} from "./attention_model.js";
import css from "./attention_stepper.css";
import { createBelow, createGrid, createRoles, createRow, createVectors } from "./attention_view.js";
import { aboutScene, nameOf, numbersOf } from "./attention_words.js";
import { buttonControl, checkControl, choiceControl, rangeControl, selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import { choice, createShell, flag, number, text } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { compute, saturation };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./attention_model.js").Scene} Scene
 */

const LAST = 4;
const LONGEST = 90;
const VISITED = Array.from({ length: 19 }, (_, k) => Math.round(2 ** (k / 2)));
const STEPS = ["q · k", "scale", "mask", "softmax", "sum of values"];
/** @type {Record<string, string>} */
const MASK_NAMES = {
  none: "none",
  causal: "causal: no later words",
  padding: "padding: the last word is none",
  everything: "everything hidden",
};
/** @type {Record<string, string>} */
const MATRIX_NAMES = { example: "the chapter’s", identity: "identity", random: "random" };

const whole = (/** @type {string} */ trait, /** @type {number} */ min, /** @type {number} */ max) =>
  number({ trait, min, max, whole: true });

const FIELDS = {
  words: text({ trait: "words", maxLength: LONGEST }),
  vectors: { trait: "vectors", accept: (/** @type {unknown} */ value) => (rowsOf(value) ? value : undefined) },
  matrices: choice({ trait: "matrices", options: MATRICES }),
  seed: whole("seed", 0, 99),
  scaled: flag({ trait: "scaled" }),
  mask: choice({ trait: "mask", options: MASKS }),
  heads: whole("heads", 1, 2),
  asking: whole("asking", 1, MOST_WORDS),
  step: whole("step", 0, LAST),
  sizeBelow: whole("size_below", 1, MOST_BELOW),
};

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const shell = createShell({
    model,
    el,
    name: "attention-stepper",
    question: "What is a query, a key, a value?",
    lead: "One word asks, all words offer, and the answer is a weighted sum. Guess first: which word gets most of it?",
    fields: FIELDS,
    style: { name: "attention-stepper", css },
    draw: () => {
      const scene = look();
      const [seed, size] = [shell.get("seed"), shell.get("sizeBelow")];
      const below = saturation(seed, size);
      for (const part of [vectors, roles, row, grid, controls]) part.update(scene);
      lower.update(below, curveOf(seed), size);
      shell.say(aboutScene(scene, below, size));
      shell.numbers(() => numbersOf(scene));
    },
  });
  const look = () =>
    compute(/** @type {any} */ (Object.fromEntries(Object.keys(FIELDS).map((k) => [k, shell.get(k)]))));
  const rows = () => /** @type {number[][]} */ (rowsOf(shell.get("vectors")));
  const controls = addControls(shell, rows);
  const vectors = createVectors((t, j, value) => {
    const edited = fitted(rows(), Math.max(rows().length, look().n)).map((line) => [...line]);
    edited[t][j] = value;
    shell.set({ vectors: textOf(edited) });
  });
  const roles = createRoles();
  const row = createRow();
  const grid = createGrid((asking) => shell.set({ asking }));
  const lower = createBelow();
  shell.figure.append(
    element("div", { class: "as-wide" }, vectors.root),
    roles.root,
    controls.steps,
    row.root,
    element("div", { class: "as-wide" }, grid.root),
    element("p", { class: "as-title" }, element("b", {}, "Why √d_k?"), ` One random query meets ${KEYS} random keys`),
    controls.size,
    lower.root,
    element(
      "figcaption",
      {},
      "The bars are the first query’s row; the numbers under them and the curves are means over 32 queries. Entropy is in " +
        "nats; 0 means that one weight is 1.",
    ),
  );
  shell.start();
  return shell.dispose;
}

/** @type {Map<number, ReturnType<typeof saturation>[]>} */
const curves = new Map();

/** @param {number} seed */
function curveOf(seed) {
  const found = curves.get(seed) ?? SIZES.map((size) => saturation(seed, size));
  curves.set(seed, found);
  return found;
}

/** @param {Shell} shell @param {() => number[][]} rows */
function addControls(shell, rows) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const options = (/** @type {Record<string, string>} */ names) =>
    Object.entries(names).map(([value, label]) => ({ value, label }));
  const bound = {
    words: textControl({
      label: `Words (up to ${MOST_WORDS} are read)`,
      ...{ name: "words", value: "", rows: 1, maxLength: LONGEST },
      onInput: put("words"),
    }),
    matrices: choiceControl({
      label: "Matrices W",
      ...{ name: "matrices", options: options(MATRIX_NAMES), value: "" },
      onInput: put("matrices"),
    }),
    mask: selectControl({
      label: "Mask",
      ...{ name: "mask", options: options(MASK_NAMES), value: "" },
      onInput: put("mask"),
    }),
    scaled: checkControl({ label: "divide by √d_k", name: "scaled", value: true, onInput: put("scaled") }),
    seed: rangeControl({ label: "Seed of what is random", name: "seed", value: 0, max: 99, onInput: put("seed") }),
    sizeBelow: rangeControl({
      label: "Size d_k of query and keys",
      ...{ name: "size-below", value: 64, values: VISITED },
      onInput: put("sizeBelow"),
    }),
  };
  for (const [key, control] of Object.entries(bound))
    shell.bind(key, /** @type {import("./shell.js").AnyControl} */ (control));
  const heads = choiceControl({
    label: "Heads",
    ...{ name: "heads", value: "1", options: options({ 1: "1", 2: "2" }) },
    onInput: (value) => shell.set({ heads: Number(value) }),
  });
  shell.bind("heads", { ...heads, set: (count) => heads.set(String(count)) });
  const size = rangeControl({
    label: "Size d of a word",
    ...{ name: "size", value: 4, min: 1, max: MOST_SIZE },
    onInput: (d) => shell.set({ vectors: textOf(resized(rows(), d)) }),
  });
  const asking = selectControl({
    label: "Who asks",
    ...{ name: "asking", options: [], value: "" },
    onInput: (value) => shell.set({ asking: Number(value) }),
  });
  const { words, matrices, mask, scaled, seed } = bound;
  shell.controls.append(...[words, asking, size, matrices, heads, mask, seed, scaled].map(({ root }) => root));
  const steps = stepButtons(shell);
  let listed = "";
  return {
    steps: steps.root,
    size: bound.sizeBelow.root,
    /** @param {Scene} scene */
    update: (scene) => {
      const names = scene.words.map((_, t) => nameOf(scene, t));
      if (names.join(" ") !== listed)
        asking.replace(names.map((label, t) => ({ value: String(t + 1), label: `${t + 1}: ${label}` })));
      listed = names.join(" ");
      asking.set(String(scene.at + 1));
      size.set(scene.d);
      heads.disable(scene.d % 2 === 1);
      steps.update(scene.step);
    },
  };
}

/** The steps as buttons that stay pressed, and one to each side. @param {Shell} shell */
function stepButtons(shell) {
  const go = (/** @type {number} */ by) => () =>
    shell.set({ step: Math.max(0, Math.min(LAST, shell.get("step") + by)) });
  const back = buttonControl({ label: "◂ Back", name: "back", onPress: go(-1) });
  const forward = buttonControl({ label: "Forward ▸", name: "forward", onPress: go(1) });
  const direct = STEPS.map((label, step) =>
    buttonControl({ label: `${step + 1} ${label}`, name: `step-${step}`, onPress: () => shell.set({ step }) }),
  );
  return {
    root: element(
      "div",
      { class: "as-steps", role: "group", "aria-label": "steps" },
      ...[back, ...direct, forward].map(({ root }) => root),
    ),
    /** @param {number} step */
    update: (step) => {
      direct.forEach(({ input }, k) => {
        input.setAttribute("aria-pressed", String(k === step));
      });
      back.disable(step === 0);
      forward.disable(step === LAST);
    },
  };
}
