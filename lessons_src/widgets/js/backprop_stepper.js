// @ts-check
/**
 * BackpropStepper: where does ∂L/∂W come from? Wires the arithmetic to controls, picture, equations and sums.
 */
import { createGraph } from "./backprop_graph.js";
import css from "./backprop_stepper.css";
import { createSums } from "./backprop_sums.js";
import { numbersOf, settled, termOf } from "./backprop_words.js";
import { createPass, stagesOf } from "./bptt.js";
import { buttonControl, checkControl, choiceControl, rangeControl } from "./controls.js";
import { element } from "./dom.js";
import { brief, rich } from "./maths.js";
import { choice, createShell, number } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { createPass, stagesOf };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").Field} Field
 * @typedef {import("./shell.js").AnyControl} AnyControl
 * @typedef {import("./backprop_words.js").View} View
 * @typedef {{ key: string, at: number[], name: string }} Place a number of the network: its setting and where it is there
 */

const [MOST_STEPS, MOST_UNITS, LIMIT] = [6, 2, 5];
const WEIGHTS = ["W_hh", "W_ih", "b"];

const FIELDS = {
  steps: number({ trait: "steps", min: 2, max: MOST_STEPS, whole: true }),
  size: number({ trait: "hidden_size", min: 1, max: MOST_UNITS, whole: true }),
  weightIh: table("weight_ih", MOST_UNITS),
  weightHh: table("weight_hh", MOST_UNITS, MOST_UNITS),
  bias: table("bias", MOST_UNITS),
  inputs: table("inputs", MOST_STEPS),
  targets: table("targets", MOST_STEPS, MOST_UNITS),
  losses: stepsField(),
  unit: number({ trait: "unit", min: 1, max: MOST_UNITS, whole: true }),
  weight: choice({ trait: "weight", options: WEIGHTS }),
  position: number({ trait: "position", min: 0, max: 7 * MOST_STEPS + 1, whole: true }),
};

/** Numbers in a row or in rows; a link holds them with commas. @param {string} trait @param {number} rows @param {number} [columns] @returns {Field} */
function table(trait, rows, columns = 0) {
  return {
    trait,
    accept: (value) => {
      const flat = typeof value === "string" ? value.split(",").map(Number) : [value].flat(3);
      const fits =
        flat.length === rows * (columns || 1) && flat.every((x) => Math.abs(/** @type {any} */ (x)) <= LIMIT);
      if (!fits) return undefined;
      return columns ? Array.from({ length: rows }, (_, k) => flat.slice(k * columns, (k + 1) * columns)) : flat;
    },
    write: (value) => value.flat().join(","),
  };
}

/** Different steps, in order. @returns {Field} */
function stepsField() {
  return {
    trait: "losses",
    accept: (value) => {
      const found = typeof value === "string" ? value.split(",").filter(Boolean).map(Number) : value;
      if (!Array.isArray(found) || !found.every((t) => Number.isInteger(t) && t >= 1 && t <= MOST_STEPS))
        return undefined;
      return [...new Set(found)].sort((a, b) => a - b);
    },
    write: (value) => value.join(","),
  };
}

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const shell = createShell({
    model,
    el,
    name: "backprop-stepper",
    question: "Where does ∂L/\u2060∂W come from?", // a word joiner: no line break,
    lead:
      "An RNN uses the same weights at every step. Before you press “Step back”, guess: which step will add most to " +
      "the gradient of W_hh, and which nothing at all?",
    fields: FIELDS,
    style: { name: "backprop-stepper", css },
    draw: () => {
      const view = viewOf(shell);
      controls.update(view);
      const term = termOf(view);
      figure.update(view, term);
      shell.say(term.sentence);
      shell.numbers(() => numbersOf(view));
    },
  });
  const controls = addControls(shell);
  const figure = addFigure(shell);
  shell.start();
  return shell.dispose;
}

/** @param {Shell} shell @returns {View} */
function viewOf(shell) {
  const { get } = shell;
  const [T, H] = [get("steps"), get("size")];
  const losses = get("losses").filter((/** @type {number} */ t) => t <= T);
  const stages = stagesOf(T, losses);
  const rows = (/** @type {number[][]} */ values, /** @type {number} */ count) =>
    values.slice(0, count).flatMap((row) => row.slice(0, H));
  const pass = createPass({
    ...{ T, H, losses },
    weightIh: get("weightIh").slice(0, H),
    weightHh: rows(get("weightHh"), H),
    bias: get("bias").slice(0, H),
    inputs: get("inputs").slice(0, T),
    targets: rows(get("targets"), T),
  });
  const position = Math.min(get("position"), stages.length);
  return { pass, stages, position, unit: Math.min(get("unit"), H) - 1, weight: get("weight") };
}

/**
 * Changes the number of steps or the losses and stays at the same term, if it still exists.
 * @param {Shell} shell @param {{ steps?: number, losses?: number[] }} patch
 */
