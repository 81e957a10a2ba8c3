// @ts-check
/**
 * What all widgets have in common: prediction question → controls → figure → one live sentence → numbers → Reset → link,
 * and a store of settings that follows the model's traits, the controls and the link, each in both directions.
 *
 *   const shell = createShell({ model, el, name: "gate-scope", question: "…", lead: "…", fields, draw });
 *   shell.controls.append(control.root)      the slot for controls
 *   shell.figure.append(…)                   the slot for the figure (a <figure>; give it a <figcaption>)
 *   shell.get("gain"), shell.set({ gain: 2 }) settings; `set` refuses nothing: values come from controls or through `accept`
 *   shell.bind("gain", control)              shows the setting in the control, now and after each change; returns the control
 *   shell.onChange((keys) => …)              at once, after settings changed
 *   shell.say("One sentence.")               written at once, spoken when things have been quiet for half a second
 *   shell.numbers(() => ({ caption, head, rows }))   the table; asked for only while it is open
 *   shell.start()                            puts it on the page, applies the link, draws for the first time
 *   return shell.dispose                     as the clean-up function of `render`
 *
 * `draw(shell)` runs once per frame at most, after settings, width or theme changed. `draw` is the place for all that the
 * reader sees. Reset returns to what the settings were when the widget was shown first: the values of the traits.
 *
 * fields: { gain: number({ trait: "gain", initial: 1, min: 0, max: 2 }), cell: choice({ … }), … } with the makers below.
 * A field with `trait` follows that trait of the model; one without lives in the page only.
 *
 * Links: `#gate-scope-1=unit:3;text:…`, one entry per widget that differs from its defaults, so several on one page are
 * independent. In JupyterLab the address belongs to Lab: there is no link button there and the address is not read.
 */
import { buttonControl } from "./controls.js";
import { element } from "./dom.js";
import { injectStyle, onThemeChange } from "./theme.js";

/**
 * What anywidget and the page's own host both give.
 * @typedef {object} Model
 * @property {(key: string) => any} get
 * @property {(key: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(name: string, react: (...args: any[]) => void) => void} on
 * @property {(name: string, react: (...args: any[]) => void) => void} off
 *
 * @typedef {object} Field
 * @property {string} [trait]
 * @property {unknown} [initial] for a field without a trait
 * @property {(value: unknown) => any} accept the value, made valid, from a trait or from the text of a link; undefined to refuse
 * @property {(value: any) => string} [write] the value as text for a link
 *
 * @typedef {{ caption: string, head: string[], rows: string[][] }} Numbers the first cell of a row is its heading
 *
 * @typedef {import("./controls.js").Control<any>} AnyControl
 */

const QUIET = 500; // milliseconds without a change before the sentence is spoken

/** @param {{ trait?: string, initial?: number | null, min: number, max: number, whole?: boolean, optional?: boolean }} options */
export function number({ trait, initial, min, max, whole = false, optional = false }) {
  return {
    trait,
    initial,
    accept: (/** @type {unknown} */ value) => {
      if (optional && (value === null || value === "none")) return null;
      const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof found !== "number" || !(found >= min && found <= max)) return undefined;
      return whole ? Math.round(found) : found;
    },
    write: (/** @type {number | null} */ value) => (value === null ? "none" : String(value)),
  };
}

/** @param {{ trait?: string, initial?: string, options: readonly string[] }} options */
export function choice({ trait, initial, options }) {
  return {
    trait,
    initial,
    accept: (/** @type {unknown} */ value) =>
      typeof value === "string" && options.includes(value) ? value : undefined,
  };
}

/** @param {{ trait?: string, initial?: boolean }} options */
export function flag({ trait, initial = false }) {
  return {
    trait,
    initial,
    accept: (/** @type {unknown} */ value) =>
      typeof value === "boolean" ? value : value === "true" ? true : value === "false" ? false : undefined,
  };
}

/** @param {{ trait?: string, initial?: string, maxLength: number }} options */
export function text({ trait, initial = "", maxLength }) {
  return {
    trait,
    initial,
    accept: (/** @type {unknown} */ value) => (typeof value === "string" ? value.slice(0, maxLength) : undefined),
  };
}

/**
 * @param {object} options
 * @param {Model} options.model
 * @param {HTMLElement} options.el
 * @param {string} options.name in links and tests
 * @param {string} options.question
 * @param {string} [options.lead] one or two sentences under the question
 * @param {Record<string, Field>} options.fields
 * @param {(shell: Shell) => void} options.draw
 * @param {{ name: string, css: string }} [options.style]
 */
