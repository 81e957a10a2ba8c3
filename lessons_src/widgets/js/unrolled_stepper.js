// @ts-check
/**
 * UnrolledStepper: is it the same weights each step, and what is carried? Wires the arithmetic to controls and picture.
 */
import { unpack } from "./arrays.js";
import { buttonControl, rangeControl, selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import { choice, createShell, number, text } from "./shell.js";
import { isDark } from "./theme.js";
import { compute, MOST_LETTERS } from "./unrolled_model.js";
import css from "./unrolled_stepper.css";
import { createColumns, createFolded, createWeights } from "./unrolled_view.js";
import { aboutScene, glyph, nameOf, numbersOf, two } from "./unrolled_words.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { compute };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").AnyControl} AnyControl
 * @typedef {import("./unrolled_model.js").Scene} Scene
 * @typedef {import("./unrolled_model.js").Layer} Layer
 */

const [MOST_SYMBOLS, LONGEST, LIMIT] = [32, 200, 3];
/** @type {Record<string, string>} */
const ALPHABETS = { "helo wrd": "letters of “hello world”", "abcdefghijklmnopqrstuvwxyz ": "a to z and space" };

const place = (/** @type {string} */ trait, /** @type {number} */ min, /** @type {number} */ max, optional = false) =>
  number({ trait, min, max, whole: true, optional });

