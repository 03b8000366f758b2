// Writes the LSP meta model to standard output. Microsoft generates the published `metaModel.json` from the
// TypeScript declarations of the protocol; it is in no package, but they are, so it is generated from them again:
//
//     npm install --no-save typescript@5.9 vscode-languageserver-protocol@3.18.5
//     node generate.mjs > lsp-3.18.json
//
// Documentation is left out. The form is that of `metaModel.schema.json` in the same package.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const require = createRequire(import.meta.url);
const root = path.join(path.dirname(require.resolve("typescript")), "../..");
const protocol = path.join(root, "vscode-languageserver-protocol/lib/common");
const types = path.join(root, "vscode-languageserver-types/lib/umd/main.d.ts");
const declarations = readdirSync(protocol).filter(name => /^protocol\b.*\.d\.ts$/.test(name));
const { version } = JSON.parse(readFileSync(path.join(protocol, "../../package.json"), "utf8"));

const model = { metaData: { version }, requests: [], notifications: [], structures: [], enumerations: [], typeAliases: [] };
const base = name => ({ kind: "base", name });
const reference = name => ({ kind: "reference", name });
const keywords = new Map([
	[ts.SyntaxKind.StringKeyword, base("string")],
	[ts.SyntaxKind.NumberKeyword, base("decimal")],
	[ts.SyntaxKind.BooleanKeyword, base("boolean")],
	[ts.SyntaxKind.VoidKeyword, base("null")],
	[ts.SyntaxKind.AnyKeyword, reference("LSPAny")],
	[ts.SyntaxKind.UnknownKeyword, reference("LSPAny")],
	[ts.SyntaxKind.ObjectKeyword, reference("LSPObject")],
]);
const named = new Map([
	["integer", base("integer")], ["uinteger", base("uinteger")], ["decimal", base("decimal")],
	["DocumentUri", base("DocumentUri")], ["URI", base("URI")],
]);
// What the interpreter of the model knows by name.
const builtIn = new Set([...named.keys(), "LSPAny", "LSPObject", "LSPArray"]);

function type(node, generics) {
	const inner = child => type(child, generics);
	if (keywords.has(node.kind)) return keywords.get(node.kind);
	if (ts.isParenthesizedTypeNode(node)) return inner(node.type);
	if (ts.isArrayTypeNode(node)) return { kind: "array", element: inner(node.elementType) };
	if (ts.isTupleTypeNode(node)) return { kind: "tuple", items: node.elements.map(inner) };
	if (ts.isUnionTypeNode(node)) return { kind: "or", items: node.types.map(inner) };
	if (ts.isIntersectionTypeNode(node)) return { kind: "and", items: node.types.map(inner) };
	if (ts.isTypeLiteralNode(node)) {
		const index = node.members.find(ts.isIndexSignatureDeclaration);
		if (index) return { kind: "map", key: inner(index.parameters[0].type), value: inner(index.type) };
		return { kind: "literal", value: { properties: properties(node.members, generics) } };
	}
	if (ts.isLiteralTypeNode(node)) {
		const literal = node.literal;
		if (literal.kind === ts.SyntaxKind.NullKeyword) return base("null");
		if (ts.isStringLiteral(literal)) return { kind: "stringLiteral", value: literal.text };
		if (ts.isNumericLiteral(literal)) return { kind: "integerLiteral", value: Number(literal.text) };
		if (ts.isPrefixUnaryExpression(literal)) return { kind: "integerLiteral", value: Number(literal.getText()) };
		return { kind: "booleanLiteral", value: literal.kind === ts.SyntaxKind.TrueKeyword };
	}
	if (ts.isTypeQueryNode(node)) return base("string");
	if (ts.isTypeReferenceNode(node)) {
		const name = node.typeName.getText();
		if (generics.has(name)) return reference("LSPAny");
		// A value of an enumeration, as `FileOperationPatternKind.file`, is told by its type.
		if (ts.isQualifiedName(node.typeName)) return reference(node.typeName.left.getText());
		return named.get(name) ?? reference(name);
	}
	throw new Error(`${node.getSourceFile().fileName}: ${ts.SyntaxKind[node.kind]}: ${node.getText()}`);
}

function properties(members, generics) {
	return members.filter(ts.isPropertySignature).map(member => ({
		name: member.name.text,
		type: type(member.type, generics),
		...(member.questionToken && { optional: true }),
	}));
}

const parameters = node => new Set((node.typeParameters ?? []).map(it => it.name.text));
const isFunction = node => node.members?.some(it => ts.isMethodSignature(it) || ts.isCallSignatureDeclaration(it));

