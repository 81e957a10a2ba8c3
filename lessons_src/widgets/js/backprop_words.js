// @ts-check
/**
 * What BackpropStepper says of each term: the equation in symbols, in numbers and in code, what is nudged to check it, and
 * one sentence. The lines of code are those of `lessons_src/backprop.py` and its neighbours; a test compares.
 *
 *   termOf(view)        { title, symbols, numbers, code, nudge, pairs, sentence }
 *   numbersOf(view)     the table of numbers: what has been computed so far
 *   columnsOf(view)     the columns that the watched weight has for the picked unit
 */
import { brief, factor, lower } from "./maths.js";

/**
 * @typedef {import("./bptt.js").Stage} Stage
 *
 * @typedef {object} View
 * @property {import("./bptt.js").Pass} pass
 * @property {Stage[]} stages
 * @property {number} position how many terms are computed
 * @property {number} unit from 0
 * @property {"W_hh" | "W_ih" | "b"} weight whose sum is watched
 *
 * @typedef {object} Term
 * @property {string} title
 * @property {string} symbols
 * @property {string} numbers
 * @property {string[]} code
 * @property {string} nudge what is moved to check the number
 * @property {[number, number][]} pairs the number by the equation and by nudging; none in the forward pass
 * @property {string} sentence
 */

const CODE = {
  forward: ["h = rnn_step(torch.addmm(a_x_t, h, weight_hh.T), activation)"],
  loss: ["for direct_t, slope_t, d_h_t, d_a_t in _backwards(d_h_direct, slope, d_h, d_a):"],
  meet: ["torch.add(direct_t, from_next, out=d_h_t)"],
  tanh: ["slope = ACTIVATIONS[sequence.activation].slope(sequence.h)", "torch.mul(d_h_t, slope_t, out=d_a_t)"],
  W_hh: ["return d_a[0].T @ h_0 + sum_over_steps(d_a[1:], h[:-1])"],
  W_ih: [
    "return RNNGradients(d_a, d_h, _sum_over_steps(d_a, sequence.h, sequence.h_0), from_next)",
    "# the layer multiplies d_a with x",
  ],
  b: [
    "return RNNGradients(d_a, d_h, _sum_over_steps(d_a, sequence.h, sequence.h_0), from_next)",
    "# the layer multiplies d_a with 1",
  ],
  past: ["from_next = d_a_t @ weight_hh"],
  check: ["return RNNGradients(d_a, d_h, _sum_over_steps(d_a, sequence.h, sequence.h_0), from_next)"],
};
const NAMES = { W_hh: "W_{hh}", W_ih: "W_{ih}", b: "b" };

/** @param {View} view @returns {Term} */
export function termOf(view) {
  const { stages, position } = view;
  if (position === 0) return forwardTerm(view);
  const { t, kind } = stages[position - 1];
  return { code: CODE[kind], ...(kind === "check" ? checkTerm(view) : TERMS[kind](view, t)) };
}

/**
 * One number per column of the watched weight: of W_hh a column per unit of h_{t−1}.
 * @param {View} view
 * @returns {{ name: string, other: string, at: number, from: number }[]} `from`: the unit of h_{t−1}
 */
export function columnsOf({ pass: { H }, unit, weight }) {
  const of = H > 1 ? `[${unit + 1}]` : "";
  if (weight !== "W_hh")
    return [{ name: NAMES[weight] + of, other: weight === "b" ? "1" : "x_{t}", at: unit, from: 0 }];
  return Array.from({ length: H }, (_, i) => ({
    name: `W_{hh}${H > 1 ? `[${unit + 1},${i + 1}]` : ""}`,
    other: `h_{t−1}${H > 1 ? `[${i + 1}]` : ""}`,
    at: unit * H + i,
    from: i,
  }));
}

/** What stands beside ∂L/∂a_t in the product: h_{t−1}, x_t or 1. @param {View} view @param {number} t @param {number} from */
export function otherFactor({ pass, weight }, t, from) {
  if (weight === "b") return 1;
  if (weight === "W_ih") return pass.inputs[t - 1];
  return t === 1 ? pass.h0[from] : pass.h[(t - 2) * pass.H + from];
}

