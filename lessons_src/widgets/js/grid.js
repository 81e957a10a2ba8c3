// @ts-check
/**
 * Where a key leads in a grid of numbers, rows and columns counted from `first`; Infinity stands for the last one.
 * A key that leads somewhere is taken from the page; any other, or one with Ctrl, Alt or Meta, gives undefined.
 *
 * @param {KeyboardEvent} event @param {number} row @param {number} column @param {number} first
 * @returns {[number, number] | undefined}
 */
export function gridGoal(event, row, column, first) {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  /** @type {Record<string, [number, number]>} */
  const goals = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, first],
    End: [row, Infinity],
    PageUp: [first, column],
    PageDown: [Infinity, column],
  };
  const goal = goals[event.key];
  if (goal) {
    event.preventDefault();
    event.stopPropagation();
  }
  return goal;
}
