// The packaged extension itself, with a stand-in for the editor, drives the real server.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { builtServer } from "./built.mjs";

const require = createRequire(import.meta.url);
const bundle = fileURLToPath(new URL("../dist/extension.js", import.meta.url));
const server = builtServer();
const missing = [server, bundle].find((file) => !existsSync(file));
const options = missing ? { skip: `${missing} is not built` } : {};

const standIn = require.resolve("./vscode.cjs");
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => (name === "vscode" ? standIn : resolve.call(Module, name, ...rest));

const text = 'import "fmt"\n$x = fmt.printf("a")\nnoop [$x] {}\n';

/** Runs something while the extension is active and a file is open. */
async function active(run) {
  process.env.MGMT_LSP = server;
  const vscode = require(standIn);
  const extension = require(bundle);
  const document = {
    uri: vscode.Uri.file("/nowhere/site.mcl"),
    languageId: "mcl",
    version: 1,
    getText: () => text,
    isClosed: false,
  };
  vscode.workspace.textDocuments.splice(0, Infinity, document);
  vscode.window.activeTextEditor = { document };
  await extension.activate({ subscriptions: [] });
  try {
    await run(vscode, document);
  } finally {
    await extension.deactivate();
  }
}

test("the definition of what belongs to the library opens in the editor", options, () =>
  active(async (vscode, document) => {
    const token = new vscode.CancellationTokenSource().token;
    const provider = vscode.registered.definitions.pop();
    const found = [await provider.provideDefinition(document, new vscode.Position(1, 10), token)].flat();
    const uri = found[0].targetUri ?? found[0].uri;
    assert.equal(uri.scheme, "mgmt", String(uri));
    const contents = vscode.registered.contents.get("mgmt");
    assert.ok(contents, "nothing gives the texts of the library");
    const page = await contents.provideTextDocumentContent(uri, token);
    assert.match(page, /printf/);
  }));

test("the graph of a file is drawn beside it", options, () =>
  active(async (vscode) => {
    await vscode.registered.commands.get("mgmt.openGraph")();
    const panel = vscode.registered.panels.pop();
    assert.match(panel.title, /site\.mcl/);
    assert.match(panel.webview.html, /<svg[^]*noop[^]*<\/svg>/);
  }));
