// @ts-check
/**
 * Native controls with a label, a value in words for screen readers, and no ids, so that a page may hold many widgets.
 *
 *   rangeControl({ label, min, max, step, value, show, words, onInput })     a slider; `show` writes the value beside it,
 *   rangeControl({ label, values: […], value, show, words, onInput })        `words` says it (default: as shown)
 *   choiceControl({ label, options: [{ value, label }], value, onInput })    radio buttons in a row, for two to five options
 *   selectControl({ label, options, value, onInput })                        a list; options may have `group`
 *   checkControl({ label, value, onInput })
 *   textControl({ label, value, rows, maxLength, onInput })
 *   buttonControl({ label, onPress })
 *
 * Each returns a Control: { root, input, set(value), disable(yes), hide(yes) }. `set` shows a value and calls nobody.
 * JupyterLab takes the arrow keys unless `data-lm-suppress-shortcuts` sits on the input itself.
 */
import { element } from "./dom.js";

/**
 * @template V
 * @typedef {object} Control
 * @property {HTMLElement} root
 * @property {HTMLElement} input the (first) native control
 * @property {(value: V) => void} set
 * @property {(yes: boolean) => void} disable
 * @property {(yes: boolean) => void} hide
 */

/** @typedef {{ value: string, label: string, group?: string }} Option */

export const LAB = { "data-lm-suppress-shortcuts": "true" };

/**
 * @param {object} options
 * @param {string} options.label
 * @param {number} options.value
 * @param {(value: number) => void} options.onInput
 * @param {number} [options.min]
 * @param {number} [options.max]
 * @param {number} [options.step]
 * @param {readonly number[]} [options.values] instead of min, max and step: the values that the slider visits
 * @param {(value: number) => string} [options.show]
 * @param {(value: number) => string} [options.words]
 * @param {string} [options.name] for tests: becomes data-control
 * @returns {Control<number> & { limit: (max: number) => void }}
 */
