// @ts-check
/**
 * BackpropStepper's picture: the unrolled network as SVG in real pixels. Forward values stand in the nodes; each gradient
 * appears on its edge, whose arrow then points back. What the current term concerns has a second outline.
 *
 *   createGraph()      { root, update(view, width) }
 *
 * A picture too narrow for all steps shows those around the current one.
 */
import { columnsOf } from "./backprop_words.js";
import { svg } from "./dom.js";
import { brief, factor, label, lower } from "./maths.js";

/**
 * @typedef {import("./backprop_words.js").View} View
 * @typedef {import("./bptt.js").Kind} Kind
 * @typedef {[number, number]} Point
 * @typedef {ReturnType<typeof sceneOf>} Scene
 */

const Y = { head: 14, loss: 52, h: 124, tanh: 186, a: 248, weight: 314, x: 372, rail: 418 };
const HEIGHT = 446;
const [LEFT, RIGHT, NARROWEST] = [64, 30, 98];
const CROWDED = 128; // narrower columns leave some numbers to the tables
const [RADIUS, TALL, WIDE] = [20, 17, 22]; // of circles; half the height and width of boxes

export function createGraph() {
  const root = svg("svg", { class: "bp-graph", role: "img" });
  return {
    root,
    /** @param {View} view @param {number} width */
    update: (view, width) => {
      const scene = sceneOf(view, width);
      const steps = Array.from({ length: scene.count }, (_, k) => scene.first + k);
      root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      root.setAttribute("width", String(width));
      root.setAttribute("height", String(HEIGHT));
      root.setAttribute("aria-label", inWords(view));
      root.replaceChildren(
        ...railOf(scene, steps),
        ...steps.flatMap((t) => edgesOf(scene, t)),
        ...endsOf(scene),
        ...steps.flatMap((t) => nodesOf(scene, t)),
        ...steps.flatMap((t) => gradientsOf(scene, t)),
      );
    },
  };
}

/** @param {View} view @param {number} width */
function sceneOf(view, width) {
  const { pass, stages, position, unit, weight } = view;
  const current = position ? stages[position - 1] : null;
  const count = Math.min(pass.T, Math.max(2, Math.floor((width - LEFT - RIGHT) / NARROWEST)));
  const t = current ? current.t || 1 : pass.T;
  const first = Math.min(Math.max(1, t - count + 1), pass.T - count + 1);
  const column = (width - LEFT - RIGHT) / count;
  const done = new Set(stages.slice(0, position).map((stage) => stage.kind + stage.t));
  const x = (/** @type {number} */ at) => LEFT + (at - first + 0.5) * column + 4;
  return {
    ...{ view, pass, weight, width, first, count, last: first + count - 1, x, column },
    value: (/** @type {Float64Array} */ values, /** @type {number} */ at) => values[(at - 1) * pass.H + unit],
    /** @param {Kind} kind @param {number} at whether the term is computed */
    has: (kind, at) => done.has(kind + at),
    /** @param {Kind} kind @param {number} at whether it is the current one */
    is: (kind, at) => current?.kind === kind && current.t === at,
    left: (/** @type {number} */ at) => (at === first ? 24 : x(at - 1)), // the centre of h_{t−1}
    turn: (/** @type {number} */ at) => x(at) - Math.min(column / 2 - 2, 86), // where its edge turns down to a_t
    bias: (/** @type {number} */ at) => x(at) + Math.min(column * 0.36, 48),
  };
}

/** @param {Scene} scene @param {number} t @returns {Record<Exclude<Kind, "check">, Point[]>} forward, from end to end */
function pathsOf({ x, left, turn, bias }, t) {
  const [cx, ex, b, r] = [x(t), turn(t), bias(t), RADIUS + 2];
  const side = /** @type {Point} */ ([ex, Y.h]);
  return {
    loss: [
      [cx, Y.h - r],
      [cx, Y.loss + r],
    ],
    meet: [
      [cx, Y.tanh - TALL],
      [cx, Y.h + r],
    ],
    tanh: [
      [cx, Y.a - r],
      [cx, Y.tanh + TALL],
    ],
    W_hh: [
      [ex, Y.tanh + TALL],
      [ex, Y.a],
      [cx - r, Y.a],
    ],
    W_ih: [
      [cx, Y.weight - TALL],
      [cx, Y.a + r],
    ],
    b: [
      [b, Y.weight - TALL],
      [b, Y.a],
      [cx + r, Y.a],
    ],
    past: [[left(t) + r, Y.h], side, [ex, Y.tanh - TALL]],
  };
}

