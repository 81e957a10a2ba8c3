// @ts-check
/**
 * N-gram models by counting, as lessons_src/language_models.py has them; the page counts them from a text by itself.
 *
 *   tokenize("Stop it.", "word")                ["stop", "it", "."]
 *   readVocabulary(tokens)                      the tokens of a training text, each with an id; the last id is for unknowns
 *   createCounts(ids)                           counts of all n-grams, each order when it is first asked for
 *   estimate(counts, settings, context, w)      P(w | context)
 *   distribution(counts, settings, context)     P(w | context) for every w
 *   readSentence(counts, settings, ids)         for each token its probability, and the longest n-gram that was seen
 *   likeliest(share, most)                      the ids with the greatest probabilities, the greatest first
 *
 * "add":          P(w | h) = (c(h w) + k) / (c(h) + k V)
 * "witten-bell":  P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h)), down to P(w) = 1 / V
 */

/**
 * @typedef {{ total: number, times: Map<number, number> }} Followers what was counted behind one context
 * @typedef {{ order: number, smoothing: string, add: number, vocabSize: number }} Settings
 * @typedef {ReturnType<typeof createCounts>} Counts
 * @typedef {{ probability: number, longest: number }} Reading longest: the length of the longest n-gram ending here that
 *   was ever seen, 0 for a token that was not
 */

/** @param {string} text @param {string} unit */
export function tokenize(text, unit) {
  if (unit === "character") return [...text];
  return text.toLowerCase().match(/[\p{L}\p{N}_]+(?:'[\p{L}\p{N}_]+)*|[^\p{L}\p{N}_\p{White_Space}\p{Cc}]/gu) ?? [];
}

/** @param {string[]} tokens of the training text @param {string} unknown */
export function readVocabulary(tokens, unknown) {
  const known = [...new Set(tokens)].filter((token) => token !== unknown).sort(byCodePoint);
  const ids = new Map(known.map((token, id) => [token, id]));
  const lowers = [...known, unknown].every((token) => token === token.toLowerCase());
  /** @param {string} token */
  const lowered = (token) => {
    const small = lowers ? token.toLowerCase() : token;
    return [...small].length === [...token].length ? small : token;
  };
  return {
    tokens: [...known, unknown],
    /** @param {string[]} text */
    encode: (text) => text.map((token) => ids.get(lowered(token)) ?? known.length),
  };
}

/** @param {string} a @param {string} b */
function byCodePoint(a, b) {
  const [left, right] = [[...a], [...b]];
  for (let k = 0; k < Math.min(left.length, right.length); k++) {
    const step = /** @type {number} */ (left[k].codePointAt(0)) - /** @type {number} */ (right[k].codePointAt(0));
    if (step) return step;
  }
  return left.length - right.length;
}

/** @param {number[]} ids of the training text; below 60,000, so that each fits one unit of a string */
export function createCounts(ids) {
  const code = ids.map((id) => String.fromCharCode(id)).join("");
  /** @type {Map<string, Followers>[]} by the length of the context */
  const levels = [];
  /** @param {number} length */
  const count = (length) => {
    /** @type {Map<string, Followers>} */
    const level = new Map();
    for (let k = length; k < ids.length; k++) {
      const context = code.slice(k - length, k);
      const found = level.get(context) ?? { total: 0, times: new Map() };
      if (!found.total) level.set(context, found);
      found.total += 1;
      found.times.set(ids[k], (found.times.get(ids[k]) ?? 0) + 1);
    }
    return level;
  };
  /** What followed this context; undefined if nothing ever did. @param {number[]} context */
  return (context) => {
    while (levels.length <= context.length) levels.push(count(levels.length));
    return levels[context.length].get(String.fromCharCode(...context));
  };
}

/** The last n − 1 tokens. @param {number[]} before @param {number} order */
export function contextOf(before, order) {
  return before.slice(Math.max(0, before.length - order + 1));
}

/** @param {Counts} counts @param {Settings} settings @param {number[]} context @param {number} w */
function estimate(counts, { smoothing, add, vocabSize }, context, w) {
  if (smoothing !== "witten-bell") {
    const seen = counts(context);
    const total = (seen?.total ?? 0) + add * vocabSize;
    return total ? ((seen?.times.get(w) ?? 0) + add) / total : 0;
  }
  let share = 1 / vocabSize;
  for (let start = context.length; start >= 0; start--) {
    const seen = counts(context.slice(start));
    if (!seen) continue;
    const kinds = seen.times.size;
    share = ((seen.times.get(w) ?? 0) + kinds * share) / (seen.total + kinds);
  }
  return share;
}

/** @param {Counts} counts @param {Settings} settings @param {number[]} context */
export function distribution(counts, settings, context) {
  return Float64Array.from({ length: settings.vocabSize }, (_, w) => estimate(counts, settings, context, w));
}

/** @param {Counts} counts @param {Settings} settings @param {number[]} ids @returns {Reading[]} */
export function readSentence(counts, settings, ids) {
  return ids.map((w, k) => {
    const context = contextOf(ids.slice(Math.max(0, k - settings.order), k), settings.order);
    return { probability: estimate(counts, settings, context, w), longest: longestSeen(counts, context, w) };
  });
}

/** @param {Counts} counts @param {number[]} context @param {number} w */
function longestSeen(counts, context, w) {
  for (let start = 0; start <= context.length; start++)
    if (counts(context.slice(start))?.times.has(w)) return context.length - start + 1;
  return 0;
}

/** @param {Float64Array} share @param {number} most */
export function likeliest(share, most) {
  return [...share.keys()].sort((a, b) => share[b] - share[a] || a - b).slice(0, most);
}

/** Bits a token, and 2 to that power. @param {Reading[]} readings */
export function summary(readings) {
  const bits = readings.reduce((sum, { probability }) => sum - Math.log2(probability), 0) / readings.length;
  return { bits, perplexity: 2 ** bits };
}

/** How many of the last tokens of a context were ever followed by something. @param {Counts} counts @param {number[]} context */
export function contextSeen(counts, context) {
  for (let start = 0; start < context.length; start++) if (counts(context.slice(start))) return context.length - start;
  return 0;
}