export function rangeControl({
  label,
  value,
  onInput,
  min = 0,
  max = 1,
  step = 1,
  values,
  show = String,
  words = show,
  name,
}) {
  const input = element("input", {
    type: "range",
    min: values ? 0 : min,
    max: values ? values.length - 1 : max,
    step: values ? 1 : step,
    "data-control": name,
    ...LAB,
    input: () => {
      const position = input.valueAsNumber;
      const chosen = values ? values[position] : position;
      write(chosen);
      onInput(chosen);
    },
  });
  const output = element("span", { class: "uw-value", "aria-hidden": "true" });
  const root = element(
    "label",
    { class: "uw-control uw-range" },
    element("span", { class: "uw-label" }, label),
    output,
    input,
  );
  /** @param {number} chosen */
  const write = (chosen) => {
    output.textContent = show(chosen);
    input.setAttribute("aria-valuetext", words(chosen));
    const span = Number(input.max) - Number(input.min);
    input.style.setProperty("--uw-filled", `${(100 * (input.valueAsNumber - Number(input.min))) / (span || 1)}%`);
  };
  /** @param {number} chosen */
  const set = (chosen) => {
    input.value = String(values ? nearest(values, chosen) : chosen);
    write(chosen);
  };
  set(value);
  return {
    ...shared(root, input),
    set,
    limit: (most) => {
      input.max = String(most);
    },
  };
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {readonly Option[]} options.options
 * @param {string} options.value
 * @param {(value: string) => void} options.onInput
 * @param {string} [options.name]
 * @returns {Control<string>}
 */
export function choiceControl({ label, options, value, onInput, name }) {
  const group = `uw${Math.random()}`; // shared by its buttons, and by no group of this bundle or of another
  const inputs = options.map((option) =>
    element("input", {
      type: "radio",
      name: group,
      value: option.value,
      "data-control": name,
      ...LAB,
      input: () => onInput(option.value),
    }),
  );
  const segments = inputs.map((input, k) =>
    element("label", { class: "uw-segment" }, input, element("span", {}, options[k].label)),
  );
  const root = element(
    "div",
    { class: "uw-control uw-choice", role: "radiogroup", "aria-label": label },
    element("span", { class: "uw-label", "aria-hidden": "true" }, label),
    element("div", { class: "uw-segments" }, ...segments),
  );
  /** @param {string} chosen */
  const set = (chosen) => {
    for (const input of inputs) input.checked = input.value === chosen;
  };
  set(value);
  return {
    ...shared(root, inputs[0]),
    set,
    disable: (yes) => {
      for (const input of inputs) input.disabled = yes;
    },
  };
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {readonly Option[]} options.options
 * @param {string} options.value
 * @param {(value: string) => void} options.onInput
 * @param {string} [options.name]
 * @returns {Control<string> & { replace: (options: readonly Option[]) => void }}
 */
export function selectControl({ label, options, value, onInput, name }) {
  const input = element("select", { "data-control": name, ...LAB, input: () => onInput(input.value) });
  const root = element(
    "label",
    { class: "uw-control uw-select" },
    element("span", { class: "uw-label" }, label),
    input,
  );
  /** @param {readonly Option[]} list */
  const replace = (list) => {
    /** @type {Map<string, HTMLElement>} */
    const sections = new Map();
    input.replaceChildren();
    for (const option of list) {
      const node = element("option", { value: option.value }, option.label);
      if (option.group === undefined) {
        input.append(node);
        continue;
      }
      const section = sections.get(option.group) ?? element("optgroup", { label: option.group });
      if (!sections.has(option.group)) input.append(section);
      sections.set(option.group, section);
      section.append(node);
    }
  };
  /** @param {string} chosen */
  const set = (chosen) => {
    input.value = chosen;
  };
  replace(options);
  set(value);
  return { ...shared(root, input), set, replace };
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {boolean} options.value
 * @param {(value: boolean) => void} options.onInput
 * @param {string} [options.name]
 * @returns {Control<boolean>}
 */
export function checkControl({ label, value, onInput, name }) {
  const input = element("input", {
    type: "checkbox",
    "data-control": name,
    ...LAB,
    input: () => onInput(input.checked),
  });
  const root = element("label", { class: "uw-control uw-check" }, input, element("span", {}, label));
  input.checked = value;
  return {
    ...shared(root, input),
    set: (chosen) => {
      input.checked = chosen;
    },
  };
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.value
 * @param {(value: string) => void} options.onInput
 * @param {number} [options.rows]
 * @param {number} [options.maxLength]
 * @param {string} [options.name]
 * @returns {Control<string>}
 */
export function textControl({ label, value, onInput, rows = 2, maxLength, name }) {
  const input = element("textarea", {
    rows,
    maxlength: maxLength,
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "data-control": name,
    ...LAB,
    input: () => onInput(input.value),
  });
  const root = element("label", { class: "uw-control uw-text" }, element("span", { class: "uw-label" }, label), input);
  input.value = value;
  return {
    ...shared(root, input),
    set: (chosen) => {
      if (input.value !== chosen) input.value = chosen; // writing the same text would move the caret
    },
  };
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {() => void} options.onPress
 * @param {string} [options.name]
 * @returns {Control<string>} `set` writes the label
 */
export function buttonControl({ label, onPress, name }) {
  const input = element(
    "button",
    { type: "button", class: "uw-button", "data-control": name, ...LAB, click: onPress },
    label,
  );
  return {
    ...shared(input, input),
    set: (text) => {
      input.textContent = text;
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement & { disabled: boolean }} input
 */
function shared(root, input) {
  return {
    root,
    input,
    disable: (/** @type {boolean} */ yes) => {
      input.disabled = yes;
    },
    hide: (/** @type {boolean} */ yes) => {
      root.hidden = yes;
    },
  };
}

/** @param {readonly number[]} values @param {number} chosen */
function nearest(values, chosen) {
  let best = 0;
  values.forEach((value, k) => {
    if (Math.abs(value - chosen) < Math.abs(values[best] - chosen)) best = k;
  });
  return best;
}
