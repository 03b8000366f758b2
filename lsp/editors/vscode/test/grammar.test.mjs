// The colours: what the TextMate grammar says of each construct of the language.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const wasm = await readFile(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => {
    const path = new URL("../syntaxes/mcl.tmLanguage.json", import.meta.url);
    return textmate.parseRawGrammar(await readFile(path, "utf8"), "mcl.tmLanguage.json");
  },
});
const grammar = await registry.loadGrammar("source.mcl");

/** The innermost scope of each token of a program that is not blank, with its text. */
function scopes(program) {
  let stack = textmate.INITIAL;
  return program.split("\n").flatMap((line) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens
      .map((token) => [line.slice(token.startIndex, token.endIndex).trim(), token.scopes.at(-1)])
      .filter(([text]) => text !== "");
  });
}

/** Asserts that a piece of a program has a scope. */
function has(program, text, scope) {
  const found = scopes(program);
  assert.ok(
    found.some(([piece, name]) => piece === text && name === `${scope}.mcl`),
    `${JSON.stringify(text)} is not ${scope} in ${JSON.stringify(found)}`,
  );
}

const cases = [
  ["# a comment", "a comment", "comment.line.number-sign"],
  ['import "golang/strings" as s', "import", "keyword.control.import"],
  ['import "golang/strings" as s', '"golang/strings"', "string.quoted.double.import"],
  ['import "golang/strings" as s', "s", "entity.name.namespace"],
  ['import "fmt" as *', "*", "constant.language.import-all"],
  ["class web:server($port int) {", "web:server", "entity.name.class"],
  ["class web:server($port int) {", "int", "storage.type.primitive"],
  ["include web.server(80) as w", "web.server", "entity.name.class"],
  ["func add($a, $b) {", "add", "entity.name.function"],
  ['file "/tmp/x" {', "file", "entity.name.type.resource"],
  ["file $name {", "file", "entity.name.type.resource"],
  ['docker:container "x" {', "docker:container", "entity.name.type.resource"],
  ['file fmt.printf("/tmp/%d", 1) {', "file", "entity.name.type.resource"],
  ['collect file "x" {', "collect", "keyword.control.collect"],
  ['	content => "x",', "content", "variable.other.property"],
  ["	Meta:noop => true,", "noop", "support.type.property-name.meta"],
  ["	Meta => struct{noop => true},", "Meta", "support.type.property-name.meta"],
  ['	Before => File["x"],', "Before", "keyword.other.edge"],
  ['	Before => File["x"],', "File", "entity.name.type.resource"],
  ['Http:File["a"] -> File["b"]', "Http:File", "entity.name.type.resource"],
  ['$x = "a${b.c}d"', "b.c", "variable.other"],
  ['$x = "a\\nb"', "\\n", "constant.character.escape"],
  ['$x = "a\\qb"', "\\q", "invalid.illegal.escape"],
  ["$x = -42", "-42", "constant.numeric.integer"],
  ["$x = 4.25", "4.25", "constant.numeric.float"],
  ["$x = not true", "true", "constant.language.boolean"],
  ["$x = not true", "not", "keyword.operator.logical"],
  ["$x = $y <|> 1", "<|>", "keyword.operator.except"],
  ["$x = math.pow(2.0, 3.0)", "math.", "entity.name.namespace"],
  ["$x = math.pow(2.0, 3.0)", "pow", "entity.name.function.call"],
  ["$x = $f(1)", "$f", "entity.name.function.variable"],
  ["$x = $const.res.file.state.exists", "$const.res.file.state.exists", "support.constant"],
  ["if $a and $b {", "if", "keyword.control.conditional"],
  ["for $i, $v in $list {", "for", "keyword.control.loop"],
  ["forkv $k, $v in $map {", "forkv", "keyword.control.loop"],
  ["$x map{str: []int} = {}", "map", "storage.type.composite"],
  ['panic("no")', "panic", "keyword.control"],
];

for (const [program, text, scope] of cases) {
  test(`${program.trim()}: ${text}`, () => has(program, text, scope));
}

test("a string goes on over lines, and ends", () => {
  const found = scopes('$x = "one\ntwo # three"\n# four');
  assert.deepEqual(
    found.filter(([, scope]) => scope.startsWith("comment")).map(([text]) => text),
    ["four"],
  );
});
