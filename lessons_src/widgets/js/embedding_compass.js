// @ts-check
/**
 * EmbeddingCompass: is king − man + woman really queen? Wires the arithmetic to controls, map and words.
 */
import { unpack } from "./arrays.js";
import { checkControl, choiceControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./embedding_compass.css";
import { createMap } from "./embedding_map.js";
import { aboutAnswers, aboutMap, asked, formula, percent, showValue } from "./embedding_words.js";
import { compass, likeness, makeSpace, nearestOnMap, offset, plane, ranking } from "./embeddings.js";
import { choice, createShell, flag } from "./shell.js";
import { nearestSpellings } from "./spelling.js";
import { wordField } from "./word_field.js";

/** What the tests compare with PyTorch and difflib: the arithmetic that is shipped. */
export const arithmetic = { compass, likeness, nearestOnMap, nearestSpellings, offset, plane, ranking, spaceOf };

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {import("./shell.js").Model} Model
 * @typedef {import("./embeddings.js").Space} Space
 * @typedef {import("./embeddings.js").Measure} Measure
 * @typedef {import("./embedding_words.js").Scene} Scene
 */

const LETTERS = /** @type {const} */ (["a", "b", "c"]);

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const atlas = createAtlas(model);
  const known = () => atlas.space();
  // Radio buttons of other widgets on the page may have the same names: those of a form are apart.
  const form = element("form", { submit: (event) => event.preventDefault() });
  el.append(form);

  /** @param {string} trait */
  const word = (trait) => ({
    trait,
    accept: (/** @type {unknown} */ value) => (known().ids.has(/** @type {string} */ (value)) ? value : undefined),
  });
  const fields = {
    mode: choice({ trait: "mode", options: ["analogy", "neighbours"] }),
    ...{ a: word("a"), b: word("b"), c: word("c"), word: word("word") },
    measure: choice({ trait: "measure", options: ["cosine", "dot"] }),
    exclude: flag({ trait: "exclude" }),
  };

  const shell = createShell({
    model,
    el: form,
    name: "embedding-compass",
    question: questionOf(model, known()),
    lead: `Guess which word will stand first, and ${doubtOf(model)}. Then change something.`,
    fields,
    style: { name: "embedding-compass", css },
    draw: () => {
      const scene = atlas.look(shell);
      figure.update(scene);
      shell.say(`${aboutAnswers(scene)} ${aboutMap(scene)}`);
    },
  });
  const figure = createFigure((k) => shell.set({ word: known().words[k] }));
  addControls(shell, known);
  shell.figure.append(...figure.parts);
  shell.numbers(() => numbersOf(atlas.look(shell)));
  shell.onDispose(atlas.follow(shell.redraw));
  shell.onDispose(() => form.remove());
  shell.start();
  return shell.dispose;
}

/** @param {Model} model @param {Space} space */
function questionOf(model, { ids }) {
  if (model.get("mode") === "neighbours") return `Which words are nearest to ${model.get("word")}?`;
  const words = LETTERS.map((letter) => model.get(letter));
  const usual = words.join() === "king,man,woman" && ids.has("queen");
  return usual ? `Is ${formula(words)} really queen?` : `Which word is nearest to ${formula(words)}?`;
}

/** @param {Model} model */
function doubtOf(model) {
  const isAnalogy = model.get("mode") === "analogy";
  return isAnalogy ? "whether it needs the arithmetic to stand there" : "whether the map shows it as the nearest";
}

/* ------------------------------------------------------------------------------------------- what is computed */

/** @param {any} packed the trait `space` @returns {Space} */
function spaceOf({ words, matrix, axes }) {
  const values = { cosine: unpack(axes.cosine).values, dot: unpack(axes.dot).values };
  return makeSpace({ words, matrix: unpack(matrix).values, size: matrix.shape[1], axes: values });
}

/** The vectors from Python, and what is seen of them. @param {Model} model */
function createAtlas(model) {
  /** @type {Space} */
  let space;
  /** @type {Partial<Record<Measure, import("./embeddings.js").Plane>>} */
  let planes = {};
  const read = () => {
    space = spaceOf(model.get("space"));
    planes = {};
  };
  read();
  /** @param {Measure} measure */
  const planeOf = (measure) => {
    planes[measure] ??= plane(space, measure);
    return planes[measure];
  };
  return {
    space: () => space,
    /** @param {Shell} shell @returns {Scene} */
    look: (shell) => {
      const id = (/** @type {string} */ key) => space.ids.get(shell.get(key)) ?? 0;
      const settings = {
        ...{ mode: shell.get("mode"), measure: shell.get("measure"), exclude: shell.get("exclude") },
        query: /** @type {[number, number, number]} */ (LETTERS.map(id)),
        word: id("word"),
      };
      return { space, settings, result: compass(space, settings, planeOf) };
    },
    /** Calls `react` when Python gives other vectors. @param {() => void} react */
    follow: (react) => {
      const change = () => {
        read();
        react();
      };
      model.on("change:space", change);
      return () => model.off("change:space", change);
    },
  };
}

