// @ts-check
/**
 * What NameReader says about what it shows.
 *
 *   sentence(scene)      the live sentence
 *   numbersOf(scene)     the table
 */

/** @typedef {import("./name_reader.js").Scene} Scene */

export const LEGEND =
  "Each column is the answer if the name ended at that letter, with the padding behind it; the likeliest is framed. The " +
  "bars are the answer to the whole name; the upright stroke is what it would be without padding.";

const READINGS = { final: "the final states", mean: "the mean", last: "the last place" };

/** @param {Scene} scene */
export function sentence(scene) {
  const { letters, columns, clean, how, languages, accuracy } = scene;
  const now = columns.at(-1);
  if (!now) return "There is no letter to read: type a name in Latin letters.";
  const [said, before] = [now, clean].map((p) => p.indexOf(Math.max(...p)));
  const answer = `Read from ${READINGS[how.reading]}, “${letters}” is ${languages[said]} (${now[said].toFixed(2)})`;
  const without = `${languages[before]} (${clean[before].toFixed(2)})`;
  const trained = `This network names ${Math.round(100 * accuracy[how.reading])} of 100 new names right, without padding.`;
  if (how.padding === 0) return `${answer}. ${trained}`;
  const places = `${how.padding} ${how.padding === 1 ? "place" : "places"} of padding`;
  const told = how.lengths ? "with lengths" : "without lengths";
  return `${answer}, behind it ${places}, ${told}. ${effect(scene, said === before, without)}`;
}

/** @param {Scene} scene @param {boolean} same @param {string} without */
function effect({ columns, clean, how }, same, without) {
  const now = /** @type {Float64Array} */ (columns.at(-1));
  if (how.reading === "last" && how.lengths)
    return "Behind the end of a name the output is zero, so only the head's biases speak: every name gets this answer.";
  if (now.every((p, k) => p === clean[k])) return "The padding changes nothing, to the last bit.";
  return same ? `Without padding it is the same language: ${without}.` : `Without padding it is ${without}.`;
}

/** @param {Scene} scene @returns {import("./shell.js").Numbers} */
export function numbersOf({ letters, columns, clean, how, languages }) {
  const row = (/** @type {string} */ name, /** @type {Float64Array} */ p) => [
    name,
    ...Array.from(p, (x) => x.toFixed(4)),
  ];
  const told = how.lengths ? "with" : "without";
  return {
    caption: `P of each language, read from ${READINGS[how.reading]}, ${how.padding} places of padding, ${told} lengths.`,
    head: ["read so far", ...languages],
    rows: [
      ...columns.map((column, t) => row(letters.slice(0, t + 1), column)),
      ...(columns.length ? [row("all, without padding", clean)] : []),
    ],
  };
}
