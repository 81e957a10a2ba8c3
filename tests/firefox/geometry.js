// Where the parts of the page's formulas stand; each entry of what it returns says what is wrong with one of them.
async () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const wrong = [];
  const complain = (what, node) => wrong.push(`${what}: ${node.closest("math").textContent.slice(0, 60)}`);
  const box = (node) => node.getBoundingClientRect();
  const middle = (node) => (box(node).top + box(node).bottom) / 2;
  const centre = (node) => (box(node).left + box(node).right) / 2;
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.getClientRects().length);
  const em = (node) => Number.parseFloat(getComputedStyle(node).fontSize);

  for (const math of shown("math")) {
    if (!getComputedStyle(math).fontFamily.includes("Book Math")) complain("another font", math);
    if (box(math).height < 0.3 * em(math) || box(math).width < 0.1 * em(math)) complain("empty", math);
  }
  for (const math of shown("span.math > math")) {
    if (math.getClientRects().length > 1) complain("broken over lines", math);
    const column = math.closest("p, li, td, dd, summary, div");
    const scrolls = math.closest(".wide, .pst-scrollable-table-container");
    if (!scrolls && box(math).right > box(column).right + 1) complain("wider than its column", math);
  }
  for (const box_ of shown(".math-scroll"))
    if (box(box_).right > document.documentElement.clientWidth) complain("leaves the page", box_.firstElementChild);

  for (const fraction of shown("mfrac")) {
    const [above, below] = fraction.children;
    if (box(above).bottom > box(below).top + 0.15 * em(below)) complain("numerator not above denominator", fraction);
    if (middle(below) - middle(above) > 3.5 * em(fraction)) complain("fraction torn apart", fraction);
  }
  for (const sum of shown(":is(munder, munderover) > mo:first-child")) {
    if (!"∑∏".includes(sum.textContent)) continue;
    const [, below, above] = sum.parentElement.children;
    const display = sum.closest("math[display=block]") && !sum.closest("mfrac, msub, msup, msubsup");
    const limits = display ? [below, above].filter(Boolean) : [];
    if (!display && box(below).left < box(sum).right - 2) complain("limit not beside", sum);
    if (limits.some((limit) => centre(limit) > box(sum).right)) complain("limit beside", sum);
    if (limits.some((limit) => middle(limit) > middle(sum) !== (limit === below))) complain("limits exchanged", sum);
  }
  for (const [base, accent] of shown("mover[accent=true]").map((node) => [...node.children]))
    if (middle(accent) >= middle(base)) complain("accent not over its letter", base);
  for (const base of shown("msub > :first-child"))
    if (middle(base.nextElementSibling) <= middle(base)) complain("index not lower", base);
  for (const base of shown("msup > :first-child"))
    if (middle(base.nextElementSibling) >= middle(base)) complain("exponent not higher", base);
  for (const product of shown("mo"))
    if (product.textContent === "⊙" && box(product).width > 1.5 * em(product)) complain("⊙ enlarged", product);
  for (const row of shown("mtr:not(:first-child)")) {
    const step = (middle(row) - middle(row.previousElementSibling)) / em(row);
    if (step < 0.8) complain("rows run into each other", row);
    if (!row.parentElement.querySelector("mfrac, msub, msup, msubsup") && step > 1.4) complain("rows far apart", row);
  }
  return wrong;
};
