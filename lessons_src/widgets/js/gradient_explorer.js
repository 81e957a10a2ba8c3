// @ts-check
/**
 * GradientExplorer: when do gradients vanish or explode? Wires the experiment to controls, picture and words.
 */
import { pack, unpack } from "./arrays.js";
import { clampGate, GATES, sequenceBackward, sequenceForward, weightGradient } from "./cells.js";
import { rangeControl } from "./controls.js";
import { element } from "./dom.js";
import { drawDirection, drawInputs, drawWeights, follow, overSeeds, remember } from "./gradient_experiment.js";
import css from "./gradient_explorer.css";
import { createChart, createStrip, inWords, MARGIN } from "./gradient_figure.js";
import { addControls, FIELDS, settingsOf } from "./gradient_settings.js";
import { aboutClipping, aboutSeeds, aboutStep } from "./gradient_words.js";
import { orthogonal, singularValues } from "./linalg.js";
import { normals } from "./random.js";
import { sayLog, showLog } from "./scales.js";
import { createShell } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = {
  ...{ sequenceForward, sequenceBackward, weightGradient, clampGate, orthogonal, singularValues, normals },
  ...{ drawWeights, drawInputs, drawDirection, follow },
};

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").Model} Model
 * @typedef {import("./cells.js").Weights} Weights
 * @typedef {import("./gradient_experiment.js").Settings} Settings
 * @typedef {import("./gradient_experiment.js").Result} Result
 * @typedef {ReturnType<typeof overSeeds>} Band
 */

const MOST_STEPS = 200;
const SEEDS = 20;
const QUIET = 150; // milliseconds without a change before work that a moving control need not wait for

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const runner = createRunner(model);
  /** @type {Result} */
  let shown;
  /** @type {Result | null} */
  let ghost = null;

  const shell = createShell({
    model,
    el,
    name: "gradient-explorer",
    question: "When do gradients vanish or explode?",
    lead:
      "The loss looks at the last step only. Its gradient travels back to the first and is multiplied at every step. " +
      "Guess how much of it arrives, then change something.",
    fields: FIELDS,
    style: { name: "gradient-explorer", css },
    draw: () => {
      shown = runner.run(settingsOf(shell));
      const t = Math.min(shell.get("cursor"), shown.gradientH.length);
      cursor.limit(shown.gradientH.length);
      cursor.set(t);
      chart.update(viewOf(shell, shown, ghost, seeds.band(), t));
      shell.say(sentences(shell, shown, seeds.band(), t).join(" "));
      strip.soon();
      seeds.soon();
      report.soon();
    },
  });
  const chart = createChart((t) => shell.set({ cursor: t }));
  const cursor = rangeControl({
    label: "Read off at step t",
    name: "cursor",
    min: 1,
    max: MOST_STEPS,
    value: 1,
    show: (t) => `t = ${t}`,
    words: (t) => (shown ? `t = ${t}: ${sayLog(shown.gradientH[t - 1])}` : `t = ${t}`),
    onInput: (t) => shell.set({ cursor: t }),
  });
  const strip = createSlowStrip(shell, runner);
  const seeds = createSeeds(shell, runner);
  const report = whenQuiet(() => {
    model.set("log10_norms", pack(shown.gradientH, [shown.gradientH.length]));
    model.save_changes();
  });
  const arrange = addControls(shell, runner);
  shell.figure.append(
    chart.legend,
    chart.root,
    element("div", { style: `margin:0 ${MARGIN.right - 9}px 0 ${MARGIN.left - 9}px` }, cursor.root),
    ...strip.parts,
  );
  beforeEachChange(shell, () => {
    ghost = shown ?? null;
  });
  shell.numbers(() => numbersOf(shown));
  const stopFollowing = runner.follow(() => {
    arrange();
    shell.redraw();
  });
  for (const end of [strip.stop, seeds.stop, report.stop, stopFollowing]) shell.onDispose(end);
  shell.start();
  return shell.dispose;
}

/* ------------------------------------------------------------------------------------------- what is computed */

/**
 * Runs the experiment on random weights, or on the layer and the inputs that came from Python.
 * @param {Model} model
 */
