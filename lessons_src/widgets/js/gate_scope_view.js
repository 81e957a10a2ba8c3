// @ts-check
/**
 * GateScope's picture: lines of coloured cells under each character, wrapped to the width. The cells are painted on
 * canvases; on top lies a grid of three columns (before, at and after the picked character), which the keyboard and a
 * screen reader move along with the focus: 2,000 cells cost 30 nodes.
 */
import { LAB } from "./controls.js";
import { element } from "./dom.js";
import { paintBlock } from "./gate_scope_paint.js";
import { cellWords, inWords, shortName } from "./gate_scope_rows.js";

/** @typedef {import("./gate_scope_rows.js").Row} Row */
/**
 * @typedef {object} Scene
 * @property {Row[]} rows
 * @property {string[]} symbols
 * @property {number} at the character that is read out
 * @property {string} empty what to say if there is no text
 * @property {boolean} dark
 * @property {number} paper the colour behind the cells, 0xrrggbb
 */

const HEIGHT = { memory: 28, signed: 20, gate: 20, due: 26, norm: 18 };
const GHOST = { memory: 20, signed: 7, gate: 7, due: 20, norm: 0 };
const GAP = 14;
const CELL = 12.5;
const MOST_CHARACTERS = 240;
const MOST_LINES = 9;

/** @param {Row} row */
const heightOf = (row) => HEIGHT[row.kind] + (row.ghost ? GHOST[row.kind] : 0) + 2;

/**
 * @param {HTMLElement} host
 * @param {(at: number) => void} onPick
 */
export function makeTracks(host, onPick) {
  const figure = host.appendChild(element("div", { class: "gs-tracks" }));
  const empty = figure.appendChild(element("p", { class: "gs-empty" }));
  const lines = figure.appendChild(element("div", { class: "gs-lines" }));
  const grid = makeGrid(figure, onPick);
  const mover = makeMover(host);
  /** @type {Scene | null} */
  let scene = null;
  let first = 0; // the first character that is drawn
  let shape = { perLine: 1, cell: CELL, label: 0, width: 0 };

  const measure = () => {
    const width = figure.clientWidth;
    if (width === shape.width) return false;
    const label = width < 560 ? 30 : 118;
    const perLine = Math.max(8, Math.floor((width - label) / CELL));
    shape = { width, label, perLine, cell: (width - label) / perLine };
    return true;
  };

  const draw = (follow = false) => {
    if (!scene || !shape.width) return;
    const { rows, symbols, at } = scene;
    const T = symbols.length;
    empty.textContent = scene.empty;
    empty.hidden = T > 0;
    lines.hidden = grid.element.hidden = T === 0;
    const fits = Math.min(MOST_LINES, Math.max(1, Math.floor(MOST_CHARACTERS / shape.perLine)));
    const needed = Math.ceil(T / shape.perLine);
    const lastFirst = Math.max(0, needed - fits) * shape.perLine;
    if (follow && at < first) first = at - (at % shape.perLine);
    if (follow && at >= first + fits * shape.perLine)
      first = (Math.floor(at / shape.perLine) - fits + 1) * shape.perLine;
    first = Math.min(Math.max(0, first - (first % shape.perLine)), lastFirst);
    mover.show(first / shape.perLine, lastFirst / shape.perLine, shape.perLine, T, (line) => {
      first = line * shape.perLine;
      draw();
    });
    const shown = Math.min(fits, needed - first / shape.perLine);
    const tops = stack(rows);
    while (lines.children.length > shown) lines.lastElementChild?.remove();
    while (lines.children.length < shown) lines.append(makeLine());
    for (let k = 0; k < shown; k++) {
      const from = first + k * shape.perLine;
      drawLine(
        /** @type {HTMLElement} */ (lines.children[k]),
        scene,
        tops,
        from,
        Math.min(T, from + shape.perLine),
        shape,
      );
    }
    grid.place(scene, tops, shape, first, shown);
  };

  lines.addEventListener("click", (event) => {
    const canvas = event.target;
    if (!(canvas instanceof HTMLCanvasElement) || !scene) return;
    const at = Number(canvas.dataset.from) + Math.floor(event.offsetX / shape.cell);
    if (at >= 0 && at < Number(canvas.dataset.to)) onPick(at);
  });
  return {
    /** @param {Scene} next @param {boolean} follow whether to bring the picked character into view */
    update(next, follow) {
      scene = next;
      const changed = measure();
      draw(follow || changed);
    },
  };
}

