// @ts-check
/**
 * Writing the target with a model of pairs: beam search, of which greedy is width 1, and runs of one text, drawn or forced.
 * Arithmetic only; the search is that of `lessons_src/decoding.py`, and a test compares the two.
 *
 *   beamSearch(model, encoded, { width, most, lengthPenalty, wrong })   → { steps, found }
 *   singleRun(model, encoded, { most, temperature, uniform, truth, wrong })   → { steps, found }
 *
 * `wrong` is { at, token } or null: at that step, from 1, nothing but this token is written. `truth` is the ids that a
 * forced decoder reads, END included, or null for one that reads what it wrote.
 */
import { allowed, END_ID, logSoftmax, START_ID } from "./seq2seq.js";

/**
 * @typedef {{ at: number, token: number } | null} Wrong
 *
 * @typedef {object} Hypothesis
 * @property {number[]} tokens
 * @property {number} total the sum of the tokens' log-probabilities
 * @property {number} log of its last token
 * @property {number} score total / number of tokens ** length penalty
 * @property {boolean} ended whether END was written
 * @property {boolean} kept whether it is among those that the step kept
 * @property {Hypothesis | null} parent
 * @property {Float64Array} state after its last token but one
 *
 * @typedef {ReturnType<typeof import("./seq2seq.js").createSeq2Seq>} PairModel
 * @typedef {import("./seq2seq.js").Encoded} Encoded
 * @typedef {{ steps: Hypothesis[][], found: Hypothesis[] }} Search the candidates of each step and what was found, best first
 */

/**
 * @param {PairModel} model @param {Encoded} encoded
 * @param {{ width: number, most: number, lengthPenalty: number, wrong: Wrong }} options
 * @returns {Search}
 */
export function beamSearch(model, encoded, { width, most, lengthPenalty, wrong }) {
  /** @type {(Hypothesis | null)[]} */
  let alive = [null];
  /** @type {Hypothesis[][]} */
  const steps = [];
  /** @type {Hypothesis[]} */
  const found = [];
  while (alive.length) {
    const candidates = alive
      .flatMap((parent) => continued(model, encoded, parent, steps.length + 1, wrong, lengthPenalty))
      .sort((a, b) => b.total - a.total || inOrder(a.tokens, b.tokens));
    const kept = candidates.slice(0, width);
    for (const hypothesis of kept) hypothesis.kept = true;
    steps.push(candidates);
    found.push(...kept.filter(({ ended, tokens }) => ended || tokens.length === most));
    alive = kept.filter(({ ended, tokens }) => !ended && tokens.length < most);
  }
  found.sort((a, b) => b.score - a.score || inOrder(a.tokens, b.tokens));
  return { steps, found: found.slice(0, width) };
}

/**
 * One text: each step takes the likeliest token, or draws one if there are uniform numbers.
 * @param {PairModel} model @param {Encoded} encoded
 * @param {object} options
 * @param {number} options.most
 * @param {number} [options.temperature]
 * @param {((k: number) => number) | null} [options.uniform]
 * @param {number[] | null} options.truth
 * @param {Wrong} options.wrong
 * @returns {Search}
 */
export function singleRun(model, encoded, { most, temperature = 1, uniform = null, truth, wrong }) {
  /** @type {Hypothesis | null} */
  let written = null;
  /** @type {Hypothesis[][]} */
  const steps = [];
  const length = Math.min(most, truth ? truth.length : most);
  while (steps.length < length && (truth || !written?.ended)) {
    const at = steps.length;
    const read = truth && at > 0 ? truth[at - 1] : undefined;
    const candidates = continued(model, encoded, written, at + 1, wrong, 0, read);
    candidates.sort((a, b) => b.total - a.total || inOrder(a.tokens, b.tokens));
    /** @type {Hypothesis} */
    const chosen = uniform ? drawn(candidates, temperature, uniform(at)) : candidates[0];
    chosen.kept = true;
    steps.push(candidates);
    written = chosen;
  }
  return { steps, found: written ? [written] : [] };
}

/**
 * A hypothesis with each token behind it that can be written.
 * @param {PairModel} model @param {Encoded} encoded @param {Hypothesis | null} parent @param {number} step from 1
 * @param {Wrong} wrong @param {number} penalty @param {number} [read] what is read instead of its own last token
 * @returns {Hypothesis[]}
 */
function continued(model, encoded, parent, step, wrong, penalty, read) {
  const before = parent?.tokens ?? [];
  const { scores, state } = model.step(encoded, parent?.state ?? encoded.state, read ?? before.at(-1) ?? START_ID);
  return [...logSoftmax(allowed(scores))].flatMap((log, token) => {
    if (log === -Infinity || (wrong?.at === step && token !== wrong.token)) return [];
    const total = (parent?.total ?? 0) + log;
    const tokens = [...before, token];
    const score = total / tokens.length ** penalty;
    return [{ tokens, total, log, score, ended: token === END_ID, kept: false, parent, state }];
  });
}

/** @param {Hypothesis[]} candidates @param {number} temperature @param {number} uniform */
function drawn(candidates, temperature, uniform) {
  if (temperature === 0) return candidates[0];
  const most = candidates[0].log;
  const inIds = [...candidates].sort((a, b) => inOrder(a.tokens, b.tokens));
  const powers = inIds.map(({ log }) => Math.exp((log - most) / temperature));
  let left = uniform * powers.reduce((sum, power) => sum + power, 0);
  return (
    inIds.find((_, k) => {
      left -= powers[k];
      return left < 0;
    }) ?? inIds[inIds.length - 1]
  );
}

/** @param {number[]} a @param {number[]} b */
function inOrder(a, b) {
  const at = a.findIndex((token, k) => token !== b[k]);
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? -1);
}
