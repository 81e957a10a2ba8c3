// @ts-check
/**
 * The map of EmbeddingCompass: a dot for each word, marks for the few that matter, and a place that the arrow keys move.
 * All dots are one SVG path, so that 4,000 words cost no more nodes than 40.
 *
 *   createMap(onPick)     → { root, update(view) }; onPick(word) when a word is picked by key, mouse or finger
 */
import { element, svg } from "./dom.js";

/**
 * @typedef {object} View
 * @property {string[]} words
 * @property {import("./embeddings.js").Plane} plane
 * @property {number} chosen
 * @property {{ word: number, name: string }[]} queries with the letters that they are called by
 * @property {number[]} answers
 * @property {[number, number, number] | null} query a, b and c, if there is arithmetic
 * @property {[number, number] | null} target where a − b + c lies
 * @property {number[]} spokes words to which a line leads from the chosen one
 * @property {number | null} reach the word on the rim of the circle about the chosen one
 * @property {string} description
 *
 * @typedef {[number, number]} Point in pixels
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 * @typedef {{ point: Point, text: string, look: string, must?: boolean }} Label
 */

const MARGIN = { side: 26, end: 22 };
const SHORTER = 7; // pixels by which an arrow ends before its mark
const LABEL_ALL = 150; // words, up to which those that do not matter are named too, where there is room
const MOST_FAINT = 80;
/** @type {Record<string, string>} */
const FONT = { "ec-of-query": "650 13px", "ec-of-target": "650 13px", "ec-faint": "11.5px" };
const TURNS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** @param {(word: number) => void} onPick */
export function createMap(onPick) {
  const picture = svg("svg", { class: "ec-map", role: "img" });
  const list = element("div", {
    class: "ec-places",
    role: "listbox",
    "aria-label": "Words on the map. The arrow keys go to the next word in their direction.",
  });
  const root = element("div", { class: "ec-map-frame" }, picture, list);
  /** @type {Point[]} */
  let points = [];
  let at = 0;

  list.addEventListener("keydown", (event) => {
    const turn = TURNS[/** @type {keyof typeof TURNS} */ (event.key)];
    if (!turn || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    at = nextIn(turn, points, at);
    onPick(at);
  });
  /** @param {PointerEvent} event */
  const press = (event) => {
    if (event.type === "pointermove" && !(event.buttons && event.pointerType === "mouse")) return;
    const box = picture.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const distances = points.map((point) => (point[0] - x) ** 2 + (point[1] - y) ** 2);
    onPick(distances.reduce((best, distance, k) => (distance < distances[best] ? k : best), 0));
  };
  picture.addEventListener("click", press);
  picture.addEventListener("pointermove", press);

  return {
    root,
    /** @param {View} view */
    update: (view) => {
      const width = Math.max(200, root.clientWidth);
      const { height, place } = fit(view, width);
      points = view.words.map((_, k) => place([view.plane.x[k], view.plane.y[k]]));
      at = view.chosen;
      for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height }))
        picture.setAttribute(name, String(value));
      picture.setAttribute("aria-label", view.description);
      picture.replaceChildren(...parts(view, points, view.target && place(view.target), { width, height }));

      const [left, top] = points[at];
      const option = element("div", {
        class: "ec-place",
        role: "option",
        tabindex: 0,
        "aria-selected": "true",
        "aria-label": view.words[at],
        "data-lm-suppress-shortcuts": "true",
        "data-control": "map",
        style: `left:${left}px;top:${top}px`,
      });
      const focused = list.contains(document.activeElement);
      list.replaceChildren(option); // a new node each time, so that a screen reader speaks of it
      if (focused) option.focus({ preventScroll: true });
    },
  };
}

/**
 * Pixels for places, the same scale across and up, so that distances can be compared.
 * @param {View} view @param {number} width
 */
function fit({ plane, target }, width) {
  const xs = ends(plane.x, target?.[0]);
  const ys = ends(plane.y, target?.[1]);
  const [spanX, spanY] = [xs[1] - xs[0], ys[1] - ys[0]];
  const inner = width - 2 * MARGIN.side;
  const wanted = spanX > 0 ? (inner * spanY) / spanX : inner;
  const height = Math.round(Math.min(Math.max(wanted, 0.6 * width), Math.max(300, 0.8 * width)) + 2 * MARGIN.end);
  const scale = Math.min(inner / (spanX || 1), (height - 2 * MARGIN.end) / (spanY || 1));
  const [middleX, middleY] = [(xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2];
  /** @param {[number, number]} place @returns {Point} */
  const place = ([x, y]) => [width / 2 + (x - middleX) * scale, height / 2 - (y - middleY) * scale];
  return { height, place };
}

/** @param {Float64Array} values @param {number} [more] */
function ends(values, more = values[0]) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [more, more]);
}

