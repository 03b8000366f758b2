/** A page beside the editor with the resource graph of the file that is being edited. */

import * as vscode from "vscode";
import { ExecuteCommandRequest, type LanguageClient } from "vscode-languageclient/node";

/** What the server calls the command that gives the graph of a file. */
const GRAPH = "mgmt.graph";

let panel: vscode.WebviewPanel | undefined;

/** Shows the graph of a file, or of the one that is being edited. */
export async function showGraph(client: LanguageClient | undefined, file?: string): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const uri = file ?? (document?.languageId === "mcl" ? document.uri.toString() : undefined);
  if (!client || !uri) {
    void vscode.window.showInformationMessage("mgmt: open an .mcl file to see its graph.");
    return;
  }
  try {
    const svg = await client.sendRequest(ExecuteCommandRequest.type, {
      command: GRAPH,
      arguments: [uri, "svg"],
    });
    show(vscode.workspace.asRelativePath(vscode.Uri.parse(uri)), String(svg));
  } catch (error) {
    void vscode.window.showErrorMessage(
      `mgmt: there is no graph: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function show(name: string, svg: string): void {
  if (!panel) {
    // Scripts stay off: the drawing comes from the text of a program.
    panel = vscode.window.createWebviewPanel("mgmt.graph", "", vscode.ViewColumn.Beside, {
      enableScripts: false,
    });
    panel.onDidDispose(() => {
      panel = undefined;
    });
  }
  panel.title = `Graph: ${name}`;
  panel.webview.html = `<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body { background: #fff; color: #000 }</style>
${svg}`;
}
