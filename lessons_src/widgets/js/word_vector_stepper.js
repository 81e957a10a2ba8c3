// @ts-check
/**
 * WordVectorStepper: what moves when one training pair is learnt? Wires the arithmetic to controls, tables and words.
 */
import { buttonControl, checkControl, choiceControl, rangeControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import { signColour } from "./scales.js";
import { choice, createShell, flag, number, text } from "./shell.js";
import { isDark } from "./theme.js";
import { createCurve } from "./word_vector_curve.js";
import css from "./word_vector_stepper.css";
import { createGuess, createMatrix } from "./word_vector_tables.js";
import { aboutStep, aboutText, fixed, nothingToLearn, numbersOf } from "./word_vector_words.js";
import { createTraining, forward, MOST_STEPS } from "./word2vec.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { createTraining, forward };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").AnyControl} AnyControl
 * @typedef {import("./word_vector_words.js").Scene} Scene
 * @typedef {import("./word2vec.js").Settings} Settings
 * @typedef {import("./word2vec.js").Training} Training
 * @typedef {import("./word_vector_tables.js").Role} Role
 */

const MODELS = ["CBOW", "skip-gram"];
const LOSSES = ["softmax", "negative sampling"];
const RATES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const LONGEST_TEXT = 500;

const FIELDS = {
  text: text({ trait: "text", maxLength: 2 * LONGEST_TEXT }), // a letter may be two units here that Python counts as one
  model: choice({ trait: "model", options: MODELS }),
  loss: choice({ trait: "loss", options: LOSSES }),
  window: number({ trait: "window", min: 1, max: 4, whole: true }),
  size: number({ trait: "size", min: 2, max: 6, whole: true }),
  rate: number({ trait: "rate", min: 0.001, max: 2 }),
  negatives: number({ trait: "negatives", min: 1, max: 5, whole: true }),
  seed: number({ trait: "seed", min: 0, max: 99, whole: true }),
  step: number({ trait: "step", min: 0, max: MOST_STEPS, whole: true }),
  added: flag({}),
};

/** The settings that make the training. */
const TRAINING = ["text", "model", "loss", "window", "size", "rate", "negatives", "seed"];

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const trainingOf = rememberLast(createTraining);
  const shell = createShell({
    model,
    el,
    name: "word-vector-stepper",
    question: "What moves when one training pair is learnt?",
    lead:
      "A pair: some words go in, one word must come out. Each word has a row of numbers in two matrices, W_in and " +
      "W_out. Before you press “Step 1”, guess: which rows will move?",
    fields: FIELDS,
    style: { name: "word-vector-stepper", css },
    draw: () => {
      const settings = settingsOf(shell);
      const training = trainingOf(settings);
      controls.update(training);
      const scene = training.examples.length ? sceneOf(settings, training, shell.get("step")) : null;
      figure.update(scene, training);
      shell.say(scene ? aboutStep(scene) : nothingToLearn(training));
      shell.numbers(() => (scene ? numbersOf(scene) : { caption: nothingToLearn(training), head: [], rows: [] }));
    },
  });
  const controls = addControls(shell);
  const figure = addFigure(shell);
  shell.start();
  return shell.dispose;
}

/** @param {Shell} shell @returns {Settings} */
function settingsOf(shell) {
  return /** @type {any} */ (Object.fromEntries(TRAINING.map((key) => [key, shell.get(key)])));
}

/** @param {(settings: Settings) => Training} make @returns {(settings: Settings) => Training} */
function rememberLast(make) {
  let key = "";
  /** @type {Training} */
  let last;
  return (settings) => {
    const wanted = JSON.stringify(settings);
    if (key !== wanted) last = make(settings);
    key = wanted;
    return last;
  };
}

/** @param {Settings} settings @param {Training} training @param {number} step @returns {Scene} */
function sceneOf(settings, training, step) {
  const shown = Math.max(1, step);
  const example = training.exampleOf(shown);
  const drawn = training.drawnAt(shown);
  const before = training.at(shown - 1);
  const now = step ? training.at(step) : before;
  /** @param {"input" | "output"} matrix */
  const moved = (matrix) =>
    [...training.words.keys()].filter((id) =>
      rowOf(now, matrix, id).some((value, d) => !Object.is(value, before[matrix][id * now.size + d])),
    );
  return {
    ...{ settings, training, step, example, drawn, before, now },
    was: forward(before, example, drawn),
    is: forward(now, example, drawn),
    changed: { input: moved("input"), output: moved("output") },
  };
}

