// @ts-check
/**
 * What GradientExplorer says about what it shows. Magnitudes come as log10.
 *
 *   verdict(log10)                         "it has vanished; a 32-bit float still holds it"
 *   aboutStep(t, steps, log10)             one sentence about one step
 *   aboutClipping(norm, threshold)         one sentence, with ‖∂L/∂W_hh‖ before and after
 */
import { showLog } from "./scales.js";

const SMALLEST_NORMAL = Math.log10(1.1754944e-38);
const SMALLEST = Math.log10(1.401298e-45);
const LARGEST = Math.log10(3.4028235e38);

/** @param {number} log10 */
export function verdict(log10) {
  if (log10 === -Infinity) return "nothing is left of it, not even in exact arithmetic";
  if (log10 < SMALLEST) return "it has vanished; a 32-bit float would hold 0 here";
  if (log10 < SMALLEST_NORMAL) return "it has vanished; a 32-bit float holds it with only some of its digits";
  if (log10 < -3) return "it has vanished; a 32-bit float still holds it";
  if (log10 < -1) return "it is shrinking, and has not vanished yet";
  if (log10 <= 1) return "it survives";
  if (log10 <= 3) return "it is growing";
  if (log10 <= LARGEST) return "it has exploded";
  return "it has exploded; a 32-bit float would hold ∞ here";
}

/** @param {number} t @param {number} steps @param {number} log10 */
export function aboutStep(t, steps, log10) {
  if (t === steps)
    return `At t = ${t}, the last step, the gradient starts its way back: everything is measured against it.`;
  return `At t = ${t} the gradient is ${times(log10)} what it was at t = ${steps}: ${verdict(log10)}.`;
}

/** @param {number} log10 */
function times(log10) {
  return log10 > 1 ? `${showLog(log10)} times` : `${showLog(log10)} of`;
}

/** @param {number} norm log10 @param {number} threshold */
export function aboutClipping(norm, threshold) {
  const most = showLog(Math.log10(threshold));
  if (norm <= Math.log10(threshold))
    return `‖∂L/∂Wₕₕ‖ is ${showLog(norm)}, below the threshold of ${most}: nothing is clipped.`;
  const factor = showLog(Math.log10(threshold) - norm);
  return `‖∂L/∂Wₕₕ‖ is ${showLog(norm)} before clipping and ${most} after: every step is multiplied by the same ${factor}, so the ratio between steps stays.`;
}

/** @param {number} t @param {{ low: Float64Array, middle: Float64Array, high: Float64Array }} band */
export function aboutSeeds(t, { low, middle, high }) {
  const [least, median, most] = [low, middle, high].map((curve) => showLog(curve[t - 1]));
  return `Over 20 seeds the median is ${median} (5 to 95 %: ${least} to ${most}).`;
}