/* ---------------------------------------------------------------------------------------------------- controls */

/** @param {Shell} shell @param {() => Space} known */
function addControls(shell, known) {
  const put = (/** @type {string} */ key) => (/** @type {any} */ value) => shell.set({ [key]: value });
  const mode = choiceControl({
    label: "Nearest to",
    name: "mode",
    options: [
      { value: "analogy", label: "A − B + C" },
      { value: "neighbours", label: "one word" },
    ],
    value: "analogy",
    onInput: put("mode"),
  });
  const labels = { a: "A", b: "− B", c: "+ C", word: "Chosen word" };
  const words = Object.entries(labels).map(([name, label]) => ({
    name,
    field: wordField({ label, name, known, onPick: put(name) }),
  }));
  const measure = choiceControl({
    label: "Measured by",
    name: "measure",
    options: [
      { value: "cosine", label: "cosine" },
      { value: "dot", label: "dot product" },
    ],
    value: "cosine",
    onInput: put("measure"),
  });
  const exclude = checkControl({ label: "", name: "exclude", value: true, onInput: put("exclude") });
  const told = /** @type {HTMLElement} */ (exclude.root.querySelector("span"));
  const letters = element("div", { class: "ec-letters" }, ...words.slice(0, 3).map(({ field }) => field.root));

  for (const [key, control] of Object.entries({ mode, measure, exclude })) shell.bind(key, control);
  for (const { name, field } of words) shell.bind(name, field);
  const arrange = () => {
    const isAnalogy = shell.get("mode") === "analogy";
    letters.hidden = !isAnalogy;
    told.textContent = isAnalogy ? "Leave out A, B and C" : "Leave out the word";
  };
  shell.onChange(arrange);
  arrange();
  // What was typed and refused is no setting, so Reset finds nothing changed: the fields are told apart.
  shell.root.addEventListener("click", ({ target }) => {
    if (/** @type {HTMLElement} */ (target).dataset.control !== "reset") return;
    for (const { name, field } of words) field.set(shell.get(name));
  });
  shell.controls.append(mode.root, letters, words[3].field.root, measure.root, exclude.root);
}

/* ---------------------------------------------------------------------------------------------- what is shown */

/** @param {(word: number) => void} onPick */
function createFigure(onPick) {
  const map = createMap(onPick);
  const title = element("p", { class: "ec-title" });
  const list = element("ol", { class: "ec-answers" });
  const control = element("p", { class: "ec-control" });
  const nearTitle = element("p", { class: "ec-title" });
  const near = element("div", { class: "ec-near" });
  const caption = element("figcaption");
  const panels = element(
    "div",
    { class: "ec-panels" },
    element("div", {}, title, list, control),
    element("div", {}, map.root, legend()),
  );
  return {
    parts: [panels, nearTitle, near, caption],
    /** @param {Scene} scene */
    update: (scene) => {
      const { space, settings, result } = scene;
      const { words } = space;
      const isAnalogy = settings.mode === "analogy";
      const kind = settings.measure === "cosine" ? "cosine" : "dot product";
      title.replaceChildren("Nearest to ", strong(asked(scene)), `, by ${kind}`);
      list.replaceChildren(...answerRows(scene));
      control.hidden = !isAnalogy;
      const { alone } = result;
      const [a, , c] = settings.query;
      control.replaceChildren(
        "Without arithmetic:",
        ...[a, c].map((one, k) =>
          element(
            "span",
            {},
            "nearest to ",
            strong(words[one]),
            " alone is ",
            strong(words[alone[k].word]),
            `, ${showValue(settings.measure, alone[k].value)}`,
          ),
        ),
      );
      panels.classList.toggle("ec-one-word", !isAnalogy);
      nearTitle.replaceChildren(
        "Nearest to ",
        strong(words[settings.word]),
        `: the two lists share ${result.shared.length} of ${result.onMap.length} words`,
      );
      near.replaceChildren(
        ...nearList("on the map", result.onMap, scene),
        ...nearList(
          settings.measure === "cosine" ? `in all ${space.size} numbers` : "by dot product",
          result.inSpace,
          scene,
        ),
      );
      caption.textContent = `The map shows the ${words.length.toLocaleString("en")} vectors in the plane in which they spread most. It keeps ${percent(result.plane.kept)} of their variance; the rest is out of sight.`;
      map.update(viewOf(scene));
    },
  };
}

/** @param {string} text */
function strong(text) {
  return element("b", {}, text);
}

