// @ts-check
/** NameReader: which numbers does the classifier read, and what does padding do? Wires arithmetic, controls and words. */
import { checkControl, choiceControl, rangeControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./name_reader.css";
import { answers, encode, lettersOf, makeClassifier, probabilities } from "./name_reader_model.js";
import { createGrid } from "./name_reader_view.js";
import { LEGEND, numbersOf, sentence } from "./name_reader_words.js";
import { choice, createShell, flag, number, text } from "./shell.js";

/** What the tests compare with PyTorch: the arithmetic that is shipped. */
export const arithmetic = { makeClassifier, encode, lettersOf, answers };

const LONGEST = 24;
const MOST_PADDING = 12;
const READINGS = ["final", "mean", "last"];

/**
 * @typedef {import("./shell.js").Model} Model
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./name_reader_model.js").How} How
 *
 * @typedef {object} Scene
 * @property {string} letters what is read
 * @property {How} how
 * @property {Float64Array[]} columns P of each language, for each beginning of the name
 * @property {Float64Array} clean the same for the whole name, without padding
 * @property {string[]} languages
 * @property {string[]} codes
 * @property {Record<string, number>} accuracy by reading
 */

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const about = model.get("about");
  const classifiers = new Map(READINGS.map((name) => [name, makeClassifier(model.get("models")[name])]));
  const shell = createShell({
    model,
    el,
    name: "name-reader",
    question: "Which numbers does it read, and what does padding do to them?",
    lead:
      "Three small networks guess the language of a name. Each was trained with the reading that it shows. Guess first: " +
      "which of them minds padding, and when?",
    fields: {
      name: text({ trait: "name", maxLength: 200 }),
      reading: choice({ trait: "reading", options: READINGS }),
      padding: number({ trait: "padding", min: 0, max: MOST_PADDING, whole: true }),
      lengths: flag({ trait: "with_lengths" }),
    },
    style: { name: "name-reader", css },
    draw: () => {
      const scene = sceneOf();
      grid.update(scene, Math.max(240, shell.figure.clientWidth));
      shell.say(sentence(scene));
      shell.numbers(() => numbersOf(scene));
    },
  });

  /** @returns {Scene} */
  const sceneOf = () => {
    const [name, reading, padding, lengths] = ["name", "reading", "padding", "lengths"].map(shell.get);
    const classifier = /** @type {import("./name_reader_model.js").Classifier} */ (classifiers.get(reading));
    const letters = lettersOf(name, LONGEST);
    const ids = encode(letters, about.alphabet);
    const how = { reading, padding, lengths };
    const columns = answers(classifier, ids, how);
    const clean = ids.length
      ? probabilities(classifier, ids, { reading, padding: 0, lengths: true })
      : new Float64Array(about.codes.length);
    return { letters, how, columns, clean, ...about };
  };
  addControls(shell);
  const grid = createGrid();
  shell.figure.append(grid.root, element("figcaption", {}, LEGEND));
  shell.start();
  return shell.dispose;
}

/** @param {Shell} shell */
function addControls(shell) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const name = textControl({ label: "A name", name: "name", value: "", rows: 1, maxLength: 200, onInput: put("name") });
  const reading = choiceControl({
    label: "Read from",
    name: "reading",
    value: "final",
    options: [
      { value: "final", label: "final states" },
      { value: "mean", label: "mean" },
      { value: "last", label: "last" },
    ],
    onInput: put("reading"),
  });
  const padding = rangeControl({
    label: "Padding",
    name: "padding",
    min: 0,
    max: MOST_PADDING,
    value: 0,
    words: (n) => (n === 1 ? "1 place of padding" : `${n} places of padding`),
    onInput: put("padding"),
  });
  const lengths = checkControl({
    label: "It is told where the name ends (lengths)",
    name: "lengths",
    value: true,
    onInput: put("lengths"),
  });
  for (const [key, control] of Object.entries({ name, reading, padding, lengths })) shell.bind(key, control);
  shell.controls.append(name.root, reading.root, padding.root, lengths.root);
}
