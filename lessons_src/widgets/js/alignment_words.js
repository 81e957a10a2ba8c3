// @ts-check
/**
 * What AlignmentExplorer says about what it shows.
 *
 *   sentence(scene)      the live sentence
 *   numbersOf(scene)     the table
 *   EXAMPLES             dates to pick, and some that are none
 */
import { nameOf } from "./alignment_view.js";

/** @typedef {import("./alignment_explorer.js").Scene} Scene */

export const LEGEND =
  "A row is a token that was written, a column a character that was read; the brighter, the more weight. P: of the token; " +
  "next: the second likeliest. Click a cell or use the arrow keys; Enter puts all weight on it, Delete gives the row back.";

export const EXAMPLES = [
  { group: "dates", texts: ["May 17, 2020", "Sonntag, 17. Mai 2020", "17 mai 2020", "2020년 5월 17일 일요일"] },
  { group: "more dates", texts: ["domingo, 17 de mayo de 2020", "2020年5月17日", "Wednesday, December 31, 1969"] },
  { group: "not quite dates", texts: ["32 de marzo 2020", "17.5.2020", "١٧ مايو ٢٠٢٠", "😀", ""] },
];

/** @param {Scene} scene */
export function sentence(scene) {
  const { characters, shown } = scene;
  if (!characters.length) return "There is nothing to read: type a date.";
  const done = shown.length === scene.rows.length;
  return [aboutRow(scene), aboutRules(scene), done ? aboutAll(scene) : "", aboutText(scene)].filter(Boolean).join(" ");
}

/** @param {Scene} scene */
function aboutRow({ characters, shown, tokens, row }) {
  const { token, next, probabilities, weights } = shown[row - 1];
  const most = weights.indexOf(Math.max(...weights));
  const where = `“${nameOf(characters[most])}”, character ${most + 1} (weight ${weights[most].toFixed(2)})`;
  const second = `next best ${tokens[next]}, ${probabilities[next].toFixed(3)}`;
  return `Token ${row} is ${tokens[token]}, with P = ${probabilities[token].toFixed(3)} (${second}); it looks most at ${where}.`;
}

/** @param {Scene} scene */
function aboutRules({ shown, tokens, row, rows, plain }) {
  if (!rows.some(({ imposed }) => imposed)) return "";
  const { imposed, token, wouldBe } = shown[row - 1];
  const alone =
    token === wouldBe
      ? `Its own weights write ${tokens[token]} too.`
      : `Its own weights would write ${tokens[wouldBe]}.`;
  const [now, before] = [textOf(rows, tokens), textOf(plain, tokens)];
  const all =
    now === before
      ? `With your weights it still writes ${now}.`
      : `With your weights it writes ${now}, without them ${before}.`;
  return `${imposed ? `This row's weights are yours. ${alone} ` : ""}${all}`;
}

/** @param {Scene} scene */
function aboutAll({ rows, tokens, finished }) {
  const text = textOf(rows, tokens);
  if (!finished) return `It did not come to an end within ${rows.length} tokens.`;
  return isDate(text) ? "" : `${text || "What it wrote"} is no date of the calendar; the model knows none.`;
}

/** @param {Scene} scene */
function aboutText({ characters, unknown, longest, cut }) {
  const parts = [];
  if (cut) parts.push(`Only the first ${characters.length} characters are read.`);
  else if (characters.length > longest)
    parts.push(`It learned from ${longest} characters at most; this has ${characters.length}.`);
  if (unknown === characters.length) parts.push("It has never seen any of these characters, and writes all the same.");
  else if (unknown)
    parts.push(`${unknown} ${unknown === 1 ? "character is" : "characters are"} new to it, and read as unknown.`);
  return parts.join(" ");
}

/** @param {import("./alignment_model.js").Row[]} rows @param {string[]} tokens */
export function textOf(rows, tokens) {
  return rows
    .filter(({ token }) => tokens[token] !== "END")
    .map(({ token }) => tokens[token])
    .join("");
}

/** @param {string} text */
function isDate(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (!parts) return false;
  const [year, month, day] = parts;
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return month >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ characters, shown, tokens }) {
  return {
    caption: "P of the token and of the second likeliest, and the weight on each character.",
    head: ["token", "P", "next", "P", "weights", ...characters.map((c, s) => `${s + 1} ${nameOf(c)}`)],
    rows: shown.map(({ token, next, probabilities, weights, imposed }, t) => [
      `${t + 1} ${tokens[token]}`,
      probabilities[token].toFixed(6),
      tokens[next],
      probabilities[next].toFixed(6),
      imposed ? "yours" : "its own",
      ...Array.from(weights, (weight) => weight.toFixed(6)),
    ]),
  };
}