/** @param {import("./word2vec.js").Matrices} W @param {"input" | "output"} matrix @param {number} id */
function rowOf(W, matrix, id) {
  return W[matrix].subarray(id * W.size, (id + 1) * W.size);
}

/* ------------------------------------------------------------------------------------------------------ controls */

/** @param {Shell} shell */
function addControls(shell) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const plain = (/** @type {string[]} */ values) => values.map((value) => ({ value, label: value }));
  const typed = textControl({
    label: "Your text: one sentence, up to 15 words",
    name: "text",
    value: "",
    rows: 2,
    maxLength: LONGEST_TEXT,
    onInput: put("text"),
  });
  const cut = element("p", { class: "wv-cut uw-wide", role: "status" });
  const bound = {
    text: typed,
    model: choiceControl({ label: "Model", name: "model", options: plain(MODELS), value: "", onInput: put("model") }),
    loss: choiceControl({ label: "Loss", name: "loss", options: plain(LOSSES), value: "", onInput: put("loss") }),
    window: rangeControl({
      label: "Window: words on either side",
      name: "window",
      min: 1,
      max: 4,
      value: 1,
      onInput: put("window"),
    }),
    size: rangeControl({ label: "Numbers per word D", name: "size", min: 2, max: 6, value: 2, onInput: put("size") }),
    rate: rangeControl({ label: "Learning rate", name: "rate", values: RATES, value: 1, onInput: put("rate") }),
    negatives: rangeControl({
      label: "Negatives per pair k",
      name: "negatives",
      min: 1,
      max: 5,
      value: 1,
      onInput: put("negatives"),
    }),
    seed: rangeControl({ label: "Seed", name: "seed", min: 0, max: 99, value: 0, onInput: put("seed") }),
    added: checkControl({
      label: "Show what the last step added",
      name: "added",
      value: false,
      onInput: put("added"),
    }),
  };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, /** @type {AnyControl} */ (control));
  typed.root.classList.add("uw-wide");
  const more = element("div", { class: "uw-controls" });
  more.append(...[bound.size, bound.rate, bound.negatives, bound.seed].map(({ root }) => root));
  const steps = createSteps(shell, bound.added.root);
  shell.controls.append(
    ...[typed.root, cut, bound.model.root, bound.loss.root, bound.window.root],
    element("details", { class: "wv-more" }, element("summary", {}, "More settings"), more),
    steps.root,
  );
  return {
    /** @param {Training} training */
    update: (training) => {
      const words = aboutText(training);
      if (cut.textContent !== words) cut.textContent = words;
      cut.hidden = !words;
      bound.negatives.hide(shell.get("loss") === "softmax");
      steps.update(training);
    },
  };
}

/** @param {Shell} shell @param {HTMLElement} more what stands behind the buttons */
function createSteps(shell, more) {
  const button = (/** @type {number} */ by) => {
    const { root } = buttonControl({
      label: `${by < 0 ? "Back" : "Step"} ${Math.abs(by)}`,
      name: `${by < 0 ? "back" : "step"}-${Math.abs(by)}`,
      onPress: () => {
        if (root.getAttribute("aria-disabled") === "true") return;
        shell.set({ step: Math.max(0, Math.min(MOST_STEPS, shell.get("step") + by)) });
      },
    });
    return { by, root };
  };
  const buttons = [1, 20, 500, -1, -20].map(button);
  const count = element("span", { class: "wv-count" });
  const nodes = buttons.map(({ root }) => root);
  return {
    root: element(
      "div",
      { class: "wv-steps uw-wide", role: "group", "aria-label": "Steps" },
      element("div", {}, ...nodes.slice(0, 3)),
      element("div", {}, ...nodes.slice(3)),
      count,
      more,
    ),
    /** @param {Training} training */
    update: ({ examples }) => {
      const step = shell.get("step");
      count.textContent =
        step === MOST_STEPS ? `${step} steps learnt: no more` : `${step} step${step === 1 ? "" : "s"} learnt`;
      for (const { by, root } of buttons) // a button that is truly disabled would lose the focus
        root.setAttribute("aria-disabled", String(!examples.length || step === (by < 0 ? 0 : MOST_STEPS)));
    },
  };
}

/* -------------------------------------------------------------------------------------------------------- figure */

