// What the package must say of rights: our licence, and those of what is bundled (as esbuild tells in dist/meta.json).

import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

copyFileSync("../../../LICENSE", "LICENSE");

const { inputs } = JSON.parse(readFileSync("dist/meta.json", "utf8"));
const folders = new Set();
for (const input of Object.keys(inputs)) {
  const folder = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
  if (folder) folders.add(folder);
}
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((it) => /^licen[cs]e/i.test(it));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync("dist/NOTICES.txt", `What this extension is bundled with:\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`);