/** @param {View} view @returns {Term} */
function forwardTerm({ pass, stages }) {
  const { losses, H, T, h } = pass;
  const parts = losses.map((t) => brief(pass.lossAt(t, h.subarray((t - 1) * H, t * H))));
  const sum = parts.length > 1 ? `${parts.join(" + ")} = ` : "";
  return {
    title: "The forward pass is done",
    symbols:
      "h_{t} = tanh(a_{t}),  a_{t} = W_{ih} x_{t} + W_{hh} h_{t−1} + b,  L_{t} = ½ " +
      (H > 1 ? "‖h_{t} − y_{t}‖^{2}" : "(h_{t} − y_{t})^{2}"),
    numbers: parts.length ? `L = ${sum}${brief(pass.loss)}` : "L = 0: no step has a loss",
    code: CODE.forward,
    nudge: "nothing yet: each term on the way back will be checked by moving it and running forward again",
    pairs: [],
    sentence: parts.length
      ? `The forward pass gives L = ${brief(pass.loss)}. The way back has ${stages.length - 1} terms, from step ${T} to step 1.`
      : "No step has a loss, so L = 0 and every gradient will be 0. Choose a step that has one.",
  };
}

/** @typedef {Omit<Term, "code">} Words */

/** @type {Record<Exclude<import("./bptt.js").Kind, "check">, (view: View, t: number) => Words>} */
const TERMS = {
  loss: ({ pass, unit }, t) => {
    const { H, h, targets, direct } = pass;
    const [u, at] = [unitName(H, unit), (t - 1) * H + unit];
    const value = brief(direct[at]);
    return {
      title: `Step ${t}: out of the loss`,
      symbols: `∂L_{${t}}/∂h_{${t}}${u} = h_{${t}}${u} − y_{${t}}${u}`,
      numbers: `${brief(h[at])} − ${factor(targets[at])} = ${value}`,
      nudge: `h${lower(t)}${u}, but only where its own loss reads it`,
      pairs: [[direct[at], pass.nudged("loss", t, unit)]],
      sentence: `The loss of step ${t} sends h${lower(t)}${u} − y${lower(t)}${u} = ${value} to h${lower(t)}${u}.`,
    };
  },
  meet: ({ pass, unit }, t) => {
    const { H, T, losses, direct, fromNext, dH } = pass;
    const [u, at] = [unitName(H, unit), (t - 1) * H + unit];
    const [own, next] = [losses.includes(t), t < T];
    const [mine, theirs, sum] = [direct[at], fromNext[at + H], dH[at]].map(brief);
    const state = `h${lower(t)}${u}`;
    const said = own
      ? next
        ? `At ${state} two gradients meet and are added: ${mine} from its own loss and ${theirs} from step ${t + 1}. The sum is ${sum}.`
        : `No step comes after step ${t}, so its own loss is all that reaches ${state}: ${sum}.`
      : next
        ? `Step ${t} has no loss of its own: all that reaches ${state} is ${sum}, from step ${t + 1}.`
        : `Step ${t} has no loss and no step after it: nothing reaches ${state}.`;
    return {
      title: own && next ? `Step ${t}: two gradients meet at h_{${t}}` : `Step ${t}: what arrives at h_{${t}}`,
      symbols:
        `∂L/∂h_{${t}}${u} = ${own ? `(h_{${t}}${u} − y_{${t}}${u})` : "0"} + ` +
        (next ? `${transposed(H, u)} ∂L/∂a_{${t + 1}}` : "0"),
      numbers: `${mine} + ${factor(fromNext[at + H])} = ${sum}`,
      nudge: `h${lower(t)}${u}, wherever it is read`,
      pairs: [[dH[at], pass.nudged("meet", t, unit)]],
      sentence: said,
    };
  },
  tanh: ({ pass, unit }, t) => {
    const { H, h, dH, dA } = pass;
    const [u, at] = [unitName(H, unit), (t - 1) * H + unit];
    const slope = 1 - h[at] * h[at];
    const product = `${factor(slope)} · ${factor(dH[at])} = ${brief(dA[at])}`;
    return {
      title: `Step ${t}: through the tanh`,
      symbols: `∂L/∂a_{${t}}${u} = (1 − h_{${t}}${u}^{2}) · ∂L/∂h_{${t}}${u}`,
      numbers: `(1 − ${factor(h[at])}^{2}) · ${factor(dH[at])} = ${product}`,
      nudge: `a${lower(t)}${u}`,
      pairs: [[dA[at], pass.nudged("tanh", t, unit)]],
      sentence: `The slope of tanh at step ${t} is ${brief(slope)}, so ${product} reaches a${lower(t)}${u}.`,
    };
  },
  W_hh: (view, t) => weightTerm({ ...view, weight: "W_hh" }, t),
  W_ih: (view, t) => weightTerm({ ...view, weight: "W_ih" }, t),
  b: (view, t) => weightTerm({ ...view, weight: "b" }, t),
  past: ({ pass, unit }, t) => {
    const { H, dA, fromNext, weights } = pass;
    const [u, at] = [unitName(H, unit), (t - 1) * H + unit];
    const products = Array.from(
      { length: H },
      (_, k) => `${factor(weights.weightHh[k * H + unit])} · ${factor(dA[(t - 1) * H + k])}`,
    );
    const value = brief(fromNext[at]);
    const state = `h${lower(t - 1)}${u}`;
    return {
      title: `Step ${t}: back into h_{${t - 1}}`,
      symbols: `into h_{${t - 1}}${u}: ${transposed(H, u)} ∂L/∂a_{${t}}`,
      numbers: `${products.join(" + ")} = ${value}`,
      nudge: `${state}, but only where step ${t} reads it`,
      pairs: [[fromNext[at], pass.nudged("past", t, unit)]],
      sentence:
        `Through W_hh, ${value} flows from step ${t} back to ${state}.` +
        (t === 1
          ? " No step comes before it: here the way ends."
          : pass.losses.includes(t - 1)
            ? ` There it will meet the gradient of the loss at step ${t - 1}.`
            : ""),
    };
  },
};

