// @ts-check
/**
 * The half of ForgetBias's figure that GradientExplorer's chart does not give.
 *
 *   createMemory()                       { root, legend, update(scene, width) }: c and o tanh c over time, half-life marked
 *   markAgreement(chart, scene, width)   adds to the chart where the product of forget gates tells the truth
 */
import { element, svg } from "./dom.js";
import { sayHalfLife } from "./forget_bias_words.js";
import { legendEntry, line, MARGIN } from "./gradient_figure.js";
import { linear, stepTicks } from "./scales.js";

/** @typedef {import("./forget_bias.js").Scene} Scene */

export function createMemory() {
  const root = svg("svg", { class: "ge-chart fb-memory", role: "img" });
  const legend = element("div", { class: "ge-legend" });
  legend.append(
    ...[
      { look: "memory", name: "cell state cₜ = fᵗ⁻¹ · i", values: [] },
      { look: "shown", name: "what is shown of it, hₜ = o · tanh cₜ", values: [] },
    ].map(legendEntry),
  );
  return {
    root,
    legend,
    /** @param {Scene} scene @param {number} width */
    update: (scene, width) => {
      const height = width < 480 ? 150 : 170;
      const bottom = height - MARGIN.bottom;
      const right = width - MARGIN.right;
      const { T, c, h, halfLife } = scene;
      const x = linear([1, T], [MARGIN.left, right]);
      const y = linear([0, 1], [bottom, MARGIN.top]);
      const half = 1 + halfLife;
      const beside = x(half) + 130 < right; // above the curve on its right there is room, unless the chart ends there
      root.setAttribute("viewBox", `0 0 ${width} ${height}`);
      root.setAttribute("width", String(width));
      root.setAttribute("height", String(height));
      root.setAttribute(
        "aria-label",
        `Line chart: the cell state falls from ${c[0].toFixed(2)}, ${sayHalfLife(scene)}`,
      );
      root.replaceChildren(
        ...[0, 0.5, 1].flatMap((k) => [
          svg("path", { class: k ? "ge-grid" : "ge-axis", d: `M${MARGIN.left} ${y(k)}H${right}` }),
          svg("text", { x: MARGIN.left - 8, y: y(k), dy: "0.35em", "text-anchor": "end" }, String(k)),
        ]),
        ...stepTicks(T, width < 480 ? 5 : 10).map((t) =>
          svg("text", { x: x(t), y: bottom + 18, "text-anchor": "middle" }, String(t)),
        ),
        svg("path", { class: "ge-line ge-shown", d: line(h, T, x, y) }),
        svg("path", { class: "ge-line ge-memory", d: line(c, T, x, y) }),
        ...(half <= T
          ? [
              svg("path", { class: "fb-half", d: `M${MARGIN.left} ${y(c[0] / 2)}H${x(half)}V${bottom}` }),
              svg("circle", { class: "ge-dot fb-dot", cx: x(half), cy: y(c[0] / 2), r: 5 }),
            ]
          : []),
        svg(
          "text",
          beside
            ? { class: "fb-name", x: x(half) + 9, y: y(c[0] / 2) - 6 }
            : { class: "fb-name", x: right, y: MARGIN.top + 12, "text-anchor": "end" },
          sayHalfLife(scene),
        ),
      );
    },
  };
}

/** @param {SVGElement} chart @param {Scene} scene @param {number} width */
export function markAgreement(chart, { T, agreed }, width) {
  const right = width - MARGIN.right;
  const y = Number(chart.getAttribute("height")) - MARGIN.bottom - 5;
  const from = linear([1, T], [MARGIN.left, right])(T - agreed + 1);
  chart.append(
    svg("path", { class: "fb-agreed", d: `M${from} ${y - 4}v4H${right}v-4` }),
    svg("text", { class: "fb-name", x: right, y: y - 8, "text-anchor": "end" }, "product right within a factor of 2"),
  );
}
