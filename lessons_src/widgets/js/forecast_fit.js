// @ts-check
/**
 * Autoregression in Float64: x̂_t = c + φ₁ x_{t−1} + … + φ_τ x_{t−τ}, the equation of lessons_src/autoregression.py.
 *
 *   fit(x, order)                      { coefficients, intercept } with the least sum of squared errors
 *   forecast(model, x, start, steps)   what follows x_1 … x_start, each prediction taken for true by the next
 *   predict(model, x, t)               the prediction of x[t], counted from 0, from the true values before it
 *   errors(model, x, start, steps)     by k: the root mean square error k steps ahead, fed with its own predictions and
 *                                      with true values, and that of the mean of x_1 … x_start, each on the same values
 */

/** @typedef {{ coefficients: Float64Array, intercept: number }} Autoregression */
/** @typedef {{ own: number, true: number, mean: number, count: number }} StepError */

/** @param {Float64Array} x @param {number} order @returns {Autoregression} */
export function fit(x, order) {
  const mean = average(x);
  const spread = Math.sqrt(average(x.map((value) => (value - mean) ** 2))) || 1;
  const z = x.map((value) => (value - mean) / spread);
  const rows = x.length - order;
  const columns = Array.from({ length: order + 1 }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => (j < order ? z[order + i - 1 - j] : 1)),
  );
  const found = leastSquares(columns, z.slice(order));
  const coefficients = found.slice(0, order);
  const sum = coefficients.reduce((total, value) => total + value, 0);
  return { coefficients, intercept: spread * found[order] + mean * (1 - sum) };
}

/** @param {Autoregression} model @param {ArrayLike<number>} x @param {number} t */
export function predict({ coefficients, intercept }, x, t) {
  let sum = intercept;
  for (let j = 0; j < coefficients.length; j++) sum += coefficients[j] * x[t - 1 - j];
  return sum;
}

/** @param {Autoregression} model @param {Float64Array} x @param {number} start @param {number} steps */
export function forecast(model, x, start, steps) {
  const values = new Float64Array(start + steps);
  values.set(x.subarray(0, start));
  for (let t = start; t < start + steps; t++) values[t] = predict(model, values, t);
  return values.slice(start);
}

/** @param {Autoregression} model @param {Float64Array} x @param {number} start @param {number} steps @returns {StepError[]} */
export function errors(model, x, start, steps) {
  const mean = average(x.subarray(0, start));
  const sums = Array.from({ length: steps }, () => ({ own: 0, true: 0, mean: 0, count: 0 }));
  for (let origin = start; origin < x.length; origin++) {
    const ahead = forecast(model, x, origin, Math.min(steps, x.length - origin));
    ahead.forEach((value, k) => {
      const t = origin + k;
      sums[k].own += (value - x[t]) ** 2;
      sums[k].true += (predict(model, x, t) - x[t]) ** 2;
      sums[k].mean += (mean - x[t]) ** 2;
      sums[k].count += 1;
    });
  }
  const root = (/** @type {number} */ sum, /** @type {number} */ count) => Math.sqrt(sum / count);
  return sums.map(({ count, ...of }) => ({
    own: root(of.own, count),
    true: root(of.true, count),
    mean: root(of.mean, count),
    count,
  }));
}

/** @param {Float64Array} x */
function average(x) {
  return x.reduce((sum, value) => sum + value, 0) / x.length;
}

/**
 * The w with the least ‖A w − y‖, by Householder reflections: unlike the normal equations they do not square A's condition.
 * @param {Float64Array[]} A its columns; overwritten @param {Float64Array} y overwritten
 */
function leastSquares(A, y) {
  const n = A.length;
  const diagonal = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const v = A[k];
    const length = Math.sqrt(dot(v, v, k));
    diagonal[k] = v[k] > 0 ? -length : length;
    v[k] -= diagonal[k]; // from here on v, from k down, is the mirror's normal
    const square = dot(v, v, k);
    if (square === 0) continue;
    for (const column of [...A.slice(k + 1), y]) {
      const factor = (2 * dot(v, column, k)) / square;
      for (let i = k; i < column.length; i++) column[i] -= factor * v[i];
    }
  }
  const w = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    let rest = y[k];
    for (let j = k + 1; j < n; j++) rest -= A[j][k] * w[j];
    w[k] = rest / diagonal[k];
  }
  return w;
}

/** @param {Float64Array} a @param {Float64Array} b @param {number} from */
function dot(a, b, from) {
  let sum = 0;
  for (let i = from; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