/** @param {Scene} scene @param {number} t */
function edgesOf(scene, t) {
  const paths = Object.entries(pathsOf(scene, t)).filter(([kind]) => kind !== "loss" || scene.pass.losses.includes(t));
  return [
    edge([
      [scene.x(t), Y.x - RADIUS],
      [scene.x(t), Y.weight + TALL],
    ]),
    ...paths.map(([name, points]) => {
      const kind = /** @type {Kind} */ (name);
      return edge(points, scene.has(kind, t), scene.is(kind, t), `${kind}-${t}`);
    }),
  ];
}

/**
 * A forward edge, or the same edge with its gradient on the way back.
 * @param {Point[]} points in the direction of the forward pass
 * @param {boolean} [back] whether its gradient is computed
 * @param {boolean} [now]
 * @param {string} [name] for tests
 */
function edge(points, back = false, now = false, name = undefined) {
  const way = back ? [...points].reverse() : points;
  const [[x0, y0], [x1, y1]] = way.slice(-2);
  const [dx, dy] = [Math.sign(x1 - x0), Math.sign(y1 - y0)];
  const size = back ? 8 : 5;
  const corner = (/** @type {number} */ side) =>
    `${x1 - dx * size + side * dy * size * 0.6} ${y1 - dy * size + side * dx * size * 0.6}`;
  return svg("path", {
    class: `bp-edge${back ? " bp-back" : ""}${now ? " bp-now" : ""}`,
    d: `M${way.map((point) => point.join(" ")).join("L")}M${corner(-1)}L${x1} ${y1}L${corner(1)}`,
    "data-edge": name,
  });
}

/** @param {number} x @param {number} top @param {number} bottom @returns {[number, number][]} */
const verticals = (x, top, bottom) => [
  [x, top],
  [x, bottom],
];

/** The line that ties all uses of the watched weight together; their gradients run into it. @param {Scene} scene @param {number[]} steps */
function railOf(scene, steps) {
  const { view, weight, width, pass, has, is, x, turn, bias } = scene;
  /** @param {"W_hh" | "W_ih" | "b"} kind @param {number} t @returns {[number, number][]} from the box to the rail */
  const wayOf = (kind, t) => {
    if (kind === "W_hh") return verticals(turn(t) - 12, Y.tanh + TALL, kind === weight ? Y.rail - 1 : Y.x);
    if (kind === "b") return verticals(bias(t), Y.weight + TALL, Y.rail - 1);
    return [[x(t) - WIDE, Y.weight], ...verticals(x(t) - WIDE - 8, Y.weight, Y.rail - 1)];
  };
  const at = (/** @type {number} */ t) => wayOf(weight, t)[1][0];
  const drop = (/** @type {typeof weight} */ kind, /** @type {number} */ t) =>
    has(kind, t)
      ? [edge(wayOf(kind, t).reverse(), true, is(kind, t))]
      : kind === weight
        ? [svg("path", { class: "bp-rail", d: `M${wayOf(kind, t).join("L")}` })]
        : [];
  const reached = Array.from({ length: pass.T }, (_, k) => k + 1).find((t) => has(weight, t));
  const columns = columnsOf(view);
  const total = columns.map((column) => brief(pass.sum(weight, column.at, reached))).join(" and ");
  const terms = Array.from({ length: pass.T }, (_, k) => pass.T - k).filter((t) => has(weight, t));
  const whole = columns.length === 1 && terms.length > 1 && width > 80 * (terms.length + 3);
  const added = whole ? `${terms.map((t) => factor(scene.value(pass.parts[weight], t))).join(" + ")} = ` : "";
  const end = view.position === view.stages.length;
  const name = { W_hh: "W_{hh}", W_ih: "W_{ih}", b: "b" }[weight];
  return [
    svg("path", { class: "bp-rail", d: `M${at(steps[0]) - 6} ${Y.rail}H${at(steps[steps.length - 1]) + 6}` }),
    ...steps.flatMap((t) => [...drop(weight, t), ...(weight === "W_hh" ? [] : drop("W_hh", t))]),
    label(
      { class: "bp-name", x: 2, y: Y.rail + 20 },
      width < 480 ? `the same ${name}` : `the same ${name} at every step`,
    ),
    ...(reached
      ? [
          label(
            { class: `bp-sum${end ? " bp-now" : ""}`, x: width - 2, y: Y.rail + 20, "text-anchor": "end" },
            `∂L/∂${name} ${end ? "" : "so far "}= ${added}${total}`,
          ),
        ]
      : []),
  ];
}