/** @param {Shell} shell */
function addFigure(shell) {
  const nothing = element("p", { class: "wv-nothing" });
  const place = element("p", { class: "wv-place" });
  const chips = element("p", { class: "wv-text" });
  const exact = element("p", { class: "wv-exact" });
  const pick = (/** @type {string} */ words) => {
    exact.textContent = words;
  };
  const input = createMatrix("W_in", pick);
  const output = createMatrix("W_out", pick);
  const guess = createGuess();
  const mean = element("p", { class: "wv-under" });
  const how = element("p", { class: "wv-under" });
  const kind = element("span");
  const loss = element("p", { class: "wv-under" });
  const legend = element("p", { class: "wv-legend" });
  const curve = createCurve();
  const caption = element("figcaption");
  const panel = (/** @type {string} */ name, /** @type {(Node | string)[]} */ title, /** @type {Node[]} */ parts) =>
    element("div", { class: `wv-panel wv-panel-${name}` }, element("p", { class: "wv-title" }, ...title), ...parts);
  const sub = (/** @type {string} */ letters) => element("sub", {}, letters);
  const all = element(
    "div",
    {},
    place,
    chips,
    element(
      "div",
      { class: "wv-panels" },
      panel("input", [element("b", {}, "W", sub("in")), " words going in"], [input.root, mean]),
      panel("output", [element("b", {}, "W", sub("out")), " words coming out"], [output.root]),
      panel("guess", [element("b", {}, "Guess"), kind], [guess.root, how, loss]),
    ),
    legend,
    exact,
    curve.root,
    caption,
  );
  shell.figure.append(nothing, all);
  return {
    /** @param {Scene | null} scene @param {Training} training */
    update: (scene, training) => {
      nothing.hidden = scene !== null;
      all.hidden = scene === null;
      nothing.textContent = nothingToLearn(training);
      if (!scene) return;
      place.textContent = placeOf(scene);
      chips.replaceChildren(...chipsOf(scene));
      const added = shell.get("added");
      const dark = isDark(shell.root);
      const reach = reachOf(scene, added);
      const common = { size: scene.now.size, added, dark, reach };
      input.update({ ...common, rows: [...rowsOf(scene, "input"), meanRow(scene)] });
      output.update({ ...common, rows: rowsOf(scene, "output") });
      guess.update(guessesOf(scene), scene.step > 0);
      mean.textContent = meanWords(scene);
      kind.textContent = scene.drawn ? " σ of the score" : " probability of each word";
      how.textContent = guessWords(scene);
      loss.textContent = lossWords(scene);
      legend.replaceChildren(...legendOf(scene, added, reach, dark));
      if (!exact.textContent || !all.contains(document.activeElement))
        exact.textContent = "Click a number, or go there with Tab and the arrow keys, to read it exactly.";
      const words = curveWords(scene);
      curve.update({
        points: training.curve(scene.step),
        floor: training.floor,
        width: Math.max(240, shell.figure.clientWidth),
        label: `Line chart. ${words}`,
      });
      caption.textContent = words;
    },
  };
}

/** @param {Scene} scene */
function placeOf({ training, step }) {
  const count = training.examples.length;
  const at = Math.max(0, step - 1);
  const place = `pair ${(at % count) + 1} of ${count}, pass ${Math.floor(at / count) + 1} through the text`;
  return step ? `Step ${step} learnt ${place}:` : `Step 1 will learn ${place}:`;
}

/** The sentence, and behind it the negatives. @param {Scene} scene */
function chipsOf({ training, example, drawn }) {
  const chip = (/** @type {string} */ word, /** @type {Role} */ role, /** @type {string} */ note) =>
    element(
      "span",
      { class: "wv-chip" },
      element("span", { class: `wv-word${role && ` wv-${role}`}` }, word),
      ...(note ? [element("small", {}, ` ${note}`)] : []),
    );
  const sentence = training.tokens.map((token, at) => {
    if (at === example.to) return chip(token, "target", "out");
    return example.from.includes(at) ? chip(token, "in", "in") : chip(token, "", "");
  });
  const negatives = (drawn ?? []).map((id) => chip(training.words[id], "negative", "not"));
  const lead = negatives.length ? [element("span", { class: "wv-drawn" }, "negatives drawn:")] : [];
  return [...sentence, ...lead, ...negatives].flatMap((node) => [node, " "]);
}

