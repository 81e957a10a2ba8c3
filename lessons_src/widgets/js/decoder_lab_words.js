// @ts-check
/**
 * What DecoderLab says about what it shows.
 *
 *   sentence(scene)         the live sentence
 *   captionOf(scene)        how to read the figure
 *   captionOfTree(scene)    the tree in words
 *   numbersOf(scene)        the table
 */
import { END_ID } from "./seq2seq.js";

/**
 * @typedef {import("./decoder_lab.js").Scene} Scene
 * @typedef {import("./decoding.js").Hypothesis} Hypothesis
 */

const DIGITS_LEARNT = 3;

/** @param {number} token @param {string[]} symbols */
export const nameOf = (token, symbols) => (token === END_ID ? "END" : symbols[token]);

/** @param {number[]} tokens @param {string[]} symbols */
export const textOf = (tokens, symbols) =>
  tokens
    .filter((token) => token !== END_ID)
    .map((token) => symbols[token])
    .join("");

/** @param {number} x @param {number} digits */
export const signed = (x, digits) => {
  const text = Math.abs(x).toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
};

/** @param {Hypothesis} h */
const chance = (h) => {
  const p = Math.exp(h.total);
  return p < 0.01 ? "P below 0.01" : `P ${p.toFixed(2)}`;
};

/** The step at which the beam dropped the greedy path; 0 if it kept it. @param {Scene} scene */
function droppedAt({ tree, greedy }) {
  const goals = greedy.steps.map((step) => step.find(({ kept }) => kept)?.tokens.join());
  return (
    1 +
    goals.findIndex(
      (goal, t) => tree.steps[t] && !tree.steps[t].some(({ kept, tokens }) => kept && tokens.join() === goal),
    )
  );
}

/** @param {Scene} scene */
export function sentence(scene) {
  if (!scene.T) return "There is nothing to read: type a sum, such as 12+34.";
  const said = scene.shown < scene.T ? [underWay(scene)] : [outcome(scene), injected(scene), strange(scene)];
  return said.filter(Boolean).join(" ");
}

/** @param {Scene} scene */
function underWay(scene) {
  const { tree, shown, T, symbols, reads, method } = scene;
  const kept = tree.steps[shown - 1].filter((h) => h.kept);
  const words = kept.map(({ tokens }) => `“${tokens.map((token) => nameOf(token, symbols)).join(" ")}”`);
  const step = `Step ${shown} of ${T}`;
  if (reads === "forced" || method !== "beam")
    return `${step}: ${method === "sampling" ? "drawn" : "the likeliest"} is ${nameOf(kept[0].tokens[shown - 1], symbols)} (P ${Math.exp(kept[0].log).toFixed(2)}).`;
  const dropped = droppedAt(scene) === shown ? " Here the greedy path is dropped." : "";
  return `${step}: the beam keeps ${words.join(", ")}.${dropped}`;
}

/** @param {Scene} scene */
function outcome(scene) {
  const { tree, greedy, truth, reads, method, width, symbols, temperature, seed } = scene;
  const best = tree.found[0];
  const text = textOf(best.tokens, symbols);
  if (reads === "forced") {
    const all = best.tokens.map((token) => nameOf(token, symbols)).join(" ");
    const [right, of] = rightBehind(scene, best.tokens, 0);
    return `It reads the true sum, ${truth}, whatever it writes, and writes ${all}: ${right} of ${of} tokens are right.`;
  }
  const who = {
    greedy: "Greedy",
    beam: `The beam of ${width}`,
    sampling: `Drawn with temperature ${temperature.toFixed(1)} and seed ${seed}, it`,
  }[method];
  const open = best.ended ? "" : ", and was stopped there";
  const verdict = truth === null ? "" : text === truth && best.ended ? ", which is right" : `; the sum is ${truth}`;
  const first = `${who} writes “${text}” (${chance(best)})${open}${verdict}.`;
  if (method !== "beam") return first;
  const other = greedy.found[0];
  if (other.tokens.join() === best.tokens.join()) return `${first} Greedy writes the same.`;
  const dropped = droppedAt(scene);
  const how = dropped ? `; the beam dropped that path at step ${dropped}` : "; the beam found that too";
  return `${first} Greedy writes “${textOf(other.tokens, symbols)}” (${chance(other)})${how}.`;
}