function declare(node) {
	const name = node.name?.text;
	const generics = parameters(node);
	if (ts.isInterfaceDeclaration(node) && !isFunction(node)) {
		const parents = (node.heritageClauses ?? []).flatMap(clause => clause.types);
		model.structures.push({
			name,
			properties: properties(node.members, generics),
			...(parents.length && { extends: parents.map(it => reference(it.expression.getText())) }),
		});
	} else if (ts.isTypeAliasDeclaration(node) && !builtIn.has(name) && !ts.isFunctionTypeNode(node.type)) {
		const meaning = type(node.type, generics);
		if (meaning.kind === "literal") model.structures.push({ name, properties: meaning.value.properties });
		else model.typeAliases.push({ name, type: meaning });
	} else if (ts.isEnumDeclaration(node)) {
		const values = node.members.map(it => ({ name: it.name.text, value: it.initializer.text }));
		model.enumerations.push({ name, type: base("string"), values, supportsCustomValues: true });
	}
}

/** Requests and notifications are namespaces with `method` and `type`; their values are in the code beside them. */
function message(node, code) {
	if (!ts.isModuleDeclaration(node) || !node.body || !ts.isModuleBlock(node.body)) return;
	const constants = new Map(node.body.statements.filter(ts.isVariableStatement)
		.flatMap(it => it.declarationList.declarations.map(one => [one.name.text, one.type])));
	const shape = constants.get("type");
	const value = code[node.name.text];
	if (!shape || !ts.isTypeReferenceNode(shape) || !value?.method) return;
	const args = (shape.typeArguments ?? []).map(it => type(it, new Set()));
	const common = { method: value.method, messageDirection: value.messageDirection };
	const optional = (key, given) => given && given.kind !== "base" ? { [key]: given } : {};
	switch (shape.typeName.getText()) {
		case "ProtocolRequestType": {
			const [params, result, , errorData, registrationOptions] = args;
			model.requests.push({ ...common, params, result, ...optional("errorData", errorData), ...optional("registrationOptions", registrationOptions) });
			break;
		}
		case "ProtocolRequestType0": {
			model.requests.push({ ...common, result: args[0] });
			break;
		}
		case "ProtocolNotificationType":
			model.notifications.push({ ...common, params: args[0], ...optional("registrationOptions", args[1]) });
			break;
		case "ProtocolNotificationType0":
			model.notifications.push(common);
			break;
	}
}

// `never` stands for no partial results, and is not looked at.
keywords.set(ts.SyntaxKind.NeverKeyword, base("null"));

for (const file of [types, ...declarations.map(name => path.join(protocol, name))]) {
	const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
	const code = file === types ? {} : require(file.replace(/\.d\.ts$/, ".js"));
	source.statements.forEach(declare);
	source.statements.forEach(node => message(node, code));
}
// These belong to the package of JSON-RPC itself.
const token = { kind: "or", items: [base("integer"), base("string")] };
model.typeAliases.push({ name: "ProgressToken", type: token });
const levels = ["off", "messages", "verbose"].map(value => ({ kind: "stringLiteral", value }));
model.typeAliases.push({ name: "TraceValue", type: { kind: "or", items: levels } });
model.structures.push({ name: "CancelParams", properties: [{ name: "id", type: token }] });
model.structures.push({ name: "ProgressParams", properties: [
	{ name: "token", type: reference("ProgressToken") }, { name: "value", type: reference("LSPAny") },
] });
model.structures.push({ name: "SetTraceParams", properties: [{ name: "value", type: reference("TraceValue") }] });
model.structures.push({ name: "LogTraceParams", properties: [
	{ name: "message", type: base("string") }, { name: "verbose", type: base("string"), optional: true },
] });
for (const [name, params, messageDirection] of [
	["cancelRequest", "CancelParams", "both"],
	["progress", "ProgressParams", "both"],
	["setTrace", "SetTraceParams", "clientToServer"],
	["logTrace", "LogTraceParams", "serverToClient"],
]) {
	model.notifications.push({ method: `$/${name}`, messageDirection, params: reference(params) });
}

// Every name that is used must be known.
const known = new Set([...model.structures, ...model.enumerations, ...model.typeAliases].map(it => it.name));
JSON.stringify(model, (_, it) => {
	if (it?.kind === "reference" && !known.has(it.name) && !builtIn.has(it.name)) throw new Error(`unknown: ${it.name}`);
	return it;
});

const parts = Object.entries(model).map(([key, value]) => Array.isArray(value)
	? `${JSON.stringify(key)}: [\n${value.map(it => JSON.stringify(it)).join(",\n")}\n]`
	: `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
process.stdout.write(`{\n${parts.join(",\n")}\n}\n`);
