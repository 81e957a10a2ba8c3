// @ts-check
/** ForecastLab: how far ahead can the last τ values see? Wires the fit to controls, pictures and words. */
import { unpack } from "./arrays.js";
import { choiceControl, rangeControl, selectControl } from "./controls.js";
import { element } from "./dom.js";
import { createErrors, createLegend, createSeries } from "./forecast_chart.js";
import { errors, fit, forecast, predict } from "./forecast_fit.js";
import css from "./forecast_lab.css";
import { LEGEND, numbersOf, sentence } from "./forecast_words.js";
import { choice, createShell, number } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { createReader };

const MOST_ORDER = 16;
const AHEAD = 64;
const FEWEST = 100; // values to fit to, so that 17 unknowns are not too many

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").Model} Model
 * @typedef {ReturnType<ReturnType<typeof createReader>>} Scene
 * @typedef {{ name: string, unit: string, first: number, values: Float64Array }} Series
 */

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const all = seriesOf(model);
  const read = createReader(all);
  const length = Math.min(...all.map(({ values }) => values.length));
  const shell = createShell({
    model,
    el,
    name: "forecast-lab",
    question: "How far ahead can the last τ values see?",
    lead:
      "The page fits an autoregression to what lies left of the line and lets it predict the rest. Guess first: do more " +
      "past values help at the first step, or far ahead?",
    fields: {
      series: choice({ trait: "series", options: all.map(({ name }) => name) }),
      order: number({ trait: "order", min: 1, max: MOST_ORDER, whole: true }),
      start: number({ trait: "start", min: FEWEST, max: length - AHEAD, whole: true }),
      feed: choice({ trait: "feed", options: ["own", "true"] }),
    },
    style: { name: "forecast-lab", css },
    draw: () => {
      const scene = read(shell.get);
      const width = Math.max(240, shell.figure.clientWidth);
      controls.update(scene);
      above.update(scene, width);
      below.update(scene, width);
      shell.say(sentence(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });
  const controls = addControls(shell, all, length - AHEAD);
  const above = createSeries();
  const below = createErrors();
  shell.figure.append(
    above.root,
    element("p", { class: "fl-title" }, "Error, by steps ahead"),
    below.root,
    createLegend([
      ["fl-truth", "true values"],
      ["fl-own", "fed with its own predictions"],
      ["fl-true", "fed with true values"],
      ["fl-mean", "always the mean"],
    ]),
    element("figcaption", {}, LEGEND),
  );
  shell.start();
  return shell.dispose;
}

/** @param {Model} model @returns {Series[]} */
function seriesOf(model) {
  const { shape, values } = unpack(model.get("values"));
  const size = shape[1];
  return model
    .get("labels")
    .map((/** @type {[string, string, number]} */ [name, unit, first], /** @type {number} */ k) => ({
      name,
      unit,
      first,
      values: values.subarray(k * size, (k + 1) * size),
    }));
}

/** Fits and forecasts; the errors of the latest fit are kept, since they do not depend on what is fed. @param {Series[]} all */
function createReader(all) {
  let key = "";
  /** @type {{ model: import("./forecast_fit.js").Autoregression, errors: import("./forecast_fit.js").StepError[] }} */
  let kept;
  /** @param {(name: string) => any} get */
  return (get) => {
    const [name, order, start, feed] = ["series", "order", "start", "feed"].map(get);
    const { values: x, unit, first } = /** @type {Series} */ (all.find((one) => one.name === name));
    const wanted = `${name} ${order} ${start}`;
    if (wanted !== key) {
      const model = fit(x.subarray(0, start), order);
      kept = { model, errors: errors(model, x, start, AHEAD) };
      key = wanted;
    }
    const drawn =
      feed === "own"
        ? forecast(kept.model, x, start, AHEAD)
        : Float64Array.from({ length: AHEAD }, (_, k) => predict(kept.model, x, start + k));
    return { ...kept, x, unit, first, series: String(name), order: Number(order), start: Number(start), feed, drawn };
  };
}

/** @param {Shell} shell @param {Series[]} all @param {number} latest */
function addControls(shell, all, latest) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const series = selectControl({
    label: "Series",
    name: "series",
    value: "",
    options: all.map(({ name }) => ({ value: name, label: name })),
    onInput: put("series"),
  });
  const order = rangeControl({
    label: "Order τ",
    name: "order",
    min: 1,
    max: MOST_ORDER,
    value: 1,
    words: (n) => `τ = ${n}: it sees the last ${n === 1 ? "value" : `${n} values`}`,
    onInput: put("order"),
  });
  const start = rangeControl({
    label: "Values known",
    name: "start",
    min: FEWEST,
    max: latest,
    value: latest,
    words: (n) => `the first ${n} values are known`,
    onInput: put("start"),
  });
  const feed = choiceControl({
    label: "Fed with",
    name: "feed",
    value: "own",
    options: [
      { value: "own", label: "its own predictions" },
      { value: "true", label: "true values" },
    ],
    onInput: put("feed"),
  });
  for (const [key, control] of Object.entries({ series, order, start, feed })) shell.bind(key, control);
  shell.controls.append(series.root, order.root, start.root, feed.root);
  return {
    /** @param {Scene} scene */
    update: ({ unit, first, start: known }) => {
      const from = `the forecast begins at ${unit} ${first + known}`;
      start.input.setAttribute("aria-valuetext", `the first ${known} values are known; ${from}`);
    },
  };
}
