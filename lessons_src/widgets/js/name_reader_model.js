// @ts-check
/**
 * A bidirectional LSTM that classifies a text, in float64. Arithmetic only; it is `lessons_src.classifier.TextClassifier`.
 *
 *   makeClassifier(packed)                                → Classifier
 *   lettersOf(name, longest)                              what is read of a name: small letters of ASCII
 *   encode(letters, alphabet)                             → ids, the last one for unknowns
 *   probabilities(classifier, ids, how)                   → P of each class, for the whole of `ids`
 *   answers(classifier, ids, how)                         → the same for each beginning of `ids`
 */
import { unpack } from "./arrays.js";
import { sequenceForward } from "./cells.js";

/**
 * @typedef {import("./cells.js").Weights} Weights
 * @typedef {"final" | "mean" | "last"} Reading
 * @typedef {{ reading: Reading, padding: number, lengths: boolean }} How
 *
 * @typedef {object} Classifier
 * @property {Float64Array} embedding (V + 1, D); the last row is that of padding
 * @property {Weights} forward
 * @property {Weights} backward
 * @property {Float64Array} headWeight (C, 2H)
 * @property {Float64Array} headBias (C)
 */

/** @param {Record<string, import("./arrays.js").Packed>} packed @returns {Classifier} */
export function makeClassifier(packed) {
  const { shape, values: embedding } = unpack(packed.embedding);
  const direction = (/** @type {string} */ way) => {
    const [weightIh, weightHh, biasIh, biasHh] = ["Ih", "Hh", "BiasIh", "BiasHh"].map(
      (name) => unpack(packed[way + name]).values,
    );
    const hiddenSize = biasIh.length / 4;
    return { cell: /** @type {const} */ ("LSTM"), inputSize: shape[1], hiddenSize, weightIh, weightHh, biasIh, biasHh };
  };
  return {
    embedding,
    forward: direction("forward"),
    backward: direction("backward"),
    headWeight: unpack(packed.headWeight).values,
    headBias: unpack(packed.headBias).values,
  };
}

/** @param {string} name @param {number} longest */
export function lettersOf(name, longest) {
  const plain = [...name.normalize("NFKD")].filter((c) => c.charCodeAt(0) < 128).join("");
  return plain.toLowerCase().trim().slice(0, longest).trim();
}

/** @param {string} letters @param {string} alphabet */
export function encode(letters, alphabet) {
  return Array.from(letters, (letter) => {
    const id = alphabet.indexOf(letter);
    return id < 0 ? alphabet.length - 1 : id;
  });
}

/** @param {Classifier} classifier @param {number[]} ids @param {How} how */
export function answers(classifier, ids, how) {
  return ids.map((_, t) => probabilities(classifier, ids.slice(0, t + 1), how));
}

/** @param {Classifier} classifier @param {number[]} ids at least one @param {How} how */
export function probabilities(classifier, ids, how) {
  const { headWeight, headBias } = classifier;
  const vector = vectorOf(classifier, ids, how);
  const scores = headBias.map((bias, k) =>
    vector.reduce((sum, v, j) => sum + v * headWeight[k * vector.length + j], bias),
  );
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** What stands for the text: (2H). @param {Classifier} classifier @param {number[]} ids @param {How} how */
function vectorOf({ embedding, forward, backward }, ids, { reading, padding, lengths }) {
  const { hiddenSize: H, inputSize: D } = forward;
  if (reading === "last" && lengths && padding > 0) return new Float64Array(2 * H); // behind a text's end y is zero
  const filler = embedding.length / D - 1;
  const steps = lengths ? ids : [...ids, ...Array(padding).fill(filler)];
  const there = sequenceForward(forward, rows(embedding, steps, D)).h;
  const back = sequenceForward(backward, rows(embedding, [...steps].reverse(), D)).h;
  const end = (steps.length - 1) * H;
  const joined = new Float64Array(2 * H);
  if (reading === "mean") {
    for (let t = 0; t < steps.length; t++)
      for (let j = 0; j < H; j++) {
        joined[j] += there[t * H + j] / steps.length;
        joined[H + j] += back[t * H + j] / steps.length;
      }
    return joined;
  }
  joined.set(there.subarray(end));
  joined.set(reading === "final" ? back.subarray(end) : back.subarray(0, H), H); // at the last place it has only begun
  return joined;
}

/** @param {Float64Array} table @param {number[]} ids @param {number} width */
function rows(table, ids, width) {
  const found = new Float64Array(ids.length * width);
  ids.forEach((id, t) => {
    found.set(table.subarray(id * width, (id + 1) * width), t * width);
  });
  return found;
}
