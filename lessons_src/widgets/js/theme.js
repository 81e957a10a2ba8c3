// @ts-check
/**
 * The look that all widgets share, once per document, and the colours of the quantities.
 *
 *   injectStyle(extra?)     adds the style sheet (and a widget's own rules, `{ name, css }`) unless it is there already
 *   palette.f.colour        the colour of the forget gate, the same in light and dark; palette.f.name is its name
 *   onThemeChange(f)        calls f when the page turns dark or light; returns a function that stops it.
 *                           SVG in CSS variables needs no redraw; a canvas does
 *   isDark(node)            whether the widget is shown dark
 *
 * CSS variables on .uw: --uw-text --uw-muted --uw-surface --uw-raised --uw-line --uw-accent --uw-on-accent, and for each
 * quantity --uw-f, --uw-gradient … The page says its mode in html[data-theme], JupyterLab in body[data-jp-theme-light],
 * anything else through prefers-color-scheme.
 */
import quantities from "../../palette.json";
import css from "./theme.css";

/** @type {Record<string, { colour: string, name: string }>} */
export const palette = quantities;

const variables = Object.entries(palette)
  .map(([key, { colour }]) => `--uw-${key}:${colour};`)
  .join("");

/** @param {{ name: string, css: string }} [extra] */
export function injectStyle(extra) {
  addOnce("unrolled", `${css}.uw{${variables}}`);
  if (extra) addOnce(extra.name, extra.css);
}

/** @param {string} name @param {string} text */
function addOnce(name, text) {
  if (document.head.querySelector(`style[data-widget-style="${name}"]`)) return;
  const style = document.createElement("style");
  style.dataset.widgetStyle = name;
  style.textContent = text;
  document.head.append(style);
}

/** @param {() => void} react */
export function onThemeChange(react) {
  const observer = new MutationObserver(react);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  if (document.body) observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", react);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", react);
  };
}

/** @param {Element} node inside a widget */
export function isDark(node) {
  return getComputedStyle(node).getPropertyValue("--uw-dark").trim() === "1";
}