/* --------------------------------------------------------------------------------------------------------- the nodes */

/** What is left and right of the steps that are shown. @param {Scene} scene */
function endsOf({ view, first, last, pass, value, has, is, x, width }) {
  const before = first === 1 ? 0 : value(pass.h, first - 1);
  const right = x(last) + RADIUS + 2;
  return [
    ...(pass.H > 1 ? [svg("text", { class: "bp-head", x: 2, y: Y.head }, `unit ${view.unit + 1}`)] : []),
    ...circle(24, Y.h, short(before), `h_{${first - 1}}`, is("past", first), [24, Y.h - 27, "middle"]),
    ...(last < pass.T
      ? [
          edge(
            [
              [right, Y.h],
              [width - 4, Y.h],
            ],
            has("past", last + 1),
          ),
          svg("text", { class: "bp-name", x: width - 2, y: Y.h + 16, "text-anchor": "end" }, "…"),
        ]
      : []),
  ];
}

/** @param {Scene} scene @param {number} t */
function nodesOf({ pass, weight, value, is, x, turn, bias, column, view }, t) {
  const { losses, h, a, inputs, targets, H, weights } = pass;
  const cx = x(t);
  const at = (t - 1) * H;
  const number = (/** @type {number} */ w) => (H > 1 ? "" : short(w));
  const loss = short(pass.lossAt(t, h.subarray(at, at + H)));
  const met = is("meet", t) || is("past", t + 1);
  return [
    svg("text", { class: "bp-head", x: cx, y: Y.head, "text-anchor": "middle" }, `t = ${t}`),
    ...(losses.includes(t)
      ? [
          ...circle(cx, Y.loss, loss, `L_{${t}}`, is("loss", t), [cx - 24, Y.loss + 4, "end"], "bp-loss"),
          ...(column < CROWDED
            ? []
            : [label({ class: "bp-name", x: cx + 25, y: Y.loss + 4 }, `y = ${short(targets[at + view.unit])}`)]),
        ]
      : [
          svg("circle", { class: "bp-none", cx, cy: Y.loss, r: RADIUS }),
          svg("text", { class: "bp-name", x: cx, y: Y.loss + 4, "text-anchor": "middle" }, "none"),
        ]),
    ...circle(cx, Y.h, short(value(h, t)), `h_{${t}}`, met, [cx - 19, Y.h - 19, "end"], "bp-state"),
    ...box(cx, Y.tanh, WIDE, "tanh", "", is("tanh", t)),
    ...circle(cx, Y.a, short(value(a, t)), `a_{${t}}`, is("tanh", t), [cx - 19, Y.a - 19, "end"]),
    ...box(turn(t), Y.tanh, WIDE, "W_{hh}", number(weights.weightHh[0]), is("W_hh", t), weight === "W_hh"),
    ...box(cx, Y.weight, WIDE, "W_{ih}", number(weights.weightIh[0]), is("W_ih", t), weight === "W_ih"),
    ...box(bias(t), Y.weight, 13, "b", number(weights.biasIh[0]), is("b", t), weight === "b"),
    ...circle(
      cx,
      Y.x,
      short(inputs[t - 1]),
      `x_{${t}}`,
      false,
      weight === "W_ih" ? [cx + 24, Y.x + 4, "start"] : [cx - 24, Y.x + 4, "end"],
    ),
  ];
}

/**
 * @param {number} cx @param {number} cy @param {string} inside @param {string} name @param {boolean} now
 * @param {[number, number, string]} place of the name @param {string} [look]
 */
function circle(cx, cy, inside, name, now, [x, y, anchor], look = "") {
  return [
    ...(now ? [svg("circle", { class: "bp-ring", cx, cy, r: RADIUS + 4 })] : []),
    svg("circle", { class: `bp-node ${look}`, cx, cy, r: RADIUS }),
    svg("text", { class: "bp-inside", x: cx, y: cy + 4, "text-anchor": "middle" }, inside),
    label({ class: "bp-name", x, y, "text-anchor": anchor }, name),
  ];
}