/** @param {View} view whose weight is the one of the term @param {number} t @returns {Words} */
function weightTerm(view, t) {
  const { pass, unit, weight } = view;
  const { H, dA, parts } = pass;
  const u = unitName(H, unit);
  const columns = columnsOf(view);
  const size = parts[weight].length / pass.T;
  const d = dA[(t - 1) * H + unit];
  const values = columns.map(({ at }) => parts[weight][(t - 1) * size + at]);
  const products = columns.map(
    ({ from }, k) => `${factor(d)} · ${factor(otherFactor(view, t, from))} = ${brief(values[k])}`,
  );
  const other = { W_hh: `h_{${t - 1}}${H > 1 ? "^{⊤}" : ""}`, W_ih: `x_{${t}}`, b: "1" }[weight];
  const row = weight === "W_hh" && H > 1 ? `row ${unit + 1} of ` : "";
  const sums = columns.map(({ at }) => brief(pass.sum(weight, at, t))).join(" and ");
  const whole = row + weight + (row ? "" : u);
  return {
    title: `Step ${t}: into ${row}${NAMES[weight]}`,
    symbols: `step ${t}’s part of ∂L/∂${NAMES[weight]}${row ? `[${unit + 1}]` : u} = ∂L/∂a_{${t}}${u} · ${other}`,
    numbers: products.join("\n"),
    nudge: `${columns.length > 1 ? "each number of " : ""}${whole}, but only at step ${t}`,
    pairs: columns.map(({ at }, k) => [values[k], pass.nudged(weight, t, at)]),
    sentence:
      `Step ${t} adds ${values.map(brief).join(" and ")} to the gradient of ${whole}. ` + `The sum so far: ${sums}.`,
  };
}