/** How many tokens behind a place are right, and how many there are. @param {Scene} scene @param {number[]} tokens @param {number} place */
function rightBehind({ truthIds }, tokens, place) {
  const due = (truthIds ?? []).slice(place);
  return [due.filter((token, k) => tokens[place + k] === token).length, due.length];
}

/** @param {Scene} scene */
function injected(scene) {
  const { wrongAt, wrongDigit, free, forced, truthIds, symbols } = scene;
  if (wrongAt === null) return "";
  const tokens = free.found[0].tokens;
  if (tokens.length < wrongAt) return `The free run ends before step ${wrongAt}, so the wrong digit is never written.`;
  if (!truthIds || !forced) return `At step ${wrongAt} it had to write ${wrongDigit}.`;
  const due = truthIds[wrongAt - 1];
  if (due === undefined) return `The sum has no step ${wrongAt}: the ${wrongDigit} comes behind its end.`;
  if (nameOf(due, symbols) === String(wrongDigit)) return `At step ${wrongAt} the digit ${wrongDigit} is right.`;
  const [alone, of] = rightBehind(scene, tokens, wrongAt);
  if (!of) return `The ${wrongDigit} stands at the last step; nothing is due behind it.`;
  const [led] = rightBehind(scene, forced.found[0].tokens, wrongAt);
  const verb = alone === of ? "recovers" : "derails";
  return `Behind the wrong ${wrongDigit} at step ${wrongAt} the free run ${verb}: ${alone} of ${of} tokens are right. Forced, ${led} of ${of} are.`;
}

/** @param {Scene} scene */
function strange({ truth, text, unknown }) {
  const strangers = unknown.length ? ` It does not know ${unknown.join(" ")}.` : "";
  if (truth === null) return `This is no sum, and it answers all the same.${strangers}`;
  const longest = Math.max(...text.split("+").map((part) => part.length));
  return longest > DIGITS_LEARNT ? "It learnt with numbers of at most three digits." : "";
}

/** @param {Scene} scene */
export function captionOf({ T, reads, method }) {
  if (!T) return "";
  if (reads === "forced")
    return "Each column is a step: the token that is written, framed, with its log P, and the next best, dashed.";
  const end = "Under each token: log P of the text so far.";
  if (method !== "beam") return `Each column is a step: what is written, framed, and the next best, dashed. ${end}`;
  return `Each column is a step: kept beginnings are framed, pruned ones dashed, the winner filled. Orange: the greedy path, dotted once the beam has dropped it. ${end}`;
}

/** @param {Scene} scene */
export function captionOfTree({ tree, shown, symbols, text }) {
  const steps = tree.steps.slice(0, shown).map((step, t) => {
    const kept = step.filter((h) => h.kept).map(({ tokens }) => nameOf(tokens[t], symbols));
    return `step ${t + 1}: ${kept.join(", ")}`;
  });
  return `Hypotheses for ${text}. Kept, the likeliest first: ${steps.join("; ")}.`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ tree, shown, symbols, text, T }) {
  const rows = tree.steps.slice(0, shown).flatMap((step, t) => {
    let pruned = 0;
    return step
      .filter((h) => h.kept || pruned++ < 3)
      .map((h) => [
        String(t + 1),
        h.tokens.map((token) => nameOf(token, symbols)).join(" "),
        signed(h.log, 6),
        signed(h.total, 6),
        signed(h.score, 6),
        h.kept ? (h.ended ? "kept, ended" : "kept") : "pruned",
      ]);
  });
  return {
    caption: T ? `Hypotheses for ${text}; of the pruned ones the best three of each step.` : "Nothing to read.",
    head: ["step", "tokens", "log P of the last", "log P of all", "score", ""],
    rows,
  };
}
