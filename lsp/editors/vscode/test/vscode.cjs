// As much of the editor's API as the extension and its client need to run, and records of what they register.
// What is not here is a class without methods, or an event that never comes.

const { URI } = require("vscode-uri");

class Disposable {
  constructor(dispose = () => {}) {
    this.dispose = dispose;
  }
  static from(...all) {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
}

class EventEmitter {
  listeners = new Set();
  event = (listener, self) => {
    const bound = self ? listener.bind(self) : listener;
    this.listeners.add(bound);
    return new Disposable(() => this.listeners.delete(bound));
  };
  fire(event) {
    for (const listener of this.listeners) listener(event);
  }
  dispose() {
    this.listeners.clear();
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}

class Location {
  constructor(uri, range) {
    Object.assign(this, { uri, range });
  }
}

class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => new Disposable() };
  cancel() {}
  dispose() {}
}

class CodeActionKind {
  static Empty = new CodeActionKind("");
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}

/** An object that has all that is asked of it: what is given, else what `otherwise` makes of the name. */
const having = (known, otherwise) =>
  new Proxy(known, { get: (it, name) => (name in it ? it[name] : typeof name === "string" ? otherwise(name) : undefined) });

const registered = { contents: new Map(), definitions: [], commands: new Map(), panels: [] };
const event = () => new Disposable();
const register = () => new Disposable();

const workspace = having(
  {
    textDocuments: [],
    notebookDocuments: [],
    workspaceFolders: undefined,
    isTrusted: true,
    registerTextDocumentContentProvider: (scheme, provider) => {
      registered.contents.set(scheme, provider);
      return new Disposable(() => registered.contents.delete(scheme));
    },
    getConfiguration: (section) => ({
      get: (name, usual) => (section === "mgmt" && name === "server.path" ? process.env.MGMT_LSP : usual),
    }),
    createFileSystemWatcher: () => having({ dispose() {} }, () => event),
    asRelativePath: (uri) => uri.path,
    getWorkspaceFolder: () => undefined,
  },
  (name) => (name.startsWith("on") ? event : undefined),
);

const languages = having(
  {
    match: (selector, document) =>
      [selector].flat().some((one) => (typeof one === "string" ? one : one.language) === document.languageId) ? 10 : 0,
    registerDefinitionProvider: (_selector, provider) => {
      registered.definitions.push(provider);
      return new Disposable();
    },
    createDiagnosticCollection: () => having({ set() {}, delete() {}, clear() {}, dispose() {} }, () => undefined),
  },
  (name) => (name.startsWith("register") ? register : event),
);

const window = having(
  {
    visibleTextEditors: [],
    tabGroups: having({ all: [] }, () => event),
    createOutputChannel: () =>
      having({ append() {}, appendLine() {}, dispose() {}, show() {} }, (name) => (name.startsWith("on") ? event : () => {})),
    createWebviewPanel: () => {
      const panel = { title: "", webview: { html: "" }, onDidDispose: event };
      registered.panels.push(panel);
      return panel;
    },
    showErrorMessage: async (message) => {
      throw new Error(message);
    },
  },
  (name) => (name.startsWith("on") ? event : async () => undefined),
);

const commands = {
  registerCommand: (name, run) => {
    registered.commands.set(name, run);
    return new Disposable(() => registered.commands.delete(name));
  },
  executeCommand: async () => undefined,
};

module.exports = having(
  {
    Disposable,
    EventEmitter,
    Position,
    Range,
    Location,
    CancellationTokenSource,
    CodeActionKind,
    Uri: URI,
    ViewColumn: { Beside: -2 },
    workspace,
    languages,
    window,
    commands,
    env: having({ language: "en", appName: "test" }, () => event),
    version: "1.91.0",
    registered,
  },
  // A class without methods, which others can extend, and whose constants are numbers.
  () => class {},
);
