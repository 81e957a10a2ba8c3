// @ts-check
/**
 * What WordVectorStepper says about what it shows, and its numbers as a table.
 *
 *   fixed(x, 2)                "−0.53", "∞", "4e+12"
 *   quoted(["the", "fat"])     "“the” and “fat”"
 *   aboutStep(scene)           one or two sentences: what moved
 *   aboutText(reading)         what is left out, "" if nothing
 *   nothingToLearn(reading)    why there are no pairs
 *   numbersOf(scene)           for the shell's table
 */
import { MOST_WORDS } from "./word2vec.js";

const TOO_LARGE = 1e4; // no training that goes well has numbers like this

/**
 * What is shown: the last step that was made, or before the first one the step that comes.
 * @typedef {object} Scene
 * @property {import("./word2vec.js").Settings} settings
 * @property {import("./word2vec.js").Training} training
 * @property {number} step
 * @property {import("./word2vec.js").Example} example
 * @property {number[] | null} drawn the negatives; null with softmax
 * @property {import("./word2vec.js").Matrices} now
 * @property {import("./word2vec.js").Matrices} before the last step; as `now` where there is none
 * @property {import("./word2vec.js").Result} is what the matrices say of the example now
 * @property {import("./word2vec.js").Result} was and what they said before the step
 * @property {{ input: number[], output: number[] }} changed the rows that the step changed
 */

/** @param {number} x @param {number} digits behind the point; what is large has fewer */
export function fixed(x, digits) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "?" : x < 0 ? "−∞" : "∞";
  const size = Math.abs(x);
  const words = size < 1000 ? x.toFixed(size < 10 ? digits : 1) : x.toExponential(digits > 3 ? 3 : 0).replace("+", "");
  return (Number(words) === 0 ? words.replace("-", "") : words).replace("-", "−");
}

/** @param {string[]} words */
function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** Each different word once, in quotes, with how often it occurs. @param {string[]} words */
export function quoted(words) {
  const different = [...new Set(words)];
  return listed(
    different.map((word) => {
      const times = words.filter((other) => other === word).length;
      return times > 1 ? `“${word}” (${times === 2 ? "twice" : `${times} times`})` : `“${word}”`;
    }),
  );
}

/** @param {number} count @param {string} thing */
const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** @param {Scene} scene */
export function aboutStep(scene) {
  const { settings, training, step, example, drawn, is, was, changed } = scene;
  const { words } = training;
  const target = `“${words[example.target]}”`;
  const inputs = example.inputs.map((id) => words[id]);
  if (step === 0) {
    const goes = inputs.length > 1 ? "go" : "goes";
    return `Nothing is learnt yet. In the first pair ${quoted(inputs)} ${goes} in and ${target} must come out. Which rows will move?`;
  }
  const values = [...scene.now.input, ...scene.now.output];
  const explodes = values.every((x) => Math.abs(x) < TOO_LARGE)
    ? ""
    : " The numbers explode: every step overshoots. Choose a smaller learning rate.";
  if (!values.every(Number.isFinite))
    return `After ${counted(step, "step")} nothing can be computed any more.${explodes}`;
  const some = (/** @type {string} */ kind, /** @type {string[]} */ which) =>
    `the ${kind}${new Set(which).size > 1 ? "s" : ""} ${quoted(which)}`;
  const negatives = (drawn ?? []).map((id) => words[id]);
  const others = drawn ? negatives.length && some("negative", negatives) : "all others";
  const ids = { input: new Set(example.inputs), output: new Set(drawn ? [example.target, ...drawn] : words.keys()) };
  const moved = [
    rows(
      changed.input,
      ids.input,
      "W_in",
      words,
      some(settings.model === "CBOW" ? "context word" : "centre word", inputs),
    ),
    rows(changed.output, ids.output, "W_out", words, `the target ${target}${others ? ` and ${others}` : ""}`),
  ];
  const lone =
    words.length > 1
      ? ""
      : drawn
        ? " A text of one word has no negative to draw."
        : " It is the only word, so its probability is 1 already: there is nothing to learn.";
  return `Step ${step} changed ${moved.join(" and ")}. ${fell(was.loss, is.loss)}${lone}${explodes}`;
}

