// @ts-check
/**
 * Axes, ticks, colours for numbers, and numbers in words. Magnitudes that may leave float64 are given as their log10.
 *
 *   linear([low, high], [from, to])          a function from numbers to pixels
 *   decades(low, high, most)                 whole exponents for the ticks of a log axis between two log10
 *   powerOfTen(-30)                          "10⁻³⁰"
 *   showLog(log10)                           "1.6 × 10⁻³⁰", "0.023", "340", "0"
 *   sayLog(log10)                            "1.6 times 10 to the minus 30", "0.023" …
 *   show(x, digits = 2)                      the same for a number
 *   magnitudeColour(x)                       viridis, x in 0 … 1 → "rgb(…)"
 *   signColour(x, dark)                      blue – neutral – orange, x in −1 … 1 → "rgb(…)"; the neutral end is the surface
 *   inkOn(colour)                            "#000" or "#fff", whichever is easier to read on it
 */

/** @param {[number, number]} domain @param {[number, number]} range */
export function linear([low, high], [from, to]) {
  const slope = (to - from) / (high - low || 1);
  return (/** @type {number} */ x) => from + (x - low) * slope;
}

/** @param {number} low @param {number} high @param {number} most */
export function decades(low, high, most) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((size) => (high - low) / size <= most) ?? 500;
  const ticks = [];
  for (let k = Math.ceil(low / step) * step; k <= high + 1e-9; k += step) ticks.push(k);
  return ticks;
}

/** @param {number} last @param {number} most */
export function stepTicks(last, most) {
  const step = [1, 2, 5, 10, 20, 25, 50, 100].find((size) => last / size <= most) ?? 200;
  const ticks = [1];
  for (let t = step; t <= last; t += step) if (t - 1 >= step / 2) ticks.push(t);
  return ticks;
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} exponent */
export function powerOfTen(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPT[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** @param {number} log10 @param {number} [digits] */
export function showLog(log10, digits = 2) {
  return wordOf(log10, digits, (mantissa, exponent) => `${mantissa} × ${powerOfTen(exponent)}`);
}

/** @param {number} log10 @param {number} [digits] */
export function sayLog(log10, digits = 2) {
  return wordOf(
    log10,
    digits,
    (mantissa, exponent) => `${mantissa} times 10 to the ${exponent < 0 ? "minus " : ""}${Math.abs(exponent)}`,
  );
}

/** @param {number} x @param {number} [digits] */
export function show(x, digits = 2) {
  return (x < 0 ? "−" : "") + showLog(Math.log10(Math.abs(x)), digits);
}

/**
 * @param {number} log10 @param {number} digits
 * @param {(mantissa: string, exponent: number) => string} far how to write what is too far from 1 for plain digits
 */
function wordOf(log10, digits, far) {
  if (log10 === -Infinity) return "0";
  if (!Number.isFinite(log10)) return Number.isNaN(log10) ? "not a number" : "∞";
  let exponent = Math.floor(log10);
  let mantissa = 10 ** (log10 - exponent);
  if (Number(mantissa.toPrecision(digits)) >= 10) {
    exponent += 1;
    mantissa /= 10;
  }
  if (exponent >= -3 && exponent < 4) return plain(mantissa * 10 ** exponent, digits);
  return far(mantissa.toPrecision(digits), exponent);
}

/** @param {number} x @param {number} digits */
function plain(x, digits) {
  const rounded = Number(x.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(rounded)));
  return rounded.toFixed(decimals);
}

/* -------------------------------------------------------------------------------------------------------- colours */

/** Nine points of viridis (van der Walt and Smith, CC0). @type {[number, number, number][]} */
const VIRIDIS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** @param {number} x */
export function magnitudeColour(x) {
  const at = Math.min(1, Math.max(0, x)) * (VIRIDIS.length - 1);
  const k = Math.min(VIRIDIS.length - 2, Math.floor(at));
  return rgb(mix(VIRIDIS[k], VIRIDIS[k + 1], at - k));
}

/** @type {[number, number, number]} */
const BLUE = [26, 95, 180];
/** @type {[number, number, number]} */
const ORANGE = [217, 95, 2];

/** @param {number} x @param {boolean} [dark] */
export function signColour(x, dark = false) {
  return rgb(mix(dark ? [34, 39, 46] : [246, 246, 246], x < 0 ? BLUE : ORANGE, Math.min(1, Math.abs(x))));
}

/** @param {string} colour "rgb(…)" */
export function inkOn(colour) {
  const [r, g, b] = (colour.match(/\d+/g) ?? []).map((part) => {
    const c = Number(part) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

/** @param {[number, number, number]} a @param {[number, number, number]} b @param {number} t */
function mix(a, b, t) {
  return a.map((value, k) => Math.round(value + (b[k] - value) * t));
}

/** @param {number[]} colour */
function rgb(colour) {
  return `rgb(${colour.join(",")})`;
}
