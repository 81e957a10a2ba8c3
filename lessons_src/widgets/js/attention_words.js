// @ts-check
/**
 * AttentionStepper in words: the live sentence, and the table of numbers.
 */
import { KEYS } from "./attention_model.js";
import { brief, factor } from "./maths.js";

/** @typedef {import("./attention_model.js").Scene} Scene */

/** @param {number[]} row */
export const vector = (row) => `(${row.map(brief).join(", ")})`;

const LONG = 12;

/** A word, shortened if it is long, with its place if it occurs more than once. @param {Scene} scene @param {number} s */
export function nameOf({ words }, s) {
  const letters = [...words[s]];
  const name = letters.length > LONG ? `${letters.slice(0, LONG - 1).join("")}…` : words[s];
  return words.indexOf(words[s]) === words.lastIndexOf(words[s]) ? name : `${name} (${s + 1})`;
}

/** @param {Scene} scene @param {ReturnType<typeof import("./attention_model.js").saturation>} below @param {number} size */
export function aboutScene(scene, below, size) {
  const part =
    `With d_k = ${size}, the largest of ${KEYS} random weights averages ${below.scaled.largest.toFixed(2)} ` +
    `if scores are scaled and ${below.plain.largest.toFixed(2)} if not.`;
  return `${scene.n ? aboutRow(scene) : "Type two to six words."} ${part}`;
}

/** @param {Scene} scene */
function aboutRow(scene) {
  const { at, heads, step, size, scaled, seen, n } = scene;
  const { q, k, products, scores, weights } = heads[0];
  const who = nameOf(scene, at);
  const head = heads.length > 1 ? "In head 1, " : "";
  if (step === 0) {
    const terms = q[at].map((q_j, j) => `${factor(q_j)} · ${factor(k[0][j])}`).join(" + ");
    return `${head}the query of ${who} meets the key of ${nameOf(scene, 0)}: ${terms} = ${brief(products[at][0])}.`;
  }
  if (step === 1)
    return scaled
      ? `Each product is divided by √${size} = ${brief(Math.sqrt(size))}.`
      : `Nothing is divided: the scores are the products, with their spread of √${size} for random vectors.`;
  const hidden = seen[at].filter((yes) => !yes).length;
  if (step === 2)
    return hidden
      ? `The mask hides ${hidden} of ${n} words from ${who}: their scores become −∞.`
      : `Nothing is hidden from ${who}.`;
  if (hidden === n)
    return `${who} may look nowhere: all its weights are 0, its answer is ${vector(scene.context[at])}.`;
  const best = weights[at].indexOf(Math.max(...weights[at]));
  const whom = best === at ? "itself" : nameOf(scene, best);
  if (step === 3)
    return `${head}${who} looks most at ${whom}: weight ${brief(weights[at][best])} from a score of ${brief(scores[at][best])}. The row sums to 1.`;
  return `${head}${who} takes ${brief(weights[at][best])} of the value of ${whom}; its answer is ${vector(scene.context[at])}.`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf(scene) {
  const rows = scene.heads.flatMap(({ products, scores, weights }, h) =>
    scene.words.flatMap((_, t) =>
      scene.words.map((_, s) => [
        ...[`${h + 1}`, nameOf(scene, t), nameOf(scene, s)],
        ...[brief(products[t][s]), scene.seen[t][s] ? brief(scores[t][s]) : "−∞", brief(weights[t][s])],
      ]),
    ),
  );
  return {
    caption: `Every word’s row. Answers: ${scene.context.map((row, t) => `${nameOf(scene, t)} ${vector(row)}`).join("; ")}`,
    head: ["head", "asks", "is asked", "q · k", "score", "weight"],
    rows,
  };
}
