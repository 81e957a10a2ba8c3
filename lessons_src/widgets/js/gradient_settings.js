// @ts-check
/**
 * GradientExplorer's settings: what each may be, which traits they follow, the presets, and the controls.
 *
 *   FIELDS                        for the shell
 *   settingsOf(shell)             those of the experiment
 *   addControls(shell, runner)    puts the controls on the page
 */
import { buttonControl, checkControl, choiceControl, rangeControl, selectControl } from "./controls.js";
import { element } from "./dom.js";
import { choice, flag, number } from "./shell.js";

/** @typedef {import("./shell.js").Shell} Shell */
/** @typedef {import("./gradient_experiment.js").Settings} Settings */

const MOST_STEPS = 200;
const MOST_UNITS = 64;

export const FIELDS = {
  cell: choice({ trait: "cell", options: ["RNN", "LSTM", "GRU"] }),
  activation: choice({ trait: "activation", options: ["tanh", "identity", "relu", "sigmoid"] }),
  initialisation: choice({ trait: "initialisation", options: ["orthogonal", "gaussian", "identity"] }),
  gain: number({ trait: "gain", min: 0, max: 3 }),
  steps: number({ trait: "steps", min: 2, max: MOST_STEPS, whole: true }),
  hiddenSize: number({ trait: "hidden_size", min: 1, max: MOST_UNITS, whole: true }),
  noise: number({ trait: "noise", min: 0, max: 10 }),
  seed: number({ trait: "seed", min: 0, max: 99, whole: true }),
  gateBias: number({ trait: "gate_bias", min: -6, max: 6 }),
  clipNorm: number({ trait: "clip_norm", min: 1e-6, max: 1e6, optional: true }),
  cursor: number({ initial: 1, min: 1, max: MOST_STEPS, whole: true }),
  state: flag({}),
  seeds: flag({}),
};

/** The settings that make the random cell and what it reads. */
const EXPERIMENT = ["cell", "activation", "initialisation", "gain", "steps", "hiddenSize", "noise", "seed", "gateBias"];

/** @param {Shell} shell @returns {Settings} */
export function settingsOf(shell) {
  return /** @type {any} */ (Object.fromEntries(EXPERIMENT.map((key) => [key, shell.get(key)])));
}

/** How a cell is started where nothing else is said. @type {Record<string, Record<string, string | number>>} */
const USUAL = {
  RNN: { cell: "RNN", initialisation: "orthogonal", noise: 0.01, gain: 1 },
  LSTM: { cell: "LSTM", initialisation: "gaussian", noise: 0.3, gain: 1 },
  GRU: { cell: "GRU", initialisation: "gaussian", noise: 0.3, gain: 1 },
};

/** @typedef {{ value: string, group: string, label: string, settings: Record<string, string | number> }} Preset */

/** @type {Preset[]} */
const PRESETS = [
  preset("linear, gain 1: the same at every step", "RNN", { activation: "identity" }),
  preset("linear, gain 0.9", "RNN", { activation: "identity", gain: 0.9 }),
  preset("linear, gain 1.1", "RNN", { activation: "identity", gain: 1.1 }),
  preset("tanh, gain 0.5", "RNN", { activation: "tanh", gain: 0.5 }),
  preset("tanh, gain 1", "RNN", { activation: "tanh" }),
  preset("tanh, gain 1, loud input", "RNN", { activation: "tanh", noise: 1 }),
  preset("tanh, gain 1.5", "RNN", { activation: "tanh", gain: 1.5 }),
  preset("ReLU, gain 1.4", "RNN", { activation: "relu", gain: 1.4 }),
  preset("sigmoid, gain 1", "RNN", { activation: "sigmoid" }),
  ...[-1, 0, 1, 3, 5].map((bias) => preset(`forget bias ${signed(bias)}`, "LSTM", { gateBias: bias })),
  ...[0, 1, 3, 5].map((bias) => preset(`update bias ${signed(bias)}`, "GRU", { gateBias: bias })),
];
const OWN = "own";

/** @param {string} label @param {string} cell @param {Record<string, string | number>} settings */
function preset(label, cell, settings) {
  return { value: `${cell} ${label}`, group: cell, label, settings: { ...USUAL[cell], ...settings } };
}

/**
 * @param {Shell} shell
 * @param {{ isGiven: () => boolean, hasInputs: () => boolean, longest: () => number }} runner
 */
