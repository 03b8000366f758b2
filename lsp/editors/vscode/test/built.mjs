/** The server that the tests drive: what MGMT_LSP names, else the debug build of this tree. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

export function builtServer() {
  const tree = fileURLToPath(new URL("../../../../target", import.meta.url));
  return process.env.MGMT_LSP ?? join(process.env.CARGO_TARGET_DIR ?? tree, "debug/mgmt-lsp");
}
