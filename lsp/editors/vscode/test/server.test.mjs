// The server as the extension drives it: over the node transport of vscode-languageclient's protocol layer.
// MGMT_LSP names the server; without it the debug build of this tree is taken.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { builtServer } from "./built.mjs";

const require = createRequire(import.meta.url);
const protocol = require("vscode-languageserver-protocol/node");

const server = builtServer();
const options = existsSync(server) ? {} : { skip: `${server} is not built: cargo build --bin mgmt-lsp` };

let directory, child, connection;
const published = new Map();
let announce = () => {};

before(async () => {
  if (options.skip) return;
  directory = await mkdtemp(join(tmpdir(), "mgmt-vscode-"));
  await writeFile(join(directory, "lib.mcl"), "$port = 80\n");
  child = spawn(server, ["--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(child.stdout),
    new protocol.StreamMessageWriter(child.stdin),
  );
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (params) => {
    published.set(params.uri, params.diagnostics);
    announce();
  });
  connection.onRequest("client/registerCapability", () => null);
  connection.onRequest("window/workDoneProgress/create", () => null);
  connection.onRequest("workspace/configuration", (params) => params.items.map(() => null));
  connection.listen();
  const folder = pathToFileURL(directory).toString();
  const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: folder,
    capabilities: {},
    workspaceFolders: [{ uri: folder, name: "test" }],
  });
  assert.ok(capabilities.textDocumentSync);
  await connection.sendNotification(protocol.InitializedNotification.type, {});
});

after(async () => {
  if (options.skip) return;
  const ended = once(child, "exit");
  await connection.sendRequest(protocol.ShutdownRequest.type);
  await connection.sendNotification(protocol.ExitNotification.type);
  const [status] = await ended;
  await rm(directory, { recursive: true });
  assert.equal(status, 0);
});

const uri = (name) => pathToFileURL(join(directory, name)).toString();

async function open(name, text) {
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri: uri(name), languageId: "mcl", version: 1, text },
  });
}

/** Waits for the diagnostics of a file to be as many. */
async function diagnostics(name, count) {
  while (published.get(uri(name))?.length !== count) {
    await new Promise((resolve) => (announce = resolve));
  }
  return published.get(uri(name));
}

test("an error has its place and its code", options, async () => {
  await open("bad.mcl", 'import "lib.mcl"\ntest "x" {\n\tint8 => $lib.prt,\n}\n');
  const [found] = await diagnostics("bad.mcl", 1);
  assert.equal(found.severity, protocol.DiagnosticSeverity.Error);
  assert.deepEqual(found.range.start, { line: 2, character: 9 });
  assert.match(found.code, /^E\d{4}$/);
});

test("it goes when the text is mended", options, async () => {
  await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
    textDocument: { uri: uri("bad.mcl"), version: 2 },
    contentChanges: [
      { range: { start: { line: 2, character: 14 }, end: { line: 2, character: 17 } }, text: "port" },
    ],
  });
  await diagnostics("bad.mcl", 0);
});

test("a file is formatted", options, async () => {
  await open("form.mcl", 'test   "x"   {}\n');
  const edits = await connection.sendRequest(protocol.DocumentFormattingRequest.type, {
    textDocument: { uri: uri("form.mcl") },
    options: { tabSize: 8, insertSpaces: false },
  });
  assert.ok(edits.length > 0);
});

test("a type is shown", options, async () => {
  await open("hover.mcl", '$x = [1, 2]\ntest "x" {\n\tanotherstr => $x[0] == 1 ?: "y",\n}\n');
  const hover = await connection.sendRequest(protocol.HoverRequest.type, {
    textDocument: { uri: uri("hover.mcl") },
    position: { line: 0, character: 1 },
  });
  assert.match(JSON.stringify(hover.contents), /\[\]int/);
});

test("parameters are completed", options, async () => {
  await open("complete.mcl", 'file "/tmp/x" {\n\tcont\n}\n');
  const completion = await connection.sendRequest(protocol.CompletionRequest.type, {
    textDocument: { uri: uri("complete.mcl") },
    position: { line: 1, character: 5 },
  });
  const items = completion.items ?? completion;
  assert.ok(items.some((item) => item.label === "content"), JSON.stringify(items.slice(0, 5)));
});

test("a definition is found in another file", options, async () => {
  await open("use.mcl", 'import "lib.mcl"\ntest "x" {\n\tint64 => $lib.port,\n}\n');
  const definition = await connection.sendRequest(protocol.DefinitionRequest.type, {
    textDocument: { uri: uri("use.mcl") },
    position: { line: 2, character: 16 },
  });
  const [place] = [definition].flat();
  assert.equal(place.uri ?? place.targetUri, uri("lib.mcl"));
});