/**
 * @param {number} cx @param {number} cy @param {number} half the width @param {string} name @param {string} value
 * @param {boolean} now @param {boolean} [watched]
 */
function box(cx, cy, half, name, value, now, watched = false) {
  const tall = TALL - 2;
  const rect = (/** @type {string} */ look, /** @type {number} */ more) =>
    svg("rect", {
      class: look,
      x: cx - half - more,
      y: cy - tall - more,
      width: 2 * (half + more),
      height: 2 * (tall + more),
      rx: 6 + more,
    });
  return [
    ...(now ? [rect("bp-ring", 4)] : []),
    rect(`bp-node${watched ? " bp-watched" : ""}`, 0),
    label({ class: "bp-inside", x: cx, y: cy + (value ? -2 : 4), "text-anchor": "middle" }, name),
    ...(value ? [svg("text", { class: "bp-inside", x: cx, y: cy + 11, "text-anchor": "middle" }, value)] : []),
  ];
}

/** The gradients that are computed, on their edges. @param {Scene} scene @param {number} t */
function gradientsOf({ view, pass, has, is, value, x, left, turn, bias, last, width, column }, t) {
  const { direct, dH, dA, fromNext, parts, H } = pass;
  const [cx, ex] = [x(t), turn(t)];
  const crowded = column < CROWDED;
  const figure = (/** @type {number} */ x) => short(x, crowded ? 3 : 4);
  const next = fromNext[t * H + view.unit];
  const both = is("meet", t) && pass.losses.includes(t) && t < pass.T && column > 190;
  const meeting = both ? `${figure(value(direct, t))} + ${next < 0 ? `(${figure(next)})` : figure(next)} = ` : "";
  const past = figure(fromNext[(t - 1) * H + view.unit]);
  /** @type {[Kind, string, number, number, string][]} */
  const all = [
    ["loss", figure(value(direct, t)), cx + 7, (Y.loss + Y.h) / 2 + 5, "start"],
    ["meet", meeting + figure(value(dH, t)), cx + 7, (Y.h + Y.tanh) / 2 + 6, "start"],
    ["tanh", figure(value(dA, t)), cx + 7, (Y.tanh + Y.a) / 2 + 3, "start"],
    ["W_ih", figure(value(parts.W_ih, t)), cx + 6, Y.weight + 33, "start"],
    ["b", figure(value(parts.b, t)), bias(t) + 5, (Y.a + Y.weight) / 2 + 10, "start"],
    ["past", past, (left(t) + RADIUS + ex) / 2 + 2, Y.h - 8, "middle"],
  ];
  for (let i = 0; i < H; i++) {
    const part = parts.W_hh[((t - 1) * H + view.unit) * H + i];
    all.push(["W_hh", figure(part), ex - 6, Y.weight + 35 + 15 * (i - H + 1), "start"]);
  }
  const [current, plain] = [view.stages[view.position - 1]?.t, ["loss", "meet", "tanh", "past", view.weight]];
  const found = all.filter(([kind]) => has(kind, t) && (!crowded || t === current || plain.includes(kind)));
  if (t === last && has("past", t + 1))
    found.push(["past", figure(next), (cx + RADIUS + width) / 2 - 4, Y.h - 8, "middle"]);
  return found.map(([kind, words, at, y, anchor], k) =>
    svg(
      "text",
      {
        class: `bp-gradient${k < all.length && is(kind, t) ? " bp-now" : ""}`,
        x: at,
        y,
        "text-anchor": anchor,
        "data-gradient": `${kind}-${t}`,
      },
      words,
    ),
  );
}

/** A number for a node or an edge. @param {number} x @param {number} [digits] */
function short(x, digits = 3) {
  const rounded = Number(x.toFixed(digits));
  return rounded === 0 && x !== 0 ? "≈ 0" : String(rounded + 0).replace("-", "−");
}

/** @param {View} view */
function inWords({ pass, stages, position, unit }) {
  const { T, H, h, losses } = pass;
  const states = Array.from({ length: T }, (_, k) => `h${lower(k + 1)} = ${brief(h[k * H + unit])}`).join(", ");
  const at = losses.length ? `Losses at step ${losses.join(", ")}.` : "No step has a loss.";
  return (
    `The network unrolled over ${T} steps${H > 1 ? `, unit ${unit + 1} of ${H}` : ""}: ${states}. ${at} ` +
    `${position} of ${stages.length} terms of the backward pass are drawn.`
  );
}