function legend() {
  const entry = (/** @type {string} */ look, /** @type {string} */ name) =>
    element("span", { class: `ec-key ${look}` }, name);
  return element(
    "p",
    { class: "ec-legend" },
    entry("ec-key-query ec-arithmetic", "asked with"),
    entry("ec-key-target ec-arithmetic", "A − B + C"),
    entry("ec-key-answer", "answers"),
    entry("ec-key-chosen", "chosen word"),
    entry("ec-key-reach ec-single", "holds the ten nearest on the map"),
    entry("ec-key-spoke ec-single", "leads to the ten nearest in the space"),
    element("span", {}, "Pick a dot, by mouse or arrow keys, to choose its word."),
  );
}

/** The letters that a word is called by: "A", "A, C", or "" . @param {Scene} scene @param {number} word */
function lettersOf({ settings: { mode, query } }, word) {
  if (mode !== "analogy") return "";
  return LETTERS.filter((_, k) => query[k] === word)
    .join(", ")
    .toUpperCase();
}

/** @param {Scene} scene */
function answerRows(scene) {
  const { space, settings, result } = scene;
  const values = result.answers.map(({ value }) => value);
  const most = Math.max(settings.measure === "cosine" ? 1 : 0, ...values);
  const least = Math.min(0, ...values);
  const part = (/** @type {number} */ value) => (100 * value) / (most - least || 1);
  return result.answers.map(({ word, value }) => {
    const letters = lettersOf(scene, word);
    const own = letters ? `your ${letters}` : settings.mode === "neighbours" && word === settings.word ? "itself" : "";
    const bar = element("span", {
      class: "ec-bar",
      style: `left:${part(Math.min(0, value) - least).toFixed(2)}%;width:${part(Math.abs(value)).toFixed(2)}%`,
    });
    return element(
      "li",
      { class: own ? "ec-own" : null },
      element("span", { class: "ec-word" }, space.words[word]),
      ...(own ? [" ", element("span", { class: "ec-tag" }, own)] : []),
      element("span", { class: "ec-value" }, showValue(settings.measure, value)),
      element("span", { class: "ec-track", "aria-hidden": "true" }, bar),
    );
  });
}

/** @param {string} name @param {number[]} found @param {Scene} scene */
function nearList(name, found, { space, result }) {
  const items = found.map((word) => {
    const both = result.shared.includes(word);
    const note = both ? [element("span", { class: "uw-hidden-text" }, " (in both)")] : [];
    return element("li", { class: both ? "ec-both" : null }, space.words[word], ...note);
  });
  return [
    element("span", { class: "ec-near-name", "aria-hidden": "true" }, name),
    element("ul", { "aria-label": `Nearest ${name}` }, ...items),
  ];
}

/** @param {Scene} scene @returns {import("./embedding_map.js").View} */
function viewOf(scene) {
  const { space, settings, result } = scene;
  const { words } = space;
  const { query, word: chosen } = settings;
  const { target, onMap, inSpace, plane: shown } = result;
  const isAnalogy = target !== null;
  const asking = isAnalogy ? [...new Set(query)] : [];
  const answers = isAnalogy ? result.answers.map(({ word }) => word) : inSpace;
  const names = answers.map((k) => words[k]).join(", ");
  return {
    words,
    plane: shown,
    chosen,
    queries: asking.map((word) => ({ word, name: lettersOf(scene, word) })),
    answers: answers.filter((k) => !asking.includes(k)),
    query: isAnalogy ? query : null,
    target: target && shown.project(target),
    spokes: isAnalogy ? [] : inSpace,
    reach: isAnalogy ? null : onMap[onMap.length - 1],
    description: `Map of ${words.length} words. Nearest to ${asked(scene)}: ${names}. Chosen: ${words[chosen]}.`,
  };
}

/** @param {Scene} scene */
function numbersOf(scene) {
  const { space, settings, result } = scene;
  const { x, y } = result.plane;
  const kind = settings.measure === "cosine" ? "cosine" : "dot product";
  const to =
    result.target ??
    space.rows[settings.measure].subarray(settings.word * space.size, (settings.word + 1) * space.size);
  const values = likeness(space, settings.measure, to);
  const target = result.target && result.plane.project(result.target);
  const own = settings.mode === "analogy" ? settings.query : [settings.word];
  const listed = new Set([
    ...result.answers.map(({ word }) => word),
    ...own,
    settings.word,
    ...result.onMap,
    ...result.inSpace,
  ]);
  const placeOf = (/** @type {number} */ k) => result.answers.findIndex(({ word }) => word === k) + 1;
  return {
    caption: `Nearness to ${asked(scene)}, and places on the map.`,
    head: ["word", "asked with", "place", kind, "across", "up"],
    rows: [
      ...(target ? [["A − B + C", "–", "–", "–", ...target.map((value) => fixed(value))]] : []),
      ...[...listed].map((k) => [
        space.words[k],
        lettersOf(scene, k) || "–",
        String(placeOf(k) || "–"),
        ...[values[k], x[k], y[k]].map((value) => fixed(value)),
      ]),
    ],
  };
}

/** @param {number} value */
function fixed(value) {
  const digits = Math.abs(value).toFixed(4);
  return value < 0 && Number(digits) ? `−${digits}` : digits;
}
