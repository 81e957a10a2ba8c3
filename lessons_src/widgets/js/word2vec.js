// @ts-check
/**
 * Word2Vec on one short sentence, step by step, in float64: the arithmetic of WordVectorStepper, without drawing.
 *
 *   readText("The cat …")        its first 15 words, the different ones among them, and what was cut off
 *   examplesOf(ids, settings)    what goes in and what must come out, example by example
 *   lossFloor(examples)          no model of this kind can have a lower mean softmax loss
 *   forward(W, example, drawn)   h, scores, probabilities and loss; `drawn` are the negatives, null for softmax
 *   learn(W, example, drawn, r)  one step of gradient descent, in place
 *   createTraining(settings)     the matrices, examples and losses after any number of steps, always the same ones
 *
 * W holds two matrices of a row per word, one row behind the other: `input` (V·D) and `output` (V·D). The equations are
 * those of `lessons_src/word2vec.py`, the random numbers those of `lessons_src/widgets/draws.py`.
 */
import { normals, uniforms } from "./random.js";

export const MOST_WORDS = 15;
export const MOST_STEPS = 10000;
const SPREAD = 0.5; // standard deviation of the first matrices: large enough to be seen
const STREAM = { input: 4, output: 5, negatives: 6 };
const STRIDE = 100; // steps from one kept copy of the matrices to the next
const MOST_POINTS = 250; // of the loss curve

/**
 * @typedef {object} Settings
 * @property {string} text
 * @property {string} model "CBOW" or "skip-gram"
 * @property {string} loss "softmax" or "negative sampling"
 * @property {number} window
 * @property {number} size D
 * @property {number} rate
 * @property {number} negatives k
 * @property {number} seed
 *
 * @typedef {object} Example
 * @property {number[]} inputs the ids of the words that go in
 * @property {number} target the id of the word that must come out
 * @property {number[]} from where the inputs stand in the text
 * @property {number} to where the target stands
 *
 * @typedef {{ input: Float64Array, output: Float64Array, size: number }} Matrices
 * @typedef {{ h: Float64Array, scores: Float64Array, probabilities: Float64Array, loss: number }} Result
 * @typedef {ReturnType<typeof createTraining>} Training
 */

