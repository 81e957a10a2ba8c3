// @ts-check
/** RaceBoard: which one remembers? Every stored run of the race, shown once the reader has guessed. */
import { checkControl, choiceControl, selectControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./race_board.css";
import { scorePanel, sharePanel } from "./race_board_chart.js";
import { show } from "./scales.js";
import { choice, createShell, flag, number } from "./shell.js";

/**
 * @typedef {import("./shell.js").Shell} Shell
 * @typedef {{ scores: number[], low: number, high: number, before: number[], after: number[] }} Runs
 * @typedef {{ words: string, unit: string, lower: boolean, solved: number | null, distances: number[] }} Task
 * @typedef {object} Race
 * @property {{ tasks: string[], entrants: string[] }} order in which they are shown
 * @property {Record<string, Task>} tasks
 * @property {Record<string, { cell: string, words: string }>} entrants
 * @property {Record<string, Record<string, string>>} best task → cell → entrant
 * @property {Record<string, Record<string, Runs>>} boards "task/distance" → entrant → its runs
 * @property {Record<string, Record<string, string>>} verdicts starts → board → the sentence that Python computed
 *
 * @typedef {{ name: string, words: string, runs: Runs }} Row
 * @typedef {{ task: Task, distance: number, rows: Row[], starts: "torch" | "best" | "all", guess: string, verdict: string }} Scene
 */

const CELLS = ["RNN", "LSTM", "GRU"];
const GUESSES = ["not yet", ...CELLS, "no one"];

/** @param {{ model: import("./shell.js").Model, el: HTMLElement }} host */
export function render({ model, el }) {
  /** @type {Race} */
  const race = model.get("race");
  const shell = createShell({
    model,
    el,
    name: "race-board",
    question: "Which one remembers?",
    lead:
      "Every dot is one network, trained from its own seed; all have equally many parameters, within 2 %, unless its " +
      "name says otherwise. " +
      "Guess who has the best mean here, and the board opens.",
    fields: {
      task: choice({ trait: "task", options: race.order.tasks }),
      distance: number({ trait: "distance", min: 1, max: 1000, whole: true }),
      starts: choice({ trait: "starts", options: ["torch", "best", "all"] }),
      RNN: flag({ initial: true }),
      LSTM: flag({ initial: true }),
      GRU: flag({ initial: true }),
      guess: choice({ initial: "not yet", options: GUESSES }),
    },
    style: { name: "race-board", css },
    draw: () => {
      const scene = sceneOf(race, shell.get);
      const width = Math.max(240, shell.figure.clientWidth);
      const each = width < 600 ? width : Math.floor(width / 2) - 12;
      panels.replaceChildren(scorePanel(scene, each), sharePanel(scene, each));
      shell.say(sentenceOf(scene, race));
      shell.numbers(() => numbersOf(scene));
    },
  });
  addControls(shell, race);
  const panels = element("div", { class: "rb-panels" });
  shell.figure.append(
    panels,
    element(
      "figcaption",
      {},
      "Left: a dot for each run; the line is the 95 % interval of the mean, without an end mark where it leaves the " +
        "panel. Right: the share of the gradient that reaches step 1, open before training, filled after it.",
    ),
  );
  shell.start();
  return shell.dispose;
}

/** What the settings select. @param {Race} race @param {(key: string) => any} get @returns {Scene} */
function sceneOf(race, get) {
  const [task, distance, starts] = ["task", "distance", "starts"].map(get);
  const board = `${task}/${distance}`;
  const chosen = starts === "torch" ? CELLS : starts === "best" ? Object.values(race.best[task]) : undefined;
  const there = race.boards[board] ?? {};
  const rows = race.order.entrants
    .filter((name) => name in there && get(race.entrants[name].cell) && (chosen?.includes(name) ?? true))
    .map((name) => ({ name, words: race.entrants[name].words, runs: there[name] }));
  const verdict = race.verdicts[starts === "all" ? "best" : starts][board] ?? "";
  return { task: race.tasks[task], distance, rows, starts, guess: get("guess"), verdict };
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/**
 * Who has the best mean of those that are shown: the cells whose best entrant is within a hundredth of the spread of all
 * scores, so that 1.000 and 0.999 share the first place; no one if no run solves a task that can be solved.
 * @param {Scene} scene @param {Race} race
 */
function winnersOf({ task, rows }, race) {
  const all = rows.flatMap(({ runs }) => runs.scores).concat(task.solved ?? []);
  const sign = task.lower ? 1 : -1;
  const order = [...rows].sort((a, b) => sign * (mean(a.runs.scores) - mean(b.runs.scores)));
  const best = mean(order[0].runs.scores);
  const near = 0.01 * (Math.max(...all) - Math.min(...all));
  const first = order.filter(({ runs }) => Math.abs(mean(runs.scores) - best) <= near);
  const { solved } = task;
  const none = solved !== null && !rows.some(({ runs }) => runs.scores.some((x) => sign * (x - solved) <= 0));
  return { best, cells: none ? ["no one"] : [...new Set(first.map(({ name }) => race.entrants[name].cell))] };
}

const STARTS = { torch: "With PyTorch’s starts", best: "With the best starts", all: "With the best starts" };

/** @param {Scene} scene @param {Race} race */
function sentenceOf(scene, race) {
  const { task, distance, rows, guess, starts, verdict } = scene;
  if (!rows.length) return "Choose at least one cell.";
  if (guess === "not yet") return `${task.words}, ${distance} steps: guess who has the best mean, and the dots appear.`;
  const { best, cells } = winnersOf(scene, race);
  const told =
    cells[0] === "no one"
      ? `no run solves it; the best mean is ${show(best, 3)}`
      : `the best mean, ${show(best, 3)}, ${cells.length > 1 ? "is shared by" : "is that of"} ${cells.join(" and ")}`;
  return `${cells.includes(guess) ? "As you guessed" : `You guessed ${guess}`}: ${told}. ${STARTS[starts]}: ${verdict}.`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
function numbersOf({ task, distance, rows, guess }) {
  if (guess === "not yet") return { caption: "Guess first.", head: ["entrant"], rows: [] };
  const list = (/** @type {number[]} */ values) => values.map((x) => show(x, 3)).join(", ");
  return {
    caption: `${task.words}, ${distance} steps: ${task.unit} of each seed; ${task.lower ? "lower" : "higher"} is better.`,
    head: ["entrant", task.unit, "mean", "interval", "share before", "share after"],
    rows: rows.map(({ words, runs }) => [
      words,
      list(runs.scores),
      show(mean(runs.scores), 3),
      `${show(runs.low, 3)} … ${show(runs.high, 3)}`,
      list(runs.before),
      list(runs.after),
    ]),
  };
}

/** @param {Shell} shell @param {Race} race */
function addControls(shell, race) {
  const distancesOf = (/** @type {string} */ task) => race.tasks[task].distances;
  const options = (/** @type {string} */ task) =>
    distancesOf(task).map((d) => ({ value: String(d), label: `${d} steps` }));
  const task = selectControl({
    ...{ label: "Task", name: "task", value: "" },
    options: race.order.tasks.map((value) => ({ value, label: race.tasks[value].words })),
    onInput: (value) => shell.set({ task: value, ...hidden }),
  });
  const distance = selectControl({
    ...{ label: "Distance", name: "distance", value: "", options: options(shell.get("task")) },
    onInput: (value) => shell.set({ distance: Number(value), ...hidden }),
  });
  const starts = choiceControl({
    ...{ label: "Starts", name: "starts", value: "" },
    options: [
      { value: "torch", label: "PyTorch’s" },
      { value: "best", label: "best on validation" },
      { value: "all", label: "all" },
    ],
    onInput: (value) => shell.set({ starts: value }),
  });
  const guess = choiceControl({
    ...{ label: "Your guess", name: "guess", value: "not yet" },
    options: GUESSES.map((value) => ({ value, label: value })),
    onInput: (value) => shell.set({ guess: value }),
  });
  shell.bind("task", task);
  shell.bind("distance", { ...distance, set: (d) => distance.set(String(d)) });
  shell.bind("starts", starts);
  shell.bind("guess", guess);
  shell.controls.append(task.root, distance.root, starts.root);
  const boxes = CELLS.map((cell) => {
    const box = checkControl({
      ...{ label: cell, name: `cell-${cell}`, value: true },
      onInput: (yes) => shell.set({ [cell]: yes }),
    });
    return shell.bind(cell, box).root;
  });
  shell.controls.append(element("div", { class: "rb-cells", role: "group", "aria-label": "cells" }, ...boxes));
  shell.controls.append(guess.root);
  shell.onChange((keys) => {
    if (!keys.has("task") && !keys.has("distance")) return;
    const there = distancesOf(shell.get("task"));
    distance.replace(options(shell.get("task")));
    const wanted = shell.get("distance");
    const nearest = there.reduce((a, b) => (Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a));
    if (nearest === wanted) distance.set(String(wanted));
    else shell.set({ distance: nearest });
  });
}

/** Another board is hidden until the next guess. */
const hidden = { guess: "not yet" };