/** @param {Scene} scene @param {"input" | "output"} matrix */
function rowsOf({ training, example, drawn, now, before, changed }, matrix) {
  return training.words.map((word, id) => ({
    word,
    role: /** @type {Role} */ (
      matrix === "input" ? (example.inputs.includes(id) ? "in" : "") : outRole(example.target, drawn, id)
    ),
    changed: changed[matrix].includes(id),
    values: rowOf(now, matrix, id),
    before: rowOf(before, matrix, id),
  }));
}

/** @param {number} target @param {number[] | null} drawn @param {number} id @returns {Role} */
const outRole = (target, drawn, id) => (id === target ? "target" : drawn?.includes(id) ? "negative" : "");

/** @param {Scene} scene */
function meanRow({ is, was }) {
  return { word: "h", role: /** @type {Role} */ ("h"), changed: false, values: is.h, before: was.h };
}

/** @param {Scene} scene */
function guessesOf({ training, example, drawn, is, was }) {
  return training.words.map((word, id) => ({
    word,
    role: outRole(example.target, drawn, id),
    used: !drawn || id === example.target || drawn.includes(id),
    score: is.scores[id],
    was: was.probabilities[id],
    is: is.probabilities[id],
  }));
}

const ROUND = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20];

/** The value of the strongest colour: a round number that few steps change. @param {Scene} scene @param {boolean} added */
function reachOf({ now, before }, added) {
  const [values, old] = [now, before].map(({ input, output }) => [...input, ...output]);
  const shown = added ? values.map((x, k) => x - old[k]) : values;
  const most = Math.max(...shown.map(Math.abs).filter(Number.isFinite));
  return ROUND.find((round) => round >= most && (added || round >= 1)) ?? most;
}

/** @param {Scene} scene */
function meanWords({ example, settings }) {
  const count = example.inputs.length;
  if (settings.model === "skip-gram") return "h: the row that goes in";
  return count === 1 ? "h: the only row that goes in" : `h: the mean of the ${count} rows going in`;
}

/** @param {Scene} scene */
function guessWords({ drawn }) {
  const score = "Score: h · the word’s row of W_out.";
  if (!drawn) return `${score} Probability: softmax of all scores.`;
  return `${score} σ should be 1 for the word that must come out, 0 for a negative. No other word is looked at.`;
}

/** @param {Scene} scene */
function lossWords({ training, example, drawn, step, is, was }) {
  const target = `“${training.words[example.target]}”`;
  const rest = drawn?.length ? " − log(1 − σ) of each negative" : "";
  const how = drawn ? `−log σ of ${target}${rest}` : `−log of the probability of ${target}`;
  return `Loss: ${how} = ${fixed(is.loss, 3)}${step ? ` (before the step ${fixed(was.loss, 3)})` : ""}`;
}

/** @param {Scene} scene @param {boolean} added @param {number} reach @param {boolean} dark */
function legendOf({ step, drawn }, added, reach, dark) {
  const ramp = element("i", { class: "wv-ramp" });
  const stops = Array.from({ length: 9 }, (_, k) => signColour(k / 4 - 1, dark));
  ramp.style.background = `linear-gradient(to right,${stops.join(",")})`;
  const word = (/** @type {string} */ role, /** @type {string} */ label) =>
    element("span", {}, element("span", { class: `wv-word wv-${role}` }, "word"), ` ${label}`);
  const end = ROUND.includes(reach) ? String(reach) : fixed(reach, 0);
  return [
    element("span", {}, `−${end} `, ramp, ` +${end}${added ? " added" : ""}`),
    ...(step ? [element("span", {}, "▸ row changed by the last step")] : []),
    word("in", "goes in"),
    word("target", "must come out"),
    ...(drawn ? [word("negative", "must not come out")] : []),
    ...(step ? [element("span", {}, element("i", { class: "wv-tick" }), " before the step")] : []),
  ];
}

/** @param {Scene} scene */
function curveWords({ training, step }) {
  const [first, now] = [0, step].map((n) => fixed(training.meanLoss(n), 3));
  const count = training.examples.length;
  const mean = `Mean loss over ${count > 1 ? `all ${count} pairs` : "the one pair"} of the text: ${first} at the start${step ? `, ${now} now` : ""}.`;
  if (training.floor === null) return mean;
  return `${mean} Dashed: its floor, ${fixed(training.floor, 3)}. No model of this kind can go lower.`;
}