function createRunner(model) {
  /** @type {Weights | null} */
  let weights = null;
  /** @type {Float64Array | null} */
  let inputs = null;
  let version = 0;
  const read = () => {
    weights = unpackLayer(model.get("weights"));
    const sequence = model.get("sequence");
    inputs = weights && sequence?.data ? unpack(sequence).values : null;
    version += 1;
  };
  read();
  /** @param {Settings} settings @returns {Weights} */
  const weightsOf = (settings) => weights ?? drawWeights(settings);
  const longest = () => (weights && inputs ? inputs.length / weights.inputSize : MOST_STEPS);
  /** @param {Settings} settings */
  const compute = (settings) => {
    const network = weightsOf(settings);
    const steps = Math.min(settings.steps, longest());
    const x = inputs
      ? inputs.subarray(0, steps * network.inputSize)
      : drawInputs({ ...settings, steps }, network.inputSize);
    return follow(network, x, drawDirection(settings.seed, network.hiddenSize));
  };
  const run = remember(compute, (settings) => `${version} ${JSON.stringify(settings)}`);
  return {
    run,
    weightsOf,
    longest,
    version: () => version,
    isGiven: () => weights !== null,
    hasInputs: () => inputs !== null,
    /** Calls `react` when Python gives another layer or other inputs. @param {() => void} react */
    follow: (react) => {
      const change = () => {
        read();
        react();
      };
      for (const trait of ["weights", "sequence"]) model.on(`change:${trait}`, change);
      return () => {
        for (const trait of ["weights", "sequence"]) model.off(`change:${trait}`, change);
      };
    },
  };
}

/** @typedef {ReturnType<typeof createRunner>} Runner */

/** @param {any} packed @returns {Weights | null} */
function unpackLayer(packed) {
  if (!packed?.weight_hh) return null;
  const values = (/** @type {string} */ name) => unpack(packed[name]).values;
  return {
    cell: packed.cell,
    activation: packed.activation,
    inputSize: packed.weight_ih.shape[1],
    hiddenSize: packed.weight_hh.shape[1],
    weightIh: values("weight_ih"),
    weightHh: values("weight_hh"),
    biasIh: values("bias_ih"),
    biasHh: values("bias_hh"),
  };
}

/**
 * The same settings with twenty seeds, one seed at a time once nothing moves any more.
 * @param {Shell} shell
 * @param {Runner} runner
 */
function createSeeds(shell, runner) {
  /** @type {Band | null} */
  let band = null;
  let done = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const wanted = () =>
    shell.get("seeds") && !runner.isGiven() ? JSON.stringify({ ...settingsOf(shell), seed: 0 }) : "";
  const begin = () => {
    const key = wanted();
    /** @type {Float64Array[]} */
    const curves = [];
    const next = () => {
      if (key !== wanted()) return;
      const settings = { ...settingsOf(shell), seed: curves.length };
      const weights = drawWeights(settings);
      const inputs = drawInputs(settings, weights.inputSize);
      const direction = drawDirection(settings.seed, weights.hiddenSize);
      curves.push(follow(weights, inputs, direction).gradientH);
      if (curves.length < SEEDS) {
        timer = setTimeout(next);
        return;
      }
      band = overSeeds(curves);
      done = key;
      shell.redraw();
    };
    next();
  };
  return {
    band: () => (done !== "" && done === wanted() ? band : null),
    soon: () => {
      clearTimeout(timer);
      if (wanted() && wanted() !== done) timer = setTimeout(begin, QUIET);
    },
    stop: () => clearTimeout(timer),
  };
}

/** @param {() => void} work */
function whenQuiet(work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return {
    soon: () => {
      clearTimeout(timer);
      timer = setTimeout(work, QUIET);
    },
    stop: () => clearTimeout(timer),
  };
}

/* ------------------------------------------------------------------------------------------------ what is shown */

/**
 * @param {Shell} shell @param {Result} result @param {Result | null} ghost @param {Band | null} band @param {number} cursor
 * @returns {import("./gradient_figure.js").View}
 */