export function createShell({ model, el, name, question, lead, fields, draw, style }) {
  injectStyle(style);
  const page = pageParts(name, question, lead);
  const store = createStore(model, fields);
  /** @type {(() => void)[]} */
  const ends = [store.dispose];
  /** @type {() => Numbers} */
  let numbers = () => ({ caption: "", head: [], rows: [] });
  /** @type {number | undefined} */
  let frame;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let quiet;
  let sentence = "";

  const paint = () => {
    frame = undefined;
    draw(shell);
  };
  const redraw = () => {
    frame ??= requestAnimationFrame(paint);
  };
  const settle = () => {
    page.status.textContent = sentence;
    if (page.details.open) page.table.replaceChildren(tableOf(numbers()));
  };

  const shell = {
    root: page.root,
    controls: page.controls,
    figure: page.figure,
    get: store.get,
    set: store.set,
    onChange: store.onChange,
    redraw,
    reset: () => store.set(store.defaults()),
    /** Keeps `end` for the clean-up. @param {() => void} end */
    onDispose: (end) => {
      ends.push(end);
    },
    /** @template {AnyControl} C @param {string} key @param {C} control @returns {C} */
    bind: (key, control) => {
      store.onChange((keys) => {
        if (keys.has(key)) control.set(store.get(key));
      });
      control.set(store.get(key));
      return control;
    },
    /** @param {string} words */
    say: (words) => {
      sentence = words;
      page.sentence.textContent = words;
      clearTimeout(quiet);
      quiet = setTimeout(settle, QUIET);
    },
    /** @param {() => Numbers} ask */
    numbers: (ask) => {
      numbers = ask;
    },
    start: () => {
      el.append(page.root);
      const link = createLink(page, name, store);
      ends.push(link, onThemeChange(redraw), watchWidth(page.figure, redraw));
      draw(shell);
      clearTimeout(quiet);
      settle();
      page.status.role = "status"; // from now on: what a page shows when it opens is there to be read, not announced
    },
    dispose: () => {
      for (const end of ends.splice(0)) end();
      clearTimeout(quiet);
      if (frame !== undefined) cancelAnimationFrame(frame);
      page.root.remove();
    },
  };
  store.onChange(redraw);
  page.details.addEventListener("toggle", settle);
  page.reset.input.addEventListener("click", shell.reset);
  return shell;
}

/** @typedef {ReturnType<typeof createShell>} Shell */

/** @param {string} name @param {string} question @param {string} [lead] */
function pageParts(name, question, lead) {
  const nothing = () => {};
  const controls = element("div", { class: "uw-controls" });
  const figure = element("figure", { class: "uw-figure" });
  const sentence = element("p", { class: "uw-sentence", "aria-hidden": "true" });
  const status = element("p", { class: "uw-hidden-text" });
  const table = element("div", { class: "uw-scroll", tabindex: 0, role: "region", "aria-label": "numbers" });
  const details = element("details", { class: "uw-numbers" }, element("summary", {}, "Show numbers"), table);
  const reset = buttonControl({ label: "Reset", name: "reset", onPress: nothing });
  const copy = buttonControl({ label: "Copy link", name: "copy-link", onPress: nothing });
  const note = element("span", { class: "uw-note", role: "status" });
  const root = element(
    "div",
    { class: `uw uw-${name}`, role: "group", "aria-label": question, "data-widget": name },
    element("p", { class: "uw-question" }, question),
    ...(lead ? [element("p", { class: "uw-lead" }, lead)] : []),
    controls,
    figure,
    sentence,
    status,
    element("div", { class: "uw-foot" }, details, reset.root, copy.root, note),
  );
  return { root, controls, figure, sentence, status, table, details, reset, copy, note };
}

/** @param {Numbers} numbers */
function tableOf({ caption, head, rows }) {
  const heading = element("tr", {}, ...head.map((word) => element("th", { scope: "col" }, word)));
  const body = rows.map(([first, ...rest]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell))),
  );
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, heading),
    element("tbody", {}, ...body),
  );
}

/* ------------------------------------------------------------------------------------------------------- settings */