/** @param {View} view @returns {Words} */
function checkTerm(view) {
  const { pass, weight } = view;
  const { T, parts } = pass;
  const columns = columnsOf(view);
  const size = parts[weight].length / T;
  const sums = columns.map(({ at }) => {
    const terms = Array.from({ length: T }, (_, k) => brief(parts[weight][(T - 1 - k) * size + at]));
    return `${terms.join(" + ").replaceAll("+ −", "− ")} = ${brief(pass.sum(weight, at))}`;
  });
  /** @type {[number, number][]} */
  const pairs = columns.map(({ at }) => [pass.sum(weight, at), pass.nudgedAll(weight, at)]);
  const plain = columns.map(({ name }) => name.replace(/[{}]/g, ""));
  const [found, nudged] = [0, 1].map((side) => pairs.map((pair) => brief(settled(pair[side]))).join(" and "));
  return {
    title: "The sum over all steps",
    symbols: `∂L/∂${columns.length > 1 ? `W_{hh}[${view.unit + 1}]` : columns[0].name} = Σ_{t} ∂L/∂a_{t}${unitName(pass.H, view.unit)} · ${columns.length > 1 ? "h_{t−1}^{⊤}" : columns[0].other}`,
    numbers: sums.join("\n"),
    nudge: `${plain.join(" and ")}${columns.length > 1 ? ", one after the other," : ""} at every step`,
    pairs,
    sentence:
      `All ${T} steps together: ∂L/∂${plain.join(", ")} = ${found}. ` +
      `Nudging the weight itself, with no backward pass, gives ${nudged}.`,
  };
}

/** What nudging finds is right to about nine decimals; less than that is 0. @param {number} x */
export const settled = (x) => (Math.abs(x) < 1e-9 ? 0 : x);

/** @param {number} H @param {number} unit */
const unitName = (H, unit) => (H > 1 ? `[${unit + 1}]` : "");

/** @param {number} H @param {string} u */
const transposed = (H, u) => (H > 1 ? `(W_{hh}^{⊤})${u}` : "W_{hh}");

/** @param {View} view @returns {import("./shell.js").Numbers} */
export function numbersOf({ pass, stages, position, unit }) {
  const { T, H, inputs, targets, losses, a, h, direct, fromNext, dH, dA, parts } = pass;
  const done = new Set(stages.slice(0, position).map(({ t, kind }) => `${kind}${t}`));
  const u = unitName(H, unit);
  const units = Array.from({ length: H }, (_, i) => i);
  const rows = Array.from({ length: T }, (_, k) => T - k).map((t) => {
    const at = (t - 1) * H + unit;
    const after = (/** @type {string} */ kind, /** @type {number} */ value) =>
      done.has(`${kind}${t}`) ? exact(value) : "–";
    return [
      ...[String(t), exact(inputs[t - 1]), exact(a[at]), exact(h[at])],
      ...(losses.includes(t) ? [exact(targets[at]), after("loss", direct[at])] : ["–", "–"]),
      t === T || done.has(`past${t + 1}`) ? exact(fromNext[at + H]) : "–",
      ...[after("meet", dH[at]), after("tanh", dA[at])],
      ...units.map((i) => after("W_hh", parts.W_hh[at * H + i])),
      ...[after("W_ih", parts.W_ih[at]), after("b", parts.b[at])],
    ];
  });
  const reached = (/** @type {"W_hh" | "W_ih" | "b"} */ kind) =>
    Math.min(T + 1, ...stages.slice(0, position).flatMap((stage) => (stage.kind === kind ? [stage.t] : [])));
  const sum = (/** @type {"W_hh" | "W_ih" | "b"} */ kind, /** @type {number} */ at) =>
    reached(kind) > T ? "–" : exact(pass.sum(kind, at, reached(kind)));
  const last = [...units.map((i) => sum("W_hh", unit * H + i)), sum("W_ih", unit), sum("b", unit)];
  return {
    caption: `${H > 1 ? `Unit ${unit + 1}. ` : ""}L = ${exact(pass.loss)}. ${position} of ${stages.length} terms computed.`,
    head: [
      ...[
        "t",
        "x_t",
        `a_t${u}`,
        `h_t${u}`,
        `y_t${u}`,
        "from its loss",
        "from step t + 1",
        `∂L/∂h_t${u}`,
        `∂L/∂a_t${u}`,
      ],
      ...units.map((i) => `into W_hh${H > 1 ? `[${unit + 1},${i + 1}]` : ""}`),
      ...[`into W_ih${u}`, `into b${u}`],
    ],
    rows: [...rows, ["sum", ...Array.from({ length: 8 }, () => ""), ...last]],
  };
}

/** Six decimals; what is smaller than that as a power of ten. @param {number} x */
function exact(x) {
  return Math.abs(x) >= 0.001 || x === 0
    ? x
        .toFixed(6)
        .replace("-", "−")
        .replace(/^−(0\.0*)$/, "$1")
    : brief(x);
}
