// @ts-check
/** GateScope: what do the gates do on my text? Wires the model's traits, the controls and the picture. */
import { unpack } from "./arrays.js";
import { checkControl, choiceControl, rangeControl, selectControl, textControl } from "./controls.js";
import { element } from "./dom.js";
import css from "./gate_scope.css" with { type: "text" };
import { makeLegend, makeMap } from "./gate_scope_map.js";
import * as arithmetic from "./gate_scope_model.js";
import { packed } from "./gate_scope_paint.js";
import { makeRows } from "./gate_scope_rows.js";
import { makeTracks } from "./gate_scope_view.js";
import * as words from "./gate_scope_words.js";
import { choice, createShell, flag, number, text } from "./shell.js";
import { isDark } from "./theme.js";

export { arithmetic }; // for the tests

const MOST_RESPONSIVE = "most responsive";
const LONGEST_TEXT = 20000;

/**
 * @typedef {import("./gate_scope_model.js").Network} Network
 * @typedef {import("./gate_scope_model.js").Run} Run
 * @typedef {import("./gate_scope_rows.js").Landmark} Landmark
 * @typedef {import("./shell.js").Shell} Shell
 */

/** @param {{model: import("./shell.js").Model, el: HTMLElement}} host */
export function render({ model, el }) {
  const network = networkOf(model);
  /** @type {Landmark[]} */
  const landmarks = model.get("landmarks");
  const analyse = makeAnalysis(network);
  const shell = createShell({
    model,
    el,
    name: "gate-scope",
    ...words.opening(network, landmarks),
    fields: fieldsOf(network),
    style: { name: "gate-scope", css },
    draw: () => draw(),
  });
  const controls = makeControls(shell, network, landmarks, model.get("examples"));
  const tracks = makeTracks(shell.figure, (character) => shell.set({ character }));
  const map = makeMap(shell.figure, (unit, character) => shell.set({ unit, character }));
  const gradientWords = makeLegend(shell.figure, network);
  const caption = shell.figure.appendChild(element("figcaption"));
  let followed = /** @type {number | null} */ (null);

  function draw() {
    const scene = analyse(shell.get);
    const landmark = landmarks.find(({ unit }) => unit === scene.unit) ?? null;
    const dark = isDark(shell.root);
    const rows = makeRows({ ...scene, network, landmark });
    const character = shell.get("character");
    tracks.update(
      { rows, ...scene, empty: words.EMPTY, dark, paper: packed(getComputedStyle(shell.root).backgroundColor) },
      character !== followed,
    );
    followed = character;
    map.update({ ...scene, network, quantity: shell.get("overview"), dark });
    gradientWords.hidden = !scene.gradient;
    controls.update(scene);
    caption.textContent = words.unitWords(network, landmark, scene.unit);
    const said = { ...scene, network, picked: character !== null, everywhere: shell.get("scope") === "all" };
    shell.say(words.sentence(said));
    shell.numbers(() => words.numbersOf(said, rows));
  }

  shell.start();
  return shell.dispose;
}

/** @param {import("./shell.js").Model} model @returns {Network} */
export function networkOf(model) {
  const packed = model.get("weights");
  const read = (/** @type {string} */ name) => unpack(packed[name]);
  const weightIh = read("weight_ih");
  const weightHh = read("weight_hh");
  return arithmetic.makeNetwork({
    weights: {
      cell: model.get("cell"),
      activation: model.get("activation"),
      inputSize: weightIh.shape[1],
      hiddenSize: weightHh.shape[1],
      weightIh: weightIh.values,
      weightHh: weightHh.values,
      biasIh: read("bias_ih").values,
      biasHh: read("bias_hh").values,
    },
    headWeight: read("head_weight").values,
    headBias: read("head_bias").values,
    alphabet: model.get("alphabet"),
    classes: model.get("classes"),
    closers: model.get("closers"),
  });
}

/** @param {Network} network */
function fieldsOf({ weights: { cell, hiddenSize } }) {
  const units = number({ min: 0, max: hiddenSize - 1, whole: true });
  return {
    text: text({ trait: "text", maxLength: LONGEST_TEXT }),
    unit: {
      trait: "unit",
      initial: MOST_RESPONSIVE,
      accept: (/** @type {unknown} */ value) => (value === MOST_RESPONSIVE ? value : units.accept(value)),
    },
    gate: choice({ trait: "gate", initial: "none", options: ["none", ...arithmetic.CLAMPABLE[cell]] }),
    value: number({ trait: "value", initial: 0, min: 0, max: 1, whole: true }),
    scope: choice({ trait: "scope", initial: "unit", options: ["unit", "all"] }),
    character: number({ trait: "character", initial: null, min: 0, max: LONGEST_TEXT, whole: true, optional: true }),
    gradient: flag({ trait: "gradient" }),
    overview: choice({ trait: "overview", initial: "none", options: ["none", ...arithmetic.QUANTITIES[cell]] }),
  };
}

/**
 * Computes what the settings ask for, and only what changed since the last time.
 * @param {Network} network
 */