export function addControls(shell, runner) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });

  const presets = selectControl({
    label: "Try",
    name: "preset",
    options: [
      { value: OWN, label: "your own settings" },
      ...PRESETS.map((p) => ({ ...p, label: `${p.group}: ${p.label}` })),
    ],
    value: OWN,
    onInput: (value) => shell.set(PRESETS.find((p) => p.value === value)?.settings ?? {}),
  });
  const cell = choiceControl({
    label: "Cell",
    name: "cell",
    options: ["RNN", "LSTM", "GRU"].map((value) => ({ value, label: value })),
    value: "RNN",
    onInput: (value) => shell.set(USUAL[value]),
  });
  const activation = choiceControl({
    label: "Activation",
    name: "activation",
    options: [
      { value: "tanh", label: "tanh" },
      { value: "identity", label: "linear" },
      { value: "relu", label: "ReLU" },
      { value: "sigmoid", label: "sigmoid" },
    ],
    value: "tanh",
    onInput: put("activation"),
  });
  const gain = rangeControl({
    label: "Gain of Wₕₕ",
    name: "gain",
    min: 0,
    max: 3,
    step: 0.05,
    value: 1,
    show: (value) => String(Number(value.toFixed(3))),
    onInput: put("gain"),
  });
  const gateBias = rangeControl({
    label: "Forget bias",
    name: "gate-bias",
    min: -6,
    max: 6,
    step: 0.5,
    value: 1,
    show: signed,
    words: (value) => String(value),
    onInput: put("gateBias"),
  });
  const steps = rangeControl({
    label: "Steps T",
    name: "steps",
    min: 2,
    max: MOST_STEPS,
    value: 100,
    words: (value) => `${value} steps`,
    onInput: put("steps"),
  });
  const initialisation = selectControl({
    label: "Wₕₕ starts as",
    name: "initialisation",
    options: [
      { value: "orthogonal", label: "orthogonal × gain" },
      { value: "gaussian", label: "Gaussian × gain" },
      { value: "identity", label: "identity × gain" },
    ],
    value: "orthogonal",
    onInput: put("initialisation"),
  });
  const hiddenSize = rangeControl({
    label: "Units H",
    name: "hidden-size",
    min: 1,
    max: MOST_UNITS,
    value: 32,
    words: (value) => `${value} units`,
    onInput: put("hiddenSize"),
  });
  const noise = rangeControl({
    label: "Input noise s",
    name: "noise",
    values: [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    value: 0.01,
    onInput: put("noise"),
  });
  const seed = rangeControl({
    label: "Seed",
    name: "seed",
    min: 0,
    max: 99,
    value: 0,
    onInput: put("seed"),
  });
  const newSeed = buttonControl({
    label: "New seed",
    name: "new-seed",
    onPress: () => shell.set({ seed: (shell.get("seed") + 1) % 100 }),
  });
  const clipNorm = rangeControl({
    label: "Clip the gradient at",
    name: "clip-norm",
    values: [Infinity, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01],
    value: Infinity,
    show: (value) => (value === Infinity ? "off" : String(value)),
    onInput: (value) => shell.set({ clipNorm: value === Infinity ? null : value }),
  });
  const state = checkControl({ label: "Show the size of hₜ", name: "state", value: false, onInput: put("state") });
  const seeds = checkControl({ label: "Show 20 seeds", name: "seeds", value: false, onInput: put("seeds") });

  const bound = { cell, activation, gain, gateBias, steps, initialisation, hiddenSize, noise, seed, state, seeds };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, control);
  shell.bind("clipNorm", { ...clipNorm, set: (value) => clipNorm.set(value ?? Infinity) });

  const arrange = () => {
    const given = runner.isGiven();
    const isRnn = shell.get("cell") === "RNN";
    presets.set(PRESETS.find((p) => matches(shell, p.settings))?.value ?? OWN);
    for (const control of [presets, cell, gain, initialisation, hiddenSize, seeds]) control.hide(given);
    noise.hide(given && runner.hasInputs());
    activation.hide(given || !isRnn);
    gateBias.hide(given || isRnn);
    nameOf(gateBias).textContent = shell.get("cell") === "GRU" ? "Update bias" : "Forget bias";
    steps.limit(runner.longest());
    steps.set(Math.min(shell.get("steps"), runner.longest()));
  };
  shell.onChange(arrange);
  arrange();

  const more = element("div", { class: "uw-controls" });
  more.append(...[initialisation, hiddenSize, noise, seed, clipNorm].map(({ root }) => root));
  more.append(element("div", { class: "ge-row" }, newSeed.root, seeds.root, state.root));
  shell.controls.append(
    ...[presets, cell, activation, gateBias, gain, steps].map(({ root }) => root),
    element("details", { class: "ge-more" }, element("summary", {}, "More settings"), more),
  );
  return arrange;
}

/** @param {import("./controls.js").Control<any>} control */
function nameOf(control) {
  return /** @type {HTMLElement} */ (control.root.querySelector(".uw-label"));
}

/** @param {Shell} shell @param {Record<string, string | number>} settings */
function matches(shell, settings) {
  return Object.entries(settings).every(([key, value]) => shell.get(key) === value);
}

/** @param {number} x */
function signed(x) {
  return x < 0 ? `−${-x}` : String(x);
}
