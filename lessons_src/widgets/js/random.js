// @ts-check
/**
 * Random numbers that depend on a seed only, the same here and in Python (`lessons_src/widgets/draws.py`).
 *
 * SplitMix32: the k-th number is a hash of start + k · 0x9e3779b9 (the golden ratio of 2³²), so that numbers are as far
 * apart in their hash as can be. The hash is the finaliser of MurmurHash3 with better constants, found by Chris Wellons
 * ("lowbias32", public domain). Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA.
 * Normal numbers by Box and Muller (1958), two from each two.
 *
 *   uniforms(seed, stream)         → the k-th number of the stream, between 0 and 1, never at its ends, as a function of k
 *   normals(seed, stream, count)   → Float64Array of N(0, 1). Streams of one seed are independent of each other, and the
 *                                    first numbers of a stream do not depend on how many are asked for.
 */

const GOLDEN = 0x9e3779b9;

/** @param {number} x a whole number, taken modulo 2³² @returns {number} 0 … 2³² − 1 */
function hash32(x) {
  let y = x >>> 0;
  y = Math.imul(y ^ (y >>> 16), 0x7feb352d);
  y = Math.imul(y ^ (y >>> 15), 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}

/** @param {number} seed @param {number} stream */
export function uniforms(seed, stream) {
  const start = hash32(hash32(seed + GOLDEN) + stream);
  return (/** @type {number} */ k) => (hash32(start + Math.imul(k + 1, GOLDEN)) + 0.5) / 2 ** 32;
}

/**
 * @param {number} seed
 * @param {number} stream
 * @param {number} count
 */
export function normals(seed, stream, count) {
  const uniform = uniforms(seed, stream);
  const out = new Float64Array(count);
  for (let k = 0; k < count; k += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(k)));
    const angle = 2 * Math.PI * uniform(k + 1);
    out[k] = radius * Math.cos(angle);
    if (k + 1 < count) out[k + 1] = radius * Math.sin(angle);
  }
  return out;
}