/**
 * The nearest point within 45° of a direction; failing that, within 90°; failing that, where one is.
 * @param {number[]} turn @param {Point[]} points @param {number} from
 */
function nextIn([dx, dy], points, from) {
  for (const slope of [1, Infinity]) {
    let best = from;
    let least = Infinity;
    points.forEach(([x, y], k) => {
      const [right, down] = [x - points[from][0], y - points[from][1]];
      const ahead = right * dx + down * dy;
      const aside = Math.abs(right * dy) + Math.abs(down * dx);
      const distance = Math.hypot(ahead, aside);
      if (k !== from && ahead > 0 && aside <= slope * ahead && distance < least) [best, least] = [k, distance];
    });
    if (best !== from) return best;
  }
  return from;
}

/* ------------------------------------------------------------------------------------------------------- drawing */

/** @param {number} value */
const px = (value) => value.toFixed(1);
/** @param {Point} point */
const at = ([x, y]) => `${px(x)} ${px(y)}`;

/**
 * @param {View} view @param {Point[]} points @param {Point | null} target @param {{ width: number, height: number }} size
 */
function parts(view, points, target, { width, height }) {
  const { words, chosen, queries, answers, query, spokes, reach } = view;
  const here = points[chosen];
  const dots = points.map((point) => `M${at(point)}h0`).join("");
  const circle = reach === null ? [] : [mark("circle", here, { class: "ec-reach", r: px(apart(here, points[reach])) })];
  /** @type {[Point, Point][]} */
  const ways =
    query && target
      ? [
          [points[query[1]], points[query[0]]],
          [points[query[2]], target],
        ]
      : [];
  const inTheWay = ways.flatMap(([from, to]) => along(from, to));
  return [
    svg("rect", { class: "ec-ground", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 8 }),
    ...circle,
    svg("path", { class: words.length > 600 ? "ec-dots ec-many" : "ec-dots", d: dots }),
    ...spokes.map((k) => svg("path", { class: "ec-spoke", d: `M${at(here)}L${at(points[k])}` })),
    ...ways.map(([from, to]) => svg("path", { class: "ec-arrow", d: arrow(from, to) })),
    ...answers.map((k, place) =>
      mark("circle", points[k], { class: "ec-answer", r: place ? 4.5 : 6.5, "data-word": k }),
    ),
    ...queries.map(({ word, name }) => diamond(points[word], { class: "ec-query", "data-name": name })),
    ...(target ? [cross(target)] : []),
    mark("circle", here, { class: "ec-chosen", r: 10 }),
    ...labels(named(view, points, target), faint(view, points), inTheWay, { width, height }),
  ];
}

/** @param {"circle"} tag @param {Point} point @param {import("./dom.js").Properties} attributes */
function mark(tag, [cx, cy], attributes) {
  return svg(tag, { cx: px(cx), cy: px(cy), ...attributes });
}

/** @param {Point} point @param {import("./dom.js").Properties} attributes */
function diamond(point, attributes) {
  return svg("path", { ...attributes, d: `M${at(point)}m0-7l7 7-7 7-7-7z` });
}

/** @param {Point} point */
function cross(point) {
  return svg("path", { class: "ec-target", d: `M${at(point)}m-6-6l12 12m0-12l-12 12` });
}

/** From point to point, but for the mark at its end. @param {Point} from @param {Point} to */
function arrow(from, to) {
  const length = apart(from, to);
  if (length < 2 * SHORTER) return "";
  const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  /** @param {number} back @param {number} aside @returns {Point} */
  const near = (back, aside) => [to[0] - back * dx - aside * dy, to[1] - back * dy + aside * dx];
  const tip = at(near(SHORTER, 0));
  return `M${at(from)}L${tip}M${at(near(SHORTER + 9, 4.5))}L${tip}L${at(near(SHORTER + 9, -4.5))}`;
}