/** @param {Row[]} rows the top of each row in a line, and the whole height at the end */
function stack(rows) {
  const tops = [0];
  for (const row of rows) tops.push(tops[tops.length - 1] + heightOf(row));
  return tops;
}

function makeLine() {
  const line = element("div", { class: "gs-line" });
  line.append(element("div", { class: "gs-labels", "aria-hidden": "true" }), element("canvas"));
  return line;
}

/**
 * @param {HTMLElement} line
 * @param {Scene} scene
 * @param {number[]} tops
 * @param {number} from
 * @param {number} to
 * @param {{cell: number, label: number}} shape
 */
function drawLine(line, { rows, at, dark, paper }, tops, from, to, shape) {
  const [labels, canvas] = /** @type {[HTMLElement, HTMLCanvasElement]} */ ([...line.children]);
  line.style.height = `${tops[rows.length]}px`;
  labels.style.width = `${shape.label}px`;
  const short = shape.label < 60;
  const names = rows.map((row) => row.key + row.symbol + short + tops[rows.length]).join();
  if (labels.dataset.names !== names) {
    labels.dataset.names = names;
    /** @type {HTMLElement[]} */
    const ghosts = [];
    labels.replaceChildren(
      ...rows.map((row, k) => {
        const tall = HEIGHT[row.kind];
        const label = element(
          "div",
          { class: `gs-label gs-${row.kind}`, style: `top:${tops[k]}px;height:${tall}px;line-height:${tall}px` },
          element("b", { style: row.colour && `--quantity:${row.colour}` }, row.symbol),
        );
        if (!short) label.append(` ${LABELS[/** @type {"due"} */ (row.key)] ?? shortName(row.name)}`);
        if (row.ghost && GHOST[row.kind] > 12 && !short) {
          const top = tops[k] + HEIGHT[row.kind];
          ghosts.push(
            element(
              "div",
              { class: "gs-label gs-was", style: `top:${top}px;line-height:${GHOST[row.kind]}px` },
              "without the clamp",
            ),
          );
        }
        return label;
      }),
      ...ghosts,
    );
  }
  Object.assign(canvas.dataset, { from, to });
  paintBlock(
    canvas,
    rows.map((row, k) => ({ row, top: tops[k], height: HEIGHT[row.kind], ghost: GHOST[row.kind] })),
    {
      from,
      to,
      at,
      cell: shape.cell,
      height: tops[rows.length],
      dark,
      paper,
    },
  );
}

/** Shorter than the row's own name. */
const LABELS = { due: "closer due", "∂h": "gradient", "∂c": "gradient" };

/**
 * The three columns that can have the focus.
 * @param {HTMLElement} figure
 * @param {(at: number) => void} onPick
 */
