// @ts-check
// A formula or a table that is wider than the screen scrolls in its own box: let the keyboard reach that box.
(() => {
  const boxes = document.querySelectorAll(".math-scroll, .pst-scrollable-table-container");
  const update = () => {
    for (const box of boxes) {
      const wide = box.scrollWidth > box.clientWidth;
      const label = box.matches(".math-scroll") ? "Formula" : "Table";
      for (const [name, value] of Object.entries({ tabindex: "0", role: "group", "aria-label": label })) {
        if (wide) box.setAttribute(name, value);
        else box.removeAttribute(name);
      }
    }
  };
  new ResizeObserver(update).observe(document.body);
  document.fonts.ready.then(update);
})();
