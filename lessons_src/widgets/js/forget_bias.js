// @ts-check
/**
 * ForgetBias: why start b_f at 1, and is that enough? Wires the arithmetic to controls, figure and words.
 */
import { sequenceBackward, sequenceForward } from "./cells.js";
import { rangeControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./forget_bias.css";
import { createMemory, markAgreement } from "./forget_bias_figure.js";
import { aboutScene, brief, numbersOf } from "./forget_bias_words.js";
import { drawDirection, drawInputs, drawWeights } from "./gradient_experiment.js";
import chartCss from "./gradient_explorer.css";
import { createChart, MARGIN } from "./gradient_figure.js";
import { createShell, number } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { compute };

/**
 * @typedef {import("./shell.js").Shell} Shell
 *
 * @typedef {object} Settings
 * @property {number} forgetBias b_f
 * @property {number} inputGate i
 * @property {number} outputGate o
 * @property {number} steps T
 * @property {number} hiddenSize H of the layer
 * @property {number} gain of the layer's W_hh
 * @property {number} seed of the layer
 *
 * @typedef {ReturnType<typeof compute>} Scene
 */

const MOST_STEPS = 200;
const MOST_BIAS = 5;
const LEAST_BIAS = -2;
const NOISE = 0.3; // the standard deviation of the layer's inputs
const LOUD = 1000; // tanh of it is 1

const FIELDS = {
  forgetBias: number({ trait: "forget_bias", min: LEAST_BIAS, max: MOST_BIAS }),
  inputGate: number({ trait: "input_gate", min: 0, max: 1 }),
  outputGate: number({ trait: "output_gate", min: 0, max: 1 }),
  steps: number({ trait: "steps", min: 2, max: MOST_STEPS, whole: true }),
  hiddenSize: number({ trait: "hidden_size", min: 1, max: 32, whole: true }),
  gain: number({ trait: "gain", min: 0, max: 3 }),
  seed: number({ trait: "seed", min: 0, max: 99, whole: true }),
  cursor: number({ initial: 1, min: 1, max: MOST_STEPS, whole: true }),
};

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const shell = createShell({
    model,
    el,
    name: "forget-bias",
    question: "Why start b_f at 1, and is that enough?",
    lead:
      "A unit writes once, at step 1; then its forget gate f = σ(b_f) multiplies the memory at every step. " +
      "Guess first: with b_f = 1, after how many steps is half of it gone?",
    fields: FIELDS,
    style: { name: "forget-bias", css: chartCss + css },
    draw: () => {
      const scene = compute(/** @type {any} */ (Object.fromEntries(Object.keys(FIELDS).map((k) => [k, shell.get(k)]))));
      const t = Math.min(shell.get("cursor"), scene.T);
      figure.update(scene, t);
      shell.say(aboutScene(scene, t));
      shell.numbers(() => numbersOf(scene));
    },
  });
  addControls(shell);
  const figure = addFigure(shell);
  shell.start();
  return shell.dispose;
}

/* ---------------------------------------------------------------------------------------------- what is computed */

/** @param {number} b */
const sigmoid = (b) => 1 / (1 + Math.exp(-b));
/** @param {number} gate */
const logit = (gate) => Math.log(gate / (1 - gate));

/** Both halves of the figure: one unit with constant gates, and a layer with random weights. @param {Settings} settings */
function compute({ forgetBias, inputGate, outputGate, steps: T, hiddenSize, gain, seed }) {
  const unit = memoryOf(inputGate, forgetBias, outputGate, T);
  const f = sigmoid(forgetBias);
  const { truth, product, meanGate } = layerOf(forgetBias, T, hiddenSize, gain, seed);
  let agreed = 0;
  while (agreed < T && Math.abs(truth[T - 1 - agreed] - product[T - 1 - agreed]) < Math.log10(2)) agreed += 1;
  return {
    ...{ T, forgetBias, f, gain, meanGate, truth, product, agreed },
    ...{ c: unit.c, h: unit.h },
    /** ln(1/2) / ln(σ(b_f)) */
    halfLife: Math.LN2 / Math.log1p(Math.exp(-forgetBias)),
    /** log10 of σ(b_f)^(T − t): what the layer's product would be if its gates saw nothing but their bias */
    alone: Float64Array.from({ length: T }, (_, k) => (T - 1 - k) * Math.log10(f)),
  };
}

/**
 * One LSTM unit whose gates are constant and whose candidate is 1 at the first step and 0 behind it.
 * @param {number} i @param {number} forgetBias @param {number} o @param {number} T
 */
function memoryOf(i, forgetBias, o, T) {
  const inputs = new Float64Array(T);
  inputs[0] = 1;
  return sequenceForward(
    {
      ...{ cell: "LSTM", inputSize: 1, hiddenSize: 1 },
      weightIh: Float64Array.of(0, 0, LOUD, 0),
      weightHh: new Float64Array(4),
      biasIh: Float64Array.of(logit(i), forgetBias, 0, logit(o)),
      biasHh: new Float64Array(4),
    },
    inputs,
  );
}

/**
 * log10 of ‖∂L/∂c_t‖ and of ‖∏ f_s ⊙ ∂L/∂c_T‖ (s = t+1 … T), both divided by ‖∂L/∂c_T‖, at index t − 1. The loss is h_T
 * seen from a random direction.
 * @param {number} gateBias @param {number} steps @param {number} H @param {number} gain @param {number} seed
 */
