// Copies the installed libraries and fonts that the pages use into web_console/vendor, by vendor.json.
// Run at set-up from anywhere: `node web_console/vendor.mjs`. Paths in vendor.json are from the project's folder
// ("from", with one * in the file name allowed) and from web_console/vendor ("to"; a folder ends with /).
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const target = join(here, "vendor");

/** @param {string} pattern @returns {string[]} the files that it names, sorted */
function expand(pattern) {
  const [before, after, ...more] = basename(pattern).split("*");
  if (more.length > 0) throw new Error(`more than one * in ${pattern}`);
  if (after === undefined) return [join(root, pattern)];
  const folder = join(root, dirname(pattern));
  const found = readdirSync(folder).filter(
    (name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after),
  );
  if (found.length === 0) throw new Error(`nothing matches ${pattern}`);
  return found.sort().map((name) => join(folder, name));
}

/** @type {{from: string, to: string}[]} */
const entries = JSON.parse(readFileSync(join(here, "vendor.json"), "utf-8"));
// What an older vendor.json brought goes; the whole fonts next to it are brought by another step.
if (existsSync(target)) {
  for (const name of readdirSync(target)) {
    if (name !== "fonts-whole") rmSync(join(target, name), { recursive: true });
  }
}
let count = 0;
for (const { from, to } of entries) {
  for (const file of expand(from)) {
    const place = to.endsWith("/") ? join(target, to, basename(file)) : join(target, to);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(file, place);
    count += 1;
  }
}
process.stdout.write(`${count} files copied to web_console/vendor\n`);
