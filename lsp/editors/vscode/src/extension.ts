/** Starts `mgmt-lsp` and gives its answers to the editor. All that is known of mcl is in the server. */

import * as vscode from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  TransportKind,
} from "vscode-languageclient/node";
import { showGraph } from "./graph";
import { SHOW_REFERENCES, showReferences } from "./references";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("mgmt.restartServer", restart),
    vscode.commands.registerCommand("mgmt.openGraph", () => showGraph(client)),
    vscode.commands.registerCommand(SHOW_REFERENCES, showReferences),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("mgmt.server.path")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(): Promise<void> {
  await client?.stop();
  await start();
}

async function start(): Promise<void> {
  const command = vscode.workspace.getConfiguration("mgmt").get<string>("server.path", "mgmt-lsp");
  const server: ServerOptions = { command, transport: TransportKind.stdio };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "mcl" }],
    middleware: {
      // The lens of the server that draws a graph; it is shown beside the text.
      executeCommand: (command, parameters, next) =>
        command === "mgmt.graph" && typeof parameters[0] === "string"
          ? showGraph(client, parameters[0])
          : next(command, parameters),
    },
    synchronize: {
      configurationSection: "mgmt",
      fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.mcl,metadata.yaml}"),
    },
  };
  client = new LanguageClient("mgmt", "mgmt", server, options);
  try {
    await client.start();
  } catch (error) {
    const settings = "Open Settings";
    const choice = await vscode.window.showErrorMessage(
      `mgmt: the language server "${command}" does not start: ${error instanceof Error ? error.message : String(error)}. ` +
        "Install mgmt-lsp, or set mgmt.server.path.",
      settings,
    );
    if (choice === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "mgmt.server.path");
    }
  }
}
