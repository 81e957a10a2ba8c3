// @ts-check
/**
 * What ForecastLab says about what it shows.
 *
 *   sentence(scene)      the live sentence
 *   numbersOf(scene)     the table
 *   exact(x)             a number of the table
 */

/** @typedef {import("./forecast_lab.js").Scene} Scene */

export const LEGEND =
  "Above: to the left of the line the values that the model was fitted to; to the right what it predicts. Below: how " +
  "far off predictions are, the root of the mean square over all places where a forecast can start right of the line.";

const CLEARLY = 0.9;

/** @param {Scene} scene */
export function sentence({ errors, order, start, feed }) {
  const near = errors[0];
  const far = errors[Math.min(15, errors.length - 1)];
  const steps = Math.min(16, errors.length);
  const fed =
    feed === "own"
      ? `Fed with its own predictions, AR(${order}) is off by ${brief(near.own)} one step ahead and, ${steps} steps ahead, by ${brief(far.own)}`
      : `Fed with true values, AR(${order}) is off by ${brief(near.true)} at the first step and by ${brief(far.true)} at step ${steps}: it only ever predicts one step`;
  return `${fed}; the mean of the ${start} known values is off by ${brief(far.mean)} there. ${aboutMean(errors)}`;
}

/** Up to where it clearly beats the mean; far ahead a forecast is the mean, and which is closer is chance. @param {Scene["errors"]} errors */
function aboutMean(errors) {
  const level = errors.findIndex(({ own, mean }) => own > CLEARLY * mean);
  const clearly = "its own predictions are at least a tenth better than the mean.";
  if (level < 0) return `At each of the ${errors.length} steps ${clearly}`;
  if (level === 0) return "Not even one step ahead is it a tenth better than the mean.";
  return `Up to ${level} ${level === 1 ? "step" : "steps"} ahead ${clearly}`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ errors, drawn, x, start, first, series, order, feed, model }) {
  const terms = [...model.coefficients].map((value, k) => `φ${k + 1} = ${exact(value)}`).join(", ");
  return {
    caption:
      `AR(${order}) fitted to ${start} values of ${series}: c = ${exact(model.intercept)}, ${terms}. ` +
      `Predictions are fed with ${feed === "own" ? "themselves" : "true values"}.`,
    head: ["place", "steps ahead", "prediction", "true value", "error, own", "error, true", "error, mean", "starts"],
    rows: errors.map(({ own, true: fed, mean, count }, k) => [
      String(first + start + k),
      String(k + 1),
      ...[drawn[k], x[start + k], own, fed, mean].map(exact),
      String(count),
    ]),
  };
}

/** @param {number} value */
export function exact(value) {
  return value.toFixed(4).replace("-", "−");
}

/** @param {number} value */
function brief(value) {
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