function reshape(shell, patch) {
  const { stages, position } = viewOf(shell);
  const T = patch.steps ?? shell.get("steps");
  const losses = patch.losses ?? shell.get("losses");
  const next = stagesOf(
    T,
    losses.filter((/** @type {number} */ t) => t <= T),
  );
  const at = (/** @type {string} */ kind) =>
    next.findIndex((stage) => stage.t === stages[position - 1].t && stage.kind === kind) + 1;
  const { kind } = stages[position - 1] ?? {};
  shell.set({ ...patch, position: kind ? at(kind) || at("meet") : 0 });
}

/* ------------------------------------------------------------------------------------------------------- controls */

/** @param {Shell} shell */
function addControls(shell) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const plain = (/** @type {string[]} */ values) => values.map((value) => ({ value, label: value }));
  const numeral = (/** @type {string} */ label, /** @type {string} */ key) => {
    const control = choiceControl({
      label,
      name: key,
      options: plain(["1", "2"]),
      value: "1",
      onInput: (value) => shell.set({ [key]: Number(value) }),
    });
    return { ...control, set: (/** @type {number} */ value) => control.set(String(value)) };
  };
  const bound = {
    steps: rangeControl({
      label: "Steps T",
      name: "steps",
      min: 2,
      max: MOST_STEPS,
      value: 2,
      onInput: (steps) => reshape(shell, { steps }),
    }),
    size: numeral("Units H", "size"),
    unit: numeral("Show unit", "unit"),
    weight: choiceControl({
      label: "Add up the gradient of",
      name: "weight",
      options: plain(WEIGHTS),
      value: "",
      onInput: put("weight"),
    }),
  };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, /** @type {AnyControl} */ (control));
  const losses = createLosses(shell);
  const values = createValues(shell);
  const steps = createButtons(shell);
  shell.controls.append(
    ...[losses.root, bound.weight.root, bound.steps.root, bound.size.root, bound.unit.root],
    ...[values.root, steps.root],
  );
  return {
    /** @param {View} view */
    update: (view) => {
      bound.unit.hide(view.pass.H === 1);
      losses.update(view);
      values.update(view);
      steps.update(view);
    },
  };
}

/** @param {Shell} shell */
function createLosses(shell) {
  const checks = Array.from({ length: MOST_STEPS }, (_, k) =>
    checkControl({
      label: String(k + 1),
      name: `loss-${k + 1}`,
      value: false,
      onInput: (yes) => {
        const others = shell.get("losses").filter((/** @type {number} */ t) => t !== k + 1);
        reshape(shell, { losses: (yes ? [...others, k + 1] : others).sort() });
      },
    }),
  );
  const root = element(
    "div",
    { class: "uw-control uw-choice", role: "group", "aria-label": "Steps that have a loss" },
    element("span", { class: "uw-label", "aria-hidden": "true" }, "Loss at step"),
    element("div", { class: "bp-losses" }, ...checks.map((check) => check.root)),
  );
  return {
    root,
    /** @param {View} view */
    update: ({ pass }) => {
      for (const [k, check] of checks.entries()) {
        check.hide(k >= pass.T);
        check.set(pass.losses.includes(k + 1));
      }
    },
  };
}

/** Number fields for everything the forward pass reads. @param {Shell} shell */
function createValues(shell) {
  const body = element("div", { class: "bp-values" });
  const root = element("details", { class: "bp-more" }, element("summary", {}, "Weights, inputs and targets"), body);
  /** @type {{ place: Place, input: HTMLInputElement }[]} */
  let inputs = [];
  let shape = "";
  const stored = (/** @type {Place} */ { key, at }) => at.reduce((value, k) => value[k], shell.get(key));
  const field = (/** @type {Place} */ place) => {
    const input = element("input", {
      type: "number",
      step: 0.1,
      min: -LIMIT,
      max: LIMIT,
      "data-control": place.name.replace(/[^\w]+/g, "-").replace(/-$/, ""),
      "data-lm-suppress-shortcuts": "true",
      input: () => {
        const value = input.valueAsNumber;
        if (Math.abs(value) <= LIMIT) shell.set({ [place.key]: replaced(shell.get(place.key), place.at, value) });
      },
      blur: () => write(input, stored(place)),
    });
    inputs.push({ place, input });
    return element("label", { class: "bp-field" }, element("span", {}, place.name), input);
  };
  return {
    root,
    /** @param {View} view */
    update: ({ pass: { T, H } }) => {
      if (shape !== `${T} ${H}`) {
        shape = `${T} ${H}`;
        inputs = [];
        body.replaceChildren(...placesOf(T, H).map((row) => element("div", {}, ...row.map(field))));
      }
      for (const { place, input } of inputs) if (input !== document.activeElement) write(input, stored(place));
    },
  };
}

/** @param {HTMLInputElement} input @param {number} value */
function write(input, value) {
  const words = String(Number(value.toFixed(4)));
  if (input.value !== words) input.value = words;
}

