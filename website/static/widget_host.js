// @ts-check
// Mounts the widgets of a built page without a kernel and without a network.
//
// MyST-NB leaves two kinds of script element in the page: the state of all models, and a view where each widget is
// shown. The bundles have registered their widgets in window.unrolledWidgets before this file runs. It is a classic
// script, since a browser does not load modules from disk.
(() => {
  /** @typedef {{state: Record<string, any>, buffers?: {path: (string|number)[], data: string}[]}} SavedModel */

  const TYPE = "application/vnd.jupyter.widget-";
  const widgets = /** @type {any} */ (window).unrolledWidgets ?? {};

  /** @param {string} base64 */
  const decode = (base64) => new DataView(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer);

  /** The state of a model, with its buffers back in their places.
   * @param {SavedModel} saved */
  function restore({ state, buffers = [] }) {
    for (const { path, data } of buffers) {
      const last = path[path.length - 1];
      const parent = path.slice(0, -1).reduce((inner, key) => (inner[key] ??= {}), state);
      parent[last] = decode(data);
    }
    return state;
  }

  /** What a widget's render() needs of a model: traits and their listeners. There is no kernel to tell.
   * @param {Record<string, any>} state */
  function makeModel(state) {
    /** @type {Map<string, Set<Function>>} */
    const listeners = new Map();
    /** @param {string} event @param {any[]} details */
    const emit = (event, ...details) => {
      for (const listener of [...(listeners.get(event) ?? [])]) listener(...details);
    };
    const model = {
      /** @param {string} key */
      get: (key) => state[key],
      /** @param {string} key @param {any} value */
      set(key, value) {
        if (state[key] === value) return;
        state[key] = value;
        emit(`change:${key}`, model, value);
        emit("change", model);
      },
      /** @param {string} event @param {Function} listener */
      on(event, listener) {
        if (!listeners.has(event)) listeners.set(event, new Set());
        listeners.get(event)?.add(listener);
      },
      /** @param {string} event @param {Function} [listener] */
      off(event, listener) {
        if (listener) listeners.get(event)?.delete(listener);
        else listeners.delete(event);
      },
      save_changes() {},
      send() {},
    };
    return model;
  }

  /** @param {any} widget @param {Record<string, any>} state */
  async function start(widget, state) {
    const model = makeModel(state);
    await widget.initialize?.({ model });
    return model;
  }

  /** Says in place what is wrong, and lets the static figure beside it be seen.
   * @param {Element} place @param {string} words */
  function explain(place, words) {
    place.classList.replace("widget-live", "widget-absent");
    place.textContent = words;
  }

  /** @param {Element} place @param {SavedModel | undefined} saved @param {Map<SavedModel, Promise<any>>} models */
  async function mount(place, saved, models) {
    const name = saved?.state._bundle;
    if (!saved || !name) {
      explain(place, "This control needs a running kernel: open the notebook of this chapter in Jupyter.");
      return;
    }
    try {
      if (!models.has(saved)) models.set(saved, start(widgets[name], restore(saved)));
      // Two views of one model share it, and so stay in step.
      await widgets[name].render({ model: await models.get(saved), el: place });
    } catch (error) {
      console.error(error);
      explain(place, `This figure could not be drawn (${error}). The static one stands in for it.`);
    }
  }

  /** @type {Record<string, SavedModel>} */
  const saved = {};
  for (const script of document.querySelectorAll(`script[type="${TYPE}state+json"]`)) {
    Object.assign(saved, JSON.parse(script.textContent ?? "").state);
  }
  const models = new Map();
  for (const view of document.querySelectorAll(`script[type="${TYPE}view+json"]`)) {
    const place = document.createElement("div");
    place.className = "widget-live";
    view.after(place);
    mount(place, saved[JSON.parse(view.textContent ?? "").model_id], models);
  }
})();
