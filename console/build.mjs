// build.mjs OUTPUT: bundles the console into OUTPUT/, each file compressed, with OUTPUT/assets.list naming them, and
// OUTPUT/licences.txt with the licence of each package that is in them.
// The names hold a hash of the content, so that a browser may keep them for ever; index.html names them.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUTPUT");
  process.exit(2);
}

const FIRST_PAINT_MAX = 100 * 1000; // compressed bytes, without the editor

// What stands elsewhere once, as a module: name => its text.
const virtual = {
  // What the editor completes, from the descriptions of the names that rules see, and the engine's own list of filters.
  meta() {
    const meta = JSON.parse(execFileSync("lua5.4", [join(here, "../scripts/completion.lua"), join(here, "../scripts/meta")], { encoding: "utf8" }));
    meta.filters = [...readFileSync(join(here, "../core/format/filter.c"), "utf8").matchAll(/\[FILTER_\w+\] = \{STR\("(\w+)"\), \d, \d, "((?:[^"\\]|\\.)*)"\}/g)].map(([, name, example]) => [name, example]);
    if (!meta.filters.length) throw new Error("core/format/filter.c lists no filters any more");
    return `export const META = ${JSON.stringify(meta)};`;
  },
  // The sample calls of the working example.
  samples() {
    const folder = join(here, "../rules/samples");
    const samples = readdirSync(folder).filter((name) => name.endsWith(".ndjson")).sort().map((name) => ({ name: name.slice(0, -7), text: readFileSync(join(folder, name), "utf8") }));
    return `export const SAMPLES = ${JSON.stringify(samples)};`;
  },
};
const modules = {
  name: "modules",
  setup(plugin) {
    plugin.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path: path.slice(8), namespace: "virtual" }));
    plugin.onLoad({ filter: /.*/, namespace: "virtual" }, ({ path }) => ({ contents: virtual[path]() }));
  },
};

const result = await build({
  plugins: [modules],
  entryPoints: [join(here, "src/main.js"), join(here, "src/style.css")],
  bundle: true, minify: true, format: "esm", splitting: true, target: "es2022", write: false, metafile: true,
  outdir: out, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", absWorkingDir: here, legalComments: "none", logLevel: "warning",
});

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const files = result.outputFiles.map((file) => ({ name: basename(file.path), bytes: Buffer.from(file.contents) }));
const named = (start, end) => files.find((file) => file.name.startsWith(start) && file.name.endsWith(end)).name;
const icon = readFileSync(join(here, "src/icon.svg"));
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
files.push({ name: iconName, bytes: icon });
const html = readFileSync(join(here, "index.html"), "utf8")
  .replace("main.js", named("main-", ".js")).replace("style.css", named("style-", ".css")).replaceAll("icon.svg", iconName);
files.push({ name: "index.html", bytes: Buffer.from(html) });

// What the first page loads: the entry, and what it imports without being asked.
const outputs = result.metafile.outputs;
const first = new Set();
const load = (path) => {
  if (first.has(path)) return;
  first.add(path);
  outputs[path].imports.filter((part) => part.kind === "import-statement").forEach((part) => load(part.path));
};
const ENTRIES = ["src/main.js", "src/style.css"];
Object.keys(outputs).filter((path) => ENTRIES.includes(outputs[path].entryPoint)).forEach(load);

let total = 0;
let firstPaint = 0;
const list = [];
for (const { name, bytes } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
  const packed = gzipSync(bytes, { level: 9 });
  writeFileSync(join(out, `${name}.gz`), packed);
  list.push(name);
  total += packed.length;
  if (name === "index.html" || extname(name) === ".svg" || [...first].some((path) => basename(path) === name)) firstPaint += packed.length;
}
writeFileSync(join(out, "assets.list"), list.join("\n") + "\n");

// They want to be passed on with every copy, and the minified code has none. A package without one stops the build.
const packages = new Set(Object.keys(result.metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
const licences = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = readFileSync(join(folder, readdirSync(folder).find((file) => /^licen[sc]e/i.test(file)) ?? "LICENSE"), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
});
writeFileSync(join(out, "licences.txt"), `The console in switchhook is made with these packages.\n\n${licences.join(`\n${"-".repeat(80)}\n\n`)}`);

console.log(`console: ${total} bytes compressed, ${firstPaint} of them for the first page`);
if (firstPaint > FIRST_PAINT_MAX) {
  console.error(`the first page may have ${FIRST_PAINT_MAX} bytes`);
  process.exit(1);
}