/**
 * @param {number[]} changed @param {Set<number>} expected @param {string} matrix @param {string[]} words
 * @param {string} which the expected ones, in words; numbers that are too large or too small may leave some alone
 */
function rows({ length }, expected, matrix, words, which) {
  if (length === 0) return `no row of ${matrix}`;
  const all = length === words.length && length > 1 ? "all " : "";
  return `${all}${counted(length, "row")} of ${matrix}${length === expected.size ? ` (${which})` : ""}`;
}

/** @param {number} from @param {number} to */
function fell(from, to) {
  const [before, after] = [from, to].map((loss) => fixed(loss, 3));
  if (before === after) return `The loss of this pair stays at ${after}.`;
  return `The loss of this pair ${to < from ? "fell" : "rose"} from ${before} to ${after}.`;
}

/** @param {{ cut: string[] }} reading */
export function aboutText({ cut }) {
  const rest =
    cut.length > 3
      ? `“${cut[0]}” and ${cut.length - 1} more words are`
      : `${quoted(cut)} ${cut.length > 1 ? "are" : "is"}`;
  return cut.length ? `The first ${MOST_WORDS} words are used; ${rest} left out.` : "";
}

/** @param {{ tokens: string[] }} reading */
export function nothingToLearn({ tokens }) {
  return tokens.length
    ? `There is nothing to learn: “${tokens[0]}” has no neighbour. Write at least two words.`
    : "There is nothing to learn: the text has no words. Write at least two.";
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ training, step, example, drawn, now, is, was, changed, settings }) {
  const columns = Array.from({ length: now.size }, (_, d) => d);
  const chance = drawn ? "σ(score)" : "probability";
  const numbers = (/** @type {Float64Array} */ values, /** @type {number} */ id) =>
    columns.map((d) => fixed(values[id * now.size + d], 4));
  const none = columns.map(() => "–");
  const floor = training.floor === null ? "" : `, its floor ${fixed(training.floor, 4)}`;
  return {
    caption:
      `${step === 0 ? "Before the first step" : `After step ${step}`}, ${settings.model} with ${settings.loss}. ` +
      `Mean loss ${fixed(training.meanLoss(step), 4)}${floor}.`,
    head: [
      ...["word", "in this pair", "changed"],
      ...["W_in", "W_out"].flatMap((name) => columns.map((d) => `${name} ${d + 1}`)),
      ...["score", `${chance} before`, `${chance} now`],
    ],
    rows: [
      ...training.words.map((word, id) => {
        const used = !drawn || id === example.target || drawn.includes(id);
        const moved = [changed.input.includes(id) && "W_in", changed.output.includes(id) && "W_out"];
        return [
          word,
          rolesOf(example, drawn, id).join(", ") || "–",
          moved.filter(Boolean).join(", ") || "–",
          ...numbers(now.input, id),
          ...numbers(now.output, id),
          fixed(is.scores[id], 4),
          used ? fixed(was.probabilities[id], 4) : "–",
          used ? fixed(is.probabilities[id], 4) : "–",
        ];
      }),
      ["h, the mean of what goes in", "–", "–", ...numbers(is.h, 0), ...none, "–", "–", "–"],
      ["loss of this pair", "–", "–", ...none, ...none, "–", fixed(was.loss, 4), fixed(is.loss, 4)],
    ],
  };
}

/** @param {import("./word2vec.js").Example} example @param {number[] | null} drawn @param {number} id */
function rolesOf({ inputs, target }, drawn, id) {
  const roles = { "goes in": inputs.includes(id), "must come out": id === target, negative: drawn?.includes(id) };
  return Object.entries(roles).flatMap(([role, has]) => (has ? [role] : []));
}
