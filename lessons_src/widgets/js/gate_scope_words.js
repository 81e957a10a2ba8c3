// @ts-check
/** The sentences of GateScope: what is seen, in words, from the numbers that are drawn. */
import { due, lead } from "./gate_scope_model.js";
import { inWords, MEANING, shortName, shown, visible } from "./gate_scope_rows.js";
import { showLog } from "./scales.js";

/**
 * @typedef {import("./gate_scope_model.js").Network} Network
 * @typedef {import("./gate_scope_model.js").Run} Run
 * @typedef {import("./gate_scope_rows.js").Landmark} Landmark
 * @typedef {ReturnType<typeof import("./gate_scope_model.js").traceGradient>} Gradient
 */

export const EMPTY = "No text yet: type something above, or choose an example.";

/** What a clamp does, said for the menu. */
const EFFECT = {
  f0: "f = 0: forget at every step",
  f1: "f = 1: never forget",
  i0: "i = 0: let nothing in",
  i1: "i = 1: let everything in",
  o0: "o = 0: show nothing",
  o1: "o = 1: show everything",
  z0: "z = 0: forget at every step",
  z1: "z = 1: keep for ever",
  r0: "r = 0: the candidate sees no past",
  r1: "r = 1: the candidate sees all of it",
};

/** @param {string} gate @param {number} value @param {string} scope */
export function clampWords(gate, value, scope) {
  const muted = scope === "all" && (gate === "i" || gate === "o") && value === 0;
  return muted
    ? `${gate} = 0: mute (everywhere, the network falls silent)`
    : EFFECT[/** @type {"f0"} */ (gate + value)];
}

/** "0.94" as ".94" reads better in a row of them. @param {number} p */
export const probability = (p) =>
  p > 0.995 && p < 1 ? "> .99" : p < 0.005 && p > 0 ? "< .01" : shown(p, 2).replace(/^0/, "");

/** "P = .94" or "P > .99", on one line. @param {number} p */
const chance = (p) => `P = ${probability(p)}`.replace(/= (?=[<>])/, "").replaceAll(" ", "\u00a0");

/** What is due, in a sentence. @param {Network} network @param {string} character */
const named = (network, character) => (network.closers.length ? `the closer ${character}` : `“${visible(character)}”`);

/**
 * @typedef {object} Scene
 * @property {Network} network
 * @property {Run} free without a clamp
 * @property {Run} now
 * @property {string[]} symbols
 * @property {number} at
 * @property {number} unit
 * @property {boolean} everywhere whether the clamp holds in all units
 * @property {boolean} picked whether the reader chose the character
 * @property {Gradient | null} gradient
 *
 * The live sentence.
 * @param {Scene} scene
 * @returns {string}
 */
export function sentence(scene) {
  const { network, symbols, at, gradient } = scene;
  if (!symbols.length) return EMPTY;
  const said = scene.free === scene.now ? expectation(scene) : loss(scene);
  return gradient ? `${said} ${gradientWords(gradient, at, network)}` : said;
}

/** What the model expects, with no gate held. @param {Scene} scene */
function expectation({ network, free, symbols, at, picked }) {
  const { character, probability: p } = due(network, free, at + lead(network));
  const expects = `the model expects ${named(network, character)} next with ${chance(p)}`;
  if (picked) return `After ${place(symbols, at)} ${expects}.`;
  return `${network.closers.length ? "A closer is" : "The model is"} surest after ${place(symbols, at)}: ${expects}.`;
}

/** What the clamp takes away, or puts where it is not due. @param {Scene} scene */
function loss({ network, free, now, symbols, at, picked, everywhere }) {
  const t = at + lead(network);
  const C = network.classes.length;
  const was = due(network, free, t);
  const is = due(network, now, t);
  const drop = was.probability - now.probabilities[t * C + was.index];
  const rise = is.probability - free.probabilities[t * C + is.index];
  const about = rise > drop ? is : was;
  const before = chance(free.probabilities[t * C + about.index]);
  const after = probability(now.probabilities[t * C + about.index]);
  const what = named(network, about.character);
  if (picked) return `After ${place(symbols, at)}: without the clamp the model gives ${what} ${before}; now ${after}.`;
  if (Math.max(rise, drop) < 0.05)
    return `The clamp changes next to nothing on this text${everywhere ? "." : ": whatever this unit holds, other units hold it, too."}`;
  if (rise > drop)
    return `The clamp shows most after ${place(symbols, at)}: ${what} had ${before} there without it; now ${after}.`;
  return `The clamp costs most after ${place(symbols, at)}. Without it the model expects ${what} there with ${before}; now ${after}.`;
}

/** @param {string[]} symbols @param {number} at */
const place = (symbols, at) => `“${context(symbols, at)}” (character ${at + 1})`;

/** The text up to a character, as much as fits in a sentence. @param {string[]} symbols @param {number} at */
function context(symbols, at) {
  const start = Math.max(0, at - 11);
  return (
    (start > 0 ? "…" : "") +
    symbols
      .slice(start, at + 1)
      .join("")
      .replaceAll("\n", "↵")
  );
}