function layerOf(gateBias, steps, H, gain, seed) {
  /** @type {import("./gradient_experiment.js").Settings} */
  const settings = {
    ...{ cell: "LSTM", activation: "tanh", initialisation: "gaussian", noise: NOISE },
    ...{ gain, steps, hiddenSize: H, seed, gateBias },
  };
  const weights = drawWeights(settings);
  const record = sequenceForward(weights, drawInputs(settings, weights.inputSize));
  const { dC, logNormC } = sequenceBackward(weights, record, steps - 1, drawDirection(seed, H));
  const product = new Float64Array(steps);
  const logs = dC.subarray(-H).map((x) => Math.log(Math.abs(x)));
  for (let t = steps - 1; t >= 0; t--) {
    product[t] = logNorm(logs);
    for (let j = 0; j < H; j++) logs[j] += Math.log(record.f[t * H + j]);
  }
  return {
    truth: logNormC.map((x) => x - logNormC[steps - 1]),
    product: product.map((x) => x - product[steps - 1]),
    meanGate: record.f.reduce((sum, x) => sum + x, 0) / record.f.length,
  };
}

/** log10 of the norm of exp(logs): as logarithms, since a product of 200 small gates leaves float64. @param {Float64Array} logs */
function logNorm(logs) {
  const top = Math.max(...logs);
  return (top + Math.log(Math.hypot(...logs.map((x) => Math.exp(x - top))))) * Math.LOG10E;
}

/* ------------------------------------------------------------------------------------------ controls and figure */

/** @param {Shell} shell */
function addControls(shell) {
  /** @param {string} key @param {string} name @param {string} label @param {object} options @param {string} [colour] */
  const slider = (key, name, label, options, colour) => {
    const control = rangeControl({
      ...{ label, name, value: 1, min: 0, max: 1, step: 1, show: brief },
      onInput: (value) => shell.set({ [key]: value }),
      ...options,
    });
    if (colour) control.root.style.setProperty("--uw-accent", `var(--uw-${colour})`);
    shell.controls.append(control.root);
    return control;
  };
  /** @type {[string, string, string, object, string?][]} */
  const sliders = [
    ["forgetBias", "forget-bias", "Forget bias b_f", { min: LEAST_BIAS, max: MOST_BIAS, step: 0.1 }, "f"],
    ["inputGate", "input-gate", "Input gate i of the unit", { step: 0.01 }, "i"],
    ["outputGate", "output-gate", "Output gate o of the unit", { step: 0.01 }, "o"],
    ["steps", "steps", "Steps T", { min: 2, max: MOST_STEPS }],
    ["gain", "gain", "Gain of the layer’s W_hh", { max: 3, step: 0.05 }],
    ["hiddenSize", "hidden-size", "Units H of the layer", { min: 1, max: 32 }],
    ["seed", "seed", "Seed of the layer", { max: 99 }],
  ];
  for (const [key, ...rest] of sliders) {
    shell.bind(key, slider(key, ...rest));
    if (key !== "forgetBias") continue;
    const gate = slider(
      "",
      "forget-gate",
      "Forget gate f = σ(b_f)",
      {
        ...{ min: 0.12, max: 0.993, step: 0.001 },
        show: (/** @type {number} */ f) => f.toFixed(3),
        onInput: (/** @type {number} */ f) =>
          shell.set({ forgetBias: Math.min(MOST_BIAS, Math.max(LEAST_BIAS, logit(f))) }),
      },
      "f",
    );
    shell.bind(key, { ...gate, set: (b) => gate.set(sigmoid(b)) });
  }
}

/** @param {Shell} shell */
function addFigure(shell) {
  const memory = createMemory();
  const chart = createChart((t) => shell.set({ cursor: t }));
  const cursor = rangeControl({
    ...{ label: "Read off at step t", name: "cursor", min: 1, max: MOST_STEPS, value: 1 },
    show: (t) => `t = ${t}`,
    onInput: (t) => shell.set({ cursor: t }),
  });
  const title = (/** @type {string} */ words) => element("p", { class: "fb-title" }, words);
  shell.figure.append(
    title("Forward: what one unit remembers"),
    memory.legend,
    memory.root,
    title("Backward: what comes back to the cells of a layer"),
    chart.legend,
    chart.root,
    element("div", { style: `margin:0 ${MARGIN.right - 9}px 0 ${MARGIN.left - 9}px` }, cursor.root),
  );
  return {
    /** @param {Scene} scene @param {number} t */
    update: (scene, t) => {
      const { T, truth, product, alone } = scene;
      const width = Math.max(240, shell.figure.clientWidth);
      cursor.limit(T);
      cursor.set(t);
      memory.update(scene, width);
      chart.update({
        ...{ width, steps: T, cursor: t },
        curves: [
          { look: "alone", name: "σ(b_f) to the power T − t", values: alone },
          { look: "product", name: "the product of forget gates", values: product },
          { look: "c", name: "‖∂L/∂cₜ‖ in truth, 1 at the last step", values: truth },
        ],
        band: {
          low: truth.map((x, k) => Math.min(x, product[k])),
          high: truth.map((x, k) => Math.max(x, product[k])),
        },
      });
      markAgreement(chart.root, scene, width);
    },
  };
}