/** The same numbers with one of them changed. @param {any} values @param {number[]} at @param {number} value @returns {any} */
function replaced(values, [k, ...rest], value) {
  return values.map((/** @type {any} */ old, /** @type {number} */ n) =>
    n === k ? (rest.length ? replaced(old, rest, value) : value) : old,
  );
}

/** @param {number} T @param {number} H @returns {Place[][]} */
function placesOf(T, H) {
  const units = Array.from({ length: H }, (_, j) => j);
  const steps = Array.from({ length: T }, (_, k) => k);
  const of = (/** @type {number[]} */ ...at) => (H > 1 ? `[${at.map((j) => j + 1).join(",")}]` : "");
  return [
    [
      ...units.map((j) => ({ key: "weightIh", at: [j], name: `W_ih${of(j)}` })),
      ...units.flatMap((j) => units.map((i) => ({ key: "weightHh", at: [j, i], name: `W_hh${of(j, i)}` }))),
      ...units.map((j) => ({ key: "bias", at: [j], name: `b${of(j)}` })),
    ],
    steps.map((k) => ({ key: "inputs", at: [k], name: `x_${k + 1}` })),
    ...units.map((j) => steps.map((k) => ({ key: "targets", at: [k, j], name: `y_${k + 1}${of(j)}` }))),
  ];
}

/** @param {Shell} shell */
function createButtons(shell) {
  const end = (/** @type {View} */ { stages }) => stages.length;
  /** @type {[string, string, (view: View) => number][]} */
  const ways = [
    ["step-back", "◂ Step back", ({ position }) => position + 1],
    [
      "step-time",
      "◂◂ One time step",
      (view) => view.stages.findIndex(({ kind }, k) => k >= view.position && kind === "past") + 1 || end(view),
    ],
    ["step-all", "All the way", end],
    ["step-forward", "Undo ▸", ({ position }) => position - 1],
  ];
  const buttons = ways.map(([name, label, goal]) => {
    const go = () => {
      const view = viewOf(shell);
      shell.set({ position: Math.max(0, Math.min(end(view), goal(view))) });
    };
    return buttonControl({ label, name, onPress: go }).root;
  });
  const count = element("span", { class: "bp-count" });
  return {
    root: element("div", { class: "bp-steps uw-wide", role: "group", "aria-label": "Terms" }, ...buttons, count),
    /** @param {View} view */
    update: (view) => {
      count.textContent = `term ${view.position} of ${end(view)}`;
      for (const [k, button] of buttons.entries()) // a button that is truly disabled would lose the focus
        button.setAttribute("aria-disabled", String(view.position === (k === 3 ? 0 : end(view))));
    },
  };
}

/* --------------------------------------------------------------------------------------------------------- figure */

/** @param {Shell} shell */
function addFigure(shell) {
  const graph = createGraph();
  const title = element("p", { class: "bp-title" });
  const kinds = { symbols: "In symbols", numbers: "In numbers", code: "In code", checked: "Checked" };
  const lines = Object.entries(kinds).map(([kind, name]) => {
    const value = element("dd", { class: `bp-${kind}` });
    return { name: element("dt", {}, name), value };
  });
  const term = element(
    "div",
    { class: "bp-term" },
    title,
    element("dl", {}, ...lines.flatMap(({ name, value }) => [name, value])),
  );
  const sums = createSums();
  const caption = element(
    "figcaption",
    {},
    "Grey arrows: values, forward. Red arrows with bold numbers: gradients, on their way back. A second outline: where " +
      "you are. The dotted line ties the uses of one weight together. To nudge: to move a number by ±0.00001 and run " +
      "forward again, with no backward pass.",
  );
  shell.figure.append(graph.root, element("div", { class: "bp-below" }, term, sums.root), caption);
  return {
    /** @param {View} view @param {import("./backprop_words.js").Term} words */
    update: (view, words) => {
      graph.update(view, Math.max(240, shell.figure.clientWidth));
      title.replaceChildren(...rich(words.title));
      const [symbols, numbers, code, check] = lines.map(({ value }) => value);
      symbols.replaceChildren(...rich(words.symbols));
      numbers.replaceChildren(...rich(words.numbers));
      code.replaceChildren(...words.code.map((line) => element("code", {}, line)));
      check.replaceChildren(...checkOf(words));
      sums.update(view);
    },
  };
}

/** @param {import("./backprop_words.js").Term} term */
function checkOf({ nudge, pairs }) {
  if (!pairs.length) return [nudge];
  const agree = pairs.every(([found, nudged]) => Math.abs(found - nudged) <= 1e-6 * Math.max(1, Math.abs(found)));
  return [
    `nudge ${nudge}: L changes by `,
    element("b", {}, pairs.map(([, nudged]) => brief(settled(nudged))).join(" and ")),
    " per unit ",
    element("span", { class: agree ? "bp-yes" : "bp-no" }, agree ? "✓ the same" : "✗ not the same"),
  ];
}
