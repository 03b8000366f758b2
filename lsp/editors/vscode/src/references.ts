/** Opens the list of places that a lens of the server counts. */

import * as vscode from "vscode";
import type { Location, Position } from "vscode-languageclient/node";

/** What the server calls it. */
export const SHOW_REFERENCES = "mgmt.showReferences";

/** The arguments are as the server writes them: an address, a position, and places. */
export async function showReferences(uri: string, at: Position, places: Location[]): Promise<void> {
  const position = (it: Position): vscode.Position => new vscode.Position(it.line, it.character);
  await vscode.commands.executeCommand(
    "editor.action.showReferences",
    vscode.Uri.parse(uri),
    position(at),
    places.map(
      (place) =>
        new vscode.Location(
          vscode.Uri.parse(place.uri),
          new vscode.Range(position(place.range.start), position(place.range.end)),
        ),
    ),
  );
}