function viewOf(shell, result, ghost, band, cursor) {
  const threshold = shell.get("clipNorm");
  const shift = threshold === null ? 0 : Math.min(0, Math.log10(threshold) - result.weightGradient());
  const curves = [
    ghost && { look: "ghost", name: "before the last change", values: ghost.gradientH },
    shell.get("state") && { look: "state", name: "size of the state, ‖hₜ‖", values: result.state },
    band && { look: "median", name: "20 seeds: median, and 5 to 95 %", values: band.middle },
    result.gradientC.length && { look: "c", name: "‖∂L/∂cₜ‖", values: result.gradientC },
    shift < 0 && { look: "clipped", name: "after clipping", values: result.gradientH.map((x) => x + shift) },
    { look: "h", name: "‖∂L/∂hₜ‖, 1 at the last step", values: result.gradientH },
  ];
  return {
    width: widthOf(shell),
    steps: result.gradientH.length,
    cursor,
    curves: curves.filter((curve) => typeof curve === "object" && curve !== null),
    band,
  };
}

/** @param {Shell} shell */
function widthOf(shell) {
  return Math.max(240, shell.figure.clientWidth);
}

/** @param {Shell} shell @param {Result} result @param {Band | null} band @param {number} t */
function sentences(shell, result, band, t) {
  const threshold = shell.get("clipNorm");
  return [
    aboutStep(t, result.gradientH.length, result.gradientH[t - 1]),
    ...(band ? [aboutSeeds(t, band)] : []),
    ...(threshold === null ? [] : [aboutClipping(result.weightGradient(), threshold)]),
  ];
}

/** @param {Result} result */
function numbersOf(result) {
  const columns = [
    { head: "‖∂L/∂hₜ‖", values: result.gradientH },
    { head: "‖∂L/∂cₜ‖", values: result.gradientC },
    { head: "‖hₜ‖", values: result.state },
  ].filter(({ values }) => values.length);
  return {
    caption: `Gradients as multiples of ‖∂L/∂hₜ‖ at the last step. ‖∂L/∂Wₕₕ‖ = ${showLog(result.weightGradient())}.`,
    head: ["t", ...columns.map(({ head }) => head)],
    rows: Array.from(result.gradientH, (_, k) => [String(k + 1), ...columns.map(({ values }) => showLog(values[k]))]),
  };
}

/**
 * The singular values take longer than a frame at H = 64, so they wait until nothing moves. Those of a random matrix
 * grow with the gain, so they are computed without it and then only scaled.
 * @param {Shell} shell
 * @param {Runner} runner
 */
function createSlowStrip(shell, runner) {
  const strip = createStrip();
  const caption = element("p", { class: "ge-strip-name" });
  const valuesOf = remember(
    (/** @type {{ settings: Settings, version: number }} */ { settings }) => {
      const { cell, hiddenSize: H, weightHh } = runner.weightsOf(settings);
      return GATES[cell].map((name, block) => ({
        name: cell === "RNN" ? "" : name,
        colour: `var(--uw-${name})`,
        values: singularValues(weightHh.subarray(block * H * H, (block + 1) * H * H), H, H),
      }));
    },
    ({ settings: { cell, initialisation, hiddenSize, seed }, version }) =>
      `${version} ${cell} ${initialisation} ${hiddenSize} ${seed}`,
  );
  const show = () => {
    const settings = settingsOf(shell);
    const scale = runner.isGiven() ? 1 : settings.gain;
    const blocks = valuesOf({ settings: { ...settings, gain: 1 }, version: runner.version() });
    const scaled = blocks.map((block) => ({ ...block, values: block.values.map((value) => value * scale) }));
    strip.update(scaled, widthOf(shell));
    caption.textContent =
      "Singular values of Wₕₕ, by which one product with it stretches (above 1) or shrinks (below 1): " +
      `${scaled.map(inWords).join(", ")}.`;
  };
  return { parts: [caption, strip.root], ...whenQuiet(show) };
}

/**
 * Calls `keep` before each change of a setting; once for a whole drag, whose end the browser tells by "change".
 * @param {Shell} shell
 * @param {() => void} keep
 */
function beforeEachChange(shell, keep) {
  let moving = false;
  let inInput = false;
  shell.root.addEventListener("input", () => (inInput = true), { capture: true });
  shell.root.addEventListener("input", () => (inInput = false));
  shell.root.addEventListener("change", () => (moving = false));
  shell.onChange((keys) => {
    if ([...keys].every((key) => ["cursor", "state", "seeds", "clipNorm"].includes(key))) return;
    if (!moving) keep();
    moving = inInput;
  });
}
