// @ts-check
// A formula, table or figure that is wider than the screen scrolls in its own box: let the keyboard reach that box.
(() => {
  const NAMES = {
    ".math-scroll, span.math": "Formula",
    ".pst-scrollable-table-container": "Table",
    ".unrolled-figure": "Figure",
  };
  const update = () => {
    for (const formula of document.querySelectorAll("span.math > math")) {
      const line = formula.parentElement?.parentElement;
      const wide = !!line && formula.getBoundingClientRect().width > line.clientWidth && line.clientWidth > 0;
      formula.parentElement?.classList.toggle("wide", wide); // a box of its own
    }
    for (const [selector, name] of Object.entries(NAMES)) {
      for (const box of document.querySelectorAll(selector)) {
        const wide = box.scrollWidth > box.clientWidth;
        const attributes = { tabindex: "0", role: "group", "aria-label": `${name}, scrolls sideways` };
        for (const [key, value] of Object.entries(attributes)) {
          if (wide) box.setAttribute(key, value);
          else box.removeAttribute(key);
        }
      }
    }
  };
  new ResizeObserver(update).observe(document.body);
  document.fonts.ready.then(update);
})();
