// @ts-check
/**
 * What ForgetBias says of what is drawn.
 *
 *   brief(x)               a setting, with at most two decimals
 *   sayHalfLife(scene)     "half-life 2.2 steps"
 *   aboutScene(scene, t)   the live sentence
 *   numbersOf(scene)       the table of numbers
 */
import { show, showLog } from "./scales.js";

/** @typedef {import("./forget_bias.js").Scene} Scene */

/** @param {number} x */
export const brief = (x) => String(Number(x.toFixed(2))).replace("-", "−");

/** @param {number} n */
const steps = (n) => show(n, n < 100 ? 2 : 3);

/** @param {Scene} scene */
export const sayHalfLife = ({ halfLife, T }) =>
  `half-life ${steps(halfLife)} steps${1 + halfLife > T ? ", beyond the last one" : ""}`;

/** @param {Scene} scene @param {number} t */
export function aboutScene({ T, forgetBias, f, halfLife, truth, product, agreed }, t) {
  const start = `σ(${brief(forgetBias)}) = ${f.toFixed(3)}: half of a memory is left after ${steps(halfLife)} steps.`;
  const [real, gates] = [truth[t - 1], product[t - 1]];
  if (t === T) return `${start} At t = ${T}, the last step, the gradient starts its way back through the layer.`;
  const back = `In the layer the forget gates alone bring ${showLog(gates)} of the gradient back to t = ${t}`;
  if (agreed === T && Math.abs(real - gates) < 1e-9)
    return `${start} ${back}, and that is the whole truth: no other road is open.`;
  const more =
    real > gates
      ? "the road through h and the gates adds the rest"
      : "the road through h and the gates takes some away";
  const verdict = Math.abs(real - gates) < Math.log10(2) ? "the product is nearly the whole" : more;
  const far = agreed < T ? ` The product is right within a factor of 2 for the last ${agreed} of ${T} steps.` : "";
  return `${start} ${back}; in truth it is ${showLog(real)}: ${verdict}.${far}`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ T, c, h, truth, product, alone, halfLife, meanGate }) {
  return {
    caption:
      `Half-life ${show(halfLife, 6)} steps. The layer’s forget gates are ${meanGate.toFixed(3)} on average. ` +
      "The last three columns are relative to the last step.",
    head: ["t", "cₜ", "hₜ", "‖∂L/∂cₜ‖", "product of f", "σ(b_f)ᵀ⁻ᵗ"],
    rows: Array.from({ length: T }, (_, k) => [
      String(k + 1),
      ...[c, h].map((values) => show(values[k], 4)),
      ...[truth, product, alone].map((values) => showLog(values[k], 4)),
    ]),
  };
}