/** @param {Model} model @param {Record<string, Field>} fields */
function createStore(model, fields) {
  /** @type {Record<string, any>} */
  const values = {};
  /** @type {((keys: Set<string>) => void)[]} */
  const listeners = [];
  for (const [key, field] of Object.entries(fields))
    values[key] = (field.trait ? field.accept(model.get(field.trait)) : undefined) ?? field.initial ?? null;
  const first = { ...values };

  /** @param {Record<string, any>} patch @param {boolean} [fromModel] */
  const set = (patch, fromModel = false) => {
    const changed = new Set(Object.keys(patch).filter((key) => !Object.is(values[key], patch[key])));
    if (!changed.size) return;
    for (const key of changed) values[key] = patch[key];
    const traits = fromModel ? [] : [...changed].filter((key) => fields[key].trait);
    for (const key of traits) model.set(/** @type {string} */ (fields[key].trait), values[key]);
    if (traits.length) model.save_changes();
    for (const react of listeners) react(changed);
  };

  const stops = Object.entries(fields).flatMap(([key, { trait, accept }]) => {
    if (!trait) return [];
    const follow = () => {
      const value = accept(model.get(trait));
      if (value !== undefined) set({ [key]: value }, true);
    };
    model.on(`change:${trait}`, follow);
    return [() => model.off(`change:${trait}`, follow)];
  });

  return {
    fields,
    /** @param {string} key */
    get: (key) => values[key],
    set: (/** @type {Record<string, any>} */ patch) => set(patch),
    defaults: () => ({ ...first }),
    /** @param {(keys: Set<string>) => void} react */
    onChange: (react) => {
      listeners.push(react);
    },
    dispose: () => {
      for (const stop of stops) stop();
      listeners.length = 0;
    },
  };
}

/* ----------------------------------------------------------------------------------------------------------- links */

/**
 * Reads the entry of this widget from the address, now and when it changes, and lets the button write it.
 * @param {ReturnType<typeof pageParts>} page
 * @param {string} name
 * @param {ReturnType<typeof createStore>} store
 */
function createLink(page, name, store) {
  if (document.body.hasAttribute("data-jp-theme-light")) {
    page.copy.hide(true);
    return () => {};
  }
  const key = `${name}-${placeOnPage(page.root, name)}`;
  const apply = () => {
    const entry = readEntries().get(key);
    if (entry !== undefined) store.set({ ...store.defaults(), ...decode(entry, store.fields) });
    return entry !== undefined;
  };
  const publish = async () => {
    const entries = readEntries();
    const code = encode(store);
    if (code) entries.set(key, code);
    else entries.delete(key);
    const hash = [...entries].map(([k, v]) => `${k}=${v}`).join("&");
    history.replaceState(null, "", `#${hash}`);
    page.note.textContent = "";
    try {
      await navigator.clipboard.writeText(location.href);
      page.note.textContent = "Link copied.";
    } catch {
      const field = element("input", { class: "uw-link", readonly: true, "aria-label": "link to these settings" });
      field.value = location.href;
      page.note.replaceChildren("Copy this: ", field);
      field.select();
    }
  };
  page.copy.input.addEventListener("click", publish);
  store.onChange(() => page.note.replaceChildren());
  addEventListener("hashchange", apply);
  const mine = apply();
  if (mine && readEntries().keys().next().value === key)
    requestAnimationFrame(() => page.root.scrollIntoView({ block: "start" }));
  return () => removeEventListener("hashchange", apply);
}

/**
 * 1, 2 … among the widgets of the page. The page's views are counted where there are any, since they may be shown in any
 * order.
 * @param {HTMLElement} root @param {string} name
 */
function placeOnPage(root, name) {
  const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
  const shown = views.length ? views : document.querySelectorAll(`.uw[data-widget="${name}"]`);
  const before = [...shown].filter((node) => node.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_FOLLOWING);
  return before.length + (views.length ? 0 : 1);
}

/** The entries `name=code` of the address; a plain anchor such as #summary is none. */
function readEntries() {
  const parts = location.hash.slice(1).split("&");
  return new Map(
    parts.flatMap((part) => {
      const at = part.indexOf("=");
      return at > 0 ? [/** @type {[string, string]} */ ([part.slice(0, at), part.slice(at + 1)])] : [];
    }),
  );
}

/** @param {ReturnType<typeof createStore>} store */
function encode({ fields, get, defaults }) {
  const first = defaults();
  return Object.entries(fields)
    .filter(([key]) => !Object.is(get(key), first[key]))
    .map(([key, { write = String }]) => `${key}:${encodeURIComponent(write(get(key)))}`)
    .join(";");
}

/** @param {string} code @param {Record<string, Field>} fields */
function decode(code, fields) {
  /** @type {Record<string, any>} */
  const patch = {};
  for (const part of code.split(";")) {
    const at = part.indexOf(":");
    const key = part.slice(0, at);
    if (!Object.hasOwn(fields, key)) continue;
    try {
      const value = fields[key].accept(decodeURIComponent(part.slice(at + 1)));
      if (value !== undefined) patch[key] = value;
    } catch {
      // a damaged escape, as when a mail program broke the link: the setting keeps its default
    }
  }
  return patch;
}

/** @param {HTMLElement} node @param {() => void} react */
function watchWidth(node, react) {
  let width = node.clientWidth;
  const observer = new ResizeObserver(() => {
    if (node.clientWidth === width) return;
    width = node.clientWidth;
    react();
  });
  observer.observe(node);
  return () => observer.disconnect();
}
