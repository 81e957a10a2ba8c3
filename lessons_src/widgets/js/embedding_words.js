// @ts-check
/**
 * What EmbeddingCompass says about what it shows.
 *
 *   showValue(measure, value)             "0.812", "−3.4"
 *   formula([a, b, c])                    "king − man + woman"
 *   aboutAnswers(scene), aboutMap(scene)  sentences
 *   percent(0.434)                        "43 %"
 */
import { show } from "./scales.js";

/**
 * @typedef {object} Scene
 * @property {import("./embeddings.js").Space} space
 * @property {import("./embeddings.js").Settings} settings
 * @property {import("./embeddings.js").Result} result
 */

/** @param {import("./embeddings.js").Measure} measure @param {number} value */
export function showValue(measure, value) {
  if (measure === "dot") return value === 0 ? "0" : show(value, 3);
  const digits = Math.abs(value).toFixed(3);
  return value < 0 && Number(digits) ? `−${digits}` : digits;
}

/** @param {string[]} words */
export function formula([a, b, c]) {
  return `${a} − ${b} + ${c}`;
}

/** @param {number} part */
export function percent(part) {
  return `${Math.round(100 * part)} %`;
}

/** What one asks with, in words. @param {Scene} scene */
export function asked({ space: { words }, settings: { mode, query, word } }) {
  return mode === "analogy" ? formula(query.map((k) => words[k])) : words[word];
}

/** @param {Scene} scene */
export function aboutAnswers(scene) {
  const { space, settings, result } = scene;
  const { measure, exclude, mode } = settings;
  const { answers, first, alone } = result;
  const name = (/** @type {number} */ k) => space.words[k];
  const question = asked(scene);
  if (result.nowhere) return `${question} is a vector of zeros: it points nowhere, and the order says nothing.`;

  const kind = measure === "cosine" ? "cosine" : "dot product";
  const near = `${name(first.word)} (${kind} ${showValue(measure, first.value)})`;
  if (mode === "neighbours") return `The word nearest to ${question} is ${near}.`;

  const queries = answers.findIndex(({ word }) => word === first.word);
  if (!exclude && queries !== 0) {
    const place = queries < 0 ? "further down" : `in place ${queries + 1}`;
    return `Nothing comes nearer to ${question} than ${name(answers[0].word)}, a word you asked with. The first other word is ${near}, ${place}.`;
  }
  const start = exclude
    ? `With your own words left out, ${question} is nearest to ${near}.`
    : `Your own words may answer, and still ${question} is nearest to ${near}.`;
  const [a, c] = [settings.query[0], settings.query[2]].map(name);
  const known = alone.findIndex(({ word }) => word === first.word);
  const control =
    known >= 0
      ? `But ${name(first.word)} is also the word nearest to ${[a, c][known]} alone: this answer needs no arithmetic.`
      : `The word nearest to ${a} alone is ${name(alone[0].word)}, and to ${c} alone ${name(alone[1].word)}: the arithmetic changed the answer.`;
  return `${start} ${control}`;
}

/** @param {Scene} scene */
export function aboutMap({ space, settings, result: { onMap, shared } }) {
  const count = onMap.length;
  return `Of the ${count} words nearest to ${space.words[settings.word]} on the map, ${shared.length || "none"} ${shared.length === 1 ? "is" : "are"} among its ${count} nearest in the space.`;
}