/** @param {string} text words as `lessons_src.text.words` finds them */
export function readText(text) {
  const all = text.toLowerCase().match(/[\p{L}\p{N}_]+(?:'[\p{L}\p{N}_]+)*/gu) ?? [];
  const tokens = all.slice(0, MOST_WORDS);
  const words = [...new Set(tokens)];
  return { tokens, words, ids: tokens.map((token) => words.indexOf(token)), cut: all.slice(MOST_WORDS) };
}

/** @param {number[]} ids @param {{ model: string, window: number }} settings @returns {Example[]} */
function examplesOf(ids, { model, window }) {
  return ids.flatMap((id, t) => {
    const around = [...ids.keys()].filter((place) => place !== t && Math.abs(place - t) <= window);
    if (model === "skip-gram")
      return around.map((place) => ({ inputs: [id], target: ids[place], from: [t], to: place }));
    return around.length ? [{ inputs: around.map((place) => ids[place]), target: id, from: around, to: t }] : [];
  });
}

/**
 * The mean over the examples of −log of how often, where the same mean of rows goes in, this target must come out. The
 * mean of a row with itself is the row: what counts is each word's share of the inputs.
 * @param {Example[]} examples
 */
function lossFloor(examples) {
  const bags = examples.map(({ inputs }) =>
    [...new Set(inputs)]
      .sort((a, b) => a - b)
      .map((id) => `${id}:${inputs.filter((other) => other === id).length / inputs.length}`)
      .join(" "),
  );
  const losses = examples.map(({ target }, k) => {
    const same = examples.filter((_, j) => bags[j] === bags[k]);
    return Math.log(same.length / same.filter((other) => other.target === target).length);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / examples.length;
}

/** −log σ(x), also where σ(x) is 0 in float64. @param {number} x */
const surprise = (x) => Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** @param {Matrices} W @param {Example} example */
function scoresOf({ input, output, size }, { inputs }) {
  const h = new Float64Array(size);
  for (const id of inputs) for (let d = 0; d < size; d++) h[d] += input[id * size + d];
  for (let d = 0; d < size; d++) h[d] /= inputs.length;
  const scores = new Float64Array(output.length / size);
  for (let id = 0, k = 0; id < scores.length; id++) for (let d = 0; d < size; d++, k++) scores[id] += output[k] * h[d];
  return { h, scores };
}

/** log Σ exp(scores), also where exp would be infinite. @param {Float64Array} scores */
function logSumExp(scores) {
  let most = scores[0];
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - most);
  return most + Math.log(sum);
}

/** @param {Matrices} W @param {Example} example @param {number[] | null} drawn @returns {Result} */
export function forward(W, example, drawn) {
  const { h, scores } = scoresOf(W, example);
  if (drawn) {
    let loss = surprise(scores[example.target]);
    for (const id of drawn) loss += surprise(-scores[id]);
    return { h, scores, probabilities: scores.map(sigmoid), loss };
  }
  const all = logSumExp(scores);
  const probabilities = scores.map((score) => Math.exp(score - all));
  return { h, scores, probabilities, loss: all - scores[example.target] };
}

/** @param {Matrices} W @param {Example} example @param {number[] | null} drawn @param {number} rate */
export function learn(W, example, drawn, rate) {
  const { input, output, size } = W;
  const { h, probabilities } = forward(W, example, drawn);
  const dScores = drawn ? new Float64Array(probabilities.length) : probabilities;
  for (const id of drawn ? [example.target, ...drawn] : []) dScores[id] += probabilities[id];
  dScores[example.target] -= 1;
  const dH = new Float64Array(size);
  for (const [id, dScore] of dScores.entries())
    if (dScore !== 0)
      for (let d = 0, k = id * size; d < size; d++, k++) {
        dH[d] += dScore * output[k];
        output[k] -= rate * dScore * h[d];
      }
  const share = rate / example.inputs.length;
  for (const id of example.inputs) for (let d = 0; d < size; d++) input[id * size + d] -= share * dH[d];
}

/**
 * A word from its part of the whole, which begins where that of the word before ends.
 * @param {number[]} ends of the parts; a word without a part ends where it begins
 * @param {number} random between 0 and 1
 */
function draw(ends, random) {
  const at = random * ends[ends.length - 1];
  return ends.findIndex((end) => at < end);
}

/** @param {Settings} settings */
export function createTraining(settings) {
  const { seed, size, rate, negatives } = settings;
  const reading = readText(settings.text);
  const { ids, words } = reading;
  const examples = examplesOf(ids, settings);
  const isSoftmax = settings.loss === "softmax";
  const weights = words.map((_, id) => ids.filter((other) => other === id).length ** 0.75);
  /** Where the parts of the negatives end: the target has none, which is the same as to draw again when it comes out. */
  const ends = words.map((_, target) => {
    let sum = 0;
    return weights.map((weight, id) => (sum += id === target ? 0 : weight));
  });
  const uniform = uniforms(seed, STREAM.negatives);
  const start = (/** @type {number} */ stream) => normals(seed, stream, words.length * size).map((x) => SPREAD * x);

  /** What step n ≥ 1 learns. @param {number} n */
  const exampleOf = (n) => examples[(n - 1) % examples.length];
  /** Its negatives: they depend on the settings and n, not on the steps before. @param {number} n */
  const drawnAt = (n) => {
    if (isSoftmax) return null;
    if (words.length < 2) return [];
    const from = (n - 1) * negatives;
    return Array.from({ length: negatives }, (_, j) => draw(ends[exampleOf(n).target], uniform(from + j)));
  };

  /** The matrices after 0, STRIDE, 2 · STRIDE … steps, as far as somebody went. @type {Matrices[]} */
  const kept = [{ input: start(STREAM.input), output: start(STREAM.output), size }];
  let now = copy(kept[0]);
  let step = 0;
  /** @param {number} wanted */
  const go = (wanted) => {
    const near = Math.min(Math.floor(wanted / STRIDE), kept.length - 1);
    if (wanted < step || near * STRIDE > step) {
      now = copy(kept[near]);
      step = near * STRIDE;
    }
    while (step < wanted) {
      step += 1;
      learn(now, exampleOf(step), drawnAt(step), rate);
      if (step === kept.length * STRIDE) kept.push(copy(now));
    }
    return now;
  };

  /** Of negative sampling the mean over all negatives that may be drawn. @param {Matrices} W @param {Example} example */
  const expectedLoss = (W, example) => {
    const { scores } = scoresOf(W, example);
    if (isSoftmax) return logSumExp(scores) - scores[example.target];
    const total = ends[example.target][words.length - 1];
    let sum = 0;
    for (let id = 0; id < scores.length; id++) if (id !== example.target) sum += weights[id] * surprise(-scores[id]);
    return surprise(scores[example.target]) + (total && (negatives * sum) / total);
  };
  /** @type {Map<number, number>} */
  const means = new Map();
  /** The mean loss over all examples of the text after n steps. @param {number} n */
  const meanLoss = (n) => {
    let mean = means.get(n);
    if (mean === undefined) {
      const W = go(n);
      mean = examples.reduce((sum, example) => sum + expectedLoss(W, example), 0) / examples.length;
      means.set(n, mean);
    }
    return mean;
  };

  return {
    ...reading,
    examples,
    floor: isSoftmax && examples.length ? lossFloor(examples) : null,
    exampleOf,
    drawnAt,
    /** @param {number} n @returns {Matrices} */
    at: (n) => copy(go(examples.length ? n : 0)),
    meanLoss,
    /** The mean loss after 0, some and n steps. @param {number} n */
    curve: (n) => {
      const stride = [1, 2, 5, 10, 20].find((every) => n / every <= MOST_POINTS) ?? 50;
      const steps = Array.from({ length: Math.ceil(n / stride) }, (_, k) => k * stride);
      return [...steps, n].map((at) => ({ step: at, loss: meanLoss(at) }));
    },
  };
}

/** @param {Matrices} W @returns {Matrices} */
function copy({ input, output, size }) {
  return { input: input.slice(), output: output.slice(), size };
}