function makeAnalysis(network) {
  /** @type {Run | null} */
  let free = null;
  /** @type {Run | null} */
  let held = null;
  let clampKey = "";
  let clamped = network.weights;
  /** @param {Shell["get"]} get */
  return (get) => {
    const { ids, symbols, unknown } = arithmetic.readText(network, get("text"));
    free = arithmetic.run(network, network.weights, ids, free);
    const unit = get("unit") === MOST_RESPONSIVE ? arithmetic.mostResponsive(network, free) : get("unit");
    const [gate, value] = [get("gate"), get("value")];
    const units = get("scope") === "all" ? null : [unit];
    const key = gate === "none" ? "" : `${gate} ${value} ${units}`;
    if (key !== clampKey) {
      const clamp = key ? { gate, value, units } : null;
      clamped = arithmetic.clampedWeights(network, clamp);
      clampKey = key;
    }
    held = key ? arithmetic.run(network, clamped, ids, held) : null;
    const now = held ?? free;
    const from = arithmetic.lead(network);
    const at = Math.min(get("character") ?? arithmetic.tellingStep(network, free, now) - from, symbols.length - 1);
    const gradient = get("gradient") && symbols.length ? arithmetic.traceGradient(network, now, at + from) : null;
    return { free, now, unit, symbols, unknown, at, gradient };
  };
}

/**
 * @param {Shell} shell
 * @param {Network} network
 * @param {Landmark[]} landmarks
 * @param {[string, string, string][]} examples
 */
function makeControls(shell, network, landmarks, examples) {
  const { cell, hiddenSize } = network.weights;
  const input = shell.bind(
    "text",
    textControl({
      label: "Your text: type here",
      name: "text",
      value: "",
      rows: 2,
      maxLength: LONGEST_TEXT,
      onInput: (typed) => shell.set({ text: typed, character: null }),
    }),
  );
  input.root.classList.add("uw-wide");
  const unknown = element("p", { class: "gs-unknown uw-wide", role: "status" });
  const example = selectControl({
    label: "or choose an example",
    name: "example",
    value: "",
    options: [
      { value: "", label: "— your own text —" },
      ...examples.map(([group, label, value]) => ({ group, label, value })),
    ],
    onInput: (chosen) => chosen && shell.set({ text: chosen, character: null }),
  });
  example.hide(examples.length === 0);
  const unit = selectControl({
    label: "Unit",
    name: "unit",
    value: "",
    options: unitOptions(landmarks, hiddenSize),
    onInput: (chosen) => shell.set({ unit: chosen === MOST_RESPONSIVE ? chosen : Number(chosen) }),
  });
  shell.bind("unit", { ...unit, set: (chosen) => unit.set(String(chosen)) });
  const clamp = selectControl({
    label: "Hold a gate",
    name: "clamp",
    value: "none",
    options: clampOptions(cell, "unit"),
    onInput: (chosen) =>
      shell.set(chosen === "none" ? { gate: "none" } : { gate: chosen[0], value: Number(chosen[1]) }),
  });
  const scope = shell.bind(
    "scope",
    choiceControl({
      label: "Hold it",
      name: "scope",
      value: "unit",
      options: [
        { value: "unit", label: "in this unit" },
        { value: "all", label: "everywhere" },
      ],
      onInput: (chosen) => shell.set({ scope: chosen }),
    }),
  );
  const character = rangeControl({
    label: "Read out character",
    name: "character",
    value: 0,
    max: 1,
    show: (at) => `${at + 1}`,
    onInput: (at) => shell.set({ character: at }),
  });
  const gradient = shell.bind(
    "gradient",
    checkControl({
      label: "Trace the gradient back",
      name: "gradient",
      value: false,
      onInput: (yes) => shell.set({ gradient: yes }),
    }),
  );
  const overview = shell.bind(
    "overview",
    selectControl({
      label: "All units at once",
      name: "overview",
      value: "none",
      options: [
        { value: "none", label: "not shown" },
        ...arithmetic.QUANTITIES[cell].map((key) => ({ value: key, label: words.quantityWords(key) })),
      ],
      onInput: (chosen) => shell.set({ overview: chosen }),
    }),
  );
  shell.controls.append(input.root, unknown, example.root, unit.root);
  if (arithmetic.CLAMPABLE[cell].length) shell.controls.append(clamp.root, scope.root);
  shell.controls.append(character.root, gradient.root, overview.root);
  const texts = new Set(examples.map(([, , value]) => value));
  let offered = "unit";

  return {
    /** @param {{symbols: string[], unknown: string[], at: number}} scene */
    update({ symbols, unknown: missing, at }) {
      const typed = shell.get("text");
      example.set(texts.has(typed) ? typed : "");
      const said = words.unknownWords(missing);
      if (unknown.textContent !== said) unknown.textContent = said;
      unknown.hidden = !said;
      const gate = shell.get("gate");
      if (offered !== shell.get("scope")) {
        offered = shell.get("scope");
        clamp.replace(clampOptions(cell, offered));
      }
      clamp.set(gate === "none" ? gate : gate + shell.get("value"));
      scope.disable(gate === "none");
      character.disable(symbols.length === 0);
      character.limit(Math.max(0, symbols.length - 1));
      character.set(Math.max(0, at));
    },
  };
}

/** @param {Landmark[]} landmarks @param {number} H */
function unitOptions(landmarks, H) {
  return [
    ...landmarks.map((mark) => ({
      group: `Tracks best (best of ${H})`,
      value: String(mark.unit),
      label: words.markWords(mark),
    })),
    { group: "By your text", value: MOST_RESPONSIVE, label: "most responsive to this text" },
    ...Array.from({ length: H }, (_, unit) => ({ group: "By number", value: String(unit), label: `unit ${unit}` })),
  ];
}

/** @param {"LSTM" | "GRU" | "RNN"} cell @param {string} scope */
function clampOptions(cell, scope) {
  return [
    { value: "none", label: "no gate is held" },
    ...arithmetic.CLAMPABLE[cell].flatMap((gate) =>
      [0, 1].map((value) => ({ value: gate + value, label: words.clampWords(gate, value, scope) })),
    ),
  ];
}
