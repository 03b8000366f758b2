// What the graph shows: a vertex for each resource, or one for all of a kind that is collapsed.

import { STATE_NAMES } from "./words.js";

/** A graph of more resources than this is collapsed at first. */
export const MANY = 250;
/** Kinds of fewer resources than this are never collapsed by themselves. */
const FEW = 12;

const CARD = { width: 212, height: 46 };
const GROUP = { width: 236, height: 74 };

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
	for (const edge of store.edges) {
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

/** Lays scenes out in a worker, and gives those that are still wanted when they are done. */
export class Layouts {
	#worker = new Worker("layout.js", { type: "module" });
	#version = 0;
	#scene = null;
	#placed = null;
	#done;

	/** `done` is called with a scene whose vertices have their places. */
	constructor(done) {
		this.#done = done;
		this.#worker.addEventListener("message", ({ data }) => {
			if (data.version !== this.#version) return;
			this.#scene.nodes.forEach((node, at) => {
				node.x = data.x[at];
				node.y = data.y[at];
			});
			this.#scene.edges.forEach((edge, at) => (edge.bends = data.bends.get(at)));
			this.#finish();
		});
	}

	#finish() {
		this.#placed = this.#scene;
		this.#done(this.#scene);
	}

	/** A scene of the same vertices and edges as the last one has their places at once. */
	start(scene) {
		const former = this.#placed;
		this.#scene = scene;
		if (former && isSame(former, scene)) {
			scene.nodes.forEach((node, at) => ([node.x, node.y] = [former.nodes[at].x, former.nodes[at].y]));
			scene.edges.forEach((edge, at) => (edge.bends = former.edges[at].bends));
			this.#version += 1;
			this.#finish();
			return;
		}
		this.#worker.postMessage({
			version: ++this.#version,
			width: Float32Array.from(scene.nodes, (node) => node.width),
			height: Float32Array.from(scene.nodes, (node) => node.height),
			from: Int32Array.from(scene.edges, (edge) => edge.from),
			to: Int32Array.from(scene.edges, (edge) => edge.to),
		});
	}
}

function isSame(one, other) {
	return (
		one.nodes.length === other.nodes.length &&
		one.edges.length === other.edges.length &&
		one.nodes.every((node, at) => place(node) === place(other.nodes[at])) &&
		one.edges.every((edge, at) => edge.from === other.edges[at].from && edge.to === other.edges[at].to)
	);
}

/** A resource that takes the place of one of its name stands there, too. */
function place(node) {
	return node.members ? node.key : `${node.resource.kind}[${node.resource.name}]`;
}
