// @ts-check
/**
 * Short formulas in HTML and SVG, written as "∂L/∂h_{t−1}" and "h_{2}^{2}", and numbers short enough to stand in them.
 *
 *   rich(text)                    nodes with <sub> and <sup>
 *   label(attributes, text)       an SVG text with the same
 *   brief(x)                      "0.4352", "0.5", "0", "−1", "9.1 × 10⁻⁵": four decimals and no idle zeros
 *   factor(x)                     the same in brackets if it has a sign or a power
 *   lower(2)                      "₂", for sentences
 */
import { svg } from "./dom.js";
import { show } from "./scales.js";

/** @param {string} text @returns {{ mark: string, part: string }[]} */
function parts(text) {
  return text.split(/([_^]\{[^}]*\})/).flatMap((part) => {
    if (!part) return [];
    return /^[_^]\{/.test(part) ? [{ mark: part[0], part: part.slice(2, -1) }] : [{ mark: "", part }];
  });
}

/** @param {string} text @returns {(Node | string)[]} */
export function rich(text) {
  return parts(text).map(({ mark, part }) => {
    if (!mark) return part.replaceAll("/∂", "/\u2060∂"); // a word joiner: no line break in ∂L/∂h
    const node = document.createElement(mark === "_" ? "sub" : "sup");
    node.textContent = part;
    return node;
  });
}

/** @param {import("./dom.js").Properties} attributes @param {string} text */
export function label(attributes, text) {
  let level = 0;
  const spans = parts(text).map(({ mark, part }) => {
    const next = mark === "_" ? 3 : mark ? -4 : 0;
    const span = svg("tspan", { dy: next - level || null, "font-size": mark ? "76%" : null }, part);
    level = next;
    return span;
  });
  return svg("text", attributes, ...spans);
}

/** @param {number} x */
export function brief(x) {
  if (Math.abs(x) >= 0.001) return String(Number(x.toFixed(4))).replace("-", "−");
  return x === 0 ? "0" : show(x, 2);
}

/** @param {number} x */
export function factor(x) {
  const text = brief(x);
  return /[−×]/.test(text) ? `(${text})` : text;
}

/** @param {number} n */
export const lower = (n) => [...String(n)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
