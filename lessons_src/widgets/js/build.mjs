// Bundles each widget into one file that serves both hosts: `node build.mjs` writes bundles/, `node build.mjs --check`
// compares a fresh build with what is committed. A widget is any module here that exports `render`.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const sources = fileURLToPath(new URL(".", import.meta.url));
const bundles = fileURLToPath(new URL("../bundles/", import.meta.url));

/** Style sheets become text, without spaces and comments. */
const minifiedStyle = {
  name: "minified-style",
  setup(/** @type {import("esbuild").PluginBuild} */ { onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** @param {string} name */
async function bundle(name) {
  const { outputFiles } = await build({
    entryPoints: [`${sources}${name}`],
    bundle: true,
    write: false,
    minify: true,
    charset: "utf8",
    format: "esm",
    target: "es2022",
    plugins: [minifiedStyle],
  });
  return asVariable(outputFiles[0].text);
}

/**
 * A module as one variable that holds its exports, since one file serves as a classic script and as a part of a module.
 * esbuild's own format for this brings half a kilobyte of helpers.
 * @param {string} module
 */
function asVariable(module) {
  const [, body, exports] = /^(.*)export\s*\{([^}]*)\};?\s*$/s.exec(module) ?? [];
  const pairs = exports.split(",").map((part) => part.trim().split(" as "));
  const object = pairs.map(([local, name = local]) => `${name}:${local}`).join(",");
  return `var unrolledWidget=(()=>{"use strict";${body}return{${object}}})();\n`;
}

async function widgetNames() {
  const names = (await readdir(sources)).filter((name) => name.endsWith(".js")).sort();
  const texts = await Promise.all(names.map((name) => readFile(sources + name, "utf8")));
  return names.filter((_, k) => /^export function render\b/m.test(texts[k]));
}

const check = process.argv.includes("--check");
await mkdir(bundles, { recursive: true });
const names = await widgetNames();
const stale = (await readdir(bundles)).filter((name) => name.endsWith(".js") && !names.includes(name));
for (const name of names) {
  const text = await bundle(name);
  if (!check) {
    await writeFile(bundles + name, text);
    console.log(`${name}  ${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`);
  } else if ((await readFile(bundles + name, "utf8").catch(() => "")) !== text) stale.push(name);
}
if (stale.length) {
  console.error(
    `lessons_src/widgets/bundles is not what the sources give: ${stale.join(", ")}. Run \`npm run build\`.`,
  );
  process.exitCode = 1;
}
