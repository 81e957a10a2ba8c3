// @ts-check
/** SurpriseMeter: how surprised is an n-gram model by my sentence? Wires counts, controls, bars and words. */
import { choiceControl, rangeControl, selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import * as ngrams from "./ngrams.js";
import { choice, createShell, number, text } from "./shell.js";
import { createBars, createNext } from "./surprise_bars.js";
import css from "./surprise_meter.css";
import * as words from "./surprise_words.js";

export const arithmetic = { createReader }; // for the tests

const LONGEST_TEXT = 2000;
const MOST_ORDER = 6;
const LIKELIEST = 5;
const UNKNOWN = "<unknown>";

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").Model} Model
 * @typedef {ReturnType<ReturnType<typeof createReader>>} Scene
 */

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const read = createReader(model);
  const shell = createShell({
    model,
    el,
    name: "surprise-meter",
    question: "What comes next, and how surprising was it?",
    lead:
      "An n-gram model has counted a text. Type a sentence: each bar is the surprise at one token, −log₂ P, in bits. " +
      "Guess first where the bars will be high.",
    fields: fieldsOf(model),
    style: { name: "surprise-meter", css },
    draw: () => {
      const scene = read(shell.get);
      arrange(scene);
      bars.update(scene);
      next.update(scene);
      shell.say(words.sentence(scene));
      shell.numbers(() => words.numbersOf(scene));
    },
  });
  const arrange = addControls(shell, model);
  const bars = createBars((place) => shell.set({ place }));
  const next = createNext();
  shell.figure.append(bars.root, next.root, element("figcaption", {}, words.LEGEND));
  shell.start();
  return shell.dispose;
}

/** @param {Model} model */
function namesOf(model) {
  return model.get("texts").map((/** @type {[string, string]} */ [name]) => name);
}

/** @param {Model} model */
function fieldsOf(model) {
  return {
    text: text({ trait: "text", maxLength: LONGEST_TEXT }),
    unit: choice({ trait: "unit", options: ["character", "word"] }),
    order: number({ trait: "order", min: 1, max: MOST_ORDER, whole: true }),
    smoothing: choice({ trait: "smoothing", options: ["none", "add", "witten-bell"] }),
    add: number({ trait: "add", min: 0, max: 1000 }),
    training: choice({ trait: "training", options: namesOf(model) }),
    place: number({ trait: "place", min: 0, max: LONGEST_TEXT, whole: true, optional: true }),
  };
}

/* ------------------------------------------------------------------------------------------------ what is computed */

/**
 * Computes all that is shown. A text is cut and counted once for each unit; typing only looks things up.
 * @param {Model} model
 */
function createReader(model) {
  /** @type {Map<string, { vocabulary: ReturnType<typeof ngrams.readVocabulary>, counts: ngrams.Counts, size: number }>} */
  const counted = new Map();
  /** @param {string} training @param {string} unit */
  const count = (training, unit) => {
    const key = `${unit} ${training}`;
    const kept = counted.get(key);
    if (kept) return kept;
    const source = model.get("texts").find((/** @type {[string, string]} */ [name]) => name === training)[1];
    const tokens = ngrams.tokenize(source, unit);
    const vocabulary = ngrams.readVocabulary(tokens, UNKNOWN);
    const made = { vocabulary, counts: ngrams.createCounts(vocabulary.encode(tokens)), size: tokens.length };
    counted.set(key, made);
    return made;
  };
  /** @param {(key: string) => any} get */
  return (get) => {
    const unit = get("unit");
    const { vocabulary, counts, size } = count(get("training"), unit);
    const vocabSize = vocabulary.tokens.length;
    const smoothing = get("smoothing") === "witten-bell" ? "witten-bell" : "add";
    const add = get("smoothing") === "add" ? get("add") : 0;
    const settings = { order: get("order"), smoothing, add, vocabSize };
    const tokens = ngrams.tokenize(get("text"), unit);
    const ids = vocabulary.encode(tokens);
    const place = Math.min(get("place") ?? tokens.length, tokens.length);
    const context = ngrams.contextOf(ids.slice(0, place), settings.order);
    const share = ngrams.distribution(counts, settings, context);
    const readings = ngrams.readSentence(counts, settings, ids);
    return {
      unit,
      order: settings.order,
      training: get("training"),
      size,
      vocabSize,
      tokens,
      known: ids.map((id) => id < vocabSize - 1),
      readings,
      summary: ngrams.summary(readings),
      place,
      context: tokens.slice(place - context.length, place),
      contextSeen: ngrams.contextSeen(counts, context),
      likeliest: ngrams
        .likeliest(share, LIKELIEST)
        .map((id) => ({ token: vocabulary.tokens[id], probability: share[id] })),
      rank: place < ids.length ? share.filter((p) => p > share[ids[place]]).length + 1 : null,
    };
  };
}

/* ---------------------------------------------------------------------------------------------------- the controls */

/** @param {Shell} shell @param {Model} model @returns {(scene: Scene) => void} */
function addControls(shell, model) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const typed = textControl({
    label: "Your sentence: type here",
    name: "text",
    value: "",
    rows: 2,
    maxLength: LONGEST_TEXT,
    onInput: (value) => shell.set({ text: value, place: null }),
  });
  typed.root.classList.add("uw-wide");
  const unit = choiceControl({
    label: "A token is",
    name: "unit",
    value: "character",
    options: [
      { value: "character", label: "a character" },
      { value: "word", label: "a word" },
    ],
    onInput: (value) => shell.set({ unit: value, place: null }),
  });
  const order = rangeControl({
    label: "Order n",
    name: "order",
    min: 1,
    max: MOST_ORDER,
    value: 3,
    words: (n) => `n = ${n}: it sees ${n - 1} ${n === 2 ? "token" : "tokens"} before`,
    onInput: put("order"),
  });
  const smoothing = choiceControl({
    label: "Smoothing",
    name: "smoothing",
    value: "witten-bell",
    options: [
      { value: "none", label: "none" },
      { value: "add", label: "add k" },
      { value: "witten-bell", label: "Witten–Bell" },
    ],
    onInput: put("smoothing"),
  });
  const add = rangeControl({
    label: "k",
    name: "add",
    values: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    value: 1,
    onInput: put("add"),
  });
  const training = selectControl({
    label: "Counted from",
    name: "training",
    value: "",
    options: namesOf(model).map((/** @type {string} */ name) => ({ value: name, label: name })),
    onInput: put("training"),
  });
  const place = rangeControl({
    label: "Look at place",
    name: "place",
    min: 1,
    max: 1,
    value: 1,
    onInput: (at) => shell.set({ place: at - 1 === length ? null : at - 1 }),
  });
  let length = 0;
  const bound = { text: typed, unit, order, smoothing, add, training };
  for (const [key, control] of Object.entries(bound)) shell.bind(key, control);
  shell.controls.append(...[typed, unit, smoothing, add, order, training, place].map(({ root }) => root));
  return (scene) => {
    length = scene.tokens.length;
    add.hide(shell.get("smoothing") !== "add");
    place.limit(length + 1);
    place.set(scene.place + 1);
    place.input.setAttribute("aria-valuetext", words.placeWords(scene));
  };
}
