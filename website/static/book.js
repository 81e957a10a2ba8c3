// @ts-check
// What the frame of a page does: menus, colours, search, the place in the contents, and code that can be copied.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);

  /** @param {string} id */
  const dialog = (id) => /** @type {HTMLDialogElement | null} */ (document.getElementById(id));

  /** A press beside an open dialog closes it.
   * @param {MouseEvent} event */
  function closeOutside({ currentTarget, clientX: x, clientY: y }) {
    const open = /** @type {HTMLDialogElement} */ (currentTarget);
    const { left, right, top, bottom } = open.getBoundingClientRect();
    if (x < left || x > right || y < top || y > bottom) open.close();
  }

  // == Colours: the head of the page has set them, so that no page flashes white =======================

  /** @param {string} mode */
  function paint(mode) {
    root.dataset.mode = mode;
    root.dataset.theme = mode === "auto" ? (system.matches ? "dark" : "light") : mode;
  }
  system.addEventListener("change", () => paint(root.dataset.mode ?? "auto"));
  for (const button of all(".theme-switch-button")) {
    button.addEventListener("click", () => {
      const modes = system.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
      paint(modes[(modes.indexOf(root.dataset.mode ?? "auto") + 1) % modes.length]);
      try {
        localStorage.setItem("mode", root.dataset.mode ?? "auto");
      } catch {} // a browser that may not keep it starts anew on the next page
    });
  }

  // == Menus: beside the page on a wide screen, a dialog on a narrow one ===============================

  /** Moves what an element holds, and how it looks, to another one.
   * @param {Element} from @param {Element} to */
  function move(from, to) {
    to.append(...from.childNodes);
    [to.className, from.className] = [from.className, to.className];
  }

  for (const name of ["primary", "secondary"]) {
    const button = document.querySelector(`.${name}-toggle`);
    const menu = document.getElementById(`pst-${name}-sidebar`);
    const modal = dialog(`pst-${name}-sidebar-modal`);
    if (!button || !menu || !modal) continue;
    button.addEventListener("click", () => {
      if (name === "primary" && matchMedia("(min-width: 992px)").matches) {
        menu.classList.toggle("pst-sidebar-hidden");
        return;
      }
      move(menu, modal);
      modal.showModal();
    });
    modal.addEventListener("click", closeOutside);
    modal.addEventListener("close", () => move(modal, menu)); // the browser gives the focus back
  }

  const menu = document.getElementById("pst-primary-sidebar");
  const here = menu?.querySelector(".current.active")?.getBoundingClientRect();
  if (menu && here && here.bottom > menu.clientHeight) menu.scrollTop = here.top - menu.clientHeight / 2;

  // == Search ==========================================================================================

  const search = dialog("pst-search-dialog");
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(".bd-search-container input"));
  const mac = /^(Mac|iP)/.test(navigator.platform);

  function toggleSearch() {
    if (field) field.select();
    else if (search?.open) search.close();
    else search?.showModal();
  }
  for (const button of all(".search-button__button")) button.addEventListener("click", toggleSearch);
  search?.addEventListener("click", closeOutside);
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.shiftKey || event.altKey) return;
    if (mac ? !event.metaKey || event.ctrlKey : !event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    toggleSearch();
  });
  if (mac) for (const key of all(".kbd-shortcut__modifier")) key.textContent = "⌘";

  // == Contents: mark what is being read ===============================================================

  /** @type {Map<Element, Element>} */
  const entries = new Map();
  for (const link of all("#pst-page-toc-nav a")) {
    const section = document.getElementById(decodeURIComponent(/** @type {HTMLAnchorElement} */ (link).hash.slice(1)));
    if (section) entries.set(section.querySelector("h1, h2, h3, h4") ?? section, link);
  }
  function markPlace() {
    const read = [...entries.keys()].filter((heading) => heading.getBoundingClientRect().top < innerHeight * 0.3).pop();
    for (const [heading, link] of entries) {
      link.classList.toggle("active", heading === read);
      if (heading === read) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
  addEventListener("scroll", markPlace, { passive: true });
  markPlace();

  // == Code that can be copied =========================================================================

  for (const code of all("div.cell_input pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-code";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent ?? "");
        button.textContent = "Copied";
      } catch {
        getSelection()?.selectAllChildren(code);
        button.textContent = "Selected: copy it by keyboard";
      }
      setTimeout(() => {
        button.textContent = "Copy";
      }, 2000);
    });
    code.after(button);
  }

  // == What is wider than the screen scrolls in its own box: let the keyboard reach that box ===========

  const BOXES = {
    ".math-scroll, span.math": "Formula",
    ".pst-scrollable-table-container": "Table",
    ".unrolled-figure": "Figure",
    "pre, .cell_output > .output": "Code or output",
  };
  function update() {
    for (const formula of all("span.math > math")) {
      const line = formula.parentElement?.parentElement;
      const wide = !!line && formula.getBoundingClientRect().width > line.clientWidth && line.clientWidth > 0;
      formula.parentElement?.classList.toggle("wide", wide); // a box of its own
    }
    for (const [selector, name] of Object.entries(BOXES)) {
      for (const box of all(selector)) {
        const wide = box.scrollWidth > box.clientWidth;
        const attributes = { tabindex: "0", role: "group", "aria-label": `${name}, scrolls sideways` };
        for (const [key, value] of Object.entries(attributes)) {
          if (wide) box.setAttribute(key, value);
          else box.removeAttribute(key);
        }
      }
    }
  }
  new ResizeObserver(update).observe(document.body);
  document.fonts.ready.then(update);
})();
