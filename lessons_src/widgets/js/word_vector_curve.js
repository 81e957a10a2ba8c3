// @ts-check
/**
 * WordVectorStepper's loss curve, as SVG in real pixels.
 *
 *   createCurve()     { root, update({ points, floor, width, label }) }
 */
import { svg } from "./dom.js";
import { linear } from "./scales.js";

const MARGIN = { left: 40, right: 12, top: 10, bottom: 34 };
const HEIGHT = 150;
const SHORTEST = 20; // steps on the axis, so that the first ones do not stretch

export function createCurve() {
  const root = svg("svg", { class: "wv-curve", role: "img" });
  return {
    root,
    /** @param {{ points: { step: number, loss: number }[], floor: number | null, width: number, label: string }} view */
    update: ({ points, floor, width, label }) => {
      const last = points[points.length - 1];
      const steps = Math.max(SHORTEST, last.step);
      const yTicks = ticks(highest(points), 4);
      const top = yTicks[yTicks.length - 1];
      const right = width - MARGIN.right;
      const bottom = HEIGHT - MARGIN.bottom;
      const x = linear([0, steps], [MARGIN.left, right]);
      const height = linear([0, top], [bottom, MARGIN.top]);
      const y = (/** @type {number} */ loss) => height(Math.min(loss, 99 * top)); // far above the picture, yet drawable
      const [left, above, wide, tall] = [
        MARGIN.left - 3,
        MARGIN.top - 3,
        right - MARGIN.left + 9,
        bottom - MARGIN.top + 9,
      ];
      const drawn = points.filter(({ loss }) => Number.isFinite(loss));
      const path = drawn.map(({ step, loss }) => `${x(step).toFixed(1)} ${y(loss).toFixed(2)}`).join("L");
      const dot = Number.isFinite(last.loss)
        ? [svg("circle", { class: "wv-dot", cx: x(last.step), cy: y(last.loss), r: 4.5 })]
        : [];
      root.setAttribute("width", String(width));
      root.setAttribute("height", String(HEIGHT));
      root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      root.setAttribute("aria-label", label);
      root.replaceChildren(
        ...yTicks.flatMap((tick) => [
          svg("path", { class: tick ? "wv-grid" : "wv-axis", d: `M${MARGIN.left} ${y(tick)}H${right}` }),
          svg("text", { x: MARGIN.left - 8, y: y(tick), dy: "0.35em", "text-anchor": "end" }, String(tick)),
        ]),
        ...ticks(steps, width < 480 ? 4 : 8)
          .filter((tick) => tick <= steps)
          .map((tick) => svg("text", { x: x(tick), y: bottom + 15, "text-anchor": "middle" }, String(tick))),
        svg("text", { x: (MARGIN.left + right) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "steps"),
        ...(floor === null ? [] : [svg("path", { class: "wv-floor", d: `M${MARGIN.left} ${y(floor)}H${right}` })]),
        svg(
          "svg",
          {
            class: "wv-plot",
            x: left,
            y: above,
            width: wide,
            height: tall,
            viewBox: `${left} ${above} ${wide} ${tall}`,
          },
          svg("path", { class: "wv-line", d: path && `M${path}`, "data-curve": "loss" }),
          ...dot,
        ),
      );
    },
  };
}

/** The top of the axis: what grows far beyond the first loss leaves the picture. @param {{ loss: number }[]} points */
function highest(points) {
  const losses = points.map(({ loss }) => loss).filter(Number.isFinite);
  return Math.min(Math.max(0.1, ...losses), Math.max(0.1, 2 * losses[0]));
}

/** Round numbers from 0 to at least `end`. @param {number} end @param {number} most */
function ticks(end, most) {
  const power = 10 ** Math.floor(Math.log10(end / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => end / size <= most) ?? end;
  return Array.from({ length: Math.ceil(end / step - 1e-9) + 1 }, (_, k) => Number((k * step).toPrecision(6)));
}