function makeGrid(figure, onPick) {
  const grid = element("div", {
    class: "gs-grid",
    role: "grid",
    "aria-label":
      "What the unit did at each character. Left and right move along the text, up and down through the rows.",
  });
  figure.append(grid);
  /** @type {{line: HTMLElement, header: HTMLElement, cells: HTMLElement[]}[]} */
  let rows = [];
  let at = 0;
  let wanted = 0; // where the keys have gone since the last frame
  let focused = 0; // the row that is the tab stop
  /** @type {Parameters<typeof place> | null} */
  let last = null;

  const build = (/** @type {number} */ count) => {
    rows = Array.from({ length: count }, (_, k) => {
      const header = element("span", { class: "gs-cell gs-header", role: "rowheader" });
      const cells = [0, 1, 2].map(() => element("span", { class: "gs-cell", role: "gridcell", ...LAB }));
      return { line: element("div", { role: "row", "aria-rowindex": k + 1 }, header, ...cells), header, cells };
    });
    grid.replaceChildren(...rows.map((row) => row.line));
    focused = Math.min(focused, count - 1);
  };

  /**
   * @param {Scene} scene
   * @param {number[]} tops
   * @param {{perLine: number, cell: number, label: number}} shape
   * @param {number} first
   * @param {number} shownLines
   */
  function place(scene, tops, shape, first, shownLines) {
    last = [scene, tops, shape, first, shownLines];
    if (rows.length !== scene.rows.length) build(scene.rows.length);
    const step = scene.at - at;
    at = wanted = scene.at;
    grid.setAttribute("aria-rowcount", `${rows.length}`);
    grid.setAttribute("aria-colcount", `${scene.symbols.length}`);
    const end = first + shownLines * shape.perLine;
    const hasFocus = grid.contains(document.activeElement);
    rows.forEach(({ line, header, cells }, k) => {
      // The focused node moves along with its column, so that a screen reader speaks of a new cell.
      if (hasFocus && step === 1) line.append(...cells.splice(0, 3, cells[1], cells[2], cells[0]).slice(0, 1));
      if (hasFocus && step === -1) {
        cells.unshift(/** @type {HTMLElement} */ (cells.pop()));
        header.after(cells[0]);
      }
      const row = scene.rows[k];
      header.textContent = row.name;
      cells.forEach((cell, j) => {
        const t = at + j - 1;
        const exists = t >= 0 && t < scene.symbols.length;
        cell.hidden = !exists;
        cell.tabIndex = j === 1 && k === focused ? 0 : -1;
        if (!exists) return;
        cell.setAttribute("aria-colindex", `${t + 1}`);
        cell.setAttribute(
          "aria-label",
          `${row.name}. Character ${t + 1}, ${inWords(scene.symbols[t])}: ${cellWords(row, t)}`,
        );
        cell.setAttribute("aria-selected", `${j === 1}`);
        const inside = t >= first && t < end;
        const column = inside ? (t - first) % shape.perLine : 0;
        const lineNumber = inside ? Math.floor((t - first) / shape.perLine) : 0;
        const top = lineNumber * (tops[rows.length] + GAP) + tops[k];
        cell.style.width = `${shape.cell}px`;
        cell.style.height = `${HEIGHT[row.kind]}px`;
        cell.style.translate = `${shape.label + column * shape.cell}px ${top}px`;
      });
    });
    if (hasFocus) rows[focused].cells[1].focus();
  }

  grid.addEventListener("focusin", (event) => {
    const found = rows.findIndex(({ cells }) => cells.includes(/** @type {HTMLElement} */ (event.target)));
    if (found >= 0) focused = found;
  });
  grid.addEventListener("keydown", (event) => {
    if (!last || event.ctrlKey || event.altKey || event.metaKey) return;
    const [scene, , shape] = last;
    const end = scene.symbols.length - 1;
    const goal = {
      ArrowLeft: wanted - 1,
      ArrowRight: wanted + 1,
      Home: 0,
      End: end,
      PageUp: wanted - shape.perLine,
      PageDown: wanted + shape.perLine,
    }[event.key];
    const rowMove = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (goal === undefined && rowMove === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (goal !== undefined) {
      wanted = Math.max(0, Math.min(end, goal));
      onPick(wanted);
    }
    if (rowMove !== undefined) {
      focused = Math.max(0, Math.min(rows.length - 1, focused + rowMove));
      place(...last);
    }
  });
  return { element: grid, place };
}

/** The slider that moves the window over a long text. @param {HTMLElement} host */
function makeMover(host) {
  const label = host.appendChild(element("label", { class: "gs-mover" }));
  const caption = label.appendChild(element("span"));
  const slider = element("input", { type: "range", min: 0, ...LAB, input: () => onMove(slider.valueAsNumber) });
  label.append(slider);
  let onMove = (/** @type {number} */ _line) => {};
  return {
    /** @param {number} line @param {number} most @param {number} perLine @param {number} T @param {typeof onMove} move */
    show(line, most, perLine, T, move) {
      label.hidden = most === 0;
      onMove = move;
      slider.max = `${most}`;
      slider.value = `${line}`;
      caption.textContent = `The picture starts at character ${line * perLine + 1} of ${T}`;
      slider.setAttribute("aria-valuetext", `character ${line * perLine + 1} of ${T}`);
    },
  };
}
