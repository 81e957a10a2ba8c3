// @ts-check
/** GateScope's overview of all units, and its legend. */
import { element } from "./dom.js";
import { lead, SIGNED } from "./gate_scope_model.js";
import { CLOSERS, cellColour, css, paintPixels } from "./gate_scope_paint.js";
import { DECADES } from "./gate_scope_rows.js";
import { magnitudeColour, powerOfTen, signColour } from "./scales.js";

const LINE = 7; // pixels per unit

/**
 * @param {HTMLElement} host
 * @param {(unit: number, character: number) => void} onPick
 */
export function makeMap(host, onPick) {
  const canvas = element("canvas", { role: "img" });
  const row = element("div", { class: "gs-map-unit" });
  const column = element("div", { class: "gs-map-character" });
  const caption = element("p", { class: "gs-map-words" });
  const frame = element("div", { class: "gs-map-frame" }, canvas, row, column);
  const root = host.appendChild(element("div", { class: "gs-map" }, caption, frame));
  let T = 0;
  let H = 1;
  frame.addEventListener("click", (event) => {
    const box = frame.getBoundingClientRect();
    const unit = Math.floor(((event.clientY - box.top) / box.height) * H);
    const character = Math.floor(((event.clientX - box.left) / box.width) * T);
    if (T > 0) onPick(clip(unit, H - 1), clip(character, T - 1));
  });
  return {
    /**
     * @param {object} scene
     * @param {import("./gate_scope_model.js").Network} scene.network
     * @param {import("./gate_scope_model.js").Run} scene.now
     * @param {string[]} scene.symbols
     * @param {number} scene.unit
     * @param {number} scene.at
     * @param {string} scene.quantity
     * @param {boolean} scene.dark
     */
    update({ network, now, symbols, unit, at, quantity, dark }) {
      root.hidden = quantity === "none" || symbols.length === 0;
      if (root.hidden) return;
      [T, H] = [symbols.length, now.record.H];
      const values = now.record[/** @type {"h"} */ (quantity)];
      const reach = quantity === "c" ? values.reduce((most, v) => Math.max(most, Math.abs(v)), 1) : 1;
      const kind = SIGNED.has(quantity) ? "signed" : "gate";
      const shade = (/** @type {number} */ t, /** @type {number} */ u) => values[(t + lead(network)) * H + u] / reach;
      paintPixels(canvas, T, H, (t, u) => cellColour(kind, shade(t, u), "", dark, 0));
      frame.style.height = `${H * LINE}px`;
      row.style.cssText = `top:${unit * LINE}px;height:${LINE}px`;
      column.style.cssText = `left:${(100 * at) / T}%;width:max(2px,${100 / T}%)`;
      caption.textContent = `${quantity} of all ${H} units, unit 0 on top, from the first character to the last. Unit ${unit} is framed; click to see another.`;
      canvas.setAttribute("aria-label", `${quantity} of ${H} units over ${T} characters; unit ${unit} is framed.`);
    },
  };
}

/** @param {number} x @param {number} most */
const clip = (x, most) => Math.max(0, Math.min(most, x));

/** What the colours mean; returns what is said of the gradient. @param {HTMLElement} host @param {import("./gate_scope_model.js").Network} network */
export function makeLegend(host, network) {
  const ramp = (/** @type {string[]} */ colours) =>
    element("i", { class: "gs-ramp", style: `background:linear-gradient(to right,${colours})` });
  const sign = ramp([signColour(-1), `light-dark(${signColour(0)},${signColour(0, true)})`, signColour(1)]);
  const magnitude = Array.from({ length: 9 }, (_, k) => magnitudeColour(k / 8));
  const gradient = element(
    "span",
    {},
    `gradient ${powerOfTen(-DECADES)} `,
    ramp(magnitude),
    " 1, relative to the framed character",
  );
  const gates = network.weights.cell === "RNN" ? [] : [element("span", {}, "gate shut 0 ", ramp(magnitude), " 1 open")];
  const closers = network.closers.map(({ character }) => {
    const chip = element("b", { class: "gs-chip" }, character);
    chip.style.setProperty("--closer", css(CLOSERS[character]));
    return chip;
  });
  const due = closers.length ? [element("span", {}, "due: ", ...closers, " (the fuller, the surer)")] : [];
  host.append(
    element(
      "div",
      { class: "gs-legend", "aria-hidden": "true" },
      ...gates,
      element("span", {}, "value − ", sign, " +"),
      ...due,
      gradient,
      element("span", {}, "the thin line in a row is its value, too"),
    ),
  );
  return gradient;
}
