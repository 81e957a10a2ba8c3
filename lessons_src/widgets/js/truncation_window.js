// @ts-check
/**
 * TruncationWindow: what does detach cut? Wires the arithmetic to controls, figure and words.
 */
import { network, through, windowsOf } from "./bptt.js";
import { checkControl, rangeControl } from "./controls.js";
import { element } from "./dom.js";
import { orthogonal } from "./linalg.js";
import { normals } from "./random.js";
import { createShell, flag, number } from "./shell.js";
import { createFacts, createWeights } from "./truncation_facts.js";
import { createGrid } from "./truncation_grid.js";
import css from "./truncation_window.css";
import { aboutScene, numbersOf } from "./truncation_words.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { compute };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").AnyControl} AnyControl
 *
 * @typedef {object} Settings
 * @property {number} steps T
 * @property {number} size H
 * @property {number} window how far a backward pass goes back
 * @property {number | null} stride steps between two backward passes; null for as many as the window has
 * @property {boolean} carry whether a window begins with the state before it
 * @property {number} gain what W_hh is multiplied with
 * @property {number} seed
 *
 * @typedef {ReturnType<typeof compute>} Scene
 */

const MOST_STEPS = 24;
const STREAM = { recurrent: 0, input: 1, noise: 3, targets: 7 }; // as in draws.py and truncation_window.py

