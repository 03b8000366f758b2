// What the graph shows: a vertex for each resource, or one for all of a kind that is collapsed.

import { STATE_NAMES } from "./words.js";

/** A graph of more resources than this is collapsed at first. */
export const MANY = 250;
/** Kinds of fewer resources than this are never collapsed by themselves. */
const FEW = 12;

const CARD = { width: 212, height: 46 };
const GROUP = { width: 236, height: 86 };

/** The kinds that are collapsed at first. */
export function collapsedAtFirst(resources) {
	if (resources.size <= MANY) return new Set();
	const counts = new Map();
	for (const { kind } of resources.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	return new Set([...counts].filter(([, count]) => count >= FEW).map(([kind]) => kind));
}

/** The vertices and edges that are shown, and where the layout has put them. */
export function buildScene(store, collapsed) {
	const nodes = [];
	const groups = new Map();
	const byResource = new Map();
	for (const resource of store.resources.values()) {
		if (!collapsed.has(resource.kind)) {
			const node = { key: `r${resource.id}`, resource, members: null, ...CARD, x: 0, y: 0 };
			byResource.set(resource.id, nodes.length);
			nodes.push(node);
			continue;
		}
		let at = groups.get(resource.kind);
		if (at === undefined) {
			at = nodes.length;
			groups.set(resource.kind, at);
			nodes.push({ key: `k${resource.kind}`, resource: null, kind: resource.kind, members: [], ...GROUP, x: 0, y: 0 });
		}
		nodes[at].members.push(resource);
		byResource.set(resource.id, at);
	}
	const edges = new Map();
	for (const edge of store.edges.values()) {
		const [from, to] = [byResource.get(edge.from), byResource.get(edge.to)];
		if (from === undefined || to === undefined || from === to) continue;
		const key = from * nodes.length + to;
		const known = edges.get(key);
		if (known) {
			known.count += 1;
			known.notify ||= edge.notify === true;
			if (known.kind !== edge.kind) known.kind = "declared";
		} else {
			edges.set(key, { from, to, count: 1, kind: edge.kind, notify: edge.notify === true });
		}
	}
	for (const node of nodes) count(node, store);
	return { nodes, edges: [...edges.values()], byResource };
}

/** How many of a group are how; the worst of them colours it. */
export function count(node, store) {
	if (!node.members) {
		node.state = store.state(node.resource);
		return;
	}
	node.counts = new Map();
	for (const resource of node.members) {
		const state = store.state(resource);
		node.counts.set(state, (node.counts.get(state) ?? 0) + 1);
	}
	node.state = STATE_NAMES.find((state) => node.counts.has(state)) ?? "ok";
}
