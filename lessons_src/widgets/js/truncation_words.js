// @ts-check
/**
 * What TruncationWindow says of what is drawn.
 *
 *   aboutScene(scene)       the live sentence
 *   aboutCell(scene, s, t)  one number of the grid, exactly
 *   aboutStates(scene)      whether the states are those of the full pass
 *   numbersOf(scene)        the table of numbers
 */
import { brief, lower } from "./maths.js";

/** @typedef {import("./truncation_window.js").Scene} Scene */

/** @param {Scene} scene */
export function aboutScene(scene) {
  const { T, cosine, ratio } = scene;
  const count = countCut(scene);
  const all = (T * (T + 1)) / 2;
  if (count === 0)
    return `Every loss reaches back to step 1: nothing is cut, and ∂L/∂W_hh is ${ratio === 1 ? "exactly " : ""}that of the full pass.${scene.differs ? ` ${aboutStates(scene)}` : ""}`;
  const turned = Number.isFinite(cosine)
    ? `has ${brief(ratio)} times the length of the full one and cosine ${brief(cosine)} with it`
    : "is 0";
  return `${count} of ${all} gradients are cut and exactly 0. ${aboutStates(scene)} The truncated ∂L/\u2060∂W_hh ${turned}.`;
}

/** How many gradients are cut. @param {Scene} scene */
export const countCut = ({ cut }) => cut.reach.reduce((sum, { first }) => sum + first - 1, 0);

/** @param {Scene} scene */
function aboutStates({ differs, carry }) {
  if (!differs) return carry ? "All states are the same, bit by bit." : "All states happen to be the same.";
  return `From step ${differs} on the states differ: a window that starts from zeros has forgotten the past.`;
}

/** @param {Scene} scene @param {number} s @param {number} t */
export function aboutCell(scene, s, t) {
  const name = `‖∂L${lower(s)}/∂h${lower(t)}‖`;
  if (t > s) return `${name}: 0. The loss of step ${s} knows nothing of later states.`;
  const { is, was, cut } = scene.cell(s, t);
  if (cut) return `${name}: cut, exactly 0. In the full pass it is ${exact(was)}.`;
  return `${name}: ${exact(is)}. ${Object.is(is, was) ? "The full pass has the same." : `In the full pass it is ${exact(was)}.`}`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf(scene) {
  const { T, H, full, cut, cosine, ratio, window, stride, carry } = scene;
  const steps = Array.from({ length: T }, (_, k) => k + 1);
  const state = (/** @type {Float64Array} */ states, /** @type {number} */ t) =>
    [...states.subarray((t - 1) * H, t * H)].map(exact).join(", ");
  return {
    caption:
      `Window ${window}, a backward pass every ${stride}, state ${carry ? "carried" : "not carried"}. ` +
      `Cosine ${exact(cosine)}, ratio of norms ${exact(ratio)}. Rows of losses: ‖∂L_s/∂h_t‖.`,
    head: ["", ...steps.map((t) => `t = ${t}`)],
    rows: [
      ["h_t, full", ...steps.map((t) => state(full.states, t))],
      ["h_t, truncated", ...steps.map((t) => state(cut.states, t))],
      ...steps.flatMap((s) => {
        const cells = steps.map((t) => (t > s ? null : scene.cell(s, t)));
        return [
          [`L_${s}, full`, ...cells.map((cell) => (cell ? exact(cell.was) : ""))],
          [`L_${s}, truncated`, ...cells.map((cell) => (cell ? (cell.cut ? "0 (cut)" : exact(cell.is)) : ""))],
        ];
      }),
    ],
  };
}

/** @param {number} x */
export function exact(x) {
  if (!Number.isFinite(x)) return "–";
  return Math.abs(x) >= 0.001 ? x.toFixed(6).replace("-", "−") : brief(x);
}