/** @param {Gradient} gradient @param {number} at @param {Network} network */
function gradientWords(gradient, at, network) {
  const back = Math.min(20, at);
  if (back === 0) return "There is no earlier character for the gradient to reach.";
  const memory = gradient.c ?? gradient.h;
  if (memory[at + lead(network)] === -Infinity)
    return `L = log P(${gradient.due.character}): no gradient reaches c, since the output gates let none through.`;
  const reached = showLog(memory[at + lead(network) - back]);
  return (
    `L = log P(${gradient.due.character}): ${back} character${back === 1 ? "" : "s"} earlier, ` +
    `‖∂L/∂${gradient.c ? "c" : "h"}‖ is ${reached} times what it is here.`
  );
}

/** What the text holds that the model has never seen. @param {string[]} unknown */
export function unknownWords(unknown) {
  if (!unknown.length) return "";
  const some = unknown
    .slice(0, 8)
    .map((c) => `${c.trim() ? c : "a blank"} (U+${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")})`);
  const more = unknown.length > 8 ? ` and ${unknown.length - 8} more` : "";
  return `The model does not know ${some.join(", ")}${more}: it reads “·” there.`;
}

/**
 * Which unit is shown, how well its name was earned, and what colours the text.
 * @param {Network} network @param {Landmark | null} landmark @param {number} unit
 */
export function unitWords({ weights: { cell, hiddenSize: H } }, landmark, unit) {
  const state = cell === "LSTM" ? "c" : "h";
  if (!landmark)
    return `Unit ${unit} (the units are counted from 0 to ${H - 1}). The text is coloured by its ${state}, on its own scale.`;
  return (
    `Unit ${unit} tracks “${landmark.label}” best (best of ${H}, |r| = ${shown(Math.abs(landmark.r), 2).replace(/^0/, "")}). ` +
    `The text is orange where this says yes or much, blue where no or little: its ${state} on a midpoint, scale and sign of ` +
    "its own, since the bare state would be too pale."
  );
}

/** The question before the controls. @param {Network} network @param {Landmark[]} landmarks */
export function opening({ weights: { cell } }, landmarks) {
  const lead =
    "Type your own text. Each column is one character; each row shows one quantity of one unit. " +
    (cell === "RNN" ? "Click a character to read every number there." : "Then hold a gate, and see what is lost.");
  if (cell === "RNN")
    return { question: "An RNN has no gates. How long does its one state hold on to a bracket?", lead };
  const [mark] = landmarks;
  if (!mark) return { question: "What do the gates do on your text?", lead };
  const place = `the unit that tracks “${mark.label}” best`;
  const question =
    cell === "LSTM"
      ? `Hold the forget gate f of ${place} at 0. Which closer will the network no longer expect?`
      : `Hold the update gate z of ${place} at 0. Is it forgotten, or do other units know it, too?`;
  return { question, lead };
}

/** @param {string} key */
export const quantityWords = (key) => `${key}  ${shortName(MEANING[/** @type {"i"} */ (key)])}`;

/** @param {Landmark} mark */
export const markWords = ({ label, unit }) => `${label} (unit ${unit})`;

/**
 * The table: every number of the unit at the step, and what the network expects there.
 * @param {Scene} scene
 * @param {import("./gate_scope_rows.js").Row[]} rows
 */
export function numbersOf({ network, free, now, symbols, at, unit, gradient }, rows) {
  if (!symbols.length) return { caption: EMPTY, head: ["quantity"], rows: [] };
  const t = at + lead(network);
  const clamped = free !== now;
  const values = rows
    .filter(({ kind }) => kind === "signed" || kind === "gate")
    .map(({ symbol, values: track }) => [
      `${symbol} of unit ${unit}`,
      shown(track[at], 4),
      ...(clamped ? [shown(free.record[/** @type {"h"} */ (symbol)][t * free.record.H + unit], 4)] : []),
    ]);
  const C = network.classes.length;
  const expected = network.classes.map((name, k) => ({
    name,
    now: now.probabilities[t * C + k],
    free: free.probabilities[t * C + k],
  }));
  if (C > 16) expected.sort((a, b) => b.now - a.now).splice(16);
  const chances = expected.map((e) => [
    `P(next is ${inWords(e.name)})`,
    shown(e.now, 4),
    ...(clamped ? [shown(e.free, 4)] : []),
  ]);
  const norms =
    gradient === null
      ? []
      : [
          ["log10 ‖∂L/∂h‖ here", shown(gradient.logNormH[t], 4)],
          ...(gradient.c ? [["log10 ‖∂L/∂c‖ here", shown(gradient.logNormC[t], 4)]] : []),
        ].map((row) => (clamped ? [...row, ""] : row));
  return {
    caption: `After character ${at + 1} of ${symbols.length}, “${context(symbols, at)}”`,
    head: ["quantity", clamped ? "with the clamp" : "value", ...(clamped ? ["without it"] : [])],
    rows: [...values, ...chances, ...norms],
  };
}