const FIELDS = {
  text: text({ trait: "text", maxLength: LONGEST }),
  alphabet: {
    trait: "alphabet",
    accept: (/** @type {unknown} */ value) => {
      const symbols = typeof value === "string" ? [...value] : [];
      const fits = symbols.length > 1 && symbols.length <= MOST_SYMBOLS && new Set(symbols).size === symbols.length;
      return fits ? value : undefined;
    },
  },
  seed: place("seed", 0, 99),
  matrix: choice({ trait: "matrix", options: ["W_hh", "W_ih"] }),
  row: place("row", 1, MOST_SYMBOLS),
  column: place("column", 1, MOST_SYMBOLS),
  value: number({ trait: "value", min: -LIMIT, max: LIMIT, optional: true }),
  reset: place("reset", 2, MOST_LETTERS, true),
  traced: place("traced", 1, MOST_LETTERS),
  other: {
    trait: "other",
    accept: (/** @type {unknown} */ value) =>
      value === null || value === "none"
        ? null
        : typeof value === "string" && [...value].length === 1
          ? value
          : undefined,
    write: (/** @type {string | null} */ value) => value ?? "none",
  },
  step: place("step", 0, MOST_LETTERS, true),
};

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const layer = givenLayer(model.get("weights"));
  /** @type {Scene} */
  let scene;
  const shell = createShell({
    model,
    el,
    name: "unrolled-stepper",
    question: "Is it the same weights each step, and what is carried?",
    lead: "Before you move a weight, guess: how many columns will change, one, some or all?",
    fields: FIELDS,
    style: { name: "unrolled-stepper", css },
    draw: () => {
      scene = look();
      const dark = isDark(shell.root);
      for (const part of [folded, columns, weights]) part.update(scene, dark);
      controls.update(scene);
      shell.say(aboutScene(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });
  const look = () => {
    const settings = Object.fromEntries(Object.keys(FIELDS).map((key) => [key, shell.get(key)]));
    return compute(/** @type {any} */ ({ ...settings, layer }));
  };
  const controls = addControls(shell, layer !== null, look);
  const folded = createFolded();
  const columns = createColumns();
  const weights = createWeights((matrix, row, column) => {
    const same = matrix === scene.matrix && row === scene.row && column === scene.column;
    if (!same) shell.set({ matrix, row, column, value: null });
  });
  shell.figure.append(
    element("div", { class: "us-views" }, folded.root, columns.root),
    element(
      "figcaption",
      {},
      "Orange is positive, blue negative. A small number is the value before the edit. The bars are the trace: how much " +
        "the state would move if the framed letter were another one.",
    ),
    weights.root,
    element("div", { class: "us-edit" }, ...controls.edit),
  );
  shell.start();
  return shell.dispose;
}

/** @param {any} weights @returns {Layer | null} */
function givenLayer(weights) {
  if (!weights?.weight_hh) return null;
  const [weightIh, weightHh, bias] = ["weight_ih", "weight_hh", "bias"].map((name) => unpack(weights[name]).values);
  return { H: bias.length, weightIh, weightHh, bias };
}

/* ------------------------------------------------------------------------------------------------------- controls */

/** @param {Shell} shell @param {boolean} given whether the weights are the reader's own @param {() => Scene} look */
function addControls(shell, given, look) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const own = shell.get("alphabet");
  const alphabets = [...new Set([...Object.keys(ALPHABETS), own])];
  const bound = {
    text: textControl({
      label: `Text (${MOST_LETTERS} characters are read)`,
      name: "text",
      value: "",
      rows: 1,
      maxLength: LONGEST,
      onInput: (value) => shell.set({ text: value, step: null }),
    }),
    alphabet: selectControl({
      label: "Alphabet",
      name: "alphabet",
      value: own,
      options: alphabets.map((value) => ({ value, label: ALPHABETS[value] ?? `its own: ${value}` })),
      onInput: (value) => shell.set({ alphabet: value, column: 1, value: null, other: null }),
    }),
    seed: rangeControl({ label: "Seed of the weights", name: "seed", value: 0, max: 99, onInput: put("seed") }),
    traced: rangeControl({
      label: "Trace of letter",
      name: "traced",
      value: 1,
      min: 1,
      max: MOST_LETTERS,
      show: (k) => {
        const scene = look();
        return scene.T ? `${Math.min(k, scene.T)}: ${glyph(scene.letters[Math.min(k, scene.T) - 1])}` : "–";
      },
      onInput: put("traced"),
    }),
  };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, /** @type {AnyControl} */ (control));
  const other = selectControl({ label: "… if it were", name: "other", options: [], value: "", onInput: put("other") });
  const reset = selectControl({
    label: "Set h to zeros",
    name: "reset-h",
    options: [],
    value: "",
    onInput: (value) => shell.set({ reset: value === "" ? null : Number(value) }),
  });
  const value = rangeControl({
    label: "The picked weight",
    name: "value",
    value: 0,
    min: -LIMIT,
    max: LIMIT,
    step: 0.05,
    show: two,
    onInput: put("value"),
  });
  const undo = buttonControl({ label: "Undo the edit", name: "undo", onPress: () => shell.set({ value: null }) });
  const go = (/** @type {(shown: number, T: number) => number} */ to) => () => {
    const { shown, T } = look();
    const next = Math.max(0, Math.min(T, to(shown, T)));
    shell.set({ step: next === T ? null : next });
  };
  const back = buttonControl({ label: "◂ Back", name: "back", onPress: go((shown) => shown - 1) });
  const forward = buttonControl({ label: "Forward ▸", name: "forward", onPress: go((shown) => shown + 1) });
  const start = buttonControl({ label: "Start", name: "start", onPress: go(() => 0) });
  const all = buttonControl({ label: "All", name: "all", onPress: go((_, T) => T) });
  const steps = [start, back, forward, all].map(({ root }) => root);
  bound.alphabet.hide(given);
  bound.seed.hide(given);
  shell.controls.append(
    ...[bound.text, bound.alphabet, bound.seed, reset, bound.traced, other].map(({ root }) => root),
    element("div", { class: "us-steps uw-wide", role: "group", "aria-label": "steps" }, ...steps),
  );
  return {
    edit: [value.root, undo.root],
    /** @param {Scene} scene */
    update: (scene) => {
      const { T, letters, ids, symbols, matrix, row, column } = scene;
      bound.traced.limit(Math.max(1, T));
      bound.traced.set(Math.max(1, scene.traced));
      const id = ids[scene.traced - 1];
      other.replace(symbols.filter((_, k) => k !== id).map((symbol) => ({ value: symbol, label: glyph(symbol) })));
      other.set(scene.other);
      reset.replace([
        { value: "", label: "nowhere" },
        ...letters
          .slice(1)
          .map((letter, k) => ({ value: String(k + 2), label: `before step ${k + 2}: ${glyph(letter)}` })),
      ]);
      reset.set(String(scene.reset ?? ""));
      const words = nameOf(scene, matrix, row, column);
      value.root.firstElementChild?.replaceChildren(words);
      value.set(scene.value);
      undo.disable(!scene.edited);
      for (const control of [start, back]) control.disable(scene.shown === 0);
      for (const control of [forward, all]) control.disable(scene.shown === T);
    },
  };
}