const FIELDS = {
  steps: number({ trait: "steps", min: 2, max: MOST_STEPS, whole: true }),
  window: number({ trait: "window", min: 1, max: MOST_STEPS, whole: true }),
  stride: number({ trait: "stride", min: 1, max: MOST_STEPS, whole: true, optional: true }),
  carry: flag({ trait: "carry" }),
  size: number({ trait: "hidden_size", min: 1, max: 4, whole: true }),
  gain: number({ trait: "gain", min: 0, max: 2 }),
  seed: number({ trait: "seed", min: 0, max: 99, whole: true }),
};

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const shell = createShell({
    model,
    el,
    name: "truncation-window",
    question: "What does detach cut?",
    lead:
      "Forward, the state goes from one window into the next. Backward, detach stops the gradient at the window’s edge. " +
      "Before you move the window, guess: do the states change, or the gradients, or both?",
    fields: FIELDS,
    style: { name: "truncation-window", css },
    draw: () => {
      const scene = compute(/** @type {any} */ (Object.fromEntries(Object.keys(FIELDS).map((k) => [k, shell.get(k)]))));
      controls.update(scene);
      figure.update(scene);
      shell.say(aboutScene(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });
  const controls = addControls(shell);
  const figure = addFigure(shell);
  shell.start();
  return shell.dispose;
}

/** Both passes, the full one and the truncated one, and how they compare. @param {Settings} settings */
function compute({ steps: T, size: H, window: wanted, stride: every, carry, gain, seed }) {
  const window = Math.min(wanted, T);
  const stride = Math.min(every ?? window, window);
  const weights = network(
    normals(seed, STREAM.input, H),
    orthogonal(normals(seed, STREAM.recurrent, H * H), H).map((x) => gain * x),
    new Float64Array(H),
  );
  const inputs = normals(seed, STREAM.noise, T);
  const targets = normals(seed, STREAM.targets, T * H).map((x) => x / 2);
  const windows = windowsOf(T, window, stride);
  const full = through(weights, inputs, targets, windowsOf(T, T, T), true);
  const cut = through(weights, inputs, targets, windows, carry);
  const [length, whole] = [norm(cut.dWeightHh), norm(full.dWeightHh)];
  const dot = cut.dWeightHh.reduce((sum, x, k) => sum + x * full.dWeightHh[k], 0);
  /** @param {number} s @param {number} t from 1 @param {import("./bptt.js").Through} pass */
  const at = (s, t, pass) => norm(pass.reach[s - 1].dH.subarray((t - 1) * H, t * H));
  return {
    ...{ T, H, window, stride, carry, windows, weights, inputs, targets, full, cut },
    cosine: dot / (length * whole),
    ratio: length / whole,
    /** The first step whose state is not the same, bit by bit; 0 if there is none. */
    differs: Math.floor(cut.states.findIndex((x, k) => !Object.is(x, full.states[k])) / H) + 1,
    /** ‖∂L_s/∂h_t‖ of both passes, and whether the truncated one does not go back to step t. @param {number} s @param {number} t */
    cell: (s, t) => ({ is: at(s, t, cut), was: at(s, t, full), cut: t < cut.reach[s - 1].first }),
  };
}

/** @param {Float64Array} v */
function norm(v) {
  return Math.hypot(...v);
}

/* ------------------------------------------------------------------------------------------------------- controls */

/** @param {Shell} shell */
function addControls(shell) {
  /** The settings, with window and stride made to fit. @param {Partial<Settings>} patch */
  const fit = (patch) => {
    const steps = patch.steps ?? shell.get("steps");
    const window = Math.min(patch.window ?? shell.get("window"), steps);
    const stride = patch.stride === undefined ? shell.get("stride") : patch.stride;
    shell.set({ steps, window, stride: stride === null || stride >= window ? null : stride });
  };
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const range = (/** @type {any} */ options) => rangeControl({ value: 1, min: 1, max: MOST_STEPS, ...options });
  const stride = range({
    label: "A backward pass every … steps",
    name: "stride",
    onInput: (/** @type {number} */ n) => fit({ stride: n }),
  });
  const bound = {
    steps: range({ label: "Steps T", name: "steps", min: 2, onInput: (/** @type {number} */ n) => fit({ steps: n }) }),
    window: range({
      label: "Window",
      name: "window",
      show: steps,
      onInput: (/** @type {number} */ n) => fit({ window: n }),
    }),
    carry: checkControl({
      label: "Carry the state into the next window",
      name: "carry",
      value: true,
      onInput: put("carry"),
    }),
    size: range({ label: "Units H", name: "size", max: 4, onInput: put("size") }),
    gain: range({
      label: "Gain of W_hh: how much is remembered",
      name: "gain",
      min: 0,
      max: 2,
      step: 0.1,
      show: (/** @type {number} */ x) => x.toFixed(1),
      onInput: put("gain"),
    }),
    seed: range({ label: "Seed", name: "seed", min: 0, max: 99, onInput: put("seed") }),
  };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, /** @type {AnyControl} */ (control));
  shell.controls.append(
    ...[bound.window, stride, bound.carry, bound.steps, bound.size, bound.gain, bound.seed].map(({ root }) => root),
  );
  return {
    /** @param {Scene} scene */
    update: (scene) => {
      bound.window.limit(scene.T);
      bound.window.set(scene.window);
      stride.limit(scene.window);
      stride.set(scene.stride);
    },
  };
}

/** @param {number} count */
const steps = (count) => `${count} step${count === 1 ? "" : "s"}`;

/* --------------------------------------------------------------------------------------------------------- figure */

/** @param {Shell} shell */
function addFigure(shell) {
  const exact = element("p", { class: "tw-exact" });
  const grid = createGrid((words) => {
    exact.textContent = words;
  });
  const facts = createFacts();
  const weights = createWeights();
  const caption = element("figcaption");
  shell.figure.append(grid.root, caption, exact, element("div", { class: "tw-below" }, facts.root, weights.root));
  return {
    /** @param {Scene} scene */
    update: (scene) => {
      caption.textContent = captionOf(scene);
      grid.update(scene, Math.max(240, shell.figure.clientWidth));
      facts.update(scene);
      weights.update(scene);
    },
  };
}

/** @param {Scene} scene */
function captionOf({ stride, window }) {
  const own = stride < window ? " The grey part of a backward pass: the steps whose losses it is for." : "";
  return `Rows: the loss of each step. Columns: how much it pulls at each state, ‖∂L/\u2060∂h‖; brighter is more. Crossed out: cut, exactly 0.${own}`;
}
