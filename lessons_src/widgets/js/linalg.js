// @ts-check
/**
 * Two factorisations of small dense matrices, which are flat and row by row.
 *
 *   orthogonal(A, n)              Q of A = QR, by Householder reflections, with the diagonal of R made positive: of a
 *                                 matrix of normal numbers it is uniform over all orthogonal matrices (Mezzadri, 2007)
 *   singularValues(A, rows, columns)   falling, by one-sided Jacobi rotations (Hestenes, 1958), which are accurate for
 *                                 small values too
 */

/** @param {Float64Array} A @param {number} n @returns {Float64Array} */
export function orthogonal(A, n) {
  const R = A.slice();
  const Q = new Float64Array(n * n);
  for (let k = 0; k < n; k++) Q[k * n + k] = 1;
  const v = new Float64Array(n);
  const signs = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let length = 0;
    for (let row = k; row < n; row++) length = Math.hypot(length, R[row * n + k]);
    const alpha = R[k * n + k] > 0 ? -length : length;
    let square = 0;
    for (let row = k; row < n; row++) {
      v[row] = R[row * n + k] - (row === k ? alpha : 0);
      square += v[row] ** 2;
    }
    signs[k] = Math.sign(alpha) || 1;
    if (square === 0) continue;
    reflectRows(R, v, square, k, n);
    reflectColumns(Q, v, square, k, n);
  }
  for (let row = 0; row < n; row++) for (let k = 0; k < n; k++) Q[row * n + k] *= signs[k];
  return Q;
}

/** M ← (I − 2 v vᵀ / ‖v‖²) M @param {Float64Array} M @param {Float64Array} v @param {number} square @param {number} from @param {number} n */
function reflectRows(M, v, square, from, n) {
  for (let column = 0; column < n; column++) {
    let sum = 0;
    for (let row = from; row < n; row++) sum += v[row] * M[row * n + column];
    const factor = (2 * sum) / square;
    for (let row = from; row < n; row++) M[row * n + column] -= factor * v[row];
  }
}

/** M ← M (I − 2 v vᵀ / ‖v‖²) @param {Float64Array} M @param {Float64Array} v @param {number} square @param {number} from @param {number} n */
function reflectColumns(M, v, square, from, n) {
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let column = from; column < n; column++) sum += M[row * n + column] * v[column];
    const factor = (2 * sum) / square;
    for (let column = from; column < n; column++) M[row * n + column] -= factor * v[column];
  }
}

/** @param {Float64Array} A @param {number} rows @param {number} columns @returns {Float64Array} */
export function singularValues(A, rows, columns) {
  const U = new Float64Array(columns * rows); // the columns of A, each in one piece
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) U[j * rows + i] = A[i * columns + j];
  for (let sweep = 0; sweep < 60; sweep++) {
    let turned = false;
    for (let p = 0; p < columns - 1; p++)
      for (let q = p + 1; q < columns; q++) turned = makeOrthogonal(U, p * rows, q * rows, rows) || turned;
    if (!turned) break;
  }
  const values = new Float64Array(columns);
  for (let j = 0; j < columns; j++) values[j] = Math.sqrt(dot(U, j * rows, j * rows, rows));
  return values.sort().reverse();
}

/**
 * Turns two columns in their plane until they are orthogonal; returns whether they were not.
 * @param {Float64Array} U @param {number} p @param {number} q @param {number} length
 */
function makeOrthogonal(U, p, q, length) {
  const pp = dot(U, p, p, length);
  const qq = dot(U, q, q, length);
  const pq = dot(U, p, q, length);
  if (Math.abs(pq) <= 1e-15 * Math.sqrt(pp * qq)) return false;
  const zeta = (qq - pp) / (2 * pq);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < length; i++) {
    const a = U[p + i];
    const b = U[q + i];
    U[p + i] = cosine * a - sine * b;
    U[q + i] = sine * a + cosine * b;
  }
  return true;
}

/** @param {Float64Array} U @param {number} p @param {number} q @param {number} length */
function dot(U, p, q, length) {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += U[p + i] * U[q + i];
  return sum;
}