/** @param {Point} a @param {Point} b */
function apart(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/* -------------------------------------------------------------------------------------------------------- labels */

/** The labels that matter, the most important first. @param {View} view @param {Point[]} points @param {Point | null} target */
function named({ words, chosen, queries, answers }, points, target) {
  /** @type {Label[]} */
  const wanted = target ? [{ point: target, text: "A − B + C", look: "ec-of-target", must: true }] : [];
  for (const { word, name } of queries)
    wanted.push({
      point: points[word],
      text: name ? `${name}: ${words[word]}` : words[word],
      look: "ec-of-query",
      must: true,
    });
  const rest = [chosen, ...answers].filter((k) => !queries.some(({ word }) => word === k));
  new Set(rest).forEach((k) => {
    wanted.push({ point: points[k], text: words[k], look: "ec-of-answer", must: k === chosen || k === answers[0] });
  });
  return wanted;
}

/** The other words of a small vocabulary. @param {View} view @param {Point[]} points @returns {Label[]} */
function faint({ words, chosen, queries, answers }, points) {
  if (words.length > LABEL_ALL) return [];
  const done = new Set([chosen, ...answers, ...queries.map(({ word }) => word)]);
  return words.flatMap((text, k) => (done.has(k) ? [] : [{ point: points[k], text, look: "ec-faint" }]));
}

/**
 * Puts each label beside its point where no other label, mark, arrow or dot is. One that must be there may lie on dots,
 * and if need be on anything; another one is left out.
 * @param {Label[]} wanted @param {Label[]} others @param {Point[]} inTheWay @param {{ width: number, height: number }} size
 */
function labels(wanted, others, inTheWay, { width, height }) {
  const taken = wanted.map(({ point }) => about(point, 7));
  const soft = [...others.map(({ point }) => about(point, 3)), ...inTheWay.map((point) => about(point, 4))];
  /** @param {Box} box @param {Box[]} boxes */
  const isFree = (box, boxes) =>
    box.left > 2 &&
    box.top > 2 &&
    box.right < width - 2 &&
    box.bottom < height - 2 &&
    !boxes.some((b) => meets(b, box));
  let left = MOST_FAINT;
  return [...wanted, ...others].flatMap(({ point, text, look, must }) => {
    const isFaint = look === "ec-faint";
    if (isFaint && !left) return [];
    const wide = widthOf(text, look);
    const places = isFaint ? around(point, wide, 5) : [9, 17, 26].flatMap((gap) => around(point, wide, gap));
    const box =
      places.find((place) => isFree(place, taken) && isFree(place, soft)) ??
      (isFaint ? undefined : places.find((place) => isFree(place, taken))) ??
      (must ? inside(places[0], width) : undefined);
    if (!box) return [];
    taken.push(box);
    if (isFaint) left -= 1;
    return [svg("text", { class: look, x: px((box.left + box.right) / 2), y: px(box.bottom - 4) }, text)];
  });
}

/** @param {Point} point @param {number} reach @returns {Box} */
function about([x, y], reach) {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

/** Points along a line, a few pixels apart. @param {Point} from @param {Point} to @returns {Point[]} */
function along(from, to) {
  const count = Math.ceil(apart(from, to) / 8);
  return Array.from({ length: count }, (_, k) => [
    from[0] + (k / count) * (to[0] - from[0]),
    from[1] + (k / count) * (to[1] - from[1]),
  ]);
}

/** @param {Box} box @param {number} width @returns {Box} */
function inside(box, width) {
  const shift = Math.min(0, width - 4 - box.right) + Math.max(0, 4 - box.left);
  return { ...box, left: box.left + shift, right: box.right + shift };
}

/** @param {Box} a @param {Box} b */
function meets(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Right, left, above, below and between. @param {Point} point @param {number} width @param {number} gap @returns {Box[]} */
function around([x, y], width, gap) {
  const high = 16;
  return [
    [x + gap, y - 8],
    [x - gap - width, y - 8],
    [x - width / 2, y - gap - high],
    [x - width / 2, y + gap],
    [x + gap * 0.6, y - gap - high + 4],
    [x - gap * 0.6 - width, y - gap - high + 4],
    [x + gap * 0.6, y + gap - 4],
    [x - gap * 0.6 - width, y + gap - 4],
  ].map(([left, top]) => ({ left, top, right: left + width, bottom: top + high }));
}

/** @type {CanvasRenderingContext2D | null} */
let pen = null;

/** @param {string} text @param {string} look */
function widthOf(text, look) {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return 8 * text.length;
  pen.font = `${FONT[look] ?? "13px"} system-ui, "Segoe UI", Roboto, sans-serif`;
  return pen.measureText(text).width + 4;
}
