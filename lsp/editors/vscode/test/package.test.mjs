// What is in the package, and nothing else.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const options = existsSync(`${here}/dist/NOTICES.txt`) ? {} : { skip: "not built: npm run build" };

test("the package has what it needs", options, () => {
  const listed = execFileSync("npx", ["vsce", "ls", "--no-dependencies"], {
    cwd: here,
    encoding: "utf8",
    env: { ...process.env, npm_config_loglevel: "silent" },
  });
  const files = listed.split("\n").filter((line) => /^[\w./-]+\.?\w*$/.test(line) && existsSync(`${here}/${line}`));
  assert.deepEqual(files.sort(), [
    "LICENSE",
    "README.md",
    "dist/NOTICES.txt",
    "dist/extension.js",
    "icon.png",
    "language-configuration.json",
    "package.json",
    "syntaxes/mcl.tmLanguage.json",
  ]);
});

test("it tells the licences of what is bundled", options, () => {
  const notices = readFileSync(`${here}/dist/NOTICES.txt`, "utf8");
  for (const name of ["vscode-languageclient", "vscode-jsonrpc", "semver"]) {
    assert.match(notices, new RegExp(`^${name} \\d`, "m"));
  }
});
