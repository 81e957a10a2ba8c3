// @ts-check
/**
 * The arithmetic of word vectors: what is near a − b + c, and where words lie on a map of their space. In Float64, as
 * `lessons_src/word_vectors.py` has it.
 *
 *   makeSpace({ words, matrix, size, axes })     → Space: the vectors as they are ("dot") and scaled to length 1 ("cosine")
 *   offset(space, measure, [a, b, c])            → a − b + c
 *   likeness(space, measure, vector)             → the cosine or dot product of each word with the vector
 *   ranking(values, count, leftOut)              → the words with the greatest values, the greatest first
 *   plane(space, measure)                        → { x, y, project(vector), kept }: the map, and the part of the variance it keeps
 *   nearestOnMap(plane, word, count)             → the words whose dots are nearest to a word's
 *   compass(space, settings)                     → all of this for what the reader has set
 *
 * A word is its number, from 0; a vector of zeros has the cosine 0 with everything.
 */

/**
 * @typedef {"cosine" | "dot"} Measure
 *
 * @typedef {object} Space
 * @property {string[]} words
 * @property {Map<string, number>} ids
 * @property {number} size
 * @property {Record<Measure, Float64Array>} rows row by row
 * @property {Record<Measure, Float64Array>} axes the directions of the map, two rows
 *
 * @typedef {{ x: Float64Array, y: Float64Array, kept: number, project: (vector: ArrayLike<number>) => [number, number] }} Plane
 *
 * @typedef {object} Settings
 * @property {"analogy" | "neighbours"} mode
 * @property {Measure} measure
 * @property {boolean} exclude
 * @property {[number, number, number]} query a, b and c
 * @property {number} word the chosen one
 *
 * @typedef {{ word: number, value: number }} Found
 *
 * @typedef {object} Result
 * @property {Found[]} answers
 * @property {Found} first the first answer that is not a word one asked with
 * @property {Found[]} alone what is nearest to a, and to c, without arithmetic
 * @property {Float64Array | null} target a − b + c, if there is arithmetic
 * @property {boolean} nowhere whether all that is measured is 0, so that the order says nothing
 * @property {number[]} onMap
 * @property {number[]} inSpace
 * @property {number[]} shared the words in both
 * @property {Plane} plane
 */

export const COUNT = 10;

/**
 * @param {{ words: string[], matrix: Float64Array, size: number, axes: Record<Measure, Float64Array> }} given
 * @returns {Space}
 */
export function makeSpace({ words, matrix, size, axes }) {
  const scaled = matrix.slice();
  for (let k = 0; k < words.length; k++) scaled.set(unit(matrix.subarray(k * size, (k + 1) * size)), k * size);
  const ids = new Map(words.map((word, k) => [word, k]));
  return { words, ids, size, rows: { cosine: scaled, dot: matrix }, axes };
}

/** @param {Float64Array} vector */
function unit(vector) {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} [from] where b begins */
function dot(a, b, from = 0) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[from + i];
  return sum;
}

/** @param {Space} space @param {Measure} measure @param {number} word */
function rowOf({ rows, size }, measure, word) {
  return rows[measure].subarray(word * size, (word + 1) * size);
}

/** @param {Space} space @param {Measure} measure @param {[number, number, number]} query */
export function offset(space, measure, query) {
  const [a, b, c] = query.map((word) => rowOf(space, measure, word));
  return a.map((value, i) => value - b[i] + c[i]);
}

/** @param {Space} space @param {Measure} measure @param {Float64Array} vector */
export function likeness({ words, rows, size }, measure, vector) {
  const to = measure === "cosine" ? unit(vector) : vector;
  return Float64Array.from(words, (_, k) => dot(to, rows[measure], k * size));
}

/**
 * Values that differ by less than 1e-12 of the greatest are level, so that rounding decides nothing; then the order of the
 * words does.
 * @param {Float64Array} values @param {number} count @param {Iterable<number>} [leftOut]
 */
export function ranking(values, count, leftOut = []) {
  const out = new Set(leftOut);
  const step = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 2 ** -40 || 1;
  /** @type {{ word: number, key: number }[]} */
  const best = [];
  values.forEach((value, word) => {
    const key = Math.round(value / step);
    if ((best.length === count && key <= best[count - 1].key) || out.has(word)) return;
    let at = best.length;
    while (at > 0 && best[at - 1].key < key) at -= 1;
    best.splice(at, 0, { word, key });
    best.length = Math.min(best.length, count);
  });
  return best.map(({ word }) => word);
}

/* ------------------------------------------------------------------------------------------------------- the map */

/** @param {Space} space @param {Measure} measure @returns {Plane} */
export function plane({ words, rows, axes, size }, measure) {
  const all = rows[measure];
  const mean = new Float64Array(size);
  for (let at = 0; at < all.length; at++) mean[at % size] += all[at] / words.length;
  const [across, up] = [axes[measure].subarray(0, size), axes[measure].subarray(size)];
  /** @param {ArrayLike<number>} vector @returns {[number, number]} */
  const project = (vector) => {
    const centred = mean.map((value, i) => vector[i] - value);
    return [dot(centred, across), dot(centred, up)];
  };
  const places = words.map((_, k) => project(all.subarray(k * size, (k + 1) * size)));
  const [x, y] = [0, 1].map((axis) => Float64Array.from(places, (place) => place[axis]));
  const total = all.reduce((sum, value, at) => sum + (value - mean[at % size]) ** 2, 0);
  const spreads = total > 1e-24 * dot(all, all);
  return { x, y, project, kept: spreads ? (dot(x, x) + dot(y, y)) / total : 1 };
}

/** @param {Plane} plane @param {number} word @param {number} count */
export function nearestOnMap({ x, y }, word, count) {
  const closeness = x.map((value, k) => -((value - x[word]) ** 2) - (y[k] - y[word]) ** 2);
  return ranking(closeness, count, [word]);
}

/* ------------------------------------------------------------------------------------------------------ all at once */

/**
 * @param {Space} space @param {Settings} settings
 * @param {(measure: Measure) => Plane} planeOf
 * @returns {Result}
 */
export function compass(space, { mode, measure, exclude, query, word }, planeOf) {
  const target = mode === "analogy" ? offset(space, measure, query) : null;
  const asked = target ? query : [word];
  const values = likeness(space, measure, target ?? rowOf(space, measure, word));
  /** @param {number} k */
  const found = (k) => ({ word: k, value: values[k] });

  const alone = [query[0], query[2]].map((one) => {
    const beside = likeness(space, measure, rowOf(space, measure, one));
    const [nearest] = ranking(beside, 1, exclude ? query : [one]);
    return { word: nearest, value: beside[nearest] };
  });

  const map = planeOf(measure);
  const onMap = nearestOnMap(map, word, COUNT);
  const inSpace = ranking(likeness(space, measure, rowOf(space, measure, word)), COUNT, [word]);
  return {
    answers: ranking(values, COUNT, exclude ? asked : []).map(found),
    first: found(ranking(values, 1, asked)[0]),
    alone,
    target,
    nowhere: values.every((value) => value === 0),
    onMap,
    inSpace,
    shared: onMap.filter((k) => inSpace.includes(k)),
    plane: map,
  };
}
